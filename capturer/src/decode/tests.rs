//! What the tests of every protocol share, and what holds for all of them.

use super::*;
use crate::{LinkType, Timestamp};

/// A UDP datagram over IPv4 from 192.0.2.1 port 53 to 198.51.100.2 port 4096, payload "hi".
pub(crate) const UDP4: [u8; 30] = [
    0x45, 0, 0, 30, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 198, 51, 100, 2, 0, 53, 0x10, 0, 0, 10, 0, 0,
    b'h', b'i',
];

/// The same over IPv6 from 2001:db8::1 to 2001:db8::2.
pub(crate) const UDP6: [u8; 50] = [
    0x60, 0, 0, 0, 0, 10, 17, 64, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x20, 1, 0x0d,
    0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 53, 0x10, 0, 0, 10, 0, 0, b'h', b'i',
];

/// An IPv4 packet that carries `bytes` as `protocol`.
pub(crate) fn carrying(protocol: u8, bytes: &[u8]) -> Vec<u8> {
    let mut packet = [&UDP4[..20], bytes].concat();
    packet[3] = u8::try_from(packet.len()).unwrap();
    packet[9] = protocol;
    packet
}

pub(crate) fn frame(link: LinkType, bytes: &[u8]) -> Frame<'_> {
    Frame { number: 1, at: Timestamp::EPOCH, wire_len: bytes.len() as u32, link, bytes }
}

/// Decodes the parts, one after another, as one frame.
pub(crate) fn decode_as(link: LinkType, parts: &[&[u8]]) -> Result<Packet, Skip> {
    decode(&frame(link, &parts.concat()))
}

#[test]
fn a_link_type_without_a_decoder_is_said_so() {
    let skip = decode_as(LinkType(9999), &[&UDP4]).unwrap_err();
    assert_eq!(skip.reason, SkipReason::UnknownLink);
}

#[test]
fn what_the_frame_knows_is_kept() {
    let at = Timestamp::from_nanos(5);
    let frame = Frame { number: 7, at, wire_len: 100, ..frame(LinkType::RAW, &UDP4) };
    let packet = decode(&frame).unwrap();
    assert_eq!((packet.number, packet.at, packet.wire_len, packet.captured_len), (7, at, 100, 30));
}

#[test]
fn reasons_are_numbered_in_order_and_named_once() {
    for (i, reason) in SkipReason::ALL.into_iter().enumerate() {
        assert_eq!(reason as usize, i);
        assert_eq!(SkipReason::ALL.iter().filter(|other| other.name() == reason.name()).count(), 1);
    }
}

#[test]
fn link_types_are_registered_once() {
    for entry in link::LINKS {
        assert_eq!(link::LINKS.iter().filter(|other| other.kind == entry.kind).count(), 1, "{}", entry.name);
    }
}

#[test]
fn decode_advances_through_every_link_header_and_stays_within_the_frame() {
    // As many as miri can follow.
    let lengths = (0..200).step_by(if cfg!(miri) { 40 } else { 1 });
    let each = lengths.flat_map(|len| [0, 1, 3, 0x45, 0x80, 0xaa, 0xff].map(|byte| (len, byte)));
    for entry in link::LINKS {
        for (len, byte) in each.clone() {
            let bytes = vec![byte; len];
            let mut reader = Reader::new(&bytes, 200);
            let _ = entry.decode(&mut reader, &mut Packet::empty());
            assert!(reader.offset() + reader.rest().len() <= len, "{}", entry.name);
        }
    }
}
