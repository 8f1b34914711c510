//! The user's own databases: every vendor's layout is understood, and nothing that a file holds can do harm.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod geo_support;

use std::net::IpAddr;

use analyzer::geo::{Asn, CountryCode, Geo, GeoError, Needs, SourceOrigin};
use geo_support::{File, Value, write};
use proptest::prelude::*;

const V6_BLOCK: u128 = 0x2a00_1450 << 96;

fn map(entries: Vec<(&'static str, Value)>) -> Value {
    Value::Map(entries)
}

fn code(value: &'static str) -> Value {
    map(vec![
        ("confidence", Value::Double(0.5)),
        ("iso_code", Value::Text(value)),
        ("names", map(vec![("en", Value::Text("somewhere"))])),
    ])
}

/// IPv4 in an IPv6 tree lies under ::/96.
fn v6_tree(database_type: &'static str, record: impl Fn(bool) -> Value) -> Vec<u8> {
    let rows = vec![(0x0808_0800, 120, record(true)), (V6_BLOCK, 32, record(false))];
    write(&File { database_type, ip_version: 6, record_size: 24, rows })
}

fn load(bytes: Vec<u8>) -> Result<Geo, GeoError> {
    Geo::empty().with_mmdb(bytes, "/data/user.mmdb")
}

fn at(geo: &Geo, address: &str) -> (Option<String>, Option<u32>) {
    let place = geo.place(address.parse().unwrap());
    (place.country.map(|code| code.to_string()), place.asn.map(|asn| asn.0))
}

#[test]
fn country_layouts_of_all_vendors_are_understood() {
    type Layout = (&'static str, fn() -> Value);
    let layouts: [Layout; 6] = [
        ("GeoLite2-Country", || map(vec![("country", code("CH")), ("registered_country", code("US"))])),
        ("GeoLite2-City", || {
            map(vec![("location", map(vec![("latitude", Value::Double(1.0))])), ("country", code("CH"))])
        }),
        ("DBIP-Country-Lite", || map(vec![("country", code("CH"))])),
        ("ipinfo country_asn.mmdb", || {
            map(vec![("country", Value::Text("CH")), ("asn", Value::Text("AS15169"))])
        }),
        ("ipinfo generic_lite", || {
            map(vec![("country", Value::Text("Switzerland")), ("country_code", Value::Text("CH"))])
        }),
        ("ip-location-db", || map(vec![("country_code", Value::Text("CH"))])),
    ];
    for (name, record) in layouts {
        let geo = load(v6_tree(name, |_| record())).unwrap_or_else(|error| panic!("{name}: {error}"));
        for address in ["8.8.8.8", "2a00:1450::1"] {
            assert_eq!(at(&geo, address).0.as_deref(), Some("CH"), "{name} {address}");
        }
        assert_eq!(at(&geo, "9.9.9.9").0, None, "{name}");
        assert_eq!(geo.country_codes(), [CountryCode::new("CH").unwrap()]);
    }
}

#[test]
fn registered_country_stands_in_where_none_is_named() {
    let geo = load(v6_tree("GeoLite2-Country", |_| map(vec![("registered_country", code("US"))]))).unwrap();
    assert_eq!(at(&geo, "8.8.8.8").0.as_deref(), Some("US"));
}

#[test]
fn asn_layouts_of_all_vendors_are_understood() {
    type Layout = (&'static str, fn() -> Value);
    let layouts: [Layout; 4] = [
        ("GeoLite2-ASN", || {
            map(vec![
                ("autonomous_system_number", Value::Number(15169)),
                ("autonomous_system_organization", Value::Text("Example Search")),
            ])
        }),
        ("ipinfo lite", || {
            map(vec![("asn", Value::Text("AS15169")), ("as_name", Value::Text("Example Search"))])
        }),
        ("plain", || {
            map(vec![("asn", Value::Number(15169)), ("as_organization", Value::Text("Example Search"))])
        }),
        ("texts", || map(vec![("asn", Value::Text("15169")), ("name", Value::Text("Example Search"))])),
    ];
    for (name, record) in layouts {
        let geo = load(v6_tree(name, |_| record())).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(at(&geo, "8.8.8.255").1, Some(15169), "{name}");
        assert_eq!(geo.as_name(Asn(15169)), Some("Example Search"), "{name}");
        let prefix = geo.prefix("8.8.8.8".parse().unwrap()).unwrap();
        assert_eq!((prefix.network.to_string().as_str(), prefix.exact), ("8.8.8.0/24", true), "{name}");
    }
}

#[test]
fn trees_of_either_family_and_every_record_size_are_read() {
    for record_size in [24, 28, 32] {
        let row = |len| (0x0808_0800, len, map(vec![("country", code("CH"))]));
        let v4 = write(&File {
            database_type: "DBIP-Country-Lite",
            ip_version: 4,
            record_size,
            rows: vec![row(24)],
        });
        assert_eq!(at(&load(v4).unwrap(), "8.8.8.8").0.as_deref(), Some("CH"), "{record_size}");
        let v6 = write(&File {
            database_type: "DBIP-Country-Lite",
            ip_version: 6,
            record_size,
            rows: vec![row(120)],
        });
        assert_eq!(at(&load(v6).unwrap(), "8.8.8.8").0.as_deref(), Some("CH"), "{record_size}");
    }
}

#[test]
fn a_file_takes_the_place_of_the_tables_it_covers_and_of_no_other() {
    let country = v6_tree("DBIP-Country-Lite", |_| map(vec![("country", code("CH"))]));
    let geo = Geo::bundled(Needs::ALL).with_mmdb(country, "mine.mmdb").unwrap();
    assert_eq!(at(&geo, "8.8.8.8"), (Some("CH".into()), Some(15169)));
    let sources = geo.sources();
    let country = sources.country.clone().unwrap();
    assert_eq!((country.name.as_str(), country.date.as_str()), ("DBIP-Country-Lite", "2026-06-01"));
    assert_eq!(country.origin, SourceOrigin::File("mine.mmdb".into()));
    assert_eq!(country.attribution[0].text, "IP Geolocation by DB-IP");
    assert_eq!(sources.asn.unwrap().origin, SourceOrigin::Bundled);
}

#[test]
fn special_addresses_never_reach_the_database() {
    let rows =
        vec![(0, 1, map(vec![("country", code("CH"))])), (1 << 127, 1, map(vec![("country", code("CH"))]))];
    let bytes = write(&File { database_type: "everything", ip_version: 6, record_size: 24, rows });
    let geo = load(bytes).unwrap();
    for address in ["10.0.0.1", "203.0.113.9", "fd00::1", "::1", "::ffff:192.168.0.1", "64:ff9b::a00:1"] {
        assert_eq!(at(&geo, address), (None, None), "{address}");
    }
    for address in ["8.8.8.8", "::ffff:8.8.8.8", "2a00::1", "2002:808:808::1"] {
        assert_eq!(at(&geo, address).0.as_deref(), Some("CH"), "{address}");
    }
}

#[test]
fn errors_name_the_file_what_was_expected_and_what_was_found() {
    let error = load(b"<html>not found</html>".to_vec()).unwrap_err().to_string();
    assert!(
        error.starts_with("/data/user.mmdb: expected a MaxMind DB file (.mmdb), found something else"),
        "{error}"
    );
    assert!(matches!(load(Vec::new()), Err(GeoError::NotMmdb { .. })));
    let error =
        load(v6_tree("GeoIP2-Connection-Type", |_| map(vec![("connection_type", Value::Text("Cable"))])));
    assert_eq!(
        error.unwrap_err().to_string(),
        "/data/user.mmdb: expected countries, cities or AS numbers, found none in a database of type \
         \"GeoIP2-Connection-Type\""
    );
}

#[test]
fn a_tree_that_spells_out_endless_networks_is_refused_at_once() {
    // Each node's two sides lead to the next one: 2^n walks through n nodes.
    let mut bytes = v6_tree("GeoLite2-Country", |_| map(vec![("country", code("CH"))]));
    for node in 0..100_usize {
        let next = ((node + 1) as u32).to_be_bytes();
        bytes[node * 6..node * 6 + 3].copy_from_slice(&next[1..]);
        bytes[node * 6 + 3..node * 6 + 6].copy_from_slice(&next[1..]);
    }
    let error = load(bytes).unwrap_err().to_string();
    assert!(error.contains("more networks than any address plan"), "{error}");
}

#[test]
fn a_tree_that_runs_in_a_circle_is_refused() {
    let mut bytes = v6_tree("GeoLite2-Country", |_| map(vec![("country", code("CH"))]));
    bytes[300..306].fill(0);
    assert!(matches!(load(bytes), Err(GeoError::Damaged { .. })));
}

proptest! {
    #[test]
    fn no_mutation_panics_or_hangs(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
        asn in any::<bool>(),
    ) {
        let mut bytes = if asn {
            v6_tree("GeoLite2-ASN", |_| map(vec![("autonomous_system_number", Value::Number(15169))]))
        } else {
            v6_tree("GeoLite2-Country", |_| map(vec![("country", code("CH"))]))
        };
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(geo) = load(bytes) {
            for address in ["8.8.8.8", "2a00:1450::1", "0.0.0.0", "::"] {
                let address: IpAddr = address.parse().unwrap();
                let _ = (geo.place(address), geo.prefix(address));
            }
        }
    }
}
