//! National law as dated data of a policy: which units are legal, and after how many months an
//! instrument is verified again. Each entry names its text and the days on which it is in force, so
//! that an event is judged by the law of its own day.

use crate::domain::period::Day;

use super::evidence::Period;

/// A list of legal units (rule V-08).
#[derive(Debug, Clone)]
pub struct LegalUnits {
    /// The legal text.
    pub document: String,
    /// Days on which it is in force.
    pub valid: Period,
    /// Symbols of UCUM, without prefixes; sorted.
    pub symbols: Vec<String>,
}

impl LegalUnits {
    /// Whether all symbols that a unit is made of are on the list.
    pub fn contains(&self, symbols: &[&str]) -> bool {
        symbols.iter().all(|symbol| {
            self.symbols.binary_search_by(|listed| listed.as_str().cmp(symbol)).is_ok()
        })
    }
}

/// The cycle of verification of a kind of instrument (rule V-09).
#[derive(Debug, Clone)]
pub struct VerificationCycle {
    /// The legal text.
    pub document: String,
    /// Days on which it is in force.
    pub valid: Period,
    /// What instruments of the kind are called, in small letters.
    pub instruments: Vec<String>,
    /// Months from one verification to the next.
    pub months: u32,
}

impl VerificationCycle {
    /// Whether an instrument of this name, in small letters, is of the kind.
    pub fn names(&self, name: &str) -> bool {
        self.instruments.iter().any(|instrument| name.contains(instrument.as_str()))
    }
}

object! {
    /// A list of legal units, and when it is in force (rule V-08).
    LegalUnitsDocument {
        required {
            /// The legal text.
            document: String,
            /// Symbols of UCUM, without prefixes.
            symbols: Vec<String>,
        }
        optional {
            /// First day on which it is in force.
            valid_from: Day,
            /// Last day on which it is in force, included.
            valid_to: Day,
        }
    }
}

impl From<LegalUnitsDocument> for LegalUnits {
    fn from(written: LegalUnitsDocument) -> Self {
        let mut symbols = written.symbols;
        symbols.sort_unstable();
        let valid = Period::new(written.valid_from, written.valid_to);
        Self { document: written.document, valid, symbols }
    }
}

object! {
    /// The cycle of verification of a kind of instrument, and when it is in force (rule V-09).
    VerificationCycleDocument {
        required {
            /// The legal text.
            document: String,
            /// What instruments of the kind are called.
            instruments: Vec<String>,
            /// Months from one verification to the next.
            months: u32,
        }
        optional {
            /// First day on which it is in force.
            valid_from: Day,
            /// Last day on which it is in force, included.
            valid_to: Day,
        }
    }
}

impl From<VerificationCycleDocument> for VerificationCycle {
    fn from(written: VerificationCycleDocument) -> Self {
        Self {
            document: written.document,
            valid: Period::new(written.valid_from, written.valid_to),
            instruments: written.instruments.iter().map(|name| name.to_lowercase()).collect(),
            months: written.months,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::unit::Unit;
    use crate::engine::policy::Policy;

    #[test]
    fn units_are_legal_by_their_symbols() {
        let law = Policy::shipped("vn-2026").and_then(|policy| policy.law.as_ref()).expect("law");
        let list = law.legal_units.first().expect("a list");
        for (code, is_legal) in [
            ("mg", true),
            ("uV/V", true),
            ("kW.h", true),
            ("Mvar", true),
            ("10*-6", true),
            ("%", true),
            ("kgf/cm2", false),
            ("[psi]", false),
            ("[in_i]", false),
            ("m[Hg]", false),
        ] {
            let symbols = Unit::parse(code).expect(code).symbols();
            assert_eq!(list.contains(&symbols), is_legal, "{code}: {symbols:?}");
        }
    }

    #[test]
    fn an_instrument_is_known_by_its_name() {
        let law = Policy::shipped("vn-2026").and_then(|policy| policy.law.as_ref()).expect("law");
        let months = |name: &str| {
            let mut cycles = law.verification_cycles.iter().filter(|cycle| cycle.names(name));
            cycles.next().map(|cycle| cycle.months)
        };
        assert_eq!(months("taximet kiểu a"), Some(18));
        assert_eq!(months("máy đo tốc độ gió"), None);
    }
}
