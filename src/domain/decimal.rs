//! Decimal numbers as they were written. The written digits carry the resolution of a measured
//! value (rules 3.6), so they are kept exactly, through storage and back (rule Q-07).

use std::fmt;
use std::str::FromStr;

use bigdecimal::BigDecimal;
use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::{Serialize, Serializer};

use super::fault::{Faults, shortened, wrong_kind};
use super::form::{Definition, Described, Form, TextForm};
use super::text::Text;

/// A decimal number with its written digits: `"0.50"` is not `"0.5"`.
///
/// Accepted are an optional minus sign, digits, optionally a point and more digits, optionally an
/// exponent: at most 100 digits, with every digit between 1E-99 and 1E+99.
///
/// ```
/// use etalon::domain::decimal::Decimal;
/// let uncertainty: Decimal = "0.50".parse()?;
/// assert_eq!(uncertainty.to_string(), "0.50");
/// assert_eq!(uncertainty.last_digit_exponent(), -2);
/// assert!("1.000 012".parse::<Decimal>().is_err());
/// # Ok::<(), etalon::domain::decimal::DecimalError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decimal(Box<str>);

/// Why a text is no decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Something other than sign, digits, point and exponent.
    #[error(
        "a number is written with digits, a point and an exponent, such as \"0.50\" or \"5E-7\""
    )]
    Form,
    /// Too many digits or an exponent beyond the accepted range.
    #[error("a number has at most 100 digits, all of them between 1E-99 and 1E+99")]
    Size,
}

impl DecimalError {
    /// The reason in both languages, for this text.
    pub fn message(self, found: &str) -> Text {
        let found = shortened(found);
        let vi = match self {
            Self::Form => {
                "số được viết bằng chữ số, dấu chấm thập phân và số mũ, ví dụ \"0.50\" hoặc \"5E-7\""
            }
            Self::Size => "số có nhiều nhất 100 chữ số, mọi chữ số nằm giữa 1E-99 và 1E+99",
        };
        Text::new(format!("“{found}”: {vi}"), format!("“{found}”: {self}"))
    }
}

impl Decimal {
    const MOST_DIGITS: usize = 100;
    const LARGEST_EXPONENT: i32 = 99;

    /// The number as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The power of ten of the last written digit: -2 for `0.50`, 2 for `5E2`.
    pub fn last_digit_exponent(&self) -> i8 {
        let (mantissa, exponent) = self.split();
        let decimals = mantissa.split_once('.').map_or(0, |(_, digits)| digits.len() as i32);
        // Both terms were bounded by `from_str`.
        (exponent - decimals) as i8
    }

    /// The nearest binary number.
    pub fn to_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// The exact value, for comparisons and sums that must not round.
    pub fn to_exact(&self) -> BigDecimal {
        BigDecimal::from_str(&self.0).unwrap_or_default()
    }

    /// Whether the number is below zero.
    pub fn is_negative(&self) -> bool {
        self.0.starts_with('-') && !self.is_zero()
    }

    /// Whether the number is zero.
    pub fn is_zero(&self) -> bool {
        self.split().0.bytes().all(|byte| !byte.is_ascii_digit() || byte == b'0')
    }

    fn split(&self) -> (&str, i32) {
        match self.0.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse().unwrap_or(0)),
            None => (&self.0, 0),
        }
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (unsigned, None),
        };
        let (whole, decimals) = match mantissa.split_once('.') {
            Some((whole, decimals)) => (whole, Some(decimals)),
            None => (mantissa, None),
        };
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let exponent_digits = exponent.map(|e| e.strip_prefix(['+', '-']).unwrap_or(e));
        if !digits(whole)
            || decimals.is_some_and(|d| !digits(d))
            || exponent_digits.is_some_and(|e| !digits(e))
        {
            return Err(DecimalError::Form);
        }
        let decimals = decimals.map_or(0, str::len);
        if whole.len() + decimals > Self::MOST_DIGITS {
            return Err(DecimalError::Size);
        }
        let exponent: i32 = match exponent {
            Some(exponent) => exponent.parse().map_err(|_| DecimalError::Size)?,
            None => 0,
        };
        let smallest = exponent.saturating_sub(decimals as i32);
        let largest = exponent.saturating_add(whole.len() as i32 - 1);
        if smallest < -Self::LARGEST_EXPONENT || largest > Self::LARGEST_EXPONENT {
            return Err(DecimalError::Size);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl Deserr<Faults> for Decimal {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Faults> {
        match value {
            Value::String(text) => text.parse().map_err(|error: DecimalError| {
                Faults::at(location, "bad_decimal", error.message(&text))
            }),
            Value::Integer(_) | Value::NegativeInteger(_) | Value::Float(_) => Err(Faults::at(
                location,
                "number_not_string",
                Text::new(
                    "số đo phải là chuỗi thập phân (ví dụ \"0.50\"), vì số JSON làm mất các chữ số \
                     đã viết (quy tắc Q-07)",
                    "a measured number is a decimal string (such as \"0.50\"): a JSON number \
                     loses its written digits (rule Q-07)",
                ),
            )),
            other => Err(wrong_kind(other, &[deserr::ValueKind::String], location)),
        }
    }
}

impl Described for Decimal {
    fn form() -> Form {
        Form::named("Decimal", || {
            let doc = " A decimal number as it was written: a string, since its digits carry the \
                resolution of a measured value and a JSON number would lose them (`0.50` is not \
                `0.5`). At most 100 digits, all of them between 1E-99 and 1E+99.";
            let text = TextForm {
                pattern: Some(r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"),
                examples: &["0.50", "-12", "5E-7"],
                ..TextForm::default()
            };
            Definition::new(&[doc], Form::Text(text))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_kept() {
        for text in [
            "0.50",
            "-0.0",
            "5E-7",
            "1e40",
            "1E-40",
            "1.000012",
            "123456789012345678901234567890.123456789",
        ] {
            let number: Decimal = text.parse().expect(text);
            assert_eq!(number.to_string(), text);
        }
    }

    #[test]
    fn the_last_digit_sets_the_resolution() {
        for (text, exponent) in [("0.50", -2), ("500", 0), ("5E2", 2), ("5.0E2", 1), ("1E-40", -40)]
        {
            assert_eq!(text.parse::<Decimal>().expect(text).last_digit_exponent(), exponent);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["", "-", "+1", "1.", ".5", "1,5", "1 000", "0x1", "1e", "1e+", "NaN", "inf", "١"]
        {
            assert_eq!(text.parse::<Decimal>(), Err(DecimalError::Form), "{text}");
        }
        for text in ["1E100", "1E-100", "1E999999999999", &"1".repeat(101)] {
            assert_eq!(text.parse::<Decimal>(), Err(DecimalError::Size), "{text}");
        }
    }

    #[test]
    fn sign_and_zero() {
        let number = |text: &str| text.parse::<Decimal>().expect(text);
        assert!(number("-0.01").is_negative());
        assert!(!number("-0.00").is_negative());
        assert!(number("0.00E5").is_zero());
        assert!(!number("10").is_zero());
    }
}
