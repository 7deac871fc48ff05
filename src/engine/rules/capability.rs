//! Area C: capabilities (CMCs) and scopes.

use crate::domain::calibration::CalibrationKind;
use crate::domain::capability::{CapabilityStatus, Publisher};
use crate::engine::evidence::*;
use crate::engine::finding::{
    Dimension, FactValue, Phrase, Rule, Severity, Source, Subject, Tag, fact, phrase,
};
use crate::engine::numbers::{self, Bounds};
use crate::engine::rules::{freshness, institute, quantity, range};
use crate::engine::tri::Tri;
use crate::engine::walk::{Note, Walk};

/// C-01: the issuer has a CMC of the same quantity (and service category, where both sides carry
/// one). Method and instrument are words and are not compared (rule Q-06). Whether the data are
/// complete is not recorded: a scope or a set of published CMCs with at least one entry counts as
/// complete, none at all as unknown. Major. ILAC-P14 4.1 \[S\].
pub static C_01: Rule = Rule {
    id: "C-01",
    statement: phrase(
        "tổ chức cấp có CMC cho đại lượng này",
        "the issuer has a CMC of this quantity",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("ILAC-P14:09/2020", "4.1", Tag::Secondary),
    optional_input: false,
};

/// C-02: point and conditions lie inside the CMC's; bounds are included, a gap is not covered.
/// Major. ILAC-P14 4.x \[S\].
pub static C_02: Rule = Rule {
    id: "C-02",
    statement: phrase(
        "điểm đo và điều kiện nằm trong phạm vi CMC",
        "point and conditions lie inside the CMC",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("ILAC-P14:09/2020", "4", Tag::Secondary),
    optional_input: false,
};

/// C-03: the reported expanded uncertainty is not below the CMC. Printed figures are compared when
/// both state about 95 %, else both are brought to k = 2. A figure that rounds up to the CMC is a
/// tie, information only, unless the policy counts digits strictly. Critical. ILAC-P14 5.5 \[S\].
pub static C_03: Rule = Rule {
    id: "C-03",
    statement: phrase(
        "độ không đảm bảo đo không nhỏ hơn CMC của tổ chức cấp",
        "the reported uncertainty is not below the issuer's CMC",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Recognition,
    source: Source::new("ILAC-P14:09/2020", "5.5", Tag::Secondary),
    optional_input: true,
};

/// C-04: the CMC was in force on every day of performance and on the day of issue. Major.
/// CIPM MRA-P-13 \[K\].
pub static C_04: Rule = Rule {
    id: "C-04",
    statement: phrase(
        "CMC có hiệu lực khi hiệu chuẩn và khi cấp giấy chứng nhận",
        "the CMC was in force when the calibration was performed and issued",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("CIPM MRA-P-13", "", Tag::Knowledge),
    optional_input: false,
};

/// C-05: the CMC's expression can be evaluated at the point: constant, linear, equation with the
/// unit of each symbol, table (exact cell, or the worst neighbour where interpolation is not
/// approved), interval (between its figures nothing is known). An open range fails: ILAC-P14 does
/// not allow one. Major. ILAC-P14 4.2 \[S\].
pub static C_05: Rule = Rule {
    id: "C-05",
    statement: phrase("CMC tính được tại điểm đo này", "the CMC can be evaluated at this point"),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("ILAC-P14:09/2020", "4.2", Tag::Secondary),
    optional_input: false,
};

static NO_CAPABILITY: Phrase =
    phrase("{organisation} không có CMC nào cho {kind}", "{organisation} has no CMC for {kind}");
static NO_SCOPE_KNOWN: Phrase = phrase(
    "phạm vi của {organisation} chưa có trong hệ thống",
    "the scope of {organisation} is not in the registry",
);
static NEED_SCOPE: Phrase = phrase(
    "phạm vi công nhận hoặc CMC đã công bố của tổ chức cấp",
    "the issuer's accredited scope or published CMCs",
);
static OUTSIDE_RANGE: Phrase =
    phrase("{point} nằm ngoài phạm vi CMC {code}", "{point} is outside the CMC {code}");
static RANGE_UNKNOWN: Phrase = phrase(
    "chưa biết CMC {code} có bao quát điểm đo và điều kiện này hay không",
    "it is not known whether the CMC {code} covers this point and its conditions",
);
static NEED_RANGE: Phrase = phrase(
    "phạm vi và điều kiện của CMC, hoặc điều kiện của kết quả",
    "the CMC's range and conditions, or the conditions of the result",
);
static OPEN_RANGE: Phrase = phrase(
    "CMC {code} có khoảng mở, không được phép",
    "the CMC {code} has an open range, which is not allowed",
);
static NOT_IN_FORCE: Phrase = phrase(
    "CMC {code} không có hiệu lực khi hiệu chuẩn (từ {from}) hoặc khi cấp",
    "the CMC {code} was not in force when the calibration was performed (from {from}) or issued",
);
static STATUS_UNKNOWN: Phrase = phrase(
    "không có trạng thái nào của CMC {code} được ghi nhận",
    "no status of the CMC {code} is on record",
);
static NEED_STATUS: Phrase =
    phrase("trạng thái của CMC kèm ngày hiệu lực", "the dated status of the CMC");
static NOT_EVALUABLE: Phrase =
    phrase("không tính được CMC {code}: {text}", "the CMC {code} cannot be evaluated: {text}");
static BETWEEN_FIGURES: Phrase = phrase(
    "CMC {code} chỉ nêu {lowest} đến {highest} mà không có quy tắc; {reported} nằm ở giữa",
    "the CMC {code} only states {lowest} to {highest} without a rule; {reported} lies between",
);
static NEED_EXPRESSION: Phrase = phrase(
    "biểu thức CMC tính được tại điểm này (hỏi tổ chức cấp hoặc tổ chức công nhận)",
    "the CMC at this point (ask the issuer or its accreditation body)",
);
static BELOW: Phrase = phrase(
    "độ không đảm bảo đo mở rộng {reported} nhỏ hơn CMC {capability}",
    "the reported expanded uncertainty {reported} is below the CMC {capability}",
);
static TIE: Phrase = phrase(
    "độ không đảm bảo đo {reported} bằng CMC {capability} trong giới hạn làm tròn",
    "the reported uncertainty {reported} equals the CMC {capability} within its rounding",
);
static NOT_BELOW: Phrase = phrase(
    "độ không đảm bảo đo {reported} không nhỏ hơn CMC {capability}",
    "the reported uncertainty {reported} is not below the CMC {capability}",
);
static NOTHING_REPORTED: Phrase = phrase(
    "không có độ không đảm bảo đo để so sánh với CMC",
    "there is no uncertainty to compare with the CMC",
);
static NEED_UNCERTAINTY: Phrase =
    phrase("độ không đảm bảo đo của kết quả", "the uncertainty of the result");

/// How an issuer's capabilities lie to a row.
pub struct Coverage {
    /// Whether one covers it, in force.
    pub covers: Tri,
    /// Whether the reported uncertainty is not below it.
    pub uncertainty: Tri,
    /// The one that covers it.
    pub capability: Option<CapabilityIndex>,
    /// Whether the row clashes with what is recorded: no capability of the quantity, outside its
    /// range, suspended, or below its uncertainty.
    pub contradicted: bool,
    /// Whether there is no capability of the quantity at all.
    pub none_of_the_kind: bool,
}

/// C-01 to C-05 of a row against the capabilities of its issuer, of one publisher.
pub fn coverage(
    walk: &mut Walk<'_>,
    index: ResultIndex,
    row: &ResultRow,
    calibration: &CalibrationRow,
    publisher: Publisher,
    accreditation: Option<AccreditationIndex>,
) -> Coverage {
    let subject = Subject::Calibration(row.calibration);
    let evidence = walk.evidence;
    let mut coverage = Coverage {
        covers: Tri::Fail,
        uncertainty: Tri::Indeterminate,
        capability: None,
        contradicted: false,
        none_of_the_kind: false,
    };
    let Some(issuer) = calibration.issuer else { return coverage };
    let published: Vec<CapabilityIndex> = evidence
        .capabilities_of
        .of(issuer.position())
        .iter()
        .copied()
        .filter(|index| {
            let capability = evidence.capability(*index);
            capability.publisher == publisher
                && walk.knows(capability.known_from)
                && (accreditation.is_none() || capability.accreditation == accreditation)
        })
        .collect();
    let of_kind: Vec<CapabilityIndex> = published
        .iter()
        .copied()
        .filter(|index| is_of_the_kind(evidence, evidence.capability(*index), row))
        .collect();
    if of_kind.is_empty()
        && let Some(state) = quantity::q_06_in_words(walk, row, issuer, &published)
    {
        coverage.covers = state;
        return coverage;
    }
    if of_kind.is_empty() {
        let organisation = fact("organisation", FactValue::Record(Subject::Organisation(issuer)));
        let facts = [organisation, fact("kind", FactValue::Word(row.kind.id()))];
        let against = Some(Subject::Organisation(issuer));
        let unknown = published.is_empty() && publisher == Publisher::AccreditationScope;
        let note = match unknown {
            true => Note::unknown(&C_01, subject, &NO_SCOPE_KNOWN, &NEED_SCOPE),
            false => Note::fail(&C_01, subject, &NO_CAPABILITY),
        };
        coverage.covers = walk.note(note.against(against).facts(&facts));
        coverage.contradicted = coverage.covers == Tri::Fail;
        coverage.none_of_the_kind = true;
        return coverage;
    }
    walk.note(Note::pass(&C_01, subject).against(Some(Subject::Capability(of_kind[0]))));
    let stated = of_kind.iter().filter_map(|index| {
        evidence.capability(*index).synced_on.map(|synced_on| (synced_on, *index))
    });
    if let Some((synced_on, oldest)) = stated.min() {
        let taken = Some(Subject::Capability(oldest));
        freshness::used(walk, row, taken, Some(issuer), Some(synced_on));
    }

    let (in_range, covers) = c_02(walk, row, &of_kind);
    if covers != Tri::Pass {
        coverage.covers = covers;
        coverage.contradicted = covers == Tri::Fail;
        return coverage;
    }
    let (in_force, covers) = c_04(walk, row, calibration, &in_range, &mut coverage.contradicted);
    if covers != Tri::Pass {
        coverage.covers = covers;
        return coverage;
    }
    let chosen = most_specific(walk, row, &in_force);
    quantity::q_06(walk, row, chosen);
    coverage.covers = Tri::Pass;
    coverage.capability = Some(chosen);
    // A scope under ISO 17034 names materials; a figure of uncertainty is not part of every one.
    coverage.uncertainty = match offered(evidence, chosen, row).expression {
        None if is_scope_of_materials(evidence, evidence.capability(chosen), row) => Tri::Pass,
        _ => c_03(walk, index, row, chosen),
    };
    coverage.contradicted = coverage.uncertainty == Tri::Fail;
    coverage
}

fn is_of_the_kind(evidence: &Evidence, capability: &CapabilityRow, row: &ResultRow) -> bool {
    let detail = evidence.result_detail(row);
    let agrees = |own: Option<TextIndex>, of_row: Option<TextIndex>| match (own, of_row) {
        (Some(own), Some(of_row)) => own == of_row,
        _ => true,
    };
    capability.kind == Some(row.kind)
        && agrees(capability.service_category, detail.and_then(|detail| detail.service_category))
        && agrees(capability.analyte, detail.and_then(|detail| detail.analyte))
        && agrees(capability.matrix, detail.and_then(|detail| detail.matrix))
}

fn is_of_a_material(evidence: &Evidence, row: &ResultRow) -> bool {
    evidence.calibration(row.calibration).kind == CalibrationKind::ReferenceMaterialCertificate
}

fn is_scope_of_materials(evidence: &Evidence, capability: &CapabilityRow, row: &ResultRow) -> bool {
    capability.publisher == Publisher::AccreditationScope && is_of_a_material(evidence, row)
}

/// A capability as it counts for a row: for a certified reference material its part on these,
/// where it has one.
fn offered<'e>(
    evidence: &'e Evidence,
    index: CapabilityIndex,
    row: &ResultRow,
) -> &'e CapabilityRow {
    let capability = evidence.capability(index);
    match &capability.material {
        Some(material) if is_of_a_material(evidence, row) => material,
        _ => capability,
    }
}

fn code_of(walk: &Walk<'_>, index: CapabilityIndex) -> FactValue {
    let code = walk.evidence.capability(index).code;
    code.map_or(FactValue::Record(Subject::Capability(index)), FactValue::Text)
}

/// C-02: those of the capabilities that cover point and conditions.
fn c_02(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    of_kind: &[CapabilityIndex],
) -> (Vec<CapabilityIndex>, Tri) {
    let subject = Subject::Calibration(row.calibration);
    let mut covering = Vec::new();
    let mut unknown = None;
    for index in of_kind {
        match covers(walk.evidence, offered(walk.evidence, *index, row), row) {
            Tri::Pass => covering.push(*index),
            Tri::Indeterminate => unknown = unknown.or(Some(*index)),
            Tri::Fail => {}
        }
    }
    if let Some(first) = covering.first() {
        let note = Note::pass(&C_02, subject).against(Some(Subject::Capability(*first)));
        let state = walk.note(note);
        return (covering, state);
    }
    let named = unknown.unwrap_or(of_kind[0]);
    let against = Some(Subject::Capability(named));
    let facts = [
        fact("code", code_of(walk, named)),
        fact("point", FactValue::Point(row.extent.lower, row.extent_unit)),
    ];
    let open = walk.evidence.capability(named).range.is_some_and(|range| !range.is_closed());
    let note = match unknown {
        Some(_) => Note::unknown(&C_02, subject, &RANGE_UNKNOWN, &NEED_RANGE),
        None if open => {
            walk.note(Note::fail(&C_05, subject, &OPEN_RANGE).against(against).facts(&facts));
            return (covering, Tri::Fail);
        }
        None => Note::fail(&C_02, subject, &OUTSIDE_RANGE),
    };
    let state = walk.note(note.against(against).facts(&facts));
    (covering, state)
}

/// Whether a capability covers the point and the conditions of a row.
fn covers(evidence: &Evidence, capability: &CapabilityRow, row: &ResultRow) -> Tri {
    let range = match capability.range {
        Some(range) if range.is_closed() && row.extent.is_closed() => {
            Tri::known(range.contains(row.extent))
        }
        Some(range) if !range.is_closed() => Tri::Fail,
        // A scope under ISO 17034 may name a material without a range.
        None if is_scope_of_materials(evidence, capability, row) => Tri::Pass,
        _ => Tri::Indeterminate,
    };
    let of_analyte = || evidence.result_detail(row).and_then(|detail| detail.analyte);
    if capability.analyte.is_none() && is_of_a_material(evidence, row) && of_analyte().is_some() {
        // Materials are certified for an analyte: without it nothing is known to be covered.
        return range.and(Tri::Indeterminate);
    }
    let own = evidence.parameters(row);
    capability
        .parameters
        .iter()
        .map(|held| {
            let used = own.iter().find(|parameter| parameter.name == held.name);
            range::condition_holds(held, used)
        })
        .fold(range, Tri::and)
}

/// C-04 (and N-03 for greyed-out ones): those of the capabilities that were in force.
fn c_04(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    covering: &[CapabilityIndex],
    contradicted: &mut bool,
) -> (Vec<CapabilityIndex>, Tri) {
    let subject = Subject::Calibration(row.calibration);
    let performed = Period { from: calibration.performed_from, to: calibration.performed_to };
    let mut in_force = Vec::new();
    let mut unknown = false;
    for index in covering {
        match force(walk, *index, performed, calibration.issued_on) {
            Tri::Pass => in_force.push(*index),
            Tri::Indeterminate => unknown = true,
            Tri::Fail => {}
        }
    }
    if let Some(first) = in_force.first() {
        let against = Some(Subject::Capability(*first));
        let state = walk.note(Note::pass(&C_04, subject).against(against));
        if walk.evidence.capability(*first).publisher == Publisher::Kcdb {
            walk.note(Note::pass(&institute::N_03, subject).against(against));
        }
        return (in_force, state);
    }
    let named = covering[0];
    let against = Some(Subject::Capability(named));
    let facts = [
        fact("code", code_of(walk, named)),
        fact("from", FactValue::Day(calibration.performed_from)),
    ];
    let status = |day| status_on(walk, named, day);
    let either = [Some(performed.from), Some(performed.to), calibration.issued_on];
    let statuses: Vec<CapabilityStatus> = either.into_iter().flatten().filter_map(status).collect();
    if statuses.contains(&CapabilityStatus::GreyedOut) {
        let state = institute::n_03(walk, subject, against, &facts);
        return (in_force, state);
    }
    *contradicted = statuses.contains(&CapabilityStatus::Suspended);
    let note = match unknown {
        true => Note::unknown(&C_04, subject, &STATUS_UNKNOWN, &NEED_STATUS),
        false => Note::fail(&C_04, subject, &NOT_IN_FORCE),
    };
    let state = walk.note(note.against(against).facts(&facts));
    (in_force, state)
}

/// The status of a capability on a day, as known.
fn status_on(
    walk: &Walk<'_>,
    index: CapabilityIndex,
    day: crate::domain::period::Day,
) -> Option<CapabilityStatus> {
    let statuses = &walk.evidence.capability(index).statuses;
    statuses
        .iter()
        .filter(|entry| walk.knows(entry.known_from) && entry.effective.has(day))
        .max_by_key(|entry| (entry.effective.from, entry.known_from, entry.status))
        .map(|entry| entry.status)
}

/// Whether a capability was in force over a period and on the day of issue: on each day the latest
/// status that had begun counts.
fn force(
    walk: &Walk<'_>,
    index: CapabilityIndex,
    performed: Period,
    issued_on: Option<crate::domain::period::Day>,
) -> Tri {
    let capability = walk.evidence.capability(index);
    let known = || capability.statuses.iter().filter(|entry| walk.knows(entry.known_from));
    if known().next().is_none() {
        return Tri::Indeterminate;
    }
    let good = |status| matches!(status, CapabilityStatus::Published | CapabilityStatus::Active);
    let on = |day| Tri::known(status_on(walk, index, day).is_some_and(good));
    let changes = known().map(|entry| entry.effective.from).filter(|day| performed.has(*day));
    let ends =
        known().map(|entry| entry.effective.to.plus_days(1)).filter(|day| performed.has(*day));
    let days = [performed.from, performed.to].into_iter().chain(issued_on);
    days.chain(changes).chain(ends).map(on).fold(Tri::Pass, Tri::and)
}

/// Of several that cover a row, the one with the narrowest range counts; of equally narrow ones
/// the one with the larger uncertainty, so that nothing passes by choice (rule C-06 will say so).
fn most_specific(
    walk: &Walk<'_>,
    row: &ResultRow,
    covering: &[CapabilityIndex],
) -> CapabilityIndex {
    let width = |index: &CapabilityIndex| {
        let range = walk.evidence.capability(*index).range;
        range.map_or(f64::INFINITY, |range| range.upper - range.lower)
    };
    let narrowest = covering.iter().map(width).fold(f64::INFINITY, f64::min);
    let x = row.extent.upper;
    let uncertainty = |index: &CapabilityIndex| match evaluate(walk.evidence, *index, row, x) {
        Evaluated::Value(value) => value,
        Evaluated::Between(_, highest) => highest,
        Evaluated::Unknown(_) => f64::INFINITY,
    };
    let candidates = covering.iter().filter(|index| width(index) <= narrowest);
    let chosen = candidates.max_by(|left, right| {
        uncertainty(left).total_cmp(&uncertainty(right)).then_with(|| {
            let id = |index: &CapabilityIndex| {
                walk.evidence.id_text(walk.evidence.capability(*index).id)
            };
            id(right).cmp(&id(left))
        })
    });
    chosen.copied().unwrap_or(covering[0])
}

/// The expanded uncertainty of a capability at a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Evaluated {
    /// In the coherent SI unit.
    Value(f64),
    /// Somewhere between two figures.
    Between(f64, f64),
    /// Not evaluable, with the text that stands there.
    Unknown(Option<TextIndex>),
}

/// Evaluates a capability at a point of a row (rule C-05).
pub fn evaluate(evidence: &Evidence, index: CapabilityIndex, row: &ResultRow, x: f64) -> Evaluated {
    let capability = offered(evidence, index, row);
    let Some(expression) = &capability.expression else { return Evaluated::Unknown(None) };
    let parameter = |name: TextIndex| {
        let of_row = evidence.parameters(row).iter().find(|parameter| parameter.name == name);
        let extent = of_row.and_then(|parameter| parameter.extent)?;
        extent.is_point().then_some(extent.lower)
    };
    let stands_for = |stands: Stands| match stands {
        Stands::ForPoint => Some(x),
        Stands::ForParameter(name) => parameter(name),
    };
    let value = match expression {
        CapabilityExpression::Constant(value) => Some(*value),
        CapabilityExpression::Linear { lower, upper } => capability.range.and_then(|range| {
            let span = range.upper - range.lower;
            match span > 0.0 {
                true => Some(lower + (upper - lower) * (x - range.lower) / span),
                false => (lower == upper).then_some(*lower),
            }
        }),
        CapabilityExpression::Equation { equation, bindings, unit } => {
            let values: Option<Vec<f64>> = bindings
                .iter()
                .map(|binding| {
                    Some((stands_for(binding.stands)? - binding.offset) / binding.factor)
                })
                .collect();
            values.and_then(|values| equation.evaluate(&values).ok()).map(|value| value * unit)
        }
        CapabilityExpression::Table { points, interpolate } => {
            let axis: Vec<f64> = points.iter().map(|(x, _)| *x).collect();
            along(&axis, x).map(|(below, above, fraction)| {
                between(points[below].1, points[above].1, fraction, *interpolate)
            })
        }
        CapabilityExpression::Matrix { rows, columns, cells, interpolate } => {
            let on_rows = stands_for(rows.0).and_then(|x| along(&rows.1, x));
            let on_columns = stands_for(columns.0).and_then(|x| along(&columns.1, x));
            on_rows.zip(on_columns).map(|(across, down)| {
                let cell = |row: usize, column: usize| cells[row * columns.1.len() + column];
                let first =
                    between(cell(across.0, down.0), cell(across.0, down.1), down.2, *interpolate);
                let second =
                    between(cell(across.1, down.0), cell(across.1, down.1), down.2, *interpolate);
                between(first, second, across.2, *interpolate)
            })
        }
        CapabilityExpression::Interval { lowest, highest } => {
            let scale = if capability.relative { numbers::magnitude(row, x) } else { 1.0 };
            return Evaluated::Between(lowest * scale, highest * scale);
        }
        CapabilityExpression::NotEvaluable(text) => return Evaluated::Unknown(Some(*text)),
    };
    let scale = if capability.relative { numbers::magnitude(row, x) } else { 1.0 };
    match value.map(|value| value * scale) {
        Some(value) if value.is_finite() && value >= 0.0 => Evaluated::Value(value),
        _ => Evaluated::Unknown(None),
    }
}

/// Where a value lies along an ascending axis: the positions around it and how far between.
fn along(axis: &[f64], x: f64) -> Option<(usize, usize, f64)> {
    let slack = Extent::SLACK * x.abs();
    if let Some(exact) = axis.iter().position(|value| (value - x).abs() <= slack) {
        return Some((exact, exact, 0.0));
    }
    let above = axis.iter().position(|value| *value > x)?;
    let below = above.checked_sub(1)?;
    Some((below, above, (x - axis[below]) / (axis[above] - axis[below])))
}

/// Between two cells: interpolated where approved, else the worse of both.
fn between(first: f64, second: f64, fraction: f64, interpolate: bool) -> f64 {
    match interpolate {
        true => first + (second - first) * fraction,
        false => first.max(second),
    }
}

/// C-03 and C-05 of a row against the capability that covers it.
fn c_03(walk: &mut Walk<'_>, index: ResultIndex, row: &ResultRow, chosen: CapabilityIndex) -> Tri {
    let subject = Subject::Result(index);
    let against = Some(Subject::Capability(chosen));
    let capability = offered(walk.evidence, chosen, row);
    let Ok(normalised) = walk.normalised(row) else {
        let note = Note::unknown(&C_03, subject, &NOTHING_REPORTED, &NEED_UNCERTAINTY);
        return walk.note(note.against(against));
    };
    // Printed figures are compared where both say about 95 %; else both as 2u.
    let accepted = |probability: Option<f64>| {
        probability.is_some_and(|probability| walk.policy.accepts_probability(probability))
    };
    let as_printed = normalised.kind == crate::domain::uncertainty::UncertaintyKind::Expanded
        && accepted(normalised.coverage.probability)
        && accepted(capability.coverage_probability);
    let (own_scale, capability_scale) = match as_printed {
        true => (normalised.divisor, 1.0),
        false => (2.0, 2.0 / capability.coverage_factor),
    };
    let unit = row.uncertainty().map_or(row.extent_unit, |uncertainty| {
        if normalised.relative { row.extent_unit } else { uncertainty.figure.unit }
    });
    let code = fact("code", code_of(walk, chosen));
    let mut tie = None;
    let mut last = None;
    for x in row.extent.ends() {
        let reported = normalised.standard_at(row, x).scaled(own_scale);
        let reported_fact = fact("reported", FactValue::Quantity(reported.value, unit));
        let claimed = match evaluate(walk.evidence, chosen, row, x) {
            Evaluated::Value(value) => Bounds::exact(value * capability_scale),
            Evaluated::Between(lowest, highest) => {
                let (lowest, highest) = (lowest * capability_scale, highest * capability_scale);
                let surely_above = !reported.surely_less_than(Bounds::exact(highest));
                let surely_below = reported.surely_less_than(Bounds::exact(lowest));
                if !surely_above && !surely_below {
                    let facts = [
                        code,
                        fact("lowest", FactValue::Quantity(lowest, unit)),
                        fact("highest", FactValue::Quantity(highest, unit)),
                        reported_fact,
                    ];
                    let note = Note::unknown(&C_05, subject, &BETWEEN_FIGURES, &NEED_EXPRESSION);
                    return walk.note(note.against(against).facts(&facts));
                }
                Bounds::exact(if surely_below { lowest } else { highest })
            }
            Evaluated::Unknown(text) => {
                let text = text.map_or(FactValue::Word("?"), FactValue::Text);
                let facts = [code, fact("text", text)];
                let note = Note::unknown(&C_05, subject, &NOT_EVALUABLE, &NEED_EXPRESSION);
                return walk.note(note.against(against).facts(&facts));
            }
        };
        let facts = [reported_fact, fact("capability", FactValue::Quantity(claimed.value, unit))];
        let below_as_written = Bounds::exact(reported.value).surely_less_than(claimed);
        if reported.surely_less_than(claimed) || below_as_written && walk.policy.strict_cmc_rounding
        {
            walk.note(Note::pass(&C_05, subject).against(against));
            return walk.note(Note::fail(&C_03, subject, &BELOW).against(against).facts(&facts));
        }
        if below_as_written {
            tie = Some(facts);
        }
        last = Some(facts);
    }
    walk.note(Note::pass(&C_05, subject).against(against));
    if let Some(facts) = tie {
        let note = Note::remark(&C_03, subject, &TIE).severity(Severity::Info);
        return walk.note(note.against(against).facts(&facts));
    }
    let facts = last.as_ref().map_or(&[][..], |facts| facts);
    walk.note(Note::pass_with(&C_03, subject, &NOT_BELOW).against(against).facts(facts))
}
