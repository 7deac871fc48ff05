//! One request as a handler sees it: plain and owned, so that it can go to a thread that may block;
//! and the answer that it gives back. No actix here, and no work of the registry.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::Value;

use crate::app::access::Principal;
use crate::app::idempotency::Attempt;
use crate::app::registry::{Author, Registry};
use crate::app::verify::Moment;
use crate::domain::claim::KnownAt;
use crate::domain::fault::Fault;
use crate::domain::id::Id;
use crate::domain::identity::Proof;
use crate::domain::json;
use crate::domain::log::{Digest, Entry};
use crate::domain::text::{Language, Text};

use super::problem::{Code, Problem};
use super::routes::{Access, Operation};
use super::service::Service;
use crate::app::access::Reader;
use crate::app::dcc;

/// JSON.
pub const JSON: &str = "application/json";
/// JSON, one value a line, for answers that go on.
pub const NDJSON: &str = "application/x-ndjson";
/// A table, one row a line (RFC 4180).
pub const CSV: &str = "text/csv";
/// The media type of workbooks.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The position in the record log that an answer is from.
pub const LOG_INDEX: HeaderName = HeaderName::from_static("log-index");
/// The position that an answer has to be from at least.
pub const AT_LEAST_LOG_INDEX: HeaderName = HeaderName::from_static("at-least-log-index");
/// By which a repeated request is known.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// That an answer is the one that was given before.
pub const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// The request, for whoever asks about it.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What is noted about a request for whoever handles it.
#[derive(Debug, Clone)]
pub struct Noted {
    /// Its id.
    pub request_id: String,
    /// The language that the client reads.
    pub language: Language,
    /// The network address that it comes from, behind the proxies that are believed.
    pub address: IpAddr,
}

/// A request.
pub struct Call {
    /// The service.
    pub service: Arc<Service>,
    /// What is asked for.
    pub operation: Arc<Operation>,
    /// What was noted about it when it came.
    pub noted: Noted,
    /// When it came.
    pub moment: Moment,
    /// Path and query as sent.
    pub target: String,
    /// Values of the path's variables.
    pub path: Vec<(String, String)>,
    /// The query, each name once.
    pub query: Vec<(String, String)>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub body: Vec<u8>,
    /// What the token proves.
    pub proof: Option<Proof>,
    /// Who that is here: set once the database was asked.
    pub principal: Option<Principal>,
}

impl Call {
    /// The registry.
    pub fn registry(&self) -> &Registry {
        &self.service.registry
    }

    /// Looks up who calls, and what they may do.
    ///
    /// # Errors
    /// When the token names nobody, or nobody is named and somebody has to be.
    pub fn identify(&mut self) -> Result<(), Problem> {
        if let Some(proof) = &self.proof {
            let own = self.service.issuer.url();
            self.principal = self.service.registry.principal(proof, own, self.moment.now)?;
            if self.principal.is_none() {
                let message = Text::new(
                    "khoá hoặc thành viên của token này không còn, đã hết hạn hoặc bị thu hồi",
                    "the key or member of this token is not there any more, has expired or was revoked",
                );
                return Err(Problem::new(Code::InvalidToken, message));
            }
        }
        match (&self.principal, self.operation.access.scope()) {
            (Some(principal), Some(scope)) if !principal.scopes.has(scope) => {
                Err(Problem::lacking(scope))
            }
            (None, _) if matches!(self.operation.access, Access::Token(_)) => {
                Err(Problem::of(Code::Unauthenticated))
            }
            _ => Ok(()),
        }
    }

    /// Who calls, where the operation needs somebody.
    ///
    /// # Errors
    /// When nobody is named.
    pub fn principal(&self) -> Result<&Principal, Problem> {
        self.principal.as_ref().ok_or_else(|| Problem::of(Code::Unauthenticated))
    }

    /// For whom is read.
    pub fn reader(&self) -> Reader {
        self.principal.as_ref().map_or(Reader::Public, Principal::reader)
    }

    /// Who writes, and now.
    ///
    /// # Errors
    /// When nobody is named.
    pub fn author(&self) -> Result<Author, Problem> {
        Ok(Author::of(self.principal()?.clone(), self.moment.now)
            .in_request(&self.noted.request_id))
    }

    /// A variable of the path.
    pub fn variable(&self, name: &str) -> &str {
        find(&self.path, name).unwrap_or_default()
    }

    /// The record that the path names.
    ///
    /// # Errors
    /// That there is nothing of this name: an id that cannot be one leads nowhere.
    pub fn id(&self) -> Result<Id, Problem> {
        let text = self.variable("id");
        Id::parse(text).ok().filter(|id| !id.is_label()).ok_or_else(|| {
            let message = Text::new(
                "mã trong đường dẫn không phải UUIDv7 chữ thường, nên không có bản ghi nào",
                "the id in the path is no UUIDv7 in lower case, so there is no such record",
            );
            Problem::new(Code::UnknownRecord, message)
        })
    }

    /// A parameter of the query.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// A parameter that is the id of a record.
    ///
    /// # Errors
    /// When it is none.
    pub fn id_parameter(&self, name: &str) -> Result<Option<Id>, Problem> {
        let Some(text) = self.parameter(name) else { return Ok(None) };
        Id::parse(text).ok().filter(|id| !id.is_label()).map(Some).ok_or_else(|| {
            let message = Text::new("cần một UUIDv7 chữ thường", "expected a UUIDv7 in lower case");
            Problem::parameter(name, "bad_id", message)
        })
    }

    /// A parameter that is a number within bounds.
    ///
    /// # Errors
    /// When it is none, or out of bounds.
    pub fn number(&self, name: &str, least: u64, most: u64) -> Result<Option<u64>, Problem> {
        let Some(text) = self.parameter(name) else { return Ok(None) };
        let number = whole(text).filter(|number| (least..=most).contains(number));
        number.map(Some).ok_or_else(|| {
            let message = Text::new(
                format!("cần một số nguyên từ {least} đến {most}"),
                format!("expected a whole number from {least} to {most}"),
            );
            Problem::parameter(name, "bad_number", message)
        })
    }

    /// A parameter that is true or false.
    ///
    /// # Errors
    /// When it is neither.
    pub fn truth(&self, name: &str) -> Result<bool, Problem> {
        match self.parameter(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => {
                let message = Text::new("cần true hoặc false", "expected true or false");
                Err(Problem::parameter(name, "bad_truth", message))
            }
        }
    }

    /// The state of knowledge that is asked for.
    ///
    /// # Errors
    /// When it is neither an instant nor a log index.
    pub fn known_at(&self) -> Result<Option<KnownAt>, Problem> {
        let Some(text) = self.parameter("known_at") else { return Ok(None) };
        KnownAt::parse(text).map(Some).ok_or_else(|| {
            let message = Text::new(
                "cần thời điểm như 2026-11-20T00:00:00Z hoặc chỉ số nhật ký",
                "expected an instant such as 2026-11-20T00:00:00Z or a log index",
            );
            Problem::parameter("known_at", "bad_instant", message)
        })
    }

    /// The log index that is read at.
    ///
    /// # Errors
    /// When it cannot be read, or lies in the future.
    pub fn at(&self) -> Result<u64, Problem> {
        let known_at = self.known_at()?;
        self.registry().index_at(known_at, self.moment.now).map_err(of_parameters)
    }

    /// A header as text.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Refuses when the log has not come as far as the client has seen it already.
    ///
    /// # Errors
    /// When it has not, or the header is no number.
    pub fn at_least(&self) -> Result<(), Problem> {
        let Some(value) = self.headers.get(&AT_LEAST_LOG_INDEX) else { return Ok(()) };
        let least = value.to_str().ok().and_then(whole);
        let Some(least) = least.filter(|least| *least <= Entry::LAST_INDEX) else {
            let message = Text::new("cần một chỉ số nhật ký", "expected a log index");
            return Err(Problem::parameter("At-Least-Log-Index", "bad_number", message));
        };
        let head = self.registry().head().map_err(Problem::from)?.log_index;
        match least <= head {
            true => Ok(()),
            false => {
                let message = Text::new(
                    format!("nhật ký ở đây mới tới {head}"),
                    format!("the log here ends at {head} so far"),
                );
                let problem = Problem::new(Code::LogIndexNotReached, message);
                Err(problem.with(header::RETRY_AFTER, "1").with(LOG_INDEX, &head.to_string()))
            }
        }
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When there is none, or it is no JSON.
    pub fn json(&self) -> Result<Value, Problem> {
        let text = self.text()?;
        json::parse(text).map_err(|faults| Problem {
            errors: faults.0.clone(),
            ..Problem::new(
                Code::MalformedJson,
                faults
                    .0
                    .first()
                    .map_or_else(|| Code::MalformedJson.help(), |one| one.message.clone()),
            )
        })
    }

    /// The body as text.
    ///
    /// # Errors
    /// When there is none, or it is no UTF-8.
    pub fn text(&self) -> Result<&str, Problem> {
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Err(Problem::of(Code::EmptyBody));
        }
        std::str::from_utf8(&self.body).map_err(|error| {
            let place = error.valid_up_to();
            let message = Text::new(
                format!("nội dung không phải UTF-8 từ byte {place}"),
                format!("the body is no UTF-8 from byte {place}"),
            );
            let fault = Fault::error("", "bad_utf8", message.clone());
            Problem { errors: vec![fault], ..Problem::new(Code::MalformedJson, message) }
        })
    }

    /// By what a repetition of this request is known; none when the client does not say.
    ///
    /// # Errors
    /// When the key is empty, too long or no text.
    pub fn attempt(&self) -> Result<Option<Attempt>, Problem> {
        /// Longest key: a UUID has 36 characters, and some put a name before it.
        const LONGEST: usize = 255;
        let Some(value) = self.headers.get(&IDEMPOTENCY_KEY) else { return Ok(None) };
        let key = value.to_str().ok().map(str::trim);
        let key = key.filter(|key| (1..=LONGEST).contains(&key.len())).ok_or_else(|| {
            let message = Text::new(
                format!("cần 1 đến {LONGEST} ký tự ASCII in được"),
                format!("expected 1 to {LONGEST} printable ASCII characters"),
            );
            Problem::parameter("Idempotency-Key", "bad_idempotency_key", message)
        })?;
        Ok(Some(Attempt {
            principal: self.principal()?.actor(),
            method: self.operation.method.as_str().to_owned(),
            path: self.target.clone(),
            key: key.to_owned(),
            request_sha256: Digest::of(&[&self.body]),
        }))
    }

    /// The version that `If-Match` names.
    ///
    /// # Errors
    /// When it is missing, or names no version.
    pub fn if_match(&self) -> Result<u32, Problem> {
        let Some(value) = self.headers.get(header::IF_MATCH) else {
            return Err(Problem::of(Code::IfMatchRequired));
        };
        let tag = value.to_str().ok().map(str::trim);
        // A weak tag never matches (RFC 9110, 13.1.1), nor does that of something else.
        tag.and_then(version_of_tag).ok_or_else(|| Problem::of(Code::Stale))
    }

    /// The answer that nothing has changed, where the client has this already.
    pub fn unchanged(&self, tag: &str) -> Option<Reply> {
        let held = self.header(&header::IF_NONE_MATCH)?;
        let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let matches = held.trim() == "*" || held.split(',').any(|one| bare(one) == bare(tag));
        matches.then(|| Reply::new(StatusCode::NOT_MODIFIED).with(header::ETAG, tag))
    }

    /// The tag of an answer that follows from the request, the state of knowledge, who reads and,
    /// where `today` matters, the day.
    pub fn tag(&self, at: u64, today: bool) -> String {
        self.tag_under("", at, today)
    }

    /// The same of an answer that also follows from a policy, by its digest.
    pub fn tag_under(&self, policy_sha256: &str, at: u64, today: bool) -> String {
        let day = if today { self.moment.today.to_string() } else { String::new() };
        let reader = format!("{:?}", self.reader());
        let parts =
            [self.target.as_str(), &at.to_string(), &reader, &day, policy_sha256, self.accepted()];
        let parts: Vec<&[u8]> = parts.iter().flat_map(|part| [part.as_bytes(), b"\n"]).collect();
        format!("W/\"{at}-{}\"", &Digest::of(&parts).to_string()[..16])
    }

    fn accepted(&self) -> &str {
        self.header(&header::ACCEPT).unwrap_or_default()
    }

    /// Whether the client would rather have one JSON value a line.
    pub fn wants_lines(&self) -> bool {
        let quality = |media: &str| super::negotiation::quality(self.accepted(), media);
        quality(NDJSON) > quality(JSON)
    }

    /// Whether the client would rather have a digital calibration certificate.
    pub fn wants_dcc(&self) -> bool {
        let quality = |media: &str| super::negotiation::quality(self.accepted(), media);
        quality(dcc::MEDIA_TYPE) > quality(JSON)
    }

    /// Whether the client would rather have a table.
    pub fn wants_csv(&self) -> bool {
        let quality = |media: &str| super::negotiation::quality(self.accepted(), media);
        quality(CSV) > quality(JSON)
    }

    /// Whether the client would rather have a workbook.
    pub fn wants_xlsx(&self) -> bool {
        let quality = |media: &str| super::negotiation::quality(self.accepted(), media);
        quality(XLSX) > quality(JSON).max(quality(CSV))
    }
}

fn find<'v>(values: &'v [(String, String)], name: &str) -> Option<&'v str> {
    values.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// A whole number as it is written in one way only: in digits, without a sign.
fn whole(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}

/// A refusal of what the query says: faults of parameters, not of a body.
pub fn of_parameters(refusal: crate::app::refusal::Refusal) -> Problem {
    match refusal {
        crate::app::refusal::Refusal::Faults(faults) => Problem::parameters(faults.0),
        other => other.into(),
    }
}

/// The tag of a version of a record.
pub fn version_tag(version: u64) -> String {
    format!("\"{version}\"")
}

fn version_of_tag(tag: &str) -> Option<u32> {
    whole(tag.strip_prefix('"')?.strip_suffix('"')?)?.try_into().ok()
}

/// What goes back.
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// Headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: ReplyBody,
}

/// Where the lines of an answer go; false when nobody takes them any more.
pub type Lines<'s> = dyn FnMut(String) -> bool + 's;

/// What makes the lines of an answer.
pub type LinesWork = Box<dyn FnOnce(&mut Lines<'_>) + Send>;

/// The body of an answer.
pub enum ReplyBody {
    /// None.
    Empty,
    /// A text of this media type.
    Text(&'static str, String),
    /// A file of this media type.
    File(&'static str, Vec<u8>),
    /// One JSON value a line, made while it is sent.
    Lines(LinesWork),
}

impl Reply {
    /// An answer without a body.
    pub fn new(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: ReplyBody::Empty }
    }

    /// A JSON answer.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn json(status: StatusCode, value: &impl Serialize) -> Result<Self, Problem> {
        let text = serde_json::to_string(value)
            .map_err(|error| Problem::internal(format!("an answer is no JSON: {error}")))?;
        Ok(Self { body: ReplyBody::Text(JSON, text), ..Self::new(status) })
    }

    /// A table as CSV, in UTF-8.
    pub fn csv(text: String) -> Self {
        let body = ReplyBody::Text("text/csv; charset=utf-8; header=present", text);
        Self { body, ..Self::new(StatusCode::OK) }
    }

    /// A workbook.
    pub fn xlsx(bytes: Vec<u8>) -> Self {
        Self { body: ReplyBody::File(XLSX, bytes), ..Self::new(StatusCode::OK) }
    }

    /// A digital calibration certificate.
    pub fn dcc(xml: String) -> Self {
        Self { body: ReplyBody::Text(dcc::MEDIA_TYPE, xml), ..Self::new(StatusCode::OK) }
    }

    /// An answer of one JSON value a line.
    pub fn lines(work: impl FnOnce(&mut Lines<'_>) + Send + 'static) -> Self {
        Self { body: ReplyBody::Lines(Box::new(work)), ..Self::new(StatusCode::OK) }
    }

    /// With a further header.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// The position in the record log that it carries: that of what was written, or that of the
    /// state of knowledge it is from.
    pub fn log_index(&self) -> Option<u64> {
        let value = self.headers.iter().find(|(name, _)| *name == LOG_INDEX)?;
        value.1.to_str().ok()?.parse().ok()
    }

    /// Says which state of knowledge it is from.
    #[must_use]
    pub fn at(self, log_index: u64) -> Self {
        self.with(LOG_INDEX, &log_index.to_string())
    }
}
