//! What strangers and mistakes send: each is answered with a problem that says what is wrong and
//! where, nothing is kept of it, and the service goes on.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use serde_json::{Value, json};

use crate::support::Database;
use crate::support::records::{certificate, standard};
use crate::support::served::{Served, id_of};

crate::support::both!(
    bodies_that_are_no_records,
    a_body_that_is_too_large,
    a_body_that_is_cut_off,
    a_body_that_comes_too_slowly,
    all_faults_of_a_body_at_once,
    records_that_are_not_there,
    parameters_that_are_wrong,
    a_state_that_is_not_known_yet,
    paths_that_are_tricks,
    a_record_of_somebody_else,
    imports_that_are_refused,
    imports_with_a_record_a_line,
    claims_that_cannot_be_asked,
);

/// That nothing was kept and the service still answers.
#[track_caller]
fn nothing_happened(served: &Served, head: u64) {
    assert_eq!(served.registry.head().expect("a head").log_index, head);
    assert_eq!(served.get("/readyz").send().status, 200);
}

fn bodies_that_are_no_records(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let head = served.registry.head().expect("a head").log_index;
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for (body, status, code) in [
        ("{", 400, "malformed_json"),
        ("{\"kind\": \"nmi\",}", 400, "malformed_json"),
        ("{\"kind\": \"nmi\", \"kind\": \"bipm\"}", 400, "malformed_json"),
        (deep.as_str(), 400, "malformed_json"),
        ("{\"kind\": 1e999}", 400, "malformed_json"),
        ("", 400, "empty_body"),
        (" \n", 400, "empty_body"),
        ("[]", 422, "invalid_body"),
        ("null", 422, "invalid_body"),
        ("\"text\"", 422, "invalid_body"),
    ] {
        let request = served.post("/api/v1/organisations").token(&operator.token);
        let refused = request.header("Content-Type", "application/json").body(body);
        refused.is_problem(status, code);
    }
    let request = served.post("/api/v1/organisations").token(&operator.token);
    let refused = request.header("Content-Type", "application/json").body(vec![b'"', 0xff, b'"']);
    refused.is_problem(400, "malformed_json");
    assert_eq!(refused.errors(), [("bad_utf8", "")]);
    for content_type in ["text/plain", "application/xml", "application/json5", ""] {
        let request = served.post("/api/v1/organisations").token(&operator.token);
        let request = match content_type {
            "" => request,
            other => request.header("Content-Type", other),
        };
        request.body("{}").is_problem(415, "unsupported_media_type");
    }
    let request = served.post("/api/v1/organisations").token(&operator.token);
    let request = request.header("Content-Type", "application/json");
    request.header("Content-Encoding", "gzip").body("{}").is_problem(415, "unsupported_media_type");
    // Parameters of the media type are no other type.
    let request = served.post("/api/v1/organisations").token(&operator.token);
    let request = request.header("Content-Type", "application/json; charset=utf-8");
    request.body("{}").is_problem(422, "invalid_body");
    nothing_happened(&served, head);
}

fn a_body_that_is_too_large(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let head = served.registry.head().expect("a head").log_index;
    let body = json!({"kind": "enterprise", "names": {"en": "x".repeat(2 << 20)}});
    let refused = served.post("/api/v1/organisations").token(&operator.token).json(&body);
    refused.is_problem(413, "body_too_large");
    // An import takes it, and says what is wrong with it.
    let refused = served.post("/api/v1/imports").token(&operator.token).json(&body);
    refused.is_problem(422, "invalid_body");
    nothing_happened(&served, head);
}

fn a_body_that_is_cut_off(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let head = served.registry.head().expect("a head").log_index;
    let send = |ending: Shutdown| {
        let mut stream = TcpStream::connect(served.address).expect("a connection");
        write!(
            stream,
            "POST /api/v1/organisations HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{\"kind\": \"nmi\"",
            operator.token
        )
        .expect("sent");
        stream.shutdown(ending).expect("ended");
        let mut answer = String::new();
        // A peer that has gone reads nothing.
        let _ = stream.read_to_string(&mut answer);
        answer
    };
    let answer = send(Shutdown::Write);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    send(Shutdown::Both);
    nothing_happened(&served, head);
}

fn a_body_that_comes_too_slowly(database: &Database) {
    let soon = std::time::Duration::from_secs(1);
    let served = Served::with(
        database,
        |settings| etalon::config::Server { request_time: soon, ..settings },
        None,
    );
    let operator = served.operator();
    let head = served.registry.head().expect("a head").log_index;
    let mut stream = TcpStream::connect(served.address).expect("a connection");
    write!(
        stream,
        "POST /api/v1/organisations HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\
         Authorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: 1000\r\n\r\n{{",
        operator.token
    )
    .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("request_timeout"), "{answer}");
    nothing_happened(&served, head);
}

fn all_faults_of_a_body_at_once(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let body = json!({
        "kind": "palace", "names": {"en": 1}, "country": "VN", "colour": "red",
        "sites": [{"id": "s1", "kind": "nowhere"}],
    });
    let refused = served.post("/api/v1/organisations").token(&operator.token).json(&body);
    refused.is_problem(422, "invalid_body");
    let mut errors = refused.errors();
    errors.sort_unstable();
    assert_eq!(
        errors,
        [
            ("unknown_field", ""),
            ("unknown_value", "/kind"),
            ("unknown_value", "/sites/0/kind"),
            ("wrong_type", "/names/en"),
        ]
    );
}

fn records_that_are_not_there(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let unknown = "0190a4c8-5c1e-7c3a-9b1d-2f4e6a8b0c1d";
    for path in [
        format!("/api/v1/organisations/{unknown}"),
        format!("/api/v1/calibrations/{unknown}/versions"),
        format!("/api/v1/measurement_standards/{unknown}/traceability"),
        format!("/api/v1/measurement_standards/{unknown}/lineage"),
        format!("/api/v1/verifications/{unknown}"),
        // Of another collection.
        format!("/api/v1/calibrations/{}", operator.id),
        "/api/v1/organisations/nothing".to_owned(),
        "/api/v1/organisations/_:label".to_owned(),
        format!("/api/v1/organisations/{}", operator.id.as_str().to_uppercase()),
        "/api/v1/log/0".to_owned(),
        "/api/v1/log/1000000".to_owned(),
        "/api/v1/log/first".to_owned(),
    ] {
        let refused = served.get(&path).token(&operator.token).send();
        assert_eq!(refused.status, 404, "{path}: {}", refused.text);
        refused.is_problem(404, "unknown_record");
    }
    let put = served.put(&format!("/api/v1/organisations/{unknown}")).token(&operator.token);
    let body = json!({"kind": "nmi", "names": {"en": "x"}});
    put.header("If-Match", "\"1\"").json(&body).is_problem(404, "unknown_record");
    // A record that names one that is not there.
    let body = json!({"owner": unknown, "code": "W-1"});
    let refused = served.post("/api/v1/measurement_standards").token(&operator.token).json(&body);
    refused.is_problem(422, "invalid_body");
    assert_eq!(refused.errors(), [("unknown_id", "/owner")]);
}

fn parameters_that_are_wrong(database: &Database) {
    let served = Served::new(database);
    for (query, expected) in [
        ("limit=0", &[("bad_number", "/limit")][..]),
        ("limit=201", &[("bad_number", "/limit")]),
        ("limit=many", &[("bad_number", "/limit")]),
        ("colour=red", &[("unknown_parameter", "/colour")]),
        ("kind=nmi&kind=nmi", &[("repeated_parameter", "/kind")]),
        ("cursor=nothing", &[("bad_cursor", "/cursor")]),
        ("known_at=yesterday", &[("bad_instant", "/known_at")]),
        ("q=%00", &[("bad_character", "/q")]),
        ("q=---", &[("no_words", "/q")]),
        ("a=1&b=2", &[("unknown_parameter", "/a"), ("unknown_parameter", "/b")]),
    ] {
        let refused = served.get(&format!("/api/v1/organisations?{query}")).send();
        assert_eq!(refused.status, 400, "{query}: {}", refused.text);
        refused.is_problem(400, "invalid_parameter");
        assert_eq!(refused.errors(), expected, "{query}");
    }
    let refused = served.get("/api/v1/calibrations?due_before=soon&published=perhaps").send();
    let expected = [("bad_filter", "/due_before"), ("bad_filter", "/published")];
    assert_eq!(refused.errors(), expected);
    let refused = served.get("/api/v1/organisations").header("At-Least-Log-Index", "x").send();
    refused.is_problem(400, "invalid_parameter");
    let refused = served.get("/api/v1/certificate_checks?number=1").send();
    refused.is_problem(400, "invalid_parameter");
}

fn a_state_that_is_not_known_yet(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    for known_at in ["2999-01-01T00:00:00Z", "1000000"] {
        let path = format!("/api/v1/organisations/{}?known_at={known_at}", operator.id);
        let refused = served.get(&path).send();
        refused.is_problem(400, "invalid_parameter");
        assert_eq!(refused.errors(), [("known_at_in_the_future", "/known_at")]);
    }
    let made = served
        .post("/api/v1/measurement_standards")
        .token(&operator.token)
        .json(&standard(&operator.id, "W-1"));
    let claim = json!({
        "standard": made.body["record"]["id"], "known_at": "2999-01-01T00:00:00Z",
    });
    let refused = served.post("/api/v1/verifications").token(&operator.token).json(&claim);
    refused.is_problem(422, "invalid_body");
    assert_eq!(refused.errors(), [("known_at_in_the_future", "/known_at")]);
}

fn paths_that_are_tricks(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let id = &operator.id;
    for path in [
        format!("/api/v1/organisations%2F{id}"),
        format!("/api/v1/organisations/{id}%2Fversions"),
        format!("/api/v1/organisations/..%2F..%2F{id}"),
        format!("/api/v1/organisations/{id}%00"),
        format!("/api/v1/organisations/{id}/"),
        format!("/api/v1//organisations/{id}"),
        "/api/v1/organisations/%F0%9F%98%80".to_owned(),
        "/api/v1/../../etc/passwd".to_owned(),
        "/docs/..%2f..%2fetc%2fpasswd".to_owned(),
    ] {
        let refused = served.get(&path).send();
        assert_eq!(refused.status, 404, "{path}: {}", refused.text);
        assert!(refused.body["code"].is_string(), "{path}: {}", refused.text);
    }
}

fn a_record_of_somebody_else(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let roles = ["submitter", "signatory", "administrator"];
    let owner = served.party(&operator, "calibration_laboratory", &roles);
    let other = served.party(&operator, "calibration_laboratory", &roles);
    let made = served
        .post("/api/v1/measurement_standards")
        .token(&owner.token)
        .json(&standard(&owner.id, "W-1"));
    let head = served.registry.head().expect("a head").log_index;
    let place = made.header("location").to_owned();
    let amended = served.put(&place).token(&other.token).header("If-Match", "\"1\"");
    amended.json(&made.body["record"]).is_problem(404, "unknown_record");
    let event = json!({"kind": "repair", "on": "2026-11-02"});
    let appended = served.post(&format!("{place}/events")).token(&other.token).json(&event);
    appended.is_problem(404, "unknown_record");
    // In another's name.
    let forged = served
        .post("/api/v1/measurement_standards")
        .token(&other.token)
        .json(&standard(&owner.id, "W-2"));
    forged.is_problem(403, "not_allowed");
    let item = id_of(&made.body["record"]["id"]);
    let forged = served
        .post("/api/v1/calibrations")
        .token(&other.token)
        .json(&certificate(&owner.id, &item, "1"));
    forged.is_problem(403, "not_allowed");
    nothing_happened(&served, head);
}

fn imports_that_are_refused(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let laboratory = served.party(&operator, "calibration_laboratory", &["submitter"]);
    let head = served.registry.head().expect("a head").log_index;
    let import = |token: &str, media: &str, body: &str| {
        served.post("/api/v1/imports").token(token).header("Content-Type", media).body(body)
    };
    let refused = import(&operator.token, "application/json", "{");
    refused.is_problem(422, "invalid_body");
    let refused = import(&operator.token, "application/xml", "<a>");
    refused.is_problem(422, "invalid_body");
    import(&operator.token, "text/plain", "a,b").is_problem(415, "unsupported_media_type");
    import(&operator.token, "text/csv", "a,b").is_problem(422, "invalid_body");
    let table = "documents,designation,published_on\n,A,1/2/2026\n,A,\n";
    let refused = import(&operator.token, "text/csv", table);
    refused.is_problem(422, "invalid_body");
    let places: Vec<_> = refused.body["errors"].as_array().into_iter().flatten().collect();
    let places: Vec<_> = places.iter().map(|error| error["pointer"].clone()).collect();
    assert_eq!(places, ["C2"], "{}", refused.text);
    let bundle = json!({
        "format": "etalon-bundle/1",
        "records": {
            "measurement_standards": [
                {"id": "_:own", "owner": laboratory.id, "code": "W-1"},
                {"id": "_:foreign", "owner": operator.id, "code": "W-2"},
            ],
            "documents": [{"id": "_:d", "designation": "TCVN 1"}],
        },
    });
    let refused = import(&laboratory.token, "application/json", &bundle.to_string());
    refused.is_problem(422, "invalid_body");
    let mut errors = refused.errors();
    errors.sort_unstable();
    let expected = [
        ("not_allowed", "/records/documents/0"),
        ("not_allowed", "/records/measurement_standards/1"),
    ];
    assert_eq!(errors, expected, "{}", refused.text);
    nothing_happened(&served, head);
    // What is its own goes in, once.
    let bundle = json!({
        "format": "etalon-bundle/1", "source": "lims",
        "records": {"measurement_standards": [{"id": "_:own", "owner": laboratory.id, "code": "W-1"}]},
    })
    .to_string();
    let dry = served.post("/api/v1/imports?dry_run=true").token(&laboratory.token);
    let dry = dry.header("Content-Type", "application/json").body(bundle.as_str());
    assert_eq!((dry.status, &dry.body["created"]), (200, &json!(1)), "{}", dry.text);
    nothing_happened(&served, head);
    let done = import(&laboratory.token, "application/json", &bundle);
    assert_eq!(done.body["outcomes"][0]["action"], "created", "{}", done.text);
    let again = import(&laboratory.token, "application/json", &bundle);
    assert_eq!(again.body["outcomes"][0]["action"], "unchanged", "{}", again.text);
}

fn imports_with_a_record_a_line(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let laboratory = served.party(&operator, "calibration_laboratory", &["submitter"]);
    let head = served.registry.head().expect("a head").log_index;
    let import = |media: &str, body: &[u8]| {
        let request = served.post("/api/v1/imports").token(&laboratory.token);
        request.header("Content-Type", media).body(body)
    };
    let ndjson = |text: &str| import("application/x-ndjson", text.as_bytes());
    let gzip = |text: &str| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(text.as_bytes()).expect("memory");
        packed.finish().expect("memory")
    };
    let first = "{\"format\": \"etalon-bundle-lines/1\", \"source\": \"lims\", \"count\": 2}\n";
    let owned = |label: &str, owner: &Value| {
        let standard = json!({"id": label, "owner": owner, "code": label});
        json!({"measurement_standards": standard}).to_string() + "\n"
    };
    let (own, foreign) = (json!(laboratory.id), json!(operator.id));
    let good = first.to_owned() + &owned("_:a", &own) + &owned("_:b", &own);
    for (text, expected) in [
        (first.to_owned() + &owned("_:a", &own), ("other_count", "line 2")),
        (good.clone() + &owned("_:a", &own), ("other_count", "line 4")),
        (good[..good.len() - 3].to_owned(), ("bad_json", "line 3")),
        (good.replace("_:b", "_:a"), ("duplicate_id", "line 3/measurement_standards/id")),
        (
            first.to_owned() + &owned("_:a", &own) + &owned("_:b", &foreign),
            ("not_allowed", "line 3/measurement_standards"),
        ),
    ] {
        let refused = ndjson(&text);
        refused.is_problem(422, "invalid_body");
        assert_eq!(refused.errors(), [expected], "{}", refused.text);
    }
    let packed = gzip(&good);
    let refused = import("application/gzip", &packed[..packed.len() - 4]);
    refused.is_problem(422, "invalid_body");
    assert!(refused.text.contains("damaged or cut"), "{}", refused.text);
    // What is small as it comes may be large.
    let refused = import("application/gzip", &gzip(&" ".repeat((64 << 20) + 1)));
    refused.is_problem(422, "invalid_body");
    assert!(refused.text.contains("holds more than 64 MiB"), "{}", refused.text);
    nothing_happened(&served, head);
    let done = ndjson(&good);
    assert_eq!((done.status, &done.body["created"]), (200, &json!(2)), "{}", done.text);
    assert_eq!(done.body["outcomes"][1]["position"], 3, "{}", done.text);
    for again in [ndjson(&good), import("application/gzip", &packed)] {
        assert_eq!((again.status, &again.body["unchanged"]), (200, &json!(2)), "{}", again.text);
    }
}

fn claims_that_cannot_be_asked(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let made = served
        .post("/api/v1/measurement_standards")
        .token(&operator.token)
        .json(&standard(&operator.id, "W-1"));
    let standard = &made.body["record"]["id"];
    let unknown = "0190a4c8-5c1e-7c3a-9b1d-2f4e6a8b0c1d";
    for (claim, expected) in [
        (json!({}), &[("missing_field", "")][..]),
        (json!({"standard": "W-1"}), &[("bad_id", "/standard")]),
        (json!({"standard": unknown}), &[("unknown_standard", "/standard")]),
        (json!({"standard": standard, "policy": "mine"}), &[("unknown_policy", "/policy")]),
        (json!({"standard": standard, "used_on": "today"}), &[("bad_date", "/used_on")]),
        (json!({"standard": standard, "colour": 1}), &[("unknown_field", "")]),
    ] {
        let refused = served.post("/api/v1/verifications").token(&operator.token).json(&claim);
        assert_eq!(refused.status, 422, "{claim}: {}", refused.text);
        assert_eq!(refused.errors(), expected, "{claim}: {}", refused.text);
    }
    let page = served.get("/api/v1/verifications").token(&operator.token).send();
    assert_eq!(page.body["items"], json!([]));
}
