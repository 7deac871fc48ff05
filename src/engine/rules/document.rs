//! Area D: documents.

use crate::domain::calibration::{CalibrationKind, CompetenceDecision};
use crate::domain::capability::Publisher;
use crate::domain::period::Day;
use crate::domain::recognition::{AccreditationStandard, EvidenceLevel};
use crate::engine::evidence::*;
use crate::engine::finding::{
    Dimension, FactValue, Phrase, Rule, Severity, Source, Subject, Tag, fact, phrase,
};
use crate::engine::rules::{accreditation, capability, time};
use crate::engine::tri::Tri;
use crate::engine::walk::{Note, Walk};

/// D-01: a certificate says what it has to: its number, the item as printed (more than its maker),
/// the days of performance and results with their unit, without which it is indeterminate; the
/// method and the day of issue, without which it is a remark; who signed, the conditions and a
/// statement of traceability, which are information (rules 3.4). The uncertainty is U-01's. Asked
/// of calibrations and test reports, and of a verification or a maker's statement that gives a
/// value with its uncertainty; reference materials (M-03), comparisons (S-09) and statements of
/// conformity (U-11) have rules of their own. A result over an interval needs no value: it is then
/// a residual correction, or none. Major. ISO/IEC 17025 7.8.2, 7.8.4 \[S\].
///
/// Doubt: the standard asks for signatory and conditions too; the catalogue counts their absence
/// as information, because a registry holds an extract of the certificate.
pub static D_01: Rule = Rule {
    id: "D-01",
    statement: phrase(
        "giấy chứng nhận có đủ nội dung tối thiểu",
        "the certificate has the minimum content",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "7.8.2, 7.8.4", Tag::Secondary),
    optional_input: false,
};

/// D-02: a certificate of legal verification (giấy chứng nhận kiểm định) is no calibration: it
/// counts where its row has a value with an uncertainty, which makes it one, or by its statement of
/// conformity under U-11; else it fails. A type approval is about the type and never about the
/// item, whatever figures it prints. Critical. VIM 2.39 \[K\].
pub static D_02: Rule = Rule {
    id: "D-02",
    statement: phrase(
        "giấy kiểm định có giá trị và độ không đảm bảo đo nên cũng là một lần hiệu chuẩn",
        "the verification gives a value with its uncertainty, so it is also a calibration",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("VIM", "2.39", Tag::Knowledge),
    optional_input: false,
};

/// D-03: a maker's statement counts only with a value, its uncertainty and evidence of competence:
/// an accreditation on it, an accreditation of the maker for calibration in force when it was
/// made, or competence evidence on record (which A-07 then judges). Without one of these, whatever
/// it says of a national institute, it fails. Critical. VIM 2.41 \[F\].
///
/// Doubt: whether missing competence alone breaks traceability (A) or only recognition (B). The
/// catalogue names it with the others and under A, and an assessor does not accept such a sheet.
pub static D_03: Rule = Rule {
    id: "D-03",
    statement: phrase(
        "công bố của nhà sản xuất có giá trị, độ không đảm bảo đo và bằng chứng năng lực",
        "the maker's statement gives a value, its uncertainty and evidence of competence",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("VIM", "2.41", Tag::Official),
    optional_input: false,
};

/// D-05: the dates of a certificate follow each other: received ≤ performed_from ≤ performed_to ≤
/// issued, and the day of each result lies within the performance. Days that are not stated are
/// not compared; that the day of issue is missing is D-01's. A monitoring that goes on is reported
/// while it does. Major. ISO/IEC 17025 7.8.2.1 \[K\].
pub static D_05: Rule = Rule {
    id: "D-05",
    statement: phrase(
        "các ngày trên giấy chứng nhận theo đúng thứ tự",
        "the dates of the certificate follow each other",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "7.8.2.1", Tag::Knowledge),
    optional_input: true,
};

/// D-06: an amended version names what it replaces, and only the latest version is usable. Two live
/// certificates of one issuer with the same number, or two live corrections of one certificate,
/// fail: nobody can say which one counts. A correction that does not say of what is indeterminate.
/// What is replaced, void, withdrawn or superseded is not live. Looks sideways. Major. ISO/IEC
/// 17025 7.8.8 \[K\].
pub static D_06: Rule = Rule {
    id: "D-06",
    statement: phrase(
        "mỗi bản sửa đổi nêu rõ giấy chứng nhận mà nó thay thế, chỉ một bản còn dùng được",
        "every amendment names what it replaces, and only one version is usable",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "7.8.8", Tag::Knowledge),
    optional_input: false,
};

/// D-09: a statement of traceability in words never stands for the references (S-03): “traceable to
/// the SI” alone is indeterminate; beside references it is harmless. Major. ILAC-P10 \[K\].
pub static D_09: Rule = Rule {
    id: "D-09",
    statement: phrase(
        "ngoài câu tuyên bố còn có các chuẩn đã dùng",
        "beside the statement in words there are the references used",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("ILAC-P10:07/2020", "", Tag::Knowledge),
    optional_input: false,
};

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
///
/// A certificate that the issuer it names disputes contradicts itself and fails, with the weight of a
/// register (S-12), since nobody knows better what was issued, however well it is evidenced otherwise, until the issuer says
/// otherwise; so does the recognition that rests on a scope refused by its accreditation body. A
/// scope that a laboratory proposes does not stand beside one that is confirmed: it can neither
/// widen it nor hide that something lies outside of it. Doubt: the catalogue names no disputes;
/// ISO/IEC 17025 has the issuer answer for what is reported in its name (7.8.1), so its word decides.
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

/// The rules about what a certificate is and says, for one of its rows: D-01 to D-03, D-05, D-06.
pub fn certificate(walk: &mut Walk<'_>, row: &ResultRow, calibration: &CalibrationRow) -> Tri {
    d_01(walk, row, calibration)
        .and(d_02(walk, row, calibration))
        .and(d_03(walk, row, calibration))
        .and(d_05(walk, row.calibration, calibration))
        .and(d_06(walk, row.calibration, calibration))
}

static ESSENTIAL_MISSING: Phrase = phrase(
    "giấy chứng nhận {number} không ghi: {missing}",
    "certificate {number} does not state: {missing}",
);
static NEED_CONTENT: Phrase = phrase(
    "nội dung còn thiếu, như ghi trên giấy chứng nhận (hỏi tổ chức cấp)",
    "what is missing, as printed on the certificate (ask the issuer)",
);
static USUAL_MISSING: Phrase = phrase(
    "giấy chứng nhận {number} không ghi {missing}, là nội dung mà giấy chứng nhận phải có",
    "certificate {number} lacks {missing}, which a certificate has to state",
);
static OTHER_MISSING: Phrase = phrase(
    "hồ sơ của giấy chứng nhận {number} không có: {missing}",
    "the record of certificate {number} does not hold: {missing}",
);

static ESSENTIAL: [&[&str]; 8] = [
    &[],
    &["certificate_number"],
    &["item_as_printed"],
    &["certificate_number", "item_as_printed"],
    &["value_with_unit"],
    &["certificate_number", "value_with_unit"],
    &["item_as_printed", "value_with_unit"],
    &["certificate_number", "item_as_printed", "value_with_unit"],
];
static USUAL: [&[&str]; 4] = [&[], &["method"], &["day_of_issue"], &["method", "day_of_issue"]];
static OTHER: [&[&str]; 8] = [
    &[],
    &["signatory"],
    &["conditions"],
    &["signatory", "conditions"],
    &["traceability_statement"],
    &["signatory", "traceability_statement"],
    &["conditions", "traceability_statement"],
    &["signatory", "conditions", "traceability_statement"],
];

/// The words whose bits are set.
fn chosen<const N: usize>(
    words: &[&'static [&'static str]; N],
    missing: &[bool],
) -> &'static [&'static str] {
    let bits = missing.iter().enumerate().map(|(bit, is_missing)| usize::from(*is_missing) << bit);
    words.get(bits.sum::<usize>()).copied().unwrap_or_default()
}

/// Whether a row gives a number with its unit; over an interval it need not.
fn has_value(row: &ResultRow) -> bool {
    let is_stated = !row.extent.lower.is_nan() || !row.extent.upper.is_nan();
    row.value().is_some() || is_stated && !row.extent.is_point()
}

/// Whether a row gives what a calibration gives: a value and its uncertainty.
fn is_calibrated(row: &ResultRow) -> bool {
    has_value(row) && row.uncertainty().is_some()
}

fn d_01(walk: &mut Walk<'_>, row: &ResultRow, calibration: &CalibrationRow) -> Tri {
    let applies = match calibration.kind {
        CalibrationKind::Calibration | CalibrationKind::TestReport => true,
        CalibrationKind::LegalVerification | CalibrationKind::ManufacturerStatement => {
            is_calibrated(row)
        }
        CalibrationKind::ReferenceMaterialCertificate
        | CalibrationKind::ConformityOnly
        | CalibrationKind::ComparisonReport
        | CalibrationKind::TypeApproval => false,
    };
    if !applies {
        return Tri::Pass;
    }
    let subject = Subject::Calibration(row.calibration);
    let number = fact("number", FactValue::Text(calibration.number));
    let absent = |bit: Stated| !calibration.stated.has(bit);
    let essential =
        chosen(&ESSENTIAL, &[absent(Stated::NUMBER), absent(Stated::ITEM), !has_value(row)]);
    let usual = chosen(&USUAL, &[absent(Stated::METHOD), calibration.issued_on.is_none()]);
    let other = chosen(
        &OTHER,
        &[absent(Stated::SIGNATORY), absent(Stated::CONDITIONS), absent(Stated::TRACEABILITY)],
    );
    let missing = |words| [number, fact("missing", FactValue::Words(words))];
    if !other.is_empty() {
        let note = Note::remark(&D_01, subject, &OTHER_MISSING).severity(Severity::Info);
        walk.note(note.facts(&missing(other)));
    }
    if !usual.is_empty() {
        let note = Note::remark(&D_01, subject, &USUAL_MISSING);
        walk.note(note.facts(&missing(usual)));
    }
    if !essential.is_empty() {
        let note = Note::unknown(&D_01, subject, &ESSENTIAL_MISSING, &NEED_CONTENT);
        return walk.note(note.facts(&missing(essential)));
    }
    match usual.is_empty() {
        true => walk.note(Note::pass(&D_01, subject)),
        false => Tri::Pass,
    }
}

static ONLY_VERIFIED: Phrase = phrase(
    "giấy kiểm định {number} chỉ cho biết đạt hay không đạt, không có giá trị kèm độ không đảm bảo đo: không phải hiệu chuẩn",
    "verification certificate {number} gives no value with an uncertainty: it is no calibration",
);
static ONLY_THE_TYPE: Phrase = phrase(
    "{number} là phê duyệt mẫu: nói về kiểu phương tiện đo, không phải về chính vật này",
    "{number} is a type approval: it is about the type and not about this item",
);

fn d_02(walk: &mut Walk<'_>, row: &ResultRow, calibration: &CalibrationRow) -> Tri {
    let subject = Subject::Calibration(row.calibration);
    let number = [fact("number", FactValue::Text(calibration.number))];
    let note = match calibration.kind {
        CalibrationKind::TypeApproval => Note::fail(&D_02, subject, &ONLY_THE_TYPE),
        CalibrationKind::LegalVerification if is_calibrated(row) => Note::pass(&D_02, subject),
        CalibrationKind::LegalVerification => {
            let detail = walk.evidence.result_detail(row);
            if detail.is_some_and(|detail| detail.conformity.is_some()) {
                // By its statement of conformity, if at all: rule U-11.
                return Tri::Pass;
            }
            Note::fail(&D_02, subject, &ONLY_VERIFIED)
        }
        _ => return Tri::Pass,
    };
    walk.note(note.facts(&number))
}

static ONLY_STATED: Phrase = phrase(
    "công bố {number} của nhà sản xuất thiếu {missing}: không phải giấy chứng nhận hiệu chuẩn",
    "the maker's statement {number} lacks {missing}: it is no calibration certificate",
);
static OF_A_MAKER: [&[&str]; 8] = [
    &[],
    &["value_with_unit"],
    &["uncertainty"],
    &["value_with_unit", "uncertainty"],
    &["competence"],
    &["value_with_unit", "competence"],
    &["uncertainty", "competence"],
    &["value_with_unit", "uncertainty", "competence"],
];

fn d_03(walk: &mut Walk<'_>, row: &ResultRow, calibration: &CalibrationRow) -> Tri {
    if calibration.kind != CalibrationKind::ManufacturerStatement {
        return Tri::Pass;
    }
    let subject = Subject::Calibration(row.calibration);
    let missing = chosen(
        &OF_A_MAKER,
        &[!has_value(row), row.uncertainty().is_none(), !shows_competence(walk, calibration)],
    );
    if missing.is_empty() {
        return walk.note(Note::pass(&D_03, subject));
    }
    let facts = [
        fact("number", FactValue::Text(calibration.number)),
        fact("missing", FactValue::Words(missing)),
    ];
    walk.note(Note::fail(&D_03, subject, &ONLY_STATED).facts(&facts))
}

/// Whether anything on record speaks for the competence of whoever issued a certificate.
fn shows_competence(walk: &Walk<'_>, calibration: &CalibrationRow) -> bool {
    let evidence = walk.evidence;
    let detail = evidence.calibration_detail(calibration).and_then(|detail| detail.competence);
    let shown = detail.is_some_and(|(decision, _)| decision != CompetenceDecision::Refused);
    let performed = Period { from: calibration.performed_from, to: calibration.performed_to };
    let accreditations =
        || calibration.issuer.map_or(&[][..], |of| evidence.accreditations_of.of(of.position()));
    shown
        || calibration.endorsement != EndorsementRow::None
        || accreditations().iter().any(|index| {
            let row = evidence.accreditation(*index);
            row.standard == AccreditationStandard::IsoIec17025
                && walk.knows(row.known_from)
                && accreditation::activity(walk, *index, performed) == Tri::Pass
        })
}

static OUT_OF_ORDER: Phrase = phrase(
    "trên giấy chứng nhận {number}, {first} ({first_on}) lại sau {then} ({then_on})",
    "on certificate {number} “{first}” ({first_on}) comes after “{then}” ({then_on})",
);

fn d_05(walk: &mut Walk<'_>, index: CalibrationIndex, calibration: &CalibrationRow) -> Tri {
    let subject = Subject::Calibration(index);
    let detail = walk.evidence.calibration_detail(calibration);
    let Some(disorder) = detail.and_then(|detail| detail.disorder.as_deref()) else {
        return match calibration.issued_on {
            Some(_) => walk.note(Note::pass(&D_05, subject)),
            None => Tri::Pass,
        };
    };
    let facts = [
        fact("number", FactValue::Text(calibration.number)),
        fact("first", FactValue::Word(disorder.first.0)),
        fact("first_on", FactValue::Day(disorder.first.1)),
        fact("then", FactValue::Word(disorder.then.0)),
        fact("then_on", FactValue::Day(disorder.then.1)),
    ];
    walk.note(Note::fail(&D_05, subject, &OUT_OF_ORDER).facts(&facts))
}

static SAME_NUMBER: Phrase = phrase(
    "có hai giấy chứng nhận cùng số {number} của một tổ chức cấp còn hiệu lực: không biết bản nào được dùng",
    "two certificates of the same issuer with the number {number} are live: which one counts cannot be said",
);
static TWO_CORRECTIONS: Phrase = phrase(
    "giấy chứng nhận {number} và một bản khác cùng sửa đổi một giấy chứng nhận mà không bản nào thay thế bản kia",
    "certificate {number} and another one amend the same certificate, and neither replaces the other",
);
static REPLACES_NOTHING: Phrase = phrase(
    "giấy chứng nhận {number} là bản sửa đổi nhưng không nêu nó thay thế giấy chứng nhận nào",
    "certificate {number} is an amendment but does not name what it replaces",
);
static NEED_AMENDED: Phrase = phrase(
    "số của giấy chứng nhận bị thay thế (hỏi tổ chức cấp)",
    "the number of the certificate replaced (ask the issuer)",
);

fn d_06(walk: &mut Walk<'_>, index: CalibrationIndex, calibration: &CalibrationRow) -> Tri {
    let evidence = walk.evidence;
    let amended = evidence.calibration_detail(calibration).and_then(|detail| detail.amends);
    let amended = amended.filter(|one| walk.knows(evidence.calibration(*one).known_from));
    let namesakes = evidence.namesakes_of(index);
    let changes = calibration.stated.has(Stated::UNNAMED_CHANGE);
    if amended.is_none() && namesakes.is_empty() && !changes {
        return Tri::Pass;
    }
    let subject = Subject::Calibration(index);
    let number = [fact("number", FactValue::Text(calibration.number))];
    // Of one that is itself replaced or void T-08 speaks.
    let itself = is_live(walk, index);
    let rival = |others: &[CalibrationIndex]| {
        let mut others = others.iter().copied().filter(|other| *other != index);
        others.find(|other| itself && is_live(walk, *other))
    };
    let of_the_number = rival(namesakes);
    let of_the_amended = amended.and_then(|amended| {
        let mut others = evidence.amendments_of(amended).filter(|other| *other != index);
        others.find(|other| itself && is_live(walk, *other))
    });
    let note = match (of_the_number, of_the_amended) {
        (Some(other), _) => {
            Note::fail(&D_06, subject, &SAME_NUMBER).against(Some(Subject::Calibration(other)))
        }
        (None, Some(other)) => {
            Note::fail(&D_06, subject, &TWO_CORRECTIONS).against(Some(Subject::Calibration(other)))
        }
        (None, None) => match amended {
            None if changes => Note::unknown(&D_06, subject, &REPLACES_NOTHING, &NEED_AMENDED),
            None => return Tri::Pass,
            Some(amended) => {
                Note::pass(&D_06, subject).against(Some(Subject::Calibration(amended)))
            }
        },
    };
    walk.note(note.facts(&number))
}

/// Whether a certificate is known and neither replaced nor at an end: as far as its issuer has said,
/// it may be used.
fn is_live(walk: &Walk<'_>, index: CalibrationIndex) -> bool {
    walk.knows(walk.evidence.calibration(index).known_from)
        && walk.amended(index) == index
        && matches!(
            time::standing(walk, index, Day::end()),
            time::Standing::Good | time::Standing::UnderReview(_)
        )
}

static WORDS_ALONE: Phrase = phrase(
    "câu tuyên bố về liên kết chuẩn trên giấy chứng nhận {number} không thay được các chuẩn đã dùng",
    "the statement of traceability on certificate {number} does not stand for the references used",
);
static NEED_USED: Phrase = phrase(
    "các chuẩn đã dùng, với giấy chứng nhận của từng chuẩn (hỏi tổ chức cấp)",
    "the references used, each with its certificate (ask the issuer)",
);

/// D-09 for a certificate with a statement in words, by whether it names references.
pub fn d_09(
    walk: &mut Walk<'_>,
    index: CalibrationIndex,
    calibration: &CalibrationRow,
    has_references: bool,
) {
    if !calibration.stated.has(Stated::TRACEABILITY) {
        return;
    }
    let subject = Subject::Calibration(index);
    let number = [fact("number", FactValue::Text(calibration.number))];
    let note = match has_references {
        true => Note::pass(&D_09, subject),
        false => Note::unknown(&D_09, subject, &WORDS_ALONE, &NEED_USED),
    };
    walk.note(note.facts(&number));
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
static DISPUTED: Phrase = phrase(
    "{issuer} không công nhận giấy chứng nhận {certificate} như được ghi là của mình: {reason}",
    "{issuer} disputes certificate {certificate} as it is recorded in its name: {reason}",
);
static DISPUTED_ALONE: Phrase = phrase(
    "{issuer} không công nhận giấy chứng nhận {certificate} như được ghi là của mình",
    "{issuer} disputes certificate {certificate} as it is recorded in its name",
);
static SCOPE_REFUSED: Phrase = phrase(
    "{body} đã từ chối CMC {code} trong phạm vi được đề nghị",
    "{body} refused the CMC {code} of the scope that was proposed",
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
    let certificate = fact("certificate", FactValue::Text(calibration.number));
    if let Some(said) = walk.disputed(Attested::Calibration(index)) {
        let issuer = fact("issuer", FactValue::Record(Subject::Organisation(said.by)));
        let against = Some(Subject::Organisation(said.by));
        let facts = [issuer, certificate];
        return match said.reason {
            Some(reason) => {
                let facts = [issuer, certificate, fact("reason", FactValue::Text(reason))];
                let note = Note::fail(&D_07, subject, &DISPUTED).settled_by(&NEED_ISSUER);
                walk.note(note.against(against).facts(&facts))
            }
            None => {
                let note = Note::fail(&D_07, subject, &DISPUTED_ALONE).settled_by(&NEED_ISSUER);
                walk.note(note.against(against).facts(&facts))
            }
        };
    }
    let facts = [certificate];
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
    if let Some(said) = walk.disputed(Attested::Capability(index)) {
        let facts = [
            fact("body", FactValue::Record(Subject::Organisation(said.by))),
            fact("code", capability::code_of(walk, index)),
        ];
        let note = Note::fail(&D_07, subject, &SCOPE_REFUSED).dimension(Dimension::Recognition);
        return walk.note(note.against(Some(Subject::Capability(index))).facts(&facts));
    }
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
                let names = first.into_iter().chain([other.name]);
                first = names.min_by_key(|name| walk.evidence.text(*name));
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
