//! Imports in one transaction: what a file says once, twice and in another edition; what is
//! refused, and that nothing is written then.

use crate::support::database::in_checkout;
use crate::support::records::{
    COUNTRY, DRY, HISTORICAL, author, body, bundle, certificate, created, document, entries,
    everything, has_faults, import, import_country, import_refused, import_with, instant,
    organisation, standard, verified, with,
};
use crate::support::{Database, both};
use etalon::app::import::{Action, Failed, Options, Report};
use etalon::app::refusal::Refusal;
use etalon::domain::id::Id;
use etalon::domain::log::Operation;
use etalon::domain::records::CollectionName::{
    self, Accreditations, Calibrations, Capabilities, Documents, MeasurementStandards,
    Organisations,
};
use etalon::ids;
use etalon::store::Store;
use serde_json::{Value, json};

both!(
    the_same_file_twice,
    the_country_twice,
    another_edition,
    a_longer_history,
    somebody_else_amended_it_meanwhile,
    records_with_ids,
    a_dry_run,
    given_times,
    history_needs_an_empty_registry,
    an_id_of_another_kind,
    a_label_and_its_id,
    sources_are_kept_apart,
    names_what_its_source_called_so,
    names_what_is_in_the_registry,
    records_that_name_each_other,
    loops_with_what_is_in_the_registry,
    foreign_formats,
    comparisons_share_their_institutes,
    odd_texts_in_many_rows,
    one_wrong_among_ten_thousand,
    one_refused_among_ten_thousand,
    a_file_that_is_none,
);

type Records = Vec<(CollectionName, Value)>;

/// A laboratory, its standard with an event, a certificate with a status, and a document.
fn small() -> Records {
    let (lab, item) = (label("_:lab"), label("_:w1"));
    let labelled = |body: Value, label: &str| with(body, json!({"id": label}));
    vec![
        (Organisations, labelled(organisation("Phòng thử nghiệm"), "_:lab")),
        (
            MeasurementStandards,
            with(
                labelled(standard(&lab, "W-1"), "_:w1"),
                json!({"events": [{"kind": "repair", "on": "2026-01-05"}]}),
            ),
        ),
        (
            Calibrations,
            with(
                labelled(certificate(&lab, &item, "1/2026"), "_:c1"),
                json!({"status_history": [{"status": "issued", "effective_from": "2026-02-12"}]}),
            ),
        ),
        (Documents, labelled(document("ĐLVN 99:2002"), "_:d")),
    ]
}

fn label(text: &str) -> Id {
    Id::parse(text).expect("a label")
}

/// The records with one of them changed.
fn changed(mut records: Records, position: usize, fields: Value) -> Records {
    let record = &mut records[position].1;
    *record = with(record.take(), fields);
    records
}

fn counts(report: &Report) -> [u64; 4] {
    [report.records, report.created, report.amended, report.unchanged]
}

fn id_of<'r>(report: &'r Report, label: &str) -> &'r Id {
    let named =
        |outcome: &&etalon::app::import::RecordOutcome| outcome.label.as_deref() == Some(label);
    &report.outcomes.iter().find(named).expect("an outcome").id
}

/// Everything that there is, to see whether anything changes.
fn state(store: &Store, database: &Database) -> (u64, Vec<String>, u64, u64) {
    let mut direct = database.direct();
    (
        store.head().expect("a head").log_index,
        store.projections().expect("projections"),
        direct.count("import_records"),
        direct.count("import_jobs"),
    )
}

fn the_same_file_twice(database: &Database) {
    let registry = database.registry();
    let text = bundle("lab", small());
    let first = import(&registry, &text);
    assert_eq!(counts(&first), [4, 4, 0, 0]);
    assert_eq!(first.log_index, 4);
    let before = state(registry.store(), database);
    let second = import(&registry, &text);
    assert_eq!(counts(&second), [4, 0, 0, 4]);
    assert_eq!(second.log_index, 4);
    assert!(second.outcomes.iter().all(|outcome| outcome.action == Action::Unchanged));
    let ids = |report: &Report| -> Vec<_> {
        report.outcomes.iter().map(|one| (one.label.clone(), one.id.clone(), one.version)).collect()
    };
    assert_eq!(ids(&first), ids(&second));
    assert_eq!(state(registry.store(), database), before);
    // Written differently, it says the same.
    let pretty: Value = serde_json::from_str(&text).expect("JSON");
    let pretty = serde_json::to_string_pretty(&pretty).expect("JSON");
    assert_eq!(counts(&import(&registry, &pretty)), [4, 0, 0, 4]);
    assert_eq!(state(registry.store(), database), before);
    verified(registry.store());
}

fn the_country_twice(database: &Database) {
    let registry = database.registry();
    let first = import_country(&registry);
    let before = state(registry.store(), database);
    for options in [HISTORICAL, Options::default()] {
        let second = import_with(&registry, COUNTRY, &options);
        assert_eq!(counts(&second), [first.records, 0, 0, first.records]);
        assert_eq!(state(registry.store(), database), before);
    }
}

fn another_edition(database: &Database) {
    let registry = database.registry();
    let first = import(&registry, &bundle("lab", small()));
    let edition = bundle("lab", changed(small(), 3, json!({"designation": "ĐLVN 99:2026"})));
    let second = import(&registry, &edition);
    assert_eq!(counts(&second), [4, 0, 1, 3]);
    let amended: Vec<_> =
        second.outcomes.iter().filter(|outcome| outcome.action == Action::Amended).collect();
    assert_eq!(amended.len(), 1);
    assert_eq!((amended[0].collection, amended[0].version), (Documents, 2));
    assert_eq!(&amended[0].id, id_of(&first, "_:d"));
    let entry = entries(registry.store()).pop().expect("an entry");
    assert_eq!((entry.log_index, entry.operation, entry.version), (5, Operation::Amend, 2));
    assert_eq!(counts(&import(&registry, &edition)), [4, 0, 0, 4]);
    // The first edition again takes it back.
    assert_eq!(counts(&import(&registry, &bundle("lab", small()))), [4, 0, 1, 3]);
    assert_eq!(verified(registry.store()).len(), 6);
    // A smaller edition takes nothing out, a larger one adds.
    let fewer = small().into_iter().filter(|(collection, _)| *collection == Documents);
    assert_eq!(counts(&import(&registry, &bundle("lab", fewer))), [1, 0, 0, 1]);
    let mut more = small();
    more.push((Documents, with(document("ĐLVN 100:2026"), json!({"id": "_:d2"}))));
    assert_eq!(counts(&import(&registry, &bundle("lab", more))), [5, 1, 0, 4]);
    verified(registry.store());
}

fn a_longer_history(database: &Database) {
    let registry = database.registry();
    import(&registry, &bundle("lab", small()));
    let issued = json!({"status": "issued", "effective_from": "2026-02-12"});
    let withdrawn = json!({"status": "withdrawn", "effective_from": "2026-06-01"});
    let longer = json!({"status_history": [issued, withdrawn]});
    let second = import(&registry, &bundle("lab", changed(small(), 2, longer)));
    assert_eq!(counts(&second), [4, 0, 1, 3]);
    let stored = registry.get(Calibrations, id_of(&second, "_:c1"), 5).expect("there");
    assert_eq!(body(&stored)["status_history"][1]["status"], "withdrawn");
    for (history, place) in [
        (json!([issued]), "/records/calibrations/0/status_history"),
        (json!([withdrawn, issued]), "/records/calibrations/0/status_history/0"),
    ] {
        let shorter = bundle("lab", changed(small(), 2, json!({"status_history": history})));
        let refusal = import_refused(&registry, &shorter, &Options::default());
        let Refusal::Faults(faults) = refusal else { panic!("{refusal:?}") };
        assert!(faults.0.iter().all(|fault| fault.code == "history_changed"), "{faults:?}");
        assert_eq!(faults.0[0].pointer, place);
    }
    assert_eq!(verified(registry.store()).len(), 5);
}

fn somebody_else_amended_it_meanwhile(database: &Database) {
    let registry = database.registry();
    let first = import(&registry, &bundle("lab", small()));
    let lab = id_of(&first, "_:lab");
    let theirs = organisation("Tên do người khác đặt");
    registry.amend(Organisations, lab, theirs, 1, &author()).expect("amended");
    let before = state(registry.store(), database);
    let renamed = changed(small(), 0, json!({"names": {"vi": "Tên trong tệp"}}));
    let edition = changed(renamed, 3, json!({"designation": "ĐLVN 99:2026"}));
    let refusal = import_refused(&registry, &bundle("lab", edition.clone()), &Options::default());
    has_faults(&refusal, &[("stale_version", "/records/organisations/0/version")]);
    assert_eq!(state(registry.store(), database), before);
    // The same file as before has nothing new to say.
    assert_eq!(counts(&import(&registry, &bundle("lab", small()))), [4, 0, 0, 4]);
    // Made from the version there is, it is taken.
    let merged = changed(edition, 0, json!({"version": 2}));
    let report = import(&registry, &bundle("lab", merged.clone()));
    assert_eq!(counts(&report), [4, 0, 2, 2]);
    assert_eq!(counts(&import(&registry, &bundle("lab", merged))), [4, 0, 0, 4]);
    let stored = registry.get(Organisations, lab, report.log_index).expect("there");
    assert_eq!((stored.version, &body(&stored)["names"]["vi"]), (3, &json!("Tên trong tệp")));
}

fn records_with_ids(database: &Database) {
    let registry = database.registry();
    let id = ids::new_id();
    let records = |designation: &str, more: Value| {
        vec![(Documents, with(with(document(designation), json!({"id": id})), more))]
    };
    let text = bundle("a", records("A", json!({})));
    let report = import(&registry, &text);
    assert_eq!(counts(&report), [1, 1, 0, 0]);
    assert_eq!((&report.outcomes[0].id, &report.outcomes[0].label), (&id, &None));
    assert_eq!(counts(&import(&registry, &text)), [1, 0, 0, 1]);
    // Its own source need not say from which version an edition is made, another must.
    assert_eq!(counts(&import(&registry, &bundle("a", records("B", json!({}))))), [1, 0, 1, 0]);
    let other = bundle("b", records("C", json!({})));
    let refusal = import_refused(&registry, &other, &Options::default());
    has_faults(&refusal, &[("stale_version", "/records/documents/0/version")]);
    for (version, code) in [(1, Some("stale_version")), (3, Some("stale_version")), (2, None)] {
        let other = bundle("b", records("C", json!({"version": version})));
        match code {
            Some(_) => {
                let refusal = import_refused(&registry, &other, &Options::default());
                has_faults(&refusal, &[("stale_version", "/records/documents/0/version")]);
            }
            None => assert_eq!(counts(&import(&registry, &other)), [1, 0, 1, 0]),
        }
    }
    // What says nothing new is taken from anybody, whatever version it says.
    let known = bundle("c", records("C", json!({"version": 1})));
    assert_eq!(counts(&import(&registry, &known)), [1, 0, 0, 1]);
    assert_eq!(verified(registry.store()).len(), 3);
}

fn a_dry_run(database: &Database) {
    let registry = database.registry();
    let said = |report: &Report| -> Vec<_> {
        let outcomes = report.outcomes.iter();
        outcomes
            .map(|one| (one.collection, one.position, one.label.clone(), one.action, one.version))
            .collect()
    };
    let empty = state(registry.store(), database);
    let text = bundle("lab", small());
    let edition = bundle("lab", changed(small(), 3, json!({"designation": "ĐLVN 99:2026"})));
    for text in [&text, &text, &edition] {
        let before = state(registry.store(), database);
        let dry = import_with(&registry, text, &DRY);
        assert_eq!(state(registry.store(), database), before);
        let real = import(&registry, text);
        assert_eq!(said(&dry), said(&real));
        assert_eq!(counts(&dry), counts(&real));
        assert!(dry.dry_run && !real.dry_run);
        assert_eq!(dry.log_index, real.log_index);
    }
    assert_ne!(state(registry.store(), database), empty);
    // What would be refused is refused.
    let stale = changed(small(), 0, json!({"names": {"vi": "B"}, "version": 7}));
    let refusal = import_refused(&registry, &bundle("lab", stale), &DRY);
    has_faults(&refusal, &[("stale_version", "/records/organisations/0/version")]);
    // So is history.
    let refusal = import_refused(&registry, COUNTRY, &Options { dry_run: true, ..HISTORICAL });
    assert_eq!(refusal, Refusal::NotEmpty { entries: 5 });
}

fn given_times(database: &Database) {
    let registry = database.registry();
    let given = json!({"recorded_at": "2026-01-01T00:00:00Z"});
    for (position, collection) in
        [Organisations, MeasurementStandards, Calibrations, Documents].into_iter().enumerate()
    {
        let text = bundle("lab", changed(small(), position, given.clone()));
        let refusal = import_refused(&registry, &text, &Options::default());
        let place = format!("/records/{collection}/0/recorded_at");
        has_faults(&refusal, &[("recorded_at_given", &place)]);
    }
    let entry = json!([with(json!({"kind": "repair", "on": "2026-01-05"}), given)]);
    let text = bundle("lab", changed(small(), 1, json!({"events": entry})));
    let refusal = import_refused(&registry, &text, &Options::default());
    let place = "/records/measurement_standards/0/events/0/recorded_at";
    has_faults(&refusal, &[("recorded_at_given", place)]);
    assert_eq!(entries(registry.store()), []);
    // Not even history comes from the future.
    let future = changed(small(), 1, json!({"recorded_at": "2031-01-01T00:00:00Z"}));
    let refusal = import_refused(&registry, &bundle("lab", future), &HISTORICAL);
    has_faults(&refusal, &[("recorded_in_the_future", "/records/measurement_standards/0")]);
    assert_eq!(entries(registry.store()), []);
    // History keeps them.
    let report = import_with(&registry, &text, &HISTORICAL);
    let log = verified(registry.store());
    assert_eq!(log.len(), 5);
    assert_eq!(log[4].recorded_at, instant("2026-01-01T00:00:00Z"));
    assert_eq!((log[4].operation, log[4].version), (Operation::Event, 2));
    assert_eq!(report.outcomes.iter().map(|outcome| outcome.version).max(), Some(2));
}

fn history_needs_an_empty_registry(database: &Database) {
    let registry = database.registry();
    created(&registry, Documents, document("ĐLVN 99:2002"));
    let before = state(registry.store(), database);
    let refusal = import_refused(&registry, COUNTRY, &HISTORICAL);
    assert_eq!(refusal, Refusal::NotEmpty { entries: 1 });
    assert_eq!(state(registry.store(), database), before);
}

fn an_id_of_another_kind(database: &Database) {
    let registry = database.registry();
    let lab = created(&registry, Organisations, organisation("Phòng thử nghiệm"));
    let wrong = with(document("ĐLVN 99:2002"), json!({"id": lab}));
    let right = with(document("ĐLVN 100:2002"), json!({"id": "_:d"}));
    let text = bundle("lab", [(Documents, right), (Documents, wrong)]);
    let refusal = import_refused(&registry, &text, &Options::default());
    has_faults(&refusal, &[("id_of_another_kind", "/records/documents/1/id")]);

    // The label of a source that was a record of another collection before.
    let as_document = [(Documents, with(document("X"), json!({"id": "_:x"})))];
    import(&registry, &bundle("labels", as_document));
    let as_organisation = [(Organisations, with(organisation("X"), json!({"id": "_:x"})))];
    let refusal =
        import_refused(&registry, &bundle("labels", as_organisation), &Options::default());
    has_faults(&refusal, &[("id_of_another_kind", "/records/organisations/0/id")]);

    // A reference to a record of another kind.
    let text = bundle(
        "lab",
        [(
            MeasurementStandards,
            with(standard(&lab, "W"), json!({"id": "_:w", "parent_kit": lab})),
        )],
    );
    let refusal = import_refused(&registry, &text, &Options::default());
    has_faults(&refusal, &[("wrong_collection", "/records/measurement_standards/0/parent_kit")]);
    assert_eq!(verified(registry.store()).len(), 2);
}

/// A record that stands in a file twice: by its label, and by the id that the label was given.
fn a_label_and_its_id(database: &Database) {
    let registry = database.registry();
    let report = import(&registry, &bundle("lab", small()));
    let before = state(registry.store(), database);
    let mut twice = changed(small(), 3, json!({"designation": "ĐLVN 99:2026"}));
    twice.push((
        Documents,
        with(document("ĐLVN 99:2030"), json!({"id": id_of(&report, "_:d"), "version": 1})),
    ));
    let refusal = import_refused(&registry, &bundle("lab", twice), &Options::default());
    has_faults(&refusal, &[("duplicate_id", "/records/documents/1/id")]);
    assert_eq!(state(registry.store(), database), before);
}

fn sources_are_kept_apart(database: &Database) {
    let registry = database.registry();
    let text = bundle("lab", small());
    let first = import(&registry, &text);
    let named = Options { source: Some("other".to_owned()), ..Options::default() };
    let second = import_with(&registry, &text, &named);
    assert_eq!(counts(&second), [4, 4, 0, 0]);
    assert_eq!((first.source.as_str(), second.source.as_str()), ("lab", "other"));
    assert!(first.outcomes.iter().all(|one| second.outcomes.iter().all(|two| one.id != two.id)));
    assert_eq!(counts(&import_with(&registry, &text, &named)), [4, 0, 0, 4]);
    // A file that does not say whose it is is its own source.
    let mut nobodys: Value = serde_json::from_str(&text).expect("JSON");
    nobodys.as_object_mut().expect("a bundle").remove("source");
    let nobodys = nobodys.to_string();
    let third = import(&registry, &nobodys);
    assert_eq!(counts(&third), [4, 4, 0, 0]);
    assert!(third.source.starts_with("sha256:"), "{}", third.source);
    assert_eq!(counts(&import(&registry, &nobodys)), [4, 0, 0, 4]);
    assert_eq!(verified(registry.store()).len(), 12);
}

/// A later file of the source may name by its label what an earlier one held; other sources not.
fn names_what_its_source_called_so(database: &Database) {
    let registry = database.registry();
    let first = import(&registry, &bundle("lab", small()));
    let second = certificate(&label("_:lab"), &label("_:w1"), "2/2026");
    let second = vec![(Calibrations, with(second, json!({"id": "_:c2"})))];
    let refusal = import_refused(&registry, &bundle("other", second.clone()), &Options::default());
    let place = |field| format!("/records/calibrations/0/{field}");
    let (issuer, item) = (place("issuer"), place("item"));
    has_faults(&refusal, &[("unknown_id", &issuer), ("unknown_id", &item)]);
    let report = import(&registry, &bundle("lab", second));
    let stored = registry.get(Calibrations, id_of(&report, "_:c2"), 5).expect("there");
    assert_eq!(body(&stored)["issuer"], id_of(&first, "_:lab").as_str());
    assert_eq!(body(&stored)["item"], id_of(&first, "_:w1").as_str());
    verified(registry.store());
}

fn names_what_is_in_the_registry(database: &Database) {
    let registry = database.registry();
    let lab = created(&registry, Organisations, organisation("Phòng thử nghiệm"));
    let item = created(&registry, MeasurementStandards, standard(&lab, "W-1"));
    let parent = created(&registry, Calibrations, certificate(&lab, &item, "1/2026"));
    let naming = |result: &str| {
        let references = json!([{"standard": item, "calibration": parent, "result": result}]);
        let second = with(standard(&lab, "W-2"), json!({"id": "_:w2"}));
        let child = certificate(&lab, &label("_:w2"), "2/2026");
        let child = with(child, json!({"id": "_:c2", "references": references}));
        bundle("lab", [(MeasurementStandards, second), (Calibrations, child)])
    };
    let refusal = import_refused(&registry, &naming("r9"), &Options::default());
    has_faults(&refusal, &[("unknown_result", "/records/calibrations/0/references/0/result")]);
    assert_eq!(counts(&import(&registry, &naming("r1"))), [2, 2, 0, 0]);
    let nobody = ids::new_id();
    let text =
        bundle("x", [(MeasurementStandards, with(standard(&nobody, "W"), json!({"id": "_:w"})))]);
    let refusal = import_refused(&registry, &text, &Options::default());
    has_faults(&refusal, &[("unknown_id", "/records/measurement_standards/0/owner")]);
    verified(registry.store());
}

fn records_that_name_each_other(database: &Database) {
    let registry = database.registry();
    let mut records = small();
    records.push((
        Accreditations,
        json!({
            "id": "_:acc", "organisation": "_:lab", "accreditation_body": "_:lab",
            "standard": "iso_iec_17025",
            "status_history": [{
                "status": "partially_suspended", "effective_from": "2026-01-01",
                "capabilities": ["_:cap"],
            }],
        }),
    ));
    records.push((
        Capabilities,
        json!({
            "id": "_:cap", "publisher": "accreditation_scope", "organisation": "_:lab",
            "accreditation": "_:acc",
        }),
    ));
    let text = bundle("lab", records);
    let report = import(&registry, &text);
    assert_eq!(report.created, 6, "{:?}", report.outcomes);
    let accreditation = registry.get(Accreditations, id_of(&report, "_:acc"), 6).expect("there");
    let named = &body(&accreditation)["status_history"][0]["capabilities"][0];
    assert_eq!(named, id_of(&report, "_:cap").as_str());
    assert_eq!(import(&registry, &text).unchanged, 6);
    let before = registry.store().projections().expect("projections");
    registry.store().rebuild(|_| {}).expect("rebuilt");
    assert_eq!(registry.store().projections().expect("projections"), before);
}

fn loops_with_what_is_in_the_registry(database: &Database) {
    let registry = database.registry();
    let first = created(&registry, Documents, document("A"));
    let second = with(document("B"), json!({"replaced_by": first}));
    let second = created(&registry, Documents, second);
    let looped = with(document("A"), json!({"id": first, "version": 1, "replaced_by": second}));
    let text = bundle("x", [(Documents, looped)]);
    let refusal = import_refused(&registry, &text, &Options::default());
    has_faults(&refusal, &[("loop", "/records/documents/0/replaced_by")]);
    // The same by a label whose id is remembered.
    let report =
        import(&registry, &bundle("y", [(Documents, with(document("C"), json!({"id": "_:c"})))]));
    let third = with(document("D"), json!({"replaced_by": id_of(&report, "_:c")}));
    let third = created(&registry, Documents, third);
    let looped = with(document("C"), json!({"id": "_:c", "replaced_by": third}));
    let refusal =
        import_refused(&registry, &bundle("y", [(Documents, looped)]), &Options::default());
    has_faults(&refusal, &[("loop", "/records/documents/0/replaced_by")]);
    assert_eq!(verified(registry.store()).len(), 4);
}

/// The text of a sample file; none, with a printed word, where the samples are not here.
fn sample(path: &str) -> Option<String> {
    let text = std::fs::read_to_string(in_checkout("../shared/data").join(path)).ok();
    if text.is_none() {
        println!("skipped: {path} is not here");
    }
    text
}

/// What the readers of foreign formats make of a file is imported like a bundle.
fn foreign_formats(database: &Database) {
    let registry = database.registry();
    let import = |name: &str, text: &str, options: &Options| {
        let report = registry.import(name, text, options, &author(), &mut |_, _| {});
        counts(&report.unwrap_or_else(|failed| panic!("{name}: {failed:?}")))
    };
    let named = Options { source: Some("lab".to_owned()), ..Options::default() };
    for path in [
        "dcc/valid/dcc_gp_temperature_typical_v12.xml",
        "dcc/valid/v3.1.0-dcc-vacuumlab-CDG.xml",
        "kcdb/responses/searchData_physics.json",
    ] {
        let Some(text) = sample(path) else { return };
        let [all, created, amended, unchanged] = import("a", &text, &Options::default());
        assert!(all > 1, "{path}");
        assert_eq!((created, amended, unchanged), (all, 0, 0), "{path}");
        // The same file changes nothing, whatever it is called.
        for name in ["a", "b"] {
            assert_eq!(import(name, &text, &Options::default()), [all, 0, 0, all], "{path}");
        }
        // In a source of several files the name keeps them apart; a register has its own codes.
        let file = path.rsplit('/').next().expect("a name");
        for (at, name) in [file.to_owned(), format!("another-{file}")].into_iter().enumerate() {
            let is_known = at > 0 && path.starts_with("kcdb/");
            let expected = if is_known { [all, 0, 0, all] } else { [all, all, 0, 0] };
            assert_eq!(import(&name, &text, &named), expected, "{path}");
            assert_eq!(import(&name, &text, &named), [all, 0, 0, all], "{path}");
        }
    }
    verified(registry.store());
    let broken = sample("dcc/valid/dcc_gp_temperature_typical_v12.xml").expect("it was there");
    let cut = &broken[..broken.len() / 2];
    let failed = registry.import("cut.xml", cut, &Options::default(), &author(), &mut |_, _| {});
    assert!(matches!(failed, Err(Failed::Unreadable(_))), "{failed:?}");
}

/// An institute is one record in all comparisons of a source, and keeps it when they come again.
fn comparisons_share_their_institutes(database: &Database) {
    let registry = database.registry();
    let small = include_str!("../../examples/key-comparison.xml");
    let other = small.replace("Xx-99", "Yy-1").replace("GAMMA", "DELTA");
    let named = Options { source: Some("ccri".to_owned()), ..Options::default() };
    let import = |name: &str, text: &str| {
        let report = registry.import(name, text, &named, &author(), &mut |_, _| {});
        counts(&report.unwrap_or_else(|failed| panic!("{name}: {failed:?}")))
    };
    assert_eq!(import("x.xml", small), [6, 6, 0, 0]);
    assert_eq!(import("y.xml", &other), [6, 3, 0, 3]);
    assert_eq!(import("z.xml", small), [6, 0, 0, 6]);
    let nuclides = ["Ba-133", "Ce-139", "Co-60", "Cs-137", "Lu-177", "Tl-201"];
    let path = |nuclide| format!("comparisons/{nuclide}_database_FAIR.xml");
    for (at, nuclide) in nuclides.into_iter().enumerate() {
        let Some(text) = sample(&path(nuclide)) else { return };
        let [all, created, amended, unchanged] = import(nuclide, &text);
        assert_eq!((created + unchanged, amended), (all, 0), "{nuclide}");
        assert!(unchanged > 0 || at == 0, "{nuclide}");
        assert_eq!(import(nuclide, &text), [all, 0, 0, all], "{nuclide}");
    }
    verified(registry.store());
}

/// Many rows are written in another way than few: whatever stands in a text comes back.
fn odd_texts_in_many_rows(database: &Database) {
    let registry = database.registry();
    let odd =
        ["tab\t", "line\n", "return\r", "\\N", "\\.", "\\", "\\t", "'\"?$1%", "\u{10ffff}", "😀"];
    let records = (0..200).map(|number| {
        let text = format!("{number} {}", odd[number % odd.len()].repeat(1 + number / odd.len()));
        let names = json!({"vi": text, "en": odd[number % odd.len()]});
        let identifiers = json!([{"scheme": "kcdb_nmi_code", "value": text}]);
        let organisation =
            with(organisation(""), json!({"names": names, "identifiers": identifiers}));
        (Organisations, with(organisation, json!({"id": format!("_:o{number:03}")})))
    });
    let records: Records = records.collect();
    let report = import(&registry, &bundle("odd", records.clone()));
    let stored = everything(registry.store(), report.log_index);
    assert_eq!(stored.len(), records.len());
    for (stored, (_, said)) in stored.iter().zip(&records) {
        let mut body = body(stored);
        body["id"] = said["id"].clone();
        assert_eq!(&body, said);
    }
    verified(registry.store());
    assert_eq!(counts(&import(&registry, &bundle("odd", records))), [200, 0, 0, 200]);
}

/// Ten thousand documents, as many as one transaction takes.
fn ten_thousand() -> Records {
    let number =
        |number| json!({"id": format!("_:d{number}"), "designation": format!("D {number}")});
    (0..10_000).map(|one| (Documents, number(one))).collect()
}

fn one_wrong_among_ten_thousand(database: &Database) {
    let registry = database.registry();
    let empty = state(registry.store(), database);
    let wrong = changed(ten_thousand(), 9_999, json!({"replaced_by": "_:nobody"}));
    let refusal = import_refused(&registry, &bundle("many", wrong), &Options::default());
    has_faults(&refusal, &[("unknown_id", "/records/documents/9999/replaced_by")]);
    assert_eq!(state(registry.store(), database), empty);
}

fn one_refused_among_ten_thousand(database: &Database) {
    let registry = database.registry();
    let lab = created(&registry, Organisations, organisation("Phòng thử nghiệm"));
    let before = state(registry.store(), database);
    // Only the transaction itself sees that the id is taken.
    let wrong = changed(ten_thousand(), 9_999, json!({"id": lab}));
    let refusal = import_refused(&registry, &bundle("many", wrong), &Options::default());
    has_faults(&refusal, &[("id_of_another_kind", "/records/documents/9999/id")]);
    assert_eq!(state(registry.store(), database), before);
    let report = import(&registry, &bundle("many", ten_thousand()));
    assert_eq!(counts(&report), [10_000, 10_000, 0, 0]);
    assert_eq!(everything(registry.store(), report.log_index).len(), 10_001);
    verified(registry.store());
    // One transaction needs no job.
    assert_eq!(database.direct().count("import_jobs"), 0);
}

fn a_file_that_is_none(database: &Database) {
    let registry = database.registry();
    for text in ["", "{", "[]", "{\"format\": \"etalon-bundle/1\"}", "\u{0}"] {
        let refusal = import_refused(&registry, text, &Options::default());
        let Refusal::Faults(faults) = refusal else { panic!("{text}: {refusal:?}") };
        assert!(!faults.0.is_empty());
    }
    // Nothing in it is nothing to do.
    let nothing = import(&registry, &bundle("nothing", []));
    assert_eq!(counts(&nothing), [0, 0, 0, 0]);
    assert_eq!(entries(registry.store()), []);
}
