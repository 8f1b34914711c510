//! Names at work: hosts' rows, the `domain` dimension and the `domain` word.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::net::IpAddr;

use analyzer::aggregate::{Ends, Row};
use analyzer::geo::{Geo, Needs};
use analyzer::query::Query;
use analyzer::{Analyzer, Dimension, Facts, LocalNetworks, Measure, Origin, Setup, ViewId};
use capturer::{Packet, Ports, Protocol, Timestamp, Transport};

const LAPTOP: &str = "192.168.1.7";
const RESOLVER: &str = "9.9.9.9";
const SERVER: &str = "145.7.7.7";
const OTHER: &str = "145.8.8.8";

fn analyzer(live: bool) -> Analyzer {
    Analyzer::new(Setup {
        facts: Facts {
            geo: Geo::bundled(Needs::default()),
            local: LocalNetworks::private_and(Vec::new(), Origin::Assumed),
        },
        homes: Vec::new(),
        dimensions: vec![Dimension { name: "domain", ends: Ends::Both }],
        live,
        hosts: true,
        names: true,
        memory: 32 << 20,
        counting: analyzer::aggregate::Counting::default(),
        devices: analyzer::Devices::default(),
        inventory: None,
    })
}

fn udp(second: i64, (from, from_port): (&str, u16), (to, to_port): (&str, u16)) -> Packet {
    Packet {
        at: Timestamp::from_parts(1_700_000_000 + second, 0),
        wire_len: 100,
        source: from.parse().unwrap(),
        destination: to.parse().unwrap(),
        protocol: Protocol::UDP,
        transport: Transport::Udp(Ports { source: from_port, destination: to_port }),
        ..Packet::empty()
    }
}

/// The answer that a name has this address; the payload is the whole of the kept bytes.
fn answer(name: &str, address: &str) -> (Packet, Vec<u8>) {
    let IpAddr::V4(address) = address.parse().unwrap() else { return (Packet::empty(), Vec::new()) };
    let mut bytes = vec![0, 1, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
    for label in name.split('.') {
        bytes.push(label.len() as u8);
        bytes.extend(label.bytes());
    }
    bytes.extend([0, 0, 1, 0, 1, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
    bytes.extend(address.octets());
    let packet = udp(0, (RESOLVER, 53), (LAPTOP, 5000));
    (Packet { payload_len: bytes.len() as u32, ..packet }, bytes)
}

fn learn(analyzer: &mut Analyzer, name: &str, address: &str) {
    let (packet, bytes) = answer(name, address);
    analyzer.observe(&packet, &bytes);
}

fn rows(analyzer: &mut Analyzer, name: &'static str) -> Vec<Row> {
    let reading = analyzer.read();
    let ask = reading.ask(0, Measure::Packets);
    reading.top(ViewId::MAIN, Dimension { name, ends: Ends::Both }, &ask).unwrap().rows
}

fn packets(rows: &[Row]) -> Vec<(&str, u64, u64)> {
    rows.iter().map(|row| (row.key.as_str(), row.counts.packets_sent, row.counts.packets_received)).collect()
}

/// Two packets to a server and one back.
fn talk(analyzer: &mut Analyzer, second: i64, server: &str) {
    for (from, to) in [((LAPTOP, 50_000), (server, 443)), ((LAPTOP, 50_000), (server, 443))] {
        analyzer.observe(&udp(second, from, to), &[]);
    }
    analyzer.observe(&udp(second, (server, 443), (LAPTOP, 50_000)), &[]);
}

#[test]
fn traffic_counts_for_the_domain_of_the_remote_end_and_the_rest_is_unknown() {
    let mut analyzer = analyzer(false);
    talk(&mut analyzer, 1, SERVER);
    talk(&mut analyzer, 1, OTHER);
    // Learned after the flow began: nothing was settled yet.
    learn(&mut analyzer, "www.example.org", SERVER);
    let rows = rows(&mut analyzer, "domain");
    assert_eq!(packets(&rows), [("unknown", 2, 2), ("example.org", 1, 2)]);
    assert_eq!(rows.iter().map(|row| row.counts.packets()).sum::<u64>(), 7);
}

#[test]
fn what_was_settled_before_the_name_was_known_stays_unknown() {
    let mut analyzer = analyzer(true);
    talk(&mut analyzer, 1, SERVER);
    analyzer.advance(Timestamp::from_parts(1_700_000_001, 250_000_000));
    learn(&mut analyzer, "www.example.org", SERVER);
    talk(&mut analyzer, 2, SERVER);
    assert_eq!(packets(&rows(&mut analyzer, "domain")), [("unknown", 2, 2), ("example.org", 1, 2)]);
}

#[test]
fn aliases_are_one_row_under_the_first_name_seen() {
    let mut analyzer = analyzer(true);
    learn(&mut analyzer, "www.example.org", SERVER);
    learn(&mut analyzer, "www.another.net", OTHER);
    talk(&mut analyzer, 1, SERVER);
    talk(&mut analyzer, 1, OTHER);
    analyzer.advance(Timestamp::from_parts(1_700_000_001, 250_000_000));
    learn(&mut analyzer, "cdn.example.org", OTHER);
    let rows = rows(&mut analyzer, "domain");
    assert_eq!(packets(&rows), [("example.org", 2, 4), ("unknown", 3, 0)]);
    assert_eq!(rows[0].name.as_deref(), Some("another.net, example.org"));
}

#[test]
fn a_host_carries_its_names_with_source_and_time() {
    let mut analyzer = analyzer(false);
    learn(&mut analyzer, "www.example.org", SERVER);
    talk(&mut analyzer, 1, SERVER);
    let rows = rows(&mut analyzer, "host");
    let host = rows.iter().find(|row| row.key == SERVER).unwrap();
    assert_eq!(host.name.as_deref(), Some("www.example.org"));
    assert_eq!((host.names[0].source.name(), host.names[0].first.as_seconds()), ("dns", 1_700_000_000));
    assert!(rows.iter().filter(|row| row.key != SERVER).all(|row| row.name.is_none()));
}

#[test]
fn a_view_by_domain_knows_the_names_learned_so_far() {
    let mut analyzer = analyzer(true);
    learn(&mut analyzer, "www.example.org", SERVER);
    let id = analyzer.add_view(Query::parse("dst domain example.org").unwrap()).unwrap();
    let outside = analyzer.add_view(Query::parse("not domain Example.ORG").unwrap()).unwrap();
    talk(&mut analyzer, 1, SERVER);
    talk(&mut analyzer, 1, OTHER);
    let reading = analyzer.read();
    assert_eq!((reading.totals(id).packets, reading.totals(outside).packets), (2, 3));
    let packet = udp(1, (LAPTOP, 50_000), (SERVER, 443));
    assert!(analyzer.lets_through(&Query::parse("domain www.example.org").unwrap(), (&packet, &[])));
    assert!(!analyzer.lets_through(&Query::parse("domain mail.example.org").unwrap(), (&packet, &[])));
}
