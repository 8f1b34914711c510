//! Steps of the store: how long they are, and how many of each are kept.

use super::keeper::{FLOWS, Place};
use crate::settings::History;

/// Lengths of steps, seconds; each divides the next.
pub(crate) const LENGTHS: [i64; 4] = [10, 60, 600, 3600];

/// Bytes that a store in memory may have in any case.
const LEAST: u64 = 4 << 20;

/// How many steps of each length are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Keep {
    /// In the order of [`LENGTHS`].
    pub(crate) steps: [u64; LENGTHS.len()],
    /// Minutes of which flows are kept.
    pub(crate) flows: u64,
    /// Keys of a dimension in a step; the others are one row.
    pub(crate) rows: usize,
    /// Bytes of the store.
    pub(crate) bytes: u64,
}

impl Keep {
    /// As the settings say. A store in memory has as much of it as the archive of the seconds: half.
    pub(crate) fn of(settings: &History, place: &Place) -> Self {
        let hours = [
            u64::from(settings.ten_seconds_hours),
            u64::from(settings.minutes_days) * 24,
            u64::from(settings.ten_minutes_days) * 24,
            u64::from(settings.hours_days) * 24,
        ];
        let mut steps = [0; LENGTHS.len()];
        for ((steps, length), hours) in steps.iter_mut().zip(LENGTHS).zip(hours) {
            *steps = hours * 3600 / length.unsigned_abs();
        }
        let disk = (settings.disk_mb as u64) << 20;
        let bytes = match place {
            Place::File(_) => disk,
            Place::Memory(_) => disk.min(((settings.memory_mb as u64) << 20) / 2).max(LEAST),
        };
        Self { steps, flows: u64::from(settings.flows_days) * 24 * 60, rows: settings.rows, bytes }
    }

    /// For those who look: with what is the oldest now.
    pub(super) fn told(&self, (steps, flows): Oldest) -> Vec<Kept> {
        let kept = |what, step: i64, many: u64, oldest| Kept {
            what,
            step,
            seconds: many * step.unsigned_abs(),
            oldest,
        };
        let totals = LENGTHS.into_iter().zip(self.steps).zip(steps);
        totals
            .map(|((length, many), oldest)| kept("totals", length, many, oldest))
            .chain([kept("flows", FLOWS, self.flows, flows)])
            .collect()
    }
}

/// How long something is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// `totals`, or `flows` themselves.
    pub(crate) what: &'static str,
    /// In steps of so many seconds.
    pub(crate) step: i64,
    /// Seconds that were recorded.
    pub(crate) seconds: u64,
    /// The first second there is something of.
    pub(crate) oldest: Option<i64>,
}

/// The first seconds of the steps of each length, and of the flows.
pub(super) type Oldest = ([Option<i64>; LENGTHS.len()], Option<i64>);

/// Where the step of this length begins that a second belongs to.
pub(crate) const fn begin(second: i64, length: i64) -> i64 {
    second - second.rem_euclid(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_length_divides_the_next() {
        assert!(LENGTHS.windows(2).all(|pair| pair[1] % pair[0] == 0));
    }

    #[test]
    fn what_the_settings_say_in_hours_and_days_is_kept_in_steps() {
        let settings = History { ten_seconds_hours: 1, minutes_days: 2, ..History::default() };
        let keep = Keep::of(&settings, &Place::File("history.sqlite".into()));
        assert_eq!(keep.steps[..2], [360, 2 * 24 * 60]);
    }

    #[test]
    fn a_store_in_memory_is_bounded_by_memory() {
        let settings = History { memory_mb: 32, disk_mb: 4096, ..History::default() };
        let bytes = |place: Place| Keep::of(&settings, &place).bytes >> 20;
        assert_eq!((bytes(Place::File("x".into())), bytes(Place::Memory("x".to_owned()))), (4096, 16));
    }
}
