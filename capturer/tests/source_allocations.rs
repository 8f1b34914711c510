//! In the steady state neither reading files nor the ring allocates: a counting allocator says so.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says so by failing")]
#![expect(unsafe_code, reason = "an allocator cannot be written otherwise")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::LazyLock;
use std::time::Duration;

use capturer::source::file::FileSource;
use capturer::source::merged::Merged;
use capturer::source::{Next, Source};
use capturer::stream::{self, Batch, Capacity, ReadBuffer};
use capturer::{Frame, LinkType, Packet, Timestamp};

/// The system's allocator, counting what this thread asks of it.
struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is passed on as it came; the counter neither allocates nor panics.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often `work` allocates.
fn allocations(work: impl FnOnce()) -> usize {
    let before = COUNT.get();
    work();
    COUNT.get() - before
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

fn pcap(frames: u32) -> Vec<u8> {
    let records = (0..frames).map(|n| [numbers(&[n, 0, 600, 600]), vec![1; 600]].concat());
    [numbers(&[0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, 1]), records.collect::<Vec<_>>().concat()].concat()
}

/// Each packet with an option.
fn pcapng(frames: u32) -> Vec<u8> {
    let header = numbers(&[0x0a0d_0d0a, 28, 0x1a2b_3c4d, 1, u32::MAX, u32::MAX, 28, 1, 20, 1, 0, 20]);
    let record = |n| {
        [numbers(&[6, 644, 0, 0, n, 600, 600]), vec![1; 600], numbers(&[0x0004_0002, 1, 0, 644])].concat()
    };
    [header, (0..frames).map(record).collect::<Vec<_>>().concat()].concat()
}

/// Takes one frame, then counts the allocations of taking all others.
fn while_reading(mut source: impl Source, frames: usize) -> usize {
    assert!(matches!(source.next_frame().unwrap(), Next::Frame(_)));
    allocations(|| {
        for _ in 1..frames {
            assert!(matches!(source.next_frame().unwrap(), Next::Frame(_)));
        }
    })
}

#[test]
fn reading_files_allocates_nothing_per_frame() {
    static FILES: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| [pcap(5_000), pcapng(5_000)]);
    for file in &*FILES {
        let open = || FileSource::from_bytes("test", file).unwrap();
        assert_eq!(while_reading(open(), 5_000), 0);
        let (one, other) = (Box::new(open()), Box::new(open()));
        // Once for the head of the second source, once for the heap's second place.
        assert!(while_reading(Merged::new(vec![one, other]), 10_000) <= 2);
    }
}

#[test]
fn the_ring_allocates_nothing_per_packet() {
    let capacity = Capacity { packets: 1_000, kept_bytes: 100, arena: 0 };
    let (mut writer, stream) = stream::new(capacity);
    let (mut cursor, mut buffer, mut batch) = (stream.cursor(), ReadBuffer::new(&stream), Batch::new(100));
    let count = allocations(|| {
        for n in 0..10_000 {
            let bytes = &[7; 300][..n % 300];
            let frame =
                Frame { number: 1, at: Timestamp::EPOCH, wire_len: 300, link: LinkType::ETHERNET, bytes };
            if !batch.push(Packet::empty(), &frame) {
                writer.append(&mut batch);
                cursor.read(&mut buffer, Duration::ZERO);
            }
        }
    });
    assert_eq!(count, 0);
}
