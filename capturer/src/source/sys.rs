//! The system calls that no safe wrapper exists for, each behind a safe function: the crate's only unsafe code.
#![expect(unsafe_code, reason = "poll(2) and packet(7) have no safe wrapper in std or socket2")]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

/// Waits until `fd` can be read, has ended or is in error; `false` when `timeout` passed or a signal came before.
pub(super) fn wait_readable(fd: BorrowedFd<'_>, timeout: Duration) -> io::Result<bool> {
    let mut poll = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let millis = libc::c_int::try_from(timeout.as_millis()).unwrap_or(libc::c_int::MAX);
    // SAFETY: `poll` is one valid pollfd, alive and exclusively ours during the call, and the count says one.
    let ready = unsafe { libc::poll(&raw mut poll, 1, millis) };
    match ready {
        0.. => Ok(ready > 0),
        _ => match io::Error::last_os_error() {
            error if error.kind() == io::ErrorKind::Interrupted => Ok(false),
            error => Err(error),
        },
    }
}
