//! Bundles with a record a line: held like others, or read where they lie. Both ways do the same as
//! the bundle in one document.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::support::records::{
    COUNTRY, DRY, HISTORICAL, author, body, bundle, certificate, certificate_from, created,
    document, entries, everything, has_faults, import, import_refused, import_with, organisation,
    said, standard, verified, with,
};
use crate::support::{Database, both};
use etalon::app::import::{AT_ONCE, Failed, Options, Report, Stage};
use etalon::app::refusal::Refusal;
use etalon::app::registry::Registry;
use etalon::domain::fault::Faults;
use etalon::domain::id::Id;
use etalon::domain::records::CollectionName::{
    self, Calibrations, Documents, MeasurementStandards, Organisations,
};
use etalon::exchange::bundle::printer::{Form, Printer};
use etalon::store::Store;
use serde_json::{Value, json};

both!(
    held_or_not_the_same_is_written,
    the_same_lines_twice,
    a_job_of_lines_goes_on_in_either_way,
    a_loop_of_labels_across_chunks,
    all_faults_before_anything_is_written,
    loops_with_what_is_stored,
    history_in_the_order_of_its_times,
    lines_that_change_meanwhile,
);

/// The lines of a bundle in one document.
fn lines(text: &str) -> String {
    let document: Value = serde_json::from_str(text).expect("JSON");
    let mut lines =
        json!({"format": "etalon-bundle-lines/1", "source": document["source"]}).to_string();
    for (collection, records) in document["records"].as_object().expect("records") {
        for record in records.as_array().expect("a list") {
            lines += &format!("\n{{\"{collection}\": {record}}}");
        }
    }
    lines.replace(",\"source\":null", "") + "\n"
}

fn try_filed(registry: &Registry, text: &str, options: &Options) -> Result<Report, Failed> {
    registry.import_lines(&mut Cursor::new(text), options, &author(), true, &mut |_| {})
}

/// The same of a bundle in one document.
fn try_document(registry: &Registry, text: &str, options: &Options) -> Result<Report, Failed> {
    let (mut file, mut records) = (Cursor::new(text), Cursor::new(Vec::new()));
    let told = &mut |_| {};
    registry.import_document(&mut file, &mut records, options, &author(), true, told)
}

#[track_caller]
fn filed_with(registry: &Registry, text: &str, options: &Options) -> Report {
    try_filed(registry, text, options).unwrap_or_else(|failed| panic!("{failed:?}"))
}

#[track_caller]
fn filed(registry: &Registry, text: &str) -> Report {
    filed_with(registry, text, &Options::default())
}

#[track_caller]
fn filed_refused(registry: &Registry, text: &str, options: &Options) -> Faults {
    match try_filed(registry, text, options) {
        Err(Failed::Refused(Refusal::Faults(faults))) => faults,
        other => panic!("{other:?}"),
    }
}

fn counts(report: &Report) -> [u64; 5] {
    [report.records, report.created, report.amended, report.unchanged, report.done_before]
}

/// The bodies of the log with labels in the place of the ids that they were given.
fn bodies(store: &Store, report: &Report) -> Vec<String> {
    let labels = report.outcomes.iter().filter_map(|one| Some((&one.id, one.label.as_ref()?)));
    let labels: BTreeMap<&str, &String> = labels.map(|(id, label)| (id.as_str(), label)).collect();
    let bodies = verified(store).into_iter().map(|entry| {
        let parts = entry.body.split('"');
        let parts: Vec<&str> =
            parts.map(|part| labels.get(part).map_or(part, |label| label.as_str())).collect();
        parts.join("\"")
    });
    bodies.map(|body| without_code(&body)).collect()
}

/// The code of a certificate is made by chance.
fn without_code(body: &str) -> String {
    let mut body: Value = serde_json::from_str(body).expect("JSON");
    body.as_object_mut().expect("an object").remove("code");
    body.to_string()
}

fn small() -> String {
    let (lab, item) = (label("_:lab"), label("_:w1"));
    let labelled = |body: Value, label: &str| with(body, json!({"id": label}));
    let events = json!({"events": [{"kind": "repair", "on": "2026-01-05"}]});
    bundle(
        "lab",
        vec![
            (Calibrations, labelled(certificate(&lab, &item, "1/2026"), "_:c1")),
            (MeasurementStandards, with(labelled(standard(&lab, "W-1"), "_:w1"), events)),
            (Organisations, labelled(organisation("Phòng thử nghiệm"), "_:lab")),
            (Documents, labelled(document("ĐLVN 99:2002"), "_:d")),
        ],
    )
}

fn label(text: &str) -> Id {
    Id::parse(text).expect("a label")
}

fn documents(count: usize) -> Vec<(CollectionName, Value)> {
    let number =
        |number| json!({"id": format!("_:d{number}"), "designation": format!("D {number}")});
    (0..count).map(|one| (Documents, number(one))).collect()
}

fn held_or_not_the_same_is_written(database: &Database) {
    for (text, options) in [(small(), Options::default()), (COUNTRY.to_owned(), HISTORICAL)] {
        let mut written = Vec::new();
        for way in 0..4 {
            let Some(own) = Database::on(database.backend()) else { return };
            let registry = own.registry();
            let report = match way {
                0 => import_with(&registry, &text, &options),
                1 => import_with(&registry, &lines(&text), &options),
                2 => filed_with(&registry, &lines(&text), &options),
                _ => try_document(&registry, &text, &options).expect("imported"),
            };
            assert_eq!(report.outcomes.len() as u64, report.records);
            written.push((counts(&report), bodies(registry.store(), &report)));
        }
        for other in &written[1..] {
            assert_eq!(other.0, written[0].0, "{options:?}");
            assert!(other.1 == written[0].1, "{options:?}");
        }
    }
}

fn the_same_lines_twice(database: &Database) {
    let registry = database.registry();
    let first = filed(&registry, &lines(&small()));
    assert_eq!(counts(&first), [4, 4, 0, 0, 0]);
    assert_eq!(first.outcomes.iter().filter(|one| one.label.is_some()).count(), 4);
    let before = registry.store().projections().expect("projections");
    for again in [
        filed(&registry, &lines(&small())),
        import(&registry, &small()),
        filed_with(&registry, &lines(&small()), &HISTORICAL),
        filed_with(&registry, &lines(&small()), &DRY),
    ] {
        assert_eq!(counts(&again), [4, 0, 0, 4, 0]);
    }
    assert_eq!(registry.store().projections().expect("projections"), before);
    // Another edition amends, and names what the source called so before.
    let edition = json!([
        {"documents": {"id": "_:d", "designation": "ĐLVN 99:2026"}},
        {"measurement_standards": {"id": "_:w2", "owner": "_:lab", "code": "W-2"}},
    ]);
    let head = json!({"format": "etalon-bundle-lines/1", "source": "lab", "count": 2});
    let edition = format!("{head}\n{}\n{}", edition[0], edition[1]);
    let dry = filed_with(&registry, &edition, &DRY);
    assert_eq!(registry.store().projections().expect("projections"), before);
    let real = filed(&registry, &edition);
    assert_eq!(counts(&real), [2, 1, 1, 0, 0]);
    assert_eq!((counts(&dry), dry.log_index), (counts(&real), real.log_index));
    let lab = first.outcomes.iter().find(|one| one.label.as_deref() == Some("_:lab"));
    let all = everything(registry.store(), real.log_index);
    let second = all.iter().find(|stored| body(stored)["code"] == "W-2").expect("there");
    assert_eq!(body(second)["owner"], lab.expect("there").id.as_str());
    // History needs an empty registry; a dry run of it leaves it empty.
    if let Some(empty) = Database::on(database.backend()) {
        let registry = empty.registry();
        let dry = filed_with(&registry, &lines(COUNTRY), &Options { dry_run: true, ..HISTORICAL });
        assert_eq!(entries(registry.store()), []);
        let real = filed_with(&registry, &lines(COUNTRY), &HISTORICAL);
        assert_eq!((counts(&dry), dry.log_index), (counts(&real), real.log_index));
        let again = filed_with(&registry, &lines(COUNTRY), &HISTORICAL);
        assert_eq!((again.unchanged, again.log_index), (real.records, real.log_index));
    }
    let failed = try_filed(&registry, &lines(COUNTRY), &HISTORICAL);
    let entries = entries(registry.store()).len() as u64;
    assert_eq!(failed.err(), Some(Failed::Refused(Refusal::NotEmpty { entries })));
}

fn a_job_of_lines_goes_on_in_either_way(database: &Database) {
    const MORE: usize = 300;
    let registry = database.registry();
    let text = lines(&bundle("many", documents(AT_ONCE + MORE)));
    let cut_off = || {
        let mut told = |stage| match stage {
            Stage::Written(done, _) => assert!(done < AT_ONCE as u64, "cut off on purpose"),
            Stage::Read(_) | Stage::Checked(..) => {}
        };
        let _ = registry.import_lines(
            &mut Cursor::new(&text),
            &Options::default(),
            &author(),
            true,
            &mut told,
        );
    };
    catch_unwind(AssertUnwindSafe(cut_off)).expect_err("cut off");
    assert_eq!(verified(registry.store()).len(), AT_ONCE);
    // What comes is the same file, whether it is held or not.
    let (all, done, more) = ((AT_ONCE + MORE) as u64, AT_ONCE as u64, MORE as u64);
    let dry = import_with(&registry, &text, &DRY);
    assert_eq!(counts(&dry), [all, all, 0, 0, done]);
    let report = filed(&registry, &text);
    assert_eq!(counts(&report), [all, all, 0, 0, done]);
    assert_eq!(report.outcomes.len() as u64, more);
    assert_eq!(verified(registry.store()).len() as u64, all);
    let quiet = registry.import_lines(
        &mut Cursor::new(&text),
        &Options::default(),
        &author(),
        false,
        &mut |_| {},
    );
    let quiet = quiet.expect("imported");
    assert_eq!((counts(&quiet), quiet.outcomes.len()), ([all, 0, 0, all, 0], 0));
}

/// As in `jobs`: a certificate names one that comes in the next chunk.
fn a_loop_of_labels_across_chunks(database: &Database) {
    let registry = database.registry();
    let (lab, item) = (label("_:lab"), label("_:w"));
    let labelled = |body: Value, label: &str| with(body, json!({"id": label}));
    let count = AT_ONCE + 10;
    let methods: Vec<Value> =
        (0..count).map(|number| json!({"document": format!("_:d{number}")})).collect();
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
    let text = lines(&bundle("loop", records));
    let cut_off = || {
        let mut told = |stage| match stage {
            Stage::Written(done, _) => assert!(done < AT_ONCE as u64, "cut off on purpose"),
            Stage::Read(_) | Stage::Checked(..) => {}
        };
        let _ = registry.import_lines(
            &mut Cursor::new(&text),
            &Options::default(),
            &author(),
            true,
            &mut told,
        );
    };
    catch_unwind(AssertUnwindSafe(cut_off)).expect_err("cut off");
    let report = filed(&registry, &text);
    assert_eq!((report.created, report.done_before), (count as u64 + 4, AT_ONCE as u64));
    let log = verified(registry.store());
    assert_eq!(log.len(), count + 4);
    let late = report.outcomes.iter().find(|one| one.label.as_deref() == Some("_:late"));
    let late = late.expect("there").id.as_str();
    let early = log.iter().find(|entry| entry.body.contains("\"early\"")).expect("there");
    assert!(early.body.contains(&format!("\"calibration\":\"{late}\"")), "{}", early.body);
    let before = registry.store().projections().expect("projections");
    registry.store().rebuild(|_| {}).expect("rebuilt");
    assert_eq!(registry.store().projections().expect("projections"), before);
}

fn all_faults_before_anything_is_written(database: &Database) {
    let registry = database.registry();
    let (lab, item) = (label("_:lab"), label("_:w"));
    let labelled = |body: Value, label: &str| with(body, json!({"id": label}));
    let from = |number: &str, parent: &str| {
        let parent = label(parent);
        let certificate = certificate_from(&lab, &item, number, &[(&item, &parent)]);
        labelled(certificate, &format!("_:{number}"))
    };
    let mut records = vec![
        (Organisations, labelled(organisation("Phòng thử nghiệm"), "_:lab")),
        (MeasurementStandards, labelled(standard(&lab, "W"), "_:w")),
        (Documents, json!({"id": "_:broken"})),
        (Documents, json!({"id": "_:x", "designation": "X", "replaced_by": "_:y"})),
        (Calibrations, from("first", "_:last")),
    ];
    // Further apart than what is checked together.
    records.extend(documents(2_500));
    let mut row = from("row", "_:first");
    row["references"][0]["result"] = "r9".into();
    records.extend([
        (Documents, json!({"id": "_:y", "designation": "Y", "replaced_by": "_:x"})),
        (Documents, json!({"id": "_:z", "designation": "Z", "replaced_by": "_:broken"})),
        (Documents, json!({"id": "_:d7", "designation": "twice"})),
        (Calibrations, row),
        (Calibrations, from("last", "_:nobody")),
    ]);
    let lines: Vec<String> =
        records.iter().map(|(name, record)| json!({name.as_str(): record}).to_string()).collect();
    let text = format!("{{\"format\": \"etalon-bundle-lines/1\"}}\n{}\n", lines.join("\n"));
    let held = import_refused(&registry, &text, &Options::default());
    let read = filed_refused(&registry, &text, &Options::default());
    let Refusal::Faults(held) = held else { panic!("{held:?}") };
    let sorted = |faults: &Faults| {
        let mut said: Vec<_> =
            said(faults).into_iter().map(|(code, at)| (code, at.to_owned())).collect();
        said.sort_unstable();
        said
    };
    let expected = [
        ("duplicate_id", "line 2509/documents/id"),
        ("loop", "line 2507/documents/replaced_by"),
        ("loop", "line 5/documents/replaced_by"),
        ("missing_field", "line 4/documents"),
        ("unknown_id", "line 2511/calibrations/references/0/calibration"),
        ("unknown_result", "line 2510/calibrations/references/0/result"),
    ];
    let expected = expected.map(|(code, at)| (code, at.to_owned()));
    assert_eq!(sorted(&read), expected, "{read:?}");
    assert_eq!(sorted(&held), expected, "{held:?}");
    let message = |faults: &Faults| {
        let twice = faults.0.iter().find(|fault| fault.code == "duplicate_id").expect("there");
        twice.message.clone()
    };
    assert_eq!(message(&read), message(&held));
    // In one document likewise.
    let document = bundle("lab", records);
    let held = import_refused(&registry, &document, &Options::default());
    let Refusal::Faults(held) = held else { panic!("{held:?}") };
    let read = try_document(&registry, &document, &Options::default());
    let Err(Failed::Refused(Refusal::Faults(read))) = read else { panic!("{read:?}") };
    assert_eq!(sorted(&read), sorted(&held));
    assert_eq!((read.0.len(), message(&read)), (6, message(&held)));
    for broken in [&document[..document.len() - 2], "{}", "", &document.replace("/1\"", "/2\"")] {
        let held = import_refused(&registry, broken, &Options::default());
        let Refusal::Faults(held) = held else { panic!("{held:?}") };
        let read = try_document(&registry, broken, &Options::default());
        let Err(Failed::Refused(Refusal::Faults(read))) = read else { panic!("{read:?}") };
        let read = sorted(&read);
        assert!(sorted(&held).iter().all(|fault| read.contains(fault)), "{read:?} {held:?}");
    }
    assert_eq!(entries(registry.store()), []);
    // A line that holds no record: nothing is said of what might have been on it.
    let cut = &text[..text.len() - 30];
    let faults = filed_refused(&registry, cut, &Options::default());
    assert!(said(&faults).contains(&("bad_json", "line 2511")), "{faults:?}");
    assert!(!said(&faults).iter().any(|(code, _)| *code == "unknown_id"), "{faults:?}");
}

fn loops_with_what_is_stored(database: &Database) {
    let registry = database.registry();
    let a = created(&registry, Documents, document("A"));
    let b = created(&registry, Documents, with(document("B"), json!({"replaced_by": a})));
    let c = created(&registry, Documents, with(document("C"), json!({"replaced_by": b})));
    let text = |next: &Id| {
        let amended = with(document("A"), json!({"id": a, "version": 1, "replaced_by": next}));
        lines(&bundle("loops", [(Documents, amended)]))
    };
    for text in [text(&c), text(&a)] {
        let held = import_refused(&registry, &text, &Options::default());
        has_faults(&held, &[("loop", "line 2/documents/replaced_by")]);
        let read = filed_refused(&registry, &text, &Options::default());
        assert_eq!(said(&read), [("loop", "line 2/documents/replaced_by")]);
    }
    let d = created(&registry, Documents, document("D"));
    assert_eq!(counts(&filed(&registry, &text(&d))), [1, 0, 1, 0, 0]);
}

fn history_in_the_order_of_its_times(database: &Database) {
    let country = etalon::app::synth::country(1_650, 5, 7);
    assert!(country.len() > AT_ONCE, "more than one chunk");
    let count = country.len() as u64;
    let mut printer = Printer::new(Vec::new(), Form::Lines, Some("synth"), count).expect("begun");
    for (_, record) in country.into_any() {
        printer.record(&record).expect("written");
    }
    let text = String::from_utf8(printer.finish().expect("written")).expect("UTF-8");
    let registry = database.registry();
    let held = import_with(&registry, &text, &HISTORICAL);
    let log = verified(registry.store());
    let Some(other) = Database::on(database.backend()) else { return };
    let registry = other.registry();
    let read = filed_with(&registry, &text, &HISTORICAL);
    assert_eq!((counts(&read), &read.outcomes), (counts(&held), &held.outcomes));
    let told = |log: Vec<etalon::domain::log::Entry>| -> Vec<_> {
        log.into_iter().map(|one| (one.recorded_at, one.operation, one.version, one.body)).collect()
    };
    assert_eq!(told(verified(registry.store())), told(log));
}

/// A file that says something else once it was read to its end.
struct Changing(Cursor<String>, usize);

impl Read for Changing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Seek for Changing {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.1 += 1;
        if self.1 == 2 {
            let text = self.0.get_ref().replace("_:w1", "_:w2");
            *self.0.get_mut() = text;
        }
        self.0.seek(position)
    }
}

fn lines_that_change_meanwhile(database: &Database) {
    let registry = database.registry();
    let mut file = Changing(Cursor::new(lines(&small())), 0);
    let options = Options::default();
    let failed = registry.import_lines(&mut file, &options, &author(), true, &mut |_| {});
    let Err(Failed::Refused(Refusal::Faults(faults))) = failed else { panic!("{failed:?}") };
    assert_eq!(said(&faults), [("file_changed", "line 4/measurement_standards")]);
    assert_eq!(entries(registry.store()), []);
}
