//! Ethernet from the port that joins a switch to its processor: a tag by which the switch says where a frame came in.
//! Marvell's (DSA, and with an EtherType of its own EDSA) holds the VLAN tag of a tagged frame; Broadcom's does not.
//! Sources: <https://www.tcpdump.org/linktypes.html>, Linux' net/dsa/tag_dsa.c and tag_brcm.c.

use super::super::reader::{mac_at, u16_at};
use super::super::{EtherType, Reader, Skip};
use super::{ethernet, llc};
use crate::{Packet, Vlan};

/// The first byte of Marvell's tag: the frame had a VLAN tag, whose place this took.
const TAGGED: u8 = 0x20;
/// What comes before the tag of EDSA: its EtherType and two bytes.
const EDSA_LEN: usize = 4;

pub(super) fn decode_marvell(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    addresses(reader, packet)?;
    marvell_tag(reader, packet)
}

pub(super) fn decode_marvell_ethertype(
    reader: &mut Reader<'_>,
    packet: &mut Packet,
) -> Result<EtherType, Skip> {
    addresses(reader, packet)?;
    reader.link_skip(EDSA_LEN)?;
    marvell_tag(reader, packet)
}

pub(super) fn decode_broadcom(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    addresses(reader, packet)?;
    let header = reader.link_header::<6>()?;
    llc::type_or_length(u16_at(header, 4), reader)
}

pub(super) fn decode_broadcom_before(
    reader: &mut Reader<'_>,
    packet: &mut Packet,
) -> Result<EtherType, Skip> {
    reader.link_header::<4>()?;
    ethernet::decode(reader, packet)
}

fn addresses(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<(), Skip> {
    let header = reader.link_header::<12>()?;
    packet.destination_mac = mac_at(header, 0);
    packet.source_mac = mac_at(header, 6);
    Ok(())
}

fn marvell_tag(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let header = reader.link_header::<6>()?;
    if header[0] & TAGGED != 0 {
        packet.vlan = Vlan::from_tci(u16_at(header, 2));
    }
    llc::type_or_length(u16_at(header, 4), reader)
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{UDP4, decode_as};
    use crate::{LinkType, Packet, Vlan};

    const ADDRESSES: [u8; 12] = [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2];

    fn read(kind: LinkType, parts: &[&[u8]]) -> Packet {
        let packet = decode_as(kind, &[&parts.concat(), &[8, 0], &UDP4]).unwrap();
        assert_eq!(packet.source_mac.0, [2; 6]);
        packet
    }

    #[test]
    fn tags_are_stepped_over_and_marvells_gives_the_vlan() {
        let tag = [0x20, 0, 0x20, 7];
        let dsa = read(LinkType::DSA_TAG_DSA, &[&ADDRESSES, &tag]);
        assert_eq!((dsa.vlan, dsa.network_offset), (Vlan::from_tci(7), 18));
        let edsa = read(LinkType::DSA_TAG_EDSA, &[&ADDRESSES, &[0xda, 0xda, 0, 0], &tag]);
        assert_eq!((edsa.vlan, edsa.network_offset), (Vlan::from_tci(7), 22));
        let broadcom = read(LinkType::DSA_TAG_BRCM, &[&ADDRESSES, &tag]);
        assert_eq!((broadcom.vlan, broadcom.network_offset), (Vlan::NONE, 18));
        let before = read(LinkType::DSA_TAG_BRCM_PREPEND, &[&tag, &ADDRESSES]);
        assert_eq!((before.vlan, before.network_offset), (Vlan::NONE, 18));
    }
}
