//! `etalon export`: records of the registry as a bundle.

use std::collections::HashSet;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::app::access::Reader;
use crate::app::export::Extent;
use crate::app::registry::Registry;
use crate::domain::fault::{Fault, Faults};
use crate::domain::id::Id;
use crate::domain::records::CollectionName;
use crate::domain::text::Text;
use crate::exchange::bundle::printer::{Form, Printer};

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
///
/// With --dcc the certificates among the records come as digital calibration certificates (DCC
/// 3.3.0) that cite each other by number and SHA-256, to be checked from the files alone: etalon
/// verify --dcc.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only this organisation: its standards, certificates and recognitions, and what they name.
    #[arg(long, value_name = "ID", conflicts_with = "chain")]
    laboratory: Option<String>,
    /// Only the evidence behind this standard.
    #[arg(long, value_name = "ID|CODE")]
    chain: Option<String>,
    /// Only this certificate, and what it names.
    #[arg(long, value_name = "ID|NUMBER", conflicts_with_all = ["laboratory", "chain"])]
    calibration: Option<String>,
    /// The certificates, as digital calibration certificates: with --calibration one file, else a
    /// file each in the directory of --output.
    #[arg(long)]
    dcc: bool,
    #[command(flatten)]
    known_at: KnownAtOption,
    /// Where the bundle goes; to the standard output when absent. What ends in .gz is compressed.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write a record a line, the form for many records; also where the output ends in .ndjson or
    /// .ndjson.gz.
    #[arg(long)]
    ndjson: bool,
    #[command(flatten)]
    database: Database,
}

impl Arguments {
    fn form(&self) -> Form {
        let name = self.output.as_deref().and_then(Path::file_name).unwrap_or_default();
        let name = name.to_string_lossy().to_ascii_lowercase();
        match self.ndjson || name.trim_end_matches(".gz").ends_with(".ndjson") {
            true => Form::Lines,
            false => Form::Document,
        }
    }
}

/// Whether what goes into a file is compressed.
fn is_gzip(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"))
}

static OPTIONS: Places = &[
    ("laboratory", "--laboratory"),
    ("standard", "--chain"),
    ("calibration", "--calibration"),
    ("known_at", "--known-at"),
];

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    let laboratory = arguments.laboratory.as_deref().map(organisation).transpose()?;
    let registry = arguments.database.registry()?;
    let refused = |refusal| Failure::of_options(refusal, OPTIONS);
    let at = arguments.known_at.index(&registry, OPTIONS)?;
    let extent = match (laboratory, &arguments.chain, &arguments.calibration) {
        (Some(id), ..) => Extent::Laboratory(id),
        (None, Some(name), _) => Extent::Chain(registry.standard_named(name, at).map_err(refused)?),
        (None, None, Some(name)) => {
            Extent::Certificate(registry.calibration_named(name, at).map_err(refused)?)
        }
        (None, None, None) => Extent::Everything,
    };
    if arguments.dcc {
        return certificates(&registry, &extent, at, arguments, options);
    }
    let path = arguments.output.as_deref();
    let progress = Progress::beside(path, phrases::RECORDS, options);
    let exported = registry.export(&extent, at, &mut |records| progress.at(records));
    let exported = exported.map_err(refused)?;
    let records = exported.count().map_err(refused)?;
    let progress = progress.of(records);
    let write = |output: &mut dyn Write| -> Result<io::Result<()>, Failure> {
        let mut done = 0;
        let mut printer = match Printer::new(output, arguments.form(), None, records) {
            Ok(printer) => printer,
            Err(error) => return Ok(Err(error)),
        };
        let written = exported.each(&mut |record| {
            done += 1;
            progress.at(done);
            printer.record(record)
        });
        Ok(written.map_err(refused)?.and_then(|()| printer.finish().map(drop)))
    };
    match path {
        Some(path) if is_gzip(path) => output::write(path, |file| {
            let mut packed = GzEncoder::new(file, Compression::default());
            let written = write(&mut packed)?;
            Ok(written.and_then(|()| packed.finish().map(drop)))
        })?,
        Some(path) => output::write(path, |file| write(file))?,
        None => match write(&mut BufWriter::new(io::stdout().lock()))? {
            // That nobody reads any more is no fault.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                return Err(output::unwritable("stdout", &error));
            }
            _ => {}
        },
    }
    drop(progress);
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
    Ok(Answer { text: String::new(), notes, status: Status::Good })
}

/// The certificates of an extent as DCCs: one, or a file each in a directory.
fn certificates(
    registry: &Registry,
    extent: &Extent,
    at: u64,
    arguments: &Arguments,
    options: Options,
) -> Result<Answer, Failure> {
    if let Extent::Certificate(id) = extent {
        let xml = registry.certificate_as_dcc(id, &Reader::Everything, at)?;
        let text = match &arguments.output {
            Some(path) => output::write_text(path, &xml).map(|()| String::new())?,
            None => xml,
        };
        return Ok(Answer { text, notes: String::new(), status: Status::Good });
    }
    let Some(directory) = &arguments.output else {
        let message = Text::new(
            "--dcc: hãy nêu thư mục nhận các tệp bằng --output, hoặc một giấy chứng nhận bằng \
             --calibration",
            "--dcc: name a directory for the files with --output, or one certificate with \
             --calibration",
        );
        return Err(Failure::new(Status::Usage, message));
    };
    let progress = Progress::new(phrases::RECORDS, options);
    let exported = registry.export(extent, at, &mut |records| progress.at(records));
    let exported = exported.map_err(|refusal| Failure::of_options(refusal, OPTIONS))?;
    let mut ids: Vec<Id> = Vec::new();
    let all = exported.each(&mut |record| {
        if record.collection() == CollectionName::Calibrations {
            ids.push(record.record().id().clone());
        }
        Ok(())
    });
    drop(all.map_err(|refusal| Failure::of_options(refusal, OPTIONS))?);
    drop(progress);
    std::fs::create_dir_all(directory)
        .map_err(|error| output::unwritable(&directory.display().to_string(), &error))?;
    let mut names: HashSet<String> = HashSet::new();
    registry.certificates_as_dcc::<Failure>(&ids, at, &mut |number, xml| {
        let name = file_name(number, &mut names);
        output::write_text(&directory.join(name), xml)
    })?;
    let holes = [("files", ids.len().to_string()), ("directory", directory.display().to_string())];
    let holes = holes.each_ref().map(|(name, text)| (*name, text.as_str()));
    let notes = match options.json {
        true => format!("{:#}\n", json!({"certificates": ids.len(), "log_index": at})),
        false => {
            let mut page = Page::new();
            let text = fill(phrases::CERTIFICATES_IN, options.language, &holes);
            page.line(Line::new().plain(&text));
            page.into_text()
        }
    };
    Ok(Answer { text: String::new(), notes, status: Status::Good })
}

/// A file for a certificate, named after its number; different for every certificate.
fn file_name(number: &str, names: &mut HashSet<String>) -> String {
    let plain = |character: char| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' => character,
        _ => '-',
    };
    let stem: String = number.chars().take(80).map(plain).collect();
    let stem = stem.trim_matches(['-', '.']);
    let stem = if stem.is_empty() { "certificate" } else { stem };
    let others = (2_u32..).map(|count| format!("{stem}-{count}.xml"));
    let mut candidates = std::iter::once(format!("{stem}.xml")).chain(others);
    let free = candidates.find(|name| !names.contains(&name.to_lowercase())).unwrap_or_default();
    names.insert(free.to_lowercase());
    free
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
