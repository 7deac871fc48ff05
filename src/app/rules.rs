//! The catalogue as data: every rule that this version evaluates, and how much each counts under
//! which policy. What a rule does lives in `engine::rules`.

use std::collections::BTreeMap;

use crate::domain::text::Text;
use crate::engine::finding::{Dimension, Rule, Severity, Tag};
use crate::engine::policy::{Policy, Switch, fixed};
use crate::engine::rules::TABLE;

use super::refusal::Refusal;
use super::registry::Registry;

answer! {
    /// A rule of the catalogue.
    RuleEntry {
        /// Its id.
        id: &'static str,
        /// What it requires.
        statement: Text,
        /// The document and clause that it rests on.
        clause: String,
        /// How well its source is evidenced: F official text seen, S third-party copy seen,
        /// K domain knowledge.
        evidence_tag: Tag,
        /// How much it counts in the catalogue.
        severity: Severity,
        /// The verdict that it belongs to.
        dimension: Dimension,
        /// What it says when an optional input is absent: nothing where true, else that it is
        /// indeterminate.
        optional_input: bool,
        /// How much it counts under each policy, by the policy's id.
        severity_under: BTreeMap<String, Switch>,
        /// Why no policy may switch it; absent where one may.
        #[serde(skip_serializing_if = "Option::is_none")]
        fixed: Option<Text>,
    }
}

/// A rule under these policies.
pub fn entry<'p>(rule: &'static Rule, policies: impl IntoIterator<Item = &'p Policy>) -> RuleEntry {
    let counts = policies.into_iter().map(|policy| (policy.id.clone(), policy.counts(rule)));
    RuleEntry {
        id: rule.id,
        statement: Text::new(rule.statement.vi, rule.statement.en),
        clause: rule.source.shown(),
        evidence_tag: rule.source.tag,
        severity: rule.severity,
        dimension: rule.dimension,
        optional_input: rule.optional_input,
        severity_under: counts.collect(),
        fixed: fixed(rule.id).map(|why| Text::new(why.vi, why.en)),
    }
}

/// The rule of this id; capital letters and dashes do not matter.
///
/// # Errors
/// That there is none, with what may have been meant.
pub fn named(name: &str) -> Result<&'static Rule, Refusal> {
    let bare = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase()
    };
    let wanted = bare(name);
    if let Some(rule) = TABLE.iter().find(|rule| bare(rule.id) == wanted) {
        return Ok(rule);
    }
    Err(Refusal::NoRule { name: name.to_owned(), alike: alike(&wanted) })
}

/// Rules of the same area, those with the nearest numbers first.
fn alike(wanted: &str) -> Vec<&'static str> {
    /// Rules that are suggested.
    const MOST: usize = 3;
    let Some(area) = wanted.chars().next() else { return Vec::new() };
    let number = |text: &str| -> i64 {
        let digits: String = text.chars().filter(char::is_ascii_digit).take(4).collect();
        digits.parse().unwrap_or(0)
    };
    let mut of_area: Vec<&str> =
        TABLE.iter().map(|rule| rule.id).filter(|id| id.starts_with(area)).collect();
    of_area.sort_by_key(|id| (number(id) - number(wanted)).abs());
    of_area.truncate(MOST);
    of_area
}

impl Registry {
    /// Every rule, and how much it counts under the newest version of each policy.
    ///
    /// # Errors
    /// When the database fails.
    pub fn rules(&self) -> Result<Vec<RuleEntry>, Refusal> {
        let policies = self.policies_read()?;
        let policies = || policies.iter().map(|policy| &**policy);
        Ok(TABLE.iter().map(|rule| entry(rule, policies())).collect())
    }

    /// One rule in the same way.
    ///
    /// # Errors
    /// That there is none of this id.
    pub fn rule(&self, name: &str) -> Result<RuleEntry, Refusal> {
        let rule = named(name)?;
        let policies = self.policies_read()?;
        Ok(entry(rule, policies.iter().map(|policy| &**policy)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_found_by_what_people_type() {
        for (typed, found) in [("U-02", "U-02"), ("u02", "U-02"), ("t 01", "T-01")] {
            assert_eq!(named(typed).map(|rule| rule.id).ok(), Some(found), "{typed}");
        }
        for typed in ["", "Z-01", "U-99", "metre"] {
            assert!(matches!(named(typed), Err(Refusal::NoRule { .. })), "{typed}");
        }
        let Err(Refusal::NoRule { alike, .. }) = named("T-99") else { panic!("found") };
        assert!(alike.len() == 3 && alike.iter().all(|id| id.starts_with('T')), "{alike:?}");
    }

    #[test]
    fn every_rule_says_how_much_it_counts() {
        let policy = Policy::shipped("vn-2026").expect("shipped");
        for rule in TABLE {
            let entry = entry(rule, [policy]);
            assert_eq!(entry.severity_under["vn-2026"], Switch::from(rule.severity));
        }
    }
}
