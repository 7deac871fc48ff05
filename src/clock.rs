//! What time it is: the only place that asks. Everything else is told.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::period::{Day, Instant};

/// The zone whose calendar "today" is read in, unless a record gives another (records.md).
const ZONE: &str = "Asia/Ho_Chi_Minh";

/// Now.
#[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
pub fn now() -> Instant {
    Instant::from_timestamp(Timestamp::now())
}

/// The day of an instant where the registry is at home.
pub fn day_of(instant: Instant) -> Day {
    let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
    Day::from_date(instant.timestamp().to_zoned(zone).date())
}
