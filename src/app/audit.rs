//! Many claims at once: every standard of a list, or claims that somebody names, answered in short
//! and counted. What is asked of the database is bounded: standards are taken a few dozen at a time,
//! with the evidence that they share, and nothing more is read once nobody listens.
//!
//! How one claim is decided does not live here (`verify`, `engine`).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::claim::{Claim, KnownAt, Purpose};
use crate::domain::fault::{Fault, Faults};
use crate::domain::id::Id;
use crate::domain::identity::Role;
use crate::domain::period::Day;
use crate::domain::quantity::QuantityKindId;
use crate::domain::records::{AnyRecord, CollectionName};
use crate::domain::standard::{LegalLevel, MeasurementStandard, MetrologicalRole, StandardStatus};
use crate::domain::text::Text;
use crate::engine::finding::Outcome;
use crate::engine::policy::Policy;
use crate::engine::report::{RenderedReport, Verdict};
use crate::engine::summary::{MissingEvidence, Summary};
use crate::store::{ListQuery, Reader};

use super::access::Principal;
use super::bundle::Loaded;
use super::list::{ListRequest, filter_values};
use super::privacy::redact;
use super::refusal::Refusal;
use super::registry::Registry;
use super::verifications::withheld;
use super::verify::{Moment, Summaries};

/// Standards or claims whose evidence is loaded together.
const TOGETHER: u32 = 64;

/// Most claims of a batch.
pub const MOST_CLAIMS: usize = 1_000;

object! {
    /// Which standards are audited: those for which everything holds that is said.
    StandardFilter {
        optional {
            /// Whose; your own where you may ask about no others.
            owner: Id,
            /// The owner's code.
            code: String,
            /// A quantity that they are standards of.
            quantity_kind: QuantityKindId,
            /// Their level in the national hierarchy.
            legal_level: LegalLevel,
            /// Their metrological role.
            metrological_role: MetrologicalRole,
            /// Their status.
            status: StandardStatus,
        }
    }
}

object! {
    /// Many claims at once: either claims, or a filter over standards, of each of which every result
    /// of its current certificates is claimed.
    Batch {
        optional {
            /// Which standards; `{}` for all that you may ask about.
            filter: StandardFilter,
            /// The day of use, for claims that do not say; today when absent.
            used_on: Day,
            /// The state of knowledge, for claims that do not say; now when absent.
            known_at: KnownAt,
            /// Id of the policy, for claims that do not say.
            policy: String,
            /// What the standards are used for, for claims that do not say.
            purpose: Purpose,
            /// Whether each claim is answered with its whole report; false when absent.
            reports: bool,
        }
        many {
            /// The claims, at most 1,000.
            claims: Claim,
        }
    }
}

answer! {
    /// A standard of an audit.
    AuditedStandard {
        /// The standard.
        standard: Id,
        /// Its owner.
        owner: Id,
        /// Its owner's code, for those who may see it.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// The report in short: every result of its current certificates, the worst counting.
        summary: Summary,
    }
}

answer! {
    /// A claim of a batch: its report in short, and whole where that was asked for, or why it
    /// cannot be asked.
    AnsweredClaim {
        /// Position of the claim in the batch, from 0.
        claim: u32,
        /// The standard.
        standard: Id,
        /// The report in short.
        #[serde(skip_serializing_if = "Option::is_none")]
        summary: Option<Summary>,
        /// The report.
        #[serde(skip_serializing_if = "Option::is_none")]
        report: Option<RenderedReport>,
        /// What is wrong with the claim.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        errors: Vec<Fault>,
    }
}

answer! {
    /// How many answers have a verdict.
    VerdictCount {
        /// The verdict.
        verdict: Verdict,
        /// How many.
        count: u64,
    }
}

answer! {
    /// For how many answers a rule is not met.
    RuleCount {
        /// Id of the rule.
        rule: &'static str,
        /// Where it fails.
        fail: u64,
        /// Where it is not decided.
        indeterminate: u64,
        /// Where it leaves a remark.
        remark: u64,
    }
}

answer! {
    /// For how many answers something is missing.
    MissingCount {
        /// Id of the rule that needs it.
        rule: &'static str,
        /// What is missing.
        what: Text,
        /// How many.
        count: u64,
    }
}

answer! {
    /// What many answers have in common.
    AuditTotals {
        /// How many answers.
        answers: u64,
        /// Results that they looked at.
        results: u64,
        /// Claims that could not be asked.
        refused: u64,
        /// By verdict, best first; every verdict is named.
        verdicts: Vec<VerdictCount>,
        /// By rule that is not met, most frequent first.
        rules: Vec<RuleCount>,
        /// By what would settle an answer, most frequent first.
        missing: Vec<MissingCount>,
        /// Whether everything that was asked for was looked at.
        complete: bool,
        /// The state of knowledge.
        log_index: u64,
    }
}

/// Counts answers as they come.
#[derive(Debug, Default)]
pub struct Tally {
    answers: u64,
    results: u64,
    refused: u64,
    verdicts: BTreeMap<Verdict, u64>,
    rules: BTreeMap<&'static str, [u64; 3]>,
    missing: BTreeMap<MissingEvidence, u64>,
}

impl Tally {
    /// Counts an answer.
    pub fn add(&mut self, summary: &Summary) {
        self.answers += 1;
        self.results += u64::from(summary.results);
        *self.verdicts.entry(summary.verdict).or_default() += 1;
        for unmet in &summary.rules {
            let counts = self.rules.entry(unmet.rule).or_default();
            match unmet.outcome {
                Outcome::Fail => counts[0] += 1,
                Outcome::Indeterminate => counts[1] += 1,
                Outcome::Remark => counts[2] += 1,
                Outcome::Pass => {}
            }
        }
        for missing in &summary.missing {
            *self.missing.entry(missing.clone()).or_default() += 1;
        }
    }

    /// What came of it.
    pub fn totals(self, complete: bool, log_index: u64) -> AuditTotals {
        let count = |verdict: Verdict| VerdictCount {
            verdict,
            count: self.verdicts.get(&verdict).copied().unwrap_or_default(),
        };
        let verdicts = Verdict::ALL.iter().copied().map(count).collect();
        let rules = self.rules.into_iter();
        let mut rules: Vec<RuleCount> = rules
            .map(|(rule, [fail, indeterminate, remark])| RuleCount {
                rule,
                fail,
                indeterminate,
                remark,
            })
            .collect();
        // The sort is stable: of equals the first by id.
        rules.sort_by_key(|one| std::cmp::Reverse((one.fail, one.indeterminate, one.remark)));
        let missing = self.missing.into_iter();
        let mut missing: Vec<MissingCount> = missing
            .map(|(one, count)| MissingCount { rule: one.rule, what: one.what, count })
            .collect();
        missing.sort_by_key(|one| std::cmp::Reverse(one.count));
        AuditTotals {
            answers: self.answers,
            results: self.results,
            refused: self.refused,
            verdicts,
            rules,
            missing,
            complete,
            log_index,
        }
    }
}

impl Batch {
    /// What is asked of every claim that does not say itself.
    fn question(&self) -> Question {
        Question {
            used_on: self.used_on,
            known_at: self.known_at,
            policy: self.policy.clone(),
            purpose: self.purpose,
        }
    }

    /// Whether it is one of both: claims, or a filter.
    ///
    /// # Errors
    /// When it is neither or both, or more claims than [`MOST_CLAIMS`].
    pub fn check(&self) -> Result<(), Faults> {
        let message = match (self.claims.len(), &self.filter) {
            (0, Some(_)) => return Ok(()),
            (1..=MOST_CLAIMS, None) => return Ok(()),
            (_, None) if !self.claims.is_empty() => Text::new(
                format!("nhiều nhất {MOST_CLAIMS} yêu cầu một lần"),
                format!("at most {MOST_CLAIMS} claims at once"),
            ),
            _ => Text::new(
                "cần “claims” hoặc “filter”, một trong hai",
                "expected “claims” or “filter”, one of both",
            ),
        };
        Err(Faults(vec![Fault::error("/claims", "claims_or_filter", message)]))
    }
}

impl StandardFilter {
    /// As filters of a list.
    fn pairs(&self) -> Vec<(String, String)> {
        let pairs = [
            ("owner", self.owner.as_ref().map(ToString::to_string)),
            ("code", self.code.clone()),
            ("quantity_kind", self.quantity_kind.map(|kind| kind.id().to_owned())),
            ("legal_level", self.legal_level.map(|level| level.to_string())),
            ("metrological_role", self.metrological_role.map(|role| role.to_string())),
            ("status", self.status.map(|status| status.to_string())),
        ];
        let given = pairs.into_iter();
        given.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

/// What is asked of every standard of an audit.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// The day of use; today when absent.
    pub used_on: Option<Day>,
    /// The state of knowledge; now when absent.
    pub known_at: Option<KnownAt>,
    /// Id of the policy, perhaps with its version.
    pub policy: Option<String>,
    /// What the standards are used for.
    pub purpose: Option<Purpose>,
}

impl Question {
    fn claim(&self, standard: Id) -> Claim {
        self.completed(Claim::of(standard))
    }

    /// A claim with what it does not say itself.
    fn completed(&self, claim: Claim) -> Claim {
        Claim {
            used_on: claim.used_on.or(self.used_on),
            known_at: claim.known_at.or(self.known_at),
            policy: claim.policy.or_else(|| self.policy.clone()),
            purpose: claim.purpose.or(self.purpose),
            ..claim
        }
    }
}

/// What an audit tells while it goes on.
#[derive(Debug)]
pub enum Told<'a> {
    /// How many there are to answer.
    Expected(u64),
    /// A standard is answered.
    Standard(&'a AuditedStandard),
    /// A claim is answered.
    Claim(&'a AnsweredClaim),
}

/// Whom an audit tells; false when nobody listens any more.
pub type Listener<'l> = dyn FnMut(Told<'_>) -> bool + 'l;

/// Audits every standard of a bundle under a policy.
///
/// # Errors
/// When a claim cannot be asked.
pub fn audit_bundle(
    loaded: &Loaded,
    question: &Question,
    policy: &Policy,
    moment: Moment,
    told: &mut Listener<'_>,
) -> Result<AuditTotals, Faults> {
    let standards = &loaded.records.measurement_standards;
    let mut tally = Tally::default();
    let mut summaries = loaded.summaries(policy);
    let mut listening = told(Told::Expected(standards.len() as u64));
    for standard in standards.iter() {
        if !listening {
            break;
        }
        listening =
            told(Told::Standard(&audited(&mut summaries, standard, question, moment, &mut tally)?));
    }
    Ok(tally.totals(listening, 0))
}

fn audited(
    summaries: &mut Summaries<'_>,
    standard: &MeasurementStandard,
    question: &Question,
    moment: Moment,
    tally: &mut Tally,
) -> Result<AuditedStandard, Faults> {
    let summary = summaries.of(&question.claim(standard.id.clone()), moment)?;
    tally.add(&summary);
    Ok(AuditedStandard {
        standard: standard.id.clone(),
        owner: standard.owner.clone(),
        code: standard.code.clone(),
        summary,
    })
}

impl Registry {
    /// Audits every standard of a list. Whoever reads everything audits everybody's standards, an
    /// authority too, without their codes; others audit their own organisation's. The policy is the
    /// one that the question names, unless the caller has one of its own.
    ///
    /// # Errors
    /// When a filter, the policy or the state of knowledge is wrong, or others' standards are asked
    /// for by somebody who may not.
    pub fn audit(
        &self,
        filters: &[(String, String)],
        question: &Question,
        policy: Option<&Policy>,
        principal: Option<&Principal>,
        moment: Moment,
        told: &mut Listener<'_>,
    ) -> Result<AuditTotals, Refusal> {
        let mut filters = filters.to_vec();
        let whole = principal.is_none_or(|one| one.reader() == Reader::Everything);
        if let Some(principal) = principal.filter(|one| !whole && !one.is(Role::Authority)) {
            let own = principal.organisation.to_string();
            if filters.iter().any(|(name, value)| name == "owner" && *value != own) {
                return Err(Refusal::NotAllowed { writers: auditors() });
            }
            filters.retain(|(name, _)| name != "owner");
            filters.push(("owner".to_owned(), own));
        }
        let collection = CollectionName::MeasurementStandards;
        let request = ListRequest { filters, ..ListRequest::new(collection) };
        let mut faults = Vec::new();
        let filters = filter_values(&request, &mut faults);
        if !faults.is_empty() {
            return Err(Refusal::Faults(Faults(faults)));
        }
        let at = self.index_at(question.known_at, moment.now)?;
        let policy = match policy {
            Some(policy) => Cow::Borrowed(policy),
            None => self.policy_for(question.policy.as_deref(), at)?,
        };
        let mut query = ListQuery {
            collection,
            filters,
            words: Vec::new(),
            after: None,
            limit: u32::MAX,
            at,
            reader: Reader::Everything,
        };
        let mut tally = Tally::default();
        let mut listening = told(Told::Expected(self.store().count(&query)?));
        query.limit = TOGETHER;
        while listening {
            let page = self.store().list(&query)?;
            let Some(last) = page.last() else { break };
            query.after = Some(last.id.to_string());
            let ids: BTreeSet<Id> = page.iter().map(|stored| stored.id.clone()).collect();
            let loaded = self.load_all(&ids, &BTreeSet::new(), at)?;
            let mut summaries = loaded.summaries(&policy);
            for stored in &page {
                let AnyRecord::MeasurementStandards(standard) = stored.record()? else { continue };
                let mut line = audited(&mut summaries, &standard, question, moment, &mut tally)?;
                line.code = line.code.filter(|_| {
                    whole || principal.is_none_or(|one| one.organisation == line.owner)
                });
                listening = told(Told::Standard(&line));
                if !listening {
                    break;
                }
            }
        }
        Ok(tally.totals(listening, at))
    }

    /// Answers a batch; nothing of it is kept.
    ///
    /// # Errors
    /// When it is neither claims nor a filter, those of an audit, or when the database fails. What is
    /// wrong with a claim is in its answer.
    pub fn answer_batch(
        &self,
        batch: &Batch,
        principal: &Principal,
        moment: Moment,
        told: &mut Listener<'_>,
    ) -> Result<AuditTotals, Refusal> {
        batch.check()?;
        let question = batch.question();
        if let Some(filter) = &batch.filter {
            let filters = filter.pairs();
            return self.audit(&filters, &question, None, Some(principal), moment, told);
        }
        let claims = batch.claims.iter().cloned();
        let claims: Vec<Claim> = claims.map(|claim| question.completed(claim)).collect();
        self.answer_claims(&claims, batch.reports == Some(true), principal, moment, told)
    }

    /// Answers claims, each in short or with its whole report. Whoever reads everything, and an
    /// authority, asks about everybody's standards, others about their own.
    fn answer_claims(
        &self,
        claims: &[Claim],
        whole_reports: bool,
        principal: &Principal,
        moment: Moment,
        told: &mut Listener<'_>,
    ) -> Result<AuditTotals, Refusal> {
        let head = self.head()?.log_index;
        let mut tally = Tally::default();
        let mut listening = told(Told::Expected(claims.len() as u64));
        let numbered: Vec<(u32, &Claim)> = (0..).zip(claims).collect();
        for together in numbered.chunks(TOGETHER as usize) {
            let places: Vec<Result<u64, Faults>> = together
                .iter()
                .map(|(_, claim)| match self.index_at(claim.known_at, moment.now) {
                    Ok(at) => Ok(Ok(at)),
                    Err(Refusal::Faults(faults)) => Ok(Err(faults)),
                    Err(other) => Err(other),
                })
                .collect::<Result<_, Refusal>>()?;
            let mut asked: BTreeMap<u64, (BTreeSet<Id>, BTreeSet<Id>)> = BTreeMap::new();
            for ((_, claim), at) in together.iter().zip(&places) {
                let Ok(at) = at else { continue };
                let (standards, certificates) = asked.entry(*at).or_default();
                standards.insert(claim.standard.clone());
                certificates.extend(claim.calibration.clone());
            }
            let mut loaded: BTreeMap<u64, Loaded> = BTreeMap::new();
            for (at, (standards, certificates)) in asked {
                loaded.insert(at, self.load_all(&standards, &certificates, at)?);
            }
            for ((number, claim), at) in together.iter().zip(places) {
                if !listening {
                    break;
                }
                let policy = match &at {
                    Ok(at) => match self.policy_for(claim.policy.as_deref(), *at) {
                        Ok(policy) => Ok(policy),
                        Err(Refusal::Faults(faults)) => Err(faults),
                        Err(other) => return Err(other),
                    },
                    Err(faults) => Err(faults.clone()),
                };
                let answer = at.and_then(|at| match loaded.get(&at) {
                    Some(loaded) => {
                        let policy = policy?;
                        answered(loaded, claim, &policy, whole_reports, principal, moment)
                    }
                    None => Err(unknown(claim)),
                });
                let mut line = AnsweredClaim {
                    claim: *number,
                    standard: claim.standard.clone(),
                    summary: None,
                    report: None,
                    errors: Vec::new(),
                };
                match answer {
                    Ok((summary, report)) => {
                        tally.add(&summary);
                        (line.summary, line.report) = (Some(summary), report);
                    }
                    Err(Faults(errors)) => {
                        tally.refused += 1;
                        line.errors = errors;
                    }
                }
                listening = told(Told::Claim(&line));
            }
        }
        Ok(tally.totals(listening, head))
    }
}

/// The answer to a claim of a batch.
fn answered(
    loaded: &Loaded,
    claim: &Claim,
    policy: &Policy,
    whole_report: bool,
    principal: &Principal,
    moment: Moment,
) -> Result<(Summary, Option<RenderedReport>), Faults> {
    let standards = &loaded.records.measurement_standards;
    let standard = standards.iter().find(|one| one.id == claim.standard);
    let standard = standard.ok_or_else(|| unknown(claim))?;
    let sees_figures =
        principal.reader() == Reader::Everything || principal.organisation == standard.owner;
    if !sees_figures {
        if !principal.is(Role::Authority) {
            return Err(unknown(claim));
        }
        let asked = withheld(claim);
        if !asked.is_empty() {
            return Err(Faults(asked));
        }
    }
    if !whole_report {
        return Ok((loaded.summary_under(claim, policy, moment)?, None));
    }
    let (mut report, summary) = loaded.answer_and_summary(claim, policy, moment)?;
    if !sees_figures {
        redact(&mut report);
    }
    Ok((summary, Some(report)))
}

fn unknown(claim: &Claim) -> Faults {
    let standard = &claim.standard;
    let message = Text::new(
        format!("không có chuẩn {standard} trong dữ liệu mà bạn được hỏi"),
        format!("there is no standard {standard} that you may ask about"),
    );
    Faults(vec![Fault::error("/standard", "unknown_standard", message)])
}

/// Who may audit the standards of others.
fn auditors() -> Text {
    Text::new(
        "người kiểm tra của viện đo lường, cơ quan quản lý và người vận hành; tổ chức khác chỉ hỏi về chuẩn của mình",
        "verifiers of the institute, the authority and operators; others ask about their own standards",
    )
}
