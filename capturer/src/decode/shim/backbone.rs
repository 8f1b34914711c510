//! IEEE 802.1ah backbone service instance tags: a customer's whole Ethernet frame follows.

use super::super::link::ethernet;
use super::super::{EtherType, Reader, Skip};
use crate::Packet;

/// The hardware addresses are the customer's then.
pub(super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    reader.link_header::<4>()?;
    ethernet::decode(reader, packet)
}

#[cfg(test)]
mod tests {
    use crate::LinkType;
    use crate::decode::tests::{UDP4, decode_as};

    #[test]
    fn the_customers_frame_is_found() {
        let inner = [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 8, 0];
        let packet =
            decode_as(LinkType::ETHERNET, &[&[9; 12], &[0x88, 0xe7, 0, 0, 0, 1], &inner, &UDP4]).unwrap();
        assert_eq!((packet.source_mac.0, packet.payload_offset), ([2; 6], 60));
    }
}
