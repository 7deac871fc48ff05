//! Copies of a registry that can be relied on: made while it is in use, checked entry by entry before
//! they are called good, and put into a database where nothing is. How a database is copied does not
//! live here (`store::backup`), nor does the signing key of a service, which is in no copy.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::domain::log::{Entry, Verifier};
use crate::store::{self, BackupForm, DatabaseUrl, Store, StoreError};

use super::log::{SoundLog, ended};
use super::refusal::Refusal;
use super::registry::Registry;

/// What a restored registry is.
#[derive(Debug)]
pub struct Restored {
    /// Its log.
    pub log: SoundLog,
    /// The migrations that were applied, where the copy was that of an older program.
    pub migrated: Vec<String>,
}

impl Registry {
    /// Copies the database into a new file, and checks the log in it: the file gets its name when
    /// all of it is right. `told` hears how many entries are checked.
    ///
    /// # Errors
    /// When the file is there, cannot be written, or the log in it is not what it must be.
    pub fn back_up(&self, file: &Path, told: &mut dyn FnMut(u64)) -> Result<SoundLog, Refusal> {
        if file.exists() {
            let error = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
            return Err(StoreError::file(file, &error).into());
        }
        let part = beside(file);
        // What a run that was cut off left behind.
        remove(&part);
        let done = self.store().copy_into(&part).map_err(Refusal::from).and_then(|()| {
            let log = match BackupForm::of(self.store().url()) {
                BackupForm::Sqlite => checked_file(&part, told)?,
                BackupForm::Postgres => checked_dump(&part, told)?,
            };
            named(&part, file)?;
            Ok(log)
        });
        if done.is_err() {
            remove(&part);
        }
        done
    }

    /// Puts a copy into a database where nothing is, brings its schema up to this program's, and
    /// checks the log. `told` hears how many entries are checked.
    ///
    /// # Errors
    /// When something is there, the file is no copy or of another kind of database, its schema is
    /// newer than this program, or its log is not what it must be.
    pub fn restore(
        file: &Path,
        url: &DatabaseUrl,
        told: &mut dyn FnMut(u64),
    ) -> Result<Restored, Refusal> {
        match (BackupForm::of_file(file)?, url) {
            (BackupForm::Sqlite, DatabaseUrl::Sqlite(place)) => restored_file(file, place, told),
            (BackupForm::Postgres, DatabaseUrl::Postgres(address)) => {
                if !Store::open(url)?.is_bare()? {
                    return Err(StoreError::Occupied(url.to_string()).into());
                }
                // Before anything is put anywhere.
                checked_dump(file, told)?;
                store::restore_dump(file, address)?;
                let store = Store::open(url)?;
                let migrated = store.migrate()?;
                store.analyze()?;
                let log = Registry::open(url)?.verify_log(None, told)?;
                Ok(Restored { log, migrated })
            }
            (BackupForm::Sqlite, _) => Err(Refusal::OtherBackend { backup: "SQLite" }),
            (BackupForm::Postgres, _) => Err(Refusal::OtherBackend { backup: "PostgreSQL" }),
        }
    }
}

fn restored_file(
    file: &Path,
    place: &Path,
    told: &mut dyn FnMut(u64),
) -> Result<Restored, Refusal> {
    // What is left of another database would be taken for a part of this one.
    let taken = [place.to_owned(), with_ending(place, "-wal"), with_ending(place, "-journal")];
    if let Some(taken) = taken.iter().find(|taken| taken.exists()) {
        return Err(StoreError::Occupied(taken.display().to_string()).into());
    }
    let part = beside(place);
    remove(&part);
    let copied = fs::copy(file, &part).map_err(|error| StoreError::file(&part, &error));
    let done = copied.map_err(Refusal::from).and_then(|_| {
        let migrated = Store::open_alone(&part)?.migrate()?;
        let log = checked_file(&part, told)?;
        named(&part, place)?;
        Ok(Restored { log, migrated })
    });
    if done.is_err() {
        remove(&part);
    }
    done
}

/// Checks the log in a file of SQLite that nobody else uses.
fn checked_file(file: &Path, told: &mut dyn FnMut(u64)) -> Result<SoundLog, Refusal> {
    let log = Registry::on(Store::open_alone(file)?)?.verify_log(None, told)?;
    store::lasting(file)?;
    Ok(log)
}

/// Checks the log in a file of `pg_dump`.
fn checked_dump(file: &Path, told: &mut dyn FnMut(u64)) -> Result<SoundLog, Refusal> {
    /// Entries between two words about it.
    const OFTEN: u64 = 1_000;
    let mut verifier = Verifier::new();
    // A table has no order: an entry may stand before others that come first in the log, where the
    // database used room again. Few do.
    let mut early: BTreeMap<u64, Entry> = BTreeMap::new();
    let head = store::dumped_log(file, |entry| {
        early.insert(entry.log_index, entry);
        while let Some(next) = early.remove(&(verifier.log_index() + 1)) {
            verifier.take(&next)?;
            if verifier.log_index().is_multiple_of(OFTEN) {
                told(verifier.log_index());
            }
        }
        Ok::<(), Refusal>(())
    })?;
    if let Some((_, entry)) = early.pop_first() {
        // The one before it is missing; the verifier says which.
        verifier.take(&entry)?;
    }
    ended(&verifier, &head)
}

/// Gives a file that is whole its name, and does not return before the disk knows it by that.
fn named(part: &Path, file: &Path) -> Result<(), StoreError> {
    fs::rename(part, file).map_err(|error| StoreError::file(file, &error))?;
    store::lasting(file)
}

/// Where a file is made until it is whole.
fn beside(file: &Path) -> PathBuf {
    with_ending(file, ".part")
}

fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Removes a part with what SQLite keeps beside it. That it cannot be removed is seen by its name.
fn remove(part: &Path) {
    for ending in ["", "-wal", "-shm", "-journal"] {
        let _ = fs::remove_file(with_ending(part, ending));
    }
}
