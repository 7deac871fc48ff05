//! Epochs of realisation: from when on a unit was realised with another value, and how far values
//! expressed before and after lie apart (rule T-09).
//!
//! Dated data, to be added to when the CCM or the CCEM decides again:
//!
//! - The kilogram. Since 2019-05-20 it is defined by the Planck constant (CGPM 26, Resolution 1
//!   \[F\]); dissemination went on from the mass of the International Prototype. Since 2021-02-01
//!   it is disseminated from the consensus value, 1 kg − 2 µg relative to the prototype, since
//!   2023-03-01 from 1 kg − 7 µg (CCM, calculations of the consensus value \[F\], the first from the
//!   difference of 5 µg).
//! - The volt and the ohm. Since 1990-01-01 they were represented with K_J-90 = 483 597.9 GHz/V and
//!   R_K-90 = 25 812.807 Ω (CIPM 1988); abrogated on 2019-05-20 (CGPM 26, Resolution 1 \[F\]) for the
//!   values that follow from the fixed e and h, by which the numerical value of the same voltage
//!   grows by 1.0667 parts in 10⁷ and of the same resistance by 1.779 parts in 10⁸ (computed).

use super::period::Day;
use super::quantity::QuantityKindId;

vocabulary! {
    /// An epoch of realisation.
    Epoch {
        /// Kilogram: the International Prototype.
        KgIpk = "kg-ipk",
        /// Kilogram: the Planck constant, disseminated from the prototype's mass.
        Kg2019 = "kg-2019-05-20",
        /// Kilogram: the first consensus value.
        Kg2021 = "kg-2021-02-01",
        /// Kilogram: the second consensus value.
        Kg2023 = "kg-2023-03-01",
        /// Volt: K_J-90.
        V1990 = "V-1990-01-01",
        /// Volt: the fixed e and h.
        V2019 = "V-2019-05-20",
        /// Ohm: R_K-90.
        Ohm1990 = "Ohm-1990-01-01",
        /// Ohm: the fixed e and h.
        Ohm2019 = "Ohm-2019-05-20",
    }
}

/// A unit that has epochs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EpochUnit {
    /// The kilogram.
    Kilogram,
    /// The volt.
    Volt,
    /// The ohm.
    Ohm,
}

impl EpochUnit {
    /// The unit whose epochs count for a kind of quantity. Quantities derived from several units
    /// (pressure, force, current, power) have none: one certificate states one epoch, and the shift
    /// of the others is far below what they are measured with.
    pub fn of(kind: QuantityKindId) -> Option<Self> {
        match kind.id() {
            "mass" | "conventional_mass" => Some(Self::Kilogram),
            "dc_voltage" | "ac_voltage" => Some(Self::Volt),
            "dc_resistance" | "ac_resistance" => Some(Self::Ohm),
            _ => None,
        }
    }
}

impl Epoch {
    /// The unit.
    pub fn unit(self) -> EpochUnit {
        match self {
            Self::KgIpk | Self::Kg2019 | Self::Kg2021 | Self::Kg2023 => EpochUnit::Kilogram,
            Self::V1990 | Self::V2019 => EpochUnit::Volt,
            Self::Ohm1990 | Self::Ohm2019 => EpochUnit::Ohm,
        }
    }

    /// The first day.
    pub fn begins_on(self) -> Day {
        match self {
            Self::KgIpk => Day::beginning(),
            Self::V1990 | Self::Ohm1990 => Day::from_number(7_305),
            Self::Kg2019 | Self::V2019 | Self::Ohm2019 => Day::from_number(18_036),
            Self::Kg2021 => Day::from_number(18_659),
            Self::Kg2023 => Day::from_number(19_417),
        }
    }

    /// By which fraction the number for the same quantity lies above that of the unit's first
    /// epoch.
    pub fn shift(self) -> f64 {
        match self {
            Self::KgIpk | Self::Kg2019 | Self::V1990 | Self::Ohm1990 => 0.0,
            Self::Kg2021 => -2e-9,
            Self::Kg2023 => -7e-9,
            Self::V2019 => 1.066_65e-7,
            Self::Ohm2019 => 1.779_37e-8,
        }
    }

    /// The epoch of a unit that was in force on a day; none before its first.
    pub fn in_force(unit: EpochUnit, day: Day) -> Option<Self> {
        let begun = |epoch: &Self| epoch.unit() == unit && epoch.begins_on() <= day;
        Self::ALL.iter().copied().filter(begun).max_by_key(|epoch| epoch.begins_on())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_begins_on_the_day_in_its_name() {
        for epoch in Epoch::ALL.iter().filter(|epoch| **epoch != Epoch::KgIpk) {
            let (_, day) = epoch.as_str().split_once('-').expect("a unit and a day");
            assert_eq!(epoch.begins_on(), Day::parse(day).expect("a day"), "{epoch}");
        }
    }

    #[test]
    fn the_latest_epoch_that_has_begun_is_in_force() {
        let on = |unit, day| Epoch::in_force(unit, Day::parse(day).expect("a day"));
        assert_eq!(on(EpochUnit::Kilogram, "2019-05-19"), Some(Epoch::KgIpk));
        assert_eq!(on(EpochUnit::Kilogram, "2023-02-28"), Some(Epoch::Kg2021));
        assert_eq!(on(EpochUnit::Kilogram, "2023-03-01"), Some(Epoch::Kg2023));
        assert_eq!(on(EpochUnit::Volt, "1989-12-31"), None);
        assert_eq!(on(EpochUnit::Ohm, "2019-05-20"), Some(Epoch::Ohm2019));
    }

    #[test]
    fn the_electrical_shifts_follow_from_the_constants() {
        let (e, h) = (1.602_176_634e-19, 6.626_070_15e-34);
        let volt = 483_597.9e9 / (2.0 * e / h) - 1.0;
        let ohm = h / (e * e) / 25_812.807 - 1.0;
        assert!((Epoch::V2019.shift() - volt).abs() < 1e-11, "{volt}");
        assert!((Epoch::Ohm2019.shift() - ohm).abs() < 1e-12, "{ohm}");
    }
}
