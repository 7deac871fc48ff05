//! Time stamps (RFC 3161): what time an authority vouches for, and whether its word counts.
//!
//! What lives here: [`TimeStamp`]. What does not: where the time stamp stands in the document and
//! which bytes it covers (`signature`).
//!
//! The authority's certificate is judged at the time the stamp names. A stamp around older stamps
//! (XAdES-LTA) is not read.

use cms::cert::CertificateChoices;
use cms::content_info::ContentInfo;
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use der::asn1::{ObjectIdentifier, OctetString};
use der::{Decode, Encode, Header, Reader, SliceReader, Tag};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use x509_cert::attr::Attribute;
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::certificate::{self, Certificate, RevocationList, Standing};
use super::key::{Encoding, Hash, Scheme};
use crate::domain::period::Instant;

/// The most certificates that are read of one token.
const MOST_CERTIFICATES: usize = 16;

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const TIME_STAMP_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");

/// A time stamp over the bytes it was read for, signed by the authority it names.
#[derive(Debug)]
pub(super) struct TimeStamp {
    time: Instant,
    authority: Certificate,
    others: Vec<Certificate>,
}

impl TimeStamp {
    /// Reads a token in DER; nothing if it is damaged, covers other bytes, is not signed by a
    /// certificate for time stamps that it brings along, or uses what is not supported.
    pub(super) fn read(token: &[u8], covered: &[u8]) -> Option<Self> {
        let content = ContentInfo::from_der(token).ok()?;
        if content.content_type != SIGNED_DATA {
            return None;
        }
        let data: SignedData = content.content.decode_as().ok()?;
        if data.encap_content_info.econtent_type != TIME_STAMP_INFO {
            return None;
        }
        let info: OctetString = data.encap_content_info.econtent.as_ref()?.decode_as().ok()?;
        let mut certificates: Vec<Certificate> = data
            .certificates
            .iter()
            .flat_map(|certificates| certificates.0.iter())
            .take(MOST_CERTIFICATES)
            .filter_map(|choice| match choice {
                CertificateChoices::Certificate(certificate) => {
                    Certificate::read(&certificate.to_der().ok()?).ok()
                }
                CertificateChoices::Other(_) => None,
            })
            .collect();
        let mut signers = data.signer_infos.0.iter();
        let (Some(signer), None) = (signers.next(), signers.next()) else { return None };
        let SignerIdentifier::IssuerAndSerialNumber(named) = &signer.sid else { return None };
        let place = certificates
            .iter()
            .position(|one| certificate::is_named(one, &named.issuer, &named.serial_number))?;
        let authority = certificates.swap_remove(place);
        let signed = authority.may_stamp() && is_signed(signer, info.as_bytes(), &authority);
        let time = stated_time(info.as_bytes(), covered)?;
        signed.then_some(Self { time, authority, others: certificates })
    }

    /// The time it names.
    pub(super) fn time(&self) -> Instant {
        self.time
    }

    /// Whether its authority leads to one of the anchors, held at the time and was not revoked.
    pub(super) fn is_trusted(
        &self,
        anchors: &[Certificate],
        others: &[&Certificate],
        lists: &[&RevocationList],
    ) -> bool {
        let others: Vec<&Certificate> = others.iter().copied().chain(&self.others).collect();
        certificate::path(&self.authority, anchors, &others, self.time).is_some_and(|path| {
            certificate::outside_validity(&path, self.time).is_none()
                && !matches!(Standing::of(&path, lists, self.time), Standing::Revoked { .. })
        })
    }
}

/// Whether the signer signed the information.
fn is_signed(signer: &SignerInfo, info: &[u8], authority: &Certificate) -> bool {
    let Some(hash) = Hash::of_identifier(signer.digest_alg.oid) else { return false };
    let Some(scheme) = Scheme::of_algorithm(&signer.signature_algorithm, Some(hash)) else {
        return false;
    };
    let Some(attributes) = &signer.signed_attrs else { return false };
    let value = |kind| {
        let mut found = attributes.iter().filter(|one: &&Attribute| one.oid == kind);
        match (found.next(), found.next()) {
            (Some(attribute), None) if attribute.values.len() == 1 => attribute.values.get(0),
            _ => None,
        }
    };
    let kind = value(CONTENT_TYPE).and_then(|one| one.decode_as::<ObjectIdentifier>().ok());
    let digest = value(MESSAGE_DIGEST).and_then(|one| one.decode_as::<OctetString>().ok());
    let Ok(message) = attributes.to_der() else { return false };
    kind == Some(TIME_STAMP_INFO)
        && digest.is_some_and(|digest| digest.as_bytes() == hash.digest(info))
        && authority.key().is_some_and(|key| {
            key.verifies(scheme, &message, signer.signature.as_bytes(), Encoding::Der)
        })
}

/// The time that the information names for the bytes it covers.
fn stated_time(info: &[u8], covered: &[u8]) -> Option<Instant> {
    let read = |reader: &mut SliceReader<'_>| -> der::Result<(Vec<u8>, Vec<u8>, Option<Hash>)> {
        reader.sequence(|info| {
            info.tlv_bytes()?; // version
            info.tlv_bytes()?; // policy
            let (algorithm, digest) = info.sequence(|imprint| {
                let algorithm = AlgorithmIdentifierOwned::decode(imprint)?;
                let digest = OctetString::decode(imprint)?;
                Ok((algorithm, digest))
            })?;
            info.tlv_bytes()?; // serial number
            let header = Header::decode(info)?;
            header.tag.assert_eq(Tag::GeneralizedTime)?;
            let time = info.read_vec(header.length)?;
            info.read_slice(info.remaining_len())?;
            Ok((time, digest.as_bytes().to_vec(), Hash::of_identifier(algorithm.oid)))
        })
    };
    let (time, digest, hash) = read(&mut SliceReader::new(info).ok()?).ok()?;
    if hash?.digest(covered) != digest {
        return None;
    }
    // Fractions of a second are allowed here, which certificates do not know.
    let time = std::str::from_utf8(&time).ok()?.strip_suffix('Z')?;
    let time = DateTime::strptime("%Y%m%d%H%M%S%.f", time).ok()?;
    let time: Timestamp = time.to_zoned(TimeZone::UTC).ok()?.timestamp();
    Some(Instant::from_timestamp(time))
}
