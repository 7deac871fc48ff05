//! Area N: national institutes, the CIPM MRA, the KCDB, comparisons.

use crate::domain::capability::{CapabilityStatus, Publisher};
use crate::domain::comparison::{ComparisonKind, ComparisonStatus};
use crate::domain::organisation::{Arrangement, MembershipRole, OrganisationKind};
use crate::domain::quantity::QuantityKindId;
use crate::domain::standard::{LegalLevel, MetrologicalRole};
use crate::engine::evidence::*;
use crate::engine::finding::{
    Dimension, Fact, FactValue, Phrase, Rule, Severity, Source, Subject, Tag, fact, phrase,
};
use crate::engine::tri::Tri;
use crate::engine::walk::{Note, Walk, Weight};

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

fn published_over(walk: &Walk<'_>, row: &CapabilityRow, period: Period) -> bool {
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

/// Whether an institute's CMC of a quantity is backed by a published comparison in which it took
/// part, without a known inconsistency (the link to BIPM by comparisons, rules 3.4; pilot studies
/// and hybrid comparisons do not count, N-12).
pub fn backed_by_comparison(
    walk: &Walk<'_>,
    institute: OrganisationIndex,
    kind: QuantityKindId,
) -> bool {
    let counts = |row: &ComparisonRow| {
        matches!(
            row.kind,
            ComparisonKind::CipmKc
                | ComparisonKind::RmoKc
                | ComparisonKind::Supplementary
                | ComparisonKind::Bilateral
        ) && row.status == Some(ComparisonStatus::Published)
            && row.published_on.is_some()
            && row.quantity == Some(kind)
            && row.inconsistent != Some(true)
            && walk.knows(row.known_from)
    };
    walk.evidence.comparisons_of.of(institute.position()).iter().any(counts)
}
