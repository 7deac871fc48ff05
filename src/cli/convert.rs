//! `etalon convert`: foreign files into one bundle, and a list of what was not read of them.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::app::convert::{Conversion, FileUnread};
use crate::domain::calibration::Calibration;
use crate::domain::fault::{Fault, Faults};
use crate::domain::text::{Language, Text};
use crate::exchange::bundle;
use crate::exchange::dcc::{Mapping, MappingError};
use crate::exchange::outcome::{ReadError, Unread};

use super::failure::Status;
use super::page::{FIRM_BLANK, Line, Page};
use super::phrases::{self, fill};
use super::style::BOLD;
use super::{Answer, Failure, Options, input, output, quoted};

/// Converts digital calibration certificates (XML), KCDB data (JSON), key comparisons of the CCRI (XML)
/// and tables (CSV, XLSX) into one bundle.
///
/// What a file holds that is not read is listed on stderr, never dropped in silence.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Files to convert.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Where the bundle goes; to the standard output when absent.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// What the digital calibration certificates of a laboratory mean by names, a file for each
    /// laboratory (docs/exchange.md).
    #[arg(long, value_name = "FILE")]
    mapping: Vec<PathBuf>,
}

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    let mappings = mappings(&arguments.mapping)?;
    let mut conversion = Conversion::with(mappings);
    let mut refused: Vec<Fault> = Vec::new();
    for file in &arguments.files {
        let name = input::name(file);
        let text = input::read(file)?;
        if let Err(error) = conversion.add(&name, &text) {
            refused.extend(faults(&name, error));
        }
    }
    if !refused.is_empty() {
        let message = Text::new(
            "không có gói dữ liệu nào được lập, vì có tệp không chuyển đổi được",
            "no bundle was made, because a file cannot be converted",
        );
        return Err(Failure::with_faults(Status::Refused, message, Faults(refused)));
    }
    conversion.link();
    let unread = std::mem::take(&mut conversion.unread);
    let bundle = conversion.into_bundle().map_err(|faults| {
        let files: Vec<&str> = unread.iter().map(|file| file.file.as_str()).collect();
        Failure::refused(&files.join(" + "), Faults(faults))
    })?;
    let records = bundle.records.len();
    let notes = match options.json {
        true => {
            let calibrations = bundle.records.calibrations.iter();
            let calibrations: Vec<_> =
                calibrations.map(|one| json!({"number": one.number, "item": one.item})).collect();
            let outcome =
                json!({"records": records, "calibrations": calibrations, "files": unread});
            format!("{outcome:#}\n")
        }
        false => {
            let mut page = Page::new();
            print_unread(&mut page, &unread, arguments.files.len(), records, options.language);
            let output = arguments.output.as_deref().unwrap_or(Path::new("-"));
            print_items(&mut page, &bundle.records.calibrations, output, options.language);
            page.into_text()
        }
    };
    let text = bundle::to_json(&bundle);
    let text = match &arguments.output {
        Some(path) => {
            output::write_text(path, &text)?;
            String::new()
        }
        None => text,
    };
    Ok(Answer { text, notes, status: Status::Good })
}

/// The mappings of files.
///
/// # Errors
/// When one cannot be read.
pub fn mappings(files: &[PathBuf]) -> Result<Vec<Mapping>, Failure> {
    let read = |file: &PathBuf| {
        let (name, text) = (input::name(file), input::read(file)?);
        Mapping::parse(&text).map_err(|error| match error {
            MappingError::Faults(faults) => Failure::refused(&name, faults),
            MappingError::Unreadable(error) => {
                Failure::refused(&name, Faults(faults(&name, error)))
            }
        })
    };
    files.iter().map(read).collect()
}

/// What was not read, file by file, and how much there was in all.
fn print_unread(
    page: &mut Page,
    files: &[FileUnread],
    count: usize,
    records: usize,
    language: Language,
) {
    let mut parts = 0;
    for FileUnread { file, unread, .. } in files {
        for part in unread {
            parts += part.count;
            print_part(page, file, part, language);
        }
    }
    let holes = [
        ("files", count.to_string()),
        ("records", records.to_string()),
        ("parts", parts.to_string()),
    ];
    let holes = holes.each_ref().map(|(name, count)| (*name, count.as_str()));
    page.line(Line::new().plain(&fill(phrases::CONVERTED, language, &holes)));
}

/// The commands that ask about the items of the certificates: their ids are new to the reader.
fn print_items(page: &mut Page, calibrations: &[Calibration], output: &Path, language: Language) {
    /// Certificates for which the command is shown.
    const SHOWN: usize = 20;
    for calibration in calibrations.iter().take(SHOWN) {
        let item = &calibration.item;
        let output = quoted(output);
        let command = format!("etalon verify --bundle {output} --standard {item}");
        // One line, so that it can be copied.
        let command = command.replace(' ', &FIRM_BLANK.to_string());
        let holes = [("number", calibration.number.as_str()), ("command", command.as_str())];
        page.hanging("", "    ", &Line::new().plain(&fill(phrases::ASK_ITEM, language, &holes)));
    }
    if let Some(more @ 1..) = calibrations.len().checked_sub(SHOWN) {
        let holes = [("count", more.to_string())];
        let holes = holes.each_ref().map(|(name, count)| (*name, count.as_str()));
        page.line(Line::new().plain(&fill(phrases::MORE_ITEMS, language, &holes)));
    }
}

/// A part of a file that was not read, with its place.
pub fn print_part(page: &mut Page, file: &str, part: &Unread, language: Language) {
    let mut head = Line::new().styled(BOLD, file);
    if let Some(line) = part.line {
        head = head.plain(&format!(":{line}"));
    }
    if part.count > 1 {
        head = head.plain(&format!("  ×{}", part.count));
    }
    page.line(head);
    page.hanging("    ", "    ", &Line::new().plain(&part.place));
    let mut reason = part.reason.in_language(language).to_owned();
    if let Some(found) = &part.found {
        reason = format!("“{found}”: {reason}");
    }
    page.hanging("    ", "    ", &Line::new().plain(&reason));
}

/// A file that is refused, with the places in it.
pub fn faults(name: &str, error: ReadError) -> Vec<Fault> {
    let ReadError { line, column, message, faults } = error;
    if faults.is_empty() {
        let place = [line, column].into_iter().flatten();
        let place = place.fold(name.to_owned(), |place, number| format!("{place}:{number}"));
        return vec![Fault::error(place, "file_refused", message)];
    }
    let in_file = |fault: Fault| Fault { pointer: format!("{name}:{}", fault.pointer), ..fault };
    faults.into_iter().map(in_file).collect()
}
