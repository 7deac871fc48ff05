//! The records behind a report, found by the ids in it, and said in one language: names as people
//! use them, values and uncertainties as the certificates print them.

use rustc_hash::FxHashMap;

use crate::domain::calibration::{Calibration, CalibrationResult};
use crate::domain::decimal::Decimal;
use crate::domain::id::Id;
use crate::domain::interval::{Interval, Parameter, QuantityValue};
use crate::domain::organisation::Organisation;
use crate::domain::realisation::Realisation;
use crate::domain::records::{Collection, Record, Records};
use crate::domain::standard::MeasurementStandard;
use crate::domain::text::Language;
use crate::domain::uncertainty::{Mode, Uncertainty, UncertaintyKind};
use crate::domain::unit::Unit;
use crate::engine::finding::Phrase;

use super::page::FIRM_BLANK;
use super::phrases;

type ById<'r, T> = FxHashMap<&'r str, &'r T>;

/// Records by id, in one language.
pub struct View<'r> {
    /// The language.
    pub language: Language,
    standards: ById<'r, MeasurementStandard>,
    calibrations: ById<'r, Calibration>,
    realisations: ById<'r, Realisation>,
    organisations: ById<'r, Organisation>,
}

impl<'r> View<'r> {
    /// A view of records.
    pub fn new(records: &'r Records, language: Language) -> Self {
        Self {
            language,
            standards: by_id(&records.measurement_standards),
            calibrations: by_id(&records.calibrations),
            realisations: by_id(&records.realisations),
            organisations: by_id(&records.organisations),
        }
    }

    /// A phrase.
    pub fn say(&self, phrase: Phrase) -> &'static str {
        phrases::say(phrase, self.language)
    }

    /// A phrase with its holes filled in.
    pub fn fill(&self, phrase: Phrase, holes: &[(&str, &str)]) -> String {
        phrases::fill(phrase, self.language, holes)
    }

    /// A standard.
    pub fn standard(&self, id: &str) -> Option<&'r MeasurementStandard> {
        self.standards.get(id).copied()
    }

    /// A certificate.
    pub fn calibration(&self, id: &str) -> Option<&'r Calibration> {
        self.calibrations.get(id).copied()
    }

    /// A row of a certificate.
    pub fn result(&self, calibration: &str, result: &str) -> Option<&'r CalibrationResult> {
        self.calibration(calibration)?.results.iter().find(|row| row.id == result)
    }

    /// A root.
    pub fn realisation(&self, id: &str) -> Option<&'r Realisation> {
        self.realisations.get(id).copied()
    }

    /// What an organisation is called; its id where it is not among the records.
    pub fn organisation<'n>(&self, id: &'n Id) -> &'n str
    where
        'r: 'n,
    {
        let name =
            self.organisations.get(id.as_str()).map(|one| one.names.in_language(self.language));
        name.unwrap_or(id.as_str())
    }

    /// A standard's code, else its name, else its id.
    pub fn code<'n>(&self, id: &'n str) -> &'n str
    where
        'r: 'n,
    {
        let Some(standard) = self.standard(id) else { return id };
        standard.code.as_deref().or_else(|| self.name(standard)).unwrap_or(id)
    }

    /// What a standard is called.
    pub fn name(&self, standard: &'r MeasurementStandard) -> Option<&'r str> {
        let name = standard.names.as_ref()?.in_language(self.language);
        (!name.is_empty()).then_some(name)
    }

    /// The quantity of a row and where it holds: its point or interval and its conditions.
    pub fn subject(&self, row: &CalibrationResult) -> String {
        let kind = phrases::quantity_kind(row.quantity_kind, self.language);
        let subject = match (&row.point, &row.interval) {
            (Some(point), _) => self.at_point(kind, point),
            (None, Some(interval)) => {
                let holes = [("quantity", kind), ("range", &range(interval))];
                self.fill(phrases::OVER_RANGE, &holes)
            }
            (None, None) => kind.to_owned(),
        };
        if row.parameters.is_empty() {
            return subject;
        }
        let conditions: Vec<String> = row.parameters.iter().map(parameter).collect();
        format!("{subject} ({})", conditions.join(", "))
    }

    /// A quantity at a point.
    pub fn at_point(&self, kind: &str, point: &QuantityValue) -> String {
        self.fill(phrases::AT_POINT, &[("quantity", kind), ("point", &quantity(point))])
    }

    /// What a row states, as printed: value, expanded uncertainty and coverage factor.
    pub fn statement(&self, row: &CalibrationResult) -> String {
        let value = match (&row.value, &row.unit) {
            (Some(value), Some(unit)) => Some(with_unit(value, unit)),
            (Some(value), None) => Some(value.to_string()),
            (None, _) => None,
        };
        let value = value.map(|value| match row.value_is.and_then(phrases::value_is) {
            Some(kind) => format!("{} {value}", self.say(kind)),
            None => value,
        });
        let uncertainty = match &row.uncertainty {
            Some(uncertainty) => self.uncertainty(uncertainty),
            None => format!(", {}", self.say(phrases::NO_UNCERTAINTY)),
        };
        match (value, row.interval.is_some()) {
            (Some(value), _) => value + &uncertainty,
            (None, true) => uncertainty.trim_start_matches([',', ' ']).to_owned(),
            (None, false) => self.say(phrases::NO_VALUE).to_owned() + &uncertainty,
        }
    }

    fn uncertainty(&self, uncertainty: &Uncertainty) -> String {
        let figure = with_unit(&uncertainty.value, &uncertainty.unit);
        let relative = uncertainty.mode == Some(Mode::Relative);
        let factor = || match (&uncertainty.coverage_factor, &uncertainty.coverage_probability) {
            (Some(k), _) => equals("k", k),
            (None, Some(p)) => equals("p", p),
            (None, None) => self.say(phrases::NO_FACTOR).to_owned(),
        };
        let notes = |own: Option<String>| {
            let relative = relative.then(|| self.say(phrases::RELATIVE).to_owned());
            let notes: Vec<String> = relative.into_iter().chain(own).collect();
            if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) }
        };
        match uncertainty.kind {
            Some(UncertaintyKind::Expanded) if relative => {
                format!(", {}{}", equals("U", figure), notes(Some(factor())))
            }
            Some(UncertaintyKind::Expanded) => {
                format!(" ±{FIRM_BLANK}{figure}{}", notes(Some(factor())))
            }
            Some(UncertaintyKind::Standard) => format!(", {}{}", equals("u", figure), notes(None)),
            Some(UncertaintyKind::Combined) => {
                format!(", {}{}", equals("u_c", figure), notes(None))
            }
            None => {
                format!(", {}", self.fill(phrases::KIND_NOT_STATED, &[("value", &figure)]))
            }
        }
    }

    /// Range and standard uncertainty of a root, as recorded.
    pub fn root_figures(&self, root: &Realisation) -> Option<String> {
        let own = root.standard_uncertainty.as_ref().map(|own| {
            let figure = equals("u", with_unit(&own.value, &own.unit));
            match own.mode {
                Some(Mode::Relative) => format!("{figure} ({})", self.say(phrases::RELATIVE)),
                _ => figure,
            }
        });
        let figures: Vec<String> = root.range.as_ref().map(range).into_iter().chain(own).collect();
        (!figures.is_empty()).then(|| figures.join(", "))
    }

    /// The days of performance.
    pub fn performed(&self, calibration: &Calibration) -> String {
        let from = calibration.performed_from.to_string();
        let to = calibration.performed_to.to_string();
        match from == to {
            true => self.fill(phrases::ON, &[("date", &from)]),
            false => self.fill(phrases::FROM_TO, &[("from", &from), ("to", &to)]),
        }
    }
}

fn by_id<T: Record>(collection: &Collection<T>) -> ById<'_, T> {
    collection.iter().map(|record| (record.id().as_str(), record)).collect()
}

/// A number with its unit, not to be parted.
pub fn with_unit(number: &Decimal, unit: &Unit) -> String {
    match unit.code() {
        "1" => number.to_string(),
        code => format!("{number}{FIRM_BLANK}{code}"),
    }
}

/// A quantity value.
pub fn quantity(value: &QuantityValue) -> String {
    with_unit(&value.value, &value.unit)
}

/// An interval; an open bound is an ellipsis alone.
pub fn range(interval: &Interval) -> String {
    let code = match interval.unit.code() {
        "1" => String::new(),
        code => format!("{FIRM_BLANK}{code}"),
    };
    let bound = |bound: &Option<Decimal>| bound.as_ref().map_or(String::new(), Decimal::to_string);
    match (&interval.lower, &interval.upper) {
        (Some(lower), Some(upper)) if lower == upper => format!("{lower}{code}"),
        (lower, upper) => format!("{}…{}{code}", bound(lower), bound(upper)),
    }
}

/// A condition.
pub fn parameter(parameter: &Parameter) -> String {
    let code = match parameter.unit.as_ref().map(Unit::code) {
        None | Some("1") => String::new(),
        Some(code) => format!("{FIRM_BLANK}{code}"),
    };
    let own = match (&parameter.value, &parameter.lower, &parameter.upper, &parameter.text) {
        (Some(value), ..) => format!("{value}{code}"),
        (None, None, None, text) => text.clone().unwrap_or_default(),
        (None, lower, upper, _) => {
            let bound = |bound: &Option<Decimal>| bound.as_ref().map(Decimal::to_string);
            let (lower, upper) = (bound(lower), bound(upper));
            format!("{}…{}{code}", lower.unwrap_or_default(), upper.unwrap_or_default())
        }
    };
    format!("{}{FIRM_BLANK}{own}", parameter.name.replace('_', " "))
}

fn equals(symbol: &str, value: impl std::fmt::Display) -> String {
    format!("{symbol}{FIRM_BLANK}={FIRM_BLANK}{value}")
}
