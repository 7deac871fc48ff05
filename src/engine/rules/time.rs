//! Area T: time.

use crate::domain::calibration::{CalibrationStatus, DueSource, Phase, ValueIs};
use crate::domain::nonconformity::Significance;
use crate::domain::period::Day;
use crate::domain::standard::EventKind;
use crate::engine::evidence::*;
use crate::engine::finding::{
    Dimension, Fact, FactValue, Phrase, Rule, Severity, Source, Subject, Tag, fact, phrase,
};
use crate::engine::impact::sensitivity;
use crate::engine::policy::Policy;
use crate::engine::rules::impact::{I_04, I_06};
use crate::engine::rules::{accreditation, institute, viet_nam};
use crate::engine::tri::Tri;
use crate::engine::walk::{Input, Note, Walk};

/// T-01: a reference was calibrated before it was used: parent.performed_to ≤
/// child.performed_from. A certificate issued only after the use is a remark. A continuous
/// monitoring overlaps its use. Critical. VIM 2.40 \[F\].
pub static T_01: Rule = Rule {
    id: "T-01",
    statement: phrase(
        "chuẩn được hiệu chuẩn trước khi được dùng",
        "the reference was calibrated before it was used",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("VIM", "2.40", Tag::Official),
    optional_input: false,
};

/// T-02: a reference was within its calibration interval on every day it was used; whether it has
/// expired since does not matter. Critical. ISO/IEC 17025 6.4.7 \[K\].
pub static T_02: Rule = Rule {
    id: "T-02",
    statement: phrase(
        "chuẩn còn trong hạn hiệu chuẩn khi được dùng",
        "the reference was in calibration when it was used",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "6.4.7", Tag::Knowledge),
    optional_input: false,
};

/// T-03: the standard is within its due date at the use. The owner's interval policy in force at
/// the use counts, from the last day of performance; else the date on the certificate where it was
/// agreed with the customer; the earlier of both where they differ, with a remark. Without either
/// a calibration counts for 24 months and is then indeterminate: certificates have no inherent
/// expiry. Major. ISO/IEC 17025 7.8.4.3 \[K\], ILAC-G24.
pub static T_03: Rule = Rule {
    id: "T-03",
    statement: phrase(
        "chuẩn còn trong hạn hiệu chuẩn vào ngày sử dụng",
        "the standard is within its due date on the day of use",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "7.8.4.3", Tag::Knowledge),
    optional_input: false,
};

/// T-04: the due date is valid through the whole day; dates have no clock time. Info.
pub static T_04: Rule = Rule {
    id: "T-04",
    statement: phrase(
        "ngày đến hạn còn hiệu lực hết ngày đó",
        "the due date is valid through the whole day",
    ),
    severity: Severity::Info,
    dimension: Dimension::Traceability,
    source: Source::new("ISO 8601", "", Tag::Knowledge),
    optional_input: true,
};

/// T-05: nothing broke the calibration between its end and the use (drop, overload, adjustment,
/// repair, a check outside limits). With an unknown day of breaking, uses between the last good
/// evidence and the discovery are indeterminate. A failed intermediate check is a discovery on its
/// own day. Critical. ISO/IEC 17025 6.4.9 \[S\].
pub static T_05: Rule = Rule {
    id: "T-05",
    statement: phrase(
        "không có sự kiện nào làm mất hiệu lực hiệu chuẩn trước khi sử dụng",
        "no event broke the calibration before the use",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "6.4.9", Tag::Secondary),
    optional_input: false,
};

/// T-06: after an adjustment at the calibration only its as-left values are used: as-found values
/// are history by then and fail, values that do not say which they are are indeterminate. Where the
/// standard was adjusted, at the calibration or between it and the one before, without a value as
/// found, the history is lost: a remark. Adjusted means an event on record, or a certificate that
/// gives both phases of a point; without either the rule does not apply. Major. ISO/IEC 17025
/// 7.8.4.1 d \[K\].
///
/// Doubt: many certificates mark every value as left without any adjustment, so the mark alone says
/// nothing of one.
pub static T_06: Rule = Rule {
    id: "T-06",
    statement: phrase(
        "sau khi hiệu chỉnh chỉ dùng giá trị sau hiệu chỉnh, và giá trị trước hiệu chỉnh được ghi lại",
        "after an adjustment the as-left values are used, and the as-found ones are on record",
    ),
    severity: Severity::Major,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "7.8.4.1 d", Tag::Knowledge),
    optional_input: true,
};

/// T-07: a recognition counts as it stood when the calibration was performed, not as it stands at
/// the use or when asked. Holds by construction, C-04, N-01 to N-03 and V-06 are
/// given the days of performance and no other. Said where it makes a difference: the recognition
/// that a certificate rests on has ended since. Major. ILAC-P10 \[K\].
pub static T_07: Rule = Rule {
    id: "T-07",
    statement: phrase(
        "sự công nhận được xét vào ngày thực hiện hiệu chuẩn",
        "the recognition is judged on the days of performance",
    ),
    severity: Severity::Major,
    dimension: Dimension::Recognition,
    source: Source::new("ILAC-P10:07/2020", "", Tag::Knowledge),
    optional_input: true,
};

/// T-08: the certificate was good at the use: void from the beginning counts for all uses once
/// known, withdrawn from its day on, superseded not for uses before. A corrected certificate
/// replaces the one it amends for all uses; the shift in units of the child's U95 decides what
/// that means for what was made with it (rule I-04). Critical. ISO/IEC 17025 7.8.8 \[K\].
pub static T_08: Rule = Rule {
    id: "T-08",
    statement: phrase(
        "giấy chứng nhận còn hiệu lực khi được dùng",
        "the certificate was good when it was used",
    ),
    severity: Severity::Critical,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "7.8.8", Tag::Knowledge),
    optional_input: false,
};

/// T-10: a verdict uses only facts recorded by `known_at`, and valid at the use. Holds by
/// construction: every look-up of a record passes the state of knowledge. Info.
///
/// How much was recorded later is not said: a report asked again at the same state of knowledge
/// must be the same, however the log has grown.
pub static T_10: Rule = Rule {
    id: "T-10",
    statement: phrase(
        "kết luận chỉ dùng những gì đã được ghi nhận đến thời điểm này",
        "the verdict uses only what was recorded by then",
    ),
    severity: Severity::Info,
    dimension: Dimension::Governance,
    source: Source::new("Etalon", "records", Tag::Official),
    optional_input: true,
};

/// T-12: an early warning: the standard falls due within 30 days of the use, or an accreditation or
/// legal recognition of its owner, the approval or certification of the standard itself, or the
/// accreditation of who calibrated it, ends within 90 days (both are parameters of the policy).
/// Info. 17025 6.4.7 \[K\].
pub static T_12: Rule = Rule {
    id: "T-12",
    statement: phrase(
        "chưa có hạn nào sắp đến vào ngày sử dụng",
        "nothing falls due soon after the use",
    ),
    severity: Severity::Info,
    dimension: Dimension::Traceability,
    source: Source::new("ISO/IEC 17025:2017", "6.4.7", Tag::Knowledge),
    optional_input: true,
};

static AFTER_THE_USE: Phrase = phrase(
    "chuẩn được hiệu chuẩn xong ngày {parent}, sau khi đã dùng ngày {child}",
    "the reference was calibrated until {parent}, after it was used on {child}",
);
static ISSUED_AFTER: Phrase = phrase(
    "chuẩn được dùng ngày {child}, trước khi giấy chứng nhận của nó được cấp ngày {parent}",
    "the reference was used on {child}, before its certificate was issued on {parent}",
);

/// T-01 at a link.
pub fn t_01(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    child: &CalibrationRow,
    parent_row: &ResultRow,
    parent: &CalibrationRow,
) -> Tri {
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Calibration(parent_row.calibration));
    let finished = if parent.continuous { parent.performed_from } else { parent.performed_to };
    let used = fact("child", FactValue::Day(child.performed_from));
    if finished > child.performed_from {
        let facts = [used, fact("parent", FactValue::Day(finished))];
        return walk
            .note(Note::fail(&T_01, subject, &AFTER_THE_USE).against(against).facts(&facts));
    }
    match parent.issued_on {
        Some(issued) if issued > child.performed_from && !parent.continuous => {
            let facts = [used, fact("parent", FactValue::Day(issued))];
            walk.note(Note::remark(&T_01, subject, &ISSUED_AFTER).against(against).facts(&facts))
        }
        _ => walk.note(Note::pass(&T_01, subject).against(against)),
    }
}

/// When a calibration falls due, and what says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// On this day, by policy or agreement.
    On(Day),
    /// Two sources say different days; the earlier one counts.
    Earlier(Day, Day),
    /// Nobody says; counted so far and no further.
    Assumed(Day),
}

impl Due {
    /// The last good day.
    pub fn day(self) -> Day {
        match self {
            Self::On(day) | Self::Earlier(day, _) | Self::Assumed(day) => day,
        }
    }
}

/// When a calibration falls due by the owner's interval policy in force at a use.
pub fn due_by_policy(walk: &Walk<'_>, calibration: &CalibrationRow, used_on: Day) -> Option<Day> {
    let policies = calibration
        .item
        .map_or(&[][..], |item| walk.evidence.interval_policies.of(item.position()));
    policies
        .iter()
        .filter(|policy| policy.effective_from <= used_on)
        .max_by_key(|policy| policy.effective_from)
        .and_then(|policy| policy.months)
        .map(|months| calibration.performed_to.plus_months(months))
}

/// When a calibration falls due for a use on a day (rule T-03).
pub fn due(walk: &Walk<'_>, calibration: &CalibrationRow, used_on: Day) -> Due {
    let by_policy = due_by_policy(walk, calibration, used_on);
    let stated = calibration.due_on.filter(|_| calibration.due_source != DueSource::Printed);
    match (by_policy, stated) {
        (Some(policy), Some(stated)) if policy != stated => {
            Due::Earlier(policy.min(stated), policy.max(stated))
        }
        (Some(day), _) | (None, Some(day)) => Due::On(day),
        (None, None) => Due::Assumed(
            calibration.performed_to.plus_months(walk.policy.max_interval_without_policy),
        ),
    }
}

/// When the calibration of a standard falls due. The piece of a set has the set's due date (rule
/// S-10), or that of its own interval where this is earlier; of several standards on one
/// certificate each has its own interval.
pub fn due_of(
    walk: &Walk<'_>,
    calibration: &CalibrationRow,
    standard: Option<StandardIndex>,
    used_on: Day,
) -> Due {
    let Some(piece) = standard.filter(|standard| Some(*standard) != calibration.item) else {
        return due(walk, calibration, used_on);
    };
    let own = CalibrationRow { item: Some(piece), ..*calibration };
    if calibration.item.is_none_or(|item| !walk.evidence.kits_of(piece).contains(&item)) {
        return due(walk, &own, used_on);
    }
    let of_item = due(walk, calibration, used_on);
    let own = CalibrationRow { due_on: None, ..own };
    match (of_item, due(walk, &own, used_on)) {
        (_, Due::Assumed(_)) => of_item,
        (Due::Assumed(_), own) => own,
        (of_item, own) if own.day() < of_item.day() => Due::Earlier(own.day(), of_item.day()),
        _ => of_item,
    }
}

static EXPIRED_WHEN_USED: Phrase = phrase(
    "chuẩn hết hạn hiệu chuẩn ngày {due} nhưng được dùng đến ngày {used}",
    "the reference was due on {due} but was used until {used}",
);
static NO_DUE_DATE: Phrase = phrase(
    "chuẩn được dùng ngày {used}, lâu sau lần hiệu chuẩn ngày {performed}, mà không có chu kỳ hay hạn nào được ghi",
    "the reference was used on {used}, long after its calibration on {performed}, with no interval or due date on record",
);
static NEED_DUE_DATE: Phrase = phrase(
    "chu kỳ hiệu chuẩn của chủ sở hữu, hoặc hạn đã thoả thuận trên giấy chứng nhận",
    "the owner's calibration interval, or an agreed due date",
);

/// T-02 at a link.
pub fn t_02(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    child: &CalibrationRow,
    parent_row: &ResultRow,
    parent: &CalibrationRow,
) -> Tri {
    let subject = Subject::Calibration(row.calibration);
    let against = Some(Subject::Calibration(parent_row.calibration));
    let used = fact("used", FactValue::Day(child.performed_to));
    let piece = walk.evidence.piece_of(parent_row);
    let due = due_of(walk, parent, piece, child.performed_to);
    if child.performed_to <= due.day() {
        return walk.note(Note::pass(&T_02, subject).against(against));
    }
    if matches!(due, Due::Assumed(_)) {
        let facts = [used, fact("performed", FactValue::Day(parent.performed_to))];
        let note = Note::unknown(&T_02, subject, &NO_DUE_DATE, &NEED_DUE_DATE);
        return walk.note(note.against(against).facts(&facts));
    }
    let facts = [used, fact("due", FactValue::Day(due.day()))];
    walk.note(Note::fail(&T_02, subject, &EXPIRED_WHEN_USED).against(against).facts(&facts))
}

static EXPIRED: Phrase =
    phrase("hết hạn hiệu chuẩn ngày {due}, sử dụng ngày {used}", "due on {due}, used on {used}");
static SOURCES_DIFFER: Phrase = phrase(
    "chu kỳ của chủ sở hữu và hạn trên giấy chứng nhận khác nhau ({earlier} và {later}); lấy ngày sớm hơn",
    "the owner's interval and the certificate's due date differ ({earlier} and {later}); the earlier one counts",
);

/// T-03 and T-04 for the claim.
pub fn t_03(
    walk: &mut Walk<'_>,
    standard: StandardIndex,
    index: CalibrationIndex,
    calibration: &CalibrationRow,
    used_on: Day,
) -> Tri {
    let subject = Subject::Standard(standard);
    let against = Some(Subject::Calibration(index));
    let due = due_of(walk, calibration, Some(standard), used_on);
    let used = fact("used", FactValue::Day(used_on));
    if used_on == due.day() && !matches!(due, Due::Assumed(_)) {
        walk.note(Note::pass(&T_04, subject).against(against));
    }
    let note = match due {
        Due::Assumed(day) if used_on > day => {
            let facts = [used, fact("performed", FactValue::Day(calibration.performed_to))];
            let note = Note::unknown(&T_03, subject, &NO_DUE_DATE, &NEED_DUE_DATE);
            return walk.note(note.against(against).facts(&facts));
        }
        _ if used_on > due.day() => {
            let facts = [used, fact("due", FactValue::Day(due.day()))];
            let note = Note::fail(&T_03, subject, &EXPIRED);
            return walk.note(note.against(against).facts(&facts));
        }
        Due::Earlier(earlier, later) => {
            let facts =
                [fact("earlier", FactValue::Day(earlier)), fact("later", FactValue::Day(later))];
            let note = Note::remark(&T_03, subject, &SOURCES_DIFFER);
            return walk.note(note.against(against).facts(&facts));
        }
        _ => Note::pass(&T_03, subject).against(against),
    };
    walk.note(note)
}

/// Whether something broke, and whether that was only found out after the use (rule I-06).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// The outcome for the use.
    pub state: Tri,
    /// Whether a fact recorded later is still to be evaluated.
    pub late: bool,
}

impl Broken {
    /// Both.
    pub fn also(self, other: Self) -> Self {
        Self { state: self.state.and(other.state), late: self.late || other.late }
    }
}

/// What an event means for a use.
enum Event {
    Nothing,
    Broken(Day),
    MayHaveBroken(Day, Day),
}

/// Whether an event concerns the quantity and range of a row.
fn touches(event: &EventRow, row: &ResultRow) -> bool {
    (event.kinds.is_empty() || event.kinds.contains(&row.kind))
        && event.range.is_none_or(|range| {
            !row.extent.is_closed()
                || range.lower <= row.extent.upper && row.extent.lower <= range.upper
        })
}

fn judge_event(
    walk: &Walk<'_>,
    standard: StandardIndex,
    event: &EventRow,
    calibrated: Day,
    row: &ResultRow,
    used: Period,
) -> Event {
    if !event.breaks || !walk.knows(event.known_from) || !touches(event, row) {
        return Event::Nothing;
    }
    let failed_check =
        event.kind == EventKind::IntermediateCheck && event.within_limits == Some(false);
    if let (Some(on), false) = (event.on, failed_check) {
        return match on > calibrated && on <= used.to {
            true => Event::Broken(on),
            false => Event::Nothing,
        };
    }
    let Some(discovered) = event.discovered_on.or(event.on) else {
        // Neither day is known: it may have been at any time since the calibration.
        return Event::MayHaveBroken(calibrated, used.to);
    };
    if discovered <= calibrated {
        return Event::Nothing;
    }
    if discovered <= used.to {
        return Event::Broken(discovered);
    }
    let last_good = last_good_evidence(walk, standard, calibrated, discovered);
    match used.to <= last_good {
        true => Event::Nothing,
        false => Event::MayHaveBroken(last_good, discovered),
    }
}

/// The last day on which the standard was shown to be good before a discovery: its calibration,
/// or an intermediate check within limits.
pub fn last_good_evidence(
    walk: &Walk<'_>,
    standard: StandardIndex,
    calibrated: Day,
    discovered: Day,
) -> Day {
    let checks = walk.evidence.events.of(standard.position()).iter().filter(|event| {
        event.kind == EventKind::IntermediateCheck
            && event.within_limits == Some(true)
            && walk.knows(event.known_from)
    });
    checks.filter_map(|event| event.on).filter(|on| *on < discovered).fold(calibrated, Day::max)
}

static BROKE: Phrase = phrase(
    "sự kiện {event} ngày {on} làm mất hiệu lực hiệu chuẩn trước khi sử dụng ngày {used}",
    "the event {event} on {on} broke the calibration before the use on {used}",
);
static MAY_HAVE_BROKEN: Phrase = phrase(
    "sự kiện {event} không rõ ngày, từ {from} đến {to}: có thể xảy ra trước khi sử dụng ngày {used}",
    "the event {event} happened on an unknown day between {from} and {to}, perhaps before the use on {used}",
);
static NEED_EVENT_DAY: Phrase = phrase(
    "ngày xảy ra sự kiện, hoặc lần kiểm tra trung gian đạt sau ngày sử dụng",
    "the day of the event, or an intermediate check within limits after the use",
);
static FOUND_LATER: Phrase = phrase(
    "sự việc ngày {on} với chuẩn đã dùng chỉ được ghi nhận sau khi dùng: đang xem xét",
    "what happened to the reference on {on} was recorded only after it was used: under review",
);
static FOUND_LATER_INSIGNIFICANT: Phrase = phrase(
    "sự việc ngày {on} với chuẩn đã dùng được ghi nhận sau khi dùng và đã được đánh giá: không đáng kể ({ratio} lần U95 của kết quả này)",
    "what happened to the reference on {on} was recorded after it was used and evaluated: insignificant ({ratio} of this result's U95)",
);
static FOUND_LATER_SIGNIFICANT: Phrase = phrase(
    "sự việc ngày {on} với chuẩn đã dùng được ghi nhận sau khi dùng và đã được đánh giá: đáng kể ({ratio} lần U95 của kết quả này)",
    "what happened to the reference on {on} was recorded after it was used and evaluated: significant ({ratio} of this result's U95)",
);
static NEED_EVALUATION: Phrase = phrase(
    "đánh giá mức ảnh hưởng của sự việc này (ISO/IEC 17025 7.10), ví dụ một lần hiệu chuẩn lại cho biết độ lệch",
    "an evaluation of its significance (ISO/IEC 17025 7.10), such as a recalibration that shows the shift",
);

/// The link at which a reference was used: the row made with it, and the input it was.
#[derive(Clone, Copy)]
struct At<'l> {
    row: &'l ResultRow,
    child: &'l CalibrationRow,
    input: &'l Input,
}

fn t_05_at(
    walk: &mut Walk<'_>,
    item: Option<StandardIndex>,
    row: &ResultRow,
    used: Period,
    subject: Subject,
    link: Option<At<'_>>,
) -> Broken {
    let mut broken = Broken { state: Tri::Pass, late: false };
    let Some(item) = item else { return broken };
    let against = Some(Subject::Standard(item)).filter(|standard| *standard != subject);
    let evidence = walk.evidence;
    let calibrated = evidence.calibration(row.calibration).performed_to;
    for event in evidence.events.of(item.position()) {
        let name = fact("event", FactValue::Word(event.kind.as_str()));
        let used_fact = fact("used", FactValue::Day(used.to));
        let state = match judge_event(walk, item, event, calibrated, row, used) {
            Event::Nothing => continue,
            Event::Broken(on) => {
                let late =
                    link.filter(|at| walk.learnt_after(event.known_from, at.child.performed_to));
                match late {
                    Some(at) => {
                        let judged = found_later(walk, &T_05, subject, against, at, row, on);
                        broken.late |= judged.late;
                        judged.state
                    }
                    None => {
                        let facts = [name, fact("on", FactValue::Day(on)), used_fact];
                        walk.note(Note::fail(&T_05, subject, &BROKE).against(against).facts(&facts))
                    }
                }
            }
            // Whenever it happened, a later calibration or a decision says what it means.
            Event::MayHaveBroken(_, to)
                if let Some(at) = link
                    && walk.learnt_after(event.known_from, at.child.performed_to)
                    && is_evaluated(walk, at, row) =>
            {
                let judged = found_later(walk, &T_05, subject, against, at, row, to);
                broken.late |= judged.late;
                judged.state
            }
            Event::MayHaveBroken(from, to) => {
                let facts = [
                    name,
                    fact("from", FactValue::Day(from)),
                    fact("to", FactValue::Day(to)),
                    used_fact,
                ];
                broken.late |= link
                    .is_some_and(|at| walk.learnt_after(event.known_from, at.child.performed_to));
                let note = Note::unknown(&T_05, subject, &MAY_HAVE_BROKEN, &NEED_EVENT_DAY);
                walk.note(note.against(against).facts(&facts))
            }
        };
        broken.state = broken.state.and(state);
    }
    if broken.state == Tri::Pass {
        walk.note(Note::pass(&T_05, subject).against(against));
    }
    broken
}

/// A fact about a reference that was recorded only after it was used (rule I-06): what was made with
/// it is under review until the significance is known, by a decision on record or by a later
/// calibration of the same standard that shows the shift (rule I-04).
fn found_later(
    walk: &mut Walk<'_>,
    rule: &'static Rule,
    subject: Subject,
    against: Option<Subject>,
    at: At<'_>,
    used_row: &ResultRow,
    on: Day,
) -> Broken {
    let decided = decision(walk, at, used_row);
    let shift = || recalibrated(walk, at, used_row);
    let (significance, ratio) = match decided {
        Some(significance) => (Some(significance), shift()),
        None => {
            let ratio = shift();
            (ratio.map(|ratio| significance_of(walk.policy, ratio)), ratio)
        }
    };
    note_significance(walk, subject, against, significance, ratio);
    let used = at.child.performed_to;
    let facts = [fact("on", FactValue::Day(on)), fact("used", FactValue::Day(used))];
    walk.note(Note::pass_with(&I_06, subject, &RECORDED_LATER).against(against).facts(&facts));
    let ratio = ratio.map_or(FactValue::Word("?"), FactValue::Number);
    let facts = [fact("on", FactValue::Day(on)), fact("ratio", ratio)];
    let (note, late) = match significance {
        Some(Significance::Insignificant) => {
            (Note::remark(rule, subject, &FOUND_LATER_INSIGNIFICANT), false)
        }
        Some(Significance::Significant) => {
            (Note::fail(rule, subject, &FOUND_LATER_SIGNIFICANT), false)
        }
        Some(Significance::Review) | None => {
            (Note::unknown(rule, subject, &FOUND_LATER, &NEED_EVALUATION), true)
        }
    };
    Broken { state: walk.note(note.against(against).facts(&facts)), late }
}

static RECORDED_LATER: Phrase = phrase(
    "sự việc ngày {on} được ghi nhận sau khi chuẩn đã được dùng ngày {used}: chỉ kết luận khi đã đánh giá",
    "what happened on {on} was recorded after the use on {used}: it counts as it is evaluated",
);
static SHIFT_IN_U95: Phrase = phrase(
    "độ lệch bằng {ratio} lần U95 của kết quả này: {significance}",
    "the shift is {ratio} of this result's U95: {significance}",
);

/// I-04 at a link: how much a shift of the reference matters.
fn note_significance(
    walk: &mut Walk<'_>,
    subject: Subject,
    against: Option<Subject>,
    significance: Option<Significance>,
    ratio: Option<f64>,
) {
    let judged = significance.unwrap_or(Significance::Review);
    let note = match judged {
        Significance::Insignificant => Note::pass_with(&I_04, subject, &SHIFT_IN_U95),
        Significance::Review => Note::unknown(&I_04, subject, &SHIFT_IN_U95, &NEED_EVALUATION),
        Significance::Significant => Note::fail(&I_04, subject, &SHIFT_IN_U95),
    };
    let facts = [
        fact("ratio", ratio.map_or(FactValue::Word("?"), FactValue::Number)),
        fact("significance", FactValue::Word(judged.as_str())),
    ];
    walk.note(note.against(against).facts(&facts));
}

/// Whether it is known what a fact about a reference means for what was made with it.
fn is_evaluated(walk: &Walk<'_>, at: At<'_>, used_row: &ResultRow) -> bool {
    decision(walk, at, used_row).is_some() || recalibrated(walk, at, used_row).is_some()
}

/// What a case of nonconforming work decided for the certificate made with a reference.
fn decision(walk: &Walk<'_>, at: At<'_>, used_row: &ResultRow) -> Option<Significance> {
    let item = walk.evidence.calibration(used_row.calibration).item;
    let rows = walk.evidence.evaluations.iter().filter(|row| {
        walk.knows(row.known_from)
            && row.affected == at.row.calibration
            && (row.certificate == Some(used_row.calibration)
                || item.is_some_and(|item| row.standard == Some(item)))
    });
    rows.map(|row| row.significance).max()
}

/// |c·Δ| in units of the child's U95, as a later calibration of the reference shows it.
fn recalibrated(walk: &Walk<'_>, at: At<'_>, used_row: &ResultRow) -> Option<f64> {
    shift_in_u95(walk, at.row, at.input, used_row, shown_later(walk, used_row)?)
}

/// The same row of the first later calibration of the same standard that is good and covers the same
/// point: as found, where both phases are given.
pub fn shown_later<'a>(walk: &Walk<'a>, used_row: &ResultRow) -> Option<&'a ResultRow> {
    let evidence = walk.evidence;
    let item = evidence.calibration(used_row.calibration).item?;
    let used_until = evidence.calibration(used_row.calibration).performed_to;
    let later = evidence.calibrations_of.of(item.position()).iter().copied().filter(|index| {
        let row = evidence.calibration(*index);
        walk.knows(row.known_from)
            && row.performed_from > used_until
            && walk.amended(*index) == *index
            && standing(walk, *index, row.performed_to) == Standing::Good
    });
    let first = later.min_by_key(|index| (evidence.calibration(*index).performed_to, *index))?;
    let rows = evidence.rows_of(first).map(|row| evidence.result(row)).filter(|row| {
        row.kind == used_row.kind
            && evidence.item_of(row) == evidence.item_of(used_row)
            && row.value_is == used_row.value_is
            && row.extent.contains(used_row.extent)
    });
    rows.min_by_key(|row| row.phase != Some(Phase::AsFound))
}

/// How much a shift of so many times U95 matters (rule I-04); a ratio at a limit is still below it.
pub fn significance_of(policy: &Policy, ratio: f64) -> Significance {
    // Far below any written digit, and above what subtracting two nearly equal values leaves.
    const SLACK: f64 = 1e-9;
    let within = |limit: f64| ratio <= limit * (1.0 + SLACK);
    if within(policy.impact_insignificant) {
        Significance::Insignificant
    } else if within(policy.impact_significant) {
        Significance::Review
    } else {
        Significance::Significant
    }
}

/// T-05 at a link.
pub fn t_05_link(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    child: &CalibrationRow,
    parent_row: &ResultRow,
    parent: &CalibrationRow,
    input: &Input,
    used: Period,
) -> Broken {
    let subject = Subject::Calibration(row.calibration);
    let at = Some(At { row, child, input });
    let mut broken = t_05_at(walk, parent.item, parent_row, used, subject, at);
    // What happened to a piece of a set, or to a set that it belongs to, counts as well.
    let evidence = walk.evidence;
    let piece = evidence.item_of(parent_row);
    let kits = piece.map_or(Vec::new(), |piece| evidence.kits_of(piece));
    for item in piece.into_iter().chain(kits).filter(|item| Some(*item) != parent.item) {
        broken = broken.also(t_05_at(walk, Some(item), parent_row, used, subject, at));
    }
    broken
}

/// T-05 for the claim.
pub fn t_05(walk: &mut Walk<'_>, standard: StandardIndex, row: &ResultRow, used_on: Day) -> Tri {
    let used = Period { from: used_on, to: used_on };
    let subject = Subject::Standard(standard);
    t_05_at(walk, Some(standard), row, used, subject, None).state
}

/// The state of a certificate for a use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Good.
    Good,
    /// Void from the beginning; known from.
    Void(LogIndex),
    /// Withdrawn before the use.
    Withdrawn(Day, LogIndex),
    /// Under review.
    UnderReview(LogIndex),
    /// Superseded before the use.
    Superseded(Day),
    /// Amended, without the correction on record.
    Amended(LogIndex),
}

/// The state of a certificate for a use on a day, as known (rule T-08).
pub fn standing(walk: &Walk<'_>, index: CalibrationIndex, used_on: Day) -> Standing {
    let statuses = walk.evidence.calibration_statuses.of(index.position());
    let known = || statuses.iter().filter(|entry| walk.knows(entry.known_from));
    if let Some(void) = known().find(|entry| entry.status == CalibrationStatus::VoidAbInitio) {
        return Standing::Void(void.known_from);
    }
    let latest = known().max_by_key(|entry| (entry.effective_from, entry.known_from, entry.status));
    if let Some(latest) = latest {
        match latest.status {
            CalibrationStatus::UnderReview => return Standing::UnderReview(latest.known_from),
            CalibrationStatus::Amended => return Standing::Amended(latest.known_from),
            _ => {}
        }
    }
    let at_use = known()
        .filter(|entry| entry.effective_from <= used_on)
        .max_by_key(|entry| (entry.effective_from, entry.known_from, entry.status));
    match at_use {
        Some(entry) if entry.status == CalibrationStatus::Withdrawn => {
            Standing::Withdrawn(entry.effective_from, entry.known_from)
        }
        Some(entry) if entry.status == CalibrationStatus::Superseded => {
            Standing::Superseded(entry.effective_from)
        }
        _ => Standing::Good,
    }
}

static VOID: Phrase = phrase(
    "giấy chứng nhận {number} bị tuyên bố vô hiệu ngay từ đầu",
    "certificate {number} was declared void from the beginning",
);
static WITHDRAWN: Phrase = phrase(
    "giấy chứng nhận {number} bị thu hồi từ ngày {from}, được dùng ngày {used}",
    "certificate {number} was withdrawn from {from} and used on {used}",
);
static UNDER_REVIEW: Phrase = phrase(
    "giấy chứng nhận {number} đang được xem xét lại",
    "certificate {number} is under review",
);
static NEED_REVIEW: Phrase = phrase(
    "kết luận của tổ chức cấp về giấy chứng nhận đó",
    "the issuer's decision on that certificate",
);
static SUPERSEDED: Phrase = phrase(
    "giấy chứng nhận {number} đã được thay bằng lần hiệu chuẩn mới từ ngày {from}, trước khi dùng ngày {used}",
    "certificate {number} was superseded on {from}, before the use on {used}",
);
static NEED_NEW_CERTIFICATE: Phrase =
    phrase("giấy chứng nhận của lần hiệu chuẩn mới", "the certificate of the recalibration");
static AMENDED: Phrase = phrase(
    "giấy chứng nhận {number} đã được sửa đổi, nhưng bản sửa đổi không có trong hệ thống",
    "certificate {number} was amended, but its correction is not in the registry",
);
static NEED_CORRECTION: Phrase = phrase("giấy chứng nhận sửa đổi", "the corrected certificate");
/// T-08 for a use of a certificate, at a link or by the claim.
fn t_08_at(
    walk: &mut Walk<'_>,
    index: CalibrationIndex,
    used_on: Day,
    against: Option<Subject>,
    link: Option<(At<'_>, &ResultRow)>,
) -> Broken {
    let subject = Subject::Calibration(index);
    let row = walk.evidence.calibration(index);
    let (performed_to, number) = (row.performed_to, fact("number", FactValue::Text(row.number)));
    let used = fact("used", FactValue::Day(used_on));
    let found = standing(walk, index, used_on);
    if let (Standing::Void(known_from) | Standing::Withdrawn(_, known_from), Some((at, used_row))) =
        (found, link)
        && walk.learnt_after(known_from, at.child.performed_to)
    {
        let learnt = walk.evidence.day_known(known_from).unwrap_or(performed_to);
        return found_later(walk, &T_08, subject, against, at, used_row, learnt);
    }
    let from;
    let (note, facts): (Note<'_>, &[_]) = match found {
        Standing::Good => (Note::pass(&T_08, subject), &[]),
        Standing::Void(_) => (Note::fail(&T_08, subject, &VOID), &[number]),
        Standing::Withdrawn(day, _) => {
            from = [number, fact("from", FactValue::Day(day)), used];
            (Note::fail(&T_08, subject, &WITHDRAWN), &from)
        }
        Standing::UnderReview(_) => {
            (Note::unknown(&T_08, subject, &UNDER_REVIEW, &NEED_REVIEW), &[number])
        }
        Standing::Superseded(day) => {
            from = [number, fact("from", FactValue::Day(day)), used];
            (Note::unknown(&T_08, subject, &SUPERSEDED, &NEED_NEW_CERTIFICATE), &from)
        }
        Standing::Amended(_) => {
            (Note::unknown(&T_08, subject, &AMENDED, &NEED_CORRECTION), &[number])
        }
    };
    // What is not settled about a reference keeps everything made with it under review.
    let open = matches!(found, Standing::UnderReview(_) | Standing::Amended(_));
    let late = open && link.is_some();
    Broken { state: walk.note(note.against(against).facts(facts)), late }
}

/// T-08 for the claim's certificate.
pub fn t_08(walk: &mut Walk<'_>, index: CalibrationIndex, used_on: Day) -> Tri {
    t_08_at(walk, index, used_on, None, None).state
}

static CORRECTED: Phrase = phrase(
    "giấy chứng nhận {number} đã được sửa đổi sau khi dùng; độ lệch bằng {ratio} lần U95 của kết quả này: không đáng kể",
    "certificate {number} was amended after it was used; the shift is {ratio} of this result's U95: insignificant",
);
static CORRECTED_REVIEW: Phrase = phrase(
    "giấy chứng nhận {number} đã được sửa đổi sau khi dùng; độ lệch bằng {ratio} lần U95 của kết quả này: cần xem xét",
    "certificate {number} was amended after it was used; the shift is {ratio} of this result's U95: to be reviewed",
);
static CORRECTED_SIGNIFICANT: Phrase = phrase(
    "giấy chứng nhận {number} đã được sửa đổi sau khi dùng; độ lệch bằng {ratio} lần U95 của kết quả này: đáng kể",
    "certificate {number} was amended after it was used; the shift is {ratio} of this result's U95: significant",
);

/// T-08 at a link: the parent's certificate, or the correction that replaced it.
pub fn t_08_link(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    child: &CalibrationRow,
    parent: ResultIndex,
    input: &Input,
    used: Period,
) -> Broken {
    let against = Some(Subject::Calibration(row.calibration));
    let after = *walk.evidence.result(parent);
    let at = At { row, child, input };
    let standing = t_08_at(walk, after.calibration, used.to, against, Some((at, &after)));
    let Some(named) = input.resolved.amended else { return standing };
    let before = *walk.evidence.result(named);
    let subject = Subject::Calibration(before.calibration);
    let number =
        fact("number", FactValue::Text(walk.evidence.calibration(before.calibration).number));
    let Some(ratio) = shift_in_u95(walk, row, input, &before, &after) else {
        let note = Note::unknown(&T_08, subject, &UNDER_REVIEW, &NEED_EVALUATION);
        let state = walk.note(note.against(against).facts(&[number]));
        return standing.also(Broken { state, late: true });
    };
    let significance = significance_of(walk.policy, ratio);
    note_significance(walk, subject, against, Some(significance), Some(ratio));
    let facts = [number, fact("ratio", FactValue::Number(ratio))];
    let (note, late) = match significance {
        Significance::Insignificant => (Note::remark(&T_08, subject, &CORRECTED), false),
        Significance::Review => {
            (Note::unknown(&T_08, subject, &CORRECTED_REVIEW, &NEED_EVALUATION), true)
        }
        Significance::Significant => (Note::fail(&T_08, subject, &CORRECTED_SIGNIFICANT), false),
    };
    let state = walk.note(note.against(against).facts(&facts));
    standing.also(Broken { state, late })
}

/// |c·Δ| of an amendment in units of the child's U95 (rule I-04); none where a value is missing.
fn shift_in_u95(
    walk: &Walk<'_>,
    row: &ResultRow,
    input: &Input,
    before: &ResultRow,
    after: &ResultRow,
) -> Option<f64> {
    let same = before.value_is == after.value_is && before.value_is != ValueIs::Factor;
    let shift = (after.value()?.si - before.value()?.si).abs();
    let own = walk.normalised(row).ok()?;
    let x = row.extent.upper;
    let u95 = own.standard_at(row, x).value * own.factor_95();
    // Of a mean the weight is not asked for: it stands under review.
    let (c, _) = sensitivity(walk, row, input, before, || None)?;
    (same && u95 > 0.0).then_some(c.abs() * shift / u95)
}

/// T-10 for the claim.
pub fn t_10(walk: &mut Walk<'_>) {
    walk.note(Note::pass(&T_10, Subject::Claim));
}

static AS_FOUND_USED: Phrase = phrase(
    "kết quả {result} là giá trị trước hiệu chỉnh; chuẩn đã được hiệu chỉnh ({on}) nên không còn dùng được",
    "result {result} is an as-found value; the standard was adjusted ({on}), so it no longer holds",
);
static PHASE_UNKNOWN: Phrase = phrase(
    "chuẩn được hiệu chỉnh ngày {on} trong lần hiệu chuẩn này, kết quả {result} không cho biết là trước hay sau hiệu chỉnh",
    "the standard was adjusted on {on} during this calibration, and result {result} does not say whether it is as found or as left",
);
static NEED_PHASE: Phrase = phrase(
    "kết quả sau hiệu chỉnh (as left), hỏi tổ chức cấp",
    "the result as left (ask the issuer)",
);
static HISTORY_LOST: Phrase = phrase(
    "chuẩn được hiệu chỉnh ngày {on} mà không có giá trị trước hiệu chỉnh: không biết trước đó chuẩn đã lệch bao nhiêu",
    "the standard was adjusted on {on} without a value as found: how far it had drifted before is lost",
);

/// T-06 for a row of a certificate.
pub fn t_06(
    walk: &mut Walk<'_>,
    index: ResultIndex,
    row: &ResultRow,
    calibration: &CalibrationRow,
) -> Tri {
    let evidence = walk.evidence;
    let piece = evidence.result_detail(row).and_then(|detail| detail.item);
    let events =
        piece.or(calibration.item).map_or(&[][..], |item| evidence.events.of(item.position()));
    if events.is_empty() && row.phase.is_none() {
        return Tri::Pass;
    }
    let last = events
        .iter()
        .filter(|event| event.kind == EventKind::Adjustment && walk.knows(event.known_from))
        .filter(|event| touches(event, row))
        .filter_map(|event| event.on)
        .filter(|on| *on <= calibration.performed_to)
        .max();
    let during = last.filter(|on| *on >= calibration.performed_from);
    let in_phase = |phase: Phase| {
        evidence.rows_of(row.calibration).any(|other| {
            let beside = evidence.result(other);
            other != index
                && beside.phase == Some(phase)
                && beside.kind == row.kind
                && beside.extent.contains(row.extent)
        })
    };
    let (found, left) = match row.phase {
        Some(Phase::AsFound) => (true, in_phase(Phase::AsLeft)),
        Some(Phase::AsLeft) => (in_phase(Phase::AsFound), true),
        None => (false, false),
    };
    let subject = Subject::Calibration(row.calibration);
    let result = fact("result", FactValue::Text(row.name));
    let on = |day: Option<Day>| fact("on", day.map_or(FactValue::Word("?"), FactValue::Day));
    if during.is_some() || found && left {
        let facts = [result, on(during)];
        let note = match row.phase {
            Some(Phase::AsFound) => Note::fail(&T_06, subject, &AS_FOUND_USED),
            None => Note::unknown(&T_06, subject, &PHASE_UNKNOWN, &NEED_PHASE),
            Some(Phase::AsLeft) if found => Note::pass(&T_06, subject),
            Some(Phase::AsLeft) => Note::remark(&T_06, subject, &HISTORY_LOST),
        };
        return walk.note(note.facts(&facts));
    }
    let Some(before) = last.filter(|on| adjusted_unseen(walk, row, calibration, *on)) else {
        return Tri::Pass;
    };
    walk.note(Note::remark(&T_06, subject, &HISTORY_LOST).facts(&[on(Some(before))]))
}

/// Whether an adjustment lies between a calibration and the one before it, so that nothing shows what
/// the standard was like when it was adjusted.
fn adjusted_unseen(
    walk: &Walk<'_>,
    row: &ResultRow,
    calibration: &CalibrationRow,
    adjusted: Day,
) -> bool {
    let evidence = walk.evidence;
    let Some(item) = calibration.item else { return false };
    let earlier = evidence.calibrations_of.of(item.position()).iter().copied().filter(|other| {
        let other_row = evidence.calibration(*other);
        *other != row.calibration
            && walk.knows(other_row.known_from)
            && other_row.performed_to < calibration.performed_from
            && evidence.rows_of(*other).any(|other| evidence.result(other).kind == row.kind)
    });
    let before = earlier.map(|other| evidence.calibration(other).performed_to).max();
    before.is_some_and(|before| before < adjusted)
}

static ENDED_SINCE: Phrase = phrase(
    "công nhận {number} còn hiệu lực khi hiệu chuẩn ({performed}); đến ngày sử dụng {used} thì không còn, điều này không ảnh hưởng đến kết quả",
    "accreditation {number} was in force when the calibration was performed ({performed}); that it no longer is on {used} does not matter",
);
static NOT_PUBLISHED_SINCE: Phrase = phrase(
    "CMC của {organisation} được công bố khi hiệu chuẩn ({performed}); đến ngày sử dụng {used} thì không còn, điều này không ảnh hưởng đến kết quả",
    "the CMC of {organisation} was published when the calibration was performed ({performed}); that it no longer is on {used} does not matter",
);

/// T-07 for the certificates of a claim that close by recognition.
pub fn t_07(walk: &mut Walk<'_>, used_on: Day) {
    let mut last = None;
    for position in 0..walk.evaluated().len() {
        let Some(index) = walk.evaluated().get(position).copied() else { return };
        let row = walk.evidence.result(index);
        let recognised = walk.verdict(index).is_some_and(|one| one.recognised == Tri::Pass);
        if !recognised || last == Some(row.calibration) {
            continue;
        }
        last = Some(row.calibration);
        recognised_then(walk, row, used_on);
    }
}

fn recognised_then(walk: &mut Walk<'_>, row: &ResultRow, used_on: Day) {
    let evidence = walk.evidence;
    let calibration = evidence.calibration(row.calibration);
    let Some(issuer) = calibration.issuer else { return };
    let subject = Subject::Calibration(row.calibration);
    let performed = fact("performed", FactValue::Day(calibration.performed_to));
    let used = fact("used", FactValue::Day(used_on));
    match calibration.endorsement {
        EndorsementRow::Accreditation(index) => {
            let status = accreditation::status_on(walk, index, used_on);
            if status.is_none_or(accreditation::is_active) {
                return;
            }
            let number = evidence.accreditation(index).number;
            let number = fact("number", number.map_or(FactValue::Word("?"), FactValue::Text));
            let note = Note::pass_with(&T_07, subject, &ENDED_SINCE);
            let against = Some(Subject::Accreditation(index));
            walk.note(note.against(against).facts(&[number, performed, used]));
        }
        EndorsementRow::CipmMra => {
            let on_that_day = Period { from: used_on, to: used_on };
            let published =
                institute::has_published(walk, issuer, row.kind, Some(row.extent), on_that_day);
            if published != Tri::Fail {
                return;
            }
            let organisation = Subject::Organisation(issuer);
            let facts = [fact("organisation", FactValue::Record(organisation)), performed, used];
            let note = Note::pass_with(&T_07, subject, &NOT_PUBLISHED_SINCE);
            walk.note(note.against(Some(organisation)).facts(&facts));
        }
        EndorsementRow::None => {}
    }
}

static DUE_SOON: Phrase = phrase(
    "đến hạn hiệu chuẩn ngày {due}, {days} ngày sau ngày sử dụng",
    "due on {due}, {days} days after the use",
);
static ACCREDITATION_ENDS: Phrase = phrase(
    "công nhận {number} của {organisation} hết hiệu lực ngày {due}, {days} ngày sau ngày sử dụng",
    "accreditation {number} of {organisation} ends on {due}, {days} days after the use",
);
static LEGAL_ENDS: Phrase = phrase(
    "quyết định {number} hết hiệu lực ngày {due}, {days} ngày sau ngày sử dụng",
    "decision {number} ends on {due}, {days} days after the use",
);

/// The days from a use to a day that is near, as facts.
fn soon(used_on: Day, day: Day, within: u32) -> Option<[Fact; 2]> {
    let days = day.number().checked_sub(used_on.number())?;
    let days = u32::try_from(days).ok().filter(|days| *days <= within)?;
    Some([fact("due", FactValue::Day(day)), fact("days", FactValue::Count(days))])
}

/// T-12 for the claim.
pub fn t_12(walk: &mut Walk<'_>, standard: StandardIndex, index: CalibrationIndex, used_on: Day) {
    let evidence = walk.evidence;
    let calibration = evidence.calibration(index);
    let (near, far) = (walk.policy.early_warning_days, walk.policy.recognition_warning_days);
    let before = walk.findings.len();
    let due = due(walk, calibration, used_on).day();
    if let Some(facts) = soon(used_on, due, near) {
        let note = Note::remark(&T_12, Subject::Standard(standard), &DUE_SOON);
        walk.note(note.against(Some(Subject::Calibration(index))).facts(&facts));
    }
    let owner = evidence.standard(standard).owner;
    let own = owner.map_or(&[][..], |owner| evidence.accreditations_of.of(owner.position()));
    let of_the_issuer = match calibration.endorsement {
        EndorsementRow::Accreditation(index) => Some(index),
        _ => None,
    };
    let others = of_the_issuer.into_iter().filter(|index| !own.contains(index));
    for accreditation in own.iter().copied().chain(others) {
        accreditation_ends(walk, accreditation, used_on, far);
    }
    if viet_nam::applies(walk, evidence.standard(standard)) {
        let of_standard = evidence.legal_of_standard.of(standard.position());
        let of_owner =
            owner.map_or(&[][..], |owner| evidence.legal_of_organisation.of(owner.position()));
        // What names both standard and organisation stands in both lists.
        let more = of_owner.iter().filter(|index| !of_standard.contains(index));
        for recognition in of_standard.iter().chain(more) {
            legal_ends(walk, *recognition, used_on, far);
        }
    }
    if walk.findings.len() == before {
        walk.note(Note::pass(&T_12, Subject::Standard(standard)));
    }
}

fn accreditation_ends(walk: &mut Walk<'_>, index: AccreditationIndex, used_on: Day, within: u32) {
    let row = walk.evidence.accreditation(index);
    let Some([due, days]) = soon(used_on, row.valid.to, within) else { return };
    let active = accreditation::status_on(walk, index, used_on);
    if !walk.knows(row.known_from) || !active.is_some_and(accreditation::is_active) {
        return;
    }
    let organisation = row.organisation.map(Subject::Organisation);
    let facts = [
        fact("number", row.number.map_or(FactValue::Word("?"), FactValue::Text)),
        fact("organisation", organisation.map_or(FactValue::Word("?"), FactValue::Record)),
        due,
        days,
    ];
    let note = Note::remark(&T_12, Subject::Accreditation(index), &ACCREDITATION_ENDS);
    walk.note(note.facts(&facts));
}

fn legal_ends(walk: &mut Walk<'_>, index: LegalRecognitionIndex, used_on: Day, within: u32) {
    let row = walk.evidence.legal_recognition(index);
    let Some([due, days]) = soon(used_on, row.valid.to, within) else { return };
    let on_that_day = Period { from: used_on, to: used_on };
    if !viet_nam::is_valid(walk, row, on_that_day) {
        return;
    }
    let number = row.decision.map_or(FactValue::Word("?"), FactValue::Text);
    let note = Note::remark(&T_12, Subject::LegalRecognition(index), &LEGAL_ENDS);
    walk.note(note.facts(&[fact("number", number), due, days]));
}
