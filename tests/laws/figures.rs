//! What figures may and may not change.

use std::collections::BTreeMap;

use etalon::engine::report::RenderedReport;
use serde_json::Value;

use super::corpus::{
    Dice, ask, before, collection, decisions, differing, evidence, hold, is_ambiguous, parts,
    raised, record, shifted,
};

/// The floors of an uncertainty, and the offer that it may not go below.
const FLOORS: [&str; 6] = ["C-03", "U-04", "U-05", "U-06", "U-07", "U-08"];

/// Certificate and row of the nearest link.
fn nearest(report: &RenderedReport) -> Option<(&str, &str)> {
    let link = report.chain.links.first()?;
    Some((link.calibration.as_deref()?, link.result.as_deref()?))
}

/// The fails of each floor, by rule, subject and what it clashes with.
fn fails(report: &RenderedReport) -> BTreeMap<(&str, &str, Option<&str>), String> {
    let fails = report
        .findings
        .iter()
        .filter(|finding| FLOORS.contains(&finding.rule) && finding.outcome.as_str() == "fail");
    let keyed = fails.map(|finding| {
        let against = finding.against.as_ref().map(|against| against.id.as_str());
        ((finding.rule, finding.subject.id.as_str(), against), finding.message.en.clone())
    });
    keyed.collect()
}

/// Law: a larger uncertainty on the nearest certificate never makes a floor (U-04 to U-08) or the
/// provider's offer (C-03) fail where it did not fail before.
///
/// The figure is multiplied by 1 to 100, and its last digit stays where it was.
///
/// Limits: a claim for which another row governs afterwards is not compared.
#[test]
fn a_larger_uncertainty_never_falls_below_a_floor() {
    hold(250, 3, |case, claim, dice| {
        let Some(before) = before(case, claim) else { return Ok(false) };
        let all: Vec<&RenderedReport> =
            parts(&before).filter(|part| nearest(part).is_some()).collect();
        let Some(part) = dice.one_of(&all) else { return Ok(false) };
        let Some((certificate, row)) = nearest(part) else { return Ok(false) };
        let mut records = case.records.clone();
        let rows = record(&mut records, "calibrations", certificate)
            .and_then(|record| record["results"].as_array_mut());
        let result = rows.into_iter().flatten().find(|result| result["id"] == row);
        let figure = result.and_then(|result| result.pointer_mut("/uncertainty/value"));
        let Some(figure) = figure else { return Ok(false) };
        let hundredths = match dice.once_in(2) {
            true => 100 + dice.below(100),
            false => 100 + dice.below(10_000),
        };
        let written = figure.as_str().unwrap_or_default().to_owned();
        let Some(larger) = raised(&written, hundredths as u64) else { return Ok(false) };
        *figure = Value::from(larger.as_str());
        let after = ask(&evidence(&records)?, claim).ok_or("it cannot be asked any more")?;
        let Some(other) = parts(&after).find(|part| nearest(part) == Some((certificate, row)))
        else {
            return Ok(false);
        };
        let had = fails(part);
        match fails(other).into_iter().find(|(key, _)| !had.contains_key(key)) {
            Some((key, message)) => {
                Err(format!("{certificate} {row}: {written} to {larger}\n{key:?}: {message}"))
            }
            None => Ok(true),
        }
    });
}

/// Units that differ by a power of ten: the larger, the smaller, the power.
const UNITS: [(&str, &str, i32); 32] = [
    ("kg", "g", 3),
    ("g", "mg", 3),
    ("mg", "ug", 3),
    ("km", "m", 3),
    ("m", "mm", 3),
    ("mm", "um", 3),
    ("um", "nm", 3),
    ("mm2", "um2", 6),
    ("kV", "V", 3),
    ("V", "mV", 3),
    ("mV", "uV", 3),
    ("uV", "nV", 3),
    ("uV/V", "nV/V", 3),
    ("mV/V", "uV/V", 3),
    ("kOhm", "Ohm", 3),
    ("Ohm", "mOhm", 3),
    ("mOhm", "uOhm", 3),
    ("uOhm/Ohm", "nOhm/Ohm", 3),
    ("MPa", "kPa", 3),
    ("kPa", "Pa", 3),
    ("kPa", "hPa", 1),
    ("MHz", "kHz", 3),
    ("kHz", "Hz", 3),
    ("K", "mK", 3),
    ("mK", "uK", 3),
    ("kN", "N", 3),
    ("N.m", "mN.m", 3),
    ("L", "mL", 3),
    ("g/L", "mg/L", 3),
    ("umol/L", "nmol/L", 3),
    ("umol/mol", "nmol/mol", 3),
    ("s", "ms", 3),
];

/// What stands in the unit of the object beside it.
const IN_ITS_UNIT: [&str; 11] = [
    "value",
    "lower",
    "upper",
    "expanded_uncertainty",
    "x",
    "reference_value",
    "reference_expanded_uncertainty",
    "degree_of_equivalence",
    "doe_expanded_uncertainty",
    "k",
    "conformity",
];

/// Of a statement of conformity: its limits stand in the unit of the row.
const LIMITS: [&str; 4] = ["lower_limit", "upper_limit", "acceptance_lower", "acceptance_upper"];

/// Another unit for this one, and by which power of ten its numbers are larger.
fn other_unit(unit: &str, dice: &mut Dice) -> Option<(&'static str, i32)> {
    let smaller = UNITS.iter().filter(|(from, _, _)| *from == unit).map(|(_, to, by)| (*to, *by));
    let larger = UNITS.iter().filter(|(_, to, _)| *to == unit).map(|(from, _, by)| (*from, -by));
    let others: Vec<(&str, i32)> = smaller.chain(larger).collect();
    dice.one_of(&others).copied()
}

/// Writes some of the quantities of a value in other units, and says which.
fn rescale(value: &mut Value, dice: &mut Dice, told: &mut Vec<String>) {
    match value {
        Value::Array(elements) => {
            elements.iter_mut().for_each(|element| rescale(element, dice, told));
        }
        Value::Object(fields) => {
            fields.values_mut().for_each(|field| rescale(field, dice, told));
            // Equations and tables hold numbers in the unit in ways of their own.
            let plain = !["equation", "table", "symbols", "crm"]
                .iter()
                .any(|key| fields.contains_key(*key));
            let stated = fields.get("unit").and_then(Value::as_str).map(str::to_owned);
            let Some(unit) = stated.filter(|_| plain && !dice.once_in(3)) else { return };
            let Some((other, power)) = other_unit(&unit, dice) else { return };
            let stated = |name: &&str| fields.get(*name).and_then(Value::as_str);
            let numbers: Vec<&str> = IN_ITS_UNIT.iter().filter_map(stated).collect();
            let unclear =
                |number: &&str| is_ambiguous(number) || is_ambiguous(&shifted(number, power));
            // The unit of an axis or of a symbol has no number beside it.
            if numbers.is_empty() || numbers.iter().any(unclear) {
                return;
            }
            let shift = |number: &mut Value| {
                if let Some(written) = number.as_str() {
                    *number = Value::from(shifted(written, power));
                }
            };
            for name in IN_ITS_UNIT {
                match fields.get_mut(name) {
                    Some(Value::Object(limits)) => {
                        LIMITS
                            .iter()
                            .filter_map(|limit| limits.get_mut(*limit).map(shift))
                            .for_each(drop);
                    }
                    Some(number) => shift(number),
                    None => {}
                }
            }
            fields.insert("unit".to_owned(), Value::from(other));
            told.push(format!("{unit} as {other}"));
        }
        _ => {}
    }
}

/// Law: a value, its uncertainty and their unit scaled together by a power of ten, anywhere in the
/// records and in the claim, change no verdict, no link, and no outcome or weight of any rule: the
/// written digits are the same, and so is what they resolve.
///
/// Limits: equations and tables stay in the units in which they are numbers; a number like 900, of
/// whose zeros nobody knows what they resolve, is neither made nor unmade.
#[test]
fn another_power_of_ten_changes_nothing() {
    hold(250, 2, |case, claim, dice| {
        let Some(before) = before(case, claim) else { return Ok(false) };
        let (mut records, mut claim, mut told) = (case.records.clone(), claim.clone(), Vec::new());
        rescale(&mut claim, dice, &mut told);
        for name in
            ["capabilities", "measurement_standards", "realisations", "calibrations", "comparisons"]
        {
            for record in collection(&mut records, name) {
                let mut own = Vec::new();
                rescale(record, dice, &mut own);
                told.extend(own.iter().map(|one| format!("{} {one}", record["id"])));
            }
        }
        if told.is_empty() {
            return Ok(false);
        }
        let told = told.join(", ");
        let after = ask(&evidence(&records).map_err(|fault| format!("{told}\n{fault}"))?, &claim);
        let after = after.ok_or_else(|| format!("{told}: it cannot be asked any more"))?;
        match differing(&decisions(&before), &decisions(&after)) {
            Some(difference) => Err(format!("{told}\n{difference}")),
            None => Ok(true),
        }
    });
}
