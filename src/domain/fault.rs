//! What is wrong with records that came in: each fault with its place (a JSON pointer), what was
//! found, what was expected. All faults of a document are collected, not only the first.

use std::borrow::Cow;
use std::ops::ControlFlow;

use deserr::{
    DeserializeError, ErrorKind, IntoValue, MergeWithError, Value, ValueKind, ValuePointerRef,
};
use unicode_normalization::is_nfc;

use super::text::Text;

vocabulary! {
    /// Whether a fault keeps a document out.
    Gravity {
        /// The document is refused.
        Error = "error",
        /// The document is accepted; a rule of the catalogue will judge what is noted.
        Warning = "warning",
    }
}

answer! {
    /// One fault of a document.
    #[derive(PartialEq, Eq)]
    Fault {
        /// Where: a JSON pointer (RFC 6901) into the document.
        pointer: String,
        /// What kind of fault: a stable word in snake case.
        code: &'static str,
        /// Whether it keeps the document out.
        gravity: Gravity,
        /// What is wrong, what was expected and what to do.
        message: Text,
    }
}

impl Fault {
    /// A fault that keeps the document out.
    pub fn error(pointer: impl Into<String>, code: &'static str, message: Text) -> Self {
        Self { pointer: pointer.into(), code, gravity: Gravity::Error, message }
    }

    /// A remark: the document is accepted and a rule will judge it.
    pub fn warning(pointer: impl Into<String>, code: &'static str, message: Text) -> Self {
        Self { pointer: pointer.into(), code, gravity: Gravity::Warning, message }
    }
}

/// All faults found while reading; the error type of every `Deserr` implementation here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// One fault at a place.
    pub fn at(location: ValuePointerRef<'_>, code: &'static str, message: Text) -> Self {
        Self(vec![Fault::error(json_pointer(location), code, message)])
    }

    /// A word that is none of a closed enumeration's.
    pub fn unknown_word(location: ValuePointerRef<'_>, found: &str, words: &[&str]) -> Self {
        let expected = words.join(", ");
        let found = shortened(found);
        Self::at(
            location,
            "unknown_value",
            Text::new(
                format!("“{found}” không thuộc danh mục; các giá trị được chấp nhận: {expected}"),
                format!("“{found}” is not in the list; expected one of {expected}"),
            ),
        )
    }
}

impl MergeWithError<Faults> for Faults {
    fn merge(
        faults: Option<Self>,
        other: Faults,
        _location: ValuePointerRef<'_>,
    ) -> ControlFlow<Self, Self> {
        joined(faults, other)
    }
}

impl DeserializeError for Faults {
    fn error<V: IntoValue>(
        faults: Option<Self>,
        error: ErrorKind<'_, V>,
        location: ValuePointerRef<'_>,
    ) -> ControlFlow<Self, Self> {
        let (code, message) = match error {
            ErrorKind::IncorrectValueKind { actual, accepted } => {
                let vi: Vec<&str> = accepted.iter().map(|kind| kind_name(*kind).0).collect();
                let en: Vec<&str> = accepted.iter().map(|kind| kind_name(*kind).1).collect();
                let found = kind_name(actual.kind());
                (
                    "wrong_type",
                    Text::new(
                        format!("có {}, cần {}", found.0, vi.join(" hoặc ")),
                        format!("found {}, expected {}", found.1, en.join(" or ")),
                    ),
                )
            }
            ErrorKind::MissingField { field } => (
                "missing_field",
                Text::new(
                    format!("thiếu trường bắt buộc “{field}”"),
                    format!("the required field “{field}” is missing"),
                ),
            ),
            ErrorKind::UnknownKey { key, accepted } => {
                let key = shortened(key);
                let expected = accepted.join(", ");
                (
                    "unknown_field",
                    Text::new(
                        format!("không có trường “{key}” ở đây; các trường được biết: {expected}"),
                        format!("there is no field “{key}” here; known fields: {expected}"),
                    ),
                )
            }
            ErrorKind::UnknownValue { value, accepted } => {
                return joined(faults, Faults::unknown_word(location, value, accepted));
            }
            ErrorKind::BadSequenceLen { expected, .. } => (
                "wrong_length",
                Text::new(
                    format!("danh sách phải có đúng {expected} phần tử"),
                    format!("the list must have exactly {expected} elements"),
                ),
            ),
            ErrorKind::Unexpected { msg } => {
                ("unexpected", Text::new(format!("không đọc được: {msg}"), msg))
            }
        };
        joined(faults, Faults::at(location, code, message))
    }
}

/// Faults of one record after which reading it stops: nobody mends more at a time, and a hostile
/// record must not fill the memory with them.
const MOST_OF_A_RECORD: usize = 1_000;

fn joined(faults: Option<Faults>, other: Faults) -> ControlFlow<Faults, Faults> {
    let mut faults = faults.unwrap_or_default();
    faults.0.extend(other.0);
    match faults.0.len() < MOST_OF_A_RECORD {
        true => ControlFlow::Continue(faults),
        false => ControlFlow::Break(faults),
    }
}

/// Most bytes of a text of a record: a page or five of remarks. The longest of the KCDB has 2,000.
const LONGEST_TEXT: usize = 20_000;
/// Most elements of a list in a record: the results of a multifunction calibrator are some hundred.
const LONGEST_LIST: usize = 10_000;
/// Deepest that lists and objects of a record stand in each other; the forms of records reach 8.
const DEEPEST: usize = 32;

/// The faults of all texts of a record, keys included: a text that is not in Unicode's form NFC, one
/// with U+0000, or one with characters that are not seen. Two spellings of one name must not be two
/// names, nor two names look like one, and what is signed must not change on its way through other
/// software; PostgreSQL keeps no U+0000. Beside those what is larger than a record can be, whichever
/// way it comes.
pub(crate) fn texts(value: &serde_json::Value, location: ValuePointerRef<'_>) -> Faults {
    let mut faults = Faults::default();
    texts_below(value, location, 1, &mut faults);
    faults.0.truncate(MOST_OF_A_RECORD);
    faults
}

fn texts_below(
    value: &serde_json::Value,
    location: ValuePointerRef<'_>,
    depth: usize,
    faults: &mut Faults,
) {
    if faults.0.len() >= MOST_OF_A_RECORD {
        return;
    }
    if depth > DEEPEST && (value.is_array() || value.is_object()) {
        let message = Text::new(
            format!("lồng sâu hơn {DEEPEST} tầng"),
            format!("nested more than {DEEPEST} levels deep"),
        );
        faults.0.push(Fault::error(json_pointer(location), "too_deep", message));
        return;
    }
    match value {
        serde_json::Value::String(text) => faults.0.extend(characters(text, location)),
        serde_json::Value::Array(elements) => {
            if elements.len() > LONGEST_LIST {
                let found = elements.len();
                let message = Text::new(
                    format!("danh sách có {found} phần tử, nhiều nhất là {LONGEST_LIST}"),
                    format!("the list has {found} elements, at most {LONGEST_LIST} are read"),
                );
                faults.0.push(Fault::error(json_pointer(location), "list_too_long", message));
                return;
            }
            for (index, element) in elements.iter().enumerate() {
                texts_below(element, location.push_index(index), depth + 1, faults);
            }
        }
        serde_json::Value::Object(fields) => {
            for (key, field) in fields {
                let location = location.push_key(key);
                faults.0.extend(characters(key, location));
                texts_below(field, location, depth + 1, faults);
            }
        }
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
    }
}

/// What is wrong with the characters of a text.
fn characters(text: &str, location: ValuePointerRef<'_>) -> impl Iterator<Item = Fault> {
    let nul = text.contains('\0').then(|| {
        let message = Text::new(
            "văn bản có ký tự U+0000, không thể lưu giữ; hãy bỏ ký tự này",
            "the text has the character U+0000, which cannot be kept; remove it",
        );
        Fault::error(json_pointer(location), "nul_character", message)
    });
    let not_nfc = (!text.is_ascii() && !is_nfc(text)).then(|| {
        let message = Text::new(
            "văn bản không ở dạng chuẩn Unicode NFC (chẳng hạn dấu được viết thành ký tự rời); hãy \
             chuẩn hóa văn bản về NFC, ví dụ trong Python: unicodedata.normalize(\"NFC\", s)",
            "the text is not in the Unicode normalization form NFC (its accents may stand as \
             characters of their own); normalise it to NFC, for example in Python with \
             unicodedata.normalize(\"NFC\", s)",
        );
        Fault::error(json_pointer(location), "not_nfc", message)
    });
    let hidden = text.chars().find(|letter| is_hidden(*letter)).map(|letter| {
        let code = u32::from(letter);
        let message = Text::new(
            format!("văn bản có ký tự không nhìn thấy U+{code:04X}; hãy bỏ ký tự này"),
            format!("the text has the character U+{code:04X}, which is not seen; remove it"),
        );
        Fault::error(json_pointer(location), "hidden_character", message)
    });
    let too_long = (text.len() > LONGEST_TEXT).then(|| {
        let found = text.len();
        let message = Text::new(
            format!("văn bản có {found} byte, nhiều nhất là {LONGEST_TEXT}"),
            format!("the text has {found} bytes, at most {LONGEST_TEXT} are kept"),
        );
        Fault::error(json_pointer(location), "text_too_long", message)
    });
    nul.into_iter().chain(not_nfc).chain(hidden).chain(too_long)
}

/// Whether a character makes a text look like another that it is not: controls, beside those of lines
/// and tabs; what turns the direction of the text around it; what has no width. The joiners U+200C and
/// U+200D have none either and stay: scripts are written with them. U+0000 is a fault of its own.
fn is_hidden(letter: char) -> bool {
    let is_control = letter.is_control() && !matches!(letter, '\0' | '\t' | '\n' | '\r');
    is_control
        || matches!(letter,
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}' | '\u{2060}' | '\u{feff}')
}

/// Reads a string, refusing every other kind of value.
pub(crate) fn string<V: IntoValue>(
    value: Value<V>,
    location: ValuePointerRef<'_>,
) -> Result<String, Faults> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(wrong_kind(other, &[ValueKind::String], location)),
    }
}

/// A fault for a value of another kind than the accepted ones.
pub(crate) fn wrong_kind<V: IntoValue>(
    actual: Value<V>,
    accepted: &[ValueKind],
    location: ValuePointerRef<'_>,
) -> Faults {
    let (ControlFlow::Continue(faults) | ControlFlow::Break(faults)) =
        Faults::error(None, ErrorKind::IncorrectValueKind { actual, accepted }, location);
    faults
}

fn kind_name(kind: ValueKind) -> (&'static str, &'static str) {
    match kind {
        ValueKind::Null => ("null", "null"),
        ValueKind::Boolean => ("giá trị đúng/sai", "a boolean"),
        ValueKind::Integer => ("số nguyên", "an integer"),
        ValueKind::NegativeInteger => ("số nguyên âm", "a negative integer"),
        ValueKind::Float => ("số thập phân", "a number"),
        ValueKind::String => ("chuỗi ký tự", "a string"),
        ValueKind::Sequence => ("danh sách", "a list"),
        ValueKind::Map => ("đối tượng", "an object"),
    }
}

/// A text of foreign origin, cut so that a message stays readable.
pub(crate) fn shortened(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// The JSON pointer (RFC 6901) of a place.
pub(crate) fn json_pointer(location: ValuePointerRef<'_>) -> String {
    let mut steps: Vec<Cow<'_, str>> = Vec::new();
    let mut place = location;
    loop {
        match place {
            ValuePointerRef::Origin => break,
            ValuePointerRef::Key { key, prev } => {
                steps.push(Cow::Owned(escaped(key)));
                place = *prev;
            }
            ValuePointerRef::Index { index, prev } => {
                steps.push(Cow::Owned(index.to_string()));
                place = *prev;
            }
        }
    }
    steps.iter().rev().fold(String::new(), |pointer, step| pointer + "/" + step)
}

/// A key as a step of a JSON pointer.
pub(crate) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
