//! Policies: the parameters of rules.md 3.7 and the national law a claim is judged under. Nothing
//! but a policy and data ties the registry to a country.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::organisation::Arrangement;
use crate::domain::period::Day;

use super::evidence::Period;
use super::law::{LegalUnits, LegalUnitsDocument, VerificationCycle, VerificationCycleDocument};

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
    /// Months for which a calibration is used where neither the owner nor the certificate says
    /// (rule T-03).
    pub max_interval_without_policy: u32,
    /// Days before its due date from which a use is warned (rule T-12).
    pub early_warning_days: u32,
    /// Days before the end of an accreditation or a legal recognition from which a use is warned
    /// (rule T-12).
    pub recognition_warning_days: u32,
    /// Shift in units of U95 up to which it is insignificant (rule I-04).
    pub impact_insignificant: f64,
    /// Shift in units of U95 above which it is significant (rule I-04).
    pub impact_significant: f64,
    /// Smallest ratio of a tolerance's half-width to the expanded uncertainty (rule F-02).
    pub tur_min: f64,
    /// Age in years above which a comparison gets a remark (rule N-11).
    pub kc_age_warn_years: u32,
    /// Ratio (c u)/u_c up to which an accredited laboratory's calibration counts as minor for an
    /// institute (rule N-06).
    pub mra_minor_influence: f64,
    /// Whether a printed uncertainty that rounds up to the CMC is below it (rule C-03).
    pub strict_cmc_rounding: bool,
    /// Arrangements of accreditation bodies that count, with their days (rule A-04).
    pub accreditation_arrangements: Vec<(Arrangement, Period)>,
    /// National law, when the policy asks for it.
    pub law: Option<Law>,
    /// SHA-256 of the policy's canonical JSON, in lower-case hexadecimal.
    pub sha256: String,
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

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    id: String,
    version: String,
    names: serde_json::Value,
    parameters: Parameters,
    accreditation_arrangements: Vec<DatedArrangement>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    law: Option<LawDocument>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    contrib_major: f64,
    contrib_minor: f64,
    p_accept: (f64, f64),
    max_interval_without_policy_months: u32,
    early_warning_days: u32,
    recognition_warning_days: u32,
    impact_insignificant: f64,
    impact_significant: f64,
    tur_min: f64,
    kc_age_warn_years: u32,
    mra_minor_influence: f64,
    strict_cmc_rounding: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DatedArrangement {
    arrangement: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_to: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LawDocument {
    country: String,
    registers_complete: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    legal_units: Vec<LegalUnitsDocument>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    verification_cycles: Vec<VerificationCycleDocument>,
}

/// What is wrong with a policy document.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Not the form of a policy.
    #[error("the policy is not of the expected form: {0}")]
    Form(#[from] serde_json::Error),
    /// A value that cannot be.
    #[error("the policy's {field} cannot be {value}: {expected}")]
    Value {
        /// The field.
        field: &'static str,
        /// What was found.
        value: String,
        /// What was expected.
        expected: &'static str,
    },
}

impl Policy {
    /// The ids of the policies that come with the registry.
    pub const SHIPPED: [&'static str; 2] = ["ilac-p10", "vn-2026"];

    /// Their documents, in the same order.
    const DOCUMENTS: [&'static str; 2] =
        [include_str!("policies/ilac-p10.json"), include_str!("policies/vn-2026.json")];

    /// A policy that comes with the registry.
    pub fn shipped(id: &str) -> Option<&'static Policy> {
        static POLICIES: LazyLock<Vec<Policy>> = LazyLock::new(|| {
            // A test proves that every shipped document parses.
            let documents = Policy::DOCUMENTS.iter();
            documents.filter_map(|document| Policy::parse(document).ok()).collect()
        });
        POLICIES.iter().find(|policy| policy.id == id)
    }

    /// The document of a policy that comes with the registry.
    pub fn document(id: &str) -> Option<&'static str> {
        let shipped = Self::SHIPPED.iter().zip(Self::DOCUMENTS);
        shipped.into_iter().find(|(known, _)| **known == id).map(|(_, document)| document)
    }

    /// Reads a policy document.
    ///
    /// # Errors
    /// When the document is not of the form of a policy, or a value cannot be.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let document: Document = serde_json::from_str(text)?;
        let parameters = &document.parameters;
        share("contrib_major", parameters.contrib_major)?;
        share("contrib_minor", parameters.contrib_minor)?;
        share("mra_minor_influence", parameters.mra_minor_influence)?;
        share("p_accept", parameters.p_accept.0)?;
        share("p_accept", parameters.p_accept.1)?;
        let arrangements = document
            .accreditation_arrangements
            .iter()
            .map(|dated| {
                let arrangement = Arrangement::from_word(&dated.arrangement).ok_or_else(|| {
                    PolicyError::Value {
                        field: "accreditation_arrangements/arrangement",
                        value: dated.arrangement.clone(),
                        expected: "an arrangement of records.md",
                    }
                })?;
                let (from, to) = (day(dated.valid_from.as_ref())?, day(dated.valid_to.as_ref())?);
                Ok((arrangement, Period::new(from, to)))
            })
            .collect::<Result<_, PolicyError>>()?;
        let law = match &document.law {
            Some(law) => Some(Law {
                country: law.country.as_bytes().try_into().map_err(|_| PolicyError::Value {
                    field: "law/country",
                    value: law.country.clone(),
                    expected: "two letters of ISO 3166-1",
                })?,
                registers_complete: law.registers_complete,
                legal_units: law
                    .legal_units
                    .iter()
                    .map(LegalUnitsDocument::read)
                    .collect::<Result<_, _>>()?,
                verification_cycles: law
                    .verification_cycles
                    .iter()
                    .map(VerificationCycleDocument::read)
                    .collect::<Result<_, _>>()?,
            }),
            None => None,
        };
        let canonical = serde_json_canonicalizer::to_vec(&document)?;
        let sha256 = Sha256::digest(canonical).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            contrib_major: parameters.contrib_major,
            contrib_minor: parameters.contrib_minor,
            p_accept: parameters.p_accept,
            max_interval_without_policy: parameters.max_interval_without_policy_months,
            early_warning_days: parameters.early_warning_days,
            recognition_warning_days: parameters.recognition_warning_days,
            impact_insignificant: parameters.impact_insignificant,
            impact_significant: parameters.impact_significant,
            tur_min: parameters.tur_min,
            kc_age_warn_years: parameters.kc_age_warn_years,
            mra_minor_influence: parameters.mra_minor_influence,
            strict_cmc_rounding: parameters.strict_cmc_rounding,
            accreditation_arrangements: arrangements,
            law,
            sha256,
            id: document.id,
            version: document.version,
        })
    }

    /// Whether a coverage probability counts as about 95 %.
    pub fn accepts_probability(&self, probability: f64) -> bool {
        let (lowest, highest) = self.p_accept;
        (lowest..=highest).contains(&probability)
    }
}

fn share(field: &'static str, value: f64) -> Result<(), PolicyError> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    Err(PolicyError::Value { field, value: value.to_string(), expected: "a number from 0 to 1" })
}

pub(super) fn day(text: Option<&String>) -> Result<Option<Day>, PolicyError> {
    let parse = |text: &String| {
        Day::parse(text).map_err(|_| PolicyError::Value {
            field: "accreditation_arrangements/valid",
            value: text.clone(),
            expected: "a date such as 2026-01-01",
        })
    };
    text.map(parse).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_policy_parses_and_differs() {
        let digests: Vec<&str> = Policy::SHIPPED
            .iter()
            .map(|id| Policy::shipped(id).expect(id).sha256.as_str())
            .collect();
        assert_ne!(digests[0], digests[1]);
        assert!(Policy::shipped("vn-2026").expect("shipped").law.is_some());
        assert!(Policy::shipped("ilac-p10").expect("shipped").law.is_none());
    }

    #[test]
    fn a_share_above_one_is_refused() {
        let text = include_str!("policies/ilac-p10.json").replace("0.10", "1.10");
        assert!(matches!(
            Policy::parse(&text),
            Err(PolicyError::Value { field: "contrib_major", .. })
        ));
    }
}
