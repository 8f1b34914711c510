//! How old a database is.

use analyzer::geo::Source;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Seconds since the day of a database began, in UTC; `None` if its date is none.
pub(crate) fn seconds(source: &Source, now: Timestamp) -> Option<i64> {
    let day: Date = source.date.get(..10)?.parse().ok()?;
    Some(now.duration_since(day.to_zoned(TimeZone::UTC).ok()?.timestamp()).as_secs())
}

/// The same in whole days.
pub(crate) fn days(source: &Source, now: Timestamp) -> Option<i64> {
    seconds(source, now).map(|seconds| seconds.div_euclid(86_400))
}

/// The day of a moment in UTC, `YYYY-MM-DD`.
pub(crate) fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).date().to_string()
}
