//! What a filter costs a packet. Budget: 20 ns for `tcp port 443 and not net 10.0.0.0/8`.

mod libpcap;

use std::net::{IpAddr, Ipv4Addr};

use capturer::filter::Filter;
use capturer::{LinkType, Network, Packet, Ports, Protocol, Transport};
use divan::Bencher;

const PACKETS: u32 = 16384;

const FILTERS: [&str; 5] = [
    "tcp port 443 and not net 10.0.0.0/8",
    "tcp",
    "host 192.0.2.1 or 198.51.100.7",
    "udp port 53 or 123 or 443",
    "tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn",
];

fn main() {
    divan::main();
}

/// A believable mixture: half TCP, ports 443 and others, a quarter from the private network.
fn packets() -> Vec<(Packet, Vec<u8>)> {
    (0..PACKETS).map(|i| packet(scrambled(i))).collect()
}

/// MurmurHash3's finalizer, so that no branch predictor learns the mixture's period.
fn scrambled(i: u32) -> u32 {
    let i = (i ^ i >> 16).wrapping_mul(0x85eb_ca6b);
    let i = (i ^ i >> 13).wrapping_mul(0xc2b2_ae35);
    i ^ i >> 16
}

fn packet(random: u32) -> (Packet, Vec<u8>) {
    let source = if random & 3 == 0 { 0x0a00_0000 | random >> 8 } else { 0x2d00_0000 | random >> 8 };
    let source = Ipv4Addr::from_bits(source);
    let destination = Ipv4Addr::new(192, 0, 2, 1);
    let ports =
        Ports { source: (random >> 16) as u16 | 0x8000, destination: if random & 4 == 0 { 443 } else { 53 } };
    let tcp = random & 8 == 0;
    let mut bytes = vec![0; 54];
    bytes[12..15].copy_from_slice(&[8, 0, 0x45]);
    bytes[23] = if tcp { 6 } else { 17 };
    bytes[26..30].copy_from_slice(&source.octets());
    bytes[30..34].copy_from_slice(&destination.octets());
    bytes[34..36].copy_from_slice(&ports.source.to_be_bytes());
    bytes[36..38].copy_from_slice(&ports.destination.to_be_bytes());
    bytes[46] = 0x50;
    bytes[47] = 2;
    let packet = Packet {
        source: IpAddr::V4(source),
        destination: IpAddr::V4(destination),
        network: Network::Ipv4,
        protocol: if tcp { Protocol::TCP } else { Protocol::UDP },
        transport: if tcp { Transport::Tcp(segment(ports)) } else { Transport::Udp(ports) },
        ..Packet::empty()
    };
    (packet, bytes)
}

fn segment(ports: Ports) -> capturer::Tcp {
    capturer::Tcp {
        ports,
        sequence: 0,
        acknowledgment: 0,
        flags: capturer::TcpFlags::SYN,
        window: 65535,
        quirks: capturer::TcpQuirks::default(),
        options: capturer::TcpOptions::default(),
    }
}

#[divan::bench(args = FILTERS)]
fn matches(bencher: Bencher<'_, '_>, text: &str) {
    let filter = Filter::parse(text).unwrap_or_else(|error| unreachable!("{}", error.render(text)));
    let packets = packets();
    bencher
        .counter(divan::counter::ItemsCount::new(packets.len()))
        .bench(|| packets.iter().filter(|(packet, bytes)| filter.matches(packet, bytes)).count());
}

/// The same in capture position: on the frame's bytes.
#[divan::bench(args = FILTERS)]
fn frame_matches(bencher: Bencher<'_, '_>, text: &str) {
    let filter = Filter::parse(text).unwrap_or_else(|error| unreachable!("{}", error.render(text)));
    let filter = filter.frame(LinkType::ETHERNET).unwrap_or_else(|error| unreachable!("{error}"));
    let packets = packets();
    bencher
        .counter(divan::counter::ItemsCount::new(packets.len()))
        .bench(|| packets.iter().filter(|(_, bytes)| filter.matches(bytes, 54)).count());
}

/// The same as classic BPF in our interpreter.
#[divan::bench(args = FILTERS)]
fn program_run(bencher: Bencher<'_, '_>, text: &str) {
    let filter = Filter::parse(text).unwrap_or_else(|error| unreachable!("{}", error.render(text)));
    let filter = filter.frame(LinkType::ETHERNET).unwrap_or_else(|error| unreachable!("{error}"));
    let program = filter.program().unwrap_or_else(|error| unreachable!("{error}"));
    let packets = packets();
    bencher
        .counter(divan::counter::ItemsCount::new(packets.len()))
        .bench(|| packets.iter().filter(|(_, bytes)| program.run(bytes, 54) > 0).count());
}

/// The same by libpcap, where it is installed.
#[divan::bench(args = FILTERS)]
#[expect(clippy::print_stderr, reason = "what is left out is said")]
fn libpcap_offline_filter(bencher: Bencher<'_, '_>, text: &str) {
    let Some(filter) = libpcap::Filter::compile(text) else {
        eprintln!("skipped: libpcap is not installed");
        return;
    };
    let packets = packets();
    bencher
        .counter(divan::counter::ItemsCount::new(packets.len()))
        .bench_local(|| packets.iter().filter(|(_, bytes)| filter.matches(bytes)).count());
}

#[divan::bench(args = FILTERS)]
fn compile(text: &str) -> bool {
    Filter::parse(text).is_ok_and(|filter| filter.frame(LinkType::ETHERNET).is_ok())
}

#[divan::bench(args = FILTERS)]
fn parse(text: &str) -> bool {
    Filter::parse(text).is_ok()
}
