//! The command line: arguments in, an answer on stdout and an exit status out. One file a
//! command; what they print is put together from `chain` and `report` (for eyes on a terminal) or
//! comes from the use cases as JSON (`--json`).
//!
//! What does not live here: any decision, and any work another way in would need too (`app`).

use std::ffi::OsString;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Parser, Subcommand, ValueEnum};

use crate::app::verify::Moment;
use crate::clock;
use crate::domain::text::{Language, Text};

use failure::{Failure, Status};

mod audit;
mod backup;
mod chain;
mod check;
mod conformance;
mod convert;
mod database;
mod demo;
mod explain;
mod export;
mod failure;
mod impact;
mod import;
mod input;
mod kcdb;
mod known_at;
mod list;
mod log;
mod migrate;
mod openapi;
mod output;
mod page;
mod phrases;
mod policy;
mod progress;
mod report;
mod restore;
mod rules;
mod serve;
mod signature;
mod style;
mod synth;
mod template;
mod token;
mod trust;
mod units;
mod verify;
mod view;

/// Shown below every help.
const EXIT_STATUS: &str = "\
Exit status:
   0  traceable, with or without remarks; or nothing is wrong
   1  not traceable; or a case of a conformance run failed; or the log is not what it was
   2  undetermined: something is missing
  64  the command line is wrong
  65  input data is refused, or the claim cannot be asked of it
  66  a file is not there, cannot be read or is no registry
  69  the database cannot be used: it does not answer, is locked or damaged, or has another schema;
      or the KCDB does not answer
  70  a fault of this program
  74  an output or the database cannot be written

A FILE named - is the standard input.";

/// Checks whether the value of a measurement standard is traceable to the SI, by which recognised
/// route, and through whom it is linked to the BIPM.
#[derive(Debug, Parser)]
#[command(name = "etalon", version, after_help = EXIT_STATUS, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    options: Options,
}

/// Options of every command.
#[derive(Debug, Clone, Copy, clap::Args)]
struct Options {
    /// Language of what is printed: Vietnamese or English.
    #[arg(long = "lang", global = true, display_order = 101, value_name = "vi|en")]
    #[arg(default_value = "en", hide_possible_values = true, value_parser = languages())]
    language: Language,
    /// Print JSON for machines; errors then are JSON on stderr.
    #[arg(long, global = true, display_order = 102)]
    json: bool,
    /// When to use colours; auto is on a terminal.
    #[arg(long, global = true, display_order = 103, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Arguments),
    Serve(serve::Arguments),
    Import(import::Arguments),
    List(list::Arguments),
    Verify(Box<verify::Arguments>),
    Audit(audit::Arguments),
    Impact(impact::Arguments),
    Export(export::Arguments),
    Log(log::Arguments),
    Migrate(migrate::Arguments),
    Backup(backup::Arguments),
    Restore(restore::Arguments),
    Token(token::Arguments),
    Openapi(openapi::Arguments),
    Rules(rules::Arguments),
    Explain(explain::Arguments),
    Check(check::Arguments),
    Convert(convert::Arguments),
    Template(template::Arguments),
    Conformance(conformance::Arguments),
    Synth(synth::Arguments),
    Signature(signature::Arguments),
    Kcdb(kcdb::Arguments),
    Units(units::Arguments),
}

/// What a command has to say.
struct Answer {
    /// For stdout.
    text: String,
    /// For stderr.
    notes: String,
    /// How the command ends.
    status: Status,
}

impl Answer {
    /// An answer on stdout.
    fn new(page: page::Page, status: Status) -> Self {
        Self { text: page.into_text(), notes: String::new(), status }
    }

    /// An answer in JSON.
    fn json(value: &impl serde::Serialize, status: Status) -> Result<Self, Failure> {
        let text = serde_json::to_string_pretty(value).map_err(|error| {
            let message = Text::new(
                format!("không viết được JSON: {error}"),
                format!("JSON cannot be written: {error}"),
            );
            Failure::new(Status::Internal, message)
        })?;
        Ok(Self { text: text + "\n", notes: String::new(), status })
    }
}

/// Runs the command line `args` (the program's name first) and says how it ended.
pub fn run<I, A>(args: I) -> ExitCode
where
    I: IntoIterator<Item = A>,
    A: Into<OsString> + Clone,
{
    let status = match Arguments::try_parse_from(args) {
        Ok(arguments) => answer(arguments),
        Err(error) => not_understood(&error),
    };
    ExitCode::from(u8::from(status))
}

/// Help, version, or what is wrong with the arguments.
fn not_understood(error: &clap::Error) -> Status {
    // Nobody is left to be told when this cannot be printed.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Status::Good,
        _ => Status::Usage,
    }
}

fn answer(Arguments { command, options }: Arguments) -> Status {
    match options.color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    }
    .write_global();
    // A fault of ours is a status of its own, not that of a verdict.
    let answer = catch_unwind(AssertUnwindSafe(|| match command {
        Command::Demo(arguments) => demo::run(&arguments, options),
        Command::Serve(arguments) => serve::run(&arguments, options),
        Command::Import(arguments) => import::run(&arguments, options),
        Command::List(arguments) => list::run(&arguments, options),
        Command::Audit(arguments) => audit::run(&arguments, options),
        Command::Verify(arguments) => verify::run(&arguments, options),
        Command::Impact(arguments) => impact::run(&arguments, options),
        Command::Export(arguments) => export::run(&arguments, options),
        Command::Log(arguments) => log::run(&arguments, options),
        Command::Migrate(arguments) => migrate::run(&arguments, options),
        Command::Backup(arguments) => backup::run(&arguments, options),
        Command::Restore(arguments) => restore::run(&arguments, options),
        Command::Token(arguments) => token::run(&arguments, options),
        Command::Openapi(arguments) => openapi::run(&arguments),
        Command::Rules(arguments) => rules::run(&arguments, options),
        Command::Explain(arguments) => explain::run(&arguments, options),
        Command::Check(arguments) => check::run(&arguments, options),
        Command::Convert(arguments) => convert::run(&arguments, options),
        Command::Template(arguments) => template::run(&arguments, options),
        Command::Conformance(arguments) => conformance::run(&arguments, options),
        Command::Synth(arguments) => synth::run(&arguments, options),
        Command::Signature(arguments) => signature::run(&arguments, options),
        Command::Kcdb(arguments) => kcdb::run(&arguments, options),
        Command::Units(arguments) => units::run(&arguments, options),
    }));
    match answer {
        Ok(Ok(Answer { text, notes, status })) => {
            match print(&mut anstream::stdout(), &text)
                .and_then(|()| print(&mut anstream::stderr(), &notes))
            {
                Ok(()) => status,
                Err(failure) => report_failure(&failure, options),
            }
        }
        Ok(Err(failure)) => report_failure(&failure, options),
        Err(_) => report_failure(&ours(), options),
    }
}

/// Prints to a stream; that nobody reads any more is no fault.
fn print(stream: &mut impl Write, text: &str) -> Result<(), Failure> {
    match stream.write_all(text.as_bytes()).and_then(|()| stream.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::new(
            Status::Unwritable,
            Text::new(
                format!("không ghi được ra đầu ra chuẩn: {error}"),
                format!("the standard output cannot be written: {error}"),
            ),
        )),
    }
}

fn report_failure(failure: &Failure, options: Options) -> Status {
    let text = match options.json {
        true => format!("{:#}\n", failure.to_json()),
        false => failure.to_text(options.language),
    };
    // Nobody is left to be told when this cannot be printed.
    let _ = print(&mut anstream::stderr(), &text);
    failure.status
}

fn ours() -> Failure {
    Failure::new(
        Status::Internal,
        Text::new(
            "đây là lỗi của chương trình này, không phải của dữ liệu: hãy báo lại cùng thông báo ở trên",
            "this is a fault of this program, not of your data: please report it with the message above",
        ),
    )
}

fn languages() -> impl TypedValueParser<Value = Language> {
    let words = Language::ALL.iter().map(|language| language.as_str());
    PossibleValuesParser::new(words)
        .map(|word| Language::from_word(&word).unwrap_or(Language::English))
}

/// A path as a shell takes it for one.
fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    match path.contains(char::is_whitespace) {
        true => format!("\"{path}\""),
        false => path,
    }
}

/// When a claim is asked here and now.
fn present() -> Moment {
    let now = clock::now();
    Moment { now, today: clock::day_of(now) }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Arguments::command().debug_assert();
    }
}
