//! `etalon template`: tables to fill in, with an example that is imported as it is.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::domain::records::CollectionName;
use crate::domain::text::Text;
use crate::exchange::sheet::WITH_TEMPLATE;
use crate::exchange::sheet::rows::Template;

use super::failure::Status;
use super::page::{Line, Page};
use super::phrases::{self, fill};
use super::{Answer, Failure, Options, output, quoted};

/// Makes a table to fill in: its heads and an example, which can be imported as it is.
///
/// Heads are in the language of --lang. Each may also be the path of a field in the record's JSON
/// (nominal.unit), so that every field has a column. A workbook explains its columns and offers the
/// words to choose from.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("form").required(true))]
pub struct Arguments {
    /// What the table is of.
    #[arg(value_parser = collections())]
    collection: CollectionName,
    /// Make a CSV file (UTF-8).
    #[arg(long, group = "form")]
    csv: bool,
    /// Make a workbook (XLSX).
    #[arg(long, group = "form")]
    xlsx: bool,
    /// Where it goes; CSV goes to the standard output when absent.
    #[arg(long, short, value_name = "FILE", required_if_eq("xlsx", "true"))]
    output: Option<PathBuf>,
}

/// What spreadsheet programs know UTF-8 by.
pub(super) const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    let collection = arguments.collection;
    let Some(template) = Template::of(collection, options.language) else {
        let message = Text::new(
            format!("{collection} không có bảng mẫu"),
            format!("{collection} has no template"),
        );
        return Err(Failure::new(Status::Usage, message));
    };
    let Some(path) = &arguments.output else {
        let text = template.csv()?;
        return Ok(Answer { text, notes: String::new(), status: Status::Good });
    };
    let bytes = match arguments.xlsx {
        true => template.xlsx()?,
        false => (BYTE_ORDER_MARK.to_owned() + &template.csv()?).into_bytes(),
    };
    output::write(path, |file| Ok(file.write_all(&bytes)))?;
    let mut page = Page::new();
    let command = format!("etalon import {}", quoted(path));
    let text = fill(phrases::TEMPLATE_MADE, options.language, &[("command", &command)]);
    page.line(Line::new().plain(&text));
    Ok(Answer { text: String::new(), notes: page.into_text(), status: Status::Good })
}

fn collections() -> impl TypedValueParser<Value = CollectionName> {
    PossibleValuesParser::new(WITH_TEMPLATE.iter().map(|collection| collection.as_str()))
        .map(|word| CollectionName::from_word(&word).unwrap_or(CollectionName::Organisations))
}
