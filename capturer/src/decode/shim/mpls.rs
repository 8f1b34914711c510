//! MPLS label stacks (RFC 3032), a label at a time. The last does not say what follows: IP by its version, or a
//! pseudowire with Ethernet (RFC 4448), behind a control word (RFC 4385, first nibble 0) or without one. Addresses may
//! begin with any nibble: what looks like Ethernet with IP behind it is that.

use super::super::link::ethernet;
use super::super::{EtherType, Reader, Skip};
use crate::Packet;

/// The bit that marks the last label.
const BOTTOM_OF_STACK: u8 = 0x01;
/// Bytes of a control word.
const CONTROL_WORD: usize = 4;

pub(super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let label = reader.link_header::<4>()?;
    if label[2] & BOTTOM_OF_STACK == 0 {
        return Ok(EtherType::MPLS);
    }
    match reader.rest().first() {
        Some(0x45..=0x4f) => Ok(EtherType::IPV4),
        Some(0..=0x0f) => pseudowire(reader, packet),
        Some(_) if ethernet::carries_ip(reader.rest()) => ethernet::decode(reader, packet),
        Some(first) => Ok(EtherType::of_ip(*first).unwrap_or(EtherType::NONE)),
        None => Ok(EtherType::NONE),
    }
}

/// A control word, or an address that begins as one.
fn pseudowire(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let controlled = reader.rest().get(CONTROL_WORD..).is_some_and(ethernet::carries_ip);
    if controlled || !ethernet::carries_ip(reader.rest()) {
        reader.link_skip(CONTROL_WORD)?;
    }
    ethernet::decode(reader, packet)
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{UDP4, UDP6, decode_as};
    use crate::{LinkType, SkipReason};

    const HEADER: [u8; 14] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x88, 0x47];

    #[test]
    fn ip_is_found_below_a_stack() {
        let stack = [0, 1, 0, 64, 0, 2, 1, 64];
        let packet = decode_as(LinkType::ETHERNET, &[&HEADER, &stack, &UDP4]).unwrap();
        assert_eq!(packet.payload_offset, 50);
        assert!(decode_as(LinkType::ETHERNET, &[&HEADER, &stack, &UDP6]).is_ok());
    }

    #[test]
    fn ethernet_is_found_behind_a_control_word() {
        let inner = [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 8, 0];
        let packet =
            decode_as(LinkType::ETHERNET, &[&HEADER, &[0, 2, 1, 64], &[0; 4], &inner, &UDP4]).unwrap();
        assert_eq!((packet.source_mac.0, packet.payload_offset), ([2; 6], 64));
    }

    #[test]
    fn ethernet_is_found_without_a_control_word() {
        for first in [0, 2, 0x60, 0xfe] {
            let inner = [first, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 8, 0];
            let packet = decode_as(LinkType::ETHERNET, &[&HEADER, &[0, 2, 1, 64], &inner, &UDP4]).unwrap();
            assert_eq!((packet.source_mac.0, packet.network_offset), ([2; 6], 32), "{first}");
        }
    }

    #[test]
    fn what_follows_may_be_unknown() {
        let skip = decode_as(LinkType::ETHERNET, &[&HEADER, &[0, 2, 1, 64], &[0x90; 40]]).unwrap_err();
        assert_eq!(skip.reason, SkipReason::NonIp);
    }
}
