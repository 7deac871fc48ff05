//! How a service begins and ends: it waits for a database that comes up later, and a stop lets what
//! is under way end.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;

use etalon::store::DatabaseUrl;
use serde_json::{Value, json};

use crate::support::{Database, both};

use super::client::Client;
use super::cluster::Cluster;
use super::process::Home;

both!(a_stop_lets_a_request_under_way_end);

#[test]
fn a_server_that_comes_up_later_is_waited_for() {
    let Some(cluster) = Cluster::idle("") else { return };
    // A registry is there, and its server is not.
    cluster.up();
    let home = Home::new(&cluster.registry());
    cluster.kill();
    let mut command = home.command();
    command.env("ETALON_DATABASE_WAIT_SECONDS", "60").stderr(Stdio::piped());
    let mut child = command.spawn().expect("a process");
    let mut log = BufReader::new(child.stderr.take().expect("its log")).lines();
    let waiting = log.find_map(|line| line.ok().filter(|line| line.contains("waiting for it")));
    let waiting = waiting.expect("a line");
    assert!(waiting.contains("up to 60 s more") && waiting.contains("refused"), "{waiting}");
    cluster.up();
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    let said: Value = serde_json::from_str(&line).expect("JSON");
    let client = Client::new(said["bound"].as_str().expect("an address").to_owned());
    assert_eq!(client.get("/readyz", "", &[]).expect("an answer").status, 200);
    child.kill().expect("killed");
    child.wait().expect("gone");
}

#[test]
fn a_server_that_does_not_come_up_is_not_waited_for_without_end() {
    let Some(cluster) = Cluster::idle("") else { return };
    let home = Home::new(&DatabaseUrl::Postgres(cluster.url("etalon")));
    let mut command = home.command();
    command.env("ETALON_DATABASE_WAIT_SECONDS", "1");
    let ended = command.output().expect("an end");
    assert_eq!(ended.status.code(), Some(69));
    let log = home.log();
    assert_eq!(log.matches("waiting for it").count(), 1, "{log}");
}

/// The request has begun when the server asks for its body, and is told to stop before it comes.
fn a_stop_lets_a_request_under_way_end(database: &Database) {
    let home = Home::new(database.url());
    let first = home.serve();
    let token = home.operator(&first);
    drop(first);
    for (count, signal) in ["TERM", "INT"].into_iter().enumerate() {
        let instance = home.serve();
        let body = json!({"kind": "enterprise", "names": {"en": signal}}).to_string();
        let mut stream = TcpStream::connect(instance.client.authority()).expect("a connection");
        let head = format!(
            "POST /api/v1/organisations HTTP/1.1\r\nHost: etalon.test\r\n\
             Authorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("sent");
        let mut reader = BufReader::new(stream.try_clone().expect("the same"));
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line");
        assert!(line.starts_with("HTTP/1.1 100"), "{line}");
        instance.signal(signal);
        // It takes no more connections once it has been told.
        while TcpStream::connect(instance.client.authority()).is_ok() {
            std::thread::yield_now();
        }
        stream.write_all(body.as_bytes()).expect("sent");
        let mut answer = String::new();
        reader.read_to_string(&mut answer).expect("an answer");
        assert!(answer.contains("HTTP/1.1 201"), "{signal}: {answer}");
        assert_eq!(instance.ended(), Some(0), "{signal}: {}", home.log());
        let entries = database.store().head().expect("a head").log_index;
        assert_eq!(entries, 2 + count as u64);
    }
}
