//! A file that is open only while it is read from, so that any number of them can be read side by side.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::follow::{Identity, identity};

/// A regular file by its path and how far it was read.
pub(super) struct Detached {
    path: PathBuf,
    position: u64,
    identity: Identity,
}

impl Detached {
    /// A file from its beginning.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        let identity = identity(&File::open(path)?.metadata()?);
        Ok(Self { path: path.into(), position: 0, identity })
    }
}

impl Read for Detached {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = File::open(&self.path)?;
        if identity(&file.metadata()?) != self.identity {
            return Err(io::Error::other("another file took its place while it was read"));
        }
        file.seek(SeekFrom::Start(self.position))?;
        let count = file.read(buffer)?;
        self.position += count as u64;
        Ok(count)
    }
}
