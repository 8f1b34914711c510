//! Cisco VN-Tag: four bytes of virtual interface numbers, then an EtherType.

use super::super::link::llc;
use super::super::reader::u16_at;
use super::super::{EtherType, Reader, Skip};
use crate::Packet;

pub(super) fn decode(reader: &mut Reader<'_>, _: &mut Packet) -> Result<EtherType, Skip> {
    let header = reader.link_header::<6>()?;
    llc::type_or_length(u16_at(header, 4), reader)
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{UDP4, decode_as};
    use crate::{LinkType, Vlan};

    #[test]
    fn a_vlan_tag_inside_is_found() {
        let tags = [0x89, 0x26, 0, 1, 0, 2, 0x81, 0, 0, 7, 8, 0];
        let packet = decode_as(LinkType::ETHERNET, &[&[9; 12], &tags, &UDP4]).unwrap();
        assert_eq!((packet.vlan, packet.payload_offset), (Vlan::from_tci(7), 52));
    }
}
