//! The chain of a report as a tree, from the standard of the claim upward: who calibrated what,
//! when, with which uncertainty, by which route, to the roots. What the chain is worth is not
//! decided here.

use rustc_hash::FxHashMap;

use crate::domain::calibration::{Calibration, Reference, ReferenceRole};
use crate::engine::finding::{Outcome, Phrase, Severity};
use crate::engine::report::{
    LinkState, RenderedFinding, RenderedLink, RenderedReport, Route, Traceability,
};

use super::page::{Line, Page};
use super::phrases;
use super::style::{self, BOLD};
use super::view::View;

/// Prints the chain of a report.
pub fn print(page: &mut Page, view: &View<'_>, report: &RenderedReport) {
    let places =
        report.chain.links.iter().enumerate().map(|(place, link)| (link.id.as_str(), place));
    let tree = Tree { view, report, places: places.collect() };
    tree.print(page);
    if report.bipm_link.state == LinkState::Linked {
        let link = phrases::bipm_link(report.bipm_link.state, report.bipm_link.via);
        page.blank();
        page.line(Line::new().plain(&view.fill(phrases::BIPM_LINE, &[("state", view.say(link))])));
    }
}

struct Tree<'a, 'r> {
    view: &'a View<'r>,
    report: &'a RenderedReport,
    places: FxHashMap<&'a str, usize>,
}

/// Something to print, and how far in.
struct Node {
    what: What,
    /// What stands before its first line,
    first: String,
    /// and before all that follows below it.
    below: String,
}

enum What {
    /// A link, by its place in the chain, and what it was used for.
    Link(usize, Option<Phrase>),
    /// An end that is not resolved.
    Open(Line),
}

impl Tree<'_, '_> {
    /// Prints all nodes, a link's references below it; without recursion, so that no chain is too
    /// long. A link with several descendants is printed below the first one.
    fn print(&self, page: &mut Page) {
        if self.report.chain.links.is_empty() {
            return;
        }
        let mut printed = vec![false; self.report.chain.links.len()];
        let top = Node { what: What::Link(0, None), first: String::new(), below: String::new() };
        let mut open = vec![top];
        while let Some(node) = open.pop() {
            let (place, role) = match node.what {
                What::Link(place, role) => (place, role),
                What::Open(line) => {
                    page.hanging(&node.first, &node.below, &line);
                    continue;
                }
            };
            let link = &self.report.chain.links[place];
            if std::mem::replace(&mut printed[place], true) {
                page.hanging(&node.first, &node.below, &self.shown_above(link));
                continue;
            }
            let children = self.children(link);
            let inner = node.below.clone() + if children.is_empty() { "   " } else { "│  " };
            for (index, line) in self.lines(link, role).iter().enumerate() {
                page.hanging(if index == 0 { &node.first } else { &inner }, &inner, line);
            }
            let last = children.len().saturating_sub(1);
            let nodes = children.into_iter().enumerate().map(|(index, what)| {
                let (first, below) =
                    if index == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
                let (first, below) = (node.below.clone() + first, node.below.clone() + below);
                Node { what, first, below }
            });
            let start = open.len();
            open.extend(nodes);
            open[start..].reverse();
        }
    }

    /// What stands above a link: the links it was made with, then ends that are not resolved.
    fn children(&self, link: &RenderedLink) -> Vec<What> {
        let calibration = link.calibration.as_deref().and_then(|id| self.view.calibration(id));
        let mut children: Vec<What> = link
            .references
            .iter()
            .filter_map(|id| self.places.get(id.as_str()))
            .map(|place| {
                let role =
                    calibration.and_then(|own| self.role(own, &self.report.chain.links[*place]));
                What::Link(*place, role)
            })
            .collect();
        if let Some(calibration) = calibration {
            children.extend(self.open_ends(link, calibration).into_iter().map(What::Open));
        }
        children
    }

    /// What a reference was used for, where it is not the main one.
    fn role(&self, calibration: &Calibration, above: &RenderedLink) -> Option<Phrase> {
        let cites = |reference: &&Reference| match &reference.realisation {
            Some(root) => Some(root.as_str()) == above.realisation.as_deref(),
            None => {
                let cited = reference.calibration.as_ref().map(|id| id.as_str());
                cited == above.calibration.as_deref() && reference.result == above.result
            }
        };
        let reference = calibration.references.iter().find(cites)?;
        phrases::role(reference.role?)
    }

    /// References of a link that lead nowhere, and what is said where there is none at all.
    fn open_ends(&self, link: &RenderedLink, calibration: &Calibration) -> Vec<Line> {
        let result = link.result.as_deref().unwrap_or_default();
        let counts = |reference: &&Reference| {
            reference.role != Some(ReferenceRole::Check)
                && (reference.for_results.is_empty()
                    || reference.for_results.iter().any(|row| row == result))
        };
        let references: Vec<&Reference> = calibration.references.iter().filter(counts).collect();
        if references.is_empty() && link.references.is_empty() {
            return vec![self.without_references(link, calibration)];
        }
        let followed = !link.references.is_empty();
        references.iter().filter_map(|reference| self.open_end(reference, followed)).collect()
    }

    fn without_references(&self, link: &RenderedLink, calibration: &Calibration) -> Line {
        use Traceability::{PassNonSi, PassSi, PassWithRemarks};
        let passes = matches!(self.report.traceability, PassSi | PassNonSi | PassWithRemarks);
        if passes && matches!(link.route, Some(Route::R1 | Route::R2)) {
            return Line::new().plain(self.view.say(phrases::RESTS_ON_RECOGNITION));
        }
        let line = Line::new().styled(style::OPEN, style::sign(Outcome::Indeterminate)).plain(" ");
        let line = line.plain(self.view.say(phrases::OPEN_END));
        match &calibration.traceability_statement {
            Some(statement) => {
                let stated = self.view.fill(phrases::STATED, &[("statement", statement)]);
                line.plain("; ").plain(&stated)
            }
            None => line,
        }
    }

    /// A reference that leads nowhere: what it does not name, or that it was not followed (a loop,
    /// a limit).
    fn open_end(&self, reference: &Reference, followed: bool) -> Option<Line> {
        if reference.realisation.is_some() {
            return None;
        }
        let view = self.view;
        let standard = reference.standard.as_ref().map(|id| view.code(id.as_str()));
        let named = standard.unwrap_or(view.say(phrases::OPEN_UNKNOWN));
        let text = match (&reference.calibration, &reference.result) {
            (Some(_), Some(_)) if followed => return None,
            (Some(calibration), result) => {
                let number = match view.calibration(calibration.as_str()) {
                    Some(certificate) => certificate.number.as_str(),
                    None => calibration.as_str(),
                };
                let phrase = match result {
                    Some(_) => phrases::NOT_FOLLOWED,
                    None => phrases::OPEN_ROW,
                };
                view.fill(phrase, &[("standard", named), ("number", number)])
            }
            (None, _) => match (&reference.document_sha256, standard) {
                (Some(sha256), None) => view.fill(phrases::OPEN_DOCUMENT, &[("sha256", sha256)]),
                _ => view.fill(phrases::OPEN_CERTIFICATE, &[("standard", named)]),
            },
        };
        let line = Line::new().styled(style::OPEN, style::sign(Outcome::Indeterminate));
        Some(line.plain(" ").plain(&text))
    }

    fn shown_above(&self, link: &RenderedLink) -> Line {
        let view = self.view;
        let certificate = link.calibration.as_deref().and_then(|id| view.calibration(id));
        let root = link.realisation.as_deref().and_then(|id| view.realisation(id));
        match (link.standard.as_deref(), certificate, root) {
            (Some(standard), Some(certificate), _) => {
                let above = view.fill(phrases::SHOWN_ABOVE, &[("number", &certificate.number)]);
                Line::new().plain("↑ ").styled(BOLD, view.code(standard)).plain(", ").plain(&above)
            }
            (.., Some(root)) => {
                let name = view.organisation(&root.organisation);
                let above = view.fill(phrases::ROOT_SHOWN_ABOVE, &[("organisation", name)]);
                Line::new().plain("↑ ").plain(&above)
            }
            _ => Line::new().plain("↑ ").plain(&link.id),
        }
    }

    /// The lines of a link.
    fn lines(&self, link: &RenderedLink, role: Option<Phrase>) -> Vec<Line> {
        let mut lines = match &link.realisation {
            Some(root) => self.root(root),
            None => self.calibration(link, role),
        };
        lines.extend(self.marks(link));
        lines
    }

    fn root(&self, id: &str) -> Vec<Line> {
        let view = self.view;
        let Some(root) = view.realisation(id) else { return vec![Line::new().plain(id)] };
        let head = view.fill(
            phrases::ROOT,
            &[
                ("kind", view.say(phrases::realisation(root.kind))),
                ("quantity", phrases::quantity_kind(root.quantity_kind, view.language)),
                ("organisation", view.organisation(&root.organisation)),
            ],
        );
        let mut lines = vec![Line::new().styled(BOLD, &head)];
        lines.extend(root.method.as_deref().map(|method| Line::new().plain(method)));
        lines.extend(view.root_figures(root).map(|figures| Line::new().plain(&figures)));
        lines
    }

    fn calibration(&self, link: &RenderedLink, role: Option<Phrase>) -> Vec<Line> {
        let view = self.view;
        let mut lines = Vec::new();
        if let Some(id) = link.standard.as_deref() {
            let mut line = Line::new().styled(BOLD, view.code(id));
            if let Some(standard) = view.standard(id) {
                if standard.code.is_some()
                    && let Some(name) = view.name(standard)
                {
                    line = line.plain("  ").plain(name);
                }
                line = line.plain(", ").plain(view.organisation(&standard.owner));
            }
            lines.push(line);
        }
        let (Some(id), Some(result)) = (&link.calibration, &link.result) else { return lines };
        if let Some(row) = view.result(id, result) {
            let mut line = Line::new().plain(&view.subject(row));
            if let Some(role) = role {
                line = line.plain(", ").plain(view.say(role));
            }
            lines.push(line.plain(": ").plain(&view.statement(row)));
        }
        if let Some(calibration) = view.calibration(id) {
            lines.push(Line::new().plain(&performed(view, calibration)));
            let route = link.route.map_or("", |route| view.say(phrases::route_of_link(route)));
            let holes = [("number", calibration.number.as_str()), ("route", route)];
            lines.push(Line::new().plain(&view.fill(phrases::CERTIFICATE, &holes)));
        }
        lines
    }

    /// The rules that do not hold at a link, where it counts.
    fn marks(&self, link: &RenderedLink) -> Option<Line> {
        let mut marks: Vec<(Outcome, &str)> = Vec::new();
        let findings = link.findings.iter().filter_map(|index| self.report.findings.get(*index));
        for RenderedFinding { rule, outcome, severity, .. } in findings {
            let counts = *outcome != Outcome::Pass && *severity != Severity::Info;
            if counts && !marks.contains(&(*outcome, rule)) {
                marks.push((*outcome, rule));
            }
        }
        marks.sort_unstable();
        let mark = |line: Line, (outcome, rule): (Outcome, &str)| {
            let gap = if line.width() == 0 { "" } else { "  " };
            line.plain(gap)
                .styled(style::outcome(outcome), style::sign(outcome))
                .plain(" ")
                .styled(style::outcome(outcome), rule)
        };
        (!marks.is_empty()).then(|| marks.into_iter().fold(Line::new(), mark))
    }
}

/// Who calibrated, and when.
fn performed(view: &View<'_>, calibration: &Calibration) -> String {
    let when = view.performed(calibration);
    let mut holes =
        vec![("when", when.as_str()), ("issuer", view.organisation(&calibration.issuer))];
    let phrase = match phrases::certificate(calibration.kind) {
        Some(kind) => {
            holes.push(("kind", view.say(kind)));
            phrases::CERTIFIED_OTHERWISE
        }
        None if calibration.continuous == Some(true) => phrases::MONITORED,
        None => phrases::CALIBRATED,
    };
    view.fill(phrase, &holes)
}
