//! Area V: national law, as a policy asks for it. Written for Viet Nam's Law on Measurement; which
//! country it is, is data of the policy. Without such a policy no rule here says anything.

use crate::domain::calibration::{CalibrationKind, ConformityStatement, ReferenceRole};
use crate::domain::claim::Purpose;
use crate::domain::organisation::OrganisationKind;
use crate::domain::period::Day;
use crate::domain::quantity::QuantityKindId;
use crate::domain::recognition::{AccreditationStatus, EvidenceLevel, LegalRecognitionKind};
use crate::domain::standard::{LegalLevel, MetrologicalRole};
use crate::domain::uncertainty::Mode;
use crate::engine::evidence::*;
use crate::engine::finding::{
    Dimension, Fact, FactValue, Phrase, Rule, Severity, Source, Subject, Tag, fact, phrase,
};
use crate::engine::numbers;
use crate::engine::report::Route;
use crate::engine::rules::{institute, time};
use crate::engine::tri::Tri;
use crate::engine::verify::Question;
use crate::engine::walk::{Input, Note, Walk};

/// V-01: levels descend: national ≥ reference ≥ working ≥ instrument; an equal level only with a
/// smaller uncertainty. A foreign reference ranks by its metrological role. Main references only:
/// levels say nothing of auxiliary instruments. Major. Law on Measurement, art. 10 \[S\].
pub static V_01: Rule = Rule {
    id: "V-01",
    statement: phrase(
        "chuẩn đã dùng có cấp không thấp hơn vật được hiệu chuẩn",
        "the reference is of no lower level than the item calibrated",
    ),
    severity: Severity::Major,
    dimension: Dimension::Legal,
    source: Source::new("Luật Đo lường 04/2011/QH13", "Điều 10", Tag::Secondary),
    optional_input: true,
};

/// V-02: a working standard is for measuring instruments; that it was used to calibrate another
/// standard is a remark. Main references only, as V-01. Minor. Law on Measurement, art. 10.3 \[S\].
pub static V_02: Rule = Rule {
    id: "V-02",
    statement: phrase(
        "chuẩn công tác chỉ dùng để kiểm định, hiệu chuẩn, thử nghiệm phương tiện đo",
        "the working standard is used for measuring instruments",
    ),
    severity: Severity::Minor,
    dimension: Dimension::Legal,
    source: Source::new("Luật Đo lường 04/2011/QH13", "Điều 10.3", Tag::Secondary),
    optional_input: false,
};

/// V-03: a national standard is approved by a decision and kept by the organisation designated for
/// it, on the day it is used. One that an authority refused, and nobody approved since, fails: its
/// record is its owner's word alone. Major. Law on Measurement, art. 12.2-12.3 \[S\].
pub static V_03: Rule = Rule {
    id: "V-03",
    statement: phrase(
        "chuẩn quốc gia được phê duyệt và do tổ chức được chỉ định giữ",
        "the national standard is approved and kept by its designated holder",
    ),
    severity: Severity::Major,
    dimension: Dimension::Legal,
    source: Source::new("Luật Đo lường 04/2011/QH13", "Điều 12.2-12.3", Tag::Secondary),
    optional_input: false,
};

/// V-04: a national standard is calibrated by, or compared with, an international standard or a
/// foreign institute's within its declared cycle. Major. Law on Measurement, art. 12.4 \[S\].
pub static V_04: Rule = Rule {
    id: "V-04",
    statement: phrase(
        "chuẩn quốc gia được hiệu chuẩn hoặc so sánh định kỳ với chuẩn quốc tế hoặc chuẩn nước ngoài",
        "the national standard is periodically calibrated by or compared with a foreign or international one",
    ),
    severity: Severity::Major,
    dimension: Dimension::Legal,
    source: Source::new("Luật Đo lường 04/2011/QH13", "Điều 12.4", Tag::Secondary),
    optional_input: false,
};

/// V-05: a standard used to verify instruments of group 2 is calibrated by an organisation of the
/// country that is designated for the field, or by a foreign one accredited or designated for it,
/// and is certified for that use on the day. Asked where the claim's purpose is
/// `group_2_verification`. Major. Decree 105/2016/NĐ-CP art. 4.6, as amended by 154/2018/NĐ-CP.
///
/// That it meets its technical document (ĐLVN) is what the certification attests; no other record
/// does. An accreditation does not replace the designation at home, and the national institute
/// needs one like everybody else: the decree makes no exception. Abroad a certificate by route R1 or
/// R2 counts: whoever takes part in the CIPM MRA was designated for it by its country. Doubt: the
/// decree does not name the CIPM MRA.
pub static V_05: Rule = Rule {
    id: "V-05",
    statement: phrase(
        "chuẩn dùng để kiểm định phương tiện đo nhóm 2 được hiệu chuẩn tại tổ chức được chỉ định và được chứng nhận",
        "the standard for verifying group-2 instruments was calibrated by a designated organisation and is certified",
    ),
    severity: Severity::Major,
    dimension: Dimension::Legal,
    source: Source::new(
        "Nghị định 105/2016/NĐ-CP, sửa đổi bởi 154/2018/NĐ-CP",
        "Điều 4.6",
        Tag::Official,
    ),
    optional_input: false,
};

/// V-06: whoever calibrates as a service is registered (or designated) for the field on that day.
/// Not for foreign providers, institutes, or work on one's own standards. Major. Decree
/// 105/2016/NĐ-CP, art. 3-4.
pub static V_06: Rule = Rule {
    id: "V-06",
    statement: phrase(
        "tổ chức hiệu chuẩn đã đăng ký hoặc được chỉ định cho lĩnh vực này",
        "the provider is registered or designated for this field",
    ),
    severity: Severity::Major,
    dimension: Dimension::Legal,
    source: Source::new("Nghị định 105/2016/NĐ-CP", "Điều 3-4", Tag::Official),
    optional_input: false,
};

/// V-07: whoever signed a verification certificate of the country has a verifier card for the
/// field, valid on the days of verification. The card is the one of the issuer's whose number
/// stands with the signatory; without a card of the issuer that could be the signatory's, a
/// complete register says that there is none. Minor. Circular 24/2013/TT-BKHCN \[K\].
///
/// Doubt: records name no persons, so the card is found by its number alone.
pub static V_07: Rule = Rule {
    id: "V-07",
    statement: phrase(
        "người ký giấy kiểm định có thẻ kiểm định viên còn hiệu lực cho lĩnh vực này",
        "who signed the verification had a valid verifier card for the field",
    ),
    severity: Severity::Minor,
    dimension: Dimension::Legal,
    source: Source::new("Thông tư 24/2013/TT-BKHCN", "", Tag::Knowledge),
    optional_input: false,
};

/// V-08: certificates of the country are in legal units: every symbol of value, point and absolute
/// uncertainty stands on the list in force on the day of performance. Another unit is a remark:
/// art. 9 demands legal units of the state and of instruments of group 2, elsewhere parties may
/// agree on others. Minor. Law on Measurement, art. 8-9 \[S\].
///
/// The list is data of the policy (Decree 86/2012/NĐ-CP \[K\]), in symbols of UCUM without
/// prefixes.
pub static V_08: Rule = Rule {
    id: "V-08",
    statement: phrase("kết quả ghi bằng đơn vị đo pháp định", "the results are in legal units"),
    severity: Severity::Minor,
    dimension: Dimension::Legal,
    source: Source::new("Luật Đo lường 04/2011/QH13", "Điều 8-9", Tag::Secondary),
    optional_input: false,
};

/// V-09: an instrument of group 2 is used within the cycle of its last verification: day of
/// verification + months of the list in force on that day ≥ day of use. Only for instruments whose
/// name stands on the policy's list; a verification that found it not to conform does not count.
/// Major. Circular 23/2013/TT-BKHCN, as amended by 07/2019 and 03/2024.
///
/// Doubt: records have no code for a kind of instrument, so its name decides; one that is called
/// something else is not found. The cycles of 03/2024 are seen \[F\]; that they are in force since
/// 2024-06-01 is not \[K\]. Those before are not known, so that an older verification is
/// indeterminate.
pub static V_09: Rule = Rule {
    id: "V-09",
    statement: phrase(
        "phương tiện đo nhóm 2 còn trong chu kỳ kiểm định",
        "the group-2 instrument is within its verification cycle",
    ),
    severity: Severity::Major,
    dimension: Dimension::Legal,
    source: Source::new(
        "Thông tư 23/2013/TT-BKHCN, sửa đổi bởi 03/2024/TT-BKHCN",
        "",
        Tag::Official,
    ),
    optional_input: false,
};

/// V-10: the legal texts that a recognition rests on were in force on the day of the event that it
/// is used for. Texts are documents of the registry, in force from `valid_from`, else from their
/// publication; one that is not there is not known. Info.
pub static V_10: Rule = Rule {
    id: "V-10",
    statement: phrase(
        "văn bản làm căn cứ còn hiệu lực vào ngày đó",
        "the legal text was in force on that day",
    ),
    severity: Severity::Info,
    dimension: Dimension::Legal,
    source: Source::new("Etalon", "documents", Tag::Official),
    optional_input: false,
};

fn is_of_the_country(walk: &Walk<'_>, organisation: Option<OrganisationIndex>) -> Option<bool> {
    let law = walk.policy.law.as_ref()?;
    let country = walk.evidence.organisation(organisation?).country;
    Some(country == Some(law.country))
}

/// Whether the law asked for is that of the standard's owner.
pub fn applies(walk: &Walk<'_>, standard: &StandardRow) -> bool {
    is_of_the_country(walk, standard.owner) == Some(true)
}

fn missing(walk: &Walk<'_>) -> Tri {
    match walk.policy.law.as_ref().is_some_and(|law| law.registers_complete) {
        true => Tri::Fail,
        false => Tri::Indeterminate,
    }
}

/// A note of something missing from the registers of law: a fail where they are complete.
fn absent<'n>(
    walk: &Walk<'_>,
    rule: &'static Rule,
    subject: Subject,
    message: &'static Phrase,
    needed: &'static Phrase,
) -> Note<'n> {
    match missing(walk) {
        Tri::Fail => Note::fail(rule, subject, message).settled_by(needed),
        _ => Note::unknown(rule, subject, message, needed),
    }
}

/// Whether a recognition is valid over a period, as known.
pub fn is_valid(walk: &Walk<'_>, row: &LegalRecognitionRow, period: Period) -> bool {
    let on = |day: Day| {
        let known = row.statuses.iter().filter(|entry| walk.knows(entry.known_from));
        known
            .filter(|entry| entry.effective.has(day))
            .max_by_key(|entry| (entry.effective.from, entry.known_from, entry.status))
            .is_none_or(|entry| entry.status == AccreditationStatus::Active)
    };
    walk.knows(row.known_from) && row.valid.contains(period) && on(period.from) && on(period.to)
}

static NOT_REGISTERED: Phrase = phrase(
    "{organisation} không có đăng ký hay chỉ định cho {kind} vào ngày {from}",
    "{organisation} is not registered or designated for {kind} on {from}",
);
static NEED_REGISTRATION: Phrase = phrase(
    "giấy chứng nhận đăng ký hoặc quyết định chỉ định cho lĩnh vực này",
    "the registration or designation for this field",
);

/// V-06 for a calibration.
pub fn v_06(walk: &mut Walk<'_>, row: &ResultRow, calibration: &CalibrationRow) {
    let Some(issuer) = calibration.issuer else { return };
    let kind = walk.evidence.organisation(issuer).kind;
    let applies = is_of_the_country(walk, calibration.issuer) == Some(true)
        && !kind.is_institute()
        && kind != OrganisationKind::Bipm
        && walk.evidence.owner_of_item(calibration) != calibration.issuer;
    if !applies {
        return;
    }
    let registered = registration(walk, issuer, row, calibration);
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Organisation(issuer));
    let facts = [
        fact("organisation", FactValue::Record(Subject::Organisation(issuer))),
        fact("kind", FactValue::Word(row.kind.id())),
        fact("from", FactValue::Day(calibration.performed_from)),
    ];
    let note = match registered {
        Some(_) => Note::pass(&V_06, subject),
        None => absent(walk, &V_06, subject, &NOT_REGISTERED, &NEED_REGISTRATION),
    };
    walk.note(note.against(against).facts(&facts));
    if let Some(recognition) = registered {
        v_10(walk, recognition, subject, calibration.performed_from);
    }
}

/// The registration or designation of an organisation for the quantity of a row, valid when it was
/// performed.
pub fn registration(
    walk: &Walk<'_>,
    organisation: OrganisationIndex,
    row: &ResultRow,
    calibration: &CalibrationRow,
) -> Option<LegalRecognitionIndex> {
    let performed = Period { from: calibration.performed_from, to: calibration.performed_to };
    let evidence = walk.evidence;
    let recognitions = evidence.legal_of_organisation.of(organisation.position()).iter().copied();
    recognitions.into_iter().find(|index| {
        let recognition = evidence.legal_recognition(*index);
        matches!(
            recognition.kind,
            LegalRecognitionKind::Registration | LegalRecognitionKind::Designation
        ) && is_valid(walk, recognition, performed)
            && covers_field(evidence, recognition, row)
    })
}

/// Whether the fields of a registration name the quantity: by its id, the quantity it is a variant
/// of, its KCDB area, or the Vietnamese term, which is what decisions are written in.
fn covers_field(evidence: &Evidence, recognition: &LegalRecognitionRow, row: &ResultRow) -> bool {
    let kind = row.kind.kind();
    let parent = kind.parent.map(|parent| parent.kind());
    recognition.fields.iter().any(|field| {
        let field = evidence.text(*field);
        let is_named =
            |id: &str, name: &str| field == id || field.to_lowercase() == name.to_lowercase();
        is_named(kind.id, kind.name_vi)
            || parent.is_some_and(|parent| is_named(parent.id, parent.name_vi))
            || field == kind.area.code
    })
}

/// The rules of law at a link: levels, and the standing of a national standard that was used.
pub fn at_link(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    parent: &ResultRow,
    parent_calibration: &CalibrationRow,
    input: &Input,
) {
    if input.reference.role != ReferenceRole::Main || walk.policy.law.is_none() {
        return;
    }
    v_01(walk, row, calibration, parent, parent_calibration);
    v_02(walk, row, calibration, parent, parent_calibration);
    if let Some(standard) = parent_calibration.item {
        let used = Period { from: calibration.performed_from, to: calibration.performed_to };
        national_standard(walk, standard, used);
    }
}

static LEVEL_TOO_LOW: Phrase = phrase(
    "{child} được hiệu chuẩn bằng {parent}: cấp thấp hơn",
    "the level of the item ({child}) is above that of its reference ({parent})",
);
static EQUAL_LEVEL: Phrase = phrase(
    "{child} được hiệu chuẩn bằng chuẩn cùng cấp mà độ không đảm bảo đo không nhỏ hơn",
    "the reference is of the item's own level ({child}) and its uncertainty is not smaller",
);
static LEVEL_UNKNOWN: Phrase = phrase(
    "chưa biết cấp của chuẩn đã dùng hoặc của vật được hiệu chuẩn",
    "the level of the reference or of the item is not known",
);
static NEED_LEVEL: Phrase = phrase(
    "cấp (chuẩn quốc gia, chuẩn chính, chuẩn công tác) của cả hai",
    "the level (national, reference, working) of both",
);

/// Rank of a standard, highest first: by level at home, by role abroad.
fn rank(walk: &Walk<'_>, index: StandardIndex) -> Option<(u8, &'static str)> {
    let standard = walk.evidence.standard(index);
    let by_role = || match standard.role? {
        MetrologicalRole::Primary | MetrologicalRole::Secondary | MetrologicalRole::Intrinsic => {
            Some(1)
        }
        MetrologicalRole::Reference => Some(2),
        MetrologicalRole::Working => Some(3),
        MetrologicalRole::MeasuringInstrument => Some(4),
        _ => None,
    };
    let level = match standard.legal_level {
        LegalLevel::National => Some(1),
        LegalLevel::Reference => Some(2),
        LegalLevel::Working => Some(3),
        LegalLevel::Instrument => Some(4),
        LegalLevel::None => None,
    };
    let home = is_of_the_country(walk, standard.owner) == Some(true);
    let rank = if home { level } else { by_role() }?;
    Some((rank, ["national", "reference", "working", "instrument"][usize::from(rank - 1)]))
}

fn v_01(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    parent: &ResultRow,
    parent_calibration: &CalibrationRow,
) {
    if is_of_the_country(walk, walk.evidence.owner_of_item(calibration)) != Some(true) {
        return;
    }
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Calibration(parent.calibration));
    let own = calibration.item.and_then(|item| rank(walk, item));
    let other = parent_calibration.item.and_then(|item| rank(walk, item));
    let (Some((own, child)), Some((other, reference))) = (own, other) else {
        let note = Note::unknown(&V_01, subject, &LEVEL_UNKNOWN, &NEED_LEVEL);
        walk.note(note.against(against));
        return;
    };
    let facts = [fact("child", FactValue::Word(child)), fact("parent", FactValue::Word(reference))];
    // Relative to the values where both state one: a reference may be of another size.
    let smaller = || {
        let figure = |row: &ResultRow| {
            Some(walk.normalised(row).ok()?.standard_at(row, row.extent.upper).value)
        };
        let (other, own) = (figure(parent)?, figure(row)?);
        Some(match numbers::value_of(parent).zip(numbers::value_of(row)) {
            Some((of_parent, of_own)) => other / of_parent.abs() < own / of_own.abs(),
            None => other < own,
        })
    };
    let note = match other.cmp(&own) {
        std::cmp::Ordering::Less => Note::pass(&V_01, subject),
        std::cmp::Ordering::Equal if smaller() == Some(true) => Note::pass(&V_01, subject),
        std::cmp::Ordering::Equal => Note::fail(&V_01, subject, &EQUAL_LEVEL),
        std::cmp::Ordering::Greater => Note::fail(&V_01, subject, &LEVEL_TOO_LOW),
    };
    walk.note(note.against(against).facts(&facts));
}

static FOR_STANDARDS: Phrase = phrase(
    "chuẩn công tác {reference} được dùng để hiệu chuẩn một chuẩn khác; Luật Đo lường nói đến phương tiện đo",
    "the working standard {reference} was used to calibrate another standard; the law speaks of measuring instruments",
);
static ITEM_LEVEL_UNKNOWN: Phrase = phrase(
    "chuẩn công tác {reference} được dùng, nhưng chưa biết vật được hiệu chuẩn là chuẩn hay phương tiện đo",
    "the working standard {reference} was used, and it is not known whether the item is a standard or an instrument",
);

fn v_02(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    parent: &ResultRow,
    parent_calibration: &CalibrationRow,
) {
    let evidence = walk.evidence;
    let Some(reference) = parent_calibration.item else { return };
    let working = evidence.standard(reference);
    if working.legal_level != LegalLevel::Working
        || is_of_the_country(walk, working.owner) != Some(true)
    {
        return;
    }
    let item = calibration.item.map(|item| evidence.standard(item));
    let is_instrument = item.and_then(|item| match (item.legal_level, item.role) {
        (LegalLevel::Instrument, _)
        | (LegalLevel::None, Some(MetrologicalRole::MeasuringInstrument)) => Some(true),
        (LegalLevel::None, None) => None,
        _ => Some(false),
    });
    let subject = Subject::Calibration(row.calibration);
    let note = match is_instrument {
        Some(true) => Note::pass(&V_02, subject),
        Some(false) => Note::remark(&V_02, subject, &FOR_STANDARDS),
        None => Note::unknown(&V_02, subject, &ITEM_LEVEL_UNKNOWN, &NEED_LEVEL),
    };
    let facts = [fact("reference", FactValue::Record(Subject::Standard(reference)))];
    walk.note(note.against(Some(Subject::Calibration(parent.calibration))).facts(&facts));
}

static NOT_APPROVED: Phrase = phrase(
    "không có quyết định phê duyệt chuẩn quốc gia còn hiệu lực vào ngày {on}",
    "there is no decision approving this national standard in force on {on}",
);
static REFUSED: Phrase = phrase(
    "cơ quan quản lý đã từ chối ghi nhận chuẩn này là chuẩn quốc gia ({on})",
    "the authority refused to acknowledge this as a national standard ({on})",
);
static NEED_APPROVAL: Phrase = phrase(
    "quyết định phê duyệt chuẩn quốc gia",
    "the decision that approves the national standard",
);
static NO_HOLDER: Phrase = phrase(
    "chủ của chuẩn không phải tổ chức được chỉ định giữ chuẩn quốc gia vào ngày {on}",
    "the standard's owner is not its designated holder on {on}",
);
static NEED_HOLDER: Phrase = phrase(
    "quyết định chỉ định tổ chức giữ chuẩn quốc gia",
    "the decision that designates its holder",
);
static NOT_COMPARED: Phrase = phrase(
    "chuẩn quốc gia không được hiệu chuẩn hay so sánh với chuẩn nước ngoài hoặc quốc tế trong chu kỳ {months} tháng trước ngày {on}",
    "the national standard was not calibrated by or compared with a foreign or international one in the {months} months before {on}",
);
static NEED_COMPARISON: Phrase = phrase(
    "giấy chứng nhận hiệu chuẩn của BIPM hay viện nước ngoài, hoặc kết quả so sánh",
    "a certificate of the BIPM or a foreign institute, or a comparison",
);
static NO_CYCLE: Phrase = phrase(
    "chuẩn quốc gia không có chu kỳ hiệu chuẩn hay so sánh được ghi",
    "the national standard has no declared cycle of calibration or comparison",
);
static NEED_CYCLE: Phrase =
    phrase("chu kỳ hiệu chuẩn của chuẩn quốc gia", "the cycle of the national standard");

/// V-03 and V-04 for a standard at a use, when it is a national standard of the country.
pub fn national_standard(walk: &mut Walk<'_>, index: StandardIndex, used: Period) {
    let standard = *walk.evidence.standard(index);
    let applies = standard.legal_level == LegalLevel::National
        && is_of_the_country(walk, standard.owner) == Some(true);
    if !applies {
        return;
    }
    let subject = Subject::Standard(index);
    let on = [fact("on", FactValue::Day(used.to))];
    let evidence = walk.evidence;
    let recognitions = || {
        let of_standard = evidence.legal_of_standard.of(index.position()).iter();
        of_standard.map(|index| (*index, evidence.legal_recognition(*index)))
    };
    let approved = recognitions().find(|(_, recognition)| {
        recognition.kind == LegalRecognitionKind::NationalStandardApproval
            && is_valid(walk, recognition, used)
    });
    let held = recognitions().find(|(_, recognition)| {
        recognition.kind == LegalRecognitionKind::NationalStandardHolder
            && recognition.organisation.is_some()
            && recognition.organisation == standard.owner
            && is_valid(walk, recognition, used)
    });
    let refused = walk
        .disputed(Attested::Standard(index))
        .filter(|_| standard.evidence < EvidenceLevel::IssuerConfirmed);
    let note = match (approved, held) {
        _ if refused.is_some() => Note::fail(&V_03, subject, &REFUSED).settled_by(&NEED_APPROVAL),
        (None, _) => absent(walk, &V_03, subject, &NOT_APPROVED, &NEED_APPROVAL),
        (Some(_), None) => absent(walk, &V_03, subject, &NO_HOLDER, &NEED_HOLDER),
        (Some(_), Some(_)) => Note::pass(&V_03, subject),
    };
    walk.note(note.facts(&on));
    for (recognition, _) in approved.into_iter().chain(held) {
        v_10(walk, recognition, subject, used.from);
    }
    v_04(walk, index, &standard, used, &on);
}

fn v_04(
    walk: &mut Walk<'_>,
    index: StandardIndex,
    standard: &StandardRow,
    used: Period,
    on: &[Fact; 1],
) {
    let subject = Subject::Standard(index);
    let evidence = walk.evidence;
    let policies = evidence.interval_policies.of(index.position()).iter();
    let in_force = policies
        .filter(|policy| policy.effective_from <= used.to)
        .max_by_key(|policy| policy.effective_from);
    let calibrations = || {
        evidence
            .calibrations_of
            .of(index.position())
            .iter()
            .map(|index| (*index, evidence.calibration(*index)))
            .filter(|(_, row)| walk.knows(row.known_from) && row.performed_to <= used.to)
            .filter(|(index, row)| is_foreign_source(walk, standard, *index, row))
            .map(|(_, row)| row)
    };
    let Some(months) = in_force.and_then(|policy| policy.months) else {
        // Without a cycle of its own the agreed due date of the last calibration is the cycle.
        let due = calibrations().filter_map(|row| row.due_on).max();
        let note = match due {
            Some(due) if due >= used.to => Note::pass(&V_04, subject),
            _ => Note::unknown(&V_04, subject, &NO_CYCLE, &NEED_CYCLE),
        };
        walk.note(note.facts(on));
        return;
    };
    let kinds = calibrated_kinds(walk, index);
    let compared = standard.owner.into_iter().flat_map(|owner| {
        evidence.comparisons_of.of(owner.position()).iter().filter(|row| {
            walk.knows(row.known_from) && row.quantity.is_some_and(|kind| kinds.contains(&kind))
        })
    });
    let ends = calibrations()
        .map(|row| row.performed_to)
        .chain(compared.filter_map(|row| row.measured_to).filter(|day| *day <= used.to));
    let current = ends.max().is_some_and(|last| last.plus_months(months) >= used.to);
    let facts = [on[0], fact("months", FactValue::Count(months))];
    let note = match current {
        true => Note::pass(&V_04, subject),
        false => absent(walk, &V_04, subject, &NOT_COMPARED, &NEED_COMPARISON),
    };
    walk.note(note.facts(&facts));
}

/// The quantities that a standard is calibrated for, as known.
fn calibrated_kinds(walk: &Walk<'_>, index: StandardIndex) -> Vec<QuantityKindId> {
    let evidence = walk.evidence;
    let calibrations = evidence.calibrations_of.of(index.position()).iter();
    let known = calibrations.filter(|one| walk.knows(evidence.calibration(**one).known_from));
    let rows = known.flat_map(|calibration| evidence.rows_of(*calibration));
    rows.map(|row| evidence.result(row).kind).collect()
}

/// Whether a calibration is by the BIPM or a foreign institute of the CIPM MRA.
fn is_foreign_source(
    walk: &Walk<'_>,
    standard: &StandardRow,
    index: CalibrationIndex,
    row: &CalibrationRow,
) -> bool {
    let Some(issuer) = row.issuer else { return false };
    let performed = Period { from: row.performed_from, to: row.performed_to };
    let organisation = walk.evidence.organisation(issuer);
    if organisation.kind == OrganisationKind::Bipm {
        return true;
    }
    let foreign =
        is_of_the_country(walk, Some(issuer)) == Some(false) && standard.owner != Some(issuer);
    let first = walk.evidence.results.of(index.position()).first();
    foreign
        && first.is_some_and(|result| {
            institute::participation(walk, issuer, result.kind, performed) == Tri::Pass
        })
}

/// The rules of law about what a certificate is and says: V-07 and V-08.
pub fn certificate(walk: &mut Walk<'_>, row: &ResultRow, calibration: &CalibrationRow) {
    if is_of_the_country(walk, calibration.issuer) != Some(true) {
        return;
    }
    v_07(walk, row, calibration);
    v_08(walk, row, calibration);
}

static NO_SIGNATORY: Phrase = phrase(
    "giấy kiểm định {number} không ghi người ký",
    "verification certificate {number} does not say who signed it",
);
static CARD_NOT_NAMED: Phrase = phrase(
    "chưa biết thẻ kiểm định viên nào là của người ký “{signatory}”",
    "it is not known which verifier card is that of “{signatory}”",
);
static CARD_NOT_VALID: Phrase = phrase(
    "thẻ kiểm định viên của “{signatory}” không có hiệu lực cho {kind} vào ngày {on}",
    "the verifier card of “{signatory}” was not valid for {kind} on {on}",
);
static NO_CARD: Phrase = phrase(
    "tổ chức kiểm định không có thẻ kiểm định viên nào còn hiệu lực cho {kind} vào ngày {on}",
    "the issuer had no verifier with a valid card for {kind} on {on}",
);
static NEED_CARD: Phrase = phrase(
    "người ký kèm số thẻ kiểm định viên",
    "the signatory with the number of the verifier card",
);

fn v_07(walk: &mut Walk<'_>, row: &ResultRow, calibration: &CalibrationRow) {
    let (CalibrationKind::LegalVerification, Some(issuer)) = (calibration.kind, calibration.issuer)
    else {
        return;
    };
    let evidence = walk.evidence;
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Organisation(issuer));
    let performed = Period { from: calibration.performed_from, to: calibration.performed_to };
    let signatory = evidence.calibration_detail(calibration).and_then(|detail| detail.verifier);
    let cards = || {
        let of_issuer = evidence.legal_of_organisation.of(issuer.position()).iter();
        let all = of_issuer.map(|index| evidence.legal_recognition(*index));
        all.filter(|card| {
            card.kind == LegalRecognitionKind::VerifierCard && walk.knows(card.known_from)
        })
    };
    let is_good = |card: &LegalRecognitionRow| {
        is_valid(walk, card, performed) && covers_field(evidence, card, row)
    };
    let shared = [
        fact("kind", FactValue::Word(row.kind.id())),
        fact("on", FactValue::Day(calibration.performed_to)),
    ];
    let Some(signatory) = signatory else {
        let number = [fact("number", FactValue::Text(calibration.number))];
        let note = Note::unknown(&V_07, subject, &NO_SIGNATORY, &NEED_CARD);
        walk.note(note.facts(&number));
        return;
    };
    let signed = evidence.text(signatory);
    let of_the_signatory = |card: &LegalRecognitionRow| {
        card.decision.is_some_and(|number| bears(signed, evidence.text(number)))
    };
    let is_named = cards().any(of_the_signatory);
    let is_good_and_named = cards().any(|card| of_the_signatory(card) && is_good(card));
    let note = match (is_named, is_good_and_named) {
        (_, true) => Note::pass(&V_07, subject),
        (true, false) => Note::fail(&V_07, subject, &CARD_NOT_VALID),
        (false, false) if cards().any(is_good) => {
            Note::unknown(&V_07, subject, &CARD_NOT_NAMED, &NEED_CARD)
        }
        (false, false) => absent(walk, &V_07, subject, &NO_CARD, &NEED_CARD),
    };
    let [kind, on] = shared;
    let facts = [kind, on, fact("signatory", FactValue::Text(signatory))];
    walk.note(note.against(against).facts(&facts));
}

/// Whether a text holds a number as words of its own: card 12 is not card 120.
fn bears(text: &str, number: &str) -> bool {
    let number = number.trim();
    !number.is_empty()
        && text.match_indices(number).any(|(start, found)| {
            let before = text[..start].chars().next_back();
            let after = text[start + found.len()..].chars().next();
            [before, after].into_iter().flatten().all(|beside| !beside.is_alphanumeric())
        })
}

static NOT_LEGAL: Phrase = phrase(
    "đơn vị {unit} trên giấy chứng nhận {number} không phải đơn vị đo pháp định",
    "the unit {unit} on certificate {number} is not a legal unit",
);
static NO_LIST: Phrase = phrase(
    "chưa có danh mục đơn vị đo pháp định cho ngày {on}",
    "there is no list of legal units for {on}",
);
static NEED_LIST: Phrase = phrase(
    "danh mục đơn vị đo pháp định có hiệu lực vào ngày đó, trong chính sách",
    "the list of legal units in force on that day, in the policy",
);

fn v_08(walk: &mut Walk<'_>, row: &ResultRow, calibration: &CalibrationRow) {
    // A policy that lists no legal units at all does not ask for them.
    let law = walk.policy.law.as_ref().filter(|law| !law.legal_units.is_empty());
    let Some(law) = law else { return };
    let evidence = walk.evidence;
    let subject = Subject::Calibration(row.calibration);
    let on = calibration.performed_to;
    let Some(list) = law.legal_units.iter().find(|list| list.valid.has(on)) else {
        let facts = [fact("on", FactValue::Day(on))];
        walk.note(Note::unknown(&V_08, subject, &NO_LIST, &NEED_LIST).facts(&facts));
        return;
    };
    let point = (!row.extent.lower.is_nan()).then_some(row.extent_unit);
    let uncertainty = row.uncertainty().filter(|stated| stated.mode != Some(Mode::Relative));
    let units =
        [row.value().map(|value| value.unit), point, uncertainty.map(|stated| stated.figure.unit)];
    let other = units.into_iter().flatten().find(|unit| {
        let symbols = evidence.unit_symbols.get(usize::from(*unit));
        symbols.is_some_and(|symbols| !list.contains(symbols))
    });
    let note = match other {
        Some(_) => Note::remark(&V_08, subject, &NOT_LEGAL),
        None => Note::pass(&V_08, subject),
    };
    let number = fact("number", FactValue::Text(calibration.number));
    let facts = other.map(|unit| [fact("unit", FactValue::Unit(unit)), number]);
    walk.note(note.facts(facts.as_ref().map_or(&[], |facts| facts)));
}

static BASIS_NOT_IN_FORCE: Phrase = phrase(
    "quyết định {number} căn cứ vào {document}, văn bản không có hiệu lực vào ngày {on}",
    "decision {number} rests on {document}, which was not in force on {on}",
);
static BASIS_UNKNOWN: Phrase = phrase(
    "quyết định {number} căn cứ vào {document}, văn bản chưa có trong hệ thống",
    "decision {number} rests on {document}, which the registry does not hold",
);
static NEED_BASIS: Phrase =
    phrase("văn bản đó, kèm thời gian có hiệu lực", "that text, with the days of its validity");

/// V-10 for a recognition used for an event on a day.
fn v_10(walk: &mut Walk<'_>, index: LegalRecognitionIndex, against: Subject, on: Day) {
    let recognition = walk.evidence.legal_recognition(index);
    let subject = Subject::LegalRecognition(index);
    let number = recognition.decision.map_or(FactValue::Word("?"), FactValue::Text);
    let mut rest = &recognition.basis[..];
    // Rows of one text stand together; it was in force when one of them says so.
    while let Some(first) = rest.first() {
        let end = rest.iter().position(|row| row.designation != first.designation);
        let (of_text, others) = rest.split_at(end.unwrap_or(rest.len()));
        rest = others;
        let known = || of_text.iter().filter_map(|row| row.in_force);
        let known = || known().filter(|(_, known_from)| walk.knows(*known_from));
        let note = match (known().next(), known().any(|(period, _)| period.has(on))) {
            (None, _) => Note::unknown(&V_10, subject, &BASIS_UNKNOWN, &NEED_BASIS),
            (Some(_), true) => Note::pass(&V_10, subject),
            (Some(_), false) => Note::remark(&V_10, subject, &BASIS_NOT_IN_FORCE),
        };
        let facts = [
            fact("number", number),
            fact("document", FactValue::Text(first.designation)),
            fact("on", FactValue::Day(on)),
        ];
        walk.note(note.against(Some(against)).facts(&facts));
    }
}

/// The rules of law at a use: V-05 and V-09.
pub fn at_use(walk: &mut Walk<'_>, question: &Question, chosen: Option<ResultIndex>) {
    if !applies(walk, walk.evidence.standard(question.standard)) {
        return;
    }
    if question.purpose == Purpose::Group2Verification {
        v_05(walk, question, chosen);
    }
    v_09(walk, question.standard, question.used_on);
}

static NOT_DESIGNATED: Phrase = phrase(
    "{organisation} không được chỉ định cho {kind} khi hiệu chuẩn ({from}); công nhận không thay cho chỉ định",
    "{organisation} was not designated for {kind} when it calibrated ({from}); an accreditation does not replace that",
);
static NEED_DESIGNATION: Phrase = phrase(
    "quyết định chỉ định tổ chức hiệu chuẩn cho lĩnh vực này",
    "the designation of the provider for this field",
);
static FOREIGN_NOT_RECOGNISED: Phrase = phrase(
    "tổ chức nước ngoài {organisation} không được công nhận hay chỉ định cho {kind} khi hiệu chuẩn ({from})",
    "the foreign organisation {organisation} was not accredited or designated for {kind} when it calibrated ({from})",
);
static FOREIGN_UNKNOWN: Phrase = phrase(
    "chưa biết tổ chức nước ngoài {organisation} có được công nhận hoặc chỉ định cho {kind} khi hiệu chuẩn ({from}) hay không",
    "it is not known whether the foreign organisation {organisation} was accredited or designated for {kind} when it calibrated ({from})",
);
static NEED_FOREIGN: Phrase = phrase(
    "công nhận hoặc quyết định chỉ định của tổ chức nước ngoài cho lĩnh vực này",
    "the foreign organisation's accreditation or designation for this field",
);
static NOT_CERTIFIED: Phrase = phrase(
    "chuẩn không có giấy chứng nhận chuẩn đo lường dùng để kiểm định còn hiệu lực vào ngày {on}",
    "the standard has no certification for verification in force on {on}",
);
static NEED_CERTIFICATION: Phrase = phrase(
    "giấy chứng nhận chuẩn đo lường dùng để kiểm định",
    "the certification of the standard for verification",
);
static NOT_CALIBRATED: Phrase = phrase(
    "chưa có lần hiệu chuẩn nào để xét tổ chức hiệu chuẩn",
    "there is no calibration whose provider could be judged",
);
static NEED_CALIBRATION: Phrase =
    phrase("giấy chứng nhận hiệu chuẩn của chuẩn này", "a calibration certificate of the standard");

fn v_05(walk: &mut Walk<'_>, question: &Question, chosen: Option<ResultIndex>) {
    let subject = Subject::Standard(question.standard);
    let provided = provider(walk, subject, chosen);
    let used = Period { from: question.used_on, to: question.used_on };
    let evidence = walk.evidence;
    let of_standard = evidence.legal_of_standard.of(question.standard.position()).iter().copied();
    let certification = of_standard
        .filter(|index| {
            evidence.legal_recognition(*index).kind == LegalRecognitionKind::StandardCertification
        })
        .find(|index| is_valid(walk, evidence.legal_recognition(*index), used));
    let on = [fact("on", FactValue::Day(question.used_on))];
    let Some(certification) = certification else {
        let note = absent(walk, &V_05, subject, &NOT_CERTIFIED, &NEED_CERTIFICATION);
        walk.note(note.facts(&on));
        return;
    };
    v_10(walk, certification, subject, question.used_on);
    if provided == Tri::Pass {
        let against = Some(Subject::LegalRecognition(certification));
        walk.note(Note::pass(&V_05, subject).against(against));
    }
}

/// The provider's part of V-05; noted where it is not good.
fn provider(walk: &mut Walk<'_>, subject: Subject, chosen: Option<ResultIndex>) -> Tri {
    let evidence = walk.evidence;
    let row = chosen.map(|index| evidence.result(index));
    let calibration = row.map(|row| evidence.calibration(row.calibration));
    let issuer = calibration.and_then(|calibration| calibration.issuer);
    let (Some(row), Some(calibration), Some(issuer)) = (row, calibration, issuer) else {
        return walk.note(Note::unknown(&V_05, subject, &NOT_CALIBRATED, &NEED_CALIBRATION));
    };
    let performed = Period { from: calibration.performed_from, to: calibration.performed_to };
    let designated = evidence.legal_of_organisation.of(issuer.position()).iter().any(|index| {
        let recognition = evidence.legal_recognition(*index);
        recognition.kind == LegalRecognitionKind::Designation
            && is_valid(walk, recognition, performed)
            && covers_field(evidence, recognition, row)
    });
    if designated {
        return Tri::Pass;
    }
    let organisation = Subject::Organisation(issuer);
    let facts = [
        fact("organisation", FactValue::Record(organisation)),
        fact("kind", FactValue::Word(row.kind.id())),
        fact("from", FactValue::Day(calibration.performed_from)),
    ];
    let route = chosen.and_then(|index| walk.verdict(index)).map(|verdict| verdict.route);
    let note = match (is_of_the_country(walk, Some(issuer)), route) {
        (Some(true), _) => absent(walk, &V_05, subject, &NOT_DESIGNATED, &NEED_DESIGNATION),
        (_, Some(Route::R1 | Route::R2)) => return Tri::Pass,
        (_, Some(Route::Fail | Route::None)) => Note::fail(&V_05, subject, &FOREIGN_NOT_RECOGNISED),
        _ => Note::unknown(&V_05, subject, &FOREIGN_UNKNOWN, &NEED_FOREIGN),
    };
    walk.note(note.against(Some(organisation)).facts(&facts))
}

static CYCLE_OVER: Phrase = phrase(
    "kiểm định lần cuối ngày {verified}; chu kỳ {months} tháng đã hết ngày {due}, trước ngày sử dụng {used}",
    "last verified on {verified}; the cycle of {months} months ended on {due}, before the use on {used}",
);
static CYCLE_UNKNOWN: Phrase = phrase(
    "chưa biết chu kỳ kiểm định có hiệu lực vào ngày kiểm định {verified}",
    "the verification cycle in force on the day of verification {verified} is not known",
);
static NEED_VERIFICATION_CYCLE: Phrase = phrase(
    "chu kỳ kiểm định theo văn bản có hiệu lực vào ngày đó",
    "the verification cycle of the text in force on that day",
);
static NOT_VERIFIED: Phrase = phrase(
    "không có giấy kiểm định nào của phương tiện đo này trước ngày {used}",
    "there is no verification of this instrument before {used}",
);
static NEED_VERIFICATION: Phrase = phrase(
    "giấy chứng nhận kiểm định của phương tiện đo này",
    "the verification certificate of this instrument",
);

fn v_09(walk: &mut Walk<'_>, index: StandardIndex, used_on: Day) {
    let evidence = walk.evidence;
    let standard = evidence.standard(index);
    let Some(law) = walk.policy.law.as_ref() else { return };
    if standard.legal_level != LegalLevel::Instrument || law.verification_cycles.is_empty() {
        return;
    }
    let names = [standard.name_vi, standard.name_en];
    let names = names.map(|name| name.map(|name| evidence.text(name).to_lowercase()));
    let is_named =
        |names_it: &dyn Fn(&str) -> bool| names.iter().flatten().any(|name| names_it(name));
    let mut cycles = law
        .verification_cycles
        .iter()
        .filter(|cycle| is_named(&|name| cycle.names(name)))
        .peekable();
    if cycles.peek().is_none() {
        return;
    }
    let subject = Subject::Standard(index);
    let used = fact("used", FactValue::Day(used_on));
    let verifications = evidence.calibrations_of.of(index.position()).iter().copied();
    let last = verifications
        .filter(|one| evidence.calibration(*one).kind == CalibrationKind::LegalVerification)
        .filter(|one| {
            let row = evidence.calibration(*one);
            walk.knows(row.known_from)
                && row.performed_to <= used_on
                && walk.amended(*one) == *one
                && time::standing(walk, *one, used_on) == time::Standing::Good
                && !is_refused(evidence, *one)
        })
        .max_by_key(|one| (evidence.calibration(*one).performed_to, *one));
    let Some(last) = last else {
        walk.note(Note::unknown(&V_09, subject, &NOT_VERIFIED, &NEED_VERIFICATION).facts(&[used]));
        return;
    };
    let verified_on = evidence.calibration(last).performed_to;
    let verified = fact("verified", FactValue::Day(verified_on));
    let against = Some(Subject::Calibration(last));
    // Of two names that fit the shorter cycle counts.
    let in_force = cycles.filter(|cycle| cycle.valid.has(verified_on));
    let Some(cycle) = in_force.min_by_key(|cycle| cycle.months) else {
        let note = Note::unknown(&V_09, subject, &CYCLE_UNKNOWN, &NEED_VERIFICATION_CYCLE);
        walk.note(note.against(against).facts(&[verified]));
        return;
    };
    let due = verified_on.plus_months(cycle.months);
    let facts = [
        verified,
        used,
        fact("months", FactValue::Count(cycle.months)),
        fact("due", FactValue::Day(due)),
    ];
    let note = match used_on <= due {
        true => Note::pass(&V_09, subject),
        false => Note::fail(&V_09, subject, &CYCLE_OVER),
    };
    walk.note(note.against(against).facts(&facts));
}

/// Whether a verification found that its item does not conform.
fn is_refused(evidence: &Evidence, index: CalibrationIndex) -> bool {
    evidence.rows_of(index).any(|row| {
        let detail = evidence.result_detail(evidence.result(row));
        let stated = detail.and_then(|detail| detail.conformity.as_ref()?.statement);
        matches!(stated, Some(ConformityStatement::Fail | ConformityStatement::ConditionalFail))
    })
}
