//! Laws of switched rules, over every vector: a rule that is off finds nothing, one that is lowered
//! counts as if it were off, and no dimension fails for a reason that the report does not give.
//! (What one policy says of one case is in tests/vectors/policy.)

#[path = "support/vectors.rs"]
mod folder;

use std::path::PathBuf;

use deserr::{Deserr as _, IntoValue as _, ValuePointerRef};
use etalon::app::bundle::Loaded;
use etalon::app::conformance::cases;
use etalon::app::verify::Moment;
use etalon::domain::claim::Claim;
use etalon::domain::period::{Day, Instant};
use etalon::domain::text::Text;
use etalon::engine::finding::{Dimension, Outcome, Severity};
use etalon::engine::policy::{Policy, Switch, Switched, fixed};
use etalon::engine::report::{DimensionOutcome, RenderedReport, Route, Traceability};
use etalon::engine::rules::TABLE;
use serde_json::json;

fn moment() -> Moment {
    Moment {
        now: Instant::parse("2026-11-20T00:00:00Z").expect("an instant"),
        today: Day::parse("2026-11-20").expect("a day"),
    }
}

/// The records of every vector with its claims.
fn everything() -> Vec<(String, Loaded, Vec<Claim>)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut vectors = Vec::new();
    folder::collect(&root.join("tests/vectors"), &mut vectors);
    let mut all = Vec::new();
    for case in cases(&vectors) {
        let bundle = json!({"format": "etalon-bundle/1", "records": case.records});
        let Ok(loaded) = Loaded::parse(&bundle.to_string()) else { continue };
        let claims = case.claims.into_iter().filter_map(|claim| {
            Claim::deserialize_from_value(claim.into_value(), ValuePointerRef::Origin).ok()
        });
        all.push((case.id, loaded, claims.collect()));
    }
    assert!(all.len() > 100, "{}", all.len());
    all
}

/// A policy that comes with the program, with one rule switched.
fn switched(id: &str, rule: &'static etalon::engine::finding::Rule, to: Switch) -> Policy {
    let mut policy = Policy::shipped(id).expect(id).clone();
    let reason = Text::new("để thử", "for the test");
    policy.switched = vec![Switched { rule, to, reason }];
    policy
}

/// The reports without parts that a report is made of.
fn leaves(report: &RenderedReport) -> Vec<&RenderedReport> {
    match report.parts.is_empty() {
        true => vec![report],
        false => report.parts.iter().flat_map(leaves).collect(),
    }
}

/// That each verdict which is not good has a finding that says why.
fn gives_its_reasons(report: &RenderedReport) -> Result<(), String> {
    let has = |dimension: Dimension, outcome: Outcome| {
        report.findings.iter().any(|one| {
            one.dimension == dimension
                && one.outcome == outcome
                && matches!(one.severity, Severity::Critical | Severity::Major)
        })
    };
    let limited = report.partial;
    let wanted = [
        (report.traceability == Traceability::Fail, Dimension::Traceability, Outcome::Fail),
        (
            report.traceability == Traceability::Indeterminate && !limited,
            Dimension::Traceability,
            Outcome::Indeterminate,
        ),
        (report.recognition == Route::Fail, Dimension::Recognition, Outcome::Fail),
        (report.legal == DimensionOutcome::Fail, Dimension::Legal, Outcome::Fail),
        (report.fitness == DimensionOutcome::Fail, Dimension::Fitness, Outcome::Fail),
    ];
    for (is_so, dimension, outcome) in wanted {
        if is_so && !has(dimension, outcome) {
            return Err(format!("{dimension} without a finding of {outcome}"));
        }
    }
    Ok(())
}

#[test]
fn a_switched_rule_does_what_its_policy_says() {
    let mut wrong = Vec::new();
    let mut changed = 0;
    for (id, loaded, claims) in everything() {
        for claim in claims {
            let name = claim.policy.clone().unwrap_or_else(|| "ilac-p10".to_owned());
            let under = |policy: &Policy| loaded.answer_under(&claim, policy, moment());
            let Ok(plain) = under(Policy::shipped(&name).expect("shipped")) else { continue };
            if let Err(why) = leaves(&plain).into_iter().try_for_each(gives_its_reasons) {
                wrong.push(format!("{id}: {why}"));
            }
            let found: Vec<&str> = leaves(&plain)
                .into_iter()
                .flat_map(|report| &report.findings)
                .filter(|one| one.outcome != Outcome::Pass)
                .map(|one| one.rule)
                .collect();
            for rule in TABLE.iter().filter(|rule| fixed(rule.id).is_none()) {
                if !found.contains(&rule.id) {
                    continue;
                }
                let off = under(&switched(&name, rule, Switch::Off)).expect("an answer");
                let low = under(&switched(&name, rule, Switch::Info)).expect("an answer");
                changed += usize::from(off.verdict != plain.verdict);
                let verdicts = |report: &RenderedReport| {
                    (report.traceability, report.recognition, report.legal, report.fitness)
                };
                if verdicts(&off) != verdicts(&low) {
                    wrong.push(format!(
                        "{id}: {} off gives {:?}, for information {:?}",
                        rule.id,
                        verdicts(&off),
                        verdicts(&low)
                    ));
                }
                let all = leaves(&off);
                if all.iter().any(|report| report.findings.iter().any(|one| one.rule == rule.id)) {
                    wrong.push(format!("{id}: {} is off and finds something", rule.id));
                }
                for report in all.into_iter().chain(leaves(&low)) {
                    if let Err(why) = gives_its_reasons(report) {
                        wrong.push(format!("{id}: {} switched: {why}", rule.id));
                    }
                }
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(changed > 50, "only {changed} verdicts changed");
}
