//! Area D: documents.

use crate::domain::capability::Publisher;
use crate::domain::recognition::EvidenceLevel;
use crate::engine::evidence::*;
use crate::engine::finding::{
    Dimension, FactValue, Phrase, Rule, Severity, Source, Subject, Tag, fact, phrase,
};
use crate::engine::rules::capability;
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

/// D-07: a certificate is evidenced by more than its owner's word: self-declared is indeterminate
/// for traceability and recognition, an uploaded document is a remark, confirmed by the issuer or
/// taken from the register passes. A CMC or scope counts when it comes from the register that
/// publishes it or was written by its accreditation body, else recognition is indeterminate. The
/// level of a capability written by its accreditation body is `issuer_confirmed`, which is also
/// what a bundle is taken as where it says nothing; so both pass, and what the laboratory itself
/// declares or uploads does not. Above a step that closes by recognition an uploaded document is
/// information: that step does not need it. The heading's dimension is governance; what it decides
/// are verdicts A and B (rules 3.4). Major. ISO/IEC 17025 7.5 \[K\].
pub static D_07: Rule = Rule {
    id: "D-07",
    statement: phrase(
        "giấy chứng nhận và phạm vi được xác nhận bởi bên cấp hoặc lấy từ cơ sở dữ liệu gốc",
        "certificate and scope are confirmed by who issued them or taken from their register",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "", Tag::Knowledge),
    optional_input: false,
};

/// D-08: a certificate under an accreditation or the CIPM MRA marks the rows that lie outside the
/// scope or the published CMCs. An endorsed row of another quantity, outside every range or
/// condition, or not in force is a remark; whether such a row also contradicts its claim is the
/// matter of C-01, C-02 and A-01. Looked at for all rows of the nearest certificate. Minor.
/// CIPM MRA-G-11, ILAC-P8 \[K\].
pub static D_08: Rule = Rule {
    id: "D-08",
    statement: phrase(
        "dấu hiệu công nhận hoặc CIPM MRA chỉ dùng cho các kết quả nằm trong phạm vi",
        "the mark of accreditation or the CIPM MRA stands only for results within the scope",
    ),
    severity: Severity::Minor,
    dimension: Dimension::Recognition,
    source: Source::new("ILAC-P8", "", Tag::Knowledge),
    optional_input: true,
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

static SELF_DECLARED: Phrase = phrase(
    "giấy chứng nhận {certificate} chỉ do chủ sở hữu tự khai, không có tài liệu hay xác nhận nào",
    "certificate {certificate} is its owner's own declaration, without a document or confirmation",
);
static UPLOADED: Phrase = phrase(
    "giấy chứng nhận {certificate} mới có bản tải lên, tổ chức cấp chưa xác nhận",
    "certificate {certificate} is an uploaded document that its issuer has not confirmed",
);
static NEED_ISSUER: Phrase = phrase(
    "xác nhận của tổ chức cấp giấy chứng nhận",
    "the confirmation of who issued the certificate",
);
static NEED_CONFIRMATION: Phrase = phrase(
    "bản giấy chứng nhận, hoặc xác nhận của tổ chức cấp",
    "the document, or the issuer's confirmation",
);
static SCOPE_NOT_CONFIRMED: Phrase = phrase(
    "CMC {code} không lấy từ KCDB hay do tổ chức công nhận ghi (mức bằng chứng: {level})",
    "the CMC {code} comes neither from the KCDB nor from the accreditation body (evidence: {level})",
);
static NEED_REGISTER: Phrase = phrase(
    "CMC từ KCDB, hoặc phạm vi do tổ chức công nhận ghi",
    "the CMC from the KCDB, or the scope as its accreditation body wrote it",
);

/// D-07 for a certificate.
pub fn d_07(walk: &mut Walk<'_>, index: CalibrationIndex, calibration: &CalibrationRow) -> Tri {
    let subject = Subject::Calibration(index);
    let facts = [fact("certificate", FactValue::Text(calibration.number))];
    let note = match calibration.evidence {
        EvidenceLevel::IssuerConfirmed | EvidenceLevel::RegistrySynced => {
            return walk.note(Note::pass(&D_07, subject));
        }
        EvidenceLevel::DocumentUploaded => {
            Note::remark(&D_07, subject, &UPLOADED).settled_by(&NEED_ISSUER)
        }
        EvidenceLevel::SelfDeclared => {
            Note::unknown(&D_07, subject, &SELF_DECLARED, &NEED_CONFIRMATION)
        }
    };
    walk.note(note.facts(&facts))
}

/// D-07 for a capability that recognition rests on; silent where it is confirmed.
pub fn d_07_capability(walk: &mut Walk<'_>, row: &ResultRow, index: CapabilityIndex) -> Tri {
    let capability = walk.evidence.capability(index);
    if capability.evidence >= EvidenceLevel::IssuerConfirmed {
        return Tri::Pass;
    }
    let subject = Subject::Calibration(row.calibration);
    let facts = [
        fact("code", capability::code_of(walk, index)),
        fact("level", FactValue::Word(capability.evidence.as_str())),
    ];
    let note = Note::unknown(&D_07, subject, &SCOPE_NOT_CONFIRMED, &NEED_REGISTER);
    let note = note.dimension(Dimension::Recognition).against(Some(Subject::Capability(index)));
    walk.note(note.facts(&facts))
}

static OUTSIDE_UNMARKED: Phrase = phrase(
    "giấy chứng nhận {certificate} mang dấu hiệu công nhận nhưng không đánh dấu {count} kết quả ngoài phạm vi (dòng đầu: {row})",
    "certificate {certificate} bears a mark of recognition but leaves {count} of its rows outside the scope unmarked (first: {row})",
);

/// D-08 for the nearest certificate.
pub fn d_08(walk: &mut Walk<'_>, row: &ResultRow, calibration: &CalibrationRow) {
    let (publisher, accreditation) = match calibration.endorsement {
        EndorsementRow::None => return,
        EndorsementRow::CipmMra => (Publisher::Kcdb, None),
        EndorsementRow::Accreditation(index) => (Publisher::AccreditationScope, Some(index)),
    };
    let (mut inside, mut outside, mut first) = (0_u32, 0_u32, None);
    for index in walk.evidence.rows_of(row.calibration) {
        let other = walk.evidence.result(index);
        if other.endorsed == Some(false) {
            continue;
        }
        match capability::lies_within(walk, other, calibration, publisher, accreditation) {
            Tri::Pass => inside += 1,
            Tri::Fail => {
                outside += 1;
                first = first.or(Some(other.name));
            }
            Tri::Indeterminate => {}
        }
    }
    let subject = Subject::Calibration(row.calibration);
    match first {
        Some(first) => {
            let facts = [
                fact("certificate", FactValue::Text(calibration.number)),
                fact("count", FactValue::Count(outside)),
                fact("row", FactValue::Text(first)),
            ];
            walk.note(Note::remark(&D_08, subject, &OUTSIDE_UNMARKED).facts(&facts));
        }
        None if inside > 0 => {
            walk.note(Note::pass(&D_08, subject));
        }
        None => {}
    }
}
