//! Packets on their way: a few at a time, with the kept bytes of their frames in one piece of memory.

use super::PacketStream;
use crate::{Frame, LinkType, Packet};

/// The most packets that are appended or read at once.
pub const BATCH: usize = 256;

/// Bytes of a batch beyond `kept_bytes` of each frame, for frames of which more is kept.
const SPARE: usize = 16 * 1024;

/// Where the kept bytes of a frame are. Positions grow without end; a ring takes them modulo its size.
#[derive(Clone, Copy, Default)]
pub(super) struct Extent {
    pub(super) start: u64,
    pub(super) len: u32,
    /// What the bytes begin with: a `LINKTYPE_` number.
    pub(super) link: u16,
}

impl Extent {
    pub(super) const fn end(self) -> u64 {
        self.start + self.len as u64
    }

    /// The same place when what is counted from 0 begins at `origin`.
    pub(super) const fn onto(self, origin: u64) -> Self {
        Self { start: self.start + origin, ..self }
    }

    /// The same place counted from `origin`.
    pub(super) const fn from(self, origin: u64) -> Self {
        Self { start: self.start - origin, ..self }
    }
}

/// What the capture thread collects before it appends: up to [`BATCH`] packets.
pub struct Batch {
    pub(super) packets: Vec<Packet>,
    pub(super) extents: Vec<Extent>,
    pub(super) bytes: Vec<u8>,
    kept_bytes: usize,
}

impl Batch {
    /// An empty batch that keeps up to `kept_bytes` of each frame.
    pub fn new(kept_bytes: usize) -> Self {
        Self {
            packets: Vec::with_capacity(BATCH),
            extents: Vec::with_capacity(BATCH),
            bytes: Vec::with_capacity(most_bytes(kept_bytes)),
            kept_bytes,
        }
    }

    /// Adds a packet and the first bytes of its frame; `false`, and nothing is added, when the batch is full.
    #[inline]
    pub fn push(&mut self, packet: Packet, frame: &Frame<'_>) -> bool {
        self.push_keeping(packet, frame, 0)
    }

    /// The same, and keeps up to `at_least` bytes of this frame as long as there is room for those of the others.
    #[inline]
    pub fn push_keeping(&mut self, packet: Packet, frame: &Frame<'_>, at_least: usize) -> bool {
        if self.is_full() {
            return false;
        }
        let limit = if at_least > self.kept_bytes { at_least.min(self.room()) } else { self.kept_bytes };
        let kept = &frame.bytes[..frame.bytes.len().min(limit)];
        let start = self.bytes.len() as u64;
        self.extents.push(Extent { start, len: kept.len() as u32, link: frame.link.0 });
        self.bytes.extend_from_slice(kept);
        self.packets.push(packet);
        true
    }

    /// Bytes that a frame may have when those to come shall have `kept_bytes` each.
    fn room(&self) -> usize {
        let others = (BATCH - 1).saturating_sub(self.packets.len()) * self.kept_bytes;
        most_bytes(self.kept_bytes).saturating_sub(self.bytes.len() + others)
    }

    /// How many packets there are.
    pub fn len(&self) -> usize {
        self.packets.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Whether no more fits.
    pub fn is_full(&self) -> bool {
        self.packets.len() >= BATCH
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        self.packets.clear();
        self.extents.clear();
        self.bytes.clear();
    }
}

/// The most bytes of a batch; none where none are kept.
pub(super) const fn most_bytes(kept_bytes: usize) -> usize {
    if kept_bytes == 0 { 0 } else { BATCH * kept_bytes + SPARE }
}

/// What a reader took out of the ring: its own copy, reused from read to read.
pub struct ReadBuffer {
    pub(super) first: u64,
    pub(super) packets: Vec<Packet>,
    pub(super) extents: Vec<Extent>,
    pub(super) bytes: Vec<u8>,
}

impl ReadBuffer {
    /// A buffer with room for what a read of `stream` brings.
    pub fn new(stream: &PacketStream) -> Self {
        Self {
            first: 0,
            packets: Vec::with_capacity(BATCH),
            extents: Vec::with_capacity(BATCH),
            // Twice a batch: the ring leaves less than a batch unused where it begins anew.
            bytes: Vec::with_capacity(2 * most_bytes(stream.kept_bytes())),
        }
    }

    /// How many packets there are.
    pub fn len(&self) -> usize {
        self.packets.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// The packets in the order they were written.
    pub fn iter(&self) -> impl Clone + DoubleEndedIterator<Item = Seen<'_>> {
        self.packets.iter().zip(&self.extents).enumerate().map(|(i, (packet, extent))| Seen {
            sequence: self.first + i as u64,
            packet,
            link: LinkType(extent.link),
            bytes: &self.bytes[extent.start as usize..extent.end() as usize],
        })
    }

    pub(super) fn clear(&mut self) {
        self.packets.clear();
        self.extents.clear();
        self.bytes.clear();
    }
}

/// A packet as a reader sees it.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Its number in the stream, from 0; without gaps, so that a loss shows.
    pub sequence: u64,
    /// The packet.
    pub packet: &'a Packet,
    /// What its bytes begin with.
    pub link: LinkType,
    /// The first bytes of its frame, as many as the stream keeps.
    pub bytes: &'a [u8],
}

impl<'a> Seen<'a> {
    /// The frame, cut to what was kept of it.
    pub const fn frame(&self) -> Frame<'a> {
        let Packet { number, at, wire_len, .. } = *self.packet;
        Frame { number, at, wire_len, link: self.link, bytes: self.bytes }
    }
}
