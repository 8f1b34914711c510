//! The traffic: hosts that talk to clients at home, and between their packets the flood.

use std::net::{IpAddr, Ipv4Addr};

use super::Kind;
use crate::bench_captures::space;
use crate::craft::frame::{Endpoint, Frame, Payload, Route};
use crate::craft::transport::{Segment, flag, icmp, tcp, udp};

/// Hosts that talk.
pub(super) const HOSTS: u32 = 1000;

/// The first frame's time, microseconds since the Unix epoch: 2026-06-17 18:30:00 UTC.
pub(super) const START: u64 = 1_781_721_000_000_000;

/// Between two frames, microseconds: 200 000 frames a second.
pub(super) const STEP: u64 = 5;

/// Of the flood, between one who talks and the next: each talks every half a second.
const BETWEEN: u64 = 100;

/// Frames of a greeting.
const GREETING: u64 = 3;

/// The victim's number at home.
const VICTIM: u16 = 0x010a;

/// The first address of the hosts that talk.
const TALKERS: u32 = 0x0808_0000;

/// Knuth's multiplier: odd, so that multiplying visits every 32-bit number once.
const SPREAD: u32 = 2_654_435_761;

/// A segment size and nothing else, as flooding tools send.
const OPTIONS: &[u8] = &[2, 4, 0x05, 0xb4];

/// A host that talks.
pub(super) fn talker(n: u32) -> Endpoint {
    let address = Ipv4Addr::from_bits(TALKERS + n);
    Endpoint { address: IpAddr::V4(address), ..space::stranger(0, false) }
}

fn client(n: u32) -> Endpoint {
    space::at_home(0x0200 + (n % 200) as u16, false)
}

/// Packets a host that talks sends and receives in a storm of so many forged sources.
pub(super) const fn packets_of(n: u32, sources: u64) -> (u64, u64) {
    let talks = sources.div_ceil(BETWEEN);
    let hosts = HOSTS as u64;
    let own = talks / hosts + if (n as u64) < talks % hosts { 1 } else { 0 };
    (1 + own, 2 + own)
}

/// All frames of a storm.
pub(super) struct Storm {
    kind: Kind,
    sources: u64,
    sent: u64,
    /// What comes before the next packet of the flood, last first.
    next: Vec<Frame>,
    greeted: u32,
}

impl Storm {
    pub(super) fn new(kind: Kind, sources: u64) -> Self {
        Self { kind, sources, sent: 0, next: Vec::new(), greeted: 0 }
    }
}

impl Iterator for Storm {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        if let Some(frame) = self.next.pop() {
            return Some(frame);
        }
        if self.greeted < HOSTS {
            self.next.extend((0..GREETING).rev().map(|step| greeting(self.greeted, step)));
            self.greeted += 1;
            return self.next.pop();
        }
        if self.sent >= self.sources {
            return None;
        }
        if self.sent.is_multiple_of(BETWEEN) {
            let n = (self.sent / BETWEEN % u64::from(HOSTS)) as u32;
            self.next.extend([said(n, true), said(n, false)]);
        }
        let n = self.sent as u32;
        self.sent += 1;
        if self.kind == Kind::Answered {
            self.next.insert(0, answer(n));
        }
        Some(forged(self.kind, n))
    }
}

/// The handshake of a host that talks.
fn greeting(n: u32, step: u64) -> Frame {
    let flags = [flag::SYN, flag::SYN | flag::ACK, flag::ACK][step as usize];
    segment(n, step == 1, flags, 0)
}

/// A question, or its answer.
fn said(n: u32, by_talker: bool) -> Frame {
    segment(n, by_talker, flag::PSH | flag::ACK, 100)
}

fn segment(n: u32, by_talker: bool, flags: u8, length: usize) -> Frame {
    let (from, to) = if by_talker { (talker(n), client(n)) } else { (client(n), talker(n)) };
    let port = 50_000 + n as u16;
    let ports = if by_talker { (443, port) } else { (port, 443) };
    // Options as a system sends them: segment size, selective acknowledgments, window scale.
    let options: &[u8] = if flags & flag::SYN == 0 { &[] } else { &[2, 4, 5, 0xb4, 1, 1, 4, 2, 1, 3, 3, 7] };
    let segment = Segment { ports, flags, window: 64_240, options, ..Segment::default() };
    padded(tcp(&Route { from, to, identification: 1 }, &segment, Payload { head: &[], length }))
}

/// Who seems to send a packet of the flood: never a host that talks, whose figures are known.
fn source(n: u32) -> Endpoint {
    let endpoint = space::stranger(u64::from(n.wrapping_mul(SPREAD)), false);
    match endpoint.address {
        IpAddr::V4(address) if (TALKERS..TALKERS + HOSTS).contains(&address.to_bits()) => {
            let address = Ipv4Addr::from_bits(address.to_bits() + HOSTS);
            Endpoint { address: IpAddr::V4(address), ..endpoint }
        }
        _ => endpoint,
    }
}

fn port(n: u32) -> u16 {
    1024 + (n.wrapping_mul(0x85eb_ca6b) >> 17) as u16
}

fn forged(kind: Kind, n: u32) -> Frame {
    let victim = space::at_home(VICTIM, false);
    let to = if kind == Kind::Hosts {
        space::at_home((n.wrapping_mul(0x9e37) >> 3) as u16, false)
    } else {
        victim
    };
    let route = Route { from: source(n), to, identification: n as u16 };
    let syn = |ports, options| {
        let segment =
            Segment { ports, sequence: n, flags: flag::SYN, window: 64_240, options, ..Segment::default() };
        tcp(&route, &segment, Payload::default())
    };
    padded(match kind {
        Kind::Syn | Kind::Answered => syn((port(n), 80), OPTIONS),
        Kind::Ports => syn((40_000, port(n)), OPTIONS),
        Kind::Hosts => syn((port(n), 80), &[]),
        Kind::Udp => udp(&route, (port(n), 9999), Payload { head: &[], length: 18 }),
        Kind::Icmp => icmp(&route, (8, 0), n.to_be_bytes(), &[0; 18]),
    })
}

/// What the victim answers.
fn answer(n: u32) -> Frame {
    let route = Route { from: space::at_home(VICTIM, false), to: source(n), identification: n as u16 };
    let flags = flag::SYN | flag::ACK;
    let segment = Segment {
        ports: (80, port(n)),
        sequence: 1,
        acknowledgment: n.wrapping_add(1),
        flags,
        window: 64_240,
        options: OPTIONS,
    };
    padded(tcp(&route, &segment, Payload::default()))
}

/// Ethernet's shortest frame has 60 bytes without its check sequence (IEEE 802.3).
fn padded(mut frame: Frame) -> Frame {
    frame.wire_length = frame.wire_length.max(60);
    frame
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn hosts_that_talk_have_the_packets_that_are_foretold() {
        let sources = 120_050;
        let mut sent: HashMap<Vec<u8>, u64> = HashMap::new();
        for frame in Storm::new(Kind::Syn, sources) {
            *sent.entry(frame.bytes[26..30].to_vec()).or_default() += 1;
        }
        for n in [0, 1, 200, 201, 999] {
            let IpAddr::V4(address) = talker(n).address else { panic!("not IPv4") };
            assert_eq!(sent[&address.octets().to_vec()], packets_of(n, sources).0, "{n}");
        }
        assert!(sent.len() as u64 > sources * 9 / 10);
    }
}
