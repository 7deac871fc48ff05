//! The downward question (rules I-01 to I-04; ISO/IEC 17025, 7.10): something turned out to be bad,
//! what was made with it, and how much does it matter.
//!
//! `impact(&Evidence, &Incident, &Policy, &Limits) -> Impact` is a pure function like `verify`.
//! References lead upward only, so the way down is built from the evidence when somebody asks
//! ([`Descendants`]); claims carry nothing for it. The affected set is walked breadth first and row
//! by row: a certificate of which only one row was made with the bad value has only that row
//! affected. Then the shift is carried down, parents before children, along the sensitivities that
//! the certificates state. Nothing here recurses on data.
//!
//! What is done about it does not live here (`app::cases`), nor how it is printed (`app::impact`).

use std::collections::{BTreeSet, VecDeque};

use rustc_hash::FxHashMap;

use crate::domain::calibration::{CalibrationStatus, Model, Phase, ReferenceRole, ValueIs};
use crate::domain::nonconformity::Significance;
use crate::domain::period::Day;
use crate::domain::recognition::AccreditationStatus;
use crate::domain::standard::EventKind;
use crate::domain::unit::{Dimension, Unit};

use super::evidence::*;
use super::limits::Limits;
use super::numbers::{self, Uninterpretable};
use super::policy::Policy;
use super::rules::{time, uncertainty};
use super::tri::Tri;
use super::walk::{Contribution, Input, Walk};

/// What turned out to be bad (rule I-01).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A certificate.
    Certificate(CalibrationIndex),
    /// A standard, whichever of its certificates was used.
    Standard(StandardIndex),
    /// Everything that a laboratory issued.
    Organisation(OrganisationIndex),
    /// Everything that was issued under an accreditation.
    Accreditation(AccreditationIndex),
    /// Roots: one realisation, or all of an epoch.
    Realisations(Vec<RealisationIndex>),
}

/// A change of a value: absolute, or relative to the value where its unit has the dimension one.
#[derive(Debug, Clone, PartialEq)]
pub struct StatedShift {
    /// The number in the coherent SI unit, true minus stated value; the sign counts where several
    /// ways lead to one result.
    pub si: f64,
    /// Its dimension.
    pub dimension: Dimension,
}

impl StatedShift {
    /// A shift as written: a difference, so without the offset of its unit (rule Q-03).
    pub fn new(value: f64, unit: &Unit) -> Self {
        Self { si: value * unit.factor(), dimension: unit.dimension() }
    }

    /// What it is for a row.
    fn of(&self, row: &ResultRow) -> Option<f64> {
        let dimension = row.kind.kind().dimension;
        if self.dimension == dimension {
            return Some(self.si);
        }
        match self.dimension == Dimension::DIMENSIONLESS {
            true => numbers::value_of(row).map(|value| self.si * value),
            false => None,
        }
    }
}

/// Whether a shift says something of at least one row of what is bad, where that has rows.
pub fn says_something(evidence: &Evidence, origin: &Origin, shift: &StatedShift) -> bool {
    let certificates = match origin {
        Origin::Certificate(certificate) => std::slice::from_ref(certificate),
        Origin::Standard(standard) => evidence.calibrations_of.of(standard.position()),
        Origin::Organisation(_) | Origin::Accreditation(_) | Origin::Realisations(_) => &[],
    };
    let mut rows = certificates.iter().flat_map(|one| evidence.results.of(one.position()));
    let none = rows.clone().next().is_none();
    none || rows.any(|row| shift.of(row).is_some())
}

/// The question.
#[derive(Debug, Clone)]
pub struct Incident {
    /// What turned out to be bad.
    pub origin: Origin,
    /// First day of the window; from the last good evidence when absent (rule I-02).
    pub from: Option<Day>,
    /// Last day of the window, of the detection; as recorded when absent.
    pub to: Option<Day>,
    /// By how much the value is off; what later certificates show when absent.
    pub shift: Option<StatedShift>,
    /// The state of knowledge.
    pub known: LogIndex,
}

vocabulary! {
    /// What an end of the window follows from (rule I-02).
    Bound {
        /// The question says it.
        Stated = "stated",
        /// The day of the certificate that is bad: its value was good at no time.
        Certificate = "certificate",
        /// The last calibration of the standard before the detection.
        LastCalibration = "last_calibration",
        /// The last intermediate check within limits before the detection.
        IntermediateCheck = "intermediate_check",
        /// The day of a status of the certificate or accreditation.
        Status = "status",
        /// The day of an event of the standard, or of its discovery.
        Event = "event",
        /// The day on which the standard was found as it was.
        AsFound = "as_found",
        /// The recalibration that ended it.
        Recalibration = "recalibration",
        /// Nothing on record: open.
        Open = "open",
    }
}

/// The days within which a use counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First and last day; open where they are the extreme days.
    pub days: Period,
    /// What the first day follows from.
    pub from_is: Bound,
    /// What the last day follows from.
    pub to_is: Bound,
}

vocabulary! {
    /// What a significance rests on.
    Basis {
        /// The ratio of the shift to the expanded uncertainty.
        Ratio = "ratio",
        /// By how much the value is off is not known.
        ShiftUnknown = "shift_unknown",
        /// How the value follows from a reference on the way is not known.
        SensitivityUnknown = "sensitivity_unknown",
        /// The certificate states no uncertainty that can be read.
        UncertaintyUnknown = "uncertainty_unknown",
        /// The certificates were made with each other (rule S-04).
        Loop = "loop",
    }
}

/// How much one row of an affected certificate is off, in the coherent SI unit.
#[derive(Debug, Clone, Copy)]
pub struct AffectedRow {
    /// The row.
    pub row: ResultIndex,
    /// How much it matters.
    pub significance: Significance,
    /// What that rests on.
    pub basis: Basis,
    /// |c·Δ|, as far as known.
    pub shift: Option<f64>,
    /// Its expanded uncertainty (95 %).
    pub u95: Option<f64>,
    /// |c·Δ| in units of U95.
    pub ratio: Option<f64>,
}

/// An affected certificate.
#[derive(Debug, Clone)]
pub struct Affected {
    /// The certificate.
    pub calibration: CalibrationIndex,
    /// Steps from what is bad; 1 was made with it.
    pub depth: u32,
    /// How much it matters: of its affected rows the worst.
    pub significance: Significance,
    /// Its affected rows; none where it states none.
    pub rows: Vec<AffectedRow>,
    /// Position of the row that decides.
    pub decisive: Option<usize>,
    /// What a case of nonconforming work decided for it.
    pub decided: Option<Significance>,
}

impl Affected {
    /// The row that decides.
    pub fn worst(&self) -> Option<&AffectedRow> {
        self.decisive.and_then(|position| self.rows.get(position))
    }
}

/// Everything that is affected.
#[derive(Debug, Clone)]
pub struct Impact {
    /// The window.
    pub window: Window,
    /// The affected certificates in the order of depth, then id.
    pub affected: Vec<Affected>,
    /// Certificates made with it before the window, and not affected in another way.
    pub used_before: u32,
    /// Certificates made with it after the window, and not affected in another way.
    pub used_after: u32,
}

/// Where a reference leads down to.
#[derive(Debug, Clone, Copy)]
struct Edge {
    child: CalibrationIndex,
    /// Position among the child's references.
    reference: u32,
}

/// What was made with what: the references of the evidence turned round, built when asked for.
#[derive(Debug, Default)]
pub struct Descendants {
    of_rows: Groups<Edge>,
    /// Of references that name a certificate without a row.
    of_certificates: Groups<Edge>,
    /// Of references that name a standard without a certificate.
    of_standards: Groups<Edge>,
    of_realisations: Groups<Edge>,
}

impl Descendants {
    /// Turns the references of everything known round; time grows with their number.
    fn new(walk: &Walk<'_>) -> Self {
        let evidence = walk.evidence;
        let (mut rows, mut certificates) = (Vec::new(), Vec::new());
        let (mut standards, mut realisations) = (Vec::new(), Vec::new());
        for (position, child) in evidence.calibrations.iter().enumerate() {
            if !walk.knows(child.known_from) {
                continue;
            }
            for (reference, row) in evidence.references.of(position).iter().enumerate() {
                // A check gives no value and is no link.
                if row.role == ReferenceRole::Check {
                    continue;
                }
                let child = CalibrationIndex::new(position);
                let edge = Edge { child, reference: reference as u32 };
                // What was used is what the reference names; where a correction stands for it now,
                // the verdict hangs on that too.
                for target in targets(walk, row).into_iter().flatten() {
                    match target {
                        Target::Row(row) => rows.push((row.position(), edge)),
                        Target::Certificate(calibration)
                        | Target::ForeignItem(calibration)
                        | Target::OtherDocument(calibration) => {
                            certificates.push((calibration.position(), edge));
                        }
                        Target::Standard(standard) => standards.push((standard.position(), edge)),
                        Target::Realisation(root) => realisations.push((root.position(), edge)),
                        Target::Open => {}
                    }
                }
            }
        }
        Self {
            of_rows: Groups::grouped(evidence.results.items().len(), rows),
            of_certificates: Groups::grouped(evidence.calibrations.len(), certificates),
            of_standards: Groups::grouped(evidence.standards.len(), standards),
            of_realisations: Groups::grouped(evidence.realisations.len(), realisations),
        }
    }
}

/// Where a reference leads: as named, and with amendments followed where that differs.
fn targets(walk: &Walk<'_>, reference: &ReferenceRow) -> [Option<Target>; 2] {
    let resolved = walk.resolve(reference);
    match resolved.amended {
        Some(_) => [Some(reference.target), Some(resolved.target)],
        None => [Some(resolved.target), None],
    }
}

/// By how much a row is off.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Carried {
    /// The sum over the ways that are known.
    known: f64,
    /// Whether the signs along all of them are.
    signed: bool,
    /// What keeps a way from being known.
    unknown: Option<Basis>,
}

impl Carried {
    const NOTHING: Self = Self { known: 0.0, signed: true, unknown: None };

    fn unknown(basis: Basis) -> Self {
        Self { unknown: Some(basis), ..Self::NOTHING }
    }

    fn of(shift: Option<f64>) -> Self {
        match shift {
            Some(known) => Self { known, ..Self::NOTHING },
            None => Self::unknown(Basis::ShiftUnknown),
        }
    }

    /// Several ways to one result come from one cause, so they are added linearly with their signs;
    /// where a sign is not known, by magnitude.
    fn plus(self, other: Self) -> Self {
        let signed = self.signed && other.signed;
        let known = match signed {
            true => self.known + other.known,
            false => self.known.abs() + other.known.abs(),
        };
        Self { known, signed, unknown: self.unknown.or(other.unknown) }
    }
}

/// What is affected, and how much it matters.
pub fn impact(
    evidence: &Evidence,
    incident: &Incident,
    policy: &Policy,
    limits: &Limits,
) -> Impact {
    let walk = Walk::new(evidence, policy, policy.narrowed(limits), incident.known);
    let window = window(&walk, incident);
    let descendants = Descendants::new(&walk);
    let mut spread = Spread::new(&walk, incident, window.days, &descendants);
    spread.begin();
    spread.go_on();
    let shifts = spread.carry();
    let mut affected: Vec<Affected> =
        spread.depths.iter().map(|(index, depth)| spread.judge(*index, *depth, &shifts)).collect();
    affected.sort_by_cached_key(|one| {
        (one.depth, evidence.id_text(evidence.calibration_ids[one.calibration.position()]))
    });
    let apart = |set: &BTreeSet<CalibrationIndex>| {
        set.iter().filter(|one| !spread.depths.contains_key(one)).count() as u32
    };
    Impact {
        window,
        used_before: apart(&spread.before),
        used_after: apart(&spread.after),
        affected,
    }
}

/// The affected set as it grows.
struct Spread<'w, 'a> {
    walk: &'w Walk<'a>,
    incident: &'w Incident,
    window: Period,
    descendants: &'w Descendants,
    /// Rows that are bad themselves.
    seeds: FxHashMap<ResultIndex, Carried>,
    /// Certificates that are bad themselves and not listed: what was made with them is.
    origins: BTreeSet<CalibrationIndex>,
    rows: Vec<bool>,
    depths: FxHashMap<CalibrationIndex, u32>,
    queue: VecDeque<(Node, u32)>,
    before: BTreeSet<CalibrationIndex>,
    after: BTreeSet<CalibrationIndex>,
}

#[derive(Clone, Copy)]
enum Node {
    Row(ResultIndex),
    Certificate(CalibrationIndex),
}

impl<'w, 'a> Spread<'w, 'a> {
    fn new(
        walk: &'w Walk<'a>,
        incident: &'w Incident,
        window: Period,
        descendants: &'w Descendants,
    ) -> Self {
        Self {
            walk,
            incident,
            window,
            descendants,
            seeds: FxHashMap::default(),
            origins: BTreeSet::new(),
            rows: vec![false; walk.evidence.results.items().len()],
            depths: FxHashMap::default(),
            queue: VecDeque::new(),
            before: BTreeSet::new(),
            after: BTreeSet::new(),
        }
    }

    /// What is bad itself.
    fn begin(&mut self) {
        let evidence = self.walk.evidence;
        match &self.incident.origin {
            Origin::Certificate(certificate) => self.origin(*certificate, None),
            Origin::Standard(standard) => {
                for certificate in evidence.calibrations_of.of(standard.position()) {
                    if self.walk.knows(evidence.calibration(*certificate).known_from) {
                        self.origin(*certificate, Some(*standard));
                    }
                }
                for edge in self.descendants.of_standards.of(standard.position()) {
                    self.reach(*edge, 1, true);
                }
            }
            Origin::Organisation(organisation) => {
                self.issued(|row| row.issuer == Some(*organisation));
            }
            Origin::Accreditation(accreditation) => {
                self.issued(|row| row.endorsement == EndorsementRow::Accreditation(*accreditation));
            }
            Origin::Realisations(roots) => {
                for root in roots {
                    for edge in self.descendants.of_realisations.of(root.position()) {
                        self.reach(*edge, 1, true);
                    }
                }
            }
        }
    }

    /// A certificate that is bad, with all its rows, or those for one standard.
    fn origin(&mut self, certificate: CalibrationIndex, of: Option<StandardIndex>) {
        let evidence = self.walk.evidence;
        self.origins.insert(certificate);
        self.queue.push_back((Node::Certificate(certificate), 0));
        for index in evidence.rows_of(certificate) {
            let row = evidence.result(index);
            let piece = evidence.result_detail(row).and_then(|detail| detail.item);
            if piece.is_some() && of.is_some() && piece != of {
                continue;
            }
            let shift = match &self.incident.shift {
                Some(stated) => stated.of(row),
                None => shown(self.walk, row),
            };
            self.seeds.insert(index, Carried::of(shift));
            self.queue.push_back((Node::Row(index), 0));
        }
    }

    /// Certificates that are bad because of who issued them, and how; they are listed.
    fn issued(&mut self, is: impl Fn(&CalibrationRow) -> bool) {
        let evidence = self.walk.evidence;
        for (position, calibration) in evidence.calibrations.iter().enumerate() {
            if !self.walk.knows(calibration.known_from) || !is(calibration) {
                continue;
            }
            let index = CalibrationIndex::new(position);
            if !self.is_within(index, calibration) {
                continue;
            }
            self.depths.insert(index, 1);
            self.queue.push_back((Node::Certificate(index), 1));
            for row in evidence.rows_of(index) {
                let shift = self.incident.shift.as_ref();
                let shift = shift.and_then(|stated| stated.of(evidence.result(row)));
                self.seeds.insert(row, Carried::of(shift));
                self.rows[row.position()] = true;
                self.queue.push_back((Node::Row(row), 1));
            }
        }
    }

    /// Whether a certificate was made within the window; one that was not is noted.
    fn is_within(&mut self, index: CalibrationIndex, calibration: &CalibrationRow) -> bool {
        if calibration.performed_to < self.window.from {
            self.before.insert(index);
            return false;
        }
        if calibration.performed_from > self.window.to {
            self.after.insert(index);
            return false;
        }
        true
    }

    fn go_on(&mut self) {
        let descendants = self.descendants;
        while let Some((node, depth)) = self.queue.pop_front() {
            let edges = match node {
                Node::Row(row) => descendants.of_rows.of(row.position()),
                Node::Certificate(certificate) => {
                    descendants.of_certificates.of(certificate.position())
                }
            };
            for edge in edges {
                self.reach(*edge, depth + 1, depth == 0);
            }
        }
    }

    /// Something was made with what is affected.
    fn reach(&mut self, edge: Edge, depth: u32, directly: bool) {
        let evidence = self.walk.evidence;
        let child = *evidence.calibration(edge.child);
        if self.origins.contains(&edge.child) {
            return;
        }
        let within = match directly {
            true => self.is_within(edge.child, &child),
            // A value is passed on at any later time, but nothing is passed on to the past.
            false => child.performed_to >= self.window.from,
        };
        if !within {
            return;
        }
        let references = evidence.references.of(edge.child.position());
        let Some(reference) = references.get(edge.reference as usize) else { return };
        let mut reached = evidence.results.of(edge.child.position()).is_empty();
        for row in evidence.rows_of(edge.child) {
            if !self.walk.applies(reference, row, edge.child) {
                continue;
            }
            reached = true;
            if !std::mem::replace(&mut self.rows[row.position()], true) {
                self.queue.push_back((Node::Row(row), depth));
            }
        }
        if reached && !self.depths.contains_key(&edge.child) {
            self.depths.insert(edge.child, depth);
            self.queue.push_back((Node::Certificate(edge.child), depth));
        }
    }

    /// By how much each affected row is off: parents before children (Kahn), so that each row is
    /// computed once however many ways lead to it.
    fn carry(&self) -> FxHashMap<ResultIndex, Carried> {
        let evidence = self.walk.evidence;
        let mut shifts = self.seeds.clone();
        let positions = self.rows.iter().enumerate().filter(|(_, affected)| **affected);
        let open: Vec<ResultIndex> = positions
            .map(|(position, _)| ResultIndex::new(position))
            .filter(|row| !self.seeds.contains_key(row))
            .collect();
        let mut waits: FxHashMap<ResultIndex, u32> = FxHashMap::default();
        let mut ready = VecDeque::new();
        for row in &open {
            let inputs = self.walk.inputs(*row, evidence.result(*row));
            let waiting = inputs
                .iter()
                .flat_map(|input| targets(self.walk, &input.reference))
                .flatten()
                .filter(|target| matches!(target, Target::Row(of) if self.is_open(*of)))
                .count() as u32;
            match waiting {
                0 => ready.push_back(*row),
                waiting => drop(waits.insert(*row, waiting)),
            }
        }
        while let Some(row) = ready.pop_front() {
            let carried = self.pulled(row, &shifts);
            shifts.insert(row, carried);
            for edge in self.descendants.of_rows.of(row.position()) {
                let references = evidence.references.of(edge.child.position());
                let Some(reference) = references.get(edge.reference as usize) else { continue };
                for child in evidence.rows_of(edge.child) {
                    if !self.walk.applies(reference, child, edge.child) {
                        continue;
                    }
                    let Some(waiting) = waits.get_mut(&child) else { continue };
                    *waiting -= 1;
                    if *waiting == 0 {
                        waits.remove(&child);
                        ready.push_back(child);
                    }
                }
            }
        }
        for row in waits.into_keys() {
            shifts.insert(row, Carried::unknown(Basis::Loop));
        }
        shifts
    }

    /// Whether a row is affected, and not bad itself.
    fn is_open(&self, row: ResultIndex) -> bool {
        self.rows[row.position()] && !self.seeds.contains_key(&row)
    }

    /// What the inputs of a row bring along.
    fn pulled(&self, index: ResultIndex, shifts: &FxHashMap<ResultIndex, Carried>) -> Carried {
        let evidence = self.walk.evidence;
        let row = evidence.result(index);
        let child = evidence.calibration(row.calibration);
        let directly =
            child.performed_to >= self.window.from && child.performed_from <= self.window.to;
        let inputs = self.walk.inputs(index, row);
        let mut sum = Carried::NOTHING;
        for (position, input) in inputs.iter().enumerate() {
            let brought =
                targets(self.walk, &input.reference).into_iter().flatten().find_map(|target| {
                    match target {
                        Target::Row(of) => {
                            let origin = self.origins.contains(&evidence.result(of).calibration);
                            let bad = match origin {
                                true => directly && self.seeds.contains_key(&of),
                                false => self.rows[of.position()],
                            };
                            let carried = || shifts.get(&of).copied();
                            bad.then(|| carried().unwrap_or(Carried::unknown(Basis::Loop)))
                                .map(|carried| (carried, Some(*evidence.result(of))))
                        }
                        Target::Certificate(of)
                        | Target::ForeignItem(of)
                        | Target::OtherDocument(of) => {
                            let bad = self.depths.contains_key(&of)
                                || directly && self.origins.contains(&of);
                            bad.then_some((Carried::unknown(Basis::SensitivityUnknown), None))
                        }
                        Target::Standard(of) => {
                            let bad = directly && self.incident.origin == Origin::Standard(of);
                            bad.then_some((Carried::unknown(Basis::SensitivityUnknown), None))
                        }
                        Target::Realisation(of) => {
                            let Origin::Realisations(roots) = &self.incident.origin else {
                                return None;
                            };
                            let shift = self.incident.shift.as_ref();
                            let shift = shift.and_then(|stated| stated.of(row));
                            (directly && roots.contains(&of)).then_some((Carried::of(shift), None))
                        }
                        Target::Open => None,
                    }
                });
            let Some((brought, parent)) = brought else { continue };
            let at_root = matches!(input.resolved.target, Target::Realisation(_));
            let sensitivity = match (&parent, at_root) {
                (Some(parent), _) => {
                    let weight = || share_in_mean(self.walk, row, child, &inputs, position);
                    sensitivity(self.walk, row, input, parent, weight)
                }
                // What a root is off by was taken at the row's own value.
                (None, true) => Some((1.0, true)),
                (None, false) => None,
            };
            sum = sum.plus(match sensitivity {
                Some((c, signed)) => Carried {
                    known: c * brought.known,
                    signed: brought.signed && signed,
                    unknown: brought.unknown,
                },
                None => Carried::unknown(brought.unknown.unwrap_or(Basis::SensitivityUnknown)),
            });
        }
        sum
    }

    fn judge(
        &self,
        calibration: CalibrationIndex,
        depth: u32,
        shifts: &FxHashMap<ResultIndex, Carried>,
    ) -> Affected {
        let evidence = self.walk.evidence;
        let of = evidence.rows_of(calibration).filter(|row| self.rows[row.position()]);
        let rows: Vec<AffectedRow> = of
            .map(|row| {
                let carried = shifts.get(&row).copied();
                self.judged(row, carried.unwrap_or(Carried::unknown(Basis::Loop)))
            })
            .collect();
        let weight = |row: &AffectedRow| (row.significance, row.ratio.unwrap_or(0.0));
        let decisive = (0..rows.len()).reduce(|best, next| {
            let (kept, other) = (weight(&rows[best]), weight(&rows[next]));
            let heavier = other.0.cmp(&kept.0).then(other.1.total_cmp(&kept.1)).is_gt();
            if heavier { next } else { best }
        });
        let worst = decisive.and_then(|position| rows.get(position));
        Affected {
            calibration,
            depth,
            // A certificate without rows is at least to be looked at.
            significance: worst.map_or(Significance::Review, |row| row.significance),
            decided: self.decided(calibration),
            decisive,
            rows,
        }
    }

    fn judged(&self, index: ResultIndex, carried: Carried) -> AffectedRow {
        let row = self.walk.evidence.result(index);
        let u95 = expanded(self.walk, row).ok();
        let known = carried.known.abs();
        let ratio = u95.map(|u95| known / u95).filter(|ratio| ratio.is_finite());
        let by_ratio = ratio.map(|ratio| time::significance_of(self.walk.policy, ratio));
        // A way that is not known may add to the others or not: it is looked at, at least.
        let (significance, basis) = match (carried.unknown, by_ratio) {
            (Some(basis), by_ratio) => {
                (by_ratio.map_or(Significance::Review, |by| by.max(Significance::Review)), basis)
            }
            (None, Some(by_ratio)) => (by_ratio, Basis::Ratio),
            (None, None) => (Significance::Review, Basis::UncertaintyUnknown),
        };
        let all_known = carried.unknown.is_none();
        AffectedRow {
            row: index,
            significance,
            basis,
            shift: (all_known || known > 0.0).then_some(known),
            u95,
            ratio: ratio.filter(|ratio| all_known || *ratio > 0.0),
        }
    }

    fn decided(&self, affected: CalibrationIndex) -> Option<Significance> {
        let rows = self.walk.evidence.evaluations.iter().filter(|row| {
            let same = match self.incident.origin {
                Origin::Certificate(certificate) => row.certificate == Some(certificate),
                Origin::Standard(standard) => row.standard == Some(standard),
                _ => false,
            };
            same && row.affected == affected && self.walk.knows(row.known_from)
        });
        rows.map(|row| row.significance).max()
    }
}

/// The smallest expanded uncertainty (95 %) of a row over its extent.
fn expanded(walk: &Walk<'_>, row: &ResultRow) -> Result<f64, Uninterpretable> {
    let own = walk.normalised(row)?;
    let ends = row.extent.ends().map(|x| own.standard_at(row, x).value * own.factor_95());
    let smallest = ends.filter(|u| u.is_finite() && *u > 0.0).reduce(f64::min);
    smallest.ok_or(Uninterpretable::Zero)
}

/// c of one input of a row: ∂(row)/∂(input) in coherent SI units, and whether its sign is known
/// (rule I-04). An error or a correction turns the sign of what it was found with, and what is made
/// with it turns it back or not: there only the magnitude is known, unless a derivative is stated.
pub(super) fn sensitivity(
    walk: &Walk<'_>,
    row: &ResultRow,
    input: &Input,
    parent: &ResultRow,
    weight_in_mean: impl FnOnce() -> Option<f64>,
) -> Option<(f64, bool)> {
    let model = uncertainty::model(walk, row, input)?;
    let stated = Some(input.reference.coefficient).filter(|stated| !stated.is_nan());
    let of_factor = |value_is| matches!(value_is, ValueIs::Factor | ValueIs::Sensitivity);
    let plain = !of_factor(row.value_is) && !of_factor(parent.value_is);
    let same = plain && row.kind.kind().dimension == parent.kind.kind().dimension;
    let signed = row.value_is == ValueIs::Actual && parent.value_is == ValueIs::Actual;
    let own = || numbers::value_of(row).or(Some(row.extent.upper)).filter(|own| !own.is_nan());
    let value = || numbers::value_of(parent).filter(|value| *value != 0.0);
    match model {
        Model::Custom => stated.map(|c| (c, true)),
        Model::Identity | Model::Sum => {
            same.then(|| (stated.unwrap_or(1.0), signed || stated.is_some()))
        }
        Model::Mean => {
            let c = if same { stated.or_else(weight_in_mean) } else { None };
            c.map(|c| (c, signed || stated.is_some()))
        }
        Model::Ratio if plain => Some((own()? / value()?, signed)),
        Model::Product => Some((stated? * own()? / value()?, true)),
        Model::Ratio => None,
    }
}

/// The weight of one value of a mean, by the uncertainties as in rule U-05.
fn share_in_mean(
    walk: &Walk<'_>,
    row: &ResultRow,
    child: &CalibrationRow,
    inputs: &[Input],
    position: usize,
) -> Option<f64> {
    let mut weighed = inputs.to_vec();
    uncertainty::weigh(walk, row, child, &mut weighed);
    let mut sum = 0.0;
    for input in &weighed {
        match (uncertainty::model(walk, row, input), input.contributions[0]) {
            (Some(Model::Mean), Contribution::OfMean(u)) => sum += u.value.powi(-2),
            (Some(Model::Mean) | None, _) => return None,
            _ => {}
        }
    }
    match weighed.get(position)?.contributions[0] {
        Contribution::OfMean(u) => Some(u.value.powi(-2) / sum).filter(|share| share.is_finite()),
        _ => None,
    }
}

/// By how much a bad row is off, as later evidence shows: the correction of its certificate, else
/// the next good calibration of the same standard, as found.
fn shown(walk: &Walk<'_>, row: &ResultRow) -> Option<f64> {
    let evidence = walk.evidence;
    let current = walk.amended(row.calibration);
    let after = match current == row.calibration {
        true => *time::shown_later(walk, row)?,
        false => {
            let corrected = evidence.rows_of(current).map(|index| evidence.result(index));
            let mut corrected =
                corrected.filter(|one| one.name == row.name && one.kind == row.kind);
            *corrected.next()?
        }
    };
    let same = after.value_is == row.value_is
        && !matches!(row.value_is, ValueIs::Factor | ValueIs::Sensitivity);
    same.then_some(after.value()?.si - row.value()?.si)
}

/// The window of an incident (rule I-02).
fn window(walk: &Walk<'_>, incident: &Incident) -> Window {
    let recorded = match &incident.origin {
        Origin::Certificate(certificate) => of_certificate(walk, *certificate),
        Origin::Standard(standard) => of_standard(walk, *standard, incident.to),
        Origin::Accreditation(accreditation) => of_accreditation(walk, *accreditation),
        Origin::Organisation(_) | Origin::Realisations(_) => [None, None],
    };
    let end = |stated: Option<Day>, recorded: Option<(Day, Bound)>, open: Day| match stated {
        Some(day) => (day, Bound::Stated),
        None => recorded.unwrap_or((open, Bound::Open)),
    };
    let [from, to] = recorded;
    let (from, from_is) = end(incident.from, from, Day::beginning());
    let (to, to_is) = end(incident.to, to, Day::end());
    Window { days: Period { from, to }, from_is, to_is }
}

type Ends = [Option<(Day, Bound)>; 2];

/// A certificate that is void or corrected was good at no time, until that was found; one that was
/// withdrawn is bad from that day on.
fn of_certificate(walk: &Walk<'_>, certificate: CalibrationIndex) -> Ends {
    use CalibrationStatus::{Amended, UnderReview, VoidAbInitio, Withdrawn};
    let evidence = walk.evidence;
    let statuses = evidence.calibration_statuses.of(certificate.position()).iter();
    let known = statuses.filter(|entry| walk.knows(entry.known_from));
    let bad = known
        .filter(|one| matches!(one.status, Amended | UnderReview | VoidAbInitio | Withdrawn))
        .max_by_key(|one| (one.effective_from, one.known_from, one.status));
    let own = Some((evidence.calibration(certificate).performed_to, Bound::Certificate));
    match bad {
        Some(one) if one.status == Withdrawn => [Some((one.effective_from, Bound::Status)), None],
        Some(one) => {
            // The day of the decision, or of its record where that is later. One that is dated back
            // to the certificate says nothing of the detection: the window stays open.
            let day = walk
                .evidence
                .day_known(one.known_from)
                .map_or(one.effective_from, |known| known.max(one.effective_from));
            let row = evidence.calibration(certificate);
            let later = day > row.issued_on.map_or(row.performed_to, |on| on.max(row.performed_to));
            [own, later.then_some((day, Bound::Status))]
        }
        None => {
            let current = walk.amended(certificate);
            let corrected = evidence.calibration(current);
            let issued = corrected.issued_on.filter(|_| current != certificate);
            [own, issued.map(|day| (day, Bound::Status))]
        }
    }
}

/// A standard was good until its last good evidence: its last calibration, or a check within limits
/// since. It was found bad by an event, or by what it was found as when it was calibrated again.
fn of_standard(walk: &Walk<'_>, standard: StandardIndex, detected: Option<Day>) -> Ends {
    let evidence = walk.evidence;
    let calibrations = || {
        let all = evidence.calibrations_of.of(standard.position()).iter();
        all.copied().filter(|index| walk.knows(evidence.calibration(*index).known_from))
    };
    // Adjusted while it was calibrated: that is no news, and its rows as found say what was before.
    let in_calibration = |on: Day| {
        let mut rows = calibrations().map(|index| evidence.calibration(index));
        rows.any(|row| row.performed_from <= on && on <= row.performed_to)
    };
    let events = evidence.events.of(standard.position()).iter();
    let broke = events.filter(|event| {
        let usual = event.kind == EventKind::Adjustment && event.on.is_some_and(in_calibration);
        event.breaks && !usual && walk.knows(event.known_from)
    });
    let broke = broke.max_by_key(|event| (event.discovered_on.or(event.on), event.on));
    let failed = |event: &EventRow| event.kind == EventKind::IntermediateCheck;
    if let (Some(event), None) = (broke, detected)
        && let Some(on) = event.on.filter(|_| !failed(event))
    {
        // The day is known: bad from then on, until it was calibrated again.
        let again = calibrations().map(|index| evidence.calibration(index).performed_from);
        let again = again.filter(|day| *day > on).min();
        return [Some((on, Bound::Event)), again.map(|day| (day, Bound::Recalibration))];
    }
    let discovered = broke.and_then(|event| event.discovered_on.or(event.on));
    let as_found = || {
        let found = calibrations().filter(|index| {
            let mut rows = evidence.results.of(index.position()).iter();
            rows.any(|row| row.phase == Some(Phase::AsFound))
        });
        found.map(|index| evidence.calibration(index).performed_to).max()
    };
    let to = discovered
        .map(|day| (day, Bound::Event))
        .or_else(|| as_found().map(|day| (day, Bound::AsFound)));
    let until = detected.or(to.map(|(day, _)| day)).unwrap_or(Day::end());
    let last = calibrations().map(|index| evidence.calibration(index).performed_to);
    let last = last.filter(|day| *day < until).max();
    let from = last.map(|calibrated| {
        let good = time::last_good_evidence(walk, standard, calibrated, until);
        let bound = match good > calibrated {
            true => Bound::IntermediateCheck,
            false => Bound::LastCalibration,
        };
        (good.plus_days(1), bound)
    });
    [from, to]
}

/// The last time in which an accreditation did not hold.
fn of_accreditation(walk: &Walk<'_>, accreditation: AccreditationIndex) -> Ends {
    let statuses = walk.evidence.accreditation(accreditation).statuses.iter();
    let bad = statuses
        .map(|(status, _)| status)
        .filter(|one| one.status != AccreditationStatus::Active && walk.knows(one.known_from))
        .max_by_key(|one| (one.effective.from, one.known_from));
    let Some(bad) = bad else { return [None, None] };
    let to = Some(bad.effective.to).filter(|day| *day != Day::end());
    [Some((bad.effective.from, Bound::Status)), to.map(|day| (day, Bound::Status))]
}

/// The traceability of certificates as known at some time: of their rows the worst, computed like
/// that of a step in a chain. What only a use would decide (a due date, a range) is left out.
pub fn traceability(
    evidence: &Evidence,
    certificates: &[CalibrationIndex],
    policy: &Policy,
    limits: &Limits,
    known: LogIndex,
) -> Vec<Option<Standing>> {
    let mut walk = Walk::new(evidence, policy, policy.narrowed(limits), known);
    let of = |certificate: &CalibrationIndex| {
        if !walk.knows(evidence.calibration(*certificate).known_from) {
            return None;
        }
        let rows = evidence.rows_of(*certificate);
        let standings = rows.filter_map(|row| {
            walk.evaluate(row);
            let verdict = walk.verdict(row)?;
            Some(match verdict.conclusion {
                Tri::Fail => Standing::Fail,
                Tri::Indeterminate if verdict.under_review => Standing::UnderReview,
                Tri::Indeterminate => Standing::Indeterminate,
                Tri::Pass if verdict.remarks => Standing::PassWithRemarks,
                Tri::Pass => Standing::Pass,
            })
        });
        standings.max()
    };
    certificates.iter().map(of).collect()
}

vocabulary! {
    /// Traceability of a certificate, best first.
    Standing {
        /// It is traceable.
        Pass = "pass",
        /// The same with remarks.
        PassWithRemarks = "pass_with_remarks",
        /// Something is missing.
        Indeterminate = "indeterminate",
        /// What was found out about a reference later is not evaluated yet (rule I-06).
        UnderReview = "under_review",
        /// It is not traceable.
        Fail = "fail",
    }
}
