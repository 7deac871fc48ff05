//! Area U: uncertainty along the chain.

use crate::domain::calibration::{Model, ReferenceRole};
use crate::domain::quantity::Scale;
use crate::domain::uncertainty::UncertaintyKind;
use crate::engine::evidence::*;
use crate::engine::finding::{
    Dimension, Fact, FactValue, Phrase, Rule, Severity, Source, Subject, Tag, fact, phrase,
};
use crate::engine::numbers::{self, Bounds, Uninterpretable};
use crate::engine::tri::Tri;
use crate::engine::walk::{Contribution, Input, Note, Walk, Weight};

/// U-01: every row used has a value and an uncertainty that can be interpreted: figure, kind,
/// coverage and mode. Without an uncertainty at all the chain is broken; anything else missing is
/// indeterminate. Critical. VIM 2.41 \[F\]: each calibration contributes to the uncertainty.
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
/// drift since the parent's calibration in u_use. Decided only where the written digits leave no
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
static NEED_MODE: Phrase = phrase(
    "độ không đảm bảo đo là tuyệt đối hay tương đối, và so với giá trị nào",
    "whether the uncertainty is absolute or relative, and to what",
);
static NEED_VALUE: Phrase =
    phrase("giá trị của dòng kết quả (hỏi tổ chức cấp)", "the value of the row (ask the issuer)");
static NO_VALUE: Phrase = phrase("dòng kết quả {row} không có giá trị", "row {row} has no value");

/// U-01 for a row.
pub fn u_01(walk: &mut Walk<'_>, index: ResultIndex, row: &ResultRow) -> Tri {
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
        Err(Uninterpretable::Mode) => {
            walk.note(Note::unknown(&U_01, subject, &UNCLEAR, &NEED_MODE).facts(&what("mode")))
        }
        Ok(normalised)
            if normalised.relative && !numbers::magnitude(row, row.extent.upper).is_finite() =>
        {
            walk.note(Note::unknown(&U_01, subject, &UNCLEAR, &NEED_MODE).facts(&what("mode")))
        }
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
}

fn brought(
    walk: &Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    input: &Input,
    at_childs_point: bool,
    x: f64,
) -> Brought {
    let budget = walk
        .evidence
        .reference_detail(&input.reference)
        .and_then(|detail| detail.budget)
        .map(|budget| budget.si);
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
            Brought { u, for_share: for_share.filter(|_| stated), value: numbers::value_of(parent) }
        }
        Target::Realisation(index) => {
            let root = walk.evidence.realisation(index);
            let value = root.range.filter(Extent::is_point).map(|range| range.lower);
            let u = root.uncertainty.map(|(figure, relative)| {
                let scale = if relative { x.abs() } else { 1.0 };
                Bounds::measured(walk.evidence, figure).scaled(scale)
            });
            let figures = [u.map(|u| u.value), budget];
            Brought { u, for_share: figures.into_iter().flatten().reduce(f64::max), value }
        }
        _ => Brought { u: None, for_share: budget, value: None },
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

/// c·u of an input at a point of the row, and the figure for its share.
fn contribution(
    walk: &Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    input: &Input,
    x: f64,
) -> (Contribution, Option<f64>) {
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
        return (unknown, None);
    };
    let for_share = brought.for_share.map(|u| factor * u);
    let contribution = match (brought.u, model) {
        (None, _) => Contribution::None,
        // A relative uncertainty of a row that states no point is relative to nothing.
        (Some(u), _) if !(u.value * factor).is_finite() => Contribution::ModelUnknown,
        (Some(u), Some(Model::Mean)) => Contribution::OfMean(u),
        (Some(u), _) => Contribution::Known(u.scaled(factor)),
    };
    (contribution, for_share)
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
            let (contribution, for_share) = contribution(walk, row, calibration, input, x);
            input.contributions[end] = contribution;
            if let Contribution::OfMean(u) = contribution {
                weights_of_mean += u.value.powi(-2);
            }
            figures.push(for_share);
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
fn shown_in(row: &ResultRow) -> UnitIndex {
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
