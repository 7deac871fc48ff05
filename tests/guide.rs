//! The guides `docs/api.md`, `docs/impact.md` and `docs/operations.md` run: every block of commands in it is given to a shell, one after the
//! other, against a server of its own, and what comes out is what the guide shows.
//!
//! A block of commands is marked `sh`; the block `json` or `text` after it is its output, and one
//! without such a block prints nothing. An exit status other than 0 is a line of the output. `etalon serve` in a block of its own starts the server.

#[path = "support/shown.rs"]
mod shown;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;
use shown::Shown;

/// Where the guide says that the service is.
const ADDRESS: &str = "127.0.0.1:8080";

#[test]
fn the_guide_is_what_happens() {
    runs("api.md");
}

#[test]
fn the_page_on_impact_is_what_happens() {
    runs("impact.md");
}

#[test]
fn the_page_on_operations_is_what_happens() {
    runs("operations.md");
}

/// Runs a guide, and holds what comes out against what it shows.
fn runs(name: &str) {
    if let Some(missing) = missing_program() {
        assert_eq!(environment("CI"), "", "{missing} is needed to run the guide");
        println!("skipped: {missing} is not here");
        return;
    }
    let guide = read(name);
    let mut run = Run::new();
    let mut made = String::new();
    let mut different = None;
    for piece in pieces(&guide) {
        match piece {
            Piece::Prose(text) => made.push_str(text),
            Piece::Commands { commands, between, language, output } => {
                let printed = run.printed(commands);
                if printed != output && different.is_none() {
                    different = Some(format!("{commands}\nprints\n{printed}\nnot\n{output}"));
                }
                made.push_str(&format!("```sh\n{commands}```\n"));
                if !printed.is_empty() {
                    let between = if between.is_empty() { "\n" } else { between };
                    made.push_str(&format!("{between}```{language}\n{printed}```\n"));
                }
            }
        }
    }
    if let Some(different) = different {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&path, made).expect("the directory for temporary files can be written");
        panic!("{different}\nTo write what happens: cp {} docs/{name}", path.display());
    }
}

#[test]
fn the_first_day_is_twelve_commands() {
    let guide = read("api.md");
    let heading = "## A laboratory's first day in twelve curl commands\n";
    let (_, day) = guide.split_once(heading).expect("the guide has a laboratory's first day");
    let day = day.split("\n## ").next().unwrap_or_default();
    let of_the_day = pieces(day).into_iter().filter_map(|piece| match piece {
        Piece::Commands { commands, .. } => Some(commands),
        Piece::Prose(_) => None,
    });
    let count: usize = of_the_day.map(|commands| commands.matches("curl ").count()).sum();
    assert_eq!(count, 12, "curl commands of the laboratory");
}

#[test]
fn every_documented_problem_is_in_the_guide() {
    let document: Value = serde_json::from_str(&etalon::http::document()).expect("JSON");
    let guide = read("api.md");
    let mut documented = BTreeMap::<&str, BTreeSet<&str>>::new();
    for operation in document["paths"].as_object().into_iter().flatten().flat_map(|(_, path)| {
        path.as_object().into_iter().flatten().map(|(_, operation)| operation)
    }) {
        for (status, response) in operation["responses"].as_object().into_iter().flatten() {
            let description = response["description"].as_str().unwrap_or_default();
            let codes = description.split('`').skip(1).step_by(2);
            if status.starts_with(['4', '5']) {
                documented.entry(status).or_default().extend(codes);
            }
        }
    }
    assert!(documented.len() > 10, "{documented:?}");
    for (status, codes) in documented {
        let row = guide.lines().find(|line| line.starts_with(&format!("| {status} |")));
        let row = row.unwrap_or_else(|| panic!("no row for {status}"));
        for code in codes {
            assert!(row.contains(&format!("`{code}`")), "{code} is not in: {row}");
        }
    }
}

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    fs::read_to_string(path).expect("the guide can be read")
}

/// What the test itself is told; empty where it is told nothing.
#[expect(clippy::disallowed_methods, reason = "how the test runs is no setting of the program")]
fn environment(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// The first program that the commands need and that is not here.
fn missing_program() -> Option<&'static str> {
    ["bash", "curl", "jq"].into_iter().find(|program| {
        let run = Command::new(program).arg("--version").stdout(Stdio::null()).status();
        !run.is_ok_and(|status| status.success())
    })
}

/// A part of the guide.
enum Piece<'g> {
    Prose(&'g str),
    Commands {
        commands: &'g str,
        /// The empty lines before the output.
        between: &'g str,
        /// What the output is marked as.
        language: &'g str,
        /// What the guide says that they print.
        output: &'g str,
    },
}

fn pieces(guide: &str) -> Vec<Piece<'_>> {
    const FENCE: &str = "```\n";
    let mut pieces = Vec::new();
    let mut rest = guide;
    while let Some((prose, block)) = rest.split_once("```sh\n") {
        pieces.push(Piece::Prose(prose));
        let (commands, after) = block.split_once(FENCE).expect("a block has an end");
        let block = after.trim_start_matches('\n');
        let between = &after[..after.len() - block.len()];
        let found = ["json", "text"].into_iter().find_map(|language| {
            let block = block.strip_prefix("```")?.strip_prefix(language)?.strip_prefix('\n')?;
            let (output, after) = block.split_once(FENCE).expect("a block has an end");
            Some((language, output, after))
        });
        let (between, language, output, after) = match found {
            Some((language, output, after)) => (between, language, output, after),
            None => ("", "text", "", after),
        };
        pieces.push(Piece::Commands { commands, between, language, output });
        rest = after;
    }
    pieces.push(Piece::Prose(rest));
    pieces
}

/// A shell in a directory of its own, and the server once it was started.
struct Run {
    shown: Shown,
    home: tempfile::TempDir,
    shell: Child,
    /// The exit status of each block, on a line.
    statuses: BufReader<ChildStdout>,
    server: Option<Child>,
}

impl Run {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let programs = home.path().join("bin");
        fs::create_dir(&programs).expect("a directory");
        let link = |from: &Path, to: PathBuf| {
            std::os::unix::fs::symlink(from, to).expect("a link");
        };
        link(Path::new(env!("CARGO_BIN_EXE_etalon")), programs.join("etalon"));
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
        link(&checkout.join("examples"), home.path().join("examples"));
        link(&checkout.join("docs"), home.path().join("docs"));
        let path = environment("PATH");
        let mut shell = Command::new("bash")
            .args(["--noprofile", "--norc", "-o", "pipefail"])
            .current_dir(home.path())
            .env_clear()
            .env("PATH", format!("{}:{path}", programs.display()))
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let statuses = BufReader::new(shell.stdout.take().expect("it is read"));
        Self { shown: Shown::default(), home, shell, statuses, server: None }
    }

    /// What a block of commands prints, as the guide shows it.
    fn printed(&mut self, commands: &str) -> String {
        let printed = match commands.trim() {
            "etalon serve" => self.serve(),
            _ => self.run(&self.shown.restore(commands)),
        };
        self.shown.hide(&printed)
    }

    fn run(&mut self, commands: &str) -> String {
        let (block, output) = (self.home.path().join("block"), self.home.path().join("output"));
        fs::write(&block, commands).expect("a file");
        let stdin = self.shell.stdin.as_mut().expect("it is written");
        let (block, output_path) = (block.display(), output.display());
        // In the shell itself, so that what a block sets is there for the next.
        writeln!(stdin, "source {block} < /dev/null > {output_path} 2>&1; echo $?")
            .expect("a shell");
        let mut status = String::new();
        self.statuses.read_line(&mut status).expect("a status");
        let printed = fs::read_to_string(&output).expect("an output");
        match status.trim() {
            "0" => printed,
            status => format!("{printed}exit status {status}\n"),
        }
    }

    /// Starts the server, at a port that is free.
    fn serve(&mut self) -> String {
        let notes = self.home.path().join("notes");
        let mut server = Command::new(env!("CARGO_BIN_EXE_etalon"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .current_dir(self.home.path())
            .env_clear()
            // What is logged is no output of the guide.
            .env("ETALON_LOG", "off")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&notes).expect("a file"))
            .spawn()
            .expect("a server");
        let mut line = String::new();
        let mut stdout = BufReader::new(server.stdout.take().expect("it is read"));
        stdout.read_line(&mut line).expect("a line");
        self.server = Some(server);
        let notes = fs::read_to_string(&notes).expect("what it said");
        let address = line.split_once("http://").and_then(|(_, rest)| rest.split_once(' '));
        let (address, _) = address.unwrap_or_else(|| panic!("it does not serve: {line}{notes}"));
        self.shown.is(address, ADDRESS);
        format!("{notes}{line}")
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        for child in std::iter::once(&mut self.shell).chain(&mut self.server) {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
