//! What a packet costs the detectors, sessions and all: a flood of SYNs of which each has a source of its own, and
//! everyday traffic of 66 000 hosts in 400 000 sessions.
//!
//! `cargo bench -p analyzer --bench detect`; figures and machine in docs/PERFORMANCE.md. Tables are full before the first
//! measured round. Making the flood's packets is part of the figure, about 5 ns.
#![allow(missing_docs, reason = "a bench")]

use std::net::{IpAddr, Ipv4Addr};

use analyzer::detect::{Detection, Thresholds};
use capturer::{Packet, Ports, Protocol, Tcp, TcpFlags, TcpOptions, TcpQuirks, Timestamp, Transport};
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

/// What `wireglobe alerts` gives them by default.
const MEMORY: usize = 128 << 20;

/// Packets of a round.
const ROUND: u64 = 1 << 20;

/// Packets shown together.
const TOGETHER: usize = 64;

/// Time between packets: 200 000 a second.
const STEP: i64 = 5_000;

/// A small generator of numbers (splitmix64), seeded, so that every run sees the same traffic.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 16) % bound
    }
}

fn segment(flags: TcpFlags, ports: (u16, u16), sequence: u32) -> Transport {
    Transport::Tcp(Tcp {
        ports: Ports { source: ports.0, destination: ports.1 },
        flags,
        sequence,
        acknowledgment: 1,
        window: 64_240,
        quirks: TcpQuirks::default(),
        options: TcpOptions::default(),
    })
}

/// Shows packets some at a time, time going on with each.
struct Show {
    detection: Detection,
    packets: Vec<Packet>,
    number: u64,
}

impl Show {
    fn new() -> Self {
        let detection = Detection::new(&Thresholds::default(), MEMORY);
        Self { detection, packets: Vec::with_capacity(TOGETHER), number: 0 }
    }

    fn round(&mut self, mut make: impl FnMut(u64) -> Packet) {
        for _ in 0..ROUND / TOGETHER as u64 {
            self.packets.clear();
            for _ in 0..TOGETHER {
                self.number += 1;
                let at = Timestamp::from_nanos(1_700_000_000_000_000_000 + self.number as i64 * STEP);
                self.packets.push(Packet { at, number: self.number, ..make(self.number) });
            }
            self.detection.observe_all(self.packets.iter().map(|packet| (packet, &[][..])));
            if self.number.is_multiple_of(1 << 15)
                && let Some(now) = self.detection.now()
            {
                self.detection.advance(now);
            }
        }
    }
}

#[divan::bench(sample_count = 8)]
fn flood(bencher: Bencher<'_, '_>) {
    let (mut show, mut numbers) = (Show::new(), Numbers(1));
    let mut round = move || {
        show.round(|_| {
            let word = numbers.next();
            Packet {
                wire_len: 60,
                source: IpAddr::V4(Ipv4Addr::from_bits(0x0b00_0000 + (word as u32 % 0x6000_0000))),
                destination: IpAddr::V4(Ipv4Addr::new(192, 168, 1, 10)),
                protocol: Protocol::TCP,
                transport: segment(TcpFlags::SYN, ((word >> 32) as u16 | 1024, 80), (word >> 20) as u32),
                ..Packet::empty()
            }
        });
    };
    round();
    bencher.counter(ItemsCount::new(ROUND)).bench_local(round);
}

/// Popular hosts are popular: the smaller of two draws. Each has some sessions open at a time; most packets carry data.
fn everyday(numbers: &mut Numbers) -> Packet {
    let host = numbers.below(66_000).min(numbers.below(66_000)) as u32;
    let remote = IpAddr::V4(Ipv4Addr::from_bits(0x0500_0000 + host * 40_503));
    let local = IpAddr::V4(Ipv4Addr::new(192, 168, 0, (host % 250) as u8));
    let port = 49_152 + numbers.below(6) as u16;
    let outward = numbers.below(2) == 0;
    let (source, destination) = if outward { (local, remote) } else { (remote, local) };
    let ports = if outward { (port, 443) } else { (443, port) };
    Packet {
        wire_len: 600,
        payload_len: 546,
        source,
        destination,
        protocol: Protocol::TCP,
        transport: segment(TcpFlags::ACK, ports, 1),
        ..Packet::empty()
    }
}

#[divan::bench(sample_count = 8)]
fn imix(bencher: Bencher<'_, '_>) {
    let mut numbers = Numbers(1);
    let traffic: Vec<Packet> = (0..1 << 18).map(|_| everyday(&mut numbers)).collect();
    let mut show = Show::new();
    let mut round = move || show.round(|number| traffic[number as usize % traffic.len()]);
    round();
    bencher.counter(ItemsCount::new(ROUND)).bench_local(round);
}
