//! Days and instants in the form that diesel takes, log indices as signed numbers, and ids and
//! digests read from texts. Nothing else here.

use jiff::Timestamp;
use jiff::civil;
use time::{Date, Month, PrimitiveDateTime, Time};

use crate::domain::id::Id;
use crate::domain::log::Digest;
use crate::domain::period::{Day, Instant};

use super::error::StoreError;

/// A day as a column value.
pub(super) fn date(day: Day) -> Date {
    const UNIX_EPOCH_IN_JULIAN_DAYS: i32 = 2_440_588;
    Date::from_julian_day(day.number() + UNIX_EPOCH_IN_JULIAN_DAYS).unwrap_or(Date::MIN)
}

/// An instant as a column value: UTC, to the microsecond.
pub(super) fn timestamp(instant: Instant) -> PrimitiveDateTime {
    /// The calendar of PostgreSQL begins in 4713 BC; nothing was recorded before.
    const FIRST: civil::DateTime = civil::datetime(-4_712, 1, 1, 0, 0, 0, 0);
    let utc = instant.timestamp().to_zoned(jiff::tz::TimeZone::UTC).datetime().max(FIRST);
    let month = Month::try_from(utc.month().unsigned_abs()).unwrap_or(Month::January);
    let date = Date::from_calendar_date(i32::from(utc.year()), month, utc.day().unsigned_abs());
    let time = Time::from_hms_micro(
        utc.hour().unsigned_abs(),
        utc.minute().unsigned_abs(),
        utc.second().unsigned_abs(),
        utc.subsec_nanosecond().unsigned_abs() / 1_000,
    );
    // Every instant of the registry lies within the years that both libraries know.
    PrimitiveDateTime::new(date.unwrap_or(Date::MIN), time.unwrap_or(Time::MIDNIGHT))
}

/// The instant of a column value.
pub(super) fn instant(value: PrimitiveDateTime) -> Instant {
    let (year, month, day) = value.date().to_calendar_date();
    let (hour, minute, second, microsecond) = value.time().as_hms_micro();
    let small = |number: u8| i8::try_from(number).unwrap_or_default();
    let utc = civil::DateTime::new(
        i16::try_from(year).unwrap_or_default(),
        small(u8::from(month)),
        small(day),
        small(hour),
        small(minute),
        small(second),
        i32::try_from(microsecond).unwrap_or_default() * 1_000,
    );
    let timestamp = utc.ok().and_then(|utc| jiff::tz::TimeZone::UTC.to_timestamp(utc).ok());
    Instant::from_timestamp(timestamp.unwrap_or(Timestamp::UNIX_EPOCH))
}

/// A log index as a column value.
pub(super) fn signed(log_index: u64) -> i64 {
    i64::try_from(log_index).unwrap_or(i64::MAX)
}

/// The log index of a column value.
pub(super) fn unsigned(column: i64) -> u64 {
    u64::try_from(column).unwrap_or_default()
}

/// The id of a column value.
pub(super) fn id(column: &str) -> Result<Id, StoreError> {
    Id::parse(column).map_err(|_| StoreError::Database(format!("“{column}” is no id")))
}

/// The digest of a column value.
pub(super) fn digest(column: &str) -> Result<Digest, StoreError> {
    column.parse().map_err(|_| StoreError::Database(format!("“{column}” is no SHA-256")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_and_days_go_there_and_back() {
        for text in [
            "1800-01-01T00:00:00Z",
            "1969-12-31T23:59:59.999999Z",
            "2026-11-20T07:08:09.000001Z",
            "2299-12-31T23:59:59Z",
        ] {
            let there = Instant::parse(text).expect("an instant");
            assert_eq!(instant(timestamp(there)), there, "{text}");
        }
        let day = Day::parse("2026-02-10").expect("a day");
        assert_eq!(date(day).to_string(), "2026-02-10");
        let day = Day::parse("1800-01-01").expect("a day");
        assert_eq!(date(day).to_string(), "1800-01-01");
    }
}
