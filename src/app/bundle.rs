//! A bundle taken on its own: its records read and compiled once, its standards and certificates
//! found by what people call them, and claims answered from them.

use serde::Serialize;

use crate::domain::calibration::Calibration;
use crate::domain::check::check_claim;
use crate::domain::claim::Claim;
use crate::domain::fault::{Fault, Faults, Gravity};
use crate::domain::id::Id;
use crate::domain::period::Instant;
use crate::domain::records::Records;
use crate::domain::standard::MeasurementStandard;
use crate::domain::text::Text;
use crate::engine::compile::compile;
use crate::engine::evidence::Evidence;
use crate::engine::limits::Limits;
use crate::engine::policy::Policy;
use crate::engine::report::RenderedReport;
use crate::engine::summary::Summary;
use crate::exchange::bundle;
use crate::telemetry::Metrics;

use super::verify::{self, Moment};

/// What the check of a bundle found.
#[derive(Debug, Clone, Serialize)]
pub struct Inspection {
    /// Whether an importer takes it.
    pub accepted: bool,
    /// Records in it; absent where it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<usize>,
    /// Its faults, errors and warnings, in the order found.
    pub faults: Vec<Fault>,
}

impl Inspection {
    /// How many of its faults have this gravity.
    pub fn count(&self, gravity: Gravity) -> usize {
        self.faults.iter().filter(|fault| fault.gravity == gravity).count()
    }
}

/// Checks the text of a bundle.
pub fn inspect(text: &str) -> Inspection {
    match bundle::parse(text) {
        Ok(bundle) => Inspection {
            accepted: true,
            records: Some(bundle.records.len()),
            faults: bundle.warnings,
        },
        Err(Faults(faults)) => Inspection { accepted: false, records: None, faults },
    }
}

/// Records ready to answer claims: those of a bundle, or what a registry loaded for a claim.
#[derive(Debug)]
pub struct Loaded {
    /// The records.
    pub records: Records,
    evidence: Evidence,
    /// The registry's log index that the records are known at; none for a bundle, which is a log of
    /// its own.
    log_index: Option<u64>,
    /// Where claims that are decided are counted; nowhere for a bundle.
    metrics: Option<Metrics>,
}

impl Loaded {
    /// Reads a bundle and compiles its records.
    ///
    /// # Errors
    /// All faults of the bundle.
    pub fn parse(text: &str) -> Result<Self, Faults> {
        Ok(Self::from(bundle::parse(text)?.records))
    }

    /// The records that a registry loaded for a claim, known at a log index that was reached then.
    pub fn known_at(records: Records, log_index: u64, reached_at: Option<Instant>) -> Self {
        let mut loaded = Self { log_index: Some(log_index), ..Self::from(records) };
        if let Some(instant) = reached_at {
            loaded.evidence.known_until(instant);
        }
        loaded
    }

    /// The same, with claims on it counted.
    pub(super) fn counted_by(self, metrics: Option<Metrics>) -> Self {
        Self { metrics, ..self }
    }

    /// Its records, compiled.
    pub(super) fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// The registry's log index that the records are known at; none for a bundle.
    pub(super) fn log_index(&self) -> Option<u64> {
        self.log_index
    }

    /// The standard with this id, or else with this code.
    ///
    /// # Errors
    /// When there is none, with what may have been meant, or when several have the code, with
    /// their ids.
    pub fn standard(&self, name: &str) -> Result<&MeasurementStandard, Faults> {
        let standards = &self.records.measurement_standards;
        if let Some(standard) = standards.iter().find(|standard| standard.id.as_str() == name) {
            return Ok(standard);
        }
        let named: Vec<_> =
            standards.iter().filter(|standard| standard.code.as_deref() == Some(name)).collect();
        match named.as_slice() {
            [standard] => Ok(standard),
            [] => {
                let codes = standards.iter().filter_map(|standard| standard.code.as_deref());
                let ids = standards.iter().map(|standard| standard.id.as_str());
                Err(STANDARD.is_unknown(name, IN_BUNDLE, &codes.chain(ids).collect::<Vec<_>>()))
            }
            _ => Err(STANDARD.is_ambiguous(name, named.iter().map(|standard| &standard.id))),
        }
    }

    /// The certificate with this id, or else the certificate of this standard with this number.
    ///
    /// # Errors
    /// When there is none, with what may have been meant, or when several have the number, with
    /// their ids.
    pub fn calibration(&self, standard: &Id, name: &str) -> Result<&Calibration, Faults> {
        let calibrations = &self.records.calibrations;
        if let Some(found) = calibrations.iter().find(|calibration| calibration.id.as_str() == name)
        {
            return Ok(found);
        }
        let own = || calibrations.iter().filter(|calibration| is_of(calibration, standard));
        let named: Vec<_> = own().filter(|calibration| calibration.number == name).collect();
        match named.as_slice() {
            [calibration] => Ok(calibration),
            [] => {
                let numbers = own().map(|calibration| calibration.number.as_str());
                let place = self.log_index.map_or(IN_BUNDLE, |_| IN_REGISTRY);
                Err(CALIBRATION.is_unknown(name, place, &numbers.collect::<Vec<_>>()))
            }
            _ => {
                let ids = named.iter().map(|calibration| &calibration.id);
                Err(CALIBRATION.is_ambiguous(name, ids))
            }
        }
    }

    /// The item of the certificate that no other one was made with.
    ///
    /// # Errors
    /// When there is none, or more than one, with their ids.
    pub fn only_last_item(&self) -> Result<Id, Faults> {
        let calibrations = &self.records.calibrations;
        let used = |id: &Id| {
            let references = calibrations.iter().flat_map(|one| &one.references);
            references.into_iter().any(|reference| reference.standard.as_ref() == Some(id))
        };
        let mut last: Vec<&Id> =
            calibrations.iter().map(|one| &one.item).filter(|item| !used(item)).collect();
        last.sort();
        last.dedup();
        match last.as_slice() {
            [item] => Ok((*item).clone()),
            others => {
                let ids = others.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(", ");
                let message = Text::new(
                    format!(
                        "các giấy chứng nhận này không kết thúc ở đúng một chuẩn ({}: {ids}); hãy nêu \
                         chuẩn cần kiểm tra",
                        others.len()
                    ),
                    format!(
                        "these certificates do not end in one standard ({}: {ids}); name the one to \
                         be checked",
                        others.len()
                    ),
                );
                Err(Faults(vec![Fault::error(STANDARD.pointer, STANDARD.ambiguous, message)]))
            }
        }
    }

    /// Answers a claim.
    ///
    /// # Errors
    /// When the claim cannot be asked of these records, with pointers into the claim.
    pub fn answer(&self, claim: &Claim, moment: Moment) -> Result<RenderedReport, Faults> {
        self.answer_under(claim, verify::shipped(claim.policy.as_deref())?, moment)
    }

    /// Answers a claim under a policy that the caller found, whatever the claim calls it.
    ///
    /// # Errors
    /// When the claim cannot be asked of these records, with pointers into the claim.
    pub fn answer_under(
        &self,
        claim: &Claim,
        policy: &Policy,
        moment: Moment,
    ) -> Result<RenderedReport, Faults> {
        if self.log_index.is_some() {
            return Ok(self.answer_and_summary(claim, policy, moment)?.0);
        }
        self.check(claim)?;
        verify::answer_under(&self.evidence, claim, policy, moment, &Limits::default())
    }

    /// The same for what a registry loaded, whole and in short, from one decision.
    ///
    /// # Errors
    /// When the claim cannot be asked of these records, with pointers into the claim.
    pub fn answer_and_summary(
        &self,
        claim: &Claim,
        policy: &Policy,
        moment: Moment,
    ) -> Result<(RenderedReport, Summary), Faults> {
        self.check(claim)?;
        let limits = Limits::default();
        let index = self.log_index.unwrap_or_default();
        let (shown, report) =
            verify::answer_at(&self.evidence, index, claim, policy, moment, &limits)?;
        let summary = Summary::of(&report);
        if let Some(metrics) = &self.metrics {
            verify::count(metrics, &report, &summary);
        }
        Ok((shown, summary))
    }

    /// Answers a claim in short under a policy that the caller found.
    ///
    /// # Errors
    /// When the claim cannot be asked of these records, with pointers into the claim.
    pub fn summary_under(
        &self,
        claim: &Claim,
        policy: &Policy,
        moment: Moment,
    ) -> Result<Summary, Faults> {
        self.check(claim)?;
        self.summaries(policy).of(claim, moment)
    }

    /// Answers claims in short, one after the other, under a policy. They are not checked against
    /// the records: what they say beyond the standard is taken as it is.
    pub fn summaries<'l>(&'l self, policy: &'l Policy) -> verify::Summaries<'l> {
        let all_known = self.log_index.is_some();
        let (limits, metrics) = (Limits::default(), self.metrics.as_ref());
        verify::Summaries::new(&self.evidence, policy, all_known, &limits, metrics)
    }

    fn check(&self, claim: &Claim) -> Result<(), Faults> {
        let mut faults = check_claim(claim, &self.records);
        faults.retain(|fault| fault.gravity == Gravity::Error);
        if faults.is_empty() { Ok(()) } else { Err(Faults(faults)) }
    }
}

/// A set of records on its own.
impl From<Records> for Loaded {
    fn from(records: Records) -> Self {
        let evidence = compile(&records);
        Self { records, evidence, log_index: None, metrics: None }
    }
}

/// Whether a certificate is about this standard, alone, in a set or in one of its rows.
fn is_of(calibration: &Calibration, standard: &Id) -> bool {
    let pieces = calibration.results.iter().filter_map(|result| result.item.as_ref());
    calibration.items.iter().chain(pieces).chain([&calibration.item]).any(|item| item == standard)
}

/// Where somebody's word was looked for, in both languages.
type Place = (&'static str, &'static str);

const IN_BUNDLE: Place = ("trong gói dữ liệu không có", "the bundle has no");
pub(super) const IN_REGISTRY: Place = ("trong sổ đăng ký không có", "the registry has no");

/// What somebody named, and how a message speaks of it.
pub(super) struct Sought {
    pointer: &'static str,
    unknown: &'static str,
    ambiguous: &'static str,
    phrase_vi: &'static str,
    phrase_en: &'static str,
}

pub(super) static STANDARD: Sought = Sought {
    pointer: "/standard",
    unknown: "unknown_standard",
    ambiguous: "ambiguous_code",
    phrase_vi: "chuẩn nào có mã định danh hoặc mã hiệu",
    phrase_en: "standard with the id or code",
};

static CALIBRATION: Sought = Sought {
    pointer: "/calibration",
    unknown: "unknown_calibration",
    ambiguous: "ambiguous_number",
    phrase_vi: "giấy chứng nhận nào của chuẩn này có mã định danh hoặc số",
    phrase_en: "certificate of this standard with the id or number",
};

impl Sought {
    /// There is nothing of this name; what is there is `known`.
    pub(super) fn is_unknown(&self, name: &str, (vi, en): Place, known: &[&str]) -> Faults {
        /// Names given as examples.
        const EXAMPLES: usize = 5;
        let (hint_vi, hint_en) = match (nearest(name, known.iter().copied()), known) {
            (Some(nearest), _) => {
                (format!("; có phải là “{nearest}”?"), format!("; did you mean “{nearest}”?"))
            }
            (None, []) => (String::new(), String::new()),
            (None, known) => {
                let examples = known[..known.len().min(EXAMPLES)].join(", ");
                (format!("; ví dụ có: {examples}"), format!("; there are, for example: {examples}"))
            }
        };
        let message = Text::new(
            format!("{vi} {} “{name}”{hint_vi}", self.phrase_vi),
            format!("{en} {} “{name}”{hint_en}", self.phrase_en),
        );
        Faults(vec![Fault::error(self.pointer, self.unknown, message)])
    }

    pub(super) fn is_ambiguous<'i>(&self, name: &str, ids: impl Iterator<Item = &'i Id>) -> Faults {
        let ids: Vec<&str> = ids.map(Id::as_str).collect();
        let (count, ids) = (ids.len(), ids.join(", "));
        let message = Text::new(
            format!("“{name}” là của {count} bản ghi: {ids}; hãy nêu mã định danh"),
            format!("“{name}” is shared by {count} records: {ids}; name one by its id"),
        );
        Faults(vec![Fault::error(self.pointer, self.ambiguous, message)])
    }
}

/// The known name that a text most likely stands for: one that holds it or is held by it, else the
/// one with the longest common beginning, if that is half of the text at least; letters and digits
/// alone count.
fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let bare = |text: &str| -> Vec<char> {
        text.chars().filter(|one| one.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let wanted = bare(name);
    if wanted.is_empty() {
        return None;
    }
    let likeness = |other: &str| {
        let other = bare(other);
        let common = wanted.iter().zip(&other).take_while(|(a, b)| a == b).count();
        let (short, long) =
            if other.len() < wanted.len() { (&other, &wanted) } else { (&wanted, &other) };
        let held = short.len() >= 3 && long.windows(short.len()).any(|part| part == short);
        (held || 2 * common >= wanted.len()).then_some((held, common))
    };
    let candidates = known.filter_map(|other| likeness(other).map(|likeness| (likeness, other)));
    // The first of equals, so that the answer does not depend on what follows it.
    candidates.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_find_their_name() {
        let known = ["W-1KG-01", "W-500G-01", "TQ-100-01"];
        for (name, found) in [
            ("w1kg01", Some("W-1KG-01")),
            ("W-1KG-02", Some("W-1KG-01")),
            ("500g", Some("W-500G-01")),
            ("TQ-100", Some("TQ-100-01")),
            ("Z-10V-01", None),
            ("", None),
            ("--", None),
        ] {
            assert_eq!(nearest(name, known.into_iter()), found, "{name}");
        }
    }
}
