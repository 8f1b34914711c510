//! A range of the past says what a report over the packets of that range says: for the bundled demo, and for the captures
//! of the collection where they are there.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test says so by failing")]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use analyzer::aggregate::{AGGREGATES, Counting, Ends};
use analyzer::geo::{Geo, Needs};
use analyzer::history::{Archive, Past, PastSetup, Range, series};
use analyzer::query::Query;
use analyzer::{
    Analyzer, Counts, Dimension, Facts, LocalNetworks, Measure, Origin, PacketClock, Setup, Totals, ViewId,
};
use capturer::decode::{DecodeSettings, Decoder};
use capturer::source::file::FileSource;
use capturer::source::{Next, Source};
use capturer::{Network, Packet, Timestamp};

static GEO: LazyLock<Geo> = LazyLock::new(|| Geo::bundled(Needs { country: true, asn: true }));

fn setup() -> Setup {
    let both = AGGREGATES.iter().map(|entry| Dimension { name: entry.name, ends: Ends::Both });
    let remote = ["country", "asn"].map(|name| Dimension { name, ends: Ends::Remote });
    Setup {
        facts: Facts { geo: GEO.clone(), local: LocalNetworks::private_and(Vec::new(), Origin::Assumed) },
        homes: Vec::new(),
        // What hosts look like is no part of slices, and names are known afterwards that were not known before.
        dimensions: both
            .chain(remote)
            .filter(|dimension| !matches!(dimension.name, "os" | "domain"))
            .collect(),
        live: true,
        hosts: true,
        names: false,
        memory: 256 << 20,
        counting: Counting::default(),
        devices: analyzer::Devices::default(),
        inventory: None,
    }
}

/// The packets of a capture, with the seconds in which the analyzer counts them.
fn packets(path: &Path) -> Vec<(Packet, i64)> {
    let Ok(mut source) = FileSource::open(path) else { return Vec::new() };
    let (mut decoder, mut clock, mut packets) =
        (Decoder::new(DecodeSettings::default()), PacketClock::default(), Vec::new());
    while let Ok(Next::Frame(frame)) = source.next_frame() {
        let mut packet = Packet::empty();
        if decoder.decode_into(&frame, &mut packet).is_ok() {
            packets.push((packet, clock.tell(packet.at).as_seconds()));
        }
    }
    packets
}

fn archive(packets: &[(Packet, i64)], bytes: usize) -> Archive {
    let (mut analyzer, mut archive) = (Analyzer::new(setup()), Archive::new(bytes));
    analyzer.record();
    for (number, (packet, _)) in packets.iter().enumerate() {
        analyzer.observe(packet, &[]);
        if number % 1000 == 0 {
            // As a running server does, in the middle of a second, too.
            analyzer.read();
            fetch(&mut analyzer, &mut archive);
        }
    }
    analyzer.read();
    fetch(&mut analyzer, &mut archive);
    archive
}

fn fetch(analyzer: &mut Analyzer, archive: &mut Archive) {
    let (slices, left_out) = analyzer.recorder().unwrap().fetch();
    archive.take(&slices, &left_out);
}

type Tables = Vec<(Dimension, Vec<(String, Counts)>)>;

fn tables(reading: analyzer::Reading<'_>) -> Tables {
    let ask = reading.ask(0, Measure::Bytes);
    let table = |dimension: &Dimension| {
        let top = reading.top(ViewId::MAIN, *dimension, &ask).unwrap();
        (*dimension, top.rows.into_iter().map(|row| (row.key, row.counts)).collect())
    };
    setup().dimensions.iter().map(table).collect()
}

/// What a report over these packets says.
fn reported(packets: &[Packet], query: Option<&Query>) -> (Tables, Totals) {
    let mut analyzer = Analyzer::new(setup());
    for packet in packets {
        if query.is_none_or(|query| analyzer.lets_through(query, (packet, &[]))) {
            analyzer.observe(packet, &[]);
        }
    }
    let reading = analyzer.read();
    (tables(reading), reading.totals(ViewId::MAIN))
}

/// The rows that are not the same. Where a host may have many keys, hosts are estimated, with 26 % standard error where
/// they are few, and by a hash of its own in each analyzer. Where a filter lets one way of a flow through, a report sees
/// silences that the flow did not have, and so more flows.
fn different(
    found: &[(String, Counts)],
    expected: &[(String, Counts)],
    filtered: bool,
) -> Vec<(String, Counts, Option<Counts>)> {
    let same = |a: &Counts, b: &Counts| {
        let close = a.hosts.abs_diff(b.hosts) <= 1 + a.hosts.max(b.hosts) / 2;
        let flows = if filtered { [0; 2] } else { [a.flows, b.flows] };
        close && Counts { hosts: 0, flows: flows[0], ..*a } == Counts { hosts: 0, flows: flows[1], ..*b }
    };
    // Two keys may have one name: gnutella over TCP and over UDP.
    let of = |rows: &[(String, Counts)], key: &str| {
        let mut all = rows.iter().filter(|row| row.0 == key).map(|row| row.1);
        let mut sum = all.next()?;
        all.for_each(|counts| sum.merge(&counts));
        Some(sum)
    };
    let wrong = expected
        .iter()
        .filter(|(key, _)| !of(found, key).zip(of(expected, key)).is_some_and(|(a, b)| same(&a, &b)));
    let wrong = wrong.map(|(key, counts)| (key.clone(), *counts, of(found, key)));
    let extra = found.iter().filter(|(key, _)| of(expected, key).is_none());
    wrong.chain(extra.map(|(key, counts)| (key.clone(), Counts::default(), Some(*counts)))).collect()
}

fn assert_same(path: &Path, packets: &[(Packet, i64)], (archive, wanted): (&Archive, Range), filter: &str) {
    let query = Query::parse(filter).unwrap();
    let known = analyzer::names::Names::new(0);
    let names = analyzer::names::Names::new(0);
    let asked = (!query.is_empty()).then_some((&query, (&known).into()));
    let mut past = Past::of(archive, wanted, PastSetup { setup: setup(), names, filter: asked });
    let range = past.range();
    let within = packets.iter().filter(|(_, second)| (range.from..range.to).contains(second));
    let wanted: Vec<Packet> = within.map(|(packet, _)| *packet).collect();
    let (expected, totals) = reported(&wanted, asked.map(|(query, _)| query));
    let sum = past.sum();
    let reading = past.read();
    let what = format!("{} {range:?} {filter:?}", path.display());
    for ((dimension, found), (_, expected)) in tables(reading).into_iter().zip(expected) {
        // In the middle of a flow the past knows who opened it; a report that begins there, or sees one way, guesses.
        if dimension.name == "service"
            && packets.first().is_some_and(|first| first.1 < range.from || !filter.is_empty())
        {
            continue;
        }
        // A flow has the hardware addresses of its first packet, which some captures of several links deny.
        if dimension.name == "mac" && !path.ends_with("demo.pcap") {
            continue;
        }
        let differs = different(&found, &expected, !filter.is_empty());
        assert!(differs.is_empty(), "{what} {dimension:?}: {differs:#?}");
    }
    let found = reading.totals(ViewId::MAIN);
    assert_eq!((found.packets, found.bytes), (totals.packets, totals.bytes), "{what}");
    assert!(found.hosts == totals.hosts && (found.flows == totals.flows || !filter.is_empty()), "{what}");
    let summed = [sum.inward, sum.outward, sum.other].map(|volume| volume.bytes).iter().sum::<u64>();
    assert_eq!(summed, totals.bytes, "{what}: the series");
}

fn captures() -> Vec<PathBuf> {
    let mut paths = vec![PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../visualizer/data/demo.pcap"))];
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/captures/benign"));
    match std::fs::read_dir(folder) {
        Ok(entries) => paths.extend(entries.map(|entry| entry.unwrap().path())),
        Err(_) => println!("skipped: no captures at {}", folder.display()),
    }
    paths.sort();
    paths
}

const FILTERS: [&str; 5] = ["", "tcp", "direction in", "country US and not port 53", "port 443 or arp"];

#[test]
fn a_range_says_what_a_report_over_its_packets_says() {
    let mut files = 0;
    for path in captures() {
        let packets = packets(&path);
        let [Some(first), Some(last)] =
            [packets.first(), packets.last()].map(|packet| packet.map(|(_, second)| *second))
        else {
            continue;
        };
        files += 1;
        let archive = archive(&packets, 64 << 20);
        let third = (last - first) / 3;
        for range in [
            Range { from: first, to: last + 1 },
            Range { from: first + third, to: first + 2 * third + 1 },
            Range { from: last - 10, to: last },
        ] {
            // A report with a filter confirms a jump in time by other packets.
            let jumps = packets.windows(2).any(|pair| pair[1].1 - pair[0].1 > 60);
            let filters = if jumps { &FILTERS[..1] } else { &FILTERS };
            filters.iter().for_each(|filter| assert_same(&path, &packets, (&archive, range), filter));
        }
    }
    println!("{files} captures");
}

#[test]
fn what_does_not_fit_is_joined_and_then_goes_with_the_oldest() {
    let path = captures().into_iter().find(|path| path.ends_with("demo.pcap")).unwrap();
    let packets = packets(&path);
    let (roomy, tight) = (archive(&packets, 64 << 20), archive(&packets, 24 << 10));
    assert!(tight.bytes() <= 2 * (24 << 10), "{} bytes", tight.bytes());
    assert!(roomy.gone().is_none() && tight.gone().is_some());
    let kept = tight.kept().unwrap();
    assert!(kept.from > roomy.kept().unwrap().from);
    assert_same(&path, &packets, (&tight, kept), "");
}

/// A host that asks another and is answered each second, among so many packets a second of forged sources, which are told once.
fn flood(seconds: i64, forged: u32) -> Vec<(Packet, i64)> {
    let (own, asked) = (0xc0a8_0102_u32, 0x0808_0808_u32);
    let second = |second: i64| {
        let packet = move |source: u32, destination: u32| Packet {
            at: Timestamp::from_parts(1_700_000_000 + second, 0),
            wire_len: 100,
            network: Network::Ipv4,
            source: source.to_be_bytes().into(),
            destination: destination.to_be_bytes().into(),
            ..Packet::empty()
        };
        let first = 0x0b00_0001 + second as u32 * forged;
        [packet(own, asked), packet(asked, own)]
            .into_iter()
            .chain((first..first + forged).map(move |source| packet(source, own)))
    };
    (0..seconds).flat_map(second).map(|packet| (packet, packet.at.as_seconds())).collect()
}

#[test]
fn what_is_left_out_is_counted_in_its_second_however_many_are_fetched_at_once() {
    let (mut analyzer, mut archive) = (Analyzer::new(setup()), Archive::new(24 << 20));
    analyzer.record();
    flood(4, 10_000).iter().for_each(|(packet, _)| analyzer.observe(packet, &[]));
    analyzer.read();
    fetch(&mut analyzer, &mut archive);
    let steps = archive.of(archive.kept().unwrap());
    let packets = steps.map(|(_, slices, left)| {
        assert!(left.packets() > 1000, "so many are not kept apart");
        slices.iter().map(|slice| slice.volume().packets).sum::<u64>() + left.packets()
    });
    assert_eq!(packets.collect::<Vec<_>>(), [10_002; 4]);
}

#[test]
fn a_flood_pushes_nothing_out_of_what_is_joined() {
    const SECONDS: i64 = 300;
    let packets = flood(SECONDS, 1000);
    let archive = archive(&packets, 24 << 20);
    let kept = archive.kept().unwrap();
    assert_eq!((archive.gone(), kept.seconds()), (None, SECONDS));
    let (mut talk, mut flood, mut left_out) = (0, 0, 0);
    for (_, slices, left) in archive.of(kept) {
        let packets = |unanswered: bool| -> u64 {
            let of = slices.iter().filter(|slice| slice.is_unanswered() == unanswered);
            of.map(|slice| slice.volume().packets).sum()
        };
        talk += packets(false);
        flood += packets(true);
        left_out += left.packets();
    }
    assert_eq!(talk, 2 * SECONDS as u64);
    assert_eq!(flood + left_out, 1000 * SECONDS as u64);
    assert!(left_out > 0, "{flood} of the flood kept");
}

#[test]
fn a_series_of_all_that_is_kept_has_few_rows_and_every_byte() {
    let packets: Vec<_> = (0..100_000i64)
        .map(|second| {
            let packet = Packet {
                at: Timestamp::from_parts(1_700_000_000 + second, 0),
                wire_len: 100,
                network: Network::Ipv4,
                source: "192.168.1.2".parse().unwrap(),
                destination: "8.8.8.8".parse().unwrap(),
                ..Packet::empty()
            };
            (packet, packet.at.as_seconds())
        })
        .collect();
    let archive = archive(&packets, 64 << 20);
    let (rows, length) = series(&archive, archive.kept().unwrap(), &setup().facts, None);
    assert!(rows.len() <= 721 && length % 60 == 0, "{} rows of {length} s", rows.len());
    assert_eq!(rows.iter().map(|row| row.outward.bytes).sum::<u64>(), 10_000_000);
}
