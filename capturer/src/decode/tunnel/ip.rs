//! IP directly in IP: IPv4 (RFC 2003, RFC 2473) and IPv6 (RFC 4213; 6to4, RFC 3056).

use std::net::Ipv6Addr;

use super::super::{EtherType, Reader, Skip};
use crate::{Network, Packet};

/// RFC 3056 §2: addresses of 6to4 begin with 2002::/16.
const PREFIX_6TO4: u16 = 0x2002;

pub(super) fn in_ipv4(outer: &Packet, _: &[u8]) -> bool {
    outer.network == Network::Ipv4
}

pub(super) fn in_ipv6(outer: &Packet, _: &[u8]) -> bool {
    outer.network == Network::Ipv6
}

/// Either end of the inner header has an address that was made from an IPv4 one.
pub(super) fn is_6to4(outer: &Packet, payload: &[u8]) -> bool {
    let begins = |at: usize| {
        let address = payload.get(at..).and_then(|rest| rest.first_chunk::<16>());
        address.is_some_and(|bytes| Ipv6Addr::from(*bytes).segments()[0] == PREFIX_6TO4)
    };
    outer.network == Network::Ipv4 && (begins(8) || begins(24))
}

pub(super) fn ipv4(_: &mut Reader<'_>, _: &mut Packet) -> Result<EtherType, Skip> {
    Ok(EtherType::IPV4)
}

pub(super) fn ipv6(_: &mut Reader<'_>, _: &mut Packet) -> Result<EtherType, Skip> {
    Ok(EtherType::IPV6)
}
