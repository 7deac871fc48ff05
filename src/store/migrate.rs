//! The schema of the database: which migrations there are, which were applied, and applying them.
//! One of the three files that name a backend.

use std::sync::LazyLock;

use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
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

/// The migrations of this program, oldest first: twins, so those of one backend name them all.
static KNOWN: LazyLock<Vec<String>> =
    LazyLock::new(|| names::<Sqlite>(&SQLITE).unwrap_or_default());

#[derive(QueryableByName)]
struct AppliedRow {
    #[diesel(sql_type = BigInt)]
    applied: i64,
    #[diesel(sql_type = Nullable<Text>)]
    last: Option<String>,
}

/// Whether the database has this program's schema, asked in one short question.
///
/// # Errors
/// When it has another one, or does not answer.
pub(super) fn gate(connection: &mut AnyConnection) -> Result<(), StoreError> {
    let question = Statement::new(
        "SELECT COUNT(*) AS applied, MAX(version) AS last FROM __diesel_schema_migrations",
    );
    match question.get_result::<AppliedRow>(connection).map_err(StoreError::from) {
        Ok(row) if row.applied as usize == KNOWN.len() && row.last.as_ref() == KNOWN.last() => {
            Ok(())
        }
        Err(error) if error.is_passing() => Err(error),
        // Another schema, or none.
        _ => state(connection)?.is_current(),
    }
}

/// How the database stands. Nothing is written.
pub(super) fn state(connection: &mut AnyConnection) -> Result<SchemaState, StoreError> {
    let applied = applied(connection)?;
    let pending = KNOWN.iter().filter(|name| !applied.contains(name)).cloned().collect();
    let unknown = applied.iter().filter(|name| !KNOWN.contains(name)).cloned().collect();
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
/// Programs that start together migrate once: the others wait, and find nothing to do. Nobody writes
/// meanwhile; who waited to write looks at the schema again ([`gate`]).
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
