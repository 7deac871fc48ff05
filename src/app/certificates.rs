//! A certificate in somebody's hand: is it genuine, current and traceable? Answered to anyone who
//! knows its issuer and number, or its code, without values, uncertainties or customers (api.md,
//! "Privacy").

use crate::domain::calibration::{CalibrationKind, CalibrationStatus, Endorsement};
use crate::domain::claim::{Claim, KnownAt};
use crate::domain::id::Id;
use crate::domain::period::Day;
use crate::domain::records::{AnyRecord, CollectionName};
use crate::engine::report::Verdict;
use crate::engine::summary::UnmetRule;
use crate::store::{FilterValue, ListQuery, Reader, filters};

use super::refusal::Refusal;
use super::registry::Registry;
use super::verify::Moment;

/// By what a certificate is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateQuery {
    /// The code that the service made for it.
    Code(String),
    /// Who issued it, and its number.
    Number {
        /// The issuer.
        issuer: Id,
        /// The number.
        number: String,
    },
}

answer! {
    /// What anyone may know of a certificate in hand.
    CertificateCheck {
        /// The certificate.
        id: Id,
        /// What it is.
        kind: CalibrationKind,
        /// Who issued it.
        issuer: Id,
        /// Its number.
        number: String,
        /// Its status on that day; issued when nothing else was said.
        status: CalibrationStatus,
        /// First day of performance.
        performed_from: Day,
        /// Last day of performance.
        performed_to: Day,
        /// Day of issue.
        #[serde(skip_serializing_if = "Option::is_none")]
        issued_on: Option<Day>,
        /// Due date of recalibration, that whole day included.
        #[serde(skip_serializing_if = "Option::is_none")]
        due_on: Option<Day>,
        /// Claim to recognition.
        #[serde(skip_serializing_if = "Option::is_none")]
        endorsement: Option<Endorsement>,
        /// Whether its item is traceable on that day by this certificate.
        verdict: Verdict,
        /// The rules that are not met.
        rules: Vec<UnmetRule>,
    }
}

impl Registry {
    /// The certificates of a code or number, on a day, as known at a log index.
    ///
    /// # Errors
    /// When the policy is not known, or the database fails.
    pub fn check_certificate(
        &self,
        query: &CertificateQuery,
        used_on: Day,
        policy: Option<&str>,
        at: u64,
        moment: Moment,
    ) -> Result<Vec<CertificateCheck>, Refusal> {
        /// Numbers are an issuer's own; two certificates of one number are a fault of the records,
        /// and more than a few are not looked at.
        const MOST: u32 = 10;
        let collection = CollectionName::Calibrations;
        let wanted = match query {
            CertificateQuery::Code(code) => vec![("code", code.clone())],
            CertificateQuery::Number { issuer, number } => {
                vec![("issuer", issuer.to_string()), ("number", number.clone())]
            }
        };
        let filters = wanted.into_iter().filter_map(|(name, value)| {
            let filter = filters(collection).iter().find(|filter| filter.name == name)?;
            Some((*filter, FilterValue::Text(value)))
        });
        let query = ListQuery {
            collection,
            filters: filters.collect(),
            words: Vec::new(),
            after: None,
            limit: MOST,
            at,
            reader: Reader::Everything,
        };
        let policy = self.policy_for(policy, at)?;
        let mut checks = Vec::new();
        for stored in self.store().list(&query)? {
            let AnyRecord::Calibrations(certificate) = stored.record()? else { continue };
            let claim = Claim {
                calibration: Some(certificate.id.clone()),
                used_on: Some(used_on),
                known_at: Some(KnownAt::LogIndex(at)),
                ..Claim::of(certificate.item.clone())
            };
            let loaded = self.load(&claim.standard, claim.calibration.as_ref(), at)?;
            let summary = loaded.summary_under(&claim, &policy, moment)?;
            let mut statuses = certificate.status_history.iter();
            let current = statuses.rfind(|entry| entry.effective_from <= used_on);
            checks.push(CertificateCheck {
                status: current.map_or(CalibrationStatus::Issued, |entry| entry.status),
                kind: certificate.kind,
                id: certificate.id,
                issuer: certificate.issuer,
                number: certificate.number,
                performed_from: certificate.performed_from,
                performed_to: certificate.performed_to,
                issued_on: certificate.issued_on,
                due_on: certificate.due_on,
                endorsement: certificate.endorsement,
                verdict: summary.verdict,
                rules: summary.rules,
            });
        }
        Ok(checks)
    }
}
