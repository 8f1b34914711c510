//! What is remembered of datagrams in fragments (RFC 791 §3.2, RFC 8200 §4.5): the ports, which only the first fragment
//! has, and which parts were seen, so that overlaps show (RFC 5722). Nothing is reassembled.
//!
//! The table has a fixed number of places, eight for each value of a seeded hash: a fragment costs a look at eight,
//! whoever sends it. A datagram is known by 64 bits of the hash.

use std::hash::{BuildHasher, RandomState};

use super::reader::{u16_at, u32_at};
use crate::{Network, Packet, PacketFacts, Ports, Timestamp, Transport};

/// Datagrams remembered at once.
const PLACES: usize = 4096;
/// Places that one hash value may use.
const WAYS: usize = 8;
/// How long a datagram is remembered after its first fragment came, in nanoseconds: as long as Linux waits.
const MAX_AGE: i64 = 30_000_000_000;
/// Separate parts of a datagram that are remembered; fragments in order make one.
const MAX_PARTS: usize = 6;

/// IPv6 extension headers (<https://www.iana.org/assignments/ipv6-parameters>).
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;

/// What became of fragments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FragmentCounts {
    /// Fragments other than the first that got no ports, as the first was not seen before.
    pub portless: u64,
    /// Fragments that overlap one seen before.
    pub overlapping: u64,
    /// Datagrams forgotten before their time, for want of room.
    pub evicted: u64,
    /// Fragments not compared with others, as their datagram came in too many parts.
    pub unplaced: u64,
}

/// A bounded memory of datagrams.
pub(super) struct FragmentTable {
    places: Box<[Datagram]>,
    seed: RandomState,
    counts: FragmentCounts,
}

/// One datagram; `hash` 0 is a free place.
#[derive(Clone, Copy, Default)]
struct Datagram {
    hash: u64,
    since: Timestamp,
    /// The first fragment was seen.
    is_begun: bool,
    ports: Option<Ports>,
    parts: Parts,
}

impl Datagram {
    fn is_free(&self, now: Timestamp) -> bool {
        let age = now.as_nanos().saturating_sub(self.since.as_nanos());
        self.hash == 0 || age.saturating_abs() > MAX_AGE
    }
}

impl FragmentTable {
    pub(super) fn new() -> Self {
        let places = vec![Datagram::default(); PLACES].into_boxed_slice();
        Self { places, seed: RandomState::new(), counts: FragmentCounts::default() }
    }

    pub(super) const fn counts(&self) -> FragmentCounts {
        self.counts
    }

    /// Takes note of a fragment whose frame begins with `bytes`, and gives it what is known of its datagram.
    #[cold]
    pub(super) fn note(&mut self, bytes: &[u8], packet: &mut Packet) {
        let fields = Fields::of(bytes, packet).unwrap_or_default();
        let hash = self.hash(fields, packet);
        let datagram = find(&mut self.places, hash, packet.at, &mut self.counts);
        if let Some(part) = Part::of(fields, packet) {
            match datagram.parts.add(part) {
                Some(true) => {
                    packet.facts.set(PacketFacts::OVERLAP);
                    self.counts.overlapping += 1;
                }
                Some(false) => {}
                None => self.counts.unplaced += 1,
            }
        }
        match (packet.transport, datagram.ports) {
            (Transport::Fragment, Some(ports)) => packet.transport = Transport::FragmentOf(ports),
            (Transport::Fragment, None) => self.counts.portless += u64::from(!datagram.is_begun),
            _ => {
                datagram.is_begun = true;
                datagram.ports = packet.ports().or(datagram.ports);
            }
        }
    }

    /// IPv6 fragments have different upper-layer protocols where extension headers follow: RFC 8200 leaves it out.
    fn hash(&self, fields: Fields, packet: &Packet) -> u64 {
        let protocol = if packet.network == Network::Ipv4 { packet.protocol.0 } else { 0 };
        self.seed.hash_one((packet.source, packet.destination, protocol, fields.identification)).max(1)
    }
}

impl std::fmt::Debug for FragmentTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FragmentTable").field("counts", &self.counts).finish_non_exhaustive()
    }
}

/// The place of a datagram: its own, or a free one, or that of the oldest beside it.
fn find<'a>(
    places: &'a mut [Datagram],
    hash: u64,
    now: Timestamp,
    counts: &mut FragmentCounts,
) -> &'a mut Datagram {
    let first = (hash as usize % (PLACES / WAYS)) * WAYS;
    let mut best = first;
    for at in first..first + WAYS {
        if places[at].hash == hash && !places[at].is_free(now) {
            return &mut places[at];
        }
        let worth = |at: usize| (!places[at].is_free(now), places[at].since);
        if worth(at) < worth(best) {
            best = at;
        }
    }
    counts.evicted += u64::from(!places[best].is_free(now));
    places[best] = Datagram { hash, since: now, ..Datagram::default() };
    &mut places[best]
}

/// What is in the headers and not in a [`Packet`].
#[derive(Clone, Copy, Debug, Default)]
struct Fields {
    /// All 32 bits of it.
    identification: u32,
    /// Bytes of the datagram that the fragment carries, as its header declares.
    len: u32,
}

impl Fields {
    fn of(bytes: &[u8], packet: &Packet) -> Option<Self> {
        let header = bytes.get(usize::from(packet.network_offset)..)?;
        match packet.network {
            Network::Ipv4 => Self::of_ipv4(header, packet),
            Network::Ipv6 => Self::of_ipv6(header),
            Network::Arp => None,
        }
    }

    fn of_ipv4(header: &[u8], packet: &Packet) -> Option<Self> {
        let header = header.first_chunk::<20>()?;
        let len = u32::from(u16_at(header, 2)).checked_sub(20 + u32::from(packet.network_options_len))?;
        Some(Self { identification: packet.identification.into(), len })
    }

    /// Steps over extension headers up to that of the fragment; each is at least eight bytes.
    fn of_ipv6(header: &[u8]) -> Option<Self> {
        let (fixed, mut rest) = header.split_first_chunk::<40>()?;
        let mut next = fixed[6];
        while next != FRAGMENT {
            let &[following, words, ..] = rest.first_chunk::<8>()?;
            let len = if next == AUTHENTICATION {
                (usize::from(words) + 2) * 4
            } else {
                (usize::from(words) + 1) * 8
            };
            rest = rest.get(len.max(8)..)?;
            next = following;
        }
        let fragment = rest.first_chunk::<8>()?;
        let before = (header.len() - rest.len() + fragment.len() - fixed.len()) as u32;
        let len = u32::from(u16_at(fixed, 4)).checked_sub(before)?;
        Some(Self { identification: u32_at(fragment, 4), len })
    }
}

/// Where a fragment begins and ends in its datagram, in units of eight bytes, the end rounded up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Part {
    begin: u16,
    end: u16,
}

impl Part {
    /// Nothing when it is empty.
    fn of(fields: Fields, packet: &Packet) -> Option<Self> {
        let begin = packet.fragment.offset();
        let part = Self { begin: (begin / 8) as u16, end: (begin + fields.len).div_ceil(8) as u16 };
        (part.begin < part.end).then_some(part)
    }

    const fn overlaps(self, other: Self) -> bool {
        self.begin < other.end && other.begin < self.end
    }

    const fn touches(self, other: Self) -> bool {
        self.begin <= other.end && other.begin <= self.end
    }

    fn joined(self, other: Self) -> Self {
        Self { begin: self.begin.min(other.begin), end: self.end.max(other.end) }
    }
}

/// The parts of a datagram that were seen; an empty one is a free place.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    seen: [Part; MAX_PARTS],
    last: Part,
}

impl Parts {
    /// Whether a part overlaps another. The same once more does not: frames are often captured twice. `None` when there
    /// are too many parts to tell.
    fn add(&mut self, part: Part) -> Option<bool> {
        if std::mem::replace(&mut self.last, part) == part {
            return Some(false);
        }
        let overlaps = self.seen.iter().any(|other| other.overlaps(part));
        let joined = self.seen.iter_mut().find(|other| other.end != 0 && other.touches(part));
        let place = match joined {
            Some(other) => other,
            None => self.seen.iter_mut().find(|other| other.end == 0)?,
        };
        *place = if place.end == 0 { part } else { place.joined(part) };
        Some(overlaps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::tests::{UDP4, UDP6, frame};
    use crate::decode::{DecodeSettings, Decoder, FragmentCounts};
    use crate::{Frame, LinkType};

    /// A fragment of the datagram of the tests: identification, offset in units of eight bytes, bytes carried.
    fn piece(identification: u16, offset: u16, more: bool, len: u8) -> Vec<u8> {
        let mut bytes = UDP4.to_vec();
        bytes[4..6].copy_from_slice(&identification.to_be_bytes());
        bytes[6..8].copy_from_slice(&(offset | u16::from(more) << 13).to_be_bytes());
        bytes.resize(20 + usize::from(len), 0);
        bytes[3] = 20 + len;
        bytes
    }

    fn read(decoder: &mut Decoder, seconds: i64, bytes: &[u8]) -> Packet {
        let at = Timestamp::from_nanos(seconds * 1_000_000_000);
        decoder.decode(&Frame { at, ..frame(LinkType::IPV4, bytes) }).unwrap()
    }

    fn decoder() -> Decoder {
        Decoder::new(DecodeSettings::default())
    }

    #[test]
    fn later_fragments_have_the_ports_of_the_first() {
        let mut decoder = decoder();
        let first = read(&mut decoder, 0, &piece(7, 0, true, 16));
        let later = read(&mut decoder, 1, &piece(7, 2, false, 5));
        assert_eq!((later.ports(), later.facts), (first.ports(), PacketFacts::NONE));
        assert_eq!(later.transport, Transport::FragmentOf(first.ports().unwrap()));
        assert_eq!(read(&mut decoder, 1, &piece(8, 2, false, 5)).ports(), None);
        assert_eq!(decoder.counts().fragments.portless, 1);
    }

    #[test]
    fn a_fragment_before_the_first_has_none_and_is_counted() {
        let mut decoder = decoder();
        assert_eq!(read(&mut decoder, 0, &piece(7, 2, false, 8)).transport, Transport::Fragment);
        assert!(read(&mut decoder, 0, &piece(7, 0, true, 16)).ports().is_some());
        assert!(read(&mut decoder, 0, &piece(7, 2, false, 8)).ports().is_some());
        assert_eq!(
            decoder.counts().fragments,
            FragmentCounts { portless: 1, overlapping: 1, ..Default::default() }
        );
    }

    #[test]
    fn a_protocol_without_ports_is_not_counted() {
        let mut decoder = decoder();
        for offset in [0, 2] {
            let mut echo = piece(7, offset, offset == 0, 16);
            (echo[9], echo[20]) = (1, 8);
            assert_eq!(read(&mut decoder, 0, &echo).ports(), None);
        }
        assert_eq!(decoder.counts().fragments, FragmentCounts::default());
    }

    #[test]
    fn what_is_older_than_half_a_minute_is_forgotten() {
        let mut decoder = decoder();
        read(&mut decoder, 100, &piece(7, 0, true, 16));
        assert!(read(&mut decoder, 130, &piece(7, 2, true, 8)).ports().is_some());
        assert!(read(&mut decoder, 131, &piece(7, 3, false, 8)).ports().is_none());
    }

    #[test]
    fn overlaps_show_in_any_order_and_the_same_twice_is_none() {
        let overlap = |pieces: &[(u16, u8)]| {
            let mut decoder = decoder();
            let read = |(offset, len): &(u16, u8)| read(&mut decoder, 0, &piece(7, *offset, true, *len));
            pieces.iter().map(read).map(|packet| packet.facts.has(PacketFacts::OVERLAP)).collect::<Vec<_>>()
        };
        assert_eq!(overlap(&[(0, 16), (2, 16), (4, 8), (5, 8)]), [false; 4]);
        assert_eq!(overlap(&[(4, 8), (2, 16), (0, 16)]), [false; 3]);
        assert_eq!(overlap(&[(0, 16), (1, 16)]), [false, true]);
        assert_eq!(overlap(&[(8, 8), (0, 72)]), [false, true]);
        assert_eq!(overlap(&[(0, 72), (3, 8)]), [false, true]);
        assert_eq!(overlap(&[(0, 16), (0, 16), (2, 8), (2, 8)]), [false; 4]);
    }

    /// A fragment over IPv6 behind a hop-by-hop header, with eight bytes more than its header.
    fn piece6(identification: u32, offset: u8, carried: &[u8]) -> Vec<u8> {
        let mut bytes = UDP6[..40].to_vec();
        bytes[5] = 16 + carried.len() as u8;
        bytes[6] = 0;
        bytes.extend([44, 0, 1, 4, 0, 0, 0, 0, 17, 0, 0, (offset * 8) | 1]);
        bytes.extend(identification.to_be_bytes());
        bytes.extend(carried);
        bytes
    }

    #[test]
    fn ipv6_identifications_count_in_full() {
        let mut decoder = decoder();
        let mut read = |bytes: &[u8]| decoder.decode(&frame(LinkType::IPV6, bytes)).unwrap();
        let first = read(&piece6(0x1_0007, 0, &[0, 53, 0x10, 0, 0, 24, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]));
        assert_eq!(read(&piece6(7, 2, &[1; 8])).ports(), None);
        let later = read(&piece6(0x1_0007, 2, &[1; 8]));
        assert_eq!((later.ports(), later.facts), (first.ports(), PacketFacts::NONE));
        assert!(read(&piece6(0x1_0007, 1, &[1; 16])).facts.has(PacketFacts::OVERLAP));
    }

    #[test]
    fn datagrams_in_too_many_parts_are_counted() {
        let mut decoder = decoder();
        for n in 0..=MAX_PARTS {
            read(&mut decoder, 0, &piece(7, 2 * n as u16, true, 8));
        }
        assert_eq!(decoder.counts().fragments.unplaced, 1);
    }

    #[test]
    #[cfg_attr(miri, ignore = "65 536 packets take miri minutes")]
    fn the_table_never_grows_and_says_what_it_forgot() {
        let mut decoder = decoder();
        for n in 0..=u16::MAX {
            read(&mut decoder, 0, &piece(n, 0, true, 16));
        }
        let forgotten = decoder.counts().fragments.evicted;
        assert_eq!(forgotten, (usize::from(u16::MAX) + 1 - PLACES) as u64);
    }
}
