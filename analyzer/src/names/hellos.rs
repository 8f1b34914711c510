//! TLS ClientHellos that go on in a further segment, as those with post-quantum key shares do (RFC 8446 §5.1: a message may
//! be spread over segments as it likes). Their beginnings wait in a table that is bounded in rows, bytes and time.
//!
//! Segments are joined in the order of their sequence numbers; one that comes before its predecessor is not waited for.

use std::net::IpAddr;
use std::time::Duration;

use capturer::{Packet, Ports, Timestamp};

use super::{Name, tls};

/// Hellos that may wait at a time; beyond, the oldest has to go.
const MOST: usize = 64;

/// Bytes of a hello that are kept: its name is not read beyond.
const LONGEST: usize = 4096;

/// How long the next segment may take, in packet time.
const AGE: Duration = Duration::from_secs(3);

/// Hellos that the thread that keeps bytes looks out for at a time.
const WATCHED: usize = 32;

/// What became of hellos in several segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HelloCounts {
    /// Names found in joined segments.
    pub joined: u64,
    /// Given up: the next segment did not come in time, was cut, or the hello is too long or has no name.
    pub given_up: u64,
    /// Had to make room for others.
    pub evicted: u64,
}

/// The segment that would go on with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Next {
    sequence: u32,
    ports: Ports,
    source: IpAddr,
    destination: IpAddr,
}

impl Next {
    /// A packet's own place; `None` for what is no TCP segment.
    pub(crate) fn here(packet: &Packet) -> Option<Self> {
        let tcp = packet.tcp()?;
        let (source, destination) = (packet.source, packet.destination);
        Some(Self { sequence: tcp.sequence, ports: tcp.ports, source, destination })
    }

    /// The place behind a packet.
    pub(crate) fn behind(packet: &Packet) -> Option<Self> {
        let here = Self::here(packet)?;
        Some(Self { sequence: here.sequence.wrapping_add(packet.payload_len), ..here })
    }
}

struct Row {
    next: Next,
    at: Timestamp,
    wanted: usize,
    bytes: Vec<u8>,
}

/// The hellos that wait.
#[derive(Default)]
pub(super) struct Hellos {
    /// Those that wait, then spare ones.
    rows: Vec<Row>,
    waiting: usize,
    counts: HelloCounts,
}

impl Hellos {
    /// Whether any wait.
    #[inline]
    pub(super) const fn wait(&self) -> bool {
        self.waiting > 0
    }

    pub(super) const fn counts(&self) -> HelloCounts {
        self.counts
    }

    /// Keeps the beginning of a hello whose name is not in it, if it goes on.
    #[cold]
    pub(super) fn begin(&mut self, packet: &Packet, payload: &[u8]) {
        let (Some(next), Some(wanted)) = (Next::behind(packet), tls::goes_on(payload)) else { return };
        if payload.len() != packet.payload_len as usize {
            return;
        }
        let index = self.place(next);
        let Some(row) = self.rows.get_mut(index) else { return };
        (row.next, row.at, row.wanted) = (next, packet.at, wanted.min(LONGEST));
        row.bytes.clear();
        row.bytes.extend_from_slice(payload.get(..LONGEST).unwrap_or(payload));
    }

    /// The name in a hello that this segment goes on with.
    pub(super) fn go_on(&mut self, packet: &Packet, payload: &[u8]) -> Option<Name> {
        self.forget_until(packet.at);
        let here = Next::here(packet).filter(|_| !payload.is_empty())?;
        let index = self.rows[..self.waiting].iter().position(|row| row.next == here)?;
        let row = &mut self.rows[index];
        let room = row.wanted - row.bytes.len();
        row.bytes.extend_from_slice(payload.get(..room).unwrap_or(payload));
        row.next.sequence = here.sequence.wrapping_add(packet.payload_len);
        let name = tls::server_name(&row.bytes);
        let is_cut = payload.len() != packet.payload_len as usize;
        if name.is_some() || is_cut || row.bytes.len() >= row.wanted {
            self.counts.joined += u64::from(name.is_some());
            self.counts.given_up += u64::from(name.is_none());
            self.remove(index);
        }
        name
    }

    /// The row for a beginning: that of the same segment sent before, a spare one, or the oldest's.
    fn place(&mut self, next: Next) -> usize {
        if let Some(same) = self.rows[..self.waiting].iter().position(|row| row.next == next) {
            return same;
        }
        if self.waiting == MOST {
            self.counts.evicted += 1;
            let oldest = self.rows.iter().enumerate().min_by_key(|(_, row)| row.at);
            return oldest.map_or(0, |(index, _)| index);
        }
        if self.waiting == self.rows.len() {
            let bytes = Vec::with_capacity(LONGEST);
            self.rows.push(Row { next, at: Timestamp::EPOCH, wanted: 0, bytes });
        }
        self.waiting += 1;
        self.waiting - 1
    }

    fn forget_until(&mut self, now: Timestamp) {
        while let Some(old) = self.rows[..self.waiting].iter().position(|row| now.since(row.at) > AGE) {
            self.counts.given_up += 1;
            self.remove(old);
        }
    }

    /// The last that waits takes the row's place; the row is spare.
    fn remove(&mut self, index: usize) {
        self.waiting -= 1;
        self.rows.swap(index, self.waiting);
    }
}

/// Looks out for packets that the readers need more bytes of than is usually kept. For the thread that keeps bytes: it knows
/// the same of beginnings as the readers do, without their bytes.
#[derive(Default)]
pub struct Watch {
    /// What goes on with a hello, and how many bytes of it are still to come.
    expected: [Option<(Next, usize)>; WATCHED],
    newest: usize,
    any: bool,
}

impl Watch {
    /// Whether a packet's payload may name an address; `bytes` is what there is of its frame.
    #[inline]
    pub fn may_name(&mut self, packet: &Packet, bytes: &[u8]) -> bool {
        if self.any && self.goes_on(packet) {
            return true;
        }
        let payload = super::payload(packet, bytes);
        match super::reader(packet, bytes) {
            Some(super::Reader::Tls) => self.expect(packet, payload),
            other => return other.is_some(),
        }
        true
    }

    #[cold]
    fn expect(&mut self, packet: &Packet, payload: &[u8]) {
        if let (Some(next), Some(wanted)) = (Next::behind(packet), tls::goes_on(payload)) {
            self.newest = (self.newest + 1) % WATCHED;
            self.expected[self.newest] = Some((next, wanted.min(LONGEST).saturating_sub(payload.len())));
            self.any = true;
        }
    }

    fn goes_on(&mut self, packet: &Packet) -> bool {
        let Some(here) = Next::here(packet).filter(|_| packet.payload_len > 0) else { return false };
        let found = self.expected.iter_mut().find(|slot| slot.is_some_and(|(next, _)| next == here));
        let Some(slot) = found else { return false };
        *slot = slot.and_then(|(_, rest)| {
            let rest = rest.checked_sub(packet.payload_len as usize).filter(|rest| *rest > 0)?;
            Some((Next::behind(packet)?, rest))
        });
        self.any = self.expected.iter().any(Option::is_some);
        true
    }
}
