//! Cisco's ERSPAN, mirrored frames in GRE: types II and III have a header of their own, type I has none.
//! Source: draft-foschiano-erspan-03.

use super::super::{EtherType, Reader, Skip};
use super::ethernet;
use crate::Packet;

/// In the last byte of type III: eight more bytes follow.
const PLATFORM_HEADER: u8 = 0x01;
/// Frame type, in the bytes 10 and 11 of type III: Ethernet is 0, IP is 2.
const FRAME_TYPE: u8 = 0x7c;
const IP: u8 = 2 << 2;

/// Version, VLAN, session and index: eight bytes.
pub(super) fn decode_ii(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    reader.link_header::<8>()?;
    ethernet(reader, packet)
}

pub(super) fn decode_iii(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let header = reader.link_header::<12>()?;
    if header[11] & PLATFORM_HEADER != 0 {
        reader.link_skip(8)?;
    }
    if header[10] & FRAME_TYPE == IP {
        return Ok(reader
            .rest()
            .first()
            .and_then(|first| EtherType::of_ip(*first))
            .unwrap_or(EtherType::NONE));
    }
    ethernet(reader, packet)
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{UDP4, carrying};
    use crate::decode::tunnel::tests::{ETHERNET, through};

    fn offset(parts: &[&[u8]]) -> u16 {
        let (name, packet) = through(&carrying(47, &parts.concat())).unwrap();
        assert_eq!(name, "erspan");
        packet.network_offset - 20
    }

    #[test]
    fn all_three_types_are_told_apart() {
        assert_eq!(offset(&[&[0, 0, 0x88, 0xbe], &ETHERNET, &UDP4]), 18);
        assert_eq!(offset(&[&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1], &[0x10; 8], &ETHERNET, &UDP4]), 30);
        let header = [0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0];
        assert_eq!(offset(&[&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1], &header, &ETHERNET, &UDP4]), 34);
    }

    #[test]
    fn type_iii_may_have_a_platform_header_and_carry_ip() {
        let gre = [0x10, 0, 0x22, 0xeb, 0, 0, 0, 1];
        let header = [0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        assert_eq!(offset(&[&gre, &header, &[0; 8], &ETHERNET, &UDP4]), 42);
        let header = [0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x08, 0];
        assert_eq!(offset(&[&gre, &header, &UDP4]), 20);
    }
}
