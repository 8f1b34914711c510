//! Captures of every link type, of our own making, changed at random some thousand times: each is read to an end, and
//! every frame on the way is counted once. The changes are the same each time; `docs/FUZZING.md` tells of longer searches.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says so by failing")]

mod samples;

use std::collections::HashMap;
use std::io::Cursor;
use std::time::Duration;

use capturer::decode::link::LINKS;
use capturer::decode::{Counted, DecodeSettings, Decoder};
use capturer::filter::{Filter, FrameFilter};
use capturer::source::file::FileSource;
use capturer::source::{Next, Source, SourceError};
use capturer::stream::{self, Batch, Capacity, PacketStream, ReadBuffer, Writer};
use capturer::write::{PcapNgWriter, PcapWriter};
use capturer::{Frame, Ledger, LinkType, Timestamp};

/// Changed files of each capture; there are two captures of each link type.
const MUTANTS: usize = 40;

/// Frames in a capture.
const FRAMES: usize = 4;

/// Marsaglia's xorshift64: the same numbers each time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

/// A capture of each link type in either format; together they have each tunnel.
fn captures() -> Vec<(String, Vec<u8>)> {
    let mut captures = Vec::new();
    let headers = samples::headers().into_iter().chain([(LinkType::IPV6, Vec::new())]);
    for (turn, (link, header)) in headers.enumerate() {
        let version = if link == LinkType::IPV6 { 6 } else { 4 };
        let packets = samples::samples().into_iter().map(|frame| frame[14..].to_vec());
        let packets: Vec<Vec<u8>> = packets.filter(|packet| packet[0] >> 4 == version).collect();
        let packets = packets.iter().cycle().skip(turn * FRAMES).take(FRAMES);
        let frames: Vec<Vec<u8>> = packets.map(|packet| [&header, &packet[..]].concat()).collect();
        captures.push((format!("pcap of link type {}", link.0), pcap(link, &frames)));
        captures.push((format!("pcapng of link type {}", link.0), pcapng(link, &frames)));
    }
    captures
}

fn frame(link: LinkType, number: usize, bytes: &[u8]) -> Frame<'_> {
    let at = Timestamp::from_nanos(1_700_000_000_000_000_001 + number as i64);
    Frame { number: number as u64, at, wire_len: bytes.len() as u32 + 9, link, bytes }
}

fn pcap(link: LinkType, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut writer = PcapWriter::new(Vec::new());
    frames.iter().enumerate().for_each(|(n, bytes)| writer.write(&frame(link, n, bytes)).unwrap());
    writer.finish().unwrap()
}

fn pcapng(link: LinkType, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut writer = PcapNgWriter::new(Vec::new(), "eth0");
    frames.iter().enumerate().for_each(|(n, bytes)| writer.write(&frame(link, n, bytes), "why").unwrap());
    writer.finish().unwrap()
}

/// One to four changes: bits and bytes, numbers at the edges, a piece lost, doubled or in another place, an early end.
fn changed(file: &[u8], random: &mut Random) -> Vec<u8> {
    const EDGES: [u32; 8] = [0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, u32::MAX];
    let mut file = file.to_vec();
    for _ in 0..=random.below(4) {
        let (at, length) = (random.below(file.len()), random.below(40));
        let end = (at + length).min(file.len());
        match random.below(8) {
            0 | 1 => file[at] ^= 1 << random.below(8),
            2 | 3 => file[at] = random.below(256) as u8,
            4 => {
                let edge = EDGES[random.below(EDGES.len())].to_le_bytes();
                file.iter_mut().skip(at & !3).zip(edge).for_each(|(byte, new)| *byte = new);
            }
            5 => drop(file.drain(at..end)),
            6 => {
                let (piece, to) = (file[at..end].to_vec(), random.below(file.len()));
                file.splice(to..to, piece);
            }
            _ => file.truncate(at.max(1)),
        }
        if file.is_empty() {
            break;
        }
    }
    file
}

/// What reads a capture as the program does: a source, a filter, a decoder, the ring and one who reads it.
struct Reader {
    question: Filter,
    /// What the filter is for each link type; nothing where it cannot be asked.
    compiled: HashMap<LinkType, Option<FrameFilter>>,
    writer: Writer,
    stream: PacketStream,
}

impl Reader {
    fn new(question: &str) -> Self {
        let (writer, stream) = stream::new(Capacity { packets: 512, kept_bytes: 64, ..Capacity::default() });
        Self { question: Filter::parse(question).unwrap(), compiled: HashMap::new(), writer, stream }
    }

    /// Reads to the end, and says what became of the frames and how it ended.
    fn read(&mut self, file: &[u8], count: Counted) -> (Ledger, Option<SourceError>) {
        let mut ledger = Ledger::default();
        let mut source = match FileSource::from_reader("capture", Box::new(Cursor::new(file.to_vec()))) {
            Ok(source) => source,
            Err(error) => return (ledger, Some(error)),
        };
        let mut decoder = Decoder::new(DecodeSettings { count, checksums: true });
        let mut batch = Batch::new(64);
        loop {
            match source.next_frame() {
                Ok(Next::Frame(frame)) => {
                    ledger.frames = frame.number;
                    self.take(&frame, &mut decoder, &mut ledger, &mut batch);
                }
                Ok(Next::Idle) => panic!("a file in memory is there"),
                Ok(Next::End) => return (ledger, None),
                Err(error) => return (ledger, Some(error)),
            }
        }
    }

    fn take(&mut self, frame: &Frame<'_>, decoder: &mut Decoder, ledger: &mut Ledger, batch: &mut Batch) {
        let question = &self.question;
        let compiled = self.compiled.entry(frame.link).or_insert_with(|| question.frame(frame.link).ok());
        if compiled.as_ref().is_some_and(|filter| !filter.matches(frame.bytes, frame.wire_len)) {
            ledger.filtered += 1;
            return;
        }
        match decoder.decode(frame) {
            Ok(packet) => {
                question.matches(&packet, frame.bytes);
                ledger.packets += 1;
                ledger.bytes += u64::from(packet.wire_len);
                assert!(batch.push(packet, frame));
                self.writer.append(batch);
            }
            Err(skip) => ledger.skipped.add(skip.reason),
        }
    }
}

#[test]
fn captures_of_every_link_type_give_all_their_packets() {
    let mut reader = Reader::new("ip or ip6 or not ip");
    for link in LINKS {
        assert!(captures().iter().any(|(name, _)| name.ends_with(&format!(" {}", link.kind.0))), "{link:?}");
    }
    for (name, file) in captures() {
        let (ledger, error) = reader.read(&file, Counted::Outermost);
        assert!(error.is_none() && ledger.packets == FRAMES as u64, "{name}: {ledger:?} {error:?}");
    }
}

#[test]
fn changed_captures_are_read_to_an_end_and_every_frame_is_counted_once() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut readers =
        ["tcp or udp", "not ip6 and len > 90", "ip[6:2] & 0x1fff = 0", "inner udp", "vlan or host 10.0.0.1"]
            .map(Reader::new);
    let (mut files, mut whole, mut frames, mut skipped) = (0, 0, 0, 0);
    for (name, capture) in captures() {
        for _ in 0..MUTANTS {
            let file = changed(&capture, &mut random);
            let reader = &mut readers[random.below(5)];
            let count = [Counted::Outermost, Counted::Innermost][random.below(2)];
            let mut cursor = reader.stream.cursor();
            let (ledger, error) = reader.read(&file, count);
            assert!(ledger.balances(), "{name}: {ledger:?} of {file:?}");
            check_end(error.as_ref(), &file);
            let mut buffer = ReadBuffer::new(&reader.stream);
            let read = cursor.read(&mut buffer, Duration::ZERO);
            assert_eq!((read.taken as u64, read.lost), (ledger.packets, 0), "{name}");
            let bytes: u64 = buffer.iter().map(|seen| u64::from(seen.packet.wire_len)).sum();
            assert_eq!(bytes, ledger.bytes, "{name}");
            (files, whole) = (files + 1, whole + u64::from(error.is_none()));
            (frames, skipped) = (frames + ledger.frames, skipped + ledger.skipped.total());
        }
    }
    println!("{files} files, {whole} of them without damage; {frames} frames, {skipped} of them skipped");
    assert!(files > 3000 && whole > files / 4 && frames > files && skipped > files / 20);
}

/// A file in memory ends, or is damaged at a place in it.
fn check_end(error: Option<&SourceError>, file: &[u8]) {
    match error {
        None => {}
        Some(SourceError::Damaged { offset, .. }) => assert!(*offset <= file.len() as u64),
        Some(other) => panic!("{other}"),
    }
}
