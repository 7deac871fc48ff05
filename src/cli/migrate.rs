//! `etalon migrate`: the schema of a database brought up to this program's, and its projections
//! made anew.

use serde_json::json;

use super::database::Database;
use super::failure::Status;
use super::page::{Line, Page};
use super::phrases::{self, fill, say};
use super::progress::Progress;
use super::{Answer, Failure, Options};

/// Applies the migrations that a database does not have yet. Nothing that is recorded changes.
///
/// An embedded database gets its schema when it is made; one of PostgreSQL gets it here. After a
/// new release both may need it again.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Also make every projection anew from the record log, as after a change by hand.
    #[arg(long)]
    rebuild: bool,
    #[command(flatten)]
    database: Database,
}

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    let store = arguments.database.store_for_writing()?;
    let applied = store.migrate()?;
    let rebuilt = match arguments.rebuild {
        true => {
            let progress = Progress::new(phrases::ENTRIES, options).of(store.head()?.log_index);
            Some(store.rebuild(|entries| progress.at(entries))?.log_index)
        }
        false => None,
    };
    let database = store.url().to_string();
    if options.json {
        let outcome = json!({"database": database, "applied": applied, "rebuilt": rebuilt});
        return Answer::json(&outcome, Status::Good);
    }
    let language = options.language;
    let mut page = Page::new();
    let done = match applied.is_empty() {
        true => say(phrases::UP_TO_DATE, language).to_owned(),
        false => fill(phrases::MIGRATED, language, &[("applied", &applied.join(", "))]),
    };
    page.line(Line::new().plain(&database).plain(": ").plain(&done));
    if let Some(entries) = rebuilt {
        let entries = entries.to_string();
        let text = fill(phrases::REBUILT, language, &[("entries", &entries)]);
        page.line(Line::new().plain(&text));
    }
    Ok(Answer::new(page, Status::Good))
}
