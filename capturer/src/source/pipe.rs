//! Standard input and named pipes, of which no read waits for longer than a moment, so that whoever reads one can be
//! stopped. What has come is given out at once, however little it is.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::time::Duration;

use super::sys;

/// How long a read waits for bytes before it says [`ErrorKind::WouldBlock`].
const PATIENCE: Duration = Duration::from_millis(100);

/// Something whose bytes come when they come, unbuffered.
pub(super) struct Pipe(File);

impl Pipe {
    /// Standard input.
    pub(super) fn stdin() -> io::Result<Self> {
        Ok(Self(io::stdin().as_fd().try_clone_to_owned()?.into()))
    }

    /// What was opened by a name, such as a FIFO or a shell's process substitution.
    pub(super) const fn of(file: File) -> Self {
        Self(file)
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if sys::wait_readable(self.0.as_fd(), PATIENCE)? {
            self.0.read(buffer)
        } else {
            Err(ErrorKind::WouldBlock.into())
        }
    }
}
