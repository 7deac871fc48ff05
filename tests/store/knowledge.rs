//! What was known when: every read at every log index and at every instant, against a simple model
//! of what was written.

use std::collections::BTreeMap;

use crate::support::records::{
    at, certificate, document, instant, organisation, query, standard, verified, with,
};
use crate::support::{Database, both};
use etalon::app::refusal::Refusal;
use etalon::app::registry::Registry;
use etalon::domain::claim::KnownAt;
use etalon::domain::id::Id;
use etalon::domain::log::Operation;
use etalon::domain::period::Instant;
use etalon::domain::records::CollectionName::{
    self, Accreditations, Calibrations, Documents, MeasurementStandards, Organisations,
};
use etalon::ids;
use etalon::store::{Stored, Written};
use jiff::Span;
use serde_json::{Value, json};

both!(
    every_index_and_every_instant,
    the_future_is_refused,
    far_instants,
    a_clock_that_goes_back,
    nothing_is_known_at_first,
);

/// What was written: the log as a list.
#[derive(Default)]
struct Model {
    written: Vec<(CollectionName, Written, Operation)>,
}

impl Model {
    fn add(&mut self, collection: CollectionName, written: Written, operation: Operation) -> Id {
        assert_eq!(written.log_index, self.written.len() as u64 + 1);
        let id = written.id.clone();
        self.written.push((collection, written, operation));
        id
    }

    /// The latest of each record at a log index.
    fn known(&self, at: u64) -> BTreeMap<(CollectionName, Id), &Written> {
        let known = self.written.iter().take_while(|(_, written, _)| written.log_index <= at);
        known.map(|(collection, written, _)| ((*collection, written.id.clone()), written)).collect()
    }
}

fn script(registry: &Registry) -> Model {
    let mut model = Model::default();
    let create = |collection, body: Value, time: &str| {
        registry.create(collection, body, &at(time)).expect("created").written
    };
    let op = Operation::Create;
    let lab = organisation("Phòng thử nghiệm");
    let lab = model.add(Organisations, create(Organisations, lab, "2026-01-01T00:00:00Z"), op);
    let body = json!({"kind": "accreditation_body", "names": {"vi": "Tổ chức công nhận"}});
    let body = model.add(Organisations, create(Organisations, body, "2026-01-01T00:00:00Z"), op);
    let doc = create(Documents, document("ĐLVN 99:2002"), "2026-01-02T00:00:00.000001Z");
    let doc = model.add(Documents, doc, op);
    let item = create(MeasurementStandards, standard(&lab, "W-1"), "2026-01-02T00:00:00.000002Z");
    let item = model.add(MeasurementStandards, item, op);
    let cert = create(Calibrations, certificate(&lab, &item, "1/2026"), "2026-02-01T00:00:00Z");
    let cert = model.add(Calibrations, cert, op);
    let accreditation = json!({
        "organisation": lab, "accreditation_body": body, "standard": "iso_iec_17025",
        "status_history": [{"status": "active", "effective_from": "2026-01-01"}],
    });
    let accreditation = create(Accreditations, accreditation, "2026-02-01T00:00:00Z");
    let accreditation = model.add(Accreditations, accreditation, op);

    let status = json!({"status": "suspended", "effective_from": "2026-02-01", "reason": "thử"});
    let author = at("2026-03-01T00:00:00.5Z");
    let written = registry.append(Accreditations, &accreditation, status, &author);
    model.add(Accreditations, written.expect("a status").written, Operation::Status);
    let event = json!({"kind": "repair", "on": "2026-02-20"});
    let written = registry.append(MeasurementStandards, &item, event, &author);
    model.add(MeasurementStandards, written.expect("an event").written, Operation::Event);
    let event = json!({"kind": "move", "on": "2026-02-21"});
    let written = registry.append(MeasurementStandards, &item, event, &author);
    model.add(MeasurementStandards, written.expect("an event").written, Operation::Event);
    let author = at("2026-03-02T00:00:00Z");
    for (base, designation) in [(1, "ĐLVN 99:2010"), (2, "ĐLVN 99:2020"), (3, "ĐLVN 99:2025")] {
        let written = registry.amend(Documents, &doc, document(designation), base, &author);
        model.add(Documents, written.expect("an amendment").written, Operation::Amend);
    }
    let renamed = with(certificate(&lab, &item, "1a/2026"), json!({"published": true}));
    let written = registry.amend(Calibrations, &cert, renamed, 1, &at("2026-03-03T00:00:00Z"));
    model.add(Calibrations, written.expect("an amendment").written, Operation::Amend);
    model
}

fn versions(list: &[Stored]) -> Vec<(&Id, u32, u64)> {
    list.iter().map(|stored| (&stored.id, stored.version, stored.log_index)).collect()
}

fn every_index_and_every_instant(database: &Database) {
    let registry = database.registry();
    let model = script(&registry);
    let store = registry.store();
    let head = model.written.len() as u64;
    assert_eq!(verified(store).len() as u64, head);

    for index in 0..=head {
        let known = model.known(index);
        for (collection, first, _) in &model.written {
            let id = &first.id;
            let got = registry.get(*collection, id, index);
            let all = registry.versions(*collection, id, index);
            let Some(written) = known.get(&(*collection, id.clone())) else {
                let unknown = Refusal::Unknown { collection: *collection, id: id.clone() };
                assert_eq!(got, Err(unknown.clone()));
                assert_eq!(all, Err(unknown));
                continue;
            };
            let got = got.expect("known");
            assert_eq!(
                (got.version, got.log_index, got.recorded_at),
                (written.version, written.log_index, written.recorded_at)
            );
            let all = all.expect("known");
            let expected: Vec<_> = model
                .written
                .iter()
                .filter(|(_, written, _)| written.id == *id && written.log_index <= index)
                .map(|(_, written, operation)| (written.version, written.log_index, *operation))
                .collect();
            let found: Vec<_> =
                all.iter().map(|one| (one.version, one.log_index, one.operation)).collect();
            assert_eq!(found, expected);
            assert!(all.iter().all(|one| one.known_since == all[0].recorded_at));
            assert_eq!(all.last(), Some(&got));
            // An id says nothing about records of another collection.
            for other in CollectionName::ALL.iter().filter(|other| *other != collection) {
                let unknown = Refusal::Unknown { collection: *other, id: id.clone() };
                assert_eq!(registry.get(*other, id, index), Err(unknown.clone()));
                assert_eq!(registry.versions(*other, id, index), Err(unknown));
            }
        }
        for collection in CollectionName::ALL {
            let list = store.list(&query(*collection, index)).expect("a list");
            let expected: Vec<_> = known
                .iter()
                .filter(|((of, _), _)| of == collection)
                .map(|((_, id), written)| (id, written.version, written.log_index))
                .collect();
            assert_eq!(versions(&list), expected);
        }
        let ids = model.written.iter().map(|(_, written, _)| written.id.clone()).collect();
        let got = store.get_all(&ids, index).expect("records");
        let mut expected: Vec<_> = known
            .iter()
            .map(|((_, id), written)| (id, written.version, written.log_index))
            .collect();
        expected.sort_unstable();
        assert_eq!(versions(&got), expected);
    }

    let now = instant("2026-12-01T00:00:00Z");
    let microsecond = Span::new().microseconds(1);
    for (_, written, _) in &model.written {
        let time = written.recorded_at.timestamp();
        for time in [time - microsecond, time, time + microsecond].map(Instant::from_timestamp) {
            let expected = model
                .written
                .iter()
                .filter(|(_, written, _)| written.recorded_at <= time)
                .map(|(_, written, _)| written.log_index)
                .max();
            let index = registry.index_at(Some(KnownAt::Instant(time)), now).expect("an index");
            assert_eq!(index, expected.unwrap_or(0), "{time}");
        }
    }
}

fn the_future_is_refused(database: &Database) {
    let registry = database.registry();
    let model = script(&registry);
    let head = model.written.len() as u64;
    let now = instant("2026-03-02T00:00:00Z");
    let ask = |known_at| registry.index_at(Some(known_at), now);
    assert_eq!(registry.index_at(None, now), Ok(head));
    assert_eq!(ask(KnownAt::LogIndex(head)), Ok(head));
    // The head may be ahead of the clock.
    assert_eq!(ask(KnownAt::Instant(instant("2026-03-03T00:00:00Z"))), Ok(head));
    for future in [
        KnownAt::LogIndex(head + 1),
        KnownAt::LogIndex(u64::MAX),
        KnownAt::Instant(instant("2026-03-03T00:00:00.000001Z")),
        KnownAt::Instant(instant("9999-12-30T22:00:00Z")),
    ] {
        let refusal = ask(future).expect_err("refused");
        crate::support::records::has_faults(&refusal, &[("known_at_in_the_future", "/known_at")]);
    }
    // An index that only the store sees is no mistake of it.
    let id = &model.written[0].1.id;
    assert!(registry.store().get(id, u64::MAX).expect("a read").is_some());
}

fn far_instants(database: &Database) {
    let registry = database.registry();
    script(&registry);
    for time in ["-009999-01-02T01:59:59Z", "-004713-01-01T00:00:00Z", "0000-01-01T00:00:00Z"] {
        let known_at = Some(KnownAt::Instant(instant(time)));
        let index = registry.index_at(known_at, instant("2026-12-01T00:00:00Z"));
        assert_eq!(index, Ok(0), "{time}");
    }
    let far = instant("9999-12-30T22:00:00.999999Z");
    assert_eq!(registry.store().index_at(Some(KnownAt::Instant(far))), Ok(13));
}

fn a_clock_that_goes_back(database: &Database) {
    let registry = database.registry();
    let later = at("2026-05-01T00:00:00.000001Z");
    let first = registry.create(Documents, document("A"), &later).expect("created").written;
    let earlier = at("2026-04-01T00:00:00Z");
    let with_history = json!({
        "owner": registry.create(Organisations, organisation("B"), &earlier).expect("created").written.id,
        "events": [{"kind": "repair", "on": "2026-02-20"}],
    });
    let second = registry.create(MeasurementStandards, with_history, &earlier).expect("created");
    let second = second.written;
    assert_eq!(second.recorded_at, first.recorded_at);
    let stored = registry.get(MeasurementStandards, &second.id, 3).expect("there");
    let recorded_at = &crate::support::records::body(&stored)["events"][0]["recorded_at"];
    assert_eq!(recorded_at, "2026-05-01T00:00:00.000001Z");
    verified(registry.store());
}

fn nothing_is_known_at_first(database: &Database) {
    let registry = database.registry();
    let now = instant("2026-12-01T00:00:00Z");
    assert_eq!(registry.index_at(None, now), Ok(0));
    assert_eq!(registry.index_at(Some(KnownAt::Instant(now)), now), Ok(0));
    assert_eq!(registry.store().get_all(&[ids::new_id()].into(), 0), Ok(Vec::new()));
    for collection in CollectionName::ALL {
        assert_eq!(registry.store().list(&query(*collection, 0)), Ok(Vec::new()));
    }
    assert_eq!(verified(registry.store()), []);
}
