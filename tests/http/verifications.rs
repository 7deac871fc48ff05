//! Claims over HTTP: asked, kept, read again, and asked of today; what stands above and below; and
//! files that come in.

use etalon::app::verify::Moment;
use etalon::domain::claim::Claim;
use etalon::domain::period::Day;
use serde_json::{Value, json};

use crate::support::Database;
use crate::support::records::{COUNTRY, import_country, instant};
use crate::support::served::{Party, Served};

crate::support::both!(
    a_report_is_kept_as_it_was_given,
    the_same_claim_twice_is_one_report,
    reports_are_for_who_asked_and_the_owner,
    today_is_asked_without_keeping_anything,
    a_claim_in_the_past_is_answered_from_then,
    lineage_counts_what_the_registry_counts,
    an_import_tells_its_progress,
    a_repeated_import_is_answered_the_same,
    a_certificate_in_hand_is_checked,
);

/// The demonstration country, served, with an operator in it.
fn country(database: &Database) -> (Served, Party) {
    import_country(&database.registry());
    let served = Served::new(database);
    let operator = served.operator();
    (served, operator)
}

/// The country as if all of it had always been known.
fn always_known() -> String {
    fn forget(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.remove("recorded_at");
                fields.values_mut().for_each(forget);
            }
            Value::Array(elements) => elements.iter_mut().for_each(forget),
            _ => {}
        }
    }
    let mut country: Value = serde_json::from_str(COUNTRY).expect("JSON");
    forget(&mut country);
    country.to_string()
}

/// The id of a standard of the country by its code.
fn standard(served: &Served, token: &str, code: &str) -> String {
    let path = format!("/api/v1/measurement_standards?code={code}");
    let page = served.get(&path).token(token).send();
    page.body["items"][0]["id"].as_str().expect(code).to_owned()
}

fn mass_claim(standard: &str) -> Value {
    json!({
        "standard": standard, "quantity_kind": "conventional_mass",
        "point": {"value": "1", "unit": "kg"}, "used_on": "2026-11-01", "policy": "vn-2026",
    })
}

fn a_report_is_kept_as_it_was_given(database: &Database) {
    let (served, operator) = country(database);
    let claim = mass_claim(&standard(&served, &operator.token, "W-1KG-01"));
    let asked = served.post("/api/v1/verifications").token(&operator.token).json(&claim);
    assert_eq!(asked.status, 201, "{}", asked.text);
    assert_eq!(asked.body["verdict"], "traceable");
    assert_eq!(asked.body["bipm_link"]["state"], "linked");
    let place = asked.header("location").to_owned();
    let kept = served.get(&place).token(&operator.token).send();
    assert_eq!((kept.status, &kept.body), (200, &asked.body));
    assert_eq!(kept.header("log-index"), asked.body["log_index"].to_string());
    // Whatever happens to the records, the report stays.
    let withdrawn = json!({"status": "void_ab_initio", "effective_from": "2020-01-01"});
    let certificate = asked.body["chain"]["links"][0]["calibration"].as_str().expect("an id");
    let path = format!("/api/v1/calibrations/{certificate}/status");
    let appended = served.post(&path).token(&operator.token).json(&withdrawn);
    assert_eq!(appended.status, 201, "{}", appended.text);
    let later = served.get(&place).token(&operator.token).send();
    assert_eq!(later.text, kept.text);
    let again = served.post("/api/v1/verifications").token(&operator.token).json(&claim);
    assert_ne!(again.body["verdict"], "traceable", "{}", again.text);
    let tag = later.header("etag").to_owned();
    let held = served.get(&place).token(&operator.token).header("If-None-Match", &tag).send();
    assert_eq!(held.status, 304);
    let listed = served.get("/api/v1/verifications?limit=1").token(&operator.token).send();
    assert_eq!(listed.body["items"][0]["id"], asked.body["id"]);
    let cursor = listed.body["next_cursor"].as_str().expect("another");
    let path = format!("/api/v1/verifications?limit=1&cursor={cursor}");
    let listed = served.get(&path).token(&operator.token).send();
    assert_eq!(listed.body["items"][0]["id"], again.body["id"]);
    let path = "/api/v1/verifications?verdict=traceable";
    let listed = served.get(path).token(&operator.token).send();
    assert_eq!(listed.body["items"].as_array().map(Vec::len), Some(1));
}

fn the_same_claim_twice_is_one_report(database: &Database) {
    let (served, operator) = country(database);
    let claim = mass_claim(&standard(&served, &operator.token, "W-1KG-01"));
    let ask = |claim: &Value| {
        served
            .post("/api/v1/verifications")
            .token(&operator.token)
            .header("Idempotency-Key", "k")
            .json(claim)
    };
    let first = ask(&claim);
    let again = ask(&claim);
    assert_eq!((again.status, &again.text), (201, &first.text));
    assert_eq!(again.header("idempotent-replayed"), "true");
    let mut other = claim;
    other["used_on"] = "2026-11-02".into();
    ask(&other).is_problem(422, "idempotency_key_reused");
    let listed = served.get("/api/v1/verifications").token(&operator.token).send();
    assert_eq!(listed.body["items"].as_array().map(Vec::len), Some(1));
}

fn reports_are_for_who_asked_and_the_owner(database: &Database) {
    let (served, operator) = country(database);
    let claim = mass_claim(&standard(&served, &operator.token, "W-1KG-01"));
    let asked = served.post("/api/v1/verifications").token(&operator.token).json(&claim);
    let place = asked.header("location").to_owned();
    // The owner of the standard has a key of its own.
    let path =
        format!("/api/v1/measurement_standards/{}", claim["standard"].as_str().expect("an id"));
    let record = served.get(&path).token(&operator.token).send();
    let owner = crate::support::served::id_of(&record.body["owner"]);
    let owner = served.token(&served.key(&operator, &owner, &["submitter"]));
    let read = served.get(&place).token(&owner).send();
    assert_eq!((read.status, &read.body), (200, &asked.body));
    let stranger = served.party(&operator, "calibration_laboratory", &["submitter"]);
    served.get(&place).token(&stranger.token).send().is_problem(404, "unknown_record");
    served.get(&place).send().is_problem(401, "unauthenticated");
    let listed = served.get("/api/v1/verifications").token(&stranger.token).send();
    assert_eq!(listed.body["items"], json!([]));
    // Of a standard that it may not see, a stranger asks nothing.
    let body = json!({"owner": record.body["owner"], "code": "W-HIDDEN"});
    let made = served.post("/api/v1/measurement_standards").token(&owner).json(&body);
    let hidden = made.body["record"]["id"].as_str().expect("an id").to_owned();
    let refused =
        served.post("/api/v1/verifications").token(&stranger.token).json(&mass_claim(&hidden));
    refused.is_problem(422, "invalid_body");
    assert_eq!(refused.errors(), [("unknown_standard", "/standard")]);
}

fn today_is_asked_without_keeping_anything(database: &Database) {
    let (served, operator) = country(database);
    let id = standard(&served, &operator.token, "W-1KG-01");
    let path = format!(
        "/api/v1/measurement_standards/{id}/traceability?used_on=2026-11-01&policy=vn-2026"
    );
    let asked = served.get(&path).token(&operator.token).send();
    assert_eq!(asked.status, 200, "{}", asked.text);
    // It is what the engine says, part by part.
    let claim = Claim {
        used_on: Some(Day::parse("2026-11-01").expect("a day")),
        policy: Some("vn-2026".to_owned()),
        ..Claim::of(etalon::domain::id::Id::parse(&id).expect("an id"))
    };
    let now = instant(asked.body["computed_at"].as_str().expect("an instant"));
    let moment = Moment { now, today: etalon::clock::day_of(now) };
    let report = served.registry.answer(&claim, moment).expect("a report");
    assert_eq!(asked.body, serde_json::to_value(&report).expect("JSON"));
    assert!(asked.body["id"].is_null());
    let tag = asked.header("etag").to_owned();
    let held = served.get(&path).token(&operator.token).header("If-None-Match", &tag).send();
    assert_eq!(held.status, 304);
    let listed = served.get("/api/v1/verifications").token(&operator.token).send();
    assert_eq!(listed.body["items"], json!([]));
}

fn a_claim_in_the_past_is_answered_from_then(database: &Database) {
    let (served, operator) = country(database);
    let id = standard(&served, &operator.token, "W-1KG-01");
    let before = served.registry.head().expect("a head").log_index;
    let mut claim = mass_claim(&id);
    let asked = served.post("/api/v1/verifications").token(&operator.token).json(&claim);
    let certificate = asked.body["chain"]["links"][0]["calibration"].as_str().expect("an id");
    let path = format!("/api/v1/calibrations/{certificate}/status");
    let void = json!({"status": "void_ab_initio", "effective_from": "2020-01-01"});
    served.post(&path).token(&operator.token).json(&void);
    let now = served.post("/api/v1/verifications").token(&operator.token).json(&claim);
    assert_eq!(now.body["verdict"], "not_traceable", "{}", now.text);
    claim["known_at"] = before.into();
    let then = served.post("/api/v1/verifications").token(&operator.token).json(&claim);
    assert_eq!(then.body["verdict"], "traceable", "{}", then.text);
    assert_eq!(then.body["log_index"], before);
    let path = format!("/api/v1/measurement_standards/{id}/traceability?used_on=2026-11-01");
    let then = served.get(&format!("{path}&known_at={before}")).token(&operator.token).send();
    assert_eq!(then.header("log-index"), before.to_string());
    let now = served.get(&path).token(&operator.token).send();
    assert_ne!(then.body["verdict"], now.body["verdict"]);
}

fn lineage_counts_what_the_registry_counts(database: &Database) {
    let (served, operator) = country(database);
    let id = standard(&served, &operator.token, "W-1KG-01");
    let path = format!("/api/v1/measurement_standards/{id}/lineage");
    let whole = served.get(&path).token(&operator.token).send();
    let steps = whole.body["steps"].as_array().expect("steps");
    assert_eq!(whole.body["calibrations"], steps.len());
    assert!(steps.len() > 2 && steps.iter().all(|step| step["number"].is_string()));
    let cut = served.get(&format!("{path}?limit=1")).token(&operator.token).send();
    assert_eq!(cut.body["steps"].as_array().map(Vec::len), Some(1));
    assert_eq!(cut.body["calibrations"], whole.body["calibrations"]);
    // What stands at the top has this one below it.
    let top = steps.last().expect("a step")["item"].as_str().expect("an id");
    let path = format!("/api/v1/measurement_standards/{top}/descendants");
    let below = served.get(&path).token(&operator.token).send();
    let items = below.body["steps"].as_array().expect("steps");
    assert!(items.iter().any(|step| step["item"] == id.as_str()), "{}", below.text);
}

fn an_import_tells_its_progress(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let documents: Vec<Value> = (0..50)
        .map(
            |number| json!({"id": format!("_:d{number}"), "designation": format!("TCVN {number}")}),
        )
        .collect();
    let bundle = json!({"format": "etalon-bundle/1", "records": {"documents": documents}});
    let import = |body: &Value| {
        served
            .post("/api/v1/imports")
            .token(&operator.token)
            .header("Accept", "application/x-ndjson")
            .json(body)
    };
    let done = import(&bundle);
    assert_eq!(done.header("content-type"), "application/x-ndjson");
    let lines: Vec<Value> =
        done.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let progress: Vec<&Value> = lines.iter().filter_map(|line| line.get("progress")).collect();
    assert_eq!(progress.last(), Some(&&json!({"done": 50, "records": 50})));
    let outcomes = lines.iter().filter(|line| line["outcome"]["action"] == "created");
    assert_eq!(outcomes.count(), 50);
    assert_eq!(lines.last().expect("a line")["report"]["created"], 50);
    // A refusal is the last line.
    let refused = import(&json!({"format": "etalon-bundle/1", "records": {"documents": [{}]}}));
    let last: Value =
        serde_json::from_str(refused.text.lines().last().expect("a line")).expect("JSON");
    assert_eq!(last["error"]["code"], "invalid_body");
    assert_eq!(last["error"]["errors"][0]["pointer"], "/records/documents/0");
}

fn a_repeated_import_is_answered_the_same(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let import = |key: &str| {
        served
            .post("/api/v1/imports")
            .token(&operator.token)
            .header("Idempotency-Key", key)
            .header("Content-Type", "application/json")
            .body(always_known())
    };
    let first = import("one");
    assert_eq!(first.status, 200, "{}", first.text);
    let head = served.registry.head().expect("a head").log_index;
    let again = import("one");
    assert_eq!((again.header("idempotent-replayed"), &again.text), ("true", &first.text));
    let other = import("two");
    assert_eq!((&other.body["created"], &other.body["amended"]), (&json!(0), &json!(0)));
    assert_eq!(served.registry.head().expect("a head").log_index, head);
}

fn a_certificate_in_hand_is_checked(database: &Database) {
    let (served, operator) = country(database);
    let claim = mass_claim(&standard(&served, &operator.token, "W-1KG-01"));
    let asked = served.post("/api/v1/verifications").token(&operator.token).json(&claim);
    let certificate = asked.body["chain"]["links"][0]["calibration"].as_str().expect("an id");
    let path = format!("/api/v1/calibrations/{certificate}");
    let record = served.get(&path).token(&operator.token).send().body;
    let number = record["number"].as_str().expect("a number").replace('/', "%2F");
    let issuer = record["issuer"].as_str().expect("an id");
    let path = format!("/api/v1/certificate_checks?issuer={issuer}&number={number}&policy=vn-2026");
    let found = served.get(&path).send();
    let items = found.body["items"].as_array().expect("a list");
    assert_eq!(items.len(), 1, "{}", found.text);
    assert_eq!((&items[0]["id"], &items[0]["status"]), (&json!(certificate), &json!("issued")));
    assert!(items[0]["verdict"].is_string(), "{}", found.text);
    let path = format!("/api/v1/certificate_checks?issuer={issuer}&number=none");
    assert_eq!(served.get(&path).send().body["items"], json!([]));
}
