//! `etalon audit`: every standard of the registry or of a bundle, answered and counted.

use std::path::PathBuf;

use deserr::deserialize;
use serde::Serialize;
use serde_json::Value;

use crate::app::audit::{AuditTotals, AuditedStandard, Question, Told, audit_bundle};
use crate::app::bundle::Loaded;
use crate::app::verify::{DEFAULT_POLICY, shipped};
use crate::domain::claim::{KnownAt, Purpose};
use crate::domain::fault::Faults;
use crate::domain::period::Day;
use crate::domain::text::Language;
use crate::engine::finding::Outcome;
use crate::engine::report::Verdict;
use crate::engine::rules::TABLE;

use super::database::Database;
use super::failure::{Places, Status};
use super::known_at::KnownAtOption;
use super::page::{Line, Page};
use super::phrases::{self, fill, say};
use super::progress::Progress;
use super::style::{BOLD, DIM};
use super::{Answer, Failure, Options, input, list, policy, present};

/// Standards that are listed when nobody wants all.
const LISTED: usize = 40;

/// Audits standards: is every result of every one traceable?
///
/// Each standard is asked for every result of its current certificates, and its worst verdict
/// counts. Says how many have which verdict, which rules are not met and what would settle what is
/// undetermined, and lists the standards that are not plainly traceable.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A bundle with the records, instead of the registry.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["database", "data_dir", "filters"])]
    bundle: Option<PathBuf>,
    /// Only standards with this value in a field, such as legal_level=national or owner=ID; may be
    /// given several times (etalon list --help names the fields).
    #[arg(long = "filter", value_name = "NAME=VALUE")]
    filters: Vec<String>,
    /// The day of use; today when absent.
    #[arg(long, value_name = "DATE")]
    used_on: Option<String>,
    #[command(flatten)]
    known_at: KnownAtOption,
    /// The policy: ilac-p10 (international), vn-2026 (with Vietnamese measurement law), one of the
    /// registry by its id or id@version, or a file with one (docs/policies.md).
    #[arg(long, value_name = "ID|FILE", default_value = DEFAULT_POLICY)]
    policy: String,
    /// What the standards are used for: calibration, or group_2_verification under Vietnamese law.
    #[arg(long, value_name = "WHAT")]
    purpose: Option<String>,
    /// List every standard, the traceable ones too.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    database: Database,
}

static OPTIONS: Places = &[
    ("filter", "--filter"),
    ("used_on", "--used-on"),
    ("known_at", "--known-at"),
    ("policy", "--policy"),
    ("purpose", "--purpose"),
];

#[derive(Serialize)]
struct Audit {
    items: Vec<AuditedStandard>,
    totals: AuditTotals,
}

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    let question = Question {
        used_on: read::<Day>(arguments.used_on.as_ref(), "/used_on")?,
        known_at: None,
        policy: Some(arguments.policy.clone()),
        purpose: read::<Purpose>(arguments.purpose.as_ref(), "/purpose")?,
    };
    let own = policy::of_file(&arguments.policy)?;
    let mut items = Vec::new();
    let progress = Progress::new(phrases::STANDARDS, options);
    let (mut done, mut all) = (0, 0);
    let mut told = |told: Told<'_>| {
        match told {
            Told::Expected(standards) => all = standards,
            Told::Standard(standard) => {
                done += 1;
                items.push(standard.clone());
            }
            Told::Claim(_) => {}
        }
        progress.at_of(done, all);
        true
    };
    let totals = match &arguments.bundle {
        Some(path) => {
            let (name, text) = (input::name(path), input::read(path)?);
            let loaded = Loaded::parse(&text).map_err(|faults| Failure::refused(&name, faults))?;
            let question = Question { known_at: arguments.known_at.read(OPTIONS)?, ..question };
            let named = || shipped(question.policy.as_deref());
            let policy = own.as_ref().map_or_else(named, Ok);
            let policy = policy.map_err(|faults| Failure::options(faults, OPTIONS))?;
            let totals = audit_bundle(&loaded, &question, policy, present(), &mut told);
            totals.map_err(|faults| Failure::options(faults, OPTIONS))?
        }
        None => {
            let filters = list::filters_of(&arguments.filters, OPTIONS)?;
            let registry = arguments.database.registry()?;
            let at = arguments.known_at.index(&registry, OPTIONS)?;
            let question = Question { known_at: Some(KnownAt::LogIndex(at)), ..question };
            let totals =
                registry.audit(&filters, &question, own.as_ref(), None, present(), &mut told);
            totals.map_err(|refusal| Failure::of_options(refusal, OPTIONS))?
        }
    };
    drop(progress);
    let count = |verdict| totals.verdicts.iter().any(|one| one.verdict == verdict && one.count > 0);
    let status = match (count(Verdict::NotTraceable), count(Verdict::Undetermined)) {
        (true, _) => Status::Bad,
        (false, true) => Status::Undetermined,
        (false, false) => Status::Good,
    };
    if options.json {
        return Answer::json(&Audit { items, totals }, status);
    }
    let mut page = Page::new();
    print(&mut page, &totals, options.language);
    print_standards(&mut page, &items, arguments.all, options.language);
    Ok(Answer::new(page, status))
}

/// An option as the field of a claim.
fn read<T: deserr::Deserr<Faults>>(
    text: Option<&String>,
    pointer: &str,
) -> Result<Option<T>, Failure> {
    let Some(text) = text else { return Ok(None) };
    deserialize::<T, _, Faults>(Value::from(text.as_str())).map(Some).map_err(
        |Faults(mut faults)| {
            faults.iter_mut().for_each(|fault| fault.pointer = pointer.to_owned());
            Failure::options(Faults(faults), OPTIONS)
        },
    )
}

fn print(page: &mut Page, totals: &AuditTotals, language: Language) {
    let (answers, results) = (totals.answers.to_string(), totals.results.to_string());
    let holes = [("standards", answers.as_str()), ("results", results.as_str())];
    page.line(Line::new().styled(BOLD, &fill(phrases::AUDITED, language, &holes)));
    let width = answers.len() + 2;
    for one in &totals.verdicts {
        let count = format!("{:>width$}  ", one.count);
        let verdict = say(phrases::verdict_in_list(one.verdict), language);
        page.line(Line::new().plain(&count).plain(verdict));
    }
    if !totals.rules.is_empty() {
        page.blank();
        page.line(Line::new().styled(BOLD, say(phrases::RULES_NOT_MET, language)));
    }
    for one in &totals.rules {
        let outcomes = [
            (one.fail, phrases::outcome(Outcome::Fail)),
            (one.indeterminate, phrases::outcome(Outcome::Indeterminate)),
            (one.remark, phrases::outcome(Outcome::Remark)),
        ];
        let counts = outcomes.iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts
            .map(|(count, outcome)| format!("{}: {count}", say(*outcome, language)))
            .collect();
        let statement = TABLE.iter().find(|rule| rule.id == one.rule).map(|rule| rule.statement);
        let statement = statement.map_or("", |statement| say(statement, language));
        let line = Line::new().plain(&counts.join(", ")).styled(DIM, &format!("  {statement}"));
        page.hanging(&format!("  {}  ", one.rule), "        ", &line);
    }
    if !totals.missing.is_empty() {
        page.blank();
        page.line(Line::new().styled(BOLD, say(phrases::WOULD_SETTLE, language)));
    }
    for one in &totals.missing {
        let line = Line::new().plain(one.what.in_language(language));
        let line = line.styled(DIM, &format!(" ({})", one.rule));
        page.hanging(&format!("{:>width$}  ", one.count), &" ".repeat(width + 2), &line);
    }
}

fn print_standards(page: &mut Page, items: &[AuditedStandard], all: bool, language: Language) {
    let told = |item: &&AuditedStandard| all || item.summary.verdict != Verdict::Traceable;
    let mut told: Vec<&AuditedStandard> = items.iter().filter(told).collect();
    // The worst first; of equals in the order of their ids.
    told.sort_by_key(|item| std::cmp::Reverse(item.summary.verdict));
    if told.is_empty() {
        return;
    }
    let listed = if all { told.len() } else { told.len().min(LISTED) };
    page.blank();
    page.line(Line::new().styled(BOLD, say(phrases::AUDITED_STANDARDS, language)));
    for item in &told[..listed] {
        let name = item.code.as_deref().unwrap_or(item.standard.as_str());
        let rules: Vec<&str> = item.summary.rules.iter().map(|one| one.rule).collect();
        let line = Line::new().styled(BOLD, name).plain("  ");
        let line = line.plain(say(phrases::verdict_in_list(item.summary.verdict), language));
        page.hanging("  ", "      ", &line.styled(DIM, &format!("  {}", rules.join(", "))));
    }
    if listed < told.len() {
        let more = (told.len() - listed).to_string();
        let text = fill(phrases::MORE_STANDARDS, language, &[("count", &more)]);
        page.line(Line::new().styled(DIM, &text));
    }
}
