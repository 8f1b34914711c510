//! The one door to the geography: loaded once, shared by all, never changed afterwards.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use super::mmdb::{self, GeoError};
use super::ranges::{Address, Ranges};
use super::sources::{self, Source, Sources};
use super::special::embedded_v4;
use super::tables::{AsnTable, CountryTable, country_of};
use super::{Asn, Category, CountryCode, Place, pack};
use crate::network::Network;

const COUNTRY: &[u8] = include_bytes!("../../data/country.bin.gz");
const ASN: &[u8] = include_bytes!("../../data/asn.bin.gz");

/// Which tables a caller's output needs; the others stay packed.
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

/// A block around an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// The largest block that holds the address and lies within its covering range.
    pub network: Network,
    /// Whether it is the whole of that range.
    pub exact: bool,
}

impl Prefix {
    /// What to call it. Not "announced prefix": neighbours of one system are merged in the data.
    pub const LABEL: &'static str = "covering range";
}

/// Country, autonomous system and names of addresses. A clone shares the tables.
#[derive(Clone, Default)]
pub struct Geo {
    pub(super) country: Option<Arc<(CountryTable, Source)>>,
    pub(super) asn: Option<Arc<(AsnTable, Source)>>,
}

impl Geo {
    /// Knows the special-purpose registries only.
    pub fn empty() -> Self {
        Self::default()
    }

    /// The bundled tables that are asked for.
    #[expect(clippy::expect_used, reason = "the bytes are part of the program, and tests unpack them")]
    pub fn bundled(needs: Needs) -> Self {
        let country =
            needs.country.then(|| pack::unpack_country(COUNTRY).expect("the bundled country table is sound"));
        let asn = needs.asn.then(|| pack::unpack_asn(ASN).expect("the bundled table of systems is sound"));
        Self::default().with_tables(country, asn, |date, ranges, of_asn| {
            if of_asn { sources::bundled_asn(date, ranges) } else { sources::bundled_country(date, ranges) }
        })
    }

    /// With the user's database in the place of the tables it covers: any country, city or ASN .mmdb. `path` is for
    /// messages and [`SourceOrigin::File`](super::SourceOrigin::File). Refused files change nothing.
    pub fn with_mmdb(self, bytes: Vec<u8>, path: &str) -> Result<Self, GeoError> {
        let loaded = mmdb::load(&bytes, path)?;
        drop(bytes);
        Ok(self.with_tables(loaded.country, loaded.asn, |date, ranges, _| {
            sources::from_file(&loaded.name, date.to_owned(), path, ranges)
        }))
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
        Self { country: country.or(self.country), asn: asn.or(self.asn) }
    }

    /// Where an address belongs. The special-purpose registries come first.
    pub fn place(&self, address: IpAddr) -> Place {
        let category = Category::of(address);
        if category != Category::Global {
            return Place { category, country: None, asn: None };
        }
        let address = located(address);
        let country = self
            .country
            .as_ref()
            .and_then(|country| country_of(value(address, &country.0.v4, &country.0.v6)));
        let asn = self.asn.as_ref().map_or(0, |asn| value(address, &asn.0.v4, &asn.0.v6));
        Place { category, country, asn: (asn != 0).then_some(Asn(asn)) }
    }

    /// The name of an autonomous system.
    pub fn as_name(&self, asn: Asn) -> Option<&str> {
        self.asn.as_ref()?.0.names.get(asn)
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

    /// The largest block within the covering range that holds the address.
    pub fn prefix(&self, address: IpAddr) -> Option<Prefix> {
        let (first, last) = self.covering_range(address)?;
        Some(match (address.to_canonical(), first, last) {
            (IpAddr::V4(address), IpAddr::V4(first), IpAddr::V4(last)) => {
                block(address.to_bits().wide(), (first.to_bits().wide(), last.to_bits().wide()), 32)
            }
            (address, first, last) => block(bits(address), (bits(first), bits(last)), 128),
        })
    }

    /// Names, dates, licences and credits of the databases in use.
    pub fn sources(&self) -> Sources {
        Sources {
            country: self.country.as_ref().map(|country| country.1.clone()),
            asn: self.asn.as_ref().map(|asn| asn.1.clone()),
        }
    }

    /// Every country that can be an answer, ascending.
    pub fn country_codes(&self) -> Vec<CountryCode> {
        self.country.as_ref().map_or(Vec::new(), |country| country.0.codes())
    }

    /// Bytes the tables take in memory.
    pub fn memory(&self) -> usize {
        let country =
            self.country.as_ref().map_or(0, |country| country.0.v4.memory() + country.0.v6.memory());
        let asn = self.asn.as_ref().map(|asn| &asn.0);
        country + asn.map_or(0, |asn| asn.v4.memory() + asn.v6.memory() + asn.names.memory())
    }
}

impl fmt::Debug for Geo {
    /// What is loaded, not the millions of numbers in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Geo").field(&self.sources()).finish()
    }
}

/// The address to ask the tables for: IPv4 where the address maps or carries one.
fn located(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => embedded_v4(v6).map_or(IpAddr::V6(v6), IpAddr::V4),
        v4 => v4,
    }
}

pub(super) fn value<V: Copy + PartialEq + Default>(
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
    }
}
