//! Writes that are refused: for what reason, at what place, and with nothing written.

use crate::support::records::{
    author, body, certificate, create, created, document, has_faults, organisation, refused,
    standard, verified, with,
};
use crate::support::{Database, both};
use etalon::app::refusal::Refusal;
use etalon::app::registry::Registry;
use etalon::domain::id::Id;
use etalon::domain::records::CollectionName::{
    Accreditations, Attestations, Calibrations, Documents, MeasurementStandards, Organisations,
};
use etalon::ids;
use serde_json::json;

both!(
    a_stale_base,
    history_is_only_appended,
    times_are_given_by_the_registry,
    ids_of_other_kinds,
    labels,
    loops,
    texts_that_cannot_be_kept,
    an_id_that_is_taken,
    records_that_are_not_there,
    only_some_records_have_a_history,
);

/// A laboratory, a standard of it and a certificate.
struct Small {
    registry: Registry,
    lab: Id,
    item: Id,
    certificate: Id,
    head: u64,
}

impl Small {
    fn new(database: &Database) -> Self {
        let registry = database.registry();
        let lab = created(&registry, Organisations, organisation("Phòng thử nghiệm"));
        let item = created(&registry, MeasurementStandards, standard(&lab, "W-1"));
        let certificate = created(&registry, Calibrations, certificate(&lab, &item, "1/2026"));
        let head = registry.store().head().expect("a head").log_index;
        Self { registry, lab, item, certificate, head }
    }

    /// That nothing was written since.
    #[track_caller]
    fn is_as_before(&self) {
        assert_eq!(verified(self.registry.store()).len() as u64, self.head);
    }
}

fn a_stale_base(database: &Database) {
    let small = Small::new(database);
    let amend = |name, base| {
        small.registry.amend(Organisations, &small.lab, organisation(name), base, &author())
    };
    let stale = |base, current| Refusal::Stale { id: small.lab.clone(), base, current };
    for base in [0, 2, u32::MAX] {
        assert_eq!(amend("B", base).expect_err("refused"), stale(base, 1));
    }
    small.is_as_before();
    assert_eq!(amend("B", 1).expect("an amendment").written.version, 2);
    assert_eq!(amend("C", 1).expect_err("refused"), stale(1, 2));
    let stored = small.registry.get(Organisations, &small.lab, small.head + 1).expect("there");
    assert_eq!(body(&stored)["names"]["vi"], "B");
}

fn history_is_only_appended(database: &Database) {
    let small = Small::new(database);
    let registry = &small.registry;
    for (kind, on) in [("repair", "2026-03-01"), ("move", "2026-04-01")] {
        let event = json!({"kind": kind, "on": on});
        registry.append(MeasurementStandards, &small.item, event, &author()).expect("an event");
    }
    let head = small.head + 2;
    let stored = registry.get(MeasurementStandards, &small.item, head).expect("there");
    let kept = body(&stored);
    let amend = |events| {
        let amended = with(kept.clone(), json!({"events": events, "code": "W-2"}));
        registry.amend(MeasurementStandards, &small.item, amended, 3, &author())
    };
    let (first, second) = (kept["events"][0].clone(), kept["events"][1].clone());
    let changed = with(first.clone(), json!({"on": "2026-03-02"}));
    let other_time = with(second.clone(), json!({"recorded_at": "2026-01-01T00:00:00Z"}));
    for (events, places) in [
        (json!([changed, second]), vec!["/events/0"]),
        (json!([second, first]), vec!["/events/0", "/events/1"]),
        (json!([first, other_time]), vec!["/events/1"]),
        (json!([first]), vec!["/events"]),
        (json!([]), vec!["/events"]),
    ] {
        let expected: Vec<_> = places.into_iter().map(|place| ("history_changed", place)).collect();
        refused(amend(events), &expected);
    }
    let without = json!({"owner": small.lab, "code": "W-2"});
    let without = registry.amend(MeasurementStandards, &small.item, without, 3, &author());
    refused(without, &[("history_changed", "/events")]);
    assert_eq!(verified(registry.store()).len() as u64, head);

    // What stands there need not say again when it was recorded, and another may follow.
    let third = json!({"kind": "cleaning", "on": "2026-05-01"});
    let mut without_time = first.clone();
    without_time.as_object_mut().expect("an entry").remove("recorded_at");
    let written = amend(json!([without_time, second, third])).expect("an amendment").written;
    assert_eq!(written.version, 4);
    let stored = registry.get(MeasurementStandards, &small.item, written.log_index).expect("there");
    let events = body(&stored)["events"].clone();
    assert_eq!((&events[0], &events[1]), (&first, &second));
    assert_eq!(events[2], with(third, json!({"recorded_at": "2026-11-20T08:30:00Z"})));
    assert_eq!(body(&stored)["code"], "W-2");
}

fn times_are_given_by_the_registry(database: &Database) {
    let small = Small::new(database);
    let registry = &small.registry;
    let given =
        json!({"kind": "repair", "on": "2026-03-01", "recorded_at": "2026-03-02T00:00:00Z"});
    let with_event = with(standard(&small.lab, "W-2"), json!({"events": [given]}));
    let place = "/events/0/recorded_at";
    let new = registry.create(MeasurementStandards, with_event.clone(), &author());
    refused(new, &[("recorded_at_given", place)]);
    let amended = registry.amend(MeasurementStandards, &small.item, with_event, 1, &author());
    refused(amended, &[("recorded_at_given", place)]);
    let appended = registry.append(MeasurementStandards, &small.item, given, &author());
    refused(appended, &[("recorded_at_given", "/recorded_at")]);
    small.is_as_before();

    // What the service adds to a record is not looked at when it comes back.
    let returned = with(
        document("ĐLVN 99:2002"),
        json!({"version": 7, "log_index": 1, "recorded_by": "x", "recorded_at": "2020-01-01T00:00:00Z"}),
    );
    let written = create(registry, Documents, returned);
    assert_eq!((written.version, written.log_index), (1, small.head + 1));
    assert_eq!(written.recorded_at, author().now);
}

fn ids_of_other_kinds(database: &Database) {
    let small = Small::new(database);
    let registry = &small.registry;
    let wrong = certificate(&small.item, &small.lab, "2/2026");
    let new = registry.create(Calibrations, wrong, &author());
    refused(new, &[("wrong_collection", "/issuer"), ("wrong_collection", "/item")]);
    let nobody = ids::new_id();
    let new = registry.create(MeasurementStandards, standard(&nobody, "W-2"), &author());
    refused(new, &[("unknown_id", "/owner")]);
    let amended = standard(&small.certificate, "W-2");
    let amended = registry.amend(MeasurementStandards, &small.item, amended, 1, &author());
    refused(amended, &[("wrong_collection", "/owner")]);

    // A record through another collection than its own.
    let other = registry.amend(Documents, &small.lab, document("ĐLVN 99:2002"), 1, &author());
    let unknown = Refusal::Unknown { collection: Documents, id: small.lab.clone() };
    assert_eq!(other.expect_err("refused"), unknown);
    let event = json!({"kind": "repair", "on": "2026-03-01"});
    let other = registry.append(MeasurementStandards, &small.certificate, event, &author());
    let unknown =
        Refusal::Unknown { collection: MeasurementStandards, id: small.certificate.clone() };
    assert_eq!(other.expect_err("refused"), unknown);

    // A body with the id of another record.
    let other = with(organisation("B"), json!({"id": small.item}));
    refused(registry.amend(Organisations, &small.lab, other, 1, &author()), &[("other_id", "/id")]);

    // An appended status that names a record of another kind.
    let body = json!({"kind": "accreditation_body", "names": {"vi": "Tổ chức công nhận"}});
    let body = created(registry, Organisations, body);
    let accreditation = json!({
        "organisation": small.lab, "accreditation_body": body, "standard": "iso_iec_17025",
    });
    let accreditation = created(registry, Accreditations, accreditation);
    let status = json!({
        "status": "partially_suspended", "effective_from": "2026-03-01", "capabilities": [small.item],
    });
    let other = registry.append(Accreditations, &accreditation, status, &author());
    refused(other, &[("wrong_collection", "/capabilities/0")]);
    assert_eq!(verified(registry.store()).len() as u64, small.head + 2);
}

fn labels(database: &Database) {
    let small = Small::new(database);
    let registry = &small.registry;
    let labelled = with(organisation("B"), json!({"id": "_:b"}));
    refused(registry.create(Organisations, labelled, &author()), &[("label", "/id")]);
    let naming = json!({"owner": "_:lab"});
    let naming = registry.create(MeasurementStandards, naming, &author());
    refused(naming, &[("unknown_id", "/owner")]);
    // A label cannot be made a record's own by naming itself.
    let itself = with(organisation("B"), json!({"id": "_:b", "parent": "_:b"}));
    assert!(registry.create(Organisations, itself, &author()).is_err());
    small.is_as_before();
}

fn loops(database: &Database) {
    let small = Small::new(database);
    let registry = &small.registry;
    let amending = |number: &str, amended: &Id| {
        with(
            certificate(&small.lab, &small.item, number),
            json!({"amends": amended, "change": "corrected"}),
        )
    };
    let (a, b, c) = {
        let a = small.certificate.clone();
        let b = created(registry, Calibrations, amending("2/2026", &a));
        let c = created(registry, Calibrations, amending("3/2026", &b));
        (a, b, c)
    };
    for end in [&a, &b, &c] {
        let looped = registry.amend(Calibrations, &a, amending("1/2026", end), 1, &author());
        refused(looped, &[("loop", "/amends")]);
    }
    let of_itself = ids::new_id();
    let of_itself = with(organisation("B"), json!({"id": of_itself, "parent": of_itself}));
    refused(registry.create(Organisations, of_itself, &author()), &[("loop", "/parent")]);

    let daughter = with(organisation("B"), json!({"parent": small.lab}));
    let daughter = created(registry, Organisations, daughter);
    let looped = with(organisation("Phòng thử nghiệm"), json!({"parent": daughter}));
    let looped = registry.amend(Organisations, &small.lab, looped, 1, &author());
    refused(looped, &[("loop", "/parent")]);

    let old = created(registry, Documents, document("ĐLVN 99:2002"));
    let newer = with(document("ĐLVN 99:2010"), json!({"replaced_by": old}));
    let newer = created(registry, Documents, newer);
    let looped = with(document("ĐLVN 99:2002"), json!({"replaced_by": newer}));
    let looped = registry.amend(Documents, &old, looped, 1, &author());
    refused(looped, &[("loop", "/replaced_by")]);

    let piece = with(standard(&small.lab, "P"), json!({"parent_kit": small.item}));
    let piece = created(registry, MeasurementStandards, piece);
    let looped = with(standard(&small.lab, "W-1"), json!({"parent_kit": piece}));
    let looped = registry.amend(MeasurementStandards, &small.item, looped, 1, &author());
    refused(looped, &[("loop", "/parent_kit")]);

    assert_eq!(verified(registry.store()).len() as u64, small.head + 6);
    // What leads nowhere back is let through.
    let straight = amending("3a/2026", &a);
    assert_eq!(
        registry.amend(Calibrations, &c, straight, 1, &author()).expect("amended").written.version,
        2
    );
}

fn texts_that_cannot_be_kept(database: &Database) {
    let small = Small::new(database);
    let registry = &small.registry;
    for (text, code) in [
        ("Vie\u{302}\u{323}n", "not_nfc"),
        ("a\u{0}b", "nul_character"),
        ("a\u{1}b", "hidden_character"),
    ] {
        let new = registry.create(Organisations, organisation(text), &author());
        refused(new, &[(code, "/names/vi")]);
        let new = registry.amend(Organisations, &small.lab, organisation(text), 1, &author());
        refused(new, &[(code, "/names/vi")]);
        let event = json!({"kind": "repair", "on": text});
        let event = registry.append(MeasurementStandards, &small.item, event, &author());
        let Err(Refusal::Faults(faults)) = event else { panic!("{event:?}") };
        assert!(
            faults.0.iter().any(|fault| (fault.code, fault.pointer.as_str()) == (code, "/on")),
            "{faults:?}"
        );
        let text = crate::support::records::bundle(
            "texts",
            [
                (Documents, document("good")),
                (Documents, with(document(text), json!({"id": "_:d"}))),
            ],
        );
        let refusal = crate::support::records::import_refused(registry, &text, &Default::default());
        let Refusal::Faults(faults) = &refusal else { panic!("{refusal:?}") };
        let place = "/records/documents/1/designation";
        assert!(
            faults.0.iter().any(|fault| (fault.code, fault.pointer.as_str()) == (code, place)),
            "{faults:?}"
        );
    }
    small.is_as_before();
    // Everything else that a text can hold comes back as it was.
    let odd = "tab\t newline\n return\r \\N \\. backslash\\ quote\"' ? $1 % \u{10ffff} 😀 Viện";
    let id = created(registry, Organisations, organisation(odd));
    let stored = registry.get(Organisations, &id, small.head + 1).expect("there");
    assert_eq!(body(&stored)["names"]["vi"], odd);
}

fn an_id_that_is_taken(database: &Database) {
    let small = Small::new(database);
    let registry = &small.registry;
    for collection in [Organisations, Documents] {
        let body = match collection {
            Documents => document("ĐLVN 99:2002"),
            _ => organisation("B"),
        };
        let taken = with(body, json!({"id": small.lab}));
        let taken = registry.create(collection, taken, &author()).expect_err("refused");
        let exists = Refusal::Exists { id: small.lab.clone(), collection: Organisations };
        assert_eq!(taken, exists);
    }
    small.is_as_before();
    // One that is not taken may be given.
    let id = ids::new_id();
    let given = with(organisation("B"), json!({"id": id}));
    assert_eq!(created(registry, Organisations, given), id);
}

fn records_that_are_not_there(database: &Database) {
    let small = Small::new(database);
    let registry = &small.registry;
    let id = ids::new_id();
    let unknown = Refusal::Unknown { collection: Organisations, id: id.clone() };
    let amended = registry.amend(Organisations, &id, organisation("B"), 1, &author());
    assert_eq!(amended.expect_err("refused"), unknown);
    assert_eq!(registry.get(Organisations, &id, small.head).expect_err("refused"), unknown);
    assert_eq!(registry.versions(Organisations, &id, small.head).expect_err("refused"), unknown);
    let attestation = json!({"record": id, "statement": "confirmed", "by": small.lab});
    let attestation = registry.create(Attestations, attestation, &author());
    refused(attestation, &[("unknown_id", "/record")]);
    small.is_as_before();
}

fn only_some_records_have_a_history(database: &Database) {
    let small = Small::new(database);
    let status = json!({"status": "active", "effective_from": "2026-01-01"});
    let refusal = small.registry.append(Organisations, &small.lab, status, &author());
    has_faults(&refusal.expect_err("refused"), &[("no_history", "")]);
    for entry in [json!({}), json!("x"), json!(null), json!([])] {
        let refusal =
            small.registry.append(Calibrations, &small.certificate, entry.clone(), &author());
        let Err(Refusal::Faults(faults)) = refusal else { panic!("{entry}: {refusal:?}") };
        assert!(
            !faults.0.is_empty() && faults.0.iter().all(|f| !f.pointer.contains("status_history")),
            "{faults:?}"
        );
    }
    small.is_as_before();
}
