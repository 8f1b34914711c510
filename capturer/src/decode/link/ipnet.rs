//! Solaris' IP observability: a header with the family and the zones, then IP.
//! Source: <https://www.tcpdump.org/linktypes/LINKTYPE_IPNET.html>.

use super::super::{EtherType, Reader, Skip};
use crate::Packet;

/// `AF_INET` and `AF_INET6` of Solaris.
const AF_INET: u8 = 2;
const AF_INET6: u8 = 26;

pub(super) fn decode(reader: &mut Reader<'_>, _: &mut Packet) -> Result<EtherType, Skip> {
    Ok(match reader.link_header::<24>()?[1] {
        AF_INET => EtherType::IPV4,
        AF_INET6 => EtherType::IPV6,
        _ => EtherType::NONE,
    })
}

#[cfg(test)]
mod tests {
    use crate::LinkType;
    use crate::decode::tests::{UDP4, UDP6, decode_as};

    #[test]
    fn the_family_says_which_version_follows() {
        let header = |family| [&[1, family][..], &[0; 22]].concat();
        assert_eq!(decode_as(LinkType::IPNET, &[&header(2), &UDP4]).unwrap().network_offset, 24);
        assert!(decode_as(LinkType::IPNET, &[&header(26), &UDP6]).is_ok());
        assert!(decode_as(LinkType::IPNET, &[&header(1), &UDP6]).is_err());
    }
}
