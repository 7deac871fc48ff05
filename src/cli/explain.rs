//! `etalon explain`: one rule of the catalogue, in words.

use crate::app::rules::{RuleEntry, entry, named};
use crate::domain::text::Language;
use crate::engine::finding::Phrase;
use crate::engine::policy::Policy;

use super::failure::Status;
use super::page::{Line, Page};
use super::phrases::{self, say};
use super::style::BOLD;
use super::{Answer, Failure, Options};

/// Explains a rule: what it requires, how much it counts, and where it comes from.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The rule, such as U-02.
    rule: String,
}

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    let rule = named(&arguments.rule)?;
    let entry = entry(rule, Policy::SHIPPED.iter().filter_map(|id| Policy::shipped(id)));
    if options.json {
        return Answer::json(&entry, Status::Good);
    }
    let mut page = Page::new();
    print(&mut page, &entry, options.language);
    Ok(Answer::new(page, Status::Good))
}

fn print(page: &mut Page, entry: &RuleEntry, language: Language) {
    let statement = entry.statement.in_language(language);
    page.hanging("", "      ", &Line::new().styled(BOLD, entry.id).plain("  ").plain(statement));
    let under = entry
        .severity_under
        .iter()
        .map(|(id, counts)| format!("{id}: {}", say(phrases::switch(*counts), language)));
    let evidenced = say(phrases::evidenced(entry.evidence_tag), language);
    let source = format!("{} ({evidenced})", entry.clause);
    let absent = match entry.optional_input {
        true => phrases::RULE_SKIPPED,
        false => phrases::RULE_OPEN,
    };
    let mut rows: Vec<(Phrase, String)> = vec![
        (phrases::RULE_COUNTS, say(phrases::severity(entry.severity), language).to_owned()),
        (phrases::RULE_VERDICT, say(phrases::verdict_of(entry.dimension), language).to_owned()),
        (phrases::RULE_SOURCE, source),
        (phrases::RULE_ABSENT, say(absent, language).to_owned()),
        (phrases::RULE_UNDER, under.collect::<Vec<_>>().join("; ")),
    ];
    if let Some(why) = &entry.fixed {
        rows.push((phrases::RULE_FIXED, why.in_language(language).to_owned()));
    }
    let width = |phrase: &Phrase| Line::new().plain(say(*phrase, language)).width();
    let width = rows.iter().map(|(phrase, _)| width(phrase)).max().unwrap_or(0) + 2;
    let hanging = " ".repeat(width + 2);
    for (phrase, text) in rows {
        let label = Line::new().plain(say(phrase, language)).padded(width);
        page.hanging("  ", &hanging, &label.plain(&text));
    }
}
