//! Backups that are put back: made while a server writes, checked, restored where nothing is, and
//! refused where something is or where they are not what they were.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use etalon::store::Store;
use serde_json::{Value, json};

use crate::support::records::{import_country, verified};
use crate::support::{Backend, Database, both};

use super::process::Home;

both!(
    a_backup_is_restored_and_verified,
    a_backup_is_good_while_a_server_writes,
    a_log_that_is_not_sound_is_no_good_backup,
    a_backup_goes_only_where_nothing_is,
    a_backup_of_an_older_program_gets_the_schema,
);

/// Runs the program; its own settings come from nowhere.
fn etalon(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_etalon"));
    command.args(arguments).env_remove("DATABASE_URL").env_remove("ETALON_DATA_DIR");
    command.output().expect("an end")
}

#[track_caller]
fn good(arguments: &[&str]) -> Value {
    let ended = etalon(&[arguments, &["--json"]].concat());
    assert!(ended.status.success(), "{arguments:?}: {}", complaint(&ended));
    serde_json::from_slice(&ended.stdout).expect("JSON")
}

fn complaint(ended: &Output) -> String {
    unbroken(&String::from_utf8_lossy(&ended.stderr))
}

/// A text without the breaks of its lines.
fn unbroken(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn refused(arguments: &[&str], status: i32, word: &str) {
    let ended = etalon(arguments);
    let said = complaint(&ended);
    assert_eq!(ended.status.code(), Some(status), "{arguments:?}: {said}");
    assert!(said.contains(word), "{word} is not in: {said}");
}

/// The database that a backup is restored into, on the same backend.
fn elsewhere(database: &Database) -> Database {
    Database::unmigrated(database.backend()).expect("the backend is there")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// Only the file itself: nothing beside it.
#[track_caller]
fn is_alone(file: &Path) {
    let beside: Vec<_> = fs::read_dir(file.parent().expect("a directory"))
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    assert_eq!(beside, [file]);
}

fn a_backup_is_restored_and_verified(database: &Database) {
    let registry = database.registry();
    import_country(&registry);
    let head = registry.store().head().expect("a head");
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("registry.backup");
    let url = database.url().connection_string();
    let said = good(&["backup", text(&file), "--database", &url]);
    assert_eq!(said["log_index"], head.log_index);
    assert_eq!(said["chain_sha256"], head.chain_sha256.to_string());
    assert_eq!(said["bytes"], fs::metadata(&file).expect("the file").len());
    assert_eq!(said["signing_key"], false);
    assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    is_alone(&file);
    // A file that is there is not written over.
    refused(&["backup", text(&file), "--database", &url], 74, "exists");

    let other = elsewhere(database);
    let target = other.url().connection_string();
    let restored = good(&["restore", text(&file), "--database", &target]);
    assert_eq!(restored["log_index"], said["log_index"]);
    assert_eq!(restored["chain_sha256"], said["chain_sha256"]);
    assert_eq!(restored["applied"], json!([]));
    let (before, after) = (registry.store(), other.store());
    assert_eq!(verified(before), verified(&after));
    assert_eq!(before.projections().expect("rows"), after.projections().expect("rows"));
    // The log can still not be changed.
    let changed = other.direct().try_run("UPDATE record_log SET actor = 'x'");
    assert!(changed.is_err());
    let checkpoint = format!("{}:{}", head.log_index, head.chain_sha256);
    good(&["log", "verify", "--checkpoint", &checkpoint, "--database", &target]);
    // For people, in both languages.
    for (language, word) in [("en", "its log checked"), ("vi", "nhật ký đã kiểm tra")] {
        let file = directory.path().join(language);
        let made = etalon(&["backup", text(&file), "--lang", language, "--database", &url]);
        let page = unbroken(&String::from_utf8_lossy(&made.stdout));
        assert!(made.status.success() && page.contains(word), "{page}{}", complaint(&made));
        assert!(page.contains(&checkpoint) && page.contains("signing-key.pem"), "{page}");
    }
}

/// Says that it is over when it is dropped.
struct Ended<'d>(&'d AtomicBool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn a_backup_is_good_while_a_server_writes(database: &Database) {
    let home = Home::new(database.url());
    let instance = home.serve();
    let token = home.operator(&instance);
    let directory = tempfile::tempdir().expect("a directory");
    let done = AtomicBool::new(false);
    let url = database.url().connection_string();
    thread::scope(|scope| {
        let (instance, token, done) = (&instance, token.as_str(), &done);
        let writers: Vec<_> = (0..3)
            .map(|number| {
                scope.spawn(move || {
                    let mut count = 0;
                    while !done.load(Ordering::Relaxed) {
                        let name = format!("{number}-{count}");
                        let body = json!({"kind": "enterprise", "names": {"en": name}});
                        let path = "/api/v1/organisations";
                        let made = instance.client.post(path, token, &[], &body);
                        assert_eq!(made.expect("an answer").status, 201);
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        // Also when something is wrong here, those who write have to end.
        let _ended = Ended(done);
        let mut last = 0;
        for round in 0..3 {
            let before = database.store().head().expect("a head").log_index;
            let file = directory.path().join(format!("backup-{round}"));
            let said = good(&["backup", text(&file), "--database", &url]);
            let index = said["log_index"].as_u64().expect("an index");
            assert!(index >= before && index >= last, "{said}");
            last = index;
            let other = elsewhere(database);
            let target = other.url().connection_string();
            let restored = good(&["restore", text(&file), "--database", &target]);
            assert_eq!(restored["chain_sha256"], said["chain_sha256"]);
            assert_eq!(verified(&other.store()).len() as u64, index);
        }
        done.store(true, Ordering::Relaxed);
        let written: u64 = writers.into_iter().map(|one| one.join().expect("no panic")).sum();
        assert_eq!(database.store().head().expect("a head").log_index, written + 1);
    });
}

/// Changes a stored entry behind the back of what forbids it.
fn tamper(database: &Database) {
    let mut direct = database.direct();
    match database.backend() {
        Backend::Sqlite => {
            let triggers = "SELECT name AS text FROM sqlite_master WHERE type = 'trigger' \
                            AND tbl_name = 'record_log'";
            for name in direct.texts(triggers) {
                direct.run(&format!("DROP TRIGGER {name}"));
            }
        }
        Backend::Postgres => direct.run("ALTER TABLE record_log DISABLE TRIGGER ALL"),
    }
    let changed = direct.change("UPDATE record_log SET actor = 'nobody' WHERE log_index = 2");
    assert_eq!(changed, 1);
}

fn a_log_that_is_not_sound_is_no_good_backup(database: &Database) {
    import_country(&database.registry());
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("backup");
    let url = database.url().connection_string();
    tamper(database);
    refused(&["backup", text(&file), "--database", &url], 1, "entry 2");
    assert_eq!(fs::read_dir(directory.path()).expect("a directory").count(), 0);
    // A copy that somebody made otherwise is not taken for good either.
    copied_otherwise(database, &file);
    let other = elsewhere(database);
    let target = other.url().connection_string();
    refused(&["restore", text(&file), "--database", &target], 1, "entry 2");
    match database.backend() {
        Backend::Sqlite => assert!(!other.file().exists()),
        Backend::Postgres => {
            assert!(Store::open(other.url()).expect("a store").is_bare().expect("an answer"));
        }
    }
    // Nor is a file that is none.
    fs::write(&file, "no backup").expect("a file");
    refused(&["restore", text(&file), "--database", &target], 66, "is no backup");
    refused(&["restore", "/nowhere", "--database", &target], 74, "/nowhere");
}

/// A copy by the database's own means, which nobody checked.
fn copied_otherwise(database: &Database, file: &Path) {
    match database.backend() {
        Backend::Sqlite => database.direct().run(&format!("VACUUM INTO '{}'", file.display())),
        Backend::Postgres => {
            let mut dump = Command::new("pg_dump");
            dump.args(["--format=custom", "--file"]).arg(file);
            let url = database.url().connection_string();
            assert!(dump.arg(url).status().expect("pg_dump").success());
        }
    }
}

fn a_backup_goes_only_where_nothing_is(database: &Database) {
    import_country(&database.registry());
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("backup");
    let url = database.url().connection_string();
    good(&["backup", text(&file), "--database", &url]);
    let before = verified(&database.store());
    refused(&["restore", text(&file), "--database", &url], 65, "is not empty");
    assert_eq!(verified(&database.store()), before);
    // Nor into the other kind of database.
    let (kind, target) = match database.backend() {
        Backend::Sqlite => ("SQLite", "postgres://postgres@127.0.0.1:1/x".to_owned()),
        Backend::Postgres => ("PostgreSQL", text(&directory.path().join("other.db")).to_owned()),
    };
    refused(&["restore", text(&file), "--database", &target], 65, kind);
    // What is left of another embedded database counts.
    if database.backend() == Backend::Sqlite {
        let other = elsewhere(database);
        let wal = other.file().with_extension("db-wal");
        fs::write(&wal, "left").expect("a file");
        let target = other.url().connection_string();
        refused(&["restore", text(&file), "--database", &target], 65, "is not empty");
    }
}

/// The last migration taken back, as if a program before it had made the copy.
fn a_backup_of_an_older_program_gets_the_schema(database: &Database) {
    import_country(&database.registry());
    let backend = match database.backend() {
        Backend::Sqlite => "sqlite",
        Backend::Postgres => "postgres",
    };
    let migrations = crate::support::database::in_checkout("migrations").join(backend);
    let mut names: Vec<_> = fs::read_dir(migrations)
        .expect("migrations")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    names.sort();
    let last = names.last().expect("one");
    let undo = fs::read_to_string(last.join("down.sql")).expect("a script");
    let version: String = last.file_name().expect("a name").to_str().expect("UTF-8")[..17]
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    let mut direct = database.direct();
    direct.run(&undo);
    let noted = format!("DELETE FROM __diesel_schema_migrations WHERE version = '{version}'");
    assert_eq!(direct.change(&noted), 1);
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("backup");
    copied_otherwise(database, &file);
    let other = elsewhere(database);
    let target = other.url().connection_string();
    let restored = good(&["restore", text(&file), "--database", &target]);
    assert_eq!(restored["applied"], json!([version]));
    verified(&other.store());
}

#[test]
fn a_password_stays_out_of_arguments_and_output() {
    let Some(database) = Database::on(Backend::Postgres) else { return };
    let directory = tempfile::tempdir().expect("a directory");
    // In the place of pg_dump a program that says what it was called with.
    let fake = directory.path().join("pg_dump");
    fs::write(&fake, "#!/bin/sh\necho \"called with: $*; password $PGPASSWORD\" >&2\nexit 1\n")
        .expect("a program");
    fs::set_permissions(&fake, fs::Permissions::from_mode(0o700)).expect("a program");
    let url = database.url().connection_string();
    let (_, hosts) = url.split_once('@').expect("a user");
    let url = format!("postgres://postgres:s%65cret@{hosts}");
    let file = directory.path().join("backup");
    let mut command = Command::new(env!("CARGO_BIN_EXE_etalon"));
    command.arg("backup").arg(&file).args(["--database", &url]).env_clear();
    let paths = format!("{}:/usr/bin:/bin", directory.path().display());
    let ended = command.env("PATH", paths).output().expect("an end");
    let said = complaint(&ended);
    assert_eq!(ended.status.code(), Some(69), "{said}");
    assert!(said.contains("password secret"), "{said}");
    assert_eq!(said.matches("cret").count(), 1, "{said}");
    assert!(!file.exists() && !directory.path().join("backup.part").exists());
    // And where it is not installed, that is said.
    let mut command = Command::new(env!("CARGO_BIN_EXE_etalon"));
    command.arg("backup").arg(&file).args(["--database", &url]).env_clear();
    let ended = command.env("PATH", "/nowhere").output().expect("an end");
    let said = complaint(&ended);
    assert_eq!(ended.status.code(), Some(69), "{said}");
    assert!(said.contains("pg_dump of PostgreSQL is not there"), "{said}");
}
