//! The demonstration country in a registry: everything that the file says is there, as it says it.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::records::{
    COUNTRY, body, entries, everything, import_country, instant, verified,
};
use crate::support::{Database, both};
use etalon::app::import::Action;
use etalon::app::registry::shown;
use etalon::domain::log::Operation;
use etalon::domain::period::Instant;
use etalon::domain::records::CollectionName;
use serde_json::{Value, json};

both!(every_record_can_be_read, history_is_in_its_order, is_shown_with_what_the_service_adds);

/// A value of the file with ids for labels and without what the service adds.
fn as_stored(value: &Value, ids: &BTreeMap<String, String>, collection: CollectionName) -> Value {
    let mut value = value.clone();
    let fields = value.as_object_mut().expect("a record");
    fields.remove("recorded_at");
    if collection != CollectionName::Attestations {
        fields.remove("version");
    }
    exchange(&mut value, ids);
    value
}

fn exchange(value: &mut Value, ids: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some(id) = ids.get(text) {
                text.clone_from(id);
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| exchange(element, ids)),
        Value::Object(fields) => fields.values_mut().for_each(|field| exchange(field, ids)),
        _ => {}
    }
}

/// A stored body without the times of its history.
fn without_times(mut body: Value) -> Value {
    for field in ["status_history", "events"] {
        for entry in body.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten() {
            entry.as_object_mut().expect("an entry").remove("recorded_at");
        }
    }
    body
}

fn every_record_can_be_read(database: &Database) {
    let registry = database.registry();
    let report = import_country(&registry);
    let file: Value = serde_json::from_str(COUNTRY).expect("JSON");
    let ids: BTreeMap<String, String> = report
        .outcomes
        .iter()
        .map(|outcome| (outcome.label.clone().expect("a label"), outcome.id.to_string()))
        .collect();
    let mut count = 0;
    for name in CollectionName::ALL {
        for (position, record) in
            file["records"][name.as_str()].as_array().into_iter().flatten().enumerate()
        {
            count += 1;
            let outcome = report
                .outcomes
                .iter()
                .find(|outcome| (outcome.collection, outcome.position) == (*name, position))
                .expect("an outcome");
            assert_eq!(outcome.action, Action::Created);
            let stored = registry.get(*name, &outcome.id, report.log_index).expect("it is there");
            assert_eq!(stored.version, outcome.version);
            let expected = without_times(as_stored(record, &ids, *name));
            assert_eq!(without_times(body(&stored)), expected);
            stored.record().expect("a record");
        }
    }
    assert_eq!((report.records, report.created), (count, count));
    assert_eq!((report.amended, report.unchanged, report.done_before), (0, 0, 0));
    assert_eq!(everything(registry.store(), report.log_index).len() as u64, count);
    let log = verified(registry.store());
    assert_eq!(log.len() as u64, report.log_index);
    assert!(log.len() as u64 > count, "a status recorded later is a version of its own");
    assert!(log.iter().all(|entry| entry.actor == "tester"));
}

fn history_is_in_its_order(database: &Database) {
    let registry = database.registry();
    let report = import_country(&registry);
    let at = |time: &str| {
        let known_at = Some(etalon::domain::claim::KnownAt::Instant(instant(time)));
        let index = registry.index_at(known_at, instant("2027-01-01T00:00:00Z")).expect("an index");
        everything(registry.store(), index)
    };
    // Three things of the country were recorded late; all else was always known.
    let of = |records: &[etalon::store::Stored]| -> BTreeSet<(String, u32)> {
        records.iter().map(|stored| (stored.id.to_string(), stored.version)).collect()
    };
    let (always, october, november) =
        (at("1800-01-01T00:00:00Z"), at("2026-10-05T03:00:00Z"), at("2026-11-10T02:00:00Z"));
    assert_eq!(always.len() as u64, report.records - 2);
    assert_eq!(of(&always), of(&at("2026-10-05T02:59:59.999999Z")));
    assert_eq!(october.len(), always.len());
    assert_eq!(of(&october).difference(&of(&always)).count(), 1);
    assert_eq!(november.len() as u64, report.records);
    assert_eq!(of(&november).difference(&of(&october)).count(), 2);
    assert!(at("1799-12-31T23:59:59Z").is_empty());

    let late: Vec<_> = entries(registry.store())
        .into_iter()
        .filter(|entry| entry.recorded_at > Instant::beginning())
        .map(|entry| (entry.recorded_at.to_string(), entry.operation, entry.version))
        .collect();
    assert_eq!(
        late,
        [
            ("2026-10-05T03:00:00Z".to_owned(), Operation::Status, 2),
            ("2026-11-10T02:00:00Z".to_owned(), Operation::Create, 1),
            ("2026-11-10T02:00:00Z".to_owned(), Operation::Create, 1),
        ]
    );
    // A status says since when the registry knows it.
    let changed = october.iter().find(|stored| stored.version == 2).expect("a second version");
    let history = body(changed)["status_history"].clone();
    let times: Vec<_> =
        history.as_array().expect("a history").iter().map(|e| &e["recorded_at"]).collect();
    assert_eq!(times, [&json!("1800-01-01T00:00:00Z"), &json!("2026-10-05T03:00:00Z")]);
    assert_eq!(changed.known_since, Instant::beginning());
    assert_eq!(changed.recorded_at, instant("2026-10-05T03:00:00Z"));
}

fn is_shown_with_what_the_service_adds(database: &Database) {
    let registry = database.registry();
    let report = import_country(&registry);
    for stored in everything(registry.store(), report.log_index) {
        let shown = shown(&stored).expect("an object");
        assert_eq!(shown["version"], stored.version);
        assert_eq!(shown["log_index"], stored.log_index);
        assert_eq!(shown["recorded_by"], "tester");
        assert_eq!(shown["recorded_at"], stored.recorded_at.to_string());
        // Sent back as it is shown it is the same record.
        let author = crate::support::records::author();
        let (id, version) = (&stored.id, stored.version);
        let amended = registry.amend(stored.collection, id, shown, version, &author);
        let amended = amended.unwrap_or_else(|refusal| panic!("{stored:?}: {refusal:?}"));
        let now = registry.get(stored.collection, id, amended.written.log_index).expect("there");
        assert_eq!(now.body, stored.body);
    }
}
