//! Cisco FabricPath: an outer Ethernet header with switch numbers for addresses, forwarding tag and time to live, and
//! the whole inner frame.

use super::super::link::ethernet;
use super::super::{EtherType, Reader, Skip};
use crate::Packet;

pub(super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    reader.link_header::<2>()?;
    ethernet::decode(reader, packet)
}

#[cfg(test)]
mod tests {
    use crate::LinkType;
    use crate::decode::tests::{UDP4, decode_as};

    #[test]
    fn the_inner_frame_is_found() {
        let inner = [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 8, 0];
        let packet = decode_as(LinkType::ETHERNET, &[&[9; 12], &[0x89, 3, 0, 0x60], &inner, &UDP4]).unwrap();
        assert_eq!((packet.source_mac.0, packet.payload_offset), ([2; 6], 58));
    }
}
