//! The decision: is a claim of metrological traceability true, by which route, and if not, why.
//!
//! `verify(&Evidence, &Claim, &Policy, &Limits) -> Report` is a pure function, like X.509 path
//! validation: time, policy, state of knowledge and work limits are arguments, and the report
//! says everything that was looked at. No clock, no input or output, no mutable globals.
//!
//! The way of a claim: `compile` turns records into `evidence` once; `walk` surveys the upward
//! closure of the certificate in use and evaluates it, parents first, each row once; `rules` holds
//! one small function a rule; `report` says what came out. `impact` asks the other way: something is
//! bad, what was made with it.

pub mod compile;
pub mod evidence;
pub mod finding;
pub mod impact;
pub mod law;
pub mod limits;
pub mod numbers;
pub mod policy;
pub mod report;
pub mod rules;
pub mod summary;
pub mod tri;
pub mod verify;
mod walk;
