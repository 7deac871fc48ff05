//! D-SI unit strings, as digital calibration certificates carry them, to UCUM codes and back.
//!
//! What lives here: the words of D-SI (`\kilo\gram\per\metre\tothe{3}`), their meaning, and what can
//! be wrong with such a string. What does not: the reading of certificates (`exchange::dcc`), the
//! meaning of UCUM codes (`unit`).
//!
//! A D-SI string is a run of words: `\per` divides by the unit that follows it, a prefix belongs to
//! the unit that follows it, `\tothe{n}` is the exponent of the unit (with its prefix) before it.

use std::fmt;

use octofhir_ucum::{Case, lookup_unit};

use super::unit::{Unit, product_code};

/// Why a D-SI string could not be converted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.reason_en())]
pub struct DsiError {
    /// What is wrong.
    pub problem: DsiProblem,
    /// A string that would be accepted and was perhaps meant.
    pub suggestion: Option<String>,
}

/// What is wrong with a D-SI string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DsiProblem {
    /// It does not start with a backslash, or a backslash has no word behind it.
    NoWord,
    /// A word that is neither a unit nor a prefix of D-SI.
    UnknownWord(String),
    /// A prefix, or `\per`, without the unit that it belongs to.
    NoUnit(String),
    /// An exponent without a unit before it.
    NoBase,
    /// An exponent that is no integer from -99 to 99. D-SI allows fractions; UCUM and the
    /// dimensions of the registry do not.
    Exponent(String),
}

impl DsiError {
    fn new(problem: DsiProblem) -> Self {
        Self { problem, suggestion: None }
    }

    /// The reason in English.
    pub fn reason_en(&self) -> String {
        match &self.problem {
            DsiProblem::NoWord => "in a D-SI string a word follows each backslash".to_owned(),
            DsiProblem::UnknownWord(word) => format!("“\\{word}” is no unit or prefix of D-SI"),
            DsiProblem::NoUnit(word) => format!("a unit must follow “\\{word}” in a D-SI string"),
            DsiProblem::NoBase => "\\tothe must follow a unit in a D-SI string".to_owned(),
            DsiProblem::Exponent(found) => {
                format!("the exponent “{found}” is no integer from -99 to 99")
            }
        }
    }

    /// The reason in Vietnamese.
    pub fn reason_vi(&self) -> String {
        match &self.problem {
            DsiProblem::NoWord => {
                "trong chuỗi D-SI, sau mỗi dấu gạch chéo ngược phải có một từ".to_owned()
            }
            DsiProblem::UnknownWord(word) => {
                format!("“\\{word}” không phải đơn vị hay tiền tố của D-SI")
            }
            DsiProblem::NoUnit(word) => {
                format!("trong chuỗi D-SI, sau “\\{word}” phải có đơn vị")
            }
            DsiProblem::NoBase => "trong chuỗi D-SI, \\tothe phải đứng sau đơn vị".to_owned(),
            DsiProblem::Exponent(found) => {
                format!("số mũ “{found}” không phải số nguyên từ -99 đến 99")
            }
        }
    }
}

/// The UCUM code of a D-SI string: `\metre\second\tothe{-1}` is `m/s`.
///
/// Blanks between words are left out. Beyond D-SI, `\degreeCelsius` is taken as `\degreecelsius`, because certificates write it so.
///
/// # Errors
/// When a word is no unit or prefix of D-SI (they are case sensitive), when prefix, `\per` or
/// exponent stand without a unit, and for fractional exponents.
pub fn to_ucum(dsi: &str) -> Result<String, DsiError> {
    converted(dsi).map_err(|error| {
        let suggestion = respelt(dsi, &error.problem).filter(|string| converted(string).is_ok());
        DsiError { suggestion, ..error }
    })
}

fn converted(dsi: &str) -> Result<String, DsiError> {
    let words = dsi.strip_prefix('\\').ok_or_else(|| DsiError::new(DsiProblem::NoWord))?;
    let mut factors: Vec<Factor> = Vec::new();
    // Words that wait for their unit.
    let mut per = false;
    let mut prefix: Option<&DsiPrefix> = None;
    // Whether an exponent may come: once, right after a unit.
    let mut raisable = false;
    // Blanks and line breaks between the words say nothing.
    for word in words.split('\\').map(str::trim) {
        if let Some(exponent) = word.strip_prefix("tothe") {
            if let Some(prefix) = prefix {
                return Err(DsiError::new(DsiProblem::NoUnit(prefix.word.to_owned())));
            }
            let unit = factors.last_mut().filter(|_| raisable && !per);
            let unit = unit.ok_or_else(|| DsiError::new(DsiProblem::NoBase))?;
            unit.exponent *= integer(exponent)?;
            raisable = false;
        } else if word == "per" && prefix.is_none() {
            if per {
                return Err(DsiError::new(DsiProblem::NoUnit(word.to_owned())));
            }
            per = true;
        } else if let Some(found) = PREFIXES.iter().find(|p| p.word == word && prefix.is_none()) {
            prefix = Some(found);
        } else {
            let unit = UNITS.iter().find(|(name, _)| *name == word);
            let (_, body) = unit.ok_or_else(|| unknown(word, prefix))?;
            factors.push(Factor {
                prefix: prefix.take(),
                body,
                exponent: if per { -1 } else { 1 },
            });
            per = false;
            raisable = true;
        }
    }
    if let Some(prefix) = prefix {
        return Err(DsiError::new(DsiProblem::NoUnit(prefix.word.to_owned())));
    }
    if per {
        return Err(DsiError::new(DsiProblem::NoUnit("per".to_owned())));
    }
    let mut product = Vec::new();
    for factor in &factors {
        factor.write(&mut product)?;
    }
    Ok(product_code(&product))
}

/// The D-SI string of a unit: `m/s` is `\metre\second\tothe{-1}`. None for a unit that D-SI has no
/// word for (`kgf`), and for numbers and annotations.
pub fn of_unit(unit: &Unit) -> Option<String> {
    if unit.code() == "1" {
        return Some("\\one".to_owned());
    }
    let mut string = String::new();
    for factor in unit.factors()? {
        let whole = format!("{}{}", factor.prefix, factor.symbol);
        let word = |symbol: &str| {
            let is_its = |body: &[(&str, i8)]| matches!(body, [(own, 1)] if *own == symbol);
            UNITS.iter().find(|(_, body)| is_its(body)).map(|(word, _)| *word)
        };
        // Some words of D-SI stand for a symbol with its prefix: kilogram, decibel, hectare.
        match word(&whole) {
            Some(word) => string.extend(["\\", word]),
            None => {
                let prefix = PREFIXES.iter().find(|prefix| prefix.symbol == Some(factor.prefix))?;
                string.extend(["\\", prefix.word, "\\", word(factor.symbol)?]);
            }
        }
        if factor.exponent != 1 {
            string.push_str(&format!("\\tothe{{{}}}", factor.exponent));
        }
    }
    Some(string).filter(|string| !string.is_empty())
}

/// A prefix, a unit and their exponent.
struct Factor {
    prefix: Option<&'static DsiPrefix>,
    body: &'static [(&'static str, i8)],
    exponent: i16,
}

impl Factor {
    fn write(&self, product: &mut Vec<(String, i8)>) -> Result<(), DsiError> {
        let raised = |exponent: i16| {
            let exponent = exponent.checked_mul(self.exponent).and_then(|e| i8::try_from(e).ok());
            exponent.ok_or_else(|| DsiError::new(DsiProblem::Exponent(self.exponent.to_string())))
        };
        let mut body = self.body;
        match (self.prefix, self.body) {
            (None, _) => {}
            (Some(DsiPrefix { symbol: Some(prefix), .. }), [(unit, 1)])
                if lookup_unit(unit, Case::Sensitive)
                    .is_some_and(|(own, record)| own.is_none() && record.is_metric) =>
            {
                product.push((format!("{prefix}{unit}"), raised(1)?));
                body = &[];
            }
            (Some(DsiPrefix { ten: Some(ten), .. }), _) => {
                product.push(("10*".to_owned(), raised(i16::from(*ten))?));
            }
            (Some(DsiPrefix { word, .. }), _) => {
                return Err(DsiError::new(DsiProblem::NoUnit((*word).to_owned())));
            }
        }
        for (symbol, exponent) in body {
            product.push(((*symbol).to_owned(), raised(i16::from(*exponent))?));
        }
        Ok(())
    }
}

/// The integer of `{-2}`; `{2.0}` counts as one.
fn integer(text: &str) -> Result<i16, DsiError> {
    let wrong = || DsiError::new(DsiProblem::Exponent(text.to_owned()));
    let inner = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).ok_or_else(wrong)?.trim();
    let whole = match inner.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|byte| byte == b'0') => whole,
        Some(_) => return Err(wrong()),
        None => inner,
    };
    whole.parse().ok().filter(|exponent: &i16| exponent.abs() <= 99).ok_or_else(wrong)
}

/// The error for a word that is no unit.
fn unknown(word: &str, prefix: Option<&DsiPrefix>) -> DsiError {
    if word.is_empty() {
        return DsiError::new(DsiProblem::NoWord);
    }
    if let Some(prefix) = prefix
        && (word == "per" || PREFIXES.iter().any(|p| p.word == word))
    {
        return DsiError::new(DsiProblem::NoUnit(prefix.word.to_owned()));
    }
    DsiError::new(DsiProblem::UnknownWord(word.to_owned()))
}

/// The string with its unknown word in the letters of D-SI: `\kelvin` for `\Kelvin`, `\metre` for
/// `\meter`.
fn respelt(dsi: &str, problem: &DsiProblem) -> Option<String> {
    let DsiProblem::UnknownWord(word) = problem else { return None };
    let american = word.strip_suffix("er").map(|stem| format!("{stem}re"));
    let mut known = UNITS.iter().map(|(name, _)| *name).chain(PREFIXES.iter().map(|p| p.word));
    let meant = known
        .find(|known| known.eq_ignore_ascii_case(word) || american.as_deref() == Some(*known))?;
    Some(dsi.replacen(&format!("\\{word}"), &format!("\\{meant}"), 1))
}

/// A prefix of D-SI.
struct DsiPrefix {
    word: &'static str,
    /// UCUM's symbol, where UCUM has the prefix.
    symbol: Option<&'static str>,
    /// The power of ten, where it is one.
    ten: Option<i8>,
}

impl fmt::Debug for DsiPrefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word)
    }
}

const fn decimal(word: &'static str, symbol: &'static str, ten: i8) -> DsiPrefix {
    DsiPrefix { word, symbol: Some(symbol), ten: Some(ten) }
}

const fn binary(word: &'static str, symbol: &'static str) -> DsiPrefix {
    DsiPrefix { word, symbol: Some(symbol), ten: None }
}

/// SI prefixes (SI Brochure, table 7; UCUM has none of 2022) and the binary ones that UCUM has.
const PREFIXES: &[DsiPrefix] = &[
    decimal("deca", "da", 1),
    decimal("hecto", "h", 2),
    decimal("kilo", "k", 3),
    decimal("mega", "M", 6),
    decimal("giga", "G", 9),
    decimal("tera", "T", 12),
    decimal("peta", "P", 15),
    decimal("exa", "E", 18),
    decimal("zetta", "Z", 21),
    decimal("yotta", "Y", 24),
    DsiPrefix { word: "ronna", symbol: None, ten: Some(27) },
    DsiPrefix { word: "quetta", symbol: None, ten: Some(30) },
    decimal("deci", "d", -1),
    decimal("centi", "c", -2),
    decimal("milli", "m", -3),
    decimal("micro", "u", -6),
    decimal("nano", "n", -9),
    decimal("pico", "p", -12),
    decimal("femto", "f", -15),
    decimal("atto", "a", -18),
    decimal("zepto", "z", -21),
    decimal("yocto", "y", -24),
    DsiPrefix { word: "ronto", symbol: None, ten: Some(-27) },
    DsiPrefix { word: "quecto", symbol: None, ten: Some(-30) },
    binary("kibi", "Ki"),
    binary("mebi", "Mi"),
    binary("gibi", "Gi"),
    binary("tebi", "Ti"),
];

/// Units of D-SI as products of UCUM symbols. Where UCUM's unit of that name has another value
/// (mmHg, astronomical unit) or there is none, the value of the SI Brochure or of CODATA 2022 is
/// written out.
const UNITS: &[(&str, &[(&str, i8)])] = &[
    ("one", &[]),
    ("percent", &[("%", 1)]),
    ("ppm", &[("[ppm]", 1)]),
    ("metre", &[("m", 1)]),
    ("kilogram", &[("kg", 1)]),
    ("second", &[("s", 1)]),
    ("ampere", &[("A", 1)]),
    ("kelvin", &[("K", 1)]),
    ("mole", &[("mol", 1)]),
    ("candela", &[("cd", 1)]),
    ("gram", &[("g", 1)]),
    ("radian", &[("rad", 1)]),
    ("steradian", &[("sr", 1)]),
    ("hertz", &[("Hz", 1)]),
    ("newton", &[("N", 1)]),
    ("pascal", &[("Pa", 1)]),
    ("joule", &[("J", 1)]),
    ("watt", &[("W", 1)]),
    ("coulomb", &[("C", 1)]),
    ("volt", &[("V", 1)]),
    ("farad", &[("F", 1)]),
    ("ohm", &[("Ohm", 1)]),
    ("siemens", &[("S", 1)]),
    ("weber", &[("Wb", 1)]),
    ("tesla", &[("T", 1)]),
    ("henry", &[("H", 1)]),
    ("degreecelsius", &[("Cel", 1)]),
    ("degreeCelsius", &[("Cel", 1)]),
    ("lumen", &[("lm", 1)]),
    ("lux", &[("lx", 1)]),
    ("becquerel", &[("Bq", 1)]),
    ("gray", &[("Gy", 1)]),
    ("sievert", &[("Sv", 1)]),
    ("katal", &[("kat", 1)]),
    ("minute", &[("min", 1)]),
    ("hour", &[("h", 1)]),
    ("day", &[("d", 1)]),
    ("degree", &[("deg", 1)]),
    ("arcminute", &[("'", 1)]),
    ("arcsecond", &[("''", 1)]),
    ("hectare", &[("har", 1)]),
    ("litre", &[("L", 1)]),
    ("litre", &[("l", 1)]),
    ("tonne", &[("t", 1)]),
    ("electronvolt", &[("eV", 1)]),
    ("dalton", &[("u", 1)]),
    ("astronomicalunit", &[("149597870700", 1), ("m", 1)]),
    ("neper", &[("Np", 1)]),
    ("bel", &[("B", 1)]),
    ("decibel", &[("dB", 1)]),
    ("bar", &[("bar", 1)]),
    ("mmHg", &[("133322387415", 1), ("10*", -9), ("Pa", 1)]),
    ("angstrom", &[("Ao", 1)]),
    ("nauticalmile", &[("[nmi_i]", 1)]),
    ("knot", &[("[kn_i]", 1)]),
    ("barn", &[("b", 1)]),
    ("erg", &[("erg", 1)]),
    ("dyne", &[("dyn", 1)]),
    ("poise", &[("P", 1)]),
    ("stokes", &[("St", 1)]),
    ("stilb", &[("sb", 1)]),
    ("phot", &[("ph", 1)]),
    ("gal", &[("Gal", 1)]),
    ("maxwell", &[("Mx", 1)]),
    ("gauss", &[("G", 1)]),
    ("oersted", &[("Oe", 1)]),
    ("bit", &[("bit", 1)]),
    ("byte", &[("By", 1)]),
    ("clight", &[("[c]", 1)]),
    ("planckbar", &[("[h]", 1), ("2", -1), ("[pi]", -1)]),
    ("electronmass", &[("[m_e]", 1)]),
    ("elementarycharge", &[("[e]", 1)]),
    ("bohr", &[("529177210544", 1), ("10*", -22), ("m", 1)]),
    ("hartree", &[("4359744722206", 1), ("10*", -30), ("J", 1)]),
    ("naturalunittime", &[("128808866644", 1), ("10*", -32), ("s", 1)]),
    ("atomicunittime", &[("24188843265864", 1), ("10*", -30), ("s", 1)]),
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::domain::unit::Unit;

    fn read(path: &str) -> Option<String> {
        let text = std::fs::read_to_string(
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(path),
        )
        .ok();
        if text.is_none() {
            println!("skipped: {path} is not here");
        }
        text
    }

    #[test]
    fn strings() {
        for (dsi, ucum) in [
            (r"\metre", "m"),
            (r"\milli\gram", "mg"),
            (r"\micro\metre", "um"),
            (r"\metre\second\tothe{-1}", "m/s"),
            (r"\kilogram\per\metre\tothe{3}", "kg/m3"),
            (r"\per\kelvin", "K-1"),
            (r"\second\tothe{-1}", "s-1"),
            (r"\degreecelsius", "Cel"),
            (r"\degreeCelsius", "Cel"),
            (r"\milli\degreecelsius", "mCel"),
            (r"\one", "1"),
            (r"\mole\one", "mol"),
            (r"\milli\one", "10*-3"),
            (r"\percent", "%"),
            (r"\ppm", "[ppm]"),
            (r"\micro\gram\gram\tothe{-1}", "ug/g"),
            (r"\volt\milli\volt\tothe{-1}", "V/mV"),
            (r"\centi\metre\tothe{3}", "cm3"),
            (r"\milli\minute", "10*-3.min"),
            (r"\milli\kilogram\tothe{2}", "10*-6.kg2"),
            (r"\ampere\tothe{-005}", "A-5"),
            (r"\milli\metre\tothe{+0}", "1"),
            (r"\metre\tothe{2.0}", "m2"),
            (r"\astronomicalunit", "149597870700.m"),
            (r"\astronomicalunit\tothe{-2}", "1/149597870700/149597870700/m2"),
            (r"\one\minute\arcsecond", "min.''"),
            (r"\deci\bel", "dB"),
            (r"\quetta\gram", "10*30.g"),
        ] {
            let code = to_ucum(dsi);
            assert_eq!(code.as_deref(), Ok(ucum), "{dsi}");
            assert!(Unit::parse(ucum).is_ok(), "{ucum}");
        }
    }

    #[test]
    fn mistakes() {
        let problem = |dsi: &str| to_ucum(dsi).expect_err(dsi).problem;
        let suggestion = |dsi: &str| to_ucum(dsi).expect_err(dsi).suggestion;
        assert_eq!(problem("metre"), DsiProblem::NoWord);
        assert_eq!(problem(r"\"), DsiProblem::NoWord);
        assert_eq!(problem(r"\metre\\second"), DsiProblem::NoWord);
        assert_eq!(problem(r"\kilowatt hour"), DsiProblem::UnknownWord("kilowatt hour".to_owned()));
        assert_eq!(problem(r"\Newton"), DsiProblem::UnknownWord("Newton".to_owned()));
        assert_eq!(suggestion(r"\Newton").as_deref(), Some(r"\newton"));
        assert_eq!(suggestion(r"\Newton\Metre"), None);
        assert_eq!(suggestion(r"\meter").as_deref(), Some(r"\metre"));
        assert_eq!(problem(r"\micro"), DsiProblem::NoUnit("micro".to_owned()));
        assert_eq!(problem(r"\micro\mega\ampere"), DsiProblem::NoUnit("micro".to_owned()));
        assert_eq!(problem(r"\micro\tothe{2}"), DsiProblem::NoUnit("micro".to_owned()));
        assert_eq!(problem(r"\kilogram\per"), DsiProblem::NoUnit("per".to_owned()));
        assert_eq!(problem(r"\per\per\metre"), DsiProblem::NoUnit("per".to_owned()));
        assert_eq!(problem(r"\tothe{2}\metre"), DsiProblem::NoBase);
        assert_eq!(problem(r"\metre\tothe{2}\tothe{2}"), DsiProblem::NoBase);
        assert_eq!(problem(r"\metre\tothe{0.5}"), DsiProblem::Exponent("{0.5}".to_owned()));
        assert_eq!(problem(r"\metre\tothe2"), DsiProblem::Exponent("2".to_owned()));
        assert_eq!(problem(r"\metre\tothe{}"), DsiProblem::Exponent("{}".to_owned()));
        assert_eq!(problem(r"\yotta\day\tothe{99}"), DsiProblem::Exponent("99".to_owned()));
    }

    #[test]
    fn every_word_is_a_unit() {
        for (word, _) in UNITS {
            for prefix in [""].into_iter().chain(PREFIXES.iter().map(|prefix| prefix.word)) {
                let dsi = match prefix {
                    "" => format!("\\{word}"),
                    _ => format!("\\{prefix}\\{word}"),
                };
                match to_ucum(&dsi) {
                    Ok(code) => assert!(Unit::parse(&code).is_ok(), "{dsi}: {code}"),
                    // binary prefixes on anything but bit and byte
                    Err(error) => assert!(prefix.ends_with("bi"), "{dsi}: {error}"),
                }
            }
        }
    }

    /// Strings of the list that it calls valid and we refuse, with the reason.
    const REFUSED: &[(&str, &str)] = &[
        (
            r"\kilogram\metre\tothe{0.5}\ampere\tothe{-1}\second\tothe{-2}",
            "fractional exponents: neither UCUM nor the dimensions of the registry have them",
        ),
        (
            r"\kilogram\metre\tothe{2.5}\micro\ampere\tothe{-1}\hecto\second\tothe{-2.324}",
            "fractional exponents",
        ),
    ];

    /// Strings of the list that it calls invalid and we accept, with the reason.
    const ACCEPTED: &[(&str, &str)] = &[(r"\degreeCelsius", "certificates write it so")];

    #[test]
    fn units_become_strings() {
        for (code, string) in [
            ("mg", r"\milli\gram"),
            ("kg", r"\kilogram"),
            ("m/s", r"\metre\second\tothe{-1}"),
            ("kg/m3", r"\kilogram\metre\tothe{-3}"),
            ("uV/V", r"\micro\volt\volt\tothe{-1}"),
            ("1", r"\one"),
            ("%", r"\percent"),
            ("Cel", r"\degreecelsius"),
            ("Ohm/Cel", r"\ohm\degreecelsius\tothe{-1}"),
            ("dB", r"\decibel"),
            ("mL", r"\milli\litre"),
            ("ml", r"\milli\litre"),
            ("1/s", r"\second\tothe{-1}"),
            ("mm2", r"\milli\metre\tothe{2}"),
            ("umol/(L.min)", r"\micro\mole\litre\tothe{-1}\minute\tothe{-1}"),
        ] {
            assert_eq!(of_unit(&Unit::parse(code).unwrap()).as_deref(), Some(string), "{code}");
        }
        for code in ["kgf/cm2", "{HRC}", "10*-6", "60.s", "mg{dry}", "[in_i]"] {
            assert_eq!(of_unit(&Unit::parse(code).unwrap()), None, "{code}");
        }
    }

    #[test]
    fn strings_come_back_as_the_same_unit() {
        for (word, body) in UNITS.iter().filter(|(_, body)| matches!(body, [(_, 1)])) {
            for prefix in [""].into_iter().chain(PREFIXES.iter().map(|prefix| prefix.word)) {
                let string = format!("\\{prefix}\\{word}").replace("\\\\", "\\");
                let Ok(code) = to_ucum(&string) else { continue };
                let unit = Unit::parse(&code).unwrap();
                let Some(again) = of_unit(&unit) else {
                    // Prefixes that UCUM does not have stand as powers of ten.
                    assert!(code.contains("10*"), "{string} {body:?}");
                    continue;
                };
                let back = Unit::parse(&again).unwrap();
                assert_eq!((back.factor(), back.dimension()), (unit.factor(), unit.dimension()));
            }
        }
    }

    #[test]
    fn the_strings_seen_in_real_files() {
        let Some(text) = read("dsi/units_seen-part.csv") else { return };
        let mut compared = 0;
        for line in text.lines().skip(1) {
            let (string, rest) = match line.strip_prefix('"') {
                Some(quoted) => quoted.split_once("\",").expect("closing quote"),
                None => line.split_once(',').expect("columns"),
            };
            let mut columns = rest.splitn(4, ',').skip(1);
            let valid = columns.next() == Some("true");
            // “kBq” without a backslash is no D-SI; `Unit::parse` reads both
            match (Unit::parse(string), valid) {
                (Ok(unit), true) => {
                    compare(string, &unit, columns.next().expect("base"));
                    compared += 1;
                }
                (Err(_), false) => {}
                (Ok(_), false) => {
                    assert!(ACCEPTED.iter().any(|(known, _)| *known == string), "{string}");
                }
                (Err(error), true) => {
                    assert!(REFUSED.iter().any(|(known, _)| *known == string), "{string}: {error}");
                }
            }
        }
        assert!(compared > 50);
    }

    /// Compares factor and dimension with `factor*\word\word…`, where factor and exponents are the
    /// list's, rounded.
    fn compare(string: &str, unit: &Unit, base: &str) {
        let (factor, words) = match base.split_once('*') {
            Some((factor, words)) => (factor.parse().expect("factor"), words),
            None => (1.0, base),
        };
        let base = Unit::parse(words).expect(words);
        assert_eq!(unit.dimension(), base.dimension(), "{string}");
        let expected = factor * base.factor();
        let error = (unit.factor() - expected).abs() / expected;
        assert!(error <= 1e-12, "{string}: {} is not {expected}", unit.factor());
    }

    #[test]
    fn the_strings_of_the_certificates() {
        let Some(text) = read("dcc/expected.csv") else { return };
        let mut refused = std::collections::BTreeSet::new();
        for line in text.lines().skip(1).filter(|line| line.starts_with("valid/")) {
            let units = line.rsplit(',').next().unwrap_or_default();
            for string in units.split(' ').filter(|string| !string.is_empty()) {
                if Unit::parse(string).is_err() {
                    refused.insert(string.to_owned());
                }
            }
        }
        // capitalised words are no D-SI; the files are valid by schema all the same
        let expected: Vec<&str> = vec![r"\Kelvin\tothe{-1}", r"\Newton"];
        assert!(refused.iter().all(|string| expected.contains(&string.as_str())), "{refused:?}");
    }

    #[test]
    fn the_strings_of_the_quality_classes() {
        let mut refused = std::collections::BTreeSet::new();
        let mut read_strings = 0;
        for class in ["platinum", "gold", "silver", "bronze"] {
            let folder =
                Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/dsi").join(class);
            let Ok(files) = std::fs::read_dir(&folder) else {
                println!("skipped: dsi/{class} is not here");
                return;
            };
            for file in files {
                let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
                let document = roxmltree::Document::parse(&text).unwrap();
                let units = document
                    .descendants()
                    .filter(|node| node.is_element() && node.tag_name().name().starts_with("unit"));
                for unit in units {
                    let one = !unit.tag_name().name().ends_with("XMLList");
                    let text = unit.text().unwrap_or_default().trim();
                    let list: Vec<&str> = text.split_whitespace().collect();
                    for string in if one { vec![text] } else { list } {
                        read_strings += 1;
                        if string.starts_with('\\') && to_ucum(string).is_err() {
                            refused.insert(string.to_owned());
                        }
                    }
                }
            }
        }
        assert!(read_strings > 500, "{read_strings}");
        // Exponents that are no integers, for which there is no UCUM code, and words that the list
        // of D-SI does not have; gold and bronze files hold them as examples of other units.
        let expected = [
            r"\ampere\tothe{+0.5}",
            r"\ampere\tothe{-0.5}",
            r"\atomicmassunit",
            r"\barel of oil",
            r"\kilogram\metre\tothe{0.5}\ampere\tothe{-1}\second\tothe{-2}",
            r"\kilowatt hour",
            r"\kilowatt hour\kilowatt hour",
            r"\mmhg",
            r"\torr",
        ];
        assert_eq!(refused.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(words in "(\\\\[a-zA-Z]{0,9}|\\\\tothe\\{[-+0-9.]{0,4}\\}|\\\\per|\\\\milli|\\\\metre){0,12}") {
            let _ = to_ucum(&words);
        }
    }
}
