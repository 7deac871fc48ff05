//! Area F: fitness for the use and decisions.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::domain::calibration::{ConformityStatement, ValueIs};
use crate::domain::claim::ValueUsed;
use crate::engine::evidence::*;
use crate::engine::finding::{
    Dimension, FactValue, Phrase, Rule, Severity, Source, Subject, Tag, fact, phrase,
};
use crate::engine::numbers::{self, Bounds};
use crate::engine::report::unit_of;
use crate::engine::tri::Tri;
use crate::engine::verify::Question;
use crate::engine::walk::{Note, Walk};

/// F-01: U95 at the use (drift since the calibration included) is within what the use requires;
/// with the nominal value in use, its difference from the certified one adds to U95. The
/// requirement is exact. What is within it by the certificate alone is indeterminate where the
/// standard is of a type that drifts and states no limit (U-07). Traceability does not ensure fitness (VIM 2.41 NOTE 5 \[F\]). Major.
pub static F_01: Rule = Rule {
    id: "F-01",
    statement: phrase(
        "độ không đảm bảo đo đáp ứng yêu cầu sử dụng",
        "the uncertainty is adequate for the use",
    ),
    severity: Severity::Major,
    dimension: Dimension::Fitness,
    source: Source::new("VIM", "2.41 NOTE 5", Tag::Official),
    optional_input: true,
};

/// F-02: the tolerance of a row with a statement of conformity is wide enough for its uncertainty:
/// half-width over U95 is not surely below `tur_min` of the policy. It applies where both limits are
/// stated; the class of a weight is rule F-03's. The tolerance and the policy's ratio are exact.
/// Minor. ANSI/NCSL Z540.3 \[K\].
pub static F_02: Rule = Rule {
    id: "F-02",
    statement: phrase(
        "dung sai đủ rộng so với độ không đảm bảo đo",
        "the tolerance is wide enough for the uncertainty",
    ),
    severity: Severity::Minor,
    dimension: Dimension::Fitness,
    source: Source::new("ANSI/NCSL Z540.3", "", Tag::Knowledge),
    optional_input: true,
};

/// F-03: a weight keeps the class that its record gives: U ≤ mpe/3 and |m_c − m_0| ≤ mpe − U, with
/// the maximum permissible errors of the Recommendation, which are exact. It speaks for conventional
/// mass at a nominal value of the table. A class that nobody asked for is only said where it holds;
/// where it does not, it fails fitness in any case, because the record claims the class. Whether the
/// second condition binds class E1, whose users apply the certified value, is a doubt: it is applied
/// to all classes. Classes M1-2 and M2-3 (from 50 kg) are left out. Major. OIML R 111-1 5.2, 5.3
/// \[K\].
pub static F_03: Rule = Rule {
    id: "F-03",
    statement: phrase(
        "quả cân đáp ứng cấp chính xác theo OIML R 111",
        "the weight keeps its class of OIML R 111",
    ),
    severity: Severity::Major,
    dimension: Dimension::Fitness,
    source: Source::new("OIML R 111-1", "5.2, 5.3", Tag::Knowledge),
    optional_input: true,
};

/// F-04: a statement of conformity says to which specification, within which limits and by which
/// decision rule; what a statement leaves out fails it, since it is the statement that has to say.
/// Limits may be those of the weight's class. Major. ISO/IEC 17025 7.8.6 \[S\].
pub static F_04: Rule = Rule {
    id: "F-04",
    statement: phrase(
        "tuyên bố phù hợp nêu yêu cầu kỹ thuật, giới hạn và quy tắc ra quyết định",
        "the statement of conformity gives specification, limits and decision rule",
    ),
    severity: Severity::Major,
    dimension: Dimension::Fitness,
    source: Source::new("ISO/IEC 17025:2017", "7.8.6", Tag::Secondary),
    optional_input: true,
};

/// F-05: the statement of conformity is what its decision rule gives for value, limits and U
/// (`decide`). Acceptance limits that are stated decide as they stand; without a rule ISO 14253-1
/// decides. A rule in words that are not recognised contradicts a statement only where every rule
/// would, and else leaves it open. Written digits are given the benefit of the doubt: it fails only
/// when no value and uncertainty that would have been written so give what is stated. The catalogue
/// gives no severity; a statement contradicted by its own figures fails fitness, so it is major.
/// ILAC-G8 4.2 \[S\], ISO 14253-1 \[K\].
pub static F_05: Rule = Rule {
    id: "F-05",
    statement: phrase(
        "tuyên bố phù hợp đúng với quy tắc ra quyết định",
        "the statement of conformity is what its decision rule gives",
    ),
    severity: Severity::Major,
    dimension: Dimension::Fitness,
    source: Source::new("ILAC-G8:09/2019", "4.2", Tag::Secondary),
    optional_input: true,
};

/// F-06: the specific risk of a false acceptance, PFA = 1 − Φ((TL − y)/u) with the tails at both
/// limits, is at most 2.5 %, which a guard band of U (k = 2) gives. Said of statements that the item
/// conforms. Information. JCGM 106 \[K\].
pub static F_06: Rule = Rule {
    id: "F-06",
    statement: phrase(
        "rủi ro chấp nhận sai không quá 2,5 %",
        "the risk of a false acceptance is at most 2.5 %",
    ),
    severity: Severity::Info,
    dimension: Dimension::Fitness,
    source: Source::new("JCGM 106", "", Tag::Knowledge),
    optional_input: true,
};

static TOO_LARGE: Phrase = phrase(
    "độ không đảm bảo đo mở rộng khi sử dụng {u95} lớn hơn yêu cầu {required}",
    "the expanded uncertainty at the use {u95} exceeds the required {required}",
);
static ADEQUATE: Phrase = phrase(
    "độ không đảm bảo đo mở rộng khi sử dụng {u95} trong yêu cầu {required}",
    "the expanded uncertainty at the use {u95} is within the required {required}",
);
static DRIFT_UNKNOWN: Phrase = phrase(
    "{u95} theo giấy chứng nhận trong yêu cầu {required}, nhưng chuẩn loại này trôi và không nêu giới hạn trôi",
    "{u95} by the certificate is within the required {required}, but a standard of this type drifts and states no limit",
);
static NEED_DRIFT: Phrase =
    phrase("giới hạn trôi mỗi năm của chuẩn", "the standard's limit of drift a year");
static NOT_COMPUTABLE: Phrase = phrase(
    "không tính được độ không đảm bảo đo khi sử dụng",
    "the uncertainty at the use cannot be computed",
);
static NEED_UNCERTAINTY: Phrase = phrase(
    "kết quả hiệu chuẩn có độ không đảm bảo đo, và giá trị danh định nếu dùng giá trị danh định",
    "a result with its uncertainty, and the nominal value where that is used",
);

/// F-01 for the claim; none when nothing is required.
fn f_01(
    walk: &mut Walk<'_>,
    question: &Question,
    row: Option<&ResultRow>,
    wanted: Extent,
) -> Option<Tri> {
    let (required, unit) = question.required_uncertainty?;
    let subject = Subject::Standard(question.standard);
    let Some(u95) = row.and_then(|row| u95_at_use(walk, question, row, wanted)) else {
        let note = Note::unknown(&F_01, subject, &NOT_COMPUTABLE, &NEED_UNCERTAINTY);
        return Some(walk.note(note));
    };
    let facts = [
        fact("u95", FactValue::Quantity(u95.value, unit)),
        fact("required", FactValue::Quantity(required, unit)),
    ];
    let note = match Bounds::exact(required).surely_less_than(u95) {
        true => Note::fail(&F_01, subject, &TOO_LARGE),
        false if row.is_some_and(|row| drift_is_unknown(walk, question, row)) => {
            Note::unknown(&F_01, subject, &DRIFT_UNKNOWN, &NEED_DRIFT)
        }
        false => Note::pass_with(&F_01, subject, &ADEQUATE),
    };
    Some(walk.note(note.facts(&facts)))
}

/// Whether the standard drifts by its type since its calibration, without a limit being stated.
fn drift_is_unknown(walk: &Walk<'_>, question: &Question, row: &ResultRow) -> bool {
    let standard = walk.evidence.standard(question.standard);
    let calibration = walk.evidence.calibration(row.calibration);
    super::uncertainty::drifts_by_type(standard.standard_type)
        && numbers::drift_limit(walk.evidence, question.standard, row.kind).is_none()
        && numbers::days_since(calibration, question.used_on) > 0
}

fn u95_at_use(
    walk: &Walk<'_>,
    question: &Question,
    row: &ResultRow,
    wanted: Extent,
) -> Option<Bounds> {
    let normalised = walk.normalised(row).ok()?;
    let calibration = walk.evidence.calibration(row.calibration);
    let x = wanted.lower.abs().max(wanted.upper.abs());
    let days = numbers::days_since(calibration, question.used_on);
    let drift = numbers::drift(walk.evidence, Some(question.standard), row, days, x);
    let u = normalised.standard_at(row, x);
    let u = if drift == 0.0 { u } else { u.in_quadrature(Bounds::exact(drift)) };
    let u95 = u.scaled(normalised.factor_95());
    // A fraction of zero, at the zero of a range, is no uncertainty (rule Q-04).
    if !(u95.value.is_finite() && u95.value > 0.0) {
        return None;
    }
    if question.value_used == ValueUsed::Certified {
        return Some(u95);
    }
    let nominals = walk.evidence.nominals.of(question.standard.position());
    let of_kind = nominals.iter().find(|(kind, _)| *kind == row.kind).map(|(_, nominal)| *nominal);
    let nominal = of_kind.or(walk.evidence.standard(question.standard).nominal)?;
    let difference = (numbers::value_of(row)? - nominal).abs();
    Some(Bounds {
        lower: u95.lower + difference,
        value: u95.value + difference,
        upper: u95.upper + difference,
    })
}

/// The rules of fitness for a claim; none when nothing is asked or stated. Their result counts where
/// an uncertainty is required or the row states conformity; a weight that misses its class fails in
/// any case.
pub fn of_claim(
    walk: &mut Walk<'_>,
    question: &Question,
    row: Option<&ResultRow>,
    wanted: Extent,
) -> Option<Tri> {
    let required = f_01(walk, question, row, wanted);
    let Some(row) = row else { return required };
    let detail = walk.evidence.result_detail(row);
    let stated = detail.and_then(|detail| detail.conformity.as_deref()).copied();
    let asked = required.is_some() || stated.is_some_and(|stated| stated.statement.is_some());
    let of_class = f_03(walk, row, asked);
    let of_class = of_class.filter(|state| asked || *state == Tri::Fail);
    let of_statement = stated.filter(|_| asked).and_then(|stated| conformity(walk, row, &stated));
    [required, of_class, of_statement].into_iter().flatten().reduce(Tri::and)
}

/// F-02, F-04, F-05 and F-06 for a row with a statement of conformity.
fn conformity(walk: &mut Walk<'_>, row: &ResultRow, stated: &ConformityRow) -> Option<Tri> {
    let u95 = u95_of(walk, row);
    let tolerance = f_02(walk, row, stated, u95);
    let Some(statement) = stated.statement else { return tolerance };
    let documented = f_04(walk, row, stated);
    let deviation = Deviation::of(walk.evidence, row, stated);
    let decided =
        deviation.as_ref().map(|deviation| f_05(walk, row, stated, statement, deviation, u95));
    if let Some(deviation) = &deviation
        && matches!(statement, ConformityStatement::Pass | ConformityStatement::ConditionalPass)
    {
        f_06(walk, row, deviation);
    }
    [tolerance, Some(documented), decided].into_iter().flatten().reduce(Tri::and)
}

/// The expanded uncertainty of a row at about 95 %, as certified.
fn u95_of(walk: &Walk<'_>, row: &ResultRow) -> Option<Bounds> {
    row.uncertainty()?;
    let normalised = walk.normalised(row).ok()?;
    let u95 = normalised.standard_at(row, row.extent.upper).scaled(normalised.factor_95());
    u95.value.is_finite().then_some(u95)
}

/// Unit in which figures of a row are shown beside its uncertainty.
fn shown_in(row: &ResultRow) -> UnitIndex {
    unit_of(row).or(row.value().map(|value| value.unit)).unwrap_or(row.extent_unit)
}

static TOLERANCE_TOO_NARROW: Phrase = phrase(
    "nửa dung sai {tolerance} chỉ bằng {ratio} lần độ không đảm bảo đo mở rộng {u95}, cần ít nhất {required}",
    "the tolerance's half-width {tolerance} is only {ratio} times the expanded uncertainty {u95}; at least {required} is asked",
);
static TOLERANCE_WIDE: Phrase = phrase(
    "nửa dung sai {tolerance} bằng {ratio} lần độ không đảm bảo đo mở rộng {u95}, cần ít nhất {required}",
    "the tolerance's half-width {tolerance} is {ratio} times the expanded uncertainty {u95}; at least {required} is asked",
);

/// F-02 for a row with both limits.
fn f_02(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    stated: &ConformityRow,
    u95: Option<Bounds>,
) -> Option<Tri> {
    let u95 = u95.filter(|_| stated.limits.is_closed())?;
    let tolerance = (stated.limits.upper - stated.limits.lower) / 2.0;
    let unit = shown_in(row);
    let required = walk.policy.tur_min;
    let facts = [
        fact("tolerance", FactValue::Quantity(tolerance, unit)),
        fact("ratio", FactValue::Number(tolerance / u95.value)),
        fact("u95", FactValue::Quantity(u95.value, unit)),
        fact("required", FactValue::Number(required)),
    ];
    let subject = Subject::Calibration(row.calibration);
    let note = match Bounds::exact(tolerance).surely_less_than(u95.scaled(required)) {
        true => Note::fail(&F_02, subject, &TOLERANCE_TOO_NARROW),
        false => Note::pass_with(&F_02, subject, &TOLERANCE_WIDE),
    };
    Some(walk.note(note.facts(&facts)))
}

/// Classes of OIML R 111-1, in the order of the columns of its table 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WeightClass {
    E1,
    E2,
    F1,
    F2,
    M1,
    M2,
    M3,
}

impl WeightClass {
    /// The class that a text names, such as `F1` or `OIML F1`. None for the classes between.
    fn parse(text: &str) -> Option<Self> {
        let text = text.to_uppercase();
        let mut words =
            text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | ':'));
        words.find_map(|word| match word {
            "E1" => Some(Self::E1),
            "E2" => Some(Self::E2),
            "F1" => Some(Self::F1),
            "F2" => Some(Self::F2),
            "M1" => Some(Self::M1),
            "M2" => Some(Self::M2),
            "M3" => Some(Self::M3),
            _ => None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::E1 => "E1",
            Self::E2 => "E2",
            Self::F1 => "F1",
            Self::F2 => "F2",
            Self::M1 => "M1",
            Self::M2 => "M2",
            Self::M3 => "M3",
        }
    }
}

/// OIML R 111-1, table 1, from 1 mg to 50 kg: nominal value in grams and maximum permissible errors
/// in milligrams by class; 0 where the class has none.
const MAXIMUM_PERMISSIBLE_ERRORS: [(f64, [f64; 7]); 24] = [
    (0.001, [0.003, 0.006, 0.020, 0.06, 0.20, 0.0, 0.0]),
    (0.002, [0.003, 0.006, 0.020, 0.06, 0.20, 0.0, 0.0]),
    (0.005, [0.003, 0.006, 0.020, 0.06, 0.20, 0.0, 0.0]),
    (0.01, [0.003, 0.008, 0.025, 0.08, 0.25, 0.0, 0.0]),
    (0.02, [0.003, 0.010, 0.03, 0.10, 0.3, 0.0, 0.0]),
    (0.05, [0.004, 0.012, 0.04, 0.12, 0.4, 0.0, 0.0]),
    (0.1, [0.005, 0.016, 0.05, 0.16, 0.5, 1.6, 0.0]),
    (0.2, [0.006, 0.020, 0.06, 0.20, 0.6, 2.0, 0.0]),
    (0.5, [0.008, 0.025, 0.08, 0.25, 0.8, 2.5, 0.0]),
    (1.0, [0.010, 0.03, 0.10, 0.3, 1.0, 3.0, 10.0]),
    (2.0, [0.012, 0.04, 0.12, 0.4, 1.2, 4.0, 12.0]),
    (5.0, [0.016, 0.05, 0.16, 0.5, 1.6, 5.0, 16.0]),
    (10.0, [0.020, 0.06, 0.20, 0.6, 2.0, 6.0, 20.0]),
    (20.0, [0.025, 0.08, 0.25, 0.8, 2.5, 8.0, 25.0]),
    (50.0, [0.03, 0.10, 0.3, 1.0, 3.0, 10.0, 30.0]),
    (100.0, [0.05, 0.16, 0.5, 1.6, 5.0, 16.0, 50.0]),
    (200.0, [0.10, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0]),
    (500.0, [0.25, 0.8, 2.5, 8.0, 25.0, 80.0, 250.0]),
    (1000.0, [0.5, 1.6, 5.0, 16.0, 50.0, 160.0, 500.0]),
    (2000.0, [1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0]),
    (5000.0, [2.5, 8.0, 25.0, 80.0, 250.0, 800.0, 2500.0]),
    (10_000.0, [5.0, 16.0, 50.0, 160.0, 500.0, 1600.0, 5000.0]),
    (20_000.0, [10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 10_000.0]),
    (50_000.0, [25.0, 80.0, 250.0, 800.0, 2500.0, 8000.0, 25_000.0]),
];

/// The class of the weight of a row, and its maximum permissible error in kilograms.
fn class_of(evidence: &Evidence, row: &ResultRow) -> Option<(WeightClass, f64)> {
    const GRAM: f64 = 1e-3;
    const MILLIGRAM: f64 = 1e-6;
    const SAME_NOMINAL: f64 = 1e-9;
    if !row.extent.is_point() || row.kind.id() != "conventional_mass" {
        return None;
    }
    let piece = evidence.result_detail(row).and_then(|detail| detail.item);
    let standard = piece.or(evidence.calibration(row.calibration).item)?;
    let classes = evidence.accuracy_classes.of(standard.position());
    let own = classes.iter().find(|(kind, _)| *kind == Some(row.kind));
    let (_, class) = own.or_else(|| classes.iter().find(|(kind, _)| kind.is_none()))?;
    let class = WeightClass::parse(evidence.text(*class))?;
    let nominal = row.extent.lower / GRAM;
    let (_, errors) = MAXIMUM_PERMISSIBLE_ERRORS
        .iter()
        .find(|(known, _)| (nominal - known).abs() <= SAME_NOMINAL * known)?;
    let error = errors.get(class as usize).copied().filter(|error| *error > 0.0)?;
    Some((class, error * MILLIGRAM))
}

/// The maximum permissible error of the weight of a row by its class, in kilograms (OIML R 111-1).
pub fn maximum_permissible_error(evidence: &Evidence, row: &ResultRow) -> Option<f64> {
    class_of(evidence, row).map(|(_, error)| error)
}

static CLASS_UNCERTAINTY: Phrase = phrase(
    "quả cân cấp {class}: U = {u95} lớn hơn một phần ba sai số lớn nhất cho phép ±{mpe}",
    "weight of class {class}: U = {u95} exceeds one third of the maximum permissible error ±{mpe}",
);
static CLASS_DEVIATION: Phrase = phrase(
    "quả cân cấp {class}: độ lệch {deviation} so với danh định lớn hơn sai số lớn nhất cho phép ±{mpe} trừ U = {u95}",
    "weight of class {class}: the deviation {deviation} from nominal exceeds the maximum permissible error ±{mpe} less U = {u95}",
);
static CLASS_KEPT: Phrase = phrase(
    "quả cân cấp {class} (sai số lớn nhất cho phép ±{mpe}): U = {u95} không quá một phần ba, độ lệch {deviation} không quá phần còn lại sau khi trừ U",
    "weight of class {class} (maximum permissible error ±{mpe}): U = {u95} is within a third of it, the deviation {deviation} within what U leaves of it",
);
static CLASS_OPEN: Phrase = phrase(
    "quả cân cấp {class} (sai số lớn nhất cho phép ±{mpe}): chưa có giá trị và độ không đảm bảo đo để đánh giá",
    "weight of class {class} (maximum permissible error ±{mpe}): no value and uncertainty to judge it by",
);
static NEED_VALUE: Phrase = phrase(
    "khối lượng quy ước và độ không đảm bảo đo của quả cân",
    "the weight's conventional mass and its uncertainty",
);

/// F-03 for a weight with a class; none for anything else, and for a weight whose conformity alone is
/// stated.
fn f_03(walk: &mut Walk<'_>, row: &ResultRow, asked: bool) -> Option<Tri> {
    let (class, error) = class_of(walk.evidence, row)?;
    if super::uncertainty::u_11_accepts(walk, row) {
        return None;
    }
    let subject = Subject::Calibration(row.calibration);
    let (class, mpe) = (
        fact("class", FactValue::Word(class.name())),
        fact("mpe", FactValue::Quantity(error, shown_in(row))),
    );
    let deviation = row.value().map(|value| {
        let nominal = if row.value_is == ValueIs::Actual { row.extent.lower } else { 0.0 };
        let deviation = (value.si - nominal).abs();
        let half_width = walk.evidence.half_width(value);
        Bounds {
            lower: (deviation - half_width).max(0.0),
            value: deviation,
            upper: deviation + half_width,
        }
    });
    let Some((u95, deviation)) = u95_of(walk, row).zip(deviation) else {
        let note = Note::unknown(&F_03, subject, &CLASS_OPEN, &NEED_VALUE);
        let counted = if asked { note } else { note.severity(Severity::Info) };
        return Some(walk.note(counted.facts(&[class, mpe])));
    };
    let unit = shown_in(row);
    let facts = [
        class,
        mpe,
        fact("u95", FactValue::Quantity(u95.value, unit)),
        fact("deviation", FactValue::Quantity(deviation.value, unit)),
    ];
    let left = Bounds::exact((error - u95.lower).max(0.0));
    let note = if Bounds::exact(error).surely_less_than(u95.scaled(3.0)) {
        Note::fail(&F_03, subject, &CLASS_UNCERTAINTY)
    } else if left.surely_less_than(deviation) {
        Note::fail(&F_03, subject, &CLASS_DEVIATION)
    } else {
        Note::pass_with(&F_03, subject, &CLASS_KEPT)
    };
    Some(walk.note(note.facts(&facts)))
}

static STATEMENT_LACKS: Phrase = phrase(
    "tuyên bố “{statement}” không nêu {what}",
    "the statement “{statement}” does not give its {what}",
);
static NEED_DOCUMENTED: Phrase = phrase(
    "yêu cầu kỹ thuật, giới hạn và quy tắc ra quyết định của tuyên bố phù hợp",
    "specification, limits and decision rule of the statement of conformity",
);

/// F-04 for a row with a statement of conformity.
fn f_04(walk: &mut Walk<'_>, row: &ResultRow, stated: &ConformityRow) -> Tri {
    let has_limits = !stated.limits.lower.is_nan()
        || !stated.limits.upper.is_nan()
        || maximum_permissible_error(walk.evidence, row).is_some();
    let lacks = match (stated.specification, has_limits, stated.decision_rule) {
        (None, _, _) => Some("specification"),
        (_, false, _) => Some("limits"),
        (_, _, None) => Some("decision_rule"),
        _ => None,
    };
    let subject = Subject::Calibration(row.calibration);
    let Some(lacks) = lacks else { return walk.note(Note::pass(&F_04, subject)) };
    let statement = stated.statement.map_or("?", ConformityStatement::as_str);
    let facts =
        [fact("statement", FactValue::Word(statement)), fact("what", FactValue::Word(lacks))];
    let note = Note::fail(&F_04, subject, &STATEMENT_LACKS).settled_by(&NEED_DOCUMENTED);
    walk.note(note.facts(&facts))
}

/// A decision rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecisionRule {
    /// Simple acceptance, w = 0 (ILAC-G8 4.2.1).
    Simple,
    /// Guarded acceptance with w = U (ILAC-G8 4.2.2).
    Guarded,
    /// Four answers with w = U (ILAC-G8 4.2.3).
    NonBinary,
    /// Conformity is proven inside the limits less U, non-conformity outside the limits plus U, and
    /// neither between (ISO 14253-1).
    Proven,
}

impl DecisionRule {
    /// The rule that a text names; none where its words are not recognised.
    fn parse(text: &str) -> Option<Self> {
        let text: String =
            text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if has(&["14253"]) {
            return Some(Self::Proven);
        }
        if has(&["non-binary", "nonbinary", "nhịphân", "4.2.3"]) {
            return Some(Self::NonBinary);
        }
        if let Some((_, width)) = text.split_once("w=") {
            let mut width = width.chars();
            return match (width.next(), width.next()) {
                (Some('u'), Some(next)) if next.is_alphanumeric() || next == '/' => None,
                (Some('u'), _) => Some(Self::Guarded),
                (Some('0'), Some('.' | ',')) => None,
                (Some('0'), _) => Some(Self::Simple),
                _ => None,
            };
        }
        if has(&["guard", "bảovệ", "4.2.2"]) {
            return Some(Self::Guarded);
        }
        has(&["simple", "sharedrisk", "đơngiản", "4.2.1"]).then_some(Self::Simple)
    }
}

/// What a decision rule gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It conforms.
    Pass,
    /// It conforms, by less than U.
    ConditionalPass,
    /// It does not conform, by less than U.
    ConditionalFail,
    /// It does not conform.
    Fail,
    /// Neither is proven.
    NotProven,
}

impl Decision {
    fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::ConditionalPass => "conditional_pass",
            Self::ConditionalFail => "conditional_fail",
            Self::Fail => "fail",
            Self::NotProven => "not_proven",
        }
    }

    /// Whether a statement says this. Where a rule has two answers, conditional ones count with
    /// their side; what is not proven is neither pass nor fail.
    fn is_stated(self, rule: DecisionRule, statement: ConformityStatement) -> bool {
        use ConformityStatement as Stated;
        let two_answers = matches!(rule, DecisionRule::Simple | DecisionRule::Guarded);
        match (self, statement) {
            (Self::Pass, Stated::Pass)
            | (Self::Fail, Stated::Fail)
            | (Self::ConditionalPass, Stated::ConditionalPass)
            | (Self::ConditionalFail, Stated::ConditionalFail)
            | (Self::NotProven, Stated::ConditionalPass | Stated::ConditionalFail) => true,
            (Self::Pass, Stated::ConditionalPass) | (Self::Fail, Stated::ConditionalFail) => {
                two_answers
            }
            _ => false,
        }
    }
}

/// Decides whether a value conforms to limits (a bound that is NaN does not limit) under a decision
/// rule, given its expanded uncertainty (rule F-05).
///
/// ```
/// use etalon::engine::evidence::Extent;
/// use etalon::engine::rules::fitness::{Decision, DecisionRule, decide};
/// let limits = Extent { lower: -5.0, upper: 5.0 };
/// assert_eq!(decide(DecisionRule::Guarded, 3.4, limits, 1.5), Decision::Pass);
/// assert_eq!(decide(DecisionRule::Simple, 4.2, limits, 1.5), Decision::Pass);
/// assert_eq!(decide(DecisionRule::Guarded, 4.2, limits, 1.5), Decision::Fail);
/// assert_eq!(decide(DecisionRule::NonBinary, 4.2, limits, 1.5), Decision::ConditionalPass);
/// assert_eq!(decide(DecisionRule::Proven, 4.2, limits, 1.5), Decision::NotProven);
/// ```
pub fn decide(rule: DecisionRule, value: f64, limits: Extent, u95: f64) -> Decision {
    let inside = f64::min(limits.upper - value, value - limits.lower);
    let scale = [value, limits.lower, limits.upper].into_iter().map(f64::abs).fold(0.0, f64::max);
    // What reading decimals and units into doubles can do to a number, and no more: limits of a
    // frequency may be a billionth of it.
    let slack = 8.0 * f64::EPSILON * scale;
    let at_least = |width: f64| inside + slack >= width;
    match rule {
        DecisionRule::Simple if at_least(0.0) => Decision::Pass,
        DecisionRule::Guarded if at_least(u95) => Decision::Pass,
        DecisionRule::Simple | DecisionRule::Guarded => Decision::Fail,
        DecisionRule::NonBinary | DecisionRule::Proven if at_least(u95) => Decision::Pass,
        DecisionRule::NonBinary if at_least(0.0) => Decision::ConditionalPass,
        DecisionRule::NonBinary if at_least(-u95) => Decision::ConditionalFail,
        DecisionRule::Proven if at_least(-u95) => Decision::NotProven,
        DecisionRule::NonBinary | DecisionRule::Proven => Decision::Fail,
    }
}

/// The probability that a value whose measured figure conforms lies outside the limits (a bound that
/// is NaN does not limit), for a normal distribution with a standard uncertainty (rule F-06).
///
/// ```
/// use etalon::engine::evidence::Extent;
/// use etalon::engine::rules::fitness::false_acceptance;
/// let limits = Extent { lower: -5.0, upper: 5.0 };
/// assert!((false_acceptance(4.2, limits, 0.75) - 0.143).abs() < 0.0005);
/// assert!((false_acceptance(3.5, limits, 0.75) - 0.0228).abs() < 0.0001);
/// ```
pub fn false_acceptance(value: f64, limits: Extent, u: f64) -> f64 {
    let beyond = |distance: f64| match distance.is_nan() {
        true => 0.0,
        false => Normal::standard().sf(distance / u),
    };
    beyond(limits.upper - value) + beyond(value - limits.lower)
}

/// The number of a row and its limits on one scale.
struct Deviation {
    /// The number, with the half-width of its digits.
    value: (f64, f64),
    limits: Extent,
    acceptance: Extent,
}

impl Deviation {
    /// Limits are on the scale of the row's number. Some certificates give them as deviations from
    /// the nominal value beside an actual value: limits that hold zero and not the nominal value are
    /// taken so. Limits that are not stated are those of the weight's class.
    fn of(evidence: &Evidence, row: &ResultRow, stated: &ConformityRow) -> Option<Self> {
        let value = row.value()?;
        let actual = row.value_is == ValueIs::Actual && row.extent.is_point();
        let has = |limits: Extent, point| !limits.is_surpassed_by(Extent::point(point));
        let (mut limits, mut acceptance) = (stated.limits, stated.acceptance);
        let as_deviations =
            actual && has(limits, 0.0) && !has(limits, row.extent.lower) && limits.is_closed();
        if limits.lower.is_nan() && limits.upper.is_nan() {
            let error = maximum_permissible_error(evidence, row)?;
            let nominal = if actual { row.extent.lower } else { 0.0 };
            limits = Extent { lower: nominal - error, upper: nominal + error };
        } else if as_deviations {
            let moved = |of: Extent| Extent {
                lower: of.lower + row.extent.lower,
                upper: of.upper + row.extent.lower,
            };
            (limits, acceptance) = (moved(limits), moved(acceptance));
        }
        Some(Self { value: (value.si, evidence.half_width(value)), limits, acceptance })
    }
}

static DECIDED: Phrase = phrase(
    "giá trị {value}, giới hạn {limits}: quy tắc cho “{decision}”, đúng như tuyên bố",
    "value {value}, limits {limits}: the rule gives “{decision}”, as stated",
);
static DECIDED_OTHERWISE: Phrase = phrase(
    "tuyên bố “{statement}”, nhưng giá trị {value} với giới hạn {limits} cho “{decision}” theo quy tắc đã nêu",
    "“{statement}” is stated, but value {value} within limits {limits} gives “{decision}” by the rule",
);
static RULE_NOT_READ: Phrase = phrase(
    "giá trị {value}, giới hạn {limits}: không tính được quy tắc ra quyết định của tuyên bố “{statement}”",
    "value {value}, limits {limits}: the decision rule of the statement “{statement}” cannot be evaluated",
);
static NEED_RULE: Phrase = phrase(
    "quy tắc ra quyết định: chấp nhận đơn giản (w = 0), khoảng bảo vệ w = U, không nhị phân hoặc giới hạn chấp nhận; và độ không đảm bảo đo",
    "the decision rule: simple (w = 0), guarded w = U, non-binary, or acceptance limits; and the uncertainty",
);

/// F-05 for a row with value, limits and statement.
fn f_05(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    stated: &ConformityRow,
    statement: ConformityStatement,
    deviation: &Deviation,
    u95: Option<Bounds>,
) -> Tri {
    let text = stated.decision_rule.map(|rule| walk.evidence.text(rule));
    let rule = match text {
        None => Some(DecisionRule::Proven),
        Some(text) => DecisionRule::parse(text),
    };
    let accepts = !deviation.acceptance.lower.is_nan() || !deviation.acceptance.upper.is_nan();
    // Acceptance limits are simple acceptance within narrower limits.
    let (rule, limits) = match rule {
        Some(DecisionRule::Simple | DecisionRule::Guarded) | None if accepts => {
            (Some(DecisionRule::Simple), deviation.acceptance)
        }
        rule => (rule, deviation.limits),
    };
    let (value, half_width) = deviation.value;
    let values = [value, value - half_width, value + half_width];
    let decisions = |rule: DecisionRule| {
        let widths = match (rule, u95) {
            (DecisionRule::Simple, _) => Some([0.0; 3]),
            (_, Some(u95)) => Some([u95.value, u95.lower, u95.upper]),
            (_, None) => None,
        };
        widths.map(|widths| {
            values.map(|value| widths.map(|width| decide(rule, value, limits, width)))
        })
    };
    let agrees = |rule: DecisionRule| {
        let decisions = decisions(rule)?;
        let mut all = decisions.iter().flatten();
        let agrees = all.any(|decision| decision.is_stated(rule, statement));
        Some((agrees, decisions[0][0]))
    };
    let unit = shown_in(row);
    let subject = Subject::Calibration(row.calibration);
    let mut facts = [
        fact("value", FactValue::Quantity(value, unit)),
        fact("limits", FactValue::Range(limits, unit)),
        fact("statement", FactValue::Word(statement.as_str())),
        fact("decision", FactValue::Word("?")),
    ];
    let judged = match rule {
        Some(rule) => agrees(rule),
        // Whatever the rule: nothing conforms outside the limits, and nothing proven inside fails.
        None => {
            let every = [DecisionRule::Simple, DecisionRule::Guarded, DecisionRule::NonBinary];
            let answers = every.map(agrees);
            let none = answers.iter().all(|answer| matches!(answer, Some((false, _))));
            answers[0].filter(|_| none)
        }
    };
    let Some((agrees, decision)) = judged else {
        let note = Note::unknown(&F_05, subject, &RULE_NOT_READ, &NEED_RULE);
        return walk.note(note.facts(&facts[..3]));
    };
    facts[3] = fact("decision", FactValue::Word(decision.word()));
    let note = match agrees {
        true => Note::pass_with(&F_05, subject, &DECIDED),
        false => Note::fail(&F_05, subject, &DECIDED_OTHERWISE),
    };
    walk.note(note.facts(&facts))
}

static RISK: Phrase = phrase(
    "rủi ro chấp nhận sai là {risk} % (giá trị {value}, giới hạn {limits})",
    "the risk of a false acceptance is {risk} % (value {value}, limits {limits})",
);

/// F-06 for a row that is stated to conform.
fn f_06(walk: &mut Walk<'_>, row: &ResultRow, deviation: &Deviation) {
    const ACCEPTED: f64 = 0.025;
    if row.uncertainty().is_none() {
        return;
    }
    let Ok(normalised) = walk.normalised(row) else { return };
    let u = normalised.standard_at(row, row.extent.upper).value;
    let (value, _) = deviation.value;
    let risk = false_acceptance(value, deviation.limits, u);
    if !risk.is_finite() {
        return;
    }
    let unit = shown_in(row);
    let facts = [
        fact("risk", FactValue::Number((risk * 1000.0).round() / 10.0)),
        fact("value", FactValue::Quantity(value, unit)),
        fact("limits", FactValue::Range(deviation.limits, unit)),
    ];
    let subject = Subject::Calibration(row.calibration);
    let note = match risk <= ACCEPTED {
        true => Note::pass_with(&F_06, subject, &RISK),
        false => Note::fail(&F_06, subject, &RISK),
    };
    walk.note(note.facts(&facts));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_from_words() {
        for (text, rule) in [
            ("simple acceptance, w = 0", Some(DecisionRule::Simple)),
            ("chấp nhận đơn giản", Some(DecisionRule::Simple)),
            ("guarded acceptance, w = U", Some(DecisionRule::Guarded)),
            ("Khoảng bảo vệ w=U (k = 2)", Some(DecisionRule::Guarded)),
            ("non-binary, w = U", Some(DecisionRule::NonBinary)),
            ("ISO 14253-1:2017", Some(DecisionRule::Proven)),
            ("guard band w = 0.5 U", None),
            ("guard band w = U/2", None),
            ("guard band w = 1.25 U", None),
            ("house procedure 12", None),
        ] {
            assert_eq!(DecisionRule::parse(text), rule, "{text}");
        }
    }

    #[test]
    fn every_rule_decides_up_to_its_bounds() {
        use Decision::{ConditionalFail, ConditionalPass, Fail, NotProven, Pass};
        let limits = Extent { lower: -5.0, upper: 5.0 };
        for (value, simple, guarded, non_binary, proven) in [
            (3.5, Pass, Pass, Pass, Pass),
            (3.6, Pass, Fail, ConditionalPass, NotProven),
            (5.0, Pass, Fail, ConditionalPass, NotProven),
            (5.1, Fail, Fail, ConditionalFail, NotProven),
            (6.5, Fail, Fail, ConditionalFail, NotProven),
            (6.6, Fail, Fail, Fail, Fail),
        ] {
            for value in [value, -value] {
                let by = |rule| decide(rule, value, limits, 1.5);
                assert_eq!(by(DecisionRule::Simple), simple, "{value}");
                assert_eq!(by(DecisionRule::Guarded), guarded, "{value}");
                assert_eq!(by(DecisionRule::NonBinary), non_binary, "{value}");
                assert_eq!(by(DecisionRule::Proven), proven, "{value}");
            }
        }
    }

    #[test]
    fn limits_of_a_billionth_are_limits() {
        let limits = Extent { lower: 9_999_999.999, upper: 10_000_000.001 };
        let simple = |value| decide(DecisionRule::Simple, value, limits, 0.0);
        assert_eq!(simple(10_000_000.001), Decision::Pass);
        assert_eq!(simple(10_000_000.001_001), Decision::Fail);
        // In hertz and in megahertz.
        assert_eq!(simple(10.000_000_001 * 1e6), Decision::Pass);
    }

    #[test]
    fn classes_are_read_from_words() {
        for (text, class) in [
            ("F1", Some(WeightClass::F1)),
            ("OIML e2", Some(WeightClass::E2)),
            ("class M1 (OIML R 111-1)", Some(WeightClass::M1)),
            ("M1-2", None),
            ("ASTM E617 Class 1", None),
        ] {
            assert_eq!(WeightClass::parse(text), class, "{text}");
        }
    }

    #[test]
    fn errors_grow_with_the_weight_and_from_class_to_class() {
        for pair in MAXIMUM_PERMISSIBLE_ERRORS.windows(2) {
            let ((lighter, below), (heavier, above)) = (pair[0], pair[1]);
            assert!(lighter < heavier);
            assert!(below.iter().zip(above).all(|(below, above)| *below <= above), "{heavier} g");
        }
        for (nominal, errors) in MAXIMUM_PERMISSIBLE_ERRORS {
            let known = errors.iter().take_while(|error| **error > 0.0).count();
            assert!(errors[..known].windows(2).all(|pair| pair[1] >= 2.0 * pair[0]), "{nominal} g");
            assert!(errors[known..].iter().all(|error| *error == 0.0), "{nominal} g");
        }
    }
}
