//! Look-ups against references: 100,000 random and 100,000 special addresses each, a linear search for tables of text and
//! maxminddb's own reader for databases.
//!
//! Two questions are asked of each address. What the *tables* say must be what the reference says of that very address.
//! What *we answer* must be that for global addresses, that of the IPv4 address for those that carry one, and nothing for
//! special ones, whatever a table says: that is decided before any table is asked (`geo::special`).
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "geo_support/addresses.rs"]
mod addresses;
mod geo_support;

use std::net::IpAddr;

use addresses::Random;
use analyzer::Network;
use analyzer::geo::database::{self, Content};
use analyzer::geo::mmdb::{self, Loaded};
use analyzer::geo::tables::{AsnTable, CountryTable, country_of};
use analyzer::geo::{Asn, Category, Cell, City, CountryCode, Geo, embedded_v4};
use geo_support::{File, Value, write};
use serde::Deserialize;

const RANDOM: usize = 100_000;
const SPECIAL: usize = 100_000;

/// The same 200,000 addresses for the same networks.
fn asked(random: &mut Random, networks: &[Network]) -> Vec<IpAddr> {
    let addresses = random.addresses(RANDOM);
    addresses.into_iter().chain(random.special(networks, SPECIAL)).collect()
}

/// The address whose answer we give: that of the IPv4 address for one that carries it; none for special ones.
fn answered(address: IpAddr) -> Option<IpAddr> {
    if Category::of(address) != Category::Global {
        return None;
    }
    Some(match address.to_canonical() {
        IpAddr::V6(v6) => embedded_v4(v6).map_or(IpAddr::V6(v6), IpAddr::V4),
        v4 => v4,
    })
}

/// 300 networks that nest, some of several origins; a few of them within special blocks.
fn networks(random: &mut Random) -> Vec<(Network, Asn)> {
    (0..300)
        .map(|row| {
            let (bits, len) = (random.next(), random.next());
            let network = if row % 2 == 0 {
                Network::new(IpAddr::V4(((bits as u32) & 0x3fff_ffff).into()), 4 + (len % 29) as u8)
            } else {
                let high = 0x2000 << 112 | u128::from(bits & 0xfff) << 112 | u128::from(bits) << 40;
                Network::new(IpAddr::V6(high.into()), 8 + (len % 121) as u8)
            };
            (network, Asn(1 + (bits >> 40) as u32 % 1_000))
        })
        .chain(WITHIN_SPECIAL.map(|(text, asn)| (text.parse().unwrap(), Asn(asn))))
        .collect()
}

/// What no table should hold, and some do.
const WITHIN_SPECIAL: [(&str, u32); 6] = [
    ("10.0.0.0/8", 2_001),
    ("224.0.0.0/5", 2_002),
    ("192.168.128.0/17", 2_003),
    ("fd00::/9", 2_004),
    ("2001:db8::/33", 2_005),
    ("ff00::/10", 2_006),
];

/// The narrowest networks around an address: one, with as many systems as there are.
fn linear(rows: &[(Network, Asn)], address: IpAddr) -> Vec<(Network, Asn)> {
    let around: Vec<_> = rows.iter().copied().filter(|row| row.0.contains(address)).collect();
    let narrowest = around.iter().map(|row| row.0.prefix_len()).max();
    around.into_iter().filter(|row| Some(row.0.prefix_len()) == narrowest).collect()
}

fn edges(rows: &[(Network, Asn)]) -> Vec<Network> {
    rows.iter().map(|row| row.0).collect()
}

#[test]
fn a_pyasn_table_answers_200_000_addresses_as_a_linear_search_does() {
    let mut random = Random(7);
    let rows = networks(&mut random);
    let text: String = rows.iter().map(|(network, asn)| format!("{network}\t{}\n", asn.0)).collect();
    let read = || database::read(text.as_bytes(), "a.dat").unwrap();
    let geo = Geo::empty().with_database(read(), "a.dat");
    let Content::Routes(routes) = read().content else { panic!() };
    // Of several origins the lowest is told.
    let expected = |address| linear(&rows, address).into_iter().min();
    for address in asked(&mut random, &edges(&rows)) {
        let found = routes.get(address).map(|route| (route.network, route.origin()));
        assert_eq!(found, expected(address), "{address}");
        let answer = answered(address).and_then(expected).map(|row| row.1);
        assert_eq!(geo.place(address).asn, answer, "{address}");
    }
}

#[test]
fn a_list_of_ranges_answers_200_000_addresses_as_a_linear_search_does() {
    let mut random = Random(11);
    let rows = networks(&mut random);
    let line = |(network, asn): &(Network, Asn)| {
        format!("{},{},{},\"N\"\n", network.address(), network.last(), asn.0)
    };
    let text: String = rows.iter().map(line).collect();
    let read = || database::read(text.as_bytes(), "a.csv").unwrap();
    let geo = Geo::empty().with_database(read(), "a.csv");
    let Content::Listed(listed) = read().content else { panic!() };
    let expected = |address| linear(&rows, address).into_iter().max().map(|row| row.1);
    for address in asked(&mut random, &edges(&rows)) {
        assert_eq!(system(&listed.table, address), expected(address), "{address}");
        assert_eq!(geo.place(address).asn, answered(address).and_then(expected), "{address}");
    }
}

fn system(table: &AsnTable, address: IpAddr) -> Option<Asn> {
    let number = match address {
        IpAddr::V4(v4) => table.v4.get(v4.to_bits()),
        IpAddr::V6(v6) => table.v6.get(v6.to_bits()),
    };
    (number != 0).then_some(Asn(number))
}

fn country(table: &CountryTable, address: IpAddr) -> Option<CountryCode> {
    country_of(match address {
        IpAddr::V4(v4) => table.v4.get(v4.to_bits()),
        IpAddr::V6(v6) => table.v6.get(v6.to_bits()),
    })
}

/// The name of a city, its region, country and cell.
type Town = (String, String, Option<CountryCode>, Option<Cell>);

fn town(city: City<'_>) -> Town {
    (city.name.to_owned(), city.region.to_owned(), city.country, city.cell)
}

/// What a record of a database says, as its own reader decodes it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Row<'a> {
    #[serde(borrow)]
    country: Code<'a>,
    registered_country: Code<'a>,
    country_code: &'a str,
    autonomous_system_number: u32,
    city: &'a str,
    state1: &'a str,
    latitude: Option<f64>,
    longitude: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Code<'a> {
    iso_code: &'a str,
}

impl Row<'_> {
    fn country(&self) -> Option<CountryCode> {
        let codes = [self.country.iso_code, self.country_code, self.registered_country.iso_code];
        codes.into_iter().find_map(CountryCode::new)
    }

    fn system(&self) -> Option<Asn> {
        Some(Asn(self.autonomous_system_number)).filter(|asn| asn.0 != 0)
    }

    fn town(&self) -> Option<Town> {
        let cell = self.latitude.zip(self.longitude).and_then(|(lat, lon)| Cell::of(lat, lon));
        let known = !self.city.is_empty() || cell.is_some();
        known.then(|| (self.city.to_owned(), self.state1.to_owned(), self.country(), cell))
    }
}

/// A database, some of its networks, and how the three who answer are asked the same.
struct Question<'a, T> {
    bytes: &'a [u8],
    networks: Vec<Network>,
    /// Whether mapped, 6to4 and Teredo networks lead to the IPv4 part of the tree.
    aliases: bool,
    theirs: fn(&Row<'_>) -> Option<T>,
    tables: fn(&Loaded, IpAddr) -> Option<T>,
    ours: fn(&Geo, IpAddr) -> Option<T>,
}

impl<T: PartialEq + std::fmt::Debug> Question<'_, T> {
    fn ask(&self, seed: u64) {
        let reader = maxminddb::Reader::from_source(self.bytes).unwrap();
        let loaded = mmdb::load(self.bytes, "a.mmdb").unwrap();
        let geo = Geo::empty().with_mmdb(self.bytes.to_vec(), "a.mmdb").unwrap();
        let expected = |address: IpAddr| {
            let row: Option<Row<'_>> = reader.lookup(address).unwrap().decode().unwrap();
            row.and_then(|row| (self.theirs)(&row))
        };
        let (mut answers, mut overruled) = (0, 0);
        for address in asked(&mut Random(seed), &self.networks) {
            let theirs = expected(address);
            assert_eq!((self.tables)(&loaded, self.in_file(address)), theirs, "{address}");
            let answer = answered(address).and_then(expected);
            assert_eq!((self.ours)(&geo, address), answer, "{address}");
            answers += u32::from(answer.is_some());
            overruled += u32::from(theirs.is_some() && answered(address).is_none());
        }
        // Otherwise nothing was compared with nothing.
        assert!(answers > 4_000 && overruled > 50, "{answers} answers, {overruled} overruled");
    }

    /// A tree of both families holds IPv4 under ::/96, and MaxMind's lead there from three other networks, too.
    fn in_file(&self, address: IpAddr) -> IpAddr {
        let IpAddr::V6(v6) = address else { return address };
        let bits = v6.to_bits();
        let inner = match (bits >> 112, bits >> 96, bits >> 32) {
            (_, _, 0) => Some(bits),
            (_, _, 0xffff) if self.aliases => Some(bits),
            (0x2002, ..) if self.aliases => Some(bits >> 80),
            (_, 0x2001_0000, _) if self.aliases => Some(bits >> 64),
            _ => None,
        };
        inner.map_or(address, |bits| IpAddr::V4((bits as u32).into()))
    }
}

/// A database with a record for each of many networks, none within another, some of them within special blocks.
fn generated(seed: u64, longest_v6: u8, record: fn(usize) -> Value) -> (Vec<u8>, Vec<Network>) {
    let mut random = Random(seed);
    let mut chosen: Vec<Network> = Vec::new();
    for (network, _) in networks(&mut random).into_iter().rev() {
        let overlaps =
            |other: &Network| other.contains(network.address()) || network.contains(other.address());
        let fits = !network.is_ipv6() || network.prefix_len() <= longest_v6;
        // The city table knows what is handed out of IPv6, and no more.
        let global = !network.is_ipv6() || longest_v6 == 128 || network.to_string().starts_with('2');
        if fits && global && !chosen.iter().any(overlaps) {
            chosen.push(network);
        }
    }
    let place = |network: &Network| match network.address() {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()), network.prefix_len() + 96),
        IpAddr::V6(v6) => (v6.to_bits(), network.prefix_len()),
    };
    let row = |(at, network): (usize, &Network)| (place(network).0, place(network).1, record(at));
    let rows = chosen.iter().enumerate().map(row).collect();
    let file = File { database_type: "generated", ip_version: 6, record_size: 28, rows };
    (write(&file), chosen)
}

const CODES: [&str; 5] = ["NL", "DE", "US", "JP", "BR"];

#[test]
fn a_country_database_answers_200_000_addresses_as_its_own_reader_does() {
    let record = |at: usize| {
        let code = || Value::Map(vec![("iso_code", Value::Text(CODES[at % 5]))]);
        Value::Map(vec![(if at.is_multiple_of(7) { "registered_country" } else { "country" }, code())])
    };
    let (bytes, networks) = generated(13, 128, record);
    Question {
        bytes: &bytes,
        networks,
        aliases: false,
        theirs: |row| row.country(),
        tables: |loaded, address| country(loaded.country.as_ref()?, address),
        ours: |geo, address| geo.place(address).country,
    }
    .ask(17);
}

#[test]
fn an_asn_database_answers_200_000_addresses_as_its_own_reader_does() {
    let record =
        |at: usize| Value::Map(vec![("autonomous_system_number", Value::Number(1 + at as u32 % 90))]);
    let (bytes, networks) = generated(19, 128, record);
    Question {
        bytes: &bytes,
        networks,
        aliases: false,
        theirs: |row| row.system(),
        tables: |loaded, address| system(loaded.asn.as_ref()?, address),
        ours: |geo, address| geo.place(address).asn,
    }
    .ask(23);
}

#[test]
fn a_city_database_answers_200_000_addresses_as_its_own_reader_does() {
    const TOWNS: [(&str, &str); 4] =
        [("Enschede", "Overijssel"), ("Hengelo", "Overijssel"), ("Hengelo", "Gelderland"), ("", "Limburg")];
    let record = |at: usize| {
        let (town, region) = TOWNS[at % 4];
        Value::Map(vec![
            ("country_code", Value::Text(CODES[at % 5])),
            ("city", Value::Text(town)),
            ("state1", Value::Text(region)),
            ("latitude", Value::Double(-80.0 + at as f64 * 0.51)),
            ("longitude", Value::Double(170.0 - at as f64 * 1.03)),
        ])
    };
    // IPv6 is told apart to /48.
    let (bytes, networks) = generated(29, 48, record);
    Question {
        bytes: &bytes,
        networks,
        aliases: false,
        theirs: |row| row.town(),
        tables: |loaded, address| loaded.city.as_ref()?.get(address).map(town),
        ours: |geo, address| geo.city(address).map(town),
    }
    .ask(31);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a real database lies outside of the repository")]
fn a_real_database_answers_200_000_addresses_as_its_own_reader_does() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/seed-data/tsa/geoipdb.mmdb");
    let Ok(bytes) = std::fs::read(path) else {
        println!("skipped: {path} is not there");
        return;
    };
    let reader = maxminddb::Reader::from_source(bytes.as_slice()).unwrap();
    let blocks = reader.networks(Default::default()).unwrap().step_by(37);
    let block = |block: Result<maxminddb::LookupResult<'_, _>, _>| -> Option<Network> {
        block.ok()?.network().ok()?.to_string().parse().ok()
    };
    Question {
        bytes: &bytes,
        networks: blocks.filter_map(block).take(3_000).collect(),
        aliases: true,
        theirs: |row| row.country(),
        tables: |loaded, address| country(loaded.country.as_ref()?, address),
        ours: |geo, address| geo.place(address).country,
    }
    .ask(37);
}
