//! The many records of the synthetic country: standards and their calibrations.

use crate::domain::calibration::{
    Calibration, CalibrationKind, CalibrationResult, CalibrationStatus, CalibrationStatusEntry,
    Change, CompetenceDecision, CompetenceEvidence, CompetenceItem, Condition, Conformity,
    ConformityStatement, DueSource, Endorsement, ItemIdentification, Method, Phase, Reference,
    ReferenceRole, SharedUncertainty,
};
use crate::domain::claim::Claim;
use crate::domain::interval::{Interval, Parameter, QuantityValue};
use crate::domain::period::{Day, Instant};
use crate::domain::quantity::QuantityKindId;
use crate::domain::recognition::EvidenceLevel;
use crate::domain::standard::{
    Drift, DriftPeriod, EventKind, IntervalMethod, IntervalPolicy, LegalLevel, MeasurementStandard,
    MetrologicalRole, StandardEvent, StandardStatus, StandardType,
};
use crate::domain::text::Names;
use crate::domain::uncertainty::{Mode, Uncertainty, UncertaintyKind};
use crate::domain::unit::Unit;

use super::flaw::Flaw;
use super::plan::{Character, Made, Outline, Plan, With, quantity};
use super::quantity::{Figure, Form, Quantity, Read, TEMPERATURE};
use super::shape::{Level, Party, Place};
use super::{Country, Scope, Thing};

/// Months for which a calibration is valid.
const VALID_MONTHS: u32 = 24;

/// Days after its last day of performance on which a certificate became void or known to be.
const LATER: i32 = 60;

/// Coverage factors for few degrees of freedom (GUM table G.2, 95.45 %).
const FEW: [(&str, &str); 4] = [("2.05", "50"), ("2.13", "20"), ("2.20", "14"), ("2.28", "10")];

impl Country {
    fn read(&self, place: Place) -> Option<&Read> {
        self.quantities.get(place.kind as usize)
    }

    /// A standard, with what happened to it.
    pub(super) fn measurement_standard(&self, number: u32) -> Option<MeasurementStandard> {
        let place = self.course.shape.place(number);
        let (quantity, read) = (quantity(place.kind), self.read(place)?);
        let own = self.course.character(number);
        let (legal_level, role, vi, en) = match place.level {
            Level::Foreign => {
                (None, MetrologicalRole::Secondary, "Chuẩn thứ", "Secondary standard")
            }
            Level::National => (
                Some(LegalLevel::National),
                MetrologicalRole::Secondary,
                "Chuẩn quốc gia",
                "National standard",
            ),
            Level::Reference => (
                Some(LegalLevel::Reference),
                MetrologicalRole::Reference,
                "Chuẩn chính",
                "Reference standard",
            ),
            Level::Working => (
                Some(LegalLevel::Working),
                MetrologicalRole::Working,
                "Chuẩn công tác",
                "Working standard",
            ),
            Level::Instrument => (
                Some(LegalLevel::Instrument),
                MetrologicalRole::MeasuringInstrument,
                "Phương tiện đo",
                "Instrument",
            ),
        };
        let at_first = own.rows == 1 && !quantity.over_range;
        let value = quantity.points[0].decimal()?;
        let nominal = at_first.then(|| QuantityValue { value, unit: read.unit.clone() });
        let drift = || {
            let limit = self.expanded(place, place.level, 50).significant(2).decimal()?;
            Some(Drift {
                limit: QuantityValue { value: limit, unit: read.one.clone() },
                mode: Some(Mode::Relative),
                per: Some(DriftPeriod::Year),
            })
        };
        Some(MeasurementStandard {
            id: self.standard_id(number)?,
            owner: self.party_id(self.course.shape.owner(place))?,
            code: Some(code(place)),
            names: Some(Names {
                vi: Some(format!("{vi}: {} (minh hoạ)", quantity.vi)),
                en: Some(format!("{en}: {} (illustrative)", quantity.en)),
            }),
            manufacturer: Some(MAKER.to_owned()),
            model: Some(model(place)),
            serial_number: Some(serial(number)),
            standard_type: Some(match place.level {
                Level::Instrument => StandardType::Other,
                _ => quantity.sort,
            }),
            parent_kit: None,
            legal_level,
            metrological_role: Some(role),
            range: match nominal {
                Some(_) => None,
                None => self.range(place),
            },
            nominal,
            accuracy_class: None,
            drift: if quantity.drifts { drift() } else { None },
            interval_policy: Some(IntervalPolicy {
                method: IntervalMethod::Fixed,
                months: Some(VALID_MONTHS),
                justification: None,
                effective_from: None,
                history_complete: own.history_complete.then_some(true),
            }),
            status: Some(StandardStatus::InService),
            material: None,
            domestically_developed: None,
            version: None,
            recorded_at: None,
            recorded_by: None,
            log_index: None,
            evidence_level: None,
            synced_at: None,
            quantity_kinds: vec![read.kind],
            quantities: Vec::new(),
            derivations: Vec::new(),
            use_models: Vec::new(),
            properties: Vec::new(),
            identifiers: Vec::new(),
            interval_policy_history: Vec::new(),
            events: self.events(number, own),
        })
    }

    fn events(&self, number: u32, own: Character) -> Vec<StandardEvent> {
        let outlines = (0..self.course.years).map(|year| self.course.outline(number, year));
        let happened = outlines.filter_map(|outline| match outline.flaw? {
            Flaw::Damaged => {
                let day = outline.performed_to.plus_days(LATER / 2);
                Some(event(EventKind::Damage, day, None))
            }
            Flaw::AdjustedUnseen => {
                Some(event(EventKind::Adjustment, outline.performed_from, None))
            }
            _ => None,
        });
        let checked = own.checked.then(|| {
            let day = self.course.day(self.course.years / 2, 5);
            event(EventKind::IntermediateCheck, day, Some(true))
        });
        happened.chain(checked).collect()
    }

    pub(super) fn range(&self, place: Place) -> Option<Interval> {
        let (lower, upper) = quantity(place.kind).range;
        Some(Interval {
            unit: self.read(place)?.unit.clone(),
            lower: lower.decimal(),
            upper: upper.decimal(),
        })
    }

    /// Expanded uncertainty at a level in percent of what is usual there: a fraction of the value,
    /// or in the unit of the quantity where it does not grow with the value.
    pub(super) fn expanded(&self, place: Place, level: Level, percent: u32) -> Figure {
        let growth = Figure::new(level.growth(), 0);
        quantity(place.kind).base.times(growth).percent(percent)
    }

    /// The same at a point, in the unit of the quantity.
    pub(super) fn expanded_at(
        &self,
        place: Place,
        level: Level,
        percent: u32,
        point: Figure,
    ) -> Figure {
        let expanded = self.expanded(place, level, percent);
        match quantity(place.kind).is_proportional() {
            true => expanded.times(Figure::new(point.digits.abs(), point.exponent)),
            false => expanded,
        }
    }

    /// A calibration of a standard in a year of the country.
    pub(super) fn calibration(&self, number: u32, year: u32) -> Option<Calibration> {
        let outline = self.course.outline(number, year);
        let own = self.course.character(number);
        let plan = self.course.plan(&outline);
        let results: Option<Vec<_>> =
            (0..own.rows).map(|row| self.result(&outline, own, &plan, row)).collect();
        let references: Option<Vec<_>> =
            plan.made.iter().map(|made| self.reference(&outline, own, made)).collect();
        let serial = match outline.flaw {
            Some(Flaw::SerialDiffers) => format!("{}-X", serial(number)),
            _ => serial(number),
        };
        let (kind, issuer) = match (outline.flaw, outline.issuer) {
            (Some(Flaw::OnlyVerified), issuer) => (CalibrationKind::LegalVerification, issuer),
            (Some(Flaw::ConformityOnly), issuer) => (CalibrationKind::ConformityOnly, issuer),
            (Some(Flaw::ComparisonOnly), issuer) => (CalibrationKind::ComparisonReport, issuer),
            (Some(Flaw::MakersStatement), _) => {
                (CalibrationKind::ManufacturerStatement, Party::Enterprise(0))
            }
            (_, issuer) => (CalibrationKind::Calibration, issuer),
        };
        let months = if outline.has(Flaw::DueDatesDiffer) { 30 } else { VALID_MONTHS };
        let refused = outline.has(Flaw::CompetenceRefused).then(|| CompetenceEvidence {
            decision: Some(CompetenceDecision::Refused),
            decided_by: None,
            items: CompetenceItem::ALL.to_vec(),
        });
        Some(Calibration {
            id: self.calibration_id(number, year)?,
            kind,
            issuer: self.party_id(issuer)?,
            number: self.certificate_number(&outline, issuer),
            performed_from: outline.performed_from,
            performed_to: outline.performed_to,
            item: self.standard_id(number)?,
            version_label: None,
            amends: None,
            amends_number: None,
            change: outline.has(Flaw::ReplacesUnnamed).then_some(Change::Replaced),
            received_on: None,
            issued_on: Some(outline.issued_on),
            site: outline
                .has(Flaw::OtherSite)
                .then(|| "tại khách hàng / at the customer's".to_owned()),
            performed_by: match (outline.flaw, outline.issuer) {
                (Some(Flaw::Reissued), Party::Laboratory(number)) => {
                    Some(self.party_id(Party::Laboratory(self.course.shape.beside(number)))?)
                }
                _ => None,
            },
            continuous: None,
            item_identification: Some(ItemIdentification {
                manufacturer: Some(MAKER.to_owned()),
                model: Some(model(outline.place)),
                serial_number: Some(serial),
                identifiers: Vec::new(),
            }),
            endorsement: self.endorsement(&outline),
            signatory: Some(SIGNATORY.to_owned()),
            traceability_statement: Some(STATEMENT.to_owned()),
            competence_evidence: refused,
            correction_applied: outline.has(Flaw::ComparisonOnly).then_some(false),
            due_on: Some(outline.performed_to.plus_months(months)),
            due_on_source: Some(DueSource::Agreed),
            references_complete: None,
            epoch: match outline.flaw {
                Some(Flaw::OldEpoch) => outline.quantity().old_epoch.map(str::to_owned),
                _ => None,
            },
            document: None,
            published: None,
            code: None,
            version: None,
            recorded_at: None,
            recorded_by: None,
            log_index: None,
            evidence_level: Some(match outline.flaw {
                Some(Flaw::OnlyDeclared) => EvidenceLevel::SelfDeclared,
                _ => EvidenceLevel::IssuerConfirmed,
            }),
            synced_at: None,
            items: Vec::new(),
            methods: match outline.flaw {
                Some(Flaw::MethodMissing) => Vec::new(),
                _ => vec![Method { document: None, text: Some(METHOD.to_owned()) }],
            },
            conditions: vec![self.condition()?],
            status_history: statuses(&outline),
            results: results?,
            references: references?,
        })
    }

    /// The temperature of the room.
    fn condition(&self) -> Option<Condition> {
        let temperature = self.quantities.get(TEMPERATURE)?;
        Some(Condition {
            quantity_kind: temperature.kind,
            unit: temperature.unit.clone(),
            value: None,
            lower: Figure::new(19, 0).decimal(),
            upper: Figure::new(21, 0).decimal(),
            expanded_uncertainty: None,
        })
    }

    fn certificate_number(&self, outline: &Outline, issuer: Party) -> String {
        let (letter, number) = match issuer {
            Party::Foreign(number) => ('F', number),
            Party::Institute(number) => ('I', number),
            Party::Laboratory(number) => ('L', number),
            Party::Enterprise(number) => ('E', number),
            _ => ('B', 0),
        };
        let year = self.course.day(outline.year, 0).to_string();
        let year = year.get(2..4).unwrap_or_default();
        format!("{letter}{number}-{year}-{}", outline.standard)
    }

    fn endorsement(&self, outline: &Outline) -> Option<Endorsement> {
        let accreditation = |number| Endorsement { accreditation: number, cipm_mra: None };
        let scope = match outline.place.level {
            Level::Instrument => Scope::Instruments,
            _ => Scope::Standards,
        };
        match (outline.issuer, outline.flaw) {
            (Party::Bipm, _) | (_, Some(Flaw::EndorsementMissing | Flaw::MakersStatement)) => None,
            (Party::Laboratory(number), Some(Flaw::BodyNotRecognised)) => {
                Some(accreditation(self.accreditation_id(number, Scope::Testing)))
            }
            (Party::Laboratory(number), Some(Flaw::AccreditationOfAnother)) => {
                let other = self.course.shape.beside(number);
                Some(accreditation(self.accreditation_id(other, scope)))
            }
            (Party::Laboratory(number), _) => {
                Some(accreditation(self.accreditation_id(number, scope)))
            }
            _ => Some(Endorsement { accreditation: None, cipm_mra: Some(true) }),
        }
    }

    /// Where a row stands: over the whole range, or at a point.
    fn point(outline: &Outline, row: u32) -> Option<Figure> {
        let quantity = outline.quantity();
        let elsewhere = outline.flaw.filter(|flaw| row == 0 && flaw.is_elsewhere());
        match elsewhere {
            Some(Flaw::BetweenPoints) => Some(quantity.between),
            Some(_) => Some(quantity.outside),
            None if row == 0 && quantity.over_range && outline.place.level < Level::Instrument => {
                None
            }
            None => quantity.points.get(row as usize).copied(),
        }
    }

    fn result(
        &self,
        outline: &Outline,
        own: Character,
        plan: &Plan,
        row: u32,
    ) -> Option<CalibrationResult> {
        let (place, quantity) = (outline.place, outline.quantity());
        let read = self.read(place)?;
        let point = Self::point(outline, row);
        let stated = self.uncertainty(outline, own, plan, row, point)?;
        // The value ends where its uncertainty does.
        let value = point.map(|point| {
            let percent = outline.percent[row as usize % 4];
            let expanded = self.expanded_at(place, place.level, percent, point).significant(4);
            let year = i128::from(percent) - 115;
            let deviation = i128::from(own.deviation[row as usize % 4]) + year;
            let deviation = Figure::new(expanded.digits * deviation / 100, expanded.exponent);
            let digits = point.at(stated.last).digits + deviation.at(stated.last).digits;
            Figure::new(digits, stated.last)
        });
        let conformity = match (row, value) {
            (0, Some(value)) => self.conformity(outline, value, point?),
            _ => None,
        };
        let only_conforms = outline.has(Flaw::ConformityOnly) && conformity.is_some();
        let unlike = outline.has(Flaw::OtherFrequency) && row == 0;
        let frequency = || {
            let number = |digits| Figure::new(digits, 0).decimal();
            let (value, lower, upper) = match (unlike, place.level) {
                (true, _) => (number(500_000), None, None),
                (_, Level::Instrument) => (number(1000), None, None),
                _ => (None, number(40), number(20_000)),
            };
            parameter("frequency", value, lower, upper, &read.hertz)
        };
        Some(CalibrationResult {
            id: row_name(row),
            quantity_kind: self.measurand(outline, row)?,
            service_category: None,
            analyte: None,
            matrix: None,
            point: match point {
                Some(point) => {
                    Some(QuantityValue { value: point.decimal()?, unit: read.unit.clone() })
                }
                None => None,
            },
            interval: if point.is_none() { self.range(place) } else { None },
            item: None,
            point_tolerance: None,
            valid_interval: None,
            interpolation: None,
            value: value.filter(|_| !only_conforms).and_then(Figure::decimal),
            unit: Some(read.unit.clone()),
            value_is: None,
            uncertainty: match outline.flaw {
                Some(Flaw::UncertaintyMissing | Flaw::OnlyVerified | Flaw::MakersStatement) => None,
                _ if only_conforms => None,
                _ => Some(stated.uncertainty),
            },
            phase: Some(Phase::AsLeft),
            endorsed: match outline.flaw {
                Some(Flaw::CompetenceRefused | Flaw::RouteNotJustified) => Some(false),
                _ => None,
            },
            performed_on: None,
            conformity,
            parameters: if quantity.at_frequency { vec![frequency()] } else { Vec::new() },
            methods: Vec::new(),
        })
    }

    /// What a row is about: the quantity of the standard, save where a flaw has a variant of it.
    fn measurand(&self, outline: &Outline, row: u32) -> Option<QuantityKindId> {
        let read = self.read(outline.place)?;
        let other = read.variant.filter(|_| row == 0 && outline.has(Flaw::OtherMeasurand));
        Some(other.unwrap_or(read.kind))
    }

    /// The statement of conformity of a flaw, with limits in hundredths of the uncertainty from the
    /// value.
    fn conformity(&self, outline: &Outline, value: Figure, point: Figure) -> Option<Conformity> {
        let rule = Some("chấp nhận đơn giản / simple acceptance".to_owned());
        let (decision_rule, lower, upper) = match outline.flaw? {
            Flaw::ConformityOnly | Flaw::StatementWithoutRule => (None, -900, 900),
            Flaw::WrongDecision => (rule, 100, 1000),
            Flaw::PoorRatio => (rule, -200, 200),
            _ => return None,
        };
        let (place, percent) = (outline.place, outline.percent[0]);
        let expanded = self.expanded_at(place, place.level, percent, point).significant(4);
        let limit = |hundredths: i128| {
            let distance = Figure::new(expanded.digits * hundredths / 100, expanded.exponent);
            let exponent = value.exponent.min(distance.exponent);
            let digits = value.at(exponent).digits + distance.at(exponent).digits;
            Figure::new(digits, exponent).decimal()
        };
        Some(Conformity {
            specification: Some("minh hoạ / illustrative".to_owned()),
            lower_limit: limit(lower),
            upper_limit: limit(upper),
            acceptance_lower: None,
            acceptance_upper: None,
            decision_rule,
            statement: Some(ConformityStatement::Pass),
        })
    }

    /// The uncertainty that the first row of a certificate prints, as a fraction of the value; where
    /// the value is a power of ten.
    fn printed(&self, number: u32, year: u32) -> Figure {
        let outline = self.course.outline(number, year);
        let (place, own) = (outline.place, self.course.character(number));
        let percent = outline.percent[0] / if outline.issuer == Party::Bipm { 2 } else { 1 };
        let point = outline.quantity().points[0];
        match outline.quantity().form {
            Form::Absolute { .. } if !own.relative => {
                let places = point.significant(1).exponent;
                self.expanded_at(place, place.level, percent, point).significant(2).shifted(-places)
            }
            _ => self.expanded(place, place.level, percent).significant(2),
        }
    }

    fn uncertainty(
        &self,
        outline: &Outline,
        own: Character,
        plan: &Plan,
        row: u32,
        point: Option<Figure>,
    ) -> Option<Stated> {
        let (place, quantity) = (outline.place, outline.quantity());
        let read = self.read(place)?;
        let usual = outline.percent[row as usize % 4];
        // What a flaw changes: the level whose uncertainty is taken, percent of it, the digits.
        let (level, percent, digits) = match (outline.flaw, plan.below_together) {
            (Some(Flaw::UncertaintyBelowReference), _) => (above(place.level), 50, 2),
            (_, Some(percent)) => (above(place.level), percent, 3),
            (Some(Flaw::LaboratoryFeedsInstitute), _) => (Level::Working, 140, 2),
            (Some(Flaw::WorkingForStandard), _) => (Level::Instrument, usual, 2),
            (Some(Flaw::LevelTooLow), _) => (Level::Instrument, usual * 3, 2),
            (Some(Flaw::TooManyDigits), _) => (place.level, usual, 4),
            (Some(Flaw::BelowCapability), _) => (place.level, 75, 2),
            (Some(Flaw::OtherCoverage), _) => (place.level, usual * 13 / 10, 2),
            _ => (place.level, usual, 2),
        };
        let by_bipm = outline.issuer == Party::Bipm;
        let percent = if by_bipm { percent / 2 } else { percent };
        let absolute = match (quantity.form, outline.flaw, &read.not_legal) {
            (_, Some(Flaw::ModeMissing), _) => None,
            (_, Some(Flaw::UnitNotLegal), Some((unit, places))) => Some((unit, *places)),
            (Form::Absolute { places, .. }, _, _)
                if !(own.relative && quantity.is_proportional()) =>
            {
                Some((&read.small, places))
            }
            _ => None,
        };
        let at = point.unwrap_or(quantity.range.1);
        let as_certified =
            plan.as_certified.map(|(number, year)| self.printed(number, year).percent(102));
        let digits = if as_certified.is_some() { 3 } else { digits };
        let fraction = as_certified.unwrap_or_else(|| self.expanded(place, level, percent));
        let of_value = match quantity.is_proportional() {
            true => fraction.times(Figure::new(at.digits.abs(), at.exponent)),
            false => fraction,
        }
        .significant(digits);
        let (figure, unit, mode) = match absolute {
            Some((unit, places)) => (of_value.shifted(places), unit, Mode::Absolute),
            None => (fraction.significant(digits), &read.one, Mode::Relative),
        };
        let (few, freedom) = FEW[row as usize % FEW.len()];
        let (kind, factor, probability, freedom) =
            match ((outline.standard + outline.year + row) % 10, outline.flaw) {
                (number, _) if by_bipm => {
                    let kind = (number % 2 == 0).then_some(UncertaintyKind::Combined);
                    (kind, None, None, None)
                }
                (_, Some(Flaw::CoverageFactorMissing)) => (EXPANDED, None, Some("0.95"), None),
                (_, Some(Flaw::OtherCoverage)) => (EXPANDED, Some("2.58"), Some("0.99"), None),
                (8, _) => (EXPANDED, Some("2"), None, None),
                (9, _) => (EXPANDED, Some(few), Some("0.95"), Some(freedom)),
                _ => (EXPANDED, Some("2"), Some("0.95"), None),
            };
        let number = |text: Option<&str>| text.and_then(|text| text.parse().ok());
        let uncertainty = Uncertainty {
            value: figure.decimal()?,
            unit: unit.clone(),
            kind,
            mode: if outline.has(Flaw::ModeMissing) { None } else { Some(mode) },
            coverage_factor: number(factor),
            coverage_probability: number(probability),
            degrees_of_freedom: number(freedom),
        };
        Some(Stated { uncertainty, last: of_value.exponent })
    }

    fn reference(&self, outline: &Outline, own: Character, made: &Made) -> Option<Reference> {
        let (standard, calibration, result, realisation) = match &made.with {
            With::Certificate { standard, year, row } => (
                Some(self.standard_id(*standard)?),
                Some(self.calibration_id(*standard, *year)?),
                Some(row_name(*row)),
                None,
            ),
            With::Standard(standard) => (Some(self.standard_id(*standard)?), None, None, None),
            With::Root => (
                None,
                None,
                None,
                Some(self.id(Thing::Realisation, u64::from(outline.place.kind))?),
            ),
        };
        let sensitivity = match (made.influence, &made.with) {
            (Some(percent), With::Certificate { standard, .. }) => {
                self.sensitivity(outline, own, *standard, percent).decimal()
            }
            _ => None,
        };
        Some(Reference {
            standard,
            realisation,
            calibration,
            result,
            certificate_number: None,
            document_sha256: None,
            role: Some(match made.influence {
                Some(percent) if percent % 2 == 0 => ReferenceRole::Environment,
                Some(_) => ReferenceRole::Influence,
                None => ReferenceRole::Main,
            }),
            model: made.model,
            sensitivity,
            exponent: None,
            symbol: None,
            equation: None,
            uncertainty_in_budget: match made.budget {
                Some(percent) => Some(self.part(outline, percent)?),
                None => None,
            },
            for_results: made.rows.clone().into_iter().flatten().map(row_name).collect(),
            shared_with: match made.shared {
                Some(percent) => vec![SharedUncertainty {
                    group: "môi trường / environment".to_owned(),
                    uncertainty: self.part(outline, percent)?,
                }],
                None => Vec::new(),
            },
        })
    }

    /// So many percent of what is usual at the level of a reference, as a fraction.
    fn part(&self, outline: &Outline, percent: u32) -> Option<QuantityValue> {
        let (place, read) = (outline.place, self.read(outline.place)?);
        let part = self.expanded(place, above(place.level), percent).significant(3);
        Some(QuantityValue { value: part.decimal()?, unit: read.one.clone() })
    }

    /// The sensitivity with which a standard of another quantity brings so many percent of the
    /// smallest uncertainty of a certificate.
    fn sensitivity(&self, outline: &Outline, own: Character, other: u32, percent: u32) -> Figure {
        let place = outline.place;
        let quantity = outline.quantity();
        let points = quantity.points.iter().take(own.rows as usize);
        let smallest = points
            .chain(quantity.over_range.then_some(&quantity.range.0))
            .map(|point| self.expanded_at(place, place.level, 100, *point).at(-24))
            .min_by_key(|expanded| expanded.digits)
            .unwrap_or(Figure::new(0, 0));
        let smallest = coherent(quantity, smallest.significant(6));
        let other = self.course.shape.place(other);
        let of_other = super::plan::quantity(other.kind);
        let point = if of_other.over_range { of_other.range.1 } else { of_other.points[0] };
        let brought = self.expanded_at(other, other.level, 100, point);
        smallest.percent(percent).over(coherent(of_other, brought.significant(6)))
    }

    /// The claim that the first row of a certificate is traceable, used soon after.
    pub(super) fn claim_of(&self, number: u32, year: u32) -> Option<Claim> {
        let outline = self.course.outline(number, year);
        let used_on = outline.performed_to.plus_days(LATER);
        let claim = self.claim_on(number, &outline, used_on)?;
        Some(Claim { calibration: Some(self.calibration_id(number, year)?), ..claim })
    }

    /// The claim that the value of a standard at its first point is traceable at the end.
    pub(super) fn claim_at_end(&self, number: u32) -> Option<Claim> {
        let outline = self.course.outline(number, self.course.years - 1);
        let usual = Outline { flaw: None, ..outline };
        self.claim_on(number, &usual, self.last_day())
    }

    fn claim_on(&self, number: u32, outline: &Outline, used_on: Day) -> Option<Claim> {
        let read = self.read(outline.place)?;
        let quantity = outline.quantity();
        let point = Self::point(outline, 0).unwrap_or(quantity.points[1]);
        let hertz = if outline.has(Flaw::OtherFrequency) { 500_000 } else { 1000 };
        let value = Figure::new(hertz, 0).decimal();
        let frequency = || parameter("frequency", value, None, None, &read.hertz);
        Some(Claim {
            standard: self.standard_id(number)?,
            calibration: None,
            quantity_kind: self.measurand(outline, 0),
            point: Some(QuantityValue { value: point.decimal()?, unit: read.unit.clone() }),
            used_on: Some(used_on),
            known_at: None,
            analyte: None,
            matrix: None,
            value_used: None,
            required_uncertainty: None,
            purpose: None,
            policy: None,
            parameters: if quantity.at_frequency { vec![frequency()] } else { Vec::new() },
        })
    }
}

/// What a row states of its uncertainty, and the exponent of its last digit in the quantity's unit.
struct Stated {
    uncertainty: Uncertainty,
    last: i32,
}

const MAKER: &str = "Hãng minh hoạ";
const METHOD: &str = "so sánh với chuẩn / comparison with a standard";
const SIGNATORY: &str = "Người ký minh hoạ";
const STATEMENT: &str = "tới SI qua các chuẩn đã dùng / to the SI by the references used";
const EXPANDED: Option<UncertaintyKind> = Some(UncertaintyKind::Expanded);

fn model(place: Place) -> String {
    format!("M{}-{}", place.kind, place.level as u32)
}

fn serial(number: u32) -> String {
    format!("SN{number:07}")
}

fn code(place: Place) -> String {
    let letters = ["F", "N", "R", "W", "I"];
    format!("{}-{}-{:06}", letters[place.level as usize], place.kind, place.group)
}

fn row_name(row: u32) -> String {
    format!("r{}", row + 1)
}

/// The level above.
fn above(level: Level) -> Level {
    match level {
        Level::Foreign | Level::National => Level::Foreign,
        Level::Reference => Level::National,
        Level::Working => Level::Reference,
        Level::Instrument => Level::Working,
    }
}

/// A figure in the coherent SI unit.
fn coherent(quantity: &Quantity, figure: Figure) -> Figure {
    match quantity.unit {
        "kPa" => figure.shifted(3),
        _ => figure,
    }
}

fn parameter(
    name: &str,
    value: Option<crate::domain::decimal::Decimal>,
    lower: Option<crate::domain::decimal::Decimal>,
    upper: Option<crate::domain::decimal::Decimal>,
    unit: &Unit,
) -> Parameter {
    Parameter { name: name.to_owned(), value, lower, upper, text: None, unit: Some(unit.clone()) }
}

fn event(kind: EventKind, on: Day, within_limits: Option<bool>) -> StandardEvent {
    StandardEvent {
        kind,
        on: Some(on),
        discovered_on: None,
        within_limits,
        breaks_calibration: None,
        range: None,
        recorded_at: None,
        quantity_kinds: Vec::new(),
    }
}

fn statuses(outline: &Outline) -> Vec<CalibrationStatusEntry> {
    let entry = |status, effective_from, recorded_at| CalibrationStatusEntry {
        status,
        effective_from,
        reason: None,
        recorded_at,
    };
    let later = outline.issued_on.plus_days(LATER / 2);
    let learnt = Instant::parse(&format!("{later}T02:00:00Z")).ok();
    let issued = entry(CalibrationStatus::Issued, outline.issued_on, None);
    match outline.flaw {
        Some(Flaw::Void) => {
            let from = outline.performed_from;
            vec![issued, entry(CalibrationStatus::VoidAbInitio, from, learnt)]
        }
        Some(Flaw::UnderReview) => {
            vec![issued, entry(CalibrationStatus::UnderReview, later, learnt)]
        }
        _ => vec![issued],
    }
}
