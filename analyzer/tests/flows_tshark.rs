//! The flows that come out are those that tshark sees: for each pair of ends with their ports as many packets and bytes each way
//! as `tshark -q -z conv,tcp -z conv,udp` says. Skipped, with a word, where tshark or the collection is absent.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says so by failing")]

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use analyzer::aggregate::Counting;
use analyzer::geo::{Geo, Needs};
use analyzer::history::{Meter, Timeouts};
use analyzer::{Analyzer, Devices, Facts, LocalNetworks, Origin, Setup};
use capturer::decode::{DecodeSettings, Decoder};
use capturer::flow::FlowRecord;
use capturer::source::file::FileSource;
use capturer::source::{Next, Source};
use capturer::{Packet, PacketFacts, Protocol, Transport};

/// Protocol, and both ends in order.
type Ends = (u8, (IpAddr, u16), (IpAddr, u16));

/// Packets and bytes from the first end, and to it.
type Conversations = BTreeMap<Ends, [u64; 4]>;

fn setup() -> Setup {
    let geo = Geo::bundled(Needs { country: false, asn: false });
    Setup {
        facts: Facts { geo, local: LocalNetworks::private_and(Vec::new(), Origin::Assumed) },
        homes: Vec::new(),
        dimensions: Vec::new(),
        live: true,
        hosts: false,
        names: false,
        memory: 64 << 20,
        counting: Counting::default(),
        devices: Devices::default(),
        inventory: None,
    }
}

fn add(all: &mut Conversations, record: &FlowRecord) {
    let (source, destination) =
        ((record.source, record.ports.source), (record.destination, record.ports.destination));
    let low = source <= destination;
    let (first, second) = if low { (source, destination) } else { (destination, source) };
    let sums = all.entry((record.protocol.0, first, second)).or_default();
    let way = if low { 0 } else { 2 };
    sums[way] += record.packets;
    sums[way + 1] += record.bytes;
}

/// What our flows say; nothing of a capture that has tunnels or fragments, whose layers and pieces tshark counts otherwise.
fn ours(path: &Path) -> Option<Conversations> {
    let mut source = FileSource::open(path).ok()?;
    let (mut decoder, mut analyzer) = (Decoder::new(DecodeSettings::default()), Analyzer::new(setup()));
    // Time-outs that are often met: the sums may not depend on them.
    let mut meter = Meter::new(Timeouts { active: 7, idle: 3 }, 1000);
    analyzer.record();
    let mut all = Conversations::new();
    while let Ok(Next::Frame(frame)) = source.next_frame() {
        let mut packet = Packet::empty();
        if decoder.decode_into(&frame, &mut packet).is_err() {
            continue;
        }
        if packet.facts.has(PacketFacts::TUNNELLED)
            || packet.fragment.is_fragment()
            || matches!(packet.transport, Transport::Cut)
        {
            return None;
        }
        analyzer.observe(&packet, &[]);
        meter_all(&mut analyzer, &mut meter, &mut all);
    }
    analyzer.read();
    meter_all(&mut analyzer, &mut meter, &mut all);
    meter.finish();
    meter
        .drain()
        .flat_map(|over| over.records().collect::<Vec<_>>())
        .for_each(|record| add(&mut all, &record));
    all.retain(|(protocol, ..), _| [Protocol::TCP.0, Protocol::UDP.0].contains(protocol));
    Some(all)
}

fn meter_all(analyzer: &mut Analyzer, meter: &mut Meter, all: &mut Conversations) {
    let (slices, left_out) = analyzer.recorder().unwrap().fetch();
    assert!(left_out.is_empty());
    for slice in &slices {
        meter.advance(slice.at);
        meter.take(slice);
    }
    meter.drain().flat_map(|over| over.records().collect::<Vec<_>>()).for_each(|record| add(all, &record));
}

/// What tshark says, ends by the same order. Its bytes are rounded from kilobytes on.
fn theirs(path: &Path) -> Option<BTreeMap<Ends, [(u64, u64); 2]>> {
    let output = Command::new("tshark")
        .args(["-n", "-q", "-z", "conv,tcp", "-z", "conv,udp", "-r"])
        .arg(path)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (mut protocol, mut all) = (0, BTreeMap::new());
    for line in text.lines() {
        if line.starts_with("TCP Conv") || line.starts_with("UDP Conv") {
            protocol = if line.starts_with("TCP") { Protocol::TCP.0 } else { Protocol::UDP.0 };
        }
        let Some((left, rest)) = line.split_once("<->") else { continue };
        let words: Vec<&str> = rest.split_whitespace().collect();
        let (left, right) = (end(left.trim())?, end(words[0])?);
        // To the left end, then from it.
        let way = |at: usize| (words[at].parse::<u64>().unwrap(), bytes(words[at + 1], words[at + 2]));
        let (back, forth) = (way(1), way(4));
        let low = left <= right;
        let (key, ways) = if low {
            ((protocol, left, right), [forth, back])
        } else {
            ((protocol, right, left), [back, forth])
        };
        let sums: &mut [(u64, u64); 2] = all.entry(key).or_default();
        for (sum, way) in sums.iter_mut().zip(ways) {
            *sum = (sum.0 + way.0, sum.1 + way.1);
        }
    }
    Some(all)
}

fn end(text: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = text.rsplit_once(':')?;
    Some((address.parse().ok()?, port.parse().ok()?))
}

fn bytes(number: &str, unit: &str) -> u64 {
    let factor = match unit {
        "bytes" => 1,
        "kB" => 1000,
        "MB" => 1_000_000,
        other => panic!("tshark counts in {other}"),
    };
    number.replace(',', "").parse::<u64>().unwrap() * factor
}

/// Equal, or as near as rounding leaves it.
fn agree(exact: u64, said: u64) -> bool {
    exact == said
        || (said >= 10_000 && exact.abs_diff(said) <= if said >= 10_000_000 { 1_000_000 } else { 1000 })
}

fn captures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/captures");
    let folders = ["benign", "os", "attack"].map(|folder| root.join(folder));
    let mut all: Vec<PathBuf> = folders
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.metadata().is_ok_and(|facts| facts.len() < 2_000_000))
        .collect();
    all.sort();
    all
}

#[test]
fn flows_carry_what_tshark_counts_between_the_same_ends() {
    if Command::new("tshark").arg("-v").output().is_err() || captures().is_empty() {
        println!("skipped: no tshark, or no captures");
        return;
    }
    let (mut compared, mut flows) = (0, 0);
    for path in captures() {
        let Some(ours) = ours(&path).filter(|ours| !ours.is_empty()) else { continue };
        let Some(theirs) = theirs(&path) else { continue };
        let name = path.file_name().unwrap().to_string_lossy();
        for (key, [forth, back]) in &theirs {
            let Some([packets, bytes, packets_back, bytes_back]) = ours.get(key) else {
                panic!("{name}: {key:?} is missing");
            };
            assert_eq!((*packets, *packets_back), (forth.0, back.0), "{name}: packets of {key:?}");
            assert!(agree(*bytes, forth.1) && agree(*bytes_back, back.1), "{name}: bytes of {key:?}");
        }
        assert_eq!(ours.len(), theirs.len(), "{name}");
        compared += 1;
        flows += ours.len();
    }
    println!("{compared} captures, {flows} pairs of ends");
    assert!(compared >= 30, "{compared}");
}
