//! Everything diesel, and the only place that knows SQL: the record log, its projections, and what
//! is read from them, on PostgreSQL or on an embedded SQLite.
//!
//! A body is stored once, in the record log. Relational tables are its projections, one way and
//! made anew with [`Store::rebuild`]: an identity of every record, and by collection a row for each
//! version with the columns that filters, constraints and the graph of references need. Reads pin
//! a log index and see the versions that hold there. Beside the log stands what the service keeps:
//! reports (`reports`), the policies that were written for the registry (`policies`), answers for
//! those who ask again (`replies`), and who may come in (`access`). Copies of all of it are made
//! by the database's own means (`backup`).
//!
//! `connection`, `migrate` and `dialect` are the only files that name a backend. What may be
//! written, and by whom, does not live here (`app`); nor does what records mean (`engine`).

mod access;
mod attempts;
mod backup;
mod closure;
mod connection;
mod dialect;
mod error;
mod impact;
mod jobs;
mod lineage;
mod list;
mod migrate;
mod policies;
mod projection;
mod read;
mod reader;
mod replies;
mod reports;
mod schema;
mod statement;
mod value;
mod write;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use diesel::prelude::*;

use crate::domain::claim::KnownAt;
use crate::domain::id::Id;
use crate::domain::links::Links as _;
use crate::domain::log::Entry;
use crate::domain::records::{AnyRecord, CollectionName};

pub use access::{ApiKey, Member};
pub use attempts::RefusedAttempt;
pub use backup::{BackupForm, dumped_log, lasting, restore_dump};
pub use closure::Closure;
pub use connection::{DatabaseUrl, PoolState};
pub use error::StoreError;
pub use impact::{Below, Root};
pub use jobs::StoredJob;
pub use lineage::{Direction, Lineage, Step};
pub use list::{Comparison, FilterName, FilterValue, ListQuery, filters};
pub use migrate::SchemaState;
pub use policies::StoredPolicy;
pub use read::{LogFilter, Stored};
pub use reader::Reader;
pub use replies::{Attempt, SavedReply};
pub use reports::{ReportQuery, StoredReport};
pub use write::{Head, Job, Said, Writer, Written};

use connection::{Connections, Lent, Manager, PATIENCE};
use schema::Table;
use statement::Statement;

/// Entries of the log that are read or added at once.
const PAGE: u32 = 2_000;

/// A registry's database.
#[derive(Clone)]
pub struct Store {
    url: DatabaseUrl,
    patience: Duration,
    readers: Connections,
    writers: Connections,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Store").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Store {
    /// Connections that read at once: as many as there are likely to be cores.
    const READERS: u32 = 8;
    /// Connections that write at once. On PostgreSQL writers wait for the head of the log, each on
    /// its own connection; SQLite takes one.
    const WRITERS_OF_POSTGRES: u32 = 4;

    /// Opens a database as it is, whatever its schema.
    ///
    /// A file of SQLite that is not there is made, empty.
    ///
    /// # Errors
    /// When it cannot be reached, or the file is no database.
    pub fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        Self::open_with(url, PATIENCE)
    }

    /// The same with another time to wait for a connection, and for the lock of an SQLite file.
    ///
    /// # Errors
    /// When it cannot be reached, or the file is no database.
    pub fn open_with(url: &DatabaseUrl, patience: Duration) -> Result<Self, StoreError> {
        let writers = match url {
            DatabaseUrl::Postgres(_) => Self::WRITERS_OF_POSTGRES,
            DatabaseUrl::Sqlite(_) => 1,
        };
        Self::connected(Manager::new(url.clone(), patience), url, patience, writers)
    }

    /// Opens a file of SQLite that nobody else uses, and leaves nothing beside it.
    ///
    /// # Errors
    /// When it cannot be read, or is no database.
    pub fn open_alone(file: &Path) -> Result<Self, StoreError> {
        let url = DatabaseUrl::Sqlite(file.to_owned());
        Self::connected(Manager::new(url.clone(), PATIENCE).alone(), &url, PATIENCE, 1)
    }

    fn connected(
        manager: Manager,
        url: &DatabaseUrl,
        patience: Duration,
        writers: u32,
    ) -> Result<Self, StoreError> {
        let readers = manager.clone().pool(Self::READERS)?;
        let writers = manager.pool(writers)?;
        Ok(Self { url: url.clone(), patience, readers, writers })
    }

    /// Where the database is.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// How the pools of connections stand: that of readers, and that of writers.
    pub fn pools(&self) -> (PoolState, PoolState) {
        (PoolState::of(&self.readers), PoolState::of(&self.writers))
    }

    fn reader(&self) -> Result<Lent, StoreError> {
        self.lent(&self.readers)
    }

    /// A connection to a database of this program's schema. It is asked each time: a newer program
    /// may have changed the schema since, and this one would misread what it finds there.
    fn lent(&self, pool: &Connections) -> Result<Lent, StoreError> {
        let (connection, schema) = self.answering(pool)?;
        schema.map(|()| connection)
    }

    /// A connection that answers, and whether the database has this program's schema.
    fn answering(&self, pool: &Connections) -> Result<(Lent, Result<(), StoreError>), StoreError> {
        // As many as there are may be dead, of a server that was there before; the next is new.
        for _ in 0..pool.most() {
            let mut connection = connection::lend(pool, &self.url, self.patience)?;
            match migrate::gate(&mut connection) {
                Err(StoreError::Unreachable { .. }) => connection::discard(connection),
                schema => return Ok((connection, schema)),
            }
        }
        let mut connection = connection::lend(pool, &self.url, self.patience)?;
        let schema = migrate::gate(&mut connection);
        Ok((connection, schema))
    }

    /// A connection for writing, whatever the schema.
    fn of_any_schema(&self) -> Result<Lent, StoreError> {
        self.answering(&self.writers).map(|(connection, _)| connection)
    }

    /// How the schema stands against this program's migrations.
    ///
    /// # Errors
    /// When the database fails.
    pub fn schema(&self) -> Result<SchemaState, StoreError> {
        // Not for writers: whether it is ready is asked while one of them waits, too.
        let (mut connection, _) = self.answering(&self.readers)?;
        migrate::state(&mut connection)
    }

    /// Applies pending migrations, and says which.
    ///
    /// # Errors
    /// When the schema is newer than this program, or the database fails.
    pub fn migrate(&self) -> Result<Vec<String>, StoreError> {
        migrate::up(&mut *self.of_any_schema()?)
    }

    /// Takes back every migration, and with them everything that is stored.
    ///
    /// # Errors
    /// When the database fails.
    pub fn revert(&self) -> Result<(), StoreError> {
        migrate::down(&mut *self.of_any_schema()?)
    }

    /// Writes in one transaction: all that the work appends is kept, or nothing.
    ///
    /// # Errors
    /// The work's own, or when the database fails.
    pub fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.lent(&self.writers)?;
        dialect::writing(&mut connection, |connection| {
            let mut writer = Writer::begin(connection)?;
            let done = work(&mut writer)?;
            writer.finish()?;
            Ok(done)
        })
    }

    /// The head of the log.
    ///
    /// # Errors
    /// When the database fails.
    pub fn head(&self) -> Result<Head, StoreError> {
        read::head(&mut *self.reader()?)
    }

    /// The log index of a state of knowledge; the head when none is named. An index beyond the head
    /// is given back as it is, for the caller to refuse.
    ///
    /// # Errors
    /// When the database fails.
    pub fn index_at(&self, known_at: Option<KnownAt>) -> Result<u64, StoreError> {
        match known_at {
            None => Ok(self.head()?.log_index),
            Some(KnownAt::LogIndex(index)) => Ok(index),
            Some(KnownAt::Instant(instant)) => read::index_at(&mut *self.reader()?, instant),
        }
    }

    /// A record as known at a log index.
    ///
    /// # Errors
    /// When the database fails.
    pub fn get(&self, id: &Id, at: u64) -> Result<Option<Stored>, StoreError> {
        read::get(&mut *self.reader()?, id, at)
    }

    /// Records as known at a log index, in the order of their ids; others are left out.
    ///
    /// # Errors
    /// When the database fails.
    pub fn get_all(&self, ids: &BTreeSet<Id>, at: u64) -> Result<Vec<Stored>, StoreError> {
        read::get_all(&mut *self.reader()?, ids, at)
    }

    /// Every version of a record up to a log index, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn versions(&self, id: &Id, at: u64) -> Result<Vec<Stored>, StoreError> {
        read::versions(&mut *self.reader()?, id, at)
    }

    /// A page of a collection.
    ///
    /// # Errors
    /// When the database fails.
    pub fn list(&self, query: &ListQuery) -> Result<Vec<Stored>, StoreError> {
        list::list(&mut *self.reader()?, query)
    }

    /// How many records a list has, up to its limit.
    ///
    /// # Errors
    /// When the database fails.
    pub fn count(&self, query: &ListQuery) -> Result<u64, StoreError> {
        list::count(&mut *self.reader()?, query)
    }

    /// Those of these records of a collection that a reader may see, as known at a log index: the
    /// ids that a list for this reader would show.
    ///
    /// # Errors
    /// When the database fails.
    pub fn visible(
        &self,
        collection: CollectionName,
        ids: &BTreeSet<Id>,
        reader: &Reader,
        at: u64,
    ) -> Result<BTreeSet<Id>, StoreError> {
        reader::visible(&mut *self.reader()?, collection, ids, reader, at)
    }

    /// The evidence for claims on standards, perhaps with certificates of theirs named.
    ///
    /// # Errors
    /// When the database fails, or a body in it is damaged.
    pub fn closure(
        &self,
        standards: &BTreeSet<Id>,
        certificates: &BTreeSet<Id>,
        at: u64,
    ) -> Result<Closure, StoreError> {
        closure::closure(&mut *self.reader()?, standards, certificates, at)
    }

    /// What hangs on something that turned out to be bad, where that is not more than so many
    /// certificates.
    ///
    /// # Errors
    /// When the database fails, or a body in it is damaged.
    pub fn below(&self, root: &Root, at: u64, most: usize) -> Result<Below, StoreError> {
        impact::below(&mut *self.reader()?, root, at, most)
    }

    /// What stands above or below a standard, with exact counts and at most so many steps.
    ///
    /// # Errors
    /// When the database fails.
    pub fn lineage(
        &self,
        standard: &Id,
        direction: Direction,
        at: u64,
        most: usize,
    ) -> Result<Lineage, StoreError> {
        lineage::lineage(&mut *self.reader()?, standard, direction, at, most)
    }

    /// Entries of the log after an index, in its order.
    ///
    /// # Errors
    /// When the database fails.
    pub fn entries(
        &self,
        after: u64,
        most: u32,
        filter: &LogFilter,
    ) -> Result<Vec<Entry>, StoreError> {
        read::entries(&mut *self.reader()?, after, most, filter)
    }

    /// The entries of the log after an index, up to another, that wrote these records, in its order.
    ///
    /// # Errors
    /// When the database fails.
    pub fn entries_on(
        &self,
        records: &BTreeSet<Id>,
        after: u64,
        upto: u64,
    ) -> Result<Vec<Entry>, StoreError> {
        read::entries_on(&mut *self.reader()?, records, after, upto)
    }

    /// Puts the entries of another registry's log into this one, which must be empty. They keep
    /// their ids, indices, times and hashes; the caller has verified them.
    ///
    /// # Errors
    /// Those of the entries, or when the database fails; nothing is kept then.
    pub fn replay<E: From<StoreError>>(
        &self,
        entries: impl IntoIterator<Item = Result<Entry, E>>,
        mut told: impl FnMut(u64),
    ) -> Result<Head, E> {
        let mut connection = self.lent(&self.writers)?;
        dialect::writing(&mut connection, |connection| {
            let mut writer = Writer::begin(connection)?;
            let mut entries = entries.into_iter();
            loop {
                let mut page = Vec::new();
                for entry in entries.by_ref().take(PAGE as usize) {
                    page.push(with_record(entry?)?);
                }
                let Some((last, _)) = page.last() else { break };
                add_page(&mut writer, &page, |writer, entry, record| writer.add(entry, record))?;
                told(last.log_index);
            }
            Ok(writer.finish()?)
        })
    }

    /// Makes every projection anew from the log.
    ///
    /// # Errors
    /// When a body of the log is damaged, or the database fails; nothing is changed then.
    pub fn rebuild(&self, mut told: impl FnMut(u64)) -> Result<Head, StoreError> {
        let mut connection = self.lent(&self.writers)?;
        dialect::writing(&mut connection, |connection| {
            let mut writer = Writer::begin(connection)?;
            for table in Table::ALL.iter().rev().filter(|table| **table != Table::RecordLog) {
                let name = table.shape().name;
                Statement::new(format!("DELETE FROM {name}")).execute(writer.connection())?;
            }
            let mut reached = 0;
            loop {
                let page =
                    read::entries(writer.connection(), reached, PAGE, &LogFilter::default())?;
                let Some(last) = page.last() else { break };
                reached = last.log_index;
                let page = page.into_iter().map(with_record).collect::<Result<Vec<_>, _>>()?;
                add_page(&mut writer, &page, |writer, entry, record| {
                    writer.project(entry.kind, record, entry.log_index, entry.version);
                })?;
                told(reached);
            }
            writer.finish()
        })
    }

    /// Lets the database count what is in its tables, so that it plans well: for after a large
    /// import, which it would notice only later.
    ///
    /// # Errors
    /// When the database fails.
    pub fn analyze(&self) -> Result<(), StoreError> {
        Statement::new("ANALYZE").execute(&mut *self.lent(&self.writers)?)?;
        Ok(())
    }

    /// Every row of every projection as text, in a fixed order: two registries with the same log
    /// give the same.
    ///
    /// # Errors
    /// When the database fails.
    pub fn projections(&self) -> Result<Vec<String>, StoreError> {
        read::projections(&mut *self.reader()?)
    }
}

fn with_record(entry: Entry) -> Result<(Entry, AnyRecord), StoreError> {
    let record = read::parse(entry.kind, entry.log_index, &entry.body)?;
    Ok((entry, record))
}

/// Adds entries with their records, whose identities come first: a record may name one that is
/// recorded after it.
fn add_page(
    writer: &mut Writer<'_>,
    page: &[(Entry, AnyRecord)],
    add: impl Fn(&mut Writer<'_>, &Entry, &AnyRecord),
) -> Result<(), StoreError> {
    writer.identify(page.iter().map(|(entry, _)| (&entry.record_id, entry.kind)))?;
    let links: Vec<_> = page.iter().flat_map(|(_, record)| record.links()).collect();
    let named = links.iter().filter_map(|link| Some((link.id, *link.to.first()?)));
    writer.identify_unless_known(named)?;
    for (entry, record) in page {
        add(writer, entry, record);
    }
    writer.flush()
}
