//! What the service is put into operation with says what the source says: `.env.example`, the
//! `Dockerfile`, `.dockerignore`, `docker-compose.yml`, the unit of systemd, the proxy, the alerts, and
//! what docs/operations.md and docs/security.md name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use etalon::config::{self, SECTIONS};
use etalon::telemetry::{Metrics, Pool, Sampled};

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    fs::read_to_string(checkout().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn the_example_is_made_from_the_table() {
    let made = config::example();
    // Where it is missing, it is made for the first time.
    let committed = fs::read_to_string(checkout().join(".env.example")).unwrap_or_default();
    if committed != made {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("env.example");
        fs::write(&path, made).expect("the directory for temporary files can be written");
        panic!("cp {} .env.example", path.display());
    }
}

/// Words of a text that look like names of settings.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .filter(|word| word.starts_with("ETALON_") || *word == "DATABASE_URL")
}

#[test]
fn what_is_set_is_a_setting() {
    let settings: BTreeSet<&str> =
        SECTIONS.iter().flat_map(|section| section.settings).map(|setting| setting.name).collect();
    let files = [
        "Dockerfile",
        "docker-compose.yml",
        "docs/etalon.service",
        "docs/nginx.conf",
        "docs/operations.md",
        "docs/security.md",
    ];
    for file in files {
        let text = read(file);
        let named: BTreeSet<&str> = names(&text).collect();
        assert!(!named.is_empty(), "{file} sets nothing");
        let unknown: Vec<_> = named.difference(&settings).collect();
        assert!(unknown.is_empty(), "{file} names what is no setting: {unknown:?}");
    }
}

#[test]
fn the_image_is_built_by_the_compiler_that_the_package_asks_for() {
    let manifest = read("Cargo.toml");
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = \"")?.strip_suffix('"'))
        .expect("Cargo.toml has a rust-version");
    let from = format!("\nFROM rust:{version}-");
    assert!(read("Dockerfile").contains(&from), "the Dockerfile does not say{from}");
}

/// The files that a source embeds, as paths from the checkout.
fn embedded(source: &Path, text: &str) -> Vec<PathBuf> {
    let directory = source.parent().expect("a file is in a directory");
    let within = |start: &str, base: &Path| -> Vec<PathBuf> {
        let after = text.split(start).skip(1);
        after.filter_map(|rest| Some(normal(&base.join(rest.split_once('"')?.0)))).collect()
    };
    let mut files = within("include_str!(\"", directory);
    files.extend(within("include_bytes!(\"", directory));
    files.extend(within("embed_migrations!(\"", Path::new("")));
    files
}

/// A path without `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(checkout().join(directory)).expect("a directory of the source") {
        let entry = entry.expect("a file of the source");
        let path = directory.join(entry.file_name());
        if entry.path().is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn what_the_build_reads_is_let_into_the_image() {
    let ignore = read(".dockerignore");
    let let_in: Vec<&str> = ignore.lines().filter_map(|line| line.strip_prefix('!')).collect();
    assert!(ignore.lines().any(|line| line == "*"), ".dockerignore keeps nothing out");
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    let mut needed: BTreeSet<PathBuf> = ["Cargo.toml", "Cargo.lock"].map(PathBuf::from).into();
    for file in &files {
        let text = read(file.to_str().expect("a name of the source is text"));
        needed.extend(embedded(file, &text));
    }
    assert!(needed.contains(Path::new("examples/viet-nam.json")), "{needed:?}");
    assert!(needed.contains(Path::new("migrations/sqlite")), "{needed:?}");
    for file in needed.iter().chain(&files) {
        let is_let_in = let_in.iter().any(|prefix| file.starts_with(prefix));
        assert!(is_let_in, ".dockerignore keeps out {}", file.display());
    }
}

// ---------------------------------------------------------------------------------------------
// Alerts and the page on operations

/// The metrics that the service has, by name.
fn metrics() -> BTreeSet<String> {
    let metrics = Metrics::new().expect("the names are good");
    metrics.observe_request("GET", None, 200, Duration::ZERO);
    metrics.count_problem("not_found");
    metrics.count_verdict("traceable");
    metrics.count_finding("D-01", "fail");
    metrics.count_limit("DEPTH_LIMIT");
    let pool =
        Pool { name: "readers", idle: 0, in_use: 0, lent: 0, waited: Duration::ZERO, given_up: 0 };
    let sampled = Sampled { log_head: Some(0), jobs: 0, pools: vec![pool] };
    let text = metrics.render(&sampled);
    let names = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    names.map(|(name, _)| name.to_owned()).collect()
}

/// Names of metrics in a text: whole words of alerts, or what stands between backticks on a page;
/// without what Prometheus puts behind the name of a histogram.
fn named_metrics(text: &str) -> BTreeSet<&str> {
    let is_of_a_name = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    let words: Vec<&str> = match text.contains("```") {
        true => text.split('`').skip(1).step_by(2).collect(),
        false => text.split(|letter: char| !is_of_a_name(letter)).collect(),
    };
    let is_name = |word: &&str| word.starts_with("etalon_") && word.chars().all(is_of_a_name);
    let names = words.into_iter().filter(is_name);
    names
        .map(|name| {
            let ends = ["_bucket", "_sum", "_count"].into_iter();
            ends.fold(name, |name, end| name.strip_suffix(end).unwrap_or(name))
        })
        .collect()
}

#[test]
fn alerts_and_the_page_name_the_metrics_that_there_are() {
    let there = metrics();
    assert!(there.len() > 15, "{there:?}");
    for file in ["docs/alerts.yml", "docs/operations.md"] {
        let text = read(file);
        let unknown: Vec<&str> =
            named_metrics(&text).into_iter().filter(|name| !there.contains(*name)).collect();
        assert!(unknown.is_empty(), "{file} names what is no metric: {unknown:?}");
    }
    let page = read("docs/operations.md");
    for name in &there {
        assert!(
            page.contains(&format!("\n| `{name}` |")),
            "docs/operations.md does not explain {name}"
        );
    }
}

#[test]
fn each_alert_has_a_row_of_what_to_do() {
    let (alerts, page) = (read("docs/alerts.yml"), read("docs/operations.md"));
    let rows = page.split_once("\n| Alert |").expect("a table of alerts").1;
    let rows = rows.split("\n\n").next().unwrap_or_default();
    let names: Vec<&str> =
        alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(names.len() > 8, "{names:?}");
    for name in names {
        let says = |row: &str| {
            let mut cell = row.split('|').nth(1).unwrap_or_default().split(',');
            cell.any(|one| one.trim() == name)
        };
        assert!(rows.lines().any(says), "docs/operations.md does not say what to do about {name}");
    }
}

/// The unit as systemd reads it, where that is here: without a word that it does not know, and
/// closed to what the service does not need.
#[test]
fn the_unit_is_one_that_systemd_takes() {
    let directory = tempfile::tempdir().expect("a directory");
    let unit = directory.path().join("etalon.service");
    // Whether the program is installed is not asked here.
    let text = read("docs/etalon.service").replace("/usr/local/bin/etalon", "/bin/true");
    fs::write(&unit, text).expect("a file");
    let analyze = |arguments: &[&str]| {
        Command::new("systemd-analyze").args(arguments).arg(&unit).output().ok()
    };
    let Some(version) = analyze(&["--version"]) else {
        println!("skipped: systemd-analyze is not here");
        return;
    };
    let verified = analyze(&["verify"]).expect("it ran before");
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(verified.status.success() && said.is_empty(), "{said}");
    // It can look at a file since version 250.
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let number = version.split_whitespace().nth(1).and_then(|number| number.parse::<u32>().ok());
    if number.is_some_and(|number| number >= 250) {
        // The exposure, times ten, that is at most allowed.
        let judged = analyze(&["security", "--offline=true", "--threshold=15", "--no-pager"]);
        let judged = judged.expect("it ran before");
        assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stdout));
    }
}

// ---------------------------------------------------------------------------------------------
// The page on security

/// Every test that docs/security.md names (`tests/file.rs::name`) is there, as a test, and every
/// vector.
#[test]
fn the_tests_that_the_threat_table_names_are_there() {
    let page = read("docs/security.md");
    let mut named = 0;
    for code in page.split('`').skip(1).step_by(2) {
        if code.starts_with("tests/vectors/") && code.ends_with(".json") {
            assert!(checkout().join(code).is_file(), "docs/security.md names {code}");
            named += 1;
        }
        let Some((file, name)) = code.split_once(".rs::") else { continue };
        named += 1;
        let file = format!("{file}.rs");
        let text = read(&file);
        let function = format!("fn {name}(");
        let (before, _) = text
            .split_once(&function)
            .unwrap_or_else(|| panic!("docs/security.md names {file}::{name}, which is not there"));
        // Marked as a test, or given to the macro that makes one for each database.
        let is_marked = before.lines().rev().take(4).any(|line| line.trim().ends_with("test]"));
        let in_both = text.split("both!(").skip(1).any(|list| {
            let list = list.split(");").next().unwrap_or_default();
            list.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
                .any(|word| word == name)
        });
        assert!(is_marked || in_both, "{file}::{name} is no test");
    }
    assert!(named > 30, "docs/security.md names {named} tests");
}
