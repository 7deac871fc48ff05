//! Imports of a bundle that is too large to be held.
//!
//! The file is read several times; of a bundle in one document the records are put into a temporary
//! file first, one a line. First from end to end: each record is read on its own, and what
//! is held of it is where it stands, its id, and whom it names ([`Index`]). Then in parts, each
//! checked among the records that it names, wherever these stand. Only when nothing was found wrong
//! the records are written, in parts again, in an order in which none names a later one; history in
//! the order of its times, as one transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;

use deserr::ValuePointerRef;
use serde_json::Value;

use crate::domain::check::{FaultList, LINES, check_part, duplicate_id, leads_back};
use crate::domain::fault::{Fault, Faults};
use crate::domain::id::Id;
use crate::domain::links::Links as _;
use crate::domain::log::{Digest, Digesting, canonical};
use crate::domain::period::Instant;
use crate::domain::records::{AnyRecord, CollectionName, Records};
use crate::domain::text::Text;
use crate::exchange::bundle::lines::{self, Line, Lines};
use crate::exchange::bundle::{Ended, RECORDS, read_each};
use crate::exchange::outcome::ReadError;
use crate::ids;
use crate::store::{Reader, Said, Store, Writer};

use super::super::refusal::Refusal;
use super::super::registry::{Author, Registry, named_beside};
use super::{
    AT_ONCE, Action, Chunk, Failed, Importer, Incoming, Once, Options, Pending, Plan,
    RecordOutcome, Report, Snapshot, Version, base_version, historical_times, in_the_future,
};

/// Records that are checked together.
const PART: usize = 2_000;

/// Labels that are asked for together.
const LABELS: usize = 10_000;

/// In the place of a number: none.
const NONE: u32 = u32::MAX;

/// How far an import has come that goes over its file several times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// So many records are read.
    Read(u64),
    /// So many are checked, of so many.
    Checked(u64, u64),
    /// So many are written, of so many.
    Written(u64, u64),
}

/// After how many records it is told how many are read.
const TOLD: u64 = 1_000;

impl Registry {
    /// Imports a bundle with a record a line without holding it: for whoever holds the database,
    /// however many records it has. What became of each record is told only where it is asked for.
    ///
    /// # Errors
    /// When the file cannot be read, when its records are refused (then nothing of it is kept, or
    /// where others wrote meanwhile nothing of the transaction in which the fault is), or the
    /// database fails.
    pub fn import_lines(
        &self,
        file: &mut (impl Read + Seek),
        options: &Options,
        author: &Author,
        keeps_outcomes: bool,
        told: &mut dyn FnMut(Stage),
    ) -> Result<Report, Failed> {
        let reading = Reading::of_lines(file, told).map_err(|error| unreadable(&error))?;
        self.import_filed(reading, file, options, author, keeps_outcomes, told)
    }

    /// The same of a bundle in one document. Its records are put into the second file, which is
    /// empty: as much again as they take.
    ///
    /// # Errors
    /// The same.
    pub fn import_document(
        &self,
        file: &mut (impl Read + Seek),
        records: &mut (impl Read + Write + Seek),
        options: &Options,
        author: &Author,
        keeps_outcomes: bool,
        told: &mut dyn FnMut(Stage),
    ) -> Result<Report, Failed> {
        let reading = Reading::of_document(file, records, told);
        let reading = reading.map_err(|error| unreadable(&error))?;
        self.import_filed(reading, records, options, author, keeps_outcomes, told)
    }

    fn import_filed(
        &self,
        reading: Reading,
        file: &mut (impl Read + Seek),
        options: &Options,
        author: &Author,
        keeps_outcomes: bool,
        told: &mut dyn FnMut(Stage),
    ) -> Result<Report, Failed> {
        let done = self.import_read(reading, file, options, author, keeps_outcomes, told);
        done.map_err(|failed| match failed {
            Failed::Refused(Refusal::Faults(faults)) => {
                Failed::Refused(Refusal::Faults(lines::placed(faults)))
            }
            other => other,
        })
    }

    fn import_read(
        &self,
        reading: Reading,
        file: &mut (impl Read + Seek),
        options: &Options,
        author: &Author,
        keeps_outcomes: bool,
        told: &mut dyn FnMut(Stage),
    ) -> Result<Report, Failed> {
        if author.principal.is_some() {
            // Who may write what is asked of records that are held; so are those of a request.
            let writers = Text::new("người giữ cơ sở dữ liệu", "whoever holds the database");
            return Err(Failed::Refused(Refusal::NotAllowed { writers }));
        }
        // A bundle is no snapshot: whoever says that it is one is told.
        drop(Snapshot::of("", None, options.snapshot_of.as_ref(), author.now)?);
        let Reading { mut index, mut faults, source, is_whole, document } = reading;
        let prefix = index.prefix;
        let source = options.source.clone().or(source);
        let source = source.unwrap_or_else(|| format!("sha256:{document}"));
        let store = self.store();
        index.resolve(store, &source, &mut faults)?;
        index.find_loops(store, &mut faults)?;
        let mut filed = Filed::new(file, index, source.clone());
        let mut versions = Vec::new();
        if is_whole {
            let until = options.historical.then_some(author.now);
            versions = filed.check(store, until, &mut faults, told)?;
        }
        let has_errors = faults.has_errors();
        let Faults(warnings) = lines::placed(Faults(faults.into_faults()));
        if has_errors {
            return Err(Failed::Refused(Refusal::Faults(Faults(warnings))));
        }
        let before = store.write(|writer| writer.job(&document, &source)).map_err(Refusal::from)?;
        let mut importer = Importer {
            registry: self,
            options,
            author,
            attempt: None,
            source,
            document,
            prefix,
            unread: Vec::new(),
            snapshot: None,
            signature: None,
            text: "",
            described: HashSet::new(),
            at_once: AT_ONCE,
            keeps_outcomes,
        };
        let told = &mut |done, all| told(Stage::Written(done, all));
        let done = match options.historical && store.head().map_err(Refusal::from)?.log_index == 0 {
            true => importer.write_history(&mut filed, versions, warnings, told),
            false => importer.write_all(&mut filed, warnings, before, told),
        };
        match done? {
            Once::Done(report) => Ok(report),
            Once::Replayed(_) => Err(Failed::Refused(Refusal::KeyReused)),
        }
    }
}

fn unreadable(error: &io::Error) -> Failed {
    let message = Text::new(
        format!("không đọc được tệp: {error}"),
        format!("the file cannot be read: {error}"),
    );
    Failed::Unreadable(ReadError { line: None, column: None, message, faults: Vec::new() })
}

/// Where a record stands in the file.
#[derive(Debug, Clone, Copy)]
struct Place {
    offset: u64,
    length: u32,
    /// The number of its line; in one document its position in its collection.
    position: u32,
    collection: CollectionName,
    /// Its own id, by number.
    number: u32,
}

/// What is held of the records of a file. Every id that stands in it has a number, whether it is
/// that of a record of the file or only named.
#[derive(Debug)]
struct Index {
    /// Below which pointer the collections stand.
    prefix: &'static str,
    numbers: HashMap<u128, u32>,
    /// Ids by number; a label by its digest.
    keys: Vec<u128>,
    labels: HashMap<u32, Box<str>>,
    /// The ids that labels stand for, as far as they have one.
    given: HashMap<u32, Id>,
    /// By number: the record of this id, as its place in `records`.
    record_of: Vec<u32>,
    /// By number: whom the record of this id names along the field that must not lead back.
    onward: Vec<u32>,
    /// In the order of the file.
    records: Vec<Place>,
    /// Whom the records name, one record after the other.
    links: Vec<u32>,
    /// Where in `links` those of a record end.
    ends: Vec<usize>,
    /// Ids of records that are there but could not be read.
    broken: HashSet<u32>,
}

/// An id in 16 bytes: a UUIDv7 as it is, a label by the digest of its text, in which the version of
/// a UUID is another.
fn key_of(id: &Id) -> u128 {
    if let Ok(uuid) = uuid::Uuid::try_parse(id.as_str()) {
        return uuid.as_u128();
    }
    let digest = Digest::of(&[id.as_str().as_bytes()]);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_bytes()[..16]);
    bytes[6] = 0x80 | (bytes[6] & 0x0f);
    u128::from_be_bytes(bytes)
}

/// What the first reading of a file gave.
struct Reading {
    index: Index,
    faults: FaultList,
    /// Where the bundle says that it comes from.
    source: Option<String>,
    /// Whether all of it could be read, whatever was wrong with the records.
    is_whole: bool,
    document: Digest,
}

impl Reading {
    fn of_lines(file: &mut (impl Read + Seek), told: &mut dyn FnMut(Stage)) -> io::Result<Self> {
        file.seek(SeekFrom::Start(0))?;
        let (mut index, mut faults) = (Index::new(LINES), FaultList::default());
        let mut lines = Lines::new(BufReader::with_capacity(1 << 20, Digesting::new(file)));
        while let Some(line) = lines.next(&mut faults)? {
            let Line { number: position, offset, length, collection, record } = line;
            let place = Place::new(offset, length, position, collection);
            index.take(place, record, &mut faults, told);
        }
        let (source, is_whole) = (lines.source().map(str::to_owned), lines.is_whole());
        let document = lines.into_input().into_inner().digest();
        Ok(Self { index, faults, source, is_whole, document })
    }

    fn of_document(
        file: &mut (impl Read + Seek),
        records: &mut (impl Read + Write + Seek),
        told: &mut dyn FnMut(Stage),
    ) -> io::Result<Self> {
        file.seek(SeekFrom::Start(0))?;
        let (mut index, mut faults) = (Index::new(RECORDS), FaultList::default());
        let mut found = FaultList::default();
        let mut records = BufWriter::with_capacity(1 << 20, records);
        let mut input = Digesting::new(file);
        let mut offset = 0;
        let mut text = Vec::new();
        let mut written = Ok(());
        let mut take = |collection, position, record: Value| {
            text.clear();
            written = std::mem::replace(&mut written, Ok(())).and_then(|()| {
                lines::write_record(&mut text, collection, &record)?;
                records.write_all(&text)
            });
            let place = Place::new(offset, text.len(), position, collection);
            offset += text.len() as u64;
            index.take(place, record, &mut found, told);
        };
        let buffered = BufReader::with_capacity(1 << 20, &mut input);
        let Ended { source, is_whole } = read_each(buffered, &mut take, &mut faults);
        written?;
        records.flush()?;
        found.into_faults().into_iter().for_each(|fault| faults.push(fault));
        Ok(Self { index, faults, source, is_whole, document: input.digest() })
    }
}

impl Place {
    fn new(offset: u64, length: usize, position: usize, collection: CollectionName) -> Self {
        let number_of = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let (length, position) = (number_of(length), number_of(position));
        Self { offset, length, position, collection, number: NONE }
    }
}

impl Index {
    fn new(prefix: &'static str) -> Self {
        Self {
            prefix,
            numbers: HashMap::new(),
            keys: Vec::new(),
            labels: HashMap::new(),
            given: HashMap::new(),
            record_of: Vec::new(),
            onward: Vec::new(),
            records: Vec::new(),
            links: Vec::new(),
            ends: Vec::new(),
            broken: HashSet::new(),
        }
    }

    fn pointer(&self, place: &Place) -> String {
        format!("{}/{}/{}", self.prefix, place.collection, place.position)
    }

    /// Two records have one id.
    fn twice(&self, place: &Place, id: &Id, other: &Place) -> Fault {
        let line = other.position;
        let other = match self.prefix {
            LINES => Text::new(format!("dòng {line}"), format!("line {line}")),
            _ => Text::new(self.pointer(other), self.pointer(other)),
        };
        duplicate_id(self.pointer(place) + "/id", id, &other)
    }

    /// A record that was there at the first reading of the file.
    fn again(&self, place: &Place, reason: &str) -> Refusal {
        let message = Text::new(
            format!(
                "tệp đã thay đổi trong khi nhập, hoặc không đọc lại được: {reason}; hãy nhập lại"
            ),
            format!(
                "the file has changed meanwhile or cannot be read again: {reason}; import again"
            ),
        );
        let fault = Fault::error(self.pointer(place), "file_changed", message);
        Refusal::Faults(Faults(vec![fault]))
    }

    /// Keeps what has to be held of a record, where it can be read.
    fn take(
        &mut self,
        place: Place,
        record: Value,
        faults: &mut FaultList,
        told: &mut dyn FnMut(Stage),
    ) {
        let id = record.get("id").and_then(Value::as_str).and_then(|id| Id::parse(id).ok());
        match AnyRecord::read(place.collection, record, ValuePointerRef::Origin) {
            Ok(record) => self.add(place, &record, faults),
            Err(Faults(found)) => {
                for mut fault in found {
                    fault.pointer.insert_str(0, &self.pointer(&place));
                    faults.push(fault);
                }
                let number = id.map(|id| self.number(&id));
                self.broken.extend(number);
            }
        }
        let read = self.records.len() as u64;
        if read.is_multiple_of(TOLD) {
            told(Stage::Read(read));
        }
    }

    fn add(&mut self, mut place: Place, record: &AnyRecord, faults: &mut FaultList) {
        let id = record.record().id();
        let number = self.number(id);
        place.number = number;
        if let Some(first) = self.records.get(self.record_of[number as usize] as usize) {
            let fault = self.twice(&place, id, first);
            faults.push(fault);
            return;
        }
        self.record_of[number as usize] = u32::try_from(self.records.len()).unwrap_or(NONE);
        self.records.push(place);
        record.each_link(ValuePointerRef::Origin, &mut |_, _, id| {
            let number = self.number(id);
            self.links.push(number);
        });
        self.ends.push(self.links.len());
        if let Some(id) = record.onward() {
            self.onward[number as usize] = self.number(id);
        }
    }

    /// The number of an id, a new one where it was not met before.
    fn number(&mut self, id: &Id) -> u32 {
        let new = u32::try_from(self.keys.len()).unwrap_or(NONE);
        let key = key_of(id);
        let number = *self.numbers.entry(key).or_insert(new);
        if number == new {
            self.keys.push(key);
            self.record_of.push(NONE);
            self.onward.push(NONE);
            if id.is_label() {
                self.labels.insert(new, id.as_str().into());
            }
        }
        number
    }

    /// The record of an id, as its place in `records`.
    fn record(&self, number: u32) -> Option<usize> {
        let record = self.record_of[number as usize];
        (record != NONE).then_some(record as usize)
    }

    /// The record with this id.
    fn find(&self, id: &Id) -> Option<usize> {
        self.record(*self.numbers.get(&key_of(id))?)
    }

    /// Numbers of those whom a record names.
    fn links(&self, record: usize) -> &[u32] {
        let start = record.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.links[start..self.ends[record]]
    }

    /// An id as it stands in the file.
    fn written(&self, number: u32) -> String {
        match self.labels.get(&number) {
            Some(label) => label.to_string(),
            None => uuid::Uuid::from_u128(self.keys[number as usize]).hyphenated().to_string(),
        }
    }

    /// An id: of a label the one that it was given, as far as it has one.
    fn id(&self, number: u32) -> Option<Id> {
        let given = self.given.get(&number).cloned();
        given.or_else(|| Id::parse(&self.written(number)).ok())
    }

    /// Says for what a label stands.
    ///
    /// # Errors
    /// The two records of the file that are the same then.
    fn give(&mut self, number: u32, id: Id) -> Result<(), (usize, usize)> {
        let key = key_of(&id);
        let other = *self.numbers.entry(key).or_insert(number);
        self.given.insert(number, id);
        match (self.record(number), self.record(other)) {
            (Some(own), Some(others)) if own != others => Err((own, others)),
            (Some(_), None) => {
                self.record_of[other as usize] = self.record_of[number as usize];
                Ok(())
            }
            (None, Some(_)) => {
                self.record_of[number as usize] = self.record_of[other as usize];
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Gives labels the ids that the source's earlier files gave them.
    fn resolve(
        &mut self,
        store: &Store,
        source: &str,
        faults: &mut FaultList,
    ) -> Result<(), Refusal> {
        let labels: Vec<(u32, Box<str>)> =
            self.labels.iter().map(|(number, label)| (*number, label.clone())).collect();
        for labels in labels.chunks(LABELS) {
            let texts = labels.iter().map(|(_, label)| &**label);
            let said = store.write(|writer| writer.said_of(source, texts))?;
            for (number, label) in labels {
                let Some(said) = said.get(&**label) else { continue };
                if let Err((own, other)) = self.give(*number, said.id.clone()) {
                    let (own, other) = (&self.records[own], &self.records[other]);
                    faults.push(self.twice(own, &said.id, other));
                }
            }
        }
        Ok(())
    }

    /// Finds records that lead back to themselves, also by way of records that are stored.
    fn find_loops(&mut self, store: &Store, faults: &mut FaultList) -> Result<(), Refusal> {
        let outside = |index: &Self, number: u32| {
            let is_outside = number != NONE && index.record(number).is_none();
            index.id(number).filter(|id| is_outside && !id.is_label())
        };
        let named = self.onward.iter().filter(|number| **number != NONE);
        let mut wanted: BTreeSet<Id> = named.filter_map(|number| outside(self, *number)).collect();
        let mut asked = HashSet::new();
        while !wanted.is_empty() {
            let stored = store.write(|writer| writer.stored_all(&wanted))?;
            asked.extend(std::mem::take(&mut wanted));
            for stored in stored {
                let record = stored.record()?;
                let Some(next) = record.onward() else { continue };
                let (from, to) = (self.number(&stored.id), self.number(next));
                self.onward[from as usize] = to;
                wanted.extend(outside(self, to).filter(|id| !asked.contains(id)));
            }
        }
        let mut met = vec![NONE; self.keys.len()];
        for record in 0..self.records.len() {
            let walk = u32::try_from(record).unwrap_or(NONE);
            let mut here = self.records[record].number;
            while self.onward[here as usize] != NONE && met[here as usize] == NONE {
                met[here as usize] = walk;
                here = self.next(here);
            }
            if met[here as usize] == walk {
                self.tell_loop(here, faults);
            }
        }
        Ok(())
    }

    /// The id onward from another, as the number of the record where that is of the file.
    fn next(&self, number: u32) -> u32 {
        let next = self.onward[number as usize];
        self.record(next).map_or(next, |record| self.records[record].number)
    }

    fn tell_loop(&self, start: u32, faults: &mut FaultList) {
        let mut here = start;
        loop {
            if let Some(record) = self.record(here) {
                let place = &self.records[record];
                let field = place.collection.onward_field().unwrap_or_default();
                faults.push(leads_back(self.pointer(place), field));
            }
            here = self.next(here);
            if here == start {
                return;
            }
        }
    }

    /// The records in an order in which none names a later one, except in a loop; otherwise that of
    /// the file.
    fn order(&self) -> Vec<u32> {
        let mut order = Vec::with_capacity(self.records.len());
        let mut entered = vec![false; self.records.len()];
        // As those that are held come: one collection after the other.
        let mut starts: Vec<usize> = (0..self.records.len()).collect();
        starts.sort_by_key(|record| self.records[*record].collection);
        for start in starts {
            if std::mem::replace(&mut entered[start], true) {
                continue;
            }
            let mut stack = vec![(start, 0)];
            while let Some((record, next)) = stack.last_mut() {
                match self.links(*record).get(*next) {
                    Some(link) => {
                        *next += 1;
                        if let Some(named) = self.record(*link)
                            && !std::mem::replace(&mut entered[named], true)
                        {
                            stack.push((named, 0));
                        }
                    }
                    None => {
                        order.push(u32::try_from(*record).unwrap_or(NONE));
                        stack.pop();
                    }
                }
            }
        }
        order
    }
}

/// A version of a historical import: when it was recorded, its record and its number.
#[derive(Debug, Clone, Copy)]
struct Recorded {
    at: Instant,
    record: u32,
    version: u32,
}

/// A file whose records are read when they are needed.
struct Filed<'f, F> {
    file: BufReader<&'f mut F>,
    /// Where the file is read next.
    position: u64,
    index: Index,
    source: String,
    /// Records by rank.
    order: Vec<u32>,
    /// Ranks by record.
    ranks: Vec<u32>,
}

impl<'f, F: Read + Seek> Filed<'f, F> {
    fn new(file: &'f mut F, index: Index, source: String) -> Self {
        let order = index.order();
        let mut ranks = vec![0; order.len()];
        for (rank, record) in (0..).zip(&order) {
            ranks[*record as usize] = rank;
        }
        // The first reading ended elsewhere.
        let (file, position) = (BufReader::with_capacity(1 << 18, file), u64::MAX);
        Self { file, position, index, source, order, ranks }
    }

    /// Reads a record again, with the ids that its labels were given.
    fn read(&mut self, record: usize) -> Result<AnyRecord, Refusal> {
        let place = self.index.records[record];
        let text =
            self.text(&place).map_err(|error| self.index.again(&place, &error.to_string()))?;
        let mut line: BTreeMap<String, Value> = serde_json::from_slice(&text)
            .map_err(|error| self.index.again(&place, &error.to_string()))?;
        let value = line.remove(place.collection.as_str()).unwrap_or_default();
        let read = AnyRecord::read(place.collection, value, ValuePointerRef::Origin);
        let mut read = read.map_err(|_| self.index.again(&place, "the record is another"))?;
        if key_of(read.record().id()) != self.index.keys[place.number as usize] {
            return Err(self.index.again(&place, "the record is another"));
        }
        let index = &self.index;
        if !index.given.is_empty() {
            read.map_ids(&mut |id| {
                let number = id.is_label().then(|| index.numbers.get(&key_of(id))).flatten();
                if let Some(given) = number.and_then(|number| index.given.get(number)) {
                    *id = given.clone();
                }
            });
        }
        Ok(read)
    }

    fn text(&mut self, place: &Place) -> io::Result<Vec<u8>> {
        match place.offset.checked_sub(self.position).and_then(|ahead| i64::try_from(ahead).ok()) {
            Some(ahead) => self.file.seek_relative(ahead)?,
            None => {
                self.file.seek(SeekFrom::Start(place.offset))?;
            }
        }
        let mut text = vec![0; place.length as usize];
        self.file.read_exact(&mut text)?;
        self.position = place.offset + u64::from(place.length);
        Ok(text)
    }

    /// Checks all records, part by part. Of a history, where the time now is given, it says when
    /// which version was recorded.
    fn check(
        &mut self,
        store: &Store,
        history_until: Option<Instant>,
        faults: &mut FaultList,
        told: &mut dyn FnMut(Stage),
    ) -> Result<Vec<Recorded>, Refusal> {
        let mut versions = Vec::new();
        let count = self.index.records.len();
        for start in (0..count).step_by(PART) {
            let part = start..(start + PART).min(count);
            let mut records = Records::default();
            let (mut named, mut broken) = (BTreeSet::new(), HashSet::new());
            for record in part.clone() {
                let read = self.read(record)?;
                if let Some(now) = history_until {
                    let times = historical_times(&read, &read.body());
                    if let Some(late) = times.last().filter(|time| **time > now) {
                        let place = self.index.pointer(&self.index.records[record]);
                        faults.push(in_the_future(place, *late));
                    }
                    let record = u32::try_from(record).unwrap_or(NONE);
                    let times = (1..).zip(times);
                    versions.extend(times.map(|(version, at)| Recorded { at, record, version }));
                }
                for link in self.index.links(record) {
                    match self.index.record(*link) {
                        Some(other) if !part.contains(&other) => drop(named.insert(other)),
                        None if self.index.broken.contains(link) => {
                            broken.extend(self.index.id(*link));
                        }
                        _ => {}
                    }
                }
                records.push_any(self.index.records[record].position as usize, read);
            }
            let of_the_set = |id: &Id| self.index.find(id).is_some();
            let stored = store
                .write(|writer| named_beside(writer, &records, &of_the_set, &Reader::Everything))?;
            let mut accepted = stored.seen;
            for record in named {
                let read = self.read(record)?;
                accepted.push_any(self.index.records[record].position as usize, read);
            }
            check_part(self.index.prefix, &records, &accepted, &broken, faults);
            told(Stage::Checked(part.end as u64, count as u64));
        }
        versions.sort_by_key(|version| (version.at, self.ranks[version.record as usize]));
        Ok(versions)
    }

    /// Records on their way, in the order asked for. Labels that have no id yet are given one.
    fn incoming(
        &mut self,
        writer: &mut Writer<'_>,
        records: &[u32],
    ) -> Result<Vec<Incoming>, Refusal> {
        let mut labels = BTreeSet::new();
        for record in records {
            let record = *record as usize;
            let own = self.index.records[record].number;
            let met = self.index.links(record).iter().copied().chain([own]);
            labels.extend(met.filter(|number| {
                self.index.labels.contains_key(number) && !self.index.given.contains_key(number)
            }));
        }
        let texts: Vec<String> = labels.iter().map(|number| self.index.written(*number)).collect();
        let said = writer.said_of(&self.source, texts.iter().map(String::as_str))?;
        for (number, text) in labels.into_iter().zip(texts) {
            let id = said.get(&text).map_or_else(ids::new_id, |said| said.id.clone());
            if let Err((own, other)) = self.index.give(number, id.clone()) {
                let places = &self.index.records;
                let fault = self.index.twice(&places[own], &id, &places[other]);
                return Err(Refusal::Faults(Faults(vec![fault])));
            }
        }
        // In the order of the file, which is how a disk is read best.
        let mut sorted: Vec<usize> = (0..records.len()).collect();
        sorted.sort_unstable_by_key(|at| records[*at]);
        let mut incoming: Vec<Option<Incoming>> = Vec::new();
        incoming.resize_with(records.len(), || None);
        for at in sorted {
            let record = self.read(records[at] as usize)?;
            let place = self.index.records[records[at] as usize];
            let (position, name) = (place.position as usize, self.index.written(place.number));
            incoming[at] = Some(Incoming {
                position,
                name,
                base: base_version(&record),
                record,
                merged: None,
            });
        }
        Ok(incoming.into_iter().flatten().collect())
    }
}

impl<F: Read + Seek> Plan for Filed<'_, F> {
    fn count(&self) -> usize {
        self.order.len()
    }

    fn part(
        &mut self,
        writer: &mut Writer<'_>,
        ranks: Range<usize>,
    ) -> Result<Vec<Incoming>, Refusal> {
        let records = self.order[ranks].to_vec();
        self.incoming(writer, &records)
    }

    fn rank(&self, id: &Id) -> Option<usize> {
        self.index.find(id).map(|record| self.ranks[record] as usize)
    }

    fn collection(&self, rank: usize) -> CollectionName {
        self.index.records[self.order[rank] as usize].collection
    }

    fn label(&self, rank: usize) -> Option<&str> {
        let number = self.index.records[self.order[rank] as usize].number;
        self.index.labels.get(&number).map(|label| &**label)
    }
}

impl Importer<'_> {
    /// Writes history into an empty registry, in the order of its times, as one transaction.
    fn write_history<F: Read + Seek>(
        &mut self,
        filed: &mut Filed<'_, F>,
        versions: Vec<Recorded>,
        warnings: Vec<Fault>,
        told: &mut dyn FnMut(u64, u64),
    ) -> Result<Once, Refusal> {
        let store = self.registry.store();
        let all = filed.count() as u64;
        let mut report = self.begun(all, warnings)?;
        told(0, all);
        let written = store.write(|writer| {
            let entries = writer.head().log_index;
            if entries > 0 {
                return Err(super::Ended::Refused(Refusal::NotEmpty { entries }));
            }
            let mut done = Chunk::default();
            for part in versions.chunks(AT_ONCE) {
                let outcomes = self.history_part(writer, filed, part)?;
                done.job.done += outcomes.len() as u64;
                done.job.created = done.job.done;
                if self.keeps_outcomes {
                    done.outcomes.extend(outcomes);
                }
                told(done.job.done, all);
            }
            done.log_index = writer.head().log_index;
            match self.options.dry_run {
                true => Err(super::Ended::Dry(done)),
                false => Ok(done),
            }
        });
        match written {
            Ok(done) | Err(super::Ended::Dry(done)) => report.take(done),
            Err(super::Ended::Replayed(value)) => return Ok(Once::Replayed(value)),
            Err(super::Ended::Refused(refusal)) => return Err(refusal),
        }
        if !self.options.dry_run {
            // What is imported is imported, whether the counting succeeds or not.
            drop(store.analyze());
        }
        Ok(Once::Done(report))
    }

    /// Some versions of a history; says what became of the records that begin among them.
    fn history_part<F: Read + Seek>(
        &self,
        writer: &mut Writer<'_>,
        filed: &mut Filed<'_, F>,
        part: &[Recorded],
    ) -> Result<Vec<RecordOutcome>, super::Ended> {
        let records: Vec<u32> = part.iter().map(|version| version.record).collect();
        let records: Vec<u32> = BTreeSet::from_iter(records).into_iter().collect();
        let incoming = filed.incoming(writer, &records)?;
        let at_of: HashMap<u32, usize> = records.iter().copied().zip(0..).collect();
        let (mut pending, mut outcomes, mut remembered) = (Vec::new(), Vec::new(), Vec::new());
        for &Recorded { at: time, record, version } in part {
            let at = at_of[&record];
            pending.push(Version { incoming: at, version, content: Pending::Known(time) });
            if version > 1 {
                continue;
            }
            let one = &incoming[at];
            let (id, body) = (one.record.record().id(), one.record.body());
            let versions = historical_times(&one.record, &body).len();
            let version = u32::try_from(versions).unwrap_or(u32::MAX);
            let said_sha256 = one.said(&canonical(&body));
            remembered.push((one.name.clone(), Said { id: id.clone(), version, said_sha256 }));
            outcomes.push(RecordOutcome {
                collection: one.record.collection(),
                position: one.position,
                label: one.is_labelled().then(|| one.name.clone()),
                id: id.clone(),
                action: Action::Created,
                version,
            });
        }
        writer.identify(outcomes.iter().map(|outcome| (&outcome.id, outcome.collection)))?;
        let written = pending.iter().map(|version| &incoming[version.incoming].record);
        // All of the file is this transaction's, so that no label is left to a later one.
        self.identify_named(writer, written, filed, filed.count())?;
        self.append(writer, pending, &incoming)?;
        writer.remember(&self.source, &remembered)?;
        Ok(outcomes)
    }
}
