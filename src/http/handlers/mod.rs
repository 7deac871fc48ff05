//! The operations, one file a subject: each says what its operations are and does them.

use crate::domain::claim::KnownAt;
use crate::domain::form::{Described as _, Field, Form, TextForm};
use crate::domain::id::Id;

use super::routes::{Operation, Parameter, Position};

mod batches;
mod health;
mod identity;
mod impact;
mod imports;
mod log;
mod policies;
mod records;
mod reference;
mod verifications;

/// Every operation of the service.
pub fn operations() -> Vec<Operation> {
    let mut all = records::operations();
    all.extend(verifications::operations());
    all.extend(batches::operations());
    all.extend(impact::operations());
    all.extend(imports::operations());
    all.extend(log::operations());
    all.extend(reference::operations());
    all.extend(policies::operations());
    all.extend(identity::operations());
    all.extend(health::operations());
    all
}

/// An object of an answer, every field of which is there.
fn object<const N: usize>(fields: [(&'static str, &str, Form); N]) -> Form {
    let fields = fields.into_iter();
    Form::open(fields.map(|(name, says, form)| Field::required(name, &[says], form)).collect())
}

/// An integer within bounds.
fn integer(minimum: u64, maximum: u64) -> Form {
    Form::Integer { minimum, maximum }
}

/// A variable of the path.
fn variable(name: &'static str, description: &str, form: Form) -> Parameter {
    let description = description.to_owned();
    Parameter { name, position: Position::Path, required: true, description, form }
}

/// The record that the path names.
fn id() -> Parameter {
    variable("id", "The record.", Id::form())
}

/// A parameter of the query.
fn parameter(name: &'static str, description: impl Into<String>, form: Form) -> Parameter {
    let description = description.into();
    Parameter { name, position: Position::Query, required: false, description, form }
}

/// A header.
fn header(name: &'static str, description: &str, form: Form) -> Parameter {
    let description = description.to_owned();
    Parameter { name, position: Position::Header, required: false, description, form }
}

/// The state of knowledge, on every read.
fn known_at() -> Parameter {
    let description = "What was known then: an instant such as 2026-11-20T00:00:00Z, or an index \
                       of the record log; now when absent.";
    parameter("known_at", description, KnownAt::form())
}

/// Which state the client has seen already.
fn at_least() -> Parameter {
    let description = "The answer must be from this index of the record log or later.";
    header("At-Least-Log-Index", description, u64::form())
}

/// By which a repeated request is known.
fn idempotency_key() -> Parameter {
    let description = "Any text that is new for each new request, such as a UUID. The same request \
                       with the same key within 24 hours is answered the same and done once.";
    header(
        "Idempotency-Key",
        description,
        Form::Text(TextForm { shortest: Some(1), longest: Some(255), ..TextForm::default() }),
    )
}

/// What the client has already.
fn if_none_match() -> Parameter {
    let description = "The ETag of an answer that the client has: 304 where it still holds.";
    header("If-None-Match", description, String::form())
}
