//! Normative documents: methods, standards, legal texts.

use super::id::Id;
use super::period::Day;
use super::text::Names;

vocabulary! {
    /// What kind of document.
    DocumentKind {
        /// Vietnamese metrology technical document.
        Dlvn = "dlvn",
        /// Vietnamese national standard.
        Tcvn = "tcvn",
        /// Vietnamese national technical regulation.
        Qcvn = "qcvn",
        /// International document.
        International = "international",
        /// Text of law.
        Law = "law",
        /// Procedure of a laboratory.
        Procedure = "procedure",
    }
}

vocabulary! {
    /// Degree of harmonisation with an international document.
    HarmonisationDegree {
        /// Identical.
        Identical = "identical",
        /// Modified.
        Modified = "modified",
        /// Not equivalent.
        NotEquivalent = "not_equivalent",
        /// None.
        None = "none",
    }
}

record! {
    /// A normative document.
    Document {
        required {
            /// Designation, such as `ĐLVN 99:2002`.
            designation: String,
        }
        optional {
            /// Titles.
            titles: Names,
            /// Kind.
            kind: DocumentKind,
            /// International document it is harmonised with.
            harmonised_with: String,
            /// How far.
            degree: HarmonisationDegree,
            /// Whether it serves a strategic technology.
            strategic_technology: bool,
            /// Day of publication.
            published_on: Day,
            /// First day in force.
            valid_from: Day,
            /// Last day in force, included.
            valid_to: Day,
            /// Document that replaces it.
            replaced_by: Id,
            /// Where it can be read.
            url: String,
        }
    }
}
