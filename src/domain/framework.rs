//! The SI Reference Point of the BIPM's SI Digital Framework: persistent links for units.
//!
//! What lives here: the names under which the units of the SI, and those accepted with it, stand
//! there (version 1.0.0 of 2026). What does not: the meaning of units (`unit`).

use super::unit::Unit;

/// Where the units stand.
const UNITS: &str = "https://si-digital-framework.org/SI/units/";

/// Symbols of UCUM, with the unit's name in the SI Reference Point, in the order of the symbols.
/// UCUM's astronomical unit is not here: it is another length.
const NAMES: &[(&str, &str)] = &[
    ("'", "arcminute"),
    ("''", "arcsecond"),
    ("A", "ampere"),
    ("B", "bel"),
    ("Bq", "becquerel"),
    ("C", "coulomb"),
    ("Cel", "degreeCelsius"),
    ("F", "farad"),
    ("Gy", "gray"),
    ("H", "henry"),
    ("Hz", "hertz"),
    ("J", "joule"),
    ("K", "kelvin"),
    ("L", "litre"),
    ("N", "newton"),
    ("Np", "neper"),
    ("Ohm", "ohm"),
    ("Pa", "pascal"),
    ("S", "siemens"),
    ("Sv", "sievert"),
    ("T", "tesla"),
    ("V", "volt"),
    ("W", "watt"),
    ("Wb", "weber"),
    ("cd", "candela"),
    ("d", "day"),
    ("deg", "degree"),
    ("eV", "electronvolt"),
    ("g", "gram"),
    ("h", "hour"),
    ("har", "hectare"),
    ("kat", "katal"),
    ("kg", "kilogram"),
    ("l", "litre"),
    ("lm", "lumen"),
    ("lx", "lux"),
    ("m", "metre"),
    ("min", "minute"),
    ("mol", "mole"),
    ("rad", "radian"),
    ("s", "second"),
    ("sr", "steradian"),
    ("t", "tonne"),
    ("u", "dalton"),
];

/// The links of the units that a unit multiplies, without their prefixes, in the order of its code;
/// those left out do not stand in the SI Reference Point.
pub fn links(unit: &Unit) -> Vec<String> {
    let name = |symbol: &str| {
        let place = NAMES.binary_search_by(|(own, _)| (*own).cmp(symbol)).ok()?;
        NAMES.get(place).map(|(_, name)| *name)
    };
    let mut links: Vec<String> = Vec::new();
    for factor in unit.factors().unwrap_or_default() {
        // Kilogram and hectare have names of their own.
        let whole = format!("{}{}", factor.prefix, factor.symbol);
        let link =
            name(&whole).or_else(|| name(factor.symbol)).map(|name| format!("{UNITS}{name}"));
        links.extend(link.filter(|link| !links.contains(link)));
    }
    links
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn symbols_are_in_order() {
        assert!(NAMES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn units_are_linked_by_what_they_multiply() {
        let names = |code: &str| {
            let links = links(&Unit::parse(code).unwrap());
            links.iter().map(|link| link[UNITS.len()..].to_owned()).collect::<Vec<_>>().join(" ")
        };
        for (code, linked) in [
            ("mg", "gram"),
            ("kg/m3", "kilogram metre"),
            ("uV/V", "volt"),
            ("har", "hectare"),
            ("Ohm/Cel", "ohm degreeCelsius"),
            ("kgf/cm2", "metre"),
            ("{HRC}", ""),
        ] {
            assert_eq!(names(code), linked, "{code}");
        }
    }

    #[test]
    fn every_unit_of_the_reference_point_is_linked() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../shared/data/si/reference_point/units.ttl");
        let Ok(text) = std::fs::read_to_string(path) else {
            println!("skipped: si/reference_point/units.ttl is not here");
            return;
        };
        let subjects = text.lines().filter(|line| line.contains(" a si:"));
        let there: BTreeSet<&str> = subjects
            .filter_map(|line| line.strip_prefix("units:")?.split_once(' '))
            .map(|(name, _)| name)
            .filter(|name| !["one", "astronomicalunit"].contains(name))
            .collect();
        let here: BTreeSet<&str> = NAMES.iter().map(|(_, name)| *name).collect();
        assert_eq!(here, there);
    }
}
