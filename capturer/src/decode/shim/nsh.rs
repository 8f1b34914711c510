//! Network service header (RFC 8300): a path through service functions, and what it leads.

use super::super::link::ethernet;
use super::super::{EtherType, Reader, Skip};
use crate::Packet;

/// Length in words, with the first two, of the second byte.
const WORDS: u8 = 0x3f;

pub(super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let header = reader.link_header::<8>()?;
    reader.link_skip((usize::from(header[1] & WORDS) * 4).saturating_sub(8))?;
    match header[3] {
        1 => Ok(EtherType::IPV4),
        2 => Ok(EtherType::IPV6),
        3 => ethernet::decode(reader, packet),
        5 => Ok(EtherType::MPLS),
        _ => Ok(EtherType::NONE),
    }
}

#[cfg(test)]
mod tests {
    use crate::LinkType;
    use crate::decode::tests::{UDP4, decode_as};

    const ETHERNET: [u8; 14] = [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 0x89, 0x4f];

    #[test]
    fn context_headers_are_stepped_over() {
        for words in [2, 6] {
            let header = [0, words, 1, 1, 0, 0, 1, 255];
            let context = vec![9; usize::from(words) * 4 - 8];
            let packet = decode_as(LinkType::ETHERNET, &[&ETHERNET, &header, &context, &UDP4]).unwrap();
            assert_eq!(packet.network_offset, 14 + u16::from(words) * 4);
        }
    }

    #[test]
    fn a_whole_frame_may_follow() {
        let inner = [3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 8, 0];
        let packet =
            decode_as(LinkType::ETHERNET, &[&ETHERNET, &[0, 2, 2, 3, 0, 0, 1, 255], &inner, &UDP4]).unwrap();
        assert_eq!(packet.source_mac.0, [4; 6]);
    }
}
