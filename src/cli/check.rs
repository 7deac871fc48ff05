//! `etalon check`: the faults of a bundle, each with its place.

use std::path::PathBuf;

use serde_json::json;

use crate::app::bundle::inspect;
use crate::domain::fault::Gravity;

use super::failure::{self, POINTERS, Status};
use super::page::{Line, Page};
use super::phrases::{self, fill, say};
use super::style;
use super::{Answer, Failure, Options, input};

/// Lists the faults of a bundle, with JSON pointers; ends with 65 where an importer refuses it.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The bundle.
    file: PathBuf,
}

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    let name = input::name(&arguments.file);
    let inspection = inspect(&input::read(&arguments.file)?);
    let (errors, warnings) = (inspection.count(Gravity::Error), inspection.count(Gravity::Warning));
    let status = if inspection.accepted { Status::Good } else { Status::Refused };
    if options.json {
        let outcome = json!({
            "file": name,
            "accepted": inspection.accepted,
            "records": inspection.records,
            "errors": errors,
            "warnings": warnings,
            "faults": inspection.faults,
        });
        return Answer::json(&outcome, status);
    }
    let language = options.language;
    let mut page = Page::new();
    failure::faults(&mut page, &inspection.faults, POINTERS, language);
    let mut line = Line::new().plain(&name).plain(": ");
    line = match inspection.records {
        Some(records) => {
            line.plain(&fill(phrases::IN_ALL, language, &[("count", &records.to_string())]))
        }
        None => line.styled(style::BAD, say(phrases::REFUSED, language)),
    };
    let counts = [("errors", errors.to_string()), ("warnings", warnings.to_string())];
    let counts = counts.each_ref().map(|(name, count)| (*name, count.as_str()));
    page.line(line.plain(", ").plain(&fill(phrases::COUNTS, language, &counts)));
    Ok(Answer::new(page, status))
}
