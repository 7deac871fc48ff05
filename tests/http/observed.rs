//! What those who run the service see of it: the lines of its log, its metrics, and the traces that a
//! collector gets. And what they must not see: names, secrets, tokens, paths with ids.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use etalon::auth::token::SigningKey;
use etalon::config;
use etalon::engine::finding::Outcome;
use etalon::engine::report::Verdict;
use etalon::engine::rules;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::audits::{JOBS, ended};
use crate::support::records::import_country;
use crate::support::served::Served;
use crate::support::{Backend, Database};

crate::support::both!(
    what_is_decided_is_counted,
    a_limit_that_is_hit_is_counted,
    a_client_cannot_make_series,
    waiting_for_a_connection_is_counted,
    each_line_of_a_request_says_whose_it_is,
    a_job_says_which_request_began_it,
    a_collector_gets_a_span_of_each_request,
);

/// Metrics as they are read: by name, and labels in the order in which they stand.
struct Seen(Vec<(String, BTreeMap<String, String>, f64)>);

impl Seen {
    fn of(served: &Served) -> Self {
        let metrics = served.get("/metrics").send();
        assert_eq!(metrics.status, 200, "{}", metrics.text);
        let lines = metrics.text.lines().filter(|line| !line.starts_with('#'));
        Self(lines.map(series).collect())
    }

    /// The sum of all series of this name with these labels.
    fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let is_meant = |has: &BTreeMap<String, String>| {
            labels.iter().all(|(label, value)| has.get(*label).is_some_and(|one| one == value))
        };
        let found = self.0.iter().filter(|(one, has, _)| one == name && is_meant(has));
        found.map(|(_, _, value)| value).sum()
    }
}

/// One line of the text format: no label here holds a quotation mark or a comma of its own.
fn series(line: &str) -> (String, BTreeMap<String, String>, f64) {
    let (series, value) = line.rsplit_once(' ').expect("a value");
    let (name, labels) = match series.split_once('{') {
        Some((name, labels)) => (name, labels.strip_suffix('}').expect("a bracket")),
        None => (series, ""),
    };
    let labels = labels.split("\",").filter(|label| !label.is_empty()).map(|label| {
        let (name, value) = label.split_once("=\"").expect("a label");
        (name.to_owned(), value.trim_end_matches('"').to_owned())
    });
    (name.to_owned(), labels.collect(), value.parse().expect("a number"))
}

fn what_is_decided_is_counted(database: &Database) {
    import_country(&database.registry());
    let served = Served::new(database);
    let operator = served.operator();
    let body = json!({"filter": {}, "used_on": "2026-11-01", "policy": "vn-2026"});
    let audit = served.post("/api/v1/verifications/batch").token(&operator.token).json(&body);
    let totals = &audit.body["totals"];
    let counted = |times: u64| {
        let seen = Seen::of(&served);
        for verdict in totals["verdicts"].as_array().expect("verdicts") {
            let word = verdict["verdict"].as_str().expect("a word");
            let count = seen.sum("etalon_verdicts_total", &[("verdict", word)]);
            assert_eq!(
                count,
                (times * verdict["count"].as_u64().expect("a count")) as f64,
                "{word}"
            );
        }
        let mut rules = 0.0;
        for rule in totals["rules"].as_array().expect("rules") {
            let id = rule["rule"].as_str().expect("an id");
            for outcome in ["fail", "indeterminate", "remark"] {
                let expected = (times * rule[outcome].as_u64().expect("a count")) as f64;
                let labels = [("rule", id), ("outcome", outcome)];
                assert_eq!(seen.sum("etalon_findings_total", &labels), expected, "{id} {outcome}");
                rules += expected;
            }
        }
        assert!(rules > 0.0, "{}", audit.text);
        assert_eq!(seen.sum("etalon_findings_total", &[]), rules);
        seen
    };
    let once = counted(1);
    // Some standards have no certificate of which a result could be decided.
    let results = once.sum("etalon_engine_results_total", &[]);
    assert!(results > 0.0 && results <= totals["results"].as_f64().expect("a number"), "{results}");
    assert!(once.sum("etalon_engine_links_total", &[]) > results);
    assert!(once.sum("etalon_engine_steps_total", &[]) > 0.0);
    assert!(once.sum("etalon_log_head", &[]) > 200.0);
    assert_eq!(once.sum("etalon_jobs_under_way", &[]), 0.0);

    // As lines, and as a job, which goes on after its request.
    let lines = served.post("/api/v1/verifications/batch").token(&operator.token);
    assert_eq!(lines.header("Accept", "application/x-ndjson").json(&body).status, 200);
    counted(2);
    let started = served.post(JOBS).token(&operator.token).json(&body);
    let job = ended(&served, &operator.token, started.header("location"));
    assert_eq!(&job.body["outcome"], totals);
    let thrice = counted(3);

    // A claim alone, and with its whole report in a batch: each is decided once.
    let standard = audit.body["items"][0]["standard"].clone();
    let claims = json!({"claims": [{"standard": standard}], "reports": true});
    let verdicts = |seen: &Seen| seen.sum("etalon_verdicts_total", &[]);
    let path =
        format!("/api/v1/measurement_standards/{}/traceability", standard.as_str().expect("id"));
    assert_eq!(served.get(&path).send().status, 200);
    assert_eq!(verdicts(&Seen::of(&served)), verdicts(&thrice) + 1.0);
    let answered = served.post("/api/v1/verifications/batch").token(&operator.token).json(&claims);
    assert!(answered.body["items"][0]["report"].is_object(), "{}", answered.text);
    assert_eq!(verdicts(&Seen::of(&served)), verdicts(&thrice) + 2.0);
}

fn a_limit_that_is_hit_is_counted(database: &Database) {
    import_country(&database.registry());
    let served = Served::new(database);
    let operator = served.operator();
    let limit = [("limit", "DEPTH_LIMIT")];
    let audit = |policy: &str| {
        let body =
            json!({"filter": {"code": "W-1KG-01"}, "used_on": "2026-11-01", "policy": policy});
        let audit = served.post("/api/v1/verifications/batch").token(&operator.token).json(&body);
        assert_eq!(audit.status, 200, "{}", audit.text);
        Seen::of(&served).sum("etalon_limits_hit_total", &limit)
    };
    assert_eq!(audit("vn-2026"), 0.0);
    let shipped = served.get("/api/v1/policies/vn-2026").token(&operator.token).send();
    let mut policy = shipped.body["document"].clone();
    policy["id"] = json!("near-sighted");
    policy["parameters"]["max_depth"] = json!(1);
    let made = served.post("/api/v1/policies").token(&operator.token).json(&policy);
    assert_eq!(made.status, 201, "{}", made.text);
    assert!(audit("near-sighted") > 0.0);
}

/// Everything that a client writes into a request and that could be made a label.
fn a_client_cannot_make_series(database: &Database) {
    import_country(&database.registry());
    let served = Served::new(database);
    let operator = served.operator();
    let strange = "x9Strange-7";
    let paths = [
        format!("/api/v1/{strange}"),
        format!("/{strange}"),
        format!("/problems/{strange}"),
        format!("/docs/{strange}"),
        format!("/api/v1/measurement_standards/{strange}"),
        format!("/api/v1/rules/{strange}"),
        format!("/api/v1/policies/{strange}"),
        format!("/api/v1/measurement_standards?{strange}={strange}"),
        format!("/api/v1/measurement_standards?policy={strange}&code={strange}"),
        "/api/v1/measurement_standards/0190a000-0000-7000-8000-000000000000/traceability"
            .to_owned(),
    ];
    for path in &paths {
        for method in ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "BREW", "X9STRANGE"] {
            served.request(method, path).header("X-Request-Id", strange).send();
        }
        let headers = ["Accept", "Accept-Language", "Content-Type", "Idempotency-Key", "If-Match"];
        for name in headers.into_iter().chain(["Authorization", "User-Agent", "Origin"]) {
            served.get(path).header(name, strange).send();
            served.post(path).token(&operator.token).header(name, strange).body(strange);
        }
    }
    let bodies = [
        json!({"claims": [{"standard": strange, "policy": strange, "quantity_kind": strange}]}),
        json!({"filter": {"code": strange, "quantity_kind": strange}, "policy": strange}),
        json!({"filter": {}, "used_on": "2026-11-01"}),
    ];
    for body in &bodies {
        served.post("/api/v1/verifications/batch").token(&operator.token).json(body);
        served.post("/api/v1/verifications").token(&operator.token).json(body);
    }

    let document = served.get("/api/v1/openapi.json").send().body;
    let paths = document["paths"].as_object().expect("paths").keys().cloned();
    let outside = ["unmatched", "/", "/docs", "/docs/{_:.*}"].map(str::to_owned);
    let routes: BTreeSet<String> = paths.chain(outside).collect();
    let rules: BTreeSet<&str> = rules::TABLE.iter().map(|rule| rule.id).collect();
    let mut codes = BTreeSet::new();
    for (name, labels, _) in &Seen::of(&served).0 {
        for (label, value) in labels {
            let is_of_a_closed_set = match label.as_str() {
                "le" => name == "etalon_http_request_duration_seconds_bucket",
                "method" => ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "other"]
                    .contains(&value.as_str()),
                "route" => routes.contains(value),
                "status" => value.parse().is_ok_and(|status: u16| (200..600).contains(&status)),
                "verdict" => Verdict::from_word(value).is_some(),
                "outcome" => Outcome::from_word(value).is_some(),
                "rule" => rules.contains(value.as_str()),
                "pool" => ["readers", "writers"].contains(&value.as_str()),
                "state" => ["idle", "in_use"].contains(&value.as_str()),
                // A limit is named in the source, a problem has a page: below.
                "limit" => value != strange,
                "code" => {
                    codes.insert(value.clone());
                    true
                }
                _ => false,
            };
            assert!(is_of_a_closed_set, "{name}: {label}={value}");
        }
    }
    assert!(codes.len() > 5, "{codes:?}");
    for code in codes {
        assert_eq!(served.get(&format!("/problems/{code}")).send().status, 200, "{code}");
    }
}

fn waiting_for_a_connection_is_counted(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let before = Seen::of(&served);
    let read = format!("/api/v1/organisations/{}", operator.id);
    assert_eq!(served.get(&read).send().status, 200);
    let after = Seen::of(&served);
    for pool in ["readers", "writers"] {
        let pool = [("pool", pool)];
        let lent = |seen: &Seen| seen.sum("etalon_database_lent_total", &pool);
        assert!(lent(&before) > 0.0 && lent(&after) >= lent(&before));
        assert!(after.sum("etalon_database_wait_seconds_total", &pool) > 0.0);
        assert_eq!(after.sum("etalon_database_wait_timeouts_total", &pool), 0.0);
    }
    let readers = [("pool", "readers")];
    let lent = |seen: &Seen| seen.sum("etalon_database_lent_total", &readers);
    assert!(lent(&after) > lent(&before), "a read borrows a connection");
}

/// `etalon serve` on a database, with settings of its own.
struct Process {
    child: Child,
    address: String,
    setup_key: String,
    _files: TempDir,
}

impl Process {
    fn start(database: &Database, settings: &[(&str, &str)]) -> Self {
        let files = tempfile::tempdir().expect("a directory");
        let (key, setup) = (files.path().join("key.pem"), files.path().join("setup-key"));
        std::fs::write(&key, SigningKey::generate([9; 32]).1).expect("a key");
        let url = match database.backend() {
            Backend::Sqlite => format!("sqlite:{}", database.file().display()),
            Backend::Postgres => database.url().connection_string(),
        };
        let mut child = Command::new(env!("CARGO_BIN_EXE_etalon"))
            .args(["serve", "--listen", "127.0.0.1:0", "--json"])
            .env_clear()
            .env("DATABASE_URL", url)
            .env("ETALON_SIGNING_KEY_FILE", &key)
            .env("ETALON_SETUP_KEY_FILE", &setup)
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a process");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its output");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let said: Value = serde_json::from_str(&line).unwrap_or_default();
        let Some(address) = said["listening"].as_str().map(str::to_owned) else {
            let mut log = String::new();
            let _ = child.stderr.as_mut().expect("its log").read_to_string(&mut log);
            panic!("it does not listen: {line}{log}");
        };
        let setup_key = std::fs::read_to_string(&setup).unwrap_or_default();
        Self { child, address, setup_key, _files: files }
    }

    fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (u16, Value, String) {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut request =
            ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer =
            agent.run(request.body(body.to_owned()).expect("a request")).expect("an answer");
        let log_index =
            answer.headers().get("log-index").map(|value| value.to_str().expect("text"));
        let log_index = log_index.unwrap_or_default().to_owned();
        let text = answer.body_mut().read_to_string().expect("a text");
        (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or_default(), log_index)
    }

    /// A key of an operator, its id, and a token for it.
    fn operator(&self) -> (String, String, String) {
        let body = json!({
            "setup_key": self.setup_key.trim(),
            "organisation": {"kind": "nmi", "names": {"en": "Secretive Institute"}, "country": "VN"},
        });
        let json_body = [("Content-Type", "application/json")];
        let (status, made, _) = self.ask("POST", "/api/v1/setup", &json_body, &body.to_string());
        assert_eq!(status, 201, "{made}");
        let word = |value: &Value| value.as_str().expect("a text").to_owned();
        let (secret, id) = (word(&made["secret"]), word(&made["key"]["id"]));
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        let body = format!("grant_type=client_credentials&client_secret={secret}");
        let (status, token, _) = self.ask("POST", "/api/v1/auth/token", &form, &body);
        assert_eq!(status, 200, "{token}");
        (secret, id, word(&token["access_token"]))
    }

    /// Tells it to stop; its log.
    fn ends(mut self) -> String {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &id]).status().expect("kill").success());
        let mut log = String::new();
        let stderr = self.child.stderr.as_mut().expect("its log");
        stderr.read_to_string(&mut log).expect("a text");
        let status = self.child.wait().expect("an end");
        assert_eq!(status.code(), Some(0), "{log}");
        log
    }
}

/// The lines of a log in JSON.
fn lines(log: &str) -> Vec<Value> {
    let line =
        |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
    log.lines().map(line).collect()
}

fn each_line_of_a_request_says_whose_it_is(database: &Database) {
    let settings = [("ETALON_LOG", "info,etalon=debug"), ("ETALON_LOG_FORMAT", "json")];
    let process = Process::start(database, &settings);
    let (secret, key, token) = process.operator();
    let bearer = format!("Bearer {token}");
    let headers = |id: &'static str| {
        [
            ("Authorization", bearer.as_str()),
            ("Content-Type", "application/json"),
            ("X-Request-Id", id),
        ]
    };
    let organisation = json!({"kind": "calibration_laboratory", "names": {"en": "Hidden Laboratory"}, "country": "VN"});
    let path = "/api/v1/organisations";
    let (status, made, written) =
        process.ask("POST", path, &headers("write-1"), &organisation.to_string());
    assert_eq!(status, 201, "{made}");
    let owner = made["record"]["id"].as_str().expect("an id").to_owned();
    let standard = json!({
        "owner": owner, "names": {"en": "Hidden Weight"}, "code": "HID-1",
        "quantity_kinds": ["mass"], "metrological_role": "working",
    });
    let (status, made, _) = process.ask(
        "POST",
        "/api/v1/measurement_standards",
        &headers("write-2"),
        &standard.to_string(),
    );
    assert_eq!(status, 201, "{made}");
    let standard = made["record"]["id"].as_str().expect("an id").to_owned();
    let read = format!("/api/v1/measurement_standards/{standard}/traceability");
    assert_eq!(process.ask("GET", &read, &headers("read-1"), "").0, 200);
    assert_eq!(process.ask("POST", path, &headers("refused-1"), "{}").0, 422);
    assert_eq!(process.ask("GET", path, &[("X-Request-Id", "stranger-1")], "").0, 200);
    let log = process.ends();

    let lines = lines(&log);
    let of = |id: &str| -> Vec<&Value> {
        lines.iter().filter(|line| line["span"]["request_id"] == id).collect()
    };
    let last = |id: &str| *of(id).last().unwrap_or_else(|| panic!("nothing of {id} in {log}"));
    let actor =
        lines.iter().find_map(|line| line["span"]["actor"].as_str()).expect("somebody who wrote");
    assert!(actor.contains(&key), "{actor} is the key {key}");
    let write = last("write-1");
    assert_eq!(write["message"], "request");
    assert_eq!(write["status"], 201);
    assert_eq!((&write["method"], &write["route"]), (&json!("POST"), &json!(path)));
    assert_eq!(write["span"]["actor"], actor);
    assert_eq!(write["span"]["log_index"].to_string(), written);
    let refused = last("refused-1");
    assert_eq!((&refused["status"], &refused["code"]), (&json!(422), &json!("invalid_body")));
    assert_eq!(refused["span"]["actor"], actor);
    assert_eq!(refused["span"]["log_index"], Value::Null);
    assert_eq!(last("stranger-1")["span"]["actor"], Value::Null);
    // What is logged on the thread that may block is logged within the request.
    let inner = of("read-1");
    let loaded = inner.iter().find(|line| line["message"] == "evidence").expect("a line of it");
    assert_eq!(loaded["span"]["actor"], actor);
    assert_eq!(last("read-1")["route"], "/api/v1/measurement_standards/{id}/traceability");

    for hidden in [&*secret, &token, &standard, "Hidden", "Secretive", "HID-1", "etalon_setup_"] {
        assert!(!log.contains(hidden), "{hidden} is in the log:\n{log}");
    }
}

/// A filter that lets less through does not take away whose a line is.
#[test]
fn a_quiet_log_still_says_whose_a_line_is() {
    let database = Database::on(Backend::Sqlite).expect("SQLite is there");
    let settings = [("ETALON_LOG", "error"), ("ETALON_LOG_FORMAT", "json")];
    let process = Process::start(&database, &settings);
    let (_, key, token) = process.operator();
    // Nothing is left of what it reads.
    database.direct().run("ALTER TABLE organisations RENAME TO gone");
    let headers = [("Authorization", &*format!("Bearer {token}")), ("X-Request-Id", "broken-1")];
    let (status, body, _) = process.ask("GET", "/api/v1/organisations", &headers, "");
    assert!(status >= 500, "{body}");
    let log = process.ends();
    let lines = lines(&log);
    assert_eq!(lines.len(), 1, "{log}");
    assert_eq!(lines[0]["level"], "ERROR");
    assert_eq!(lines[0]["span"]["request_id"], "broken-1");
    assert!(lines[0]["span"]["actor"].as_str().is_some_and(|actor| actor.contains(&key)), "{log}");
}

fn a_job_says_which_request_began_it(database: &Database) {
    import_country(&database.registry());
    let process = Process::start(database, &[("ETALON_LOG_FORMAT", "json")]);
    let (_, _, token) = process.operator();
    let bearer = format!("Bearer {token}");
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
        ("X-Request-Id", "job-1"),
    ];
    let body = json!({"filter": {"code": "W-1KG-01"}}).to_string();
    let (status, started, _) = process.ask("POST", JOBS, &headers, &body);
    assert_eq!(status, 201, "{started}");
    let id = started["id"].as_str().expect("an id");
    let path = format!("{JOBS}/{id}");
    // Each look is answered once the database has; the job ends within a few.
    let most = 10_000;
    let done = (0..most).any(|_| process.ask("GET", &path, &headers[..1], "").1["state"] == "done");
    assert!(done, "the job does not end");
    let log = process.ends();
    let lines = lines(&log);
    let ended = lines.iter().find(|line| line["message"] == "job").expect(&log);
    assert_eq!(
        (&ended["span"]["job"], &ended["span"]["request_id"]),
        (&json!(id), &json!("job-1"))
    );
    assert_eq!((&ended["answers"], &ended["failed"]), (&json!(1), &json!(false)));
}

/// A collector that takes what it is sent, and the bodies that came.
fn collector() -> (String, mpsc::Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (sender, received) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.expect("a connection"));
            // A connection is kept for several requests.
            loop {
                let (mut first, mut length) = (String::new(), 0);
                if stream.read_line(&mut first).unwrap_or(0) == 0 {
                    break;
                }
                loop {
                    let mut line = String::new();
                    stream.read_line(&mut line).expect("a header");
                    let line = line.trim().to_ascii_lowercase();
                    if line.is_empty() {
                        break;
                    }
                    if let Some(value) = line.strip_prefix("content-length:") {
                        length = value.trim().parse().expect("a length");
                    }
                }
                let mut body = vec![0; length];
                stream.read_exact(&mut body).expect("a body");
                let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n";
                stream.get_mut().write_all(answer.as_bytes()).expect("an answer");
                // Nobody may be left to look at it.
                let _ = sender.send((first, body));
            }
        }
    });
    (address, received)
}

/// An attribute as OTLP writes it, as a text.
fn attribute(of: &Value, key: &str) -> Option<String> {
    let found = of["attributes"].as_array()?.iter().find(|one| one["key"] == key)?;
    let value = &found["value"];
    let value = value["stringValue"].as_str().or_else(|| value["intValue"].as_str());
    Some(value.unwrap_or_else(|| panic!("{key} is {found}")).to_owned())
}

fn a_collector_gets_a_span_of_each_request(database: &Database) {
    let (address, received) = collector();
    let settings = [("ETALON_OTLP_ENDPOINT", &*address), ("ETALON_LOG_FORMAT", "json")];
    let process = Process::start(database, &settings);
    let (secret, key, token) = process.operator();
    let path = "/api/v1/measurement_standards/0190a000-0000-7000-8000-000000000000";
    // In the client's own trace, which asks not to be followed and is.
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{trace}-00f067aa0ba902b7-00");
    let headers = [
        ("traceparent", parent.as_str()),
        ("X-Request-Id", "traced-1"),
        ("Authorization", &*format!("Bearer {token}")),
    ];
    assert_eq!(process.ask("GET", path, &headers, "").0, 404);
    let wrong = [("traceparent", "00-zz-00-01"), ("X-Request-Id", "traced-2")];
    assert_eq!(process.ask("GET", "/readyz", &wrong, "").0, 200);
    let log = process.ends();

    // What was left at the stop has been sent when the process is gone.
    let mut spans: Vec<Value> = Vec::new();
    let mut bytes = Vec::new();
    for (first, body) in received.try_iter() {
        assert!(first.starts_with("POST /v1/traces HTTP/1.1"), "{first}");
        let request: Value = serde_json::from_slice(&body).expect("JSON");
        for of_resource in request["resourceSpans"].as_array().expect("resources") {
            let resource = &of_resource["resource"];
            assert_eq!(attribute(resource, "service.name").as_deref(), Some("etalon"));
            for scope in of_resource["scopeSpans"].as_array().expect("scopes") {
                spans.extend(scope["spans"].as_array().expect("spans").iter().cloned());
            }
        }
        bytes.extend(body);
    }
    let of = |id: &str| {
        let is_of = |span: &&Value| attribute(span, "etalon.request_id").as_deref() == Some(id);
        let found: Vec<&Value> = spans.iter().filter(is_of).collect();
        assert_eq!(found.len(), 1, "{id} in {spans:?}");
        found[0]
    };
    let span = of("traced-1");
    let route = "/api/v1/measurement_standards/{id}";
    assert_eq!(span["name"], format!("GET {route}"));
    assert_eq!(span["kind"], 2, "a server's");
    assert_eq!(attribute(span, "http.route").as_deref(), Some(route));
    assert_eq!(attribute(span, "http.response.status_code").as_deref(), Some("404"));
    assert_eq!(attribute(span, "error.type").as_deref(), Some("unknown_record"));
    assert_eq!(span["status"], json!({}), "what a client asks for in vain is no error here");
    assert_eq!(span["traceId"], trace);
    assert_eq!(span["parentSpanId"], "00f067aa0ba902b7");
    let time = |name: &str| span[name].as_str().and_then(|time| time.parse::<u64>().ok());
    assert!(time("startTimeUnixNano") < time("endTimeUnixNano"), "{span}");
    // One that names no trace has one of its own.
    let other = of("traced-2");
    assert_eq!(other["parentSpanId"], Value::Null);
    assert_ne!(other["traceId"], trace);
    assert_eq!(other["traceId"].as_str().map(str::len), Some(32));
    // The log and the traces can be laid side by side.
    let is_of = |line: &&Value| line["span"]["request_id"] == "traced-1";
    let line = lines(&log).into_iter().find(|line| is_of(&line)).expect("a line");
    assert_eq!(line["span"]["trace_id"], trace);

    for hidden in [&*secret, &token, &key, "Secretive", "0190a000"] {
        let is_there = bytes.windows(hidden.len()).any(|window| window == hidden.as_bytes());
        assert!(!is_there, "{hidden} was sent to the collector");
    }
}

/// A collector that is not there, or takes a connection and says nothing, is no reason not to serve
/// or not to stop.
#[test]
fn a_collector_that_is_away_is_in_nobodys_way() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    silent.set_nonblocking(true).expect("an option");
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address")
    };
    for place in [silent.local_addr().expect("an address"), nobody] {
        let database = Database::on(Backend::Sqlite).expect("SQLite is there");
        let endpoint = format!("http://{place}");
        // A line a request would fill the pipe that nobody reads meanwhile.
        let settings = [("ETALON_OTLP_ENDPOINT", &*endpoint), ("ETALON_LOG", "warn")];
        let process = Process::start(&database, &settings);
        let ask = || assert_eq!(process.ask("GET", "/healthz", &[], "").0, 200);
        // They go out together: it is not asked once for each of them.
        (0..10).for_each(|_| ask());
        let connections = std::iter::from_fn(|| silent.accept().ok()).count();
        assert!(connections < 10, "{connections}");
        // More than wait for the collector (2,048): the rest is dropped and nobody waits.
        (0..2_500).for_each(|_| ask());
        let log = process.ends();
        let told = log.matches("does not take traces").count();
        let at_the_end = log.matches("the last traces were not sent").count();
        assert!(told <= 1 && told + at_the_end >= 1, "said once: {told}, {at_the_end}");
    }
}

#[test]
fn metrics_are_there_where_they_are_switched_on() {
    let database = Database::on(Backend::Sqlite).expect("SQLite is there");
    let served =
        Served::with(&database, |settings| config::Server { metrics: false, ..settings }, None);
    served.get("/metrics").send().is_problem(404, "not_found");
}
