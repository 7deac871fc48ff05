//! `etalon openapi`: the document of the API, as the service gives it.

use crate::http;

use super::failure::Status;
use super::{Answer, Failure};

/// Prints the OpenAPI document of the service.
#[derive(Debug, clap::Args)]
pub struct Arguments {}

/// Runs the command.
pub fn run(_arguments: &Arguments) -> Result<Answer, Failure> {
    let notes = String::new();
    Ok(Answer { text: http::document(), notes, status: Status::Good })
}
