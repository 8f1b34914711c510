//! How fast a replay goes and where it is: a handle that any thread may read, and turn the speed by.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
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
    paused: AtomicBool,
    /// Where somebody wants to go on, nanoseconds after the first frame.
    sought: AtomicU64,
}

/// `sought` when nobody wants to.
const NOWHERE: u64 = u64::MAX;

/// `duration` before the end was reached once.
const UNKNOWN: u64 = u64::MAX;

impl Progress {
    pub(super) const fn new(speed: Speed) -> Self {
        Self {
            position: AtomicU64::new(0),
            duration: AtomicU64::new(UNKNOWN),
            loops: AtomicU64::new(0),
            speed: AtomicU64::new(speed.bits()),
            paused: AtomicBool::new(false),
            sought: AtomicU64::new(NOWHERE),
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

    /// How long the capture is, found by reading it beforehand; what a time through finds is better.
    pub fn foresee(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(UNKNOWN - 1);
        // Known already: fine.
        let _ = self.duration.compare_exchange(UNKNOWN, nanos, Relaxed, Relaxed);
    }

    /// The speed as [`Speed::bits`].
    pub(super) fn speed_bits(&self) -> u64 {
        self.speed.load(Relaxed)
    }

    /// Recorded time from the capture's first frame to the latest one lent.
    pub fn position(&self) -> Duration {
        Duration::from_nanos(self.position.load(Relaxed))
    }

    /// Recorded time from the capture's first frame to its last; known after the first time through, or where it was
    /// foreseen.
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

    /// Whether it stands still.
    pub fn is_paused(&self) -> bool {
        self.paused.load(Relaxed)
    }

    /// Has it stand still, or go on.
    pub fn set_paused(&self, paused: bool) {
        self.paused.store(paused, Relaxed);
    }

    /// Asks whoever reads the source to go on from a place, recorded time after the first frame.
    pub fn seek(&self, position: Duration) {
        self.sought.store(u64::try_from(position.as_nanos()).unwrap_or(NOWHERE - 1), Relaxed);
    }

    /// Whether somebody wants to go on from a place.
    pub fn is_sought(&self) -> bool {
        self.sought.load(Relaxed) != NOWHERE
    }

    /// Where somebody wants to go on, once.
    pub fn take_sought(&self) -> Option<Duration> {
        match self.sought.swap(NOWHERE, Relaxed) {
            NOWHERE => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }
}
