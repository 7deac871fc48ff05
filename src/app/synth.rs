//! The synthetic country: records of any size for benchmarks and load tests, the same for the same
//! seed on every platform.
//!
//! Ten services of the BIPM, one of them its time scale, foreign institutes with 200 standards, 60
//! national standards, 2 % reference standards, 20 % working standards, the rest instruments; one
//! calibration of each a year, valid for two, with one to three references and one to four results;
//! laboratories with registrations and two accreditations and scopes, for standards and for
//! instruments; comparisons of the institutes.
//! Uncertainties grow by a factor of three from level to level, so that a chain without a fault
//! meets every rule without a remark; one calibration in fifty carries a fault ([`Flaw`]), spread
//! over the rules that a calibration can break. Everything is invented; names say so.
//!
//! Each record follows from the seed and its number alone, by whole-number arithmetic: nothing
//! depends on what was made before it, so a country of any size is written without being held.

use std::io::{self, Write};

use serde::Serialize;

use crate::domain::claim::Claim;
use crate::domain::id::Id;
use crate::domain::period::Day;
use crate::domain::records::{CollectionName, Records};
use crate::exchange::bundle::printer::Form;
use crate::exchange::bundle::{FORMAT, lines};

use plan::{Course, LAST_YEAR, Purpose};
use quantity::{QUANTITIES, Read};
use shape::{FEWEST, Level, Party, Shape};

pub use flaw::Flaw;

mod certificate;
mod flaw;
mod plan;
mod quantity;
mod register;
mod shape;

/// The records of a synthetic country, all at once.
pub fn country(standards: usize, years: u32, seed: u64) -> Records {
    Country::new(standards, years, seed).records()
}

/// A synthetic country that has not been written down yet.
#[derive(Debug, Clone)]
pub struct Country {
    course: Course,
    quantities: Vec<Read>,
}

/// A fault planted in a calibration.
#[derive(Debug, Clone)]
pub struct Planted {
    /// What is wrong.
    pub flaw: Flaw,
    /// The calibration.
    pub calibration: Id,
    /// A claim on the calibration that runs into it.
    pub claim: Claim,
}

/// Kinds of records with ids of their own.
#[derive(Debug, Clone, Copy)]
enum Thing {
    Organisation,
    Membership,
    Accreditation,
    LegalRecognition,
    Capability,
    Standard,
    Realisation,
    Calibration,
    Comparison,
}

/// What an accreditation of a laboratory is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Calibration of standards, with reference standards.
    Standards,
    /// Calibration of instruments, with working standards.
    Instruments,
    /// Testing, by a body that is recognised for nothing else.
    Testing,
}

impl Country {
    /// Fewest standards a country has.
    pub const FEWEST_STANDARDS: u32 = FEWEST;
    /// Most standards a country has.
    pub const MOST_STANDARDS: u32 = 50_000_000;
    /// Most years a country lasts.
    pub const MOST_YEARS: u32 = 50;

    /// A country with so many standards, foreign ones included, and so many years until 2026.
    /// Numbers beyond the limits are taken as the limits.
    pub fn new(standards: usize, years: u32, seed: u64) -> Self {
        let standards = u32::try_from(standards).unwrap_or(u32::MAX);
        let shape = Shape::new(standards.clamp(FEWEST, Self::MOST_STANDARDS));
        let course = Course::new(shape, years.clamp(1, Self::MOST_YEARS), seed);
        Self { course, quantities: QUANTITIES.iter().filter_map(Read::new).collect() }
    }

    /// How many standards it has.
    pub fn standards(&self) -> u32 {
        self.course.shape.standards()
    }

    /// How many calibrations it has.
    pub fn calibrations(&self) -> u64 {
        u64::from(self.standards()) * u64::from(self.course.years)
    }

    /// The last day of its last year.
    pub fn last_day(&self) -> Day {
        Day::from_date(jiff::civil::date(LAST_YEAR, 12, 31))
    }

    /// All its records.
    pub fn records(&self) -> Records {
        Records {
            organisations: self.organisations().collect(),
            memberships: self.memberships().collect(),
            accreditations: self.accreditations().collect(),
            legal_recognitions: self.legal_recognitions().collect(),
            capabilities: self.capabilities().collect(),
            measurement_standards: self.each_standard().collect(),
            realisations: self.realisations().collect(),
            calibrations: self.each_calibration().collect(),
            comparisons: self.comparisons().collect(),
            ..Records::default()
        }
    }

    /// Writes it as a bundle, one record a line in either form, without holding it. `written` is told
    /// now and then how many standards and calibrations have been written.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn write(
        &self,
        output: &mut impl Write,
        form: Form,
        mut written: impl FnMut(u64),
    ) -> io::Result<()> {
        use CollectionName::{
            Accreditations, Calibrations, Capabilities, Comparisons, LegalRecognitions,
            MeasurementStandards, Memberships, Organisations, Realisations,
        };
        let source = "etalon-synth";
        match form {
            Form::Lines => lines::write_head(output, Some(source), None)?,
            Form::Document => {
                write!(output, "{{\"format\":\"{FORMAT}\",\"source\":\"{source}\",\"records\":{{")?;
            }
        }
        let mut count = 0;
        let mut tell = || {
            count += 1;
            if count % 1000 == 0 {
                written(count);
            }
        };
        let nothing = &mut || {};
        let output = &mut Sections { output, form, is_first: true };
        output.section(Organisations, self.organisations(), nothing)?;
        output.section(Memberships, self.memberships(), nothing)?;
        output.section(Accreditations, self.accreditations(), nothing)?;
        output.section(LegalRecognitions, self.legal_recognitions(), nothing)?;
        output.section(Capabilities, self.capabilities(), nothing)?;
        output.section(MeasurementStandards, self.each_standard(), &mut tell)?;
        output.section(Realisations, self.realisations(), nothing)?;
        output.section(Calibrations, self.each_calibration(), &mut tell)?;
        output.section(Comparisons, self.comparisons(), nothing)?;
        match form {
            Form::Lines => Ok(()),
            Form::Document => output.output.write_all(b"}}\n"),
        }
    }

    fn each_standard(&self) -> impl Iterator<Item = crate::domain::standard::MeasurementStandard> {
        (0..self.standards()).filter_map(|standard| self.measurement_standard(standard))
    }

    fn each_calibration(&self) -> impl Iterator<Item = crate::domain::calibration::Calibration> {
        (0..self.course.years)
            .flat_map(|year| (0..self.standards()).map(move |standard| (standard, year)))
            .filter_map(|(standard, year)| self.calibration(standard, year))
    }

    /// Every fault planted, in the order of years and standards.
    pub fn planted(&self) -> impl Iterator<Item = Planted> {
        (0..self.course.years)
            .flat_map(|year| (0..self.standards()).map(move |standard| (standard, year)))
            .filter_map(|(standard, year)| {
                let flaw = self.course.outline(standard, year).flaw?;
                let calibration = self.calibration_id(standard, year)?;
                Some(Planted { flaw, calibration, claim: self.claim_of(standard, year)? })
            })
    }

    /// Claims on working standards drawn at random, the same for the same country: that the value
    /// at the first point is traceable on the last day.
    pub fn claims(&self, count: usize) -> impl Iterator<Item = Claim> {
        self.drawn(count).filter_map(|standard| self.claim_at_end(standard))
    }

    /// The same claims, told whether no certificate of the standard in the last two years carries
    /// a fault of its own.
    pub fn claims_on_sound_standards(&self, count: usize) -> impl Iterator<Item = Claim> {
        let latest = self.course.years.saturating_sub(2)..self.course.years;
        self.drawn(count)
            .filter(move |standard| {
                latest.clone().all(|year| self.course.outline(*standard, year).flaw.is_none())
            })
            .filter_map(|standard| self.claim_at_end(standard))
    }

    fn drawn(&self, count: usize) -> impl Iterator<Item = u32> + '_ {
        let mut random = self.course.random(Purpose::Claims, 0);
        let shape = &self.course.shape;
        let standards = self.standards();
        std::iter::repeat_with(move || random.below(standards))
            .filter(|standard| shape.place(*standard).level == Level::Working)
            .take(count)
    }

    /// An id: a UUIDv7 whose time is the day on which such a record came to be, so that ids sort
    /// as those of a registry do.
    fn id_on(&self, thing: Thing, number: u64, day: Day) -> Option<Id> {
        const MILLISECONDS_A_DAY: u64 = 86_400_000;
        let mut random = self.course.random(Purpose::Id(thing as u8), number);
        let days = u64::try_from(day.number()).unwrap_or_default();
        let time = days * MILLISECONDS_A_DAY + number % MILLISECONDS_A_DAY;
        let high = time << 16 | 0x7000 | random.bits() >> 52;
        let low = 1 << 63 | random.bits() >> 2;
        let mut text = uuid::Uuid::encode_buffer();
        let uuid = uuid::Uuid::from_u64_pair(high, low);
        Id::parse(uuid.hyphenated().encode_lower(&mut text)).ok()
    }

    fn id(&self, thing: Thing, number: u64) -> Option<Id> {
        self.id_on(thing, number, self.course.founding())
    }

    fn standard_id(&self, standard: u32) -> Option<Id> {
        self.id(Thing::Standard, u64::from(standard))
    }

    fn calibration_id(&self, standard: u32, year: u32) -> Option<Id> {
        let (first, _) = self.course.shape.place(standard).level.season();
        let day = self.course.day(year, first);
        self.id_on(Thing::Calibration, self.course.calibration(standard, year), day)
    }

    fn party_id(&self, party: Party) -> Option<Id> {
        self.id(Thing::Organisation, u64::from(self.course.shape.number_of(party)))
    }

    fn accreditation_id(&self, laboratory: u32, scope: Scope) -> Option<Id> {
        self.id(Thing::Accreditation, u64::from(laboratory) * 3 + scope as u64)
    }

    fn capability_id(&self, party: Party, kind: u32, entry: u32) -> Option<Id> {
        let number = self.course.shape.number_of(party);
        self.id(
            Thing::Capability,
            u64::from(number) << 16 | u64::from(kind) << 8 | u64::from(entry),
        )
    }
}

/// Collections on their way out, one record a line.
struct Sections<'o, W> {
    output: &'o mut W,
    form: Form,
    is_first: bool,
}

impl<W: Write> Sections<'_, W> {
    fn section<T: Serialize>(
        &mut self,
        collection: CollectionName,
        records: impl Iterator<Item = T>,
        after_each: &mut impl FnMut(),
    ) -> io::Result<()> {
        let comma = if std::mem::take(&mut self.is_first) { "" } else { "," };
        if self.form == Form::Document {
            write!(self.output, "{comma}\n\"{collection}\":[")?;
        }
        for (position, record) in records.enumerate() {
            if self.form == Form::Lines {
                lines::write_record(self.output, collection, &record)?;
            } else {
                self.output.write_all(if position == 0 { b"\n" } else { b",\n" })?;
                serde_json::to_writer(&mut *self.output, &record)?;
            }
            after_each();
        }
        match self.form {
            Form::Lines => Ok(()),
            Form::Document => self.output.write_all(b"]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap, HashSet};

    use sha2::{Digest, Sha256};

    use super::*;
    use crate::domain::check::check;
    use crate::domain::fault::Gravity;
    use crate::engine::compile::compile;
    use crate::engine::evidence::{CalibrationIndex, Evidence, Target};
    use crate::engine::finding::{Finding, Outcome};
    use crate::engine::limits::Limits;
    use crate::engine::policy::Policy;
    use crate::engine::report::{LinkState, Report, Verdict};
    use crate::engine::verify::{Question, verify};
    use crate::exchange::bundle;

    fn written(country: &Country) -> Vec<u8> {
        let mut output = Vec::new();
        country.write(&mut output, Form::Document, |_| ()).expect("memory takes all");
        output
    }

    fn answer(evidence: &Evidence, claim: &Claim, policy: &str) -> Report {
        let policy = Policy::shipped(policy).expect("shipped");
        let question = Question::new(evidence, claim).expect("a claim on the country");
        verify(evidence, &question, policy, &Limits::default())
    }

    #[test]
    fn the_same_seed_gives_the_same_country_everywhere() {
        let digest = |seed| {
            let digest = Sha256::digest(written(&Country::new(200, 3, seed)));
            digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        let first = digest(7);
        assert_eq!(first, digest(7));
        assert_ne!(first, digest(8));
        // Changes with every change of the country, and with nothing else.
        assert_eq!(first, "893f824cc4e33b54a58c7d667027bf9db4ccf91c2ee1a6ad8e3f365d4cb34bf5");
    }

    #[test]
    fn what_is_written_is_what_is_made() {
        let country = Country::new(150, 2, 1);
        let text = String::from_utf8(written(&country)).expect("UTF-8");
        let bundle = bundle::parse(&text).expect("a bundle without errors");
        assert_eq!(bundle.records, country.records());
        let mut lines = Vec::new();
        country.write(&mut lines, Form::Lines, |_| ()).expect("memory takes all");
        let lines = bundle::parse(str::from_utf8(&lines).expect("UTF-8")).expect("a bundle");
        assert_eq!(bundle::to_json(&lines), bundle::to_json(&bundle));
    }

    #[test]
    fn no_record_is_left_out() {
        for (standards, years) in [(0, 1), (333, 3), (2_345, 2)] {
            let country = Country::new(standards, years, 3);
            let records = country.records();
            let shape = &country.course.shape;
            let (laboratories, foreign) = (shape.laboratories as usize, shape.foreign as usize);
            assert_eq!(records.measurement_standards.len(), country.standards() as usize);
            assert_eq!(records.calibrations.len() as u64, country.calibrations());
            assert_eq!(records.organisations.len(), shape.organisations().count());
            assert_eq!(records.memberships.len(), 1 + 2 * foreign + 4 + 6);
            assert_eq!(records.accreditations.len(), 2 * laboratories + laboratories.div_ceil(3));
            let national = shape.groups(Level::National, 0) as usize * 10;
            assert_eq!(records.legal_recognitions.len(), laboratories + 2 * national);
            assert_eq!(records.capabilities.len(), 80 * (foreign + 1) + 50 * laboratories);
            assert_eq!((records.realisations.len(), records.comparisons.len()), (10, 10));
        }
    }

    #[test]
    fn the_records_belong_together() {
        let faults = check(&country(600, 4, 11), &HashSet::new());
        let errors: Vec<_> =
            faults.iter().filter(|fault| fault.gravity == Gravity::Error).take(5).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        // The flaws that a check of records already sees, and nothing else.
        let codes: HashSet<&str> = faults.iter().map(|fault| fault.code).collect();
        let expected = HashSet::from(["serial_number_differs", "issued_before_performance"]);
        assert!(codes.is_subset(&expected), "{codes:?}");
    }

    #[test]
    fn numbers_are_as_performance_md_says() {
        let records = country(4_000, 2, 5);
        let calibrations = records.calibrations.len() as f64;
        let results: usize = records.calibrations.iter().map(|one| one.results.len()).sum();
        let references: usize = records.calibrations.iter().map(|one| one.references.len()).sum();
        let (results, references) =
            (results as f64 / calibrations, references as f64 / calibrations);
        assert!((2.4..2.6).contains(&results), "{results}");
        assert!((1.8..2.1).contains(&references), "{references}");
        let flaws = Country::new(4_000, 2, 5).planted().count() as f64 / calibrations;
        assert!((0.015..0.025).contains(&flaws), "{flaws}");
    }

    #[test]
    fn sound_working_standards_are_mostly_traceable() {
        let country = Country::new(4_000, 5, 2);
        let evidence = compile(&country.records());
        for policy in Policy::SHIPPED {
            let mut verdicts: BTreeMap<Verdict, usize> = BTreeMap::new();
            let claims: Vec<Claim> = country.claims_on_sound_standards(500).collect();
            for claim in &claims {
                *verdicts.entry(answer(&evidence, claim, policy).verdict).or_default() += 1;
            }
            println!("{policy}: {verdicts:?}");
            let traceable = verdicts.get(&Verdict::Traceable).copied().unwrap_or_default();
            assert!(traceable * 2 > claims.len(), "{policy}: {verdicts:?}");
        }
    }

    /// Whether nothing in the chain of a report carries a flaw, nor was ever damaged.
    fn is_sound(evidence: &Evidence, report: &Report, flaws: &HashMap<Id, Flaw>) -> bool {
        let rows = report.links.iter().filter_map(|link| match link.target {
            Target::Row(row) => Some(evidence.result(row).calibration),
            _ => None,
        });
        let has = |calibration: CalibrationIndex, flaw: Option<Flaw>| {
            let id = evidence.id_text(evidence.calibration_ids[calibration.position()]);
            let found = Id::parse(&id).ok().and_then(|id| flaws.get(&id).copied());
            found.is_some() && (flaw.is_none() || found == flaw)
        };
        rows.into_iter().all(|calibration| {
            let item = evidence.calibration(calibration).item.expect("an item");
            let mut of_item = evidence.calibrations_of.of(item.position()).iter();
            let has_event = |other: &CalibrationIndex| {
                has(*other, Some(Flaw::Damaged)) || has(*other, Some(Flaw::AdjustedUnseen))
            };
            !has(calibration, None) && !of_item.any(has_event)
        })
    }

    #[test]
    fn a_chain_without_a_flaw_is_traceable() {
        let country = Country::new(2_000, 5, 9);
        let evidence = compile(&country.records());
        let flaws: HashMap<Id, Flaw> =
            country.planted().map(|planted| (planted.calibration, planted.flaw)).collect();
        let mut sound = 0;
        let claims = (0..country.standards()).filter_map(|standard| country.claim_at_end(standard));
        for (claim, policy) in
            claims.flat_map(|claim| Policy::SHIPPED.map(|policy| (claim.clone(), policy)))
        {
            let report = answer(&evidence, &claim, policy);
            if !is_sound(&evidence, &report, &flaws) {
                continue;
            }
            sound += 1;
            let open = |finding: &&Finding| finding.outcome != Outcome::Pass;
            let open: Vec<&str> = report.findings.iter().filter(open).map(|f| f.rule.id).collect();
            assert_eq!(report.verdict, Verdict::Traceable, "{claim:?} {open:?}");
            assert!(open.is_empty(), "{claim:?} {open:?}");
            assert_eq!(report.bipm_link.state, LinkState::Linked);
        }
        assert!(sound > 3_000, "{sound}");
    }

    #[test]
    fn every_flaw_is_found_by_its_rule() {
        let country = Country::new(12_000, 5, 7);
        let evidence = compile(&country.records());
        let mut found: BTreeMap<Flaw, usize> = BTreeMap::new();
        let mut missed = Vec::new();
        for planted in country.planted() {
            let report = answer(&evidence, &planted.claim, "vn-2026");
            let rule = planted.flaw.rule();
            let by_rule = report
                .findings
                .iter()
                .any(|finding| finding.rule.id == rule && finding.outcome != Outcome::Pass);
            *found.entry(planted.flaw).or_default() += 1;
            if !by_rule {
                let not_met = report.findings.iter().filter(|one| one.outcome != Outcome::Pass);
                let rules: Vec<&str> = not_met.map(|finding| finding.rule.id).collect();
                missed.push((planted.flaw, planted.calibration, rules));
            }
        }
        println!("{found:?}");
        assert!(missed.is_empty(), "{missed:?}");
        assert_eq!(found.len(), Flaw::ALL.len(), "some are never planted");
    }
}
