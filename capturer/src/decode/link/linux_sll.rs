//! Linux cooked capture v1, what Linux gives when captured on all interfaces at once.
//! Source: <https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html>.

use super::super::reader::{mac_at, u16_at};
use super::super::{EtherType, Reader, Skip};
use super::llc;
use crate::{Mac, Packet};

/// `LINUX_SLL_P_802_2`: LLC follows.
const LLC: u16 = 4;
/// Hardware types (`ARPHRD_`) whose protocol field is no EtherType: CAN, Frame Relay, radiotap, netlink.
const OTHER_PROTOCOLS: [u16; 4] = [280, 770, 803, 824];

pub(super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let header = reader.link_header::<16>()?;
    packet.source_mac = address(u16_at(header, 4), mac_at(header, 6));
    follow(u16_at(header, 2), u16_at(header, 14), reader)
}

/// The sender's address, when it has the six bytes of an IEEE 802 one.
pub(super) fn address(len: u16, mac: Mac) -> Mac {
    if len == 6 { mac } else { Mac([0; 6]) }
}

/// What follows, by hardware type and protocol.
pub(super) fn follow(hardware: u16, protocol: u16, reader: &mut Reader<'_>) -> Result<EtherType, Skip> {
    if OTHER_PROTOCOLS.contains(&hardware) {
        return Ok(EtherType::NONE);
    }
    match protocol {
        LLC => llc::decode(reader),
        0..=EtherType::MAX_LENGTH => Ok(EtherType::NONE),
        number => Ok(EtherType(number)),
    }
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{UDP4, decode_as};
    use crate::{LinkType, Mac, SkipReason, Vlan};

    fn header(hardware: u8, protocol: [u8; 2]) -> Vec<u8> {
        [&[0, 0, 0, hardware, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0][..], &protocol].concat()
    }

    #[test]
    fn the_senders_address_is_kept() {
        let packet = decode_as(LinkType::LINUX_SLL, &[&header(1, [8, 0]), &UDP4]).unwrap();
        assert_eq!((packet.source_mac, packet.destination_mac), (Mac([1, 2, 3, 4, 5, 6]), Mac([0; 6])));
        assert_eq!(packet.payload_offset, 44);
    }

    #[test]
    fn a_tag_and_llc_inside_are_looked_through() {
        let tagged =
            decode_as(LinkType::LINUX_SLL, &[&header(1, [0x81, 0]), &[0x20, 7, 8, 0], &UDP4]).unwrap();
        assert_eq!(tagged.vlan, Vlan::from_tci(7));
        let snap = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];
        assert!(decode_as(LinkType::LINUX_SLL, &[&header(1, [0, 4]), &snap, &UDP4]).is_ok());
    }

    #[test]
    fn netlink_is_not_ip() {
        let netlink = [0, 0, 3, 56, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0];
        let skip = decode_as(LinkType::LINUX_SLL, &[&netlink, &UDP4]).unwrap_err();
        assert_eq!(skip.reason, SkipReason::NonIp);
    }
}
