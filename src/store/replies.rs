//! Answers kept for a day, so that a request that is sent again gets the answer of the first
//! (`Idempotency-Key`). Which requests may be sent again does not live here (`http`).

use diesel::prelude::*;
use diesel::sql_types::{Text, Timestamp};
use jiff::SignedDuration;

use crate::domain::log::Digest;
use crate::domain::period::Instant;

use super::error::StoreError;
use super::statement::Statement;
use super::value;
use super::write::Writer;

/// How long an answer is kept (api.md, "Retries").
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// A request as it is known again: who asked for what, and with which key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Who asks.
    pub principal: String,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The key that the request carries.
    pub key: String,
    /// SHA-256 of what is asked, to tell the same request from another under the same key.
    pub request_sha256: Digest,
}

/// The answer that an attempt got before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedReply {
    /// SHA-256 of what was asked then; with another one than the attempt's the key was used for
    /// something else.
    pub request_sha256: Digest,
    /// The answer, as it was handed over.
    pub reply: String,
    /// When it was given.
    pub created_at: Instant,
}

#[derive(QueryableByName)]
struct ReplyRow {
    #[diesel(sql_type = Text)]
    request_sha256: String,
    #[diesel(sql_type = Text)]
    reply: String,
    #[diesel(sql_type = Timestamp)]
    created_at: time::PrimitiveDateTime,
}

/// The last instant from which nothing is kept any more.
fn forgotten(now: Instant) -> Instant {
    let then = now.timestamp().checked_sub(KEPT);
    then.map_or_else(|_| Instant::beginning(), Instant::from_timestamp)
}

impl Writer<'_> {
    /// The answer that this principal got for this method, path and key within the last day.
    ///
    /// # Errors
    /// When the database fails.
    pub fn reply(
        &mut self,
        attempt: &Attempt,
        now: Instant,
    ) -> Result<Option<SavedReply>, StoreError> {
        let row = Statement::new(
            "SELECT request_sha256, reply, created_at FROM idempotent_replies WHERE principal = ? \
             AND method = ? AND path = ? AND key = ? AND created_at > ?",
        )
        .bind(attempt.principal.as_str())
        .bind(attempt.method.as_str())
        .bind(attempt.path.as_str())
        .bind(attempt.key.as_str())
        .bind(forgotten(now))
        .get_result::<ReplyRow>(self.connection())
        .optional()?;
        row.map(|row| {
            Ok(SavedReply {
                request_sha256: value::digest(&row.request_sha256)?,
                reply: row.reply,
                created_at: value::instant(row.created_at),
            })
        })
        .transpose()
    }

    /// Keeps the answer of an attempt for a day, where none is kept ([`Self::reply`]), and forgets
    /// older ones.
    ///
    /// # Errors
    /// When the database fails.
    pub fn keep_reply(
        &mut self,
        attempt: &Attempt,
        reply: &str,
        now: Instant,
    ) -> Result<(), StoreError> {
        // The first answer stays: one in its place is too old to be found.
        Statement::new(
            "INSERT INTO idempotent_replies \
             (principal, method, path, key, request_sha256, reply, created_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (principal, method, path, key) \
             DO UPDATE SET request_sha256 = excluded.request_sha256, reply = excluded.reply, \
             created_at = excluded.created_at WHERE idempotent_replies.created_at <= ?",
        )
        .bind(attempt.principal.as_str())
        .bind(attempt.method.as_str())
        .bind(attempt.path.as_str())
        .bind(attempt.key.as_str())
        .bind(attempt.request_sha256.to_string())
        .bind(reply)
        .bind(now)
        .bind(forgotten(now))
        .execute(self.connection())?;
        // More than one is kept, so that what is left from a busy day shrinks; few enough that
        // nobody waits for it.
        Statement::new(
            "DELETE FROM idempotent_replies WHERE (principal, method, path, key) IN \
             (SELECT principal, method, path, key FROM idempotent_replies \
             WHERE created_at <= ? ORDER BY created_at LIMIT 20)",
        )
        .bind(forgotten(now))
        .execute(self.connection())?;
        Ok(())
    }
}
