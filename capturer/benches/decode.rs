//! What decoding a frame costs, beside etherparse reading the same frames; nanoseconds a packet are the reciprocal of
//! the printed rate. The array mixes what a link to the Internet carries, by packets: TCP with timestamps and
//! without, UDP, IPv6, VLAN tags, SYNs with all their options, ICMP, fragments, ARP.
//!
//! `cargo bench -p capturer --bench decode` on a 2-core KVM guest (AMD EPYC) with other work on it, fastest of 100 samples
//! in ns a packet: mix 21.7, in place into a batch 21.1 (by value and copied 24.8), by a `Decoder` 22.2, with checksums
//! verified 36.4; TCP with timestamps alone 17.2; the mix by etherparse's lax slicing 51.7, by its strict slicing 35.7.
//! TCP in VXLAN: outermost 28.6, innermost 67.7. A fragment 59.2. Target of the mix: at most 25.

#![allow(clippy::unwrap_used, reason = "a bench says so by failing")]

use std::hint::black_box;

use capturer::decode::{Counted, DecodeSettings, Decoder, decode, decode_into, layers};
use capturer::{Frame, LinkType, Packet, Timestamp};
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

/// Into the slots of a batch, as a reader of files does: by value and copied, in place, and by a decoder.
#[divan::bench]
fn imix_copied_into_a_batch(bencher: Bencher<'_, '_>) {
    into_batch(bencher, |frame, slot| *slot = decode(frame).unwrap());
}

#[divan::bench]
fn imix_into_a_batch(bencher: Bencher<'_, '_>) {
    into_batch(bencher, |frame, slot| decode_into(frame, slot).unwrap());
}

#[divan::bench]
fn imix_into_a_batch_by_decoder(bencher: Bencher<'_, '_>) {
    let mut decoder = Decoder::new(DecodeSettings::default());
    into_batch(bencher, |frame, slot| decoder.decode_into(frame, slot).unwrap());
}

/// The same with every checksum verified; the mix has none longer than 200 bytes.
#[divan::bench]
fn imix_into_a_batch_verified(bencher: Bencher<'_, '_>) {
    let mut decoder = Decoder::new(DecodeSettings { checksums: true, ..DecodeSettings::default() });
    into_batch(bencher, |frame, slot| decoder.decode_into(frame, slot).unwrap());
}

fn into_batch(bencher: Bencher<'_, '_>, mut read: impl FnMut(&Frame<'_>, &mut Packet)) {
    let frames = frames(mixed);
    let mut batch = [Packet::empty(); 256];
    bencher.counter(ItemsCount::new(FRAMES)).bench_local(|| {
        for chunk in black_box(&frames).chunks(batch.len()) {
            for (bytes, slot) in chunk.iter().zip(&mut batch) {
                read(&lend(bytes), slot);
            }
            black_box(&batch);
        }
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

/// TCP with timestamps in VXLAN: the outermost packet, all layers, the innermost.
#[divan::bench]
fn vxlan_outermost(bencher: Bencher<'_, '_>) {
    run(bencher, &frames(vxlan), |bytes| {
        black_box(&decode(&lend(bytes)));
    });
}

#[divan::bench]
fn vxlan_layers(bencher: Bencher<'_, '_>) {
    run(bencher, &frames(vxlan), |bytes| {
        black_box(layers(&lend(bytes)).last());
    });
}

#[divan::bench]
fn vxlan_innermost(bencher: Bencher<'_, '_>) {
    let settings = DecodeSettings { count: Counted::Innermost, ..DecodeSettings::default() };
    let decoder = std::cell::RefCell::new(Decoder::new(settings));
    run(bencher, &frames(vxlan), |bytes| {
        black_box(&decoder.borrow_mut().decode(&lend(bytes)));
    });
}

fn vxlan(numbers: &mut Numbers) -> Vec<u8> {
    let inside = tcp(ipv4(numbers), &timestamps(), numbers);
    let mut frame = Vec::new();
    let payload = [&[8, 0, 0, 0, 0, 0, 7, 0][..], &inside].concat();
    ipv4(numbers).udp(50_000, 4789).write(&mut frame, &payload).unwrap();
    frame
}

/// A datagram's two fragments by turns, each datagram another: the table is always full.
#[divan::bench]
fn fragments_by_decoder(bencher: Bencher<'_, '_>) {
    let decoder = std::cell::RefCell::new(Decoder::new(DecodeSettings::default()));
    let mut numbers = Numbers(1);
    let pair = |numbers: &mut Numbers| {
        let mut first = udp(ipv4(numbers), numbers);
        first[20] = 0x20;
        let mut last = first.clone();
        last[20..22].copy_from_slice(&185u16.to_be_bytes());
        [first, last]
    };
    let frames: Vec<_> = (0..FRAMES / 2).flat_map(|_| pair(&mut numbers)).collect();
    run(bencher, &frames, |bytes| {
        black_box(&decoder.borrow_mut().decode(&lend(bytes)));
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
