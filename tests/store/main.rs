//! The store on both backends: what is kept, what is found again, and what happens when the
//! surroundings are bad. Each theme is a module; each of their tests runs on SQLite and on
//! PostgreSQL with a database of its own.

#[path = "../support/mod.rs"]
mod support;

mod certificates;
mod country;
mod exports;
mod imports;
mod jobs;
mod knowledge;
mod lineage;
mod lines;
mod lists;
mod log;
mod readers;
mod refusals;
mod schema;
mod service;
mod sheets;
mod snapshots;
mod surroundings;
mod writers;
