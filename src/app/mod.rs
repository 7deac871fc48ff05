//! Use cases: load, decide, write. One file each; no SQL, no HTTP, no terminal here.

pub mod bundle;
pub mod conformance;
pub mod convert;
pub mod synth;
pub mod verify;
