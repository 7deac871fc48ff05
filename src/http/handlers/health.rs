//! For those who run the service, and for programs that read about it: is it alive, is it ready,
//! which version is it, what does it count, what are its operations and its problems.

use std::sync::atomic::Ordering;

use actix_web::http::{Method, StatusCode, header};

use crate::domain::form::{Described as _, Form, TextForm};
use crate::domain::text::Language;
use crate::engine::rules::RULESET_VERSION;
use crate::telemetry::Sampled;

use super::super::call::{Call, Reply, ReplyBody};
use super::super::problem::{Code, Problem};
use super::super::routes::{Access, Answer, AnswerHeader, BASE, Load, Media, Operation};
use super::{if_none_match, variable};

const TAG: &str = "operations";

answer! {
    /// That the service answers.
    Health {
        /// `alive`, or `ready`.
        status: &'static str,
    }
}

answer! {
    /// That the service can do its work.
    Readiness {
        /// `ready`.
        status: &'static str,
        /// The index of the last entry of the record log.
        log_index: u64,
    }
}

answer! {
    /// Which version this is.
    Version {
        /// The program.
        version: &'static str,
        /// The rules that it evaluates.
        ruleset: &'static str,
    }
}

/// The operations.
pub fn operations() -> Vec<Operation> {
    let get = |path: &str, id: &str, handler| {
        Operation::new(Method::GET, path, id, handler).for_whom(Access::Open)
    };
    let text = |operation: Operation, media: &'static str, description: &str| Operation {
        answer: Answer {
            status: StatusCode::OK,
            description: description.to_owned(),
            media: vec![Media { name: media, form: None }],
            headers: &[],
        },
        ..operation
    };
    let code = Form::Text(TextForm { examples: &["invalid_body"], ..TextForm::default() });
    vec![
        get("/healthz", "get_health", alive as fn(&Call) -> Result<Reply, Problem>)
            .says(TAG, "Is it alive", "Answers as long as the process does.")
            .loads(Load::Free)
            .gives(StatusCode::OK, "It is.", Health::form(), &[]),
        get("/readyz", "get_readiness", ready)
            .says(
                TAG,
                "Is it ready",
                "Answers 200 when the database answers and has the schema of this program.",
            )
            .loads(Load::Probe)
            .gives(StatusCode::OK, "It is.", Readiness::form(), &[AnswerHeader::LogIndex]),
        get("/version", "get_version", version)
            .says(TAG, "Which version is it", "The version of the program and of its rules.")
            .loads(Load::Free)
            .gives(StatusCode::OK, "The version.", Version::form(), &[]),
        text(
            get("/metrics", "get_metrics", metrics)
                .says(
                    TAG,
                    "Read the metrics",
                    "What is counted, for Prometheus. By route pattern, never by path. Not there \
                     unless the operator switches it on.",
                )
                .loads(Load::Probe)
                .fails(&[Code::NotFound]),
            METRICS,
            "The metrics.",
        ),
        get(&format!("{BASE}/openapi.json"), "get_openapi", document)
            .says(TAG, "Read this document", "The OpenAPI document of the service.")
            .with([if_none_match()])
            .gives(
                StatusCode::OK,
                "The document.",
                Form::Map(Box::new(Form::Any)),
                &[AnswerHeader::ETag],
            ),
        text(
            get("/problems/{code}", "get_problem", problem)
                .says(
                    TAG,
                    "What does a problem mean",
                    "The page that the `type` of a problem leads to: what it means and what to do, \
                     in Vietnamese and English.",
                )
                .with([variable("code", "The problem's code.", code)])
                .fails(&[Code::NotFound]),
            "text/html",
            "The page.",
        ),
    ]
}

/// The text format of Prometheus.
const METRICS: &str = "text/plain";

fn alive(_: &Call) -> Result<Reply, Problem> {
    Reply::json(StatusCode::OK, &Health { status: "alive" })
}

fn ready(call: &Call) -> Result<Reply, Problem> {
    let log_index = call.registry().ready()?;
    let answer = Readiness { status: "ready", log_index };
    Ok(Reply::json(StatusCode::OK, &answer)?.at(log_index))
}

fn version(_: &Call) -> Result<Reply, Problem> {
    let version = env!("CARGO_PKG_VERSION");
    Reply::json(StatusCode::OK, &Version { version, ruleset: RULESET_VERSION })
}

fn metrics(call: &Call) -> Result<Reply, Problem> {
    if !call.service.settings.metrics {
        return Err(Problem::of(Code::NotFound));
    }
    let sampled = Sampled {
        // What cannot be read now is not told now; the rest still is.
        log_head: call.registry().head().ok().map(|head| head.log_index),
        jobs: call.service.jobs.load(Ordering::Relaxed) as u64,
        pools: call.registry().pools().to_vec(),
    };
    let text = call.service.metrics.render(&sampled);
    let body = ReplyBody::Text("text/plain; version=0.0.4; charset=utf-8", text);
    Ok(Reply { body, ..Reply::new(StatusCode::OK) })
}

fn document(call: &Call) -> Result<Reply, Problem> {
    let tag = &call.service.document_tag;
    if let Some(reply) = call.unchanged(tag) {
        return Ok(reply);
    }
    let body = ReplyBody::Text(super::super::call::JSON, call.service.document.clone());
    Ok(Reply { body, ..Reply::new(StatusCode::OK) }.with(header::ETAG, tag))
}

fn problem(call: &Call) -> Result<Reply, Problem> {
    let code = Code::from_word(call.variable("code"));
    let code = code.ok_or_else(|| Problem::of(Code::NotFound))?;
    let (title, help, status) = (code.title(), code.help(), code.status());
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\"><title>{}</title></head>\n\
         <body>\n<h1><code>{}</code></h1>\n<p>{status}</p>\n",
        call.noted.language,
        title.in_language(call.noted.language),
        code.as_str(),
    );
    for language in Language::ALL {
        let (title, help) = (title.in_language(*language), help.in_language(*language));
        page.push_str(&format!(
            "<section lang=\"{language}\"><h2>{title}</h2><p>{help}</p></section>\n"
        ));
    }
    page.push_str("</body>\n</html>\n");
    let body = ReplyBody::Text("text/html; charset=utf-8", page);
    Ok(Reply { body, ..Reply::new(StatusCode::OK) })
}
