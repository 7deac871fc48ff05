//! The registry over HTTP: everything that knows actix and utoipa.
//!
//! `routes` holds what an operation is, `handlers` the operations themselves, one file a subject;
//! `server` turns them into routes and `openapi` into a document. `call` is a request as a handler
//! sees it, `problem` what is said when something cannot be done. `rates` says how often somebody may
//! ask, `gate` and `connections` how much is done at once. Handlers are short: take what came,
//! call a use case of `app`, answer. No decision lives here, and no SQL.

mod call;
mod client;
mod connections;
mod gate;
mod handlers;
mod headers;
mod issuers;
mod negotiation;
mod openapi;
mod problem;
mod rates;
mod routes;
pub mod schema;
mod server;
mod service;

pub use issuers::Pace;
pub use openapi::document;
pub use server::{Bound, bind, stop_signal};
pub use service::{Identities, Service};
