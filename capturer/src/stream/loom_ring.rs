//! Every order in which a writer and readers of a small ring can meet (`.ci/loom`). Time stands still in the model, so a wake-up that can be
//! missed is a deadlock here, and loom tells how it came about.

use std::time::Duration;

use loom::thread;

use super::*;
use crate::{Frame, LinkType, Timestamp};

/// Room for one batch and nothing more.
const SMALLEST: Capacity = Capacity { packets: BATCH, kept_bytes: 0, arena: 0 };

/// As good as for ever.
const LONG: Duration = Duration::from_secs(3600);

fn batch(packets: usize) -> Batch {
    let mut batch = Batch::new(0);
    for _ in 0..packets {
        let frame =
            Frame { number: 0, at: Timestamp::EPOCH, wire_len: 60, link: LinkType::ETHERNET, bytes: &[] };
        batch.push(crate::Packet::empty(), &frame);
    }
    batch
}

/// Reads to the end; what was taken, and what was lost.
fn read_all(mut cursor: Cursor, stream: &PacketStream) -> (u64, u64) {
    let mut buffer = ReadBuffer::new(stream);
    let (mut taken, mut lost) = (0, 0);
    loop {
        let read = cursor.read(&mut buffer, LONG);
        taken += read.taken as u64;
        lost += read.lost;
        if read.ended {
            return (taken, lost);
        }
    }
}

#[test]
fn each_reader_learns_of_every_packet_and_of_the_end() {
    loom::model(|| {
        let (mut writer, stream) = new(SMALLEST);
        let readers = [stream.cursor(), stream.cursor()].map(|cursor| {
            let stream = stream.clone();
            thread::spawn(move || read_all(cursor, &stream))
        });
        writer.append(&mut batch(BATCH));
        writer.append(&mut batch(1));
        drop(writer);
        for reader in readers {
            let (taken, lost) = reader.join().unwrap();
            assert_eq!(taken + lost, BATCH as u64 + 1);
        }
    });
}

#[test]
fn nothing_is_lost_to_a_reader_that_is_waited_for() {
    loom::model(|| {
        let (mut writer, stream) = new(SMALLEST);
        let cursor = stream.cursor().awaited();
        let reader = thread::spawn(move || read_all(cursor, &stream));
        for _ in 0..3 {
            let mut full = batch(BATCH);
            assert!(writer.wait_for_room(&full, LONG), "told of room before there was some");
            writer.append(&mut full);
        }
        drop(writer);
        assert_eq!(reader.join().unwrap(), (3 * BATCH as u64, 0));
    });
}

#[test]
fn a_writer_that_waits_goes_on_when_the_reader_is_gone() {
    loom::model(|| {
        let (mut writer, stream) = new(SMALLEST);
        let cursor = stream.cursor().awaited();
        writer.append(&mut batch(BATCH));
        let reader = thread::spawn(move || drop(cursor));
        let mut next = batch(1);
        assert!(writer.wait_for_room(&next, LONG));
        writer.append(&mut next);
        reader.join().unwrap();
        assert_eq!((stream.oldest(), stream.written()), (1, BATCH as u64 + 1));
    });
}
