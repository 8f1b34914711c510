//! How often something happened over time, in a fixed number of bins: when time outgrows them, neighbours are joined and
//! each bin is twice as wide. The size is constant and no count is ever lost, however long it goes on.

use capturer::Timestamp;

/// Bins of a [`Timeline`].
pub const BINS: usize = 24;

/// The width that bins begin with, in nanoseconds.
const NARROWEST: u64 = 1_000_000;

/// Counts over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeline {
    from: Timestamp,
    /// Of each bin, in nanoseconds.
    width: u64,
    /// Bins in use: up to the last that something was counted in.
    used: usize,
    bins: [u64; BINS],
}

impl Timeline {
    /// Nothing so far.
    pub const EMPTY: Self = Self { from: Timestamp::EPOCH, width: NARROWEST, used: 0, bins: [0; BINS] };

    /// It happened `n` times more. What is older than the first count belongs to its bin.
    pub fn add(&mut self, at: Timestamp, n: u64) {
        if n == 0 {
            return;
        }
        if self.used == 0 {
            self.from = at;
        }
        let since = u64::try_from(at.since(self.from).as_nanos()).unwrap_or(u64::MAX);
        while since / self.width >= BINS as u64 {
            self.widen();
        }
        let bin = (since / self.width) as usize;
        self.bins[bin] = self.bins[bin].saturating_add(n);
        self.used = self.used.max(bin + 1);
    }

    /// Joins neighbours.
    fn widen(&mut self) {
        for bin in 0..BINS / 2 {
            self.bins[bin] = self.bins[2 * bin].saturating_add(self.bins[2 * bin + 1]);
        }
        self.bins[BINS / 2..].fill(0);
        self.used = self.used.div_ceil(2);
        self.width *= 2;
    }

    /// When the first bin begins.
    pub const fn from(&self) -> Timestamp {
        self.from
    }

    /// How long each bin lasts.
    pub const fn width(&self) -> std::time::Duration {
        std::time::Duration::from_nanos(self.width)
    }

    /// The counts, up to the last bin that something was counted in.
    pub fn counts(&self) -> &[u64] {
        &self.bins[..self.used]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_nanos(ms * 1_000_000)
    }

    #[test]
    fn bins_are_as_narrow_as_their_number_allows() {
        let mut timeline = Timeline::EMPTY;
        timeline.add(at(1000), 2);
        timeline.add(at(1023), 3);
        assert_eq!((timeline.counts().len(), timeline.width().as_millis()), (24, 1));
        timeline.add(at(1024), 5);
        assert_eq!((timeline.counts().len(), timeline.width().as_millis()), (13, 2));
        assert_eq!((timeline.counts()[0], timeline.counts()[11], timeline.counts()[12]), (2, 3, 5));
        assert_eq!(timeline.from(), at(1000));
    }

    #[test]
    fn what_is_older_than_the_first_count_is_counted_with_it() {
        let mut timeline = Timeline::EMPTY;
        timeline.add(at(1000), 1);
        timeline.add(at(-5000), 4);
        timeline.add(at(2000), 0);
        assert_eq!(timeline.counts(), [5]);
    }

    #[test]
    fn the_longest_time_there_is_fits() {
        let mut timeline = Timeline::EMPTY;
        timeline.add(Timestamp::from_nanos(i64::MIN), 1);
        timeline.add(Timestamp::from_nanos(i64::MAX), 1);
        assert_eq!(timeline.counts().iter().sum::<u64>(), 2);
    }

    proptest! {
        #[test]
        fn no_count_is_lost_and_each_is_in_the_bin_of_its_time(events in prop::collection::vec((0_i64..100_000_000, 0_u64..1000), 1..200)) {
            let mut timeline = Timeline::EMPTY;
            let first = events[0].0;
            let events: Vec<(i64, u64)> = events.iter().map(|(ms, n)| (first + ms, n + 1)).collect();
            timeline.add(at(first), 1);
            events.iter().for_each(|(ms, n)| timeline.add(at(*ms), *n));
            let width = timeline.width().as_nanos() as i64;
            let mut expected = vec![0; timeline.counts().len()];
            expected[0] += 1;
            for (ms, n) in &events {
                expected[((ms - first) * 1_000_000 / width) as usize] += n;
            }
            prop_assert_eq!(timeline.counts(), &expected[..]);
        }
    }
}
