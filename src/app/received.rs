//! Certificates that came in as DCCs: what their signatures say, what of them the registry knows
//! already, and what they cite.

use std::collections::BTreeSet;

use crate::domain::calibration::Calibration;
use crate::domain::id::Id;
use crate::domain::log::Digest;
use crate::domain::organisation::Organisation;
use crate::domain::period::Instant;
use crate::domain::recognition::EvidenceLevel;
use crate::domain::records::{AnyRecord, CollectionName, Records};
use crate::domain::signature::{DocumentSignature, SignatureStatus};
use crate::engine::compile::normalised;
use crate::exchange::outcome::Converted;
use crate::exchange::signature::{self, SignatureOutcome, Signer, Trust};
use crate::store::{FilterValue, ListQuery, Reader, Stored, filters};

use super::linking::{self, Registered};
use super::refusal::Refusal;
use super::registry::{Author, Registry};

/// Checks the signature of a certificate and keeps what came of it in its record, with what it says
/// of the evidence: see [`evidenced`]. Of an organisation that is `known` what the file calls it does
/// not count: the signer is compared with what it is called there.
pub(super) fn check_signature(
    records: &mut Records,
    known: &[Organisation],
    xml: &str,
    trust: &Trust,
    at: Option<Instant>,
    now: Instant,
) -> SignatureOutcome {
    let outcome = signature::check(xml, trust, at, now);
    let organisations: Vec<Organisation> =
        known.iter().chain(records.organisations.iter()).cloned().collect();
    for calibration in records.calibrations.iter_mut() {
        let issuer = organisations.iter().find(|record| record.id == calibration.issuer);
        let names_issuer =
            outcome.signer.as_ref().zip(issuer).map(|(signer, issuer)| names(signer, issuer));
        let Some(document) = &mut calibration.document else { continue };
        document.signed_by = outcome.signer.as_ref().and_then(|signer| signer.common_name.clone());
        document.signature = Some(DocumentSignature { names_issuer, ..outcome.record() });
        let level = calibration.evidence_level.map(|level| evidenced(level, calibration));
        calibration.evidence_level = level;
    }
    outcome
}

/// Whether the certificate of a signature names an organisation, by its name or that of the person.
/// Case and blanks do not count.
fn names(signer: &Signer, organisation: &Organisation) -> bool {
    let signers = [&signer.organisation, &signer.common_name];
    let signers: Vec<String> = signers.into_iter().flatten().map(|name| normalised(name)).collect();
    let names = [&organisation.names.vi, &organisation.names.en];
    names.into_iter().flatten().any(|name| signers.contains(&normalised(name)))
}

/// How well a certificate is evidenced that somebody evidences so well (rule D-07): a signature of
/// its issuer, whom a trusted authority names, confirms it; a document that was changed, or whose
/// signer was revoked, is no better than the word of whoever brought it.
///
/// Doubt: a valid signature of somebody else says that the document is whole, not that its issuer
/// wrote it, so it confirms nothing.
pub(super) fn evidenced(level: EvidenceLevel, calibration: &Calibration) -> EvidenceLevel {
    let signature = calibration.document.as_ref().and_then(|document| document.signature.as_ref());
    match signature {
        Some(one) if one.status == SignatureStatus::Valid && one.names_issuer == Some(true) => {
            level.max(EvidenceLevel::IssuerConfirmed)
        }
        Some(one) if matches!(one.status, SignatureStatus::Invalid | SignatureStatus::Revoked) => {
            EvidenceLevel::SelfDeclared
        }
        _ => level,
    }
}

/// The evidence of a certificate that is written without its document: a document that was changed
/// stays what it is, unless its issuer says what was in it.
pub(super) fn doubted(level: EvidenceLevel, calibration: &Calibration) -> EvidenceLevel {
    match level {
        EvidenceLevel::SelfDeclared | EvidenceLevel::DocumentUploaded => {
            evidenced(level, calibration).min(level)
        }
        EvidenceLevel::IssuerConfirmed | EvidenceLevel::RegistrySynced => level,
    }
}

/// What came of checking a signature is the registry's to say: what others say of it does not count,
/// and what it said of the same document before stays.
pub(super) fn keep_signature(calibration: &mut Calibration, before: Option<&Calibration>) {
    let Some(document) = &mut calibration.document else { return };
    let before = before.and_then(|before| before.document.as_ref());
    let same = before.filter(|before| before.sha256 == document.sha256);
    document.signature = same.and_then(|same| same.signature.clone());
}

impl Registry {
    /// Puts a certificate among what the registry knows: its signature is checked, what the registry
    /// knows of the records beside it stays as it is, and what it cites is looked for.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn receive(
        &self,
        converted: &mut Converted,
        xml: &str,
        at: Option<Instant>,
        author: &Author,
    ) -> Result<SignatureOutcome, Refusal> {
        let records = &mut converted.records;
        let head = self.head()?.log_index;
        // That the document was here before proves that its signature existed then.
        let now = self.first_seen(xml, head)?.unwrap_or(author.now);
        let known = self.known_issuers(records, head)?;
        let outcome = check_signature(records, &known, xml, self.trust(), at, now);
        for calibration in std::mem::take(&mut records.calibrations).iter() {
            let as_known = self.as_known(calibration, xml, head)?;
            records.calibrations.push(as_known.unwrap_or_else(|| calibration.clone()));
        }
        let reader = author.reader();
        let open = self.store().write(|writer| {
            let ids: BTreeSet<Id> =
                records.iter().map(|(_, _, record)| record.id().clone()).collect();
            let known: BTreeSet<Id> = writer
                .stored_all(&ids)?
                .into_iter()
                .filter(|stored| stored.collection != CollectionName::Calibrations)
                .map(|stored| stored.id)
                .collect();
            let mut unknown = Records::default();
            for (position, record) in std::mem::take(records).into_any() {
                if !known.contains(record.record().id()) {
                    unknown.push_any(position, record);
                }
            }
            *records = unknown;
            Ok::<_, Refusal>(linking::link(records, &mut Registered { writer, reader })?)
        })?;
        converted.unread.extend(open);
        Ok(outcome)
    }

    /// The issuers of certificates as the registry calls them.
    fn known_issuers(&self, records: &Records, at: u64) -> Result<Vec<Organisation>, Refusal> {
        let mut issuers = Vec::new();
        for calibration in records.calibrations.iter() {
            let known = self.store().get(&calibration.issuer, at)?;
            if let Some(AnyRecord::Organisations(issuer)) =
                known.as_ref().map(Stored::record).transpose()?
            {
                issuers.push(*issuer);
            }
        }
        Ok(issuers)
    }

    /// When a document was recorded first.
    fn first_seen(&self, xml: &str, at: u64) -> Result<Option<Instant>, Refusal> {
        let collection = CollectionName::Calibrations;
        let digest = Digest::of(&[xml.as_bytes()]).to_string();
        let filter = filters(collection).iter().find(|filter| filter.name == "document_sha256");
        let filter = filter.map(|filter| (*filter, FilterValue::Text(digest)));
        let found = self.store().list(&ListQuery {
            collection,
            filters: filter.into_iter().collect(),
            words: Vec::new(),
            after: None,
            limit: 1,
            at,
            reader: Reader::Everything,
        })?;
        Ok(found.first().map(|stored| stored.known_since))
    }

    /// The registry's own record of a certificate that it would print as just this document.
    fn as_known(
        &self,
        calibration: &Calibration,
        xml: &str,
        at: u64,
    ) -> Result<Option<Calibration>, Refusal> {
        let known = self.store().get(&calibration.id, at)?;
        let Some(AnyRecord::Calibrations(own)) = known.as_ref().map(Stored::record).transpose()?
        else {
            return Ok(None);
        };
        match self.certificate_as_dcc(&calibration.id, &Reader::Everything, at) {
            Ok(printed) if printed == xml => Ok(Some(*own)),
            _ => Ok(None),
        }
    }
}
