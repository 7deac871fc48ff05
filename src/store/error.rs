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
            Self::Database(reason) => (
                format!("cơ sở dữ liệu báo lỗi: {reason}"),
                format!("the database reports: {reason}"),
            ),
        };
        Text::new(vi, en)
    }

    /// What keeps a first connection from being made.
    pub(super) fn from_connecting(url: &DatabaseUrl, error: &diesel::r2d2::Error) -> Self {
        use diesel::r2d2::Error::{ConnectionError, QueryError};
        match error {
            QueryError(error) => match Self::from_words(&error.to_string()) {
                Some(Self::NotADatabase(_)) => Self::NotADatabase(url.to_string()),
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
    fn from_words(words: &str) -> Option<Self> {
        let has = |part: &str| words.contains(part);
        if has("database is locked") || has("database table is locked") {
            Some(Self::Locked)
        } else if has("database or disk is full") || has("No space left on device") {
            Some(Self::Full)
        } else if has("readonly database") || has("read-only transaction") {
            Some(Self::ReadOnly(words.to_owned()))
        } else if has("file is not a database") {
            Some(Self::NotADatabase(words.to_owned()))
        } else {
            None
        }
    }
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        let words = error.to_string();
        if let Some(known) = Self::from_words(&words) {
            return known;
        }
        match &error {
            DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => {
                Self::Unreachable { url: "the database".to_owned(), reason: words }
            }
            _ => Self::Database(words),
        }
    }
}
