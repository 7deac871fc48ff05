//! Prints a bundle in either form from records that come one after the other.

use std::io::{self, Write};

use serde::Serialize as _;
use serde_json::ser::PrettyFormatter;

use super::{FORMAT, lines};
use crate::domain::records::{AnyRecord, CollectionName};

/// The forms of a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One JSON document, one space a level.
    Document,
    /// A record a line (NDJSON).
    Lines,
}

/// A bundle on its way out.
#[derive(Debug)]
pub struct Printer<W> {
    output: W,
    form: Form,
    /// The collection of the record before.
    section: Option<CollectionName>,
    record: Vec<u8>,
}

impl<W: Write> Printer<W> {
    /// Begins a bundle. In lines the head says how many records come.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn new(mut output: W, form: Form, source: Option<&str>, count: u64) -> io::Result<Self> {
        match form {
            Form::Lines => lines::write_head(&mut output, source, Some(count))?,
            Form::Document => {
                write!(output, "{{\n \"format\": \"{FORMAT}\",")?;
                if let Some(source) = source {
                    write!(output, "\n \"source\": {},", serde_json::to_string(source)?)?;
                }
                write!(output, "\n \"records\": {{")?;
            }
        }
        Ok(Self { output, form, section: None, record: Vec::new() })
    }

    /// Prints a record. Those of a collection come together.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn record(&mut self, record: &AnyRecord) -> io::Result<()> {
        let collection = record.collection();
        if self.form == Form::Lines {
            return lines::write_record(&mut self.output, collection, record);
        }
        let before = self.section.replace(collection);
        let separator = match before {
            None => format!("\n  \"{collection}\": [\n   "),
            Some(before) if before == collection => ",\n   ".to_owned(),
            Some(_) => format!("\n  ],\n  \"{collection}\": [\n   "),
        };
        self.output.write_all(separator.as_bytes())?;
        self.record.clear();
        let formatter = PrettyFormatter::with_indent(b" ");
        record
            .serialize(&mut serde_json::Serializer::with_formatter(&mut self.record, formatter))?;
        // A text of JSON has no line end within it.
        let mut rows = self.record.split(|byte| *byte == b'\n');
        self.output.write_all(rows.next().unwrap_or_default())?;
        for row in rows {
            self.output.write_all(b"\n   ")?;
            self.output.write_all(row)?;
        }
        Ok(())
    }

    /// Ends the bundle and gives back its output.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        if self.form == Form::Document {
            let end = if self.section.is_some() { "\n  ]\n }\n}\n" } else { "}\n}\n" };
            self.output.write_all(end.as_bytes())?;
        }
        self.output.flush()?;
        Ok(self.output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::bundle::{self, Bundle};

    fn printed(bundle: &Bundle, form: Form) -> String {
        let count = bundle.records.len() as u64;
        let mut printer = Printer::new(Vec::new(), form, bundle.source.as_deref(), count).unwrap();
        for (_, record) in bundle.records.clone().into_any() {
            printer.record(&record).unwrap();
        }
        String::from_utf8(printer.finish().unwrap()).unwrap()
    }

    #[test]
    fn a_bundle_is_printed_record_by_record_as_at_once() {
        let country = include_str!("../../../examples/viet-nam.json");
        let mut country = bundle::parse(country).unwrap();
        country.source = Some("một “nguồn”\n".to_owned());
        for bundle in [Bundle::default(), country] {
            let document = printed(&bundle, Form::Document);
            assert_eq!(document, bundle::to_json(&bundle));
            let lines = printed(&bundle, Form::Lines);
            assert_eq!(lines.lines().count(), 1 + bundle.records.len());
            let again = bundle::parse(&lines).unwrap();
            assert_eq!(again.source, bundle.source);
            assert_eq!(bundle::to_json(&again), document);
        }
    }
}
