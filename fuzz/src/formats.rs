//! Files that nobody would write: whatever comes, a reader answers with records or with a refusal in
//! both languages, and never panics, hangs or takes more memory than the file is worth.
//!
//! Which reader is asked stands in the variable FORMAT of the environment: dcc, dsi, kcdb, scope,
//! bundle. What was read is held to the laws of its format.

#![no_main]

use std::sync::LazyLock;

use etalon_fuzz::domain::dsi;
use etalon_fuzz::domain::records::Records;
use etalon_fuzz::domain::unit::Unit;
use etalon_fuzz::exchange::bundle::{self, Bundle};
use etalon_fuzz::exchange::outcome::{self, Converted, ReadError};
use etalon_fuzz::exchange::{dcc, kcdb, scope};
use libfuzzer_sys::fuzz_target;

static FORMAT: LazyLock<String> = LazyLock::new(|| std::env::var("FORMAT").unwrap_or_default());

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match FORMAT.as_str() {
        "dcc" => read_dcc(text),
        "dsi" => read_dsi(text),
        "kcdb" => holds(kcdb::read("file.json", text)),
        "scope" => read_scope(text),
        "bundle" => read_bundle(text),
        other => panic!("FORMAT is “{other}”: dcc, dsi, kcdb, scope or bundle"),
    }
});

/// What holds of every reader: a refusal says why in both languages, and so does every part that was
/// not read; the records come back from a bundle as they were.
fn holds(read: Result<Converted, ReadError>) {
    let converted = match read {
        Ok(converted) => converted,
        Err(ReadError { message, .. }) => {
            assert!(!message.vi.is_empty() && !message.en.is_empty());
            return;
        }
    };
    for part in &converted.unread {
        assert!(part.count > 0 && !part.reason.vi.is_empty() && !part.reason.en.is_empty());
    }
    let bundle = Bundle { records: converted.records, ..Bundle::default() };
    if let Ok(again) = bundle::parse(&bundle::to_json(&bundle)) {
        assert_eq!(said(&again.records), said(&bundle.records));
    }
}

/// Records without their places, which are lines in one form and positions in another.
fn said(records: &Records) -> String {
    serde_json::to_string(records).expect("records are JSON")
}

fn read_dcc(text: &str) {
    let Ok(read) = dcc::read("file.xml", text) else { return };
    // What is printed of it reads as what it was printed from.
    if let Some(xml) = dcc::print(&read.records) {
        let again = dcc::read("file.xml", &xml).expect("what is printed can be read");
        assert_eq!(dcc::print(&again.records).as_deref(), Some(xml.as_str()));
        assert!(again.unread.is_empty(), "{:?}", again.unread);
    }
    holds(Ok(read));
    let _ = outcome::recognise(text);
}

fn read_dsi(text: &str) {
    let Ok(code) = dsi::to_ucum(text) else { return };
    let Ok(unit) = Unit::parse(&code) else { return };
    // What D-SI can say of the unit means the same unit.
    if let Some(string) = dsi::of_unit(&unit) {
        let again = dsi::to_ucum(&string).expect("a string of ours");
        let again = Unit::parse(&again).expect("a unit");
        assert_eq!(
            (again.dimension(), again.factor()),
            (unit.dimension(), unit.factor()),
            "{string}"
        );
    }
}

fn read_scope(text: &str) {
    // Cells of a scope, one a line.
    for cell in text.lines() {
        let _ = scope::range(cell);
        let _ = scope::quantity(cell);
        let _ = scope::number(cell);
        if let Err(error) = scope::uncertainty(cell) {
            assert!(!error.message.vi.is_empty() && !error.message.en.is_empty());
        }
    }
    // The whole as a table.
    if let Some(outcome::Format::Sheet) = outcome::recognise(text) {
        holds(outcome::read("scope.csv", text));
    }
}

fn read_bundle(text: &str) {
    if let Ok(bundle) = bundle::parse(text) {
        let again = bundle::parse(&bundle::to_json(&bundle)).expect("a bundle of ours");
        assert_eq!(said(&again.records), said(&bundle.records));
    }
}
