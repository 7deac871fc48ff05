//! Records out of the registry as a bundle that stands on its own: everything, a laboratory with
//! what it stands on, or the evidence behind a standard. The same claim on the bundle gives the same
//! verdict.

use std::collections::{BTreeMap, BTreeSet};

use deserr::ValuePointerRef;
use serde_json::Value;

use crate::domain::id::Id;
use crate::domain::links::Links as _;
use crate::domain::records::{AnyRecord, CollectionName, Records};
use crate::exchange::bundle::Bundle;
use crate::store::{FilterValue, ListQuery, Reader, StoreError, Stored, filters};

use super::refusal::Refusal;
use super::registry::{Registry, parsed};

/// How much is exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// Every record.
    Everything,
    /// An organisation: its standards, certificates, recognitions and capabilities, what claims on
    /// its standards are decided from, and every record that these name.
    Laboratory(Id),
    /// What a claim on a standard is decided from.
    Chain(Id),
    /// A certificate and what it names.
    Certificate(Id),
}

impl Registry {
    /// Records as known at a log index, each with its id, version and the time since when it is
    /// known. `told` hears how many there are so far.
    ///
    /// # Errors
    /// When the organisation or standard is not there, or the database fails.
    pub fn export(
        &self,
        extent: &Extent,
        at: u64,
        told: &mut dyn FnMut(u64),
    ) -> Result<Bundle, Refusal> {
        let mut export = Export { registry: self, at, records: BTreeMap::new(), told };
        match extent {
            Extent::Everything => {
                for collection in CollectionName::ALL {
                    export.take(*collection, None)?;
                }
            }
            Extent::Laboratory(id) => {
                self.get(CollectionName::Organisations, id, at)?;
                export.laboratory(id)?;
            }
            Extent::Chain(id) => {
                self.get(CollectionName::MeasurementStandards, id, at)?;
                export.chain(id)?;
            }
            Extent::Certificate(id) => {
                self.get(CollectionName::Calibrations, id, at)?;
                export.take_ids(BTreeSet::from([id.clone()]))?;
            }
        }
        export.take_named()?;
        let mut records = Records::default();
        let mut positions: BTreeMap<CollectionName, usize> = BTreeMap::new();
        for record in export.records.into_values() {
            let position = positions.entry(record.collection()).or_default();
            records.push_any(*position, record);
            *position += 1;
        }
        Ok(Bundle { source: None, records, warnings: Vec::new() })
    }
}

struct Export<'r> {
    registry: &'r Registry,
    at: u64,
    records: BTreeMap<Id, AnyRecord>,
    told: &'r mut dyn FnMut(u64),
}

impl Export<'_> {
    fn add(&mut self, found: Vec<Stored>) -> Result<(), Refusal> {
        for stored in found {
            let record = exported(&stored)?;
            self.records.insert(stored.id, record);
        }
        (self.told)(self.records.len() as u64);
        Ok(())
    }

    fn take_ids(&mut self, ids: BTreeSet<Id>) -> Result<(), Refusal> {
        let found = self.registry.store().get_all(&ids, self.at)?;
        self.add(found)
    }

    /// The records of a collection, perhaps only those with this id in a field.
    fn take(
        &mut self,
        collection: CollectionName,
        filter: Option<(&str, &Id)>,
    ) -> Result<BTreeSet<Id>, Refusal> {
        /// Records read at once.
        const PAGE: u32 = 1_000;
        let filter = filter.and_then(|(name, id)| {
            let filter = filters(collection).iter().find(|filter| filter.name == name)?;
            Some((*filter, FilterValue::Text(id.to_string())))
        });
        let mut query = ListQuery {
            collection,
            filters: filter.into_iter().collect(),
            words: Vec::new(),
            after: None,
            limit: PAGE,
            at: self.at,
            reader: Reader::Everything,
        };
        let mut taken = BTreeSet::new();
        loop {
            let page = self.registry.store().list(&query)?;
            let Some(last) = page.last() else { return Ok(taken) };
            query.after = Some(last.id.to_string());
            taken.extend(page.iter().map(|stored| stored.id.clone()));
            self.add(page)?;
        }
    }

    /// What a claim on a standard is decided from.
    fn chain(&mut self, standard: &Id) -> Result<(), Refusal> {
        let standard = BTreeSet::from([standard.clone()]);
        let closure = self.registry.store().closure(&standard, &BTreeSet::new(), self.at)?;
        let ids = closure.records.iter().map(|(_, _, record)| record.id());
        self.take_ids(ids.filter(|id| !self.records.contains_key(*id)).cloned().collect())
    }

    fn laboratory(&mut self, id: &Id) -> Result<(), Refusal> {
        self.take_ids(BTreeSet::from([id.clone()]))?;
        for collection in [
            CollectionName::Memberships,
            CollectionName::Accreditations,
            CollectionName::LegalRecognitions,
            CollectionName::Capabilities,
            CollectionName::Realisations,
            CollectionName::Comparisons,
        ] {
            self.take(collection, Some(("organisation", id)))?;
        }
        self.take(CollectionName::Calibrations, Some(("issuer", id)))?;
        for standard in self.take(CollectionName::MeasurementStandards, Some(("owner", id)))? {
            self.take(CollectionName::Calibrations, Some(("item", &standard)))?;
            self.take(CollectionName::LegalRecognitions, Some(("standard", &standard)))?;
            self.chain(&standard)?;
        }
        Ok(())
    }

    /// Adds every record that one of them names, until none is missing.
    fn take_named(&mut self) -> Result<(), Refusal> {
        let mut new: Vec<Id> = self.records.keys().cloned().collect();
        while !new.is_empty() {
            let mut missing = BTreeSet::new();
            for record in new.iter().filter_map(|id| self.records.get(id)) {
                record.each_link(ValuePointerRef::Origin, &mut |_, _, id| {
                    if !self.records.contains_key(id) {
                        missing.insert(id.clone());
                    }
                });
            }
            self.take_ids(missing.clone())?;
            new = missing.into_iter().filter(|id| self.records.contains_key(id)).collect();
        }
        Ok(())
    }
}

/// A stored record for a bundle: since when it is known, and the version that a later import says
/// it was made from.
fn exported(stored: &Stored) -> Result<AnyRecord, StoreError> {
    let mut body = parsed(stored)?;
    if let Value::Object(fields) = &mut body {
        fields.insert("recorded_at".to_owned(), stored.known_since.to_string().into());
        if stored.collection != CollectionName::Attestations {
            fields.insert("version".to_owned(), stored.version.into());
        }
    }
    AnyRecord::read(stored.collection, body, ValuePointerRef::Origin).map_err(|faults| {
        let reason = faults.0.first().map_or_else(String::new, |fault| fault.message.en.clone());
        StoreError::Damaged { log_index: stored.log_index, reason }
    })
}
