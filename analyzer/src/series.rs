//! Traffic per second, in and out, for the last quarter of an hour.

use std::time::Duration;

use capturer::Timestamp;

use crate::flow::Volume;
use crate::observation::Direction;

/// Seconds that are kept.
pub const SECONDS: usize = 900;

/// Rates are means of this many whole seconds, so that a bursty home link can be read.
const RATE_SECONDS: i64 = 5;

/// One second's traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Second {
    /// Seconds since the Unix epoch.
    pub at: i64,
    /// From outside.
    pub inward: Volume,
    /// To the outside.
    pub outward: Volume,
    /// Internal and transit, and what is not IP.
    pub other: Volume,
}

/// A ring of seconds.
pub struct Series {
    seconds: Box<[Second]>,
}

impl Default for Series {
    fn default() -> Self {
        Self { seconds: vec![Second { at: i64::MIN, ..Second::default() }; SECONDS].into_boxed_slice() }
    }
}

impl Series {
    /// Counts a packet.
    #[inline]
    pub fn observe(&mut self, at: Timestamp, direction: Direction, bytes: u32) {
        self.volume(at, direction).add(bytes);
    }

    /// Counts so many packets at once.
    #[inline]
    pub fn observe_many(&mut self, at: Timestamp, direction: Direction, volume: Volume) {
        self.volume(at, direction).merge(&volume);
    }

    #[inline]
    fn volume(&mut self, at: Timestamp, direction: Direction) -> &mut Volume {
        let second = at.as_seconds();
        let row = &mut self.seconds[slot(second)];
        if row.at != second {
            *row = Second { at: second, ..Second::default() };
        }
        match direction {
            Direction::In => &mut row.inward,
            Direction::Out => &mut row.outward,
            Direction::Internal | Direction::Transit => &mut row.other,
        }
    }

    /// The second that began at `second`; empty if nothing was seen in it.
    pub fn at(&self, second: i64) -> Second {
        let row = self.seconds[slot(second)];
        if row.at == second { row } else { Second { at: second, ..Second::default() } }
    }

    /// All seconds from `from` to `now`, oldest first, quiet ones included; at most [`SECONDS`].
    pub fn until(&self, from: Timestamp, now: Timestamp) -> Vec<Second> {
        let last = now.as_seconds();
        let first = from.as_seconds().max(last.saturating_sub(SECONDS as i64 - 1));
        (first..=last).map(|second| self.at(second)).collect()
    }

    /// The mean second of the last five whole ones before `now`; of fewer when the traffic began later.
    pub fn mean(&self, from: Timestamp, now: Timestamp) -> (Second, f64) {
        let last = now.as_seconds();
        let first = from.as_seconds().max(last - RATE_SECONDS);
        let mut sum = Second::default();
        for second in (first..last).map(|second| self.at(second)) {
            for (all, one) in [
                (&mut sum.inward, second.inward),
                (&mut sum.outward, second.outward),
                (&mut sum.other, second.other),
            ] {
                all.packets += one.packets;
                all.bytes += one.bytes;
            }
        }
        (sum, Duration::from_secs(u64::try_from(last - first).unwrap_or(0)).as_secs_f64())
    }
}

const fn slot(second: i64) -> usize {
    second.rem_euclid(SECONDS as i64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_seconds_are_zero_and_old_ones_are_forgotten() {
        let mut series = Series::default();
        let at = |n| Timestamp::from_parts(n, 0);
        series.observe(at(10), Direction::In, 100);
        series.observe(at(12), Direction::Out, 50);
        let seconds = series.until(at(10), at(13));
        assert_eq!(seconds.iter().map(|s| s.inward.bytes).collect::<Vec<_>>(), [100, 0, 0, 0]);
        assert_eq!(series.at(10 + SECONDS as i64).inward.bytes, 0);
        assert_eq!(series.until(at(10), at(5000)).len(), SECONDS);
    }

    #[test]
    fn the_mean_leaves_the_running_second_out() {
        let mut series = Series::default();
        let at = |n| Timestamp::from_parts(n, 0);
        (0..10).for_each(|n| series.observe(at(n), Direction::In, 100));
        series.observe(at(10), Direction::In, 9999);
        let (sum, seconds) = series.mean(at(0), at(10));
        assert_eq!((sum.inward.bytes, seconds), (500, 5.0));
    }
}
