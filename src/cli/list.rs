//! `etalon list`: a page of a collection as a table for eyes, or all of it as one for spreadsheets.

use std::io;
use std::path::PathBuf;

use anstyle::Style;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::Value;

use crate::app::list::{ListPage, ListRequest, USUAL_PAGE};
use crate::app::refusal::Refusal;
use crate::app::registry::Registry;
use crate::clock;
use crate::domain::claim::KnownAt;
use crate::domain::fault::{Fault, Faults};
use crate::domain::period::Instant;
use crate::domain::records::CollectionName;
use crate::domain::text::{Language, Text};
use crate::exchange::sheet::rows::{self, Listing};
use crate::store::filters;

use super::database::Database;
use super::failure::{Places, Status};
use super::known_at::KnownAtOption;
use super::page::{FIRM_BLANK, Line, Page};
use super::phrases::{self, fill, say};
use super::style::{BOLD, DIM};
use super::template::BYTE_ORDER_MARK;
use super::{Answer, Failure, Options, output};

/// Lists the records of a collection: those for which all filters hold, in the order of their ids.
///
/// With --csv or --xlsx all of them are written as a table, which etalon import takes back: what is
/// changed in it amends the record from the version that its row names.
#[derive(Debug, clap::Args)]
#[command(after_help = filters_help())]
pub struct Arguments {
    /// The collection, such as measurement_standards or calibrations.
    #[arg(value_parser = collections(), hide_possible_values = true)]
    collection: CollectionName,
    /// Only records with this value in a field; may be given several times.
    #[arg(long = "filter", value_name = "NAME=VALUE")]
    filters: Vec<String>,
    /// Only records whose names, codes or numbers have words that begin so; accents and case do not
    /// matter.
    #[arg(long, value_name = "TEXT")]
    words: Option<String>,
    /// Records of a page, at most 200.
    #[arg(long, value_name = "N", default_value_t = USUAL_PAGE)]
    limit: u32,
    /// Go on where the page before ended, with the same state of knowledge.
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
    /// Write all of them as CSV.
    #[arg(long, conflicts_with_all = ["json", "limit", "cursor", "xlsx"])]
    csv: bool,
    /// Write all of them as a workbook (XLSX).
    #[arg(long, conflicts_with_all = ["json", "limit", "cursor"], requires = "output")]
    xlsx: bool,
    /// Where the table goes; CSV goes to the standard output when absent.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    known_at: KnownAtOption,
    #[command(flatten)]
    database: Database,
}

/// The parts of the request that are no filters.
static OPTIONS: Places = &[
    ("filter", "--filter"),
    ("limit", "--limit"),
    ("q", "--words"),
    ("cursor", "--cursor"),
    ("known_at", "--known-at"),
    ("output", "--output"),
];

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    let filters = filters_of(&arguments.filters, OPTIONS)?;
    let registry = arguments.database.registry()?;
    let at = arguments.known_at.index(&registry, OPTIONS)?;
    let request = ListRequest {
        filters,
        words: arguments.words.clone(),
        limit: arguments.limit,
        cursor: arguments.cursor.clone(),
        known_at: Some(KnownAt::LogIndex(at)),
        ..ListRequest::new(arguments.collection)
    };
    if arguments.csv || arguments.xlsx {
        return table(arguments, &registry, &request, at, options.language);
    }
    if arguments.output.is_some() {
        let message =
            Text::new("--output cần --csv hoặc --xlsx", "--output goes with --csv or --xlsx");
        let fault = Fault::error("/output", "bad_option", message);
        return Err(Failure::options(Faults(vec![fault]), OPTIONS));
    }
    let list = registry.list(&request, clock::now()).map_err(refused)?;
    if options.json {
        return Answer::json(&list, Status::Good);
    }
    let mut page = Page::new();
    print(&mut page, arguments.collection, &list, options.language);
    Ok(Answer::new(page, Status::Good))
}

/// All records of a list as a table. They are read twice: the first time tells the columns.
fn table(
    arguments: &Arguments,
    registry: &Registry,
    request: &ListRequest,
    at: u64,
    language: Language,
) -> Result<Answer, Failure> {
    let every = || registry.every(request, clock::now()).map(|record| record.map_err(refused));
    let mut listing = Listing::new(request.collection);
    let mut records = 0_u64;
    for record in every() {
        listing.see(&record?);
        records += 1;
    }
    let heads = listing.heads(language);
    let rows = every().flat_map(|record| match record {
        Ok(record) => listing.rows(&record).into_iter().map(Ok).collect(),
        Err(failure) => vec![Err(failure)],
    });
    let mut count = 0_u64;
    let rows = rows.inspect(|_| count += 1);
    let mut text = String::new();
    match &arguments.output {
        Some(path) if arguments.xlsx => {
            let bytes = listing.xlsx(language, rows)?;
            output::write(path, |file| Ok(file.write_all(&bytes)))?;
        }
        Some(path) => output::write(path, |file| {
            let marked = file.write_all(BYTE_ORDER_MARK.as_bytes());
            if marked.is_err() {
                return Ok(marked);
            }
            rows::write_csv(file, std::iter::once(Ok(heads)).chain(rows)).map(io::Result::Ok)
        })?,
        None => {
            let mut bytes = Vec::new();
            rows::write_csv(&mut bytes, std::iter::once(Ok(heads)).chain(rows))?;
            text = String::from_utf8(bytes).unwrap_or_default();
        }
    }
    let mut page = Page::new();
    let holes = [("records", records), ("rows", count), ("index", at)];
    let holes = holes.map(|(name, number)| (name, number.to_string()));
    let holes = holes.each_ref().map(|(name, number)| (*name, number.as_str()));
    page.line(Line::new().plain(&fill(phrases::LISTED, language, &holes)));
    Ok(Answer { text, notes: page.into_text(), status: Status::Good })
}

/// A request that is wrong is a wrong command line.
fn refused(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::Faults(faults) => Failure::options(faults, OPTIONS),
        other => Failure::from(other),
    }
}

/// Filters as people type them: `name=value`.
pub(super) fn filters_of(
    texts: &[String],
    places: Places,
) -> Result<Vec<(String, String)>, Failure> {
    let mut filters = Vec::new();
    let mut faults = Vec::new();
    for text in texts {
        match text.split_once('=') {
            Some((name, value)) => filters.push((name.trim().to_owned(), value.trim().to_owned())),
            None => {
                let message = Text::new(
                    format!("“{text}”: cần tên=giá trị, ví dụ “owner=…”"),
                    format!("“{text}”: expected name=value, such as “owner=…”"),
                );
                faults.push(Fault::error("/filter", "bad_option", message));
            }
        }
    }
    match faults.is_empty() {
        true => Ok(filters),
        false => Err(Failure::options(Faults(faults), places)),
    }
}

fn print(page: &mut Page, collection: CollectionName, list: &ListPage, language: Language) {
    /// Columns of an id, of a version and of an instant to the second.
    const WIDTHS: [usize; 3] = [36, 4, 20];
    let cells = |style: Style, texts: [&str; 3]| {
        texts.iter().zip(WIDTHS).fold(Line::new(), |line, (text, width)| {
            let end = line.width() + width;
            line.styled(style, text).padded(end).plain("  ")
        })
    };
    if !list.items.is_empty() {
        let heads = [phrases::LIST_ID, phrases::LIST_VERSION, phrases::LIST_RECORDED];
        let heads = heads.map(|head| say(head, language));
        page.line(cells(DIM, heads).styled(DIM, say(phrases::LIST_CALLED, language)));
    }
    for item in &list.items {
        let text = |field: &str| item.get(field).and_then(Value::as_str).unwrap_or_default();
        let version = match collection {
            // An attestation's own version is that of the record attested.
            CollectionName::Attestations => String::new(),
            _ => item.get("version").map_or_else(String::new, Value::to_string),
        };
        let recorded = recorded(text("recorded_at"), language);
        let line = cells(Style::new(), [text("id"), &version, &recorded]);
        let (code, name) = called(item, language);
        let gap = if code.is_empty() || name.is_empty() { "" } else { "  " };
        page.hanging("", "    ", &line.styled(BOLD, &code).plain(gap).plain(&name));
    }
    let (records, index) = (list.items.len().to_string(), list.log_index.to_string());
    let holes = [("records", records.as_str()), ("index", index.as_str())];
    page.line(Line::new().styled(DIM, &fill(phrases::AS_KNOWN, language, &holes)));
    if let Some(cursor) = &list.next_cursor {
        // One line, so that it can be copied.
        let option = format!("--cursor{FIRM_BLANK}{cursor}");
        let text = fill(phrases::LIST_MORE, language, &[("option", &option)]);
        page.line(Line::new().styled(DIM, &text));
    }
}

/// When a record was recorded, to the second.
fn recorded(text: &str, language: Language) -> String {
    if text == Instant::beginning().to_string() {
        return say(phrases::ALWAYS_KNOWN, language).to_owned();
    }
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text.to_owned(),
    }
}

/// What people call a record: its code or number, and its name, or else what it says.
fn called(item: &Value, language: Language) -> (String, String) {
    let text = |field: &&str| item.get(*field).and_then(Value::as_str);
    let code = ["code", "number", "designation", "decision_number"].iter().find_map(text);
    let (first, second) = match language {
        Language::Vietnamese => ("vi", "en"),
        Language::English => ("en", "vi"),
    };
    let names = item.get("names").or_else(|| item.get("titles"));
    let name = names
        .and_then(|names| names.get(first).or_else(|| names.get(second)).and_then(Value::as_str));
    let name = match (name, code) {
        (Some(name), _) => name.to_owned(),
        (None, Some(_)) => String::new(),
        (None, None) => {
            let said = ["arrangement", "kind", "quantity_kind", "statement", "status", "country"];
            said.iter().filter_map(text).collect::<Vec<_>>().join(", ")
        }
    };
    (code.unwrap_or_default().to_owned(), name)
}

fn collections() -> impl TypedValueParser<Value = CollectionName> {
    let words = CollectionName::ALL.iter().map(|collection| collection.as_str());
    PossibleValuesParser::new(words)
        .map(|word| CollectionName::from_word(&word).unwrap_or(CollectionName::Organisations))
}

/// The collections and their filters, for the help.
fn filters_help() -> String {
    /// Columns of the names of collections, and of a line of the help.
    const WIDTHS: (usize, usize) = (25, 98);
    let mut text = "Collections and their filters:".to_owned();
    for collection in CollectionName::ALL {
        let mut line = format!("  {:<22}", collection.as_str());
        let names = filters(*collection).iter().map(|filter| filter.name);
        for (position, name) in names.enumerate() {
            line.push_str(if position == 0 { " " } else { "," });
            if line.chars().count() + name.len() + 2 > WIDTHS.1 {
                text = text + "\n" + &line;
                line = " ".repeat(WIDTHS.0 - 1);
            }
            line.push_str(if position == 0 { "" } else { " " });
            line.push_str(name);
        }
        text = text + "\n" + line.trim_end();
    }
    text + "\n\nA filter whose name ends in _before takes a date, published takes true or false."
}
