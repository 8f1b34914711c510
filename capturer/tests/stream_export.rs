//! What is taken out of the ring and written as pcapng is what was captured, to us and to tshark.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says so by failing")]

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;
use std::process::Command;

use capturer::source::file::FileSource;
use capturer::source::{Next, Source};
use capturer::stream::{self, Batch, Capacity, Kept, Query};
use capturer::{Frame, LinkType, Packet, Timestamp};

/// Bytes of each frame, more than are kept.
const BYTES: [u8; 100] = [0x45; 100];

/// The bytes that are kept.
const KEPT: usize = 60;

fn at(number: u64) -> Timestamp {
    Timestamp::from_parts(1_700_000_000, number as i64 * 1_000_001)
}

fn link(number: u64) -> LinkType {
    if number.is_multiple_of(3) { LinkType::RAW } else { LinkType::ETHERNET }
}

/// A ring of 50 frames of two link types, seen through one of its queries.
fn evidence(numbers: &[u64]) -> Vec<Kept> {
    let (mut writer, stream) = stream::new(Capacity { packets: 256, kept_bytes: KEPT, arena: 0 });
    let mut batch = Batch::new(KEPT);
    for number in 1..=50 {
        let frame = Frame { number, at: at(number), wire_len: 1_000, link: link(number), bytes: &BYTES };
        let packet = Packet { number, at: frame.at, wire_len: frame.wire_len, ..Packet::empty() };
        assert!(batch.push(packet, &frame));
    }
    writer.append(&mut batch);
    let since = Query { from: at(49), ..Query::default() };
    assert_eq!(stream.find(&since, |seen| seen.link == LinkType::ETHERNET).len(), 2);
    stream.frames(numbers)
}

fn why(kept: &Kept) -> String {
    match kept.packet.number {
        7 => String::new(),
        number => format!("scan.port: probe {number} “ü”"),
    }
}

#[test]
fn an_export_is_read_back_as_it_was_kept() {
    let numbers = [3, 7, 8, 42];
    let file = stream::export(Vec::new(), &evidence(&numbers), why).unwrap();
    let mut source = FileSource::from_reader("export", Box::new(Cursor::new(file))).unwrap();
    for number in numbers {
        let Ok(Next::Frame(frame)) = source.next_frame() else { panic!("expected frame {number}") };
        assert_eq!((frame.at, frame.wire_len, frame.link), (at(number), 1_000, link(number)));
        assert_eq!(frame.bytes, &BYTES[..KEPT]);
    }
    assert!(matches!(source.next_frame(), Ok(Next::End)));
}

/// A file of its own, gone afterwards.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn tshark_shows_times_lengths_and_comments_of_an_export() {
    let file = stream::export(Vec::new(), &evidence(&[3, 7, 8]), why).unwrap();
    let name = format!("wireglobe-export-{}.pcapng", std::process::id());
    let path = Temporary(std::env::temp_dir().join(name));
    fs::write(&path.0, file).unwrap();
    let fields = ["frame.time_epoch", "frame.len", "frame.cap_len", "frame.encap_type", "frame.comment"];
    let mut tshark = Command::new("tshark");
    tshark
        .arg("-n")
        .arg("-r")
        .arg(&path.0)
        .args(["-T", "fields"])
        .args(fields.iter().flat_map(|f| ["-e", f]));
    let Ok(output) = tshark.output() else {
        println!("skipped: no tshark");
        return;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    let expected = [
        "1700000000.003000003\t1000\t60\t7\tscan.port: probe 3 “ü”",
        "1700000000.007000007\t1000\t60\t1\t",
        "1700000000.008000008\t1000\t60\t1\tscan.port: probe 8 “ü”",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected, "{}", String::from_utf8_lossy(&output.stderr));
    if let Ok(output) = Command::new("capinfos").arg("-c").arg("-M").arg(&path.0).output() {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && text.contains("Number of packets:   3"), "{text}");
    }
}
