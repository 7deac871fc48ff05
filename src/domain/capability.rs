//! Calibration and measurement capabilities (CMCs): what an institute publishes in the KCDB, an
//! accreditation covers or a legal scope names. One concept, three publishers.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::{Serialize, Serializer};

use super::by_name::ByName;
use super::decimal::Decimal;
use super::fault::Faults;
use super::form::{Definition, Described, Form};
use super::id::Id;
use super::interval::{Interval, Parameter};
use super::period::{Day, Instant};
use super::quantity::QuantityKindId;
use super::uncertainty::Mode;
use super::unit::Unit;

vocabulary! {
    /// Who publishes a capability.
    Publisher {
        /// The BIPM key comparison database.
        Kcdb = "kcdb",
        /// The scope of an accreditation.
        AccreditationScope = "accreditation_scope",
        /// A scope under national law.
        LegalScope = "legal_scope",
    }
}

vocabulary! {
    /// How the uncertainty of a capability is expressed (ILAC-P14 4.2 \[S\]).
    Expression {
        /// One value over the whole range.
        Constant = "constant",
        /// Linear between the ends of the range.
        Linear = "linear",
        /// A numerical-value equation.
        Equation = "equation",
        /// A table over one or two axes.
        Table = "table",
        /// Smallest and largest value, without a rule between.
        Interval = "interval",
    }
}

vocabulary! {
    /// Which end of the uncertainty range belongs to which end of the measurement range (KCDB,
    /// chemistry; rule C-07).
    Convention {
        /// Smallest and largest uncertainty over the range.
        One = "one",
        /// Uncertainty at the smallest and at the largest value.
        Two = "two",
    }
}

vocabulary! {
    /// Whether a capability includes the device under calibration (ILAC-P14 4.3 \[S\]).
    DeviceContribution {
        /// Includes the best existing device.
        BestExisting = "best_existing",
        /// Leaves the device out.
        Excluded = "excluded",
    }
}

object! {
    /// A symbol of an equation: its unit and what it stands for.
    SymbolMeaning {
        required {
            /// Unit in which the symbol counts.
            unit: Unit,
        }
        optional {
            /// `point`, or `parameter:` and a parameter's name; the point when absent.
            is: String,
        }
    }
}

/// The meaning of a symbol, written as an object or, for the point, as its unit alone.
#[derive(Debug, Clone, PartialEq)]
pub enum Symbol {
    /// The unit alone: the symbol stands for the point.
    Point(Unit),
    /// Unit and meaning.
    Meaning(SymbolMeaning),
}

impl Symbol {
    /// Unit in which the symbol counts.
    pub fn unit(&self) -> &Unit {
        match self {
            Self::Point(unit) => unit,
            Self::Meaning(meaning) => &meaning.unit,
        }
    }

    /// The parameter it stands for; none for the point.
    pub fn parameter(&self) -> Option<&str> {
        match self {
            Self::Point(_) => None,
            Self::Meaning(meaning) => meaning.is.as_deref()?.strip_prefix("parameter:"),
        }
    }
}

impl Serialize for Symbol {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Point(unit) => unit.serialize(serializer),
            Self::Meaning(meaning) => meaning.serialize(serializer),
        }
    }
}

impl Deserr<Faults> for Symbol {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Faults> {
        match value {
            Value::Map(_) => {
                SymbolMeaning::deserialize_from_value(value, location).map(Self::Meaning)
            }
            other => Unit::deserialize_from_value(other, location).map(Self::Point),
        }
    }
}

impl Described for Symbol {
    fn form() -> Form {
        Form::named("Symbol", || {
            let doc = " What a symbol of an equation means: an object or, for the point, its unit \
                alone.";
            Definition::new(&[doc], Form::OneOf(vec![Unit::form(), SymbolMeaning::form()]))
        })
    }
}

object! {
    /// What an axis of a table runs over.
    TableAxis {
        required {
            /// `point`, or `parameter:` and a parameter's name.
            is: String,
        }
        optional {
            /// Unit of the axis.
            unit: Unit,
        }
        many {
            /// Values along the axis, ascending.
            values: Decimal,
        }
    }
}

object! {
    /// Uncertainties in a table.
    UncertaintyTable {
        optional {
            /// Unit of the axis of `points`.
            axis_unit: Unit,
            /// Whether interpolation between cells is approved.
            interpolate: bool,
        }
        many {
            /// Pairs of value and uncertainty, for one axis.
            points: (Decimal, Decimal),
            /// Axes, for two.
            axes: TableAxis,
            /// Cells, one row a value of the first axis.
            cells: Vec<Decimal>,
        }
    }
}

object! {
    /// The expanded uncertainty a capability states over its range.
    CapabilityUncertainty {
        required {
            /// How it is expressed.
            expression: Expression,
        }
        optional {
            /// Absolute or relative; absolute when absent.
            mode: Mode,
            /// Value at the lower end, or smallest value.
            lower: Decimal,
            /// Value at the upper end, or largest value.
            upper: Decimal,
            /// Unit of the figures.
            unit: Unit,
            /// Numerical-value equation; `Q[a, b*L]` is the root sum square.
            equation: String,
            /// What the symbols of the equation stand for.
            symbols: ByName<Symbol>,
            /// Table.
            table: UncertaintyTable,
            /// Convention of the KCDB for chemistry.
            convention: Convention,
        }
    }
}

vocabulary! {
    /// Status of a capability: the KCDB's and an accreditation scope's.
    CapabilityStatus {
        /// Published in the KCDB.
        Published = "published",
        /// Greyed out in the KCDB: temporarily not covered.
        GreyedOut = "greyed_out",
        /// An older version.
        Archived = "archived",
        /// Deleted.
        Deleted = "deleted",
        /// In force within an accreditation.
        Active = "active",
        /// Suspended within an accreditation.
        Suspended = "suspended",
    }
}

object! {
    /// One dated status of a capability.
    CapabilityStatusEntry {
        required {
            /// The status.
            status: CapabilityStatus,
            /// First day on which it holds.
            effective_from: Day,
        }
        optional {
            /// Last day on which it holds, included.
            effective_to: Day,
            /// Why, where the register that publishes it does not say the status itself.
            reason: String,
            /// When the registry learnt of it.
            recorded_at: Instant,
        }
    }
}

object! {
    /// The certified reference material a chemistry capability offers.
    CapabilityMaterial {
        optional {
            /// Range of certified values.
            range: Interval,
            /// Their uncertainty.
            uncertainty: CapabilityUncertainty,
            /// Coverage factor.
            coverage_factor: Decimal,
        }
    }
}

record! {
    /// A calibration and measurement capability (CMC).
    Capability {
        required {
            /// Who publishes it.
            publisher: Publisher,
            /// Whose it is.
            organisation: Id,
        }
        optional {
            /// What is measured. Missing where a foreign register says it in words only; such a
            /// capability covers nothing (rule Q-06).
            quantity_kind: QuantityKindId,
            /// Accreditation of a scope entry.
            accreditation: Id,
            /// KCDB code (the last number is the version) or number in the scope.
            code: String,
            /// Service category of the KCDB.
            service_category: String,
            /// Analyte, in chemistry.
            analyte: String,
            /// Matrix, in chemistry.
            matrix: String,
            /// Kind of instrument calibrated.
            instrument: String,
            /// Method.
            method: String,
            /// Site.
            site: String,
            /// Range of the measurand.
            range: Interval,
            /// Parameter in which the range of the measurand stands, where `range` is absent.
            range_in: String,
            /// Expanded uncertainty.
            uncertainty: CapabilityUncertainty,
            /// Coverage factor; 2 when absent.
            coverage_factor: Decimal,
            /// Coverage probability.
            coverage_probability: Decimal,
            /// Whether the device under calibration is included.
            includes_device: DeviceContribution,
            /// Source of traceability, in words.
            traceability_source: String,
            /// Remarks.
            comments: String,
            /// Capabilities that belong together.
            group_identifier: String,
            /// Certified reference material, in chemistry.
            crm: CapabilityMaterial,
        }
        many {
            /// Conditions under which it holds.
            parameters: Parameter,
            /// Dated statuses.
            status_history: CapabilityStatusEntry,
        }
    }
}
