//! IP over InfiniBand (RFC 4391), each frame with its global routing header in front.
//! Source: <https://www.tcpdump.org/linktypes.html>.

use super::super::reader::u16_at;
use super::super::{EtherType, Reader, Skip};
use crate::Packet;

pub(super) fn decode(reader: &mut Reader<'_>, _: &mut Packet) -> Result<EtherType, Skip> {
    Ok(EtherType(u16_at(reader.link_header::<44>()?, 40)))
}

#[cfg(test)]
mod tests {
    use crate::LinkType;
    use crate::decode::tests::{UDP4, decode_as};

    #[test]
    fn the_ethertype_follows_the_routing_header() {
        let packet = decode_as(LinkType::IPOIB, &[&[0; 40], &[8, 0, 0, 0], &UDP4]).unwrap();
        assert_eq!(packet.payload_offset, 72);
    }
}
