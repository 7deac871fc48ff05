//! Measurement uncertainty as a certificate states it (GUM, JCGM 100 \[K\]).

use super::decimal::Decimal;
use super::unit::Unit;

vocabulary! {
    /// Which figure of the uncertainty is stated.
    UncertaintyKind {
        /// Standard uncertainty u (GUM 2.3.1).
        Standard = "standard",
        /// Combined standard uncertainty u_c (GUM 2.3.4).
        Combined = "combined",
        /// Expanded uncertainty U = k·u (GUM 2.3.5).
        Expanded = "expanded",
    }
}

vocabulary! {
    /// Whether a figure is a quantity of the same kind or a fraction of the value.
    Mode {
        /// In a unit of the quantity.
        Absolute = "absolute",
        /// A fraction of the value.
        Relative = "relative",
    }
}

object! {
    /// An uncertainty statement. What is missing stays missing: rules U-01 and U-02 judge it.
    Uncertainty {
        required {
            /// The figure.
            value: Decimal,
            /// Its unit; for a relative one a dimensionless unit (`1`, `%`, `uV/V`).
            unit: Unit,
        }
        optional {
            /// Standard, combined or expanded.
            kind: UncertaintyKind,
            /// Absolute or relative.
            mode: Mode,
            /// Coverage factor k (GUM 2.3.6), above 0.
            coverage_factor: Decimal,
            /// Coverage probability p (VIM 2.37), between 0 and 1.
            coverage_probability: Decimal,
            /// Effective degrees of freedom, above 0.
            degrees_of_freedom: Decimal,
        }
    }
}
