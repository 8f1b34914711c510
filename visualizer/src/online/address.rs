//! Which addresses may be asked about, and which may be connected to: the public ones, by the same table that answers
//! `place` everywhere. IPv4 in IPv6 clothes counts as what it carries.

use std::net::IpAddr;

use analyzer::geo::Category;

/// Whether an address is public unicast.
pub(super) fn is_public(address: IpAddr) -> bool {
    let embedded_is_public = match address {
        IpAddr::V6(v6) => v6.to_ipv4().is_none_or(|v4| Category::of(v4.into()) == Category::Global),
        IpAddr::V4(_) => true,
    };
    Category::of(address) == Category::Global && embedded_is_public
}
