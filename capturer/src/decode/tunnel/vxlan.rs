//! VXLAN (RFC 7348): an Ethernet frame behind eight bytes.

use super::super::{EtherType, Reader, Skip};
use super::{Test, ethernet};
use crate::Packet;

/// The network identifier is valid: set in every frame.
const VALID: u8 = 0x08;

pub(super) const ACCEPTS: Test = |_, payload| payload.first().is_some_and(|flags| flags & VALID != 0);

pub(super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    reader.link_header::<8>()?;
    ethernet(reader, packet)
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::UDP4;
    use crate::decode::tunnel::tests::{ETHERNET, over_udp, through};

    #[test]
    fn the_frame_begins_behind_eight_bytes() {
        for port in [4789, 8472] {
            let bytes = over_udp(port, &[&[8, 0, 0, 0, 0, 0, 7, 0], &ETHERNET, &UDP4]);
            let (name, packet) = through(&bytes).unwrap();
            assert_eq!((name, packet.network_offset, packet.source_mac.0), ("vxlan", 50, [2; 6]));
        }
    }

    #[test]
    fn without_a_valid_identifier_it_is_something_else() {
        assert!(through(&over_udp(4789, &[&[0; 8], &ETHERNET, &UDP4])).is_none());
    }
}
