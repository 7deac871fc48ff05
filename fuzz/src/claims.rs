//! Bundles and claims that nobody would write: whatever is read, the decision must answer and never
//! panic.
//!
//! An input is a program of edits on one of the base cases of `tests/vectors`: the first byte says
//! which, every further four bytes change one place of its records, its claim or its policy. So
//! nearly every input still is JSON of about the right form, and the fuzzer works on what the rules
//! look at instead of on commas. An input that begins with 255 is a text on its own, for the parsers.

#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

use etalon_fuzz::domain::check::check_claim;
use etalon_fuzz::domain::claim::Claim;
use etalon_fuzz::domain::decimal::Decimal;
use etalon_fuzz::domain::equation::Equation;
use etalon_fuzz::domain::fault::{Faults, Gravity};
use etalon_fuzz::domain::period::Instant;
use etalon_fuzz::domain::unit::Unit;
use etalon_fuzz::engine::compile::compile;
use etalon_fuzz::engine::limits::Limits;
use etalon_fuzz::engine::policy::Policy;
use etalon_fuzz::engine::report::Renderer;
use etalon_fuzz::engine::verify::{Question, verify};
use etalon_fuzz::exchange::bundle;

fuzz_target!(|data: &[u8]| {
    match data {
        [255, text @ ..] => read_text(text),
        [case, edits @ ..] => decide(usize::from(*case), edits),
        [] => {}
    }
});

/// The base cases, each with its records, its first claim and a policy.
static CASES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    let mut files = Vec::new();
    collect(&root, &mut files);
    // The order of a directory is nobody's; an input must mean the same everywhere.
    files.sort();
    let cases = files.iter().filter_map(|file| {
        let case: Value = serde_json::from_str(&std::fs::read_to_string(file).ok()?).ok()?;
        let claim = case.get("claim").or_else(|| case.pointer("/claims/0"))?;
        let mut claim = claim.clone();
        claim.as_object_mut()?.remove("expect");
        let mut policy: Value = serde_json::from_str(Policy::document("vn-2026")?).ok()?;
        // One of somebody else, with a rule that counts otherwise.
        policy["id"] = json!("fuzzed");
        policy["rules"] = json!({"U-09": {"severity": "major", "reason": "so"}});
        Some(json!({"records": case.get("records")?, "claim": claim, "policy": policy}))
    });
    cases.collect()
});

fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => collect(&path, files),
            false => files.push(path),
        }
    }
}

fn read_text(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    let _ = bundle::parse(text);
    let _ = Policy::custom(text);
    let _ = text.parse::<Decimal>();
    let _ = Unit::parse(text);
    let _ = Equation::symbols_of(text);
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        let _ = deserr::deserialize::<Claim, _, Faults>(value);
    }
}

fn decide(case: usize, edits: &[u8]) {
    let cases = &*CASES;
    let Some(case) = cases.get(case % cases.len().max(1)) else { return };
    let mut case = case.clone();
    for edit in edits.chunks_exact(4).take(64) {
        let place = u16::from_le_bytes([edit[0], edit[1]]);
        change(&mut case, usize::from(place), edit[2], edit[3]);
    }
    let text = json!({"format": bundle::FORMAT, "records": case["records"]});
    let Ok(bundle) = bundle::parse(&text.to_string()) else { return };
    let Ok(claim) = deserr::deserialize::<Claim, _, Faults>(case["claim"].clone()) else { return };
    let faults = check_claim(&claim, &bundle.records);
    if faults.iter().any(|fault| fault.gravity == Gravity::Error) {
        return;
    }
    let shipped = Policy::shipped("vn-2026");
    let read = Policy::from_value(case["policy"].clone());
    let Some(policy) = read.as_ref().ok().or(shipped) else { return };
    let limits = Limits::default();
    let evidence = compile(&bundle.records);
    let Ok(question) = Question::new(&evidence, &claim) else { return };
    let report = verify(&evidence, &question, policy, &limits);
    let computed_at = Instant::beginning();
    let renderer =
        Renderer { evidence: &evidence, policy, limits: &limits, claim: &claim, computed_at };
    let rendered = renderer.render(&report);
    // Whatever stands in it can be said, and is said the same when it is asked again.
    let said = serde_json::to_string(&rendered).expect("a report is JSON");
    let again = verify(&evidence, &question, policy, &limits);
    let again = serde_json::to_string(&renderer.render(&again)).expect("a report is JSON");
    assert_eq!(said, again, "the same claim gives the same report");
}

/// Changes one place of a case: the place counts through all values in it.
fn change(case: &mut Value, place: usize, kind: u8, with: u8) {
    let all = count(case);
    let other = nth(case, usize::from(with).wrapping_mul(257) % all).cloned();
    let Some(value) = nth_mut(case, place % all) else { return };
    match kind % 8 {
        0 | 1 => *value = odd(with),
        2 => {
            if let Some(other) = other {
                *value = other;
            }
        }
        3 => match value {
            Value::Array(elements) if !elements.is_empty() => {
                let chosen = usize::from(with) % elements.len();
                elements.remove(chosen);
            }
            Value::Object(fields) => {
                let name = fields.keys().nth(usize::from(with) % fields.len().max(1)).cloned();
                name.map(|name| fields.remove(&name));
            }
            _ => *value = Value::Null,
        },
        4 => {
            if let Value::Array(elements) = value
                && let Some(chosen) = elements.get(usize::from(with) % elements.len().max(1))
                && elements.len() < 64
            {
                let chosen = chosen.clone();
                elements.push(chosen);
            }
        }
        5 => {
            if let Value::String(text) = value {
                *text = rescaled(text, with);
            }
        }
        6 => {
            if let Value::Object(fields) = value {
                let (name, added) = field(with);
                fields.insert(name.to_owned(), added);
            }
        }
        _ => {
            if let Value::Array(elements) = value {
                elements.reverse();
            }
        }
    }
}

/// A text that is a number, written otherwise; another day, where it is one.
fn rescaled(text: &str, with: u8) -> String {
    if text.len() == 10 && text.as_bytes()[4] == b'-' {
        let year = 2015 + u32::from(with % 16);
        return format!("{year}{}", &text[4..]);
    }
    match with % 6 {
        0 => format!("-{text}"),
        1 => format!("{text}E{}", i32::from(with) - 128),
        2 => format!("{text}0"),
        3 => "0".to_owned(),
        4 => format!("{}", f64::from(with) / 7.0),
        _ => text.chars().rev().collect(),
    }
}

/// A value that is often the wrong one.
fn odd(with: u8) -> Value {
    const TEXTS: [&str; 32] = [
        "", "0", "-0", "1", "-1", "1E-30", "1E30", "1E999", "0.50", "2", "3", "0.95", "0.99", "1E-300",
        "2026-02-10", "2026-11-01", "1800-01-01", "9999-12-31", "2024-02-29", "kg", "mg", "Cel", "1",
        "%", "uV/V", "conventional_mass", "dc_voltage", "national", "calibration", "expanded",
        "1000000000000000000000000000000", "Q[50, 0.5*L]",
    ];
    match with {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(false),
        3 => json!([]),
        4 => json!({}),
        5 => json!(0),
        6 => json!(u64::MAX),
        7 => json!(-1),
        8 => json!(1.5),
        _ => json!(TEXTS[usize::from(with) % TEXTS.len()]),
    }
}

/// A field that a record may have and seldom has.
fn field(with: u8) -> (&'static str, Value) {
    let fields = [
        ("recorded_at", json!("2026-10-05T00:00:00Z")),
        ("coverage_factor", json!("0")),
        ("coverage_probability", json!("1")),
        ("degrees_of_freedom", json!("0")),
        ("evidence_level", json!("self_declared")),
        ("phase", json!("as_found")),
        ("model", json!("custom")),
        ("sensitivity", json!("-1")),
        ("exponent", json!("100000000000")),
        ("equation", json!("a/0 + b^b^b")),
        ("synced_at", json!("2020-01-01T00:00:00Z")),
        ("interpolation", json!("linear")),
        ("valid_to", json!("2000-01-01")),
        ("events", json!([{"kind": "damage"}])),
        ("status_history", json!([{"status": "suspended", "effective_from": "2026-01-01"}])),
        ("shared_with", json!([{"group": "g", "uncertainty": {"value": "1", "unit": "mg"}}])),
    ];
    let chosen = usize::from(with) % fields.len();
    fields[chosen].clone()
}

/// How many values there are in a value, itself included.
fn count(value: &Value) -> usize {
    match value {
        Value::Array(elements) => 1 + elements.iter().map(count).sum::<usize>(),
        Value::Object(fields) => 1 + fields.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

fn nth(value: &Value, mut place: usize) -> Option<&Value> {
    if place == 0 {
        return Some(value);
    }
    place -= 1;
    let inside: Box<dyn Iterator<Item = &Value>> = match value {
        Value::Array(elements) => Box::new(elements.iter()),
        Value::Object(fields) => Box::new(fields.values()),
        _ => return None,
    };
    for child in inside {
        let size = count(child);
        if place < size {
            return nth(child, place);
        }
        place -= size;
    }
    None
}

fn nth_mut(value: &mut Value, mut place: usize) -> Option<&mut Value> {
    if place == 0 {
        return Some(value);
    }
    place -= 1;
    let inside: Box<dyn Iterator<Item = &mut Value>> = match value {
        Value::Array(elements) => Box::new(elements.iter_mut()),
        Value::Object(fields) => Box::new(fields.values_mut()),
        _ => return None,
    };
    for child in inside {
        let size = count(child);
        if place < size {
            return nth_mut(child, place);
        }
        place -= size;
    }
    None
}
