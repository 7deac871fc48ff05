//! A calibration does not come back into date.

use std::collections::BTreeMap;

use etalon::domain::period::Day;
use etalon::engine::report::RenderedReport;
use serde_json::{Value, json};

use super::corpus::{ask, evidence, findings, hold};

/// The outcomes of the rules of due dates: T-02 by certificate and reference, T-03 by standard and
/// certificate.
fn of_due_dates(report: &RenderedReport) -> BTreeMap<(&str, &str, &str), &str> {
    let outcomes = findings(report).filter(|finding| ["T-02", "T-03"].contains(&finding.rule));
    let keyed = outcomes.filter_map(|finding| {
        let against = finding.against.as_ref()?.id.as_str();
        Some(((finding.rule, finding.subject.id.as_str(), against), finding.outcome.as_str()))
    });
    keyed.collect()
}

/// Whether an outcome is one of a calibration out of date, or perhaps so.
fn is_out(outcome: &str) -> bool {
    matches!(outcome, "fail" | "indeterminate")
}

/// Law: with the same certificate, a use on a later day never repairs T-02 or T-03: what is out of
/// date, or perhaps so, stays so.
///
/// Limits: a standard whose owner changed the interval is left aside, for the interval in force at
/// the use governs (T-03).
#[test]
fn a_later_use_never_repairs_a_due_date() {
    hold(250, 3, |case, claim, dice| {
        let standard = &claim["standard"];
        let standards = case.records["measurement_standards"].as_array().into_iter().flatten();
        let changed = standards.filter(|one| one["id"] == *standard).any(|one| {
            one.get("interval_policy_history").is_some()
                || one.pointer("/interval_policy/effective_from").is_some()
        });
        let certificates = case.records["calibrations"].as_array().into_iter().flatten();
        let own: Vec<&Value> = certificates.filter(|one| one["item"] == *standard).collect();
        let Some(certificate) = dice.one_of(&own).filter(|_| !changed) else { return Ok(false) };
        let performed = certificate["performed_to"].as_str().and_then(|day| Day::parse(day).ok());
        let Some(performed) = performed else { return Ok(false) };
        let Ok(evidence) = evidence(&case.records) else { return Ok(false) };
        let days = |number: usize| i32::try_from(number).expect("a few years");
        let first = performed.plus_days(days(dice.below(2_000)));
        let then = first.plus_days(days(dice.below(1_000)));
        let on = |day: Day| {
            let mut claim = claim.clone();
            claim["calibration"] = certificate["id"].clone();
            claim["used_on"] = json!(day);
            ask(&evidence, &claim)
        };
        let (Some(before), Some(after)) = (on(first), on(then)) else { return Ok(false) };
        let (was, is) = (of_due_dates(&before), of_due_dates(&after));
        let repaired = was.iter().find(|(key, outcome)| {
            is_out(outcome) && is.get(*key).is_some_and(|outcome| !is_out(outcome))
        });
        match repaired {
            Some((key, outcome)) => Err(format!(
                "{} used on {first}, then on {then}\n{key:?}: {outcome} became {}",
                certificate["id"], is[key]
            )),
            None => Ok(!was.is_empty()),
        }
    });
}
