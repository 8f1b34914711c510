//! The other way round: which networks belong to a system or a country.
//!
//! An address is on a list if looking it up gives that system or country. So what the special-purpose registries answer is
//! on none, whatever a table says, and 6to4 addresses, which belong where the IPv4 address in them does, are not either.

use std::net::IpAddr;

use super::ranges::{Address, Ranges};
use super::special::{six_to_four, special_networks};
use super::tables::country_value;
use super::{Asn, CountryCode, Geo};
use crate::cover;
use crate::network::Network;

impl Geo {
    /// The covering ranges of an autonomous system as networks, ascending; neighbouring prefixes are joined in the data.
    pub fn covering_networks(&self, asn: Asn) -> Vec<Network> {
        self.asn.as_ref().map_or_else(Vec::new, |table| of_value(&table.0.v4, &table.0.v6, asn.0))
    }

    /// The networks whose addresses are used in a country, ascending.
    pub fn country_networks(&self, country: CountryCode) -> Vec<Network> {
        let value = country_value(country);
        self.country.as_ref().map_or_else(Vec::new, |table| of_value(&table.0.v4, &table.0.v6, value))
    }
}

/// The ranges of both families that hold a value.
fn of_value<V: Copy + PartialEq + Default>(
    v4: &Ranges<u32, V>,
    v6: &Ranges<u128, V>,
    value: V,
) -> Vec<Network> {
    if value == V::default() {
        return Vec::new();
    }
    let of_v4 = holding(v4, value).map(|(first, last)| (IpAddr::V4(first.into()), IpAddr::V4(last.into())));
    let of_v6 = holding(v6, value).map(|(first, last)| (IpAddr::V6(first.into()), IpAddr::V6(last.into())));
    let found = of_v4.chain(of_v6).flat_map(|(first, last)| cover::of_range(first, last));
    cover::difference(found, special_networks().into_iter().chain([six_to_four()]))
}

/// First and last address of each range that holds a value, ascending.
fn holding<A: Address, V: Copy + PartialEq + Default>(
    ranges: &Ranges<A, V>,
    value: V,
) -> impl Iterator<Item = (A, A)> {
    let ends = ranges.segments().skip(1).map(|(next, _)| next.before()).chain([A::ENDS.1]);
    ranges
        .segments()
        .zip(ends)
        .filter(move |((_, held), _)| *held == value)
        .map(|((first, _), last)| (first, last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::Needs;

    #[test]
    fn every_network_of_a_system_is_its_own_at_both_ends_and_its_neighbours_are_not() {
        let geo = Geo::bundled(Needs::ALL);
        let networks = geo.covering_networks(Asn(1136));
        assert!(networks.iter().any(Network::is_ipv6) && networks.iter().any(|network| !network.is_ipv6()));
        assert_eq!(cover::cover(networks.iter().copied()), networks);
        for network in &networks {
            assert_eq!(geo.place(network.address()).asn, Some(Asn(1136)), "{network}");
        }
        let found: usize = (0..=255)
            .map(|octet| IpAddr::from([145, 53, octet, 1]))
            .filter(|&address| {
                let listed = networks.iter().any(|network| network.contains(address));
                assert_eq!(listed, geo.place(address).asn == Some(Asn(1136)), "{address}");
                listed
            })
            .count();
        assert!(found > 0, "AS1136 announces 145.53.0.0/16");
    }

    #[test]
    fn the_networks_of_a_country_are_those_that_are_looked_up_so() {
        let geo = Geo::bundled(Needs::ALL);
        let code: CountryCode = CountryCode::new("NL").unwrap();
        let networks = geo.country_networks(code);
        assert!(networks.len() > 1000);
        assert!(networks.iter().all(|network| geo.place(network.address()).country == Some(code)));
    }

    #[test]
    fn nobody_has_nothing() {
        let geo = Geo::bundled(Needs::ALL);
        assert!(geo.covering_networks(Asn(0)).is_empty() && geo.covering_networks(Asn(64_511)).is_empty());
        assert!(Geo::empty().covering_networks(Asn(1136)).is_empty());
    }
}
