//! Units of measurement as people ask for them: read from any writing, shown in every notation,
//! converted without rounding.

use serde_json::{Map, Value};

use crate::domain::conversion::Conversion;
use crate::domain::decimal::Decimal;
use crate::domain::dsi;
use crate::domain::fault::{Fault, shortened};
use crate::domain::framework;
use crate::domain::quantity::QuantityKindId;
use crate::domain::text::Text;
use crate::domain::unit::{Dimension, Unit, UnitError};
use crate::exchange::symbols;

answer! {
    /// A unit.
    UnitEntry {
        /// Its UCUM code.
        code: String,
        /// The same as a D-SI string, as digital calibration certificates carry it; absent for a
        /// unit that D-SI has no word for.
        #[serde(skip_serializing_if = "Option::is_none")]
        dsi: Option<String>,
        /// Links to the units that it multiplies, in the SI Reference Point of the BIPM's SI Digital
        /// Framework.
        sidf: Vec<String>,
        /// Its dimension: exponents by base unit of the SI, where they are not zero.
        dimension: Value,
        /// One of it in the coherent unit of its dimension, rounded to a double.
        factor: String,
        /// What is added after that, rounded to a double; 273.15 for the degree Celsius.
        offset: String,
        /// The coherent unit of its dimension: the product of base units of the SI.
        coherent: String,
    }
}

answer! {
    /// A number in another unit.
    ConvertedNumber {
        /// The number as asked.
        value: String,
        /// The unit that it is in.
        from: UnitEntry,
        /// The unit that it is converted to.
        to: UnitEntry,
        /// The number in that unit. It keeps the written digits where the factor is a power of ten.
        result: String,
        /// Whether the result is all of it; otherwise it is rounded to 20 significant digits.
        exact: bool,
        /// One of the first unit in the second, exactly: a decimal, or a fraction such as `5/9` or
        /// `π/180`.
        factor: String,
        /// What was added after multiplying; zero save for values on scales of temperature.
        offset: String,
        /// Whether it was taken as a difference or an uncertainty, to which no offset is added.
        difference: bool,
    }
}

/// A unit in every notation.
pub fn entry(unit: &Unit) -> UnitEntry {
    UnitEntry {
        code: unit.code().to_owned(),
        dsi: dsi::of_unit(unit),
        sidf: framework::links(unit),
        dimension: exponents(unit.dimension()),
        factor: unit.factor().to_string(),
        offset: unit.offset().to_string(),
        coherent: unit.dimension().to_string(),
    }
}

impl UnitEntry {
    /// One of it in the SI, exactly where a decimal or a fraction says so: `98066.5 m-1.kg.s-2`.
    pub fn in_si(&self) -> String {
        let units = Unit::parse(&self.code).ok().zip(Unit::parse(&self.coherent).ok());
        let conversion =
            units.and_then(|(own, coherent)| Conversion::between(&own, &coherent).ok());
        let factor = conversion.map_or_else(|| self.factor.clone(), |one| one.factor().to_string());
        match self.coherent.as_str() {
            "1" => factor,
            coherent => format!("{factor} {coherent}"),
        }
    }
}

/// The unit of a text in every notation.
///
/// # Errors
/// When the text is no unit, at this place.
pub fn entry_of(text: &str, place: &str) -> Result<UnitEntry, Fault> {
    read(text).map(|unit| entry(&unit)).map_err(|error| unreadable(place, text, &error))
}

/// A dimension as exponents by base unit of the SI, where they are not zero.
pub fn exponents(dimension: Dimension) -> Value {
    let bases = Dimension::BASE_UNITS.iter().zip(dimension.exponents());
    let named = bases.filter(|(_, exponent)| *exponent != 0);
    let named = named.map(|(base, exponent)| ((*base).to_owned(), Value::from(exponent)));
    Value::Object(named.collect::<Map<_, _>>())
}

/// The unit of a text: a UCUM code, a D-SI string, or a symbol as it is printed (`µm`, `°C`,
/// `kgf/cm²`).
///
/// # Errors
/// When the text is none of them, with what may have been meant.
pub fn read(text: &str) -> Result<Unit, UnitError> {
    Unit::parse(text).or_else(|error| {
        let code = symbols::to_ucum(text).map_err(|_| error.clone())?;
        Unit::parse(&code).map_err(|_| error)
    })
}

/// What is wrong with the text of a unit, at a place.
pub fn unreadable(place: &str, text: &str, error: &UnitError) -> Fault {
    let found = shortened(text);
    let message = Text::new(
        format!("“{found}”: {}", error.message_vi()),
        format!("“{found}”: {}", error.message_en()),
    );
    Fault::error(place, "bad_unit", message)
}

/// That a text is the id of no quantity kind, at a place.
pub fn unknown_kind(place: &str, text: &str) -> Fault {
    let found = shortened(text);
    let message = Text::new(
        format!("không có loại đại lượng “{found}”; danh mục ở /api/v1/quantity_kinds"),
        format!("there is no quantity kind “{found}”; /api/v1/quantity_kinds lists them"),
    );
    Fault::error(place, "unknown_value", message)
}

/// A number in another unit; as a difference without the offset between scales of temperature
/// (rule Q-03).
///
/// # Errors
/// When the units are not of one dimension and scale (place `/to`), or the first is not of the
/// dimension of the quantity kind (place `/from`).
pub fn convert(
    number: &Decimal,
    from: &Unit,
    to: &Unit,
    kind: Option<QuantityKindId>,
    difference: bool,
) -> Result<ConvertedNumber, Fault> {
    if let Some(kind) = kind.map(QuantityKindId::kind)
        && kind.dimension != from.dimension()
    {
        let (code, own, of_kind) = (from.code(), from.dimension(), kind.dimension);
        let message = Text::new(
            format!("{code} có thứ nguyên {own}, còn {} có thứ nguyên {of_kind}", kind.name_vi),
            format!("{code} is of dimension {own}, {} is of {of_kind}", kind.name_en),
        );
        return Err(Fault::error("/from", "wrong_dimension", message));
    }
    let conversion = Conversion::between(from, to)
        .map_err(|why| Fault::error("/to", "not_commensurable", why.message()))?;
    let converted = match difference {
        true => conversion.difference(number),
        false => conversion.value(number),
    };
    Ok(ConvertedNumber {
        value: number.to_string(),
        from: entry(from),
        to: entry(to),
        result: converted.number,
        exact: converted.exact,
        factor: conversion.factor().to_string(),
        offset: if difference { "0".to_owned() } else { conversion.offset().number },
        difference,
    })
}
