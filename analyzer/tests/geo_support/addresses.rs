//! The addresses that look-ups are compared on: random ones, and those at which they go wrong.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use analyzer::Network;
use analyzer::geo::special_networks;

/// xorshift64*: the same addresses in every run.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn wide(&mut self) -> u128 {
        u128::from(self.next()) << 64 | u128::from(self.next())
    }

    fn v4(&mut self) -> IpAddr {
        IpAddr::V4(((self.next() >> 32) as u32).into())
    }

    fn v6(&mut self) -> IpAddr {
        let bits = self.wide();
        // Half of them where addresses are handed out.
        IpAddr::V6((if bits & 1 == 0 { bits } else { bits >> 3 | 1 << 125 }).into())
    }

    /// So many addresses, half of each family.
    pub fn addresses(&mut self, count: usize) -> Vec<IpAddr> {
        (0..count).map(|at| if at % 2 == 0 { self.v4() } else { self.v6() }).collect()
    }

    /// An address within a network.
    fn within(&mut self, network: &Network) -> IpAddr {
        match (network.address(), network.last()) {
            (IpAddr::V4(first), IpAddr::V4(last)) => {
                let host = first.to_bits() ^ last.to_bits();
                IpAddr::V4((first.to_bits() | (self.next() as u32 & host)).into())
            }
            (IpAddr::V6(first), IpAddr::V6(last)) => {
                let host = first.to_bits() ^ last.to_bits();
                IpAddr::V6((first.to_bits() | (self.wide() & host)).into())
            }
            (first, _) => first,
        }
    }

    /// So many different special addresses: the edges of the given networks and of the special-purpose ones with their
    /// neighbours, those of IPv4 also as IPv6 carries them; the ends of both families; and any within private, reserved,
    /// multicast and transition networks.
    pub fn special(&mut self, networks: &[Network], count: usize) -> Vec<IpAddr> {
        let special: Vec<Network> = special_networks().into_iter().chain(transition()).collect();
        let mut found: BTreeSet<IpAddr> =
            ["0.0.0.0", "255.255.255.255", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]
                .iter()
                .filter_map(|text| text.parse().ok())
                .collect();
        for network in special.iter().chain(networks) {
            found.extend(edges(network).into_iter().flat_map(dressed));
        }
        assert!(found.len() < count, "{} edges", found.len());
        for network in special.iter().cycle() {
            if found.len() == count {
                break;
            }
            found.insert(self.within(network));
        }
        found.into_iter().collect()
    }
}

/// Networks whose addresses stand for an IPv4 address: mapped, NAT64, 6to4, Teredo, and the old IPv4-compatible ones.
fn transition() -> Vec<Network> {
    let texts = ["::ffff:0:0/96", "64:ff9b::/96", "2002::/16", "2001::/32", "::/96"];
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

/// First and last address, and one to either side of each.
fn edges(network: &Network) -> [IpAddr; 6] {
    let (first, last) = (network.address(), network.last());
    [first, last, step(first, false), step(first, true), step(last, false), step(last, true)]
}

fn step(address: IpAddr, up: bool) -> IpAddr {
    match address {
        IpAddr::V4(v4) if up => IpAddr::V4(v4.to_bits().wrapping_add(1).into()),
        IpAddr::V4(v4) => IpAddr::V4(v4.to_bits().wrapping_sub(1).into()),
        IpAddr::V6(v6) if up => IpAddr::V6(v6.to_bits().wrapping_add(1).into()),
        IpAddr::V6(v6) => IpAddr::V6(v6.to_bits().wrapping_sub(1).into()),
    }
}

/// An address and, of IPv4, the IPv6 addresses that carry it.
fn dressed(address: IpAddr) -> Vec<IpAddr> {
    let IpAddr::V4(v4) = address else { return vec![address] };
    let bits = u128::from(v4.to_bits());
    let clothes = [0xffff << 32 | bits, 0x64_ff9b << 96 | bits, 0x2002 << 112 | bits << 80, teredo(v4)];
    clothes.into_iter().map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits))).chain([address]).collect()
}

/// The client's address stands inverted at the end, RFC 4380 §4.
fn teredo(v4: Ipv4Addr) -> u128 {
    0x2001_0000 << 96 | u128::from(!v4.to_bits())
}
