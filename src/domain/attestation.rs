//! What others say of a record, dated and signed by role.

use super::form::{Definition, Form};
use super::id::Id;
use super::records::given_by_the_service;

vocabulary! {
    /// What is said.
    Statement {
        /// Confirmed.
        Confirmed = "confirmed",
        /// Approved.
        Approved = "approved",
        /// Refused.
        Refused = "refused",
        /// Disputed.
        Disputed = "disputed",
    }
}

record! {
    /// What an organisation says of a record.
    Attestation as with_the_version_attested {
        required {
            /// The record.
            record: Id,
            /// What is said.
            statement: Statement,
            /// Who says it.
            by: Id,
        }
        optional {
            /// Why.
            reason: String,
        }
    }
}

/// An attestation's `version` is its own field: the version of the record that it is about.
fn with_the_version_attested(definition: Definition) -> Definition {
    let mut definition = given_by_the_service(definition);
    if let Form::Object { fields, .. } = &mut definition.form {
        for field in fields.iter_mut().filter(|field| field.name == "version") {
            "The version of the record that is meant.".clone_into(&mut field.description);
            field.read_only = false;
        }
    }
    definition
}
