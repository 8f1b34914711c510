//! What reading a capture and passing packets through the ring cost: nanoseconds a packet are the reciprocal of the
//! printed rate. Traffic is simple IMIX: 7 frames of 64 bytes, 4 of 590, 1 of 1514. `pcap_parser` reads the same bytes
//! for comparison.

#![allow(clippy::unwrap_used, reason = "a bench says so by failing")]

use std::hint::black_box;
use std::time::Duration;

use capturer::source::file::FileSource;
use capturer::source::{Next, Source};
use capturer::stream::{self, BATCH, Batch, Capacity, Cursor, ReadBuffer, Writer};
use capturer::{Frame, LinkType, Packet, Timestamp};
use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher};
use pcap_parser::traits::PcapReaderIterator;
use pcap_parser::{Block, LegacyPcapReader, PcapBlockOwned, PcapError, PcapNGReader};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

const FRAMES: usize = 100_000;

fn main() {
    divan::main();
}

/// The lengths of the frames.
fn imix() -> impl Iterator<Item = usize> {
    let lengths = [64, 590, 64, 64, 590, 64, 1514, 64, 590, 64, 590, 64];
    lengths.into_iter().cycle().take(FRAMES)
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

/// The traffic as a pcap file, kept for the rest of the run.
fn pcap() -> &'static [u8] {
    let mut file = numbers(&[0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, 1]);
    for (i, length) in imix().enumerate() {
        file.extend(numbers(&[1_700_000_000, i as u32, length as u32, length as u32]));
        file.resize(file.len() + length, i as u8);
    }
    file.leak()
}

/// The same as pcapng, each packet with a flags option as some writers add it.
fn pcapng() -> &'static [u8] {
    let mut file = numbers(&[0x0a0d_0d0a, 28, 0x1a2b_3c4d, 1, u32::MAX, u32::MAX, 28, 1, 20, 1, 0, 20]);
    for (i, length) in imix().enumerate() {
        let padded = length.next_multiple_of(4);
        let block = 32 + padded as u32 + 12;
        file.extend(numbers(&[6, block, 0, 0, i as u32, length as u32, length as u32]));
        file.resize(file.len() + padded, i as u8);
        file.extend(numbers(&[0x0004_0002, 1, 0, block]));
    }
    file.leak()
}

/// Frames in a file, each looked at.
fn read(bytes: &'static [u8]) -> usize {
    let mut source = FileSource::from_bytes("imix", bytes).unwrap();
    let mut frames = 0;
    while let Next::Frame(frame) = source.next_frame().unwrap() {
        black_box(frame);
        frames += 1;
    }
    frames
}

/// The same by pcap-parser, as its documentation does it.
fn read_by_pcap_parser(reader: &mut dyn PcapReaderIterator) -> usize {
    let mut frames = 0;
    loop {
        match reader.next() {
            Ok((length, block)) => {
                frames += usize::from(matches!(
                    black_box(block),
                    PcapBlockOwned::Legacy(_) | PcapBlockOwned::NG(Block::EnhancedPacket(_))
                ));
                reader.consume(length);
            }
            Err(PcapError::Incomplete(_)) => reader.refill().unwrap(),
            Err(_) => return frames,
        }
    }
}

#[divan::bench]
fn file_pcap(bencher: Bencher<'_, '_>) {
    let bytes = pcap();
    bencher.counter(ItemsCount::new(FRAMES)).bench_local(|| assert_eq!(read(bytes), FRAMES));
}

#[divan::bench]
fn file_pcap_by_pcap_parser(bencher: Bencher<'_, '_>) {
    let bytes = pcap();
    bencher.counter(ItemsCount::new(FRAMES)).bench_local(|| {
        let mut reader = LegacyPcapReader::new(1 << 20, bytes).unwrap();
        assert_eq!(read_by_pcap_parser(&mut reader), FRAMES);
    });
}

#[divan::bench]
fn file_pcapng(bencher: Bencher<'_, '_>) {
    let bytes = pcapng();
    bencher.counter(ItemsCount::new(FRAMES)).bench_local(|| assert_eq!(read(bytes), FRAMES));
}

#[divan::bench]
fn file_pcapng_by_pcap_parser(bencher: Bencher<'_, '_>) {
    let bytes = pcapng();
    bencher.counter(ItemsCount::new(FRAMES)).bench_local(|| {
        let mut reader = PcapNGReader::new(1 << 20, bytes).unwrap();
        assert_eq!(read_by_pcap_parser(&mut reader), FRAMES);
    });
}

/// Collects a batch and appends it.
fn write_batch(writer: &mut Writer, batch: &mut Batch, bytes: &[u8; 1514], packet: Packet) {
    let frame = Frame { number: 1, at: packet.at, wire_len: 1514, link: LinkType::ETHERNET, bytes };
    for length in imix().take(BATCH) {
        batch.push(packet, &Frame { bytes: &bytes[..length], ..frame });
    }
    writer.append(batch);
}

/// Goes round slots and arena once, so that their memory is there: no frame keeps less than 64 bytes.
fn warm(writer: &mut Writer, batch: &mut Batch) {
    for _ in 0..=Capacity::default().arena / 64 / BATCH {
        write_batch(writer, batch, &[7; 1514], Packet::empty());
    }
}

/// Packets read, each looked at.
fn read_batch(cursor: &mut Cursor, buffer: &mut ReadBuffer) -> usize {
    let read = cursor.read(buffer, Duration::ZERO);
    for seen in buffer.iter() {
        black_box(seen);
    }
    read.taken
}

/// From a packet in hand to a packet in the reader's hand, by the bytes kept of each frame.
#[divan::bench(args = [0, 64, 256, 1514])]
fn ring_append_and_read(bencher: Bencher<'_, '_>, kept_bytes: usize) {
    let (mut writer, stream) = stream::new(Capacity { kept_bytes, ..Capacity::default() });
    let mut batch = Batch::new(kept_bytes);
    warm(&mut writer, &mut batch);
    let (mut cursor, mut buffer) = (stream.cursor(), ReadBuffer::new(&stream));
    let packet = Packet { at: Timestamp::from_nanos(1), ..Packet::empty() };
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        write_batch(&mut writer, &mut batch, &[7; 1514], black_box(packet));
        assert_eq!(read_batch(&mut cursor, &mut buffer), BATCH);
    });
}

/// The same with the reader in a thread of its own; counts what is written.
#[divan::bench(args = [0, 256])]
fn ring_two_threads(bencher: Bencher<'_, '_>, kept_bytes: usize) {
    let (mut writer, stream) = stream::new(Capacity { kept_bytes, ..Capacity::default() });
    let mut batch = Batch::new(kept_bytes);
    warm(&mut writer, &mut batch);
    let mut cursor = stream.cursor();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut buffer = ReadBuffer::new(&stream);
            while !cursor.read(&mut buffer, Duration::from_secs(1)).ended {
                for seen in buffer.iter() {
                    black_box(seen);
                }
            }
        });
        bencher.counter(ItemsCount::new(FRAMES / BATCH * BATCH)).bench_local(|| {
            for _ in 0..FRAMES / BATCH {
                write_batch(&mut writer, &mut batch, &[7; 1514], Packet::empty());
            }
        });
        drop(writer);
    });
}
