//! What findings say: every message that a vector of `tests/vectors` calls forth, once for each
//! choice of words in it, in both languages and with the facts of its first occurrence. Nothing of
//! verdicts: those are vectors'.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Write;
use std::path::Path;

use deserr::deserialize;
use etalon::app::conformance::cases;
use etalon::app::verify::shipped;
use etalon::domain::claim::Claim;
use etalon::domain::fault::Faults;
use etalon::domain::period::Instant;
use etalon::engine::compile::compile;
use etalon::engine::finding::FactValue;
use etalon::engine::limits::Limits;
use etalon::engine::report::{RenderedFinding, Renderer};
use etalon::engine::verify::{Question, verify};
use etalon::exchange::bundle;

#[path = "support/vectors.rs"]
mod folder;

/// What tells messages apart: the rule, the outcome, what is said, and the words that it takes in.
type Template = (&'static str, &'static str, &'static str, Vec<&'static str>);

/// The first finding of each message, over all cases in the order of their names.
fn messages() -> BTreeMap<Template, RenderedFinding> {
    let mut vectors = Vec::new();
    folder::collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors"), &mut vectors);
    let limits = Limits::default();
    let mut messages = BTreeMap::new();
    for case in cases(&vectors) {
        let evidence = compile(&bundle::records(case.records, "/records").0);
        for claim in case.claims {
            let Ok(claim) = deserialize::<Claim, _, Faults>(claim) else { continue };
            let Ok(policy) = shipped(claim.policy.as_deref()) else { continue };
            let Ok(question) = Question::new(&evidence, &claim) else { continue };
            let whole = verify(&evidence, &question, policy, &limits);
            let renderer = Renderer {
                evidence: &evidence,
                policy,
                limits: &limits,
                claim: &claim,
                computed_at: Instant::parse("2026-11-30T00:00:00Z").expect("an instant"),
            };
            for report in whole.parts.iter().chain([&whole]) {
                for finding in &report.findings {
                    let (first, count) = finding.facts;
                    let facts = &report.facts[first as usize..][..usize::from(count)];
                    let words = facts.iter().filter_map(|fact| match fact.value {
                        FactValue::Word(word) => Some(word),
                        _ => None,
                    });
                    let (rule, outcome) = (finding.rule.id, finding.outcome.as_str());
                    let template = (rule, outcome, finding.message.en, words.collect());
                    if let Entry::Vacant(place) = messages.entry(template) {
                        place.insert(renderer.finding(report, finding));
                    }
                }
            }
        }
    }
    messages
}

#[test]
fn every_message_says_its_facts_in_both_languages() {
    let mut shown = String::new();
    for ((rule, outcome, ..), finding) in messages() {
        writeln!(shown, "{rule} {outcome} ({})", finding.clause).expect("a text");
        for text in [&finding.message].into_iter().chain(&finding.missing) {
            for wording in [&text.vi, &text.en] {
                assert!(!wording.contains(['{', '}']), "{rule}: a fact is missing: {wording}");
                writeln!(shown, "  {wording}").expect("a text");
            }
            assert_ne!(text.vi, text.en, "{rule} speaks one language");
        }
    }
    insta::assert_snapshot!(shown);
}
