//! A conversation for the bodies that ask fingerprints: segments as bytes, decoded, and observed.
//!
//! The tables of one [`Fingerprints`] take longer to make than an input takes, so inputs share them; each has hosts of its
//! own, a minute after the last, when all connections before are over.

use std::cell::RefCell;

use analyzer::fingerprint::{Database, Event, Fingerprints};
use capturer::decode::decode;
use capturer::{Frame, LinkType, Timestamp};

/// Bytes for hosts.
const MEMORY: usize = 1 << 16;

/// Where the sides begin to count.
const BEGIN: [u32; 2] = [100, 500];

/// MSS, SACK, timestamps, scale: what Linux offers.
const OPTIONS: [u8; 20] = [2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 1, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7];

thread_local! {
    static SHARED: RefCell<(Fingerprints, u32)> = RefCell::new((Fingerprints::new(Database::own(), MEMORY), 0));
}

/// Lends fingerprints and a conversation between hosts that nobody has seen.
pub fn with_fingerprints(body: impl FnOnce(&mut Fingerprints, Talk)) {
    SHARED.with_borrow_mut(|(fingerprints, number)| {
        *number = number.wrapping_add(1);
        body(fingerprints, Talk { number: *number, next: BEGIN, millis: 0 });
    });
}

/// A conversation of one client with one server.
pub struct Talk {
    number: u32,
    next: [u32; 2],
    millis: i64,
}

/// What is fed to whom.
type Tell<'a> = &'a mut dyn FnMut(&Event<'_>);

impl Talk {
    /// A SYN and its answer.
    pub fn open(&mut self, fingerprints: &mut Fingerprints, tell: Tell<'_>) {
        for (from_client, flags) in [(true, 2), (false, 0x12)] {
            let segment = self.segment(from_client, flags, &OPTIONS, b"");
            self.feed(fingerprints, 6, from_client, &segment, tell);
            self.next[usize::from(!from_client)] += 1;
        }
    }

    /// One side says something in pieces of a size.
    pub fn say(
        &mut self,
        fingerprints: &mut Fingerprints,
        from_client: bool,
        (bytes, size): (&[u8], usize),
        tell: Tell<'_>,
    ) {
        for piece in bytes.chunks(size) {
            let segment = self.segment(from_client, 0x10, &[], piece);
            self.feed(fingerprints, 6, from_client, &segment, tell);
            let next = &mut self.next[usize::from(!from_client)];
            *next = next.wrapping_add(piece.len() as u32);
        }
    }

    /// A segment with any flags and options, whose sequence number may be somewhere else.
    pub fn segment(&self, from_client: bool, flags: u8, options: &[u8], payload: &[u8]) -> Vec<u8> {
        let ports: [u16; 2] = if from_client { [40_000, 80] } else { [80, 40_000] };
        let mut tcp: Vec<u8> = ports.iter().flat_map(|port| port.to_be_bytes()).collect();
        tcp.extend(self.next[usize::from(!from_client)].to_be_bytes());
        tcp.extend([0, 0, 0, u8::from(flags & 0x10 != 0)]);
        let words = options.len().div_ceil(4);
        tcp.extend([((5 + words) as u8) << 4, flags, 0xfa, 0xf0, 0, 0, 0, 0]);
        tcp.extend(options);
        tcp.resize(20 + words * 4, 0);
        tcp.extend(payload);
        tcp
    }

    /// Observes a packet of one of both sides.
    pub fn feed(
        &mut self,
        fingerprints: &mut Fingerprints,
        protocol: u8,
        from_client: bool,
        rest: &[u8],
        tell: Tell<'_>,
    ) {
        let [a, b, c, d] = self.number.to_be_bytes();
        let (client, server) = ([10 ^ a, b, c, d], [192 ^ a, b, c, d]);
        let (source, destination) = if from_client { (client, server) } else { (server, client) };
        let mut packet = vec![0x45, 0];
        packet.extend((20 + rest.len() as u16).to_be_bytes());
        packet.extend([0, u8::from(from_client), 0x40, 0, 64, protocol, 0, 0]);
        packet.extend(source.iter().chain(&destination));
        packet.extend(rest);
        self.millis += 30;
        let at = Timestamp::from_nanos((i64::from(self.number) * 60_000 + self.millis) * 1_000_000);
        let wire_len = packet.len() as u32;
        let frame = Frame { number: 1, at, wire_len, link: LinkType::IPV4, bytes: &packet };
        if let Ok(decoded) = decode(&frame) {
            fingerprints.observe(&decoded, &packet, tell);
        }
    }

    /// The addresses of client and server.
    pub fn hosts(&self) -> [std::net::IpAddr; 2] {
        let [a, b, c, d] = self.number.to_be_bytes();
        [[10 ^ a, b, c, d].into(), [192 ^ a, b, c, d].into()]
    }

    /// Goes on elsewhere in what a side says.
    pub fn skip(&mut self, from_client: bool, bytes: u8) {
        let next = &mut self.next[usize::from(!from_client)];
        *next = next.wrapping_add(u32::from(bytes)).wrapping_sub(3);
    }
}
