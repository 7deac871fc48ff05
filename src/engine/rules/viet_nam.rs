//! Area V: national law, as a policy asks for it. Written for Viet Nam's Law on Measurement; which
//! country it is, is data of the policy. Without such a policy no rule here says anything.

use crate::domain::calibration::ReferenceRole;
use crate::domain::organisation::OrganisationKind;
use crate::domain::period::Day;
use crate::domain::quantity::QuantityKindId;
use crate::domain::recognition::{AccreditationStatus, LegalRecognitionKind};
use crate::domain::standard::{LegalLevel, MetrologicalRole};
use crate::engine::evidence::*;
use crate::engine::finding::{
    Dimension, Fact, FactValue, Phrase, Rule, Severity, Source, Subject, Tag, fact, phrase,
};
use crate::engine::numbers;
use crate::engine::rules::institute;
use crate::engine::tri::Tri;
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

/// V-03: a national standard is approved by a decision and kept by the organisation designated for
/// it, on the day it is used. Major. Law on Measurement, art. 12.2-12.3 \[S\].
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
fn is_valid(walk: &Walk<'_>, row: &LegalRecognitionRow, period: Period) -> bool {
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
    let registered = is_registered(walk, issuer, row, calibration);
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Organisation(issuer));
    let facts = [
        fact("organisation", FactValue::Record(Subject::Organisation(issuer))),
        fact("kind", FactValue::Word(row.kind.id())),
        fact("from", FactValue::Day(calibration.performed_from)),
    ];
    let note = match registered {
        true => Note::pass(&V_06, subject),
        false => absent(walk, &V_06, subject, &NOT_REGISTERED, &NEED_REGISTRATION),
    };
    walk.note(note.against(against).facts(&facts));
}

/// Whether an organisation was registered or designated for the quantity of a row when it was
/// performed.
pub fn is_registered(
    walk: &Walk<'_>,
    organisation: OrganisationIndex,
    row: &ResultRow,
    calibration: &CalibrationRow,
) -> bool {
    let performed = Period { from: calibration.performed_from, to: calibration.performed_to };
    let evidence = walk.evidence;
    evidence.legal_of_organisation.of(organisation.position()).iter().any(|index| {
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
    if let Some(standard) = parent_calibration.item {
        let used = Period { from: calibration.performed_from, to: calibration.performed_to };
        national_standard(walk, standard, used);
    }
}

static LEVEL_TOO_LOW: Phrase = phrase(
    "{child} được hiệu chuẩn bằng {parent}: cấp thấp hơn",
    "a {child} standard was calibrated with a {parent} one of lower level",
);
static EQUAL_LEVEL: Phrase = phrase(
    "{child} được hiệu chuẩn bằng chuẩn cùng cấp mà độ không đảm bảo đo không nhỏ hơn",
    "a {child} standard was calibrated with one of its own level whose uncertainty is not smaller",
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
    let smaller = || {
        let figure = |row: &ResultRow| {
            let x = row.extent.upper;
            let u = walk.normalised(row).ok()?.standard_at(row, x).value;
            numbers::value_of(row).map(|value| u / value.abs()).or(Some(u))
        };
        figure(parent).zip(figure(row)).is_some_and(|(parent, own)| parent < own)
    };
    let note = match other.cmp(&own) {
        std::cmp::Ordering::Less => Note::pass(&V_01, subject),
        std::cmp::Ordering::Equal if smaller() => Note::pass(&V_01, subject),
        std::cmp::Ordering::Equal => Note::fail(&V_01, subject, &EQUAL_LEVEL),
        std::cmp::Ordering::Greater => Note::fail(&V_01, subject, &LEVEL_TOO_LOW),
    };
    walk.note(note.against(against).facts(&facts));
}

static NOT_APPROVED: Phrase = phrase(
    "không có quyết định phê duyệt chuẩn quốc gia còn hiệu lực vào ngày {on}",
    "there is no decision approving this national standard in force on {on}",
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
        of_standard.map(|index| evidence.legal_recognition(*index))
    };
    let approved = recognitions().any(|recognition| {
        recognition.kind == LegalRecognitionKind::NationalStandardApproval
            && is_valid(walk, recognition, used)
    });
    let held = recognitions().any(|recognition| {
        recognition.kind == LegalRecognitionKind::NationalStandardHolder
            && recognition.organisation.is_some()
            && recognition.organisation == standard.owner
            && is_valid(walk, recognition, used)
    });
    let note = match (approved, held) {
        (false, _) => absent(walk, &V_03, subject, &NOT_APPROVED, &NEED_APPROVAL),
        (true, false) => absent(walk, &V_03, subject, &NO_HOLDER, &NEED_HOLDER),
        (true, true) => Note::pass(&V_03, subject),
    };
    walk.note(note.facts(&on));
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
