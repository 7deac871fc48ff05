//! Records to evidence: interns texts, converts every number to the coherent SI unit once, and
//! resolves every reference to a row. Total: what a reference does not lead to stays open, and
//! the rules say so.

use rustc_hash::{FxHashMap, FxHashSet};
use std::num::NonZeroU32;

use crate::domain::attestation::{Attestation, Statement};
use crate::domain::calibration::{
    self as model, Calibration, CalibrationStatus, ItemIdentification,
};
use crate::domain::capability::{
    Capability, CapabilityMaterial, CapabilityUncertainty, Convention, DeviceContribution,
    Expression,
};
use crate::domain::comparison::{Comparison, ComparisonResult};
use crate::domain::decimal::Decimal;
use crate::domain::document::Document;
use crate::domain::epoch::Epoch;
use crate::domain::equation::Equation;
use crate::domain::id::Id;
use crate::domain::interval::{Interval, Parameter, QuantityValue};
use crate::domain::nonconformity::Nonconformity;
use crate::domain::organisation::{Membership, Organisation, OrganisationKind, SiteKind};
use crate::domain::period::{Day, Instant};
use crate::domain::quantity::QuantityKindId;
use crate::domain::realisation::{Bulletin, Realisation};
use crate::domain::recognition::{
    Accreditation, AccreditationStatusEntry, EvidenceLevel, LegalRecognition,
};
use crate::domain::records::{CollectionName, Record, Records};
use crate::domain::standard::{
    ItemIdentifierKind, LegalLevel, Material, MeasurementStandard, StandardType,
};
use crate::domain::text::{Language, Names};
use crate::domain::uncertainty::Mode;
use crate::domain::unit::{Dimension, Unit};

use super::evidence::*;

/// Builds the evidence of a set of records.
///
/// A set on its own is its own log: a record or status entry without `recorded_at` was always
/// known (index 0); all others are numbered in the order of their instants. The evidence level is
/// taken as given, `issuer_confirmed` where a record says nothing.
pub fn compile(records: &Records) -> Evidence {
    let mut compiler = Compiler::new(records);
    compiler.organisations();
    compiler.memberships();
    compiler.accreditations();
    compiler.capabilities();
    compiler.standards();
    compiler.legal_recognitions();
    compiler.realisations();
    compiler.calibrations();
    compiler.comparisons();
    compiler.evaluations();
    compiler.statements();
    compiler.finish()
}

/// The records of each collection in the order of their ids, so that the order of input leaves no
/// trace in the evidence.
struct Sorted<'a> {
    organisations: Vec<&'a Organisation>,
    memberships: Vec<&'a Membership>,
    accreditations: Vec<&'a Accreditation>,
    legal_recognitions: Vec<&'a LegalRecognition>,
    capabilities: Vec<&'a Capability>,
    measurement_standards: Vec<&'a MeasurementStandard>,
    realisations: Vec<&'a Realisation>,
    calibrations: Vec<&'a Calibration>,
    comparisons: Vec<&'a Comparison>,
    documents: Vec<&'a Document>,
    nonconformities: Vec<&'a Nonconformity>,
    attestations: Vec<&'a Attestation>,
}

impl<'a> Sorted<'a> {
    fn new(records: &'a Records) -> Self {
        fn sorted<T: Record>(records: &[T]) -> Vec<&T> {
            let mut sorted: Vec<&T> = records.iter().collect();
            sorted.sort_by(|left, right| left.id().cmp(right.id()));
            sorted
        }
        Self {
            organisations: sorted(&records.organisations),
            memberships: sorted(&records.memberships),
            accreditations: sorted(&records.accreditations),
            legal_recognitions: sorted(&records.legal_recognitions),
            capabilities: sorted(&records.capabilities),
            measurement_standards: sorted(&records.measurement_standards),
            realisations: sorted(&records.realisations),
            calibrations: sorted(&records.calibrations),
            comparisons: sorted(&records.comparisons),
            documents: sorted(&records.documents),
            nonconformities: sorted(&records.nonconformities),
            attestations: sorted(&records.attestations),
        }
    }
}

struct Compiler<'a> {
    records: Sorted<'a>,
    evidence: Evidence,
    positions: FxHashMap<&'a str, (CollectionName, usize)>,
    texts: FxHashMap<String, TextIndex>,
    units: FxHashMap<String, UnitIndex>,
    instants: FxHashMap<Instant, LogIndex>,
    /// Organisations with several entries of a quantity that differ by method.
    told_apart_by_method: FxHashSet<OrganisationIndex>,
}

impl<'a> Compiler<'a> {
    fn new(records: &'a Records) -> Self {
        let all = records;
        let records = Sorted::new(records);
        let mut positions = FxHashMap::default();
        macro_rules! index {
            ($($collection:ident = $name:ident),+ $(,)?) => { $(
                for (position, record) in records.$collection.iter().enumerate() {
                    positions.insert(record.id.as_str(), (CollectionName::$name, position));
                }
            )+ };
        }
        index!(
            organisations = Organisations,
            accreditations = Accreditations,
            capabilities = Capabilities,
            measurement_standards = MeasurementStandards,
            realisations = Realisations,
            calibrations = Calibrations,
            comparisons = Comparisons,
        );
        let mut compiler = Self {
            records,
            evidence: Evidence::default(),
            positions,
            texts: FxHashMap::default(),
            units: FxHashMap::default(),
            instants: FxHashMap::default(),
            told_apart_by_method: FxHashSet::default(),
        };
        compiler.number_the_log(all);
        // The first unit stands where none is stated.
        compiler.evidence.units.extend(Unit::parse("1"));
        compiler.units.insert("1".to_owned(), 0);
        compiler
    }

    /// Orders everything that became known by its instant, so that the order of input does not
    /// matter.
    fn number_the_log(&mut self, records: &Records) {
        let mut instants: Vec<Instant> =
            records.iter().filter_map(|(_, _, record)| record.recorded_at()).collect();
        let accreditations =
            records.accreditations.iter().flat_map(|record| &record.status_history);
        let laws = records.legal_recognitions.iter().flat_map(|record| &record.status_history);
        instants.extend(accreditations.chain(laws).filter_map(|entry| entry.recorded_at));
        let capabilities = records.capabilities.iter().flat_map(|record| &record.status_history);
        instants.extend(capabilities.filter_map(|entry| entry.recorded_at));
        let calibrations = records.calibrations.iter().flat_map(|record| &record.status_history);
        instants.extend(calibrations.filter_map(|entry| entry.recorded_at));
        let events = records.measurement_standards.iter().flat_map(|record| &record.events);
        instants.extend(events.filter_map(|event| event.recorded_at));
        instants.sort_unstable();
        let mut reached: LogIndex = 0;
        for instant in instants {
            reached += 1;
            match self.evidence.log.last_mut() {
                Some((last, index)) if *last == instant => *index = reached,
                _ => self.evidence.log.push((instant, reached)),
            }
        }
        self.evidence.log_head = reached;
        self.instants = self.evidence.log.iter().copied().collect();
    }

    fn known(&self, own: Option<Instant>, record: Option<Instant>) -> LogIndex {
        own.or(record).and_then(|instant| self.instants.get(&instant).copied()).unwrap_or(0)
    }

    fn text(&mut self, text: &str) -> TextIndex {
        if let Some(index) = self.texts.get(text) {
            return *index;
        }
        let index = self.evidence.texts.push(text);
        self.texts.insert(text.to_owned(), index);
        index
    }

    fn optional_text(&mut self, text: Option<&String>) -> Option<TextIndex> {
        text.map(|text| self.text(text))
    }

    fn unit(&mut self, unit: &Unit) -> UnitIndex {
        if let Some(index) = self.units.get(unit.code()) {
            return *index;
        }
        let index = UnitIndex::try_from(self.evidence.units.len()).unwrap_or(UnitIndex::MAX);
        self.evidence.units.push(unit.clone());
        self.units.insert(unit.code().to_owned(), index);
        index
    }

    fn identity(&mut self, id: &Id) -> Identity {
        match uuid::Uuid::try_parse(id.as_str()) {
            Ok(uuid) => Identity::of_uuid(uuid),
            Err(_) => Identity::of_label(self.text(id.as_str())),
        }
    }

    fn position(&self, id: Option<&Id>, collection: CollectionName) -> Option<usize> {
        let (found, position) = self.positions.get(id?.as_str())?;
        (*found == collection).then_some(*position)
    }

    fn organisation(&self, id: Option<&Id>) -> Option<OrganisationIndex> {
        self.position(id, CollectionName::Organisations).map(OrganisationIndex::new)
    }

    fn accreditation(&self, id: Option<&Id>) -> Option<AccreditationIndex> {
        self.position(id, CollectionName::Accreditations).map(AccreditationIndex::new)
    }

    fn standard(&self, id: Option<&Id>) -> Option<StandardIndex> {
        self.position(id, CollectionName::MeasurementStandards).map(StandardIndex::new)
    }

    fn calibration(&self, id: Option<&Id>) -> Option<CalibrationIndex> {
        self.position(id, CollectionName::Calibrations).map(CalibrationIndex::new)
    }

    /// A measured value, on its scale (offset included).
    fn measured(&mut self, value: &Decimal, unit: &Unit) -> Measured {
        Measured { si: on_scale(value, unit), ..self.difference(value, unit) }
    }

    /// An uncertainty or a difference: converted without offset (rule Q-03).
    fn difference(&mut self, value: &Decimal, unit: &Unit) -> Measured {
        Measured {
            si: value.to_f64() * unit.factor(),
            unit: self.unit(unit),
            last_digit: value.last_digit_exponent(),
        }
    }

    fn coverage(&mut self, coverage: Coverage) -> u16 {
        let position = self.evidence.coverages.iter().position(|other| *other == coverage);
        let position = position.unwrap_or_else(|| {
            self.evidence.coverages.push(coverage);
            self.evidence.coverages.len() - 1
        });
        u16::try_from(position).unwrap_or(u16::MAX)
    }

    fn parameter(&mut self, parameter: &Parameter) -> ParameterRow {
        let one = Unit::parse("1").ok();
        let unit = parameter.unit.as_ref().or(one.as_ref());
        let number = |value: Option<&Decimal>| {
            value.map_or(f64::NAN, |value| unit.map_or(f64::NAN, |unit| on_scale(value, unit)))
        };
        let value = parameter.value.as_ref();
        let extent = Extent {
            lower: number(parameter.lower.as_ref().or(value)),
            upper: number(parameter.upper.as_ref().or(value)),
        };
        let stated = !extent.lower.is_nan() || !extent.upper.is_nan();
        ParameterRow {
            name: self.text(&parameter.name),
            extent: stated.then_some(extent),
            text: parameter.text.as_ref().map(|text| self.text(&normalised(text))),
            unit: unit.map_or(0, |unit| self.unit(unit)),
            reference_condition: is_reference_condition(&parameter.name),
            describes: describes(&parameter.name),
        }
    }

    fn parameters(&mut self, parameters: &[Parameter]) -> Box<[ParameterRow]> {
        parameters.iter().map(|parameter| self.parameter(parameter)).collect()
    }

    fn names(&mut self, names: &Names) -> (TextIndex, TextIndex) {
        (
            self.text(names.in_language(Language::Vietnamese)),
            self.text(names.in_language(Language::English)),
        )
    }

    fn organisations(&mut self) {
        for record in self.records.organisations.clone() {
            let (name_vi, name_en) = self.names(&record.names);
            let row = OrganisationRow {
                id: self.identity(&record.id),
                kind: record.kind,
                country: record.country.as_deref().and_then(country),
                name_vi,
                name_en,
                known_from: self.known(None, record.recorded_at),
            };
            self.evidence.organisations.push(row);
        }
    }

    fn memberships(&mut self) {
        let mut rows = Vec::new();
        for record in self.records.memberships.clone() {
            let row = MembershipRow {
                arrangement: record.arrangement,
                scope: record.scope,
                role: record.role,
                valid: Period::new(record.valid_from, record.valid_to),
                areas: record.areas.iter().map(|area| self.text(area)).collect(),
                qms_approved_on: record.qms_approved_on,
                synced_on: record.synced_at.map(Instant::day),
                known_from: self.known(None, record.recorded_at),
            };
            if let Some(country) = record.country.as_deref().and_then(country) {
                self.evidence.country_memberships.push((country, row.clone()));
            }
            if let Some(organisation) = self.organisation(record.organisation.as_ref()) {
                rows.push((organisation.position(), row));
            }
        }
        self.evidence.country_memberships.sort_by_key(|(country, _)| *country);
        self.evidence.memberships = Groups::grouped(self.evidence.organisations.len(), rows);
    }

    fn accreditation_statuses(
        &mut self,
        entries: &[AccreditationStatusEntry],
        record: Option<Instant>,
    ) -> Vec<StatusRow<crate::domain::recognition::AccreditationStatus>> {
        entries
            .iter()
            .map(|entry| StatusRow {
                status: entry.status,
                effective: Period::new(Some(entry.effective_from), entry.effective_to),
                known_from: self.known(entry.recorded_at, record),
            })
            .collect()
    }

    fn accreditations(&mut self) {
        let mut of_organisation = Vec::new();
        for (position, record) in self.records.accreditations.clone().into_iter().enumerate() {
            let statuses = self.accreditation_statuses(&record.status_history, record.recorded_at);
            let concerned = record.status_history.iter().map(|entry| {
                let indices = entry.capabilities.iter().filter_map(|id| {
                    self.position(Some(id), CollectionName::Capabilities).map(CapabilityIndex::new)
                });
                indices.collect()
            });
            let statuses = statuses.into_iter().zip(concerned.collect::<Vec<_>>()).collect();
            let row = AccreditationRow {
                id: self.identity(&record.id),
                organisation: self.organisation(Some(&record.organisation)),
                body: self.organisation(Some(&record.accreditation_body)),
                standard: record.standard,
                number: self.optional_text(record.number.as_ref()),
                valid: Period::new(record.granted_on, record.valid_to),
                sites: record
                    .sites
                    .iter()
                    .map(|site| self.site(&record.organisation, site))
                    .collect(),
                statuses,
                synced_on: record.synced_at.map(Instant::day),
                known_from: self.known(None, record.recorded_at),
            };
            if let Some(organisation) = row.organisation {
                of_organisation.push((organisation.position(), AccreditationIndex::new(position)));
            }
            self.evidence.accreditations.push(row);
        }
        let organisations = self.evidence.organisations.len();
        self.evidence.accreditations_of = Groups::grouped(organisations, of_organisation);
    }

    fn capabilities(&mut self) {
        let mut of_organisation = Vec::new();
        for (position, record) in self.records.capabilities.clone().into_iter().enumerate() {
            let row = self.capability(record);
            if let Some(organisation) = row.organisation {
                of_organisation.push((organisation.position(), CapabilityIndex::new(position)));
            }
            self.evidence.capabilities.push(row);
        }
        let organisations = self.evidence.organisations.len();
        self.evidence.capabilities_of = Groups::grouped(organisations, of_organisation);
        let mut methods: FxHashMap<(OrganisationIndex, QuantityKindId), TextIndex> =
            FxHashMap::default();
        let rows = self.evidence.capabilities.iter().enumerate();
        for (position, row) in rows {
            let Some(kind) = row.kind else { continue };
            self.evidence.capabilities_by_kind.push((kind, CapabilityIndex::new(position)));
            let (Some(organisation), Some(method)) = (row.organisation, row.method) else {
                continue;
            };
            if *methods.entry((organisation, kind)).or_insert(method) != method {
                self.told_apart_by_method.insert(organisation);
            }
        }
        self.evidence.capabilities_by_kind.sort_unstable();
    }

    /// A site as words of a record name it, with what the organisation says of it.
    fn site(&mut self, organisation: &Id, words: &str) -> SiteRow {
        let name = normalised(words);
        let named = SiteKind::from_word(&name);
        let of_organisation = self.organisation(Some(organisation)).and_then(|index| {
            let sites = &self.records.organisations[index.position()].sites;
            sites.iter().find(|site| normalised(&site.id) == name).map(|site| site.kind)
        });
        SiteRow {
            name: self.text(&name),
            kind: of_organisation.or(named),
            is_kind: named.is_some(),
        }
    }

    fn capability(&mut self, record: &Capability) -> CapabilityRow {
        let statuses = record
            .status_history
            .iter()
            .map(|entry| StatusRow {
                status: entry.status,
                effective: Period::new(Some(entry.effective_from), entry.effective_to),
                known_from: self.known(entry.recorded_at, record.recorded_at),
            })
            .collect();
        let range_in = record
            .range_in
            .as_ref()
            .and_then(|name| record.parameters.iter().find(|parameter| parameter.name == *name));
        let range = record.range.as_ref().map(extent).or_else(|| {
            let parameter = range_in?;
            let unit = parameter.unit.as_ref()?;
            Some(Extent {
                lower: bound(parameter.lower.as_ref(), unit),
                upper: bound(parameter.upper.as_ref(), unit),
            })
        });
        let range_unit = record.range.as_ref().map(|range| &range.unit);
        let range_unit = range_unit.or(range_in.and_then(|parameter| parameter.unit.as_ref()));
        let uncertainty = record.uncertainty.as_ref();
        let row = CapabilityRow {
            id: self.identity(&record.id),
            publisher: record.publisher,
            organisation: self.organisation(Some(&record.organisation)),
            accreditation: self.accreditation(record.accreditation.as_ref()),
            code: self.optional_text(record.code.as_ref()),
            kind: record.quantity_kind,
            analyte: record.analyte.as_deref().map(|text| self.text(&normalised(text))),
            matrix: record.matrix.as_deref().map(|text| self.text(&normalised(text))),
            service_category: self.optional_text(record.service_category.as_ref()),
            range,
            range_unit: range_unit.map_or(0, |unit| self.unit(unit)),
            expression: uncertainty.map(|uncertainty| self.expression(uncertainty)),
            relative: uncertainty.is_some_and(|u| u.mode == Some(Mode::Relative)),
            uncertainty_unit: uncertainty
                .and_then(|uncertainty| uncertainty.unit.as_ref())
                .map_or(0, |unit| self.unit(unit)),
            coverage_factor: record.coverage_factor.as_ref().map_or(2.0, Decimal::to_f64),
            coverage_probability: record.coverage_probability.as_ref().map(Decimal::to_f64),
            parameters: self.parameters(&record.parameters),
            method: record.method.as_deref().map(|text| self.text(&normalised(text))),
            site: record.site.as_deref().map(|site| self.site(&record.organisation, site)),
            convention: uncertainty.and_then(|uncertainty| uncertainty.convention),
            device_excluded: record.includes_device == Some(DeviceContribution::Excluded),
            traceability_source: self.optional_text(record.traceability_source.as_ref()),
            statuses,
            synced_on: record.synced_at.map(Instant::day),
            evidence: level(record.evidence_level),
            material: None,
            known_from: self.known(None, record.recorded_at),
        };
        match record.crm.as_ref().map(|material| self.capability_material(&row, material)) {
            Some(material) => CapabilityRow { material: Some(Box::new(material)), ..row },
            None => row,
        }
    }

    /// What a capability offers for certified reference materials: what is not said of them is as
    /// for the capability itself.
    fn capability_material(
        &mut self,
        row: &CapabilityRow,
        material: &CapabilityMaterial,
    ) -> CapabilityRow {
        let mut own = row.clone();
        if let Some(range) = material.range.as_ref() {
            (own.range, own.range_unit) = (Some(extent(range)), self.unit(&range.unit));
        }
        if let Some(uncertainty) = material.uncertainty.as_ref() {
            own.expression = Some(self.expression(uncertainty));
            own.relative = uncertainty.mode == Some(Mode::Relative);
            own.uncertainty_unit = uncertainty.unit.as_ref().map_or(0, |unit| self.unit(unit));
        }
        if let Some(factor) = material.coverage_factor.as_ref() {
            own.coverage_factor = factor.to_f64();
        }
        own
    }

    fn stands(&mut self, is: Option<&str>) -> Stands {
        match is.and_then(|is| is.strip_prefix("parameter:")) {
            Some(name) => Stands::ForParameter(self.text(name)),
            None => Stands::ForPoint,
        }
    }

    /// The uncertainty of a capability as something that can be evaluated; with the text that
    /// stands there when it cannot (rule C-05).
    fn expression(&mut self, uncertainty: &CapabilityUncertainty) -> CapabilityExpression {
        let evaluable = match uncertainty.expression {
            // The convention says how two figures are meant, whatever expression holds them.
            Expression::Linear | Expression::Interval if uncertainty.convention.is_some() => {
                self.under_convention(uncertainty)
            }
            Expression::Constant => self.constant(uncertainty),
            Expression::Linear => self
                .bounds(uncertainty)
                .map(|(lower, upper)| CapabilityExpression::Linear { lower, upper }),
            Expression::Interval => {
                self.bounds(uncertainty).map(|(lower, upper)| CapabilityExpression::Interval {
                    lowest: lower.min(upper),
                    highest: lower.max(upper),
                    ends: None,
                })
            }
            Expression::Equation => self.equation(uncertainty),
            Expression::Table => self.table(uncertainty),
        };
        evaluable.unwrap_or_else(|| {
            let shown = uncertainty
                .equation
                .clone()
                .unwrap_or_else(|| format!("{} without its figures", uncertainty.expression));
            CapabilityExpression::NotEvaluable(self.text(&shown))
        })
    }

    fn constant(&self, uncertainty: &CapabilityUncertainty) -> Option<CapabilityExpression> {
        let (lower, upper) = (uncertainty.lower.as_ref(), uncertainty.upper.as_ref());
        let value = lower.or(upper)?;
        // A constant with two different figures is no constant.
        if upper.is_some_and(|upper| upper.to_exact() != value.to_exact()) {
            return None;
        }
        Some(CapabilityExpression::Constant(value.to_f64() * uncertainty.unit.as_ref()?.factor()))
    }

    /// Two figures under a convention of the KCDB (rule C-07).
    fn under_convention(
        &self,
        uncertainty: &CapabilityUncertainty,
    ) -> Option<CapabilityExpression> {
        let (lower, upper) = self.bounds(uncertainty)?;
        Some(CapabilityExpression::Interval {
            lowest: lower.min(upper),
            highest: lower.max(upper),
            ends: (uncertainty.convention == Some(Convention::Two)).then_some((lower, upper)),
        })
    }

    fn bounds(&self, uncertainty: &CapabilityUncertainty) -> Option<(f64, f64)> {
        let factor = uncertainty.unit.as_ref()?.factor();
        Some((
            uncertainty.lower.as_ref()?.to_f64() * factor,
            uncertainty.upper.as_ref()?.to_f64() * factor,
        ))
    }

    fn equation(&mut self, uncertainty: &CapabilityUncertainty) -> Option<CapabilityExpression> {
        let symbols = uncertainty.symbols.as_ref();
        let names: Vec<&str> =
            symbols.iter().flat_map(|symbols| symbols.keys()).map(String::as_str).collect();
        let equation = Equation::parse(uncertainty.equation.as_ref()?, &names).ok()?;
        let bindings = symbols
            .iter()
            .flat_map(|symbols| symbols.values())
            .map(|symbol| Binding {
                stands: match symbol.parameter() {
                    Some(name) => Stands::ForParameter(self.text(name)),
                    None => Stands::ForPoint,
                },
                factor: symbol.unit().factor(),
                offset: symbol.unit().offset(),
            })
            .collect();
        Some(CapabilityExpression::Equation {
            equation,
            bindings,
            unit: uncertainty.unit.as_ref()?.factor(),
        })
    }

    fn table(&mut self, uncertainty: &CapabilityUncertainty) -> Option<CapabilityExpression> {
        let table = uncertainty.table.as_ref()?;
        let factor = uncertainty.unit.as_ref()?.factor();
        let interpolate = table.interpolate == Some(true);
        if !table.points.is_empty() {
            let axis = table.axis_unit.as_ref()?;
            let points: Box<[(f64, f64)]> = table
                .points
                .iter()
                .map(|(x, u)| (on_scale(x, axis), u.to_f64() * factor))
                .collect();
            let ascending = points.windows(2).all(|pair| pair[0].0 < pair[1].0);
            return ascending.then_some(CapabilityExpression::Table { points, interpolate });
        }
        let [rows, columns] = table.axes.as_slice() else { return None };
        let mut axis = |axis: &crate::domain::capability::TableAxis| {
            let one = Unit::parse("1").ok();
            let unit = axis.unit.as_ref().or(one.as_ref())?;
            let values: Box<[f64]> = axis.values.iter().map(|x| on_scale(x, unit)).collect();
            let ascending = values.windows(2).all(|pair| pair[0] < pair[1]);
            ascending.then(|| (self.stands(Some(&axis.is)), values))
        };
        let (rows, columns) = (axis(rows)?, axis(columns)?);
        let cells: Box<[f64]> =
            table.cells.iter().flatten().map(|cell| cell.to_f64() * factor).collect();
        let complete = table.cells.iter().all(|row| row.len() == columns.1.len())
            && cells.len() == rows.1.len() * columns.1.len()
            && !cells.is_empty();
        complete.then_some(CapabilityExpression::Matrix { rows, columns, cells, interpolate })
    }

    fn standards(&mut self) {
        let mut by_id = Vec::with_capacity(self.records.measurement_standards.len());
        for (position, record) in self.records.measurement_standards.clone().into_iter().enumerate()
        {
            by_id.push((hash_of_id(record.id.as_str()), StandardIndex::new(position)));
            let names = record.names.as_ref().map(|names| self.names(names));
            let material = record.material.as_ref().map(|material| {
                let gas = record.standard_type == Some(StandardType::GasCylinder);
                self.material_row(material, gas)
            });
            let row = StandardRow {
                id: self.identity(&record.id),
                owner: self.organisation(Some(&record.owner)),
                code: self.optional_text(record.code.as_ref()),
                name_vi: names.map(|(vi, _)| vi),
                name_en: names.map(|(_, en)| en),
                legal_level: record.legal_level.unwrap_or(LegalLevel::None),
                role: record.metrological_role,
                standard_type: record.standard_type,
                nominal: record.nominal.as_ref().map(quantity),
                parent_kit: self.standard(record.parent_kit.as_ref()),
                history_complete: record
                    .interval_policy
                    .as_ref()
                    .is_some_and(|policy| policy.history_complete == Some(true)),
                evidence: level(record.evidence_level),
                material: material.and_then(|row| push(&mut self.evidence.materials, row)),
                known_from: self.known(None, record.recorded_at),
            };
            self.evidence.standards.push(row);
            self.device_uncertainty(StandardIndex::new(position), record);
            self.details_of_standard(record);
        }
        by_id.sort_unstable();
        self.evidence.standards_by_id = by_id;
    }

    fn material_row(&mut self, record: &Material, gas: bool) -> MaterialRow {
        let normalise = |text: Option<&String>| text.map(|text| normalised(text));
        let matrix = normalise(record.matrix.as_ref());
        let properties = record.properties.iter().map(|property| {
            let analyte = normalise(property.analyte.as_ref());
            let value = property.value.as_ref().zip(property.unit.as_ref());
            MaterialPropertyRow {
                kind: property.quantity_kind,
                analyte: self.optional_text(analyte.as_ref()),
                value: value.map(|(value, unit)| self.measured(value, unit)),
                certified: property.certified,
            }
        });
        let properties = properties.collect();
        let amount = |compiler: &mut Self, amount: Option<&QuantityValue>| {
            amount.map(|amount| compiler.difference(&amount.value, &amount.unit))
        };
        let (from, to) = (record.jctlm_listed_from, record.jctlm_listed_to);
        MaterialRow {
            producer: self.organisation(record.producer.as_ref()),
            batch: self.optional_text(record.batch.as_ref()),
            matrix: self.optional_text(matrix.as_ref()),
            properties,
            valid_to: record.valid_to,
            opened_on: record.opened_on,
            post_open_days: record.post_open_days,
            storage: record.storage.is_some(),
            minimum_sample: amount(self, record.minimum_sample.as_ref()),
            remaining: amount(self, record.remaining.as_ref()),
            jctlm: self.optional_text(record.jctlm_id.as_ref()),
            listed: from.or(to).map(|_| Period::new(from, to)),
            gas,
        }
    }

    /// What the standard itself adds to a calibration of it, as an expanded uncertainty (k = 2):
    /// its property `device_uncertainty`.
    fn device_uncertainty(&mut self, index: StandardIndex, record: &MeasurementStandard) {
        let properties = record.properties.iter();
        for property in properties.filter(|property| property.name == "device_uncertainty") {
            let figure = property.value.to_f64() * property.unit.factor();
            let unit = self.unit(&property.unit);
            self.evidence.device_uncertainties.push((index, figure, unit));
        }
    }

    fn details_of_standard(&mut self, record: &MeasurementStandard) {
        let events: Vec<EventRow> = record
            .events
            .iter()
            .map(|event| EventRow {
                kind: event.kind,
                on: event.on,
                discovered_on: event.discovered_on,
                breaks: event.breaks(),
                within_limits: event.within_limits,
                kinds: event.quantity_kinds.as_slice().into(),
                range: event.range.as_ref().map(extent),
                known_from: self.known(event.recorded_at, record.recorded_at),
            })
            .collect();
        self.evidence.events.push(events);
        let policies = record.interval_policy.iter().chain(&record.interval_policy_history);
        self.evidence.interval_policies.push(policies.map(|policy| IntervalPolicyRow {
            effective_from: policy.effective_from.unwrap_or(Day::beginning()),
            months: policy.months,
        }));
        let drift =
            |kind: Option<QuantityKindId>, drift: &crate::domain::standard::Drift| DriftRow {
                kind,
                limit: drift.limit.value.to_f64() * drift.limit.unit.factor(),
                relative: drift.mode == Some(Mode::Relative),
            };
        let of_quantities = record.quantities.iter().filter_map(|quantity| {
            quantity.drift.as_ref().map(|limit| drift(Some(quantity.quantity_kind), limit))
        });
        let of_all = record.drift.as_ref().map(|limit| drift(None, limit));
        self.evidence.drifts.push(of_quantities.chain(of_all));
        self.evidence.use_models.push(record.use_models.iter().map(|model| UseModelRow {
            kind: model.quantity_kind,
            extent: extent(&model.interval),
        }));
        self.evidence.properties.push(record.properties.iter().filter_map(property));
        self.evidence.nominals.push(record.quantities.iter().filter_map(|of| {
            of.nominal.as_ref().map(|nominal| (of.quantity_kind, quantity(nominal)))
        }));
        let of_quantities = record.quantities.iter().filter_map(|of| {
            of.accuracy_class.as_ref().map(|class| (Some(of.quantity_kind), class))
        });
        let of_all = record.accuracy_class.as_ref().map(|class| (None, class));
        let classes: Vec<_> =
            of_quantities.chain(of_all).map(|(kind, class)| (kind, self.text(class))).collect();
        self.evidence.accuracy_classes.push(classes);
    }

    /// The legal texts of a recognition; of several documents of one designation each counts.
    fn basis(
        &mut self,
        record: &LegalRecognition,
        documents: &FxHashMap<&str, Vec<&Document>>,
    ) -> Box<[BasisRow]> {
        let mut rows = Vec::new();
        for basis in &record.legal_basis {
            let designation = self.text(&basis.document);
            let named = documents.get(basis.document.as_str());
            let before = rows.len();
            rows.extend(named.into_iter().flatten().map(|document| {
                let from = document.valid_from.or(document.published_on);
                let valid = Period::new(from, document.valid_to);
                let known = self.known(None, document.recorded_at);
                BasisRow { designation, in_force: Some((valid, known)) }
            }));
            if rows.len() == before {
                rows.push(BasisRow { designation, in_force: None });
            }
        }
        rows.into()
    }

    fn legal_recognitions(&mut self) {
        let (mut of_organisation, mut of_standard) = (Vec::new(), Vec::new());
        let mut documents: FxHashMap<&str, Vec<&Document>> = FxHashMap::default();
        for document in self.records.documents.clone() {
            documents.entry(document.designation.as_str()).or_default().push(document);
        }
        for (position, record) in self.records.legal_recognitions.clone().into_iter().enumerate() {
            let index = LegalRecognitionIndex::new(position);
            let row = LegalRecognitionRow {
                id: self.identity(&record.id),
                kind: record.kind,
                organisation: self.organisation(record.organisation.as_ref()),
                standard: self.standard(record.standard.as_ref()),
                decision: self.optional_text(record.decision_number.as_ref()),
                valid: Period::new(record.valid_from, record.valid_to),
                fields: record.fields.iter().map(|field| self.text(field)).collect(),
                statuses: self.accreditation_statuses(&record.status_history, record.recorded_at),
                basis: self.basis(record, &documents),
                known_from: self.known(None, record.recorded_at),
            };
            if let Some(organisation) = row.organisation {
                of_organisation.push((organisation.position(), index));
            }
            if let Some(standard) = row.standard {
                of_standard.push((standard.position(), index));
            }
            self.evidence.legal_recognitions.push(row);
        }
        self.evidence.legal_of_organisation =
            Groups::grouped(self.evidence.organisations.len(), of_organisation);
        self.evidence.legal_of_standard =
            Groups::grouped(self.evidence.standards.len(), of_standard);
    }

    fn realisations(&mut self) {
        for record in self.records.realisations.clone() {
            let uncertainty = record.standard_uncertainty.as_ref().map(|uncertainty| {
                (
                    self.difference(&uncertainty.value, &uncertainty.unit),
                    uncertainty.mode == Some(Mode::Relative),
                )
            });
            let row = RealisationRow {
                id: self.identity(&record.id),
                kind: record.kind,
                organisation: self.organisation(Some(&record.organisation)),
                quantity: record.quantity_kind,
                range: record.range.as_ref().map(extent),
                method: self.optional_text(record.method.as_ref()),
                uncertainty,
                epoch: record.epoch.as_deref().map(epoch),
                valid: Period::new(record.valid_from, record.valid_to),
                known_from: self.known(None, record.recorded_at),
            };
            self.evidence.realisations.push(row);
            self.evidence.bulletins.push(bulletins(record));
        }
    }

    fn calibrations(&mut self) {
        let mut of_standard = Vec::new();
        let pieces = self.pieces_of_kits();
        let mut of_issuer = Vec::with_capacity(self.records.calibrations.len());
        let starts = self.starts_of_results();
        for (position, record) in self.records.calibrations.clone().into_iter().enumerate() {
            let index = CalibrationIndex::new(position);
            let row = self.calibration_row(record);
            let named = record.results.iter().filter_map(|result| result.item.as_ref());
            let items = record.items.iter().chain(named);
            let items = items.filter_map(|id| self.standard(Some(id)));
            let mut items: Vec<StandardIndex> = items.chain(row.item).collect();
            add_pieces(&pieces, &mut items);
            items.sort_unstable();
            items.dedup();
            of_standard.extend(items.iter().map(|item| (item.position(), index)));
            if let Some(issuer) = row.issuer {
                of_issuer.push((issuer.position(), row.performed_to, index));
            }
            let id = self.identity(&record.id);
            self.evidence.calibration_ids.push(id);
            self.evidence.calibrations.push(row);
            let statuses = self.calibration_statuses(record);
            self.evidence.calibration_statuses.push(statuses);
            let mut results: Vec<ResultRow> =
                record.results.iter().map(|result| self.result_row(result, index)).collect();
            if record.kind == model::CalibrationKind::ReferenceMaterialCertificate {
                results.iter_mut().for_each(at_its_own_value);
            }
            self.evidence.results.push(results);
            let references: Vec<ReferenceRow> = record
                .references
                .iter()
                .map(|reference| self.reference_row(reference, record, &starts))
                .collect();
            self.evidence.references.push(references);
            if let Some(amended) = self.calibration(record.amends.as_ref()) {
                self.evidence.amendments.push((amended, index));
            }
        }
        self.evidence.amendments.sort_unstable();
        self.namesakes();
        self.evidence.calibrations_of = Groups::grouped(self.evidence.standards.len(), of_standard);
        of_issuer.sort_unstable();
        let of_issuer = of_issuer.into_iter().map(|(issuer, _, index)| (issuer, index)).collect();
        self.evidence.issued_by = Groups::grouped(self.evidence.organisations.len(), of_issuer);
    }

    /// Sets and their pieces, sorted.
    fn pieces_of_kits(&self) -> Vec<(StandardIndex, StandardIndex)> {
        let standards = self.evidence.standards.iter().enumerate();
        let mut pieces: Vec<(StandardIndex, StandardIndex)> = standards
            .filter_map(|(position, row)| Some((row.parent_kit?, StandardIndex::new(position))))
            .collect();
        pieces.sort_unstable();
        pieces
    }

    /// Certificates of one issuer with the same number (rule D-06).
    fn namesakes(&mut self) {
        let rows = self.evidence.calibrations.iter().enumerate();
        let mut numbered: Vec<(OrganisationIndex, TextIndex, CalibrationIndex)> = rows
            .filter_map(|(position, row)| {
                Some((row.issuer?, row.number, CalibrationIndex::new(position)))
            })
            .collect();
        numbered.sort_unstable();
        let same = |left: &(_, _, _), right: &(_, _, _)| (left.0, left.1) == (right.0, right.1);
        let several = numbered.chunk_by(same).filter(|namesakes| namesakes.len() > 1);
        for (group, namesakes) in (0..).zip(several) {
            let members = namesakes.iter().map(|(_, _, calibration)| *calibration);
            self.evidence.namesakes.extend(members.clone().map(|member| (member, group)));
            self.evidence.namesake_groups.push(members);
        }
        self.evidence.namesakes.sort_unstable();
    }

    /// Where the rows of each certificate begin in the arena.
    fn starts_of_results(&self) -> Vec<usize> {
        let lengths = self.records.calibrations.iter().map(|record| record.results.len());
        lengths
            .scan(0, |start, length| {
                let this = *start;
                *start += length;
                Some(this)
            })
            .collect()
    }

    fn calibration_statuses(&self, record: &Calibration) -> Vec<CalibrationStatusRow> {
        let history = &record.status_history;
        let status = |status| move |entry: &model::CalibrationStatusEntry| entry.status == status;
        if history.iter().all(status(CalibrationStatus::Issued)) {
            return Vec::new();
        }
        history
            .iter()
            .map(|entry| CalibrationStatusRow {
                effective_from: entry.effective_from,
                known_from: self.known(entry.recorded_at, record.recorded_at),
                status: entry.status,
            })
            .collect()
    }

    fn calibration_row(&mut self, record: &Calibration) -> CalibrationRow {
        let (identity, identifiers) = self.identity_match(record);
        let competence = record.competence_evidence.as_ref().map(|evidence| {
            let items: FxHashSet<_> = evidence.items.iter().copied().collect();
            let complete = items.len() == model::CompetenceItem::ALL.len();
            (evidence.decision.unwrap_or(model::CompetenceDecision::Pending), complete)
        });
        let detail = CalibrationDetail {
            amends: self.calibration(record.amends.as_ref()),
            competence,
            identifiers,
            full_budget: record.references_complete == Some(true)
                && record.references.iter().all(|reference| {
                    reference.role == Some(model::ReferenceRole::Check)
                        || reference.uncertainty_in_budget.is_some()
                })
                && !record.references.is_empty(),
            items: record.items.iter().filter_map(|id| self.standard(Some(id))).collect(),
            disorder: disorder(record).map(Box::new),
            verifier: match record.kind {
                model::CalibrationKind::LegalVerification => {
                    self.optional_text(record.signatory.as_ref())
                }
                _ => None,
            },
            correction_applied: record.correction_applied,
            protocol: record.kind == model::CalibrationKind::ComparisonReport
                && (!record.methods.is_empty()
                    || record.results.iter().any(|result| !result.methods.is_empty())),
            atmospheric_pressure: atmospheric_pressure(record),
            site: record.site.as_deref().map(|site| self.site(&record.issuer, site)),
            performed_by: record
                .performed_by
                .as_ref()
                .filter(|performed_by| **performed_by != record.issuer)
                .and_then(|performed_by| self.organisation(Some(performed_by))),
            methods: self.methods(record),
        };
        let rare = detail.amends.is_some()
            || detail.disorder.is_some()
            || detail.verifier.is_some()
            || detail.correction_applied.is_some()
            || detail.protocol
            || detail.atmospheric_pressure.is_some()
            || detail.competence.is_some()
            || detail.identifiers.is_some()
            || detail.full_budget
            || !detail.items.is_empty()
            || detail.site.is_some()
            || detail.performed_by.is_some()
            || !detail.methods.is_empty();
        let endorsement = match record.endorsement.as_ref() {
            Some(endorsement) => match self.accreditation(endorsement.accreditation.as_ref()) {
                Some(accreditation) => EndorsementRow::Accreditation(accreditation),
                None if endorsement.cipm_mra == Some(true) => EndorsementRow::CipmMra,
                None => EndorsementRow::None,
            },
            None => EndorsementRow::None,
        };
        CalibrationRow {
            item: self.standard(Some(&record.item)),
            issuer: self.organisation(Some(&record.issuer)),
            number: self.text(&record.number),
            performed_from: record.performed_from,
            performed_to: record.performed_to,
            issued_on: record.issued_on,
            due_on: record.due_on,
            endorsement,
            detail: rare.then(|| push(&mut self.evidence.calibration_details, detail)).flatten(),
            known_from: self.known(None, record.recorded_at),
            kind: record.kind,
            evidence: level(record.evidence_level),
            identity,
            due_source: record.due_on_source.unwrap_or(model::DueSource::Agreed),
            epoch: record.epoch.as_deref().map(epoch),
            continuous: record.continuous == Some(true),
            references_complete: record.references_complete != Some(false),
            stated: stated(record),
        }
    }

    /// The methods of a certificate, where the issuer's entries differ by method.
    fn methods(&mut self, record: &Calibration) -> Box<[TextIndex]> {
        let issuer = self.organisation(Some(&record.issuer));
        if issuer.is_none_or(|issuer| !self.told_apart_by_method.contains(&issuer)) {
            return Box::default();
        }
        let texts = record.methods.iter().filter_map(|method| method.text.as_deref());
        texts.map(|text| self.text(&normalised(text))).collect()
    }

    /// Compares the item as printed with the standard (rule D-04).
    fn identity_match(
        &mut self,
        record: &Calibration,
    ) -> (IdentityMatch, Option<(TextIndex, TextIndex)>) {
        let standard = self.standard(Some(&record.item));
        let standard = standard.map(|index| self.records.measurement_standards[index.position()]);
        let (Some(printed), Some(standard)) = (record.item_identification.as_ref(), standard)
        else {
            return (IdentityMatch::NothingToCompare, None);
        };
        let (found, texts) = identity(printed, standard);
        (found, texts.map(|(printed, own)| (self.text(&printed), self.text(&own))))
    }

    fn result_row(
        &mut self,
        result: &model::CalibrationResult,
        calibration: CalibrationIndex,
    ) -> ResultRow {
        let name = self.text(&result.id);
        let mut row = ResultRow::new(calibration, name, result.quantity_kind);
        row.value_is = result.value_is.unwrap_or(model::ValueIs::Actual);
        row.endorsed = result.endorsed;
        row.phase = result.phase;
        if let (Some(value), Some(unit)) = (result.value.as_ref(), result.unit.as_ref()) {
            let measured = match row.value_is {
                model::ValueIs::Actual | model::ValueIs::Indication => self.measured(value, unit),
                _ => self.difference(value, unit),
            };
            row.set_value(measured);
        }
        match (result.point.as_ref(), result.interval.as_ref()) {
            (Some(point), _) => {
                row.extent = Extent::point(quantity(point));
                row.extent_unit = self.unit(&point.unit);
            }
            (None, Some(interval)) => {
                row.extent = extent(interval);
                row.extent_unit = self.unit(&interval.unit);
            }
            (None, None) => {}
        }
        if let Some(uncertainty) = result.uncertainty.as_ref() {
            let coverage = self.coverage(Coverage {
                factor: uncertainty.coverage_factor.as_ref().map(Decimal::to_f64),
                probability: uncertainty.coverage_probability.as_ref().map(Decimal::to_f64),
                degrees_of_freedom: uncertainty.degrees_of_freedom.as_ref().map(Decimal::to_f64),
            });
            let figure = self.difference(&uncertainty.value, &uncertainty.unit);
            let (kind, mode) = (uncertainty.kind, uncertainty.mode);
            row.set_uncertainty(UncertaintyRow { figure, coverage, kind, mode });
        }
        let normalise = |text: Option<&String>| text.map(|text| normalised(text));
        let (analyte, matrix) =
            (normalise(result.analyte.as_ref()), normalise(result.matrix.as_ref()));
        let detail = ResultDetail {
            parameters: self.parameters(&result.parameters),
            item: self.standard(result.item.as_ref()),
            point_tolerance: result
                .point_tolerance
                .as_ref()
                .map(|tolerance| tolerance.value.to_f64() * tolerance.unit.factor()),
            valid_interval: result.valid_interval.as_ref().map(extent),
            interpolation: result.interpolation,
            analyte: self.optional_text(analyte.as_ref()),
            matrix: self.optional_text(matrix.as_ref()),
            service_category: self.optional_text(result.service_category.as_ref()),
            conformity: self.conformity(result, row.value_is),
        };
        let rare = !detail.parameters.is_empty()
            || detail.item.is_some()
            || detail.point_tolerance.is_some()
            || detail.valid_interval.is_some()
            || detail.interpolation.is_some()
            || detail.analyte.is_some()
            || detail.matrix.is_some()
            || detail.service_category.is_some()
            || detail.conformity.is_some();
        if rare {
            row.detail = push(&mut self.evidence.result_details, detail);
        }
        row
    }

    /// A statement of conformity. Its limits are in the unit of the row's number, on its scale.
    fn conformity(
        &mut self,
        result: &model::CalibrationResult,
        value_is: model::ValueIs,
    ) -> Option<Box<ConformityRow>> {
        let stated = result.conformity.as_ref()?;
        let unit = result.unit.as_ref().or(result.point.as_ref().map(|point| &point.unit));
        let on_a_scale = matches!(value_is, model::ValueIs::Actual | model::ValueIs::Indication);
        let limit = |limit: Option<&Decimal>| match (limit, unit) {
            (Some(limit), Some(unit)) if on_a_scale => on_scale(limit, unit),
            (Some(limit), Some(unit)) => limit.to_f64() * unit.factor(),
            _ => f64::NAN,
        };
        let extent = |lower: Option<&Decimal>, upper: Option<&Decimal>| Extent {
            lower: limit(lower),
            upper: limit(upper),
        };
        Some(Box::new(ConformityRow {
            specification: self.optional_text(stated.specification.as_ref()),
            limits: extent(stated.lower_limit.as_ref(), stated.upper_limit.as_ref()),
            acceptance: extent(stated.acceptance_lower.as_ref(), stated.acceptance_upper.as_ref()),
            decision_rule: self.optional_text(stated.decision_rule.as_ref()),
            statement: stated.statement,
        }))
    }

    fn target(&self, reference: &model::Reference, starts: &[usize]) -> Target {
        if let Some(root) =
            self.position(reference.realisation.as_ref(), CollectionName::Realisations)
        {
            return Target::Realisation(RealisationIndex::new(root));
        }
        let standard = self.standard(reference.standard.as_ref());
        let Some(calibration) = self.calibration(reference.calibration.as_ref()) else {
            return standard.map_or(Target::Open, Target::Standard);
        };
        let record = self.records.calibrations[calibration.position()];
        let is_its_item = |id: &Id| {
            *id == record.item
                || record.items.contains(id)
                || record.results.iter().any(|result| result.item.as_ref() == Some(id))
                || self.standard(Some(id)).is_some_and(|piece| {
                    let kits = self.evidence.kits_of(piece);
                    self.standard(Some(&record.item)).is_some_and(|item| kits.contains(&item))
                })
        };
        if reference.standard.as_ref().is_some_and(|id| !is_its_item(id)) {
            return Target::ForeignItem(calibration);
        }
        let document = record.document.as_ref().and_then(|document| document.sha256.as_ref());
        let used = reference.document_sha256.as_ref();
        if used.zip(document).is_some_and(|(used, document)| used != document) {
            return Target::OtherDocument(calibration);
        }
        let row = reference
            .result
            .as_ref()
            .and_then(|name| record.results.iter().position(|result| result.id == *name));
        match row {
            Some(row) => Target::Row(ResultIndex::new(starts[calibration.position()] + row)),
            None => Target::Certificate(calibration),
        }
    }

    fn reference_row(
        &mut self,
        reference: &model::Reference,
        record: &Calibration,
        starts: &[usize],
    ) -> ReferenceRow {
        let target = self.target(reference, starts);
        let coefficient = match reference.model {
            Some(model::Model::Product) => reference.exponent.as_ref(),
            _ => reference.sensitivity.as_ref(),
        };
        let for_results = (!reference.for_results.is_empty()).then(|| {
            let positions = record.results.iter().enumerate();
            let named = positions.filter(|(_, result)| reference.for_results.contains(&result.id));
            named.filter_map(|(row, _)| u32::try_from(row).ok()).collect::<Box<[u32]>>()
        });
        let budget = reference
            .uncertainty_in_budget
            .as_ref()
            .map(|budget| self.difference(&budget.value, &budget.unit));
        let equation_unbound = reference.equation.as_ref().is_some_and(|equation| {
            let bound: Vec<&str> =
                record.references.iter().filter_map(|other| other.symbol.as_deref()).collect();
            let symbols = Equation::symbols_of(equation);
            symbols.is_ok_and(|symbols| symbols.iter().any(|s| !bound.contains(&s.as_str())))
        });
        let until_known = match target {
            Target::Row(_)
            | Target::Certificate(_)
            | Target::ForeignItem(_)
            | Target::OtherDocument(_) => {
                let certificate = self.calibration(reference.calibration.as_ref());
                let item = certificate.and_then(|certificate| {
                    self.standard(Some(&self.records.calibrations[certificate.position()].item))
                });
                let named = self.standard(reference.standard.as_ref());
                (named != item).then(|| named.map_or(Target::Open, Target::Standard))
            }
            Target::Realisation(_) | Target::Standard(_) | Target::Open => None,
        };
        let some = for_results.filter(|rows| rows.len() != record.results.len());
        // Nearly every certificate has so few rows that bits name them.
        let fits = record.results.len() <= u16::BITS as usize;
        let rows = some.iter().filter(|_| fits).flatten().fold(0, |bits, row| bits | 1 << row);
        let detail = ReferenceDetail {
            for_results: some.filter(|_| rows == 0),
            budget,
            shares: reference
                .shared_with
                .iter()
                .map(|shared| {
                    let figure = &shared.uncertainty;
                    (self.text(&shared.group), self.difference(&figure.value, &figure.unit))
                })
                .collect(),
            equation_unbound,
            until_known,
        };
        let rare = detail.for_results.is_some()
            || detail.budget.is_some()
            || !detail.shares.is_empty()
            || equation_unbound
            || until_known.is_some();
        ReferenceRow {
            target,
            coefficient: coefficient.map_or(f64::NAN, Decimal::to_f64),
            detail: rare.then(|| push(&mut self.evidence.reference_details, detail)).flatten(),
            rows,
            role: reference.role.unwrap_or(model::ReferenceRole::Main),
            model: reference.model,
        }
    }

    fn comparisons(&mut self) {
        let mut of_organisation = Vec::new();
        for (position, record) in self.records.comparisons.clone().into_iter().enumerate() {
            let id = self.identity(&record.id);
            let code = self.optional_text(record.code.as_ref());
            self.evidence.comparisons.push((id, code));
            let index = ComparisonIndex::new(position);
            let results = record.results.iter();
            let rows: Vec<ComparisonRow> =
                results.map(|result| self.comparison_row(index, record, result)).collect();
            for (result, row) in record.results.iter().zip(&rows) {
                if let Some(organisation) = self.organisation(Some(&result.organisation)) {
                    of_organisation.push((organisation.position(), *row));
                }
            }
            self.evidence.comparison_results.push(rows);
        }
        self.evidence.comparisons_of =
            Groups::grouped(self.evidence.organisations.len(), of_organisation);
    }

    fn comparison_row(
        &mut self,
        comparison: ComparisonIndex,
        record: &Comparison,
        result: &ComparisonResult,
    ) -> ComparisonRow {
        let one = Unit::parse("1").ok();
        let unit = result.unit.as_ref().or(one.as_ref());
        let mut figure = |figure: Option<&Decimal>| {
            figure.zip(unit).map(|(figure, unit)| self.difference(figure, unit))
        };
        let of_kind = record.quantity_kind.map(|kind| kind.kind().dimension);
        let relative = unit.is_some_and(|unit| {
            unit.dimension() == Dimension::DIMENSIONLESS
                && of_kind.is_some_and(|dimension| dimension != Dimension::DIMENSIONLESS)
        });
        ComparisonRow {
            comparison,
            kind: record.kind,
            quantity: record.quantity_kind,
            status: record.status,
            measured_to: record.measured_to,
            published_on: record.report_published_on,
            point: result.point.as_ref().map(quantity),
            value: figure(result.x.as_ref()),
            expanded_uncertainty: figure(result.expanded_uncertainty.as_ref()),
            reference: figure(result.reference_value.as_ref()),
            reference_expanded_uncertainty: figure(result.reference_expanded_uncertainty.as_ref()),
            degree: figure(result.degree_of_equivalence.as_ref()),
            degree_expanded_uncertainty: figure(result.doe_expanded_uncertainty.as_ref()),
            in_reference_value: result.in_reference_value,
            relative,
            normalised_error: normalised_error(result),
            corrective_action: result.corrective_action,
            service_category: self.optional_text(record.service_category.as_ref()),
            linked_to: record.linked_to.as_ref().map(|linked| {
                self.position(Some(linked), CollectionName::Comparisons).map(ComparisonIndex::new)
            }),
            organisation: self.identity(&result.organisation),
            known_from: self.known(None, record.recorded_at),
        }
    }

    fn evaluations(&mut self) {
        for record in self.records.nonconformities.clone() {
            for decision in &record.decisions {
                let affected = self.calibration(Some(&decision.calibration));
                let (Some(affected), Some(significance)) = (affected, decision.significance) else {
                    continue;
                };
                let row = EvaluationRow {
                    certificate: self.calibration(Some(&record.subject)),
                    standard: self.standard(Some(&record.subject)),
                    affected,
                    significance,
                    known_from: self.known(None, record.recorded_at),
                };
                self.evidence.evaluations.push(row);
            }
        }
    }

    /// Statements of whose word counts: of the issuer about a certificate, of the accreditation
    /// body about a scope, of an authority about a standard. What others say is no evidence.
    fn statements(&mut self) {
        let mut rows = Vec::new();
        for record in self.records.attestations.clone() {
            let Some(by) = self.organisation(Some(&record.by)) else { continue };
            let Some(attested) = self.attested(&record.record, by) else { continue };
            rows.push(StatementRow {
                attested,
                known_from: self.known(None, record.recorded_at),
                against: matches!(record.statement, Statement::Refused | Statement::Disputed),
                by,
                reason: self.optional_text(record.reason.as_ref()),
            });
        }
        rows.sort_by_key(|row| (row.attested, row.known_from, row.against));
        self.evidence.statements = rows;
    }

    fn attested(&self, id: &Id, by: OrganisationIndex) -> Option<Attested> {
        let evidence = &self.evidence;
        let (attested, counts) = match self.positions.get(id.as_str())? {
            (CollectionName::Calibrations, position) => {
                let index = CalibrationIndex::new(*position);
                let issuer = evidence.calibration(index).issuer;
                (Attested::Calibration(index), issuer == Some(by))
            }
            (CollectionName::Capabilities, position) => {
                let index = CapabilityIndex::new(*position);
                let accreditation = evidence.capability(index).accreditation;
                let body = accreditation.and_then(|index| evidence.accreditation(index).body);
                (Attested::Capability(index), body == Some(by))
            }
            (CollectionName::MeasurementStandards, position) => {
                let is_authority = evidence.organisation(by).kind == OrganisationKind::Authority;
                (Attested::Standard(StandardIndex::new(*position)), is_authority)
            }
            _ => return None,
        };
        counts.then_some(attested)
    }

    fn finish(self) -> Evidence {
        let mut evidence = self.evidence;
        let held = evidence.result_details.iter().flat_map(|detail| &detail.parameters);
        let claimed = evidence.capabilities.iter().flat_map(|row| &row.parameters);
        let conditions = held.chain(claimed).flat_map(|held| [Some(held.name), held.text]);
        let mut words: Vec<TextIndex> = conditions.flatten().collect();
        words.sort_unstable();
        words.dedup();
        evidence.condition_words = words;
        evidence.unit_symbols = evidence.units.iter().map(|unit| unit.symbols().into()).collect();
        evidence.shrink();
        evidence
    }
}

/// Adds a row of what is rarely stated and gives its number, counted from one.
fn push<T>(rows: &mut Vec<T>, row: T) -> Option<NonZeroU32> {
    rows.push(row);
    u32::try_from(rows.len()).ok().and_then(NonZeroU32::new)
}

/// What a certificate states of itself (rule D-01).
fn stated(record: &Calibration) -> Stated {
    let named = |text: Option<&String>| text.is_some_and(|text| !text.trim().is_empty());
    let printed = record.item_identification.as_ref().is_some_and(|printed| {
        named(printed.model.as_ref())
            || named(printed.serial_number.as_ref())
            || !printed.identifiers.is_empty()
    });
    let of_each = !record.results.is_empty()
        && record.results.iter().all(|result| !result.methods.is_empty());
    Stated::default()
        .and(Stated::NUMBER, !record.number.trim().is_empty())
        .and(Stated::ITEM, printed)
        .and(Stated::METHOD, !record.methods.is_empty() || of_each)
        .and(Stated::SIGNATORY, named(record.signatory.as_ref()))
        .and(Stated::CONDITIONS, !record.conditions.is_empty())
        .and(Stated::TRACEABILITY, named(record.traceability_statement.as_ref()))
        .and(Stated::UNNAMED_CHANGE, record.change.is_some() && record.amends.is_none())
}

/// The first two dates of a certificate in the wrong order: received, performed, issued, and the
/// days of its results within the performance (rule D-05).
fn disorder(record: &Calibration) -> Option<Disorder> {
    let began = ("work_began", record.performed_from);
    let ended = ("work_ended", record.performed_to);
    let received = record.received_on.map(|day| (("received", day), began));
    // A monitoring that goes on is reported while it does.
    let issued = record.issued_on.filter(|_| record.continuous != Some(true));
    let issued = issued.map(|day| (ended, ("issued", day)));
    let measured = record.results.iter().filter_map(|result| result.performed_on);
    let measured = measured.flat_map(|day| {
        let result = ("result_measured", day);
        [(began, result), (result, ended)]
    });
    received
        .into_iter()
        .chain([(began, ended)])
        .chain(measured)
        .chain(issued)
        .find(|((_, first), (_, then))| first > then)
        .map(|(first, then)| Disorder { first, then })
}

/// The normalised error En of a participant: its difference from the reference value, in units of
/// the expanded uncertainty of that difference (rule A-10).
fn normalised_error(result: &ComparisonResult) -> Option<f64> {
    let number = |figure: &Option<Decimal>| figure.as_ref().map(Decimal::to_f64);
    let own = number(&result.expanded_uncertainty)?;
    let of_reference = number(&result.reference_expanded_uncertainty)?;
    // Exact: two values may agree in all but their last digits.
    let difference = result.x.as_ref()?.to_exact() - result.reference_value.as_ref()?.to_exact();
    let error = bigdecimal::num_traits::ToPrimitive::to_f64(&difference)? / own.hypot(of_reference);
    error.is_finite().then_some(error)
}

fn level(level: Option<EvidenceLevel>) -> EvidenceLevel {
    level.unwrap_or(EvidenceLevel::IssuerConfirmed)
}

/// The epoch that a word names.
fn epoch(word: &str) -> EpochRow {
    Epoch::from_word(word).map_or(EpochRow::Unknown, EpochRow::Known)
}

/// The bulletins of a root whose month can be read, in the order of their months.
fn bulletins(record: &Realisation) -> Vec<BulletinRow> {
    let read = |bulletin: &Bulletin| {
        let from = Day::parse(&format!("{}-01", bulletin.month)).ok()?;
        let month = Period { from, to: from.plus_months(1).plus_days(-1) };
        Some(BulletinRow { month, published_on: bulletin.published_on })
    };
    let mut rows: Vec<BulletinRow> = record.bulletins.iter().filter_map(read).collect();
    rows.sort_unstable_by_key(|row| (row.month.from, row.published_on));
    rows
}

fn country(code: &str) -> Option<[u8; 2]> {
    code.as_bytes().try_into().ok()
}

fn on_scale(value: &Decimal, unit: &Unit) -> f64 {
    value.to_f64() * unit.factor() + unit.offset()
}

fn quantity(value: &QuantityValue) -> f64 {
    on_scale(&value.value, &value.unit)
}

fn bound(value: Option<&Decimal>, unit: &Unit) -> f64 {
    value.map_or(f64::NAN, |value| on_scale(value, unit))
}

fn extent(interval: &Interval) -> Extent {
    Extent {
        lower: bound(interval.lower.as_ref(), &interval.unit),
        upper: bound(interval.upper.as_ref(), &interval.unit),
    }
}

/// A certified value that states no point is one of a point, its own.
fn at_its_own_value(row: &mut ResultRow) {
    if let Some(value) =
        row.value().filter(|_| row.extent.lower.is_nan() && row.extent.upper.is_nan())
    {
        (row.extent, row.extent_unit) = (Extent::point(value.si), value.unit);
    }
}

/// The pieces of the sets among some items, and the pieces of those, behind them.
fn add_pieces(pieces: &[(StandardIndex, StandardIndex)], items: &mut Vec<StandardIndex>) {
    let mut next = 0;
    while let Some(kit) = items.get(next).copied().filter(|_| !pieces.is_empty()) {
        next += 1;
        let start = pieces.partition_point(|(other, _)| *other < kit);
        let of_kit = pieces[start..].iter().take_while(|(other, _)| *other == kit);
        for (_, piece) in of_kit {
            if !items.contains(piece) {
                items.push(*piece);
            }
        }
    }
}

/// A property that some rule reads, where its unit is of the right dimension.
fn property(property: &crate::domain::standard::Property) -> Option<PropertyRow> {
    let is_in = |code: &str| {
        Unit::parse(code).is_ok_and(|unit| unit.dimension() == property.unit.dimension())
    };
    let value = property.value.to_f64() * property.unit.factor();
    match property.name.as_str() {
        "density" if is_in("kg/m3") && value > 0.0 => Some(PropertyRow::Density(value)),
        "thermal_expansion" if is_in("1/K") => Some(PropertyRow::ThermalExpansion(value)),
        _ => None,
    }
}

/// The atmospheric pressure on the certificate of a calibration in pressure.
fn atmospheric_pressure(record: &Calibration) -> Option<f64> {
    let absolute = QuantityKindId::parse("absolute_pressure")?;
    let is_pressure =
        |kind: QuantityKindId| kind == absolute || QuantityKindId::are_variants(kind, absolute);
    if !record.results.iter().any(|result| is_pressure(result.quantity_kind)) {
        return None;
    }
    let is_atmospheric = |kind: QuantityKindId| kind == absolute || kind.id() == "pressure";
    let stated = record.conditions.iter().find(|one| is_atmospheric(one.quantity_kind))?;
    let value = stated.value.as_ref().or(stated.upper.as_ref())?;
    Some(on_scale(value, &stated.unit))
}

/// What a parameter of this name describes.
pub(super) fn describes(name: &str) -> Describes {
    match name {
        "base_pressure"
        | "base_temperature"
        | "delivery"
        | "detector"
        | "reference_temperature"
        | "scale"
        | "waveform" => Describes::Measurand,
        "cable" | "channel" | "firmware" | "indicator" | "probe" | "sensor" => {
            Describes::Configuration
        }
        _ => Describes::Conditions,
    }
}

/// Conditions that describe the surroundings of a value rather than the way it is used: left out
/// by a use, they are the row's (rules 3.4).
fn is_reference_condition(name: &str) -> bool {
    matches!(name, "temperature" | "pressure" | "relative_humidity" | "density")
}

/// Words as they are compared: without differences of case and spacing.
pub fn normalised(text: &str) -> String {
    text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// An identifier as it is compared: case, spaces and hyphens do not count (rule D-04).
fn identifier_key(text: &str) -> String {
    let dropped = |c: &char| !c.is_whitespace() && !matches!(c, '-' | '‐' | '‑' | '–' | '_');
    text.chars().filter(dropped).flat_map(char::to_lowercase).collect()
}

/// Whether an item as a certificate prints it is a standard, and what does not fit (rule D-04).
pub fn identity(
    printed: &ItemIdentification,
    standard: &MeasurementStandard,
) -> (IdentityMatch, Option<(String, String)>) {
    use ItemIdentifierKind::{Asset, Marking, Serial};
    let of = |kind: ItemIdentifierKind,
              own: Option<&String>,
              others: &[crate::domain::standard::ItemIdentifier]| {
        let others = others.iter().filter(|identifier| identifier.kind == kind);
        let all = own.into_iter().chain(others.map(|identifier| &identifier.value));
        all.filter(|text| !identifier_key(text).is_empty()).cloned().collect::<Vec<String>>()
    };
    let mut common = false;
    let mut conflict = None;
    // The batch of a reference material is printed as its mark or as its serial number.
    let batch = standard.material.as_ref().and_then(|material| material.batch.as_ref());
    let batch: Vec<String> =
        batch.filter(|batch| !identifier_key(batch).is_empty()).cloned().into_iter().collect();
    let is_a_batch = !batch.is_empty();
    let pairs = [
        (of(Serial, printed.serial_number.as_ref(), &printed.identifiers), batch.clone(), false),
        (
            of(Serial, printed.serial_number.as_ref(), &printed.identifiers),
            of(Serial, standard.serial_number.as_ref(), &standard.identifiers),
            true,
        ),
        (
            of(Asset, None, &printed.identifiers),
            of(Asset, standard.code.as_ref(), &standard.identifiers),
            true,
        ),
        (
            of(Marking, None, &printed.identifiers),
            of(Marking, None, &standard.identifiers).into_iter().chain(batch).collect(),
            is_a_batch,
        ),
    ];
    for (printed, own, decisive) in pairs {
        let (Some(first), Some(other)) = (printed.first(), own.first()) else { continue };
        let equal = printed
            .iter()
            .any(|left| own.iter().any(|right| identifier_key(left) == identifier_key(right)));
        if equal {
            common = true;
        } else if decisive && conflict.is_none() && !common {
            conflict = Some((first.clone(), other.clone()));
        }
    }
    if let Some((printed, own)) = conflict {
        return (IdentityMatch::Conflict, Some((printed, own)));
    }
    if !common {
        return (IdentityMatch::NothingToCompare, None);
    }
    let differs = |printed: Option<&String>, own: Option<&String>| {
        matches!((printed, own), (Some(printed), Some(own))
            if identifier_key(printed) != identifier_key(own))
    };
    let maker = (printed.manufacturer.as_ref(), standard.manufacturer.as_ref());
    let model = (printed.model.as_ref(), standard.model.as_ref());
    for (printed, own) in [maker, model] {
        if differs(printed, own) {
            let texts = printed.zip(own).map(|(left, right)| (left.clone(), right.clone()));
            return (IdentityMatch::OtherSpelling, texts);
        }
    }
    (IdentityMatch::Match, None)
}
