//! Standard input that never waits for longer than a moment, so that whoever reads a pipe can be stopped.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::time::Duration;

use super::sys;

/// How long a read waits for bytes before it says [`ErrorKind::WouldBlock`].
const PATIENCE: Duration = Duration::from_millis(100);

/// Standard input, unbuffered.
pub(super) struct Stdin(File);

impl Stdin {
    pub(super) fn open() -> io::Result<Self> {
        Ok(Self(io::stdin().as_fd().try_clone_to_owned()?.into()))
    }
}

impl Read for Stdin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if sys::wait_readable(self.0.as_fd(), PATIENCE)? {
            self.0.read(buffer)
        } else {
            Err(ErrorKind::WouldBlock.into())
        }
    }
}
