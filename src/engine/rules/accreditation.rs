//! Area A: accreditation and routes.

use crate::domain::calibration::{CalibrationKind, CompetenceDecision};
use crate::domain::capability::Publisher;
use crate::domain::organisation::{ArrangementScope, MembershipRole, OrganisationKind};
use crate::domain::period::Day;
use crate::domain::recognition::{AccreditationStatus, EvidenceLevel};
use crate::engine::evidence::*;
use crate::engine::finding::{
    Dimension, FactValue, Phrase, Rule, Severity, Source, Subject, Tag, fact, phrase,
};
use crate::engine::report::Route;
use crate::engine::rules::{capability, institute, uncertainty};
use crate::engine::tri::Tri;
use crate::engine::walk::{Note, Walk};

/// the route by which a certificate is recognised, first match: R1 the BIPM, or an institute
/// of the CIPM MRA within its published CMC; R2 an accredited laboratory within its scope; R3A
/// another certificate of an institute; R3B of a laboratory; none without any evidence of
/// competence. Major. ILAC-P10 \[S\].
pub static A_01: Rule = Rule {
    id: "A-01",
    statement: phrase(
        "giấy chứng nhận được công nhận theo tuyến R1 hoặc R2",
        "the certificate is recognised by route R1 or R2",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("ILAC-P10:07/2020", "2", Tag::Secondary),
    optional_input: false,
};

/// the accreditation was active on every day of performance; not active on the day of issue
/// is a remark. What it is today does not matter. Major. ISO/IEC 17011 \[K\].
pub static A_02: Rule = Rule {
    id: "A-02",
    statement: phrase(
        "công nhận còn hiệu lực khi hiệu chuẩn",
        "the accreditation was active when the calibration was performed",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("ISO/IEC 17011:2017", "", Tag::Knowledge),
    optional_input: false,
};

/// a partial suspension touches only the capabilities it lists. Major. ISO/IEC 17011 \[K\].
pub static A_03: Rule = Rule {
    id: "A-03",
    statement: phrase(
        "phần phạm vi này không bị đình chỉ",
        "this part of the scope was not suspended",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("ISO/IEC 17011:2017", "", Tag::Knowledge),
    optional_input: true,
};

/// the accreditation body was a signatory for calibration of a recognised arrangement on
/// that day. Which arrangements count, and when, is data of the policy. A body recognised for
/// other scopes only fails; one without any record, and one whose only arrangement had been
/// replaced by then, is indeterminate. Major. ILAC and IAF became one body on 2026-01-01 \[F\].
pub static A_04: Rule = Rule {
    id: "A-04",
    statement: phrase(
        "tổ chức công nhận tham gia thoả thuận thừa nhận cho hiệu chuẩn vào ngày đó",
        "the accreditation body was a recognised signatory for calibration on that day",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("ILAC-P10:07/2020", "2", Tag::Secondary),
    optional_input: false,
};

/// the certificate is issued under the accreditation (or the CIPM MRA) for this row. Not
/// said is indeterminate (ask the issuer); a row marked as outside is not covered. Major.
/// ILAC-P10, notes \[K\].
pub static A_06: Rule = Rule {
    id: "A-06",
    statement: phrase(
        "kết quả được cấp theo công nhận",
        "the result is issued under the recognition",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("ILAC-P10:07/2020", "", Tag::Knowledge),
    optional_input: false,
};

/// outside the recognised routes all seven items of competence evidence and an accepting
/// decision are needed; refused evidence fails recognition. Traceability stands on the walk alone
/// (rules 3.4). Major. ILAC-P10 Annex A \[K\].
pub static A_07: Rule = Rule {
    id: "A-07",
    statement: phrase(
        "bằng chứng năng lực đã đầy đủ và được chấp nhận",
        "the evidence of competence is complete and accepted",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("ILAC-P10:07/2020", "", Tag::Knowledge),
    optional_input: false,
};

/// How a row is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recognition {
    /// The route.
    pub route: Route,
    /// Whether the row closes by recognition.
    pub recognised: Tri,
    /// Whether the route needs accepted evidence of competence.
    pub conditional: bool,
    /// How well the recognition is evidenced.
    pub strength: EvidenceLevel,
}

static ROUTE: Phrase = phrase("tuyến {route}", "route {route}");

/// A-01 for a row, with all its conditions.
pub fn a_01(
    walk: &mut Walk<'_>,
    index: ResultIndex,
    row: &ResultRow,
    calibration: &CalibrationRow,
) -> Recognition {
    let first = walk.findings.len();
    let recognition = classify(walk, index, row, calibration);
    let recognition = match walk.raised(first, Dimension::Recognition, |_| true) {
        Tri::Pass => recognition,
        recognised => Recognition {
            route: if recognised == Tri::Fail { Route::Fail } else { Route::Indeterminate },
            recognised,
            conditional: false,
            ..recognition
        },
    };
    let subject = Subject::Calibration(row.calibration);
    let facts = [fact("route", FactValue::Word(recognition.route.as_str()))];
    let note = match recognition.route {
        Route::R1 | Route::R2 => Note::pass_with(&A_01, subject, &ROUTE),
        _ => Note::remark(&A_01, subject, &ROUTE).severity(Severity::Info),
    };
    walk.note(note.facts(&facts));
    recognition
}

fn classify(
    walk: &mut Walk<'_>,
    index: ResultIndex,
    row: &ResultRow,
    calibration: &CalibrationRow,
) -> Recognition {
    let outside = |route| Recognition {
        route,
        recognised: Tri::Fail,
        conditional: false,
        strength: calibration.evidence,
    };
    let unknown = Recognition { recognised: Tri::Indeterminate, ..outside(Route::Indeterminate) };
    let Some(issuer) = calibration.issuer else { return unknown };
    let kind = walk.evidence.organisation(issuer).kind;
    if kind == OrganisationKind::Bipm {
        let member = institute::n_07(walk, row, calibration);
        let route = if member == Tri::Pass { Route::R1 } else { Route::Indeterminate };
        return Recognition { recognised: member, ..outside(route) };
    }
    let endorsed = calibration.endorsement != EndorsementRow::None && row.endorsed != Some(false);
    if endorsed {
        uncertainty::u_03(walk, index, row);
    }
    let mut best = None;
    if kind.is_institute() {
        match r1(walk, index, row, calibration, issuer) {
            found if found.route == Route::R1 || found.route == Route::Fail => return found,
            found => best = Some(found),
        }
    }
    let tried = match calibration.endorsement {
        EndorsementRow::Accreditation(accreditation) => {
            Some(r2(walk, index, row, calibration, issuer, accreditation, endorsed))
        }
        // An institute under the CIPM MRA needs no accreditation.
        _ if kind.is_institute() => None,
        endorsement => not_endorsed(
            walk,
            index,
            row,
            calibration,
            issuer,
            endorsement == EndorsementRow::CipmMra,
        ),
    };
    match (tried, best) {
        (Some(found), _) if found.route == Route::R2 || found.route == Route::Fail => return found,
        (_, Some(found)) if found.route == Route::Indeterminate => return found,
        (Some(found), _) if found.route == Route::Indeterminate => return found,
        _ => {}
    }
    third_route(walk, row, calibration, kind, outside(Route::None))
}

/// R1: an institute of the CIPM MRA within its published CMC.
fn r1(
    walk: &mut Walk<'_>,
    index: ResultIndex,
    row: &ResultRow,
    calibration: &CalibrationRow,
    issuer: OrganisationIndex,
) -> Recognition {
    let participates = institute::n_01(walk, row, calibration, issuer);
    let found = capability::coverage(walk, index, row, calibration, Publisher::Kcdb, None);
    if found.none_of_the_kind {
        institute::n_04(walk, row, issuer);
    }
    let against = found.capability.map(Subject::Capability);
    institute::n_02(walk, row, found.covers, against);
    let under_mra =
        calibration.endorsement == EndorsementRow::CipmMra && row.endorsed != Some(false);
    let stated = match (calibration.endorsement, row.endorsed) {
        (_, Some(false)) => Tri::Fail,
        (EndorsementRow::CipmMra, _) => Tri::Pass,
        _ => Tri::Indeterminate,
    };
    let strength = found
        .capability
        .map_or(calibration.evidence, |index| walk.evidence.capability(index).evidence)
        .min(calibration.evidence);
    let conditions = participates.and(found.covers).and(match found.covers {
        Tri::Pass => found.uncertainty,
        _ => Tri::Pass,
    });
    let route = match conditions {
        Tri::Fail if under_mra && found.covers == Tri::Pass && found.uncertainty == Tri::Fail => {
            Route::Fail
        }
        Tri::Fail => Route::R3a,
        Tri::Indeterminate => Route::Indeterminate,
        Tri::Pass if stated == Tri::Fail => Route::R3a,
        Tri::Pass => Route::R1,
    };
    if conditions == Tri::Pass {
        a_06(walk, row, stated);
    }
    Recognition { route, recognised: conditions.and(stated), conditional: false, strength }
}

static NOT_SAID: Phrase = phrase(
    "giấy chứng nhận không cho biết có được cấp theo công nhận hay không",
    "the certificate does not say whether it is issued under a recognition",
);
static NEED_ENDORSEMENT: Phrase = phrase(
    "dấu hoặc câu xác nhận cấp theo công nhận / CIPM MRA (hỏi tổ chức cấp)",
    "the symbol or statement of accreditation or the CIPM MRA (ask the issuer)",
);
static ROW_OUTSIDE: Phrase = phrase(
    "kết quả được ghi là nằm ngoài phạm vi công nhận",
    "the result is marked as outside the recognition",
);
static OF_ANOTHER: Phrase = phrase(
    "công nhận được viện dẫn thuộc về tổ chức khác",
    "the accreditation referred to is another organisation's",
);

fn a_06(walk: &mut Walk<'_>, row: &ResultRow, stated: Tri) -> Tri {
    let subject = Subject::Calibration(row.calibration);
    let note = match stated {
        Tri::Pass => Note::pass(&A_06, subject),
        Tri::Fail => Note::fail(&A_06, subject, &ROW_OUTSIDE),
        Tri::Indeterminate => Note::unknown(&A_06, subject, &NOT_SAID, &NEED_ENDORSEMENT),
    };
    walk.note(note)
}

/// R2: an accredited laboratory within its scope.
fn r2(
    walk: &mut Walk<'_>,
    index: ResultIndex,
    row: &ResultRow,
    calibration: &CalibrationRow,
    issuer: OrganisationIndex,
    accreditation: AccreditationIndex,
    endorsed: bool,
) -> Recognition {
    let accredited = walk.evidence.accreditation(accreditation);
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Accreditation(accreditation));
    let strength = calibration.evidence;
    let answer = |route, recognised, strength| Recognition {
        route,
        recognised,
        conditional: false,
        strength,
    };
    if accredited.organisation != Some(issuer) || !walk.knows(accredited.known_from) {
        let state = match walk.knows(accredited.known_from) {
            true => walk.note(Note::fail(&A_06, subject, &OF_ANOTHER).against(against)),
            false => a_06(walk, row, Tri::Indeterminate),
        };
        let route = if state == Tri::Fail { Route::Fail } else { Route::Indeterminate };
        return answer(route, state, strength);
    }
    let stated = a_06(walk, row, Tri::known(endorsed));
    let active = a_02(walk, row, calibration, accreditation);
    let body = a_04(walk, row, calibration, accreditation);
    let found = capability::coverage(
        walk,
        index,
        row,
        calibration,
        Publisher::AccreditationScope,
        Some(accreditation),
    );
    let part = found
        .capability
        .map_or(Tri::Pass, |capability| a_03(walk, row, calibration, accreditation, capability));
    let contradicted = active == Tri::Fail || part == Tri::Fail || found.contradicted;
    let uncertainty = if found.covers == Tri::Pass { found.uncertainty } else { Tri::Pass };
    let conditions =
        [active, body, found.covers, uncertainty, part].into_iter().fold(stated, Tri::and);
    let strength = found
        .capability
        .map_or(strength, |index| walk.evidence.capability(index).evidence.min(strength));
    let route = match conditions {
        Tri::Pass => Route::R2,
        _ if endorsed && contradicted => Route::Fail,
        Tri::Fail => Route::R3b,
        Tri::Indeterminate => Route::Indeterminate,
    };
    answer(route, conditions, strength)
}

/// A laboratory's certificate without an accreditation on it: indeterminate where the laboratory
/// is accredited for such a result and the certificate does not say; else no second route.
fn not_endorsed(
    walk: &mut Walk<'_>,
    index: ResultIndex,
    row: &ResultRow,
    calibration: &CalibrationRow,
    issuer: OrganisationIndex,
    claims_cipm_mra: bool,
) -> Option<Recognition> {
    let strength = calibration.evidence;
    if claims_cipm_mra && row.endorsed != Some(false) {
        // Only institutes issue under the CIPM MRA.
        institute::n_01(walk, row, calibration, issuer);
        let recognised = Tri::Fail;
        return Some(Recognition { route: Route::Fail, recognised, conditional: false, strength });
    }
    let performed = Period { from: calibration.performed_from, to: calibration.performed_to };
    let accreditations = walk.evidence.accreditations_of.of(issuer.position());
    let active = accreditations.iter().copied().find(|accreditation| {
        let row = walk.evidence.accreditation(*accreditation);
        walk.knows(row.known_from) && activity(walk, *accreditation, performed) == Tri::Pass
    })?;
    if row.endorsed == Some(false) {
        a_06(walk, row, Tri::Fail);
        return None;
    }
    let before = walk.findings.len();
    let publisher = Publisher::AccreditationScope;
    let found = capability::coverage(walk, index, row, calibration, publisher, Some(active));
    if found.covers == Tri::Fail || found.uncertainty == Tri::Fail {
        // Outside its scope a laboratory may issue what it likes without the symbol: no rule of
        // the scope is broken by it.
        walk.findings.truncate(before);
        return None;
    }
    let recognised = a_06(walk, row, Tri::Indeterminate);
    Some(Recognition { route: Route::Indeterminate, recognised, conditional: false, strength })
}

static EVIDENCE_REFUSED: Phrase = phrase(
    "bằng chứng năng lực của tổ chức cấp đã bị từ chối",
    "the issuer's evidence of competence was refused",
);
static EVIDENCE_INCOMPLETE: Phrase = phrase(
    "bằng chứng năng lực của tổ chức cấp chưa đầy đủ hoặc chưa được chấp nhận",
    "the issuer's evidence of competence is not complete or not accepted",
);
static NEED_EVIDENCE: Phrase = phrase(
    "đủ bảy mục bằng chứng năng lực theo ILAC-P10 và quyết định chấp nhận",
    "all seven items of competence evidence of ILAC-P10 and the decision to accept them",
);

/// R3A, R3B or none: outside the recognised routes.
fn third_route(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    kind: OrganisationKind,
    outside: Recognition,
) -> Recognition {
    let evidence =
        walk.evidence.calibration_detail(calibration).and_then(|detail| detail.competence);
    let subject = Subject::Calibration(row.calibration);
    let no_laboratory =
        matches!(kind, OrganisationKind::Manufacturer | OrganisationKind::Enterprise)
            || calibration.kind == CalibrationKind::ManufacturerStatement;
    if no_laboratory && evidence.is_none() {
        return outside;
    }
    let route = if kind.is_institute() { Route::R3a } else { Route::R3b };
    match evidence {
        Some((CompetenceDecision::Refused, _)) => {
            walk.note(Note::fail(&A_07, subject, &EVIDENCE_REFUSED));
            Recognition { route: Route::Fail, ..outside }
        }
        Some((CompetenceDecision::Accepted, true)) => {
            walk.note(Note::pass(&A_07, subject));
            Recognition { route, ..outside }
        }
        _ => {
            // The route itself is known; only its acceptance is open, and says so by itself.
            let note = Note::unknown(&A_07, subject, &EVIDENCE_INCOMPLETE, &NEED_EVIDENCE);
            walk.note(note.severity(Severity::Minor));
            Recognition { route, conditional: true, ..outside }
        }
    }
}

static NOT_ACTIVE: Phrase = phrase(
    "công nhận {number} ở trạng thái {status} khi hiệu chuẩn ({from})",
    "the accreditation {number} was {status} when the calibration was performed ({from})",
);
static NOT_ACTIVE_AT_ISSUE: Phrase = phrase(
    "công nhận {number} không còn hiệu lực vào ngày cấp giấy chứng nhận ({from})",
    "the accreditation {number} was not active on the day of issue ({from})",
);
static ACTIVITY_UNKNOWN: Phrase = phrase(
    "không có trạng thái nào của công nhận {number} cho ngày {from}",
    "no status of the accreditation {number} is on record for {from}",
);
static NEED_STATUS: Phrase = phrase(
    "trạng thái công nhận kèm ngày hiệu lực (hỏi tổ chức công nhận)",
    "the dated status of the accreditation (ask its accreditation body)",
);

/// The status of an accreditation on a day, as known.
fn status_on(walk: &Walk<'_>, index: AccreditationIndex, day: Day) -> Option<AccreditationStatus> {
    let row = walk.evidence.accreditation(index);
    if !row.valid.has(day) {
        return Some(AccreditationStatus::Expired);
    }
    row.statuses
        .iter()
        .map(|(status, _)| status)
        .filter(|entry| walk.knows(entry.known_from) && entry.effective.has(day))
        .max_by_key(|entry| (entry.effective.from, entry.known_from, entry.status))
        .map(|entry| entry.status)
}

fn is_active(status: AccreditationStatus) -> bool {
    matches!(
        status,
        AccreditationStatus::Active
            | AccreditationStatus::PartiallySuspended
            | AccreditationStatus::Reduced
    )
}

/// The days of a period on which the status of an accreditation may change.
fn days_of_change(walk: &Walk<'_>, index: AccreditationIndex, period: Period) -> Vec<Day> {
    let row = walk.evidence.accreditation(index);
    let entries = row.statuses.iter().map(|(status, _)| status);
    let changes = entries.flat_map(|entry| [entry.effective.from, entry.effective.to.plus_days(1)]);
    let inside = changes.filter(|day| period.has(*day));
    [period.from, period.to].into_iter().chain(inside).collect()
}

/// Whether an accreditation was active on every day of a period.
fn activity(walk: &Walk<'_>, index: AccreditationIndex, period: Period) -> Tri {
    days_of_change(walk, index, period)
        .into_iter()
        .map(|day| {
            status_on(walk, index, day).map_or(Tri::Indeterminate, |s| Tri::known(is_active(s)))
        })
        .fold(Tri::Pass, Tri::and)
}

fn a_02(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    index: AccreditationIndex,
) -> Tri {
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Accreditation(index));
    let number = walk.evidence.accreditation(index).number;
    let number = fact("number", number.map_or(FactValue::Word("?"), FactValue::Text));
    let performed = Period { from: calibration.performed_from, to: calibration.performed_to };
    match activity(walk, index, performed) {
        Tri::Pass => {
            let issued = calibration
                .issued_on
                .filter(|day| !status_on(walk, index, *day).is_some_and(is_active));
            let Some(day) = issued else {
                return walk.note(Note::pass(&A_02, subject).against(against));
            };
            let facts = [number, fact("from", FactValue::Day(day))];
            let note = Note::remark(&A_02, subject, &NOT_ACTIVE_AT_ISSUE);
            walk.note(note.against(against).facts(&facts))
        }
        Tri::Fail => {
            let days = days_of_change(walk, index, performed);
            let status = days
                .into_iter()
                .filter_map(|day| status_on(walk, index, day))
                .find(|status| !is_active(*status));
            let facts = [
                number,
                fact("status", FactValue::Word(status.map_or("?", AccreditationStatus::as_str))),
                fact("from", FactValue::Day(calibration.performed_from)),
            ];
            walk.note(Note::fail(&A_02, subject, &NOT_ACTIVE).against(against).facts(&facts))
        }
        Tri::Indeterminate => {
            let facts = [number, fact("from", FactValue::Day(calibration.performed_from))];
            let note = Note::unknown(&A_02, subject, &ACTIVITY_UNKNOWN, &NEED_STATUS);
            walk.note(note.against(against).facts(&facts))
        }
    }
}

static PART_SUSPENDED: Phrase = phrase(
    "phần phạm vi {code} bị đình chỉ khi hiệu chuẩn",
    "the part {code} of the scope was suspended when the calibration was performed",
);

fn a_03(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    accreditation: AccreditationIndex,
    capability: CapabilityIndex,
) -> Tri {
    let performed = Period { from: calibration.performed_from, to: calibration.performed_to };
    let overlaps = |period: Period| period.from <= performed.to && performed.from <= period.to;
    let mut partial = walk
        .evidence
        .accreditation(accreditation)
        .statuses
        .iter()
        .filter(|(entry, _)| {
            entry.status == AccreditationStatus::PartiallySuspended
                && walk.knows(entry.known_from)
                && overlaps(entry.effective)
        })
        .peekable();
    if partial.peek().is_none() {
        return Tri::Pass;
    }
    let concerned = partial.any(|(_, capabilities)| capabilities.contains(&capability));
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Accreditation(accreditation));
    let code = walk.evidence.capability(capability).code;
    let facts = [fact("code", code.map_or(FactValue::Word("?"), FactValue::Text))];
    let note = match concerned {
        true => Note::fail(&A_03, subject, &PART_SUSPENDED),
        false => Note::pass(&A_03, subject),
    };
    walk.note(note.against(against).facts(&facts))
}

static OTHER_SCOPES: Phrase = phrase(
    "{organisation} không tham gia thoả thuận thừa nhận cho hiệu chuẩn vào ngày đó",
    "{organisation} was not a recognised signatory for calibration on that day",
);
static BODY_UNKNOWN: Phrase = phrase(
    "chưa biết {organisation} có tham gia thoả thuận thừa nhận cho hiệu chuẩn vào ngày đó hay không",
    "it is not known whether {organisation} was a recognised signatory for calibration on that day",
);
static NEED_SIGNATORY: Phrase = phrase(
    "hồ sơ tham gia thoả thuận thừa nhận của tổ chức công nhận vào ngày đó",
    "the accreditation body's membership in a recognised arrangement on that day",
);

fn a_04(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    accreditation: AccreditationIndex,
) -> Tri {
    let subject = Subject::Calibration(row.calibration);
    let Some(body) = walk.evidence.accreditation(accreditation).body else {
        return walk.note(Note::unknown(&A_04, subject, &BODY_UNKNOWN, &NEED_SIGNATORY));
    };
    let performed = Period { from: calibration.performed_from, to: calibration.performed_to };
    let facts = [fact("organisation", FactValue::Record(Subject::Organisation(body)))];
    let note = match signatory(walk, body, performed) {
        Tri::Pass => Note::pass(&A_04, subject),
        Tri::Fail => Note::fail(&A_04, subject, &OTHER_SCOPES),
        Tri::Indeterminate => Note::unknown(&A_04, subject, &BODY_UNKNOWN, &NEED_SIGNATORY),
    };
    walk.note(note.against(Some(Subject::Organisation(body))).facts(&facts))
}

/// Whether an accreditation body was a recognised signatory for calibration over a period.
fn signatory(walk: &Walk<'_>, body: OrganisationIndex, period: Period) -> Tri {
    let arrangements = &walk.policy.accreditation_arrangements;
    let known: Vec<&MembershipRow> = walk
        .evidence
        .memberships
        .of(body.position())
        .iter()
        .filter(|row| walk.knows(row.known_from))
        .filter(|row| arrangements.iter().any(|(arrangement, _)| *arrangement == row.arrangement))
        .filter(|row| {
            matches!(row.role, None | Some(MembershipRole::Signatory | MembershipRole::Member))
        })
        .collect();
    if known.is_empty() {
        return Tri::Indeterminate;
    }
    let for_calibration: Vec<&&MembershipRow> = known
        .iter()
        .filter(|row| matches!(row.scope, None | Some(ArrangementScope::Calibration17025)))
        .collect();
    if for_calibration.is_empty() {
        return Tri::Fail;
    }
    let state = |row: &MembershipRow| {
        let of_policy =
            arrangements.iter().find(|(arrangement, _)| *arrangement == row.arrangement);
        let in_force = of_policy.is_some_and(|(_, valid)| valid.contains(period));
        match (row.scope, row.valid.contains(period), in_force) {
            (None, true, _) => Tri::Indeterminate,
            (Some(_), true, true) => Tri::Pass,
            // The arrangement itself had been replaced: the body may belong to its successor.
            (_, _, false) if of_policy.is_some_and(|(_, valid)| valid.to < period.to) => {
                Tri::Indeterminate
            }
            _ => Tri::Fail,
        }
    };
    for_calibration.iter().map(|row| state(row)).fold(Tri::Fail, Tri::or)
}
