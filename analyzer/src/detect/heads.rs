//! Requests that go on in further segments: a long request line, or a body behind its headers. The beginning waits until
//! its rest has come, in a table that is bounded in rows, bytes and time. Only segments in order are joined.
//!
//! A request that is whole in its segment, which most are, is not copied.

use std::time::Duration;

use capturer::{Packet, Timestamp};

use super::event::Moments;
use super::readers::http;
use super::talk;
use crate::names::Next;

/// Beginnings that may wait at a time; beyond, the oldest has to go.
const MOST: usize = 128;

/// How long the rest may take, in packet time.
const AGE: Duration = Duration::from_secs(10);

/// What a payload begins or goes on with.
#[derive(Default)]
pub struct Head {
    /// What it is.
    pub moments: Moments,
    /// Bytes told before.
    pub known: usize,
    /// The whole, when it was in several segments.
    pub joined: Option<Vec<u8>>,
}

struct Row {
    next: Next,
    at: Timestamp,
    /// Length of the first segment, which was told as unfinished.
    first: usize,
    bytes: Vec<u8>,
}

/// Beginnings that wait for their rest.
#[derive(Default)]
pub struct Heads {
    rows: Vec<Row>,
    /// Memory of those that are done.
    spare: Vec<Vec<u8>>,
    dropped: u64,
}

impl Heads {
    /// What a payload is: a message, the beginning of one, or the rest that one waited for.
    #[inline]
    pub fn take(&mut self, packet: &Packet, payload: &[u8], at: Timestamp) -> Head {
        if !self.rows.is_empty()
            && let Some(head) = self.go_on(packet, payload, at)
        {
            return head;
        }
        let moments = talk::of(packet, payload);
        if !moments.any(Moments::HTTP) || !self.begins(packet, payload, at) {
            return Head { moments, ..Head::default() };
        }
        Head { moments: Moments::UNFINISHED, ..Head::default() }
    }

    /// The memory of a message that was told.
    pub fn give_back(&mut self, joined: Option<Vec<u8>>) {
        if let Some(bytes) = joined.filter(|_| self.spare.len() < MOST) {
            self.spare.push(bytes);
        }
    }

    /// Beginnings whose rest did not come in time, or that had to make room.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Keeps a beginning; `false` if there is nothing to wait for.
    fn begins(&mut self, packet: &Packet, payload: &[u8], at: Timestamp) -> bool {
        let is_cut = payload.len() != packet.payload_len as usize;
        let Some(next) = Next::behind(packet).filter(|_| !is_cut && !http::is_whole(payload)) else {
            return false;
        };
        let mut bytes = self.memory(next);
        bytes.clear();
        bytes.extend_from_slice(payload.get(..http::LONGEST).unwrap_or(payload));
        self.rows.push(Row { next, at, first: bytes.len(), bytes });
        true
    }

    /// Memory for a beginning: that of the same segment sent before, of one that is done, or of the oldest.
    fn memory(&mut self, next: Next) -> Vec<u8> {
        let same = self.rows.iter().position(|row| row.next == next);
        if let Some(same) = same {
            return self.rows.swap_remove(same).bytes;
        }
        if self.rows.len() < MOST {
            return self.spare.pop().unwrap_or_default();
        }
        self.dropped += 1;
        let oldest = self.rows.iter().enumerate().min_by_key(|(_, row)| row.at).map_or(0, |(index, _)| index);
        self.rows.swap_remove(oldest).bytes
    }

    #[cold]
    fn go_on(&mut self, packet: &Packet, payload: &[u8], at: Timestamp) -> Option<Head> {
        self.forget_until(at);
        let here = Next::here(packet)?;
        let index = self.rows.iter().position(|row| row.next == here)?;
        let row = &mut self.rows[index];
        let room = http::LONGEST - row.bytes.len();
        row.bytes.extend_from_slice(payload.get(..room).unwrap_or(payload));
        let is_cut = payload.len() != packet.payload_len as usize;
        if !is_cut && !http::is_whole(&row.bytes) {
            row.next = Next::behind(packet)?;
            return Some(Head::default());
        }
        let row = self.rows.swap_remove(index);
        Some(Head { moments: Moments::HTTP, known: row.first, joined: Some(row.bytes) })
    }

    fn forget_until(&mut self, now: Timestamp) {
        while let Some(old) = self.rows.iter().position(|row| now.since(row.at) > AGE) {
            self.dropped += 1;
            let row = self.rows.swap_remove(old);
            self.give_back(Some(row.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use capturer::{Ports, Tcp, TcpFlags, TcpOptions, TcpQuirks, Transport};
    use proptest::prelude::*;

    use super::*;

    fn segment(sequence: u32, port: u16, payload: &[u8]) -> Packet {
        let tcp = Tcp {
            ports: Ports { source: port, destination: 80 },
            sequence,
            acknowledgment: 0,
            flags: TcpFlags::ACK,
            window: 1,
            quirks: TcpQuirks::default(),
            options: TcpOptions::NONE,
        };
        Packet { transport: Transport::Tcp(tcp), payload_len: payload.len() as u32, ..Packet::empty() }
    }

    fn whole(pieces: &[&[u8]]) -> Vec<Option<Vec<u8>>> {
        let mut heads = Heads::default();
        let mut sequence = 7u32.wrapping_neg();
        let mut take = |piece: &&[u8]| {
            let packet = segment(sequence, 4000, piece);
            sequence = sequence.wrapping_add(piece.len() as u32);
            let head = heads.take(&packet, piece, Timestamp::EPOCH);
            let told = head.joined.clone().unwrap_or_else(|| piece.to_vec());
            heads.give_back(head.joined);
            head.moments.any(Moments::HTTP).then_some(told)
        };
        pieces.iter().map(&mut take).collect()
    }

    const REQUEST: &[u8] = b"POST /a HTTP/1.1\r\nHost: example.org\r\nContent-Length: 4\r\n\r\nbody";

    #[test]
    fn a_request_in_pieces_is_told_once_and_whole() {
        for at in 8..REQUEST.len() {
            let told = whole(&[&REQUEST[..at], &REQUEST[at..]]);
            assert_eq!(told, [None, Some(REQUEST.to_vec())], "cut at {at}");
        }
        assert_eq!(whole(&[REQUEST]), [Some(REQUEST.to_vec())]);
    }

    #[test]
    fn the_table_is_bounded_and_counts_what_it_drops() {
        let mut heads = Heads::default();
        for port in 0..1000 {
            heads.take(&segment(1, port, &REQUEST[..30]), &REQUEST[..30], Timestamp::EPOCH);
        }
        assert_eq!((heads.rows.len(), heads.dropped()), (MOST, 1000 - MOST as u64));
        let later = Timestamp::from_parts(60, 0);
        heads.take(&segment(1, 2000, b"x"), b"x", later);
        assert_eq!((heads.rows.len(), heads.dropped()), (0, 1000));
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_stay_within_the_bounds(
            bytes in proptest::collection::vec(any::<u8>(), 0..400), step in 1usize..60
        ) {
            let mut all = b"GET /".to_vec();
            all.extend(bytes);
            let pieces: Vec<&[u8]> = all.chunks(step.max(5)).collect();
            for told in whole(&pieces).into_iter().flatten() {
                prop_assert!(told.len() <= http::LONGEST.max(all.len()));
            }
        }
    }
}
