//! Reading the packet socket ourselves: many frames a call, with the kernel's times and all their lengths.

use std::io;
use std::time::Duration;

use libc::{PACKET_AUXDATA, SO_TIMESTAMPNS, SOL_PACKET, SOL_SOCKET};
use socket2::Socket;

use super::header::{self, HEADROOM};
use super::socket::{self, Opening};
use super::{Captured, Opened, Receiver, now};
use crate::source::sys::{self, BURST, Datagram};
use crate::{LinkType, Timestamp};

/// Bytes for a frame and what is before it. Segmentation offload makes frames of 64 KiB.
const STRIDE: usize = 65_536 + 64;

/// Opens an interface to be read here.
pub(super) fn open(opening: Opening<'_>) -> io::Result<Opened> {
    let (socket, link) = socket::prepare(opening)?;
    socket::enlarge(&socket, opening)?;
    sys::set_option(&socket, SOL_SOCKET, SO_TIMESTAMPNS, 1)?;
    sys::set_option(&socket, SOL_PACKET, PACKET_AUXDATA, 1)?;
    sys::bind(&socket, opening.interface.index, libc::ETH_P_ALL)?;
    Ok((Box::new(PacketReceiver::new(socket, link)), link))
}

/// A socket and the frames last read from it.
struct PacketReceiver {
    socket: Socket,
    link: LinkType,
    buffer: Vec<u8>,
    datagrams: Vec<Datagram>,
    next: usize,
    /// Bytes put back before the frame at hand.
    added: usize,
}

impl PacketReceiver {
    fn new(socket: Socket, link: LinkType) -> Self {
        let (buffer, datagrams) = (vec![0; BURST * STRIDE], Vec::with_capacity(BURST));
        Self { socket, link, buffer, datagrams, next: 0, added: 0 }
    }

    /// Reads what is there; `false` when nothing is, and nothing came in the time it `may_wait`.
    fn receive(&mut self, may_wait: bool) -> io::Result<bool> {
        self.next = 0;
        match sys::receive(&self.socket, (&mut self.buffer, STRIDE, HEADROOM), &mut self.datagrams, may_wait)
        {
            Ok(()) => Ok(true),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

impl Receiver for PacketReceiver {
    /// The wait is the socket's read time-out, or none: one system call brings a frame and those behind it.
    fn ready(&mut self, timeout: Duration) -> io::Result<bool> {
        Ok(self.next < self.datagrams.len() || self.receive(!timeout.is_zero())?)
    }

    fn take(&mut self) {
        let Some(datagram) = self.datagrams.get(self.next) else { return };
        let slot = &mut self.buffer[self.next * STRIDE..][..STRIDE];
        self.added = header::restore(self.link, slot, datagram);
        self.next += 1;
    }

    fn frame(&self) -> Captured<'_> {
        let number = self.next.saturating_sub(1);
        let datagram = self.datagrams.get(number).copied().unwrap_or_default();
        let slot = &self.buffer[number * STRIDE..][..STRIDE];
        let captured = datagram.captured.min(STRIDE - HEADROOM);
        Captured {
            at: datagram.at.map_or_else(now, |(seconds, nanos)| Timestamp::from_parts(seconds, nanos)),
            wire_len: datagram.wire_len + self.added,
            bytes: &slot[HEADROOM - self.added..HEADROOM + captured],
        }
    }

    fn socket(&self) -> &Socket {
        &self.socket
    }
}
