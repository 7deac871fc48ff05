//! Comparisons of measurement standards and their degrees of equivalence.

use super::decimal::Decimal;
use super::id::Id;
use super::interval::QuantityValue;
use super::period::Day;
use super::quantity::QuantityKindId;
use super::unit::Unit;

vocabulary! {
    /// What kind of comparison (rule N-12).
    ComparisonKind {
        /// Key comparison of the CIPM.
        CipmKc = "cipm_kc",
        /// Key comparison of a regional organisation.
        RmoKc = "rmo_kc",
        /// Supplementary comparison.
        Supplementary = "supplementary",
        /// Bilateral comparison.
        Bilateral = "bilateral",
        /// Pilot study.
        PilotStudy = "pilot_study",
        /// Hybrid comparison.
        Hybrid = "hybrid",
        /// National interlaboratory comparison.
        NationalIlc = "national_ilc",
        /// Proficiency test.
        Pt = "pt",
    }
}

vocabulary! {
    /// How far a comparison is.
    ComparisonStatus {
        /// Planned.
        Planned = "planned",
        /// Measurements in progress.
        InProgress = "in_progress",
        /// Draft A.
        DraftA = "draft_a",
        /// Draft B.
        DraftB = "draft_b",
        /// Final report published.
        Published = "published",
        /// Abandoned.
        Abandoned = "abandoned",
    }
}

vocabulary! {
    /// Corrective action after an unsatisfactory result.
    CorrectiveAction {
        /// None.
        None = "none",
        /// Open.
        Open = "open",
        /// Closed.
        Closed = "closed",
    }
}

object! {
    /// A participant's result.
    ComparisonResult {
        required {
            /// The participant.
            organisation: Id,
        }
        optional {
            /// Point of the comparison.
            point: QuantityValue,
            /// Participant's value.
            x: Decimal,
            /// Its expanded uncertainty.
            expanded_uncertainty: Decimal,
            /// Reference value.
            reference_value: Decimal,
            /// Its expanded uncertainty.
            reference_expanded_uncertainty: Decimal,
            /// Degree of equivalence d.
            degree_of_equivalence: Decimal,
            /// Its expanded uncertainty U(d).
            doe_expanded_uncertainty: Decimal,
            /// Whether the result contributes to the reference value.
            in_reference_value: bool,
            /// Unit of all figures.
            unit: Unit,
            /// Corrective action.
            corrective_action: CorrectiveAction,
        }
    }
}

record! {
    /// A comparison of measurement standards.
    Comparison {
        required {
            /// What kind.
            kind: ComparisonKind,
        }
        optional {
            /// Code, such as `APMP.L-S3.4.n01`.
            code: String,
            /// KCDB area.
            area: String,
            /// Service category.
            service_category: String,
            /// What was compared.
            quantity_kind: QuantityKindId,
            /// Pilot.
            pilot: Id,
            /// Comparison it is linked to.
            linked_to: Id,
            /// First day of measurement.
            measured_from: Day,
            /// Last day of measurement.
            measured_to: Day,
            /// Day on which the final report was published.
            report_published_on: Day,
            /// Status.
            status: ComparisonStatus,
        }
        many {
            /// Results.
            results: ComparisonResult,
        }
    }
}
