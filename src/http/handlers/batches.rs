//! Many claims at once, answered while they are decided, or as a job that goes on by itself.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use actix_web::http::{Method, StatusCode, header};
use deserr::deserialize;
use serde_json::json;

use crate::app::audit::{AnsweredClaim, AuditTotals, AuditedStandard, Batch, Told};
use crate::app::jobs::{Job, JobItems};
use crate::app::list::{LONGEST_PAGE, USUAL_PAGE};
use crate::app::refusal::Refusal;
use crate::domain::fault::{Fault, Faults};
use crate::domain::form::{Described as _, Form};
use crate::domain::identity::Scope;
use crate::domain::log::Entry;
use crate::domain::text::Text;

use super::super::call::{Call, Reply};
use super::super::problem::{Code, Problem};
use super::super::routes::{Access, AnswerHeader, BASE, BATCH_COST, Load, Operation};
use super::super::service::Service;
use super::{at_least, id, integer, object, parameter};

const TAG: &str = "verifications";

/// Most answers of one JSON document; more are for lines.
const MOST_ITEMS: u64 = 1_000;

/// Jobs that are worked on at once: each has a thread, and the database other work to do.
const MOST_JOBS: usize = 16;

/// The operations.
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
    let jobs = format!("{BASE}/verification_jobs");
    let of_job = format!("{jobs}/{{id}}");
    let limit = format!("Answers of a page, 1 to {LONGEST_PAGE}; {USUAL_PAGE} when absent.");
    vec![
        Operation::new(
            Method::POST,
            format!("{BASE}/verifications/batch"),
            "create_verification_batch",
            batch,
        )
        .says(
            TAG,
            "Ask many claims at once",
            "Answers up to 1,000 claims, or audits every standard that a filter finds: verdicts, the \
             rules that are not met and what would settle them, without figures; and how often each. \
             Nothing is kept. The institute's verifiers, the authority and operators ask about all \
             standards, others about their own. With `Accept: application/x-ndjson` the answers come \
             while they are decided, however many, and the work ends when the client goes; one JSON \
             document holds 1,000.",
        )
        .for_whom(Access::Token(Scope::Verify))
        .loads(Load::Work(BATCH_COST))
        .with([at_least()])
        .takes("The claims, or the filter.", Batch::form())
        .gives(StatusCode::OK, "The answers.", answers, &[AnswerHeader::LogIndex])
        .or_lines(line)
        .fails(&[Code::NotAllowed]),
        Operation::new(Method::POST, &jobs, "create_verification_job", start)
            .says(
                TAG,
                "Start a batch that goes on by itself",
                "The same as a batch, worked on after this request is answered. Its progress and its \
                 answers are read from the job for seven days after it was last worked on. An \
                 instance works on sixteen at once.",
            )
            .for_whom(Access::Token(Scope::Verify))
            .loads(Load::Work(BATCH_COST))
            .with([at_least()])
            .takes("The claims, or the filter.", Batch::form())
            .gives(StatusCode::CREATED, "The job.", Job::form(), &[AnswerHeader::Location]),
        Operation::new(Method::GET, &of_job, "get_verification_job", get)
            .says(
                TAG,
                "Look how far a job has come",
                "State, progress and, once it is done, the totals. For who asked for it.",
            )
            .for_whom(Access::Token(Scope::Verify))
            .with([id()])
            .gives(StatusCode::OK, "The job.", Job::form(), &[])
            .fails(&[Code::UnknownRecord]),
        Operation::new(Method::GET, format!("{of_job}/items"), "list_verification_job_items", items)
            .says(
                TAG,
                "Read the answers of a job",
                "The answers so far, in the order in which they were decided. For who asked for it.",
            )
            .for_whom(Access::Token(Scope::Verify))
            .with([
                id(),
                parameter("after", "`next` of the page before.", u64::form()),
                parameter("limit", limit, integer(1, u64::from(LONGEST_PAGE))),
            ])
            .gives(StatusCode::OK, "Answers.", JobItems::form(), &[])
            .fails(&[Code::UnknownRecord]),
        Operation::new(Method::DELETE, &of_job, "stop_verification_job", stop)
            .says(
                TAG,
                "Stop a job",
                "It ends after the answers that it is at; those that it has stay. One that has ended \
                 stays as it is. For who asked for it.",
            )
            .for_whom(Access::Token(Scope::Verify))
            .with([id()])
            .gives(StatusCode::OK, "The job.", Job::form(), &[])
            .fails(&[Code::UnknownRecord]),
    ]
}

fn asked(call: &Call) -> Result<Batch, Problem> {
    let batch: Result<Batch, Faults> = deserialize(call.json()?);
    let batch = batch.map_err(Refusal::from)?;
    batch.check().map_err(Refusal::from)?;
    Ok(batch)
}

/// A job that is counted among those worked on here, until it is dropped.
struct Counted(Arc<Service>);

impl Counted {
    /// Counts one more, where there is room for it.
    fn one_more(service: &Arc<Service>) -> Option<Self> {
        let room = |jobs| (jobs < MOST_JOBS).then_some(jobs + 1);
        let counted = service.jobs.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room);
        counted.is_ok().then(|| Self(Arc::clone(service)))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.jobs.fetch_sub(1, Ordering::Relaxed);
    }
}

fn start(call: &Call) -> Result<Reply, Problem> {
    let batch = asked(call)?;
    let Some(counted) = Counted::one_more(&call.service) else {
        let message = Text::new(
            "máy chủ này đang làm đủ số việc; hãy thử lại sau",
            "this instance has as many jobs as it works on; try again later",
        );
        return Err(Problem::new(Code::Unavailable, message).with(header::RETRY_AFTER, "30"));
    };
    let (job, work) = call.registry().start_job(batch, call.principal()?, call.moment)?;
    // It goes on after the request: what is logged on the way says which request began it.
    let span = tracing::error_span!(parent: None, "job", job = %job.id, request_id = call.noted.request_id);
    let spawned = std::thread::Builder::new().name("job".to_owned()).spawn(move || {
        let _entered = span.entered();
        counted.0.registry.work_on(work);
    });
    spawned.map_err(|error| Problem::internal(format!("a job has no thread: {error}")))?;
    let place = format!("{BASE}/verification_jobs/{}", job.id);
    Ok(Reply::json(StatusCode::CREATED, &job)?.with(header::LOCATION, &place))
}

fn get(call: &Call) -> Result<Reply, Problem> {
    let reader = call.principal()?.reader();
    let job = call.registry().job(&call.id()?, &reader, call.moment.now)?;
    Reply::json(StatusCode::OK, &job)
}

fn items(call: &Call) -> Result<Reply, Problem> {
    let reader = call.principal()?.reader();
    let after = call.number("after", 0, Entry::LAST_INDEX)?.unwrap_or_default();
    let limit = call.number("limit", 1, u64::from(LONGEST_PAGE))?;
    let limit = limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(USUAL_PAGE);
    let items = call.registry().job_items(&call.id()?, &reader, after, limit)?;
    Reply::json(StatusCode::OK, &items)
}

fn stop(call: &Call) -> Result<Reply, Problem> {
    let reader = call.principal()?.reader();
    let job = call.registry().stop_job(&call.id()?, &reader, call.moment.now)?;
    Reply::json(StatusCode::OK, &job)
}

fn batch(call: &Call) -> Result<Reply, Problem> {
    let batch = asked(call)?;
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
