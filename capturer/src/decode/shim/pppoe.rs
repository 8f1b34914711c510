//! PPP over Ethernet, session stage (RFC 2516 §4). Discovery carries no IP.

use super::super::link::ppp;
use super::super::reader::u16_at;
use super::super::{EtherType, Reader, Skip};
use crate::Packet;

pub(in super::super) fn decode(reader: &mut Reader<'_>, _: &mut Packet) -> Result<EtherType, Skip> {
    let header = reader.link_header::<6>()?;
    reader.limit(usize::from(u16_at(header, 4)));
    ppp::protocol(reader)
}

#[cfg(test)]
mod tests {
    use crate::LinkType;
    use crate::decode::tests::{UDP4, decode_as};

    #[test]
    fn ip_is_found_in_a_session() {
        let header = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x88, 0x64, 0x11, 0, 0, 1, 0, 32, 0, 0x21];
        let packet = decode_as(LinkType::ETHERNET, &[&header, &UDP4, &[0; 4]]).unwrap();
        assert_eq!((packet.payload_offset, packet.payload_len), (50, 2));
    }
}
