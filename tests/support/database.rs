//! Databases of tests: made from a template, thrown away afterwards.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use etalon::app::registry::Registry;
use etalon::domain::log::Digest;
use etalon::ids;
use etalon::store::{DatabaseUrl, Store};
use tempfile::TempDir;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// A database that nobody else uses, with the schema of this program and nothing in it.
#[derive(Debug)]
pub struct Database {
    backend: Backend,
    url: DatabaseUrl,
    /// What goes with it when it is dropped.
    kept: Kept,
}

#[derive(Debug)]
enum Kept {
    Directory(TempDir),
    Database(String),
}

impl Database {
    /// Runs a test on a backend, or says that it is skipped.
    pub fn each(backend: Backend, test: impl FnOnce(&Self)) {
        if let Some(database) = Self::on(backend) {
            test(&database);
        }
    }

    /// A migrated database; none where the backend is not there.
    pub fn on(backend: Backend) -> Option<Self> {
        match backend {
            Backend::Sqlite => {
                let database = Self::sqlite();
                fs::write(database.file(), sqlite_template()).expect("a copy of the template");
                Some(database)
            }
            Backend::Postgres => Some(Self::postgres(
                server()?,
                &format!("TEMPLATE {}", postgres_template(server()?)),
            )),
        }
    }

    /// A database with nothing in it, not even the schema.
    pub fn unmigrated(backend: Backend) -> Option<Self> {
        match backend {
            Backend::Sqlite => Some(Self::sqlite()),
            Backend::Postgres => Some(Self::postgres(server()?, "TEMPLATE template0")),
        }
    }

    fn sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let url = DatabaseUrl::Sqlite(directory.path().join("registry.db"));
        Self { backend: Backend::Sqlite, url, kept: Kept::Directory(directory) }
    }

    fn postgres(server: &str, template: &str) -> Self {
        // An id is unlike every other, also that of another process.
        let name = format!("etalon_test_{}", ids::new_id().as_str().replace('-', ""));
        Direct::to(server).run(&format!("CREATE DATABASE {name} {template}"));
        let url = DatabaseUrl::Postgres(database_of(server, &name));
        Self { backend: Backend::Postgres, url, kept: Kept::Database(name) }
    }

    pub fn backend(&self) -> Backend {
        self.backend
    }

    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// The file of an SQLite database.
    pub fn file(&self) -> &Path {
        match &self.url {
            DatabaseUrl::Sqlite(path) => path,
            DatabaseUrl::Postgres(_) => panic!("{:?} is no file", self.url),
        }
    }

    pub fn store(&self) -> Store {
        Store::open(&self.url).expect("the database answers")
    }

    pub fn registry(&self) -> Registry {
        Registry::open(&self.url).expect("the database has the schema")
    }

    /// A PostgreSQL database under another name, so that it is not found, until this is dropped.
    pub fn renamed(&self) -> Renamed<'_> {
        let Kept::Database(name) = &self.kept else { panic!("a file has no other name") };
        let server = server().expect("it was there");
        Direct::to(server).run(&format!("ALTER DATABASE {name} RENAME TO {name}_away"));
        Renamed { name }
    }

    /// A connection that goes past the store.
    pub fn direct(&self) -> Direct {
        match &self.url {
            DatabaseUrl::Postgres(url) => Direct::to(url),
            DatabaseUrl::Sqlite(path) => {
                let path = path.to_str().expect("a path in UTF-8");
                let mut connection = SqliteConnection::establish(path).expect("the file opens");
                connection
                    .batch_execute("PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON;")
                    .expect("settings");
                Direct::Sqlite(connection)
            }
        }
    }
}

/// A database that has another name for now.
#[derive(Debug)]
pub struct Renamed<'d> {
    name: &'d str,
}

impl Drop for Renamed<'_> {
    fn drop(&mut self) {
        let name = self.name;
        let server = server().expect("it was there");
        Direct::to(server).run(&format!("ALTER DATABASE {name}_away RENAME TO {name}"));
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A file goes with its directory.
        if let Kept::Database(name) = &self.kept
            && let Some(server) = server()
            && let Ok(mut connection) = PgConnection::establish(server)
        {
            // A database that stays does no harm, and a second panic would hide the first.
            let _ = connection.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

/// SQL past the store: to look at what it made, and to tamper with it.
pub enum Direct {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = Nullable<Text>)]
    text: Option<String>,
}

impl Direct {
    fn to(url: &str) -> Self {
        Self::Postgres(PgConnection::establish(url).expect("the server answers"))
    }

    /// Runs statements.
    #[track_caller]
    pub fn run(&mut self, sql: &str) {
        self.try_run(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
    }

    /// Runs statements; gives back what the database says against them.
    pub fn try_run(&mut self, sql: &str) -> Result<(), String> {
        let done = match self {
            Self::Sqlite(connection) => connection.batch_execute(sql),
            Self::Postgres(connection) => connection.batch_execute(sql),
        };
        done.map_err(|error| error.to_string())
    }

    /// Runs one statement, and says how many rows it changed.
    #[track_caller]
    pub fn change(&mut self, sql: &str) -> usize {
        let query = diesel::sql_query(sql);
        let changed = match self {
            Self::Sqlite(connection) => query.execute(connection),
            Self::Postgres(connection) => query.execute(connection),
        };
        changed.unwrap_or_else(|error| panic!("{error}: {sql}"))
    }

    /// The column `text` of a query.
    #[track_caller]
    pub fn texts(&mut self, sql: &str) -> Vec<String> {
        let query = diesel::sql_query(sql);
        let rows: QueryResult<Vec<TextRow>> = match self {
            Self::Sqlite(connection) => query.load(connection),
            Self::Postgres(connection) => query.load(connection),
        };
        let rows = rows.unwrap_or_else(|error| panic!("{error}: {sql}"));
        rows.into_iter().map(|row| row.text.unwrap_or_else(|| "NULL".to_owned())).collect()
    }

    /// The one number of a query for `text`.
    #[track_caller]
    pub fn count(&mut self, from: &str) -> u64 {
        let texts = self.texts(&format!("SELECT CAST(COUNT(*) AS TEXT) AS text FROM {from}"));
        texts[0].parse().expect("a number")
    }
}

// Templates

/// A migrated file without records.
fn sqlite_template() -> &'static [u8] {
    static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let database = Database::sqlite();
        database.store().migrate().expect("the migrations");
        let mut direct = database.direct();
        direct.run("PRAGMA wal_checkpoint(TRUNCATE)");
        fs::read(database.file()).expect("the file")
    })
}

/// The name of a migrated database without records on this server. It is called by the migrations
/// that made it, and made once: the first process that needs it makes it, others wait for the lock.
fn postgres_template(server: &str) -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let name = format!("etalon_template_{}", migrations_digest("migrations/postgres"));
        // Any number that nothing else on the server locks.
        const LOCK: u64 = 3_141_592_653;
        let mut direct = Direct::to(server);
        direct.texts(&format!("SELECT CAST(pg_advisory_lock({LOCK}) AS TEXT) AS text"));
        if direct.count(&format!("pg_database WHERE datname = '{name}'")) == 0 {
            // Only a whole template gets the name.
            let draft = format!("{name}_draft");
            direct.run(&format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)"));
            direct.run(&format!("CREATE DATABASE {draft} TEMPLATE template0 ENCODING 'UTF8'"));
            let url = DatabaseUrl::Postgres(database_of(server, &draft));
            Store::open(&url).expect("the draft").migrate().expect("the migrations");
            // The store's connections close a moment after it is dropped.
            direct.texts(&format!(
                "SELECT CAST(pg_terminate_backend(pid, 10000) AS TEXT) AS text \
                 FROM pg_stat_activity WHERE datname = '{draft}'"
            ));
            direct.run(&format!("ALTER DATABASE {draft} RENAME TO {name}"));
        }
        direct.texts(&format!("SELECT CAST(pg_advisory_unlock({LOCK}) AS TEXT) AS text"));
        name
    })
}

/// The beginning of a digest over all migrations of a directory.
fn migrations_digest(directory: &str) -> String {
    let mut files = Vec::new();
    let mut directories = vec![in_checkout(directory)];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { directories.push(path) } else { files.push(path) }
        }
    }
    files.sort_unstable();
    let read = |path: &PathBuf| {
        let name = path.to_str().expect("a path in UTF-8").as_bytes().to_owned();
        [name, fs::read(path).expect("a file")].concat()
    };
    let parts: Vec<Vec<u8>> = files.iter().map(read).collect();
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    Digest::of(&parts).to_string()[..16].to_owned()
}

pub fn in_checkout(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

// The server

/// The address of the PostgreSQL server; none where it does not answer.
fn server() -> Option<&'static str> {
    static SERVER: OnceLock<Option<String>> = OnceLock::new();
    SERVER.get_or_init(look_for_server).as_deref()
}

#[expect(clippy::disallowed_methods, reason = "where the server is belongs to who runs the tests")]
fn look_for_server() -> Option<String> {
    const VARIABLE: &str = "ETALON_TEST_DATABASE_URL";
    let url = std::env::var(VARIABLE)
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned());
    match PgConnection::establish(&url) {
        Ok(_) => Some(url),
        Err(error) => {
            let shown = DatabaseUrl::Postgres(url);
            let why = format!("no PostgreSQL answers at {shown} ({VARIABLE}): {error}");
            let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}");
            // Past the test harness, which keeps what tests that pass print to itself.
            let _ = writeln!(std::io::stderr(), "skipped: tests on PostgreSQL; {why}");
            None
        }
    }
}

/// The address of another database on the same server.
fn database_of(server: &str, name: &str) -> String {
    let (address, query) =
        server.split_once('?').map_or((server, ""), |(a, _)| (a, &server[a.len()..]));
    let (scheme, rest) = address.split_once("://").expect("an address with a scheme");
    let host = rest.split('/').next().unwrap_or(rest);
    format!("{scheme}://{host}/{name}{query}")
}
