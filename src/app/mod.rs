//! Use cases: load, decide, write. One file each; no SQL, no HTTP, no terminal here.

pub mod bundle;
pub mod conformance;
pub mod convert;
pub mod export;
pub mod history;
pub mod import;
pub mod list;
pub mod log;
pub mod refusal;
pub mod registry;
pub mod synth;
pub mod verify;
