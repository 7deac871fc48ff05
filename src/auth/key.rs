//! API keys and the set-up key: their text, and the digest that stands for it. Who holds a key,
//! with which scopes and until when, does not live here (`store`), nor does chance (`crate::ids`).

use std::fmt;

use crate::domain::log::Digest;

/// A key that is worth what it opens: an API key, or the one with which a registry is set up.
///
/// It is 32 random bytes as hexadecimal digits behind a prefix by which scanners for leaked secrets
/// find it. The registry keeps its digest only: with 256 bits of chance in the key nobody finds it
/// by trying, so a plain SHA-256 is enough where a password would need a slow hash with a salt. A
/// key is looked up by its digest, never compared byte by byte, so how long that takes says nothing
/// about any key.
///
/// ```
/// use etalon::auth::key::Secret;
/// let secret = Secret::api_key([0xa5; 32]);
/// assert!(secret.expose().starts_with("etalon_a5a5"));
/// assert_eq!(Secret::shown(secret.expose()).digest(), secret.digest());
/// assert_eq!(format!("{secret:?}"), "Secret(…)");
/// ```
pub struct Secret(String);

impl Secret {
    const API_KEY: &str = "etalon_";
    const SET_UP_KEY: &str = "etalon_setup_";

    /// The API key of 32 random bytes.
    pub fn api_key(bytes: [u8; 32]) -> Self {
        Self::written(Self::API_KEY, bytes)
    }

    /// The set-up key of 32 random bytes. Its digest is another than that of the API key of the
    /// same bytes, so neither opens what the other does.
    pub fn set_up_key(bytes: [u8; 32]) -> Self {
        Self::written(Self::SET_UP_KEY, bytes)
    }

    fn written(prefix: &str, bytes: [u8; 32]) -> Self {
        Self(bytes.iter().fold(prefix.to_owned(), |text, byte| format!("{text}{byte:02x}")))
    }

    /// What somebody shows as their key, whatever it is. What has not the form of a key has a digest
    /// that is nobody's, and so takes the same way as a key that is not known.
    pub fn shown(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// What the registry keeps of it: SHA-256 over the whole text.
    pub fn digest(&self) -> Digest {
        Digest::of(&[self.0.as_bytes()])
    }

    /// The text itself, to be shown once to whom it is for.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_shown_has_the_digest_of_the_one_that_was_made() {
        for secret in [Secret::api_key([7; 32]), Secret::set_up_key([0xff; 32])] {
            let read = Secret::shown(secret.expose());
            assert_eq!(read.expose(), secret.expose());
            assert_eq!(read.digest(), secret.digest());
        }
        let text = format!("etalon_{}", "07".repeat(32));
        assert_eq!(Secret::api_key([7; 32]).expose(), text);
        assert_eq!(Secret::api_key([7; 32]).digest(), Digest::of(&[text.as_bytes()]));
        let text = format!("etalon_setup_{}", "ff".repeat(32));
        assert_eq!(Secret::set_up_key([0xff; 32]).expose(), text);
    }

    #[test]
    fn the_same_bytes_are_two_keys() {
        let bytes = [9; 32];
        assert_ne!(Secret::api_key(bytes).digest(), Secret::set_up_key(bytes).digest());
    }

    #[test]
    fn debug_hides_it() {
        assert_eq!(format!("{:?}", Secret::api_key([7; 32])), "Secret(…)");
    }
}
