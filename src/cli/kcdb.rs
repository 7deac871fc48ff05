//! `etalon kcdb`: what the KCDB (the BIPM key comparison database) publishes beside its records.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::app::services;
use crate::domain::fault::Faults;
use crate::domain::records::Records;
use crate::domain::text::Text;
use crate::exchange::kcdb::services::{Classification, Service, joined, read};
use crate::exchange::{bundle, outcome};

use super::failure::Status;
use super::page::{Line, Page};
use super::phrases::{self, fill, say};
use super::style::{BOLD, DIM};
use super::{Answer, Failure, Options, convert, input};

/// Finds and checks service categories of the KCDB.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Services(Services),
}

/// Lists service categories of the KCDB, or checks those that records name.
///
/// The classification is the BIPM's: name its files, as a table (CSV), as linked data of the SI
/// Digital Framework (Turtle) or as the KCDB's interface gives its lists (JSON).
#[derive(Debug, clap::Args)]
struct Services {
    /// Files of the classification.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// List only those whose code or names have all of these words.
    #[arg(long, value_name = "WORDS")]
    find: Option<String>,
    /// A bundle, or a file that `etalon convert` takes: list the service categories of its records
    /// that are not in the classification; ends with 1 where there are any.
    #[arg(long, value_name = "FILE", conflicts_with = "find")]
    check: Option<PathBuf>,
}

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    match &arguments.command {
        Command::Services(arguments) => run_services(arguments, options),
    }
}

fn run_services(arguments: &Services, options: Options) -> Result<Answer, Failure> {
    let classification = classification(&arguments.files)?;
    if let Some(file) = &arguments.check {
        return check(&classification, file, options);
    }
    let found = services::found(&classification, arguments.find.as_deref().unwrap_or_default());
    if options.json {
        return Answer::json(&found, Status::Good);
    }
    let mut page = Page::new();
    for service in &found {
        print(&mut page, service, options);
    }
    let holes =
        [("found", found.len().to_string()), ("all", classification.services.len().to_string())];
    let holes = holes.each_ref().map(|(name, count)| (*name, count.as_str()));
    page.line(Line::new().plain(&fill(phrases::SERVICES_FOUND, options.language, &holes)));
    Ok(Answer::new(page, Status::Good))
}

fn classification(files: &[PathBuf]) -> Result<Classification, Failure> {
    let each = files.iter().map(|file| {
        let name = input::name(file);
        read(&input::read(file)?).map_err(|error| {
            let message = Text::new(format!("{name} bị từ chối"), format!("{name} is refused"));
            let faults = Faults(vec![convert::fault(&name, error)]);
            Failure::with_faults(Status::Refused, message, faults)
        })
    });
    Ok(joined(each.collect::<Result<Vec<_>, _>>()?))
}

fn print(page: &mut Page, service: &Service, options: Options) {
    let mut line = Line::new().styled(BOLD, &service.code).plain("  ");
    line = line.plain(&service.names.join(" › "));
    if service.assigned == Some(false) {
        let closed = say(phrases::SERVICE_CLOSED, options.language);
        line = line.plain("  ").styled(DIM, closed);
    }
    page.hanging("", "    ", &line);
}

fn check(
    classification: &Classification,
    file: &Path,
    options: Options,
) -> Result<Answer, Failure> {
    let name = input::name(file);
    let odd = services::odd_categories(classification, &records(&name, &input::read(file)?)?);
    let status = if odd.is_empty() { Status::Good } else { Status::Bad };
    if options.json {
        return Answer::json(&json!({"file": name, "categories": odd}), status);
    }
    let mut page = Page::new();
    for one in &odd {
        let phrase = if one.known { phrases::SERVICE_CLOSED } else { phrases::CATEGORY_UNKNOWN };
        let mut line = Line::new().styled(BOLD, &one.category).plain("  ");
        line = line.plain(say(phrase, options.language));
        if one.count > 1 {
            line = line.plain(&format!("  ×{}", one.count));
        }
        page.line(line);
        page.hanging("    ", "    ", &Line::new().styled(DIM, &one.pointer));
    }
    if odd.is_empty() {
        let known = fill(phrases::CATEGORIES_KNOWN, options.language, &[("file", &name)]);
        page.line(Line::new().plain(&known));
    }
    Ok(Answer::new(page, status))
}

/// The records of a bundle or of a foreign file, whether or not they belong together.
fn records(name: &str, text: &str) -> Result<Records, Failure> {
    if outcome::recognise(text).is_none() {
        return Ok(bundle::read(text).records().clone());
    }
    let read = outcome::read(name, text).map_err(|error| {
        let message = Text::new(format!("{name} bị từ chối"), format!("{name} is refused"));
        Failure::with_faults(Status::Refused, message, Faults(vec![convert::fault(name, error)]))
    });
    Ok(read?.records)
}
