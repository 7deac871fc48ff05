//! Programme targets, plans of national standards, and figures the registry cannot compute.

use super::decimal::Decimal;
use super::id::Id;
use super::period::Day;
use super::quantity::QuantityKindId;
use super::recognition::LegalBasis;

vocabulary! {
    /// What a plan wants done with a standard.
    PlanAction {
        /// Keep.
        Maintain = "maintain",
        /// Upgrade.
        Upgrade = "upgrade",
        /// Establish.
        New = "new",
    }
}

object! {
    /// A target of the programme.
    Target {
        required {
            /// Id of the indicator, such as `IND-01`.
            indicator: String,
            /// The value to reach.
            value: Decimal,
        }
        optional {
            /// How figure and value are compared, such as `>=`.
            comparator: String,
            /// Year by which.
            year: u16,
            /// Text of law.
            legal_basis: LegalBasis,
        }
    }
}

object! {
    /// An item of a plan of national standards.
    PlanItem {
        required {
            /// The plan's decision.
            plan: String,
            /// What is to be done.
            action: PlanAction,
        }
        optional {
            /// For which quantity.
            quantity_kind: QuantityKindId,
            /// In which period.
            period: String,
            /// Which standard fulfils it.
            standard: Id,
        }
    }
}

object! {
    /// A figure reported from outside.
    ReportedFigure {
        required {
            /// Id of the indicator.
            indicator: String,
            /// The figure.
            value: Decimal,
        }
        optional {
            /// Day for which it holds.
            on: Day,
            /// Who says so.
            source: String,
        }
    }
}

record! {
    /// A programme: targets, plan items, reported figures.
    Programme {
        many {
            /// Targets.
            targets: Target,
            /// Plan items.
            plan_items: PlanItem,
            /// Reported figures.
            reported_figures: ReportedFigure,
        }
    }
}
