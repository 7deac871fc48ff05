//! Laws that hold for every case: the order of records leaves no trace, an unrelated record changes
//! nothing, the same question has the same answer, work grows with the records and not with the
//! paths, and no input makes the engine panic or hang.
//!
//! Here they are held against chains made for them and against the demo; in `laws/` against every
//! vector, with changes drawn at random (`laws/corpus.rs` says how).

#[path = "laws/corpus.rs"]
mod corpus;
#[path = "laws/days.rs"]
mod days;
#[path = "laws/figures.rs"]
mod figures;
#[path = "support/vectors.rs"]
mod folder;
#[path = "laws/order.rs"]
mod order;
#[path = "laws/support.rs"]
mod support;
#[path = "laws/unrelated.rs"]
mod unrelated;
#[path = "laws/work.rs"]
mod work;

use etalon::app::verify::{Moment, answer};
use etalon::domain::claim::Claim;
use etalon::domain::period::Instant;
use etalon::engine::compile::compile;
use etalon::engine::evidence::Evidence;
use etalon::engine::limits::Limits;
use etalon::engine::report::{RenderedReport, Traceability, Verdict};
use etalon::exchange::bundle;
use serde_json::{Value, json};

const DEMO: &str = include_str!("../examples/viet-nam.json");

fn moment() -> Moment {
    let now = Instant::parse("2026-11-22T00:00:00Z").expect("an instant");
    Moment { now, today: now.day() }
}

fn ask(records: &Value, claim: &Value) -> RenderedReport {
    ask_of(&evidence(records), claim)
}

fn evidence(records: &Value) -> Evidence {
    let (records, faults) = bundle::records(records.clone(), "/records");
    let errors: Vec<_> = faults
        .iter()
        .filter(|fault| fault.gravity == etalon::domain::fault::Gravity::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    compile(&records)
}

fn ask_of(evidence: &Evidence, claim: &Value) -> RenderedReport {
    ask_within(&Limits::default(), evidence, claim)
}

fn ask_within(limits: &Limits, evidence: &Evidence, claim: &Value) -> RenderedReport {
    let claim: Claim =
        deserr::deserialize::<_, _, etalon::domain::fault::Faults>(claim.clone()).expect("a claim");
    answer(evidence, &claim, moment(), limits).expect("an answer")
}

fn demo_records() -> Value {
    let demo: Value = serde_json::from_str(DEMO).expect("JSON");
    demo["records"].clone()
}

fn demo_claims(records: &Value) -> Vec<Value> {
    records["measurement_standards"]
        .as_array()
        .expect("standards")
        .iter()
        .map(|standard| {
            json!({
                "standard": standard["id"],
                "used_on": "2026-11-01",
                "known_at": "2026-11-20T00:00:00Z",
                "policy": "vn-2026",
            })
        })
        .collect()
}

fn json_of(report: &RenderedReport) -> Value {
    serde_json::to_value(report).expect("JSON")
}

/// Law: the order of the records of a bundle leaves no trace in any report.
#[test]
fn the_order_of_records_leaves_no_trace() {
    let records = demo_records();
    let mut reversed = records.clone();
    for collection in reversed.as_object_mut().expect("collections").values_mut() {
        collection.as_array_mut().expect("a list").reverse();
    }
    assert_ne!(records, reversed);
    let (straight, reversed) = (evidence(&records), evidence(&reversed));
    for claim in demo_claims(&records) {
        let (one, other) = (ask_of(&straight, &claim), ask_of(&reversed, &claim));
        assert_eq!(json_of(&one), json_of(&other), "{claim}");
    }
}

/// Law: adding a chain that has nothing to do with a claim changes nothing in its report.
#[test]
fn an_unrelated_record_changes_nothing() {
    let records = demo_records();
    let mut more = records.clone();
    let (chain, _) = chain_of(5, |_| json!({}));
    for (name, collection) in chain.as_object().expect("collections") {
        let own = more[name].as_array_mut().expect("the demo has every collection used here");
        own.extend(collection.as_array().expect("a list").iter().cloned());
    }
    let (without, with) = (evidence(&records), evidence(&more));
    for claim in demo_claims(&records) {
        let (before, after) = (ask_of(&without, &claim), ask_of(&with, &claim));
        assert_eq!(json_of(&before), json_of(&after), "{claim}");
    }
}

/// Law: what states no unit is shown in the unit one, whichever unit the records name first.
#[test]
fn what_has_no_unit_is_shown_in_the_unit_one() {
    for records in [demo_records(), json!({})] {
        assert_eq!(evidence(&records).units[0].code(), "1");
    }
}

/// A chain of so many calibrations below one realisation, each with `patch` merged into its record,
/// and the claim on its end.
fn chain_of(length: usize, patch: impl Fn(usize) -> Value) -> (Value, Value) {
    let mut standards = Vec::new();
    let mut calibrations = Vec::new();
    for step in 0..length {
        let standard = format!("_:chain-standard-{step}");
        standards.push(json!({
            "id": standard,
            "owner": "_:chain-institute",
            "code": format!("CHAIN-{step}"),
            "names": {"en": "Chain standard (illustrative)"},
            "serial_number": format!("C{step}"),
            "interval_policy": {"method": "fixed", "months": 6000},
        }));
        let reference = match step {
            0 => json!({"realisation": "_:chain-root", "model": "identity"}),
            step => json!({
                "standard": format!("_:chain-standard-{}", step - 1),
                "calibration": format!("_:chain-calibration-{}", step - 1),
                "result": "r1",
                "model": "identity",
            }),
        };
        let mut calibration = json!({
            "id": format!("_:chain-calibration-{step}"),
            "kind": "calibration",
            "issuer": "_:chain-institute",
            "number": format!("CHAIN-{step}"),
            "performed_from": "2024-01-01",
            "performed_to": "2024-01-01",
            "issued_on": "2024-01-01",
            "methods": [{"text": "comparison"}],
            "item": standard,
            "item_identification": {"serial_number": format!("C{step}")},
            "results": [{
                "id": "r1",
                "quantity_kind": "mass",
                "point": {"value": "1", "unit": "kg"},
                "value": "1.000000",
                "unit": "kg",
                "uncertainty": {
                    "value": format!("{}", 10 + step),
                    "unit": "mg",
                    "kind": "expanded",
                    "mode": "absolute",
                    "coverage_factor": "2",
                    "coverage_probability": "0.95",
                },
            }],
            "references": [reference],
        });
        for (key, value) in patch(step).as_object().expect("an object") {
            calibration[key] = value.clone();
        }
        calibrations.push(calibration);
    }
    let records = json!({
        "organisations": [
            {"id": "_:chain-institute", "kind": "nmi", "country": "XA", "names": {"en": "Chain institute (illustrative)"}},
        ],
        "memberships": [
            {"id": "_:chain-membership", "organisation": "_:chain-institute", "arrangement": "cipm_mra", "valid_from": "2000-01-01"},
        ],
        "realisations": [{
            "id": "_:chain-root",
            "kind": "nmi_primary_realisation",
            "organisation": "_:chain-institute",
            "quantity_kind": "mass",
            "standard_uncertainty": {"value": "4", "unit": "mg", "mode": "absolute"},
        }],
        "measurement_standards": standards,
        "calibrations": calibrations,
    });
    let claim = json!({
        "standard": format!("_:chain-standard-{}", length - 1),
        "quantity_kind": "mass",
        "point": {"value": "1", "unit": "kg"},
        "used_on": "2024-06-01",
    });
    (records, claim)
}

/// Law: sets within sets end, also where they lead back to themselves, which no registry accepts.
#[test]
fn a_loop_of_sets_ends() {
    let (mut records, claim) = chain_of(3, |_| json!({}));
    for (set, piece) in [(1, 0), (0, 1), (1, 2)] {
        let set = json!(format!("_:chain-standard-{set}"));
        records["measurement_standards"][piece]["parent_kit"] = set;
    }
    let (records, faults) = bundle::records(records, "/records");
    assert!(faults.iter().any(|fault| fault.code == "loop"), "{faults:#?}");
    let report = ask_of(&compile(&records), &claim);
    assert_eq!(report.traceability, Traceability::PassSi);
}

/// Limits: 32 calibrations are walked, 33 are indeterminate by the limit's name and never a fail.
#[test]
fn the_depth_limit_is_indeterminate() {
    let (records, claim) = chain_of(32, |_| json!({}));
    let report = ask(&records, &claim);
    assert_eq!(report.traceability, Traceability::PassSi);
    assert!(!report.partial);
    let (records, claim) = chain_of(33, |_| json!({}));
    let report = ask(&records, &claim);
    assert_eq!(report.verdict, Verdict::Undetermined);
    assert!(report.partial);
    let limit = report.findings.iter().find(|finding| finding.rule == "S-11").expect("S-11");
    assert_eq!(limit.facts["limit"], "DEPTH_LIMIT");
}

/// Limits: a chain of 10,000 links neither overflows the stack nor hangs.
#[test]
fn a_chain_of_ten_thousand_links_is_answered() {
    let (records, claim) = chain_of(10_000, |_| json!({}));
    assert_eq!(ask(&records, &claim).verdict, Verdict::Undetermined);
}

/// Limits: k stacked diamonds have 2^k paths but 2k + 1 calibrations; each is one link.
#[test]
fn diamonds_are_walked_once() {
    let diamonds = 15;
    let (records, claim) = chain_of(2 * diamonds + 1, |step| {
        let link = |to: usize| {
            json!({
                "standard": format!("_:chain-standard-{to}"),
                "calibration": format!("_:chain-calibration-{to}"),
                "result": "r1",
                "model": "mean",
            })
        };
        match step {
            0 => json!({}),
            step if step % 2 == 1 => json!({"references": [link(step - 1)]}),
            // The even steps rest on both sides of the diamond below them.
            step => json!({"references": [link(step - 1), link(step - 2)]}),
        }
    });
    let report = ask(&records, &claim);
    assert_eq!(report.chain.links.len(), 2 * diamonds + 2, "each calibration once, and the root");
    assert_eq!(report.traceability, Traceability::PassSi);
}

/// Limits: cycles of any length end, as fails of S-04.
#[test]
fn cycles_end() {
    for length in [1, 2, 3, 500] {
        let (records, claim) = chain_of(length, |step| match step {
            0 => json!({"references": [{
                "standard": format!("_:chain-standard-{}", length - 1),
                "calibration": format!("_:chain-calibration-{}", length - 1),
                "result": "r1",
                "model": "identity",
            }]}),
            _ => json!({}),
        });
        let report = ask(&records, &claim);
        assert_eq!(report.verdict, Verdict::NotTraceable, "a cycle of {length}");
        let cycle = report.findings.iter().find(|finding| finding.rule == "S-04").expect("S-04");
        assert_eq!(cycle.outcome.as_str(), "fail");
    }
}

/// Law: raising the uncertainty of the claim's own certificate never turns a pass of a floor into a
/// fail, and lowering it far enough always fails.
#[test]
fn floors_are_monotonic() {
    let mut failed_before = true;
    for figure in ["1", "8", "10", "11", "12", "20", "100"] {
        let (records, claim) = chain_of(3, |step| match step {
            2 => json!({"results": [{
                "id": "r1",
                "quantity_kind": "mass",
                "point": {"value": "1", "unit": "kg"},
                "value": "1.000000",
                "unit": "kg",
                "uncertainty": {
                    "value": figure, "unit": "mg", "kind": "expanded", "mode": "absolute",
                    "coverage_factor": "2", "coverage_probability": "0.95",
                },
            }]}),
            _ => json!({}),
        });
        let report = ask(&records, &claim);
        let fails = report
            .findings
            .iter()
            .any(|finding| finding.rule == "U-04" && finding.outcome.as_str() == "fail");
        assert!(failed_before || !fails, "U = {figure} mg fails where a smaller one passed");
        failed_before = fails;
    }
    assert!(!failed_before, "100 mg is above every reference");
}
