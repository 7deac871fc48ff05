//! What others say of a record, and what comes of it: a second pair of eyes on national standards,
//! proposed scopes, comparisons and certificates that somebody else brought (records.md,
//! attestations). Who may say what is in `access`; what a dispute means for a verdict is rule D-07's.

use crate::domain::attestation::{Attestation, Statement};
use crate::domain::fault::{Fault, Faults};
use crate::domain::log::{self, Draft, Operation};
use crate::domain::recognition::EvidenceLevel;
use crate::domain::records::{AnyRecord, Record as _};
use crate::domain::text::Text;
use crate::ids;
use crate::store::{Stored, Writer};

use super::refusal::Refusal;
use super::registry::Author;

/// Lets a statement take effect, in the transaction in which it is written: what its source confirms
/// or approves is the source's word from now on, what it refuses is not. The record gets a version of
/// its own for that, by the same author.
///
/// A statement is about one version, the one that is current: what nobody looked at is not confirmed.
/// Doubt: a certificate that its issuer disputes stays as well evidenced as it was. The dispute
/// itself decides (D-07), and an owner who amends what they typed does not shake it off: it stands
/// until the issuer confirms.
///
/// # Errors
/// That the version meant is not the current one, or when the database fails.
pub(super) fn take_effect(
    writer: &mut Writer<'_>,
    attestation: &Attestation,
    author: &Author,
) -> Result<(), Refusal> {
    let Some(before) = writer.stored(&attestation.record)? else { return Ok(()) };
    if attestation.version() != Some(before.version) {
        return Err(other_version(attestation, &before));
    }
    let mut record = before.record()?;
    let Some(level) = level_after(attestation.statement, &record) else { return Ok(()) };
    record.record_mut().set_evidence(Some(level), None);
    let draft = Draft {
        actor: author.actor.clone(),
        request_id: author.request_id.clone(),
        operation: Operation::Amend,
        kind: before.collection,
        record_id: before.id,
        version: before.version + 1,
        body: log::canonical(&record.body()),
        salt: ids::new_salt(),
    };
    writer.append(&record, draft, author.now)?;
    Ok(())
}

/// How well a record is evidenced after a statement, where that changes.
fn level_after(statement: Statement, record: &AnyRecord) -> Option<EvidenceLevel> {
    let is_confirmed = record.record().is_confirmed();
    match (statement, record) {
        (Statement::Disputed, AnyRecord::Calibrations(_)) => None,
        (Statement::Confirmed | Statement::Approved, _) => {
            (!is_confirmed).then_some(EvidenceLevel::IssuerConfirmed)
        }
        (Statement::Refused | Statement::Disputed, _) => {
            is_confirmed.then_some(EvidenceLevel::SelfDeclared)
        }
    }
}

fn other_version(attestation: &Attestation, current: &Stored) -> Refusal {
    let now = current.version;
    let (code, message) = match attestation.version() {
        None => (
            "missing_field",
            Text::new(
                format!("thiếu “version”: phiên bản đã xem; hiện nay là {now}"),
                format!("“version” is missing: the version that was looked at; it is {now} now"),
            ),
        ),
        Some(meant) => (
            "other_version",
            Text::new(
                format!(
                    "bản ghi hiện ở phiên bản {now}, không phải {meant}; hãy xem lại rồi nêu phiên bản đó"
                ),
                format!(
                    "the record is in version {now}, not {meant}; look at it again and name that"
                ),
            ),
        ),
    };
    Refusal::Faults(Faults(vec![Fault::error("/version", code, message)]))
}
