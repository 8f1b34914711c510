//! Packets of one kind that could add up: pieces of what never ends, ever more of what is remembered of one host. The second
//! half of them may cost little more than the first; were each to look at those before it, it would cost three times as much.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use anyhow::{Result, ensure};
use capturer::{Frame, LinkType, Timestamp};

use super::say;
use crate::bench_captures::space;
use crate::craft::frame::{self, Endpoint, Payload, Route, arp};
use crate::craft::transport::{Segment, flag, icmp, tcp, udp};
use crate::pipeline::{self, Pipeline};
use crate::processor;

/// Packets of a play.
const PACKETS: u32 = 200_000;

/// Runs of a play; the quickest counts.
const RUNS: u32 = 3;

/// Most that the second half may cost, times the first.
const MOST: f64 = 1.5;

/// Between two packets, nanoseconds, and packets between the program's rounds.
const STEP: i64 = 20_000;
const ROUND: u32 = 12_500;

/// What comes, by the packet's number.
type Play = (&'static str, fn(u32) -> frame::Frame);

const PLAYS: &[Play] = &[
    ("a request's head, a byte a segment", |n| {
        said(n, n, &[b"GET / HTTP/1.1\r\nA: ", &[b'a'; 64][..]].concat())
    }),
    ("a hello of TLS, a byte a segment", |n| said(n, n, &[22, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xfc, 3, 3, 0])),
    ("a segment, and a gap after it", |n| answered(n, 1000 * n, b"GET /", 443)),
    ("requests in one connection", |n| {
        answered(n, 40 * n, format!("GET /{n:08x} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes(), 80)
    }),
    ("connections to one port", |n| segment((stranger(1), port(n)), 443, (flag::SYN, 0), b"")),
    ("ports of one host", |n| segment((stranger(1), 50_000), n as u16, (flag::SYN, 0), b"")),
    ("hosts at home", |n| probe(stranger(1), space::at_home(n as u16, false))),
    ("sources", |n| probe(stranger(n), victim())),
    ("questions for names", |n| {
        udp(&route(victim(), stranger(1)), (port(n), 53), Payload::whole(&question(n)))
    }),
    ("names of one address", |n| {
        udp(&route(stranger(1), victim()), (53, 40_000), Payload::whole(&answer(n, 7)))
    }),
    ("addresses of one name", |n| {
        udp(&route(stranger(1), victim()), (53, 40_000), Payload::whole(&answer(7, n)))
    }),
    ("fragments of one datagram", |n| fragment(1, n)),
    ("first fragments", |n| fragment(n as u16, 0)),
    ("echoes", |n| icmp(&route(stranger(1), victim()), (8, 0), n.to_be_bytes(), &[0; 32])),
    ("hardware addresses of one host", |n| {
        let [a, b, c, d] = n.to_be_bytes();
        let mac = [2, 0, a, b, c, d];
        arp(2, (mac, Ipv4Addr::new(192, 168, 1, 1)), ([2; 6], Ipv4Addr::new(192, 168, 1, 2)), [0xff; 6])
    }),
];

/// Runs all plays.
pub(super) fn run() -> Result<()> {
    let setup = pipeline::setup();
    let mut slow = Vec::new();
    for &(name, make) in PLAYS {
        let frames: Vec<frame::Frame> = (0..PACKETS).map(make).collect();
        let mut best = [Duration::MAX; 2];
        for _ in 0..RUNS {
            let halves = measure(Pipeline::new(&setup), &frames);
            best.iter_mut().zip(halves).for_each(|(best, half)| *best = half.min(*best));
        }
        let ratio = best[1].as_secs_f64() / best[0].as_secs_f64();
        let each = |half: Duration| half.as_secs_f64() * 2e9 / f64::from(PACKETS);
        say(&format!(
            "{name}: {:.0} ns a packet, then {:.0} ns, {ratio:.2} times",
            each(best[0]),
            each(best[1])
        ))?;
        if ratio > MOST {
            slow.push(name);
        }
    }
    ensure!(slow.is_empty(), "the second half takes more than {MOST} times the first: {}", slow.join("; "));
    Ok(())
}

/// Processor time of either half.
fn measure(mut pipeline: Pipeline, frames: &[frame::Frame]) -> [Duration; 2] {
    let mut number = 0u32;
    let mut half = |frames: &[frame::Frame]| {
        let begun = processor::of_thread();
        for frame in frames {
            number += 1;
            let at = Timestamp::from_nanos(1_781_721_000_000_000_000 + i64::from(number) * STEP);
            let (wire_len, bytes) = (frame.wire_length, &frame.bytes[..]);
            pipeline.show(&Frame { number: number.into(), at, wire_len, link: LinkType::ETHERNET, bytes });
            if number.is_multiple_of(ROUND) {
                pipeline.tick(at);
            }
        }
        processor::of_thread().saturating_sub(begun)
    };
    let (first, second) = frames.split_at(frames.len() / 2);
    [half(first), half(second)]
}

fn stranger(n: u32) -> Endpoint {
    let address = IpAddr::V4(space::routable(n.wrapping_mul(2_654_435_761)));
    Endpoint { address, ..space::stranger(0, false) }
}

fn victim() -> Endpoint {
    space::at_home(0x010a, false)
}

/// All ports above the well-known ones.
const fn port(n: u32) -> u16 {
    (1024 + n % 64_512) as u16
}

const fn route(from: Endpoint, to: Endpoint) -> Route {
    Route { from, to, identification: 1 }
}

fn segment(
    (from, port): (Endpoint, u16),
    to: u16,
    (flags, sequence): (u8, u32),
    said: &[u8],
) -> frame::Frame {
    let options: &[u8] = if flags & flag::SYN != 0 { &[2, 4, 0x05, 0xb4] } else { &[] };
    let segment =
        Segment { ports: (port, to), sequence, flags, window: 64_240, options, ..Segment::default() };
    tcp(&route(from, victim()), &segment, Payload::whole(said))
}

fn probe(from: Endpoint, to: Endpoint) -> frame::Frame {
    let segment = Segment { ports: (50_000, 443), flags: flag::SYN, window: 1024, ..Segment::default() };
    tcp(&route(from, to), &segment, Payload::default())
}

/// The `n`th packet of a connection to port 80: its handshake, then a byte of what is said, whose last byte never ends.
fn said(n: u32, sequence: u32, all: &[u8]) -> frame::Frame {
    let place = (n.saturating_sub(3) as usize).min(all.len() - 1);
    answered(n, sequence.saturating_sub(3), &all[place..=place], 80)
}

/// The `n`th packet of a connection: its handshake, then something `sequence` bytes after its beginning.
fn answered(n: u32, sequence: u32, said: &[u8], to: u16) -> frame::Frame {
    let client = stranger(1);
    match n {
        0 => segment((client, 50_000), to, (flag::SYN, 0), b""),
        1 => {
            let flags = flag::SYN | flag::ACK;
            let ports = (to, 50_000);
            let segment = Segment {
                ports,
                acknowledgment: 1,
                flags,
                window: 64_240,
                options: &[2, 4, 5, 0xb4],
                ..Segment::default()
            };
            tcp(&route(victim(), client), &segment, Payload::default())
        }
        2 => segment((client, 50_000), to, (flag::ACK, 1), b""),
        _ => segment((client, 50_000), to, (flag::ACK | flag::PSH, 1 + sequence), said),
    }
}

/// A name, as a question for its address (RFC 1035, section 4.1).
fn question(n: u32) -> Vec<u8> {
    let name = format!("{n:08x}");
    [&[0, n as u8, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 8][..], name.as_bytes(), b"\x07example\x03org\0\0\x01\0\x01"]
        .concat()
}

/// The answer to it.
fn answer(name: u32, address: u32) -> Vec<u8> {
    let mut message = question(name);
    (message[2], message[7]) = (0x81, 1);
    message.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 0, 0, 4]);
    message
        .extend(stranger(address).address.to_string().parse::<Ipv4Addr>().map_or([0; 4], |it| it.octets()));
    message
}

/// A later part of a datagram, or its first.
fn fragment(identification: u16, part: u32) -> frame::Frame {
    const MORE: u16 = 0x2000;
    let route = Route { identification, ..route(stranger(1), victim()) };
    let mut frame = udp(&route, (4000, 5000), Payload::whole(&[0; 24]));
    // IPv4's flags and offset, behind the Ethernet header; its checksum is not looked at.
    frame.bytes[20..22].copy_from_slice(&(MORE | (part % 0x1fff) as u16).to_be_bytes());
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_play_is_of_packets_that_can_be_read() {
        use capturer::decode::{DecodeSettings, Decoder};
        let mut decoder = Decoder::new(DecodeSettings::default());
        for (name, make) in PLAYS {
            for n in [0, 1, 2, 3, 4, 100, PACKETS - 1] {
                let frame = make(n);
                let (at, wire_len) = (Timestamp::EPOCH, frame.wire_length);
                let frame = Frame { number: 1, at, wire_len, link: LinkType::ETHERNET, bytes: &frame.bytes };
                assert!(decoder.decode(&frame).is_ok(), "{name}: {n}");
            }
        }
    }
}
