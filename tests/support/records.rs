//! Small records as JSON, and short ways to write them.

use deserr::ValuePointerRef;
use etalon::app::import::{Failed, Options, Report};
use etalon::app::refusal::Refusal;
use etalon::app::registry::{Accepted, Author, Registry};
use etalon::domain::fault::Faults;
use etalon::domain::id::Id;
use etalon::domain::log::{Entry, Verifier};
use etalon::domain::period::Instant;
use etalon::domain::records::{AnyRecord, CollectionName};
use etalon::engine::policy::Policy;
use etalon::store::{ListQuery, LogFilter, Reader, Store, Stored, Written};
use serde_json::{Value, json};

/// The demonstration country.
pub const COUNTRY: &str = include_str!("../../examples/viet-nam.json");

pub fn instant(text: &str) -> Instant {
    Instant::parse(text).expect("an instant")
}

/// Somebody who writes at this instant.
pub fn at(text: &str) -> Author {
    Author::operator("tester", instant(text))
}

/// Somebody who writes at some instant after all that the demonstration country has.
pub fn author() -> Author {
    at("2026-11-20T08:30:00Z")
}

// Records

pub fn organisation(name: &str) -> Value {
    json!({"kind": "calibration_laboratory", "names": {"vi": name}})
}

pub fn document(designation: &str) -> Value {
    json!({"designation": designation})
}

pub fn standard(owner: &Id, code: &str) -> Value {
    json!({"owner": owner, "code": code})
}

/// A certificate with one result.
pub fn certificate(issuer: &Id, item: &Id, number: &str) -> Value {
    json!({
        "kind": "calibration", "issuer": issuer, "item": item, "number": number,
        "performed_from": "2026-02-10", "performed_to": "2026-02-10",
        "results": [{
            "id": "r1", "quantity_kind": "conventional_mass", "point": {"value": "1", "unit": "kg"},
            "value": "1.0000003", "unit": "kg",
            "uncertainty": {"value": "0.3", "unit": "mg", "kind": "expanded"},
        }],
    })
}

/// A certificate made with these others, each of the standard named beside it.
pub fn certificate_from(issuer: &Id, item: &Id, number: &str, parents: &[(&Id, &Id)]) -> Value {
    let mut certificate = certificate(issuer, item, number);
    let references = parents.iter().map(|(standard, calibration)| {
        json!({"standard": standard, "calibration": calibration, "result": "r1"})
    });
    certificate["references"] = references.collect();
    certificate
}

/// A body with some fields put over it.
pub fn with(mut body: Value, fields: Value) -> Value {
    if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
        body.extend(fields);
    }
    body
}

/// A bundle of these records, each with its collection.
pub fn bundle(source: &str, records: impl IntoIterator<Item = (CollectionName, Value)>) -> String {
    let mut of_collection = serde_json::Map::new();
    for (collection, record) in records {
        let list = of_collection.entry(collection.as_str()).or_insert_with(|| json!([]));
        list.as_array_mut().expect("a list").push(record);
    }
    json!({"format": "etalon-bundle/1", "source": source, "records": of_collection}).to_string()
}

// Writing

#[track_caller]
pub fn create(registry: &Registry, collection: CollectionName, body: Value) -> Written {
    let accepted = registry.create(collection, body, &author());
    accepted.unwrap_or_else(|refusal| panic!("{refusal:?}")).written
}

/// Creates a record and gives back its id.
#[track_caller]
pub fn created(registry: &Registry, collection: CollectionName, body: Value) -> Id {
    create(registry, collection, body).id
}

#[track_caller]
pub fn import(registry: &Registry, text: &str) -> Report {
    import_with(registry, text, &Options::default())
}

#[track_caller]
pub fn import_with(registry: &Registry, text: &str, options: &Options) -> Report {
    let report = registry.import("bundle.json", text, options, &author(), &mut |_, _| {});
    report.unwrap_or_else(|failed| panic!("{failed:?}"))
}

/// What an import is refused for.
#[track_caller]
pub fn import_refused(registry: &Registry, text: &str, options: &Options) -> Refusal {
    match registry.import("bundle.json", text, options, &author(), &mut |_, _| {}) {
        Err(Failed::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

pub const HISTORICAL: Options = Options {
    source: None,
    dry_run: false,
    historical: true,
    signatures_at: None,
    mappings: Vec::new(),
    snapshot_of: None,
};
pub const DRY: Options = Options {
    source: None,
    dry_run: true,
    historical: false,
    signatures_at: None,
    mappings: Vec::new(),
    snapshot_of: None,
};

/// A registry that holds the demonstration country.
#[track_caller]
pub fn import_country(registry: &Registry) -> Report {
    import_with(registry, COUNTRY, &HISTORICAL)
}

// Refusals

/// Code and place of every fault.
pub fn said(faults: &Faults) -> Vec<(&'static str, &str)> {
    faults.0.iter().map(|fault| (fault.code, fault.pointer.as_str())).collect()
}

/// That a write was refused for exactly these faults.
#[track_caller]
pub fn refused(result: Result<Accepted, Refusal>, expected: &[(&str, &str)]) {
    match result {
        Err(refusal) => has_faults(&refusal, expected),
        Ok(accepted) => panic!("{accepted:?} was accepted"),
    }
}

#[track_caller]
pub fn has_faults(refusal: &Refusal, expected: &[(&str, &str)]) {
    let Refusal::Faults(faults) = refusal else { panic!("{refusal:?}") };
    assert_eq!(said(faults), expected, "{faults:?}");
    for fault in &faults.0 {
        assert!(!fault.message.vi.is_empty() && !fault.message.en.is_empty(), "{fault:?}");
    }
}

// Reading

/// All entries of the log, in its order.
pub fn entries(store: &Store) -> Vec<Entry> {
    let mut entries = Vec::new();
    loop {
        let page =
            store.entries(entries.len() as u64, 1_000, &LogFilter::default()).expect("entries");
        if page.is_empty() {
            return entries;
        }
        entries.extend(page);
    }
}

/// All entries of the log, after its verification: gap-free from 1, hashes and chain right, and
/// the head that of the last.
#[track_caller]
pub fn verified(store: &Store) -> Vec<Entry> {
    let entries = entries(store);
    let mut verifier = Verifier::new();
    for entry in &entries {
        verifier.take(entry).unwrap_or_else(|broken| panic!("{broken}"));
    }
    let head = store.head().expect("the head");
    assert_eq!(head.log_index, verifier.log_index());
    assert_eq!(head.chain_sha256, verifier.chain());
    assert_eq!(Some(head.recorded_at), verifier.recorded_at().or(Some(Instant::beginning())));
    entries
}

/// The first page of a collection without filters.
pub fn query(collection: CollectionName, at: u64) -> ListQuery {
    ListQuery {
        collection,
        filters: Vec::new(),
        words: Vec::new(),
        after: None,
        limit: 10_000,
        at,
        reader: Reader::Everything,
    }
}

/// Every record of a registry as known at a log index, by collection and id.
pub fn everything(store: &Store, at: u64) -> Vec<Stored> {
    let lists = CollectionName::ALL.iter().map(|name| store.list(&query(*name, at)));
    lists.flat_map(|list| list.expect("a list")).collect()
}

pub fn body(stored: &Stored) -> Value {
    serde_json::from_str(&stored.body).expect("JSON")
}

pub fn record(collection: CollectionName, body: Value) -> AnyRecord {
    AnyRecord::read(collection, body, ValuePointerRef::Origin).expect("a record")
}

/// A policy that says what `vn-2026` says.
pub fn policy(id: &str, version: &str) -> Value {
    let text = Policy::document("vn-2026").expect("it comes with the program");
    let mut document: Value = serde_json::from_str(text).expect("JSON");
    document["id"] = id.into();
    document["version"] = version.into();
    document
}
