//! The claim: the question the engine answers. Is the value of this standard, for this quantity
//! at this point on this day, metrologically traceable (rules 3.1)?

use std::fmt;

use deserr::{Deserr, IntoValue, Value, ValueKind, ValuePointerRef};
use serde::{Serialize, Serializer};

use super::fault::{Faults, shortened, wrong_kind};
use super::form::{Definition, Described, Form};
use super::id::Id;
use super::interval::{Parameter, QuantityValue};
use super::period::{Day, Instant};
use super::quantity::QuantityKindId;
use super::text::Text;

vocabulary! {
    /// Which value the user of the standard takes.
    ValueUsed {
        /// The certified value.
        Certified = "certified",
        /// The nominal value.
        Nominal = "nominal",
    }
}

vocabulary! {
    /// What the standard is used for.
    Purpose {
        /// Calibration.
        Calibration = "calibration",
        /// Verification of group-2 instruments (Viet Nam).
        Group2Verification = "group_2_verification",
    }
}

/// The state of knowledge a claim is judged with: an instant, or a position in the record log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownAt {
    /// What was recorded up to this instant.
    Instant(Instant),
    /// What was recorded up to this log index.
    LogIndex(u64),
}

impl KnownAt {
    /// Reads an RFC 3339 instant or a log index.
    pub fn parse(text: &str) -> Option<Self> {
        // An index is written in one way only: without a sign.
        match text.parse() {
            Ok(index) if !text.starts_with('+') => Some(Self::LogIndex(index)),
            _ => Instant::parse(text).ok().map(Self::Instant),
        }
    }
}

impl fmt::Display for KnownAt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instant(instant) => instant.fmt(formatter),
            Self::LogIndex(index) => index.fmt(formatter),
        }
    }
}

impl Serialize for KnownAt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Instant(instant) => instant.serialize(serializer),
            Self::LogIndex(index) => serializer.serialize_u64(*index),
        }
    }
}

impl Deserr<Faults> for KnownAt {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Faults> {
        match value {
            Value::Integer(index) => Ok(Self::LogIndex(index)),
            Value::String(text) => Instant::parse(&text).map(Self::Instant).map_err(|_| {
                let found = shortened(&text);
                Faults::at(
                    location,
                    "bad_instant",
                    Text::new(
                        format!("“{found}”: cần thời điểm như 2026-11-20T00:00:00Z hoặc chỉ số nhật ký"),
                        format!("“{found}”: expected an instant such as 2026-11-20T00:00:00Z or a log index"),
                    ),
                )
            }),
            other => Err(wrong_kind(other, &[ValueKind::String, ValueKind::Integer], location)),
        }
    }
}

impl Described for KnownAt {
    fn form() -> Form {
        Form::named("KnownAt", || {
            let doc = " A state of knowledge: what was recorded up to an instant, or up to a \
                position in the record log.";
            Definition::new(&[doc], Form::OneOf(vec![Instant::form(), u64::form()]))
        })
    }
}

object! {
    /// A claim of metrological traceability.
    Claim {
        required {
            /// The standard whose value is claimed.
            standard: Id,
        }
        optional {
            /// The certificate in use, when several serve.
            calibration: Id,
            /// The quantity; with `point` absent too, every result is checked.
            quantity_kind: QuantityKindId,
            /// The point at which the value is used.
            point: QuantityValue,
            /// The day of use; today when absent.
            used_on: Day,
            /// The state of knowledge; now when absent.
            known_at: KnownAt,
            /// Analyte, where rows carry one.
            analyte: String,
            /// Matrix, where rows carry one.
            matrix: String,
            /// Certified or nominal value; certified when absent.
            value_used: ValueUsed,
            /// The expanded uncertainty the use requires.
            required_uncertainty: QuantityValue,
            /// What for; calibration when absent.
            purpose: Purpose,
            /// Id of the policy, in its newest version known then, or `id@version`; `ilac-p10` when
            /// absent.
            policy: String,
        }
        many {
            /// Conditions of use.
            parameters: Parameter,
        }
    }
}

impl Claim {
    /// A claim about a standard that says nothing else: on every result of its certificates, today.
    pub fn of(standard: Id) -> Self {
        Self {
            standard,
            calibration: None,
            quantity_kind: None,
            point: None,
            used_on: None,
            known_at: None,
            analyte: None,
            matrix: None,
            value_used: None,
            required_uncertainty: None,
            purpose: None,
            policy: None,
            parameters: Vec::new(),
        }
    }
}
