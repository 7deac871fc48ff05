//! `etalon conformance`: runs chain vectors and says what differs.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::app::conformance::{Difference, Outcome, Vector, form, read, run as run_vectors};
use crate::domain::text::Language;
use crate::http::schema::Components;

use super::failure::Status;
use super::page::{Line, Page};
use super::phrases::{self, fill, say};
use super::style::{self, BOLD};
use super::{Answer, Failure, Options, input, present};

/// Runs every chain vector (*.json) below some directories and prints what differs.
///
/// Bases of a case may lie in any of the directories. Ends with 1 when a case fails, and when
/// there is none.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Directories with vectors, or single vectors.
    #[arg(required_unless_present = "schema", value_name = "DIR")]
    places: Vec<PathBuf>,
    /// Print the JSON Schema of a vector instead, for those who write their own.
    #[arg(long, conflicts_with = "places")]
    schema: bool,
}

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    if arguments.schema {
        let description = "A case that any verifier of traceability chains can run: records, a claim, \
                           and what must come out (docs/vectors.md).";
        let schema = Components::document(&form(), "Chain vector", description);
        return Answer::json(&schema, Status::Good);
    }
    let mut vectors: Vec<Vector> = Vec::new();
    let mut outcomes: Vec<Outcome> = Vec::new();
    for file in files(&arguments.places)? {
        let origin = file.display().to_string();
        match read(&origin, &input::read(&file)?) {
            Ok(vector) => vectors.push(vector),
            Err(error) => outcomes.push(no_vector(origin, error)),
        }
    }
    outcomes.extend(run_vectors(&vectors, present()));
    let failures: Vec<&Outcome> =
        outcomes.iter().filter(|outcome| !outcome.differences.is_empty()).collect();
    let good = failures.is_empty() && !outcomes.is_empty();
    let status = if good { Status::Good } else { Status::Bad };
    let passed = outcomes.len() - failures.len();
    if options.json {
        return Answer::json(&machine_readable(passed, &failures), status);
    }
    let mut page = Page::new();
    if outcomes.is_empty() {
        let places: Vec<_> = arguments.places.iter().map(|place| place.to_string_lossy()).collect();
        let holes = [("places", places.join(", "))];
        let holes = holes.each_ref().map(|(name, places)| (*name, places.as_str()));
        page.line(Line::new().plain(&fill(phrases::NO_CASE, options.language, &holes)));
    }
    print(&mut page, passed, &failures, options.language);
    Ok(Answer::new(page, status))
}

fn machine_readable(passed: usize, failures: &[&Outcome]) -> serde_json::Value {
    let failure = |outcome: &&Outcome| {
        let differences: Vec<_> = outcome
            .differences
            .iter()
            .map(|one| json!({"what": one.what, "expected": one.expected, "got": one.got}))
            .collect();
        json!({"case": outcome.id, "file": outcome.origin, "differences": differences})
    };
    let cases: Vec<_> = failures.iter().map(failure).collect();
    json!({"passed": passed, "failed": failures.len(), "failures": cases})
}

fn print(page: &mut Page, passed: usize, failures: &[&Outcome], language: Language) {
    let (expected, got) = (say(phrases::EXPECTED, language), say(phrases::GOT, language));
    let label = |word: &str| Line::new().plain(word);
    let width = label(expected).width().max(label(got).width()) + 2;
    let hanging = " ".repeat(width + 4);
    for failure in failures {
        let head = Line::new().styled(style::BAD, say(phrases::FAILED_CASE, language)).plain(" ");
        page.line(head.styled(BOLD, &failure.id).plain(" (").plain(&failure.origin).plain(")"));
        for difference in &failure.differences {
            page.hanging("  ", "  ", &Line::new().plain(&difference.what));
            for (word, text) in [(expected, &difference.expected), (got, &difference.got)] {
                let mut pieces = text.split('\n');
                let first = label(word).padded(width).plain(pieces.next().unwrap_or_default());
                page.hanging("    ", &hanging, &first);
                for piece in pieces {
                    page.hanging(&hanging, &hanging, &label(piece));
                }
            }
        }
    }
    let (passed, failed) = (passed.to_string(), failures.len().to_string());
    let counts = [("passed", passed.as_str()), ("failed", failed.as_str())];
    page.line(Line::new().plain(&fill(phrases::SUMMARY, language, &counts)));
}

/// All vectors at or below some places, in the order of their names; directories reached through
/// symbolic links are left alone, as they may lead back.
fn files(places: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    let mut open: Vec<PathBuf> = places.iter().rev().cloned().collect();
    while let Some(place) = open.pop() {
        if !place.is_dir() {
            files.push(place);
            continue;
        }
        let unreadable = |error| input::unreadable(&place, &error);
        let mut below = Vec::new();
        for entry in std::fs::read_dir(&place).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(unreadable)?);
            if kind.is_dir() || (is_json(&path) && !path.is_dir()) {
                below.push(path);
            }
        }
        below.sort();
        open.extend(below.into_iter().rev());
    }
    Ok(files)
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json")
}

/// A file that cannot be read as a vector is a case that fails.
fn no_vector(origin: String, error: String) -> Outcome {
    let difference =
        Difference { what: "file".to_owned(), expected: "a vector".to_owned(), got: error };
    Outcome { id: "?".to_owned(), origin, differences: vec![difference] }
}
