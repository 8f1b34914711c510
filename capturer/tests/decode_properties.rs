//! What holds for any bytes whatever: decoding answers, and what it answers lies within the frame.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says so by failing")]

#[allow(dead_code, reason = "other targets' bodies")]
#[path = "../../fuzz/src/lib.rs"]
mod bodies;
mod samples;

use bodies::decode::check_stream;
use capturer::decode::{decode, layers, link, tunnel};
use capturer::{Frame, LinkType, Packet, PacketFacts, Skip, Timestamp};
use proptest::prelude::*;
use samples::{headers, samples, tunnels};

fn frame(link: LinkType, bytes: &[u8], wire_len: u32) -> Frame<'_> {
    Frame { number: 1, at: Timestamp::EPOCH, wire_len, link, bytes }
}

/// Bytes as captured whole.
fn whole(link: LinkType, bytes: &[u8]) -> Result<Packet, Skip> {
    decode(&frame(link, bytes, bytes.len() as u32))
}

/// What any frame's answer must satisfy, and that of every layer in it.
fn check(frame: Frame<'_>) {
    check_stream(&[frame]);
}

#[test]
fn every_sample_of_a_tunnel_is_looked_through_or_recognised() {
    for bytes in tunnels() {
        let packet = whole(LinkType::ETHERNET, &bytes).unwrap();
        let tunnel = tunnel::of(&packet, &bytes).unwrap();
        assert_eq!(packet.facts.has(PacketFacts::TUNNELLED), tunnel.is_open(), "{}", tunnel.name);
        let innermost = layers(&frame(LinkType::ETHERNET, &bytes, bytes.len() as u32)).last().unwrap();
        let ports = innermost.unwrap().packet.ports().map(|ports| (ports.source, ports.destination));
        assert_eq!(ports, Some(if tunnel.is_open() { (1, 2) } else { (50_000, 4500) }), "{}", tunnel.name);
    }
}

#[test]
fn every_header_of_a_link_type_has_a_packet_behind_it() {
    for link in link::LINKS.iter().filter(|link| link.kind != LinkType::IPV6) {
        let header = headers().into_iter().find(|(kind, _)| *kind == link.kind);
        let (kind, header) = header.unwrap_or_else(|| panic!("no header of {} in tests/samples", link.name));
        let frame = [header, samples()[2][14..].to_vec()].concat();
        assert!(whole(kind, &frame).is_ok(), "{kind:?}");
    }
}

fn links() -> impl Strategy<Value = LinkType> {
    prop_oneof![
        proptest::sample::select(link::LINKS).prop_map(|link| link.kind),
        any::<u16>().prop_map(LinkType)
    ]
}

#[test]
fn samples_are_read_to_their_payload() {
    for bytes in samples() {
        let packet = whole(LinkType::ETHERNET, &bytes).unwrap();
        let end = usize::from(packet.payload_offset) + packet.payload_len as usize;
        assert_eq!(end, bytes.len(), "{packet:?}");
    }
}

#[test]
fn every_truncation_gives_a_packet_or_a_skip() {
    for bytes in samples() {
        for cut in 0..bytes.len() {
            let short = frame(LinkType::ETHERNET, &bytes[..cut], bytes.len() as u32);
            check(short);
        }
    }
}

#[test]
fn truncation_never_takes_addresses_away_that_were_captured() {
    for bytes in samples() {
        let full = whole(LinkType::ETHERNET, &bytes).unwrap();
        let mut seen = false;
        for cut in 0..bytes.len() {
            match decode(&frame(LinkType::ETHERNET, &bytes[..cut], bytes.len() as u32)) {
                Ok(packet) => {
                    seen = true;
                    assert_eq!((packet.source, packet.destination), (full.source, full.destination));
                }
                Err(_) => assert!(!seen, "cut at {cut}"),
            }
        }
        assert!(seen);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn any_bytes_get_an_answer(link in links(), bytes in prop::collection::vec(any::<u8>(), 0..200), extra in 0u32..70_000) {
        let frame = frame(link, &bytes, extra);
        check(frame);
    }

    #[test]
    fn a_changed_frame_of_any_link_type_gets_an_answer(
        header in prop::sample::select(headers()),
        sample in prop::sample::select(samples()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = [&header.1[..], &sample[14..]].concat();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let kept = cut.index(bytes.len() + 1);
        for part in [&bytes[..], &bytes[..kept]] {
            let frame = frame(header.0, part, bytes.len() as u32);
            check(frame);
        }
    }

    #[test]
    fn any_bytes_behind_an_ethertype_get_an_answer(
        ether_type in prop::sample::select(&[0x0800u16, 0x86dd, 0x0806, 0x8100, 0x88a8, 0x8847, 0x8864, 40][..]),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let bytes = [&[0; 12][..], &ether_type.to_be_bytes(), &bytes].concat();
        let frame = frame(LinkType::ETHERNET, &bytes, bytes.len() as u32);
        check(frame);
    }

    #[test]
    fn a_changed_frame_gets_an_answer(
        sample in prop::sample::select(samples()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
        link in links(),
    ) {
        let mut bytes = sample;
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let kept = cut.index(bytes.len() + 1);
        for kind in [LinkType::ETHERNET, link] {
            for part in [&bytes[..], &bytes[..kept]] {
                let frame = frame(kind, part, bytes.len() as u32);
                check(frame);
            }
        }
    }
}
