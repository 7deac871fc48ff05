//! The record log: the databases refuse to change it, what is changed all the same is found, it
//! goes from one backend to the other as it is, and the projections can be made anew from it.

use std::collections::BTreeSet;

use crate::support::records::{
    author, certificate, create, created, document, entries, import_country, organisation,
    standard, verified,
};
use crate::support::{Backend, Database, Direct, both};
use etalon::app::registry::Registry;
use etalon::app::verify::Moment;
use etalon::domain::claim::Claim;
use etalon::domain::fault::Faults;
use etalon::domain::log::{Broken, LogFault, Verifier, body_digest};
use etalon::domain::period::Instant;
use etalon::domain::records::CollectionName::{
    self, Calibrations, Documents, MeasurementStandards, Organisations,
};
use etalon::store::{Store, StoreError};
use serde_json::json;

both!(
    an_entry_is_never_changed,
    what_was_changed_by_hand_is_found,
    rebuilding_changes_nothing,
    rebuilding_puts_right,
    a_damaged_body_stops_the_rebuilding,
    goes_to_the_other_backend,
    names_records_that_come_pages_later,
    a_broken_replay_leaves_nothing,
);

fn an_entry_is_never_changed(database: &Database) {
    let registry = database.registry();
    import_country(&registry);
    let before = verified(registry.store());
    let mut direct = database.direct();
    let mut attempts = vec![
        "UPDATE record_log SET actor = 'somebody else' WHERE log_index = 3",
        "UPDATE record_log SET log_index = log_index + 1000",
        "UPDATE record_log SET body = body",
        "DELETE FROM record_log WHERE log_index = 3",
        "DELETE FROM record_log",
    ];
    match database.backend() {
        Backend::Sqlite => attempts.push(
            "INSERT OR REPLACE INTO record_log SELECT log_index, recorded_at, 'somebody else', \
             operation, kind, record_id, version, body, salt, body_sha256, chain_sha256, \
             request_id FROM record_log WHERE log_index = 3",
        ),
        Backend::Postgres => attempts.extend([
            "TRUNCATE record_log CASCADE",
            "TRUNCATE record_log, search_words, organisations CASCADE",
            "INSERT INTO record_log SELECT * FROM record_log WHERE log_index = 3 \
             ON CONFLICT (log_index) DO UPDATE SET actor = 'somebody else'",
        ]),
    }
    for attempt in attempts {
        let error = direct.try_run(attempt).expect_err(attempt);
        assert!(error.contains("the record log is never changed"), "{attempt}: {error}");
    }
    assert_eq!(verified(registry.store()), before);
}

/// Takes away what keeps the log from being changed.
fn unguarded(database: &Database) -> Direct {
    let mut direct = database.direct();
    direct.run(match database.backend() {
        Backend::Sqlite => {
            "DROP TRIGGER record_log_is_not_updated; DROP TRIGGER record_log_is_not_deleted; \
             PRAGMA foreign_keys = OFF"
        }
        Backend::Postgres => {
            "ALTER TABLE record_log DISABLE TRIGGER ALL; SET session_replication_role = 'replica'"
        }
    });
    direct
}

fn broken(store: &Store) -> Option<Broken> {
    let mut verifier = Verifier::new();
    entries(store).iter().find_map(|entry| verifier.take(entry).err())
}

fn what_was_changed_by_hand_is_found(database: &Database) {
    let registry = database.registry();
    let store = registry.store();
    for number in 1..=6 {
        create(&registry, Documents, document(&format!("ĐLVN {number}:2002")));
    }
    assert_eq!(broken(store), None);
    let mut direct = unguarded(database);
    let before = entries(store);

    // A body.
    direct
        .run("UPDATE record_log SET body = replace(body, 'ĐLVN 3', 'ĐLVN 9') WHERE log_index = 3");
    let found = broken(store).expect("a changed body");
    assert_eq!(found.log_index, 3);
    assert!(matches!(found.fault, LogFault::BodyDigest { .. }), "{found:?}");

    // A body with its hash.
    let changed = &entries(store)[2];
    let digest = body_digest(&changed.salt, &changed.body);
    direct.run(&format!("UPDATE record_log SET body_sha256 = '{digest}' WHERE log_index = 3"));
    let found = broken(store).expect("a changed hash");
    assert_eq!(found.log_index, 3);
    assert!(matches!(found.fault, LogFault::Chain { .. }), "{found:?}");

    // A body with its hash and the chain: the next entry shows it.
    let mut changed = entries(store)[2].clone();
    changed.chain_sha256 = changed.chained(&before[1].chain_sha256);
    let chain = changed.chain_sha256;
    direct.run(&format!("UPDATE record_log SET chain_sha256 = '{chain}' WHERE log_index = 3"));
    let found = broken(store).expect("a changed chain");
    assert_eq!(found.log_index, 4);
    assert!(matches!(found.fault, LogFault::Chain { .. }), "{found:?}");

    // Two entries in each other's place.
    direct.run(
        "UPDATE record_log SET log_index = 100 WHERE log_index = 1; \
         UPDATE record_log SET log_index = 1 WHERE log_index = 2; \
         UPDATE record_log SET log_index = 2 WHERE log_index = 100",
    );
    assert_eq!(broken(store).expect("swapped entries").log_index, 1);

    // One that is missing.
    direct.run("DELETE FROM record_log WHERE log_index = 1");
    let found = broken(store).expect("a missing entry");
    assert_eq!(found.log_index, 1);
    assert_eq!(found.fault, LogFault::Index { expected: 1, found: 2 });
}

/// A registry with records of all sorts, in several versions.
fn fill(database: &Database) -> Store {
    let registry = database.registry();
    import_country(&registry);
    let owner = created(&registry, Organisations, organisation("Phòng thử \t\\N\\ \"'?"));
    let item = created(&registry, MeasurementStandards, standard(&owner, "W-1KG-01"));
    let first = created(&registry, Calibrations, certificate(&owner, &item, "1/2026"));
    let status = json!({"status": "withdrawn", "effective_from": "2026-11-01"});
    registry.append(Calibrations, &first, status, &author()).expect("a status");
    let event = json!({"kind": "repair", "on": "2026-11-02"});
    registry.append(MeasurementStandards, &item, event, &author()).expect("an event");
    let renamed = organisation("Phòng thử mới");
    registry.amend(Organisations, &owner, renamed, 1, &author()).expect("an amendment");
    let again = organisation("Phòng thử mới hơn");
    registry.amend(Organisations, &owner, again, 2, &author()).expect("another");
    let attestation = json!({"record": first, "version": 2, "statement": "disputed", "by": owner});
    create(&registry, CollectionName::Attestations, attestation);
    registry.store().clone()
}

fn rebuilding_changes_nothing(database: &Database) {
    let store = fill(database);
    let (before, head) = (store.projections().expect("projections"), store.head().expect("a head"));
    let mut told = Vec::new();
    assert_eq!(store.rebuild(|reached| told.push(reached)).expect("rebuilt"), head);
    assert_eq!(told, [head.log_index]);
    assert_eq!(store.projections().expect("projections"), before);
    verified(&store);
    let tables: BTreeSet<&str> =
        before.iter().filter_map(|line| Some(line.split_once(": ")?.0)).collect();
    // All of them: a table without rows proves nothing.
    let without: Vec<_> = PROJECTIONS.iter().filter(|name| !tables.contains(**name)).collect();
    assert!(without.is_empty(), "{without:?}");
}

const PROJECTIONS: [&str; 20] = [
    "records",
    "organisations",
    "memberships",
    "accreditations",
    "legal_recognitions",
    "capabilities",
    "measurement_standards",
    "realisations",
    "calibrations",
    "comparisons",
    "documents",
    "nonconformities",
    "attestations",
    "programme",
    "standard_quantities",
    "calibration_results",
    "calibration_references",
    "comparison_results",
    "nonconformity_decisions",
    "search_words",
];

fn rebuilding_puts_right(database: &Database) {
    let store = fill(database);
    let before = store.projections().expect("projections");
    let mut direct = database.direct();
    for tampering in [
        "UPDATE calibrations SET number = 'forged' WHERE log_to IS NULL",
        "UPDATE organisations SET log_to = NULL, country = 'XX' WHERE version = 1 AND log_from = \
         (SELECT MIN(log_from) FROM organisations)",
        "UPDATE measurement_standards SET log_to = 100000",
        "DELETE FROM calibration_references",
        "DELETE FROM search_words WHERE word LIKE 'a%'",
        "INSERT INTO search_words SELECT 'forged', MIN(log_index) FROM record_log",
        "UPDATE records SET kind = 'documents' WHERE kind = 'organisations'",
        "INSERT INTO records (id, kind) VALUES ('forged', 'documents')",
        "DELETE FROM programme",
    ] {
        assert!(direct.change(tampering) > 0, "{tampering}");
    }
    assert_ne!(store.projections().expect("projections"), before);
    store.rebuild(|_| {}).expect("rebuilt");
    assert_eq!(store.projections().expect("projections"), before);
}

fn a_damaged_body_stops_the_rebuilding(database: &Database) {
    let store = fill(database);
    let before = store.projections().expect("projections");
    let mut direct = unguarded(database);
    for damage in ["{\"designation\": 3}", "[]", "{"] {
        direct.run(&format!("UPDATE record_log SET body = '{damage}' WHERE log_index = 5"));
        let error = store.rebuild(|_| {}).expect_err("refused");
        assert!(matches!(error, StoreError::Damaged { log_index: 5, .. }), "{error:?}");
        assert_eq!(store.projections().expect("projections"), before);
    }
}

/// A database on the other backend.
fn other(database: &Database) -> Option<Database> {
    Database::on(match database.backend() {
        Backend::Sqlite => Backend::Postgres,
        Backend::Postgres => Backend::Sqlite,
    })
}

/// Projections as either backend would say them: truth is a word here and a number there.
fn alike(projections: Vec<String>) -> Vec<String> {
    let mut lines: Vec<String> = projections
        .into_iter()
        .map(|line| {
            let words = line.split(" | ").map(|word| match word {
                "true" => "1",
                "false" => "0",
                other => other,
            });
            words.collect::<Vec<_>>().join(" | ")
        })
        .collect();
    lines.sort_unstable();
    lines
}

/// Puts the log of a store into another, and looks whether both are the same then.
fn replayed(from: &Store, into: &Store) {
    let head = into.replay(entries(from).into_iter().map(Ok::<_, StoreError>), |_| {});
    assert_eq!(head.expect("replayed"), from.head().expect("a head"));
    assert_eq!(verified(into), verified(from));
    let (there, here) = (into.projections(), from.projections());
    assert_eq!(alike(there.expect("projections")), alike(here.expect("projections")));
}

/// The reports on every result of three standards of the demonstration country.
fn reports(registry: &Registry) -> Vec<String> {
    let now = Instant::parse("2026-12-01T00:00:00Z").expect("an instant");
    let at = registry.store().head().expect("a head").log_index;
    let report = |code: &str| {
        let claim = json!({
            "standard": registry.standard_named(code, at).expect(code),
            "used_on": "2026-11-01",
            "policy": "vn-2026",
        });
        let claim = deserr::deserialize::<Claim, _, Faults>(claim).expect("a claim");
        let report = registry.answer(&claim, Moment { now, today: now.day() }).expect("a report");
        serde_json::to_string(&report).expect("JSON")
    };
    ["W-500G-01", "TQ-100-01", "QT1-E2-1KG"].map(report).to_vec()
}

fn goes_to_the_other_backend(database: &Database) {
    let Some(target) = other(database) else { return };
    let store = fill(database);
    replayed(&store, &target.store());
    // The same claims get the same reports, byte for byte: ids and log indices are the same.
    assert_eq!(reports(&target.registry()), reports(&database.registry()));
    // The copy goes on by itself.
    let written = create(&target.registry(), Documents, document("ĐLVN 99:2002"));
    assert_eq!(written.log_index, store.head().expect("a head").log_index + 1);
    verified(&target.store());
}

/// In a log of history an entry may name a record that is recorded thousands of entries later; of
/// what kind that is can only be guessed when the first page is added.
fn names_records_that_come_pages_later(database: &Database) {
    let registry = database.registry();
    let mut records = vec![
        (Organisations, json!({"id": "_:o", "kind": "nmi", "names": {"vi": "Viện"}})),
        (
            CollectionName::Nonconformities,
            json!({"id": "_:early", "subject": "_:late", "recorded_at": "2020-01-01T00:00:00Z"}),
        ),
        (
            CollectionName::Attestations,
            json!({
                "id": "_:said", "record": "_:late", "statement": "confirmed", "by": "_:o",
                "recorded_at": "2020-01-01T00:00:00Z",
            }),
        ),
        (
            MeasurementStandards,
            json!({"id": "_:late", "owner": "_:o", "recorded_at": "2022-01-01T00:00:00Z"}),
        ),
    ];
    records.extend((0..2_100).map(|number| {
        let document = json!({
            "id": format!("_:d{number}"), "designation": format!("D {number}"),
            "recorded_at": "2021-01-01T00:00:00Z",
        });
        (Documents, document)
    }));
    let text = crate::support::records::bundle("pages", records);
    let options = crate::support::records::HISTORICAL;
    crate::support::records::import_with(&registry, &text, &options);
    let store = registry.store();
    let before = store.projections().expect("projections");
    let mut told = Vec::new();
    store.rebuild(|reached| told.push(reached)).expect("rebuilt");
    assert_eq!(told, [2_000, 2_104]);
    assert_eq!(store.projections().expect("projections"), before);
    if let Some(target) = other(database) {
        replayed(store, &target.store());
    }
}

fn a_broken_replay_leaves_nothing(database: &Database) {
    let source = Database::on(Backend::Sqlite).expect("always there");
    let log = entries(&fill(&source));
    let store = database.store();
    let before = store.projections().expect("projections");
    let error = StoreError::Database("the file ends here".to_owned());
    let whole = log.iter().take(100).cloned().map(Ok);
    let cut = whole.chain([Err(error.clone())]);
    assert_eq!(store.replay(cut, |_| {}).expect_err("refused"), error);
    assert_eq!(store.head().expect("a head").log_index, 0);
    assert_eq!(store.projections().expect("projections"), before);

    let mut damaged = log[0].clone();
    damaged.body = "{}".to_owned();
    let refused = store.replay([Ok::<_, StoreError>(damaged)], |_| {}).expect_err("refused");
    assert!(matches!(refused, StoreError::Damaged { log_index: 1, .. }), "{refused:?}");
    assert_eq!(entries(&store), []);
}
