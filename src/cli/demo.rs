//! `etalon demo`: three questions to the demonstration country, and their answers. The same at
//! every run: day of use and state of knowledge are fixed.

use std::path::PathBuf;

use serde_json::json;

use crate::app::bundle::Loaded;
use crate::app::verify::Moment;
use crate::domain::claim::{Claim, KnownAt};
use crate::domain::fault::Faults;
use crate::domain::text::Text;
use crate::engine::finding::Phrase;
use crate::engine::report::RenderedReport;

use super::failure::Status;
use super::page::{Line, Page};
use super::phrases;
use super::style::{BOLD, DIM};
use super::view::View;
use super::{Answer, Failure, Options, report};

/// Shows a chain that is traceable, one that is not, and one that is undetermined.
///
/// Answers three claims on the demonstration country that comes with the program. Nothing is
/// stored and nothing is served: --data-dir and the server come with the next release.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Do not start the server. There is none in this release.
    #[arg(long)]
    no_serve: bool,
    /// Where the registry keeps its data. This release keeps none.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

static COUNTRY: &str = include_str!("../../examples/viet-nam.json");
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
    // Both wait for the server and the storage; what they will do is said in their help.
    let Arguments { no_serve: _, data_dir: _ } = arguments;
    let country = Loaded::parse(COUNTRY).map_err(broken)?;
    let reports = QUESTIONS.iter().map(|question| answer(&country, question));
    let reports: Vec<RenderedReport> = reports.collect::<Result<_, _>>().map_err(broken)?;
    if options.json {
        let answers = json!({"stored": false, "served": false, "reports": reports});
        return Answer::json(&answers, Status::Good);
    }
    let view = View::new(&country.records, options.language);
    let mut page = Page::new();
    page.line(Line::new().styled(BOLD, view.say(phrases::DEMO_TITLE)));
    let count = country.records.len().to_string();
    page.line(Line::new().plain(&view.fill(phrases::DEMO_RECORDS, &[("count", &count)])));
    page.line(Line::new().plain(view.say(phrases::DEMO_NOTHING_KEPT)));
    for (question, report) in QUESTIONS.iter().zip(&reports) {
        page.blank();
        page.rule();
        page.line(Line::new().styled(BOLD, view.say(question.heading)));
        page.blank();
        report::print(&mut page, &view, report);
        page.blank();
        page.line(Line::new().styled(DIM, view.say(phrases::DEMO_AGAIN)));
        for line in question.command() {
            page.line(Line::new().styled(DIM, &line));
        }
    }
    Ok(Answer::new(page, Status::Good))
}

impl Question {
    /// The command that asks the same, in two lines that a shell takes as one.
    fn command(&self) -> [String; 2] {
        let Self { standard, quantity_kind, value, unit, .. } = self;
        [
            format!(
                "  etalon verify --bundle examples/viet-nam.json --standard {standard} \
                 --quantity {quantity_kind} \\"
            ),
            format!(
                "    --point \"{value} {unit}\" --used-on {USED_ON} --known-at {KNOWN_AT} \
                 --policy {POLICY}"
            ),
        ]
    }
}

fn answer(country: &Loaded, question: &Question) -> Result<RenderedReport, Faults> {
    let claim: Claim = deserr::deserialize::<_, _, Faults>(json!({
        "standard": country.standard(question.standard)?.id,
        "quantity_kind": question.quantity_kind,
        "point": {"value": question.value, "unit": question.unit},
        "used_on": USED_ON,
        "known_at": KNOWN_AT,
        "policy": POLICY,
    }))?;
    let (Some(today), Some(KnownAt::Instant(now))) = (claim.used_on, claim.known_at) else {
        return Err(Faults::default());
    };
    country.answer(&claim, Moment { now, today })
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
