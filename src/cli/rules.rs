//! `etalon rules`: the rules of the catalogue that this version evaluates, under a policy.

use crate::app::rules::{RuleEntry, entry};
use crate::app::verify::DEFAULT_POLICY;
use crate::engine::policy::Policy;
use crate::engine::rules::TABLE;

use super::database::Database;
use super::failure::Status;
use super::page::{Line, Page};
use super::phrases::{self, fill, say};
use super::style::{BOLD, DIM};
use super::{Answer, Failure, Options, policy};

/// Lists the rules that are evaluated, with how much each counts.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The policy: ilac-p10, vn-2026, one of the registry by its id or id@version, or a file with
    /// one.
    #[arg(long, value_name = "ID|FILE", default_value = DEFAULT_POLICY)]
    policy: String,
    #[command(flatten)]
    database: Database,
}

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    let policy = policy::named(&arguments.policy, &arguments.database)?;
    if options.json {
        let entries: Vec<RuleEntry> = TABLE.iter().map(|rule| entry(rule, [&*policy])).collect();
        return Answer::json(&entries, Status::Good);
    }
    let mut page = Page::new();
    print(&mut page, &policy, options);
    Ok(Answer::new(page, Status::Good))
}

fn print(page: &mut Page, policy: &Policy, options: Options) {
    /// Columns of an id, and of how much it counts.
    const WIDTHS: [usize; 2] = [6, 17];
    let language = options.language;
    for rule in TABLE {
        let counts = say(phrases::switch(policy.counts(rule)), language);
        let mut line = Line::new().styled(BOLD, rule.id).padded(WIDTHS[0]).plain(counts);
        line = line.padded(WIDTHS[0] + WIDTHS[1]).plain(say(rule.statement, language));
        line = line.styled(DIM, &format!(" [{}]", rule.source.shown()));
        page.hanging("", &" ".repeat(WIDTHS[0] + WIDTHS[1]), &line);
        if let Some(one) = policy.switched.iter().find(|one| one.rule.id == rule.id) {
            let catalogue = say(phrases::severity(rule.severity), language);
            let holes = [("catalogue", catalogue), ("reason", one.reason.in_language(language))];
            let text = fill(phrases::RULE_SWITCHED, language, &holes);
            let indent = " ".repeat(WIDTHS[0] + WIDTHS[1]);
            page.hanging(&indent, &indent, &Line::new().plain(&text));
        }
    }
    let (count, name) = (TABLE.len().to_string(), policy.reference());
    let holes = [("count", count.as_str()), ("policy", name.as_str())];
    page.line(Line::new().styled(DIM, &fill(phrases::RULES_COUNTED, language, &holes)));
}
