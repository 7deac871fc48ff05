//! What can keep the store from doing its work, said so that somebody can act on it. Faults of
//! records do not live here (`domain::fault`).

use diesel::r2d2::PoolError;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::domain::text::Text;

use super::connection::{DatabaseUrl, OF_ANOTHER_PROGRAM};

/// Why the store could not do its work. Nothing of the work was kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The address of the database cannot be read.
    #[error("“{0}” is no address of a database")]
    BadUrl(String),
    /// The database does not answer.
    #[error("{url} cannot be reached: {reason}")]
    Unreachable {
        /// Its address, without password.
        url: String,
        /// What the library said.
        reason: String,
    },
    /// Others write, in this process or, for a file of SQLite, in another.
    #[error("the database is locked by another writer")]
    Locked,
    /// There is no room left.
    #[error("there is no room left on the disk of the database")]
    Full,
    /// The database may not be written.
    #[error("the database may not be written: {0}")]
    ReadOnly(String),
    /// The file is no database.
    #[error("{0} is no database of Etalon")]
    NotADatabase(String),
    /// The schema is older than this program, or there is none.
    #[error("{pending} migrations are pending")]
    NotMigrated {
        /// Migrations not applied yet.
        pending: usize,
    },
    /// The schema is newer than this program.
    #[error("the schema has migrations that this program does not know: {0}")]
    NewerSchema(String),
    /// Something stored cannot be read as what it must be.
    #[error("log entry {log_index}: {reason}")]
    Damaged {
        /// The entry.
        log_index: u64,
        /// What is wrong.
        reason: String,
    },
    /// A file that a copy of the database is, or is to be, cannot be used.
    #[error("{file}: {reason}")]
    File {
        /// Its name.
        file: String,
        /// What the system said.
        reason: String,
    },
    /// A file is no copy of a database.
    #[error("{0} is no backup")]
    NoBackup(String),
    /// A database that was to be filled has tables already.
    #[error("{0} is not empty")]
    Occupied(String),
    /// A program of PostgreSQL is not installed.
    #[error("{name} is not installed")]
    NoProgram {
        /// Its name.
        name: &'static str,
    },
    /// A program of PostgreSQL could not do its work.
    #[error("{name}: {reason}")]
    Program {
        /// Its name.
        name: &'static str,
        /// What it said.
        reason: String,
    },
    /// Anything else that the database said.
    #[error("{0}")]
    Database(String),
}

impl StoreError {
    /// Whether it may pass by itself: the database does not answer, is held by somebody else, is
    /// full, or may not be written at the moment, as while another server takes over.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Locked | Self::Full | Self::ReadOnly(_))
    }

    /// Whether the database has another schema than this program: older, or newer.
    pub fn is_other_schema(&self) -> bool {
        matches!(self, Self::NotMigrated { .. } | Self::NewerSchema(_))
    }

    /// What is wrong and what to do, in both languages.
    pub fn text(&self) -> Text {
        let (vi, en) = match self {
            Self::BadUrl(found) => (
                format!("“{found}” không phải địa chỉ cơ sở dữ liệu; cần postgres://… hoặc tên tệp SQLite"),
                format!("“{found}” is no address of a database; expected postgres://… or the name of an SQLite file"),
            ),
            Self::Unreachable { url, reason } => (
                format!("không kết nối được tới {url}: {reason}"),
                format!("{url} cannot be reached: {reason}"),
            ),
            Self::Locked => (
                "cơ sở dữ liệu đang bị một lượt ghi hoặc tiến trình khác khoá; hãy đợi xong rồi làm lại".to_owned(),
                "the database is locked by another writer or process; let it finish and do this again".to_owned(),
            ),
            Self::Full => (
                "đĩa chứa cơ sở dữ liệu đã đầy; không có gì được ghi: hãy giải phóng chỗ rồi làm lại".to_owned(),
                "the disk of the database is full; nothing was written: make room and do this again".to_owned(),
            ),
            Self::ReadOnly(reason) => (
                format!("không được phép ghi vào cơ sở dữ liệu: {reason}"),
                format!("the database may not be written: {reason}; check its permissions"),
            ),
            Self::NotADatabase(found) => (
                format!("{found} không phải là cơ sở dữ liệu của Etalon; hãy nêu tệp khác"),
                format!("{found} is no database of Etalon; name another file"),
            ),
            Self::NotMigrated { pending } => (
                format!("cơ sở dữ liệu còn {pending} bước chuyển đổi chưa chạy; hãy chạy: etalon migrate"),
                format!("migrations of the database are pending: {pending}; run: etalon migrate"),
            ),
            Self::NewerSchema(unknown) => (
                format!("cơ sở dữ liệu có lược đồ mới hơn chương trình này ({unknown}); hãy dùng bản Etalon mới hơn"),
                format!("the database has a newer schema than this program knows ({unknown}); use a newer Etalon"),
            ),
            Self::Damaged { log_index, reason } => (
                format!("mục nhật ký {log_index} bị hỏng: {reason}; hãy chạy: etalon log verify"),
                format!("log entry {log_index} is damaged: {reason}; run: etalon log verify"),
            ),
            Self::File { file, reason } => (
                format!("{file}: không đọc hay ghi được: {reason}; hãy kiểm tra thư mục và quyền"),
                format!("{file}: it cannot be read or written: {reason}; check the directory and its permissions"),
            ),
            Self::NoBackup(file) => (
                format!("{file} không phải bản sao lưu; cần một tệp do “etalon backup” tạo"),
                format!("{file} is no backup; expected a file that “etalon backup” wrote"),
            ),
            Self::Occupied(url) => (
                format!("{url} không trống; chỉ khôi phục vào cơ sở dữ liệu chưa có gì: hãy nêu tệp khác, hoặc tạo cơ sở dữ liệu mới bằng createdb"),
                format!("{url} is not empty; a backup is restored only where nothing is: name another file, or make a new database with createdb"),
            ),
            Self::NoProgram { name } => (
                format!("không tìm thấy chương trình {name} của PostgreSQL; hãy cài gói postgresql-client, phiên bản không cũ hơn máy chủ"),
                format!("the program {name} of PostgreSQL is not there; install the package postgresql-client, in a version not older than the server"),
            ),
            Self::Program { name, reason } => (
                format!("{name} báo lỗi: {reason}"),
                format!("{name} reports: {reason}"),
            ),
            Self::Database(reason) => (
                format!("cơ sở dữ liệu báo lỗi: {reason}"),
                format!("the database reports: {reason}"),
            ),
        };
        Text::new(vi, en)
    }

    /// A file that cannot be read or written.
    pub(crate) fn file(file: &std::path::Path, error: &std::io::Error) -> Self {
        Self::File { file: file.display().to_string(), reason: error.to_string() }
    }

    /// What keeps a first connection from being made.
    pub(super) fn from_connecting(url: &DatabaseUrl, error: &diesel::r2d2::Error) -> Self {
        use diesel::r2d2::Error::{ConnectionError, QueryError};
        match error {
            QueryError(error) => match Self::from_words(&error.to_string()) {
                Some(Self::NotADatabase(_)) => Self::NotADatabase(url.to_string()),
                Some(Self::Unreachable { reason, .. }) => {
                    Self::Unreachable { url: url.to_string(), reason }
                }
                Some(known) => known,
                None => Self::Unreachable { url: url.to_string(), reason: error.to_string() },
            },
            ConnectionError(error) if error.to_string().contains(OF_ANOTHER_PROGRAM) => {
                Self::NotADatabase(url.to_string())
            }
            ConnectionError(error) => {
                Self::Unreachable { url: url.to_string(), reason: error.to_string() }
            }
        }
    }

    /// Why a pool lent no connection.
    pub(super) fn from_lending(url: &DatabaseUrl, error: &PoolError) -> Self {
        let words = error.to_string();
        match Self::from_words(&words) {
            Some(known) => known,
            // The pool adds why no connection could be made. Where it does not, all are lent.
            None if !words.contains(": ") => Self::Locked,
            None => Self::Unreachable { url: url.to_string(), reason: words },
        }
    }

    /// What both backends only say in words; the words are theirs and stable.
    pub(super) fn from_words(words: &str) -> Option<Self> {
        let has = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
        if has(&LOCKED) {
            Some(Self::Locked)
        } else if has(&FULL) {
            Some(Self::Full)
        } else if has(&READ_ONLY) {
            Some(Self::ReadOnly(words.to_owned()))
        } else if has(&NO_DATABASE) {
            Some(Self::NotADatabase(words.to_owned()))
        } else if has(&GONE) {
            Some(Self::gone(words))
        } else {
            None
        }
    }

    /// That the database was there, and is not now.
    fn gone(words: &str) -> Self {
        Self::Unreachable { url: "the database".to_owned(), reason: words.trim().to_owned() }
    }
}

/// Somebody else holds what is needed: longer than is waited for, or each waits for the other.
const LOCKED: [&str; 4] = [
    "database is locked",
    "database table is locked",
    "canceling statement due to lock timeout",
    "deadlock detected",
];
const FULL: [&str; 3] =
    ["database or disk is full", "No space left on device", "Disk quota exceeded"];
const READ_ONLY: [&str; 2] = ["readonly database", "read-only transaction"];
const NO_DATABASE: [&str; 1] = ["file is not a database"];
/// A server that ends, starts, or has ended; a standby that had to choose between us and its
/// primary; and a disk that cannot be read, as one that is mounted over a network.
const GONE: [&str; 13] = [
    "server closed the connection",
    "terminating connection",
    "the database system is",
    "no connection to the server",
    "connection not open",
    "could not receive data from server",
    "could not send data to server",
    "Connection reset by peer",
    "Broken pipe",
    "SSL connection has been closed",
    "due to conflict with recovery",
    "disk I/O error",
    "unable to open database file",
];

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        use DatabaseErrorKind::{ClosedConnection, ReadOnlyTransaction, UnableToSendCommand};
        let words = error.to_string();
        match error {
            // Why it could not be kept says more than that it could not be taken back either.
            DieselError::RollbackErrorOnCommit { commit_error, .. } => Self::from(*commit_error),
            DieselError::DatabaseError(ReadOnlyTransaction, _) => Self::ReadOnly(words),
            DieselError::DatabaseError(ClosedConnection | UnableToSendCommand, _)
            | DieselError::BrokenTransactionManager => {
                Self::from_words(&words).unwrap_or_else(|| Self::gone(&words))
            }
            _ => Self::from_words(&words).unwrap_or(Self::Database(words)),
        }
    }
}
