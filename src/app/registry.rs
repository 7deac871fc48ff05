//! The registry's records, one at a time: create, amend, append a status or an event, and read them
//! as known at any time. Many at once live in `import`, claims in `verify`.
//!
//! A record is never changed in place: each of these writes appends a version to the record log,
//! checked together with the records that it names.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use deserr::ValuePointerRef;
use serde_json::{Value, json};

use crate::domain::check::check_among;
use crate::domain::claim::{Claim, KnownAt};
use crate::domain::fault::{Fault, Faults, Gravity};
use crate::domain::id::Id;
use crate::domain::links::Links as _;
use crate::domain::log::{self, Draft, Operation};
use crate::domain::period::Instant;
use crate::domain::records::{AnyRecord, CollectionName, Records};
use crate::domain::search;
use crate::domain::text::Text;
use crate::engine::report::RenderedReport;
use crate::exchange::signature::Trust;
use crate::ids;
use crate::store::{
    DatabaseUrl, FilterValue, Head, ListQuery, Reader, Store, StoreError, Stored, Writer, Written,
    filters,
};
use crate::telemetry::{Metrics, Pool};

pub use crate::store::{Direction, Lineage};

use super::access::{self, Act, Facts, Principal};
use super::attestations;
use super::bundle::{self, Loaded};
use super::cases;
use super::history;
use super::idempotency::{Answered, Attempt};
use super::linking;
use super::received;
use super::refusal::Refusal;
use super::verify::Moment;

/// A registry: its store, and what may be done with it.
#[derive(Debug, Clone)]
pub struct Registry {
    store: Store,
    trust: Arc<Trust>,
    metrics: Option<Metrics>,
}

/// Who writes, and when.
#[derive(Debug, Clone)]
pub struct Author {
    /// Who, as the record log names it.
    pub actor: String,
    /// The request in which they do; none at the registry's own machine.
    pub request_id: Option<String>,
    /// Now.
    pub now: Instant,
    /// What they may write; whoever holds the database itself may write everything.
    pub principal: Option<Principal>,
}

impl Author {
    /// Whoever holds the database itself.
    pub fn operator(actor: impl Into<String>, now: Instant) -> Self {
        Self { actor: actor.into(), request_id: None, now, principal: None }
    }

    /// Somebody who came with a token.
    pub fn of(principal: Principal, now: Instant) -> Self {
        Self { actor: principal.actor(), request_id: None, now, principal: Some(principal) }
    }

    /// The same in a request.
    pub fn in_request(self, request_id: &str) -> Self {
        Self { request_id: Some(request_id.to_owned()), ..self }
    }

    /// As whom they read.
    pub(super) fn reader(&self) -> Reader {
        self.principal.as_ref().map_or(Reader::Everything, Principal::reader)
    }
}

/// What was written, and what was noticed about it.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The version that was written.
    pub written: Written,
    /// The record, as the registry returns it.
    pub record: Value,
    /// What keeps nothing out; the rules of the catalogue judge it.
    pub warnings: Vec<Fault>,
}

/// What is to be done to a record.
#[derive(Debug, Clone)]
pub enum Change {
    /// A new record.
    Create {
        /// The record; without an id it gets one.
        body: Value,
    },
    /// A new version in the place of another.
    Amend {
        /// The record.
        id: Id,
        /// The record as it is to be.
        body: Value,
        /// The version that it was made from.
        base: u32,
    },
    /// One entry more in its history: a status, or an event of a standard.
    Append {
        /// The record.
        id: Id,
        /// The entry.
        entry: Value,
    },
}

impl Registry {
    /// Opens the registry of a database whose schema is this program's.
    ///
    /// A new file of SQLite gets its schema here: there is nothing in it to be careful about.
    ///
    /// # Errors
    /// When the database cannot be reached, or its schema is older or newer.
    pub fn open(url: &DatabaseUrl) -> Result<Self, Refusal> {
        let store = Store::open(url)?;
        if store.schema()?.applied.is_empty() && matches!(url, DatabaseUrl::Sqlite(_)) {
            store.migrate()?;
        }
        Self::on(store)
    }

    /// The registry of a store that is open.
    ///
    /// # Errors
    /// When its schema is older or newer than this program's.
    pub fn on(store: Store) -> Result<Self, Refusal> {
        store.schema()?.is_current()?;
        Ok(Self { store, trust: Arc::default(), metrics: None })
    }

    /// The same, trusting authorities to say who signs certificates; without this, nobody.
    pub fn trusting(self, trust: Trust) -> Self {
        Self { trust: Arc::new(trust), ..self }
    }

    /// The same, counting the claims that it decides.
    pub fn counted_by(self, metrics: Metrics) -> Self {
        Self { metrics: Some(metrics), ..self }
    }

    /// Whom it trusts to say who signs certificates.
    pub(super) fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Its store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The head of the record log.
    ///
    /// # Errors
    /// When the database fails.
    pub fn head(&self) -> Result<Head, Refusal> {
        Ok(self.store.head()?)
    }

    /// Whether a reader may see a record, as known at a log index.
    ///
    /// # Errors
    /// When the database fails.
    pub fn is_visible(
        &self,
        collection: CollectionName,
        id: &Id,
        reader: &Reader,
        at: u64,
    ) -> Result<bool, Refusal> {
        let ids = BTreeSet::from([id.clone()]);
        Ok(self.store.visible(collection, &ids, reader, at)?.contains(id))
    }

    /// The log index of a state of knowledge; now when none is named.
    ///
    /// # Errors
    /// When it lies in the future, or the database fails.
    pub fn index_at(&self, known_at: Option<KnownAt>, now: Instant) -> Result<u64, Refusal> {
        let head = self.store.head()?;
        let future = match known_at {
            Some(KnownAt::LogIndex(index)) => index > head.log_index,
            Some(KnownAt::Instant(instant)) => instant > now && instant > head.recorded_at,
            None => false,
        };
        if future {
            let last = head.log_index;
            let message = Text::new(
                format!("trạng thái này chưa có; nhật ký hiện kết thúc ở mục {last}"),
                format!("this is not known yet; the log ends with entry {last}"),
            );
            return Err(Refusal::fault("/known_at", "known_at_in_the_future", message));
        }
        match known_at {
            None => Ok(head.log_index),
            some => Ok(self.store.index_at(some)?),
        }
    }

    /// Creates a record. Without an id it gets one.
    ///
    /// # Errors
    /// All faults of the record, or that its id is taken.
    pub fn create(
        &self,
        collection: CollectionName,
        body: Value,
        author: &Author,
    ) -> Result<Accepted, Refusal> {
        self.store.write(|writer| created(writer, collection, body, author))
    }

    /// Amends a record: a new version in the place of the version `base`.
    ///
    /// # Errors
    /// All faults of the record, that it is not there, or that `base` is not its version any more.
    pub fn amend(
        &self,
        collection: CollectionName,
        id: &Id,
        body: Value,
        base: u32,
        author: &Author,
    ) -> Result<Accepted, Refusal> {
        self.store.write(|writer| amended(writer, collection, id, body, base, author))
    }

    /// Appends one entry to the history of a record: a status, or an event of a standard.
    ///
    /// # Errors
    /// All faults of the entry, with pointers into it, that the record is not there, or that its
    /// collection has no history.
    pub fn append(
        &self,
        collection: CollectionName,
        id: &Id,
        entry: Value,
        author: &Author,
    ) -> Result<Accepted, Refusal> {
        self.store.write(|writer| appended(writer, collection, id, entry, author))
    }

    /// Changes a record for somebody who may ask the same twice: `{"record": …, "warnings": […]}`.
    ///
    /// # Errors
    /// Those of the change, or that its key was used for another.
    pub fn change(
        &self,
        collection: CollectionName,
        change: Change,
        author: &Author,
        attempt: Option<&Attempt>,
    ) -> Result<Answered, Refusal> {
        self.once(attempt, author.now, |writer| {
            let accepted = match change {
                Change::Create { body } => created(writer, collection, body, author),
                Change::Amend { id, body, base } => {
                    amended(writer, collection, &id, body, base, author)
                }
                Change::Append { id, entry } => appended(writer, collection, &id, entry, author),
            }?;
            Ok(json!({"record": accepted.record, "warnings": accepted.warnings}))
        })
    }

    /// A record as known at a log index.
    ///
    /// # Errors
    /// When it is not there, or of another collection.
    pub fn get(&self, collection: CollectionName, id: &Id, at: u64) -> Result<Stored, Refusal> {
        let stored = self.store.get(id, at)?;
        stored
            .filter(|stored| stored.collection == collection)
            .ok_or_else(|| Refusal::Unknown { collection, id: id.clone() })
    }

    /// The same for a reader: what they may not see is not there.
    ///
    /// # Errors
    /// When it is not there, of another collection, or not theirs to see.
    pub fn get_for(
        &self,
        collection: CollectionName,
        id: &Id,
        reader: &Reader,
        at: u64,
    ) -> Result<Stored, Refusal> {
        let stored = self.get(collection, id, at)?;
        match self.is_visible(collection, id, reader, at)? {
            true => Ok(stored),
            false => Err(Refusal::Unknown { collection, id: id.clone() }),
        }
    }

    /// Whether the registry can do its work: the database answers and has the schema of this
    /// program. Gives the log's last index.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn ready(&self) -> Result<u64, Refusal> {
        self.store.schema()?.is_current()?;
        Ok(self.head()?.log_index)
    }

    /// The pools of connections to the database, as they stand.
    pub fn pools(&self) -> [Pool; 2] {
        let (readers, writers) = self.store.pools();
        [("readers", readers), ("writers", writers)].map(|(name, state)| Pool {
            name,
            idle: state.idle,
            in_use: state.in_use,
            lent: state.lent,
            waited: state.waited,
            given_up: state.given_up,
        })
    }

    /// Every version of a record up to a log index, oldest first.
    ///
    /// # Errors
    /// When it is not there, or of another collection.
    pub fn versions(
        &self,
        collection: CollectionName,
        id: &Id,
        at: u64,
    ) -> Result<Vec<Stored>, Refusal> {
        let versions = self.store.versions(id, at)?;
        match versions.first() {
            Some(first) if first.collection == collection => Ok(versions),
            _ => Err(Refusal::Unknown { collection, id: id.clone() }),
        }
    }

    /// The versions for a reader: each that they could see at the end of its time, which for the
    /// last is `at`. What was confidential then is not public with what is published later.
    ///
    /// # Errors
    /// When it is not there, of another collection, or not theirs to see.
    pub fn versions_for(
        &self,
        collection: CollectionName,
        id: &Id,
        reader: &Reader,
        at: u64,
    ) -> Result<Vec<Stored>, Refusal> {
        self.get_for(collection, id, reader, at)?;
        let versions = self.versions(collection, id, at)?;
        if *reader == Reader::Everything || !collection.is_confidential() {
            return Ok(versions);
        }
        let later = versions.iter().skip(1).map(|next| next.log_index - 1);
        let ends: Vec<u64> = later.chain([at]).collect();
        let mut seen = Vec::with_capacity(versions.len());
        for (version, end) in versions.into_iter().zip(ends) {
            if self.is_visible(collection, id, reader, end)? {
                seen.push(version);
            }
        }
        Ok(seen)
    }

    /// The standard with this id, or else with this code, as known at a log index.
    ///
    /// # Errors
    /// When there is none, with what may have been meant, or when several have the code.
    pub fn standard_named(&self, name: &str, at: u64) -> Result<Id, Refusal> {
        /// Standards looked through for what may have been meant.
        const LOOKED_THROUGH: u32 = 200;
        let collection = CollectionName::MeasurementStandards;
        if let Ok(id) = Id::parse(name)
            && let Ok(stored) = self.get(collection, &id, at)
        {
            return Ok(stored.id);
        }
        let code = filters(collection).iter().find(|filter| filter.name == "code").copied();
        let code = code.map(|code| (code, FilterValue::Text(name.to_owned())));
        let query = ListQuery {
            collection,
            filters: code.into_iter().collect(),
            words: Vec::new(),
            after: None,
            limit: LOOKED_THROUGH,
            at,
            reader: Reader::Everything,
        };
        let found = self.store.list(&query)?;
        match found.as_slice() {
            [standard] => Ok(standard.id.clone()),
            [] => {
                let begins: String = name.chars().take(2).collect();
                let words = search::query(&begins);
                let alike = self.store.list(&ListQuery { filters: Vec::new(), words, ..query })?;
                let bodies = alike.iter().map(parsed).collect::<Result<Vec<_>, _>>()?;
                let codes = bodies.iter().filter_map(|body| body.get("code")?.as_str());
                let codes: Vec<&str> = codes.collect();
                Err(bundle::STANDARD.is_unknown(name, bundle::IN_REGISTRY, &codes).into())
            }
            several => {
                let ids = several.iter().map(|stored| &stored.id);
                Err(bundle::STANDARD.is_ambiguous(name, ids).into())
            }
        }
    }

    /// The certificate with this id, or else with this number, as known at a log index.
    ///
    /// # Errors
    /// When there is none, or when several have the number, with their ids.
    pub fn calibration_named(&self, name: &str, at: u64) -> Result<Id, Refusal> {
        /// Ids that are listed where a number is that of several.
        const LISTED: u32 = 10;
        let collection = CollectionName::Calibrations;
        if let Ok(id) = Id::parse(name)
            && let Ok(stored) = self.get(collection, &id, at)
        {
            return Ok(stored.id);
        }
        let number = filters(collection).iter().find(|filter| filter.name == "number").copied();
        let number = number.map(|number| (number, FilterValue::Text(name.to_owned())));
        let found = self.store.list(&ListQuery {
            collection,
            filters: number.into_iter().collect(),
            words: Vec::new(),
            after: None,
            limit: LISTED,
            at,
            reader: Reader::Everything,
        })?;
        if let [certificate] = found.as_slice() {
            return Ok(certificate.id.clone());
        }
        let ids = found.iter().map(|stored| stored.id.as_str()).collect::<Vec<_>>().join(", ");
        let (code, message) = match found.is_empty() {
            true => (
                "unknown_calibration",
                Text::new(
                    format!("trong sổ đăng ký không có giấy chứng nhận nào có mã hoặc số “{name}”"),
                    format!("the registry has no certificate with the id or number “{name}”"),
                ),
            ),
            false => (
                "ambiguous_number",
                Text::new(
                    format!("số “{name}” là của nhiều giấy chứng nhận: {ids}; hãy nêu mã"),
                    format!("the number “{name}” is that of several: {ids}; name one by its id"),
                ),
            ),
        };
        Err(Refusal::fault("/calibration", code, message))
    }

    /// The evidence for a claim on a standard, perhaps with a certificate of it named, as known at
    /// a log index.
    ///
    /// # Errors
    /// When the database fails, or a body in it is damaged.
    pub fn load(
        &self,
        standard: &Id,
        certificate: Option<&Id>,
        at: u64,
    ) -> Result<Loaded, Refusal> {
        let certificates = certificate.cloned().into_iter().collect();
        self.load_all(&BTreeSet::from([standard.clone()]), &certificates, at)
    }

    /// The evidence for claims on standards, perhaps with certificates of theirs named, as known at
    /// a log index.
    ///
    /// # Errors
    /// When the database fails, or a body in it is damaged.
    pub fn load_all(
        &self,
        standards: &BTreeSet<Id>,
        certificates: &BTreeSet<Id>,
        at: u64,
    ) -> Result<Loaded, Refusal> {
        let closure = self.store.closure(standards, certificates, at)?;
        let records = closure.records.len();
        tracing::debug!(standards = standards.len(), records, at, "evidence");
        let loaded = Loaded::known_at(closure.records, closure.log_index, closure.reached_at);
        Ok(loaded.counted_by(self.metrics.clone()))
    }

    /// Answers a claim from what was known then.
    ///
    /// # Errors
    /// When the claim cannot be asked of the registry, with pointers into the claim.
    pub fn answer(&self, claim: &Claim, moment: Moment) -> Result<RenderedReport, Refusal> {
        let at = self.index_at(claim.known_at, moment.now)?;
        let policy = self.policy_for(claim.policy.as_deref(), at)?;
        let loaded = self.load(&claim.standard, claim.calibration.as_ref(), at)?;
        Ok(loaded.answer_under(claim, &policy, moment)?)
    }

    /// What stands above or below a standard, with exact counts and at most so many steps.
    ///
    /// # Errors
    /// When the standard is not there.
    pub fn lineage(
        &self,
        standard: &Id,
        direction: Direction,
        at: u64,
        most: usize,
    ) -> Result<Lineage, Refusal> {
        self.get(CollectionName::MeasurementStandards, standard, at)?;
        Ok(self.store.lineage(standard, direction, at, most)?)
    }
}

pub(super) fn created(
    writer: &mut Writer<'_>,
    collection: CollectionName,
    mut body: Value,
    author: &Author,
) -> Result<Accepted, Refusal> {
    if let Value::Object(fields) = &mut body {
        fields.entry("id").or_insert_with(|| Value::from(ids::new_id().as_str()));
    }
    let record = AnyRecord::read(collection, body, ValuePointerRef::Origin)?;
    let id = record.record().id().clone();
    refuse_label(&id)?;
    if let Some(stored) = writer.stored(&id)? {
        return Err(Refusal::Exists { id, collection: stored.collection });
    }
    write(writer, record.body(), collection, None, Operation::Create, author)
}

fn amended(
    writer: &mut Writer<'_>,
    collection: CollectionName,
    id: &Id,
    mut body: Value,
    base: u32,
    author: &Author,
) -> Result<Accepted, Refusal> {
    let before = current(writer, collection, id, author)?;
    if let Value::Object(fields) = &mut body {
        fields.entry("id").or_insert_with(|| Value::from(id.as_str()));
    }
    let record = AnyRecord::read(collection, body, ValuePointerRef::Origin)?;
    if record.record().id() != id {
        let found = record.record().id();
        let message = Text::new(
            format!("“{found}” không phải mã của bản ghi này, {id}; mã không bao giờ đổi"),
            format!("“{found}” is not the id of this record, {id}; an id never changes"),
        );
        return Err(Refusal::fault("/id", "other_id", message));
    }
    if before.version != base {
        return Err(Refusal::Stale { id: id.clone(), base, current: before.version });
    }
    write(writer, record.body(), collection, Some(&before), Operation::Amend, author)
}

fn appended(
    writer: &mut Writer<'_>,
    collection: CollectionName,
    id: &Id,
    entry: Value,
    author: &Author,
) -> Result<Accepted, Refusal> {
    let Some((field, operation)) = history::of(collection) else {
        let message = Text::new(
            format!("bản ghi trong {collection} không có trạng thái; hãy sửa đổi bản ghi"),
            format!("records in {collection} have no status; amend the record instead"),
        );
        return Err(Refusal::fault("", "no_history", message));
    };
    let before = current(writer, collection, id, author)?;
    let mut body = parsed(&before)?;
    let entries = body
        .as_object_mut()
        .map(|fields| fields.entry(field).or_insert_with(|| Value::Array(Vec::new())));
    let mut position = 0;
    if let Some(Value::Array(entries)) = entries {
        position = entries.len();
        entries.push(entry);
    }
    let appended = format!("/{field}/{position}");
    write(writer, body, collection, Some(&before), operation, author).map_err(|refusal| {
        match refusal {
            Refusal::Faults(Faults(mut faults)) => {
                for fault in &mut faults {
                    if let Some(below) = fault.pointer.strip_prefix(&appended) {
                        fault.pointer = below.to_owned();
                    }
                }
                Refusal::Faults(Faults(faults))
            }
            other => other,
        }
    })
}

/// A stored record as the registry returns it: its body with what the service adds.
///
/// # Errors
/// When the stored body is damaged.
pub fn shown(stored: &Stored) -> Result<Value, StoreError> {
    let service = Service {
        collection: stored.collection,
        version: stored.version,
        recorded_at: stored.recorded_at,
        actor: &stored.actor,
        log_index: stored.log_index,
    };
    Ok(service.added_to(parsed(stored)?))
}

/// What the service adds to a body.
struct Service<'s> {
    collection: CollectionName,
    version: u32,
    recorded_at: Instant,
    actor: &'s str,
    log_index: u64,
}

impl Service<'_> {
    fn added_to(&self, mut body: Value) -> Value {
        if let Value::Object(fields) = &mut body {
            // An attestation's own `version` is the version that it attests.
            if self.collection != CollectionName::Attestations {
                fields.insert("version".to_owned(), self.version.into());
            }
            fields.insert("recorded_at".to_owned(), self.recorded_at.to_string().into());
            fields.insert("recorded_by".to_owned(), self.actor.into());
            fields.insert("log_index".to_owned(), self.log_index.into());
        }
        body
    }
}

/// The body of a stored record.
pub(super) fn parsed(stored: &Stored) -> Result<Value, StoreError> {
    match serde_json::from_str(&stored.body) {
        Ok(Value::Object(body)) => Ok(Value::Object(body)),
        _ => Err(StoreError::Damaged {
            log_index: stored.log_index,
            reason: "its body is no JSON object".to_owned(),
        }),
    }
}

fn refuse_label(id: &Id) -> Result<(), Refusal> {
    if !id.is_label() {
        return Ok(());
    }
    let message = Text::new(
        format!("“{id}” là nhãn, chỉ dùng trong gói dữ liệu; hãy bỏ “id” để được cấp mã"),
        format!("“{id}” is a label, which only a bundle can use; leave “id” out to be given one"),
    );
    Err(Refusal::fault("/id", "label", message))
}

fn current(
    writer: &mut Writer<'_>,
    collection: CollectionName,
    id: &Id,
    author: &Author,
) -> Result<Stored, Refusal> {
    let stored = writer.stored(id)?.filter(|stored| stored.collection == collection);
    let visible = match (&stored, &author.principal) {
        (Some(_), Some(principal)) => writer.is_visible(collection, id, &principal.reader())?,
        _ => true,
    };
    stored.filter(|_| visible).ok_or_else(|| Refusal::Unknown { collection, id: id.clone() })
}

/// Writes a version of one record, after all checks.
fn write(
    writer: &mut Writer<'_>,
    mut body: Value,
    collection: CollectionName,
    before: Option<&Stored>,
    operation: Operation,
    author: &Author,
) -> Result<Accepted, Refusal> {
    let recorded_at = author.now.max(writer.head().recorded_at);
    let earlier = before.map(parsed).transpose()?;
    let faults = history::settle(collection, &mut body, earlier.as_ref(), recorded_at);
    if !faults.is_empty() {
        return Err(Refusal::Faults(Faults(faults)));
    }
    if collection == CollectionName::Calibrations {
        give_code(&mut body, earlier.as_ref(), author);
    }
    let mut record = AnyRecord::read(collection, body, ValuePointerRef::Origin)?;
    if let Some(principal) = &author.principal {
        let act = match operation {
            Operation::Create => Act::Create,
            Operation::Amend => Act::Amend,
            Operation::Status | Operation::Event => Act::Append,
        };
        let before = before.map(Stored::record).transpose()?;
        if let AnyRecord::Calibrations(calibration) = &mut record {
            let before = before.as_ref().and_then(AnyRecord::as_calibration);
            received::keep_signature(calibration, before);
        }
        let mut facts = Facts::stored(writer);
        let written = access::Written { act, record: &record, before: before.as_ref() };
        if let Some(level) = access::permit(&mut facts, principal, &written)? {
            let level = record.as_calibration().map_or(level, |one| received::doubted(level, one));
            let kept = before.as_ref().map(|before| before.record());
            let kept = kept.filter(|before| before.evidence_level() == Some(level));
            let synced_at = kept.and_then(|before| before.synced_at());
            record.record_mut().set_evidence(Some(level), synced_at);
        }
        if let AnyRecord::Attestations(attestation) = &record {
            attestations::take_effect(writer, attestation, author)?;
        }
    }
    let warnings = check(writer, &record, &author.reader())?;
    if let AnyRecord::Nonconformities(case) = &record {
        let earlier = match before.map(Stored::record).transpose()? {
            Some(AnyRecord::Nonconformities(earlier)) => Some(earlier),
            _ => None,
        };
        let faults = cases::faults(writer, case, earlier.as_deref(), &author.reader())?;
        if !faults.is_empty() {
            return Err(Refusal::Faults(Faults(faults)));
        }
    }
    let id = record.record().id().clone();
    if before.is_none() {
        writer.identify([(&id, collection)])?;
    }
    let body = record.body();
    let draft = Draft {
        actor: author.actor.clone(),
        request_id: author.request_id.clone(),
        operation,
        kind: collection,
        record_id: id,
        version: before.map_or(1, |before| before.version + 1),
        body: log::canonical(&body),
        salt: ids::new_salt(),
    };
    let written = writer.append(&record, draft, author.now)?;
    linking::look_again(writer, [&record], author)?;
    let service = Service {
        collection,
        version: written.version,
        recorded_at: written.recorded_at,
        actor: &author.actor,
        log_index: written.log_index,
    };
    Ok(Accepted { record: service.added_to(body), written, warnings })
}

/// The code of a certificate is the service's: it is made once and stays.
fn give_code(body: &mut Value, earlier: Option<&Value>, author: &Author) {
    const CODE: &str = "code";
    let Value::Object(fields) = body else { return };
    match (earlier, &author.principal) {
        (Some(earlier), _) if earlier.get(CODE).is_some() => {
            fields.insert(CODE.to_owned(), earlier[CODE].clone());
        }
        // One that came in without.
        (Some(_), Some(_)) => drop(fields.remove(CODE)),
        (None, Some(_)) => drop(fields.insert(CODE.to_owned(), ids::new_code().into())),
        (None, None) => drop(fields.entry(CODE).or_insert_with(|| ids::new_code().into())),
        (Some(_), None) => {}
    }
}

/// Checks one record among those that it names.
fn check(
    writer: &mut Writer<'_>,
    record: &AnyRecord,
    reader: &Reader,
) -> Result<Vec<Fault>, Refusal> {
    let mut records = Records::default();
    records.push_any(0, record.clone());
    let Named { seen, unseen } = named_by(writer, &records, reader)?;
    let mut faults = check_among(&records, &seen, &unseen);
    let place = format!("/records/{}/0", record.collection());
    for fault in &mut faults {
        if let Some(below) = fault.pointer.strip_prefix(&place) {
            fault.pointer = below.to_owned();
        }
    }
    if faults.iter().any(|fault| fault.gravity == Gravity::Error) {
        faults.retain(|fault| fault.gravity == Gravity::Error);
        return Err(Refusal::Faults(Faults(faults)));
    }
    Ok(faults)
}

/// What is stored of the records that a set names.
pub(super) struct Named {
    /// Those that its author may see.
    pub(super) seen: Records,
    /// Those that they may name without seeing them.
    pub(super) unseen: HashSet<Id>,
}

/// The stored records that a set names and does not hold itself; along fields that must not lead
/// back to their record, also those further on.
///
/// What its author may not see is as if it were not there, or a reference would open a chain to
/// them. Two things may be named unseen: the item of a certificate, since a laboratory calibrates
/// what is its customer's, and what an earlier version named already.
pub(super) fn named_by(
    writer: &mut Writer<'_>,
    records: &Records,
    reader: &Reader,
) -> Result<Named, Refusal> {
    named_beside(writer, records, &|_| false, reader)
}

/// The same of a part of a set: records of its other parts count as the set's own.
pub(super) fn named_beside(
    writer: &mut Writer<'_>,
    records: &Records,
    is_of_the_set: &dyn Fn(&Id) -> bool,
    reader: &Reader,
) -> Result<Named, Refusal> {
    let own: BTreeSet<&Id> = records.iter().map(|(_, _, record)| record.id()).collect();
    let is_own = |id: &Id| own.contains(id) || is_of_the_set(id);
    let mut wanted: BTreeSet<Id> = BTreeSet::new();
    for (_, _, record) in records.iter() {
        record.each_link(ValuePointerRef::Origin, &mut |_, _, id| {
            if !id.is_label() && !is_own(id) {
                wanted.insert(id.clone());
            }
        });
    }
    let mut found = Vec::new();
    let mut met = wanted.clone();
    while !wanted.is_empty() {
        let mut onward = BTreeSet::new();
        for stored in writer.stored_all(&wanted)? {
            let record = stored.record()?;
            let next = record.onward();
            onward.extend(next.filter(|id| !is_own(id) && !met.contains(id)).cloned());
            found.push(record);
        }
        met.extend(onward.iter().cloned());
        wanted = onward;
    }
    let mut named = Named { seen: Records::default(), unseen: HashSet::new() };
    let hidden = match reader {
        Reader::Everything => BTreeSet::new(),
        Reader::Organisation(_) | Reader::Public => hidden(writer, &found, reader)?,
    };
    if hidden.is_empty() {
        found.into_iter().for_each(|record| named.seen.push_any(0, record));
        return Ok(named);
    }
    let mut earlier = BTreeSet::new();
    for stored in writer.stored_all(own)? {
        stored.record()?.each_link(ValuePointerRef::Origin, &mut |_, _, id| {
            earlier.insert(id.clone());
        });
    }
    let items: BTreeSet<&Id> = records
        .calibrations
        .iter()
        .flat_map(|calibration| {
            let pieces = calibration.results.iter().filter_map(|result| result.item.as_ref());
            calibration.items.iter().chain(pieces).chain([&calibration.item])
        })
        .collect();
    for record in found {
        let id = record.record().id().clone();
        let is_item = record.collection() == CollectionName::MeasurementStandards;
        match hidden.contains(&id) {
            false => named.seen.push_any(0, record),
            true if (is_item && items.contains(&id)) || earlier.contains(&id) => {
                named.unseen.insert(id);
            }
            true => {}
        }
    }
    Ok(named)
}

/// Those of some records that a reader may not see.
pub(super) fn hidden(
    writer: &mut Writer<'_>,
    records: &[AnyRecord],
    reader: &Reader,
) -> Result<BTreeSet<Id>, StoreError> {
    let mut of_collection: BTreeMap<CollectionName, BTreeSet<Id>> = BTreeMap::new();
    for record in records {
        let ids = of_collection.entry(record.collection()).or_default();
        ids.insert(record.record().id().clone());
    }
    let mut hidden = BTreeSet::new();
    for (collection, ids) in of_collection {
        let visible = writer.visible(collection, &ids, reader)?;
        hidden.extend(ids.into_iter().filter(|id| !visible.contains(id)));
    }
    Ok(hidden)
}
