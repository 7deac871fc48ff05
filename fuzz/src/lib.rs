//! The rooms that are fuzzed, compiled once for all targets: nothing of the service is instrumented.

#![allow(dead_code, missing_docs, unused_imports)]

#[macro_use]
#[path = "../../src/domain/mod.rs"]
pub mod domain;
#[path = "../../src/engine/mod.rs"]
pub mod engine;
#[path = "../../src/exchange/mod.rs"]
pub mod exchange;
