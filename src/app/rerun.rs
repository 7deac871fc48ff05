//! A kept report asked again: at its own state of knowledge, which must give the same, and with
//! what is known now, with what has changed since and why. Nothing here is kept: the report stays
//! as it was given.

use std::collections::BTreeSet;

use deserr::deserialize;
use serde_json::Value;

use crate::domain::claim::{Claim, KnownAt};
use crate::domain::fault::Faults;
use crate::domain::id::Id;
use crate::domain::log::Operation;
use crate::domain::period::Instant;
use crate::domain::records::CollectionName;
use crate::engine::finding::Outcome;
use crate::engine::report::{
    Previously, RenderedFinding, RenderedReport, RenderedSubject, Route, Traceability, Verdict,
};
use crate::store::{Reader, StoreError, StoredReport};

use super::bundle::Loaded;
use super::privacy::redact;
use super::refusal::Refusal;
use super::registry::Registry;
use super::verify::Moment;

answer! {
    /// An entry of the record log that came after a report and wrote a record that the claim looks
    /// at.
    LogChange {
        /// Its position in the log.
        log_index: u64,
        /// When it was recorded.
        recorded_at: Instant,
        /// What it did.
        operation: Operation,
        /// The collection of the record.
        kind: CollectionName,
        /// The record.
        record: Id,
        /// The version that it wrote.
        version: u32,
        /// Whether a finding that is new or gone speaks of this record.
        in_findings: bool,
    }
}

answer! {
    /// A kept report asked again.
    Rerun {
        /// The report.
        report: Id,
        /// Whether the claim at the report's own state of knowledge gives the same report, apart
        /// from its id and the time at which it was computed.
        same: bool,
        /// The report at its own state of knowledge, where it is not the same.
        #[serde(skip_serializing_if = "Option::is_none")]
        again: Option<RenderedReport>,
        /// The report with what is known now. It says `previously` where the kept one was better.
        now: RenderedReport,
        /// The entries of the log since then that wrote records which the claim looks at.
        changes: Vec<LogChange>,
        /// Findings of now, passes left aside, that the kept report does not have.
        new_findings: Vec<RenderedFinding>,
        /// Findings at the report's state of knowledge, passes left aside, that are gone now.
        gone_findings: Vec<RenderedFinding>,
    }
}

impl Registry {
    /// Asks a kept report again, for somebody who may read it.
    ///
    /// # Errors
    /// When there is no such report that the reader may read, or its claim cannot be asked any
    /// more.
    pub fn rerun(&self, id: &Id, reader: &Reader, moment: Moment) -> Result<Rerun, Refusal> {
        let (kept, value) = self.report(id, reader)?;
        let damaged = |reason: String| {
            Refusal::Store(StoreError::Damaged { log_index: kept.log_index, reason })
        };
        let claim = deserialize::<Claim, _, Faults>(value["claim"].clone())
            .map_err(|_| damaged(format!("the claim of report {id} cannot be read")))?;
        let computed_at = value["computed_at"].as_str().and_then(|at| Instant::parse(at).ok());
        let computed_at = computed_at.ok_or_else(|| damaged(format!("report {id} has no time")))?;

        let policy = self.policy_for(claim.policy.as_deref(), kept.log_index)?;
        let then = self.loaded_for(&claim, kept.log_index)?;
        let at_its_time = Moment { now: computed_at, today: moment.today };
        let mut again = then.answer_under(&claim, &policy, at_its_time)?;
        again.id = Some(id.to_string());
        if value["redacted"] == true {
            redact(&mut again);
        }
        let same = serde_json::to_value(&again).unwrap_or_default() == value;

        let head = self.head()?.log_index;
        let known = self.loaded_for(&claim, head)?;
        let asked_now = Claim { known_at: Some(KnownAt::Instant(moment.now)), ..claim.clone() };
        let mut now = known.answer_under(&asked_now, &policy, moment)?;
        let whole = self.may_see_whole(&now, &kept.owner, reader, head)?
            && self.may_see_whole(&again, &kept.owner, reader, kept.log_index)?;
        if !whole {
            redact(&mut again);
            redact(&mut now);
        }
        now.previously =
            previously(&kept, &value, computed_at).filter(|one| now.verdict > one.verdict);

        let new_findings = lacking(&now, &again);
        let gone_findings = lacking(&again, &now);
        let spoken_of: BTreeSet<&str> = new_findings
            .iter()
            .chain(&gone_findings)
            .flat_map(|finding| std::iter::once(&finding.subject).chain(&finding.against))
            .map(|subject| subject.id.as_str())
            .collect();
        let records = [&then, &known].into_iter().flat_map(|one| one.records.iter());
        let records: BTreeSet<Id> = records.map(|(_, _, record)| record.id().clone()).collect();
        let entries = self.store().entries_on(&records, kept.log_index, head)?.into_iter();
        let changes = entries.map(|entry| LogChange {
            log_index: entry.log_index,
            recorded_at: entry.recorded_at,
            operation: entry.operation,
            kind: entry.kind,
            in_findings: spoken_of.contains(entry.record_id.as_str()),
            record: entry.record_id,
            version: entry.version,
        });
        let changes = changes.collect();
        let again = (!same).then_some(again);
        Ok(Rerun { report: id.clone(), same, again, now, changes, new_findings, gone_findings })
    }

    fn loaded_for(&self, claim: &Claim, at: u64) -> Result<Loaded, Refusal> {
        self.load(&claim.standard, claim.calibration.as_ref(), at)
    }
}

/// The answer of a kept report, to stand beside a later one.
fn previously(kept: &StoredReport, value: &Value, computed_at: Instant) -> Option<Previously> {
    let word = |name: &str| value[name].as_str();
    Some(Previously {
        report: kept.id.to_string(),
        verdict: Verdict::from_word(word("verdict")?)?,
        traceability: Traceability::from_word(word("traceability")?)?,
        recognition: Route::from_word(word("recognition")?)?,
        log_index: u32::try_from(kept.log_index).unwrap_or(u32::MAX),
        computed_at,
    })
}

/// The findings of a report and its parts that say more than that a rule holds.
fn telling(report: &RenderedReport) -> impl Iterator<Item = &RenderedFinding> {
    let of_parts = report.parts.iter().flat_map(|part| &part.findings);
    let all = report.findings.iter().chain(of_parts);
    all.filter(|finding| finding.outcome != Outcome::Pass)
}

/// What a finding is about: rule and outcome, and the records.
fn matter(
    finding: &RenderedFinding,
) -> (&str, Outcome, &RenderedSubject, Option<&RenderedSubject>) {
    (finding.rule, finding.outcome, &finding.subject, finding.against.as_ref())
}

/// The findings of one report that another does not have, each matter once.
fn lacking(one: &RenderedReport, other: &RenderedReport) -> Vec<RenderedFinding> {
    let mut found: Vec<RenderedFinding> = Vec::new();
    for finding in telling(one) {
        let is_same = |held: &RenderedFinding| matter(held) == matter(finding);
        if !telling(other).any(is_same) && !found.iter().any(is_same) {
            found.push(finding.clone());
        }
    }
    found
}
