//! Batches that go on after their request was answered: started, looked at, stopped. The work is
//! that of `audit`; its items and totals are kept for some days.

use serde_json::{Value, json};

use crate::clock;
use crate::domain::id::Id;
use crate::domain::period::Instant;
use crate::ids;
use crate::store::{Reader, StoreError, StoredJob};

use super::access::Principal;
use super::audit::{Batch, Told};
use super::refusal::Refusal;
use super::registry::Registry;
use super::verify::Moment;

/// Items that are kept at once.
const TOGETHER: usize = 64;

/// Seconds without a sign of life after which a job that is running is taken for lost: the instance
/// that worked on it is gone.
const SILENCE: i64 = 300;

vocabulary! {
    /// How a job stands.
    JobState {
        /// It is being worked on.
        Running = "running",
        /// All of it is done.
        Done = "done",
        /// It could not go on; its outcome says why.
        Failed = "failed",
        /// Somebody stopped it.
        Stopped = "stopped",
        /// The instance that worked on it is gone: ask again.
        Lost = "lost",
    }
}

answer! {
    /// A batch that goes on by itself.
    Job {
        /// Its id.
        id: Id,
        /// How it stands.
        state: JobState,
        /// How many answers there will be, as far as is known.
        expected: u64,
        /// How many there are.
        done: u64,
        /// The totals, where it is done; what went wrong, where it failed.
        outcome: Option<Value>,
        /// When it was asked for.
        created_at: Instant,
        /// When it was last worked on.
        touched_at: Instant,
    }
}

answer! {
    /// Answers of a job.
    JobItems {
        /// The answers, in their order.
        items: Vec<Value>,
        /// What to ask with for the next ones; null when there are no more so far.
        next: Option<u64>,
    }
}

/// What a job has to do once it is kept.
#[derive(Debug)]
pub struct Work {
    id: Id,
    batch: Batch,
    principal: Principal,
    moment: Moment,
}

impl Registry {
    /// Keeps a job for a batch; the work is then for whoever has a thread for it
    /// ([`Self::work_on`]).
    ///
    /// # Errors
    /// When it is no batch, or the database fails.
    pub fn start_job(
        &self,
        batch: Batch,
        principal: &Principal,
        moment: Moment,
    ) -> Result<(Job, Work), Refusal> {
        batch.check()?;
        let kept = StoredJob {
            id: ids::new_id(),
            asked_by: principal.organisation.clone(),
            actor: principal.actor(),
            state: JobState::Running.to_string(),
            expected: 0,
            done: 0,
            outcome: None,
            created_at: moment.now,
            touched_at: moment.now,
        };
        self.store().add_job(&kept)?;
        let work = Work { id: kept.id.clone(), batch, principal: principal.clone(), moment };
        Ok((shown(kept, moment.now), work))
    }

    /// Does the work of a job, until it is done or somebody stops it. Whatever goes wrong is its
    /// outcome.
    pub fn work_on(&self, work: Work) {
        let Work { id, batch, principal, moment } = work;
        let mut keeping = Keeping {
            registry: self,
            id: &id,
            expected: 0,
            number: 0,
            items: Vec::new(),
            broken: None,
        };
        let done = self.answer_batch(&batch, &principal, moment, &mut |told| keeping.take(told));
        keeping.flush();
        let failed = match (keeping.broken, done) {
            (Some(error), _) => Some(Refusal::from(error)),
            (None, Err(refusal)) => Some(refusal),
            (None, Ok(totals)) => {
                let outcome = serde_json::to_string(&totals).unwrap_or_default();
                let state = JobState::Done.as_str();
                self.store()
                    .end_job(&id, state, Some(&outcome), clock::now())
                    .err()
                    .map(Refusal::from)
            }
        };
        let answers = keeping.number;
        tracing::info!(answers, failed = failed.is_some(), "job");
        if let Some(refusal) = failed {
            let errors = match &refusal {
                Refusal::Faults(faults) => faults.0.as_slice(),
                _ => &[],
            };
            let outcome =
                json!({"error": {"detail": refusal.text(), "errors": errors}}).to_string();
            let state = JobState::Failed.as_str();
            // Where the database is gone, the silence says so.
            let _ = self.store().end_job(&id, state, Some(&outcome), clock::now());
        }
    }

    /// A job, for who asked for it.
    ///
    /// # Errors
    /// When there is none that the reader may see.
    pub fn job(&self, id: &Id, reader: &Reader, now: Instant) -> Result<Job, Refusal> {
        Ok(shown(self.job_for(id, reader)?, now))
    }

    /// Answers of a job after a number, at most so many.
    ///
    /// # Errors
    /// When there is none that the reader may see.
    pub fn job_items(
        &self,
        id: &Id,
        reader: &Reader,
        after: u64,
        most: u32,
    ) -> Result<JobItems, Refusal> {
        self.job_for(id, reader)?;
        // One more than the page, to see whether there is another.
        let mut found = self.store().job_items(id, after, most.saturating_add(1))?;
        let more = found.len() > most as usize;
        found.truncate(most as usize);
        let next = found.last().filter(|_| more).map(|(number, _)| *number);
        let items = found.iter().map(|(_, body)| serde_json::from_str(body).unwrap_or_default());
        Ok(JobItems { items: items.collect(), next })
    }

    /// Stops a job that is running; one that ended stays as it is.
    ///
    /// # Errors
    /// When there is none that the reader may see.
    pub fn stop_job(&self, id: &Id, reader: &Reader, now: Instant) -> Result<Job, Refusal> {
        self.job_for(id, reader)?;
        self.store().end_job(id, JobState::Stopped.as_str(), None, now)?;
        self.job(id, reader, now)
    }

    fn job_for(&self, id: &Id, reader: &Reader) -> Result<StoredJob, Refusal> {
        let concerns = |job: &StoredJob| match reader {
            Reader::Everything => true,
            Reader::Organisation(organisation) => *organisation == job.asked_by,
            Reader::Public => false,
        };
        let found = self.store().job(id)?.filter(concerns);
        found.ok_or_else(|| Refusal::NoSuch { id: id.clone() })
    }
}

/// Keeps what a job is told.
struct Keeping<'r> {
    registry: &'r Registry,
    id: &'r Id,
    expected: u64,
    number: u64,
    items: Vec<(u64, String)>,
    broken: Option<StoreError>,
}

impl Keeping<'_> {
    /// Keeps an answer, and says whether the work goes on.
    fn take(&mut self, told: Told<'_>) -> bool {
        let body = match told {
            Told::Expected(expected) => {
                self.expected = expected;
                return self.flush();
            }
            Told::Standard(answer) => serde_json::to_string(answer),
            Told::Claim(answer) => serde_json::to_string(answer),
        };
        self.number += 1;
        self.items.push((self.number, body.unwrap_or_default()));
        self.items.len() < TOGETHER || self.flush()
    }

    fn flush(&mut self) -> bool {
        let items = std::mem::take(&mut self.items);
        let store = self.registry.store();
        match store.advance_job(self.id, self.expected, &items, clock::now()) {
            Ok(goes_on) => goes_on,
            Err(error) => {
                self.broken = Some(error);
                false
            }
        }
    }
}

fn shown(kept: StoredJob, now: Instant) -> Job {
    let state = JobState::from_word(&kept.state).unwrap_or(JobState::Failed);
    let silence = now.timestamp().duration_since(kept.touched_at.timestamp()).as_secs();
    let lost = state == JobState::Running && silence > SILENCE;
    Job {
        id: kept.id,
        state: if lost { JobState::Lost } else { state },
        expected: kept.expected,
        done: kept.done,
        outcome: kept.outcome.and_then(|text| serde_json::from_str(&text).ok()),
        created_at: kept.created_at,
        touched_at: kept.touched_at,
    }
}
