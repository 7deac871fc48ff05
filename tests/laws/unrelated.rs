//! What has nothing to do with a claim, or was not known, changes nothing in its answer.

use serde_json::{Value, json};

use super::corpus::{
    Dice, ask, before, collection, collections, decisions, differing, evidence, hold, rename, text,
    without_rule,
};

/// Law: the records of another case, under labels of their own, change nothing in a report, the
/// position in the log aside.
///
/// Limits: what rule A-08 finds is left aside, since every provider's offer counts for it, and nothing
/// else may come of it. Memberships of countries and documents are left out. They are about everybody: a
/// country's organisations share its memberships, and legal texts are named by their designation.
#[test]
fn what_is_unrelated_changes_nothing() {
    hold(250, 2, |case, claim, dice| {
        let Some(before) = before(case, claim) else { return Ok(false) };
        let other = dice.case();
        let mut records = case.records.clone();
        for (name, others) in collections(&other.records) {
            let mut others = Value::from(others.clone());
            rename(&mut others, "unrelated.");
            let others = others.as_array().expect("a list").iter();
            let about_everybody = |record: &&Value| {
                name == "documents" || record.get("country").is_some() && name == "memberships"
            };
            let others = others.filter(|record| !about_everybody(record)).cloned();
            collection(&mut records, name).extend(others);
        }
        // The other case may be one that is refused.
        let Ok(with) = evidence(&records) else { return Ok(false) };
        let after = ask(&with, claim).ok_or("it cannot be asked any more")?;
        let (before, after) = (without_rule(&before, "A-08"), without_rule(&after, "A-08"));
        match differing(&text(&before), &text(&after)) {
            Some(difference) => {
                let decided = differing(&decisions(&before), &decisions(&after));
                Err(format!("with {}\n{difference}\n{}", other.id, decided.unwrap_or_default()))
            }
            None => Ok(true),
        }
    });
}

/// Later than every claim's state of knowledge.
const LATER: &str = "2031-05-01T00:00:00Z";

/// Something recorded later about a record: an entry of its history that would break it, or a twin
/// that would compete with it.
fn later(records: &mut Value, dice: &mut Dice) -> String {
    let names: Vec<String> = collections(records)
        .filter(|(_, records)| !records.is_empty())
        .map(|(name, _)| name.to_owned())
        .collect();
    let name = &names[dice.below(names.len())];
    let list = records[name].as_array_mut().expect("a list");
    let place = dice.below(list.len());
    let entry = match name.as_str() {
        "calibrations" => Some((
            "status_history",
            "status",
            &["void_ab_initio", "withdrawn", "under_review", "superseded"][..],
        )),
        "accreditations" | "legal_recognitions" => {
            Some(("status_history", "status", &["suspended", "withdrawn", "expired"][..]))
        }
        "capabilities" => Some(("status_history", "status", &["greyed_out", "deleted"][..])),
        "measurement_standards" => {
            Some(("events", "kind", &["damage", "adjustment", "overload", "repair"][..]))
        }
        _ => None,
    };
    let record = &mut list[place];
    let id = record["id"].as_str().expect("an id").to_owned();
    match entry.filter(|_| dice.once_in(2)) {
        Some((history, key, words)) => {
            let word = dice.one_of(words).copied().unwrap_or_default();
            let day = if history == "events" { "on" } else { "effective_from" };
            let entry = json!({key: word, day: "2001-01-01", "recorded_at": LATER});
            let history = record.as_object_mut().expect("a record").entry(history);
            let history = history.or_insert_with(|| json!([]));
            history.as_array_mut().expect("a list").push(entry);
            format!("{id} {word}")
        }
        None => {
            let mut twin = record.clone();
            twin["id"] = json!(format!("{id}.later"));
            twin["recorded_at"] = json!(LATER);
            let forget = |value: &mut Value, lists: &[&str]| {
                for list in lists {
                    for entry in
                        value.get_mut(*list).and_then(Value::as_array_mut).into_iter().flatten()
                    {
                        entry.as_object_mut().expect("an entry").remove("recorded_at");
                    }
                }
            };
            forget(&mut twin, &["status_history", "events"]);
            if name == "calibrations" {
                twin["number"] =
                    json!(format!("{}-later", twin["number"].as_str().unwrap_or_default()));
                if dice.once_in(2) {
                    twin["amends"] = json!(id);
                    twin["change"] = json!("corrected");
                }
            }
            list.push(twin);
            format!("a twin of {id}")
        }
    }
}

/// Law: the same claim at the same state of knowledge has the same report, whatever is recorded
/// later about the records it looked at: statuses, events, twins, amendments.
///
/// Limits: a claim that names no `known_at` is asked as of the moment of the test.
#[test]
fn what_is_recorded_later_changes_nothing() {
    hold(250, 2, |case, claim, dice| {
        let Some(first) = before(case, claim) else { return Ok(false) };
        let again = before(case, claim).ok_or("it cannot be asked twice")?;
        if let Some(difference) = differing(&text(&first), &text(&again)) {
            return Err(format!("asked twice\n{difference}"));
        }
        let mut records = case.records.clone();
        let told: Vec<String> = (0..=dice.below(4)).map(|_| later(&mut records, dice)).collect();
        let told = told.join(", ");
        // Two of a kind where there may be one are refused.
        let Ok(with) = evidence(&records) else { return Ok(false) };
        let after = ask(&with, claim).ok_or_else(|| format!("{told}: it cannot be asked"))?;
        match differing(&text(&first), &text(&after)) {
            Some(difference) => Err(format!("{told}\n{difference}")),
            None => Ok(true),
        }
    });
}
