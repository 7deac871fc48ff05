//! A registry that is served at a port of its own, for as long as a test holds it, and a client.

use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::Duration;

use etalon::app::registry::Registry;
use etalon::auth::key::Secret;
use etalon::auth::token::{Issuer, SigningKey, TrustedIssuer};
use etalon::clock;
use etalon::config;
use etalon::domain::id::Id;
use etalon::http::{self, Bound, Identities, Service};
use etalon::ids;
use etalon::telemetry::Metrics;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::database::Database;

/// The registry of a database, served.
pub struct Served {
    /// Where.
    pub address: SocketAddr,
    /// The registry itself, to look at what HTTP made of it.
    pub registry: Registry,
    /// Makes tokens as the service does.
    pub issuer: Issuer,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

/// An organisation that came to be in a test, with a token of the roles asked for.
#[derive(Debug, Clone)]
pub struct Party {
    pub id: Id,
    pub key: String,
    pub token: String,
}

impl Served {
    /// Serves the registry of a database.
    pub fn new(database: &Database) -> Self {
        Self::with(database, |settings| settings, None)
    }

    /// The same with other settings, and an issuer that is trusted.
    pub fn with(
        database: &Database,
        change: impl FnOnce(config::Server) -> config::Server,
        trusted: Option<TrustedIssuer>,
    ) -> Self {
        Self::identified(database, change, |issuer| {
            let identities = Identities::of(issuer);
            match trusted {
                None => identities,
                Some(trusted) => identities.trusting(&trusted, None).expect("keys"),
            }
        })
    }

    /// The same with other settings, and other ways to know who somebody is.
    pub fn identified(
        database: &Database,
        change: impl FnOnce(config::Server) -> config::Server,
        identities: impl FnOnce(Issuer) -> Identities,
    ) -> Self {
        let listener = http::bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
        let address = listener.1;
        let settings = change(config::Server {
            listen: address,
            public_url: format!("http://{address}"),
            metrics: true,
            // A test asks as fast as it can; `tests/http/limits.rs` is about those who may not.
            rates: config::Rates { principal: None, address: None, checks: None, failures: None },
            ..config::Config::of_defaults().expect("defaults").server
        });
        let key = SigningKey::generate(SEED).0;
        let issuer = Issuer::new(key, settings.public_url.clone(), Duration::from_secs(900));
        let metrics = Metrics::new().expect("metrics");
        let registry = database.registry();
        let identities = identities(issuer.clone());
        let service = Service::new(registry.clone(), identities, settings, metrics);
        let (stop, stopped) = oneshot::channel::<()>();
        let bound = Bound::new(service, listener);
        let thread = std::thread::spawn(move || {
            bound.run(async move {
                // Dropped or sent: both mean the end.
                let _ = stopped.await;
            })
        });
        Self { address, registry, issuer, stop: Some(stop), thread: Some(thread) }
    }

    /// Tells the server to stop, and waits until it has.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join().expect("the server does not panic");
            ended.expect("the server ends well");
        }
    }

    /// Sets the registry up: an operator in a national institute.
    pub fn operator(&self) -> Party {
        let secret = Secret::set_up_key(ids::new_secret());
        self.registry.set_setup_key(&secret.digest(), clock::now()).expect("a set-up key");
        let body = json!({
            "setup_key": secret.expose(),
            "organisation": {"kind": "nmi", "names": {"en": "Institute"}, "country": "VN"},
        });
        let answer = self.post("/api/v1/setup").json(&body);
        assert_eq!(answer.status, 201, "{}", answer.text);
        let key = answer.body["secret"].as_str().expect("a key").to_owned();
        let id = id_of(&answer.body["key"]["organisation"]);
        let token = self.token(&key);
        Party { id, key, token }
    }

    /// Makes an organisation and a key in it.
    pub fn party(&self, operator: &Party, kind: &str, roles: &[&str]) -> Party {
        let body = json!({"kind": kind, "names": {"en": kind}, "country": "VN"});
        let made = self.post("/api/v1/organisations").token(&operator.token).json(&body);
        assert_eq!(made.status, 201, "{}", made.text);
        let id = id_of(&made.body["record"]["id"]);
        let key = self.key(operator, &id, roles);
        let token = self.token(&key);
        Party { id, key, token }
    }

    /// A further key of an organisation.
    pub fn key(&self, operator: &Party, organisation: &Id, roles: &[&str]) -> String {
        let body = json!({"name": "test", "organisation": organisation, "roles": roles});
        let made = self.post("/api/v1/api_keys").token(&operator.token).json(&body);
        assert_eq!(made.status, 201, "{}", made.text);
        made.body["secret"].as_str().expect("a key").to_owned()
    }

    /// A token for a key.
    pub fn token(&self, key: &str) -> String {
        let answer = self
            .post("/api/v1/auth/token")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(format!("grant_type=client_credentials&client_secret={key}"));
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.body["access_token"].as_str().expect("a token").to_owned()
    }

    pub fn get(&self, path: &str) -> Request {
        self.request("GET", path)
    }

    pub fn post(&self, path: &str) -> Request {
        self.request("POST", path)
    }

    pub fn put(&self, path: &str) -> Request {
        self.request("PUT", path)
    }

    pub fn request(&self, method: &str, path: &str) -> Request {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address));
        Request { request }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.end();
        }
    }
}

/// Any 32 bytes: the same key for every server of the tests.
pub const SEED: [u8; 32] = [7; 32];

/// A request about to be sent.
pub struct Request {
    request: ureq::http::request::Builder,
}

/// What came back.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub text: String,
    /// The body as JSON; null where it is none.
    pub body: Value,
}

impl Request {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub fn token(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// Sends it without a body.
    pub fn send(self) -> Response {
        self.sent(Vec::new())
    }

    pub fn json(self, body: &Value) -> Response {
        self.header("Content-Type", "application/json").body(body.to_string())
    }

    pub fn body(self, body: impl Into<Vec<u8>>) -> Response {
        self.sent(body.into())
    }

    fn sent(self, body: Vec<u8>) -> Response {
        let Raw { status, headers, bytes } = self.raw_with(body);
        let text = String::from_utf8(bytes).expect("a text");
        let body = serde_json::from_str(&text).unwrap_or_default();
        Response { status, headers, text, body }
    }

    /// Sends it without a body; what comes back is not read as text.
    pub fn raw(self) -> Raw {
        self.raw_with(Vec::new())
    }

    fn raw_with(self, body: Vec<u8>) -> Raw {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .build()
            .into();
        let request = self.request.body(body).expect("a request");
        let mut response = agent.run(request).expect("an answer");
        let bytes = response.body_mut().with_config().limit(1 << 30).read_to_vec();
        Raw {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            bytes: bytes.expect("a body"),
        }
    }
}

impl Response {
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        let value = value.unwrap_or_else(|| panic!("no {name} in {:?}", self.headers));
        value.to_str().expect("a text")
    }

    /// That it is a problem of this code and status, and well formed.
    #[track_caller]
    pub fn is_problem(&self, status: u16, code: &str) -> &Self {
        assert_eq!(
            (self.status, self.body["code"].as_str()),
            (status, Some(code)),
            "{}",
            self.text
        );
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["request_id"], self.header("x-request-id"));
        for field in ["type", "title", "detail", "instance"] {
            assert!(self.body[field].as_str().is_some_and(|text| !text.is_empty()), "{field}");
        }
        self
    }

    /// Code and place of each thing that is wrong.
    pub fn errors(&self) -> Vec<(&str, &str)> {
        let errors = self.body["errors"].as_array().into_iter().flatten();
        errors
            .map(|error| {
                (
                    error["code"].as_str().unwrap_or_default(),
                    error["pointer"].as_str().unwrap_or_default(),
                )
            })
            .collect()
    }
}

#[track_caller]
pub fn id_of(value: &Value) -> Id {
    Id::parse(value.as_str().expect("an id")).expect("an id")
}

/// What came back, as bytes.
#[derive(Debug)]
pub struct Raw {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub bytes: Vec<u8>,
}
