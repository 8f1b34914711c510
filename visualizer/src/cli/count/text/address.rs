//! The ends of packets as tcpdump prints them: an address, a dot and a port, or the address alone.

use std::net::IpAddr;

pub(super) use analyzer::inet::whole;
use analyzer::inet::{ipv4, ipv6};

/// An end of a packet as tcpdump prints it: an address, with `.PORT` or `.service` behind it or not.
#[inline]
pub(super) fn end(bytes: &[u8]) -> Option<IpAddr> {
    let Some((address, rest)) = ipv4(bytes) else { return v6_end(bytes) };
    let portless = rest.is_empty();
    (portless || is_port(rest) && !rest.contains(&b':')).then_some(IpAddr::V4(address))
}

/// The dots tell whether there is a port: an IPv6 address has none, or three when it ends in an IPv4 one.
fn v6_end(bytes: &[u8]) -> Option<IpAddr> {
    let dots = bytes.iter().filter(|byte| **byte == b'.').count();
    if matches!(dots, 0 | 3) {
        return ipv6(bytes).map(IpAddr::V6);
    }
    let (address, port) = bytes.split_at(memchr::memrchr(b'.', bytes)?);
    if is_port(port) { ipv6(address).map(IpAddr::V6) } else { None }
}

/// A dot and something without a dot.
fn is_port(bytes: &[u8]) -> bool {
    bytes.len() > 1 && bytes[0] == b'.' && !bytes[1..].contains(&b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_has_a_port_a_service_or_neither() {
        for (text, address) in [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1.443", "192.0.2.1"),
            ("192.0.2.1.https", "192.0.2.1"),
            ("2001:db8::2", "2001:db8::2"),
            ("2001:db8::2.443", "2001:db8::2"),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
            ("::ffff:192.0.2.1.443", "::ffff:192.0.2.1"),
        ] {
            assert_eq!(end(text.as_bytes()), address.parse().ok(), "{text}");
        }
        for bad in [
            "192.0.2.1.",
            "192.0.2.1.dyn.example.443",
            "host.example.com.443",
            "192.0.2.1-443",
            "2001:db8::2.",
            "::1..443",
            "192.0.2.1:443",
            "192.0.2.1.4:43",
            "443",
        ] {
            assert_eq!(end(bad.as_bytes()), None, "{bad}");
        }
    }
}
