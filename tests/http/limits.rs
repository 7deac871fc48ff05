//! How often somebody may ask, how much is open at once, and what every answer says to browsers and
//! caches. How much is worked on at once is tried where work can be held (`src/http/server.rs`), and
//! under load in `tests/load.rs`.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::num::NonZeroU32;
use std::time::Duration;

use etalon::auth::key::Secret;
use etalon::{clock, config, ids};
use serde_json::{Value, json};

use crate::support::Database;
use crate::support::served::{Request, Response, Served};

crate::support::both!(
    who_asks_too_often_is_told_when_to_come_back,
    a_client_behind_a_proxy_is_an_address_of_its_own,
    a_header_of_a_stranger_means_nothing,
    certificates_are_looked_for_more_slowly_by_nobody,
    wrong_keys_are_slowed_and_then_right_ones_too,
    a_key_that_is_named_is_slowed_from_everywhere_else,
    wrong_tokens_are_slowed_and_good_ones_are_not,
    set_up_keys_are_slowed,
    connections_beyond_the_bound_are_told_so,
    an_address_has_so_many_connections,
    a_connection_that_asks_nothing_is_closed,
    every_answer_says_what_browsers_and_caches_may_do,
    pages_of_other_origins_call_it_where_they_are_named,
    metrics_are_not_there_unless_they_are_switched_on,
);

/// A server that counts, and believes the tests whom they ask for.
fn counting(database: &Database, rates: config::Rates) -> Served {
    let proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    let change = |settings| config::Server { rates, trusted_proxies: proxies, ..settings };
    Served::with(database, change, None)
}

const NONE: config::Rates =
    config::Rates { principal: None, address: None, checks: None, failures: None };

fn so_many(number: u32) -> Option<NonZeroU32> {
    NonZeroU32::new(number)
}

fn from(request: Request, address: &str) -> Request {
    request.header("X-Forwarded-For", address)
}

/// That a request was one too many, and is told when it is not any more.
#[track_caller]
fn is_too_often(refused: &Response, policy: &str) {
    refused.is_problem(429, "rate_limited");
    let seconds: u32 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&seconds), "{seconds}");
    let told = refused.header("ratelimit");
    assert_eq!(told, format!("\"{policy}\";r=0;t={seconds}"));
    assert!(refused.header("ratelimit-policy").starts_with(&format!("\"{policy}\";q=")));
}

fn who_asks_too_often_is_told_when_to_come_back(database: &Database) {
    let served = counting(database, config::Rates { principal: so_many(9), ..NONE });
    let operator = served.operator();
    let list = || served.get("/api/v1/organisations").token(&operator.token);
    let first = list().send();
    assert_eq!(first.header("ratelimit-policy"), "\"principal\";q=9;w=60");
    assert!(first.header("ratelimit").starts_with("\"principal\";r=8;t="));
    // A batch costs the rest.
    let path = "/api/v1/verifications/batch";
    let batch = served.post(path).token(&operator.token).json(&json!({"claims": []}));
    assert!(batch.status != 429 && batch.header("ratelimit").contains(";r=0;"), "{batch:?}");
    is_too_often(&list().send(), "principal");
    // A token for the same key is the same principal, wherever it comes from.
    let again = served.token(&operator.key);
    let refused = from(served.get("/api/v1/organisations").token(&again), "203.0.113.9").send();
    is_too_often(&refused, "principal");
    let vietnamese = list().header("Accept-Language", "vi").send();
    assert_eq!(vietnamese.body["title"], "Quá nhiều yêu cầu");
    // Nobody who is known else is refused, nor who looks after the service.
    assert_eq!(served.get("/api/v1/organisations").send().status, 200);
    for _ in 0..20 {
        for path in ["/healthz", "/readyz", "/version", "/metrics"] {
            let answer = served.get(path).token(&operator.token).send();
            assert_eq!(answer.status, 200, "{path}");
            assert!(answer.headers.get("ratelimit").is_none(), "{path}");
        }
    }
}

fn a_client_behind_a_proxy_is_an_address_of_its_own(database: &Database) {
    let served = counting(database, config::Rates { address: so_many(2), ..NONE });
    let ask = |address: &str| from(served.get("/api/v1/organisations"), address).send();
    for _ in 0..2 {
        assert_eq!(ask("203.0.113.1").status, 200);
    }
    is_too_often(&ask("203.0.113.1"), "address");
    // What a client adds itself stands before what the proxy saw.
    is_too_often(&ask("198.51.100.7, 203.0.113.1"), "address");
    assert_eq!(ask("203.0.113.2").status, 200);
    // A household has a network of addresses.
    for address in ["2001:db8::1", "2001:db8::2"] {
        assert_eq!(ask(address).status, 200);
    }
    is_too_often(&ask("2001:db8::3"), "address");
}

fn a_header_of_a_stranger_means_nothing(database: &Database) {
    let rates = config::Rates { address: so_many(2), ..NONE };
    let served = Served::with(database, |settings| config::Server { rates, ..settings }, None);
    let ask = |address: &str| from(served.get("/api/v1/organisations"), address).send();
    assert_eq!(ask("203.0.113.1").status, 200);
    assert_eq!(ask("203.0.113.2").status, 200);
    is_too_often(&ask("203.0.113.3"), "address");
}

fn certificates_are_looked_for_more_slowly_by_nobody(database: &Database) {
    let served =
        counting(database, config::Rates { checks: so_many(2), address: so_many(50), ..NONE });
    let operator = served.operator();
    let path = format!("/api/v1/certificate_checks?issuer={}&number=", operator.id);
    for number in 0..2 {
        let answer = served.get(&format!("{path}{number}")).send();
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(answer.header("ratelimit-policy").starts_with("\"checks\";"));
    }
    is_too_often(&served.get(&format!("{path}2")).send(), "checks");
    assert_eq!(served.get(&format!("{path}2")).token(&operator.token).send().status, 200);
    assert_eq!(served.get("/api/v1/organisations").send().status, 200);
}

fn asked_for_token(served: &Served, address: &str, key: &str, client: Option<&str>) -> Response {
    let client = client.map(|id| format!("&client_id={id}")).unwrap_or_default();
    from(served.post("/api/v1/auth/token"), address)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(format!("grant_type=client_credentials&client_secret={key}{client}"))
}

fn wrong_keys_are_slowed_and_then_right_ones_too(database: &Database) {
    let served = counting(database, config::Rates { failures: so_many(3), ..NONE });
    let operator = served.operator();
    let (attacker, other) = ("203.0.113.1", "203.0.113.2");
    // Right ones cost nothing.
    for _ in 0..10 {
        assert_eq!(asked_for_token(&served, attacker, &operator.key, None).status, 200);
    }
    let unknown = Secret::api_key(ids::new_secret());
    for wrong in ["nonsense", unknown.expose(), &operator.key[..operator.key.len() - 1]] {
        asked_for_token(&served, attacker, wrong, None).is_problem(401, "invalid_key");
    }
    // Whether it is right is not told any more.
    let refused = ["nonsense", unknown.expose(), &operator.key]
        .map(|key| asked_for_token(&served, attacker, key, None));
    for refused in &refused {
        is_too_often(refused, "failures");
    }
    assert_eq!(asked_for_token(&served, other, &operator.key, None).status, 200);
}

fn a_key_that_is_named_is_slowed_from_everywhere_else(database: &Database) {
    let served = counting(database, config::Rates { failures: so_many(3), ..NONE });
    let operator = served.operator();
    let keys = served.get("/api/v1/api_keys").token(&operator.token).send();
    let id = keys.body["items"][0]["id"].as_str().expect("an id").to_owned();
    let ask = |address: &str, key: &str, client: &str| {
        asked_for_token(&served, address, key, Some(client))
    };
    // The machine of the laboratory, before and during an attack from many addresses.
    let machine = "198.51.100.1";
    assert_eq!(ask(machine, &operator.key, &id).status, 200);
    for last in 1..=3 {
        ask(&format!("203.0.113.{last}"), "nonsense", &id).is_problem(401, "invalid_key");
    }
    for key in ["nonsense", &operator.key] {
        is_too_often(&ask("203.0.113.4", key, &id), "failures-of-key");
    }
    assert_eq!(ask(machine, &operator.key, &id).status, 200);
    // A key that there is not is slowed alike.
    let unknown = ids::new_id().to_string();
    for last in 11..=13 {
        ask(&format!("203.0.113.{last}"), "nonsense", &unknown).is_problem(401, "invalid_key");
    }
    is_too_often(&ask("203.0.113.14", "nonsense", &unknown), "failures-of-key");
}

fn wrong_tokens_are_slowed_and_good_ones_are_not(database: &Database) {
    let served = counting(database, config::Rates { failures: so_many(3), ..NONE });
    let operator = served.operator();
    let ask =
        |token: &str| from(served.get("/api/v1/organisations").token(token), "203.0.113.1").send();
    for token in ["x", "a.b.c", &operator.token[1..]] {
        ask(token).is_problem(401, "invalid_token");
    }
    is_too_often(&ask("x"), "failures");
    // Who shares an address with somebody who tries is not kept out.
    assert_eq!(ask(&operator.token).status, 200);
    let elsewhere = from(served.get("/api/v1/organisations").token("x"), "203.0.113.2").send();
    elsewhere.is_problem(401, "invalid_token");
}

fn set_up_keys_are_slowed(database: &Database) {
    let served = counting(database, config::Rates { failures: so_many(3), ..NONE });
    let right = Secret::set_up_key(ids::new_secret());
    served.registry.set_setup_key(&right.digest(), clock::now()).expect("a set-up key");
    let ask = |address: &str, key: &str| {
        let organisation = json!({"kind": "nmi", "names": {"en": "Institute"}});
        let body = json!({"setup_key": key, "organisation": organisation});
        from(served.post("/api/v1/setup"), address).json(&body)
    };
    for _ in 0..3 {
        ask("203.0.113.1", "nonsense").is_problem(401, "invalid_key");
    }
    is_too_often(&ask("203.0.113.1", right.expose()), "failures");
    assert_eq!(ask("203.0.113.2", right.expose()).status, 201);
}

/// A server with room for few connections.
fn cramped(database: &Database, change: impl FnOnce(&mut config::Limits)) -> Served {
    let change = |settings: config::Server| {
        let mut limits = settings.limits.clone();
        change(&mut limits);
        config::Server { limits, ..settings }
    };
    Served::with(database, change, None)
}

/// A connection that has had an answer, so the server has it, and that stays open.
fn held(served: &Served, path: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(served.address).expect("a connection");
    let answer = asked(&mut stream, path);
    (stream, answer)
}

/// Asks for something on a connection; the answer as it came, empty where it was closed.
fn asked(stream: &mut TcpStream, path: &str) -> String {
    // One that is closed already is seen when it is read from.
    let _ = write!(stream, "GET {path} HTTP/1.1\r\nHost: here\r\n\r\n");
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let head = answer.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(head) = head {
            let text = String::from_utf8_lossy(&answer).to_lowercase();
            let length = text.split("content-length: ").nth(1).expect("a length");
            let length: usize = length.split("\r\n").next().expect("a line").parse().expect("it");
            if answer.len() >= head + 4 + length {
                return String::from_utf8_lossy(&answer).into_owned();
            }
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return String::from_utf8_lossy(&answer).into_owned(),
            Ok(read) => answer.extend_from_slice(&piece[..read]),
        }
    }
}

fn connections_beyond_the_bound_are_told_so(database: &Database) {
    let served = cramped(database, |limits| limits.connections = 4);
    let inside: Vec<_> = (0..4).map(|_| held(&served, "/api/v1/organisations")).collect();
    assert!(inside.iter().all(|(_, answer)| answer.starts_with("HTTP/1.1 200")), "{inside:?}");
    let (mut beyond, answer) = held(&served, "/api/v1/organisations");
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    let head = answer.to_lowercase();
    assert!(head.contains("retry-after: ") && head.contains("connection: close"), "{answer}");
    assert!(answer.contains("\"code\":\"overloaded\""), "{answer}");
    assert_eq!(asked(&mut beyond, "/healthz"), "", "it is closed");
    // The one place of those who are told is free again once the server has noticed that, too.
    let looked_after = (0..1_000).any(|_| {
        let (_, answer) = held(&served, "/healthz");
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 200"), "{answer}");
        !answer.is_empty()
    });
    assert!(looked_after);
    // Those who were let in go on, and there is room again for each that leaves. When the server
    // notices is its own affair: until then it says that there is none.
    for (mut stream, _) in inside {
        let answer = asked(&mut stream, "/api/v1/organisations");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let admitted = (0..1_000).any(|_| {
        let (_, answer) = held(&served, "/api/v1/organisations");
        assert!(answer.is_empty() || answer.contains("HTTP/1.1 200") || answer.contains("503"));
        answer.starts_with("HTTP/1.1 200")
    });
    assert!(admitted);
}

fn an_address_has_so_many_connections(database: &Database) {
    let served = cramped(database, |limits| limits.connections_of_address = 2);
    let inside: Vec<_> = (0..2).map(|_| held(&served, "/healthz")).collect();
    assert!(inside.iter().all(|(_, answer)| answer.starts_with("HTTP/1.1 200")), "{inside:?}");
    assert_eq!(held(&served, "/healthz").1, "", "it is closed at once");
}

fn a_connection_that_asks_nothing_is_closed(database: &Database) {
    let served = cramped(database, |limits| limits.idle_time = Duration::from_secs(1));
    let (mut stream, answer) = held(&served, "/healthz");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // Reads until the server closes it, long before somebody gives up.
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a bound");
    assert_eq!(stream.read(&mut [0]).expect("its end"), 0);
}

fn every_answer_says_what_browsers_and_caches_may_do(database: &Database) {
    let secure = |settings| config::Server {
        public_url: "https://etalon.example.vn".to_owned(),
        ..settings
    };
    let served = Served::with(database, secure, None);
    for (method, path, status) in [
        ("GET", "/healthz", 200),
        ("GET", "/api/v1/organisations", 200),
        ("GET", "/api/v1/openapi.json", 200),
        ("GET", "/problems/not_found", 200),
        ("GET", "/docs/", 200),
        ("GET", "/docs", 307),
        ("GET", "/api/v1/nothing", 404),
        ("DELETE", "/healthz", 405),
        ("OPTIONS", "/healthz", 204),
        ("POST", "/api/v1/organisations", 401),
    ] {
        let answer = served.request(method, path).send();
        assert_eq!(answer.status, status, "{method} {path}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(answer.header(name), value, "{method} {path}");
        }
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(!policy.contains("script-src 'unsafe"), "{path}: {policy}");
    }
    // The documentation loads what is its own; its page has no script in itself.
    let page = served.get("/docs/").send();
    let policy = page.header("content-security-policy").to_owned();
    assert!(policy.contains("script-src 'self';") && policy.contains("connect-src 'self'"));
    for script in page.text.split("<script").skip(1) {
        assert!(script.split('>').next().is_some_and(|tag| tag.contains("src=")), "{script}");
    }
    // Nobody else's answer out of a cache.
    let operator = Served::new(database).operator();
    let served = Served::new(database);
    let own = served.get("/api/v1/organisations").token(&operator.token).send();
    assert_eq!(own.status, 401, "a token of another address is not for this one");
    assert_eq!(own.header("cache-control"), "no-store");
    assert!(own.headers.get("strict-transport-security").is_none(), "it is not https");
    let token = served.token(&operator.key);
    let own = served.get("/api/v1/organisations").token(&token).send();
    assert_eq!((own.status, own.header("cache-control")), (200, "private, no-cache"));
    let public = served.get("/api/v1/organisations").send();
    assert_eq!(public.header("cache-control"), "no-cache");
    assert!(public.header("vary").contains("Authorization"), "{:?}", public.headers);
}

fn pages_of_other_origins_call_it_where_they_are_named(database: &Database) {
    let served = Served::new(database);
    let page = "https://page.example.vn";
    let answer = served.get("/api/v1/organisations").header("Origin", page).send();
    assert!(answer.headers.get("access-control-allow-origin").is_none(), "none is named");
    let origins = vec![page.to_owned(), "http://localhost:5173".to_owned()];
    let change = |settings| config::Server { cors_origins: origins, ..settings };
    let served = Served::with(database, change, None);
    let answer = served.get("/api/v1/organisations").header("Origin", page).send();
    assert_eq!(answer.header("access-control-allow-origin"), page);
    let exposed = answer.header("access-control-expose-headers").to_lowercase();
    for name in ["etag", "log-index", "ratelimit", "retry-after", "x-request-id", "location"] {
        assert!(exposed.contains(name), "{name}: {exposed}");
    }
    assert!(answer.headers.get("access-control-allow-credentials").is_none());
    let preflight = |origin: &str| {
        served
            .request("OPTIONS", "/api/v1/organisations")
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "authorization,content-type,if-match")
            .send()
    };
    let allowed = preflight(page);
    assert_eq!(allowed.status, 200, "{}", allowed.text);
    assert_eq!(allowed.header("access-control-allow-origin"), page);
    assert!(allowed.header("access-control-allow-methods").contains("POST"));
    for stranger in ["https://evil.example", "https://page.example.vn.evil.example", "null"] {
        let refused = preflight(stranger);
        assert!(refused.headers.get("access-control-allow-origin").is_none(), "{stranger}");
        assert!(refused.status < 500, "{stranger}: {}", refused.text);
        let answer = served.get("/api/v1/organisations").header("Origin", stranger).send();
        assert!(answer.headers.get("access-control-allow-origin").is_none(), "{stranger}");
    }
    // Without an origin it is as ever.
    let options = served.request("OPTIONS", "/api/v1/organisations").send();
    assert_eq!((options.status, options.header("allow")), (204, "GET, HEAD, POST, OPTIONS"));
}

fn metrics_are_not_there_unless_they_are_switched_on(database: &Database) {
    let defaults = config::Config::of_defaults().expect("defaults").server;
    let change = |settings| config::Server { metrics: defaults.metrics, ..settings };
    let served = Served::with(database, change, None);
    served.get("/metrics").send().is_problem(404, "not_found");
    assert_eq!(Served::new(database).get("/metrics").send().status, 200);
    let document: Value = served.get("/api/v1/openapi.json").send().body;
    assert!(document["paths"]["/metrics"]["get"]["responses"]["404"].is_object());
}
