//! A set of records: all collections together, as a bundle, a test vector or an answer of the
//! store holds them.

use std::ops::{Deref, DerefMut};

use deserr::{Deserr, IntoValue, ValuePointerRef};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::attestation::Attestation;
use super::calibration::Calibration;
use super::capability::Capability;
use super::comparison::Comparison;
use super::document::Document;
use super::fault::{self, Faults};
use super::form::{Definition, Described, Field, Form};
use super::id::Id;
use super::links::Links;
use super::nonconformity::Nonconformity;
use super::organisation::{Membership, Organisation};
use super::period::Instant;
use super::programme::Programme;
use super::realisation::Realisation;
use super::recognition::{Accreditation, EvidenceLevel, LegalRecognition};
use super::standard::MeasurementStandard;

/// The fields which the service adds to a record and ignores in what it is sent back: they are no
/// part of the record's body. An attestation's `version` is the version attested, so it stays.
pub const SERVICE_FIELDS: &[&str] = &["version", "recorded_at", "recorded_by", "log_index"];

/// What every record carries.
pub trait Record: Links {
    /// Identity.
    fn id(&self) -> &Id;
    /// When the registry learnt of it; always known when absent.
    fn recorded_at(&self) -> Option<Instant>;
    /// The version that it says it is; of an attestation the version attested.
    fn version(&self) -> Option<u32>;
    /// How well it is evidenced.
    fn evidence_level(&self) -> Option<EvidenceLevel>;
    /// Whether it is its source's word: what says nothing of its evidence is taken as given.
    fn is_confirmed(&self) -> bool {
        self.evidence_level().is_none_or(|level| level >= EvidenceLevel::IssuerConfirmed)
    }
    /// When it was last taken from an outside register.
    fn synced_at(&self) -> Option<Instant>;
    /// Says how well it is evidenced, and when it was taken from an outside register.
    fn set_evidence(&mut self, level: Option<EvidenceLevel>, synced_at: Option<Instant>);
    /// Says when the registry learnt of it.
    fn set_recorded_at(&mut self, instant: Option<Instant>);
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

    /// The records themselves, with their positions.
    fn into_positions(self) -> impl Iterator<Item = (usize, T)> {
        self.positions.into_iter().map(|position| position as usize).zip(self.records)
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

impl<T: Described> Described for Collection<T> {
    fn form() -> Form {
        Form::list_of(T::form())
    }
}

/// What the form of a record says beyond its fields: its id need not be sent, and what the service
/// adds to it is ignored in what is sent.
pub(crate) fn given_by_the_service(mut definition: Definition) -> Definition {
    if let Form::Object { fields, .. } = &mut definition.form {
        for field in fields {
            field.required &= field.name != "id";
            field.read_only = SERVICE_FIELDS.contains(&field.name);
        }
    }
    definition
}

/// Declares all collections once: the struct, their names, a record of any of them, and a way to
/// visit each.
macro_rules! collections {
    ($( $(#[doc = $doc:expr])* $name:ident : $record:ty = $kind:ident, )+) => {
        /// All collections of the registry, in the order of their dependencies.
        #[derive(Debug, Clone, Default, PartialEq, Serialize)]
        pub struct Records {
            $(
                $(#[doc = $doc])*
                #[serde(skip_serializing_if = "is_empty")]
                pub $name: Collection<$record>,
            )+
        }

        vocabulary! {
            /// The collections.
            CollectionName { $( $(#[doc = $doc])* $kind = stringify!($name), )+ }
        }

        /// A record of any collection.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum AnyRecord {
            $( $(#[doc = $doc])* $kind(Box<$record>), )+
        }

        impl Described for Records {
            fn form() -> Form {
                Form::named("Records", || {
                    let fields = vec![$(
                        Field::optional(
                            stringify!($name),
                            &[$($doc),*],
                            Collection::<$record>::form(),
                        ),
                    )+];
                    let doc = " Records of all collections, as a bundle holds them.";
                    Definition::new(&[doc], Form::closed(fields))
                })
            }
        }

        impl CollectionName {
            /// The form of its records.
            pub fn record_form(self) -> Form {
                match self { $( Self::$kind => <$record>::form(), )+ }
            }
        }

        impl Described for AnyRecord {
            fn form() -> Form {
                Form::named("AnyRecord", || {
                    let records = vec![$( <$record>::form(), )+];
                    Definition::new(&[" A record of any collection."], Form::OneOf(records))
                })
            }
        }

        $(
            impl From<$record> for AnyRecord {
                fn from(record: $record) -> Self {
                    Self::$kind(Box::new(record))
                }
            }
        )+

        impl AnyRecord {
            /// The collection it belongs to.
            pub fn collection(&self) -> CollectionName {
                match self { $( Self::$kind(_) => CollectionName::$kind, )+ }
            }

            /// What it carries as every record does.
            pub fn record(&self) -> &dyn Record {
                match self { $( Self::$kind(record) => &**record, )+ }
            }

            /// The same, to be changed.
            pub fn record_mut(&mut self) -> &mut dyn Record {
                match self { $( Self::$kind(record) => &mut **record, )+ }
            }

            /// Reads a record of a collection.
            ///
            /// # Errors
            /// All faults of the record, with pointers below `location`.
            pub fn read(
                collection: CollectionName,
                value: Value,
                location: ValuePointerRef<'_>,
            ) -> Result<Self, Faults> {
                let mut faults = fault::texts(&value, location);
                match Self::read_kept(collection, value, location) {
                    Ok(record) if faults.0.is_empty() => Ok(record),
                    Ok(_) => Err(faults),
                    Err(others) => {
                        faults.0.extend(others.0);
                        Err(faults)
                    }
                }
            }

            /// Reads a record that was accepted before: its texts and sizes were right when it came, and
            /// what is refused since does not make it unreadable.
            ///
            /// # Errors
            /// The faults of its form, with pointers below `location`.
            pub fn read_kept(
                collection: CollectionName,
                value: Value,
                location: ValuePointerRef<'_>,
            ) -> Result<Self, Faults> {
                let value = value.into_value();
                match collection {
                    $( CollectionName::$kind => {
                        <$record>::deserialize_from_value(value, location).map(Self::from)
                    } )+
                }
            }
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

            /// Adds a record to its collection, at its position in the document.
            pub fn push_any(&mut self, position: usize, record: AnyRecord) {
                match record {
                    $( AnyRecord::$kind(record) => self.$name.push_at(position, *record), )+
                }
            }

            /// Every record with its position, one collection after the other.
            pub fn into_any(self) -> Vec<(usize, AnyRecord)> {
                let mut all = Vec::with_capacity(self.len());
                $( all.extend(
                    self.$name.into_positions().map(|(position, record)| (position, record.into()))
                ); )+
                all
            }
        }
    };
}

impl CollectionName {
    /// Whether its records can be confidential at all (ISO/IEC 17025, 4.2): certificates, standards
    /// and cases, what a laboratory proposes as its scope, and what others say of any of these.
    pub const fn is_confidential(self) -> bool {
        matches!(
            self,
            Self::Calibrations
                | Self::MeasurementStandards
                | Self::Nonconformities
                | Self::Capabilities
                | Self::Attestations
        )
    }

    /// The field along which no record of the collection must lead back to itself.
    pub fn onward_field(self) -> Option<&'static str> {
        match self {
            Self::Organisations => Some("parent"),
            Self::MeasurementStandards => Some("parent_kit"),
            Self::Calibrations => Some("amends"),
            Self::Documents => Some("replaced_by"),
            _ => None,
        }
    }
}

impl AnyRecord {
    /// The record that it names in the field along which none must lead back to itself
    /// ([`CollectionName::onward_field`]).
    pub fn onward(&self) -> Option<&Id> {
        match self {
            Self::Organisations(record) => record.parent.as_ref(),
            Self::MeasurementStandards(record) => record.parent_kit.as_ref(),
            Self::Calibrations(record) => record.amends.as_ref(),
            Self::Documents(record) => record.replaced_by.as_ref(),
            _ => None,
        }
    }

    /// The calibration, if it is one.
    pub fn as_calibration(&self) -> Option<&Calibration> {
        match self {
            Self::Calibrations(calibration) => Some(calibration),
            _ => None,
        }
    }

    /// The record as JSON, without what the service adds ([`SERVICE_FIELDS`]).
    pub fn body(&self) -> Value {
        // Every key of a record is a string and every number is a decimal string: nothing can
        // fail.
        let written = serde_json::to_value(self);
        debug_assert!(written.is_ok(), "{written:?}");
        let mut body = written.unwrap_or_default();
        if let Value::Object(fields) = &mut body {
            let attested = matches!(self, Self::Attestations(_)).then_some("version");
            for field in SERVICE_FIELDS.iter().filter(|field| Some(**field) != attested) {
                fields.remove(*field);
            }
        }
        body
    }
}

impl Records {
    /// Reads one record of a collection and adds it at its position in the document.
    ///
    /// # Errors
    /// All faults of the record, with pointers below `location`.
    pub fn read(
        &mut self,
        collection: CollectionName,
        position: usize,
        value: Value,
        location: ValuePointerRef<'_>,
    ) -> Result<(), Faults> {
        self.push_any(position, AnyRecord::read(collection, value, location)?);
        Ok(())
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(collection: CollectionName, value: Value) -> Result<AnyRecord, Faults> {
        AnyRecord::read(collection, value, ValuePointerRef::Origin)
    }

    fn said(faults: &Faults) -> Vec<(&str, &str)> {
        faults.0.iter().map(|fault| (fault.code, fault.pointer.as_str())).collect()
    }

    #[test]
    fn a_body_has_nothing_of_the_service() {
        let added = json!({
            "id": "_:d", "designation": "ĐLVN 99:2002", "version": 3, "log_index": 7,
            "recorded_at": "2026-01-02T03:04:05Z", "recorded_by": "somebody",
            "evidence_level": "issuer_confirmed",
        });
        let mut record = read(CollectionName::Documents, added).expect("a document");
        let body = json!({
            "id": "_:d", "designation": "ĐLVN 99:2002", "evidence_level": "issuer_confirmed",
        });
        assert_eq!(record.body(), body);
        assert_eq!(record.collection(), CollectionName::Documents);
        let AnyRecord::Documents(document) = &record else { panic!("{record:?}") };
        assert_eq!(document.version, Some(3));
        record.record_mut().set_recorded_at(None);
        assert_eq!(record.record().recorded_at(), None);

        let attestation = json!({
            "id": "_:a", "record": "_:d", "statement": "confirmed", "by": "_:o", "version": 3,
        });
        let record = read(CollectionName::Attestations, attestation.clone()).expect("one");
        assert_eq!(record.body(), attestation);
    }

    #[test]
    fn records_of_all_collections_come_and_go() {
        let mut records = Records::default();
        let (document, organisation) = (
            json!({"id": "_:d", "designation": "D"}),
            json!({"id": "_:o", "kind": "nmi", "names": {"vi": "Viện"}}),
        );
        let document = read(CollectionName::Documents, document).expect("a document");
        let organisation = read(CollectionName::Organisations, organisation).expect("one");
        records.push_any(5, document.clone());
        records.push_any(2, organisation.clone());
        assert_eq!(records.into_any(), [(2, organisation), (5, document)]);
    }

    #[test]
    fn texts_that_cannot_be_kept_are_refused_with_all_other_faults() {
        let faults = read(
            CollectionName::Organisations,
            json!({
                "id": "_:o", "kind": "laboratory", "names": {"vi": "Vie\u{302}\u{323}n", "en": "a\u{0}b"},
                "name_history": [{"names": {"vi": "Vi\u{1ec7}n"}}, {"names": {"a\u{301}": "b"}}],
                "country": "\u{0}e\u{301}",
            }),
        )
        .expect_err("refused");
        let mut found = said(&faults);
        found.sort_unstable();
        assert_eq!(
            found,
            [
                ("not_nfc", "/country"),
                ("not_nfc", "/name_history/1/names/a\u{301}"),
                ("not_nfc", "/names/vi"),
                ("nul_character", "/country"),
                ("nul_character", "/names/en"),
                ("unknown_field", "/name_history/1/names"),
                ("unknown_value", "/kind"),
            ]
        );
    }
}
