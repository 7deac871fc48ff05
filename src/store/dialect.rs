//! Where the SQL of the two backends truly differs: how a writing transaction begins and takes the
//! head of the log, how many rows are added at once, and how a list of texts is handed over. One
//! of the three files that name a backend.

use std::fmt::Write as _;

use diesel::connection::{
    AnsiTransactionManager, Connection, SimpleConnection, TransactionManager,
};
use diesel::pg::CopyTarget;
use diesel::prelude::*;
use diesel::query_builder::AstPass;

use super::connection::AnyConnection;
use super::error::StoreError;
use super::schema::{Rows, Table};
use super::statement::{Statement, Value};

/// Runs work in one writing transaction: all of it is kept, or nothing.
///
/// The order of the log is fixed by the lock on its head, taken first: a row lock on PostgreSQL,
/// the write lock of the file on SQLite. Everything read after it is the latest state.
pub(super) fn writing<T, E: From<StoreError>>(
    connection: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> Result<T, E> {
    begin(connection).map_err(StoreError::from)?;
    let done = work(connection);
    match done {
        Ok(done) => {
            let committed =
                <AnyConnection as Connection>::TransactionManager::commit_transaction(connection);
            committed.map_err(|error| E::from(StoreError::from(error)))?;
            Ok(done)
        }
        Err(error) => {
            // The work's own error says more than that of taking it back; a connection on which
            // that failed is thrown away by the pool.
            let _ =
                <AnyConnection as Connection>::TransactionManager::rollback_transaction(connection);
            Err(error)
        }
    }
}

fn begin(connection: &mut AnyConnection) -> QueryResult<()> {
    match connection {
        AnyConnection::Postgres(connection) => AnsiTransactionManager::begin_transaction_sql(
            connection,
            "BEGIN ISOLATION LEVEL READ COMMITTED",
        ),
        AnyConnection::Sqlite(connection) => {
            AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE")
        }
    }
}

/// Makes others that migrate or write wait until the transaction ends.
pub(super) fn lock_schema(connection: &mut AnyConnection) -> QueryResult<()> {
    match connection {
        // Any number that nothing else locks. It is waited for without end: another program that
        // migrates may take long. The head of the log is locked where it is there already, against
        // those who write; those who read it go on.
        AnyConnection::Postgres(connection) => connection.batch_execute(
            "SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(1163149153); \
             DO $$ BEGIN IF to_regclass('log_head') IS NOT NULL THEN \
             LOCK TABLE log_head IN EXCLUSIVE MODE; END IF; END $$",
        ),
        // BEGIN IMMEDIATE has locked the file.
        AnyConnection::Sqlite(_) => Ok(()),
    }
}

/// The tables that there are, under the name `text`.
pub(super) fn tables(connection: &AnyConnection) -> Statement {
    Statement::new(match connection {
        AnyConnection::Postgres(_) => {
            "SELECT CAST(table_name AS TEXT) AS text FROM information_schema.tables \
             WHERE table_schema = ANY (current_schemas(false))"
        }
        AnyConnection::Sqlite(_) => "SELECT name AS text FROM sqlite_master WHERE type = 'table'",
    })
}

/// The head of the log, locked until the transaction ends.
pub(super) fn locked_head(connection: &AnyConnection) -> Statement {
    Statement::new(match connection {
        AnyConnection::Postgres(_) => {
            "SELECT log_index, recorded_at, chain_sha256 FROM log_head FOR UPDATE"
        }
        // BEGIN IMMEDIATE has locked the file.
        AnyConnection::Sqlite(_) => "SELECT log_index, recorded_at, chain_sha256 FROM log_head",
    })
}

/// Most values of one statement: both backends take more than 32,000, and rows of a statement add
/// little beyond some hundred.
const VALUES_OF_A_STATEMENT: usize = 4_000;

/// Rows from which PostgreSQL's COPY is worth its extra round trip.
const ROWS_WORTH_A_COPY: usize = 64;

/// Adds all rows, those that others refer to first.
pub(super) fn insert(connection: &mut AnyConnection, rows: &Rows) -> QueryResult<()> {
    for table in Table::ALL {
        let values = rows.of(table);
        let width = table.shape().columns.len();
        match connection {
            AnyConnection::Postgres(connection) if values.len() / width >= ROWS_WORTH_A_COPY => {
                copy(connection, table, values)?;
            }
            _ => {
                let rows_of_a_statement = (VALUES_OF_A_STATEMENT / width).max(1);
                for chunk in values.chunks(rows_of_a_statement * width) {
                    insert_chunk(connection, table, chunk)?;
                }
            }
        }
    }
    Ok(())
}

fn insert_chunk(connection: &mut AnyConnection, table: Table, values: &[Value]) -> QueryResult<()> {
    let shape = table.shape();
    let width = shape.columns.len();
    let mut sql = format!("INSERT INTO {} ({}) VALUES ", shape.name, shape.columns.join(", "));
    let row = format!("({})", vec!["?"; width].join(", "));
    for position in 0..values.len() / width {
        if position > 0 {
            sql.push_str(", ");
        }
        sql.push_str(&row);
    }
    let mut statement = Statement::varying(sql);
    for value in values {
        statement.push_value(value.clone());
    }
    statement.execute(connection).map(|_| ())
}

/// A table as COPY names it. Its position stands in the type, since diesel asks the type.
struct Target<const POSITION: usize>;

diesel::table! {
    /// Stands for any table where diesel wants a type: COPY reads the name from the target.
    any_table (log_from) {
        log_from -> BigInt,
    }
}

impl<const POSITION: usize> CopyTarget for Target<POSITION> {
    type Table = any_table::table;
    type SqlType = diesel::sql_types::BigInt;

    fn walk_target(mut pass: AstPass<'_, '_, diesel::pg::Pg>) -> QueryResult<()> {
        let shape = Table::ALL[POSITION].shape();
        pass.push_sql(shape.name);
        pass.push_sql(" (");
        pass.push_sql(&shape.columns.join(", "));
        pass.push_sql(")");
        Ok(())
    }
}

fn copy(connection: &mut PgConnection, table: Table, values: &[Value]) -> QueryResult<()> {
    let text = copy_text(values, table.shape().columns.len());
    macro_rules! by_position {
        ($($position:literal)*) => {
            match table as usize {
                $($position => copy_into::<$position>(connection, text.as_bytes()),)*
                _ => Err(diesel::result::Error::NotFound),
            }
        };
    }
    by_position!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22)
}

fn copy_into<const POSITION: usize>(connection: &mut PgConnection, text: &[u8]) -> QueryResult<()> {
    let copied = diesel::copy_from(any_table::table).from_raw_data(
        Target::<POSITION>,
        |stream: &mut dyn std::io::Write| {
            stream
                .write_all(text)
                .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))
        },
    );
    copied.execute(connection).map(|_| ())
}

/// Rows in the text format of COPY.
fn copy_text(values: &[Value], width: usize) -> String {
    const NULL: &str = "\\N";
    let mut text = String::with_capacity(values.len() * 24);
    for (position, value) in values.iter().enumerate() {
        match value {
            Value::Text(Some(value)) => {
                for character in value.chars() {
                    match character {
                        '\\' => text.push_str("\\\\"),
                        '\t' => text.push_str("\\t"),
                        '\n' => text.push_str("\\n"),
                        '\r' => text.push_str("\\r"),
                        other => text.push(other),
                    }
                }
            }
            // Writing to a string cannot fail.
            Value::Integer(Some(value)) => drop(write!(text, "{value}")),
            Value::Boolean(Some(value)) => text.push(if *value { 't' } else { 'f' }),
            Value::Date(Some(value)) => drop(write!(text, "{value}")),
            Value::Timestamp(Some(value)) => drop(write!(text, "{value}")),
            Value::Text(None)
            | Value::Integer(None)
            | Value::Boolean(None)
            | Value::Date(None)
            | Value::Timestamp(None) => text.push_str(NULL),
        }
        text.push(if (position + 1) % width == 0 { '\n' } else { '\t' });
    }
    text
}

/// A condition that a column is one of a list, which is handed over as one JSON text: one prepared
/// statement then serves lists of every length.
pub(super) fn among(connection: &AnyConnection) -> &'static str {
    match connection {
        AnyConnection::Postgres(_) => {
            // An array, not a set of rows: the index is used whatever the planner guesses of its length.
            "= ANY (ARRAY(SELECT jsonb_array_elements_text(CAST(? AS jsonb)) COLLATE \"C\"))"
        }
        AnyConnection::Sqlite(_) => "IN (SELECT value FROM json_each(?))",
    }
}
