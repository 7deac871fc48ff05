//! Bad surroundings: a schema that is not this program's, files that are none, locks, full disks,
//! servers that do not answer. A clear error each time, and nothing lost.

use std::fs;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::support::records::{author, created, document, everything, verified};
use crate::support::room::Room;
use crate::support::{Backend, Database, Direct, both};
use etalon::app::refusal::Refusal;
use etalon::app::registry::Registry;
use etalon::domain::records::CollectionName::Documents;
use etalon::store::{DatabaseUrl, Store, StoreError, Writer};
use serde_json::json;

both!(a_newer_schema, no_schema, connections_that_were_cut);

/// Opens a registry that must be refused.
#[track_caller]
fn not_opened(url: &DatabaseUrl) -> StoreError {
    match Registry::open(url) {
        Err(Refusal::Store(error)) => {
            let text = error.text();
            assert!(!text.vi.is_empty() && !text.en.is_empty());
            error
        }
        other => panic!("{other:?}"),
    }
}

fn a_newer_schema(database: &Database) {
    created(&database.registry(), Documents, document("ĐLVN 99:2002"));
    let mut direct = database.direct();
    direct.run("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')");
    let newer = StoreError::NewerSchema("29991231000000".to_owned());
    assert_eq!(not_opened(database.url()), newer);
    let store = database.store();
    assert_eq!(store.migrate(), Err(newer.clone()));
    // What a newer program keeps there, this one does not know.
    assert_eq!(store.head().expect_err("not read"), newer);
    let schema = store.schema().expect("a schema");
    assert_eq!(schema.unknown, ["29991231000000"]);
    assert!(schema.pending.is_empty());
    direct.run("DELETE FROM __diesel_schema_migrations WHERE version = '29991231000000'");
    assert_eq!(verified(&store).len(), 1);
    created(&database.registry(), Documents, document("ĐLVN 100:2002"));
}

fn no_schema(database: &Database) {
    let empty = Database::unmigrated(database.backend()).expect("the backend is there");
    match database.backend() {
        // There is nothing in a new file to be careful about.
        Backend::Sqlite => {
            created(&empty.registry(), Documents, document("ĐLVN 99:2002"));
        }
        Backend::Postgres => {
            let store = empty.store();
            let pending = store.schema().expect("a schema").pending;
            assert!(!pending.is_empty());
            let not_migrated = StoreError::NotMigrated { pending: pending.len() };
            assert_eq!(not_opened(empty.url()), not_migrated);
            assert_eq!(store.migrate().expect("migrated"), pending);
            created(&empty.registry(), Documents, document("ĐLVN 99:2002"));
        }
    }
    // A schema of which a part is missing.
    let half = Database::unmigrated(database.backend()).expect("the backend is there");
    let store = half.store();
    store.migrate().expect("migrated");
    half.direct().run("DELETE FROM __diesel_schema_migrations");
    half.direct().run("INSERT INTO __diesel_schema_migrations (version) VALUES ('00000000000001')");
    assert!(matches!(not_opened(half.url()), StoreError::NewerSchema(_)));
}

/// Connections of the pool that went away are replaced without anybody noticing.
fn connections_that_were_cut(database: &Database) {
    let registry = database.registry();
    created(&registry, Documents, document("A"));
    if database.backend() == Backend::Postgres {
        database.direct().texts(
            "SELECT CAST(pg_terminate_backend(pid, 10000) AS TEXT) AS text FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
    }
    assert_eq!(everything(registry.store(), 1).len(), 1);
    created(&registry, Documents, document("B"));
    // In the middle of a write it is an error, and nothing is kept.
    if database.backend() == Backend::Postgres {
        let cut = registry.store().write(|writer: &mut Writer<'_>| {
            database.direct().texts(
                "SELECT CAST(pg_terminate_backend(pid, 10000) AS TEXT) AS text \
                 FROM pg_stat_activity WHERE datname = current_database() \
                 AND pid <> pg_backend_pid()",
            );
            writer.stored_all(&[etalon::ids::new_id()])
        });
        assert!(matches!(cut, Err(StoreError::Unreachable { .. })), "{cut:?}");
        created(&registry, Documents, document("C"));
        assert_eq!(verified(registry.store()).len(), 3);
    }
}

#[test]
fn servers_that_do_not_answer() {
    // Nothing listens at port 1.
    let url: DatabaseUrl = "postgres://somebody:secret@127.0.0.1:1/etalon".parse().expect("a URL");
    let error = not_opened(&url);
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    assert!(
        !error.text().en.contains("secret") && !error.text().vi.contains("secret"),
        "{error:?}"
    );
    if let Some(database) = Database::on(Backend::Postgres) {
        let url = database.url();
        let url = match url {
            DatabaseUrl::Postgres(url) => format!("{url}_not_there"),
            DatabaseUrl::Sqlite(_) => unreachable!(),
        };
        let error = not_opened(&DatabaseUrl::Postgres(url));
        assert!(
            matches!(&error, StoreError::Unreachable { reason, .. } if reason.contains("does not exist")),
            "{error:?}"
        );
    }
}

// Files

/// How long a locked file is waited for in a test: longer than making a connection takes.
const IMPATIENT: Duration = Duration::from_millis(500);

fn open_impatient(database: &Database) -> Store {
    Store::open_with(database.url(), IMPATIENT).expect("the database answers")
}

fn write_one(store: &Store) -> Result<(), StoreError> {
    store.write(|writer| writer.stored_all([]).map(|_| ()))
}

#[test]
fn a_file_locked_by_another_process() {
    let database = Database::on(Backend::Sqlite).expect("always there");
    let registry = database.registry();
    let before = created(&registry, Documents, document("ĐLVN 99:2002"));
    let store = open_impatient(&database);
    for (lock, head) in [("BEGIN EXCLUSIVE", 1), ("BEGIN IMMEDIATE", 2)] {
        let mut other = database.direct();
        other.run(lock);
        assert_eq!(write_one(&store), Err(StoreError::Locked), "{lock}");
        // Reading goes on.
        assert_eq!(store.head().expect("a head").log_index, head);
        assert!(store.get(&before, 1).expect("a read").is_some());
        // A program that starts meanwhile waits for nobody.
        created_after(&database, other);
        assert_eq!(write_one(&store), Ok(()));
    }
    assert_eq!(verified(&store).len(), 3);
}

/// Opens the registry while the lock is held, and writes once it is given back.
fn created_after(database: &Database, mut other: Direct) {
    let registry = Registry::open(database.url()).expect("the lock keeps nobody from reading");
    other.run("COMMIT");
    created(&registry, Documents, document("after the lock"));
}

#[test]
fn a_new_file_locked_by_another_process() {
    let empty = Database::unmigrated(Backend::Sqlite).expect("always there");
    let mut other = empty.direct();
    other.run("BEGIN EXCLUSIVE");
    let error = Store::open_with(empty.url(), IMPATIENT).map(|_| ());
    assert_eq!(error, Err(StoreError::Locked));
    other.run("ROLLBACK");
    created(&empty.registry(), Documents, document("ĐLVN 99:2002"));
}

/// A writer of this process waits for the other as for one of another process.
#[test]
fn a_writer_of_the_same_process() {
    let database = Database::on(Backend::Sqlite).expect("always there");
    let store = open_impatient(&database);
    let second = store.write(|_| Ok::<_, StoreError>(write_one(&store))).expect("the first");
    assert_eq!(second, Err(StoreError::Locked));
    assert_eq!(write_one(&store), Ok(()));
}

#[test]
fn files_that_are_no_database() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = |name: &str, content: &[u8]| {
        let path = directory.path().join(name);
        fs::write(&path, content).expect("a file");
        path
    };
    let text = "Đây không phải là cơ sở dữ liệu. ".repeat(100);
    for path in [
        file("text", text.as_bytes()),
        file("bundle.json", include_bytes!("../../examples/viet-nam.json")),
    ] {
        let before = fs::read(&path).expect("the file");
        let url = DatabaseUrl::Sqlite(path.clone());
        let error = not_opened(&url);
        assert_eq!(error, StoreError::NotADatabase(url.to_string()));
        assert!(error.text().en.contains(path.to_str().expect("UTF-8")));
        assert_eq!(fs::read(&path).expect("the file"), before);
    }
    let missing = DatabaseUrl::Sqlite(directory.path().join("not/there.db"));
    assert!(matches!(not_opened(&missing), StoreError::Unreachable { .. }));
    let itself = DatabaseUrl::Sqlite(directory.path().to_owned());
    assert!(matches!(not_opened(&itself), StoreError::Unreachable { .. }));
}

/// The database of another program gets no tables from this one.
#[test]
fn a_file_of_another_program() {
    let empty = Database::unmigrated(Backend::Sqlite).expect("always there");
    let mut theirs = empty.direct();
    theirs.run(
        "CREATE TABLE bookmarks (url TEXT); INSERT INTO bookmarks VALUES ('https://bipm.org')",
    );
    let error = not_opened(empty.url());
    assert_eq!(error, StoreError::NotADatabase(empty.url().to_string()));
    let tables = theirs.texts("SELECT name AS text FROM sqlite_master WHERE type = 'table'");
    assert_eq!(tables, ["bookmarks"]);
    assert_eq!(theirs.texts("SELECT url AS text FROM bookmarks"), ["https://bipm.org"]);
}

/// A database in memory would be another one for every connection.
#[test]
fn databases_in_memory_are_refused() {
    for text in ["sqlite::memory:", ":memory:", "sqlite://", "sqlite:", "", "file:x?mode=memory"] {
        let parsed = text.parse::<DatabaseUrl>();
        assert!(matches!(parsed, Err(StoreError::BadUrl(_))), "{text}: {parsed:?}");
    }
}

/// The first that opens a new file sets its journal, for which SQLite waits for nobody.
#[test]
fn a_new_file_that_another_writes_is_waited_for() {
    let file = Database::unmigrated(Backend::Sqlite).expect("SQLite is there");
    let mut other = file.direct();
    other.run("BEGIN IMMEDIATE");
    let (told, opened) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| told.send(Store::open(file.url()).map(drop)).expect("somebody listens"));
        // As long as the other writes, and it is waited for ten seconds, there is no answer.
        let early = opened.recv_timeout(Duration::from_millis(200));
        assert_eq!(early, Err(mpsc::RecvTimeoutError::Timeout));
        other.run("COMMIT");
        assert_eq!(opened.recv(), Ok(Ok(())));
    });
}

// A full disk

#[test]
fn a_full_disk() {
    let Some(disk) = Room::of(3) else { return };
    disk.take(1 << 20);
    let url = DatabaseUrl::Sqlite(disk.path().join("registry.db"));
    let registry = Registry::open(&url).expect("room for a start");
    let mut acknowledged = Vec::new();
    let text = "dài ".repeat(500);
    let error = loop {
        let body = json!({"designation": "D", "titles": {"vi": text}});
        match registry.create(Documents, body, &author()) {
            Ok(accepted) => acknowledged.push(accepted.written.id),
            Err(error) => break error,
        }
        assert!(acknowledged.len() < 10_000, "the disk does not get full");
    };
    assert_eq!(error, Refusal::Store(StoreError::Full));
    assert!(acknowledged.len() > 10, "{}", acknowledged.len());
    let is_all_there = |registry: &Registry, ids: &[etalon::domain::id::Id]| {
        let log = verified(registry.store());
        assert!(log.iter().map(|entry| &entry.record_id).eq(ids));
        let mut sorted = ids.to_vec();
        sorted.sort_unstable();
        let all = everything(registry.store(), log.len() as u64);
        assert!(all.iter().map(|stored| &stored.id).eq(&sorted));
    };
    is_all_there(&registry, &acknowledged);
    // With room again the same program goes on; so does another one.
    disk.free();
    acknowledged.push(created(&registry, Documents, document("after")));
    is_all_there(&registry, &acknowledged);
    drop(registry);
    let registry = Registry::open(&url).expect("the file is whole");
    acknowledged.push(created(&registry, Documents, document("after")));
    is_all_there(&registry, &acknowledged);
}

#[test]
fn a_disk_that_may_not_be_written() {
    let Some(disk) = Room::of(3) else { return };
    let url = DatabaseUrl::Sqlite(disk.path().join("registry.db"));
    let registry = Registry::open(&url).expect("a disk that may be written");
    created(&registry, Documents, document("ĐLVN 99:2002"));
    drop(registry);
    disk.remounted("ro");
    let error = not_opened(&url);
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    assert!(error.text().en.contains("registry.db"), "{error:?}");
    disk.remounted("rw");
    let registry = Registry::open(&url).expect("a disk that may be written");
    created(&registry, Documents, document("ĐLVN 100:2002"));
    assert_eq!(verified(registry.store()).len(), 2);
}
