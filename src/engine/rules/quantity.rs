//! Area Q: quantity, unit, measurand.

use crate::domain::calibration::Model;
use crate::domain::quantity::QuantityKindId;
use crate::domain::unit::Dimension as UnitDimension;
use crate::engine::evidence::*;
use crate::engine::finding::{
    Dimension, Fact, FactValue, Phrase, Rule, Severity, Source, Subject, Tag, fact, phrase,
};
use crate::engine::numbers::{self, Bounds, Uninterpretable};
use crate::engine::rules::range;
use crate::engine::tri::Tri;
use crate::engine::walk::{Input, Note, Walk};

/// the same kind of quantity along an identity or ratio link. Variants of one quantity (mass
/// and conventional mass, the pressures) are rule Q-05's. Critical. VIM 5.5 \[F\].
pub static Q_01: Rule = Rule {
    id: "Q-01",
    statement: phrase(
        "mắt xích giữ nguyên loại đại lượng hoặc có mô hình chuyển đổi",
        "the link keeps the kind of quantity, or declares a model",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("VIM", "5.5", Tag::Official),
    optional_input: false,
};

/// dimensions agree along an identity or ratio link, and equal dimensions of different kinds
/// (N·m torque and J energy, Hz and Bq, Gy and Sv) are not mixed. Critical. VIM 1.2, 1.7 \[K\].
pub static Q_02: Rule = Rule {
    id: "Q-02",
    statement: phrase(
        "thứ nguyên và loại đại lượng phù hợp dọc theo mắt xích",
        "dimension and kind agree along the link",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("VIM", "1.7", Tag::Knowledge),
    optional_input: false,
};

/// units convert by exact factors; uncertainties and differences convert without offset
/// (U = 0.1 °C is 0.1 K, 23 °C is 296.15 K). Holds by construction: every number is converted
/// once, when the evidence is compiled. Major. SI Brochure \[K\].
pub static Q_03: Rule = Rule {
    id: "Q-03",
    statement: phrase(
        "đơn vị được chuyển đổi bằng hệ số chính xác",
        "units are converted by exact factors",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("SI Brochure", "", Tag::Knowledge),
    optional_input: true,
};

/// an uncertainty in a unit that leaves open what it means (ppm, ppb, %, dB, °, any unit
/// without dimension) says whether it is absolute or relative, and what it multiplies: a value or
/// point other than zero on a scale with a true zero. A figure in decibels that is called relative
/// counts powers or amplitudes, which is not said. Missing is indeterminate. The rule is silent
/// where the unit has the dimension of the quantity. Rule U-01 leaves this to Q-04, so that one
/// defect has one finding. Major. SIMVal \[S\].
///
/// Doubt: a figure in µV/V can hardly be anything but relative; it is asked for all the same,
/// because a transfer difference is itself written in µV/V.
pub static Q_04: Rule = Rule {
    id: "Q-04",
    statement: phrase(
        "độ không đảm bảo đo cho biết là tuyệt đối hay tương đối, và so với giá trị nào",
        "the uncertainty says whether it is absolute or relative, and to what",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("SIMVal", "", Tag::Secondary),
    optional_input: false,
};

/// qualifiers of the measurand agree along a link that keeps the quantity, and at the use, or
/// are converted with declared data: mass and conventional mass, gauge and absolute pressure, the
/// reference temperature of a length, contained or delivered volume, base conditions of a flow,
/// detector and waveform, scale of temperature or hardness.
///
/// Variants of one quantity pass under a declared model (product, custom equation or sensitivity).
/// Taken for each other by identity they differ by
/// |Δ| = m·|1 − (1 − 1.2 kg/m³/ρ)/(1 − 1.2/8000)| for mass (OIML D 28, ρ the declared density of
/// the reference), by the declared atmospheric pressure for gauge and absolute pressure, by L·α·ΔT
/// for a length at another temperature, by the ratio of T/p for a gas volume flow at other base
/// conditions: a fail where |Δ| > 0.1·U95 of the result whatever its rounding, else negligible.
/// Where Δ cannot be computed: indeterminate. Critical. From VIM 2.41 \[K\].
///
/// Doubts: a qualifier that neither side states is taken as agreed, since both name one kind; one
/// that a single side states is unknown on the other, but for what is agreed world-wide (20 °C for
/// lengths, ISO 1; ITS-90), and but for a number that a use leaves out, which is the row's
/// (rules 3.4). Words that differ (ITS-90 and IPTS-68) are indeterminate: the catalogue fails only
/// what is computed.
pub static Q_05: Rule = Rule {
    id: "Q-05",
    statement: phrase(
        "các yếu tố định nghĩa đại lượng đo phù hợp, hoặc được chuyển đổi bằng dữ liệu đã khai báo",
        "the qualifiers of the measurand agree, or are converted with declared data",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("VIM", "2.41", Tag::Knowledge),
    optional_input: false,
};

/// a CMC and a row of a certificate are matched by identifiers: the quantity kind and, where
/// both carry one, the service category. A CMC that names its quantity in words only may be meant
/// or not, where its units allow it: indeterminate, never a pass. Not applicable unless both carry a service category (the
/// kind decides) or the CMC has no kind. Major. VCQI \[S\]: measurands that are equal as texts
/// “would not survive two organisations that had never spoken”.
///
/// Doubt: a condition in words (medium: nitrogen) is compared by rule C-02 once the quantity is
/// identified; instrument and method are never compared.
pub static Q_06: Rule = Rule {
    id: "Q-06",
    statement: phrase(
        "CMC được đối chiếu theo mã đại lượng và mã dịch vụ, không theo câu chữ",
        "the CMC is matched by the ids of quantity and service, not by words",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("VCQI", "", Tag::Secondary),
    optional_input: true,
};

/// measured numbers are decimal strings, so that their written digits are kept. A JSON
/// number is refused when a record is read (`domain::decimal`), so no finding ever names this
/// rule; it stands in the table because reports rest on it. Minor.
pub static Q_07: Rule = Rule {
    id: "Q-07",
    statement: phrase(
        "số đo được giữ nguyên các chữ số đã viết",
        "measured numbers keep their written digits",
    ),
    severity: Severity::Minor,
    dimension: Dimension::Governance,
    source: Source::new("Etalon", "records", Tag::Official),
    optional_input: true,
};

static OTHER_KIND: Phrase = phrase(
    "kết quả là {child} nhưng chuẩn cho {parent}, không có mô hình chuyển đổi",
    "the result is {child} but the reference gives {parent}, without a model",
);
static OTHER_DIMENSION: Phrase = phrase(
    "thứ nguyên của {child} khác thứ nguyên của {parent}",
    "the dimension of {child} differs from that of {parent}",
);
static SAME_DIMENSION_OTHER_KIND: Phrase = phrase(
    "{child} và {parent} cùng thứ nguyên nhưng khác loại đại lượng",
    "{child} and {parent} have the same dimension but are different kinds of quantity",
);

/// Whether a link needs the same kind at both ends: identity, ratio, sum and mean do, and a main
/// reference without a declared model; a product, a custom model or a sensitivity does not.
fn keeps_the_kind(input: &Input) -> bool {
    match input.reference.model {
        Some(Model::Identity | Model::Ratio | Model::Sum | Model::Mean) => true,
        Some(Model::Product | Model::Custom) => false,
        None => input.reference.coefficient.is_nan(),
    }
}

fn kinds(child: QuantityKindId, parent: QuantityKindId) -> [Fact; 2] {
    [fact("child", FactValue::Word(child.id())), fact("parent", FactValue::Word(parent.id()))]
}

/// Q-01 at a link.
pub fn q_01(walk: &mut Walk<'_>, row: &ResultRow, parent: &ResultRow, input: &Input) -> Tri {
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Calibration(parent.calibration));
    if row.kind == parent.kind || !keeps_the_kind(input) {
        return walk.note(Note::pass(&Q_01, subject).against(against));
    }
    if QuantityKindId::are_variants(row.kind, parent.kind) {
        return Tri::Pass;
    }
    let facts = kinds(row.kind, parent.kind);
    walk.note(Note::fail(&Q_01, subject, &OTHER_KIND).against(against).facts(&facts))
}

/// Q-02 at a link.
pub fn q_02(walk: &mut Walk<'_>, row: &ResultRow, parent: &ResultRow, input: &Input) -> Tri {
    if !keeps_the_kind(input) {
        return Tri::Pass;
    }
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Calibration(parent.calibration));
    let same_dimension = row.kind.kind().dimension == parent.kind.kind().dimension;
    if same_dimension
        && (row.kind == parent.kind || QuantityKindId::are_variants(row.kind, parent.kind))
    {
        return walk.note(Note::pass(&Q_02, subject).against(against));
    }
    let facts = kinds(row.kind, parent.kind);
    let message = if same_dimension { &SAME_DIMENSION_OTHER_KIND } else { &OTHER_DIMENSION };
    walk.note(Note::fail(&Q_02, subject, message).against(against).facts(&facts))
}

static CONVERTED: Phrase = phrase(
    "{child} được chuyển sang {parent} bằng hệ số chính xác {factor}",
    "{child} was converted to {parent} by the exact factor {factor}",
);

/// Q-03 at a link: says by which factor the units of its ends were converted.
pub fn q_03(walk: &mut Walk<'_>, row: &ResultRow, parent: &ResultRow, input: &Input) -> Tri {
    let (Some(own), Some(other)) = (row.uncertainty(), parent.uncertainty()) else {
        return Tri::Pass;
    };
    let (child, reference) =
        (walk.evidence.unit(own.figure.unit), walk.evidence.unit(other.figure.unit));
    if !keeps_the_kind(input) || child.dimension() != reference.dimension() {
        return Tri::Pass;
    }
    let facts = [
        fact("child", FactValue::Unit(own.figure.unit)),
        fact("parent", FactValue::Unit(other.figure.unit)),
        fact("factor", FactValue::Number(child.factor() / reference.factor())),
    ];
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Calibration(parent.calibration));
    walk.note(Note::pass_with(&Q_03, subject, &CONVERTED).against(against).facts(&facts))
}

static MODE_OPEN: Phrase = phrase(
    "độ không đảm bảo đo của dòng {row} ghi bằng {unit}, không nêu là tuyệt đối hay tương đối",
    "the uncertainty of row {row} is in {unit} without saying whether it is absolute or relative",
);
static BASE_OPEN: Phrase = phrase(
    "độ không đảm bảo đo tương đối của dòng {row} ({unit}) không có giá trị để nhân vào",
    "the relative uncertainty of row {row} (in {unit}) has no value to be relative to",
);
static NEED_MODE: Phrase = phrase(
    "độ không đảm bảo đo là tuyệt đối hay tương đối, và so với giá trị nào (hỏi tổ chức cấp)",
    "whether the uncertainty is absolute or relative, and to what (ask the issuer)",
);

/// Q-04 for a row.
pub fn q_04(walk: &mut Walk<'_>, index: ResultIndex, row: &ResultRow) -> Tri {
    let Some(uncertainty) = row.uncertainty() else { return Tri::Pass };
    let unit = walk.evidence.unit(uncertainty.figure.unit);
    if unit.dimension() != UnitDimension::DIMENSIONLESS {
        return Tri::Pass;
    }
    let subject = Subject::Result(index);
    let facts = [
        fact("row", FactValue::Text(row.name)),
        fact("unit", FactValue::Unit(uncertainty.figure.unit)),
    ];
    let message = match walk.normalised(row) {
        Err(Uninterpretable::Mode) => &MODE_OPEN,
        Err(Uninterpretable::Base) => &BASE_OPEN,
        Ok(_) => return walk.note(Note::pass(&Q_04, subject)),
        Err(_) => return Tri::Pass,
    };
    walk.note(Note::unknown(&Q_04, subject, message, &NEED_MODE).facts(&facts))
}

static CONVERTED_BY_MODEL: Phrase = phrase(
    "{parent} được chuyển sang {child} bằng mô hình đã khai báo",
    "{parent} was converted to {child} by the declared model",
);
static TAKEN_UNCONVERTED: Phrase = phrase(
    "{parent} được dùng như {child} mà không chuyển đổi: chênh lệch {difference} lớn hơn một phần mười độ không đảm bảo đo mở rộng {uncertainty}",
    "{parent} was taken for {child} unconverted: they differ by {difference}, more than a tenth of the expanded uncertainty {uncertainty}",
);
static NEGLIGIBLE: Phrase = phrase(
    "chênh lệch {difference} giữa {parent} và {child} không quá một phần mười độ không đảm bảo đo mở rộng {uncertainty}",
    "{parent} and {child} differ by {difference}, not more than a tenth of the expanded uncertainty {uncertainty}",
);
static NOT_COMPUTABLE: Phrase = phrase(
    "{parent} được dùng như {child}, và không đủ dữ liệu để tính chênh lệch",
    "{parent} was taken for {child}, and data to compute the difference are not declared",
);
static NEED_CONVERSION: Phrase = phrase(
    "mô hình chuyển đổi, hoặc dữ liệu để tính chênh lệch (khối lượng riêng, áp suất khí quyển, hệ số giãn nở) cùng độ không đảm bảo đo",
    "a declared conversion, or what the difference follows from (density, atmospheric pressure, thermal expansion) and an uncertainty",
);

/// Q-05 at a link.
pub fn q_05(walk: &mut Walk<'_>, row: &ResultRow, parent: &ResultRow, input: &Input) -> Tri {
    let variants = QuantityKindId::are_variants(row.kind, parent.kind);
    let keeps = keeps_the_kind(input);
    if row.kind != parent.kind && !variants || row.kind == parent.kind && !keeps {
        return Tri::Pass;
    }
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Calibration(parent.calibration));
    if row.kind == parent.kind {
        let link = Qualified { kind: row.kind, shown: row, held: parent, texts: &[] };
        let used = walk.evidence.parameters(row);
        return qualifiers(walk, &link, used, false, subject, against);
    }
    let [child, reference] = kinds(row.kind, parent.kind);
    if !keeps {
        let note = Note::pass_with(&Q_05, subject, &CONVERTED_BY_MODEL);
        return walk.note(note.against(against).facts(&[child, reference]));
    }
    let difference = between_variants(walk.evidence, row, parent);
    judge(walk, row, difference, [child, reference], subject, against)
}

/// Part of the expanded uncertainty up to which a difference is negligible (rule Q-05).
const NEGLIGIBLE_PART: f64 = 0.1;

/// What a difference of definition means beside the expanded uncertainty of a row.
fn judge(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    difference: Option<f64>,
    [child, parent]: [Fact; 2],
    subject: Subject,
    against: Option<Subject>,
) -> Tri {
    let u95 = walk.normalised(row).ok().map(|own| {
        let x = row.extent.upper;
        own.standard_at(row, x).scaled(own.factor_95())
    });
    let u95 = u95.filter(|u95| u95.value.is_finite());
    let Some((difference, u95)) = difference.filter(|d| d.is_finite()).zip(u95) else {
        let note = Note::unknown(&Q_05, subject, &NOT_COMPUTABLE, &NEED_CONVERSION);
        return walk.note(note.against(against).facts(&[child, parent]));
    };
    let unit = row.uncertainty().map_or(row.extent_unit, |uncertainty| {
        match walk.evidence.unit(uncertainty.figure.unit).dimension()
            == UnitDimension::DIMENSIONLESS
        {
            true => row.extent_unit,
            false => uncertainty.figure.unit,
        }
    });
    let facts = [
        child,
        parent,
        fact("difference", FactValue::Quantity(difference, unit)),
        fact("uncertainty", FactValue::Quantity(u95.value, unit)),
    ];
    let note = match u95.scaled(NEGLIGIBLE_PART).surely_less_than(Bounds::exact(difference)) {
        true => Note::fail(&Q_05, subject, &TAKEN_UNCONVERTED),
        false => Note::pass_with(&Q_05, subject, &NEGLIGIBLE),
    };
    walk.note(note.against(against).facts(&facts))
}

/// |Δ| between the value of a row and that of its variant, where declared data give it.
fn between_variants(evidence: &Evidence, row: &ResultRow, parent: &ResultRow) -> Option<f64> {
    /// Density of the air and of the weights that conventional mass is defined with, kg/m³.
    const AIR: f64 = 1.2;
    const WEIGHTS: f64 = 8000.0;
    let value = numbers::value_of(parent).or(numbers::value_of(row))?;
    match (row.kind.id(), parent.kind.id()) {
        ("conventional_mass", "mass") | ("mass", "conventional_mass") => {
            let density = properties_of(evidence, parent).find_map(|property| match property {
                PropertyRow::Density(density) => Some(*density),
                PropertyRow::ThermalExpansion(_) => None,
            })?;
            let to_conventional = (1.0 - AIR / density) / (1.0 - AIR / WEIGHTS);
            let converted = match parent.kind.id() {
                "mass" => value * to_conventional,
                _ => value / to_conventional,
            };
            Some((value - converted).abs())
        }
        ("gauge_pressure", "absolute_pressure") | ("absolute_pressure", "gauge_pressure") => {
            let on_certificate = |row: &ResultRow| {
                evidence
                    .calibration_detail(evidence.calibration(row.calibration))
                    .and_then(|detail| detail.atmospheric_pressure)
            };
            on_certificate(row).or_else(|| on_certificate(parent))
        }
        _ => None,
    }
}

/// The properties of the item that a row is of.
fn properties_of<'e>(
    evidence: &'e Evidence,
    row: &ResultRow,
) -> impl Iterator<Item = &'e PropertyRow> {
    let item = evidence.item_of(row);
    item.map_or(&[][..], |item| evidence.properties.of(item.position())).iter()
}

/// A row whose qualifiers are compared with those of its use.
struct Qualified<'q> {
    /// The quantity on both sides.
    kind: QuantityKindId,
    /// The row whose uncertainty the difference is compared with.
    shown: &'q ResultRow,
    /// The row used.
    held: &'q ResultRow,
    /// Texts of a claim that the evidence does not hold.
    texts: &'q [String],
}

/// The qualifiers among conditions.
fn of_the_measurand(parameters: &[ParameterRow]) -> impl Iterator<Item = &ParameterRow> {
    parameters.iter().filter(|parameter| parameter.describes == Describes::Measurand)
}

/// Q-05 at the use that a claim states.
pub fn q_05_at_use(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    used: &[ParameterRow],
    texts: &[String],
    subject: Subject,
    against: Option<Subject>,
) -> Tri {
    let held = walk.evidence.parameters(row);
    if of_the_measurand(held).chain(of_the_measurand(used)).next().is_none() {
        return Tri::Pass;
    }
    qualifiers(
        walk,
        &Qualified { kind: row.kind, shown: row, held: row, texts },
        used,
        true,
        subject,
        against,
    )
}

/// Every qualifier that either side states.
fn qualifiers(
    walk: &mut Walk<'_>,
    link: &Qualified<'_>,
    used: &[ParameterRow],
    at_use: bool,
    subject: Subject,
    against: Option<Subject>,
) -> Tri {
    let held = walk.evidence.parameters(link.held);
    let named = |parameters: &[ParameterRow], name: TextIndex| {
        parameters.iter().find(|parameter| parameter.name == name).copied()
    };
    let mut state = Tri::Pass;
    for own in of_the_measurand(held) {
        let other = named(used, own.name);
        state =
            state.and(qualifier(walk, link, Some(own), other.as_ref(), at_use, subject, against));
    }
    for other in of_the_measurand(used).filter(|other| named(held, other.name).is_none()) {
        state = state.and(qualifier(walk, link, None, Some(other), at_use, subject, against));
    }
    match state {
        Tri::Pass => walk.note(Note::pass(&Q_05, subject).against(against)),
        found => found,
    }
}

static QUALIFIER_DIFFERS: Phrase = phrase(
    "{name} của kết quả là {parent}, khi sử dụng là {child}, và không đủ dữ liệu để tính chênh lệch",
    "{name} is {parent} in the result and {child} where it was used, and data to compute the difference are not declared",
);
static QUALIFIER_UNKNOWN: Phrase = phrase(
    "{name} chỉ được nêu ở một phía: kết quả {parent}, khi sử dụng {child}",
    "{name} is stated on one side only: {parent} in the result, {child} where it was used",
);
static NEED_QUALIFIER: Phrase = phrase(
    "yếu tố định nghĩa này ở phía còn lại, hoặc dữ liệu để chuyển đổi",
    "this qualifier on the other side, or data to convert it",
);

/// One qualifier of a row against that of its use; silent where they agree.
fn qualifier(
    walk: &mut Walk<'_>,
    link: &Qualified<'_>,
    held: Option<&ParameterRow>,
    used: Option<&ParameterRow>,
    at_use: bool,
    subject: Subject,
    against: Option<Subject>,
) -> Tri {
    let evidence = walk.evidence;
    let Some(stated) = held.or(used) else { return Tri::Pass };
    let text = |index: TextIndex| evidence.text_with(index, link.texts);
    let name = text(stated.name);
    let agreed = agreed(link.kind, name);
    let found = match (held, used) {
        (Some(held), Some(used)) => range::condition_holds(held, Some(used)),
        _ => match (agreed, stated.extent, stated.text) {
            (Some(Agreed::Number(number)), Some(extent), _) => {
                Tri::known(extent.contains(Extent::point(number)))
            }
            (Some(Agreed::Words(words)), _, Some(stated)) => Tri::known(text(stated) == words),
            // A number that a use leaves out is the row's.
            _ if at_use && used.is_none() && stated.extent.is_some() => Tri::Pass,
            _ => Tri::Indeterminate,
        },
    };
    if found == Tri::Pass {
        return Tri::Pass;
    }
    let shown = |parameter: Option<&ParameterRow>| match parameter
        .map(|p| (p.extent, p.text, p.unit))
    {
        Some((Some(extent), _, unit)) => FactValue::Range(extent, unit),
        Some((None, Some(text), _)) => FactValue::Text(text),
        _ => match agreed {
            Some(Agreed::Number(number)) => FactValue::Range(Extent::point(number), stated.unit),
            Some(Agreed::Words(words)) => FactValue::Word(words),
            None => FactValue::Word("?"),
        },
    };
    let sides = [fact("child", shown(used)), fact("parent", shown(held))];
    let number = |parameter: Option<&ParameterRow>| match (parameter, agreed) {
        (Some(parameter), _) => parameter.extent.filter(Extent::is_point).map(|x| x.lower),
        (None, Some(Agreed::Number(number))) => Some(number),
        (None, _) => None,
    };
    if found == Tri::Fail
        && let Some((held, used)) = number(held).zip(number(used))
        && let Some(difference) = between_conditions(evidence, link, name, held, used)
    {
        return judge(walk, link.shown, Some(difference), sides, subject, against);
    }
    let message = match found {
        Tri::Fail => &QUALIFIER_DIFFERS,
        _ => &QUALIFIER_UNKNOWN,
    };
    let facts = [fact("name", FactValue::Text(stated.name)), sides[0], sides[1]];
    let note = Note::unknown(&Q_05, subject, message, &NEED_QUALIFIER);
    walk.note(note.against(against).facts(&facts))
}

/// What a qualifier is where nobody states it.
#[derive(Clone, Copy)]
enum Agreed {
    Number(f64),
    Words(&'static str),
}

fn agreed(kind: QuantityKindId, name: &str) -> Option<Agreed> {
    match (kind.id(), name) {
        // ISO 1: 20 °C.
        ("length", "reference_temperature") => Some(Agreed::Number(293.15)),
        ("temperature", "scale") => Some(Agreed::Words("its-90")),
        _ => None,
    }
}

/// |Δ| between a value at one reference condition and at another, where declared data give it.
fn between_conditions(
    evidence: &Evidence,
    link: &Qualified<'_>,
    name: &str,
    held: f64,
    used: f64,
) -> Option<f64> {
    let value = numbers::value_of(link.held)?.abs();
    match (link.kind.id(), name) {
        ("length", "reference_temperature") => {
            let expansion =
                properties_of(evidence, link.held).find_map(|property| match property {
                    PropertyRow::ThermalExpansion(expansion) => Some(*expansion),
                    PropertyRow::Density(_) => None,
                })?;
            Some((value * expansion * (used - held)).abs())
        }
        ("gas_volume_flow", "base_temperature") if held > 0.0 => {
            Some(value * (used / held - 1.0).abs())
        }
        ("gas_volume_flow", "base_pressure") if used > 0.0 => {
            Some(value * (held / used - 1.0).abs())
        }
        _ => None,
    }
}

/// Whether a CMC without a quantity kind may be meant for a row: neither its units nor its service
/// category say otherwise.
pub(super) fn may_mean(evidence: &Evidence, capability: &CapabilityRow, row: &ResultRow) -> bool {
    let of_row = evidence.result_detail(row).and_then(|detail| detail.service_category);
    let other_category = capability.service_category.zip(of_row).is_some_and(|(a, b)| a != b);
    let is_of_the_dimension =
        |unit: UnitIndex| evidence.unit(unit).dimension() == row.kind.kind().dimension;
    // The range of a CMC with parameters may be that of a parameter.
    let other_dimension = match capability.relative {
        true => {
            capability.range.is_some()
                && capability.parameters.is_empty()
                && !is_of_the_dimension(capability.range_unit)
        }
        false => {
            capability.expression.is_some() && !is_of_the_dimension(capability.uncertainty_unit)
        }
    };
    capability.kind.is_none() && !other_category && !other_dimension
}

static IN_WORDS: Phrase = phrase(
    "CMC của {organisation} chỉ nêu đại lượng bằng câu chữ: không biết có phải {kind} hay không",
    "a CMC of {organisation} names its quantity in words only: whether {kind} is meant is not known",
);
static NEED_IDS: Phrase = phrase(
    "mã đại lượng của CMC đó (hỏi tổ chức công bố)",
    "the quantity kind of that CMC (ask its publisher)",
);

/// Q-06 where the issuer has no CMC of the kind but one that names its quantity in words only.
pub fn q_06_in_words(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    issuer: OrganisationIndex,
    published: &[CapabilityIndex],
) -> Option<Tri> {
    let evidence = walk.evidence;
    published.iter().find(|index| may_mean(evidence, evidence.capability(**index), row))?;
    let organisation = Subject::Organisation(issuer);
    let facts = [
        fact("organisation", FactValue::Record(organisation)),
        fact("kind", FactValue::Word(row.kind.id())),
    ];
    let subject = Subject::Calibration(row.calibration);
    let note = Note::unknown(&Q_06, subject, &IN_WORDS, &NEED_IDS);
    Some(walk.note(note.against(Some(organisation)).facts(&facts)))
}

/// Q-06 for the CMC that a row was matched with.
pub fn q_06(walk: &mut Walk<'_>, row: &ResultRow, capability: CapabilityIndex) {
    let evidence = walk.evidence;
    let of_row = evidence.result_detail(row).and_then(|detail| detail.service_category);
    if of_row.is_none() || evidence.capability(capability).service_category != of_row {
        return;
    }
    let note = Note::pass(&Q_06, Subject::Calibration(row.calibration));
    walk.note(note.against(Some(Subject::Capability(capability))));
}
