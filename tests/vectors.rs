//! The chain vectors (docs/vectors.md): every case below `tests/vectors`, and below
//! `../shared/vectors` where that lies beside the checkout, gives what it expects.

#[path = "support/vectors.rs"]
mod folder;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;

use etalon::app::conformance::{Outcome, Vector, read, run};
use etalon::app::verify::Moment;
use etalon::domain::period::{Day, Instant};

/// When the cases are asked: a case that leaves out `used_on` or `known_at` gets these, whatever
/// the day on which the tests run.
fn moment() -> Moment {
    Moment {
        now: Instant::parse("2026-11-20T00:00:00Z").expect("an instant"),
        today: Day::parse("2026-11-20").expect("a day"),
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Everything that differs, one line each.
fn differences(outcomes: &[Outcome]) -> Vec<String> {
    let mut lines = Vec::new();
    for outcome in outcomes {
        for one in &outcome.differences {
            lines.push(format!(
                "{} ({}): {}: expected {}, got {}",
                outcome.id, outcome.origin, one.what, one.expected, one.got
            ));
        }
    }
    lines
}

#[track_caller]
fn pass(vectors: &[Vector]) {
    let outcomes = run(vectors, moment());
    let lines = differences(&outcomes);
    let failed = outcomes.iter().filter(|outcome| !outcome.differences.is_empty()).count();
    println!("{} passed, {failed} failed", outcomes.len() - failed);
    assert!(lines.is_empty(), "{failed} of {} cases differ:\n{}", outcomes.len(), lines.join("\n"));
}

#[test]
fn our_vectors_pass() {
    let mut vectors = Vec::new();
    folder::collect(&root().join("tests/vectors"), &mut vectors);
    assert!(vectors.len() >= 50, "only {} cases", vectors.len());
    pass(&vectors);
}

#[test]
fn shared_vectors_pass() {
    let folder = root().join("../shared/vectors");
    if !folder.is_dir() {
        println!("skipped: {} is not here", folder.display());
        return;
    }
    let mut vectors = Vec::new();
    folder::collect(&folder, &mut vectors);
    assert!(!vectors.is_empty(), "no case below {}", folder.display());
    pass(&vectors);
}

/// A standard that states its own realisation, and a claim on it: the smallest case there is.
const SMALL: &str = r#"{
  "id": "small::case",
  "records": {
    "organisations": [{"id": "_:lab", "kind": "calibration_laboratory", "names": {"en": "Lab"}, "country": "VN"}],
    "measurement_standards": [{"id": "_:w", "owner": "_:lab", "code": "W-1", "names": {"en": "weight"}, "quantity_kinds": ["mass"]}]
  },
  "claim": {"standard": "_:w", "quantity_kind": "mass", "point": {"value": "1", "unit": "kg"}, "used_on": "2026-11-01"},
  "expect": {"verdict": "undetermined", "findings": [{"rule": "S-02", "outcome": "indeterminate", "subject": "_:w"}]}
}"#;

/// What the runner says of the small case with this text replaced, and of further cases.
fn runs(replaced: &str, by: &str, further: &[&str]) -> Vec<String> {
    assert!(SMALL.contains(replaced), "{replaced} is not in the small case");
    let mut vectors = vec![read("small", &SMALL.replace(replaced, by)).expect("a vector")];
    for text in further {
        vectors.push(read("further", text).expect("a vector"));
    }
    differences(&run(&vectors, moment()))
}

#[test]
fn the_runner_says_no() {
    assert_eq!(runs("small", "small", &[]), Vec::<String>::new());
    let refused: &[(&str, &str, &str)] = &[
        ("undetermined", "traceable", "verdict: expected \"traceable\", got \"undetermined\""),
        // The right verdict for another reason.
        ("S-02", "S-03", "findings: expected {\"outcome\":\"indeterminate\",\"rule\":\"S-03\""),
        ("\"outcome\": \"indeterminate\"", "\"outcome\": \"fail\"", "findings: expected"),
        ("\"subject\": \"_:w\"}", "\"subject\": \"_:lab\"}", "findings: expected"),
        (
            "[{\"rule\": \"S-02\", \"outcome\": \"indeterminate\", \"subject\": \"_:w\"}]",
            "[]",
            "no other finding",
        ),
        ("\"verdict\"", "\"verdikt\"", "expected a known key, got verdikt"),
        ("\"records\"", "\"base\": \"no::such\", \"records\"", "base: expected a known case"),
        ("\"quantity_kinds\"", "\"quantity_kind\"", "records: expected no faults"),
        ("\"value\": \"1\"", "\"value\": 1", "claim: expected an answer"),
        ("\"unit\": \"kg\"", "\"unit\": \"m\"", "claim: expected an answer"),
        ("\"id\": \"small::case\",", "", "id: expected an id"),
    ];
    for (replaced, by, because) in refused {
        let found = runs(replaced, by, &[]);
        assert!(found.iter().any(|line| line.contains(because)), "{by}: {because}: {found:#?}");
    }
    let repeated = runs("small", "small", &[SMALL]);
    assert!(repeated.iter().any(|line| line.contains("a unique id")), "{repeated:#?}");
}

#[test]
fn a_base_is_patched() {
    let patched = |patch: &str, expect: &str| {
        let further = format!(
            r#"{{"id": "small::patched", "base": "small::case", "patch": {patch}, "expect": {expect}}}"#
        );
        runs("small", "small", &[&further])
    };
    let dated = r#"[{"op": "add", "path": "/records/measurement_standards/0/interval_policy",
        "value": {"method": "fixed", "months": 12, "history_complete": true}}]"#;
    let failing =
        r#"{"verdict": "not_traceable", "findings": [{"rule": "S-02", "outcome": "fail"}]}"#;
    assert_eq!(patched(dated, failing), Vec::<String>::new());
    let nowhere = r#"[{"op": "remove", "path": "/records/calibrations/7"}]"#;
    let found = patched(nowhere, failing);
    assert!(found.iter().any(|line| line.contains("patch: expected to apply")), "{found:#?}");
    // The base's claim may be patched too; its `expect` is not inherited once a case has its own.
    let other = r#"[{"op": "replace", "path": "/claim/standard", "value": "_:nobody"}]"#;
    let found = patched(other, "{}");
    assert!(found.iter().any(|line| line.contains("/standard")), "{found:#?}");
}

/// The committed schema of a vector, ready to check values.
fn schema() -> (Schemas, SchemaIndex) {
    let text = fs::read_to_string(root().join("docs/vector.schema.json")).expect("the schema");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let place = "https://etalon.example/vector.schema.json";
    compiler.add_resource(place, document).expect("a resource");
    let index = compiler.compile(place, &mut schemas).expect("a JSON Schema");
    (schemas, index)
}

fn json_files(below: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(below).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => json_files(&path, out),
            false => out.push(path),
        }
    }
}

#[test]
fn the_committed_schema_is_the_one_that_is_printed() {
    let printed = Command::new(env!("CARGO_BIN_EXE_etalon"))
        .args(["conformance", "--schema"])
        .output()
        .expect("etalon runs");
    assert!(printed.status.success());
    let committed = fs::read(root().join("docs/vector.schema.json")).expect("the schema");
    let how = "docs/vector.schema.json is stale: cargo run -- conformance --schema > docs/vector.schema.json";
    assert!(printed.stdout == committed, "{how}");
}

#[test]
fn every_vector_is_of_the_schema() {
    let (schemas, index) = schema();
    let mut files = Vec::new();
    json_files(&root().join("tests/vectors"), &mut files);
    assert!(files.len() >= 150, "only {} cases", files.len());
    for file in files {
        let text = fs::read_to_string(&file).expect("a file");
        let case: Value = serde_json::from_str(&text).expect("JSON");
        if let Err(error) = schemas.validate(&case, index) {
            panic!("{}: {error:#}", file.display());
        }
    }
}

#[test]
fn what_is_no_vector_is_not_of_the_schema() {
    let (schemas, index) = schema();
    let small: Value = serde_json::from_str(SMALL).expect("JSON");
    assert!(schemas.validate(&small, index).is_ok());
    for (replaced, by) in [
        ("\"id\": \"small::case\",", ""),
        ("\"verdict\"", "\"verdikt\""),
        ("\"undetermined\"", "\"maybe\""),
        ("\"quantity_kinds\"", "\"quantity_kind\""),
        ("\"value\": \"1\"", "\"value\": 1"),
        ("\"used_on\"", "\"used\""),
        ("\"rule\": \"S-02\", ", ""),
        ("\"calibration_laboratory\"", "\"garage\""),
    ] {
        assert!(SMALL.contains(replaced), "{replaced} is not in the small case");
        let other: Value = serde_json::from_str(&SMALL.replace(replaced, by)).expect("JSON");
        assert!(schemas.validate(&other, index).is_err(), "{by} in place of {replaced} passes");
    }
}
