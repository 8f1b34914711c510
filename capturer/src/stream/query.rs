//! Questions about the recent past: the newest, by time, by place in the stream, by any field or filter, by the numbers
//! of frames. Answers are copies.
//!
//! The ring is copied out a batch at a time and looked at outside the lock, newest first, so that neither a slow
//! predicate nor a long past holds up the capture. What is overwritten meanwhile is simply no longer found.

use super::PacketStream;
use super::batch::{BATCH, ReadBuffer, Seen};
use crate::{Frame, LinkType, Packet, Timestamp};

/// Which part of the past. The default is all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query {
    /// Captured at this moment or later.
    pub from: Timestamp,
    /// Captured before this moment.
    pub until: Timestamp,
    /// With this sequence number or a later one.
    pub since: u64,
    /// At most so many, the newest.
    pub limit: usize,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            from: Timestamp::from_nanos(i64::MIN),
            until: Timestamp::from_nanos(i64::MAX),
            since: 0,
            limit: usize::MAX,
        }
    }
}

/// A packet taken out of the ring, with what was kept of its frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its number in the stream.
    pub sequence: u64,
    /// The packet.
    pub packet: Packet,
    /// What its bytes begin with.
    pub link: LinkType,
    /// The first bytes of its frame.
    pub bytes: Box<[u8]>,
}

impl From<Seen<'_>> for Kept {
    fn from(seen: Seen<'_>) -> Self {
        let Seen { sequence, packet, link, bytes } = seen;
        Self { sequence, packet: *packet, link, bytes: bytes.into() }
    }
}

impl Kept {
    /// The frame, cut to what was kept of it.
    pub const fn frame(&self) -> Frame<'_> {
        let Packet { number, at, wire_len, .. } = self.packet;
        Frame { number, at, wire_len, link: self.link, bytes: &self.bytes }
    }
}

impl PacketStream {
    /// The newest packets that the query covers and `matches` agrees to, in the order they were written.
    pub fn find(&self, query: &Query, mut matches: impl FnMut(&Seen<'_>) -> bool) -> Vec<Kept> {
        let mut found = Vec::new();
        let mut buffer = ReadBuffer::new(self);
        let mut end = self.written();
        while found.len() < query.limit && self.copy_before(end, query.since, &mut buffer) {
            let wanted = |seen: &Seen<'_>| query.covers(seen.packet) && matches(seen);
            let room = query.limit - found.len();
            found.extend(buffer.iter().rev().filter(wanted).take(room).map(Kept::from));
            end = buffer.first;
        }
        found.reverse();
        found
    }

    /// The newest `limit` packets, in the order they were written.
    pub fn newest(&self, limit: usize) -> Vec<Kept> {
        self.find(&Query { limit, ..Query::default() }, |_| true)
    }

    /// The frames with these numbers, an alert's evidence for example, in the order they were written; those that are
    /// overwritten are missing.
    pub fn frames(&self, numbers: &[u64]) -> Vec<Kept> {
        let mut wanted = numbers.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let query = Query { limit: wanted.len(), ..Query::default() };
        self.find(&query, |seen| wanted.binary_search(&seen.packet.number).is_ok())
    }

    /// Copies the last packets that are older than `end`, not older than `since`, and still there.
    fn copy_before(&self, end: u64, since: u64, buffer: &mut ReadBuffer) -> bool {
        let state = self.0.lock();
        let first = end.saturating_sub(BATCH as u64).max(since).max(state.ring.oldest());
        let count = end.saturating_sub(first) as usize;
        if count > 0 {
            state.ring.copy(first, count, buffer);
        }
        count > 0
    }
}

impl Query {
    fn covers(&self, packet: &Packet) -> bool {
        self.from <= packet.at && packet.at < self.until
    }
}
