//! Policies: the parameters of rules.md 3.7, the rules that count otherwise than in the catalogue,
//! and the national law a claim is judged under. Nothing but a policy and data ties the registry to
//! a country.
//!
//! A policy is a JSON document (docs/policies.md). Some come with the program; others are written by
//! an authority, and read as records are: every fault with its place, in both languages.

use std::sync::LazyLock;

use deserr::{Deserr, IntoValue, Value as Read, ValueKind, ValuePointerRef, deserialize};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::domain::by_name::ByName;
use crate::domain::fault::{Fault, Faults, escaped, shortened, texts, wrong_kind};
use crate::domain::form::{Definition, Described, Form};
use crate::domain::json;
use crate::domain::organisation::Arrangement;
use crate::domain::period::Day;
use crate::domain::text::{Names, Text};

use super::evidence::Period;
use super::finding::{Phrase, Rule, Severity, phrase};
use super::law::{LegalUnits, LegalUnitsDocument, VerificationCycle, VerificationCycleDocument};
use super::limits::Limits;
use super::rules::TABLE;

/// A policy, under which a claim is judged.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Its id, such as `vn-2026`.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Share of a contribution from which an input counts in full (rule S-07).
    pub contrib_major: f64,
    /// Share of a contribution below which an input counts as information only (rule S-07).
    pub contrib_minor: f64,
    /// Coverage probabilities that count as about 95 %.
    pub p_accept: (f64, f64),
    /// Years after which a comparison is remarked as old (rule N-11).
    pub kc_age_warn_years: u32,
    /// Years after which a proficiency test is remarked as old (rule A-10).
    pub pt_age_warn_years: u32,
    /// Months for which a calibration is used where neither the owner nor the certificate says
    /// (rule T-03).
    pub max_interval_without_policy: u32,
    /// Days before an end at which it is announced (rule T-12).
    pub early_warning_days: u32,
    /// Days before the end of an accreditation or a legal recognition from which a use is warned
    /// (rule T-12).
    pub recognition_warning_days: u32,
    /// Largest ratio of standard uncertainties at which an input of an institute from an accredited
    /// laboratory is minor (rule N-06).
    pub mra_minor_influence: f64,
    /// Shift in units of U95 up to which it is insignificant (rule I-04).
    pub impact_insignificant: f64,
    /// Shift in units of U95 above which it is significant (rule I-04).
    pub impact_significant: f64,
    /// Smallest ratio of a tolerance to the uncertainty of the process (rule F-02).
    pub tur_min: f64,
    /// Longest way upward that is looked at, in calibrations (rule S-11).
    pub max_depth: u32,
    /// Whether a printed uncertainty that rounds up to the CMC is below it (rule C-03).
    pub strict_cmc_rounding: bool,
    /// Arrangements of accreditation bodies that count, with their days (rule A-04).
    pub accreditation_arrangements: Vec<(Arrangement, Period)>,
    /// National law, when the policy asks for it.
    pub law: Option<Law>,
    /// SHA-256 of the policy's canonical JSON, in lower-case hexadecimal.
    pub sha256: String,
    /// Rules that count otherwise than in the catalogue, in the order of their ids.
    pub switched: Vec<Switched>,
    /// Whether it comes with the program.
    pub comes_with_the_program: bool,
}

/// National law as far as a policy asks for it.
#[derive(Debug, Clone)]
pub struct Law {
    /// The country, two letters.
    pub country: [u8; 2],
    /// Whether the registers of law are complete: what is not in them does not exist.
    pub registers_complete: bool,
    /// Lists of legal units, dated (rule V-08).
    pub legal_units: Vec<LegalUnits>,
    /// Cycles of verification of group-2 instruments, dated (rule V-09).
    pub verification_cycles: Vec<VerificationCycle>,
}

/// A rule that counts otherwise than in the catalogue.
#[derive(Debug, Clone)]
pub struct Switched {
    /// The rule.
    pub rule: &'static Rule,
    /// How much it counts.
    pub to: Switch,
    /// Why.
    pub reason: Text,
}

impl Switched {
    /// Whether it counts in full here and not in the catalogue.
    fn is_raised(&self) -> bool {
        let in_full = |severity| matches!(severity, Severity::Critical | Severity::Major);
        self.to.severity().is_some_and(in_full) && !in_full(self.rule.severity)
    }
}

vocabulary! {
    /// How much a rule counts under a policy.
    Switch {
        /// A fail fails its dimension.
        Critical = "critical",
        /// A fail fails its dimension.
        Major = "major",
        /// A fail gives remarks.
        Minor = "minor",
        /// Information only.
        Info = "info",
        /// Not at all: it finds nothing.
        Off = "off",
    }
}

impl Switch {
    /// The severity that it stands for; none when the rule is off.
    pub const fn severity(self) -> Option<Severity> {
        match self {
            Self::Critical => Some(Severity::Critical),
            Self::Major => Some(Severity::Major),
            Self::Minor => Some(Severity::Minor),
            Self::Info => Some(Severity::Info),
            Self::Off => None,
        }
    }
}

impl From<Severity> for Switch {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Critical => Self::Critical,
            Severity::Major => Self::Major,
            Severity::Minor => Self::Minor,
            Severity::Info => Self::Info,
        }
    }
}

object! {
    /// A policy as it is written: under what a claim is judged.
    PolicyDocument {
        required {
            /// Its id, which never changes: small letters, digits, `.`, `_` and `-`, at most 64.
            id: String,
            /// Its version: letters, digits, `.`, `_` and `-`, at most 32.
            version: String,
            /// What it is called.
            names: Names,
            /// The parameters, each of them.
            parameters: PolicyParameters,
            /// The arrangements of accreditation bodies that count (rule A-04).
            accreditation_arrangements: Vec<DatedArrangement>,
        }
        optional {
            /// National law, when the policy asks for it.
            law: PolicyLaw,
            /// Rules that count otherwise than in the catalogue, by their ids.
            rules: ByName<RuleSwitch>,
        }
    }
}

object! {
    /// The parameters of a policy (rules 3.7).
    // A parameter that a later version adds is optional here, with the value that its rule had
    // before: policies are kept for ever.
    PolicyParameters {
        required {
            /// Share of the variance from which an input counts in full (rule S-07).
            contrib_major: Share,
            /// Share of the variance below which an input counts as information only (rule S-07).
            contrib_minor: Share,
            /// Coverage probabilities that count as about 95 %, from and to.
            p_accept: (Share, Share),
            /// Years after which a comparison is remarked as old (rule N-11).
            kc_age_warn_years: u32,
            /// Years after which a proficiency test is remarked as old (rule A-10).
            pt_age_warn_years: u32,
            /// Months for which a calibration is used where neither the owner nor the certificate
            /// says (rule T-03).
            max_interval_without_policy_months: u32,
            /// Days before an end at which it is announced (rule T-12).
            early_warning_days: u32,
            /// Days before the end of an accreditation or a legal recognition at which it is announced
            /// (rule T-12).
            recognition_warning_days: u32,
            /// Largest ratio of standard uncertainties at which an input of an institute from an
            /// accredited laboratory is minor (rule N-06).
            mra_minor_influence: Share,
            /// Shift in units of U95 up to which it is insignificant (rule I-04).
            impact_insignificant: Share,
            /// Shift in units of U95 above which it is significant (rule I-04).
            impact_significant: Share,
            /// Smallest ratio of a tolerance to the uncertainty of the process (rule F-02).
            tur_min: Ratio,
            /// Longest way upward that is looked at, in calibrations, 1 to 32 (rule S-11).
            max_depth: u32,
            /// Whether a printed uncertainty that rounds up to the CMC is below it (rule C-03).
            strict_cmc_rounding: bool,
        }
    }
}

object! {
    /// An arrangement of accreditation bodies, and when it counts.
    DatedArrangement {
        required {
            /// The arrangement.
            arrangement: Arrangement,
        }
        optional {
            /// First day on which it counts.
            valid_from: Day,
            /// Last day on which it counts, included.
            valid_to: Day,
        }
    }
}

object! {
    /// National law as far as a policy asks for it.
    PolicyLaw {
        required {
            /// The country (ISO 3166-1 alpha-2).
            country: String,
            /// Whether the registers of law are complete: what is not in them does not exist.
            registers_complete: bool,
        }
        many {
            /// The legal units, by the texts that list them (rule V-08).
            legal_units: LegalUnitsDocument,
            /// The cycles of verification of group-2 instruments (rule V-09).
            verification_cycles: VerificationCycleDocument,
        }
    }
}

object! {
    /// How a rule counts otherwise than in the catalogue, and why.
    RuleSwitch {
        required {
            /// How much it counts.
            severity: Switch,
            /// Why; reports say it.
            reason: Reason,
        }
    }
}

/// A number from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share(f64);

/// A number from 1 to 1,000.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ratio(f64);

/// A reason, in both languages; a single text stands for both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reason(Text);

macro_rules! bounded {
    ($name:ident, $from:literal, $to:literal, $doc:literal) => {
        impl Deserr<Faults> for $name {
            fn deserialize_from_value<V: IntoValue>(
                value: Read<V>,
                location: ValuePointerRef<'_>,
            ) -> Result<Self, Faults> {
                let number = f64::deserialize_from_value(value, location)?;
                if ($from..=$to).contains(&number) {
                    return Ok(Self(number));
                }
                let message = Text::new(
                    format!("có {number}, cần một số từ {} đến {}", $from, $to),
                    format!("found {number}, expected a number from {} to {}", $from, $to),
                );
                Err(Faults::at(location, "out_of_range", message))
            }
        }

        impl Described for $name {
            fn form() -> Form {
                Form::named(stringify!($name), || {
                    Definition::new(&[$doc], Form::Number { minimum: $from, maximum: $to })
                })
            }
        }
    };
}

bounded!(Share, 0.0, 1.0, "A number from 0 to 1.");
bounded!(Ratio, 1.0, 1_000.0, "A ratio of at least 1.");

impl Deserr<Faults> for Reason {
    fn deserialize_from_value<V: IntoValue>(
        value: Read<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Faults> {
        let (vi, en) = match value {
            Read::String(text) => (text.clone(), text),
            Read::Map(_) => {
                let names = Names::deserialize_from_value(value, location)?;
                let (vi, en) = (names.vi.clone(), names.en.clone());
                (vi.or(names.en).unwrap_or_default(), en.or(names.vi).unwrap_or_default())
            }
            other => return Err(wrong_kind(other, &[ValueKind::String, ValueKind::Map], location)),
        };
        if vi.trim().is_empty() || en.trim().is_empty() {
            let message = Text::new(
                "cần nêu lý do, bằng tiếng Việt, tiếng Anh hoặc cả hai",
                "a reason is needed, in Vietnamese, English or both",
            );
            return Err(Faults::at(location, "empty", message));
        }
        Ok(Self(Text::new(vi, en)))
    }
}

impl Described for Reason {
    fn form() -> Form {
        Form::named("Reason", || {
            let doc = "A reason: in Vietnamese, in English or in both, or one text for both.";
            Definition::new(&[doc], Form::OneOf(vec![String::form(), Names::form()]))
        })
    }
}

/// What a definition of traceability itself asks (VIM 2.41), without which no verdict means
/// anything.
const BY_DEFINITION: Phrase = phrase(
    "đây là một phần của định nghĩa tính liên kết chuẩn (VIM 2.41); không có nó, kết luận không còn ý nghĩa",
    "it is part of what metrological traceability is (VIM 2.41): without it no verdict means anything",
);
/// What follows from how the registry is made.
const BY_CONSTRUCTION: Phrase = phrase(
    "quy tắc này luôn đúng do cách xây dựng của sổ đăng ký, nên không có gì để thay đổi",
    "it holds by how the registry is made: there is nothing to switch",
);
/// What the report's answers are made of.
const AN_ANSWER: Phrase = phrase(
    "quy tắc này tạo nên chính câu trả lời của báo cáo (giới hạn tính toán, mâu thuẫn, con đường thừa nhận), không phải một yêu cầu",
    "it says an answer of the report itself (limits of the work, contradictions, the route) and is no requirement",
);

/// What sorts a certificate into its route (rules 3.4).
const THE_ROUTE: Phrase = phrase(
    "quy tắc này xác định con đường thừa nhận (r1, r2, r3a, r3b) mà giấy chứng nhận thuộc về: bỏ nó đi, tên của con đường không còn đúng",
    "it sorts a certificate into its route (r1, r2, r3a, r3b): without it the name of the route would not be true",
);

/// Rules that no policy may switch, and why. A rule that a kept policy may have switched is never
/// added: that policy could not be read any more.
pub const FIXED: &[(&str, Phrase)] = &[
    ("S-01", BY_DEFINITION),
    ("S-02", BY_DEFINITION),
    ("S-03", BY_DEFINITION),
    ("S-04", BY_DEFINITION),
    ("S-05", BY_DEFINITION),
    ("S-07", BY_DEFINITION),
    ("S-11", AN_ANSWER),
    ("S-12", AN_ANSWER),
    ("Q-01", BY_DEFINITION),
    ("Q-02", BY_DEFINITION),
    ("Q-03", BY_CONSTRUCTION),
    ("Q-07", BY_CONSTRUCTION),
    ("U-01", BY_DEFINITION),
    ("C-01", THE_ROUTE),
    ("C-02", THE_ROUTE),
    ("C-04", THE_ROUTE),
    ("C-05", THE_ROUTE),
    ("A-01", AN_ANSWER),
    ("A-02", THE_ROUTE),
    ("A-03", THE_ROUTE),
    ("A-04", THE_ROUTE),
    ("A-06", THE_ROUTE),
    ("N-01", THE_ROUTE),
    ("N-02", THE_ROUTE),
    ("N-03", THE_ROUTE),
    ("N-04", THE_ROUTE),
    ("T-01", BY_DEFINITION),
    ("T-08", BY_DEFINITION),
    ("T-10", BY_CONSTRUCTION),
    ("G-01", BY_CONSTRUCTION),
    ("G-02", BY_CONSTRUCTION),
    ("G-03", BY_CONSTRUCTION),
    ("G-04", BY_CONSTRUCTION),
    ("G-05", BY_CONSTRUCTION),
    ("G-06", BY_CONSTRUCTION),
];

/// Why no policy may switch a rule; none where one may.
pub fn fixed(rule: &str) -> Option<Phrase> {
    FIXED.iter().find(|(id, _)| *id == rule).map(|(_, why)| *why)
}

impl Policy {
    /// The ids of the policies that come with the program.
    pub const SHIPPED: [&'static str; 2] = ["ilac-p10", "vn-2026"];

    /// Their documents, in the same order.
    const DOCUMENTS: [&'static str; 2] =
        [include_str!("policies/ilac-p10.json"), include_str!("policies/vn-2026.json")];

    /// A policy that comes with the program.
    pub fn shipped(id: &str) -> Option<&'static Policy> {
        static POLICIES: LazyLock<Vec<Policy>> = LazyLock::new(|| {
            // A test proves that every shipped document parses.
            let documents = Policy::DOCUMENTS.iter();
            let parsed = documents.filter_map(|document| Policy::parse(document).ok());
            parsed.map(|policy| Policy { comes_with_the_program: true, ..policy }).collect()
        });
        POLICIES.iter().find(|policy| policy.id == id)
    }

    /// The document of a policy that comes with the program.
    pub fn document(id: &str) -> Option<&'static str> {
        let shipped = Self::SHIPPED.iter().zip(Self::DOCUMENTS);
        shipped.into_iter().find(|(known, _)| **known == id).map(|(_, document)| document)
    }

    /// Reads a policy of somebody else: its id is not that of one that comes with the program.
    ///
    /// # Errors
    /// All faults of the document.
    pub fn custom(text: &str) -> Result<Self, Faults> {
        Self::from_value(json::parse(text)?)
    }

    /// The same from a JSON value.
    ///
    /// # Errors
    /// All faults of the document.
    pub fn from_value(value: Value) -> Result<Self, Faults> {
        let policy = Self::read(value)?;
        if Self::SHIPPED.contains(&policy.id.as_str()) {
            let id = &policy.id;
            let message = Text::new(
                format!(
                    "“{id}” là chính sách đi kèm chương trình và không thể thay thế; hãy đặt mã khác"
                ),
                format!("“{id}” comes with the program and cannot be replaced; choose another id"),
            );
            return Err(Faults(vec![Fault::error("/id", "shipped_policy", message)]));
        }
        Ok(policy)
    }

    /// Reads a policy document.
    ///
    /// # Errors
    /// All its faults.
    fn parse(text: &str) -> Result<Self, Faults> {
        Self::read(json::parse(text)?)
    }

    fn read(value: Value) -> Result<Self, Faults> {
        let mut faults = texts(&value, ValuePointerRef::Origin).0;
        // The digest is that of what was written: later versions of the program may know more.
        let canonical = serde_json_canonicalizer::to_vec(&value).unwrap_or_default();
        let document: PolicyDocument = match deserialize::<_, _, Faults>(value) {
            Ok(document) => document,
            Err(Faults(others)) => {
                faults.extend(others);
                return Err(Faults(faults));
            }
        };
        checked(&document, &mut faults);
        let switched = switched(document.rules.unwrap_or_default(), &mut faults);
        let country = document.law.as_ref().map(|law| country(&law.country, &mut faults));
        if !faults.is_empty() {
            return Err(Faults(faults));
        }
        let parameters = document.parameters;
        let arrangements = document.accreditation_arrangements.iter();
        let law = document.law.zip(country).map(|(law, country)| Law {
            country,
            registers_complete: law.registers_complete,
            legal_units: law.legal_units.into_iter().map(LegalUnits::from).collect(),
            verification_cycles: law
                .verification_cycles
                .into_iter()
                .map(VerificationCycle::from)
                .collect(),
        });
        Ok(Self {
            contrib_major: parameters.contrib_major.0,
            contrib_minor: parameters.contrib_minor.0,
            p_accept: (parameters.p_accept.0.0, parameters.p_accept.1.0),
            kc_age_warn_years: parameters.kc_age_warn_years,
            pt_age_warn_years: parameters.pt_age_warn_years,
            max_interval_without_policy: parameters.max_interval_without_policy_months,
            early_warning_days: parameters.early_warning_days,
            recognition_warning_days: parameters.recognition_warning_days,
            mra_minor_influence: parameters.mra_minor_influence.0,
            impact_insignificant: parameters.impact_insignificant.0,
            impact_significant: parameters.impact_significant.0,
            tur_min: parameters.tur_min.0,
            max_depth: parameters.max_depth,
            strict_cmc_rounding: parameters.strict_cmc_rounding,
            accreditation_arrangements: arrangements
                .map(|one| (one.arrangement, Period::new(one.valid_from, one.valid_to)))
                .collect(),
            law,
            sha256: Sha256::digest(canonical).iter().map(|byte| format!("{byte:02x}")).collect(),
            switched,
            comes_with_the_program: false,
            id: document.id,
            version: document.version,
        })
    }

    /// How a claim names it: its id, and the version of one that does not come with the program.
    pub fn reference(&self) -> String {
        match self.comes_with_the_program {
            true => self.id.clone(),
            false => format!("{}@{}", self.id, self.version),
        }
    }

    /// Whether a coverage probability counts as about 95 %.
    pub fn accepts_probability(&self, probability: f64) -> bool {
        let (lowest, highest) = self.p_accept;
        (lowest..=highest).contains(&probability)
    }

    /// How much a rule counts, where the policy says otherwise than the catalogue.
    #[inline]
    pub fn switch(&self, rule: &Rule) -> Option<Switch> {
        self.switched.iter().find(|one| one.rule.id == rule.id).map(|one| one.to)
    }

    /// Whether it makes any rule count in full that the catalogue does not.
    pub fn raises(&self) -> bool {
        self.switched.iter().any(Switched::is_raised)
    }

    /// Whether it makes this rule count in full and the catalogue does not.
    pub fn raises_rule(&self, rule: &Rule) -> bool {
        self.switched.iter().any(|one| one.rule.id == rule.id && one.is_raised())
    }

    /// How much a rule counts.
    pub fn counts(&self, rule: &Rule) -> Switch {
        self.switch(rule).unwrap_or_else(|| rule.severity.into())
    }

    /// The limits of a claim under this policy: it may look less far than the program would, never
    /// further.
    pub fn narrowed(&self, limits: &Limits) -> Limits {
        Limits { depth: limits.depth.min(self.max_depth), ..*limits }
    }
}

/// What each field for itself does not show.
fn checked(document: &PolicyDocument, faults: &mut Vec<Fault>) {
    let mut refuse = |pointer: &str, code: &'static str, vi: String, en: String| {
        faults.push(Fault::error(pointer, code, Text::new(vi, en)));
    };
    let id = &document.id;
    if !is_name(id, 64) || id.bytes().any(|byte| byte.is_ascii_uppercase()) {
        let found = shortened(id);
        refuse(
            "/id",
            "bad_policy_id",
            format!(
                "“{found}”: cần 1 đến 64 chữ thường, chữ số, “.”, “_” hoặc “-”, bắt đầu bằng chữ hoặc số"
            ),
            format!(
                "“{found}”: expected 1 to 64 small letters, digits, “.”, “_” or “-”, a letter or digit first"
            ),
        );
    }
    if !is_name(&document.version, 32) {
        let found = shortened(&document.version);
        refuse(
            "/version",
            "bad_version",
            format!(
                "“{found}”: cần 1 đến 32 chữ, chữ số, “.”, “_” hoặc “-”, bắt đầu bằng chữ hoặc số"
            ),
            format!(
                "“{found}”: expected 1 to 32 letters, digits, “.”, “_” or “-”, a letter or digit first"
            ),
        );
    }
    let names = &document.names;
    if [&names.vi, &names.en]
        .into_iter()
        .all(|name| name.as_ref().is_none_or(|one| one.trim().is_empty()))
    {
        refuse("/names", "empty", "cần một tên".to_owned(), "a name is needed".to_owned());
    }
    let own = &document.parameters;
    let ordered = [
        ("contrib_minor", own.contrib_minor.0, "contrib_major", own.contrib_major.0),
        ("p_accept/0", own.p_accept.0.0, "p_accept/1", own.p_accept.1.0),
        (
            "impact_insignificant",
            own.impact_insignificant.0,
            "impact_significant",
            own.impact_significant.0,
        ),
    ];
    for (lower, low, upper, high) in ordered.into_iter().filter(|(_, low, _, high)| low > high) {
        refuse(
            &format!("/parameters/{lower}"),
            "out_of_order",
            format!("{lower} = {low} lớn hơn {upper} = {high}"),
            format!("{lower} = {low} is above {upper} = {high}"),
        );
    }
    let deepest = Limits::default().depth;
    let whole = [
        ("kc_age_warn_years", own.kc_age_warn_years, 1, 100),
        ("pt_age_warn_years", own.pt_age_warn_years, 1, 100),
        ("max_interval_without_policy_months", own.max_interval_without_policy_months, 1, 1_200),
        ("early_warning_days", own.early_warning_days, 0, 3_650),
        ("max_depth", own.max_depth, 1, deepest),
    ];
    for (name, value, from, to) in whole.into_iter().filter(|(_, v, a, b)| v < a || v > b) {
        refuse(
            &format!("/parameters/{name}"),
            "out_of_range",
            format!("có {value}, cần một số nguyên từ {from} đến {to}"),
            format!("found {value}, expected a whole number from {from} to {to}"),
        );
    }
    let mut seen = Vec::new();
    for (position, one) in document.accreditation_arrangements.iter().enumerate() {
        let place = format!("/accreditation_arrangements/{position}");
        if one.valid_from.zip(one.valid_to).is_some_and(|(from, to)| from > to) {
            refuse(
                &place,
                "out_of_order",
                "ngày bắt đầu sau ngày kết thúc".to_owned(),
                "its first day is after its last".to_owned(),
            );
        }
        if seen.contains(&one.arrangement) {
            let word = one.arrangement;
            refuse(
                &place,
                "repeated",
                format!("{word} xuất hiện hai lần"),
                format!("{word} stands twice"),
            );
        }
        seen.push(one.arrangement);
    }
}

/// Whether a text is a short name of plain characters.
fn is_name(text: &str, longest: usize) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=longest).contains(&text.len())
        && text.bytes().all(plain)
        && text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
}

fn country(text: &str, faults: &mut Vec<Fault>) -> [u8; 2] {
    let letters: Option<[u8; 2]> = text.as_bytes().try_into().ok();
    letters.filter(|letters| letters.iter().all(u8::is_ascii_uppercase)).unwrap_or_else(|| {
        let found = shortened(text);
        let message = Text::new(
            format!("“{found}”: cần hai chữ in hoa theo ISO 3166-1, ví dụ VN"),
            format!("“{found}”: expected two capital letters of ISO 3166-1, such as VN"),
        );
        faults.push(Fault::error("/law/country", "bad_country", message));
        [0; 2]
    })
}

/// The rules that a policy switches, each of them known and free to be switched.
fn switched(rules: ByName<RuleSwitch>, faults: &mut Vec<Fault>) -> Vec<Switched> {
    let mut switched = Vec::new();
    for (id, RuleSwitch { severity, reason }) in rules.0 {
        let mut refuse = |code: &'static str, message: Text| {
            faults.push(Fault::error(format!("/rules/{}", escaped(&id)), code, message));
        };
        if let Some(why) = fixed(&id) {
            let message = Text::new(
                format!("quy tắc {id} không thể thay đổi: {}", why.vi),
                format!("rule {id} cannot be switched: {}", why.en),
            );
            refuse("fixed_rule", message);
            continue;
        }
        match TABLE.iter().find(|rule| rule.id == id) {
            Some(rule) => switched.push(Switched { rule, to: severity, reason: reason.0 }),
            None => {
                let found = shortened(&id);
                let message = Text::new(
                    format!("không có quy tắc “{found}”; “etalon rules” liệt kê mọi quy tắc"),
                    format!("there is no rule “{found}”; “etalon rules” lists every one"),
                );
                refuse("unknown_rule", message);
            }
        }
    }
    switched
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A policy that is right, with this at these places; null takes a field away.
    fn document(changes: &[(&str, Value)]) -> Value {
        let text = include_str!("policies/ilac-p10.json");
        let mut document: Value = serde_json::from_str(text).expect("JSON");
        document["id"] = "mine".into();
        for (pointer, value) in changes {
            let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
            let parent = document.pointer_mut(parent).expect("a place");
            match (parent, value) {
                (Value::Object(fields), Value::Null) => {
                    fields.remove(key);
                }
                (Value::Object(fields), value) => {
                    fields.insert(key.to_owned(), value.clone());
                }
                (Value::Array(elements), value) => {
                    elements[key.parse::<usize>().expect("a position")] = value.clone();
                }
                (other, _) => panic!("{pointer}: {other}"),
            }
        }
        document
    }

    fn switch(severity: &str) -> Value {
        json!({"severity": severity, "reason": {"vi": "lý do", "en": "a reason"}})
    }

    #[test]
    fn every_shipped_policy_parses_and_differs() {
        let digests: Vec<&str> = Policy::SHIPPED
            .iter()
            .map(|id| Policy::shipped(id).expect(id).sha256.as_str())
            .collect();
        assert_ne!(digests[0], digests[1]);
        assert!(Policy::shipped("vn-2026").expect("shipped").law.is_some());
        assert!(Policy::shipped("ilac-p10").expect("shipped").law.is_none());
        assert_eq!(Policy::shipped("vn-2026").expect("shipped").reference(), "vn-2026");
    }

    #[test]
    fn the_defaults_are_those_of_the_catalogue() {
        for id in Policy::SHIPPED {
            let own = Policy::shipped(id).expect(id);
            assert_eq!((own.contrib_major, own.contrib_minor), (0.10, 0.01));
            assert_eq!(own.p_accept, (0.94, 0.96));
            assert_eq!((own.kc_age_warn_years, own.pt_age_warn_years), (10, 4));
            assert_eq!((own.max_interval_without_policy, own.early_warning_days), (24, 30));
            assert!((own.mra_minor_influence - 1.0 / 3.0).abs() < 1e-15);
            assert_eq!((own.impact_insignificant, own.impact_significant), (0.10, 0.33));
            assert_eq!((own.tur_min, own.max_depth, own.strict_cmc_rounding), (3.0, 32, false));
            assert!(own.switched.is_empty());
        }
    }

    #[test]
    fn a_policy_of_somebody_else_is_read() {
        let rules =
            json!({"U-02": switch("info"), "T-03": {"severity": "off", "reason": "one text"}});
        let written = document(&[("/rules", rules), ("/parameters/max_depth", json!(8))]);
        let policy = Policy::from_value(written.clone()).expect("a policy");
        assert_eq!((policy.reference().as_str(), policy.sha256.len()), ("mine@1", 64));
        let switched: Vec<_> = policy
            .switched
            .iter()
            .map(|one| (one.rule.id, one.to, one.reason.vi.as_str()))
            .collect();
        assert_eq!(switched, [("T-03", Switch::Off, "one text"), ("U-02", Switch::Info, "lý do")]);
        assert_eq!(policy.narrowed(&Limits::default()).depth, 8);
        // The order of members and the writing of numbers do not matter to the digest.
        let text =
            written.to_string().replace("\"contrib_major\":0.1,", "\"contrib_major\":1.0e-1,");
        assert_ne!(text, written.to_string());
        assert_eq!(Policy::custom(&text).expect("the same").sha256, policy.sha256);
    }

    #[test]
    fn every_fault_is_found_with_its_place() {
        let table: &[(&str, Value, &str, &str)] = &[
            ("/id", json!("ilac-p10"), "/id", "shipped_policy"),
            ("/id", json!("Mine"), "/id", "bad_policy_id"),
            ("/id", json!("a@b"), "/id", "bad_policy_id"),
            ("/id", json!(""), "/id", "bad_policy_id"),
            ("/id", Value::Null, "", "missing_field"),
            ("/version", json!("1 2"), "/version", "bad_version"),
            ("/version", json!(1), "/version", "wrong_type"),
            ("/names", json!({}), "/names", "empty"),
            ("/names", json!({"fr": "x"}), "/names", "unknown_field"),
            ("/names/en", json!("e\u{301}"), "/names/en", "not_nfc"),
            ("/parameters/tur_min", Value::Null, "/parameters", "missing_field"),
            ("/parameters/tur", json!(1), "/parameters", "unknown_field"),
            ("/parameters/tur_min", json!(0.5), "/parameters/tur_min", "out_of_range"),
            ("/parameters/tur_min", json!("3"), "/parameters/tur_min", "wrong_type"),
            ("/parameters/contrib_major", json!(1.1), "/parameters/contrib_major", "out_of_range"),
            ("/parameters/contrib_minor", json!(-0.1), "/parameters/contrib_minor", "out_of_range"),
            ("/parameters/contrib_minor", json!(0.2), "/parameters/contrib_minor", "out_of_order"),
            ("/parameters/p_accept", json!([0.96, 0.94]), "/parameters/p_accept/0", "out_of_order"),
            ("/parameters/p_accept", json!([0.94, 95]), "/parameters/p_accept/1", "out_of_range"),
            ("/parameters/p_accept", json!([0.95]), "/parameters/p_accept", "wrong_length"),
            (
                "/parameters/impact_insignificant",
                json!(0.5),
                "/parameters/impact_insignificant",
                "out_of_order",
            ),
            ("/parameters/max_depth", json!(0), "/parameters/max_depth", "out_of_range"),
            ("/parameters/max_depth", json!(33), "/parameters/max_depth", "out_of_range"),
            ("/parameters/max_depth", json!(2.5), "/parameters/max_depth", "wrong_type"),
            (
                "/parameters/max_interval_without_policy_months",
                json!(0),
                "/parameters/max_interval_without_policy_months",
                "out_of_range",
            ),
            (
                "/parameters/strict_cmc_rounding",
                json!(0),
                "/parameters/strict_cmc_rounding",
                "wrong_type",
            ),
            (
                "/accreditation_arrangements/2",
                json!({"arrangement": "ilac_mra"}),
                "/accreditation_arrangements/2",
                "repeated",
            ),
            (
                "/accreditation_arrangements/2",
                json!({"arrangement": "apmp2"}),
                "/accreditation_arrangements/2/arrangement",
                "unknown_value",
            ),
            (
                "/accreditation_arrangements/2",
                json!({"arrangement": "apmp", "valid_from": "2026-02-01", "valid_to": "2026-01-31"}),
                "/accreditation_arrangements/2",
                "out_of_order",
            ),
            ("/accreditation_arrangements", Value::Null, "", "missing_field"),
            (
                "/law",
                json!({"country": "vn", "registers_complete": true}),
                "/law/country",
                "bad_country",
            ),
            ("/law", json!({"country": "VN"}), "/law", "missing_field"),
            ("/rules", json!({"Z-09": switch("info")}), "/rules/Z-09", "unknown_rule"),
            ("/rules", json!({"u-02": switch("info")}), "/rules/u-02", "unknown_rule"),
            ("/rules", json!({"a/b": switch("info")}), "/rules/a~1b", "unknown_rule"),
            ("/rules", json!({"S-04": switch("off")}), "/rules/S-04", "fixed_rule"),
            ("/rules", json!({"U-01": switch("minor")}), "/rules/U-01", "fixed_rule"),
            ("/rules", json!({"T-10": switch("off")}), "/rules/T-10", "fixed_rule"),
            ("/rules", json!({"U-02": {"severity": "info"}}), "/rules/U-02", "missing_field"),
            (
                "/rules",
                json!({"U-02": {"severity": "info", "reason": " "}}),
                "/rules/U-02/reason",
                "empty",
            ),
            (
                "/rules",
                json!({"U-02": {"severity": "info", "reason": {}}}),
                "/rules/U-02/reason",
                "empty",
            ),
            ("/rules", json!({"U-02": switch("none")}), "/rules/U-02/severity", "unknown_value"),
            ("/other", json!(1), "", "unknown_field"),
        ];
        for (place, value, pointer, code) in table {
            let Err(Faults(faults)) = Policy::from_value(document(&[(place, value.clone())]))
            else {
                panic!("{place} = {value} is accepted");
            };
            let found: Vec<_> = faults.iter().map(|one| (one.pointer.as_str(), one.code)).collect();
            assert_eq!(found, [(*pointer, *code)], "{place} = {value}");
            let message = &faults[0].message;
            assert!(!message.vi.is_empty() && message.vi != message.en, "{message:?}");
        }
    }

    #[test]
    fn an_arrangement_may_hold_for_a_day() {
        let day =
            json!({"arrangement": "apmp", "valid_from": "2026-02-01", "valid_to": "2026-02-01"});
        let policy = Policy::from_value(document(&[("/accreditation_arrangements/1", day)]));
        assert!(policy.is_ok(), "{policy:?}");
    }

    #[test]
    fn all_faults_are_said_at_once() {
        let changes = [
            ("/id", json!("A")),
            ("/parameters/contrib_minor", json!(0.2)),
            ("/rules", json!({"S-01": switch("off"), "Z-01": switch("off")})),
        ];
        let Err(Faults(faults)) = Policy::from_value(document(&changes)) else {
            panic!("accepted")
        };
        assert_eq!(faults.len(), 4, "{faults:?}");
    }

    #[test]
    fn a_key_that_stands_twice_is_refused() {
        let text = document(&[]).to_string().replace("\"id\":", "\"id\":\"other\",\"id\":");
        let Err(Faults(faults)) = Policy::custom(&text) else { panic!("accepted") };
        assert_eq!(faults[0].code, "duplicate_key");
        assert_eq!(Policy::custom("{").expect_err("no JSON").0[0].code, "bad_json");
    }

    #[test]
    fn the_example_of_the_documentation_is_one() {
        let text = include_str!("../../docs/policies.md");
        let example = text.split("```json\n").nth(1).and_then(|rest| rest.split("```").next());
        let policy = Policy::custom(example.expect("an example")).expect("a policy");
        assert_eq!(policy.reference(), "vn-transition@2026-a");
        // Every fixed rule is named there, alone or as an end of a range.
        for word in ["S-01 to S-05", "A-02 to A-04", "N-01 to N-04", "G-01 to G-06"] {
            assert!(text.contains(word), "{word}");
        }
    }

    #[test]
    fn fixed_rules_are_rules() {
        for (id, why) in FIXED {
            assert!(TABLE.iter().any(|rule| rule.id == *id), "{id} is no rule");
            assert_ne!(why.vi, why.en);
        }
    }
}
