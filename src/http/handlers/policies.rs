//! Policies: those that come with the program, and those that the authority or the operator writes.

use actix_web::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::app::access::policy_writers;
use crate::app::policies::PolicyEntry;
use crate::domain::form::{Described as _, Form};
use crate::domain::identity::Scope;
use crate::engine::policy::PolicyDocument;

use super::super::call::{Call, Reply, version_tag};
use super::super::problem::{Code, Problem};
use super::super::routes::{Access, AnswerHeader, BASE, Operation};
use super::records::if_match;
use super::reference::fixed;
use super::{if_none_match, object, parameter, variable};

const TAG: &str = "policies";

/// The operations.
pub fn operations() -> Vec<Operation> {
    let path = format!("{BASE}/policies");
    let of_one = format!("{path}/{{id}}");
    let id = || variable("id", "The policy, such as `ilac-p10`.", String::form());
    let list = || object([("items", "The policies.", Form::list_of(PolicyEntry::form()))]);
    let writers = policy_writers().en;
    vec![
        Operation::new(Method::GET, &path, "list_policies", list_policies)
            .says(
                TAG,
                "List the policies",
                "The policies under which claims can be judged, each in its newest version; those \
                 that come with the program first.",
            )
            .with([if_none_match()])
            .gives(StatusCode::OK, "The list.", list(), &[AnswerHeader::ETag]),
        Operation::new(Method::POST, &path, "create_policy", create)
            .says(
                TAG,
                "Write a policy",
                format!(
                    "A new policy under an id of its own; claims name it by that id. Every version \
                     is kept for ever. Who may: {writers}."
                ),
            )
            .for_whom(Access::Token(Scope::Write))
            .takes("The policy.", PolicyDocument::form())
            .gives(
                StatusCode::CREATED,
                "The policy.",
                PolicyEntry::form(),
                &[AnswerHeader::ETag, AnswerHeader::Location],
            )
            .fails(&[Code::NotAllowed, Code::Exists]),
        Operation::new(Method::GET, &of_one, "get_policy", get)
            .says(TAG, "Read a policy", "The newest version, or the one that `version` names.")
            .with([
                id(),
                parameter("version", "What its author calls the version.", String::form()),
                if_none_match(),
            ])
            .gives(StatusCode::OK, "The policy.", PolicyEntry::form(), &[AnswerHeader::ETag])
            .fails(&[Code::UnknownRecord]),
        Operation::new(Method::PUT, &of_one, "amend_policy", amend)
            .says(
                TAG,
                "Write a new version of a policy",
                format!(
                    "The version gets a name that no other has; the versions before stay, and \
                     reports made under them. Policies that come with the program cannot be \
                     changed. Who may: {writers}."
                ),
            )
            .for_whom(Access::Token(Scope::Write))
            .with([id(), if_match()])
            .takes("The policy.", PolicyDocument::form())
            .gives(StatusCode::OK, "The policy.", PolicyEntry::form(), &[AnswerHeader::ETag])
            .fails(&[Code::NotAllowed, Code::UnknownRecord, Code::Stale, Code::IfMatchRequired]),
        Operation::new(
            Method::GET,
            format!("{of_one}/versions"),
            "list_policy_versions",
            list_versions,
        )
        .says(TAG, "List the versions of a policy", "Every version, oldest first.")
        .with([id(), if_none_match()])
        .gives(StatusCode::OK, "The versions.", list(), &[AnswerHeader::ETag])
        .fails(&[Code::UnknownRecord]),
    ]
}

fn list_policies(call: &Call) -> Result<Reply, Problem> {
    of_entries(call, call.registry().policies()?)
}

fn list_versions(call: &Call) -> Result<Reply, Problem> {
    of_entries(call, call.registry().policy_versions(call.variable("id"))?)
}

fn of_entries(call: &Call, entries: Vec<PolicyEntry>) -> Result<Reply, Problem> {
    let items = entries.into_iter().filter_map(|entry| serde_json::to_value(entry).ok());
    fixed(call, &json!({"items": items.collect::<Vec<Value>>()}))
}

fn get(call: &Call) -> Result<Reply, Problem> {
    let entry = call.registry().policy(call.variable("id"), call.parameter("version"))?;
    let tag = tag(&entry);
    if let Some(reply) = call.unchanged(&tag) {
        return Ok(reply);
    }
    Ok(Reply::json(StatusCode::OK, &entry)?.with(header::ETAG, &tag))
}

fn create(call: &Call) -> Result<Reply, Problem> {
    let document = call.json()?;
    let entry = call.registry().create_policy(document, call.principal()?, call.moment.now)?;
    let place = format!("{BASE}/policies/{}", entry.id);
    let reply = Reply::json(StatusCode::CREATED, &entry)?;
    Ok(reply.with(header::ETAG, &tag(&entry)).with(header::LOCATION, &place))
}

fn amend(call: &Call) -> Result<Reply, Problem> {
    let (base, document) = (call.if_match()?, call.json()?);
    let id = call.variable("id");
    let entry =
        call.registry().amend_policy(id, document, base, call.principal()?, call.moment.now)?;
    Ok(Reply::json(StatusCode::OK, &entry)?.with(header::ETAG, &tag(&entry)))
}

/// The number of its version; of one that comes with the program its digest, which changes with
/// the program.
fn tag(entry: &PolicyEntry) -> String {
    match entry.number {
        Some(number) => version_tag(u64::from(number)),
        None => format!("\"{}\"", entry.sha256.get(..16).unwrap_or_default()),
    }
}
