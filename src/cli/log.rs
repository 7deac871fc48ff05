//! `etalon log`: the record log checked, written out, and put into another registry.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::app::log::{Checkpoint, SoundLog, verify_export};
use crate::app::refusal::Refusal;
use crate::app::registry::Registry;
use crate::domain::fault::{Fault, Faults};
use crate::domain::log::Digest;
use crate::domain::period::Instant;
use crate::domain::text::Text;
use crate::store::StoreError;

use super::database::Database;
use super::failure::{Places, Status};
use super::page::{FIRM_BLANK, Line, Page};
use super::phrases::{self, fill, say};
use super::progress::Progress;
use super::style::{BOLD, DIM, GOOD};
use super::{Answer, Failure, Options, input, output};

/// Checks the record log, exports it, or imports it into an empty registry.
///
/// The log holds every version of every record in the order in which the registry learnt of them.
/// Each entry is hashed together with all before it, so that a change shows.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Verify(Verify),
    Export(Export),
    Import(Import),
}

/// Checks the order, the hashes and the chain of all entries, and prints a checkpoint to note
/// elsewhere; ends with 1 where the log is not what it was.
#[derive(Debug, clap::Args)]
struct Verify {
    /// What an earlier check printed and somebody noted elsewhere: shows that nothing up to there
    /// was rewritten since, all hashes with it.
    #[arg(long, value_name = "INDEX:CHAIN")]
    checkpoint: Option<String>,
    /// An exported log instead of a registry; `-` is the standard input. Of `etalon log export`, or
    /// of `GET /api/v1/log` with `Accept: application/x-ndjson`, where the bodies of confidential
    /// records are withheld: the chain is checked all the same.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["database", "data_dir"])]
    file: Option<PathBuf>,
    #[command(flatten)]
    database: Database,
}

/// Writes the log, one entry a line (NDJSON), with all its hashes.
#[derive(Debug, clap::Args)]
struct Export {
    /// Where the log goes; to the standard output when absent.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    database: Database,
}

/// Puts an exported log into an empty registry, on either backend: ids, times and hashes stay.
///
/// Every entry is checked first, and nothing is kept unless all are right.
#[derive(Debug, clap::Args)]
struct Import {
    /// The exported log.
    file: PathBuf,
    #[command(flatten)]
    database: Database,
}

static OPTIONS: Places = &[("checkpoint", "--checkpoint")];

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    match &arguments.command {
        Command::Verify(arguments) => verify(arguments, options),
        Command::Export(arguments) => export(arguments, options),
        Command::Import(arguments) => import(arguments, options),
    }
}

/// Progress over the entries that a registry has.
fn progress(registry: &Registry, progress: Progress) -> Result<Progress, Failure> {
    Ok(progress.of(registry.store().head()?.log_index))
}

fn verify(arguments: &Verify, options: Options) -> Result<Answer, Failure> {
    let noted = arguments.checkpoint.as_deref().map(checkpoint).transpose()?;
    if let Some(file) = &arguments.file {
        return verify_file(file, noted, options);
    }
    let registry = arguments.database.registry()?;
    let progress = progress(&registry, Progress::new(phrases::ENTRIES, options))?;
    let sound = registry.verify_log(noted, &mut |entries| progress.at(entries));
    drop(progress);
    let sound = sound.map_err(|refusal| match refusal {
        Refusal::Store(StoreError::Damaged { log_index, reason }) => unreadable(log_index, &reason),
        other => Failure::from(other),
    })?;
    if options.json {
        return Answer::json(&sound, Status::Good);
    }
    let page = verified(&registry.store().url().to_string(), &sound, noted, options);
    Ok(Answer::new(page, Status::Good))
}

/// That a log is sound, and how it ends.
fn verified(name: &str, sound: &SoundLog, noted: Option<Checkpoint>, options: Options) -> Page {
    let language = options.language;
    let mut page = Page::new();
    let verdict = Line::new().plain(name).plain(": ");
    page.line(verdict.styled(GOOD, say(phrases::SOUND, language)));
    end(&mut page, sound.log_index, sound.recorded_at, &sound.chain_sha256, options);
    if noted.is_some() {
        page.line(Line::new().plain(say(phrases::AS_NOTED, language)));
    }
    page
}

fn verify_file(
    file: &Path,
    noted: Option<Checkpoint>,
    options: Options,
) -> Result<Answer, Failure> {
    let name = input::name(file);
    let progress = Progress::new(phrases::ENTRIES, options);
    let sound = verify_export(&mut lines(file)?, noted, &mut |entries| progress.at(entries));
    drop(progress);
    let sound = sound.map_err(|refusal| Failure::from(refusal).about(&name))?;
    if options.json {
        return Answer::json(&sound, Status::Good);
    }
    let mut page = verified(&name, &sound.log, noted, options);
    if sound.withheld > 0 {
        let withheld = sound.withheld.to_string();
        let text = fill(phrases::LOG_WITHHELD, options.language, &[("withheld", &withheld)]);
        page.line(Line::new().plain(&text));
    }
    Ok(Answer::new(page, Status::Good))
}

/// What cannot even be read as an entry is no log as it was, either.
fn unreadable(log_index: u64, reason: &str) -> Failure {
    let message = Text::new(
        format!(
            "không đọc được mục {log_index} của nhật ký: {reason}. Hãy giữ nguyên bản này và so với \
             bản sao lưu hoặc bản xuất trước đó"
        ),
        format!(
            "entry {log_index} of the log cannot be read: {reason}. Keep this copy as it is, and \
             compare it with a backup or an earlier export"
        ),
    );
    Failure::new(Status::Bad, message)
}

/// How a log ends: entries, time of the last, and the checkpoint.
pub fn end(
    page: &mut Page,
    log_index: u64,
    recorded_at: Option<Instant>,
    chain: &Digest,
    options: Options,
) {
    let language = options.language;
    let index = log_index.to_string();
    let line = match recorded_at {
        Some(time) if log_index > 0 => {
            let time = time.to_string();
            fill(phrases::LOG_ENDS, language, &[("entries", &index), ("time", &time)])
        }
        _ => say(phrases::LOG_EMPTY, language).to_owned(),
    };
    page.line(Line::new().plain(&line));
    if log_index > 0 {
        page.line(Line::new().styled(DIM, say(phrases::NOTE_CHECKPOINT, language)));
        // One line, so that it can be copied.
        let options = format!("  --checkpoint{FIRM_BLANK}{log_index}:{chain}");
        page.line(Line::new().styled(BOLD, &options));
    }
}

fn checkpoint(text: &str) -> Result<Checkpoint, Failure> {
    text.parse().map_err(|_| {
        let message = Text::new(
            format!("“{text}”: cần INDEX:CHAIN, như “etalon log verify” in ra"),
            format!("“{text}”: expected INDEX:CHAIN, as “etalon log verify” prints it"),
        );
        let fault = Fault::error("/checkpoint", "bad_checkpoint", message);
        Failure::options(Faults(vec![fault]), OPTIONS)
    })
}

fn export(arguments: &Export, options: Options) -> Result<Answer, Failure> {
    let registry = arguments.database.registry()?;
    let output = arguments.output.as_deref();
    let progress = progress(&registry, Progress::beside(output, phrases::ENTRIES, options))?;
    let mut told = |entries| progress.at(entries);
    let written = match output {
        Some(path) => output::write(path, |file| Ok(registry.export_log(file, &mut told)?))?,
        None => {
            let mut stdout = BufWriter::new(io::stdout().lock());
            let written = registry.export_log(&mut stdout, &mut told)?;
            match written.and_then(|entries| stdout.flush().map(|()| entries)) {
                Ok(entries) => entries,
                // That nobody reads any more is no fault.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    return Ok(Answer::new(Page::new(), Status::Good));
                }
                Err(error) => return Err(output::unwritable("stdout", &error)),
            }
        }
    };
    drop(progress);
    let notes = match options.json {
        true => format!("{:#}\n", json!({"entries": written})),
        false => {
            let mut page = Page::new();
            let entries = written.to_string();
            let text = fill(phrases::LOG_EXPORTED, options.language, &[("entries", &entries)]);
            page.line(Line::new().plain(&text));
            page.into_text()
        }
    };
    Ok(Answer { notes, ..Answer::new(Page::new(), Status::Good) })
}

fn import(arguments: &Import, options: Options) -> Result<Answer, Failure> {
    let name = input::name(&arguments.file);
    let mut lines = lines(&arguments.file)?;
    let registry = arguments.database.registry_for_writing()?;
    let progress = Progress::new(phrases::ENTRIES, options);
    let head = registry.import_log(&mut lines, &mut |entries| progress.at(entries));
    drop(progress);
    let head = head.map_err(|refusal| match refusal {
        Refusal::Faults(_) | Refusal::Broken(_) => {
            Failure::from(refusal).about(&name).ending(Status::Refused)
        }
        other => Failure::from(other),
    })?;
    if options.json {
        let outcome = json!({
            "database": registry.store().url().to_string(),
            "log_index": head.log_index,
            "recorded_at": head.recorded_at,
            "chain_sha256": head.chain_sha256,
        });
        return Answer::json(&outcome, Status::Good);
    }
    let mut page = Page::new();
    let database = registry.store().url().to_string();
    let holes = [("file", name.as_str()), ("database", database.as_str())];
    page.line(Line::new().plain(&fill(phrases::LOG_IMPORTED, options.language, &holes)));
    end(&mut page, head.log_index, Some(head.recorded_at), &head.chain_sha256, options);
    Ok(Answer::new(page, Status::Good))
}

/// The lines of a file, or of the standard input where it is named `-`.
fn lines(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if input::is_standard_input(path) {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).map_err(|error| input::unreadable(path, &error))?;
    if path.is_dir() {
        let error = io::Error::from(io::ErrorKind::IsADirectory);
        return Err(input::unreadable(path, &error));
    }
    Ok(Box::new(BufReader::with_capacity(1 << 20, file)))
}
