//! Time as captures tell it.

use std::fmt;
use std::ops::Sub;
use std::time::Duration;

/// Nanoseconds since the Unix epoch, UTC. Signed and 64 bits wide: 1677 to 2262; capture files may claim any of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Nanoseconds in a second.
const NANOS: i64 = 1_000_000_000;

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// From nanoseconds since the Unix epoch.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// From whole seconds since the Unix epoch and nanoseconds on top; what does not fit saturates.
    pub const fn from_parts(seconds: i64, nanos: i64) -> Self {
        Self(seconds.saturating_mul(NANOS).saturating_add(nanos))
    }

    /// Nanoseconds since the Unix epoch.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the Unix epoch, rounded down.
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(NANOS)
    }

    /// The nanoseconds within the second, 0 to 999 999 999.
    pub const fn subsecond_nanos(self) -> u32 {
        self.0.rem_euclid(NANOS) as u32
    }

    /// How long after `earlier` this is; zero when it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Whether more than `time` lies between `earlier` and this; cheaper than to compare [`Timestamp::since`], which divides.
    #[inline]
    pub const fn exceeds(self, earlier: Self, time: Duration) -> bool {
        self.0.saturating_sub(earlier.0) as i128 > time.as_nanos() as i128
    }

    /// Whether `time` or more lies between `earlier` and this.
    #[inline]
    pub const fn reaches(self, earlier: Self, time: Duration) -> bool {
        self.0.saturating_sub(earlier.0) as i128 >= time.as_nanos() as i128
    }

    /// This moment plus `duration`, saturating.
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)))
    }

    /// This moment less `duration`, saturating.
    pub fn before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)))
    }
}

impl Sub for Timestamp {
    type Output = i64;

    /// Signed difference in nanoseconds, saturating.
    fn sub(self, other: Self) -> i64 {
        self.0.saturating_sub(other.0)
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with nanoseconds, `2026-11-21T03:54:24.000000000Z`; proleptic Gregorian calendar.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.as_seconds();
        let (year, month, day) = civil(seconds.div_euclid(86_400));
        let of_day = seconds.rem_euclid(86_400);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:09}Z",
            of_day / 3600,
            of_day / 60 % 60,
            of_day % 60,
            self.subsecond_nanos()
        )
    }
}

/// Year, month and day of the given day number counted from 1970-01-01.
/// Eras of 400 years (146 097 days) that begin on 1 March, so that the leap day comes last.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_rfc_3339_around_the_edges() {
        for (seconds, nanos, text) in [
            (0, 0, "1970-01-01T00:00:00.000000000Z"),
            (-1, 5, "1969-12-31T23:59:59.000000005Z"),
            (951_782_400, 0, "2000-02-29T00:00:00.000000000Z"),
            (4_107_542_400, 1, "2100-03-01T00:00:00.000000001Z"),
            (2_147_483_648, 0, "2038-01-19T03:14:08.000000000Z"),
        ] {
            assert_eq!(Timestamp::from_parts(seconds, nanos).to_string(), text);
        }
    }

    #[test]
    fn arithmetic_saturates() {
        let last = Timestamp::from_nanos(i64::MAX);
        assert_eq!(last.after(Duration::from_secs(1)), last);
        assert_eq!(Timestamp::from_parts(i64::MAX, 0), last);
        assert_eq!(Timestamp::EPOCH.since(last), Duration::ZERO);
    }
}
