//! Claims that are asked by somebody, and their reports, which are kept: who may ask what, and who
//! reads a report. How a claim is decided does not live here (`verify`, `engine`).

use serde_json::Value;

use crate::domain::claim::Claim;
use crate::domain::fault::{Fault, Faults};
use crate::domain::id::Id;
use crate::domain::log;
use crate::domain::period::Instant;
use crate::domain::records::{AnyRecord, CollectionName};
use crate::domain::text::Text;
use crate::engine::report::{RenderedReport, Verdict};
use crate::ids;
use crate::store::{Reader, StoredReport};

pub use crate::store::ReportQuery;

use super::access::Principal;
use super::idempotency::{Answered, Attempt};
use super::privacy::redact;
use super::refusal::Refusal;
use super::registry::Registry;
use super::verify::Moment;

answer! {
    /// A kept report in a list.
    ReportSummary {
        /// Its id.
        id: Id,
        /// The standard of the claim.
        standard: Id,
        /// The answer.
        verdict: Verdict,
        /// From which state of knowledge.
        log_index: u64,
        /// When it was made.
        created_at: Instant,
        /// The organisation that asked.
        asked_by: Id,
    }
}

impl Registry {
    /// The report of a claim as a reader may see it, from what was known then; nothing is kept.
    ///
    /// # Errors
    /// When the standard is not there, or the claim cannot be asked.
    pub fn traceability(
        &self,
        claim: &Claim,
        reader: &Reader,
        at: u64,
        moment: Moment,
    ) -> Result<RenderedReport, Refusal> {
        let owner = self.owner(&claim.standard, at)?;
        self.report_for(claim, &owner, reader, at, moment)
    }

    fn report_for(
        &self,
        claim: &Claim,
        owner: &Id,
        reader: &Reader,
        at: u64,
        moment: Moment,
    ) -> Result<RenderedReport, Refusal> {
        let policy = self.policy_for(claim.policy.as_deref(), at)?;
        let loaded = self.load(&claim.standard, claim.calibration.as_ref(), at)?;
        let mut report = loaded.answer_under(claim, &policy, moment)?;
        if !self.may_see_whole(&report, owner, reader, at)? {
            let asked = withheld(claim);
            if !asked.is_empty() {
                return Err(Refusal::Faults(Faults(asked)));
            }
            redact(&mut report);
        }
        Ok(report)
    }

    /// The owner of a standard as known at a log index.
    fn owner(&self, standard: &Id, at: u64) -> Result<Id, Refusal> {
        let collection = CollectionName::MeasurementStandards;
        match self.get(collection, standard, at)?.record()? {
            AnyRecord::MeasurementStandards(record) => Ok(record.owner),
            _ => Err(Refusal::Unknown { collection, id: standard.clone() }),
        }
    }

    /// Answers the claim of somebody and keeps the report. The same request again is answered with
    /// the same report.
    ///
    /// # Errors
    /// When the claim cannot be asked, or is about a standard that the caller may not see.
    pub fn verify(
        &self,
        claim: &Claim,
        principal: &Principal,
        attempt: Option<&Attempt>,
        moment: Moment,
    ) -> Result<Answered, Refusal> {
        if let Some(attempt) = attempt
            && let Some(value) = self.replayed(attempt, moment.now)?
        {
            return Ok(Answered { value, replayed: true });
        }
        let reader = principal.reader();
        let at = self.index_at(claim.known_at, moment.now)?;
        let standard = &claim.standard;
        let collection = CollectionName::MeasurementStandards;
        if !self.is_visible(collection, standard, &reader, at)? {
            let message = Text::new(
                format!("không có chuẩn {standard} trong dữ liệu ở thời điểm này"),
                format!("there is no standard {standard} in the records known then"),
            );
            return Err(Refusal::fault("/standard", "unknown_standard", message));
        }
        let owner = self.owner(standard, at)?;
        let mut report = self.report_for(claim, &owner, &reader, at, moment)?;
        let id = ids::new_id();
        report.id = Some(id.to_string());
        let value = serde_json::to_value(&report).unwrap_or_default();
        let kept = StoredReport {
            id,
            log_index: at,
            standard: standard.clone(),
            owner,
            asked_by: principal.organisation.clone(),
            actor: principal.actor(),
            verdict: report.verdict.to_string(),
            created_at: moment.now,
            body: log::canonical(&value),
        };
        self.once(attempt, moment.now, |writer| {
            writer.add_report(&kept)?;
            Ok(value)
        })
    }

    /// A kept report, as it was given.
    ///
    /// # Errors
    /// When there is none that the reader may read.
    pub fn report(&self, id: &Id, reader: &Reader) -> Result<(StoredReport, Value), Refusal> {
        let kept = self.store().report(id)?.filter(|report| report.is_for(reader));
        let kept = kept.ok_or_else(|| Refusal::NoSuch { id: id.clone() })?;
        let value = serde_json::from_str(&kept.body).map_err(|error| {
            let reason = format!("report {id} is no JSON: {error}");
            Refusal::Store(crate::store::StoreError::Database(reason))
        })?;
        Ok((kept, value))
    }

    /// The kept reports that a reader may read, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn reports(&self, query: &ReportQuery) -> Result<Vec<ReportSummary>, Refusal> {
        let kept = self.store().reports(query)?;
        let summaries = kept.into_iter().map(|report| ReportSummary {
            id: report.id,
            standard: report.standard,
            verdict: Verdict::from_word(&report.verdict).unwrap_or(Verdict::Undetermined),
            log_index: report.log_index,
            created_at: report.created_at,
            asked_by: report.asked_by,
        });
        Ok(summaries.collect())
    }
}

/// What a claim may not ask of figures that are withheld: claim by claim, the answers would tell
/// them.
pub(super) fn withheld(claim: &Claim) -> Vec<Fault> {
    let asked = [
        ("/point", claim.point.is_some()),
        ("/parameters", !claim.parameters.is_empty()),
        ("/value_used", claim.value_used.is_some()),
        ("/required_uncertainty", claim.required_uncertainty.is_some()),
    ];
    let asked = asked.into_iter().filter(|(_, asked)| *asked);
    asked
        .map(|(pointer, _)| {
            let message = Text::new(
                "chỉ ai được xem số liệu của các giấy chứng nhận mới được hỏi theo điểm, điều kiện hay \
                 độ không đảm bảo yêu cầu; hãy bỏ trường này",
                "only who may see the figures of the certificates may ask by point, conditions or \
                 required uncertainty; leave this field out",
            );
            Fault::error(pointer, "figures_withheld", message)
        })
        .collect()
}
