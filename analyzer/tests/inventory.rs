//! What a user relies on of the inventory: ports and hardware addresses of hosts, also when answers come late; totals by what hosts
//! look like that lose nothing when hosts have to make room.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::Ipv4Addr;

use analyzer::aggregate::{Counting, Ends, Row};
use analyzer::fingerprint::Database;
use analyzer::geo::{Geo, Needs};
use analyzer::inventory::{Entry, Plan};
use analyzer::query::Query;
use analyzer::{Analyzer, Dimension, Facts, LocalNetworks, Measure, Origin, Setup, ViewId};
use capturer::filter::Scope;
use capturer::{Frame, LinkType, Packet, Timestamp};

const LAPTOP: [u8; 4] = [192, 168, 1, 2];
const SERVER: [u8; 4] = [198, 51, 100, 7];

fn analyzer(memory: usize) -> Analyzer {
    let geo = Geo::bundled(Needs::default());
    Analyzer::new(Setup {
        facts: Facts { geo, local: LocalNetworks::private_and(Vec::new(), Origin::Assumed) },
        homes: Vec::new(),
        dimensions: Vec::new(),
        live: true,
        hosts: true,
        names: true,
        memory,
        counting: Counting::default(),
        devices: analyzer::Devices::default(),
        inventory: Some(Plan { database: Database::own(), memory: 1 << 20 }),
    })
}

/// Ethernet, IPv4 and what follows; the hardware address ends as the sender's does.
fn frame((from, to): ([u8; 4], [u8; 4]), protocol: u8, ttl: u8, body: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 99, 2, 0, 0, 0, 0, from[3], 8, 0];
    let length = (20 + body.len()) as u16;
    frame.extend([0x45, 0]);
    frame.extend(length.to_be_bytes());
    frame.extend([0, 9, 0x40, 0, ttl, protocol, 0, 0]);
    frame.extend(from.into_iter().chain(to));
    frame.extend(body);
    frame
}

/// A segment of a Linux of today.
fn tcp(ends: ([u8; 4], [u8; 4]), ports: (u16, u16), flags: u8, ttl: u8) -> Vec<u8> {
    let mut body = [ports.0.to_be_bytes(), ports.1.to_be_bytes()].concat();
    body.extend([0, 0, 0, 1, 0, 0, 0, 0, 0xa0, flags, 0xfa, 0xf0, 0, 0, 0, 0]);
    body.extend([2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 1, 0, 0, 0, 0, 0, 1, 3, 3, 7]);
    frame(ends, 6, ttl, &body)
}

fn udp(ends: ([u8; 4], [u8; 4]), ports: (u16, u16)) -> Vec<u8> {
    let mut body = [ports.0.to_be_bytes(), ports.1.to_be_bytes()].concat();
    body.extend([0, 12, 0, 0, 1, 2, 3, 4]);
    frame(ends, 17, 57, &body)
}

fn show(analyzer: &mut Analyzer, second: i64, bytes: &[u8]) {
    let frame = Frame {
        number: 1,
        at: Timestamp::from_parts(1_700_000_000 + second, 0),
        wire_len: bytes.len() as u32,
        link: LinkType::ETHERNET,
        bytes,
    };
    let packet: Packet = capturer::decode::decode(&frame).unwrap();
    analyzer.observe(&packet, bytes);
}

fn entry(analyzer: &mut Analyzer, address: [u8; 4]) -> Entry {
    let reading = analyzer.read();
    let stock = reading.stock_of(Ipv4Addr::from(address).into(), &reading.ask(1, Measure::Bytes));
    stock.hosts.into_iter().next().unwrap()
}

fn ports(entry: &Entry) -> Vec<u16> {
    entry.ports.iter().map(|port| port.port()).collect()
}

fn by_os(analyzer: &mut Analyzer, view: ViewId) -> Vec<Row> {
    let reading = analyzer.read();
    let dimension = Dimension { name: "os", ends: Ends::Both };
    reading.top(view, dimension, &reading.ask(0, Measure::Packets)).unwrap().rows
}

#[test]
fn a_port_that_answers_late_is_open_and_one_that_refuses_is_not() {
    let mut analyzer = analyzer(16 << 20);
    let (there, back) = ((LAPTOP, SERVER), (SERVER, LAPTOP));
    for port in [22, 443] {
        show(&mut analyzer, 0, &tcp(there, (40_000, port), 2, 64));
    }
    show(&mut analyzer, 0, &udp(there, (40_000, 53)));
    show(&mut analyzer, 0, &udp(there, (40_000, 123)));
    // Flows are settled between question and answer, as they are each second.
    let now = analyzer.now().unwrap();
    analyzer.advance(now);
    show(&mut analyzer, 3, &tcp(back, (443, 40_000), 0x12, 57));
    show(&mut analyzer, 3, &tcp(back, (22, 40_000), 0x14, 57));
    show(&mut analyzer, 3, &udp(back, (53, 40_000)));
    let server = entry(&mut analyzer, SERVER);
    assert_eq!(ports(&server), [443, 53]);
    assert!(server.macs.is_empty(), "it is not on the link");
    let laptop = entry(&mut analyzer, LAPTOP);
    assert!(ports(&laptop).is_empty() && laptop.macs.len() == 1);
    assert_eq!(laptop.macs[0].mac.to_string(), "02:00:00:00:00:02");
    assert_eq!(laptop.verdict.unwrap().family.unwrap().name(), "Linux");
}

#[test]
fn a_view_with_a_filter_has_the_families_that_the_host_table_has() {
    let mut analyzer = analyzer(16 << 20);
    let all = analyzer.add_view(Query::parse("").unwrap()).unwrap();
    for n in 1..20 {
        show(&mut analyzer, 0, &tcp(([192, 168, 1, n], SERVER), (40_000, 80), 2, 64));
        show(&mut analyzer, 1, &udp(([192, 168, 1, n], [198, 51, 100, n]), (40_000, 53)));
    }
    let [main, view] = [ViewId::MAIN, all].map(|view| by_os(&mut analyzer, view));
    let figures = |rows: &[Row]| rows.iter().map(|row| (row.key.clone(), row.counts)).collect::<Vec<_>>();
    assert_eq!(figures(&main), figures(&view));
    assert_eq!(main.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["Linux", "unknown"]);
    let packet = |n| udp(([192, 168, 1, n], SERVER), (1, 2));
    let asks = Query::parse("src os linux and not dst os linux").unwrap();
    for (n, passes) in [(5, true), (77, false)] {
        let bytes = packet(n);
        let at = Timestamp::from_parts(1_700_000_002, 0);
        let frame = Frame { number: 1, at, wire_len: 46, link: LinkType::ETHERNET, bytes: &bytes };
        let packet = capturer::decode::decode(&frame).unwrap();
        assert_eq!(analyzer.lets_through(&asks, (&packet, &bytes)), passes);
    }
}

#[test]
fn hosts_that_had_to_make_room_are_unknown_and_nothing_is_lost() {
    let mut analyzer = analyzer(1 << 20);
    let all = 20_000u32;
    for n in 0..all {
        let [_, b, c, d] = n.to_be_bytes();
        show(&mut analyzer, i64::from(n / 1000), &udp(([10, b, c, d], SERVER), (40_000, 53)));
    }
    assert!(analyzer.read().evicted().0 > 1000);
    let rows = by_os(&mut analyzer, ViewId::MAIN);
    assert_eq!(rows.iter().map(|row| row.counts.packets()).sum::<u64>(), 2 * u64::from(all));
    assert_eq!((rows.len(), rows[0].key.as_str(), &rows[0].hosts), (1, "unknown", &None));
}

#[test]
fn a_filter_is_asked_of_hosts() {
    let mut analyzer = analyzer(16 << 20);
    show(&mut analyzer, 0, &tcp((LAPTOP, SERVER), (40_000, 80), 2, 64));
    let listed = |text: &str, analyzer: &mut Analyzer| {
        let query = Query::parse_for(text, Scope::Host).unwrap();
        let reading = analyzer.read();
        let stock = reading.stock(&reading.ask(0, Measure::Bytes), Some(&query));
        (stock.total, stock.hosts.first().map(|entry| entry.row.key.clone()))
    };
    assert_eq!(listed("os linux", &mut analyzer), (1, Some("192.168.1.2".into())));
    assert_eq!(listed("ether host 02:00:00:00:00:02", &mut analyzer), (1, Some("192.168.1.2".into())));
    assert_eq!(listed("os windows", &mut analyzer), (0, None));
    assert_eq!(listed("net 198.51.100.0/24", &mut analyzer), (1, Some("198.51.100.7".into())));
}
