//! What time it is, and how long something took: the only place that asks. Everything else is
//! told.

use std::time::Duration;

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

/// Measures how long something takes.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Begins to measure.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that measures")]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// How long ago that was; never less than the last time, whatever happens to the clock.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Waits before something outside is asked once more: nothing tells when it will answer.
#[expect(clippy::disallowed_methods, reason = "this is the one place that waits for time to pass")]
pub fn pause(duration: std::time::Duration) {
    std::thread::sleep(duration);
}
