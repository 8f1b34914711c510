//! What a user relies on of the analyzer: totals by every key, direction, views, bounds.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::IpAddr;
use std::sync::LazyLock;

use analyzer::aggregate::{AGGREGATES, Counting, Ends, Row, Top};
use analyzer::geo::{Geo, Needs};
use analyzer::query::Query;
use analyzer::{Analyzer, Dimension, Facts, LocalNetworks, Measure, Origin, Setup, ViewId};
use capturer::{
    Mac, Network, Packet, Ports, Protocol, Tcp, TcpFlags, TcpOptions, TcpQuirks, Timestamp, Transport,
};
use proptest::prelude::*;

const LAPTOP: &str = "192.168.1.2";
const GOOGLE: &str = "8.8.8.8";
const CLOUDFLARE: &str = "1.1.1.1";

static GEO: LazyLock<Geo> = LazyLock::new(|| Geo::bundled(Needs { country: true, asn: true }));

fn analyzer(memory: usize) -> Analyzer {
    let mut dimensions: Vec<Dimension> =
        AGGREGATES.iter().map(|entry| Dimension { name: entry.name, ends: Ends::Both }).collect();
    dimensions.push(Dimension { name: "country", ends: Ends::Remote });
    Analyzer::new(Setup {
        facts: Facts { geo: GEO.clone(), local: LocalNetworks::private_and(Vec::new(), Origin::Assumed) },
        homes: Vec::new(),
        dimensions,
        live: true,
        hosts: true,
        names: true,
        memory,
        counting: Counting::default(),
        devices: analyzer::Devices::default(),
        inventory: None,
    })
}

fn udp(
    second: i64,
    (source, source_port): (&str, u16),
    (destination, destination_port): (&str, u16),
) -> Packet {
    Packet {
        at: Timestamp::from_parts(1_700_000_000 + second, 0),
        wire_len: 100,
        source: source.parse().unwrap(),
        destination: destination.parse().unwrap(),
        protocol: Protocol::UDP,
        transport: Transport::Udp(Ports { source: source_port, destination: destination_port }),
        ..Packet::empty()
    }
}

fn tcp(second: i64, from: (&str, u16), to: (&str, u16), flags: u16) -> Packet {
    let packet = udp(second, from, to);
    let Transport::Udp(ports) = packet.transport else { unreachable!() };
    let header = Tcp {
        ports,
        sequence: 1,
        acknowledgment: 0,
        flags: TcpFlags(flags),
        window: 64_240,
        quirks: TcpQuirks::default(),
        options: TcpOptions::default(),
    };
    Packet { protocol: Protocol::TCP, transport: Transport::Tcp(header), ..packet }
}

fn observe(analyzer: &mut Analyzer, packets: &[Packet]) {
    packets.iter().for_each(|packet| analyzer.observe(packet, &[]));
}

fn rows_in(analyzer: &mut Analyzer, view: ViewId, name: &'static str, ends: Ends) -> Vec<Row> {
    let reading = analyzer.read();
    reading.top(view, Dimension { name, ends }, &reading.ask(0, Measure::Bytes)).unwrap().rows
}

fn rows(analyzer: &mut Analyzer, name: &'static str) -> Vec<Row> {
    rows_in(analyzer, ViewId::MAIN, name, Ends::Both)
}

fn keys(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| row.key.as_str()).collect()
}

fn question_and_answer() -> [Packet; 2] {
    [udp(0, (LAPTOP, 50_000), (GOOGLE, 53)), udp(0, (GOOGLE, 53), (LAPTOP, 50_000))]
}

#[test]
fn a_question_and_its_answer_are_one_flow_of_two_hosts() {
    let mut analyzer = analyzer(64 << 20);
    observe(&mut analyzer, &question_and_answer());
    let totals = analyzer.read().totals(ViewId::MAIN);
    assert_eq!(
        (totals.packets, totals.bytes, totals.flows, totals.flows_active, totals.hosts),
        (2, 200, 1, 1, 2)
    );
    let hosts = rows(&mut analyzer, "host");
    assert_eq!(hosts.len(), 2);
    for host in &hosts {
        assert_eq!((host.counts.packets_sent, host.counts.packets_received, host.counts.flows), (1, 1, 1));
    }
    let google = hosts.iter().find(|row| row.key == GOOGLE).unwrap();
    assert_eq!((google.asn.unwrap().0, google.local), (15_169, Some(false)));
}

#[test]
fn every_dimension_counts_the_same_packets() {
    let mut analyzer = analyzer(64 << 20);
    observe(&mut analyzer, &question_and_answer());
    assert_eq!(keys(&rows(&mut analyzer, "country")), ["US"]);
    assert_eq!(keys(&rows(&mut analyzer, "asn")), ["15169"]);
    assert_eq!(keys(&rows(&mut analyzer, "prefix")), ["8.8.8.0/24"]);
    assert_eq!(keys(&rows(&mut analyzer, "place")), ["global", "private"]);
    assert_eq!(keys(&rows(&mut analyzer, "pair")), ["8.8.8.8 > 192.168.1.2", "192.168.1.2 > 8.8.8.8"]);
    assert_eq!(keys(&rows(&mut analyzer, "service")), ["dns"]);
    assert_eq!(keys(&rows(&mut analyzer, "protocol")), ["UDP"]);
    assert_eq!(keys(&rows(&mut analyzer, "port")), ["udp/53", "udp/50000"]);
    assert_eq!(keys(&rows(&mut analyzer, "vlan")), ["untagged"]);
    assert_eq!(rows(&mut analyzer, "service")[0].counts.packets_sent, 1);
}

#[test]
fn a_packet_to_oneself_is_one_sent_and_one_received() {
    let mut analyzer = analyzer(64 << 20);
    observe(&mut analyzer, &[udp(0, (GOOGLE, 1), (GOOGLE, 1))]);
    let hosts = rows(&mut analyzer, "host");
    assert_eq!((hosts.len(), hosts[0].counts.packets_sent, hosts[0].counts.packets_received), (1, 1, 1));
    assert_eq!(hosts[0].counts.flows, 1);
    assert_eq!(analyzer.read().totals(ViewId::MAIN).hosts, 1);
}

#[test]
fn arp_is_counted_but_makes_no_host() {
    let mut analyzer = analyzer(64 << 20);
    let arp =
        Packet { network: Network::Arp, protocol: Protocol(0), ..udp(0, (LAPTOP, 0), ("192.168.1.1", 0)) };
    observe(&mut analyzer, &[arp]);
    assert_eq!(keys(&rows(&mut analyzer, "protocol")), ["ARP"]);
    assert!(rows(&mut analyzer, "host").is_empty() && rows(&mut analyzer, "place").is_empty());
}

#[test]
fn the_map_counts_the_remote_end_alone() {
    let mut analyzer = analyzer(64 << 20);
    observe(&mut analyzer, &question_and_answer());
    observe(&mut analyzer, &[udp(1, (CLOUDFLARE, 1), (GOOGLE, 2))]);
    let both = rows_in(&mut analyzer, ViewId::MAIN, "country", Ends::Both);
    let remote = rows_in(&mut analyzer, ViewId::MAIN, "country", Ends::Remote);
    let of = |rows: &[Row]| rows.iter().map(|row| row.counts.packets()).sum::<u64>();
    assert_eq!((of(&both), of(&remote)), (4, 4), "transit counts at both ends, local ends have no country");
    let us = remote.iter().find(|row| row.key == "US").unwrap();
    assert_eq!((us.counts.packets_sent, us.counts.packets_received), (1, 2));
}

#[test]
fn in_and_out_go_into_the_series_and_the_arcs() {
    let mut analyzer = analyzer(64 << 20);
    observe(&mut analyzer, &question_and_answer());
    observe(&mut analyzer, &[udp(3, (LAPTOP, 50_000), (GOOGLE, 53))]);
    let seconds = analyzer.read().seconds(ViewId::MAIN);
    let figures: Vec<_> = seconds.iter().map(|second| (second.inward.bytes, second.outward.bytes)).collect();
    assert_eq!(figures, [(100, 100), (0, 0), (0, 0), (0, 100)]);
    let arcs = analyzer.read().arcs(ViewId::MAIN);
    assert_eq!(arcs.len(), 2);
    assert_eq!((arcs[0].key.inward, arcs[0].volume.bytes), (false, 200));
    analyzer.advance(Timestamp::from_parts(1_700_000_040, 0));
    assert!(analyzer.read().arcs(ViewId::MAIN).is_empty(), "an arc lasts 30 seconds");
}

#[test]
fn the_opener_is_who_sent_the_syn_even_if_the_answer_came_first() {
    let mut analyzer = analyzer(64 << 20);
    observe(&mut analyzer, &[tcp(0, (GOOGLE, 443), (LAPTOP, 50_000), 0x12)]);
    let (feed, _) = analyzer.read().feed(ViewId::MAIN);
    assert_eq!(
        (feed[0].flow.opener.end.address, feed[0].flow.answerer.port),
        (LAPTOP.parse::<IpAddr>().unwrap(), 443)
    );
    assert_eq!(keys(&rows(&mut analyzer, "service")), ["https"]);
}

#[test]
fn a_flow_ends_by_fin_and_a_new_syn_begins_another() {
    let mut analyzer = analyzer(64 << 20);
    let (from, to) = ((LAPTOP, 50_000), (GOOGLE, 443));
    observe(&mut analyzer, &[tcp(0, from, to, 0x02), tcp(1, from, to, 0x11)]);
    assert_eq!(analyzer.read().totals(ViewId::MAIN).flows, 1);
    observe(&mut analyzer, &[tcp(2, from, to, 0x02)]);
    assert_eq!(analyzer.read().totals(ViewId::MAIN).flows, 2);
    assert_eq!(analyzer.read().totals(ViewId::MAIN).flows_active, 1);
}

#[test]
fn a_silent_flow_is_forgotten() {
    let mut analyzer = analyzer(64 << 20);
    observe(&mut analyzer, &question_and_answer());
    analyzer.advance(Timestamp::from_parts(1_700_000_119, 0));
    assert_eq!(analyzer.read().totals(ViewId::MAIN).flows_active, 1);
    analyzer.advance(Timestamp::from_parts(1_700_000_121, 0));
    assert_eq!(analyzer.read().totals(ViewId::MAIN).flows_active, 0);
    assert_eq!(analyzer.read().totals(ViewId::MAIN).flows, 1);
}

#[test]
fn a_view_counts_what_its_filter_lets_through_and_its_past() {
    let mut analyzer = analyzer(64 << 20);
    let past = question_and_answer();
    observe(&mut analyzer, &past);
    observe(&mut analyzer, &[udp(1, (LAPTOP, 50_001), (CLOUDFLARE, 443))]);
    let view = analyzer.add_view(Query::parse("port 53").unwrap()).unwrap();
    past.iter().for_each(|packet| analyzer.recall(view, packet, &[]));
    observe(
        &mut analyzer,
        &[udp(2, (LAPTOP, 50_000), (GOOGLE, 53)), udp(2, (LAPTOP, 50_001), (CLOUDFLARE, 443))],
    );
    let totals = analyzer.read().totals(view);
    assert_eq!((totals.packets, totals.flows, totals.hosts), (3, 1, 2));
    assert_eq!(keys(&rows_in(&mut analyzer, view, "service", Ends::Both)), ["dns"]);
    assert_eq!(rows_in(&mut analyzer, view, "host", Ends::Both).len(), 2);
    assert_eq!(analyzer.read().totals(ViewId::MAIN).packets, 5);
    analyzer.remove_view(view);
    assert_eq!(analyzer.read().totals(view).packets, 0);
    let again = analyzer.add_view(Query::parse("port 53").unwrap()).unwrap();
    observe(&mut analyzer, &[udp(3, (LAPTOP, 50_000), (GOOGLE, 53))]);
    assert_eq!(analyzer.read().totals(again).flows, 1, "a view in the place of another has seen nothing");
}

/// Traffic between few addresses and ports, so that flows have many packets, end and begin again.
fn traffic() -> impl Strategy<Value = Vec<Packet>> {
    let address =
        prop::sample::select(vec![LAPTOP, "192.168.1.3", GOOGLE, CLOUDFLARE, "2001:4860:4860::8888"]);
    let end = || (address.clone(), prop::sample::select(vec![53u16, 443, 50_000]));
    let packet = (end(), end(), any::<bool>(), 0u16..32, 0i64..400, 60u32..1500, any::<u8>());
    prop::collection::vec(packet, 0..300).prop_map(|rows| {
        let mut at = 0;
        let packets = rows.into_iter().map(|(from, to, is_tcp, flags, pause, length, mac)| {
            at += pause.saturating_sub(390) * 20;
            let packet = if is_tcp { tcp(at, from, to, flags) } else { udp(at, from, to) };
            let source_mac = Mac([2, 0, 0, 0, 0, mac % 3]);
            let network = if packet.source.is_ipv4() { Network::Ipv4 } else { Network::Ipv6 };
            Packet { wire_len: length, source_mac, network, ..packet }
        });
        packets.collect()
    })
}

proptest! {
    #[test]
    fn flows_settled_together_count_as_packets_one_by_one(packets in traffic(), together in 1usize..50) {
        let mut analyzer = analyzer(64 << 20);
        let by_packet = analyzer.add_view(Query::parse("").unwrap()).unwrap();
        for (round, some) in packets.chunks(together).enumerate() {
            analyzer.observe_all(some.iter().map(|packet| (packet, &[][..])));
            if round % 3 == 0 {
                let now = analyzer.now().unwrap();
                analyzer.advance(now);
            }
        }
        for entry in AGGREGATES {
            for ends in [Ends::Both, Ends::Remote] {
                let dimension = Dimension { name: entry.name, ends };
                let reading = analyzer.read();
                let ask = reading.ask(0, Measure::Bytes);
                let tops = [ViewId::MAIN, by_packet].map(|view| reading.top(view, dimension, &ask));
                let [Some(main), Some(other)] = tops else { continue };
                let counts = |top: &Top| top.rows.iter().map(|row| (row.key.clone(), row.counts)).collect::<Vec<_>>();
                prop_assert_eq!(counts(&main), counts(&other), "{}", entry.name);
            }
        }
        let reading = analyzer.read();
        prop_assert_eq!(reading.totals(ViewId::MAIN), reading.totals(by_packet));
        prop_assert_eq!(reading.arcs(ViewId::MAIN), reading.arcs(by_packet));
        prop_assert_eq!(reading.seconds(ViewId::MAIN), reading.seconds(by_packet));
    }
}

#[test]
fn views_are_limited() {
    let mut analyzer = analyzer(64 << 20);
    let made = (0..100).filter(|_| analyzer.add_view(Query::parse("tcp").unwrap()).is_some()).count();
    assert_eq!(made, analyzer::VIEWS - 1);
}

#[test]
fn a_flood_stays_within_the_budget_and_keeps_the_known_hosts() {
    let memory = 16 << 20;
    let mut analyzer = analyzer(memory);
    let known: Vec<String> = (0..200).map(|n| format!("9.9.{}.{}", n / 100, n % 100)).collect();
    for host in &known {
        observe(&mut analyzer, &[udp(0, (LAPTOP, 4000), (host, 53)), udp(0, (host, 53), (LAPTOP, 4000))]);
    }
    for n in 0..500_000u32 {
        let mut packet = udp(1, ("11.0.0.0", 1234), (LAPTOP, 80));
        packet.source = IpAddr::V4(std::net::Ipv4Addr::from_bits(0x0b00_0000 + n));
        analyzer.observe(&packet, &[]);
    }
    assert!(analyzer.read().bytes() <= memory, "{} bytes of {memory}", analyzer.read().bytes());
    let tables = analyzer.read().tables();
    let table = |name: &str| *tables.iter().find(|table| table.name == name).unwrap();
    assert_eq!(tables.iter().map(|table| table.bytes).sum::<usize>(), analyzer.read().bytes());
    assert!(tables.iter().filter_map(|table| table.share).sum::<usize>() <= memory);
    for name in ["hosts", "flows"] {
        let table = table(name);
        assert!(table.evicted > 0 && table.bytes > table.share.unwrap() / 2, "it is full: {table:?}");
        // Of a small table the index may be larger than its rows were thought to need.
        assert!(table.bytes <= table.share.unwrap() * 3 / 2, "{table:?}");
    }
    assert!(table("totals").evicted > 0, "{:?}", table("totals"));
    assert_eq!((table("names").evicted, table("filters").share), (0, None));
    let kept = known.iter().filter(|host| analyzer.read().host(host.parse().unwrap()).is_some()).count();
    assert_eq!(kept, known.len());
    let (hosts, flows, keys) = analyzer.read().evicted();
    assert!(hosts > 0 && flows > 0 && keys > 0, "what made room is counted: {hosts} {flows} {keys}");
    assert_eq!(analyzer.read().totals(ViewId::MAIN).packets, 500_400);
}

#[test]
fn time_going_back_and_far_ahead_changes_no_total() {
    let mut analyzer = analyzer(64 << 20);
    for second in [0, -5000, 4_000_000_000, 1, i64::from(u32::MAX), 2] {
        observe(&mut analyzer, &[udp(second, (LAPTOP, 50_000), (GOOGLE, 53))]);
    }
    assert_eq!(analyzer.read().totals(ViewId::MAIN).packets, 6);
    assert_eq!(analyzer.now(), Some(Timestamp::from_parts(1_700_000_002, 0)));
    assert_eq!((analyzer.read().clock().disordered(), analyzer.read().clock().jumps()), (1, 0));
}
