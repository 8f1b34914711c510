//! Ethernet: IEEE 802.3 and Ethernet II (RFC 894), told apart by the field after the addresses.

use super::super::reader::{mac_at, u16_at};
use super::super::{EtherType, Reader, Skip};
use super::llc;
use crate::Packet;

pub(in super::super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let header = reader.link_header::<14>()?;
    packet.destination_mac = mac_at(header, 0);
    packet.source_mac = mac_at(header, 6);
    llc::type_or_length(u16_at(header, 12), reader)
}

/// Whether these bytes look like an Ethernet header with IP, ARP or a tag behind it: for what doesn't say whether it is
/// one. Headers of IP must begin as they do.
pub(in super::super) fn carries_ip(bytes: &[u8]) -> bool {
    let Some((header, rest)) = bytes.split_first_chunk::<14>() else { return false };
    match (EtherType(u16_at(header, 12)), rest.first()) {
        (EtherType::IPV4, Some(first)) => (0x45..=0x4f).contains(first),
        (EtherType::IPV6, Some(first)) => first >> 4 == 6,
        (EtherType::ARP, _) => rest.starts_with(&[0, 1, 8, 0, 6, 4]),
        (EtherType::VLAN | EtherType::SERVICE_VLAN | EtherType::MPLS, Some(_)) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{UDP4, decode_as, frame};
    use crate::{LinkType, Mac, SkipReason};

    const ADDRESSES: [u8; 12] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

    #[test]
    fn ethernet_ii_gives_both_addresses() {
        let packet = decode_as(LinkType::ETHERNET, &[&ADDRESSES, &[8, 0], &UDP4]).unwrap();
        assert_eq!(packet.destination_mac, Mac([1, 2, 3, 4, 5, 6]));
        assert_eq!(packet.source_mac, Mac([7, 8, 9, 10, 11, 12]));
        assert_eq!((packet.payload_offset, packet.payload_len), (42, 2));
    }

    #[test]
    fn ip_in_snap_and_in_llc_is_found() {
        let snap = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];
        let packet = decode_as(LinkType::ETHERNET, &[&ADDRESSES, &[0, 38], &snap, &UDP4]).unwrap();
        assert_eq!(packet.payload_offset, 50);
        let packet = decode_as(LinkType::ETHERNET, &[&ADDRESSES, &[0, 33], &[6, 6, 3], &UDP4]).unwrap();
        assert_eq!(packet.payload_offset, 45);
    }

    #[test]
    fn spanning_tree_is_not_ip() {
        let skip = decode_as(LinkType::ETHERNET, &[&ADDRESSES, &[0, 3], &[0x42, 0x42, 3]]).unwrap_err();
        assert_eq!(skip.reason, SkipReason::NonIp);
    }

    #[test]
    fn a_cut_address_is_a_cut_link() {
        let skip = crate::decode::decode(&frame(LinkType::ETHERNET, &ADDRESSES)).unwrap_err();
        assert_eq!(skip, crate::Skip { reason: SkipReason::CutLink, offset: 0, needed: 14, had: 12 });
    }
}
