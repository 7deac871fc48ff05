//! The embedded database in trouble: locked by another process, or on a disk without room.

use etalon::store::{DatabaseUrl, Store};
use serde_json::json;

use crate::support::records::verified;
use crate::support::room::Room;
use crate::support::{Backend, Database};

use super::client::{Answer, Client};
use super::process::Home;

const PATH: &str = "/api/v1/organisations";

fn create(client: &Client, token: &str, name: &str) -> Answer {
    let body = json!({"kind": "enterprise", "names": {"en": name, "vi": "x".repeat(20_000)}});
    client.post(PATH, token, &[("Idempotency-Key", name)], &body).expect("an answer")
}

#[test]
fn a_file_that_another_process_locks_is_waited_out() {
    let database = Database::on(Backend::Sqlite).expect("it is always there");
    let home = Home::new(database.url());
    let instance = home.serve();
    let token = home.operator(&instance);
    // This process is the other one.
    let mut direct = database.direct();
    direct.run("BEGIN EXCLUSIVE");
    create(&instance.client, &token, "meanwhile").is_refused_for_now("unavailable");
    // Who reads is not held up.
    let read = instance.client.get(PATH, &token, &[]).expect("an answer");
    assert_eq!(read.status, 200, "{read:?}");
    let ready = instance.client.get("/readyz", "", &[]).expect("an answer");
    assert_eq!(ready.status, 200, "{ready:?}");
    direct.run("ROLLBACK");
    assert_eq!(create(&instance.client, &token, "meanwhile").status, 201);
    assert_eq!(verified(&database.store()).len(), 2);
}

#[test]
fn a_disk_without_room_takes_nothing_and_loses_nothing() {
    let Some(room) = Room::of(8) else { return };
    let url = DatabaseUrl::Sqlite(room.path().join("registry.db"));
    let home = Home::new(&url);
    let instance = home.serve();
    let token = home.operator(&instance);
    assert_eq!(create(&instance.client, &token, "before").status, 201);
    room.fill();
    // What is free within the files of the database is used first.
    let mut taken = 1;
    let refused = loop {
        let answer = create(&instance.client, &token, &format!("write {taken}"));
        match answer.status {
            201 => taken += 1,
            _ => break answer,
        }
        assert!(taken < 500, "the disk is full");
    };
    refused.is_refused_for_now("unavailable");
    let read = instance.client.get(&format!("{PATH}?limit=1"), &token, &[]).expect("an answer");
    assert_eq!(read.status, 200, "{read:?}");
    room.free();
    let answer = create(&instance.client, &token, &format!("write {taken}"));
    assert_eq!(answer.status, 201, "{answer:?}");
    // The institute of the set-up, and each write once.
    let store = Store::open(&url).expect("a store");
    assert_eq!(verified(&store).len(), 1 + taken + 1);
}
