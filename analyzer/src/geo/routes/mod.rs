//! A routing table: which prefix is announced around an address, and by whom. Longest match, both families, prefixes of
//! several origins kept as such.
//!
//! Prefixes nest, and what a look-up wants of them is one answer an address; so they are flattened into [`Ranges`], a
//! segment for each stretch of addresses with the same answer: prefix length and set of origins in 32 bits. The
//! prefix itself need not be kept, being the address cut to that length. A segment takes 8 bytes (IPv4) or 12 (IPv6);
//! neighbours of the same origin and length are one.

mod build;
pub mod csv;
mod error;
pub(in crate::geo) mod flatten;
mod lines;
mod listed;
pub mod mrt;
mod names;
pub mod pyasn;
mod slots;
pub mod tsv;

use std::net::IpAddr;

pub use build::{ROUTES_MAX, RoutesBuilder};
pub use error::RoutesError;
pub(in crate::geo) use error::shown;
pub(in crate::geo) use lines::Lines;
pub use listed::Listed;
pub(in crate::geo) use listed::overlaps;
pub use names::as_names;
pub(in crate::geo) use names::as_names_of;
pub use slots::Slots;

use super::Asn;
use super::ranges::{Address, Ranges};
use crate::cover;
use crate::network::Network;

/// Bits of a segment's value that number its set of origins; the prefix length stands above them.
const SET_BITS: u32 = 24;

/// Announced prefixes and their origins.
#[derive(Clone, Debug)]
pub struct Routes {
    v4: Ranges<u32, u32>,
    v6: Ranges<u128, u32>,
    /// Prefixes that no address has, because more specific ones cover them wholly; with their set's number.
    hidden: Box<[(Network, u32)]>,
    /// Origins of all sets, each set ascending.
    origins: Box<[Asn]>,
    /// Where each set ends; set 0 is empty.
    ends: Box<[u32]>,
    /// Prefixes of either family.
    counts: (usize, usize),
}

/// An announced prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route<'a> {
    /// The prefix.
    pub network: Network,
    /// The systems that announce it, ascending; at least one.
    pub origins: &'a [Asn],
}

impl Route<'_> {
    /// The one system where only one can be shown: the lowest number, so that equal input gives equal answers.
    pub fn origin(&self) -> Asn {
        self.origins.first().copied().unwrap_or(Asn(0))
    }
}

impl Routes {
    /// The longest announced prefix around an address. An IPv4-mapped address is IPv6 here, as pyasn has it.
    #[inline]
    pub fn get(&self, address: IpAddr) -> Option<Route<'_>> {
        let value = match address {
            IpAddr::V4(v4) => self.v4.get(v4.to_bits()),
            IpAddr::V6(v6) => self.v6.get(v6.to_bits()),
        };
        (value != 0).then(|| self.route(address, value))
    }

    /// As [`Routes::get`], and whether no more specific prefix lies within the one that is found.
    pub fn whole(&self, address: IpAddr) -> Option<(Route<'_>, bool)> {
        let ((first, last), value) = match address {
            IpAddr::V4(v4) => wide(self.v4.stretch(v4.to_bits()), |end| IpAddr::V4(end.into())),
            IpAddr::V6(v6) => wide(self.v6.stretch(v6.to_bits()), |end| IpAddr::V6(end.into())),
        };
        let route = (value != 0).then(|| self.route(address, value))?;
        Some((route, first <= route.network.address() && route.network.last() <= last))
    }

    /// The number of the system where only one can be told, 0 for none: [`Routes::get`] without the rest.
    #[inline]
    pub fn origin(&self, address: IpAddr) -> u32 {
        self.get(address).map_or(0, |route| route.origin().0)
    }

    /// The route of exactly this prefix.
    pub fn exact(&self, network: &Network) -> Option<Route<'_>> {
        let set = match (network.address(), network.last()) {
            (IpAddr::V4(first), IpAddr::V4(last)) => {
                within(&self.v4, (first.to_bits(), last.to_bits()), network)
            }
            (IpAddr::V6(first), IpAddr::V6(last)) => {
                within(&self.v6, (first.to_bits(), last.to_bits()), network)
            }
            _ => None,
        };
        let hidden = || {
            let found = self.hidden.binary_search_by_key(network, |(network, _)| *network).ok()?;
            Some(self.hidden[found].1)
        };
        Some(Route { network: *network, origins: self.set(set.or_else(hidden)?) })
    }

    /// Whether there is any prefix of an address's family.
    pub const fn covers_family_of(&self, address: IpAddr) -> bool {
        if address.is_ipv6() { self.counts.1 > 0 } else { self.counts.0 > 0 }
    }

    /// Every prefix that a system announces, alone or with others, ascending.
    pub fn prefixes_of(&self, asn: Asn) -> Vec<Network> {
        self.iter().filter(|route| route.origins.contains(&asn)).map(|route| route.network).collect()
    }

    /// The addresses whose longest prefix a system announces, alone or with others, as the fewest networks: without the
    /// more specific prefixes of others within its own.
    pub fn held_by(&self, asn: Asn) -> Vec<Network> {
        let held = |value: u32| value != 0 && self.set(value).contains(&asn);
        let v4 = self.v4.stretches().filter(|(_, value)| held(*value));
        let v6 = self.v6.stretches().filter(|(_, value)| held(*value));
        let v4 = v4.flat_map(|((first, last), _)| {
            cover::of_range(IpAddr::V4(first.into()), IpAddr::V4(last.into()))
        });
        let v6 = v6.flat_map(|((first, last), _)| {
            cover::of_range(IpAddr::V6(first.into()), IpAddr::V6(last.into()))
        });
        cover::cover(v4.chain(v6))
    }

    /// How many prefixes there are.
    pub const fn len(&self) -> usize {
        self.counts.0 + self.counts.1
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Prefixes of IPv4 and of IPv6.
    pub const fn counts(&self) -> (usize, usize) {
        self.counts
    }

    /// All prefixes, ascending: IPv4 first, a wider one before those in it.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Route<'_>> {
        let mut all: Vec<(Network, u32)> = Vec::with_capacity(self.len());
        collect(&self.v4, |start| IpAddr::V4(start.into()), &mut all);
        collect(&self.v6, |start| IpAddr::V6(start.into()), &mut all);
        all.extend(self.hidden.iter().copied());
        all.sort_unstable();
        all.dedup();
        all.into_iter().map(|(network, set)| Route { network, origins: self.set(set) })
    }

    /// Bytes in memory.
    pub fn memory(&self) -> usize {
        let tables = self.v4.memory() + self.v6.memory();
        tables + size_of_val(&*self.hidden) + size_of_val(&*self.origins) + size_of_val(&*self.ends)
    }

    /// Stretches of addresses with one answer, those without an answer too: IPv4 and IPv6.
    pub fn segments(&self) -> (usize, usize) {
        (self.v4.segments().len(), self.v6.segments().len())
    }

    fn route(&self, address: IpAddr, value: u32) -> Route<'_> {
        Route { network: Network::new(address, (value >> SET_BITS) as u8), origins: self.set(value) }
    }

    /// The origins of a set, named by the lower bits of a value.
    fn set(&self, value: u32) -> &[Asn] {
        let number = (value & ((1 << SET_BITS) - 1)) as usize;
        let start = number.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(number).copied().unwrap_or(start);
        self.origins.get(start as usize..end as usize).unwrap_or_default()
    }
}

fn wide<A>(((first, last), value): ((A, A), u32), address: fn(A) -> IpAddr) -> ((IpAddr, IpAddr), u32) {
    ((address(first), address(last)), value)
}

/// The set of the first address within a network that has a prefix of the network's length.
fn within<A: Address>(ranges: &Ranges<A, u32>, ends: (A, A), network: &Network) -> Option<u32> {
    let segments = ranges.segments_from(ends.0).take_while(|(start, _)| *start <= ends.1);
    let mut values = segments.map(|(_, value)| value).filter(|value| *value != 0);
    values.find(|value| value >> SET_BITS == u32::from(network.prefix_len()))
}

/// The prefixes behind the segments of a family; one with holes comes several times.
fn collect<A: Address>(ranges: &Ranges<A, u32>, address: fn(A) -> IpAddr, into: &mut Vec<(Network, u32)>) {
    let mut segments = ranges.segments().peekable();
    while let Some((start, value)) = segments.next() {
        if value == 0 {
            continue;
        }
        let end = segments.peek().map_or(A::ENDS.1, |(next, _)| next.before()).wide();
        let bits = if address(start).is_ipv6() { 128 } else { 32 };
        let size = 1_u128.checked_shl(bits - (value >> SET_BITS)).unwrap_or(0);
        let mut at = Some(start);
        while let Some(start) = at {
            let network = Network::new(address(start), (value >> SET_BITS) as u8);
            into.push((network, value & ((1 << SET_BITS) - 1)));
            let next = (start.wide() & !size.wrapping_sub(1))
                .checked_add(size)
                .filter(|next| size != 0 && *next <= end);
            at = next.and_then(A::narrow);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn routes(rows: &[(&str, u32)]) -> Routes {
        let mut builder = RoutesBuilder::new();
        rows.iter().for_each(|(network, asn)| builder.push(network.parse().unwrap(), Asn(*asn)));
        builder.build()
    }

    fn found(routes: &Routes, address: &str) -> Option<(String, Vec<u32>)> {
        let route = routes.get(address.parse().unwrap())?;
        Some((route.network.to_string(), route.origins.iter().map(|asn| asn.0).collect()))
    }

    #[test]
    fn the_longest_match_wins_and_the_wider_one_goes_on_behind_it() {
        let routes =
            routes(&[("10.0.0.0/8", 1), ("10.1.0.0/16", 2), ("10.1.2.0/24", 3), ("2001:db8::/32", 4)]);
        assert_eq!(found(&routes, "10.0.9.9"), Some(("10.0.0.0/8".into(), vec![1])));
        assert_eq!(found(&routes, "10.1.2.3"), Some(("10.1.2.0/24".into(), vec![3])));
        assert_eq!(found(&routes, "10.1.3.3"), Some(("10.1.0.0/16".into(), vec![2])));
        assert_eq!(found(&routes, "10.255.255.255"), Some(("10.0.0.0/8".into(), vec![1])));
        assert_eq!(found(&routes, "11.0.0.0"), None);
        let whole = |address: &str| routes.whole(address.parse().unwrap()).map(|(_, whole)| whole);
        assert_eq!(
            (whole("10.1.2.3"), whole("10.0.9.9"), whole("11.0.0.0")),
            (Some(true), Some(false), None)
        );
        assert_eq!(found(&routes, "2001:db8::1"), Some(("2001:db8::/32".into(), vec![4])));
        assert_eq!(found(&routes, "::ffff:10.0.0.1"), None, "a mapped address is IPv6");
    }

    #[test]
    fn a_prefix_of_several_origins_keeps_them_in_order() {
        let routes = routes(&[("192.0.2.0/24", 64_500), ("192.0.2.0/24", 64_496), ("192.0.2.0/24", 64_500)]);
        assert_eq!(found(&routes, "192.0.2.1"), Some(("192.0.2.0/24".into(), vec![64_496, 64_500])));
        assert_eq!(
            (routes.len(), routes.get("192.0.2.1".parse().unwrap()).unwrap().origin()),
            (1, Asn(64_496))
        );
    }

    #[test]
    fn a_prefix_that_others_cover_wholly_is_listed_though_never_found() {
        let routes = routes(&[
            ("10.0.0.0/8", 1),
            ("10.0.0.0/9", 2),
            ("10.128.0.0/9", 2),
            ("0.0.0.0/0", 7),
            ("::/0", 7),
        ]);
        assert_eq!(routes.prefixes_of(Asn(1)), ["10.0.0.0/8".parse().unwrap()]);
        assert_eq!(routes.exact(&"10.0.0.0/8".parse().unwrap()).unwrap().origin(), Asn(1));
        assert_eq!(routes.exact(&"10.0.0.0/10".parse().unwrap()), None);
        let all: Vec<String> = routes.iter().map(|route| route.network.to_string()).collect();
        assert_eq!(all, ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9", "::/0"]);
        assert_eq!(found(&routes, "255.255.255.255"), Some(("0.0.0.0/0".into(), vec![7])));
        assert_eq!(routes.len(), 5);
    }

    proptest! {
        #[test]
        fn answers_as_a_linear_search_does(
            v4 in prop::collection::vec((any::<u32>(), 0_u8..=32, 1_u32..6), 0..40),
            v6 in prop::collection::vec((any::<u128>(), 0_u8..=128, 1_u32..6), 0..40),
            narrow in any::<bool>(),
        ) {
            // In half of the cases they lie close together, so that they nest.
            let v4 = v4.iter().map(|row| (IpAddr::V4((if narrow { row.0 & 0xff } else { row.0 }).into()), row.1, row.2));
            let v6 = v6.iter().map(|row| (IpAddr::V6((if narrow { row.0 & 0xffff } else { row.0 }).into()), row.1, row.2));
            let rows: Vec<(Network, Asn)> = v4.chain(v6).map(|(ip, len, asn)| (Network::new(ip, len), Asn(asn))).collect();
            let mut builder = RoutesBuilder::new();
            rows.iter().for_each(|(network, asn)| builder.push(*network, *asn));
            let routes = builder.build();
            for (network, _) in &rows {
                for probe in around(network) {
                    let best = rows.iter().filter(|row| row.0.contains(probe)).map(|row| row.0).max_by_key(Network::prefix_len);
                    prop_assert_eq!(routes.get(probe).map(|route| route.network), best);
                    let origins = origins(&rows, best);
                    prop_assert_eq!(routes.get(probe).map_or(Vec::new(), |route| route.origins.to_vec()), origins);
                }
            }
            let mut expected: Vec<Network> = rows.iter().map(|row| row.0).collect();
            expected.sort_unstable();
            expected.dedup();
            let listed: Vec<Network> = routes.iter().map(|route| route.network).collect();
            prop_assert_eq!((routes.len(), listed), (expected.len(), expected.clone()));
            for route in routes.iter() {
                prop_assert_eq!(route.origins.to_vec(), origins(&rows, Some(route.network)));
                prop_assert_eq!(routes.exact(&route.network), Some(route));
            }
        }
    }

    fn origins(rows: &[(Network, Asn)], network: Option<Network>) -> Vec<Asn> {
        let mut all: Vec<Asn> = rows.iter().filter(|row| Some(row.0) == network).map(|row| row.1).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn around(network: &Network) -> [IpAddr; 4] {
        match network.address() {
            IpAddr::V4(v4) => {
                let size = 1_u64 << (32 - network.prefix_len());
                [0, size - 1, size, u64::from(u32::MAX)]
                    .map(|step| IpAddr::V4(v4.to_bits().wrapping_add(step as u32).into()))
            }
            IpAddr::V6(v6) => {
                let size = 1_u128.checked_shl(128 - u32::from(network.prefix_len())).unwrap_or(0);
                [0, size.wrapping_sub(1), size, u128::MAX]
                    .map(|step| IpAddr::V6(v6.to_bits().wrapping_add(step).into()))
            }
        }
    }
}
