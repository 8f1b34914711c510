//! Capture files built byte by byte: what the formats allow is read, what they forbid is told with its place.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says so by failing")]

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use capturer::source::file::FileSource;
use capturer::source::{Next, Source, SourceError};
use capturer::{LinkType, Timestamp};
use proptest::prelude::*;

/// A frame as it was read: time in nanoseconds, length on the wire, link type, bytes.
type Read1 = (i64, u32, u16, Vec<u8>);

/// All frames, then how it ended.
fn read(bytes: &[u8]) -> (Vec<Read1>, Result<Option<u64>, SourceError>) {
    match FileSource::from_reader("test", Box::new(io::Cursor::new(bytes.to_vec()))) {
        Ok(mut source) => drain(&mut source),
        Err(error) => (Vec::new(), Err(error)),
    }
}

fn drain(source: &mut FileSource) -> (Vec<Read1>, Result<Option<u64>, SourceError>) {
    let mut frames = Vec::new();
    loop {
        match source.next_frame() {
            Ok(Next::Frame(f)) => {
                assert_eq!(f.number, frames.len() as u64 + 1);
                frames.push((f.at.as_nanos(), f.wire_len, f.link.0, f.bytes.to_vec()));
            }
            Ok(Next::Idle) => {}
            Ok(Next::End) => return (frames, Ok(source.truncated_at())),
            Err(error) => return (frames, Err(error)),
        }
    }
}

fn message(end: Result<Option<u64>, SourceError>) -> String {
    end.unwrap_err().to_string()
}

/// Numbers written in one byte order.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn u16(self, n: u16) -> [u8; 2] {
        if self == Self::Little { n.to_le_bytes() } else { n.to_be_bytes() }
    }

    fn u32(self, n: u32) -> [u8; 4] {
        if self == Self::Little { n.to_le_bytes() } else { n.to_be_bytes() }
    }

    fn u64(self, n: u64) -> [u8; 8] {
        if self == Self::Little { n.to_le_bytes() } else { n.to_be_bytes() }
    }
}

const ORDERS: [Order; 2] = [Order::Little, Order::Big];

/// A pcap header of version 2.`minor`.
fn pcap_header(order: Order, magic: u32, minor: u16, link: u32) -> Vec<u8> {
    let numbers = [0, 0, 65_535, link].map(|n| order.u32(n)).concat();
    [&order.u32(magic)[..], &order.u16(2), &order.u16(minor), &numbers].concat()
}

fn pcap_record(order: Order, numbers: [u32; 4], data: &[u8]) -> Vec<u8> {
    [&numbers.map(|n| order.u32(n)).concat(), data].concat()
}

/// A pcapng block around `body`.
fn block(order: Order, kind: u32, body: &[u8]) -> Vec<u8> {
    let padding = vec![0; body.len().next_multiple_of(4) - body.len()];
    let length = order.u32(12 + (body.len() + padding.len()) as u32);
    [&order.u32(kind)[..], &length, body, &padding, &length].concat()
}

fn section(order: Order) -> Vec<u8> {
    block(
        order,
        0x0a0d_0d0a,
        &[&order.u32(0x1a2b_3c4d)[..], &order.u16(1), &order.u16(0), &[0xff; 8]].concat(),
    )
}

fn interface(order: Order, link: u16, snap_len: u32, options: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut body = [&order.u16(link)[..], &order.u16(0), &order.u32(snap_len)].concat();
    for (code, value) in options {
        body.extend([order.u16(*code), order.u16(value.len() as u16)].concat());
        body.extend(value);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    block(order, 1, &body)
}

fn enhanced(order: Order, interface: u32, units: u64, data: &[u8]) -> Vec<u8> {
    let len = data.len() as u32;
    let numbers = [interface, (units >> 32) as u32, units as u32, len, len].map(|n| order.u32(n)).concat();
    block(order, 6, &[&numbers, data].concat())
}

#[test]
fn pcap_is_read_in_both_orders_and_all_resolutions() {
    for order in ORDERS {
        for (magic, nanos, extra) in [(0xa1b2_c3d4, 7_000, 0), (0xa1b2_3c4d, 7, 0), (0xa1b2_cd34, 7_000, 8)] {
            let record = pcap_record(order, [u32::MAX, 7, 3, 1500], &[&vec![0; extra], &b"abc"[..]].concat());
            let file = [pcap_header(order, magic, 4, 101), record].concat();
            let at = i64::from(u32::MAX) * 1_000_000_000 + nanos;
            let (frames, end) = read(&file);
            assert_eq!(frames, [(at, 1500, LinkType::RAW.0, b"abc".to_vec())], "{order:?} {magic:x}");
            assert_eq!(end.unwrap(), None);
        }
    }
}

#[test]
fn lengths_of_old_pcap_versions_stand_the_other_way_round() {
    for (minor, numbers) in [(2, [0, 0, 9, 3]), (3, [0, 0, 9, 3]), (3, [0, 0, 3, 9]), (4, [0, 0, 3, 9])] {
        let file = [pcap_header(Order::Big, 0xa1b2_c3d4, minor, 1), pcap_record(Order::Big, numbers, b"abc")];
        assert_eq!(read(&file.concat()).0, [(0, 9, 1, b"abc".to_vec())], "2.{minor}");
    }
}

#[test]
fn a_frame_check_length_in_the_link_field_is_ignored() {
    let file =
        [pcap_header(Order::Little, 0xa1b2_c3d4, 4, 0x2400_0001), pcap_record(Order::Little, [0; 4], b"")];
    assert_eq!(read(&file.concat()).0[0].2, 1);
}

#[test]
fn each_section_has_its_own_order_and_interfaces() {
    let mut file = Vec::new();
    for (order, link) in [(Order::Little, 1), (Order::Big, 113)] {
        file.extend(section(order));
        file.extend(interface(order, 101, 0, &[]));
        file.extend(block(order, 0x0bad, b"a custom block"));
        file.extend(interface(order, link, 0, &[]));
        file.extend(enhanced(order, 1, 1 << 33, b"odd"));
    }
    let at = (1 << 33) * 1_000;
    let expected = [1, 113].map(|link| (at, 3, link, b"odd".to_vec()));
    assert_eq!(read(&file).0, expected);
}

#[test]
fn resolution_and_offset_are_the_interfaces_own() {
    for order in ORDERS {
        let offset = (14, order.u64(1_000_u64).to_vec());
        let behind = (14, order.u64((-1_i64).cast_unsigned()).to_vec());
        let mut file = section(order);
        for options in
            [vec![], vec![(9, vec![9]), offset], vec![(2, b"eth0".to_vec()), (9, vec![0x8a])], vec![behind]]
        {
            file.extend(interface(order, 1, 0, &options));
        }
        for (number, units) in [(0, 5), (1, 5), (2, 1536), (3, 0)] {
            file.extend(enhanced(order, number, units, b""));
        }
        let times: Vec<_> = read(&file).0.iter().map(|frame| frame.0).collect();
        assert_eq!(times, [5_000, 1_000_000_000_005, 1_500_000_000, -1_000_000_000], "{order:?}");
    }
}

#[test]
fn simple_packets_are_cut_by_the_snap_length_and_take_the_time_before() {
    let order = Order::Big;
    let simple = block(order, 3, &[&order.u32(60)[..], b"abcd"].concat());
    let file = [section(order), interface(order, 1, 4, &[]), enhanced(order, 0, 42, b"x"), simple].concat();
    assert_eq!(read(&file).0[1], (42_000, 60, 1, b"abcd".to_vec()));
}

#[test]
fn obsolete_packet_blocks_are_read() {
    let order = Order::Little;
    let numbers = [0, 9, 3, 77].map(|n| order.u32(n)).concat();
    let old = block(order, 2, &[&order.u16(1)[..], &order.u16(5), &numbers, b"abc"].concat());
    let file = [section(order), interface(order, 1, 0, &[]), interface(order, 113, 0, &[]), old].concat();
    assert_eq!(read(&file).0, [(9_000, 77, 113, b"abc".to_vec())]);
}

#[test]
fn a_file_without_frames_is_no_error() {
    for file in [pcap_header(Order::Big, 0xa1b2_c3d4, 4, 1), section(Order::Little)] {
        let (frames, end) = read(&file);
        assert!(frames.is_empty() && end.unwrap().is_none());
    }
}

#[test]
fn what_is_no_capture_is_named() {
    for (bytes, found) in [
        (&b""[..], "found an empty file"),
        (b"hello", "found the bytes [68, 65, 6c, 6c]"),
        (b"a", "found the bytes [61]"),
        (b"BZh91AY", "found bzip2 data (unpack it first"),
        (&[0xfd, b'7', b'z', b'X', b'Z', 0], "found xz data (unpack it first"),
    ] {
        let message = message(read(bytes).1);
        assert!(
            message.starts_with("test: at byte 0: expected a pcap or pcapng file header, found "),
            "{message}"
        );
        assert!(message.contains(found), "{message}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = FileSource::open(Path::new("/nowhere/at-all.pcap")).err().unwrap().to_string();
    assert!(error.starts_with("/nowhere/at-all.pcap: No such file"), "{error}");
}

#[test]
fn damage_is_told_with_its_byte_after_the_frames_before_it() {
    let order = Order::Little;
    let good = [pcap_header(order, 0xa1b2_c3d4, 4, 1), pcap_record(order, [1, 0, 3, 3], b"abc")].concat();
    let (frames, end) = read(&[&good[..], &pcap_record(order, [1, 0, u32::MAX, 3], b"abc")].concat());
    assert_eq!(
        (frames.len(), message(end)),
        (1, "test: at byte 51: expected a captured length of at most 262144 bytes, found 4294967295".into())
    );

    let good = [section(order), interface(order, 1, 0, &[]), enhanced(order, 0, 0, b"abcd")].concat();
    let at = good.len();
    for (bad, offset, says) in [
        (enhanced(order, 1, 0, b""), 8, "expected one of the section's 1 interfaces, found interface 1"),
        (block(order, 6, b"short"), 4, "expected a packet block of at least 32 bytes, found 20"),
        ([6, 13].map(|n| order.u32(n)).concat().repeat(9), 4, "a multiple of 4, found 13"),
        (
            [6, 1 << 30].map(|n| order.u32(n)).concat().repeat(9),
            4,
            "expected a block length of 12 to 16777216 bytes",
        ),
        (
            [6, 16, 0, 20].map(|n| order.u32(n)).concat(),
            12,
            "expected the block's length again, 16, found 20",
        ),
        (
            block(order, 0x0a0d_0d0a, &[9; 16]),
            8,
            "expected the byte-order magic 1a2b3c4d, found [09, 09, 09, 09]",
        ),
    ] {
        let (frames, end) = read(&[&good[..], &bad].concat());
        let message = message(end);
        assert_eq!(frames.len(), 1);
        assert!(message.starts_with(&format!("test: at byte {}: ", at + offset)), "{message}");
        assert!(message.contains(says), "{message}");
    }
}

/// Small files of each format, with the offsets at which a record or block begins.
fn samples() -> Vec<(Vec<u8>, Vec<usize>, usize)> {
    let order = Order::Big;
    let mut samples = Vec::new();
    let parts = vec![
        pcap_header(order, 0xa1b2_c3d4, 4, 1),
        pcap_record(order, [1, 2, 3, 3], b"abc"),
        pcap_record(order, [2, 2, 0, 9], b""),
    ];
    samples.push((parts, 1));
    let simple = block(order, 3, &[&order.u32(2)[..], b"ab"].concat());
    let parts =
        vec![section(order), interface(order, 1, 0, &[(9, vec![6])]), enhanced(order, 0, 1, b"abc"), simple];
    samples.push((parts, 1));
    let joined = samples.into_iter().map(|(parts, header)| {
        let starts = parts.iter().scan(0, |at, part| Some(std::mem::replace(at, *at + part.len())));
        (parts.concat(), starts.collect(), header)
    });
    joined.collect()
}

#[test]
fn a_file_cut_anywhere_gives_its_whole_frames_and_says_where() {
    for (file, starts, header) in samples() {
        for length in 0..file.len() {
            let (frames, end) = read(&file[..length]);
            let begun = starts.iter().filter(|start| **start < length).count();
            if length < starts[header] {
                assert!(matches!(end, Err(SourceError::Damaged { .. })), "{length}: {end:?}");
                continue;
            }
            let cut = (!starts.contains(&length)).then(|| starts[begun - 1] as u64);
            assert_eq!(end.unwrap(), cut, "cut at {length}");
            let whole = read(&file).0;
            assert_eq!(frames, whole[..frames.len()]);
        }
    }
}

proptest! {
    #[test]
    fn no_damage_makes_it_panic_or_hang(which in 0..2_usize, at in any::<prop::sample::Index>(), to in any::<[u8; 4]>(), len in 1..5_usize) {
        let (mut file, _, _) = samples().swap_remove(which);
        let at = at.index(file.len());
        for (byte, to) in file[at..].iter_mut().zip(&to[..len]) {
            *byte = *to;
        }
        let (frames, _) = read(&file);
        prop_assert!(frames.len() <= file.len() / 12);
    }

    #[test]
    fn noise_behind_a_header_is_survived(which in 0..2_usize, noise in proptest::collection::vec(any::<u8>(), 0..600)) {
        let (mut file, starts, header) = samples().swap_remove(which);
        file.truncate(starts[header]);
        file.extend(&noise);
        let (frames, _) = read(&file);
        prop_assert!(frames.iter().all(|frame| frame.3.len() <= noise.len()));
    }

    #[test]
    fn pcap_parser_reads_the_same(numbers in proptest::collection::vec((any::<u32>(), 0..1_000_000_u32, any::<u32>(), 0..90_usize), 0..40)) {
        let mut file = pcap_header(Order::Little, 0xa1b2_c3d4, 4, 1);
        for &(seconds, micros, wire, len) in &numbers {
            file.extend(pcap_record(Order::Little, [seconds, micros, len as u32, wire], &vec![7; len]));
        }
        let parsed = pcap_parser::pcap::parse_pcap(&file).unwrap().1;
        let theirs = parsed.blocks.iter().map(|block| {
            let at = Timestamp::from_parts(block.ts_sec.into(), i64::from(block.ts_usec) * 1_000);
            (at.as_nanos(), block.origlen, 1, block.data.to_vec())
        });
        prop_assert_eq!(read(&file).0, theirs.collect::<Vec<_>>());
    }
}

/// Gives a byte at a time, and says "nothing yet" before each.
struct Trickle(io::Cursor<Vec<u8>>, bool);

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 { Err(ErrorKind::WouldBlock.into()) } else { self.0.read(&mut buffer[..1]) }
    }
}

#[test]
fn a_slow_pipe_is_idle_and_loses_nothing() {
    for (file, _, _) in samples() {
        let expected = read(&file).0;
        let reader = Box::new(Trickle(io::Cursor::new(file), false));
        let mut source = FileSource::from_reader("-", reader).unwrap();
        assert_eq!(drain(&mut source).0, expected);
    }
}

/// Set for the half of the next test that reads its standard input.
const READ_STDIN: &str = "WIREGLOBE_TEST_STDIN";

#[test]
fn standard_input_is_idle_until_something_comes() {
    let (file, starts, _) = samples().remove(0);
    if std::env::var(READ_STDIN).is_ok() {
        let mut source = FileSource::open(Path::new("-")).unwrap();
        assert!(matches!(source.next_frame(), Ok(Next::Idle)));
        println!("\nnothing yet");
        let (frames, end) = drain(&mut source);
        assert_eq!((frames, end.unwrap()), (read(&file).0, None));
        return;
    }
    let mut again = Command::new(std::env::current_exe().unwrap());
    again
        .args(["--exact", "standard_input_is_idle_until_something_comes", "--nocapture"])
        .env(READ_STDIN, "1");
    let mut again = again.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut pipe = again.stdin.take().unwrap();
    pipe.write_all(&file[..starts[1] + 5]).unwrap();
    let mut lines = io::BufReader::new(again.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "nothing yet"));
    pipe.write_all(&file[starts[1] + 5..]).unwrap();
    drop(pipe);
    lines.for_each(drop);
    assert!(again.wait().unwrap().success());
}

#[test]
fn frames_larger_than_the_buffer_and_blocks_up_to_the_cap_are_read() {
    let order = Order::Little;
    let largest = vec![5; 262_144];
    let file =
        [section(order), interface(order, 1, 0, &[]), block(order, 0x0bad, &vec![0; 16 * 1024 * 1024 - 12])];
    let (frames, end) = read(&[file.concat(), enhanced(order, 0, 0, &largest)].concat());
    assert_eq!((frames.len(), end.unwrap()), (1, None));
    assert_eq!(frames[0].3, largest);
}
