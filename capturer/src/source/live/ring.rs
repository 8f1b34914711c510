//! Reading frames where the kernel wrote them: whole blocks change hands, and each frame is lent from its block.

use std::io;
use std::mem::offset_of;
use std::ops::Range;
use std::os::fd::AsFd;
use std::time::Duration;

use libc::{
    TP_STATUS_VLAN_TPID_VALID, TP_STATUS_VLAN_VALID, sockaddr_ll, tpacket_block_desc, tpacket_hdr_v1,
    tpacket_hdr_variant1, tpacket3_hdr,
};
use socket2::Socket;

use super::header::{self, HEADROOM};
use super::socket::{self, Opening};
use super::{Captured, Opened, Receiver};
use crate::source::sys::{self, Datagram, RETIRE, Ring};
use crate::{LinkType, Timestamp};

/// Where a block says how many frames it has, and where the first is.
const FRAMES: usize = offset_of!(tpacket_block_desc, hdr) + offset_of!(tpacket_hdr_v1, num_pkts);
const FIRST: usize = offset_of!(tpacket_block_desc, hdr) + offset_of!(tpacket_hdr_v1, offset_to_first_pkt);

/// Bytes of the header before a frame. Behind it is the address (`sockaddr_ll`), then room, then the frame.
const HEADER: usize = size_of::<tpacket3_hdr>();
const ADDRESS: usize = size_of::<sockaddr_ll>();
const CONTROL: usize = offset_of!(tpacket3_hdr, hv1) + offset_of!(tpacket_hdr_variant1, tp_vlan_tci);
const IDENTIFIER: usize = offset_of!(tpacket3_hdr, hv1) + offset_of!(tpacket_hdr_variant1, tp_vlan_tpid);

/// The VLAN protocol identifier where the kernel doesn't say, IEEE 802.1Q.
const DOT1Q: u16 = 0x8100;

/// How long a block may stay with the kernel after its socket has failed.
const LAST_BLOCK: Duration = RETIRE.saturating_mul(5);

/// Opens an interface to be read from a ring.
pub(super) fn open(opening: Opening<'_>) -> io::Result<Opened> {
    let (socket, link) = socket::prepare(opening)?;
    let ring = Ring::new(&socket, opening.settings.buffer)?;
    opening.status.set_buffer(ring.size());
    sys::bind(&socket, opening.interface.index, libc::ETH_P_ALL)?;
    Ok((Box::new(RingReceiver { ring, socket, link, next: 0, left: 0, frame: NOWHERE }), link))
}

/// A ring and what is left of the block at hand.
struct RingReceiver {
    ring: Ring,
    socket: Socket,
    link: LinkType,
    /// Where in the block the next frame's header is.
    next: usize,
    /// Frames of the block not lent yet.
    left: u32,
    frame: Place,
}

/// A frame and where it is in its block.
struct Place {
    at: Timestamp,
    wire_len: usize,
    bytes: Range<usize>,
}

/// What stands for a frame that is not where its block says; the kernel writes no such block.
const NOWHERE: Place = Place { at: Timestamp::EPOCH, wire_len: 0, bytes: 0..0 };

impl RingReceiver {
    /// Takes the next block that has frames.
    fn advance(&mut self) -> bool {
        while self.left == 0 && self.ring.advance() {
            let block = self.ring.block();
            self.left = word(block, FRAMES);
            self.next = word(block, FIRST) as usize;
        }
        self.left > 0
    }
}

impl Receiver for RingReceiver {
    fn ready(&mut self, timeout: Duration) -> io::Result<bool> {
        if self.left > 0 || self.advance() {
            return Ok(true);
        }
        let timeout = if timeout.is_zero() { LAST_BLOCK } else { timeout };
        if !sys::wait_readable(self.socket.as_fd(), timeout)? {
            return Ok(false);
        }
        if self.advance() {
            return Ok(true);
        }
        self.socket.take_error()?.map_or(Ok(false), Err)
    }

    #[inline]
    fn take(&mut self) {
        self.left = self.left.saturating_sub(1);
        self.frame = self.place().unwrap_or(NOWHERE);
    }

    #[inline]
    fn frame(&self) -> Captured<'_> {
        let Place { at, wire_len, bytes } = &self.frame;
        let bytes = self.ring.block().get(bytes.clone()).unwrap_or_default();
        Captured { at: *at, wire_len: *wire_len, bytes }
    }

    fn socket(&self) -> &Socket {
        &self.socket
    }
}

impl RingReceiver {
    /// Goes to the next frame of the block and puts back what the kernel took off it.
    #[inline]
    fn place(&mut self) -> Option<Place> {
        let rest = self.ring.frames_mut(self.next)?;
        let header = Header::read(rest.first_chunk()?);
        let first = self.next + header.start;
        self.next += header.next;
        let added = if header.vlan.is_some() || self.link == LinkType::LINUX_SLL {
            header.restore(rest, self.link)?
        } else {
            0
        };
        let Header { at, wire_len, captured, .. } = header;
        let bytes = first.checked_sub(added)?..first + captured;
        Some(Place { at, wire_len: wire_len + added, bytes })
    }
}

/// What the kernel says of a frame (`struct tpacket3_hdr`).
struct Header {
    /// Bytes from this header to the next.
    next: usize,
    at: Timestamp,
    wire_len: usize,
    /// Where the frame begins, from this header on, and how much of it was captured.
    start: usize,
    captured: usize,
    vlan: Option<(u16, u16)>,
}

impl Header {
    #[inline]
    fn read(bytes: &[u8; HEADER]) -> Self {
        let status = word(bytes, offset_of!(tpacket3_hdr, tp_status));
        let seconds = word(bytes, offset_of!(tpacket3_hdr, tp_sec));
        let nanos = word(bytes, offset_of!(tpacket3_hdr, tp_nsec));
        Self {
            next: word(bytes, offset_of!(tpacket3_hdr, tp_next_offset)) as usize,
            at: Timestamp::from_parts(seconds.into(), nanos.into()),
            wire_len: word(bytes, offset_of!(tpacket3_hdr, tp_len)) as usize,
            start: half(bytes, offset_of!(tpacket3_hdr, tp_mac)).into(),
            captured: word(bytes, offset_of!(tpacket3_hdr, tp_snaplen)) as usize,
            vlan: (status & TP_STATUS_VLAN_VALID != 0).then(|| vlan(bytes, status)),
        }
    }

    /// Puts back what was taken off the frame, over headers that have been read; tells how many bytes it grew to the
    /// front.
    fn restore(&self, rest: &mut [u8], link: LinkType) -> Option<usize> {
        let datagram = self.datagram(rest.get(HEADER..)?.first_chunk()?);
        let slot = rest.get_mut(self.start.checked_sub(HEADROOM)?..self.start + self.captured)?;
        Some(header::restore(link, slot, &datagram))
    }

    fn datagram(&self, address: &[u8; ADDRESS]) -> Datagram {
        let hardware_address = offset_of!(sockaddr_ll, sll_addr);
        Datagram {
            wire_len: self.wire_len,
            vlan: self.vlan,
            direction: address[offset_of!(sockaddr_ll, sll_pkttype)],
            protocol: u16::from_be(half(address, offset_of!(sockaddr_ll, sll_protocol))),
            hardware: half(address, offset_of!(sockaddr_ll, sll_hatype)),
            address: (
                address[hardware_address..].first_chunk().copied().unwrap_or_default(),
                address[offset_of!(sockaddr_ll, sll_halen)],
            ),
            ..Datagram::default()
        }
    }
}

/// The tag the network card or the kernel took out of the frame.
fn vlan(bytes: &[u8; HEADER], status: u32) -> (u16, u16) {
    let named = status & TP_STATUS_VLAN_TPID_VALID != 0;
    let identifier = if named { half(bytes, IDENTIFIER) } else { DOT1Q };
    (identifier, word(bytes, CONTROL) as u16)
}

/// Four bytes in this machine's order; 0 beyond the end.
#[inline]
fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |found| u32::from_ne_bytes(*found))
}

/// Two bytes in this machine's order; 0 beyond the end.
#[inline]
fn half(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |found| u16::from_ne_bytes(*found))
}
