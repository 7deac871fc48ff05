//! The downward question (rules I-01 to I-04) on small networks whose answers were worked out by hand,
//! and laws that hold for every network: nothing made before the window is listed, nothing that does
//! not hang on it is, and the pages hold as many as are counted.

use std::collections::{BTreeMap, BTreeSet};

use etalon::app::bundle::Loaded;
use etalon::app::impact::{AffectedCertificate, ImpactAnswer};
use etalon::domain::fault::Faults;
use etalon::domain::impact::ImpactQuestion;
use proptest::prelude::*;
use serde_json::{Value, json};

/// A network of certificates, each for a standard of its own.
#[derive(Default)]
struct Network {
    standards: Vec<Value>,
    certificates: Vec<Value>,
    realisations: Vec<Value>,
    nonconformities: Vec<Value>,
}

/// A certificate as it is written down here.
struct Made<'m> {
    name: &'m str,
    on: &'m str,
    value: &'m str,
    unit: &'m str,
    kind: &'m str,
    /// Expanded uncertainty (k = 2) with its unit.
    u: Option<(&'m str, &'m str)>,
    references: Vec<Value>,
}

impl Network {
    fn make(&mut self, made: Made<'_>) -> &mut Value {
        let Made { name, on, value, unit, kind, u, references } = made;
        let standard = format!("_:s-{name}");
        self.standards.push(json!({"id": standard, "owner": "_:lab", "code": name}));
        let mut row = json!({
            "id": "r1", "quantity_kind": kind, "value": value, "unit": unit,
            "point": {"value": value, "unit": unit},
        });
        if let Some((u, unit)) = u {
            row["uncertainty"] = json!({
                "value": u, "unit": unit, "kind": "expanded", "mode": "absolute",
                "coverage_factor": "2",
            });
        }
        self.certificates.push(json!({
            "id": format!("_:c-{name}"), "kind": "calibration", "issuer": "_:lab", "number": name,
            "performed_from": on, "performed_to": on, "item": standard, "results": [row],
            "references": references,
        }));
        self.certificates.last_mut().expect("one")
    }

    /// A 10 V standard with this expanded uncertainty in microvolts.
    fn volt(&mut self, name: &str, on: &str, u: &str, references: Vec<Value>) -> &mut Value {
        let u = Some((u, "uV"));
        self.make(Made { name, on, value: "10", unit: "V", kind: "dc_voltage", u, references })
    }

    fn loaded(&self) -> Loaded {
        let bundle = json!({"format": "etalon-bundle/1", "records": {
            "organisations": [
                {"id": "_:lab", "kind": "calibration_laboratory", "names": {"en": "Laboratory"}},
                {"id": "_:nmi", "kind": "nmi", "names": {"en": "Institute"}},
            ],
            "measurement_standards": self.standards, "realisations": self.realisations,
            "calibrations": self.certificates, "nonconformities": self.nonconformities,
        }});
        Loaded::parse(&bundle.to_string()).unwrap_or_else(|faults| panic!("{faults:#?}"))
    }

    #[track_caller]
    fn ask(&self, question: Value) -> ImpactAnswer {
        ask_of(&self.loaded(), question).unwrap_or_else(|faults| panic!("{faults:#?}"))
    }
}

fn ask_of(loaded: &Loaded, question: Value) -> Result<ImpactAnswer, Faults> {
    loaded.impact_page(&deserr::deserialize::<ImpactQuestion, _, Faults>(question)?)
}

fn of(name: &str) -> Value {
    json!({"standard": format!("_:s-{name}"), "calibration": format!("_:c-{name}"), "result": "r1"})
}

/// A reference with more said of it.
fn like(name: &str, more: Value) -> Value {
    with(of(name), more)
}

fn with(mut value: Value, more: Value) -> Value {
    if let (Value::Object(fields), Value::Object(more)) = (&mut value, more) {
        fields.extend(more);
    }
    value
}

fn certificate(name: &str) -> Value {
    json!({"subject": {"kind": "calibration", "id": format!("_:c-{name}")}})
}

fn shifted(question: Value, value: &str, unit: &str) -> Value {
    with(question, json!({"shift": {"value": value, "unit": unit}}))
}

/// Names of what is affected, with ratio and significance.
fn found(answer: &ImpactAnswer) -> Vec<(String, String, String)> {
    let text = |item: &AffectedCertificate| {
        let significance = item.significance.map(|one| one.to_string());
        (
            item.number.clone().unwrap_or_default(),
            item.ratio.clone().unwrap_or_else(|| "?".to_owned()),
            significance.unwrap_or_default(),
        )
    };
    answer.items.iter().map(text).collect()
}

#[track_caller]
fn assert_found(answer: &ImpactAnswer, expected: &[(&str, &str, &str)]) {
    let found = found(answer);
    let found: Vec<(&str, &str, &str)> = found
        .iter()
        .map(|(name, ratio, word)| (name.as_str(), ratio.as_str(), word.as_str()))
        .collect();
    assert_eq!(found, expected);
}

/// Scenario 59: 12 µV against 45, 30 and 150 µV.
#[test]
fn a_zener_found_out_of_tolerance() {
    let mut network = Network::default();
    network.volt("z", "2026-01-14", "8", vec![]);
    network.volt("a", "2026-04-20", "45", vec![of("z")]);
    network.volt("b", "2026-04-21", "30", vec![of("z")]);
    network.volt("c", "2026-04-22", "150", vec![of("z")]);
    let again = network.volt("z2", "2026-10-07", "8", vec![]);
    again["item"] = "_:s-z".into();
    again["results"][0]["phase"] = "as_found".into();
    again["results"][0]["value"] = "10.000012".into();
    let expected =
        [("a", "0.27", "review"), ("b", "0.40", "significant"), ("c", "0.08", "insignificant")];
    // As the recalibration shows it, and as stated.
    let standard = json!({"subject": {"kind": "standard", "id": "_:s-z"}});
    let shown = network.ask(standard.clone());
    assert_found(&shown, &expected);
    let window = &shown.window;
    assert_eq!(window.from.map(|day| day.to_string()).as_deref(), Some("2026-01-15"));
    assert_eq!(window.from_is.as_str(), "last_calibration");
    assert_eq!(window.to.map(|day| day.to_string()).as_deref(), Some("2026-10-07"));
    assert_eq!(window.to_is.as_str(), "as_found");
    let stated = network.ask(shifted(standard, "12", "uV"));
    assert_eq!(found(&stated), found(&shown));
    // Relative to the value: 1.2 µV/V of 10 V.
    let relative = network.ask(shifted(certificate("z"), "1.2", "uV/V"));
    assert_eq!(found(&relative), found(&shown));
    assert_eq!(shown.counts.significant, 1);
    assert_eq!(shown.counts.certificates, 3);
    assert_eq!(shown.statement.len(), 1);
    assert!(shown.statement[0].to_do.en.contains("tell the customer"));
}

/// The BIPM's mass unit of 2015: 35 µg against CMCs from 28 µg to 1850 µg.
#[test]
fn the_precedent_of_2015() {
    let mut network = Network::default();
    network.realisations.push(json!({
        "id": "_:root", "kind": "nmi_primary_realisation", "organisation": "_:nmi",
        "quantity_kind": "mass", "epoch": "kg-ipk",
    }));
    for (name, u) in [("a", "28"), ("b", "1850"), ("c", "350")] {
        network.make(Made {
            name,
            on: "2014-05-01",
            value: "1",
            unit: "kg",
            kind: "mass",
            u: Some((u, "ug")),
            references: vec![json!({"realisation": "_:root", "model": "identity"})],
        });
    }
    let question = json!({"subject": {"kind": "epoch", "id": "kg-ipk"}});
    let answer = network.ask(shifted(question, "35", "ug"));
    assert_found(
        &answer,
        &[
            ("a", "1.25", "significant"),
            ("b", "0.019", "insignificant"),
            ("c", "0.10", "insignificant"),
        ],
    );
    let one = json!({"subject": {"kind": "realisation", "id": "_:root"}});
    assert_eq!(found(&network.ask(shifted(one, "35", "ug"))), found(&answer));
}

/// A ratio carries the relative shift, a product its exponent, and what was made with it goes on from
/// there.
#[test]
fn the_shift_is_carried_along_the_model() {
    let mut network = Network::default();
    network.volt("z", "2026-01-14", "8", vec![]);
    network.make(Made {
        name: "hundred",
        on: "2026-02-01",
        value: "100",
        unit: "V",
        kind: "dc_voltage",
        u: Some(("400", "uV")),
        references: vec![like("z", json!({"model": "ratio"}))],
    });
    network.make(Made {
        name: "current",
        on: "2026-03-01",
        value: "2",
        unit: "A",
        kind: "dc_current",
        u: Some(("100", "uA")),
        references: vec![like("hundred", json!({"model": "product", "exponent": "-1"}))],
    });
    network.make(Made {
        name: "stated",
        on: "2026-03-02",
        value: "1",
        unit: "A",
        kind: "dc_current",
        u: Some(("10", "uA")),
        references: vec![like("z", json!({"model": "custom", "sensitivity": "0.5"}))],
    });
    network.make(Made {
        name: "unsaid",
        on: "2026-03-03",
        value: "1",
        unit: "A",
        kind: "dc_current",
        u: Some(("10", "uA")),
        references: vec![of("z")],
    });
    let answer = network.ask(shifted(certificate("z"), "10", "uV"));
    assert_found(
        &answer,
        &[
            // 10 µV · 100/10 = 100 µV of 400 µV.
            ("hundred", "0.25", "review"),
            // 0.5 A/V · 10 µV = 5 µA of 10 µA.
            ("stated", "0.50", "significant"),
            ("unsaid", "?", "review"),
            // 100 µV · 2/100 = 2 µA of 100 µA.
            ("current", "0.02", "insignificant"),
        ],
    );
    assert_eq!(
        answer.items[2].basis.map(|basis| basis.to_string()).as_deref(),
        Some("sensitivity_unknown")
    );
    let shift = answer.items[3].shift.as_ref().expect("a shift");
    assert_eq!((shift.value.as_str(), shift.unit.as_str()), ("2", "uA"));
    // Without a shift everything is looked at.
    let unknown = network.ask(certificate("z"));
    assert!(unknown.items.iter().all(|item| item.ratio.is_none()));
    assert_eq!(unknown.counts.review, 4);
}

/// Several ways from one cause are added with their signs; an unknown one leaves it to be reviewed.
#[test]
fn several_ways_are_added() {
    let mut network = Network::default();
    network.volt("z", "2026-01-14", "8", vec![]);
    network.volt("a", "2026-02-01", "80", vec![like("z", json!({"model": "identity"}))]);
    network.volt("b", "2026-02-02", "80", vec![like("z", json!({"model": "identity"}))]);
    let sum = |sign: &str| {
        vec![
            like("a", json!({"model": "custom", "sensitivity": "1"})),
            like("b", json!({"model": "custom", "sensitivity": sign})),
        ]
    };
    network.volt("plus", "2026-03-01", "80", sum("1"));
    network.volt("minus", "2026-03-02", "80", sum("-1"));
    network.volt(
        "mean",
        "2026-03-03",
        "80",
        vec![like("a", json!({"model": "mean"})), like("b", json!({"model": "mean"}))],
    );
    // Half of a mean that was made with something else too.
    network.volt("other", "2026-02-03", "80", vec![]);
    network.volt(
        "half",
        "2026-03-04",
        "80",
        vec![like("a", json!({"model": "mean"})), like("other", json!({"model": "mean"}))],
    );
    network.volt(
        "unknown",
        "2026-03-05",
        "800",
        vec![
            like("a", json!({"model": "custom", "sensitivity": "1"})),
            like("b", json!({"model": "custom"})),
        ],
    );
    let answer = network.ask(shifted(certificate("z"), "4", "uV"));
    let by_name: BTreeMap<String, (String, String)> =
        found(&answer).into_iter().map(|(name, ratio, word)| (name, (ratio, word))).collect();
    let expect = |name: &str, ratio: &str, word: &str| {
        assert_eq!(by_name[name], (ratio.to_owned(), word.to_owned()), "{name}");
    };
    expect("a", "0.05", "insignificant");
    expect("plus", "0.10", "insignificant");
    expect("minus", "0", "insignificant");
    expect("mean", "0.05", "insignificant");
    expect("half", "0.025", "insignificant");
    expect("unknown", "0.005", "review");
    assert!(!by_name.contains_key("other"));
}

/// An error turns the sign, so magnitudes are added there.
#[test]
fn where_a_sign_is_not_sure_nothing_cancels() {
    let mut network = Network::default();
    network.volt("z", "2026-01-14", "8", vec![]);
    let error =
        network.volt("e", "2026-02-01", "80", vec![like("z", json!({"model": "identity"}))]);
    error["results"][0]["value_is"] = "error".into();
    error["results"][0]["value"] = "0.000003".into();
    network.volt("a", "2026-02-02", "80", vec![like("z", json!({"model": "identity"}))]);
    network.volt(
        "both",
        "2026-03-01",
        "80",
        vec![
            like("a", json!({"model": "custom", "sensitivity": "1"})),
            like("e", json!({"model": "custom", "sensitivity": "-1"})),
        ],
    );
    let answer = network.ask(shifted(certificate("z"), "4", "uV"));
    let both = answer.items.iter().find(|item| item.number.as_deref() == Some("both"));
    assert_eq!(both.and_then(|both| both.ratio.as_deref()), Some("0.10"));
}

/// Uses count within the window, and what hangs on them whenever it was made; a later use counts even
/// where the one before did not.
#[test]
fn the_window() {
    let mut network = Network::default();
    network.volt("z", "2025-01-10", "8", vec![]);
    network.volt("early", "2025-03-01", "80", vec![of("z")]);
    network.volt("first", "2025-06-01", "80", vec![of("z")]);
    network.volt("last", "2025-08-31", "80", vec![of("z")]);
    network.volt("late", "2025-09-01", "80", vec![of("z")]);
    network.volt("much-later", "2027-01-01", "90", vec![of("first")]);
    network.volt("of-early", "2025-07-01", "90", vec![of("early")]);
    let window = json!({"window_from": "2025-06-01", "window_to": "2025-08-31"});
    let answer = network.ask(with(certificate("z"), window));
    let names: Vec<String> = found(&answer).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["first", "last", "much-later"]);
    assert_eq!((answer.counts.used_before_window, answer.counts.used_after_window), (1, 1));
    assert_eq!(answer.items[2].depth, 2);
    // A check within limits after the first use is the last good evidence of the standard.
    network.standards[0]["events"] = json!([
        {"kind": "intermediate_check", "on": "2025-06-15", "within_limits": true},
        {"kind": "intermediate_check", "on": "2025-08-31", "within_limits": false},
    ]);
    let answer = network.ask(json!({"subject": {"kind": "standard", "id": "_:s-z"}}));
    let names: Vec<String> = found(&answer).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["last"]);
    assert_eq!(answer.window.from_is.as_str(), "intermediate_check");
    assert_eq!(answer.window.to_is.as_str(), "event");
}

/// Where the detection was: the day of the decision about a certificate, which is not the day to which
/// it is dated back; and what a standard was found as, not that it was adjusted then.
#[test]
fn when_it_was_detected() {
    let mut network = Network::default();
    network.volt("z", "2025-01-10", "8", vec![])["issued_on"] = "2025-01-12".into();
    network.volt("a", "2025-06-01", "80", vec![of("z")]);
    network.volt("b", "2026-02-01", "80", vec![of("z")]);
    let void = |effective_from: &str, recorded_at: Option<&str>| {
        let mut status = json!({"status": "void_ab_initio", "effective_from": effective_from});
        if let Some(recorded_at) = recorded_at {
            status["recorded_at"] = recorded_at.into();
        }
        json!([status])
    };
    for (status, to, listed) in [
        (void("2025-10-05", None), Some("2025-10-05"), 1),
        (void("2025-01-12", Some("2025-10-06T03:00:00Z")), Some("2025-10-06"), 1),
        (void("2025-01-12", None), None, 2),
    ] {
        network.certificates[0]["status_history"] = status;
        let answer = network.ask(certificate("z"));
        assert_eq!(answer.window.to.map(|day| day.to_string()).as_deref(), to);
        assert_eq!(answer.counts.certificates, listed);
        assert_eq!(answer.counts.used_after_window, 2 - listed);
    }
    // Withdrawn from a day on: uses before it are good.
    network.certificates[0]["status_history"] =
        json!([{"status": "withdrawn", "effective_from": "2025-10-05"}]);
    let answer = network.ask(certificate("z"));
    assert_eq!(found(&answer)[0].0, "b");
    assert_eq!((answer.counts.certificates, answer.counts.used_before_window), (1, 1));
    let again = network.volt("z2", "2026-10-07", "8", vec![]);
    again["item"] = "_:s-z".into();
    again["results"][0]["phase"] = "as_found".into();
    network.standards[0]["events"] = json!([{"kind": "adjustment", "on": "2026-10-07"}]);
    let answer = network.ask(json!({"subject": {"kind": "standard", "id": "_:s-z"}}));
    assert_eq!(answer.window.to_is.as_str(), "as_found");
    assert_eq!(answer.counts.certificates, 2);
    // Dropped on a known day: bad from then on, until it was calibrated again.
    network.standards[0]["events"] = json!([{"kind": "damage", "on": "2025-12-01"}]);
    let answer = network.ask(json!({"subject": {"kind": "standard", "id": "_:s-z"}}));
    assert_eq!(found(&answer)[0].0, "b");
    assert_eq!(answer.counts.certificates, 1);
    assert_eq!(answer.window.to_is.as_str(), "recalibration");
}

/// Only the rows that were made with it count, and checks are no links.
#[test]
fn rows_and_checks() {
    let mut network = Network::default();
    network.volt("z", "2026-01-14", "8", vec![]);
    let two =
        network.volt("two", "2026-02-01", "80", vec![like("z", json!({"for_results": ["r2"]}))]);
    let mut second = two["results"][0].clone();
    second["id"] = "r2".into();
    second["uncertainty"]["value"] = "20".into();
    two["results"].as_array_mut().expect("rows").push(second);
    network.volt("of-r1", "2026-03-01", "90", vec![of("two")]);
    network.volt("of-r2", "2026-03-01", "90", vec![like("two", json!({"result": "r2"}))]);
    network.volt("checked", "2026-03-01", "90", vec![like("z", json!({"role": "check"}))]);
    let answer = network.ask(shifted(certificate("z"), "4", "uV"));
    assert_found(&answer, &[("two", "0.20", "review"), ("of-r2", "0.044", "insignificant")]);
    assert_eq!(answer.items[0].result.as_deref(), Some("r2"));
}

/// Certificates that were made with each other are listed once, and to be reviewed.
#[test]
fn a_loop_ends() {
    let mut network = Network::default();
    network.volt("z", "2026-01-14", "8", vec![]);
    network.volt("a", "2026-02-01", "80", vec![of("z"), of("b")]);
    network.volt("b", "2026-02-01", "80", vec![of("a")]);
    let answer = network.ask(shifted(certificate("z"), "400", "uV"));
    assert_found(&answer, &[("a", "?", "review"), ("b", "?", "review")]);
    assert_eq!(answer.items[0].basis.map(|basis| basis.to_string()).as_deref(), Some("loop"));
}

/// A corrected certificate: those who used the old value are affected by the difference.
#[test]
fn a_corrected_certificate() {
    let mut network = Network::default();
    network.volt("z", "2026-01-14", "8", vec![]);
    network.volt("a", "2026-02-01", "45", vec![of("z")]);
    let corrected = network.volt("z-1", "2026-01-14", "8", vec![]);
    corrected["item"] = "_:s-z".into();
    corrected["amends"] = "_:c-z".into();
    corrected["issued_on"] = "2026-06-01".into();
    corrected["results"][0]["value"] = "10.000012".into();
    let answer = network.ask(certificate("z"));
    assert_found(&answer, &[("a", "0.27", "review")]);
    assert_eq!(answer.window.to.map(|day| day.to_string()).as_deref(), Some("2026-06-01"));
    // Who asks about the correction asks about those for whom it stands, too.
    let answer = network.ask(shifted(certificate("z-1"), "12", "uV"));
    assert_found(&answer, &[("a", "0.27", "review")]);
}

/// Everything that a laboratory issued within the window is listed itself.
#[test]
fn a_laboratory() {
    let mut network = Network::default();
    network.volt("z", "2026-01-14", "8", vec![])["issuer"] = "_:nmi".into();
    network.volt("a", "2026-02-01", "40", vec![of("z")]);
    network.volt("b", "2026-03-01", "80", vec![of("a")]);
    let question = json!({"subject": {"kind": "organisation", "id": "_:lab"}});
    // What the laboratory is off by is in each of its certificates once.
    let answer = network.ask(shifted(question.clone(), "8", "uV"));
    assert_found(&answer, &[("a", "0.20", "review"), ("b", "0.10", "insignificant")]);
    let answer = network.ask(with(question, json!({"window_from": "2026-03-01"})));
    assert_eq!(found(&answer).len(), 1);
    assert_eq!(answer.counts.used_before_window, 1);
}

/// What a case decided is said beside what was computed.
#[test]
fn what_was_decided() {
    let mut network = Network::default();
    network.volt("z", "2026-01-14", "8", vec![]);
    network.volt("a", "2026-02-01", "45", vec![of("z")]);
    network.volt("b", "2026-02-02", "45", vec![of("z")]);
    network.nonconformities.push(json!({
        "id": "_:case", "subject": "_:c-z",
        "decisions": [{"calibration": "_:c-a", "significance": "insignificant"}],
    }));
    let answer = network.ask(shifted(certificate("z"), "12", "uV"));
    assert_eq!(
        answer.items[0].decided.map(|one| one.to_string()).as_deref(),
        Some("insignificant")
    );
    assert_eq!(answer.items[0].significance.map(|one| one.to_string()).as_deref(), Some("review"));
    assert_eq!(answer.counts.undecided, 1);
}

/// The same before and after: scenario 45, as the bundle's log tells it.
#[test]
fn traceability_before_and_after() {
    let mut network = Network::default();
    network.realisations.push(json!({
        "id": "_:root", "kind": "nmi_primary_realisation", "organisation": "_:nmi",
        "quantity_kind": "dc_voltage",
    }));
    let made = network.volt(
        "z",
        "2026-01-14",
        "8",
        vec![json!({"realisation": "_:root", "model": "identity"})],
    );
    made["issuer"] = "_:nmi".into();
    made["item_identification"] = json!({"serial_number": "1"});
    made["status_history"] = json!([{
        "status": "void_ab_initio", "effective_from": "2026-10-05",
        "recorded_at": "2026-10-05T03:00:00Z",
    }]);
    network.standards[0]["serial_number"] = "1".into();
    network.volt("a", "2026-02-01", "45", vec![like("z", json!({"model": "identity"}))]);
    let compared = json!({"compared_with": "2026-10-05T02:59:59Z"});
    let answer = network.ask(with(certificate("z"), compared));
    let item = &answer.items[0];
    let word = |standing: Option<etalon::engine::impact::Standing>| {
        standing.map(|standing| standing.to_string()).unwrap_or_default()
    };
    assert_ne!(word(item.traceability_before), "under_review");
    assert_eq!(word(item.traceability), "under_review");
}

/// What cannot be asked is refused at its place.
#[test]
fn what_cannot_be_asked() {
    let mut network = Network::default();
    network.volt("z", "2026-01-14", "8", vec![]);
    let loaded = network.loaded();
    let refused = |question: Value| {
        let faults = ask_of(&loaded, question).expect_err("it is refused");
        faults.0.into_iter().map(|one| (one.pointer, one.code)).collect::<Vec<_>>()
    };
    let place = |pointer: &str, code: &'static str| vec![(pointer.to_owned(), code)];
    assert_eq!(refused(certificate("nothing")), place("/subject/id", "unknown_subject"));
    let question = with(certificate("z"), json!({"policy": "none"}));
    assert_eq!(refused(question), place("/policy", "unknown_policy"));
    let question = shifted(certificate("z"), "1", "mg");
    assert_eq!(refused(question), place("/shift/unit", "other_dimension"));
    let question = with(certificate("z"), json!({"limit": 0}));
    assert_eq!(refused(question), place("/limit", "bad_limit"));
    let window = json!({"window_from": "2026-02-01", "window_to": "2026-01-01"});
    assert_eq!(refused(with(certificate("z"), window)), place("/window_to", "period_reversed"));
    let question = with(certificate("z"), json!({"cursor": "1"}));
    assert_eq!(refused(question), place("/cursor", "bad_cursor"));
    let question = with(certificate("z"), json!({"cursor": "0.0123456789abcdef.5"}));
    assert_eq!(refused(question), place("/cursor", "cursor_of_another_question"));
}

/// A table with quotes and commas in its texts is read back as it was.
#[test]
fn the_table() {
    let mut network = Network::default();
    network.volt("z", "2026-01-14", "8", vec![]);
    network.volt("a", "2026-02-01", "45", vec![of("z")])["number"] = "no. 1, \"new\"".into();
    let question = shifted(certificate("z"), "12", "uV");
    let question = deserr::deserialize::<ImpactQuestion, _, Faults>(question).expect("a question");
    let loaded = network.loaded();
    let text = loaded.impact(&question).expect("an answer").csv();
    assert!(text.contains("\r\n"));
    let mut lines = csv::Reader::from_reader(text.as_bytes());
    let headers = lines.headers().expect("a header").clone();
    let line = lines.records().next().expect("a line").expect("a line");
    let field = |name: &str| {
        let position = headers.iter().position(|header| header == name).expect(name);
        line[position].to_owned()
    };
    assert_eq!(field("number"), "no. 1, \"new\"");
    assert_eq!((field("shift"), field("shift_unit")), ("12".to_owned(), "uV".to_owned()));
    assert_eq!(field("significance"), "review");
    assert_eq!(field("ratio"), "0.27");
}

/// A random network: for each certificate the month it was made in, and which it was made with.
fn networks() -> impl Strategy<Value = Vec<(u32, BTreeSet<usize>)>> {
    let certificate = (0u32..24, prop::collection::btree_set(0usize..14, 0..4));
    prop::collection::vec(certificate, 1..14)
}

fn day_of(month: u32) -> String {
    format!("{}-{:02}-15", 2024 + month / 12, month % 12 + 1)
}

/// What is affected, found the slow way: again and again, until nothing is added.
fn slowly(network: &[(u32, BTreeSet<usize>)], from: u32, to: u32) -> BTreeSet<String> {
    let mut affected: BTreeSet<usize> = BTreeSet::new();
    loop {
        let more = network.iter().enumerate().filter(|(position, (month, parents))| {
            *position != 0
                && !affected.contains(position)
                && *month >= from
                && (parents.contains(&0) && *month <= to
                    || parents.iter().any(|parent| *parent != 0 && affected.contains(parent)))
        });
        let more: Vec<usize> = more.map(|(position, _)| position).collect();
        if more.is_empty() {
            return affected.into_iter().map(|position| format!("c{position}")).collect();
        }
        affected.extend(more);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The same as found the slow way, on every page and in every count; nothing that was made before
    /// the window, and nothing that does not hang on it.
    #[test]
    fn every_network(network in networks(), from in 0u32..20, length in 0u32..12, limit in 1u32..5) {
        let mut records = Network::default();
        for (position, (month, parents)) in network.iter().enumerate() {
            let parents = parents.iter().filter(|parent| **parent < network.len() && **parent != position);
            let references = parents.map(|parent| like(&format!("c{parent}"), json!({"model": "identity"})));
            let references: Vec<Value> = references.collect();
            records.volt(&format!("c{position}"), &day_of(*month), "40", references);
        }
        let loaded = records.loaded();
        let window = json!({"window_from": day_of(from), "window_to": day_of(from + length)});
        let question = with(shifted(certificate("c0"), "1", "uV"), window);
        let mut listed = Vec::new();
        let mut cursor = Value::Null;
        let counts = loop {
            let mut page = with(question.clone(), json!({"limit": limit}));
            if !cursor.is_null() {
                page["cursor"] = cursor;
            }
            let answer = ask_of(&loaded, page).expect("an answer");
            prop_assert!(answer.items.len() <= limit as usize);
            for item in &answer.items {
                prop_assert!(item.performed_to.expect("a day").to_string() >= day_of(from));
                listed.push((item.depth, item.calibration.clone(), item.number.clone().expect("a number")));
            }
            match answer.next_cursor {
                Some(next) => cursor = next.into(),
                None => break answer.counts,
            }
        };
        let mut sorted = listed.clone();
        sorted.sort();
        prop_assert_eq!(&listed, &sorted);
        let names: BTreeSet<String> = listed.iter().map(|(_, _, name)| name.clone()).collect();
        prop_assert_eq!(names.len(), listed.len());
        prop_assert_eq!(&names, &slowly(&network, from, from + length));
        prop_assert_eq!(counts.certificates as usize, listed.len());
        let by_significance = counts.insignificant + counts.review + counts.significant;
        prop_assert_eq!(by_significance, counts.certificates);
    }
}
