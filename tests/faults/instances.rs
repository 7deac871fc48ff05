//! Two instances on one PostgreSQL, while clients of both write at once: one order without gaps, no
//! change lost, a key that acts once, and nobody told something older than they have seen.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};

use crate::support::records::verified;
use crate::support::{Backend, Database};

use super::client::Answer;
use super::process::{Home, Instance};

/// Two instances that share a database, with a token that is good for both.
fn pair() -> Option<(Database, Home, [Instance; 2], String)> {
    let database = Database::on(Backend::Postgres)?;
    let home = Home::new(database.url());
    let instances = [home.serve(), home.serve()];
    let token = home.operator(&instances[1]);
    Some((database, home, instances, token))
}

fn organisation(name: &str) -> Value {
    json!({"kind": "enterprise", "names": {"en": name}})
}

const PATH: &str = "/api/v1/organisations";

/// Does something on both instances at the same moment.
fn at_once(
    instances: &[Instance; 2],
    work: impl Fn(usize, &Instance) -> Answer + Sync,
) -> Vec<Answer> {
    let barrier = Barrier::new(2);
    thread::scope(|scope| {
        let run = |(number, instance)| {
            let (barrier, work) = (&barrier, &work);
            scope.spawn(move || {
                barrier.wait();
                work(number, instance)
            })
        };
        let running: Vec<_> = instances.iter().enumerate().map(run).collect();
        running.into_iter().map(|one| one.join().expect("no panic")).collect()
    })
}

#[test]
fn writes_on_both_have_one_order_and_are_seen_on_the_other() {
    /// Clients of each instance, and writes of each.
    const CLIENTS: usize = 4;
    const WRITES: usize = 25;
    let Some((database, _home, instances, token)) = pair() else { return };
    let before = database.store().head().expect("a head").log_index;
    let written: Vec<Vec<u64>> = thread::scope(|scope| {
        let client = |number: usize| {
            let (here, there) = (&instances[number % 2], &instances[(number + 1) % 2]);
            let token = token.as_str();
            scope.spawn(move || {
                let write = |count: usize| {
                    let body = organisation(&format!("{number}-{count}"));
                    let made = here.client.post(PATH, token, &[], &body).expect("an answer");
                    assert_eq!(made.status, 201, "{made:?}");
                    let index = made.log_index();
                    // What was written here is read there, at once: never what was before.
                    let least = index.to_string();
                    let path = format!("{PATH}/{}", made.id());
                    let headers = [("At-Least-Log-Index", least.as_str())];
                    let read = there.client.get(&path, token, &headers).expect("an answer");
                    assert_eq!(read.status, 200, "{read:?}");
                    assert!(read.log_index() >= index, "{read:?}");
                    assert_eq!(read.body["names"], body["names"]);
                    index
                };
                (0..WRITES).map(write).collect()
            })
        };
        let running: Vec<_> = (0..2 * CLIENTS).map(client).collect();
        running.into_iter().map(|one| one.join().expect("no panic")).collect()
    });
    assert!(written.iter().all(|indices| indices.is_sorted()), "{written:?}");
    let indices: BTreeSet<u64> = written.into_iter().flatten().collect();
    let all = (2 * CLIENTS * WRITES) as u64;
    assert_eq!(indices, (before + 1..=before + all).collect());
    assert_eq!(verified(&database.store()).len() as u64, before + all);
}

#[test]
fn of_two_changes_of_one_version_one_wins() {
    const ROUNDS: u64 = 25;
    let Some((database, _home, instances, token)) = pair() else { return };
    let made = instances[0].client.post(PATH, &token, &[], &organisation("0")).expect("an answer");
    let path = format!("{PATH}/{}", made.id());
    for version in 1..=ROUNDS {
        let tag = format!("\"{version}\"");
        let answers = at_once(&instances, |number, instance| {
            let body = organisation(&format!("{version} by {number}"));
            let headers = [("If-Match", tag.as_str())];
            instance.client.put(&path, &token, &headers, &body).expect("an answer")
        });
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412], "{answers:?}");
        let won = answers.iter().find(|answer| answer.is_good()).expect("one");
        assert_eq!(won.body["record"]["version"], version + 1);
        // And what the other one reads now is what won.
        for instance in &instances {
            let read = instance.client.get(&path, &token, &[]).expect("an answer");
            assert_eq!(read.body["names"], won.body["record"]["names"]);
        }
    }
    verified(&database.store());
}

#[test]
fn a_key_that_is_used_on_both_acts_once() {
    let Some((database, _home, instances, token)) = pair() else { return };
    for round in 0..25 {
        let before = database.store().head().expect("a head").log_index;
        let key = format!("round-{round}");
        let body = organisation(&key);
        let answers = at_once(&instances, |_, instance| {
            let headers = [("Idempotency-Key", key.as_str())];
            instance.client.post(PATH, &token, &headers, &body).expect("an answer")
        });
        assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");
        assert_eq!(answers[0].body["record"], answers[1].body["record"]);
        let replayed = |answer: &&Answer| answer.header("idempotent-replayed").is_some();
        assert_eq!(answers.iter().filter(replayed).count(), 1, "{answers:?}");
        assert_eq!(database.store().head().expect("a head").log_index, before + 1);
    }
    verified(&database.store());
}
