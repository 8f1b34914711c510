//! What kind of address it is, decided before any database is asked: the IANA special-purpose registries, the
//! multicast and reserved blocks, and the IPv6 space that was never handed out.
//!
//! Sources: <https://www.iana.org/assignments/iana-ipv4-special-registry> and
//! <https://www.iana.org/assignments/iana-ipv6-special-registry> (RFC 6890 and its updates), and the address space
//! registries for multicast and reserved blocks; the RFC stands beside each line.
//!
//! Decisions. A block that the registry calls globally reachable is [`Category::Global`]; one meant for use inside a
//! site (DS-Lite, SRv6, local NAT64, the old site-local) is [`Category::Private`]; what must not be seen on the open
//! network is [`Category::Bogon`]. IPv4-mapped addresses are the IPv4 address. NAT64, 6to4 and Teredo addresses
//! carry the IPv4 address of the end that matters, so they belong where that one belongs ([`embedded_v4`]); around an
//! IPv4 address that is not global they are forbidden (RFC 6052 §3.1, RFC 3056 §2, RFC 4380 §5.2.4) and bogons.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Category;
use super::Category::{Bogon, Broadcast, Cgnat, Global, LinkLocal, Loopback, Multicast, Private};
use crate::cover;
use crate::network::Network;

/// Network, prefix length, category; where blocks nest, the inner one stands first.
struct V4(u32, u32, Category);

const fn v4(octets: [u8; 4], len: u32, category: Category) -> V4 {
    V4(u32::from_be_bytes(octets), len, category)
}

#[rustfmt::skip]
const TABLE_V4: [V4; 24] = [
    v4([0, 0, 0, 0], 8, Bogon),              // "this network", RFC 791 §3.2, RFC 1122 §3.2.1.3
    v4([10, 0, 0, 0], 8, Private),           // RFC 1918
    v4([100, 64, 0, 0], 10, Cgnat),          // shared address space, RFC 6598
    v4([127, 0, 0, 0], 8, Loopback),         // RFC 1122 §3.2.1.3
    v4([169, 254, 0, 0], 16, LinkLocal),     // RFC 3927
    v4([172, 16, 0, 0], 12, Private),        // RFC 1918
    v4([192, 0, 0, 9], 32, Global),          // Port Control Protocol anycast, RFC 7723
    v4([192, 0, 0, 10], 32, Global),         // TURN anycast, RFC 8155
    v4([192, 0, 0, 0], 29, Private),         // IPv4 service continuity (DS-Lite, 464XLAT), RFC 7335
    v4([192, 0, 0, 8], 32, Bogon),           // dummy address, RFC 7600
    v4([192, 0, 0, 170], 31, Bogon),         // NAT64/DNS64 discovery, RFC 8880, RFC 7050 §2.2
    v4([192, 0, 0, 0], 24, Bogon),           // IETF protocol assignments, RFC 6890 §2.1
    v4([192, 0, 2, 0], 24, Bogon),           // TEST-NET-1, RFC 5737
    v4([192, 31, 196, 0], 24, Global),       // AS112-v4, RFC 7535
    v4([192, 52, 193, 0], 24, Global),       // AMT, RFC 7450
    v4([192, 88, 99, 0], 24, Bogon),         // 6to4 relay anycast, withdrawn by RFC 7526; 6a44 relay, RFC 6751
    v4([192, 168, 0, 0], 16, Private),       // RFC 1918
    v4([192, 175, 48, 0], 24, Global),       // direct delegation AS112, RFC 7534
    v4([198, 18, 0, 0], 15, Bogon),          // benchmarking, RFC 2544
    v4([198, 51, 100, 0], 24, Bogon),        // TEST-NET-2, RFC 5737
    v4([203, 0, 113, 0], 24, Bogon),         // TEST-NET-3, RFC 5737
    v4([224, 0, 0, 0], 4, Multicast),        // RFC 5771
    v4([255, 255, 255, 255], 32, Broadcast), // limited broadcast, RFC 919, RFC 8190
    v4([240, 0, 0, 0], 4, Bogon),            // reserved, RFC 1112 §4
];

/// Network, prefix length, category; where blocks nest, the inner one stands first.
struct V6(u128, u32, Category);

const fn v6(groups: [u16; 8], len: u32, category: Category) -> V6 {
    let [a, b, c, d, e, f, g, h] = groups;
    V6(Ipv6Addr::new(a, b, c, d, e, f, g, h).to_bits(), len, category)
}

#[rustfmt::skip]
const TABLE_V6: [V6; 25] = [
    v6([0, 0, 0, 0, 0, 0, 0, 1], 128, Loopback),         // RFC 4291 §2.5.3
    v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48, Private),   // NAT64 for local use, RFC 8215
    v6([0x2001, 1, 0, 0, 0, 0, 0, 1], 128, Global),      // Port Control Protocol anycast, RFC 7723
    v6([0x2001, 1, 0, 0, 0, 0, 0, 2], 128, Global),      // TURN anycast, RFC 8155
    v6([0x2001, 1, 0, 0, 0, 0, 0, 3], 128, Global),      // DNS-SD service registration anycast, RFC 9665
    v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48, Bogon),        // benchmarking, RFC 5180
    v6([0x2001, 3, 0, 0, 0, 0, 0, 0], 32, Global),       // AMT, RFC 7450
    v6([0x2001, 4, 0x112, 0, 0, 0, 0, 0], 48, Global),   // AS112-v6, RFC 7535
    v6([0x2001, 0x10, 0, 0, 0, 0, 0, 0], 28, Bogon),     // ORCHID, ended, RFC 4843
    v6([0x2001, 0x20, 0, 0, 0, 0, 0, 0], 28, Global),    // ORCHIDv2, RFC 7343
    v6([0x2001, 0x30, 0, 0, 0, 0, 0, 0], 28, Global),    // drone remote identification tags, RFC 9374
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, Bogon),        // IETF protocol assignments, RFC 2928
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, Bogon),    // documentation, RFC 3849
    v6([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48, Global), // direct delegation AS112, RFC 7534
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, Bogon),        // documentation, RFC 9637
    v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3, Global),        // global unicast, RFC 4291 §2.4
    v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16, Private),      // segment routing identifiers, RFC 9602
    v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64, Bogon),         // discard only, RFC 6666
    v6([0x100, 0, 0, 1, 0, 0, 0, 0], 64, Bogon),         // dummy prefix, RFC 9780
    v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, Private),       // unique local, RFC 4193
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, LinkLocal),    // RFC 4291 §2.5.6
    v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, Private),      // site-local, withdrawn by RFC 3879, still seen inside sites
    v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, Multicast),     // RFC 4291 §2.7
    v6([0, 0, 0, 0, 0, 0, 0, 0], 128, Bogon),            // unspecified, RFC 4291 §2.5.2
    v6([0, 0, 0, 0, 0, 0, 0, 0], 0, Bogon),              // all the rest is unallocated, IANA IPv6 address space
];

/// The smallest list of networks that holds what the registries do not call global. Addresses that carry an IPv4
/// address are not told apart by it: NAT64 and Teredo are within these networks, 6to4 is not.
pub fn special_networks() -> Vec<Network> {
    let v4 =
        TABLE_V4.iter().map(|line| (Network::new(Ipv4Addr::from_bits(line.0).into(), line.1 as u8), line.2));
    let v6 =
        TABLE_V6.iter().map(|line| (Network::new(Ipv6Addr::from_bits(line.0).into(), line.1 as u8), line.2));
    // From the outer blocks to the inner ones, which stand first.
    v4.chain(v6).rev().fold(Vec::new(), |so_far, (network, category)| match category {
        Global => cover::difference(so_far, [network]),
        _ => cover::cover(so_far.into_iter().chain([network])),
    })
}

/// The well-known NAT64 prefix, a /96 (RFC 6052 §2.1).
const NAT64: u128 = 0x0064_ff9b << 96;
/// Teredo, a /32 (RFC 4380 §2.6).
const TEREDO: u128 = 0x2001_0000 << 96;
/// 6to4, a /16 (RFC 3056 §2).
const SIX_TO_FOUR: u128 = 0x2002 << 112;

/// All 6to4 addresses.
pub(super) fn six_to_four() -> Network {
    Network::new(Ipv6Addr::from_bits(SIX_TO_FOUR).into(), 16)
}

/// Whether any special block lies under a first octet: most addresses need not walk the table.
const SPECIAL_FIRST_OCTET: [bool; 256] = {
    let mut marks = [false; 256];
    let mut line = 0;
    while line < TABLE_V4.len() {
        let V4(network, len, _) = TABLE_V4[line];
        let first = (network >> 24) as usize;
        let octets = if len >= 8 { 1 } else { 1 << (8 - len) };
        let mut octet = first;
        while octet < first + octets {
            marks[octet] = true;
            octet += 1;
        }
        line += 1;
    }
    marks
};

impl Category {
    /// The category of an address; see the module's decisions on addresses that carry another one.
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => category_v4(address),
            IpAddr::V6(address) => category_v6(address),
        }
    }
}

fn category_v4(address: Ipv4Addr) -> Category {
    if !SPECIAL_FIRST_OCTET[usize::from(address.octets()[0])] {
        return Global;
    }
    let bits = address.to_bits();
    let found = TABLE_V4.iter().find(|V4(network, len, _)| (bits ^ network) >> (32 - len) == 0);
    found.map_or(Global, |line| line.2)
}

fn category_v6(address: Ipv6Addr) -> Category {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return category_v4(mapped);
    }
    if let Some(inner) = embedded_v4(address) {
        return if category_v4(inner) == Global { Global } else { Bogon };
    }
    let bits = address.to_bits();
    let inside = |line: &&V6| (bits ^ line.0).checked_shr(128 - line.1).unwrap_or(0) == 0;
    TABLE_V6.iter().find(inside).map_or(Bogon, |line| line.2)
}

/// The IPv4 address that a transition address stands for: the destination behind NAT64, the 6to4 router, the outer
/// address of a Teredo client (stored inverted). IPv4-mapped addresses are not among them: they *are* IPv4.
pub fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = address.to_bits();
    let inner = if bits >> 32 == NAT64 >> 32 {
        bits as u32
    } else if bits >> 112 == SIX_TO_FOUR >> 112 {
        (bits >> 80) as u32
    } else if bits >> 96 == TEREDO >> 96 {
        !(bits as u32)
    } else {
        return None;
    };
    Some(Ipv4Addr::from_bits(inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Category {
        Category::of(text.parse().unwrap())
    }

    #[test]
    fn first_and_last_address_of_each_block_and_its_neighbours_are_as_registered() {
        #[rustfmt::skip]
        let facts = [
            ("0.0.0.0", Bogon), ("0.255.255.255", Bogon), ("1.0.0.0", Global),
            ("9.255.255.255", Global), ("10.0.0.0", Private), ("10.255.255.255", Private), ("11.0.0.0", Global),
            ("100.63.255.255", Global), ("100.64.0.0", Cgnat), ("100.127.255.255", Cgnat), ("100.128.0.0", Global),
            ("126.255.255.255", Global), ("127.0.0.1", Loopback), ("128.0.0.0", Global),
            ("169.253.255.255", Global), ("169.254.0.0", LinkLocal), ("169.255.0.0", Global),
            ("172.15.255.255", Global), ("172.16.0.0", Private), ("172.31.255.255", Private), ("172.32.0.0", Global),
            ("192.0.0.0", Private), ("192.0.0.7", Private), ("192.0.0.8", Bogon), ("192.0.0.9", Global),
            ("192.0.0.10", Global), ("192.0.0.11", Bogon), ("192.0.0.171", Bogon), ("192.0.1.0", Global),
            ("192.0.2.1", Bogon), ("192.31.196.1", Global), ("192.52.193.1", Global), ("192.88.99.1", Bogon),
            ("192.167.255.255", Global), ("192.168.0.0", Private), ("192.169.0.0", Global), ("192.175.48.6", Global),
            ("198.17.255.255", Global), ("198.18.0.0", Bogon), ("198.19.255.255", Bogon), ("198.20.0.0", Global),
            ("198.51.100.7", Bogon), ("203.0.113.7", Bogon), ("203.0.114.0", Global),
            ("223.255.255.255", Global), ("224.0.0.1", Multicast), ("239.255.255.255", Multicast),
            ("231.255.255.255", Multicast), ("233.0.0.1", Multicast), ("237.1.1.1", Multicast),
            ("240.0.0.0", Bogon), ("255.255.255.254", Bogon), ("255.255.255.255", Broadcast),
            ("::", Bogon), ("::1", Loopback), ("::2", Bogon), ("::192.0.2.1", Bogon),
            ("64:ff9b:1::1", Private), ("100::1", Bogon), ("100:0:0:1::1", Bogon), ("1fff::1", Bogon),
            ("2000::1", Global), ("2001:1::1", Global), ("2001:1::2", Global), ("2001:1::3", Global),
            ("2001:1::4", Bogon), ("2001:2::1", Bogon), ("2001:3::1", Global), ("2001:4:112::1", Global),
            ("2001:4:113::1", Bogon), ("2001:10::1", Bogon), ("2001:20::1", Global), ("2001:30::1", Global),
            ("2001:1ff::1", Bogon), ("2001:200::1", Global), ("2001:db8::1", Bogon), ("2001:db9::1", Global),
            ("2620:4f:8000::1", Global), ("3fff:fff::1", Bogon), ("3fff:1000::1", Global), ("4000::1", Bogon),
            ("5f00::1", Private), ("fbff::1", Bogon), ("fc00::1", Private), ("fdff::1", Private),
            ("fe00::1", Bogon), ("fe80::1", LinkLocal), ("febf::1", LinkLocal), ("fec0::1", Private),
            ("ff02::1", Multicast), ("2606:4700::1111", Global),
        ];
        for (address, category) in facts {
            assert_eq!(of(address), category, "{address}");
        }
    }

    #[test]
    fn mapped_addresses_are_the_ipv4_address() {
        assert_eq!(of("::ffff:10.1.2.3"), Private);
        assert_eq!(of("::ffff:8.8.8.8"), Global);
        assert_eq!(of("::ffff:255.255.255.255"), Broadcast);
    }

    #[test]
    fn transition_addresses_belong_where_their_ipv4_address_belongs() {
        for (address, inner) in [
            ("64:ff9b::808:808", "8.8.8.8"),
            ("2002:808:808::1", "8.8.8.8"),
            ("2001:0:4136:e378:8000:63bf:f7f7:f7f7", "8.8.8.8"),
        ] {
            assert_eq!(embedded_v4(address.parse().unwrap()), Some(inner.parse().unwrap()), "{address}");
            assert_eq!(of(address), Global, "{address}");
        }
        for address in ["64:ff9b::a00:1", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:f5ff:fffe"] {
            assert_eq!(of(address), Bogon, "{address}");
        }
        assert_eq!(embedded_v4("2001:db8::1".parse().unwrap()), None);
    }

    #[test]
    fn special_networks_are_those_that_are_not_global() {
        let special = special_networks();
        let holds = |address: IpAddr| special.iter().any(|network| network.contains(address));
        for network in &special {
            let last = match network.address() {
                IpAddr::V4(v4) => IpAddr::V4(
                    (v4.to_bits() | u32::MAX.checked_shr(network.prefix_len().into()).unwrap_or(0)).into(),
                ),
                IpAddr::V6(v6) => IpAddr::V6(
                    (v6.to_bits() | u128::MAX.checked_shr(network.prefix_len().into()).unwrap_or(0)).into(),
                ),
            };
            for address in [network.address(), last] {
                let carries = matches!(address, IpAddr::V6(v6) if embedded_v4(v6).is_some() || v6.to_ipv4_mapped().is_some());
                assert!(carries || Category::of(address) != Global, "{address} of {network}");
            }
        }
        for address in
            ["8.8.8.8", "192.0.0.9", "2606:4700::1", "2001:4:112::1", "223.255.255.255", "2001:200::1"]
        {
            assert!(!holds(address.parse().unwrap()), "{address}");
        }
        for address in
            ["10.0.0.1", "192.0.0.8", "2001:db8::1", "::1", "4000::1", "255.255.255.255", "100.64.0.1"]
        {
            assert!(holds(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn every_line_is_a_network_and_is_reached() {
        for (index, V4(network, len, category)) in TABLE_V4.iter().enumerate() {
            let hidden =
                TABLE_V4[..index].iter().any(|V4(n, l, _)| l <= len && (n ^ network) >> (32 - l) == 0);
            assert!(!hidden && network.trailing_zeros() >= 32 - len, "line {index} {category:?}");
        }
        for (index, V6(network, len, category)) in TABLE_V6.iter().enumerate() {
            let covers = |l: u32, n: u128| (n ^ network).checked_shr(128 - l).unwrap_or(0) == 0;
            let hidden = TABLE_V6[..index].iter().any(|V6(n, l, _)| l <= len && covers(*l, *n));
            assert!(!hidden && network.trailing_zeros() >= 128 - len, "line {index} {category:?}");
        }
    }
}
