//! Conversion of numbers between units without rounding.
//!
//! What lives here: [`Conversion`], for people and programs who ask how a number reads in another
//! unit, and for what goes out in a unit other than its own. What does not: the meaning of unit
//! codes (`unit`), and the coherent SI values that the engine computes with, which are binary
//! numbers rounded once (`engine::compile`).

use std::fmt;

use bigdecimal::num_bigint::BigInt;
use bigdecimal::num_traits::{One, Signed, Zero};
use bigdecimal::{BigDecimal, RoundingMode};
use num_rational::BigRational;

use super::decimal::Decimal;
use super::text::Text;
use super::unit::{Dimension, Exact, Unit};

/// Significant digits of a result that no finite decimal expresses: more than any measurement has.
const DIGITS: u64 = 20;

/// How numbers in one unit read in another: multiplied by a factor and, where both are points on
/// scales of temperature, with an offset added (rule Q-03). Both are exact.
///
/// ```
/// use etalon::domain::{conversion::Conversion, decimal::Decimal, unit::Unit};
/// let (from, to) = (Unit::parse("kgf/cm2")?, Unit::parse("kPa")?);
/// let conversion = Conversion::between(&from, &to)?;
/// assert_eq!(conversion.factor().to_string(), "98.0665");
/// let five: Decimal = "5".parse()?;
/// assert_eq!(conversion.value(&five).number, "490.3325");
///
/// let (celsius, fahrenheit) = (Unit::parse("Cel")?, Unit::parse("[degF]")?);
/// let conversion = Conversion::between(&celsius, &fahrenheit)?;
/// let twenty: Decimal = "20".parse()?;
/// assert_eq!(conversion.value(&twenty).number, "68");
/// assert_eq!(conversion.difference(&twenty).number, "36");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    factor: Factor,
    offset: BigRational,
}

/// An exact factor: a fraction of integers times a power of π. Shown as a decimal where it is one
/// (`98.0665`), else as a fraction (`5/9`, `π/180`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    fraction: BigRational,
    pi: i32,
}

/// A number in another unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// The number, with the written digits of the original where the factor is a power of ten.
    pub number: String,
    /// Whether that is all of it; otherwise it is rounded to 20 significant digits.
    pub exact: bool,
}

/// Why numbers in one unit do not read in another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoConversion {
    /// The units are of two dimensions.
    Dimensions(Dimension, Dimension),
    /// At least one unit belongs to a scale defined by a function (levels, pH), and the other not
    /// to the same one.
    Scales,
}

impl NoConversion {
    /// The reason, in both languages.
    pub fn message(&self) -> Text {
        match self {
            Self::Dimensions(from, to) => Text::new(
                format!("hai đơn vị khác thứ nguyên: {from} và {to}"),
                format!("the units are of different dimensions: {from} and {to}"),
            ),
            Self::Scales => Text::new(
                "hai đơn vị không thuộc cùng một thang (mức, pH); không có hệ số chuyển đổi",
                "the units are not of the same scale (levels, pH): no factor converts them",
            ),
        }
    }
}

impl fmt::Display for NoConversion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message().en)
    }
}

impl std::error::Error for NoConversion {}

impl Conversion {
    /// The conversion from one unit to another.
    ///
    /// # Errors
    /// When the units are of different dimensions, or of scales without a factor between them.
    pub fn between(from: &Unit, to: &Unit) -> Result<Self, NoConversion> {
        if from.dimension() != to.dimension() {
            return Err(NoConversion::Dimensions(from.dimension(), to.dimension()));
        }
        if !from.is_commensurable(to) {
            return Err(NoConversion::Scales);
        }
        let exact = |unit: &Unit| unit.exact().ok_or(NoConversion::Scales);
        let ((own, own_zero), (other, other_zero)) = (exact(from)?, exact(to)?);
        let offset = fraction(&own_zero) - fraction(&other_zero);
        Ok(Self {
            factor: Factor {
                fraction: fraction(&own) / fraction(&other),
                pi: own.pi() - other.pi(),
            },
            offset: offset / fraction(&other),
        })
    }

    /// One of the first unit in the second.
    pub fn factor(&self) -> &Factor {
        &self.factor
    }

    /// What is added to a value after multiplying; zero save between scales of temperature.
    pub fn offset(&self) -> Converted {
        rounded(&self.offset, 0)
    }

    /// A value in the other unit.
    pub fn value(&self, number: &Decimal) -> Converted {
        match self.offset.is_zero() {
            true => self.difference(number),
            false => {
                let converted = exactly(number) * &self.factor.fraction + &self.offset;
                rounded(&converted, self.factor.pi)
            }
        }
    }

    /// A difference of values, or an uncertainty, in the other unit: without the offset (rule
    /// Q-03).
    pub fn difference(&self, number: &Decimal) -> Converted {
        if let Some(exponent) = self.factor.power_of_ten() {
            let (digits, scale) = number.to_exact().into_bigint_and_exponent();
            let number = written(&BigDecimal::new(digits, scale - exponent));
            return Converted { number, exact: true };
        }
        rounded(&(exactly(number) * &self.factor.fraction), self.factor.pi)
    }
}

impl Factor {
    /// The exponent, where the factor is a power of ten.
    fn power_of_ten(&self) -> Option<i64> {
        let ten = |number: &BigInt| {
            let digits = number.to_string();
            let zeros = digits.strip_prefix('1')?;
            zeros.bytes().all(|digit| digit == b'0').then_some(zeros.len() as i64)
        };
        match (self.pi, ten(self.fraction.numer()), ten(self.fraction.denom())) {
            (0, Some(above), Some(below)) => Some(above - below),
            _ => None,
        }
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (above, below) = (self.fraction.numer(), self.fraction.denom());
        let pi = match self.pi.unsigned_abs() {
            0 => {
                return match decimal(&self.fraction) {
                    Some(number) => formatter.write_str(&shortest(&number)),
                    None => write!(formatter, "{above}/{below}"),
                };
            }
            1 => "π".to_owned(),
            power => format!("π^{power}"),
        };
        let times = |number: &BigInt| match number.is_one() {
            true => pi.clone(),
            false => format!("{number}·{pi}"),
        };
        match (self.pi > 0, below.is_one()) {
            (true, true) => formatter.write_str(&times(above)),
            (true, false) => write!(formatter, "{}/{below}", times(above)),
            (false, true) => write!(formatter, "{above}/{pi}"),
            (false, false) => write!(formatter, "{above}/({})", times(below)),
        }
    }
}

fn fraction(exact: &Exact) -> BigRational {
    BigRational::new(exact.numerator().clone().into(), exact.denominator().clone().into())
}

/// The number as a fraction.
fn exactly(number: &Decimal) -> BigRational {
    let (digits, scale) = number.to_exact().into_bigint_and_exponent();
    let power = BigInt::from(10).pow(u32::try_from(scale.unsigned_abs()).unwrap_or(u32::MAX));
    match scale > 0 {
        true => BigRational::new(digits, power),
        false => BigRational::from_integer(digits * power),
    }
}

/// The finite decimal that a fraction is; none where it is none.
fn decimal(fraction: &BigRational) -> Option<BigDecimal> {
    let mut rest = fraction.denom().clone();
    let mut power = |prime: u32| {
        let mut exponent = 0_u32;
        while (&rest % prime).is_zero() {
            rest /= prime;
            exponent += 1;
        }
        exponent
    };
    let (twos, fives) = (power(2), power(5));
    let decimals = twos.max(fives);
    let missing = BigInt::from(2).pow(decimals - twos) * BigInt::from(5).pow(decimals - fives);
    rest.is_one().then(|| BigDecimal::new(fraction.numer() * missing, i64::from(decimals)))
}

/// A fraction times a power of π, as a decimal.
fn rounded(fraction: &BigRational, pi: i32) -> Converted {
    let finite = decimal(fraction).filter(|_| pi == 0 || fraction.is_zero());
    if let Some(number) = finite {
        return Converted { number: shortest(&number), exact: true };
    }
    let mut power = Exact::pi_rounded();
    power = (0..pi.unsigned_abs()).fold(BigDecimal::one(), |product, _| product * &power);
    let (above, below) = (BigDecimal::from(fraction.numer().clone()), fraction.denom().clone());
    let quotient = match pi < 0 {
        true => above / (BigDecimal::from(below) * power),
        false => above * power / BigDecimal::from(below),
    };
    let precision = std::num::NonZeroU64::new(DIGITS).unwrap_or(std::num::NonZeroU64::MIN);
    let quotient = quotient.with_precision_round(precision, RoundingMode::HalfEven);
    Converted { number: shortest(&quotient), exact: false }
}

/// A number as records write it: with the digits it has, plain where that is short.
fn written(number: &BigDecimal) -> String {
    const MOST_ZEROS: i64 = 9;
    let (digits, scale) = number.as_bigint_and_exponent();
    let text = digits.abs().to_string();
    let length = text.len() as i64;
    if digits.is_zero() || (0..=length + MOST_ZEROS).contains(&scale) {
        return number.to_plain_string();
    }
    let (first, rest) = text.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let sign = if digits.is_negative() { "-" } else { "" };
    format!("{sign}{first}{point}{rest}E{}", length - 1 - scale)
}

/// A computed number without the zeros at its end, which say nothing; a whole one is plain.
fn shortest(number: &BigDecimal) -> String {
    const MOST_ZEROS: i64 = 9;
    let number = number.normalized();
    match number.as_bigint_and_exponent().1 {
        scale if (-MOST_ZEROS..0).contains(&scale) => written(&number.with_scale(0)),
        _ => written(&number),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn conversion(from: &str, to: &str) -> Conversion {
        let unit = |code: &str| Unit::parse(code).expect(code);
        Conversion::between(&unit(from), &unit(to)).expect("a conversion")
    }

    fn number(text: &str) -> Decimal {
        text.parse().expect(text)
    }

    #[test]
    fn factors_are_exact() {
        for (from, to, factor) in [
            ("kgf/cm2", "Pa", "98066.5"),
            ("[degF]", "K", "5/9"),
            ("deg", "rad", "π/180"),
            ("rad", "deg", "180/π"),
            ("deg2", "sr", "π^2/32400"),
            ("[ft_us]", "m", "1200/3937"),
            ("mg", "kg", "0.000001"),
            ("h", "s", "3600"),
            ("m/s", "km/h", "3.6"),
            ("dB", "B", "0.1"),
            ("nm", "m", "0.000000001"),
            ("fm", "m", "1E-15"),
            ("uV/V", "1", "0.000001"),
        ] {
            assert_eq!(conversion(from, to).factor().to_string(), factor, "{from} to {to}");
        }
    }

    #[test]
    fn numbers_keep_their_digits() {
        for (value, from, to, converted, exact) in [
            ("0.80", "mg", "kg", "0.00000080", true),
            ("2.00000310", "kg", "g", "2000.00310", true),
            ("5", "[psi]", "kPa", "34.473786465841806684", false),
            ("1", "[in_i]", "mm", "25.4", true),
            ("90", "deg", "rad", "1.5707963267948966192", false),
            ("-40", "Cel", "[degF]", "-40", true),
            ("25", "Cel", "K", "298.15", true),
            ("0.0", "Cel", "K", "273.15", true),
            ("1", "h", "a", "0.00011407711613050422085", false),
            ("1.0", "km", "mm", "1.0E6", true),
            ("3", "Mm", "m", "3E6", true),
            ("5", "h", "s", "18000", true),
            ("-1.5E-7", "m", "nm", "-1.5E2", true),
        ] {
            let found = conversion(from, to).value(&number(value));
            let expected = Converted { number: converted.to_owned(), exact };
            assert_eq!(found, expected, "{value} {from} in {to}");
        }
    }

    #[test]
    fn a_difference_of_temperatures_has_no_offset() {
        let conversion = conversion("Cel", "K");
        assert_eq!(conversion.difference(&number("0.010")).number, "0.010");
        assert_eq!(conversion.offset().number, "273.15");
    }

    #[test]
    fn units_that_do_not_convert_say_why() {
        let between = |from: &str, to: &str| {
            let unit = |code: &str| Unit::parse(code).expect(code);
            Conversion::between(&unit(from), &unit(to)).expect_err("no conversion").to_string()
        };
        assert_eq!(between("kg", "N"), "the units are of different dimensions: kg and m.kg.s-2");
        assert!(between("dB", "1").contains("not of the same scale"));
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same(value in "-?[1-9][0-9]{0,12}(\\.[0-9]{1,8})?") {
            for (one, other) in [("kgf/cm2", "kPa"), ("Cel", "[degF]"), ("[ft_i]", "m")] {
                let value = number(&value);
                let there = conversion(one, other).value(&value);
                prop_assume!(there.exact);
                let back = conversion(other, one).value(&number(&there.number));
                prop_assert_eq!(number(&back.number).to_exact(), value.to_exact());
            }
        }
    }
}
