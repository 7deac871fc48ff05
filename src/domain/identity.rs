//! Who acts: an identity that a token proves, and the roles that somebody holds in an
//! organisation. What a role may do does not live here (`app::access`), nor how a token is read
//! (`auth`).

vocabulary! {
    /// What somebody may do in the name of an organisation (api.md, "Who may write what").
    Role {
        /// Writes the organisation's own records.
        Submitter = "submitter",
        /// Issues and withdraws the organisation's calibration certificates.
        Signatory = "signatory",
        /// Manages the organisation's members and keys.
        Administrator = "administrator",
        /// Staff of an accreditation body: accreditations and scopes of laboratories it accredits.
        AccreditationBody = "accreditation_body",
        /// Staff of a national authority: legal recognitions, national standards, the programme.
        Authority = "authority",
        /// Verifier of a national metrology institute: comparisons and nonconformities.
        Institute = "institute",
        /// Operator of the registry: organisations and what is taken from outside registers.
        Operator = "operator",
    }
}

/// Who somebody is, as the issuer of a token says: the token says who, the registry says what
/// they may do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// Who says so: this registry, or an issuer of tokens that it trusts.
    pub issuer: String,
    /// Whom: the issuer's own, stable name of somebody.
    pub subject: String,
}
