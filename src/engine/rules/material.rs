//! Area M: reference materials.
//!
//! A batch of reference material is a standard with `material`; its certificate is a calibration of
//! the kind `reference_material_certificate`, whose rows are the certified values. A row and a
//! property on the material's record correspond by quantity and analyte; where one side names no
//! analyte, only when there is one property of the quantity. The certificate is the evidence of
//! value and uncertainty, the record says which of its values are certified and what became of the
//! batch since.

use crate::domain::calibration::{CalibrationKind, DueSource, Model};
use crate::domain::capability::Publisher;
use crate::domain::organisation::OrganisationKind;
use crate::domain::period::Day;
use crate::domain::quantity::QuantityKindId;
use crate::domain::realisation::RealisationKind;
use crate::domain::recognition::{AccreditationStandard, EvidenceLevel};
use crate::domain::standard::EventKind;
use crate::domain::unit::Dimension as UnitDimension;
use crate::engine::evidence::*;
use crate::engine::finding::{
    Dimension, FactValue, Phrase, Rule, Severity, Source, Subject, Tag, fact, phrase,
};
use crate::engine::numbers::Bounds;
use crate::engine::report::Route;
use crate::engine::rules::accreditation::{self, Recognition};
use crate::engine::rules::{capability, comparison, institute, structure, time, uncertainty};
use crate::engine::tri::Tri;
use crate::engine::walk::{Input, Note, RowVerdict, Walk};

/// M-01: what calibrates or assigns a value is a certified reference material: the property used is
/// certified, with value, uncertainty and a statement of its traceability (in words or by
/// references). An indicative value fails, and so does another value on the material's record than
/// on its certificate. Whether a value is certified stands on the material's record; the
/// certificate alone does not say it, because certificates give indicative values too. Used for
/// another analyte than it is certified for it fails; a use that names no analyte is decided by the
/// quantity, as in Q-06. Critical. ISO/IEC 17025 6.5.2 b \[S\], VIM 5.14 \[K\].
pub static M_01: Rule = Rule {
    id: "M-01",
    statement: phrase(
        "giá trị được dùng của chất chuẩn là giá trị được chứng nhận",
        "the value used of the reference material is certified",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "6.5.2 b", Tag::Secondary),
    optional_input: false,
};

/// M-02: the producer's route, first match: RM1 an institute of the CIPM MRA with a published CMC
/// that covers the material (its part on reference materials, where it has one); RM2 a producer
/// accredited to ISO 17034 by a signatory for that scope, with the material in its scope; RM3 an
/// entry of the JCTLM; outside the SI an accepted reference (M-09); RM4 another producer with
/// evidence of competence. An institute's certificate need not carry the mark of the CIPM
/// MRA: the KCDB is the authority (ILAC-P10, notes \[K\]). A scope under ISO 17034 counts without
/// range or uncertainty where it states none, but not without the analyte. A value that is not
/// certified has no route. Major. ILAC-P10 \[K\], ISO/IEC 17025 6.5.2 NOTE 2 \[S\].
pub static M_02: Rule = Rule {
    id: "M-02",
    statement: phrase(
        "nhà sản xuất chất chuẩn có năng lực được công nhận",
        "the producer of the reference material is recognised as competent",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("ISO/IEC 17025:2017", "6.5.2 NOTE 2", Tag::Secondary),
    optional_input: false,
};

/// M-03: the certificate of a reference material says what it must: batch and producer (missing is
/// indeterminate, and so is a certificate of somebody else than the producer), smallest sample and
/// storage (missing is a remark, as D-01 does with what does not carry the value; a gas mixture has
/// no smallest sample). Value, U and k are U-01's, traceability M-01's, validity M-04's, and
/// commutability M-07's. Major. ISO 33401 \[K\].
pub static M_03: Rule = Rule {
    id: "M-03",
    statement: phrase(
        "giấy chứng nhận chất chuẩn có đủ nội dung bắt buộc",
        "the certificate of the reference material says what it must",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("ISO 33401:2024", "", Tag::Knowledge),
    optional_input: false,
};

/// M-04: the material was used within its validity: not after the producer's last day (on the
/// record or the certificate, the earlier one), nor after the life of the opened package, both days
/// included. It stands in place of T-02 and T-03. No validity at all is indeterminate, and so is an
/// opened package whose life is not stated; a gas cylinder is not opened in this sense. The owner's
/// interval policy may shorten a producer's validity, never replace it; for a material that its
/// owner made (M-06) it is the validity. A material without an opening on record counts as
/// unopened. Broken storage is an event that breaks the calibration (T-05). Critical.
/// ISO 33401 \[K\].
pub static M_04: Rule = Rule {
    id: "M-04",
    statement: phrase(
        "chất chuẩn còn hạn khi được dùng",
        "the reference material was valid when it was used",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("ISO 33401:2024", "", Tag::Knowledge),
    optional_input: false,
};

/// M-05: enough is left: not less than the smallest sample, a gas not below 10 bar where the
/// certificate states no other pressure. What is left is a state of today, so it is looked at for
/// the claim, not at past uses; of an unopened package everything is left. Minor. ISO 33407 \[K\];
/// 10 bar is usual for gas mixtures.
pub static M_05: Rule = Rule {
    id: "M-05",
    statement: phrase("lượng chất chuẩn còn lại đủ dùng", "enough of the material is left"),
    severity: Severity::Minor,
    dimension: Dimension::Traceability,
    source: Source::new("ISO 33407:2024", "", Tag::Knowledge),
    optional_input: true,
};

/// M-06: a material that its owner made from another one is a calibration event of its own: a
/// product of the parent's value and ratios of masses or volumes, each with its certificate, whose
/// uncertainties combine to the floor of U-05. A dilution without any weighing or volume on record
/// is indeterminate. A portion that keeps the parent's value (identity) is no dilution. Major. GUM 5.1.2 \[K\].
pub static M_06: Rule = Rule {
    id: "M-06",
    statement: phrase(
        "dung dịch tự pha được tính như một lần hiệu chuẩn, với mọi tỷ số khối lượng hoặc thể tích",
        "the own dilution counts as a calibration, with every ratio of masses or volumes",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("JCGM 100", "", Tag::Knowledge),
    optional_input: true,
};

/// M-07: the material's matrix is that of the use. Another matrix is a remark on fitness: whether
/// the material is commutable there needs evidence of its own. Minor. ISO 33405 \[K\].
pub static M_07: Rule = Rule {
    id: "M-07",
    statement: phrase(
        "nền mẫu của chất chuẩn phù hợp với mục đích sử dụng",
        "the matrix of the reference material is that of the use",
    ),
    severity: Severity::Minor,
    dimension: Dimension::Fitness,
    source: Source::new("ISO 33405:2024", "", Tag::Knowledge),
    optional_input: true,
};

/// M-08: the JCTLM lists the material on the day of use, not only on that of certification: an entry
/// is withdrawn when the material no longer meets ISO 15194, and one listed later covers the uses
/// after. An id without the days over which it was listed is indeterminate; the days are those on
/// the material's record, and how well that is evidenced is D-07's. The lists of procedures
/// and services concern whoever assigns values, and are theirs to show. Major. JCTLM \[K\].
pub static M_08: Rule = Rule {
    id: "M-08",
    statement: phrase(
        "chất chuẩn có trong danh mục JCTLM vào ngày sử dụng",
        "the JCTLM lists the reference material on the day of use",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("JCTLM database", "", Tag::Knowledge),
    optional_input: false,
};

/// M-09: a reference outside the SI is admitted only where the SI is not possible for the quantity
/// (a property of the quantity kind: hardness, turbidity, octane number), and where the reference
/// is described and shown to be accepted by a published comparison in which its holder took part.
/// A house standard for a quantity of the SI fails; without description or comparison it is
/// indeterminate. A quantity whose scale is agreed only for some substances (delta values, WHO
/// units) is one where the code list gives it a kind of its own. Major. ISO/IEC 17025 6.5.3 \[S\].
pub static M_09: Rule = Rule {
    id: "M-09",
    statement: phrase(
        "mốc quy chiếu ngoài SI được mô tả, được chấp nhận và được so sánh",
        "the reference outside the SI is described, accepted and compared",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "6.5.3", Tag::Secondary),
    optional_input: false,
};

/// What is on record, and known, of a standard as a batch of reference material.
fn material<'a>(walk: &Walk<'a>, item: Option<StandardIndex>) -> Option<&'a MaterialRow> {
    let standard = walk.evidence.standard(item?);
    walk.evidence.material(standard).filter(|_| walk.knows(standard.known_from))
}

/// The analyte of a row.
fn analyte(walk: &Walk<'_>, row: &ResultRow) -> Option<TextIndex> {
    walk.evidence.result_detail(row).and_then(|detail| detail.analyte)
}

/// Whether two written numbers may be the same one, rounded.
fn may_be_equal(evidence: &Evidence, one: Measured, other: Measured) -> bool {
    let width = evidence.half_width(one) + evidence.half_width(other);
    let slack = Extent::SLACK * one.si.abs().max(other.si.abs());
    (one.si - other.si).abs() <= width + slack
}

/// The property that corresponds to a quantity and analyte. Of several the one with this value,
/// else one that is not certified, so that nothing passes by choice.
fn property<'m>(
    evidence: &Evidence,
    material: &'m MaterialRow,
    kind: QuantityKindId,
    analyte: Option<TextIndex>,
    value: Option<Measured>,
) -> Option<&'m MaterialPropertyRow> {
    let of_kind = || material.properties.iter().filter(move |own| own.kind == kind);
    let differs = |own: &MaterialPropertyRow| match (own.value, value) {
        (Some(own), Some(value)) => !may_be_equal(evidence, own, value),
        _ => false,
    };
    let named = of_kind()
        .filter(|own| own.analyte == analyte)
        .min_by_key(|own| (differs(own), own.certified == Some(true)));
    let only = || {
        let mut all = of_kind();
        let first = all.next().filter(|own| own.analyte.is_none() || analyte.is_none());
        first.filter(|_| all.next().is_none())
    };
    named.or_else(only)
}

static CERTIFIED_UNKNOWN: Phrase = phrase(
    "hồ sơ chất chuẩn không cho biết giá trị {kind} trên giấy chứng nhận {number} có được chứng nhận hay không",
    "the record of the material does not say whether the {kind} on certificate {number} is certified",
);
static NEED_CERTIFIED: Phrase = phrase(
    "tính chất tương ứng (đại lượng, chất phân tích) trên hồ sơ chất chuẩn, ghi rõ có được chứng nhận hay không",
    "the corresponding property (quantity, analyte) on the material's record, and whether it is certified",
);
static INDICATIVE: Phrase = phrase(
    "giá trị {value} của chất chuẩn chỉ là giá trị tham khảo, không được chứng nhận",
    "the material's value {value} is indicative only, not certified",
);
static OTHER_VALUE: Phrase = phrase(
    "hồ sơ chất chuẩn ghi {record} nhưng giấy chứng nhận ghi {certificate}",
    "the material's record states {record}, its certificate {certificate}",
);
static NOT_A_CERTIFIED_VALUE: Phrase = phrase(
    "giấy chứng nhận {number} không có đủ giá trị và độ không đảm bảo đo cho tính chất được chứng nhận này",
    "certificate {number} does not give both value and uncertainty of this certified property",
);
static NEED_VALUE: Phrase = phrase(
    "giá trị được chứng nhận cùng độ không đảm bảo đo, như trên giấy chứng nhận",
    "the certified value with its uncertainty, as on the certificate",
);
static NO_STATEMENT: Phrase = phrase(
    "giấy chứng nhận {number} không tuyên bố liên kết chuẩn của giá trị được chứng nhận",
    "certificate {number} makes no statement of the certified value's traceability",
);
static NEED_STATEMENT: Phrase = phrase(
    "tuyên bố liên kết chuẩn trên giấy chứng nhận chất chuẩn, hoặc các chuẩn đã dùng",
    "the certificate's statement of traceability, or the references used",
);

/// M-01 for a row. A value that the owner assigned by a calibration of its own is M-06's.
pub fn m_01(walk: &mut Walk<'_>, row: &ResultRow, calibration: &CalibrationRow) -> Tri {
    let is_certificate = calibration.kind == CalibrationKind::ReferenceMaterialCertificate;
    if calibration.kind == CalibrationKind::Calibration {
        return Tri::Pass;
    }
    let material = material(walk, calibration.item);
    if material.is_none() && !is_certificate {
        return Tri::Pass;
    }
    let evidence = walk.evidence;
    let subject = Subject::Calibration(row.calibration);
    let against = calibration.item.map(Subject::Standard);
    let number = fact("number", FactValue::Text(calibration.number));
    let found =
        material.and_then(|own| property(evidence, own, row.kind, analyte(walk, row), row.value()));
    let certified = found.and_then(|found| found.certified);
    let shown = |value: Option<Measured>| {
        value.map_or(FactValue::Word("?"), |value| FactValue::Point(value.si, value.unit))
    };
    if certified == Some(false) {
        let value = row.value().or(found.and_then(|found| found.value));
        let facts = [fact("value", shown(value))];
        return walk.note(Note::fail(&M_01, subject, &INDICATIVE).against(against).facts(&facts));
    }
    if !is_certificate {
        return Tri::Pass;
    }
    if certified.is_none() {
        let facts = [fact("kind", FactValue::Word(row.kind.id())), number];
        let note = Note::unknown(&M_01, subject, &CERTIFIED_UNKNOWN, &NEED_CERTIFIED);
        return walk.note(note.against(against).facts(&facts));
    }
    let (Some(value), Some(_)) = (row.value(), row.uncertainty()) else {
        let note = Note::unknown(&M_01, subject, &NOT_A_CERTIFIED_VALUE, &NEED_VALUE);
        return walk.note(note.against(against).facts(&[number]));
    };
    let recorded = found.and_then(|found| found.value);
    if recorded.is_some_and(|recorded| !may_be_equal(evidence, recorded, value)) {
        let facts = [fact("record", shown(recorded)), fact("certificate", shown(Some(value)))];
        return walk.note(Note::fail(&M_01, subject, &OTHER_VALUE).against(against).facts(&facts));
    }
    let stated = calibration.stated.has(Stated::TRACEABILITY);
    if !stated && evidence.references.of(row.calibration.position()).is_empty() {
        let note = Note::unknown(&M_01, subject, &NO_STATEMENT, &NEED_STATEMENT);
        return walk.note(note.facts(&[number]));
    }
    walk.note(Note::pass(&M_01, subject).against(against))
}

/// M-01 for a standard without a certificate, at the claim or where a calibration names it alone:
/// a value on record as not certified fails whatever certificate may turn up.
pub fn m_01_without_certificate(
    walk: &mut Walk<'_>,
    standard: StandardIndex,
    kind: QuantityKindId,
    analyte: Option<&str>,
    subject: Subject,
) -> Tri {
    let Some(own) = material(walk, Some(standard)) else { return Tri::Pass };
    let evidence = walk.evidence;
    let agrees = |property: &&MaterialPropertyRow| {
        property.kind == kind
            && match (property.analyte, analyte) {
                (Some(own), Some(asked)) => evidence.text(own) == asked,
                _ => true,
            }
    };
    let mut of_kind = own.properties.iter().filter(agrees);
    let Some(first) = of_kind.next().filter(|first| first.certified == Some(false)) else {
        return Tri::Pass;
    };
    if of_kind.any(|other| other.certified != Some(false)) {
        return Tri::Pass;
    }
    let value =
        first.value.map_or(FactValue::Word("?"), |value| FactValue::Point(value.si, value.unit));
    let against = Some(Subject::Standard(standard)).filter(|standard| *standard != subject);
    let note = Note::fail(&M_01, subject, &INDICATIVE).against(against);
    walk.note(note.facts(&[fact("value", value)]))
}

static OTHER_ANALYTE: Phrase = phrase(
    "chất chuẩn được chứng nhận cho {parent} nhưng được dùng cho {child}",
    "the material is certified for {parent} but was used for {child}",
);

/// M-01 at a link: the certified analyte is the one it was used for.
fn m_01_link(walk: &mut Walk<'_>, row: &ResultRow, parent: &ResultRow, input: &Input) -> Tri {
    let keeps_the_kind =
        !matches!(input.reference.model, Some(Model::Custom)) && row.kind == parent.kind;
    let (Some(child), Some(certified)) = (analyte(walk, row), analyte(walk, parent)) else {
        return Tri::Pass;
    };
    if child == certified || !keeps_the_kind {
        return Tri::Pass;
    }
    let facts = [fact("child", FactValue::Text(child)), fact("parent", FactValue::Text(certified))];
    let note = Note::fail(&M_01, Subject::Calibration(row.calibration), &OTHER_ANALYTE);
    walk.note(note.against(Some(Subject::Calibration(parent.calibration))).facts(&facts))
}

static ROUTE: Phrase = phrase("tuyến công nhận: {route}", "route of recognition: {route}");
static NO_ROUTE: Phrase = phrase(
    "giá trị không được chứng nhận, hoặc nhà sản xuất không có bằng chứng năng lực: không có tuyến công nhận nào",
    "the value is not certified, or its producer has no evidence of competence: there is no route",
);
static OTHER_PRODUCER: Phrase = phrase(
    "{organisation} không có CMC đã công bố, công nhận ISO 17034 hay mục JCTLM cho chất chuẩn này",
    "{organisation} has no published CMC, accreditation to ISO 17034 or JCTLM entry for this material",
);
static NEED_COMPETENCE: Phrase = phrase(
    "bằng chứng năng lực của nhà sản xuất và sự phù hợp của chất chuẩn (ILAC-P10)",
    "evidence of the producer's competence and the material's suitability (ILAC-P10)",
);
static CONTRADICTED: Phrase = phrase(
    "giấy chứng nhận viện dẫn một sự công nhận mà dữ liệu bác bỏ",
    "the certificate claims a recognition that the records contradict",
);
static ROUTE_UNKNOWN: Phrase = phrase(
    "chưa biết {organisation} có được công nhận cho chất chuẩn này hay không",
    "it is not known whether {organisation} is recognised for this material",
);
static NEED_ROUTE: Phrase = phrase(
    "CMC, phạm vi ISO 17034 hoặc thời gian có mặt trong danh mục JCTLM của chất chuẩn này",
    "the CMC, the scope under ISO 17034 or the days of the JCTLM entry for this material",
);

/// M-02 for a row of a certificate of a reference material: what A-01 is for other certificates.
/// `outside_the_si`: its way ends in an admitted reference outside the SI.
pub fn m_02(
    walk: &mut Walk<'_>,
    index: ResultIndex,
    row: &ResultRow,
    calibration: &CalibrationRow,
    outside_the_si: bool,
) -> Recognition {
    let recognition = classify(walk, index, row, calibration, outside_the_si);
    // Whether the JCTLM still listed it is known at a use only (rule M-08), and the route with it.
    if recognition.route != Route::Rm3 {
        note_route(walk, row, calibration, recognition);
    }
    recognition
}

fn note_route(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    recognition: Recognition,
) {
    let subject = Subject::Calibration(row.calibration);
    let organisation = calibration
        .issuer
        .map_or(FactValue::Word("?"), |issuer| FactValue::Record(Subject::Organisation(issuer)));
    let facts = [
        fact("route", FactValue::Word(recognition.route.as_str())),
        fact("organisation", organisation),
    ];
    let note = match recognition.route {
        Route::Rm4 if recognition.conditional => {
            Note::unknown(&M_02, subject, &OTHER_PRODUCER, &NEED_COMPETENCE)
                .severity(Severity::Minor)
        }
        Route::Fail => Note::fail(&M_02, subject, &CONTRADICTED),
        Route::None => Note::fail(&M_02, subject, &NO_ROUTE),
        Route::Indeterminate => Note::unknown(&M_02, subject, &ROUTE_UNKNOWN, &NEED_ROUTE),
        _ => Note::pass_with(&M_02, subject, &ROUTE),
    };
    walk.note(note.facts(&facts));
}

fn classify(
    walk: &mut Walk<'_>,
    index: ResultIndex,
    row: &ResultRow,
    calibration: &CalibrationRow,
    outside_the_si: bool,
) -> Recognition {
    let outside = |route| Recognition {
        route,
        recognised: Tri::Fail,
        conditional: false,
        strength: calibration.evidence,
        capability: None,
    };
    let unknown = Recognition { recognised: Tri::Indeterminate, ..outside(Route::Indeterminate) };
    let own = material(walk, calibration.item);
    let found =
        own.and_then(|own| property(walk.evidence, own, row.kind, analyte(walk, row), row.value()));
    if found.is_some_and(|found| found.certified == Some(false)) {
        return outside(Route::None);
    }
    let Some(issuer) = calibration.issuer else { return unknown };
    let kind = walk.evidence.organisation(issuer).kind;
    if kind == OrganisationKind::Bipm {
        let recognised = institute::n_07(walk, row, calibration);
        let route = if recognised == Tri::Pass { Route::Rm1 } else { Route::Indeterminate };
        return Recognition { recognised, ..outside(route) };
    }
    if calibration.endorsement != EndorsementRow::None && row.endorsed != Some(false) {
        uncertainty::u_03(walk, index, row);
    }
    let first = walk.findings.len();
    let mut open = false;
    if kind.is_institute() && row.endorsed != Some(false) {
        let found = rm1(walk, index, row, calibration, issuer);
        match found.route {
            Route::Rm1 | Route::Fail => return found,
            Route::Indeterminate => open = true,
            _ => {}
        }
    }
    // What spoke against one route is nothing to be said where another one holds.
    let second = walk.findings.len();
    if let Some(found) = rm2(walk, index, row, calibration, issuer) {
        match found.route {
            Route::Rm2 => {
                walk.findings.drain(first..second);
                return found;
            }
            Route::Fail => return found,
            Route::Indeterminate => open = true,
            _ => {}
        }
    }
    match rm3(walk, row, calibration) {
        Some(Tri::Pass) => {
            walk.findings.truncate(first);
            let strength = standard_evidence(walk, calibration).min(calibration.evidence);
            return Recognition { recognised: Tri::Pass, strength, ..outside(Route::Rm3) };
        }
        Some(Tri::Indeterminate) => open = true,
        Some(Tri::Fail) | None => {}
    }
    if outside_the_si {
        walk.findings.truncate(first);
        return outside(Route::Alt653NonSi);
    }
    if open {
        return unknown;
    }
    other_producer(walk, row, calibration, kind, outside(Route::None))
}

fn standard_evidence(walk: &Walk<'_>, calibration: &CalibrationRow) -> EvidenceLevel {
    let item = calibration.item.map(|item| walk.evidence.standard(item).evidence);
    item.unwrap_or(calibration.evidence)
}

/// RM4: another producer, with the evidence of competence that A-07 asks for.
fn other_producer(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    kind: OrganisationKind,
    outside: Recognition,
) -> Recognition {
    let found = accreditation::third_route(walk, row, calibration, kind, outside);
    match found.route {
        Route::R3a | Route::R3b => Recognition { route: Route::Rm4, ..found },
        _ => found,
    }
}

/// RM1: an institute of the CIPM MRA within its published CMC.
fn rm1(
    walk: &mut Walk<'_>,
    index: ResultIndex,
    row: &ResultRow,
    calibration: &CalibrationRow,
    issuer: OrganisationIndex,
) -> Recognition {
    let participates = institute::n_01(walk, row, calibration, issuer);
    let found = capability::coverage(walk, index, row, calibration, Publisher::Kcdb, None);
    let against = found.capability.map(Subject::Capability);
    institute::n_02(walk, row, found.covers, against);
    let uncertainty = if found.covers == Tri::Pass { found.uncertainty } else { Tri::Pass };
    let recognised = participates.and(found.covers).and(uncertainty);
    let below = found.covers == Tri::Pass && found.uncertainty == Tri::Fail;
    let route = match recognised {
        Tri::Pass => Route::Rm1,
        Tri::Fail if below && calibration.endorsement == EndorsementRow::CipmMra => Route::Fail,
        Tri::Fail => Route::Rm4,
        Tri::Indeterminate => Route::Indeterminate,
    };
    let strength = found
        .capability
        .map_or(calibration.evidence, |index| walk.evidence.capability(index).evidence)
        .min(calibration.evidence);
    let capability = found.capability;
    Recognition { route, recognised, conditional: false, strength, capability }
}

/// RM2: a producer accredited to ISO 17034 with the material in its scope. A certificate that does
/// not say so leaves it open where the producer is accredited for such a material.
fn rm2(
    walk: &mut Walk<'_>,
    index: ResultIndex,
    row: &ResultRow,
    calibration: &CalibrationRow,
    issuer: OrganisationIndex,
) -> Option<Recognition> {
    let endorsed = row.endorsed != Some(false);
    let is_of_a_producer = |walk: &Walk<'_>, index: AccreditationIndex| {
        walk.evidence.accreditation(index).standard == AccreditationStandard::Iso17034
    };
    if let EndorsementRow::Accreditation(named) = calibration.endorsement
        && is_of_a_producer(walk, named)
    {
        let found = accreditation::r2(walk, index, row, calibration, issuer, named, endorsed);
        let route = match found.route {
            Route::R2 => Route::Rm2,
            other => other,
        };
        return Some(Recognition { route, ..found });
    }
    if !endorsed {
        return None;
    }
    let performed = Period { from: calibration.performed_from, to: calibration.performed_to };
    let active = walk.evidence.accreditations_of.of(issuer.position()).iter().copied().find(
        |accreditation| {
            let row = walk.evidence.accreditation(*accreditation);
            is_of_a_producer(walk, *accreditation)
                && walk.knows(row.known_from)
                && accreditation::activity(walk, *accreditation, performed) == Tri::Pass
        },
    )?;
    let before = walk.findings.len();
    let publisher = Publisher::AccreditationScope;
    let found = capability::coverage(walk, index, row, calibration, publisher, Some(active));
    if found.covers == Tri::Fail || found.uncertainty == Tri::Fail {
        walk.findings.truncate(before);
        return None;
    }
    let recognised = accreditation::a_06(walk, row, Tri::Indeterminate);
    Some(Recognition {
        route: Route::Indeterminate,
        recognised,
        conditional: false,
        strength: calibration.evidence,
        capability: found.capability,
    })
}

static ONLY_AN_ID: Phrase = phrase(
    "mục JCTLM {entry} được nêu mà không có thời gian có mặt trong danh mục",
    "the JCTLM entry {entry} is named without the days over which it is listed",
);
static NEED_LISTING: Phrase = phrase(
    "ngày mục đó được đưa vào và rút khỏi danh mục JCTLM",
    "the days on which the JCTLM listed and withdrew the entry",
);
static NOT_LISTED: Phrase = phrase(
    "mục JCTLM {entry} có trong danh mục từ {from} đến {to}, chất chuẩn được dùng ngày {used}",
    "the JCTLM listed the entry {entry} from {from} to {to}, and the material was used on {used}",
);
static ENDED_BEFORE: Phrase = phrase(
    "mục JCTLM {entry} kết thúc ngày {to}, trước khi lô này được chứng nhận ngày {certified}",
    "the JCTLM listed the entry {entry} until {to}, before this batch was certified on {certified}",
);
static LISTED: Phrase = phrase(
    "mục JCTLM {entry} có trong danh mục vào ngày sử dụng {used}",
    "the JCTLM lists the entry {entry} on the day of use {used}",
);

/// RM3 for a row: whether the JCTLM listed the material at any time since it was certified. None
/// where no entry is named. The day of use is M-08's.
fn rm3(walk: &mut Walk<'_>, row: &ResultRow, calibration: &CalibrationRow) -> Option<Tri> {
    let own = material(walk, calibration.item)?;
    let entry = fact("entry", FactValue::Text(own.jctlm?));
    let subject = Subject::Calibration(row.calibration);
    let against = calibration.item.map(Subject::Standard);
    let Some(listed) = own.listed else {
        let note = Note::unknown(&M_08, subject, &ONLY_AN_ID, &NEED_LISTING).against(against);
        return Some(walk.note(note.facts(&[entry])));
    };
    if listed.to >= calibration.performed_to {
        return Some(Tri::Pass);
    }
    let facts = [
        entry,
        fact("to", FactValue::Day(listed.to)),
        fact("certified", FactValue::Day(calibration.performed_to)),
    ];
    let note = Note::fail(&M_08, subject, &ENDED_BEFORE).against(against);
    Some(walk.note(note.facts(&facts)))
}

/// M-08 at a use.
fn m_08(
    walk: &mut Walk<'_>,
    calibration: &CalibrationRow,
    used: Period,
    subject: Subject,
    against: Subject,
) -> Tri {
    let own = material(walk, calibration.item);
    let Some((entry, listed)) = own.and_then(|own| own.jctlm.zip(own.listed)) else {
        return Tri::Indeterminate;
    };
    let bound = |day: Day| match day == Day::beginning() || day == Day::end() {
        true => FactValue::Word("?"),
        false => FactValue::Day(day),
    };
    let facts = [
        fact("entry", FactValue::Text(entry)),
        fact("from", bound(listed.from)),
        fact("to", bound(listed.to)),
        fact("used", FactValue::Day(used.to)),
    ];
    let note = match listed.contains(used) {
        true => Note::pass_with(&M_08, subject, &LISTED),
        false => Note::fail(&M_08, subject, &NOT_LISTED),
    };
    walk.note(note.against(Some(against)).facts(&facts))
}

static NO_MATERIAL: Phrase = phrase(
    "giấy chứng nhận chất chuẩn {number} thuộc về một chuẩn không có hồ sơ chất chuẩn (lô, nhà sản xuất, bảo quản)",
    "the reference material certificate {number} belongs to a standard without data as a material (batch, producer, storage)",
);
static NEED_MATERIAL: Phrase = phrase(
    "hồ sơ chất chuẩn: lô, nhà sản xuất, lượng mẫu tối thiểu, bảo quản",
    "the data of the material: batch, producer, smallest sample, storage",
);
static NO_BATCH: Phrase = phrase(
    "không ghi số lô của chất chuẩn trên giấy chứng nhận {number}",
    "the batch of the reference material on certificate {number} is not stated",
);
static NEED_BATCH: Phrase = phrase("số lô của chất chuẩn", "the batch number of the material");
static OF_ANOTHER_PRODUCER: Phrase = phrase(
    "giấy chứng nhận {number} do {issuer} cấp, nhưng nhà sản xuất là {producer}",
    "certificate {number} was issued by {issuer}, but the producer is {producer}",
);
static NEED_PRODUCERS_CERTIFICATE: Phrase = phrase(
    "giấy chứng nhận của chính nhà sản xuất, hoặc tên nhà sản xuất đúng",
    "the producer's own certificate, or the right producer",
);
static NO_SMALLEST_SAMPLE: Phrase = phrase(
    "không ghi lượng mẫu tối thiểu của chất chuẩn",
    "the smallest sample of the material is not stated",
);
static NEED_SMALLEST_SAMPLE: Phrase =
    phrase("lượng mẫu tối thiểu trên giấy chứng nhận", "the smallest sample on the certificate");
static NO_STORAGE: Phrase = phrase(
    "không ghi điều kiện bảo quản chất chuẩn",
    "the storage conditions of the material are not stated",
);
static NEED_STORAGE: Phrase =
    phrase("điều kiện bảo quản trên giấy chứng nhận", "the storage conditions on the certificate");

/// M-03 for a row of a certificate of a reference material.
pub fn m_03(walk: &mut Walk<'_>, row: &ResultRow, calibration: &CalibrationRow) -> Tri {
    let subject = Subject::Calibration(row.calibration);
    let against = calibration.item.map(Subject::Standard);
    let number = fact("number", FactValue::Text(calibration.number));
    let Some(own) = material(walk, calibration.item) else {
        let note = Note::unknown(&M_03, subject, &NO_MATERIAL, &NEED_MATERIAL).against(against);
        return walk.note(note.facts(&[number]));
    };
    let before = walk.findings.len();
    let mut state = Tri::Pass;
    if own.batch.is_none() {
        let note = Note::unknown(&M_03, subject, &NO_BATCH, &NEED_BATCH).against(against);
        state = state.and(walk.note(note.facts(&[number])));
    }
    if let (Some(producer), Some(issuer)) = (own.producer, calibration.issuer)
        && producer != issuer
    {
        let facts = [
            number,
            fact("issuer", FactValue::Record(Subject::Organisation(issuer))),
            fact("producer", FactValue::Record(Subject::Organisation(producer))),
        ];
        let note = Note::unknown(&M_03, subject, &OF_ANOTHER_PRODUCER, &NEED_PRODUCERS_CERTIFICATE);
        state = state.and(walk.note(note.against(against).facts(&facts)));
    }
    if own.minimum_sample.is_none() && !own.gas {
        let note = Note::unknown(&M_03, subject, &NO_SMALLEST_SAMPLE, &NEED_SMALLEST_SAMPLE);
        walk.note(note.severity(Severity::Minor).against(against));
    }
    if !own.storage {
        let note = Note::unknown(&M_03, subject, &NO_STORAGE, &NEED_STORAGE);
        walk.note(note.severity(Severity::Minor).against(against));
    }
    match walk.findings.len() == before {
        true => walk.note(Note::pass(&M_03, subject).against(against)),
        false => state,
    }
}

/// How long a material is good, as far as known.
struct Life {
    /// The last good day, of what is stated.
    last: Option<Day>,
    /// The day of opening, where it was opened by the day of use.
    opened: Option<Day>,
    /// The last day of the opened package, where that is stated.
    after_opening: Option<Day>,
    /// Whether the life of the opened package is missing.
    life_of_opened_unknown: bool,
}

/// How long the material of a certificate is good for a use; none where the item is no reference
/// material and time is T-02's and T-03's.
fn life(walk: &Walk<'_>, calibration: &CalibrationRow, used_on: Day) -> Option<Life> {
    let is_certificate = calibration.kind == CalibrationKind::ReferenceMaterialCertificate;
    let own = material(walk, calibration.item);
    if own.is_none() && !is_certificate {
        return None;
    }
    // The producer's last day may be printed: unlike a calibration's, it is the producer's to say.
    let printed = is_certificate || calibration.due_source != DueSource::Printed;
    let by_certificate = calibration.due_on.filter(|_| printed);
    let by_record = own.and_then(|own| own.valid_to);
    let stated = earlier(by_record, by_certificate);
    let by_owner = match time::due_by_policy(walk, calibration, used_on) {
        // The owner may shorten the producer's validity, not give one.
        Some(day) if stated.is_some() || !is_certificate => Some(day),
        _ => None,
    };
    let events = calibration.item.map_or(&[][..], |item| walk.evidence.events.of(item.position()));
    let opening = events
        .iter()
        .filter(|event| event.kind == EventKind::Opened && walk.knows(event.known_from))
        .filter_map(|event| event.on)
        .min();
    let opened = earlier(own.and_then(|own| own.opened_on), opening).filter(|day| *day <= used_on);
    let days = own.and_then(|own| own.post_open_days);
    let gas = own.is_some_and(|own| own.gas);
    let after_opening =
        opened.zip(days).map(|(day, days)| day.plus_days(i32::try_from(days).unwrap_or(i32::MAX)));
    Some(Life {
        last: earlier(stated, by_owner),
        opened,
        after_opening,
        life_of_opened_unknown: opened.is_some() && days.is_none() && !gas,
    })
}

fn earlier(one: Option<Day>, other: Option<Day>) -> Option<Day> {
    [one, other].into_iter().flatten().min()
}

/// Whether the material of a certificate is good on a day; none where the item is none.
pub fn is_good_on(walk: &Walk<'_>, calibration: &CalibrationRow, used_on: Day) -> Option<bool> {
    let life = life(walk, calibration, used_on)?;
    let within = |last: Option<Day>| last.is_none_or(|last| used_on <= last);
    let known = life.last.is_some() && !life.life_of_opened_unknown;
    Some(known && within(life.last) && within(life.after_opening))
}

static EXPIRED: Phrase = phrase(
    "chất chuẩn hết hạn ngày {last} nhưng được dùng ngày {used}",
    "the reference material was valid until {last} but was used on {used}",
);
static OPENED_TOO_LONG: Phrase = phrase(
    "chất chuẩn mở ngày {opened}, sau khi mở chỉ dùng được đến {last}, nhưng được dùng ngày {used}",
    "the reference material was opened on {opened} and then good until {last}, but was used on {used}",
);
static OPENED_LIFE_UNKNOWN: Phrase = phrase(
    "chất chuẩn đã mở ngày {opened} mà không ghi thời hạn dùng sau khi mở",
    "the reference material was opened on {opened}, and how long it then lasts is not stated",
);
static NEED_OPENED_LIFE: Phrase = phrase(
    "số ngày dùng được sau khi mở (giấy chứng nhận hoặc nhà sản xuất)",
    "the days for which it is good after opening (certificate or producer)",
);
static NO_VALIDITY: Phrase = phrase(
    "chất chuẩn được dùng ngày {used} mà không ghi thời hạn hiệu lực",
    "the reference material was used on {used}, and its validity is not stated",
);
static NEED_VALIDITY: Phrase = phrase(
    "thời hạn hiệu lực của nhà sản xuất, trên giấy chứng nhận hoặc hồ sơ chất chuẩn",
    "the producer's period of validity, on the certificate or the material's record",
);
static GOOD: Phrase = phrase(
    "chất chuẩn còn hạn đến {last}, được dùng ngày {used}",
    "the reference material is valid until {last} and was used on {used}",
);

/// M-04 for a use until a day; none where the item is no reference material.
fn m_04(
    walk: &mut Walk<'_>,
    calibration: &CalibrationRow,
    used_on: Day,
    subject: Subject,
    against: Subject,
) -> Option<Tri> {
    let life = life(walk, calibration, used_on)?;
    let used = fact("used", FactValue::Day(used_on));
    let last = earlier(life.last, life.after_opening);
    let shown = |day: Option<Day>| day.map_or(FactValue::Word("?"), FactValue::Day);
    let facts = [used, fact("last", shown(last)), fact("opened", shown(life.opened))];
    let over = |last: Option<Day>| last.is_some_and(|last| used_on > last);
    let note = if over(life.last) && life.last <= life.after_opening.or(life.last) {
        Note::fail(&M_04, subject, &EXPIRED)
    } else if over(life.after_opening) {
        Note::fail(&M_04, subject, &OPENED_TOO_LONG)
    } else if life.last.is_none() {
        Note::unknown(&M_04, subject, &NO_VALIDITY, &NEED_VALIDITY)
    } else if life.life_of_opened_unknown {
        Note::unknown(&M_04, subject, &OPENED_LIFE_UNKNOWN, &NEED_OPENED_LIFE)
    } else {
        Note::pass_with(&M_04, subject, &GOOD)
    };
    Some(walk.note(note.against(Some(against)).facts(&facts)))
}

/// The rules on time at a link to a reference material, in place of T-02; none where the item is
/// none.
pub fn m_04_link(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    child: &CalibrationRow,
    parent_row: &ResultRow,
    parent: &CalibrationRow,
) -> Option<Tri> {
    let against = Subject::Calibration(parent_row.calibration);
    m_04(walk, parent, child.performed_to, Subject::Calibration(row.calibration), against)
}

/// M-04 for the claim, in place of T-03; none where the standard is no reference material.
pub fn m_04_claim(
    walk: &mut Walk<'_>,
    standard: StandardIndex,
    index: CalibrationIndex,
    calibration: &CalibrationRow,
    used_on: Day,
) -> Option<Tri> {
    let against = Subject::Calibration(index);
    m_04(walk, calibration, used_on, Subject::Standard(standard), against)
}

static TOO_LITTLE: Phrase = phrase(
    "lượng chất chuẩn còn lại {remaining} thấp hơn mức tối thiểu {minimum}",
    "what is left of the reference material, {remaining}, is below the minimum {minimum}",
);
static ENOUGH: Phrase = phrase(
    "lượng chất chuẩn còn lại {remaining} không thấp hơn mức tối thiểu {minimum}",
    "what is left of the reference material, {remaining}, is not below the minimum {minimum}",
);
static LEFT_UNKNOWN: Phrase = phrase(
    "chưa biết lượng chất chuẩn còn lại có đủ dùng hay không",
    "it is not known whether enough of the reference material is left",
);
static NEED_LEFT: Phrase = phrase(
    "lượng còn lại và lượng mẫu tối thiểu, cùng loại đơn vị",
    "what is left and the smallest sample, in units of one kind",
);

/// M-05 for the claim.
fn m_05(walk: &mut Walk<'_>, standard: StandardIndex, own: &MaterialRow, opened: bool) {
    /// 10 bar.
    const LOWEST_PRESSURE: f64 = 1e6;
    const PRESSURE: UnitDimension = UnitDimension::new([-1, 1, -2, 0, 0, 0, 0]);
    let subject = Subject::Standard(standard);
    let dimension = |amount: Measured| walk.evidence.unit(amount.unit).dimension();
    let Some(remaining) = own.remaining else {
        if opened {
            walk.note(Note::unknown(&M_05, subject, &LEFT_UNKNOWN, &NEED_LEFT));
        }
        return;
    };
    let stated = own.minimum_sample.filter(|least| dimension(*least) == dimension(remaining));
    let minimum = match stated {
        Some(least) => Some(least.si),
        None => (dimension(remaining) == PRESSURE).then_some(LOWEST_PRESSURE),
    };
    let Some(minimum) = minimum else {
        walk.note(Note::unknown(&M_05, subject, &LEFT_UNKNOWN, &NEED_LEFT));
        return;
    };
    let facts = [
        fact("remaining", FactValue::Quantity(remaining.si, remaining.unit)),
        fact("minimum", FactValue::Quantity(minimum, remaining.unit)),
    ];
    let below = Bounds::exact(remaining.si).surely_less_than(Bounds::exact(minimum));
    let note = match below {
        true => Note::remark(&M_05, subject, &TOO_LITTLE),
        false => Note::pass_with(&M_05, subject, &ENOUGH),
    };
    walk.note(note.facts(&facts));
}

static NO_FACTORS: Phrase = phrase(
    "dung dịch tự pha trên giấy {number} không ghi khối lượng hay thể tích đã dùng để pha",
    "the own dilution on {number} does not state the masses or volumes it was made with",
);
static NEED_FACTORS: Phrase = phrase(
    "các khối lượng hoặc thể tích của phép pha, với giấy chứng nhận của cân, pipet, bình định mức",
    "the masses or volumes of the dilution, with the certificates of balance, pipette and flask",
);
static BELOW_THE_FLOOR: Phrase = phrase(
    "độ không đảm bảo đo của dung dịch tự pha nhỏ hơn mức mà chất chuẩn gốc và phép pha cho phép (U-05)",
    "the uncertainty of the own dilution is below what its parent material and the dilution allow (U-05)",
);

/// M-06 for a row, after U-05: of a material that its owner made from another one.
pub fn m_06(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    inputs: &[Input],
    floor: Tri,
) -> Tri {
    let made = calibration.kind == CalibrationKind::Calibration
        && material(walk, calibration.item).is_some()
        && walk.evidence.owner_of_item(calibration) == calibration.issuer;
    if !made {
        return Tri::Pass;
    }
    let parent_material = |input: &Input| {
        let Target::Row(parent) = input.resolved.target else { return None };
        let parent = walk.evidence.result(parent).calibration;
        material(walk, walk.evidence.calibration(parent).item).map(|_| parent)
    };
    let diluted = inputs
        .iter()
        .filter(|input| input.reference.model != Some(Model::Identity))
        .find_map(parent_material);
    let Some(parent) = diluted else { return Tri::Pass };
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Calibration(parent));
    let further = inputs.iter().filter(|input| {
        let reference = &input.reference;
        let is_factor = !reference.coefficient.is_nan()
            || matches!(reference.model, Some(Model::Product | Model::Custom | Model::Ratio));
        is_factor && parent_material(input).is_none()
    });
    let note = if further.count() == 0 {
        let note = Note::unknown(&M_06, subject, &NO_FACTORS, &NEED_FACTORS).against(against);
        return walk.note(note.facts(&[fact("number", FactValue::Text(calibration.number))]));
    } else if floor == Tri::Fail {
        Note::fail(&M_06, subject, &BELOW_THE_FLOOR)
    } else {
        Note::pass(&M_06, subject)
    };
    walk.note(note.against(against))
}

static OTHER_MATRIX: Phrase = phrase(
    "chất chuẩn có nền {material}, được dùng cho nền {use}: cần bằng chứng về tính tương thích (commutability)",
    "the material's matrix is {material}, it is used for {use}: evidence of its commutability is needed",
);
static OTHER_MATRIX_OF_CLAIM: Phrase = phrase(
    "chất chuẩn có nền {material}, khác nền nêu trong yêu cầu: cần bằng chứng về tính tương thích (commutability)",
    "the material's matrix is {material}, not the one of the claim: evidence of its commutability is needed",
);
static USE_WITHOUT_MATRIX: Phrase = phrase(
    "chất chuẩn có nền {material}, nhưng yêu cầu không nêu nền của mẫu đo",
    "the material's matrix is {material}, but the claim does not say for which matrix it is used",
);
static MATERIAL_WITHOUT_MATRIX: Phrase = phrase(
    "hồ sơ và giấy chứng nhận không nêu nền mẫu của chất chuẩn",
    "neither the record nor the certificate of the material states its matrix",
);
static NEED_MATRIX: Phrase = phrase(
    "nền mẫu của chất chuẩn và của mẫu đo",
    "the matrix of the material and that of the use",
);

/// The matrix of a certified value: of the row, else of the material as a whole.
fn matrix(walk: &Walk<'_>, row: &ResultRow, calibration: &CalibrationRow) -> Option<TextIndex> {
    let of_row = walk.evidence.result_detail(row).and_then(|detail| detail.matrix);
    of_row.or_else(|| material(walk, calibration.item).and_then(|own| own.matrix))
}

/// M-07 for the claim: against the matrix that it states.
pub fn m_07(
    walk: &mut Walk<'_>,
    standard: StandardIndex,
    row: &ResultRow,
    calibration: &CalibrationRow,
    asked: Option<&str>,
) {
    if material(walk, Some(standard)).is_none() {
        return;
    }
    let own = matrix(walk, row, calibration);
    let subject = Subject::Standard(standard);
    let facts = own.map(|own| fact("material", FactValue::Text(own)));
    let note = match (own, asked) {
        (None, None) => return,
        (Some(own), Some(asked)) if walk.evidence.text(own) == asked => Note::pass(&M_07, subject),
        (Some(_), Some(_)) => Note::remark(&M_07, subject, &OTHER_MATRIX_OF_CLAIM),
        (Some(_), None) => Note::unknown(&M_07, subject, &USE_WITHOUT_MATRIX, &NEED_MATRIX),
        (None, Some(_)) => Note::unknown(&M_07, subject, &MATERIAL_WITHOUT_MATRIX, &NEED_MATRIX),
    };
    walk.note(note.facts(facts.as_slice()));
}

/// M-07 at a link: where the result made with the material states its matrix.
fn m_07_link(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    parent_row: &ResultRow,
    parent: &CalibrationRow,
) {
    let Some(used) = walk.evidence.result_detail(row).and_then(|detail| detail.matrix) else {
        return;
    };
    let Some(own) = matrix(walk, parent_row, parent) else { return };
    let subject = Subject::Calibration(row.calibration);
    let facts = [fact("material", FactValue::Text(own)), fact("use", FactValue::Text(used))];
    let note = match own == used {
        true => Note::pass(&M_07, subject),
        false => Note::remark(&M_07, subject, &OTHER_MATRIX),
    };
    let against = Some(Subject::Calibration(parent_row.calibration));
    walk.note(note.against(against).facts(&facts));
}

static NO_LONGER_RECOGNISED: Phrase = phrase(
    "chất chuẩn không còn được công nhận khi được dùng, và phía trên nó không có điểm gốc nào được ghi",
    "the reference material was not recognised when it was used, and no root above it is on record",
);
static NEED_ROOT: Phrase = phrase(
    "các chuẩn đã dùng để ấn định giá trị của chất chuẩn đó",
    "the references with which that material's value was assigned",
);

/// What holds at a link to the row of a reference material, beside M-04.
pub fn at_link(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    child: &CalibrationRow,
    parent_row: &ResultRow,
    parent: &CalibrationRow,
    input: &Input,
) -> Tri {
    if parent.kind != CalibrationKind::ReferenceMaterialCertificate
        && material(walk, parent.item).is_none()
    {
        return Tri::Pass;
    }
    let state = m_01_link(walk, row, parent_row, input);
    m_07_link(walk, row, parent_row, parent);
    let Target::Row(index) = input.resolved.target else { return state };
    let Some(verdict) = walk.verdict(index).filter(|verdict| verdict.route == Route::Rm3) else {
        return state;
    };
    let (upward, recognition) = (verdict.upward, recognised(verdict, parent));
    let used = Period { from: child.performed_from, to: child.performed_to };
    let subject = Subject::Calibration(row.calibration);
    let against = Subject::Calibration(parent_row.calibration);
    if m_08(walk, parent, used, subject, against) == Tri::Pass {
        note_route(walk, parent_row, parent, recognition);
        return state;
    }
    if upward == Tri::Pass {
        return state;
    }
    // Not recognised when it was used, and what is above it does not reach a root.
    let note = Note::unknown(&structure::S_05, subject, &NO_LONGER_RECOGNISED, &NEED_ROOT);
    state.and(walk.note(note.against(Some(against))))
}

/// How a row was recognised.
fn recognised(verdict: &RowVerdict, calibration: &CalibrationRow) -> Recognition {
    Recognition {
        route: verdict.route,
        recognised: verdict.recognised,
        conditional: verdict.conditional,
        strength: calibration.evidence,
        capability: verdict.capability,
    }
}

/// What holds for the claim on a reference material, beside M-04 and M-07: M-05, and M-08 where the
/// material counts by the JCTLM; without it the producer is another one (RM4).
pub fn at_claim(
    walk: &mut Walk<'_>,
    standard: StandardIndex,
    index: ResultIndex,
    calibration: &CalibrationRow,
    used_on: Day,
) {
    let Some(own) = material(walk, Some(standard)) else { return };
    let row = *walk.evidence.result(index);
    let opened = life(walk, calibration, used_on).is_some_and(|life| life.opened.is_some());
    m_05(walk, standard, own, opened);
    let Some(verdict) = walk.verdict(index).filter(|verdict| verdict.route == Route::Rm3) else {
        return;
    };
    let recognition = recognised(verdict, calibration);
    let used = Period { from: used_on, to: used_on };
    let against = Subject::Calibration(row.calibration);
    if m_08(walk, calibration, used, Subject::Standard(standard), against) == Tri::Pass {
        note_route(walk, &row, calibration, recognition);
        return;
    }
    let kind = walk.kind_of_issuer(calibration).unwrap_or(OrganisationKind::Enterprise);
    let outside = Recognition {
        route: Route::None,
        recognised: Tri::Fail,
        conditional: false,
        strength: calibration.evidence,
        capability: None,
    };
    let recognition = other_producer(walk, &row, calibration, kind, outside);
    note_route(walk, &row, calibration, recognition);
    walk.recognise_anew(index, recognition);
}

static SI_IS_POSSIBLE: Phrase = phrase(
    "{kind} liên kết được tới SI: không được thay bằng chuẩn quy ước",
    "{kind} can be traceable to the SI: a conventional reference may not stand in its place",
);
static NOT_DESCRIBED: Phrase = phrase(
    "mốc quy chiếu ngoài SI cho {kind} chưa được mô tả (định nghĩa thang, phương pháp)",
    "the reference outside the SI for {kind} is not described (definition of the scale, method)",
);
static NEED_DESCRIPTION: Phrase = phrase(
    "phương pháp hoặc định nghĩa của mốc quy chiếu đó",
    "the method or definition of that reference",
);
static NOT_COMPARED: Phrase = phrase(
    "chưa biết so sánh đã công bố nào cho {kind} mà tổ chức giữ mốc quy chiếu tham gia",
    "no published comparison of {kind} in which the holder of the reference took part is known",
);
static NEED_COMPARISON: Phrase = phrase(
    "một so sánh đã công bố (so sánh chủ chốt, bổ trợ hoặc song phương) có tổ chức đó tham gia",
    "a published comparison (key, supplementary or bilateral) with that organisation",
);

/// Whether a root is a reference by convention rather than a realisation of a unit.
pub fn is_conventional(root: &RealisationRow) -> bool {
    matches!(
        root.kind,
        RealisationKind::InternationalReference
            | RealisationKind::ReferenceProcedure
            | RealisationKind::ConsensusStandard
    )
}

/// M-09 at a conventional root that a calibration cites.
pub fn m_09(walk: &mut Walk<'_>, row: &ResultRow, index: RealisationIndex) -> Tri {
    let root = *walk.evidence.realisation(index);
    let subject = Subject::Calibration(row.calibration);
    let facts = [fact("kind", FactValue::Word(row.kind.id()))];
    let compared = |walk: &Walk<'_>| {
        root.organisation.is_some_and(|holder| comparison::is_compared(walk, holder, row.kind))
    };
    let note = if row.kind.kind().si_possible {
        Note::fail(&M_09, subject, &SI_IS_POSSIBLE)
    } else if root.method.is_none() {
        Note::unknown(&M_09, subject, &NOT_DESCRIBED, &NEED_DESCRIPTION)
    } else if !compared(walk) {
        Note::unknown(&M_09, subject, &NOT_COMPARED, &NEED_COMPARISON)
    } else {
        Note::pass(&M_09, subject)
    };
    walk.note(note.against(Some(Subject::Realisation(index))).facts(&facts))
}
