//! nfcapd files against nfdump, which is asked as an oracle and skipped by name where it is not installed: every record
//! of every file, however its blocks are packed.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test says so by failing")]

mod nfcapd_files;

use std::io::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use capturer::flow::FlowRecord;
use capturer::flow::nfdump::{Layout, Reader, TextReader, is_nfcapd};
use capturer::{Mac, Ports, Protocol, Timestamp, Vlan};
use nfcapd_files::*;

/// What nfdump's CSV calls the fields that are compared.
const FIELDS: [&str; 16] = [
    "sa", "da", "sp", "pr", "ipkt", "ibyt", "opkt", "obyt", "in", "out", "sas", "das", "smk", "nh", "nhb",
    "ra",
];

#[test]
fn every_sample_holds_what_nfdump_prints_of_it() {
    let samples = samples();
    if samples.is_empty() {
        return println!("skipped: no nfcapd samples here");
    }
    for sample in samples {
        assert_same(&sample);
    }
}

#[test]
fn packed_blocks_hold_the_same_records() {
    let Some(sample) = samples().into_iter().max_by_key(|path| std::fs::metadata(path).unwrap().len()) else {
        return println!("skipped: no nfcapd samples here");
    };
    let plain = read(&sample);
    for packing in ["1", "2", "3"] {
        let copy = std::env::temp_dir().join(format!("wireglobe-nfcapd-{}-{packing}", std::process::id()));
        std::fs::write(&copy, std::fs::read(&sample).unwrap()).unwrap();
        let Some(_) = nfdump(&["-J", packing, "-r", copy.to_str().unwrap()]) else { return };
        assert_ne!(std::fs::read(&copy).unwrap()[16], 0, "nfdump did not pack by {packing}");
        assert_eq!(read(&copy), plain, "packed by {packing}");
        std::fs::remove_file(&copy).unwrap();
    }
}

fn flows(file: &[u8]) -> Vec<FlowRecord> {
    let mut reader = Reader::new("made by hand", file).unwrap();
    std::iter::from_fn(|| reader.next_flow().unwrap()).collect()
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn layout_1_tells_all_that_its_maps_list() {
    let file = before(0, |records| records);
    assert_eq!(Reader::new("", &file[..]).unwrap().layout(), Layout::One);
    let found = flows(&file);
    let expected = FlowRecord {
        first: Timestamp::from_parts(1_700_000_000, 250_000_000),
        last: Timestamp::from_parts(1_700_000_007, 750_000_000),
        received: Timestamp::from_parts(1_700_000_010, 500_000_000),
        source: address("198.51.100.1"),
        destination: address("203.0.113.1"),
        ports: Ports { source: 443, destination: 50_000 },
        protocol: Protocol(6),
        tcp_flags: capturer::TcpFlags(0x1b),
        traffic_class: 8,
        packets: 10,
        bytes: 1000,
        reverse_packets: 11,
        reverse_bytes: 1100,
        flows: 2,
        input: 3,
        output: 4,
        source_as: 64_496,
        destination_as: 64_497,
        next_as: 64_498,
        previous_as: 64_499,
        source_mask: 24,
        destination_mask: 25,
        next_hop: address("192.0.2.1"),
        bgp_next_hop: address("192.0.2.2"),
        exporter: capturer::flow::Exporter { address: address("192.0.2.253"), domain: 77 },
        vlan: Vlan::from_tci(5),
        source_mac: Mac([2, 0, 0x5e, 0, 0x53, 1]),
        destination_mac: Mac([2, 0, 0x5e, 0, 0x53, 2]),
        ..FlowRecord::empty()
    };
    assert_eq!(found[0], expected);
    let wide = FlowRecord {
        source: address("2001:db8::1"),
        destination: address("2001:db8::2"),
        protocol: Protocol(17),
        packets: 1 << 33,
        bytes: 1 << 43,
        ..expected
    };
    assert_eq!(found[1..], [wide]);
}

#[test]
fn layout_1_reads_as_nfdump_reads_it() {
    let path = std::env::temp_dir().join(format!("wireglobe-nfcapd-1-{}", std::process::id()));
    std::fs::write(&path, before(0, |records| records)).unwrap();
    assert_same(&path);
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn layout_1_may_be_packed() {
    let plain = flows(&before(0, |records| records));
    assert_eq!(flows(&before(0x10, |records| lz4_flex::block::compress(&records))), plain);
    let bzip2 = |records: Vec<u8>| {
        let mut packer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
        packer.write_all(&records).unwrap();
        packer.finish().unwrap()
    };
    assert_eq!(flows(&before(8, bzip2)), plain);
}

#[test]
fn zstandard_blocks_and_strange_elements_are_read() {
    let records = [element_record(1), element_record(2)].concat();
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    let packed = ruzstd::encoding::compress_to_vec(&records[..], level);
    let found = flows(&after(4, 2, &packed));
    assert_eq!(found.iter().map(|flow| flow.packets).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(found, flows(&after(0, 2, &records)));
    assert_eq!(found[0].destination, address("192.0.2.2"));
    assert_eq!(found[0].last, Timestamp::from_parts(2, 0));
}

#[test]
fn a_cut_file_is_read_to_the_cut() {
    let records = [element_record(1), element_record(2), element_record(3)].concat();
    let whole = after(0, 3, &records);
    let length = element_record(1).len();
    for cut in 0..=2 * length {
        let file = &whole[..whole.len() - cut];
        let mut reader = Reader::new("cut", file).unwrap();
        let count = std::iter::from_fn(|| reader.next_flow().unwrap()).count();
        assert_eq!(count, 3 - cut.div_ceil(length), "{cut} bytes less");
        assert_eq!(reader.is_cut(), cut > 0);
    }
}

#[test]
fn errors_name_file_byte_and_what_was_expected() {
    let record = element_record(1);
    let mut short = record.clone();
    short[2] = 3;
    let mut element = record.clone();
    element[14] = 200;
    let mut large = after(0, 0, &[]);
    large[44..48].copy_from_slice(&[0xff; 4]);
    for (file, message) in [
        (
            b"#!/bin/sh".to_vec(),
            "FILE: at byte 0: expected an nfcapd file, which begins with 0c a5, found [23, 21",
        ),
        (vec![0x0c, 0xa5, 9, 0], "FILE: at byte 2: expected layout 1 or 2, found layout 9"),
        (vec![0x0c, 0xa5, 2, 0], "FILE: at byte 0: expected a header of 40 bytes, found 4 bytes"),
        (after(9, 0, &[]), "FILE: at byte 16: expected blocks as they are or packed by LZO"),
        (
            after(0, 1, &short),
            "FILE: at byte 52: expected a record of 4 bytes or more within its block, found one of 3",
        ),
        (after(0, 1, &element), "FILE: at byte 64: expected elements of 4 bytes or more within their record"),
        (after(3, 1, &record), "FILE: at byte 40: expected a block of whole LZ4 data"),
        (large, "FILE: at byte 44: expected a block of at most 5 242 880 bytes, found 4294967295"),
    ] {
        let read = || {
            let mut reader = Reader::new("FILE", &file[..])?;
            while reader.next_flow()?.is_some() {}
            Ok::<_, capturer::source::SourceError>(())
        };
        let error = read().unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
    assert!(is_nfcapd(&[0xa5, 0x0c]) && !is_nfcapd(&[0xa5]));
}

fn assert_same(path: &Path) {
    let Some(text) = nfdump(&["-o", "csv", "-q", "-N", "-r", path.to_str().unwrap()]) else { return };
    let header = nfdump(&["-o", "csv", "-N", "-r", path.to_str().unwrap()]).unwrap();
    let names: Vec<&str> =
        header.lines().find(|line| line.starts_with("ts,")).unwrap_or("").split(',').collect();
    let rows: Vec<Vec<&str>> =
        text.lines().map(|line| line.split(',').collect()).filter(|row: &Vec<_>| row.len() > 40).collect();
    let records = read(path);
    assert_eq!(records.len(), rows.len(), "{}", path.display());
    for (record, row) in records.iter().zip(rows) {
        for name in FIELDS {
            let at = names.iter().position(|found| *found == name).unwrap();
            let expected = row[at].trim();
            assert!(is_same(name, &told(record, name), expected), "{name} of {record:?}: {expected}");
        }
    }
}

/// An IPv4 address beside an empty element of IPv6 is printed as `::192.0.2.1`, names of protocols are nfdump's own, what
/// is empty is so in either family, and a BGP next hop of IPv6 (which `-o raw` has) is missing in its CSV.
fn is_same(name: &str, ours: &str, theirs: &str) -> bool {
    let is_none = |text: &str| matches!(text, "0.0.0.0" | "::");
    let is_address = || theirs.strip_prefix("::") == Some(ours) || is_none(ours) && is_none(theirs);
    ours == theirs || is_address() || name == "pr" || name == "nhb" && is_none(theirs)
}

fn told(record: &FlowRecord, name: &str) -> String {
    match name {
        "sa" => record.source.to_string(),
        "da" => record.destination.to_string(),
        "sp" => record.ports.source.to_string(),
        "pr" => record.protocol.0.to_string(),
        "ipkt" => record.packets.to_string(),
        "ibyt" => record.bytes.to_string(),
        "opkt" => record.reverse_packets.to_string(),
        "obyt" => record.reverse_bytes.to_string(),
        "in" => record.input.to_string(),
        "out" => record.output.to_string(),
        "sas" => record.source_as.to_string(),
        "das" => record.destination_as.to_string(),
        "smk" => record.source_mask.to_string(),
        "nh" => record.next_hop.to_string(),
        "nhb" => record.bgp_next_hop.to_string(),
        _ => record.exporter.address.to_string(),
    }
}

fn read(path: &Path) -> Vec<FlowRecord> {
    let mut reader = Reader::open(path).unwrap();
    let mut records = Vec::new();
    while let Some(record) = reader.next_flow().unwrap() {
        records.push(record);
    }
    assert!(!reader.is_cut());
    records
}

fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/captures/flows/nfcapd");
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// What nfdump prints; none, said once, where it is not installed.
fn nfdump(arguments: &[&str]) -> Option<String> {
    let Ok(output) = Command::new("nfdump").args(arguments).env("TZ", "UTC").output() else {
        println!("skipped: nfdump is not installed");
        return None;
    };
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn text_of_nfdump_tells_what_the_file_holds() {
    for sample in samples() {
        let path = sample.to_str().unwrap();
        let records = read(&sample);
        for form in ["csv", "json"] {
            let Some(text) = nfdump(&["-o", form, "-N", "-r", path]) else { return };
            let found = from_text(&text);
            assert_eq!(found.len(), records.len(), "{path} {form}");
            for (found, record) in found.iter().zip(&records) {
                for name in
                    ["sa", "da", "sp", "ipkt", "ibyt", "opkt", "obyt", "in", "out", "sas", "das", "nh", "ra"]
                {
                    // Of ICMP, JSON tells type and code alone.
                    let is_told = name != "sp" || form == "csv" || !matches!(record.protocol.0, 1 | 58);
                    assert!(!is_told || told(found, name) == told(record, name), "{name} of {path} {form}");
                }
                assert_eq!(found.ports.destination, record.ports.destination, "{path} {form}");
                // A protocol whose name nobody knows.
                assert!(
                    found.protocol == record.protocol || found.protocol == Protocol(255),
                    "{path} {form}"
                );
                assert_eq!(found.tcp_flags, record.tcp_flags, "{path} {form}");
                assert_eq!(found.last.as_seconds(), record.last.as_seconds(), "{path} {form}");
                assert_eq!((found.vlan, found.source_mac), (record.vlan, record.source_mac), "{path} {form}");
            }
        }
    }
}

fn from_text(text: &str) -> Vec<FlowRecord> {
    let mut reader = TextReader::new("text", text.as_bytes());
    std::iter::from_fn(|| reader.next_flow().unwrap()).collect()
}

#[test]
fn every_spelling_of_columns_is_read() {
    let long = "ts,te,td,sa,da,sp,dp,pr,ipkt,ibyt\n2026-11-20 17:46:49,2026-11-20 17:47:48,59.0,192.0.2.1,192.0.2.2,1,2,TCP,10,1000\nSummary\nflows,bytes\n1,2\n";
    let newer = "No matching flows\nts,te,td,sa,da,sp,dp,pr,pkt,byt\n2026-11-20 17:46:49,2026-11-20 17:47:48,59.0,192.0.2.1,192.0.2.2,1,2,6,10,1000\n";
    let short = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,bps,bpp,flows\n2026-11-20 17:46:49.000,59.000,TCP,192.0.2.1,1,192.0.2.2,2,10,1000,0,0,1\n";
    let lines = "{\"first\":\"2026-11-20T17:46:49.000\",\"last\":\"2026-11-20T17:47:48.000\",\"in_packets\":10,\"in_bytes\":1000,\"proto\":6,\"src_port\":1,\"dst_port\":2,\"src4_addr\":\"192.0.2.1\",\"dst4_addr\":\"192.0.2.2\",\"label\":\"}{\\\"\"}\n";
    let first = from_text(long);
    assert_eq!(first.len(), 1);
    assert_eq!((first[0].packets, first[0].bytes, first[0].protocol), (10, 1000, Protocol(6)));
    assert_eq!(first[0].last.since(first[0].first).as_secs(), 59);
    for text in [newer, short, lines] {
        assert_eq!(from_text(text), first, "{text}");
    }
    assert!(
        from_text("No matching flows\n").is_empty()
            && from_text("").is_empty()
            && from_text("[\n]\n").is_empty()
    );
}

#[test]
fn text_that_is_no_record_is_named_by_its_place() {
    for (text, message) in [
        (
            "hello\n",
            "text: at byte 0: expected nfdump's CSV of records (ts,te,td,sa,…) or its JSON, found `hello`",
        ),
        (
            "ts,te,td,pr,val,fl\n",
            "text: at byte 0: expected nfdump's CSV of records (ts,te,td,sa,…) or its JSON, found a table of -s",
        ),
        ("sa,da,pkt\n192.0.2.1,192.0.2.2\n", "text: at byte 10: expected 3 fields, found 2"),
        ("sa,da,pkt\n192.0.2.1,192.0.2.2,many\n", "text: at byte 10: expected a pkt, found `many`"),
        ("[\n{\n\"in_packets\": 5\n", "text: at byte 2: expected a whole object"),
        ("{\"in_packets\": 5}\n", "text: at byte 0: expected src4_addr or src6_addr, found neither"),
    ] {
        let mut reader = TextReader::new("text", text.as_bytes());
        let error = reader.next_flow().unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}
