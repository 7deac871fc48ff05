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
        /// The item was adjusted during the calibration, and nothing says how it was found.
        AdjustedUnseen = "adjusted_unseen",
        /// The value is expressed by the realisation of another epoch.
        OldEpoch = "old_epoch",
        /// The uncertainty leaves the drift of the reference out.
        DriftForgotten = "drift_forgotten",
        /// The uncertainty leaves out what the references have in common.
        SharedForgotten = "shared_forgotten",
        /// The budget enters less than the reference's certificate says.
        BudgetTooSmall = "budget_too_small",
        /// The budget comes to more than the certificate says.
        BudgetDisagrees = "budget_disagrees",
        /// The uncertainty has four digits.
        TooManyDigits = "too_many_digits",
        /// Conformity is stated in place of a value, by no rule.
        ConformityOnly = "conformity_only",
        /// Conformity is stated without saying by which rule.
        StatementWithoutRule = "statement_without_rule",
        /// Conformity is stated of a value outside the limits.
        WrongDecision = "wrong_decision",
        /// The limits are narrow beside the uncertainty.
        PoorRatio = "poor_ratio",
        /// A number without a unit stands for the uncertainty, and nothing says of what.
        ModeMissing = "mode_missing",
        /// The measurand is a variant of the reference's.
        OtherMeasurand = "other_measurand",
        /// The uncertainty is in a unit that the law does not list.
        UnitNotLegal = "unit_not_legal",
        /// The certificate names no method.
        MethodMissing = "method_missing",
        /// The certificate was issued before the work ended.
        DatesDisordered = "dates_disordered",
        /// The certificate replaces another one, which it does not name.
        ReplacesUnnamed = "replaces_unnamed",
        /// A statement of traceability stands for the references.
        StatementAlone = "statement_alone",
        /// It is a verification that gives no uncertainty.
        OnlyVerified = "only_verified",
        /// It is the statement of a maker.
        MakersStatement = "makers_statement",
        /// It is the report of a comparison that was not applied.
        ComparisonOnly = "comparison_only",
        /// The clock follows signals of satellites and was compared with nothing.
        DisciplinedOnly = "disciplined_only",
        /// A laboratory calibrated what the institute's value comes from.
        LaboratoryFeedsInstitute = "laboratory_feeds_institute",
        /// The entry of the laboratory's scope was suspended.
        ScopeEntrySuspended = "scope_entry_suspended",
        /// The reference is of a lower level.
        LevelTooLow = "level_too_low",
        /// The reference is a working standard, and so is the item.
        WorkingForStandard = "working_for_standard",
        /// The approval of the national standard was suspended.
        ApprovalSuspended = "approval_suspended",
        /// The work was done at a site that the scope does not name.
        OtherSite = "other_site",
        /// Another laboratory did the work, and its certificate is missing.
        Reissued = "reissued",
        /// Nobody but its owner says that there is such a certificate.
        OnlyDeclared = "only_declared",
        /// The rows are not accredited, though others offered as much under an accreditation.
        RouteNotJustified = "route_not_justified",
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
    /// Whether uncertainties grow with the value, and standards state how far they drift.
    pub proportional: bool,
    pub drifts: bool,
    /// Whether it is a frequency; whether it is realised by epochs; whether it has a variant, and a
    /// unit that the law does not list.
    pub is_frequency: bool,
    pub has_epochs: bool,
    pub has_variant: bool,
    pub has_unit_not_legal: bool,
    /// How many standards of the quantity the issuer can use, and whether one has two rows.
    pub references: u32,
    pub two_rows: bool,
    /// How many working standards of the quantity the issuer has, and how many instruments there are.
    pub working: u32,
    pub instruments: u32,
    pub laboratories: u32,
    /// Whether the issuer is a laboratory whose accreditation, or part of it, is suspended this
    /// year, or one that is accredited for testing.
    pub suspended: bool,
    pub partly_suspended: bool,
    pub tests: bool,
    /// Whether the issuer calibrates as a service.
    pub as_service: bool,
    /// Whether the issuer's capability is greyed out this year.
    pub greyed_out: bool,
    /// Whether the issuer's scope entry is suspended this year, or the approval of the national
    /// standards is.
    pub entry_suspended: bool,
    pub unapproved: bool,
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
            Self::AdjustedUnseen => "T-06",
            Self::OldEpoch => "T-09",
            Self::DriftForgotten => "U-07",
            Self::SharedForgotten => "U-06",
            Self::BudgetTooSmall => "U-08",
            Self::BudgetDisagrees => "U-10",
            Self::TooManyDigits => "U-09",
            Self::ConformityOnly => "U-11",
            Self::StatementWithoutRule => "F-04",
            Self::WrongDecision => "F-05",
            Self::PoorRatio => "F-02",
            Self::ModeMissing => "Q-04",
            Self::OtherMeasurand => "Q-05",
            Self::UnitNotLegal => "V-08",
            Self::MethodMissing => "D-01",
            Self::DatesDisordered => "D-05",
            Self::ReplacesUnnamed => "D-06",
            Self::StatementAlone => "D-09",
            Self::OnlyVerified => "D-02",
            Self::MakersStatement => "D-03",
            Self::ComparisonOnly => "S-09",
            Self::DisciplinedOnly => "N-15",
            Self::LaboratoryFeedsInstitute => "N-06",
            Self::ScopeEntrySuspended => "C-04",
            Self::LevelTooLow => "V-01",
            Self::WorkingForStandard => "V-02",
            Self::ApprovalSuspended => "V-03",
            Self::OtherSite => "A-05",
            Self::Reissued => "A-11",
            Self::OnlyDeclared => "D-07",
            Self::RouteNotJustified => "A-08",
        }
    }

    /// Whether the work was done in the middle or at the end of December, when what is suspended is
    /// suspended.
    pub(super) fn is_in_december(self) -> bool {
        self.is_at_the_end()
            || matches!(
                self,
                Self::LaboratorySuspended | Self::ScopeSuspended | Self::CapabilityGreyedOut
            )
    }

    pub(super) fn is_at_the_end(self) -> bool {
        matches!(self, Self::NotRegistered | Self::ScopeEntrySuspended | Self::ApprovalSuspended)
    }

    /// How often it is drawn where a calibration can have it: the more often the fewer can, because
    /// it is of one level, of few quantities or of some days.
    pub(super) fn weight(self) -> u32 {
        match self {
            Self::CapabilityGreyedOut | Self::ApprovalSuspended => 150,
            Self::LaboratoryFeedsInstitute | Self::OldEpoch | Self::ScopeSuspended => 10,
            Self::OtherFrequency
            | Self::DriftForgotten
            | Self::OtherMeasurand
            | Self::UnitNotLegal
            | Self::DisciplinedOnly => 5,
            Self::LevelTooLow | Self::WorkingForStandard => 4,
            Self::LaboratorySuspended
            | Self::ScopeEntrySuspended
            | Self::NotRegistered
            | Self::BodyNotRecognised => 3,
            _ => 1,
        }
    }

    /// Whether it is about several references of the quantity.
    pub(super) fn is_of_several(self) -> bool {
        matches!(self, Self::UncertaintyBelowReferences | Self::SharedForgotten)
    }

    /// Whether the point lies where the first row otherwise would not.
    pub(super) fn is_elsewhere(self) -> bool {
        matches!(self, Self::OutsideCapability | Self::BetweenPoints | Self::OutsidePoints)
    }

    /// Whether a calibration in this situation can have it.
    pub(super) fn fits(self, situation: &Situation) -> bool {
        let by_laboratory = situation.level >= Level::Working;
        let by_foreign = situation.level == Level::National;
        // A certificate of December comes too late for those who need it this year: they take
        // the one of the year before.
        let in_time = situation.before > 0 || situation.level == Level::Instrument;
        match self {
            Self::UncertaintyBelowReferences => situation.references > 1,
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
            Self::BodyNotRecognised => situation.tests,
            Self::AccreditationOfAnother | Self::Reissued => {
                by_laboratory && situation.laboratories > 1
            }
            Self::CompetenceRefused
            | Self::RouteNotJustified
            | Self::OtherSite
            | Self::OnlyVerified
            | Self::MakersStatement => by_laboratory,
            Self::OldEpoch => situation.has_epochs && situation.level < Level::Instrument,
            Self::DriftForgotten => situation.drifts && situation.before >= 1,
            Self::SharedForgotten => situation.proportional && situation.references > 1,
            Self::BudgetTooSmall => situation.proportional,
            Self::BudgetDisagrees
            | Self::ConformityOnly
            | Self::StatementWithoutRule
            | Self::PoorRatio => situation.proportional && !situation.over_range,
            // Limits are compared to 1E-12 of the value, which is more than frequencies are
            // uncertain by.
            Self::WrongDecision => !situation.over_range && !situation.is_frequency,
            Self::ModeMissing => situation.proportional,
            Self::OtherMeasurand => situation.has_variant,
            Self::UnitNotLegal => situation.has_unit_not_legal && !by_foreign,
            Self::DisciplinedOnly => situation.is_frequency && by_laboratory,
            Self::LaboratoryFeedsInstitute => {
                situation.level == Level::Reference && situation.before >= 1
            }
            Self::ScopeEntrySuspended => in_time && situation.entry_suspended,
            Self::LevelTooLow => {
                situation.level == Level::Working
                    && !situation.over_range
                    && situation.before >= 1
                    && situation.instruments > 0
            }
            Self::WorkingForStandard => situation.level == Level::Working && situation.working > 1,
            Self::ApprovalSuspended => in_time && situation.unapproved,
            _ => true,
        }
    }
}
