//! Identity of records. Making new ids does not live here (see `crate::ids`).

use std::fmt;
use std::sync::Arc;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::{Serialize, Serializer};

use super::fault::{Faults, shortened, string};
use super::form::{Definition, Described, Form, TextForm};
use super::text::Text;

/// The identity of a record: a UUIDv7 in lower case, or, within one bundle, a local label
/// `_:name`.
///
/// ```
/// use etalon::domain::id::Id;
/// assert!(Id::parse("_:std-lab").is_ok());
/// assert!(Id::parse("0190a4c8-5c1e-7c3a-9b1d-2f4e6a8b0c1d").is_ok());
/// assert!(Id::parse("W-12").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(Arc<str>);

/// Why a text is no identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id is a UUIDv7 in lower case, or within a bundle a label such as “_:std-lab”")]
pub struct IdError;

impl Id {
    /// Longest label accepted, in bytes: enough for any readable name.
    pub const LONGEST_LABEL: usize = 120;

    /// Reads an identity.
    ///
    /// # Errors
    /// When the text is neither a UUIDv7 in lower case nor a label `_:` followed by 1 to 118
    /// letters, digits, `-`, `_` or `.`.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let valid = match text.strip_prefix("_:") {
            Some(label) => {
                !label.is_empty()
                    && text.len() <= Self::LONGEST_LABEL
                    && label.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c))
            }
            None => uuid::Uuid::try_parse(text)
                .is_ok_and(|id| id.get_version_num() == 7 && id.hyphenated().to_string() == text),
        };
        if valid { Ok(Self(text.into())) } else { Err(IdError) }
    }

    /// Whether it is a label, which means something within one bundle only.
    pub fn is_label(&self) -> bool {
        self.0.starts_with("_:")
    }

    /// The identity as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl Deserr<Faults> for Id {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Faults> {
        let text = string(value, location)?;
        Self::parse(&text).map_err(|error| {
            let found = shortened(&text);
            Faults::at(
                location,
                "bad_id",
                Text::new(
                    format!(
                        "“{found}” không phải là mã định danh: cần UUIDv7 chữ thường, hoặc trong \
                         một gói dữ liệu là nhãn như “_:std-lab”"
                    ),
                    format!("“{found}” is no id: {error}"),
                ),
            )
        })
    }
}

impl Described for Id {
    fn form() -> Form {
        Form::named("Id", || {
            let doc = " The identity of a record: a UUIDv7 in lower case. In a bundle that is \
                imported it may be a label, `_:` and a name of letters, digits, `-`, `_` and `.`, \
                which means something within that bundle only.";
            let text = TextForm {
                pattern: Some(
                    "^([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|_:\\S{1,118})$",
                ),
                examples: &["0190a4c8-5c1e-7c3a-9b1d-2f4e6a8b0c1d"],
                ..TextForm::default()
            };
            Definition::new(&[doc], Form::Text(text))
        })
    }
}
