//! Killed with SIGKILL while eight clients write, again and again: the service, and its database.
//! What was acknowledged is there once; what was not is repeated under its key and done once; the
//! log has no gap and verifies.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::mpsc;
use std::thread;

use etalon::domain::log::Verifier;
use etalon::store::Store;
use serde_json::{Value, json};

use crate::support::records::entries;
use crate::support::{Database, both};

use super::client::{Answer, Client};
use super::cluster::Cluster;
use super::process::{Home, Instance};

/// Clients that write at once.
const CLIENTS: usize = 8;
/// Records of a bundle.
const TOGETHER: usize = 5;

both!(a_service_that_is_killed_loses_nothing);

/// How often something is killed.
#[expect(clippy::disallowed_methods, reason = "how long the tests go on is said by who runs them")]
fn rounds() -> usize {
    const ROUNDS: usize = 4;
    let said = std::env::var("ETALON_CRASH_ROUNDS").ok();
    said.map_or(ROUNDS, |text| text.parse().expect("ETALON_CRASH_ROUNDS is a number"))
}

/// A write that a client asked for, and asks for again under the same key until it is answered.
struct Asked {
    key: String,
    method: &'static str,
    path: String,
    if_match: Option<String>,
    body: Value,
    /// The names that it writes, each of them once in all of the log.
    marks: Vec<String>,
}

/// A client, with what it was told and what it waits for.
pub struct Writing {
    number: usize,
    count: usize,
    /// Its own record, and the version of it that it was told last.
    own: Option<(String, u64)>,
    unanswered: Option<Asked>,
    acknowledged: Vec<String>,
    writes: usize,
    repeated: usize,
    replayed: usize,
}

impl Writing {
    fn new(number: usize) -> Self {
        Self {
            number,
            count: 0,
            own: None,
            unanswered: None,
            acknowledged: Vec::new(),
            writes: 0,
            repeated: 0,
            replayed: 0,
        }
    }

    /// Something to write that was never written: mostly a record, then a new version of its own
    /// record, and now and then a bundle.
    fn next(&mut self) -> Asked {
        self.count += 1;
        let mark = format!("client {} write {}", self.number, self.count);
        let organisation = |name: &str| json!({"kind": "enterprise", "names": {"en": name}});
        let asked = Asked {
            key: mark.replace(' ', "-"),
            method: "POST",
            path: "/api/v1/organisations".to_owned(),
            if_match: None,
            body: organisation(&mark),
            marks: vec![mark.clone()],
        };
        match (self.count % 7, &self.own) {
            (2 | 4 | 6, Some((id, version))) => Asked {
                method: "PUT",
                path: format!("/api/v1/organisations/{id}"),
                if_match: Some(format!("\"{version}\"")),
                ..asked
            },
            (5, _) => {
                let marks: Vec<String> =
                    (0..TOGETHER).map(|one| format!("{mark} part {one}")).collect();
                let records = marks.iter().enumerate().map(|(one, name)| {
                    json!({"id": format!("_:{one}"), "kind": "manufacturer", "names": {"en": name}})
                });
                let body = json!({
                    "format": "etalon-bundle/1",
                    "source": &mark,
                    "records": {"organisations": records.collect::<Vec<_>>()},
                });
                Asked { path: "/api/v1/imports".to_owned(), body, marks, ..asked }
            }
            _ => asked,
        }
    }

    fn acknowledge(&mut self, asked: Asked, answer: &Answer) {
        if asked.path == "/api/v1/imports" {
            assert_eq!(answer.body["created"], asked.marks.len(), "{answer:?}");
        } else {
            assert_eq!(answer.body["record"]["names"]["en"], asked.marks[0], "{answer:?}");
            let version = answer.body["record"]["version"].as_u64().expect("a version");
            match &mut self.own {
                Some((_, last)) if asked.method == "PUT" => {
                    assert_eq!(version, *last + 1);
                    *last = version;
                }
                Some(_) => {}
                own => *own = Some((answer.id(), version)),
            }
        }
        self.replayed += usize::from(answer.header("idempotent-replayed") == Some("true"));
        self.writes += 1;
        self.acknowledged.extend(asked.marks);
    }

    /// Writes until no answer comes, or something passing is in the way; says each acknowledgement.
    fn write(&mut self, client: &Client, token: &str, said: &mpsc::Sender<()>) {
        loop {
            let asked = match self.unanswered.take() {
                Some(asked) => {
                    self.repeated += 1;
                    asked
                }
                None => self.next(),
            };
            if !self.ask(client, token, asked) {
                return;
            }
            // Nobody may count any more.
            let _ = said.send(());
        }
    }

    /// Asks once, and says whether it was answered.
    fn ask(&mut self, client: &Client, token: &str, asked: Asked) -> bool {
        let mut headers = vec![("Idempotency-Key", asked.key.as_str())];
        headers.extend(asked.if_match.as_deref().map(|tag| ("If-Match", tag)));
        let sent = match asked.method {
            "PUT" => client.put(&asked.path, token, &headers, &asked.body),
            _ => client.post(&asked.path, token, &headers, &asked.body),
        };
        match sent {
            Ok(answer) if answer.is_good() => {
                self.acknowledge(asked, &answer);
                true
            }
            Ok(answer) => {
                answer.is_refused_for_now("unavailable");
                self.unanswered = Some(asked);
                false
            }
            // The reply is lost; whether it was done nobody knows yet.
            Err(_) => {
                self.unanswered = Some(asked);
                false
            }
        }
    }
}

/// Eight clients, and what they were told.
pub struct Crowd(Vec<Writing>);

impl Crowd {
    pub fn new() -> Self {
        Self((0..CLIENTS).map(Writing::new).collect())
    }

    /// Lets all of them write; after so many acknowledgements something is done to what answers
    /// them. Ready when none of them is answered any more.
    pub fn write_until(
        &mut self,
        client: &Client,
        token: &str,
        most: usize,
        strike: impl FnOnce(),
    ) {
        let (said, heard) = mpsc::channel();
        thread::scope(|scope| {
            for one in &mut self.0 {
                let said = said.clone();
                scope.spawn(move || one.write(client, token, &said));
            }
            drop(said);
            let acknowledged = heard.iter().take(most).count();
            assert_eq!(acknowledged, most, "the clients ended by themselves");
            strike();
        });
    }

    /// Repeats what was not answered: now it is.
    pub fn settle(&mut self, client: &Client, token: &str) {
        for one in &mut self.0 {
            if let Some(asked) = one.unanswered.take() {
                one.repeated += 1;
                assert!(one.ask(client, token, asked), "it is not answered");
            }
        }
    }

    /// That the log has no gap and verifies, that what was acknowledged is there once, and that
    /// what waits for an answer is there whole or not at all.
    #[track_caller]
    pub fn check(&self, store: &Store) {
        // What a service that was killed had begun to commit may still come in on PostgreSQL: the
        // log may go on after its head was read, and never ends before it.
        let head = store.head().expect("the head");
        let mut verifier = Verifier::new();
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        for entry in entries(store) {
            verifier.take(&entry).unwrap_or_else(|broken| panic!("{broken}"));
            if entry.log_index == head.log_index {
                assert_eq!(entry.chain_sha256, head.chain_sha256);
            }
            let body: Value = serde_json::from_str(&entry.body).expect("JSON");
            let name = body["names"]["en"].as_str().expect("a name").to_owned();
            *found.entry(name).or_insert(0) += 1;
        }
        assert!(verifier.log_index() >= head.log_index, "the log ends before its head");
        assert_eq!(found.remove("Institute"), Some(1));
        let mut known = BTreeSet::new();
        for one in &self.0 {
            for mark in &one.acknowledged {
                assert_eq!(found.get(mark), Some(&1), "“{mark}” was acknowledged");
                known.insert(mark);
            }
            if let Some(asked) = &one.unanswered {
                let times: Vec<usize> =
                    asked.marks.iter().map(|mark| *found.get(mark).unwrap_or(&0)).collect();
                let whole = times.iter().all(|times| *times == 1);
                assert!(
                    whole || times.iter().all(|times| *times == 0),
                    "{:?}: {times:?}",
                    asked.key
                );
                known.extend(&asked.marks);
            }
        }
        for mark in found.keys() {
            assert!(known.contains(mark), "nobody wrote “{mark}”");
        }
    }

    /// Writes that were acknowledged so far.
    pub fn acknowledged(&self) -> usize {
        self.0.iter().map(|one| one.writes).sum()
    }

    /// Says what came of it, past the test harness.
    pub fn tell(&self, what: &str, rounds: usize) {
        let sum = |count: fn(&Writing) -> usize| self.0.iter().map(count).sum::<usize>();
        let (writes, repeated, replayed) =
            (sum(|one| one.writes), sum(|one| one.repeated), sum(|one| one.replayed));
        let records = sum(|one| one.acknowledged.len());
        let _ = writeln!(
            std::io::stderr(),
            "{what}: {rounds} rounds, {writes} writes acknowledged ({records} records), \
             {repeated} repeated, of them {replayed} had been done; lost: 0"
        );
    }
}

/// Acknowledgements of a round: never the same number, so that the blow falls elsewhere.
fn acknowledgements(round: usize) -> usize {
    12 + round * 7 % 23
}

fn a_service_that_is_killed_loses_nothing(database: &Database) {
    let home = Home::new(database.url());
    let store = database.store();
    let mut crowd = Crowd::new();
    let mut instance = home.serve();
    let token = home.operator(&instance);
    for round in 0..rounds() {
        let killed: Instance = instance;
        let client = killed.client.clone();
        crowd.write_until(&client, &token, acknowledgements(round), || killed.kill());
        crowd.check(&store);
        instance = home.serve();
        crowd.settle(&instance.client, &token);
    }
    crowd.check(&store);
    crowd.tell(&format!("service on {:?} killed", database.backend()), rounds());
}

#[test]
fn a_database_that_is_killed_loses_nothing() {
    let Some(cluster) = Cluster::start("") else { return };
    let home = Home::new(&cluster.registry());
    let instance = home.serve();
    let token = home.operator(&instance);
    let mut crowd = Crowd::new();
    for round in 0..rounds() {
        crowd.write_until(&instance.client, &token, acknowledgements(round), || cluster.kill());
        let answer = instance.client.get("/api/v1/organisations", &token, &[]).expect("an answer");
        answer.is_refused_for_now("unavailable");
        cluster.up();
        // The same process: it finds its database again by itself.
        crowd.settle(&instance.client, &token);
        crowd.check(&Store::open(&home.database.parse().expect("an address")).expect("a store"));
    }
    crowd.tell("PostgreSQL killed", rounds());
}
