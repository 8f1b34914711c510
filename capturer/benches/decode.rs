//! What decoding a frame costs, beside etherparse reading the same frames; nanoseconds a packet are the reciprocal of
//! the printed rate. The array mixes what a link to the Internet carries, by packets: TCP with timestamps and
//! without, UDP, IPv6, VLAN tags, SYNs with all their options, ICMP, fragments, ARP.
//!
//! `cargo bench -p capturer --bench decode` on a 2-core KVM guest (AMD EPYC), medians in ns a packet: mix 19.9, TCP with
//! timestamps alone 15.7; the mix by etherparse's lax slicing 57.9, by its strict slicing 36.1. Target: at most 25.

#![allow(clippy::unwrap_used, reason = "a bench says so by failing")]

use std::hint::black_box;

use capturer::decode::decode;
use capturer::{Frame, LinkType, Timestamp};
use divan::Bencher;
use divan::counter::ItemsCount;
use etherparse::{
    IpFragOffset, LaxSlicedPacket, PacketBuilder, PacketBuilderStep, SlicedPacket, TcpOptionElement, VlanId,
};

/// Frames in the array: more than branch predictors remember, few enough for the second-level cache.
const FRAMES: usize = 4096;

fn main() {
    divan::main();
}

/// Deterministic numbers (Numerical Recipes' generator), so that every run reads the same array.
struct Numbers(u32);

impl Numbers {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % bound
    }

    /// Simple IMIX: 7 small, 4 medium, 1 large; kept short, as only headers are read.
    fn payload(&mut self) -> Vec<u8> {
        vec![7; [6, 6, 6, 6, 6, 6, 6, 60, 60, 60, 60, 200][self.below(12) as usize]]
    }
}

type Ip = PacketBuilderStep<etherparse::IpHeaders>;

fn ethernet() -> PacketBuilderStep<etherparse::Ethernet2Header> {
    PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
}

fn ipv4(numbers: &mut Numbers) -> Ip {
    ethernet().ipv4(address(numbers), address(numbers), 64)
}

fn address(numbers: &mut Numbers) -> [u8; 4] {
    numbers.below(1 << 24).to_le_bytes()
}

fn ipv6(numbers: &mut Numbers) -> Ip {
    let mut host =
        || -> [u8; 16] { std::array::from_fn(|i| if i < 8 { 0x20 } else { numbers.below(256) as u8 }) };
    ethernet().ipv6(host(), host(), 64)
}

fn tagged(numbers: &mut Numbers) -> Ip {
    let id = VlanId::try_new(numbers.below(4096) as u16).unwrap();
    ethernet().single_vlan(id).ipv4(address(numbers), address(numbers), 64)
}

fn timestamps() -> Vec<TcpOptionElement> {
    vec![TcpOptionElement::Noop, TcpOptionElement::Noop, TcpOptionElement::Timestamp(5, 6)]
}

fn syn_options() -> Vec<TcpOptionElement> {
    use TcpOptionElement::{
        MaximumSegmentSize, Noop, SelectiveAcknowledgementPermitted, Timestamp, WindowScale,
    };
    vec![MaximumSegmentSize(1460), SelectiveAcknowledgementPermitted, Timestamp(5, 0), Noop, WindowScale(7)]
}

fn tcp(ip: Ip, options: &[TcpOptionElement], numbers: &mut Numbers) -> Vec<u8> {
    let port = 1024 + numbers.below(60_000) as u16;
    let segment = ip.tcp(443, port, numbers.below(u32::MAX), 65_535).ack(1).options(options).unwrap();
    let mut frame = Vec::new();
    segment.write(&mut frame, &numbers.payload()).unwrap();
    frame
}

fn udp(ip: Ip, numbers: &mut Numbers) -> Vec<u8> {
    let mut frame = Vec::new();
    ip.udp(443, 1024 + numbers.below(60_000) as u16).write(&mut frame, &numbers.payload()).unwrap();
    frame
}

fn echo(numbers: &mut Numbers) -> Vec<u8> {
    let mut frame = Vec::new();
    ipv4(numbers).icmpv4_echo_request(1, 2).write(&mut frame, &numbers.payload()).unwrap();
    frame
}

fn last_fragment(numbers: &mut Numbers) -> Vec<u8> {
    let mut frame = udp(ipv4(numbers), numbers);
    frame[20..22].copy_from_slice(&IpFragOffset::try_new(185).unwrap().value().to_be_bytes());
    frame
}

fn arp(numbers: &mut Numbers) -> Vec<u8> {
    let mut frame =
        [&[0xff; 6][..], &[2, 0, 0, 0, 0, 2, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 2]].concat();
    frame.extend(address(numbers));
    frame.extend([0; 6]);
    frame.extend(address(numbers));
    frame.resize(60, 0);
    frame
}

/// One of a hundred kinds of frames.
fn mixed(numbers: &mut Numbers) -> Vec<u8> {
    match numbers.below(100) {
        0..40 => tcp(ipv4(numbers), &timestamps(), numbers),
        40..55 => tcp(ipv4(numbers), &[], numbers),
        55..70 => udp(ipv4(numbers), numbers),
        70..80 => tcp(ipv6(numbers), &timestamps(), numbers),
        80..85 => udp(ipv6(numbers), numbers),
        85..92 => tcp(tagged(numbers), &timestamps(), numbers),
        92..96 => tcp(ipv4(numbers), &syn_options(), numbers),
        96..98 => echo(numbers),
        98 => last_fragment(numbers),
        _ => arp(numbers),
    }
}

fn frames(of: impl Fn(&mut Numbers) -> Vec<u8>) -> Vec<Vec<u8>> {
    let mut numbers = Numbers(1);
    (0..FRAMES).map(|_| of(&mut numbers)).collect()
}

fn lend(bytes: &[u8]) -> Frame<'_> {
    let wire_len = bytes.len() as u32;
    Frame { number: 1, at: Timestamp::EPOCH, wire_len, link: LinkType::ETHERNET, bytes }
}

fn run(bencher: Bencher<'_, '_>, frames: &[Vec<u8>], read: impl Fn(&[u8])) {
    bencher.counter(ItemsCount::new(FRAMES)).bench_local(|| {
        for bytes in black_box(frames) {
            read(bytes);
        }
    });
}

#[divan::bench]
fn imix(bencher: Bencher<'_, '_>) {
    run(bencher, &frames(mixed), |bytes| {
        black_box(&decode(&lend(bytes)));
    });
}

#[divan::bench]
fn imix_by_etherparse_lax(bencher: Bencher<'_, '_>) {
    run(bencher, &frames(mixed), |bytes| {
        black_box(&LaxSlicedPacket::from_ethernet(bytes).unwrap());
    });
}

#[divan::bench]
fn imix_by_etherparse_strict(bencher: Bencher<'_, '_>) {
    run(bencher, &frames(mixed), |bytes| {
        black_box(&SlicedPacket::from_ethernet(bytes).unwrap());
    });
}

/// The hot path alone: Ethernet, IPv4, TCP with timestamps.
#[divan::bench]
fn tcp_with_timestamps(bencher: Bencher<'_, '_>) {
    run(bencher, &frames(|numbers| tcp(ipv4(numbers), &timestamps(), numbers)), |bytes| {
        black_box(&decode(&lend(bytes)));
    });
}

/// The same where the caller looks at one field only.
#[divan::bench]
fn tcp_with_timestamps_summed(bencher: Bencher<'_, '_>) {
    let sum = std::cell::Cell::new(0);
    run(bencher, &frames(|numbers| tcp(ipv4(numbers), &timestamps(), numbers)), |bytes| {
        sum.set(sum.get() + decode(&lend(bytes)).map_or(0, |packet| packet.payload_len));
    });
    black_box(sum);
}
