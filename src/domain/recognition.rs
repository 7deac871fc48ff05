//! What others say of an organisation or a standard: accreditation, national law, and how well a
//! record is evidenced.

use super::id::Id;
use super::period::{Day, Instant};

vocabulary! {
    /// How well a record is evidenced, weakest first (rule D-07).
    EvidenceLevel {
        /// Its owner says so.
        SelfDeclared = "self_declared",
        /// A document was uploaded.
        DocumentUploaded = "document_uploaded",
        /// The issuer confirmed it.
        IssuerConfirmed = "issuer_confirmed",
        /// Taken from the register that publishes it.
        RegistrySynced = "registry_synced",
    }
}

vocabulary! {
    /// Conformity standard of an accreditation.
    AccreditationStandard {
        /// ISO/IEC 17025, laboratories.
        IsoIec17025 = "iso_iec_17025",
        /// ISO 17034, reference material producers.
        Iso17034 = "iso_17034",
        /// ISO/IEC 17043, proficiency testing providers.
        IsoIec17043 = "iso_iec_17043",
    }
}

vocabulary! {
    /// Status of an accreditation or a legal recognition.
    AccreditationStatus {
        /// In force.
        Active = "active",
        /// Suspended.
        Suspended = "suspended",
        /// Suspended for the capabilities named.
        PartiallySuspended = "partially_suspended",
        /// Reduced in scope.
        Reduced = "reduced",
        /// Withdrawn.
        Withdrawn = "withdrawn",
        /// Expired.
        Expired = "expired",
        /// Ended by its holder.
        VoluntarilyTerminated = "voluntarily_terminated",
    }
}

object! {
    /// One dated status of an accreditation or a legal recognition.
    AccreditationStatusEntry {
        required {
            /// The status.
            status: AccreditationStatus,
            /// First day on which it holds.
            effective_from: Day,
        }
        optional {
            /// Last day on which it holds, included; open when absent.
            effective_to: Day,
            /// Whether the decision reaches back before the day it was taken.
            retroactive: bool,
            /// Why.
            reason: String,
            /// When the registry learnt of it; the record's own when absent.
            recorded_at: Instant,
        }
        many {
            /// Capabilities concerned, for partial ones.
            capabilities: Id,
        }
    }
}

record! {
    /// An accreditation of an organisation.
    Accreditation {
        required {
            /// Who is accredited.
            organisation: Id,
            /// By whom.
            accreditation_body: Id,
            /// Against which standard.
            standard: AccreditationStandard,
        }
        optional {
            /// Number, such as `VILAS 216`.
            number: String,
            /// First day.
            granted_on: Day,
            /// Last day, included.
            valid_to: Day,
        }
        many {
            /// Sites covered.
            sites: String,
            /// Dated statuses.
            status_history: AccreditationStatusEntry,
        }
    }
}

vocabulary! {
    /// What national law recognises.
    LegalRecognitionKind {
        /// Registration of verification, calibration or testing services (đăng ký).
        Registration = "registration",
        /// Designation (chỉ định).
        Designation = "designation",
        /// Approval of a national standard (phê duyệt chuẩn quốc gia).
        NationalStandardApproval = "national_standard_approval",
        /// Designation of the organisation that keeps a national standard.
        NationalStandardHolder = "national_standard_holder",
        /// Certification of standards used for verification (chứng nhận chuẩn đo lường).
        StandardCertification = "standard_certification",
        /// Card of a verifier (thẻ kiểm định viên).
        VerifierCard = "verifier_card",
        /// Assessment against the national criteria.
        NationalCriteriaAssessment = "national_criteria_assessment",
    }
}

object! {
    /// The text of law a recognition rests on.
    LegalBasis {
        required {
            /// Designation of the document.
            document: String,
        }
        optional {
            /// Article.
            article: String,
            /// Clause.
            clause: String,
        }
    }
}

record! {
    /// A recognition under national law.
    LegalRecognition {
        required {
            /// What is recognised.
            kind: LegalRecognitionKind,
        }
        optional {
            /// The organisation that is recognised.
            organisation: Id,
            /// The standard that is recognised.
            standard: Id,
            /// Number of the decision.
            decision_number: String,
            /// Day of the decision.
            decided_on: Day,
            /// Authority that decided.
            authority: Id,
            /// First day.
            valid_from: Day,
            /// Last day, included.
            valid_to: Day,
        }
        many {
            /// Fields: ids of quantity kinds, KCDB area codes, or the words of the decision.
            fields: String,
            /// Dated statuses.
            status_history: AccreditationStatusEntry,
            /// Texts of law.
            legal_basis: LegalBasis,
        }
    }
}
