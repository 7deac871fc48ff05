//! Imports too large for one transaction: jobs of atomic chunks that go on where they were cut off.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::support::records::{
    DRY, author, body, bundle, certificate, created, document, entries, everything, has_faults,
    import, import_refused, import_with, organisation, query, standard, verified, with,
};
use crate::support::{Database, both};
use etalon::app::import::{AT_ONCE, Options, Report};
use etalon::app::registry::Registry;
use etalon::domain::id::Id;
use etalon::domain::records::AnyRecord;
use etalon::domain::records::CollectionName::{
    self, Calibrations, Documents, MeasurementStandards, Organisations,
};
use etalon::store::ListQuery;
use serde_json::{Value, json};

both!(
    cut_off_and_resumed,
    a_fault_in_a_later_chunk,
    a_large_dry_run,
    a_loop_across_chunks,
    certificates_of_a_synthetic_country,
);

const MORE: usize = 500;
const ALL: usize = AT_ONCE + MORE;

fn documents(count: usize) -> Vec<(CollectionName, Value)> {
    let number =
        |number| json!({"id": format!("_:d{number}"), "designation": format!("D {number}")});
    (0..count).map(|one| (Documents, number(one))).collect()
}

fn counts(report: &Report) -> [u64; 5] {
    [report.records, report.created, report.amended, report.unchanged, report.done_before]
}

/// Imports and panics once so many records are done.
fn cut_off(registry: &Registry, text: &str, after: usize) {
    let import = || {
        let mut told = |done: u64, _: u64| assert!(done < after as u64, "cut off on purpose");
        let _ = registry.import("bundle.json", text, &Options::default(), &author(), &mut told);
    };
    let panic = catch_unwind(AssertUnwindSafe(import)).expect_err("cut off");
    let words = panic.downcast_ref::<&str>().copied().unwrap_or_default();
    assert!(words.contains("cut off on purpose"), "{words}");
}

fn cut_off_and_resumed(database: &Database) {
    let registry = database.registry();
    let text = bundle("many", documents(ALL));
    cut_off(&registry, &text, AT_ONCE);
    assert_eq!(verified(registry.store()).len(), AT_ONCE);
    // Others write meanwhile; the job goes on with the rest.
    let other = created(&registry, Documents, document("other"));
    let mut told = Vec::new();
    let mut hear = |done, all| told.push((done, all));
    let author = author();
    let report = registry.import("bundle.json", &text, &Options::default(), &author, &mut hear);
    let report = report.expect("resumed");
    let (all, done, more) = (ALL as u64, AT_ONCE as u64, MORE as u64);
    assert_eq!(told, [(done, all), (all, all)]);
    assert_eq!(counts(&report), [all, all, 0, 0, done]);
    assert_eq!(report.outcomes.len() as u64, more);
    assert_eq!(report.log_index, all + 1);
    let log = verified(registry.store());
    let ids: BTreeSet<&Id> = log.iter().map(|entry| &entry.record_id).collect();
    assert_eq!((ids.len(), log.len()), (ALL + 1, ALL + 1), "everything is there once");
    let list = ListQuery { limit: u32::MAX, ..query(Documents, report.log_index) };
    let list = registry.store().list(&list).expect("a list");
    let said: BTreeSet<String> = list
        .iter()
        .filter(|stored| stored.id != other)
        .map(|stored| body(stored)["designation"].as_str().expect("a text").to_owned())
        .collect();
    assert_eq!(said, (0..ALL).map(|number| format!("D {number}")).collect());

    // Once it is done, the same file has nothing to add.
    let again = import(&registry, &text);
    assert_eq!(counts(&again), [all, 0, 0, all, 0]);
    assert_eq!(again.outcomes.len(), ALL);
    assert_eq!(registry.store().head().expect("a head").log_index, all + 1);
}

fn a_fault_in_a_later_chunk(database: &Database) {
    let registry = database.registry();
    let lab = created(&registry, Organisations, organisation("Phòng thử nghiệm"));
    let mut records = documents(ALL);
    let last = ALL - 1;
    records[last].1 = with(records[last].1.take(), json!({"id": lab}));
    let text = bundle("many", records);
    let place = format!("/records/documents/{last}/id");
    // Again and again: what is done is kept, nothing of the rest is.
    for _ in 0..2 {
        let refusal = import_refused(&registry, &text, &Options::default());
        has_faults(&refusal, &[("id_of_another_kind", &place)]);
        assert_eq!(verified(registry.store()).len(), AT_ONCE + 1);
    }
    // The file put right is another one, which finds what is there.
    let report = import(&registry, &bundle("many", documents(ALL)));
    let (all, done, more) = (ALL as u64, AT_ONCE as u64, MORE as u64);
    assert_eq!(counts(&report), [all, more, 0, done, 0]);
    assert_eq!(verified(registry.store()).len(), ALL + 1);
}

fn a_large_dry_run(database: &Database) {
    let registry = database.registry();
    let mut records = documents(ALL);
    // The last ones name the first ones.
    for (position, (_, record)) in records.iter_mut().enumerate().skip(AT_ONCE) {
        *record = with(record.take(), json!({"replaced_by": format!("_:d{}", position - AT_ONCE)}));
    }
    let text = bundle("many", records);
    let dry = import_with(&registry, &text, &DRY);
    assert_eq!(counts(&dry), [ALL as u64, ALL as u64, 0, 0, 0]);
    assert_eq!(dry.outcomes.len(), ALL);
    assert_eq!(entries(registry.store()), []);
    let mut direct = database.direct();
    for table in ["records", "documents", "import_records", "import_jobs", "search_words"] {
        assert_eq!(direct.count(table), 0, "{table}");
    }
    // A dry run amid a job says what is left and changes nothing of it.
    cut_off(&registry, &text, AT_ONCE);
    let before = registry.store().projections().expect("projections");
    let dry = import_with(&registry, &text, &DRY);
    assert_eq!(counts(&dry), [ALL as u64, ALL as u64, 0, 0, AT_ONCE as u64]);
    assert_eq!(registry.store().projections().expect("projections"), before);
    let real = import(&registry, &text);
    assert_eq!(counts(&real), counts(&dry));
    assert_eq!(verified(registry.store()).len(), ALL);
}

/// A certificate is made with one that amends it and comes, after so many documents that this one
/// names, in the next chunk: the label must have the same id when the job is resumed.
pub fn in_a_loop(count: usize) -> String {
    let label = |text: &str| Id::parse(text).expect("a label");
    let (lab, item) = (label("_:lab"), label("_:w"));
    let labelled = |body: Value, label: &str| with(body, json!({"id": label}));
    // As many as a list may have, among them the last.
    let named = count.saturating_sub(10_000)..count;
    let methods: Vec<Value> =
        named.map(|number| json!({"document": format!("_:d{number}")})).collect();
    let late = with(
        labelled(certificate(&lab, &item, "late"), "_:late"),
        json!({"amends": "_:early", "change": "corrected", "methods": methods}),
    );
    let early = with(
        labelled(certificate(&lab, &item, "early"), "_:early"),
        json!({"references": [{"standard": "_:w", "calibration": "_:late", "result": "r1"}]}),
    );
    let mut records = vec![
        (Organisations, labelled(organisation("Phòng thử nghiệm"), "_:lab")),
        (MeasurementStandards, labelled(standard(&lab, "W"), "_:w")),
        (Calibrations, late),
        (Calibrations, early),
    ];
    records.extend(documents(count));
    bundle("loop", records)
}

fn a_loop_across_chunks(database: &Database) {
    let registry = database.registry();
    let count = AT_ONCE + 10;
    let text = in_a_loop(count);
    cut_off(&registry, &text, AT_ONCE);
    let numbers = |registry: &Registry| -> Vec<Value> {
        let head = registry.store().head().expect("a head").log_index;
        let list = registry.store().list(&query(Calibrations, head)).expect("a list");
        list.iter().map(|stored| body(stored)["number"].clone()).collect()
    };
    assert_eq!(numbers(&registry), [json!("early")]);
    let report = import(&registry, &text);
    assert_eq!((report.created, report.done_before), (count as u64 + 4, AT_ONCE as u64));
    let log = verified(registry.store());
    assert_eq!(log.len(), count + 4);
    let all = everything(registry.store(), report.log_index);
    let ids: BTreeSet<&str> = log.iter().map(|entry| entry.record_id.as_str()).collect();
    let early = all.iter().find(|one| body(one)["number"] == "early").expect("there");
    let named = body(early)["references"][0]["calibration"].as_str().expect("an id").to_owned();
    assert!(ids.contains(named.as_str()), "{named} is nobody's id");
    let before = registry.store().projections().expect("projections");
    registry.store().rebuild(|_| {}).expect("rebuilt");
    assert_eq!(registry.store().projections().expect("projections"), before);
    assert_eq!(import(&registry, &text).unchanged, count as u64 + 4);
}

/// A record that does not say when it or its history was recorded.
fn as_new(record: &AnyRecord) -> Value {
    let mut body = record.body();
    for field in ["status_history", "events"] {
        for entry in body.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten() {
            entry.as_object_mut().expect("an entry").remove("recorded_at");
        }
    }
    body
}

/// Records of the real shape: many values a record, so that a chunk is written in several goes.
fn certificates_of_a_synthetic_country(database: &Database) {
    let registry = database.registry();
    let records = etalon::app::synth::country(2_600, 3, 7);
    let all = records.len() as u64;
    assert!(all > AT_ONCE as u64 && records.calibrations.len() > 7_500, "{all}");
    let records = records.into_any().into_iter();
    let text = bundle("synth", records.map(|(_, record)| (record.collection(), as_new(&record))));
    assert_eq!(counts(&import(&registry, &text)), [all, all, 0, 0, 0]);
    assert_eq!(verified(registry.store()).len() as u64, all);
}
