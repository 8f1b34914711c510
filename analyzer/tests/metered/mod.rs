//! What our flows carry between each pair of ends of a capture, for tests that hold it against what others count.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

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
pub type Ends = (u8, (IpAddr, u16), (IpAddr, u16));

/// Packets and bytes from the first end, and to it.
pub type Conversations = BTreeMap<Ends, [u64; 4]>;

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

/// What our flows say, of each packet so many bytes; nothing of a capture that has tunnels or fragments, whose layers and pieces
/// others count otherwise.
pub fn ours(path: &Path, bytes_of: impl Fn(&Packet) -> u32) -> Option<Conversations> {
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
        packet.wire_len = bytes_of(&packet);
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

/// Captures of the collection that are small enough to read all; none where it is absent.
pub fn captures() -> Vec<PathBuf> {
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
