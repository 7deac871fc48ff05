//! Area A: accreditation and routes.

use crate::domain::calibration::{CalibrationKind, CompetenceDecision};
use crate::domain::capability::Publisher;
use crate::domain::comparison::{ComparisonKind, ComparisonStatus, CorrectiveAction};
use crate::domain::organisation::{ArrangementScope, MembershipRole, OrganisationKind};
use crate::domain::period::Day;
use crate::domain::recognition::{AccreditationStatus, EvidenceLevel};
use crate::engine::evidence::*;
use crate::engine::finding::{
    Dimension, FactValue, Phrase, Rule, Severity, Source, Subject, Tag, fact, phrase,
};
use crate::engine::numbers::Uninterpretable;
use crate::engine::report::Route;
use crate::engine::rules::{capability, document, freshness, institute, uncertainty};
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

/// the site of performance is one that the scope covers: the capability's own site where it
/// names one, else the sites of the accreditation. Names are compared as written (case and spaces
/// aside); where one side names a kind of site (`permanent`, `customer_site`) the kinds are. Not
/// said on the certificate, or not in the scope, it does not apply. A site outside the scope is no
/// contradiction of the list of rules 3.4, so the route is R3B. Major. ISO/IEC 17011 \[K\].
pub static A_05: Rule = Rule {
    id: "A-05",
    statement: phrase(
        "hiệu chuẩn được thực hiện tại địa điểm thuộc phạm vi công nhận",
        "the calibration was performed at a site of the accredited scope",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("ISO/IEC 17011:2017", "", Tag::Knowledge),
    optional_input: true,
};

/// outside the recognised routes a calibration is justified only where routes 1 and 2 were
/// not available. An offer is a capability of somebody else than issuer and owner, of the same
/// quantity, that covers the result and its conditions, was in force and recognised when the
/// calibration was performed, and does not claim more uncertainty than was reported. Looked at for
/// the nearest certificate where its row claims no recognition: where one is claimed and does not
/// hold, the rule that breaks it says so. Accepted evidence of competence holds the reason.
/// Minor. ILAC-P10 \[K\].
pub static A_08: Rule = Rule {
    id: "A-08",
    statement: phrase(
        "không có dịch vụ tuyến 1 hoặc 2 phù hợp vào ngày đó, hoặc việc chọn tuyến 3 có lý do",
        "no service by route 1 or 2 was available on that day, or route 3 is justified",
    ),
    severity: Severity::Minor,
    dimension: Dimension::Recognition,
    source: Source::new("ILAC-P10:07/2020", "", Tag::Knowledge),
    optional_input: true,
};

/// who calibrates its own standard has evaluated the uncertainty, made it with a traceable
/// reference, and is competent for it: within its scope or published CMC (with or without the
/// symbol), or with accepted evidence of competence. An institute that takes part in the CIPM
/// MRA for the quantity maintains its own standards under the quality system that the MRA reviews;
/// that counts as competence. Whether the reference is traceable is judged at the link. Without an
/// uncertainty it fails; without a reference it is indeterminate. Competence that is not shown, or
/// was refused, is a doubt about recognition only: traceability stands on the walk alone, in house
/// as elsewhere (rules 3.4). Major. ISO/IEC 17025 6.5, 7.6.2 \[K\].
pub static A_09: Rule = Rule {
    id: "A-09",
    statement: phrase(
        "hiệu chuẩn nội bộ có độ không đảm bảo đo, chuẩn có liên kết và năng lực được thừa nhận",
        "the in-house calibration has an uncertainty, a traceable reference and shown competence",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "7.6.2", Tag::Knowledge),
    optional_input: true,
};

/// the latest result of the issuer in a proficiency test or national comparison of the
/// quantity has |En| ≤ 1. Above 1 and not closed by corrective action (none, open, or not said) it
/// is a remark, whenever the calibration was performed: earlier results are in question as well.
/// Two in a row above 1, neither closed, leave recognition open for what was performed after the
/// second. A result at a point counts where it lies in the range of the capability that covers the
/// certificate; only final reports count. An unsatisfactory result of the owner who uses the
/// standard is a remark too and never more: its standard's certificate is somebody else's. The
/// exact meaning of "in that scope" is a doubt: the registry knows the quantity and the point.
/// Minor; major for two in a row. ISO/IEC 17043, ISO 13528 \[K\].
pub static A_10: Rule = Rule {
    id: "A-10",
    statement: phrase(
        "kết quả thử nghiệm thành thạo gần nhất có |En| ≤ 1",
        "the latest proficiency test has |En| ≤ 1",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("ISO/IEC 17043:2023", "", Tag::Knowledge),
    optional_input: true,
};

/// where somebody else than the issuer performed the calibration, the performer's own
/// certificate is the evidence: one of the same item and quantity, performed in the same days. With
/// the broker's paper alone that certificate is missing. Looked at for the nearest certificate.
/// Minor. ISO/IEC 17025 6.6, 7.8.2 \[K\].
pub static A_11: Rule = Rule {
    id: "A-11",
    statement: phrase(
        "có giấy chứng nhận của phòng thí nghiệm đã thực hiện hiệu chuẩn",
        "the certificate of the laboratory that performed the calibration is there",
    ),
    severity: Severity::Minor,
    dimension: Dimension::Recognition,
    source: Source::new("ISO/IEC 17025:2017", "6.6, 7.8.2", Tag::Knowledge),
    optional_input: true,
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
    /// The capability that covers it.
    pub capability: Option<CapabilityIndex>,
}

static ROUTE: Phrase = phrase("tuyến công nhận: {route}", "route of recognition: {route}");

/// A-01 for a row, with all its conditions.
pub fn a_01(
    walk: &mut Walk<'_>,
    index: ResultIndex,
    row: &ResultRow,
    calibration: &CalibrationRow,
) -> Recognition {
    let first = walk.findings.len();
    let mut recognition = classify(walk, index, row, calibration);
    // D-07: its owner's word alone recognises nothing.
    let known = !matches!(recognition.route, Route::Fail | Route::None);
    if known && calibration.evidence == EvidenceLevel::SelfDeclared {
        recognition.route = Route::Indeterminate;
        recognition.recognised = recognition.recognised.and(Tri::Indeterminate);
    }
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
        capability: None,
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
        uncertainty::u_09(walk, index, row);
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
    let capability = [tried, best].into_iter().flatten().find_map(|found| found.capability);
    let third = third_route(walk, row, calibration, kind, outside(Route::None));
    Recognition { capability, ..third }
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
    institute::n_13(walk, row, calibration, issuer);
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
    let published =
        found.capability.map_or(Tri::Pass, |index| document::d_07_capability(walk, row, index));
    let conditions = participates.and(found.covers).and(published).and(match found.covers {
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
    let (recognised, capability) = (conditions.and(stated), found.capability);
    Recognition { route, recognised, conditional: false, strength, capability }
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

pub(super) fn a_06(walk: &mut Walk<'_>, row: &ResultRow, stated: Tri) -> Tri {
    let subject = Subject::Calibration(row.calibration);
    let note = match stated {
        Tri::Pass => Note::pass(&A_06, subject),
        Tri::Fail => Note::fail(&A_06, subject, &ROW_OUTSIDE),
        Tri::Indeterminate => Note::unknown(&A_06, subject, &NOT_SAID, &NEED_ENDORSEMENT),
    };
    walk.note(note)
}

/// R2: an accredited laboratory within its scope.
pub(super) fn r2(
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
    let mut answer = Recognition {
        route: Route::Indeterminate,
        recognised: Tri::Indeterminate,
        conditional: false,
        strength: calibration.evidence,
        capability: None,
    };
    if accredited.organisation != Some(issuer) || !walk.knows(accredited.known_from) {
        let state = match walk.knows(accredited.known_from) {
            true => walk.note(Note::fail(&A_06, subject, &OF_ANOTHER).against(against)),
            false => a_06(walk, row, Tri::Indeterminate),
        };
        let route = if state == Tri::Fail { Route::Fail } else { Route::Indeterminate };
        return Recognition { route, recognised: state, ..answer };
    }
    let stated = a_06(walk, row, Tri::known(endorsed));
    freshness::used(walk, row, against, Some(issuer), accredited.synced_on);
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
    let (mut part, mut scope) = (Tri::Pass, Tri::Pass);
    if let Some(capability) = found.capability {
        part = a_03(walk, row, calibration, accreditation, capability);
        scope = a_05(walk, row, calibration, accreditation, capability)
            .and(document::d_07_capability(walk, row, capability));
        if endorsed {
            capability::c_08(walk, index, row, calibration, capability);
        }
        answer.strength = walk.evidence.capability(capability).evidence.min(answer.strength);
        answer.capability = Some(capability);
    }
    let contradicted = active == Tri::Fail || part == Tri::Fail || found.contradicted;
    let uncertainty = if found.covers == Tri::Pass { found.uncertainty } else { Tri::Pass };
    let conditions =
        [active, body, found.covers, uncertainty, part, scope].into_iter().fold(stated, Tri::and);
    let route = match conditions {
        Tri::Pass => Route::R2,
        _ if endorsed && contradicted => Route::Fail,
        Tri::Fail => Route::R3b,
        Tri::Indeterminate => Route::Indeterminate,
    };
    Recognition { route, recognised: conditions, ..answer }
}

static ANOTHER_SITE: Phrase = phrase(
    "hiệu chuẩn thực hiện tại “{site}”, phạm vi chỉ gồm “{scope}”",
    "the calibration was performed at “{site}”, the scope names “{scope}”",
);

/// Whether a certificate's site lies in a scope, with both; none where either says nothing.
fn site(
    walk: &Walk<'_>,
    calibration: &CalibrationRow,
    accreditation: AccreditationIndex,
    capability: CapabilityIndex,
) -> Option<(bool, SiteRow, SiteRow)> {
    let used = walk.evidence.calibration_detail(calibration)?.site?;
    let own = walk.evidence.capability(capability).site;
    let sites = own.as_slice();
    let sites = match sites.is_empty() {
        true => &walk.evidence.accreditation(accreditation).sites,
        false => sites,
    };
    let fits = sites.iter().any(|scope| capability::site_fits(*scope, used));
    sites.first().map(|first| (fits, used, *first))
}

fn a_05(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    accreditation: AccreditationIndex,
    capability: CapabilityIndex,
) -> Tri {
    let Some((fits, used, scope)) = site(walk, calibration, accreditation, capability) else {
        return Tri::Pass;
    };
    let subject = Subject::Calibration(row.calibration);
    let facts =
        [fact("site", FactValue::Text(used.name)), fact("scope", FactValue::Text(scope.name))];
    let note = match fits {
        true => Note::pass(&A_05, subject),
        false => Note::fail(&A_05, subject, &ANOTHER_SITE),
    };
    walk.note(note.against(Some(Subject::Capability(capability))).facts(&facts))
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
        return Some(Recognition {
            route: Route::Fail,
            recognised: Tri::Fail,
            conditional: false,
            strength,
            capability: None,
        });
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
    let elsewhere = found
        .capability
        .and_then(|capability| site(walk, calibration, active, capability))
        .is_some_and(|(fits, ..)| !fits);
    if found.covers == Tri::Fail || found.uncertainty == Tri::Fail || elsewhere {
        // Outside its scope a laboratory may issue what it likes without the symbol: no rule of
        // the scope is broken by it.
        walk.findings.truncate(before);
        return None;
    }
    Some(Recognition {
        route: Route::Indeterminate,
        recognised: a_06(walk, row, Tri::Indeterminate),
        conditional: false,
        strength,
        capability: found.capability,
    })
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
pub(super) fn third_route(
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
pub fn status_on(
    walk: &Walk<'_>,
    index: AccreditationIndex,
    day: Day,
) -> Option<AccreditationStatus> {
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

/// Whether an accreditation counts in this status: as a whole or in part.
pub fn is_active(status: AccreditationStatus) -> bool {
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
pub fn activity(walk: &Walk<'_>, index: AccreditationIndex, period: Period) -> Tri {
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

static SIGNATORY_FOR_MATERIALS: Phrase = phrase(
    "{organisation} tham gia thoả thuận thừa nhận cho nhà sản xuất chất chuẩn vào ngày đó",
    "{organisation} was a recognised signatory for producers of reference materials on that day",
);
static NOT_FOR_MATERIALS: Phrase = phrase(
    "{organisation} không tham gia thoả thuận thừa nhận cho nhà sản xuất chất chuẩn vào ngày đó",
    "{organisation} was not a recognised signatory for producers of reference materials on that day",
);
static UNKNOWN_FOR_MATERIALS: Phrase = phrase(
    "chưa biết {organisation} có tham gia thoả thuận thừa nhận cho nhà sản xuất chất chuẩn vào ngày đó hay không",
    "it is not known whether {organisation} was a recognised signatory for producers of reference materials on that day",
);

fn a_04(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    accreditation: AccreditationIndex,
) -> Tri {
    let subject = Subject::Calibration(row.calibration);
    let of_material = calibration.kind == CalibrationKind::ReferenceMaterialCertificate;
    let Some(body) = walk.evidence.accreditation(accreditation).body else {
        return walk.note(Note::unknown(&A_04, subject, &BODY_UNKNOWN, &NEED_SIGNATORY));
    };
    let performed = Period { from: calibration.performed_from, to: calibration.performed_to };
    let synced_on = freshness::of_memberships(walk, body, |row| {
        let arrangements = &walk.policy.accreditation_arrangements;
        arrangements.iter().any(|(arrangement, _)| *arrangement == row.arrangement)
    });
    let membership = Some(Subject::Organisation(body));
    freshness::used(walk, row, membership, Some(body), synced_on);
    let facts = [fact("organisation", FactValue::Record(Subject::Organisation(body)))];
    let scope = match of_material {
        true => ArrangementScope::Rmp17034,
        false => ArrangementScope::Calibration17025,
    };
    let note = match signatory(walk, body, performed, scope) {
        Tri::Pass if of_material => Note::pass_with(&A_04, subject, &SIGNATORY_FOR_MATERIALS),
        Tri::Fail if of_material => Note::fail(&A_04, subject, &NOT_FOR_MATERIALS),
        Tri::Indeterminate if of_material => {
            Note::unknown(&A_04, subject, &UNKNOWN_FOR_MATERIALS, &NEED_SIGNATORY)
        }
        Tri::Pass => Note::pass(&A_04, subject),
        Tri::Fail => Note::fail(&A_04, subject, &OTHER_SCOPES),
        Tri::Indeterminate => Note::unknown(&A_04, subject, &BODY_UNKNOWN, &NEED_SIGNATORY),
    };
    walk.note(note.against(Some(Subject::Organisation(body))).facts(&facts))
}

/// Whether an accreditation body was a recognised signatory for a scope over a period.
fn signatory(
    walk: &Walk<'_>,
    body: OrganisationIndex,
    period: Period,
    scope: ArrangementScope,
) -> Tri {
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
    let for_scope: Vec<&&MembershipRow> =
        known.iter().filter(|row| row.scope.is_none_or(|own| own == scope)).collect();
    if for_scope.is_empty() {
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
    for_scope.iter().map(|row| state(row)).fold(Tri::Fail, Tri::or)
}

static NO_UNCERTAINTY: Phrase = phrase(
    "{organisation} tự hiệu chuẩn chuẩn của mình ({certificate}) mà không đánh giá độ không đảm bảo đo",
    "{organisation} calibrated its own standard ({certificate}) without evaluating the uncertainty",
);
static NO_OWN_REFERENCE: Phrase = phrase(
    "{organisation} tự hiệu chuẩn chuẩn của mình ({certificate}) mà không nêu chuẩn đã dùng",
    "{organisation} calibrated its own standard ({certificate}) and does not say with what",
);
static NO_COMPETENCE: Phrase = phrase(
    "{organisation} tự hiệu chuẩn chuẩn của mình ({certificate}) ngoài phạm vi công nhận và chưa có bằng chứng năng lực được chấp nhận",
    "{organisation} calibrated its own standard ({certificate}) outside a scope and without accepted evidence of competence",
);
static NEED_OWN_REFERENCE: Phrase =
    phrase("chuẩn đã dùng và giấy chứng nhận của nó", "the reference used and its certificate");
static NEED_COMPETENCE: Phrase = phrase(
    "phạm vi công nhận bao quát kết quả này, hoặc bằng chứng năng lực (A-07) được chấp nhận",
    "an accredited scope that covers this result, or accepted evidence of competence (A-07)",
);

/// A-09 for a certificate of the issuer's own standard.
pub fn a_09(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    recognition: &Recognition,
    first_edge: usize,
) -> Tri {
    let Some(issuer) = calibration.issuer else { return Tri::Pass };
    if walk.evidence.owner_of_item(calibration) != Some(issuer) {
        return Tri::Pass;
    }
    let subject = Subject::Calibration(row.calibration);
    let detail = walk.evidence.calibration_detail(calibration);
    let competence = detail.and_then(|detail| detail.competence);
    let kind = walk.evidence.organisation(issuer).kind;
    let performed = Period { from: calibration.performed_from, to: calibration.performed_to };
    let in_scope = recognition.capability.is_some_and(|index| {
        walk.evidence.capability(index).evidence >= EvidenceLevel::IssuerConfirmed
    });
    let is_competent = kind == OrganisationKind::Bipm
        || in_scope
        || competence == Some((CompetenceDecision::Accepted, true))
        || institute::participation(walk, issuer, row.kind, performed) == Tri::Pass;
    let evaluated =
        !matches!(walk.normalised(row), Err(Uninterpretable::Absent | Uninterpretable::Zero));
    let facts = [
        fact("organisation", FactValue::Record(Subject::Organisation(issuer))),
        fact("certificate", FactValue::Text(calibration.number)),
    ];
    let note = if !evaluated {
        Note::fail(&A_09, subject, &NO_UNCERTAINTY)
    } else if walk.edges.len() == first_edge {
        Note::unknown(&A_09, subject, &NO_OWN_REFERENCE, &NEED_OWN_REFERENCE)
    } else if is_competent {
        Note::pass(&A_09, subject)
    } else {
        Note::unknown(&A_09, subject, &NO_COMPETENCE, &NEED_COMPETENCE)
            .severity(Severity::Minor)
            .dimension(Dimension::Recognition)
    };
    walk.note(note.against(Some(Subject::Organisation(issuer))).facts(&facts))
}

/// What is judged of the certificate relied on only, because it looks at records beside the way up
/// or says something of that certificate's recognition alone, C-10, C-11, D-08.
pub fn at_nearest(walk: &mut Walk<'_>, index: ResultIndex, standard: StandardIndex, used_on: Day) {
    let Some((route, capability)) = walk.verdict(index).map(|own| (own.route, own.capability))
    else {
        return;
    };
    let evidence = walk.evidence;
    let row = evidence.result(index);
    let calibration = evidence.calibration(row.calibration);
    document::d_08(walk, row, calibration);
    if let Some(capability) = capability.filter(|_| is_endorsed(row, calibration)) {
        capability::c_10(walk, row, calibration, capability);
        capability::c_11(walk, index, row, calibration, capability);
    }
    a_08(walk, row, calibration, route);
    if a_10(walk, row, calibration, capability, used_on) != Tri::Pass {
        walk.leave_recognition_open(index);
    }
    a_10_owner(walk, row, calibration, standard, used_on);
    a_11(walk, row, calibration);
}

fn is_endorsed(row: &ResultRow, calibration: &CalibrationRow) -> bool {
    calibration.endorsement != EndorsementRow::None && row.endorsed != Some(false)
}

static AVAILABLE: Phrase = phrase(
    "tuyến {route} được dùng trong khi có {count} dịch vụ tuyến 1 hoặc 2 phù hợp vào ngày {from}, chẳng hạn của {organisation}: cần nêu lý do",
    "route {route} was used although {count} services by route 1 or 2 were available on {from}, such as {organisation}'s: justify",
);

fn a_08(walk: &mut Walk<'_>, row: &ResultRow, calibration: &CalibrationRow, route: Route) {
    if !matches!(route, Route::R3a | Route::R3b) || is_endorsed(row, calibration) {
        return;
    }
    let subject = Subject::Calibration(row.calibration);
    let detail = walk.evidence.calibration_detail(calibration);
    let competence = detail.and_then(|detail| detail.competence);
    if competence == Some((CompetenceDecision::Accepted, true)) {
        walk.note(Note::pass(&A_08, subject));
        return;
    }
    let owner = walk.evidence.owner_of_item(calibration);
    let performed = Period { from: calibration.performed_from, to: calibration.performed_to };
    let is_recognised = |index: CapabilityIndex| {
        let capability = walk.evidence.capability(index);
        let Some(organisation) = capability.organisation else { return false };
        if Some(organisation) == calibration.issuer || Some(organisation) == owner {
            return false;
        }
        match (capability.publisher, capability.accreditation) {
            (Publisher::Kcdb, _) => {
                institute::participation(walk, organisation, row.kind, performed) == Tri::Pass
            }
            (Publisher::AccreditationScope, Some(accreditation)) => {
                let body = walk.evidence.accreditation(accreditation).body;
                walk.knows(walk.evidence.accreditation(accreditation).known_from)
                    && activity(walk, accreditation, performed) == Tri::Pass
                    && body.is_some_and(|body| {
                        let scope = ArrangementScope::Calibration17025;
                        signatory(walk, body, performed, scope) == Tri::Pass
                    })
            }
            _ => false,
        }
    };
    let (mut count, mut first) = (0_u32, None);
    for index in walk.evidence.capabilities_for(row.kind) {
        if capability::offers(walk, row, calibration, index) && is_recognised(index) {
            count += 1;
            first = first.or(walk.evidence.capability(index).organisation);
        }
    }
    let Some(first) = first else {
        walk.note(Note::pass(&A_08, subject));
        return;
    };
    let facts = [
        fact("route", FactValue::Word(route.as_str())),
        fact("count", FactValue::Count(count)),
        fact("from", FactValue::Day(calibration.performed_from)),
        fact("organisation", FactValue::Record(Subject::Organisation(first))),
    ];
    let note = Note::remark(&A_08, subject, &AVAILABLE);
    walk.note(note.against(Some(Subject::Organisation(first))).facts(&facts));
}

static UNSATISFACTORY: Phrase = phrase(
    "kết quả thử nghiệm thành thạo gần nhất của {organisation} (ngày {day}) có En = {en} và chưa khắc phục xong",
    "the latest proficiency test of {organisation} ({day}) has En = {en} and is not closed",
);
static TWICE: Phrase = phrase(
    "hai kết quả thử nghiệm thành thạo liên tiếp của {organisation} không đạt (En = {before}, rồi {en} ngày {day}) và chưa khắc phục xong",
    "two proficiency tests of {organisation} in a row are unsatisfactory (En = {before}, then {en} on {day}) and not closed",
);
static NEED_ACTION: Phrase = phrase(
    "hành động khắc phục đã hoàn thành, hoặc kết quả mới đạt yêu cầu",
    "a corrective action that is closed, or a new satisfactory result",
);

/// A result in a proficiency test that counts, with its normalised error.
#[derive(Clone, Copy)]
struct Performance {
    day: Day,
    error: f64,
    comparison: ComparisonIndex,
    closed: bool,
}

impl Performance {
    fn is_open(self) -> bool {
        self.error.abs() > 1.0 + Extent::SLACK && !self.closed
    }
}

/// The latest two results of an organisation in proficiency tests and national comparisons of a
/// quantity, as known on a day.
fn performance(
    walk: &Walk<'_>,
    organisation: OrganisationIndex,
    row: &ResultRow,
    capability: Option<CapabilityIndex>,
    used_on: Day,
) -> [Option<Performance>; 2] {
    let range = capability.and_then(|index| walk.evidence.capability(index).range);
    let in_scope = |point: f64| range.is_none_or(|range| range.contains(Extent::point(point)));
    let results = walk.evidence.comparisons_of.of(organisation.position()).iter();
    let mut last = [None, None];
    for result in results {
        let counts = matches!(result.kind, ComparisonKind::NationalIlc | ComparisonKind::Pt)
            && result.quantity == Some(row.kind)
            && matches!(result.status, None | Some(ComparisonStatus::Published))
            && walk.knows(result.known_from)
            && result.point.is_none_or(in_scope);
        let day = result.measured_to.or(result.published_on).unwrap_or(Day::beginning());
        let Some(error) = result.normalised_error.filter(|_| counts && day <= used_on) else {
            continue;
        };
        let closed = result.corrective_action == Some(CorrectiveAction::Closed);
        let found = Performance { day, error, comparison: result.comparison, closed };
        // Of one day the worse result is the later one.
        let rank = |one: &Performance| (one.day, one.is_open(), one.comparison);
        match last {
            [Some(latest), _] if rank(&found) < rank(&latest) => {
                if last[1].is_none_or(|before| rank(&found) > rank(&before)) {
                    last[1] = Some(found);
                }
            }
            [latest, _] => last = [Some(found), latest],
        }
    }
    last
}

fn a_10(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    capability: Option<CapabilityIndex>,
    used_on: Day,
) -> Tri {
    let Some(issuer) = calibration.issuer else { return Tri::Pass };
    let [Some(latest), before] = performance(walk, issuer, row, capability, used_on) else {
        return Tri::Pass;
    };
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Comparison(latest.comparison));
    let facts = [
        fact("organisation", FactValue::Record(Subject::Organisation(issuer))),
        fact("day", FactValue::Day(latest.day)),
        fact("en", FactValue::Number(latest.error)),
        fact("before", FactValue::Number(before.map_or(f64::NAN, |before| before.error))),
    ];
    let once = &facts[..3];
    let (note, facts) = match before {
        _ if !latest.is_open() => (Note::pass(&A_10, subject), once),
        Some(before) if before.is_open() && calibration.performed_from > latest.day => {
            (Note::unknown(&A_10, subject, &TWICE, &NEED_ACTION), &facts[..])
        }
        _ => (Note::remark(&A_10, subject, &UNSATISFACTORY), once),
    };
    walk.note(note.against(against).facts(facts))
}

/// A-10 for the owner who uses the standard, where that is not the issuer.
fn a_10_owner(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    standard: StandardIndex,
    used_on: Day,
) {
    let owner = walk.evidence.standard(standard).owner;
    let Some(owner) = owner.filter(|owner| Some(*owner) != calibration.issuer) else { return };
    let [Some(latest), _] = performance(walk, owner, row, None, used_on) else { return };
    if !latest.is_open() {
        return;
    }
    let facts = [
        fact("organisation", FactValue::Record(Subject::Organisation(owner))),
        fact("day", FactValue::Day(latest.day)),
        fact("en", FactValue::Number(latest.error)),
    ];
    let note = Note::remark(&A_10, Subject::Standard(standard), &UNSATISFACTORY);
    walk.note(note.against(Some(Subject::Comparison(latest.comparison))).facts(&facts));
}

static ONLY_REISSUED: Phrase = phrase(
    "{organisation} đã thực hiện hiệu chuẩn nhưng chỉ có giấy chứng nhận {certificate} do bên trung gian cấp lại",
    "{organisation} performed the calibration, but only certificate {certificate} of the one who passed it on is there",
);
static NEED_ORIGINAL: Phrase = phrase(
    "giấy chứng nhận gốc của phòng thí nghiệm đã thực hiện hiệu chuẩn",
    "the original certificate of the laboratory that performed the calibration",
);

fn a_11(walk: &mut Walk<'_>, row: &ResultRow, calibration: &CalibrationRow) {
    let evidence = walk.evidence;
    let detail = evidence.calibration_detail(calibration);
    let Some(performer) = detail.and_then(|detail| detail.performed_by) else { return };
    let original = calibration.item.and_then(|item| {
        let mut others = evidence.calibrations_of.of(item.position()).iter().copied();
        others.find(|index| {
            let other = evidence.calibration(*index);
            let mut rows = evidence.rows_of(*index).map(|index| evidence.result(index));
            other.issuer == Some(performer)
                && walk.knows(other.known_from)
                && other.performed_from <= calibration.performed_to
                && calibration.performed_from <= other.performed_to
                && rows.any(|other| other.kind == row.kind)
        })
    });
    let subject = Subject::Calibration(row.calibration);
    let facts = [
        fact("organisation", FactValue::Record(Subject::Organisation(performer))),
        fact("certificate", FactValue::Text(calibration.number)),
    ];
    let note = match original {
        Some(original) => Note::pass(&A_11, subject).against(Some(Subject::Calibration(original))),
        None => Note::unknown(&A_11, subject, &ONLY_REISSUED, &NEED_ORIGINAL)
            .against(Some(Subject::Organisation(performer))),
    };
    walk.note(note.facts(&facts));
}
