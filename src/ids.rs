//! New identities, salts and secrets: the only place that makes them. Everyone else is given them.

use crate::domain::id::Id;
use crate::domain::log::Salt;

/// A new identity: a UUIDv7, later in order than every one made before it by this process.
///
/// # Panics
/// Never: a UUIDv7 is an identity.
#[expect(clippy::disallowed_methods, reason = "this is the one place that makes ids")]
pub fn new_id() -> Id {
    let text = uuid::Uuid::now_v7().hyphenated().to_string();
    #[expect(clippy::expect_used, reason = "a UUIDv7 in lower case is what an id is")]
    Id::parse(&text).expect("a UUIDv7 is an id")
}

/// A new salt from the operating system's source of chance.
///
/// # Panics
/// When the operating system has no source of chance: a registry without salts would let the
/// contents of confidential records be guessed, so it does not go on.
pub fn new_salt() -> Salt {
    Salt::new(chance())
}

/// The bytes of a new key (`auth`) from the operating system's source of chance.
///
/// # Panics
/// When the operating system has no source of chance: such a key could be guessed.
pub fn new_secret() -> [u8; 32] {
    chance()
}

/// The code of a new certificate, such as `ET-7K3Q-9XZ2-M4PA`: 60 bits of chance in the letters and
/// digits that nobody confuses (Crockford's base 32), short enough to be typed.
///
/// # Panics
/// When the operating system has no source of chance.
pub fn new_code() -> String {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut code = "ET".to_owned();
    for (position, byte) in chance::<12>().into_iter().enumerate() {
        if position % 4 == 0 {
            code.push('-');
        }
        code.push(char::from(LETTERS[usize::from(byte % 32)]));
    }
    code
}

fn chance<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    #[expect(clippy::expect_used, reason = "without chance nothing may be written")]
    getrandom::fill(&mut bytes).expect("the operating system has a source of chance");
    bytes
}
