//! Rule T-09: values expressed in one epoch of realisation and used in another.

use crate::domain::epoch::{Epoch, EpochUnit};
use crate::domain::period::Day;
use crate::domain::uncertainty::Mode;
use crate::engine::evidence::*;
use crate::engine::finding::{
    Dimension, FactValue, Phrase, Rule, Severity, Source, Subject, Tag, fact, phrase,
};
use crate::engine::numbers;
use crate::engine::tri::Tri;
use crate::engine::walk::{Note, Walk};

/// T-09: a value expressed in an epoch of its unit (as the certificate states it) is used in the
/// same, or the shift Δ to the epoch in force at the use does not matter: |Δ|/U95 ≤ 0.10 is
/// information, up to 0.33 a remark, above a fail. Epochs and shifts are those of
/// `domain::epoch`, the thresholds the policy's for impacts. Not applicable without an epoch.
/// Major. CGPM 26, Resolution 1 \[F\]; CCM consensus values \[F\].
///
/// U95 is that of the value used, at a link as at the claim: the question is asked of the reference
/// at its time of use (rules 3.5). That is stricter than Δ against the user's uncertainty: a
/// reference off by more than its own uncertainty has to be corrected. No field of a record says
/// "corrected" for an epoch; a certificate that states a newer epoch than its reference's says that
/// its value was brought there, one that states the same epoch hands the question on to its own
/// use.
pub static T_09: Rule = Rule {
    id: "T-09",
    statement: phrase(
        "giá trị được dùng theo đúng giai đoạn thể hiện của đơn vị đo, hoặc độ lệch không đáng kể",
        "the value is used in its unit's epoch of realisation, or the shift does not matter",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("CGPM 26", "1", Tag::Official),
    optional_input: true,
};

static SHIFTED: Phrase = phrase(
    "giá trị theo {epoch} được dùng khi {current} có hiệu lực: lệch {shift}, bằng {ratio} lần U95 {u95}, không đáng kể",
    "a value of {epoch} was used under {current}: the shift {shift} is {ratio} of U95 {u95}, insignificant",
);
static SHIFTED_REVIEW: Phrase = phrase(
    "giá trị theo {epoch} được dùng khi {current} có hiệu lực: lệch {shift}, bằng {ratio} lần U95 {u95}, cần xem xét",
    "a value of {epoch} was used under {current}: the shift {shift} is {ratio} of U95 {u95}, to be reviewed",
);
static SHIFTED_FAR: Phrase = phrase(
    "giá trị theo {epoch} được dùng khi {current} có hiệu lực mà không hiệu chính: lệch {shift}, bằng {ratio} lần U95 {u95}",
    "a value of {epoch} was used under {current} without correction: the shift {shift} is {ratio} of U95 {u95}",
);
static EPOCH_UNKNOWN: Phrase = phrase(
    "giai đoạn thể hiện đơn vị đo ghi trên giấy chứng nhận không có trong danh mục",
    "the epoch of realisation that is stated is none of the code list",
);
static NEED_EPOCH: Phrase = phrase(
    "giai đoạn thể hiện đơn vị đo theo danh mục (hỏi tổ chức cấp)",
    "the epoch of realisation, as the code list names it (ask the issuer)",
);

/// T-09 at a link.
pub fn t_09_link(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    child: &CalibrationRow,
    parent_row: &ResultRow,
    parent: &CalibrationRow,
) -> Tri {
    let Some(stated) = parent.epoch else { return Tri::Pass };
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Calibration(parent_row.calibration));
    // A certificate that states its own epoch brought the value there, or hands it on.
    let brought = child.epoch;
    judge(walk, (subject, against), stated, brought, parent_row, child.performed_to)
}

/// T-09 at a root that a calibration cites.
pub fn t_09_root(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    child: &CalibrationRow,
    root: RealisationIndex,
) -> Tri {
    let Some(stated) = walk.evidence.realisation(root).epoch else { return Tri::Pass };
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Realisation(root));
    judge(walk, (subject, against), stated, child.epoch, row, child.performed_to)
}

/// T-09 for the claim.
pub fn t_09(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    used_on: Day,
) -> Tri {
    let Some(stated) = calibration.epoch else { return Tri::Pass };
    let subject = Subject::Calibration(row.calibration);
    judge(walk, (subject, None), stated, None, row, used_on)
}

fn judge(
    walk: &mut Walk<'_>,
    (subject, against): (Subject, Option<Subject>),
    stated: EpochRow,
    brought: Option<EpochRow>,
    row: &ResultRow,
    day: Day,
) -> Tri {
    let Some(unit) = EpochUnit::of(row.kind) else { return Tri::Pass };
    let epoch = match stated {
        EpochRow::Known(epoch) if epoch.unit() == unit => epoch,
        EpochRow::Known(_) => return Tri::Pass,
        EpochRow::Unknown => {
            let note = Note::unknown(&T_09, subject, &EPOCH_UNKNOWN, &NEED_EPOCH);
            return walk.note(note.against(against));
        }
    };
    let corrected = matches!(brought, Some(EpochRow::Known(own)) if own.unit() == unit);
    let current = Epoch::in_force(unit, day);
    let shift = current.map_or(0.0, |current| (current.shift() - epoch.shift()).abs());
    if shift == 0.0 || corrected {
        return walk.note(Note::pass(&T_09, subject).against(against));
    }
    // Without an uncertainty there is nothing to measure the shift in; U-01 says so.
    let Ok(own) = walk.normalised(row) else { return Tri::Pass };
    let at = |x: f64| {
        let magnitude = if x.is_finite() { x } else { numbers::value_of(row).unwrap_or(x) };
        let (shift, u95) =
            (shift * magnitude.abs(), own.standard_at(row, x).value * own.factor_95());
        (shift / u95, shift, u95)
    };
    let worst = row.extent.ends().map(at).max_by(|one, other| one.0.total_cmp(&other.0));
    let Some((ratio, shift, u95)) = worst.filter(|(ratio, _, _)| ratio.is_finite()) else {
        return Tri::Pass;
    };
    let absolute = row.uncertainty().filter(|stated| stated.mode != Some(Mode::Relative));
    let shown_in = absolute.map_or(row.extent_unit, |stated| stated.figure.unit);
    let facts = [
        fact("epoch", FactValue::Word(epoch.as_str())),
        fact("current", FactValue::Word(current.map_or("?", Epoch::as_str))),
        fact("shift", FactValue::Quantity(shift, shown_in)),
        fact("u95", FactValue::Quantity(u95, shown_in)),
        fact("ratio", FactValue::Number(ratio)),
    ];
    let up_to = |limit: f64| ratio <= limit * (1.0 + Extent::SLACK);
    let note = if up_to(walk.policy.impact_insignificant) {
        Note::remark(&T_09, subject, &SHIFTED).severity(Severity::Info)
    } else if up_to(walk.policy.impact_significant) {
        Note::remark(&T_09, subject, &SHIFTED_REVIEW)
    } else {
        Note::fail(&T_09, subject, &SHIFTED_FAR)
    };
    walk.note(note.against(against).facts(&facts))
}
