//! Policies that were written for this registry, each version kept as it is. What a policy says
//! does not live here (`engine::policy`), nor who may write one (`app`).

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamp};

use crate::domain::period::Instant;

use super::Store;
use super::connection::AnyConnection;
use super::error::StoreError;
use super::statement::Statement;
use super::value;
use super::write::Writer;

/// A version of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPolicy {
    /// The id of the policy.
    pub id: String,
    /// How many-eth version it is, from 1.
    pub number: u32,
    /// What its author calls the version.
    pub version: String,
    /// The end of the record log when it was written: claims about later states know it.
    pub log_index: u64,
    /// SHA-256 of its canonical JSON, in lower-case hexadecimal.
    pub sha256: String,
    /// The document in canonical JSON.
    pub body: String,
    /// When it was written.
    pub created_at: Instant,
    /// Who wrote it, as the record log names them.
    pub created_by: String,
}

const COLUMNS: &str = "id, number, version, log_index, sha256, body, created_at, created_by";

#[derive(QueryableByName)]
struct PolicyRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = BigInt)]
    log_index: i64,
    #[diesel(sql_type = Text)]
    sha256: String,
    #[diesel(sql_type = Text)]
    body: String,
    #[diesel(sql_type = Timestamp)]
    created_at: time::PrimitiveDateTime,
    #[diesel(sql_type = Text)]
    created_by: String,
}

impl From<PolicyRow> for StoredPolicy {
    fn from(row: PolicyRow) -> Self {
        Self {
            id: row.id,
            number: u32::try_from(row.number).unwrap_or_default(),
            version: row.version,
            log_index: value::unsigned(row.log_index),
            sha256: row.sha256,
            body: row.body,
            created_at: value::instant(row.created_at),
            created_by: row.created_by,
        }
    }
}

fn versions(connection: &mut AnyConnection, id: &str) -> Result<Vec<StoredPolicy>, StoreError> {
    let rows =
        Statement::new(format!("SELECT {COLUMNS} FROM policies WHERE id = ? ORDER BY number"))
            .bind(id)
            .load::<PolicyRow>(connection)?;
    Ok(rows.into_iter().map(StoredPolicy::from).collect())
}

impl Writer<'_> {
    /// Keeps a version of a policy for good.
    ///
    /// # Errors
    /// When there is one of its number or name, or the database fails.
    pub fn add_policy(&mut self, policy: &StoredPolicy) -> Result<(), StoreError> {
        Statement::new(format!("INSERT INTO policies ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"))
            .bind(policy.id.as_str())
            .bind(policy.number)
            .bind(policy.version.as_str())
            .bind(policy.log_index)
            .bind(policy.sha256.as_str())
            .bind(policy.body.as_str())
            .bind(policy.created_at)
            .bind(policy.created_by.as_str())
            .execute(self.connection())?;
        Ok(())
    }

    /// Every version of a policy, oldest first, with those of this transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub fn policy_versions(&mut self, id: &str) -> Result<Vec<StoredPolicy>, StoreError> {
        versions(self.connection(), id)
    }
}

impl Store {
    /// The newest version of every policy, in the order of their ids.
    ///
    /// # Errors
    /// When the database fails.
    pub fn policies(&self) -> Result<Vec<StoredPolicy>, StoreError> {
        let rows = Statement::new(format!(
            "SELECT {COLUMNS} FROM policies p WHERE number = \
             (SELECT max(number) FROM policies WHERE id = p.id) ORDER BY id"
        ))
        .load::<PolicyRow>(&mut *self.reader()?)?;
        Ok(rows.into_iter().map(StoredPolicy::from).collect())
    }

    /// Every version of a policy, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn policy_versions(&self, id: &str) -> Result<Vec<StoredPolicy>, StoreError> {
        versions(&mut *self.reader()?, id)
    }
}
