//! The other way round: which networks belong to a system or a country.
//!
//! An address is on a list if looking it up gives that system or country. So what the special-purpose registries answer is
//! on none, whatever a table says, and 6to4 addresses, which belong where the IPv4 address in them does, are not either.

use std::net::IpAddr;

use bytemuck::Pod;

use super::ranges::Ranges;
use super::routes::Routes;
use super::special::{six_to_four, special_networks};
use super::tables::country_value;
use super::{Asn, CountryCode, Geo, PrefixKind};
use crate::cover;
use crate::network::Network;

/// What belongs to an autonomous system, by who says so; each list ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Its announced prefixes as they stand in the routing table.
    pub announced: Vec<Network>,
    /// How many of its announced prefixes other systems announce, too.
    pub shared: usize,
    /// Its covering ranges, of a family that no routing table is loaded for.
    pub covering: Vec<Network>,
    /// What the settings say is its.
    pub set: Vec<Network>,
    /// What others hold within its prefixes and ranges: more specific prefixes, and what the settings say is theirs.
    pub of_others: Vec<Network>,
}

impl Holdings {
    /// Without what others hold: an address is in one of these networks if looking it up gives the system.
    pub fn exclusive(self) -> Self {
        let without = |networks| cover::cut_out(networks, &self.of_others);
        let (announced, covering) = (without(self.announced), without(self.covering));
        Self { announced, covering, of_others: Vec::new(), ..self }
    }

    /// All networks with what each is, ascending.
    pub fn networks(&self) -> Vec<(Network, PrefixKind)> {
        let kinds = [
            (&self.announced, PrefixKind::Announced),
            (&self.covering, PrefixKind::Covering),
            (&self.set, PrefixKind::Settings),
        ];
        let of_kind = |(networks, kind): (&Vec<Network>, PrefixKind)| -> Vec<(Network, PrefixKind)> {
            networks.iter().map(|network| (*network, kind)).collect()
        };
        let mut all: Vec<_> = kinds.into_iter().flat_map(of_kind).collect();
        all.sort_by_key(|(network, _)| *network);
        all
    }
}

impl Geo {
    /// What belongs to an autonomous system.
    pub fn holdings(&self, asn: Asn) -> Holdings {
        let (announced, shared, inner) =
            self.routes.as_ref().map_or_else(Default::default, |routes| announced(&routes.0, asn));
        let mut covering = self.covering_networks(asn);
        covering.retain(|network| self.routes_for(network.address()).is_none());
        let of = |wanted: fn(Asn, Asn) -> bool| {
            let overrides = self.overrides.as_ref();
            overrides.map_or_else(Vec::new, |overrides| {
                overrides.networks(|entry| entry.asn.is_some_and(|(set, _)| wanted(set, asn)))
            })
        };
        let (set, others) = (of(|set, asn| set == asn), of(|set, asn| set != asn));
        let of_others = cover::cover(inner.into_iter().chain(others));
        Holdings { announced, shared, covering, set, of_others }
    }

    /// The covering ranges of an autonomous system as networks, ascending; neighbouring prefixes are joined in the data.
    pub fn covering_networks(&self, asn: Asn) -> Vec<Network> {
        self.asn.as_ref().map_or_else(Vec::new, |table| of_value(&table.0.v4, &table.0.v6, asn.0))
    }

    /// The networks whose addresses are used in a country, ascending.
    pub fn country_networks(&self, country: CountryCode) -> Vec<Network> {
        let value = country_value(country);
        let tabled =
            self.country.as_ref().map_or_else(Vec::new, |table| of_value(&table.0.v4, &table.0.v6, value));
        let Some(overrides) = &self.overrides else { return tabled };
        let set = overrides.networks(|entry| entry.country == Some(country));
        let others = overrides.networks(|entry| entry.country.is_some_and(|set| set != country));
        cover::cover(cover::difference(tabled, others).into_iter().chain(set))
    }
}

/// The prefixes a system announces, how many of them it shares, and what others announce within them.
fn announced(routes: &Routes, asn: Asn) -> (Vec<Network>, usize, Vec<Network>) {
    let (mut prefixes, mut shared) = (Vec::new(), 0);
    for route in routes.iter().filter(|route| route.origins.contains(&asn)) {
        prefixes.push(route.network);
        shared += usize::from(route.origins.len() > 1);
    }
    let inner = cover::difference(prefixes.iter().copied(), routes.held_by(asn));
    (prefixes, shared, inner)
}

/// The ranges of both families that hold a value, without what no table is asked for.
fn of_value<V: Pod + PartialEq + Default>(
    v4: &Ranges<u32, V>,
    v6: &Ranges<u128, V>,
    value: V,
) -> Vec<Network> {
    if value == V::default() {
        return Vec::new();
    }
    let found = holding(v4, v6, |held| held == value);
    cover::difference(found, special_networks().into_iter().chain([six_to_four()]))
}

/// The ranges of both families whose value is wanted, as networks, ascending.
pub(super) fn holding<V: Pod + PartialEq + Default>(
    v4: &Ranges<u32, V>,
    v6: &Ranges<u128, V>,
    wanted: impl Fn(V) -> bool,
) -> Vec<Network> {
    let v4 = v4.stretches().filter(|(_, value)| wanted(*value));
    let v6 = v6.stretches().filter(|(_, value)| wanted(*value));
    let v4 = v4.map(|((first, last), _)| (IpAddr::V4(first.into()), IpAddr::V4(last.into())));
    let v6 = v6.map(|((first, last), _)| (IpAddr::V6(first.into()), IpAddr::V6(last.into())));
    v4.chain(v6).flat_map(|(first, last)| cover::of_range(first, last)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::routes::RoutesBuilder;
    use crate::geo::{Needs, Override};

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

    fn texts(networks: &[Network]) -> Vec<String> {
        networks.iter().map(Network::to_string).collect()
    }

    fn routed(lines: &[(&str, u32)]) -> Geo {
        let mut builder = RoutesBuilder::new();
        for (network, origin) in lines {
            builder.push(network.parse().unwrap(), Asn(*origin));
        }
        let source = Geo::bundled(Needs::ALL).sources().asn.unwrap();
        Geo::bundled(Needs::ALL).with_routes(builder.build(), source)
    }

    #[test]
    fn more_specific_prefixes_of_others_are_cut_out_and_those_within_them_stay() {
        let geo = routed(&[
            ("9.0.0.0/8", 64500),
            ("9.1.0.0/16", 64501),
            ("9.1.2.0/24", 64500),
            ("11.0.0.0/16", 64500),
            ("11.0.0.0/16", 64502),
            ("12.0.0.0/16", 64501),
        ]);
        let whole = geo.holdings(Asn(64500));
        assert_eq!(texts(&whole.announced), ["9.0.0.0/8", "9.1.2.0/24", "11.0.0.0/16"]);
        let held = whole.exclusive();
        let all = cover::cover(held.announced.iter().copied());
        let expected = cover::difference(
            ["9.0.0.0/8", "11.0.0.0/16"].map(|text| text.parse().unwrap()),
            [
                "9.1.0.0/23",
                "9.1.3.0/24",
                "9.1.4.0/22",
                "9.1.8.0/21",
                "9.1.16.0/20",
                "9.1.32.0/19",
                "9.1.64.0/18",
                "9.1.128.0/17",
            ]
            .map(|text| text.parse().unwrap()),
        );
        assert_eq!((all, held.shared), (expected, 1));
        assert!(held.announced.contains(&"11.0.0.0/16".parse().unwrap()), "a whole prefix stays whole");
        assert!(held.covering.is_empty());
    }

    #[test]
    fn a_family_without_routes_has_covering_ranges() {
        let held = routed(&[("145.53.0.0/16", 1136)]).holdings(Asn(1136));
        assert_eq!(texts(&held.announced), ["145.53.0.0/16"]);
        assert!(!held.covering.is_empty() && held.covering.iter().all(Network::is_ipv6));
    }

    #[test]
    fn what_the_settings_say_wins() {
        let set = |network: &str, asn, country: Option<&str>| Override {
            network: network.parse().unwrap(),
            country: country.and_then(CountryCode::new),
            asn,
            name: None,
            note: None,
        };
        let geo = routed(&[("9.0.0.0/24", 64500)]).with_overrides(&[
            set("9.0.0.0/25", Some(64501), None),
            set("10.0.0.0/8", Some(64500), Some("NL")),
        ]);
        let held = geo.holdings(Asn(64500)).exclusive();
        assert_eq!(
            (texts(&held.announced), texts(&held.set)),
            (vec!["9.0.0.128/25".into()], vec!["10.0.0.0/8".into()])
        );
        let dutch = geo.country_networks(CountryCode::new("NL").unwrap());
        assert!(dutch.contains(&"10.0.0.0/8".parse().unwrap()));
    }

    #[test]
    fn nobody_has_nothing() {
        let geo = Geo::bundled(Needs::ALL);
        assert!(geo.covering_networks(Asn(0)).is_empty() && geo.covering_networks(Asn(64_511)).is_empty());
        assert!(Geo::empty().covering_networks(Asn(1136)).is_empty());
    }
}
