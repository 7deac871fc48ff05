//! Days and instants. Days are local to the place of the event and have no clock time (rule
//! T-04); instants are UTC. What time it is now does not live here (see `crate::clock`).

use std::fmt;
use std::num::NonZeroI32;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use jiff::civil;
use jiff::{Span, Timestamp};
use serde::{Serialize, Serializer};

use super::fault::{Faults, shortened, string};
use super::form::{Definition, Described, Form, TextForm};
use super::text::Text;

/// A calendar day (ISO 8601), between 1800-01-01 and 2299-12-31.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(NonZeroI32);

const EPOCH: civil::Date = civil::date(1970, 1, 1);

/// Added to the number of a day so that it is never zero: an optional day takes no more room.
const SHIFT: i32 = 1_000_000;

impl Day {
    /// The day of a calendar date.
    ///
    /// # Errors
    /// When the text is no date of the form `2026-02-10`, or lies outside 1800 to 2299.
    pub fn parse(text: &str) -> Result<Self, DayError> {
        let shape = text.len() == 10
            && text.bytes().enumerate().all(|(index, byte)| match index {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !shape {
            return Err(DayError);
        }
        let date: civil::Date = text.parse().map_err(|_| DayError)?;
        if !(1800..2300).contains(&date.year()) {
            return Err(DayError);
        }
        Ok(Self::from_date(date))
    }

    /// The day of a date of the civil calendar.
    pub fn from_date(date: civil::Date) -> Self {
        Self::from_number(date.since(EPOCH).map_or(0, |span| span.get_days()))
    }

    /// Days since 1970-01-01.
    pub fn number(self) -> i32 {
        self.0.get() - SHIFT
    }

    /// The day with this number since 1970-01-01; numbers far outside history stand for an open
    /// beginning or end.
    pub fn from_number(number: i32) -> Self {
        let number = number.clamp(1 - SHIFT, i32::MAX - SHIFT);
        NonZeroI32::new(number + SHIFT).map_or(Self::beginning(), Self)
    }

    /// Before every day of history: an open beginning.
    pub const fn beginning() -> Self {
        Self(NonZeroI32::MIN)
    }

    /// After every day of history: an open end.
    pub const fn end() -> Self {
        Self(NonZeroI32::MAX)
    }

    /// The day so many calendar months later; the last day of the month where it has no such day.
    pub fn plus_months(self, months: u32) -> Self {
        self.date()
            .checked_add(Span::new().months(i64::from(months.min(12_000))))
            .map_or(Self::end(), Self::from_date)
    }

    /// The day so many days later.
    pub fn plus_days(self, days: i32) -> Self {
        Self::from_number(self.number().saturating_add(days))
    }

    fn date(self) -> civil::Date {
        EPOCH.checked_add(Span::new().days(i64::from(self.number()))).unwrap_or(civil::Date::MAX)
    }
}

/// A text that is no calendar day of the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a date is written as 2026-02-10 and lies between 1800 and 2299")]
pub struct DayError;

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.date())
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Deserr<Faults> for Day {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Faults> {
        let text = string(value, location)?;
        Self::parse(&text).map_err(|error| {
            let found = shortened(&text);
            Faults::at(
                location,
                "bad_date",
                Text::new(
                    format!(
                        "“{found}”: ngày được viết như 2026-02-10 và nằm giữa năm 1800 và 2299"
                    ),
                    format!("“{found}”: {error}"),
                ),
            )
        })
    }
}

impl Described for Day {
    fn form() -> Form {
        Form::named("Day", || {
            let doc = " A calendar day (ISO 8601) where the event took place, between 1800-01-01 \
                and 2299-12-31.";
            let text =
                TextForm { format: Some("date"), examples: &["2026-02-10"], ..TextForm::default() };
            Definition::new(&[doc], Form::Text(text))
        })
    }
}

/// An instant in UTC (RFC 3339), to the microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Timestamp);

impl Instant {
    /// Reads an instant such as `2026-11-20T00:00:00Z`.
    ///
    /// # Errors
    /// When the text is no RFC 3339 instant.
    pub fn parse(text: &str) -> Result<Self, InstantError> {
        text.parse::<Timestamp>().map(Self::from_timestamp).map_err(|_| InstantError)
    }

    /// An instant cut to the microsecond.
    pub fn from_timestamp(timestamp: Timestamp) -> Self {
        let cut = Timestamp::from_microsecond(timestamp.as_microsecond());
        Self(cut.unwrap_or(timestamp))
    }

    /// The beginning of the registry's calendar, 1800-01-01: since when a record was known of which
    /// nobody says when it became known (records.md).
    pub fn beginning() -> Self {
        const SECONDS: i64 = -5_364_662_400;
        Self(Timestamp::from_second(SECONDS).unwrap_or(Timestamp::MIN))
    }

    /// The beginning of the instant's minute.
    pub fn minute(self) -> Self {
        let minute = self.0.as_second().div_euclid(60) * 60;
        Self(Timestamp::from_second(minute).unwrap_or(self.0))
    }

    /// The instant so much later; none beyond the end of the calendar.
    pub fn after(self, duration: std::time::Duration) -> Option<Self> {
        self.0.checked_add(duration).ok().map(Self::from_timestamp)
    }

    /// The day of the instant in UTC.
    pub fn day(self) -> Day {
        Day::from_date(self.0.to_zoned(jiff::tz::TimeZone::UTC).date())
    }

    /// The instant so much before this one; the earliest there is where that is earlier still.
    pub fn before(self, duration: std::time::Duration) -> Self {
        Self(self.0.checked_sub(duration).unwrap_or(Timestamp::MIN))
    }

    /// The instant as a library type.
    pub fn timestamp(self) -> Timestamp {
        self.0
    }
}

/// A text that is no instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an instant is written in UTC as 2026-11-20T00:00:00Z")]
pub struct InstantError;

impl fmt::Display for Instant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Deserr<Faults> for Instant {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Faults> {
        let text = string(value, location)?;
        Self::parse(&text).map_err(|error| {
            let found = shortened(&text);
            Faults::at(
                location,
                "bad_instant",
                Text::new(
                    format!("“{found}”: thời điểm được viết theo UTC như 2026-11-20T00:00:00Z"),
                    format!("“{found}”: {error}"),
                ),
            )
        })
    }
}

impl Described for Instant {
    fn form() -> Form {
        Form::named("Instant", || {
            let doc = " An instant (RFC 3339), to the microsecond; answers write it in UTC.";
            let text = TextForm {
                format: Some("date-time"),
                examples: &["2026-11-20T08:30:00Z"],
                ..TextForm::default()
            };
            Definition::new(&[doc], Form::Text(text))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_round_trip() {
        for text in ["1889-09-28", "1970-01-01", "2024-02-29", "2026-11-01", "2299-12-31"] {
            assert_eq!(Day::parse(text).expect(text).to_string(), text);
        }
    }

    #[test]
    fn history_begins_with_its_first_day() {
        assert_eq!(Instant::beginning().to_string(), "1800-01-01T00:00:00Z");
        assert_eq!(Instant::beginning().day(), Day::parse("1800-01-01").expect("a day"));
    }

    #[test]
    fn impossible_days_are_refused() {
        for text in [
            "2026-02-30",
            "2025-02-29",
            "2026-2-1",
            "10/02/2026",
            "",
            "1799-12-31",
            "2026-11-01T00:00:00Z",
        ] {
            assert_eq!(Day::parse(text), Err(DayError), "{text}");
        }
    }

    #[test]
    fn months_end_with_the_month() {
        let day = |text| Day::parse(text).expect("a day");
        assert_eq!(day("2025-03-06").plus_months(24), day("2027-03-06"));
        assert_eq!(day("2024-02-29").plus_months(12), day("2025-02-28"));
    }
}
