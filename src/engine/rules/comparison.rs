//! Area N, comparisons: what the institutes on the way have shown in them (N-08 to N-12, N-14), and
//! where the significant ways up end, which is what the link to the BIPM rests on.

use std::cmp::Reverse;

use crate::domain::capability::Publisher;
use crate::domain::comparison::{ComparisonKind, ComparisonStatus};
use crate::domain::organisation::Arrangement;
use crate::domain::period::Day;
use crate::domain::quantity::QuantityKindId;
use crate::domain::realisation::RealisationKind;
use crate::engine::evidence::*;
use crate::engine::finding::{
    Dimension, Fact, FactValue, Phrase, Rule, Severity, Source, Subject, Tag, fact, phrase,
};
use crate::engine::numbers::Bounds;
use crate::engine::report::Route;
use crate::engine::rules::capability::{self, Evaluated};
use crate::engine::rules::institute;
use crate::engine::tri::Tri;
use crate::engine::walk::{Note, Walk, Weight};

/// N-08: in a comparison that counts, |d| ≤ U(d) (k = 2) at every point of the institute. U(d) is
/// the report's, else u²(d) = u²(x) + u²(ref) where the result is not in the reference value and
/// u²(x) − u²(ref) where it is; where that is not said, a result must pass or fail both. A later
/// comparison that holds takes the weight from an earlier one that does not. The nearest
/// institute's count; those further up are information, as their routes are. Not applicable
/// without a comparison. Minor. CIPM MRA-G-11 \[K\].
pub static N_08: Rule = Rule {
    id: "N-08",
    statement: phrase(
        "mức độ tương đương của viện nằm trong độ không đảm bảo của nó",
        "the institute's degree of equivalence lies within its uncertainty",
    ),
    severity: Severity::Minor,
    dimension: Dimension::Recognition,
    source: Source::new("CIPM MRA-G-11", "", Tag::Knowledge),
    optional_input: true,
};

/// N-09: the comparison supports the published CMC at its point: E = |d|/√(U_CMC² + U_ref²) ≤ 1,
/// both at k = 2. Above 1 recognition is indeterminate, with an alert to the institute: the CMC
/// stays published until the RMO's review, so the chain still closes on it. Of several CMCs at the
/// point those count that also cover the certificate, and of them the smallest. A comparison
/// whose point lies outside every CMC does not reach them: information, other evidence is allowed.
/// Where the CMC cannot be evaluated there, or a figure is missing that would decide, the finding
/// is a remark: an incomplete record of a comparison must not weigh more than none. Not applicable
/// without a comparison or a published CMC. Major. CIPM MRA-G-13 3 \[S\].
pub static N_09: Rule = Rule {
    id: "N-09",
    statement: phrase(
        "kết quả so sánh xác nhận CMC đã công bố",
        "the comparison supports the published CMC",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("CIPM MRA-G-13", "3", Tag::Secondary),
    optional_input: true,
};

/// N-10: a regional comparison is tied to the key comparison reference value by the participants of
/// both: d = d_RMO + (d_L,CC − d_L,RMO), u² adds that of the link, over several linking
/// institutes their mean; |d| ≤ U. Without a linking institute at the point there is no d against
/// the reference value. Not applicable to a comparison that names no other, and to an institute
/// that took part in both. The linking results count as independent, which is the cautious side
/// for one laboratory's repeated measurement. Minor. CIPM MRA-D-05 \[K\].
pub static N_10: Rule = Rule {
    id: "N-10",
    statement: phrase(
        "mức độ tương đương nối với giá trị quy chiếu của so sánh chủ chốt nằm trong độ không đảm bảo",
        "the degree of equivalence linked to the key comparison reference value lies within its uncertainty",
    ),
    severity: Severity::Minor,
    dimension: Dimension::Recognition,
    source: Source::new("CIPM MRA-D-05", "", Tag::Knowledge),
    optional_input: true,
};

/// N-11: an old comparison does not cancel a CMC: when the latest one that counts ended more than
/// `kc_age_warn_years` before the certificate it is a remark, nothing else. Age counts from the
/// end of the measurements, else from the final report. Minor. JCRB 29-2 \[F\].
pub static N_11: Rule = Rule {
    id: "N-11",
    statement: phrase(
        "so sánh gần nhất của viện chưa quá cũ",
        "the institute's latest comparison is not old",
    ),
    severity: Severity::Minor,
    dimension: Dimension::Recognition,
    source: Source::new("JCRB", "29-2", Tag::Official),
    optional_input: true,
};

/// N-12: a comparison counts with its final report published; pilot studies, hybrid comparisons
/// and drafts are supporting knowledge only, one without results is nothing yet. Where another comparison counts that is information,
/// else a remark. A report published after the state of knowledge is not published yet. Minor.
/// JCRB 40-1 \[F\].
pub static N_12: Rule = Rule {
    id: "N-12",
    statement: phrase(
        "so sánh có báo cáo cuối cùng đã công bố trong KCDB",
        "the comparison's final report is published in the KCDB",
    ),
    severity: Severity::Minor,
    dimension: Dimension::Recognition,
    source: Source::new("JCRB", "40-1", Tag::Official),
    optional_input: true,
};

/// N-14: institutes of Associates take part in the comparisons of their RMO; those of the
/// Consultative Committees are for Member States. So an RMO or supplementary comparison is the
/// evidence that is asked of them, and says so; no rule asks for a CC comparison. Info. CGPM 21,
/// Resolution 3; CIPM MRA \[F\].
pub static N_14: Rule = Rule {
    id: "N-14",
    statement: phrase(
        "viện của nước thành viên liên kết chứng minh bằng so sánh của tổ chức khu vực (RMO)",
        "an Associate's institute has its evidence from comparisons of its RMO",
    ),
    severity: Severity::Info,
    dimension: Dimension::Recognition,
    source: Source::new("CIPM MRA", "", Tag::Official),
    optional_input: true,
};

/// A root on a significant way, with the days of the certificate that cites it.
#[derive(Debug, Clone, Copy)]
pub struct Root {
    /// Whose.
    pub institute: OrganisationIndex,
    /// Quantity.
    pub kind: QuantityKindId,
    /// Days of performance.
    pub period: Period,
}

/// An institute whose CMC or realisation the claim rests on.
#[derive(Debug, Clone, Copy)]
struct Met {
    institute: OrganisationIndex,
    row: ResultIndex,
    kind: QuantityKindId,
    period: Period,
    nearest: bool,
    backed: bool,
}

/// Where the significant ways up from a result end, and the institutes met on them.
#[derive(Debug, Clone, Default)]
pub struct Ends {
    /// Whether one leads through a calibration by the BIPM.
    pub bipm: bool,
    /// Whether one ends at a UTC(k) of the BIPM's bulletins.
    pub utc: bool,
    /// Whether one ends nowhere.
    pub open: bool,
    /// Roots of institutes, and certificates of institutes that close by recognition.
    pub roots: Vec<Root>,
    /// Whether a comparison does not support the CMC of the nearest certificate (rule N-09).
    pub unsupported: bool,
    met: Vec<Met>,
}

impl Ends {
    /// An institute met again is judged for the nearest certificate, else for the latest one: in
    /// whichever order a certificate lists what it was made with.
    fn meet(&mut self, evidence: &Evidence, met: Met) {
        let rank = |one: &Met| {
            let row = evidence.result(one.row);
            let (from, to) = (one.period.from, one.period.to);
            (one.nearest, from, to, Reverse((row.calibration, evidence.text(row.name))))
        };
        let same = |one: &&mut Met| one.institute == met.institute && one.kind == met.kind;
        match self.met.iter_mut().find(same) {
            Some(known) if rank(known) < rank(&met) => *known = met,
            Some(_) => {}
            None => self.met.push(met),
        }
    }

    /// Whether a comparison backs an institute's CMCs of a quantity.
    pub fn is_backed(&self, institute: OrganisationIndex, kind: QuantityKindId) -> bool {
        let same = |met: &&Met| met.institute == institute && met.kind == kind;
        self.met.iter().find(same).is_some_and(|met| met.backed)
    }
}

/// Follows the significant ways up from a result (rules 3.4).
pub fn ends(walk: &Walk<'_>, chosen: ResultIndex) -> Ends {
    let mut ends = Ends::default();
    let mut seen = rustc_hash::FxHashSet::default();
    let mut stack = vec![chosen];
    while let Some(index) = stack.pop() {
        let Some(verdict) = walk.verdict(index).filter(|_| seen.insert(index)) else {
            continue;
        };
        let row = walk.evidence.result(index);
        let calibration = walk.evidence.calibration(row.calibration);
        let period = Period { from: calibration.performed_from, to: calibration.performed_to };
        if walk.issued_by_bipm(calibration) {
            ends.bipm = true;
            continue;
        }
        let met = |institute, nearest| {
            let kind = row.kind;
            Met { institute, row: index, kind, period, nearest, backed: false }
        };
        let recognised =
            calibration.issuer.filter(|_| matches!(verdict.route, Route::R1 | Route::Rm1));
        if let Some(issuer) = recognised {
            ends.meet(walk.evidence, met(issuer, index == chosen));
        }
        let mut ends_here = true;
        for edge in &walk.edges[verdict.edges.clone()] {
            if edge.weight != Weight::Major {
                continue;
            }
            ends_here = false;
            let root = match edge.target {
                Target::Row(above) => {
                    stack.push(above);
                    continue;
                }
                Target::Realisation(root) => root,
                _ => {
                    ends.open = true;
                    continue;
                }
            };
            let realisation = walk.evidence.realisation(root);
            match (realisation.kind, realisation.organisation) {
                (RealisationKind::BipmCalibrationService, _) => ends.bipm = true,
                (RealisationKind::UtcK, _) => {
                    match institute::in_bulletins(walk, row, calibration, root).state() {
                        Tri::Pass => ends.utc = true,
                        _ => ends.open = true,
                    }
                }
                (_, Some(institute)) => {
                    ends.roots.push(Root { institute, kind: row.kind, period });
                    ends.meet(walk.evidence, met(institute, false));
                }
                (_, None) => ends.open = true,
            }
        }
        match (ends_here, recognised) {
            (true, Some(institute)) => ends.roots.push(Root { institute, kind: row.kind, period }),
            (true, None) => ends.open = true,
            (false, _) => {}
        }
    }
    ends
}

/// N-08 to N-12 and N-14 for the institutes met, each once.
pub fn judge(walk: &mut Walk<'_>, ends: &mut Ends) {
    for position in 0..ends.met.len() {
        let Some(met) = ends.met.get(position).copied() else { continue };
        if walk.evidence.comparisons_of.of(met.institute.position()).is_empty() {
            continue;
        }
        let (backed, supported) = judge_institute(walk, &met);
        ends.unsupported |= met.nearest && supported == Tri::Indeterminate;
        if let Some(met) = ends.met.get_mut(position) {
            met.backed = backed;
        }
    }
}

/// Whether an organisation took part in a comparison of a quantity that counts (rule N-12), with no
/// result that is known to disagree (rule N-08): the suitable comparison of rule M-09.
pub fn is_compared(walk: &Walk<'_>, organisation: OrganisationIndex, kind: QuantityKindId) -> bool {
    let results = walk.evidence.comparisons_of.of(organisation.position()).iter();
    let counts = |row: &&ComparisonRow| {
        row.quantity == Some(kind)
            && walk.knows(row.known_from)
            && !matches!(row.kind, ComparisonKind::NationalIlc | ComparisonKind::Pt)
            && standing(walk, row) == Standing::Counts
    };
    results.filter(counts).any(|row| n_08_of(walk.evidence, row).holds != Tri::Fail)
}

/// A comparison with the results of one institute in it.
struct Case<'r> {
    head: ComparisonRow,
    results: &'r [ComparisonRow],
}

impl Case<'_> {
    fn subject(&self) -> Subject {
        Subject::Comparison(self.head.comparison)
    }

    /// The day it speaks of.
    fn day(&self) -> Option<Day> {
        self.head.measured_to.or(self.head.published_on)
    }
}

/// Whether a comparison counts (rule N-12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Counts,
    NotFormal,
    NotPublished,
    NotSaid,
    WithoutResults,
}

fn standing(walk: &Walk<'_>, row: &ComparisonRow) -> Standing {
    if matches!(row.kind, ComparisonKind::PilotStudy | ComparisonKind::Hybrid) {
        return Standing::NotFormal;
    }
    let published = |day: Day| walk.known_on.is_none_or(|known_on| day <= known_on);
    match (row.status, row.published_on) {
        (Some(ComparisonStatus::Published), Some(day)) if published(day) => Standing::Counts,
        (Some(ComparisonStatus::Published), Some(_)) => Standing::NotPublished,
        (Some(ComparisonStatus::Published) | None, _) => Standing::NotSaid,
        (
            Some(
                ComparisonStatus::Planned
                | ComparisonStatus::InProgress
                | ComparisonStatus::Abandoned,
            ),
            _,
        ) => Standing::WithoutResults,
        (Some(_), _) => Standing::NotPublished,
    }
}

static ONLY_SUPPORTING: Phrase = phrase(
    "so sánh {comparison} ({kind}) chỉ là thông tin hỗ trợ",
    "comparison {comparison} ({kind}) is supporting knowledge only",
);
static NO_FINAL_REPORT: Phrase = phrase(
    "so sánh {comparison} chưa có báo cáo cuối cùng được công bố: chưa được tính",
    "comparison {comparison} has no published final report: it does not count yet",
);
static REPORT_NOT_SAID: Phrase = phrase(
    "chưa biết báo cáo cuối cùng của so sánh {comparison} đã được công bố hay chưa",
    "it is not known whether the final report of comparison {comparison} is published",
);
static NEED_REPORT: Phrase = phrase(
    "trạng thái của so sánh và ngày công bố báo cáo cuối cùng",
    "the comparison's status and the day of its final report",
);

/// Judges the comparisons of one institute for one quantity: whether one backs its CMCs, and
/// whether the nearest CMC is supported (indeterminate where one speaks against it).
fn judge_institute(walk: &mut Walk<'_>, met: &Met) -> (bool, Tri) {
    let evidence = walk.evidence;
    let row = *evidence.result(met.row);
    let category = evidence.result_detail(&row).and_then(|detail| detail.service_category);
    let of_interest = |one: &&ComparisonRow| {
        one.quantity == Some(met.kind)
            && walk.knows(one.known_from)
            && !matches!(one.kind, ComparisonKind::NationalIlc | ComparisonKind::Pt)
            && agree(one.service_category, category)
    };
    let all = evidence.comparisons_of.of(met.institute.position()).iter();
    let results: Vec<ComparisonRow> = all.filter(of_interest).copied().collect();
    let by_comparison = results.chunk_by(|one, other| one.comparison == other.comparison);
    let cases = by_comparison.filter_map(|results| Some(Case { head: *results.first()?, results }));
    let (mut counted, others): (Vec<Case<'_>>, Vec<Case<'_>>) =
        cases.partition(|case| standing(walk, &case.head) == Standing::Counts);
    counted.sort_by_key(|case| Reverse(case.day()));
    let own = if met.nearest { Severity::Critical } else { Severity::Info };
    for case in &others {
        let severity = if counted.is_empty() { own } else { Severity::Info };
        n_12(walk, met, case, severity);
    }
    for case in &counted {
        let institute = Some(Subject::Organisation(met.institute));
        walk.note(Note::pass(&N_12, case.subject()).severity(own).against(institute));
    }
    n_11(walk, met, &counted, own);
    n_14(walk, met, &counted);

    let cmcs = published(walk, met, category);
    let (mut backed, mut equivalent, mut supported) = (false, false, Tri::Pass);
    for case in &counted {
        let severity = if equivalent { Severity::Info } else { own };
        let degree = n_08(walk, met, case, severity);
        equivalent |= degree == Tri::Pass;
        let settled = backed;
        let severity = if settled { Severity::Info } else { own };
        match n_09(walk, met, &row, case, &cmcs, severity) {
            Some(Support::Supported) => backed = true,
            Some(Support::Unsupported) if !settled => supported = Tri::Indeterminate,
            Some(Support::Unsupported) => {}
            Some(Support::Unknown | Support::OutOfReach) | None => backed |= degree == Tri::Pass,
        }
        n_10(walk, case, own);
    }
    (backed && supported == Tri::Pass, supported)
}

/// Whether two categories are the same, as far as both are stated.
fn agree(one: Option<TextIndex>, other: Option<TextIndex>) -> bool {
    one.zip(other).is_none_or(|(one, other)| one == other)
}

fn code_of(walk: &Walk<'_>, index: ComparisonIndex) -> Fact {
    let code = walk.evidence.comparisons.get(index.position()).and_then(|(_, code)| *code);
    let record = FactValue::Record(Subject::Comparison(index));
    fact("comparison", code.map_or(record, FactValue::Text))
}

fn n_12(walk: &mut Walk<'_>, met: &Met, case: &Case<'_>, severity: Severity) {
    let subject = case.subject();
    let note = match standing(walk, &case.head) {
        Standing::Counts | Standing::WithoutResults => return,
        Standing::NotFormal => Note::remark(&N_12, subject, &ONLY_SUPPORTING),
        Standing::NotPublished => Note::remark(&N_12, subject, &NO_FINAL_REPORT),
        Standing::NotSaid => Note::unknown(&N_12, subject, &REPORT_NOT_SAID, &NEED_REPORT),
    };
    let kind = fact("kind", FactValue::Word(case.head.kind.as_str()));
    let facts = [code_of(walk, case.head.comparison), kind];
    let against = Some(Subject::Organisation(met.institute));
    walk.note(note.severity(severity).against(against).facts(&facts));
}

static OLD: Phrase = phrase(
    "so sánh gần nhất của viện, {comparison}, kết thúc ngày {ended}, hơn {years} năm trước lần hiệu chuẩn ngày {performed}; CMC vẫn có hiệu lực",
    "the institute's latest comparison, {comparison}, ended on {ended}, more than {years} years before the calibration on {performed}; the CMC stands",
);

/// N-11 for the latest comparison that counts.
fn n_11(walk: &mut Walk<'_>, met: &Met, counted: &[Case<'_>], severity: Severity) {
    let Some(latest) = counted.first() else { return };
    let Some(ended) = latest.day() else { return };
    let years = walk.policy.kc_age_warn_years;
    let against = Some(Subject::Organisation(met.institute));
    let facts = [
        code_of(walk, latest.head.comparison),
        fact("ended", FactValue::Day(ended)),
        fact("years", FactValue::Count(years)),
        fact("performed", FactValue::Day(met.period.from)),
    ];
    let note = match ended.plus_months(years.saturating_mul(12)) < met.period.from {
        true => Note::remark(&N_11, latest.subject(), &OLD),
        false => Note::pass(&N_11, latest.subject()),
    };
    walk.note(note.severity(severity).against(against).facts(&facts));
}

static OF_AN_ASSOCIATE: Phrase = phrase(
    "{organisation} thuộc nước thành viên liên kết: so sánh khu vực {comparison} là bằng chứng được yêu cầu, không cần so sánh của CC",
    "{organisation} belongs to an Associate: the regional comparison {comparison} is the evidence asked of it, none of a CC is needed",
);

/// N-14 for an institute of an Associate.
fn n_14(walk: &mut Walk<'_>, met: &Met, counted: &[Case<'_>]) {
    let regional = counted.iter().find(|case| {
        matches!(case.head.kind, ComparisonKind::RmoKc | ComparisonKind::Supplementary)
    });
    let Some(case) = regional else { return };
    let Some(country) = walk.evidence.organisation(met.institute).country else { return };
    let memberships = &walk.evidence.country_memberships;
    let start = memberships.partition_point(|(other, _)| *other < country);
    let mut of_country = memberships.iter().skip(start).take_while(|(other, _)| *other == country);
    let associate = of_country.any(|(_, row)| {
        row.arrangement == Arrangement::CgpmAssociate
            && walk.knows(row.known_from)
            && row.valid.contains(met.period)
    });
    if !associate {
        return;
    }
    let organisation = Subject::Organisation(met.institute);
    let facts = [
        fact("organisation", FactValue::Record(organisation)),
        code_of(walk, case.head.comparison),
    ];
    let note = Note::pass_with(&N_14, case.subject(), &OF_AN_ASSOCIATE);
    walk.note(note.against(Some(organisation)).facts(&facts));
}

/// |d| of a result, and the unit it is shown in.
fn degree(evidence: &Evidence, row: &ComparisonRow) -> Option<(Bounds, UnitIndex)> {
    let magnitude = |d: Measured| Measured { si: d.si.abs(), ..d };
    if let Some(d) = row.degree {
        return Some((Bounds::measured(evidence, magnitude(d)), d.unit));
    }
    let (x, reference) = row.value.zip(row.reference)?;
    Some((Bounds::exact((x.si - reference.si).abs()), x.unit))
}

/// The uncertainty of a degree of equivalence, as far as it is known: the figure where it is, else
/// the figure were the result part of the reference value (when that can be) and were it not.
enum OfDegree {
    Known(Bounds),
    Either(Option<f64>, f64),
}

fn of_degree(evidence: &Evidence, row: &ComparisonRow) -> Option<OfDegree> {
    if let Some(stated) = row.degree_expanded_uncertainty {
        return Some(OfDegree::Known(Bounds::measured(evidence, stated)));
    }
    let (own, reference) = row.expanded_uncertainty.zip(row.reference_expanded_uncertainty)?;
    let apart = own.si.hypot(reference.si);
    let difference = own.si.powi(2) - reference.si.powi(2);
    let within = (difference > 0.0).then(|| difference.sqrt());
    match row.in_reference_value {
        Some(false) => Some(OfDegree::Known(Bounds::exact(apart))),
        Some(true) => within.map(|within| OfDegree::Known(Bounds::exact(within))),
        None => Some(OfDegree::Either(within, apart)),
    }
}

/// The expanded uncertainty of the reference value of a result.
fn of_reference(evidence: &Evidence, row: &ComparisonRow) -> Option<Bounds> {
    if let Some(stated) = row.reference_expanded_uncertainty {
        return Some(Bounds::measured(evidence, stated));
    }
    let (of_degree, own) = row.degree_expanded_uncertainty.zip(row.expanded_uncertainty)?;
    let squared = match row.in_reference_value? {
        true => own.si.powi(2) - of_degree.si.powi(2),
        false => of_degree.si.powi(2) - own.si.powi(2),
    };
    (squared >= 0.0).then(|| Bounds::exact(squared.sqrt()))
}

/// What a result says, with the figures that say it: the larger the ratio the worse.
#[derive(Debug, Clone, Copy)]
struct Compared {
    holds: Tri,
    degree: f64,
    limit: f64,
    unit: UnitIndex,
}

impl Compared {
    fn ratio(&self) -> f64 {
        self.degree / self.limit
    }

    /// The result that decides: the worst that fails, else one that is not known, else the worst.
    fn decisive(results: impl Iterator<Item = Self>) -> Option<Self> {
        let rank = |one: &Self| match one.holds {
            Tri::Fail => 2,
            Tri::Indeterminate => 1,
            Tri::Pass => 0,
        };
        results.max_by(|one, other| {
            rank(one).cmp(&rank(other)).then(one.ratio().total_cmp(&other.ratio()))
        })
    }
}

const NOT_KNOWN: Compared =
    Compared { holds: Tri::Indeterminate, degree: f64::NAN, limit: f64::NAN, unit: 0 };

static INCONSISTENT: Phrase = phrase(
    "trong so sánh {comparison}, |d| = {d} lớn hơn U(d) = {u} (tỷ số {ratio})",
    "in comparison {comparison} |d| = {d} exceeds U(d) = {u} (ratio {ratio})",
);
static CONSISTENT: Phrase = phrase(
    "trong so sánh {comparison}, |d| = {d} nằm trong U(d) = {u} (tỷ số {ratio})",
    "in comparison {comparison} |d| = {d} lies within U(d) = {u} (ratio {ratio})",
);
static DEGREE_UNKNOWN: Phrase = phrase(
    "so sánh {comparison} chưa cho đủ số liệu để biết |d| ≤ U(d)",
    "comparison {comparison} does not give what |d| ≤ U(d) needs",
);
static NEED_DEGREE: Phrase = phrase(
    "mức độ tương đương d và U(d), hoặc giá trị, giá trị quy chiếu, độ không đảm bảo của chúng và việc kết quả có góp vào giá trị quy chiếu hay không",
    "the degree of equivalence d and U(d), or value, reference value, their uncertainties and whether the result is part of the reference value",
);

fn n_08_of(evidence: &Evidence, row: &ComparisonRow) -> Compared {
    let (Some((d, unit)), Some(u)) = (degree(evidence, row), of_degree(evidence, row)) else {
        return NOT_KNOWN;
    };
    let compared =
        |holds, limit: Bounds| Compared { holds, degree: d.value, limit: limit.value, unit };
    match u {
        OfDegree::Known(u) => compared(Tri::known(!u.surely_less_than(d)), u),
        OfDegree::Either(_, apart) if Bounds::exact(apart).surely_less_than(d) => {
            compared(Tri::Fail, Bounds::exact(apart))
        }
        OfDegree::Either(Some(within), _) if !Bounds::exact(within).surely_less_than(d) => {
            compared(Tri::Pass, Bounds::exact(within))
        }
        OfDegree::Either(..) => NOT_KNOWN,
    }
}

/// N-08 for a comparison that counts.
fn n_08(walk: &mut Walk<'_>, met: &Met, case: &Case<'_>, severity: Severity) -> Tri {
    let evidence = walk.evidence;
    let of_results = case.results.iter().map(|row| n_08_of(evidence, row));
    let Some(found) = Compared::decisive(of_results) else { return Tri::Indeterminate };
    let facts = [
        code_of(walk, case.head.comparison),
        fact("d", FactValue::Quantity(found.degree, found.unit)),
        fact("u", FactValue::Quantity(found.limit, found.unit)),
        fact("ratio", FactValue::Number(found.ratio())),
    ];
    let subject = case.subject();
    let (note, shown) = match found.holds {
        Tri::Pass => (Note::pass_with(&N_08, subject, &CONSISTENT), &facts[..]),
        Tri::Fail => (Note::fail(&N_08, subject, &INCONSISTENT), &facts[..]),
        Tri::Indeterminate => {
            (Note::unknown(&N_08, subject, &DEGREE_UNKNOWN, &NEED_DEGREE), &facts[..1])
        }
    };
    let against = Some(Subject::Organisation(met.institute));
    walk.note(note.severity(severity).against(against).facts(shown));
    found.holds
}

/// The published CMCs of an institute for a quantity, during a period.
fn published(walk: &Walk<'_>, met: &Met, category: Option<TextIndex>) -> Vec<CapabilityIndex> {
    let evidence = walk.evidence;
    let counts = |index: &&CapabilityIndex| {
        let row = evidence.capability(**index);
        row.publisher == Publisher::Kcdb
            && row.kind == Some(met.kind)
            && walk.knows(row.known_from)
            && agree(row.service_category, category)
            && institute::published_over(walk, row, met.period)
    };
    let of_institute = evidence.capabilities_of.of(met.institute.position()).iter();
    of_institute.filter(counts).copied().collect()
}

/// What a comparison says of a CMC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Support {
    Supported,
    Unsupported,
    Unknown,
    OutOfReach,
}

static SUPPORTED: Phrase = phrase(
    "so sánh {comparison} xác nhận CMC {cmc}: |d| = {d}, E = {e}",
    "comparison {comparison} supports the CMC {cmc}: |d| = {d}, E = {e}",
);
static UNSUPPORTED: Phrase = phrase(
    "so sánh {comparison} không xác nhận CMC {cmc}: |d| = {d}, E = {e} lớn hơn 1; CMC vẫn được công bố, cần báo cho viện",
    "comparison {comparison} does not support the CMC {cmc}: |d| = {d}, E = {e} exceeds 1; the CMC stays published, alert the institute",
);
static NEED_REVIEW: Phrase = phrase(
    "kết luận của RMO về CMC này sau so sánh, hoặc một so sánh mới",
    "the RMO's review of this CMC after the comparison, or a new comparison",
);
static SUPPORT_UNKNOWN: Phrase = phrase(
    "chưa đủ số liệu để biết so sánh {comparison} có xác nhận CMC đã công bố hay không",
    "whether comparison {comparison} supports the published CMC is not known",
);
static NEED_SUPPORT: Phrase = phrase(
    "điểm so sánh, d, độ không đảm bảo của giá trị quy chiếu, và CMC tính được tại điểm đó",
    "the comparison's point, d, the uncertainty of its reference value, and a CMC that can be evaluated there",
);
static OUT_OF_REACH: Phrase = phrase(
    "điểm của so sánh {comparison} nằm ngoài mọi CMC đã công bố: so sánh không nói gì về chúng",
    "the point of comparison {comparison} lies outside every published CMC: it says nothing about them",
);

/// What one result says of the CMCs, with the CMC and E as degree over limit.
fn n_09_of(
    evidence: &Evidence,
    row: &ResultRow,
    result: &ComparisonRow,
    cmcs: &[CapabilityIndex],
) -> (Support, Option<CapabilityIndex>, Compared) {
    let unknown = (Support::Unknown, None, NOT_KNOWN);
    let (Some(point), Some((d, unit))) = (result.point, degree(evidence, result)) else {
        return unknown;
    };
    let reaches = |extent: Extent| {
        move |index: &&CapabilityIndex| {
            let range = evidence.capability(**index).range;
            range.is_some_and(|range| range.is_closed() && range.contains(extent))
        }
    };
    let at_point = || cmcs.iter().filter(reaches(Extent::point(point)));
    if at_point().next().is_none() {
        return (Support::OutOfReach, None, NOT_KNOWN);
    }
    let mut at = ResultRow::new(row.calibration, row.name, row.kind);
    at.extent = Extent::point(point);
    at.detail = row.detail;
    let figures = |index: &CapabilityIndex| {
        let at_two = 2.0 / evidence.capability(*index).coverage_factor;
        match capability::evaluate(evidence, *index, &at, point) {
            Evaluated::Value(value) => Some((value * at_two, value * at_two, *index)),
            Evaluated::Between(lowest, highest) => {
                Some((lowest * at_two, highest * at_two, *index))
            }
            Evaluated::Without(_) | Evaluated::Unknown(_) => None,
        }
    };
    let of_certificate = at_point().filter(reaches(row.extent)).filter_map(figures);
    let smallest = |one: &(f64, f64, CapabilityIndex), other: &(f64, f64, CapabilityIndex)| {
        one.0.total_cmp(&other.0).then(one.2.cmp(&other.2))
    };
    let chosen = of_certificate.min_by(smallest);
    let Some((lowest, highest, cmc)) =
        chosen.or_else(|| at_point().filter_map(figures).min_by(smallest))
    else {
        return unknown;
    };
    let scale = if result.relative { point.abs() } else { 1.0 };
    let (d, reference) = (d.scaled(scale), of_reference(evidence, result).map(|u| u.scaled(scale)));
    let limit =
        |cmc: f64| Bounds::exact(cmc).in_quadrature(reference.unwrap_or(Bounds::exact(0.0)));
    let (support, limit) = if !limit(lowest).surely_less_than(d) {
        (Support::Supported, limit(lowest))
    } else if reference.is_some() && limit(highest).surely_less_than(d) {
        (Support::Unsupported, limit(highest))
    } else {
        return unknown;
    };
    let holds = Tri::known(support == Support::Supported);
    let compared = Compared { holds, degree: d.value / scale, limit: limit.value / scale, unit };
    (support, Some(cmc), compared)
}

/// N-09 for a comparison that counts; none where the institute has no published CMC.
fn n_09(
    walk: &mut Walk<'_>,
    met: &Met,
    row: &ResultRow,
    case: &Case<'_>,
    cmcs: &[CapabilityIndex],
    severity: Severity,
) -> Option<Support> {
    if cmcs.is_empty() {
        return None;
    }
    let evidence = walk.evidence;
    let rank = |support: Support| match support {
        Support::Unsupported => 3,
        Support::Supported => 2,
        Support::Unknown => 1,
        Support::OutOfReach => 0,
    };
    let of_results = case.results.iter().map(|result| n_09_of(evidence, row, result, cmcs));
    let (support, cmc, found) = of_results.max_by(|one, other| {
        rank(one.0).cmp(&rank(other.0)).then(one.2.ratio().total_cmp(&other.2.ratio()))
    })?;
    let code = cmc.and_then(|cmc| evidence.capability(cmc).code);
    let record =
        cmc.map_or(FactValue::Word("?"), |cmc| FactValue::Record(Subject::Capability(cmc)));
    let facts = [
        code_of(walk, case.head.comparison),
        fact("cmc", code.map_or(record, FactValue::Text)),
        fact("d", FactValue::Quantity(found.degree, found.unit)),
        fact("e", FactValue::Number(found.ratio())),
    ];
    let subject = case.subject();
    let institute = Some(Subject::Organisation(met.institute));
    let (note, shown) = match support {
        Support::Supported => (Note::pass_with(&N_09, subject, &SUPPORTED), &facts[..]),
        Support::Unsupported => {
            (Note::unknown(&N_09, subject, &UNSUPPORTED, &NEED_REVIEW), &facts[..])
        }
        Support::Unknown => {
            let note = Note::unknown(&N_09, subject, &SUPPORT_UNKNOWN, &NEED_SUPPORT);
            (note.severity(Severity::Minor), &facts[..1])
        }
        Support::OutOfReach => {
            let note = Note::remark(&N_09, subject, &OUT_OF_REACH);
            (note.severity(Severity::Info), &facts[..1])
        }
    };
    let against = cmc.map(Subject::Capability).or(institute);
    walk.note(note.severity(severity).against(against).facts(shown));
    Some(support)
}

static LINKED: Phrase = phrase(
    "nối {comparison} với {linked} qua {count} viện: |d| = {d}, U = {u}",
    "{comparison} linked to {linked} by {count} institutes: |d| = {d}, U = {u}",
);
static LINKED_BEYOND: Phrase = phrase(
    "nối {comparison} với {linked} qua {count} viện: |d| = {d} lớn hơn U = {u}",
    "{comparison} linked to {linked} by {count} institutes: |d| = {d} exceeds U = {u}",
);
static NO_LINK: Phrase = phrase(
    "không có viện nào nối {comparison} với so sánh chủ chốt: chưa có d so với giá trị quy chiếu của so sánh chủ chốt",
    "no institute links {comparison} to the key comparison: there is no d against its reference value",
);
static NEED_LINK: Phrase = phrase(
    "kết quả của ít nhất một viện tham gia cả hai so sánh, với d và U(d) tại cùng điểm",
    "results of at least one institute that took part in both, with d and U(d) at the same point",
);

/// N-10 for a comparison that counts and names the one it is linked to.
fn n_10(walk: &mut Walk<'_>, case: &Case<'_>, severity: Severity) {
    let Some(linked) = case.head.linked_to else { return };
    let evidence = walk.evidence;
    let of_linked = |index: ComparisonIndex| {
        let results = evidence.comparison_results.of(index.position());
        let counts = |row: &ComparisonRow| {
            walk.knows(row.known_from) && standing(walk, row) == Standing::Counts
        };
        results.first().filter(|head| counts(head)).map_or(&[][..], |_| results)
    };
    let above = linked.map_or(&[][..], of_linked);
    let institute = case.head.organisation;
    if above.iter().any(|row| row.organisation == institute) {
        return;
    }
    let beside = evidence.comparison_results.of(case.head.comparison.position());
    let of_results = case.results.iter().map(|row| n_10_of(evidence, row, beside, above));
    let rank = |found: &(Compared, u32)| match found.0.holds {
        Tri::Fail => 2,
        Tri::Indeterminate => 1,
        Tri::Pass => 0,
    };
    let worst = of_results.max_by(|one, other| {
        rank(one).cmp(&rank(other)).then(one.0.ratio().total_cmp(&other.0.ratio()))
    });
    let Some((found, count)) = worst else { return };
    let comparison = code_of(walk, case.head.comparison);
    let named = linked.map_or(FactValue::Word("?"), |linked| code_of(walk, linked).value);
    let facts = [
        comparison,
        fact("linked", named),
        fact("count", FactValue::Count(count)),
        fact("d", FactValue::Quantity(found.degree, found.unit)),
        fact("u", FactValue::Quantity(found.limit, found.unit)),
    ];
    let subject = case.subject();
    let (note, shown) = match found.holds {
        Tri::Pass => (Note::pass_with(&N_10, subject, &LINKED), &facts[..]),
        Tri::Fail => (Note::fail(&N_10, subject, &LINKED_BEYOND), &facts[..]),
        Tri::Indeterminate => (Note::unknown(&N_10, subject, &NO_LINK, &NEED_LINK), &facts[..1]),
    };
    let against = linked.map(Subject::Comparison);
    walk.note(note.severity(severity).against(against).facts(shown));
}

/// d and U(d) of a result, signed.
fn signed(row: &ComparisonRow) -> Option<(f64, f64)> {
    Some((row.degree?.si, row.degree_expanded_uncertainty?.si))
}

/// A result linked to a key comparison, and by how many institutes.
fn n_10_of(
    evidence: &Evidence,
    result: &ComparisonRow,
    beside: &[ComparisonRow],
    above: &[ComparisonRow],
) -> (Compared, u32) {
    let (Some((own, own_u)), Some((_, unit))) = (signed(result), degree(evidence, result)) else {
        return (NOT_KNOWN, 0);
    };
    let same_point = |one: &ComparisonRow, other: &ComparisonRow| {
        let point = |row: &ComparisonRow| row.point.map(Extent::point);
        one.relative == other.relative
            && match (point(one), point(other)) {
                (Some(one), Some(other)) => one.contains(other),
                (None, None) => true,
                _ => false,
            }
    };
    let (mut count, mut shift, mut squares) = (0_u32, 0.0, 0.0);
    for link in beside.iter().filter(|row| row.organisation != result.organisation) {
        let in_key =
            above.iter().find(|row| row.organisation == link.organisation && same_point(row, link));
        let both = in_key.and_then(signed).zip(signed(link));
        let Some(((key, key_u), (regional, regional_u))) = both else { continue };
        if !same_point(link, result) {
            continue;
        }
        count += 1;
        shift += key - regional;
        squares += key_u.powi(2) + regional_u.powi(2);
    }
    if count == 0 {
        return (NOT_KNOWN, 0);
    }
    let number = f64::from(count);
    let d = (own + shift / number).abs();
    let u = (own_u.powi(2) + squares / number.powi(2)).sqrt();
    let holds = Tri::known(!Bounds::exact(u).surely_less_than(Bounds::exact(d)));
    (Compared { holds, degree: d, limit: u, unit }, count)
}
