//! The one door to the geography: loaded once, shared by all, never changed afterwards.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use bytemuck::Pod;

use super::city::CityTable;
use super::database::{Content, Database};
use super::flat::{Aligned, Columns};
use super::mmdb::{self, GeoError};
use super::overrides::{Override, Overrides};
use super::ranges::{Address, Ranges};
use super::routes::{Route, Routes};
use super::sources::{self, Source, Sources};
use super::special::embedded_v4;
use super::tables::{AsNames, AsnTable, CountryTable, country_of};
use super::{Asn, Category, CountryCode, Place};
use crate::network::Network;

static COUNTRY: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/country.flat")));
static ASN: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/asn.flat")));

/// Which tables a caller's output needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Countries.
    pub country: bool,
    /// Autonomous systems, their names and covering ranges.
    pub asn: bool,
}

impl Needs {
    /// Both.
    pub const ALL: Self = Self { country: true, asn: true };
}

/// A network around an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// The announced prefix, or the largest block that holds the address and lies within its covering range.
    pub network: Network,
    /// Whether it is the whole of what the data has: an announced prefix, or a covering range that is a network.
    pub exact: bool,
    /// Who says so.
    pub kind: PrefixKind,
}

/// What a prefix is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrefixKind {
    /// It stands in the routing table.
    Announced,
    /// It is cut from a range of the table of systems, in which neighbours of one system are merged.
    Covering,
    /// The settings name it.
    Settings,
}

impl PrefixKind {
    /// What to call it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Announced => "announced prefix",
            Self::Covering => "covering range",
            Self::Settings => "set by the user",
        }
    }
}

/// Country, autonomous system and names of addresses. A clone shares the tables.
#[derive(Clone, Default)]
pub struct Geo {
    pub(super) country: Option<Arc<(CountryTable, Source)>>,
    pub(super) asn: Option<Arc<(AsnTable, Source)>>,
    pub(super) routes: Option<Arc<(Routes, Source)>>,
    pub(super) names: Option<Arc<(AsNames, Source)>>,
    pub(super) overrides: Option<Arc<Overrides>>,
    pub(super) city: Option<Arc<(CityTable, Source)>>,
}

impl Geo {
    /// Knows the special-purpose registries only.
    pub fn empty() -> Self {
        Self::default()
    }

    /// The bundled tables that are asked for.
    #[expect(clippy::expect_used, reason = "the bytes are part of the program, and tests read them")]
    pub fn bundled(needs: Needs) -> Self {
        let (mut countries, mut systems) = (Columns::new(COUNTRY), Columns::new(ASN));
        let country = needs.country.then(|| CountryTable::of(&mut countries).expect("a sound table"));
        let asn = needs.asn.then(|| AsnTable::of(&mut systems).expect("a sound table"));
        Self::default().with_tables(country, asn, |date, ranges, of_asn| {
            if of_asn { sources::bundled_asn(date, ranges) } else { sources::bundled_country(date, ranges) }
        })
    }

    /// With the user's database in the place of the tables it covers: any country, city or ASN .mmdb. `path` is for
    /// messages and [`SourceOrigin::File`](super::SourceOrigin::File). Refused files change nothing.
    pub fn with_mmdb(self, bytes: Vec<u8>, path: &str) -> Result<Self, GeoError> {
        let loaded = mmdb::load(&bytes, path)?;
        drop(bytes);
        Ok(self.with_database(Database::from(loaded), path))
    }

    /// With what a file holds in the place of what it covers: tables of countries and systems, a routing table, or
    /// names. A list of ranges takes the place of the table of systems.
    pub fn with_database(mut self, mut read: Database, path: &str) -> Self {
        let content = std::mem::replace(&mut read.content, Content::Names(AsNames::default()));
        let source = |ranges| sources::from_file(&read, path, ranges);
        match content {
            Content::Tables(loaded) => {
                let with = self.with_tables(loaded.country, loaded.asn, |_, ranges, _| source(ranges));
                match loaded.city {
                    Some(city) => {
                        let source = source(city.len());
                        with.with_city(city, source)
                    }
                    None => with,
                }
            }
            Content::Listed(listed) => {
                self.with_tables(None, Some(listed.table), |_, ranges, _| source(ranges))
            }
            Content::Routes(routes) => {
                let source = source(routes.len());
                self.with_routes(routes, source)
            }
            Content::Names(names) => {
                let source = source(names.len());
                self.names = Some(Arc::new((names, source)));
                self
            }
        }
    }

    /// With a routing table: it names the systems of the families it has prefixes of.
    pub fn with_routes(mut self, routes: Routes, source: Source) -> Self {
        self.routes = Some(Arc::new((routes, source)));
        self
    }

    /// With what the user knows better, in the place of what was set before.
    pub fn with_overrides(mut self, list: &[Override]) -> Self {
        self.overrides = (!list.is_empty()).then(|| Arc::new(Overrides::new(list)));
        self
    }

    fn with_tables(
        self,
        country: Option<CountryTable>,
        asn: Option<AsnTable>,
        source: impl Fn(&str, usize, bool) -> Source,
    ) -> Self {
        let country = country.map(|table| {
            let source = source(&table.date, table.v4.len() + table.v6.len(), false);
            Arc::new((table, source))
        });
        let asn = asn.map(|table| {
            let source = source(&table.date, table.v4.len() + table.v6.len(), true);
            Arc::new((table, source))
        });
        Self { country: country.or(self.country), asn: asn.or(self.asn), ..self }
    }

    /// Where an address belongs. The special-purpose registries come first, and what the user set wins.
    pub fn place(&self, address: IpAddr) -> Place {
        let category = Category::of(address);
        let mut place = if category == Category::Global {
            self.tabled(located(address))
        } else {
            Place { category, ..Place::default() }
        };
        if let Some(overrides) = &self.overrides {
            overrides.correct(address, &mut place);
        }
        if category == Category::Global {
            place.cell = self.cell(located(address), place.country);
        }
        place
    }

    /// What the tables say of a global address.
    fn tabled(&self, address: IpAddr) -> Place {
        let country = self
            .country
            .as_ref()
            .and_then(|country| country_of(value(address, &country.0.v4, &country.0.v6)));
        let asn = match (self.routes_for(address), &self.asn) {
            (Some(routes), _) => routes.origin(address),
            (None, Some(asn)) => value(address, &asn.0.v4, &asn.0.v6),
            (None, None) => 0,
        };
        Place { category: Category::Global, country, asn: (asn != 0).then_some(Asn(asn)), cell: None }
    }

    /// The routing table, if there is one that knows the address's family.
    pub(super) fn routes_for(&self, address: IpAddr) -> Option<&Routes> {
        self.routes.as_ref().map(|routes| &routes.0).filter(|routes| routes.covers_family_of(address))
    }

    /// The route of a global address, where a routing table is loaded: its origins, too.
    pub fn route(&self, address: IpAddr) -> Option<Route<'_>> {
        let address = address.to_canonical();
        if Category::of(address) != Category::Global || located(address) != address {
            return None;
        }
        self.routes_for(address)?.get(address)
    }

    /// Where a prefix belongs: its country is that of its first address, its system the one that announces it, even
    /// where a more specific prefix covers that address.
    pub fn network_place(&self, network: &Network) -> Place {
        let mut place = self.place(network.address());
        let set = self.overrides.as_ref().and_then(|overrides| overrides.get(network.address())?.asn);
        if set.is_none()
            && let Some(route) = self.routes_for(network.address()).and_then(|routes| routes.exact(network))
        {
            place.asn = Some(route.origin());
        }
        place
    }

    /// The name of an autonomous system.
    pub fn as_name(&self, asn: Asn) -> Option<&str> {
        let set = self.overrides.as_ref().and_then(|overrides| overrides.as_name(asn));
        let listed = || self.names.as_ref().and_then(|names| names.0.get(asn));
        set.or_else(listed).or_else(|| self.asn.as_ref()?.0.names.get(asn))
    }

    /// The first and last address of the range of the ASN table that covers an address; an IPv4-mapped address is
    /// the IPv4 one. Special and transition addresses have none.
    pub fn covering_range(&self, address: IpAddr) -> Option<(IpAddr, IpAddr)> {
        let table = &self.asn.as_ref()?.0;
        let address = address.to_canonical();
        if Category::of(address) != Category::Global || located(address) != address {
            return None;
        }
        match address {
            IpAddr::V4(v4) => around(&table.v4, v4.to_bits())
                .map(|(first, last)| (IpAddr::V4(first.into()), IpAddr::V4(last.into()))),
            IpAddr::V6(v6) => around(&table.v6, v6.to_bits())
                .map(|(first, last)| (IpAddr::V6(first.into()), IpAddr::V6(last.into()))),
        }
    }

    /// The network around an address: the one the user set a system for, the announced prefix where a routing table is
    /// loaded, else the largest block within the covering range.
    pub fn prefix(&self, address: IpAddr) -> Option<Prefix> {
        let set = self.overrides.as_ref().and_then(|overrides| overrides.get(address)?.asn);
        if let Some((_, network)) = set {
            return Some(Prefix { network, exact: true, kind: PrefixKind::Settings });
        }
        if self.routes_for(address.to_canonical()).is_some() {
            let network = self.route(address)?.network;
            return Some(Prefix { network, exact: true, kind: PrefixKind::Announced });
        }
        let (first, last) = self.covering_range(address)?;
        Some(match (address.to_canonical(), first, last) {
            (IpAddr::V4(address), IpAddr::V4(first), IpAddr::V4(last)) => {
                block(address.to_bits().wide(), (first.to_bits().wide(), last.to_bits().wide()), 32)
            }
            (address, first, last) => block(bits(address), (bits(first), bits(last)), 128),
        })
    }

    /// What a prefix in a listing is: announced, where a routing table knows its family.
    pub fn prefix_kind(&self, network: &Network) -> PrefixKind {
        let set = self.overrides.as_ref().and_then(|overrides| overrides.get(network.address())?.asn);
        if set.is_some_and(|(_, set)| set == *network) {
            PrefixKind::Settings
        } else if self.routes_for(network.address()).is_some() {
            PrefixKind::Announced
        } else {
            PrefixKind::Covering
        }
    }

    /// Names, dates, licences and credits of the databases in use.
    pub fn sources(&self) -> Sources {
        Sources {
            country: self.country.as_ref().map(|country| country.1.clone()),
            asn: self.asn.as_ref().map(|asn| asn.1.clone()),
            routes: self.routes.as_ref().map(|routes| routes.1.clone()),
            names: self.names.as_ref().map(|names| names.1.clone()),
            overrides: self.overrides.as_ref().map_or(0, |overrides| overrides.len()),
            city: self.city.as_ref().map(|city| city.1.clone()),
        }
    }

    /// Every country that can be an answer, ascending.
    pub fn country_codes(&self) -> Vec<CountryCode> {
        let mut codes = self.country.as_ref().map_or(Vec::new(), |country| country.0.codes());
        codes.extend(self.overrides.iter().flat_map(|overrides| overrides.countries()));
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    /// Bytes the tables take in memory.
    pub fn memory(&self) -> usize {
        let country =
            self.country.as_ref().map_or(0, |country| country.0.v4.memory() + country.0.v6.memory());
        let asn = self.asn.as_ref().map(|asn| &asn.0);
        let routes = self.routes.as_ref().map_or(0, |routes| routes.0.memory());
        let names = self.names.as_ref().map_or(0, |names| names.0.memory());
        let city = self.city.as_ref().map_or(0, |city| city.0.memory());
        country
            + city
            + routes
            + names
            + asn.map_or(0, |asn| asn.v4.memory() + asn.v6.memory() + asn.names.memory())
    }
}

impl fmt::Debug for Geo {
    /// What is loaded, not the millions of numbers in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Geo").field(&self.sources()).finish()
    }
}

/// The address to ask the tables for: IPv4 where the address maps or carries one.
pub(super) fn located(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => embedded_v4(v6).map_or(IpAddr::V6(v6), IpAddr::V4),
        v4 => v4,
    }
}

pub(super) fn value<V: Pod + PartialEq + Default>(
    address: IpAddr,
    v4: &Ranges<u32, V>,
    v6: &Ranges<u128, V>,
) -> V {
    match address {
        IpAddr::V4(address) => v4.get(address.to_bits()),
        IpAddr::V6(address) => v6.get(address.to_bits()),
    }
}

fn around<A: Address>(table: &Ranges<A, u32>, address: A) -> Option<(A, A)> {
    (table.get(address) != 0).then(|| table.around(address))
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().wide(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// Widens from the address's own block while it stays within the range.
fn block(address: u128, range: (u128, u128), longest: u8) -> Prefix {
    let size_less_one = |host_bits: u8| 1_u128.checked_shl(u32::from(host_bits)).unwrap_or(0).wrapping_sub(1);
    let within = |host_bits: &u8| {
        let host = size_less_one(*host_bits);
        address & !host >= range.0 && address | host <= range.1
    };
    let host_bits = (0..=longest).take_while(within).last().unwrap_or(0);
    let host = size_less_one(host_bits);
    let ip = if longest == 32 { IpAddr::V4((address as u32).into()) } else { IpAddr::V6(address.into()) };
    Prefix {
        network: Network::new(ip, longest - host_bits),
        exact: (address & !host, address | host) == range,
        kind: PrefixKind::Covering,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::pack::{unpack_asn, unpack_country};

    #[test]
    fn the_tables_in_the_program_are_those_of_the_folder() {
        let bundled = Geo::bundled(Needs::ALL);
        let (country, asn) = (&bundled.country.unwrap().0, &bundled.asn.unwrap().0);
        let packed = unpack_country(include_bytes!("../../data/country.bin.gz")).unwrap();
        assert_eq!((&country.date, country.v4.len()), (&packed.date, packed.v4.len()));
        assert!(
            country.v4.segments().eq(packed.v4.segments()) && country.v6.segments().eq(packed.v6.segments())
        );
        let packed = unpack_asn(include_bytes!("../../data/asn.bin.gz")).unwrap();
        assert_eq!((&asn.date, asn.v6.len()), (&packed.date, packed.v6.len()));
        assert!(asn.v4.segments().eq(packed.v4.segments()) && asn.v6.segments().eq(packed.v6.segments()));
        let names = |names: &AsNames| -> Vec<_> {
            (0..names.len()).map(|at| (names.at(at).0, names.at(at).1.to_owned())).collect()
        };
        assert_eq!(names(&asn.names), names(&packed.names));
    }

    #[test]
    fn the_cities_in_the_program_are_those_of_the_folder() {
        let bundled = Geo::empty().with_cities().city.unwrap();
        let (table, packed) = (&bundled.0, include_bytes!("../../data/city.bin.gz"));
        let packed = crate::geo::city::pack::unpack(packed).unwrap();
        assert_eq!(
            (&table.date, table.len(), table.places.len()),
            (&packed.date, packed.len(), packed.places.len())
        );
        assert!(table.v4.segments().eq(packed.v4.segments()) && table.v6.segments().eq(packed.v6.segments()));
        assert!(
            (0..=packed.places.len() as u32)
                .all(|number| table.places.get(number) == packed.places.get(number))
        );
    }
}
