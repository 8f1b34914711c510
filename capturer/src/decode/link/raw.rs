//! Frames that begin with the IP header: `LINKTYPE_RAW` and its old numbers, `LINKTYPE_IPV4`, `LINKTYPE_IPV6`.

use super::super::{EtherType, Reader, Skip, SkipReason};
use crate::Packet;

/// By the version in the first nibble.
pub(super) fn decode(reader: &mut Reader<'_>, _: &mut Packet) -> Result<EtherType, Skip> {
    let Some(first) = reader.rest().first() else { return Err(reader.skip(SkipReason::CutNetwork, 1)) };
    EtherType::of_ip(*first).ok_or_else(|| reader.skip_here(SkipReason::BadNetwork))
}

pub(super) fn decode_ipv4(_: &mut Reader<'_>, _: &mut Packet) -> Result<EtherType, Skip> {
    Ok(EtherType::IPV4)
}

pub(super) fn decode_ipv6(_: &mut Reader<'_>, _: &mut Packet) -> Result<EtherType, Skip> {
    Ok(EtherType::IPV6)
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{UDP4, UDP6, decode_as};
    use crate::{LinkType, Network, SkipReason};

    #[test]
    fn raw_ip_is_told_by_its_version() {
        for kind in [LinkType::RAW, LinkType::RAW_ALT, LinkType::RAW_BSD] {
            assert_eq!(decode_as(kind, &[&UDP4]).unwrap().network, Network::Ipv4);
            assert_eq!(decode_as(kind, &[&UDP6]).unwrap().network, Network::Ipv6);
            assert_eq!(decode_as(kind, &[&[0x50; 40]]).unwrap_err().reason, SkipReason::BadNetwork);
            assert_eq!(decode_as(kind, &[]).unwrap_err().reason, SkipReason::CutNetwork);
        }
    }

    #[test]
    fn a_link_of_one_version_refuses_the_other() {
        assert!(decode_as(LinkType::IPV4, &[&UDP4]).is_ok() && decode_as(LinkType::IPV6, &[&UDP6]).is_ok());
        assert_eq!(decode_as(LinkType::IPV4, &[&UDP6]).unwrap_err().reason, SkipReason::BadNetwork);
        assert_eq!(decode_as(LinkType::IPV6, &[&UDP4, &[0; 40]]).unwrap_err().reason, SkipReason::BadNetwork);
    }
}
