//! Routing tables, lists of ranges and the user's own networks, as the one door to the geography answers with them; and
//! 100,000 random and 100,000 special addresses against plain references.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::net::IpAddr;
use std::sync::LazyLock;

use analyzer::Network;
use analyzer::geo::database::{self, Content};
use analyzer::geo::{Asn, Category, CountryCode, Geo, Needs, Override, PrefixKind, special_networks};

const DAT: &str = "; source: rib.20260601.0000.bz2\n; date: 2026-06-01\n\
                   8.8.0.0/16\t64500\n8.8.8.0/24\t15169\n8.8.0.0/20\t64501\n1.1.1.0/24\t13335\n1.1.1.0/24\t64502\n";

static BUNDLED: LazyLock<Geo> = LazyLock::new(|| Geo::bundled(Needs::ALL));

fn with(geo: &Geo, text: &str, path: &str) -> Geo {
    geo.clone().with_database(database::read(text.as_bytes(), path).unwrap(), path)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn set(text: &str) -> Vec<Override> {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_routing_table_names_the_announced_prefix_and_its_origin() {
    let geo = with(&BUNDLED, DAT, "/data/ipasn.dat");
    let prefix = geo.prefix(ip("8.8.8.8")).unwrap();
    assert_eq!(
        (prefix.network.to_string().as_str(), prefix.kind, prefix.exact),
        ("8.8.8.0/24", PrefixKind::Announced, true)
    );
    assert_eq!(geo.place(ip("8.8.200.1")).asn, Some(Asn(64_500)));
    assert_eq!(geo.place(ip("::ffff:8.8.8.8")).asn, Some(Asn(15_169)));
    assert_eq!(geo.route(ip("1.1.1.1")).unwrap().origins, [Asn(13_335), Asn(64_502)]);
    let unrouted = ip("9.9.9.9");
    assert_eq!(
        (geo.place(unrouted).asn, geo.prefix(unrouted)),
        (None, None),
        "what nobody announces has no system"
    );
    assert!(geo.place(unrouted).country.is_some());
    let other_family = geo.prefix(ip("2001:4860:4860::8888")).unwrap();
    assert_eq!(other_family.kind, PrefixKind::Covering, "a table of IPv4 says nothing of IPv6");
    let networks = geo.holdings(Asn(15_169)).networks();
    assert_eq!(networks[0], ("8.8.8.0/24".parse().unwrap(), PrefixKind::Announced));
    assert!(networks[1..].iter().all(|(network, kind)| network.is_ipv6() && *kind == PrefixKind::Covering));
}

#[test]
fn a_prefix_has_the_system_that_announces_it_not_that_of_its_first_address() {
    let geo = with(&BUNDLED, DAT, "/data/ipasn.dat");
    let network: Network = "8.8.0.0/16".parse().unwrap();
    assert_eq!(geo.network_place(&network).asn, Some(Asn(64_500)));
    assert_eq!(geo.place(network.address()).asn, Some(Asn(64_501)));
}

#[test]
fn every_answer_says_where_it_comes_from() {
    let geo = with(&BUNDLED, DAT, "/data/ipasn.dat");
    let geo = with(&geo, r#"{"15169": "EXAMPLE SEARCH, US"}"#, "/data/asnames.json");
    let from = geo.provenance(ip("8.8.8.8"));
    assert_eq!(from.asn.as_deref(), Some("rib.20260601.0000.bz2 2026-06"));
    assert_eq!((from.prefix, from.name.as_deref()), (from.asn, Some("asnames.json")));
    assert_eq!(from.country.as_deref(), Some("DB-IP Lite 2026-06"));
    assert_eq!(geo.as_name(Asn(15_169)), Some("EXAMPLE SEARCH, US"));
    assert_eq!(geo.provenance(ip("10.1.1.1")), Default::default());
    let sources = geo.sources();
    assert_eq!(sources.routes.map(|table| (table.date, table.ranges)), Some(("2026-06-01".into(), 4)));
}

#[test]
fn what_the_user_set_wins_over_all_tables() {
    let list = r#"[
        {"network": "8.8.0.0/16", "country": "nl", "asn": 64511, "name": "Our lab", "note": "rented"},
        {"network": "8.8.8.0/24", "country": "DE"},
        {"network": "10.20.0.0/16", "country": "FR", "name": "Paris office"},
        {"network": "2001:db8::/32", "asn": 64510}]"#;
    let geo = with(&BUNDLED, DAT, "/data/ipasn.dat").with_overrides(&set(list));
    let place = geo.place(ip("8.8.8.8"));
    assert_eq!(
        (place.country, place.asn),
        (CountryCode::new("DE"), Some(Asn(64_511))),
        "the inner one wins key by key"
    );
    let prefix = geo.prefix(ip("8.8.8.8")).unwrap();
    assert_eq!((prefix.network.to_string().as_str(), prefix.kind), ("8.8.0.0/16", PrefixKind::Settings));
    let from = geo.provenance(ip("8.8.8.8"));
    assert_eq!(
        [from.country, from.asn, from.prefix, from.name, from.note],
        ["settings", "settings", "settings", "settings", "rented"].map(|text| Some(text.to_owned()))
    );
    assert_eq!((geo.holder(ip("8.8.8.8")), geo.as_name(Asn(64_511))), (Some("Our lab"), Some("Our lab")));
    let private = geo.place(ip("10.20.1.1"));
    assert_eq!(
        (private.category, private.country, private.asn),
        (Category::Private, CountryCode::new("FR"), None)
    );
    assert_eq!(geo.holder(ip("10.20.1.1")), Some("Paris office"));
    assert_eq!(geo.place(ip("2001:db8::1")).asn, Some(Asn(64_510)));
    assert_eq!(geo.place(ip("1.1.1.1")).asn, Some(Asn(13_335)), "elsewhere the tables answer");
    assert_eq!(geo.sources().overrides, 4);
}

#[test]
fn a_wrong_file_changes_nothing_and_says_why() {
    for (text, expected) in [
        ("8.8.8.0/24\tx\n", "/data/x: record 1: expected a prefix and an AS number"),
        ("hello\n", "/data/x: expected a MaxMind DB, a routing table"),
        ("", "/data/x: expected a MaxMind DB, a routing table"),
    ] {
        let error = database::read(text.as_bytes(), "/data/x").unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
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

    fn v4(&mut self) -> IpAddr {
        IpAddr::V4(((self.next() >> 32) as u32).into())
    }

    fn v6(&mut self) -> IpAddr {
        let bits = u128::from(self.next()) << 64 | u128::from(self.next());
        // Half of them where addresses are handed out.
        IpAddr::V6((if bits & 1 == 0 { bits } else { bits >> 3 | 1 << 125 }).into())
    }

    fn addresses(&mut self, count: usize) -> Vec<IpAddr> {
        (0..count).map(|at| if at % 2 == 0 { self.v4() } else { self.v6() }).collect()
    }
}

/// First, last and neighbouring addresses of the given and the special-purpose networks, as often as it takes.
fn special(networks: &[Network], count: usize) -> Vec<IpAddr> {
    let step = |address: IpAddr, up: bool| match address {
        IpAddr::V4(v4) => {
            IpAddr::V4((if up { v4.to_bits().wrapping_add(1) } else { v4.to_bits().wrapping_sub(1) }).into())
        }
        IpAddr::V6(v6) => {
            IpAddr::V6((if up { v6.to_bits().wrapping_add(1) } else { v6.to_bits().wrapping_sub(1) }).into())
        }
    };
    let all = networks.iter().copied().chain(special_networks());
    let edges = all.flat_map(|network| {
        let (first, last) = (network.address(), network.last());
        let within = |share: u8| Network::new(last, network.prefix_len().saturating_add(share)).address();
        [
            first,
            last,
            step(first, false),
            step(last, true),
            step(first, true),
            step(last, false),
            within(1),
            within(2),
        ]
    });
    let edges: Vec<IpAddr> = edges.collect();
    edges.iter().copied().cycle().take(count).collect()
}

/// 300 networks that nest, some of several origins.
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
        .collect()
}

#[test]
fn a_pyasn_table_answers_200_000_addresses_as_a_linear_search_does() {
    let mut random = Random(7);
    let rows = networks(&mut random);
    let text: String = rows.iter().map(|(network, asn)| format!("{network}\t{}\n", asn.0)).collect();
    let Content::Routes(routes) = database::read(text.as_bytes(), "a.dat").unwrap().content else { panic!() };
    let edges: Vec<Network> = rows.iter().map(|row| row.0).collect();
    for address in random.addresses(100_000).into_iter().chain(special(&edges, 100_000)) {
        let best = rows
            .iter()
            .filter(|row| row.0.contains(address))
            .max_by_key(|row| (row.0.prefix_len(), u32::MAX - row.1.0));
        let found = routes.get(address).map(|route| (route.network, route.origin()));
        assert_eq!(found, best.copied(), "{address}");
    }
}

#[test]
fn a_list_of_ranges_answers_200_000_addresses_as_a_linear_search_does() {
    let mut random = Random(11);
    let rows = networks(&mut random);
    let text: String = rows
        .iter()
        .map(|(network, asn)| format!("{},{},{},\"N\"\n", network.address(), network.last(), asn.0))
        .collect();
    let geo = with(&Geo::empty(), &text, "a.csv");
    let edges: Vec<Network> = rows.iter().map(|row| row.0).collect();
    for address in random.addresses(100_000).into_iter().chain(special(&edges, 100_000)) {
        if Category::of(address) != Category::Global || analyzer::geo::embedded_v4(v6(address)).is_some() {
            assert!(
                Category::of(address) == Category::Global || geo.place(address).asn.is_none(),
                "{address}"
            );
            continue;
        }
        let best =
            rows.iter().filter(|row| row.0.contains(address)).max_by_key(|row| (row.0.prefix_len(), row.1));
        assert_eq!(geo.place(address).asn, best.map(|row| row.1), "{address}");
    }
}

fn v6(address: IpAddr) -> std::net::Ipv6Addr {
    match address {
        IpAddr::V4(_) => std::net::Ipv6Addr::UNSPECIFIED,
        IpAddr::V6(v6) => v6,
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a real database lies outside of the repository")]
fn a_real_mmdb_answers_200_000_addresses_as_its_own_reader_does() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/seed-data/tsa/geoipdb.mmdb");
    let Ok(bytes) = std::fs::read(path) else {
        println!("skipped: {path} is not there");
        return;
    };
    let reader = maxminddb::Reader::from_source(bytes.as_slice()).unwrap();
    let geo = Geo::empty().with_mmdb(bytes.clone(), path).unwrap();
    let mut random = Random(13);
    let blocks: Vec<Network> = reader
        .networks(Default::default())
        .unwrap()
        .step_by(37)
        .filter_map(|block| block.ok()?.network().ok()?.to_string().parse().ok())
        .take(12_500)
        .collect();
    let mut asked = 0;
    for address in random.addresses(100_000).into_iter().chain(special(&blocks, 100_000)) {
        if Category::of(address) != Category::Global || analyzer::geo::embedded_v4(v6(address)).is_some() {
            continue;
        }
        let found = reader.lookup(address).unwrap();
        let code = |path: [maxminddb::PathElement<'_>; 2]| found.decode_path::<&str>(&path).ok().flatten();
        let theirs = code(["country".into(), "iso_code".into()])
            .or_else(|| code(["registered_country".into(), "iso_code".into()]))
            .and_then(CountryCode::new);
        assert_eq!(geo.place(address).country, theirs, "{address}");
        asked += 1;
    }
    assert!(asked > 60_000, "{asked}");
}
