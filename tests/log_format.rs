//! The example of docs/log-format.md: every value that the page shows is computed again from the
//! lines of its export, and the page shows no hash that was not.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use etalon::domain::log::{Digest, Entry, Verifier, body_digest};

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/log-format.md");
    fs::read_to_string(path).expect("docs/log-format.md")
}

/// What stands in the fenced blocks of a language.
fn blocks<'p>(page: &'p str, language: &str) -> Vec<&'p str> {
    let opening = format!("\n```{language}\n");
    let after = page.split(opening.as_str()).skip(1);
    after.map(|rest| rest.split_once("\n```\n").expect("a closed block").0).collect()
}

/// The entries of the example.
fn entries(page: &str) -> Vec<Entry> {
    let exports = blocks(page, "json");
    assert_eq!(exports.len(), 1, "the page has one export");
    let lines = exports[0].lines();
    lines.map(|line| Entry::parse_line(line).unwrap_or_else(|e| panic!("{line}: {e:?}"))).collect()
}

#[test]
fn the_example_holds() {
    let page = page();
    let entries = entries(&page);
    assert_eq!(entries.len(), 2);
    let written: Vec<String> = entries.iter().map(Entry::to_line).collect();
    assert_eq!(written.join("\n"), blocks(&page, "json")[0], "lines are written canonically");

    let mut verifier = Verifier::new();
    for entry in &entries {
        verifier.take(entry).unwrap_or_else(|broken| panic!("{broken}"));
    }
    let checkpoint = format!("{}:{}", verifier.log_index(), verifier.chain());
    assert_eq!(blocks(&page, "text").first(), Some(&checkpoint.as_str()), "the checkpoint");
}

#[test]
fn every_value_on_the_way_is_the_computed_one() {
    let page = page();
    let shown = blocks(&page, "text");
    let entries = entries(&page);
    assert_eq!(shown.len(), 1 + entries.len(), "a checkpoint, then a block for each entry");
    let mut before = Digest::ZERO;
    for (entry, shown) in entries.iter().zip(&shown[1..]) {
        let after = entry.chained(&before);
        let values = [
            ("body", entry.body.clone()),
            ("salt", entry.salt.to_string()),
            ("body_sha256", body_digest(&entry.salt, &entry.body).to_string()),
            ("hashed", entry.hashed()),
            ("leaf", entry.leaf().to_string()),
            ("before", before.to_string()),
            ("chain_sha256", after.to_string()),
        ];
        let computed: Vec<String> =
            values.iter().map(|(name, value)| format!("{name:<12} {value}")).collect();
        assert_eq!(computed.join("\n"), *shown, "entry {}", entry.log_index);
        before = after;
    }
}

#[test]
fn no_other_hash_stands_on_the_page() {
    let page = page();
    let mut computed = BTreeSet::from([Digest::ZERO]);
    for entry in entries(&page) {
        computed.extend([entry.body_sha256, entry.leaf(), entry.chain_sha256]);
    }
    let words = page.split(|c: char| !c.is_ascii_alphanumeric());
    let shown: BTreeSet<Digest> = words.filter_map(|word| word.parse().ok()).collect();
    assert_eq!(shown, computed);
}
