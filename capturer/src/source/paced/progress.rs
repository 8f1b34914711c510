//! How fast a replay goes and where it is: a handle that any thread may read, and turn the speed by.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// How fast a replay goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// So many times as fast as recorded; above 0.
    Times(f64),
    /// As fast as the source gives frames.
    Max,
}

impl Speed {
    /// As the bits of a factor, infinite for [`Self::Max`].
    pub(super) const fn bits(self) -> u64 {
        match self {
            Self::Times(factor) => factor.to_bits(),
            Self::Max => f64::INFINITY.to_bits(),
        }
    }

    pub(super) fn from_bits(bits: u64) -> Self {
        let factor = f64::from_bits(bits);
        if factor.is_finite() && factor > 0.0 { Self::Times(factor) } else { Self::Max }
    }
}

/// Where a replay is, readable and its speed changeable from any thread.
#[derive(Debug)]
pub struct Progress {
    position: AtomicU64,
    duration: AtomicU64,
    loops: AtomicU64,
    speed: AtomicU64,
}

/// `duration` before the end was reached once.
const UNKNOWN: u64 = u64::MAX;

impl Progress {
    pub(super) const fn new(speed: Speed) -> Self {
        Self {
            position: AtomicU64::new(0),
            duration: AtomicU64::new(UNKNOWN),
            loops: AtomicU64::new(0),
            speed: AtomicU64::new(speed.bits()),
        }
    }

    /// A frame was lent that lies so many nanoseconds after the first.
    pub(super) fn reach(&self, position: i64) {
        self.position.store(u64::try_from(position).unwrap_or(0), Relaxed);
    }

    /// The end was reached, so many nanoseconds after the first frame.
    pub(super) fn complete(&self, duration: i64) {
        self.duration.store(u64::try_from(duration).unwrap_or(0), Relaxed);
        self.loops.fetch_add(1, Relaxed);
    }

    /// The speed as [`Speed::bits`].
    pub(super) fn speed_bits(&self) -> u64 {
        self.speed.load(Relaxed)
    }

    /// Recorded time from the capture's first frame to the latest one lent.
    pub fn position(&self) -> Duration {
        Duration::from_nanos(self.position.load(Relaxed))
    }

    /// Recorded time from the capture's first frame to its last; known after the first time through.
    pub fn duration(&self) -> Option<Duration> {
        match self.duration.load(Relaxed) {
            UNKNOWN => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }

    /// How often the end was reached.
    pub fn loops(&self) -> u64 {
        self.loops.load(Relaxed)
    }

    /// The speed now.
    pub fn speed(&self) -> Speed {
        Speed::from_bits(self.speed.load(Relaxed))
    }

    /// Goes on at another speed from here. A factor that is not a positive number counts as [`Speed::Max`].
    pub fn set_speed(&self, speed: Speed) {
        self.speed.store(speed.bits(), Relaxed);
    }
}
