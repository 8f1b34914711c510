//! Each format's text, whole; and that a list of networks can be read back.

use std::time::Duration;

use analyzer::geo::Geo;
use analyzer::{Network, cover};
use proptest::prelude::*;

use super::super::heading::Heading;
use super::super::list::{List, Order};
use super::super::target;
use super::Format;

fn list(targets: &[&str]) -> List {
    let targets = target::parse(targets.iter().copied()).unwrap();
    List::of(&Order { targets, ..Order::default() }, &Geo::empty()).finish(false)
}

fn heading() -> Heading {
    Heading {
        made: "2026-11-21T12:00:00Z".parse().unwrap(),
        reason: Some("ticket 4711".to_owned()),
        expires: Some(Duration::from_secs(7 * 86_400)),
        sources: Vec::new(),
        name: "abuse".to_owned(),
    }
}

fn rendered(format: Format) -> String {
    format.render(&list(&["9.1.2.0/24", "9.1.3.4", "2a00:1::/32"]), &heading())
}

/// The text without the comments, which all formats share.
fn body(format: Format) -> String {
    let text = rendered(format);
    text.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_heading_tells_what_when_why_and_until_when() {
    let version = env!("CARGO_PKG_VERSION");
    let expected = format!(
        "# Wireglobe block list of 9.1.2.0/24, 9.1.3.4/32, 2a00:1::/32\n\
         # made 2026-11-21T12:00:00Z by wireglobe {version}\n\
         # 2 IPv4 and 1 IPv6 networks, networks as they are\n\
         # reason: ticket 4711\n\
         # expires: 2026-11-28T12:00:00Z\n\
         9.1.2.0/24\n9.1.3.4/32\n2a00:1::/32\n"
    );
    assert_eq!(rendered(Format::Cidr), expected);
}

#[test]
fn nft_replaces_two_sets_and_changes_no_rule() {
    let expected = "\
add table inet abuse
add set inet abuse block4 { type ipv4_addr; flags interval, timeout; comment \"ticket 4711\"; }
flush set inet abuse block4
add element inet abuse block4 { 9.1.2.0/24 timeout 604800s, 9.1.3.4/32 timeout 604800s }
add set inet abuse block6 { type ipv6_addr; flags interval, timeout; comment \"ticket 4711\"; }
flush set inet abuse block6
add element inet abuse block6 { 2a00:1::/32 timeout 604800s }
";
    assert_eq!(body(Format::Nft), expected);
}

#[test]
fn iptables_has_a_chain_of_its_own_and_one_family_a_file() {
    let ipv4 = "\
*filter
:ABUSE - [0:0]
-A ABUSE -m comment --comment \"ticket 4711\"
-A ABUSE -s 9.1.2.0/24 -j DROP
-A ABUSE -s 9.1.3.4/32 -j DROP
COMMIT
";
    assert_eq!(body(Format::Iptables), ipv4);
    assert!(body(Format::Ip6tables).contains("\n-A ABUSE -s 2a00:1::/32 -j DROP\nCOMMIT\n"));
    assert!(!body(Format::Ip6tables).contains("9.1."));
}

#[test]
fn ipset_has_a_set_for_each_family() {
    let expected = "\
create -exist abuse4 hash:net family inet maxelem 65536 timeout 0
flush abuse4
add abuse4 9.1.2.0/24 timeout 604800
add abuse4 9.1.3.4/32 timeout 604800
create -exist abuse6 hash:net family inet6 maxelem 65536 timeout 0
flush abuse6
add abuse6 2a00:1::/32 timeout 604800
";
    assert_eq!(body(Format::Ipset), expected);
}

#[test]
fn ipset_gets_everything_as_two_halves() {
    let targets = target::parse(["0.0.0.0/0", "::/0"]).unwrap();
    let order = Order { targets, keep_special: true, ..Order::default() };
    let text = Format::Ipset.render(&List::of(&order, &Geo::empty()).finish(true), &heading());
    for network in ["0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"] {
        assert!(text.contains(&format!(" {network} ")), "{text}");
    }
}

#[test]
fn nginx_denies_or_sets_a_variable() {
    assert_eq!(body(Format::Nginx), "deny 9.1.2.0/24;\ndeny 9.1.3.4/32;\ndeny 2a00:1::/32;\n");
    let geo =
        "geo $abuse_block {\n    default 0;\n    9.1.2.0/24 1;\n    9.1.3.4/32 1;\n    2a00:1::/32 1;\n}\n";
    assert_eq!(body(Format::NginxGeo), geo);
}

#[test]
fn json_has_everything() {
    let document: serde_json::Value = serde_json::from_str(&rendered(Format::Json)).unwrap();
    assert_eq!(document["schema"], 1);
    assert_eq!(document["networks"], serde_json::json!(["9.1.2.0/24", "9.1.3.4/32", "2a00:1::/32"]));
    assert_eq!((&document["ipv4"], &document["timeout_seconds"]), (&2.into(), &604_800.into()));
    assert_eq!(document["expires"], "2026-11-28T12:00:00Z");
    assert_eq!(document["targets"][0]["basis"], "given");
}

#[test]
fn a_list_without_networks_is_one_in_every_format() {
    for (format, _) in super::FORMATS {
        let text = format.render(&list(&[]), &heading());
        assert!(text.ends_with('\n') && !text.contains("element"), "{format:?}: {text}");
    }
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_as_the_same_set(
        v4 in prop::collection::vec((0x0900_0000_u32..0x0a00_0000, 9..=32_u8), 0..60),
        v6 in prop::collection::vec((any::<u64>(), 33..=128_u8), 0..60),
        aggregate in any::<bool>(),
    ) {
        let v4 = v4.into_iter().map(|(bits, len)| Network::new(std::net::Ipv4Addr::from_bits(bits).into(), len));
        let v6 = v6.into_iter().map(|(low, len)| {
            Network::new(std::net::Ipv6Addr::from_bits(0x2a00_0001 << 96 | u128::from(low) << 20).into(), len)
        });
        let asked: Vec<Network> = v4.chain(v6).collect();
        let texts: Vec<String> = asked.iter().map(Network::to_string).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let targets = target::parse(texts).unwrap();
        let list = List::of(&Order { targets, ..Order::default() }, &Geo::empty()).finish(aggregate);
        let printed = Format::Cidr.render(&list, &heading());
        let read: Vec<Network> =
            printed.lines().filter(|line| !line.starts_with('#')).map(|line| line.parse().unwrap()).collect();
        prop_assert_eq!(cover::cover(read.iter().copied()), cover::cover(asked));
        prop_assert!(!aggregate || read == cover::cover(read.iter().copied()));
    }
}
