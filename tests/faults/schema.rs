//! The schema of a database that several programs share: programs that migrate at the same time
//! migrate once, and one whose schema is older than the database's does not touch it, at its start
//! and while it runs.

use std::process::{Command, Stdio};
use std::thread;

use serde_json::{Value, json};

use crate::support::{Backend, Database, both};

use super::process::Home;

both!(a_newer_schema_stops_an_older_program, a_write_that_waited_for_a_migration_is_not_done,);

/// A migration of a version to come, as its program would note it.
const LATER: &str = "INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')";
const BACK: &str = "DELETE FROM __diesel_schema_migrations WHERE version = '29990101000000'";
const PATH: &str = "/api/v1/organisations";

/// Programs that migrate at the same time.
const PROGRAMS: usize = 6;

mod at_once {
    use super::{Backend, Database, programs_that_migrate_at_once_migrate_once};

    #[test]
    fn sqlite() {
        let database = Database::unmigrated(Backend::Sqlite).expect("it is always there");
        programs_that_migrate_at_once_migrate_once(&database);
    }

    #[test]
    fn postgres() {
        let Some(database) = Database::unmigrated(Backend::Postgres) else { return };
        programs_that_migrate_at_once_migrate_once(&database);
    }
}

fn programs_that_migrate_at_once_migrate_once(database: &Database) {
    let start = |_| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_etalon"));
        command.args(["migrate", "--json", "--database", &database.url().connection_string()]);
        command.env_clear().stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("a process")
    };
    let running: Vec<_> = (0..PROGRAMS).map(start).collect();
    let mut applied = Vec::new();
    for one in running {
        let ended = one.wait_with_output().expect("an end");
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        let said: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
        applied.push(said["applied"].as_array().expect("a list").len());
    }
    applied.sort_unstable();
    let all = database.store().schema().expect("a schema").applied.len();
    assert!(all >= 7, "{all}");
    assert_eq!(applied, [0, 0, 0, 0, 0, all]);
}

fn a_newer_schema_stops_an_older_program(database: &Database) {
    let home = Home::new(database.url());
    let instance = home.serve();
    let token = home.operator(&instance);
    let client = &instance.client;
    let head = database.store().head().expect("a head");
    database.direct().run(LATER);
    // It says so to whoever sends requests to it, and does nothing for them.
    client.get("/readyz", "", &[]).expect("an answer").is_refused_for_now("other_schema");
    client.get(PATH, "", &[]).expect("an answer").is_refused_for_now("other_schema");
    let body = json!({"kind": "enterprise", "names": {"en": "new"}});
    client.post(PATH, &token, &[], &body).expect("an answer").is_refused_for_now("other_schema");
    home.asked_for_token(&instance).is_refused_for_now("other_schema");
    assert_eq!(client.get("/healthz", "", &[]).expect("an answer").status, 200);
    assert!(home.log().contains("29990101000000"), "{}", home.log());
    // Nor does it start, or migrate.
    let ended = home.command().stderr(Stdio::piped()).output().expect("an end");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(69), "{said}");
    assert!(said.contains("newer schema than this program knows (29990101000000)"), "{said}");
    for command in [&["migrate"][..], &["migrate", "--rebuild"], &["log", "verify"]] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_etalon"));
        program.args(command).env_clear().env("DATABASE_URL", &home.database);
        let ended = program.output().expect("an end");
        assert_eq!(ended.status.code(), Some(69), "{command:?}: {ended:?}");
    }
    // Taken back, it goes on, the same process; nothing was written meanwhile.
    database.direct().run(BACK);
    assert_eq!(client.get("/readyz", "", &[]).expect("an answer").status, 200);
    assert_eq!(database.store().head().expect("a head"), head);
    assert_eq!(client.post(PATH, &token, &[], &body).expect("an answer").status, 201);
}

fn a_write_that_waited_for_a_migration_is_not_done(database: &Database) {
    let home = Home::new(database.url());
    let instance = home.serve();
    let token = home.operator(&instance);
    let head = database.store().head().expect("a head");
    // As `migrate` of a newer program: writers wait for the head of the log.
    let mut direct = database.direct();
    match database.backend() {
        Backend::Sqlite => direct.run("BEGIN IMMEDIATE"),
        Backend::Postgres => direct.run("BEGIN; LOCK TABLE log_head IN EXCLUSIVE MODE"),
    }
    thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let body = json!({"kind": "enterprise", "names": {"en": "late"}});
            instance.client.post(PATH, &token, &[], &body).expect("an answer")
        });
        if database.backend() == Backend::Postgres {
            // It has looked at the schema, and waits for the lock.
            let mut beside = database.direct();
            let waiting = "pg_stat_activity WHERE datname = current_database() \
                           AND wait_event_type = 'Lock'";
            while beside.count(waiting) == 0 {
                std::thread::yield_now();
            }
        }
        direct.run(LATER);
        direct.run("COMMIT");
        writing.join().expect("no panic").is_refused_for_now("other_schema");
    });
    database.direct().run(BACK);
    assert_eq!(database.store().head().expect("a head"), head);
}
