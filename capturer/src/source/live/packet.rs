//! Reading the packet socket ourselves: many frames a call, with the kernel's times and all their lengths.
//!
//! The kernel hands VLAN tags over beside the frame, having taken them out (or the network card has); they are put back
//! in, so that a frame looks as it did on the wire. Links whose headers nobody decodes are read without them, and get
//! the header of a "cooked" capture (LINKTYPE_LINUX_SLL) instead.

use std::io;
use std::time::Duration;

use socket2::{Socket, Type};

use super::{Captured, LiveSettings, LiveStatus, Receiver, link_type, now, socket};
use crate::source::interfaces::Interface;
use crate::source::sys::{self, BURST, Datagram};
use crate::{LinkType, Timestamp};

/// Bytes left free before each frame: a VLAN tag is four, a cooked header sixteen.
const HEADROOM: usize = 16;

/// Bytes for a frame and what is before it. Segmentation offload makes frames of 64 KiB.
const STRIDE: usize = 65_536 + 64;

/// Bytes of both hardware addresses, behind which a VLAN tag goes.
const ADDRESSES: usize = 12;

/// Opens an interface to be read here.
pub(super) fn open(
    interface: &Interface,
    settings: &LiveSettings,
    status: &LiveStatus,
) -> io::Result<(Box<dyn Receiver>, LinkType)> {
    let raw = socket::prepare(Type::RAW, interface, settings, status)?;
    sys::bind(&raw, interface.index)?;
    if let Some(link) = link_type(sys::hardware_type(&raw)?) {
        return Ok((Box::new(PacketReceiver::new(raw, link)), link));
    }
    drop(raw);
    let cooked = socket::prepare(Type::DGRAM, interface, settings, status)?;
    sys::bind(&cooked, interface.index)?;
    Ok((Box::new(PacketReceiver::new(cooked, LinkType::LINUX_SLL)), LinkType::LINUX_SLL))
}

/// A socket and the frames last read from it.
struct PacketReceiver {
    socket: Socket,
    link: LinkType,
    buffer: Vec<u8>,
    datagrams: Vec<Datagram>,
    next: usize,
}

impl PacketReceiver {
    fn new(socket: Socket, link: LinkType) -> Self {
        let (buffer, datagrams) = (vec![0; BURST * STRIDE], Vec::with_capacity(BURST));
        Self { socket, link, buffer, datagrams, next: 0 }
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

    fn take(&mut self) -> Captured<'_> {
        let Some(datagram) = self.datagrams.get(self.next).copied() else {
            return Captured { at: now(), wire_len: 0, bytes: &[] };
        };
        let slot = &mut self.buffer[self.next * STRIDE..][..STRIDE];
        self.next += 1;
        let added = match self.link {
            LinkType::LINUX_SLL => cook(slot, &datagram),
            LinkType::ETHERNET => tag(slot, &datagram),
            _ => 0,
        };
        let captured = datagram.wire_len.min(STRIDE - HEADROOM);
        Captured {
            at: datagram.at.map_or_else(now, |(seconds, nanos)| Timestamp::from_parts(seconds, nanos)),
            wire_len: datagram.wire_len + added,
            bytes: &slot[HEADROOM - added..HEADROOM + captured],
        }
    }

    fn socket(&self) -> &Socket {
        &self.socket
    }
}

/// Puts a VLAN tag back behind the addresses; tells how many bytes the frame grew to the front.
fn tag(slot: &mut [u8], datagram: &Datagram) -> usize {
    let Some((identifier, control)) = datagram.vlan.filter(|_| datagram.wire_len >= ADDRESSES) else {
        return 0;
    };
    slot.copy_within(HEADROOM..HEADROOM + ADDRESSES, HEADROOM - 4);
    let tag = HEADROOM - 4 + ADDRESSES;
    slot[tag..tag + 2].copy_from_slice(&identifier.to_be_bytes());
    slot[tag + 2..tag + 4].copy_from_slice(&control.to_be_bytes());
    4
}

/// Writes a cooked header before a packet whose link header the kernel took off.
fn cook(slot: &mut [u8], datagram: &Datagram) -> usize {
    let (address, length) = datagram.address;
    slot[0..2].copy_from_slice(&u16::from(datagram.direction).to_be_bytes());
    slot[2..4].copy_from_slice(&datagram.hardware.to_be_bytes());
    slot[4..6].copy_from_slice(&u16::from(length).to_be_bytes());
    slot[6..14].copy_from_slice(&address);
    slot[14..16].copy_from_slice(&datagram.protocol.to_be_bytes());
    HEADROOM
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vlan_tag_goes_back_behind_the_addresses() {
        let mut slot = vec![0; HEADROOM];
        slot.extend(b"destinsourceXYpayload");
        let datagram = Datagram { wire_len: 21, vlan: Some((0x88a8, 0x602a)), ..Datagram::default() };
        assert_eq!(tag(&mut slot, &datagram), 4);
        assert_eq!(&slot[HEADROOM - 4..], b"destinsource\x88\xa8\x60\x2aXYpayload");
    }

    #[test]
    fn a_cooked_header_says_direction_link_address_and_protocol() {
        let mut slot = vec![0; HEADROOM];
        let address = ([1, 2, 3, 4, 5, 6, 0, 0], 6);
        let datagram =
            Datagram { direction: 4, hardware: 512, protocol: 0x0800, address, ..Datagram::default() };
        assert_eq!(cook(&mut slot, &datagram), 16);
        assert_eq!(slot, [0, 4, 2, 0, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0]);
    }
}
