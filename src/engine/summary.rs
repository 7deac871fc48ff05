//! A report in short: its verdicts, the rules that are not met and what would settle them, without
//! the chain and without figures. For audits of many standards, and for those who may not see more.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::text::Text;

use super::finding::{Outcome, Severity};
use super::report::{Closure, DimensionOutcome, LinkState, Report, Route, Traceability, Verdict};

answer! {
    /// A rule that is not met, with the worst that came of it.
    #[derive(PartialEq, Eq)]
    UnmetRule {
        /// Its id.
        rule: &'static str,
        /// What came of it.
        outcome: Outcome,
    }
}

answer! {
    /// What would settle a rule that is not decided.
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    MissingEvidence {
        /// Id of the rule.
        rule: &'static str,
        /// What is missing.
        what: Text,
    }
}

answer! {
    /// A report in short.
    Summary {
        /// The answer.
        verdict: Verdict,
        /// Verdict A: metrological traceability.
        traceability: Traceability,
        /// Verdict B: the recognised route.
        recognition: Route,
        /// Verdict C: national law.
        legal: DimensionOutcome,
        /// Verdict D: fitness for the required uncertainty.
        fitness: DimensionOutcome,
        /// How the chain closes.
        closure: Closure,
        /// Whether it is linked to the BIPM.
        bipm_link: LinkState,
        /// Results that were looked at.
        results: u32,
        /// The rules that are not met, in the order of their ids; information is left aside.
        rules: Vec<UnmetRule>,
        /// What would settle what is not decided.
        missing: Vec<MissingEvidence>,
        /// Whether a limit was reached, so that not everything was looked at.
        partial: bool,
    }
}

impl Summary {
    /// The short form of a report, its parts included.
    pub fn of(report: &Report) -> Self {
        let mut rules: BTreeMap<&'static str, Outcome> = BTreeMap::new();
        let mut missing: BTreeSet<MissingEvidence> = BTreeSet::new();
        // Parts have no parts of their own.
        for report in std::iter::once(report).chain(&report.parts) {
            let told = report.findings.iter().filter(|finding| {
                finding.outcome != Outcome::Pass && finding.severity != Severity::Info
            });
            for finding in told {
                let worst = rules.entry(finding.rule.id).or_insert(finding.outcome);
                if weight(finding.outcome) > weight(*worst) {
                    *worst = finding.outcome;
                }
                if let Some(what) = finding.missing {
                    let what = Text::new(what.vi, what.en);
                    missing.insert(MissingEvidence { rule: finding.rule.id, what });
                }
            }
        }
        let results = match report.parts.is_empty() {
            true => usize::from(!report.links.is_empty()),
            false => report.parts.len(),
        };
        Self {
            verdict: report.verdict,
            traceability: report.traceability,
            recognition: report.recognition,
            legal: report.legal,
            fitness: report.fitness,
            closure: report.closure,
            bipm_link: report.bipm_link.state,
            results: u32::try_from(results).unwrap_or(u32::MAX),
            rules: rules.into_iter().map(|(rule, outcome)| UnmetRule { rule, outcome }).collect(),
            missing: missing.into_iter().collect(),
            partial: report.partial,
        }
    }
}

/// How bad an outcome is.
fn weight(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Pass => 0,
        Outcome::Remark => 1,
        Outcome::Indeterminate => 2,
        Outcome::Fail => 3,
    }
}
