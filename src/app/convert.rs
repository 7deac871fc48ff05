//! Foreign files put together into one bundle.

use std::collections::HashSet;

use crate::domain::check::check;
use crate::domain::fault::{Fault, Gravity};
use crate::domain::records::{Collection, Records};
use crate::exchange::bundle::Bundle;
use crate::exchange::outcome::{self, ReadError, Unread};

/// Foreign files as they are read one after the other.
#[derive(Debug, Default)]
pub struct Conversion {
    records: Records,
    /// What was not read, file by file.
    pub unread: Vec<FileUnread>,
}

/// What of a file was not read.
#[derive(Debug, serde::Serialize)]
pub struct FileUnread {
    /// The file.
    pub file: String,
    /// Records made from it.
    pub records: usize,
    /// Its parts that are not in the records.
    pub unread: Vec<Unread>,
}

impl Conversion {
    /// Reads a file and adds its records. Its name goes into their ids.
    ///
    /// # Errors
    /// When no reader knows the format, or its reader refuses the file.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), ReadError> {
        let converted = outcome::read(name, text)?;
        let file = name.to_owned();
        self.unread.push(FileUnread {
            file,
            records: converted.records.len(),
            unread: converted.unread,
        });
        append(&mut self.records, &converted.records);
        Ok(())
    }

    /// The bundle of all files.
    ///
    /// # Errors
    /// The faults for which an importer would refuse it.
    pub fn into_bundle(self) -> Result<Bundle, Vec<Fault>> {
        let mut faults = check(&self.records, &HashSet::new());
        if faults.iter().any(|fault| fault.gravity == Gravity::Error) {
            faults.retain(|fault| fault.gravity == Gravity::Error);
            return Err(faults);
        }
        Ok(Bundle { source: None, records: self.records, warnings: faults })
    }
}

fn append(to: &mut Records, from: &Records) {
    fn each<T: Clone>(to: &mut Collection<T>, from: &Collection<T>) {
        for record in from.iter() {
            to.push(record.clone());
        }
    }
    // Written out, so that a new collection cannot be forgotten here.
    let Records {
        organisations,
        memberships,
        accreditations,
        legal_recognitions,
        capabilities,
        measurement_standards,
        realisations,
        calibrations,
        comparisons,
        documents,
        nonconformities,
        attestations,
        programme,
    } = from;
    each(&mut to.organisations, organisations);
    each(&mut to.memberships, memberships);
    each(&mut to.accreditations, accreditations);
    each(&mut to.legal_recognitions, legal_recognitions);
    each(&mut to.capabilities, capabilities);
    each(&mut to.measurement_standards, measurement_standards);
    each(&mut to.realisations, realisations);
    each(&mut to.calibrations, calibrations);
    each(&mut to.comparisons, comparisons);
    each(&mut to.documents, documents);
    each(&mut to.nonconformities, nonconformities);
    each(&mut to.attestations, attestations);
    each(&mut to.programme, programme);
}
