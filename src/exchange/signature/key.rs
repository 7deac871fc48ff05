//! Public keys, and whether a signature over bytes was made with the private one.
//!
//! What lives here: [`enum@Hash`], [`Scheme`], [`PublicKey`]. What does not: whose key it is
//! (`certificate`) and which bytes are signed.
//!
//! SHA-1, MD5, DSA, RSA below 2048 bits and curves other than P-256, P-384 and P-521 have no place
//! here on purpose: what uses them is reported as unsupported.

use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::pkcs1::RsaPssParams;
use rsa::sha2::{Digest, Sha256, Sha384, Sha512};
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, Pkcs1v15Sign, Pss, RsaPublicKey};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ECDSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");

/// The shortest and the longest modulus of an RSA key, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A digest algorithm that still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// By the identifier XML Signature gives it (RFC 9231), or nothing if it is not supported.
    pub(super) fn of_uri(uri: &str) -> Option<Self> {
        match uri {
            "http://www.w3.org/2001/04/xmlenc#sha256" => Some(Self::Sha256),
            "http://www.w3.org/2001/04/xmldsig-more#sha384" => Some(Self::Sha384),
            "http://www.w3.org/2001/04/xmlenc#sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    /// By its object identifier, or nothing if it is not supported.
    pub(super) fn of_identifier(identifier: ObjectIdentifier) -> Option<Self> {
        match identifier {
            SHA256 => Some(Self::Sha256),
            SHA384 => Some(Self::Sha384),
            SHA512 => Some(Self::Sha512),
            _ => None,
        }
    }

    /// The digest of bytes.
    pub(super) fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }

    /// Length of a digest in bytes.
    fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// How a signature is made of a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// RSA with the padding of PKCS #1 version 1.5.
    RsaPkcs1(Hash),
    /// RSA-PSS; its mask is made with the same digest algorithm.
    RsaPss {
        /// The digest algorithm of the message and of the mask.
        hash: Hash,
        /// Length of the salt in bytes.
        salt: usize,
    },
    /// ECDSA; the curve is that of the key.
    Ecdsa(Hash),
}

impl Scheme {
    /// By the identifier XML Signature gives it (RFC 9231), or nothing if it is not supported.
    pub(super) fn of_uri(uri: &str) -> Option<Self> {
        let pss = |hash: Hash| Self::RsaPss { hash, salt: hash.length() };
        match uri {
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" => {
                Some(Self::RsaPkcs1(Hash::Sha256))
            }
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => {
                Some(Self::RsaPkcs1(Hash::Sha384))
            }
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => {
                Some(Self::RsaPkcs1(Hash::Sha512))
            }
            "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1" => Some(pss(Hash::Sha256)),
            "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1" => Some(pss(Hash::Sha384)),
            "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1" => Some(pss(Hash::Sha512)),
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256" => {
                Some(Self::Ecdsa(Hash::Sha256))
            }
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384" => {
                Some(Self::Ecdsa(Hash::Sha384))
            }
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512" => {
                Some(Self::Ecdsa(Hash::Sha512))
            }
            _ => None,
        }
    }

    /// By the algorithm a certificate, a revocation list or a time stamp names, or nothing if it
    /// is not supported. A time stamp may name only the kind of key: `hash` is its digest
    /// algorithm.
    pub(super) fn of_algorithm(
        algorithm: &AlgorithmIdentifierOwned,
        hash: Option<Hash>,
    ) -> Option<Self> {
        match algorithm.oid {
            RSA_SHA256 => Some(Self::RsaPkcs1(Hash::Sha256)),
            RSA_SHA384 => Some(Self::RsaPkcs1(Hash::Sha384)),
            RSA_SHA512 => Some(Self::RsaPkcs1(Hash::Sha512)),
            RSA_ENCRYPTION => hash.map(Self::RsaPkcs1),
            ECDSA_SHA256 => Some(Self::Ecdsa(Hash::Sha256)),
            ECDSA_SHA384 => Some(Self::Ecdsa(Hash::Sha384)),
            ECDSA_SHA512 => Some(Self::Ecdsa(Hash::Sha512)),
            EC_PUBLIC_KEY => hash.map(Self::Ecdsa),
            RSA_PSS => {
                let parameters = algorithm.parameters.as_ref()?.to_der().ok()?;
                let parameters = RsaPssParams::from_der(&parameters).ok()?;
                let hash = Hash::of_identifier(parameters.hash.oid)?;
                let mask = Hash::of_identifier(parameters.mask_gen.parameters?.oid)?;
                (mask == hash)
                    .then_some(Self::RsaPss { hash, salt: usize::from(parameters.salt_len) })
            }
            _ => None,
        }
    }
}

/// How the two numbers of an ECDSA signature are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// One after the other, each as long as the field: XML Signature.
    Fixed,
    /// As a sequence in DER: certificates, revocation lists, time stamps.
    Der,
}

/// A public key.
#[derive(Clone)]
pub(super) enum PublicKey {
    /// RSA.
    Rsa(RsaPublicKey),
    /// On the curve P-256.
    P256(p256::ecdsa::VerifyingKey),
    /// On the curve P-384.
    P384(p384::ecdsa::VerifyingKey),
    /// On the curve P-521.
    P521(p521::ecdsa::VerifyingKey),
}

impl PublicKey {
    /// Reads the key of a certificate; nothing if it is damaged, too short, or of a kind that is
    /// not supported.
    pub(super) fn read(key: &SubjectPublicKeyInfoOwned) -> Option<Self> {
        let bytes = key.subject_public_key.as_bytes()?;
        match key.algorithm.oid {
            RSA_ENCRYPTION | RSA_PSS => {
                let key = rsa::pkcs1::RsaPublicKey::from_der(bytes).ok()?;
                let modulus = BigUint::from_bytes_be(key.modulus.as_bytes());
                let exponent = BigUint::from_bytes_be(key.public_exponent.as_bytes());
                if !RSA_BITS.contains(&modulus.bits()) {
                    return None;
                }
                RsaPublicKey::new_with_max_size(modulus, exponent, *RSA_BITS.end())
                    .ok()
                    .map(Self::Rsa)
            }
            EC_PUBLIC_KEY => {
                let curve: ObjectIdentifier =
                    key.algorithm.parameters.as_ref()?.decode_as().ok()?;
                match curve {
                    P256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(bytes).ok().map(Self::P256),
                    P384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(bytes).ok().map(Self::P384),
                    P521 => p521::ecdsa::VerifyingKey::from_sec1_bytes(bytes).ok().map(Self::P521),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Whether the signature over the message was made with the private key of this one.
    pub(super) fn verifies(
        &self,
        scheme: Scheme,
        message: &[u8],
        signature: &[u8],
        encoding: Encoding,
    ) -> bool {
        match (self, scheme) {
            (Self::Rsa(key), Scheme::RsaPkcs1(hash)) => {
                let padding = match hash {
                    Hash::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
                    Hash::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
                    Hash::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
                };
                signature.len() == key.size()
                    && key.verify(padding, &hash.digest(message), signature).is_ok()
            }
            (Self::Rsa(key), Scheme::RsaPss { hash, salt }) => {
                let padding = match hash {
                    Hash::Sha256 => Pss::new_with_salt::<Sha256>(salt),
                    Hash::Sha384 => Pss::new_with_salt::<Sha384>(salt),
                    Hash::Sha512 => Pss::new_with_salt::<Sha512>(salt),
                };
                signature.len() == key.size()
                    && key.verify(padding, &hash.digest(message), signature).is_ok()
            }
            (Self::P256(key), Scheme::Ecdsa(hash)) => {
                use p256::ecdsa::Signature;
                let signature = match encoding {
                    Encoding::Fixed => Signature::from_slice(signature),
                    Encoding::Der => Signature::from_der(signature),
                };
                signature.is_ok_and(|signature| {
                    key.verify_prehash(&hash.digest(message), &signature).is_ok()
                })
            }
            (Self::P384(key), Scheme::Ecdsa(hash)) => {
                use p384::ecdsa::Signature;
                let signature = match encoding {
                    Encoding::Fixed => Signature::from_slice(signature),
                    Encoding::Der => Signature::from_der(signature),
                };
                signature.is_ok_and(|signature| {
                    key.verify_prehash(&hash.digest(message), &signature).is_ok()
                })
            }
            (Self::P521(key), Scheme::Ecdsa(hash)) => {
                use p521::ecdsa::Signature;
                let signature = match encoding {
                    Encoding::Fixed => Signature::from_slice(signature),
                    Encoding::Der => Signature::from_der(signature),
                };
                // The library refuses digests below half the field; zeros in front change nothing.
                let mut digest = hash.digest(message);
                digest.splice(..0, std::iter::repeat_n(0, 66_usize.saturating_sub(digest.len())));
                signature.is_ok_and(|signature| key.verify_prehash(&digest, &signature).is_ok())
            }
            (Self::Rsa(_), Scheme::Ecdsa(_))
            | (
                Self::P256(_) | Self::P384(_) | Self::P521(_),
                Scheme::RsaPkcs1(_) | Scheme::RsaPss { .. },
            ) => false,
        }
    }
}
