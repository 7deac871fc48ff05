//! A claim answered: which certificate counts, what the walk above it gives, what holds at the use,
//! and the four verdicts that follow (rules 3.2 to 3.5).

use rustc_hash::FxHashMap;

use crate::domain::calibration::{CalibrationKind, Phase};
use crate::domain::claim::{Claim, KnownAt, Purpose, ValueUsed};
use crate::domain::interval::Parameter;
use crate::domain::period::Day;
use crate::domain::quantity::QuantityKindId;
use crate::domain::unit::Unit;

use super::compile::{describes, normalised};
use super::evidence::*;
use super::finding::*;
use super::limits::Limits;
use super::policy::Policy;
use super::report::*;
use super::rules::comparison::{self, Ends};
use super::rules::{
    accreditation, epoch, fitness, freshness, institute, material, quantity, range, structure,
    time, viet_nam,
};
use super::tri::Tri;
use super::walk::{Note, RowVerdict, Walk, Weight};

/// A claim in the terms of the evidence.
#[derive(Debug, Clone)]
pub struct Question {
    /// The standard.
    pub standard: StandardIndex,
    /// The certificate in use, when named.
    pub calibration: Option<CalibrationIndex>,
    /// The quantity.
    pub kind: Option<QuantityKindId>,
    /// The point, and the unit it is shown in.
    pub point: Option<(f64, UnitIndex)>,
    /// The day of use.
    pub used_on: Day,
    /// The state of knowledge.
    pub known: LogIndex,
    /// The day of that state; none where no record says when it became known.
    pub known_on: Option<Day>,
    /// Conditions of use.
    pub parameters: Vec<ParameterRow>,
    /// Analyte, normalised.
    pub analyte: Option<String>,
    /// Matrix, normalised.
    pub matrix: Option<String>,
    /// Certified or nominal value.
    pub value_used: ValueUsed,
    /// What the standard is used for.
    pub purpose: Purpose,
    /// Required expanded uncertainty, and the unit it is shown in.
    pub required_uncertainty: Option<(f64, UnitIndex)>,
    /// Units of the claim that the evidence does not hold.
    pub units: Vec<Unit>,
    /// Texts of the claim that the evidence does not hold.
    pub texts: Vec<String>,
}

/// Why a claim cannot be asked of this evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
    /// The standard is not there, or not known then.
    #[error("the standard is not in the evidence")]
    UnknownStandard,
    /// The certificate is not one of this standard.
    #[error("the certificate is not one of this standard")]
    UnknownCalibration,
    /// The day of use is missing.
    #[error("the day of use is missing")]
    NoDayOfUse,
}

impl Question {
    /// Brings a claim into the terms of the evidence.
    ///
    /// # Errors
    /// When the standard or the named certificate is not there, or `used_on` is absent: the engine
    /// has no clock.
    pub fn new(evidence: &Evidence, claim: &Claim) -> Result<Self, QuestionError> {
        let standard =
            evidence.standard_with_id(&claim.standard).ok_or(QuestionError::UnknownStandard)?;
        let calibration = match &claim.calibration {
            Some(id) => Some(
                evidence
                    .calibration_with_id(standard, id)
                    .ok_or(QuestionError::UnknownCalibration)?,
            ),
            None => None,
        };
        let known = match claim.known_at {
            Some(KnownAt::Instant(instant)) => evidence.log_index_at(instant),
            Some(KnownAt::LogIndex(index)) => LogIndex::try_from(index).unwrap_or(LogIndex::MAX),
            None => evidence.log_head,
        };
        if evidence.standard(standard).known_from > known {
            return Err(QuestionError::UnknownStandard);
        }
        let mut question = Self {
            standard,
            calibration,
            kind: claim.quantity_kind,
            point: None,
            used_on: claim.used_on.ok_or(QuestionError::NoDayOfUse)?,
            known: known.min(evidence.log_head),
            known_on: match claim.known_at {
                Some(KnownAt::Instant(instant)) => Some(instant.day()),
                _ => evidence.day_of_knowledge(known),
            },
            parameters: Vec::new(),
            analyte: claim.analyte.as_deref().map(normalised),
            matrix: claim.matrix.as_deref().map(normalised),
            value_used: claim.value_used.unwrap_or(ValueUsed::Certified),
            purpose: claim.purpose.unwrap_or(Purpose::Calibration),
            required_uncertainty: None,
            units: Vec::new(),
            texts: Vec::new(),
        };
        question.point = claim.point.as_ref().map(|point| {
            let si = point.value.to_f64() * point.unit.factor() + point.unit.offset();
            (si, question.unit(evidence, &point.unit))
        });
        question.required_uncertainty = claim.required_uncertainty.as_ref().map(|required| {
            let si = required.value.to_f64() * required.unit.factor();
            (si, question.unit(evidence, &required.unit))
        });
        let parameters = claim.parameters.iter();
        question.parameters = parameters.map(|one| question.parameter(evidence, one)).collect();
        Ok(question)
    }

    fn unit(&mut self, evidence: &Evidence, unit: &Unit) -> UnitIndex {
        let known = evidence.units.iter().chain(&self.units).position(|other| other == unit);
        let position = known.unwrap_or_else(|| {
            self.units.push(unit.clone());
            evidence.units.len() + self.units.len() - 1
        });
        UnitIndex::try_from(position).unwrap_or(UnitIndex::MAX)
    }

    fn text(&mut self, evidence: &Evidence, text: &str) -> TextIndex {
        let mut words = evidence.condition_words.iter().copied();
        let known = words.find(|index| evidence.text(*index) == text);
        known.unwrap_or_else(|| {
            self.texts.push(text.to_owned());
            TextIndex::new(evidence.texts.len() + self.texts.len() - 1)
        })
    }

    fn parameter(&mut self, evidence: &Evidence, parameter: &Parameter) -> ParameterRow {
        let unit = parameter.unit.as_ref();
        let (factor, offset) = unit.map_or((1.0, 0.0), |unit| (unit.factor(), unit.offset()));
        let value = parameter.value.as_ref();
        let bound = |own: Option<&crate::domain::decimal::Decimal>| {
            own.or(value).map_or(f64::NAN, |number| number.to_f64() * factor + offset)
        };
        let extent = Extent {
            lower: bound(parameter.lower.as_ref()),
            upper: bound(parameter.upper.as_ref()),
        };
        ParameterRow {
            name: self.text(evidence, &parameter.name),
            extent: extent.is_closed().then_some(extent),
            text: parameter.text.as_ref().map(|text| self.text(evidence, &normalised(text))),
            unit: unit.map_or(0, |unit| self.unit(evidence, unit)),
            reference_condition: false,
            describes: describes(&parameter.name),
        }
    }
}

/// Decides a claim: a pure function of the evidence, the question, the policy and the limits.
///
/// Without quantity and point every result of the standard's current certificates is decided, each
/// as a part, and the worst part's verdicts are the report's.
pub fn verify(
    evidence: &Evidence,
    question: &Question,
    policy: &Policy,
    limits: &Limits,
) -> Report {
    Session::new(evidence, policy, limits).verify(question)
}

/// Claims on the same evidence, one after the other: what was found of a row for one claim need not
/// be found anew for the next, because it is a function of row, state of knowledge and policy. A
/// report is the one that [`verify`] gives, whatever was asked before.
pub struct Session<'a> {
    walk: Walk<'a>,
}

impl<'a> Session<'a> {
    /// A session in which nothing was asked yet.
    pub fn new(evidence: &'a Evidence, policy: &'a Policy, limits: &Limits) -> Self {
        Self { walk: Walk::new(evidence, policy, policy.narrowed(limits), evidence.log_head) }
    }

    /// Decides a claim.
    pub fn verify(&mut self, question: &Question) -> Report {
        let walk = &mut self.walk;
        let decider = Decider { evidence: walk.evidence, question, limits: walk.limits };
        match (question.kind, question.point) {
            (Some(kind), Some((point, unit))) => {
                let part = Part {
                    kind: Some(kind),
                    wanted: Extent::point(point),
                    unit,
                    only: question.calibration,
                    row: None,
                };
                decider.decide(walk, &part)
            }
            (kind, _) => decider.decide_all(walk, kind),
        }
    }
}

struct Decider<'a, 'q> {
    evidence: &'a Evidence,
    question: &'q Question,
    limits: Limits,
}

/// One thing to decide: a point, or one result.
struct Part {
    kind: Option<QuantityKindId>,
    wanted: Extent,
    unit: UnitIndex,
    only: Option<CalibrationIndex>,
    row: Option<ResultIndex>,
}

/// A certificate that may serve the claim, with its rows of the quantity.
struct Candidate {
    calibration: CalibrationIndex,
    rows: Vec<ResultIndex>,
    cover: range::Cover,
    /// Whether the conditions of use are those of a covering row.
    conditions: Tri,
    valid: bool,
    /// Whether it gives a value by its kind (rule S-09).
    gives_a_value: bool,
}

impl Candidate {
    /// How well it serves, best first: valid and covering, covering, within its points, else.
    fn rank(&self) -> u8 {
        let rank = match self.cover {
            range::Cover::Inside(_) | range::Cover::Interpolated(_) => {
                match (self.conditions, self.valid) {
                    (Tri::Pass, true) => 0,
                    (Tri::Pass, false) => 1,
                    (Tri::Indeterminate, _) => 2,
                    (Tri::Fail, _) => 3,
                }
            }
            range::Cover::Between(..) => 4,
            range::Cover::Outside(..) | range::Cover::Unknown => 5,
        };
        // Behind all certificates that do.
        if self.gives_a_value { rank } else { rank + 6 }
    }

    /// The rows that count.
    fn used_rows(&self) -> &[ResultIndex] {
        match &self.cover {
            range::Cover::Inside(rows) | range::Cover::Interpolated(rows) => rows,
            _ => &self.rows,
        }
    }
}

static NOTHING_OF_THE_KIND: Phrase = phrase(
    "chuẩn {standard} không có kết quả hiệu chuẩn nào cho đại lượng này trước ngày {used}",
    "standard {standard} has no calibration of this quantity before {used}",
);
static NEED_CALIBRATION: Phrase = phrase(
    "giấy chứng nhận hiệu chuẩn của chuẩn này cho đại lượng này, thực hiện trước ngày sử dụng",
    "a calibration certificate of this standard for this quantity, performed before the use",
);
static MORE_PARTS: Phrase = phrase(
    "chuẩn có nhiều kết quả hơn giới hạn {limit}: phần còn lại chưa được xem xét",
    "the standard has more results than the limit {limit}: the rest was not looked at",
);
static NEED_POINT: Phrase =
    phrase("một yêu cầu nêu rõ đại lượng và điểm đo", "a claim that names quantity and point");

impl<'a> Decider<'a, '_> {
    /// The certificates of the standard performed before the use, amended ones left out for those
    /// that amend them; latest first.
    fn certificates(&self, walk: &Walk<'_>) -> Vec<CalibrationIndex> {
        let question = self.question;
        let of_standard = self.evidence.calibrations_of.of(question.standard.position());
        let mut certificates: Vec<CalibrationIndex> = of_standard
            .iter()
            .copied()
            .filter(|index| {
                let row = self.evidence.calibration(*index);
                let begun = if row.continuous { row.performed_from } else { row.performed_to };
                walk.knows(row.known_from)
                    && begun <= question.used_on
                    && walk.amended(*index) == *index
            })
            .collect();
        certificates.sort_by_key(|index| {
            let row = self.evidence.calibration(*index);
            let gives_a_value = structure::gives_a_value(self.evidence, row);
            std::cmp::Reverse((gives_a_value, row.performed_to, row.issued_on, *index))
        });
        certificates
    }

    /// The rows of a certificate for a quantity (and analyte): as left where both phases are given.
    /// `each`: those of every analyte and matrix, where no single one is asked for.
    fn rows(
        &self,
        certificate: CalibrationIndex,
        kind: QuantityKindId,
        each: bool,
    ) -> Vec<ResultIndex> {
        let evidence = self.evidence;
        let agrees = |own: Option<TextIndex>, asked: &Option<String>| match (own, asked) {
            (Some(own), Some(asked)) => evidence.text(own) == asked,
            (None, _) => true,
            (Some(_), None) => each,
        };
        let calibration = evidence.calibration(certificate);
        // Another matrix does not make it another material: rule M-07 says what it means.
        let of_material = calibration.kind == CalibrationKind::ReferenceMaterialCertificate;
        let is_piece = |item: Option<StandardIndex>| match item {
            Some(item) => item == self.question.standard,
            None => calibration.item == Some(self.question.standard),
        };
        let rows: Vec<ResultIndex> = evidence
            .rows_of(certificate)
            .filter(|index| {
                let row = evidence.result(*index);
                let detail = evidence.result_detail(row);
                row.kind == kind
                    && is_piece(detail.and_then(|detail| detail.item))
                    && agrees(detail.and_then(|detail| detail.analyte), &self.question.analyte)
                    && (of_material
                        || agrees(detail.and_then(|detail| detail.matrix), &self.question.matrix))
            })
            .collect();
        let is_left = |index: &ResultIndex| evidence.result(*index).phase != Some(Phase::AsFound);
        match rows.iter().any(is_left) {
            true => rows.into_iter().filter(is_left).collect(),
            false => rows,
        }
    }

    /// The certificates that may serve a part: the one named, or all.
    fn offered(&self, walk: &Walk<'_>, part: &Part) -> Vec<CalibrationIndex> {
        match part.only {
            Some(named) => vec![walk.amended(named)],
            None => self.certificates(walk),
        }
    }

    fn candidate(
        &self,
        walk: &Walk<'_>,
        part: &Part,
        calibration: CalibrationIndex,
    ) -> Option<Candidate> {
        let mut rows = self.rows(calibration, part.kind?, part.row.is_some());
        if let Some(row) = part.row {
            rows.retain(|other| *other == row);
        }
        if rows.is_empty() {
            return None;
        }
        let standard = Some(self.question.standard);
        let mut conditions = Tri::Pass;
        let cover = match part.row {
            Some(row) if self.evidence.result(row).extent.is_closed() => {
                range::Cover::Inside(vec![row])
            }
            Some(_) => range::cover(self.evidence, &rows, standard, part.wanted),
            None => {
                let cover = range::cover(self.evidence, &rows, standard, part.wanted);
                self.under_conditions(cover, &mut conditions)
            }
        };
        let used_on = self.question.used_on;
        let row = self.evidence.calibration(calibration);
        let in_time = material::is_good_on(walk, row, used_on)
            .unwrap_or_else(|| used_on <= time::due_of(walk, row, standard, used_on).day());
        let valid = time::standing(walk, calibration, used_on) == time::Standing::Good && in_time;
        let gives_a_value = structure::gives_a_value(self.evidence, row);
        Some(Candidate { calibration, rows, cover, conditions, valid, gives_a_value })
    }

    /// The certificate that governs, and beside it those that would serve as well (rule S-08): the
    /// latest valid one that covers, else the latest that covers, else the latest within whose
    /// points it lies, else the latest (rules 3.3, 3.4).
    fn governing(&self, walk: &Walk<'_>, part: &Part) -> Option<(Candidate, Vec<Candidate>)> {
        let candidate = |index: &CalibrationIndex| self.candidate(walk, part, *index);
        let offered = self.offered(walk, part);
        let mut candidates: Vec<Candidate> = offered.iter().filter_map(candidate).collect();
        let best = (0..candidates.len()).min_by_key(|position| candidates[*position].rank())?;
        let governing = candidates.remove(best);
        if part.row.is_some() {
            return Some((governing, Vec::new()));
        }
        if part.only.is_some() {
            let mut others = self.certificates(walk);
            others.retain(|other| *other != governing.calibration);
            candidates = others.iter().filter_map(candidate).collect();
        }
        candidates.retain(|other| {
            let kind = self.evidence.calibration(other.calibration).kind;
            other.rank() == 0 && structure::is_a_route(kind)
        });
        Some((governing, candidates))
    }

    /// Of the rows that cover a point those whose conditions are the use's: a certificate may give
    /// one point at several frequencies. Where none is, all of them stay, and R-03 says so.
    fn under_conditions(&self, cover: range::Cover, conditions: &mut Tri) -> range::Cover {
        let best_of = |rows: Vec<ResultIndex>, only: Option<Describes>| {
            let state = |index: &ResultIndex| {
                let row = self.evidence.result(*index);
                range::conditions_hold(self.evidence, row, &self.question.parameters, only)
            };
            let states: Vec<Tri> = rows.iter().map(state).collect();
            let best = states.iter().copied().fold(Tri::Fail, Tri::or);
            let pairs = rows.into_iter().zip(states);
            let kept = pairs.filter(|(_, state)| *state == best).map(|(row, _)| row);
            (kept.collect::<Vec<_>>(), best)
        };
        let mut best = |rows: Vec<ResultIndex>| {
            let (rows, state) = best_of(rows, None);
            *conditions = state;
            match state {
                Tri::Pass => rows,
                // Another measurand or configuration (rules) does not make a row of other
                // conditions one of the use.
                _ => best_of(rows, Some(Describes::Conditions)).0,
            }
        };
        match cover {
            range::Cover::Inside(rows) => range::Cover::Inside(best(rows)),
            range::Cover::Interpolated(rows) => range::Cover::Interpolated(best(rows)),
            other => other,
        }
    }

    fn decide(&self, walk: &mut Walk<'a>, part: &Part) -> Report {
        let question = self.question;
        walk.begin(question.known, question.known_on);
        let standard = Subject::Standard(question.standard);
        walk.note(Note::pass(&structure::S_01, Subject::Claim));
        time::t_10(walk);
        let Some((governing, others)) = self.governing(walk, part) else {
            return self.without_certificate(walk, part);
        };
        let calibration = *self.evidence.calibration(governing.calibration);
        let against = Some(Subject::Calibration(governing.calibration));
        let mut at_use = walk.note(Note::pass(&structure::S_02, standard).against(against));
        at_use = at_use.and(range::r_01(
            walk,
            &governing.cover,
            part.wanted,
            part.unit,
            standard,
            against,
        ));
        let rows = governing.used_rows();
        for row in rows {
            walk.evaluate(*row);
        }
        let chosen = self.worst(walk, rows);
        let row = *self.evidence.result(chosen);
        walk.at_claim();
        accreditation::at_nearest(walk, chosen, question.standard, question.used_on);
        at_use = at_use
            .and(self.conditions(walk, &row, part, standard, against))
            .and(self.in_time(walk, governing.calibration, &calibration))
            .and(time::t_05(walk, question.standard, &row, question.used_on))
            .and(time::t_08(walk, governing.calibration, question.used_on))
            .and(epoch::t_09(walk, &row, &calibration, question.used_on))
            .and(structure::s_10_at_use(walk, question.standard, &row, &calibration));
        // What happened to the set happened to its pieces.
        for kit in self.evidence.kits_of(question.standard) {
            at_use = at_use.and(time::t_05(walk, kit, &row, question.used_on));
        }
        material::at_claim(walk, question.standard, chosen, &calibration, question.used_on);
        if part.row.is_none() {
            let matrix = question.matrix.as_deref();
            material::m_07(walk, question.standard, &row, &calibration, matrix);
        }
        freshness::t_11(walk, governing.calibration);
        let mut ends = comparison::ends(walk, chosen);
        comparison::judge(walk, &mut ends);
        at_use = at_use.and(self.route(walk, part, chosen, at_use, &others));
        viet_nam::national_standard(
            walk,
            question.standard,
            Period { from: question.used_on, to: question.used_on },
        );
        viet_nam::at_use(walk, question, Some(chosen));
        time::t_07(walk, question.used_on);
        time::t_12(walk, question.standard, governing.calibration, question.used_on);
        let fit = fitness::of_claim(walk, question, Some(&row), part.wanted);
        let of_claim = |scope| scope == Scope::Claim;
        let at_use = at_use.and(walk.raised(0, Dimension::Traceability, of_claim));
        let fit = fit.map(|fit| fit.and(walk.raised(0, Dimension::Fitness, of_claim)));
        let remarks_at_use = walk.remarks_of_claim();
        self.report(walk, chosen, at_use, fit, remarks_at_use, &ends)
    }

    /// T-03 for the claim, or M-04 where the standard is a reference material.
    fn in_time(
        &self,
        walk: &mut Walk<'_>,
        index: CalibrationIndex,
        calibration: &CalibrationRow,
    ) -> Tri {
        let (standard, used_on) = (self.question.standard, self.question.used_on);
        let of_material = material::m_04_claim(walk, standard, index, calibration, used_on);
        of_material.unwrap_or_else(|| time::t_03(walk, standard, index, calibration, used_on))
    }

    /// S-08: which of several certificates the value in use comes from.
    fn route(
        &self,
        walk: &mut Walk<'_>,
        part: &Part,
        chosen: ResultIndex,
        at_use: Tri,
        others: &[Candidate],
    ) -> Tri {
        let standard = self.question.standard;
        let rows: Vec<ResultIndex> =
            others.iter().filter_map(|other| other.used_rows().first().copied()).collect();
        if rows.is_empty() {
            return Tri::Pass;
        }
        let conclusion = walk.verdict(chosen).map_or(Tri::Pass, |verdict| verdict.conclusion);
        let named = part.only.is_some();
        if at_use.and(conclusion) != Tri::Fail {
            let routes = structure::Routes { used: chosen, others: &rows, named };
            return structure::s_08(walk, standard, &routes);
        }
        match others.iter().find(|other| named && self.would_pass(walk, other)) {
            Some(other) => {
                let used = self.evidence.result(chosen).calibration;
                structure::s_08_fails(walk, standard, used, other.calibration)
            }
            None => Tri::Pass,
        }
    }

    /// Whether a claim would pass with this valid certificate in place of the one named.
    fn would_pass(&self, walk: &mut Walk<'_>, other: &Candidate) -> bool {
        walk.aside(|walk| {
            for row in other.used_rows() {
                walk.evaluate(*row);
            }
            walk.at_claim();
            let row = self.worst(walk, other.used_rows());
            let passes = walk.verdict(row).is_some_and(|verdict| verdict.conclusion == Tri::Pass);
            let row = self.evidence.result(row);
            let (standard, used_on) = (self.question.standard, self.question.used_on);
            passes && time::t_05(walk, standard, row, used_on) == Tri::Pass
        })
    }

    /// for the claim. A part claims a result under its own conditions.
    fn conditions(
        &self,
        walk: &mut Walk<'_>,
        row: &ResultRow,
        part: &Part,
        subject: Subject,
        against: Option<Subject>,
    ) -> Tri {
        match part.row {
            Some(_) => Tri::Pass,
            None => {
                let question = self.question;
                let system = range::UseOfSystem {
                    standard: question.standard,
                    parameters: &question.parameters,
                    texts: &question.texts,
                    until: question.used_on,
                };
                let (used, texts) = (&question.parameters, &question.texts);
                let calibration = self.evidence.calibration(row.calibration);
                range::r_03(walk, row, used, subject, against)
                    .and(quantity::q_05_at_use(walk, row, used, texts, subject, against))
                    .and(range::r_04(walk, row, calibration, &system))
            }
        }
    }

    /// Of repeated rows the worst counts.
    fn worst(&self, walk: &Walk<'_>, rows: &[ResultIndex]) -> ResultIndex {
        let rank = |row: &ResultIndex| {
            let verdict = walk.verdict(*row);
            let state = verdict.map_or(1, |verdict| match verdict.conclusion {
                Tri::Fail => 0,
                Tri::Indeterminate => 1,
                Tri::Pass if verdict.remarks || verdict.doubts => 2,
                Tri::Pass => 3,
            });
            let route = verdict.map_or(0, |verdict| match verdict.route {
                Route::Fail => 0,
                Route::Indeterminate => 1,
                Route::None => 2,
                Route::R3a | Route::R3b | Route::Rm4 => 3,
                _ => 4,
            });
            (state, route)
        };
        // Of equals the larger uncertainty is the worse one, an unknown one the worst; no row is
        // worse by its place in the certificate. Single precision is far below any written digit,
        // and above what the conversion of units leaves.
        let uncertainty = |index: &ResultIndex| {
            let row = self.evidence.result(*index);
            let own = walk.normalised(row).map(|own| own.standard_at(row, row.extent.upper).value);
            own.map_or(f32::INFINITY, |u| u as f32)
        };
        let name = |index: &ResultIndex| self.evidence.text(self.evidence.result(*index).name);
        let worse = |left: &&ResultIndex, right: &&ResultIndex| {
            rank(left)
                .cmp(&rank(right))
                .then_with(|| uncertainty(right).total_cmp(&uncertainty(left)))
                .then_with(|| name(left).cmp(name(right)))
        };
        rows.iter().min_by(worse).copied().unwrap_or(rows[0])
    }

    fn without_certificate(&self, walk: &mut Walk<'_>, part: &Part) -> Report {
        let question = self.question;
        let subject = Subject::Standard(question.standard);
        let facts = [
            fact("standard", FactValue::Record(subject)),
            fact("used", FactValue::Day(question.used_on)),
        ];
        let complete = self.evidence.standard(question.standard).history_complete;
        let note = match complete {
            true => Note::fail(&structure::S_02, subject, &NOTHING_OF_THE_KIND)
                .settled_by(&NEED_CALIBRATION),
            false => {
                Note::unknown(&structure::S_02, subject, &NOTHING_OF_THE_KIND, &NEED_CALIBRATION)
            }
        };
        let offered = self.offered(walk, part);
        let mut state = walk.note(note.facts(&facts)).and(structure::s_10_without_row(
            walk,
            question.standard,
            &offered,
            part.kind,
            part.wanted,
        ));
        if let Some(kind) = part.kind {
            let (standard, analyte) = (question.standard, question.analyte.as_deref());
            state = state
                .and(material::m_01_without_certificate(walk, standard, kind, analyte, subject));
        }
        institute::n_15_without_certificate(walk, question.standard, part.kind);
        viet_nam::national_standard(
            walk,
            question.standard,
            Period { from: question.used_on, to: question.used_on },
        );
        viet_nam::at_use(walk, question, None);
        let fit = fitness::of_claim(walk, question, None, part.wanted);
        let legal = legal(walk.findings.iter());
        let traceability = match state {
            Tri::Fail => Traceability::Fail,
            _ => Traceability::Indeterminate,
        };
        Report {
            verdict: verdict(traceability, Route::None, false),
            traceability,
            recognition: Route::None,
            legal,
            recognition_conditional: false,
            fitness: dimension(fit),
            closure: Closure::None,
            bipm_link: BipmLink { state: LinkState::Undetermined, via: None },
            links: Vec::new(),
            findings: std::mem::take(&mut walk.findings),
            facts: std::mem::take(&mut walk.facts),
            parts: Vec::new(),
            part_of: part.row,
            log_index: question.known,
            partial: false,
            units: question.units.clone(),
            texts: question.texts.clone(),
        }
    }

    /// Every result of the current certificates, each as a part.
    fn decide_all(&self, walk: &mut Walk<'a>, kind: Option<QuantityKindId>) -> Report {
        walk.begin(self.question.known, self.question.known_on);
        let certificates = match self.question.calibration {
            Some(named) => vec![walk.amended(named)],
            None => self.certificates(walk),
        };
        let mut parts: Vec<Part> = Vec::new();
        let mut cut = false;
        for certificate in certificates {
            let rows = self.evidence.rows_of(certificate);
            let mut kinds: Vec<QuantityKindId> =
                rows.map(|row| self.evidence.result(row).kind).collect();
            kinds.dedup();
            let wanted = |of: &QuantityKindId| kind.is_none_or(|kind| kind == *of);
            let mut rows: Vec<ResultIndex> = Vec::new();
            for kind in kinds.into_iter().filter(wanted) {
                rows.extend(
                    self.rows(certificate, kind, true)
                        .iter()
                        .filter(|row| !rows.contains(row))
                        .copied()
                        .collect::<Vec<_>>(),
                );
            }
            rows.sort_unstable();
            for index in rows {
                let row = self.evidence.result(index);
                // An older certificate is not current where a later one says the same.
                let newer = parts.iter().any(|part| {
                    part.kind == Some(row.kind)
                        && part.only != Some(certificate)
                        && part.row.is_some_and(|other| {
                            range::row_covers(
                                self.evidence,
                                self.evidence.result(other),
                                row.extent,
                            )
                        })
                });
                if newer {
                    continue;
                }
                if parts.len() >= self.limits.parts as usize {
                    cut = true;
                    break;
                }
                parts.push(Part {
                    kind: Some(row.kind),
                    wanted: row.extent,
                    unit: row.extent_unit,
                    only: Some(certificate),
                    row: Some(index),
                });
            }
        }
        if parts.is_empty() {
            let part =
                Part { kind, wanted: Extent::point(f64::NAN), unit: 0, only: None, row: None };
            return self.without_certificate(walk, &part);
        }
        let reports: Vec<Report> = parts.iter().map(|part| self.decide(walk, part)).collect();
        self.worst_of(walk, reports, cut)
    }

    /// The report of several parts: the worst of each verdict.
    fn worst_of(&self, walk: &mut Walk<'_>, parts: Vec<Report>, cut: bool) -> Report {
        let worst = parts.iter().max_by_key(|part| part.verdict).map(|part| {
            (
                part.verdict,
                part.traceability,
                part.recognition,
                part.closure,
                part.bipm_link,
                part.recognition_conditional,
            )
        });
        let (verdict, traceability, recognition, closure, bipm_link, conditional) = worst
            .unwrap_or((
                Verdict::Undetermined,
                Traceability::Indeterminate,
                Route::None,
                Closure::None,
                BipmLink { state: LinkState::Undetermined, via: None },
                false,
            ));
        let worst_dimension = |of: fn(&Report) -> DimensionOutcome| {
            let rank = |outcome: &DimensionOutcome| match outcome {
                DimensionOutcome::NotApplicable => 0,
                DimensionOutcome::Pass => 1,
                DimensionOutcome::Indeterminate => 2,
                DimensionOutcome::Fail => 3,
            };
            parts.iter().map(of).max_by_key(rank).unwrap_or(DimensionOutcome::NotApplicable)
        };
        let mut report = Report {
            verdict,
            traceability,
            recognition,
            legal: worst_dimension(|part| part.legal),
            recognition_conditional: conditional,
            fitness: worst_dimension(|part| part.fitness),
            closure,
            bipm_link,
            links: Vec::new(),
            findings: Vec::new(),
            facts: Vec::new(),
            partial: cut || parts.iter().any(|part| part.partial),
            part_of: None,
            log_index: self.question.known,
            units: self.question.units.clone(),
            texts: self.question.texts.clone(),
            parts,
        };
        if cut {
            walk.begin(self.question.known, self.question.known_on);
            let facts = [fact("limit", FactValue::Word("PARTS_LIMIT"))];
            let note = Note::unknown(&structure::S_11, Subject::Claim, &MORE_PARTS, &NEED_POINT);
            walk.note(note.facts(&facts));
            (report.findings, report.facts) =
                (std::mem::take(&mut walk.findings), std::mem::take(&mut walk.facts));
            report.verdict = report.verdict.max(Verdict::Undetermined);
        }
        report
    }

    /// Puts the report together: which rows count, what their findings weigh here, the verdicts.
    fn report(
        &self,
        walk: &mut Walk<'_>,
        chosen: ResultIndex,
        at_use: Tri,
        fit: Option<Tri>,
        remarks_at_use: bool,
        ends: &Ends,
    ) -> Report {
        let Some(top) = walk.verdict(chosen).cloned() else {
            let part = Part {
                kind: None,
                wanted: Extent::point(f64::NAN),
                unit: 0,
                only: None,
                row: None,
            };
            walk.begin(self.question.known, self.question.known_on);
            return self.without_certificate(walk, &part);
        };
        let standing = standing_of_rows(walk, chosen);
        let mut findings = std::mem::take(&mut walk.findings);
        let mut facts = std::mem::take(&mut walk.facts);
        let links = self.links(walk, chosen, &standing, &mut findings, &mut facts);

        let state = at_use.and(top.conclusion);
        let traceability = match state {
            Tri::Fail => Traceability::Fail,
            Tri::Indeterminate => Traceability::Indeterminate,
            Tri::Pass if top.remarks || top.doubts || remarks_at_use => {
                Traceability::PassWithRemarks
            }
            Tri::Pass if top.non_si => Traceability::PassNonSi,
            Tri::Pass => Traceability::PassSi,
        };
        let closure = match (top.recognised, top.upward) {
            (Tri::Pass, Tri::Pass) => Closure::Both,
            (Tri::Pass, _) => Closure::Recognised,
            (_, Tri::Pass) => Closure::Explicit,
            _ => Closure::None,
        };
        // A published CMC that a comparison does not support stays published (rule N-09): the chain
        // closes on it, the route is open.
        let route = match top.route {
            Route::R1 if ends.unsupported => Route::Indeterminate,
            route => route,
        };
        let accepted =
            matches!(top.route, Route::R3a | Route::R3b | Route::Rm4) && !top.conditional;
        Report {
            verdict: verdict(traceability, route, accepted),
            traceability,
            recognition: route,
            legal: match legal(findings.iter()) {
                // The law applies and asks nothing of this chain: a foreign provider, say.
                DimensionOutcome::NotApplicable
                    if viet_nam::applies(walk, self.evidence.standard(self.question.standard)) =>
                {
                    DimensionOutcome::Pass
                }
                found => found,
            },
            recognition_conditional: top.conditional,
            fitness: dimension(fit),
            closure,
            bipm_link: bipm_link(walk, ends, state),
            links,
            findings,
            facts,
            parts: Vec::new(),
            part_of: None,
            log_index: self.question.known,
            partial: walk.limit_reached.is_some(),
            units: self.question.units.clone(),
            texts: self.question.texts.clone(),
        }
    }

    /// The links of the chain, nearest first, with their findings moved into the report.
    fn links(
        &self,
        walk: &Walk<'_>,
        chosen: ResultIndex,
        standing: &FxHashMap<ResultIndex, Standing>,
        findings: &mut Vec<Finding>,
        facts: &mut Vec<Fact>,
    ) -> Vec<Link> {
        let mut order: Vec<Target> = vec![Target::Row(chosen)];
        let mut places: FxHashMap<Target, usize> = FxHashMap::default();
        places.insert(order[0], 0);
        let mut links = Vec::new();
        while let Some(target) = order.get(links.len()).copied() {
            let mut link = Link {
                target,
                route: None,
                standard_uncertainty: None,
                relative_uncertainty: None,
                references: Vec::new(),
                findings: Vec::new(),
            };
            match target {
                Target::Row(index) => {
                    let row = self.evidence.result(index);
                    let x = row.extent.upper;
                    let u = walk.normalised(row).ok().map(|own| own.standard_at(row, x).value);
                    link.standard_uncertainty = u.filter(|u| u.is_finite());
                    let scale = super::numbers::value_of(row).unwrap_or(x).abs();
                    link.relative_uncertainty =
                        link.standard_uncertainty.filter(|_| scale > 0.0).map(|u| u / scale);
                    if let Some(verdict) = walk.verdict(index) {
                        link.route = Some(verdict.route);
                        for edge in &walk.edges[verdict.edges.clone()] {
                            if !matches!(edge.target, Target::Row(_) | Target::Realisation(_)) {
                                continue;
                            }
                            let next = order.len();
                            let place = *places.entry(edge.target).or_insert_with(|| {
                                order.push(edge.target);
                                next
                            });
                            link.references.push(place);
                        }
                        let here = standing.get(&index).copied().unwrap_or_default();
                        let own = &walk.row_findings[verdict.findings.clone()];
                        link.findings.extend(findings.len()..findings.len() + own.len());
                        for finding in own {
                            let mut weighed = here.weighed(*finding, index == chosen);
                            weighed.copy_facts(&walk.row_facts, facts);
                            findings.push(weighed);
                        }
                    }
                }
                Target::Realisation(index) => {
                    let root = self.evidence.realisation(index);
                    link.standard_uncertainty = root
                        .uncertainty
                        .filter(|(_, relative)| !relative)
                        .map(|(figure, _)| figure.si);
                    link.relative_uncertainty = root
                        .uncertainty
                        .filter(|(_, relative)| *relative)
                        .map(|(figure, _)| figure.si);
                }
                _ => {}
            }
            links.push(link);
        }
        links
    }
}

/// Whether the chain is linked to the BIPM, over paths whose share counts (rules 3.4).
fn bipm_link(walk: &Walk<'_>, ends: &Ends, state: Tri) -> BipmLink {
    let undetermined = BipmLink { state: LinkState::Undetermined, via: None };
    match state {
        Tri::Fail => return BipmLink { state: LinkState::NotLinked, via: None },
        Tri::Indeterminate => return undetermined,
        Tri::Pass => {}
    }
    let linked = |via| BipmLink { state: LinkState::Linked, via: Some(via) };
    if ends.bipm {
        return linked(LinkVia::BipmCalibration);
    }
    if ends.utc {
        return linked(LinkVia::Utc);
    }
    let backed = ends.roots.iter().all(|root| {
        let (institute, kind) = (root.institute, root.kind);
        institute::has_published(walk, institute, kind, None, root.period) == Tri::Pass
            && ends.is_backed(institute, kind)
    });
    match backed && !ends.open && !ends.roots.is_empty() {
        true => linked(LinkVia::CmcAndComparison),
        false => undetermined,
    }
}

/// How a row stands in a claim: how much it counts, and whether its unknowns have to be settled.
#[derive(Debug, Clone, Copy)]
struct Standing {
    weight: Weight,
    required: bool,
    recognised: bool,
}

impl Default for Standing {
    fn default() -> Self {
        Self { weight: Weight::Info, required: false, recognised: false }
    }
}

impl Standing {
    /// A finding as it weighs here: not more than its row counts, an unknown not at all where
    /// recognition closes the chain below it, a route only for the nearest certificate.
    fn weighed(self, finding: Finding, nearest: bool) -> Finding {
        if finding.outcome == Outcome::Pass {
            return finding;
        }
        let cap = match self.weight {
            Weight::Major => Severity::Critical,
            Weight::Minor => Severity::Minor,
            Weight::Info => Severity::Info,
        };
        let needed = match finding.scope {
            Scope::Upward | Scope::Input(_) => self.required && !self.recognised,
            _ => self.required,
        };
        let unknown = finding.missing.is_some() && finding.outcome != Outcome::Fail;
        let settled = unknown && finding.dimension == Dimension::Traceability && !needed;
        let severity = match finding.scope {
            Scope::Route if !nearest => Severity::Info,
            _ if settled => Severity::Info,
            _ => finding.severity.max(cap),
        };
        Finding { severity, ..finding }
    }
}

/// How each row above a claim's own stands, children before parents.
fn standing_of_rows(walk: &Walk<'_>, chosen: ResultIndex) -> FxHashMap<ResultIndex, Standing> {
    let recognised = |verdict: &RowVerdict| verdict.recognised == Tri::Pass;
    let mut standing: FxHashMap<ResultIndex, Standing> = FxHashMap::default();
    let top = walk.verdict(chosen).is_some_and(recognised);
    standing.insert(chosen, Standing { weight: Weight::Major, required: true, recognised: top });
    for index in walk.evaluated().iter().rev() {
        let (Some(own), Some(verdict)) = (standing.get(index).copied(), walk.verdict(*index))
        else {
            continue;
        };
        for edge in &walk.edges[verdict.edges.clone()] {
            let Target::Row(parent) = edge.target else { continue };
            let above = standing.entry(parent).or_insert(Standing {
                weight: Weight::Info,
                required: false,
                recognised: walk.verdict(parent).is_some_and(recognised),
            });
            above.weight = above.weight.max(own.weight.min(edge.weight));
            above.required |= own.required && !own.recognised;
        }
    }
    standing
}

/// The answer to the claim (rules 3.2).
fn verdict(traceability: Traceability, route: Route, accepted: bool) -> Verdict {
    let recognised = accepted
        || matches!(
            route,
            Route::R1 | Route::R2 | Route::Rm1 | Route::Rm2 | Route::Rm3 | Route::Alt653NonSi
        );
    match traceability {
        Traceability::Fail => Verdict::NotTraceable,
        Traceability::Indeterminate => Verdict::Undetermined,
        Traceability::PassSi | Traceability::PassNonSi if recognised => Verdict::Traceable,
        _ => Verdict::TraceableWithRemarks,
    }
}

fn dimension(state: Option<Tri>) -> DimensionOutcome {
    match state {
        None => DimensionOutcome::NotApplicable,
        Some(Tri::Pass) => DimensionOutcome::Pass,
        Some(Tri::Fail) => DimensionOutcome::Fail,
        Some(Tri::Indeterminate) => DimensionOutcome::Indeterminate,
    }
}

/// Verdict C: of all findings of law that count.
fn legal<'f>(findings: impl Iterator<Item = &'f Finding>) -> DimensionOutcome {
    let counted = findings.filter(|finding| finding.dimension == Dimension::Legal);
    let states = counted.map(|finding| match (finding.outcome, finding.severity) {
        (Outcome::Fail, Severity::Critical | Severity::Major) => Tri::Fail,
        (Outcome::Indeterminate, Severity::Critical | Severity::Major) => Tri::Indeterminate,
        _ => Tri::Pass,
    });
    dimension(states.reduce(Tri::and))
}
