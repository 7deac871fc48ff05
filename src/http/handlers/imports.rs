//! Many records at once: a bundle, or a file of another form, with a dry run and an outcome for
//! each record.

use actix_web::http::{Method, StatusCode};
use serde_json::json;

use crate::app::import::{self, Failed, Options, RecordOutcome, Report};
use crate::domain::fault::Fault;
use crate::domain::form::{Described as _, Form, TextForm};
use crate::domain::identity::Scope;
use crate::domain::text::Text;

use super::super::call::{CSV, Call, IDEMPOTENT_REPLAYED, JSON, NDJSON, Reply, XLSX};
use super::super::problem::{Code, Problem};
use super::super::routes::{
    Access, AnswerHeader, BASE, BATCH_COST, Body, IMPORT_BYTES, Load, Media, Operation,
};
use super::{idempotency_key, object, parameter};

/// Most characters of the name of a source.
const LONGEST_SOURCE: usize = 200;

/// The operation.
pub fn operations() -> Vec<Operation> {
    let line = Form::OneOf(vec![
        object([(
            "progress",
            "How far the import came.",
            object([
                ("done", "Records done.", u64::form()),
                ("records", "Records of the file.", u64::form()),
            ]),
        )]),
        object([("outcome", "What became of a record.", RecordOutcome::form())]),
        object([("report", "What came of the import; the last line.", Report::form())]),
        object([("error", "Why it was refused; the last line.", Form::Any)]),
    ]);
    let mut operation = Operation::new(
        Method::POST,
        format!("{BASE}/imports"),
        "create_import",
        create_import,
    )
    .says(
        "imports",
        "Import a file",
        "Writes the records of a bundle, a digital calibration certificate, an answer of the \
             KCDB or a table: all of them or none. Each has to be one that the caller may write. The same \
             file of the same source twice changes nothing; a later edition amends what it \
             changes. With `Accept: application/x-ndjson` the answer tells the progress while the \
             import goes on. More than 10,000 records at once are for operators: such a file is a \
             job of several transactions, and the same request goes on where it was cut off.",
    )
    .for_whom(Access::Token(Scope::Write))
    .loads(Load::Work(BATCH_COST))
    .with([
        parameter("dry_run", "Only say what would happen; false when absent.", bool::form()),
        parameter(
            "source",
            "Whose file it is: labels are remembered under this name. What the bundle says when \
                 absent; a file that does not say so either is its own source.",
            Form::Text(TextForm {
                shortest: Some(1),
                longest: Some(LONGEST_SOURCE),
                ..TextForm::default()
            }),
        ),
        idempotency_key(),
    ])
    .gives(
        StatusCode::OK,
        "What came of the import, record by record.",
        Report::form(),
        &[AnswerHeader::LogIndex, AnswerHeader::IdempotentReplayed],
    )
    .or_lines(line)
    .fails(&[Code::NotAllowed]);
    let some = TextForm { shortest: Some(1), ..TextForm::default() };
    let text = |name| Media { name, form: Some(Form::Text(some.clone())) };
    operation.body = Some(Body {
        description: "The file: a bundle (JSON, or NDJSON with a record a line), a digital \
                      calibration certificate (XML), an answer of the KCDB (JSON), or a table (CSV, XLSX). \
                      It may come compressed with gzip or Zstandard, as a file of that type. At most \
                      64 MiB, also when it is inflated.",
        media: vec![
            Media { name: JSON, form: Some(Form::Any) },
            text(NDJSON),
            text("application/gzip"),
            text("application/zstd"),
            text("application/xml"),
            text("text/xml"),
            text(CSV),
            text(XLSX),
        ],
        most: IMPORT_BYTES,
    });
    vec![operation]
}

fn create_import(call: &Call) -> Result<Reply, Problem> {
    let source = call.parameter("source").map(str::to_owned);
    if source.as_ref().is_some_and(|source| !(1..=LONGEST_SOURCE).contains(&source.chars().count()))
    {
        let message = Text::new(
            format!("cần 1 đến {LONGEST_SOURCE} ký tự"),
            format!("expected 1 to {LONGEST_SOURCE} characters"),
        );
        return Err(Problem::parameter("source", "bad_source", message));
    }
    let dry_run = call.truth("dry_run")?;
    let options = Options { source, dry_run, ..Options::default() };
    let attempt = call.attempt()?;
    let text = match import::inflated(&call.body, IMPORT_BYTES as u64)? {
        Some(text) => text,
        None => call.text()?.to_owned(),
    };
    let (registry, author) = (call.registry().clone(), call.author()?);
    if call.wants_lines() {
        return Ok(Reply::lines(move |send| {
            let mut listening = true;
            let done = registry.import_answered(
                "file",
                &text,
                &options,
                &author,
                attempt.as_ref(),
                &mut |done, records| {
                    // An import that nobody listens to any more goes on: its transaction is under way.
                    listening = listening
                        && send(
                            json!({"progress": {"done": done, "records": records}}).to_string(),
                        );
                },
            );
            match done {
                Ok(answered) => {
                    let mut report = answered.value;
                    for outcome in report["outcomes"].take().as_array().into_iter().flatten() {
                        if !send(json!({"outcome": outcome}).to_string()) {
                            return;
                        }
                    }
                    report["outcomes"] = json!([]);
                    send(json!({"report": report}).to_string());
                }
                Err(failed) => {
                    let problem = Problem::from(failed);
                    let errors: Vec<&Fault> = problem.errors.iter().collect();
                    let code = problem.code.as_str();
                    let error = json!({"code": code, "detail": problem.detail, "errors": errors});
                    send(json!({"error": error}).to_string());
                }
            }
        }));
    }
    let answered = registry.import_answered(
        "file",
        &text,
        &options,
        &author,
        attempt.as_ref(),
        &mut |_, _| {},
    )?;
    let report = &answered.value;
    // A dry run tells where the log would end; a client that asked for that index would not get it.
    let at = match dry_run {
        true => registry.head()?.log_index,
        false => report["log_index"].as_u64().unwrap_or_default(),
    };
    let reply = Reply::json(StatusCode::OK, report)?.at(at);
    match answered.replayed {
        true => Ok(reply.with(IDEMPOTENT_REPLAYED, "true")),
        false => Ok(reply),
    }
}

impl From<Failed> for Problem {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Refused(refusal) => refusal.into(),
            Failed::Unreadable(error) => {
                let place = match (error.line, error.column) {
                    (Some(line), Some(column)) => format!("line {line}, column {column}"),
                    (Some(line), None) => format!("line {line}"),
                    (None, _) => String::new(),
                };
                let errors = match error.faults.is_empty() {
                    true => vec![Fault::error(place, "unreadable_file", error.message.clone())],
                    false => error.faults,
                };
                Self { errors, ..Self::new(Code::InvalidBody, error.message) }
            }
        }
    }
}
