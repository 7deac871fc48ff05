//! Roots: what a traceability chain may end at (rule S-05).

use super::decimal::Decimal;
use super::id::Id;
use super::interval::Interval;
use super::period::Day;
use super::quantity::QuantityKindId;
use super::uncertainty::Mode;
use super::unit::Unit;

vocabulary! {
    /// What a root is.
    RealisationKind {
        /// Primary realisation of a unit by an institute.
        NmiPrimaryRealisation = "nmi_primary_realisation",
        /// Calibration service of the BIPM.
        BipmCalibrationService = "bipm_calibration_service",
        /// Local realisation UTC(k) of Coordinated Universal Time.
        UtcK = "utc_k",
        /// International conventional reference.
        InternationalReference = "international_reference",
        /// Reference measurement procedure.
        ReferenceProcedure = "reference_procedure",
        /// Standard agreed by the parties.
        ConsensusStandard = "consensus_standard",
    }
}

object! {
    /// Standard uncertainty of a realisation.
    RealisationUncertainty {
        required {
            /// The figure.
            value: Decimal,
            /// Its unit.
            unit: Unit,
        }
        optional {
            /// Absolute or relative.
            mode: Mode,
        }
    }
}

object! {
    /// One monthly bulletin (BIPM Circular T) in which a UTC(k) appears.
    Bulletin {
        required {
            /// The month, `2026-10`.
            month: String,
        }
        optional {
            /// Day of publication.
            published_on: Day,
        }
    }
}

record! {
    /// A root of traceability chains.
    Realisation {
        required {
            /// What it is.
            kind: RealisationKind,
            /// Whose it is.
            organisation: Id,
            /// What it realises.
            quantity_kind: QuantityKindId,
        }
        optional {
            /// Range over which it realises it.
            range: Interval,
            /// How.
            method: String,
            /// Epoch of the unit, such as `kg-2023-03-01` (rule T-09).
            epoch: String,
            /// Its standard uncertainty.
            standard_uncertainty: RealisationUncertainty,
            /// First day.
            valid_from: Day,
            /// Last day, included.
            valid_to: Day,
        }
        many {
            /// Bulletins, for UTC(k).
            bulletins: Bulletin,
        }
    }
}
