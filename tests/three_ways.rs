//! The same claim gives the same report from a bundle, from SQLite and from PostgreSQL: every vector
//! is asked three ways, and the reports are compared byte for byte apart from ids, the time and the
//! log index. So is a sample of the synthetic country, whose calibrations carry every kind of fault.
//!
//! Vectors are put into one registry together, each under labels of its own: what a claim is decided
//! from must not depend on what else a registry holds. Only memberships of countries are facts
//! about everybody, so vectors with different ones are kept apart; and where a certificate claims no
//! recognition, what anybody offers for its quantity counts, so such a vector is alone.

mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;

use deserr::deserialize;
use etalon::app::bundle::Loaded;
use etalon::app::conformance::{Case, cases};
use etalon::app::import::Options;
use etalon::app::registry::{Author, Registry};
use etalon::app::synth::Country;
use etalon::app::verify::Moment;
use etalon::domain::claim::Claim;
use etalon::domain::fault::Faults;
use etalon::domain::period::{Day, Instant};
use etalon::engine::report::RenderedReport;
use etalon::exchange::bundle::{Bundle, to_json};
use serde_json::{Map, Value, json};

use support::{Database, both, vectors};

both!(every_vector, the_synthetic_country);

/// After everything that a vector asks about.
fn moment() -> Moment {
    Moment {
        now: Instant::parse("2030-01-01T00:00:00Z").expect("an instant"),
        today: Day::parse("2026-11-20").expect("a day"),
    }
}

/// Puts something before every label of a value.
fn prefixed(value: &mut Value, prefix: &str) {
    match value {
        Value::String(text) => {
            if let Some(label) = text.strip_prefix("_:") {
                *text = format!("_:{prefix}{label}");
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|one| prefixed(one, prefix)),
        Value::Object(fields) => fields.values_mut().for_each(|one| prefixed(one, prefix)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The memberships of countries in a case, which every claim of a registry sees.
fn of_countries(case: &Case) -> String {
    let memberships = case.records["memberships"].as_array().into_iter().flatten();
    let mut texts: Vec<String> = memberships
        .filter(|membership| membership.get("country").is_some())
        .map(|membership| {
            let mut membership = membership.clone();
            membership.as_object_mut().expect("an object").remove("id");
            membership.to_string()
        })
        .collect();
    texts.sort();
    texts.dedup();
    texts.join("\n")
}

/// A vector's case, and what its claims are answered from a bundle.
struct Asked {
    prefix: String,
    case: Case,
    answers: Vec<Result<RenderedReport, Faults>>,
}

impl Asked {
    fn of(prefix: String, case: Case) -> Self {
        let own = json!({"format": "etalon-bundle/1", "records": case.records}).to_string();
        let whole = Loaded::parse(&own).expect("a case");
        let none = BTreeMap::new();
        let read = |value| {
            claim(value, &none).unwrap_or_else(|| panic!("{}: {value} is no claim", case.id))
        };
        let answers = case.claims.iter().map(|value| whole.answer(&read(value), moment()));
        let answers = answers.collect();
        Self { prefix, case, answers }
    }

    /// Whether a report depends on what anybody offers.
    fn looks_at_everybody(&self) -> bool {
        let mut reports = self.answers.iter().flatten();
        reports.any(|report| serde_json::to_string(report).expect("JSON").contains("\"A-08\""))
    }
}

/// Records into an empty registry as history, and the label or id of the file for every id.
fn imported(database: &Database, bundle: &str) -> (Registry, BTreeMap<String, String>) {
    let registry = Registry::open(database.url()).expect("a registry");
    let options = Options { historical: true, ..Options::default() };
    let author = Author::operator("test", moment().now);
    let report = registry
        .import("cases.json", bundle, &options, &author, &mut |_, _| {})
        .unwrap_or_else(|failed| panic!("{failed:?}"));
    let names =
        report.outcomes.iter().filter_map(|one| Some((one.id.to_string(), one.label.clone()?)));
    (registry, names.collect())
}

/// A report as text, without what may differ.
fn comparable(report: &RenderedReport) -> String {
    fn without(report: &mut Value) {
        let fields = report.as_object_mut().expect("a report");
        fields.remove("log_index").expect("a log index");
        fields.remove("computed_at").expect("a time");
        fields
            .get_mut("parts")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
            .for_each(without);
    }
    let mut report = serde_json::to_value(report).expect("JSON");
    without(&mut report);
    serde_json::to_string_pretty(&report).expect("JSON")
}

/// What differs between the two answers to a claim.
fn difference(
    expected: Result<RenderedReport, Faults>,
    found: Result<RenderedReport, String>,
    renamed: impl Fn(String) -> String,
) -> Option<String> {
    match (expected, found) {
        (Ok(expected), Ok(found)) => {
            let (expected, found) = (comparable(&expected), renamed(comparable(&found)));
            let mut lines = expected.lines().zip(found.lines());
            let differing = lines.find(|(expected, found)| expected != found);
            (expected != found).then(|| format!("{differing:#?}"))
        }
        (Err(_), Err(_)) => None,
        (expected, found) => Some(format!("{:?}, but {:?}", expected.err(), found.err())),
    }
}

fn claim(value: &Value, ids: &BTreeMap<&str, &str>) -> Option<Claim> {
    let mut value = value.clone();
    for field in ["standard", "calibration"] {
        if let Some(id) = value[field].as_str().and_then(|label| ids.get(label)) {
            value[field] = json!(id);
        }
    }
    deserialize::<_, _, Faults>(value).ok()
}

fn every_vector(database: &Database) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut cases_read = Vec::new();
    vectors::collect(&root.join("tests/vectors"), &mut cases_read);
    let shared = root.join("../shared/vectors");
    if shared.is_dir() {
        vectors::collect(&shared, &mut cases_read);
    }
    let mut groups: BTreeMap<String, Vec<Asked>> = BTreeMap::new();
    for (number, mut case) in cases(&cases_read).into_iter().enumerate() {
        let prefix = format!("case{number}.");
        prefixed(&mut case.records, &prefix);
        case.claims.iter_mut().for_each(|claim| prefixed(claim, &prefix));
        let mut key = of_countries(&case);
        let one = Asked::of(prefix, case);
        if one.looks_at_everybody() {
            key.push_str(&one.prefix);
        }
        groups.entry(key).or_default().push(one);
    }
    let (mut asked, mut wrong) = (0, Vec::new());
    for group in groups.into_values() {
        let database = Database::on(database.backend()).expect("a database as before");
        let mut together: Map<String, Value> = Map::new();
        for one in &group {
            for (collection, records) in one.case.records.as_object().expect("records") {
                let all = together.entry(collection).or_insert_with(|| json!([]));
                let records = records.as_array().expect("a list").iter().cloned();
                all.as_array_mut().expect("a list").extend(records);
            }
        }
        let bundle = json!({"format": "etalon-bundle/1", "records": together}).to_string();
        let (registry, labels) = imported(&database, &bundle);
        let ids: BTreeMap<&str, &str> =
            labels.iter().map(|(id, label)| (label.as_str(), id.as_str())).collect();
        for Asked { prefix, case, answers } in group {
            let own: Vec<(&String, &String)> =
                labels.iter().filter(|(_, label)| label[2..].starts_with(&prefix)).collect();
            for (position, (value, expected)) in case.claims.iter().zip(answers).enumerate() {
                let claim = claim(value, &ids).expect("a claim that was read before");
                let found = registry.answer(&claim, moment());
                let found = found.map_err(|refusal| format!("{refusal:?}"));
                let renamed = |text: String| {
                    own.iter().fold(text, |text, (id, label)| text.replace(*id, label))
                };
                asked += 1;
                wrong.extend(
                    difference(expected, found, renamed)
                        .map(|difference| format!("{} claim {position}: {difference}", case.id)),
                );
            }
        }
    }
    assert!(asked >= 300, "only {asked} claims");
    assert!(wrong.is_empty(), "{} of {asked} differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn the_synthetic_country(database: &Database) {
    let country = Country::new(450, 4, 11);
    let bundle = Bundle { source: None, records: country.records(), warnings: Vec::new() };
    let bundle = to_json(&bundle);
    let whole = Loaded::parse(&bundle).expect("the country");
    let (registry, _) = imported(database, &bundle);
    let planted = country.planted().map(|planted| planted.claim);
    let claims: Vec<Claim> = country.claims(20).chain(planted).collect();
    let mut wrong = Vec::new();
    let mut asked = 0;
    let head = registry.store().head().expect("the head").log_index;
    for claim in &claims {
        let loaded = registry.load(&claim.standard, claim.calibration.as_ref(), head);
        let loaded = loaded.expect("the evidence");
        for policy in ["ilac-p10", "vn-2026"] {
            for (quantity_kind, point) in [(claim.quantity_kind, claim.point.clone()), (None, None)]
            {
                let policy = Some(policy.to_owned());
                let claim = Claim { policy, quantity_kind, point, ..claim.clone() };
                let expected = whole.answer(&claim, moment());
                let found = loaded.answer(&claim, moment());
                let found = found.map_err(|faults| format!("{faults:?}"));
                asked += 1;
                wrong.extend(
                    difference(expected, found, |text| text)
                        .map(|difference| format!("{claim:?}: {difference}")),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked} differ:\n{}", wrong.len(), wrong.join("\n"));
}
