//! Connections: the two backends behind one type, chosen by the scheme of the address, and the pool
//! that hands them out. What SQL they run does not live here.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::connection::{Connection, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::r2d2::event::{CheckoutEvent, HandleEvent};
use diesel::r2d2::{self, ManageConnection, Pool, R2D2Connection as _};
use diesel::{PgConnection, SqliteConnection};

use super::error::StoreError;

/// A connection to either backend.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// PostgreSQL.
    Postgres(PgConnection),
    /// SQLite, embedded.
    Sqlite(SqliteConnection),
}

/// Where a database is: `postgres://…`, or a file of the embedded SQLite.
///
/// ```
/// use etalon::store::DatabaseUrl;
/// assert_eq!("sqlite:registry.db".parse::<DatabaseUrl>()?.to_string(), "sqlite:registry.db");
/// assert!("mysql://localhost/registry".parse::<DatabaseUrl>().is_err());
/// # Ok::<(), etalon::store::StoreError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A PostgreSQL connection string.
    Postgres(String),
    /// A file of the embedded SQLite.
    Sqlite(PathBuf),
}

impl FromStr for DatabaseUrl {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        let path = match text.strip_prefix("sqlite:") {
            Some(path) => path.strip_prefix("//").unwrap_or(path),
            // A path alone is a file; another scheme is a mistake, never a file of that name.
            None if text.contains("://") => "",
            None => text,
        };
        // SQLite takes some names for more than a file: a database in memory, another for every
        // connection, or an address with settings of its own.
        if path.is_empty() || path.starts_with(':') || path.starts_with("file:") {
            return Err(StoreError::BadUrl(shown(text)));
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }
}

impl DatabaseUrl {
    /// The address as a client of the database takes it, with its password: never to be shown.
    pub fn connection_string(&self) -> String {
        match self {
            Self::Postgres(url) => url.clone(),
            Self::Sqlite(path) => path.display().to_string(),
        }
    }
}

/// The address as it may be shown: without a password.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postgres(url) => formatter.write_str(&shown(url)),
            Self::Sqlite(path) => write!(formatter, "sqlite:{}", path.display()),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A connection string without its passwords, in the authority and in the query. A password may
/// hold what should be escaped in it, so everything up to the last `@` counts as credentials.
fn shown(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let mut text = match scheme {
        "" => String::new(),
        scheme => format!("{scheme}://"),
    };
    let address = match rest.rsplit_once('@') {
        Some((credentials, address)) => {
            text.push_str(credentials.split(':').next().unwrap_or_default());
            text.push('@');
            address
        }
        None => rest,
    };
    let (address, query) = address.split_once('?').map_or((address, None), |(a, q)| (a, Some(q)));
    text.push_str(address);
    for (position, part) in query.into_iter().flat_map(|query| query.split('&')).enumerate() {
        text.push(if position == 0 { '?' } else { '&' });
        text.push_str(if part.starts_with("password=") { "password=…" } else { part });
    }
    text
}

/// What makes and checks the connections of a pool.
#[derive(Debug, Clone)]
pub(super) struct Manager {
    url: DatabaseUrl,
    patience: Duration,
    /// Whether a file of SQLite is one that nobody else uses, and is to stay a single file.
    alone: bool,
}

/// A pool of connections to one database, and how long others waited for them.
#[derive(Debug, Clone)]
pub(super) struct Connections {
    pool: Pool<Manager>,
    waits: Waits,
}

impl Connections {
    /// The most connections that there are.
    pub(super) fn most(&self) -> u32 {
        self.pool.max_size()
    }
}

/// How long was waited for connections, as the pool tells it.
#[derive(Debug, Clone, Default)]
struct Waits(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    lent: AtomicU64,
    microseconds: AtomicU64,
    given_up: AtomicU64,
}

impl HandleEvent for Waits {
    fn handle_checkout(&self, event: CheckoutEvent) {
        let microseconds = u64::try_from(event.duration().as_micros()).unwrap_or(u64::MAX);
        self.0.lent.fetch_add(1, Ordering::Relaxed);
        self.0.microseconds.fetch_add(microseconds, Ordering::Relaxed);
    }
}

/// A connection lent by a pool.
pub(super) type Lent = diesel::r2d2::PooledConnection<Manager>;

/// How a pool of connections stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolState {
    /// Connections that somebody uses.
    pub in_use: u32,
    /// Connections that wait for somebody.
    pub idle: u32,
    /// How often one was lent, since the pool was made.
    pub lent: u64,
    /// How long those who got one waited for it, all together.
    pub waited: Duration,
    /// How often somebody gave up waiting.
    pub given_up: u64,
}

impl PoolState {
    pub(super) fn of(pool: &Connections) -> Self {
        let (state, waits) = (pool.pool.state(), &pool.waits.0);
        let idle = state.idle_connections;
        Self {
            in_use: state.connections.saturating_sub(idle),
            idle,
            lent: waits.lent.load(Ordering::Relaxed),
            waited: Duration::from_micros(waits.microseconds.load(Ordering::Relaxed)),
            given_up: waits.given_up.load(Ordering::Relaxed),
        }
    }
}

/// How long a reader or writer waits for a connection, and a writer for the lock that fixes the
/// order of the log: longer than any write takes, short enough to say so while somebody still waits.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// How long somebody waits for a connection that cannot be made before they are told why. While
/// nothing can be done, nobody should hold a thread for longer; and the pool, which tries again at
/// half of this at the latest, finds a database that has come back within it.
const OUTAGE: Duration = Duration::from_secs(1);

/// How long PostgreSQL lets a transaction of ours do nothing, which holds up every other writer: an
/// instance that was stopped or cut off in the middle of a write. No use case thinks for as long.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(60);

/// What libpq is told about a server where the address says nothing of it, so that a machine that
/// vanished without a word is noticed: seconds for a connection to be made, seconds of silence after
/// which it is asked whether it is still there and how often, and the milliseconds that what was
/// sent may stay unacknowledged.
const NETWORK: [(&str, &str); 5] = [
    ("connect_timeout", "5"),
    ("keepalives_idle", "15"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "20000"),
];

/// An address of PostgreSQL with what is so where it does not say otherwise.
///
/// Of several servers only the one that takes writes is used: from a standby a read could be older
/// than one that was answered before.
fn told(url: &str) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let says =
        |name: &str| query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    let hosts = address.rsplit_once('@').map_or(address, |(_, hosts)| hosts);
    let several = hosts.contains(',') || says("host").is_some_and(|hosts| hosts.contains(','));
    let writes = several.then_some(("target_session_attrs", "read-write"));
    let mut told = url.to_owned();
    for (name, value) in NETWORK.into_iter().chain(writes) {
        if says(name).is_none() {
            told.push(if told.contains('?') { '&' } else { '?' });
            told.push_str(name);
            told.push('=');
            told.push_str(value);
        }
    }
    told
}

/// Lends a connection, whatever has become of it since somebody had it last.
pub(super) fn lend(
    pool: &Connections,
    url: &DatabaseUrl,
    patience: Duration,
) -> Result<Lent, StoreError> {
    let step = patience.min(OUTAGE);
    let mut waited = Duration::ZERO;
    loop {
        let error = match pool.pool.get_timeout(step) {
            Ok(connection) => return Ok(connection),
            Err(error) => StoreError::from_lending(url, &error),
        };
        waited += step;
        // Where all are lent, one comes back; where none can be made, waiting does not help.
        if error != StoreError::Locked || waited >= patience {
            pool.waits.0.given_up.fetch_add(1, Ordering::Relaxed);
            return Err(error);
        }
    }
}

/// Throws a connection away that does not answer, so that the pool makes another.
pub(super) fn discard(mut connection: Lent) {
    <AnyConnection as Connection>::TransactionManager::transaction_manager_status_mut(
        &mut *connection,
    )
    .set_in_error();
}

impl Manager {
    pub(super) fn new(url: DatabaseUrl, patience: Duration) -> Self {
        Self { url, patience, alone: false }
    }

    /// The same for a file that nobody else uses: nothing is left beside it.
    pub(super) fn alone(self) -> Self {
        Self { alone: true, ..self }
    }

    /// A pool of at most so many connections.
    pub(super) fn pool(self, most: u32) -> Result<Connections, StoreError> {
        let (url, patience) = (self.url.clone(), self.patience);
        // The first connection is tried here, so that its own error is told and not a time-out.
        drop(self.connect().map_err(|error| StoreError::from_connecting(&url, &error))?);
        let waits = Waits::default();
        let pool = Pool::builder()
            .max_size(most)
            .min_idle(Some(0))
            // A connection is tried by whoever gets it, with a question that has to be asked anyhow.
            .test_on_check_out(false)
            .connection_timeout(patience.min(OUTAGE))
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .event_handler(Box::new(waits.clone()))
            .build_unchecked(self);
        Ok(Connections { pool, waits })
    }
}

impl ManageConnection for Manager {
    type Connection = AnyConnection;
    type Error = r2d2::Error;

    fn connect(&self) -> Result<AnyConnection, r2d2::Error> {
        match &self.url {
            DatabaseUrl::Postgres(url) => {
                let mut connection =
                    PgConnection::establish(&told(url)).map_err(r2d2::Error::ConnectionError)?;
                let (lock, idle) = (self.patience.as_millis(), IDLE_IN_TRANSACTION.as_millis());
                let settings = format!(
                    "SET application_name = 'etalon'; SET timezone = 'UTC'; \
                     SET client_min_messages = 'warning'; SET lock_timeout = {lock}; \
                     SET idle_in_transaction_session_timeout = {idle};"
                );
                connection.batch_execute(&settings).map_err(r2d2::Error::QueryError)?;
                Ok(AnyConnection::Postgres(connection))
            }
            DatabaseUrl::Sqlite(path) => {
                let connection = sqlite(path, self.patience, self.alone)?;
                Ok(AnyConnection::Sqlite(connection))
            }
        }
    }

    fn is_valid(&self, connection: &mut AnyConnection) -> Result<(), r2d2::Error> {
        connection.batch_execute("SELECT 1").map_err(r2d2::Error::QueryError)
    }

    fn has_broken(&self, connection: &mut AnyConnection) -> bool {
        std::thread::panicking() || connection.is_broken()
    }
}

/// What is said of a database that has tables, and not ours.
pub(super) const OF_ANOTHER_PROGRAM: &str = "the file is a database of another program";

#[derive(QueryableByName)]
struct Tables {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    all: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    ours: i64,
}

fn is_of_another_program(connection: &mut SqliteConnection) -> diesel::QueryResult<bool> {
    let tables = diesel::sql_query(
        "SELECT COUNT(*) AS \"all\", COUNT(*) FILTER (WHERE name IN \
         ('record_log', '__diesel_schema_migrations')) AS ours \
         FROM sqlite_master WHERE type = 'table'",
    )
    .get_result::<Tables>(connection)?;
    Ok(tables.all > 0 && tables.ours == 0)
}

fn sqlite(path: &Path, patience: Duration, alone: bool) -> Result<SqliteConnection, r2d2::Error> {
    let bad =
        |what: &str| r2d2::Error::ConnectionError(ConnectionError::BadConnection(what.into()));
    let name = path.to_str().ok_or_else(|| bad("the name of the file is no UTF-8 text"))?;
    let mut connection = SqliteConnection::establish(name).map_err(r2d2::Error::ConnectionError)?;
    // The time to wait comes first: it holds for the looking and for setting the journal, too.
    let wait = patience.as_millis();
    let patient = connection.batch_execute(&format!("PRAGMA busy_timeout = {wait};"));
    patient.map_err(r2d2::Error::QueryError)?;
    // Before anything of the file is set: one of another program is left as it is.
    if is_of_another_program(&mut connection).map_err(r2d2::Error::QueryError)? {
        return Err(bad(OF_ANOTHER_PROGRAM));
    }
    let journal = if alone { "DELETE" } else { "WAL" };
    set_journal(&mut connection, journal).map_err(r2d2::Error::QueryError)?;
    let settings = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                    PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;";
    connection.batch_execute(settings).map_err(r2d2::Error::QueryError)?;
    Ok(connection)
}

/// Sets the journal of a file, once nobody else writes it.
///
/// To change it SQLite reads the file and then asks for the lock to write, and where another has
/// that, says so at once whatever time to wait is set, for two that had both read would wait for
/// each other. So whoever has the lock is waited for by asking for it alone.
fn set_journal(connection: &mut SqliteConnection, journal: &str) -> QueryResult<()> {
    /// Others that are met on the way; the first that sets the journal sets it for all.
    const MOST_MET: u32 = 100;
    let set = format!("PRAGMA journal_mode = {journal};");
    for _ in 0..MOST_MET {
        match connection.batch_execute(&set) {
            Err(error)
                if StoreError::from_words(&error.to_string()) == Some(StoreError::Locked) =>
            {
                connection.batch_execute("BEGIN IMMEDIATE; ROLLBACK;")?;
            }
            done => return done,
        }
    }
    connection.batch_execute(&set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_is_told_what_the_address_does_not_say() {
        let network = "connect_timeout=5&keepalives_idle=15&keepalives_interval=5\
                       &keepalives_count=3&tcp_user_timeout=20000";
        let one = |url: &str| told(url);
        assert_eq!(one("postgres://u:a,b@h/db"), format!("postgres://u:a,b@h/db?{network}"));
        let several = format!("{network}&target_session_attrs=read-write");
        assert_eq!(one("postgres://h1:1,h2:2/db"), format!("postgres://h1:1,h2:2/db?{several}"));
        let hosts = "postgres:///db?host=h1,h2";
        assert_eq!(one(hosts), format!("{hosts}&{several}"));
        let said = "postgres://h1,h2/db?target_session_attrs=any&connect_timeout=1";
        assert_eq!(one(said), said.to_owned() + &network[17..]);
    }

    #[test]
    fn passwords_are_not_shown() {
        for (url, expected) in [
            ("postgres://u:secret@host:5432/db", "postgres://u@host:5432/db"),
            (
                "postgres://u:se?cret@host/db?sslmode=require",
                "postgres://u@host/db?sslmode=require",
            ),
            ("postgres://u:s@c/r:et@host/db", "postgres://u@host/db"),
            ("postgres://host/db?user=u&password=secret", "postgres://host/db?user=u&password=…"),
            ("postgres://host/db", "postgres://host/db"),
        ] {
            let parsed: DatabaseUrl = url.parse().expect(url);
            assert_eq!(parsed.to_string(), expected);
            assert_eq!(format!("{parsed:?}"), expected);
            assert_eq!(parsed.connection_string(), url);
        }
    }
}
