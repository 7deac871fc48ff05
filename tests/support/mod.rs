//! A database of its own for every test, on both backends, and small records to put into it.
//!
//! SQLite is a file in a directory that goes with the test. PostgreSQL is the server at
//! `ETALON_TEST_DATABASE_URL`; where none answers its tests print one line and are skipped, and
//! under `CI=true` they fail. Both copy a template that is migrated once.
//!
//! What does not live here: any test.

#![allow(dead_code, reason = "each test program uses its own part")]

pub mod database;
pub mod records;
pub mod room;
pub mod served;
pub mod shown;
pub mod vectors;

#[allow(unused_imports, reason = "each test program uses its own part")]
pub use database::{Backend, Database, Direct};

/// Runs each of these functions, which take a `&Database`, as two tests: one on either backend.
macro_rules! both {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {
        mod sqlite {
            $( $(#[$meta])* #[test] fn $name() {
                $crate::support::Database::each($crate::support::Backend::Sqlite, super::$name);
            } )+
        }

        mod postgres {
            $( $(#[$meta])* #[test] fn $name() {
                $crate::support::Database::each($crate::support::Backend::Postgres, super::$name);
            } )+
        }
    };
}

pub(crate) use both;
