//! What is affected by something that turned out to be bad, and what each laboratory has to tell its
//! customers: as JSON page by page, or all of it as CSV.

use actix_web::http::{Method, StatusCode};
use deserr::deserialize;

use crate::app::impact::ImpactAnswer;
use crate::app::refusal::Refusal;
use crate::domain::fault::Faults;
use crate::domain::form::Described as _;
use crate::domain::identity::Scope;
use crate::domain::impact::ImpactQuestion;

use super::super::call::{Call, Reply};
use super::super::problem::{Code, Problem};
use super::super::routes::{Access, AnswerHeader, BASE, GRAPH_COST, Load, Operation};
use super::at_least;

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(Method::POST, format!("{BASE}/impact"), "ask_impact", ask)
            .says(
                "impact",
                "What is affected by something bad",
                "Everything that was made with a bad certificate, standard, laboratory, \
                 accreditation, root or epoch within the window, and what was made with that, with \
                 its significance (ISO/IEC 17025, 7.10). Counts are exact whatever the page holds. \
                 For the issuer of a certificate, the owner of a standard, the organisation itself, \
                 the institute and the operator; certificates that are not for the caller to see \
                 keep their id and depth only, and are in no count by significance. Nothing is \
                 kept. With `Accept: text/csv` all certificates that the caller may see, one a line \
                 (RFC 4180).",
            )
            .for_whom(Access::Token(Scope::Verify))
            .loads(Load::Work(GRAPH_COST))
            .with([at_least()])
            .takes("The question.", ImpactQuestion::form())
            .gives(
                StatusCode::OK,
                "What is affected.",
                ImpactAnswer::form(),
                &[AnswerHeader::LogIndex],
            )
            .or_csv()
            .fails(&[Code::NotAllowed]),
    ]
}

fn ask(call: &Call) -> Result<Reply, Problem> {
    let question: Result<ImpactQuestion, Faults> = deserialize(call.json()?);
    let question = question.map_err(Refusal::from)?;
    let principal = Some(call.principal()?);
    let (registry, now) = (call.registry(), call.moment.now);
    if call.wants_csv() {
        let (text, at) = registry.impact_csv(&question, principal, now)?;
        return Ok(Reply::csv(text).at(at));
    }
    let answer = registry.impact(&question, principal, now)?;
    Ok(Reply::json(StatusCode::OK, &answer)?.at(answer.log_index))
}
