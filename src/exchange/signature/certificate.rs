//! Certificates of public keys (X.509, RFC 5280), revocation lists, and the path from a signer to
//! a trust anchor.
//!
//! What lives here: [`Certificate`], [`RevocationList`], [`path`], [`outside_validity`] and
//! [`Standing`]. What does not: what a verdict is called and how it is said (`signature`), and any
//! fetching: nothing is read from a file or a network.
//!
//! Names are compared as they are encoded. Policies are not asked for; a critical extension that
//! is not understood here ends a path, name constraints among them.

use std::fmt;

use base64ct::{Base64, Encoding as _};
use der::asn1::ObjectIdentifier;
use der::oid::AssociatedOid;
use der::{Decode, Reader, SliceReader, Tag, Tagged};
use jiff::Timestamp;
use x509_cert::crl::{CertificateList, RevokedCert};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::crl::{CrlReason, IssuingDistributionPoint};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::key::{Encoding, Hash, PublicKey, Scheme};
use crate::domain::period::Instant;

/// The most certificates between a signer and its anchor, both counted.
const LONGEST_PATH: usize = 8;

/// The most signatures of certificates that the search for one path checks.
const MOST_ATTEMPTS: usize = 64;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ORGANISATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");
const SUBJECT_ALTERNATIVE_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
const CERTIFICATE_POLICIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.32");
const CERTIFICATE_ISSUER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.29");

/// A structure that an authority signed: the bytes it signed, how, and the signature.
///
/// The bytes are those received, never those a library would write again.
#[derive(Debug, Clone)]
struct Signed {
    content: Vec<u8>,
    scheme: Option<Scheme>,
    signature: Vec<u8>,
}

impl Signed {
    fn read(
        bytes: &[u8],
        algorithm: &AlgorithmIdentifierOwned,
        signature: Option<&[u8]>,
    ) -> Result<Self, der::Error> {
        let mut reader = SliceReader::new(bytes)?;
        let content = reader.sequence(|inside| {
            let content = inside.tlv_bytes()?;
            inside.read_slice(inside.remaining_len())?;
            Ok(content)
        })?;
        Ok(Self {
            content: content.to_vec(),
            scheme: Scheme::of_algorithm(algorithm, None),
            signature: signature.unwrap_or_default().to_vec(),
        })
    }

    fn is_by(&self, key: &PublicKey) -> bool {
        self.scheme.is_some_and(|scheme| {
            key.verifies(scheme, &self.content, &self.signature, Encoding::Der)
        })
    }
}

/// The certificate of a public key.
#[derive(Clone)]
pub(super) struct Certificate {
    encoded: Vec<u8>,
    signed: Signed,
    key: Option<PublicKey>,
    facts: x509_cert::Certificate,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Certificate").field(&self.subject()).finish()
    }
}

impl Certificate {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// When the bytes are no certificate, or more than one.
    pub(super) fn read(encoded: &[u8]) -> Result<Self, der::Error> {
        let facts = x509_cert::Certificate::from_der(encoded)?;
        if facts.signature_algorithm != facts.tbs_certificate.signature {
            return Err(der::ErrorKind::Failed.into());
        }
        let signed = Signed::read(encoded, &facts.signature_algorithm, facts.signature.as_bytes())?;
        let key = PublicKey::read(&facts.tbs_certificate.subject_public_key_info);
        Ok(Self { encoded: encoded.to_vec(), signed, key, facts })
    }

    /// Its bytes in DER.
    pub(super) fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// The key it certifies, if its kind is supported.
    pub(super) fn key(&self) -> Option<&PublicKey> {
        self.key.as_ref()
    }

    /// Its digest, as XAdES names certificates.
    pub(super) fn digest(&self, hash: Hash) -> Vec<u8> {
        hash.digest(&self.encoded)
    }

    /// Whom it names (RFC 4514).
    pub(super) fn subject(&self) -> String {
        self.facts.tbs_certificate.subject.to_string()
    }

    /// Who issued it (RFC 4514).
    pub(super) fn issuer(&self) -> String {
        self.facts.tbs_certificate.issuer.to_string()
    }

    /// The common name (CN) of its subject.
    pub(super) fn common_name(&self) -> Option<String> {
        self.part_of_name(COMMON_NAME)
    }

    /// The organisation (O) of its subject.
    pub(super) fn organisation(&self) -> Option<String> {
        self.part_of_name(ORGANISATION)
    }

    fn part_of_name(&self, part: ObjectIdentifier) -> Option<String> {
        let mut attributes =
            self.facts.tbs_certificate.subject.0.iter().flat_map(|part| part.0.iter());
        let value = attributes.rfind(|attribute| attribute.oid == part)?;
        let bytes = value.value.value();
        match value.value.tag() {
            Tag::BmpString => {
                let units = bytes.chunks_exact(2).map(|pair| match pair {
                    [high, low] => u16::from_be_bytes([*high, *low]),
                    _ => 0,
                });
                Some(char::decode_utf16(units).map(|one| one.unwrap_or('\u{fffd}')).collect())
            }
            Tag::TeletexString => Some(bytes.iter().map(|byte| char::from(*byte)).collect()),
            _ => Some(String::from_utf8_lossy(bytes).into_owned()),
        }
    }

    /// Its serial number in hexadecimal digits.
    pub(super) fn serial(&self) -> String {
        let bytes = self.facts.tbs_certificate.serial_number.as_bytes();
        let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
        bytes.iter().skip(first).map(|byte| format!("{byte:02X}")).collect()
    }

    /// From when until when it holds.
    pub(super) fn validity(&self) -> (Instant, Instant) {
        let validity = &self.facts.tbs_certificate.validity;
        (instant(&validity.not_before), instant(&validity.not_after))
    }

    fn holds_at(&self, at: Instant) -> bool {
        let (from, until) = self.validity();
        from <= at && at <= until
    }

    fn extensions(&self) -> &[Extension] {
        self.facts.tbs_certificate.extensions.as_deref().unwrap_or_default()
    }

    fn key_usage(&self) -> Usage<KeyUsage> {
        Usage::read(self.extensions())
    }

    /// Whether its key may sign documents.
    pub(super) fn may_sign(&self) -> bool {
        self.key_usage().allows(|usage| usage.digital_signature() || usage.non_repudiation())
    }

    /// Whether its key is for time stamps, and for nothing else.
    pub(super) fn may_stamp(&self) -> bool {
        let usage: Usage<ExtendedKeyUsage> = Usage::read(self.extensions());
        matches!(usage, Usage::Stated(ExtendedKeyUsage(purposes)) if purposes == [TIME_STAMPING])
    }

    /// Whether nothing in it is both critical and not understood.
    fn is_understood(&self) -> bool {
        const UNDERSTOOD: [ObjectIdentifier; 5] = [
            BasicConstraints::OID,
            KeyUsage::OID,
            ExtendedKeyUsage::OID,
            SUBJECT_ALTERNATIVE_NAME,
            CERTIFICATE_POLICIES,
        ];
        understood(self.extensions(), &UNDERSTOOD)
    }

    fn is_self_issued(&self) -> bool {
        self.facts.tbs_certificate.subject == self.facts.tbs_certificate.issuer
    }

    /// Whether it may have issued a certificate with so many intermediates below it.
    fn may_issue(&self, below: usize) -> bool {
        let constraints: Usage<BasicConstraints> = Usage::read(self.extensions());
        let Usage::Stated(constraints) = constraints else {
            return false;
        };
        constraints.ca
            && constraints.path_len_constraint.is_none_or(|most| below <= usize::from(most))
            && self.key_usage().allows(KeyUsage::key_cert_sign)
    }

    fn issued(&self, other: &Self) -> bool {
        self.key.as_ref().is_some_and(|key| other.signed.is_by(key))
    }
}

/// What an extension says.
enum Usage<T> {
    Unstated,
    Stated(T),
    Damaged,
}

impl<T: for<'a> Decode<'a> + AssociatedOid> Usage<T> {
    fn read(extensions: &[Extension]) -> Self {
        let mut found = extensions.iter().filter(|extension| extension.extn_id == T::OID);
        match (found.next(), found.next()) {
            (None, _) => Self::Unstated,
            (Some(extension), None) => {
                T::from_der(extension.extn_value.as_bytes()).map_or(Self::Damaged, Self::Stated)
            }
            (Some(_), Some(_)) => Self::Damaged,
        }
    }

    fn allows(&self, use_: impl Fn(&T) -> bool) -> bool {
        match self {
            Self::Unstated => true,
            Self::Stated(usage) => use_(usage),
            Self::Damaged => false,
        }
    }
}

fn understood(extensions: &[Extension], known: &[ObjectIdentifier]) -> bool {
    extensions.iter().all(|extension| !extension.critical || known.contains(&extension.extn_id))
}

fn instant(time: &x509_cert::time::Time) -> Instant {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    Instant::from_timestamp(Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX))
}

/// The path from a certificate to one of the anchors, both included, whatever the time; of several
/// one on which all certificates hold at the time, if there is one.
///
/// An anchor that is the certificate itself is a path of its own. `others` are certificates nobody
/// vouches for: they serve only to find the way.
pub(super) fn path<'c>(
    signer: &'c Certificate,
    anchors: &'c [Certificate],
    others: &[&'c Certificate],
    at: Instant,
) -> Option<Vec<&'c Certificate>> {
    if let Some(anchor) = anchors.iter().find(|anchor| anchor.encoded == signer.encoded) {
        return Some(vec![anchor]);
    }
    let search = |time| {
        let mut search = Search { anchors, others, time, attempts: MOST_ATTEMPTS };
        let mut path = vec![signer];
        let usable = signer.is_understood() && search.holds(signer);
        (usable && search.extend(&mut path)).then_some(path)
    };
    search(Some(at)).or_else(|| search(None))
}

struct Search<'c, 's> {
    anchors: &'c [Certificate],
    others: &'s [&'c Certificate],
    time: Option<Instant>,
    attempts: usize,
}

impl<'c> Search<'c, '_> {
    fn holds(&self, certificate: &Certificate) -> bool {
        self.time.is_none_or(|time| certificate.holds_at(time))
    }

    /// Lengthens the path until it ends in an anchor.
    fn extend(&mut self, path: &mut Vec<&'c Certificate>) -> bool {
        let Some(last) = path.last().copied() else { return false };
        if path.len() == LONGEST_PATH {
            return false;
        }
        let below = path.iter().skip(1).filter(|between| !between.is_self_issued()).count();
        let anchors = self.anchors;
        if let Some(anchor) = anchors.iter().find(|anchor| self.leads(last, anchor, below)) {
            path.push(anchor);
            return true;
        }
        for candidate in self.others {
            let seen = path.iter().any(|passed| passed.encoded == candidate.encoded);
            if !seen && self.leads(last, candidate, below) {
                path.push(candidate);
                if self.extend(path) {
                    return true;
                }
                path.pop();
            }
        }
        false
    }

    /// Whether the issuer may have issued the certificate, and did.
    fn leads(&mut self, last: &Certificate, issuer: &Certificate, below: usize) -> bool {
        let fits = issuer.facts.tbs_certificate.subject == last.facts.tbs_certificate.issuer
            && issuer.may_issue(below)
            && issuer.is_understood()
            && self.holds(issuer);
        if !fits || self.attempts == 0 {
            return false;
        }
        self.attempts -= 1;
        issuer.issued(last)
    }
}

/// The first certificate of a path that does not hold at a time.
pub(super) fn outside_validity<'c>(
    path: &[&'c Certificate],
    at: Instant,
) -> Option<&'c Certificate> {
    path.iter().copied().find(|certificate| !certificate.holds_at(at))
}

/// A certificate revocation list.
#[derive(Clone)]
pub(super) struct RevocationList {
    signed: Signed,
    facts: CertificateList,
}

impl fmt::Debug for RevocationList {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let issuer = self.facts.tbs_cert_list.issuer.to_string();
        formatter.debug_tuple("RevocationList").field(&issuer).finish()
    }
}

impl RevocationList {
    /// Reads a revocation list in DER.
    ///
    /// # Errors
    /// When the bytes are no revocation list.
    pub(super) fn read(encoded: &[u8]) -> Result<Self, der::Error> {
        let facts = CertificateList::from_der(encoded)?;
        if facts.signature_algorithm != facts.tbs_cert_list.signature {
            return Err(der::ErrorKind::Failed.into());
        }
        let signed = Signed::read(encoded, &facts.signature_algorithm, facts.signature.as_bytes())?;
        Ok(Self { signed, facts })
    }

    fn extensions(&self) -> &[Extension] {
        self.facts.tbs_cert_list.crl_extensions.as_deref().unwrap_or_default()
    }

    fn is_by(&self, issuer: &Certificate) -> bool {
        self.facts.tbs_cert_list.issuer == issuer.facts.tbs_certificate.subject
            && issuer.key_usage().allows(KeyUsage::crl_sign)
            && issuer.key.as_ref().is_some_and(|key| self.signed.is_by(key))
    }

    /// Whether it speaks of certificates of other issuers too; such a list is not read.
    fn is_indirect(&self) -> bool {
        let scope: Usage<IssuingDistributionPoint> = Usage::read(self.extensions());
        !scope.allows(|scope| !scope.indirect_crl)
    }

    /// Whether it would name a certificate that was revoked by a time: it leaves out no certificate
    /// and no reason, and it was the newest at the time, or is a later one that was made while the
    /// certificate held (afterwards an authority may drop it).
    fn would_name(&self, certificate: &Certificate, at: Instant) -> bool {
        let list = &self.facts.tbs_cert_list;
        let made = instant(&list.this_update);
        let newest = list.next_update.as_ref().is_some_and(|next| at < instant(next));
        understood(self.extensions(), &[])
            && if made <= at { newest } else { made <= certificate.validity().1 }
    }

    fn entry(&self, serial: &SerialNumber) -> Option<&RevokedCert> {
        let entries = self.facts.tbs_cert_list.revoked_certificates.as_deref().unwrap_or_default();
        entries.iter().find(|entry| {
            let extensions = entry.crl_entry_extensions.as_deref().unwrap_or_default();
            entry.serial_number == *serial
                && extensions.iter().all(|extension| extension.extn_id != CERTIFICATE_ISSUER)
        })
    }
}

/// What revocation lists say of the certificates of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// For each certificate below the anchor a list that was the newest at the time does not name
    /// it.
    NotRevoked,
    /// No list names a certificate, but for one at least no list of that time is at hand.
    Unknown,
    /// A certificate was revoked by then.
    Revoked {
        /// The place of the certificate in the path.
        place: usize,
        /// When it was revoked.
        since: Instant,
        /// Why, in the field's words, if the list says so.
        reason: Option<Reason>,
    },
}

/// Why a certificate was revoked, in Vietnamese and English.
pub(super) type Reason = (&'static str, &'static str);

impl Standing {
    /// Of the certificates of a path at a time. A list counts if the issuer of the certificate
    /// signed it.
    pub(super) fn of(path: &[&Certificate], lists: &[&RevocationList], at: Instant) -> Self {
        let mut standing = Self::NotRevoked;
        for (place, pair) in path.windows(2).enumerate() {
            let [certificate, issuer] = pair else { continue };
            let serial = &certificate.facts.tbs_certificate.serial_number;
            let mut current = false;
            for list in lists.iter().filter(|list| list.is_by(issuer) && !list.is_indirect()) {
                if let Some(revoked) = revocation(list, serial, place)
                    && matches!(revoked, Self::Revoked { since, .. } if since <= at)
                {
                    return revoked;
                }
                current |= list.would_name(certificate, at);
            }
            if !current {
                standing = Self::Unknown;
            }
        }
        standing
    }
}

fn revocation(list: &RevocationList, serial: &SerialNumber, place: usize) -> Option<Standing> {
    let entry = list.entry(serial)?;
    let extensions = entry.crl_entry_extensions.as_deref().unwrap_or_default();
    let reason = match Usage::<CrlReason>::read(extensions) {
        Usage::Stated(CrlReason::RemoveFromCRL) => return None,
        Usage::Stated(reason) => words(reason),
        Usage::Unstated | Usage::Damaged => None,
    };
    Some(Standing::Revoked { place, since: instant(&entry.revocation_date), reason })
}

fn words(reason: CrlReason) -> Option<Reason> {
    match reason {
        CrlReason::KeyCompromise => Some(("khóa bị lộ", "key compromise")),
        CrlReason::CaCompromise => Some(("khóa của tổ chức cấp bị lộ", "CA compromise")),
        CrlReason::AffiliationChanged => Some(("đổi đơn vị", "affiliation changed")),
        CrlReason::Superseded => Some(("đã được thay thế", "superseded")),
        CrlReason::CessationOfOperation => Some(("ngừng hoạt động", "cessation of operation")),
        CrlReason::CertificateHold => Some(("tạm đình chỉ", "certificate hold")),
        CrlReason::PrivilegeWithdrawn => Some(("bị thu hồi quyền", "privilege withdrawn")),
        CrlReason::AaCompromise => {
            Some(("khóa của tổ chức thuộc tính bị lộ", "attribute authority compromise"))
        }
        CrlReason::Unspecified | CrlReason::RemoveFromCRL => None,
    }
}

/// Whether a name and a serial number are those of a certificate.
pub(super) fn is_named(certificate: &Certificate, issuer: &Name, serial: &SerialNumber) -> bool {
    certificate.facts.tbs_certificate.issuer == *issuer
        && certificate.facts.tbs_certificate.serial_number == *serial
}

/// The certificates or lists in bytes as a user configures them: PEM with any number of them, or
/// one in DER. Blocks of PEM with another label are passed over.
///
/// # Errors
/// When the bytes are PEM and damaged; says which block, counted from 1.
pub(super) fn blocks(bytes: &[u8], label: &str) -> Result<Vec<Vec<u8>>, usize> {
    const BEGIN: &str = "-----BEGIN ";
    const DASHES: &str = "-----";
    let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| text.contains(BEGIN)) else {
        return Ok(if bytes.is_empty() { Vec::new() } else { vec![bytes.to_vec()] });
    };
    let mut found = Vec::new();
    for (index, block) in text.split(BEGIN).skip(1).enumerate() {
        let damaged = index + 1;
        let (kind, rest) = block.split_once(DASHES).ok_or(damaged)?;
        let end = format!("-----END {kind}-----");
        let (inside, _) = rest.split_once(end.as_str()).ok_or(damaged)?;
        if kind == label {
            // Lines of any length: not every tool breaks them after 64 characters.
            let inside: String = inside.split_ascii_whitespace().collect();
            found.push(Base64::decode_vec(&inside).map_err(|_| damaged)?);
        }
    }
    Ok(found)
}
