//! Which other records a record names: every id in it, with its place and what it may be the id of.
//!
//! What lives here: one list of fields for each type, from which both the visit and the exchange of
//! ids are made. What does not: whether the records named exist (`check`, or the store).

use deserr::ValuePointerRef;

use super::attestation::Attestation;
use super::calibration::{
    Calibration, CalibrationResult, CompetenceEvidence, Endorsement, Method, Reference,
};
use super::capability::Capability;
use super::comparison::{Comparison, ComparisonResult};
use super::document::Document;
use super::fault::json_pointer;
use super::id::Id;
use super::nonconformity::{Nonconformity, NonconformityDecision};
use super::organisation::{Membership, Organisation};
use super::programme::{PlanItem, Programme};
use super::realisation::Realisation;
use super::recognition::{Accreditation, AccreditationStatusEntry, LegalRecognition};
use super::records::AnyRecord;
use super::records::CollectionName::{
    self, Accreditations, Calibrations, Capabilities, Comparisons, Documents, MeasurementStandards,
    Organisations, Realisations,
};
use super::standard::{Derivation, DerivationInput, Material, MeasurementStandard, UseModel};

/// One record that a record names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link<'r> {
    /// Where: a JSON pointer within the record, such as `/references/0/calibration`.
    pub pointer: String,
    /// The collections of which it may be.
    pub to: &'static [CollectionName],
    /// Its id.
    pub id: &'r Id,
}

/// What sees the ids of a record: the place, the collections, the id. Whoever needs the place
/// writes it out; most do not.
pub type See<'s, 'r> = &'s mut dyn FnMut(ValuePointerRef<'_>, &'static [CollectionName], &'r Id);

/// The records that a record names.
pub trait Links {
    /// Shows every id but the record's own, in the order of the fields, with places below
    /// `place`.
    fn each_link<'r>(&'r self, place: ValuePointerRef<'_>, see: See<'_, 'r>);

    /// Exchanges every id, the record's own first.
    fn map_ids(&mut self, map: &mut dyn FnMut(&mut Id));

    /// Every record named, in the order of the fields.
    fn links(&self) -> Vec<Link<'_>> {
        let mut links = Vec::new();
        self.each_link(ValuePointerRef::Origin, &mut |place, to, id| {
            links.push(Link { pointer: json_pointer(place), to, id });
        });
        links
    }
}

impl Links for AnyRecord {
    fn each_link<'r>(&'r self, place: ValuePointerRef<'_>, see: See<'_, 'r>) {
        self.record().each_link(place, see);
    }

    fn map_ids(&mut self, map: &mut dyn FnMut(&mut Id)) {
        self.record_mut().map_ids(map);
    }
}

/// A part of a record in which ids stand: an id, perhaps an id, a list, an object.
trait Part {
    fn show<'r>(
        &'r self,
        to: &'static [CollectionName],
        place: ValuePointerRef<'_>,
        see: See<'_, 'r>,
    );

    fn exchange(&mut self, map: &mut dyn FnMut(&mut Id));
}

impl Part for Id {
    fn show<'r>(
        &'r self,
        to: &'static [CollectionName],
        place: ValuePointerRef<'_>,
        see: See<'_, 'r>,
    ) {
        see(place, to, self);
    }

    fn exchange(&mut self, map: &mut dyn FnMut(&mut Id)) {
        map(self);
    }
}

impl<T: Part> Part for Option<T> {
    fn show<'r>(
        &'r self,
        to: &'static [CollectionName],
        place: ValuePointerRef<'_>,
        see: See<'_, 'r>,
    ) {
        if let Some(part) = self {
            part.show(to, place, see);
        }
    }

    fn exchange(&mut self, map: &mut dyn FnMut(&mut Id)) {
        if let Some(part) = self {
            part.exchange(map);
        }
    }
}

impl<T: Part> Part for Vec<T> {
    fn show<'r>(
        &'r self,
        to: &'static [CollectionName],
        place: ValuePointerRef<'_>,
        see: See<'_, 'r>,
    ) {
        for (index, part) in self.iter().enumerate() {
            part.show(to, place.push_index(index), see);
        }
    }

    fn exchange(&mut self, map: &mut dyn FnMut(&mut Id)) {
        for part in self {
            part.exchange(map);
        }
    }
}

/// The fields in which ids stand, once for each type: an id with the collections it may be of
/// (`field => &[…]`), or an object with ids in it (`field`).
macro_rules! fields {
    (
        records { $( $record:ident { $( $field:ident $(=> $to:expr)?, )* } )+ }
        objects { $( $object:ident { $( $part:ident $(=> $of:expr)?, )* } )+ }
    ) => {
        $(
            impl Links for $record {
                fn each_link<'r>(&'r self, place: ValuePointerRef<'_>, see: See<'_, 'r>) {
                    $( self.$field.show(
                        fields!(@ $($to)?), place.push_key(stringify!($field)), see,
                    ); )*
                }

                fn map_ids(&mut self, map: &mut dyn FnMut(&mut Id)) {
                    map(&mut self.id);
                    $( self.$field.exchange(map); )*
                }
            }
        )+

        $(
            impl Part for $object {
                fn show<'r>(
                    &'r self,
                    _: &'static [CollectionName],
                    place: ValuePointerRef<'_>,
                    see: See<'_, 'r>,
                ) {
                    $( self.$part.show(
                        fields!(@ $($of)?), place.push_key(stringify!($part)), see,
                    ); )*
                }

                fn exchange(&mut self, map: &mut dyn FnMut(&mut Id)) {
                    $( self.$part.exchange(map); )*
                }
            }
        )+

        /// Type, field, and the collections that the field may name.
        #[cfg(test)]
        const FIELDS: &[(&str, &str, &[CollectionName])] = &[
            $( $( (stringify!($record), stringify!($field), fields!(@ $($to)?)), )* )+
            $( $( (stringify!($object), stringify!($part), fields!(@ $($of)?)), )* )+
        ];
    };
    (@) => { &[] };
    (@ $to:expr) => { $to };
}

fields! {
    records {
        Organisation { parent => &[Organisations], }
        Membership { organisation => &[Organisations], }
        Accreditation {
            organisation => &[Organisations],
            accreditation_body => &[Organisations],
            status_history,
        }
        LegalRecognition {
            organisation => &[Organisations],
            standard => &[MeasurementStandards],
            authority => &[Organisations],
            status_history,
        }
        Capability {
            organisation => &[Organisations],
            accreditation => &[Accreditations],
        }
        MeasurementStandard {
            owner => &[Organisations],
            parent_kit => &[MeasurementStandards],
            material,
            derivations,
            use_models,
        }
        Realisation { organisation => &[Organisations], }
        Calibration {
            issuer => &[Organisations],
            item => &[MeasurementStandards],
            amends => &[Calibrations],
            performed_by => &[Organisations],
            endorsement,
            competence_evidence,
            items => &[MeasurementStandards],
            methods,
            results,
            references,
        }
        Comparison {
            pilot => &[Organisations],
            linked_to => &[Comparisons],
            results,
        }
        Document { replaced_by => &[Documents], }
        Nonconformity {
            subject => &[Calibrations, MeasurementStandards],
            decisions,
        }
        Attestation {
            record => CollectionName::ALL,
            by => &[Organisations],
        }
        Programme { plan_items, }
    }
    objects {
        AccreditationStatusEntry { capabilities => &[Capabilities], }
        Derivation { from, }
        DerivationInput { standard => &[MeasurementStandards], }
        UseModel { document => &[Documents], }
        Material { producer => &[Organisations], }
        Method { document => &[Documents], }
        Endorsement { accreditation => &[Accreditations], }
        CompetenceEvidence { decided_by => &[Organisations], }
        CalibrationResult {
            item => &[MeasurementStandards],
            methods,
        }
        Reference {
            standard => &[MeasurementStandards],
            realisation => &[Realisations],
            calibration => &[Calibrations],
        }
        ComparisonResult { organisation => &[Organisations], }
        NonconformityDecision { calibration => &[Calibrations], }
        PlanItem { standard => &[MeasurementStandards], }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet, HashMap};
    use std::fs;
    use std::path::{Path, PathBuf};

    use serde_json::{Value, json};

    use super::*;
    use crate::domain::fault::escaped;

    fn in_checkout(path: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
    }

    fn files(below: &Path, extension: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in fs::read_dir(below).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                found.extend(files(&path, extension));
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
        found
    }

    /// The records of a document that can be read: some vectors are about others.
    fn records_of(document: &Value) -> Vec<AnyRecord> {
        let mut records = Vec::new();
        for name in CollectionName::ALL {
            for value in document["records"][name.as_str()].as_array().into_iter().flatten() {
                records.extend(AnyRecord::read(*name, value.clone(), ValuePointerRef::Origin));
            }
        }
        records
    }

    fn json_of(path: &Path) -> Value {
        serde_json::from_str(&fs::read_to_string(path).expect("a file")).expect("JSON")
    }

    fn example() -> Vec<AnyRecord> {
        records_of(&json_of(&in_checkout("examples/viet-nam.json")))
    }

    /// What the example and the vectors leave out.
    fn rare_records() -> Vec<AnyRecord> {
        records_of(&json!({"records": {
            "attestations": [{
                "id": "_:a", "record": "_:c", "statement": "confirmed", "by": "_:o",
            }],
            "measurement_standards": [{
                "id": "_:s", "owner": "_:o", "parent_kit": "_:kit",
                "material": {"producer": "_:p"},
                "derivations": [{
                    "quantity_kind": "mass", "equation": "a",
                    "from": [{"symbol": "a", "standard": "_:t"}],
                }],
                "use_models": [{
                    "quantity_kind": "mass", "interval": {"unit": "kg"}, "document": "_:d",
                }],
            }],
            "calibrations": [{
                "id": "_:c", "kind": "calibration", "issuer": "_:o", "number": "1",
                "performed_from": "2026-01-02", "performed_to": "2026-01-02", "item": "_:s",
                "items": ["_:s", "_:t"], "amends": "_:b", "performed_by": "_:p",
                "competence_evidence": {"decided_by": "_:o"},
                "methods": [{"text": "words"}, {"document": "_:d"}],
                "results": [{
                    "id": "r1", "quantity_kind": "mass", "item": "_:t",
                    "methods": [{"document": "_:e"}],
                }],
            }],
            "nonconformities": [{
                "id": "_:n", "subject": "_:s", "decisions": [{"calibration": "_:c"}],
            }],
        }}))
    }

    /// Every label in a record's JSON, with its place.
    fn labels(value: &Value, place: &str, found: &mut BTreeMap<String, String>) {
        match value {
            Value::String(text) if text.starts_with("_:") => {
                found.insert(place.to_owned(), text.clone());
            }
            Value::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    labels(element, &format!("{place}/{index}"), found);
                }
            }
            Value::Object(fields) => {
                for (key, field) in fields {
                    labels(field, &format!("{place}/{}", escaped(key)), found);
                }
            }
            _ => {}
        }
    }

    fn labels_of(record: &AnyRecord) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        labels(&record.body(), "", &mut found);
        found
    }

    #[test]
    fn every_label_is_seen_and_exchanged() {
        let mut records = example();
        for path in files(&in_checkout("tests/vectors"), "json") {
            records.extend(records_of(&json_of(&path)));
        }
        let rare = rare_records();
        assert_eq!(rare.len(), 4);
        records.extend(rare);
        let met: BTreeSet<_> = records.iter().map(AnyRecord::collection).collect();
        assert_eq!(met.len(), CollectionName::ALL.len(), "{met:?}");
        for mut record in records {
            let before = labels_of(&record);
            let mut seen: BTreeMap<_, _> = record
                .links()
                .into_iter()
                .map(|link| (link.pointer, link.id.to_string()))
                .filter(|(_, id)| id.starts_with("_:"))
                .collect();
            let own = record.record().id().to_string();
            if own.starts_with("_:") {
                seen.insert("/id".to_owned(), own);
            }
            assert_eq!(seen, before, "{record:?}");

            record.map_ids(&mut |id| {
                *id = Id::parse(&id.as_str().replace("_:", "_:new.")).expect("an id");
            });
            let expected: BTreeMap<_, _> = before
                .into_iter()
                .map(|(place, label)| (place, label.replace("_:", "_:new.")))
                .collect();
            assert_eq!(labels_of(&record), expected);
        }
    }

    #[test]
    fn links_lead_to_the_collections_they_may_lead_to() {
        let records = example();
        let at: HashMap<&Id, CollectionName> =
            records.iter().map(|record| (record.record().id(), record.collection())).collect();
        for link in records.iter().flat_map(Links::links) {
            assert!(link.to.contains(&at[link.id]), "{link:?}");
        }
    }

    /// Reads the source: a field of type `Id`, or of a type that has one, must be in the list.
    #[test]
    fn no_field_is_left_out() {
        let listed: BTreeSet<(String, String, bool)> = FIELDS
            .iter()
            .map(|(owner, field, to)| ((*owner).into(), (*field).into(), !to.is_empty()))
            .collect();
        let with_ids: BTreeSet<&str> = FIELDS.iter().map(|(owner, ..)| *owner).collect();
        let mut written = BTreeSet::new();
        for path in files(&in_checkout("src/domain"), "rs") {
            // A claim is no record; the macros write the record's own id.
            if path.ends_with("claim.rs") || path.ends_with("schema.rs") {
                continue;
            }
            let source = fs::read_to_string(&path).expect("a file");
            let mut lines = source.lines();
            while let Some(line) = lines.next() {
                if line != "object! {" && line != "record! {" {
                    continue;
                }
                let mut owner = "";
                let lines = lines.by_ref().take_while(|line| *line != "}");
                for line in lines.map(str::trim).filter(|line| !line.starts_with('/')) {
                    if let Some((field, kind)) = line.split_once(": ") {
                        let mut words = kind.split(|c: char| !c.is_alphanumeric());
                        let is_id = words.clone().any(|word| word == "Id");
                        if is_id || words.any(|word| with_ids.contains(word)) {
                            written.insert((owner.to_owned(), field.to_owned(), is_id));
                        }
                    } else if let Some(name) = line.strip_suffix(" {")
                        && name.starts_with(char::is_uppercase)
                    {
                        owner = name.split(' ').next().unwrap_or_default();
                    }
                }
            }
        }
        assert_eq!(written, listed);
    }

    #[test]
    fn places_are_those_within_the_record() {
        let records = rare_records();
        let certificate = records
            .iter()
            .find(|record| record.collection() == Calibrations)
            .expect("the certificate");
        let places: Vec<String> =
            certificate.links().into_iter().map(|link| link.pointer).collect();
        assert_eq!(
            places,
            [
                "/issuer",
                "/item",
                "/amends",
                "/performed_by",
                "/competence_evidence/decided_by",
                "/items/0",
                "/items/1",
                "/methods/1/document",
                "/results/0/item",
                "/results/0/methods/0/document",
            ]
        );
    }
}
