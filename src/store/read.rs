//! Reading records: bodies from the log, found by id or through the projections, as known at a log
//! index.

use std::collections::{BTreeMap, BTreeSet};

use deserr::ValuePointerRef;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamp};

use crate::domain::id::Id;
use crate::domain::log::{Entry, Operation};
use crate::domain::period::Instant;
use crate::domain::quantity::QuantityKindId;
use crate::domain::records::{AnyRecord, CollectionName};

use super::connection::AnyConnection;
use super::dialect;
use super::error::StoreError;
use super::schema::Table;
use super::statement::{Statement, Value};
use super::value;
use super::write::{Head, HeadRow};

/// A version of a record as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The collection.
    pub collection: CollectionName,
    /// The record.
    pub id: Id,
    /// The version.
    pub version: u32,
    /// Its position in the record log.
    pub log_index: u64,
    /// When the registry learnt of this version.
    pub recorded_at: Instant,
    /// When the registry learnt of the record: of its first version.
    pub known_since: Instant,
    /// Who wrote this version.
    pub actor: String,
    /// What writing it did.
    pub operation: Operation,
    /// The record in canonical JSON, without what the service adds.
    pub body: String,
}

impl Stored {
    /// The record.
    ///
    /// # Errors
    /// When the body is not that of a record of its collection: the log was tampered with.
    pub fn record(&self) -> Result<AnyRecord, StoreError> {
        parse(self.collection, self.log_index, &self.body)
    }
}

/// A body as a record.
pub(super) fn parse(
    collection: CollectionName,
    log_index: u64,
    body: &str,
) -> Result<AnyRecord, StoreError> {
    let damaged = |reason: String| StoreError::Damaged { log_index, reason };
    let value = serde_json::from_str(body).map_err(|error| damaged(error.to_string()))?;
    AnyRecord::read_kept(collection, value, ValuePointerRef::Origin).map_err(|faults| {
        let first = faults.0.first();
        damaged(
            first.map_or_else(String::new, |fault| {
                format!("{}: {}", fault.pointer, fault.message.en)
            }),
        )
    })
}

/// A query of [`StoredRow`]s: log entries `l` with the first version `f` of the same record.
macro_rules! stored {
    ($rest:literal) => {
        concat!(
            "SELECT l.log_index, l.recorded_at, f.recorded_at AS known_since, l.actor, \
             l.operation, l.kind, l.record_id, l.version, l.body FROM record_log l \
             JOIN record_log f ON f.record_id = l.record_id AND f.version = 1 ",
            $rest
        )
    };
}

#[derive(QueryableByName)]
struct StoredRow {
    #[diesel(sql_type = BigInt)]
    log_index: i64,
    #[diesel(sql_type = Timestamp)]
    recorded_at: time::PrimitiveDateTime,
    #[diesel(sql_type = Timestamp)]
    known_since: time::PrimitiveDateTime,
    #[diesel(sql_type = Text)]
    actor: String,
    #[diesel(sql_type = Text)]
    operation: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    record_id: String,
    #[diesel(sql_type = Integer)]
    version: i32,
    #[diesel(sql_type = Text)]
    body: String,
}

impl TryFrom<StoredRow> for Stored {
    type Error = StoreError;

    fn try_from(row: StoredRow) -> Result<Self, StoreError> {
        let log_index = value::unsigned(row.log_index);
        let damaged = |what: &str| StoreError::Damaged { log_index, reason: what.to_owned() };
        Ok(Self {
            collection: CollectionName::from_word(&row.kind)
                .ok_or_else(|| damaged("its kind is no collection"))?,
            id: Id::parse(&row.record_id).map_err(|_| damaged("its record has no id"))?,
            version: u32::try_from(row.version).map_err(|_| damaged("its version is negative"))?,
            log_index,
            recorded_at: value::instant(row.recorded_at),
            known_since: value::instant(row.known_since),
            actor: row.actor,
            operation: Operation::from_word(&row.operation)
                .ok_or_else(|| damaged("its operation is unknown"))?,
            body: row.body,
        })
    }
}

fn load(connection: &mut AnyConnection, query: Statement) -> Result<Vec<Stored>, StoreError> {
    query.load::<StoredRow>(connection)?.into_iter().map(Stored::try_from).collect()
}

/// Versions that a condition on log entries `l` finds.
pub(super) fn stored(
    connection: &mut AnyConnection,
    condition: Statement,
) -> Result<Vec<Stored>, StoreError> {
    load(connection, condition.after(stored!("")))
}

/// A list of texts as [`dialect::among`] takes it.
pub(super) fn list<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let texts: Vec<&str> = texts.into_iter().collect();
    serde_json::to_string(&texts).unwrap_or_default()
}

/// The head of the log.
pub(super) fn head(connection: &mut AnyConnection) -> Result<Head, StoreError> {
    Statement::new("SELECT log_index, recorded_at, chain_sha256 FROM log_head")
        .get_result::<HeadRow>(connection)?
        .try_into()
}

#[derive(QueryableByName)]
struct NumberRow {
    #[diesel(sql_type = Nullable<BigInt>)]
    number: Option<i64>,
}

/// The log index that an instant resolves to: the last entry recorded by then.
pub(super) fn index_at(
    connection: &mut AnyConnection,
    instant: Instant,
) -> Result<u64, StoreError> {
    let row = Statement::new(
        "SELECT MAX(log_index) AS number FROM record_log WHERE recorded_at = \
         (SELECT MAX(recorded_at) FROM record_log WHERE recorded_at <= ?)",
    )
    .bind(instant)
    .get_result::<NumberRow>(connection)?;
    Ok(row.number.map_or(0, value::unsigned))
}

#[derive(QueryableByName)]
struct InstantRow {
    #[diesel(sql_type = Timestamp)]
    recorded_at: time::PrimitiveDateTime,
}

/// When a log index was reached; none for an index without an entry.
pub(super) fn reached_at(
    connection: &mut AnyConnection,
    at: u64,
) -> Result<Option<Instant>, StoreError> {
    let query = Statement::new("SELECT recorded_at FROM record_log WHERE log_index = ?").bind(at);
    let rows = query.get_results::<InstantRow>(connection)?;
    Ok(rows.first().map(|row| value::instant(row.recorded_at)))
}

/// A record as known at a log index.
pub(super) fn get(
    connection: &mut AnyConnection,
    id: &Id,
    at: u64,
) -> Result<Option<Stored>, StoreError> {
    let query = Statement::new(stored!(
        "WHERE l.record_id = ? AND +l.log_index <= ? ORDER BY l.version DESC LIMIT 1"
    ));
    Ok(load(connection, query.bind(id.as_str()).bind(at))?.pop())
}

/// Records as known at a log index, in the order of their ids; those not known then are left out.
pub(super) fn get_all<'i>(
    connection: &mut AnyConnection,
    ids: impl IntoIterator<Item = &'i Id>,
    at: u64,
) -> Result<Vec<Stored>, StoreError> {
    let ids: BTreeSet<&str> = ids.into_iter().map(Id::as_str).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let among = dialect::among(connection);
    let query = Statement::new(format!(
        "{} {among} AND +l.log_index <= ? ORDER BY l.record_id, l.version",
        stored!("WHERE l.record_id")
    ));
    let versions = load(connection, query.bind(list(ids)).bind(at))?;
    // The last version of each: later ones take the place of earlier ones.
    let latest: BTreeMap<Id, Stored> =
        versions.into_iter().map(|stored| (stored.id.clone(), stored)).collect();
    Ok(latest.into_values().collect())
}

/// Every version of a record up to a log index, oldest first.
pub(super) fn versions(
    connection: &mut AnyConnection,
    id: &Id,
    at: u64,
) -> Result<Vec<Stored>, StoreError> {
    let query =
        Statement::new(stored!("WHERE l.record_id = ? AND +l.log_index <= ? ORDER BY l.version"));
    load(connection, query.bind(id.as_str()).bind(at))
}

// In conditions on a state of knowledge, `+` keeps the planner of SQLite from searching along the
// log: nearly every version lies before it.

/// Records of a collection whose column has one of the values, as known at a log index.
pub(super) fn by_column<'v>(
    connection: &mut AnyConnection,
    table: Table,
    column: &str,
    values: impl IntoIterator<Item = &'v str>,
    at: u64,
) -> Result<Vec<Stored>, StoreError> {
    let (name, among) = (table.shape().name, dialect::among(connection));
    let query = Statement::new(format!(
        "{} {name} v ON v.log_from = l.log_index WHERE v.{column} {among} \
         AND +v.log_from <= ? AND (v.log_to IS NULL OR v.log_to > ?)",
        stored!("JOIN")
    ));
    load(connection, query.bind(list(values)).bind(at).bind(at))
}

/// Records of a collection one of whose child rows has one of the values, as known at a log index.
pub(super) fn by_child<'v>(
    connection: &mut AnyConnection,
    table: Table,
    child: Table,
    column: &str,
    values: impl IntoIterator<Item = &'v str>,
    at: u64,
) -> Result<Vec<Stored>, StoreError> {
    let (name, child, among) = (table.shape().name, child.shape().name, dialect::among(connection));
    let query = Statement::new(format!(
        "{} {name} v ON v.log_from = l.log_index WHERE v.log_from IN \
         (SELECT c.log_from FROM {child} c WHERE c.{column} {among}) \
         AND +v.log_from <= ? AND (v.log_to IS NULL OR v.log_to > ?)",
        stored!("JOIN")
    ));
    load(connection, query.bind(list(values)).bind(at).bind(at))
}

#[derive(QueryableByName)]
pub(super) struct TextRow {
    #[diesel(sql_type = Text)]
    pub(super) text: String,
}

/// Those ids that have an identity.
pub(super) fn identities<'i>(
    connection: &mut AnyConnection,
    ids: impl IntoIterator<Item = &'i Id>,
) -> Result<BTreeSet<String>, StoreError> {
    /// Ids of one statement.
    const MOST: usize = 10_000;
    let ids: Vec<&str> = ids.into_iter().map(Id::as_str).collect();
    let among = dialect::among(connection);
    let mut known = BTreeSet::new();
    for chunk in ids.chunks(MOST) {
        let query = Statement::new(format!("SELECT id AS text FROM records WHERE id {among}"));
        let rows = query.bind(list(chunk.iter().copied())).load::<TextRow>(connection)?;
        known.extend(rows.into_iter().map(|row| row.text));
    }
    Ok(known)
}

pub(super) fn ids(
    connection: &mut AnyConnection,
    query: Statement,
) -> Result<BTreeSet<Id>, StoreError> {
    let rows = query.load::<TextRow>(connection)?;
    Ok(rows.into_iter().filter_map(|row| Id::parse(&row.text).ok()).collect())
}

/// The certificates of standards, those for a set or with rows for several items included.
pub(super) fn certificates_of<'s>(
    connection: &mut AnyConnection,
    standards: impl IntoIterator<Item = &'s str>,
    at: u64,
) -> Result<BTreeSet<Id>, StoreError> {
    let among = dialect::among(connection);
    let query = Statement::new(format!(
        "SELECT v.id AS text FROM calibrations v WHERE v.item {among} \
         AND +v.log_from <= ? AND (v.log_to IS NULL OR v.log_to > ?) UNION \
         SELECT v.id AS text FROM calibration_items i JOIN calibrations v ON v.log_from = i.log_from \
         WHERE i.item {among} AND +v.log_from <= ? AND (v.log_to IS NULL OR v.log_to > ?)"
    ));
    let standards = list(standards);
    let query = query.bind(standards.as_str()).bind(at).bind(at);
    ids(connection, query.bind(standards).bind(at).bind(at))
}

/// Certificates, and everything that they were made with, up to the end. A check gives no value and
/// is no link.
pub(super) fn certificates_above<'c>(
    connection: &mut AnyConnection,
    certificates: impl IntoIterator<Item = &'c str>,
    at: u64,
) -> Result<BTreeSet<Id>, StoreError> {
    let among = dialect::among(connection);
    let query = Statement::new(format!(
        "WITH RECURSIVE above (id) AS ( \
            SELECT v.id FROM calibrations v WHERE v.id {among} \
            AND +v.log_from <= ? AND (v.log_to IS NULL OR v.log_to > ?) \
         UNION \
            SELECT r.calibration FROM above JOIN calibrations v ON v.id = above.id \
            AND +v.log_from <= ? AND (v.log_to IS NULL OR v.log_to > ?) \
            JOIN calibration_references r ON r.log_from = v.log_from \
            WHERE r.calibration IS NOT NULL AND (r.role IS NULL OR r.role <> 'check') \
         ) SELECT id AS text FROM above"
    ));
    let query = query.bind(list(certificates)).bind(at).bind(at).bind(at).bind(at);
    ids(connection, query)
}

/// The certificates that amend one of these.
pub(super) fn amending<'c>(
    connection: &mut AnyConnection,
    certificates: impl IntoIterator<Item = &'c str>,
    at: u64,
) -> Result<BTreeSet<Id>, StoreError> {
    let among = dialect::among(connection);
    let query = Statement::new(format!(
        "SELECT v.id AS text FROM calibrations v WHERE v.amends {among} \
         AND +v.log_from <= ? AND (v.log_to IS NULL OR v.log_to > ?)"
    ));
    ids(connection, query.bind(list(certificates)).bind(at).bind(at))
}

/// The last certificates of an issuer that report a quantity, among its last two hundred.
pub(super) fn last_certificates(
    connection: &mut AnyConnection,
    issuer: &Id,
    kind: QuantityKindId,
    at: u64,
) -> Result<BTreeSet<Id>, StoreError> {
    let query = Statement::new(
        "SELECT t.id AS text FROM (\
            SELECT v.id, v.log_from, v.performed_to FROM calibrations v WHERE v.issuer = ? \
            AND +v.log_from <= ? AND (v.log_to IS NULL OR v.log_to > ?) \
            ORDER BY v.performed_to DESC, v.id DESC LIMIT 200) t \
         WHERE EXISTS (SELECT 1 FROM calibration_results r \
            WHERE r.log_from = t.log_from AND r.quantity_kind = ?) \
         ORDER BY t.performed_to DESC, t.id DESC LIMIT 20",
    );
    ids(connection, query.bind(issuer.as_str()).bind(at).bind(at).bind(kind.id()))
}

#[derive(QueryableByName)]
struct EntryRow {
    #[diesel(sql_type = BigInt)]
    log_index: i64,
    #[diesel(sql_type = Timestamp)]
    recorded_at: time::PrimitiveDateTime,
    #[diesel(sql_type = Text)]
    actor: String,
    #[diesel(sql_type = Text)]
    operation: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    record_id: String,
    #[diesel(sql_type = Integer)]
    version: i32,
    #[diesel(sql_type = Text)]
    body: String,
    #[diesel(sql_type = Text)]
    salt: String,
    #[diesel(sql_type = Text)]
    body_sha256: String,
    #[diesel(sql_type = Text)]
    chain_sha256: String,
    #[diesel(sql_type = Nullable<Text>)]
    request_id: Option<String>,
}

impl TryFrom<EntryRow> for Entry {
    type Error = StoreError;

    fn try_from(row: EntryRow) -> Result<Self, StoreError> {
        let log_index = value::unsigned(row.log_index);
        let damaged = |what: &str| StoreError::Damaged { log_index, reason: what.to_owned() };
        Ok(Self {
            log_index,
            recorded_at: value::instant(row.recorded_at),
            actor: row.actor,
            request_id: row.request_id,
            operation: Operation::from_word(&row.operation)
                .ok_or_else(|| damaged("its operation is unknown"))?,
            kind: CollectionName::from_word(&row.kind)
                .ok_or_else(|| damaged("its kind is no collection"))?,
            record_id: Id::parse(&row.record_id).map_err(|_| damaged("its record has no id"))?,
            version: u32::try_from(row.version).map_err(|_| damaged("its version is negative"))?,
            body: row.body,
            salt: row.salt.parse().map_err(|_| damaged("its salt is no salt"))?,
            body_sha256: row.body_sha256.parse().map_err(|_| damaged("a digest is no SHA-256"))?,
            chain_sha256: row
                .chain_sha256
                .parse()
                .map_err(|_| damaged("a digest is no SHA-256"))?,
        })
    }
}

/// Entries of the log that a condition finds, in its order.
fn entries_where(
    connection: &mut AnyConnection,
    condition: Statement,
) -> Result<Vec<Entry>, StoreError> {
    let mut query = Statement::new(
        "SELECT log_index, recorded_at, actor, operation, kind, record_id, version, body, salt, \
         body_sha256, chain_sha256, request_id FROM record_log ",
    );
    query.push_all(condition);
    let rows = query.load::<EntryRow>(connection)?;
    rows.into_iter().map(Entry::try_from).collect()
}

/// Which entries of the log are asked for: all that is named must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Written by this key or member, or by this name of the registry's own machine.
    pub actor: Option<String>,
    /// Written by any key or member of this organisation.
    pub organisation: Option<Id>,
    /// Of this collection.
    pub kind: Option<CollectionName>,
    /// Of this record.
    pub record: Option<Id>,
    /// Recorded at this instant or later.
    pub recorded_from: Option<Instant>,
    /// Recorded before this instant.
    pub recorded_before: Option<Instant>,
}

/// Entries of the log after an index, in its order.
pub(super) fn entries(
    connection: &mut AnyConnection,
    after: u64,
    most: u32,
    filter: &LogFilter,
) -> Result<Vec<Entry>, StoreError> {
    let mut condition = Statement::new("WHERE log_index > ?").bind(after);
    let mut only = |sql: &str, value: Option<Value>| {
        if let Some(value) = value {
            condition.push(sql);
            condition.push_value(value);
        }
    };
    only(" AND actor = ?", filter.actor.as_deref().map(Value::from));
    only(" AND kind = ?", filter.kind.map(|kind| kind.as_str().into()));
    only(" AND record_id = ?", filter.record.as_ref().map(|id| id.as_str().into()));
    only(" AND recorded_at >= ?", filter.recorded_from.map(Value::from));
    only(" AND recorded_at < ?", filter.recorded_before.map(Value::from));
    if let Some(organisation) = &filter.organisation {
        condition.push(
            " AND actor IN (SELECT 'key:' || id FROM api_keys WHERE organisation = ? \
             UNION SELECT 'member:' || id FROM members WHERE organisation = ?)",
        );
        condition.push_value(organisation.as_str());
        condition.push_value(organisation.as_str());
    }
    condition.push(" ORDER BY log_index LIMIT ?");
    entries_where(connection, condition.bind(most))
}

/// The entries of the log after an index, up to another, that wrote these records, in its order.
pub(super) fn entries_on(
    connection: &mut AnyConnection,
    records: &BTreeSet<Id>,
    after: u64,
    upto: u64,
) -> Result<Vec<Entry>, StoreError> {
    let among = dialect::among(connection);
    let condition = Statement::new(format!(
        "WHERE record_id {among} AND +log_index > ? AND +log_index <= ? ORDER BY log_index"
    ));
    let records = list(records.iter().map(Id::as_str));
    entries_where(connection, condition.bind(records).bind(after).bind(upto))
}

/// Every row of every projection as text, in a fixed order.
pub(super) fn projections(connection: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
    let mut lines = Vec::new();
    for table in Table::ALL.into_iter().filter(|table| *table != Table::RecordLog) {
        let shape = table.shape();
        let columns: Vec<String> = shape
            .columns
            .iter()
            .map(|column| format!("COALESCE(CAST({column} AS TEXT), 'NULL')"))
            .collect();
        let query = Statement::new(format!(
            "SELECT {} AS text FROM {}",
            columns.join(" || ' | ' || "),
            shape.name
        ));
        let mut rows: Vec<String> = query
            .load::<TextRow>(connection)?
            .into_iter()
            .map(|row| format!("{}: {}", shape.name, row.text))
            .collect();
        rows.sort_unstable();
        lines.append(&mut rows);
    }
    Ok(lines)
}
