//! PPP (RFC 1661), with HDLC-like framing (RFC 1662) or without; frames that are Cisco HDLC say so in their first byte.

use super::super::{EtherType, Reader, Skip};
use super::c_hdlc;
use crate::Packet;

/// The address of all stations, before a control field (RFC 1662 §3.1); both may be left out, as no protocol begins so.
const ALL_STATIONS: u8 = 0xff;
/// Cisco HDLC's addresses: unicast, multicast.
const CISCO: [u8; 2] = [0x0f, 0x8f];

pub(super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    match reader.rest().first() {
        Some(first) if CISCO.contains(first) => c_hdlc::decode(reader, packet),
        _ => framed(reader),
    }
}

/// With the address taken by the direction.
pub(super) fn decode_directed(reader: &mut Reader<'_>, _: &mut Packet) -> Result<EtherType, Skip> {
    reader.link_skip(2)?;
    protocol(reader)
}

/// With the direction in front.
pub(super) fn decode_behind_direction(
    reader: &mut Reader<'_>,
    packet: &mut Packet,
) -> Result<EtherType, Skip> {
    reader.link_skip(1)?;
    decode(reader, packet)
}

/// Takes address and control, when they are there, and the protocol field.
pub(in super::super) fn framed(reader: &mut Reader<'_>) -> Result<EtherType, Skip> {
    if reader.rest().first() == Some(&ALL_STATIONS) {
        reader.link_skip(2)?;
    }
    protocol(reader)
}

/// Takes the protocol field: one byte when that is odd (RFC 1661 §6.5), else two.
pub(in super::super) fn protocol(reader: &mut Reader<'_>) -> Result<EtherType, Skip> {
    let &[first] = reader.link_header::<1>()?;
    let number = if first & 1 == 1 {
        u16::from(first)
    } else {
        let &[second] = reader.link_header::<1>()?;
        u16::from_be_bytes([first, second])
    };
    Ok(ether_type(number))
}

/// Numbers of <https://www.iana.org/assignments/ppp-numbers>.
const fn ether_type(number: u16) -> EtherType {
    match number {
        0x0021 => EtherType::IPV4,
        0x0057 => EtherType::IPV6,
        0x0281 => EtherType::MPLS,
        0x0283 => EtherType::MPLS_UPSTREAM,
        _ => EtherType::NONE,
    }
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{UDP4, UDP6, decode_as};
    use crate::{LinkType, SkipReason};

    #[test]
    fn framing_and_a_long_protocol_field_are_optional() {
        for header in [&[0xff, 3, 0, 0x21][..], &[0, 0x21], &[0x21], &[0xff, 3, 0x21]] {
            let packet = decode_as(LinkType::PPP, &[header, &UDP4]).unwrap();
            assert_eq!(usize::from(packet.payload_offset), header.len() + 28);
        }
        assert!(decode_as(LinkType::PPP_HDLC, &[&[0xff, 3, 0, 0x57], &UDP6]).is_ok());
        assert!(decode_as(LinkType::PPP_HDLC, &[&[0x0f, 0, 0x86, 0xdd], &UDP6]).is_ok());
    }

    #[test]
    fn a_direction_is_stepped_over() {
        assert!(decode_as(LinkType::PPP_PPPD, &[&[1, 3, 0, 0x21], &UDP4]).is_ok());
        assert!(decode_as(LinkType::PPP_WITH_DIRECTION, &[&[1, 0xff, 3, 0, 0x57], &UDP6]).is_ok());
    }

    #[test]
    fn control_protocols_are_not_ip() {
        let skip = decode_as(LinkType::PPP, &[&[0xff, 3, 0xc0, 0x21, 1, 1, 0, 4]]).unwrap_err();
        assert_eq!(skip.reason, SkipReason::NonIp);
    }
}
