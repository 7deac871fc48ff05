//! Etalon keeps measurement standards, calibrations, capabilities and recognitions, and checks the
//! link from a laboratory's working standard up to the SI and the BIPM: traceable, with remarks,
//! not traceable, or undetermined; why; and what would settle it.
//!
//! # A tour in one page
//!
//! Three ways lead through the house. **A record comes in**: a file of the registry's own form
//! ([`exchange::bundle`]) or of somebody else's is read into the types of [`domain`], every fault
//! listed with its place, and checked as a whole ([`domain::check`]). **A claim goes out**: records
//! become an arena of rows ([`engine::compile`], [`engine::evidence`]), the engine decides the claim
//! ([`engine::verify`]) by walking the calibrations above it and evaluating one small function a
//! rule ([`engine::rules`]), and the report says everything that was looked at ([`engine::report`]).
//! **A request comes in**: an operation of [`http`] asks [`auth`] who it is from and calls one use
//! case of [`app`], which decides what they may do ([`app::access`]) and does it.
//!
//! ```
//! use etalon::app::verify::{Moment, answer};
//! use etalon::domain::claim::Claim;
//! use etalon::domain::period::{Day, Instant};
//! use etalon::engine::{compile::compile, limits::Limits, report::Verdict};
//! use etalon::exchange::bundle;
//!
//! let bundle = bundle::parse(include_str!("../examples/viet-nam.json"))?;
//! let evidence = compile(&bundle.records);
//! let claim: Claim = deserr::deserialize(serde_json::json!({
//!     "standard": "_:std-w-1kg-01",
//!     "quantity_kind": "conventional_mass",
//!     "point": {"value": "1", "unit": "kg"},
//!     "used_on": "2026-11-01",
//!     "known_at": "2026-11-20T00:00:00Z",
//!     "policy": "vn-2026",
//! }))?;
//! let now = Instant::parse("2026-11-22T00:00:00Z").expect("an instant");
//! let moment = Moment { now, today: now.day() };
//! let report = answer(&evidence, &claim, moment, &Limits::default())?;
//! assert_eq!(report.verdict, Verdict::Traceable);
//! # Ok::<(), etalon::domain::fault::Faults>(())
//! ```
//!
//! # Rooms
//!
//! `main → cli → http → app → {engine, store, exchange} → domain`, and `http → auth → domain`. A
//! lower room never calls a higher one, only [`store`] knows SQL, only [`http`] knows HTTP, and
//! [`clock`] is the only place that knows what time it is; a test (`tests/architecture.rs`) walks the
//! source and enforces it. A room for pages, `web`, comes with a later release.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[macro_use]
pub mod domain;
pub mod app;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod engine;
pub mod exchange;
pub mod http;
pub mod ids;
pub mod store;
pub mod telemetry;
