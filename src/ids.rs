//! New identities and salts: the only place that makes them. Everyone else is given them.

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
    let mut bytes = [0; 16];
    #[expect(clippy::expect_used, reason = "without chance nothing may be written")]
    getrandom::fill(&mut bytes).expect("the operating system has a source of chance");
    Salt::new(bytes)
}
