//! Calibrations as their certificates report them: results, and what they were made with.

use super::decimal::Decimal;
use super::id::Id;
use super::interval::{Interval, Parameter, QuantityValue};
use super::period::{Day, Instant};
use super::quantity::QuantityKindId;
use super::signature::DocumentSignature;
use super::standard::ItemIdentifier;
use super::uncertainty::Uncertainty;
use super::unit::Unit;

vocabulary! {
    /// What kind of certificate.
    CalibrationKind {
        /// Calibration (VIM 2.39).
        Calibration = "calibration",
        /// Legal verification (kiểm định).
        LegalVerification = "legal_verification",
        /// Test report.
        TestReport = "test_report",
        /// Certificate of a reference material.
        ReferenceMaterialCertificate = "reference_material_certificate",
        /// Statement of conformity without values.
        ConformityOnly = "conformity_only",
        /// Report of a comparison.
        ComparisonReport = "comparison_report",
        /// Type approval.
        TypeApproval = "type_approval",
        /// A maker's own statement.
        ManufacturerStatement = "manufacturer_statement",
    }
}

vocabulary! {
    /// What an amendment does.
    Change {
        /// Corrects values or statements.
        Corrected = "corrected",
        /// Replaces the certificate as a whole.
        Replaced = "replaced",
    }
}

object! {
    /// The item as the certificate prints it (rule D-04).
    ItemIdentification {
        optional {
            /// Maker.
            manufacturer: String,
            /// Model.
            model: String,
            /// Serial number.
            serial_number: String,
        }
        many {
            /// Other identifiers.
            identifiers: ItemIdentifier,
        }
    }
}

object! {
    /// A method used.
    Method {
        optional {
            /// The document that describes it.
            document: Id,
            /// In words.
            text: String,
        }
    }
}

object! {
    /// The claim to recognition a certificate makes: an accreditation, or the CIPM MRA.
    Endorsement {
        optional {
            /// The accreditation it is issued under.
            accreditation: Id,
            /// Whether it is issued under the CIPM MRA.
            cipm_mra: bool,
        }
    }
}

vocabulary! {
    /// Items of competence evidence outside the recognised routes (rule A-07).
    CompetenceItem {
        /// Validated procedure.
        Procedure = "procedure",
        /// Uncertainty budget.
        UncertaintyBudget = "uncertainty_budget",
        /// Traceability of its own standards.
        OwnTraceability = "own_traceability",
        /// Competence of staff.
        Staff = "staff",
        /// Quality assurance results.
        QualityResults = "quality_results",
        /// Environment.
        Environment = "environment",
        /// Audit.
        Audit = "audit",
    }
}

vocabulary! {
    /// Decision on competence evidence.
    CompetenceDecision {
        /// Not yet decided.
        Pending = "pending",
        /// Accepted.
        Accepted = "accepted",
        /// Refused.
        Refused = "refused",
    }
}

object! {
    /// Evidence of competence of a provider outside the recognised routes (ILAC-P10 \[S\]).
    CompetenceEvidence {
        optional {
            /// Decision.
            decision: CompetenceDecision,
            /// Who decided.
            decided_by: Id,
        }
        many {
            /// What was shown.
            items: CompetenceItem,
        }
    }
}

object! {
    /// A condition of the environment during calibration.
    Condition {
        required {
            /// What.
            quantity_kind: QuantityKindId,
            /// Unit of the numbers.
            unit: Unit,
        }
        optional {
            /// One value.
            value: Decimal,
            /// Lower bound of a range.
            lower: Decimal,
            /// Upper bound of a range.
            upper: Decimal,
            /// Expanded uncertainty.
            expanded_uncertainty: Decimal,
        }
    }
}

vocabulary! {
    /// Who set a due date (rule T-03).
    DueSource {
        /// The owner.
        Owner = "owner",
        /// Agreed with the customer.
        Agreed = "agreed",
        /// Printed without agreement; never governs.
        Printed = "printed",
    }
}

object! {
    /// The document itself.
    CertificateDocument {
        optional {
            /// Media type.
            media_type: String,
            /// SHA-256 in lower-case hexadecimal.
            sha256: String,
            /// Who signed it.
            signed_by: String,
            /// What came of checking its electronic signature.
            signature: DocumentSignature,
        }
    }
}

vocabulary! {
    /// Status of a certificate (rule T-08).
    CalibrationStatus {
        /// Issued.
        Issued = "issued",
        /// Superseded by a recalibration.
        Superseded = "superseded",
        /// Amended: a corrected certificate exists.
        Amended = "amended",
        /// Withdrawn from a day on.
        Withdrawn = "withdrawn",
        /// Void from the beginning.
        VoidAbInitio = "void_ab_initio",
        /// Under review.
        UnderReview = "under_review",
    }
}

object! {
    /// One dated status of a certificate.
    CalibrationStatusEntry {
        required {
            /// The status.
            status: CalibrationStatus,
            /// First day on which it holds.
            effective_from: Day,
        }
        optional {
            /// Why.
            reason: String,
            /// When the registry learnt of it.
            recorded_at: Instant,
        }
    }
}

vocabulary! {
    /// Whether values between the reported ones may be interpolated (rule R-02).
    Interpolation {
        /// No.
        None = "none",
        /// Linearly.
        Linear = "linear",
        /// By the model of the certificate.
        Model = "model",
    }
}

vocabulary! {
    /// What the number of a result is.
    ValueIs {
        /// The value of the quantity.
        Actual = "actual",
        /// What the item indicated.
        Indication = "indication",
        /// Error of indication.
        Error = "error",
        /// Correction.
        Correction = "correction",
        /// Residual of a curve.
        Residual = "residual",
        /// A factor.
        Factor = "factor",
        /// A sensitivity.
        Sensitivity = "sensitivity",
    }
}

vocabulary! {
    /// Before or after adjustment.
    Phase {
        /// As found.
        AsFound = "as_found",
        /// As left.
        AsLeft = "as_left",
    }
}

vocabulary! {
    /// Outcome of a statement of conformity.
    ConformityStatement {
        /// Pass.
        Pass = "pass",
        /// Fail.
        Fail = "fail",
        /// Conditional pass.
        ConditionalPass = "conditional_pass",
        /// Conditional fail.
        ConditionalFail = "conditional_fail",
    }
}

object! {
    /// A statement of conformity.
    Conformity {
        optional {
            /// Specification.
            specification: String,
            /// Lower tolerance limit.
            lower_limit: Decimal,
            /// Upper tolerance limit.
            upper_limit: Decimal,
            /// Lower acceptance limit.
            acceptance_lower: Decimal,
            /// Upper acceptance limit.
            acceptance_upper: Decimal,
            /// Decision rule.
            decision_rule: String,
            /// What is stated.
            statement: ConformityStatement,
        }
    }
}

object! {
    /// One row of a certificate: a value at a point or over an interval, with its uncertainty.
    CalibrationResult {
        required {
            /// Name of the row within the certificate.
            id: String,
            /// The quantity.
            quantity_kind: QuantityKindId,
        }
        optional {
            /// Service category of the KCDB.
            service_category: String,
            /// Analyte, in chemistry.
            analyte: String,
            /// Matrix, in chemistry.
            matrix: String,
            /// The point that it holds for.
            point: QuantityValue,
            /// The interval that it holds for.
            interval: Interval,
            /// The piece of a set.
            item: Id,
            /// How far from the point the row still counts.
            point_tolerance: QuantityValue,
            /// Interval over which a point-wise row may be used.
            valid_interval: Interval,
            /// Whether values between rows may be interpolated.
            interpolation: Interpolation,
            /// The number.
            value: Decimal,
            /// Its unit.
            unit: Unit,
            /// What the number is; the actual value when absent.
            value_is: ValueIs,
            /// Its uncertainty.
            uncertainty: Uncertainty,
            /// Before or after adjustment.
            phase: Phase,
            /// False where the row is marked as outside the endorsement.
            endorsed: bool,
            /// Day of measurement, where it differs from the certificate's.
            performed_on: Day,
            /// Statement of conformity.
            conformity: Conformity,
        }
        many {
            /// Conditions under which the value holds.
            parameters: Parameter,
            /// Methods of this row.
            methods: Method,
        }
    }
}

vocabulary! {
    /// What a reference was used for.
    ReferenceRole {
        /// The value comes from it.
        Main = "main",
        /// An influence quantity was measured with it.
        Influence = "influence",
        /// A correction comes from it.
        Correction = "correction",
        /// The environment was measured with it.
        Environment = "environment",
        /// A check; gives no value and is no link.
        Check = "check",
    }
}

vocabulary! {
    /// How the value follows from the reference (rule U-04).
    Model {
        /// The same quantity at the same point.
        Identity = "identity",
        /// A ratio of two values of one kind.
        Ratio = "ratio",
        /// One term of a sum.
        Sum = "sum",
        /// One value of a mean.
        Mean = "mean",
        /// One factor of a product, with its exponent.
        Product = "product",
        /// Another equation, through its sensitivity.
        Custom = "custom",
    }
}

object! {
    /// A part of an uncertainty that several inputs share (rule U-06).
    SharedUncertainty {
        required {
            /// Name of the common source.
            group: String,
            /// Standard uncertainty.
            uncertainty: QuantityValue,
        }
    }
}

object! {
    /// What a calibration was made with: a row of an earlier certificate, or a root.
    Reference {
        optional {
            /// The standard used.
            standard: Id,
            /// The root used, in place of a standard.
            realisation: Id,
            /// The certificate whose value was used.
            calibration: Id,
            /// The row of that certificate.
            result: String,
            /// Number of the certificate as it is cited; with `document_sha256` what is known of a
            /// certificate that is not in the registry.
            certificate_number: String,
            /// SHA-256 of the certificate's document as it was used.
            document_sha256: String,
            /// What it was used for; main when absent.
            role: ReferenceRole,
            /// How the value follows from it.
            model: Model,
            /// Derivative in coherent SI units.
            sensitivity: Decimal,
            /// Exponent, in a product.
            exponent: Decimal,
            /// Symbol in the equation of a custom model.
            symbol: String,
            /// The equation of a custom model.
            equation: String,
            /// Standard uncertainty entered in the budget for this input.
            uncertainty_in_budget: QuantityValue,
        }
        many {
            /// Rows it was used for; all when empty.
            for_results: String,
            /// Parts of its uncertainty shared with other inputs.
            shared_with: SharedUncertainty,
        }
    }
}

record! {
    /// A calibration, as its certificate reports it.
    Calibration {
        required {
            /// What kind of certificate.
            kind: CalibrationKind,
            /// Who issued it.
            issuer: Id,
            /// Its number.
            number: String,
            /// First day of performance.
            performed_from: Day,
            /// Last day of performance.
            performed_to: Day,
            /// The item calibrated.
            item: Id,
        }
        optional {
            /// Version label of the certificate.
            version_label: String,
            /// The certificate it amends.
            amends: Id,
            /// Number of the certificate it amends, as it is cited; what is known of it where that
            /// certificate is not in the registry.
            amends_number: String,
            /// What the amendment does.
            change: Change,
            /// Day of receipt of the item.
            received_on: Day,
            /// Day of issue.
            issued_on: Day,
            /// Site of performance.
            site: String,
            /// Who performed it, when not the issuer.
            performed_by: Id,
            /// Whether it is a continuous monitoring.
            continuous: bool,
            /// The item as printed.
            item_identification: ItemIdentification,
            /// Claim to recognition.
            endorsement: Endorsement,
            /// Who signed.
            signatory: String,
            /// Statement of traceability, in words.
            traceability_statement: String,
            /// Evidence of competence.
            competence_evidence: CompetenceEvidence,
            /// Whether a comparison's correction was applied.
            correction_applied: bool,
            /// Due date of recalibration, that whole day included.
            due_on: Day,
            /// Who set the due date; agreed when absent.
            due_on_source: DueSource,
            /// Whether all references are listed; true when absent.
            references_complete: bool,
            /// Epoch of the unit.
            epoch: String,
            /// The document.
            document: CertificateDocument,
            /// Whether its owner publishes it.
            published: bool,
            /// Code made by the service.
            code: String,
        }
        many {
            /// Items of a set or system.
            items: Id,
            /// Methods.
            methods: Method,
            /// Conditions.
            conditions: Condition,
            /// Dated statuses.
            status_history: CalibrationStatusEntry,
            /// Results.
            results: CalibrationResult,
            /// What it was made with.
            references: Reference,
        }
    }
}
