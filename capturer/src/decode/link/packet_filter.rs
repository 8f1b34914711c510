//! What BSD's packet filter and IPsec hand to a capture: a header with the address family, then IP.
//! Sources: <https://www.tcpdump.org/linktypes/LINKTYPE_PFLOG.html>, <https://www.tcpdump.org/linktypes/LINKTYPE_ENC.html>.

use super::super::{EtherType, Reader, Skip};
use super::loopback;
use crate::Packet;

/// What is filled up to, in bytes.
const WORD: usize = 4;

/// The first byte of a log entry is its length, the second the family.
pub(super) fn decode_log(reader: &mut Reader<'_>, _: &mut Packet) -> Result<EtherType, Skip> {
    let &[len, family] = reader.link_header::<2>()?;
    reader.link_skip(usize::from(len).next_multiple_of(WORD).saturating_sub(2))?;
    Ok(loopback::of_family(u32::from(family)))
}

/// Family, security parameter index, flags; the family in the byte order of the host that captured.
pub(super) fn decode_ipsec(reader: &mut Reader<'_>, _: &mut Packet) -> Result<EtherType, Skip> {
    let &[a, b, c, d, ..] = reader.link_header::<12>()?;
    Ok(loopback::of_host_family([a, b, c, d]))
}

#[cfg(test)]
mod tests {
    use crate::LinkType;
    use crate::decode::tests::{UDP4, UDP6, decode_as};

    #[test]
    fn entries_are_filled_up_to_a_word() {
        let header = |family| [&[61, family][..], &[0; 62]].concat();
        assert_eq!(decode_as(LinkType::PFLOG, &[&header(2), &UDP4]).unwrap().network_offset, 64);
        assert!(decode_as(LinkType::PFLOG, &[&header(24), &UDP6]).is_ok());
    }

    #[test]
    fn ipsec_is_read_in_both_byte_orders() {
        for family in [[2, 0, 0, 0], [0, 0, 0, 2]] {
            let packet = decode_as(LinkType::ENC, &[&family, &[0; 8], &UDP4]).unwrap();
            assert_eq!(packet.network_offset, 12);
        }
    }
}
