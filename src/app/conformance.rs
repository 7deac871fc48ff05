//! Chain vectors: cases that say what must come out for a bundle and a claim, so that the engine
//! is pinned by data that any verifier can run (form: `docs/vectors.md`).

use std::collections::{BTreeMap, BTreeSet};

use deserr::{Deserr, IntoValue, ValuePointerRef};
use serde_json::{Map, Value};

use crate::domain::check::check_claim;
use crate::domain::claim::Claim;
use crate::domain::fault::{Fault, Faults, Gravity};
use crate::domain::form::{Described as _, Field, Form};
use crate::domain::records::CollectionName;
use crate::engine::compile::compile;
use crate::engine::finding::{self, Severity};
use crate::engine::limits::Limits;
use crate::engine::policy::{Policy, PolicyDocument};
use crate::engine::report::{
    Closure, DimensionOutcome, LinkState, LinkVia, RenderedFinding, RenderedReport, Route,
    Traceability, Verdict,
};
use crate::exchange::bundle;

use super::verify::{Moment, answer_under, shipped};

/// Bases a case may stand on, one upon the other.
const DEEPEST_BASE: usize = 3;

/// A vector as read, with the file it came from.
#[derive(Debug, Clone)]
pub struct Vector {
    /// Where it came from, for messages.
    pub origin: String,
    /// Its JSON object.
    case: Map<String, Value>,
}

/// What a case or one of its claims did otherwise than expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What was looked at.
    pub what: String,
    /// What the case expects.
    pub expected: String,
    /// What came out.
    pub got: String,
}

/// What came of a case.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its id.
    pub id: String,
    /// Where it came from.
    pub origin: String,
    /// Everything that differs; the case passed when nothing does.
    pub differences: Vec<Difference>,
}

/// The form of a vector, for those who write their own (`etalon conformance --schema`).
pub fn form() -> Form {
    let text = String::form;
    let claim = || claim_form(false);
    let fields = vec![
        Field::required("id", &[" `area::name`, unique within a run."], text()),
        Field::optional("description", &[" Why the verdict is what it is, in words."], text()),
        Field::optional("features", &[" Free tags."], Form::list_of(text())),
        Field::optional("base", &[" The id of the case that this one starts from."], text()),
        Field::optional(
            "patch",
            &[" A JSON Patch (RFC 6902) over the whole case, after its base."],
            Form::list_of(Form::open(vec![
                Field::required("op", &[" What is done."], text()),
                Field::required("path", &[" Where, as a JSON pointer."], text()),
            ])),
        ),
        Field::optional(
            "records",
            &[" The records, by collection, as in a bundle."],
            records_form(),
        ),
        Field::optional("claim", &[" The claim."], claim()),
        Field::optional(
            "claims",
            &[" Several claims on the same records, each with its own expectation."],
            Form::list_of(claim_form(true)),
        ),
        Field::optional("expect", &[" What must come out for `claim`."], expectation_form()),
        Field::optional(
            "policy",
            &[" A policy of the case's own, in place of the ones that its claims name."],
            PolicyDocument::form(),
        ),
    ];
    Form::closed(fields)
}

fn records_form() -> Form {
    let collections = CollectionName::ALL.iter();
    let fields = collections.map(|collection| {
        let records = Form::list_of(collection.record_form());
        Field::optional(collection.as_str(), &[" Records."], records)
    });
    Form::closed(fields.collect())
}

/// A claim, whose standard may also be named by its owner's code.
fn claim_form(with_expectation: bool) -> Form {
    let Form::Named(named) = Claim::form() else { return Form::Any };
    let Form::Object { mut fields, .. } = (named.definition)().form else { return Form::Any };
    if let Some(standard) = fields.iter_mut().find(|field| field.name == "standard") {
        standard.form = String::form();
    }
    if with_expectation {
        fields.push(Field::required("expect", &[" What must come out."], expectation_form()));
    }
    Form::closed(fields)
}

fn expectation_form() -> Form {
    let bipm_link = Form::closed(vec![
        Field::optional("state", &[" Whether it is linked."], LinkState::form()),
        // Null has a meaning here: through nothing.
        Field {
            form: Form::Nullable(Box::new(LinkVia::form())),
            ..Field::optional("via", &[" Through what."], LinkVia::form())
        },
    ]);
    let finding = Form::closed(vec![
        Field::required("rule", &[" Id of the rule."], String::form()),
        Field::optional(
            "outcome",
            &[" The outcome; any but pass when absent."],
            finding::Outcome::form(),
        ),
        Field::optional("subject", &[" Id of the record; any when absent."], String::form()),
        Field::optional("severity", &[" As it counts here; any when absent."], Severity::form()),
        Field::optional(
            "facts",
            &[" Facts, as texts, that it must have."],
            Form::Map(Box::new(Form::Any)),
        ),
    ]);
    Form::closed(vec![
        Field::optional("verdict", &[" The answer."], Verdict::form()),
        Field::optional("traceability", &[" Verdict A."], Traceability::form()),
        Field::optional("recognition", &[" Verdict B."], Route::form()),
        Field::optional("recognition_conditional", &[" Whether B is conditional."], bool::form()),
        Field::optional("legal", &[" Verdict C."], DimensionOutcome::form()),
        Field::optional("fitness", &[" Verdict D."], DimensionOutcome::form()),
        Field::optional("closure", &[" How the chain closes."], Closure::form()),
        Field::optional(
            "bipm_link",
            &[" The link to the BIPM."],
            Form::OneOf(vec![LinkState::form(), bipm_link]),
        ),
        Field::optional("partial", &[" Whether a limit was reached."], bool::form()),
        Field::optional("findings", &[" Findings that must be there."], Form::list_of(finding)),
        Field::optional("exact", &[" Whether there may be no others."], bool::form()),
    ])
}

/// Reads a vector.
///
/// # Errors
/// What keeps the text from being a vector.
pub fn read(origin: &str, text: &str) -> Result<Vector, String> {
    let case: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    match case {
        Value::Object(case) => Ok(Vector { origin: origin.to_owned(), case }),
        _ => Err("a vector is a JSON object".to_owned()),
    }
}

/// Runs all vectors of a set; bases may lie anywhere within it.
pub fn run(vectors: &[Vector], moment: Moment) -> Vec<Outcome> {
    let mut by_id: BTreeMap<&str, &Vector> = BTreeMap::new();
    let mut repeated: BTreeSet<&str> = BTreeSet::new();
    for vector in vectors {
        let id = vector.case.get("id").and_then(Value::as_str).unwrap_or_default();
        if by_id.insert(id, vector).is_some() {
            repeated.insert(id);
        }
    }
    vectors
        .iter()
        .map(|vector| {
            let id = vector.case.get("id").and_then(Value::as_str).unwrap_or_default();
            let differences = match id {
                "" => vec![difference("id", "an id", "none")],
                id if repeated.contains(id) => vec![difference("id", "a unique id", id)],
                _ => match expanded(vector, &by_id) {
                    Ok(case) => run_case(&case, moment),
                    Err(problem) => vec![problem],
                },
            };
            Outcome { id: id.to_owned(), origin: vector.origin.clone(), differences }
        })
        .collect()
}

fn difference(what: &str, expected: impl ToString, got: impl ToString) -> Difference {
    Difference { what: what.to_owned(), expected: expected.to_string(), got: got.to_string() }
}

/// A case with its bases folded in and its patches applied.
fn expanded(vector: &Vector, by_id: &BTreeMap<&str, &Vector>) -> Result<Value, Difference> {
    let mut layers = vec![&vector.case];
    while let Some(base) = layers.last().and_then(|case| case.get("base")) {
        let name = base.as_str().unwrap_or_default();
        let base = by_id.get(name).ok_or_else(|| difference("base", "a known case", name))?;
        layers.push(&base.case);
        if layers.len() > DEEPEST_BASE + 1 {
            return Err(difference("base", format!("at most {DEEPEST_BASE} deep"), name));
        }
    }
    let mut case = Value::Object(Map::new());
    for layer in layers.into_iter().rev() {
        let replaced = ["records", "claim", "claims", "expect", "policy"];
        if let Value::Object(case) = &mut case {
            // A claim of its own takes the place of the base's claims, one or several.
            if layer.contains_key("claim") || layer.contains_key("claims") {
                case.remove("claim");
                case.remove("claims");
            }
            for key in replaced {
                if let Some(own) = layer.get(key) {
                    case.insert(key.to_owned(), own.clone());
                }
            }
        }
        if let Some(patch) = layer.get("patch") {
            let patch: json_patch::Patch = serde_json::from_value(patch.clone())
                .map_err(|error| difference("patch", "RFC 6902", error))?;
            json_patch::patch(&mut case, &patch)
                .map_err(|error| difference("patch", "to apply", error))?;
        }
    }
    Ok(case)
}

/// A case with its bases folded in and its patches applied: its records, and its claims as they
/// stand, each without what is expected of it.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its id.
    pub id: String,
    /// Its records.
    pub records: Value,
    /// Its claims.
    pub claims: Vec<Value>,
}

/// The cases of a set, for asking them elsewhere too. Those that cannot be put together are left
/// out ([`run`] says why), and those that bring a policy of their own.
pub fn cases(vectors: &[Vector]) -> Vec<Case> {
    let by_id: BTreeMap<&str, &Vector> = vectors
        .iter()
        .map(|vector| (vector.case.get("id").and_then(Value::as_str).unwrap_or_default(), vector))
        .collect();
    let case = |vector: &Vector| {
        let id = vector.case.get("id").and_then(Value::as_str)?.to_owned();
        let case = expanded(vector, &by_id).ok()?;
        if case.get("policy").is_some() {
            return None;
        }
        let claims = claims_of(&case).into_iter().map(|(_, claim, _)| claim).collect();
        Some(Case { id, records: records_of(&case), claims })
    };
    vectors.iter().filter_map(case).collect()
}

fn records_of(case: &Value) -> Value {
    case.get("records").cloned().unwrap_or(Value::Object(Map::new()))
}

/// The claims of a case: a label for messages, the claim, what is expected.
fn claims_of(case: &Value) -> Vec<(String, Value, Value)> {
    let mut claims = Vec::new();
    if let Some(Value::Array(several)) = case.get("claims") {
        for (position, claim) in several.iter().enumerate() {
            let mut claim = claim.clone();
            let expect = claim.as_object_mut().and_then(|claim| claim.remove("expect"));
            claims.push((format!("claims/{position}: "), claim, expect.unwrap_or_default()));
        }
    } else if let Some(claim) = case.get("claim") {
        let expect = case.get("expect").cloned().unwrap_or_default();
        claims.push((String::new(), claim.clone(), expect));
    }
    claims
}

fn run_case(case: &Value, moment: Moment) -> Vec<Difference> {
    let (records, faults) = bundle::records(records_of(case), "/records");
    let errors: Vec<String> = faults
        .iter()
        .filter(|fault| fault.gravity == Gravity::Error)
        .map(|fault| format!("{}: {}", fault.pointer, fault.message.en))
        .collect();
    if !errors.is_empty() {
        return vec![difference("records", "no faults", errors.join("\n"))];
    }
    let evidence = compile(&records);
    let claims = claims_of(case);
    if claims.is_empty() {
        return vec![difference("claim", "a claim or claims", "none")];
    }
    let own = match case.get("policy").map(|document| Policy::from_value(document.clone())) {
        None => None,
        Some(Ok(policy)) => Some(policy),
        Some(Err(Faults(faults))) => {
            return vec![difference("policy", "no faults", lines(&faults))];
        }
    };
    let mut differences = Vec::new();
    for (label, claim, expect) in claims {
        let found = (|| {
            let claim: Claim =
                Claim::deserialize_from_value(claim.into_value(), ValuePointerRef::Origin)?;
            let faults = check_claim(&claim, &records);
            let errors: Vec<_> =
                faults.into_iter().filter(|fault| fault.gravity == Gravity::Error).collect();
            if !errors.is_empty() {
                return Err(Faults(errors));
            }
            let policy = own.as_ref().map_or_else(|| shipped(claim.policy.as_deref()), Ok)?;
            answer_under(&evidence, &claim, policy, moment, &Limits::default())
        })();
        let own = match found {
            Ok(report) => compare(&report, &expect),
            Err(Faults(faults)) => vec![difference("claim", "an answer", lines(&faults))],
        };
        differences.extend(
            own.into_iter().map(|one| Difference { what: format!("{label}{}", one.what), ..one }),
        );
    }
    differences
}

fn lines(faults: &[Fault]) -> String {
    let lines = faults.iter().map(|fault| format!("{}: {}", fault.pointer, fault.message.en));
    lines.collect::<Vec<_>>().join("\n")
}

/// Holds a report against what a case expects; a key left out is not asserted.
fn compare(report: &RenderedReport, expect: &Value) -> Vec<Difference> {
    let Value::Object(expect) = expect else {
        return vec![difference("expect", "an object", "none")];
    };
    let got = serde_json::to_value(report).unwrap_or_default();
    let mut differences = Vec::new();
    for (key, expected) in expect {
        match key.as_str() {
            "verdict"
            | "traceability"
            | "recognition"
            | "legal"
            | "fitness"
            | "closure"
            | "recognition_conditional"
            | "partial" => {
                if got[key] != *expected {
                    differences.push(difference(key, expected, &got[key]));
                }
            }
            "bipm_link" => {
                let same = match expected {
                    Value::Object(parts) => {
                        parts.iter().all(|(part, value)| got[key][part] == *value)
                    }
                    state => got[key]["state"] == *state,
                };
                if !same {
                    differences.push(difference(key, expected, &got[key]));
                }
            }
            "findings" => {
                let exact = expect.get("exact") == Some(&Value::Bool(true));
                differences.extend(compare_findings(report, expected, exact));
            }
            "exact" => {}
            unknown => differences.push(difference("expect", "a known key", unknown)),
        }
    }
    differences
}

fn compare_findings(report: &RenderedReport, expected: &Value, exact: bool) -> Vec<Difference> {
    let Value::Array(expected) = expected else {
        return vec![difference("findings", "a list", expected)];
    };
    let mut findings: Vec<&RenderedFinding> = report.findings.iter().collect();
    findings.extend(report.parts.iter().flat_map(|part| &part.findings));
    let mut differences = Vec::new();
    for wanted in expected {
        if !findings.iter().any(|finding| matches(finding, wanted)) {
            let of_rule: Vec<String> = findings
                .iter()
                .filter(|finding| Some(finding.rule) == wanted["rule"].as_str())
                .map(|finding| shown(finding))
                .collect();
            differences.push(difference("findings", wanted, of_rule.join("; ")));
        }
    }
    if exact || expected.is_empty() {
        let counts = |finding: &&&RenderedFinding| {
            use crate::engine::finding::Outcome;
            finding.severity != Severity::Info && finding.outcome != Outcome::Pass
        };
        let others = findings
            .iter()
            .filter(counts)
            .filter(|finding| !expected.iter().any(|wanted| matches(finding, wanted)));
        for other in others {
            differences.push(difference("findings", "no other finding", shown(other)));
        }
    }
    differences
}

/// Whether a finding is the one wanted: a subject, severity or fact left out matches any, an
/// outcome left out any but pass.
fn matches(finding: &RenderedFinding, wanted: &Value) -> bool {
    let outcome = finding.outcome.as_str();
    Some(finding.rule) == wanted["rule"].as_str()
        && match wanted["outcome"].as_str() {
            Some(wanted) => wanted == outcome,
            None => outcome != "pass",
        }
        && wanted["subject"].as_str().is_none_or(|subject| subject == finding.subject.id)
        && wanted["severity"].as_str().is_none_or(|severity| severity == finding.severity.as_str())
        && wanted["facts"].as_object().is_none_or(|facts| {
            facts.iter().all(|(name, value)| finding.facts.get(name) == Some(value))
        })
}

fn shown(finding: &RenderedFinding) -> String {
    format!(
        "{} {} ({}) {}: {}",
        finding.rule, finding.outcome, finding.severity, finding.subject.id, finding.message.en
    )
}
