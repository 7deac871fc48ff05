//! Copies of a whole database, made and read by the database's own means: SQLite's `VACUUM INTO`,
//! and the programs of PostgreSQL for its own form (`pg_dump`, `pg_restore`). Whether a copy is good
//! is not decided here (`app::backup`).

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use diesel::prelude::*;

use crate::domain::id::Id;
use crate::domain::log::{Entry, Operation};
use crate::domain::period::Instant;
use crate::domain::records::CollectionName;

use super::connection::DatabaseUrl;
use super::error::StoreError;
use super::read::TextRow;
use super::statement::Statement;
use super::write::Head;
use super::{Store, dialect};

/// What kind of copy a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupForm {
    /// A database of SQLite.
    Sqlite,
    /// The custom form of `pg_dump`.
    Postgres,
}

impl BackupForm {
    /// The form in which a database is copied.
    pub fn of(url: &DatabaseUrl) -> Self {
        match url {
            DatabaseUrl::Sqlite(_) => Self::Sqlite,
            DatabaseUrl::Postgres(_) => Self::Postgres,
        }
    }

    /// The form of a file, by its first bytes.
    ///
    /// # Errors
    /// When it cannot be read, or is no copy of a database.
    pub fn of_file(file: &Path) -> Result<Self, StoreError> {
        let mut first = Vec::new();
        let opened = File::open(file).and_then(|open| open.take(16).read_to_end(&mut first));
        opened.map_err(|error| StoreError::file(file, &error))?;
        if first.starts_with(b"SQLite format 3\0") {
            Ok(Self::Sqlite)
        } else if first.starts_with(b"PGDMP") {
            Ok(Self::Postgres)
        } else {
            Err(StoreError::NoBackup(file.display().to_string()))
        }
    }
}

impl Store {
    /// Copies the database as it is at one moment into a file that is not there yet, while others
    /// read and write.
    ///
    /// # Errors
    /// When the database fails, the file cannot be written, or `pg_dump` is not there.
    pub fn copy_into(&self, file: &Path) -> Result<(), StoreError> {
        private(file)?;
        match self.url() {
            DatabaseUrl::Sqlite(_) => {
                let name = file.to_str().ok_or_else(|| {
                    let error = io::Error::new(io::ErrorKind::InvalidFilename, "no UTF-8 text");
                    StoreError::file(file, &error)
                })?;
                let copy = Statement::new("VACUUM INTO ?").bind(name);
                copy.execute(&mut *self.reader()?)?;
            }
            DatabaseUrl::Postgres(url) => {
                let (url, password) = without_password(url);
                let mut dump = Command::new("pg_dump");
                dump.args(["--format=custom", "--no-owner", "--no-privileges", "--no-password"]);
                dump.arg("--file").arg(file).arg("--dbname").arg(url);
                dump.envs(password.map(|password| ("PGPASSWORD", password)));
                ended::<StoreError>(&mut dump, "pg_dump", Stdio::null(), |_| Ok(()))?;
            }
        }
        lasting(file)
    }

    /// Whether there is no table in the database: nobody has put anything there.
    ///
    /// # Errors
    /// When the database fails.
    pub fn is_bare(&self) -> Result<bool, StoreError> {
        let mut connection = self.of_any_schema()?;
        let tables = dialect::tables(&connection).load::<TextRow>(&mut *connection)?;
        Ok(tables.is_empty())
    }
}

/// Fills a bare database of PostgreSQL from a file that [`Store::copy_into`] wrote: all of it, or
/// nothing.
///
/// # Errors
/// What `pg_restore` says, or that it is not there.
pub fn restore_dump(file: &Path, url: &str) -> Result<(), StoreError> {
    let (url, password) = without_password(url);
    let mut restore = Command::new("pg_restore");
    restore.args(["--single-transaction", "--no-owner", "--no-privileges", "--no-password"]);
    restore.arg("--dbname").arg(url).arg(file);
    restore.envs(password.map(|password| ("PGPASSWORD", password)));
    ended::<StoreError>(&mut restore, "pg_restore", Stdio::null(), |_| Ok(()))
}

/// Reads the record log out of a file of `pg_dump`: hands over its entries, in whatever order they
/// stand there, and gives the head that stands there.
///
/// # Errors
/// What `pg_restore` says, or an entry that is none, or the caller's own.
pub fn dumped_log<E: From<StoreError>>(
    file: &Path,
    mut each: impl FnMut(Entry) -> Result<(), E>,
) -> Result<Head, E> {
    let mut restore = Command::new("pg_restore");
    restore.args(["--data-only", "--table=record_log", "--table=log_head", "--file=-"]);
    restore.arg(file);
    let mut head = None;
    ended(&mut restore, "pg_restore", Stdio::piped(), |output| {
        let mut table: Option<(String, Vec<String>)> = None;
        for line in output.lines() {
            let line = line.map_err(|error| StoreError::file(file, &error))?;
            match &table {
                None => table = copied_table(&line),
                Some(_) if line == "\\." => table = None,
                Some((name, columns)) => {
                    let row = Row { columns, values: line.split('\t').map(unescaped).collect() };
                    match name.ends_with("log_head") {
                        true => head = Some(row.head()?),
                        false => each(row.entry()?)?,
                    }
                }
            }
        }
        Ok::<(), E>(())
    })?;
    head.ok_or_else(|| StoreError::NoBackup(file.display().to_string()).into())
}

/// Runs a program of PostgreSQL to its end, and lets `read` have what it prints.
fn ended<E: From<StoreError>>(
    command: &mut Command,
    name: &'static str,
    output: Stdio,
    read: impl FnOnce(&mut dyn io::BufRead) -> Result<(), E>,
) -> Result<(), E> {
    let failed = |error: &io::Error| StoreError::Program { name, reason: error.to_string() };
    let mut complaints = tempfile::tempfile().map_err(|error| failed(&error))?;
    let kept = complaints.try_clone().map_err(|error| failed(&error))?;
    command.stdin(Stdio::null()).stdout(output).stderr(Stdio::from(kept));
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => StoreError::NoProgram { name },
        _ => failed(&error),
    })?;
    let done = match child.stdout.take() {
        Some(stdout) => read(&mut BufReader::with_capacity(1 << 20, stdout)),
        None => Ok(()),
    };
    if done.is_err() {
        // What it still has to say does not matter any more; it may have ended by itself.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| failed(&error))?;
    done?;
    if status.success() {
        return Ok(());
    }
    let mut said = String::new();
    let read = complaints.rewind().and_then(|()| complaints.read_to_string(&mut said));
    let reason = match read {
        Ok(_) if !said.trim().is_empty() => said.trim().to_owned(),
        _ => status.to_string(),
    };
    Err(StoreError::Program { name, reason }.into())
}

/// The table and columns that a line of COPY announces.
fn copied_table(line: &str) -> Option<(String, Vec<String>)> {
    let rest = line.strip_prefix("COPY ")?.strip_suffix(" FROM stdin;")?;
    let (table, columns) = rest.split_once(" (")?;
    let columns = columns.trim_end_matches(')').split(", ").map(str::to_owned).collect();
    Some((table.to_owned(), columns))
}

/// A value of the text form of COPY; none for NULL.
fn unescaped(value: &str) -> Option<String> {
    if value == "\\N" {
        return None;
    }
    let mut text = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        text.push(match character {
            '\\' => match characters.next() {
                Some('b') => '\u{8}',
                Some('f') => '\u{c}',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('v') => '\u{b}',
                Some(other) => other,
                None => '\\',
            },
            other => other,
        });
    }
    Some(text)
}

fn no_row() -> StoreError {
    StoreError::Damaged { log_index: 0, reason: "a row of the dump cannot be read".to_owned() }
}

/// A row of a dump.
struct Row<'r> {
    columns: &'r [String],
    values: Vec<Option<String>>,
}

impl Row<'_> {
    /// A column; none where it is NULL, or where the schema had none of this name yet.
    fn found(&self, column: &str) -> Option<&str> {
        let place = self.columns.iter().position(|name| name == column)?;
        self.values.get(place)?.as_deref()
    }

    fn text(&self, column: &str) -> Result<&str, StoreError> {
        self.found(column).ok_or_else(no_row)
    }

    fn read<T>(
        &self,
        column: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        parse(self.text(column)?).ok_or_else(|| StoreError::Damaged {
            log_index: self.found("log_index").and_then(|text| text.parse().ok()).unwrap_or(0),
            reason: format!("its {column} cannot be read"),
        })
    }

    fn instant(&self) -> Result<Instant, StoreError> {
        self.read("recorded_at", |text| Instant::parse(&(text.replace(' ', "T") + "Z")).ok())
    }

    fn head(&self) -> Result<Head, StoreError> {
        Ok(Head {
            log_index: self.read("log_index", |text| text.parse().ok())?,
            recorded_at: self.instant()?,
            chain_sha256: self.read("chain_sha256", |text| text.parse().ok())?,
        })
    }

    fn entry(&self) -> Result<Entry, StoreError> {
        Ok(Entry {
            log_index: self.read("log_index", |text| text.parse().ok())?,
            recorded_at: self.instant()?,
            actor: self.text("actor")?.to_owned(),
            request_id: self.found("request_id").map(str::to_owned),
            operation: self.read("operation", Operation::from_word)?,
            kind: self.read("kind", CollectionName::from_word)?,
            record_id: self.read("record_id", |text| Id::parse(text).ok())?,
            version: self.read("version", |text| text.parse().ok())?,
            body: self.text("body")?.to_owned(),
            salt: self.read("salt", |text| text.parse().ok())?,
            body_sha256: self.read("body_sha256", |text| text.parse().ok())?,
            chain_sha256: self.read("chain_sha256", |text| text.parse().ok())?,
        })
    }
}

/// Makes an empty file that only its owner reads: what is confidential in the database is
/// confidential in its copy.
fn private(file: &Path) -> Result<(), StoreError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop).map_err(|error| StoreError::file(file, &error))
}

/// Puts a file and its name on the disk.
///
/// # Errors
/// When the disk does not take it.
pub fn lasting(file: &Path) -> Result<(), StoreError> {
    let directory = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let kept = File::open(file).and_then(|open| open.sync_all());
    let kept = kept.and_then(|()| File::open(directory)?.sync_all());
    kept.map_err(|error| StoreError::file(file, &error))
}

/// An address of PostgreSQL without its password, and the password: for programs whose arguments
/// everybody on the machine can read.
fn without_password(url: &str) -> (String, Option<String>) {
    let mut password = None;
    let (address, query) = url.split_once('?').map_or((url, None), |(a, q)| (a, Some(q)));
    let mut bare = match (address.split_once("://"), address.rsplit_once('@')) {
        (Some((scheme, rest)), Some((_, hosts))) => {
            let credentials = rest.rsplit_once('@').map_or("", |(credentials, _)| credentials);
            let (user, secret) = match credentials.split_once(':') {
                Some((user, secret)) => (user, Some(secret)),
                None => (credentials, None),
            };
            password = secret.map(decoded);
            format!("{scheme}://{user}@{hosts}")
        }
        _ => address.to_owned(),
    };
    let mut separator = '?';
    for part in query.into_iter().flat_map(|query| query.split('&')) {
        match part.strip_prefix("password=") {
            Some(secret) => password = Some(decoded(secret)),
            None => {
                bare.push(separator);
                bare.push_str(part);
                separator = '&';
            }
        }
    }
    (bare, password)
}

/// A part of an address without its percent escapes.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escaped = (*byte == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        plain.push(escaped.unwrap_or(*byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_goes_apart_from_its_address() {
        for (url, bare, password) in [
            ("postgres://u:se%20cr%2Fet@h:1/db", "postgres://u@h:1/db", Some("se cr/et")),
            ("postgres://u@h/db", "postgres://u@h/db", None),
            ("postgres://h1:1,h2:2/db", "postgres://h1:1,h2:2/db", None),
            (
                "postgres://h/db?user=u&password=a%26b&sslmode=require",
                "postgres://h/db?user=u&sslmode=require",
                Some("a&b"),
            ),
        ] {
            let (found, secret) = without_password(url);
            assert_eq!((found.as_str(), secret.as_deref()), (bare, password));
        }
    }

    #[test]
    fn values_of_copy_are_read() {
        assert_eq!(unescaped("\\N"), None);
        assert_eq!(unescaped("a\\tb\\\\N\\n").as_deref(), Some("a\tb\\N\n"));
        let (table, columns) = copied_table("COPY public.log_head (one, log_index) FROM stdin;")
            .expect("an announcement");
        assert_eq!((table.as_str(), columns.len()), ("public.log_head", 2));
    }
}
