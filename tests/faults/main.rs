//! What happens to a registry when something around it fails: the service is killed, its database is
//! killed, restarted, replaced, full, locked or newer; several instances share one; a backup has to
//! be put back. The real binary answers, and the databases are real.
//!
//! `ETALON_CRASH_ROUNDS` says how often the services and the database are killed; a few times where
//! it says nothing, fifty in `.ci/run`.

#[path = "../support/mod.rs"]
mod support;

mod backups;
mod client;
mod cluster;
mod crash;
mod embedded;
mod instances;
mod keys;
mod outages;
mod process;
mod schema;
mod stopping;
