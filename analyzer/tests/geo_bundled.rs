//! The bundled tables: known facts, equality with what they were made from, and the codes that the map must know.
#![expect(clippy::disallowed_methods, reason = "the test reads the generator's inputs and the fixture")]
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use analyzer::geo::{Asn, Category, CountryCode, Geo, Needs, Place, SourceOrigin, country_name};

static GEO: LazyLock<Geo> = LazyLock::new(|| Geo::bundled(Needs::ALL));

fn place(address: &str) -> Place {
    GEO.place(address.parse().unwrap())
}

#[test]
fn well_known_addresses_belong_to_their_owners() {
    for (address, asn, name) in [
        ("8.8.8.8", 15169, "Google"),
        ("1.1.1.1", 13335, "Cloudflare"),
        ("9.9.9.9", 19281, "Quad9"),
        ("130.89.1.1", 1133, "SURF"),
        ("17.253.144.10", 714, "Apple"),
        ("2001:4860:4860::8888", 15169, "Google"),
        ("2606:4700:4700::1111", 13335, "Cloudflare"),
    ] {
        assert_eq!(place(address).asn, Some(Asn(asn)), "{address}");
        let found = GEO.as_name(Asn(asn)).unwrap();
        assert!(found.to_lowercase().contains(&name.to_lowercase()), "{address}: {found}");
    }
    assert_eq!(place("8.8.8.8").country, CountryCode::new("US"));
    assert_eq!(place("130.89.1.1").country, CountryCode::new("NL"));
    assert_eq!(place("202.12.29.205").country, CountryCode::new("AU"));
}

#[test]
fn special_addresses_have_neither_country_nor_system() {
    for (address, category) in [
        ("192.168.1.1", Category::Private),
        ("203.0.113.1", Category::Bogon),
        ("100.64.0.1", Category::Cgnat),
        ("ff02::fb", Category::Multicast),
        ("::ffff:10.0.0.1", Category::Private),
    ] {
        assert_eq!(place(address), Place { category, country: None, asn: None, cell: None }, "{address}");
        assert_eq!(GEO.prefix(address.parse().unwrap()), None, "{address}");
    }
}

#[test]
fn mapped_and_transition_addresses_are_where_their_ipv4_address_is() {
    for address in ["::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", "2001:0:1:1:1:1:f7f7:f7f7"] {
        assert_eq!(place(address), place("8.8.8.8"), "{address}");
    }
}

#[test]
fn covering_range_and_prefix_hold_the_address_and_one_system() {
    for address in ["8.8.8.8", "1.1.1.1", "1.0.130.7", "193.0.6.139", "2001:200::1", "2606:4700:4700::1111"] {
        let address: IpAddr = address.parse().unwrap();
        let (first, last) = GEO.covering_range(address).unwrap();
        let prefix = GEO.prefix(address).unwrap();
        assert!(first <= address && address <= last && prefix.network.contains(address), "{address}");
        assert!(prefix.network.address() >= first);
        assert_eq!(GEO.place(first).asn, GEO.place(address).asn);
        assert_eq!(
            prefix.exact,
            prefix.network.address() == first && !wider(prefix.network, last),
            "{address}"
        );
    }
    let prefix = GEO.prefix("8.8.8.8".parse().unwrap()).unwrap();
    assert_eq!((prefix.network.to_string().as_str(), prefix.exact), ("8.8.8.0/24", true));
}

/// Whether the range goes on after the block.
fn wider(network: analyzer::Network, last: IpAddr) -> bool {
    !network.contains(last)
}

#[test]
fn only_what_is_asked_for_is_loaded() {
    let geo = Geo::bundled(Needs { country: true, asn: false });
    assert!(geo.sources().country.is_some() && geo.sources().asn.is_none());
    let place = geo.place("8.8.8.8".parse().unwrap());
    assert!(place.country.is_some() && place.asn.is_none());
    assert_eq!(Geo::empty().place("8.8.8.8".parse().unwrap()), Place::default());
}

#[test]
fn sources_carry_date_licence_and_every_credit() {
    let sources = GEO.sources();
    let (country, asn) = (sources.country.clone().unwrap(), sources.asn.clone().unwrap());
    assert_eq!((country.label().as_str(), country.date.as_str()), ("DB-IP Lite 2026-06", "2026-06-01"));
    assert_eq!((asn.label().as_str(), asn.date.as_str()), ("ip-location-db ASN 2026-06", "2026-06-17"));
    for source in [country, asn] {
        assert_eq!((source.licence.as_str(), source.origin), ("CC BY 4.0", SourceOrigin::Bundled));
        assert!(source.ranges > 500_000 && source.notice.unwrap().contains("bugs"));
    }
    let credits: Vec<_> = sources.attribution().into_iter().map(|credit| credit.text).collect();
    assert_eq!(credits, ["IP Geolocation by DB-IP", "RouteViews", "NRO"]);
}

#[test]
fn the_tables_stay_small() {
    assert!(GEO.memory() < 16 << 20, "{} bytes", GEO.memory());
}

#[test]
fn country_codes_are_those_of_the_fixture_and_have_names() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/country-codes.json");
    let codes: Vec<String> = GEO.country_codes().iter().map(CountryCode::to_string).collect();
    let text = serde_json::to_string_pretty(&codes).unwrap() + "\n";
    if std::env::var("WIREGLOBE_UPDATE").is_ok() {
        std::fs::write(path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), text, "run with WIREGLOBE_UPDATE=1 to rewrite it");
    for code in GEO.country_codes() {
        assert_ne!(country_name(code), "Unknown", "{code}");
    }
}

/// xorshift64*: the same addresses in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

fn input(name: &str) -> Option<Vec<u8>> {
    let folder = std::env::var("WIREGLOBE_GEO_INPUTS").ok();
    let read = folder.and_then(|folder| std::fs::read(format!("{folder}/{name}")).ok());
    if read.is_none() {
        println!("skipped: WIREGLOBE_GEO_INPUTS names no folder with {name}");
    }
    read
}

#[test]
fn countries_equal_those_of_the_raw_database() {
    #[derive(serde::Deserialize)]
    struct Row<'a> {
        country_code: &'a str,
    }
    let Some(bytes) = input("dbip-country.mmdb") else { return };
    let reader = maxminddb::Reader::from_source(bytes).unwrap();
    let check = |address: IpAddr| {
        let found = GEO.place(address);
        if found.category == Category::Global && analyzer::geo::embedded_v4(v6(address)).is_none() {
            let row: Option<Row<'_>> = reader.lookup(address).unwrap().decode().unwrap();
            assert_eq!(found.country, row.and_then(|row| CountryCode::new(row.country_code)), "{address}");
        }
    };
    let mut random = Random(7);
    for _ in 0..100_000 {
        check(IpAddr::V4(Ipv4Addr::from_bits(random.next() as u32)));
    }
    for (count, network) in reader.networks(maxminddb::WithinOptions::default()).unwrap().enumerate() {
        if count % 11 == 0 {
            let network = network.unwrap().network().unwrap();
            let (first, last) = ends(network.ip(), network.prefix());
            [before(first), first, last].into_iter().for_each(check);
        }
    }
}

fn v6(address: IpAddr) -> Ipv6Addr {
    if let IpAddr::V6(address) = address { address } else { Ipv6Addr::UNSPECIFIED }
}

fn ends(first: IpAddr, len: u8) -> (IpAddr, IpAddr) {
    match first {
        IpAddr::V4(v4) => {
            let host = u32::MAX.checked_shr(len.into()).unwrap_or(0);
            (first, Ipv4Addr::from_bits(v4.to_bits() | host).into())
        }
        IpAddr::V6(v6) => {
            let host = u128::MAX.checked_shr(len.into()).unwrap_or(0);
            (first, Ipv6Addr::from_bits(v6.to_bits() | host).into())
        }
    }
}

fn before(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) => Ipv4Addr::from_bits(v4.to_bits().saturating_sub(1)).into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits().saturating_sub(1)).into(),
    }
}

/// Where rows overlap, the first one holds; so the rows are asked in their order.
#[test]
fn systems_and_names_equal_those_of_the_raw_rows() {
    let (Some(v4), Some(v6)) = (input("asn-ipv4.csv"), input("asn-ipv6.csv")) else { return };
    let rows: Vec<(IpAddr, IpAddr, u32, String)> = [v4, v6].iter().flat_map(|bytes| rows(bytes)).collect();
    let raw = |address: IpAddr| {
        let after = rows.partition_point(|row| row.0 <= address);
        let near = &rows[after.saturating_sub(2)..after];
        near.iter().find(|row| row.1 >= address && row.0.is_ipv4() == address.is_ipv4())
    };
    let check = |address: IpAddr| {
        let found = GEO.place(address);
        if found.category == Category::Global && analyzer::geo::embedded_v4(self::v6(address)).is_none() {
            let row = raw(address);
            assert_eq!(found.asn, row.map(|row| Asn(row.2)), "{address}");
            let name = found.asn.and_then(|asn| GEO.as_name(asn));
            assert_eq!(name, row.map(|row| row.3.as_str()), "{address}");
        }
    };
    let mut random = Random(11);
    for _ in 0..100_000 {
        check(IpAddr::V4(Ipv4Addr::from_bits(random.next() as u32)));
        let wide = u128::from(random.next()) << 64 | u128::from(random.next());
        check(IpAddr::V6(Ipv6Addr::from_bits(1 << 125 | wide >> 3)));
    }
    for row in rows.iter().step_by(5) {
        [before(row.0), row.0, row.1].into_iter().for_each(check);
    }
}

fn rows(bytes: &[u8]) -> Vec<(IpAddr, IpAddr, u32, String)> {
    let line = |line: &str| {
        let fields: Vec<&str> = line.splitn(4, ',').collect();
        let quoted = fields[3].strip_prefix('"').and_then(|name| name.strip_suffix('"'));
        let name = quoted.unwrap_or(fields[3]).replace("\"\"", "\"");
        (
            fields[0].parse().unwrap(),
            fields[1].parse().unwrap(),
            fields[2].parse().unwrap(),
            name.trim().to_owned(),
        )
    };
    std::str::from_utf8(bytes).unwrap().lines().map(line).collect()
}
