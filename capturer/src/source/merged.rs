//! Several sources as one stream in time order: always the earliest of the sources' next frames.
//!
//! Each source keeps its own order; of frames with the same time the earlier named source's comes first. Of many files,
//! each is closed again once its first frame is known and reopened when its turn comes, so that a folder of a thousand
//! captures in sequence needs the memory of one.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::path::{Path, PathBuf};

use super::file::FileSource;
use super::held::Held;
use super::{Next, Source, SourceError};
use crate::Timestamp;

/// More files than these are not all kept open from the start.
const OPEN_FROM_THE_START: usize = 8;

/// Several sources in time order. Frames are numbered in the order they come out.
///
/// A source that turns out damaged gives its frames up to there, the others go on, and the error comes at the end.
pub struct Merged {
    lanes: Vec<Lane>,
    /// The times of the known next frames, with their lanes.
    heads: BinaryHeap<Reverse<(Timestamp, usize)>>,
    /// Lanes whose next frame is not known, the next one last.
    unknown: Vec<usize>,
    faults: VecDeque<SourceError>,
    frames: u64,
    lost: u64,
    cut_at: Option<u64>,
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

/// Opens capture files as one stream in time order.
///
/// # Errors
/// [`SourceError`] of the first file that cannot be opened.
pub fn open(paths: &[PathBuf]) -> Result<Box<dyn Source>, SourceError> {
    if let [path] = paths {
        return Ok(Box::new(FileSource::open(path)?));
    }
    let park = paths.len() > OPEN_FROM_THE_START;
    let mut merged = Merged::new(Vec::new());
    for path in paths {
        merged.add(Box::new(FileSource::open(path)?));
        if park && path.is_file() {
            merged.park(path)?;
        }
    }
    Ok(Box::new(merged))
}

impl Merged {
    /// Merges sources that are open already.
    pub fn new(sources: Vec<Box<dyn Source>>) -> Self {
        let mut merged = Self {
            lanes: Vec::new(),
            heads: BinaryHeap::new(),
            unknown: Vec::new(),
            faults: VecDeque::new(),
            frames: 0,
            lost: 0,
            cut_at: None,
        };
        sources.into_iter().for_each(|source| merged.add(source));
        merged
    }

    fn add(&mut self, source: Box<dyn Source>) {
        self.unknown.push(self.lanes.len());
        self.lanes.push(Lane { origin: Origin::Open(source), head: Held::default() });
    }

    /// Takes the first frame of the lane just added and closes its file.
    fn park(&mut self, path: &Path) -> Result<(), SourceError> {
        let (Some(index), Some(_)) = (self.unknown.pop(), self.lanes.last()) else { return Ok(()) };
        self.advance(index)?;
        let lane = &mut self.lanes[index];
        if matches!(lane.origin, Origin::Open(_)) {
            lane.head.release();
            lane.origin = Origin::Parked(path.into());
        }
        Ok(())
    }

    /// Makes the next frame of a lane known; `false` when it is not there yet.
    fn advance(&mut self, index: usize) -> Result<bool, SourceError> {
        let lane = &mut self.lanes[index];
        if let Origin::Parked(path) = &lane.origin {
            let mut source = FileSource::open(path)?;
            source.next_frame()?;
            lane.origin = Origin::Open(Box::new(source));
        }
        let Origin::Open(source) = &mut lane.origin else { return Ok(true) };
        match source.next_frame() {
            Ok(Next::Frame(frame)) => {
                lane.head.hold(&frame);
                self.heads.push(Reverse((frame.at, index)));
            }
            Ok(Next::Idle) => return Ok(false),
            Ok(Next::End) => self.close(index),
            Err(error) => {
                self.faults.push_back(error);
                self.close(index);
            }
        }
        Ok(true)
    }

    fn close(&mut self, index: usize) {
        if let Origin::Open(mut source) = std::mem::replace(&mut self.lanes[index].origin, Origin::Done) {
            self.lost += source.lost();
            self.cut_at = self.cut_at.or_else(|| source.truncated_at());
        }
    }
}

impl Source for Merged {
    fn next_frame(&mut self) -> Result<Next<'_>, SourceError> {
        while let Some(&index) = self.unknown.last() {
            match self.advance(index) {
                Ok(true) => {}
                Ok(false) => return Ok(Next::Idle),
                Err(error) => {
                    self.faults.push_back(error);
                    self.close(index);
                    self.lanes[index].origin = Origin::Done;
                }
            }
            self.unknown.pop();
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
