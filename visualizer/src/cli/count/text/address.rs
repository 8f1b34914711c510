//! Addresses as `inet_pton` takes them, out of bytes: four decimal octets without leading zeros, or RFC 4291 §2.2 text.
//! The standard library's parser wants text and is asked for IPv6 only, where it takes the same forms.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The whole of `bytes` as an address.
#[inline]
pub(super) fn whole(bytes: &[u8]) -> Option<IpAddr> {
    if memchr::memchr(b':', bytes).is_some() {
        return v6(bytes);
    }
    v4(bytes).filter(|(_, rest)| rest.is_empty()).map(|(address, _)| IpAddr::V4(address))
}

/// An end of a packet as tcpdump prints it: an address, with `.PORT` or `.service` behind it or not.
#[inline]
pub(super) fn end(bytes: &[u8]) -> Option<IpAddr> {
    if memchr::memchr(b':', bytes).is_some() {
        return v6_end(bytes);
    }
    let (address, rest) = v4(bytes)?;
    let portless = rest.is_empty();
    (portless || is_port(rest)).then_some(IpAddr::V4(address))
}

/// The dots tell whether there is a port: an IPv6 address has none, or three when it ends in an IPv4 one.
fn v6_end(bytes: &[u8]) -> Option<IpAddr> {
    let dots = bytes.iter().filter(|byte| **byte == b'.').count();
    if matches!(dots, 0 | 3) {
        return v6(bytes);
    }
    let (address, port) = bytes.split_at(memchr::memrchr(b'.', bytes)?);
    if is_port(port) { v6(address) } else { None }
}

/// A dot and something without a dot.
fn is_port(bytes: &[u8]) -> bool {
    bytes.len() > 1 && bytes[0] == b'.' && !bytes[1..].contains(&b'.')
}

fn v6(bytes: &[u8]) -> Option<IpAddr> {
    let address: Ipv6Addr = std::str::from_utf8(bytes).ok()?.parse().ok()?;
    Some(IpAddr::V6(address))
}

/// Four octets at the beginning, and what follows them.
#[inline]
fn v4(bytes: &[u8]) -> Option<(Ipv4Addr, &[u8])> {
    let mut octets = [0_u8; 4];
    let mut rest = bytes;
    for (index, octet) in octets.iter_mut().enumerate() {
        if index > 0 {
            rest = rest.strip_prefix(b".")?;
        }
        (*octet, rest) = decimal(rest)?;
    }
    // A digit more would be a fourth one.
    (!rest.first().is_some_and(u8::is_ascii_digit)).then_some((Ipv4Addr::from_octets(octets), rest))
}

/// One to three digits up to 255; a leading zero stands alone.
#[inline]
fn decimal(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let mut value = 0_u32;
    let mut digits = 0;
    for byte in bytes.iter().take(3).take_while(|byte| byte.is_ascii_digit()) {
        if digits > 0 && value == 0 {
            return None;
        }
        value = value * 10 + u32::from(byte - b'0');
        digits += 1;
    }
    if digits == 0 {
        return None;
    }
    Some((u8::try_from(value).ok()?, &bytes[digits..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn takes_the_forms_of_inet_pton_and_no_other() {
        for good in
            ["0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "2001:0DB8:0000::0001", "::ffff:192.0.2.1"]
        {
            assert_eq!(whole(good.as_bytes()), good.parse().ok(), "{good}");
        }
        let bad = [
            "",
            "1",
            "192.0.2",
            "192.0.2.",
            "192.0.2.1.",
            ".192.0.2.1",
            "192.0.2.01",
            "192.0.2.00",
            "192.0.2.256",
            "192.0.2.1000",
            "192.0.2.1/24",
            "192.0.2.1:443",
            "[::1]",
            "fe80::1%eth0",
            "0x7f.1",
            "+1.2.3.4",
            "1.2.3.4 5",
            "\"1.2.3.4\"",
            "1::2::3",
            "1:2:3:4:5:6:7:8:9",
            "::12345",
            "::1.2.3",
            "::1.2.3.04",
            ":1",
            "host.example",
        ];
        for bad in bad {
            assert_eq!(whole(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(whole(b"1.2.3.4\0"), None);
        assert_eq!(whole(&[0xff, b':']), None);
    }

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
        ] {
            assert_eq!(end(bad.as_bytes()), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_standard_library(text in "[0-9a-f:.]{0,24}|([0-9]{1,3}\\.){3}[0-9]{1,3}", address: u128) {
            prop_assert_eq!(whole(text.as_bytes()), text.parse().ok());
            let address = IpAddr::V6(address.into());
            prop_assert_eq!(whole(address.to_string().as_bytes()), Some(address));
        }
    }
}
