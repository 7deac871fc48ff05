//! Cases of nonconforming work (ISO/IEC 17025 7.10 \[S\]).

use super::id::Id;
use super::interval::QuantityValue;
use super::period::Day;

vocabulary! {
    /// How far a case is (rule I-05).
    NonconformityStatus {
        /// Open.
        Open = "open",
        /// Evaluated.
        Evaluated = "evaluated",
        /// Customers told.
        Notified = "notified",
        /// Closed.
        Closed = "closed",
    }
}

vocabulary! {
    /// How much a certificate is affected (rule I-04).
    Significance {
        /// Insignificant.
        Insignificant = "insignificant",
        /// To be looked at.
        Review = "review",
        /// Significant.
        Significant = "significant",
    }
}

object! {
    /// What was decided for one certificate.
    NonconformityDecision {
        required {
            /// The certificate.
            calibration: Id,
        }
        optional {
            /// How much it is affected.
            significance: Significance,
            /// What was decided.
            decision: String,
            /// Day on which the customer was told.
            notified_on: Day,
        }
    }
}

record! {
    /// A case of nonconforming work.
    Nonconformity {
        required {
            /// The certificate or standard it concerns.
            subject: Id,
        }
        optional {
            /// First day of the window.
            window_from: Day,
            /// Last day of the window.
            window_to: Day,
            /// Day of detection.
            detected_on: Day,
            /// Shift of the value.
            shift: QuantityValue,
            /// Status.
            status: NonconformityStatus,
        }
        many {
            /// Decisions, one a certificate.
            decisions: NonconformityDecision,
        }
    }
}
