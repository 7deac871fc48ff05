//! Units as people print them, to UCUM codes: for files whose units are neither UCUM nor D-SI (the
//! KCDB, spreadsheets, instrument registers).
//!
//! What lives here: the reading of printed symbols (`µV/V`, `kgf/cm²`, `W (m<sup>2</sup> sr)⁻¹`).
//! What does not: UCUM itself (`domain::unit`), D-SI strings (`domain::dsi`), numbers and values.
//!
//! A printed unit is read by the rules of print, not of UCUM: a blank or a dot multiplies, `ft` is
//! the foot (to UCUM a femtotonne), `ct` the carat (to UCUM a hundredth of a tonne). What can be
//! read in two ways (`J/kg·K`, `pH`) is refused rather than guessed.

use std::iter::Peekable;
use std::str::Chars;

use crate::domain::unit::{SPELLINGS, Unit, product_code, respelt};

/// Why a printed unit could not be converted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message_en())]
pub enum SymbolError {
    /// There is no text.
    Empty,
    /// The text is longer than 200 bytes.
    TooLong,
    /// Several units to choose from, such as `A/lx, V/lx, reading/lx`.
    Alternatives,
    /// `X`, `reading`: whatever unit the calibrated instrument shows.
    Placeholder(String),
    /// A symbol that print uses for different units.
    Ambiguous(&'static AmbiguousSymbol),
    /// A factor after a quotient: does it divide or multiply?
    AmbiguousDivision,
    /// A symbol, or a whole text, that is no unit.
    Unknown(String),
    /// Parentheses, exponents or signs that do not fit together, from this character on.
    Unreadable(Option<char>),
}

/// A symbol that print uses for different units.
#[derive(Debug, PartialEq, Eq)]
pub struct AmbiguousSymbol {
    /// The symbol as printed.
    pub symbol: &'static str,
    /// What it can mean, in English.
    pub readings_en: &'static str,
    /// What it can mean, in Vietnamese.
    pub readings_vi: &'static str,
}

impl SymbolError {
    /// The reason in English.
    pub fn message_en(&self) -> String {
        match self {
            Self::Empty => "no unit is printed".to_owned(),
            Self::TooLong => format!("a printed unit has at most {LONGEST} characters"),
            Self::Alternatives => {
                "several units are printed to choose from; one of them must be given".to_owned()
            }
            Self::Placeholder(symbol) => {
                format!("“{symbol}” stands for whatever unit the instrument shows; it is no unit")
            }
            Self::Ambiguous(symbol) => {
                format!("“{}” is ambiguous: {}", symbol.symbol, symbol.readings_en)
            }
            Self::AmbiguousDivision => {
                "what follows the solidus needs parentheses: J/(kg·K), not J/kg·K".to_owned()
            }
            Self::Unknown(symbol) => format!("“{symbol}” is no unit"),
            Self::Unreadable(Some(found)) => format!("the unit cannot be read from “{found}” on"),
            Self::Unreadable(None) => "the unit breaks off at its end".to_owned(),
        }
    }

    /// The reason in Vietnamese.
    pub fn message_vi(&self) -> String {
        match self {
            Self::Empty => "không in đơn vị".to_owned(),
            Self::TooLong => format!("đơn vị in dài nhất là {LONGEST} ký tự"),
            Self::Alternatives => {
                "nhiều đơn vị được in để lựa chọn; phải nêu một đơn vị".to_owned()
            }
            Self::Placeholder(symbol) => {
                format!("“{symbol}” thay cho đơn vị mà thiết bị hiển thị, không phải là đơn vị")
            }
            Self::Ambiguous(symbol) => {
                format!("“{}” có nhiều nghĩa: {}", symbol.symbol, symbol.readings_vi)
            }
            Self::AmbiguousDivision => {
                "phần sau dấu gạch chéo cần có dấu ngoặc: J/(kg·K), không phải J/kg·K".to_owned()
            }
            Self::Unknown(symbol) => format!("“{symbol}” không phải là đơn vị"),
            Self::Unreadable(Some(found)) => format!("không đọc được đơn vị từ ký tự “{found}”"),
            Self::Unreadable(None) => "đơn vị chưa kết thúc".to_owned(),
        }
    }
}

/// Longest printed unit, in bytes: markup needs room.
const LONGEST: usize = 200;

/// The UCUM code of a printed unit: `kgf/cm²` is `kgf/cm2`, `m<sup>3</sup>` is `m3`, `dimension 1`
/// is `1`. Hardness numbers stay readable as annotations: `HRC` is `{HRC}`, the unity.
///
/// # Errors
/// When the text gives several units or none, uses a placeholder or an ambiguous symbol, divides
/// ambiguously, or is no unit at all.
pub fn to_ucum(printed: &str) -> Result<String, SymbolError> {
    if printed.len() > LONGEST {
        return Err(SymbolError::TooLong);
    }
    let text = without_markup(printed);
    let text = text.trim();
    if text.is_empty() {
        return Err(SymbolError::Empty);
    }
    if let Some((_, code)) = WHOLE_TEXTS.iter().find(|(whole, _)| whole.eq_ignore_ascii_case(text))
    {
        return Ok((*code).to_owned());
    }
    // Somebody who writes brackets or braces writes UCUM.
    if text.contains(['[', '{']) && Unit::parse(text).is_ok() {
        return Ok(text.to_owned());
    }
    if is_hardness(text) {
        return Ok(format!("{{{text}}}"));
    }
    if text.contains([',', ';', '|']) || text.contains(" or ") {
        return Err(SymbolError::Alternatives);
    }
    let mut reader = Reader { rest: text.chars().peekable() };
    let factors = reader.product()?;
    if let Some(left) = reader.rest.next() {
        return Err(SymbolError::Unreadable(Some(left)));
    }
    let code = product_code(&factors);
    match Unit::parse(&code) {
        Ok(_) => Ok(code),
        Err(_) => Err(SymbolError::Unknown(text.to_owned())),
    }
}

/// Whole texts that are no products of symbols.
const WHOLE_TEXTS: &[(&str, &str)] = &[
    ("dimension 1", "1"),
    ("dimensionless", "1"),
    ("one", "1"),
    ("%RH", "%"),
    ("% RH", "%"),
    ("%r.h.", "%"),
    ("% r.h.", "%"),
];

/// A number on a hardness scale: HRC, HR15N, HV10, HBW, HLD.
fn is_hardness(text: &str) -> bool {
    let scale =
        ["HR", "HV", "HB", "HK", "HL", "HS"].iter().find_map(|scale| text.strip_prefix(scale));
    scale.is_some_and(|rest| {
        rest.len() <= 6
            && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    })
}

/// The text without HTML: superscripts after a caret, entities as characters; and degrees Celsius
/// without a blank, which would make them degrees times coulombs.
fn without_markup(printed: &str) -> String {
    const MARKUP: &[(&str, &str)] = &[
        ("<sup>", "^("),
        ("</sup>", ")"),
        ("&nbsp;", " "),
        ("&#160;", " "),
        ("&thinsp;", " "),
        ("&middot;", "·"),
        ("&sdot;", "·"),
        ("&times;", "·"),
        ("&micro;", "µ"),
        ("&mu;", "µ"),
        ("&Omega;", "Ω"),
        ("&deg;", "°"),
        ("&prime;", "′"),
        ("&Prime;", "″"),
        ("&minus;", "-"),
        ("&permil;", "‰"),
        ("° C", "°C"),
        ("º C", "°C"),
        ("° F", "°F"),
    ];
    MARKUP.iter().fold(printed.to_owned(), |text, (markup, plain)| text.replace(markup, plain))
}

/// UCUM symbols and their exponents.
type Factors = Vec<(String, i8)>;

/// Reads a product of powers. Recursion is as deep as the text nests, which its length bounds.
struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
}

impl Reader<'_> {
    /// Factors up to the end or to a closing parenthesis.
    fn product(&mut self) -> Result<Factors, SymbolError> {
        let mut factors = self.factor()?;
        let mut divided = false;
        loop {
            self.skip_blanks();
            match self.rest.peek() {
                None | Some(')') => return Ok(factors),
                Some('/' | '∕' | '÷') => {
                    self.rest.next();
                    divided = true;
                    factors.extend(raised(self.factor()?, -1)?);
                }
                // A factor after a quotient: above or below the solidus?
                Some(_) if divided => return Err(SymbolError::AmbiguousDivision),
                Some(_) => {
                    self.rest.next_if(|c| is_product_sign(*c));
                    factors.extend(self.factor()?);
                }
            }
        }
    }

    /// A symbol, a number or a parenthesis, with its exponent.
    fn factor(&mut self) -> Result<Factors, SymbolError> {
        self.skip_blanks();
        let Some(first) = self.rest.peek().copied() else {
            return Err(SymbolError::Unreadable(None));
        };
        if first == '(' {
            self.rest.next();
            let inner = self.product()?;
            self.expect(')')?;
            let exponent = self.exponent()?;
            return raised(inner, exponent);
        }
        if first.is_ascii_digit() {
            let number = self.take_while(|c| c.is_ascii_digit());
            let exponent = self.exponent()?;
            return Ok(match number.as_str() {
                "1" => Vec::new(),
                "10" => vec![("10*".to_owned(), exponent)],
                _ => vec![(number, exponent)],
            });
        }
        if !is_symbol_character(first) {
            return Err(SymbolError::Unreadable(Some(first)));
        }
        let symbol = self.take_while(is_symbol_character);
        // the one symbol that ends in more than letters
        if matches!(symbol.as_str(), "mmH" | "cmH" | "mH") && self.rest.next_if_eq(&'2').is_some() {
            self.expect('O')?;
            return Ok(vec![(format!("{}[H2O]", &symbol[..symbol.len() - 1]), 1)]);
        }
        let exponent = self.exponent()?;
        let factors = meaning(&symbol)?;
        if factors.len() > 1 && exponent != 1 {
            // “Nm³” is no (N·m)³
            return Err(SymbolError::Unknown(symbol));
        }
        raised(factors, exponent)
    }

    /// The exponent after a factor, 1 where there is none: `²`, `-1`, `^2`, `^(-1)`.
    fn exponent(&mut self) -> Result<i8, SymbolError> {
        let caret = self.rest.next_if_eq(&'^').is_some();
        let parenthesis = caret && self.rest.next_if_eq(&'(').is_some();
        let sign = self.rest.next_if(|c| "+-⁺⁻−–".contains(*c));
        let digits = self.take_while(|c| exponent_digit(c).is_some());
        if parenthesis {
            self.skip_blanks();
            self.expect(')')?;
        }
        if digits.is_empty() {
            return match caret || sign.is_some() {
                true => Err(SymbolError::Unreadable(sign.or(Some('^')))),
                false => Ok(1),
            };
        }
        let digits: String = digits.chars().filter_map(exponent_digit).collect();
        let exponent: i8 = digits.parse().map_err(|_| SymbolError::Unknown(digits))?;
        Ok(if sign.is_some_and(|sign| !"+⁺".contains(sign)) { -exponent } else { exponent })
    }

    fn skip_blanks(&mut self) {
        while self.rest.next_if(|c| c.is_whitespace()).is_some() {}
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(character) = self.rest.next_if(|c| wanted(*c)) {
            taken.push(character);
        }
        taken
    }

    fn expect(&mut self, wanted: char) -> Result<(), SymbolError> {
        match self.rest.next() {
            Some(found) if found == wanted => Ok(()),
            found => Err(SymbolError::Unreadable(found)),
        }
    }
}

fn is_product_sign(character: char) -> bool {
    "·⋅∙•×.*".contains(character)
}

fn is_symbol_character(character: char) -> bool {
    (character.is_alphabetic() || "%‰°º℃℉′″'\"’”".contains(character))
        && exponent_digit(character).is_none()
}

/// The digit that a character is as an exponent, raised or not.
fn exponent_digit(character: char) -> Option<char> {
    match character {
        '0'..='9' => Some(character),
        '⁰' => Some('0'),
        '¹' => Some('1'),
        '²' => Some('2'),
        '³' => Some('3'),
        '⁴'..='⁹' => char::from_digit(u32::from(character) - u32::from('⁰'), 10),
        _ => None,
    }
}

fn raised(factors: Factors, exponent: i8) -> Result<Factors, SymbolError> {
    factors
        .into_iter()
        .map(|(symbol, own)| match own.checked_mul(exponent) {
            Some(exponent) => Ok((symbol, exponent)),
            None => Err(SymbolError::Unknown(symbol)),
        })
        .collect()
}

/// What a printed symbol means in UCUM.
fn meaning(symbol: &str) -> Result<Factors, SymbolError> {
    let of = |codes: &[&str]| Ok(codes.iter().map(|code| ((*code).to_owned(), 1)).collect());
    if PLACEHOLDERS.iter().any(|word| word.eq_ignore_ascii_case(symbol)) {
        return Err(SymbolError::Placeholder(symbol.to_owned()));
    }
    if let Some(ambiguous) = AMBIGUOUS.iter().find(|ambiguous| ambiguous.symbol == symbol) {
        return Err(SymbolError::Ambiguous(ambiguous));
    }
    if let Some((_, codes)) = PRINTED.iter().find(|(printed, _)| *printed == symbol) {
        return of(codes);
    }
    let ucum = respelt(symbol).replace("ohm", "Ohm");
    if let Some((_, code)) = SPELLINGS.iter().find(|(spelling, _)| *spelling == ucum) {
        return of(&[code]);
    }
    if Unit::parse(&ucum).is_ok() {
        return of(&[&ucum]);
    }
    // two symbols that are printed as one, with a prefix: kWh, mAh, kNm
    for (together, [first, second]) in WRITTEN_TOGETHER {
        let Some(prefix) = ucum.strip_suffix(together) else { continue };
        let first = format!("{prefix}{first}");
        if Unit::parse(&first).is_ok() {
            return of(&[&first, second]);
        }
    }
    Err(SymbolError::Unknown(symbol.to_owned()))
}

/// Words for the unit that the calibrated instrument happens to show.
const PLACEHOLDERS: &[&str] =
    &["X", "reading", "readings", "rdg", "indication", "digit", "digits", "div"];

/// Symbols that print and UCUM use differently, or that UCUM has no symbol for.
const PRINTED: &[(&str, &[&str])] = &[
    ("ft", &["[ft_i]"]),
    ("at", &["att"]),
    ("ct", &["[car_m]"]),
    ("au", &["149597870700", "m"]),
    ("rem", &["REM"]),
    ("arcmin", &["'"]),
    ("arcsec", &["''"]),
    ("ℓ", &["L"]),
    ("yr", &["a"]),
    ("rev", &["{rev}"]),
    ("r", &["{rev}"]),
];

const WRITTEN_TOGETHER: &[(&str, [&str; 2])] = &[
    ("Wh", ["W", "h"]),
    ("VAh", ["VA", "h"]),
    ("varh", ["var", "h"]),
    ("Ah", ["A", "h"]),
    ("Nm", ["N", "m"]),
];

const AMBIGUOUS: &[AmbiguousSymbol] = &[
    AmbiguousSymbol {
        symbol: "pH",
        readings_en: "the picohenry, or the scale of acidity, whose unit is 1",
        readings_vi: "picohenry, hoặc thang độ axit có đơn vị là 1",
    },
    AmbiguousSymbol {
        symbol: "GU",
        readings_en: "the gloss unit, which has no UCUM code, or a thousand million enzyme units",
        readings_vi: "đơn vị độ bóng, không có mã UCUM, hoặc một tỷ đơn vị enzym",
    },
    AmbiguousSymbol {
        symbol: "ppt",
        readings_en: "parts per thousand or parts per trillion",
        readings_vi: "phần nghìn hoặc phần nghìn tỷ",
    },
    AmbiguousSymbol {
        symbol: "kt",
        readings_en: "the kilotonne or the knot",
        readings_vi: "kilotấn hoặc nút (hải lý trên giờ)",
    },
    AmbiguousSymbol {
        symbol: "mb",
        readings_en: "the millibar or the millibarn",
        readings_vi: "milibar hoặc milibarn",
    },
    AmbiguousSymbol {
        symbol: "pt",
        readings_en: "the pint or the picotonne",
        readings_vi: "pint hoặc picotấn",
    },
    AmbiguousSymbol {
        symbol: "ton",
        readings_en: "the tonne, the short ton or the long ton",
        readings_vi: "tấn, tấn Mỹ hoặc tấn Anh",
    },
    AmbiguousSymbol {
        symbol: "dBm",
        readings_en: "a level of power re 1 mW, which has no UCUM code; give the power in W",
        readings_vi: "mức công suất so với 1 mW, không có mã UCUM; cần nêu công suất theo W",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_symbols() {
        for (printed, code) in [
            ("µm", "um"),
            ("μm", "um"),
            ("&micro;m", "um"),
            ("Ω", "Ohm"),
            ("\u{2126}", "Ohm"),
            ("kΩ", "kOhm"),
            ("mΩ", "mOhm"),
            ("MΩ", "MOhm"),
            ("kohm", "kOhm"),
            ("µΩ/Ω", "uOhm/Ohm"),
            ("°C", "Cel"),
            ("º C", "Cel"),
            ("m°C", "mCel"),
            ("°F", "[degF]"),
            ("µV/V", "uV/V"),
            ("µg/kg", "ug/kg"),
            ("%", "%"),
            ("% RH", "%"),
            ("dimension 1", "1"),
            ("1", "1"),
            ("m<sup>3</sup>", "m3"),
            ("kg/m<sup>3</sup>", "kg/m3"),
            ("m<sup>-1</sup>", "m-1"),
            ("m<sup>3</sup>/s", "m3/s"),
            ("W/m<sup>3</sup>", "W/m3"),
            ("V (m/s<sup>2</sup>)<sup>-1</sup>", "V.s2/m"),
            ("W (m<sup>2</sup>sr&nbsp;nm)<sup>-1</sup>", "W/m2/sr/nm"),
            ("kgf/cm²", "kgf/cm2"),
            ("A/lx", "A/lx"),
            ("°", "deg"),
            ("′", "'"),
            ("″", "''"),
            ("µrad", "urad"),
            ("N·m", "N.m"),
            ("N m", "N.m"),
            ("Nm", "N.m"),
            ("kN.m", "kN.m"),
            ("N*m", "N.m"),
            ("kWh", "kW.h"),
            ("mAh", "mA.h"),
            ("kvarh", "kvar.h"),
            ("kVA", "kVA"),
            ("mm²/s", "mm2/s"),
            ("m s⁻¹", "m/s"),
            ("s-1", "s-1"),
            ("m^2", "m2"),
            ("m^-1", "m-1"),
            ("W/(m·K)", "W/m/K"),
            ("m/s/s", "m/s/s"),
            ("10⁻⁶", "10*-6"),
            ("1/°C", "Cel-1"),
            ("1/K", "K-1"),
            ("ha", "har"),
            ("ft", "[ft_i]"),
            ("psi", "[psi]"),
            ("mmHg", "mm[Hg]"),
            ("mmH2O", "mm[H2O]"),
            ("ppm", "[ppm]"),
            ("r/min", "{rev}/min"),
            ("rpm", "min-1"),
            ("V/rpm", "V/min-1"),
            ("mg/cc", "mg/cm3"),
            ("mm[Hg]", "mm[Hg]"),
            ("HRC", "{HRC}"),
            ("HV10", "{HV10}"),
            ("kg/kg", "kg/kg"),
            ("Bq", "Bq"),
            ("dB", "dB"),
        ] {
            assert_eq!(to_ucum(printed).as_deref(), Ok(code), "{printed}");
        }
    }

    #[test]
    fn what_is_refused() {
        assert_eq!(to_ucum(""), Err(SymbolError::Empty));
        assert_eq!(to_ucum("A/lx, V/lx, reading/lx"), Err(SymbolError::Alternatives));
        assert_eq!(to_ucum("X/lx"), Err(SymbolError::Placeholder("X".to_owned())));
        assert_eq!(to_ucum("reading/lx"), Err(SymbolError::Placeholder("reading".to_owned())));
        assert_eq!(to_ucum("J/kg·K"), Err(SymbolError::AmbiguousDivision));
        assert_eq!(to_ucum("W/m² K"), Err(SymbolError::AmbiguousDivision));
        assert!(matches!(to_ucum("pH"), Err(SymbolError::Ambiguous(_))));
        assert!(matches!(to_ucum("dBm"), Err(SymbolError::Ambiguous(_))));
        assert!(matches!(to_ucum("GU"), Err(SymbolError::Ambiguous(_))));
        assert_eq!(to_ucum("Nm³/h"), Err(SymbolError::Unknown("Nm".to_owned())));
        assert_eq!(to_ucum(&"m".repeat(201)), Err(SymbolError::TooLong));
        for text in
            ["m/", "(m", "m)", "m^", "/", "m²³⁴", "0.5 mg", "V/√Hz", "m--1", "<b>m</b>", "((((("]
        {
            let error = to_ucum(text).expect_err(text);
            assert!(!error.message_en().is_empty() && !error.message_vi().is_empty());
        }
    }

    #[test]
    fn the_units_of_the_kcdb() {
        let path =
            concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/kcdb/kcdb_cmc_canada-part.json");
        let Ok(text) = std::fs::read_to_string(path) else {
            println!("skipped: {path} is not here");
            return;
        };
        let records: Vec<serde_json::Value> = serde_json::from_str(&text).expect("JSON");
        for record in &records {
            for field in ["baseUnit", "uncertaintyBaseUnit"] {
                let printed = record[field].as_str().expect("a string");
                match to_ucum(printed) {
                    Ok(_) => {}
                    // an absent figure, the unit of the instrument, the gloss unit
                    Err(_) if ["", "X/W", "GU"].contains(&printed) => {}
                    Err(error) => panic!("{printed}: {error}"),
                }
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(text in "\\PC{0,60}") {
            let _ = to_ucum(&text);
        }

        #[test]
        fn reading_near_misses_gives_units(text in "[a-zA-Z0-9µΩ°²³⁻·/^() -]{0,20}") {
            if let Ok(code) = to_ucum(&text) {
                assert!(Unit::parse(&code).is_ok(), "{text}: {code}");
            }
        }
    }
}
