//! A set of records: all collections together, as a bundle, a test vector or an answer of the
//! store holds them.

use std::ops::{Deref, DerefMut};

use serde::{Serialize, Serializer};

use super::attestation::Attestation;
use super::calibration::Calibration;
use super::capability::Capability;
use super::comparison::Comparison;
use super::document::Document;
use super::id::Id;
use super::nonconformity::Nonconformity;
use super::organisation::{Membership, Organisation};
use super::period::Instant;
use super::programme::Programme;
use super::realisation::Realisation;
use super::recognition::{Accreditation, EvidenceLevel, LegalRecognition};
use super::standard::MeasurementStandard;

/// What every record carries.
pub trait Record {
    /// Identity.
    fn id(&self) -> &Id;
    /// When the registry learnt of it; always known when absent.
    fn recorded_at(&self) -> Option<Instant>;
    /// How well it is evidenced.
    fn evidence_level(&self) -> Option<EvidenceLevel>;
}

/// The records of one kind, in the order they came, each with its position in the document it
/// came from (records that could not be read leave gaps).
#[derive(Debug, Clone, PartialEq)]
pub struct Collection<T> {
    records: Vec<T>,
    positions: Vec<u32>,
}

impl<T> Collection<T> {
    /// Adds a record that stood at this position of its document.
    pub fn push_at(&mut self, position: usize, record: T) {
        self.records.push(record);
        self.positions.push(u32::try_from(position).unwrap_or(u32::MAX));
    }

    /// Adds a record at the end.
    pub fn push(&mut self, record: T) {
        let position = self.positions.last().map_or(0, |last| *last as usize + 1);
        self.push_at(position, record);
    }

    /// The records with their positions in the document they came from.
    pub fn with_positions(&self) -> impl Iterator<Item = (usize, &T)> {
        self.positions.iter().map(|position| *position as usize).zip(&self.records)
    }
}

impl<T> Default for Collection<T> {
    fn default() -> Self {
        Self { records: Vec::new(), positions: Vec::new() }
    }
}

impl<T> FromIterator<T> for Collection<T> {
    fn from_iter<I: IntoIterator<Item = T>>(records: I) -> Self {
        let mut collection = Self::default();
        for record in records {
            collection.push(record);
        }
        collection
    }
}

impl<T> Deref for Collection<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.records
    }
}

impl<T> DerefMut for Collection<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.records
    }
}

impl<T: Serialize> Serialize for Collection<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.records.serialize(serializer)
    }
}

/// Declares all collections once: the struct, their names, and a way to visit each.
macro_rules! collections {
    ($( $(#[$meta:meta])* $name:ident : $record:ty = $kind:ident, )+) => {
        /// All collections of the registry, in the order of their dependencies.
        #[derive(Debug, Clone, Default, PartialEq, Serialize)]
        pub struct Records {
            $(
                $(#[$meta])*
                #[serde(skip_serializing_if = "is_empty")]
                pub $name: Collection<$record>,
            )+
        }

        vocabulary! {
            /// The collections.
            CollectionName { $( $(#[$meta])* $kind = stringify!($name), )+ }
        }

        impl Records {
            /// How many records there are in all.
            pub fn len(&self) -> usize {
                0 $( + self.$name.len() )+
            }

            /// Whether there is no record at all.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Every record with its collection and its position there.
            pub fn iter(&self) -> impl Iterator<Item = (CollectionName, usize, &dyn Record)> {
                std::iter::empty()
                    $( .chain(self.$name.with_positions().map(
                        |(position, record)| (CollectionName::$kind, position, record as &dyn Record)
                    )) )+
            }

            /// Reads one record of a collection and adds it at its position in the document.
            ///
            /// # Errors
            /// All faults of the record, with pointers below `location`.
            pub fn read(
                &mut self,
                collection: CollectionName,
                position: usize,
                value: serde_json::Value,
                location: deserr::ValuePointerRef<'_>,
            ) -> Result<(), super::fault::Faults> {
                match collection {
                    $( CollectionName::$kind => {
                        let record = <$record as deserr::Deserr<super::fault::Faults>>
                            ::deserialize_from_value(deserr::IntoValue::into_value(value), location)?;
                        self.$name.push_at(position, record);
                    } )+
                }
                Ok(())
            }
        }
    };
}

fn is_empty<T>(collection: &Collection<T>) -> bool {
    collection.is_empty()
}

collections! {
    /// Organisations.
    organisations: Organisation = Organisations,
    /// Memberships in arrangements.
    memberships: Membership = Memberships,
    /// Accreditations.
    accreditations: Accreditation = Accreditations,
    /// Recognitions under national law.
    legal_recognitions: LegalRecognition = LegalRecognitions,
    /// Calibration and measurement capabilities.
    capabilities: Capability = Capabilities,
    /// Measurement standards.
    measurement_standards: MeasurementStandard = MeasurementStandards,
    /// Roots.
    realisations: Realisation = Realisations,
    /// Calibrations.
    calibrations: Calibration = Calibrations,
    /// Comparisons.
    comparisons: Comparison = Comparisons,
    /// Normative documents.
    documents: Document = Documents,
    /// Cases of nonconforming work.
    nonconformities: Nonconformity = Nonconformities,
    /// Attestations.
    attestations: Attestation = Attestations,
    /// Programmes.
    programme: Programme = Programme,
}
