//! Steps of the store: how long they are, and how many of each are kept.

use crate::settings::History;

/// Lengths of steps, seconds; each divides the next.
pub(crate) const LENGTHS: [i64; 4] = [10, 60, 600, 3600];

/// How many steps of each length are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Keep {
    /// In the order of [`LENGTHS`].
    pub(crate) steps: [u64; LENGTHS.len()],
    /// Minutes of which flows are kept.
    pub(crate) flows: u64,
    /// Keys of a dimension in a step; the others are one row.
    pub(crate) rows: usize,
    /// Bytes on disk.
    pub(crate) bytes: u64,
}

impl Keep {
    /// As the settings say.
    pub(crate) fn of(settings: &History) -> Self {
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
        Self {
            steps,
            flows: u64::from(settings.flows_days) * 24 * 60,
            rows: settings.rows,
            bytes: (settings.disk_mb as u64) << 20,
        }
    }
}

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
        let keep = Keep::of(&History { ten_seconds_hours: 1, minutes_days: 2, ..History::default() });
        assert_eq!(keep.steps[..2], [360, 2 * 24 * 60]);
    }
}
