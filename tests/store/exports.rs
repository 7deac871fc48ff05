//! Exports: what goes out of a registry makes the same log in an empty one.

use std::collections::BTreeMap;
use std::io::Cursor;

use crate::support::records::{
    HISTORICAL, author, body, everything, import_country, import_with, verified,
};
use crate::support::{Database, both};
use etalon::app::export::Extent;
use etalon::app::registry::Registry;
use etalon::domain::id::Id;
use etalon::domain::records::CollectionName::{self, MeasurementStandards, Organisations};
use etalon::exchange::bundle::printer::{Form, Printer};
use serde_json::{Value, json};

both!(an_export_makes_the_same_log_bodies, an_export_knows_what_was_known_then);

fn exported(registry: &Registry, extent: &Extent, form: Form, at: u64) -> String {
    let exported = registry.export(extent, at, &mut |_| {}).expect("exported");
    let count = exported.count().expect("counted");
    let mut printer = Printer::new(Vec::new(), form, None, count).expect("begun");
    let written = exported.each(&mut |record| printer.record(record)).expect("read");
    written.expect("written");
    String::from_utf8(printer.finish().expect("written")).expect("UTF-8")
}

/// The bodies of each record, from its first version on.
fn bodies(registry: &Registry) -> BTreeMap<Id, Vec<String>> {
    let mut bodies: BTreeMap<Id, Vec<String>> = BTreeMap::new();
    for entry in verified(registry.store()) {
        bodies.entry(entry.record_id).or_default().push(entry.body);
    }
    bodies
}

fn id_of(registry: &Registry, collection: CollectionName, is: impl Fn(&Value) -> bool) -> Id {
    let at = registry.store().head().expect("a head").log_index;
    let all = everything(registry.store(), at);
    let found = all.into_iter().find(|one| one.collection == collection && is(&body(one)));
    found.expect("there").id
}

fn extents(registry: &Registry) -> [Extent; 3] {
    let laboratory = id_of(registry, Organisations, |one| {
        one["names"]["en"].as_str().is_some_and(|name| name.contains("QT-1"))
    });
    let standard = id_of(registry, MeasurementStandards, |one| one["code"] == "W-1KG-01");
    [Extent::Everything, Extent::Laboratory(laboratory), Extent::Chain(standard)]
}

fn an_export_makes_the_same_log_bodies(database: &Database) {
    let registry = database.registry();
    let records = import_country(&registry).records;
    let log = bodies(&registry);
    assert!(log.values().any(|versions| versions.len() > 1), "a history of several versions");
    let at = registry.store().head().expect("a head").log_index;
    let mut sizes = Vec::new();
    for extent in extents(&registry) {
        let document = exported(&registry, &extent, Form::Document, at);
        let lines = exported(&registry, &extent, Form::Lines, at);
        let mut made = Vec::new();
        for way in 0..3 {
            let Some(other) = Database::on(database.backend()) else { return };
            let other = other.registry();
            match way {
                0 => drop(import_with(&other, &document, &HISTORICAL)),
                1 => drop(import_with(&other, &lines, &HISTORICAL)),
                _ => {
                    let (mut file, author) = (Cursor::new(&lines), author());
                    let told = &mut |_| {};
                    let done = other.import_lines(&mut file, &HISTORICAL, &author, false, told);
                    done.expect("imported");
                }
            }
            let found = bodies(&other);
            for (id, versions) in &found {
                assert_eq!(versions, &log[id], "{extent:?}");
            }
            made.push(found.len());
        }
        assert!(made.iter().all(|count| *count == made[0]), "{made:?}");
        sizes.push(made[0] as u64);
    }
    let [everything, laboratory, chain] = sizes[..] else { panic!("{sizes:?}") };
    assert_eq!(everything, records);
    assert!(laboratory < everything && chain < laboratory && chain > 10, "{sizes:?}");
}

fn an_export_knows_what_was_known_then(database: &Database) {
    let registry = database.registry();
    import_country(&registry);
    let at = registry.store().head().expect("a head").log_index;
    let standard = id_of(&registry, MeasurementStandards, |one| one["code"] == "W-1KG-01");
    let stored = registry.get(MeasurementStandards, &standard, at).expect("there");
    let mut amended = body(&stored);
    amended["model"] = json!("another");
    let done = registry.amend(MeasurementStandards, &standard, amended, stored.version, &author());
    done.expect("amended");
    for extent in extents(&registry) {
        let before = exported(&registry, &extent, Form::Lines, at);
        let after = exported(&registry, &extent, Form::Lines, at + 1);
        let changed = before.lines().zip(after.lines()).filter(|(one, other)| one != other);
        let changed: Vec<(&str, &str)> = changed.collect();
        assert_eq!(changed.len(), 1, "{extent:?}");
        assert!(changed[0].1.contains(r#""model":"another""#), "{changed:?}");
        assert_eq!(before.lines().count(), after.lines().count());
    }
}
