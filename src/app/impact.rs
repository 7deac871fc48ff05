//! What is affected by something that turned out to be bad, as it is asked of a registry or a bundle
//! (ISO/IEC 17025, 7.10; rules I-01 to I-04): who may ask, what is loaded, the answer page by page,
//! and what each laboratory has to tell whom. What is affected and how much does not live here
//! (`engine::impact`), nor what a case of nonconforming work must be (`cases`).

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::claim::KnownAt;
use crate::domain::fault::{Fault, Faults};
use crate::domain::id::Id;
use crate::domain::impact::{ImpactQuestion, ImpactSubject, ImpactSubjectKind};
use crate::domain::interval::QuantityValue;
use crate::domain::log::Digest;
use crate::domain::nonconformity::Significance;
use crate::domain::period::{Day, Instant};
use crate::domain::records::{AnyRecord, CollectionName, Records};
use crate::domain::text::Text;
use crate::engine::compile::compile;
use crate::engine::evidence::*;
use crate::engine::impact::{
    self as engine, Affected, Basis, Bound, Impact, Incident, Origin, Standing, StatedShift,
};
use crate::engine::limits::Limits;
use crate::engine::policy::Policy;
use crate::engine::report::{RenderedQuantity, significant, unit_of};
use crate::engine::rules::time::significance_of;
use crate::exchange::sheet::rows::guarded;
use crate::store::{Below, FilterValue, ListQuery, Reader, Root, Stored, filters};

use super::access::Principal;
use super::bundle::Loaded;
use super::list::{LONGEST_PAGE, USUAL_PAGE};
use super::refusal::Refusal;
use super::registry::Registry;
use super::verify::shipped;

/// Most certificates below what is bad. One record takes some kilobytes while it is looked at, and
/// what hangs on a national standard of a country is some thousand certificates a year; beyond this
/// the answer says how many there are and asks for less.
pub const MOST_AFFECTED: usize = 20_000;

/// Most certificates of a page with their traceability before and after: each has a chain of its own
/// to be loaded twice.
pub const MOST_COMPARED: u32 = 50;

answer! {
    /// The days within which a use counts, and what they follow from (rule I-02).
    ImpactWindow {
        /// First day; null when open.
        from: Option<Day>,
        /// What it follows from.
        from_is: Bound,
        /// Last day; null when open.
        to: Option<Day>,
        /// What it follows from.
        to_is: Bound,
    }
}

answer! {
    /// How many are affected. All are counted, whatever the page holds.
    #[derive(Default, PartialEq, Eq)]
    ImpactCounts {
        /// Certificates.
        certificates: u32,
        /// Standards and instruments that are their items.
        standards: u32,
        /// Organisations that issued them or own the items.
        organisations: u32,
        /// Certificates to which it does not matter.
        insignificant: u32,
        /// Certificates to be reviewed.
        review: u32,
        /// Certificates to which it matters.
        significant: u32,
        /// Certificates about which no case has decided yet, of those that the caller may see.
        undecided: u32,
        /// Certificates that are not for the caller to see; they are in no count by significance.
        withheld: u32,
        /// Certificates made with it before the window; they are not affected.
        used_before_window: u32,
        /// Certificates made with it after the window; they are not affected by this.
        used_after_window: u32,
    }
}

answer! {
    /// An affected certificate.
    AffectedCertificate {
        /// The certificate.
        calibration: String,
        /// Steps from what is bad: 1 was made with it.
        depth: u32,
        /// Its number; this and what follows is left out where it is not for the caller.
        #[serde(skip_serializing_if = "Option::is_none")]
        number: Option<String>,
        /// Who issued it.
        #[serde(skip_serializing_if = "Option::is_none")]
        issuer: Option<String>,
        /// Its item.
        #[serde(skip_serializing_if = "Option::is_none")]
        item: Option<String>,
        /// The code of the item.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// The owner of the item.
        #[serde(skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
        /// First day on which it was made.
        #[serde(skip_serializing_if = "Option::is_none")]
        performed_from: Option<Day>,
        /// Last day on which it was made.
        #[serde(skip_serializing_if = "Option::is_none")]
        performed_to: Option<Day>,
        /// How much it matters (rule I-04): of its affected results the worst.
        #[serde(skip_serializing_if = "Option::is_none")]
        significance: Option<Significance>,
        /// What that rests on.
        #[serde(skip_serializing_if = "Option::is_none")]
        basis: Option<Basis>,
        /// The result that decides.
        #[serde(skip_serializing_if = "Option::is_none")]
        result: Option<String>,
        /// How much it is off, |c·Δ|.
        #[serde(skip_serializing_if = "Option::is_none")]
        shift: Option<RenderedQuantity>,
        /// Its expanded uncertainty (95 %).
        #[serde(skip_serializing_if = "Option::is_none")]
        u95: Option<RenderedQuantity>,
        /// |c·Δ| in units of U95.
        #[serde(skip_serializing_if = "Option::is_none")]
        ratio: Option<String>,
        /// The same in words.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<Text>,
        /// What a case of nonconforming work decided.
        #[serde(skip_serializing_if = "Option::is_none")]
        decided: Option<Significance>,
        /// Its traceability at the earlier state of knowledge, where one was asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        traceability_before: Option<Standing>,
        /// Its traceability now, where it was asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        traceability: Option<Standing>,
    }
}

answer! {
    /// What a laboratory has to tell a customer, of the certificates that the caller may see.
    ImpactStatement {
        /// The laboratory: who issued the certificates.
        organisation: String,
        /// Its name.
        organisation_name: Text,
        /// The customer: who owns the items.
        customer: String,
        /// Its name.
        customer_name: Text,
        /// Certificates.
        certificates: u32,
        /// Items.
        items: u32,
        /// Certificates to which it does not matter.
        insignificant: u32,
        /// Certificates to be reviewed.
        review: u32,
        /// Certificates to which it matters.
        significant: u32,
        /// What to do (ISO/IEC 17025, 7.10).
        to_do: Text,
    }
}

answer! {
    /// Everything affected by something that turned out to be bad.
    ImpactAnswer {
        /// What is bad.
        subject: ImpactSubject,
        /// The window.
        window: ImpactWindow,
        /// The shift as asked with; null where later certificates were looked at.
        shift: Option<QuantityValue>,
        /// How many.
        counts: ImpactCounts,
        /// The certificates of this page, in the order of depth and id.
        items: Vec<AffectedCertificate>,
        /// What to ask with for the next page; null on the last.
        next_cursor: Option<String>,
        /// Who has to tell whom.
        statement: Vec<ImpactStatement>,
        /// The policy whose limits of significance were used.
        policy: String,
        /// Up to this ratio it does not matter.
        insignificant_up_to: String,
        /// Above this ratio it matters.
        significant_above: String,
        /// Whether certificates are left out that are not for the caller.
        redacted: bool,
        /// The state of knowledge.
        log_index: u64,
    }
}

/// Everything that is affected, computed once; pages and statements are made from it.
pub struct Analysis<'e> {
    evidence: &'e Evidence,
    policy: &'e Policy,
    question: ImpactQuestion,
    impact: Impact,
    log_index: u64,
    /// Those that the caller may see; all when absent.
    visible: Option<BTreeSet<CalibrationIndex>>,
}

impl Loaded {
    /// What is affected, of the records of a bundle.
    ///
    /// # Errors
    /// When the question cannot be asked of these records; pointers name what is wrong.
    pub fn impact(&self, question: &ImpactQuestion) -> Result<Analysis<'_>, Faults> {
        self.impact_under(question, shipped(question.policy.as_deref())?)
    }

    /// The same under a policy that the caller found.
    ///
    /// # Errors
    /// When the question cannot be asked of these records; pointers name what is wrong.
    pub fn impact_under<'e>(
        &'e self,
        question: &ImpactQuestion,
        policy: &'e Policy,
    ) -> Result<Analysis<'e>, Faults> {
        let evidence = self.evidence();
        let cursor = question.cursor.as_deref();
        let cursor = cursor.map(|cursor| Cursor::parse(cursor, question)).transpose()?;
        let known_at = cursor.map(|cursor| KnownAt::LogIndex(cursor.at)).or(question.known_at);
        let known = match (self.log_index(), known_at) {
            (Some(_), _) | (None, None) => evidence.log_head,
            (None, Some(known_at)) => index_in(evidence, known_at),
        };
        let at = self.log_index().unwrap_or(u64::from(known));
        Analysis::new(evidence, &self.records, question, policy, known, at)
    }

    /// The page of an answer that a question asks for.
    ///
    /// # Errors
    /// When the question cannot be asked of these records; pointers name what is wrong.
    pub fn impact_page(&self, question: &ImpactQuestion) -> Result<ImpactAnswer, Faults> {
        let analysis = self.impact(question)?;
        let compare = |page: &[CalibrationIndex]| {
            let known = |at| analysis.traceability(page, at);
            let before = question.compared_with.map(|at| index_in(analysis.evidence, at));
            let now = LogIndex::try_from(analysis.log_index).unwrap_or(LogIndex::MAX);
            before.map(|before| (known(before), known(now)))
        };
        analysis.page(|page| Ok::<_, Faults>(compare(page)))
    }
}

fn index_in(evidence: &Evidence, known_at: KnownAt) -> LogIndex {
    match known_at {
        KnownAt::LogIndex(index) => LogIndex::try_from(index).unwrap_or(LogIndex::MAX),
        KnownAt::Instant(instant) => evidence.log_index_at(instant),
    }
}

/// Traceability of the certificates of a page, before and now.
type Compared = Option<(Vec<Option<Standing>>, Vec<Option<Standing>>)>;

impl<'e> Analysis<'e> {
    fn new(
        evidence: &'e Evidence,
        records: &Records,
        question: &ImpactQuestion,
        policy: &'e Policy,
        known: LogIndex,
        log_index: u64,
    ) -> Result<Self, Faults> {
        let mut faults = Vec::new();
        let longest = match question.compared_with {
            Some(_) => MOST_COMPARED,
            None => LONGEST_PAGE,
        };
        if question.limit.is_some_and(|limit| !(1..=longest).contains(&limit)) {
            let message = Text::new(
                format!("một trang có từ 1 đến {longest} giấy chứng nhận"),
                format!("a page has 1 to {longest} certificates"),
            );
            faults.push(Fault::error("/limit", "bad_limit", message));
        }
        if let (Some(from), Some(to)) = (question.window_from, question.window_to)
            && to < from
        {
            let message = Text::new(
                format!("khoảng thời gian kết thúc ngày {to}, trước khi bắt đầu ngày {from}"),
                format!("the window ends on {to}, before it begins on {from}"),
            );
            faults.push(Fault::error("/window_to", "period_reversed", message));
        }
        let origin = origin(evidence, records, &question.subject, known);
        if origin.is_none() {
            faults.push(unknown_subject(&question.subject));
        }
        let shift = question.shift.as_ref();
        let shift = shift.map(|shift| StatedShift::new(shift.value.to_f64(), &shift.unit));
        if let (Some(origin), Some(shift), Some(stated)) = (&origin, &shift, &question.shift)
            && !engine::says_something(evidence, origin, shift)
        {
            let unit = stated.unit.code();
            let message = Text::new(
                format!(
                    "không kết quả nào của đối tượng này được ghi bằng đại lượng của đơn vị “{unit}”"
                ),
                format!("no result of this subject is of a quantity that has the unit “{unit}”"),
            );
            faults.push(Fault::error("/shift/unit", "other_dimension", message));
        }
        let (Some(origin), []) = (origin, faults.as_slice()) else {
            return Err(Faults(faults));
        };
        let incident =
            Incident { origin, from: question.window_from, to: question.window_to, shift, known };
        let impact = engine::impact(evidence, &incident, policy, &Limits::default());
        let question = question.clone();
        Ok(Self { evidence, policy, question, impact, log_index, visible: None })
    }

    /// The ids of everything affected.
    pub fn certificates(&self) -> BTreeSet<Id> {
        let ids = self.impact.affected.iter().map(|one| self.id(one.calibration));
        ids.filter_map(|id| Id::parse(&id).ok()).collect()
    }

    /// Each affected certificate with how much it matters, as computed.
    pub fn significances(&self) -> BTreeMap<String, Significance> {
        let affected = self.impact.affected.iter();
        affected.map(|one| (self.id(one.calibration), one.significance)).collect()
    }

    fn id(&self, calibration: CalibrationIndex) -> String {
        self.evidence.id_text(self.evidence.calibration_ids[calibration.position()])
    }

    /// Leaves out what is not for a caller.
    fn only(&mut self, visible: &BTreeSet<Id>) {
        let affected = self.impact.affected.iter().map(|one| one.calibration);
        let seen =
            affected.filter(|one| Id::parse(&self.id(*one)).is_ok_and(|id| visible.contains(&id)));
        self.visible = Some(seen.collect());
    }

    fn shows(&self, one: &Affected) -> bool {
        self.visible.as_ref().is_none_or(|visible| visible.contains(&one.calibration))
    }

    fn traceability(&self, page: &[CalibrationIndex], known: LogIndex) -> Vec<Option<Standing>> {
        engine::traceability(self.evidence, page, self.policy, &Limits::default(), known)
    }

    fn page<E: From<Faults>>(
        &self,
        compare: impl FnOnce(&[CalibrationIndex]) -> Result<Compared, E>,
    ) -> Result<ImpactAnswer, E> {
        let limit = self.question.limit.unwrap_or(match self.question.compared_with {
            Some(_) => MOST_COMPARED,
            None => USUAL_PAGE,
        });
        let first = match &self.question.cursor {
            Some(cursor) => Cursor::parse(cursor, &self.question)?.first,
            None => 0,
        };
        let end = first.saturating_add(limit as usize).min(self.impact.affected.len());
        let page = self.impact.affected.get(first..end).unwrap_or_default();
        let indices: Vec<CalibrationIndex> = page.iter().map(|one| one.calibration).collect();
        let compared = compare(&indices)?;
        let items = page.iter().enumerate().map(|(position, one)| {
            let of = |standings: &[Option<Standing>]| standings.get(position).copied().flatten();
            let compared = compared.as_ref().filter(|_| self.shows(one));
            AffectedCertificate {
                traceability_before: compared.and_then(|(before, _)| of(before)),
                traceability: compared.and_then(|(_, now)| of(now)),
                ..self.certificate(one)
            }
        });
        let items: Vec<AffectedCertificate> = items.collect();
        let more = end < self.impact.affected.len();
        let cursor = Cursor { at: self.log_index, first: end };
        let Period { from, to } = self.impact.window.days;
        Ok(ImpactAnswer {
            subject: self.question.subject.clone(),
            window: ImpactWindow {
                from: Some(from).filter(|day| *day != Day::beginning()),
                from_is: self.impact.window.from_is,
                to: Some(to).filter(|day| *day != Day::end()),
                to_is: self.impact.window.to_is,
            },
            shift: self.question.shift.clone(),
            counts: self.counts(),
            items,
            next_cursor: more.then(|| cursor.to_text(&self.question)),
            statement: self.statement(),
            policy: self.policy.id.clone(),
            insignificant_up_to: significant(self.policy.impact_insignificant),
            significant_above: significant(self.policy.impact_significant),
            redacted: self
                .visible
                .as_ref()
                .is_some_and(|visible| visible.len() < self.impact.affected.len()),
            log_index: self.log_index,
        })
    }

    fn parties(&self, one: &Affected) -> (Option<OrganisationIndex>, Option<OrganisationIndex>) {
        let row = self.evidence.calibration(one.calibration);
        (row.issuer, self.evidence.owner_of_item(row))
    }

    fn counts(&self) -> ImpactCounts {
        let mut counts = ImpactCounts {
            used_before_window: self.impact.used_before,
            used_after_window: self.impact.used_after,
            ..ImpactCounts::default()
        };
        let (mut standards, mut organisations) = (BTreeSet::new(), BTreeSet::new());
        for one in &self.impact.affected {
            counts.certificates += 1;
            standards.extend(self.evidence.calibration(one.calibration).item);
            let (issuer, owner) = self.parties(one);
            organisations.extend(issuer.into_iter().chain(owner));
            if !self.shows(one) {
                counts.withheld += 1;
                continue;
            }
            match one.significance {
                Significance::Insignificant => counts.insignificant += 1,
                Significance::Review => counts.review += 1,
                Significance::Significant => counts.significant += 1,
            }
            if one.decided.is_none_or(|decided| decided == Significance::Review) {
                counts.undecided += 1;
            }
        }
        counts.standards = standards.len() as u32;
        counts.organisations = organisations.len() as u32;
        counts
    }

    fn quantity(&self, row: &ResultRow, si: f64) -> RenderedQuantity {
        let unit = self.evidence.unit(unit_of(row).unwrap_or(row.extent_unit));
        RenderedQuantity { value: significant(si / unit.factor()), unit: unit.code().to_owned() }
    }

    fn certificate(&self, one: &Affected) -> AffectedCertificate {
        let evidence = self.evidence;
        let hidden = AffectedCertificate {
            calibration: self.id(one.calibration),
            depth: one.depth,
            number: None,
            issuer: None,
            item: None,
            code: None,
            owner: None,
            performed_from: None,
            performed_to: None,
            significance: None,
            basis: None,
            result: None,
            shift: None,
            u95: None,
            ratio: None,
            message: None,
            decided: None,
            traceability_before: None,
            traceability: None,
        };
        if !self.shows(one) {
            return hidden;
        }
        let row = evidence.calibration(one.calibration);
        let (issuer, owner) = self.parties(one);
        let organisation =
            |index: OrganisationIndex| evidence.id_text(evidence.organisation(index).id);
        let item = row.item.map(|item| evidence.standard(item));
        let worst = one.worst();
        let of_row = worst.map(|worst| evidence.result(worst.row));
        let quantity = |si: Option<f64>| of_row.zip(si).map(|(row, si)| self.quantity(row, si));
        let (shift, u95) = (
            quantity(worst.and_then(|worst| worst.shift)),
            quantity(worst.and_then(|worst| worst.u95)),
        );
        let ratio = worst.and_then(|worst| worst.ratio);
        let ratio = ratio.map(|ratio| shown_ratio(self.policy, ratio));
        let basis = worst.map(|worst| worst.basis);
        let message =
            message(one.significance, basis, shift.as_ref(), u95.as_ref(), ratio.as_deref());
        AffectedCertificate {
            number: Some(evidence.text(row.number).to_owned()),
            issuer: issuer.map(organisation),
            item: item.map(|item| evidence.id_text(item.id)),
            code: item.and_then(|item| item.code).map(|code| evidence.text(code).to_owned()),
            owner: owner.map(organisation),
            performed_from: Some(row.performed_from),
            performed_to: Some(row.performed_to),
            significance: Some(one.significance),
            basis,
            result: of_row.map(|row| evidence.text(row.name).to_owned()),
            shift,
            u95,
            ratio,
            message: Some(message),
            decided: one.decided,
            ..hidden
        }
    }

    /// Who has to tell whom, by laboratory and customer in the order of their ids.
    fn statement(&self) -> Vec<ImpactStatement> {
        let evidence = self.evidence;
        let mut pairs: BTreeMap<(OrganisationIndex, OrganisationIndex), Vec<&Affected>> =
            BTreeMap::new();
        for one in self.impact.affected.iter().filter(|one| self.shows(one)) {
            if let (Some(issuer), Some(owner)) = self.parties(one) {
                pairs.entry((issuer, owner)).or_default().push(one);
            }
        }
        let statements = pairs.into_iter().map(|((issuer, owner), affected)| {
            let count = |wanted: Significance| {
                affected.iter().filter(|one| one.significance == wanted).count() as u32
            };
            let items: BTreeSet<Option<StandardIndex>> =
                affected.iter().map(|one| evidence.calibration(one.calibration).item).collect();
            let worst = affected.iter().map(|one| one.significance).max();
            let id = |index| evidence.id_text(evidence.organisation(index).id);
            let name = |index| {
                let row = evidence.organisation(index);
                Text::new(evidence.text(row.name_vi), evidence.text(row.name_en))
            };
            ImpactStatement {
                organisation: id(issuer),
                organisation_name: name(issuer),
                customer: id(owner),
                customer_name: name(owner),
                certificates: affected.len() as u32,
                items: items.len() as u32,
                insignificant: count(Significance::Insignificant),
                review: count(Significance::Review),
                significant: count(Significance::Significant),
                to_do: to_do(worst.unwrap_or(Significance::Review)),
            }
        });
        statements.collect()
    }

    /// All affected certificates that the caller may see as CSV (RFC 4180), one a line.
    pub fn csv(&self) -> String {
        let header = [
            "calibration",
            "number",
            "issuer",
            "issuer_name",
            "item",
            "code",
            "owner",
            "owner_name",
            "performed_from",
            "performed_to",
            "depth",
            "significance",
            "basis",
            "result",
            "shift",
            "shift_unit",
            "u95",
            "u95_unit",
            "ratio",
            "decided",
            "to_do_vi",
            "to_do_en",
        ];
        let mut lines =
            csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        // Writing to memory does not fail, nor do records of one length.
        let _ = lines.write_record(header);
        for one in self.impact.affected.iter().filter(|one| self.shows(one)) {
            let line = self.certificate(one);
            let (issuer, owner) = self.parties(one);
            let name = |index: Option<OrganisationIndex>| {
                let row = index.map(|index| self.evidence.organisation(index));
                row.map_or("", |row| self.evidence.text(row.name_vi)).to_owned()
            };
            let text = |text: Option<String>| text.unwrap_or_default();
            let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
            let quantity = |quantity: Option<RenderedQuantity>| {
                quantity.map_or_else(Default::default, |one| (one.value, one.unit))
            };
            let ((shift, shift_unit), (u95, u95_unit)) = (quantity(line.shift), quantity(line.u95));
            let to_do = to_do(one.significance);
            let cells = [
                line.calibration,
                text(line.number),
                text(line.issuer),
                name(issuer),
                text(line.item),
                text(line.code),
                text(line.owner),
                name(owner),
                day(line.performed_from),
                day(line.performed_to),
                line.depth.to_string(),
                one.significance.to_string(),
                line.basis.map(|basis| basis.to_string()).unwrap_or_default(),
                text(line.result),
                shift,
                shift_unit,
                u95,
                u95_unit,
                text(line.ratio),
                one.decided.map(|decided| decided.to_string()).unwrap_or_default(),
                to_do.vi,
                to_do.en,
            ];
            let _ = lines.write_record(cells.map(|cell| guarded(&cell)));
        }
        lines.into_inner().ok().and_then(|text| String::from_utf8(text).ok()).unwrap_or_default()
    }
}

/// A ratio as shown: with two digits, and with as many more as it takes to be on the same side of the
/// policy's limits as what was computed.
fn shown_ratio(policy: &Policy, ratio: f64) -> String {
    const MOST: usize = 12;
    let side = |ratio: f64| significance_of(policy, ratio);
    let digits = (1..MOST).find(|digits| {
        // Two decimals, or two digits of what is smaller than a tenth.
        let rounded = format!("{ratio:.*}", *digits).parse().unwrap_or(ratio);
        let close = match ratio >= 0.0995 {
            true => *digits >= 2,
            false => (rounded - ratio).abs() <= 0.05 * ratio,
        };
        close && side(rounded) == side(ratio)
    });
    let text = format!("{ratio:.*}", digits.unwrap_or(MOST));
    match ratio < 0.0995 {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

fn message(
    significance: Significance,
    basis: Option<Basis>,
    shift: Option<&RenderedQuantity>,
    u95: Option<&RenderedQuantity>,
    ratio: Option<&str>,
) -> Text {
    let shown = |quantity: Option<&RenderedQuantity>| {
        quantity.map_or("?".to_owned(), |one| format!("{} {}", one.value, one.unit))
    };
    let (shift, u95, ratio) = (shown(shift), shown(u95), ratio.unwrap_or("?"));
    let (word_vi, word_en) = match significance {
        Significance::Insignificant => ("không đáng kể", "insignificant"),
        Significance::Review => ("cần xem xét", "to be reviewed"),
        Significance::Significant => ("đáng kể", "significant"),
    };
    match basis {
        Some(Basis::Ratio) => Text::new(
            format!("độ lệch {shift} bằng {ratio} lần U95 {u95}: {word_vi}"),
            format!("the shift of {shift} is {ratio} of the U95 of {u95}: {word_en}"),
        ),
        Some(Basis::ShiftUnknown) => Text::new(
            format!("không rõ giá trị lệch bao nhiêu: {word_vi}"),
            format!("by how much the value is off is not known: {word_en}"),
        ),
        Some(Basis::SensitivityUnknown) => Text::new(
            format!("không rõ giá trị được suy ra từ chuẩn như thế nào: {word_vi}"),
            format!("how the value follows from a reference on the way is not known: {word_en}"),
        ),
        Some(Basis::UncertaintyUnknown) => Text::new(
            format!("độ lệch {shift}, nhưng không có độ không đảm bảo đo đọc được: {word_vi}"),
            format!("a shift of {shift}, but no uncertainty that can be read: {word_en}"),
        ),
        Some(Basis::Loop) => Text::new(
            format!("các giấy chứng nhận được làm ra vòng quanh lẫn nhau: {word_vi}"),
            format!("the certificates were made with each other, in a loop: {word_en}"),
        ),
        None => Text::new(
            format!("giấy chứng nhận không có kết quả nào: {word_vi}"),
            format!("the certificate states no result: {word_en}"),
        ),
    }
}

/// What a laboratory has to do about certificates of which this is the worst (ISO/IEC 17025, 7.10).
fn to_do(worst: Significance) -> Text {
    match worst {
        Significance::Significant => Text::new(
            "báo cho khách hàng, thu hồi hoặc cấp lại các giấy chứng nhận bị ảnh hưởng đáng kể; không \
             dùng kết quả đó cho đến khi hiệu chuẩn lại",
            "tell the customer, recall or reissue the certificates to which it matters; their results \
             are not to be used until calibrated again",
        ),
        Significance::Review => Text::new(
            "đánh giá từng giấy chứng nhận cần xem xét, quyết định có chấp nhận được không, rồi báo cho \
             khách hàng nếu không",
            "evaluate each certificate to be reviewed, decide whether it is acceptable, and tell the \
             customer where it is not",
        ),
        Significance::Insignificant => Text::new(
            "ghi lại đánh giá và quyết định; không cần báo cho khách hàng",
            "record the evaluation and the decision; no notice is needed",
        ),
    }
}

/// What is bad, among the rows of the evidence.
fn origin(
    evidence: &Evidence,
    records: &Records,
    subject: &ImpactSubject,
    known: LogIndex,
) -> Option<Origin> {
    fn find(evidence: &Evidence, id: &str, ids: impl Iterator<Item = Identity>) -> Option<usize> {
        ids.enumerate().find(|(_, own)| evidence.id_text(*own) == id).map(|(position, _)| position)
    }
    let id = subject.id.as_str();
    let is_known = |known_from: LogIndex| known_from <= known;
    match subject.kind {
        ImpactSubjectKind::Calibration => {
            let position = find(evidence, id, evidence.calibration_ids.iter().copied())?;
            let index = CalibrationIndex::new(position);
            is_known(evidence.calibration(index).known_from).then_some(Origin::Certificate(index))
        }
        ImpactSubjectKind::Standard => {
            let index = evidence.standard_with_id(&Id::parse(id).ok()?)?;
            is_known(evidence.standard(index).known_from).then_some(Origin::Standard(index))
        }
        ImpactSubjectKind::Organisation => {
            let ids = evidence.organisations.iter().map(|row| row.id);
            let index = OrganisationIndex::new(find(evidence, id, ids)?);
            is_known(evidence.organisation(index).known_from).then_some(Origin::Organisation(index))
        }
        ImpactSubjectKind::Accreditation => {
            let ids = evidence.accreditations.iter().map(|row| row.id);
            let index = AccreditationIndex::new(find(evidence, id, ids)?);
            is_known(evidence.accreditation(index).known_from)
                .then_some(Origin::Accreditation(index))
        }
        ImpactSubjectKind::Realisation | ImpactSubjectKind::Epoch => {
            let is_meant = |record: &crate::domain::realisation::Realisation| match subject.kind {
                ImpactSubjectKind::Epoch => record.epoch.as_deref() == Some(id),
                _ => record.id.as_str() == id,
            };
            let meant: BTreeSet<&str> = records
                .realisations
                .iter()
                .filter(|record| is_meant(record))
                .map(|record| record.id.as_str())
                .collect();
            let roots = evidence.realisations.iter().enumerate();
            let roots: Vec<RealisationIndex> = roots
                .filter(|(_, row)| is_known(row.known_from))
                .filter(|(_, row)| meant.contains(evidence.id_text(row.id).as_str()))
                .map(|(position, _)| RealisationIndex::new(position))
                .collect();
            (!roots.is_empty()).then_some(Origin::Realisations(roots))
        }
    }
}

fn unknown_subject(subject: &ImpactSubject) -> Fault {
    let ImpactSubject { kind, id } = subject;
    let message = Text::new(
        format!("trong dữ liệu ở thời điểm này không có {kind} “{id}”"),
        format!("there is no {kind} “{id}” in the records known then"),
    );
    Fault::error("/subject/id", "unknown_subject", message)
}

/// Where a page ended, and in which state of knowledge.
struct Cursor {
    at: u64,
    first: usize,
}

impl Cursor {
    fn to_text(&self, question: &ImpactQuestion) -> String {
        format!("{}.{}.{}", self.at, Self::digest(question), self.first)
    }

    /// What a cursor is bound to: the question without its page.
    fn digest(question: &ImpactQuestion) -> String {
        let question =
            ImpactQuestion { limit: None, cursor: None, known_at: None, ..question.clone() };
        let text = serde_json::to_string(&question).unwrap_or_default();
        Digest::of(&[text.as_bytes()]).to_string()[..16].to_owned()
    }

    fn parse(text: &str, question: &ImpactQuestion) -> Result<Self, Faults> {
        let wrong = |code, vi: &str, en: &str| {
            Faults(vec![Fault::error("/cursor", code, Text::new(vi, en))])
        };
        let mut parts = text.splitn(3, '.');
        let at = parts.next().and_then(|part| part.parse().ok());
        let digest = parts.next();
        let first = parts.next().and_then(|part| part.parse().ok());
        let (Some(at), Some(digest), Some(first)) = (at, digest, first) else {
            return Err(wrong(
                "bad_cursor",
                "đây không phải con trỏ trang; hãy dùng “next_cursor” của trang trước, hoặc bỏ đi để bắt đầu lại",
                "this is no cursor; use the “next_cursor” of the page before, or leave it out to begin anew",
            ));
        };
        if digest != Self::digest(question) {
            return Err(wrong(
                "cursor_of_another_question",
                "con trỏ này thuộc câu hỏi khác; hãy giữ nguyên câu hỏi, hoặc bỏ con trỏ để bắt đầu lại",
                "this cursor is of another question; keep the question as it was, or leave it out to begin anew",
            ));
        }
        Ok(Self { at, first })
    }
}

/// What people call something: its id, the code of a standard, the number of a certificate or
/// accreditation, or the name of an epoch.
fn names_of(records: &Records, name: &str) -> Vec<(ImpactSubjectKind, String)> {
    use ImpactSubjectKind as Kind;
    let mut found = Vec::new();
    let mut take = |kind: Kind, id: &Id, called: Option<&String>| {
        if id.as_str() == name || called.is_some_and(|called| called == name) {
            found.push((kind, id.to_string()));
        }
    };
    for record in records.calibrations.iter() {
        take(Kind::Calibration, &record.id, Some(&record.number));
    }
    for record in records.measurement_standards.iter() {
        take(Kind::Standard, &record.id, record.code.as_ref());
    }
    for record in records.organisations.iter() {
        take(Kind::Organisation, &record.id, None);
    }
    for record in records.accreditations.iter() {
        take(Kind::Accreditation, &record.id, record.number.as_ref());
    }
    for record in records.realisations.iter() {
        take(Kind::Realisation, &record.id, None);
    }
    if records.realisations.iter().any(|record| record.epoch.as_deref() == Some(name)) {
        found.push((Kind::Epoch, name.to_owned()));
    }
    found
}

/// The one thing that a name stands for.
fn only_one(
    name: &str,
    mut found: Vec<(ImpactSubjectKind, String)>,
    wanted: Option<ImpactSubjectKind>,
) -> Result<ImpactSubject, Faults> {
    found.retain(|(kind, _)| wanted.is_none_or(|wanted| wanted == *kind));
    let (code, message) = match found.as_slice() {
        [(kind, id)] => return Ok(ImpactSubject { kind: *kind, id: id.clone() }),
        [] => (
            "unknown_subject",
            Text::new(
                format!(
                    "không có chuẩn, giấy chứng nhận, tổ chức, công nhận hay mốc nào là “{name}”"
                ),
                format!(
                    "there is no standard, certificate, organisation, accreditation or epoch “{name}”"
                ),
            ),
        ),
        several => {
            let listed: Vec<String> =
                several.iter().map(|(kind, id)| format!("{kind} {id}")).collect();
            let listed = listed.join(", ");
            let message = Text::new(
                format!("“{name}” có thể là: {listed}; hãy nêu loại hoặc mã định danh"),
                format!("“{name}” may be: {listed}; say the kind, or name one by its id"),
            );
            ("ambiguous_subject", message)
        }
    };
    Err(Faults(vec![Fault::error("/subject", code, message)]))
}

impl Loaded {
    /// What somebody calls by its id, code, number or name.
    ///
    /// # Errors
    /// When there is none, or several.
    pub fn impact_subject(
        &self,
        name: &str,
        kind: Option<ImpactSubjectKind>,
    ) -> Result<ImpactSubject, Faults> {
        only_one(name, names_of(&self.records, name), kind)
    }
}

/// Where the store begins for a subject.
pub(super) fn root(subject: &ImpactSubject) -> Result<Root, Faults> {
    let id = || Id::parse(&subject.id).map_err(|_| Faults(vec![unknown_subject(subject)]));
    Ok(match subject.kind {
        ImpactSubjectKind::Calibration => Root::Calibration(id()?),
        ImpactSubjectKind::Standard => Root::Standard(id()?),
        ImpactSubjectKind::Organisation => Root::Organisation(id()?),
        ImpactSubjectKind::Accreditation => Root::Accreditation(id()?),
        ImpactSubjectKind::Realisation => Root::Realisation(id()?),
        ImpactSubjectKind::Epoch => Root::Epoch(subject.id.clone()),
    })
}

/// The records below a subject, or how many certificates there are where they are too many.
pub(super) fn loaded(below: Below) -> Result<Loaded, Faults> {
    match below {
        Below::All(closure) => {
            Ok(Loaded::known_at(closure.records, closure.log_index, closure.reached_at))
        }
        Below::TooMany(count) => {
            let message = Text::new(
                format!(
                    "{count} giấy chứng nhận phụ thuộc vào nó, nhiều hơn {MOST_AFFECTED} mà một lần xét \
                     được; hãy hỏi từng giấy chứng nhận hoặc từng chuẩn bên dưới"
                ),
                format!(
                    "{count} certificates hang on it, more than the {MOST_AFFECTED} that are looked at \
                     at once; ask about the certificates or standards below it one by one"
                ),
            );
            Err(Faults(vec![Fault::error("/subject/id", "too_many_affected", message)]))
        }
    }
}

impl Registry {
    /// What is affected, page by page, as somebody may see it; whoever holds the database itself sees
    /// everything.
    ///
    /// # Errors
    /// When the question cannot be asked, is about something that the caller may not see, or is not
    /// theirs to ask.
    pub fn impact(
        &self,
        question: &ImpactQuestion,
        principal: Option<&Principal>,
        now: Instant,
    ) -> Result<ImpactAnswer, Refusal> {
        self.with_impact(question, principal, now, |analysis, at| {
            let before = question.compared_with;
            let before = before.map(|known_at| self.index_at(Some(known_at), now)).transpose()?;
            analysis.page(|page| {
                let Some(before) = before else { return Ok(None) };
                let standings = |at| self.traceability_of(analysis, page, at);
                Ok::<_, Refusal>(Some((standings(before)?, standings(at)?)))
            })
        })
    }

    /// What somebody calls by its id, code, number or name, as known at a log index.
    ///
    /// # Errors
    /// When there is none, or several.
    pub fn impact_subject(
        &self,
        name: &str,
        kind: Option<ImpactSubjectKind>,
        at: u64,
    ) -> Result<ImpactSubject, Refusal> {
        /// Records of one name that are looked at: more cannot be told apart anyway.
        const MOST: u32 = 20;
        /// Roots of a country, of which there are a few hundred.
        const ROOTS: u32 = 10_000;
        let mut records = Records::default();
        let mut position = 0;
        let mut take = |stored: Stored| -> Result<(), Refusal> {
            records.push_any(position, stored.record()?);
            position += 1;
            Ok(())
        };
        if let Ok(id) = Id::parse(name)
            && let Some(stored) = self.store().get(&id, at)?
        {
            take(stored)?;
        }
        let called = [
            (CollectionName::MeasurementStandards, Some("code"), MOST),
            (CollectionName::Calibrations, Some("number"), MOST),
            (CollectionName::Accreditations, Some("number"), MOST),
            (CollectionName::Realisations, None, ROOTS),
        ];
        for (collection, field, limit) in called {
            let known = filters(collection).iter();
            let filter = known.copied().find(|filter| field == Some(filter.name));
            if field.is_some() && filter.is_none() {
                continue;
            }
            let filter = filter.map(|filter| (filter, FilterValue::Text(name.to_owned())));
            let found = self.store().list(&ListQuery {
                collection,
                filters: filter.into_iter().collect(),
                words: Vec::new(),
                after: None,
                limit,
                at,
                reader: Reader::Everything,
            })?;
            found.into_iter().try_for_each(&mut take)?;
        }
        let mut found = names_of(&records, name);
        found.sort_unstable();
        found.dedup();
        Ok(only_one(name, found, kind)?)
    }

    /// Everything affected that somebody may see, as CSV, and the state of knowledge.
    ///
    /// # Errors
    /// The same.
    pub fn impact_csv(
        &self,
        question: &ImpactQuestion,
        principal: Option<&Principal>,
        now: Instant,
    ) -> Result<(String, u64), Refusal> {
        self.with_impact(question, principal, now, |analysis, at| Ok((analysis.csv(), at)))
    }

    fn with_impact<T>(
        &self,
        question: &ImpactQuestion,
        principal: Option<&Principal>,
        now: Instant,
        answer: impl FnOnce(&Analysis<'_>, u64) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let reader = principal.map_or(Reader::Everything, Principal::reader);
        let known_at = match &question.cursor {
            Some(cursor) => Some(KnownAt::LogIndex(Cursor::parse(cursor, question)?.at)),
            None => question.known_at,
        };
        let at = self.index_at(known_at, now)?;
        self.permit_impact(&question.subject, principal, at)?;
        let loaded = loaded(self.store().below(&root(&question.subject)?, at, MOST_AFFECTED)?)?;
        let policy = self.policy_for(question.policy.as_deref(), at)?;
        let mut analysis = loaded.impact_under(question, &policy)?;
        if reader != Reader::Everything {
            let ids = analysis.certificates();
            let collection = CollectionName::Calibrations;
            analysis.only(&self.store().visible(collection, &ids, &reader, at)?);
        }
        answer(&analysis, at)
    }

    /// The traceability of the certificates of a page at a log index, each from its own closure.
    fn traceability_of(
        &self,
        analysis: &Analysis<'_>,
        page: &[CalibrationIndex],
        at: u64,
    ) -> Result<Vec<Option<Standing>>, Refusal> {
        let evidence = analysis.evidence;
        let mut standings = Vec::with_capacity(page.len());
        for calibration in page {
            let item = evidence.calibration(*calibration).item;
            let item = item.map(|item| evidence.id_text(evidence.standard(item).id));
            let id = Id::parse(&analysis.id(*calibration)).ok();
            let item = item.and_then(|item| Id::parse(&item).ok());
            let (Some(id), Some(item)) = (id, item) else {
                standings.push(None);
                continue;
            };
            let named = |id: &Id| BTreeSet::from([id.clone()]);
            let closure = self.store().closure(&named(&item), &named(&id), at)?;
            let own = compile(&closure.records);
            let index = item_certificate(&own, &id);
            let head = own.log_head;
            let limits = Limits::default();
            let standing = index.and_then(|index| {
                let found = engine::traceability(&own, &[index], analysis.policy, &limits, head);
                found.first().copied().flatten()
            });
            standings.push(standing);
        }
        Ok(standings)
    }

    /// Who may ask what hangs on something: its issuer or owner, the institute and the operator.
    fn permit_impact(
        &self,
        subject: &ImpactSubject,
        principal: Option<&Principal>,
        at: u64,
    ) -> Result<(), Refusal> {
        let Some(principal) = principal else { return Ok(()) };
        let reader = principal.reader();
        if reader == Reader::Everything {
            return Ok(());
        }
        let not_allowed = || Refusal::NotAllowed {
            writers: Text::new(
                "nơi cấp giấy chứng nhận, chủ sở hữu của chuẩn, chính tổ chức đó, institute, operator",
                "the issuer of a certificate, the owner of a standard, the organisation itself, \
                 institute, operator",
            ),
        };
        let collection = match subject.kind {
            ImpactSubjectKind::Calibration => CollectionName::Calibrations,
            ImpactSubjectKind::Standard => CollectionName::MeasurementStandards,
            ImpactSubjectKind::Organisation => CollectionName::Organisations,
            ImpactSubjectKind::Accreditation => CollectionName::Accreditations,
            ImpactSubjectKind::Realisation => CollectionName::Realisations,
            ImpactSubjectKind::Epoch => return Err(not_allowed()),
        };
        let unknown = || Refusal::Faults(Faults(vec![unknown_subject(subject)]));
        let id = Id::parse(&subject.id).map_err(|_| unknown())?;
        let stored = match self.get_for(collection, &id, &reader, at) {
            Err(Refusal::Unknown { .. }) => return Err(unknown()),
            other => other?,
        };
        let own = &principal.organisation;
        let is_theirs = match stored.record()? {
            AnyRecord::Calibrations(record) => {
                record.issuer == *own
                    || record.performed_by.as_ref() == Some(own)
                    || self.owns(own, &record.item, at)?
            }
            AnyRecord::MeasurementStandards(record) => record.owner == *own,
            AnyRecord::Organisations(record) => record.id == *own,
            AnyRecord::Accreditations(record) => {
                record.organisation == *own || record.accreditation_body == *own
            }
            AnyRecord::Realisations(record) => record.organisation == *own,
            _ => false,
        };
        if is_theirs { Ok(()) } else { Err(not_allowed()) }
    }

    fn owns(&self, organisation: &Id, standard: &Id, at: u64) -> Result<bool, Refusal> {
        let stored = self.store().get(standard, at)?.map(|stored| stored.record()).transpose()?;
        Ok(match stored {
            Some(AnyRecord::MeasurementStandards(record)) => record.owner == *organisation,
            _ => false,
        })
    }
}

fn item_certificate(evidence: &Evidence, id: &Id) -> Option<CalibrationIndex> {
    let mut ids = evidence.calibration_ids.iter();
    let position = ids.position(|own| evidence.id_text(*own) == id.as_str())?;
    Some(CalibrationIndex::new(position))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_shown_on_its_side_of_the_limits() {
        let policy = shipped(None).expect("a policy");
        for (ratio, shown) in [
            (0.266_666, "0.27"),
            (0.4, "0.40"),
            (0.08, "0.08"),
            (0.099_999_999_999_9, "0.10"),
            (0.1 + 0.000_1, "0.1001"),
            (1.0 / 3.0, "0.333"),
            (0.33, "0.33"),
            (0.018_9, "0.019"),
            (0.0, "0"),
            (1.25, "1.25"),
            (12.0, "12.00"),
        ] {
            assert_eq!(shown_ratio(policy, ratio), shown, "{ratio}");
        }
    }
}
