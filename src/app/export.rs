//! Records out of the registry as a bundle that stands on its own: everything, a laboratory with
//! what it stands on, or the evidence behind a standard. The same claim on the bundle gives the same
//! verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use deserr::ValuePointerRef;
use serde_json::Value;

use crate::domain::id::Id;
use crate::domain::links::Links as _;
use crate::domain::records::{AnyRecord, CollectionName};
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

/// Records of a registry on their way out, as known at a log index.
#[derive(Debug)]
pub struct Exported<'r> {
    registry: &'r Registry,
    at: u64,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// All there are, read when they are needed.
    Everything,
    /// Some, by id.
    Some(BTreeMap<Id, AnyRecord>),
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
    ) -> Result<Exported<'_>, Refusal> {
        let mut export = Export { registry: self, at, records: BTreeMap::new(), told };
        match extent {
            Extent::Everything => {
                return Ok(Exported { registry: self, at, content: Content::Everything });
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
        Ok(Exported { registry: self, at, content: Content::Some(export.records) })
    }
}

impl Exported<'_> {
    /// How many records there are.
    ///
    /// # Errors
    /// When the database fails.
    pub fn count(&self) -> Result<u64, Refusal> {
        match &self.content {
            Content::Some(records) => Ok(records.len() as u64),
            Content::Everything => {
                let collections = CollectionName::ALL.iter();
                let counts = collections.map(|collection| {
                    let query = ListQuery { limit: u32::MAX, ..all_of(*collection, self.at) };
                    self.registry.store().count(&query)
                });
                Ok(counts.sum::<Result<u64, StoreError>>()?)
            }
        }
    }

    /// Gives each record, those of a collection together; of everything only a page is held at a
    /// time.
    ///
    /// # Errors
    /// When the database fails; within, the taker's own, after which nothing more is given.
    pub fn each(
        &self,
        take: &mut dyn FnMut(&AnyRecord) -> io::Result<()>,
    ) -> Result<io::Result<()>, Refusal> {
        for collection in CollectionName::ALL {
            let Content::Some(records) = &self.content else {
                let mut query = all_of(*collection, self.at);
                loop {
                    let page = self.registry.store().list(&query)?;
                    let Some(last) = page.last() else { break };
                    query.after = Some(last.id.to_string());
                    for stored in &page {
                        if let Err(error) = take(&exported(stored)?) {
                            return Ok(Err(error));
                        }
                    }
                }
                continue;
            };
            for record in records.values().filter(|one| one.collection() == *collection) {
                if let Err(error) = take(record) {
                    return Ok(Err(error));
                }
            }
        }
        Ok(Ok(()))
    }
}

/// A collection, a page at a time.
fn all_of(collection: CollectionName, at: u64) -> ListQuery {
    /// Records read at once.
    const PAGE: u32 = 1_000;
    ListQuery {
        collection,
        filters: Vec::new(),
        words: Vec::new(),
        after: None,
        limit: PAGE,
        at,
        reader: Reader::Everything,
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

    /// The records of a collection with this id in a field.
    fn take(
        &mut self,
        collection: CollectionName,
        (field, id): (&str, &Id),
    ) -> Result<BTreeSet<Id>, Refusal> {
        let filter = filters(collection).iter().find(|filter| filter.name == field);
        let filter = filter.map(|filter| (*filter, FilterValue::Text(id.to_string())));
        let filters = filter.into_iter().collect();
        let mut query = ListQuery { filters, ..all_of(collection, self.at) };
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
            self.take(collection, ("organisation", id))?;
        }
        self.take(CollectionName::Calibrations, ("issuer", id))?;
        for standard in self.take(CollectionName::MeasurementStandards, ("owner", id))? {
            self.take(CollectionName::Calibrations, ("item", &standard))?;
            self.take(CollectionName::LegalRecognitions, ("standard", &standard))?;
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
    AnyRecord::read_kept(stored.collection, body, ValuePointerRef::Origin).map_err(|faults| {
        let reason = faults.0.first().map_or_else(String::new, |fault| fault.message.en.clone());
        StoreError::Damaged { log_index: stored.log_index, reason }
    })
}
