//! Reading through `pnet_datalink`, with our socket handed over: its buffer, counters and settings are ours.
//!
//! pnet gives bytes and nothing else: the time is that of reading, a frame longer than the buffer loses its length, and
//! a VLAN tag that the kernel took out of a frame is gone.

use std::io;
use std::os::fd::{AsFd, IntoRawFd};
use std::time::Duration;

use pnet::datalink::{self, Channel, Config, DataLinkReceiver};
use socket2::Socket;

use super::socket::{self, Opening};
use super::{Captured, Opened, Receiver, now};
use crate::source::sys;
use crate::{LinkType, Timestamp};

/// Bytes for a frame; pnet's own 4096 cut frames of segmentation offload.
const READ_BUFFER: usize = 65_536;

/// Opens an interface to be read by pnet.
pub(super) fn open(opening: Opening<'_>) -> io::Result<Opened> {
    let (socket, link) = socket::prepare(opening)?;
    if link == LinkType::LINUX_SLL {
        let reason = "this kind of link needs method = \"ring\" or \"packet\"";
        return Err(io::Error::new(io::ErrorKind::Unsupported, reason));
    }
    socket::enlarge(&socket, opening)?;
    let receiver = channel(&socket, opening)?;
    let bytes = Vec::with_capacity(READ_BUFFER);
    Ok((Box::new(PnetReceiver { socket, receiver, bytes, at: now() }), link))
}

/// Has pnet bind the socket and read it.
fn channel(socket: &Socket, opening: Opening<'_>) -> io::Result<Box<dyn DataLinkReceiver>> {
    let index = opening.interface.index;
    let found = datalink::interfaces().into_iter().find(|found| found.index == index);
    let found = found.ok_or_else(|| io::Error::from_raw_os_error(libc::ENODEV))?;
    // pnet closes what it is given, also when it fails; the counters are read through the other handle.
    let given = socket.try_clone()?.into_raw_fd();
    let config = Config {
        read_buffer_size: READ_BUFFER,
        read_timeout: Some(opening.settings.timeout),
        promiscuous: false,
        socket_fd: Some(given),
        ..Config::default()
    };
    match datalink::channel(&found, config)? {
        Channel::Ethernet(_, receiver) => Ok(receiver),
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// pnet's receiver and the frame last read.
struct PnetReceiver {
    socket: Socket,
    receiver: Box<dyn DataLinkReceiver>,
    bytes: Vec<u8>,
    at: Timestamp,
}

impl Receiver for PnetReceiver {
    /// The time-out is the one given at the opening, or none where the socket has failed and is to be emptied.
    fn ready(&mut self, timeout: Duration) -> io::Result<bool> {
        if timeout.is_zero() && !sys::wait_readable(self.socket.as_fd(), timeout)? {
            return Ok(false);
        }
        match self.receiver.next() {
            Ok(bytes) => {
                self.bytes.clear();
                self.bytes.extend_from_slice(bytes);
                self.at = now();
                Ok(true)
            }
            Err(error) if is_wait(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn take(&mut self) {}

    fn frame(&self) -> Captured<'_> {
        Captured { at: self.at, wire_len: self.bytes.len(), bytes: &self.bytes }
    }

    fn socket(&self) -> &Socket {
        &self.socket
    }
}

/// Nothing came in time.
fn is_wait(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), TimedOut | WouldBlock | Interrupted)
}
