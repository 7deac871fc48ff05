//! `etalon impact`: what is affected by something that turned out to be bad, of the registry or of a
//! bundle; for eyes, as JSON or as CSV.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use deserr::deserialize;
use serde_json::{Map, Value, json};

use crate::app::bundle::Loaded;
use crate::app::impact::{AffectedCertificate, ImpactAnswer};
use crate::app::refusal::Refusal;
use crate::app::verify::DEFAULT_POLICY;
use crate::clock;
use crate::domain::fault::{Fault, Faults};
use crate::domain::impact::{ImpactQuestion, ImpactSubjectKind};
use crate::domain::nonconformity::Significance;
use crate::domain::period::Day;
use crate::domain::text::Language;
use crate::engine::policy::Policy;

use super::database::Database;
use super::failure::{Places, Status};
use super::known_at::KnownAtOption;
use super::page::{FIRM_BLANK, Line, Page};
use super::phrases::{self, fill, say};
use super::style::{BAD, BOLD, DIM, GOOD, OPEN};
use super::view::quantity;
use super::{Answer, Failure, Options, input, verify};

/// Says what is affected by something that turned out to be bad.
///
/// Everything that was made with it within the window and what was made with that, with its
/// significance (ISO/IEC 17025, 7.10): the shift in units of the expanded uncertainty.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// What is bad, by its id: a certificate (or its number), a standard (or its code), an
    /// organisation, an accreditation, a realisation, or an epoch such as kg-2023-03-01.
    subject: String,
    /// What it is, where the name alone does not say.
    #[arg(long, value_name = "KIND", value_parser = kinds(), hide_possible_values = true)]
    kind: Option<ImpactSubjectKind>,
    /// A bundle with the records, instead of the registry.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["database", "data_dir"])]
    bundle: Option<PathBuf>,
    /// First day on which a use counts; from the last good evidence when absent.
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// Last day on which a use counts, that of the detection; as recorded when absent.
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// By how much the value is off, such as "12 uV", or "0.7 uV/V" relative to it; what later
    /// certificates show when absent.
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    shift: Option<String>,
    /// The policy with the limits of significance.
    #[arg(long, value_name = "ID", default_value = DEFAULT_POLICY)]
    #[arg(value_parser = PossibleValuesParser::new(Policy::SHIPPED))]
    policy: String,
    #[command(flatten)]
    known_at: KnownAtOption,
    /// An earlier state of knowledge: traceability then and now is said of each certificate.
    #[arg(long, value_name = "INSTANT|INDEX")]
    compared_with: Option<String>,
    /// Certificates of a page, at most 200.
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Go on where the page before ended, with the same state of knowledge.
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
    /// Print every affected certificate as CSV.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    #[command(flatten)]
    database: Database,
}

/// The parts of the question by their options.
static OPTIONS: Places = &[
    ("subject", "SUBJECT"),
    ("window_from", "--from"),
    ("window_to", "--to"),
    ("shift", "--shift"),
    ("policy", "--policy"),
    ("known_at", "--known-at"),
    ("compared_with", "--compared-with"),
    ("limit", "--limit"),
    ("cursor", "--cursor"),
];

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    let question = question(arguments).map_err(|faults| Failure::options(faults, OPTIONS))?;
    match &arguments.bundle {
        Some(path) => {
            let (name, text) = (input::name(path), input::read(path)?);
            let loaded = Loaded::parse(&text).map_err(|faults| Failure::refused(&name, faults))?;
            let refused = |faults| Failure::of_options(Refusal::Faults(faults), OPTIONS);
            let subject = loaded.impact_subject(&arguments.subject, arguments.kind);
            let question = ImpactQuestion { subject: subject.map_err(refused)?, ..question };
            if arguments.csv {
                return Ok(table(loaded.impact(&question).map_err(refused)?.csv()));
            }
            shown(&loaded.impact_page(&question).map_err(refused)?, arguments, options)
        }
        None => {
            let registry = arguments.database.registry()?;
            let refused = |refusal: Refusal| Failure::of_options(refusal, OPTIONS);
            let now = clock::now();
            let at = registry.index_at(question.known_at, now).map_err(refused)?;
            let subject = registry.impact_subject(&arguments.subject, arguments.kind, at);
            let question = ImpactQuestion { subject: subject.map_err(refused)?, ..question };
            if arguments.csv {
                return Ok(table(registry.impact_csv(&question, None, now).map_err(refused)?.0));
            }
            shown(&registry.impact(&question, None, now).map_err(refused)?, arguments, options)
        }
    }
}

fn table(text: String) -> Answer {
    Answer { text, notes: String::new(), status: Status::Good }
}

fn shown(
    answer: &ImpactAnswer,
    arguments: &Arguments,
    options: Options,
) -> Result<Answer, Failure> {
    if options.json {
        return Answer::json(answer, Status::Good);
    }
    let mut page = Page::new();
    print(&mut page, arguments, answer, options.language);
    Ok(Answer::new(page, Status::Good))
}

/// The question of the options; what it is about is looked up later.
fn question(arguments: &Arguments) -> Result<ImpactQuestion, Faults> {
    let mut faults = Vec::new();
    let shift = arguments.shift.as_ref().and_then(|text| match verify::quantity(text) {
        Ok(value) => Some(value),
        Err(message) => {
            faults.push(Fault::error("/shift", "bad_option", message));
            None
        }
    });
    let kind = arguments.kind.unwrap_or(ImpactSubjectKind::Calibration);
    let text = |text: &Option<String>| text.as_ref().map(|text| json!(text));
    let compared_with = arguments.compared_with.as_ref().map(|text| match text.parse::<u64>() {
        Ok(index) => json!(index),
        Err(_) => json!(text),
    });
    let fields = [
        ("subject", Some(json!({"kind": kind.as_str(), "id": arguments.subject}))),
        ("window_from", text(&arguments.from)),
        ("window_to", text(&arguments.to)),
        ("shift", shift),
        ("policy", Some(json!(arguments.policy))),
        ("known_at", arguments.known_at.as_field()),
        ("compared_with", compared_with),
        ("limit", arguments.limit.map(|limit| json!(limit))),
        ("cursor", text(&arguments.cursor)),
    ];
    let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let read =
        deserialize::<ImpactQuestion, _, Faults>(Value::Object(given.collect::<Map<_, _>>()));
    match read {
        Ok(question) if faults.is_empty() => Ok(question),
        Ok(_) => Err(Faults(faults)),
        Err(Faults(others)) => {
            faults.extend(others);
            Err(Faults(faults))
        }
    }
}

fn kinds() -> impl TypedValueParser<Value = ImpactSubjectKind> {
    let words = ImpactSubjectKind::ALL.iter().map(|kind| kind.as_str());
    PossibleValuesParser::new(words)
        .map(|word| ImpactSubjectKind::from_word(&word).unwrap_or(ImpactSubjectKind::Calibration))
}

fn print(page: &mut Page, arguments: &Arguments, answer: &ImpactAnswer, language: Language) {
    let plain = |text: &str| Line::new().plain(text);
    page.line(Line::new().styled(BOLD, &arguments.subject));
    let window = &answer.window;
    let end = |day: Option<Day>, bound| {
        let bound = say(phrases::bound(bound), language);
        day.map_or_else(|| bound.to_owned(), |day| format!("{day} ({bound})"))
    };
    let holes = [("from", end(window.from, window.from_is)), ("to", end(window.to, window.to_is))];
    page.line(plain(&filled(phrases::IMPACT_WINDOW, language, &holes)));
    page.line(plain(&match &answer.shift {
        Some(shift) => filled(phrases::IMPACT_SHIFT, language, &[("shift", quantity(shift))]),
        None => say(phrases::IMPACT_SHIFT_SHOWN, language).to_owned(),
    }));
    let counts = &answer.counts;
    page.blank();
    let holes = [
        ("certificates", counts.certificates.to_string()),
        ("standards", counts.standards.to_string()),
        ("organisations", counts.organisations.to_string()),
    ];
    page.line(Line::new().styled(BOLD, &filled(phrases::IMPACT_COUNTS, language, &holes)));
    let count = |phrase, count: u32| filled(phrase, language, &[("count", count.to_string())]);
    page.line(
        Line::new()
            .styled(BAD, &count(phrases::IMPACT_SIGNIFICANT, counts.significant))
            .plain(", ")
            .styled(OPEN, &count(phrases::IMPACT_REVIEW, counts.review))
            .plain(", ")
            .styled(GOOD, &count(phrases::IMPACT_INSIGNIFICANT, counts.insignificant))
            .plain("; ")
            .plain(&count(phrases::IMPACT_UNDECIDED, counts.undecided)),
    );
    if counts.used_before_window + counts.used_after_window > 0 {
        let holes = [
            ("before", counts.used_before_window.to_string()),
            ("after", counts.used_after_window.to_string()),
        ];
        page.line(plain(&filled(phrases::IMPACT_OUTSIDE, language, &holes)));
    }
    for item in &answer.items {
        page.blank();
        certificate(page, item, answer, language);
    }
    if !answer.statement.is_empty() {
        page.blank();
        page.line(Line::new().styled(BOLD, say(phrases::IMPACT_TO_TELL, language)));
    }
    for statement in &answer.statement {
        let holes = [
            ("laboratory", statement.organisation_name.in_language(language).to_owned()),
            ("customer", statement.customer_name.in_language(language).to_owned()),
        ];
        page.hanging("  ", "  ", &plain(&filled(phrases::IMPACT_TELLS, language, &holes)));
        let holes = [
            ("certificates", statement.certificates.to_string()),
            ("items", statement.items.to_string()),
            ("to_do", statement.to_do.in_language(language).to_owned()),
        ];
        page.hanging("    ", "    ", &plain(&filled(phrases::IMPACT_OF_THEM, language, &holes)));
    }
    page.blank();
    let (records, index) = (answer.items.len().to_string(), answer.log_index.to_string());
    let holes = [("records", records.as_str()), ("index", index.as_str())];
    page.line(Line::new().styled(DIM, &fill(phrases::AS_KNOWN, language, &holes)));
    if let Some(cursor) = &answer.next_cursor {
        // One line, so that it can be copied.
        let option = format!("--cursor{FIRM_BLANK}{cursor}");
        let text = fill(phrases::LIST_MORE, language, &[("option", &option)]);
        page.line(Line::new().styled(DIM, &text));
    }
}

fn filled(
    phrase: crate::engine::finding::Phrase,
    language: Language,
    holes: &[(&str, String)],
) -> String {
    let holes: Vec<(&str, &str)> =
        holes.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fill(phrase, language, &holes)
}

/// An affected certificate: its number and item, how much it matters and why.
fn certificate(
    page: &mut Page,
    item: &AffectedCertificate,
    answer: &ImpactAnswer,
    language: Language,
) {
    let significance = item.significance.unwrap_or(Significance::Review);
    let (style, sign) = match significance {
        Significance::Insignificant => (GOOD, "✓"),
        Significance::Review => (OPEN, "?"),
        Significance::Significant => (BAD, "✗"),
    };
    let number = item.number.as_deref().unwrap_or(&item.calibration);
    let code = item.code.as_deref().or(item.item.as_deref()).unwrap_or_default();
    let line = Line::new()
        .styled(style, &format!("{sign} {}", say(phrases::significance(significance), language)))
        .plain("  ")
        .styled(BOLD, number)
        .plain("  ")
        .plain(code);
    page.hanging("", "    ", &line);
    let name = |id: &Option<String>| {
        let id = id.clone().unwrap_or_default();
        let statements = answer.statement.iter();
        let names = statements.flat_map(|one| {
            [(&one.organisation, &one.organisation_name), (&one.customer, &one.customer_name)]
        });
        let mut names = names.filter(|(other, _)| **other == id);
        names.next().map_or(id.clone(), |(_, name)| name.in_language(language).to_owned())
    };
    let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    let (from, to) = (day(item.performed_from), day(item.performed_to));
    let when = match from == to {
        true => from,
        false => format!("{from} … {to}"),
    };
    let mut texts = vec![filled(
        phrases::IMPACT_MADE,
        language,
        &[
            ("when", when),
            ("depth", item.depth.to_string()),
            ("owner", name(&item.owner)),
            ("issuer", name(&item.issuer)),
        ],
    )];
    texts.extend(item.message.as_ref().map(|text| text.in_language(language).to_owned()));
    if let Some(decided) = item.decided {
        let decided = say(phrases::significance(decided), language).to_owned();
        texts.push(filled(phrases::IMPACT_DECIDED, language, &[("decided", decided)]));
    }
    if let (Some(before), Some(now)) = (item.traceability_before, item.traceability) {
        let word = |standing| say(phrases::standing(standing), language).to_owned();
        let holes = [("before", word(before)), ("now", word(now))];
        texts.push(filled(phrases::IMPACT_STANDING, language, &holes));
    }
    for text in texts {
        page.hanging("    ", "    ", &Line::new().plain(&text));
    }
}
