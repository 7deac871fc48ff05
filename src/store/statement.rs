//! A statement: SQL with `?` where a value goes, and the values.
//!
//! One text serves both backends, and a fixed text is prepared once a connection (diesel's own
//! `sql_query` prepares anew each time). What does not live here: any SQL.

use std::borrow::Cow;

use diesel::QueryResult;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::RunQueryDsl;
use diesel::sql_types::{BigInt, Bool, Date, Nullable, Text, Timestamp, Untyped};

use crate::domain::period::{Day, Instant};

use super::connection::{AnyConnection, MultiBackend};
use super::value;

/// A value of a column, in the core SQL types that both backends share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(Option<String>),
    Integer(Option<i64>),
    Boolean(Option<bool>),
    Date(Option<time::Date>),
    Timestamp(Option<time::PrimitiveDateTime>),
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Self::Text(text.map(str::to_owned))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(Some(number))
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Integer(Some(i64::from(number)))
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Integer(Some(value::signed(number)))
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Boolean(Some(truth))
    }
}

impl From<Day> for Value {
    fn from(day: Day) -> Self {
        Self::Date(Some(value::date(day)))
    }
}

impl From<Option<Day>> for Value {
    fn from(day: Option<Day>) -> Self {
        Self::Date(day.map(value::date))
    }
}

impl From<Instant> for Value {
    fn from(instant: Instant) -> Self {
        Self::Timestamp(Some(value::timestamp(instant)))
    }
}

impl From<Option<Instant>> for Value {
    fn from(instant: Option<Instant>) -> Self {
        Self::Timestamp(instant.map(value::timestamp))
    }
}

/// A statement with its values.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    sql: Cow<'static, str>,
    values: Vec<Value>,
    /// Whether the text depends on how many values there are.
    varies: bool,
}

impl Statement {
    /// A statement without values so far, one of few texts: each is prepared once a connection.
    pub(super) fn new(sql: impl Into<Cow<'static, str>>) -> Self {
        Self { sql: sql.into(), values: Vec::new(), varies: false }
    }

    /// A statement whose text depends on its values, and would fill the cache of prepared ones.
    pub(super) fn varying(sql: String) -> Self {
        Self { sql: sql.into(), values: Vec::new(), varies: true }
    }

    /// Gives the next value.
    pub(super) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Adds SQL at the end.
    pub(super) fn push(&mut self, sql: &str) {
        self.sql.to_mut().push_str(sql);
    }

    /// The statement behind other SQL, which has no values.
    pub(super) fn after(mut self, sql: &str) -> Self {
        self.sql.to_mut().insert_str(0, sql);
        self
    }

    /// Adds a statement at the end, with its values.
    pub(super) fn push_all(&mut self, other: Self) {
        self.push(&other.sql);
        self.values.extend(other.values);
    }

    /// Gives a further value.
    pub(super) fn push_value(&mut self, value: impl Into<Value>) {
        self.values.push(value.into());
    }
}

impl QueryFragment<MultiBackend> for Statement {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        if self.varies {
            out.unsafe_to_cache_prepared();
        }
        let mut pieces = self.sql.split('?');
        out.push_sql(pieces.next().unwrap_or_default());
        for (value, piece) in self.values.iter().zip(pieces) {
            match value {
                Value::Text(value) => out.push_bind_param::<Nullable<Text>, _>(value)?,
                Value::Integer(value) => out.push_bind_param::<Nullable<BigInt>, _>(value)?,
                Value::Boolean(value) => out.push_bind_param::<Nullable<Bool>, _>(value)?,
                Value::Date(value) => out.push_bind_param::<Nullable<Date>, _>(value)?,
                Value::Timestamp(value) => out.push_bind_param::<Nullable<Timestamp>, _>(value)?,
            }
            out.push_sql(piece);
        }
        Ok(())
    }
}

impl QueryId for Statement {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement {
    type SqlType = Untyped;
}

impl RunQueryDsl<AnyConnection> for Statement {}
