//! Packets and bytes per outermost address as tshark counts them (`oracle/ip_totals.csv`), for every capture of the
//! collection. Skipped, with a word, where the collection is absent.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says so by failing")]

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use capturer::Packet;
use capturer::decode::decode;
use capturer::source::file::FileSource;
use capturer::source::{Next, Source};

/// Captures whose totals differ, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "linktypes/zeek__cisco-fabric-path.pcap",
        "tshark takes the last four bytes of a FabricPath frame for a checksum, here those of the IPv6 destination",
    ),
    (
        "malformed/tcpdump__ipv6_39_byte_header.pcap",
        "the destination is cut by a byte; tshark shows the source alone",
    ),
];

/// Packets and bytes sent, packets and bytes received.
type Totals = BTreeMap<IpAddr, [u64; 4]>;

fn collection() -> Option<PathBuf> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/captures"));
    if !root.join("manifest.csv").is_file() {
        println!("skipped: no captures at {}", root.display());
        return None;
    }
    Some(root.to_path_buf())
}

/// The first field of each row of a CSV file; quoted ones later in the row may hold commas and lines.
fn files(root: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(root.join("manifest.csv")).unwrap();
    text.lines()
        .filter_map(|line| line.split(',').next())
        .filter(|file| root.join(file).is_file())
        .map(Into::into)
        .collect()
}

/// What tshark says, by file.
fn expected(root: &Path) -> BTreeMap<String, Totals> {
    let text = std::fs::read_to_string(root.join("oracle/ip_totals.csv")).unwrap();
    let mut expected: BTreeMap<String, Totals> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let numbers: Vec<u64> = fields[2..6].iter().map(|n| n.parse().unwrap()).collect();
        let totals = expected.entry(fields[0].into()).or_default();
        totals.insert(fields[1].parse().unwrap(), numbers.try_into().unwrap());
    }
    expected
}

fn count(packet: &Packet, totals: &mut Totals) {
    if packet.is_ip() {
        for (address, at) in [(packet.source, 0), (packet.destination, 2)] {
            let row = totals.entry(address).or_default();
            row[at] += 1;
            row[at + 1] += u64::from(packet.wire_len);
        }
    }
}

/// What we say; a damaged file counts as far as it can be read.
fn decoded(path: &Path) -> Totals {
    let mut totals = Totals::new();
    let Ok(mut source) = FileSource::open(path) else { return totals };
    while let Ok(Next::Frame(frame)) = source.next_frame() {
        if let Ok(packet) = decode(&frame) {
            count(&packet, &mut totals);
        }
    }
    totals
}

/// The first address that differs: ours, theirs.
fn difference(ours: &Totals, theirs: &Totals) -> Option<String> {
    let addresses = ours.keys().chain(theirs.keys());
    let mut differing = addresses.filter(|address| ours.get(address) != theirs.get(address));
    let first = differing.next()?;
    Some(format!(
        "{first}: {:?}, tshark {:?}; {} more",
        ours.get(first),
        theirs.get(first),
        differing.count()
    ))
}

#[test]
fn every_address_has_the_totals_that_tshark_counts() {
    let Some(root) = collection() else { return };
    let expected = expected(&root);
    let (mut equal, mut wrong) = (0, Vec::new());
    for file in files(&root) {
        let excepted = EXCEPTIONS.iter().any(|(name, _)| *name == file);
        let difference =
            difference(&decoded(&root.join(&file)), expected.get(&file).unwrap_or(&Totals::new()));
        match difference {
            None if excepted => wrong.push(format!("{file}: is equal, and listed as an exception")),
            Some(difference) if !excepted => wrong.push(format!("{file}: {difference}")),
            None => equal += 1,
            Some(_) => {}
        }
    }
    println!("{equal} captures equal, {} exceptions", EXCEPTIONS.len());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
