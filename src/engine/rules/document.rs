//! Area D: documents.

use crate::engine::evidence::*;
use crate::engine::finding::{
    Dimension, FactValue, Phrase, Rule, Severity, Source, Subject, Tag, fact, phrase,
};
use crate::engine::tri::Tri;
use crate::engine::walk::{Note, Walk};

/// D-04: the item on the certificate is the standard: an identifier in common (serial number,
/// asset code, marking; case, spaces and hyphens do not count). Conflicting serial or asset marks
/// fail, a differing spelling of maker or model is a remark, nothing in common to compare is
/// indeterminate. Equal serial numbers settle it even where asset codes differ, because owners
/// renumber. Critical. ISO/IEC 17025 7.8.2.1 g \[S\].
pub static D_04: Rule = Rule {
    id: "D-04",
    statement: phrase(
        "vật được hiệu chuẩn đúng là chuẩn này",
        "the item on the certificate is this standard",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "7.8.2.1 g", Tag::Secondary),
    optional_input: false,
};

static CONFLICT: Phrase = phrase(
    "giấy chứng nhận ghi “{printed}” nhưng chuẩn mang “{standard}”",
    "the certificate prints “{printed}” but the standard bears “{standard}”",
);
static SPELLING: Phrase = phrase(
    "hãng hoặc kiểu ghi khác nhau: “{printed}” và “{standard}”",
    "maker or model are written differently: “{printed}” and “{standard}”",
);
static NOTHING: Phrase = phrase(
    "giấy chứng nhận và hồ sơ chuẩn không có số nhận dạng chung nào để so sánh",
    "certificate and standard have no identifier in common to compare",
);
static NEED_IDENTIFIER: Phrase = phrase(
    "số sê-ri, mã tài sản hoặc ký hiệu như in trên giấy chứng nhận",
    "serial number, asset code or marking as printed on the certificate",
);

/// D-04 for a calibration.
pub fn d_04(walk: &mut Walk<'_>, index: CalibrationIndex, calibration: &CalibrationRow) -> Tri {
    let subject = Subject::Calibration(index);
    let against = calibration.item.map(Subject::Standard);
    let texts = walk.evidence.calibration_detail(calibration).and_then(|detail| detail.identifiers);
    let facts = texts.map(|(printed, standard)| {
        [fact("printed", FactValue::Text(printed)), fact("standard", FactValue::Text(standard))]
    });
    let note = match calibration.identity {
        IdentityMatch::Match => Note::pass(&D_04, subject),
        IdentityMatch::OtherSpelling => Note::remark(&D_04, subject, &SPELLING),
        IdentityMatch::Conflict => Note::fail(&D_04, subject, &CONFLICT),
        IdentityMatch::NothingToCompare => {
            Note::unknown(&D_04, subject, &NOTHING, &NEED_IDENTIFIER)
        }
    };
    walk.note(note.against(against).facts(facts.as_ref().map_or(&[], |facts| facts)))
}
