//! `etalon restore`: a copy that `etalon backup` made, put into a database where nothing is.

use std::path::PathBuf;

use serde_json::json;

use crate::app::registry::Registry;

use super::database::{self, Database};
use super::failure::Status;
use super::log::end;
use super::page::{Line, Page};
use super::phrases::{self, fill, say};
use super::progress::Progress;
use super::style::DIM;
use super::{Answer, Failure, Options};

/// Puts a copy that etalon backup made into a database where nothing is, and checks the record log.
///
/// For an embedded database its file must not be there; a database of PostgreSQL must have no
/// tables (createdb makes one), and pg_restore has to be installed. A copy made by an older version
/// gets this version's schema. Nothing is there afterwards unless all of it is right.
///
/// Compare the checkpoint that is printed with the one of the backup.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The copy.
    file: PathBuf,
    #[command(flatten)]
    database: Database,
}

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    let (url, file) = (arguments.database.url()?, &arguments.file);
    database::make_room(&url)?;
    let progress = Progress::new(phrases::ENTRIES, options);
    let restored = Registry::restore(file, &url, &mut |entries| progress.at(entries));
    drop(progress);
    let restored = restored?;
    let (database, name, log) = (url.to_string(), file.display().to_string(), restored.log);
    if options.json {
        let outcome = json!({
            "database": database,
            "file": name,
            "applied": restored.migrated,
            "log_index": log.log_index,
            "recorded_at": log.recorded_at,
            "chain_sha256": log.chain_sha256,
            "signing_key": false,
        });
        return Answer::json(&outcome, Status::Good);
    }
    let language = options.language;
    let mut page = Page::new();
    let holes = [("file", name.as_str()), ("database", database.as_str())];
    page.line(Line::new().plain(&fill(phrases::RESTORED, language, &holes)));
    if !restored.migrated.is_empty() {
        let applied = restored.migrated.join(", ");
        let text = fill(phrases::MIGRATED, language, &[("applied", &applied)]);
        page.line(Line::new().plain(&text));
    }
    end(&mut page, log.log_index, log.recorded_at, &log.chain_sha256, options);
    page.line(Line::new().styled(DIM, say(phrases::KEY_APART, language)));
    Ok(Answer::new(page, Status::Good))
}
