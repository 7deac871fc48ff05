//! A claim answered from records: the claim's defaults, the policy, the decision, the report.

use crate::domain::claim::{Claim, KnownAt};
use crate::domain::fault::{Fault, Faults, shortened};
use crate::domain::period::{Day, Instant};
use crate::domain::text::Text;
use crate::engine::evidence::{Evidence, LogIndex};
use crate::engine::limits::Limits;
use crate::engine::policy::Policy;
use crate::engine::report::{RenderedReport, Renderer, Report};
use crate::engine::summary::Summary;
use crate::engine::verify::{Question, QuestionError, Session, verify};
use crate::telemetry::Metrics;

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
    answer_under(evidence, claim, shipped(claim.policy.as_deref())?, moment, limits)
}

/// The same under a policy that the caller found, whatever the claim calls it.
///
/// # Errors
/// When the claim cannot be asked of this evidence, with a pointer into the claim.
pub fn answer_under(
    evidence: &Evidence,
    claim: &Claim,
    policy: &Policy,
    moment: Moment,
    limits: &Limits,
) -> Result<RenderedReport, Faults> {
    let claim = with_defaults(claim, policy, moment);
    Ok(decide(evidence, &claim, &claim, policy, moment, limits)?.0)
}

/// Answers a claim from evidence that a registry gave as known at a log index: everything in it is
/// known, and the report names the registry's index. The decision comes along as the engine made it.
///
/// # Errors
/// When the claim cannot be asked of this evidence, with a pointer into the claim.
pub fn answer_at(
    evidence: &Evidence,
    log_index: u64,
    claim: &Claim,
    policy: &Policy,
    moment: Moment,
    limits: &Limits,
) -> Result<(RenderedReport, Report), Faults> {
    let claim = with_defaults(claim, policy, moment);
    let asked = Claim { known_at: None, ..claim.clone() };
    let (mut shown, report) = decide(evidence, &asked, &claim, policy, moment, limits)?;
    shown.at_log_index(LogIndex::try_from(log_index).unwrap_or(LogIndex::MAX));
    Ok((shown, report))
}

/// Counts a claim that was decided: its verdict, the rules that are not met, and what it took.
pub(super) fn count(metrics: &Metrics, report: &Report, summary: &Summary) {
    metrics.count_verdict(report.verdict.as_str());
    for unmet in &summary.rules {
        metrics.count_finding(unmet.rule, unmet.outcome.as_str());
    }
    let work = report.work();
    metrics.count_work(work.results, work.links, work.steps);
    work.limits.into_iter().for_each(|limit| metrics.count_limit(limit));
}

/// Claims on the same evidence under the same policy, answered in short one after the other.
pub struct Summaries<'e> {
    evidence: &'e Evidence,
    policy: &'e Policy,
    /// Whether everything in the evidence is known: a registry gave it as known at a log index.
    all_known: bool,
    session: Session<'e>,
    metrics: Option<&'e Metrics>,
}

impl<'e> Summaries<'e> {
    /// Of this evidence, under this policy; counted where there is somebody to count.
    pub fn new(
        evidence: &'e Evidence,
        policy: &'e Policy,
        all_known: bool,
        limits: &Limits,
        metrics: Option<&'e Metrics>,
    ) -> Self {
        let session = Session::new(evidence, policy, limits);
        Self { evidence, policy, all_known, session, metrics }
    }

    /// The answer to a claim in short.
    ///
    /// # Errors
    /// When the claim cannot be asked of this evidence, with a pointer into the claim.
    pub fn of(&mut self, claim: &Claim, moment: Moment) -> Result<Summary, Faults> {
        let shown = with_defaults(claim, self.policy, moment);
        let known_at = shown.known_at.filter(|_| !self.all_known);
        let asked = Claim { known_at, ..shown.clone() };
        let question = question(self.evidence, &asked, &shown)?;
        let report = self.session.verify(&question);
        let summary = Summary::of(&report);
        if let Some(metrics) = self.metrics {
            count(metrics, &report, &summary);
        }
        Ok(summary)
    }
}

fn decide(
    evidence: &Evidence,
    asked: &Claim,
    shown: &Claim,
    policy: &Policy,
    moment: Moment,
    limits: &Limits,
) -> Result<(RenderedReport, Report), Faults> {
    let question = question(evidence, asked, shown)?;
    let report = verify(evidence, &question, policy, limits);
    let computed_at = moment.now;
    let renderer = Renderer { evidence, policy, limits, claim: shown, computed_at };
    Ok((renderer.render(&report), report))
}

/// A claim in the terms of the evidence: the registry looks up itself what was known when, so the
/// claim is asked without it.
fn question(evidence: &Evidence, asked: &Claim, shown: &Claim) -> Result<Question, Faults> {
    let mut question = Question::new(evidence, asked).map_err(|error| refused(asked, error))?;
    if let Some(KnownAt::Instant(instant)) = shown.known_at {
        question.known_on = Some(instant.day());
    }
    Ok(question)
}

/// The claim as its report carries it: with its defaults, and with the policy by a name that stays
/// the same policy.
fn with_defaults(claim: &Claim, policy: &Policy, moment: Moment) -> Claim {
    let mut claim = claim.clone();
    claim.used_on.get_or_insert(moment.today);
    claim.known_at.get_or_insert(KnownAt::Instant(moment.now));
    claim.policy = Some(policy.reference());
    claim
}

/// The policy that a claim names, of those that come with the program.
///
/// # Errors
/// When there is none of this name.
pub fn shipped(name: Option<&str>) -> Result<&'static Policy, Faults> {
    let name = name.unwrap_or(DEFAULT_POLICY);
    shipped_named(name).ok_or_else(|| unknown_policy(name, &Policy::SHIPPED.map(str::to_owned)))
}

/// A policy that comes with the program by its id, or by its id and version (`id@version`).
pub fn shipped_named(name: &str) -> Option<&'static Policy> {
    let (id, version) = parted(name);
    Policy::shipped(id).filter(|policy| version.is_none_or(|version| version == policy.version))
}

/// The id of a policy and the version, where one is named.
pub(super) fn parted(name: &str) -> (&str, Option<&str>) {
    name.split_once('@').map_or((name, None), |(id, version)| (id, Some(version)))
}

/// There is no such policy; there are these.
pub(super) fn unknown_policy(name: &str, known: &[String]) -> Faults {
    let (name, known) = (shortened(name), known.join(", "));
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
