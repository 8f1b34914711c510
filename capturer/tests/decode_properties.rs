//! What holds for any bytes whatever: decoding answers, and what it answers lies within the frame.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says so by failing")]

use std::cell::RefCell;

use capturer::decode::{
    Counted, DecodeSettings, Decoder, MAX_LAYERS, decode, decode_into, inner, layers, link, tunnel,
};
use capturer::{Frame, LinkType, Packet, PacketFacts, Skip, SkipReason, Timestamp};
use etherparse::{PacketBuilder, TcpOptionElement};
use proptest::prelude::*;

fn frame(link: LinkType, bytes: &[u8], wire_len: u32) -> Frame<'_> {
    Frame { number: 1, at: Timestamp::EPOCH, wire_len, link, bytes }
}

/// Bytes as captured whole.
fn whole(link: LinkType, bytes: &[u8]) -> Result<Packet, Skip> {
    decode(&frame(link, bytes, bytes.len() as u32))
}

/// What any frame's answer must satisfy, and that of every layer in it.
fn check(answer: Result<Packet, Skip>, frame: &Frame<'_>) {
    check_one(answer, frame);
    check_layers(answer, frame);
    check_decoders(answer, frame);
}

fn check_one(answer: Result<Packet, Skip>, frame: &Frame<'_>) {
    match answer {
        Ok(packet) => {
            let longest = frame.wire_len.max(frame.bytes.len() as u32);
            let end = u64::from(packet.payload_offset) + u64::from(packet.payload_len);
            assert!(packet.payload_len <= longest, "{packet:?}");
            assert!(packet.payload_len == 0 || end <= u64::from(longest), "{packet:?}");
            assert!(usize::from(packet.network_offset) < frame.bytes.len(), "{packet:?}");
            assert_eq!(packet.wire_len, frame.wire_len);
        }
        Err(skip) => {
            assert!(usize::from(skip.offset) + usize::from(skip.had) <= frame.bytes.len(), "{skip:?}");
            let cut = matches!(skip.reason, SkipReason::CutLink | SkipReason::CutNetwork);
            assert_eq!(cut, skip.needed > skip.had, "{skip:?}");
        }
    }
}

/// `decode_advances`: each layer begins behind the one before, and they come to an end.
fn check_layers(answer: Result<Packet, Skip>, frame: &Frame<'_>) {
    let all: Vec<_> = layers(frame).map(|layer| layer.map(|layer| layer.packet)).collect();
    assert!((1..=MAX_LAYERS + 1).contains(&all.len()));
    assert_eq!(all[0], answer);
    for pair in all.windows(2) {
        let outer = pair[0].unwrap();
        check_one(pair[1], frame);
        if let Ok(packet) = pair[1] {
            assert!(packet.network_offset > outer.network_offset, "{outer:?} {packet:?}");
            assert!(packet.facts.has(PacketFacts::INNER));
            assert_eq!(inner(&outer, frame.bytes), Some(packet));
        }
    }
    for packet in all.iter().flatten().take(MAX_LAYERS - 1) {
        let deeper = inner(packet, frame.bytes).is_some_and(|packet| packet.is_ip());
        assert_eq!(packet.facts.has(PacketFacts::TUNNELLED), deeper, "{packet:?}");
        assert!(!deeper || tunnel::of(packet, frame.bytes).is_some());
    }
}

/// A decoder adds facts and ports of fragments, and chooses a layer; nothing else.
fn check_decoders(answer: Result<Packet, Skip>, frame: &Frame<'_>) {
    let mut slot = Packet::empty();
    assert_eq!(decode_into(frame, &mut slot).map(|()| slot), answer);
    DECODERS.with_borrow_mut(|decoders| {
        for (count, decoder) in decoders {
            let Ok(mut read) = decoder.decode(frame) else {
                assert!(answer.is_err());
                continue;
            };
            let chosen = match count {
                Counted::Outermost => answer.unwrap(),
                Counted::Innermost => layers(frame)
                    .flatten()
                    .map(|layer| layer.packet)
                    .filter(Packet::is_ip)
                    .last()
                    .unwrap_or(answer.unwrap()),
            };
            (read.facts, read.transport) = (chosen.facts, chosen.transport);
            assert_eq!(read, chosen);
        }
    });
}

thread_local! {
    /// Two that have seen all frames of a test, with checksums verified.
    static DECODERS: RefCell<[(Counted, Decoder); 2]> = RefCell::new([Counted::Outermost, Counted::Innermost].map(
        |count| (count, Decoder::new(DecodeSettings { count, checksums: true })),
    ));
}

/// Frames as they come: a registered link header, then IP with options, extensions and a transport.
fn samples() -> Vec<Vec<u8>> {
    let ethernet = || PacketBuilder::ethernet2([2; 6], [4; 6]);
    let options = [
        TcpOptionElement::MaximumSegmentSize(1460),
        TcpOptionElement::SelectiveAcknowledgementPermitted,
        TcpOptionElement::Timestamp(1, 2),
        TcpOptionElement::Noop,
        TcpOptionElement::WindowScale(7),
    ];
    let mut frames = vec![Vec::new(); 5];
    let vlan = etherparse::VlanId::try_new(7).unwrap();
    let tcp4 = ethernet().single_vlan(vlan).ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).tcp(1, 2, 3, 4).syn();
    tcp4.options(&options).unwrap().write(&mut frames[0], b"hello").unwrap();
    let tcp6 = ethernet().ipv6([1; 16], [2; 16], 64).tcp(1, 2, 3, 4).ack(5);
    tcp6.options(&options).unwrap().write(&mut frames[1], b"hello").unwrap();
    ethernet().ipv4([1; 4], [2; 4], 9).udp(53, 4096).write(&mut frames[2], &[7; 300]).unwrap();
    ethernet().ipv6([1; 16], [2; 16], 9).icmpv6_echo_request(1, 2).write(&mut frames[3], &[]).unwrap();
    ethernet().ipv4([1; 4], [2; 4], 9).icmpv4_echo_reply(1, 2).write(&mut frames[4], &[1]).unwrap();
    frames.push(extended());
    frames.extend(tunnels());
    frames
}

/// A datagram in each kind of tunnel, and in one within another.
fn tunnels() -> Vec<Vec<u8>> {
    let mut ethernet = Vec::new();
    let udp = PacketBuilder::ethernet2([6; 6], [8; 6]).ipv4([10, 0, 0, 1], [10, 0, 0, 2], 9).udp(1, 2);
    udp.write(&mut ethernet, b"inside").unwrap();
    let mut ip6 = Vec::new();
    PacketBuilder::ipv6([3; 16], [4; 16], 9).udp(1, 2).write(&mut ip6, b"inside").unwrap();
    let ip = &ethernet[14..];
    let gre = over_ip(47, &[&[0x20, 0, 8, 0, 0, 0, 0, 7], ip]);
    vec![
        over_ip(4, &[ip]),
        over_ip(41, &[&ip6]),
        over_ip(47, &[&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 0, 0, 0, 0, 0, 0, 0], &ethernet]),
        over_ip(47, &[&[0x30, 1, 0x88, 0x0b, 0, 40, 0, 0, 0, 0, 0, 1, 0xff, 3, 0, 0x21], ip]),
        over_ip(97, &[&[0x30, 0], &ethernet]),
        over_ip(115, &[&[0, 0, 0, 9], &ethernet]),
        over_ip(137, &[&[0, 1, 1, 64], ip]),
        over_ip(51, &[&[4, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1], &[7; 12], ip]),
        over_udp(4789, &[&[8, 0, 0, 0, 0, 0, 7, 0], &ethernet]),
        over_udp(4790, &[&[0x0c, 0, 0, 4, 0, 0, 7, 0, 0, 2, 1, 1, 0, 0, 0, 0], ip]),
        over_udp(6081, &[&[1, 0, 0x65, 0x58, 0, 0, 7, 0, 1, 1, 0, 0], &ethernet]),
        over_udp(2152, &[&[0x34, 255, 0, 42, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0, 0, 0], ip]),
        over_udp(3544, &[&[0, 0, 1, 2, 3, 4, 5, 6], &ip6]),
        over_udp(1701, &[&[0, 2, 0, 1, 0, 2, 0xff, 3, 0, 0x21], ip]),
        over_udp(6635, &[&[0, 1, 1, 64, 0, 0, 0, 0], &ethernet]),
        over_udp(4500, &[&[1; 40]]),
        over_ip(4, &[&gre[14..]]),
    ]
}

fn over_ip(protocol: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut frame = Vec::new();
    let ip = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64);
    ip.write(&mut frame, protocol.into(), &parts.concat()).unwrap();
    frame
}

fn over_udp(port: u16, parts: &[&[u8]]) -> Vec<u8> {
    let mut frame = Vec::new();
    let ip = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64);
    ip.udp(50_000, port).write(&mut frame, &parts.concat()).unwrap();
    frame
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

/// IPv6 with hop-by-hop options, routing, fragment and authentication headers before UDP.
fn extended() -> Vec<u8> {
    let extensions: [&[u8]; 4] =
        [&[43, 0, 1, 4, 0, 0, 0, 0], &[44, 0, 0, 0, 0, 0, 0, 0], &[51, 0, 0, 1, 0, 0, 0, 9], &[17, 2, 0, 0]];
    let mut frame = Vec::new();
    let udp = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv6([1; 16], [2; 16], 9).udp(53, 4096);
    udp.write(&mut frame, b"payload").unwrap();
    let extensions = [extensions.concat(), vec![0; 12]].concat();
    frame[19] += extensions.len() as u8;
    frame[20] = 0;
    frame.splice(54..54, extensions);
    frame
}

/// For each link type a header that a packet can follow, as far as one of zeros is not that already.
fn headers() -> Vec<(LinkType, Vec<u8>)> {
    let snap = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];
    let data = [&[8, 0][..], &[0; 22], &snap].concat();
    let of = |kind, parts: &[&[u8]]| (kind, parts.concat());
    vec![
        of(LinkType::NULL, &[&[2, 0, 0, 0]]),
        of(LinkType::LOOP, &[&[0, 0, 0, 2]]),
        of(LinkType::PPP, &[&[0xff, 3, 0, 0x21]]),
        of(LinkType::C_HDLC, &[&[0x0f, 0, 8, 0]]),
        of(LinkType::RAW, &[]),
        of(LinkType::IEEE_802_11, &[&data]),
        of(LinkType::RADIOTAP, &[&[0, 0, 8, 0, 0, 0, 0, 0], &data]),
        of(LinkType::IEEE_802_11_PRISM, &[&[0; 144], &data]),
        of(LinkType::IEEE_802_11_AVS, &[&[0x80, 0x21, 0x10, 1, 0, 0, 0, 8], &data]),
        of(LinkType::PPI, &[&[0, 0, 8, 0, 105, 0, 0, 0], &data]),
        of(LinkType::LINUX_SLL, &[&[0; 14], &[8, 0]]),
        of(LinkType::LINUX_SLL2, &[&[8, 0], &[0; 18]]),
        of(LinkType::NFLOG, &[&[2, 0, 0, 0, 255, 0, 9, 0]]),
        of(LinkType::IPOIB, &[&[0; 40], &[8, 0, 0, 0]]),
        of(LinkType::FRAME_RELAY, &[&[0x18, 0x41, 3, 0xcc]]),
        of(LinkType::IEEE_802_5, &[&[0x10, 0x40, 1, 1, 1, 1, 1, 1, 0x82, 2, 2, 2, 2, 2, 2, 0], &snap]),
        of(LinkType::FDDI, &[&[0x50; 13], &snap]),
        of(LinkType::ATM_RFC1483, &[&snap]),
        of(LinkType::SUNATM, &[&[2, 0, 0, 0], &snap]),
        of(LinkType::MPLS, &[&[0, 1, 1, 64]]),
        of(LinkType::IPNET, &[&[1, 2], &[0; 22]]),
        of(LinkType::PFLOG, &[&[61, 2], &[0; 62]]),
        of(LinkType::ENC, &[&[2, 0, 0, 0], &[0; 8]]),
        of(LinkType::PPP_ETHERNET, &[&[0x11, 0, 0, 1, 0, 255, 0, 0x21]]),
        of(LinkType::DSA_TAG_DSA, &[&[1; 12], &[0x20, 0, 0, 7, 8, 0]]),
        of(
            LinkType::USB_LINUX,
            &[&[3; 48], &[1, 0, 0, 0, 255, 0, 0, 0, 8, 0, 0, 0, 255, 0, 0, 0], &[1; 12], &[8, 0]],
        ),
    ]
}

#[test]
fn every_header_of_a_link_type_has_a_packet_behind_it() {
    for (kind, header) in headers() {
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
            check(decode(&short), &short);
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
        check(decode(&frame), &frame);
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
            check(decode(&frame), &frame);
        }
    }

    #[test]
    fn any_bytes_behind_an_ethertype_get_an_answer(
        ether_type in prop::sample::select(&[0x0800u16, 0x86dd, 0x0806, 0x8100, 0x88a8, 0x8847, 0x8864, 40][..]),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let bytes = [&[0; 12][..], &ether_type.to_be_bytes(), &bytes].concat();
        let frame = frame(LinkType::ETHERNET, &bytes, bytes.len() as u32);
        check(decode(&frame), &frame);
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
                check(decode(&frame), &frame);
            }
        }
    }
}
