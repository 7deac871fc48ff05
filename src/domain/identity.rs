//! Who acts: an identity that a token proves, the roles that somebody holds in an organisation, and
//! what a key may be used for. What a role may do does not live here (`app::access`), nor how a token is read
//! (`auth`).

use std::collections::BTreeSet;
use std::fmt;

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

vocabulary! {
    /// What a key or a token may be used for, whatever the roles allow beyond that: a key that lies
    /// on a machine need not open more than the machine does.
    Scope {
        /// Reads in the organisation's name.
        Read = "read",
        /// Writes records, policies and imports.
        Write = "write",
        /// Has claims decided: verifications, audits and their jobs, impact.
        Verify = "verify",
        /// Manages keys and members.
        Manage = "manage",
    }
}

/// Several scopes.
///
/// ```
/// use etalon::domain::identity::{Scope, Scopes};
/// let scopes = Scopes::parse("verify read")?;
/// assert_eq!(scopes.to_string(), "read verify");
/// assert!(scopes.has(Scope::Read) && !scopes.has(Scope::Write));
/// assert!(Scopes::all().holds(&scopes) && !scopes.holds(&Scopes::all()));
/// assert_eq!(Scopes::parse("read admin"), Err("admin".to_owned()));
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Every scope there is.
    pub fn all() -> Self {
        Self(Scope::ALL.iter().copied().collect())
    }

    /// Reads words between spaces (RFC 6749, 3.3).
    ///
    /// # Errors
    /// The first word that is no scope.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words = text.split(' ').filter(|word| !word.is_empty());
        words.map(|word| Scope::from_word(word).ok_or_else(|| word.to_owned())).collect()
    }

    /// Whether a scope is among them.
    pub fn has(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Whether all of the others are among them.
    pub fn holds(&self, others: &Self) -> bool {
        others.0.is_subset(&self.0)
    }

    /// Those that are among the others too.
    #[must_use]
    pub fn within(&self, others: &Self) -> Self {
        Self(&self.0 & &others.0)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The scopes, in their order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.0.iter().map(|scope| scope.as_str()).collect();
        formatter.write_str(&words.join(" "))
    }
}

/// What a good token proves: who somebody is, and what they show it for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Who they are.
    pub identity: Identity,
    /// What the token may be used for; all that their way in may, where it does not say.
    pub scopes: Option<Scopes>,
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
