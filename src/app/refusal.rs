//! Why a use case refused, in words for both languages: the one error type of this room. What the
//! store says does not live here, nor does a status of HTTP or of the command line.

use crate::domain::fault::{Fault, Faults, shortened};
use crate::domain::id::Id;
use crate::domain::log::Broken;
use crate::domain::records::CollectionName;
use crate::domain::text::Text;
use crate::store::StoreError;

use super::log::LogMismatch;

/// Why something could not be done. Nothing of it was kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The database could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was given is wrong.
    #[error("{} faults", .0.0.len())]
    Faults(Faults),
    /// There is no such record, as known then.
    #[error("there is no record {id} in {collection}")]
    Unknown {
        /// The collection asked for.
        collection: CollectionName,
        /// The id.
        id: Id,
    },
    /// The id is that of a record already.
    #[error("there is a record {id} already")]
    Exists {
        /// The id.
        id: Id,
        /// The collection it is in.
        collection: CollectionName,
    },
    /// The record was changed since the version that a change was made from.
    #[error("{id} is in version {current}, the change was made from version {base}")]
    Stale {
        /// The record.
        id: Id,
        /// The version that the change was made from.
        base: u32,
        /// The version now.
        current: u32,
    },
    /// There is nothing of this id that the caller may see.
    #[error("there is no {id}")]
    NoSuch {
        /// The id.
        id: Id,
    },
    /// There is no such policy, or no such version of it.
    #[error("there is no policy {name}")]
    NoPolicy {
        /// Its id, or `id@version`.
        name: String,
    },
    /// There is a policy of this id already.
    #[error("there is a policy {id} already")]
    PolicyExists {
        /// The id.
        id: String,
    },
    /// A policy has a newer version than the one that a change was made from.
    #[error("policy {id} is in version {current}, the change was made from version {base}")]
    StalePolicy {
        /// The id.
        id: String,
        /// The number of the version that the change was made from.
        base: u32,
        /// The number of the version now.
        current: u32,
    },
    /// There is no such rule.
    #[error("there is no rule {name}")]
    NoRule {
        /// What was asked for.
        name: String,
        /// Rules that may have been meant.
        alike: Vec<&'static str>,
    },
    /// The caller's roles do not allow this.
    #[error("not allowed; these may: {}", .writers.en)]
    NotAllowed {
        /// Who may.
        writers: Text,
    },
    /// The key of a repeated request came with another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The registry is set up.
    #[error("the registry is set up already")]
    AlreadySetUp,
    /// A key that cannot be used, for whatever reason.
    #[error("the key cannot be used")]
    WrongKey,
    /// A log is not what it must be.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// The end of a log, or a checkpoint of it, is not what it must be.
    #[error(transparent)]
    Mismatch(#[from] LogMismatch),
    /// A record cannot be given in the form that was asked for.
    #[error("{}", .0.en)]
    NoSuchForm(Text),
    /// A log can only be put into an empty registry.
    #[error("the registry has {entries} log entries already")]
    NotEmpty {
        /// Entries that it has.
        entries: u64,
    },
    /// A backup is of another kind of database than the one that it is to be put into.
    #[error("the backup is one of {backup}")]
    OtherBackend {
        /// The kind of database that it is of.
        backup: &'static str,
    },
}

impl Refusal {
    /// One fault at a place.
    pub fn fault(pointer: impl Into<String>, code: &'static str, message: Text) -> Self {
        Self::Faults(Faults(vec![Fault::error(pointer, code, message)]))
    }

    /// Whether it may pass by itself: the database does not answer, or somebody else holds it.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_passing())
    }

    /// Whether the database has another schema than this program.
    pub fn is_other_schema(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_other_schema())
    }

    /// What is wrong and what to do, in both languages. Faults are listed one by one elsewhere.
    pub fn text(&self) -> Text {
        match self {
            Self::Store(error) => error.text(),
            Self::NoSuchForm(reason) => reason.clone(),
            Self::Broken(broken) => broken.text(),
            Self::Mismatch(mismatch) => mismatch.text(),
            Self::Faults(Faults(faults)) => {
                let count = faults.len();
                let noun = if count == 1 { "fault" } else { "faults" };
                Text::new(
                    format!("bị từ chối vì {count} lỗi; không có gì được ghi"),
                    format!("refused for {count} {noun}; nothing was written"),
                )
            }
            Self::Unknown { collection, id } => Text::new(
                format!("trong {collection} không có bản ghi {id} ở thời điểm này"),
                format!("there is no record {id} in {collection} as known then"),
            ),
            Self::NoSuch { id } => Text::new(
                format!("không có {id}, hoặc bạn không được xem"),
                format!("there is no {id}, or it is not for you to see"),
            ),
            Self::NotAllowed { writers } => Text::new(
                format!("vai trò của bạn không cho phép thao tác này; được phép: {}", writers.vi),
                format!("your roles do not allow this; these do: {}", writers.en),
            ),
            Self::KeyReused => Text::new(
                "khoá lặp lại này đã dùng cho một yêu cầu khác",
                "this idempotency key was used for another request",
            ),
            Self::AlreadySetUp => {
                Text::new("sổ đăng ký đã được thiết lập", "the registry is set up already")
            }
            Self::WrongKey => Text::new(
                "không có khoá như vậy, hoặc khoá đã hết hạn hay bị thu hồi",
                "there is no such key, or it has expired or was revoked",
            ),
            Self::Exists { id, collection } => Text::new(
                format!(
                    "đã có bản ghi {id} trong {collection}; hãy sửa đổi bản ghi đó, hoặc bỏ “id”"
                ),
                format!(
                    "there is a record {id} in {collection} already; amend it, or leave “id” out"
                ),
            ),
            Self::Stale { id, base, current } => Text::new(
                format!(
                    "bản ghi {id} hiện ở phiên bản {current}, còn sửa đổi này dựa trên phiên bản \
                     {base}; hãy đọc lại, làm lại sửa đổi rồi gửi"
                ),
                format!(
                    "record {id} is in version {current} now, and this change was made from version \
                     {base}; read it again, make the change on that and send it"
                ),
            ),
            Self::NoPolicy { name } => {
                let name = shortened(name);
                Text::new(
                    format!("không có chính sách “{name}”"),
                    format!("there is no policy “{name}”"),
                )
            }
            Self::PolicyExists { id } => Text::new(
                format!("đã có chính sách “{id}”; hãy ghi phiên bản mới của nó hoặc đặt mã khác"),
                format!(
                    "there is a policy “{id}” already; write a new version of it, or choose another id"
                ),
            ),
            Self::StalePolicy { id, base, current } => Text::new(
                format!(
                    "chính sách “{id}” hiện ở phiên bản thứ {current}, còn sửa đổi này dựa trên phiên \
                     bản thứ {base}; hãy đọc lại, làm lại sửa đổi rồi gửi"
                ),
                format!(
                    "policy “{id}” is in version number {current} now, and this change was made from \
                     number {base}; read it again, make the change on that and send it"
                ),
            ),
            Self::NoRule { name, alike } => no_rule(&shortened(name), alike),
            Self::OtherBackend { backup } => Text::new(
                format!(
                    "bản sao lưu này là của {backup}; hãy khôi phục vào {backup}, rồi chuyển sang cơ \
                     sở dữ liệu khác bằng etalon log export và etalon log import"
                ),
                format!(
                    "this backup is one of {backup}; restore it into {backup}, and go to the other \
                     kind of database with etalon log export and etalon log import"
                ),
            ),
            Self::NotEmpty { entries } => Text::new(
                format!(
                    "sổ đăng ký đã có {entries} mục nhật ký; thao tác này cần một sổ đăng ký trống"
                ),
                format!("the registry has {entries} log entries already; this needs an empty one"),
            ),
        }
    }
}

fn no_rule(name: &str, alike: &[&str]) -> Text {
    let (vi, en) = match alike {
        [] => (String::new(), String::new()),
        alike => {
            let alike = alike.join(", ");
            (format!("; có phải là {alike}?"), format!("; did you mean {alike}?"))
        }
    };
    Text::new(format!("không có quy tắc “{name}”{vi}"), format!("there is no rule “{name}”{en}"))
}

impl From<Faults> for Refusal {
    fn from(faults: Faults) -> Self {
        Self::Faults(faults)
    }
}
