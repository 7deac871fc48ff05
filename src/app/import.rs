//! Many records at once: a bundle, or what `exchange` reads of somebody else's file, into the
//! registry.
//!
//! Up to [`AT_ONCE`] records are one transaction, all or nothing. More are a job of such
//! transactions, each of which also notes how far the job came: the same command goes on where it
//! was cut off. Records come in an order in which none names a later one, so what is there at any
//! time stands on its own.
//!
//! A bundle may call its records by labels. The registry gives each an id and remembers, for the
//! bundle's source, the label, the id and what was said: the same file twice changes nothing, and
//! a later edition of the file amends what it changes, unless somebody else amended it meanwhile.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;

use deserr::ValuePointerRef;
use serde_json::Value;

use crate::domain::calibration::Calibration;
use crate::domain::fault::{Fault, Faults, Gravity};
use crate::domain::id::Id;
use crate::domain::identity::Role;
use crate::domain::links::Links as _;
use crate::domain::log::{self, Digest, Draft, Operation};
use crate::domain::nonconformity::Nonconformity;
use crate::domain::period::Instant;
use crate::domain::records::{AnyRecord, CollectionName, Records};
use crate::domain::text::Text;
use crate::exchange::bundle::{self, Unchecked, lines};
use crate::exchange::compressed::{self, Packing};
use crate::exchange::dcc::{self, Mapping};
use crate::exchange::kcdb::answer::Scope;
use crate::exchange::outcome::{self, Format, ReadError, Unread};
use crate::exchange::signature::SignatureOutcome;
use crate::ids;
use crate::store::{Job, Said, StoreError, Stored, Writer};

use super::access::{self, Act, Facts, Principal};
use super::cases;
use super::history;
use super::idempotency::{self, Answered, Attempt};
use super::linking;
use super::received;
use super::refusal::Refusal;
use super::registry::{Author, Registry, named_by, parsed};
use super::snapshot::{Listed, Merged, Snapshot};

mod filed;

pub use filed::Stage;

/// Most records of one transaction: some seconds of work, during which other writers wait.
pub const AT_ONCE: usize = 10_000;

/// Records written after which the database counts its tables anew.
const WORTH_COUNTING: u64 = 1_000;

/// How an import is made.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Whose file it is; overrides what the bundle says. A file that does not say so either is its
    /// own source: an edited one is then another.
    pub source: Option<String>,
    /// Only say what would happen.
    pub dry_run: bool,
    /// Records keep the `recorded_at` that they carry; for an empty registry.
    pub historical: bool,
    /// The part of the KCDB that the file covers wholly, as of today: what it does not list there is
    /// not published any more.
    pub snapshot_of: Option<Scope>,
    /// A time at which signatures of certificates are known to have existed.
    pub signatures_at: Option<Instant>,
    /// What digital calibration certificates of laboratories mean by names.
    pub mappings: Vec<Mapping>,
}

vocabulary! {
    /// What an import does with a record.
    Action {
        /// It is new.
        Created = "created",
        /// It has a new version.
        Amended = "amended",
        /// It is as it was.
        Unchanged = "unchanged",
    }
}

answer! {
    /// What became of one record of the file.
    #[derive(PartialEq, Eq)]
    RecordOutcome {
        /// Its collection.
        collection: CollectionName,
        /// Its position there; in a file with a record a line its line.
        position: usize,
        /// Its label in the file.
        #[serde(skip_serializing_if = "Option::is_none")]
        label: Option<String>,
        /// Its id in the registry.
        id: Id,
        /// What was done.
        action: Action,
        /// Its version now.
        version: u32,
    }
}

answer! {
    /// What came of an import.
    Report {
        /// Under which source labels are remembered.
        source: String,
        /// Whether nothing was written on purpose.
        dry_run: bool,
        /// Records of the file.
        records: u64,
        /// New ones.
        created: u64,
        /// Changed ones.
        amended: u64,
        /// Those that are as they were.
        unchanged: u64,
        /// Records done by an earlier run of the same job; they are counted above.
        done_before: u64,
        /// The log's last index afterwards.
        log_index: u64,
        /// What was noticed; the rules of the catalogue judge it.
        warnings: Vec<Fault>,
        /// What came of checking the signature of a digital calibration certificate.
        #[serde(skip_serializing_if = "Option::is_none")]
        signature: Option<SignatureOutcome>,
        /// Parts of a foreign file that are not in the records.
        unread: Vec<Unread>,
        /// Record by record, in the order of the file; those done before are left out.
        outcomes: Vec<RecordOutcome>,
    }
}

impl Report {
    /// Adds what a transaction did.
    fn take(&mut self, done: Chunk) {
        self.created = done.job.created;
        self.amended = done.job.amended;
        self.unchanged = done.job.unchanged;
        self.log_index = done.log_index;
        self.outcomes.extend(done.outcomes);
        self.outcomes.sort_by_key(|outcome| (outcome.collection, outcome.position));
    }
}

/// Why a file could not be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failed {
    /// The file is of no known format, or its reader refuses it.
    Unreadable(ReadError),
    /// Its records are refused.
    Refused(Refusal),
}

impl Failed {
    /// With the faults of a file with a record a line on their lines.
    fn placed(self) -> Self {
        match self {
            Self::Refused(Refusal::Faults(faults)) => {
                Self::Refused(Refusal::Faults(lines::placed(faults)))
            }
            other => other,
        }
    }
}

/// The text of a file that came compressed, and of a workbook its cells; none where it is plain.
///
/// # Errors
/// When the data are damaged, hold more than so many bytes, or are no UTF-8 text.
pub fn inflated(bytes: &[u8], most: u64) -> Result<Option<String>, Failed> {
    let is_packed = Packing::of(bytes).is_some() || compressed::is_workbook(bytes);
    let text = is_packed.then(|| compressed::text_within(bytes.to_vec(), most));
    text.transpose().map_err(Failed::Unreadable)
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Why a transaction of an import ends without keeping anything.
enum Ended {
    Refused(Refusal),
    /// The same request was answered before.
    Replayed(Value),
    /// On purpose: only the outcome was asked for.
    Dry(Chunk),
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Refusal> for Ended {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What a transaction did.
#[derive(Debug, Clone, Default)]
struct Chunk {
    outcomes: Vec<RecordOutcome>,
    job: Job,
    log_index: u64,
}

impl Registry {
    /// Imports a file. `told` hears how many records are done.
    ///
    /// # Errors
    /// When no reader knows the file, when its records are refused (then nothing of it is kept, or
    /// of a large one nothing of the transaction in which the fault is), or the database fails.
    pub fn import(
        &self,
        name: &str,
        text: &str,
        options: &Options,
        author: &Author,
        told: &mut dyn FnMut(u64, u64),
    ) -> Result<Report, Failed> {
        match self.import_once(name, text, options, author, None, told)? {
            Once::Done(report) => Ok(*report),
            Once::Replayed(_) => Err(Failed::Refused(Refusal::KeyReused)),
        }
    }

    /// The same for somebody who may send it twice: the report, as JSON. An import of several
    /// transactions keeps no answer: it goes on by its file.
    ///
    /// # Errors
    /// The same, or that the key of the request was used for another.
    pub fn import_answered(
        &self,
        name: &str,
        text: &str,
        options: &Options,
        author: &Author,
        attempt: Option<&Attempt>,
        told: &mut dyn FnMut(u64, u64),
    ) -> Result<Answered, Failed> {
        Ok(match self.import_once(name, text, options, author, attempt, told)? {
            Once::Done(report) => {
                let value = serde_json::to_value(&report).unwrap_or_default();
                Answered { value, replayed: false }
            }
            Once::Replayed(value) => Answered { value, replayed: true },
        })
    }

    fn import_once(
        &self,
        name: &str,
        text: &str,
        options: &Options,
        author: &Author,
        attempt: Option<&Attempt>,
        told: &mut dyn FnMut(u64, u64),
    ) -> Result<Once, Failed> {
        if let Some(attempt) = attempt
            && let Some(value) = self.replayed(attempt, author.now)?
        {
            return Ok(Once::Replayed(value));
        }
        let mut signature = None;
        let format = outcome::recognise(text);
        let (unchecked, unread) = match format {
            None => (bundle::read(text), Vec::new()),
            Some(format) => {
                // The name goes into the labels. Where the file is a source of its own they are
                // the same whatever it is called; in another it keeps files apart. A register has
                // codes of its own, which are the same in all of its files.
                let keeps_apart = options.source.is_some() && !format.is_register();
                let name = if keeps_apart { name } else { "file" };
                let converted = match format {
                    Format::Dcc => dcc::read_with(name, text, &options.mappings),
                    _ => outcome::read(name, text),
                };
                let mut converted = converted.map_err(Failed::Unreadable)?;
                if format == Format::Dcc {
                    let at = options.signatures_at;
                    signature = Some(self.receive(&mut converted, text, at, author)?);
                }
                (Unchecked::from(converted.records), converted.unread)
            }
        };
        let snapshot = Snapshot::of(text, format, options.snapshot_of.as_ref(), author.now)?;
        let document = Digest::of(&[text.as_bytes()]);
        let named = options.source.clone().or_else(|| unchecked.source().map(str::to_owned));
        let source = named.unwrap_or_else(|| format!("sha256:{document}"));
        let source = match &author.principal {
            // The labels of one organisation mean nothing in another's files.
            Some(principal) => format!("{}:{source}", principal.organisation),
            None => source,
        };
        let prefix = unchecked.prefix();
        let described = outcome::described(text);
        let mut importer = Importer {
            registry: self,
            options,
            author,
            attempt,
            source,
            document,
            prefix,
            text,
            described,
            unread,
            snapshot,
            signature,
            // History is one transaction whatever its size: its entries stand in the order of time,
            // not of records.
            at_once: if options.historical { usize::MAX } else { AT_ONCE },
            keeps_outcomes: true,
        };
        let placed = |failed: Failed| match failed.placed() {
            Failed::Refused(Refusal::Faults(Faults(faults))) => {
                Failed::Refused(Refusal::Faults(Faults(outcome::placed(text, faults))))
            }
            other => other,
        };
        importer.run(unchecked, told).map_err(|refusal| placed(refusal.into()))
    }
}

/// What came of an import that may have come before.
enum Once {
    Done(Box<Report>),
    Replayed(Value),
}

struct Importer<'a> {
    registry: &'a Registry,
    options: &'a Options,
    author: &'a Author,
    attempt: Option<&'a Attempt>,
    source: String,
    document: Digest,
    /// Below which pointer the collections stand.
    prefix: &'static str,
    text: &'a str,
    /// Labels of records that are left as they are where the registry has them.
    described: HashSet<Id>,
    unread: Vec<Unread>,
    snapshot: Option<Snapshot>,
    signature: Option<SignatureOutcome>,
    /// Records of one transaction.
    at_once: usize,
    /// Whether it is told what became of each record.
    keeps_outcomes: bool,
}

/// A record of the file on its way.
struct Incoming {
    position: usize,
    record: AnyRecord,
    /// Its label, or its id, as the source calls it.
    name: String,
    /// The version that the file says it was made from.
    base: Option<u32>,
    /// What the source says, where that is not all of the record: it was put to what there was.
    merged: Option<Digest>,
}

/// The records of the file in the order in which they are written: none names a later one, except in
/// a loop.
trait Plan {
    /// How many there are.
    fn count(&self) -> usize;

    /// Records by their ranks, each of which is asked for once.
    fn part(
        &mut self,
        writer: &mut Writer<'_>,
        ranks: Range<usize>,
    ) -> Result<Vec<Incoming>, Refusal>;

    /// Where in the order a record comes; none where it is not of the file.
    fn rank(&self, id: &Id) -> Option<usize>;

    /// The collection of a record, by its rank.
    fn collection(&self, rank: usize) -> CollectionName;

    /// The label of a record that was not asked for yet, by its rank.
    fn label(&self, rank: usize) -> Option<&str>;
}

/// Records that are held until they are written.
struct Held {
    /// By rank; one that was asked for is gone.
    incoming: Vec<Option<Incoming>>,
    collections: Vec<CollectionName>,
    ranks: HashMap<Id, usize>,
}

impl Held {
    fn new(incoming: Vec<Incoming>) -> Self {
        let order = dependencies_first(&incoming);
        let mut incoming: Vec<_> = incoming.into_iter().map(Some).collect();
        let incoming: Vec<_> = order.into_iter().map(|at| incoming[at].take()).collect();
        let records = || incoming.iter().flatten().map(|one| &one.record);
        let ranks = records().map(|record| record.record().id().clone()).zip(0..).collect();
        let collections = records().map(AnyRecord::collection).collect();
        Self { incoming, collections, ranks }
    }
}

impl Plan for Held {
    fn count(&self) -> usize {
        self.incoming.len()
    }

    fn part(&mut self, _: &mut Writer<'_>, ranks: Range<usize>) -> Result<Vec<Incoming>, Refusal> {
        Ok(self.incoming[ranks].iter_mut().filter_map(Option::take).collect())
    }

    fn rank(&self, id: &Id) -> Option<usize> {
        self.ranks.get(id).copied()
    }

    fn collection(&self, rank: usize) -> CollectionName {
        self.collections[rank]
    }

    fn label(&self, rank: usize) -> Option<&str> {
        let one = self.incoming[rank].as_ref().filter(|one| one.is_labelled());
        one.map(|one| one.name.as_str())
    }
}

impl Importer<'_> {
    fn run(
        &mut self,
        mut unchecked: Unchecked,
        told: &mut dyn FnMut(u64, u64),
    ) -> Result<Once, Refusal> {
        let store = self.registry.store();
        // Reading what the file names, and what its source said, is a transaction of its own: the
        // check of a large file takes longer than others should wait.
        let (named, said, labels, before) = store.write(|writer| {
            let said = writer.said(&self.source)?;
            let labels = known_by_id(&mut unchecked, &said);
            let named = named_by(writer, unchecked.records(), &self.author.reader())?;
            let before = writer.job(&self.document, &self.source)?;
            Ok::<_, Refusal>((named, said, labels, before))
        })?;
        let checked = unchecked.check(&named.seen, named.unseen)?;
        let mut warnings = outcome::placed(self.text, checked.warnings);
        let mut incoming = incoming(checked.records, &labels);
        let names = new_ids(&incoming);
        for one in &mut incoming {
            one.record.map_ids(&mut |id| {
                if let Some(given) = names.get(id.as_str()) {
                    *id = given.clone();
                }
            });
        }
        if let Some(snapshot) = self.snapshot.as_ref().filter(|_| !self.options.historical) {
            let (merged, noticed) =
                store.write(|writer| snapshot.merge(writer, listed(&incoming), &said))?;
            incoming = merged.into_iter().map(Incoming::from).collect();
            warnings.extend(noticed);
        }
        if let Some(principal) = &self.author.principal {
            self.permit(&mut incoming, principal)?;
        }
        self.write_all(&mut Held::new(incoming), warnings, before, told)
    }

    /// The report of an import of which nothing is done yet.
    fn begun(&mut self, records: u64, warnings: Vec<Fault>) -> Result<Report, Refusal> {
        Ok(Report {
            source: self.source.clone(),
            dry_run: self.options.dry_run,
            records,
            created: 0,
            amended: 0,
            unchanged: 0,
            done_before: 0,
            log_index: self.registry.store().head()?.log_index,
            warnings,
            signature: self.signature.take(),
            unread: std::mem::take(&mut self.unread),
            outcomes: Vec::new(),
        })
    }

    /// Writes the records of a plan, transaction by transaction.
    fn write_all(
        &mut self,
        plan: &mut dyn Plan,
        warnings: Vec<Fault>,
        before: Option<Job>,
        told: &mut dyn FnMut(u64, u64),
    ) -> Result<Once, Refusal> {
        let store = self.registry.store();
        let all = plan.count() as u64;
        let resumed = before.filter(|job| job.records == all && job.done < all);
        let mut job = resumed.unwrap_or(Job { records: all, ..Job::default() });
        let done_before = job.done;
        let (created, amended, unchanged) = (job.created, job.amended, job.unchanged);
        let report = self.begun(all, warnings)?;
        let mut report = Report { created, amended, unchanged, done_before, ..report };
        told(job.done, all);
        let mut counted = job.done;
        while job.done < all {
            let attempt = self.attempt.filter(|_| all <= self.at_once as u64);
            let written = store.write(|writer| {
                if let Some(attempt) = attempt
                    && let Some(value) = idempotency::replayed(writer, attempt, self.author.now)?
                {
                    return Err(Ended::Replayed(value));
                }
                let done = self.chunk(writer, plan, job)?;
                if all > self.at_once as u64 {
                    writer.note_job(&self.document, &self.source, done.job, self.author.now)?;
                }
                if self.options.dry_run {
                    return Err(Ended::Dry(done));
                }
                if let Some(attempt) = attempt {
                    let mut report = report.clone();
                    report.take(done.clone());
                    let answer = serde_json::to_string(&report).unwrap_or_default();
                    writer.keep_reply(attempt, &answer, self.author.now)?;
                }
                Ok(done)
            });
            let mut done = match written {
                Ok(done) | Err(Ended::Dry(done)) => done,
                Err(Ended::Replayed(value)) => return Ok(Once::Replayed(value)),
                Err(Ended::Refused(refusal)) => return Err(refusal),
            };
            job = done.job;
            if !self.keeps_outcomes {
                done.outcomes.clear();
            }
            report.take(done);
            told(job.done, all);
            // A job fills the tables faster than the database counts them by itself, and with no
            // idea of what is in them it reads all of them for each of the next transactions.
            if job.done < all && job.done >= 2 * counted {
                drop(store.analyze());
                counted = job.done;
            }
        }
        if !self.options.dry_run && job.created + job.amended >= WORTH_COUNTING {
            // What is imported is imported, whether the counting succeeds or not.
            drop(store.analyze());
        }
        Ok(Once::Done(Box::new(report)))
    }

    /// Whether somebody may write each record that would change, and how well it is evidenced then.
    ///
    /// # Errors
    /// The records that they may not write, or that there are too many for one transaction.
    fn permit(&self, incoming: &mut [Incoming], principal: &Principal) -> Result<(), Refusal> {
        let is_operator = principal.is(Role::Operator);
        if incoming.len() > AT_ONCE && !is_operator {
            let message = Text::new(
                format!("một lần nhập có nhiều nhất {AT_ONCE} bản ghi; hãy chia tệp"),
                format!("an import has at most {AT_ONCE} records; split the file"),
            );
            return Err(Refusal::fault(self.prefix, "too_many_records", message));
        }
        let reader = principal.reader();
        if self.signature.is_none() {
            self.keep_signatures(incoming)?;
        }
        let levels = self.registry.store().write(|writer| {
            let arriving: HashMap<&Id, &AnyRecord> =
                incoming.iter().map(|one| (one.record.record().id(), &one.record)).collect();
            let ids = arriving.keys().copied();
            let stored: HashMap<Id, AnyRecord> = writer
                .stored_all(ids)?
                .iter()
                .map(|stored| Ok((stored.id.clone(), stored.record()?)))
                .collect::<Result<_, StoreError>>()?;
            let mut levels = Vec::with_capacity(incoming.len());
            let mut faults = Vec::new();
            for one in &*incoming {
                let (collection, id) = (one.record.collection(), one.record.record().id());
                let before = stored.get(id);
                if before.is_some() && self.is_described(one) {
                    // It stays as it is.
                    levels.push(None);
                    continue;
                }
                if before.is_some_and(|before| before.body() == one.record.body())
                    && (!collection.is_confidential()
                        || writer.is_visible(collection, id, &reader)?)
                {
                    // Nothing changes, so that everybody may say it who may know of it.
                    levels.push(None);
                    continue;
                }
                if collection == CollectionName::Attestations {
                    let message = Text::new(
                        "lời xác nhận được gửi riêng từng cái: POST /api/v1/attestations",
                        "statements are made one at a time: POST /api/v1/attestations",
                    );
                    faults.push(Fault::error(self.place(one), "not_allowed", message));
                    continue;
                }
                let act = if before.is_some() { Act::Amend } else { Act::Create };
                let written = access::Written { act, record: &one.record, before };
                let mut facts = Facts::arriving(writer, &arriving);
                match access::permit(&mut facts, principal, &written) {
                    Ok(level) => levels.push(level),
                    Err(refusal @ (Refusal::NotAllowed { .. } | Refusal::Unknown { .. })) => {
                        faults.push(Fault::error(self.place(one), "not_allowed", refusal.text()));
                    }
                    Err(other) => return Err(other),
                }
            }
            match faults.is_empty() {
                true => Ok(levels),
                false => Err(Refusal::Faults(Faults(faults))),
            }
        })?;
        for (one, level) in incoming.iter_mut().zip(levels) {
            if let Some(level) = level {
                let level = match &one.record {
                    AnyRecord::Calibrations(one) if self.signature.is_some() => {
                        received::evidenced(level, one)
                    }
                    AnyRecord::Calibrations(one) => received::doubted(level, one),
                    _ => level,
                };
                one.record.record_mut().set_evidence(Some(level), None);
            }
        }
        Ok(())
    }

    /// What a bundle says of signatures does not count (rule D-07).
    fn keep_signatures(&self, incoming: &mut [Incoming]) -> Result<(), Refusal> {
        let mut signed: Vec<&mut Calibration> = incoming
            .iter_mut()
            .filter_map(|one| match &mut one.record {
                AnyRecord::Calibrations(calibration) => Some(&mut **calibration),
                _ => None,
            })
            .filter(|calibration| calibration.document.is_some())
            .collect();
        if signed.is_empty() {
            return Ok(());
        }
        let ids: BTreeSet<Id> = signed.iter().map(|calibration| calibration.id.clone()).collect();
        let stored = self.registry.store().write(|writer| writer.stored_all(&ids))?;
        let stored: HashMap<Id, AnyRecord> = stored
            .iter()
            .map(|stored| Ok((stored.id.clone(), stored.record()?)))
            .collect::<Result<_, StoreError>>()?;
        for calibration in &mut signed {
            let before = stored.get(&calibration.id).and_then(AnyRecord::as_calibration);
            received::keep_signature(calibration, before);
        }
        Ok(())
    }

    /// Whether the file only describes a record, for a registry that does not have it.
    fn is_described(&self, one: &Incoming) -> bool {
        Id::parse(&one.name).is_ok_and(|name| self.described.contains(&name))
    }

    /// One transaction's worth of records.
    fn chunk(
        &self,
        writer: &mut Writer<'_>,
        plan: &mut dyn Plan,
        mut job: Job,
    ) -> Result<Chunk, Ended> {
        let first = usize::try_from(job.done).unwrap_or(usize::MAX);
        let end = first.saturating_add(self.at_once).min(plan.count());
        let incoming = &plan.part(writer, first..end)?[..];
        let said = writer.said_of(&self.source, incoming.iter().map(|one| one.name.as_str()))?;
        let ids = incoming.iter().map(|one| one.record.record().id());
        let stored: HashMap<Id, Stored> =
            writer.stored_all(ids)?.into_iter().map(|one| (one.id.clone(), one)).collect();
        let now = self.author.now.max(writer.head().recorded_at);
        let mut faults = Vec::new();
        let mut outcomes = Vec::with_capacity(incoming.len());
        let mut remembered = Vec::new();
        let mut pending: Vec<Version> = Vec::new();
        for (at, one) in incoming.iter().enumerate() {
            let id = one.record.record().id();
            let body = one.record.body();
            let text = log::canonical(&body);
            let said_sha256 = one.said(&text);
            let said = said.get(&one.name);
            let as_before = said.is_some_and(|said| said.said_sha256 == said_sha256);
            let known = Known { said, as_before, stored: stored.get(id), now };
            let (action, versions) = match self.step(one, body, text, &known) {
                Ok(step) => step,
                Err(mut found) => {
                    faults.append(&mut found);
                    continue;
                }
            };
            let before = known.stored.map_or(0, |stored| stored.version);
            let version = before + u32::try_from(versions.len()).unwrap_or(u32::MAX);
            match action {
                Action::Created => job.created += 1,
                Action::Amended => job.amended += 1,
                Action::Unchanged => job.unchanged += 1,
            }
            if !as_before || action != Action::Unchanged {
                // Statuses put to what others wrote are not made from what the source said.
                let others = said.filter(|said| as_before && said.version != before);
                let version = others.map_or(version, |said| said.version);
                let said = Said { id: id.clone(), version, said_sha256 };
                remembered.push((one.name.clone(), said));
            }
            outcomes.push(RecordOutcome {
                collection: one.record.collection(),
                position: one.position,
                label: one.is_labelled().then(|| one.name.clone()),
                id: id.clone(),
                action,
                version,
            });
            for (version, content) in (before + 1..).zip(versions) {
                pending.push(Version { incoming: at, version, content });
            }
        }
        if !faults.is_empty() {
            return Err(Ended::Refused(Refusal::Faults(Faults(faults))));
        }
        if self.options.historical {
            let entries = writer.head().log_index;
            if entries > 0 && !pending.is_empty() {
                return Err(Ended::Refused(Refusal::NotEmpty { entries }));
            }
            self.refuse_the_future(&pending, incoming)?;
            pending.sort_by_key(|version| match version.content {
                Pending::Known(time) => time,
                Pending::Now(_) => now,
            });
        }
        let new = outcomes.iter().filter(|outcome| outcome.action == Action::Created);
        writer.identify(new.map(|outcome| (&outcome.id, outcome.collection)))?;
        let versions = pending.iter().map(|version| &incoming[version.incoming].record);
        remembered.extend(self.identify_named(writer, versions, plan, end)?);
        let cases = cases_of(&pending, incoming, &stored)?;
        self.append(writer, pending, incoming)?;
        self.check_cases(writer, &cases)?;
        writer.remember(&self.source, &remembered)?;
        job.done += incoming.len() as u64;
        Ok(Chunk { outcomes, job, log_index: writer.head().log_index })
    }

    /// What was recorded cannot lie in the future: it would set the time of every later write.
    fn refuse_the_future(&self, pending: &[Version], incoming: &[Incoming]) -> Result<(), Ended> {
        let now = self.author.now;
        let too_late = pending.iter().filter_map(|version| match version.content {
            Pending::Known(time) if time > now => Some((version.incoming, time)),
            _ => None,
        });
        let fault = |(at, time): (usize, Instant)| in_the_future(self.place(&incoming[at]), time);
        let faults: Vec<Fault> = too_late.map(fault).collect();
        match faults.is_empty() {
            true => Ok(()),
            false => Err(Ended::Refused(Refusal::Faults(Faults(faults)))),
        }
    }

    /// Gives an identity to the records that are named before they come: in a loop, or recorded
    /// later. Those of later transactions must have the same id when they come, also after an
    /// interruption, so their labels are to be remembered; they are given back.
    fn identify_named<'r>(
        &self,
        writer: &mut Writer<'_>,
        records: impl Iterator<Item = &'r AnyRecord>,
        plan: &dyn Plan,
        end: usize,
    ) -> Result<Vec<(String, Said)>, Ended> {
        let mut named: BTreeMap<&Id, usize> = BTreeMap::new();
        for record in records {
            record.each_link(ValuePointerRef::Origin, &mut |_, _, id| {
                if let Some(rank) = plan.rank(id) {
                    named.insert(id, rank);
                }
            });
        }
        writer.identify(named.iter().map(|(id, rank)| (*id, plan.collection(*rank))))?;
        let later = named.into_iter().filter(|(_, rank)| *rank >= end);
        let later: Vec<(&Id, &str)> =
            later.filter_map(|(id, rank)| Some((id, plan.label(rank)?))).collect();
        let said = writer.said_of(&self.source, later.iter().map(|(_, label)| *label))?;
        let mut remembered = Vec::new();
        for (id, label) in later {
            match said.get(label) {
                None => {
                    let nothing_yet = Digest::of(&[]);
                    let said = Said { id: id.clone(), version: 0, said_sha256: nothing_yet };
                    remembered.push((label.to_owned(), said));
                }
                Some(said) if said.id == *id => {}
                Some(_) => {
                    let faults = Faults(vec![imported_meanwhile("")]);
                    return Err(Ended::Refused(Refusal::Faults(faults)));
                }
            }
        }
        Ok(remembered)
    }

    fn append(
        &self,
        writer: &mut Writer<'_>,
        pending: Vec<Version>,
        incoming: &[Incoming],
    ) -> Result<(), Ended> {
        for Version { incoming: at, version, content } in pending {
            let one = &incoming[at];
            let (content, now) = match content {
                Pending::Now(content) => (content, self.author.now),
                Pending::Known(time) => {
                    let content = historical_version(&one.record, time);
                    let content = content.map_err(|faults| {
                        Ended::Refused(Refusal::Faults(Faults(below(&self.place(one), faults))))
                    })?;
                    (content, time)
                }
            };
            let record = content.record.as_ref().unwrap_or(&one.record);
            let collection = record.collection();
            let operation = match (version, history::of(collection)) {
                (1, _) => Operation::Create,
                (_, Some((_, operation))) if self.options.historical => operation,
                _ => Operation::Amend,
            };
            let draft = Draft {
                actor: self.author.actor.clone(),
                request_id: self.author.request_id.clone(),
                operation,
                kind: collection,
                record_id: record.record().id().clone(),
                version,
                body: content.text,
                salt: ids::new_salt(),
            };
            writer.append(record, draft, now)?;
            // What history says stands as it is.
            if !self.options.historical {
                linking::look_again(writer, [record], self.author)?;
            }
        }
        Ok(())
    }

    /// Refuses cases of nonconforming work that are further than their decisions (rule I-05). What
    /// history was is taken as it was.
    fn check_cases(&self, writer: &mut Writer<'_>, cases: &[Case<'_>]) -> Result<(), Ended> {
        if self.options.historical {
            return Ok(());
        }
        let mut faults = Vec::new();
        for Case { position, case, before } in cases {
            let reader = self.author.reader();
            let found = cases::faults(writer, case, before.as_deref(), &reader)?;
            let prefix = self.prefix;
            let place = format!("{prefix}/{}/{position}", CollectionName::Nonconformities);
            faults.append(&mut below(&place, found));
        }
        match faults.is_empty() {
            true => Ok(()),
            false => Err(Ended::Refused(Refusal::Faults(Faults(faults)))),
        }
    }

    /// Where a record stands in the file.
    fn place(&self, one: &Incoming) -> String {
        format!("{}/{}/{}", self.prefix, one.record.collection(), one.position)
    }

    /// What is to be done with a record: the action, and the versions that it needs.
    fn step(
        &self,
        one: &Incoming,
        mut body: Value,
        text: String,
        known: &Known<'_>,
    ) -> Result<(Action, Vec<Pending>), Vec<Fault>> {
        let &Known { said, as_before, stored, now } = known;
        let collection = one.record.collection();
        let place = self.place(one);
        let says_nothing_new = as_before && one.merged.is_none() || self.is_described(one);
        if says_nothing_new && stored.is_some() {
            return Ok((Action::Unchanged, Vec::new()));
        }
        let fault = |field: &str, code, message| {
            vec![Fault::error(format!("{place}{field}"), code, message)]
        };
        if said.is_some_and(|said| said.id != *one.record.record().id()) {
            return Err(vec![imported_meanwhile(&format!("{place}/id"))]);
        }
        let Some(stored) = stored else {
            if self.options.historical {
                let times = historical_times(&one.record, &body).into_iter();
                return Ok((Action::Created, times.map(Pending::Known).collect()));
            }
            let mut faults: Vec<Fault> = given_time(&one.record).into_iter().collect();
            faults.append(&mut history::settle(collection, &mut body, None, now));
            if !faults.is_empty() {
                return Err(below(&place, faults));
            }
            let content = match history::entries(collection, &body) {
                [] => Content { text, record: None },
                _ => Content::of(collection, body)?,
            };
            return Ok((Action::Created, vec![Pending::Now(content)]));
        };
        if stored.collection != collection {
            let (id, other) = (&stored.id, stored.collection);
            let message = Text::new(
                format!("mã “{id}” là của một bản ghi trong {other}; mỗi bản ghi cần một mã riêng"),
                format!("the id “{id}” is that of a record in {other}; give each record its own"),
            );
            return Err(fault("/id", "id_of_another_kind", message));
        }
        let before = parsed(stored).map_err(|error| fault("", "damaged", error.text()))?;
        let faults = history::settle(collection, &mut body, Some(&before), now);
        if faults.is_empty() && body == before {
            return Ok((Action::Unchanged, Vec::new()));
        }
        let base = one.base.or(said.map(|said| said.version).filter(|version| *version > 0));
        let current = stored.version;
        if base != Some(current) {
            let id = &stored.id;
            let message = match base {
                Some(base) => Text::new(
                    format!(
                        "bản ghi {id} hiện ở phiên bản {current}, tệp này dựa trên phiên bản {base}; hãy xuất lại, gộp rồi nhập"
                    ),
                    format!(
                        "record {id} is in version {current} now, this file was made from version {base}; export it again, merge and import that"
                    ),
                ),
                None => Text::new(
                    format!(
                        "đã có bản ghi {id} với nội dung khác, ở phiên bản {current}; hãy nêu phiên bản làm gốc trong “version”"
                    ),
                    format!(
                        "there is a record {id} with other content, in version {current}; say in “version” from which version this one was made"
                    ),
                ),
            };
            return Err(fault("/version", "stale_version", message));
        }
        match faults.is_empty() {
            true => Ok((Action::Amended, vec![Pending::Now(Content::of(collection, body)?)])),
            false => Err(below(&place, faults)),
        }
    }
}

/// A record says that it was recorded later than now.
fn in_the_future(place: String, time: Instant) -> Fault {
    let message = Text::new(
        format!("thời điểm ghi nhận {time} nằm trong tương lai; hãy sửa lại năm tháng"),
        format!("it says that it was recorded at {time}, in the future; correct the date"),
    );
    Fault::error(place, "recorded_in_the_future", message)
}

/// That the label of a record means another than when the import began.
fn imported_meanwhile(place: &str) -> Fault {
    let message = Text::new(
        "một lần nhập khác của cùng nguồn này vừa cấp mã cho nhãn này; hãy nhập lại",
        "another import of the same source has given this label an id meanwhile; import again",
    );
    Fault::error(place, "imported_meanwhile", message)
}

/// A record that says itself when it was recorded is refused, except in a historical import.
fn given_time(record: &AnyRecord) -> Option<Fault> {
    record.record().recorded_at()?;
    let message = Text::new(
        "thời điểm ghi nhận do sổ đăng ký cấp; hãy bỏ trường này, hoặc nhập dữ liệu lịch sử vào một sổ \
         đăng ký trống (--historical)",
        "the registry itself says when it learnt of a record; leave this field out, or make a \
         historical import into an empty registry (--historical)",
    );
    Some(Fault::error("/recorded_at", "recorded_at_given", message))
}

/// A version about to be appended.
struct Version {
    incoming: usize,
    version: u32,
    content: Pending,
}

/// What a version holds, or in a historical import when it was recorded: what it holds is made when
/// it is written, so that a large import is not held twice.
enum Pending {
    Now(Content),
    Known(Instant),
}

/// What a version holds.
struct Content {
    /// The record in canonical JSON.
    text: String,
    /// The record, where it is not as it came in.
    record: Option<AnyRecord>,
}

impl Content {
    fn of(collection: CollectionName, body: Value) -> Result<Self, Vec<Fault>> {
        let text = log::canonical(&body);
        let record = AnyRecord::read(collection, body, ValuePointerRef::Origin);
        let record = record.map_err(|Faults(faults)| faults)?;
        Ok(Self { text, record: Some(record) })
    }
}

/// What is known of a record before a transaction.
struct Known<'k> {
    /// What its source said last.
    said: Option<&'k Said>,
    /// Whether the source says the same again.
    as_before: bool,
    /// Its version in the registry.
    stored: Option<&'k Stored>,
    /// The time of the transaction.
    now: Instant,
}

impl From<Merged> for Incoming {
    fn from(merged: Merged) -> Self {
        let Merged { position, name, record, base, said } = merged;
        Self { position, record, name, base, merged: Some(said) }
    }
}

impl Incoming {
    fn is_labelled(&self) -> bool {
        self.name.starts_with("_:")
    }

    /// What the source says of the record, as one number: its canonical JSON, and when it was
    /// recorded where it says so.
    fn said(&self, text: &str) -> Digest {
        if let Some(said) = self.merged {
            return said;
        }
        let recorded_at = self.record.record().recorded_at();
        let recorded_at = recorded_at.map(|at| at.to_string()).unwrap_or_default();
        Digest::of(&[text.as_bytes(), b"\n", recorded_at.as_bytes()])
    }
}

/// Calls records by the ids that their labels were given before, so that they are checked as the
/// records that they are; a label that is not in the file stands for what the source called so.
/// Gives back the labels.
fn known_by_id(unchecked: &mut Unchecked, said: &BTreeMap<String, Said>) -> HashMap<Id, String> {
    let mut labels = HashMap::new();
    if !said.is_empty() {
        unchecked.map_ids(&mut |id| {
            if id.is_label()
                && let Some((label, said)) = said.get_key_value(id.as_str())
            {
                *id = said.id.clone();
                labels.entry(id.clone()).or_insert_with(|| label.clone());
            }
        });
    }
    labels
}

fn incoming(records: Records, labels: &HashMap<Id, String>) -> Vec<Incoming> {
    let all = records.into_any().into_iter();
    all.map(|(position, record)| {
        let id = record.record().id();
        let name = labels.get(id).cloned().unwrap_or_else(|| id.to_string());
        Incoming { position, name, base: base_version(&record), record, merged: None }
    })
    .collect()
}

/// The records as a snapshot takes them.
fn listed(incoming: &[Incoming]) -> Vec<Listed> {
    let each = incoming.iter();
    each.map(|one| (one.position, one.name.clone(), one.record.clone())).collect()
}

/// Ids for the labels that have none yet, in the order of the labels, so that reports about the
/// records read the same.
fn new_ids(incoming: &[Incoming]) -> HashMap<String, Id> {
    let labels: BTreeSet<&str> = incoming
        .iter()
        .map(|one| one.record.record().id())
        .filter(|id| id.is_label())
        .map(Id::as_str)
        .collect();
    labels.into_iter().map(|label| (label.to_owned(), ids::new_id())).collect()
}

/// The version that the file says a record was made from. An attestation's is that of the record
/// attested.
fn base_version(record: &AnyRecord) -> Option<u32> {
    match record {
        AnyRecord::Attestations(_) => None,
        other => other.record().version(),
    }
}

/// Since when a record was known, in a historical import: a record that does not say so was always
/// known.
fn known_since(record: &AnyRecord) -> Instant {
    record.record().recorded_at().unwrap_or(Instant::beginning())
}

/// When a record of a historical import got a new version: when it became known, and each time that
/// entries of its history were recorded later.
fn historical_times(record: &AnyRecord, body: &Value) -> BTreeSet<Instant> {
    let since = known_since(record);
    let entries = history::entries(record.collection(), body).iter();
    let later = entries.filter_map(history::recorded_at).filter(|time| *time > since);
    later.chain([since]).collect()
}

/// A record of a historical import as it was known at one of its times.
fn historical_version(record: &AnyRecord, time: Instant) -> Result<Content, Vec<Fault>> {
    let collection = record.collection();
    let mut body = record.body();
    let Some(entries) = history::entries_mut(collection, &mut body) else {
        return Ok(Content { text: log::canonical(&body), record: None });
    };
    let since = known_since(record);
    entries.iter_mut().for_each(|entry| history::stamp(entry, since));
    entries
        .retain(|entry| history::recorded_at(entry).is_none_or(|known| known <= time.max(since)));
    Content::of(collection, body)
}

/// A case of nonconforming work that is about to be written.
struct Case<'i> {
    /// Its place in the import.
    position: usize,
    case: &'i Nonconformity,
    before: Option<Box<Nonconformity>>,
}

fn cases_of<'i>(
    pending: &[Version],
    incoming: &'i [Incoming],
    stored: &HashMap<Id, Stored>,
) -> Result<Vec<Case<'i>>, StoreError> {
    let mut cases = Vec::new();
    for version in pending {
        let one = &incoming[version.incoming];
        let AnyRecord::Nonconformities(case) = &one.record else { continue };
        let before = match stored.get(&case.id).map(Stored::record).transpose()? {
            Some(AnyRecord::Nonconformities(before)) => Some(before),
            _ => None,
        };
        cases.push(Case { position: one.position, case, before });
    }
    Ok(cases)
}

/// Faults of a record, put below its place in the file.
fn below(place: &str, faults: Vec<Fault>) -> Vec<Fault> {
    let placed = |fault: Fault| Fault { pointer: format!("{place}{}", fault.pointer), ..fault };
    faults.into_iter().map(placed).filter(|fault| fault.gravity == Gravity::Error).collect()
}

/// Positions in an order in which no record names a later one, except in a loop; otherwise that of
/// the file.
fn dependencies_first(incoming: &[Incoming]) -> Vec<usize> {
    let at: HashMap<&Id, usize> = incoming
        .iter()
        .enumerate()
        .map(|(position, one)| (one.record.record().id(), position))
        .collect();
    let named = |position: usize| {
        let mut named = Vec::new();
        incoming[position].record.each_link(ValuePointerRef::Origin, &mut |_, _, id| {
            named.extend(at.get(id).copied());
        });
        named
    };
    let mut entered = vec![false; incoming.len()];
    let mut order = Vec::with_capacity(incoming.len());
    for start in 0..incoming.len() {
        if entered[start] {
            continue;
        }
        entered[start] = true;
        let mut stack = vec![(start, named(start), 0)];
        while let Some((position, links, next)) = stack.last_mut() {
            match links.get(*next) {
                Some(&link) => {
                    *next += 1;
                    if !entered[link] {
                        entered[link] = true;
                        stack.push((link, named(link), 0));
                    }
                }
                None => {
                    order.push(*position);
                    stack.pop();
                }
            }
        }
    }
    order
}
