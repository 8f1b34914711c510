//! VXLAN's generic protocol extension: VXLAN with a byte that says what follows.
//! Source: draft-ietf-nvo3-vxlan-gpe-13.

use super::super::{EtherType, Reader, Skip};
use super::ethernet;
use crate::Packet;

/// The byte for the next protocol is valid; without it an Ethernet frame follows.
const NEXT_PROTOCOL: u8 = 0x04;

pub(super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let header = reader.link_header::<8>()?;
    match header[3] {
        _ if header[0] & NEXT_PROTOCOL == 0 => ethernet(reader, packet),
        3 => ethernet(reader, packet),
        1 => Ok(EtherType::IPV4),
        2 => Ok(EtherType::IPV6),
        4 => Ok(EtherType::NSH),
        5 => Ok(EtherType::MPLS),
        _ => Ok(EtherType::NONE),
    }
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{UDP4, UDP6};
    use crate::decode::tunnel::tests::{ETHERNET, over_udp, through};

    fn offset(flags: u8, next: u8, rest: &[&[u8]]) -> Option<u16> {
        let (name, packet) = through(&over_udp(4790, &[&[flags, 0, 0, next, 0, 0, 7, 0], &rest.concat()]))?;
        assert_eq!(name, "vxlan-gpe");
        Some(packet.network_offset - 28)
    }

    #[test]
    fn what_follows_is_said() {
        assert_eq!(offset(0x0c, 1, &[&UDP4]), Some(8));
        assert_eq!(offset(0x0c, 2, &[&UDP6]), Some(8));
        assert_eq!(offset(0x0c, 3, &[&ETHERNET, &UDP4]), Some(22));
        assert_eq!(offset(0x0c, 4, &[&[0, 2, 1, 1, 0, 0, 0, 0], &UDP4]), Some(16));
        assert_eq!(offset(0x0c, 5, &[&[0, 1, 1, 64], &UDP4]), Some(12));
        assert_eq!(offset(0x0c, 9, &[&UDP4]), None);
        assert_eq!(offset(0x08, 9, &[&ETHERNET, &UDP4]), Some(22));
    }
}
