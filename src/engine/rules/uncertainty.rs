//! Area U: uncertainty along the chain.

use rustc_hash::FxHashSet;

use crate::domain::calibration::{
    CalibrationKind, CompetenceDecision, ConformityStatement, Model, ReferenceRole, ValueIs,
};
use crate::domain::organisation::OrganisationKind;
use crate::domain::quantity::{QuantityKindId, Scale};
use crate::domain::recognition::AccreditationStandard;
use crate::domain::standard::StandardType;
use crate::domain::uncertainty::{Mode, UncertaintyKind};
use crate::domain::unit::Dimension as UnitDimension;
use crate::engine::evidence::*;
use crate::engine::finding::{
    Dimension, Fact, FactValue, Phrase, Rule, Severity, Source, Subject, Tag, fact, phrase,
};
use crate::engine::numbers::{self, Bounds, Normalised, Uninterpretable};
use crate::engine::tri::Tri;
use crate::engine::walk::{Contribution, Input, Note, Walk, Weight};

use super::{accreditation, fitness, viet_nam};

/// U-01: every row used has a value and an uncertainty that can be interpreted: figure, kind,
/// and coverage (whether it is absolute or relative, and to what, is rule Q-04's). Without an
/// uncertainty at all the chain is broken; anything else missing is indeterminate. Critical.
/// VIM 2.41 \[F\]: each calibration contributes to the uncertainty.
pub static U_01: Rule = Rule {
    id: "U-01",
    statement: phrase(
        "kết quả có giá trị và độ không đảm bảo đo diễn giải được",
        "the result has a value and an interpretable uncertainty",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("VIM", "2.41", Tag::Official),
    optional_input: false,
};

/// U-02: the uncertainty is brought to a standard uncertainty. An expanded one without coverage
/// factor is divided by 2 where the probability is about 95 %, by the normal quantile otherwise,
/// with a remark; k = 3 or p = 0.99 is converted, not refused. Major. GUM 7.2 \[K\].
pub static U_02: Rule = Rule {
    id: "U-02",
    statement: phrase(
        "độ không đảm bảo đo được quy về độ không đảm bảo chuẩn",
        "the uncertainty is brought to a standard uncertainty",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("GUM", "7.2", Tag::Knowledge),
    optional_input: true,
};

/// U-03: certificates under an accreditation or the CIPM MRA state about 95 % coverage. A k other
/// than about 2 without a probability leaves it open (real KCDB rows have k = 2.3 at 95 %). Minor.
/// ILAC-P14 5.x \[S\].
pub static U_03: Rule = Rule {
    id: "U-03",
    statement: phrase("xác suất phủ khoảng 95 %", "the coverage probability is about 95 %"),
    severity: Severity::Minor,
    dimension: Dimension::Recognition,
    source: Source::new("ILAC-P14:09/2020", "5", Tag::Secondary),
    optional_input: true,
};

/// U-04: the standard uncertainty of a result is not below what a single reference brings in:
/// identity u ≥ u_use(parent), ratio u/|y| ≥ u_use(parent)/|y_parent|, and so on by model, with
/// drift since the parent's calibration in u_use (U-07 says when it is the drift). Decided only where the written digits leave no
/// doubt. A model that is not stated is inferred for the same kind (same point within 10 % or a
/// difference scale: identity; a ratio scale without zero: ratio), else indeterminate. Critical.
/// VIM 2.40 NOTE 1 \[F\].
pub static U_04: Rule = Rule {
    id: "U-04",
    statement: phrase(
        "độ không đảm bảo đo không nhỏ hơn của chuẩn đã dùng",
        "the uncertainty is not below its reference's",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("VIM", "2.40 NOTE 1", Tag::Official),
    optional_input: false,
};

/// U-05: the standard uncertainty of a result made with several references is not below the root
/// sum square of their contributions (a mean's below that of the weighted mean). Correlation is
/// rule U-06's. Critical. VIM 2.40 NOTE 1 \[F\], GUM 5.1.2.
pub static U_05: Rule = Rule {
    id: "U-05",
    statement: phrase(
        "độ không đảm bảo đo không nhỏ hơn tổng hợp các đóng góp của các chuẩn",
        "the uncertainty is not below the combined contributions of its references",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("VIM", "2.40 NOTE 1", Tag::Official),
    optional_input: true,
};

/// U-06: inputs of one quantity that have something in common do not average out. With the parts
/// that they share recorded (`shared_with`: s of each common source g), each input's u splits into
/// these and a rest ρ, and the floor is u² = Σ_g(Σ_i c_i s_ig)² + Σ_i c_i²ρ_i²; a row used twice is
/// shared as a whole. Surely below it fails. Where nothing is recorded, the inputs of the main role
/// and one quantity are taken as fully correlated (those of one sign; opposite ones may not cancel
/// more than is known): when even that holds, it passes. If not, and they have a row above them in
/// common or their ways up are not seen to their roots, it is indeterminate. A root in common counts
/// only as far as its own uncertainty reaches, because what two results of one realisation share
/// beyond it is not in the records; that is a doubt, on the generous side, as otherwise all the
/// results of a country would be fully correlated. In a mean each input counts with its weight.
/// Major. JCGM 100 5.2.2 \[K\]; VCQI \[S\].
pub static U_06: Rule = Rule {
    id: "U-06",
    statement: phrase(
        "độ không đảm bảo đo tính đến phần chung (tương quan) của các chuẩn đã dùng",
        "the uncertainty allows for what the references have in common (correlation)",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("GUM", "5.2.2", Tag::Knowledge),
    optional_input: true,
};

/// U-07: the uncertainty is not below its reference's at the use, u_use² = u_cal² + u_drift² with
/// u_drift = a·Δt/√3. It speaks where the reference states a limit of drift; U-04 compares with u_use
/// as well and fails with it, while below the certificate's own figure only U-04 speaks. Without a
/// limit it is indeterminate for the types that drift (Zener, resistor, quartz oscillator, rubidium,
/// thermistor, gas cylinder) and does not apply to others; a reference used on the day of its
/// calibration has not drifted. Among several inputs U-05 carries the drift. A doubt: a reference
/// material's certified uncertainty may already hold its stability; the catalogue asks gas cylinders
/// for a limit nevertheless. Major. GUM 4.3 \[K\].
pub static U_07: Rule = Rule {
    id: "U-07",
    statement: phrase(
        "độ không đảm bảo đo tính đến độ trôi của chuẩn từ khi hiệu chuẩn",
        "the uncertainty allows for the drift of its reference since it was calibrated",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("GUM", "4.3", Tag::Knowledge),
    optional_input: true,
};

/// U-08: the figure entered in the budget for a reference is not below the standard uncertainty of
/// the row used. Without a figure it does not apply; a figure in a unit of another quantity is
/// indeterminate; a figure written as a fraction is of the value. Where a row holds over an
/// interval, the smallest uncertainty at the child's points counts. A figure that is the expanded
/// uncertainty as printed is a remark: on the safe side, but taken for something it is not. A doubt:
/// whether corrections of the certificate were applied (ISO/IEC 17025 6.4.11) is in no record and is
/// not seen here. Major. ISO/IEC 17025 7.6.1 \[K\].
pub static U_08: Rule = Rule {
    id: "U-08",
    statement: phrase(
        "bảng thành phần dùng số liệu của giấy chứng nhận chuẩn",
        "the budget carries the figure of the reference's certificate",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "7.6.1", Tag::Knowledge),
    optional_input: true,
};

/// U-09: an uncertainty has at most two significant digits, and the value ends at the same decimal
/// place. Places are compared in one unit, between decimal multiples only; zeros at the end of a
/// whole number may hold its place or count. Asked of certificates that claim recognition, whose
/// body's policy it is. Minor. ILAC-P14 5 \[S\], GUM 7.2.6 \[K\].
pub static U_09: Rule = Rule {
    id: "U-09",
    statement: phrase(
        "độ không đảm bảo đo có nhiều nhất hai chữ số có nghĩa, cùng hàng thập phân với giá trị",
        "the uncertainty has at most two significant digits and ends where the value ends",
    ),
    severity: Severity::Minor,
    dimension: Dimension::Recognition,
    source: Source::new("ILAC-P14:09/2020", "5", Tag::Secondary),
    optional_input: true,
};

/// U-10: a recorded budget gives the certificate's uncertainty: |u_c − √Σ(c_i u_i)²| within 5 % of
/// u_c or within the written digits. It applies to a row at one point whose inputs all have a figure
/// and a known sensitivity, each entered for this row alone, and share nothing (U-06 judges that). A
/// budget above the certificate fails in any case: a sum of parts cannot exceed the whole. A budget
/// below it fails only where `references_complete` is stated as true on a certificate that has a
/// figure for each reference: that declares the budget full. Otherwise repeatability and resolution,
/// which are no references, explain the rest, and the rule does not apply. U = k·u_c holds by
/// construction, since u_c is computed from U and k. Major. GUM 5.1.2 \[K\].
pub static U_10: Rule = Rule {
    id: "U-10",
    statement: phrase(
        "bảng thành phần độ không đảm bảo đo khớp với giấy chứng nhận",
        "the uncertainty budget agrees with the certificate",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("GUM", "5.1.2", Tag::Knowledge),
    optional_input: true,
};

/// U-11: a row without value and uncertainty, on a statement of conformity or a verification
/// certificate with one, stands for its nominal value with u = L/√3 when a competent body states
/// that it conforms to limits ±L by a decision rule. L is half the width of the row's limits, else
/// the maximum permissible error of the weight's class (rule F-03). Competent is an institute, an
/// issuer accredited to ISO/IEC 17025 when it was performed, one registered or designated for the
/// field, or one whose competence evidence is complete and accepted; evidence that waits for its
/// decision leaves it open. No limit, no rule, no competence or a statement that it does not conform
/// fails. Accepted means on condition: a remark, which makes traceability pass with remarks; the
/// condition of the route (`recognition_conditional`) stays the route's own. A doubt: the scope of
/// the accreditation is not asked here, the route says it. Major. ISO/IEC 17025 A.2.3 \[K\].
pub static U_11: Rule = Rule {
    id: "U-11",
    statement: phrase(
        "tuyên bố phù hợp nêu giới hạn và quy tắc, do tổ chức có năng lực cấp",
        "a statement of conformity gives limits and rule and comes from a competent body",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "A.2.3", Tag::Knowledge),
    optional_input: true,
};

/// U-12: the BIPM states combined standard uncertainties (k = 1); where one of its certificates
/// leaves the kind out, k = 1 is taken, never 2. Critical. BIPM certificates \[F\].
pub static U_12: Rule = Rule {
    id: "U-12",
    statement: phrase(
        "giấy chứng nhận của BIPM nêu độ không đảm bảo chuẩn tổng hợp (k = 1)",
        "the BIPM's certificate states a combined standard uncertainty (k = 1)",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("BIPM calibration certificates", "", Tag::Official),
    optional_input: true,
};

static ABSENT: Phrase = phrase(
    "dòng kết quả {row} không có độ không đảm bảo đo: chuỗi bị đứt ở đây",
    "row {row} has no uncertainty: the chain is broken here",
);
static ZERO: Phrase = phrase(
    "dòng kết quả {row} có độ không đảm bảo đo bằng 0: không phải là độ không đảm bảo đo",
    "row {row} has the uncertainty 0, which is none",
);
static UNCLEAR: Phrase = phrase(
    "độ không đảm bảo đo của dòng {row} không diễn giải được: thiếu {what}",
    "the uncertainty of row {row} cannot be interpreted: {what} is missing",
);
static NEED_KIND: Phrase = phrase(
    "loại độ không đảm bảo đo: chuẩn, chuẩn tổng hợp hay mở rộng (hỏi tổ chức cấp)",
    "whether the uncertainty is standard, combined or expanded (ask the issuer)",
);
static NEED_COVERAGE: Phrase = phrase(
    "hệ số phủ k hoặc xác suất phủ p (hỏi tổ chức cấp)",
    "the coverage factor k or the probability p (ask the issuer)",
);
static NEED_VALUE: Phrase =
    phrase("giá trị của dòng kết quả (hỏi tổ chức cấp)", "the value of the row (ask the issuer)");
static NO_VALUE: Phrase = phrase("dòng kết quả {row} không có giá trị", "row {row} has no value");

/// U-01 for a row; one that states conformity in place of an uncertainty is U-11's.
pub fn u_01(walk: &mut Walk<'_>, index: ResultIndex, row: &ResultRow) -> Tri {
    if let Some(state) = u_11(walk, index, row) {
        return state;
    }
    let subject = Subject::Result(index);
    let name = fact("row", FactValue::Text(row.name));
    let what = |what| [name, fact("what", FactValue::Word(what))];
    match walk.normalised(row) {
        Err(Uninterpretable::Absent) => {
            walk.note(Note::fail(&U_01, subject, &ABSENT).facts(&[name]))
        }
        Err(Uninterpretable::Zero) => walk.note(Note::fail(&U_01, subject, &ZERO).facts(&[name])),
        Err(Uninterpretable::Kind) => {
            walk.note(Note::unknown(&U_01, subject, &UNCLEAR, &NEED_KIND).facts(&what("kind")))
        }
        Err(Uninterpretable::Coverage) => {
            let note = Note::unknown(&U_01, subject, &UNCLEAR, &NEED_COVERAGE);
            walk.note(note.facts(&what("k, p")))
        }
        // Rule Q-04 says so.
        Err(Uninterpretable::Mode | Uninterpretable::Base) => Tri::Pass,
        Ok(_) if row.value().is_none() && row.extent.is_point() => {
            walk.note(Note::unknown(&U_01, subject, &NO_VALUE, &NEED_VALUE).facts(&[name]))
        }
        Ok(_) => walk.note(Note::pass(&U_01, subject)),
    }
}

static FACTOR_TAKEN: Phrase = phrase(
    "không nêu hệ số phủ; lấy k = {k} theo xác suất phủ {p}",
    "no coverage factor is stated; k = {k} was taken from the probability {p}",
);

/// U-02 for a row.
pub fn u_02(walk: &mut Walk<'_>, index: ResultIndex, row: &ResultRow) -> Tri {
    if row.uncertainty().is_none() {
        return Tri::Pass;
    }
    let Ok(normalised) = walk.normalised(row) else { return Tri::Pass };
    let subject = Subject::Result(index);
    if !normalised.assumed {
        return walk.note(Note::pass(&U_02, subject));
    }
    let probability = normalised.coverage.probability.unwrap_or(f64::NAN);
    let facts = [
        fact("k", FactValue::Number(normalised.divisor)),
        fact("p", FactValue::Number(probability)),
    ];
    walk.note(Note::remark(&U_02, subject, &FACTOR_TAKEN).facts(&facts))
}

static ANOTHER_PROBABILITY: Phrase = phrase(
    "giấy chứng nhận nêu xác suất phủ {p}, không phải khoảng 95 %",
    "the certificate states the coverage probability {p}, not about 95 %",
);
static STANDARD_ONLY: Phrase = phrase(
    "giấy chứng nhận được công nhận lại nêu độ không đảm bảo chuẩn thay cho độ không đảm bảo mở rộng",
    "a recognised certificate states a standard instead of an expanded uncertainty",
);
static PROBABILITY_OPEN: Phrase = phrase(
    "không nêu xác suất phủ, và k = {k} không cho biết",
    "no coverage probability is stated, and k = {k} does not tell it",
);
static NEED_PROBABILITY: Phrase = phrase("xác suất phủ p", "the coverage probability p");

/// U-03 for a row of a certificate that claims recognition.
pub fn u_03(walk: &mut Walk<'_>, index: ResultIndex, row: &ResultRow) {
    if row.uncertainty().is_none() {
        return;
    }
    let Ok(normalised) = walk.normalised(row) else { return };
    let subject = Subject::Result(index);
    let factor = fact("k", FactValue::Number(normalised.divisor));
    let note = match (normalised.kind, normalised.coverage.probability) {
        (UncertaintyKind::Standard | UncertaintyKind::Combined, _) => {
            Note::fail(&U_03, subject, &STANDARD_ONLY)
        }
        (_, Some(probability)) if walk.policy.accepts_probability(probability) => {
            Note::pass(&U_03, subject)
        }
        (_, Some(probability)) => {
            let facts = [fact("p", FactValue::Number(probability))];
            walk.note(Note::fail(&U_03, subject, &ANOTHER_PROBABILITY).facts(&facts));
            return;
        }
        (_, None) if (1.9..=2.1).contains(&normalised.divisor) => Note::pass(&U_03, subject),
        (_, None) => {
            let note = Note::unknown(&U_03, subject, &PROBABILITY_OPEN, &NEED_PROBABILITY);
            walk.note(note.facts(&[factor]));
            return;
        }
    };
    walk.note(note);
}

/// U-12 for a row.
pub fn u_12(
    walk: &mut Walk<'_>,
    index: ResultIndex,
    row: &ResultRow,
    calibration: &CalibrationRow,
) -> Tri {
    if !walk.issued_by_bipm(calibration) {
        return Tri::Pass;
    }
    match walk.normalised(row) {
        Ok(normalised) if normalised.bipm => walk.note(Note::pass(&U_12, Subject::Result(index))),
        _ => Tri::Pass,
    }
}

/// How a row's value follows from an input, stated or inferred (rule U-04).
pub fn model(walk: &Walk<'_>, row: &ResultRow, input: &Input) -> Option<Model> {
    if input.reference.model.is_some() {
        return input.reference.model;
    }
    if !input.reference.coefficient.is_nan() {
        return Some(Model::Custom);
    }
    let (kind, extent) = match input.resolved.target {
        Target::Row(parent) => {
            let parent = walk.evidence.result(parent);
            (parent.kind, Some(parent.extent))
        }
        Target::Realisation(root) => {
            let root = walk.evidence.realisation(root);
            (root.quantity, root.range)
        }
        _ => return None,
    };
    if kind != row.kind {
        return None;
    }
    let near = |parent: Extent| {
        parent.contains(row.extent)
            || parent.is_point()
                && (parent.lower - row.extent.lower).abs() <= 0.1 * row.extent.lower.abs()
    };
    if kind.kind().scale == Scale::Difference || extent.is_some_and(near) {
        return Some(Model::Identity);
    }
    let non_zero = |extent: Extent| extent.is_closed() && extent.lower != 0.0;
    let both = non_zero(row.extent) && extent.is_some_and(non_zero);
    (kind.kind().scale == Scale::Ratio && both).then_some(Model::Ratio)
}

/// What an input brings: its standard uncertainty at the use, its value, and the figure that
/// counts for its share.
struct Brought {
    u: Option<Bounds>,
    for_share: Option<f64>,
    value: Option<f64>,
    /// The drift in it.
    drift: f64,
}

fn brought(
    walk: &Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    input: &Input,
    at_childs_point: bool,
    x: f64,
) -> Brought {
    let budget = budget_of(walk, input, x).map(|budget| budget.value);
    match input.resolved.target {
        Target::Row(index) => {
            let parent = walk.evidence.result(index);
            let parent_calibration = walk.evidence.calibration(parent.calibration);
            let at =
                if at_childs_point && !parent.extent.is_point() { x } else { parent.extent.upper };
            let days = numbers::days_since(parent_calibration, calibration.performed_to);
            let drift = numbers::drift(walk.evidence, parent_calibration.item, parent, days, at);
            let u = walk.normalised(parent).ok().map(|normalised| {
                let u = normalised.standard_at(parent, at);
                if drift == 0.0 { u } else { u.in_quadrature(Bounds::exact(drift)) }
            });
            let floor = walk.verdict(index).map(|verdict| verdict.floor);
            let figures = [u.map(|u| u.value), floor, budget];
            let for_share = figures.into_iter().flatten().reduce(f64::max);
            let stated = u.is_some() || budget.is_some();
            let value = numbers::value_of(parent);
            Brought { u, for_share: for_share.filter(|_| stated), value, drift }
        }
        Target::Realisation(index) => {
            let root = walk.evidence.realisation(index);
            let value = root.range.filter(Extent::is_point).map(|range| range.lower);
            let u = root.uncertainty.map(|(figure, relative)| {
                let scale = if relative { x.abs() } else { 1.0 };
                Bounds::measured(walk.evidence, figure).scaled(scale)
            });
            let figures = [u.map(|u| u.value), budget];
            let for_share = figures.into_iter().flatten().reduce(f64::max);
            Brought { u, for_share, value, drift: 0.0 }
        }
        _ => Brought { u: None, for_share: budget, value: None, drift: 0.0 },
    }
    .with_value_of(row, at_childs_point)
}

impl Brought {
    /// A root over a range has the child's own value where it was used at the child's point.
    fn with_value_of(self, row: &ResultRow, at_childs_point: bool) -> Self {
        match at_childs_point {
            true => Self { value: self.value.or(numbers::value_of(row)), ..self },
            false => self,
        }
    }
}

/// Which part of a row's value an input of the main role carries: all of it for an identity or a
/// ratio, its term for a sum. None where that is not meaningful.
fn carried(walk: &Walk<'_>, row: &ResultRow, input: &Input) -> Option<f64> {
    if input.reference.role != ReferenceRole::Main {
        return None;
    }
    match model(walk, row, input)? {
        Model::Identity | Model::Ratio => Some(1.0),
        Model::Sum => {
            let Target::Row(parent) = input.resolved.target else { return None };
            let term = numbers::value_of(walk.evidence.result(parent))?;
            numbers::value_of(row).map(|own| (term / own).abs())
        }
        Model::Mean | Model::Product | Model::Custom => None,
    }
}

/// What an input contributes to a row at a point.
struct Contributed {
    contribution: Contribution,
    for_share: Option<f64>,
    sensitivity: f64,
    drift: f64,
}

/// c·u of an input at a point of the row, and the figure for its share.
fn contribution(
    walk: &Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    input: &Input,
    x: f64,
) -> Contributed {
    let model = model(walk, row, input);
    let at_childs_point = matches!(model, Some(Model::Identity));
    let brought = brought(walk, row, calibration, input, at_childs_point, x);
    let own = numbers::value_of(row).unwrap_or(x).abs();
    let stated = input.reference.coefficient;
    let coefficient = (!stated.is_nan()).then_some(stated.abs());
    let factor = match model {
        Some(Model::Identity | Model::Sum) => Some(coefficient.unwrap_or(1.0)),
        Some(Model::Mean) => Some(1.0),
        Some(Model::Ratio) => brought.value.filter(|v| *v != 0.0).map(|v| own / v.abs()),
        Some(Model::Product) => {
            let value = brought.value.filter(|v| *v != 0.0);
            coefficient.zip(value).map(|(exponent, v)| exponent * own / v.abs())
        }
        Some(Model::Custom) => coefficient,
        None => None,
    };
    let Some(factor) = factor else {
        let led_somewhere =
            matches!(input.resolved.target, Target::Row(_) | Target::Realisation(_));
        let unknown = if led_somewhere { Contribution::ModelUnknown } else { Contribution::None };
        return Contributed {
            contribution: unknown,
            for_share: None,
            sensitivity: f64::NAN,
            drift: 0.0,
        };
    };
    let for_share = brought.for_share.map(|u| factor * u);
    let contribution = match (brought.u, model) {
        (None, _) => Contribution::None,
        // A relative uncertainty of a row that states no point is relative to nothing.
        (Some(u), _) if !(u.value * factor).is_finite() => Contribution::ModelUnknown,
        (Some(u), Some(Model::Mean)) => Contribution::OfMean(u),
        (Some(u), _) => Contribution::Known(u.scaled(factor)),
    };
    let sign = if stated < 0.0 { -1.0 } else { 1.0 };
    Contributed {
        contribution,
        for_share,
        sensitivity: sign * factor,
        drift: factor * brought.drift,
    }
}

/// Computes what each input contributes, its share and so its weight (rule S-07); gives the floor
/// of the row, at the end of its extent where that is largest.
///
/// A share of variance alone would make a lone reference insignificant as soon as the child's
/// uncertainty is three times its own (in every ordinary mass chain), though the whole value
/// comes from it. So an input counts with the larger of its share of the variance and the part of
/// the value it carries: everything for a lone one and for a main identity or ratio, its weight in
/// a mean, its term of a sum.
pub fn weigh(
    walk: &Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    inputs: &mut [Input],
) -> Bounds {
    let own = walk.normalised(row).ok();
    let mut largest = Bounds::exact(0.0);
    for (end, x) in row.extent.ends().enumerate() {
        let mut weights_of_mean = 0.0;
        let mut figures: Vec<Option<f64>> = Vec::with_capacity(inputs.len());
        for input in inputs.iter_mut() {
            let found = contribution(walk, row, calibration, input, x);
            input.contributions[end] = found.contribution;
            input.sensitivities[end] = found.sensitivity;
            input.drifts[end] = found.drift;
            if let Contribution::OfMean(u) = found.contribution {
                weights_of_mean += u.value.powi(-2);
            }
            figures.push(found.for_share);
        }
        let u = own.map(|own| own.standard_at(row, x).value);
        for (input, figure) in inputs.iter_mut().zip(figures) {
            let in_mean = match input.contributions[end] {
                Contribution::OfMean(u) => Some(u.value.powi(-2) / weights_of_mean),
                _ => None,
            };
            let figure = figure.map(|figure| figure * in_mean.unwrap_or(1.0));
            let share = figure.zip(u).map(|(figure, u)| (figure / u).powi(2));
            let share = share.map(|share| share.max(in_mean.unwrap_or(0.0)));
            input.share = match (end, input.share, share) {
                (0, _, share) => share,
                (_, Some(before), Some(now)) => Some(before.max(now)),
                _ => None,
            };
        }
        let floor = floor_of(inputs, end);
        if floor.value > largest.value {
            largest = floor;
        }
    }
    let alone = inputs.len() == 1;
    for input in inputs.iter_mut() {
        let carried = if alone { Some(1.0) } else { carried(walk, row, input) };
        input.share = match (input.share, carried) {
            (Some(share), Some(carried)) => Some(share.max(carried)),
            (None, Some(carried)) if carried >= walk.policy.contrib_major => Some(carried),
            (share, _) => share,
        };
        input.weight = match input.share {
            Some(share) if share < walk.policy.contrib_minor => Weight::Info,
            Some(share) if share < walk.policy.contrib_major => Weight::Minor,
            _ => Weight::Major,
        };
    }
    largest
}

/// Root sum square of the contributions; the values of a mean count together as
/// (Σ u⁻²)^(-1/2).
fn floor_of(inputs: &[Input], end: usize) -> Bounds {
    let mut sum = Bounds::exact(0.0);
    let mut mean = Bounds::exact(0.0);
    for input in inputs {
        match input.contributions[end] {
            Contribution::Known(u) => sum = sum.in_quadrature(u),
            Contribution::OfMean(u) => {
                mean.lower += u.lower.powi(-2);
                mean.value += u.value.powi(-2);
                mean.upper += u.upper.powi(-2);
            }
            Contribution::ModelUnknown | Contribution::None => {}
        }
    }
    if mean.value == 0.0 {
        return sum;
    }
    sum.in_quadrature(Bounds {
        lower: mean.lower.powf(-0.5),
        value: mean.value.powf(-0.5),
        upper: mean.upper.powf(-0.5),
    })
}

static BELOW: Phrase = phrase(
    "độ không đảm bảo chuẩn công bố {child} nhỏ hơn phần do chuẩn đã dùng mang lại {parent}",
    "claimed standard uncertainty {child} is below its reference's {parent}",
);
static MODEL_UNKNOWN: Phrase = phrase(
    "không rõ giá trị được suy ra từ chuẩn này như thế nào",
    "how the value follows from this reference is not known",
);
static NEED_MODEL: Phrase = phrase(
    "mô hình (đồng nhất, tỷ số, tổng, tích...) hoặc hệ số nhạy",
    "the model (identity, ratio, sum, product…) or the sensitivity",
);
static BELOW_ALL: Phrase = phrase(
    "độ không đảm bảo chuẩn công bố {child} nhỏ hơn tổng hợp các đóng góp của {count} chuẩn: {parent}",
    "claimed standard uncertainty {child} is below the combined contributions of {count} references: {parent}",
);

/// Unit in which uncertainties of a row are shown.
pub fn shown_in(row: &ResultRow) -> UnitIndex {
    row.uncertainty().map_or(row.extent_unit, |uncertainty| match uncertainty.mode {
        Some(crate::domain::uncertainty::Mode::Relative) => row.extent_unit,
        _ => uncertainty.figure.unit,
    })
}

/// The ends of a row's extent at which its uncertainty is surely below a floor, else its first.
fn compare(
    walk: &Walk<'_>,
    row: &ResultRow,
    floor: impl Fn(usize) -> Bounds,
) -> Option<(bool, [Fact; 2])> {
    let own = walk.normalised(row).ok()?;
    let unit = shown_in(row);
    let mut first = None;
    for (end, x) in row.extent.ends().enumerate() {
        let (u, floor) = (own.standard_at(row, x), floor(end));
        let facts = [
            fact("child", FactValue::Quantity(u.value, unit)),
            fact("parent", FactValue::Quantity(floor.value, unit)),
        ];
        if u.surely_less_than(floor) {
            return Some((true, facts));
        }
        first = first.or(Some((false, facts)));
    }
    first
}

/// U-04 at a link. Of several inputs only those of the same quantity (identity, ratio) are floors
/// by themselves; the others count in U-05.
pub fn u_04(walk: &mut Walk<'_>, row: &ResultRow, input: &Input, alone: bool) -> Tri {
    let subject = Subject::Calibration(row.calibration);
    let against = match input.resolved.target {
        Target::Row(parent) => Subject::Calibration(walk.evidence.result(parent).calibration),
        Target::Realisation(root) => Subject::Realisation(root),
        _ => return Tri::Pass,
    };
    if matches!(input.contributions[0], Contribution::ModelUnknown) {
        let note = Note::unknown(&U_04, subject, &MODEL_UNKNOWN, &NEED_MODEL);
        return walk.note(note.against(Some(against)));
    }
    let by_itself = matches!(model(walk, row, input), Some(Model::Identity | Model::Ratio));
    if !alone && !by_itself {
        return Tri::Pass;
    }
    let floor = |end: usize| match input.contributions[end] {
        Contribution::Known(u) | Contribution::OfMean(u) => u,
        Contribution::ModelUnknown | Contribution::None => Bounds::exact(0.0),
    };
    if matches!(input.contributions[0], Contribution::None) {
        return Tri::Pass;
    }
    let Some((below, facts)) = compare(walk, row, floor) else { return Tri::Pass };
    let note = if below { Note::fail(&U_04, subject, &BELOW) } else { Note::pass(&U_04, subject) };
    walk.note(note.against(Some(against)).facts(&facts))
}

/// U-05 for a row made with several references.
pub fn u_05(walk: &mut Walk<'_>, row: &ResultRow, inputs: &[Input]) -> Tri {
    let counted = |input: &&Input| {
        matches!(input.contributions[0], Contribution::Known(_) | Contribution::OfMean(_))
    };
    let count = inputs.iter().filter(counted).count();
    if count < 2 {
        return Tri::Pass;
    }
    // What opposite inputs share cancels in their difference: U-06 says what is left.
    let shares = |input: &&Input| !shares_of(walk, input).is_empty();
    let negative = |input: &Input| input.sensitivities[0] < 0.0;
    let (mut sharing, mut others) = (inputs.iter().filter(shares), inputs.iter().filter(shares));
    if sharing.any(negative) && others.any(|input| !negative(input)) {
        return Tri::Pass;
    }
    let Some((below, facts)) = compare(walk, row, |end| floor_of(inputs, end)) else {
        return Tri::Pass;
    };
    let subject = Subject::Calibration(row.calibration);
    let [child, parent] = facts;
    let facts = [child, parent, fact("count", FactValue::Count(count as u32))];
    let note = match below {
        true => Note::fail(&U_05, subject, &BELOW_ALL),
        // With an input left out the floor is only part of the whole: not below it proves nothing.
        false if count < inputs.len() => return Tri::Pass,
        false => Note::pass(&U_05, subject),
    };
    walk.note(note.facts(&facts))
}

/// The figure of the budget for an input, as an absolute standard uncertainty of the quantity that
/// the input gives. None where nothing is entered, or in a unit of another quantity.
fn budget_of(walk: &Walk<'_>, input: &Input, x: f64) -> Option<Bounds> {
    let evidence = walk.evidence;
    let figure = evidence.reference_detail(&input.reference)?.budget?;
    match input.resolved.target {
        Target::Row(parent) => {
            let parent = evidence.result(parent);
            let at = if parent.extent.is_point() { parent.extent.upper } else { x };
            numbers::of_budget(evidence, figure, parent.kind, numbers::magnitude(parent, at))
        }
        Target::Realisation(root) => {
            numbers::of_budget(evidence, figure, evidence.realisation(root).quantity, x.abs())
        }
        _ => Some(Bounds::measured(evidence, figure)),
    }
}

/// The quantity that an input gives.
fn kind_of(walk: &Walk<'_>, input: &Input) -> Option<QuantityKindId> {
    match input.resolved.target {
        Target::Row(parent) => Some(walk.evidence.result(parent).kind),
        Target::Realisation(root) => Some(walk.evidence.realisation(root).quantity),
        _ => None,
    }
}

/// The parts of its uncertainty that an input shares with others, as recorded.
fn shares_of<'e>(walk: &Walk<'e>, input: &Input) -> &'e [(TextIndex, Measured)] {
    let detail = walk.evidence.reference_detail(&input.reference);
    detail.map_or(&[], |detail| &detail.shares)
}

/// Such a part as an absolute standard uncertainty; a fraction is of the input's value. None in a
/// unit of another quantity.
fn share(walk: &Walk<'_>, input: &Input, figure: Measured) -> Option<Bounds> {
    let magnitude = match input.resolved.target {
        Target::Row(parent) => {
            let parent = walk.evidence.result(parent);
            numbers::magnitude(parent, parent.extent.upper)
        }
        _ => f64::NAN,
    };
    numbers::of_budget(walk.evidence, figure, kind_of(walk, input)?, magnitude)
}

/// What two inputs of a row may have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Common {
    /// A source that the record names.
    Source(TextIndex),
    /// The row that both used.
    Row(ResultIndex),
}

/// One input in a sum with correlation: c·u at an end, and the sign of c.
struct Term {
    input: usize,
    kind: Option<QuantityKindId>,
    main: bool,
    negative: bool,
    scale: f64,
    u: Bounds,
}

impl Term {
    fn signed(&self, magnitude: f64) -> f64 {
        if self.negative { -magnitude } else { magnitude }
    }
}

/// The inputs of a row that have a known contribution at an end.
fn terms(walk: &Walk<'_>, inputs: &[Input], end: usize) -> Vec<Term> {
    let weights: f64 = inputs
        .iter()
        .map(|input| match input.contributions[end] {
            Contribution::OfMean(u) => u.value.powi(-2),
            _ => 0.0,
        })
        .sum();
    let term = |(position, input): (usize, &Input)| {
        let (scale, u) = match input.contributions[end] {
            Contribution::Known(u) => (input.sensitivities[end].abs(), u),
            Contribution::OfMean(u) => {
                let weight = u.value.powi(-2) / weights;
                (weight, u.scaled(weight))
            }
            Contribution::ModelUnknown | Contribution::None => return None,
        };
        Some(Term {
            input: position,
            kind: kind_of(walk, input),
            main: input.reference.role == ReferenceRole::Main,
            negative: input.sensitivities[end] < 0.0,
            scale,
            u,
        })
    };
    inputs.iter().enumerate().filter_map(term).collect()
}

/// Σ_g(Σ_i c_i s_ig)² + Σ_i c_i²ρ_i², of parts in common with their sign and of rests squared.
fn correlated(mut parts: Vec<(Common, f64)>, rests: f64) -> f64 {
    parts.sort_by_key(|(common, _)| *common);
    let of_sources = parts.chunk_by(|left, right| left.0 == right.0).map(|of_one| {
        let sum: f64 = of_one.iter().map(|(_, part)| part).sum();
        sum * sum
    });
    (of_sources.sum::<f64>() + rests).sqrt()
}

/// The floor with the shares as recorded; a row that is used twice is shared as a whole. None where
/// an input's shares exceed its own uncertainty or are in units of another quantity: then they are
/// not known.
fn floor_with_shares(walk: &Walk<'_>, inputs: &[Input], end: usize) -> Option<Bounds> {
    let terms = terms(walk, inputs, end);
    let used_twice = |term: &Term| {
        let target = inputs[term.input].resolved.target;
        let same = |other: &&Term| inputs[other.input].resolved.target == target;
        match target {
            Target::Row(row) if term.main && terms.iter().filter(same).count() > 1 => Some(row),
            _ => None,
        }
    };
    let sum = |whole: fn(&Bounds) -> f64, part: fn(&Bounds) -> f64| {
        let (mut parts, mut rests) = (Vec::new(), 0.0);
        for term in &terms {
            let whole = whole(&term.u);
            let mut rest = whole * whole;
            let shares = shares_of(walk, &inputs[term.input]);
            if let (Some(row), []) = (used_twice(term), shares) {
                parts.push((Common::Row(row), term.signed(whole)));
                continue;
            }
            for (group, figure) in shares {
                let share = share(walk, &inputs[term.input], *figure)?;
                let share = part(&share) * term.scale;
                parts.push((Common::Source(*group), term.signed(share)));
                rest -= share * share;
            }
            rests += rest.max(0.0);
        }
        Some(correlated(parts, rests))
    };
    let exceeds = |term: &Term| {
        let input = &inputs[term.input];
        let shares = shares_of(walk, input).iter();
        let shares = shares.filter_map(|(_, figure)| share(walk, input, *figure));
        let sum: f64 = shares.map(|share| (share.lower * term.scale).powi(2)).sum();
        sum.sqrt() > term.u.upper * (1.0 + Extent::SLACK)
    };
    if terms.iter().any(exceeds) {
        return None;
    }
    let ends = |whole: fn(&Bounds) -> f64| {
        let (small, large) = (sum(whole, |part| part.lower)?, sum(whole, |part| part.upper)?);
        Some((small.min(large), small.max(large)))
    };
    Some(Bounds {
        lower: ends(|whole| whole.lower)?.0,
        value: sum(|whole| whole.value, |part| part.value)?,
        upper: ends(|whole| whole.upper)?.1,
    })
}

/// The floor when the main inputs of one quantity share as much of their contribution as `shared`
/// says: parts of one sign add, what is left and the other inputs add in quadrature.
fn floor_if_shared(
    walk: &Walk<'_>,
    inputs: &[Input],
    end: usize,
    shared: impl Fn(&Term, f64) -> f64,
) -> Bounds {
    let terms = terms(walk, inputs, end);
    let sum = |whole: fn(&Bounds) -> f64| {
        let mut sums: Vec<((QuantityKindId, bool), f64)> = Vec::new();
        let mut rests = 0.0;
        for term in &terms {
            let whole = whole(&term.u);
            let (Some(kind), true) = (term.kind, term.main) else {
                rests += whole * whole;
                continue;
            };
            let part = shared(term, whole).min(whole);
            rests += whole * whole - part * part;
            let of = (kind, term.negative);
            match sums.iter_mut().find(|(other, _)| *other == of) {
                Some((_, sum)) => *sum += part,
                None => sums.push((of, part)),
            }
        }
        (sums.iter().map(|(_, sum)| sum * sum).sum::<f64>() + rests).sqrt()
    };
    Bounds {
        lower: sum(|whole| whole.lower),
        value: sum(|whole| whole.value),
        upper: sum(|whole| whole.upper),
    }
}

/// What lies above an input: the rows and roots of its ways up, and whether one of them is open.
#[derive(Default)]
struct Above {
    rows: FxHashSet<ResultIndex>,
    roots: FxHashSet<RealisationIndex>,
    open: bool,
}

/// The significant ways up from an input, over rows already evaluated.
fn above(walk: &Walk<'_>, input: &Input) -> Above {
    // Longer ways are not looked through to the end, and so are open.
    const MOST_ROWS: usize = 1024;
    let mut above = Above::default();
    let mut stack = vec![input.resolved.target];
    while let Some(target) = stack.pop() {
        match target {
            Target::Row(row) if above.rows.insert(row) => {
                let calibration = walk.evidence.calibration(walk.evidence.result(row).calibration);
                let edges = walk.verdict(row).map_or(0..0, |verdict| verdict.edges.clone());
                let edges = walk.edges.get(edges).unwrap_or(&[]);
                let significant = edges.iter().filter(|edge| edge.weight == Weight::Major);
                let before = stack.len();
                stack.extend(significant.map(|edge| edge.target));
                let ends = stack.len() == before && !walk.issued_by_bipm(calibration);
                above.open |= ends || above.rows.len() > MOST_ROWS;
                if above.rows.len() > MOST_ROWS {
                    return above;
                }
            }
            Target::Row(_) => {}
            Target::Realisation(root) => {
                above.roots.insert(root);
            }
            _ => above.open = true,
        }
    }
    above
}

/// What the main inputs of one quantity have in common above them.
enum Ancestry {
    /// Nothing.
    Nothing,
    /// Roots only.
    Roots(FxHashSet<RealisationIndex>),
    /// A row, or one cannot tell.
    RowsOrUnknown,
}

fn ancestry(walk: &Walk<'_>, inputs: &[Input]) -> Ancestry {
    let main = |input: &&Input| input.reference.role == ReferenceRole::Main;
    let mut main: Vec<(QuantityKindId, Above)> = inputs
        .iter()
        .filter(main)
        .filter_map(|input| kind_of(walk, input).map(|kind| (kind, above(walk, input))))
        .collect();
    main.sort_by_key(|(kind, _)| *kind);
    let mut common = FxHashSet::default();
    for of_one_kind in main.chunk_by(|left, right| left.0 == right.0) {
        if of_one_kind.len() < 2 {
            continue;
        }
        let (mut rows, mut roots) = (FxHashSet::default(), FxHashSet::default());
        for (_, above) in of_one_kind {
            if above.open || above.rows.iter().any(|row| !rows.insert(*row)) {
                return Ancestry::RowsOrUnknown;
            }
            common.extend(above.roots.iter().copied().filter(|root| !roots.insert(*root)));
        }
    }
    match common.is_empty() {
        true => Ancestry::Nothing,
        false => Ancestry::Roots(common),
    }
}

/// How far the uncertainty of a root reaches into a value: as a fraction of it, else as it stands,
/// in proportion where the root is a single point.
fn reach(walk: &Walk<'_>, root: RealisationIndex, value: Option<f64>) -> f64 {
    let root = walk.evidence.realisation(root);
    let point = root.range.filter(Extent::is_point).map(|range| range.lower.abs());
    match (root.uncertainty, value) {
        (Some((figure, true)), Some(value)) => figure.si * value.abs(),
        (Some((figure, false)), Some(value)) => {
            let times = point.filter(|point| *point > 0.0).map_or(1.0, |point| value.abs() / point);
            figure.si * times.max(1.0)
        }
        (Some((figure, false)), None) => figure.si,
        _ => f64::INFINITY,
    }
}

static BELOW_WITH_SHARES: Phrase = phrase(
    "độ không đảm bảo chuẩn công bố {child} nhỏ hơn {parent}, tổng hợp có tính phần chung của các chuẩn đã dùng",
    "claimed standard uncertainty {child} is below {parent}, the references combined with what they have in common",
);
static SHARES_UNKNOWN: Phrase = phrase(
    "các chuẩn đã dùng có thể có phần chung chưa ghi rõ: nếu tương quan hoàn toàn thì cần {parent}, công bố {child}",
    "the references may have parts in common that are not recorded: fully correlated they would need {parent}, claimed is {child}",
);
static NEED_SHARES: Phrase = phrase(
    "phần độ không đảm bảo chung giữa các chuẩn đã dùng (shared_with: nguồn chung và độ không đảm bảo chuẩn)",
    "the parts of uncertainty that the references share (shared_with: common source and standard uncertainty)",
);
static INDEPENDENT: Phrase = phrase(
    "các chuẩn đã dùng không có mắt xích hay điểm gốc chung",
    "the references have no link or root in common",
);
static HOLDS_WITH_SHARES: Phrase = phrase(
    "độ không đảm bảo chuẩn công bố {child} không nhỏ hơn {parent}, có tính phần chung của các chuẩn đã dùng",
    "claimed standard uncertainty {child} is not below {parent}, with what the references have in common",
);

/// U-06 for a row made with several references.
pub fn u_06(walk: &mut Walk<'_>, row: &ResultRow, inputs: &[Input]) -> Tri {
    if inputs.len() < 2 {
        return Tri::Pass;
    }
    let kind = |input: &Input| {
        let counts = input.reference.role == ReferenceRole::Main
            && matches!(input.contributions[0], Contribution::Known(_) | Contribution::OfMean(_));
        if counts { kind_of(walk, input) } else { None }
    };
    // There are fewer kinds than would make this long.
    let of_one_kind = inputs.iter().enumerate().any(|(position, input)| {
        let own = kind(input);
        own.is_some() && inputs[..position].iter().any(|other| kind(other) == own)
    });
    let stated = inputs.iter().any(|input| !shares_of(walk, input).is_empty());
    if !of_one_kind && !stated {
        return Tri::Pass;
    }
    let subject = Subject::Calibration(row.calibration);
    let ends = if row.extent.is_point() { 1 } else { 2 };
    let twice = inputs.iter().enumerate().any(|(position, input)| {
        let own = input.resolved.target;
        let same = |other: &Input| kind(other).is_some() && other.resolved.target == own;
        matches!(own, Target::Row(_))
            && kind(input).is_some()
            && inputs[..position].iter().any(same)
    });
    let known: Option<Vec<Bounds>> =
        (0..ends).map(|end| floor_with_shares(walk, inputs, end)).collect();
    if let Some(known) = known.as_ref().filter(|_| stated || twice) {
        let floor = |end: usize| known.get(end).copied().unwrap_or(Bounds::exact(0.0));
        let Some((below, facts)) = compare(walk, row, floor) else { return Tri::Pass };
        if below {
            return walk.note(Note::fail(&U_06, subject, &BELOW_WITH_SHARES).facts(&facts));
        }
        if stated {
            return walk.note(Note::pass_with(&U_06, subject, &HOLDS_WITH_SHARES).facts(&facts));
        }
    }
    let fully = |end: usize| floor_if_shared(walk, inputs, end, |_, whole| whole);
    let Some((mut below, mut facts)) = compare(walk, row, fully) else { return Tri::Pass };
    if below {
        match ancestry(walk, inputs) {
            Ancestry::RowsOrUnknown => {}
            Ancestry::Nothing if stated => {}
            Ancestry::Nothing => {
                return walk.note(Note::pass_with(&U_06, subject, &INDEPENDENT));
            }
            Ancestry::Roots(roots) => {
                let of_roots = |end: usize| {
                    floor_if_shared(walk, inputs, end, |term, _| {
                        let value = match inputs[term.input].resolved.target {
                            Target::Row(parent) => numbers::value_of(walk.evidence.result(parent)),
                            _ => None,
                        };
                        let reach = |root: &RealisationIndex| reach(walk, *root, value);
                        roots.iter().map(reach).fold(0.0, f64::max) * term.scale
                    })
                };
                let Some(compared) = compare(walk, row, of_roots) else { return Tri::Pass };
                (below, facts) = compared;
            }
        }
    }
    let note = match below {
        true => Note::unknown(&U_06, subject, &SHARES_UNKNOWN, &NEED_SHARES),
        false => Note::pass_with(&U_06, subject, &HOLDS_WITH_SHARES),
    };
    walk.note(note.facts(&facts))
}

/// Whether standards of this type drift so much that a limit has to be stated.
pub fn drifts_by_type(standard_type: Option<StandardType>) -> bool {
    matches!(
        standard_type,
        Some(
            StandardType::Zener
                | StandardType::Resistor
                | StandardType::QuartzOscillator
                | StandardType::Rubidium
                | StandardType::Thermistor
                | StandardType::GasCylinder
        )
    )
}

static BELOW_WITH_DRIFT: Phrase = phrase(
    "độ không đảm bảo chuẩn công bố {child} nhỏ hơn {parent} của chuẩn khi sử dụng: {certificate} trên giấy chứng nhận và {drift} do trôi trong {days} ngày",
    "claimed standard uncertainty {child} is below the reference's {parent} at its use: {certificate} on its certificate and {drift} of drift in {days} days",
);
static HOLDS_WITH_DRIFT: Phrase = phrase(
    "độ không đảm bảo chuẩn công bố {child} không nhỏ hơn {parent} của chuẩn khi sử dụng, sau {days} ngày trôi",
    "claimed standard uncertainty {child} is not below the reference's {parent} at its use, after {days} days of drift",
);
static DRIFT_UNKNOWN: Phrase = phrase(
    "chuẩn {standard} thuộc loại {kind} có trôi nhưng không nêu giới hạn trôi; đã dùng sau {days} ngày",
    "standard {standard} is a {kind}, which drifts, and states no limit of drift; it was used after {days} days",
);
static NEED_DRIFT: Phrase = phrase(
    "giới hạn trôi mỗi năm của chuẩn đó (từ lịch sử hiệu chuẩn hoặc nhà sản xuất)",
    "that standard's limit of drift a year (from its history of calibrations or its maker)",
);

/// U-07 at a link.
pub fn u_07(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    input: &Input,
    alone: bool,
) -> Tri {
    let Target::Row(parent) = input.resolved.target else { return Tri::Pass };
    let parent = walk.evidence.result(parent);
    let parent_calibration = walk.evidence.calibration(parent.calibration);
    let days = numbers::days_since(parent_calibration, calibration.performed_to);
    let Some(standard) = parent_calibration.item.filter(|_| days > 0) else { return Tri::Pass };
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Calibration(parent.calibration));
    let days = fact("days", FactValue::Count(days.unsigned_abs()));
    if numbers::drift_limit(walk.evidence, standard, parent.kind).is_none() {
        let standard_type = walk.evidence.standard(standard).standard_type;
        let Some(name) = standard_type.filter(|_| drifts_by_type(standard_type)) else {
            return Tri::Pass;
        };
        let facts = [
            fact("standard", FactValue::Record(Subject::Standard(standard))),
            fact("kind", FactValue::Word(name.as_str())),
            days,
        ];
        let note = Note::unknown(&U_07, subject, &DRIFT_UNKNOWN, &NEED_DRIFT);
        return walk.note(note.against(against).facts(&facts));
    }
    let by_itself = matches!(model(walk, row, input), Some(Model::Identity | Model::Ratio));
    if !alone && !by_itself {
        return Tri::Pass;
    }
    let Ok(own) = walk.normalised(row) else { return Tri::Pass };
    let unit = shown_in(row);
    let mut said = None;
    for (end, x) in row.extent.ends().enumerate() {
        let Contribution::Known(in_use) = input.contributions[end] else { return Tri::Pass };
        let drift = input.drifts[end];
        let without = |u: f64| (u * u - drift * drift).max(0.0).sqrt();
        let certificate = Bounds {
            lower: without(in_use.lower),
            value: without(in_use.value),
            upper: without(in_use.upper),
        };
        let claimed = own.standard_at(row, x);
        if claimed.surely_less_than(certificate) {
            return Tri::Pass;
        }
        let below = claimed.surely_less_than(in_use);
        if below || said.is_none() {
            let facts = [
                fact("child", FactValue::Quantity(claimed.value, unit)),
                fact("parent", FactValue::Quantity(in_use.value, unit)),
                fact("certificate", FactValue::Quantity(certificate.value, unit)),
                fact("drift", FactValue::Quantity(drift, unit)),
                days,
            ];
            said = Some((below, facts));
        }
        if below {
            break;
        }
    }
    let Some((below, facts)) = said else { return Tri::Pass };
    let note = match below {
        true => Note::fail(&U_07, subject, &BELOW_WITH_DRIFT),
        false => Note::pass_with(&U_07, subject, &HOLDS_WITH_DRIFT),
    };
    walk.note(note.against(against).facts(&facts))
}

static BUDGET_TOO_SMALL: Phrase = phrase(
    "bảng thành phần ghi {budget} cho chuẩn này, giấy chứng nhận của chuẩn cho u = {certificate}",
    "the budget enters {budget} for this reference, its certificate gives u = {certificate}",
);
static BUDGET_CARRIES: Phrase = phrase(
    "bảng thành phần ghi {budget}, không nhỏ hơn u = {certificate} của giấy chứng nhận",
    "the budget enters {budget}, not below the certificate's u = {certificate}",
);
static EXPANDED_ENTERED: Phrase = phrase(
    "bảng thành phần ghi {budget}: đó là độ không đảm bảo mở rộng in trên giấy chứng nhận (u = {certificate})",
    "the budget enters {budget}, which is the expanded uncertainty as printed (u = {certificate})",
);
static BUDGET_OF_OTHER_UNIT: Phrase = phrase(
    "số liệu trong bảng thành phần có đơn vị {unit}, không so sánh được với độ không đảm bảo của chuẩn",
    "the budget's figure is in {unit}, which cannot be compared with the reference's uncertainty",
);
static NEED_BUDGET: Phrase = phrase(
    "độ không đảm bảo chuẩn của chuẩn này trong bảng thành phần, theo đơn vị của chuẩn",
    "the standard uncertainty entered for this reference, in the reference's own unit",
);

/// U-08 at a link.
pub fn u_08(walk: &mut Walk<'_>, row: &ResultRow, input: &Input) -> Tri {
    let detail = walk.evidence.reference_detail(&input.reference);
    let Some(figure) = detail.and_then(|detail| detail.budget) else { return Tri::Pass };
    let subject = Subject::Calibration(row.calibration);
    let against = match input.resolved.target {
        Target::Row(parent) => Subject::Calibration(walk.evidence.result(parent).calibration),
        Target::Realisation(root) => Subject::Realisation(root),
        _ => return Tri::Pass,
    };
    let mut smallest: Option<(Bounds, Bounds, f64)> = None;
    for x in row.extent.ends() {
        let (u, divisor) = match input.resolved.target {
            Target::Row(parent) => {
                let parent = walk.evidence.result(parent);
                let Ok(normalised) = walk.normalised(parent) else { return Tri::Pass };
                let at = if parent.extent.is_point() { parent.extent.upper } else { x };
                let drifts = input.drifts.iter().any(|drift| *drift > 0.0);
                let divisor = if drifts { 1.0 } else { normalised.divisor };
                (normalised.standard_at(parent, at), divisor)
            }
            Target::Realisation(root) => {
                let Some((figure, relative)) = walk.evidence.realisation(root).uncertainty else {
                    return Tri::Pass;
                };
                let scale = if relative { x.abs() } else { 1.0 };
                (Bounds::measured(walk.evidence, figure).scaled(scale), 1.0)
            }
            _ => return Tri::Pass,
        };
        let Some(budget) = budget_of(walk, input, x) else {
            let facts = [fact("unit", FactValue::Unit(figure.unit))];
            let note = Note::unknown(&U_08, subject, &BUDGET_OF_OTHER_UNIT, &NEED_BUDGET);
            return walk.note(note.against(Some(against)).facts(&facts));
        };
        if smallest.is_none_or(|(_, before, _)| u.value < before.value) {
            smallest = Some((budget, u, divisor));
        }
    }
    let Some((budget, u, divisor)) = smallest.filter(|(_, u, _)| u.value.is_finite()) else {
        return Tri::Pass;
    };
    let unit = match walk.evidence.unit(figure.unit).dimension() {
        UnitDimension::DIMENSIONLESS => match input.resolved.target {
            Target::Row(parent) => shown_in(walk.evidence.result(parent)),
            _ => shown_in(row),
        },
        _ => figure.unit,
    };
    let facts = [
        fact("budget", FactValue::Quantity(budget.value, unit)),
        fact("certificate", FactValue::Quantity(u.value, unit)),
    ];
    let expanded = u.scaled(divisor);
    let is_expanded = divisor >= 1.5
        && u.surely_less_than(budget)
        && !budget.surely_less_than(expanded)
        && !expanded.surely_less_than(budget);
    let note = match budget.surely_less_than(u) {
        true => Note::fail(&U_08, subject, &BUDGET_TOO_SMALL),
        false if is_expanded => Note::remark(&U_08, subject, &EXPANDED_ENTERED),
        false => Note::pass_with(&U_08, subject, &BUDGET_CARRIES),
    };
    walk.note(note.against(Some(against)).facts(&facts))
}

static TOO_MANY_DIGITS: Phrase = phrase(
    "độ không đảm bảo đo {figure} của dòng {row} có {count} chữ số có nghĩa, nhiều hơn hai",
    "the uncertainty {figure} of row {row} has {count} significant digits, more than two",
);
static OTHER_PLACE: Phrase = phrase(
    "giá trị và độ không đảm bảo đo {figure} của dòng {row} không kết thúc ở cùng hàng thập phân",
    "value and uncertainty {figure} of row {row} do not end at the same decimal place",
);

/// U-09 for a row of a certificate that claims recognition.
pub fn u_09(walk: &mut Walk<'_>, index: ResultIndex, row: &ResultRow) {
    let Some(uncertainty) = row.uncertainty() else { return };
    let evidence = walk.evidence;
    let Some((first, last, count)) = numbers::significant_digits(evidence, uncertainty.figure, 0.0)
    else {
        return;
    };
    let subject = Subject::Result(index);
    let facts = [
        fact("figure", FactValue::Quantity(uncertainty.figure.si, uncertainty.figure.unit)),
        fact("row", FactValue::Text(row.name)),
        fact("count", FactValue::Count(count)),
    ];
    let relative = uncertainty.mode == Some(Mode::Relative);
    let other_place = match row.value().filter(|_| !relative) {
        Some(value) => {
            let unit = evidence.unit(value.unit);
            let shift = (unit.factor() / evidence.unit(uncertainty.figure.unit).factor()).log10();
            let on_scale = matches!(row.value_is, ValueIs::Actual | ValueIs::Indication);
            let offset = if on_scale { unit.offset() } else { 0.0 };
            let ends = numbers::significant_digits(evidence, value, offset)
                .map_or((value.last_digit, value.last_digit), |(first, last, _)| (first, last));
            let decimal = (shift - shift.round()).abs() < 1e-9;
            let place = |digit: i8| f64::from(digit) + shift.round();
            decimal && (place(ends.1) < f64::from(first) || place(ends.0) > f64::from(last))
        }
        None => false,
    };
    let note = match (count > 2, other_place) {
        (true, _) => Note::fail(&U_09, subject, &TOO_MANY_DIGITS),
        (false, true) => Note::fail(&U_09, subject, &OTHER_PLACE),
        (false, false) => Note::pass(&U_09, subject),
    };
    walk.note(note.facts(&facts));
}

static BUDGET_DISAGREES: Phrase = phrase(
    "bảng thành phần tổng hợp được {sum}, giấy chứng nhận cho u = {child}",
    "the budget combines to {sum}, the certificate gives u = {child}",
);
static BUDGET_AGREES: Phrase = phrase(
    "bảng thành phần tổng hợp được {sum}, khớp với u = {child} của giấy chứng nhận",
    "the budget combines to {sum}, in agreement with the certificate's u = {child}",
);

/// √Σ(c_i u_i)² of a budget; none where a figure or a sensitivity is missing, entered for several
/// rows, or shared.
fn sum_of_budget(walk: &Walk<'_>, row: &ResultRow, inputs: &[Input], x: f64) -> Option<Bounds> {
    let rows = walk.evidence.results.of(row.calibration.position()).len();
    let (mut sum, mut mean) = (Bounds::exact(0.0), Bounds::exact(0.0));
    for input in inputs {
        let figure = budget_of(walk, input, x)?;
        let for_this_row = rows == 1 || input.reference.rows.count_ones() == 1;
        if !for_this_row || !shares_of(walk, input).is_empty() {
            return None;
        }
        if input.reference.model == Some(Model::Mean) {
            mean.lower += figure.lower.powi(-2);
            mean.value += figure.value.powi(-2);
            mean.upper += figure.upper.powi(-2);
            continue;
        }
        let sensitivity = input.sensitivities[0].abs();
        if sensitivity.is_nan() {
            return None;
        }
        sum = sum.in_quadrature(figure.scaled(sensitivity));
    }
    if mean.value == 0.0 {
        return Some(sum);
    }
    Some(sum.in_quadrature(Bounds {
        lower: mean.lower.powf(-0.5),
        value: mean.value.powf(-0.5),
        upper: mean.upper.powf(-0.5),
    }))
}

/// U-10 for a row.
pub fn u_10(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    inputs: &[Input],
) -> Tri {
    const AGREEMENT: f64 = 0.05;
    let entered = |input: &Input| {
        let detail = walk.evidence.reference_detail(&input.reference);
        detail.is_some_and(|detail| detail.budget.is_some())
    };
    if inputs.is_empty() || !row.extent.is_point() || !inputs.iter().all(entered) {
        return Tri::Pass;
    }
    let x = row.extent.upper;
    let Some(sum) = sum_of_budget(walk, row, inputs, x) else { return Tri::Pass };
    let Ok(own) = walk.normalised(row) else { return Tri::Pass };
    let claimed = own.standard_at(row, x);
    if !(sum.value.is_finite() && claimed.value.is_finite()) {
        return Tri::Pass;
    }
    let detail = walk.evidence.calibration_detail(calibration);
    let full = detail.is_some_and(|detail| detail.full_budget);
    let allowed = AGREEMENT * claimed.value * (1.0 + Extent::SLACK);
    let apart = (claimed.value - sum.value).abs() > allowed;
    let above = apart && claimed.surely_less_than(sum);
    let below = apart && sum.surely_less_than(claimed);
    if below && !full {
        return Tri::Pass;
    }
    let subject = Subject::Calibration(row.calibration);
    let unit = shown_in(row);
    let facts = [
        fact("sum", FactValue::Quantity(sum.value, unit)),
        fact("child", FactValue::Quantity(claimed.value, unit)),
    ];
    let note = match above || below {
        true => Note::fail(&U_10, subject, &BUDGET_DISAGREES),
        false => Note::pass_with(&U_10, subject, &BUDGET_AGREES),
    };
    walk.note(note.facts(&facts))
}

/// What U-11 makes of a row that states conformity in place of an uncertainty.
enum Conformity {
    Accepted(f64),
    NoLimit,
    NoRule,
    NotConforming,
    NotCompetent(Tri),
}

/// Judges a row that states conformity in place of an uncertainty; none for any other row.
fn conformity(walk: &Walk<'_>, row: &ResultRow) -> Option<Conformity> {
    if row.uncertainty().is_some() {
        return None;
    }
    let evidence = walk.evidence;
    let calibration = evidence.calibration(row.calibration);
    let stated = evidence.result_detail(row).and_then(|detail| detail.conformity.as_deref());
    match (calibration.kind, stated) {
        (CalibrationKind::ConformityOnly, _) | (CalibrationKind::LegalVerification, Some(_)) => {}
        _ => return None,
    }
    let conforms = matches!(
        stated.and_then(|stated| stated.statement),
        Some(ConformityStatement::Pass | ConformityStatement::ConditionalPass)
    );
    let limits = stated.map(|stated| stated.limits).filter(Extent::is_closed);
    let half_width = limits
        .map(|limits| (limits.upper - limits.lower) / 2.0)
        .or_else(|| fitness::maximum_permissible_error(evidence, row))
        .filter(|half_width| *half_width > 0.0);
    let Some(half_width) = half_width else { return Some(Conformity::NoLimit) };
    if !conforms {
        return Some(Conformity::NotConforming);
    }
    if stated.and_then(|stated| stated.decision_rule).is_none() {
        return Some(Conformity::NoRule);
    }
    Some(match competence(walk, row, calibration) {
        Tri::Pass => Conformity::Accepted(half_width),
        other => Conformity::NotCompetent(other),
    })
}

/// Whether the issuer of a statement of conformity is a competent body.
fn competence(walk: &Walk<'_>, row: &ResultRow, calibration: &CalibrationRow) -> Tri {
    let evidence = walk.evidence;
    let Some(issuer) = calibration.issuer else { return Tri::Indeterminate };
    let kind = evidence.organisation(issuer).kind;
    if kind == OrganisationKind::Bipm
        || kind.is_institute()
        || viet_nam::registration(walk, issuer, row, calibration).is_some()
    {
        return Tri::Pass;
    }
    let performed = Period { from: calibration.performed_from, to: calibration.performed_to };
    let accredited = evidence
        .accreditations_of
        .of(issuer.position())
        .iter()
        .filter(|index| {
            let row = evidence.accreditation(**index);
            walk.knows(row.known_from) && row.standard == AccreditationStandard::IsoIec17025
        })
        .map(|index| accreditation::activity(walk, *index, performed))
        .fold(Tri::Fail, Tri::or);
    let detail = evidence.calibration_detail(calibration);
    let by_evidence = match detail.and_then(|detail| detail.competence) {
        Some((CompetenceDecision::Accepted, true)) => Tri::Pass,
        Some((CompetenceDecision::Refused, _)) | None => Tri::Fail,
        Some(_) => Tri::Indeterminate,
    };
    accredited.or(by_evidence)
}

/// Whether U-11 accepts a row: a statement of conformity that stands for a value and an uncertainty.
pub fn u_11_accepts(walk: &Walk<'_>, row: &ResultRow) -> bool {
    matches!(conformity(walk, row), Some(Conformity::Accepted(_)))
}

/// The standard uncertainty of a row that U-11 accepts: L/√3, exact like the limits.
pub fn from_conformity(walk: &Walk<'_>, row: &ResultRow) -> Option<Normalised> {
    let Some(Conformity::Accepted(half_width)) = conformity(walk, row) else { return None };
    Some(Normalised {
        figure: Bounds::exact(half_width / 3f64.sqrt()),
        divisor: 1.0,
        relative: false,
        assumed: false,
        bipm: false,
        coverage: Coverage { factor: None, probability: None, degrees_of_freedom: None },
        kind: UncertaintyKind::Standard,
    })
}

static CONFORMITY_ACCEPTED: Phrase = phrase(
    "dòng {row} chỉ công bố phù hợp trong giới hạn ±{limit}: chấp nhận có điều kiện với u = {u} (L/√3)",
    "row {row} only states conformity within ±{limit}: accepted on condition, with u = {u} (L/√3)",
);
static NO_LIMIT: Phrase = phrase(
    "dòng {row} chỉ công bố phù hợp mà không nêu giới hạn: không có độ không đảm bảo đo nào suy ra được",
    "row {row} only states conformity and gives no limits: no uncertainty follows from it",
);
static NO_RULE: Phrase = phrase(
    "dòng {row} chỉ công bố phù hợp mà không nêu quy tắc ra quyết định",
    "row {row} only states conformity and gives no decision rule",
);
static NOT_CONFORMING: Phrase = phrase(
    "dòng {row} không công bố là phù hợp: giới hạn không cho biết giá trị",
    "row {row} does not state that the item conforms: its limits say nothing of the value",
);
static NOT_COMPETENT: Phrase = phrase(
    "tổ chức công bố phù hợp không được công nhận, đăng ký, chỉ định và không có bằng chứng năng lực được chấp nhận",
    "the body that states conformity is not accredited, registered or designated and has no accepted evidence of competence",
);
static COMPETENCE_OPEN: Phrase = phrase(
    "chưa rõ năng lực của tổ chức công bố phù hợp",
    "the competence of the body that states conformity is not settled",
);
static NEED_CALIBRATED: Phrase = phrase(
    "giới hạn, quy tắc ra quyết định và năng lực của tổ chức cấp; hoặc giấy chứng nhận hiệu chuẩn có giá trị và độ không đảm bảo đo",
    "limits, decision rule and the issuer's competence; or a calibration certificate with value and uncertainty",
);

/// U-11 for a row; none where it states an uncertainty or no conformity.
fn u_11(walk: &mut Walk<'_>, index: ResultIndex, row: &ResultRow) -> Option<Tri> {
    let judged = conformity(walk, row)?;
    let subject = Subject::Result(index);
    let unit = row.value().map_or(row.extent_unit, |value| value.unit);
    let limit = match judged {
        Conformity::Accepted(limit) => limit,
        _ => f64::NAN,
    };
    let facts = [
        fact("row", FactValue::Text(row.name)),
        fact("limit", FactValue::Quantity(limit, unit)),
        fact("u", FactValue::Quantity(limit / 3f64.sqrt(), unit)),
    ];
    let failed = |message| Note::fail(&U_11, subject, message).settled_by(&NEED_CALIBRATED);
    let (note, facts) = match judged {
        Conformity::Accepted(_) => (Note::remark(&U_11, subject, &CONFORMITY_ACCEPTED), &facts[..]),
        Conformity::NoLimit => (failed(&NO_LIMIT), &facts[..1]),
        Conformity::NoRule => (failed(&NO_RULE), &facts[..1]),
        Conformity::NotConforming => (failed(&NOT_CONFORMING), &facts[..1]),
        Conformity::NotCompetent(Tri::Indeterminate) => {
            (Note::unknown(&U_11, subject, &COMPETENCE_OPEN, &NEED_CALIBRATED), &facts[..1])
        }
        Conformity::NotCompetent(_) => (failed(&NOT_COMPETENT), &facts[..1]),
    };
    Some(walk.note(note.facts(facts)))
}
