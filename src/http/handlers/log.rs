//! The record log: the change feed of the registry, and its proof that nothing was rewritten.

use actix_web::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::app::log::LogFilter;
use crate::domain::form::{Described as _, Form};
use crate::domain::id::Id;
use crate::domain::log::{Digest, Entry, Operation as LogOperation, Salt};
use crate::domain::period::Instant;
use crate::domain::records::CollectionName;
use crate::domain::text::Text;

use super::super::call::{Call, Reply};
use super::super::problem::{Code, Problem};
use super::super::routes::{AnswerHeader, BASE, Operation};
use super::{at_least, if_none_match, integer, object, parameter, variable};

/// Entries of a page.
const LONGEST_PAGE: u64 = 1_000;
const USUAL_PAGE: u64 = 100;

answer! {
    /// An entry of the record log, as `docs/log-format.md` describes it. Body and salt are withheld
    /// where the record is confidential and not the caller's: the chain can be followed without
    /// them.
    LogEntry {
        /// Position in the log, from 1 without gaps.
        log_index: u64,
        /// When the registry learnt of it.
        recorded_at: Instant,
        /// Who wrote it: a key or a member, or a name at the registry's own machine.
        actor: String,
        /// The request by which it was written, as its answer named it (`X-Request-Id`).
        #[serde(skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
        /// What the write did.
        operation: LogOperation,
        /// The collection of the record.
        kind: CollectionName,
        /// The record.
        id: Id,
        /// The record's version.
        version: u32,
        /// The record in this version.
        #[serde(skip_serializing_if = "Option::is_none")]
        body: Option<Value>,
        /// What is hashed before the body.
        #[serde(skip_serializing_if = "Option::is_none")]
        salt: Option<Salt>,
        /// SHA-256 over salt and body.
        body_sha256: Digest,
        /// SHA-256 over the chain before this entry and its leaf.
        chain_sha256: Digest,
    }
}

/// The operations.
pub fn operations() -> Vec<Operation> {
    let path = format!("{BASE}/log");
    let page = object([
        ("items", "The entries, in the order of the log.", Form::list_of(LogEntry::form())),
        (
            "next_after",
            "What to ask with for the next entries; null where the log ends for now.",
            Option::<u64>::form(),
        ),
        ("head", "The index of the last entry that there is.", u64::form()),
        ("head_chain_sha256", "The chain up to it.", Digest::form()),
    ]);
    vec![
        Operation::new(Method::GET, &path, "list_log_entries", list)
            .says(
                "log",
                "Read the change feed",
                "Entries of the record log after an index. Ask again with `next_after`, or with the \
                 last index that was read once the end is reached. With \
                 `Accept: application/x-ndjson` every entry up to the head comes on a line.",
            )
            .with([
                parameter("after", "The last index that is known; 0 when absent.", u64::form()),
                parameter(
                    "limit",
                    "Entries of a page, 1 to 1000; 100 when absent.",
                    integer(1, LONGEST_PAGE),
                ),
                parameter(
                    "actor",
                    "Only what this key or member wrote (`key:…`, `member:…`).",
                    String::form(),
                ),
                parameter(
                    "organisation",
                    "Only what keys and members of this organisation wrote; for the organisation \
                     itself, institutes and operators.",
                    Id::form(),
                ),
                parameter("kind", "Only records of this collection.", CollectionName::form()),
                parameter("record", "Only versions of this record.", Id::form()),
                parameter(
                    "recorded_from",
                    "Only what was recorded at this instant or later.",
                    Instant::form(),
                ),
                parameter(
                    "recorded_before",
                    "Only what was recorded before this instant.",
                    Instant::form(),
                ),
                at_least(),
            ])
            .gives(StatusCode::OK, "Entries.", page, &[AnswerHeader::LogIndex])
            .or_lines(LogEntry::form())
            .fails(&[Code::NotAllowed]),
        Operation::new(Method::GET, format!("{path}/{{index}}"), "get_log_entry", get)
            .says("log", "Read an entry of the log", "One entry, which never changes.")
            .with([
                variable("index", "Its position.", integer(1, Entry::LAST_INDEX)),
                at_least(),
                if_none_match(),
            ])
            .gives(
                StatusCode::OK,
                "The entry.",
                LogEntry::form(),
                &[AnswerHeader::ETag, AnswerHeader::LogIndex],
            )
            .fails(&[Code::UnknownRecord]),
    ]
}

fn list(call: &Call) -> Result<Reply, Problem> {
    let after = call.number("after", 0, Entry::LAST_INDEX)?.unwrap_or(0);
    let limit = call.number("limit", 1, LONGEST_PAGE)?.unwrap_or(USUAL_PAGE);
    let registry = call.registry().clone();
    let (head, reader) = (registry.head()?, call.reader());
    let filter = filter(call)?;
    if call.wants_lines() {
        // What is wrong with the request is said before the answer begins.
        registry.log_page(after, 1, &filter, &reader)?;
        return Ok(Reply::lines(move |send| {
            let mut after = after;
            while after < head.log_index {
                let page = match registry.log_page(after, LONGEST_PAGE, &filter, &reader) {
                    Ok(page) => page,
                    Err(refusal) => {
                        tracing::error!("the log ended early: {refusal}");
                        return;
                    }
                };
                let Some((last, _)) = page.last() else { return };
                after = last.log_index;
                let until = page.iter().take_while(|(entry, _)| entry.log_index <= head.log_index);
                for (entry, readable) in until {
                    let line = serde_json::to_string(&shown(entry, *readable)).unwrap_or_default();
                    if !send(line) {
                        return;
                    }
                }
            }
        })
        .at(head.log_index));
    }
    let page = registry.log_page(after, limit, &filter, &reader)?;
    let is_full = page.len() as u64 == limit;
    let page: Vec<_> = page.iter().filter(|(entry, _)| entry.log_index <= head.log_index).collect();
    let last = page.last().map(|(entry, _)| entry.log_index);
    let items: Vec<LogEntry> =
        page.iter().map(|(entry, readable)| shown(entry, *readable)).collect();
    let body = json!({
        "items": items,
        "next_after": last.filter(|last| is_full && *last < head.log_index),
        "head": head.log_index,
        "head_chain_sha256": head.chain_sha256,
    });
    Ok(Reply::json(StatusCode::OK, &body)?.at(head.log_index))
}

/// Which entries are asked for.
fn filter(call: &Call) -> Result<LogFilter, Problem> {
    let kind = match call.parameter("kind") {
        None => None,
        Some(word) => Some(CollectionName::from_word(word).ok_or_else(|| {
            let words: Vec<&str> = CollectionName::ALL.iter().map(|one| one.as_str()).collect();
            let words = words.join(", ");
            let message =
                Text::new(format!("cần một trong: {words}"), format!("expected one of: {words}"));
            Problem::parameter("kind", "unknown_value", message)
        })?),
    };
    let instant = |name: &str| {
        let Some(text) = call.parameter(name) else { return Ok(None) };
        Instant::parse(text).map(Some).map_err(|_| {
            let message = Text::new(
                "cần thời điểm như 2026-11-20T00:00:00Z",
                "expected an instant such as 2026-11-20T00:00:00Z",
            );
            Problem::parameter(name, "bad_instant", message)
        })
    };
    Ok(LogFilter {
        actor: call.parameter("actor").map(str::to_owned),
        organisation: call.id_parameter("organisation")?,
        kind,
        record: call.id_parameter("record")?,
        recorded_from: instant("recorded_from")?,
        recorded_before: instant("recorded_before")?,
    })
}

fn get(call: &Call) -> Result<Reply, Problem> {
    let registry = call.registry();
    let index = call.variable("index").parse().ok().filter(|index| *index > 0);
    let page = match index {
        None => Vec::new(),
        Some(index) => registry.log_page(index - 1, 1, &LogFilter::default(), &call.reader())?,
    };
    let Some((entry, readable)) = page.first().filter(|(entry, _)| Some(entry.log_index) == index)
    else {
        let message = Text::new("nhật ký không có mục này", "the log has no such entry");
        return Err(Problem::new(Code::UnknownRecord, message));
    };
    let tag = call.tag(entry.log_index, false);
    if let Some(reply) = call.unchanged(&tag) {
        return Ok(reply.at(entry.log_index));
    }
    let body = shown(entry, *readable);
    Ok(Reply::json(StatusCode::OK, &body)?.at(entry.log_index).with(header::ETAG, &tag))
}

fn shown(entry: &Entry, readable: bool) -> LogEntry {
    LogEntry {
        log_index: entry.log_index,
        recorded_at: entry.recorded_at,
        actor: entry.actor.clone(),
        request_id: entry.request_id.clone(),
        operation: entry.operation,
        kind: entry.kind,
        id: entry.record_id.clone(),
        version: entry.version,
        body: readable.then(|| serde_json::from_str(&entry.body).ok()).flatten(),
        salt: readable.then_some(entry.salt),
        body_sha256: entry.body_sha256,
        chain_sha256: entry.chain_sha256,
    }
}
