//! Writing: one transaction that holds the head of the log, appends entries, and projects what they
//! hold. Whether a record may be written does not live here (`app`).

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text, Timestamp};

use crate::domain::id::Id;
use crate::domain::log::{Digest, Draft, Entry};
use crate::domain::period::Instant;
use crate::domain::records::{AnyRecord, CollectionName};

use super::connection::AnyConnection;
use super::dialect;
use super::error::StoreError;
use super::impact::{self, Below, Root};
use super::list::{self, ListQuery};
use super::migrate;
use super::projection::project;
use super::read::{self, Stored};
use super::reader::{self, Reader};
use super::schema::{Rows, Table};
use super::statement::Statement;
use super::value;

/// The end of the record log: everything up to it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Index of the last entry; 0 while there is none.
    pub log_index: u64,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// The chain up to it.
    pub chain_sha256: Digest,
}

#[derive(QueryableByName)]
pub(super) struct HeadRow {
    #[diesel(sql_type = BigInt)]
    log_index: i64,
    #[diesel(sql_type = Timestamp)]
    recorded_at: time::PrimitiveDateTime,
    #[diesel(sql_type = Text)]
    chain_sha256: String,
}

impl TryFrom<HeadRow> for Head {
    type Error = StoreError;

    fn try_from(row: HeadRow) -> Result<Self, StoreError> {
        let log_index = value::unsigned(row.log_index);
        let chain_sha256 = row.chain_sha256.parse().map_err(|_| StoreError::Damaged {
            log_index,
            reason: "the chain of the head is no SHA-256".to_owned(),
        })?;
        Ok(Self { log_index, recorded_at: value::instant(row.recorded_at), chain_sha256 })
    }
}

/// Values that wait before they are written: some tens of megabytes.
const VALUES_AT_ONCE: usize = 500_000;

/// A writing transaction. It holds the head of the log: nobody else writes meanwhile, and what it
/// reads is the latest state.
pub struct Writer<'c> {
    connection: &'c mut AnyConnection,
    head: Head,
    /// Head when the transaction began.
    began: Head,
    rows: Rows,
    /// Versions that end here and stand in the database already.
    ended: Vec<(Table, Id, u64)>,
    /// The current version of records written in this transaction: table and place of its row.
    current: BTreeMap<Id, (Table, usize)>,
    /// Identities made in this transaction.
    identified: BTreeMap<Id, CollectionName>,
}

/// What a write is told back.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Written {
    /// The record.
    pub id: Id,
    /// Its version now.
    pub version: u32,
    /// Position in the record log.
    pub log_index: u64,
    /// When the registry learnt of it.
    pub recorded_at: Instant,
}

impl<'c> Writer<'c> {
    pub(super) fn begin(connection: &'c mut AnyConnection) -> Result<Self, StoreError> {
        let head = dialect::locked_head(connection).get_result::<HeadRow>(connection)?;
        // The lock may have been waited for while a newer program changed the schema.
        migrate::gate(connection)?;
        let head = Head::try_from(head)?;
        Ok(Self {
            connection,
            head,
            began: head,
            rows: Rows::default(),
            ended: Vec::new(),
            current: BTreeMap::new(),
            identified: BTreeMap::new(),
        })
    }

    /// The head of the log, with what this transaction has appended.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The latest version of a record before this transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub fn stored(&mut self, id: &Id) -> Result<Option<Stored>, StoreError> {
        read::get(self.connection, id, self.began.log_index)
    }

    /// The latest versions of records before this transaction; those that are not there are left
    /// out.
    ///
    /// # Errors
    /// When the database fails.
    pub fn stored_all<'i>(
        &mut self,
        ids: impl IntoIterator<Item = &'i Id>,
    ) -> Result<Vec<Stored>, StoreError> {
        read::get_all(self.connection, ids, self.began.log_index)
    }

    /// Whether a reader may see a record, as known before this transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub fn is_visible(
        &mut self,
        collection: CollectionName,
        id: &Id,
        reader: &Reader,
    ) -> Result<bool, StoreError> {
        let ids = BTreeSet::from([id.clone()]);
        Ok(self.visible(collection, &ids, reader)?.contains(id))
    }

    /// Those of some records that a reader may see, as known before this transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub fn visible(
        &mut self,
        collection: CollectionName,
        ids: &BTreeSet<Id>,
        reader: &Reader,
    ) -> Result<BTreeSet<Id>, StoreError> {
        reader::visible(self.connection, collection, ids, reader, self.began.log_index)
    }

    /// A page of a collection, as it is in this transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub fn list(&mut self, query: &ListQuery) -> Result<Vec<Stored>, StoreError> {
        list::list(self.connection, query)
    }

    /// Gives records an identity before their first version is there, so that others, in a loop or
    /// recorded earlier, can name them.
    ///
    /// # Errors
    /// When the database fails.
    pub fn identify<'i>(
        &mut self,
        records: impl IntoIterator<Item = (&'i Id, CollectionName)>,
    ) -> Result<(), StoreError> {
        let mut new: BTreeMap<&Id, CollectionName> = BTreeMap::new();
        for (id, kind) in records {
            match self.identified.get(id) {
                Some(known) if *known == kind => {}
                // Guessed from a record that named it.
                Some(_) => {
                    self.flush()?;
                    Statement::new("UPDATE records SET kind = ? WHERE id = ?")
                        .bind(kind.as_str())
                        .bind(id.as_str())
                        .execute(self.connection)?;
                    self.identified.insert(id.clone(), kind);
                }
                None => {
                    new.insert(id, kind);
                }
            }
        }
        let known = read::identities(self.connection, new.keys().copied())?;
        for (id, kind) in new {
            if !known.contains(id.as_str()) {
                self.rows.push(Table::Records, [id.as_str().into(), kind.as_str().into()]);
            }
            self.identified.insert(id.clone(), kind);
        }
        Ok(())
    }

    /// The same for records of which only others have spoken: their kind is a guess.
    pub(super) fn identify_unless_known<'i>(
        &mut self,
        records: impl IntoIterator<Item = (&'i Id, CollectionName)>,
    ) -> Result<(), StoreError> {
        let records: Vec<_> =
            records.into_iter().filter(|(id, _)| !self.identified.contains_key(*id)).collect();
        self.identify(records)
    }

    /// Appends a version of a record. Version 1 needs its identity first ([`Self::identify`]).
    ///
    /// The time is that of the clock, never before the head's.
    ///
    /// # Errors
    /// When the database fails.
    pub fn append(
        &mut self,
        record: &AnyRecord,
        draft: Draft,
        now: Instant,
    ) -> Result<Written, StoreError> {
        let recorded_at = now.max(self.head.recorded_at);
        let log_index = self.head.log_index + 1;
        let entry = Entry::seal(draft, log_index, recorded_at, &self.head.chain_sha256);
        self.add(&entry, record);
        if self.rows.waiting() > VALUES_AT_ONCE {
            self.flush()?;
        }
        let Entry { record_id: id, version, .. } = entry;
        Ok(Written { id, version, log_index, recorded_at })
    }

    /// Adds an entry as it is, of a log that was verified.
    pub(super) fn add(&mut self, entry: &Entry, record: &AnyRecord) {
        self.rows.push(
            Table::RecordLog,
            [
                entry.log_index.into(),
                entry.recorded_at.into(),
                entry.actor.as_str().into(),
                entry.operation.as_str().into(),
                entry.kind.as_str().into(),
                entry.record_id.as_str().into(),
                entry.version.into(),
                entry.body.as_str().into(),
                entry.salt.to_string().into(),
                entry.body_sha256.to_string().into(),
                entry.chain_sha256.to_string().into(),
                entry.request_id.as_deref().into(),
            ],
        );
        self.project(entry.kind, record, entry.log_index, entry.version);
        self.head = Head {
            log_index: entry.log_index,
            recorded_at: entry.recorded_at,
            chain_sha256: entry.chain_sha256,
        };
    }

    /// Projects a version, and ends the one before it.
    pub(super) fn project(
        &mut self,
        kind: CollectionName,
        record: &AnyRecord,
        log_index: u64,
        version: u32,
    ) {
        let table = Table::of(kind);
        let id = record.record().id();
        if version > 1 {
            match self.current.get(id) {
                Some((table, place)) => self.rows.end_version(*table, *place, log_index),
                None => self.ended.push((table, id.clone(), log_index)),
            }
        }
        self.current.insert(id.clone(), (table, self.rows.of(table).len()));
        project(&mut self.rows, record, log_index, version);
    }

    /// Writes what waits.
    pub(super) fn flush(&mut self) -> Result<(), StoreError> {
        for (table, id, log_index) in std::mem::take(&mut self.ended) {
            let name = table.shape().name;
            Statement::new(format!("UPDATE {name} SET log_to = ? WHERE id = ? AND log_to IS NULL"))
                .bind(log_index)
                .bind(id.as_str())
                .execute(self.connection)?;
        }
        dialect::insert(self.connection, &std::mem::take(&mut self.rows))?;
        self.current.clear();
        Ok(())
    }

    /// Writes what waits and moves the head.
    pub(super) fn finish(mut self) -> Result<Head, StoreError> {
        self.flush()?;
        if self.head != self.began {
            Statement::new("UPDATE log_head SET log_index = ?, recorded_at = ?, chain_sha256 = ?")
                .bind(self.head.log_index)
                .bind(self.head.recorded_at)
                .bind(self.head.chain_sha256.to_string())
                .execute(self.connection)?;
        }
        Ok(self.head)
    }

    /// What a source said of records before: their ids, and the digest of what it said, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub fn said(&mut self, source: &str) -> Result<BTreeMap<String, Said>, StoreError> {
        let rows = Statement::new(
            "SELECT name, id, version, said_sha256 FROM import_records WHERE source = ? ORDER BY name",
        )
        .bind(source)
        .load::<SaidRow>(self.connection)?;
        Ok(rows.into_iter().filter_map(SaidRow::said).collect())
    }

    /// The same for some of its names.
    ///
    /// # Errors
    /// When the database fails.
    pub fn said_of<'n>(
        &mut self,
        source: &str,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Result<BTreeMap<String, Said>, StoreError> {
        let among = dialect::among(self.connection);
        let rows = Statement::new(format!(
            "SELECT name, id, version, said_sha256 FROM import_records \
             WHERE source = ? AND name {among}"
        ))
        .bind(source)
        .bind(read::list(names))
        .load::<SaidRow>(self.connection)?;
        Ok(rows.into_iter().filter_map(SaidRow::said).collect())
    }

    /// Remembers what a source says of a record.
    ///
    /// # Errors
    /// When the database fails.
    pub fn remember(&mut self, source: &str, said: &[(String, Said)]) -> Result<(), StoreError> {
        /// Rows of one statement, of five values each.
        const ROWS: usize = 500;
        for chunk in said.chunks(ROWS) {
            let mut sql =
                "INSERT INTO import_records (source, name, id, version, said_sha256) VALUES "
                    .to_owned();
            sql.push_str(&vec!["(?, ?, ?, ?, ?)"; chunk.len()].join(", "));
            sql.push_str(
                " ON CONFLICT (source, name) DO UPDATE SET version = excluded.version, \
                 said_sha256 = excluded.said_sha256",
            );
            let mut statement = Statement::varying(sql);
            for (name, said) in chunk {
                statement.push_value(source);
                statement.push_value(name.as_str());
                statement.push_value(said.id.as_str());
                statement.push_value(said.version);
                statement.push_value(said.said_sha256.to_string());
            }
            statement.execute(self.connection)?;
        }
        Ok(())
    }

    /// How far a large import came.
    ///
    /// # Errors
    /// When the database fails.
    pub fn job(&mut self, document: &Digest, source: &str) -> Result<Option<Job>, StoreError> {
        let row = Statement::new(
            "SELECT records, done, created, amended, unchanged FROM import_jobs \
             WHERE document_sha256 = ? AND source = ?",
        )
        .bind(document.to_string())
        .bind(source)
        .get_result::<JobRow>(self.connection)
        .optional()?;
        Ok(row.map(|row| Job {
            records: value::unsigned(row.records),
            done: value::unsigned(row.done),
            created: value::unsigned(row.created),
            amended: value::unsigned(row.amended),
            unchanged: value::unsigned(row.unchanged),
        }))
    }

    /// Notes how far a large import came, with the records that it came by.
    ///
    /// # Errors
    /// When the database fails.
    pub fn note_job(
        &mut self,
        document: &Digest,
        source: &str,
        job: Job,
        now: Instant,
    ) -> Result<(), StoreError> {
        Statement::new(
            "INSERT INTO import_jobs (document_sha256, source, records, done, created, amended, \
             unchanged, started_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (document_sha256, source) DO UPDATE SET done = excluded.done, \
             created = excluded.created, amended = excluded.amended, \
             unchanged = excluded.unchanged, changed_at = excluded.changed_at",
        )
        .bind(document.to_string())
        .bind(source)
        .bind(job.records)
        .bind(job.done)
        .bind(job.created)
        .bind(job.amended)
        .bind(job.unchanged)
        .bind(now)
        .bind(now)
        .execute(self.connection)?;
        Ok(())
    }

    /// The latest version of a record, with what this transaction has written.
    ///
    /// # Errors
    /// When the database fails.
    pub fn written(&mut self, id: &Id) -> Result<Option<Stored>, StoreError> {
        self.flush()?;
        read::get(self.connection, id, self.head.log_index)
    }

    /// What hangs on something, with what this transaction has written.
    ///
    /// # Errors
    /// When the database fails, or a body in it is damaged.
    pub fn below(&mut self, root: &Root, most: usize) -> Result<Below, StoreError> {
        self.flush()?;
        impact::below(self.connection, root, self.head.log_index, most)
    }

    /// Those of some records that a reader may see, with what this transaction has written.
    ///
    /// # Errors
    /// When the database fails.
    pub fn visible_now(
        &mut self,
        collection: CollectionName,
        ids: &BTreeSet<Id>,
        reader: &Reader,
    ) -> Result<BTreeSet<Id>, StoreError> {
        self.flush()?;
        reader::visible(self.connection, collection, ids, reader, self.head.log_index)
    }

    /// The certificates, as they are now, that cite a document by its SHA-256.
    ///
    /// # Errors
    /// When the database fails.
    pub fn citing(&mut self, sha256: &str) -> Result<Vec<Stored>, StoreError> {
        self.flush()?;
        let at = self.head().log_index;
        let (table, child) = (Table::Calibrations, Table::CalibrationReferences);
        read::by_child(self.connection, table, child, "document_sha256", [sha256], at)
    }

    pub(super) fn connection(&mut self) -> &mut AnyConnection {
        self.connection
    }
}

/// What a source said of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The record that a name of the source stands for.
    pub id: Id,
    /// Its version when the source spoke last; 0 where it only has its identity so far.
    pub version: u32,
    /// SHA-256 of what the source said last, in canonical JSON.
    pub said_sha256: Digest,
}

/// How far a large import came, counted in records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Job {
    /// In all.
    pub records: u64,
    /// Done.
    pub done: u64,
    /// Of these new.
    pub created: u64,
    /// Of these changed.
    pub amended: u64,
    /// Of these as they were.
    pub unchanged: u64,
}

#[derive(QueryableByName)]
struct SaidRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Integer)]
    version: i32,
    #[diesel(sql_type = Text)]
    said_sha256: String,
}

impl SaidRow {
    fn said(self) -> Option<(String, Said)> {
        let id = Id::parse(&self.id).ok()?;
        let said_sha256 = self.said_sha256.parse().ok()?;
        let version = u32::try_from(self.version).ok()?;
        Some((self.name, Said { id, version, said_sha256 }))
    }
}

#[derive(QueryableByName)]
struct JobRow {
    #[diesel(sql_type = BigInt)]
    records: i64,
    #[diesel(sql_type = BigInt)]
    done: i64,
    #[diesel(sql_type = BigInt)]
    created: i64,
    #[diesel(sql_type = BigInt)]
    amended: i64,
    #[diesel(sql_type = BigInt)]
    unchanged: i64,
}
