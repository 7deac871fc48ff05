//! What can be wrong with a calibration of the synthetic country, each with the rule that finds it.

use super::shape::Level;

vocabulary! {
    /// A fault planted in a calibration.
    Flaw {
        /// The uncertainty is below the reference's.
        UncertaintyBelowReference = "uncertainty_below_reference",
        /// The uncertainty is below its references' together, not below each.
        UncertaintyBelowReferences = "uncertainty_below_references",
        /// A row has no uncertainty.
        UncertaintyMissing = "uncertainty_missing",
        /// The coverage factor is missing.
        CoverageFactorMissing = "coverage_factor_missing",
        /// The coverage probability is 99 %.
        OtherCoverage = "other_coverage",
        /// The uncertainty is below the issuer's capability.
        BelowCapability = "below_capability",
        /// The point lies outside the issuer's capability.
        OutsideCapability = "outside_capability",
        /// The reference's calibration had expired.
        ReferenceExpired = "reference_expired",
        /// The reference was calibrated only afterwards.
        ReferenceCalibratedLater = "reference_calibrated_later",
        /// The standard was damaged after its calibration.
        Damaged = "damaged",
        /// Certificate and owner say different due dates.
        DueDatesDiffer = "due_dates_differ",
        /// The certificate is void, which became known later.
        Void = "void",
        /// The certificate is under review.
        UnderReview = "under_review",
        /// The reference is named without its certificate.
        ReferenceMissing = "reference_missing",
        /// The reference is a root of another organisation.
        RootOfAnother = "root_of_another",
        /// The certificate rests on itself.
        Circle = "circle",
        /// The certificate rests on the standard's calibration of the year before.
        OwnLineage = "own_lineage",
        /// The reference is of another quantity.
        OtherQuantity = "other_quantity",
        /// The point lies between the reference's.
        BetweenPoints = "between_points",
        /// The point lies outside the reference's.
        OutsidePoints = "outside_points",
        /// The certificate does not say whether it is accredited.
        EndorsementMissing = "endorsement_missing",
        /// The printed serial number is not the standard's.
        SerialDiffers = "serial_differs",
        /// The frequency lies outside the reference's.
        OtherFrequency = "other_frequency",
        /// The laboratory's accreditation was suspended.
        LaboratorySuspended = "laboratory_suspended",
        /// This part of the laboratory's accreditation was suspended.
        ScopeSuspended = "scope_suspended",
        /// The accreditation is by a body recognised for testing only.
        BodyNotRecognised = "body_not_recognised",
        /// The accreditation is another laboratory's.
        AccreditationOfAnother = "accreditation_of_another",
        /// The rows are not accredited, and the evidence of competence was refused.
        CompetenceRefused = "competence_refused",
        /// The laboratory's registration was suspended.
        NotRegistered = "not_registered",
        /// The institute's capability was greyed out.
        CapabilityGreyedOut = "capability_greyed_out",
    }
}

/// What decides which flaws a calibration can have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Situation {
    pub level: Level,
    /// Years before and after this one.
    pub before: u32,
    pub after: u32,
    pub at_frequency: bool,
    pub over_range: bool,
    /// How many standards of the quantity the issuer can use, and whether one has two rows.
    pub references: u32,
    pub two_rows: bool,
    pub laboratories: u32,
    /// Whether the issuer is a laboratory whose accreditation, or part of it, is suspended this
    /// year, or one with a second accreditation.
    pub suspended: bool,
    pub partly_suspended: bool,
    pub second_accreditation: bool,
    /// Whether the issuer calibrates as a service.
    pub as_service: bool,
    /// Whether the issuer's capability is greyed out this year.
    pub greyed_out: bool,
}

impl Flaw {
    /// The rule that finds it.
    pub fn rule(self) -> &'static str {
        match self {
            Self::UncertaintyBelowReference => "U-04",
            Self::UncertaintyBelowReferences => "U-05",
            Self::UncertaintyMissing => "U-01",
            Self::CoverageFactorMissing => "U-02",
            Self::OtherCoverage => "U-03",
            Self::BelowCapability => "C-03",
            Self::OutsideCapability => "C-02",
            Self::ReferenceExpired => "T-02",
            Self::ReferenceCalibratedLater => "T-01",
            Self::Damaged => "T-05",
            Self::DueDatesDiffer => "T-03",
            Self::Void | Self::UnderReview => "T-08",
            Self::ReferenceMissing => "S-03",
            Self::RootOfAnother => "S-05",
            Self::Circle => "S-04",
            Self::OwnLineage => "S-06",
            Self::OtherQuantity => "Q-01",
            Self::BetweenPoints => "R-02",
            Self::OutsidePoints => "R-01",
            Self::OtherFrequency => "R-03",
            Self::LaboratorySuspended => "A-02",
            Self::ScopeSuspended => "A-03",
            Self::CapabilityGreyedOut => "N-03",
            Self::BodyNotRecognised => "A-04",
            Self::AccreditationOfAnother | Self::EndorsementMissing => "A-06",
            Self::CompetenceRefused => "A-07",
            Self::SerialDiffers => "D-04",
            Self::NotRegistered => "V-06",
        }
    }

    /// Whether the work was done in December, when what is suspended is suspended.
    pub(super) fn is_in_december(self) -> bool {
        matches!(
            self,
            Self::LaboratorySuspended
                | Self::ScopeSuspended
                | Self::CapabilityGreyedOut
                | Self::NotRegistered
        )
    }

    /// Whether the point lies where the first row otherwise would not.
    pub(super) fn is_elsewhere(self) -> bool {
        matches!(self, Self::OutsideCapability | Self::BetweenPoints | Self::OutsidePoints)
    }

    /// Whether a calibration in this situation can have it.
    pub(super) fn fits(self, situation: &Situation) -> bool {
        let by_laboratory = situation.level >= Level::Working;
        // A certificate of December comes too late for those who need it this year: they take
        // the one of the year before.
        let in_time = situation.before > 0 || situation.level == Level::Instrument;
        match self {
            Self::UncertaintyBelowReferences => situation.references > 1,
            Self::BelowCapability => matches!(situation.level, Level::Reference | Level::Working),
            Self::ReferenceExpired => situation.before >= 3,
            Self::ReferenceCalibratedLater => situation.after >= 1,
            Self::OwnLineage => situation.before >= 1,
            Self::OutsideCapability | Self::OutsidePoints => !situation.over_range,
            Self::BetweenPoints => !situation.over_range && situation.two_rows,
            Self::OtherFrequency => situation.at_frequency,
            Self::LaboratorySuspended => in_time && situation.suspended,
            Self::ScopeSuspended => in_time && situation.partly_suspended,
            Self::CapabilityGreyedOut => in_time && situation.greyed_out,
            Self::NotRegistered => in_time && situation.as_service,
            Self::BodyNotRecognised => situation.second_accreditation,
            Self::AccreditationOfAnother => by_laboratory && situation.laboratories > 1,
            Self::CompetenceRefused => by_laboratory,
            _ => true,
        }
    }
}
