//! A PostgreSQL that is not what it was: restarted, followed by its standby, out of connections, out
//! of room. Meanwhile the service says so, with a time to ask again; afterwards it goes on, the same
//! process, and what it acknowledged is there.

use etalon::store::Store;
use serde_json::json;

use crate::support::records::verified;
use crate::support::room::Room;

use super::client::{Answer, Client};
use super::cluster::{Cluster, signal};
use super::crash::Crowd;
use super::process::Home;

const PATH: &str = "/api/v1/organisations";

fn create(client: &Client, token: &str, name: &str) -> Answer {
    let body = json!({"kind": "enterprise", "names": {"en": name}});
    client.post(PATH, token, &[("Idempotency-Key", name)], &body).expect("an answer")
}

#[test]
fn a_database_that_is_restarted_is_found_again() {
    let Some(cluster) = Cluster::start("") else { return };
    let home = Home::new(&cluster.registry());
    let instance = home.serve();
    let token = home.operator(&instance);
    let client = &instance.client;
    let store = Store::open(&home.database.parse().expect("an address")).expect("a store");
    // Connections of readers and of writers are open, and all of them die.
    let made = create(client, &token, "before");
    assert_eq!(made.status, 201, "{made:?}");
    cluster.restart();
    let again = create(client, &token, "before");
    assert_eq!(again.header("idempotent-replayed"), Some("true"), "{again:?}");
    assert_eq!(create(client, &token, "after").status, 201);
    let path = format!("{PATH}/{}", made.id());
    let read = client.get(&path, &token, &[]).expect("an answer");
    assert_eq!(read.status, 200, "{read:?}");
    let ready = client.get("/readyz", "", &[]).expect("an answer");
    assert_eq!(ready.status, 200, "{ready:?}");
    // So does a connection that the library holds.
    assert_eq!(verified(&store).len(), 3);
}

/// As when the machine of the server was cut off, or its disk does not answer.
#[test]
fn a_database_that_says_nothing_holds_nobody_up() {
    let Some(cluster) = Cluster::start("") else { return };
    let home = Home::new(&cluster.registry());
    let instance = home.serve_as(home.command().env("ETALON_REQUEST_SECONDS", "2"));
    let token = home.operator(&instance);
    let held = cluster.held();
    // Reading and writing alike, on connections that are open.
    let read = instance.client.get(PATH, &token, &[]).expect("an answer");
    read.is_refused_for_now("timed_out");
    create(&instance.client, &token, "meanwhile").is_refused_for_now("timed_out");
    assert_eq!(instance.client.get("/healthz", "", &[]).expect("an answer").status, 200);
    signal("CONT", &held);
    // It was begun before and may be done by now; it is done once.
    let made = create(&instance.client, &token, "meanwhile");
    assert_eq!(made.status, 201, "{made:?}");
    let store = Store::open(&home.database.parse().expect("an address")).expect("a store");
    assert_eq!(verified(&store).len(), 2);
}

#[test]
fn a_standby_takes_over_and_nothing_acknowledged_is_lost() {
    let Some(primary) = Cluster::start("") else { return };
    let url = primary.registry();
    let standby = primary.standby("");
    // A commit is acknowledged when the standby has it, too: the first one waits for it to follow.
    let mut direct = primary.direct("etalon");
    direct.run("ALTER SYSTEM SET synchronous_standby_names = '*'");
    direct.run("SELECT pg_reload_conf()");
    // Several servers, and nothing said of which: the one that takes writes is looked for.
    let hosts = format!("127.0.0.1:{},127.0.0.1:{}", standby.port, primary.port);
    let home = Home::new(&url).on(format!("postgres://postgres@{hosts}/etalon"));
    let instance = home.serve();
    let token = home.operator(&instance);
    let mut crowd = Crowd::new();
    crowd.write_until(&instance.client, &token, 60, || primary.kill());
    // The standby answers, and takes no writes yet.
    let read = instance.client.get(PATH, &token, &[]).expect("an answer");
    read.is_refused_for_now("unavailable");
    create(&instance.client, &token, "too early").is_refused_for_now("unavailable");
    let ready = instance.client.get("/readyz", "", &[]).expect("an answer");
    ready.is_refused_for_now("unavailable");
    standby.promote();
    crowd.settle(&instance.client, &token);
    let promoted = Store::open(&standby.url("etalon").parse().expect("an address"));
    let promoted = promoted.expect("a store");
    crowd.check(&promoted);
    // And it goes on there.
    assert_eq!(create(&instance.client, &token, "afterwards").status, 201);
    assert!(promoted.head().expect("a head").log_index as usize > crowd.acknowledged());
    crowd.tell("PostgreSQL killed, its standby promoted", 1);
}

#[test]
fn an_instance_on_a_standby_never_says_less_than_was_seen() {
    let Some(primary) = Cluster::start("") else { return };
    let url = primary.registry();
    let standby = primary.standby("");
    let home = Home::new(&url);
    let writer = home.serve();
    let token = home.operator(&writer);
    let mut direct = primary.direct("etalon");
    // The standby has what was written so far when a commit that waits for it is done.
    direct.run("ALTER SYSTEM SET synchronous_standby_names = '*'");
    direct.run("SELECT pg_reload_conf()");
    let up_to_date = "SET synchronous_commit = remote_apply; CREATE TABLE IF NOT EXISTS mark (); \
                      DROP TABLE mark; RESET synchronous_commit";
    direct.run(up_to_date);
    let beside = home.on(standby.url("etalon"));
    let reader = beside.serve();
    standby.direct("etalon").run("SELECT pg_wal_replay_pause()");
    // What has come, the standby has kept, and does not show.
    let made = create(&writer.client, &token, "new");
    assert_eq!(made.status, 201, "{made:?}");
    let least = made.log_index().to_string();
    let headers = [("At-Least-Log-Index", least.as_str())];
    let path = format!("{PATH}/{}", made.id());
    let early = reader.client.get(&path, "", &headers).expect("an answer");
    assert_eq!((early.status, early.body["code"].as_str()), (412, Some("log_index_not_reached")));
    assert_eq!(early.header("retry-after"), Some("1"));
    assert!(early.log_index() < made.log_index(), "{early:?}");
    // Who does not ask for more is told what is known there, and as of when.
    let older = reader.client.get(PATH, "", &[]).expect("an answer");
    assert_eq!(older.status, 200, "{older:?}");
    assert!(older.log_index() < made.log_index(), "{older:?}");
    // Writing is for another instance.
    create(&reader.client, &token, "here").is_refused_for_now("unavailable");
    standby.direct("etalon").run("SELECT pg_wal_replay_resume()");
    direct.run(up_to_date);
    let read = reader.client.get(&path, "", &headers).expect("an answer");
    assert_eq!(read.status, 200, "{read:?}");
    assert!(read.log_index() >= made.log_index());
}

#[test]
fn a_database_out_of_connections_is_waited_out() {
    let Some(cluster) = Cluster::start("-c max_connections=12 -c max_wal_senders=0") else {
        return;
    };
    let home = Home::new(&cluster.registry());
    let instance = home.serve();
    let token = home.operator(&instance);
    assert_eq!(create(&instance.client, &token, "before").status, 201);
    // Those of the service are cut, and others take every place.
    let mut direct = cluster.direct("postgres");
    direct.run(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = 'etalon'",
    );
    let mut others = Vec::new();
    while let Some(other) = cluster.try_direct("postgres") {
        others.push(other);
    }
    assert!(others.len() >= 3, "{}", others.len());
    let read = instance.client.get(PATH, &token, &[]).expect("an answer");
    read.is_refused_for_now("unavailable");
    create(&instance.client, &token, "meanwhile").is_refused_for_now("unavailable");
    drop(others);
    drop(direct);
    // The server closes them a moment after they are gone; asking is what a client does.
    let mut last = create(&instance.client, &token, "meanwhile");
    for _ in 0..20 {
        if last.status == 201 {
            break;
        }
        last.is_refused_for_now("unavailable");
        last = create(&instance.client, &token, "meanwhile");
    }
    assert_eq!(last.status, 201, "{last:?}");
    let store = Store::open(&home.database.parse().expect("an address")).expect("a store");
    assert_eq!(verified(&store).len(), 3);
}

#[test]
fn a_database_without_room_takes_nothing_and_loses_nothing() {
    let Some(room) = Room::of(96) else { return };
    let Some(cluster) = Cluster::with_data_in(room.path(), "-c shared_buffers=16MB") else {
        return;
    };
    let home = Home::new(&cluster.registry());
    let instance = home.serve();
    let token = home.operator(&instance);
    room.fill();
    // What is free within the files of the database is used first.
    let large = "x".repeat(20_000);
    let mut taken = Vec::new();
    let refused = loop {
        let name = format!("write {}", taken.len());
        let body = json!({"kind": "enterprise", "names": {"en": name, "vi": large}});
        let headers = [("Idempotency-Key", name.as_str())];
        let answer = instance.client.post(PATH, &token, &headers, &body).expect("an answer");
        match answer.status {
            201 => taken.push(answer.id()),
            _ => break answer,
        }
        assert!(taken.len() < 300, "the disk is full");
    };
    refused.is_refused_for_now("unavailable");
    // Reading goes on, and the service knows that it is ready for that.
    let read = instance.client.get(&format!("{PATH}?limit=1"), &token, &[]).expect("an answer");
    assert_eq!(read.status, 200, "{read:?}");
    room.free();
    let name = format!("write {}", taken.len());
    let body = json!({"kind": "enterprise", "names": {"en": name, "vi": large}});
    let headers = [("Idempotency-Key", name.as_str())];
    let answer = instance.client.post(PATH, &token, &headers, &body).expect("an answer");
    assert_eq!(answer.status, 201, "{answer:?}");
    taken.push(answer.id());
    let store = Store::open(&home.database.parse().expect("an address")).expect("a store");
    let entries = verified(&store);
    assert_eq!(entries.len(), taken.len() + 1);
    for id in &taken {
        assert_eq!(entries.iter().filter(|entry| entry.record_id.as_str() == id).count(), 1);
    }
}
