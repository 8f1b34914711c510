//! The timeline of a replay, which goes on from loop to loop, and how it is tied to the clocks.

use std::time::Duration;

use super::progress::Speed;
use crate::Timestamp;

/// Between the last frame of a loop and the first of the next.
const BETWEEN_LOOPS: i64 = 1_000_000;

/// Where frames come to lie.
pub(super) struct Timeline {
    /// The recorded time of this loop's first frame.
    pub(super) first: Option<Timestamp>,
    /// The latest recorded time of this loop.
    pub(super) last: Timestamp,
    /// Where this loop begins.
    pub(super) base: i64,
    /// The recorded time of the very first frame.
    pub(super) origin: Option<Timestamp>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { first: None, last: Timestamp::from_nanos(i64::MIN), base: 0, origin: None }
    }
}

impl Timeline {
    /// The place of a frame recorded at `at`.
    pub(super) fn place(&mut self, at: Timestamp) -> i64 {
        let first = *self.first.get_or_insert(at);
        self.origin.get_or_insert(at);
        self.last = self.last.max(at).max(first);
        self.base.saturating_add(at - first)
    }

    /// Recorded time this loop took so far.
    pub(super) fn duration(&self) -> i64 {
        self.first.map_or(0, |first| self.last - first)
    }

    /// Begins the next loop right behind this one.
    pub(super) fn again(&mut self) {
        self.base = self.base.saturating_add(self.duration()).saturating_add(BETWEEN_LOOPS);
        self.first = None;
        self.last = Timestamp::from_nanos(i64::MIN);
    }
}

/// A place on the timeline and when it was due: everything after is measured from here, until the speed changes.
#[derive(Clone, Copy)]
pub(super) struct Anchor {
    pub(super) position: i64,
    pub(super) due: Duration,
    pub(super) wall: Timestamp,
    pub(super) speed: u64,
}

impl Anchor {
    /// How long after the anchor a place is due; before it: at once.
    pub(super) fn wait(&self, position: i64) -> Duration {
        let ahead = u64::try_from(position.saturating_sub(self.position)).unwrap_or(0);
        match Speed::from_bits(self.speed) {
            Speed::Max => Duration::ZERO,
            Speed::Times(factor) => {
                Duration::try_from_secs_f64(ahead as f64 / 1e9 / factor).unwrap_or(Duration::MAX)
            }
        }
    }

    /// The place whose turn it is at a time of the clock.
    pub(super) fn reached(&self, elapsed: Duration) -> i64 {
        match Speed::from_bits(self.speed) {
            Speed::Max => i64::MAX,
            Speed::Times(factor) => {
                let ahead = elapsed.saturating_sub(self.due).as_secs_f64() * factor * 1e9;
                self.position.saturating_add(ahead as i64)
            }
        }
    }

    /// The wall-clock time of a place.
    pub(super) fn rebased(&self, position: i64) -> Timestamp {
        let ahead = position.saturating_sub(self.position);
        let nanos = match Speed::from_bits(self.speed) {
            Speed::Max => ahead,
            Speed::Times(factor) => (ahead as f64 / factor) as i64,
        };
        Timestamp::from_nanos(self.wall.as_nanos().saturating_add(nanos))
    }
}
