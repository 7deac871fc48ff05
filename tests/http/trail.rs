//! The trail that everybody leaves: who wrote what in which request, who was refused, and who may
//! look that up.

use serde_json::{Value, json};

use crate::support::Database;
use crate::support::records::standard;
use crate::support::served::{Party, Response, Served};

crate::support::both!(
    the_log_names_who_wrote_in_which_request,
    the_log_is_searched,
    refused_attempts_are_kept_apart,
);

fn make(served: &Served, who: &Party, code: &str, request_id: &str) -> Value {
    let made = served
        .post("/api/v1/measurement_standards")
        .token(&who.token)
        .header("X-Request-Id", request_id)
        .json(&standard(&who.id, code));
    assert_eq!(made.status, 201, "{}", made.text);
    made.body["record"].clone()
}

fn log(served: &Served, who: Option<&Party>, query: &str) -> Response {
    let request = served.get(&format!("/api/v1/log?{query}"));
    match who {
        Some(who) => request.token(&who.token).send(),
        None => request.send(),
    }
}

/// The positions of the entries that are found.
fn found(answer: &Response) -> Vec<u64> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let items = answer.body["items"].as_array().expect("a list").iter();
    items.map(|entry| entry["log_index"].as_u64().expect("a position")).collect()
}

fn index(record: &Value) -> u64 {
    record["log_index"].as_u64().expect("a position")
}

fn the_log_names_who_wrote_in_which_request(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let laboratory = served.party(&operator, "calibration_laboratory", &["submitter"]);
    let record = make(&served, &laboratory, "W-1", "lims-4711.a");
    let entry = served.get(&format!("/api/v1/log/{}", index(&record))).send();
    assert_eq!(entry.body["request_id"], "lims-4711.a", "{}", entry.text);
    assert_eq!(entry.body["actor"], record["recorded_by"]);
    // What cannot stand in a log is replaced, and the answer says by what.
    let made = served
        .post("/api/v1/measurement_standards")
        .token(&laboratory.token)
        .header("X-Request-Id", "a b\u{e9}")
        .json(&standard(&laboratory.id, "W-2"));
    let place = format!("/api/v1/log/{}", index(&made.body["record"]));
    let entry = served.get(&place).send();
    assert_eq!(entry.body["request_id"], made.header("x-request-id"));
    assert_ne!(entry.body["request_id"], "a b\u{e9}");
    // It is part of what is hashed: the log goes out and is proved there.
    served.registry.verify_log(None, &mut |_| {}).expect("a sound log");
    let lines = served.get("/api/v1/log").token(&operator.token);
    let lines = lines.header("Accept", "application/x-ndjson").send();
    let mut verifier = etalon::domain::log::Verifier::new();
    for line in lines.text.lines() {
        let entry = etalon::domain::log::Entry::parse_line(line).expect("an entry");
        verifier.take(&entry).expect("a sound entry");
    }
    assert_eq!(verifier.log_index(), served.registry.head().expect("a head").log_index);
}

fn the_log_is_searched(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let laboratory = served.party(&operator, "calibration_laboratory", &["submitter"]);
    let stranger = served.party(&operator, "calibration_laboratory", &["submitter"]);
    let institute = served.party(&operator, "nmi", &["institute"]);
    let own = [make(&served, &laboratory, "W-1", "r-1"), make(&served, &laboratory, "W-2", "r-2")];
    let other = make(&served, &stranger, "W-3", "r-3");
    let both = vec![index(&own[0]), index(&own[1])];

    let actor = own[0]["recorded_by"].as_str().expect("an actor");
    assert!(actor.starts_with("key:"), "{actor}");
    assert_eq!(found(&log(&served, None, &format!("actor={actor}"))), both);
    let id = own[1]["id"].as_str().expect("an id");
    assert_eq!(found(&log(&served, None, &format!("record={id}"))), [index(&own[1])]);
    let all = [both.clone(), vec![index(&other)]].concat();
    assert_eq!(found(&log(&served, None, "kind=measurement_standards")), all);
    let at = own[1]["recorded_at"].as_str().expect("an instant");
    let from = format!("kind=measurement_standards&recorded_from={at}");
    assert_eq!(found(&log(&served, None, &from)), all[1..]);
    let before = format!("kind=measurement_standards&recorded_before={at}");
    assert_eq!(found(&log(&served, None, &before)), all[..1]);
    // Pages go on where they ended, and end where nothing more is found.
    let page = log(&served, None, &format!("actor={actor}&limit=1"));
    assert_eq!((found(&page), &page.body["next_after"]), (vec![both[0]], &json!(both[0])));
    let page = log(&served, None, &format!("actor={actor}&limit=5&after={}", both[0]));
    assert_eq!((found(&page), &page.body["next_after"]), (vec![both[1]], &Value::Null));

    // Whose key it is, is for the organisation itself and those who see everything.
    let of = format!("organisation={}", laboratory.id);
    for who in [&laboratory, &institute, &operator] {
        assert_eq!(found(&log(&served, Some(who), &of)), both);
    }
    log(&served, Some(&stranger), &of).is_problem(403, "not_allowed");
    log(&served, None, &of).is_problem(403, "not_allowed");

    for (query, code) in [
        ("kind=weights", "unknown_value"),
        ("recorded_from=yesterday", "bad_instant"),
        ("organisation=1", "bad_id"),
        ("record=1", "bad_id"),
    ] {
        let refused = log(&served, None, query);
        refused.is_problem(400, "invalid_parameter");
        assert_eq!(refused.errors()[0].0, code, "{query}");
    }
}

fn refused_attempts_are_kept_apart(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let laboratory =
        served.party(&operator, "calibration_laboratory", &["submitter", "administrator"]);
    let stranger =
        served.party(&operator, "calibration_laboratory", &["submitter", "administrator"]);
    let head = served.registry.head().expect("a head").log_index;
    // Somebody of the laboratory tries what is not theirs; somebody tries with a token that is none.
    let refused = served
        .post("/api/v1/documents?")
        .token(&laboratory.token)
        .header("X-Request-Id", "try-1")
        .json(&json!({"designation": "TCVN 1"}));
    refused.is_problem(403, "not_allowed");
    let bad = served.get("/api/v1/api_keys?organisation=x").token("no.to.ken");
    bad.header("X-Request-Id", "try-2").send().is_problem(401, "invalid_token");
    let unknown = format!("etalon_{}", "0".repeat(64));
    let form = format!("grant_type=client_credentials&client_secret={unknown}");
    let wrong = served.post("/api/v1/auth/token").header("X-Request-Id", "try-3");
    let wrong = wrong.header("Content-Type", "application/x-www-form-urlencoded").body(form);
    wrong.is_problem(401, "invalid_key");
    // What is wrong with a body is nobody's attempt.
    let faulty = served.post("/api/v1/measurement_standards").token(&laboratory.token);
    assert_eq!(faulty.json(&json!({})).status, 422);

    let seen = |who: &Party, query: &str| {
        let path = format!("/api/v1/refused_attempts?{query}");
        let answer = served.get(&path).token(&who.token).send();
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(!answer.text.contains(&unknown), "{}", answer.text);
        let items = answer.body["items"].as_array().expect("a list").iter();
        items.map(|one| json!([one["request_id"], one["code"], one["path"]])).collect::<Vec<_>>()
    };
    let first = json!(["try-1", "not_allowed", "/api/v1/documents"]);
    let second = json!(["try-2", "invalid_token", "/api/v1/api_keys"]);
    let third = json!(["try-3", "invalid_key", "/api/v1/auth/token"]);
    assert_eq!(seen(&laboratory, ""), std::slice::from_ref(&first));
    assert!(seen(&stranger, "").is_empty());
    assert_eq!(seen(&operator, ""), [third.clone(), second, first.clone()]);
    assert_eq!(seen(&operator, "limit=1"), [third]);
    assert_eq!(seen(&operator, &format!("organisation={}", laboratory.id)), [first]);
    let others = served.get(&format!("/api/v1/refused_attempts?organisation={}", laboratory.id));
    others.token(&stranger.token).send().is_problem(403, "not_allowed");
    let attempts = served.get("/api/v1/refused_attempts").token(&operator.token).send();
    let last = &attempts.body["items"].as_array().expect("a list").last().expect("one").clone();
    assert_eq!(last["address"], "127.0.0.1");
    assert_eq!(last["organisation"], json!(laboratory.id));
    // None of it is in the record log.
    assert_eq!(served.registry.head().expect("a head").log_index, head);
}
