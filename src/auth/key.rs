//! API keys and the set-up key: their text, and the digest that stands for it. Who holds a key,
//! with which scopes and until when, does not live here (`store`), nor does chance (`crate::ids`).

use std::fmt;

use crate::domain::log::Digest;
use crate::domain::text::Text;

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
/// assert_eq!(Secret::parse(secret.expose())?.digest(), secret.digest());
/// assert_eq!(format!("{secret:?}"), "Secret(…)");
/// # Ok::<(), etalon::auth::key::SecretError>(())
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

    /// Reads a key of either form.
    ///
    /// # Errors
    /// When the text has neither form.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let digits = text
            .strip_prefix(Self::SET_UP_KEY)
            .or_else(|| text.strip_prefix(Self::API_KEY))
            .ok_or(SecretError)?;
        let hexadecimal = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        match digits.len() == 64 && digits.bytes().all(hexadecimal) {
            true => Ok(Self(text.to_owned())),
            false => Err(SecretError),
        }
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

/// A text that is no key. It does not repeat the text, which may be a key with a slip in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is “etalon_” or “etalon_setup_” and 64 hexadecimal digits in lower case")]
pub struct SecretError;

impl SecretError {
    /// What is wrong, in both languages.
    pub fn text(self) -> Text {
        Text::new(
            "khoá gồm “etalon_” hoặc “etalon_setup_” và 64 chữ số thập lục phân viết thường",
            self.to_string(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_as_they_are_written() {
        for secret in [Secret::api_key([7; 32]), Secret::set_up_key([0xff; 32])] {
            let read = Secret::parse(secret.expose()).expect("a key");
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
    fn other_texts_are_refused_and_not_repeated() {
        let digits = "0a".repeat(32);
        for text in [
            String::new(),
            "etalon_".to_owned(),
            digits.clone(),
            format!("etalon_{}", &digits[1..]),
            format!("etalon_{digits}0"),
            format!("etalon_{digits}\n"),
            format!(" etalon_{digits}"),
            format!("etalon_{}", digits.to_uppercase()),
            format!("Etalon_{digits}"),
            format!("etalon_etalon_{digits}"),
            format!("etalon_setup{digits}"),
            format!("etalon_{}", "é".repeat(32)),
        ] {
            let error = Secret::parse(&text).expect_err(&text);
            assert!(!format!("{error}{error:?}{:?}", error.text()).contains("0a0a"), "{text}");
        }
    }

    #[test]
    fn debug_hides_it() {
        assert_eq!(format!("{:?}", Secret::api_key([7; 32])), "Secret(…)");
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in r"(etalon_)?(setup_)?\PC{0,70}") {
            let _ = Secret::parse(&text);
        }
    }
}
