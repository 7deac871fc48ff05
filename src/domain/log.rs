//! The record log: its entries, what is hashed of them, the chain over them, and the check of it.
//! `docs/log-format.md` describes the same byte for byte, for whoever writes another verifier.
//!
//! What lives here: digests and salts, an entry and its line form, and [`Verifier`]. What does not:
//! where entries are kept and who gives them their place (`store`), making salts (`crate::ids`),
//! what time it is (`crate::clock`).

use std::fmt;
use std::io;
use std::str::FromStr;

use deserr::{Deserr, IntoValue, Value, ValueKind, ValuePointerRef};
use serde::{Serialize, Serializer};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use super::fault::{Faults, shortened, string, wrong_kind};
use super::form::{Definition, Described, Form, TextForm};
use super::id::Id;
use super::json;
use super::period::Instant;
use super::records::CollectionName;
use super::text::Text;

// ---------------------------------------------------------------------------------------------
// Digests and salts

/// A text that is not so many hexadecimal digits in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {digits} hexadecimal digits in lower case")]
pub struct HexError {
    /// How many digits there must be.
    pub digits: usize,
}

/// Bytes of a fixed number that are written as hexadecimal digits in lower case, everywhere.
macro_rules! hexadecimal {
    ($(#[doc = $doc:expr])* $name:ident, $length:literal, $code:literal) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $length]);

        impl $name {
            const WRONG: HexError = HexError { digits: 2 * $length };

            /// The bytes themselves, as they go into a hash.
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, formatter)
            }
        }

        impl FromStr for $name {
            type Err = HexError;

            fn from_str(text: &str) -> Result<Self, HexError> {
                let digits = text.as_bytes();
                if digits.len() != 2 * $length {
                    return Err(Self::WRONG);
                }
                let mut bytes = [0; $length];
                for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
                    let nibble = |digit: u8| match digit {
                        b'0'..=b'9' => Ok(digit - b'0'),
                        b'a'..=b'f' => Ok(digit - b'a' + 10),
                        _ => Err(Self::WRONG),
                    };
                    *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
                }
                Ok(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl Described for $name {
            fn form() -> Form {
                Form::named(stringify!($name), || {
                    let pattern = concat!("^([0-9a-f]{2}){", $length, "}$");
                    let text = TextForm { pattern: Some(pattern), ..TextForm::default() };
                    Definition::new(&[$($doc),*], Form::Text(text))
                })
            }
        }

        impl Deserr<Faults> for $name {
            fn deserialize_from_value<V: IntoValue>(
                value: Value<V>,
                location: ValuePointerRef<'_>,
            ) -> Result<Self, Faults> {
                let text = string(value, location)?;
                text.parse().map_err(|error: HexError| {
                    let (found, digits) = (shortened(&text), error.digits);
                    Faults::at(
                        location,
                        $code,
                        Text::new(
                            format!("“{found}”: cần {digits} chữ số thập lục phân viết thường"),
                            format!("“{found}”: {error}"),
                        ),
                    )
                })
            }
        }
    };
}

hexadecimal! {
    /// A SHA-256 digest, written as 64 hexadecimal digits in lower case.
    Digest, 32, "bad_digest"
}

hexadecimal! {
    /// Random bytes hashed before a body, written as 32 hexadecimal digits in lower case: without
    /// them, whoever sees the hash of a confidential record cannot try out what it may hold.
    Salt, 16, "bad_salt"
}

impl Digest {
    /// The chain before the first entry: 32 zero bytes.
    pub const ZERO: Self = Self([0; 32]);

    /// SHA-256 over the parts, one after the other with nothing between them.
    ///
    /// ```
    /// use etalon::domain::log::Digest;
    /// let digest = Digest::of(&[b"a", b"bc"]);
    /// assert_eq!(digest, Digest::of(&[b"abc"]));
    /// assert!(digest.to_string().starts_with("ba7816bf"));
    /// ```
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}

/// The digest of what is read through it.
#[derive(Debug, Default)]
pub struct Digesting<R> {
    input: R,
    hash: Sha256,
}

impl<R: io::Read> Digesting<R> {
    /// Reads from an input.
    pub fn new(input: R) -> Self {
        Self { input, hash: Sha256::new() }
    }

    /// The digest of all that was read.
    pub fn digest(self) -> Digest {
        Digest(self.hash.finalize().into())
    }
}

impl<R: io::Read> io::Read for Digesting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.input.read(buffer)?;
        self.hash.update(&buffer[..length]);
        Ok(length)
    }
}

impl Salt {
    /// A salt of these bytes.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

// ---------------------------------------------------------------------------------------------
// Entries

vocabulary! {
    /// What a write did to its record.
    Operation {
        /// The record is new.
        Create = "create",
        /// The record has a new version.
        Amend = "amend",
        /// The record's status changed.
        Status = "status",
        /// Something happened to what the record describes.
        Event = "event",
    }
}

/// The canonical JSON of a value (RFC 8785).
///
/// serde_json keeps the keys of an object in the order of their bytes and writes texts as RFC 8785
/// does, so for records, whose keys are nearly all ASCII and whose numbers are integers, its plain
/// printing is canonical already and costs a fifth. Everything else goes the long way.
pub fn canonical(value: &Json) -> String {
    match is_plain(value) {
        true => value.to_string(),
        false => canonical_of(value),
    }
}

/// Whether the value is printed alike by serde_json and by RFC 8785: keys in ASCII, for which the
/// orders of bytes and of UTF-16 agree, and numbers that are integers of at most 53 bits.
fn is_plain(value: &Json) -> bool {
    const EXACT: u64 = Entry::LAST_INDEX;
    match value {
        Json::Null | Json::Bool(_) | Json::String(_) => true,
        Json::Number(number) => {
            number.as_u64().is_some_and(|number| number <= EXACT)
                || number.as_i64().is_some_and(|number| number.unsigned_abs() <= EXACT)
        }
        Json::Array(elements) => elements.iter().all(is_plain),
        Json::Object(fields) => fields.iter().all(|(key, value)| key.is_ascii() && is_plain(value)),
    }
}

fn canonical_of<T: Serialize>(value: &T) -> String {
    // It fails for numbers that JSON cannot say, for keys that are no strings and for keys that
    // stand twice; nothing that is given to it can hold one of these. Should it fail all the same,
    // the text is still JSON of the same value.
    let printed = serde_json_canonicalizer::to_string(value);
    debug_assert!(printed.is_ok(), "{printed:?}");
    printed.or_else(|_| serde_json::to_string(value)).unwrap_or_default()
}

/// What stands for a body in the hashed entry: SHA-256 over the salt's bytes and the body in UTF-8.
pub fn body_digest(salt: &Salt, body: &str) -> Digest {
    Digest::of(&[salt.as_bytes(), body.as_bytes()])
}

/// A write before it has its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Who writes.
    pub actor: String,
    /// The request in which they do, as its answer names it; none at the registry's own machine.
    pub request_id: Option<String>,
    /// What the write does.
    pub operation: Operation,
    /// The collection of the record.
    pub kind: CollectionName,
    /// The record.
    pub record_id: Id,
    /// The record's version that the write makes, from 1.
    pub version: u32,
    /// The record in this version, as [`canonical`] prints it.
    pub body: String,
    /// A salt that no other entry has.
    pub salt: Salt,
}

/// One entry of the record log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Position in the log, from 1 without gaps, at most [`Entry::LAST_INDEX`].
    pub log_index: u64,
    /// When the registry learnt of it; never before the entry before it.
    pub recorded_at: Instant,
    /// Who wrote it.
    pub actor: String,
    /// The request by which it was written, as its answer named it (`X-Request-Id`); none of what was
    /// written at the registry's own machine.
    pub request_id: Option<String>,
    /// What the write did.
    pub operation: Operation,
    /// The collection of the record.
    pub kind: CollectionName,
    /// The record.
    pub record_id: Id,
    /// The record's version that this entry holds, from 1.
    pub version: u32,
    /// The record in this version, in canonical JSON (RFC 8785).
    pub body: String,
    /// What is hashed before the body.
    pub salt: Salt,
    /// SHA-256 over salt and body.
    pub body_sha256: Digest,
    /// SHA-256 over the chain before this entry and the entry's leaf.
    pub chain_sha256: Digest,
}

/// The part of an entry that is hashed: everything but the salt and the body, for which their
/// digest stands.
#[derive(Serialize)]
struct Hashed<'e> {
    actor: &'e str,
    body_sha256: Digest,
    id: &'e Id,
    kind: CollectionName,
    log_index: u64,
    operation: Operation,
    recorded_at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'e str>,
    version: u32,
}

impl Entry {
    /// The last position that there can be, 2^53 - 1. A position is a JSON integer, and those that
    /// every reader takes exactly end there (RFC 7493); at a thousand writes a second that is in
    /// 285,000 years.
    pub const LAST_INDEX: u64 = (1 << 53) - 1;

    /// Gives a write its place: at `log_index`, after an entry whose chain is `before`
    /// ([`Digest::ZERO`] for the first).
    pub fn seal(draft: Draft, log_index: u64, recorded_at: Instant, before: &Digest) -> Self {
        let Draft { actor, request_id, operation, kind, record_id, version, body, salt } = draft;
        let body_sha256 = body_digest(&salt, &body);
        let mut entry = Self {
            log_index,
            recorded_at,
            actor,
            request_id,
            operation,
            kind,
            record_id,
            version,
            body,
            salt,
            body_sha256,
            chain_sha256: Digest::ZERO,
        };
        entry.chain_sha256 = entry.chained(before);
        entry
    }

    /// The text that is hashed: the canonical JSON of `actor`, `body_sha256`, `id`, `kind`,
    /// `log_index` (an integer), `operation`, `recorded_at`, `request_id` where there is one, and
    /// `version`.
    ///
    /// `recorded_at` is written in UTC as [`Instant`] prints it: `2026-11-20T08:30:00Z`, with a
    /// fraction only where it is not zero, of as few digits as say it, at most six.
    pub fn hashed(&self) -> String {
        canonical_of(&self.hashed_part())
    }

    fn hashed_part(&self) -> Hashed<'_> {
        Hashed {
            actor: &self.actor,
            body_sha256: self.body_sha256,
            id: &self.record_id,
            kind: self.kind,
            log_index: self.log_index,
            operation: self.operation,
            recorded_at: self.recorded_at,
            request_id: self.request_id.as_deref(),
            version: self.version,
        }
    }

    /// The entry's leaf: SHA-256 over a zero byte and the hashed text, as RFC 6962 has it, so that
    /// a Merkle tree can stand on the log without rewriting anything.
    pub fn leaf(&self) -> Digest {
        Digest::of(&[&[0], self.hashed().as_bytes()])
    }

    /// What `chain_sha256` must be after an entry whose chain is `before` ([`Digest::ZERO`] before
    /// the first): SHA-256 over `before` and the leaf.
    pub fn chained(&self, before: &Digest) -> Digest {
        Digest::of(&[before.as_bytes(), self.leaf().as_bytes()])
    }
}

// ---------------------------------------------------------------------------------------------
// An entry as a line

impl Entry {
    /// The entry as one line of an export, without a newline: canonical JSON of all its fields, the
    /// body as the object that it is.
    ///
    /// A body that is no JSON object (a store that was tampered with) is written as a string, and
    /// the line will be refused.
    pub fn to_line(&self) -> String {
        #[derive(Serialize)]
        struct Line<'e> {
            #[serde(flatten)]
            hashed: Hashed<'e>,
            body: Json,
            chain_sha256: Digest,
            salt: Salt,
        }
        let body = match serde_json::from_str(&self.body) {
            Ok(Json::Object(body)) => Json::Object(body),
            _ => Json::String(self.body.clone()),
        };
        canonical_of(&Line {
            hashed: self.hashed_part(),
            body,
            chain_sha256: self.chain_sha256,
            salt: self.salt,
        })
    }

    /// Reads one line of an export. The line need not be canonical: order and spaces mean nothing,
    /// and the body is made canonical. Whether its hashes are right is for [`Verifier`] to say.
    ///
    /// # Errors
    /// All faults of the line.
    pub fn parse_line(line: &str) -> Result<Self, Faults> {
        let value = json::parse(line)?;
        deserr::deserialize::<Line, _, Faults>(value).map(Self::from)
    }

    /// Reads one line of an export for somebody who may not see every record: body and salt are
    /// withheld together. Whether they are is said beside the entry, which then stands without them:
    /// [`Verifier::follow`] checks what is left.
    ///
    /// # Errors
    /// All faults of the line.
    pub fn parse_public_line(line: &str) -> Result<(Self, bool), Faults> {
        let mut value = json::parse(line)?;
        let is_withheld = match &mut value {
            Json::Object(fields)
                if !fields.contains_key("body") && !fields.contains_key("salt") =>
            {
                fields.insert("body".to_owned(), Json::Object(serde_json::Map::new()));
                fields.insert("salt".to_owned(), Salt::new([0; 16]).to_string().into());
                true
            }
            _ => false,
        };
        let entry = deserr::deserialize::<Line, _, Faults>(value).map(Self::from)?;
        Ok((entry, is_withheld))
    }
}

/// An entry as it is read from a line.
#[derive(Deserr)]
#[deserr(error = Faults, deny_unknown_fields)]
struct Line {
    actor: String,
    body: Body,
    body_sha256: Digest,
    chain_sha256: Digest,
    id: Id,
    kind: CollectionName,
    log_index: LogIndex,
    operation: Operation,
    recorded_at: AsHashed,
    #[deserr(default)]
    request_id: Option<String>,
    salt: Salt,
    version: u32,
}

impl From<Line> for Entry {
    fn from(line: Line) -> Self {
        Self {
            log_index: line.log_index.0,
            recorded_at: line.recorded_at.0,
            actor: line.actor,
            request_id: line.request_id,
            operation: line.operation,
            kind: line.kind,
            record_id: line.id,
            version: line.version,
            body: line.body.0,
            salt: line.salt,
            body_sha256: line.body_sha256,
            chain_sha256: line.chain_sha256,
        }
    }
}

/// A JSON object, as canonical text.
struct Body(String);

impl Deserr<Faults> for Body {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Faults> {
        match value {
            object @ Value::Map(_) => Ok(Self(canonical(&Json::from(object)))),
            other => Err(wrong_kind(other, &[ValueKind::Map], location)),
        }
    }
}

/// A position that an entry can have.
struct LogIndex(u64);

impl Deserr<Faults> for LogIndex {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Faults> {
        match value {
            Value::Integer(index @ 1..=Entry::LAST_INDEX) => Ok(Self(index)),
            Value::Integer(found) => {
                let last = Entry::LAST_INDEX;
                Err(Faults::at(
                    location,
                    "out_of_range",
                    Text::new(
                        format!("có {found}, cần số nguyên từ 1 đến {last}"),
                        format!("found {found}, expected an integer from 1 to {last}"),
                    ),
                ))
            }
            other => Err(wrong_kind(other, &[ValueKind::Integer], location)),
        }
    }
}

/// An instant written exactly as it is hashed: another verifier hashes the text that it reads.
struct AsHashed(Instant);

impl Deserr<Faults> for AsHashed {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Faults> {
        let text = string(value, location)?;
        let instant = Instant::parse(&text).ok().filter(|instant| instant.to_string() == text);
        instant.map(Self).ok_or_else(|| {
            let found = shortened(&text);
            Faults::at(
                location,
                "bad_instant",
                Text::new(
                    format!(
                        "“{found}”: thời điểm của một mục được viết theo UTC như \
                         2026-11-20T00:00:00Z, phần lẻ của giây có nhiều nhất sáu chữ số và không \
                         kết thúc bằng 0"
                    ),
                    format!(
                        "“{found}”: the instant of an entry is written in UTC as \
                         2026-11-20T00:00:00Z, a fraction of a second with at most six digits of \
                         which the last is not 0"
                    ),
                ),
            )
        })
    }
}

// ---------------------------------------------------------------------------------------------
// The check

/// Checks entries one after the other, in the order of the log.
///
/// What it cannot see: whether a whole log was rewritten, all hashes with it, and whether entries
/// are missing at the end. Both show against a position and its chain that were noted elsewhere.
#[derive(Debug, Clone)]
pub struct Verifier {
    log_index: u64,
    recorded_at: Option<Instant>,
    chain: Digest,
}

impl Default for Verifier {
    fn default() -> Self {
        Self::new()
    }
}

impl Verifier {
    /// Begins at the first entry.
    pub const fn new() -> Self {
        Self { log_index: 0, recorded_at: None, chain: Digest::ZERO }
    }

    /// Goes on after an entry that is known to be right.
    pub const fn after(log_index: u64, recorded_at: Instant, chain: Digest) -> Self {
        Self { log_index, recorded_at: Some(recorded_at), chain }
    }

    /// Checks the next entry. After an error the state is the one before it.
    ///
    /// # Errors
    /// The first thing that is wrong with the entry: its position, its time, the form of its body,
    /// the digest of its body, its chain.
    pub fn take(&mut self, entry: &Entry) -> Result<(), Broken> {
        self.checked(entry, body_faults)
    }

    /// Checks the next entry without its body, which is withheld: its position, its time and the
    /// chain, in which the digest of the body stands.
    ///
    /// # Errors
    /// The first thing that is wrong with the entry.
    pub fn follow(&mut self, entry: &Entry) -> Result<(), Broken> {
        self.checked(entry, |_| None)
    }

    fn checked(
        &mut self,
        entry: &Entry,
        of_body: impl FnOnce(&Entry) -> Option<LogFault>,
    ) -> Result<(), Broken> {
        let expected = self.log_index.saturating_add(1);
        match self.fault(entry, expected, of_body) {
            None => {
                self.log_index = entry.log_index;
                self.recorded_at = Some(entry.recorded_at);
                self.chain = entry.chain_sha256;
                Ok(())
            }
            Some(fault) => Err(Broken { log_index: expected, fault }),
        }
    }

    fn fault(
        &self,
        entry: &Entry,
        expected: u64,
        of_body: impl FnOnce(&Entry) -> Option<LogFault>,
    ) -> Option<LogFault> {
        if entry.log_index != expected {
            return Some(LogFault::Index { expected, found: entry.log_index });
        }
        if let Some(before) = self.recorded_at.filter(|before| entry.recorded_at < *before) {
            return Some(LogFault::Time { before, found: entry.recorded_at });
        }
        if let Some(fault) = of_body(entry) {
            return Some(fault);
        }
        let expected = entry.chained(&self.chain);
        if entry.chain_sha256 != expected {
            return Some(LogFault::Chain { expected, found: entry.chain_sha256 });
        }
        None
    }

    /// Position of the last entry that was right; 0 before the first.
    pub const fn log_index(&self) -> u64 {
        self.log_index
    }

    /// When the last entry that was right was recorded; none before the first.
    pub const fn recorded_at(&self) -> Option<Instant> {
        self.recorded_at
    }

    /// The chain up to there.
    pub const fn chain(&self) -> Digest {
        self.chain
    }
}

/// What is wrong with the body of an entry: its form, or its digest.
fn body_faults(entry: &Entry) -> Option<LogFault> {
    body_fault(&entry.body).or_else(|| {
        let expected = body_digest(&entry.salt, &entry.body);
        let found = entry.body_sha256;
        (found != expected).then_some(LogFault::BodyDigest { expected, found })
    })
}

fn body_fault(body: &str) -> Option<LogFault> {
    let value: Json = match serde_json::from_str(body) {
        Ok(value @ Json::Object(_)) => value,
        Ok(_) => return Some(LogFault::BodyNoObject { reason: None }),
        Err(error) => return Some(LogFault::BodyNoObject { reason: Some(error.to_string()) }),
    };
    let expected = canonical(&value);
    if body == expected {
        return None;
    }
    let pairs = body.chars().zip(expected.chars());
    let at =
        pairs.take_while(|(found, expected)| found == expected).map(|(c, _)| c.len_utf8()).sum();
    Some(LogFault::BodyForm { at, expected: excerpt(&expected[at..]), found: excerpt(&body[at..]) })
}

/// The beginning of a text, on one line.
fn excerpt(text: &str) -> String {
    /// Enough to find the place in the body.
    const LONGEST: usize = 30;
    text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Where the log is first wrong, and how.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text().en)]
pub struct Broken {
    /// The position at which a right entry is missing: everything before it holds.
    pub log_index: u64,
    /// What is wrong there.
    pub fault: LogFault,
}

/// What is wrong with an entry: what it says (`found`), and what it would have to say (`expected`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogFault {
    /// Another entry than the next: one is missing, stands elsewhere, or stands twice.
    Index {
        /// Position of the next entry.
        expected: u64,
        /// Position of the entry that stands there.
        found: u64,
    },
    /// Recorded before the entry before it.
    Time {
        /// When the entry before was recorded: the earliest that could be.
        before: Instant,
        /// When this entry says that it was recorded.
        found: Instant,
    },
    /// The body is no JSON object.
    BodyNoObject {
        /// Why it is no JSON; none where it is other JSON than an object.
        reason: Option<String>,
    },
    /// The body is JSON, but not written canonically.
    BodyForm {
        /// The first byte that differs, counted from 0.
        at: usize,
        /// How the canonical form goes on from there.
        expected: String,
        /// How the body goes on from there.
        found: String,
    },
    /// The body's digest is not that of salt and body.
    BodyDigest {
        /// The digest of the salt and the body that stand there.
        expected: Digest,
        /// The digest that the entry says.
        found: Digest,
    },
    /// The chain is not that of the entry and the chain before it.
    Chain {
        /// The chain that the entry gives with the chain before it.
        expected: Digest,
        /// The chain that the entry says.
        found: Digest,
    },
}

impl Broken {
    /// What is wrong, what was expected and found, what it means and what to do.
    pub fn text(&self) -> Text {
        let index = self.log_index;
        let Text { vi, en } = self.fault.text();
        Text::new(
            format!(
                "nhật ký sai từ mục {index}: {vi}. Các mục trước đó vẫn đúng; từ mục này trở đi \
                 không còn gì được chứng minh. Hãy giữ nguyên bản này và so với bản sao lưu hoặc \
                 bản xuất trước đó"
            ),
            format!(
                "the log is wrong from entry {index} on: {en}. What stands before it holds; nothing \
                 from it on is proven. Keep this copy as it is, and compare it with a backup or an \
                 earlier export"
            ),
        )
    }
}

impl LogFault {
    fn text(&self) -> Text {
        match self {
            Self::Index { expected, found } if found > expected => Text::new(
                format!(
                    "cần mục {expected}, gặp mục {found}; có mục đã bị xoá hoặc đổi chỗ, hoặc tệp \
                     không bắt đầu ở nơi bắt đầu kiểm tra"
                ),
                format!(
                    "expected entry {expected}, found entry {found}; an entry was taken out or \
                     moved, or the file does not begin where the check does"
                ),
            ),
            Self::Index { expected, found } => Text::new(
                format!(
                    "cần mục {expected}, gặp mục {found}; mục này xuất hiện hai lần hoặc đứng sai \
                     chỗ"
                ),
                format!(
                    "expected entry {expected}, found entry {found}; that entry stands twice or in \
                     the wrong place"
                ),
            ),
            Self::Time { before, found } => Text::new(
                format!(
                    "cần thời điểm ghi không sớm hơn {before} của mục liền trước, mục ghi {found}; \
                     thời điểm của một trong hai mục đã bị sửa, hoặc mục được chèn thêm sau"
                ),
                format!(
                    "expected to be recorded no earlier than {before}, as the entry before it, \
                     found {found}; the time of one of the two was changed, or the entry was put in \
                     later"
                ),
            ),
            Self::BodyNoObject { reason } => {
                let (vi, en) = match reason {
                    Some(reason) => (
                        format!("gặp văn bản không phải JSON ({reason})"),
                        format!("found text that is no JSON ({reason})"),
                    ),
                    None => ("gặp giá trị JSON khác".to_owned(), "found other JSON".to_owned()),
                };
                Text::new(
                    format!("cần nội dung là đối tượng JSON, {vi}; nội dung đã bị sửa"),
                    format!("expected a body that is a JSON object, {en}; the body was changed"),
                )
            }
            Self::BodyForm { at, expected, found } => Text::new(
                format!(
                    "nội dung không ở dạng JSON chuẩn tắc (RFC 8785): từ byte {at}, cần \
                     “{expected}”, gặp “{found}”; nội dung đã được viết lại bằng công cụ khác"
                ),
                format!(
                    "the body is not canonical JSON (RFC 8785): from byte {at} on expected \
                     “{expected}”, found “{found}”; the body was written again by something else"
                ),
            ),
            Self::BodyDigest { expected, found } => Text::new(
                format!(
                    "salt và nội dung cho body_sha256 {expected}, mục ghi {found}; nội dung, salt \
                     hoặc body_sha256 đã bị sửa sau khi ghi"
                ),
                format!(
                    "salt and body give the body_sha256 {expected}, found {found}; the body, its \
                     salt or body_sha256 was changed after it was recorded"
                ),
            ),
            Self::Chain { expected, found } => Text::new(
                format!(
                    "mục này và chuỗi băm trước nó cho chain_sha256 {expected}, mục ghi {found}; \
                     một trường của mục này đã bị sửa sau khi ghi, hoặc các mục trước đó đã bị \
                     thay bằng mục khác"
                ),
                format!(
                    "the entry and the chain before it give the chain_sha256 {expected}, found \
                     {found}; a field of this entry was changed after it was recorded, or the \
                     entries before it were replaced by others"
                ),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const ID: &str = "0190a4c8-5c1e-7c3a-9b1d-2f4e6a8b0c1d";

    fn instant(text: &str) -> Instant {
        Instant::parse(text).expect(text)
    }

    fn digest(text: &str) -> Digest {
        text.parse().expect(text)
    }

    fn draft(body: &Json) -> Draft {
        Draft {
            actor: "Trần \"Minh\" 😀".to_owned(),
            request_id: None,
            operation: Operation::Create,
            kind: CollectionName::Organisations,
            record_id: Id::parse(ID).expect("an id"),
            version: 1,
            body: canonical(body),
            salt: Salt::new(std::array::from_fn(|index| index as u8)),
        }
    }

    /// Everything that a canonical form can get wrong: escapes, characters that look as if they
    /// needed one, keys whose order by UTF-16 is not that by code point, the largest integer.
    fn awkward() -> Json {
        json!({
            "id": ID,
            "names": {"vi": "Viện “Đo”\n\t\\\u{1}\u{7f}\u{2028}", "en": "a\"b"},
            "😀": 1, "\u{fb33}": 2, "é": 3,
            "value": "0.50", "big": 9_007_199_254_740_991_u64, "neg": -7,
            "list": [null, true, {"z": 1, "a": []}],
        })
    }

    fn fixed() -> Entry {
        Entry::seal(draft(&awkward()), 1, instant("2026-11-20T08:30:00.25Z"), &Digest::ZERO)
    }

    /// A log of so many entries, a second apart.
    fn log(length: u64) -> Vec<Entry> {
        let mut chain = Digest::ZERO;
        (1..=length)
            .map(|index| {
                let mut draft = draft(&json!({"id": ID, "country": "VN", "turn": index}));
                draft.version = index as u32;
                let at = instant(&format!("2026-11-20T08:30:{index:02}Z"));
                let entry = Entry::seal(draft, index, at, &chain);
                chain = entry.chain_sha256;
                entry
            })
            .collect()
    }

    /// Where a log is first wrong.
    #[track_caller]
    fn broken(entries: &[Entry]) -> Broken {
        let mut verifier = Verifier::new();
        for entry in entries {
            let before = verifier.clone();
            if let Err(broken) = verifier.take(entry) {
                assert_eq!(verifier.log_index(), broken.log_index - 1);
                assert_eq!(verifier.chain(), before.chain(), "an error changes nothing");
                let text = broken.text();
                assert_eq!(text.en, broken.to_string());
                for wording in [text.vi, text.en] {
                    assert!(wording.contains(&broken.log_index.to_string()), "{wording}");
                }
                return broken;
            }
        }
        panic!("nothing is wrong with it");
    }

    /// Computed with Python's hashlib and json, by another hand than the code above.
    #[test]
    fn a_fixed_entry_has_these_hashes() {
        let entry = fixed();
        assert_eq!(
            entry.body,
            "{\"big\":9007199254740991,\"id\":\"0190a4c8-5c1e-7c3a-9b1d-2f4e6a8b0c1d\",\
             \"list\":[null,true,{\"a\":[],\"z\":1}],\"names\":{\"en\":\"a\\\"b\",\
             \"vi\":\"Viện “Đo”\\n\\t\\\\\\u0001\u{7f}\u{2028}\"},\"neg\":-7,\"value\":\"0.50\",\
             \"é\":3,\"😀\":1,\"\u{fb33}\":2}"
        );
        assert_eq!(
            entry.body_sha256,
            digest("1fc92d908736dc02ff93c6b0cbe1ed2ef7425622a77a08b3389a77989b332954")
        );
        assert_eq!(
            entry.hashed(),
            "{\"actor\":\"Trần \\\"Minh\\\" 😀\",\"body_sha256\":\
             \"1fc92d908736dc02ff93c6b0cbe1ed2ef7425622a77a08b3389a77989b332954\",\
             \"id\":\"0190a4c8-5c1e-7c3a-9b1d-2f4e6a8b0c1d\",\"kind\":\"organisations\",\
             \"log_index\":1,\"operation\":\"create\",\"recorded_at\":\"2026-11-20T08:30:00.25Z\",\
             \"version\":1}"
        );
        assert_eq!(
            entry.leaf(),
            digest("fa65282984e0e30bfac1800d345a4604f030cd81b4c4d643a6112b9b361b42e3")
        );
        assert_eq!(
            entry.chain_sha256,
            digest("970b721519eb77053af0f1b9d6eea694ec4c5961305fba88fd68e35082d327ad")
        );
    }

    #[test]
    fn the_line_is_the_canonical_json_of_all_fields() {
        let entry = fixed();
        let Entry { body, body_sha256, chain_sha256, salt, .. } = &entry;
        assert_eq!(
            entry.to_line(),
            format!(
                "{{\"actor\":\"Trần \\\"Minh\\\" 😀\",\"body\":{body},\
                 \"body_sha256\":\"{body_sha256}\",\"chain_sha256\":\"{chain_sha256}\",\
                 \"id\":\"{ID}\",\"kind\":\"organisations\",\"log_index\":1,\
                 \"operation\":\"create\",\"recorded_at\":\"2026-11-20T08:30:00.25Z\",\
                 \"salt\":\"{salt}\",\"version\":1}}"
            )
        );
        assert_eq!(Entry::parse_line(&entry.to_line()), Ok(entry));
    }

    /// The bytes of a time are hashed, so they must never depend on the library's mood.
    #[test]
    fn an_instant_has_as_few_digits_as_say_it() {
        for (given, hashed) in [
            ("2026-11-20T08:30:00Z", "2026-11-20T08:30:00Z"),
            ("2026-11-20T08:30:00.000000Z", "2026-11-20T08:30:00Z"),
            ("2026-11-20T08:30:00.000000999Z", "2026-11-20T08:30:00Z"),
            ("2026-11-20T15:30:00.5+07:00", "2026-11-20T08:30:00.5Z"),
            ("2026-11-20T08:30:00.120Z", "2026-11-20T08:30:00.12Z"),
            ("2026-11-20T08:30:00.000001Z", "2026-11-20T08:30:00.000001Z"),
            ("2026-11-20T08:30:00.1234567Z", "2026-11-20T08:30:00.123456Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ] {
            let mut entry = fixed();
            entry.recorded_at = instant(given);
            assert!(entry.hashed().contains(&format!("\"recorded_at\":\"{hashed}\"")), "{given}");
        }
    }

    #[test]
    fn canonical_json_is_that_of_rfc_8785() {
        // Section 3.2.2 and 3.2.3 of the RFC, and numbers of its appendix B.
        for (text, expected) in [
            (
                r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
                    "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
                    "literals":[null,true,false]}"#,
                r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#,
            ),
            (
                "[-0.0, 9007199254740992, 295147905179352830000, 1e21]",
                "[0,9007199254740992,295147905179352830000,1e+21]",
            ),
            (
                "[5e-324, 1.7976931348623157e308, 333333333.3333332, 1424953923781206.2]",
                "[5e-324,1.7976931348623157e+308,333333333.3333332,1424953923781206.2]",
            ),
        ] {
            let value: Json = serde_json::from_str(text).expect(text);
            assert_eq!(canonical(&value), expected);
        }
    }

    #[test]
    fn hexadecimal_digits_are_64_in_lower_case() {
        let text = "00ff".repeat(16);
        assert_eq!(digest(&text).to_string(), text);
        assert_eq!(format!("{:?}", digest(&text)), text);
        for wrong in ["", "00ff", &"00FF".repeat(16), &"00fg".repeat(16), &"é".repeat(32)] {
            assert_eq!(wrong.parse::<Digest>(), Err(HexError { digits: 64 }), "{wrong}");
        }
        assert_eq!("0".repeat(31).parse::<Salt>(), Err(HexError { digits: 32 }));
    }

    #[test]
    fn a_log_as_it_was_written_holds() {
        let entries = log(5);
        let mut verifier = Verifier::new();
        assert_eq!((verifier.log_index(), verifier.recorded_at()), (0, None));
        for entry in &entries {
            verifier.take(entry).expect("a right entry");
        }
        assert_eq!(verifier.log_index(), 5);
        assert_eq!(verifier.recorded_at(), Some(entries[4].recorded_at));
        assert_eq!(verifier.chain(), entries[4].chain_sha256);

        let known = &entries[2];
        let mut verifier = Verifier::after(known.log_index, known.recorded_at, known.chain_sha256);
        for entry in &entries[3..] {
            verifier.take(entry).expect("a right entry");
        }
        assert_eq!(verifier.chain(), entries[4].chain_sha256);
    }

    #[test]
    fn two_entries_may_have_one_instant() {
        let first =
            Entry::seal(draft(&json!({})), 1, instant("2026-11-20T08:30:00Z"), &Digest::ZERO);
        let second = Entry::seal(draft(&json!({})), 2, first.recorded_at, &first.chain_sha256);
        let mut verifier = Verifier::new();
        assert_eq!(verifier.take(&first).and_then(|()| verifier.take(&second)), Ok(()));
    }

    #[test]
    fn a_changed_body_is_found() {
        let mut entries = log(4);
        let found = entries[1].body_sha256;
        entries[1].body = entries[1].body.replace("VN", "LA");
        let expected = body_digest(&entries[1].salt, &entries[1].body);
        let fault = LogFault::BodyDigest { expected, found };
        assert_eq!(broken(&entries), Broken { log_index: 2, fault });
    }

    #[test]
    fn a_changed_body_with_its_digest_is_found() {
        let mut entries = log(4);
        entries[1].body = entries[1].body.replace("VN", "LA");
        entries[1].body_sha256 = body_digest(&entries[1].salt, &entries[1].body);
        let expected = entries[1].chained(&entries[0].chain_sha256);
        let fault = LogFault::Chain { expected, found: entries[1].chain_sha256 };
        assert_eq!(broken(&entries), Broken { log_index: 2, fault });

        // With its chain too: the next entry stands on another.
        entries[1].chain_sha256 = expected;
        let broken = broken(&entries);
        assert!(matches!(broken, Broken { log_index: 3, fault: LogFault::Chain { .. } }));
    }

    #[test]
    fn every_changed_field_is_found() {
        let change: [fn(&mut Entry); 7] = [
            |entry| entry.request_id = Some("r-1".to_owned()),
            |entry| entry.recorded_at = instant("2026-11-20T08:30:02.5Z"),
            |entry| entry.actor.push('x'),
            |entry| entry.operation = Operation::Status,
            |entry| entry.kind = CollectionName::Calibrations,
            |entry| {
                entry.record_id = Id::parse("0190a4c8-5c1e-7c3a-9b1d-2f4e6a8b0c1e").expect("an id");
            },
            |entry| entry.version += 1,
        ];
        for change in change {
            let mut entries = log(3);
            change(&mut entries[1]);
            let broken = broken(&entries);
            assert!(matches!(broken, Broken { log_index: 2, fault: LogFault::Chain { .. } }));
        }
        let mut entries = log(3);
        entries[1].salt = Salt::new([7; 16]);
        let broken = broken(&entries);
        assert!(matches!(broken, Broken { log_index: 2, fault: LogFault::BodyDigest { .. } }));
    }

    #[test]
    fn a_missing_entry_is_found() {
        let mut entries = log(4);
        entries.remove(1);
        let fault = LogFault::Index { expected: 2, found: 3 };
        assert_eq!(broken(&entries), Broken { log_index: 2, fault });
    }

    #[test]
    fn a_missing_entry_is_found_behind_new_positions() {
        let mut entries = log(4);
        entries.remove(1);
        entries[1].log_index = 2;
        let broken = broken(&entries);
        assert!(matches!(broken, Broken { log_index: 2, fault: LogFault::Chain { .. } }));
    }

    #[test]
    fn swapped_entries_are_found() {
        let mut entries = log(4);
        entries.swap(1, 2);
        let fault = LogFault::Index { expected: 2, found: 3 };
        assert_eq!(broken(&entries), Broken { log_index: 2, fault });
    }

    #[test]
    fn an_entry_that_stands_twice_is_found() {
        let mut entries = log(3);
        entries.insert(2, entries[1].clone());
        let fault = LogFault::Index { expected: 3, found: 2 };
        assert_eq!(broken(&entries), Broken { log_index: 3, fault });
    }

    /// Found even where all hashes were made to agree.
    #[test]
    fn time_that_goes_backwards_is_found() {
        let mut entries = log(2);
        let (before, found) = (entries[1].recorded_at, instant("2026-11-20T08:30:01.999999Z"));
        let third = Entry::seal(draft(&json!({})), 3, found, &entries[1].chain_sha256);
        entries.push(third);
        let fault = LogFault::Time { before, found };
        assert_eq!(broken(&entries), Broken { log_index: 3, fault });
    }

    #[test]
    fn a_body_in_another_form_is_found() {
        for (body, expected) in [
            (
                r#"{"country":"VN", "id":"é"}"#,
                LogFault::BodyForm {
                    at: 16,
                    expected: r#""id":"é"}"#.to_owned(),
                    found: r#" "id":"é"}"#.to_owned(),
                },
            ),
            (
                "{\"a\":\"é\",\"a\":\"é\"}\n",
                LogFault::BodyForm {
                    at: 9,
                    expected: "}".to_owned(),
                    found: ",\"a\":\"é\"} ".to_owned(),
                },
            ),
            ("{}\n", LogFault::BodyForm { at: 2, expected: String::new(), found: " ".to_owned() }),
            ("[]", LogFault::BodyNoObject { reason: None }),
            (
                "{",
                LogFault::BodyNoObject {
                    reason: Some("EOF while parsing an object at line 1 column 1".to_owned()),
                },
            ),
        ] {
            let mut draft = draft(&json!({}));
            draft.body = body.to_owned();
            let entry = Entry::seal(draft, 1, instant("2026-11-20T08:30:00Z"), &Digest::ZERO);
            assert_eq!(broken(&[entry]), Broken { log_index: 1, fault: expected }, "{body}");
        }
    }

    #[test]
    fn messages_say_what_is_wrong_and_what_to_do() {
        let mut entries = log(3);
        entries.remove(1);
        let text = broken(&entries).text();
        assert_eq!(
            text.en,
            "the log is wrong from entry 2 on: expected entry 2, found entry 3; an entry was taken \
             out or moved, or the file does not begin where the check does. What stands before it \
             holds; nothing from it on is proven. Keep this copy as it is, and compare it with a \
             backup or an earlier export"
        );
        assert_eq!(
            text.vi,
            "nhật ký sai từ mục 2: cần mục 2, gặp mục 3; có mục đã bị xoá hoặc đổi chỗ, hoặc tệp \
             không bắt đầu ở nơi bắt đầu kiểm tra. Các mục trước đó vẫn đúng; từ mục này trở đi \
             không còn gì được chứng minh. Hãy giữ nguyên bản này và so với bản sao lưu hoặc bản \
             xuất trước đó"
        );
    }

    #[test]
    fn a_line_may_be_written_otherwise() {
        let entry = fixed();
        let value: Json = serde_json::from_str(&entry.to_line()).expect("JSON");
        let spread = serde_json::to_string_pretty(&value).expect("JSON");
        assert_eq!(Entry::parse_line(&format!("{spread}\r\n")), Ok(entry));
    }

    #[test]
    fn all_faults_of_a_line_are_told() {
        let said = |line: &str| -> Vec<(&'static str, String)> {
            let Err(Faults(faults)) = Entry::parse_line(line) else { panic!("accepted: {line}") };
            let mut said: Vec<_> =
                faults.into_iter().map(|fault| (fault.code, fault.pointer)).collect();
            said.sort();
            said
        };
        let line = fixed().to_line();
        let with = |path: &str, value: Json| {
            let mut line: Json = serde_json::from_str(&line).expect("JSON");
            line[path] = value;
            line.to_string()
        };
        for (wrong, expected) in [
            ("{", ("bad_json", "")),
            ("[]", ("wrong_type", "")),
            (&with("merkle", json!(1)), ("unknown_field", "")),
            (&line.replace("\"version\":1", "\"version\":1,\"version\":1"), ("duplicate_key", "")),
            (&line.replace("\"neg\":-7", "\"neg\":-7,\"n\\u0065g\":-7"), ("duplicate_key", "")),
            (&line.replace(",\"version\":1", ""), ("missing_field", "")),
            (&with("body", json!("text")), ("wrong_type", "/body")),
            (&with("body_sha256", json!("AB")), ("bad_digest", "/body_sha256")),
            (&with("salt", json!("ab")), ("bad_salt", "/salt")),
            (&with("id", json!("W-12")), ("bad_id", "/id")),
            (&with("kind", json!("organisation")), ("unknown_value", "/kind")),
            (&with("operation", json!("delete")), ("unknown_value", "/operation")),
            (&with("log_index", json!(0)), ("out_of_range", "/log_index")),
            (&with("log_index", json!(1_u64 << 53)), ("out_of_range", "/log_index")),
            (&with("log_index", json!("1")), ("wrong_type", "/log_index")),
            (&with("log_index", json!(1.5)), ("wrong_type", "/log_index")),
            (&with("version", json!(-1)), ("wrong_type", "/version")),
            (&with("recorded_at", json!("2026-11-20")), ("bad_instant", "/recorded_at")),
            (
                &with("recorded_at", json!("2026-11-20T08:30:00.250Z")),
                ("bad_instant", "/recorded_at"),
            ),
            (
                &with("recorded_at", json!("2026-11-20T15:30:00+07:00")),
                ("bad_instant", "/recorded_at"),
            ),
        ] {
            assert_eq!(said(wrong), [(expected.0, expected.1.to_owned())], "{wrong}");
        }
        let mut all: Json = serde_json::from_str(&line).expect("JSON");
        all["salt"] = json!(1);
        all["kind"] = json!(1);
        all["extra"] = json!(1);
        assert_eq!(said(&all.to_string()).len(), 3);
    }

    #[test]
    fn a_body_that_is_no_json_does_not_break_the_line() {
        let mut entry = fixed();
        entry.body = "{\"a\":\n".to_owned();
        let line = entry.to_line();
        assert!(!line.contains('\n'), "{line}");
        let Err(Faults(faults)) = Entry::parse_line(&line) else { panic!("accepted: {line}") };
        assert_eq!(faults[0].pointer, "/body");
    }

    /// Any JSON that a body may hold. Numbers that were measured are strings (rule Q-07); others
    /// are here because a canonical form must not depend on who puts what into a body.
    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<u64>().prop_map(Json::from),
            any::<f64>().prop_map(Json::from),
            "-?[0-9]{1,20}(\\.[0-9]{1,20})?([eE]-?[0-9]{1,2})?".prop_map(Json::from),
            any::<String>().prop_map(Json::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|object| Json::Object(object.into_iter().collect())),
            ]
        })
    }

    fn any_body() -> impl Strategy<Value = Json> {
        prop::collection::btree_map(any::<String>(), any_json(), 0..6)
            .prop_map(|object| Json::Object(object.into_iter().collect()))
    }

    /// The same value with keys in ASCII, as records have them.
    fn plain(value: Json) -> Json {
        match value {
            Json::Array(elements) => elements.into_iter().map(plain).collect(),
            Json::Object(fields) => fields
                .into_iter()
                .map(|(key, value)| (key.escape_unicode().to_string(), plain(value)))
                .collect(),
            other => other,
        }
    }

    proptest! {
        #[test]
        fn the_short_way_prints_as_the_long_one(value in any_json()) {
            let plain = plain(value.clone());
            for value in [value, plain] {
                prop_assert_eq!(canonical(&value), canonical_of(&value));
            }
        }

        #[test]
        fn canonical_json_stays_as_it_is(value in any_json()) {
            let text = canonical(&value);
            let again: Json = serde_json::from_str(&text).expect("JSON");
            prop_assert_eq!(canonical(&again), text);
        }

        #[test]
        fn lines_round_trip(
            body in any_body(),
            actor in any::<String>(),
            request_id in any::<Option<String>>(),
            log_index in 1..=Entry::LAST_INDEX,
            version: u32,
            salt: [u8; 16],
            microsecond in 0_i64..250_000_000_000_000_000,
            operation in prop::sample::select(Operation::ALL),
            kind in prop::sample::select(CollectionName::ALL),
            before: [u8; 32],
        ) {
            let record_id = Id::parse(ID).expect("an id");
            let salt = Salt::new(salt);
            let body = canonical(&body);
            let draft =
                Draft { actor, request_id, operation, kind, record_id, version, body, salt };
            let time = jiff::Timestamp::from_microsecond(microsecond).expect("before the year 9999");
            let time = Instant::from_timestamp(time);
            let before = Digest(before);
            let entry = Entry::seal(draft, log_index, time, &before);
            let line = entry.to_line();
            prop_assert!(!line.contains(['\n', '\r']), "{}", line);
            prop_assert_eq!(Entry::parse_line(&line), Ok(entry.clone()));

            let mut verifier = Verifier::after(log_index - 1, time, before);
            prop_assert_eq!(verifier.take(&entry), Ok(()));
        }

        #[test]
        fn reading_a_line_never_panics(line in "\\PC*") {
            let _ = Entry::parse_line(&line);
        }
    }
}
