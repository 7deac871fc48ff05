//! `etalon demo`: the demonstration country in an embedded database, three questions to it, and
//! their answers. The same at every run: day of use and state of knowledge are fixed.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::app::bundle::Loaded;
use crate::app::import::{self, Failed, Report};
use crate::app::refusal::Refusal;
use crate::app::registry::Registry;
use crate::app::verify::Moment;
use crate::domain::claim::{Claim, KnownAt};
use crate::domain::fault::Faults;
use crate::domain::period::{Day, Instant};
use crate::domain::text::Text;
use crate::engine::finding::Phrase;
use crate::engine::report::RenderedReport;
use crate::store::DatabaseUrl;
use crate::telemetry;

use super::database::{self, Database};
use super::failure::Status;
use super::page::{Line, Page};
use super::phrases::{self, fill, say};
use super::serve::{Served, ServerArguments};
use super::style::{BOLD, DIM};
use super::view::View;
use super::{Answer, Failure, Options, print, quoted, report};

/// Shows a chain that is traceable, one that is not, and one that is undetermined.
///
/// Loads the demonstration country that comes with the program into an embedded database, answers
/// three claims from there, and serves the registry over HTTP until Ctrl-C.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Do not serve: end after the answers.
    #[arg(long)]
    no_serve: bool,
    #[command(flatten)]
    server: ServerArguments,
    /// Where the database is kept; it is temporary when absent.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

static COUNTRY: &str = include_str!("../../examples/viet-nam.json");
const FILE: &str = "examples/viet-nam.json";
/// Whose records they are, so that a second run finds them.
const SOURCE: &str = "viet-nam";
/// The directory that is suggested to whoever has named none.
const SUGGESTED: &str = "etalon-demo";
const USED_ON: &str = "2026-11-01";
const KNOWN_AT: &str = "2026-11-20T00:00:00Z";
const POLICY: &str = "vn-2026";

/// A question: its heading, the standard by its code, quantity kind and point.
struct Question {
    heading: Phrase,
    standard: &'static str,
    quantity_kind: &'static str,
    value: &'static str,
    unit: &'static str,
}

static QUESTIONS: [Question; 3] = [
    Question {
        heading: phrases::DEMO_TRACEABLE,
        standard: "W-1KG-01",
        quantity_kind: "conventional_mass",
        value: "1",
        unit: "kg",
    },
    Question {
        heading: phrases::DEMO_NOT_TRACEABLE,
        standard: "W-500G-01",
        quantity_kind: "conventional_mass",
        value: "500",
        unit: "g",
    },
    Question {
        heading: phrases::DEMO_UNDETERMINED,
        standard: "TQ-100-01",
        quantity_kind: "torque",
        value: "100",
        unit: "N.m",
    },
];

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    let Arguments { no_serve, server, data_dir } = arguments;
    let temporary = match data_dir {
        Some(_) => None,
        None => Some(database::temporary()?),
    };
    let directory = data_dir.as_deref().or(temporary.as_ref().map(|directory| directory.path()));
    let directory = directory.unwrap_or(Path::new(SUGGESTED));
    let place = Database::in_directory(directory);
    let registry = place.registry_for_writing()?;
    let loaded = load(&registry)?;
    let served = match no_serve {
        true => None,
        false => Some(prepare(&registry, &place.url()?, server)?),
    };
    let answers = QUESTIONS.iter().map(|question| answer(&registry, question));
    let answers: Vec<(Loaded, RenderedReport)> = answers.collect::<Result<_, _>>()?;
    let database = data_dir.is_some().then(|| registry.store().url().to_string());
    if options.json {
        let reports: Vec<&RenderedReport> = answers.iter().map(|(_, report)| report).collect();
        let answers = json!({
            "database": database,
            "served": served.as_ref().map(Served::address),
            "created": loaded.created,
            "unchanged": loaded.unchanged,
            "reports": reports,
        });
        let answer = Answer::json(&answers, Status::Good)?;
        return match served {
            None => Ok(answer),
            Some(served) => after(answer, served, options),
        };
    }
    let language = options.language;
    let mut page = Page::new();
    page.line(Line::new().styled(BOLD, say(phrases::DEMO_TITLE, language)));
    let count = loaded.records.to_string();
    page.line(Line::new().plain(&fill(phrases::DEMO_RECORDS, language, &[("count", &count)])));
    let place = match &database {
        None => say(phrases::DEMO_TEMPORARY, language).to_owned(),
        Some(database) => {
            let found = loaded.created == 0;
            let phrase = if found { phrases::DEMO_FOUND } else { phrases::DEMO_LOADED };
            fill(phrase, language, &[("database", database)])
        }
    };
    page.line(Line::new().plain(&place));
    for (question, (loaded, report)) in QUESTIONS.iter().zip(&answers) {
        page.blank();
        page.rule();
        page.line(Line::new().styled(BOLD, say(question.heading, language)));
        page.blank();
        report::print(&mut page, &View::new(&loaded.records, language), report);
        page.blank();
        page.line(Line::new().styled(DIM, say(phrases::DEMO_AGAIN, language)));
        for line in question.command(data_dir.as_deref()) {
            page.line(Line::new().styled(DIM, &line));
        }
    }
    page.blank();
    page.rule();
    let go_on = match &database {
        None => say(phrases::DEMO_KEEP, language).to_owned(),
        Some(database) => fill(phrases::DEMO_GO_ON, language, &[("database", database)]),
    };
    page.line(Line::new().styled(DIM, &go_on));
    for line in next_commands(data_dir.as_deref()) {
        page.line(Line::new().styled(DIM, &line));
    }
    let Some(served) = served else { return Ok(Answer::new(page, Status::Good)) };
    page.blank();
    page.line(Line::new().styled(DIM, say(phrases::DEMO_OVER_HTTP, language)));
    for line in over_http(&registry, served.address())? {
        page.line(Line::new().styled(DIM, &line));
    }
    page.blank();
    after(Answer::new(page, Status::Good), served, options)
}

/// Listens, before anything is said of where.
fn prepare(
    registry: &Registry,
    url: &DatabaseUrl,
    server: &ServerArguments,
) -> Result<Served, Failure> {
    let mut config = database::settings()?;
    config.logging.filter = "warn".to_owned();
    telemetry::init(&config.logging).map_err(|text| Failure::new(Status::Usage, text))?;
    Served::prepare(registry.clone(), url, config, server)
}

/// Says what was answered, and serves.
fn after(answer: Answer, served: Served, options: Options) -> Result<Answer, Failure> {
    print(&mut anstream::stdout(), &answer.text)?;
    served.set_up_key(options)?;
    served.run(options)
}

/// What may be tried over HTTP: the first question, asked of today.
fn over_http(registry: &Registry, address: &str) -> Result<Vec<String>, Failure> {
    let at = registry.head()?.log_index;
    let standard = registry.standard_named(QUESTIONS[0].standard, at)?;
    Ok(vec![
        // In two, so that neither is broken where lines end.
        format!("  at={address}/api/v1/measurement_standards/{standard}"),
        format!("  curl -s \"$at/traceability?used_on={USED_ON}&policy={POLICY}\""),
        format!("  {address}/docs"),
    ])
}

impl Question {
    /// The command that asks the same, in two lines that a shell takes as one.
    fn command(&self, data_dir: Option<&Path>) -> [String; 2] {
        let Self { standard, quantity_kind, value, unit, .. } = self;
        let place = match data_dir {
            Some(directory) => format!("--data-dir {}", quoted(directory)),
            None => format!("--bundle {FILE}"),
        };
        [
            format!("  etalon verify {place} --standard {standard} --quantity {quantity_kind} \\"),
            format!(
                "    --point \"{value} {unit}\" --used-on {USED_ON} --known-at {KNOWN_AT} \
                 --policy {POLICY}"
            ),
        ]
    }
}

/// What may be tried with the records.
fn next_commands(data_dir: Option<&Path>) -> Vec<String> {
    let directory = quoted(data_dir.unwrap_or(Path::new(SUGGESTED)));
    let keep = data_dir.is_none().then(|| format!("  etalon demo --data-dir {directory}"));
    let mut commands: Vec<String> = keep.into_iter().collect();
    commands.extend([
        format!("  etalon list measurement_standards --words \"E2\" --data-dir {directory}"),
        format!("  etalon verify --standard GB-100-02 --data-dir {directory}"),
        format!("  etalon log verify --data-dir {directory}"),
    ]);
    commands
}

/// Puts the country into the registry, where it is not there already.
fn load(registry: &Registry) -> Result<Report, Failure> {
    let source = Some(SOURCE.to_owned());
    let how = import::Options { source, historical: true, ..import::Options::default() };
    // Its history reaches up to the day of its questions, whatever the clock of this machine says.
    let mut author = database::author();
    author.now = author.now.max(moment().map_err(broken)?.0);
    registry.import(FILE, COUNTRY, &how, &author, &mut |_, _| {}).map_err(|failed| match failed {
        Failed::Refused(Refusal::NotEmpty { .. }) => another(registry),
        Failed::Refused(Refusal::Faults(faults)) => broken(faults),
        Failed::Refused(refusal) => Failure::from(refusal),
        Failed::Unreadable(_) => broken(Faults::default()),
    })
}

fn another(registry: &Registry) -> Failure {
    let database = registry.store().url();
    let message = Text::new(
        format!(
            "{database} là một sổ đăng ký khác, không phải của lệnh demo này; không có gì được ghi: \
             hãy nêu thư mục khác bằng --data-dir"
        ),
        format!(
            "{database} is another registry than that of this demonstration; nothing was written: \
             name another directory with --data-dir"
        ),
    );
    Failure::new(Status::Refused, message)
}

/// The answer to a question, and the records that it speaks of.
fn answer(registry: &Registry, question: &Question) -> Result<(Loaded, RenderedReport), Failure> {
    let answer = || -> Result<_, Refusal> {
        let (now, today) = moment()?;
        let at = registry.index_at(Some(KnownAt::Instant(now)), now)?;
        let standard = registry.standard_named(question.standard, at)?;
        let claim: Claim = deserr::deserialize::<_, _, Faults>(json!({
            "standard": standard,
            "quantity_kind": question.quantity_kind,
            "point": {"value": question.value, "unit": question.unit},
            "used_on": USED_ON,
            "known_at": KNOWN_AT,
            "policy": POLICY,
        }))?;
        let loaded = registry.load(&claim.standard, None, at)?;
        let report = loaded.answer(&claim, Moment { now, today })?;
        Ok((loaded, report))
    };
    answer().map_err(|refusal| match refusal {
        Refusal::Faults(faults) => broken(faults),
        other => Failure::from(other),
    })
}

/// The state of knowledge and the day of use, at which the questions are asked.
fn moment() -> Result<(Instant, Day), Faults> {
    match (Instant::parse(KNOWN_AT), Day::parse(USED_ON)) {
        (Ok(now), Ok(today)) => Ok((now, today)),
        _ => Err(Faults::default()),
    }
}

/// The demonstration country is part of the program: when it cannot answer, the program is wrong.
fn broken(Faults(faults): Faults) -> Failure {
    let faults: Vec<String> =
        faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.message.en)).collect();
    let faults = faults.join("; ");
    Failure::new(
        Status::Internal,
        Text::new(
            format!("nước minh hoạ đi kèm chương trình không trả lời được: {faults}"),
            format!("the demonstration country inside the program cannot answer: {faults}"),
        ),
    )
}
