//! Lists of a collection: filters over columns, words of texts, and a keyset order by id, as known
//! at a log index.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::domain::period::Day;
use crate::domain::records::CollectionName;

use super::connection::AnyConnection;
use super::error::StoreError;
use super::read::{self, Stored};
use super::reader::{self, Reader};
use super::schema::Table;
use super::statement::{Statement, Value};
use super::value;

/// How a filter compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// The column is the value.
    Is,
    /// A row of a child table of the record has the value: table and column.
    Has,
    /// The day of the column is the value or earlier.
    OnOrBefore,
    /// The column is true or false.
    IsTrue,
}

/// A filter that a collection knows.
#[derive(Debug, Clone, Copy)]
pub struct FilterName {
    /// What it is called, in requests and on the command line.
    pub name: &'static str,
    /// How it compares.
    pub comparison: Comparison,
    column: &'static str,
}

const fn is(name: &'static str) -> FilterName {
    FilterName { name, comparison: Comparison::Is, column: name }
}

const fn has(name: &'static str) -> FilterName {
    FilterName { name, comparison: Comparison::Has, column: name }
}

const DUE_BEFORE: FilterName =
    FilterName { name: "due_before", comparison: Comparison::OnOrBefore, column: "due_on" };
const VALID_BEFORE: FilterName =
    FilterName { name: "valid_before", comparison: Comparison::OnOrBefore, column: "valid_to" };
const BY: FilterName =
    FilterName { name: "by", comparison: Comparison::Is, column: "organisation" };
const PUBLISHED: FilterName =
    FilterName { name: "published", comparison: Comparison::IsTrue, column: "published" };
const CONFIRMED: FilterName =
    FilterName { name: "confirmed", comparison: Comparison::IsTrue, column: "confirmed" };

/// The filters that a collection knows, named like the fields of its records.
pub fn filters(collection: CollectionName) -> &'static [FilterName] {
    match collection {
        CollectionName::Organisations => const { &[is("kind"), is("country"), is("parent")] },
        CollectionName::Memberships => {
            const { &[is("organisation"), is("country"), is("arrangement"), is("scope"), is("role")] }
        }
        CollectionName::Accreditations => {
            const {
                &[
                    is("organisation"),
                    is("accreditation_body"),
                    is("standard"),
                    is("number"),
                    is("status"),
                    VALID_BEFORE,
                ]
            }
        }
        CollectionName::LegalRecognitions => {
            const {
                &[
                    is("kind"),
                    is("organisation"),
                    is("standard"),
                    is("authority"),
                    is("decision_number"),
                    is("status"),
                    VALID_BEFORE,
                ]
            }
        }
        CollectionName::Capabilities => {
            const {
                &[
                    is("publisher"),
                    is("organisation"),
                    is("accreditation"),
                    is("quantity_kind"),
                    is("service_category"),
                    is("code"),
                    is("status"),
                    CONFIRMED,
                ]
            }
        }
        CollectionName::MeasurementStandards => {
            const {
                &[
                    is("owner"),
                    is("code"),
                    is("serial_number"),
                    is("type"),
                    is("legal_level"),
                    is("metrological_role"),
                    is("status"),
                    is("parent_kit"),
                    has("quantity_kind"),
                    CONFIRMED,
                ]
            }
        }
        CollectionName::Realisations => {
            const { &[is("kind"), is("organisation"), is("quantity_kind")] }
        }
        CollectionName::Calibrations => {
            const {
                &[
                    is("kind"),
                    is("issuer"),
                    is("number"),
                    is("item"),
                    is("amends"),
                    is("status"),
                    is("code"),
                    is("document_sha256"),
                    has("quantity_kind"),
                    DUE_BEFORE,
                    PUBLISHED,
                    CONFIRMED,
                ]
            }
        }
        CollectionName::Comparisons => {
            const {
                &[
                    is("kind"),
                    is("code"),
                    is("area"),
                    is("quantity_kind"),
                    is("status"),
                    has("organisation"),
                    CONFIRMED,
                ]
            }
        }
        CollectionName::Documents => const { &[is("designation"), is("kind"), is("degree")] },
        CollectionName::Nonconformities => {
            const { &[is("subject"), is("status"), has("calibration")] }
        }
        CollectionName::Attestations => const { &[is("record"), is("statement"), BY] },
        CollectionName::Programme => &[],
    }
}

/// The child table in which a filter looks.
fn child(collection: CollectionName) -> Table {
    match collection {
        CollectionName::MeasurementStandards => Table::StandardQuantities,
        CollectionName::Comparisons => Table::ComparisonResults,
        CollectionName::Nonconformities => Table::NonconformityDecisions,
        _ => Table::CalibrationResults,
    }
}

/// The value of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilterValue {
    /// A text.
    Text(String),
    /// A day.
    Day(Day),
    /// Yes or no.
    Truth(bool),
}

impl From<FilterValue> for Value {
    fn from(value: FilterValue) -> Self {
        match value {
            FilterValue::Text(text) => text.into(),
            FilterValue::Day(day) => day.into(),
            FilterValue::Truth(truth) => truth.into(),
        }
    }
}

/// What of a collection is asked for.
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// The collection.
    pub collection: CollectionName,
    /// The filters, all of which must hold.
    pub filters: Vec<(FilterName, FilterValue)>,
    /// Beginnings of words (`domain::search::query`), all of which must be found.
    pub words: Vec<String>,
    /// The id after which the list goes on.
    pub after: Option<String>,
    /// Most records.
    pub limit: u32,
    /// The state of knowledge.
    pub at: u64,
    /// Who reads; records that this reader may not see are left out.
    pub reader: Reader,
}

/// The records that a query asks for, in the order of their ids.
pub(super) fn list(
    connection: &mut AnyConnection,
    query: &ListQuery,
) -> Result<Vec<Stored>, StoreError> {
    let Some(versions) = versions(query) else { return Ok(Vec::new()) };
    let mut statement = Statement::new("WHERE l.log_index IN (SELECT log_from FROM (");
    statement.push_all(versions);
    statement.push(") q ORDER BY id LIMIT ?) ORDER BY l.record_id");
    statement.push_value(query.limit);
    read::stored(connection, statement)
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// How many records a query asks for, up to its limit.
pub(super) fn count(connection: &mut AnyConnection, query: &ListQuery) -> Result<u64, StoreError> {
    let Some(versions) = versions(query) else { return Ok(0) };
    let mut statement = Statement::new("SELECT COUNT(*) AS number FROM (");
    statement.push_all(versions);
    statement.push(") q");
    Ok(value::unsigned(statement.get_result::<CountRow>(connection)?.number))
}

/// The versions that a query asks for; none when nothing is visible. The first of a union lie among
/// the first of its parts, each found along its own index.
fn versions(query: &ListQuery) -> Option<Statement> {
    let after = query.after.as_deref().unwrap_or_default();
    let reasons = query.reader.reasons(query.collection, query.at, after);
    let parts = reasons.into_iter().map(|reason| {
        let mut part = Statement::new("SELECT log_from, id FROM (");
        part.push_all(page(query, reason));
        part.push(") p");
        part
    });
    parts.reduce(|mut union, part| {
        union.push(" UNION ");
        union.push_all(part);
        union
    })
}

/// The page of those versions that are visible for one reason.
fn page(query: &ListQuery, reason: Statement) -> Statement {
    let table = Table::of(query.collection).shape().name;
    let mut statement = Statement::new(format!(
        "SELECT v.log_from, v.id FROM {table} v WHERE {} AND ",
        reader::known("v")
    ))
    .bind(query.at)
    .bind(query.at);
    statement.push_all(reason);
    for (filter, value) in &query.filters {
        let column = filter.column;
        let condition = match filter.comparison {
            Comparison::Is | Comparison::IsTrue => format!(" AND v.{column} = ?"),
            Comparison::OnOrBefore => format!(" AND v.{column} <= ?"),
            Comparison::Has => {
                let child = child(query.collection).shape().name;
                format!(
                    " AND v.log_from IN (SELECT c.log_from FROM {child} c WHERE c.{column} = ?)"
                )
            }
        };
        statement.push(&condition);
        statement.push_value(value.clone());
    }
    for word in &query.words {
        statement.push(
            " AND v.log_from IN (SELECT w.log_from FROM search_words w \
             WHERE w.word >= ? AND w.word < ?)",
        );
        statement.push_value(word.as_str());
        // Every word that begins so lies before the beginning with the last character there is.
        statement.push_value(format!("{word}\u{10ffff}"));
    }
    if let Some(after) = &query.after {
        statement.push(" AND v.id > ?");
        statement.push_value(after.as_str());
    }
    statement.push(" ORDER BY v.id LIMIT ?");
    statement.push_value(query.limit);
    statement
}
