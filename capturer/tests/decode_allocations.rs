//! Decoding never allocates, whatever the frame, nor does a flow record: a counting allocator says so.

#![allow(clippy::unwrap_used, reason = "a test says so by failing")]
#![expect(unsafe_code, reason = "an allocator cannot be written otherwise")]

#[path = "exports_support/mod.rs"]
mod exports;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

use capturer::decode::{Counted, DecodeSettings, Decoder, decode, layers, link};
use capturer::flow::{Collector, Limits};
use capturer::{Frame, Timestamp};
use exports::{FLOW, flow, flow_sample, raw_header, set, sflow, template, v5, v9, v9_options};

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

/// Frames that begin validly and go on with deterministic noise (Numerical Recipes' generator).
fn noisy_frames() -> Vec<Vec<u8>> {
    let mut state = 1u32;
    let mut noise = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let begin = |ether_type: u16| [&[2; 12][..], &ether_type.to_be_bytes(), &[0x45, 0, 0, 90]].concat();
    let mut frames: Vec<_> = [0x0800, 0x86dd, 0x0806, 0x8100, 0x8847, 0x8864, 40].map(begin).to_vec();
    frames.resize(200, vec![0x45]);
    for frame in &mut frames {
        frame.resize_with(100, &mut noise);
    }
    frames
}

#[test]
fn no_frame_of_any_link_type_makes_decoding_allocate() {
    let frames = noisy_frames();
    let mut decoder = Decoder::new(DecodeSettings { count: Counted::Innermost, checksums: true });
    let before = COUNT.get();
    for link in link::LINKS {
        for bytes in &frames {
            let frame = Frame { number: 1, at: Timestamp::EPOCH, wire_len: 100, link: link.kind, bytes };
            let _ = black_box(decode(&frame));
            let _ = black_box(decoder.decode(&frame));
            black_box(layers(&frame).count());
        }
    }
    assert_eq!(COUNT.get(), before);
}

#[test]
fn records_of_known_exporters_and_templates_sent_again_allocate_nothing() {
    let options = [set(1, &v9_options(257, &[(1, 4)], &[(34, 4)])), set(257, &[0, 0, 0, 0, 0, 0, 0, 9])];
    let datagrams = [
        v9(
            1,
            0,
            &[set(0, &template(256, &FLOW)), options.concat(), set(256, &[flow(1, 2), flow(3, 4)].concat())],
        ),
        v5(0, 0, &[(1, 2), (3, 4)]),
        sflow(1, 0, &[flow_sample(512, &[raw_header()])]),
    ];
    let mut collector = Collector::new(Limits::live(Vec::new()));
    let mut records = 0;
    let mut read = || {
        for datagram in &datagrams {
            collector.read([192, 0, 2, 1].into(), Timestamp::EPOCH, datagram, &mut |_| records += 1);
        }
    };
    read();
    let before = COUNT.get();
    (0..1000).for_each(|_| read());
    assert_eq!(COUNT.get(), before);
    assert_eq!(records, 5 * 1001);
}
