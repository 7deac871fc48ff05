//! The schema of the database: which migrations there are, which were applied, and applying them.
//! One of the three files that name a backend.

use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::AnyConnection;
use super::dialect;
use super::error::StoreError;
use super::read::TextRow;
use super::statement::Statement;

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// How a database stands against the migrations of this program.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SchemaState {
    /// Migrations applied, oldest first.
    pub applied: Vec<String>,
    /// Migrations of this program that are not applied, oldest first.
    pub pending: Vec<String>,
    /// Migrations applied that this program does not know: its schema is newer.
    pub unknown: Vec<String>,
}

impl SchemaState {
    /// Whether this program can work with the database.
    ///
    /// # Errors
    /// When migrations are pending, or the schema is newer than this program.
    pub fn is_current(&self) -> Result<(), StoreError> {
        match (self.unknown.as_slice(), self.pending.len()) {
            ([], 0) => Ok(()),
            ([], pending) => Err(StoreError::NotMigrated { pending }),
            (unknown, _) => Err(StoreError::NewerSchema(unknown.join(", "))),
        }
    }
}

/// How the database stands. Nothing is written.
pub(super) fn state(connection: &mut AnyConnection) -> Result<SchemaState, StoreError> {
    let known = match connection {
        AnyConnection::Postgres(_) => names::<diesel::pg::Pg>(&POSTGRES)?,
        AnyConnection::Sqlite(_) => names::<Sqlite>(&SQLITE)?,
    };
    let applied = applied(connection)?;
    let pending = known.iter().filter(|name| !applied.contains(name)).cloned().collect();
    let unknown = applied.iter().filter(|name| !known.contains(name)).cloned().collect();
    Ok(SchemaState { applied, pending, unknown })
}

fn applied(connection: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
    /// Where diesel notes what it applied.
    const NOTES: &str = "__diesel_schema_migrations";
    let tables = dialect::tables(connection).load::<TextRow>(connection)?;
    if tables.iter().all(|table| table.text != NOTES) {
        return Ok(Vec::new());
    }
    let query = Statement::new("SELECT version AS text FROM __diesel_schema_migrations");
    let rows = query.load::<TextRow>(connection)?;
    let mut applied: Vec<String> = rows.into_iter().map(|row| row.text).collect();
    applied.sort_unstable();
    Ok(applied)
}

/// Applies what is pending. A schema that is newer than this program is left alone.
///
/// Programs that start together migrate once: the others wait, and find nothing to do.
pub(super) fn up(connection: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
    dialect::writing(connection, |connection| {
        dialect::lock_schema(connection)?;
        let state = state(connection)?;
        if !state.unknown.is_empty() {
            return Err(StoreError::NewerSchema(state.unknown.join(", ")));
        }
        let done = match connection {
            AnyConnection::Postgres(connection) => {
                connection.run_pending_migrations(POSTGRES).map(|done| done.len())
            }
            AnyConnection::Sqlite(connection) => {
                connection.run_pending_migrations(SQLITE).map(|done| done.len())
            }
        };
        let done = done.map_err(failed)?;
        Ok(state.pending.into_iter().take(done).collect())
    })
}

/// Takes back every migration, and with them all that is stored.
pub(super) fn down(connection: &mut AnyConnection) -> Result<(), StoreError> {
    match connection {
        AnyConnection::Postgres(connection) => connection.revert_all_migrations(POSTGRES),
        AnyConnection::Sqlite(connection) => connection.revert_all_migrations(SQLITE),
    }
    .map(|_| ())
    .map_err(failed)
}

fn names<B: diesel::backend::Backend>(
    source: &EmbeddedMigrations,
) -> Result<Vec<String>, StoreError>
where
    EmbeddedMigrations: MigrationSource<B>,
{
    let migrations: Vec<Box<dyn Migration<B>>> = source.migrations().map_err(failed)?;
    let mut names: Vec<String> =
        migrations.iter().map(|migration| migration.name().version().to_string()).collect();
    names.sort_unstable();
    Ok(names)
}

fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> StoreError {
    match error.downcast::<diesel::result::Error>() {
        Ok(error) => StoreError::from(*error),
        Err(error) => StoreError::Database(error.to_string()),
    }
}
