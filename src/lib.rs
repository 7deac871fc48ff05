//! Etalon.
#![forbid(unsafe_code)]
#[macro_use]
pub mod domain;
pub mod app;
pub mod clock;
pub mod engine;
pub mod exchange;
