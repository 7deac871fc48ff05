//! The shape of the synthetic country: how many standards each level has, who owns and calibrates
//! them. Everything follows from numbers by arithmetic; nothing is looked up.

/// Quantities; every level counts its standards through all of them.
pub(super) const KINDS: u32 = 10;

/// Standards below which the shape makes no sense.
pub(super) const FEWEST: u32 = 50;

/// Levels of standards, highest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Of foreign institutes, calibrated by the BIPM.
    Foreign,
    /// National standards.
    National,
    /// Reference standards of laboratories.
    Reference,
    /// Their working standards.
    Working,
    /// Instruments of enterprises.
    Instrument,
}

impl Level {
    const ALL: [Self; 5] =
        [Self::Foreign, Self::National, Self::Reference, Self::Working, Self::Instrument];

    /// How many times larger its uncertainties are than the BIPM's realisations'.
    pub fn growth(self) -> i128 {
        3i128.pow(self as u32 + 1)
    }

    /// First day of the year on which its calibrations begin, and over how many days.
    pub fn season(self) -> (i32, u32) {
        match self {
            Self::Foreign => (4, 40),
            Self::National => (75, 20),
            Self::Reference => (110, 30),
            Self::Working => (155, 45),
            Self::Instrument => (215, 115),
        }
    }
}

/// A standard by its place in the country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub level: Level,
    /// Which quantity.
    pub kind: u32,
    /// Which of those of its level and quantity.
    pub group: u32,
}

/// An organisation of the country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Party {
    Bipm,
    /// Who approves, designates and registers.
    Authority,
    /// Accreditation bodies; the last is a signatory for testing only.
    Body(u32),
    /// The national institute (0) and the designated ones.
    Institute(u32),
    /// Foreign institutes.
    Foreign(u32),
    Laboratory(u32),
    Enterprise(u32),
}

/// How many standards and organisations there are of each sort.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Standards of each level.
    levels: [u32; 5],
    pub foreign: u32,
    pub laboratories: u32,
    pub enterprises: u32,
}

impl Shape {
    pub const BODIES: u32 = 3;
    pub const INSTITUTES: u32 = 4;

    pub fn new(standards: u32) -> Self {
        let standards = standards.max(FEWEST);
        let foreign = (standards / 100).clamp(1, 20);
        let national = (standards * 3 / 1000).clamp(1, 6) * KINDS;
        let reference = (standards / 50).max(KINDS);
        let working = (standards / 5).max(KINDS);
        let above = foreign * KINDS + national + reference + working;
        let instruments = standards.saturating_sub(above);
        Self {
            levels: [foreign * KINDS, national, reference, working, instruments],
            foreign,
            laboratories: (reference / (2 * KINDS)).max(1),
            enterprises: (instruments / 50).max(1),
        }
    }

    pub fn standards(&self) -> u32 {
        self.levels.iter().sum()
    }

    pub fn organisations(&self) -> impl Iterator<Item = Party> + use<> {
        let (foreign, laboratories, enterprises) =
            (self.foreign, self.laboratories, self.enterprises);
        [Party::Bipm, Party::Authority]
            .into_iter()
            .chain((0..Self::BODIES).map(Party::Body))
            .chain((0..Self::INSTITUTES).map(Party::Institute))
            .chain((0..foreign).map(Party::Foreign))
            .chain((0..laboratories).map(Party::Laboratory))
            .chain((0..enterprises).map(Party::Enterprise))
    }

    /// The number of an organisation, in the order of `organisations`.
    pub fn number_of(&self, party: Party) -> u32 {
        let bodies = 2;
        let institutes = bodies + Self::BODIES;
        let foreign = institutes + Self::INSTITUTES;
        let laboratories = foreign + self.foreign;
        match party {
            Party::Bipm => 0,
            Party::Authority => 1,
            Party::Body(number) => bodies + number,
            Party::Institute(number) => institutes + number,
            Party::Foreign(number) => foreign + number,
            Party::Laboratory(number) => laboratories + number,
            Party::Enterprise(number) => laboratories + self.laboratories + number,
        }
    }

    pub fn place(&self, standard: u32) -> Place {
        let mut ordinal = standard;
        let mut level = Level::Foreign;
        for (at, count) in Level::ALL.into_iter().zip(self.levels) {
            level = at;
            if ordinal < count {
                break;
            }
            ordinal -= count;
        }
        Place { level, kind: ordinal % KINDS, group: ordinal / KINDS }
    }

    /// The number of the standard at a place.
    pub fn standard(&self, place: Place) -> u32 {
        let before: u32 = self.levels[..place.level as usize].iter().sum();
        before + place.group * KINDS + place.kind
    }

    /// How many standards a level has of a quantity.
    pub fn groups(&self, level: Level, kind: u32) -> u32 {
        (self.levels[level as usize] + KINDS - 1 - kind) / KINDS
    }

    /// How many of them a laboratory has: each has every so-manieth.
    fn groups_of(&self, level: Level, kind: u32, laboratory: u32) -> u32 {
        let laboratories = self.laboratories;
        (self.groups(level, kind) + laboratories - 1 - laboratory) / laboratories
    }

    pub fn owner(&self, place: Place) -> Party {
        match place.level {
            Level::Foreign => Party::Foreign(place.group),
            Level::National => Self::holder(place.kind),
            Level::Reference | Level::Working => Party::Laboratory(place.group % self.laboratories),
            Level::Instrument => Party::Enterprise((place.group / 5) % self.enterprises),
        }
    }

    /// Who holds the national standards of a quantity: the last ones are with designated
    /// institutes.
    pub fn holder(kind: u32) -> Party {
        Party::Institute((kind + Self::INSTITUTES).saturating_sub(KINDS))
    }

    /// Who calibrates a standard; `draw` chooses where there is a choice.
    pub fn issuer(&self, place: Place, draw: u32) -> Party {
        let laboratories = self.laboratories;
        match place.level {
            Level::Foreign => Party::Bipm,
            Level::National => Party::Foreign(draw % self.foreign),
            Level::Reference => Self::holder(place.kind),
            // Three of ten working standards go to another laboratory.
            Level::Working => {
                let elsewhere = u32::from((place.group / laboratories) % 10 >= 7);
                Party::Laboratory((place.group + elsewhere) % laboratories)
            }
            Level::Instrument => Party::Laboratory(place.group % laboratories),
        }
    }

    /// Another laboratory, where there is more than one.
    pub fn beside(&self, laboratory: u32) -> u32 {
        (laboratory + 1) % self.laboratories
    }

    /// The standards of a quantity an issuer has for calibrating at a level: how many.
    pub fn references(&self, level: Level, kind: u32, issuer: Party) -> u32 {
        match (level, issuer) {
            (Level::Foreign, _) => 0,
            (Level::National, _) => 1,
            (Level::Reference, _) => self.groups(Level::National, kind),
            (Level::Working, Party::Laboratory(number)) => {
                self.groups_of(Level::Reference, kind, number)
            }
            (_, Party::Laboratory(number)) => self.groups_of(Level::Working, kind, number),
            _ => 0,
        }
    }

    /// Which standard it is.
    pub fn reference(&self, level: Level, kind: u32, issuer: Party, which: u32) -> u32 {
        let at = |level, group| self.standard(Place { level, kind, group });
        match (level, issuer) {
            (Level::National, Party::Foreign(number)) => at(Level::Foreign, number),
            (Level::Working, Party::Laboratory(number)) => {
                at(Level::Reference, number + which * self.laboratories)
            }
            (Level::Instrument, Party::Laboratory(number)) => {
                at(Level::Working, number + which * self.laboratories)
            }
            _ => at(Level::National, which),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_is_that_of_performance_md() {
        let shape = Shape::new(20_000);
        assert_eq!(shape.levels, [200, 60, 400, 4000, 15_340]);
        assert_eq!(shape.standards(), 20_000);
        assert_eq!((shape.laboratories, shape.enterprises), (20, 306));
    }

    #[test]
    fn numbers_and_places_belong_together() {
        for standards in [0, 50, 60, 777, 2345, 20_000] {
            let shape = Shape::new(standards);
            for standard in 0..shape.standards() {
                let place = shape.place(standard);
                assert_eq!(shape.standard(place), standard);
                assert!(place.group < shape.groups(place.level, place.kind));
            }
            for (number, party) in (0..).zip(shape.organisations()) {
                assert_eq!(shape.number_of(party), number);
            }
        }
    }

    #[test]
    fn issuers_use_what_they_have() {
        for standards in [50, 777, 2345, 20_000] {
            let shape = Shape::new(standards);
            for standard in 0..shape.standards() {
                let place = shape.place(standard);
                let issuer = shape.issuer(place, standard);
                for kind in 0..KINDS {
                    let count = shape.references(place.level, kind, issuer);
                    assert!(place.level == Level::Foreign || count > 0, "{place:?} {kind}");
                    for which in 0..count {
                        let reference =
                            shape.place(shape.reference(place.level, kind, issuer, which));
                        assert!(reference.level < place.level);
                        assert_eq!(reference.kind, kind);
                        let own = shape.owner(reference) == issuer;
                        let of_holder = reference.level == Level::National;
                        assert!(own || of_holder, "{place:?} {reference:?}");
                    }
                }
            }
        }
    }
}
