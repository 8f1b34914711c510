//! Frame Relay: an address of two to four bytes (Q.922), then a network layer identifier (RFC 2427) or, as Cisco has it,
//! an EtherType.

use super::super::reader::u16_at;
use super::super::{EtherType, Reader, Skip};
use super::{ethernet, llc, ppp};
use crate::Packet;

/// Marks the last byte of the address.
const LAST: u8 = 0x01;
const MAX_ADDRESS_LEN: usize = 4;
/// The control field of unnumbered information, and the byte that may fill up behind it.
const UNNUMBERED_INFORMATION: u8 = 0x03;
const PAD: u8 = 0x00;
/// Identifiers (ISO/IEC TR 9577): SNAP, IPv6, IPv4, PPP (RFC 1973).
const SNAP: u8 = 0x80;
const IPV6: u8 = 0x8e;
const IPV4: u8 = 0xcc;
const PPP: u8 = 0xcf;
/// RFC 2427 §4.2: organization and protocol identifier of a bridged Ethernet frame, with its checksum and without.
const BRIDGED_ETHERNET: [[u8; 5]; 2] = [[0, 0x80, 0xc2, 0, 1], [0, 0x80, 0xc2, 0, 7]];

pub(super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    for _ in 0..MAX_ADDRESS_LEN {
        let &[byte] = reader.link_header::<1>()?;
        if byte & LAST != 0 {
            return payload(reader, packet);
        }
    }
    Ok(EtherType::NONE)
}

fn payload(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    if reader.rest().first() != Some(&UNNUMBERED_INFORMATION) {
        let number = u16_at(reader.link_header::<2>()?, 0);
        return Ok(if number > EtherType::MAX_LENGTH { EtherType(number) } else { EtherType::NONE });
    }
    reader.link_skip(1)?;
    if reader.rest().first() == Some(&PAD) {
        reader.link_skip(1)?;
    }
    let &[identifier] = reader.link_header::<1>()?;
    match identifier {
        IPV4 => Ok(EtherType::IPV4),
        IPV6 => Ok(EtherType::IPV6),
        PPP => ppp::protocol(reader),
        SNAP => snap(reader, packet),
        _ => Ok(EtherType::NONE),
    }
}

fn snap(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    if BRIDGED_ETHERNET.iter().any(|kind| reader.rest().starts_with(kind)) {
        reader.link_skip(5)?;
        return ethernet::decode(reader, packet);
    }
    llc::snap(reader)
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{UDP4, UDP6, decode_as};
    use crate::{LinkType, SkipReason};

    fn offset(header: &[u8], ip: &[u8]) -> u16 {
        decode_as(LinkType::FRAME_RELAY, &[header, ip]).unwrap().network_offset
    }

    #[test]
    fn every_encapsulation_of_ip_is_found() {
        assert_eq!(offset(&[0x18, 0x41, 3, 0xcc], &UDP4), 4);
        assert_eq!(offset(&[0x18, 0x41, 3, 0x8e], &UDP6), 4);
        assert_eq!(offset(&[0x18, 0x40, 0, 1, 3, 0, 0xcc], &UDP4), 7);
        assert_eq!(offset(&[0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0], &UDP4), 10);
        assert_eq!(offset(&[0x18, 0x41, 3, 0xcf, 0, 0x21], &UDP4), 6);
        assert_eq!(offset(&[0x18, 0x41, 8, 0], &UDP4), 4);
    }

    #[test]
    fn a_bridged_frame_has_its_own_addresses() {
        let header = [0x18, 0x41, 3, 0, 0x80, 0, 0x80, 0xc2, 0, 7];
        let ethernet = [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 8, 0];
        let packet = decode_as(LinkType::FRAME_RELAY, &[&header, &ethernet, &UDP4]).unwrap();
        assert_eq!((packet.source_mac.0, packet.network_offset), ([2; 6], 24));
    }

    #[test]
    fn management_and_addresses_without_end_are_not_ip() {
        for frame in [&[0, 1, 3, 8, 0, 0x75][..], &[0; 40]] {
            assert_eq!(decode_as(LinkType::FRAME_RELAY, &[frame]).unwrap_err().reason, SkipReason::NonIp);
        }
    }
}
