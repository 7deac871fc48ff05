//! Area S: the structure of a chain.

use rustc_hash::FxHashSet;

use crate::domain::calibration::{CalibrationKind, Model};
use crate::domain::organisation::OrganisationKind;
use crate::domain::realisation::RealisationKind;
use crate::domain::recognition::EvidenceLevel;
use crate::domain::unit::Dimension as UnitDimension;
use crate::engine::evidence::*;
use crate::engine::finding::{
    Dimension, FactValue, Phrase, Rule, Severity, Source, Subject, Tag, fact, phrase,
};
use crate::engine::numbers;
use crate::engine::rules::{document, institute, material, range};
use crate::engine::tri::Tri;
use crate::engine::walk::{Input, Note, Walk, Weight};

/// S-01: a claim is about a result: quantity, point, unit, conditions and day of use. A claim that
/// names only a device or a laboratory is refused before the engine is asked. Critical.
/// VIM 2.41 \[F\]: traceability is a property of a measurement result.
pub static S_01: Rule = Rule {
    id: "S-01",
    statement: phrase(
        "yêu cầu nêu rõ đại lượng, điểm đo và ngày sử dụng",
        "the claim names quantity, point and day of use",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("VIM", "2.41", Tag::Official),
    optional_input: false,
};

/// S-02: a calibration exists for the claim: a certificate of the standard, performed before the
/// use, with a row for the quantity. Nothing of the kind is a fail only where the owner declares
/// the history complete. Critical. ISO/IEC 17025 6.4.6, 6.5.1 \[S\].
pub static S_02: Rule = Rule {
    id: "S-02",
    statement: phrase(
        "có giấy chứng nhận hiệu chuẩn cho đại lượng này, thực hiện trước ngày sử dụng",
        "a calibration of this quantity, performed before the use, exists",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "6.4.6", Tag::Secondary),
    optional_input: false,
};

/// S-03: every reference resolves to a row of a certificate, or to a root, not just to an asset.
/// A certificate that belongs to another item is a fail, and so is one whose document is not the
/// one that was used (both SHA-256 are stated and differ); anything missing is indeterminate.
/// Critical. VIM 2.41 "documented" \[F\].
///
/// Doubt: whether another document is a contradiction or only unknown. A chain is of documents; an
/// assessor who is shown another one than was used does not accept it until its issuer explains,
/// which a correction (`amends`) does.
pub static S_03: Rule = Rule {
    id: "S-03",
    statement: phrase(
        "chuẩn đã dùng được dẫn đến một dòng kết quả của giấy chứng nhận hoặc đến điểm gốc",
        "the reference used leads to a row of a certificate or to a root",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("VIM", "2.41", Tag::Official),
    optional_input: false,
};

/// S-04: the graph of calibration events has no cycle: each outcome depends on the one before.
/// Critical. VIM 2.40 \[F\].
pub static S_04: Rule = Rule {
    id: "S-04",
    statement: phrase(
        "chuỗi hiệu chuẩn không có vòng kín",
        "the chain of calibrations has no cycle",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("VIM", "2.40", Tag::Official),
    optional_input: false,
};

/// S-05: the way up ends in an admissible reference: a realisation of the BIPM or of an institute
/// that takes part in the CIPM MRA on that day and itself issued the certificate, covering kind,
/// range and day. A root declared by an organisation that cannot realise a unit (a laboratory, a
/// maker) contradicts the rule; anything merely unknown is indeterminate. A conventional
/// reference passes outside the SI where the SI is not possible for the quantity, and fails where
/// it is; whether it is accepted and compared is rule M-09's. An international reference may be kept
/// by an intergovernmental body outside the CIPM MRA. Critical. ISO/IEC 17025 6.5.2, 6.5.3 \[S\].
pub static S_05: Rule = Rule {
    id: "S-05",
    statement: phrase(
        "chuỗi kết thúc ở một mốc quy chiếu được chấp nhận",
        "the chain ends in an admissible reference",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "6.5.2", Tag::Secondary),
    optional_input: false,
};

/// S-06: no self-lineage: a path that comes back to an older calibration of the same standard
/// needs another significant path to a root. Major. From VIM 2.41 \[K\].
pub static S_06: Rule = Rule {
    id: "S-06",
    statement: phrase(
        "chuỗi không chỉ dựa vào lần hiệu chuẩn cũ của chính chuẩn đó",
        "the chain does not rest on an older calibration of the same standard alone",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("VIM", "2.41", Tag::Knowledge),
    optional_input: true,
};

/// S-07: all significant inputs are traceable. An input's share is f = (c·u)²/u_c²; one that fails
/// or is unknown counts in full from f ≥ 0.10 (or f unknown), as a remark from 0.01, else as
/// information. For f the largest of an input's claimed figure, its own floor and the budget's
/// figure counts, so that an understated input does not make itself small. Inputs that are small
/// one by one and fail or are unknown count in full together from Σf ≥ 0.10: forty references of a
/// mean, all expired, bring the whole value. Major. VIM 2.41 NOTE 4 \[F\].
///
/// Doubt: the catalogue weighs each input alone; the sum is what its "significant" must mean, or
/// a broken reference could be made harmless by splitting it.
pub static S_07: Rule = Rule {
    id: "S-07",
    statement: phrase(
        "mọi đại lượng đầu vào đáng kể đều có liên kết chuẩn",
        "all significant inputs are traceable",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("VIM", "2.41 NOTE 4", Tag::Official),
    optional_input: false,
};

/// S-08: which of several certificates is used. The claim says so, or the latest valid one that
/// covers governs, with a remark where the values of two disagree by more than √(U1² + U2²) and
/// what the declared drift explains over the days between them. A named certificate that fails
/// while another would pass is a fail of its own: the value in use comes from the failing one. Not
/// applicable to a single certificate, and at a link: a link names its certificate, or rule S-03
/// says that it does not. Reports of comparisons count as alternatives only where they are
/// certificates (rule S-09). Major. ISO/IEC 17025 6.4.13 \[K\].
///
/// Doubt: values of different nature (an error, an actual value) or at different points are not
/// compared; the rule passes then, since it asks for the route and not for agreement.
pub static S_08: Rule = Rule {
    id: "S-08",
    statement: phrase(
        "trong các giấy chứng nhận còn hiệu lực, giấy đang dùng được xác định",
        "of several valid certificates the one in use is identified",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "6.4.13", Tag::Knowledge),
    optional_input: true,
};

/// S-09: the report of a comparison counts as a calibration only where its result was applied to
/// check and, if needed, correct value and uncertainty, under a named protocol. A satisfactory E_n
/// alone fails; not stated is indeterminate. Where it passes, the report is judged as any
/// certificate; where it does not, it governs only a standard without another certificate. Major.
/// VIM 2.40 NOTE 4, 2.41 NOTE 6 \[F\].
pub static S_09: Rule = Rule {
    id: "S-09",
    statement: phrase(
        "kết quả so sánh đã được dùng để hiệu chính giá trị và độ không đảm bảo đo",
        "the comparison's result was applied to value and uncertainty",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("VIM", "2.41 NOTE 6", Tag::Official),
    optional_input: false,
};

/// S-10: the certificate of a set has a row for the piece used. A row of another piece, or rows
/// that leave this piece out (replaced later, with another serial number), fail; a row that covers
/// the point without saying of which piece is indeterminate. Due date and status are those of the
/// set's certificate (a shorter interval of the piece itself governs); what happened to the set touches its pieces within the event's range (rule
/// T-05), so that a failed set ends only what lies there. Not applicable without a set. Major.
/// ISO/IEC 17025 6.4.13 \[K\].
///
/// Doubt: a reference that names the set and a row without a piece is taken as identified by the
/// row: a set holds one piece of a nominal value.
pub static S_10: Rule = Rule {
    id: "S-10",
    statement: phrase(
        "giấy chứng nhận của bộ có dòng kết quả cho đúng chi tiết đã dùng",
        "the certificate of the set has a row for the piece used",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "6.4.13", Tag::Knowledge),
    optional_input: true,
};

/// S-11: guards: a limit of depth or number is indeterminate with its name, never a fail. Info.
pub static S_11: Rule = Rule {
    id: "S-11",
    statement: phrase("chuỗi nằm trong giới hạn xử lý", "the chain is within the limits of work"),
    severity: Severity::Info,
    dimension: Dimension::Traceability,
    source: Source::new("Etalon", "limits", Tag::Official),
    optional_input: true,
};

/// S-12: recognition contradicted: a step that closes by recognition while the registry shows that
/// its explicit chain fails. The contradiction needs evidence at least as strong as the
/// recognition; a weaker one is a remark. Critical. ISO/IEC 17025 6.5.1 \[S\].
pub static S_12: Rule = Rule {
    id: "S-12",
    statement: phrase(
        "sự công nhận không mâu thuẫn với chuỗi liên kết đã ghi",
        "recognition is not contradicted by the recorded chain",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "6.5.1", Tag::Secondary),
    optional_input: true,
};

static NO_REFERENCES: Phrase = phrase(
    "giấy chứng nhận {number} không nêu đã dùng chuẩn nào",
    "certificate {number} does not say with which standards it was made",
);
static ONLY_A_STATEMENT: Phrase = phrase(
    "giấy chứng nhận {number} chỉ có câu tuyên bố liên kết chuẩn, không nêu chuẩn đã dùng",
    "certificate {number} has only a statement of traceability in words, no reference",
);
static NEED_REFERENCES: Phrase = phrase(
    "các chuẩn đã dùng: số giấy chứng nhận và dòng kết quả của từng chuẩn (hỏi tổ chức cấp)",
    "the references used: certificate and row of each (ask the issuer)",
);
static INCOMPLETE_REFERENCES: Phrase = phrase(
    "giấy chứng nhận {number} cho biết danh sách chuẩn đã dùng chưa đầy đủ",
    "certificate {number} says that its list of references is not complete",
);
static WRONG_PRODUCT: Phrase = phrase(
    "các thừa số đã ghi không cho thứ nguyên của {kind}: thiếu đại lượng đầu vào",
    "the recorded factors do not give the dimension of {kind}: an input is missing",
);
static NEED_FACTORS: Phrase = phrase(
    "mọi thừa số của phương trình với số mũ của chúng",
    "every factor of the equation with its exponent",
);
static UNBOUND_EQUATION: Phrase = phrase(
    "phương trình của mô hình có ký hiệu không gắn với chuẩn nào",
    "the model's equation has symbols that no reference is bound to",
);
static NEED_SYMBOLS: Phrase = phrase(
    "ký hiệu (symbol) cho từng chuẩn trong phương trình",
    "a symbol for each reference of the equation",
);
static ONLY_A_STANDARD: Phrase = phrase(
    "chuẩn {standard} được nêu nhưng không nêu giấy chứng nhận đã dùng",
    "standard {standard} is named, but not the certificate whose value was used",
);
static NEED_CERTIFICATE: Phrase = phrase(
    "giấy chứng nhận và dòng kết quả của chuẩn đó vào ngày sử dụng",
    "the certificate and row of that standard on the day of use",
);
static NO_ROW: Phrase = phrase(
    "giấy chứng nhận {certificate} được nêu nhưng không nêu dòng kết quả đã dùng",
    "certificate {certificate} is named, but not the row that was used",
);
static NEED_ROW: Phrase = phrase(
    "dòng kết quả đã dùng của giấy chứng nhận đó",
    "the row of that certificate that was used",
);
static NOTHING_NAMED: Phrase =
    phrase("một chuẩn đã dùng không có trong hệ thống", "a reference is not in the registry");
static OTHER_ITEM: Phrase = phrase(
    "giấy chứng nhận {certificate} thuộc về một chuẩn khác với chuẩn được nêu",
    "certificate {certificate} belongs to another item than the standard named",
);
static OTHER_DOCUMENT: Phrase = phrase(
    "giấy chứng nhận {certificate} không phải là tài liệu đã dùng: mã băm SHA-256 khác nhau",
    "certificate {certificate} is not the document that was used: the SHA-256 differ",
);

/// Whether the references of a row are complete as far as that can be seen (part of S-03).
pub fn s_03_complete(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    inputs: &[Input],
) -> Tri {
    let subject = Subject::Calibration(row.calibration);
    let number = [fact("number", FactValue::Text(calibration.number))];
    if inputs.is_empty() {
        let message = match calibration.stated.has(Stated::TRACEABILITY) {
            true => &ONLY_A_STATEMENT,
            false => &NO_REFERENCES,
        };
        document::d_09(walk, row.calibration, calibration, false);
        return walk.note(Note::unknown(&S_03, subject, message, &NEED_REFERENCES).facts(&number));
    }
    document::d_09(walk, row.calibration, calibration, true);
    if !calibration.references_complete {
        return walk.note(
            Note::unknown(&S_03, subject, &INCOMPLETE_REFERENCES, &NEED_REFERENCES).facts(&number),
        );
    }
    let unbound = inputs.iter().any(|input| {
        walk.evidence
            .reference_detail(&input.reference)
            .is_some_and(|detail| detail.equation_unbound)
    });
    if unbound {
        return walk.note(Note::unknown(&S_03, subject, &UNBOUND_EQUATION, &NEED_SYMBOLS));
    }
    if !product_is_complete(walk, row, inputs) {
        let kind = [fact("kind", FactValue::Word(row.kind.id()))];
        return walk
            .note(Note::unknown(&S_03, subject, &WRONG_PRODUCT, &NEED_FACTORS).facts(&kind));
    }
    Tri::Pass
}

/// Whether the exponents of the factors give the dimension of the result. True without factors,
/// and where a factor leads nowhere (its own link says so).
fn product_is_complete(walk: &Walk<'_>, row: &ResultRow, inputs: &[Input]) -> bool {
    let mut total = UnitDimension::DIMENSIONLESS;
    let mut factors = 0;
    for input in inputs.iter().filter(|input| input.reference.model == Some(Model::Product)) {
        let kind = match input.resolved.target {
            Target::Row(parent) => walk.evidence.result(parent).kind,
            Target::Realisation(root) => walk.evidence.realisation(root).quantity,
            _ => return true,
        };
        let exponent = input.reference.coefficient;
        if exponent.fract() != 0.0 || exponent.abs() > 16.0 {
            // A root of a dimension is not expressible over whole exponents, and NaN is not
            // stated: nothing is known of completeness.
            return false;
        }
        total = total.multiplied(kind.kind().dimension.raised(exponent as i8));
        factors += 1;
    }
    factors == 0 || total == row.kind.kind().dimension
}

/// S-03 at one link.
pub fn s_03(walk: &mut Walk<'_>, row: &ResultRow, input: &Input) -> Tri {
    let subject = Subject::Calibration(row.calibration);
    match input.resolved.target {
        Target::Row(parent) => {
            let calibration = walk.evidence.result(parent).calibration;
            walk.note(Note::pass(&S_03, subject).against(Some(Subject::Calibration(calibration))))
        }
        Target::Realisation(root) => {
            walk.note(Note::pass(&S_03, subject).against(Some(Subject::Realisation(root))))
        }
        Target::ForeignItem(other) => {
            let number = walk.evidence.calibration(other).number;
            let facts = [fact("certificate", FactValue::Text(number))];
            let note = Note::fail(&S_03, subject, &OTHER_ITEM);
            walk.note(note.against(Some(Subject::Calibration(other))).facts(&facts))
        }
        Target::OtherDocument(other) => {
            let number = walk.evidence.calibration(other).number;
            let facts = [fact("certificate", FactValue::Text(number))];
            let note = Note::fail(&S_03, subject, &OTHER_DOCUMENT);
            walk.note(note.against(Some(Subject::Calibration(other))).facts(&facts))
        }
        Target::Certificate(named) => {
            let number = walk.evidence.calibration(named).number;
            let facts = [fact("certificate", FactValue::Text(number))];
            let note = Note::unknown(&S_03, subject, &NO_ROW, &NEED_ROW);
            walk.note(note.against(Some(Subject::Calibration(named))).facts(&facts))
        }
        Target::Standard(named) => {
            let facts = [fact("standard", FactValue::Record(Subject::Standard(named)))];
            let note = Note::unknown(&S_03, subject, &ONLY_A_STANDARD, &NEED_CERTIFICATE);
            walk.note(note.against(Some(Subject::Standard(named))).facts(&facts))
        }
        Target::Open => walk.note(Note::unknown(&S_03, subject, &NOTHING_NAMED, &NEED_REFERENCES)),
    }
}

static ON_A_CYCLE: Phrase = phrase(
    "các giấy chứng nhận dựa vào nhau thành vòng kín: kết quả này phụ thuộc vào chính nó",
    "the certificates rest on each other in a circle: this result depends on itself",
);

/// S-04 for a calibration on a cycle.
pub fn s_04(walk: &mut Walk<'_>, subject: Subject) -> Tri {
    walk.note(Note::fail(&S_04, subject, &ON_A_CYCLE))
}

static LIMIT: Phrase = phrase(
    "đạt giới hạn {limit}: phần chuỗi phía trên chưa được xem xét",
    "the limit {limit} was reached: the chain above was not looked at",
);
static NEED_SHORTER: Phrase = phrase(
    "chuỗi ngắn hơn, hoặc một mắt xích ở dưới được công nhận",
    "a shorter chain, or a recognised step below",
);

/// S-11 for a calibration at which a limit was reached.
pub fn s_11(walk: &mut Walk<'_>, subject: Subject, limit: &'static str) {
    let facts = [fact("limit", FactValue::Word(limit))];
    walk.note(Note::unknown(&S_11, subject, &LIMIT, &NEED_SHORTER).facts(&facts));
}

/// What S-05 found of a root.
pub struct RootJudgement {
    /// The outcome.
    pub state: Tri,
    /// Whether it lies outside the SI.
    pub non_si: bool,
}

static NOT_AN_INSTITUTE: Phrase = phrase(
    "{organisation} không phải BIPM hay viện đo lường: không thể là điểm gốc của chuỗi",
    "{organisation} is neither the BIPM nor a metrology institute: it cannot be the root of a chain",
);
static NOT_A_PARTICIPANT: Phrase = phrase(
    "chưa biết {organisation} có tham gia CIPM MRA cho đại lượng này vào ngày đó hay không",
    "it is not known that {organisation} took part in the CIPM MRA for this quantity on that day",
);
static NEED_PARTICIPATION: Phrase = phrase(
    "hồ sơ tham gia CIPM MRA của viện đó",
    "the institute's membership record in the CIPM MRA",
);
static ROOT_OF_ANOTHER: Phrase = phrase(
    "điểm gốc thuộc {organisation}, không phải tổ chức cấp giấy chứng nhận",
    "the root is {organisation}'s, who did not issue the certificate",
);
static NEED_OWN_CERTIFICATE: Phrase = phrase(
    "giấy chứng nhận của tổ chức giữ điểm gốc đó",
    "the certificate of the organisation whose root it is",
);
static ROOT_DOES_NOT_COVER: Phrase = phrase(
    "điểm gốc chưa được biết là bao quát đại lượng, phạm vi và ngày này",
    "the root is not known to cover this quantity, range and day",
);
static NEED_ROOT: Phrase = phrase(
    "phạm vi và hiệu lực của điểm gốc, hoặc điểm gốc khác",
    "the root's range and validity, or another root",
);
static SI_IS_POSSIBLE: Phrase = phrase(
    "{kind} có thể liên kết tới SI: chuẩn quy ước không đủ",
    "{kind} can be traceable to the SI: a conventional reference is not enough",
);

/// S-05 at a root that a calibration cites.
pub fn s_05(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    input: &Input,
    index: RealisationIndex,
) -> RootJudgement {
    let root = *walk.evidence.realisation(index);
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Realisation(index));
    let in_si = |state| RootJudgement { state, non_si: false };
    let conventional = material::is_conventional(&root);
    if conventional && row.kind.kind().si_possible {
        let facts = [fact("kind", FactValue::Word(row.kind.id()))];
        let note = Note::fail(&S_05, subject, &SI_IS_POSSIBLE).against(against).facts(&facts);
        let state = walk.note(note);
        return in_si(state.and(material::m_09(walk, row, index)));
    }
    let used = Period { from: calibration.performed_from, to: calibration.performed_to };
    let organisation = root
        .organisation
        .map(|organisation| (organisation, walk.evidence.organisation(organisation).kind));
    let named = root
        .organisation
        .map_or(FactValue::Word("?"), |of| FactValue::Record(Subject::Organisation(of)));
    let facts = [fact("organisation", named)];
    match organisation {
        Some((_, OrganisationKind::Bipm)) => {}
        // An intergovernmental body, such as the WHO, may keep the international reference of a
        // quantity outside the SI without taking part in the CIPM MRA.
        Some((_, OrganisationKind::Intergovernmental))
            if root.kind == RealisationKind::InternationalReference => {}
        Some((organisation, kind)) if kind.is_institute() => {
            if institute::participation(walk, organisation, row.kind, used) != Tri::Pass {
                let note = Note::unknown(&S_05, subject, &NOT_A_PARTICIPANT, &NEED_PARTICIPATION);
                return in_si(walk.note(note.against(against).facts(&facts)));
            }
        }
        _ => {
            let note = Note::fail(&S_05, subject, &NOT_AN_INSTITUTE);
            return in_si(walk.note(note.against(against).facts(&facts)));
        }
    }
    if root.organisation != calibration.issuer {
        let note = Note::unknown(&S_05, subject, &ROOT_OF_ANOTHER, &NEED_OWN_CERTIFICATE);
        return in_si(walk.note(note.against(against).facts(&facts)));
    }
    let same_kind = root.quantity == row.kind;
    let through_a_model = matches!(input.reference.model, Some(Model::Product | Model::Custom));
    let in_range = root.range.is_none_or(|range| range.contains(row.extent));
    let covers = match same_kind {
        true => in_range || through_a_model,
        false => through_a_model,
    };
    if !covers || !root.valid.contains(used) {
        let note = Note::unknown(&S_05, subject, &ROOT_DOES_NOT_COVER, &NEED_ROOT);
        return in_si(walk.note(note.against(against)));
    }
    let state = walk.note(Note::pass(&S_05, subject).against(against));
    let accepted = if conventional { material::m_09(walk, row, index) } else { Tri::Pass };
    RootJudgement { state: state.and(accepted), non_si: conventional }
}

static RESTS_ON_ITSELF: Phrase = phrase(
    "chuỗi quay lại lần hiệu chuẩn cũ {certificate} của chính chuẩn này và không có đường nào khác tới điểm gốc",
    "the chain comes back to {certificate}, an older calibration of the same standard, and no other way reaches a root",
);

/// S-06 for a calibration whose item appears again above it.
pub fn s_06(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    first_edge: usize,
) -> Tri {
    let mut returns_to = None;
    let mut reaches_a_root = false;
    let mut seen: FxHashSet<ResultIndex> = FxHashSet::default();
    let mut stack: Vec<Target> = significant(walk, first_edge..walk.edges.len()).collect();
    while let Some(target) = stack.pop() {
        match target {
            Target::Realisation(_) => reaches_a_root = true,
            Target::Row(above) if seen.insert(above) => {
                let of = walk.evidence.result(above).calibration;
                if walk.evidence.calibration(of).item == calibration.item {
                    returns_to =
                        Some(returns_to.map_or(of, |other: CalibrationIndex| other.min(of)));
                    continue;
                }
                if let Some(verdict) = walk.verdict(above) {
                    reaches_a_root |= verdict.recognised == Tri::Pass;
                    stack.extend(significant(walk, verdict.edges.clone()));
                }
            }
            _ => {}
        }
    }
    let subject = Subject::Calibration(row.calibration);
    match returns_to {
        None => Tri::Pass,
        Some(older) if !reaches_a_root => {
            let number = walk.evidence.calibration(older).number;
            let facts = [fact("certificate", FactValue::Text(number))];
            let note = Note::fail(&S_06, subject, &RESTS_ON_ITSELF);
            walk.note(note.against(Some(Subject::Calibration(older))).facts(&facts))
        }
        Some(older) => {
            walk.note(Note::pass(&S_06, subject).against(Some(Subject::Calibration(older))))
        }
    }
}

fn significant<'w>(
    walk: &'w Walk<'_>,
    edges: std::ops::Range<usize>,
) -> impl Iterator<Item = Target> + 'w {
    let edges = walk.edges[edges].iter().filter(|edge| edge.weight == Weight::Major);
    edges.map(|edge| edge.target)
}

static INPUT_FAILS: Phrase = phrase(
    "một đại lượng đầu vào chiếm {share} phương sai không có liên kết chuẩn",
    "an input that makes {share} of the variance is not traceable",
);
static INPUT_UNKNOWN: Phrase = phrase(
    "chưa biết một đại lượng đầu vào chiếm {share} phương sai có liên kết chuẩn hay không",
    "an input that makes {share} of the variance is not known to be traceable",
);
static INPUT_FAILS_UNWEIGHED: Phrase = phrase(
    "một đại lượng đầu vào không có liên kết chuẩn, và phần đóng góp của nó không rõ",
    "an input is not traceable, and its share is not known",
);
static INPUT_UNKNOWN_UNWEIGHED: Phrase = phrase(
    "chưa biết một đại lượng đầu vào có liên kết chuẩn hay không, và phần đóng góp của nó không rõ",
    "an input is not known to be traceable, and its share is not known",
);
static NEED_INPUT: Phrase = phrase(
    "liên kết chuẩn của đại lượng đầu vào đó, hoặc phần đóng góp của nó",
    "the traceability of that input, or its share",
);

/// S-07 for an input that fails or is unknown: what it means for the calibration.
pub fn s_07(walk: &mut Walk<'_>, row: &ResultRow, input: &Input, link: Tri) -> Tri {
    if link == Tri::Pass {
        return link;
    }
    let subject = Subject::Calibration(row.calibration);
    let against = match input.resolved.target {
        Target::Row(parent) => Some(Subject::Calibration(walk.evidence.result(parent).calibration)),
        Target::Realisation(root) => Some(Subject::Realisation(root)),
        Target::ForeignItem(other) | Target::OtherDocument(other) | Target::Certificate(other) => {
            Some(Subject::Calibration(other))
        }
        Target::Standard(standard) => Some(Subject::Standard(standard)),
        Target::Open => None,
    };
    let share = input.share.map(|share| fact("share", FactValue::Number(share)));
    let (fails, unknown) = match share {
        Some(_) => (&INPUT_FAILS, &INPUT_UNKNOWN),
        None => (&INPUT_FAILS_UNWEIGHED, &INPUT_UNKNOWN_UNWEIGHED),
    };
    let severity = match input.weight {
        Weight::Major => Severity::Major,
        Weight::Minor => Severity::Minor,
        Weight::Info => Severity::Info,
    };
    let note = match (link, input.weight) {
        (Tri::Fail, Weight::Major) => Note::fail(&S_07, subject, fails),
        (Tri::Fail, _) => Note::remark(&S_07, subject, fails),
        (_, Weight::Major) => Note::unknown(&S_07, subject, unknown, &NEED_INPUT),
        _ => Note::remark(&S_07, subject, unknown).settled_by(&NEED_INPUT),
    };
    walk.note(note.severity(severity).against(against).facts(share.as_slice()))
}

/// The inputs of a row that are not traceable, or not known to be, and too small to count in full
/// alone.
#[derive(Debug, Default)]
pub struct SmallInputs {
    /// What those that fail bring: their number and the sum of their shares.
    failing: (u32, f64),
    /// The same of those that are unknown.
    unknown: (u32, f64),
}

impl SmallInputs {
    /// Takes in an input and whether it is traceable.
    pub fn add(&mut self, input: &Input, link: Tri) {
        let (number, sum) = match link {
            Tri::Pass => return,
            Tri::Fail => &mut self.failing,
            Tri::Indeterminate => &mut self.unknown,
        };
        if let (Weight::Minor | Weight::Info, Some(share)) = (input.weight, input.share) {
            *number += 1;
            *sum += share;
        }
    }
}

static INPUTS_FAIL_TOGETHER: Phrase = phrase(
    "{count} đại lượng đầu vào không có liên kết chuẩn, từng cái nhỏ, cùng đóng góp {share}",
    "{count} inputs that are small one by one and not traceable together bring a share of {share}",
);
static INPUTS_UNKNOWN_TOGETHER: Phrase = phrase(
    "{count} đại lượng đầu vào chưa chắc có liên kết chuẩn, từng cái nhỏ, cùng đóng góp {share}",
    "{count} inputs that are small one by one and not known to be traceable together bring a share \
     of {share}",
);
static NEED_INPUTS: Phrase =
    phrase("liên kết chuẩn của các đại lượng đầu vào đó", "the traceability of those inputs");

/// S-07 for the small inputs that fail or are unknown, together; silent where they stay small.
pub fn s_07_jointly(walk: &mut Walk<'_>, row: &ResultRow, small: &SmallInputs) -> Tri {
    let subject = Subject::Calibration(row.calibration);
    let facts = |number: u32, share: f64| {
        [fact("count", FactValue::Count(number)), fact("share", FactValue::Number(share))]
    };
    let enough = walk.policy.contrib_major;
    let ((failing, known_bad), (unknown, maybe_bad)) = (small.failing, small.unknown);
    if failing > 1 && known_bad >= enough {
        let note = Note::fail(&S_07, subject, &INPUTS_FAIL_TOGETHER);
        return walk.note(note.facts(&facts(failing, known_bad)));
    }
    if failing + unknown > 1 && known_bad + maybe_bad >= enough {
        let note = Note::unknown(&S_07, subject, &INPUTS_UNKNOWN_TOGETHER, &NEED_INPUTS);
        return walk.note(note.facts(&facts(failing + unknown, known_bad + maybe_bad)));
    }
    Tri::Pass
}

static CONTRADICTED: Phrase = phrase(
    "giấy chứng nhận {number} được công nhận, nhưng dữ liệu cho thấy chuỗi liên kết phía trên bị đứt: báo cho tổ chức cấp",
    "certificate {number} is recognised, but the records show that its chain is broken: notify the issuer",
);
static WEAKLY_CONTRADICTED: Phrase = phrase(
    "dữ liệu mâu thuẫn với sự công nhận của giấy chứng nhận {number}, nhưng mức bằng chứng ({contradiction}) yếu hơn sự công nhận ({recognition})",
    "records contradict the recognition of certificate {number}, but are less well evidenced ({contradiction}) than the recognition ({recognition})",
);

/// S-12 for a step that closes by recognition while its explicit chain fails. Passes (with a
/// remark) when the contradiction is the weaker one.
pub fn s_12(
    walk: &mut Walk<'_>,
    index: CalibrationIndex,
    contradiction: EvidenceLevel,
    recognition: EvidenceLevel,
) -> Tri {
    let subject = Subject::Calibration(index);
    let number = fact("number", FactValue::Text(walk.evidence.calibration(index).number));
    if contradiction >= recognition {
        return walk.note(Note::fail(&S_12, subject, &CONTRADICTED).facts(&[number]));
    }
    let facts = [
        number,
        fact("contradiction", FactValue::Word(contradiction.as_str())),
        fact("recognition", FactValue::Word(recognition.as_str())),
    ];
    walk.note(Note::remark(&S_12, subject, &WEAKLY_CONTRADICTED).facts(&facts))
}

static LATEST_GOVERNS: Phrase = phrase(
    "có {count} giấy chứng nhận còn hiệu lực, không nêu giấy nào được dùng: lấy giấy mới nhất {certificate}",
    "{count} certificates are valid and none is named as used: the latest, {certificate}, governs",
);
static NAMED: Phrase = phrase(
    "có {count} giấy chứng nhận còn hiệu lực; giấy được dùng là {certificate}",
    "{count} certificates are valid; the one named as used is {certificate}",
);
static VALUES_DISAGREE: Phrase = phrase(
    "hai giấy chứng nhận còn hiệu lực {certificate} và {other} cho giá trị lệch nhau {difference}, quá mức {allowed} mà độ không đảm bảo đo và độ trôi cho phép; lấy giấy {certificate}",
    "two valid certificates, {certificate} and {other}, differ by {difference}, more than the {allowed} that uncertainties and drift explain; {certificate} governs",
);
static ANOTHER_WOULD_PASS: Phrase = phrase(
    "giá trị đang dùng lấy từ giấy chứng nhận {certificate} không đạt, trong khi giấy {other} đạt",
    "the value in use comes from certificate {certificate}, which fails, while {other} would pass",
);

/// The row in use and the certificates beside it that would serve as well.
pub struct Routes<'r> {
    /// The row in use.
    pub used: ResultIndex,
    /// A covering row of each other valid certificate.
    pub others: &'r [ResultIndex],
    /// Whether the claim names the certificate in use.
    pub named: bool,
}

/// S-08 where the certificate in use does not fail.
pub fn s_08(walk: &mut Walk<'_>, standard: StandardIndex, routes: &Routes<'_>) -> Tri {
    let evidence = walk.evidence;
    let subject = Subject::Standard(standard);
    let used = evidence.result(routes.used);
    let certificate = |row: &ResultRow| evidence.calibration(row.calibration).number;
    let number = fact("certificate", FactValue::Text(certificate(used)));
    let disagreeing = routes.others.iter().filter(|_| !routes.named).find_map(|other| {
        let other = evidence.result(*other);
        let (difference, allowed) = disagreement(walk, standard, used, other)?;
        (difference > allowed).then_some((other, difference, allowed))
    });
    if let Some((other, difference, allowed)) = disagreeing {
        let unit = used.value().map_or(used.extent_unit, |value| value.unit);
        let facts = [
            number,
            fact("other", FactValue::Text(certificate(other))),
            fact("difference", FactValue::Quantity(difference, unit)),
            fact("allowed", FactValue::Quantity(allowed, unit)),
        ];
        let note = Note::remark(&S_08, subject, &VALUES_DISAGREE);
        let against = Some(Subject::Calibration(other.calibration));
        return walk.note(note.against(against).facts(&facts));
    }
    let message = if routes.named { &NAMED } else { &LATEST_GOVERNS };
    let facts = [number, fact("count", FactValue::Count(routes.others.len() as u32 + 1))];
    let against = Some(Subject::Calibration(used.calibration));
    walk.note(Note::pass_with(&S_08, subject, message).against(against).facts(&facts))
}

/// S-08 where the certificate that the claim names fails and another would pass.
pub fn s_08_fails(
    walk: &mut Walk<'_>,
    standard: StandardIndex,
    used: CalibrationIndex,
    other: CalibrationIndex,
) -> Tri {
    let number = |index| FactValue::Text(walk.evidence.calibration(index).number);
    let facts = [fact("certificate", number(used)), fact("other", number(other))];
    let note = Note::fail(&S_08, Subject::Standard(standard), &ANOTHER_WOULD_PASS);
    walk.note(note.against(Some(Subject::Calibration(other))).facts(&facts))
}

/// |y1 − y2| and what uncertainties and drift allow, where the two values can be compared.
fn disagreement(
    walk: &Walk<'_>,
    standard: StandardIndex,
    used: &ResultRow,
    other: &ResultRow,
) -> Option<(f64, f64)> {
    let comparable = used.value_is == other.value_is
        && used.extent.is_point()
        && used.extent.contains(other.extent);
    let difference = (used.value()?.si - other.value()?.si).abs();
    let x = used.extent.upper;
    let u95 = |row: &ResultRow| {
        let own = walk.normalised(row).ok()?;
        Some(own.standard_at(row, x).value * own.factor_95())
    };
    let allowed = u95(used)?.hypot(u95(other)?);
    let performed = |row: &ResultRow| walk.evidence.calibration(row.calibration).performed_to;
    let days = (performed(used).number() - performed(other).number()).abs();
    // The whole limit ±a, which `drift` gives as a standard uncertainty.
    let drift = numbers::drift(walk.evidence, Some(standard), used, days, x) * 3f64.sqrt();
    (comparable && allowed.is_finite()).then_some((difference, allowed + drift))
}

static APPLIED: Phrase = phrase(
    "kết quả của báo cáo so sánh {number} đã được dùng để hiệu chính giá trị và độ không đảm bảo đo",
    "the result of the comparison report {number} was applied to value and uncertainty",
);
static NOT_APPLIED: Phrase = phrase(
    "báo cáo so sánh {number} chỉ cho biết kết quả đạt (E_n); giá trị và độ không đảm bảo đo không được hiệu chính: không thay cho hiệu chuẩn",
    "the comparison report {number} only shows a satisfactory E_n; value and uncertainty were not corrected: it is no calibration",
);
static APPLICATION_UNKNOWN: Phrase = phrase(
    "không biết kết quả của báo cáo so sánh {number} có được dùng để hiệu chính hay không",
    "whether the result of the comparison report {number} was applied is not known",
);
static NEED_APPLICATION: Phrase = phrase(
    "việc hiệu chính giá trị và độ không đảm bảo đo theo kết quả so sánh (correction_applied), hoặc giấy chứng nhận hiệu chuẩn",
    "whether value and uncertainty were corrected by the comparison (correction_applied), or a calibration certificate",
);
static PROTOCOL_UNKNOWN: Phrase = phrase(
    "báo cáo so sánh {number} không nêu quy trình so sánh",
    "the comparison report {number} does not name its protocol",
);
static NEED_PROTOCOL: Phrase =
    phrase("quy trình của lần so sánh (methods)", "the protocol of the comparison (methods)");

/// Whether certificates of this kind are a route to a value (rule S-08).
pub fn is_a_route(kind: CalibrationKind) -> bool {
    matches!(
        kind,
        CalibrationKind::Calibration
            | CalibrationKind::ComparisonReport
            | CalibrationKind::ReferenceMaterialCertificate
    )
}

/// Whether a certificate gives a value by its kind: the report of a comparison only where its
/// result was applied (rule S-09).
pub fn gives_a_value(evidence: &Evidence, calibration: &CalibrationRow) -> bool {
    calibration.kind != CalibrationKind::ComparisonReport
        || evidence
            .calibration_detail(calibration)
            .is_some_and(|detail| detail.correction_applied == Some(true))
}

/// S-09 for a row of the report of a comparison.
pub fn s_09(walk: &mut Walk<'_>, row: &ResultRow, calibration: &CalibrationRow) -> Tri {
    if calibration.kind != CalibrationKind::ComparisonReport {
        return Tri::Pass;
    }
    let subject = Subject::Calibration(row.calibration);
    let detail = walk.evidence.calibration_detail(calibration);
    let applied = detail.and_then(|detail| detail.correction_applied);
    let protocol = detail.is_some_and(|detail| detail.protocol);
    let note = match (applied, protocol) {
        (Some(true), true) => Note::pass_with(&S_09, subject, &APPLIED),
        (Some(true), false) => Note::unknown(&S_09, subject, &PROTOCOL_UNKNOWN, &NEED_PROTOCOL),
        (Some(false), _) => Note::fail(&S_09, subject, &NOT_APPLIED),
        (None, _) => Note::unknown(&S_09, subject, &APPLICATION_UNKNOWN, &NEED_APPLICATION),
    };
    walk.note(note.facts(&[fact("number", FactValue::Text(calibration.number))]))
}

static ROW_OF_THE_PIECE: Phrase = phrase(
    "dòng {row} của giấy chứng nhận {number} là của {piece}",
    "row {row} of certificate {number} is that of {piece}",
);
static ROW_OF_ANOTHER_PIECE: Phrase = phrase(
    "dòng {row} của giấy chứng nhận {number} là của {piece}, không phải của {standard}",
    "row {row} of certificate {number} is that of {piece}, not of {standard}",
);
static ROW_WITHOUT_PIECE: Phrase = phrase(
    "giấy chứng nhận bộ {number} không cho biết dòng {row} là của chi tiết nào; chi tiết đã dùng là {standard}",
    "the set's certificate {number} does not say of which piece row {row} is; the piece used is {standard}",
);
static NO_ROW_OF_THE_PIECE: Phrase = phrase(
    "giấy chứng nhận bộ {number} không có dòng kết quả nào cho chi tiết {standard}",
    "the set's certificate {number} has no row for the piece {standard}",
);
static NEED_PIECE: Phrase = phrase(
    "số nhận dạng của chi tiết ở từng dòng kết quả, hoặc giấy chứng nhận riêng của chi tiết",
    "the piece that each row is of, or a certificate of the piece itself",
);

/// S-10 at a link: the row is that of the piece named.
pub fn s_10(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    input: &Input,
    parent: &ResultRow,
    parent_calibration: &CalibrationRow,
) -> Tri {
    if parent.detail.is_none() && input.reference.detail.is_none() {
        return Tri::Pass;
    }
    let evidence = walk.evidence;
    let item = parent_calibration.item;
    let of_row = evidence.piece_of(parent).filter(|piece| Some(*piece) != item);
    let detail = evidence.reference_detail(&input.reference);
    // What the reference names is recorded where it is not the certificate's item.
    let named = match detail.and_then(|detail| detail.until_known) {
        None => item,
        Some(Target::Standard(named)) => Some(named),
        Some(_) => None,
    };
    if of_row.is_none() && named == item {
        return Tri::Pass;
    }
    let belongs = |piece: StandardIndex, kit: StandardIndex| {
        piece == kit || evidence.kits_of(piece).contains(&kit)
    };
    let record = |standard: Option<StandardIndex>| {
        standard.map_or(FactValue::Word("?"), |one| FactValue::Record(Subject::Standard(one)))
    };
    let facts = [
        fact("row", FactValue::Text(parent.name)),
        fact("number", FactValue::Text(parent_calibration.number)),
        fact("piece", record(of_row)),
        fact("standard", record(named)),
    ];
    let subject = Subject::Calibration(row.calibration);
    let note = match (named, of_row) {
        (Some(named), Some(piece)) if !belongs(piece, named) => {
            Note::fail(&S_10, subject, &ROW_OF_ANOTHER_PIECE)
        }
        (_, Some(_)) => Note::pass_with(&S_10, subject, &ROW_OF_THE_PIECE),
        (Some(named), None) if item.is_some_and(|item| belongs(named, item)) => {
            Note::unknown(&S_10, subject, &ROW_WITHOUT_PIECE, &NEED_PIECE)
        }
        // A system is calibrated as a whole (rule R-04).
        (_, None) => return Tri::Pass,
    };
    walk.note(note.against(Some(Subject::Calibration(parent.calibration))).facts(&facts))
}

/// S-10 for the row that a claim on a piece of a set rests on.
pub fn s_10_at_use(
    walk: &mut Walk<'_>,
    standard: StandardIndex,
    row: &ResultRow,
    calibration: &CalibrationRow,
) -> Tri {
    if calibration.item == Some(standard) {
        return Tri::Pass;
    }
    let facts = [
        fact("row", FactValue::Text(row.name)),
        fact("number", FactValue::Text(calibration.number)),
        fact("piece", FactValue::Record(Subject::Standard(standard))),
    ];
    let note = Note::pass_with(&S_10, Subject::Standard(standard), &ROW_OF_THE_PIECE);
    walk.note(note.against(Some(Subject::Calibration(row.calibration))).facts(&facts))
}

/// S-10 for a claim on a piece that no certificate has a row for: what the latest certificate of
/// its set says instead.
pub fn s_10_without_row(
    walk: &mut Walk<'_>,
    standard: StandardIndex,
    certificates: &[CalibrationIndex],
    kind: Option<crate::domain::quantity::QuantityKindId>,
    wanted: Extent,
) -> Tri {
    let evidence = walk.evidence;
    let of_the_kind = |index: &CalibrationIndex| {
        let rows = evidence.rows_of(*index).map(|row| evidence.result(row));
        rows.filter(|row| kind.is_none_or(|kind| kind == row.kind)).collect::<Vec<_>>()
    };
    let kits = evidence.kits_of(standard);
    let of_a_set = certificates.iter().find(|index| {
        let item = evidence.calibration(**index).item;
        let rows = of_the_kind(index);
        let names_pieces = || rows.iter().any(|row| evidence.piece_of(row).is_some());
        item != Some(standard)
            && !rows.is_empty()
            && (item.is_some_and(|item| kits.contains(&item)) || names_pieces())
    });
    let Some(index) = of_a_set.copied() else { return Tri::Pass };
    let rows = of_the_kind(&index);
    let mut unnamed = rows.iter().filter(|row| evidence.piece_of(row).is_none());
    let unclear =
        unnamed.find(|row| wanted.lower.is_nan() || range::row_covers(evidence, row, wanted));
    let subject = Subject::Standard(standard);
    let number = fact("number", FactValue::Text(evidence.calibration(index).number));
    let piece = fact("standard", FactValue::Record(subject));
    let against = Some(Subject::Calibration(index));
    match unclear {
        Some(row) => {
            let facts = [number, piece, fact("row", FactValue::Text(row.name))];
            let note = Note::unknown(&S_10, subject, &ROW_WITHOUT_PIECE, &NEED_PIECE);
            walk.note(note.against(against).facts(&facts))
        }
        None => {
            let note = Note::fail(&S_10, subject, &NO_ROW_OF_THE_PIECE).settled_by(&NEED_PIECE);
            walk.note(note.against(against).facts(&[number, piece]))
        }
    }
}
