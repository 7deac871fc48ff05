//! `etalon kcdb`: what the KCDB (the BIPM key comparison database) publishes: its CMCs, fetched, and
//! its service categories.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::app::fetch::{self, Failed, Plan, Search, World};
use crate::app::services;
use crate::clock;
use crate::domain::fault::Faults;
use crate::domain::records::Records;
use crate::domain::text::Text;
use crate::exchange::kcdb::services::{Classification, Service, joined, read};
use crate::exchange::{bundle, outcome};

use super::database::settings;
use super::failure::Status;
use super::page::{Line, Page};
use super::phrases::{self, fill, say};
use super::progress::Progress;
use super::style::{BOLD, DIM};
use super::{Answer, Failure, Options, convert, input, quoted};

/// Fetches CMCs of the KCDB, and finds and checks its service categories.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Fetch(Box<Fetch>),
    Services(Services),
}

/// Fetches the CMCs of an area of the KCDB into a directory, for `etalon import`.
///
/// One request at a time and one a second: the KCDB is a service for everybody. Each page is kept as
/// it came; the same command goes on where it was cut off. When all pages are there they are put
/// together as snapshot.json, which says what was searched and when: the import of one that only
/// area and country narrowed shows which CMCs are gone.
#[derive(Debug, clap::Args)]
struct Fetch {
    /// Where the files go; a directory for each fetch.
    #[arg(long, short, value_name = "DIR")]
    output: PathBuf,
    /// The metrology area: AUV, EM, L, M, PR, QM, RI, T or TF.
    #[arg(long, value_name = "AREA")]
    area: String,
    /// Only of this country, by its two letters; may be given several times.
    #[arg(long = "country", value_name = "CODE")]
    countries: Vec<String>,
    /// Rows of a page, 1 to 10,000.
    #[arg(long, value_name = "ROWS", default_value_t = 500)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    page_size: u32,
    /// Seconds between two requests.
    #[arg(long, value_name = "SECONDS", default_value_t = 1)]
    interval: u64,
    /// Seconds that one request may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3_600))]
    timeout: u64,
    /// Throw away what an earlier fetch left in the directory.
    #[arg(long)]
    restart: bool,
    /// The interface of the KCDB; ETALON_KCDB_URL of the environment when absent, else that of the
    /// BIPM.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    #[command(flatten)]
    conditions: Conditions,
}

/// Conditions that narrow a search further, in the words of the KCDB.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Further conditions")]
struct Conditions {
    /// Branch, such as EM/DC or RAD.
    #[arg(long, value_name = "LABEL")]
    branch: Option<String>,
    /// Service (physics).
    #[arg(long, value_name = "LABEL")]
    service: Option<String>,
    /// Sub-service (physics).
    #[arg(long, value_name = "LABEL")]
    sub_service: Option<String>,
    /// Individual service (physics).
    #[arg(long, value_name = "LABEL")]
    individual_service: Option<String>,
    /// Service, sub-service and individual service in numbers, such as 1.1.2 (physics).
    #[arg(long, value_name = "NUMBERS")]
    physics_code: Option<String>,
    /// Quantity (radiation).
    #[arg(long, value_name = "LABEL")]
    quantity: Option<String>,
    /// Source of radiation (radiation).
    #[arg(long, value_name = "LABEL")]
    radiation_source: Option<String>,
    /// Medium (radiation).
    #[arg(long, value_name = "LABEL")]
    medium: Option<String>,
    /// Nuclide (radiation).
    #[arg(long, value_name = "LABEL")]
    nuclide: Option<String>,
    /// Category (chemistry).
    #[arg(long, value_name = "LABEL")]
    category: Option<String>,
    /// Analyte (chemistry).
    #[arg(long, value_name = "LABEL")]
    analyte: Option<String>,
    /// Words to search for.
    #[arg(long, value_name = "WORDS")]
    keywords: Option<String>,
    /// Status, in the KCDB's word.
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
    /// Published on this day or later.
    #[arg(long, value_name = "DAY")]
    published_from: Option<String>,
    /// Published on this day or earlier.
    #[arg(long, value_name = "DAY")]
    published_to: Option<String>,
}

impl Conditions {
    /// By the keys of the KCDB.
    fn by_key(&self) -> impl Iterator<Item = (&'static str, Value)> {
        let all = [
            ("branchLabel", &self.branch),
            ("serviceLabel", &self.service),
            ("subServiceLabel", &self.sub_service),
            ("individualServiceLabel", &self.individual_service),
            ("physicsCode", &self.physics_code),
            ("quantityLabel", &self.quantity),
            ("sourceLabel", &self.radiation_source),
            ("mediumLabel", &self.medium),
            ("nuclideLabel", &self.nuclide),
            ("categoryLabel", &self.category),
            ("analyteLabel", &self.analyte),
            ("keywords", &self.keywords),
            ("status", &self.status),
            ("publicDateFrom", &self.published_from),
            ("publicDateTo", &self.published_to),
        ];
        all.into_iter().filter_map(|(key, value)| Some((key, value.clone()?.into())))
    }
}

/// Lists service categories of the KCDB, or checks those that records name.
///
/// The classification is the BIPM's: name its files, as a table (CSV), as linked data of the SI
/// Digital Framework (Turtle) or as the KCDB's interface gives its lists (JSON).
#[derive(Debug, clap::Args)]
struct Services {
    /// Files of the classification.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// List only those whose code or names have all of these words.
    #[arg(long, value_name = "WORDS")]
    find: Option<String>,
    /// A bundle, or a file that `etalon convert` takes: list the service categories of its records
    /// that are not in the classification; ends with 1 where there are any.
    #[arg(long, value_name = "FILE", conflicts_with = "find")]
    check: Option<PathBuf>,
}

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    match &arguments.command {
        Command::Fetch(arguments) => run_fetch(arguments, options),
        Command::Services(arguments) => run_services(arguments, options),
    }
}

fn run_fetch(arguments: &Fetch, options: Options) -> Result<Answer, Failure> {
    let url = match &arguments.url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => settings()?.kcdb.url,
    };
    let countries = Some(&arguments.countries).filter(|countries| !countries.is_empty());
    let countries = countries.map(|countries| ("countries", json!(countries)));
    let conditions = arguments.conditions.by_key().chain(countries);
    let search = Search::new(&arguments.area, conditions)
        .map_err(|message| Failure::new(Status::Usage, message))?;
    let plan = Plan {
        url,
        search,
        page_size: arguments.page_size,
        directory: arguments.output.clone(),
        interval: Duration::from_secs(arguments.interval),
        timeout: Duration::from_secs(arguments.timeout),
        restart: arguments.restart,
    };
    let progress = Progress::new(phrases::PAGES, options);
    let mut told = |done, all| progress.at_of(done, all);
    let mut world = World { now: &clock::now, pause: &mut clock::pause, told: &mut told };
    let report = fetch::fetch(&plan, &mut world).map_err(|failed| match failed {
        Failed::Unavailable(message) => Failure::new(Status::Unavailable, message),
        Failed::Unexpected(message) => Failure::new(Status::Refused, message),
        Failed::Files(message) => Failure::new(Status::Unwritable, message),
    })?;
    drop(progress);
    if options.json {
        return Answer::json(&report, Status::Good);
    }
    let holes = [
        ("rows", report.rows.to_string()),
        ("pages", report.pages.to_string()),
        ("kept", report.kept.to_string()),
        ("at", report.fetched_at.to_string()),
        ("file", quoted(Path::new(&report.snapshot))),
    ];
    let holes = holes.each_ref().map(|(name, text)| (*name, text.as_str()));
    let mut page = Page::new();
    page.line(Line::new().plain(&fill(phrases::FETCHED, options.language, &holes)));
    page.line(Line::new().plain(&fill(phrases::IMPORT_FETCHED, options.language, &holes)));
    Ok(Answer::new(page, Status::Good))
}

fn run_services(arguments: &Services, options: Options) -> Result<Answer, Failure> {
    let classification = classification(&arguments.files)?;
    if let Some(file) = &arguments.check {
        return check(&classification, file, options);
    }
    let found = services::found(&classification, arguments.find.as_deref().unwrap_or_default());
    if options.json {
        return Answer::json(&found, Status::Good);
    }
    let mut page = Page::new();
    for service in &found {
        print(&mut page, service, options);
    }
    let holes =
        [("found", found.len().to_string()), ("all", classification.services.len().to_string())];
    let holes = holes.each_ref().map(|(name, count)| (*name, count.as_str()));
    page.line(Line::new().plain(&fill(phrases::SERVICES_FOUND, options.language, &holes)));
    Ok(Answer::new(page, Status::Good))
}

fn classification(files: &[PathBuf]) -> Result<Classification, Failure> {
    let each = files.iter().map(|file| {
        let name = input::name(file);
        read(&input::read(file)?).map_err(|error| {
            let message = Text::new(format!("{name} bị từ chối"), format!("{name} is refused"));
            let faults = Faults(convert::faults(&name, error));
            Failure::with_faults(Status::Refused, message, faults)
        })
    });
    Ok(joined(each.collect::<Result<Vec<_>, _>>()?))
}

fn print(page: &mut Page, service: &Service, options: Options) {
    let mut line = Line::new().styled(BOLD, &service.code).plain("  ");
    line = line.plain(&service.names.join(" › "));
    if service.assigned == Some(false) {
        let closed = say(phrases::SERVICE_CLOSED, options.language);
        line = line.plain("  ").styled(DIM, closed);
    }
    page.hanging("", "    ", &line);
}

fn check(
    classification: &Classification,
    file: &Path,
    options: Options,
) -> Result<Answer, Failure> {
    let name = input::name(file);
    let odd = services::odd_categories(classification, &records(&name, &input::read(file)?)?);
    let status = if odd.is_empty() { Status::Good } else { Status::Bad };
    if options.json {
        return Answer::json(&json!({"file": name, "categories": odd}), status);
    }
    let mut page = Page::new();
    for one in &odd {
        let phrase = if one.known { phrases::SERVICE_CLOSED } else { phrases::CATEGORY_UNKNOWN };
        let mut line = Line::new().styled(BOLD, &one.category).plain("  ");
        line = line.plain(say(phrase, options.language));
        if one.count > 1 {
            line = line.plain(&format!("  ×{}", one.count));
        }
        page.line(line);
        page.hanging("    ", "    ", &Line::new().styled(DIM, &one.pointer));
    }
    if odd.is_empty() {
        let known = fill(phrases::CATEGORIES_KNOWN, options.language, &[("file", &name)]);
        page.line(Line::new().plain(&known));
    }
    Ok(Answer::new(page, status))
}

/// The records of a bundle or of a foreign file, whether or not they belong together.
fn records(name: &str, text: &str) -> Result<Records, Failure> {
    if outcome::recognise(text).is_none() {
        return Ok(bundle::read(text).records().clone());
    }
    let read = outcome::read(name, text).map_err(|error| {
        let message = Text::new(format!("{name} bị từ chối"), format!("{name} is refused"));
        Failure::with_faults(Status::Refused, message, Faults(convert::faults(name, error)))
    });
    Ok(read?.records)
}
