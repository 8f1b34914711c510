//! MPLS label stacks (RFC 3032), a label at a time. The last does not say what follows: IP by its version, and behind a
//! pseudowire control word (RFC 4385, first nibble 0) Ethernet (RFC 4448).

use super::super::link::ethernet;
use super::super::{EtherType, Reader, Skip};
use crate::Packet;

/// The bit that marks the last label.
const BOTTOM_OF_STACK: u8 = 0x01;

pub(super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let label = reader.link_header::<4>()?;
    if label[2] & BOTTOM_OF_STACK == 0 {
        return Ok(EtherType::MPLS);
    }
    match reader.rest().first() {
        Some(0..=0x0f) => pseudowire(reader, packet),
        Some(first) => Ok(EtherType::of_ip(*first).unwrap_or(EtherType::NONE)),
        None => Ok(EtherType::NONE),
    }
}

fn pseudowire(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    reader.link_header::<4>()?;
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
    fn what_follows_may_be_unknown() {
        let skip = decode_as(LinkType::ETHERNET, &[&HEADER, &[0, 2, 1, 64], &[0x90; 40]]).unwrap_err();
        assert_eq!(skip.reason, SkipReason::NonIp);
    }
}
