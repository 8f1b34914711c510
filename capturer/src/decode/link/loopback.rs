//! BSD loopback: a four-byte address family, in the byte order of the host that captured (`LINKTYPE_NULL`) or of the
//! network (`LINKTYPE_LOOP`). Source: <https://www.tcpdump.org/linktypes.html>.

use super::super::{EtherType, Reader, Skip};
use crate::Packet;

/// `AF_INET` everywhere.
const AF_INET: u32 = 2;
/// `AF_INET6` of Linux, NetBSD and OpenBSD, FreeBSD, and Darwin.
const AF_INET6: [u32; 4] = [10, 24, 28, 30];

/// The host's byte order is the one in which the number is small.
pub(super) fn decode_null(reader: &mut Reader<'_>, _: &mut Packet) -> Result<EtherType, Skip> {
    Ok(of_host_family(*reader.link_header::<4>()?))
}

/// What a family means in the byte order of the host that captured.
pub(super) fn of_host_family(bytes: [u8; 4]) -> EtherType {
    of_family(u32::from_le_bytes(bytes).min(u32::from_be_bytes(bytes)))
}

pub(super) fn decode_loop(reader: &mut Reader<'_>, _: &mut Packet) -> Result<EtherType, Skip> {
    Ok(of_family(u32::from_be_bytes(*reader.link_header::<4>()?)))
}

/// What a family means. Some systems write an EtherType where it should be.
pub(super) fn of_family(family: u32) -> EtherType {
    match u16::try_from(family) {
        _ if family == AF_INET => EtherType::IPV4,
        _ if AF_INET6.contains(&family) => EtherType::IPV6,
        Ok(number) if number > EtherType::MAX_LENGTH => EtherType(number),
        _ => EtherType::NONE,
    }
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{UDP4, UDP6, decode_as};
    use crate::{LinkType, SkipReason};

    #[test]
    fn null_is_read_in_both_byte_orders() {
        for family in [[2, 0, 0, 0], [0, 0, 0, 2]] {
            assert_eq!(decode_as(LinkType::NULL, &[&family, &UDP4]).unwrap().payload_offset, 32);
        }
        for family in [[24, 0, 0, 0], [0, 0, 0, 28], [30, 0, 0, 0], [10, 0, 0, 0]] {
            assert_eq!(decode_as(LinkType::NULL, &[&family, &UDP6]).unwrap().payload_offset, 52);
        }
    }

    #[test]
    fn loop_is_read_in_network_order_only() {
        assert!(decode_as(LinkType::LOOP, &[&[0, 0, 0, 2], &UDP4]).is_ok());
        let skip = decode_as(LinkType::LOOP, &[&[2, 0, 0, 0], &UDP4]).unwrap_err();
        assert_eq!(skip.reason, SkipReason::NonIp);
    }
}
