//! Other issuers of tokens (OpenID Connect) whose keys are at an address: a real server gives them,
//! changes them, fails, and lies. What their members may do does not live here (`identity`).

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use etalon::auth::token::{Issuer, SigningKey, TrustedIssuer};
use etalon::clock;
use etalon::domain::identity::Scopes;
use etalon::http::{Identities, Pace};
use etalon::ids;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::support::Database;
use crate::support::served::{Party, Response, Served};

crate::support::both!(
    keys_are_fetched_and_follow_their_issuer,
    an_issuer_is_asked_now_and_then_whatever_tokens_say,
    keys_stay_as_they_were_when_nobody_gives_others,
    a_token_that_cannot_be_judged_yet_is_neither_good_nor_bad,
    issuers_do_not_speak_for_each_other,
);

/// What a server of keys answers.
#[derive(Debug, Clone)]
enum Answer {
    Keys(String),
    /// A status with a location.
    Status(u16),
    /// Bytes that do not end before this many.
    Endless(usize),
    /// Nothing: the connection is closed.
    Nothing,
}

/// A server of keys.
struct KeyServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    thread: Option<JoinHandle<()>>,
}

struct State {
    answer: Answer,
    count: usize,
    is_over: bool,
}

impl KeyServer {
    fn new(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(State { answer, count: 0, is_over: false }));
        let shared = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.expect("a connection");
                let answer = {
                    let mut state = shared.lock().expect("a lock");
                    if state.is_over {
                        return;
                    }
                    state.count += 1;
                    state.answer.clone()
                };
                answered(&stream, answer);
            }
        });
        Self { address, state, thread: Some(thread) }
    }

    fn url(&self) -> String {
        format!("http://{}/jwks", self.address)
    }

    fn now(&self, answer: Answer) {
        self.state.lock().expect("a lock").answer = answer;
    }

    fn count(&self) -> usize {
        self.state.lock().expect("a lock").count
    }
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        if let Ok(mut state) = self.state.lock() {
            state.is_over = true;
        }
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Reads a request and answers it; whoever asked may have gone.
fn answered(mut stream: &TcpStream, answer: Answer) {
    let mut lines = BufReader::new(stream).lines();
    while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
    let _ = match answer {
        Answer::Keys(body) => write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        ),
        Answer::Status(status) => write!(
            stream,
            "HTTP/1.1 {status} Odd\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\
             Connection: close\r\n\r\n"
        ),
        Answer::Endless(bytes) => {
            let begun = write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{{\"keys\": [");
            let piece = " ".repeat(64 * 1024);
            begun.and_then(|()| {
                (0..bytes / piece.len()).try_for_each(|_| stream.write_all(piece.as_bytes()))
            })
        }
        Answer::Nothing => Ok(()),
    };
}

const PEOPLE: &str = "https://people.example";

/// An issuer with a key of this seed.
fn issuer(name: &str, seed: u8) -> Issuer {
    Issuer::new(SigningKey::generate([seed; 32]).0, name.to_owned(), Duration::from_secs(600))
}

fn keys(issuer: &Issuer) -> Answer {
    Answer::Keys(issuer.jwks().to_string())
}

fn issued(issuer: &Issuer, subject: &str) -> String {
    issuer.issue(subject, &Scopes::all(), &ids::new_id(), clock::now()).token
}

const EAGER: Pace = Pace { usual: Duration::from_secs(3_600), least: Duration::ZERO };
const SLOW: Pace = Pace { usual: Duration::from_secs(3_600), least: Duration::from_secs(3_600) };

/// A registry that trusts issuers whose keys are at these addresses, and who keeps it.
fn trusting(database: &Database, pace: Pace, issuers: &[(&str, String)]) -> (Served, Party) {
    let served = Served::identified(
        database,
        |settings| settings,
        |own| {
            let trusted = issuers.iter().map(|(name, url)| {
                let issuer = (*name).to_owned();
                (TrustedIssuer { audience: issuer.clone(), issuer, keys: None }, url.clone())
            });
            trusted.fold(Identities::of(own).paced(pace), |identities, (trusted, url)| {
                identities.trusting(&trusted, Some(url)).expect("an issuer")
            })
        },
    );
    let operator = served.operator();
    (served, operator)
}

/// Makes an administrator of the laboratory of somebody whom an issuer knows.
fn member(served: &Served, operator: &Party, issuer: &str, subject: &str) {
    let laboratory = served.party(operator, "calibration_laboratory", &["administrator"]);
    let made = served.post("/api/v1/members").token(&laboratory.token).json(&json!({
        "name": subject, "issuer": issuer, "subject": subject, "roles": ["administrator"],
    }));
    assert_eq!(made.status, 201, "{}", made.text);
}

fn ask(served: &Served, token: &str) -> Response {
    served.get("/api/v1/members").token(token).send()
}

#[track_caller]
fn is_unknown(answer: &Response) {
    answer.is_problem(401, "invalid_token");
    assert_eq!(answer.errors(), [("token_key_unknown", "/Authorization")]);
}

fn keys_are_fetched_and_follow_their_issuer(database: &Database) {
    let (first, second) = (issuer(PEOPLE, 21), issuer(PEOPLE, 22));
    let server = KeyServer::new(keys(&first));
    let (served, operator) = trusting(database, EAGER, &[(PEOPLE, server.url())]);
    member(&served, &operator, PEOPLE, "lan");
    let of_first = issued(&first, "lan");
    let good = ask(&served, &of_first);
    assert_eq!(good.status, 200, "{}", good.text);
    // What is known is not asked for again.
    let asked = server.count();
    for _ in 0..5 {
        assert_eq!(ask(&served, &of_first).status, 200);
    }
    assert_eq!(server.count(), asked);
    is_unknown(&ask(&served, &issued(&second, "lan")));
    // The issuer signs with another key now: the first token that names it is believed.
    server.now(keys(&second));
    let good = ask(&served, &issued(&second, "lan"));
    assert_eq!(good.status, 200, "{}", good.text);
    // And the key that was taken back is good no more.
    is_unknown(&ask(&served, &of_first));
}

fn an_issuer_is_asked_now_and_then_whatever_tokens_say(database: &Database) {
    let first = issuer(PEOPLE, 21);
    let server = KeyServer::new(keys(&first));
    let (served, operator) = trusting(database, SLOW, &[(PEOPLE, server.url())]);
    member(&served, &operator, PEOPLE, "lan");
    assert_eq!(ask(&served, &issued(&first, "lan")).status, 200);
    for seed in 30..50 {
        is_unknown(&ask(&served, &issued(&issuer(PEOPLE, seed), "lan")));
        is_unknown(&ask(&served, &issued(&issuer("https://nobody.example", seed), "lan")));
    }
    assert_eq!(server.count(), 1);
}

fn keys_stay_as_they_were_when_nobody_gives_others(database: &Database) {
    let first = issuer(PEOPLE, 21);
    let server = KeyServer::new(keys(&first));
    let (served, operator) = trusting(database, EAGER, &[(PEOPLE, server.url())]);
    member(&served, &operator, PEOPLE, "lan");
    let good = issued(&first, "lan");
    assert_eq!(ask(&served, &good).status, 200);
    let key = |number: usize| {
        let mut key = first.jwks()["keys"][0].clone();
        key["kid"] = json!(number.to_string());
        key
    };
    let many: Vec<Value> = (0..65).map(key).collect();
    let secret = json!({"kty": "oct", "kid": "hmac", "alg": "HS256", "k": "c2VjcmV0"});
    for odd in [
        Answer::Status(500),
        Answer::Status(302),
        Answer::Nothing,
        Answer::Endless(1 << 20),
        Answer::Keys(String::new()),
        Answer::Keys("<html>".to_owned()),
        Answer::Keys(json!({"keys": []}).to_string()),
        Answer::Keys(json!({"keys": many}).to_string()),
        Answer::Keys(json!({"keys": [key(1), key(1)]}).to_string()),
        Answer::Keys(json!({"keys": [secret]}).to_string()),
    ] {
        server.now(odd.clone());
        let asked = server.count();
        is_unknown(&ask(&served, &issued(&issuer(PEOPLE, 22), "lan")));
        assert!(server.count() > asked, "{odd:?}: nobody was asked");
        assert_eq!(ask(&served, &good).status, 200, "{odd:?}");
    }
    // A secret beside a good key is no key: whoever knows it signs nothing.
    let both = json!({"keys": [first.jwks()["keys"][0], secret]});
    server.now(Answer::Keys(both.to_string()));
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("hmac".to_owned());
    let now = clock::now().timestamp().as_second();
    let claims = json!({"iss": PEOPLE, "aud": PEOPLE, "sub": "lan", "exp": now + 600});
    let forged = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(b"secret"));
    is_unknown(&ask(&served, &forged.expect("a token")));
    assert_eq!(ask(&served, &good).status, 200);
    // When the server is gone, too.
    drop(server);
    is_unknown(&ask(&served, &issued(&issuer(PEOPLE, 22), "lan")));
    assert_eq!(ask(&served, &good).status, 200);
}

fn a_token_that_cannot_be_judged_yet_is_neither_good_nor_bad(database: &Database) {
    let first = issuer(PEOPLE, 21);
    let server = KeyServer::new(Answer::Status(503));
    let (served, operator) = trusting(database, EAGER, &[(PEOPLE, server.url())]);
    member(&served, &operator, PEOPLE, "lan");
    let token = issued(&first, "lan");
    let answer = ask(&served, &token);
    answer.is_problem(503, "unavailable");
    assert_eq!(answer.header("retry-after"), "1");
    // The registry's own are good meanwhile.
    assert_eq!(ask(&served, &operator.token).status, 200);
    server.now(keys(&first));
    assert_eq!(ask(&served, &token).status, 200);
}

fn issuers_do_not_speak_for_each_other(database: &Database) {
    const OTHERS: &str = "https://others.example";
    let (people, others) = (issuer(PEOPLE, 21), issuer(OTHERS, 22));
    // The one publishes the other's key as well, and so may not speak for it either.
    let greedy = json!({"keys": [people.jwks()["keys"][0], others.jwks()["keys"][0]]});
    let (first, second) =
        (KeyServer::new(Answer::Keys(greedy.to_string())), KeyServer::new(keys(&others)));
    let (served, operator) =
        trusting(database, EAGER, &[(PEOPLE, first.url()), (OTHERS, second.url())]);
    member(&served, &operator, PEOPLE, "lan");
    member(&served, &operator, OTHERS, "minh");
    assert_eq!(ask(&served, &issued(&people, "lan")).status, 200);
    let shared = ask(&served, &issued(&others, "minh"));
    assert_eq!(shared.status, 200, "{}", shared.text);
    // Signed by the one in the name of the other.
    let forged = ask(&served, &issued(&issuer(OTHERS, 21), "minh"));
    forged.is_problem(401, "invalid_token");
    assert_eq!(forged.errors(), [("token_issuer_wrong", "/Authorization")]);
    // Each knows its own people only.
    ask(&served, &issued(&people, "minh")).is_problem(401, "invalid_token");
}
