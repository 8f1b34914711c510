//! Routing tables, lists of ranges and the user's own networks, as the one door to the geography answers with them.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::net::IpAddr;
use std::sync::LazyLock;

use analyzer::Network;
use analyzer::geo::database;
use analyzer::geo::{Asn, Category, CountryCode, Geo, Needs, Override, PrefixKind};

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
