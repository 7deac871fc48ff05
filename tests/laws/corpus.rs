//! What the laws are held against: every vector of `tests/vectors` with its bases folded in, and
//! changes drawn at random.
//!
//! The draws are the same on every run. `PROPTEST_RNG_SEED` gives others, and `PROPTEST_CASES` more:
//! 256 stand for the number that each law asks for.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::LazyLock;

use deserr::deserialize;
use etalon::app::conformance::{Case, cases};
use etalon::app::verify::{Moment, answer};
use etalon::domain::claim::Claim;
use etalon::domain::fault::{Faults, Gravity};
use etalon::domain::period::{Day, Instant};
use etalon::engine::compile::compile;
use etalon::engine::evidence::Evidence;
use etalon::engine::limits::Limits;
use etalon::engine::report::{RenderedFinding, RenderedReport, RenderedSubject};
use etalon::exchange::bundle;
use proptest::prelude::Rng;
use proptest::strategy::{Just, Strategy};
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRng, TestRunner};
use serde_json::{Map, Value};

use super::folder;

/// Every case of `tests/vectors`.
static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let mut vectors = Vec::new();
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    folder::collect(&root.join("tests/vectors"), &mut vectors);
    let cases = cases(&vectors);
    assert!(cases.len() >= 500, "only {} cases", cases.len());
    cases
});

/// After everything that the vectors record.
pub fn moment() -> Moment {
    Moment {
        now: Instant::parse("2026-11-30T00:00:00Z").expect("an instant"),
        today: Day::parse("2026-11-20").expect("a day"),
    }
}

/// Random choices of one draw.
pub struct Dice(TestRng);

impl Dice {
    /// A number below another one, which is not zero.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.0.next_u64() % end as u64).expect("a number below a usize")
    }

    /// One time out of so many.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of a list, if there is any.
    pub fn one_of<'l, T>(&mut self, list: &'l [T]) -> Option<&'l T> {
        (!list.is_empty()).then(|| &list[self.below(list.len())])
    }

    /// Another case.
    pub fn case(&mut self) -> &'static Case {
        &CASES[self.below(CASES.len())]
    }

    /// Brings a list into another order.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for end in (2..=list.len()).rev() {
            list.swap(end - 1, self.below(end));
        }
    }
}

/// What became of one draw: whether there was something to hold the law against, or how it broke.
pub type Held = Result<bool, String>;

/// Holds a law against so many draws of a case, one of its claims, and a change. At least one draw
/// in `at_least_one_in` must have had something to say.
pub fn hold(draws: u32, at_least_one_in: u32, law: impl Fn(&Case, &Value, &mut Dice) -> Held) {
    let given = Config::default();
    let cases = (u64::from(given.cases) * u64::from(draws)).div_ceil(256);
    let config = Config {
        cases: u32::try_from(cases).expect("so many draws"),
        failure_persistence: None,
        // Another case is not a smaller one.
        max_shrink_iters: 0,
        rng_seed: match given.rng_seed {
            RngSeed::Random => RngSeed::Fixed(2_026),
            fixed @ RngSeed::Fixed(_) => fixed,
        },
        ..given
    };
    let (asked, said) = (Cell::new(0), Cell::new(0));
    let draw = (0..CASES.len(), Just(())).prop_perturb(|(case, ()), rng| (case, rng));
    let outcome = TestRunner::new(config).run(&draw, |(case, rng)| {
        let (case, mut dice) = (&CASES[case], Dice(rng));
        asked.set(asked.get() + 1);
        let Some(claim) = dice.one_of(&case.claims) else { return Ok(()) };
        let held = law(case, claim, &mut dice);
        let held = held.map_err(|broken| {
            TestCaseError::fail(format!("{}\nclaim {claim}\n{broken}", case.id))
        })?;
        said.set(said.get() + u32::from(held));
        Ok(())
    });
    if let Err(broken) = outcome {
        panic!("{broken}");
    }
    let (asked, said) = (asked.get(), said.get());
    println!("{said} of {asked} draws had something to say");
    assert!(said * at_least_one_in >= asked, "only {said} of {asked} draws said anything");
}

/// Records as evidence; all of them can be read.
///
/// # Errors
/// Which cannot be read, or are not accepted as they are together.
pub fn evidence(records: &Value) -> Result<Evidence, String> {
    let (records, faults) = bundle::records(records.clone(), "/records");
    match faults.iter().find(|fault| fault.gravity == Gravity::Error) {
        Some(fault) => Err(format!("{}: {}", fault.pointer, fault.message.en)),
        None => Ok(compile(&records)),
    }
}

/// Records as evidence, also where they refer to what is not there.
///
/// # Errors
/// When one of them cannot be read.
pub fn evidence_with_gaps(records: &Value) -> Result<Evidence, String> {
    let given: usize = collections(records).map(|(_, records)| records.len()).sum();
    let (read, _) = bundle::records(records.clone(), "/records");
    match read.iter().count() {
        count if count == given => Ok(compile(&read)),
        count => Err(format!("{count} of {given} records can be read")),
    }
}

/// The report of a claim; none where it cannot be asked.
pub fn ask(evidence: &Evidence, claim: &Value) -> Option<RenderedReport> {
    let claim: Claim = deserialize::<_, _, Faults>(claim.clone()).ok()?;
    answer(evidence, &claim, moment(), &Limits::default()).ok()
}

/// The report of a claim on a case as it stands; none for a case that is refused.
pub fn before(case: &Case, claim: &Value) -> Option<RenderedReport> {
    ask(&evidence(&case.records).ok()?, claim)
}

/// The records of each collection.
pub fn collections(records: &Value) -> impl Iterator<Item = (&str, &Vec<Value>)> {
    let fields = records.as_object().expect("records").iter();
    fields.map(|(name, records)| (name.as_str(), records.as_array().expect("a list")))
}

/// A collection, to be changed.
pub fn collection<'r>(records: &'r mut Value, name: &str) -> &'r mut Vec<Value> {
    let fields = records.as_object_mut().expect("records");
    let collection = fields.entry(name).or_insert_with(|| Value::Array(Vec::new()));
    collection.as_array_mut().expect("a list")
}

/// A record by its id.
pub fn record<'r>(records: &'r mut Value, collection: &str, id: &str) -> Option<&'r mut Value> {
    let collection = records.get_mut(collection)?.as_array_mut()?;
    collection.iter_mut().find(|record| record["id"] == id)
}

/// The report and its parts.
pub fn parts(report: &RenderedReport) -> impl Iterator<Item = &RenderedReport> {
    std::iter::once(report).chain(&report.parts)
}

/// All findings of a report and of its parts.
pub fn findings(report: &RenderedReport) -> impl Iterator<Item = &RenderedFinding> {
    parts(report).flat_map(|part| &part.findings)
}

/// A report without the findings of a rule.
pub fn without_rule(report: &RenderedReport, rule: &str) -> RenderedReport {
    let mut report = report.clone();
    let kept: Vec<usize> = (0..report.findings.len())
        .filter(|position| report.findings[*position].rule != rule)
        .collect();
    for link in &mut report.chain.links {
        let places = link.findings.iter().filter_map(|finding| kept.binary_search(finding).ok());
        link.findings = places.collect();
    }
    report.findings.retain(|finding| finding.rule != rule);
    report.parts = report.parts.iter().map(|part| without_rule(part, rule)).collect();
    report
}

/// A report as text, without the position of the state of knowledge in the log.
pub fn text(report: &RenderedReport) -> String {
    let mut report = report.clone();
    report.at_log_index(0);
    serde_json::to_string_pretty(&report).expect("JSON")
}

/// The first line in which two texts differ.
pub fn differing(before: &str, after: &str) -> Option<String> {
    let mut lines = before.lines().zip(after.lines());
    let line = lines.find(|(before, after)| before != after);
    match line {
        Some((before, after)) => Some(format!("before: {before}\nafter:  {after}")),
        None if before != after => Some("one is longer than the other".to_owned()),
        None => None,
    }
}

/// A report without places in it and in the records: its links and findings are a set.
pub fn as_a_set(report: &RenderedReport) -> Value {
    let mut value = serde_json::to_value(report).expect("JSON");
    unplaced(&mut value);
    value
}

fn sort(list: &mut Value) {
    if let Some(list) = list.as_array_mut() {
        list.sort_by_cached_key(Value::to_string);
    }
}

fn unplaced(report: &mut Value) {
    report["log_index"].take();
    for finding in report["findings"].as_array_mut().expect("findings") {
        for of in ["subject", "against"] {
            if let Some(subject) = finding.get_mut(of).and_then(Value::as_object_mut) {
                subject.remove("path");
            }
        }
    }
    let findings = report["findings"].clone();
    let links = report["chain"]["links"].as_array_mut().expect("links");
    let named = |link: &Value| {
        Value::from_iter(
            [&link["calibration"], &link["result"], &link["realisation"]].map(Value::clone),
        )
    };
    let names: Map<String, Value> = links
        .iter()
        .map(|link| (link["id"].as_str().expect("an id").to_owned(), named(link)))
        .collect();
    for link in links.iter_mut() {
        link["id"].take();
        for reference in link["references"].as_array_mut().expect("references") {
            *reference = names[reference.as_str().expect("an id")].clone();
        }
        for finding in link["findings"].as_array_mut().expect("findings") {
            let index = usize::try_from(finding.as_u64().expect("an index")).expect("an index");
            *finding = findings[index].clone();
        }
        sort(&mut link["references"]);
        sort(&mut link["findings"]);
    }
    sort(&mut report["chain"]["links"]);
    sort(&mut report["findings"]);
    if let Some(parts) = report.get_mut("parts") {
        parts.as_array_mut().expect("parts").iter_mut().for_each(unplaced);
        sort(parts);
    }
}

/// What a report decides, without any number: verdicts, chain, and of each finding its rule,
/// outcome, weight and records, one line each.
pub fn decisions(report: &RenderedReport) -> String {
    let mut lines = Vec::new();
    let shown = |subject: Option<&RenderedSubject>| {
        subject.map(|one| format!("{}{}", one.id, one.path.clone().unwrap_or_default()))
    };
    for part in parts(report) {
        lines.push(format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            part.verdict,
            part.traceability,
            part.recognition,
            part.recognition_conditional,
            part.legal,
            part.fitness,
            part.closure,
            part.bipm_link
        ));
        for link in &part.chain.links {
            lines.push(format!(
                "{:?} {:?} {:?} {:?} {:?} {:?}",
                link.calibration,
                link.result,
                link.realisation,
                link.route,
                link.references,
                link.findings
            ));
        }
        for finding in &part.findings {
            lines.push(format!(
                "{} {} {} {:?} {:?}",
                finding.rule,
                finding.outcome,
                finding.severity,
                shown(Some(&finding.subject)),
                shown(finding.against.as_ref())
            ));
        }
    }
    lines.join("\n")
}

/// Puts something before every label of a value.
pub fn rename(value: &mut Value, prefix: &str) {
    match value {
        Value::String(text) => {
            if let Some(label) = text.strip_prefix("_:") {
                *text = format!("_:{prefix}{label}");
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|one| rename(one, prefix)),
        Value::Object(fields) => fields.values_mut().for_each(|one| rename(one, prefix)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A number as written, times a power of ten: the same digits.
pub fn shifted(number: &str, exponent: i32) -> String {
    let (digits, own) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let own: i32 = own.parse().expect("an exponent");
    match own + exponent {
        0 => digits.to_owned(),
        exponent => format!("{digits}E{exponent}"),
    }
}

/// Whether zeros at the end of a whole number leave open which digit is its last.
pub fn is_ambiguous(number: &str) -> bool {
    let (digits, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    digits.ends_with('0') && exponent.parse() == Ok(decimals)
}

/// A number as written, times so many hundredths, at least a hundred of them: never smaller, and
/// with its last digit where it was.
pub fn raised(number: &str, hundredths: u64) -> Option<String> {
    let (digits, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let whole: u64 = digits.replace('.', "").parse().ok()?;
    let raised = whole.checked_mul(hundredths)?.div_ceil(100);
    let exponent = exponent.parse::<i32>().ok()? - i32::try_from(decimals).ok()?;
    Some(format!("{raised}E{exponent}"))
}
