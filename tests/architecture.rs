//! The dependency rule, enforced: which room of the house may use which, which names stay in one
//! room, and which rooms touch nothing outside themselves.
//!
//! `src/lib.rs` says the rule in words; the tables below say it so that it can fail. The source is
//! read as tokens, so comments and strings do not count and nothing hides in a macro; modules and
//! items under `#[cfg(test)]` are left out. The checker is a function of a file's name and text,
//! and the second half of this file proves that it says no.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

// ---------------------------------------------------------------------------------------------
// The rule

/// A room of `src/` and the rooms that it may use.
struct Room {
    name: &'static str,
    may_use: &'static [&'static str],
}

/// main → cli → {http, web} → app → {engine, store, exchange} → domain, and http → auth → domain.
///
/// A room may reach past the next one (a handler prints a report of the engine), but never up, and
/// never around `app` to what `app` is there for: only `app` and the command line, which puts the
/// service together, use `store` and `exchange`. The engine is told the time, new ids and settings;
/// so are `store`, `exchange` and `auth`.
const ROOMS: &[Room] = &[
    Room { name: "main", may_use: &["cli"] },
    Room {
        name: "cli",
        may_use: &[
            "http",
            "web",
            "app",
            "engine",
            "store",
            "exchange",
            "auth",
            "domain",
            "config",
            "clock",
            "ids",
            "telemetry",
        ],
    },
    Room {
        name: "http",
        may_use: &["app", "auth", "engine", "domain", "config", "clock", "ids", "telemetry"],
    },
    Room {
        name: "web",
        may_use: &["app", "auth", "engine", "domain", "config", "clock", "ids", "telemetry"],
    },
    Room {
        name: "app",
        may_use: &["engine", "store", "exchange", "domain", "config", "clock", "ids", "telemetry"],
    },
    Room { name: "engine", may_use: &["domain"] },
    Room { name: "store", may_use: &["domain"] },
    Room { name: "exchange", may_use: &["domain"] },
    Room { name: "auth", may_use: &["domain"] },
    Room { name: "config", may_use: &["domain"] },
    Room { name: "telemetry", may_use: &["config", "domain"] },
    Room { name: "ids", may_use: &["clock", "domain"] },
    Room { name: "clock", may_use: &["domain"] },
    Room { name: "domain", may_use: &[] },
];

/// A name and the only places (a room, or a file of one) that may say it.
struct Reserved {
    what: What,
    only_in: &'static [&'static str],
    reason: &'static str,
}

enum What {
    /// An identifier that begins so, anywhere: crates and their attributes.
    Prefix(&'static str),
    /// An identifier, anywhere.
    Word(&'static str),
    /// Neighbouring segments of a path.
    Segments(&'static [&'static str]),
    /// A macro of the standard library.
    Macro(&'static str),
}

use What::{Macro, Prefix, Segments, Word};

const RESERVED: &[Reserved] = &[
    Reserved { what: Prefix("diesel"), only_in: &["store"], reason: "only `store` knows SQL" },
    Reserved { what: Prefix("r2d2"), only_in: &["store"], reason: "only `store` knows SQL" },
    Reserved {
        what: Word("PgConnection"),
        only_in: &["store/connection.rs", "store/migrate.rs", "store/dialect.rs"],
        reason: "three files of `store` name a backend, no other",
    },
    Reserved {
        what: Word("SqliteConnection"),
        only_in: &["store/connection.rs", "store/migrate.rs", "store/dialect.rs"],
        reason: "three files of `store` name a backend, no other",
    },
    Reserved { what: Prefix("actix"), only_in: &["http", "web"], reason: "HTTP ends at its rooms" },
    Reserved {
        what: Prefix("utoipa"),
        only_in: &["http"],
        reason: "the API document is described where the API is",
    },
    Reserved {
        what: Prefix("jsonwebtoken"),
        only_in: &["auth"],
        reason: "tokens end at `auth`; everyone else sees an identity",
    },
    Reserved {
        what: Prefix("ureq"),
        only_in: &["app/fetch.rs", "app/key_set.rs", "telemetry/traces.rs"],
        reason: "three files speak to another server; everyone else is given files",
    },
    Reserved {
        what: Prefix("opentelemetry"),
        only_in: &["telemetry/traces.rs"],
        reason: "how a trace leaves the process is known where it does",
    },
    Reserved {
        what: Prefix("prometheus"),
        only_in: &["telemetry"],
        reason: "everyone else says what happened, and not how it is counted",
    },
    Reserved {
        what: Prefix("clap"),
        only_in: &["cli", "main"],
        reason: "the command line ends at `cli`",
    },
    Reserved {
        what: Segments(&["std", "env"]),
        only_in: &["config"],
        reason: "settings are read once, in `config`; the command line by clap",
    },
    Reserved { what: Segments(&["Timestamp", "now"]), only_in: CLOCK, reason: CLOCK_REASON },
    Reserved { what: Segments(&["Zoned", "now"]), only_in: CLOCK, reason: CLOCK_REASON },
    Reserved { what: Segments(&["Utc", "now"]), only_in: CLOCK, reason: CLOCK_REASON },
    Reserved { what: Segments(&["Local", "now"]), only_in: CLOCK, reason: CLOCK_REASON },
    Reserved { what: Segments(&["SystemTime", "now"]), only_in: CLOCK, reason: CLOCK_REASON },
    Reserved { what: Segments(&["Instant", "now"]), only_in: CLOCK, reason: CLOCK_REASON },
    Reserved { what: Segments(&["TimeZone", "system"]), only_in: CLOCK, reason: CLOCK_REASON },
    Reserved { what: Word("now_v7"), only_in: &["ids"], reason: IDS_REASON },
    Reserved { what: Word("new_v7"), only_in: &["ids"], reason: IDS_REASON },
    Reserved { what: Word("now_v6"), only_in: &["ids"], reason: IDS_REASON },
    Reserved { what: Word("new_v6"), only_in: &["ids"], reason: IDS_REASON },
    Reserved { what: Word("now_v1"), only_in: &["ids"], reason: IDS_REASON },
    Reserved { what: Word("new_v1"), only_in: &["ids"], reason: IDS_REASON },
    Reserved { what: Word("new_v4"), only_in: &["ids"], reason: IDS_REASON },
    Reserved { what: Macro("print"), only_in: TERMINAL, reason: TERMINAL_REASON },
    Reserved { what: Macro("println"), only_in: TERMINAL, reason: TERMINAL_REASON },
    Reserved { what: Macro("eprint"), only_in: TERMINAL, reason: TERMINAL_REASON },
    Reserved { what: Macro("eprintln"), only_in: TERMINAL, reason: TERMINAL_REASON },
    Reserved { what: Segments(&["std", "fs"]), only_in: OUTSIDE, reason: OUTSIDE_REASON },
    Reserved { what: Segments(&["std", "net"]), only_in: OUTSIDE, reason: OUTSIDE_REASON },
    Reserved { what: Segments(&["std", "thread"]), only_in: OUTSIDE, reason: OUTSIDE_REASON },
    Reserved { what: Segments(&["std", "process"]), only_in: OUTSIDE, reason: OUTSIDE_REASON },
    Reserved { what: Segments(&["io", "stdin"]), only_in: OUTSIDE, reason: OUTSIDE_REASON },
    Reserved { what: Segments(&["io", "stdout"]), only_in: OUTSIDE, reason: OUTSIDE_REASON },
    Reserved { what: Segments(&["io", "stderr"]), only_in: OUTSIDE, reason: OUTSIDE_REASON },
    Reserved { what: Word("thread_local"), only_in: OUTSIDE, reason: OUTSIDE_REASON },
    Reserved { what: Word("rand"), only_in: CHANCE, reason: CHANCE_REASON },
    Reserved { what: Word("rand_chacha"), only_in: CHANCE, reason: CHANCE_REASON },
];

/// The one path of a reserved name that another file may say.
const ALLOWED: &[(&str, &[&str], &str)] =
    &[("main.rs", &["std", "env", "args_os"], "the command line enters here, for clap to read")];

const CLOCK: &[&str] = &["clock"];
const CLOCK_REASON: &str = "only `clock` asks what time it is; everyone else is told";
const IDS_REASON: &str = "only `ids` makes ids; everyone else is given them";
const CHANCE: &[&str] = &["app", "cli", "ids"];
const CHANCE_REASON: &str = "the same question gets the same answer: no chance here";
const TERMINAL: &[&str] = &["cli", "main"];
const TERMINAL_REASON: &str = "only the command line writes to a terminal";
/// The rooms that may touch files, sockets, threads and processes: all but `domain`, `engine` and
/// `exchange`, which are functions of their arguments.
const OUTSIDE: &[&str] =
    &["main", "cli", "http", "web", "app", "store", "auth", "config", "telemetry", "ids", "clock"];
const OUTSIDE_REASON: &str = "this room is a function of its arguments: text in, answer out";

// ---------------------------------------------------------------------------------------------
// The checker

/// What a file does that the rule forbids.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Breach {
    file: String,
    line: usize,
    what: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "src/{}:{}: {}", self.file, self.line, self.what)
    }
}

/// Checks one file; its name is relative to `src/`, with `/`.
fn check(file: &str, text: &str) -> Vec<Breach> {
    let mut reader = Reader { file, module: module_of(file), breaches: BTreeSet::new() };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some(room) = room_of(file) else {
        reader.breach(1, "this file is in no known room: add the room to tests/architecture.rs");
        return reader.breaches.into_iter().collect();
    };
    if !text.starts_with("//!") {
        reader.breach(1, "a file begins with `//!`: what lives here, and what does not");
    }
    match text.parse::<TokenStream>() {
        Ok(tokens) => reader.read(&tokens.into_iter().collect::<Vec<_>>(), room),
        Err(error) => {
            reader.breach(error.span().start().line, &format!("cannot be read as Rust: {error}"));
        }
    }
    reader.breaches.into_iter().collect()
}

/// The first segment of a file's name: `engine/rules/time.rs` is in `engine`, `clock.rs` in
/// `clock`. The crate's root is a room of its own.
fn room_of(file: &str) -> Option<&'static str> {
    let first = file.split('/').next().unwrap_or(file);
    let name = first.strip_suffix(".rs").unwrap_or(first);
    if file == "lib.rs" {
        return Some("lib");
    }
    ROOMS.iter().map(|room| room.name).find(|room| *room == name)
}

/// The module that a file is: `engine/rules/mod.rs` is `engine::rules`.
fn module_of(file: &str) -> Vec<String> {
    let mut module: Vec<String> =
        file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
        module.pop();
    }
    module
}

struct Reader<'f> {
    file: &'f str,
    /// The module that is being read.
    module: Vec<String>,
    breaches: BTreeSet<Breach>,
}

/// One path as written, with what follows it.
struct PathSeen {
    segments: Vec<String>,
    line: usize,
    /// Ends in `*`.
    glob: bool,
    /// Followed by `as`.
    renamed: bool,
}

impl Reader<'_> {
    fn breach(&mut self, line: usize, what: &str) {
        self.breaches.insert(Breach { file: self.file.to_owned(), line, what: what.to_owned() });
    }

    fn read(&mut self, tokens: &[TokenTree], room: &str) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            if let Some(after) = after_test_item(tokens, at) {
                at = after;
                continue;
            }
            let line = token.span().start().line;
            match token {
                TokenTree::Group(group) => {
                    let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                    // `pub(crate)`, `pub(super)`: who may see it, not what it uses.
                    let visibility = group.delimiter() == Delimiter::Parenthesis
                        && at > 0
                        && is_word(&tokens[at - 1], "pub")
                        && inside.len() == 1;
                    if !visibility {
                        self.read(&inside, room);
                    }
                    at += 1;
                }
                TokenTree::Ident(word) if *word == "mod" => {
                    at = self.read_module(tokens, at, room);
                }
                TokenTree::Ident(_) => {
                    let mut paths = Vec::new();
                    let after = paths_from(tokens, at, &[], &mut paths);
                    for path in &paths {
                        self.judge(path, room);
                    }
                    let is_macro = tokens.get(after).is_some_and(|next| is_punct(next, '!'))
                        && tokens.get(after + 1).is_some_and(|next| !is_punct(next, '='));
                    if is_macro && let Some(name) = paths.first().and_then(|p| p.segments.last()) {
                        self.reserve(
                            line,
                            room,
                            |what| matches!(what, Macro(reserved) if reserved == name),
                        );
                    }
                    at = after;
                }
                _ => at += 1,
            }
        }
    }

    /// `mod name;` or `mod name { … }`, from the word `mod`.
    fn read_module(&mut self, tokens: &[TokenTree], at: usize, room: &str) -> usize {
        let Some(TokenTree::Ident(name)) = tokens.get(at + 1) else { return at + 1 };
        let (name, line) = (name.to_string(), name.span().start().line);
        if room == "lib" && self.module.is_empty() && room_of(&name).is_none() {
            self.breach(line, &format!("`{name}` is no known room: add it to the table of rooms"));
        }
        match tokens.get(at + 2) {
            Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => {
                self.module.push(name);
                self.read(&body.stream().into_iter().collect::<Vec<_>>(), room);
                self.module.pop();
                at + 3
            }
            _ => at + 2,
        }
    }

    fn judge(&mut self, path: &PathSeen, room: &str) {
        let line = path.line;
        if ALLOWED.iter().any(|(file, allowed, _)| *file == self.file && path.segments == *allowed)
        {
            return;
        }
        for word in &path.segments {
            self.reserve(line, room, |what| match what {
                Word(reserved) => reserved == word,
                Prefix(reserved) => word.starts_with(reserved),
                _ => false,
            });
        }
        for at in 0..path.segments.len() {
            self.reserve(line, room, |what| match what {
                Segments(reserved) => path.segments[at..]
                    .iter()
                    .map(String::as_str)
                    .take(reserved.len())
                    .eq(reserved.iter().copied()),
                _ => false,
            });
        }
        if path.segments == ["std"] && (path.renamed || path.glob) {
            self.breach(line, "`std` under another name hides what is used of it");
        }
        self.judge_room(path, room);
    }

    /// Whether a path leads into a room that this one may not use.
    fn judge_room(&mut self, path: &PathSeen, room: &str) {
        let rest = match path.segments.first().map(String::as_str) {
            // The binary sees the library from outside, by its name.
            Some("crate" | "etalon") => &path.segments[1..],
            Some("super" | "self") => {
                let is_up = |segment: &&String| *segment == "super" || *segment == "self";
                let ups = path.segments.iter().take_while(is_up).count();
                let depth = path.segments[..ups].iter().filter(|up| *up == "super").count();
                if depth < self.module.len() {
                    return;
                }
                &path.segments[ups..]
            }
            _ => return,
        };
        let Some(target) = rest.first() else {
            // A name for the crate's root, or everything in it, hides which room is used.
            self.breach(path.line, "name the room: the crate's root stands for all of them");
            return;
        };
        if target == room || room == "lib" {
            return;
        }
        let Some(known) = ROOMS.iter().find(|known| known.name == target) else {
            self.breach(
                path.line,
                &format!("`{target}` is no room: name the room that it lives in"),
            );
            return;
        };
        let allowed = ROOMS.iter().find(|own| own.name == room).map_or(&[][..], |own| own.may_use);
        if !allowed.contains(&known.name) {
            let allowed = match allowed {
                [] => "no other room".to_owned(),
                rooms => rooms.join(", "),
            };
            self.breach(
                path.line,
                &format!("`{room}` uses `{target}`, but may use only: {allowed}"),
            );
        }
    }

    fn reserve(&mut self, line: usize, room: &str, says: impl Fn(&What) -> bool) {
        for reserved in RESERVED {
            let at_home = reserved.only_in.iter().any(|home| *home == room || *home == self.file);
            if !at_home && says(&reserved.what) {
                let name = match reserved.what {
                    Prefix(name) | Word(name) => name.to_owned(),
                    Segments(segments) => segments.join("::"),
                    Macro(name) => format!("{name}!"),
                };
                self.breach(line, &format!("`{name}` in `{room}`: {}", reserved.reason));
            }
        }
    }
}

fn is_punct(token: &TokenTree, punct: char) -> bool {
    matches!(token, TokenTree::Punct(found) if found.as_char() == punct)
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(found) if *found == word)
}

fn double_colon(tokens: &[TokenTree], at: usize) -> bool {
    tokens.get(at).is_some_and(|token| is_punct(token, ':'))
        && tokens.get(at + 1).is_some_and(|token| is_punct(token, ':'))
}

/// Reads a path that begins at an identifier, with all branches of its `{…}`; gives the position
/// after it.
fn paths_from(
    tokens: &[TokenTree],
    mut at: usize,
    before: &[String],
    out: &mut Vec<PathSeen>,
) -> usize {
    let mut segments = before.to_vec();
    let line = tokens[at].span().start().line;
    let mut glob = false;
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(word)) => {
                let word = word.to_string();
                segments.push(word.strip_prefix("r#").unwrap_or(&word).to_owned());
                at += 1;
            }
            Some(TokenTree::Punct(star)) if star.as_char() == '*' => {
                glob = true;
                at += 1;
                break;
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                let mut position = 0;
                while let Some(token) = inside.get(position) {
                    let starts = matches!(token, TokenTree::Ident(_)) || is_punct(token, '*');
                    position = if starts {
                        paths_from(&inside, position, &segments, out)
                    } else {
                        position + 1
                    };
                }
                return at + 1;
            }
            _ => break,
        }
        if !double_colon(tokens, at) {
            break;
        }
        let next_goes_on = match tokens.get(at + 2) {
            Some(TokenTree::Ident(_)) => true,
            Some(TokenTree::Punct(punct)) => punct.as_char() == '*',
            Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Brace,
            _ => false,
        };
        if !next_goes_on {
            // A turbofish: what stands in it is read on its own.
            at += 2;
            break;
        }
        at += 2;
    }
    let renamed = tokens.get(at).is_some_and(|token| is_word(token, "as"));
    if renamed {
        // The new name begins no path of its own.
        at += 1;
        if matches!(tokens.get(at), Some(TokenTree::Ident(name)) if !before.is_empty() || *name == "_")
        {
            at += 1;
        }
    }
    // `a::{self}` is `a`.
    if segments.len() > 1 && segments.last().is_some_and(|last| last == "self") {
        segments.pop();
    }
    out.push(PathSeen { segments, line, glob, renamed });
    at
}

/// The position after an item under `#[cfg(test)]` that begins at `at`, if one does.
fn after_test_item(tokens: &[TokenTree], at: usize) -> Option<usize> {
    if !is_punct(tokens.get(at)?, '#') {
        return None;
    }
    let TokenTree::Group(attribute) = tokens.get(at + 1)? else { return None };
    let written: String =
        attribute.stream().to_string().chars().filter(|c| !c.is_whitespace()).collect();
    if attribute.delimiter() != Delimiter::Bracket || written != "cfg(test)" {
        return None;
    }
    let mut next = at + 2;
    // Other attributes of the same item.
    while is_punct(tokens.get(next)?, '#') {
        next += 2;
    }
    // Only items are left out; a field or an arm ends elsewhere.
    const ITEMS: &[&str] = &[
        "pub",
        "mod",
        "use",
        "fn",
        "impl",
        "struct",
        "enum",
        "const",
        "static",
        "type",
        "trait",
        "macro_rules",
        "unsafe",
        "async",
        "extern",
    ];
    if !ITEMS.iter().any(|item| is_word(&tokens[next], item)) {
        return None;
    }
    while let Some(token) = tokens.get(next) {
        next += 1;
        let ends = is_punct(token, ';')
            || matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
        if ends {
            break;
        }
    }
    Some(next)
}

// ---------------------------------------------------------------------------------------------
// The house

/// Every Rust file below `src/`, with its name relative to it.
fn sources() -> Vec<(String, String)> {
    fn walk(below: &Path, root: &Path, out: &mut Vec<(String, String)>) {
        let entries = fs::read_dir(below).expect("a readable folder");
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                walk(&path, root, out);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).expect("below the root");
                let name = name.to_str().expect("a name in UTF-8").replace('\\', "/");
                out.push((name, fs::read_to_string(&path).expect("a readable file")));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut out = Vec::new();
    walk(&root, &root, &mut out);
    out
}

#[test]
fn every_file_of_the_house_keeps_the_rule() {
    let sources = sources();
    for room in ["main.rs", "lib.rs", "domain/mod.rs", "engine/mod.rs"] {
        assert!(sources.iter().any(|(name, _)| name == room), "src/{room} was not read");
    }
    let breaches: Vec<String> = sources
        .iter()
        .flat_map(|(name, text)| check(name, text))
        .map(|breach| breach.to_string())
        .collect();
    assert!(breaches.is_empty(), "{} breaches:\n{}", breaches.len(), breaches.join("\n"));
}

#[test]
fn no_room_leads_back_up() {
    // A room stands below every room that may use it, so that the table has an order.
    let position = |name: &str| {
        let order = [
            "main",
            "cli",
            "http",
            "web",
            "app",
            "engine",
            "store",
            "exchange",
            "auth",
            "telemetry",
            "config",
            "ids",
            "clock",
            "domain",
        ];
        order.iter().position(|room| *room == name).expect(name)
    };
    assert_eq!(ROOMS.len(), 14);
    for room in ROOMS {
        for used in room.may_use {
            assert!(position(room.name) < position(used), "{} uses {used}", room.name);
        }
    }
}

/// The names of the libraries in the dependency tables of a manifest.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut listed = false;
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            listed = line.trim_matches(['[', ']']).ends_with("dependencies");
        } else if listed
            && !line.starts_with('#')
            && let Some((name, _)) = line.split_once('=')
        {
            names.insert(name.split('.').next().unwrap_or(name).trim().to_owned());
        }
    }
    names
}

#[test]
fn every_library_says_why_it_is_there() {
    let read = |path: &str| {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path)
    };
    let wanted = dependencies(&read("Cargo.toml"));
    assert!(wanted.contains("serde") && wanted.contains("proc-macro2"), "{wanted:?}");
    // The first cell of every row but the heads of the tables.
    let text = read("docs/dependencies.md");
    let cells = text.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let told: BTreeSet<String> =
        cells.filter(|cell| *cell != "Library").map(str::to_owned).collect();
    assert_eq!(told, wanted, "docs/dependencies.md (left) and Cargo.toml (right) differ");
}

// ---------------------------------------------------------------------------------------------
// The checker says no

/// What the checker says of a file with this text below its first line.
fn breaches(file: &str, text: &str) -> Vec<String> {
    check(file, &format!("//! What lives here.\n{text}"))
        .into_iter()
        .map(|breach| breach.to_string())
        .collect()
}

#[track_caller]
fn refused(file: &str, text: &str, because: &str) {
    let found = breaches(file, text);
    assert!(
        found.iter().any(|breach| breach.contains(because)),
        "{file}: {text}\nexpected: {because}\ngot: {found:?}"
    );
}

#[track_caller]
fn accepted(file: &str, text: &str) {
    assert_eq!(breaches(file, text), Vec::<String>::new(), "{file}: {text}");
}

#[test]
fn a_lower_room_that_calls_a_higher_one_is_refused() {
    refused("engine/walk.rs", "use crate::app::verify::answer;", "`engine` uses `app`");
    refused("domain/unit.rs", "use crate::engine::tri::Tri;", "may use only: no other room");
    refused("store/log.rs", "use crate::app;", "`store` uses `app`");
    refused("exchange/dcc.rs", "use crate::engine::verify;", "`exchange` uses `engine`");
    refused("app/verify.rs", "use crate::http::problem::Problem;", "`app` uses `http`");
    refused("app/verify.rs", "use crate::cli;", "`app` uses `cli`");
    refused("auth/mod.rs", "use crate::app::access::Role;", "`auth` uses `app`");
}

#[test]
fn a_room_that_goes_around_app_is_refused() {
    refused("http/handlers/standards.rs", "use crate::store::Store;", "`http` uses `store`");
    refused("web/pages.rs", "use crate::exchange::dcc;", "`web` uses `exchange`");
    refused("main.rs", "use etalon::app::verify;", "`main` uses `app`");
    accepted("main.rs", "fn main() -> std::process::ExitCode { etalon::cli::run() }");
}

#[test]
fn the_engine_is_told_everything() {
    refused("engine/verify.rs", "use crate::clock;", "`engine` uses `clock`");
    refused("engine/verify.rs", "fn f() { crate::ids::new(); }", "`engine` uses `ids`");
    refused("engine/verify.rs", "use crate::config::Config;", "`engine` uses `config`");
    refused("engine/verify.rs", "use rand::Rng;", "no chance here");
    refused("engine/verify.rs", "use std::fs;", "a function of its arguments");
    refused("engine/verify.rs", "use std::{fmt, thread::spawn};", "a function of its arguments");
    refused("engine/verify.rs", "fn f() { std::process::exit(1) }", "a function of its arguments");
    refused("engine/verify.rs", "use std::io::{self, stdout};", "io::stdout");
    refused("engine/verify.rs", "fn f() { println!(\"{}\", 1) }", "`println!` in `engine`");
    refused("domain/id.rs", "fn f() { std::eprintln!() }", "`eprintln!` in `domain`");
    accepted("engine/verify.rs", "use crate::domain::claim::Claim; use std::fmt::Write;");
    accepted("app/verify.rs", "fn f() { crate::clock::now(); crate::ids::new(); }");
}

#[test]
fn names_stay_in_their_room() {
    refused("app/standards.rs", "use diesel::prelude::*;", "only `store` knows SQL");
    refused("domain/id.rs", "#[derive(diesel::Queryable)] struct S;", "only `store` knows SQL");
    refused("domain/id.rs", "#[diesel(table_name = t)] struct S;", "only `store` knows SQL");
    refused("app/mod.rs", "use diesel_migrations as m;", "only `store` knows SQL");
    refused("cli/serve.rs", "fn f(p: ::r2d2::Pool<M>) {}", "only `store` knows SQL");
    refused("store/standards.rs", "use diesel::PgConnection;", "three files of `store`");
    refused("app/verify.rs", "use actix_web::web;", "`actix` in `app`");
    refused("app/verify.rs", "extern crate actix_web;", "`actix` in `app`");
    refused("web/pages.rs", "#[utoipa::path(get)] fn f() {}", "`utoipa` in `web`");
    refused("http/extract/identity.rs", "use jsonwebtoken::decode;", "`jsonwebtoken` in `http`");
    refused("app/verify.rs", "#[derive(clap::Args)] struct A;", "`clap` in `app`");
    accepted("store/standards.rs", "use diesel::prelude::*;");
    accepted("store/connection.rs", "use diesel::{PgConnection, SqliteConnection};");
    accepted("http/openapi.rs", "use {actix_web::web, utoipa::OpenApi};");
    accepted("auth/mod.rs", "use jsonwebtoken::{decode, Validation};");
    accepted("cli/verify.rs", "#[derive(clap::Args)] struct A;");
}

#[test]
fn settings_time_and_identity_have_one_place() {
    refused("cli/serve.rs", "fn f() { std::env::var(\"X\"); }", "settings are read once");
    refused("cli/serve.rs", "use std::{env, fs};", "settings are read once");
    refused("cli/serve.rs", "use std::{fs, env::{self, args}};", "settings are read once");
    refused("cli/serve.rs", "use std as standard;", "under another name");
    refused("app/verify.rs", "fn f() { jiff::Timestamp::now(); }", "only `clock` asks");
    refused("app/verify.rs", "fn f() { Utc::now() }", "only `clock` asks");
    refused("http/mod.rs", "fn f() { let t = std::time::Instant::now(); }", "only `clock` asks");
    refused("app/verify.rs", "fn f() { Option::None.unwrap_or_else(Zoned::now) }", "only `clock`");
    refused("app/verify.rs", "fn f() { Uuid::now_v7() }", "only `ids` makes ids");
    refused("clock.rs", "fn f() { uuid::Uuid::new_v4() }", "only `ids` makes ids");
    refused("main.rs", "fn f() { std::env::var_os(\"X\"); }", "settings are read once");
    accepted("main.rs", "fn main() { etalon::cli::run(std::env::args_os()) }");
    accepted("config.rs", "fn f() { std::env::var(\"X\"); }");
    accepted("clock.rs", "fn f() { jiff::Timestamp::now(); }");
    accepted("ids.rs", "fn f() { uuid::Uuid::now_v7(); }");
    accepted("cli/verify.rs", "fn f() { crate::clock::now(); let now = env!(\"X\"); }");
}

#[test]
fn no_spelling_of_a_path_gets_through() {
    for spelling in [
        "use crate::{domain::id::Id, app::verify};",
        "use crate::{domain, app as application};",
        "use super::super::super::app::verify;",
        "use self::super::super::super::app;",
        "pub use crate::app;",
        "pub(crate) use crate::app::verify as checking;",
        "fn f(a: &crate::app::A) {}",
        "fn f() { let x = vec![crate::app::a()]; }",
        "some_macro! { field: crate::app::A = 3 }",
        "macro_rules! m { () => { $crate::app::verify() } }",
        "mod inner { use super::super::super::super::app; }",
        "#[serde(with = \"x\")] struct S { a: crate::app::A }",
        "fn f() { a::<crate::app::A>() }",
        "fn f() { (1 as crate::app::Number) + 2 }",
        "pub(in crate::app) fn f() {}",
        "impl crate::app::Trait for S {}",
        "use crate::r#app::x;",
        "use etalon::app;",
    ] {
        refused("engine/rules/time.rs", spelling, "`engine` uses `app`");
    }
    refused("engine/walk.rs", "use crate as root;", "name the room");
    refused("engine/walk.rs", "use crate::{self as root};", "name the room");
    refused("engine/walk.rs", "use crate::*;", "name the room");
    refused("engine/walk.rs", "use super::super::*;", "name the room");
    refused("engine/walk.rs", "use crate::Helper;", "`Helper` is no room");
    accepted("engine/rules/time.rs", "use super::super::finding::Rule; use super::*;");
    accepted("engine/rules/mod.rs", "use super::finding::Rule; pub(crate) fn f() {}");
    accepted("engine/mod.rs", "pub(super) fn f() {} mod inner { use super::walk; }");
}

#[test]
fn words_and_tests_do_not_count() {
    accepted("engine/walk.rs", "// crate::app, diesel, std::env\n/* Utc::now() */ fn f() {}");
    accepted(
        "engine/walk.rs",
        "/// See `crate::app` and diesel.\nfn f() -> &'static str { \"crate::app\" }",
    );
    accepted("engine/walk.rs", "const A: &str = r#\"use crate::app;\"#; const B: char = '\"';");
    accepted("engine/walk.rs", "#[cfg(test)]\nmod tests { use crate::app; fn f() { println!() } }");
    accepted("engine/walk.rs", "#[cfg(test)] #[path = \"x.rs\"] mod tests; fn f() {}");
    accepted("engine/walk.rs", "#[cfg(test)] use crate::exchange::{bundle, dcc};\nfn f() {}");
}

#[test]
fn code_beside_tests_counts() {
    refused("engine/walk.rs", "#[cfg(test)] mod tests { } use crate::app;", "`engine` uses `app`");
    refused("engine/walk.rs", "#[cfg(not(test))] use crate::app;", "`engine` uses `app`");
    refused("engine/walk.rs", "#[cfg(any(test, unix))] use crate::app;", "`engine` uses `app`");
    refused("engine/walk.rs", "#[cfg(test)] fn f<A>(a: A) {} use crate::app;", "uses `app`");
    refused(
        "engine/walk.rs",
        "struct S { #[cfg(test)] a: u8, b: crate::app::A }",
        "`engine` uses `app`",
    );
}

#[test]
fn a_file_in_no_room_is_refused() {
    refused("helpers/mod.rs", "", "no known room");
    refused("utils.rs", "", "no known room");
    refused("lib.rs", "pub mod domain; pub mod helpers;", "`helpers` is no known room");
    accepted("lib.rs", "#[macro_use] pub mod domain; pub mod engine;");
}

#[test]
fn a_file_that_cannot_be_read_is_refused() {
    refused("engine/walk.rs", "fn f() { \"open", "cannot be read as Rust");
    let silent = check("engine/walk.rs", "fn f() {}");
    assert!(silent.iter().any(|breach| breach.what.contains("begins with `//!`")), "{silent:?}");
}

#[test]
fn a_breach_says_where() {
    let found = check("engine/walk.rs", "//! Walk.\n\nuse std::fmt;\nuse crate::app::verify;\n");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0].to_string(),
        "src/engine/walk.rs:4: `engine` uses `app`, but may use only: domain"
    );
}
