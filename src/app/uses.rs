//! When keys and members were used last: noted in memory on the way of a request, and written by a
//! thread of its own, so that no read waits for a write. What else is known of a key lives in
//! `keys`.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::clock;
use crate::domain::period::Instant;
use crate::store::{Store, StoreError, WayIn};

use super::registry::Registry;

/// How often what was noted is written: a minute is the grain, so this is early enough, and one
/// transaction for all keys is little work.
const BETWEEN_WRITES: Duration = Duration::from_secs(1);

/// Ways in that are remembered at once, some hundred bytes each: more than any country has. What
/// comes beyond is not noted until others are forgotten, a minute later at most.
const MOST: usize = 10_000;

/// What was noted and perhaps not written yet.
#[derive(Debug, Default)]
pub struct Uses {
    seen: Mutex<HashMap<WayIn, Seen>>,
}

/// The last minute of a way in.
#[derive(Debug, Clone, Copy)]
struct Seen {
    minute: Instant,
    is_written: bool,
}

impl Uses {
    /// Notes that somebody came in.
    pub fn note(&self, way: WayIn, now: Instant) {
        let minute = now.minute();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = seen.len() >= MOST;
        match seen.get_mut(&way) {
            Some(last) if last.minute >= minute => {}
            Some(last) => *last = Seen { minute, is_written: false },
            None if is_full => {}
            None => {
                seen.insert(way, Seen { minute, is_written: false });
            }
        }
    }

    /// Writes what was noted, in one transaction where there is anything, and forgets what is of an
    /// earlier minute. What could not be written stays noted.
    ///
    /// # Errors
    /// When the database fails.
    pub fn write(&self, store: &Store, now: Instant) -> Result<(), StoreError> {
        let lock = || self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let open: Vec<(WayIn, Instant)> = lock()
            .iter()
            .filter(|(_, seen)| !seen.is_written)
            .map(|(way, seen)| (way.clone(), seen.minute))
            .collect();
        if !open.is_empty() {
            store.write(|writer| {
                open.iter().try_for_each(|(way, minute)| writer.note_use(way, *minute))
            })?;
        }
        let mut seen = lock();
        for (way, minute) in &open {
            if let Some(last) = seen.get_mut(way).filter(|last| last.minute == *minute) {
                last.is_written = true;
            }
        }
        let minute = now.minute();
        seen.retain(|_, last| !last.is_written || last.minute >= minute);
        Ok(())
    }
}

/// The thread that writes, until this is dropped; then it writes what is left.
#[derive(Debug)]
pub struct Writing {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Registry {
    /// Writes from now on when keys and members were used last.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn write_uses(&self) -> std::io::Result<Writing> {
        let (end, ended) = channel();
        let registry = self.clone();
        let thread = std::thread::Builder::new()
            .name("last uses".to_owned())
            .spawn(move || registry.keep_writing(&ended))?;
        Ok(Writing { end: Some(end), thread: Some(thread) })
    }

    fn keep_writing(&self, ended: &Receiver<()>) {
        let mut fails = false;
        loop {
            let is_over = ended.recv_timeout(BETWEEN_WRITES) != Err(RecvTimeoutError::Timeout);
            match self.uses().write(self.store(), clock::now()) {
                Ok(()) => fails = false,
                // Said once: while the database is away, every second brings the same.
                Err(error) if !fails => {
                    fails = true;
                    tracing::warn!("last uses of keys cannot be written for now: {error}");
                }
                Err(_) => {}
            }
            if is_over {
                return;
            }
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        drop(self.end.take());
        // A panic of the thread was logged where it happened, and there is nothing left to do.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::Id;

    fn at(text: &str) -> Instant {
        Instant::parse(text).expect("an instant")
    }

    fn key(last: char) -> WayIn {
        let id = format!("0190a000-0000-7000-8000-00000000000{last}");
        WayIn::Key(Id::parse(&id).expect("an id"))
    }

    #[test]
    fn a_minute_is_written_once_and_forgotten_when_it_is_over() {
        let directory = tempfile::tempdir().expect("a directory");
        let url = crate::store::DatabaseUrl::Sqlite(directory.path().join("registry.db"));
        let store = Registry::open(&url).expect("a registry").store().clone();
        let uses = Uses::default();
        let open = || {
            let seen = uses.seen.lock().expect("a lock");
            let open = seen.values().filter(|one| !one.is_written).count();
            (seen.len(), open)
        };
        uses.note(key('1'), at("2026-11-28T08:00:05Z"));
        uses.note(key('2'), at("2026-11-28T08:00:06Z"));
        assert_eq!(open(), (2, 2));
        uses.write(&store, at("2026-11-28T08:00:07Z")).expect("written");
        assert_eq!(open(), (2, 0));
        uses.note(key('1'), at("2026-11-28T08:00:59Z"));
        assert_eq!(open(), (2, 0), "the same minute");
        uses.note(key('1'), at("2026-11-28T08:01:00Z"));
        assert_eq!(open(), (2, 1));
        uses.write(&store, at("2026-11-28T08:01:01Z")).expect("written");
        assert_eq!(open(), (1, 0), "the other is of an earlier minute");
    }

    #[test]
    fn no_more_are_remembered_than_there_is_room_for() {
        let uses = Uses::default();
        for number in 0..=MOST {
            let id = Id::parse(&format!("0190a000-0000-7000-8000-{number:012x}")).expect("an id");
            uses.note(WayIn::Key(id), at("2026-11-28T08:00:05Z"));
        }
        assert_eq!(uses.seen.lock().expect("a lock").len(), MOST);
    }
}
