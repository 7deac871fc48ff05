//! Area N: national institutes, the CIPM MRA, the KCDB, UTC(k). Comparisons: `comparison`.

use crate::domain::capability::{CapabilityStatus, Publisher};
use crate::domain::organisation::{Arrangement, MembershipRole, OrganisationKind};
use crate::domain::period::Day;
use crate::domain::quantity::QuantityKindId;
use crate::domain::realisation::RealisationKind;
use crate::domain::standard::{LegalLevel, MetrologicalRole};
use crate::engine::evidence::*;
use crate::engine::finding::{
    Dimension, Fact, FactValue, Phrase, Rule, Severity, Source, Subject, Tag, fact, phrase,
};
use crate::engine::numbers;
use crate::engine::report::Route;
use crate::engine::rules::freshness;
use crate::engine::tri::Tri;
use crate::engine::walk::{Input, Note, Walk, Weight};

/// N-01: the issuer took part in the CIPM MRA on that day: signatory institute, or designated
/// institute listed for the area. Major. JCRB 28-1, 5-5 \[F\].
pub static N_01: Rule = Rule {
    id: "N-01",
    statement: phrase(
        "viện cấp tham gia CIPM MRA cho lĩnh vực này vào ngày đó",
        "the issuing institute took part in the CIPM MRA for this area on that day",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("JCRB", "28-1", Tag::Official),
    optional_input: false,
};

/// N-02: a published CMC of the institute covers the result on its day (as C-01 to C-04). Major.
pub static N_02: Rule = Rule {
    id: "N-02",
    statement: phrase(
        "CMC đã công bố trong KCDB bao quát kết quả này",
        "a CMC published in the KCDB covers this result",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("CIPM MRA-P-13", "", Tag::Knowledge),
    optional_input: false,
};

/// N-03: the status of the CMC on the day counts: published is covered; greyed out is not from its
/// day on, earlier certificates unaffected; reinstated is covered again from that day. Major.
/// JCRB 24-2, 25-1, 31-1 \[F\].
pub static N_03: Rule = Rule {
    id: "N-03",
    statement: phrase(
        "CMC không bị tạm ngưng (greyed out) vào ngày đó",
        "the CMC was not greyed out on that day",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("JCRB", "24-2, 25-1, 31-1", Tag::Official),
    optional_input: false,
};

/// N-04: an institute without a CMC is route R3A; its certificates may still be traceable by the
/// explicit walk. Major. ILAC-P10 \[S\].
pub static N_04: Rule = Rule {
    id: "N-04",
    statement: phrase(
        "viện cấp có CMC cho đại lượng này",
        "the issuing institute has a CMC for this quantity",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("ILAC-P10:07/2020", "2", Tag::Secondary),
    optional_input: true,
};

/// N-05: a national standard that is no primary realisation takes its value from the BIPM, or from
/// an institute of the CIPM MRA with an independent realisation and published CMCs. A published
/// CMC counts as independent unless the institute's own chain is known to lead to another
/// institute, because the JCRB reviews the source of traceability before it publishes. Where the
/// holder's own CMC is published a breach is a remark: such CMCs are handled in the periodic
/// review (JCRB 21-1 \[F\]). Critical. JCRB Recommendation 19-4 (1)-(2) \[F\].
pub static N_05: Rule = Rule {
    id: "N-05",
    statement: phrase(
        "chuẩn quốc gia nhận giá trị từ BIPM hoặc từ viện có thể hiện đơn vị độc lập và CMC đã công bố",
        "the national standard takes its value from the BIPM or an institute with an independent realisation and published CMCs",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("JCRB Recommendation", "19-4", Tag::Official),
    optional_input: true,
};

/// N-06: a reference of an institute that an accredited laboratory calibrated (instruments, parts)
/// counts as minor: (c u)/u_c ≤ 1/3 by the policy, and the laboratory's certificate is route R2. A
/// reference that carries the whole value is never minor, however large the institute's own
/// uncertainty. The source of a national standard is judged by N-05 alone, which knows what the
/// JCRB says of published CMCs (21-1); whether that softens this rule too is not said, so here it
/// does not. Major. JCRB Recommendation 19-4 (3), 5-4 \[F\]; the threshold \[K\].
pub static N_06: Rule = Rule {
    id: "N-06",
    statement: phrase(
        "phòng được công nhận chỉ góp phần nhỏ vào giá trị của viện",
        "an accredited laboratory contributes only a minor part to the institute's value",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("JCRB Recommendation", "19-4", Tag::Official),
    optional_input: true,
};

/// N-13: the RMO had approved the institute's quality system at most five years before; a year's
/// extension is decided case by case and is not recorded, so the sixth year is not known. Of
/// several approvals the latest before the calibration counts; one that came only later says
/// nothing of that day. Not applicable without `qms_approved_on`. Minor. JCRB 22-2, 28-2, 39-3,
/// 45-1 \[F\].
pub static N_13: Rule = Rule {
    id: "N-13",
    statement: phrase(
        "hệ thống chất lượng của viện được RMO phê duyệt trong vòng năm năm",
        "the institute's quality system was approved by its RMO within five years",
    ),
    severity: Severity::Minor,
    dimension: Dimension::Recognition,
    source: Source::new("JCRB", "22-2, 28-2, 39-3, 45-1", Tag::Official),
    optional_input: true,
};

/// N-15: a time or frequency chain ends at a UTC(k) that stands in the BIPM's Circular T when it is
/// used: in the bulletin of that month, or at most 45 days after the last month that has one; or
/// the drift limit of the institute's own clock bounds the holdover over the gap within the stated
/// uncertainty. A bulletin follows its month, so what is published by the state of knowledge
/// counts, whenever that was; a month before the first bulletin is not covered by a later one. A
/// continuous monitoring counts up to the state of knowledge. A clock disciplined to satellite
/// signals (GPS) without calibration or monitoring is indeterminate, and the calibration of a delay
/// concerns time, not frequency: it has no row of the quantity. A primary frequency standard cited
/// as a realisation of its own is judged as any other root. Major. CCTF recommendations on UTC(k)
/// \[F\]; the days \[K\].
pub static N_15: Rule = Rule {
    id: "N-15",
    statement: phrase(
        "UTC(k) có trong Circular T của BIPM khi được dùng",
        "the UTC(k) stands in the BIPM's Circular T when it is used",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("CCTF recommendations on UTC(k)", "", Tag::Knowledge),
    optional_input: false,
};

/// N-07: the BIPM calibrates for Member States; for an Associate of the CGPM the BIPM's list of
/// certificates has to be asked, so recognition is indeterminate. Traceability is untouched. Minor
/// in the catalogue; the doubt is about the route, so it decides recognition of a BIPM
/// certificate. ILAC-P10 Note 2 \[K\].
pub static N_07: Rule = Rule {
    id: "N-07",
    statement: phrase(
        "nước của chủ chuẩn là thành viên Công ước Mét khi BIPM hiệu chuẩn",
        "the owner's country was a Member State when the BIPM calibrated",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("ILAC-P10:07/2020", "2", Tag::Knowledge),
    optional_input: false,
};

/// Whether an organisation took part in the CIPM MRA for a quantity over a period (N-01).
pub fn participation(
    walk: &Walk<'_>,
    organisation: OrganisationIndex,
    kind: QuantityKindId,
    period: Period,
) -> Tri {
    let evidence = walk.evidence;
    let row = evidence.organisation(organisation);
    if !row.kind.is_institute() {
        return Tri::Fail;
    }
    let mut memberships = evidence
        .memberships
        .of(organisation.position())
        .iter()
        .filter(|row| row.arrangement == Arrangement::CipmMra && walk.knows(row.known_from))
        .filter(|row| {
            matches!(
                row.role,
                None | Some(
                    MembershipRole::Signatory
                        | MembershipRole::Member
                        | MembershipRole::Participant
                )
            )
        })
        .peekable();
    if memberships.peek().is_none() {
        return Tri::Indeterminate;
    }
    let listed = |row: &MembershipRow| {
        let area = kind.kind().area.code;
        match row.areas.is_empty() {
            // A designated institute is designated for areas; without them nothing is known.
            true => match evidence.organisation(organisation).kind {
                OrganisationKind::DesignatedInstitute => Tri::Indeterminate,
                _ => Tri::Pass,
            },
            false => Tri::known(row.areas.iter().any(|listed| evidence.text(*listed) == area)),
        }
    };
    memberships
        .map(|row| Tri::known(row.valid.contains(period)).and(listed(row)))
        .fold(Tri::Fail, Tri::or)
}

static NO_PARTICIPANT: Phrase = phrase(
    "{organisation} không tham gia CIPM MRA cho lĩnh vực này vào ngày đó",
    "{organisation} did not take part in the CIPM MRA for this area on that day",
);
static PARTICIPATION_UNKNOWN: Phrase = phrase(
    "chưa biết {organisation} có tham gia CIPM MRA hay không",
    "it is not known whether {organisation} takes part in the CIPM MRA",
);
static NEED_PARTICIPATION: Phrase = phrase(
    "hồ sơ tham gia CIPM MRA của viện (kèm lĩnh vực nếu là viện được chỉ định)",
    "the institute's membership in the CIPM MRA (with areas, if designated)",
);

/// N-01 for the issuer of a row.
pub fn n_01(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    issuer: OrganisationIndex,
) -> Tri {
    let performed = Period { from: calibration.performed_from, to: calibration.performed_to };
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Organisation(issuer));
    let facts = [fact("organisation", FactValue::Record(Subject::Organisation(issuer)))];
    let note = match participation(walk, issuer, row.kind, performed) {
        Tri::Pass => Note::pass(&N_01, subject),
        Tri::Fail => Note::fail(&N_01, subject, &NO_PARTICIPANT),
        Tri::Indeterminate => {
            Note::unknown(&N_01, subject, &PARTICIPATION_UNKNOWN, &NEED_PARTICIPATION)
        }
    };
    let under_mra = |row: &MembershipRow| row.arrangement == Arrangement::CipmMra;
    let synced_on = freshness::of_memberships(walk, issuer, under_mra);
    freshness::used(walk, row, against, Some(issuer), synced_on);
    walk.note(note.against(against).facts(&facts))
}

static NOT_COVERED: Phrase = phrase(
    "không có CMC đã công bố nào bao quát kết quả này vào ngày đó",
    "no published CMC covers this result on that day",
);
static COVER_UNKNOWN: Phrase = phrase(
    "chưa biết CMC đã công bố có bao quát kết quả này hay không",
    "it is not known whether a published CMC covers this result",
);
static NEED_CMC: Phrase =
    phrase("dữ liệu CMC của viện trong KCDB", "the institute's CMCs in the KCDB");

/// N-02 for a row, after C-01 to C-04.
pub fn n_02(walk: &mut Walk<'_>, row: &ResultRow, covers: Tri, against: Option<Subject>) {
    let subject = Subject::Calibration(row.calibration);
    let note = match covers {
        Tri::Pass => Note::pass(&N_02, subject),
        Tri::Fail => Note::fail(&N_02, subject, &NOT_COVERED),
        Tri::Indeterminate => Note::unknown(&N_02, subject, &COVER_UNKNOWN, &NEED_CMC),
    };
    walk.note(note.against(against));
}

static GREYED_OUT: Phrase = phrase(
    "CMC {code} bị tạm ngưng (greyed out) khi hiệu chuẩn ngày {from}",
    "the CMC {code} was greyed out when the calibration was performed on {from}",
);

/// N-03 for a greyed-out CMC.
pub fn n_03(
    walk: &mut Walk<'_>,
    subject: Subject,
    against: Option<Subject>,
    facts: &[Fact],
) -> Tri {
    walk.note(Note::fail(&N_03, subject, &GREYED_OUT).against(against).facts(facts))
}

static WITHOUT_CMC: Phrase = phrase(
    "{organisation} không có CMC cho {kind}: tuyến R3A, chỉ dựa vào chuỗi liên kết tường minh",
    "{organisation} has no CMC for {kind}: route R3A, only the explicit chain counts",
);

/// N-04 for an institute without a CMC of the quantity.
pub fn n_04(walk: &mut Walk<'_>, row: &ResultRow, issuer: OrganisationIndex) {
    let facts = [
        fact("organisation", FactValue::Record(Subject::Organisation(issuer))),
        fact("kind", FactValue::Word(row.kind.id())),
    ];
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Organisation(issuer));
    walk.note(Note::remark(&N_04, subject, &WITHOUT_CMC).against(against).facts(&facts));
}

static NO_INSTITUTE: Phrase = phrase(
    "chuẩn quốc gia nhận giá trị từ {organisation}, không phải BIPM hay viện tham gia CIPM MRA",
    "the national standard takes its value from {organisation}, neither the BIPM nor an institute of the CIPM MRA",
);
static NOT_INDEPENDENT: Phrase = phrase(
    "{organisation} không có CMC đã công bố hoặc không tự thể hiện đơn vị",
    "{organisation} has no published CMC or no realisation of its own",
);
static SOURCE_UNKNOWN: Phrase = phrase(
    "chưa biết {organisation} có CMC đã công bố và tự thể hiện đơn vị hay không",
    "it is not known that {organisation} has a published CMC and a realisation of its own",
);
static NEED_SOURCE: Phrase = phrase(
    "CMC của viện đó trong KCDB, hoặc chuỗi của viện tới thể hiện đơn vị của chính viện",
    "that institute's CMC in the KCDB, or its chain to its own realisation",
);

/// N-05 for a calibration of a national standard.
pub fn n_05(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    first_edge: usize,
) -> Tri {
    let Some(item) = calibration.item.map(|item| *walk.evidence.standard(item)) else {
        return Tri::Pass;
    };
    let Some(issuer) = calibration.issuer else { return Tri::Pass };
    let applies = item.legal_level == LegalLevel::National
        && item.role != Some(MetrologicalRole::Primary)
        && item.owner != calibration.issuer;
    if !applies {
        return Tri::Pass;
    }
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Organisation(issuer));
    let facts = [fact("organisation", FactValue::Record(Subject::Organisation(issuer)))];
    let performed = Period { from: calibration.performed_from, to: calibration.performed_to };
    let kind = walk.evidence.organisation(issuer).kind;
    let (state, message) = if kind == OrganisationKind::Bipm {
        (Tri::Pass, &NO_INSTITUTE)
    } else if !kind.is_institute() {
        (Tri::Fail, &NO_INSTITUTE)
    } else {
        let published = has_published(walk, issuer, row.kind, Some(row.extent), performed);
        let elsewhere = leads_to_another_institute(walk, issuer, first_edge);
        let independent = match (published, elsewhere) {
            (Tri::Pass, false) => Tri::Pass,
            (Tri::Indeterminate, false) => Tri::Indeterminate,
            _ => Tri::Fail,
        };
        (participation(walk, issuer, row.kind, performed).and(independent), &NOT_INDEPENDENT)
    };
    let holder_published = item
        .owner
        .is_some_and(|owner| has_published(walk, owner, row.kind, None, performed) == Tri::Pass);
    let note = match state {
        Tri::Pass => Note::pass(&N_05, subject),
        Tri::Fail if holder_published => Note::remark(&N_05, subject, message),
        Tri::Fail => Note::fail(&N_05, subject, message),
        Tri::Indeterminate if holder_published => {
            Note::unknown(&N_05, subject, &SOURCE_UNKNOWN, &NEED_SOURCE).severity(Severity::Minor)
        }
        Tri::Indeterminate => Note::unknown(&N_05, subject, &SOURCE_UNKNOWN, &NEED_SOURCE),
    };
    walk.note(note.against(against).facts(&facts))
}

/// Whether an institute has a published CMC of a quantity (over an extent, when asked for one)
/// during a period. Not known when the registry holds no CMC of it at all.
pub fn has_published(
    walk: &Walk<'_>,
    institute: OrganisationIndex,
    kind: QuantityKindId,
    extent: Option<Extent>,
    period: Period,
) -> Tri {
    let evidence = walk.evidence;
    let mut known = evidence
        .capabilities_of
        .of(institute.position())
        .iter()
        .map(|index| evidence.capability(*index))
        .filter(|row| row.publisher == Publisher::Kcdb && walk.knows(row.known_from))
        .peekable();
    if known.peek().is_none() {
        return Tri::Indeterminate;
    }
    let covers = |row: &CapabilityRow| {
        let in_range = match (extent, row.range) {
            (None, _) => true,
            (Some(extent), Some(range)) => range.contains(extent),
            (Some(_), None) => false,
        };
        row.kind == Some(kind) && in_range && published_over(walk, row, period)
    };
    Tri::known(known.any(covers))
}

/// Whether a CMC was published on the first and the last day of a period.
pub fn published_over(walk: &Walk<'_>, row: &CapabilityRow, period: Period) -> bool {
    let on = |day| {
        row.statuses
            .iter()
            .filter(|entry| walk.knows(entry.known_from) && entry.effective.has(day))
            .max_by_key(|entry| (entry.effective.from, entry.known_from, entry.status))
            .is_some_and(|entry| entry.status == CapabilityStatus::Published)
    };
    on(period.from) && on(period.to)
}

/// Whether the significant ways up from an institute's certificate are known to lead to a
/// certificate of another institute before a realisation of its own. The BIPM is no other
/// institute here: it is an admissible source itself.
fn leads_to_another_institute(
    walk: &Walk<'_>,
    institute: OrganisationIndex,
    first_edge: usize,
) -> bool {
    let mut stack: Vec<Target> = walk.edges[first_edge..]
        .iter()
        .filter(|edge| edge.weight == Weight::Major)
        .map(|edge| edge.target)
        .collect();
    let mut seen = rustc_hash::FxHashSet::default();
    while let Some(target) = stack.pop() {
        let Target::Row(above) = target else { continue };
        if !seen.insert(above) {
            continue;
        }
        let calibration = walk.evidence.calibration(walk.evidence.result(above).calibration);
        if walk.issued_by_bipm(calibration) {
            continue;
        }
        if calibration.issuer != Some(institute) {
            return true;
        }
        if let Some(verdict) = walk.verdict(above) {
            let edges = walk.edges[verdict.edges.clone()].iter();
            stack.extend(edges.filter(|edge| edge.weight == Weight::Major).map(|edge| edge.target));
        }
    }
    false
}

static ASSOCIATE: Phrase = phrase(
    "chủ chuẩn thuộc nước không phải thành viên Công ước Mét khi BIPM hiệu chuẩn",
    "the owner's country was not a Member State when the BIPM calibrated",
);
static NEED_BIPM_LIST: Phrase = phrase(
    "danh mục giấy chứng nhận của BIPM, hoặc tư cách thành viên của nước đó",
    "the BIPM's list of certificates, or the country's membership",
);

/// N-07 for a certificate of the BIPM.
pub fn n_07(walk: &mut Walk<'_>, row: &ResultRow, calibration: &CalibrationRow) -> Tri {
    let subject = Subject::Calibration(row.calibration);
    let owner = walk.evidence.owner_of_item(calibration);
    let performed = Period { from: calibration.performed_from, to: calibration.performed_to };
    let member =
        owner.and_then(|owner| walk.evidence.organisation(owner).country).is_some_and(|country| {
            let memberships = &walk.evidence.country_memberships;
            let start = memberships.partition_point(|(other, _)| *other < country);
            memberships[start..].iter().take_while(|(other, _)| *other == country).any(
                |(_, row)| {
                    row.arrangement == Arrangement::MetreConventionMember
                        && walk.knows(row.known_from)
                        && row.valid.contains(performed)
                },
            )
        });
    let against = owner.map(Subject::Organisation);
    let note = match member {
        true => Note::pass(&N_07, subject),
        false => Note::unknown(&N_07, subject, &ASSOCIATE, &NEED_BIPM_LIST),
    };
    walk.note(note.against(against))
}

static NOT_MINOR: Phrase = phrase(
    "{laboratory} đóng góp {ratio} của u_c, lớn hơn {limit}: không phải phần nhỏ trong giá trị của viện",
    "{laboratory} brings {ratio} of u_c, more than {limit}: no minor part of the institute's value",
);
static NOT_RECOGNISED: Phrase = phrase(
    "{laboratory} hiệu chuẩn cho viện ngoài tuyến R2 (tuyến của giấy chứng nhận: {route})",
    "{laboratory} calibrated for the institute outside route R2 (its certificate's route: {route})",
);
static MINOR: Phrase = phrase(
    "{laboratory} đóng góp {ratio} của u_c, không quá {limit}",
    "{laboratory} brings {ratio} of u_c, at most {limit}",
);
static INFLUENCE_UNKNOWN: Phrase = phrase(
    "chưa biết {laboratory} chỉ đóng góp phần nhỏ và hiệu chuẩn trong phạm vi được công nhận hay không",
    "it is not known that {laboratory} contributes only a minor part, and within its accreditation",
);
static NEED_INFLUENCE: Phrase = phrase(
    "phần đóng góp của chuẩn đó, và công nhận cùng phạm vi của phòng khi hiệu chuẩn",
    "the share of that reference, and the laboratory's accreditation and scope at that time",
);

/// N-06 at a link of an institute's calibration to a laboratory's.
pub fn n_06(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    parent: ResultIndex,
    input: &Input,
) -> Tri {
    if !walk.kind_of_issuer(calibration).is_some_and(OrganisationKind::is_institute) {
        return Tri::Pass;
    }
    let parent_row = walk.evidence.result(parent).calibration;
    let above = walk.evidence.calibration(parent_row);
    let Some(laboratory) = above.issuer else { return Tri::Pass };
    let kind = walk.evidence.organisation(laboratory).kind;
    if kind.is_institute() || kind == OrganisationKind::Bipm {
        return Tri::Pass;
    }
    let by_n_05 = above.item.map(|item| walk.evidence.standard(item)).is_some_and(|item| {
        item.legal_level == LegalLevel::National && item.role != Some(MetrologicalRole::Primary)
    });
    if by_n_05 {
        return Tri::Pass;
    }
    let subject = Subject::Calibration(row.calibration);
    let route = walk.verdict(parent).map_or(Route::Indeterminate, |verdict| verdict.route);
    let limit = walk.policy.mra_minor_influence;
    let ratio = input.share.map(f64::sqrt);
    let laboratory = fact("laboratory", FactValue::Record(Subject::Organisation(laboratory)));
    let facts = [
        laboratory,
        fact("ratio", FactValue::Number(ratio.unwrap_or(f64::NAN))),
        fact("limit", FactValue::Number(limit)),
    ];
    let minor = ratio.map(|ratio| ratio <= limit * (1.0 + Extent::SLACK));
    let note = match (minor, route) {
        (Some(false), _) => Note::fail(&N_06, subject, &NOT_MINOR).facts(&facts),
        (Some(true), Route::R2) => Note::pass_with(&N_06, subject, &MINOR).facts(&facts),
        (_, Route::R2 | Route::Indeterminate) => {
            let note = Note::unknown(&N_06, subject, &INFLUENCE_UNKNOWN, &NEED_INFLUENCE);
            note.facts(&facts[..1])
        }
        (_, route) => {
            let facts = [laboratory, fact("route", FactValue::Word(route.as_str()))];
            let note = Note::fail(&N_06, subject, &NOT_RECOGNISED);
            return walk.note(note.against(Some(Subject::Calibration(parent_row))).facts(&facts));
        }
    };
    walk.note(note.against(Some(Subject::Calibration(parent_row))))
}

static APPROVED_LONG_AGO: Phrase = phrase(
    "hệ thống chất lượng của {organisation} được phê duyệt ngày {approved}, hơn sáu năm trước ngày hiệu chuẩn {performed}",
    "the quality system of {organisation} was approved on {approved}, more than six years before {performed}",
);
static EXTENSION_UNKNOWN: Phrase = phrase(
    "hệ thống chất lượng của {organisation} được phê duyệt ngày {approved}, hơn năm năm trước ngày hiệu chuẩn {performed}; chưa biết có được gia hạn hay không",
    "the quality system of {organisation} was approved on {approved}, more than five years before {performed}; whether it was extended is not known",
);
static NEED_APPROVAL: Phrase = phrase(
    "lần phê duyệt mới hơn hoặc quyết định gia hạn của RMO",
    "a later approval, or the RMO's decision to extend it",
);

/// N-13 for the issuer of a row.
pub fn n_13(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    issuer: OrganisationIndex,
) {
    const YEARS: u32 = 5;
    const WITH_EXTENSION: u32 = YEARS + 1;
    let memberships = walk.evidence.memberships.of(issuer.position()).iter();
    let approvals = memberships
        .filter(|row| row.arrangement == Arrangement::CipmMra && walk.knows(row.known_from))
        .filter_map(|row| row.qms_approved_on);
    let before = approvals.filter(|day| *day <= calibration.performed_from).max();
    let Some(approved) = before else { return };
    let subject = Subject::Calibration(row.calibration);
    let organisation = Subject::Organisation(issuer);
    let facts = [
        fact("organisation", FactValue::Record(organisation)),
        fact("approved", FactValue::Day(approved)),
        fact("performed", FactValue::Day(calibration.performed_to)),
    ];
    let within = |years: u32| calibration.performed_to <= approved.plus_months(12 * years);
    let note = if within(YEARS) {
        Note::pass(&N_13, subject)
    } else if within(WITH_EXTENSION) {
        Note::unknown(&N_13, subject, &EXTENSION_UNKNOWN, &NEED_APPROVAL)
    } else {
        Note::fail(&N_13, subject, &APPROVED_LONG_AGO)
    };
    walk.note(note.against(Some(organisation)).facts(&facts));
}

/// How a UTC(k) stands in the BIPM's bulletins when a calibration uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InBulletins {
    /// In that of the month, or this many days after the last one.
    Within(i32),
    /// This many days after the last one, over which the institute's own clock held.
    HeldOver(i32),
    /// This many days after the last one.
    Gap(i32),
    /// In none before the use.
    None,
}

impl InBulletins {
    /// Whether it is linked to UTC.
    pub fn state(self) -> Tri {
        match self {
            Self::Within(_) | Self::HeldOver(_) => Tri::Pass,
            Self::Gap(_) | Self::None => Tri::Indeterminate,
        }
    }
}

/// Days that may pass after the last bulletin's month.
const LONGEST_GAP: i32 = 45;

/// How the UTC(k) of a root stands in the bulletins when a calibration uses it (rule N-15).
pub fn in_bulletins(
    walk: &Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    root: RealisationIndex,
) -> InBulletins {
    let bulletins = walk.evidence.bulletins.of(root.position());
    let published = |one: &&BulletinRow| match (one.published_on, walk.known_on) {
        (Some(published), Some(known_on)) => published <= known_on,
        _ => true,
    };
    let gap_on = |day: Day| {
        let begun = bulletins.partition_point(|one| one.month.from <= day);
        let last = bulletins.iter().take(begun).rev().find(published);
        last.map(|last| day.number().saturating_sub(last.month.to.number()).max(0))
    };
    let to = match (calibration.continuous, walk.known_on) {
        (true, Some(known_on)) => calibration.performed_to.min(known_on),
        _ => calibration.performed_to,
    };
    let used = Period { from: calibration.performed_from.min(to), to };
    let within = bulletins.iter().filter(published).map(|one| one.month.from.plus_days(-1));
    let days = [used.from, used.to].into_iter().chain(within.filter(|day| used.has(*day)));
    let mut longest = 0;
    for day in days {
        match gap_on(day) {
            Some(gap) => longest = longest.max(gap),
            None => return InBulletins::None,
        }
    }
    if longest <= LONGEST_GAP {
        return InBulletins::Within(longest);
    }
    // The clock of the institute itself bounds what it did meanwhile; a customer's does not.
    let own = calibration.item.filter(|item| {
        walk.evidence.standard(*item).owner == calibration.issuer && calibration.issuer.is_some()
    });
    let x = row.extent.upper;
    let drift = numbers::drift(walk.evidence, own, row, longest, x);
    let u = walk.normalised(row).ok().map(|stated| stated.standard_at(row, x).upper);
    match u {
        Some(u) if drift > 0.0 && drift <= u => InBulletins::HeldOver(longest),
        _ => InBulletins::Gap(longest),
    }
}

static IN_BULLETINS: Phrase = phrase(
    "UTC(k) có trong Circular T khi được dùng (cách tháng có bản tin gần nhất {days} ngày)",
    "the UTC(k) stands in Circular T when it is used ({days} days after the last month with a bulletin)",
);
static HELD_OVER: Phrase = phrase(
    "UTC(k) không có trong Circular T {days} ngày, nhưng giới hạn trôi của đồng hồ của viện bao quát khoảng đó",
    "the UTC(k) was not in Circular T for {days} days, over which the drift limit of the institute's clock holds",
);
static NOT_IN_BULLETINS: Phrase = phrase(
    "UTC(k) không có trong Circular T {days} ngày trước khi được dùng, và không có độ không đảm bảo nào bao quát khoảng đó",
    "the UTC(k) had not been in Circular T for {days} days when it was used, and no holdover uncertainty covers the gap",
);
static NEVER_IN_BULLETINS: Phrase = phrase(
    "không có bản tin Circular T nào cho UTC(k) này tính đến khi được dùng",
    "no Circular T is on record for this UTC(k) up to its use",
);
static NEED_BULLETIN: Phrase = phrase(
    "bản tin Circular T của tháng sử dụng, hoặc giới hạn trôi của đồng hồ của viện",
    "the Circular T of the month of use, or a drift limit of the institute's clock",
);

/// N-15 at a root that a calibration cites.
pub fn n_15(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    root: RealisationIndex,
) -> Tri {
    if walk.evidence.realisation(root).kind != RealisationKind::UtcK {
        return Tri::Pass;
    }
    let subject = Subject::Calibration(row.calibration);
    let found = in_bulletins(walk, row, calibration, root);
    let days = match found {
        InBulletins::Within(days) | InBulletins::HeldOver(days) | InBulletins::Gap(days) => days,
        InBulletins::None => 0,
    };
    let facts = [fact("days", FactValue::Count(days.unsigned_abs()))];
    let note = match found {
        InBulletins::Within(_) => Note::pass_with(&N_15, subject, &IN_BULLETINS).facts(&facts),
        InBulletins::HeldOver(_) => Note::pass_with(&N_15, subject, &HELD_OVER).facts(&facts),
        InBulletins::Gap(_) => {
            Note::unknown(&N_15, subject, &NOT_IN_BULLETINS, &NEED_BULLETIN).facts(&facts)
        }
        InBulletins::None => Note::unknown(&N_15, subject, &NEVER_IN_BULLETINS, &NEED_BULLETIN),
    };
    walk.note(note.against(Some(Subject::Realisation(root))))
}

static ONLY_DISCIPLINED: Phrase = phrase(
    "không có hiệu chuẩn hay giám sát nào so với UTC(k): tín hiệu vệ tinh (GPS) tự nó không cho liên kết chuẩn",
    "there is no calibration or monitoring against a UTC(k): a satellite signal (GPS) alone gives no traceability",
);
static NEED_MONITORING: Phrase = phrase(
    "hiệu chuẩn hoặc giám sát liên tục so với UTC(k) bởi một phòng có trong Circular T",
    "a calibration or continuous monitoring against UTC(k) by a laboratory in Circular T",
);

fn is_time_or_frequency(kind: QuantityKindId) -> bool {
    kind.kind().area.code == "TF"
}

/// N-15 at a link of a time or frequency result to a standard without a certificate, or to nothing.
pub fn n_15_open(walk: &mut Walk<'_>, row: &ResultRow, target: Target) -> Tri {
    let against = match target {
        Target::Standard(standard) => Some(Subject::Standard(standard)),
        Target::Open => None,
        _ => return Tri::Pass,
    };
    if !is_time_or_frequency(row.kind) {
        return Tri::Pass;
    }
    let subject = Subject::Calibration(row.calibration);
    let note = Note::unknown(&N_15, subject, &ONLY_DISCIPLINED, &NEED_MONITORING);
    walk.note(note.against(against))
}

/// N-15 for a claim on a time or frequency standard that has no calibration of the quantity.
pub fn n_15_without_certificate(
    walk: &mut Walk<'_>,
    standard: StandardIndex,
    kind: Option<QuantityKindId>,
) {
    if kind.is_some_and(is_time_or_frequency) {
        let subject = Subject::Standard(standard);
        walk.note(Note::unknown(&N_15, subject, &ONLY_DISCIPLINED, &NEED_MONITORING));
    }
}
