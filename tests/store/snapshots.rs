//! Successive snapshots of the KCDB: histories of statuses, new versions, what disappears, and what
//! a part of an answer does not say.

use crate::support::records::{
    at, body, certificate, created, has_faults, instant, organisation, standard, verified, with,
};
use crate::support::{Database, both};
use deserr::deserialize;
use etalon::app::import::{Failed, Options, Report};
use etalon::app::registry::Registry;
use etalon::app::verify::Moment;
use etalon::domain::claim::Claim;
use etalon::domain::fault::Faults;
use etalon::domain::id::Id;
use etalon::domain::records::CollectionName::{
    Calibrations, Capabilities, MeasurementStandards, Organisations,
};
use etalon::exchange::kcdb::answer::Scope;
use serde_json::{Value, json};

both!(
    three_snapshots,
    the_same_snapshot_twice,
    pages_and_narrow_searches_take_nothing_away,
    a_snapshot_that_says_what_it_covers,
    what_others_added_stays,
    an_earlier_look_and_bare_heads,
    a_claim_before_and_after,
);

/// A CMC of VMI for direct voltage, as the KCDB answers.
fn row(code: &str, status: &str, published: &str, set: &str) -> Value {
    json!({
        "id": 1, "kcdbCode": code, "status": status, "statusDate": set,
        "publicationDate": published, "domainCode": "PHYSICS", "metrologyAreaLabel": "EM",
        "rmo": "APMP", "countryValue": "Viet Nam", "nmiCode": "VMI", "nmiIdentifier": 77,
        "nmiName": "Vietnam Metrology Institute", "kcdbServiceCategory": "EM/DC-1.1.2",
        "cmc": {"lowerLimit": 0.1, "upperLimit": 10.5, "unit": "V"},
        "cmcUncertainty": {"lowerLimit": 1.0, "upperLimit": 1.0, "unit": "µV"},
        "uncertaintyMode": "Absolute", "coverageFactor": 2, "confidenceLevel": 95,
    })
}

fn answer(rows: &[Value]) -> Value {
    json!({
        "versionApiKcdb": "1.0.13", "pageNumber": 0, "pageSize": 100, "totalPages": 1,
        "numberOfElements": rows.len(), "totalElements": rows.len(), "data": rows,
    })
}

/// A whole answer for electricity in Viet Nam that says when it was fetched.
fn snapshot(fetched_at: &str, rows: &[Value]) -> String {
    let search = json!({"metrologyAreaLabel": "EM", "countries": ["VN"], "showTable": true});
    let fetched = json!({"at": fetched_at, "url": "https://example.org", "search": search});
    with(answer(rows), json!({"etalonFetched": fetched})).to_string()
}

const A: &str = "APMP-EM-VN-0000000A-1";
const B1: &str = "APMP-EM-VN-0000000B-1";
const B2: &str = "APMP-EM-VN-0000000B-2";
const C: &str = "APMP-EM-VN-0000000C-1";

const FIRST: &str = "2026-01-10T01:00:00Z";
const SECOND: &str = "2026-03-10T01:00:00Z";
const THIRD: &str = "2026-07-10T01:00:00Z";

fn first() -> String {
    let published = |code| row(code, "Published", "2015-03-01", "2015-03-01");
    snapshot(FIRST, &[published(A), published(B1), published(C)])
}

/// A is greyed out, B has a new version, C is gone.
fn second() -> String {
    let greyed = row(A, "Greyed out", "2015-03-01", "2025-02-01");
    snapshot(SECOND, &[greyed, row(B2, "Published", "2026-02-20", "2026-02-20")])
}

/// A is restored, and C is there again, though nobody set its status.
fn third() -> String {
    let restored = row(A, "Published", "2015-03-01", "2026-06-01");
    let again = row(C, "Published", "2015-03-01", "2015-03-01");
    snapshot(THIRD, &[restored, row(B2, "Published", "2026-02-20", "2026-02-20"), again])
}

fn kcdb() -> Options {
    Options { source: Some("kcdb".to_owned()), ..Options::default() }
}

#[track_caller]
fn import(registry: &Registry, text: &str, time: &str, options: &Options) -> Report {
    let report = registry.import("any.json", text, options, &at(time), &mut |_, _| {});
    report.unwrap_or_else(|failed| panic!("{failed:?}"))
}

fn counts(report: &Report) -> [u64; 4] {
    [report.records, report.created, report.amended, report.unchanged]
}

/// The capabilities of the registry by their codes.
fn capability(registry: &Registry, code: &str) -> Value {
    let head = registry.store().head().expect("a head").log_index;
    let stored = crate::support::records::everything(registry.store(), head);
    let bodies = stored.iter().filter(|one| one.collection == Capabilities).map(body);
    let mut found: Vec<Value> = bodies.filter(|body| body["code"] == code).collect();
    assert_eq!(found.len(), 1, "{code}: {found:?}");
    found.remove(0)
}

/// Status, day and the day of recording of each entry.
fn history(registry: &Registry, code: &str) -> Vec<String> {
    let body = capability(registry, code);
    let entries = body["status_history"].as_array().expect("a history").iter();
    let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or("never").to_owned();
    entries
        .map(|entry| {
            let recorded = text(entry, "recorded_at");
            let (status, from) = (text(entry, "status"), text(entry, "effective_from"));
            format!("{status} {from} known {}", &recorded[..10])
        })
        .collect()
}

fn codes(report: &Report) -> Vec<&str> {
    report.warnings.iter().map(|fault| fault.code).collect()
}

fn three_snapshots(database: &Database) {
    let registry = database.registry();
    let report = import(&registry, &first(), "2026-01-11T00:00:00Z", &kcdb());
    assert_eq!(counts(&report), [4, 4, 0, 0]);
    let report = import(&registry, &second(), "2026-03-11T00:00:00Z", &kcdb());
    // The institute, A, B in both versions and C, which the file leaves out.
    assert_eq!(counts(&report), [5, 1, 3, 1]);
    assert_eq!(codes(&report), ["no_longer_listed"]);
    assert!(report.warnings[0].message.en.contains(C), "{:?}", report.warnings);
    let report = import(&registry, &third(), "2026-07-11T00:00:00Z", &kcdb());
    assert_eq!(codes(&report), [""; 0]);
    assert_eq!(
        history(&registry, A),
        [
            "published 2015-03-01 known 2026-01-11",
            "greyed_out 2025-02-01 known 2026-03-11",
            "published 2026-06-01 known 2026-07-11",
        ]
    );
    assert_eq!(
        history(&registry, B1),
        ["published 2015-03-01 known 2026-01-11", "archived 2026-02-20 known 2026-03-11"]
    );
    assert_eq!(history(&registry, B2), ["published 2026-02-20 known 2026-03-11"]);
    assert_eq!(
        history(&registry, C),
        [
            "published 2015-03-01 known 2026-01-11",
            "deleted 2026-03-10 known 2026-03-11",
            "published 2026-07-10 known 2026-07-11",
        ]
    );
    let reason = &capability(&registry, B1)["status_history"][1]["reason"];
    assert!(reason.as_str().expect("a reason").contains(B2), "{reason}");
    assert_eq!(capability(&registry, A)["synced_at"], THIRD);
    verified(registry.store());
}

fn the_same_snapshot_twice(database: &Database) {
    let registry = database.registry();
    for (text, time) in [(first(), FIRST), (second(), SECOND), (third(), THIRD)] {
        import(&registry, &text, time, &kcdb());
        let before = registry.store().head().expect("a head").log_index;
        let report = import(&registry, &text, "2026-08-01T00:00:00Z", &kcdb());
        assert_eq!(counts(&report)[1..3], [0, 0], "{report:?}");
        assert_eq!(registry.store().head().expect("a head").log_index, before);
    }
    // A later look that finds the same says so after some days, and only of the capabilities.
    let later = third().replace(THIRD, "2026-07-12T01:00:00Z");
    assert_eq!(counts(&import(&registry, &later, "2026-08-02T00:00:00Z", &kcdb()))[1..3], [0, 0]);
    let later = third().replace(THIRD, "2026-07-20T01:00:00Z");
    assert_eq!(counts(&import(&registry, &later, "2026-08-03T00:00:00Z", &kcdb()))[1..3], [0, 3]);
    assert_eq!(history(&registry, A).len(), 3);
    assert_eq!(capability(&registry, A)["synced_at"], "2026-07-20T01:00:00Z");
}

fn pages_and_narrow_searches_take_nothing_away(database: &Database) {
    let registry = database.registry();
    import(&registry, &first(), FIRST, &kcdb());
    let only = [row(A, "Published", "2015-03-01", "2015-03-01")];
    let one = answer(&only);
    let page = with(one.clone(), json!({"totalElements": 3, "totalPages": 3}));
    let fetched = |search: Value| {
        let fetched = json!({"at": SECOND, "url": "https://example.org", "search": search});
        with(one.clone(), json!({"etalonFetched": fetched}))
    };
    for part in [
        page,
        one.clone(),
        fetched(json!({"metrologyAreaLabel": "EM", "branchLabel": "EM/DC"})),
        fetched(json!({"metrologyAreaLabel": "EM", "status": "Published"})),
    ] {
        let report = import(&registry, &part.to_string(), SECOND, &kcdb());
        assert_eq!(codes(&report), [""; 0], "{part}");
        assert_eq!(history(&registry, C).len(), 1, "{part}");
    }
    // Another country and another area are not touched either.
    for (area, country) in [("EM", "LA"), ("T", "VN")] {
        let row = row(&format!("APMP-{area}-{country}-0000000D-1"), "Published", "2020-01-01", "");
        let search = json!({"metrologyAreaLabel": area, "countries": [country]});
        let fetched = json!({"at": SECOND, "url": "https://example.org", "search": search});
        let text = with(answer(&[row]), json!({"etalonFetched": fetched})).to_string();
        assert_eq!(codes(&import(&registry, &text, SECOND, &kcdb())), [""; 0]);
        assert_eq!(history(&registry, C).len(), 1);
    }
    // Nor where the file has others than it says that it searched.
    let odd = row("APMP-T-VN-0000000E-1", "Published", "2020-01-01", "");
    let report = import(&registry, &snapshot(SECOND, &[odd]), SECOND, &kcdb());
    assert_eq!(codes(&report), ["outside_snapshot"]);
    assert_eq!(history(&registry, C).len(), 1);
    // An answer without any row is a fetch gone wrong rather than the end of an institute.
    let report = import(&registry, &snapshot(THIRD, &[]), THIRD, &kcdb());
    assert_eq!(codes(&report), ["empty_snapshot"]);
    assert_eq!(history(&registry, C).len(), 1);
}

fn a_snapshot_that_says_what_it_covers(database: &Database) {
    let registry = database.registry();
    let covers = |scope: &str| {
        let scope = Some(Scope::parse(scope).expect("a scope"));
        Options { snapshot_of: scope, ..kcdb() }
    };
    import(&registry, &first(), FIRST, &kcdb());
    let one = answer(&[row(A, "Published", "2015-03-01", "2015-03-01")]);
    let part = with(one.clone(), json!({"totalElements": 3, "totalPages": 3}));
    for (text, scope, code, place) in [
        (part.to_string(), "area=EM", "no_whole_snapshot", "/totalElements"),
        (one.to_string(), "area=EM,country=LA", "outside_snapshot", "/data"),
        ("{}".to_owned(), "all", "no_whole_snapshot", "/totalElements"),
    ] {
        let options = covers(scope);
        match registry.import("x.json", &text, &options, &at(SECOND), &mut |_, _| {}) {
            Err(Failed::Refused(refusal)) => has_faults(&refusal, &[(code, place)]),
            other => panic!("{other:?}"),
        }
    }
    let report =
        import(&registry, &one.to_string(), "2026-04-01T00:00:00Z", &covers("area=EM,country=VN"));
    assert_eq!(codes(&report), ["no_longer_listed"]);
    assert_eq!(history(&registry, A).len(), 1);
    assert_eq!(
        history(&registry, C),
        ["published 2015-03-01 known 2026-01-10", "deleted 2026-04-01 known 2026-04-01"]
    );
    // Without the day of its state a file cannot take that back, and says so.
    let back = answer(&[row(C, "Published", "2015-03-01", "2015-03-01")]).to_string();
    let report = import(&registry, &back, "2026-05-01T00:00:00Z", &kcdb());
    assert_eq!(codes(&report), ["status_without_day"]);
    assert_eq!(history(&registry, C).len(), 2);
}

fn what_others_added_stays(database: &Database) {
    let registry = database.registry();
    import(&registry, &first(), FIRST, &kcdb());
    let id = |registry: &Registry| {
        Id::parse(capability(registry, A)["id"].as_str().expect("an id")).expect("an id")
    };
    let id = id(&registry);
    let theirs = with(capability(&registry, A), json!({"comments": "Đã hỏi VMI"}));
    registry.amend(Capabilities, &id, theirs, 1, &at("2026-02-01T00:00:00Z")).expect("amended");
    import(&registry, &second(), SECOND, &kcdb());
    import(&registry, &third(), THIRD, &kcdb());
    let now = capability(&registry, A);
    assert_eq!(now["comments"], "Đã hỏi VMI");
    assert_eq!(history(&registry, A).len(), 3);
    // What the KCDB itself changes is not put over theirs in silence.
    let mut changed = row(A, "Published", "2015-03-01", "2026-06-01");
    changed["instrument"] = "Zener standard".into();
    let text = answer(&[changed]).to_string();
    match registry.import("x.json", &text, &kcdb(), &at("2026-08-01T00:00:00Z"), &mut |_, _| {}) {
        Err(Failed::Refused(refusal)) => {
            has_faults(&refusal, &[("stale_version", "/records/capabilities/0/version")]);
        }
        other => panic!("{other:?}"),
    }
    // Of a CMC that nobody else touched it is taken over.
    let mut changed = row(C, "Published", "2015-03-01", "2015-03-01");
    changed["instrument"] = "Zener standard".into();
    let text =
        snapshot("2026-09-01T00:00:00Z", &[changed]).replace("\"countries\"", "\"keywords\"");
    import(&registry, &text, "2026-09-02T00:00:00Z", &kcdb());
    let now = capability(&registry, C);
    assert_eq!(
        (&now["instrument"], &now["synced_at"]),
        (&"Zener standard".into(), &"2026-09-01T00:00:00Z".into())
    );
    assert_eq!(history(&registry, C).len(), 3);
}

fn an_earlier_look_and_bare_heads(database: &Database) {
    let registry = database.registry();
    import(&registry, &second(), SECOND, &kcdb());
    let greyed = history(&registry, A);
    let report = import(&registry, &first(), "2026-05-01T00:00:00Z", &kcdb());
    assert_eq!(codes(&report), [""; 0]);
    assert_eq!(history(&registry, A), greyed);
    assert_eq!(capability(&registry, A)["synced_at"], SECOND);
    // The earlier version comes later, and is an earlier version all the same.
    assert_eq!(
        history(&registry, B1),
        ["published 2015-03-01 known 2026-05-01", "archived 2026-02-20 known 2026-05-01"]
    );
    assert_eq!(history(&registry, B2).len(), 1);
    let head = json!([{"id": 1, "kcdbCode": A, "baseUnit": "V"}]).to_string();
    import(&registry, &head, "2026-06-01T00:00:00Z", &kcdb());
    assert_eq!(capability(&registry, A)["range"]["upper"], "10.5");
    assert_eq!(history(&registry, A), greyed);
}

/// Rules C-04 and N-03 read the status on the days of the certificate, as known then: one of June
/// 2025, judged before the registry learnt that the CMC had been greyed out in February, and after.
fn a_claim_before_and_after(database: &Database) {
    let registry = database.registry();
    import(
        &registry,
        &snapshot(FIRST, &[row(A, "Published", "2015-03-01", "2015-03-01")]),
        FIRST,
        &kcdb(),
    );
    let institute = capability(&registry, A)["organisation"].clone();
    let institute = Id::parse(institute.as_str().expect("an id")).expect("an id");
    let lab = created(&registry, Organisations, organisation("Phòng thử nghiệm"));
    let zener = with(standard(&lab, "Z-1"), json!({"quantity_kinds": ["dc_voltage"]}));
    let zener = created(&registry, MeasurementStandards, zener);
    let result = json!({
        "id": "r1", "quantity_kind": "dc_voltage", "point": {"value": "10", "unit": "V"},
        "value": "10.0000012", "unit": "V", "endorsed": true,
        "uncertainty": {"value": "2.0", "unit": "uV", "kind": "expanded", "coverage_factor": "2"},
    });
    let certified = with(
        certificate(&institute, &zener, "VMI-1"),
        json!({"performed_from": "2025-06-02", "performed_to": "2025-06-02",
            "issued_on": "2025-06-03", "endorsement": {"cipm_mra": true}, "results": [result]}),
    );
    created(&registry, Calibrations, certified);
    let greyed = row(A, "Greyed out", "2015-03-01", "2025-02-01");
    import(&registry, &snapshot(SECOND, &[greyed]), "2026-12-10T01:00:00Z", &kcdb());
    let outcome = |rule: &str, known_at: &str| {
        let claim = json!({
            "standard": zener, "quantity_kind": "dc_voltage", "used_on": "2026-01-20",
            "point": {"value": "10", "unit": "V"}, "known_at": known_at,
        });
        let claim = deserialize::<Claim, _, Faults>(claim).expect("a claim");
        let now = instant("2027-01-01T00:00:00Z");
        let report = registry.answer(&claim, Moment { now, today: now.day() }).expect("a report");
        let report = serde_json::to_value(&report).expect("JSON");
        let findings = report["findings"].as_array().expect("findings").iter();
        let mut outcomes: Vec<String> = findings
            .filter(|finding| finding["rule"] == rule)
            .map(|finding| finding["outcome"].as_str().expect("an outcome").to_owned())
            .collect();
        outcomes.sort();
        outcomes.dedup();
        outcomes
    };
    let (before, after) = ("2026-12-01T00:00:00Z", "2026-12-20T00:00:00Z");
    assert_eq!([outcome("C-04", before), outcome("N-03", before)], [["pass"], ["pass"]]);
    assert_eq!(outcome("N-03", after), ["fail"]);
    assert!(!outcome("C-04", after).contains(&"pass".to_owned()));
}
