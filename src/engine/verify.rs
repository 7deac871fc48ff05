//! A claim answered: which certificate counts, what the walk above it gives, what holds at the use,
//! and the four verdicts that follow (rules 3.2 to 3.5).

use rustc_hash::FxHashMap;

use crate::domain::calibration::Phase;
use crate::domain::claim::{Claim, KnownAt, ValueUsed};
use crate::domain::interval::Parameter;
use crate::domain::period::Day;
use crate::domain::quantity::QuantityKindId;
use crate::domain::realisation::RealisationKind;
use crate::domain::unit::Unit;

use super::compile::normalised;
use super::evidence::*;
use super::finding::*;
use super::limits::Limits;
use super::policy::Policy;
use super::report::*;
use super::rules::{fitness, institute, range, structure, time, viet_nam};
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
    /// Conditions of use.
    pub parameters: Vec<ParameterRow>,
    /// Analyte, normalised.
    pub analyte: Option<String>,
    /// Matrix, normalised.
    pub matrix: Option<String>,
    /// Certified or nominal value.
    pub value_used: ValueUsed,
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
            parameters: Vec::new(),
            analyte: claim.analyte.as_deref().map(normalised),
            matrix: claim.matrix.as_deref().map(normalised),
            value_used: claim.value_used.unwrap_or(ValueUsed::Certified),
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
    let limits = &policy.narrowed(limits);
    let decider = Decider { evidence, question, policy, limits };
    match (question.kind, question.point) {
        (Some(kind), Some((point, unit))) => decider.decide(&Part {
            kind: Some(kind),
            wanted: Extent::point(point),
            unit,
            only: question.calibration,
            row: None,
        }),
        (kind, _) => decider.decide_all(kind),
    }
}

struct Decider<'a> {
    evidence: &'a Evidence,
    question: &'a Question,
    policy: &'a Policy,
    limits: &'a Limits,
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
}

static NOTHING_OF_THE_KIND: Phrase = phrase(
    "chuẩn {standard} không có kết quả hiệu chuẩn nào cho đại lượng này trước ngày {used}",
    "standard {standard} has no calibration of this quantity before {used}",
);
static NEED_CALIBRATION: Phrase = phrase(
    "giấy chứng nhận hiệu chuẩn của chuẩn này cho đại lượng này, thực hiện trước ngày sử dụng",
    "a calibration certificate of this standard for this quantity, performed before the use",
);
static KIND_NOT_JUDGED: Phrase = phrase(
    "giấy chứng nhận {certificate} thuộc loại {kind}, chưa có quy tắc đánh giá trong phiên bản này",
    "certificate {certificate} is a {kind}, which this version has no rules for yet",
);
static NEED_JUDGED: Phrase = phrase(
    "giấy chứng nhận hiệu chuẩn có giá trị và độ không đảm bảo đo",
    "a calibration certificate with values and uncertainties",
);
static MORE_PARTS: Phrase = phrase(
    "chuẩn có nhiều kết quả hơn giới hạn {limit}: phần còn lại chưa được xem xét",
    "the standard has more results than the limit {limit}: the rest was not looked at",
);
static NEED_POINT: Phrase =
    phrase("một yêu cầu nêu rõ đại lượng và điểm đo", "a claim that names quantity and point");

impl<'a> Decider<'a> {
    fn walk(&self) -> Walk<'a> {
        Walk::new(self.evidence, self.policy, self.limits, self.question.known)
    }

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
            std::cmp::Reverse((row.performed_to, row.issued_on, *index))
        });
        certificates
    }

    /// The rows of a certificate for a quantity (and analyte): as left where both phases are given.
    fn rows(&self, certificate: CalibrationIndex, kind: QuantityKindId) -> Vec<ResultIndex> {
        let evidence = self.evidence;
        let agrees = |own: Option<TextIndex>, asked: &Option<String>| match (own, asked) {
            (Some(own), Some(asked)) => evidence.text(own) == asked,
            (None, _) => true,
            (Some(_), None) => false,
        };
        let calibration = evidence.calibration(certificate);
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
                    && agrees(detail.and_then(|detail| detail.matrix), &self.question.matrix)
            })
            .collect();
        let is_left = |index: &ResultIndex| evidence.result(*index).phase != Some(Phase::AsFound);
        match rows.iter().any(is_left) {
            true => rows.into_iter().filter(is_left).collect(),
            false => rows,
        }
    }

    fn candidates(&self, walk: &Walk<'_>, part: &Part) -> Vec<Candidate> {
        let Some(kind) = part.kind else { return Vec::new() };
        let certificates = match part.only {
            Some(named) => vec![walk.amended(named)],
            None => self.certificates(walk),
        };
        let candidate = |calibration: CalibrationIndex| {
            let mut rows = self.rows(calibration, kind);
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
            let valid = time::standing(walk, calibration, used_on) == time::Standing::Good
                && used_on <= time::due(walk, row, used_on).day();
            Some(Candidate { calibration, rows, cover, conditions, valid })
        };
        certificates.into_iter().filter_map(candidate).collect()
    }

    /// Of the rows that cover a point those whose conditions are the use's: a certificate may give
    /// one point at several frequencies. Where none is, all of them stay, and R-03 says so.
    fn under_conditions(&self, cover: range::Cover, conditions: &mut Tri) -> range::Cover {
        let state = |index: &ResultIndex| {
            let row = self.evidence.result(*index);
            range::conditions_hold(self.evidence, row, &self.question.parameters)
        };
        let mut best = |rows: Vec<ResultIndex>| {
            let states: Vec<Tri> = rows.iter().map(state).collect();
            *conditions = states.iter().copied().fold(Tri::Fail, Tri::or);
            let pairs = rows.into_iter().zip(states);
            pairs.filter(|(_, state)| state == conditions).map(|(row, _)| row).collect()
        };
        match cover {
            range::Cover::Inside(rows) => range::Cover::Inside(best(rows)),
            range::Cover::Interpolated(rows) => range::Cover::Interpolated(best(rows)),
            other => other,
        }
    }

    /// The certificate that governs: the latest valid one that covers, else the latest that
    /// covers, else the latest within whose points it lies, else the latest (rules 3.3, 3.4).
    fn governing(candidates: Vec<Candidate>) -> Option<Candidate> {
        let rank = |candidate: &Candidate| match candidate.cover {
            range::Cover::Inside(_) | range::Cover::Interpolated(_) => {
                match (candidate.conditions, candidate.valid) {
                    (Tri::Pass, true) => 0,
                    (Tri::Pass, false) => 1,
                    (Tri::Indeterminate, _) => 2,
                    (Tri::Fail, _) => 3,
                }
            }
            range::Cover::Between(..) => 4,
            range::Cover::Outside(..) | range::Cover::Unknown => 5,
        };
        candidates.into_iter().min_by_key(rank)
    }

    fn decide(&self, part: &Part) -> Report {
        let mut walk = self.walk();
        let question = self.question;
        walk.scope = Scope::Claim;
        let standard = Subject::Standard(question.standard);
        walk.note(Note::pass(&structure::S_01, Subject::Claim));
        time::t_10(&mut walk);
        let candidates = self.candidates(&walk, part);
        let Some(governing) = Self::governing(candidates) else {
            return self.without_certificate(walk, part);
        };
        let calibration = *self.evidence.calibration(governing.calibration);
        let against = Some(Subject::Calibration(governing.calibration));
        let mut at_use = if Walk::is_judged(calibration.kind) {
            walk.note(Note::pass(&structure::S_02, standard).against(against))
        } else {
            let facts = [
                fact("certificate", FactValue::Text(calibration.number)),
                fact("kind", FactValue::Word(calibration.kind.as_str())),
            ];
            let note = Note::unknown(&structure::S_02, standard, &KIND_NOT_JUDGED, &NEED_JUDGED);
            walk.note(note.against(against).facts(&facts))
        };
        at_use = at_use.and(range::r_01(
            &mut walk,
            &governing.cover,
            part.wanted,
            part.unit,
            standard,
            against,
        ));
        let rows = match governing.cover {
            range::Cover::Inside(rows) | range::Cover::Interpolated(rows) => rows,
            _ => governing.rows,
        };
        for row in &rows {
            walk.evaluate(*row);
        }
        let chosen = self.worst(&walk, &rows);
        let row = *self.evidence.result(chosen);
        walk.at_claim();
        at_use = at_use
            .and(self.conditions(&mut walk, &row, part, standard, against))
            .and(time::t_03(
                &mut walk,
                question.standard,
                governing.calibration,
                &calibration,
                question.used_on,
            ))
            .and(time::t_05(&mut walk, question.standard, &row, question.used_on))
            .and(time::t_08(&mut walk, governing.calibration, question.used_on));
        viet_nam::national_standard(
            &mut walk,
            question.standard,
            Period { from: question.used_on, to: question.used_on },
        );
        let fit = fitness::f_01(&mut walk, question, Some(&row), part.wanted);
        let of_claim = |scope| scope == Scope::Claim;
        let at_use = at_use.and(walk.raised(0, Dimension::Traceability, of_claim));
        let fit = fit.map(|fit| fit.and(walk.raised(0, Dimension::Fitness, of_claim)));
        let remarks_at_use = walk.remarks_of_claim();
        self.report(walk, chosen, at_use, fit, remarks_at_use)
    }

    /// R-03 for the claim. A part claims a result under its own conditions.
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
            None => range::r_03(walk, row, &self.question.parameters, subject, against),
        }
    }

    /// Of repeated rows the worst counts.
    fn worst(&self, walk: &Walk<'_>, rows: &[ResultIndex]) -> ResultIndex {
        let rank = |row: &&ResultIndex| {
            let verdict = walk.verdict(**row);
            let state = verdict.map_or(1, |verdict| match verdict.conclusion {
                Tri::Fail => 0,
                Tri::Indeterminate => 1,
                Tri::Pass if verdict.remarks => 2,
                Tri::Pass => 3,
            });
            let route = verdict.map_or(0, |verdict| match verdict.route {
                Route::Fail => 0,
                Route::Indeterminate => 1,
                Route::None => 2,
                Route::R3a | Route::R3b => 3,
                _ => 4,
            });
            (state, route, row.position())
        };
        rows.iter().min_by_key(rank).copied().unwrap_or(rows[0])
    }

    fn without_certificate(&self, mut walk: Walk<'_>, part: &Part) -> Report {
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
        let state = walk.note(note.facts(&facts));
        viet_nam::national_standard(
            &mut walk,
            question.standard,
            Period { from: question.used_on, to: question.used_on },
        );
        let fit = fitness::f_01(&mut walk, question, None, part.wanted);
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
            findings: walk.findings,
            facts: walk.facts,
            parts: Vec::new(),
            part_of: part.row,
            log_index: question.known,
            partial: false,
            units: question.units.clone(),
            texts: question.texts.clone(),
        }
    }

    /// Every result of the current certificates, each as a part.
    fn decide_all(&self, kind: Option<QuantityKindId>) -> Report {
        let walk = self.walk();
        let certificates = match self.question.calibration {
            Some(named) => vec![walk.amended(named)],
            None => self.certificates(&walk),
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
                    self.rows(certificate, kind)
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
        let reports: Vec<Report> = parts.iter().map(|part| self.decide(part)).collect();
        self.worst_of(reports, cut)
    }

    /// The report of several parts: the worst of each verdict.
    fn worst_of(&self, parts: Vec<Report>, cut: bool) -> Report {
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
            let mut walk = self.walk();
            let facts = [fact("limit", FactValue::Word("PARTS_LIMIT"))];
            let note = Note::unknown(&structure::S_11, Subject::Claim, &MORE_PARTS, &NEED_POINT);
            walk.note(note.facts(&facts));
            (report.findings, report.facts) = (walk.findings, walk.facts);
            report.verdict = report.verdict.max(Verdict::Undetermined);
        }
        report
    }

    /// Puts the report together: which rows count, what their findings weigh here, the verdicts.
    fn report(
        &self,
        walk: Walk<'_>,
        chosen: ResultIndex,
        at_use: Tri,
        fit: Option<Tri>,
        remarks_at_use: bool,
    ) -> Report {
        let Some(top) = walk.verdict(chosen).cloned() else {
            let part = Part {
                kind: None,
                wanted: Extent::point(f64::NAN),
                unit: 0,
                only: None,
                row: None,
            };
            return self.without_certificate(self.walk(), &part);
        };
        let standing = standing_of_rows(&walk, chosen);
        let mut findings: Vec<Finding> =
            walk.findings.iter().filter(|finding| finding.scope == Scope::Claim).copied().collect();
        let links = self.links(&walk, chosen, &standing, &mut findings);

        let state = at_use.and(top.conclusion);
        let traceability = match state {
            Tri::Fail => Traceability::Fail,
            Tri::Indeterminate => Traceability::Indeterminate,
            Tri::Pass if top.remarks || remarks_at_use => Traceability::PassWithRemarks,
            Tri::Pass if top.non_si => Traceability::PassNonSi,
            Tri::Pass => Traceability::PassSi,
        };
        let closure = match (top.recognised, top.upward) {
            (Tri::Pass, Tri::Pass) => Closure::Both,
            (Tri::Pass, _) => Closure::Recognised,
            (_, Tri::Pass) => Closure::Explicit,
            _ => Closure::None,
        };
        let accepted = matches!(top.route, Route::R3a | Route::R3b) && !top.conditional;
        Report {
            verdict: verdict(traceability, top.route, accepted),
            traceability,
            recognition: top.route,
            legal: match legal(findings.iter()) {
                // The law applies and asks nothing of this chain: a foreign provider, say.
                DimensionOutcome::NotApplicable
                    if viet_nam::applies(&walk, self.evidence.standard(self.question.standard)) =>
                {
                    DimensionOutcome::Pass
                }
                found => found,
            },
            recognition_conditional: top.conditional,
            fitness: dimension(fit),
            closure,
            bipm_link: self.bipm_link(&walk, chosen, state),
            links,
            findings,
            facts: walk.facts,
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
                        for finding in &walk.findings[verdict.findings.clone()] {
                            link.findings.push(findings.len());
                            findings.push(here.weighed(*finding, index == chosen));
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

    /// Whether the chain is linked to the BIPM, over paths whose share counts (rules 3.4).
    fn bipm_link(&self, walk: &Walk<'_>, chosen: ResultIndex, state: Tri) -> BipmLink {
        let undetermined = BipmLink { state: LinkState::Undetermined, via: None };
        match state {
            Tri::Fail => return BipmLink { state: LinkState::NotLinked, via: None },
            Tri::Indeterminate => return undetermined,
            Tri::Pass => {}
        }
        let linked = |via| BipmLink { state: LinkState::Linked, via: Some(via) };
        let mut roots: Vec<(OrganisationIndex, QuantityKindId, Period)> = Vec::new();
        let (mut bipm, mut utc, mut open) = (false, false, false);
        let mut seen = rustc_hash::FxHashSet::default();
        let mut stack = vec![chosen];
        while let Some(index) = stack.pop() {
            let Some(verdict) = walk.verdict(index).filter(|_| seen.insert(index)) else {
                continue;
            };
            let row = self.evidence.result(index);
            let calibration = self.evidence.calibration(row.calibration);
            let performed =
                Period { from: calibration.performed_from, to: calibration.performed_to };
            if walk.issued_by_bipm(calibration) {
                bipm = true;
                continue;
            }
            let mut ends_here = true;
            for edge in &walk.edges[verdict.edges.clone()] {
                if edge.weight != Weight::Major {
                    continue;
                }
                match edge.target {
                    Target::Row(above) => stack.push(above),
                    Target::Realisation(root) => {
                        let root = self.evidence.realisation(root);
                        match root.kind {
                            RealisationKind::BipmCalibrationService => bipm = true,
                            RealisationKind::UtcK => utc = true,
                            _ => match root.organisation {
                                Some(organisation) => {
                                    roots.push((organisation, row.kind, performed));
                                }
                                None => open = true,
                            },
                        }
                    }
                    _ => open = true,
                }
                ends_here = false;
            }
            if ends_here {
                match (verdict.route, calibration.issuer) {
                    (Route::R1, Some(issuer)) => roots.push((issuer, row.kind, performed)),
                    _ => open = true,
                }
            }
        }
        if bipm {
            return linked(LinkVia::BipmCalibration);
        }
        if utc {
            return linked(LinkVia::Utc);
        }
        let backed = roots.iter().all(|(institute, kind, period)| {
            institute::has_published(walk, *institute, *kind, None, *period) == Tri::Pass
                && institute::backed_by_comparison(walk, *institute, *kind)
        });
        match backed && !open && !roots.is_empty() {
            true => linked(LinkVia::CmcAndComparison),
            false => undetermined,
        }
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
