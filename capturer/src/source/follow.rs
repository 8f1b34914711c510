//! A capture file that is still being written: at its end the source waits for more instead of ending.
//!
//! As `tail -F`: the path counts, not the file. When the path names another file (a writer that rotates) or the file
//! became shorter (one that begins anew in place), what is left of the old one is read, then the new one from its
//! header. A record written by half is no damage, only not there yet.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use super::file::{FileSource, Pulled};
use super::{Next, Source, SourceError};
use crate::Frame;

/// Between looks at a file that had no more.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A growing file, read on and on. It never ends of itself.
pub struct Followed {
    path: PathBuf,
    inner: FileSource,
    tail: Arc<Tail>,
    identity: Identity,
    /// Frames of the files before this one.
    before: u64,
    cut_at: Option<u64>,
    looks_from: Instant,
    waits: bool,
}

/// What the source and its reader share.
#[derive(Default)]
struct Tail {
    /// Bytes read.
    position: AtomicU64,
    /// No more will be written: the end is the end.
    is_final: AtomicBool,
}

impl Followed {
    /// Opens the file, which may still be empty. [`Source::next_frame`] waits a moment where there is nothing.
    ///
    /// # Errors
    /// As [`FileSource::open`].
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let (inner, tail, identity) = begin(path)?;
        let looks_from = Instant::now();
        Ok(Self {
            path: path.into(),
            inner,
            tail,
            identity,
            before: 0,
            cut_at: None,
            looks_from,
            waits: true,
        })
    }

    /// The same for one of several, of which none waits for itself.
    pub(super) fn beside_others(path: &Path) -> Result<Self, SourceError> {
        Ok(Self { waits: false, ..Self::open(path)? })
    }

    /// What comes next; a frame is lent afterwards.
    fn pull(&mut self) -> Result<Pulled, SourceError> {
        if Instant::now() < self.looks_from {
            return Ok(self.idle());
        }
        match self.inner.pull()? {
            Pulled::Record(record) => Ok(Pulled::Record(record)),
            Pulled::Idle => {
                self.look();
                Ok(self.idle())
            }
            Pulled::End if self.tail.is_final.load(Relaxed) => {
                self.begin_anew()?;
                Ok(Pulled::Idle)
            }
            Pulled::End => Ok(Pulled::End),
        }
    }

    /// Waits, or sees to it that the file is left alone for a while.
    fn idle(&self) -> Pulled {
        if self.waits {
            thread::sleep(self.looks_from.saturating_duration_since(Instant::now()));
        }
        Pulled::Idle
    }

    /// The file had no more: has another taken its place?
    fn look(&mut self) {
        let Ok(found) = fs::metadata(&self.path) else {
            // Between the two steps of a rotation there may be none.
            self.looks_from = Instant::now() + LOOK_AGAIN;
            return;
        };
        let is_shorter = found.len() < self.tail.position.load(Relaxed);
        if identity(&found) != self.identity || is_shorter {
            self.tail.is_final.store(true, Relaxed);
        } else {
            self.looks_from = Instant::now() + LOOK_AGAIN;
        }
    }

    /// Goes on with the file that has the name now.
    fn begin_anew(&mut self) -> Result<(), SourceError> {
        match begin(&self.path) {
            Ok((inner, tail, identity)) => {
                self.before += self.inner.frames();
                self.cut_at = self.inner.truncated_at().or(self.cut_at);
                (self.inner, self.tail, self.identity) = (inner, tail, identity);
            }
            // Gone again already: the next one counts.
            Err(SourceError::Io { cause, .. }) if cause.kind() == ErrorKind::NotFound => {
                self.looks_from = Instant::now() + LOOK_AGAIN;
            }
            Err(error) => {
                self.tail = Arc::default();
                return Err(error);
            }
        }
        Ok(())
    }
}

impl Source for Followed {
    fn next_frame(&mut self) -> Result<Next<'_>, SourceError> {
        match self.pull()? {
            Pulled::Record(record) => {
                let frame = self.inner.lend(record);
                Ok(Next::Frame(Frame { number: self.before + frame.number, ..frame }))
            }
            Pulled::Idle => Ok(Next::Idle),
            Pulled::End => Ok(Next::End),
        }
    }

    fn truncated_at(&self) -> Option<u64> {
        self.inner.truncated_at().or(self.cut_at)
    }
}

/// Opens the file at its beginning.
fn begin(path: &Path) -> Result<(FileSource, Arc<Tail>, Identity), SourceError> {
    let refused = |cause| SourceError::Io { path: path.into(), cause };
    let file = File::open(path).map_err(refused)?;
    let identity = identity(&file.metadata().map_err(refused)?);
    let tail = Arc::new(Tail::default());
    let reader = Growing { file, tail: Arc::clone(&tail) };
    Ok((FileSource::from_reader(path, Box::new(reader))?, tail, identity))
}

/// Device and inode: what makes two names the same file.
pub(super) type Identity = (u64, u64);

pub(super) fn identity(metadata: &Metadata) -> Identity {
    (metadata.dev(), metadata.ino())
}

/// A file whose end is not its end until it is final.
struct Growing {
    file: File,
    tail: Arc<Tail>,
}

impl Read for Growing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let is_final = self.tail.is_final.load(Relaxed);
        let count = self.file.read(buffer)?;
        self.tail.position.fetch_add(count as u64, Relaxed);
        if count == 0 && !is_final && !buffer.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        Ok(count)
    }
}
