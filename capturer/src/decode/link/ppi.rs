//! Per-packet information: a header of a given length that names the link type behind it.
//! Source: <https://www.tcpdump.org/linktypes.html>.

use super::super::{EtherType, Reader, Skip};
use crate::{LinkType, Packet};

/// Version, flags, length and link type, in bytes.
const FIXED_LEN: u16 = 8;

pub(super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let header = reader.link_header::<8>()?;
    let len = u16::from_le_bytes([header[2], header[3]]);
    reader.link_skip(usize::from(len.saturating_sub(FIXED_LEN)))?;
    let behind = LinkType(u16::from_le_bytes([header[4], header[5]]));
    match super::find(behind) {
        Some(link) if behind != LinkType::PPI => link.decode(reader, packet),
        _ => Ok(EtherType::NONE),
    }
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{UDP4, decode_as};
    use crate::{LinkType, SkipReason};

    #[test]
    fn the_link_type_behind_is_honoured() {
        let inner = [&[0; 12][..], &[8, 0]].concat();
        let packet = decode_as(LinkType::PPI, &[&[0, 0, 9, 0, 1, 0, 0, 0, 7], &inner, &UDP4]).unwrap();
        assert_eq!(packet.payload_offset, 51);
    }

    #[test]
    fn a_header_within_itself_is_not_followed() {
        let skip = decode_as(LinkType::PPI, &[&[0, 0, 8, 0, 192, 0, 0, 0].repeat(9)]).unwrap_err();
        assert_eq!(skip.reason, SkipReason::NonIp);
    }
}
