//! Requests that may come twice: what was answered to a request is kept in the transaction of its
//! effect, so that the same request again is answered the same and done once. Which header says so
//! does not live here (`http`).

use serde_json::Value;

use crate::domain::period::Instant;
use crate::store::Writer;

pub use crate::store::Attempt;

use super::refusal::Refusal;
use super::registry::Registry;

/// What a request that writes is answered with.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The answer.
    pub value: Value,
    /// Whether it was given before, and nothing was done now.
    pub replayed: bool,
}

impl Registry {
    /// What was answered to the same request before.
    ///
    /// # Errors
    /// When its key came with another body.
    pub(super) fn replayed(
        &self,
        attempt: &Attempt,
        now: Instant,
    ) -> Result<Option<Value>, Refusal> {
        self.store().write(|writer| replayed(writer, attempt, now))
    }

    /// Does the work in one transaction and keeps its answer there, or gives the answer that was
    /// kept when the same request came before.
    ///
    /// # Errors
    /// The work's own, or that the key was used for another request; nothing is kept then.
    pub(super) fn once(
        &self,
        attempt: Option<&Attempt>,
        now: Instant,
        work: impl FnOnce(&mut Writer<'_>) -> Result<Value, Refusal>,
    ) -> Result<Answered, Refusal> {
        self.store().write(|writer| {
            if let Some(value) =
                attempt.map(|one| replayed(writer, one, now)).transpose()?.flatten()
            {
                return Ok(Answered { value, replayed: true });
            }
            let value = work(writer)?;
            if let Some(attempt) = attempt {
                writer.keep_reply(attempt, &value.to_string(), now)?;
            }
            Ok(Answered { value, replayed: false })
        })
    }
}

/// What was answered to the same request before.
///
/// # Errors
/// When its key came with another body.
pub(super) fn replayed(
    writer: &mut Writer<'_>,
    attempt: &Attempt,
    now: Instant,
) -> Result<Option<Value>, Refusal> {
    let Some(kept) = writer.reply(attempt, now)? else { return Ok(None) };
    if kept.request_sha256 != attempt.request_sha256 {
        return Err(Refusal::KeyReused);
    }
    let value = serde_json::from_str(&kept.reply).map_err(|error| {
        let reason = format!("a kept answer is no JSON: {error}");
        Refusal::Store(crate::store::StoreError::Database(reason))
    })?;
    Ok(Some(value))
}
