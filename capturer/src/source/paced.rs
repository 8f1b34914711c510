//! Replay: another source at the speed it was recorded, a multiple of it, or as fast as it goes; once or for ever.
//!
//! Frames are placed on one timeline: nanoseconds since the first frame, going on from loop to loop. The timeline says
//! when a frame is due and, where times are rebased, what time it bears.

mod progress;
mod timeline;

use std::sync::Arc;
use std::time::Duration;

use super::clock::Clock;
use super::held::Held;
use super::{Next, Source, SourceError};
use crate::{Frame, Timestamp};

pub use progress::{Progress, Speed};
use timeline::{Anchor, Timeline};

/// The longest sleep before whoever asks gets [`Next::Idle`] and may stop.
const SLICE: Duration = Duration::from_millis(100);

/// Frames that are passed over before whoever asks may stop.
const MOST_PASSED: usize = 16_384;

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
    /// Frames before this place are passed over.
    skip_to: i64,
    frames: u64,
    lost: u64,
    cut_at: Option<u64>,
    ended: bool,
}

impl Paced {
    /// A replay of what `reopen` opens.
    ///
    /// # Errors
    /// As `reopen` fails.
    pub fn new(mut reopen: Reopen, pace: Pace, clock: Box<dyn Clock>) -> Result<Self, SourceError> {
        Ok(Self {
            inner: reopen()?,
            reopen,
            pace,
            clock,
            progress: Arc::new(Progress::new(pace.speed)),
            held: Held::default(),
            waiting: None,
            line: Timeline::default(),
            anchor: None,
            skip_to: 0,
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
                let position = self.line.place(frame.at);
                if position < self.skip_to {
                    return Ok(Pulled::Passed);
                }
                self.held.hold(&frame);
                self.waiting = Some(position);
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
            self.progress.complete(self.line.duration());
        }
        // Nothing may lie behind the place that was sought; the next time through is a whole one.
        self.skip_to = 0;
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
        let speed = self.progress.speed_bits();
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
        self.progress.reach(position.saturating_sub(self.line.base));
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
    /// One that lies before the place that was sought.
    Passed,
    Idle,
    Again,
    End,
}

impl Source for Paced {
    fn next_frame(&mut self) -> Result<Next<'_>, SourceError> {
        if self.ended {
            return Ok(Next::End);
        }
        if self.progress.is_paused() {
            // The wait that is under way begins anew when it goes on.
            self.anchor = None;
            self.clock.sleep(SLICE);
            return Ok(Next::Idle);
        }
        let mut passed = 0;
        let position = loop {
            if let Some(position) = self.waiting {
                break position;
            }
            match self.pull()? {
                Pulled::Frame | Pulled::Again => {}
                Pulled::Passed if passed < MOST_PASSED => passed += 1,
                Pulled::Passed => return Ok(Next::Idle),
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

    fn seek(&mut self, position: Duration) -> Result<bool, SourceError> {
        let inner = (self.reopen)()?;
        self.lost += self.inner.lost();
        self.inner = inner;
        self.line = Timeline::default();
        self.skip_to = i64::try_from(position.as_nanos()).unwrap_or(i64::MAX);
        (self.waiting, self.anchor, self.ended) = (None, None, false);
        Ok(true)
    }

    fn truncated_at(&self) -> Option<u64> {
        self.cut_at
    }
}

#[cfg(test)]
mod tests;
