//! The downward question as it is asked: something turned out to be bad, what was made with it (ISO/IEC
//! 17025, 7.10 \[S\]; rules I-01 to I-04). How it is answered does not live here.

use super::claim::KnownAt;
use super::id::Id;
use super::interval::QuantityValue;
use super::period::Day;

vocabulary! {
    /// What can turn out to be bad.
    ImpactSubjectKind {
        /// A certificate.
        Calibration = "calibration",
        /// A standard, whichever of its certificates was used.
        Standard = "standard",
        /// A laboratory: everything that it issued.
        Organisation = "organisation",
        /// An accreditation: everything that was issued under it.
        Accreditation = "accreditation",
        /// A root.
        Realisation = "realisation",
        /// An epoch, such as `kg-2023-03-01`: all its roots.
        Epoch = "epoch",
    }
}

object! {
    /// What turned out to be bad.
    ImpactSubject {
        required {
            /// What it is.
            kind: ImpactSubjectKind,
            /// Its id; of an epoch its name.
            id: String,
        }
    }
}

object! {
    /// The question what is affected.
    ImpactQuestion {
        required {
            /// What turned out to be bad.
            subject: ImpactSubject,
        }
        optional {
            /// First day on which a use counts; from the last good evidence when absent.
            window_from: Day,
            /// Last day on which a use counts, that of the detection; as recorded when absent.
            window_to: Day,
            /// By how much the value is off, true minus stated; relative to the value where its unit
            /// has the dimension one. What later certificates show when absent.
            shift: QuantityValue,
            /// Id of the policy, which holds the limits of significance; `ilac-p10` when absent.
            policy: String,
            /// The state of knowledge; that of the cursor, else now.
            known_at: KnownAt,
            /// An earlier state of knowledge, such as that before the news: the traceability of each
            /// certificate of the page is then given for both.
            compared_with: KnownAt,
            /// Certificates of a page, 1 to 200; 50 when absent.
            limit: u32,
            /// `next_cursor` of the page before.
            cursor: String,
        }
    }
}

impl ImpactQuestion {
    /// A question that says nothing but what is bad.
    pub fn of(kind: ImpactSubjectKind, id: &Id) -> Self {
        Self::named(kind, id.as_str())
    }

    /// The same by name.
    pub fn named(kind: ImpactSubjectKind, id: impl Into<String>) -> Self {
        Self {
            subject: ImpactSubject { kind, id: id.into() },
            window_from: None,
            window_to: None,
            shift: None,
            policy: None,
            known_at: None,
            compared_with: None,
            limit: None,
            cursor: None,
        }
    }
}
