//! Who is asking: tokens and the keys that they are given for. What somebody may do does not live
//! here (`app`), nor how a token travels (`http`), nor where the digests of keys are kept (`store`).
//!
//! This room knows no clock and no chance: both come as arguments.

pub mod issuers;
pub mod key;
pub mod token;
