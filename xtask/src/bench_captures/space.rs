//! Addresses by number: strangers all over the routable space, hosts at home.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::craft::frame::Endpoint;
use crate::craft::random::Random;

/// The router's hardware address: all strangers are behind it.
const ROUTER: [u8; 6] = [0x02, 0x57, 0x47, 0, 2, 1];

/// The first 64 bits of the home's IPv6 addresses.
const HOME_V6: u128 = 0x2a02_a446_5f1c_0001;

/// IPv4 blocks that are not routed (IANA special-purpose registry and multicast upward): address and prefix length.
const UNROUTED: &[(u32, u32)] = &[
    (0x0000_0000, 8),
    (0x0a00_0000, 8),
    (0x6440_0000, 10),
    (0x7f00_0000, 8),
    (0xa9fe_0000, 16),
    (0xac10_0000, 12),
    (0xc000_0000, 24),
    (0xc000_0200, 24),
    (0xc0a8_0000, 16),
    (0xc612_0000, 15),
    (0xc633_6400, 24),
    (0xcb00_7100, 24),
    (0xe000_0000, 3),
];

/// A number's address; numbers of unrouted blocks are spread over the routed ones.
pub fn routable(mut number: u32) -> Ipv4Addr {
    while !is_routable(number) {
        number = Random::new(u64::from(number)).next() as u32;
    }
    Ipv4Addr::from_bits(number)
}

/// Whether an address is in no block that is kept from routing.
pub fn is_routable(number: u32) -> bool {
    UNROUTED.iter().all(|&(block, length)| (number ^ block) >> (32 - length) != 0)
}

/// A stranger by 64 random bits: in 2000::/4 for IPv6.
pub fn stranger(bits: u64, v6: bool) -> Endpoint {
    let address = if v6 {
        let high = 0x2000 << 48 | bits >> 4;
        IpAddr::V6(Ipv6Addr::from_bits(u128::from(high) << 64 | u128::from(bits | 1)))
    } else {
        IpAddr::V4(routable(bits as u32))
    };
    Endpoint { mac: ROUTER, address, hop_limit: 44 + (bits >> 59) as u8 }
}

/// A host at home by its number.
pub fn at_home(number: u16, v6: bool) -> Endpoint {
    let [high, low] = number.to_be_bytes();
    let address = if v6 {
        IpAddr::V6(Ipv6Addr::from_bits(HOME_V6 << 64 | 0x1000 | u128::from(number)))
    } else {
        IpAddr::V4(Ipv4Addr::new(192, 168, high, low))
    };
    Endpoint { mac: [0x02, 0x57, 0x47, 1, high, low], address, hop_limit: 64 }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn numbers_of_unrouted_blocks_are_spread_over_the_routed_ones() {
        assert_eq!(routable(0x0808_0808), Ipv4Addr::new(8, 8, 8, 8));
        let moved: HashSet<Ipv4Addr> = (0xe000_0000..0xe000_1000).map(routable).collect();
        assert!(moved.len() > 4000 && moved.iter().all(|address| is_routable(address.to_bits())));
    }

    #[test]
    fn ipv6_strangers_are_global_unicast() {
        for bits in [0, u64::MAX, 0x0123_4567_89ab_cdef] {
            let IpAddr::V6(address) = stranger(bits, true).address else { panic!("not IPv6") };
            assert_eq!(address.segments()[0] >> 12, 2);
        }
    }
}
