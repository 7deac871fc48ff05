//! The ten quantities of the synthetic country, with sensible magnitudes, and decimal numbers that
//! are computed without rounding errors, so that every platform writes the same digits.

use std::fmt;

use crate::domain::decimal::Decimal;
use crate::domain::quantity::QuantityKindId;
use crate::domain::standard::StandardType;
use crate::domain::unit::Unit;

/// A decimal number: digits × 10^exponent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Figure {
    pub digits: i128,
    pub exponent: i32,
}

impl Figure {
    pub const fn new(digits: i128, exponent: i32) -> Self {
        Self { digits, exponent }
    }

    pub fn times(self, other: Self) -> Self {
        Self::new(self.digits * other.digits, self.exponent + other.exponent)
    }

    /// Times a number of hundredths.
    pub fn percent(self, percent: u32) -> Self {
        self.times(Self::new(i128::from(percent), -2))
    }

    /// The same number in a unit 10^`places` times smaller.
    pub fn shifted(self, places: i32) -> Self {
        Self::new(self.digits, self.exponent + places)
    }

    /// With this exponent; digits below it must be zero or are dropped.
    pub fn at(self, exponent: i32) -> Self {
        match self.exponent - exponent {
            up @ 0.. => Self::new(self.digits * ten_to(up.unsigned_abs()), exponent),
            down => Self::new(self.digits / ten_to(down.unsigned_abs()), exponent),
        }
    }

    /// With so many significant digits, rounded away from zero where it has more.
    pub fn significant(self, count: u32) -> Self {
        let (mut digits, mut exponent) = (self.digits.abs(), self.exponent);
        let limit = ten_to(count);
        while digits >= limit {
            digits = (digits + 9) / 10;
            exponent += 1;
        }
        while digits > 0 && digits * 10 < limit {
            digits *= 10;
            exponent -= 1;
        }
        Self::new(digits * self.digits.signum(), exponent)
    }

    /// Divided by another number, three significant digits.
    pub fn over(self, divisor: Self) -> Self {
        let scaled = self.digits * ten_to(12) / divisor.digits.max(1);
        Self::new(scaled, self.exponent - divisor.exponent - 12).significant(3)
    }

    pub fn decimal(self) -> Option<Decimal> {
        self.to_string().parse().ok()
    }
}

const fn ten_to(exponent: u32) -> i128 {
    10i128.pow(exponent)
}

impl fmt::Display for Figure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits.unsigned_abs().to_string();
        let sign = if self.digits < 0 { "-" } else { "" };
        let decimals = usize::try_from(-self.exponent).ok();
        match decimals {
            Some(0) => write!(formatter, "{sign}{digits}"),
            Some(decimals) if decimals <= digits.len() + 4 => {
                let padded = format!("{digits:0>width$}", width = decimals + 1);
                let (whole, part) = padded.split_at(padded.len() - decimals);
                write!(formatter, "{sign}{whole}.{part}")
            }
            _ => write!(formatter, "{sign}{digits}E{}", self.exponent),
        }
    }
}

/// How the uncertainties of a quantity are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// In a unit 10^`places` times smaller than the quantity's.
    Absolute { unit: &'static str, places: i32 },
    /// As a fraction.
    Relative,
}

/// How the uncertainty of a capability is expressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stated {
    /// A constant fraction of the value.
    Fraction,
    /// A constant in the unit of uncertainties.
    Constant,
    /// Linear between the ends of the range.
    Linear,
    /// The root sum square of a constant and a term in the value.
    Equation,
}

/// A quantity as the country measures it.
#[derive(Debug)]
pub(super) struct Quantity {
    pub kind: &'static str,
    pub vi: &'static str,
    pub en: &'static str,
    /// Unit of values.
    pub unit: &'static str,
    /// The points of calibration, in this order.
    pub points: [Figure; 4],
    /// A point strictly between the first two.
    pub between: Figure,
    /// A point outside every range.
    pub outside: Figure,
    /// The range of standards and capabilities.
    pub range: (Figure, Figure),
    /// Whether certificates of standards state the whole range in one row.
    pub over_range: bool,
    pub form: Form,
    pub stated: Stated,
    /// Expanded uncertainty of the BIPM's realisation, as a fraction of the value; in the unit of
    /// the quantity where there is no fraction.
    pub base: Figure,
    /// Whether values hold at a frequency.
    pub at_frequency: bool,
    /// Whether standards state how far they drift.
    pub drifts: bool,
    /// The quantities that influence its calibrations.
    pub influences: [usize; 2],
    /// What its standards are.
    pub sort: StandardType,
    /// The epoch before that of its unit, where its realisation has changed.
    pub old_epoch: Option<&'static str>,
    /// A quantity of the same dimension that is taken for it.
    pub variant: Option<&'static str>,
    /// A unit of its uncertainties that is not a legal one, 10^places times smaller than its own.
    pub not_legal: Option<(&'static str, i32)>,
}

const fn figure(digits: i128, exponent: i32) -> Figure {
    Figure::new(digits, exponent)
}

pub(super) const TEMPERATURE: usize = 2;
pub(super) const FREQUENCY: usize = 6;
const PRESSURE: usize = 7;
const COMMON: [usize; 2] = [TEMPERATURE, PRESSURE];

/// The quantities, in the order of their numbers.
pub(super) static QUANTITIES: [Quantity; 10] = [
    Quantity {
        kind: "mass",
        vi: "khối lượng",
        en: "mass",
        unit: "kg",
        points: [figure(1, 0), figure(5, -1), figure(2, -1), figure(1, -1)],
        between: figure(7, -1),
        outside: figure(5, 0),
        range: (figure(1, -1), figure(1, 0)),
        over_range: false,
        form: Form::Absolute { unit: "mg", places: 6 },
        stated: Stated::Fraction,
        base: figure(1, -9),
        at_frequency: false,
        drifts: false,
        influences: COMMON,
        sort: StandardType::Weight,
        old_epoch: None,
        variant: Some("conventional_mass"),
        not_legal: None,
    },
    Quantity {
        kind: "length",
        vi: "độ dài",
        en: "length",
        unit: "m",
        points: [figure(1, -1), figure(5, -2), figure(25, -3), figure(1, -2)],
        between: figure(75, -3),
        outside: figure(5, -1),
        range: (figure(1, -2), figure(1, -1)),
        over_range: false,
        form: Form::Absolute { unit: "nm", places: 9 },
        stated: Stated::Equation,
        base: figure(5, -9),
        at_frequency: false,
        drifts: false,
        influences: COMMON,
        sort: StandardType::GaugeBlock,
        old_epoch: None,
        variant: None,
        not_legal: Some(("Ao", 10)),
    },
    Quantity {
        kind: "temperature",
        vi: "nhiệt độ",
        en: "temperature",
        unit: "Cel",
        points: [figure(1, -2), figure(100, 0), figure(200, 0), figure(400, 0)],
        between: figure(50, 0),
        outside: figure(600, 0),
        range: (figure(-40, 0), figure(420, 0)),
        over_range: true,
        form: Form::Absolute { unit: "mK", places: 3 },
        stated: Stated::Constant,
        base: figure(1, -5),
        at_frequency: false,
        drifts: false,
        influences: [4, PRESSURE],
        sort: StandardType::Sprt,
        old_epoch: None,
        variant: None,
        not_legal: None,
    },
    Quantity {
        kind: "dc_voltage",
        vi: "điện áp một chiều",
        en: "DC voltage",
        unit: "V",
        points: [figure(10, 0), figure(1018, -3), figure(1, 0), figure(1, -1)],
        between: figure(5, 0),
        outside: figure(500, 0),
        range: (figure(1, -1), figure(10, 0)),
        over_range: false,
        form: Form::Absolute { unit: "uV", places: 6 },
        stated: Stated::Linear,
        base: figure(5, -10),
        at_frequency: false,
        drifts: true,
        influences: COMMON,
        sort: StandardType::Zener,
        old_epoch: Some("V-1990-01-01"),
        variant: None,
        not_legal: None,
    },
    Quantity {
        kind: "dc_resistance",
        vi: "điện trở một chiều",
        en: "DC resistance",
        unit: "Ohm",
        points: [figure(10_000, 0), figure(1000, 0), figure(100, 0), figure(1, 0)],
        between: figure(5000, 0),
        outside: figure(500_000, 0),
        range: (figure(1, 0), figure(10_000, 0)),
        over_range: false,
        form: Form::Absolute { unit: "uOhm", places: 6 },
        stated: Stated::Fraction,
        base: figure(1, -9),
        at_frequency: false,
        drifts: true,
        influences: COMMON,
        sort: StandardType::Resistor,
        old_epoch: Some("Ohm-1990-01-01"),
        variant: None,
        not_legal: None,
    },
    Quantity {
        kind: "ac_voltage",
        vi: "điện áp xoay chiều",
        en: "AC voltage",
        unit: "V",
        points: [figure(10, 0), figure(5, 0), figure(2, 0), figure(1, 0)],
        between: figure(7, 0),
        outside: figure(500, 0),
        range: (figure(1, 0), figure(10, 0)),
        over_range: false,
        form: Form::Absolute { unit: "uV", places: 6 },
        stated: Stated::Fraction,
        base: figure(1, -7),
        at_frequency: true,
        drifts: false,
        influences: COMMON,
        sort: StandardType::Other,
        old_epoch: None,
        variant: None,
        not_legal: None,
    },
    Quantity {
        kind: "frequency",
        vi: "tần số",
        en: "frequency",
        unit: "Hz",
        points: [
            figure(10_000_000, 0),
            figure(5_000_000, 0),
            figure(1_000_000, 0),
            figure(100_000, 0),
        ],
        between: figure(7_000_000, 0),
        outside: figure(500_000_000, 0),
        range: (figure(100_000, 0), figure(10_000_000, 0)),
        over_range: false,
        form: Form::Relative,
        stated: Stated::Fraction,
        base: figure(1, -14),
        at_frequency: false,
        drifts: true,
        influences: COMMON,
        sort: StandardType::QuartzOscillator,
        old_epoch: None,
        variant: None,
        not_legal: None,
    },
    Quantity {
        kind: "pressure",
        vi: "áp suất",
        en: "pressure",
        unit: "kPa",
        points: [figure(100, 0), figure(1000, 0), figure(5000, 0), figure(8000, 0)],
        between: figure(500, 0),
        outside: figure(50_000, 0),
        range: (figure(10, 0), figure(10_000, 0)),
        over_range: true,
        form: Form::Relative,
        stated: Stated::Fraction,
        base: figure(2, -7),
        at_frequency: false,
        drifts: false,
        influences: [TEMPERATURE, 0],
        sort: StandardType::PressureBalance,
        old_epoch: None,
        variant: Some("gauge_pressure"),
        not_legal: None,
    },
    Quantity {
        kind: "luminous_intensity",
        vi: "cường độ sáng",
        en: "luminous intensity",
        unit: "cd",
        points: [figure(100, 0), figure(50, 0), figure(20, 0), figure(10, 0)],
        between: figure(70, 0),
        outside: figure(5000, 0),
        range: (figure(10, 0), figure(100, 0)),
        over_range: false,
        form: Form::Absolute { unit: "cd", places: 0 },
        stated: Stated::Fraction,
        base: figure(3, -5),
        at_frequency: false,
        drifts: false,
        influences: COMMON,
        sort: StandardType::Other,
        old_epoch: None,
        variant: None,
        not_legal: None,
    },
    Quantity {
        kind: "air_kerma",
        vi: "kerma trong không khí",
        en: "air kerma",
        unit: "Gy",
        points: [figure(1, 0), figure(5, -1), figure(1, -1), figure(5, -2)],
        between: figure(7, -1),
        outside: figure(10, 0),
        range: (figure(5, -2), figure(1, 0)),
        over_range: false,
        form: Form::Absolute { unit: "mGy", places: 3 },
        stated: Stated::Fraction,
        base: figure(2, -5),
        at_frequency: false,
        drifts: false,
        influences: COMMON,
        sort: StandardType::Other,
        old_epoch: None,
        variant: None,
        not_legal: Some(("RAD", 2)),
    },
];

impl Quantity {
    /// Whether its uncertainties grow with the value.
    pub fn is_proportional(&self) -> bool {
        self.stated != Stated::Constant
    }
}

/// The kinds and units of a quantity, read once.
#[derive(Debug, Clone)]
pub(super) struct Read {
    pub kind: QuantityKindId,
    /// Unit of values.
    pub unit: Unit,
    /// Unit of absolute uncertainties.
    pub small: Unit,
    /// Unit of fractions.
    pub one: Unit,
    /// Unit of frequencies.
    pub hertz: Unit,
    /// The quantity that is taken for it, and the unit that is not legal.
    pub variant: Option<QuantityKindId>,
    pub not_legal: Option<(Unit, i32)>,
}

impl Read {
    pub fn new(quantity: &Quantity) -> Option<Self> {
        let unit = |code| Unit::parse(code).ok();
        Some(Self {
            kind: QuantityKindId::parse(quantity.kind)?,
            unit: unit(quantity.unit)?,
            small: match quantity.form {
                Form::Absolute { unit: small, .. } => unit(small)?,
                Form::Relative => unit(quantity.unit)?,
            },
            one: unit("1")?,
            hertz: unit("Hz")?,
            variant: quantity.variant.and_then(QuantityKindId::parse),
            not_legal: match quantity.not_legal {
                Some((code, places)) => Some((unit(code)?, places)),
                None => None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_in_full() {
        for (figure, written) in [
            (figure(27, -2), "0.27"),
            (figure(-1_000_000_123, -9), "-1.000000123"),
            (figure(27, 0), "27"),
            (figure(27, 3), "27E3"),
            (figure(27, -14), "27E-14"),
            (figure(27, -6), "0.000027"),
            (figure(0, -2), "0.00"),
        ] {
            assert_eq!(figure.to_string(), written);
            assert!(figure.decimal().is_some(), "{written}");
        }
    }

    #[test]
    fn figures_are_rounded_up() {
        for (figure, rounded) in [
            (figure(2701, -5), figure(28, -3)),
            (figure(27, -5), figure(27, -5)),
            (figure(3, -5), figure(30, -6)),
            (figure(9990, 0), figure(10, 3)),
        ] {
            assert_eq!(figure.significant(2), rounded);
        }
    }

    #[test]
    fn every_quantity_is_known() {
        for quantity in &QUANTITIES {
            let read = Read::new(quantity).expect(quantity.kind);
            assert_eq!(read.unit.dimension(), read.kind.kind().dimension, "{}", quantity.kind);
            assert_eq!(read.small.dimension(), read.unit.dimension(), "{}", quantity.kind);
            if let Form::Absolute { places, .. } = quantity.form {
                let ratio = read.unit.factor() / read.small.factor();
                assert!((ratio / 10f64.powi(places) - 1.0).abs() < 1e-9, "{}", quantity.kind);
            }
            if let Some((other, places)) = &read.not_legal {
                let ratio = read.unit.factor() / other.factor();
                assert!((ratio / 10f64.powi(*places) - 1.0).abs() < 1e-9, "{}", quantity.kind);
            }
            assert_eq!(read.variant.is_some(), quantity.variant.is_some(), "{}", quantity.kind);
        }
    }
}
