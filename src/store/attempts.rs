//! Who came in last when, and who was refused: beside the record log, and kept for a time. What is
//! worth noting does not live here (`app::attempts`).

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text, Timestamp};

use crate::domain::id::Id;
use crate::domain::period::Instant;

use super::Store;
use super::error::StoreError;
use super::statement::Statement;
use super::value;
use super::write::Writer;

/// A request that was refused for who sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedAttempt {
    /// Its identity, in the order of time.
    pub id: Id,
    /// When.
    pub refused_at: Instant,
    /// The request, as its answer named it.
    pub request_id: String,
    /// The key or member whose token it had, where it had a good one.
    pub actor: Option<String>,
    /// Their organisation.
    pub organisation: Option<Id>,
    /// The network address that it came from.
    pub address: String,
    /// The method.
    pub method: String,
    /// The path, without its query.
    pub path: String,
    /// The code of the problem with which it was refused.
    pub code: String,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Timestamp)]
    refused_at: time::PrimitiveDateTime,
    #[diesel(sql_type = Text)]
    request_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    actor: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    organisation: Option<String>,
    #[diesel(sql_type = Text)]
    address: String,
    #[diesel(sql_type = Text)]
    method: String,
    #[diesel(sql_type = Text)]
    path: String,
    #[diesel(sql_type = Text)]
    code: String,
}

impl TryFrom<Row> for RefusedAttempt {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: value::id(&row.id)?,
            refused_at: value::instant(row.refused_at),
            request_id: row.request_id,
            actor: row.actor,
            organisation: row.organisation.as_deref().map(value::id).transpose()?,
            address: row.address,
            method: row.method,
            path: row.path,
            code: row.code,
        })
    }
}

/// Values of a row.
const WIDTH: usize = 9;
/// Rows of one statement: their values stay far below what either backend takes.
const ROWS: usize = 200;

impl Writer<'_> {
    /// Adds refused attempts, and forgets those from before an instant. Those that are there stay:
    /// they come again where nobody heard that they were kept.
    ///
    /// # Errors
    /// When the database fails.
    pub fn keep_refused(
        &mut self,
        attempts: &[RefusedAttempt],
        forget_before: Instant,
    ) -> Result<(), StoreError> {
        let row = format!("({})", ["?"; WIDTH].join(", "));
        for some in attempts.chunks(ROWS) {
            let mut statement = Statement::varying(format!(
                "INSERT INTO refused_attempts (id, refused_at, request_id, actor, organisation, \
                 address, method, path, code) VALUES {} ON CONFLICT (id) DO NOTHING",
                vec![row.as_str(); some.len()].join(", ")
            ));
            for one in some {
                statement.push_value(one.id.as_str());
                statement.push_value(one.refused_at);
                statement.push_value(one.request_id.as_str());
                statement.push_value(one.actor.as_deref());
                statement.push_value(one.organisation.as_ref().map(Id::as_str));
                statement.push_value(one.address.as_str());
                statement.push_value(one.method.as_str());
                statement.push_value(one.path.as_str());
                statement.push_value(one.code.as_str());
            }
            statement.execute(self.connection())?;
        }
        Statement::new("DELETE FROM refused_attempts WHERE refused_at < ?")
            .bind(forget_before)
            .execute(self.connection())?;
        Ok(())
    }

    /// Notes when keys and members came in last.
    ///
    /// # Errors
    /// When the database fails.
    pub fn note_uses(
        &mut self,
        keys: &BTreeMap<Id, Instant>,
        members: &BTreeMap<Id, Instant>,
    ) -> Result<(), StoreError> {
        for (table, uses) in [("api_keys", keys), ("members", members)] {
            for (id, at) in uses {
                // Another instance may have noted a later use.
                Statement::new(format!(
                    "UPDATE {table} SET last_used_at = ? WHERE id = ? \
                     AND (last_used_at IS NULL OR last_used_at < ?)"
                ))
                .bind(*at)
                .bind(id.as_str())
                .bind(*at)
                .execute(self.connection())?;
            }
        }
        Ok(())
    }
}

impl Store {
    /// Refused attempts of keys and members of an organisation, or of everybody, newest first,
    /// before an id.
    ///
    /// # Errors
    /// When the database fails.
    pub fn refused_attempts(
        &self,
        organisation: Option<&Id>,
        before: Option<&Id>,
        limit: u32,
    ) -> Result<Vec<RefusedAttempt>, StoreError> {
        let mut statement = Statement::new(
            "SELECT id, refused_at, request_id, actor, organisation, address, method, path, code \
             FROM refused_attempts WHERE TRUE",
        );
        if let Some(organisation) = organisation {
            statement.push(" AND organisation = ?");
            statement.push_value(organisation.as_str());
        }
        if let Some(before) = before {
            statement.push(" AND id < ?");
            statement.push_value(before.as_str());
        }
        statement.push(" ORDER BY id DESC LIMIT ?");
        statement.push_value(limit);
        let rows = statement.load::<Row>(&mut *self.reader()?)?;
        rows.into_iter().map(RefusedAttempt::try_from).collect()
    }
}
