//! What came of checking the electronic signature of a certificate's document, as the certificate's
//! record keeps it. The check itself is `exchange::signature`.

use super::period::Instant;

vocabulary! {
    /// What came of checking a signature.
    SignatureStatus {
        /// The document is the one that was signed, and the signer was trusted at the time.
        Valid = "valid",
        /// The document is the one that was signed, but no path to a trust anchor holds at the time.
        ValidUntrusted = "valid_untrusted",
        /// The document is not the one that was signed, or its signature is damaged or misleading.
        Invalid = "invalid",
        /// The document is the one that was signed, but the signer's certificate or that of an
        /// authority above was revoked by the time.
        Revoked = "revoked",
        /// The document has no signature.
        Unsigned = "unsigned",
        /// The signature uses what is not supported, so nothing is said of it.
        Unsupported = "unsupported",
    }
}

vocabulary! {
    /// A step of the check, in the order they are made.
    SignatureStep {
        /// The document is read as XML.
        Reading = "reading",
        /// The signature is looked for, where it may stand.
        Place = "place",
        /// The parts of the signature are read.
        Form = "form",
        /// The digest of everything that was signed is compared.
        Digest = "digest",
        /// The certificate of the signer is found, and compared with the one that was signed along.
        SigningCertificate = "signing_certificate",
        /// The signature is checked with the signer's key.
        SignatureValue = "signature_value",
        /// A path from the signer to a trust anchor is sought.
        Chain = "chain",
        /// Revocation lists are asked.
        Revocation = "revocation",
        /// The validity of every certificate of the path is compared with the time.
        Validity = "validity",
    }
}

object! {
    /// What came of checking the signature of a certificate's document. The registry says so; it is
    /// not accepted from others.
    DocumentSignature {
        required {
            /// What came of it.
            status: SignatureStatus,
        }
        optional {
            /// The step that the check ended at, unless everything was as it should be.
            failed: SignatureStep,
            /// Whom the signer's certificate names (RFC 4514).
            signer: String,
            /// Serial number of the signer's certificate, in hexadecimal digits.
            serial: String,
            /// When the signer says to have signed.
            signed_at: Instant,
            /// When a time stamp says that the signature existed.
            time_stamp: Instant,
            /// The time at which the signer had to be trusted, where somebody or a time stamp said so;
            /// otherwise when the document was recorded first.
            verified_at: Instant,
            /// Whether the signer's certificate names the issuer of the calibration certificate: the
            /// signature covers the document, not who issued it.
            names_issuer: bool,
        }
    }
}
