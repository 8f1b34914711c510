//! What fingerprints cost: a packet of a connection that is not followed, a SYN among hosts that are known, and a SYN of a
//! flood with forged sources. `cargo bench -p analyzer --bench fingerprints`.

use std::net::{IpAddr, Ipv4Addr};

use analyzer::fingerprint::{Database, Fingerprints};
use capturer::{Packet, Ports, Protocol, Tcp, TcpFlags, TcpOptions, TcpQuirks, Timestamp, Transport};
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

/// Packets of one round.
const ROUND: u32 = 100_000;

fn packet(source: u32, port: u16, flags: TcpFlags, nanos: i64) -> Packet {
    let tcp = Tcp {
        ports: Ports { source: port, destination: 443 },
        sequence: source,
        acknowledgment: 0,
        flags,
        window: 64_240,
        quirks: TcpQuirks::NONE,
        options: TcpOptions::NONE,
    };
    Packet {
        at: Timestamp::from_nanos(nanos),
        payload_offset: 74,
        network_offset: 14,
        source: IpAddr::V4(Ipv4Addr::from_bits(source)),
        destination: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
        protocol: Protocol::TCP,
        ttl: 57,
        transport: Transport::Tcp(tcp),
        ..Packet::empty()
    }
}

fn frame() -> [u8; 74] {
    let mut frame = [0; 74];
    frame[14] = 0x45;
    frame[46] = 0xa0;
    frame[54..].copy_from_slice(&[2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 1, 0, 0, 0, 0, 0, 1, 3, 3, 7]);
    frame
}

fn measure(bencher: Bencher<'_, '_>, packets: &[Packet]) {
    let frame = frame();
    let mut fingerprints = Fingerprints::new(Database::own(), 32 << 20);
    bencher.counter(ItemsCount::new(packets.len())).bench_local(|| {
        let mut told = 0u32;
        for packet in packets {
            fingerprints.observe(divan::black_box(packet), &frame, &mut |_| told += 1);
        }
        told
    });
}

/// Acknowledgments of connections that are not followed.
#[divan::bench]
fn not_followed(bencher: Bencher<'_, '_>) {
    let packets: Vec<Packet> =
        (0..ROUND).map(|n| packet(n % 5000, n as u16, TcpFlags::ACK, i64::from(n))).collect();
    measure(bencher, &packets);
}

/// SYNs of 1000 hosts, 5000 a second.
#[divan::bench]
fn syns(bencher: Bencher<'_, '_>) {
    let packets: Vec<Packet> =
        (0..ROUND).map(|n| packet(n % 1000, n as u16, TcpFlags::SYN, i64::from(n) * 200_000)).collect();
    measure(bencher, &packets);
}

/// SYNs of forged sources, a million a second: most are not read.
#[divan::bench]
fn flood(bencher: Bencher<'_, '_>) {
    let packets: Vec<Packet> = (0..ROUND)
        .map(|n| packet(n.wrapping_mul(0x9e37_79b9), n as u16, TcpFlags::SYN, i64::from(n) * 1000))
        .collect();
    measure(bencher, &packets);
}

/// The same, 20 000 a second: all are read.
#[divan::bench]
fn slow_flood(bencher: Bencher<'_, '_>) {
    let packets: Vec<Packet> = (0..ROUND)
        .map(|n| packet(n.wrapping_mul(0x9e37_79b9), n as u16, TcpFlags::SYN, i64::from(n) * 50_000))
        .collect();
    measure(bencher, &packets);
}
