//! Values with their unit, and ranges of values.

use super::decimal::Decimal;
use super::unit::Unit;

object! {
    /// A quantity value: a number and a unit (VIM 1.19).
    QuantityValue {
        required {
            /// The number, with its written digits.
            value: Decimal,
            /// The unit.
            unit: Unit,
        }
    }
}

object! {
    /// A closed interval of values of one quantity; both bounds belong to it.
    Interval {
        required {
            /// The unit of both bounds.
            unit: Unit,
        }
        optional {
            /// Lower bound. Missing in a foreign record means an open interval, which no rule
            /// accepts as a range (ILAC-P14 4.x \[S\]).
            lower: Decimal,
            /// Upper bound.
            upper: Decimal,
        }
    }
}

object! {
    /// A condition under which a value holds: an influence quantity or a setting, as a value, a
    /// range or words.
    Parameter {
        required {
            /// Name in snake case: `frequency`, `temperature`, `pressure`, `relative_humidity`,
            /// `medium`, `position`, `range_setting`, `wavelength`, `density`, or a free one.
            name: String,
        }
        optional {
            /// One value.
            value: Decimal,
            /// Lower bound of a range.
            lower: Decimal,
            /// Upper bound of a range.
            upper: Decimal,
            /// Words, where no number says it (`medium`: `nitrogen`).
            text: String,
            /// The unit of the numbers.
            unit: Unit,
        }
    }
}
