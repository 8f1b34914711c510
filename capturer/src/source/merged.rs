//! Several sources as one stream in time order: always the earliest of the sources' next frames.
//!
//! Each source keeps its own order; of frames with the same time the earlier named source's comes first. Of many files,
//! each is closed again once its first frame is known and reopened when its turn comes, so that a folder of a thousand
//! captures in sequence needs the memory of one; and none is kept open, so that a thousand side by side need no handles.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::held::Held;
use super::opener::Opener;
use super::{Next, Source, SourceError};
use crate::Timestamp;

pub use super::opener::Reading;

/// Between looks when no source that is followed has anything.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Several sources in time order. Frames are numbered in the order they come out.
///
/// A source that turns out damaged gives its frames up to there, the others go on, and the errors come at the end, one
/// for each such source: whoever wants to know all of them asks on until [`Next::End`].
pub struct Merged {
    lanes: Vec<Lane>,
    opener: Opener,
    /// The times of the known next frames, with their lanes.
    heads: BinaryHeap<Reverse<(Timestamp, usize)>>,
    /// Lanes whose next frame is not known, the next one last.
    unknown: Vec<usize>,
    faults: VecDeque<SourceError>,
    frames: u64,
    lost: u64,
    cut_at: Option<u64>,
    /// A source that has nothing yet holds up the others.
    waits: bool,
}

/// One of the sources.
struct Lane {
    origin: Origin,
    head: Held,
}

enum Origin {
    Open(Box<dyn Source>),
    /// Closed after its first frame, which is the head.
    Parked(PathBuf),
    Done,
}

/// Opens capture files as one stream in time order, each to its end.
///
/// # Errors
/// As [`open_with`].
pub fn open(paths: &[PathBuf]) -> Result<Box<dyn Source>, SourceError> {
    open_with(paths, Reading::default())
}

/// Opens capture files as one stream in time order. A file among others that cannot be read is named at the end of the
/// stream.
///
/// # Errors
/// [`SourceError`] of the first file when none of them can be opened.
pub fn open_with(paths: &[PathBuf], reading: Reading) -> Result<Box<dyn Source>, SourceError> {
    let opener = Opener::new(reading, paths.len());
    if let [path] = paths {
        return opener.open(path);
    }
    let mut merged = Merged { waits: !reading.follow, opener, ..Merged::new(Vec::new()) };
    for path in paths {
        match opener.open(path) {
            Ok(source) => merged.add(source),
            Err(error) => {
                merged.fault(error);
                continue;
            }
        }
        if opener.parks(path) {
            merged.park(path);
        }
    }
    match merged.faults.pop_front() {
        Some(first) if merged.lanes.is_empty() => return Err(first),
        first => first.into_iter().for_each(|first| merged.faults.push_front(first)),
    }
    Ok(Box::new(merged))
}

impl Merged {
    /// Merges sources that are open already.
    pub fn new(sources: Vec<Box<dyn Source>>) -> Self {
        let mut merged = Self {
            lanes: Vec::new(),
            opener: Opener::new(Reading::default(), sources.len()),
            heads: BinaryHeap::new(),
            unknown: Vec::new(),
            faults: VecDeque::new(),
            frames: 0,
            lost: 0,
            cut_at: None,
            waits: true,
        };
        sources.into_iter().for_each(|source| merged.add(source));
        merged
    }

    fn add(&mut self, source: Box<dyn Source>) {
        self.unknown.push(self.lanes.len());
        self.lanes.push(Lane { origin: Origin::Open(source), head: Held::default() });
    }

    /// Takes the first frame of the lane just added and closes its file.
    fn park(&mut self, path: &Path) {
        let Some(index) = self.unknown.pop() else { return };
        if !self.advance(index) {
            self.unknown.push(index);
            return;
        }
        let lane = &mut self.lanes[index];
        if matches!(lane.origin, Origin::Open(_)) {
            lane.head.release();
            lane.origin = Origin::Parked(path.into());
        }
    }

    /// Makes the next frame of a lane known; `false` when it is not there yet.
    fn advance(&mut self, index: usize) -> bool {
        match self.pull(index) {
            Ok(is_known) => is_known,
            Err(error) => {
                self.fault(error);
                self.close(index);
                true
            }
        }
    }

    /// Keeps an error for the end; where none may ever come, it is told at once, too.
    fn fault(&mut self, error: SourceError) {
        if !self.waits {
            tracing::warn!(%error, "a capture file cannot be read on; the others are");
        }
        self.faults.push_back(error);
    }

    fn pull(&mut self, index: usize) -> Result<bool, SourceError> {
        let lane = &mut self.lanes[index];
        if let Origin::Parked(path) = &lane.origin {
            let mut source = self.opener.open(path)?;
            source.next_frame()?;
            lane.origin = Origin::Open(source);
        }
        let Origin::Open(source) = &mut lane.origin else { return Ok(true) };
        match source.next_frame()? {
            Next::Frame(frame) => {
                lane.head.hold(&frame);
                self.heads.push(Reverse((frame.at, index)));
            }
            Next::Idle => return Ok(false),
            Next::End => self.close(index),
        }
        Ok(true)
    }

    fn close(&mut self, index: usize) {
        let lane = &mut self.lanes[index];
        lane.head = Held::default();
        if let Origin::Open(mut source) = std::mem::replace(&mut lane.origin, Origin::Done) {
            self.lost += source.lost();
            self.cut_at = self.cut_at.or_else(|| source.truncated_at());
        }
    }

    /// Makes the next frames of all lanes known; `false` when one is missing that must be waited for.
    fn know(&mut self) -> bool {
        if self.waits {
            while let Some(&index) = self.unknown.last() {
                if !self.advance(index) {
                    return false;
                }
                self.unknown.pop();
            }
            return true;
        }
        let mut unknown = std::mem::take(&mut self.unknown);
        unknown.retain(|&index| !self.advance(index));
        self.unknown = unknown;
        if self.heads.is_empty() && !self.unknown.is_empty() {
            thread::sleep(LOOK_AGAIN);
            return false;
        }
        true
    }
}

impl Source for Merged {
    fn next_frame(&mut self) -> Result<Next<'_>, SourceError> {
        if !self.know() {
            return Ok(Next::Idle);
        }
        let Some(Reverse((_, index))) = self.heads.pop() else {
            return self.faults.pop_front().map_or(Ok(Next::End), Err);
        };
        self.unknown.push(index);
        self.frames += 1;
        Ok(Next::Frame(self.lanes[index].head.lend(self.frames)))
    }

    fn lost(&mut self) -> u64 {
        let open = self.lanes.iter_mut().map(|lane| match &mut lane.origin {
            Origin::Open(source) => source.lost(),
            Origin::Parked(_) | Origin::Done => 0,
        });
        self.lost + open.sum::<u64>()
    }

    fn truncated_at(&self) -> Option<u64> {
        self.cut_at
    }
}
