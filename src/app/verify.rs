//! A claim answered from records: the claim's defaults, the policy, the decision, the report.

use crate::domain::claim::{Claim, KnownAt};
use crate::domain::fault::{Fault, Faults};
use crate::domain::period::{Day, Instant};
use crate::domain::text::Text;
use crate::engine::evidence::{Evidence, LogIndex};
use crate::engine::limits::Limits;
use crate::engine::policy::Policy;
use crate::engine::report::{RenderedReport, Renderer};
use crate::engine::verify::{Question, QuestionError, verify};

/// The policy of a claim that names none: the international rules, without any country's law.
pub const DEFAULT_POLICY: &str = "ilac-p10";

/// When a claim is asked, for its defaults and its report.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Now.
    pub now: Instant,
    /// Today, where the registry is at home.
    pub today: Day,
}

/// Answers a claim from evidence.
///
/// `used_on` defaults to today and `known_at` to now; the report carries the claim with its
/// defaults filled in, so that it can be asked again.
///
/// # Errors
/// When the claim cannot be asked of this evidence, with a pointer into the claim.
pub fn answer(
    evidence: &Evidence,
    claim: &Claim,
    moment: Moment,
    limits: &Limits,
) -> Result<RenderedReport, Faults> {
    let claim = with_defaults(claim, moment);
    decide(evidence, &claim, &claim, moment, limits)
}

/// Answers a claim from evidence that a registry gave as known at a log index: everything in it is
/// known, and the report names the registry's index.
///
/// # Errors
/// When the claim cannot be asked of this evidence, with a pointer into the claim.
pub fn answer_at(
    evidence: &Evidence,
    log_index: u64,
    claim: &Claim,
    moment: Moment,
    limits: &Limits,
) -> Result<RenderedReport, Faults> {
    let claim = with_defaults(claim, moment);
    let asked = Claim { known_at: None, ..claim.clone() };
    let mut report = decide(evidence, &asked, &claim, moment, limits)?;
    report.at_log_index(LogIndex::try_from(log_index).unwrap_or(LogIndex::MAX));
    Ok(report)
}

fn decide(
    evidence: &Evidence,
    asked: &Claim,
    shown: &Claim,
    moment: Moment,
    limits: &Limits,
) -> Result<RenderedReport, Faults> {
    let name = asked.policy.as_deref().unwrap_or(DEFAULT_POLICY);
    let policy = Policy::shipped(name).ok_or_else(|| unknown_policy(name))?;
    let question = Question::new(evidence, asked).map_err(|error| refused(asked, error))?;
    let report = verify(evidence, &question, policy, limits);
    let computed_at = moment.now;
    let renderer = Renderer { evidence, policy, limits, claim: shown, computed_at };
    Ok(renderer.render(&report))
}

fn with_defaults(claim: &Claim, moment: Moment) -> Claim {
    let mut claim = claim.clone();
    claim.used_on.get_or_insert(moment.today);
    claim.known_at.get_or_insert(KnownAt::Instant(moment.now));
    claim.policy.get_or_insert_with(|| DEFAULT_POLICY.to_owned());
    claim
}

/// That there is no such policy.
pub(super) fn unknown_policy(name: &str) -> Faults {
    let known = Policy::SHIPPED.join(", ");
    Faults(vec![Fault::error(
        "/policy",
        "unknown_policy",
        Text::new(
            format!("không có chính sách “{name}”; các chính sách hiện có: {known}"),
            format!("there is no policy “{name}”; known policies: {known}"),
        ),
    )])
}

fn refused(claim: &Claim, error: QuestionError) -> Faults {
    let (pointer, code, vi, en) = match error {
        QuestionError::UnknownStandard => (
            "/standard",
            "unknown_standard",
            format!("không có chuẩn {} trong dữ liệu ở thời điểm này", claim.standard),
            format!("there is no standard {} in the records known then", claim.standard),
        ),
        QuestionError::UnknownCalibration => (
            "/calibration",
            "unknown_calibration",
            "giấy chứng nhận được nêu không phải của chuẩn này".to_owned(),
            "the certificate named is not one of this standard".to_owned(),
        ),
        QuestionError::NoDayOfUse => (
            "/used_on",
            "missing_field",
            "thiếu ngày sử dụng".to_owned(),
            "the day of use is missing".to_owned(),
        ),
    };
    Faults(vec![Fault::error(pointer, code, Text::new(vi, en))])
}
