//! Many claims at once, answered while they are decided.

use actix_web::http::{Method, StatusCode};
use deserr::deserialize;
use serde_json::json;

use crate::app::audit::{AnsweredClaim, AuditTotals, AuditedStandard, Batch, Told};
use crate::app::refusal::Refusal;
use crate::domain::fault::{Fault, Faults};
use crate::domain::form::{Described as _, Form};
use crate::domain::text::Text;

use super::super::call::{Call, Reply};
use super::super::problem::{Code, Problem};
use super::super::routes::{Access, AnswerHeader, BASE, Operation};
use super::{at_least, object};

/// Most answers of one JSON document; more are for lines.
const MOST_ITEMS: u64 = 1_000;

/// The operation.
pub fn operations() -> Vec<Operation> {
    let item = Form::OneOf(vec![AuditedStandard::form(), AnsweredClaim::form()]);
    let line = Form::OneOf(vec![
        object([("expected", "How many answers there will be; the first line.", u64::form())]),
        object([("item", "An answer.", item.clone())]),
        object([("totals", "What they have in common; the last line.", AuditTotals::form())]),
        object([("error", "Why it ends here; the last line.", Form::Any)]),
    ]);
    let answers = object([
        ("items", "The answers.", Form::list_of(item)),
        ("totals", "What they have in common.", AuditTotals::form()),
    ]);
    vec![
        Operation::new(
            Method::POST,
            format!("{BASE}/verifications/batch"),
            "create_verification_batch",
            batch,
        )
        .says(
            "verifications",
            "Ask many claims at once",
            "Answers up to 1,000 claims, or audits every standard that a filter finds: verdicts, the \
             rules that are not met and what would settle them, without figures; and how often each. \
             Nothing is kept. The institute's verifiers, the authority and operators ask about all \
             standards, others about their own. With `Accept: application/x-ndjson` the answers come \
             while they are decided, however many, and the work ends when the client goes; one JSON \
             document holds 1,000.",
        )
        .for_whom(Access::Token)
        .with([at_least()])
        .takes("The claims, or the filter.", Batch::form())
        .gives(StatusCode::OK, "The answers.", answers, &[AnswerHeader::LogIndex])
        .or_lines(line)
        .fails(&[Code::NotAllowed]),
    ]
}

fn batch(call: &Call) -> Result<Reply, Problem> {
    let batch: Result<Batch, Faults> = deserialize(call.json()?);
    let batch = batch.map_err(Refusal::from)?;
    batch.check().map_err(Refusal::from)?;
    let principal = call.principal()?.clone();
    let (registry, moment) = (call.registry().clone(), call.moment);
    if call.wants_lines() {
        return Ok(Reply::lines(move |send| {
            let done = registry.answer_batch(&batch, &principal, moment, &mut |told| {
                let line = match told {
                    Told::Expected(answers) => json!({"expected": answers}),
                    Told::Standard(answer) => json!({"item": answer}),
                    Told::Claim(answer) => json!({"item": answer}),
                };
                send(line.to_string())
            });
            let last = match done {
                Ok(totals) => json!({"totals": totals}),
                Err(refusal) => {
                    let problem = Problem::from(refusal);
                    let errors: Vec<&Fault> = problem.errors.iter().collect();
                    let code = problem.code.as_str();
                    json!({"error": {"code": code, "detail": problem.detail, "errors": errors}})
                }
            };
            send(last.to_string());
        }));
    }
    let mut items = Vec::new();
    let mut too_many = false;
    let totals = registry.answer_batch(&batch, &principal, moment, &mut |told| {
        match told {
            Told::Expected(answers) => too_many = answers > MOST_ITEMS,
            Told::Standard(answer) => items.push(json!(answer)),
            Told::Claim(answer) => items.push(json!(answer)),
        }
        !too_many
    })?;
    if too_many {
        let message = Text::new(
            format!(
                "hơn {MOST_ITEMS} chuẩn: hãy thu hẹp bộ lọc, hoặc nhận từng dòng với Accept: application/x-ndjson"
            ),
            format!(
                "more than {MOST_ITEMS} standards: narrow the filter, or take lines with Accept: application/x-ndjson"
            ),
        );
        return Err(Refusal::fault("/filter", "too_many_standards", message).into());
    }
    let at = totals.log_index;
    Ok(Reply::json(StatusCode::OK, &json!({"items": items, "totals": totals}))?.at(at))
}
