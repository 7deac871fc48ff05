//! Foreign files put together into one bundle.

use std::collections::{HashMap, HashSet};

use crate::domain::check::check;
use crate::domain::fault::{Fault, Gravity};
use crate::domain::id::Id;
use crate::domain::period::Instant;
use crate::domain::records::{CollectionName, Records};
use crate::exchange::bundle::Bundle;
use crate::exchange::dcc::{self, Mapping};
use crate::exchange::outcome::{self, Converted, Format, ReadError, Unread};
use crate::exchange::signature::{SignatureOutcome, Trust};

use super::linking::{Among, link};
use super::received::check_signature;

/// Foreign files as they are read one after the other.
#[derive(Debug, Default)]
pub struct Conversion {
    records: Records,
    /// Records added so far.
    added: HashMap<CollectionName, usize>,
    /// What was not read, file by file.
    pub unread: Vec<FileUnread>,
    mappings: Vec<Mapping>,
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
    /// Reads digital calibration certificates with what laboratories mean by names.
    pub fn with(mappings: Vec<Mapping>) -> Self {
        Self { mappings, ..Self::default() }
    }

    /// Reads a file and adds its records. Its name goes into their ids.
    ///
    /// # Errors
    /// When no reader knows the format, or its reader refuses the file.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), ReadError> {
        let converted = match outcome::recognise(text) {
            Some(Format::Dcc) => dcc::read_with(name, text, &self.mappings)?,
            _ => outcome::read(name, text)?,
        };
        self.append(name, converted);
        Ok(())
    }

    /// The same with a digital calibration certificate, whose signature is checked and counts in its
    /// evidence.
    ///
    /// # Errors
    /// When the file is no such certificate, or its reader refuses it.
    pub fn add_certificate(
        &mut self,
        name: &str,
        xml: &str,
        trust: &Trust,
        now: Instant,
    ) -> Result<SignatureOutcome, ReadError> {
        let mut converted = dcc::read_with(name, xml, &self.mappings)?;
        let outcome = check_signature(&mut converted.records, &[], xml, trust, None, now);
        self.append(name, converted);
        Ok(outcome)
    }

    fn append(&mut self, name: &str, converted: Converted) {
        let file = name.to_owned();
        self.unread.push(FileUnread {
            file,
            records: converted.records.len(),
            unread: converted.unread,
        });
        // Files may bring the same organisations and standards; the first one that says so counts.
        let known: HashSet<Id> =
            self.records.iter().map(|(_, _, record)| record.id().clone()).collect();
        for (_, record) in converted.records.into_any() {
            let is_beside = record.collection() != CollectionName::Calibrations;
            let id = record.record().id();
            if !(is_beside && !id.is_label() && known.contains(id)) {
                let position = self.added.entry(record.collection()).or_default();
                self.records.push_any(*position, record);
                *position += 1;
            }
        }
    }

    /// Links the certificates to those that they cite, among the files; what stays open is listed
    /// under the names of all of them.
    pub fn link(&mut self) {
        let Ok(open) = link(&mut self.records, &mut Among(&Records::default()));
        if !open.is_empty() {
            let files: Vec<&str> = self.unread.iter().map(|one| one.file.as_str()).collect();
            self.unread.push(FileUnread { file: files.join(" + "), records: 0, unread: open });
        }
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
