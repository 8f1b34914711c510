//! What netfilter's NFLOG target logged: attributes, among them the packet from its IP header on.
//! Source: <https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html>.

use super::super::{EtherType, Reader, Skip};
use crate::Packet;

/// `NFULA_PAYLOAD`.
const PAYLOAD: u16 = 9;
/// `AF_INET` and `AF_INET6` of Linux.
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

pub(super) fn decode(reader: &mut Reader<'_>, _: &mut Packet) -> Result<EtherType, Skip> {
    let &[family, _version, _, _] = reader.link_header::<4>()?;
    payload(reader)?;
    Ok(match family {
        AF_INET => EtherType::IPV4,
        AF_INET6 => EtherType::IPV6,
        _ => EtherType::NONE,
    })
}

/// Steps over attributes up to the payload. They are in the byte order of the host that captured; nearly all are
/// little endian.
fn payload(reader: &mut Reader<'_>) -> Result<(), Skip> {
    loop {
        let &[low, high, kind, kind_high] = reader.link_header::<4>()?;
        let len = usize::from(u16::from_le_bytes([low, high])).saturating_sub(4);
        if u16::from_le_bytes([kind, kind_high]) & 0x7fff == PAYLOAD {
            reader.limit(len);
            return Ok(());
        }
        reader.link_skip(len.next_multiple_of(4))?;
    }
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{UDP4, decode_as};
    use crate::{LinkType, SkipReason};

    #[test]
    fn the_payload_is_found_among_attributes() {
        let prefix = [5, 0, 10, 0, 0, 0, 0, 0];
        let packet = decode_as(LinkType::NFLOG, &[&[2, 0, 0, 1], &prefix, &[34, 0, 9, 0], &UDP4]).unwrap();
        assert_eq!((packet.payload_offset, packet.payload_len), (44, 2));
    }

    #[test]
    fn attributes_of_no_length_come_to_an_end() {
        let skip = decode_as(LinkType::NFLOG, &[&[2, 0, 0, 1], &[0; 401]]).unwrap_err();
        assert_eq!((skip.reason, skip.had), (SkipReason::CutLink, 1));
    }
}
