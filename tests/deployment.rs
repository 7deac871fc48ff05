//! What the service is put into operation with says what the source says: `.env.example`, the
//! `Dockerfile`, `.dockerignore` and `docker-compose.yml`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use etalon::config::{self, SECTIONS};

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
    for file in ["Dockerfile", "docker-compose.yml"] {
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
