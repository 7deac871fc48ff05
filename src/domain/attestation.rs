//! What others say of a record, dated and signed by role.

use super::id::Id;

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
    Attestation {
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
