//! Records as rows of a table that reads back as they were, and the tables that people fill in.
//!
//! What lives here: [`Listing`] and [`Template`], and the guard of texts that a spreadsheet would
//! take for a formula. What does not: files (`cli`, `http`) and workbooks (`workbook`).

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::io::Write;

use serde_json::Value;

use super::columns::{Column, about_first, columns, row_list, title};
use super::words;
use crate::domain::decimal::Decimal;
use crate::domain::records::CollectionName;
use crate::domain::text::Language;
use crate::exchange::workbook::{Heading, PrintError, Printer};

/// Fields that a table leaves out: the service's own, which say nothing about the record.
const LEFT_OUT: &[&str] = &["recorded_at", "recorded_by", "log_index"];

/// Characters with which a spreadsheet takes a text for a formula.
const FORMULA: &[char] = &['=', '+', '-', '@', '\t', '\r'];

/// A text as CSV carries it: one that a spreadsheet would take for a formula has an apostrophe
/// before it. Numbers stay numbers.
pub fn guarded(text: &str) -> String {
    match text.trim_start_matches('\'').starts_with(FORMULA) && text.parse::<Decimal>().is_err() {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

/// The text without its guard.
pub(super) fn without_guard(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.trim_start_matches('\'').starts_with(FORMULA) => rest,
        _ => text,
    }
}

/// Records of a collection as a table: shown all records once, it knows the columns, and then the
/// rows of each.
#[derive(Debug)]
pub struct Listing {
    collection: CollectionName,
    seen: BTreeSet<String>,
}

impl Listing {
    /// A table of this collection.
    pub fn new(collection: CollectionName) -> Self {
        Self { collection, seen: BTreeSet::new() }
    }

    /// Takes note of the columns that a record needs.
    pub fn see(&mut self, record: &Value) {
        let (shared, elements) = self.cells(record);
        for (path, _) in shared.into_iter().chain(elements.into_iter().flatten()) {
            if !self.seen.contains(&path) {
                self.seen.insert(path);
            }
        }
    }

    /// The paths of the columns: those of the template in its order, then all others.
    fn paths(&self) -> Vec<&str> {
        let own = columns(self.collection);
        let rank = |path: &str| own.iter().position(|column| column.path == path);
        let mut paths: Vec<&str> = self.seen.iter().map(String::as_str).collect();
        paths.sort_by(|one, other| match (rank(one), rank(other)) {
            (Some(one), Some(other)) => one.cmp(&other),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => by_index(one, other),
        });
        paths
    }

    /// A workbook of these rows, which are those of the records in their order.
    ///
    /// # Errors
    /// When they do not fit into a sheet, and those of the rows.
    pub fn xlsx<E: From<PrintError>>(
        &self,
        language: Language,
        rows: impl Iterator<Item = Result<Vec<String>, E>>,
    ) -> Result<Vec<u8>, E> {
        let heads = self.heads(language);
        let heading = |head| Heading { head, width: WIDTHS.0, words: None };
        let headings: Vec<Heading<'_>> = heads.iter().map(|head| heading(head)).collect();
        let mut printer = Printer::default();
        printer.sheet(title(self.collection, language), &headings, rows)?;
        Ok(printer.bytes()?)
    }

    /// The heads, the first of which names the collection.
    pub fn heads(&self, language: Language) -> Vec<String> {
        let own = columns(self.collection);
        let head = |path: &str| match own.iter().find(|column| column.path == path) {
            Some(column) => column.head(language).to_owned(),
            None => path.to_owned(),
        };
        let first = title(self.collection, language).to_owned();
        std::iter::once(first).chain(self.paths().into_iter().map(head)).collect()
    }

    /// The rows of a record.
    pub fn rows(&self, record: &Value) -> Vec<Vec<String>> {
        let id = record.get("id").and_then(Value::as_str).unwrap_or_default();
        let paths = self.paths();
        let (shared, elements) = self.cells(record);
        let row = |cells: &[&(String, String)]| {
            let cell = |path: &&str| {
                let found = cells.iter().find(|(own, _)| own == path);
                found.map_or_else(String::new, |(_, text)| text.clone())
            };
            std::iter::once(id.to_owned()).chain(paths.iter().map(cell)).collect::<Vec<_>>()
        };
        let shared: Vec<&(String, String)> = shared.iter().collect();
        let Some((first, others)) = elements.split_first() else { return vec![row(&shared)] };
        let first: Vec<_> = shared.into_iter().chain(first).collect();
        let others = others.iter().map(|cells| row(&cells.iter().collect::<Vec<_>>()));
        std::iter::once(row(&first)).chain(others).collect()
    }

    /// The cells that a record fills: those of the record, and those of each element that has a row
    /// of its own.
    fn cells(&self, record: &Value) -> (Cells, Vec<Cells>) {
        let list = row_list(self.collection);
        let mut shared = Vec::new();
        let mut elements = Vec::new();
        for (key, value) in record.as_object().into_iter().flatten() {
            if key == "id" || LEFT_OUT.contains(&key.as_str()) {
                continue;
            }
            match value.as_array().filter(|_| list == Some(key)) {
                Some(list) => elements.extend(list.iter().map(|element| {
                    let mut cells = Vec::new();
                    flatten(element, key, &mut cells);
                    cells
                })),
                None => flatten(value, key, &mut shared),
            }
        }
        (shared, elements)
    }
}

/// Paths and what stands there.
type Cells = Vec<(String, String)>;

fn flatten(value: &Value, path: &str, cells: &mut Cells) {
    match value {
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) => cells.push((path.to_owned(), value.to_string())),
        Value::String(text) => cells.push((path.to_owned(), text.clone())),
        Value::Object(fields) => {
            for (key, field) in fields {
                flatten(field, &format!("{path}.{key}"), cells);
            }
        }
        Value::Array(elements) => {
            let texts: Option<Vec<&str>> = elements.iter().map(plain).collect();
            match texts {
                Some(texts) if !texts.is_empty() => {
                    cells.push((path.to_owned(), texts.join("; ")));
                }
                _ => {
                    for (index, element) in elements.iter().enumerate() {
                        flatten(element, &format!("{path}.{index}"), cells);
                    }
                }
            }
        }
    }
}

/// A text that can stand in one cell with others.
fn plain(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty() && text.trim() == *text && !text.contains(';'))
}

/// Paths in the order of their steps, numbers by their size.
fn by_index(one: &str, other: &str) -> Ordering {
    let steps = |path: &str| -> Vec<(usize, String)> {
        path.split('.').map(|step| (step.parse().unwrap_or(usize::MAX), step.to_owned())).collect()
    };
    steps(one).cmp(&steps(other))
}

/// Writes rows as CSV (RFC 4180), each text guarded.
///
/// # Errors
/// When they cannot be written, and those of the rows.
pub fn write_csv<E: From<csv::Error>>(
    output: impl Write,
    rows: impl Iterator<Item = Result<Vec<String>, E>>,
) -> Result<(), E> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(output);
    for row in rows {
        writer.write_record(row?.iter().map(|cell| guarded(cell)))?;
    }
    writer.flush().map_err(csv::Error::from)?;
    Ok(())
}

/// Widths of columns: of short and of long texts, in characters.
const WIDTHS: (u16, u16) = (22, 70);

/// A table that people fill in, with an example.
#[derive(Debug, Clone, Copy)]
pub struct Template {
    collection: CollectionName,
    language: Language,
}

impl Template {
    /// The template of a collection, if it has one.
    pub fn of(collection: CollectionName, language: Language) -> Option<Self> {
        (!columns(collection).is_empty()).then_some(Self { collection, language })
    }

    fn heads(self) -> Vec<String> {
        let own = columns(self.collection).iter().map(|column| column.head(self.language));
        let first = title(self.collection, self.language);
        std::iter::once(first).chain(own).map(str::to_owned).collect()
    }

    /// The rows of the example. The first column is empty: the key column names the records.
    fn examples(self) -> Vec<Vec<String>> {
        let columns = columns(self.collection);
        let count = columns.iter().map(|column| column.examples.len()).max().unwrap_or_default();
        let row = |row: usize| {
            let own = columns.iter().map(|column| column.examples.get(row).copied());
            let own = own.map(|cell| cell.unwrap_or_default().to_owned());
            std::iter::once(String::new()).chain(own).collect()
        };
        (0..count).map(row).collect()
    }

    /// The template as CSV.
    ///
    /// # Errors
    /// When memory has no room for it.
    pub fn csv(self) -> Result<String, csv::Error> {
        let rows = std::iter::once(self.heads()).chain(self.examples());
        let mut bytes = Vec::new();
        write_csv(&mut bytes, rows.map(Ok::<_, csv::Error>))?;
        Ok(String::from_utf8(bytes).unwrap_or_default())
    }

    /// The template as a workbook: the table, what each column says, and the words to choose from.
    ///
    /// # Errors
    /// When memory has no room for it.
    pub fn xlsx(self) -> Result<Vec<u8>, PrintError> {
        let (explained, listed) = match self.language {
            Language::Vietnamese => ("Giải thích", "Danh mục"),
            Language::English => ("Explanations", "Words"),
        };
        let columns = columns(self.collection);
        let words: Vec<(&Column, Vec<&str>)> = columns
            .iter()
            .map(|column| (column, words(self.collection, column.path)))
            .filter(|(_, words)| !words.is_empty())
            .collect();
        let mut printer = Printer::default();
        let heads = self.heads();
        let headings: Vec<Heading<'_>> = heads
            .iter()
            .enumerate()
            .map(|(index, head)| {
                let column = index.checked_sub(1).and_then(|index| columns.get(index));
                let choice = words
                    .iter()
                    .position(|(one, _)| column.is_some_and(|column| column.path == one.path));
                let choice = choice.and_then(|at| {
                    let count = u32::try_from(words.get(at)?.1.len()).ok()?;
                    // The first column of the sheet says what it is.
                    Some((listed, u16::try_from(at + 1).ok()?, count))
                });
                Heading { head, width: WIDTHS.0, words: choice }
            })
            .collect();
        let table = title(self.collection, self.language);
        printer.sheet(table, &headings, self.examples().into_iter().map(Ok::<_, PrintError>))?;
        self.explanations(&mut printer, explained)?;
        let depth = words.iter().map(|(_, words)| words.len()).max().unwrap_or_default();
        let row = |row: usize| {
            let cells = words.iter().map(|(_, words)| words.get(row).copied().unwrap_or_default());
            let cells = std::iter::once("").chain(cells).map(str::to_owned);
            Ok::<_, PrintError>(cells.collect::<Vec<String>>())
        };
        let first = format!("# {listed}");
        let headings: Vec<Heading<'_>> = std::iter::once(first.as_str())
            .chain(words.iter().map(|(column, _)| column.head(self.language)))
            .map(|head| Heading { head, width: WIDTHS.0, words: None })
            .collect();
        printer.sheet(listed, &headings, (0..depth).map(row))?;
        printer.bytes()
    }

    fn explanations(self, printer: &mut Printer, name: &str) -> Result<(), PrintError> {
        let heads = match self.language {
            Language::Vietnamese => ["# Cột", "Trường", "Nội dung"],
            Language::English => ["# Column", "Field", "What it says"],
        };
        let widths = [WIDTHS.0 * 2, WIDTHS.0 * 2, WIDTHS.1 * 2];
        let headings: Vec<Heading<'_>> = heads
            .iter()
            .zip(widths)
            .map(|(head, width)| Heading { head, width, words: None })
            .collect();
        let first = [
            title(self.collection, self.language).to_owned(),
            "id".to_owned(),
            about_first(self.collection, self.language),
        ];
        let row = |column: &Column| {
            let (head, about) = (column.head(self.language), column.about(self.language));
            [head.to_owned(), column.path.to_owned(), about.to_owned()]
        };
        let rows = std::iter::once(first).chain(columns(self.collection).iter().map(row));
        printer.sheet(name, &headings, rows.map(Ok))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_formula_is_guarded() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("+84 24", "'+84 24"),
            ("@x", "'@x"),
            ("\tx", "'\tx"),
            ("-5", "-5"),
            ("-5E-7", "-5E-7"),
            ("-5 °C", "'-5 °C"),
            ("'=x", "''=x"),
            ("'n", "'n"),
            ("5", "5"),
        ] {
            assert_eq!(guarded(text), expected);
            assert_eq!(without_guard(expected), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn a_guard_comes_off_again(text in "['=+@\t\r-]{0,3}\\PC{0,5}") {
            assert_eq!(without_guard(&guarded(&text)), text);
        }
    }
}
