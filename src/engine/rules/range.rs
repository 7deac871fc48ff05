//! Area R: range and conditions.

use crate::domain::calibration::{Interpolation, Model};
use crate::domain::period::Day;
use crate::domain::standard::EventKind;
use crate::engine::compile::normalised;
use crate::engine::evidence::*;
use crate::engine::finding::{
    Dimension, Fact, FactValue, Phrase, Rule, Severity, Source, Subject, Tag, fact, phrase,
};
use crate::engine::rules::time::Broken;
use crate::engine::tri::Tri;
use crate::engine::walk::{Input, Note, Walk};

/// the point lies inside the calibrated range: inside an interval row, or at a point-wise
/// row within its declared tolerance. Outside is a fail. Critical. ISO/IEC 17025 6.4.6 \[K\].
pub static R_01: Rule = Rule {
    id: "R-01",
    statement: phrase(
        "điểm sử dụng nằm trong phạm vi đã hiệu chuẩn",
        "the point of use lies inside the calibrated range",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "6.4.6", Tag::Knowledge),
    optional_input: false,
};

/// between point-wise rows a value needs a declared model: the row's interpolation, or the
/// owner's model of use over that interval. Otherwise indeterminate. Major.
/// ISO/IEC 17025 6.4.11 \[K\].
pub static R_02: Rule = Rule {
    id: "R-02",
    statement: phrase(
        "giữa các điểm hiệu chuẩn có mô hình nội suy đã khai báo",
        "between calibrated points a declared model of interpolation applies",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "6.4.11", Tag::Knowledge),
    optional_input: true,
};

/// every condition that the row constrains holds at the use. Outside is a fail. A reference
/// condition (temperature, pressure, humidity, density) that a use leaves out is the row's; any
/// other condition left out is indeterminate. Critical. ISO/IEC 17025 7.8.4.1 b \[K\].
pub static R_03: Rule = Rule {
    id: "R-03",
    statement: phrase(
        "các điều kiện sử dụng phù hợp với điều kiện hiệu chuẩn",
        "the conditions of use are those of the calibration",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "7.8.4.1", Tag::Knowledge),
    optional_input: false,
};

/// a system is used in the configuration that was calibrated: sensor with indicator, channel,
/// cable, firmware. A row states it in its parameters (`probe`, `sensor`, `indicator`, `channel`,
/// `cable`, `firmware`), or its certificate lists several items and the row none of them: it then
/// holds for all of them together. Another configuration is a fail; one that the use does not state
/// is indeterminate. Firmware changed after the calibration is another firmware, unless the use
/// states the certified one. Not applicable without a system. Major. ISO/IEC 17025 6.4.13 \[K\].
///
/// Doubts: at a link the row named is the configuration used, since the certificate of the child
/// says nothing else of it (its own parameters are its own item's); only a change of firmware is
/// looked at there. A move is no change of configuration: whether it broke the calibration is said
/// by the event (rule T-05).
pub static R_04: Rule = Rule {
    id: "R-04",
    statement: phrase(
        "hệ thống được dùng đúng cấu hình đã hiệu chuẩn",
        "the system is used in the configuration that was calibrated",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "6.4.13", Tag::Knowledge),
    optional_input: true,
};

static OUTSIDE: Phrase = phrase(
    "điểm {point} nằm ngoài phạm vi đã hiệu chuẩn {lower} đến {upper}",
    "{point} lies outside the calibrated range {lower} to {upper}",
);
static BETWEEN: Phrase = phrase(
    "điểm {point} nằm giữa các điểm đã hiệu chuẩn {lower} và {upper}, không có mô hình nội suy",
    "{point} lies between the calibrated points {lower} and {upper}, and no interpolation is declared",
);
static NEED_MODEL: Phrase = phrase(
    "mô hình nội suy của giấy chứng nhận hoặc của chủ sở hữu, hoặc hiệu chuẩn tại điểm này",
    "a model of interpolation (certificate's or owner's), or a calibration at this point",
);
static NO_POINT: Phrase = phrase(
    "dòng kết quả không nêu điểm đo hay khoảng đo",
    "the row states neither a point nor an interval",
);
static NEED_POINT: Phrase =
    phrase("điểm đo hoặc khoảng đo của dòng kết quả", "the point or interval of the row");
static CONDITION_OUTSIDE: Phrase = phrase(
    "{name} khi sử dụng ({use}) nằm ngoài điều kiện của kết quả ({row})",
    "{name} at the use ({use}) is outside the condition of the result ({row})",
);
static CONDITION_UNKNOWN: Phrase = phrase(
    "kết quả chỉ có giá trị với {name} = {row}, nhưng khi sử dụng không nêu",
    "the result holds for {name} {row} only, and the use does not say its own",
);
static NEED_CONDITION: Phrase = phrase("điều kiện này khi sử dụng", "this condition at the use");

/// How a certificate's rows of one kind lie to a point or interval.
#[derive(Debug, Clone, PartialEq)]
pub enum Cover {
    /// These rows cover it.
    Inside(Vec<ResultIndex>),
    /// Between point-wise rows that a declared model joins.
    Interpolated(Vec<ResultIndex>),
    /// Between point-wise rows without a model.
    Between(f64, f64),
    /// Outside all of them.
    Outside(f64, f64),
    /// No row states a point or an interval.
    Unknown,
}

/// Whether one row covers a point or interval.
pub fn row_covers(evidence: &Evidence, row: &ResultRow, wanted: Extent) -> bool {
    if !row.extent.is_closed() {
        return false;
    }
    let detail = evidence.result_detail(row);
    let tolerance = detail.and_then(|detail| detail.point_tolerance).unwrap_or(0.0);
    let around =
        Extent { lower: row.extent.lower - tolerance, upper: row.extent.upper + tolerance };
    let valid = detail.and_then(|detail| detail.valid_interval);
    around.contains(wanted) || valid.is_some_and(|valid| valid.contains(wanted))
}

/// How rows of one kind lie to a point or interval (rules 3.4, "which rows exist").
pub fn cover(
    evidence: &Evidence,
    rows: &[ResultIndex],
    standard: Option<StandardIndex>,
    wanted: Extent,
) -> Cover {
    let covering: Vec<ResultIndex> = rows
        .iter()
        .copied()
        .filter(|row| row_covers(evidence, evidence.result(*row), wanted))
        .collect();
    if !covering.is_empty() {
        return Cover::Inside(covering);
    }
    let stated = || rows.iter().filter(|row| evidence.result(**row).extent.is_closed());
    let extents = || stated().map(|row| evidence.result(*row).extent);
    let lowest = extents().map(|extent| extent.lower).fold(f64::INFINITY, f64::min);
    let highest = extents().map(|extent| extent.upper).fold(f64::NEG_INFINITY, f64::max);
    if lowest > highest {
        return Cover::Unknown;
    }
    if !(Extent { lower: lowest, upper: highest }).contains(wanted) {
        return Cover::Outside(lowest, highest);
    }
    let below = extents().map(|e| e.upper).filter(|x| *x <= wanted.lower).fold(lowest, f64::max);
    let above = extents().map(|e| e.lower).filter(|x| *x >= wanted.upper).fold(highest, f64::min);
    let neighbours: Vec<ResultIndex> = stated()
        .copied()
        .filter(|row| {
            let extent = evidence.result(*row).extent;
            extent.upper >= below && extent.lower <= above
        })
        .collect();
    let of_certificate = neighbours.iter().all(|row| {
        let detail = evidence.result_detail(evidence.result(*row));
        matches!(
            detail.and_then(|detail| detail.interpolation),
            Some(Interpolation::Linear | Interpolation::Model)
        )
    });
    let kind = neighbours.first().map(|row| evidence.result(*row).kind);
    let of_owner = standard.is_some_and(|standard| {
        let models = evidence.use_models.of(standard.position());
        models.iter().any(|model| Some(model.kind) == kind && model.extent.contains(wanted))
    });
    match of_certificate || of_owner {
        true => Cover::Interpolated(neighbours),
        false => Cover::Between(below, above),
    }
}

/// for what `cover` found.
pub fn r_01(
    walk: &mut Walk<'_>,
    cover: &Cover,
    wanted: Extent,
    unit: UnitIndex,
    subject: Subject,
    against: Option<Subject>,
) -> Tri {
    let facts = |lower: f64, upper: f64| -> [Fact; 3] {
        [
            fact("point", FactValue::Point(wanted.lower, unit)),
            fact("lower", FactValue::Point(lower, unit)),
            fact("upper", FactValue::Point(upper, unit)),
        ]
    };
    match cover {
        Cover::Inside(_) => walk.note(Note::pass(&R_01, subject).against(against)),
        Cover::Interpolated(_) => {
            let inside = walk.note(Note::pass(&R_01, subject).against(against));
            inside.and(walk.note(Note::pass(&R_02, subject).against(against)))
        }
        Cover::Between(lower, upper) => {
            let facts = facts(*lower, *upper);
            let note = Note::unknown(&R_02, subject, &BETWEEN, &NEED_MODEL);
            walk.note(note.against(against).facts(&facts))
        }
        Cover::Outside(lower, upper) => {
            let facts = facts(*lower, *upper);
            walk.note(Note::fail(&R_01, subject, &OUTSIDE).against(against).facts(&facts))
        }
        Cover::Unknown => {
            walk.note(Note::unknown(&R_01, subject, &NO_POINT, &NEED_POINT).against(against))
        }
    }
}

/// Whether a link takes the parent's value at the child's own point.
fn used_at_the_childs_point(row: &ResultRow, parent: &ResultRow, input: &Input) -> bool {
    row.kind == parent.kind
        && match input.reference.model {
            Some(Model::Identity) => true,
            // Not said: at its own point where that is a single one, else over its interval.
            None => input.reference.coefficient.is_nan() && !parent.extent.is_point(),
            _ => false,
        }
}

/// at a link: the row named, or its neighbours in the same certificate, cover the
/// point at which they were used.
pub fn r_01_link(walk: &mut Walk<'_>, row: &ResultRow, parent: &ResultRow, input: &Input) -> Tri {
    if !used_at_the_childs_point(row, parent, input) || !row.extent.is_closed() {
        return Tri::Pass;
    }
    let evidence = walk.evidence;
    let analyte_of =
        |row: &ResultRow| evidence.result_detail(row).and_then(|detail| detail.analyte);
    let analyte = analyte_of(parent);
    let rows: Vec<ResultIndex> = evidence
        .rows_of(parent.calibration)
        .filter(|other| {
            let other = evidence.result(*other);
            other.kind == parent.kind
                && analyte_of(other) == analyte
                && evidence.piece_of(other) == evidence.piece_of(parent)
        })
        .collect();
    let item = evidence.calibration(parent.calibration).item;
    let found = cover(evidence, &rows, item, row.extent);
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Calibration(parent.calibration));
    r_01(walk, &found, row.extent, row.extent_unit, subject, against)
}

/// How a condition of use lies to a condition that something holds for. Of a condition with one
/// end stated it is known what lies outside that end, and not what lies inside.
pub fn condition_holds(held: &ParameterRow, used: Option<&ParameterRow>) -> Tri {
    let Some(used) = used else {
        return if held.reference_condition { Tri::Pass } else { Tri::Indeterminate };
    };
    match (held.extent, used.extent, held.text, used.text) {
        (Some(held), Some(used), _, _) if held.is_closed() && used.is_closed() => {
            Tri::known(held.contains(used))
        }
        (Some(held), Some(used), _, _) if held.is_surpassed_by(used) => Tri::Fail,
        (None, None, Some(held), Some(used)) => Tri::known(held == used),
        _ => Tri::Indeterminate,
    }
}

/// Whether all conditions of a row hold at a use, or those that describe one thing.
pub fn conditions_hold(
    evidence: &Evidence,
    row: &ResultRow,
    used: &[ParameterRow],
    only: Option<Describes>,
) -> Tri {
    let held = evidence.parameters(row).iter();
    let held = held.filter(|held| only.is_none_or(|only| held.describes == only));
    held.map(|held| condition_holds(held, used.iter().find(|own| own.name == held.name)))
        .fold(Tri::Pass, Tri::and)
}

/// A parameter as it is shown.
fn shown(parameter: &ParameterRow) -> FactValue {
    match (parameter.extent, parameter.text) {
        (Some(extent), _) => FactValue::Range(extent, parameter.unit),
        (None, Some(text)) => FactValue::Text(text),
        (None, None) => FactValue::Word("?"),
    }
}

/// R-03 at the claim or at a link: the row's conditions against the conditions of use.
pub fn r_03(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    used: &[ParameterRow],
    subject: Subject,
    against: Option<Subject>,
) -> Tri {
    let evidence = walk.evidence;
    let mut state = Tri::Pass;
    // The measurand and the configuration are rules Q-05's and R-04's.
    let conditions = || {
        let all = evidence.parameters(row).iter();
        all.filter(|parameter| parameter.describes == Describes::Conditions)
    };
    for held in conditions() {
        let own = used.iter().find(|parameter| parameter.name == held.name);
        let facts = [
            fact("name", FactValue::Text(held.name)),
            fact("row", shown(held)),
            fact("use", own.map_or(FactValue::Word("?"), shown)),
        ];
        let found = condition_holds(held, own);
        let note = match found {
            Tri::Pass => continue,
            Tri::Fail => Note::fail(&R_03, subject, &CONDITION_OUTSIDE),
            Tri::Indeterminate => {
                Note::unknown(&R_03, subject, &CONDITION_UNKNOWN, &NEED_CONDITION)
            }
        };
        state = state.and(walk.note(note.against(against).facts(&facts)));
    }
    if state == Tri::Pass && conditions().next().is_some() {
        state = walk.note(Note::pass(&R_03, subject).against(against));
    }
    state
}

/// R-03 at a link.
pub fn r_03_link(walk: &mut Walk<'_>, row: &ResultRow, parent: &ResultRow, input: &Input) -> Tri {
    if row.kind != parent.kind
        || matches!(input.reference.model, Some(Model::Product | Model::Custom))
    {
        return Tri::Pass;
    }
    let used = walk.evidence.parameters(row);
    let subject = Subject::Calibration(row.calibration);
    r_03(walk, parent, used, subject, Some(Subject::Calibration(parent.calibration)))
}

static OTHER_CONFIGURATION: Phrase = phrase(
    "hệ thống được hiệu chuẩn với {name} = {row} nhưng được dùng với {use}",
    "the system was calibrated with {name} {row} and is used with {use}",
);
static CONFIGURATION_UNKNOWN: Phrase = phrase(
    "hệ thống được hiệu chuẩn với {name} = {row}; khi sử dụng không nêu {name}",
    "the system was calibrated with {name} {row}, and the use does not say with which it is used",
);
static OTHER_FIRMWARE: Phrase = phrase(
    "phần mềm nhúng đã thay đổi ngày {on}, sau khi hiệu chuẩn với phiên bản {row}",
    "the firmware was changed on {on}, after the calibration with version {row}",
);
static PARTNER_UNKNOWN: Phrase = phrase(
    "giấy chứng nhận {number} là của hệ thống gồm cả {partner}; khi sử dụng không nêu thiết bị đi cùng",
    "certificate {number} is that of a system with {partner}, and the use does not say with what it is used",
);
static OTHER_PARTNER: Phrase = phrase(
    "giấy chứng nhận {number} là của hệ thống gồm cả {partner}, nhưng khi sử dụng nêu thiết bị khác",
    "certificate {number} is that of a system with {partner}, and the use states another",
);
static NEED_CONFIGURATION: Phrase = phrase(
    "cấu hình khi sử dụng (đầu đo, kênh, cáp, phiên bản phần mềm nhúng)",
    "the configuration of the use (probe, channel, cable, firmware)",
);

/// The configuration among the parameters of a row or a use.
fn configuration(parameters: &[ParameterRow]) -> impl Iterator<Item = &ParameterRow> {
    parameters.iter().filter(|parameter| parameter.describes == Describes::Configuration)
}

/// The other items that a row without an item of its own holds for, pieces of one set not counted.
fn partners<'e>(
    evidence: &'e Evidence,
    standard: StandardIndex,
    row: &ResultRow,
    calibration: &CalibrationRow,
) -> impl Iterator<Item = StandardIndex> + 'e {
    let whole = evidence.piece_of(row).is_none();
    let detail = evidence.calibration_detail(calibration).filter(|_| whole);
    let items = detail.map_or(&[][..], |detail| &detail.items).iter().copied();
    let main = calibration.item.filter(|_| detail.is_some_and(|detail| !detail.items.is_empty()));
    items.chain(main).filter(move |item| {
        *item != standard
            && !evidence.kits_of(*item).contains(&standard)
            && !evidence.kits_of(standard).contains(item)
    })
}

/// When the firmware of a standard changed between its calibration and a use, and since when that
/// is known.
fn firmware_changed(
    walk: &Walk<'_>,
    item: Option<StandardIndex>,
    calibration: &CalibrationRow,
    used_until: Day,
) -> Option<(Day, LogIndex)> {
    let events = walk.evidence.events.of(item?.position()).iter();
    let known =
        events.filter(|event| event.kind == EventKind::Firmware && walk.knows(event.known_from));
    known
        .filter_map(|event| Some((event.on.or(event.discovered_on)?, event.known_from)))
        .filter(|(on, _)| *on > calibration.performed_to && *on <= used_until)
        .min()
}

/// What a use says of the system that a row was calibrated in.
pub struct UseOfSystem<'u> {
    /// The standard claimed.
    pub standard: StandardIndex,
    /// The parameters of the use.
    pub parameters: &'u [ParameterRow],
    /// Texts of the claim that the evidence does not hold.
    pub texts: &'u [String],
    /// The last day of the use.
    pub until: Day,
}

/// R-04 for the claim.
pub fn r_04(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    system: &UseOfSystem<'_>,
) -> Tri {
    let evidence = walk.evidence;
    let subject = Subject::Standard(system.standard);
    let against = Some(Subject::Calibration(row.calibration));
    let (mut state, mut applies) = (Tri::Pass, false);
    for held in configuration(evidence.parameters(row)) {
        applies = true;
        let own = system.parameters.iter().find(|parameter| parameter.name == held.name);
        let name = fact("name", FactValue::Text(held.name));
        let certified = fact("row", shown(held));
        let found = condition_holds(held, own);
        let changed = match evidence.text(held.name) {
            "firmware" => firmware_changed(walk, Some(system.standard), calibration, system.until),
            _ => None,
        };
        let note = match (found, changed) {
            (Tri::Pass, _) => continue,
            (Tri::Indeterminate, Some((on, _))) => {
                let facts = [fact("on", FactValue::Day(on)), certified];
                let note = Note::fail(&R_04, subject, &OTHER_FIRMWARE);
                state = state.and(walk.note(note.against(against).facts(&facts)));
                continue;
            }
            (Tri::Fail, _) => Note::fail(&R_04, subject, &OTHER_CONFIGURATION),
            (Tri::Indeterminate, None) => {
                Note::unknown(&R_04, subject, &CONFIGURATION_UNKNOWN, &NEED_CONFIGURATION)
            }
        };
        let facts = [name, certified, fact("use", own.map_or(FactValue::Word("?"), shown))];
        state = state.and(walk.note(note.against(against).facts(&facts)));
    }
    for partner in partners(evidence, system.standard, row, calibration) {
        applies = true;
        let facts = [
            fact("number", FactValue::Text(calibration.number)),
            fact("partner", FactValue::Record(Subject::Standard(partner))),
        ];
        let note = match states_partner(evidence, system, partner) {
            Tri::Pass => continue,
            Tri::Fail => Note::fail(&R_04, subject, &OTHER_PARTNER),
            Tri::Indeterminate => {
                Note::unknown(&R_04, subject, &PARTNER_UNKNOWN, &NEED_CONFIGURATION)
            }
        };
        state = state.and(walk.note(note.against(against).facts(&facts)));
    }
    match state {
        Tri::Pass if applies => walk.note(Note::pass(&R_04, subject).against(against)),
        found => found,
    }
}

/// Whether a use states a partner of a system, by the code under which its owner keeps it.
fn states_partner(evidence: &Evidence, system: &UseOfSystem<'_>, partner: StandardIndex) -> Tri {
    let code = evidence.standard(partner).code.map(|code| normalised(evidence.text(code)));
    let stated = configuration(system.parameters).filter_map(|parameter| parameter.text);
    let mut others = false;
    for stated in stated {
        if code.as_deref() == Some(evidence.text_with(stated, system.texts)) {
            return Tri::Pass;
        }
        others = true;
    }
    match (others, code) {
        (true, Some(_)) => Tri::Fail,
        _ => Tri::Indeterminate,
    }
}

static OTHER_FIRMWARE_LATE: Phrase = phrase(
    "phần mềm nhúng đã thay đổi ngày {on}, sau khi hiệu chuẩn với phiên bản {row}; việc này chỉ được ghi nhận sau khi dùng: đang xem xét",
    "the firmware was changed on {on}, after the calibration with version {row}; this was recorded only after the use: under review",
);
static NEED_FIRMWARE: Phrase = phrase(
    "đánh giá ảnh hưởng của phần mềm nhúng mới (ISO/IEC 17025 7.10)",
    "an evaluation of what the new firmware changed (ISO/IEC 17025 7.10)",
);

/// R-04 at a link: the row named is the configuration used; its firmware must not have changed.
/// A change recorded only after the use is under review (rule I-06).
pub fn r_04_link(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    child: &CalibrationRow,
    parent: &ResultRow,
    parent_calibration: &CalibrationRow,
) -> Broken {
    let evidence = walk.evidence;
    let mut configured = configuration(evidence.parameters(parent)).peekable();
    if configured.peek().is_none() {
        return Broken { state: Tri::Pass, late: false };
    }
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Calibration(parent.calibration));
    let firmware = configured.find(|held| evidence.text(held.name) == "firmware");
    let item = evidence.item_of(parent);
    let changed = firmware.and_then(|held| {
        Some((held, firmware_changed(walk, item, parent_calibration, child.performed_to)?))
    });
    let Some((held, (on, known_from))) = changed else {
        let state = walk.note(Note::pass(&R_04, subject).against(against));
        return Broken { state, late: false };
    };
    let facts = [fact("on", FactValue::Day(on)), fact("row", shown(held))];
    let late = walk.learnt_after(known_from, child.performed_to);
    let note = match late {
        true => Note::unknown(&R_04, subject, &OTHER_FIRMWARE_LATE, &NEED_FIRMWARE),
        false => Note::fail(&R_04, subject, &OTHER_FIRMWARE),
    };
    Broken { state: walk.note(note.against(against).facts(&facts)), late }
}
