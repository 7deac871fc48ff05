//! The keys that a process believes, from the files that its settings name: its own while they are
//! changed, and those of other issuers. What a token is worth is tested over `http`; here, that a
//! process reads these files.

use std::fs;
use std::time::Duration;

use etalon::auth::token::{Issuer, SigningKey};
use etalon::clock;
use etalon::domain::identity::Scopes;
use etalon::ids;
use serde_json::json;

use crate::support::{Database, both};

use super::client::Answer;
use super::process::{Home, Instance};

both!(tokens_outlive_a_change_of_the_signing_key, people_from_elsewhere_come_in);

/// What somebody is answered who shows a token.
fn shown(instance: &Instance, token: &str) -> Answer {
    instance.client.get("/api/v1/members", token, &[]).expect("an answer")
}

#[track_caller]
fn is_unknown(answer: &Answer) {
    let fault = answer.body["errors"][0]["code"].as_str();
    assert_eq!((answer.status, fault), (401, Some("token_key_unknown")), "{answer:?}");
}

fn stopped(instance: Instance) {
    instance.signal("TERM");
    assert_eq!(instance.ended(), Some(0));
}

fn tokens_outlive_a_change_of_the_signing_key(database: &Database) {
    let home = Home::new(database.url());
    let instance = home.serve();
    let of_old = home.operator(&instance);
    stopped(instance);
    let keys = home.path("keys");
    fs::create_dir(&keys).expect("a folder");
    fs::rename(home.path("key.pem"), keys.join("old.pem")).expect("moved");
    fs::write(home.path("key.pem"), SigningKey::generate([10; 32]).1).expect("a key");
    // Without the old key among those that are published, its tokens end with it.
    let instance = home.serve();
    is_unknown(&shown(&instance, &of_old));
    stopped(instance);
    fs::write(keys.join("README.txt"), "What is no key stands beside them.").expect("a file");
    let mut command = home.command();
    command.env("ETALON_PUBLISHED_KEYS_DIR", &keys);
    let instance = home.serve_as(&mut command);
    assert_eq!(shown(&instance, &of_old).status, 200);
    assert_eq!(shown(&instance, &home.token(&instance)).status, 200);
    let published = instance.client.get("/.well-known/jwks.json", "", &[]).expect("an answer");
    assert_eq!(published.body["keys"].as_array().map(Vec::len), Some(2), "{published:?}");
    stopped(instance);
    // A file that ought to be a key and is none keeps the service from starting, and is named.
    fs::write(keys.join("odd.pem"), "no key").expect("a file");
    let ended = command.output().expect("an end");
    assert_eq!(ended.status.code(), Some(66), "{}", home.log());
    assert!(home.log().contains("odd.pem"), "{}", home.log());
}

fn people_from_elsewhere_come_in(database: &Database) {
    const PEOPLE: &str = "https://people.example";
    let issuer = |seed| {
        let key = SigningKey::generate([seed; 32]).0;
        Issuer::new(key, PEOPLE.to_owned(), Duration::from_secs(600))
    };
    let (theirs, another) = (issuer(21), issuer(22));
    let issued = |by: &Issuer| by.issue("lan", &Scopes::all(), &ids::new_id(), clock::now()).token;
    let home = Home::new(database.url());
    let entry = json!({"issuer": PEOPLE, "audience": PEOPLE, "jwks_file": "people.json"});
    let file = home.path("issuers.json");
    fs::write(&file, json!({"issuers": [entry]}).to_string()).expect("a file");
    fs::write(home.path("people.json"), theirs.jwks().to_string()).expect("a file");
    let mut command = home.command();
    command.env("ETALON_ISSUERS_FILE", &file);
    let instance = home.serve_as(&mut command);
    let operator = home.operator(&instance);
    let member = json!({
        "name": "Lan", "issuer": PEOPLE, "subject": "lan", "roles": ["administrator"],
    });
    let made = instance.client.post("/api/v1/members", &operator, &[], &member);
    assert_eq!(made.expect("an answer").status, 201);
    assert_eq!(shown(&instance, &issued(&theirs)).status, 200);
    is_unknown(&shown(&instance, &issued(&another)));
    stopped(instance);
    // A process that is told of nobody believes nobody.
    let instance = home.serve();
    is_unknown(&shown(&instance, &issued(&theirs)));
    stopped(instance);
    fs::remove_file(home.path("people.json")).expect("removed");
    let ended = command.output().expect("an end");
    assert_eq!(ended.status.code(), Some(66), "{}", home.log());
    assert!(home.log().contains("people.json"), "{}", home.log());
}
