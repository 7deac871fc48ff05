//! What happens in the synthetic country: who calibrates what, when, with which references, and
//! what is wrong with it. Everything is drawn from a stream of its own, so that any calibration can
//! be known without those before it.

use jiff::civil;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::domain::calibration::Model;
use crate::domain::period::Day;

use super::flaw::{Flaw, Situation};
use super::quantity::{FREQUENCY, QUANTITIES, Quantity};
use super::shape::{KINDS, Level, Party, Place, Shape};

/// The year of the latest calibrations.
pub(super) const LAST_YEAR: i16 = 2026;

/// Days of the year, counted from 0, on which what is suspended is suspended: accreditations and
/// the capabilities of institutes; then registrations, approvals and single entries of scopes.
pub(super) const SUSPENDED: (i32, i32) = (344, 354);
pub(super) const AT_THE_END: (i32, i32) = (357, 363);

/// What a stream of random numbers is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Outline,
    Plan,
    Standard,
    Claims,
    Id(u8),
}

/// Random numbers that are the same everywhere.
pub(super) struct Random(ChaCha8Rng);

impl Random {
    /// A whole number below `count`.
    pub fn below(&mut self, count: u32) -> u32 {
        let scaled = u64::from(self.0.next_u32()) * u64::from(count);
        u32::try_from(scaled >> 32).unwrap_or_default()
    }

    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }
}

/// Part of a reference's uncertainty that it shares with another one, in percent of what is usual.
const SHARED: u32 = 45;

/// Who, what and when: a calibration without what it was made with.
#[derive(Debug, Clone)]
pub(super) struct Outline {
    pub standard: u32,
    pub place: Place,
    /// Counted from the first.
    pub year: u32,
    pub issuer: Party,
    pub performed_from: Day,
    pub performed_to: Day,
    pub issued_on: Day,
    /// Uncertainty of each row, in percent of the level's.
    pub percent: [u32; 4],
    pub flaw: Option<Flaw>,
}

impl Outline {
    pub fn quantity(&self) -> &'static Quantity {
        quantity(self.place.kind)
    }

    pub fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }
}

/// What is particular to a standard.
#[derive(Debug, Clone, Copy)]
pub(super) struct Character {
    /// Rows of its certificates.
    pub rows: u32,
    /// Whether its uncertainties are stated as fractions.
    pub relative: bool,
    /// Deviation from the nominal value, in percent of the uncertainty.
    pub deviation: [i32; 4],
    /// Whether the owner declares the history complete.
    pub history_complete: bool,
    /// Whether an intermediate check is on record.
    pub checked: bool,
}

/// What a calibration was made with.
#[derive(Debug, Clone)]
pub(super) enum With {
    Certificate { standard: u32, year: u32, row: u32 },
    Standard(u32),
    Root,
}

/// One reference.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub with: With,
    pub model: Option<Model>,
    /// The rows it was used for; all when none.
    pub rows: Option<std::ops::Range<u32>>,
    /// For what influences: how much it brings, in percent of the smallest uncertainty.
    pub influence: Option<u32>,
    /// What the budget enters for it, and what it shares with others, in percent of what is usual
    /// at the level of the reference.
    pub budget: Option<u32>,
    pub shared: Option<u32>,
}

impl Made {
    fn new(with: With, model: Option<Model>) -> Self {
        Self { with, model, rows: None, influence: None, budget: None, shared: None }
    }
}

/// The references of a calibration.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    pub made: Vec<Made>,
    /// Uncertainty in percent of the reference's level, where the flaw sets it so.
    pub below_together: Option<u32>,
    /// The certificate whose uncertainty the flaw takes over without the drift since.
    pub as_certified: Option<(u32, u32)>,
}

pub(super) fn quantity(kind: u32) -> &'static Quantity {
    &QUANTITIES[kind as usize % QUANTITIES.len()]
}

/// The course of events.
#[derive(Debug, Clone)]
pub(super) struct Course {
    pub shape: Shape,
    pub years: u32,
    seed: [u8; 32],
}

impl Course {
    pub fn new(shape: Shape, years: u32, seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self { shape, years, seed: bytes }
    }

    pub fn random(&self, purpose: Purpose, number: u64) -> Random {
        let purpose = match purpose {
            Purpose::Outline => 1,
            Purpose::Plan => 2,
            Purpose::Standard => 3,
            Purpose::Claims => 4,
            Purpose::Id(thing) => 16 + u64::from(thing),
        };
        let mut random = ChaCha8Rng::from_seed(self.seed);
        random.set_stream(purpose << 56 | number);
        Random(random)
    }

    /// A day of a year of the country, counted from 0.
    pub fn day(&self, year: u32, day: i32) -> Day {
        let back = i16::try_from(self.years - 1 - year).unwrap_or_default();
        Day::from_date(civil::date(LAST_YEAR - back, 1, 1)).plus_days(day)
    }

    /// The day on which everything began: before the first calibration.
    pub fn founding(&self) -> Day {
        self.day(0, -1000)
    }

    /// The number of a calibration.
    pub fn calibration(&self, standard: u32, year: u32) -> u64 {
        u64::from(year) * u64::from(self.shape.standards()) + u64::from(standard)
    }

    pub fn character(&self, standard: u32) -> Character {
        let mut random = self.random(Purpose::Standard, u64::from(standard));
        let rows = 1 + random.below(4);
        let relative = random.below(4) == 0;
        let deviation = [(); 4].map(|()| random.below(601) as i32 - 300);
        let history_complete = random.below(2) == 0;
        Character { rows, relative, deviation, history_complete, checked: random.below(10) == 0 }
    }

    pub fn outline(&self, standard: u32, year: u32) -> Outline {
        let place = self.shape.place(standard);
        let mut random = self.random(Purpose::Outline, self.calibration(standard, year));
        let issuer = self.shape.issuer(place, random.below(u32::MAX));
        let (start, span) = place.level.season();
        let mut first = start + random.below(span) as i32;
        let last = random.below(3) as i32;
        let issued = 1 + random.below(5) as i32;
        let percent = [(); 4].map(|()| 105 + random.below(26));
        let faulty = place.level >= Level::National && random.below(50) == 0;
        let flaw = faulty.then(|| self.flaw(place, year, issuer, random.below(u32::MAX))).flatten();
        if flaw.is_some_and(Flaw::is_in_december) {
            first = match flaw.is_some_and(Flaw::is_at_the_end) {
                true => AT_THE_END.0 + 1 + random.below(3) as i32,
                false => SUSPENDED.0 + 1 + random.below(5) as i32,
            };
        }
        let performed_from = self.day(year, first);
        let performed_to = performed_from.plus_days(last);
        Outline {
            standard,
            place,
            year,
            issuer,
            performed_from,
            performed_to,
            issued_on: match flaw {
                Some(Flaw::DatesDisordered) => performed_to.plus_days(-issued),
                _ => performed_to.plus_days(issued),
            },
            percent,
            flaw,
        }
    }

    /// A flaw that a calibration can have.
    fn flaw(&self, place: Place, year: u32, issuer: Party, draw: u32) -> Option<Flaw> {
        let shape = &self.shape;
        let references = shape.references(place.level, place.kind, issuer);
        let laboratory = match issuer {
            Party::Laboratory(number) => Some(number),
            _ => None,
        };
        let of_laboratory = |holds: &dyn Fn(u32) -> bool| laboratory.is_some_and(holds);
        let situation = Situation {
            level: place.level,
            before: year,
            after: self.years - 1 - year,
            at_frequency: quantity(place.kind).at_frequency,
            over_range: quantity(place.kind).over_range,
            proportional: quantity(place.kind).is_proportional(),
            drifts: quantity(place.kind).drifts,
            is_frequency: place.kind as usize == FREQUENCY,
            has_epochs: quantity(place.kind).old_epoch.is_some(),
            has_variant: quantity(place.kind).variant.is_some(),
            has_unit_not_legal: quantity(place.kind).not_legal.is_some(),
            references,
            working: shape.references(Level::Instrument, place.kind, issuer),
            instruments: shape.groups(Level::Instrument, place.kind),
            two_rows: self.with_two_rows(place, issuer).is_some(),
            laboratories: shape.laboratories,
            suspended: of_laboratory(&|number| self.suspended_in(number) == (year, false)),
            partly_suspended: of_laboratory(&|number| {
                self.suspended_in(number) == (year, true) && Self::concerned(number, place.kind)
            }),
            tests: of_laboratory(&Self::tests),
            as_service: shape.owner(place) != issuer
                && of_laboratory(&|number| self.unregistered_in(number) == year),
            greyed_out: place.level == Level::Reference && self.greyed_out_in(place.kind) == year,
            entry_suspended: of_laboratory(&|number| {
                self.entry_suspended_in(number, place.kind) == year
            }),
            unapproved: place.level == Level::Reference && self.unapproved_in(place.kind) == year,
        };
        let fitting = || Flaw::ALL.iter().copied().filter(|flaw| flaw.fits(&situation));
        let all: u32 = fitting().map(Flaw::weight).sum();
        let mut drawn = draw % all.max(1);
        fitting().find(|flaw| {
            let found = drawn < flaw.weight();
            drawn = drawn.saturating_sub(flaw.weight());
            found
        })
    }

    /// The first of an issuer's standards of a quantity whose certificates have two rows.
    fn with_two_rows(&self, place: Place, issuer: Party) -> Option<u32> {
        // Looking at some of them is enough: half of all have two.
        const LOOKED_AT: u32 = 8;
        let count = self.shape.references(place.level, place.kind, issuer).min(LOOKED_AT);
        (0..count)
            .map(|which| self.shape.reference(place.level, place.kind, issuer, which))
            .find(|reference| self.character(*reference).rows > 1)
    }

    /// The year in which a laboratory's accreditation is suspended, and whether only in part.
    pub fn suspended_in(&self, laboratory: u32) -> (u32, bool) {
        (laboratory / 2 % self.years, laboratory % 2 == 1)
    }

    /// Whether a partial suspension of a laboratory concerns a quantity.
    pub fn concerned(laboratory: u32, kind: u32) -> bool {
        kind % 2 == laboratory / 2 % 2
    }

    pub fn tests(laboratory: u32) -> bool {
        laboratory.is_multiple_of(3)
    }

    /// The year in which a laboratory's registration is suspended.
    pub fn unregistered_in(&self, laboratory: u32) -> u32 {
        (laboratory + 1) % self.years
    }

    /// The year in which the national capability of a quantity is greyed out.
    pub fn greyed_out_in(&self, kind: u32) -> u32 {
        kind % self.years
    }

    /// The year in which a laboratory's scope entry for a quantity is suspended.
    pub fn entry_suspended_in(&self, laboratory: u32, kind: u32) -> u32 {
        (laboratory + kind + 2) % self.years
    }

    /// The year in which the approval of the national standards of a quantity is suspended.
    pub fn unapproved_in(&self, kind: u32) -> u32 {
        (kind + 1) % self.years
    }

    /// What a calibration was made with.
    pub fn plan(&self, outline: &Outline) -> Plan {
        let place = outline.place;
        let (quantity, own) = (outline.quantity(), self.character(outline.standard));
        if place.level == Level::Foreign {
            let model = Some(Model::Identity);
            return Plan { made: vec![Made::new(With::Root, model)], ..Plan::default() };
        }
        let certificate = |standard, year| With::Certificate { standard, year, row: 0 };
        let itself = |year| certificate(outline.standard, year);
        let alone = |with, model| Plan { made: vec![Made::new(with, model)], ..Plan::default() };
        let spread = own.rows > 1 && !quantity.over_range;
        let same = Some(if spread { Model::Ratio } else { Model::Identity });
        match outline.flaw {
            Some(Flaw::Circle) => return alone(itself(outline.year), same),
            Some(Flaw::OwnLineage) => return alone(itself(outline.year - 1), same),
            Some(Flaw::RootOfAnother) => return alone(With::Root, Some(Model::Identity)),
            Some(Flaw::StatementAlone | Flaw::MakersStatement) => return Plan::default(),
            _ => {}
        }
        let number = self.calibration(outline.standard, outline.year);
        let mut random = self.random(Purpose::Plan, number);
        let references = self.shape.references(place.level, place.kind, outline.issuer);
        let at = |level, count: u32, random: &mut Random| {
            let group = random.below(count.max(1));
            self.shape.standard(Place { level, kind: place.kind, group })
        };
        match outline.flaw {
            Some(Flaw::LaboratoryFeedsInstitute) => {
                let working = self.shape.groups(Level::Working, place.kind);
                let reference = at(Level::Working, working, &mut random);
                return alone(certificate(reference, outline.year - 1), same);
            }
            Some(Flaw::LevelTooLow) => {
                let instruments = self.shape.groups(Level::Instrument, place.kind);
                let reference = at(Level::Instrument, instruments, &mut random);
                return alone(certificate(reference, outline.year - 1), same);
            }
            Some(Flaw::WorkingForStandard) => {
                let (level, issuer) = (Level::Instrument, outline.issuer);
                let own = self.shape.references(level, place.kind, issuer);
                let first = random.below(own);
                let mut both = [first, (first + 1) % own]
                    .map(|which| self.shape.reference(level, place.kind, issuer, which))
                    .into_iter();
                let reference = both.find(|other| *other != outline.standard);
                let reference = reference.unwrap_or(outline.standard);
                let year = self.year_of(reference, outline, &mut random);
                return alone(certificate(reference, year), same);
            }
            Some(Flaw::DriftForgotten) => {
                let sound = self.sound(outline, references, 1, &mut random);
                let taken = sound.first().copied();
                let made =
                    taken.map(|(standard, year)| Made::new(certificate(standard, year), same));
                return Plan {
                    made: made.into_iter().collect(),
                    as_certified: taken,
                    ..Plan::default()
                };
            }
            _ => {}
        }
        let count = 1 + random.below(3);
        let mains = self.mains(outline, count, references, &mut random);
        let split = mains.len() == 2
            && own.rows > 1
            && random.below(2) == 0
            && !outline.flaw.is_some_and(Flaw::is_of_several);
        let mut plan = Plan::default();
        let mut largest = 0;
        for (position, (standard, year)) in (0..).zip(&mains) {
            let rows = match (split, position) {
                (false, _) => None,
                (true, 0) => Some(0..1),
                (true, _) => Some(1..own.rows),
            };
            let at_first = quantity.over_range
                || !spread
                || rows == Some(0..1)
                || outline.has(Flaw::SharedForgotten);
            let row = if at_first { 0 } else { random.below(self.character(*standard).rows) };
            let stated = random.below(10) < 7;
            let model = if at_first { Model::Identity } else { Model::Ratio };
            let with = With::Certificate { standard: *standard, year: *year, row };
            let mut made = Made { rows, ..Made::new(with, stated.then_some(model)) };
            if position == 0 {
                self.spoil(outline, own.rows, &mut made);
            }
            if outline.has(Flaw::SharedForgotten) {
                made.model = same;
                made.shared = Some(SHARED);
            }
            if outline.flaw.is_some_and(Flaw::is_of_several) {
                largest = self.outline(*standard, *year).percent[row as usize % 4].max(largest);
            }
            plan.made.push(made);
        }
        plan.below_together = match outline.flaw {
            Some(Flaw::UncertaintyBelowReferences) => Some(largest * 102 / 100),
            Some(Flaw::SharedForgotten) => Some(largest * 150 / 100),
            // Its budget holds what it was made with, and nothing else.
            Some(Flaw::BudgetDisagrees) => return plan,
            _ => None,
        };
        let free = (count as usize).saturating_sub(plan.made.len());
        for kind in quantity.influences.into_iter().take(free) {
            plan.made.push(self.influence(outline, kind, &mut random));
        }
        plan
    }

    /// The standards of the same quantity used, with the years of their certificates.
    fn mains(
        &self,
        outline: &Outline,
        count: u32,
        references: u32,
        random: &mut Random,
    ) -> Vec<(u32, u32)> {
        let place = outline.place;
        let reference =
            |which| self.shape.reference(place.level, place.kind, outline.issuer, which);
        let two = match outline.flaw {
            Some(Flaw::BudgetDisagrees) => false,
            Some(flaw) if flaw.is_of_several() => true,
            _ => references > 1 && count > 1 && random.below(2) == 0,
        };
        if outline.flaw.is_some() && !outline.has(Flaw::BetweenPoints) {
            return self.sound(outline, references, if two { 2 } else { 1 }, random);
        }
        let first = random.below(references.max(1));
        let mut mains = vec![reference(first)];
        if two {
            let second = (first + 1 + random.below(references - 1)) % references;
            mains.push(reference(second));
        }
        if outline.has(Flaw::BetweenPoints) {
            mains = self.with_two_rows(place, outline.issuer).into_iter().collect();
        }
        mains
            .into_iter()
            .map(|standard| (standard, self.year_of(standard, outline, random)))
            .collect()
    }

    /// So many of an issuer's standards of the quantity with the years of their certificates, of
    /// which those without a flaw come first: a flaw in them would hide that of the calibration.
    fn sound(
        &self,
        outline: &Outline,
        references: u32,
        count: usize,
        random: &mut Random,
    ) -> Vec<(u32, u32)> {
        // Looking at some of them is enough.
        const LOOKED_AT: u32 = 8;
        let (place, first) = (outline.place, random.below(references.max(1)));
        let standards = (0..references.min(LOOKED_AT)).map(|step| {
            let which = (first + step) % references;
            self.shape.reference(place.level, place.kind, outline.issuer, which)
        });
        let mut found: Vec<(u32, u32)> = standards
            .map(|standard| match outline.has(Flaw::DriftForgotten) {
                true => (standard, outline.year - 1),
                false => (standard, self.year_of(standard, outline, random)),
            })
            .collect();
        found.sort_by_key(|(standard, year)| self.outline(*standard, *year).flaw.is_some());
        found.truncate(count);
        found
    }

    /// The year of the certificate of a reference that is used: mostly the latest.
    fn year_of(&self, reference: u32, outline: &Outline, random: &mut Random) -> u32 {
        let Some(before) = outline.year.checked_sub(1) else { return 0 };
        let older = random.below(10) < 3
            || self.outline(reference, outline.year).issued_on > outline.performed_from;
        if older { before } else { outline.year }
    }

    /// Changes the first reference as the flaw says.
    fn spoil(&self, outline: &Outline, rows: u32, made: &mut Made) {
        let With::Certificate { standard, year, .. } = &mut made.with else { return };
        match outline.flaw {
            Some(Flaw::ReferenceExpired) => *year = outline.year.saturating_sub(3),
            Some(Flaw::ReferenceCalibratedLater) => *year = outline.year + 1,
            Some(Flaw::ReferenceMissing | Flaw::DisciplinedOnly) => {
                made.with = With::Standard(*standard);
            }
            Some(Flaw::BudgetTooSmall) => made.budget = Some(30),
            Some(Flaw::BudgetDisagrees) => {
                // Three times the reference's is what is usual here: as much as U, where u counts.
                made.budget = Some(300);
                made.rows = (rows > 1).then_some(0..1);
            }
            Some(Flaw::OtherQuantity) => {
                let (place, issuer) = (outline.place, outline.issuer);
                let kind = (place.kind + 1) % KINDS;
                *standard = self.shape.reference(place.level, kind, issuer, 0);
                made.with = With::Certificate { standard: *standard, year: *year, row: 0 };
                made.model = Some(Model::Identity);
            }
            Some(Flaw::BetweenPoints | Flaw::OutsidePoints) => {
                made.with = With::Certificate { standard: *standard, year: *year, row: 0 };
                made.model = Some(Model::Identity);
            }
            Some(Flaw::OutsideCapability) => made.model = Some(Model::Ratio),
            _ => {}
        }
    }

    /// A standard of another quantity that influences the result a little.
    fn influence(&self, outline: &Outline, kind: usize, random: &mut Random) -> Made {
        let (level, issuer) = (outline.place.level, outline.issuer);
        let kind = u32::try_from(kind).unwrap_or_default();
        let references = self.shape.references(level, kind, issuer);
        let which = random.below(references.max(1));
        let standard = self.shape.reference(level, kind, issuer, which);
        let year = self.year_of(standard, outline, random);
        let influence = Some(2 + random.below(14));
        let with = With::Certificate { standard, year, row: 0 };
        Made { influence, ..Made::new(with, None) }
    }
}
