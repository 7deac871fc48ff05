//! Killed in the middle of its writes, again and again: what was acknowledged is there once, what
//! was not is there whole or not at all, and the log verifies.

mod support;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use etalon::app::list::{LONGEST_PAGE, ListRequest};
use etalon::app::registry::Registry;
use etalon::clock;
use etalon::domain::id::Id;
use etalon::domain::records::CollectionName;

use support::{Database, both};

both!(what_was_acknowledged_is_there_once);

/// How often the writer is killed.
const TIMES: usize = 20;
/// Records of a bundle of the writer.
const TOGETHER: usize = 40;

/// The program built from `examples/writer.rs`.
fn writer() -> PathBuf {
    let built = PathBuf::from(env!("CARGO_BIN_EXE_etalon"));
    let name = format!("writer{}", std::env::consts::EXE_SUFFIX);
    let writer = built.with_file_name("examples").join(name);
    assert!(writer.is_file(), "{} is not built: cargo build --example writer", writer.display());
    writer
}

/// Lets the writer write until it has acknowledged so many times, kills it in its next write, and
/// gives the ids that it acknowledged.
fn acknowledged_until_killed(database: &Database, acknowledgements: usize) -> Vec<Id> {
    let mut child = Command::new(writer())
        .arg(database.url().connection_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the writer starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut said: Vec<String> =
        lines.by_ref().take(acknowledgements).map(|line| line.expect("a line")).collect();
    assert_eq!(said.len(), acknowledgements, "the writer ended by itself");
    // SIGKILL: nothing of the program runs after it.
    child.kill().expect("the writer is killed");
    child.wait().expect("the writer is gone");
    // What it had said before it was killed counts, too; a line cut off was not said.
    said.extend(lines.map_while(Result::ok));
    let ids = |line: &String| -> Vec<Id> {
        let words = line.split(' ').skip(1);
        words.filter_map(|word| Id::parse(word).ok()).collect()
    };
    said.iter().flat_map(ids).collect()
}

/// The names of all organisations, and how many have each.
fn names(registry: &Registry) -> BTreeMap<String, usize> {
    let mut names = BTreeMap::new();
    let mut request = ListRequest::new(CollectionName::Organisations);
    request.limit = LONGEST_PAGE;
    loop {
        let page = registry.list(&request, clock::now()).expect("a page");
        for item in &page.items {
            let name = item["names"]["en"].as_str().expect("a name").to_owned();
            *names.entry(name).or_insert(0) += 1;
        }
        match page.next_cursor {
            Some(cursor) => request.cursor = Some(cursor),
            None => return names,
        }
    }
}

fn what_was_acknowledged_is_there_once(database: &Database) {
    let registry = database.registry();
    let mut acknowledged = Vec::new();
    for time in 0..TIMES {
        acknowledged.extend(acknowledged_until_killed(database, 1 + time % 7));
        let log = registry.verify_log(None, &mut |_| {}).expect("the log is sound");
        let records: usize = names(&registry).values().sum();
        assert_eq!(log.log_index as usize, records, "one entry for every record");
    }
    let head = registry.store().head().expect("the head").log_index;
    for id in &acknowledged {
        let versions = registry.versions(CollectionName::Organisations, id, head);
        assert_eq!(versions.expect("an acknowledged record").len(), 1, "{id}");
    }
    let whole = names(&registry);
    let bundles = whole.iter().filter(|(name, _)| name.starts_with("writer "));
    for (name, count) in bundles {
        assert_eq!(*count, TOGETHER, "{name} is there in part");
    }
    let written: usize = whole.values().sum();
    assert!(
        written >= acknowledged.len(),
        "{written} records, {} acknowledged",
        acknowledged.len()
    );
}
