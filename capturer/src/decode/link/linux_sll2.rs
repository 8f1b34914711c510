//! Linux cooked capture v2, which also names the interface.
//! Source: <https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html>.

use super::super::reader::{mac_at, u16_at};
use super::super::{EtherType, Reader, Skip};
use super::linux_sll::{address, follow};
use crate::Packet;

pub(super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let header = reader.link_header::<20>()?;
    packet.source_mac = address(u16::from(header[11]), mac_at(header, 12));
    follow(u16_at(header, 8), u16_at(header, 0), reader)
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{UDP4, decode_as};
    use crate::{LinkType, Mac, Vlan};

    #[test]
    fn the_protocol_comes_first_and_the_address_last() {
        let header = [8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0];
        let packet = decode_as(LinkType::LINUX_SLL2, &[&header, &UDP4]).unwrap();
        assert_eq!((packet.source_mac, packet.payload_offset), (Mac([1, 2, 3, 4, 5, 6]), 48));
    }

    #[test]
    fn a_tag_inside_is_looked_through() {
        let header = [0x81, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0];
        let packet = decode_as(LinkType::LINUX_SLL2, &[&header, &[0, 9, 8, 0], &UDP4]).unwrap();
        assert_eq!(packet.vlan, Vlan::from_tci(9));
    }
}
