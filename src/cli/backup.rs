//! `etalon backup`: the whole database copied into a file while it is in use, and the copy checked.

use std::fs;
use std::path::PathBuf;

use serde_json::json;

use super::database::Database;
use super::failure::Status;
use super::log::end;
use super::page::{Line, Page};
use super::phrases::{self, fill, say};
use super::progress::Progress;
use super::style::DIM;
use super::{Answer, Failure, Options, output};

/// Copies the whole database into a file, while others read and write, and checks the copy.
///
/// The embedded database gives a database of SQLite, PostgreSQL the custom form of its own pg_dump,
/// which has to be installed. Every entry of the record log in the copy is checked before the file
/// gets its name. What is not in it: the signing key of the service, which is to be kept apart.
///
/// etalon restore puts it back.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where the copy goes: a file that is not there yet.
    file: PathBuf,
    #[command(flatten)]
    database: Database,
}

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    let (registry, file) = (arguments.database.registry()?, &arguments.file);
    let progress = Progress::new(phrases::ENTRIES, options).of(registry.head()?.log_index);
    let log = registry.back_up(file, &mut |entries| progress.at(entries))?;
    drop(progress);
    let name = file.display().to_string();
    let size = fs::metadata(file).map_err(|error| output::unwritable(&name, &error))?.len();
    let database = registry.store().url().to_string();
    if options.json {
        let outcome = json!({
            "database": database,
            "file": name,
            "bytes": size,
            "log_index": log.log_index,
            "recorded_at": log.recorded_at,
            "chain_sha256": log.chain_sha256,
            "signing_key": false,
        });
        return Answer::json(&outcome, Status::Good);
    }
    let mut page = Page::new();
    let size = size.to_string();
    let holes = [("database", database.as_str()), ("file", &name), ("size", &size)];
    page.line(Line::new().plain(&fill(phrases::BACKED_UP, options.language, &holes)));
    end(&mut page, log.log_index, log.recorded_at, &log.chain_sha256, options);
    page.line(Line::new().styled(DIM, say(phrases::KEY_APART, options.language)));
    Ok(Answer::new(page, Status::Good))
}
