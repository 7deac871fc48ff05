//! A report for eyes on a terminal: the claim in words, the verdicts, the chain, the reasons.

use crate::domain::calibration::{Calibration, CalibrationResult};
use crate::domain::claim::{Claim, KnownAt, ValueUsed};
use crate::engine::finding::{Outcome, Phrase, Severity};
use crate::engine::report::{
    DimensionOutcome, RenderedFinding, RenderedReport, Traceability, Verdict,
};

use super::chain;
use super::page::{Line, Page};
use super::phrases;
use super::style::{self, BOLD, DIM};
use super::view::{self, View};

/// Prints a report: of one result whole, of several one line each.
pub fn print(page: &mut Page, view: &View<'_>, report: &RenderedReport) {
    match report.parts.as_slice() {
        [] => print_one(page, view, report),
        [part] => print_one(page, view, part),
        parts => print_parts(page, view, report, parts),
    }
}

fn print_one(page: &mut Page, view: &View<'_>, report: &RenderedReport) {
    claim(page, view, report);
    page.blank();
    verdicts(page, view, report);
    if !report.chain.links.is_empty() {
        heading(page, view, phrases::CHAIN);
        chain::print(page, view, report);
    }
    heading(page, view, phrases::FINDINGS);
    findings(page, view, report);
}

fn heading(page: &mut Page, view: &View<'_>, phrase: Phrase) {
    page.blank();
    page.line(Line::new().styled(BOLD, view.say(phrase)));
}

/// The claim in words.
fn claim(page: &mut Page, view: &View<'_>, report: &RenderedReport) {
    let claim = &report.claim;
    let id = claim.standard.as_str();
    let mut head = Line::new().styled(BOLD, view.code(id));
    let what = match subject(view, report) {
        Some(what) => what,
        None => view.say(phrases::EVERY_RESULT).to_owned(),
    };
    head = head.plain("  ").plain(&what);
    if let Some(day) = claim.used_on {
        head = head.plain(", ").plain(&view.fill(phrases::USED_ON, &[("date", &day.to_string())]));
    }
    page.line(head);
    if let Some(standard) = view.standard(id) {
        let owner = view.organisation(&standard.owner);
        let line = match view.name(standard) {
            Some(name) => view.fill(phrases::OWNED_BY, &[("name", name), ("owner", owner)]),
            None => owner.to_owned(),
        };
        page.line(Line::new().plain(&line));
    }
    page.line(Line::new().styled(DIM, &conditions(view, claim)));
}

/// The quantity and the point: the claim's, or those of the result it is about.
fn subject(view: &View<'_>, report: &RenderedReport) -> Option<String> {
    let claim = &report.claim;
    match (claim.quantity_kind, &claim.point) {
        (Some(kind), Some(point)) => {
            Some(view.at_point(phrases::quantity_kind(kind, view.language), point))
        }
        (kind, _) => row_of(view, report)
            .map(|(_, row)| view.subject(row))
            .or(kind.map(|kind| phrases::quantity_kind(kind, view.language).to_owned())),
    }
}

fn conditions(view: &View<'_>, claim: &Claim) -> String {
    let mut conditions: Vec<String> = claim.analyte.iter().chain(&claim.matrix).cloned().collect();
    conditions.extend(claim.parameters.iter().map(view::parameter));
    if claim.value_used == Some(ValueUsed::Nominal) {
        conditions.push(view.say(phrases::NOMINAL_USED).to_owned());
    }
    if let Some(required) = &claim.required_uncertainty {
        conditions.push(view.fill(phrases::REQUIRED, &[("value", &view::quantity(required))]));
    }
    match claim.known_at {
        Some(KnownAt::Instant(instant)) => {
            conditions.push(view.fill(phrases::KNOWN_AT, &[("time", &instant.to_string())]));
        }
        Some(KnownAt::LogIndex(index)) => {
            conditions.push(view.fill(phrases::KNOWN_AT_INDEX, &[("index", &index.to_string())]));
        }
        None => {}
    }
    if let Some(policy) = &claim.policy {
        conditions.push(view.fill(phrases::POLICY, &[("policy", policy)]));
    }
    conditions.join(", ")
}

/// The headline, the four verdicts and the link to the BIPM.
fn verdicts(page: &mut Page, view: &View<'_>, report: &RenderedReport) {
    headline(page, view, report);
    let mut traceability = view.say(phrases::traceability(report.traceability)).to_owned();
    // Recognition may close a chain that the records contradict: that would read as a success.
    if report.traceability != Traceability::Fail {
        traceability = format!("{traceability}; {}", view.say(phrases::closure(report.closure)));
    }
    let mut recognition = view.say(phrases::route(report.recognition)).to_owned();
    if report.recognition_conditional {
        recognition = format!("{recognition}; {}", view.say(phrases::CONDITIONAL));
    }
    let or_not = |outcome: DimensionOutcome, not: Phrase| match outcome {
        DimensionOutcome::NotApplicable => view.say(not).to_owned(),
        outcome => view.say(phrases::dimension(outcome)).to_owned(),
    };
    let link = phrases::bipm_link(report.bipm_link.state, report.bipm_link.via);
    let rows = [
        (phrases::A_TRACEABILITY, traceability),
        (phrases::B_RECOGNITION, recognition),
        (phrases::C_LEGAL, or_not(report.legal, phrases::NO_LAW)),
        (phrases::D_FITNESS, or_not(report.fitness, phrases::NOT_ASKED)),
        (phrases::BIPM, view.say(link).to_owned()),
    ];
    let label = |phrase: Phrase| Line::new().plain(view.say(phrase));
    let width = rows.iter().map(|(phrase, _)| label(*phrase).width()).max().unwrap_or(0) + 2;
    let hanging = " ".repeat(width + 2);
    for (phrase, text) in rows {
        page.hanging("  ", &hanging, &label(phrase).padded(width).plain(&text));
    }
}

fn headline(page: &mut Page, view: &View<'_>, report: &RenderedReport) {
    let verdict = view.say(phrases::verdict(report.verdict));
    let mut line = Line::new().styled(style::verdict(report.verdict), verdict);
    if matches!(report.verdict, Verdict::Traceable | Verdict::TraceableWithRemarks) {
        let route = view.say(phrases::route_code(report.recognition));
        line = line.plain(" (").plain(route).plain(")");
    }
    page.line(line);
    if report.partial {
        page.line(Line::new().styled(style::OPEN, view.say(phrases::PARTIAL)));
    }
    for one in &report.ruleset.switched {
        let (own, to) = (phrases::severity(one.catalogue), phrases::switch(one.severity));
        let holes = [
            ("rule", one.rule),
            ("catalogue", view.say(own)),
            ("severity", view.say(to)),
            ("reason", one.reason.in_language(view.language)),
        ];
        let text = view.fill(phrases::SWITCHED, &holes);
        page.hanging("", "  ", &Line::new().styled(style::OPEN, &text));
    }
}

/// What does not hold, gravest first, then how much holds.
fn findings(page: &mut Page, view: &View<'_>, report: &RenderedReport) {
    // The same at several links is said once, where it counts most.
    let mut said: Vec<(&str, &str)> = Vec::new();
    for severity in Severity::ALL {
        let mut own: Vec<&RenderedFinding> = report
            .findings
            .iter()
            .filter(|one| one.severity == *severity && one.outcome != Outcome::Pass)
            .collect();
        own.sort_by_key(|one| one.outcome);
        let mut headed = false;
        for finding in own {
            let message = finding.message.in_language(view.language);
            if said.contains(&(finding.rule, message)) {
                continue;
            }
            said.push((finding.rule, message));
            if !headed {
                page.hanging(
                    "  ",
                    "  ",
                    &Line::new().plain(view.say(phrases::severity(*severity))),
                );
                headed = true;
            }
            print_finding(page, view, finding, message);
        }
    }
    let held = held(&report.findings);
    let held = match held {
        0 => None,
        1 => Some(view.say(phrases::RULE_HOLDS).to_owned()),
        _ => Some(view.fill(phrases::RULES_HOLD, &[("count", &held.to_string())])),
    };
    let nothing_else = said.is_empty().then(|| view.say(phrases::NOTHING_ELSE).to_owned());
    let closing: Vec<String> = held.into_iter().chain(nothing_else).collect();
    if !closing.is_empty() {
        page.hanging("  ", "  ", &Line::new().plain(&closing.join(" ")));
    }
}

fn print_finding(page: &mut Page, view: &View<'_>, finding: &RenderedFinding, message: &str) {
    let style = style::outcome(finding.outcome);
    let line = Line::new()
        .styled(style, style::sign(finding.outcome))
        .plain("\u{a0}")
        .styled(style, finding.rule)
        .plain("\u{a0}")
        .plain(message)
        .styled(DIM, &format!(" [{}]", finding.clause));
    page.hanging("    ", "           ", &line);
    for missing in &finding.missing {
        let missing = missing.in_language(view.language);
        let line = Line::new().plain(&view.fill(phrases::SETTLED_BY, &[("missing", missing)]));
        page.hanging("           ", "           ", &line);
    }
}

/// How many rules hold wherever they were looked at.
fn held(findings: &[RenderedFinding]) -> usize {
    let mut rules: Vec<&str> = findings.iter().map(|finding| finding.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let broken = |rule: &&&str| {
        findings.iter().any(|one| one.rule == **rule && one.outcome != Outcome::Pass)
    };
    rules.len() - rules.iter().filter(broken).count()
}

/// Several results: one line each, and the worst of each verdict.
fn print_parts(
    page: &mut Page,
    view: &View<'_>,
    report: &RenderedReport,
    parts: &[RenderedReport],
) {
    claim(page, view, report);
    page.blank();
    for part in parts {
        print_part(page, view, part);
    }
    page.blank();
    verdicts(page, view, report);
    let count = parts.len().to_string();
    page.line(Line::new().styled(DIM, &view.fill(phrases::WORST_OF, &[("count", &count)])));
    if let Some((kind, point)) = example(view, parts) {
        page.blank();
        let holes = [("kind", kind), ("point", point.as_str())];
        page.line(Line::new().plain(&view.fill(phrases::ASK_ONE, &holes)));
    }
}

fn print_part(page: &mut Page, view: &View<'_>, part: &RenderedReport) {
    let width = Verdict::ALL
        .iter()
        .map(|verdict| Line::new().plain(view.say(phrases::verdict_in_list(*verdict))).width())
        .max()
        .unwrap_or(0);
    let mut line = Line::new()
        .styled(style::verdict(part.verdict), view.say(phrases::verdict_in_list(part.verdict)))
        .padded(width + 2);
    if let Some(what) = subject(view, part) {
        line = line.plain(&what);
    }
    if let Some((calibration, row)) = row_of(view, part) {
        line = line.plain(": ").plain(&view.statement(row));
        line = line.plain(", ").plain(&calibration.number);
    }
    line = line.plain(", ").plain(view.say(phrases::route_code(part.recognition)));
    let counts = |one: &&RenderedFinding| {
        matches!(one.outcome, Outcome::Fail | Outcome::Indeterminate)
            && matches!(one.severity, Severity::Critical | Severity::Major)
    };
    let mut rules: Vec<&str> = part.findings.iter().filter(counts).map(|one| one.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    if !rules.is_empty() {
        line = line.plain(" [").plain(&rules.join(" ")).plain("]");
    }
    page.hanging("  ", &" ".repeat(width + 4), &line);
}

/// The row a report is about.
fn row_of<'r>(
    view: &View<'r>,
    report: &RenderedReport,
) -> Option<(&'r Calibration, &'r CalibrationResult)> {
    let link = report.chain.links.first()?;
    let (calibration, result) = (link.calibration.as_deref()?, link.result.as_deref()?);
    view.calibration(calibration).zip(view.result(calibration, result))
}

/// Quantity and point of the worst result that has a point, as options.
fn example(view: &View<'_>, parts: &[RenderedReport]) -> Option<(&'static str, String)> {
    let of_part = |part: &RenderedReport| {
        let (_, row) = row_of(view, part)?;
        let point = row.point.as_ref()?;
        let text = format!("{} {}", point.value, point.unit.code());
        Some((part.verdict, (row.quantity_kind.id(), text)))
    };
    let first_worst = |worst: (Verdict, _), next: (Verdict, _)| {
        if next.0 > worst.0 { next } else { worst }
    };
    parts.iter().filter_map(of_part).reduce(first_worst).map(|(_, options)| options)
}
