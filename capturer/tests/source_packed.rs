//! Compressed captures: read as if they were plain, whole or cut, and never more of them than their size warrants.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says so by failing")]

use std::io::{self, Cursor, ErrorKind, Read, Write};
use std::process::{Command, Stdio};

use capturer::source::file::FileSource;
use capturer::source::{Next, Source, SourceError};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

/// Captured length and first byte of each frame (0 of one without bytes, which damage can make), then how it ended.
type Reading = (Vec<(usize, u8)>, Result<Option<u64>, SourceError>);

fn read(bytes: impl Read + Send + 'static) -> Reading {
    let mut frames = Vec::new();
    let mut source = match FileSource::from_reader("test", Box::new(bytes)) {
        Ok(source) => source,
        Err(error) => return (frames, Err(error)),
    };
    loop {
        match source.next_frame() {
            Ok(Next::Frame(frame)) => {
                frames.push((frame.bytes.len(), frame.bytes.first().copied().unwrap_or(0)));
            }
            Ok(Next::Idle) => {}
            Ok(Next::End) => return (frames, Ok(source.truncated_at())),
            Err(error) => return (frames, Err(error)),
        }
    }
}

fn read_bytes(bytes: &[u8]) -> Reading {
    read(Cursor::new(bytes.to_vec()))
}

/// A pcap of frames that compress a little: frame `n` is `10 + n % 90` bytes.
fn pcap(frames: u32) -> Vec<u8> {
    let mut file = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1].map(u32::to_le_bytes).concat();
    for n in 0..frames {
        let len = 10 + n % 90;
        file.extend([n, 0, len, len].map(u32::to_le_bytes).concat());
        file.extend((0..len).map(|i| (n.wrapping_mul(2_654_435_761).rotate_left(i) + i) as u8 & 0x3f));
    }
    file
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A Zstandard frame by our own compressor, with a checksum.
fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// A skippable frame, RFC 8878 section 3.1.2.
fn skippable(bytes: &[u8]) -> Vec<u8> {
    [&0x184d_2a57_u32.to_le_bytes()[..], &(bytes.len() as u32).to_le_bytes(), bytes].concat()
}

/// Something packed by a program, if it is installed.
fn packed_by(program: &str, arguments: &[&str], bytes: &[u8]) -> Option<Vec<u8>> {
    let mut command = Command::new(program);
    let mut child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    let mut stdin = child.stdin.take()?;
    let bytes = bytes.to_vec();
    let feeder = std::thread::spawn(move || drop(stdin.write_all(&bytes)));
    let output = child.wait_with_output().ok()?;
    feeder.join().ok()?;
    output.status.success().then_some(output.stdout)
}

#[test]
fn a_packed_capture_is_read_like_a_plain_one() {
    let file = pcap(3_000);
    let plain = read_bytes(&file).0;
    let (first, second) = file.split_at(50_001);
    for (name, packed) in [
        ("gzip", gzip(&file)),
        ("gzip members", [gzip(first), gzip(b""), gzip(second)].concat()),
        ("zstd", zstd(&file)),
        ("zstd frames", [skippable(b"index"), zstd(first), skippable(b""), zstd(second)].concat()),
    ] {
        let (frames, end) = read_bytes(&packed);
        assert_eq!((end.unwrap(), frames == plain), (None, true), "{name}");
    }
}

#[test]
fn what_gzip_and_zstd_pack_at_any_level_is_read() {
    let file = pcap(20_000);
    let plain = read_bytes(&file).0;
    for (program, arguments) in [
        ("gzip", &["-1"][..]),
        ("gzip", &["-9"]),
        ("zstd", &["-1"]),
        ("zstd", &["-19"]),
        ("zstd", &["--ultra", "-22"]),
        ("zstd", &["--long=27"]),
        ("zstd", &["--no-check", "-3"]),
    ] {
        let Some(packed) = packed_by(program, arguments, &file) else {
            println!("skipped: no {program}");
            continue;
        };
        let (frames, end) = read_bytes(&packed);
        assert_eq!((end.unwrap(), frames == plain), (None, true), "{program} {arguments:?}");
    }
}

#[test]
fn a_window_larger_than_is_accepted_is_refused_before_memory_is_taken() {
    // Frame header with a window of 3.75 GiB, then an empty last block.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0, 0xaf, 1, 0, 0];
    let message = read_bytes(&frame).1.unwrap_err().to_string();
    assert!(message.starts_with("test: at byte 0 of the unpacked Zstandard data: "), "{message}");
}

#[test]
fn a_packed_file_cut_anywhere_gives_what_it_holds_and_says_where() {
    let file = pcap(40);
    let plain = read_bytes(&file).0;
    for (name, packed) in [
        ("gzip", gzip(&file)),
        ("gzip members", [gzip(&file[..700]), gzip(&file[700..])].concat()),
        ("zstd", zstd(&file)),
        ("zstd frames", [zstd(&file[..700]), zstd(&file[700..])].concat()),
    ] {
        let mut most = 0;
        for length in 1..packed.len() {
            let (frames, end) = read_bytes(&packed[..length]);
            assert_eq!(frames, plain[..frames.len()], "{name} cut at {length}");
            assert!(frames.len() >= most, "{name} cut at {length}: fewer frames than with less");
            most = frames.len();
            match end {
                // Cut within a record, or right behind one or between members with more to come.
                Ok(offset) => assert!(offset.is_some() || !frames.is_empty(), "{name} {length}"),
                Err(SourceError::Damaged { .. }) => assert!(frames.is_empty(), "{name} {length}"),
                Err(error) => panic!("{name} {length}: {error}"),
            }
        }
        assert_eq!(most, plain.len(), "{name} without its last byte");
    }
}

#[test]
fn damage_names_the_byte_of_the_unpacked_data() {
    let file = pcap(3_000);
    for (name, mut packed) in [("gzip", gzip(&file)), ("Zstandard", zstd(&file))] {
        let checksum = packed.len() - if name == "gzip" { 6 } else { 2 };
        packed[checksum] ^= 0xff;
        let (frames, end) = read_bytes(&packed);
        let message = end.unwrap_err().to_string();
        let place = format!("test: at byte {} of the unpacked {name} data: expected ", file.len());
        assert_eq!((frames.len(), message.starts_with(&place)), (3_000, true), "{message}");
    }
    let mut bad = pcap(1);
    bad.extend([1, 0, u32::MAX, 1].map(u32::to_le_bytes).concat());
    let message = read_bytes(&gzip(&bad)).1.unwrap_err().to_string();
    assert!(
        message.contains("at byte 58 of the unpacked gzip data: expected a captured length"),
        "{message}"
    );
}

#[test]
fn what_is_packed_and_no_capture_is_named() {
    for (bytes, found) in [
        (gzip(b"some words in a text file"), "found text ("),
        (gzip(&gzip(&pcap(1))), "found gzip data (unpack it first"),
        (zstd(b"abc"), "found the bytes [61, 62, 63]"),
        (gzip(b""), "found an empty file"),
    ] {
        let message = read_bytes(&bytes).1.unwrap_err().to_string();
        assert!(message.contains(found) && message.contains("of the unpacked "), "{message}");
    }
}

/// A capture header and then as many zero bytes as are asked for: records without bytes of 1970.
fn bomb(zeros: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&pcap(0)).unwrap();
    io::copy(&mut io::repeat(0).take(zeros as u64), &mut encoder).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_bomb_ends_with_a_clear_error() {
    let mut source = FileSource::from_reader("test", Box::new(Cursor::new(bomb(100 << 20)))).unwrap();
    let (mut frames, error) = (
        0_u64,
        loop {
            match source.next_frame() {
                Ok(Next::Frame(_)) => {}
                Ok(other) => panic!("{other:?}"),
                Err(error) => break error.to_string(),
            }
        },
    );
    frames += u64::from(matches!(source.next_frame(), Ok(Next::End)));
    assert_eq!(frames, 1, "it ends after the error");
    assert!(error.contains("expected at most 500 bytes from each byte of gzip data after"), "{error}");
}

/// Gives `step` bytes at a time, and says "nothing yet" before each.
struct Trickle(Cursor<Vec<u8>>, usize, bool);

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.2 = !self.2;
        let count = buffer.len().min(self.1);
        if self.2 { Err(ErrorKind::WouldBlock.into()) } else { self.0.read(&mut buffer[..count]) }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_slow_pipe_loses_nothing(is_gzip: bool, step in 1..50_usize, members in 1..4_usize) {
        let file = pcap(60);
        let pack = if is_gzip { gzip } else { zstd };
        let packed = file.chunks(file.len().div_ceil(members)).map(pack).collect::<Vec<_>>().concat();
        let (frames, end) = read(Trickle(Cursor::new(packed), step, false));
        prop_assert_eq!((frames, end.unwrap()), (read_bytes(&file).0, None));
    }

    #[test]
    fn no_damage_makes_it_panic_or_hang(is_gzip: bool, at: prop::sample::Index, to: [u8; 3]) {
        let file = pcap(60);
        let mut packed = if is_gzip { gzip(&file) } else { zstd(&file) };
        let at = at.index(packed.len() - 2);
        packed[at..at + 3].copy_from_slice(&to);
        let (frames, _) = read_bytes(&packed);
        prop_assert!(frames.len() <= file.len());
    }
}
