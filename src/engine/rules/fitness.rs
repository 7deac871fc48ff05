//! Area F: fitness for the use and decisions.

use crate::domain::claim::ValueUsed;
use crate::engine::evidence::*;
use crate::engine::finding::{
    Dimension, FactValue, Phrase, Rule, Severity, Source, Subject, Tag, fact, phrase,
};
use crate::engine::numbers::{self, Bounds};
use crate::engine::tri::Tri;
use crate::engine::verify::Question;
use crate::engine::walk::{Note, Walk};

/// F-01: U95 at the use (drift since the calibration included) is within what the use requires;
/// with the nominal value in use, its difference from the certified one adds to U95. The
/// requirement is exact. Traceability does not ensure fitness (VIM 2.41 NOTE 5 \[F\]). Major.
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

static TOO_LARGE: Phrase = phrase(
    "độ không đảm bảo đo mở rộng khi sử dụng {u95} lớn hơn yêu cầu {required}",
    "the expanded uncertainty at the use {u95} exceeds the required {required}",
);
static ADEQUATE: Phrase = phrase(
    "độ không đảm bảo đo mở rộng khi sử dụng {u95} trong yêu cầu {required}",
    "the expanded uncertainty at the use {u95} is within the required {required}",
);
static NOT_COMPUTABLE: Phrase = phrase(
    "không tính được độ không đảm bảo đo khi sử dụng",
    "the uncertainty at the use cannot be computed",
);
static NEED_UNCERTAINTY: Phrase = phrase(
    "kết quả hiệu chuẩn có độ không đảm bảo đo, và giá trị danh định nếu dùng giá trị danh định",
    "a result with its uncertainty, and the nominal value where that is used",
);

/// F-01 for the claim; none when nothing is required.
pub fn f_01(
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
        false => Note::pass_with(&F_01, subject, &ADEQUATE),
    };
    Some(walk.note(note.facts(&facts)))
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
    if question.value_used == ValueUsed::Certified {
        return u95.value.is_finite().then_some(u95);
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
