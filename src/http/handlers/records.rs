//! The collections: lists, records, their versions, and how they are written. The same for every
//! collection; only forms and filters differ.

use actix_web::http::header;
use actix_web::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::access::{self, Act};
use crate::app::dcc;
use crate::app::history;
use crate::app::list::{Comparison, FilterName, LONGEST_PAGE, ListRequest, USUAL_PAGE, filters};
use crate::app::registry::{Change, shown};
use crate::domain::claim::KnownAt;
use crate::domain::fault::Fault;
use crate::domain::form::{Described as _, Form, TextForm};
use crate::domain::identity::Scope;
use crate::domain::log::Digest;
use crate::domain::period::Day;
use crate::domain::records::CollectionName;

use super::super::call::{Call, IDEMPOTENT_REPLAYED, Reply, of_parameters, version_tag};
use super::super::problem::{Code, Problem};
use super::super::routes::{Access, AnswerHeader, BASE, Operation};
use super::{
    at_least, header as header_parameter, id, idempotency_key, if_none_match, integer, known_at,
    object, parameter,
};

/// The collections that are served, and what one of their records is called.
const SERVED: [(CollectionName, &str); 13] = [
    (CollectionName::Organisations, "organisation"),
    (CollectionName::Memberships, "membership"),
    (CollectionName::Accreditations, "accreditation"),
    (CollectionName::LegalRecognitions, "legal_recognition"),
    (CollectionName::Capabilities, "capability"),
    (CollectionName::MeasurementStandards, "measurement_standard"),
    (CollectionName::Realisations, "realisation"),
    (CollectionName::Calibrations, "calibration"),
    (CollectionName::Comparisons, "comparison"),
    (CollectionName::Documents, "document"),
    (CollectionName::Nonconformities, "nonconformity"),
    (CollectionName::Attestations, "attestation"),
    (CollectionName::Programme, "programme"),
];

/// The headers of an answer to a write.
const OF_A_WRITE: &[AnswerHeader] =
    &[AnswerHeader::ETag, AnswerHeader::LogIndex, AnswerHeader::IdempotentReplayed];
const OF_A_CREATION: &[AnswerHeader] = &[
    AnswerHeader::ETag,
    AnswerHeader::Location,
    AnswerHeader::LogIndex,
    AnswerHeader::IdempotentReplayed,
];
const OF_A_READ: &[AnswerHeader] = &[AnswerHeader::ETag, AnswerHeader::LogIndex];

/// The operations of every collection.
pub fn operations() -> Vec<Operation> {
    SERVED.into_iter().flat_map(|(collection, one)| of(collection, one)).collect()
}

fn of(collection: CollectionName, one: &'static str) -> Vec<Operation> {
    let many = collection.as_str();
    let words = one.replace('_', " ");
    let path = format!("{BASE}/{many}");
    let of_one = format!("{path}/{{id}}");
    let record = collection.record_form();
    let accepted = object([
        ("record", "The record in its new version.", record.clone()),
        (
            "warnings",
            "What keeps nothing out; the rules of the catalogue judge it.",
            Form::list_of(Fault::form()),
        ),
    ]);
    let page = object([
        ("items", "The records, in the order of their ids.", Form::list_of(record.clone())),
        (
            "next_cursor",
            "What to ask with for the next page; null on the last.",
            Option::<String>::form(),
        ),
    ]);
    let listed = if one == "programme" { "programmes".to_owned() } else { many.to_owned() };
    let mut all = vec![
        Operation::new(Method::GET, &path, format!("list_{listed}"), move |call| {
            list(collection, call)
        })
        .says(
            many,
            format!("List {}", many.replace('_', " ")),
            "Records in the order of their ids, as known at one state of the log: the cursor \
                 keeps that state while others write. With `Accept: application/x-ndjson` every \
                 record comes on a line of its own, all pages in one answer; as `text/csv` or as a \
                 workbook (XLSX) all of them are a table, which an import takes back (at most \
                 10,000 records). Records that are confidential and not the caller's are left out.",
        )
        .with(list_parameters(collection))
        .with([known_at(), at_least(), if_none_match()])
        .gives(StatusCode::OK, "A page of records.", page, OF_A_READ)
        .or_lines(record.clone())
        .or_csv()
        .or_xlsx(),
        Operation::new(Method::POST, &path, format!("create_{one}"), move |call| {
            create(collection, call)
        })
        .says(many, format!("Create {} {words}", article(one)), creation(collection))
        .for_whom(Access::Token(Scope::Write))
        .with([idempotency_key()])
        .takes("The record.", record.clone())
        .gives(
            StatusCode::CREATED,
            "The record as it was written.",
            accepted.clone(),
            OF_A_CREATION,
        )
        .fails(&[Code::NotAllowed, Code::Exists]),
        read(collection, one, &of_one, record),
    ];
    // A statement stays as it was made; whoever thinks otherwise makes another.
    if collection != CollectionName::Attestations {
        all.extend(versioned(collection, one, &of_one, accepted.clone()));
    }
    if let Some(entry) = history::entry_form(collection) {
        let is_event = collection == CollectionName::MeasurementStandards;
        let (last, what) = if is_event { ("events", "event") } else { ("status", "status") };
        all.push(
            Operation::new(
                Method::POST,
                format!("{of_one}/{last}"),
                format!("append_{one}_{what}"),
                move |call| append(collection, call),
            )
            .says(
                many,
                format!("Append {} {what} to a {words}", if is_event { "an" } else { "a" }),
                format!(
                    "Writes a new version with one entry more in its history. Who may: {}.",
                    access::writers(collection, Act::Append).en
                ),
            )
            .for_whom(Access::Token(Scope::Write))
            .with([id(), idempotency_key()])
            .takes("The entry.", entry)
            .gives(StatusCode::CREATED, "The record in its new version.", accepted, OF_A_WRITE)
            .fails(&[Code::NotAllowed, Code::UnknownRecord]),
        );
    }
    all
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

/// What comes of a new record, and who may write one.
fn creation(collection: CollectionName) -> String {
    let who = access::writers(collection, Act::Create).en;
    match collection {
        CollectionName::Attestations => format!(
            "Says something of somebody else's record: `by` is the caller's organisation, `version` \
             the current version of the record. What is confirmed or approved is evidenced by its \
             source from then on (`issuer_confirmed`), in a new version of that record; what is \
             refused is not. A certificate that its issuer disputes fails rule D-07 until the issuer \
             confirms it. Who may: {who}."
        ),
        _ => format!(
            "Writes a new record. `id`, `version`, `recorded_at`, `recorded_by` and `log_index` are \
             the service's. Who may: {who}."
        ),
    }
}

/// How a record gets a new version, and which it has had.
fn versioned(
    collection: CollectionName,
    one: &'static str,
    path: &str,
    accepted: Form,
) -> [Operation; 2] {
    let (many, words) = (collection.as_str(), one.replace('_', " "));
    let versions =
        object([("items", "The versions, oldest first.", Form::list_of(collection.record_form()))]);
    [
        Operation::new(Method::PUT, path, format!("amend_{one}"), move |call| {
            amend(collection, call)
        })
        .says(
            many,
            format!("Amend a {words}"),
            format!(
                "Writes a new version in the place of the one that `If-Match` names. Entries of a \
                 history stay as they are. Who may: {}.",
                access::writers(collection, Act::Amend).en
            ),
        )
        .for_whom(Access::Token(Scope::Write))
        .with([id(), if_match(), idempotency_key()])
        .takes("The record as it is to be.", collection.record_form())
        .gives(StatusCode::OK, "The record in its new version.", accepted, OF_A_WRITE)
        .fails(&[
            Code::NotAllowed,
            Code::UnknownRecord,
            Code::Stale,
            Code::IfMatchRequired,
        ]),
        Operation::new(
            Method::GET,
            format!("{path}/versions"),
            format!("list_{one}_versions"),
            move |call| versions_of(collection, call),
        )
        .says(
            many,
            format!("List the versions of a {words}"),
            "Every version up to the state of knowledge, oldest first; without those that were \
             confidential in their time and not the caller's.",
        )
        .with([id(), known_at(), at_least(), if_none_match()])
        .gives(StatusCode::OK, "The versions.", versions, OF_A_READ)
        .fails(&[Code::UnknownRecord]),
    ]
}

/// Reads one record; a certificate also as a DCC.
fn read(collection: CollectionName, one: &str, path: &str, record: Form) -> Operation {
    let (many, words) = (collection.as_str(), one.replace('_', " "));
    let operation =
        Operation::new(Method::GET, path, format!("get_{one}"), move |call| get(collection, call));
    let operation = operation.with([id(), known_at(), at_least(), if_none_match()]);
    let says = "The record as known then. A record that is confidential and not the caller's is not \
                found.";
    let operation = match collection {
        CollectionName::Calibrations => operation
            .says(
                many,
                format!("Read a {words}"),
                format!(
                    "{says} As {}: a DCC 3.3.0 that cites the certificates it was made with by \
                     number and SHA-256, for whoever sees all that it names.",
                    dcc::MEDIA_TYPE
                ),
            )
            .gives(StatusCode::OK, "The record.", record, OF_A_READ)
            .or_dcc(),
        _ => operation.says(many, format!("Read a {words}"), says).gives(
            StatusCode::OK,
            "The record.",
            record,
            OF_A_READ,
        ),
    };
    operation.fails(&[Code::UnknownRecord])
}

pub(super) fn if_match() -> super::Parameter {
    let description = "The ETag of the version that the change was made from.";
    let tag = Form::Text(TextForm {
        pattern: Some("^\"[0-9]+\"$"),
        examples: &["\"1\""],
        ..TextForm::default()
    });
    super::Parameter { required: true, ..header_parameter("If-Match", description, tag) }
}

fn list_parameters(collection: CollectionName) -> Vec<super::Parameter> {
    let limit = format!("Records of a page, 1 to {LONGEST_PAGE}; {USUAL_PAGE} when absent.");
    let mut all = vec![
        parameter("limit", limit, integer(1, u64::from(LONGEST_PAGE))),
        parameter(
            "cursor",
            "`next_cursor` of the page before; the filters stay as they were.",
            String::form(),
        ),
        parameter(
            "q",
            "Words of names and other texts in either language, with or without accents, whole or \
             their beginnings; all must be found.",
            String::form(),
        ),
    ];
    for FilterName { name, comparison, .. } in filters(collection) {
        let words = name.replace('_', " ");
        let (description, form) = match comparison {
            Comparison::Is => (format!("Only where the {words} is this."), String::form()),
            Comparison::Has => (format!("Only with this {words}."), String::form()),
            Comparison::OnOrBefore => {
                (format!("Only what ends on this day or before ({words})."), Day::form())
            }
            Comparison::IsTrue => (format!("Only where {words} is this."), bool::form()),
        };
        all.push(parameter(name, description, form));
    }
    all
}

fn list(collection: CollectionName, call: &Call) -> Result<Reply, Problem> {
    /// Parameters that are no filters.
    const OTHERS: [&str; 4] = ["limit", "cursor", "q", "known_at"];
    let limit = call.number("limit", 1, u64::from(LONGEST_PAGE))?;
    let filters = call.query.iter().filter(|(name, _)| !OTHERS.contains(&name.as_str()));
    let request = ListRequest {
        filters: filters.cloned().collect(),
        words: call.parameter("q").map(str::to_owned),
        limit: limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(USUAL_PAGE),
        cursor: call.parameter("cursor").map(str::to_owned),
        known_at: call.known_at()?,
        reader: call.reader(),
        ..ListRequest::new(collection)
    };
    let registry = call.registry().clone();
    let now = call.moment.now;
    let page = registry.list(&request, now).map_err(of_parameters)?;
    let at = page.log_index;
    if call.wants_lines() {
        // The first page is there: what is wrong with the request was said. What goes wrong later
        // ends the answer without its last line.
        return Ok(Reply::lines(move |send| {
            let mut page = page;
            loop {
                if !page.items.iter().all(|item| send(item.to_string())) {
                    return;
                }
                let Some(cursor) = page.next_cursor else { return };
                let request = ListRequest {
                    cursor: Some(cursor),
                    limit: LONGEST_PAGE,
                    known_at: None,
                    ..request.clone()
                };
                match registry.list(&request, now) {
                    Ok(next) => page = next,
                    Err(refusal) => {
                        tracing::error!("a list ended early: {refusal}");
                        let text = refusal.text();
                        send(json!({"error": {"code": "internal", "detail": text}}).to_string());
                        return;
                    }
                }
            }
        })
        .at(at));
    }
    if call.wants_csv() || call.wants_xlsx() {
        let request = ListRequest { known_at: Some(KnownAt::LogIndex(at)), ..request };
        let table = registry.table(&request, now, call.noted.language).map_err(of_parameters)?;
        return Ok(match call.wants_xlsx() {
            true => Reply::xlsx(table.xlsx()),
            false => Reply::csv(table.csv()),
        }
        .at(at));
    }
    let tag = call.tag(at, false);
    if let Some(reply) = call.unchanged(&tag) {
        return Ok(reply.at(at));
    }
    let body = json!({"items": page.items, "next_cursor": page.next_cursor});
    Ok(Reply::json(StatusCode::OK, &body)?.at(at).with(header::ETAG, &tag))
}

fn create(collection: CollectionName, call: &Call) -> Result<Reply, Problem> {
    let change = Change::Create { body: call.json()? };
    written(collection, call, change, StatusCode::CREATED)
}

fn amend(collection: CollectionName, call: &Call) -> Result<Reply, Problem> {
    let change = Change::Amend { id: call.id()?, base: call.if_match()?, body: call.json()? };
    written(collection, call, change, StatusCode::OK)
}

fn append(collection: CollectionName, call: &Call) -> Result<Reply, Problem> {
    let change = Change::Append { id: call.id()?, entry: call.json()? };
    written(collection, call, change, StatusCode::CREATED)
}

fn written(
    collection: CollectionName,
    call: &Call,
    change: Change,
    status: StatusCode,
) -> Result<Reply, Problem> {
    let is_creation = matches!(change, Change::Create { .. });
    let attempt = call.attempt()?;
    let answered = call.registry().change(collection, change, &call.author()?, attempt.as_ref())?;
    let record = &answered.value["record"];
    // An attestation's own `version` is the version that it attests.
    let version = match is_creation {
        true => 1,
        false => record["version"].as_u64().unwrap_or_default(),
    };
    let mut reply = Reply::json(status, &answered.value)?
        .at(record["log_index"].as_u64().unwrap_or_default())
        .with(header::ETAG, &version_tag(version));
    if let Some(id) = record["id"].as_str().filter(|_| is_creation) {
        reply = reply.with(header::LOCATION, &format!("{BASE}/{collection}/{id}"));
    }
    match answered.replayed {
        true => Ok(reply.with(IDEMPOTENT_REPLAYED, "true")),
        false => Ok(reply),
    }
}

fn get(collection: CollectionName, call: &Call) -> Result<Reply, Problem> {
    let (id, at) = (call.id()?, call.at()?);
    if collection == CollectionName::Calibrations && call.wants_dcc() {
        let xml = call.registry().certificate_as_dcc(&id, &call.reader(), at)?;
        let tag = format!("\"{}\"", Digest::of(&[xml.as_bytes()]));
        if let Some(reply) = call.unchanged(&tag) {
            return Ok(reply.at(at));
        }
        return Ok(Reply::dcc(xml).at(at).with(header::ETAG, &tag));
    }
    let stored = call.registry().get_for(collection, &id, &call.reader(), at)?;
    let tag = version_tag(u64::from(stored.version));
    if let Some(reply) = call.unchanged(&tag) {
        return Ok(reply.at(at));
    }
    let record = shown(&stored).map_err(crate::app::refusal::Refusal::from)?;
    Ok(Reply::json(StatusCode::OK, &record)?.at(at).with(header::ETAG, &tag))
}

fn versions_of(collection: CollectionName, call: &Call) -> Result<Reply, Problem> {
    let (id, at) = (call.id()?, call.at()?);
    let versions = call.registry().versions_for(collection, &id, &call.reader(), at)?;
    let tag = call.tag(at, false);
    if let Some(reply) = call.unchanged(&tag) {
        return Ok(reply.at(at));
    }
    let items: Result<Vec<Value>, _> = versions.iter().map(shown).collect();
    let items = items.map_err(crate::app::refusal::Refusal::from)?;
    Ok(Reply::json(StatusCode::OK, &json!({"items": items}))?.at(at).with(header::ETAG, &tag))
}
