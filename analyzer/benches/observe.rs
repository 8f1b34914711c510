//! What a packet costs the analyzer: 66 000 hosts and 400 000 flows, all dimensions or one, with places.
//!
//! `cargo bench -p analyzer --bench observe`; figures and machine in docs/PERFORMANCE.md. Flows are settled once a round. The tables are larger than the caches, so the figure is mostly memory.
#![allow(missing_docs, reason = "a bench")]

use std::net::{IpAddr, Ipv4Addr};

use analyzer::aggregate::{AGGREGATES, Counting, Ends};
use analyzer::geo::{Geo, Needs};
use analyzer::{Analyzer, Dimension, Facts, LocalNetworks, Origin, Setup};
use capturer::{Packet, Ports, Protocol, Tcp, TcpFlags, TcpOptions, TcpQuirks, Timestamp, Transport};
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

const PACKETS: usize = 1 << 18;

/// A small generator of numbers (xorshift64*), seeded, so that every run sees the same traffic.
fn numbers() -> impl Iterator<Item = u64> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    std::iter::from_fn(move || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        Some(state.wrapping_mul(0x2545_f491_4f6c_dd1d))
    })
}

fn packets() -> Vec<Packet> {
    let mut numbers = numbers();
    let mut next = move |below: u64| numbers.next().map_or(0, |n| (n >> 16) % below);
    (0..PACKETS)
        .map(|n| {
            // Popular hosts are popular: the smaller of two draws.
            let host = next(66_000).min(next(66_000)) as u32;
            let remote = IpAddr::V4(Ipv4Addr::from_bits(0x0500_0000 + host * 40_503));
            let local = IpAddr::V4(Ipv4Addr::new(192, 168, (next(2)) as u8, next(250) as u8));
            let port = 49_152 + next(64) as u16;
            let outward = next(2) == 0;
            let (source, destination) = if outward { (local, remote) } else { (remote, local) };
            let (source_port, destination_port) = if outward { (port, 443) } else { (443, port) };
            Packet {
                at: Timestamp::from_parts(1_700_000_000, n as i64 * 1000),
                wire_len: 600,
                source,
                destination,
                protocol: Protocol::UDP,
                transport: Transport::Udp(Ports { source: source_port, destination: destination_port }),
                ..Packet::empty()
            }
        })
        .collect()
}

fn analyzer(dimensions: Vec<Dimension>, live: bool) -> Analyzer {
    with_names(dimensions, (live, live))
}

fn with_names(dimensions: Vec<Dimension>, (live, names): (bool, bool)) -> Analyzer {
    Analyzer::new(Setup {
        facts: Facts {
            geo: Geo::bundled(Needs { country: true, asn: true }),
            local: LocalNetworks::private_and(Vec::new(), Origin::Assumed),
        },
        homes: Vec::new(),
        dimensions,
        live,
        hosts: live,
        names,
        memory: 192 << 20,
        counting: Counting::default(),
        devices: analyzer::Devices::default(),
        inventory: None,
    })
}

fn measure(bencher: Bencher<'_, '_>, mut analyzer: Analyzer, together: usize) {
    let packets = packets();
    bencher.counter(ItemsCount::new(PACKETS)).bench_local(|| {
        for some in packets.chunks(together) {
            analyzer.observe_all(some.iter().map(|packet| (packet, &[][..])));
        }
        // A tick for each round: 262 144 packets in a quarter of a second are about a million a second.
        let now = analyzer.now().unwrap_or(Timestamp::EPOCH);
        analyzer.advance(now);
    });
}

#[divan::bench(args = [1, 16, 32, 64, 128])]
fn by_country(bencher: Bencher<'_, '_>, together: usize) {
    measure(bencher, analyzer(vec![Dimension { name: "country", ends: Ends::Both }], false), together);
}

/// What it costs to look for names: by country alone, of TCP segments with a payload that names nobody.
#[divan::bench(args = [false, true])]
fn names_learned(bencher: Bencher<'_, '_>, names: bool) {
    let mut packets = packets();
    let bytes: Vec<u8> = [&[0; 54][..], &[0x17, 3, 3, 1, 0], &[0x5a; 197]].concat();
    for packet in &mut packets {
        let ports = packet.ports().unwrap_or_default();
        packet.transport = Transport::Tcp(Tcp {
            ports,
            flags: TcpFlags::ACK,
            sequence: 1,
            acknowledgment: 1,
            window: 1,
            quirks: TcpQuirks::default(),
            options: TcpOptions::default(),
        });
        (packet.protocol, packet.payload_offset, packet.payload_len) = (Protocol::TCP, 54, 202);
    }
    let setup = Dimension { name: "country", ends: Ends::Both };
    let mut analyzer = with_names(vec![setup], (false, names));
    bencher.counter(ItemsCount::new(PACKETS)).bench_local(|| {
        for some in packets.chunks(128) {
            analyzer.observe_all(some.iter().map(|packet| (packet, &bytes[..])));
        }
        let now = analyzer.now().unwrap_or(Timestamp::EPOCH);
        analyzer.advance(now);
    });
}

#[divan::bench]
fn everything_live(bencher: Bencher<'_, '_>) {
    let all = AGGREGATES.iter().map(|entry| Dimension { name: entry.name, ends: Ends::Both });
    let remote = ["country", "place", "asn"].map(|name| Dimension { name, ends: Ends::Remote });
    measure(bencher, analyzer(all.chain(remote).collect(), true), 128);
}
