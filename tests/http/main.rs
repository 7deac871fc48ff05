//! The service on both backends: a real server at a port of its own, a client that speaks HTTP, and
//! a database that nobody else uses. Each theme is a module.

#[path = "../support/mod.rs"]
mod support;

mod attestations;
mod audits;
mod authorisation;
mod document;
mod examples;
mod hostile;
mod identity;
mod impact;
mod issuers;
mod limits;
mod manners;
mod observed;
mod policies;
mod privacy;
mod records;
mod refusals;
mod running;
mod tokens;
mod trail;
mod units;
mod verifications;
