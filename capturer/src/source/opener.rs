//! How each of several files is opened, so that a thousand of them take no more memory and file handles than a few.

use std::path::{Path, PathBuf};

use super::detached::Detached;
use super::file::{FileSource, STDIN};
use super::follow::Followed;
use super::window::CAPACITY;
use super::{Source, SourceError};

/// Up to so many files stay open from the start, each with a window of its own.
const FEW: usize = 8;

/// Bytes of all windows together when there are more, and the least of each.
const WINDOWS: usize = 32 * 1024 * 1024;
const LEAST_WINDOW: usize = 8 * 1024;

/// How capture files are read. The default is each to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Files are still being written: at their ends wait for more, see [`Followed`]. Such a source never ends. Of
    /// several files the next frame is the earliest of those that are there; none is waited for.
    pub follow: bool,
}

/// Opens one of `count` files.
#[derive(Clone, Copy)]
pub(super) struct Opener {
    reading: Reading,
    count: usize,
}

impl Opener {
    pub(super) const fn new(reading: Reading, count: usize) -> Self {
        Self { reading, count }
    }

    /// Whether a file is closed again once its first frame is known, until its turn comes.
    pub(super) fn parks(self, path: &Path) -> bool {
        self.count > FEW && !self.reading.follow && path.is_file()
    }

    pub(super) fn open(self, path: &Path) -> Result<Box<dyn Source>, SourceError> {
        if self.reading.follow && path.is_file() {
            return Ok(match self.count {
                1 => Box::new(Followed::open(path)?),
                _ => Box::new(Followed::beside_others(path)?),
            });
        }
        if self.count <= FEW || path == Path::new(STDIN) || !path.is_file() {
            return Ok(Box::new(FileSource::open(path)?));
        }
        let detached = Detached::new(path).map_err(|cause| SourceError::Io { path: path.into(), cause })?;
        let window = (WINDOWS / self.count).clamp(LEAST_WINDOW, CAPACITY);
        Ok(Box::new(FileSource::with_capacity(PathBuf::from(path), Box::new(detached), window)?))
    }
}
