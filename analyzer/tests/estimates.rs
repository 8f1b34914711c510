//! Never silently wrong: with far more hosts than there is room for, every row, every missing key and every number of
//! hosts is held against the truth.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use analyzer::aggregate::{Counting, Ends, Top};
use analyzer::geo::{Geo, Needs};
use analyzer::{Analyzer, Devices, Dimension, Facts, LocalNetworks, Measure, Origin, Setup, ViewId};
use capturer::{Packet, Ports, Protocol, Timestamp, Transport};

const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 2));
const HOSTS: f64 = 100_000.0;
const PACKETS: u32 = 200_000;

/// Packets home from strangers as popular as Zipf's law has it, every third from one seen once.
fn packets() -> impl Iterator<Item = Packet> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    (0..PACKETS).map(move |n| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let uniform = (state >> 11) as f64 / (1u64 << 53) as f64;
        let host = if n % 3 == 0 { 0x0100_0000 + n } else { HOSTS.powf(uniform) as u32 };
        Packet {
            at: Timestamp::from_parts(1_700_000_000, i64::from(n) * 1000),
            wire_len: 60 + (state % 1440) as u32,
            source: IpAddr::V4(Ipv4Addr::from_bits(0x0b00_0000 + host % 0x0200_0000)),
            destination: HOME,
            protocol: Protocol::UDP,
            transport: Transport::Udp(Ports { source: 1000 + (host % 60_000) as u16, destination: 53 }),
            ..Packet::empty()
        }
    })
}

fn analyzer(dimensions: &[(&'static str, Ends)], hosts: bool, rank: Measure) -> Analyzer {
    let geo = Geo::bundled(Needs { country: true, asn: false });
    let dimensions = dimensions.iter().map(|&(name, ends)| Dimension { name, ends }).collect();
    let mut analyzer = Analyzer::new(Setup {
        facts: Facts { geo, local: LocalNetworks::private_and(Vec::new(), Origin::Assumed) },
        homes: Vec::new(),
        dimensions,
        live: false,
        hosts,
        memory: 16 << 20,
        counting: Counting { rank, public_only: false },
        devices: Devices::default(),
        inventory: None,
        names: false,
    });
    packets().for_each(|packet| analyzer.observe(&packet, &[]));
    analyzer
}

fn top(analyzer: &mut Analyzer, (name, ends): (&'static str, Ends), measure: Measure) -> Top {
    let reading = analyzer.read();
    let ask = reading.ask(0, measure);
    reading.top(ViewId::MAIN, Dimension { name, ends }, &ask).unwrap_or_default()
}

/// Standard errors that an estimate is never off by: hashes are seeded anew in each run, and with three of them one run in
/// some hundred would fail by chance; with five it is one in a million.
const SURELY: f64 = 5.0;

/// Holds a listing against the truth.
fn check(top: &Top, truth: &HashMap<String, u64>, measure: Measure, certain: usize) {
    assert!(top.is_estimated() && top.rows.iter().any(analyzer::aggregate::Row::is_estimated));
    let mut listed = HashMap::new();
    for row in &top.rows {
        let (counted, missed) = (row.counts.get(measure), row.missed.get(measure));
        let true_figure = truth.get(&row.key).copied().unwrap_or(0);
        assert!(
            (counted..=counted + missed).contains(&true_figure),
            "{}: {true_figure}, {counted} + {missed}",
            row.key
        );
        listed.insert(row.key.as_str(), ());
    }
    let unlisted = truth.iter().filter(|(key, _)| !listed.contains_key(key.as_str()));
    let most = unlisted.map(|(_, figure)| *figure).max().unwrap_or(0);
    assert!(most <= top.missed.get(measure), "{most} is more than {:?}", top.missed);
    assert!(top.guaranteed >= certain, "the heaviest are certain: {}", top.guaranteed);
    let head: Vec<&str> = top.rows[..top.guaranteed].iter().map(|row| row.key.as_str()).collect();
    let least = head.iter().map(|key| truth[*key]).min().unwrap_or(0);
    let beyond =
        truth.iter().filter(|(key, _)| !head.contains(&key.as_str())).map(|(_, figure)| *figure).max();
    assert!(beyond.unwrap_or(0) <= least, "{beyond:?} comes before {least}");
    let off = top.total as f64 / truth.len() as f64 - 1.0;
    assert!(off.abs() < SURELY * top.total_error, "{} keys, in truth {}", top.total, truth.len());
}

fn truth(key: impl Fn(&Packet) -> String, figure: impl Fn(&Packet) -> u64) -> HashMap<String, u64> {
    let mut truth = HashMap::new();
    packets().for_each(|packet| *truth.entry(key(&packet)).or_default() += figure(&packet));
    truth
}

#[test]
fn pairs_and_senders_lie_between_what_was_counted_and_what_may_be_missing() {
    for measure in [Measure::Bytes, Measure::Packets] {
        let figure = |packet: &Packet| if measure == Measure::Bytes { u64::from(packet.wire_len) } else { 1 };
        let dimensions = [("pair", Ends::Both), ("host", Ends::Source), ("port", Ends::Source)];
        let mut analyzer = analyzer(&dimensions, false, measure);
        let pairs = truth(|packet| format!("{} > {}", packet.source, packet.destination), figure);
        check(&top(&mut analyzer, dimensions[0], measure), &pairs, measure, 10);
        let senders = truth(|packet| packet.source.to_string(), figure);
        check(&top(&mut analyzer, dimensions[1], measure), &senders, measure, 10);
    }
}

#[test]
fn hosts_that_had_to_make_room_say_what_they_may_have_missed() {
    // Who makes room there is who never answered, not who is light: few rows are certain of their place.
    let mut analyzer = analyzer(&[], true, Measure::Bytes);
    let mut hosts = truth(|packet| packet.source.to_string(), |packet| u64::from(packet.wire_len));
    hosts.insert(HOME.to_string(), packets().map(|packet| u64::from(packet.wire_len)).sum());
    check(&top(&mut analyzer, ("host", Ends::Both), Measure::Bytes), &hosts, Measure::Bytes, 1);
}

#[test]
fn the_hosts_of_a_country_are_counted_once_though_they_were_forgotten_meanwhile() {
    let country = ("country", Ends::Both);
    let mut analyzer = analyzer(&[country], false, Measure::Bytes);
    let top = top(&mut analyzer, country, Measure::Bytes);
    let geo = Geo::bundled(Needs { country: true, asn: false });
    let mut truth: HashMap<String, HashMap<IpAddr, ()>> = HashMap::new();
    for packet in packets() {
        if let Some(country) = geo.place(packet.source).country {
            truth.entry(country.to_string()).or_default().insert(packet.source, ());
        }
    }
    for row in &top.rows {
        let (hosts, known) = (row.hosts.unwrap(), truth[&row.key].len() as f64);
        assert!(
            (hosts.count as f64 / known - 1.0).abs() <= SURELY * hosts.relative_error,
            "{}: {hosts:?}, in truth {known}",
            row.key
        );
    }
    let estimated = top.rows.iter().filter_map(|row| row.hosts).any(|hosts| hosts.relative_error > 0.0);
    assert!(estimated && !top.is_estimated(), "figures are exact, numbers of hosts are not");
}
