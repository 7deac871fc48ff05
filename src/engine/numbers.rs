//! Numeric helpers of rules.md 3.6: standard uncertainties with the interval their written digits
//! leave open, comparisons that only decide what is sure, drift.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use crate::domain::calibration::ValueIs;
use crate::domain::quantity::{QuantityKindId, Scale};
use crate::domain::uncertainty::{Mode, UncertaintyKind};
use crate::domain::unit::Dimension;

use super::evidence::{
    CalibrationRow, Coverage, DriftRow, Evidence, Extent, Measured, ResultRow, StandardIndex,
    power_of_ten,
};
use super::policy::Policy;

/// A number with the interval that its written digits leave open. A computed number is exact:
/// lower = value = upper.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Smallest number that would have been written so.
    pub lower: f64,
    /// The number as written.
    pub value: f64,
    /// Largest number that would have been written so.
    pub upper: f64,
}

impl Bounds {
    /// An exact number.
    pub fn exact(value: f64) -> Self {
        Self { lower: value, value, upper: value }
    }

    /// A measured number.
    pub fn measured(evidence: &Evidence, measured: Measured) -> Self {
        let half_width = evidence.half_width(measured);
        Self {
            lower: (measured.si - half_width).max(0.0),
            value: measured.si,
            upper: measured.si + half_width,
        }
    }

    /// Times a factor of zero or more.
    pub fn scaled(self, factor: f64) -> Self {
        Self { lower: self.lower * factor, value: self.value * factor, upper: self.upper * factor }
    }

    /// Root sum square with another number.
    pub fn in_quadrature(self, other: Self) -> Self {
        Self {
            lower: self.lower.hypot(other.lower),
            value: self.value.hypot(other.value),
            upper: self.upper.hypot(other.upper),
        }
    }

    /// Whether this is less than the other however both were rounded (SURELY_LESS).
    pub fn surely_less_than(self, other: Self) -> bool {
        self.upper + Extent::SLACK * other.lower.abs() < other.lower
    }
}

/// What keeps an uncertainty statement from being interpreted (rule U-01).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uninterpretable {
    /// There is no uncertainty.
    Absent,
    /// The uncertainty is zero.
    Zero,
    /// Standard, combined or expanded is not said.
    Kind,
    /// Neither coverage factor nor probability of an expanded uncertainty is said.
    Coverage,
    /// Absolute or relative is not said and the unit leaves both open (rule Q-04).
    Mode,
    /// Relative to something that gives no base: the value zero, a level in decibels, or a scale
    /// with an agreed zero (rule Q-04).
    Base,
}

/// An uncertainty statement brought to a standard uncertainty.
#[derive(Debug, Clone, Copy)]
pub struct Normalised {
    /// The figure as printed.
    pub figure: Bounds,
    /// What the figure is divided by to give the standard uncertainty.
    pub divisor: f64,
    /// Whether it is a fraction.
    pub relative: bool,
    /// Whether the divisor was taken from a probability because k is missing (rule U-02).
    pub assumed: bool,
    /// Whether k = 1 was taken because the issuer is the BIPM (rule U-12).
    pub bipm: bool,
    /// The coverage as stated.
    pub coverage: Coverage,
    /// The kind as stated or taken.
    pub kind: UncertaintyKind,
}

/// Brings the uncertainty of a row to a standard uncertainty (rules U-01, U-02, U-12).
///
/// # Errors
/// What is missing.
pub fn normalised(
    evidence: &Evidence,
    policy: &Policy,
    row: &ResultRow,
    issued_by_bipm: bool,
) -> Result<Normalised, Uninterpretable> {
    let uncertainty = row.uncertainty().ok_or(Uninterpretable::Absent)?;
    if uncertainty.figure.si == 0.0 {
        return Err(Uninterpretable::Zero);
    }
    let bipm = uncertainty.kind.is_none() && issued_by_bipm;
    let kind = match uncertainty.kind {
        Some(kind) => kind,
        None if issued_by_bipm => UncertaintyKind::Combined,
        None => return Err(Uninterpretable::Kind),
    };
    let coverage = evidence.coverages[uncertainty.coverage as usize];
    let (divisor, assumed) = match (kind, coverage.factor, coverage.probability) {
        (UncertaintyKind::Standard | UncertaintyKind::Combined, _, _) => (1.0, false),
        (UncertaintyKind::Expanded, Some(factor), _) => (factor, false),
        (UncertaintyKind::Expanded, None, Some(probability)) => {
            let factor = match policy.accepts_probability(probability) {
                true => 2.0,
                false => two_sided_normal(probability),
            };
            (factor, true)
        }
        (UncertaintyKind::Expanded, None, None) => return Err(Uninterpretable::Coverage),
    };
    let figure_dimension = evidence.unit(uncertainty.figure.unit).dimension();
    let kind_dimension = row.kind.kind().dimension;
    let relative = match uncertainty.mode {
        Some(mode) => mode == Mode::Relative,
        None if figure_dimension == kind_dimension
            && kind_dimension != Dimension::DIMENSIONLESS =>
        {
            false
        }
        None => return Err(Uninterpretable::Mode),
    };
    let logarithmic = || evidence.unit(uncertainty.figure.unit).is_logarithmic();
    let is_difference = || row.kind.kind().scale == Scale::Difference;
    if relative && (is_difference() || logarithmic() || !has_base(row)) {
        return Err(Uninterpretable::Base);
    }
    let figure = Bounds::measured(evidence, uncertainty.figure);
    Ok(Normalised { figure, divisor, relative, assumed, bipm, coverage, kind })
}

impl Normalised {
    /// The standard uncertainty of a row at a point, in the coherent SI unit.
    pub fn standard_at(&self, row: &ResultRow, x: f64) -> Bounds {
        let scale = if self.relative { magnitude(row, x) } else { 1.0 };
        self.figure.scaled(scale / self.divisor)
    }

    /// The factor to about 95 %: 2, or Student's t for fewer than 30 degrees of freedom.
    pub fn factor_95(&self) -> f64 {
        match self.coverage.degrees_of_freedom {
            Some(degrees) if degrees < 30.0 => student_95_45(degrees),
            _ => 2.0,
        }
    }
}

/// The magnitude a relative uncertainty multiplies: the value when it is the actual one, else the
/// point.
pub fn magnitude(row: &ResultRow, x: f64) -> f64 {
    match row.value() {
        Some(value) if row.value_is == ValueIs::Actual && row.extent.is_point() => value.si.abs(),
        _ => x.abs(),
    }
}

/// Whether a row states something other than zero that a relative uncertainty can multiply.
fn has_base(row: &ResultRow) -> bool {
    row.extent.ends().map(|x| magnitude(row, x)).any(|base| base.is_finite() && base != 0.0)
}

/// The value a row stands for in a ratio or product: the actual value, else the point.
pub fn value_of(row: &ResultRow) -> Option<f64> {
    match row.value() {
        Some(value) if row.value_is == ValueIs::Actual => Some(value.si),
        _ if row.extent.is_point() => Some(row.extent.lower),
        _ => None,
    }
}

/// Standard uncertainty of the drift of a standard over some days: a·Δt/√3 for a limit ±a a year
/// (rectangular; GUM 4.3 \[K\]).
pub fn drift(
    evidence: &Evidence,
    standard: Option<StandardIndex>,
    row: &ResultRow,
    days: i32,
    x: f64,
) -> f64 {
    const DAYS_A_YEAR: f64 = 365.25;
    let Some(standard) = standard else { return 0.0 };
    let Some(limit) = drift_limit(evidence, standard, row.kind) else {
        return 0.0;
    };
    let a = if limit.relative { limit.limit * magnitude(row, x) } else { limit.limit };
    a * f64::from(days.max(0)) / DAYS_A_YEAR / 3f64.sqrt()
}

/// The limit of drift that a standard states for a quantity.
pub fn drift_limit(
    evidence: &Evidence,
    standard: StandardIndex,
    kind: QuantityKindId,
) -> Option<&DriftRow> {
    let limits = evidence.drifts.of(standard.position());
    let own = limits.iter().find(|drift| drift.kind == Some(kind));
    own.or_else(|| limits.iter().find(|drift| drift.kind.is_none()))
}

/// A figure of a budget as an absolute uncertainty of a quantity: as it stands, or times a magnitude
/// where it is written as a fraction. None where its unit is of another quantity.
pub fn of_budget(
    evidence: &Evidence,
    figure: Measured,
    kind: QuantityKindId,
    magnitude: f64,
) -> Option<Bounds> {
    let (own, wanted) = (evidence.unit(figure.unit).dimension(), kind.kind().dimension);
    let scale = match own {
        own if own == wanted => 1.0,
        Dimension::DIMENSIONLESS => magnitude,
        _ => return None,
    };
    scale.is_finite().then(|| Bounds::measured(evidence, figure).scaled(scale))
}

/// The last written digits of a number, as powers of ten in a unit: the last one, and the last one
/// that counts where zeros at the end of a whole number may only hold its place; with the number
/// of significant digits up to the latter. A number that ends above the units was written with an
/// exponent, and has no such zeros. None where the unit is no decimal multiple.
pub fn significant_digits(
    evidence: &Evidence,
    measured: Measured,
    offset: f64,
) -> Option<(i8, i8, u32)> {
    let step = power_of_ten(measured.last_digit);
    let written = ((measured.si - offset) / evidence.unit(measured.unit).factor() / step).abs();
    // Beyond this a double no longer holds every whole number.
    const LARGEST: f64 = 9e15;
    if !(1.0..LARGEST).contains(&written.round()) {
        return None;
    }
    let mut digits = written.round() as u64;
    let mut last = measured.last_digit;
    while measured.last_digit == 0 && digits.is_multiple_of(10) {
        digits /= 10;
        last = last.saturating_add(1);
    }
    Some((measured.last_digit, last, digits.ilog10() + 1))
}

/// Days from the end of a calibration to a day.
pub fn days_since(calibration: &CalibrationRow, day: crate::domain::period::Day) -> i32 {
    day.number() - calibration.performed_to.number()
}

fn two_sided_normal(probability: f64) -> f64 {
    Normal::standard().inverse_cdf(0.5 + probability / 2.0)
}

fn student_95_45(degrees: f64) -> f64 {
    const PROBABILITY: f64 = 0.954_499_736_103_642;
    StudentsT::new(0.0, 1.0, degrees)
        .map_or(f64::INFINITY, |student| student.inverse_cdf(0.5 + PROBABILITY / 2.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::unit::Unit;

    fn written(value: f64, half: f64) -> Bounds {
        Bounds { lower: value - half, value, upper: value + half }
    }

    #[test]
    fn degrees_celsius_have_the_digits_that_were_written() {
        let mut evidence = Evidence::default();
        evidence.units.push(Unit::parse("Cel").unwrap());
        let digits = |si, last_digit| {
            significant_digits(&evidence, Measured { si, unit: 0, last_digit }, 273.15)
        };
        assert_eq!(digits(293.15, 0), Some((0, 1, 1)), "20: the zero may only hold its place");
        assert_eq!(digits(293.15, -1), Some((-1, -1, 3)), "20.0");
    }

    #[test]
    fn only_what_is_sure_is_less() {
        let parent = written(0.10, 0.005);
        assert!(written(0.08, 0.005).surely_less_than(parent));
        assert!(!written(0.09, 0.005).surely_less_than(parent), "0.095 may be both");
        assert!(!parent.surely_less_than(parent));
    }

    #[test]
    fn students_factor_exceeds_two() {
        assert!((student_95_45(10.0) - 2.28).abs() < 0.005, "GUM table G.2: 2.28");
        assert!((student_95_45(5.0) - 2.65).abs() < 0.005, "GUM table G.2: 2.65");
        assert!((two_sided_normal(0.99) - 2.576).abs() < 0.001, "GUM table G.1");
    }
}
