//! Work that goes on after its request was answered: how far it has come, its items, and what came
//! of it, for whatever instance is asked. What the work is does not live here.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamp};
use jiff::SignedDuration;

use crate::domain::id::Id;
use crate::domain::period::Instant;

use super::Store;
use super::dialect;
use super::error::StoreError;
use super::statement::Statement;
use super::value;

/// How long a job is kept after it was last worked on.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A job as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredJob {
    /// Its identity; later jobs have later ids.
    pub id: Id,
    /// The organisation that asked for it.
    pub asked_by: Id,
    /// Who asked, as the record log names them.
    pub actor: String,
    /// Its state: `running`, `done`, `failed` or `stopped`.
    pub state: String,
    /// How many items there will be, as far as is known.
    pub expected: u64,
    /// How many there are.
    pub done: u64,
    /// What came of it, in JSON; none while it is running.
    pub outcome: Option<String>,
    /// When it was asked for.
    pub created_at: Instant,
    /// When it was last worked on.
    pub touched_at: Instant,
}

const COLUMNS: &str = "id, asked_by, actor, state, expected, done, outcome, created_at, touched_at";

#[derive(QueryableByName)]
struct JobRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    asked_by: String,
    #[diesel(sql_type = Text)]
    actor: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = BigInt)]
    expected: i64,
    #[diesel(sql_type = BigInt)]
    done: i64,
    #[diesel(sql_type = Nullable<Text>)]
    outcome: Option<String>,
    #[diesel(sql_type = Timestamp)]
    created_at: time::PrimitiveDateTime,
    #[diesel(sql_type = Timestamp)]
    touched_at: time::PrimitiveDateTime,
}

#[derive(QueryableByName)]
struct ItemRow {
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Text)]
    body: String,
}

impl Store {
    /// Keeps a new job, and forgets those that ended long ago.
    ///
    /// # Errors
    /// When there is one with its id, its state is none, or the database fails.
    pub fn add_job(&self, job: &StoredJob) -> Result<(), StoreError> {
        let mut connection = self.lent(&self.writers)?;
        dialect::writing(&mut connection, |connection| {
            let forgotten = job.created_at.timestamp().checked_sub(KEPT);
            let forgotten =
                forgotten.map_or_else(|_| Instant::beginning(), Instant::from_timestamp);
            Statement::new("DELETE FROM jobs WHERE touched_at <= ?")
                .bind(forgotten)
                .execute(connection)?;
            Statement::new(format!(
                "INSERT INTO jobs ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            ))
            .bind(job.id.as_str())
            .bind(job.asked_by.as_str())
            .bind(job.actor.as_str())
            .bind(job.state.as_str())
            .bind(job.expected)
            .bind(job.done)
            .bind(job.outcome.as_deref())
            .bind(job.created_at)
            .bind(job.touched_at)
            .execute(connection)?;
            Ok(())
        })
    }

    /// A job, whoever asks.
    ///
    /// # Errors
    /// When the database fails.
    pub fn job(&self, id: &Id) -> Result<Option<StoredJob>, StoreError> {
        let row = Statement::new(format!("SELECT {COLUMNS} FROM jobs WHERE id = ?"))
            .bind(id.as_str())
            .get_result::<JobRow>(&mut *self.reader()?)
            .optional()?;
        row.map(|row| {
            Ok(StoredJob {
                id: value::id(&row.id)?,
                asked_by: value::id(&row.asked_by)?,
                actor: row.actor,
                state: row.state,
                expected: value::unsigned(row.expected),
                done: value::unsigned(row.done),
                outcome: row.outcome,
                created_at: value::instant(row.created_at),
                touched_at: value::instant(row.touched_at),
            })
        })
        .transpose()
    }

    /// Adds the next items of a job, and says whether it goes on: not where somebody stopped it, and
    /// then nothing is added.
    ///
    /// # Errors
    /// When the database fails.
    pub fn advance_job(
        &self,
        id: &Id,
        expected: u64,
        items: &[(u64, String)],
        now: Instant,
    ) -> Result<bool, StoreError> {
        let mut connection = self.lent(&self.writers)?;
        dialect::writing(&mut connection, |connection| {
            let done = items.last().map_or(0, |(number, _)| *number);
            let running = Statement::new(
                "UPDATE jobs SET expected = ?, done = CASE WHEN done < ? THEN ? ELSE done END, \
                 touched_at = ? WHERE id = ? AND state = 'running'",
            )
            .bind(expected)
            .bind(done)
            .bind(done)
            .bind(now)
            .bind(id.as_str())
            .execute(connection)?;
            if running == 0 {
                return Ok(false);
            }
            for (number, body) in items {
                Statement::new("INSERT INTO job_items (job, number, body) VALUES (?, ?, ?)")
                    .bind(id.as_str())
                    .bind(*number)
                    .bind(body.as_str())
                    .execute(connection)?;
            }
            Ok(true)
        })
    }

    /// Ends a job that is running, and says whether it was.
    ///
    /// # Errors
    /// When the state is none, or the database fails.
    pub fn end_job(
        &self,
        id: &Id,
        state: &str,
        outcome: Option<&str>,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let ended = Statement::new(
            "UPDATE jobs SET state = ?, outcome = ?, touched_at = ? \
             WHERE id = ? AND state = 'running'",
        )
        .bind(state)
        .bind(outcome)
        .bind(now)
        .bind(id.as_str())
        .execute(&mut *self.lent(&self.writers)?)?;
        Ok(ended > 0)
    }

    /// Items of a job after a number, in their order.
    ///
    /// # Errors
    /// When the database fails.
    pub fn job_items(
        &self,
        id: &Id,
        after: u64,
        most: u32,
    ) -> Result<Vec<(u64, String)>, StoreError> {
        let rows = Statement::new(
            "SELECT number, body FROM job_items WHERE job = ? AND number > ? \
             ORDER BY number LIMIT ?",
        )
        .bind(id.as_str())
        .bind(after)
        .bind(most)
        .load::<ItemRow>(&mut *self.reader()?)?;
        Ok(rows.into_iter().map(|row| (value::unsigned(row.number), row.body)).collect())
    }
}
