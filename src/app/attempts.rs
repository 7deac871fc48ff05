//! What is noted about who comes in, beside the record log: requests that were refused for who sent
//! them, and when a key or member was used last. It is gathered in memory and written together now
//! and then, so that no read becomes a write and a flood of bad requests costs the database little.
//! Who sees it is said here; who may do what is in `access`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::domain::id::Id;
use crate::domain::period::Instant;

pub use crate::store::RefusedAttempt;

use super::access::Principal;
use super::keys;
use super::refusal::Refusal;
use super::registry::Registry;

/// Refused attempts that wait to be written; a flood beyond them is counted and not kept: what it
/// was can be seen from those that are.
const MOST_WAITING: usize = 2_000;
/// Keys and members whose last minute is remembered, some hundred bytes each; what comes beyond is
/// not noted until the minute is over.
const MOST_USES: usize = 10_000;
/// How long they wait. Somebody who looks after an attempt finds it; a flood is one write a second.
const PAUSE: Duration = Duration::from_secs(1);
/// How long refused attempts are kept: a quarter of a year, in which an administrator looks after
/// them, and not longer, since network addresses can be those of persons.
const KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// What waits to be written.
#[derive(Debug, Default)]
pub struct Attempts {
    waiting: Mutex<Waiting>,
    ended: Condvar,
    lost: AtomicU64,
}

#[derive(Debug, Default)]
struct Waiting {
    refused: Vec<RefusedAttempt>,
    keys: BTreeMap<Id, Instant>,
    members: BTreeMap<Id, Instant>,
    /// The minute in which each came in last, written or waiting.
    minutes: BTreeMap<String, Instant>,
    is_over: bool,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.refused.is_empty() && self.keys.is_empty() && self.members.is_empty()
    }
}

impl Attempts {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // What is in it is whole after every line that holds it.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a request was refused.
    pub fn refused(&self, attempt: RefusedAttempt) {
        let mut waiting = self.waiting();
        match waiting.refused.len() < MOST_WAITING {
            true => waiting.refused.push(attempt),
            false => drop(self.lost.fetch_add(1, Ordering::Relaxed)),
        }
    }

    /// Notes that somebody came in with a key or as a member, to the minute: once in each.
    pub fn used(&self, credential: &str, now: Instant) {
        let minute = now.minute();
        let mut waiting = self.waiting();
        if waiting.minutes.get(credential).is_some_and(|last| *last >= minute) {
            return;
        }
        if waiting.minutes.len() >= MOST_USES {
            waiting.minutes.retain(|_, last| *last >= minute);
        }
        if waiting.minutes.len() >= MOST_USES
            || waiting.keys.len() + waiting.members.len() >= MOST_USES
        {
            return;
        }
        waiting.minutes.insert(credential.to_owned(), minute);
        if let Some(id) = keys::key_of_subject(credential) {
            waiting.keys.insert(id, minute);
        } else if let Some(id) = keys::member_of_subject(credential) {
            waiting.members.insert(id, minute);
        }
    }

    /// Writes what waits, again and again, until it is told that this is the end; then what waits
    /// still.
    pub fn keep(&self, registry: &Registry, now: impl Fn() -> Instant) {
        let mut is_over = false;
        while !is_over {
            let waiting = self.waiting();
            let paused = self.ended.wait_timeout_while(waiting, PAUSE, |waiting| !waiting.is_over);
            is_over = paused.unwrap_or_else(PoisonError::into_inner).0.is_over;
            if let Err(refusal) = self.write(registry, now()) {
                tracing::warn!("what was noted of attempts waits: {refusal}");
            }
        }
    }

    /// Writes what waits; where that fails, it waits on.
    ///
    /// # Errors
    /// When the database fails.
    pub fn write(&self, registry: &Registry, now: Instant) -> Result<(), Refusal> {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!(lost, "refused attempts were too many to be kept");
        }
        let mut waiting = self.waiting();
        let (is_over, minutes) = (waiting.is_over, std::mem::take(&mut waiting.minutes));
        let left = Waiting { is_over, minutes, ..Waiting::default() };
        let taken = std::mem::replace(&mut *waiting, left);
        drop(waiting);
        let written = registry.keep_attempts(&taken, now);
        if written.is_err() {
            self.put_back(taken);
        }
        written
    }

    /// Says that this is the end.
    pub fn end(&self) {
        self.waiting().is_over = true;
        self.ended.notify_all();
    }

    /// Keeps what could not be written for the next time, as far as there is room.
    fn put_back(&self, taken: Waiting) {
        let mut waiting = self.waiting();
        let room = MOST_WAITING.saturating_sub(waiting.refused.len());
        let lost = taken.refused.len().saturating_sub(room);
        self.lost.fetch_add(lost as u64, Ordering::Relaxed);
        waiting.refused.extend(taken.refused.into_iter().take(room));
        for (id, at) in taken.keys {
            waiting.keys.entry(id).or_insert(at);
        }
        for (id, at) in taken.members {
            waiting.members.entry(id).or_insert(at);
        }
    }
}

impl Registry {
    fn keep_attempts(&self, taken: &Waiting, now: Instant) -> Result<(), Refusal> {
        if taken.is_empty() {
            return Ok(());
        }
        let forget_before = now.before(KEPT);
        self.store().write(|writer| {
            writer.keep_refused(&taken.refused, forget_before)?;
            writer.note_uses(&taken.keys, &taken.members)
        })?;
        Ok(())
    }

    /// Refused attempts of an organisation's keys and members, newest first; for an operator who
    /// names none, those of everybody and of nobody.
    ///
    /// # Errors
    /// When the caller does not manage the organisation.
    pub fn refused_attempts(
        &self,
        organisation: Option<&Id>,
        before: Option<&Id>,
        limit: u32,
        principal: &Principal,
    ) -> Result<Vec<RefusedAttempt>, Refusal> {
        let organisation = keys::managed(organisation, principal)?;
        Ok(self.store().refused_attempts(organisation, before, limit)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::ids;
    use crate::store::{DatabaseUrl, Store};

    fn attempt() -> RefusedAttempt {
        RefusedAttempt {
            id: ids::new_id(),
            refused_at: clock::now(),
            request_id: "flood".to_owned(),
            actor: None,
            organisation: None,
            address: "203.0.113.9".to_owned(),
            method: "GET".to_owned(),
            path: "/api/v1/members".to_owned(),
            code: "invalid_token".to_owned(),
        }
    }

    fn lost(attempts: &Attempts) -> u64 {
        attempts.lost.load(Ordering::Relaxed)
    }

    #[test]
    fn a_flood_is_counted_and_what_cannot_be_written_waits() {
        let directory = tempfile::tempdir().expect("a directory");
        let url = DatabaseUrl::Sqlite(directory.path().join("registry.db"));
        let store = Store::open(&url).expect("a store");
        store.migrate().expect("a schema");
        let registry = Registry::on(store.clone()).expect("a registry");
        let attempts = Attempts::default();
        for _ in 0..MOST_WAITING + 5 {
            attempts.refused(attempt());
        }
        assert_eq!(lost(&attempts), 5);
        // A schema of another program: nothing is written, and nothing that has room is lost.
        store.revert().expect("no schema");
        assert!(attempts.write(&registry, clock::now()).is_err());
        assert_eq!((attempts.waiting().refused.len(), lost(&attempts)), (MOST_WAITING, 0));
        store.migrate().expect("a schema");
        attempts.write(&registry, clock::now()).expect("written");
        assert!(attempts.waiting().is_empty());
        let kept = store.refused_attempts(None, None, 1_000).expect("a list");
        assert_eq!(kept.len(), 1_000);
    }
}
