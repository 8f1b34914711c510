//! Checksums judged as tshark judges them, for the harmless captures of the collection that it reads in reasonable time.
//! Skipped, with a word, where tshark or the collection is absent.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says so by failing")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use capturer::PacketFacts;
use capturer::decode::{DecodeSettings, Decoder};
use capturer::source::file::FileSource;
use capturer::source::{Next, Source};

/// Larger files are left out.
const MAX_BYTES: u64 = 2_000_000;

/// What tshark calls a status: bad, good, not verified.
const BAD: &str = "0";

/// Frames with a wrong checksum, those left to the network card among them; tshark makes no difference.
type Wrong = BTreeSet<u64>;

fn captures() -> Vec<PathBuf> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/captures"));
    let folders = ["benign", "os"].map(|folder| std::fs::read_dir(root.join(folder)));
    let entries = folders.into_iter().flatten().flatten().flatten();
    let small = |path: &PathBuf| path.metadata().is_ok_and(|file| file.len() <= MAX_BYTES);
    entries.map(|entry| entry.path()).filter(small).collect()
}

/// Those, and frames whose lengths lie: tshark judges what is there of them.
fn ours(path: &Path) -> (Wrong, BTreeSet<u64>) {
    const WRONG: [PacketFacts; 3] =
        [PacketFacts::BAD_HEADER_CHECKSUM, PacketFacts::BAD_CHECKSUM, PacketFacts::OFFLOADED_CHECKSUM];
    let mut decoder = Decoder::new(DecodeSettings { checksums: true, ..DecodeSettings::default() });
    let (mut wrong, mut lying) = (Wrong::new(), BTreeSet::new());
    let Ok(mut source) = FileSource::open(path) else { return (wrong, lying) };
    while let Ok(Next::Frame(frame)) = source.next_frame() {
        let Ok(packet) = decoder.decode(&frame) else { continue };
        if packet.facts.has(PacketFacts::LENGTH_BEYOND_FRAME) {
            lying.insert(packet.number);
        } else if WRONG.iter().any(|fact| packet.facts.has(*fact)) {
            wrong.insert(packet.number);
        }
    }
    (wrong, lying)
}

fn theirs(path: &Path) -> Option<Wrong> {
    let mut tshark = Command::new("tshark");
    for option in [
        "ip.defragment:FALSE",
        "ip.check_checksum:TRUE",
        "tcp.check_checksum:TRUE",
        "udp.check_checksum:TRUE",
    ] {
        tshark.args(["-o", option]);
    }
    tshark.args(["-n", "-T", "fields", "-E", "occurrence=f", "-e", "frame.number"]);
    for protocol in ["ip", "icmp", "icmpv6", "tcp", "udp"] {
        tshark.args(["-e", &format!("{protocol}.checksum.status")]);
    }
    let output = tshark.arg("-r").arg(path).output().ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    let wrong = text.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        // A transport behind ICMP is one that an error quotes.
        let transport = fields[2..].iter().find(|status| !status.is_empty());
        (fields[1] == BAD || transport == Some(&BAD)).then(|| fields[0].parse().unwrap())
    });
    Some(wrong.collect())
}

#[test]
fn wrong_checksums_are_those_that_tshark_finds() {
    let files = captures();
    if files.is_empty() || Command::new("tshark").arg("-v").output().is_err() {
        println!("skipped: no captures, or no tshark");
        return;
    }
    let mut differing = Vec::new();
    let mut found = 0;
    for path in &files {
        let (ours, lying) = ours(path);
        let theirs: Wrong = theirs(path).unwrap().difference(&lying).copied().collect();
        found += ours.len();
        if ours != theirs {
            let frames: Vec<_> = ours.symmetric_difference(&theirs).take(5).collect();
            differing.push(format!("{}: {frames:?}", path.display()));
        }
    }
    println!("{} captures, {found} frames with wrong checksums", files.len());
    assert!(differing.is_empty(), "\n{}", differing.join("\n"));
}
