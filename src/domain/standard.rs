//! Measurement standards, measuring instruments and batches of reference material.

use super::decimal::Decimal;
use super::id::Id;
use super::interval::{Interval, QuantityValue};
use super::period::{Day, Instant};
use super::quantity::QuantityKindId;
use super::text::Names;
use super::uncertainty::{Mode, Uncertainty};
use super::unit::Unit;

vocabulary! {
    /// Type of a standard, where the type says how it drifts (rule U-07).
    StandardType {
        /// Weight.
        Weight = "weight",
        /// Gauge block.
        GaugeBlock = "gauge_block",
        /// Zener voltage reference.
        Zener = "zener",
        /// Resistor.
        Resistor = "resistor",
        /// Quartz oscillator.
        QuartzOscillator = "quartz_oscillator",
        /// Rubidium frequency standard.
        Rubidium = "rubidium",
        /// Thermistor.
        Thermistor = "thermistor",
        /// Standard platinum resistance thermometer.
        Sprt = "sprt",
        /// Pressure balance.
        PressureBalance = "pressure_balance",
        /// Gas cylinder.
        GasCylinder = "gas_cylinder",
        /// Any other.
        Other = "other",
    }
}

vocabulary! {
    /// Level in the national hierarchy (Law on Measurement, article 10).
    LegalLevel {
        /// Chuẩn quốc gia.
        National = "national",
        /// Chuẩn chính.
        Reference = "reference",
        /// Chuẩn công tác.
        Working = "working",
        /// Phương tiện đo.
        Instrument = "instrument",
        /// No level.
        None = "none",
    }
}

vocabulary! {
    /// Metrological role (VIM 5.4 to 5.14), apart from the legal level.
    MetrologicalRole {
        /// Primary standard (VIM 5.4).
        Primary = "primary",
        /// Secondary standard (VIM 5.5).
        Secondary = "secondary",
        /// Reference standard (VIM 5.6).
        Reference = "reference",
        /// Working standard (VIM 5.7).
        Working = "working",
        /// Transfer device (VIM 5.9).
        Transfer = "transfer",
        /// Travelling standard (VIM 5.8).
        Travelling = "travelling",
        /// Check standard.
        Check = "check",
        /// Intrinsic standard (VIM 5.10).
        Intrinsic = "intrinsic",
        /// Reference material (VIM 5.13).
        ReferenceMaterial = "reference_material",
        /// Measuring instrument (VIM 3.1).
        MeasuringInstrument = "measuring_instrument",
    }
}

vocabulary! {
    /// What an identifier of an item is.
    ItemIdentifierKind {
        /// The maker's serial number.
        Serial = "serial",
        /// The owner's asset code.
        Asset = "asset",
        /// A marking on the item.
        Marking = "marking",
        /// The customer's number.
        Customer = "customer",
        /// Another.
        Other = "other",
    }
}

object! {
    /// An identifier of an item.
    ItemIdentifier {
        required {
            /// What it is.
            kind: ItemIdentifierKind,
            /// The identifier.
            value: String,
        }
    }
}

object! {
    /// A property of a standard, such as its density.
    Property {
        required {
            /// Name in snake case.
            name: String,
            /// The number.
            value: Decimal,
            /// Its unit.
            unit: Unit,
        }
    }
}

object! {
    /// How far a standard may drift.
    Drift {
        required {
            /// Limit a of the drift ±a.
            limit: QuantityValue,
        }
        optional {
            /// Absolute or relative; absolute when absent.
            mode: Mode,
            /// Time in which it may drift so far; only `year` is known.
            per: DriftPeriod,
        }
    }
}

vocabulary! {
    /// Time to which a drift limit belongs.
    DriftPeriod {
        /// A year.
        Year = "year",
    }
}

object! {
    /// One of the quantities of a standard of several quantities.
    StandardQuantity {
        required {
            /// The quantity.
            quantity_kind: QuantityKindId,
        }
        optional {
            /// Nominal value.
            nominal: QuantityValue,
            /// Range.
            range: Interval,
            /// Accuracy class.
            accuracy_class: String,
            /// Drift.
            drift: Drift,
        }
    }
}

object! {
    /// One input of a composite standard.
    DerivationInput {
        required {
            /// Symbol in the equation.
            symbol: String,
            /// The standard it comes from.
            standard: Id,
        }
        optional {
            /// Its quantity.
            quantity_kind: QuantityKindId,
        }
    }
}

object! {
    /// How a quantity of a composite follows from others.
    Derivation {
        required {
            /// The quantity that follows.
            quantity_kind: QuantityKindId,
            /// The equation.
            equation: String,
        }
        many {
            /// Its inputs.
            from: DerivationInput,
        }
    }
}

object! {
    /// The owner's model of use between calibrated points (rule R-02).
    UseModel {
        required {
            /// For which quantity.
            quantity_kind: QuantityKindId,
            /// Over which interval.
            interval: Interval,
        }
        optional {
            /// Method of interpolation.
            method: String,
            /// Its standard uncertainty.
            standard_uncertainty: QuantityValue,
            /// Document that describes it.
            document: Id,
        }
    }
}

vocabulary! {
    /// How the owner sets the recalibration interval (ILAC-G24).
    IntervalMethod {
        /// A fixed interval.
        Fixed = "fixed",
        /// Staircase (G24 method 1).
        Staircase = "staircase",
        /// Control chart (G24 method 2).
        ControlChart = "control_chart",
        /// Time in use (G24 method 3).
        InUseTime = "in_use_time",
        /// In-service checking, black box (G24 method 4).
        BlackBox = "black_box",
        /// Statistical reliability (G24 method 5).
        Reliability = "reliability",
    }
}

object! {
    /// The owner's recalibration policy (rule T-03).
    IntervalPolicy {
        required {
            /// How the interval is set.
            method: IntervalMethod,
        }
        optional {
            /// The interval in months, counted from the last day of performance.
            months: u32,
            /// Why.
            justification: String,
            /// First day of this policy.
            effective_from: Day,
            /// Whether the owner declares that every calibration is in the registry (rule S-02).
            history_complete: bool,
        }
    }
}

vocabulary! {
    /// What happened to a standard.
    EventKind {
        /// Adjustment.
        Adjustment = "adjustment",
        /// Repair.
        Repair = "repair",
        /// Damage.
        Damage = "damage",
        /// Overload.
        Overload = "overload",
        /// Move.
        Move = "move",
        /// New firmware.
        Firmware = "firmware",
        /// Intermediate check (ISO/IEC 17025 6.4.10).
        IntermediateCheck = "intermediate_check",
        /// Cleaning.
        Cleaning = "cleaning",
        /// Opened.
        Opened = "opened",
    }
}

object! {
    /// An event in the life of a standard.
    StandardEvent {
        required {
            /// What happened.
            kind: EventKind,
        }
        optional {
            /// The day it happened; unknown when absent.
            on: Day,
            /// The day it was noticed.
            discovered_on: Day,
            /// Whether a check was within its limits.
            within_limits: bool,
            /// Whether it ends the validity of the last calibration; by default true for
            /// adjustment, repair, damage, overload and a check outside limits.
            breaks_calibration: bool,
            /// Range it touches; all when absent.
            range: Interval,
            /// When the registry learnt of it.
            recorded_at: Instant,
        }
        many {
            /// Quantities it touches; all when empty.
            quantity_kinds: QuantityKindId,
        }
    }
}

impl StandardEvent {
    /// Whether the event ends the validity of the last calibration.
    pub fn breaks(&self) -> bool {
        self.breaks_calibration.unwrap_or(match self.kind {
            EventKind::Adjustment | EventKind::Repair | EventKind::Damage | EventKind::Overload => {
                true
            }
            EventKind::IntermediateCheck => self.within_limits == Some(false),
            EventKind::Move | EventKind::Firmware | EventKind::Cleaning | EventKind::Opened => {
                false
            }
        })
    }
}

vocabulary! {
    /// What state a standard is in.
    StandardStatus {
        /// In service.
        InService = "in_service",
        /// Being calibrated.
        InCalibration = "in_calibration",
        /// Set aside.
        Quarantined = "quarantined",
        /// Out of service.
        OutOfService = "out_of_service",
        /// Retired.
        Retired = "retired",
        /// Lost.
        Lost = "lost",
    }
}

object! {
    /// A property value of a reference material.
    MaterialProperty {
        required {
            /// The quantity.
            quantity_kind: QuantityKindId,
        }
        optional {
            /// Analyte.
            analyte: String,
            /// The number.
            value: Decimal,
            /// Its unit.
            unit: Unit,
            /// Its uncertainty.
            uncertainty: Uncertainty,
            /// Whether the value is certified.
            certified: bool,
        }
    }
}

object! {
    /// What a batch of reference material adds.
    Material {
        optional {
            /// Producer.
            producer: Id,
            /// Batch.
            batch: String,
            /// Matrix.
            matrix: String,
            /// Last day of validity.
            valid_to: Day,
            /// Day of opening.
            opened_on: Day,
            /// Days of validity after opening.
            post_open_days: u32,
            /// Storage conditions.
            storage: String,
            /// Smallest sample.
            minimum_sample: QuantityValue,
            /// What is left.
            remaining: QuantityValue,
            /// Entry in the JCTLM database.
            jctlm_id: String,
            /// First day on which the JCTLM lists the entry.
            jctlm_listed_from: Day,
            /// Last day on which the JCTLM lists the entry, included.
            jctlm_listed_to: Day,
        }
        many {
            /// Property values.
            properties: MaterialProperty,
        }
    }
}

record! {
    /// A measurement standard, instrument or batch of reference material.
    MeasurementStandard {
        required {
            /// Whose it is.
            owner: Id,
        }
        optional {
            /// The owner's asset code.
            code: String,
            /// Names.
            names: Names,
            /// Maker.
            manufacturer: String,
            /// Model.
            model: String,
            /// Serial number.
            serial_number: String,
            /// Type.
            standard_type as "type": StandardType,
            /// Kit it is a piece of.
            parent_kit: Id,
            /// Level in the national hierarchy; none when absent.
            legal_level: LegalLevel,
            /// Metrological role.
            metrological_role: MetrologicalRole,
            /// Nominal value.
            nominal: QuantityValue,
            /// Range.
            range: Interval,
            /// Accuracy class.
            accuracy_class: String,
            /// Drift limit.
            drift: Drift,
            /// Recalibration policy.
            interval_policy: IntervalPolicy,
            /// State.
            status: StandardStatus,
            /// For reference materials.
            material: Material,
            /// Whether it was developed in the country.
            domestically_developed: bool,
        }
        many {
            /// Quantities it is a standard of.
            quantity_kinds: QuantityKindId,
            /// Details for standards of several quantities.
            quantities: StandardQuantity,
            /// How its quantities follow from others, for composites.
            derivations: Derivation,
            /// Models of use.
            use_models: UseModel,
            /// Properties.
            properties: Property,
            /// Identifiers.
            identifiers: ItemIdentifier,
            /// Policies that were in force before.
            interval_policy_history: IntervalPolicy,
            /// Events.
            events: StandardEvent,
        }
    }
}

impl MeasurementStandard {
    /// The drift limit that counts for a quantity.
    pub fn drift_of(&self, kind: QuantityKindId) -> Option<&Drift> {
        self.quantities
            .iter()
            .find(|quantity| quantity.quantity_kind == kind)
            .and_then(|quantity| quantity.drift.as_ref())
            .or(self.drift.as_ref())
    }
}
