//! Replay: another source at the speed it was recorded, a multiple of it, or as fast as it goes; once or for ever.
//!
//! Frames are placed on one timeline: nanoseconds since the first frame, going on from loop to loop. The timeline says
//! when a frame is due and, where times are rebased, what time it bears.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::clock::Clock;
use super::held::Held;
use super::{Next, Source, SourceError};
use crate::{Frame, Timestamp};

/// The longest sleep before whoever asks gets [`Next::Idle`] and may stop.
const SLICE: Duration = Duration::from_millis(100);

/// Between the last frame of a loop and the first of the next.
const BETWEEN_LOOPS: i64 = 1_000_000;

/// How a replay goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// How fast.
    pub speed: Speed,
    /// Begins again at the end, with times that go on.
    pub looping: bool,
    /// Frames bear the time they are replayed at instead of the recorded one. At [`Speed::Max`] they begin now and keep
    /// their distances.
    pub rebase: bool,
}

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
    const fn bits(self) -> u64 {
        match self {
            Self::Times(factor) => factor.to_bits(),
            Self::Max => f64::INFINITY.to_bits(),
        }
    }

    fn from_bits(bits: u64) -> Self {
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

impl Progress {
    /// Recorded time from the capture's first frame to the latest one lent.
    pub fn position(&self) -> Duration {
        Duration::from_nanos(self.position.load(Relaxed))
    }

    /// Recorded time from the capture's first frame to its last; known after the first time through.
    pub fn duration(&self) -> Option<Duration> {
        match self.duration.load(Relaxed) {
            u64::MAX => None,
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

/// Opens the source anew, for each time through.
pub type Reopen = Box<dyn FnMut() -> Result<Box<dyn Source>, SourceError> + Send>;

/// A source replayed at a pace.
pub struct Paced {
    reopen: Reopen,
    inner: Box<dyn Source>,
    pace: Pace,
    clock: Box<dyn Clock>,
    progress: Arc<Progress>,
    held: Held,
    /// The held frame's place on the timeline, when one is held.
    waiting: Option<i64>,
    line: Timeline,
    anchor: Option<Anchor>,
    frames: u64,
    lost: u64,
    cut_at: Option<u64>,
    ended: bool,
}

/// Where frames come to lie.
#[derive(Default)]
struct Timeline {
    /// The recorded time of this loop's first frame.
    first: Option<Timestamp>,
    /// The latest recorded time of this loop.
    last: Timestamp,
    /// Where this loop begins.
    base: i64,
    /// The recorded time of the very first frame.
    origin: Option<Timestamp>,
}

impl Timeline {
    /// The place of a frame recorded at `at`.
    fn place(&mut self, at: Timestamp) -> i64 {
        let first = *self.first.get_or_insert(at);
        self.origin.get_or_insert(at);
        self.last = self.last.max(at).max(first);
        self.base.saturating_add(at - first)
    }

    /// Recorded time this loop took so far.
    fn duration(&self) -> i64 {
        self.first.map_or(0, |first| self.last - first)
    }

    /// Begins the next loop right behind this one.
    fn again(&mut self) {
        self.base = self.base.saturating_add(self.duration()).saturating_add(BETWEEN_LOOPS);
        self.first = None;
        self.last = Timestamp::from_nanos(i64::MIN);
    }
}

/// A place on the timeline and when it was due: everything after is measured from here, until the speed changes.
#[derive(Clone, Copy)]
struct Anchor {
    position: i64,
    due: Duration,
    wall: Timestamp,
    speed: u64,
}

impl Anchor {
    /// How long after the anchor a place is due; before it: at once.
    fn wait(&self, position: i64) -> Duration {
        let ahead = u64::try_from(position.saturating_sub(self.position)).unwrap_or(0);
        match Speed::from_bits(self.speed) {
            Speed::Max => Duration::ZERO,
            Speed::Times(factor) => {
                Duration::try_from_secs_f64(ahead as f64 / 1e9 / factor).unwrap_or(Duration::MAX)
            }
        }
    }

    /// The place whose turn it is at a time of the clock.
    fn reached(&self, elapsed: Duration) -> i64 {
        match Speed::from_bits(self.speed) {
            Speed::Max => i64::MAX,
            Speed::Times(factor) => {
                let ahead = elapsed.saturating_sub(self.due).as_secs_f64() * factor * 1e9;
                self.position.saturating_add(ahead as i64)
            }
        }
    }

    /// The wall-clock time of a place.
    fn rebased(&self, position: i64) -> Timestamp {
        let ahead = position.saturating_sub(self.position);
        let nanos = match Speed::from_bits(self.speed) {
            Speed::Max => ahead,
            Speed::Times(factor) => (ahead as f64 / factor) as i64,
        };
        Timestamp::from_nanos(self.wall.as_nanos().saturating_add(nanos))
    }
}

impl Paced {
    /// A replay of what `reopen` opens.
    ///
    /// # Errors
    /// As `reopen` fails.
    pub fn new(mut reopen: Reopen, pace: Pace, clock: Box<dyn Clock>) -> Result<Self, SourceError> {
        let progress = Progress {
            position: AtomicU64::new(0),
            duration: AtomicU64::new(u64::MAX),
            loops: AtomicU64::new(0),
            speed: AtomicU64::new(pace.speed.bits()),
        };
        Ok(Self {
            inner: reopen()?,
            reopen,
            pace,
            clock,
            progress: Arc::new(progress),
            held: Held::default(),
            waiting: None,
            line: Timeline { last: Timestamp::from_nanos(i64::MIN), ..Timeline::default() },
            anchor: None,
            frames: 0,
            lost: 0,
            cut_at: None,
            ended: false,
        })
    }

    /// Where the replay is.
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// Makes a frame wait; says what else came instead.
    fn pull(&mut self) -> Result<Pulled, SourceError> {
        match self.inner.next_frame()? {
            Next::Frame(frame) => {
                self.held.hold(&frame);
                self.waiting = Some(self.line.place(self.held.at()));
                Ok(Pulled::Frame)
            }
            Next::Idle => Ok(Pulled::Idle),
            Next::End => self.end(),
        }
    }

    /// The source ended: for good, or to begin again. One without frames never begins again.
    fn end(&mut self) -> Result<Pulled, SourceError> {
        self.cut_at = self.inner.truncated_at().or(self.cut_at);
        if self.line.first.is_some() {
            self.progress.duration.store(self.line.duration().unsigned_abs(), Relaxed);
            self.progress.loops.fetch_add(1, Relaxed);
        }
        if !self.pace.looping || self.line.first.is_none() {
            self.ended = true;
            return Ok(Pulled::End);
        }
        self.lost += self.inner.lost();
        self.inner = (self.reopen)()?;
        self.line.again();
        Ok(Pulled::Again)
    }

    /// The anchor in force for a frame at `position`.
    fn anchor(&mut self, position: i64) -> Anchor {
        let speed = self.progress.speed.load(Relaxed);
        let anchor = match self.anchor {
            Some(anchor) if anchor.speed == speed => return anchor,
            None => Anchor { position, due: self.clock.elapsed(), wall: self.clock.now(), speed },
            // Of a wait that is under way, what is left goes by the new speed.
            Some(old) => {
                let due = self.clock.elapsed();
                let position = old.reached(due).min(position);
                Anchor { position, due, wall: old.rebased(position), speed }
            }
        };
        *self.anchor.insert(anchor)
    }

    /// Lends the held frame.
    fn lend(&mut self, position: i64, anchor: Anchor) -> Frame<'_> {
        self.frames += 1;
        let into_loop = position.saturating_sub(self.line.base);
        self.progress.position.store(u64::try_from(into_loop).unwrap_or(0), Relaxed);
        let origin = self.line.origin.unwrap_or_default().as_nanos();
        let at = match self.pace.rebase {
            true => anchor.rebased(position),
            false => Timestamp::from_nanos(origin.saturating_add(position)),
        };
        Frame { at, ..self.held.lend(self.frames) }
    }
}

/// What came when a frame was wanted.
enum Pulled {
    Frame,
    Idle,
    Again,
    End,
}

impl Source for Paced {
    fn next_frame(&mut self) -> Result<Next<'_>, SourceError> {
        if self.ended {
            return Ok(Next::End);
        }
        let position = loop {
            if let Some(position) = self.waiting {
                break position;
            }
            match self.pull()? {
                Pulled::Frame | Pulled::Again => {}
                Pulled::Idle => return Ok(Next::Idle),
                Pulled::End => return Ok(Next::End),
            }
        };
        let anchor = self.anchor(position);
        let due = anchor.due.saturating_add(anchor.wait(position));
        let left = due.saturating_sub(self.clock.elapsed());
        if !left.is_zero() {
            self.clock.sleep(left.min(SLICE));
            if left > SLICE {
                return Ok(Next::Idle);
            }
        }
        self.waiting = None;
        Ok(Next::Frame(self.lend(position, anchor)))
    }

    fn lost(&mut self) -> u64 {
        self.lost + self.inner.lost()
    }

    fn truncated_at(&self) -> Option<u64> {
        self.cut_at
    }
}

#[cfg(test)]
mod tests;
