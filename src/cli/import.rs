//! `etalon import`: files into the registry, and what became of their records.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::json;

use crate::app::import::{self, Action, Failed, RecordOutcome, Report, Stage};
use crate::app::refusal::Refusal;
use crate::app::registry::Registry;
use crate::domain::fault::Faults;
use crate::domain::signature::SignatureStatus;
use crate::domain::text::{Language, Text};
use crate::exchange::kcdb::answer::Scope;

use super::database::{self, Database};
use super::failure::{self, POINTERS, Status};
use super::input::Input;
use super::page::{Line, Page};
use super::phrases::{self, fill, say};
use super::progress::Progress;
use super::style::{BOLD, DIM};
use super::{Answer, Failure, Options, convert, input, signature, trust};

/// Imports bundles, digital calibration certificates (XML), KCDB data (JSON), key comparisons of the
/// CCRI (XML) and tables (CSV, XLSX) into the registry.
///
/// The same file twice changes nothing. Each file is an import of its own: what is wrong with one
/// keeps no other out. Up to 10,000 records of a file are kept all or none; a larger one goes on
/// where it was cut off when the same command is given again. A large bundle is not held in memory.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Files to import.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Whose files these are: a later edition from the same source amends what it changes. What the
    /// bundle says when absent; a file without a source is one of its own.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// What of the KCDB each file covers wholly as of today, such as area=EM,country=VN, or all: a
    /// CMC that it does not list there is not published any more. A file of `etalon kcdb fetch` says
    /// so itself.
    #[arg(long, value_name = "SCOPE", conflicts_with = "historical")]
    snapshot_of: Option<String>,
    /// Only say what would become of each file; nothing is written.
    #[arg(long)]
    dry_run: bool,
    /// Let records keep the recorded_at that they carry; into an empty registry only.
    #[arg(long)]
    historical: bool,
    /// List what became of each record.
    #[arg(long)]
    records: bool,
    /// The authorities that are trusted to say who signs certificates, as in: etalon signature;
    /// ETALON_TRUST_DIR of the environment when absent, else nobody.
    #[arg(long, value_name = "DIR")]
    trust: Option<PathBuf>,
    /// An instant at which you know the signatures of certificates to have existed.
    #[arg(long, value_name = "INSTANT")]
    signatures_at: Option<String>,
    /// What the digital calibration certificates of a laboratory mean by names, a file for each
    /// laboratory (docs/exchange.md).
    #[arg(long, value_name = "FILE")]
    mapping: Vec<PathBuf>,
    #[command(flatten)]
    database: Database,
}

/// A file that is done.
#[derive(Serialize)]
struct Done {
    file: String,
    #[serde(flatten)]
    report: Report,
}

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    let url = arguments.database.url()?.to_string();
    // A dry run leaves nothing behind: where there is no registry yet, it is tried on one that goes
    // away.
    let absent = arguments.dry_run && !arguments.database.is_there()?;
    let stand_in = absent.then(database::temporary).transpose()?;
    let registry = match &stand_in {
        Some(directory) => Database::in_directory(directory.path()).registry_for_writing()?,
        None => arguments.database.registry_for_writing()?,
    };
    let registry = registry.trusting(trust::of_options(arguments.trust.as_deref())?);
    let signatures_at = arguments.signatures_at.as_deref();
    let signatures_at =
        signatures_at.map(|at| signature::instant("--signatures-at", at)).transpose()?;
    let how = import::Options {
        source: arguments.source.clone(),
        dry_run: arguments.dry_run,
        historical: arguments.historical,
        signatures_at,
        mappings: convert::mappings(&arguments.mapping)?,
        snapshot_of: arguments.snapshot_of.as_deref().map(scope).transpose()?,
    };
    let mut done: Vec<Done> = Vec::new();
    let mut failed: Vec<(String, Failure)> = Vec::new();
    for file in &arguments.files {
        match one(&registry, file, &how, arguments.records || options.json, options) {
            Ok(report) => done.push(Done { file: input::name(file), report }),
            Err(failure) => {
                let stop = matches!(failure.status, Status::Unavailable | Status::Unwritable);
                failed.push((input::name(file), failure));
                if stop {
                    break;
                }
            }
        }
    }
    if arguments.files.len() == 1
        && let Some((_, failure)) = failed.pop()
    {
        return Err(failure);
    }
    let status = failed.first().map_or(Status::Good, |(_, failure)| failure.status);
    let notes = notes(&failed, arguments.files.len(), options);
    if options.json {
        let answer = Answer::json(&machine_readable(&url, arguments, &done, &failed), status)?;
        return Ok(Answer { notes, ..answer });
    }
    let mut page = Page::new();
    for Done { file, report } in &done {
        print(&mut page, file, report, arguments.records, options.language);
    }
    if let Some(Done { report, .. }) = done.last() {
        let index = report.log_index.to_string();
        let phrase = if arguments.dry_run { phrases::DRY_RUN } else { phrases::NOW_IN };
        let text = fill(phrase, options.language, &[("database", &url), ("index", &index)]);
        page.line(Line::new().plain(&text));
    }
    Ok(Answer { notes, ..Answer::new(page, status) })
}

fn one(
    registry: &Registry,
    file: &Path,
    how: &import::Options,
    keeps_outcomes: bool,
    options: Options,
) -> Result<Report, Failure> {
    let (name, input) = (input::name(file), input::open(file)?);
    let progress = Progress::new(phrases::RECORDS, options);
    let author = database::author();
    let mut told = |stage| match stage {
        Stage::Read(done) => progress.at_first(phrases::READ, done, options),
        Stage::Checked(done, all) => progress.then(phrases::CHECKED, done, all, options),
        Stage::Written(done, all) => progress.then(phrases::WRITTEN, done, all, options),
    };
    let done = match input {
        Input::Text(text) => {
            let mut told = |done, all| progress.at_of(done, all);
            registry.import(&name, &text, how, &author, &mut told)
        }
        Input::Lines(mut file) => {
            registry.import_lines(&mut file, how, &author, keeps_outcomes, &mut told)
        }
        Input::Document(mut file) => {
            let mut records = input::temporary()?;
            registry.import_document(
                &mut file,
                &mut records,
                how,
                &author,
                keeps_outcomes,
                &mut told,
            )
        }
    };
    done.map_err(|failed| match failed {
        Failed::Unreadable(error) => {
            let message = Text::new(format!("{name} bị từ chối"), format!("{name} is refused"));
            let faults = Faults(convert::faults(&name, error));
            Failure::with_faults(Status::Refused, message, faults)
        }
        Failed::Refused(Refusal::Faults(faults)) => Failure::refused(&name, faults),
        Failed::Refused(refusal) => Failure::from(refusal).about(&name),
    })
}

fn scope(text: &str) -> Result<Scope, Failure> {
    Scope::parse(text).map_err(|message| Failure::new(Status::Usage, message))
}

fn machine_readable(
    database: &str,
    arguments: &Arguments,
    done: &[Done],
    failed: &[(String, Failure)],
) -> serde_json::Value {
    let failed: Vec<_> = failed
        .iter()
        .map(|(file, failure)| json!({"file": file, "error": failure.to_json()["error"]}))
        .collect();
    json!({
        "database": database,
        "dry_run": arguments.dry_run,
        "log_index": done.last().map(|one| one.report.log_index),
        "files": done,
        "failed": failed,
    })
}

/// What stands on stderr: the files that failed, each with its faults; for machines their number,
/// as the faults are in the answer.
fn notes(failed: &[(String, Failure)], files: usize, options: Options) -> String {
    let Some((_, first)) = failed.first() else { return String::new() };
    if options.json {
        let count = failed.len();
        let message = Text::new(
            format!("{count} trên {files} tệp không nhập được"),
            format!("{count} of {files} files could not be imported"),
        );
        return format!("{:#}\n", Failure::new(first.status, message).to_json());
    }
    failed.iter().map(|(_, failure)| failure.to_text(options.language)).collect()
}

/// A file: what was noticed, what was not read, what became of each record, and the counts.
fn print(page: &mut Page, file: &str, report: &Report, records: bool, language: Language) {
    if !report.warnings.is_empty() {
        page.line(Line::new().styled(BOLD, file));
        failure::faults(page, &report.warnings, POINTERS, language);
    }
    if let Some(outcome) = &report.signature
        && outcome.status != SignatureStatus::Unsigned
    {
        signature::print(page, file, outcome, language);
    }
    for part in &report.unread {
        convert::print_part(page, file, part, language);
    }
    if records {
        for outcome in &report.outcomes {
            page.hanging("  ", "      ", &line_of(outcome, language));
        }
    }
    let number = |count: u64| count.to_string();
    let holes = [
        ("records", number(report.records)),
        ("created", number(report.created)),
        ("amended", number(report.amended)),
        ("unchanged", number(report.unchanged)),
        ("before", number(report.done_before)),
        ("file", file.to_owned()),
    ];
    let holes = holes.each_ref().map(|(name, count)| (*name, count.as_str()));
    let mut line = Line::new().plain(file).plain(": ");
    line = line.plain(&fill(phrases::IMPORTED, language, &holes));
    if report.done_before > 0 {
        line = line.plain("; ").plain(&fill(phrases::DONE_BEFORE, language, &holes));
    }
    page.line(line);
    let labels = report.outcomes.iter().any(|outcome| outcome.label.is_some());
    if labels && report.source.starts_with("sha256:") {
        page.line(Line::new().styled(DIM, &fill(phrases::NO_SOURCE, language, &holes)));
    }
}

/// What became of a record: action, collection, label, id, version.
fn line_of(outcome: &RecordOutcome, language: Language) -> Line {
    let action = say(
        match outcome.action {
            Action::Created => phrases::CREATED,
            Action::Amended => phrases::AMENDED,
            Action::Unchanged => phrases::UNCHANGED,
        },
        language,
    );
    let mut line = Line::new().plain(action).padded(12);
    line = line.plain(outcome.collection.as_str()).plain("  ");
    if let Some(label) = &outcome.label {
        line = line.styled(BOLD, label).plain("  ");
    }
    line.plain(outcome.id.as_str()).plain(&format!("  v{}", outcome.version))
}
