//! The evidence: records as an arena of rows addressed by index, every number already in the
//! coherent SI unit, dates as day numbers, texts interned. It holds one chain or a whole country.
//!
//! What lives here: the rows and how to look them up. What does not: how they come from records
//! (`compile`), and any judgement (`rules`).

use std::num::NonZeroU32;

use crate::domain::calibration::{
    CalibrationKind, CalibrationStatus, CompetenceDecision, ConformityStatement, DueSource,
    Interpolation, Model, Phase, ReferenceRole, ValueIs,
};
use crate::domain::capability::{CapabilityStatus, Convention, Publisher};
use crate::domain::comparison::{ComparisonKind, ComparisonStatus, CorrectiveAction};
use crate::domain::epoch::Epoch;
use crate::domain::equation::Equation;
use crate::domain::id::Id;
use crate::domain::nonconformity::Significance;
use crate::domain::organisation::{
    Arrangement, ArrangementScope, MembershipRole, OrganisationKind, SiteKind,
};
use crate::domain::period::{Day, Instant};
use crate::domain::quantity::QuantityKindId;
use crate::domain::realisation::RealisationKind;
use crate::domain::recognition::{
    AccreditationStandard, AccreditationStatus, EvidenceLevel, LegalRecognitionKind,
};
use crate::domain::standard::{EventKind, LegalLevel, MetrologicalRole, StandardType};
use crate::domain::uncertainty::{Mode, UncertaintyKind};
use crate::domain::unit::Unit;

/// Declares the index of a kind of row: four bytes, also as an option.
macro_rules! index {
    ($($(#[$meta:meta])* $name:ident,)+) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(NonZeroU32);

        impl $name {
            /// The index of a position.
            pub fn new(position: usize) -> Self {
                let number = u32::try_from(position).ok().and_then(|p| NonZeroU32::MIN.checked_add(p));
                Self(number.unwrap_or(NonZeroU32::MAX))
            }

            /// The position.
            pub fn position(self) -> usize {
                self.0.get() as usize - 1
            }
        }
    )+ };
}

index! {
    /// Index of an organisation.
    OrganisationIndex,
    /// Index of an accreditation.
    AccreditationIndex,
    /// Index of a legal recognition.
    LegalRecognitionIndex,
    /// Index of a capability.
    CapabilityIndex,
    /// Index of a standard.
    StandardIndex,
    /// Index of a root.
    RealisationIndex,
    /// Index of a calibration.
    CalibrationIndex,
    /// Index of a calibration result.
    ResultIndex,
    /// Index of a comparison.
    ComparisonIndex,
    /// Index of an interned text.
    TextIndex,
}

/// Rows of one kind grouped by the row they belong to.
#[derive(Debug, Clone)]
pub struct Groups<T> {
    starts: Vec<u32>,
    items: Vec<T>,
}

impl<T> Default for Groups<T> {
    fn default() -> Self {
        Self { starts: vec![0], items: Vec::new() }
    }
}

impl<T> Groups<T> {
    /// Adds the group of the next owner.
    pub fn push(&mut self, group: impl IntoIterator<Item = T>) {
        self.items.extend(group);
        self.starts.push(u32::try_from(self.items.len()).unwrap_or(u32::MAX));
    }

    /// The group of an owner; empty when there is none.
    pub fn of(&self, owner: usize) -> &[T] {
        &self.items[self.range(owner)]
    }

    /// Where the group of an owner lies among all items.
    pub fn range(&self, owner: usize) -> std::ops::Range<usize> {
        match (self.starts.get(owner), self.starts.get(owner + 1)) {
            (Some(start), Some(end)) => *start as usize..*end as usize,
            _ => 0..0,
        }
    }

    /// All items.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// Groups items by the position of their owner.
    pub fn grouped(owners: usize, mut items: Vec<(usize, T)>) -> Self {
        items.sort_by_key(|(owner, _)| *owner);
        let mut groups = Self::default();
        let mut items = items.into_iter().peekable();
        for owner in 0..owners {
            while let Some((_, item)) = items.next_if(|(of, _)| *of == owner) {
                groups.items.push(item);
            }
            groups.starts.push(u32::try_from(groups.items.len()).unwrap_or(u32::MAX));
        }
        groups
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.starts.capacity() * size_of::<u32>() + self.items.capacity() * size_of::<T>()
    }

    /// Gives back memory that is not used.
    pub fn shrink(&mut self) {
        self.starts.shrink_to_fit();
        self.items.shrink_to_fit();
    }
}

/// Texts, each stored once.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    buffer: String,
    ends: Vec<u32>,
}

impl Texts {
    /// Adds a text.
    pub fn push(&mut self, text: &str) -> TextIndex {
        self.buffer.push_str(text);
        self.ends.push(u32::try_from(self.buffer.len()).unwrap_or(u32::MAX));
        TextIndex::new(self.ends.len() - 1)
    }

    /// The text of an index.
    pub fn get(&self, index: TextIndex) -> &str {
        let position = index.position();
        let start = position.checked_sub(1).map_or(0, |before| self.ends[before]) as usize;
        &self.buffer[start..self.ends[position] as usize]
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.buffer.capacity() + self.ends.capacity() * size_of::<u32>()
    }

    /// Gives back memory that is not used.
    pub fn shrink(&mut self) {
        self.buffer.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

/// The identity of a row in sixteen bytes: a UUIDv7, or the index of a bundle's label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity([u8; 16]);

impl Identity {
    /// The identity of a UUIDv7.
    pub fn of_uuid(id: uuid::Uuid) -> Self {
        Self(*id.as_bytes())
    }

    /// The identity of a label.
    pub fn of_label(label: TextIndex) -> Self {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&label.0.get().to_be_bytes());
        Self(bytes)
    }

    fn label(self) -> Option<TextIndex> {
        let [a, b, c, d, _, _, version, ..] = self.0;
        if version != 0 {
            return None;
        }
        NonZeroU32::new(u32::from_be_bytes([a, b, c, d])).map(TextIndex)
    }
}

/// From which log index on a row is known (transaction time); 0 is always.
pub type LogIndex = u32;

/// A number as measured: its value in the coherent SI unit, the unit it was written in, and the
/// power of ten of its last written digit there (rules 3.6).
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Value in the coherent SI unit.
    pub si: f64,
    /// Unit it was written in.
    pub unit: UnitIndex,
    /// Power of ten of the last written digit, in that unit.
    pub last_digit: i8,
}

/// Index of a unit.
pub type UnitIndex = u16;

/// Coverage of an uncertainty statement; what is not stated is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coverage {
    /// Coverage factor k.
    pub factor: Option<f64>,
    /// Coverage probability p.
    pub probability: Option<f64>,
    /// Effective degrees of freedom.
    pub degrees_of_freedom: Option<f64>,
}

/// An uncertainty statement of a result.
#[derive(Debug, Clone, Copy)]
pub struct UncertaintyRow {
    /// The figure: in the coherent SI unit when absolute, a fraction when relative.
    pub figure: Measured,
    /// Index of its coverage.
    pub coverage: u16,
    /// Standard, combined or expanded.
    pub kind: Option<UncertaintyKind>,
    /// Absolute or relative.
    pub mode: Option<Mode>,
}

/// An interval in the coherent SI unit; a bound that is not stated is NaN.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
}

impl Extent {
    /// Relative slack of comparisons, far below any written digit (rules 3.6).
    pub const SLACK: f64 = 1e-12;

    /// One point.
    pub fn point(value: f64) -> Self {
        Self { lower: value, upper: value }
    }

    /// Whether both bounds are stated.
    pub fn is_closed(&self) -> bool {
        !self.lower.is_nan() && !self.upper.is_nan()
    }

    /// Whether it is a single point.
    pub fn is_point(&self) -> bool {
        self.lower == self.upper
    }

    /// Whether another extent lies inside, bounds included.
    pub fn contains(&self, other: Extent) -> bool {
        let slack = self.slack(other);
        self.lower - slack <= other.lower && other.upper <= self.upper + slack
    }

    /// Whether another extent reaches beyond a bound that is stated here.
    pub fn is_surpassed_by(&self, other: Extent) -> bool {
        let slack = self.slack(other);
        other.lower < self.lower - slack || self.upper + slack < other.upper
    }

    fn slack(&self, other: Extent) -> f64 {
        Self::SLACK * self.lower.abs().max(self.upper.abs()).max(other.upper.abs())
    }

    /// The points at which a quantity over the extent is looked at: one, or both ends.
    pub fn ends(&self) -> impl Iterator<Item = f64> + use<> {
        let second = (!self.is_point()).then_some(self.upper);
        std::iter::once(self.lower).chain(second)
    }
}

/// A condition of a result or a capability.
#[derive(Debug, Clone, Copy)]
pub struct ParameterRow {
    /// Name.
    pub name: TextIndex,
    /// Numbers in the coherent SI unit.
    pub extent: Option<Extent>,
    /// Words, normalised.
    pub text: Option<TextIndex>,
    /// Unit it was written in.
    pub unit: UnitIndex,
    /// Whether it is a reference condition: what a use leaves out is then the row's (rules 3.4).
    pub reference_condition: bool,
    /// What it describes, and so which rule compares it.
    pub describes: Describes,
}

/// What a parameter describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Describes {
    /// A condition of use (rule R-03).
    Conditions,
    /// The measurand itself, as a qualifier (rule Q-05).
    Measurand,
    /// The configuration of a system (rule R-04).
    Configuration,
}

/// An organisation.
#[derive(Debug, Clone, Copy)]
pub struct OrganisationRow {
    /// Identity.
    pub id: Identity,
    /// What it is.
    pub kind: OrganisationKind,
    /// Country, two letters.
    pub country: Option<[u8; 2]>,
    /// Name in Vietnamese.
    pub name_vi: TextIndex,
    /// Name in English.
    pub name_en: TextIndex,
    /// Known from.
    pub known_from: LogIndex,
}

/// A membership.
#[derive(Debug, Clone)]
pub struct MembershipRow {
    /// The arrangement.
    pub arrangement: Arrangement,
    /// Scope.
    pub scope: Option<ArrangementScope>,
    /// Role.
    pub role: Option<MembershipRole>,
    /// First and last day.
    pub valid: Period,
    /// KCDB areas.
    pub areas: Box<[TextIndex]>,
    /// Day on which the quality system was approved.
    pub qms_approved_on: Option<Day>,
    /// Day of the outside register's state that it was taken from.
    pub synced_on: Option<Day>,
    /// Known from.
    pub known_from: LogIndex,
}

/// A period of days, both included; open where a bound is the extreme number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
}

impl Period {
    /// A period; open where a day is absent.
    pub fn new(from: Option<Day>, to: Option<Day>) -> Self {
        Self { from: from.unwrap_or(Day::beginning()), to: to.unwrap_or(Day::end()) }
    }

    /// Whether another period lies inside.
    pub fn contains(&self, other: Period) -> bool {
        self.from <= other.from && other.to <= self.to
    }

    /// Whether a day lies inside.
    pub fn has(&self, day: Day) -> bool {
        self.from <= day && day <= self.to
    }
}

/// A dated status.
#[derive(Debug, Clone, Copy)]
pub struct StatusRow<S> {
    /// The status.
    pub status: S,
    /// From and to.
    pub effective: Period,
    /// Known from.
    pub known_from: LogIndex,
}

/// A site of an organisation, as a certificate or a scope names it (rule A-05).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SiteRow {
    /// The words, normalised.
    pub name: TextIndex,
    /// What kind of site it is, where the words or the organisation's own record say so.
    pub kind: Option<SiteKind>,
    /// Whether the words name a kind of site rather than one site.
    pub is_kind: bool,
}

/// An accreditation.
#[derive(Debug, Clone)]
pub struct AccreditationRow {
    /// Identity.
    pub id: Identity,
    /// Who is accredited.
    pub organisation: Option<OrganisationIndex>,
    /// By whom.
    pub body: Option<OrganisationIndex>,
    /// Against what.
    pub standard: AccreditationStandard,
    /// Number.
    pub number: Option<TextIndex>,
    /// Granted on and valid to.
    pub valid: Period,
    /// Sites covered; not said when empty.
    pub sites: Box<[SiteRow]>,
    /// Statuses, with the capabilities concerned by partial ones.
    pub statuses: Vec<(StatusRow<AccreditationStatus>, Box<[CapabilityIndex]>)>,
    /// Day of the outside register's state that it was taken from.
    pub synced_on: Option<Day>,
    /// Known from.
    pub known_from: LogIndex,
}

/// A recognition under national law.
#[derive(Debug, Clone)]
pub struct LegalRecognitionRow {
    /// Identity.
    pub id: Identity,
    /// What is recognised.
    pub kind: LegalRecognitionKind,
    /// The organisation.
    pub organisation: Option<OrganisationIndex>,
    /// The standard.
    pub standard: Option<StandardIndex>,
    /// Number of the decision.
    pub decision: Option<TextIndex>,
    /// Validity.
    pub valid: Period,
    /// Fields, as written.
    pub fields: Box<[TextIndex]>,
    /// Statuses.
    pub statuses: Vec<StatusRow<AccreditationStatus>>,
    /// The legal texts that it rests on.
    pub basis: Box<[BasisRow]>,
    /// Known from.
    pub known_from: LogIndex,
}

/// A legal text that a recognition rests on (rule V-10).
#[derive(Debug, Clone, Copy)]
pub struct BasisRow {
    /// Its designation, as written.
    pub designation: TextIndex,
    /// Days on which it is in force, and since when that is known; none where the registry has no
    /// document of this designation.
    pub in_force: Option<(Period, LogIndex)>,
}

/// What an equation's symbol or a table's axis stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stands {
    /// The point.
    ForPoint,
    /// A parameter of this name.
    ForParameter(TextIndex),
}

/// A symbol bound to what it stands for, with the factor from the SI unit to its own.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// What it stands for.
    pub stands: Stands,
    /// One unit of the symbol in the coherent SI unit.
    pub factor: f64,
    /// To add after multiplying.
    pub offset: f64,
}

/// The expanded uncertainty of a capability as a function of the point (rule C-05).
#[derive(Debug, Clone)]
pub enum CapabilityExpression {
    /// One value.
    Constant(f64),
    /// Linear between the ends of the range.
    Linear {
        /// At the lower end.
        lower: f64,
        /// At the upper end.
        upper: f64,
    },
    /// A numerical-value equation, its result times `unit`.
    Equation {
        /// The equation.
        equation: Equation,
        /// Its symbols, in the order the equation was compiled with.
        bindings: Box<[Binding]>,
        /// One unit of the result.
        unit: f64,
    },
    /// Values at points, ascending.
    Table {
        /// Pairs of point and uncertainty.
        points: Box<[(f64, f64)]>,
        /// Whether interpolation is approved.
        interpolate: bool,
    },
    /// Values over two axes.
    Matrix {
        /// First axis.
        rows: (Stands, Box<[f64]>),
        /// Second axis.
        columns: (Stands, Box<[f64]>),
        /// Cells, row by row.
        cells: Box<[f64]>,
        /// Whether interpolation is approved.
        interpolate: bool,
    },
    /// Smallest and largest value without a rule between.
    Interval {
        /// Smallest.
        lowest: f64,
        /// Largest.
        highest: f64,
        /// The figures at the smallest and at the largest value, where the convention says which
        /// is which (rule C-07).
        ends: Option<(f64, f64)>,
    },
    /// Not evaluable, with the text that stands there.
    NotEvaluable(TextIndex),
}

/// A capability (CMC).
#[derive(Debug, Clone)]
pub struct CapabilityRow {
    /// Identity.
    pub id: Identity,
    /// Publisher.
    pub publisher: Publisher,
    /// Whose.
    pub organisation: Option<OrganisationIndex>,
    /// Accreditation of a scope entry.
    pub accreditation: Option<AccreditationIndex>,
    /// Code.
    pub code: Option<TextIndex>,
    /// Quantity.
    pub kind: Option<QuantityKindId>,
    /// Analyte.
    pub analyte: Option<TextIndex>,
    /// Matrix.
    pub matrix: Option<TextIndex>,
    /// Service category.
    pub service_category: Option<TextIndex>,
    /// Range, when stated.
    pub range: Option<Extent>,
    /// Unit of the range.
    pub range_unit: UnitIndex,
    /// Uncertainty, when stated.
    pub expression: Option<CapabilityExpression>,
    /// Whether the figures are fractions.
    pub relative: bool,
    /// Unit in which figures are shown.
    pub uncertainty_unit: UnitIndex,
    /// Coverage factor.
    pub coverage_factor: f64,
    /// Coverage probability.
    pub coverage_probability: Option<f64>,
    /// Conditions.
    pub parameters: Box<[ParameterRow]>,
    /// Method, normalised.
    pub method: Option<TextIndex>,
    /// The site it holds for.
    pub site: Option<SiteRow>,
    /// Convention of the KCDB for chemistry.
    pub convention: Option<Convention>,
    /// Whether it leaves the device under calibration out.
    pub device_excluded: bool,
    /// Source of traceability, in words.
    pub traceability_source: Option<TextIndex>,
    /// Statuses.
    pub statuses: Vec<StatusRow<CapabilityStatus>>,
    /// Day of the outside register's state that it was taken from.
    pub synced_on: Option<Day>,
    /// Evidence level.
    pub evidence: EvidenceLevel,
    /// What it offers for certified reference materials, where that is said apart.
    pub material: Option<Box<CapabilityRow>>,
    /// Known from.
    pub known_from: LogIndex,
}

/// A limit of drift ±a a year.
#[derive(Debug, Clone, Copy)]
pub struct DriftRow {
    /// For which quantity; none for all.
    pub kind: Option<QuantityKindId>,
    /// The limit a: in the coherent SI unit when absolute, a fraction when relative.
    pub limit: f64,
    /// Whether it is a fraction of the value.
    pub relative: bool,
}

/// A recalibration policy.
#[derive(Debug, Clone, Copy)]
pub struct IntervalPolicyRow {
    /// First day of the policy.
    pub effective_from: Day,
    /// Months, where the policy fixes them.
    pub months: Option<u32>,
}

/// An event of a standard.
#[derive(Debug, Clone)]
pub struct EventRow {
    /// What happened.
    pub kind: EventKind,
    /// When, if known.
    pub on: Option<Day>,
    /// When it was noticed.
    pub discovered_on: Option<Day>,
    /// Whether it ends the validity of the last calibration.
    pub breaks: bool,
    /// Whether a check was within limits.
    pub within_limits: Option<bool>,
    /// Quantities it touches; all when empty.
    pub kinds: Box<[QuantityKindId]>,
    /// Range it touches.
    pub range: Option<Extent>,
    /// Known from.
    pub known_from: LogIndex,
}

/// A property of a standard, in the coherent SI unit (rule Q-05).
#[derive(Debug, Clone, Copy)]
pub enum PropertyRow {
    /// Density.
    Density(f64),
    /// Coefficient of linear thermal expansion.
    ThermalExpansion(f64),
}

/// An owner's model of use between calibrated points.
#[derive(Debug, Clone, Copy)]
pub struct UseModelRow {
    /// For which quantity.
    pub kind: QuantityKindId,
    /// Over which interval.
    pub extent: Extent,
}

/// A standard.
#[derive(Debug, Clone, Copy)]
pub struct StandardRow {
    /// Identity.
    pub id: Identity,
    /// Whose.
    pub owner: Option<OrganisationIndex>,
    /// The owner's code.
    pub code: Option<TextIndex>,
    /// Name in Vietnamese.
    pub name_vi: Option<TextIndex>,
    /// Name in English.
    pub name_en: Option<TextIndex>,
    /// Level.
    pub legal_level: LegalLevel,
    /// Role.
    pub role: Option<MetrologicalRole>,
    /// Type, where it says how it drifts.
    pub standard_type: Option<StandardType>,
    /// Nominal value of the standard as a whole.
    pub nominal: Option<f64>,
    /// The set that it is a piece of.
    pub parent_kit: Option<StandardIndex>,
    /// Whether the owner declares the history complete.
    pub history_complete: bool,
    /// Evidence level.
    pub evidence: EvidenceLevel,
    /// Index of what a batch of reference material adds.
    pub material: Option<NonZeroU32>,
    /// Known from.
    pub known_from: LogIndex,
}

/// A property value on the record of a reference material.
#[derive(Debug, Clone, Copy)]
pub struct MaterialPropertyRow {
    /// Quantity.
    pub kind: QuantityKindId,
    /// Analyte.
    pub analyte: Option<TextIndex>,
    /// The number.
    pub value: Option<Measured>,
    /// Whether it is certified.
    pub certified: Option<bool>,
}

/// What a batch of reference material adds to a standard.
#[derive(Debug, Clone)]
pub struct MaterialRow {
    /// Producer.
    pub producer: Option<OrganisationIndex>,
    /// Batch.
    pub batch: Option<TextIndex>,
    /// Matrix.
    pub matrix: Option<TextIndex>,
    /// Property values.
    pub properties: Box<[MaterialPropertyRow]>,
    /// Last day of validity.
    pub valid_to: Option<Day>,
    /// Day of opening.
    pub opened_on: Option<Day>,
    /// Days of validity after opening.
    pub post_open_days: Option<u32>,
    /// Whether storage conditions are stated.
    pub storage: bool,
    /// Smallest sample.
    pub minimum_sample: Option<Measured>,
    /// What is left.
    pub remaining: Option<Measured>,
    /// Entry in the JCTLM database.
    pub jctlm: Option<TextIndex>,
    /// Over which days the JCTLM lists the entry, when stated.
    pub listed: Option<Period>,
    /// Whether it is a gas mixture in a cylinder.
    pub gas: bool,
}

/// A root.
#[derive(Debug, Clone, Copy)]
pub struct RealisationRow {
    /// Identity.
    pub id: Identity,
    /// What it is.
    pub kind: RealisationKind,
    /// Whose.
    pub organisation: Option<OrganisationIndex>,
    /// Quantity.
    pub quantity: QuantityKindId,
    /// Range.
    pub range: Option<Extent>,
    /// How.
    pub method: Option<TextIndex>,
    /// Standard uncertainty: figure and whether it is a fraction.
    pub uncertainty: Option<(Measured, bool)>,
    /// Epoch of the unit.
    pub epoch: Option<EpochRow>,
    /// Validity.
    pub valid: Period,
    /// Known from.
    pub known_from: LogIndex,
}

/// A monthly bulletin in which a UTC(k) appears.
#[derive(Debug, Clone, Copy)]
pub struct BulletinRow {
    /// First and last day of the month.
    pub month: Period,
    /// Day of publication.
    pub published_on: Option<Day>,
}

/// An epoch of a unit, as stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EpochRow {
    /// One of the code list.
    Known(Epoch),
    /// A word that is none of them.
    Unknown,
}

/// What came of comparing the item as printed with the standard (rule D-04); a fact of two
/// records, so it is found while compiling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityMatch {
    /// An identifier in common.
    Match,
    /// An identifier in common, but maker or model are spelt differently.
    OtherSpelling,
    /// Conflicting serial or asset marks.
    Conflict,
    /// Nothing in common to compare.
    NothingToCompare,
}

/// Which endorsement a certificate carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndorsementRow {
    /// None stated.
    None,
    /// The CIPM MRA.
    CipmMra,
    /// An accreditation.
    Accreditation(AccreditationIndex),
}

/// What a certificate states of itself, one bit each (rule D-01).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stated(u8);

impl Stated {
    /// The item, as printed.
    pub const ITEM: Self = Self(1);
    /// The method, of the certificate or of each of its results.
    pub const METHOD: Self = Self(1 << 1);
    /// Who signed.
    pub const SIGNATORY: Self = Self(1 << 2);
    /// The conditions of the environment.
    pub const CONDITIONS: Self = Self(1 << 3);
    /// Traceability, in words.
    pub const TRACEABILITY: Self = Self(1 << 4);
    /// Its number.
    pub const NUMBER: Self = Self(1 << 5);
    /// That it corrects or replaces another one, which it does not name.
    pub const UNNAMED_CHANGE: Self = Self(1 << 6);

    /// With one more, where it is stated.
    #[must_use]
    pub fn and(self, other: Self, is_stated: bool) -> Self {
        if is_stated { Self(self.0 | other.0) } else { self }
    }

    /// Whether it is stated.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Two dates of a certificate that cannot follow each other as they do (rule D-05).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disorder {
    /// What has to come first, and its day.
    pub first: (&'static str, Day),
    /// What has to come after it, and its day.
    pub then: (&'static str, Day),
}

/// A calibration.
#[derive(Debug, Clone, Copy)]
pub struct CalibrationRow {
    /// The item.
    pub item: Option<StandardIndex>,
    /// The issuer.
    pub issuer: Option<OrganisationIndex>,
    /// Number.
    pub number: TextIndex,
    /// First day of performance.
    pub performed_from: Day,
    /// Last day of performance.
    pub performed_to: Day,
    /// Day of issue.
    pub issued_on: Option<Day>,
    /// Due date stated.
    pub due_on: Option<Day>,
    /// Endorsement.
    pub endorsement: EndorsementRow,
    /// Index of what is rarely stated.
    pub detail: Option<NonZeroU32>,
    /// Known from.
    pub known_from: LogIndex,
    /// Kind of certificate.
    pub kind: CalibrationKind,
    /// Evidence level.
    pub evidence: EvidenceLevel,
    /// Comparison of the item as printed.
    pub identity: IdentityMatch,
    /// Who set the due date.
    pub due_source: DueSource,
    /// Epoch of the unit.
    pub epoch: Option<EpochRow>,
    /// Whether it is a continuous monitoring.
    pub continuous: bool,
    /// Whether all references are listed.
    pub references_complete: bool,
    /// What it states of itself.
    pub stated: Stated,
}

/// What a calibration rarely states.
#[derive(Debug, Clone, Default)]
pub struct CalibrationDetail {
    /// The certificate it amends.
    pub amends: Option<CalibrationIndex>,
    /// Decision on competence evidence, and whether all its items are there.
    pub competence: Option<(CompetenceDecision, bool)>,
    /// Identifiers in conflict: printed, and the standard's.
    pub identifiers: Option<(TextIndex, TextIndex)>,
    /// Whether the references are said to be complete and all have a figure in the budget.
    pub full_budget: bool,
    /// Items of a set beside the main one.
    pub items: Box<[StandardIndex]>,
    /// Dates in the wrong order.
    pub disorder: Option<Box<Disorder>>,
    /// Who signed; kept of verifications only (rule V-07).
    pub verifier: Option<TextIndex>,
    /// Of the report of a comparison: whether its result was applied.
    pub correction_applied: Option<bool>,
    /// Of the report of a comparison: whether it names its protocol.
    pub protocol: bool,
    /// Atmospheric pressure during a calibration in pressure.
    pub atmospheric_pressure: Option<f64>,
    /// Site of performance.
    pub site: Option<SiteRow>,
    /// Who performed it, when not the issuer.
    pub performed_by: Option<OrganisationIndex>,
    /// Methods, normalised, where entries of the issuer's scope differ by method (rule C-06).
    pub methods: Box<[TextIndex]>,
}

/// A dated status of a certificate.
#[derive(Debug, Clone, Copy)]
pub struct CalibrationStatusRow {
    /// First day.
    pub effective_from: Day,
    /// Known from.
    pub known_from: LogIndex,
    /// The status.
    pub status: CalibrationStatus,
}

/// A row of a certificate, packed: most of an arena consists of these.
#[derive(Debug, Clone, Copy)]
pub struct ResultRow {
    /// Point or interval; both bounds NaN when not stated.
    pub extent: Extent,
    value: f64,
    figure: f64,
    /// The certificate.
    pub calibration: CalibrationIndex,
    /// Name of the row.
    pub name: TextIndex,
    /// Index of what is rarely stated.
    pub detail: Option<NonZeroU32>,
    /// Quantity.
    pub kind: QuantityKindId,
    /// Unit the point was written in.
    pub extent_unit: UnitIndex,
    value_unit: UnitIndex,
    figure_unit: UnitIndex,
    coverage: u16,
    value_last_digit: i8,
    figure_last_digit: i8,
    uncertainty_kind: Option<UncertaintyKind>,
    mode: Option<Mode>,
    /// What the number is.
    pub value_is: ValueIs,
    /// Whether the row is marked as endorsed or not.
    pub endorsed: Option<bool>,
    /// Before or after adjustment.
    pub phase: Option<Phase>,
}

impl ResultRow {
    /// A row without number and uncertainty.
    pub fn new(calibration: CalibrationIndex, name: TextIndex, kind: QuantityKindId) -> Self {
        Self {
            extent: Extent { lower: f64::NAN, upper: f64::NAN },
            value: f64::NAN,
            figure: f64::NAN,
            calibration,
            name,
            detail: None,
            kind,
            extent_unit: 0,
            value_unit: 0,
            figure_unit: 0,
            coverage: 0,
            value_last_digit: 0,
            figure_last_digit: 0,
            uncertainty_kind: None,
            mode: None,
            value_is: ValueIs::Actual,
            endorsed: None,
            phase: None,
        }
    }

    /// The number, when stated.
    pub fn value(&self) -> Option<Measured> {
        (!self.value.is_nan()).then_some(Measured {
            si: self.value,
            unit: self.value_unit,
            last_digit: self.value_last_digit,
        })
    }

    /// States the number.
    pub fn set_value(&mut self, value: Measured) {
        self.value = value.si;
        self.value_unit = value.unit;
        self.value_last_digit = value.last_digit;
    }

    /// The uncertainty, when stated.
    pub fn uncertainty(&self) -> Option<UncertaintyRow> {
        (!self.figure.is_nan()).then_some(UncertaintyRow {
            figure: Measured {
                si: self.figure,
                unit: self.figure_unit,
                last_digit: self.figure_last_digit,
            },
            coverage: self.coverage,
            kind: self.uncertainty_kind,
            mode: self.mode,
        })
    }

    /// States the uncertainty.
    pub fn set_uncertainty(&mut self, uncertainty: UncertaintyRow) {
        self.figure = uncertainty.figure.si;
        self.figure_unit = uncertainty.figure.unit;
        self.figure_last_digit = uncertainty.figure.last_digit;
        self.coverage = uncertainty.coverage;
        self.uncertainty_kind = uncertainty.kind;
        self.mode = uncertainty.mode;
    }
}

/// What a result rarely states.
#[derive(Debug, Clone, Default)]
pub struct ResultDetail {
    /// Conditions.
    pub parameters: Box<[ParameterRow]>,
    /// The piece of a set.
    pub item: Option<StandardIndex>,
    /// Half-width around the point within which the row counts.
    pub point_tolerance: Option<f64>,
    /// Interval over which a point-wise row may be used.
    pub valid_interval: Option<Extent>,
    /// Interpolation.
    pub interpolation: Option<Interpolation>,
    /// Analyte.
    pub analyte: Option<TextIndex>,
    /// Matrix.
    pub matrix: Option<TextIndex>,
    /// Service category.
    pub service_category: Option<TextIndex>,
    /// Statement of conformity.
    pub conformity: Option<Box<ConformityRow>>,
}

/// A statement of conformity: limits on the scale of the row's number, in the coherent SI unit.
#[derive(Debug, Clone, Copy)]
pub struct ConformityRow {
    /// Specification.
    pub specification: Option<TextIndex>,
    /// Tolerance limits; a bound that is not stated is NaN.
    pub limits: Extent,
    /// Acceptance limits; a bound that is not stated is NaN.
    pub acceptance: Extent,
    /// Decision rule.
    pub decision_rule: Option<TextIndex>,
    /// What is stated.
    pub statement: Option<ConformityStatement>,
}

/// Where a reference leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// A row of a certificate of the item named.
    Row(ResultIndex),
    /// A root.
    Realisation(RealisationIndex),
    /// A certificate of another item than the standard named.
    ForeignItem(CalibrationIndex),
    /// A certificate whose document is not the one that was used.
    OtherDocument(CalibrationIndex),
    /// A certificate without a row.
    Certificate(CalibrationIndex),
    /// A standard without a certificate.
    Standard(StandardIndex),
    /// Nothing in the registry.
    Open,
}

/// What a calibration was made with.
#[derive(Debug, Clone, Copy)]
pub struct ReferenceRow {
    /// Where it leads.
    pub target: Target,
    /// Sensitivity in coherent SI units, or the exponent in a product; NaN when not stated.
    pub coefficient: f64,
    /// Index of what is rarely stated.
    pub detail: Option<NonZeroU32>,
    /// The rows it was used for, one bit each; 0 for all of them.
    pub rows: u16,
    /// What it was used for.
    pub role: ReferenceRole,
    /// How the value follows from it.
    pub model: Option<Model>,
}

/// What a reference rarely states.
#[derive(Debug, Clone, Default)]
pub struct ReferenceDetail {
    /// Rows it was used for, as positions within the certificate, where a certificate has more of
    /// them than the bits of its row hold.
    pub for_results: Option<Box<[u32]>>,
    /// Standard uncertainty entered in the budget.
    pub budget: Option<Measured>,
    /// Standard uncertainties of the parts that it shares with other inputs, by common source.
    pub shares: Box<[(TextIndex, Measured)]>,
    /// Whether all symbols of the custom equation are bound by references.
    pub equation_unbound: bool,
    /// Where it leads as long as the certificate that it names is not known, where that is not the
    /// certificate's item: to the standard that it names itself, or nowhere.
    pub until_known: Option<Target>,
}

/// What was decided for one certificate in a case of nonconforming work (rule I-04).
#[derive(Debug, Clone, Copy)]
pub struct EvaluationRow {
    /// The certificate found bad, when the case is about one.
    pub certificate: Option<CalibrationIndex>,
    /// The standard found bad, when the case is about one.
    pub standard: Option<StandardIndex>,
    /// The certificate it was decided for.
    pub affected: CalibrationIndex,
    /// The decision.
    pub significance: Significance,
    /// Known from.
    pub known_from: LogIndex,
}

/// The record that a statement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attested {
    /// A certificate, of which its issuer says something.
    Calibration(CalibrationIndex),
    /// A scope, of which its accreditation body does.
    Capability(CapabilityIndex),
    /// A national standard, of which an authority does.
    Standard(StandardIndex),
}

/// What somebody whose word counts says of a record (rules D-07, V-03).
#[derive(Debug, Clone, Copy)]
pub struct StatementRow {
    /// The record.
    pub attested: Attested,
    /// Known from.
    pub known_from: LogIndex,
    /// Whether it is disputed or refused.
    pub against: bool,
    /// Who says it.
    pub by: OrganisationIndex,
    /// Why.
    pub reason: Option<TextIndex>,
}

/// A comparison's result of one organisation.
#[derive(Debug, Clone, Copy)]
pub struct ComparisonRow {
    /// The comparison.
    pub comparison: ComparisonIndex,
    /// The organisation, also where the evidence does not hold it.
    pub organisation: Identity,
    /// Kind of comparison.
    pub kind: ComparisonKind,
    /// Quantity.
    pub quantity: Option<QuantityKindId>,
    /// Service category.
    pub service_category: Option<TextIndex>,
    /// The comparison it is linked to: whether one is named, and which, where it is there.
    pub linked_to: Option<Option<ComparisonIndex>>,
    /// Status.
    pub status: Option<ComparisonStatus>,
    /// Last day of measurement.
    pub measured_to: Option<Day>,
    /// Day of the final report.
    pub published_on: Option<Day>,
    /// Point, in the coherent SI unit.
    pub point: Option<f64>,
    /// Value of the organisation.
    pub value: Option<Measured>,
    /// Its expanded uncertainty.
    pub expanded_uncertainty: Option<Measured>,
    /// Reference value.
    pub reference: Option<Measured>,
    /// Its expanded uncertainty.
    pub reference_expanded_uncertainty: Option<Measured>,
    /// Degree of equivalence d.
    pub degree: Option<Measured>,
    /// Its expanded uncertainty U(d).
    pub degree_expanded_uncertainty: Option<Measured>,
    /// Whether the result contributes to the reference value.
    pub in_reference_value: Option<bool>,
    /// Whether the figures are fractions of the point.
    pub relative: bool,
    /// The normalised error En of a result against the reference value (rule A-10).
    pub normalised_error: Option<f64>,
    /// Corrective action.
    pub corrective_action: Option<CorrectiveAction>,
    /// Known from.
    pub known_from: LogIndex,
}

/// The whole arena.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Interned texts.
    pub texts: Texts,
    /// Units, with their codes.
    pub units: Vec<Unit>,
    /// The symbols that each unit is made of (rule V-08).
    pub unit_symbols: Vec<Box<[&'static str]>>,
    /// Coverage statements.
    pub coverages: Vec<Coverage>,
    /// Organisations.
    pub organisations: Vec<OrganisationRow>,
    /// Memberships of each organisation.
    pub memberships: Groups<MembershipRow>,
    /// Memberships of countries.
    pub country_memberships: Vec<([u8; 2], MembershipRow)>,
    /// Accreditations.
    pub accreditations: Vec<AccreditationRow>,
    /// Accreditations of each organisation.
    pub accreditations_of: Groups<AccreditationIndex>,
    /// Legal recognitions.
    pub legal_recognitions: Vec<LegalRecognitionRow>,
    /// Legal recognitions of each organisation.
    pub legal_of_organisation: Groups<LegalRecognitionIndex>,
    /// Legal recognitions of each standard.
    pub legal_of_standard: Groups<LegalRecognitionIndex>,
    /// Capabilities.
    pub capabilities: Vec<CapabilityRow>,
    /// Capabilities of each organisation.
    pub capabilities_of: Groups<CapabilityIndex>,
    /// Capabilities by quantity; sorted.
    pub capabilities_by_kind: Vec<(QuantityKindId, CapabilityIndex)>,
    /// Standards.
    pub standards: Vec<StandardRow>,
    /// What batches of reference material add to their standards.
    pub materials: Vec<MaterialRow>,
    /// Standards by the hash of their id; ascending.
    pub standards_by_id: Vec<(u64, StandardIndex)>,
    /// Events of each standard.
    pub events: Groups<EventRow>,
    /// Recalibration policies of each standard.
    pub interval_policies: Groups<IntervalPolicyRow>,
    /// Drift limits of each standard.
    pub drifts: Groups<DriftRow>,
    /// Models of use of each standard.
    pub use_models: Groups<UseModelRow>,
    /// Properties of each standard.
    pub properties: Groups<PropertyRow>,
    /// Nominal values by quantity of each standard.
    pub nominals: Groups<(QuantityKindId, f64)>,
    /// Accuracy classes of each standard: of a quantity, or of all.
    pub accuracy_classes: Groups<(Option<QuantityKindId>, TextIndex)>,
    /// Calibrations of each standard.
    pub calibrations_of: Groups<CalibrationIndex>,
    /// Certificates of each issuer, in the order of their last day of performance.
    pub issued_by: Groups<CalibrationIndex>,
    /// Expanded uncertainties (k = 2) that standards add to their own calibration, in the coherent
    /// SI unit (rule C-09); sorted.
    pub device_uncertainties: Vec<(StandardIndex, f64, UnitIndex)>,
    /// Roots.
    pub realisations: Vec<RealisationRow>,
    /// Bulletins of each root, in the order of their months.
    pub bulletins: Groups<BulletinRow>,
    /// Identities of the calibrations.
    pub calibration_ids: Vec<Identity>,
    /// Calibrations.
    pub calibrations: Vec<CalibrationRow>,
    /// Names and words of all conditions, each once.
    pub condition_words: Vec<TextIndex>,
    /// What calibrations rarely state.
    pub calibration_details: Vec<CalibrationDetail>,
    /// Certificates that amend others: amended, amending; sorted.
    pub amendments: Vec<(CalibrationIndex, CalibrationIndex)>,
    /// Certificates that share issuer and number with another one, with the number of their group;
    /// sorted.
    pub namesakes: Vec<(CalibrationIndex, u32)>,
    /// Certificates of the same issuer and number.
    pub namesake_groups: Groups<CalibrationIndex>,
    /// Statuses of each calibration; none where it was only ever issued.
    pub calibration_statuses: Groups<CalibrationStatusRow>,
    /// Results of each calibration.
    pub results: Groups<ResultRow>,
    /// What results rarely state.
    pub result_details: Vec<ResultDetail>,
    /// References of each calibration.
    pub references: Groups<ReferenceRow>,
    /// What references rarely state.
    pub reference_details: Vec<ReferenceDetail>,
    /// Identities and codes of the comparisons.
    pub comparisons: Vec<(Identity, Option<TextIndex>)>,
    /// Comparison results of each organisation.
    pub comparisons_of: Groups<ComparisonRow>,
    /// All results of each comparison.
    pub comparison_results: Groups<ComparisonRow>,
    /// Decisions in cases of nonconforming work.
    pub evaluations: Vec<EvaluationRow>,
    /// What is said of records by whose word counts: by record, then in the order of the log; of
    /// several learnt at once what is against it last, since no order of theirs is known.
    pub statements: Vec<StatementRow>,
    /// The log: instants at which something became known, with the index reached then; ascending.
    pub log: Vec<(Instant, LogIndex)>,
    /// The last log index.
    pub log_head: LogIndex,
}

impl Evidence {
    /// The unit of an index.
    pub fn unit(&self, index: UnitIndex) -> &Unit {
        &self.units[index as usize]
    }

    /// Half the width of one unit of the last written digit, in the coherent SI unit.
    pub fn half_width(&self, measured: Measured) -> f64 {
        0.5 * power_of_ten(measured.last_digit) * self.unit(measured.unit).factor()
    }

    /// The text of an index.
    pub fn text(&self, index: TextIndex) -> &str {
        self.texts.get(index)
    }

    /// The text of an index that may lie beyond the evidence, among a claim's own texts.
    pub fn text_with<'t>(&'t self, index: TextIndex, beyond: &'t [String]) -> &'t str {
        match index.position().checked_sub(self.texts.len()) {
            None => self.text(index),
            Some(position) => beyond.get(position).map_or("", String::as_str),
        }
    }

    /// A row of a certificate.
    pub fn result(&self, index: ResultIndex) -> &ResultRow {
        &self.results.items()[index.position()]
    }

    /// What a row rarely states.
    pub fn result_detail(&self, row: &ResultRow) -> Option<&ResultDetail> {
        row.detail.and_then(|index| self.result_details.get(index.get() as usize - 1))
    }

    /// The conditions of a row.
    pub fn parameters(&self, row: &ResultRow) -> &[ParameterRow] {
        self.result_detail(row).map_or(&[], |detail| &detail.parameters)
    }

    /// The indices of a certificate's rows.
    pub fn rows_of(
        &self,
        calibration: CalibrationIndex,
    ) -> impl Iterator<Item = ResultIndex> + use<> {
        self.results.range(calibration.position()).map(ResultIndex::new)
    }

    /// A calibration.
    pub fn calibration(&self, index: CalibrationIndex) -> &CalibrationRow {
        &self.calibrations[index.position()]
    }

    /// What a calibration rarely states.
    pub fn calibration_detail(&self, row: &CalibrationRow) -> Option<&CalibrationDetail> {
        row.detail.and_then(|index| self.calibration_details.get(index.get() as usize - 1))
    }

    /// What a reference rarely states.
    pub fn reference_detail(&self, row: &ReferenceRow) -> Option<&ReferenceDetail> {
        row.detail.and_then(|index| self.reference_details.get(index.get() as usize - 1))
    }

    /// A standard.
    pub fn standard(&self, index: StandardIndex) -> &StandardRow {
        &self.standards[index.position()]
    }

    /// What a batch of reference material adds to a standard.
    pub fn material(&self, row: &StandardRow) -> Option<&MaterialRow> {
        row.material.and_then(|index| self.materials.get(index.get() as usize - 1))
    }

    /// An organisation.
    pub fn organisation(&self, index: OrganisationIndex) -> &OrganisationRow {
        &self.organisations[index.position()]
    }

    /// The last statement about a record that is known at a log index.
    pub fn last_statement(&self, attested: Attested, known: LogIndex) -> Option<&StatementRow> {
        let end = self
            .statements
            .partition_point(|row| (row.attested, row.known_from) <= (attested, known));
        let last = self.statements.get(end.checked_sub(1)?)?;
        (last.attested == attested).then_some(last)
    }

    /// A capability.
    pub fn capability(&self, index: CapabilityIndex) -> &CapabilityRow {
        &self.capabilities[index.position()]
    }

    /// An accreditation.
    pub fn accreditation(&self, index: AccreditationIndex) -> &AccreditationRow {
        &self.accreditations[index.position()]
    }

    /// A root.
    pub fn realisation(&self, index: RealisationIndex) -> &RealisationRow {
        &self.realisations[index.position()]
    }

    /// A legal recognition.
    pub fn legal_recognition(&self, index: LegalRecognitionIndex) -> &LegalRecognitionRow {
        &self.legal_recognitions[index.position()]
    }

    /// The piece of a set that a row is of, when it names one.
    pub fn piece_of(&self, row: &ResultRow) -> Option<StandardIndex> {
        self.result_detail(row).and_then(|detail| detail.item)
    }

    /// What a row is of: the piece that it names, else its certificate's item.
    pub fn item_of(&self, row: &ResultRow) -> Option<StandardIndex> {
        self.piece_of(row).or(self.calibration(row.calibration).item)
    }

    /// The sets that a standard belongs to, nearest first. Sets within sets are few; a loop of them,
    /// which no registry accepts, ends.
    pub fn kits_of(&self, standard: StandardIndex) -> Vec<StandardIndex> {
        let mut kits = Vec::new();
        let mut next = self.standard(standard).parent_kit;
        while let Some(kit) = next.filter(|kit| *kit != standard && !kits.contains(kit)) {
            kits.push(kit);
            next = self.standard(kit).parent_kit;
        }
        kits
    }

    /// The owner of the item of a calibration.
    pub fn owner_of_item(&self, calibration: &CalibrationRow) -> Option<OrganisationIndex> {
        calibration.item.and_then(|item| self.standard(item).owner)
    }

    /// The capabilities of a quantity, whoever's they are.
    pub fn capabilities_for(
        &self,
        kind: QuantityKindId,
    ) -> impl Iterator<Item = CapabilityIndex> + '_ {
        let start = self.capabilities_by_kind.partition_point(|(other, _)| *other < kind);
        self.capabilities_by_kind[start..]
            .iter()
            .take_while(move |(other, _)| *other == kind)
            .map(|(_, capability)| *capability)
    }

    /// The expanded uncertainty that a standard adds to its own calibration, in the coherent SI
    /// unit of a quantity.
    pub fn device_uncertainty(&self, standard: StandardIndex, kind: QuantityKindId) -> Option<f64> {
        let rows = &self.device_uncertainties;
        let start = rows.partition_point(|(other, ..)| *other < standard);
        rows[start..]
            .iter()
            .take_while(|(other, ..)| *other == standard)
            .find(|(_, _, unit)| self.unit(*unit).dimension() == kind.kind().dimension)
            .map(|(_, figure, _)| *figure)
    }

    /// The certificates that amend this one.
    pub fn amendments_of(
        &self,
        calibration: CalibrationIndex,
    ) -> impl Iterator<Item = CalibrationIndex> + '_ {
        let start = self.amendments.partition_point(|(amended, _)| *amended < calibration);
        self.amendments[start..]
            .iter()
            .take_while(move |(amended, _)| *amended == calibration)
            .map(|(_, amending)| *amending)
    }

    /// The certificates of the same issuer and number, this one included; none where it has its
    /// number to itself.
    pub fn namesakes_of(&self, calibration: CalibrationIndex) -> &[CalibrationIndex] {
        let position = self.namesakes.binary_search_by_key(&calibration, |(own, _)| *own);
        let group = position.ok().and_then(|position| self.namesakes.get(position));
        group.map_or(&[], |(_, group)| self.namesake_groups.of(*group as usize))
    }

    /// The log index that an instant resolves to.
    pub fn log_index_at(&self, instant: Instant) -> LogIndex {
        let later = self.log.partition_point(|(recorded_at, _)| *recorded_at <= instant);
        later.checked_sub(1).map_or(0, |position| self.log[position].1)
    }

    /// The day on which a log index was reached; none for what was always known.
    pub fn day_known(&self, index: LogIndex) -> Option<Day> {
        let position = self.log.partition_point(|(_, reached)| *reached < index);
        self.log
            .get(position)
            .filter(|(_, reached)| *reached == index && index > 0)
            .map(|(instant, _)| instant.day())
    }

    /// Says that the log stood at an instant without an entry since.
    pub fn known_until(&mut self, instant: Instant) {
        if self.log.last().is_none_or(|(last, _)| *last < instant) {
            self.log.push((instant, self.log_head));
        }
    }

    /// The day of the last entry of the log up to an index; none where nothing has an instant.
    pub fn day_of_knowledge(&self, index: LogIndex) -> Option<Day> {
        let later = self.log.partition_point(|(_, reached)| *reached <= index);
        later.checked_sub(1).and_then(|last| self.log.get(last)).map(|(instant, _)| instant.day())
    }

    /// The identity as text.
    pub fn id_text(&self, identity: Identity) -> String {
        match identity.label() {
            Some(label) => self.text(label).to_owned(),
            None => uuid::Uuid::from_bytes(identity.0).hyphenated().to_string(),
        }
    }

    /// The standard with this id.
    pub fn standard_with_id(&self, id: &Id) -> Option<StandardIndex> {
        let hash = hash_of_id(id.as_str());
        let start = self.standards_by_id.partition_point(|(other, _)| *other < hash);
        self.standards_by_id[start..]
            .iter()
            .take_while(|(other, _)| *other == hash)
            .map(|(_, standard)| *standard)
            .find(|standard| self.id_text(self.standard(*standard).id) == id.as_str())
    }

    /// The calibration of a standard with this id.
    pub fn calibration_with_id(
        &self,
        standard: StandardIndex,
        id: &Id,
    ) -> Option<CalibrationIndex> {
        let of_standard = self.calibrations_of.of(standard.position());
        let is_named = |calibration: &&CalibrationIndex| {
            self.id_text(self.calibration_ids[calibration.position()]) == id.as_str()
        };
        of_standard.iter().find(is_named).copied()
    }
}

/// The hash under which standards are looked up by id.
pub fn hash_of_id(id: &str) -> u64 {
    use std::hash::Hasher;
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(id.as_bytes());
    hasher.finish()
}

/// A power of ten with an exponent of eight bits, correctly rounded up to 22.
pub fn power_of_ten(exponent: i8) -> f64 {
    const fn table() -> [f64; 23] {
        [
            1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
            1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
        ]
    }
    const EXACT: [f64; 23] = table();
    match EXACT.get(exponent.unsigned_abs() as usize) {
        Some(power) if exponent >= 0 => *power,
        Some(power) => 1.0 / power,
        None => 10f64.powi(i32::from(exponent)),
    }
}

impl Evidence {
    /// Gives back memory that is not used.
    pub fn shrink(&mut self) {
        self.texts.shrink();
        self.calibrations.shrink_to_fit();
        self.calibration_ids.shrink_to_fit();
        self.calibration_details.shrink_to_fit();
        self.result_details.shrink_to_fit();
        self.reference_details.shrink_to_fit();
        self.results.shrink();
        self.references.shrink();
        self.calibration_statuses.shrink();
        self.calibrations_of.shrink();
        self.issued_by.shrink();
        self.standards.shrink_to_fit();
        self.materials.shrink_to_fit();
        self.standards_by_id.shrink_to_fit();
        self.events.shrink();
        self.interval_policies.shrink();
        self.drifts.shrink();
        self.use_models.shrink();
        self.properties.shrink();
        self.nominals.shrink();
        self.accuracy_classes.shrink();
    }

    /// Bytes that calibrations take: their rows, results, references, statuses and identities,
    /// and the share of texts; standards and organisations not counted.
    pub fn bytes_of_calibrations(&self) -> usize {
        fn rows<T>(rows: &Vec<T>) -> usize {
            rows.capacity() * size_of::<T>()
        }
        let parameters: usize =
            self.result_details.iter().map(|detail| detail.parameters.len()).sum();
        let parts = [
            rows(&self.calibrations),
            rows(&self.calibration_ids),
            rows(&self.calibration_details),
            rows(&self.result_details),
            rows(&self.reference_details),
            size_of::<ParameterRow>() * parameters,
            self.results.bytes(),
            self.references.bytes(),
            self.calibration_statuses.bytes(),
            self.calibrations_of.bytes(),
            self.issued_by.bytes(),
            self.texts.bytes(),
        ];
        parts.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    #[test]
    fn powers_of_ten_go_both_ways() {
        for (exponent, power) in [(22, 1e22), (3, 1e3), (0, 1.0), (-3, 1e-3)] {
            assert_eq!(power_of_ten(exponent), power, "10^{exponent}");
        }
    }

    #[test]
    fn the_day_of_knowledge_is_that_of_the_last_entry_up_to_it() {
        let mut evidence = Evidence::default();
        assert_eq!(evidence.day_of_knowledge(4), None);
        evidence.log =
            vec![(instant("2026-01-01T00:00:00Z"), 2), (instant("2026-02-01T00:00:00Z"), 5)];
        let day = |index| evidence.day_of_knowledge(index).map(|day| day.to_string());
        assert_eq!(day(1), None);
        assert_eq!(day(2).as_deref(), Some("2026-01-01"));
        assert_eq!(day(4).as_deref(), Some("2026-01-01"));
        assert_eq!(day(9).as_deref(), Some("2026-02-01"));
    }

    #[test]
    fn a_log_that_stood_still_is_known_to_its_last_instant() {
        let mut evidence = Evidence { log_head: 5, ..Evidence::default() };
        let (entry, later) = (instant("2026-01-01T00:00:00Z"), instant("2026-02-01T00:00:00Z"));
        evidence.log = vec![(entry, 5)];
        for known in [entry, later, later, entry] {
            evidence.known_until(known);
        }
        assert_eq!(evidence.log, [(entry, 5), (later, 5)]);
    }

    #[test]
    fn each_calibration_takes_the_bytes_of_its_identity() {
        let empty = Evidence::default();
        let four = Evidence { calibration_ids: vec![Identity([0; 16]); 4], ..Evidence::default() };
        let more = four.bytes_of_calibrations() - empty.bytes_of_calibrations();
        assert_eq!(more, 4 * size_of::<Identity>());
    }

    #[test]
    fn texts_take_their_letters_and_an_end_each() {
        let mut texts = Texts { buffer: "gram".to_owned(), ends: vec![4] };
        texts.shrink();
        assert_eq!(texts.bytes(), 4 + size_of::<u32>());
    }

    #[test]
    fn a_bound_that_is_not_stated_is_not_surpassed() {
        let from = Extent { lower: 30.0, upper: f64::NAN };
        assert!(!from.is_closed());
        assert!(!from.is_surpassed_by(Extent { lower: 30.0, upper: 1e9 }));
        assert!(from.is_surpassed_by(Extent { lower: 29.0, upper: 40.0 }));
        let to = Extent { lower: f64::NAN, upper: 30.0 };
        assert!(!to.is_closed());
        assert!(!to.is_surpassed_by(Extent { lower: -1e9, upper: 30.0 }));
        assert!(to.is_surpassed_by(Extent { lower: 1.0, upper: 31.0 }));
    }
}
