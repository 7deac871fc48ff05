//! `etalon export`: records of the registry as a bundle.

use std::path::PathBuf;

use serde_json::json;

use crate::app::export::Extent;
use crate::domain::fault::{Fault, Faults};
use crate::domain::id::Id;
use crate::domain::text::Text;
use crate::exchange::bundle;

use super::database::Database;
use super::failure::{Places, Status};
use super::known_at::KnownAtOption;
use super::page::{Line, Page};
use super::phrases::{self, fill};
use super::progress::Progress;
use super::{Answer, Failure, Options, output};

/// Exports records as a bundle that stands on its own: everything, a laboratory with what it stands
/// on, or what a claim on a standard is decided from.
///
/// The same claim gets the same verdict from it (etalon verify --bundle), and an empty registry
/// takes it with its times (etalon import --historical). The record log with all versions and
/// hashes is exported by: etalon log export.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only this organisation: its standards, certificates and recognitions, and what they name.
    #[arg(long, value_name = "ID", conflicts_with = "chain")]
    laboratory: Option<String>,
    /// Only the evidence behind this standard.
    #[arg(long, value_name = "ID|CODE")]
    chain: Option<String>,
    #[command(flatten)]
    known_at: KnownAtOption,
    /// Where the bundle goes; to the standard output when absent.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    database: Database,
}

static OPTIONS: Places =
    &[("laboratory", "--laboratory"), ("standard", "--chain"), ("known_at", "--known-at")];

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    let laboratory = arguments.laboratory.as_deref().map(organisation).transpose()?;
    let registry = arguments.database.registry()?;
    let refused = |refusal| Failure::of_options(refusal, OPTIONS);
    let at = arguments.known_at.index(&registry, OPTIONS)?;
    let extent = match (laboratory, &arguments.chain) {
        (Some(id), _) => Extent::Laboratory(id),
        (None, Some(name)) => Extent::Chain(registry.standard_named(name, at).map_err(refused)?),
        (None, None) => Extent::Everything,
    };
    let progress = Progress::new(phrases::RECORDS, options);
    let exported = registry.export(&extent, at, &mut |records| progress.at(records));
    let exported = exported.map_err(refused)?;
    drop(progress);
    let records = exported.records.len();
    let mut text = bundle::to_json(&exported);
    if let Some(path) = &arguments.output {
        output::write_text(path, &text)?;
        text.clear();
    }
    let notes = match options.json {
        true => format!("{:#}\n", json!({"records": records, "log_index": at})),
        false => {
            let mut page = Page::new();
            let (records, index) = (records.to_string(), at.to_string());
            let holes = [("records", records.as_str()), ("index", index.as_str())];
            let text = fill(phrases::AS_KNOWN, options.language, &holes);
            page.line(Line::new().plain(&text));
            page.into_text()
        }
    };
    Ok(Answer { text, notes, status: Status::Good })
}

/// The id of an organisation.
fn organisation(text: &str) -> Result<Id, Failure> {
    Id::parse(text).map_err(|_| {
        let message = Text::new(
            format!(
                "“{text}” không phải mã định danh của một tổ chức; tìm mã bằng lệnh: \
                 etalon list organisations --words \"{text}\""
            ),
            format!(
                "“{text}” is no id of an organisation; find it with: \
                 etalon list organisations --words \"{text}\""
            ),
        );
        Failure::options(Faults(vec![Fault::error("/laboratory", "bad_id", message)]), OPTIONS)
    })
}
