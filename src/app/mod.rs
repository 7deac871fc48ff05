//! Use cases: load, decide, write. One file each; no SQL, no HTTP, no terminal here.

pub mod access;
pub mod audit;
pub mod bundle;
mod cases;
pub mod certificates;
pub mod conformance;
pub mod convert;
pub mod dcc;
pub mod export;
pub mod history;
pub mod idempotency;
pub mod impact;
pub mod import;
pub mod jobs;
pub mod keys;
pub mod list;
pub mod log;
pub mod policies;
pub mod privacy;
pub mod refusal;
pub mod registry;
pub mod rerun;
pub mod rules;
pub mod synth;
pub mod units;
pub mod verifications;
pub mod verify;
