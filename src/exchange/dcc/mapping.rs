//! What a laboratory's certificates mean by names: written by people for each laboratory, because
//! names for people are never guessed from (rule Q-06).

use deserr::deserialize;

use crate::domain::fault::Faults;
use crate::domain::id::Id;
use crate::domain::quantity::QuantityKindId;

use super::super::outcome::{ReadError, not_json};
use super::{Role, ValueIs};

/// The name of the format and its version.
pub const FORMAT: &str = "etalon-dcc-mapping/1";

vocabulary! {
    /// The formats of a mapping.
    MappingFormat {
        /// This one.
        One = "etalon-dcc-mapping/1",
    }
}

vocabulary! {
    /// What the numbers of a quantity are.
    Meaning {
        /// The value the reference had.
        Reference = "reference",
        /// The value that was to be had.
        Nominal = "nominal",
        /// The value of the quantity.
        Actual = "actual",
        /// What the item indicated.
        Indication = "indication",
        /// Error of indication.
        Error = "error",
        /// Correction.
        Correction = "correction",
    }
}

object! {
    /// A quantity that certificates only name.
    MappedQuantity {
        required {
            /// Its name in the certificate, in any of its languages.
            name: String,
        }
        optional {
            /// Which quantity it is.
            quantity_kind: QuantityKindId,
            /// What its numbers are.
            means: Meaning,
        }
    }
}

object! {
    /// An organisation that the registry knows.
    MappedOrganisation {
        required {
            /// Its name in the certificate.
            name: String,
            /// Its id in the registry.
            organisation: Id,
        }
    }
}

object! {
    /// What the certificates of a laboratory mean by names.
    Mapping {
        required {
            /// The format.
            format: MappingFormat,
        }
        optional {
            /// The laboratory whose certificates it is for, as they name it; every one when absent.
            laboratory: String,
        }
        many {
            /// Quantities.
            quantities: MappedQuantity,
            /// Organisations.
            organisations: MappedOrganisation,
        }
    }
}

impl Default for Mapping {
    fn default() -> Self {
        Self {
            format: MappingFormat::One,
            laboratory: None,
            quantities: Vec::new(),
            organisations: Vec::new(),
        }
    }
}

/// Why a mapping cannot be used.
#[derive(Debug, Clone, PartialEq)]
pub enum MappingError {
    /// It is no JSON.
    Unreadable(ReadError),
    /// It says something wrong.
    Faults(Faults),
}

impl Mapping {
    /// Reads a mapping.
    ///
    /// ```
    /// use etalon::exchange::dcc::Mapping;
    /// let mapping = Mapping::parse(r#"{
    ///     "format": "etalon-dcc-mapping/1", "laboratory": "Kalibrierfirma GmbH",
    ///     "quantities": [{"name": "Abweichung", "quantity_kind": "temperature", "means": "error"}]
    /// }"#);
    /// assert!(mapping.is_ok());
    /// ```
    ///
    /// # Errors
    /// When it is no JSON, or all its faults.
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let value: serde_json::Value = serde_json::from_str(text)
            .map_err(|error| MappingError::Unreadable(not_json(&error)))?;
        deserialize(value).map_err(MappingError::Faults)
    }

    /// Whether it is for the certificates of a laboratory of one of these names.
    pub(super) fn is_for(&self, names: &[&str]) -> bool {
        self.laboratory.as_deref().is_none_or(|laboratory| names.contains(&laboratory))
    }

    /// The organisation of one of these names.
    pub(super) fn organisation(&self, names: &[&str]) -> Option<&Id> {
        let mut all = self.organisations.iter();
        all.find(|one| names.contains(&one.name.as_str())).map(|one| &one.organisation)
    }

    /// The quantity of one of these names.
    pub(super) fn quantity(&self, names: &[&str]) -> Option<&MappedQuantity> {
        self.quantities.iter().find(|one| names.contains(&one.name.as_str()))
    }
}

impl Meaning {
    pub(super) fn role(self) -> Role {
        match self {
            Self::Reference => Role::Reference,
            Self::Nominal => Role::Nominal,
            Self::Actual => Role::Result(ValueIs::Actual),
            Self::Indication => Role::Result(ValueIs::Indication),
            Self::Error => Role::Result(ValueIs::Error),
            Self::Correction => Role::Result(ValueIs::Correction),
        }
    }
}
