//! Rules as data, and findings: what a rule found at one record, with its facts and its clause.

use super::evidence::*;

/// A text in both languages, written in the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phrase {
    /// Vietnamese; facts stand in braces.
    pub vi: &'static str,
    /// English; facts stand in braces.
    pub en: &'static str,
}

/// A phrase from its two wordings.
pub const fn phrase(vi: &'static str, en: &'static str) -> Phrase {
    Phrase { vi, en }
}

vocabulary! {
    /// Outcome of a rule at a record.
    Outcome {
        /// It holds.
        Pass = "pass",
        /// It is contradicted.
        Fail = "fail",
        /// Not known.
        Indeterminate = "indeterminate",
        /// A remark.
        Remark = "remark",
    }
}

vocabulary! {
    /// How much a finding counts (rules 3.3).
    Severity {
        /// A fail fails its dimension.
        Critical = "critical",
        /// A fail fails its dimension.
        Major = "major",
        /// A fail gives remarks.
        Minor = "minor",
        /// Information only.
        Info = "info",
    }
}

vocabulary! {
    /// Which of the separate verdicts a finding belongs to (rules 3.2).
    Dimension {
        /// Metrological traceability (A).
        Traceability = "traceability",
        /// Recognised route (B).
        Recognition = "recognition",
        /// National law (C).
        Legal = "legal",
        /// Fitness for the use (D).
        Fitness = "fitness",
        /// Governance of the records.
        Governance = "governance",
    }
}

vocabulary! {
    /// How well a rule's source is evidenced (rules 0).
    Tag {
        /// Official text seen.
        Official = "F",
        /// Third-party copy or paraphrase seen.
        Secondary = "S",
        /// Domain knowledge; the clause is not confirmed and not shown.
        Knowledge = "K",
    }
}

/// Where a rule comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// The document.
    pub document: &'static str,
    /// The clause, as seen.
    pub clause: &'static str,
    /// How well it is evidenced.
    pub tag: Tag,
}

impl Source {
    /// A source.
    pub const fn new(document: &'static str, clause: &'static str, tag: Tag) -> Self {
        Self { document, clause, tag }
    }

    /// What users are shown: the clause number only where its text was seen.
    pub fn shown(&self) -> String {
        match self.tag {
            Tag::Knowledge => self.document.to_owned(),
            _ if self.clause.is_empty() => self.document.to_owned(),
            _ => format!("{} {}", self.document, self.clause),
        }
    }
}

/// A rule of the catalogue.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its id in the catalogue.
    pub id: &'static str,
    /// What it requires, as it reads when it holds.
    pub statement: Phrase,
    /// Its severity.
    pub severity: Severity,
    /// The verdict it belongs to.
    pub dimension: Dimension,
    /// Where it comes from.
    pub source: Source,
    /// What it says when an optional input is absent: true when it then does not apply, false when
    /// it is indeterminate (rules 3.3).
    pub optional_input: bool,
}

/// The record a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The claim itself.
    Claim,
    /// A standard.
    Standard(StandardIndex),
    /// A calibration.
    Calibration(CalibrationIndex),
    /// A row of a calibration.
    Result(ResultIndex),
    /// A root.
    Realisation(RealisationIndex),
    /// A capability.
    Capability(CapabilityIndex),
    /// An accreditation.
    Accreditation(AccreditationIndex),
    /// An organisation.
    Organisation(OrganisationIndex),
    /// A legal recognition.
    LegalRecognition(LegalRecognitionIndex),
    /// A comparison.
    Comparison(ComparisonIndex),
}

/// A fact of a finding.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FactValue {
    /// A quantity in the coherent SI unit, shown in this unit.
    Quantity(f64, UnitIndex),
    /// A point on a scale in the coherent SI unit, shown in this unit (offset included).
    Point(f64, UnitIndex),
    /// A number.
    Number(f64),
    /// A whole number.
    Count(u32),
    /// A range in the coherent SI unit, shown in this unit.
    Range(Extent, UnitIndex),
    /// A unit.
    Unit(UnitIndex),
    /// A day.
    Day(crate::domain::period::Day),
    /// An interned text.
    Text(TextIndex),
    /// A word of a closed list.
    Word(&'static str),
    /// Words of a closed list.
    Words(&'static [&'static str]),
    /// A record.
    Record(Subject),
}

/// A named fact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fact {
    /// Its name, as in the message's braces.
    pub name: &'static str,
    /// Its value.
    pub value: FactValue,
}

/// A fact.
pub const fn fact(name: &'static str, value: FactValue) -> Fact {
    Fact { name, value }
}

/// Which part of the judgement of a row a finding belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The row itself.
    Own,
    /// The way upward as a whole.
    Upward,
    /// One of its inputs.
    Input(u16),
    /// The recognised route.
    Route,
    /// The claim.
    Claim,
}

impl Finding {
    /// Takes its facts from one list to the end of another.
    pub fn copy_facts(&mut self, from: &[Fact], to: &mut Vec<Fact>) {
        let (start, count) = (self.facts.0 as usize, usize::from(self.facts.1));
        self.facts.0 = to.len() as u32;
        to.extend_from_slice(&from[start..start + count]);
    }
}

/// What a rule found.
#[derive(Debug, Clone, Copy)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// The outcome.
    pub outcome: Outcome,
    /// How much it counts here; never more than the rule counts under the policy.
    pub severity: Severity,
    /// The verdict it belongs to.
    pub dimension: Dimension,
    /// The record that would have to be different for the finding to go away.
    pub subject: Subject,
    /// What it clashes with.
    pub against: Option<Subject>,
    /// What is said.
    pub message: &'static Phrase,
    /// What would settle it.
    pub missing: Option<&'static Phrase>,
    /// Facts, as a range of the report's.
    pub facts: (u32, u16),
    /// Which part of the judgement it belongs to.
    pub scope: Scope,
}
