//! Area Q: quantity, unit, measurand.

use crate::domain::calibration::Model;
use crate::domain::quantity::QuantityKindId;
use crate::engine::evidence::*;
use crate::engine::finding::{
    Dimension, FactValue, Phrase, Rule, Severity, Source, Subject, Tag, fact, phrase,
};
use crate::engine::tri::Tri;
use crate::engine::walk::{Input, Note, Walk};

/// the same kind of quantity along an identity or ratio link. Variants of one quantity (mass
/// and conventional mass, the pressures) are rule Q-05's; until that is built, mixing them is
/// indeterminate. Critical. VIM 5.5 \[F\].
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
static VARIANT: Phrase = phrase(
    "{child} và {parent} là hai biến thể của một đại lượng: cần dữ liệu chuyển đổi",
    "{child} and {parent} are variants of one quantity: data to convert them are needed",
);
static NEED_CONVERSION: Phrase = phrase(
    "mô hình chuyển đổi đã khai báo (ví dụ khối lượng riêng của quả cân)",
    "a declared conversion (such as the weight's density)",
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

fn kinds(child: QuantityKindId, parent: QuantityKindId) -> [crate::engine::finding::Fact; 2] {
    [fact("child", FactValue::Word(child.id())), fact("parent", FactValue::Word(parent.id()))]
}

/// Q-01 at a link.
pub fn q_01(walk: &mut Walk<'_>, row: &ResultRow, parent: &ResultRow, input: &Input) -> Tri {
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Calibration(parent.calibration));
    if row.kind == parent.kind || !keeps_the_kind(input) {
        return walk.note(Note::pass(&Q_01, subject).against(against));
    }
    let facts = kinds(row.kind, parent.kind);
    let note = match QuantityKindId::are_variants(row.kind, parent.kind) {
        true => Note::unknown(&Q_01, subject, &VARIANT, &NEED_CONVERSION),
        false => Note::fail(&Q_01, subject, &OTHER_KIND),
    };
    walk.note(note.against(against).facts(&facts))
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
