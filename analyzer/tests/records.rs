//! Flow records count as the packets they stand for: in every dimension, for hosts, totals and views with filters.

#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

use std::net::IpAddr;

use analyzer::aggregate::{AGGREGATES, Counting, Ends};
use analyzer::geo::{Geo, Needs};
use analyzer::query::Query;
use analyzer::{Analyzer, Devices, Dimension, Facts, LocalNetworks, Measure, Origin, Setup, ViewId};
use capturer::flow::FlowRecord;
use capturer::{Mac, Packet, Ports, Protocol, Timestamp, Transport};

fn analyzer() -> Analyzer {
    let both = AGGREGATES.iter().map(|entry| Dimension { name: entry.name, ends: Ends::Both });
    Analyzer::new(Setup {
        facts: Facts {
            geo: Geo::bundled(Needs { country: true, asn: true }),
            local: LocalNetworks::private_and(Vec::new(), Origin::Assumed),
        },
        homes: Vec::new(),
        dimensions: both.collect(),
        live: true,
        hosts: true,
        names: false,
        memory: 64 << 20,
        counting: Counting::default(),
        devices: Devices::default(),
        inventory: None,
    })
}

fn record(n: u32) -> FlowRecord {
    FlowRecord {
        received: Timestamp::from_parts(1_700_000_000, 0),
        source: [192, 168, 1, (n % 5) as u8].into(),
        destination: IpAddr::V4((0x0808_0000 + n * 65_537).into()),
        ports: Ports { source: (40_000 + n) as u16, destination: 443 },
        protocol: Protocol::UDP,
        packets: 3,
        bytes: 300,
        source_mac: Mac([2, 0, 0, 0, 0, 1]),
        destination_mac: Mac([2, 0, 0, 0, 0, 2]),
        ..FlowRecord::empty()
    }
}

fn packet(record: &FlowRecord) -> Packet {
    Packet {
        at: record.received,
        wire_len: 100,
        source: record.source,
        destination: record.destination,
        source_mac: record.source_mac,
        destination_mac: record.destination_mac,
        protocol: record.protocol,
        transport: Transport::Udp(record.ports),
        ..Packet::empty()
    }
}

fn rows(analyzer: &mut Analyzer, view: ViewId, name: &'static str) -> Vec<(String, [u64; 5])> {
    let reading = analyzer.read();
    let ask = reading.ask(0, Measure::Bytes);
    let Some(top) = reading.top(view, Dimension { name, ends: Ends::Both }, &ask) else { return Vec::new() };
    let figures = |row: &analyzer::aggregate::Row| {
        let counts = row.counts;
        [
            counts.packets_sent,
            counts.bytes_sent,
            counts.packets_received,
            counts.bytes_received,
            counts.flows.into(),
        ]
    };
    top.rows.iter().map(|row| (row.key.clone(), figures(row))).collect()
}

#[test]
fn records_count_as_the_packets_they_stand_for() {
    let (mut of_packets, mut of_records) = (analyzer(), analyzer());
    for record in (0..40).map(record) {
        (0..3).for_each(|_| of_packets.observe(&packet(&record), &[]));
        of_records.observe_record(&record);
    }
    for entry in AGGREGATES {
        let expected = rows(&mut of_packets, ViewId::MAIN, entry.name);
        assert_eq!(rows(&mut of_records, ViewId::MAIN, entry.name), expected, "{}", entry.name);
        assert!(!expected.is_empty() || matches!(entry.name, "domain" | "os" | "vlan"), "{}", entry.name);
    }
    assert_eq!(of_records.read().totals(ViewId::MAIN), of_packets.read().totals(ViewId::MAIN));
    assert_eq!(of_records.read().seconds(ViewId::MAIN), of_packets.read().seconds(ViewId::MAIN));
    assert_eq!(of_records.read().arcs(ViewId::MAIN), of_packets.read().arcs(ViewId::MAIN));
}

#[test]
fn each_record_is_a_flow_and_both_ways_of_a_connection_have_one_row() {
    let mut analyzer = analyzer();
    let there = record(1);
    let back = FlowRecord {
        source: there.destination,
        destination: there.source,
        ports: Ports { source: there.ports.destination, destination: there.ports.source },
        bytes: 5000,
        ..there
    };
    [there, back, there].iter().for_each(|record| analyzer.observe_record(record));
    let reading = analyzer.read();
    let totals = reading.totals(ViewId::MAIN);
    assert_eq!((totals.flows, totals.flows_active, totals.packets, totals.bytes), (3, 1, 9, 5600));
    assert_eq!(reading.rows(), (2, 1));
    let host = reading.host(there.source).unwrap();
    assert_eq!((host.sent.bytes, host.received.bytes, host.flows), (600, 5000, 3));
    // The service is the answering end's port, whichever way a record goes.
    assert_eq!(rows(&mut analyzer, ViewId::MAIN, "service").len(), 1);
}

#[test]
fn a_record_of_both_ways_counts_both() {
    let mut analyzer = analyzer();
    analyzer.observe_record(&FlowRecord { reverse_packets: 2, reverse_bytes: 90, ..record(1) });
    let totals = analyzer.read().totals(ViewId::MAIN);
    assert_eq!((totals.flows, totals.packets, totals.bytes), (1, 5, 390));
    let host = *analyzer.read().host(record(1).destination).unwrap();
    assert_eq!((host.sent.bytes, host.received.bytes), (90, 300));
}

#[test]
fn a_record_of_nothing_is_a_flow_all_the_same() {
    let mut analyzer = analyzer();
    analyzer.observe_record(&FlowRecord { packets: 0, bytes: 0, ..record(1) });
    analyzer.observe_record(&FlowRecord { flows: 7, ..record(2) });
    let totals = analyzer.read().totals(ViewId::MAIN);
    assert_eq!((totals.flows, totals.packets), (8, 3));
}

#[test]
fn systems_that_an_exporter_names_stand_for_ours() {
    let mut analyzer = analyzer();
    let named = FlowRecord { destination_as: 64_500, ..record(1) };
    let query = Query::parse("asn 64500").unwrap();
    assert!(
        analyzer.lets_record_through(&query, &named) && !analyzer.lets_record_through(&query, &record(1))
    );
    let view = analyzer.add_view(query).unwrap();
    analyzer.observe_record(&named);
    analyzer.observe_record(&record(2));
    let systems = rows(&mut analyzer, ViewId::MAIN, "asn");
    assert!(systems.iter().any(|(key, figures)| key == "64500" && figures[3] == 300), "{systems:?}");
    assert_eq!(systems.len(), 2, "{systems:?}");
    assert_eq!(analyzer.read().totals(view).bytes, 300);
}

#[test]
fn figures_of_liars_stop_at_the_most_there_is() {
    let mut analyzer = analyzer();
    let liar = FlowRecord { packets: u64::MAX, bytes: u64::MAX, ..record(1) };
    analyzer.observe_record(&liar);
    analyzer.observe_record(&liar);
    assert_eq!(analyzer.read().totals(ViewId::MAIN).bytes, u64::MAX);
}
