//! What holds for any bytes whatever: decoding answers, and what it answers lies within the frame.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says so by failing")]

use capturer::decode::{decode, link};
use capturer::{Frame, LinkType, Packet, Skip, SkipReason, Timestamp};
use etherparse::{PacketBuilder, TcpOptionElement};
use proptest::prelude::*;

fn frame(link: LinkType, bytes: &[u8], wire_len: u32) -> Frame<'_> {
    Frame { number: 1, at: Timestamp::EPOCH, wire_len, link, bytes }
}

/// Bytes as captured whole.
fn whole(link: LinkType, bytes: &[u8]) -> Result<Packet, Skip> {
    decode(&frame(link, bytes, bytes.len() as u32))
}

/// What any answer must satisfy.
fn check(answer: Result<Packet, Skip>, frame: &Frame<'_>) {
    match answer {
        Ok(packet) => {
            let longest = frame.wire_len.max(frame.bytes.len() as u32);
            let end = u64::from(packet.payload_offset) + u64::from(packet.payload_len);
            assert!(packet.payload_len <= longest, "{packet:?}");
            assert!(packet.payload_len == 0 || end <= u64::from(longest), "{packet:?}");
            assert_eq!(packet.wire_len, frame.wire_len);
        }
        Err(skip) => {
            assert!(usize::from(skip.offset) + usize::from(skip.had) <= frame.bytes.len(), "{skip:?}");
            let cut = matches!(skip.reason, SkipReason::CutLink | SkipReason::CutNetwork);
            assert_eq!(cut, skip.needed > skip.had, "{skip:?}");
        }
    }
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
    frames
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
