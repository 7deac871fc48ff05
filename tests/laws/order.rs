//! The order in which something is said means nothing.

use serde_json::Value;

use super::corpus::{Dice, as_a_set, ask, before, collections, differing, evidence, hold, text};

/// Lists of records that are sets: nothing in records.md gives their order a meaning.
const SETS: [&str; 20] = [
    "areas",
    "bulletins",
    "capabilities",
    "conditions",
    "decisions",
    "derivations",
    "documents",
    "fields",
    "for_results",
    "from",
    "interval_policy_history",
    "items",
    "legal_basis",
    "methods",
    "name_history",
    "quantities",
    "quantity_kinds",
    "shared_with",
    "sites",
    "use_models",
];

/// Lists of records that are sets, and whose places show in a report: `path` points into them, and
/// links and findings stand in their order.
const SHOWN_SETS: [&str; 5] = ["identifiers", "parameters", "properties", "references", "results"];

/// Lists that tell of days, and the day of an entry. Of entries on one day the order may tell more.
const HISTORIES: [(&str, &str); 2] = [("events", "on"), ("status_history", "effective_from")];

fn shuffle(record: &mut Value, shown: bool, dice: &mut Dice) {
    match record {
        Value::Array(elements) => {
            elements.iter_mut().for_each(|element| shuffle(element, shown, dice));
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                shuffle(field, shown, dice);
                let Some(list) = field.as_array_mut() else { continue };
                let name = name.as_str();
                let day = HISTORIES.iter().find(|(history, _)| *history == name);
                let of_distinct_days = day.is_some_and(|(_, day)| {
                    let mut days: Vec<Option<&str>> =
                        list.iter().map(|entry| entry[*day].as_str()).collect();
                    days.sort_unstable();
                    days.windows(2).all(|pair| pair[0] != pair[1])
                });
                if of_distinct_days || SETS.contains(&name) || (shown && SHOWN_SETS.contains(&name))
                {
                    dice.shuffle(list);
                }
            }
        }
        _ => {}
    }
}

/// Law: the order of records, of what a record lists as a set, and of dated entries leaves no trace:
/// the report is the same to the byte.
///
/// Limits: entries of a history on the same day stay as they are, as do tables and their axes.
#[test]
fn the_order_of_records_is_meaningless() {
    hold(250, 2, |case, claim, dice| {
        let Some(before) = before(case, claim) else { return Ok(false) };
        let mut records = case.records.clone();
        reorder(&mut records, false, dice);
        let after = ask(&evidence(&records)?, claim).ok_or("it cannot be asked any more")?;
        match differing(&text(&before), &text(&after)) {
            Some(difference) => Err(difference),
            None => Ok(true),
        }
    });
}

/// Law: nor does the order of the rows of a certificate, of their parameters, and of the references
/// it was made with, in which the report lists what it found: verdicts, links and findings are the
/// same set.
#[test]
fn the_order_of_rows_and_references_is_meaningless() {
    hold(250, 2, |case, claim, dice| {
        let Some(before) = before(case, claim) else { return Ok(false) };
        let mut records = case.records.clone();
        reorder(&mut records, true, dice);
        let after = ask(&evidence(&records)?, claim).ok_or("it cannot be asked any more")?;
        let (before, after) = (as_a_set(&before), as_a_set(&after));
        let shown = |report: &Value| serde_json::to_string_pretty(report).expect("JSON");
        match before == after {
            false => Err(differing(&shown(&before), &shown(&after)).unwrap_or_default()),
            true => Ok(true),
        }
    });
}

fn reorder(records: &mut Value, shown: bool, dice: &mut Dice) {
    let names: Vec<String> = collections(records).map(|(name, _)| name.to_owned()).collect();
    for name in names {
        let list = records[&name].as_array_mut().expect("a list");
        list.iter_mut().for_each(|record| shuffle(record, shown, dice));
        dice.shuffle(list);
    }
}
