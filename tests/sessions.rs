//! Claims one after the other in a session give the reports that each gives alone, whatever was
//! asked before; and what is said of a report in short is in it.

#[path = "support/vectors.rs"]
mod folder;

use std::collections::BTreeMap;
use std::path::Path;

use etalon::app::conformance::{Case, cases};
use etalon::domain::claim::Claim;
use etalon::domain::fault::Faults;
use etalon::domain::id::Id;
use etalon::domain::period::{Day, Instant};
use etalon::engine::compile::compile;
use etalon::engine::evidence::Evidence;
use etalon::engine::finding::{Outcome, Severity};
use etalon::engine::limits::Limits;
use etalon::engine::policy::Policy;
use etalon::engine::report::{Renderer, Report};
use etalon::engine::summary::Summary;
use etalon::engine::verify::{Question, Session, verify};
use etalon::exchange::bundle;
use serde_json::Value;

const LIMITS: Limits = Limits { depth: 32, calibrations: 20_000, parts: 2_000 };
/// Limits that every chain of the country surpasses.
const NARROW: Limits = Limits { depth: 32, calibrations: 1, parts: 2_000 };

/// The claims of a case, and one on every standard of it.
fn claims(case: &Case, standards: impl Iterator<Item = Id>) -> Vec<Claim> {
    let own = case.claims.iter().cloned();
    let mut claims: Vec<Claim> = own
        .map(|claim| deserr::deserialize::<Claim, Value, Faults>(claim).expect("a claim"))
        .collect();
    let used_on = claims.iter().find_map(|claim| claim.used_on);
    let used_on = used_on.or(Day::parse("2026-11-01").ok());
    claims.extend(standards.map(|standard| Claim { used_on, ..Claim::of(standard) }));
    claims
}

/// The worst that came of each rule that is not met in a report or its parts, from the report alone.
fn unmet(report: &Report) -> BTreeMap<&'static str, Outcome> {
    let mut unmet = BTreeMap::new();
    for outcome in [Outcome::Remark, Outcome::Indeterminate, Outcome::Fail] {
        for part in std::iter::once(report).chain(&report.parts) {
            let told = part
                .findings
                .iter()
                .filter(|finding| finding.outcome == outcome && finding.severity != Severity::Info);
            unmet.extend(told.map(|finding| (finding.rule.id, outcome)));
        }
    }
    unmet
}

fn shown(
    evidence: &Evidence,
    policy: &Policy,
    limits: &Limits,
    claim: &Claim,
    report: &Report,
) -> String {
    let computed_at = Instant::beginning();
    let renderer = Renderer { evidence, policy, limits, claim, computed_at };
    serde_json::to_string(&renderer.render(report)).expect("JSON")
}

/// Asks all claims alone, then in one session forwards and backwards, and holds the reports against
/// each other.
fn alike(id: &str, evidence: &Evidence, limits: &Limits, claims: &[Claim]) {
    let policy = Policy::shipped("vn-2026").expect("a policy");
    let asked: Vec<(&Claim, Question)> = claims
        .iter()
        .filter_map(|claim| Some((claim, Question::new(evidence, claim).ok()?)))
        .collect();
    let mut session = Session::new(evidence, policy, limits);
    for (claim, question) in asked.iter().chain(asked.iter().rev()) {
        let alone = verify(evidence, question, policy, limits);
        let short: BTreeMap<_, _> =
            Summary::of(&alone).rules.iter().map(|one| (one.rule, one.outcome)).collect();
        assert_eq!(short, unmet(&alone), "{id}: {}", claim.standard);
        let alone = shown(evidence, policy, limits, claim, &alone);
        let among = shown(evidence, policy, limits, claim, &session.verify(question));
        assert_eq!(among, alone, "{id}: {}", claim.standard);
    }
}

#[test]
fn a_session_gives_what_each_claim_gives_alone() {
    let mut vectors = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder::collect(&root.join("tests/vectors"), &mut vectors);
    for case in cases(&vectors) {
        let (records, _) = bundle::records(case.records.clone(), "/records");
        let standards = records.measurement_standards.iter().map(|one| one.id.clone());
        let claims = claims(&case, standards);
        alike(&case.id, &compile(&records), &LIMITS, &claims);
    }
}

#[test]
fn a_country_is_asked_in_one_session() {
    let country = bundle::parse(include_str!("../examples/viet-nam.json")).expect("the country");
    let evidence = compile(&country.records);
    let ids = country.records.measurement_standards.iter().map(|one| one.id.clone());
    let days = ["2026-11-01", "2025-06-30"].map(|day| Day::parse(day).ok());
    let claims: Vec<Claim> =
        ids.flat_map(|id| days.map(|used_on| Claim { used_on, ..Claim::of(id.clone()) })).collect();
    alike("viet-nam", &evidence, &LIMITS, &claims);
    alike("viet-nam within narrow limits", &evidence, &NARROW, &claims);
}
