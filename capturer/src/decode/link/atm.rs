//! Frames over ATM: LLC as RFC 2684 has it, with routed and bridged protocols, and the same behind the header of
//! Solaris' driver. Source: <https://www.tcpdump.org/linktypes.html>.

use super::super::{EtherType, Reader, Skip};
use super::{ethernet, llc};
use crate::Packet;

/// LLC and SNAP of a bridged Ethernet frame, with its checksum and without (RFC 2684 §5.2).
const BRIDGED_ETHERNET: [[u8; 8]; 2] =
    [[0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 1], [0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7]];
/// Those, and two bytes that fill up.
const BRIDGED_LEN: usize = 10;
/// Solaris: what follows, in the lower four bits of the first byte.
const TRAFFIC: u8 = 0x0f;
const LAN_EMULATION: u8 = 1;
const LLC: u8 = 2;
/// The emulation client's number comes before the frame.
const CLIENT_LEN: usize = 2;

pub(super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    if BRIDGED_ETHERNET.iter().any(|header| reader.rest().starts_with(header)) {
        reader.link_skip(BRIDGED_LEN)?;
        return ethernet::decode(reader, packet);
    }
    llc::decode(reader)
}

pub(super) fn decode_solaris(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let header = reader.link_header::<4>()?;
    match header[0] & TRAFFIC {
        LLC => decode(reader, packet),
        LAN_EMULATION => {
            reader.link_skip(CLIENT_LEN)?;
            ethernet::decode(reader, packet)
        }
        _ => Ok(EtherType::NONE),
    }
}

#[cfg(test)]
mod tests {
    use crate::LinkType;
    use crate::decode::tests::{UDP4, decode_as};

    const ETHERNET: [u8; 14] = [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 8, 0];
    const SNAP: [u8; 8] = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];

    fn offset(kind: LinkType, parts: &[&[u8]]) -> u16 {
        decode_as(kind, &[&parts.concat(), &UDP4]).unwrap().network_offset
    }

    #[test]
    fn routed_and_bridged_frames_are_found() {
        let bridged = [0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7, 0, 0];
        assert_eq!(offset(LinkType::ATM_RFC1483, &[&SNAP]), 8);
        assert_eq!(offset(LinkType::ATM_RFC1483, &[&bridged, &ETHERNET]), 24);
        assert_eq!(offset(LinkType::SUNATM, &[&[0x82, 0, 0, 1], &SNAP]), 12);
        assert_eq!(offset(LinkType::SUNATM, &[&[0x81, 0, 0, 1, 0, 9], &ETHERNET]), 20);
    }
}
