//! The walk: the upward closure of a certificate, surveyed once and evaluated parents first.
//!
//! The verdict of a calibration result is a pure function of the result, the state of knowledge
//! and the policy, so it is kept by result: a network with shared ancestors is walked once, and k
//! diamonds cost O(k). Nothing here recurses on data.
//!
//! What a rule requires does not live here (see `rules`), nor what follows for a claim (see
//! `verify`).

use rustc_hash::{FxHashMap, FxHashSet};

use crate::domain::calibration::{CalibrationKind, ReferenceRole};
use crate::domain::organisation::OrganisationKind;
use crate::domain::period::Day;
use crate::domain::recognition::EvidenceLevel;

use super::evidence::*;
use super::finding::*;
use super::limits::Limits;
use super::numbers::{Bounds, Normalised, Uninterpretable, normalised};
use super::policy::{Policy, Switch};
use super::report::Route;
use super::rules::freshness::Snapshot;
use super::rules::{
    accreditation, document, epoch, institute, material, quantity, range, structure, time,
    uncertainty, viet_nam,
};
use super::tri::Tri;

/// How much an input counts in its calibration (rule S-07), least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Information only.
    Info,
    /// Gives remarks.
    Minor,
    /// Counts in full.
    Major,
}

/// Where a reference leads, as known and with amendments followed.
#[derive(Debug, Clone, Copy)]
pub struct Resolved {
    /// Where.
    pub target: Target,
    /// The row that was named, where a corrected certificate replaced it.
    pub amended: Option<ResultIndex>,
}

/// One step upward from a row.
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    /// Where it leads.
    pub target: Target,
    /// How much it counts.
    pub weight: Weight,
}

/// What one input contributes to a row's standard uncertainty.
#[derive(Debug, Clone, Copy)]
pub enum Contribution {
    /// c·u in the row's coherent SI unit.
    Known(Bounds),
    /// One value of a mean, with its standard uncertainty.
    OfMean(Bounds),
    /// Model or sensitivity is not known.
    ModelUnknown,
    /// The input states no uncertainty; its own rules say so.
    None,
}

/// One input of a row, while the row is evaluated.
#[derive(Debug, Clone, Copy)]
pub struct Input {
    /// The reference as recorded.
    pub reference: ReferenceRow,
    /// Where it leads.
    pub resolved: Resolved,
    /// How much it counts.
    pub weight: Weight,
    /// Its share of the row's variance, where known.
    pub share: Option<f64>,
    /// What it contributes at each end of the row's extent.
    pub contributions: [Contribution; 2],
    /// The sensitivity that takes its uncertainty to the row's at each end; NaN when not known.
    pub sensitivities: [f64; 2],
    /// What of its contribution at each end is drift since its calibration.
    pub drifts: [f64; 2],
}

/// The verdict of one result.
#[derive(Debug, Clone)]
pub struct RowVerdict {
    /// The certificate itself.
    pub own: Tri,
    /// The explicit walk above it.
    pub upward: Tri,
    /// Whether it closes by recognition.
    pub recognised: Tri,
    /// Its route.
    pub route: Route,
    /// Whether the route needs accepted evidence of competence.
    pub conditional: bool,
    /// Traceability of the result: 3.4's combination.
    pub conclusion: Tri,
    /// Whether it passes with remarks.
    pub remarks: bool,
    /// Whether it has remarks that a recognised step below settles.
    pub doubts: bool,
    /// Whether it has remarks that count only where it does not close by recognition itself.
    pub open_remarks: bool,
    /// The capability that covers it.
    pub capability: Option<CapabilityIndex>,
    /// Whether its way ends outside the SI.
    pub non_si: bool,
    /// Whether a fact found later is still to be evaluated (rule I-06).
    pub under_review: bool,
    /// How well the strongest contradiction above it is evidenced.
    pub contradiction: EvidenceLevel,
    /// The smallest standard uncertainty its inputs allow, in the coherent SI unit.
    pub floor: f64,
    /// The limit at which the walk stopped here.
    pub limit: Option<&'static str>,
    /// Its findings, as a range of those of rows.
    pub findings: std::ops::Range<usize>,
    /// Its steps upward, as a range of the walk's.
    pub edges: std::ops::Range<usize>,
    /// States of outside registers that its route rests on, as a range of the walk's.
    pub snapshots: std::ops::Range<usize>,
}

/// The limit that a network of too many calibrations runs into.
const CALIBRATIONS_LIMIT: &str = "CALIBRATIONS_LIMIT";

/// What the survey found of a calibration.
#[derive(Debug, Clone, Copy, Default)]
struct Surveyed {
    order: u32,
    lowest: u32,
    on_stack: bool,
    /// Longest upward path, in calibrations.
    depth: u32,
    /// No fewer calibrations than stand above it, itself included: those on several paths count
    /// several times.
    size: u32,
    /// The items above it, a bit each, which several may share.
    items: u128,
    /// Whether it lies on a cycle of calibrations.
    cyclic: bool,
}

impl Surveyed {
    /// Takes down a calibration that was used, with the bit of its item.
    fn stands_below(&mut self, above: Self, item: u128) {
        self.depth = self.depth.max(above.depth + 1);
        self.size = self.size.saturating_add(above.size);
        self.items |= above.items | item;
    }
}

/// The bit that an item sets in [`Surveyed::items`].
fn bit_of(item: Option<StandardIndex>) -> u128 {
    item.map_or(0, |item| 1 << (item.position() % 128))
}

/// The state of a walk: what was found of rows, which stays from claim to claim, and what was found
/// of the claim.
pub struct Walk<'a> {
    /// The evidence.
    pub evidence: &'a Evidence,
    /// The policy.
    pub policy: &'a Policy,
    /// The limits.
    pub limits: Limits,
    /// The state of knowledge.
    pub known: LogIndex,
    /// The day of that state, where it has one.
    pub known_on: Option<Day>,
    /// Findings at the claim so far, and behind them those of the row that is being evaluated.
    pub findings: Vec<Finding>,
    /// Facts of the findings.
    pub facts: Vec<Fact>,
    /// Findings of the rows evaluated.
    pub row_findings: Vec<Finding>,
    /// Their facts.
    pub row_facts: Vec<Fact>,
    /// Steps upward of the rows evaluated.
    pub edges: Vec<Edge>,
    /// States of outside registers that routes rest on (rule T-11).
    pub snapshots: Vec<Snapshot>,
    /// Which limit was run into.
    pub limit_reached: Option<&'static str>,
    /// The part of the judgement that findings belong to now.
    pub scope: Scope,
    verdicts: FxHashMap<ResultIndex, RowVerdict>,
    /// Verdicts for this claim alone.
    of_claim: Vec<(ResultIndex, RowVerdict)>,
    /// The rows above the claim's.
    visited: FxHashSet<ResultIndex>,
    evaluated: Vec<ResultIndex>,
    surveyed: FxHashMap<CalibrationIndex, Surveyed>,
    weight: Weight,
    remarks: bool,
    open_remarks: bool,
    /// Whether the walk does not go on above the row that is being evaluated.
    ends_here: bool,
}

/// A finding about to be noted.
#[derive(Debug, Clone, Copy)]
pub struct Note<'n> {
    rule: &'static Rule,
    outcome: Outcome,
    severity: Severity,
    dimension: Dimension,
    subject: Subject,
    against: Option<Subject>,
    message: &'static Phrase,
    missing: Option<&'static Phrase>,
    facts: &'n [Fact],
}

impl<'n> Note<'n> {
    fn new(
        rule: &'static Rule,
        outcome: Outcome,
        subject: Subject,
        message: &'static Phrase,
    ) -> Self {
        Self {
            rule,
            outcome,
            severity: rule.severity,
            dimension: rule.dimension,
            subject,
            against: None,
            message,
            missing: None,
            facts: &[],
        }
    }

    /// The rule holds.
    pub fn pass(rule: &'static Rule, subject: Subject) -> Self {
        Self::new(rule, Outcome::Pass, subject, &rule.statement)
    }

    /// The rule holds, and what it found.
    pub fn pass_with(rule: &'static Rule, subject: Subject, message: &'static Phrase) -> Self {
        Self::new(rule, Outcome::Pass, subject, message)
    }

    /// The rule is contradicted.
    pub fn fail(rule: &'static Rule, subject: Subject, message: &'static Phrase) -> Self {
        Self::new(rule, Outcome::Fail, subject, message)
    }

    /// Something is missing, and what.
    pub fn unknown(
        rule: &'static Rule,
        subject: Subject,
        message: &'static Phrase,
        missing: &'static Phrase,
    ) -> Self {
        Self { missing: Some(missing), ..Self::new(rule, Outcome::Indeterminate, subject, message) }
    }

    /// A remark; of minor severity unless said otherwise.
    pub fn remark(rule: &'static Rule, subject: Subject, message: &'static Phrase) -> Self {
        let note = Self::new(rule, Outcome::Remark, subject, message);
        Self { severity: rule.severity.max(Severity::Minor), ..note }
    }

    /// What the subject clashes with.
    pub fn against(self, against: Option<Subject>) -> Self {
        Self { against, ..self }
    }

    /// The facts of the message.
    pub fn facts(self, facts: &'n [Fact]) -> Self {
        Self { facts, ..self }
    }

    /// Counts less than the rule's own severity.
    pub fn severity(self, severity: Severity) -> Self {
        Self { severity: self.severity.max(severity), ..self }
    }

    /// Belongs to another verdict than the rule's own.
    pub fn dimension(self, dimension: Dimension) -> Self {
        Self { dimension, ..self }
    }

    /// What would settle it.
    pub fn settled_by(self, missing: &'static Phrase) -> Self {
        Self { missing: Some(missing), ..self }
    }

    /// The note of a rule that counts otherwise under the policy: what counts as its rule does,
    /// counts as the policy says; what the rule itself makes count less (a tie, a remark, a doubt
    /// that says so by itself) is never raised by that, only lowered. A remark stays a remark.
    fn switched(self, to: Severity) -> Self {
        let severity = match self.severity == self.rule.severity {
            true => to,
            false => self.severity.max(to),
        };
        let severity = match self.outcome {
            Outcome::Remark => severity.max(Severity::Minor),
            _ => severity,
        };
        Self { severity, ..self }
    }

    fn state(&self) -> Tri {
        match (self.outcome, self.severity) {
            (Outcome::Fail, Severity::Critical | Severity::Major) => Tri::Fail,
            (Outcome::Indeterminate, Severity::Critical | Severity::Major) => Tri::Indeterminate,
            _ => Tri::Pass,
        }
    }
}

impl<'a> Walk<'a> {
    /// A walk that has not begun.
    pub fn new(
        evidence: &'a Evidence,
        policy: &'a Policy,
        limits: Limits,
        known: LogIndex,
    ) -> Self {
        Self {
            evidence,
            policy,
            limits,
            known,
            known_on: None,
            findings: Vec::new(),
            facts: Vec::new(),
            row_findings: Vec::new(),
            row_facts: Vec::new(),
            edges: Vec::new(),
            snapshots: Vec::new(),
            limit_reached: None,
            scope: Scope::Claim,
            verdicts: FxHashMap::default(),
            of_claim: Vec::new(),
            visited: FxHashSet::default(),
            evaluated: Vec::new(),
            surveyed: FxHashMap::default(),
            weight: Weight::Major,
            remarks: false,
            open_remarks: false,
            ends_here: false,
        }
    }

    /// Begins a claim at a state of knowledge. What is known of rows stays, as long as it is of the
    /// same state and not too much.
    pub fn begin(&mut self, known: LogIndex, known_on: Option<Day>) {
        /// Findings of rows that are kept: some ten thousand rows, a few dozen megabytes.
        const MOST_KEPT: usize = 1 << 18;
        let another = (self.known, self.known_on) != (known, known_on);
        // A survey that was cut off leaves what it saw unfinished.
        let cut_off = self.limit_reached == Some(CALIBRATIONS_LIMIT);
        if another || cut_off || self.row_findings.len() > MOST_KEPT {
            *self = Self::new(self.evidence, self.policy, self.limits, known);
            self.known_on = known_on;
        }
        self.findings.clear();
        self.facts.clear();
        self.of_claim.clear();
        self.visited.clear();
        self.evaluated.clear();
        self.limit_reached = None;
        self.at_claim();
    }

    /// Does something that leaves no trace in the claim's report.
    pub fn aside<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let (findings, facts) = (self.findings.len(), self.facts.len());
        let visited = std::mem::take(&mut self.visited);
        let evaluated = std::mem::take(&mut self.evaluated);
        let limit_reached = self.limit_reached;
        let done = work(self);
        self.findings.truncate(findings);
        self.facts.truncate(facts);
        (self.visited, self.evaluated) = (visited, evaluated);
        // Only a survey that was cut off matters later: see `begin`.
        if self.limit_reached != Some(CALIBRATIONS_LIMIT) {
            self.limit_reached = limit_reached;
        }
        done
    }

    /// Notes a finding and says what it means for its dimension: a critical or major fail fails,
    /// a critical or major unknown is indeterminate, everything else passes (rules 3.3). The one
    /// place where a policy switches rules: one that is off finds nothing and passes.
    pub fn note(&mut self, note: Note<'_>) -> Tri {
        let note = match self.policy.switch(note.rule) {
            None => note,
            Some(Switch::Off) => return Tri::Pass,
            Some(to) => to.severity().map_or(note, |severity| note.switched(severity)),
        };
        let state = note.state();
        let severity = match (self.scope, self.weight) {
            (Scope::Input(_), Weight::Minor) => note.severity.max(Severity::Minor),
            (Scope::Input(_), Weight::Info) => Severity::Info,
            _ => note.severity,
        };
        let counts = severity == Severity::Minor
            && note.outcome != Outcome::Pass
            && note.dimension == Dimension::Traceability;
        let upward = matches!(self.scope, Scope::Input(_) | Scope::Upward);
        // A remark on something unknown above a step counts only where nothing below settles it.
        let open = upward && note.missing.is_some() && note.outcome != Outcome::Fail;
        match counts {
            true if open => self.open_remarks = true,
            true => self.remarks = true,
            false => {}
        }
        let facts = (self.facts.len() as u32, note.facts.len() as u16);
        self.facts.extend_from_slice(note.facts);
        self.findings.push(Finding {
            rule: note.rule,
            outcome: note.outcome,
            severity,
            dimension: note.dimension,
            subject: note.subject,
            against: note.against,
            message: note.message,
            missing: note.missing,
            facts,
            scope: self.scope,
        });
        state
    }

    /// What rules found that the policy makes count in full and the catalogue does not: the engine
    /// asks some of them for remarks alone, so what follows from them is taken from their findings.
    pub fn raised(
        &self,
        first: usize,
        dimension: Dimension,
        belongs: impl Fn(Scope) -> bool,
    ) -> Tri {
        if !self.policy.raises() {
            return Tri::Pass;
        }
        let findings = self.findings.get(first..).unwrap_or_default().iter();
        findings
            .filter(|one| one.dimension == dimension && belongs(one.scope))
            .filter(|one| self.policy.raises_rule(one.rule))
            .map(|one| match (one.outcome, one.severity) {
                (Outcome::Fail, Severity::Critical | Severity::Major) => Tri::Fail,
                (Outcome::Indeterminate, Severity::Critical | Severity::Major) => {
                    Tri::Indeterminate
                }
                _ => Tri::Pass,
            })
            .fold(Tri::Pass, Tri::and)
    }

    /// From here on findings are about the claim itself.
    pub fn at_claim(&mut self) {
        self.scope = Scope::Claim;
        self.weight = Weight::Major;
    }

    /// Whether the rules at the use left remarks, on top of those of the rows.
    pub fn remarks_of_claim(&self) -> bool {
        let at_use = self.findings.iter().filter(|finding| finding.scope == Scope::Claim);
        at_use
            .filter(|finding| finding.dimension == Dimension::Traceability)
            .any(|finding| finding.severity == Severity::Minor && finding.outcome != Outcome::Pass)
    }

    /// Whether a fact is known.
    pub fn knows(&self, known_from: LogIndex) -> bool {
        known_from <= self.known
    }

    /// What is said against a record by whose word counts, as long as they have not said otherwise.
    pub fn disputed(&self, attested: Attested) -> Option<&'a StatementRow> {
        self.evidence.last_statement(attested, self.known).filter(|last| last.against)
    }

    /// The verdict of a row already evaluated.
    pub fn verdict(&self, row: ResultIndex) -> Option<&RowVerdict> {
        let of_claim = self.of_claim.iter().rev().find(|(other, _)| *other == row);
        of_claim.map(|(_, verdict)| verdict).or_else(|| self.verdicts.get(&row))
    }

    /// The verdict of a row with which the one that is being evaluated was made; none where the walk
    /// does not go on above that, whatever other claims found there.
    pub fn verdict_above(&self, row: ResultIndex) -> Option<&RowVerdict> {
        if self.ends_here { None } else { self.verdict(row) }
    }

    /// Recognises a row anew, where what its route rests on no longer holds at the use (rule M-08):
    /// its traceability then stands on the explicit walk.
    pub fn recognise_anew(&mut self, row: ResultIndex, recognition: accreditation::Recognition) {
        if let Some(verdict) = self.verdict(row) {
            let anew = RowVerdict {
                route: recognition.route,
                recognised: recognition.recognised,
                conditional: recognition.conditional,
                conclusion: verdict.own.and(verdict.upward),
                remarks: verdict.remarks || verdict.open_remarks,
                ..verdict.clone()
            };
            self.of_claim.push((row, anew));
        }
    }

    /// Leaves the recognition of a row open: what was found beside the way up speaks against it. The
    /// explicit walk decides then.
    pub fn leave_recognition_open(&mut self, row: ResultIndex) {
        let Some(mut verdict) = self.verdict(row).cloned() else { return };
        if !matches!(verdict.route, Route::Fail | Route::None) {
            verdict.route = Route::Indeterminate;
        }
        if verdict.recognised == Tri::Pass {
            verdict.conclusion = verdict.own.and(verdict.upward);
            verdict.remarks |= verdict.open_remarks;
            verdict.recognised = Tri::Indeterminate;
        }
        self.of_claim.push((row, verdict));
    }

    /// The rows of the claim evaluated so far, parents before children.
    pub fn evaluated(&self) -> &[ResultIndex] {
        &self.evaluated
    }

    /// Whether a calibration was issued by the BIPM.
    pub fn issued_by_bipm(&self, calibration: &CalibrationRow) -> bool {
        self.kind_of_issuer(calibration) == Some(OrganisationKind::Bipm)
    }

    /// What the issuer of a calibration is.
    pub fn kind_of_issuer(&self, calibration: &CalibrationRow) -> Option<OrganisationKind> {
        calibration.issuer.map(|issuer| self.evidence.organisation(issuer).kind)
    }

    /// The uncertainty of a row as a standard uncertainty.
    ///
    /// # Errors
    /// What is missing for it.
    pub fn normalised(&self, row: &ResultRow) -> Result<Normalised, Uninterpretable> {
        let calibration = self.evidence.calibration(row.calibration);
        match normalised(self.evidence, self.policy, row, self.issued_by_bipm(calibration)) {
            Err(Uninterpretable::Absent) => {
                uncertainty::from_conformity(self, row).ok_or(Uninterpretable::Absent)
            }
            found => found,
        }
    }

    /// The certificate that stands for this one as far as is known: itself, or the last of those
    /// that amend it.
    pub fn amended(&self, calibration: CalibrationIndex) -> CalibrationIndex {
        // A chain of amendments longer than this is no chain anybody issued.
        const LONGEST_CHAIN: usize = 16;
        let mut current = calibration;
        for _ in 0..LONGEST_CHAIN {
            let known = self
                .evidence
                .amendments_of(current)
                .filter(|next| self.knows(self.evidence.calibration(*next).known_from))
                .max_by_key(|next| {
                    let row = self.evidence.calibration(*next);
                    (row.issued_on, row.known_from, self.evidence.text(row.number))
                });
            match known {
                Some(next) => current = next,
                None => return current,
            }
        }
        current
    }

    /// Where a reference leads, as known, with amendments followed.
    pub fn resolve(&self, reference: &ReferenceRow) -> Resolved {
        let plain = |target| Resolved { target, amended: None };
        // Before a certificate is known, only what the reference itself says of the standard is.
        let standard_of = |calibration: &CalibrationRow| {
            let detail = self.evidence.reference_detail(reference);
            let item = || calibration.item.map_or(Target::Open, Target::Standard);
            detail.and_then(|detail| detail.until_known).unwrap_or_else(item)
        };
        match reference.target {
            Target::Row(named) => {
                let row = self.evidence.result(named);
                let calibration = self.evidence.calibration(row.calibration);
                if !self.knows(calibration.known_from) {
                    return plain(standard_of(calibration));
                }
                let current = self.amended(row.calibration);
                if current == row.calibration {
                    return plain(reference.target);
                }
                let corrected = self.evidence.rows_of(current).find(|other| {
                    let other = self.evidence.result(*other);
                    other.name == row.name && other.kind == row.kind
                });
                match corrected {
                    Some(corrected) => {
                        Resolved { target: Target::Row(corrected), amended: Some(named) }
                    }
                    None => Resolved { target: Target::Certificate(current), amended: Some(named) },
                }
            }
            Target::Certificate(calibration)
            | Target::ForeignItem(calibration)
            | Target::OtherDocument(calibration) => {
                let row = self.evidence.calibration(calibration);
                match self.knows(row.known_from) {
                    true => plain(reference.target),
                    false => plain(standard_of(row)),
                }
            }
            Target::Realisation(root) => {
                match self.knows(self.evidence.realisation(root).known_from) {
                    true => plain(reference.target),
                    false => plain(Target::Open),
                }
            }
            Target::Standard(_) | Target::Open => plain(reference.target),
        }
    }

    /// The references of a calibration that give a value: all but mere checks.
    fn links(&self, calibration: CalibrationIndex) -> &'a [ReferenceRow] {
        self.evidence.references.of(calibration.position())
    }

    /// Whether a reference was used for a row.
    pub fn applies(
        &self,
        reference: &ReferenceRow,
        row: ResultIndex,
        calibration: CalibrationIndex,
    ) -> bool {
        if reference.role == ReferenceRole::Check {
            return false;
        }
        let first = self.evidence.results.range(calibration.position()).start;
        if reference.rows != 0 {
            return reference.rows & 1 << (row.position() - first) != 0;
        }
        let Some(detail) = self.evidence.reference_detail(reference) else { return true };
        let Some(rows) = &detail.for_results else { return true };
        rows.iter().any(|position| first + *position as usize == row.position())
    }

    /// Surveys the upward closure of a calibration: strongly connected components (Tarjan, without
    /// recursion), the longest upward path of each, and what stands above it.
    fn survey(&mut self, start: CalibrationIndex) {
        struct Frame {
            calibration: CalibrationIndex,
            next: usize,
        }
        if self.surveyed.contains_key(&start) {
            return;
        }
        let known = self.surveyed.len();
        let mut stack: Vec<CalibrationIndex> = Vec::new();
        let mut frames = vec![Frame { calibration: start, next: 0 }];
        self.enter(start, &mut stack);
        while let Some(frame) = frames.last_mut() {
            let calibration = frame.calibration;
            let references = self.links(calibration);
            if let Some(reference) = references.get(frame.next) {
                frame.next += 1;
                if reference.role == ReferenceRole::Check {
                    continue;
                }
                let Target::Row(parent) = self.resolve(reference).target else { continue };
                let parent = self.evidence.result(parent).calibration;
                match self.surveyed.get(&parent) {
                    None if self.surveyed.len() - known >= self.limits.calibrations as usize => {
                        self.limit_reached = Some(CALIBRATIONS_LIMIT);
                        return;
                    }
                    None => {
                        self.enter(parent, &mut stack);
                        frames.push(Frame { calibration: parent, next: 0 });
                    }
                    Some(known) => {
                        let known = *known;
                        let item = bit_of(self.evidence.calibration(parent).item);
                        let own = self.surveyed.entry(calibration).or_default();
                        if parent == calibration {
                            own.cyclic = true;
                        } else if known.on_stack {
                            own.lowest = own.lowest.min(known.order);
                        } else {
                            own.stands_below(known, item);
                        }
                    }
                }
                continue;
            }
            frames.pop();
            self.leave(calibration, frames.last().map(|frame| frame.calibration), &mut stack);
        }
    }

    fn enter(&mut self, calibration: CalibrationIndex, stack: &mut Vec<CalibrationIndex>) {
        let order = self.surveyed.len() as u32;
        let surveyed = Surveyed {
            order,
            lowest: order,
            on_stack: true,
            depth: 1,
            size: 1,
            items: 0,
            cyclic: false,
        };
        self.surveyed.insert(calibration, surveyed);
        stack.push(calibration);
    }

    fn leave(
        &mut self,
        calibration: CalibrationIndex,
        child: Option<CalibrationIndex>,
        stack: &mut Vec<CalibrationIndex>,
    ) {
        let Some(own) = self.surveyed.get(&calibration).copied() else { return };
        if own.lowest == own.order {
            let start = stack.iter().rposition(|member| *member == calibration).unwrap_or(0);
            let cyclic = own.cyclic || stack.len() - start > 1;
            for member in stack.drain(start..) {
                if let Some(member) = self.surveyed.get_mut(&member) {
                    member.on_stack = false;
                    member.cyclic |= cyclic;
                }
            }
        }
        let item = bit_of(self.evidence.calibration(calibration).item);
        if let Some(child) = child.and_then(|child| self.surveyed.get_mut(&child)) {
            child.lowest = child.lowest.min(own.lowest);
            child.stands_below(own, item);
        }
    }

    /// Whether more calibrations stand above one than the limit allows.
    fn is_too_much(&self, start: CalibrationIndex) -> bool {
        let most = self.limits.calibrations as usize;
        // Mostly the sum over all paths is no more than that already.
        if self.surveyed.get(&start).is_none_or(|surveyed| surveyed.size as usize <= most) {
            return false;
        }
        let mut above = FxHashSet::default();
        let mut stack = vec![start];
        while let Some(calibration) = stack.pop() {
            if !above.insert(calibration) {
                continue;
            }
            if above.len() > most {
                return true;
            }
            let links = self.links(calibration).iter();
            for link in links.filter(|link| link.role != ReferenceRole::Check) {
                if let Target::Row(parent) = self.resolve(link).target {
                    stack.push(self.evidence.result(parent).calibration);
                }
            }
        }
        false
    }

    /// Evaluates a row and everything above it, each row once, parents first.
    pub fn evaluate(&mut self, start: ResultIndex) {
        let calibration = self.evidence.result(start).calibration;
        self.survey(calibration);
        if self.is_too_much(calibration) {
            self.limit_reached = Some(CALIBRATIONS_LIMIT);
        }
        let mut stack = vec![(start, false)];
        while let Some((row, parents_done)) = stack.pop() {
            if parents_done {
                if !self.verdicts.contains_key(&row) {
                    let verdict = self.evaluate_row(row);
                    self.verdicts.insert(row, verdict);
                }
                let limit = self.verdicts.get(&row).and_then(|verdict| verdict.limit);
                self.limit_reached = self.limit_reached.or(limit);
                self.evaluated.push(row);
                continue;
            }
            if !self.visited.insert(row) {
                continue;
            }
            stack.push((row, true));
            if let Some(verdict) = self.verdicts.get(&row) {
                for edge in &self.edges[verdict.edges.clone()] {
                    if let Target::Row(parent) = edge.target {
                        stack.push((parent, false));
                    }
                }
                continue;
            }
            if self.stops_at(row).is_some() {
                continue;
            }
            let calibration = self.evidence.result(row).calibration;
            for reference in self.links(calibration) {
                if !self.applies(reference, row, calibration) {
                    continue;
                }
                if let Target::Row(parent) = self.resolve(reference).target {
                    stack.push((parent, false));
                }
            }
        }
    }

    fn stops_at(&self, row: ResultIndex) -> Option<Stop> {
        if self.limit_reached == Some(CALIBRATIONS_LIMIT) {
            return Some(Stop::Limit(CALIBRATIONS_LIMIT));
        }
        let surveyed = self.surveyed.get(&self.evidence.result(row).calibration)?;
        if surveyed.cyclic {
            return Some(Stop::Cycle);
        }
        (surveyed.depth > self.limits.depth).then_some(Stop::Limit("DEPTH_LIMIT"))
    }

    fn evaluate_row(&mut self, index: ResultIndex) -> RowVerdict {
        let row = *self.evidence.result(index);
        let calibration = *self.evidence.calibration(row.calibration);
        let (first_finding, first_fact) = (self.findings.len(), self.facts.len());
        let (first_edge, first_snapshot) = (self.edges.len(), self.snapshots.len());
        (self.remarks, self.open_remarks, self.weight) = (false, false, Weight::Major);

        self.scope = Scope::Own;
        let own = uncertainty::u_01(self, index, &row)
            .and(uncertainty::u_02(self, index, &row))
            .and(uncertainty::u_12(self, index, &row, &calibration))
            .and(quantity::q_04(self, index, &row))
            .and(structure::s_09(self, &row, &calibration))
            .and(document::d_04(self, row.calibration, &calibration))
            .and(document::certificate(self, &row, &calibration))
            .and(time::t_06(self, index, &row, &calibration))
            .and(material::m_01(self, &row, &calibration));
        let is_of_a_material = calibration.kind == CalibrationKind::ReferenceMaterialCertificate;
        let own =
            if is_of_a_material { own.and(material::m_03(self, &row, &calibration)) } else { own };
        let counted = self.remarks;
        let own = own.and(document::d_07(self, row.calibration, &calibration));
        self.remarks = counted;
        viet_nam::v_06(self, &row, &calibration);
        viet_nam::certificate(self, &row, &calibration);

        let stop = self.stops_at(index);
        self.ends_here = stop.is_some();
        let mut outcome = match stop {
            Some(stop) => self.stopped(stop, &row),
            None => self.upward(index, &row, &calibration),
        };
        self.scope = Scope::Upward;
        outcome.state = outcome.state.and(institute::n_05(self, &row, &calibration, first_edge));

        let own = own
            .and(self.raised(first_finding, Dimension::Traceability, |scope| scope == Scope::Own));
        outcome.state =
            outcome.state.and(self.raised(first_finding, Dimension::Traceability, |scope| {
                matches!(scope, Scope::Upward | Scope::Input(_))
            }));

        self.scope = Scope::Route;
        let route = if is_of_a_material {
            let si_possible = row.kind.kind().si_possible;
            let outside_the_si = outcome.non_si && outcome.state == Tri::Pass && !si_possible;
            material::m_02(self, index, &row, &calibration, outside_the_si)
        } else {
            accreditation::a_01(self, index, &row, &calibration)
        };

        self.scope = Scope::Own;
        let own = own.and(accreditation::a_09(self, &row, &calibration, &route, first_edge));

        let contradiction = outcome.contradiction.unwrap_or(calibration.evidence);
        let mut upward = outcome.state;
        let mut remarks = self.remarks;
        let under_review = outcome.under_review;
        let closes = route.recognised == Tri::Pass && !under_review;
        if closes && upward == Tri::Fail {
            self.scope = Scope::Upward;
            let contradicted =
                structure::s_12(self, row.calibration, contradiction, route.strength);
            if contradicted == Tri::Pass {
                // The contradiction is weaker than what it contradicts: known, not decisive.
                upward = Tri::Indeterminate;
                remarks = true;
            }
        }
        let above = match (upward, closes) {
            (Tri::Fail, _) => Tri::Fail,
            (_, true) => Tri::Pass,
            (explicit, false) => explicit,
        };
        if !closes {
            remarks |= self.open_remarks;
        }
        let uploaded = calibration.evidence == EvidenceLevel::DocumentUploaded;
        let explicit_decides = upward == Tri::Pass && !closes;
        RowVerdict {
            own,
            upward,
            recognised: if under_review { Tri::Indeterminate } else { route.recognised },
            route: if under_review { Route::Indeterminate } else { route.route },
            conditional: route.conditional,
            conclusion: own.and(above),
            remarks: remarks || outcome.remarks,
            doubts: uploaded || !closes && outcome.doubts,
            open_remarks: self.open_remarks || outcome.doubts,
            capability: route.capability,
            non_si: !row.kind.kind().si_possible || outcome.non_si && (explicit_decides || closes),
            under_review,
            contradiction: match own {
                // Nobody knows better what was issued than the issuer's own register.
                Tri::Fail if self.disputed(Attested::Calibration(row.calibration)).is_some() => {
                    EvidenceLevel::RegistrySynced
                }
                Tri::Fail => calibration.evidence,
                _ => contradiction.min(calibration.evidence),
            },
            floor: outcome.floor,
            limit: match stop {
                Some(Stop::Limit(limit)) => Some(limit),
                Some(Stop::Cycle) | None => None,
            },
            findings: self.keep(first_finding, first_fact),
            edges: first_edge..self.edges.len(),
            snapshots: first_snapshot..self.snapshots.len(),
        }
    }

    /// Moves the findings of a row, which lie behind those of the claim, to those of rows.
    fn keep(&mut self, first_finding: usize, first_fact: usize) -> std::ops::Range<usize> {
        let first = self.row_findings.len();
        for mut finding in self.findings.drain(first_finding..) {
            finding.copy_facts(&self.facts, &mut self.row_facts);
            self.row_findings.push(finding);
        }
        self.facts.truncate(first_fact);
        first..self.row_findings.len()
    }

    fn stopped(&mut self, stop: Stop, row: &ResultRow) -> Upward {
        self.scope = Scope::Upward;
        let subject = Subject::Calibration(row.calibration);
        let state = match stop {
            Stop::Cycle => structure::s_04(self, subject),
            Stop::Limit(name) => {
                structure::s_11(self, subject, name);
                Tri::Indeterminate
            }
        };
        Upward { state, ..Upward::default() }
    }

    /// The explicit walk above a row: its links, their weights, the floors.
    fn upward(
        &mut self,
        index: ResultIndex,
        row: &ResultRow,
        calibration: &CalibrationRow,
    ) -> Upward {
        let mut inputs = self.inputs(index, row);
        let floor = uncertainty::weigh(self, row, calibration, &mut inputs);
        let mut result = Upward { floor: floor.value, ..Upward::default() };

        self.scope = Scope::Upward;
        result.state = structure::s_03_complete(self, row, calibration, &inputs);
        if !inputs.is_empty() {
            self.note(Note::pass(&structure::S_04, Subject::Calibration(row.calibration)));
        }
        let several = inputs.len() > 1;
        let mut small = structure::SmallInputs::default();
        for (position, input) in inputs.iter().enumerate() {
            self.scope = Scope::Input(u16::try_from(position).unwrap_or(u16::MAX));
            self.weight = input.weight;
            let link = self.link(row, calibration, input, !several, &mut result);
            self.edges.push(Edge { target: input.resolved.target, weight: input.weight });
            self.scope = Scope::Upward;
            self.weight = Weight::Major;
            let state = match several || input.weight != Weight::Major {
                true => {
                    small.add(input, link);
                    structure::s_07(self, row, input, link)
                }
                false => link,
            };
            result.state = result.state.and(state);
        }
        result.state = result.state.and(structure::s_07_jointly(self, row, &small));
        let floor = uncertainty::u_05(self, row, &inputs);
        result.state = result
            .state
            .and(floor)
            .and(uncertainty::u_06(self, row, &inputs))
            .and(uncertainty::u_10(self, row, calibration, &inputs))
            .and(material::m_06(self, row, calibration, &inputs, floor));
        let surveyed = self.surveyed.get(&row.calibration);
        if surveyed.is_some_and(|surveyed| surveyed.items & bit_of(calibration.item) != 0) {
            let first_edge = self.edges.len() - inputs.len();
            result.state = result.state.and(structure::s_06(self, row, calibration, first_edge));
        }
        result
    }

    /// What a row was made with.
    pub(super) fn inputs(&self, index: ResultIndex, row: &ResultRow) -> Vec<Input> {
        self.links(row.calibration)
            .iter()
            .filter(|reference| self.applies(reference, index, row.calibration))
            .map(|reference| Input {
                reference: *reference,
                resolved: self.resolve(reference),
                weight: Weight::Major,
                share: None,
                contributions: [Contribution::None; 2],
                sensitivities: [f64::NAN; 2],
                drifts: [0.0; 2],
            })
            .collect()
    }

    /// One link: the rules between a row and one of its inputs, and the input's own verdict.
    fn link(
        &mut self,
        row: &ResultRow,
        calibration: &CalibrationRow,
        input: &Input,
        alone: bool,
        result: &mut Upward,
    ) -> Tri {
        let own = structure::s_03(self, row, input);
        let (state, evidence) = match input.resolved.target {
            Target::Row(parent_index) => {
                let parent = *self.evidence.result(parent_index);
                let parent_calibration = *self.evidence.calibration(parent.calibration);
                let used =
                    Period { from: calibration.performed_from, to: calibration.performed_to };
                let mut state = own
                    .and(quantity::q_01(self, row, &parent, input))
                    .and(quantity::q_02(self, row, &parent, input))
                    .and(quantity::q_03(self, row, &parent, input))
                    .and(quantity::q_05(self, row, &parent, input))
                    .and(structure::s_10(self, row, input, &parent, &parent_calibration))
                    .and(range::r_01_link(self, row, &parent, input))
                    .and(range::r_03_link(self, row, &parent, input))
                    .and(time::t_01(self, row, calibration, &parent, &parent_calibration))
                    .and(epoch::t_09_link(self, row, calibration, &parent, &parent_calibration))
                    .and(institute::n_06(self, row, calibration, parent_index, input))
                    .and(uncertainty::u_04(self, row, input, alone))
                    .and(uncertainty::u_07(self, row, calibration, input, alone))
                    .and(uncertainty::u_08(self, row, input));
                let of_material =
                    material::m_04_link(self, row, calibration, &parent, &parent_calibration);
                state = state.and(match of_material {
                    Some(valid) => valid,
                    None => time::t_02(self, row, calibration, &parent, &parent_calibration),
                });
                state = state.and(material::at_link(
                    self,
                    row,
                    calibration,
                    &parent,
                    &parent_calibration,
                    input,
                ));
                viet_nam::at_link(self, row, calibration, &parent, &parent_calibration, input);
                let configured =
                    range::r_04_link(self, row, calibration, &parent, &parent_calibration);
                let broken = time::t_05_link(
                    self,
                    row,
                    calibration,
                    &parent,
                    &parent_calibration,
                    input,
                    used,
                )
                .also(time::t_08_link(self, row, calibration, parent_index, input, used))
                .also(configured);
                state = state.and(broken.state);
                result.under_review |= broken.late && input.weight == Weight::Major;
                let mut evidence = parent_calibration.evidence;
                if let Some(verdict) = self.verdicts.get(&parent_index) {
                    if input.weight >= Weight::Minor {
                        result.remarks |= verdict.remarks;
                        result.doubts |= verdict.doubts;
                    }
                    result.non_si |= verdict.non_si && input.weight == Weight::Major;
                    result.under_review |= verdict.under_review && input.weight == Weight::Major;
                    if state != Tri::Fail && verdict.conclusion == Tri::Fail {
                        evidence = verdict.contradiction;
                    }
                    state = state.and(verdict.conclusion);
                }
                (state, evidence)
            }
            Target::Realisation(root) => {
                let judged = structure::s_05(self, row, calibration, input, root);
                result.non_si |= judged.non_si && input.weight == Weight::Major;
                let state = own
                    .and(judged.state)
                    .and(institute::n_15(self, row, calibration, root))
                    .and(epoch::t_09_root(self, row, calibration, root))
                    .and(uncertainty::u_04(self, row, input, alone))
                    .and(uncertainty::u_08(self, row, input));
                (state, calibration.evidence)
            }
            Target::Standard(named) => {
                let analyte = self.evidence.result_detail(row).and_then(|detail| detail.analyte);
                let analyte = analyte.map(|analyte| self.evidence.text(analyte));
                let subject = Subject::Calibration(row.calibration);
                let certified =
                    material::m_01_without_certificate(self, named, row.kind, analyte, subject);
                let clock = institute::n_15_open(self, row, input.resolved.target);
                (own.and(certified).and(clock), calibration.evidence)
            }
            target => (own.and(institute::n_15_open(self, row, target)), calibration.evidence),
        };
        if state == Tri::Fail && input.weight == Weight::Major {
            let evidence = evidence.min(calibration.evidence);
            result.contradiction = result.contradiction.max(Some(evidence));
        }
        state
    }

    /// The day on which a fact was recorded lies after this day: it was found out later (I-06).
    pub fn learnt_after(&self, known_from: LogIndex, day: Day) -> bool {
        self.evidence.day_known(known_from).is_some_and(|learnt| learnt > day)
    }
}

/// Why the walk does not go on above a row.
#[derive(Debug, Clone, Copy)]
enum Stop {
    Cycle,
    Limit(&'static str),
}

/// What came of the explicit walk above a row.
#[derive(Debug)]
struct Upward {
    state: Tri,
    remarks: bool,
    doubts: bool,
    non_si: bool,
    under_review: bool,
    /// How well the strongest failing link is evidenced; none when it is no link that fails.
    contradiction: Option<EvidenceLevel>,
    floor: f64,
}

impl Default for Upward {
    fn default() -> Self {
        Self {
            state: Tri::Pass,
            remarks: false,
            doubts: false,
            non_si: false,
            under_review: false,
            contradiction: None,
            floor: 0.0,
        }
    }
}
