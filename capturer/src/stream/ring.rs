//! The memory of the ring: fixed slots for packets, and an arena for the first bytes of their frames.
//!
//! Invariants: packets `oldest..written` are whole, the one with sequence number `s` in slot `s % slots`; the bytes of a
//! batch lie in one piece, so that both ways of copying are a few `memcpy`s; bytes are addressed by positions that never
//! wrap, of which the last `arena` ones exist.

use super::Capacity;
use super::batch::{BATCH, Batch, Extent, ReadBuffer, most_bytes};
use crate::Packet;

/// See the module's invariants.
pub(super) struct Ring {
    packets: Vec<Packet>,
    extents: Vec<Extent>,
    arena: Vec<u8>,
    oldest: u64,
    written: u64,
    /// The position after the last byte written.
    tail: u64,
}

impl Ring {
    pub(super) fn new(capacity: Capacity) -> Self {
        let slots = capacity.packets.max(BATCH);
        let arena = capacity.arena.max(4 * most_bytes(capacity.kept_bytes));
        Self {
            packets: vec![Packet::empty(); slots],
            extents: vec![Extent::default(); slots],
            arena: vec![0; arena],
            oldest: 0,
            written: 0,
            tail: 0,
        }
    }

    pub(super) const fn written(&self) -> u64 {
        self.written
    }

    pub(super) const fn oldest(&self) -> u64 {
        self.oldest
    }

    /// Slots, and the bytes of memory of all of it.
    pub(super) const fn room(&self) -> (usize, usize) {
        let slots = self.packets.len();
        (slots, slots * (size_of::<Packet>() + size_of::<Extent>()) + self.arena.len())
    }

    /// Writes a batch of at most [`BATCH`] packets over the oldest ones. Of a batch made for a ring that keeps so much
    /// more that it exceeds this one's arena, the packets are kept and the bytes are not.
    pub(super) fn append(&mut self, batch: &Batch) {
        let fits = batch.bytes.len() <= self.arena.len();
        let bytes = if fits { &batch.bytes[..] } else { &[] };
        let origin = self.place(bytes.len());
        self.forget(batch.len());
        let at = self.slot(self.written);
        let until_end = batch.len().min(self.packets.len() - at);
        let (packets, wrapped) = batch.packets.split_at(until_end);
        self.packets[at..at + until_end].copy_from_slice(packets);
        self.packets[..wrapped.len()].copy_from_slice(wrapped);
        for (i, extent) in batch.extents.iter().enumerate() {
            let slot = self.slot(self.written + i as u64);
            self.extents[slot] =
                if fits { extent.onto(origin) } else { Extent { start: origin, len: 0, ..*extent } };
        }
        let byte = self.byte(origin);
        self.arena[byte..byte + bytes.len()].copy_from_slice(bytes);
        self.written += batch.len() as u64;
    }

    /// Whether a batch can be appended without that packet `first`, or one after it, is let go of.
    pub(super) fn has_room(&self, batch: &Batch, first: u64) -> bool {
        let len = if batch.bytes.len() <= self.arena.len() { batch.bytes.len() } else { 0 };
        self.oldest_with(batch.len(), self.origin(len) + len as u64) <= first
    }

    /// Finds `len` bytes in one piece after the last ones and moves the tail behind them.
    fn place(&mut self, len: usize) -> u64 {
        let origin = self.origin(len);
        self.tail = origin + len as u64;
        origin
    }

    /// Where `len` bytes lie in one piece after the last ones.
    fn origin(&self, len: usize) -> u64 {
        let rest = self.arena.len() - self.byte(self.tail);
        if len <= rest { self.tail } else { self.tail + rest as u64 }
    }

    /// Lets go of packets whose slots or bytes are about to be overwritten.
    fn forget(&mut self, coming: usize) {
        self.oldest = self.oldest_with(coming, self.tail);
    }

    /// The oldest packet that is left when so many more have come, and their bytes end at `tail`.
    fn oldest_with(&self, coming: usize, tail: u64) -> u64 {
        let by_slot = (self.written + coming as u64).saturating_sub(self.packets.len() as u64);
        let kept_from = tail.saturating_sub(self.arena.len() as u64);
        let mut oldest = self.oldest.max(by_slot);
        while oldest < self.written && self.extents[self.slot(oldest)].start < kept_from {
            oldest += 1;
        }
        oldest
    }

    /// Copies up to `limit` packets from sequence number `first` on, which must not be older than the oldest.
    pub(super) fn copy(&self, first: u64, limit: usize, buffer: &mut ReadBuffer) {
        buffer.clear();
        buffer.first = first;
        let count = usize::try_from(self.written.saturating_sub(first)).unwrap_or(limit).min(limit);
        if count == 0 {
            return;
        }
        let at = self.slot(first);
        let until_end = count.min(self.packets.len() - at);
        buffer.packets.extend_from_slice(&self.packets[at..at + until_end]);
        buffer.packets.extend_from_slice(&self.packets[..count - until_end]);
        let origin = self.extents[at].start;
        let extents = self.extents[at..at + until_end].iter().chain(&self.extents[..count - until_end]);
        buffer.extents.extend(extents.map(|extent| extent.from(origin)));
        let len = buffer.extents.last().map_or(0, |last| last.end() as usize);
        self.copy_bytes(origin, len, &mut buffer.bytes);
    }

    fn copy_bytes(&self, origin: u64, len: usize, bytes: &mut Vec<u8>) {
        if len == 0 {
            return;
        }
        let at = self.byte(origin);
        let until_end = len.min(self.arena.len() - at);
        bytes.extend_from_slice(&self.arena[at..at + until_end]);
        bytes.extend_from_slice(&self.arena[..len - until_end]);
    }

    fn slot(&self, sequence: u64) -> usize {
        (sequence % self.packets.len() as u64) as usize
    }

    /// Where in the arena a position is; 0 in an arena of no bytes.
    fn byte(&self, position: u64) -> usize {
        position.checked_rem(self.arena.len() as u64).unwrap_or(0) as usize
    }
}
