//! Area C: capabilities (CMCs) and scopes.

use std::cell::Cell;

use crate::domain::calibration::{CalibrationKind, Model, ReferenceRole};
use crate::domain::capability::{CapabilityStatus, Publisher};
use crate::domain::period::Day;
use crate::domain::recognition::EvidenceLevel;
use crate::engine::evidence::*;
use crate::engine::finding::{
    Dimension, FactValue, Phrase, Rule, Severity, Source, Subject, Tag, fact, phrase,
};
use crate::engine::numbers::{self, Bounds, Normalised};
use crate::engine::rules::uncertainty::shown_in;
use crate::engine::rules::{freshness, institute, quantity, range};
use crate::engine::tri::Tri;
use crate::engine::walk::{Note, Walk};

/// C-01: the issuer has a CMC of the same quantity (and service category, where both sides carry
/// one). Method and instrument are words and are not compared (rule Q-06). Whether the data are
/// complete is not recorded: a scope or a set of published CMCs with at least one entry counts as
/// complete, none at all as unknown. Major. ILAC-P14 4.1 \[S\].
pub static C_01: Rule = Rule {
    id: "C-01",
    statement: phrase(
        "tổ chức cấp có CMC cho đại lượng này",
        "the issuer has a CMC of this quantity",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("ILAC-P14:09/2020", "4.1", Tag::Secondary),
    optional_input: false,
};

/// C-02: point and conditions lie inside the CMC's; bounds are included, a gap is not covered.
/// Major. ILAC-P14 4.x \[S\].
pub static C_02: Rule = Rule {
    id: "C-02",
    statement: phrase(
        "điểm đo và điều kiện nằm trong phạm vi CMC",
        "point and conditions lie inside the CMC",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("ILAC-P14:09/2020", "4", Tag::Secondary),
    optional_input: false,
};

/// C-03: the reported expanded uncertainty is not below the CMC. Printed figures are compared when
/// both state about 95 %, else both are brought to k = 2. A figure that rounds up to the CMC is a
/// tie, information only, unless the policy counts digits strictly. Critical. ILAC-P14 5.5 \[S\].
pub static C_03: Rule = Rule {
    id: "C-03",
    statement: phrase(
        "độ không đảm bảo đo không nhỏ hơn CMC của tổ chức cấp",
        "the reported uncertainty is not below the issuer's CMC",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Recognition,
    source: Source::new("ILAC-P14:09/2020", "5.5", Tag::Secondary),
    optional_input: true,
};

/// C-04: the CMC was in force on every day of performance and on the day of issue. Major.
/// CIPM MRA-P-13 \[K\].
pub static C_04: Rule = Rule {
    id: "C-04",
    statement: phrase(
        "CMC có hiệu lực khi hiệu chuẩn và khi cấp giấy chứng nhận",
        "the CMC was in force when the calibration was performed and issued",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("CIPM MRA-P-13", "", Tag::Knowledge),
    optional_input: false,
};

/// C-05: the CMC's expression can be evaluated at the point: constant, linear, equation with the
/// unit of each symbol, table (exact cell, or the worst neighbour where interpolation is not
/// approved), interval (between its figures nothing is known). An open range fails: ILAC-P14 does
/// not allow one. Major. ILAC-P14 4.2 \[S\].
pub static C_05: Rule = Rule {
    id: "C-05",
    statement: phrase("CMC tính được tại điểm đo này", "the CMC can be evaluated at this point"),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("ILAC-P14:09/2020", "4.2", Tag::Secondary),
    optional_input: false,
};

/// C-06: where several CMCs cover a result, the more specific one counts: one whose method the
/// certificate names (in the same words; other words decide nothing), then the narrower range, then
/// more conditions. Of equally specific ones with different figures the larger counts, with a
/// remark. Ranges that only share a bound do not overlap: there the larger counts silently. Kinds
/// of instrument are words and are not compared. Minor. ILAC-P14 4 \[K\].
pub static C_06: Rule = Rule {
    id: "C-06",
    statement: phrase(
        "trong các CMC cùng bao quát kết quả, mục cụ thể nhất được xác định",
        "of the CMCs that cover the result one is the most specific",
    ),
    severity: Severity::Minor,
    dimension: Dimension::Recognition,
    source: Source::new("ILAC-P14:09/2020", "", Tag::Knowledge),
    optional_input: true,
};

/// C-07: the two figures of a chemistry CMC are read by the KCDB's convention. One: smallest and
/// largest uncertainty over the range. Two: the uncertainty at the smallest and at the largest
/// value. At the ends of a range under convention two the figure is known; everywhere else a
/// reported uncertainty passes from the larger figure on, fails below the smaller one, and is
/// indeterminate between. Major. Meaning of the conventions \[K\], consistent with a record seen in
/// the KCDB \[F\].
pub static C_07: Rule = Rule {
    id: "C-07",
    statement: phrase(
        "độ không đảm bảo đo phù hợp CMC theo quy ước của KCDB",
        "the uncertainty agrees with the CMC under the KCDB's convention",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("KCDB, uncertainty convention", "", Tag::Knowledge),
    optional_input: true,
};

/// C-08: an accredited laboratory's CMC is not below the CMC of the institute or laboratory that
/// its reference's value comes from (identity links, both brought to k = 2). Without a CMC of the
/// supplier at that point there is nothing to compare.
///
/// A fail is noted with its severity and changes neither route nor closure: the list of what fails
/// recognition (rules 3.4) is of contradictions between a certificate and its claim, and here the
/// scope clashes with another's CMC, which is for the accreditation body to settle. A certificate
/// whose own figure is too small for its reference fails U-04. Major. JCRB 23-2, position to
/// ILAC \[F\].
pub static C_08: Rule = Rule {
    id: "C-08",
    statement: phrase(
        "CMC của phòng thí nghiệm không nhỏ hơn CMC của nơi cung cấp liên kết chuẩn",
        "the laboratory's CMC is not below the CMC of where its traceability comes from",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("JCRB", "23-2", Tag::Official),
    optional_input: true,
};

/// C-09: a CMC that leaves out the device under calibration is said to; the reported uncertainty
/// then is not below CMC and device in quadrature. What the device adds is its standard's property
/// `device_uncertainty`, an expanded uncertainty with k = 2 in a unit of the quantity; without it
/// the floor is not known, which is a remark of recognition. Minor. ILAC-P14 4.3 \[S\].
pub static C_09: Rule = Rule {
    id: "C-09",
    statement: phrase(
        "độ không đảm bảo đo gồm cả phần của thiết bị mà CMC không tính đến",
        "the uncertainty includes the device, which the CMC leaves out",
    ),
    severity: Severity::Minor,
    dimension: Dimension::Recognition,
    source: Source::new("ILAC-P14:09/2020", "4.3", Tag::Secondary),
    optional_input: true,
};

/// C-10: not nearly all certificates of an issuer report just its CMC: 18 or more of its last 20
/// certificates for the quantity (among its last 200) suggest that the device under calibration is
/// left out. Looked at where the nearest certificate reports its CMC; with fewer than 20
/// certificates nothing is said. Information. ILAC-P14 5.4 \[S\].
pub static C_10: Rule = Rule {
    id: "C-10",
    statement: phrase(
        "tổ chức cấp không phải lúc nào cũng báo cáo đúng bằng CMC",
        "the issuer does not report just its CMC on nearly every certificate",
    ),
    severity: Severity::Info,
    dimension: Dimension::Recognition,
    source: Source::new("ILAC-P14:09/2020", "5.4", Tag::Secondary),
    optional_input: true,
};

/// C-11: a CMC is not below the expanded uncertainty, in use, of the best reference that its holder
/// has for it. As held count the holder's own standards and roots in the certificate's chain, and those with
/// which it made its last 20 certificates for the quantity (among its last 200), at this point;
/// what is held and was never seen in use is not known. Judged for the nearest certificate.
///
/// Route and closure stay, as under C-08, and what is broken above a certificate is a matter of the
/// walk (rules 3.4), where U-04 judges the certificate's own figure; but a result under such a scope
/// is traceable with a remark only. Major. GUM 5.1.2 \[K\].
pub static C_11: Rule = Rule {
    id: "C-11",
    statement: phrase(
        "CMC không nhỏ hơn độ không đảm bảo đo của chuẩn tốt nhất mà tổ chức cấp có",
        "the CMC is not below the uncertainty of the best reference its holder has",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("GUM", "5.1.2", Tag::Knowledge),
    optional_input: true,
};

static NO_CAPABILITY: Phrase =
    phrase("{organisation} không có CMC nào cho {kind}", "{organisation} has no CMC for {kind}");
static NO_SCOPE_KNOWN: Phrase = phrase(
    "phạm vi của {organisation} chưa có trong hệ thống",
    "the scope of {organisation} is not in the registry",
);
static NEED_SCOPE: Phrase = phrase(
    "phạm vi công nhận hoặc CMC đã công bố của tổ chức cấp",
    "the issuer's accredited scope or published CMCs",
);
static OUTSIDE_RANGE: Phrase =
    phrase("{point} nằm ngoài phạm vi CMC {code}", "{point} is outside the CMC {code}");
static RANGE_UNKNOWN: Phrase = phrase(
    "chưa biết CMC {code} có bao quát điểm đo và điều kiện này hay không",
    "it is not known whether the CMC {code} covers this point and its conditions",
);
static NEED_RANGE: Phrase = phrase(
    "phạm vi và điều kiện của CMC, hoặc điều kiện của kết quả",
    "the CMC's range and conditions, or the conditions of the result",
);
static OPEN_RANGE: Phrase = phrase(
    "CMC {code} có khoảng mở, không được phép",
    "the CMC {code} has an open range, which is not allowed",
);
static NOT_IN_FORCE: Phrase = phrase(
    "CMC {code} không có hiệu lực khi hiệu chuẩn (từ {from}) hoặc khi cấp",
    "the CMC {code} was not in force when the calibration was performed (from {from}) or issued",
);
static STATUS_UNKNOWN: Phrase = phrase(
    "không có trạng thái nào của CMC {code} được ghi nhận",
    "no status of the CMC {code} is on record",
);
static NEED_STATUS: Phrase =
    phrase("trạng thái của CMC kèm ngày hiệu lực", "the dated status of the CMC");
static NOT_EVALUABLE: Phrase =
    phrase("không tính được CMC {code}: {text}", "the CMC {code} cannot be evaluated: {text}");
static PARAMETER_MISSING: Phrase = phrase(
    "CMC {code} phụ thuộc {parameter}, mà kết quả không nêu giá trị",
    "the CMC {code} depends on {parameter}, of which the result gives no value",
);
static BETWEEN_FIGURES: Phrase = phrase(
    "CMC {code} chỉ nêu {lowest} đến {highest} mà không có quy tắc; {reported} nằm ở giữa",
    "the CMC {code} only states {lowest} to {highest} without a rule; {reported} lies between",
);
static NEED_EXPRESSION: Phrase = phrase(
    "biểu thức CMC tính được tại điểm này (hỏi tổ chức cấp hoặc tổ chức công nhận)",
    "the CMC at this point (ask the issuer or its accreditation body)",
);
static NEED_PARAMETER: Phrase = phrase(
    "giá trị {parameter} của kết quả (trên giấy chứng nhận)",
    "the {parameter} at which the result holds (from the certificate)",
);
static BELOW: Phrase = phrase(
    "độ không đảm bảo đo mở rộng {reported} nhỏ hơn CMC {capability}",
    "the reported expanded uncertainty {reported} is below the CMC {capability}",
);
static TIE: Phrase = phrase(
    "độ không đảm bảo đo {reported} bằng CMC {capability} trong giới hạn làm tròn",
    "the reported uncertainty {reported} equals the CMC {capability} within its rounding",
);
static NOT_BELOW: Phrase = phrase(
    "độ không đảm bảo đo {reported} không nhỏ hơn CMC {capability}",
    "the reported uncertainty {reported} is not below the CMC {capability}",
);
static NOTHING_REPORTED: Phrase = phrase(
    "không có độ không đảm bảo đo để so sánh với CMC",
    "there is no uncertainty to compare with the CMC",
);
static NEED_UNCERTAINTY: Phrase =
    phrase("độ không đảm bảo đo của kết quả", "the uncertainty of the result");

/// How an issuer's capabilities lie to a row.
pub struct Coverage {
    /// Whether one covers it, in force.
    pub covers: Tri,
    /// Whether the reported uncertainty is not below it.
    pub uncertainty: Tri,
    /// The one that covers it.
    pub capability: Option<CapabilityIndex>,
    /// Whether the row clashes with what is recorded: no capability of the quantity, outside its
    /// range, suspended, or below its uncertainty.
    pub contradicted: bool,
    /// Whether there is no capability of the quantity at all.
    pub none_of_the_kind: bool,
}

/// C-01 to C-05 of a row against the capabilities of its issuer, of one publisher.
pub fn coverage(
    walk: &mut Walk<'_>,
    index: ResultIndex,
    row: &ResultRow,
    calibration: &CalibrationRow,
    publisher: Publisher,
    accreditation: Option<AccreditationIndex>,
) -> Coverage {
    let subject = Subject::Calibration(row.calibration);
    let evidence = walk.evidence;
    let mut coverage = Coverage {
        covers: Tri::Fail,
        uncertainty: Tri::Indeterminate,
        capability: None,
        contradicted: false,
        none_of_the_kind: false,
    };
    let Some(issuer) = calibration.issuer else { return coverage };
    let published = published(walk, issuer, publisher, accreditation);
    let of_kind: Vec<CapabilityIndex> = published
        .iter()
        .copied()
        .filter(|index| is_of_the_kind(evidence, evidence.capability(*index), row))
        .collect();
    if of_kind.is_empty()
        && let Some(state) = quantity::q_06_in_words(walk, row, issuer, &published)
    {
        coverage.covers = state;
        return coverage;
    }
    if of_kind.is_empty() {
        let organisation = fact("organisation", FactValue::Record(Subject::Organisation(issuer)));
        let facts = [organisation, fact("kind", FactValue::Word(row.kind.id()))];
        let against = Some(Subject::Organisation(issuer));
        let unknown = published.is_empty() && publisher == Publisher::AccreditationScope;
        let note = match unknown {
            true => Note::unknown(&C_01, subject, &NO_SCOPE_KNOWN, &NEED_SCOPE),
            false => Note::fail(&C_01, subject, &NO_CAPABILITY),
        };
        coverage.covers = walk.note(note.against(against).facts(&facts));
        coverage.contradicted = coverage.covers == Tri::Fail;
        coverage.none_of_the_kind = true;
        return coverage;
    }
    walk.note(Note::pass(&C_01, subject).against(Some(Subject::Capability(of_kind[0]))));
    let stated = of_kind.iter().filter_map(|index| {
        evidence.capability(*index).synced_on.map(|synced_on| (synced_on, *index))
    });
    if let Some((synced_on, oldest)) = stated.min() {
        let taken = Some(Subject::Capability(oldest));
        freshness::used(walk, row, taken, Some(issuer), Some(synced_on));
    }

    let (in_range, covers) = c_02(walk, row, &of_kind);
    if covers != Tri::Pass {
        coverage.covers = covers;
        coverage.contradicted = covers == Tri::Fail;
        return coverage;
    }
    let (in_force, covers) = c_04(walk, row, calibration, &in_range, &mut coverage.contradicted);
    if covers != Tri::Pass {
        coverage.covers = covers;
        return coverage;
    }
    let in_force = at_the_site(walk, calibration, in_force);
    let chosen = c_06(walk, row, calibration, &in_force);
    quantity::q_06(walk, row, chosen);
    coverage.covers = Tri::Pass;
    coverage.capability = Some(chosen);
    // A scope under ISO 17034 names materials; a figure of uncertainty is not part of every one.
    coverage.uncertainty = match offered(evidence, chosen, row).expression {
        None if is_scope_of_materials(evidence, evidence.capability(chosen), row) => Tri::Pass,
        _ => c_03(walk, index, row, calibration, chosen),
    };
    coverage.contradicted = coverage.uncertainty == Tri::Fail;
    coverage
}

/// The entries of an organisation's list that are known. Proposed ones count only where there is
/// nothing else (rule D-07 then says so).
fn published(
    walk: &Walk<'_>,
    issuer: OrganisationIndex,
    publisher: Publisher,
    accreditation: Option<AccreditationIndex>,
) -> Vec<CapabilityIndex> {
    let evidence = walk.evidence;
    let all = evidence.capabilities_of.of(issuer.position()).iter().copied();
    let mut published: Vec<CapabilityIndex> = all
        .filter(|index| {
            let capability = evidence.capability(*index);
            capability.publisher == publisher
                && walk.knows(capability.known_from)
                && (accreditation.is_none() || capability.accreditation == accreditation)
        })
        .collect();
    let is_confirmed = |index: &CapabilityIndex| {
        evidence.capability(*index).evidence >= EvidenceLevel::IssuerConfirmed
    };
    if published.iter().any(is_confirmed) {
        published.retain(is_confirmed);
    }
    published
}

fn is_of_the_kind(evidence: &Evidence, capability: &CapabilityRow, row: &ResultRow) -> bool {
    let detail = evidence.result_detail(row);
    let agrees = |own: Option<TextIndex>, of_row: Option<TextIndex>| match (own, of_row) {
        (Some(own), Some(of_row)) => own == of_row,
        _ => true,
    };
    capability.kind == Some(row.kind)
        && agrees(capability.service_category, detail.and_then(|detail| detail.service_category))
        && agrees(capability.analyte, detail.and_then(|detail| detail.analyte))
        && agrees(capability.matrix, detail.and_then(|detail| detail.matrix))
}

fn is_of_a_material(evidence: &Evidence, row: &ResultRow) -> bool {
    evidence.calibration(row.calibration).kind == CalibrationKind::ReferenceMaterialCertificate
}

fn is_scope_of_materials(evidence: &Evidence, capability: &CapabilityRow, row: &ResultRow) -> bool {
    capability.publisher == Publisher::AccreditationScope && is_of_a_material(evidence, row)
}

/// A capability as it counts for a row: for a certified reference material its part on these,
/// where it has one.
fn offered<'e>(
    evidence: &'e Evidence,
    index: CapabilityIndex,
    row: &ResultRow,
) -> &'e CapabilityRow {
    let capability = evidence.capability(index);
    match &capability.material {
        Some(material) if is_of_a_material(evidence, row) => material,
        _ => capability,
    }
}

/// The code of a capability, as a fact.
pub fn code_of(walk: &Walk<'_>, index: CapabilityIndex) -> FactValue {
    let code = walk.evidence.capability(index).code;
    code.map_or(FactValue::Record(Subject::Capability(index)), FactValue::Text)
}

/// C-02: those of the capabilities that cover point and conditions.
fn c_02(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    of_kind: &[CapabilityIndex],
) -> (Vec<CapabilityIndex>, Tri) {
    let subject = Subject::Calibration(row.calibration);
    let mut covering = Vec::new();
    let mut unknown = None;
    for index in of_kind {
        match covers(walk.evidence, offered(walk.evidence, *index, row), row) {
            Tri::Pass => covering.push(*index),
            Tri::Indeterminate => unknown = unknown.or(Some(*index)),
            Tri::Fail => {}
        }
    }
    if let Some(first) = covering.first() {
        let note = Note::pass(&C_02, subject).against(Some(Subject::Capability(*first)));
        let state = walk.note(note);
        return (covering, state);
    }
    let named = unknown.unwrap_or(of_kind[0]);
    let against = Some(Subject::Capability(named));
    let facts = [
        fact("code", code_of(walk, named)),
        fact("point", FactValue::Point(row.extent.lower, row.extent_unit)),
    ];
    let open = walk.evidence.capability(named).range.is_some_and(|range| !range.is_closed());
    let note = match unknown {
        Some(_) => Note::unknown(&C_02, subject, &RANGE_UNKNOWN, &NEED_RANGE),
        None if open => {
            walk.note(Note::fail(&C_05, subject, &OPEN_RANGE).against(against).facts(&facts));
            return (covering, Tri::Fail);
        }
        None => Note::fail(&C_02, subject, &OUTSIDE_RANGE),
    };
    let state = walk.note(note.against(against).facts(&facts));
    (covering, state)
}

/// Whether a capability covers the point and the conditions of a row.
fn covers(evidence: &Evidence, capability: &CapabilityRow, row: &ResultRow) -> Tri {
    let range = match capability.range {
        Some(range) if range.is_closed() && row.extent.is_closed() => {
            Tri::known(range.contains(row.extent))
        }
        Some(range) if !range.is_closed() => Tri::Fail,
        // A scope under ISO 17034 may name a material without a range.
        None if is_scope_of_materials(evidence, capability, row) => Tri::Pass,
        _ => Tri::Indeterminate,
    };
    let of_analyte = || evidence.result_detail(row).and_then(|detail| detail.analyte);
    if capability.analyte.is_none() && is_of_a_material(evidence, row) && of_analyte().is_some() {
        // Materials are certified for an analyte: without it nothing is known to be covered.
        return range.and(Tri::Indeterminate);
    }
    let own = evidence.parameters(row);
    capability
        .parameters
        .iter()
        .map(|held| {
            let used = own.iter().find(|parameter| parameter.name == held.name);
            range::condition_holds(held, used)
        })
        .fold(range, Tri::and)
}

/// C-04 (and N-03 for greyed-out ones): those of the capabilities that were in force.
fn c_04(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    covering: &[CapabilityIndex],
    contradicted: &mut bool,
) -> (Vec<CapabilityIndex>, Tri) {
    let subject = Subject::Calibration(row.calibration);
    let performed = Period { from: calibration.performed_from, to: calibration.performed_to };
    let mut in_force = Vec::new();
    let mut unknown = false;
    for index in covering {
        match force(walk, *index, performed, calibration.issued_on) {
            Tri::Pass => in_force.push(*index),
            Tri::Indeterminate => unknown = true,
            Tri::Fail => {}
        }
    }
    if let Some(first) = in_force.first() {
        let against = Some(Subject::Capability(*first));
        let state = walk.note(Note::pass(&C_04, subject).against(against));
        if walk.evidence.capability(*first).publisher == Publisher::Kcdb {
            walk.note(Note::pass(&institute::N_03, subject).against(against));
        }
        return (in_force, state);
    }
    let named = covering[0];
    let against = Some(Subject::Capability(named));
    let facts = [
        fact("code", code_of(walk, named)),
        fact("from", FactValue::Day(calibration.performed_from)),
    ];
    let status = |day| status_on(walk, named, day);
    let either = [Some(performed.from), Some(performed.to), calibration.issued_on];
    let statuses: Vec<CapabilityStatus> = either.into_iter().flatten().filter_map(status).collect();
    if statuses.contains(&CapabilityStatus::GreyedOut) {
        let state = institute::n_03(walk, subject, against, &facts);
        return (in_force, state);
    }
    *contradicted = statuses.contains(&CapabilityStatus::Suspended);
    let note = match unknown {
        true => Note::unknown(&C_04, subject, &STATUS_UNKNOWN, &NEED_STATUS),
        false => Note::fail(&C_04, subject, &NOT_IN_FORCE),
    };
    let state = walk.note(note.against(against).facts(&facts));
    (in_force, state)
}

/// The status of a capability on a day, as known.
fn status_on(
    walk: &Walk<'_>,
    index: CapabilityIndex,
    day: crate::domain::period::Day,
) -> Option<CapabilityStatus> {
    let statuses = &walk.evidence.capability(index).statuses;
    statuses
        .iter()
        .filter(|entry| walk.knows(entry.known_from) && entry.effective.has(day))
        .max_by_key(|entry| (entry.effective.from, entry.known_from, entry.status))
        .map(|entry| entry.status)
}

/// Whether a capability was in force over a period and on the day of issue: on each day the latest
/// status that had begun counts.
fn force(
    walk: &Walk<'_>,
    index: CapabilityIndex,
    performed: Period,
    issued_on: Option<crate::domain::period::Day>,
) -> Tri {
    let capability = walk.evidence.capability(index);
    let known = || capability.statuses.iter().filter(|entry| walk.knows(entry.known_from));
    if known().next().is_none() {
        return Tri::Indeterminate;
    }
    let good = |status| matches!(status, CapabilityStatus::Published | CapabilityStatus::Active);
    let on = |day| Tri::known(status_on(walk, index, day).is_some_and(good));
    let changes = known().map(|entry| entry.effective.from).filter(|day| performed.has(*day));
    let ends =
        known().map(|entry| entry.effective.to.plus_days(1)).filter(|day| performed.has(*day));
    let days = [performed.from, performed.to].into_iter().chain(issued_on);
    days.chain(changes).chain(ends).map(on).fold(Tri::Pass, Tri::and)
}

/// Whether a site is the one that a scope names.
pub fn site_fits(scope: SiteRow, used: SiteRow) -> bool {
    let by_kind = scope.is_kind || used.is_kind;
    scope.name == used.name || by_kind && scope.kind.is_some() && scope.kind == used.kind
}

/// Of several entries those for the site of the certificate, where any is; A-05 judges the rest.
fn at_the_site(
    walk: &Walk<'_>,
    calibration: &CalibrationRow,
    covering: Vec<CapabilityIndex>,
) -> Vec<CapabilityIndex> {
    let detail = walk.evidence.calibration_detail(calibration);
    let Some(used) = detail.and_then(|detail| detail.site) else { return covering };
    let fits = |index: &CapabilityIndex| {
        walk.evidence.capability(*index).site.is_none_or(|scope| site_fits(scope, used))
    };
    match covering.iter().any(fits) {
        true => covering.into_iter().filter(fits).collect(),
        false => covering,
    }
}

static EQUALLY_SPECIFIC: Phrase = phrase(
    "CMC {code} và {other} cùng bao quát kết quả và cụ thể như nhau: lấy {larger}, không phải {smaller}",
    "the CMCs {code} and {other} cover the result and are equally specific: {larger} counts, not {smaller}",
);

/// C-06: the one of several capabilities that counts.
fn c_06(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    covering: &[CapabilityIndex],
) -> CapabilityIndex {
    let (chosen, rival) = most_specific(walk, row, calibration, covering);
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Capability(chosen));
    match rival {
        Some((rival, larger, smaller)) => {
            let unit = shown_in(row);
            let facts = [
                fact("code", code_of(walk, chosen)),
                fact("other", code_of(walk, rival)),
                fact("larger", FactValue::Quantity(larger, unit)),
                fact("smaller", FactValue::Quantity(smaller, unit)),
            ];
            let note = Note::remark(&C_06, subject, &EQUALLY_SPECIFIC);
            walk.note(note.against(against).facts(&facts));
        }
        None if covering.len() > 1 => {
            walk.note(Note::pass(&C_06, subject).against(against));
        }
        None => {}
    }
    chosen
}

/// Of several capabilities that cover a row the most specific, and of equally specific ones the one
/// with the larger uncertainty, so that nothing passes by choice; with another of them that states
/// less, and both figures.
fn most_specific(
    walk: &Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    covering: &[CapabilityIndex],
) -> (CapabilityIndex, Option<(CapabilityIndex, f64, f64)>) {
    if let [only] = covering {
        return (*only, None);
    }
    let detail = walk.evidence.calibration_detail(calibration);
    let methods = detail.map_or(&[][..], |detail| &detail.methods);
    let named = |index: &CapabilityIndex| {
        walk.evidence.capability(*index).method.is_some_and(|method| methods.contains(&method))
    };
    let by_method = covering.iter().any(named);
    let covering = || covering.iter().filter(|index| !by_method || named(index));
    let width = |index: &CapabilityIndex| {
        let range = walk.evidence.capability(*index).range;
        range.map_or(f64::INFINITY, |range| range.upper - range.lower)
    };
    let conditions = |index: &CapabilityIndex| walk.evidence.capability(*index).parameters.len();
    let narrowest = covering().map(width).fold(f64::INFINITY, f64::min);
    let narrow = || covering().filter(|index| width(index) <= narrowest);
    let most = narrow().map(conditions).max().unwrap_or(0);
    let x = row.extent.upper;
    let uncertainty = |index: &CapabilityIndex| match evaluate(walk.evidence, *index, row, x) {
        Evaluated::Value(value) => value,
        Evaluated::Between(_, highest) => highest,
        Evaluated::Without(_) | Evaluated::Unknown(_) => f64::INFINITY,
    };
    let candidates = || narrow().filter(|index| conditions(index) == most);
    let chosen = candidates().max_by(|left, right| {
        uncertainty(left).total_cmp(&uncertainty(right)).then_with(|| {
            let id = |index: &CapabilityIndex| {
                walk.evidence.id_text(walk.evidence.capability(*index).id)
            };
            id(right).cmp(&id(left))
        })
    });
    let Some(chosen) = chosen.copied().or(covering().next().copied()) else {
        return (CapabilityIndex::new(0), None);
    };
    let larger = uncertainty(&chosen);
    let overlaps = |index: &CapabilityIndex| {
        let ranges =
            (walk.evidence.capability(chosen).range, walk.evidence.capability(*index).range);
        let (Some(own), Some(other)) = ranges else { return true };
        own.is_point() || own.lower.max(other.lower) < own.upper.min(other.upper)
    };
    let rival = candidates()
        .map(|index| (*index, larger, uncertainty(index)))
        .find(|(index, _, smaller)| *smaller < larger * (1.0 - Extent::SLACK) && overlaps(index));
    (chosen, rival)
}

/// The expanded uncertainty of a capability at a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Evaluated {
    /// In the coherent SI unit.
    Value(f64),
    /// Somewhere between two figures.
    Between(f64, f64),
    /// Depends on a parameter that the row does not give.
    Without(TextIndex),
    /// Not evaluable, with the text that stands there.
    Unknown(Option<TextIndex>),
}

/// Evaluates a capability at a point of a row (rule C-05).
pub fn evaluate(evidence: &Evidence, index: CapabilityIndex, row: &ResultRow, x: f64) -> Evaluated {
    let capability = offered(evidence, index, row);
    let Some(expression) = &capability.expression else { return Evaluated::Unknown(None) };
    let missing = Cell::new(None);
    let parameter = |name: TextIndex| {
        let of_row = evidence.parameters(row).iter().find(|parameter| parameter.name == name);
        let extent = of_row.and_then(|parameter| parameter.extent);
        let value = extent.filter(Extent::is_point).map(|extent| extent.lower);
        if value.is_none() {
            missing.set(Some(name));
        }
        value
    };
    let stands_for = |stands: Stands| match stands {
        Stands::ForPoint => Some(x),
        Stands::ForParameter(name) => parameter(name),
    };
    let value = match expression {
        CapabilityExpression::Constant(value) => Some(*value),
        CapabilityExpression::Linear { lower, upper } => capability.range.and_then(|range| {
            let span = range.upper - range.lower;
            match span > 0.0 {
                true => Some(lower + (upper - lower) * (x - range.lower) / span),
                false => (lower == upper).then_some(*lower),
            }
        }),
        CapabilityExpression::Equation { equation, bindings, unit } => {
            let values: Option<Vec<f64>> = bindings
                .iter()
                .map(|binding| {
                    Some((stands_for(binding.stands)? - binding.offset) / binding.factor)
                })
                .collect();
            values.and_then(|values| equation.evaluate(&values).ok()).map(|value| value * unit)
        }
        CapabilityExpression::Table { points, interpolate } => {
            let axis: Vec<f64> = points.iter().map(|(x, _)| *x).collect();
            along(&axis, x).map(|(below, above, fraction)| {
                between(points[below].1, points[above].1, fraction, *interpolate)
            })
        }
        CapabilityExpression::Matrix { rows, columns, cells, interpolate } => {
            let on_rows = stands_for(rows.0).and_then(|x| along(&rows.1, x));
            let on_columns = stands_for(columns.0).and_then(|x| along(&columns.1, x));
            on_rows.zip(on_columns).map(|(across, down)| {
                let cell = |row: usize, column: usize| cells[row * columns.1.len() + column];
                let first =
                    between(cell(across.0, down.0), cell(across.0, down.1), down.2, *interpolate);
                let second =
                    between(cell(across.1, down.0), cell(across.1, down.1), down.2, *interpolate);
                between(first, second, across.2, *interpolate)
            })
        }
        CapabilityExpression::Interval { lowest, highest, ends } => {
            let scale = if capability.relative { numbers::magnitude(row, x) } else { 1.0 };
            if let Some(((first, last), range)) = ends.zip(capability.range) {
                let is_at = |end: f64| (x - end).abs() <= Extent::SLACK * end.abs();
                if is_at(range.lower) {
                    return Evaluated::Value(first * scale);
                }
                if is_at(range.upper) {
                    return Evaluated::Value(last * scale);
                }
            }
            return Evaluated::Between(lowest * scale, highest * scale);
        }
        CapabilityExpression::NotEvaluable(text) => return Evaluated::Unknown(Some(*text)),
    };
    let scale = if capability.relative { numbers::magnitude(row, x) } else { 1.0 };
    match value.map(|value| value * scale) {
        Some(value) if value.is_finite() && value >= 0.0 => Evaluated::Value(value),
        _ => missing.get().map_or(Evaluated::Unknown(None), Evaluated::Without),
    }
}

/// Where a value lies along an ascending axis: the positions around it and how far between.
fn along(axis: &[f64], x: f64) -> Option<(usize, usize, f64)> {
    let slack = Extent::SLACK * x.abs();
    if let Some(exact) = axis.iter().position(|value| (value - x).abs() <= slack) {
        return Some((exact, exact, 0.0));
    }
    let above = axis.iter().position(|value| *value > x)?;
    let below = above.checked_sub(1)?;
    Some((below, above, (x - axis[below]) / (axis[above] - axis[below])))
}

/// Between two cells: interpolated where approved, else the worse of both.
fn between(first: f64, second: f64, fraction: f64, interpolate: bool) -> f64 {
    match interpolate {
        true => first + (second - first) * fraction,
        false => first.max(second),
    }
}

/// What a row's standard uncertainty and a capability's figure are multiplied by to be compared:
/// printed figures where both say about 95 %, else both as 2u.
fn scales(walk: &Walk<'_>, normalised: &Normalised, capability: &CapabilityRow) -> (f64, f64) {
    let accepted = |probability: Option<f64>| {
        probability.is_some_and(|probability| walk.policy.accepts_probability(probability))
    };
    let as_printed = normalised.kind == crate::domain::uncertainty::UncertaintyKind::Expanded
        && accepted(normalised.coverage.probability)
        && accepted(capability.coverage_probability);
    match as_printed {
        true => (normalised.divisor, 1.0),
        false => (2.0, 2.0 / capability.coverage_factor),
    }
}

/// C-03, C-05, C-07 and C-09 of a row against the capability that covers it.
fn c_03(
    walk: &mut Walk<'_>,
    index: ResultIndex,
    row: &ResultRow,
    calibration: &CalibrationRow,
    chosen: CapabilityIndex,
) -> Tri {
    let subject = Subject::Result(index);
    let against = Some(Subject::Capability(chosen));
    let capability = offered(walk.evidence, chosen, row);
    let Ok(normalised) = walk.normalised(row) else {
        let note = Note::unknown(&C_03, subject, &NOTHING_REPORTED, &NEED_UNCERTAINTY);
        return walk.note(note.against(against));
    };
    let (own_scale, capability_scale) = scales(walk, &normalised, capability);
    let by_convention = capability.convention.is_some();
    let unit = row.uncertainty().map_or(row.extent_unit, |uncertainty| {
        if normalised.relative { row.extent_unit } else { uncertainty.figure.unit }
    });
    let code = fact("code", code_of(walk, chosen));
    let mut tie = None;
    let mut last = None;
    for x in row.extent.ends() {
        let reported = normalised.standard_at(row, x).scaled(own_scale);
        let reported_fact = fact("reported", FactValue::Quantity(reported.value, unit));
        let claimed = match evaluate(walk.evidence, chosen, row, x) {
            Evaluated::Value(value) => Bounds::exact(value * capability_scale),
            Evaluated::Between(lowest, highest) => {
                let (lowest, highest) = (lowest * capability_scale, highest * capability_scale);
                let surely_above = !reported.surely_less_than(Bounds::exact(highest));
                let surely_below = reported.surely_less_than(Bounds::exact(lowest));
                if !surely_above && !surely_below {
                    let facts = [
                        code,
                        fact("lowest", FactValue::Quantity(lowest, unit)),
                        fact("highest", FactValue::Quantity(highest, unit)),
                        reported_fact,
                    ];
                    let rule = if by_convention { &C_07 } else { &C_05 };
                    let note = Note::unknown(rule, subject, &BETWEEN_FIGURES, &NEED_EXPRESSION);
                    return walk.note(note.against(against).facts(&facts));
                }
                Bounds::exact(if surely_below { lowest } else { highest })
            }
            Evaluated::Without(name) => {
                let facts = [code, fact("parameter", FactValue::Text(name))];
                let note = Note::unknown(&C_05, subject, &PARAMETER_MISSING, &NEED_PARAMETER);
                return walk.note(note.against(against).facts(&facts));
            }
            Evaluated::Unknown(text) => {
                let text = text.map_or(FactValue::Word("?"), FactValue::Text);
                let facts = [code, fact("text", text)];
                let note = Note::unknown(&C_05, subject, &NOT_EVALUABLE, &NEED_EXPRESSION);
                return walk.note(note.against(against).facts(&facts));
            }
        };
        let facts = [reported_fact, fact("capability", FactValue::Quantity(claimed.value, unit))];
        let below_as_written = Bounds::exact(reported.value).surely_less_than(claimed);
        if reported.surely_less_than(claimed) || below_as_written && walk.policy.strict_cmc_rounding
        {
            walk.note(Note::pass(&C_05, subject).against(against));
            if by_convention {
                walk.note(Note::fail(&C_07, subject, &BELOW).against(against).facts(&facts));
            }
            return walk.note(Note::fail(&C_03, subject, &BELOW).against(against).facts(&facts));
        }
        if below_as_written {
            tie = Some(facts);
        }
        last = Some(facts);
    }
    walk.note(Note::pass(&C_05, subject).against(against));
    if by_convention {
        walk.note(Note::pass(&C_07, subject).against(against));
    }
    if capability.device_excluded {
        c_09(walk, subject, row, calibration, chosen, &normalised);
    }
    if let Some(facts) = tie {
        let note = Note::remark(&C_03, subject, &TIE).severity(Severity::Info);
        return walk.note(note.against(against).facts(&facts));
    }
    let facts = last.as_ref().map_or(&[][..], |facts| facts);
    walk.note(Note::pass_with(&C_03, subject, &NOT_BELOW).against(against).facts(facts))
}

static DEVICE_UNKNOWN: Phrase = phrase(
    "CMC {code} không gồm phần của thiết bị được hiệu chuẩn, và không biết thiết bị đóng góp bao nhiêu",
    "the CMC {code} leaves out the device under calibration, and what the device adds is not known",
);
static NEED_DEVICE: Phrase = phrase(
    "độ không đảm bảo đo mở rộng do thiết bị đóng góp (thuộc tính device_uncertainty của chuẩn)",
    "the expanded uncertainty that the device adds (the standard's property device_uncertainty)",
);
static BELOW_WITH_DEVICE: Phrase = phrase(
    "độ không đảm bảo đo mở rộng {reported} nhỏ hơn {floor}: CMC {capability} không gồm thiết bị, thiết bị đóng góp {device}",
    "the reported expanded uncertainty {reported} is below {floor}: the CMC {capability} leaves out the device, which adds {device}",
);
static NOT_BELOW_WITH_DEVICE: Phrase = phrase(
    "độ không đảm bảo đo mở rộng {reported} không nhỏ hơn {floor}: CMC {capability} và thiết bị {device}",
    "the reported expanded uncertainty {reported} is not below {floor}: the CMC {capability} and the device's {device}",
);

/// C-09 of a row against a capability that leaves the device out.
fn c_09(
    walk: &mut Walk<'_>,
    subject: Subject,
    row: &ResultRow,
    calibration: &CalibrationRow,
    chosen: CapabilityIndex,
    normalised: &Normalised,
) {
    let against = Some(Subject::Capability(chosen));
    let detail = walk.evidence.result_detail(row);
    let item = detail.and_then(|detail| detail.item).or(calibration.item);
    let Some(device) = item.and_then(|item| walk.evidence.device_uncertainty(item, row.kind))
    else {
        let facts = [fact("code", code_of(walk, chosen))];
        let note = Note::unknown(&C_09, subject, &DEVICE_UNKNOWN, &NEED_DEVICE);
        walk.note(note.against(against).facts(&facts));
        return;
    };
    let unit = shown_in(row);
    let mut lowest = None;
    for x in row.extent.ends() {
        let Some((claimed, _)) = at_two(walk.evidence, chosen, row, x) else { return };
        let reported = normalised.standard_at(row, x).scaled(2.0);
        let floor = claimed.hypot(device);
        let facts = [
            fact("reported", FactValue::Quantity(reported.value, unit)),
            fact("floor", FactValue::Quantity(floor, unit)),
            fact("capability", FactValue::Quantity(claimed, unit)),
            fact("device", FactValue::Quantity(device, unit)),
        ];
        if reported.surely_less_than(Bounds::exact(floor)) {
            let note = Note::fail(&C_09, subject, &BELOW_WITH_DEVICE);
            walk.note(note.against(against).facts(&facts));
            return;
        }
        lowest = lowest.or(Some(facts));
    }
    let facts = lowest.as_ref().map_or(&[][..], |facts| facts);
    let note = Note::pass_with(&C_09, subject, &NOT_BELOW_WITH_DEVICE);
    walk.note(note.against(against).facts(facts));
}

/// The least and the most that a capability can mean at a point of a row, brought to k = 2.
fn at_two(
    evidence: &Evidence,
    index: CapabilityIndex,
    row: &ResultRow,
    x: f64,
) -> Option<(f64, f64)> {
    let scale = 2.0 / evidence.capability(index).coverage_factor;
    match evaluate(evidence, index, row, x) {
        Evaluated::Value(value) => Some((value * scale, value * scale)),
        Evaluated::Between(lowest, highest) => Some((lowest * scale, highest * scale)),
        Evaluated::Without(_) | Evaluated::Unknown(_) => None,
    }
}

static BELOW_SUPPLIER: Phrase = phrase(
    "CMC {code} ({own}) nhỏ hơn CMC {other} ({supplier}) của nơi cung cấp liên kết chuẩn",
    "the CMC {code} ({own}) is below the CMC {other} ({supplier}) of where its traceability comes from",
);

/// The references of a row that give it a value of the same quantity at the same point.
fn same_at_the_point<'w>(
    walk: &'w Walk<'_>,
    index: ResultIndex,
    row: &'w ResultRow,
) -> impl Iterator<Item = &'w ReferenceRow> {
    let near = move |parent: Extent| {
        parent.contains(row.extent)
            || parent.is_point()
                && (parent.lower - row.extent.lower).abs() <= 0.1 * row.extent.lower.abs()
    };
    let references = walk.evidence.references.of(row.calibration.position()).iter();
    references.filter(move |reference| {
        let Target::Row(parent) = reference.target else { return false };
        let parent = walk.evidence.result(parent);
        let carried = match reference.model {
            Some(Model::Identity) => true,
            None => reference.coefficient.is_nan() && near(parent.extent),
            Some(_) => false,
        };
        carried
            && reference.role == ReferenceRole::Main
            && parent.kind == row.kind
            && walk.applies(reference, index, row.calibration)
    })
}

/// C-08 of a row within an accredited scope.
pub fn c_08(
    walk: &mut Walk<'_>,
    index: ResultIndex,
    row: &ResultRow,
    calibration: &CalibrationRow,
    chosen: CapabilityIndex,
) {
    let evidence = walk.evidence;
    let of_supplier = |reference: &ReferenceRow| {
        let Target::Row(parent) = walk.resolve(reference).target else { return None };
        let row = evidence.result(parent);
        let supplied = evidence.calibration(row.calibration).issuer != calibration.issuer;
        let capability = walk.verdict_above(parent)?.capability?;
        supplied.then_some((parent, capability))
    };
    let compared = same_at_the_point(walk, index, row).filter_map(of_supplier).find_map(|found| {
        let (parent, supplier) = found;
        let parent = evidence.result(parent);
        let below = row.extent.ends().find_map(|x| {
            let there = evidence
                .capability(supplier)
                .range
                .is_some_and(|range| range.contains(Extent::point(x)));
            let at = if there { x } else { parent.extent.upper };
            let (_, own) = at_two(evidence, chosen, row, x)?;
            let (theirs, _) = at_two(evidence, supplier, parent, at)?;
            Some((own, theirs, own < theirs * (1.0 - Extent::SLACK)))
        });
        below.map(|(own, theirs, below)| (supplier, own, theirs, below))
    });
    let Some((supplier, own, theirs, below)) = compared else { return };
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Capability(supplier));
    if !below {
        walk.note(Note::pass(&C_08, subject).against(against));
        return;
    }
    let unit = shown_in(row);
    let facts = [
        fact("code", code_of(walk, chosen)),
        fact("own", FactValue::Quantity(own, unit)),
        fact("other", code_of(walk, supplier)),
        fact("supplier", FactValue::Quantity(theirs, unit)),
    ];
    walk.note(Note::fail(&C_08, subject, &BELOW_SUPPLIER).against(against).facts(&facts));
}

/// Whether a row lies within a capability of its issuer that was in force, without a finding.
pub fn lies_within(
    walk: &Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    publisher: Publisher,
    accreditation: Option<AccreditationIndex>,
) -> Tri {
    let Some(issuer) = calibration.issuer else { return Tri::Indeterminate };
    let published = published(walk, issuer, publisher, accreditation);
    // What a scope holds is not known where none of it is; an institute without a published CMC
    // has none (C-01).
    if publisher == Publisher::AccreditationScope && published.is_empty() {
        return Tri::Indeterminate;
    }
    published
        .into_iter()
        .map(|index| within(walk, row, calibration, index))
        .fold(Tri::Fail, Tri::or)
}

/// Whether a row lies within a capability that was in force.
fn within(
    walk: &Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    index: CapabilityIndex,
) -> Tri {
    let capability = walk.evidence.capability(index);
    if !is_of_the_kind(walk.evidence, capability, row) {
        // Whether words mean the quantity is not known (rule Q-06).
        return match quantity::may_mean(walk.evidence, capability, row) {
            true => Tri::Indeterminate,
            false => Tri::Fail,
        };
    }
    let performed = Period { from: calibration.performed_from, to: calibration.performed_to };
    covers(walk.evidence, capability, row).and(force(walk, index, performed, calibration.issued_on))
}

/// Whether a capability of somebody else offers what a certificate reports: it covers the row, was
/// in force when the calibration was performed, and claims no more uncertainty (rule A-08).
pub fn offers(
    walk: &Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    index: CapabilityIndex,
) -> bool {
    let capability = walk.evidence.capability(index);
    let performed = Period { from: calibration.performed_from, to: calibration.performed_to };
    walk.knows(capability.known_from)
        && capability.evidence >= EvidenceLevel::IssuerConfirmed
        && is_of_the_kind(walk.evidence, capability, row)
        && covers(walk.evidence, capability, row) == Tri::Pass
        && force(walk, index, performed, None) == Tri::Pass
        && row.extent.ends().all(|x| {
            let reported = walk.normalised(row).ok().map(|own| own.standard_at(row, x).scaled(2.0));
            let claimed = at_two(walk.evidence, index, row, x);
            reported.zip(claimed).is_some_and(|(reported, (_, claimed))| {
                !reported.surely_less_than(Bounds::exact(claimed))
            })
        })
}

/// Whether a row reports just the figure of a capability.
fn reports_just(walk: &Walk<'_>, row: &ResultRow, index: CapabilityIndex) -> bool {
    let Ok(normalised) = walk.normalised(row) else { return false };
    let (own, scale) = scales(walk, &normalised, walk.evidence.capability(index));
    row.extent.ends().all(|x| {
        let reported = normalised.standard_at(row, x).scaled(own);
        match evaluate(walk.evidence, index, row, x) {
            Evaluated::Value(value) => {
                let claimed = Bounds::exact(value * scale);
                !reported.surely_less_than(claimed) && !claimed.surely_less_than(reported)
            }
            Evaluated::Between(..) | Evaluated::Without(_) | Evaluated::Unknown(_) => false,
        }
    })
}

/// How many certificates of an issuer are looked at beside a claim, and among how many.
const CERTIFICATES_BESIDE: (usize, usize) = (20, 200);

/// The last certificates of an issuer that report a quantity, latest first.
fn last_certificates<'w>(
    walk: &'w Walk<'_>,
    issuer: OrganisationIndex,
    row: &'w ResultRow,
) -> impl Iterator<Item = CalibrationIndex> + 'w {
    let (most, among) = CERTIFICATES_BESIDE;
    let issued = walk.evidence.issued_by.of(issuer.position()).iter().rev().copied();
    let known = |index: &CalibrationIndex| walk.knows(walk.evidence.calibration(*index).known_from);
    let reports = |index: &CalibrationIndex| {
        let mut rows = walk.evidence.rows_of(*index);
        rows.any(|other| walk.evidence.result(other).kind == row.kind)
    };
    issued.filter(known).take(among).filter(reports).take(most)
}

static ALWAYS_THE_CMC: Phrase = phrase(
    "{count} trong {total} giấy chứng nhận gần nhất của {organisation} cho đại lượng này báo cáo đúng bằng CMC: có thể chưa tính phần của thiết bị được hiệu chuẩn",
    "{count} of the last {total} certificates of {organisation} for this quantity report just its CMC: the device under calibration may be left out",
);

/// C-10 for the nearest certificate.
pub fn c_10(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    chosen: CapabilityIndex,
) {
    let Some(issuer) = calibration.issuer.filter(|_| reports_just(walk, row, chosen)) else {
        return;
    };
    let capability = walk.evidence.capability(chosen);
    let counts = |index: CapabilityIndex| {
        let other = walk.evidence.capability(index);
        other.publisher == capability.publisher
            && other.accreditation == capability.accreditation
            && walk.knows(other.known_from)
    };
    let own: Vec<CapabilityIndex> = walk.evidence.capabilities_of.of(issuer.position()).to_vec();
    let is_just = |index: CalibrationIndex| {
        let of = walk.evidence.calibration(index);
        let rows = walk.evidence.rows_of(index).map(|other| walk.evidence.result(other));
        let mut of_kind = rows.filter(|other| other.kind == row.kind);
        of_kind.all(|other| {
            let covers = |one: &CapabilityIndex| within(walk, other, of, *one) == Tri::Pass;
            let covering: Vec<CapabilityIndex> =
                own.iter().copied().filter(|one| counts(*one)).filter(covers).collect();
            !covering.is_empty() && {
                let (chosen, _) = most_specific(walk, other, of, &covering);
                reports_just(walk, other, chosen)
            }
        })
    };
    let (mut total, mut count) = (0_u32, 0_u32);
    for index in last_certificates(walk, issuer, row) {
        total += 1;
        count += u32::from(is_just(index));
    }
    if (total as usize) < CERTIFICATES_BESIDE.0 {
        return;
    }
    let subject = Subject::Calibration(row.calibration);
    let facts = [
        fact("count", FactValue::Count(count)),
        fact("total", FactValue::Count(total)),
        fact("organisation", FactValue::Record(Subject::Organisation(issuer))),
    ];
    // Nine tenths.
    let note = match count * 10 >= total * 9 {
        true => Note::remark(&C_10, subject, &ALWAYS_THE_CMC),
        false => Note::pass(&C_10, subject),
    };
    walk.note(note.against(Some(Subject::Capability(chosen))).facts(&facts));
}

/// The expanded uncertainty of a standard's row in use on a day, at about 95 %.
fn in_use(walk: &Walk<'_>, parent: ResultIndex, day: Day, x: f64) -> Option<Bounds> {
    let row = walk.evidence.result(parent);
    let calibration = walk.evidence.calibration(row.calibration);
    let normalised = walk.normalised(row).ok()?;
    let at = if row.extent.is_point() { row.extent.upper } else { x };
    let days = numbers::days_since(calibration, day);
    let drift = numbers::drift(walk.evidence, calibration.item, row, days, at);
    let u = normalised.standard_at(row, at).in_quadrature(Bounds::exact(drift));
    u.value.is_finite().then_some(u.scaled(normalised.factor_95()))
}

static BELOW_REFERENCE: Phrase = phrase(
    "CMC {code} ({own}) nhỏ hơn độ không đảm bảo đo khi sử dụng {reference} của chuẩn tốt nhất mà tổ chức cấp có",
    "the CMC {code} ({own}) is below {reference}, the uncertainty in use of the best reference its holder has",
);
static NOT_BELOW_REFERENCE: Phrase = phrase(
    "CMC {code} ({own}) không nhỏ hơn {reference} của chuẩn mà tổ chức cấp có",
    "the CMC {code} ({own}) is not below {reference} of a reference its holder has",
);

/// C-11 for the nearest certificate.
pub fn c_11(
    walk: &mut Walk<'_>,
    index: ResultIndex,
    row: &ResultRow,
    calibration: &CalibrationRow,
    chosen: CapabilityIndex,
) {
    let Some(issuer) = calibration.issuer else { return };
    let x = row.extent.upper;
    let Some((_, own)) = at_two(walk.evidence, chosen, row, x) else { return };
    let Some((best, standard)) = best_reference(walk, index, row, calibration, issuer, x, own)
    else {
        return;
    };
    let unit = shown_in(row);
    let facts = [
        fact("code", code_of(walk, chosen)),
        fact("own", FactValue::Quantity(own, unit)),
        fact("reference", FactValue::Quantity(best.value, unit)),
    ];
    let subject = Subject::Calibration(row.calibration);
    let against = standard.map(Subject::Standard);
    if !Bounds::exact(own).surely_less_than(best) {
        let note = Note::pass_with(&C_11, subject, &NOT_BELOW_REFERENCE);
        walk.note(note.against(against).facts(&facts));
        return;
    }
    walk.note(Note::fail(&C_11, subject, &BELOW_REFERENCE).against(against).facts(&facts));
    let note = Note::remark(&C_11, subject, &BELOW_REFERENCE).dimension(Dimension::Traceability);
    walk.note(note.against(against).facts(&facts));
}

/// A reference that somebody holds: its expanded uncertainty in use, and which it is.
type Reference = (Bounds, Option<StandardIndex>);

/// The best reference that an issuer is known to hold for a row: of its own standards first those
/// that the row was made with; only where a CMC is below all of them the others, in the chain and
/// in its last certificates. None where the row was made with none of its own.
fn best_reference(
    walk: &Walk<'_>,
    index: ResultIndex,
    row: &ResultRow,
    calibration: &CalibrationRow,
    issuer: OrganisationIndex,
    x: f64,
    claimed: f64,
) -> Option<Reference> {
    let evidence = walk.evidence;
    let held = |parent: ResultIndex, day: Day| {
        let of = evidence.calibration(evidence.result(parent).calibration);
        let is_own = evidence.owner_of_item(of) == Some(issuer) && walk.knows(of.known_from);
        let figure = is_own.then(|| in_use(walk, parent, day, x)).flatten()?;
        Some((figure, of.item))
    };
    let made_with = |index: ResultIndex, row: &ResultRow, day: Day| {
        let rows = same_at_the_point(walk, index, row).filter_map(|reference| {
            let Target::Row(parent) = reference.target else { return None };
            held(parent, day)
        });
        rows.min_by(|(left, _), (right, _)| left.value.total_cmp(&right.value))
    };
    let lower = |best: Reference, other: Option<Reference>| match other {
        Some(other) if other.0.value < best.0.value => other,
        _ => best,
    };
    let is_enough = |best: Reference| !Bounds::exact(claimed).surely_less_than(best.0);
    let mut best = made_with(index, row, calibration.performed_to)?;
    if is_enough(best) {
        return Some(best);
    }
    let at_the_point = |other: &ResultRow| {
        other.kind == row.kind && range::row_covers(evidence, other, Extent::point(x))
    };
    let roots = walk.edges.iter().filter_map(|edge| match edge.target {
        Target::Realisation(root) => Some(evidence.realisation(root)),
        _ => None,
    });
    let own_roots = roots.filter(|root| {
        let covers = root.range.is_none_or(|range| range.contains(Extent::point(x)));
        root.organisation == Some(issuer) && root.quantity == row.kind && covers
    });
    for (figure, relative) in own_roots.filter_map(|root| root.uncertainty) {
        let scale = if relative { 2.0 * x.abs() } else { 2.0 };
        best = lower(best, Some((Bounds::measured(evidence, figure).scaled(scale), None)));
    }
    for above in walk.evaluated() {
        if *above != index && at_the_point(evidence.result(*above)) {
            best = lower(best, held(*above, calibration.performed_to));
        }
    }
    for certificate in last_certificates(walk, issuer, row) {
        if is_enough(best) {
            break;
        }
        let used_on = evidence.calibration(certificate).performed_to;
        for made in evidence.rows_of(certificate) {
            let other = evidence.result(made);
            if at_the_point(other) {
                best = lower(best, made_with(made, other, used_on));
            }
        }
    }
    Some(best)
}
