//! Claims and their reports: asked and kept, or asked about a standard as it is today; and what
//! stands above and below a standard.

use actix_web::http::header;
use actix_web::http::{Method, StatusCode};
use deserr::deserialize;
use serde_json::json;

use crate::app::certificates::{CertificateCheck, CertificateQuery};
use crate::app::list::{LONGEST_PAGE, USUAL_PAGE};
use crate::app::registry::{Direction, Lineage};
use crate::app::rerun::Rerun;
use crate::app::verifications::{ReportQuery, ReportSummary};
use crate::domain::claim::Claim;
use crate::domain::fault::Faults;
use crate::domain::form::{Described as _, Form};
use crate::domain::id::Id;
use crate::domain::identity::Scope;
use crate::domain::period::Day;
use crate::domain::records::CollectionName;
use crate::domain::text::Text;
use crate::engine::report::{RenderedReport, Verdict};

use super::super::call::{Call, IDEMPOTENT_REPLAYED, Reply, of_parameters};
use super::super::problem::{Code, Problem};
use super::super::routes::{Access, AnswerHeader, BASE, GRAPH_COST, Load, Operation};
use super::{at_least, id, idempotency_key, if_none_match, integer, known_at, object, parameter};

const OF_A_READ: &[AnswerHeader] = &[AnswerHeader::ETag, AnswerHeader::LogIndex];
const VERIFICATIONS: &str = "verifications";
const POLICY: &str = "Id of the policy, in its newest version known then, or `id@version`; `ilac-p10` \
                      when absent.";
const STANDARDS: &str = "measurement_standards";

/// Steps of a lineage when nobody says how many, and at most.
const USUAL_STEPS: u64 = 1_000;
const MOST_STEPS: u64 = 10_000;

/// The operations.
pub fn operations() -> Vec<Operation> {
    let path = format!("{BASE}/verifications");
    let of_standard = format!("{BASE}/measurement_standards/{{id}}");
    let report = RenderedReport::form();
    let summaries = object([
        ("items", "The reports, oldest first.", Form::list_of(ReportSummary::form())),
        (
            "next_cursor",
            "What to ask with for the next page; null on the last.",
            Option::<String>::form(),
        ),
    ]);
    let limit = format!("Reports of a page, 1 to {LONGEST_PAGE}; {USUAL_PAGE} when absent.");
    let redacted = "Verdicts, the graph and the names and outcomes of rules are public; points, \
                    uncertainties and facts are for the owner, for who may see every certificate of \
                    the chain, and for the institute: without them the report says `redacted`.";
    let lineage = |direction: Direction, name: &'static str, summary: &str, description: &str| {
        let most = "Most steps that are listed, 1 to 10,000; 1,000 when absent. The counts are exact \
                    however many are listed.";
        Operation::new(
            Method::GET,
            format!("{of_standard}/{name}"),
            format!("get_measurement_standard_{name}"),
            move |call| lineage(direction, call),
        )
        .says(STANDARDS, summary, description)
        .loads(Load::Work(GRAPH_COST))
        .with([id(), parameter("limit", most, integer(1, MOST_STEPS))])
        .with([known_at(), at_least(), if_none_match()])
        .gives(StatusCode::OK, "The graph.", Lineage::form(), OF_A_READ)
        .fails(&[Code::UnknownRecord])
    };
    vec![
        Operation::new(Method::POST, &path, "create_verification", ask)
            .says(
                VERIFICATIONS,
                "Ask whether a value is traceable",
                "Answers a claim and keeps the report, which never changes. Anyone with a token, \
                 about standards that they may see. Without `quantity_kind` and `point` every \
                 result of the standard's current certificates is checked.",
            )
            .for_whom(Access::Token(Scope::Verify))
            .loads(Load::Work(GRAPH_COST))
            .with([idempotency_key(), at_least()])
            .takes("The claim.", Claim::form())
            .gives(
                StatusCode::CREATED,
                "The report.",
                report.clone(),
                &[AnswerHeader::Location, AnswerHeader::LogIndex, AnswerHeader::IdempotentReplayed],
            ),
        Operation::new(Method::GET, &path, "list_verifications", list)
            .says(
                VERIFICATIONS,
                "List reports",
                "The kept reports that the caller's organisation asked for, or that are about its \
                 standards, oldest first.",
            )
            .for_whom(Access::Token(Scope::Read))
            .with([
                parameter("limit", limit, integer(1, u64::from(LONGEST_PAGE))),
                parameter("cursor", "`next_cursor` of the page before.", String::form()),
                parameter("standard", "Only about this standard.", Id::form()),
                parameter("verdict", "Only with this verdict.", Verdict::form()),
                at_least(),
            ])
            .gives(StatusCode::OK, "A page of reports.", summaries, &[AnswerHeader::LogIndex]),
        Operation::new(Method::GET, format!("{path}/{{id}}"), "get_verification", get)
            .says(
                VERIFICATIONS,
                "Read a report",
                "The report as it was given. For who asked and for the owner of the standard.",
            )
            .for_whom(Access::Token(Scope::Read))
            .with([id(), at_least(), if_none_match()])
            .gives(StatusCode::OK, "The report.", report.clone(), OF_A_READ)
            .fails(&[Code::UnknownRecord]),
        Operation::new(Method::GET, format!("{path}/{{id}}/rerun"), "rerun_verification", rerun)
            .says(
                VERIFICATIONS,
                "Ask a report's claim again",
                "The claim of a kept report once more: at the report's own state of knowledge, which \
                 gives the same, and with what is known now, with the entries of the log since then \
                 and the findings that are new or gone. For who may read the report; nothing is kept.",
            )
            .for_whom(Access::Token(Scope::Verify))
            .loads(Load::Work(GRAPH_COST))
            .with([id(), at_least()])
            .gives(StatusCode::OK, "What is the same, and what has changed.", Rerun::form(), &[
                AnswerHeader::LogIndex,
            ])
            .fails(&[Code::UnknownRecord]),
        Operation::new(
            Method::GET,
            format!("{of_standard}/traceability"),
            "get_measurement_standard_traceability",
            traceability,
        )
        .says(
            STANDARDS,
            "Is this standard traceable today",
            format!(
                "The report of a claim on every result of the standard's current certificates, one \
                 part a result; it is not kept. {redacted}"
            ),
        )
        .loads(Load::Work(GRAPH_COST))
        .with([
            id(),
            parameter("used_on", "The day of use; today when absent.", Day::form()),
            parameter("policy", POLICY, String::form()),
            parameter("calibration", "The certificate in use, when several serve.", Id::form()),
            known_at(),
            at_least(),
            if_none_match(),
        ])
        .gives(StatusCode::OK, "The report.", report, OF_A_READ)
        .fails(&[Code::UnknownRecord]),
        lineage(
            Direction::Up,
            "lineage",
            "What stands above a standard",
            "The certificates that the standard's own were made with, up to the roots, with exact \
             counts. Items and numbers of certificates that are confidential are left out.",
        ),
        lineage(
            Direction::Down,
            "descendants",
            "What stands below a standard",
            "The certificates that were made with the standard, and so on downward, with exact \
             counts. Items and numbers of certificates that are confidential are left out.",
        ),
        Operation::new(
            Method::GET,
            format!("{BASE}/certificate_checks"),
            "check_certificate",
            check,
        )
        .says(
            "calibrations",
            "Is this certificate genuine, current and traceable",
            "For anyone with a certificate in hand: its issuer and number, or its code. Says \
                 whether it exists, its status, dates and endorsement, the verdict for its item \
                 and the rules that are not met; never values, uncertainties or customers.",
        )
        .loads(Load::Check)
        .with([
            parameter("issuer", "The organisation that issued it; with `number`.", Id::form()),
            parameter("number", "The certificate's number.", String::form()),
            parameter(
                "code",
                "The certificate's code, in place of issuer and number.",
                String::form(),
            ),
            parameter("used_on", "The day that is asked about; today when absent.", Day::form()),
            parameter("policy", POLICY, String::form()),
            known_at(),
            at_least(),
            if_none_match(),
        ])
        .gives(
            StatusCode::OK,
            "The certificates found.",
            object([(
                "items",
                "The certificates of this number or code; none when there is none.",
                Form::list_of(CertificateCheck::form()),
            )]),
            OF_A_READ,
        ),
    ]
}

fn ask(call: &Call) -> Result<Reply, Problem> {
    let claim: Result<Claim, Faults> = deserialize(call.json()?);
    let claim = claim.map_err(crate::app::refusal::Refusal::from)?;
    let attempt = call.attempt()?;
    let principal = call.principal()?;
    let answered = call.registry().verify(&claim, principal, attempt.as_ref(), call.moment)?;
    let report = &answered.value;
    let reply = Reply::json(StatusCode::CREATED, report)?
        .at(report["log_index"].as_u64().unwrap_or_default())
        .with(
            header::LOCATION,
            &format!("{BASE}/verifications/{}", report["id"].as_str().unwrap_or_default()),
        );
    match answered.replayed {
        true => Ok(reply.with(IDEMPOTENT_REPLAYED, "true")),
        false => Ok(reply),
    }
}

fn list(call: &Call) -> Result<Reply, Problem> {
    let limit = call.number("limit", 1, u64::from(LONGEST_PAGE))?;
    let limit = limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(USUAL_PAGE);
    let verdict = call.parameter("verdict").map(|word| {
        Verdict::from_word(word).ok_or_else(|| {
            let message = Text::new("không có kết luận này", "there is no such verdict");
            Problem::parameter("verdict", "unknown_value", message)
        })
    });
    let query = ReportQuery {
        reader: call.principal()?.reader(),
        standard: call.id_parameter("standard")?,
        verdict: verdict.transpose()?.map(|verdict| verdict.to_string()),
        after: call.id_parameter("cursor")?,
        // One more than the page, to see whether there is another.
        limit: limit + 1,
    };
    let head = call.registry().head()?.log_index;
    let mut items = call.registry().reports(&query)?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next_cursor = items.last().filter(|_| more).map(|last| last.id.clone());
    Ok(Reply::json(StatusCode::OK, &json!({"items": items, "next_cursor": next_cursor}))?.at(head))
}

/// The day of use that is asked about.
fn day_of_use(call: &Call) -> Result<Option<Day>, Problem> {
    let Some(text) = call.parameter("used_on") else { return Ok(None) };
    Day::parse(text).map(Some).map_err(|_| {
        let message =
            Text::new("cần một ngày như 2026-02-10", "expected a date such as 2026-02-10");
        Problem::parameter("used_on", "bad_date", message)
    })
}

fn get(call: &Call) -> Result<Reply, Problem> {
    let reader = call.principal()?.reader();
    let (kept, report) = call.registry().report(&call.id()?, &reader)?;
    // It never changes, so its id is its tag.
    let tag = format!("\"{}\"", kept.id);
    if let Some(reply) = call.unchanged(&tag) {
        return Ok(reply.at(kept.log_index));
    }
    Ok(Reply::json(StatusCode::OK, &report)?.at(kept.log_index).with(header::ETAG, &tag))
}

fn rerun(call: &Call) -> Result<Reply, Problem> {
    let reader = call.principal()?.reader();
    let rerun = call.registry().rerun(&call.id()?, &reader, call.moment)?;
    Ok(Reply::json(StatusCode::OK, &rerun)?.at(u64::from(rerun.now.log_index)))
}

fn traceability(call: &Call) -> Result<Reply, Problem> {
    let (id, at) = (call.id()?, call.at()?);
    let tag = tag_of_claim(call, at)?;
    if let Some(reply) = call.unchanged(&tag) {
        return of_known(call, &id, at, reply);
    }
    let claim = Claim {
        calibration: call.id_parameter("calibration")?,
        used_on: day_of_use(call)?,
        known_at: call.known_at()?,
        policy: call.parameter("policy").map(str::to_owned),
        ..Claim::of(id)
    };
    let report = call.registry().traceability(&claim, &call.reader(), at, call.moment);
    let report = report.map_err(of_parameters)?;
    Ok(Reply::json(StatusCode::OK, &report)?.at(at).with(header::ETAG, &tag))
}

/// The tag of an answer to a claim in the query: under the policy that it names, as it is now.
fn tag_of_claim(call: &Call, at: u64) -> Result<String, Problem> {
    let policy = call.registry().policy_for(call.parameter("policy"), at).map_err(of_parameters)?;
    Ok(call.tag_under(&policy.sha256, at, call.parameter("used_on").is_none()))
}

/// That nothing has changed about a standard, where there is one: `*` stands for whatever there is.
fn of_known(call: &Call, id: &Id, at: u64, reply: Reply) -> Result<Reply, Problem> {
    call.registry().get(CollectionName::MeasurementStandards, id, at)?;
    Ok(reply.at(at))
}

fn lineage(direction: Direction, call: &Call) -> Result<Reply, Problem> {
    let (id, at) = (call.id()?, call.at()?);
    let most = call.number("limit", 1, MOST_STEPS)?.unwrap_or(USUAL_STEPS);
    let tag = call.tag(at, false);
    if let Some(reply) = call.unchanged(&tag) {
        return of_known(call, &id, at, reply);
    }
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let lineage = call.registry().lineage(&id, direction, at, most)?;
    let lineage = call.registry().lineage_for(lineage, &call.reader())?;
    Ok(Reply::json(StatusCode::OK, &lineage)?.at(at).with(header::ETAG, &tag))
}

fn check(call: &Call) -> Result<Reply, Problem> {
    let query =
        match (call.parameter("code"), call.id_parameter("issuer")?, call.parameter("number")) {
            (Some(code), None, None) => CertificateQuery::Code(code.to_owned()),
            (None, Some(issuer), Some(number)) => {
                CertificateQuery::Number { issuer, number: number.to_owned() }
            }
            _ => {
                let message = Text::new(
                    "cần “code”, hoặc cả “issuer” và “number”",
                    "expected “code”, or both “issuer” and “number”",
                );
                return Err(Problem::parameter("code", "missing_parameter", message));
            }
        };
    let at = call.at()?;
    let tag = tag_of_claim(call, at)?;
    if let Some(reply) = call.unchanged(&tag) {
        return Ok(reply.at(at));
    }
    let (policy, used_on) = (call.parameter("policy"), day_of_use(call)?);
    let used_on = used_on.unwrap_or(call.moment.today);
    let found = call.registry().check_certificate(&query, used_on, policy, at, call.moment);
    let items = found.map_err(of_parameters)?;
    Ok(Reply::json(StatusCode::OK, &json!({"items": items}))?.at(at).with(header::ETAG, &tag))
}
