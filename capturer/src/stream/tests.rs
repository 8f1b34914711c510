//! What readers rely on: nothing is lost without being counted, and what is read is what was written.

use std::thread;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::{Frame, LinkType, Packet, Timestamp};

const NOW: Duration = Duration::ZERO;

/// Packet `n`: its bytes, as many as `n` says, can be told from any other's.
fn frame(n: u64) -> (Packet, Vec<u8>) {
    let len = n.wrapping_mul(2_654_435_761) % 97;
    let bytes = (0..len).map(|i| (n.wrapping_mul(31) + i) as u8).collect();
    (Packet { number: n, at: Timestamp::from_nanos(n as i64), ..Packet::empty() }, bytes)
}

fn link(n: u64) -> LinkType {
    LinkType((n % 300) as u16)
}

fn write(writer: &mut Writer, kept: usize, numbers: std::ops::Range<u64>) {
    let mut batch = Batch::new(kept);
    for n in numbers {
        let (packet, bytes) = frame(n);
        if batch.is_full() {
            writer.append(&mut batch);
        }
        let frame = Frame { number: n, at: packet.at, wire_len: 0, link: link(n), bytes: &bytes };
        assert!(batch.push(packet, &frame));
    }
    writer.append(&mut batch);
}

fn is_as_written(seen: &Seen<'_>, kept: usize) -> bool {
    let (packet, bytes) = frame(seen.sequence);
    let is_whole = seen.bytes == &bytes[..bytes.len().min(kept)];
    *seen.packet == packet && seen.link == link(seen.sequence) && is_whole
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Write(u64),
    Read(usize),
}

/// So small that it is made at once.
const SMALL: Capacity = Capacity { packets: 1024, kept_bytes: 64, arena: 0 };

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![(0..600_u64).prop_map(Act::Write), (0..3_usize).prop_map(Act::Read)];
    proptest::collection::vec(act, 1..60)
}

proptest! {
    #[test]
    fn taken_and_lost_are_what_was_written(acts in acts(), packets in 1..900_usize, kept in 0..80_usize) {
        let (mut writer, stream) = new(Capacity { packets, kept_bytes: kept, arena: 0 });
        let mut cursors: Vec<_> = (0..3).map(|_| (stream.cursor(), 0_u64)).collect();
        let mut buffer = ReadBuffer::new(&stream);
        let mut written = 0;
        for act in acts {
            match act {
                Act::Write(n) => {
                    write(&mut writer, kept, written..written + n);
                    written += n;
                }
                Act::Read(which) => {
                    let (cursor, accounted) = &mut cursors[which];
                    let read = cursor.read(&mut buffer, NOW);
                    *accounted += read.taken as u64 + read.lost;
                    prop_assert_eq!(cursor.position(), *accounted);
                    prop_assert!(buffer.iter().all(|seen| is_as_written(&seen, kept)));
                }
            }
        }
        drop(writer);
        for (mut cursor, mut accounted) in cursors {
            loop {
                let read = cursor.read(&mut buffer, NOW);
                accounted += read.taken as u64 + read.lost;
                prop_assert!(buffer.iter().all(|seen| is_as_written(&seen, kept)));
                if read.ended {
                    break;
                }
            }
            prop_assert_eq!(accounted, written);
        }
        let all = stream.find(&Query::default(), |seen| is_as_written(seen, kept));
        prop_assert_eq!(all.len() as u64, written - stream.oldest());
    }
}

#[test]
fn threads_account_for_every_packet() {
    // As many as miri can follow.
    const TOTAL: u64 = if cfg!(miri) { 300 } else { 300_000 };
    let (mut writer, stream) = new(Capacity { packets: 2_048, kept_bytes: 48, arena: 0 });
    let readers: Vec<_> = (0..3).map(|_| stream.cursor()).collect();
    thread::scope(|scope| {
        let readers: Vec<_> =
            readers.into_iter().map(|cursor| scope.spawn(|| read_all(cursor, &stream))).collect();
        write(&mut writer, 48, 0..TOTAL);
        drop(writer);
        for reader in readers {
            assert_eq!(reader.join().unwrap(), TOTAL);
        }
    });
}

fn read_all(mut cursor: Cursor, stream: &PacketStream) -> u64 {
    let mut buffer = ReadBuffer::new(stream);
    let mut accounted = 0;
    loop {
        let read = cursor.read(&mut buffer, Duration::from_secs(10));
        accounted += read.taken as u64 + read.lost;
        assert!(buffer.iter().all(|seen| is_as_written(&seen, 48)));
        if read.ended {
            return accounted;
        }
    }
}

#[test]
fn bytes_that_fill_the_arena_push_packets_out_before_their_slots_do() {
    let (mut writer, stream) = new(Capacity { packets: 100_000, kept_bytes: 64, arena: 0 });
    write(&mut writer, 64, 0..20_000);
    assert!(stream.oldest() > 0);
    let there = stream.find(&Query::default(), |seen| is_as_written(seen, 64));
    assert_eq!(there.len() as u64, 20_000 - stream.oldest());
}

#[test]
fn a_reader_wakes_up_when_packets_come_and_when_the_writer_goes() {
    let (mut writer, stream) = new(SMALL);
    let mut cursor = stream.cursor();
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut buffer = ReadBuffer::new(&stream);
            let first = cursor.read(&mut buffer, Duration::from_secs(60));
            (first, cursor.read(&mut buffer, Duration::from_secs(60)))
        });
        thread::sleep(Duration::from_millis(20));
        write(&mut writer, 0, 0..1);
        thread::sleep(Duration::from_millis(20));
        drop(writer);
        let (first, second) = reader.join().unwrap();
        assert_eq!(first, Read { taken: 1, lost: 0, ended: false });
        assert!(second.ended && second.taken == 0);
    });
}

#[test]
fn a_wait_ends_at_its_time_out() {
    let (_writer, stream) = new(SMALL);
    let read = stream.cursor().read(&mut ReadBuffer::new(&stream), Duration::from_millis(5));
    assert_eq!(read, Read::default());
}

#[test]
fn the_past_is_found_by_number_time_place_and_field() {
    let (mut writer, stream) = new(SMALL);
    write(&mut writer, 16, 0..1_000);
    let numbers = |found: Vec<Kept>| found.iter().map(|kept| kept.packet.number).collect::<Vec<_>>();
    assert_eq!(numbers(stream.newest(3)), [997, 998, 999]);
    let window =
        Query { from: Timestamp::from_nanos(10), until: Timestamp::from_nanos(13), ..Query::default() };
    assert_eq!(numbers(stream.find(&window, |_| true)), [10, 11, 12]);
    let since = Query { since: 998, ..Query::default() };
    assert_eq!(numbers(stream.find(&since, |_| true)), [998, 999]);
    let limited = Query { limit: 2, ..Query::default() };
    assert_eq!(numbers(stream.find(&limited, |seen| seen.packet.number % 300 == 0)), [600, 900]);
    assert!(stream.find(&limited, |_| false).is_empty());
}

#[test]
fn evidence_is_found_by_its_frame_numbers_as_far_as_it_is_there() {
    let (mut writer, stream) = new(Capacity { packets: 600, kept_bytes: 16, arena: 0 });
    write(&mut writer, 16, 0..1_000);
    let numbers = |found: Vec<Kept>| found.iter().map(|kept| kept.packet.number).collect::<Vec<_>>();
    assert_eq!(numbers(stream.frames(&[700, 3, 998, 500, 700, 5_000])), [500, 700, 998]);
    assert!(stream.frames(&[]).is_empty());
}

#[test]
fn a_late_reader_begins_with_the_oldest_or_with_the_next() {
    let (mut writer, stream) = new(Capacity { packets: 300, kept_bytes: 8, arena: 0 });
    write(&mut writer, 8, 0..1_000);
    let mut buffer = ReadBuffer::new(&stream);
    let read = stream.cursor_from_oldest().read(&mut buffer, NOW);
    assert_eq!((read.taken, read.lost, buffer.iter().next().unwrap().sequence), (256, 0, 700));
    assert_eq!(stream.cursor().read(&mut buffer, NOW).taken, 0);
}

#[test]
fn a_batch_too_big_for_the_arena_keeps_its_packets() {
    let (mut writer, stream) = new(Capacity { packets: 300, kept_bytes: 0, arena: 0 });
    write(&mut writer, 64, 0..100);
    let kept = stream.newest(1);
    assert_eq!((kept[0].packet.number, kept[0].bytes.len()), (99, 0));
}

#[test]
fn more_is_kept_of_frames_that_matter_and_the_others_lose_nothing() {
    let capacity = Capacity { packets: 2_000, kept_bytes: 64, ..Capacity::default() };
    let (mut writer, stream) = new(capacity);
    let mut batch = Batch::new(capacity.kept_bytes);
    let bytes = [7; 3_000];
    let frame = |n| Frame { number: n, at: Timestamp::EPOCH, wire_len: 3_000, link: link(n), bytes: &bytes };
    for n in 0..BATCH as u64 {
        let more = if n.is_multiple_of(2) { 2_048 } else { 10 };
        assert!(batch.push_keeping(Packet::empty(), &frame(n), more));
    }
    assert!(batch.is_full() && batch.bytes.len() <= batch::most_bytes(capacity.kept_bytes));
    writer.append(&mut batch);
    let kept = stream.newest(BATCH);
    let lengths: Vec<usize> = kept.iter().map(|kept| kept.bytes.len()).collect();
    assert_eq!((lengths.len(), lengths[0], lengths[1]), (BATCH, 2_048, 64));
    assert!(lengths.iter().all(|length| (64..=2_048).contains(length)));
}

#[test]
fn a_writer_that_waits_loses_nothing_of_the_awaited_reader() {
    const ALL: u64 = 20_000;
    let (mut writer, stream) = new(Capacity { packets: 600, kept_bytes: 64, arena: 0 });
    let mut cursor = stream.cursor().awaited();
    let reader = thread::spawn(move || {
        let mut buffer = ReadBuffer::new(&stream);
        let (mut taken, mut lost, mut ended) = (0, 0, false);
        while !ended {
            let read = cursor.read(&mut buffer, Duration::from_secs(1));
            assert!(buffer.iter().all(|seen| is_as_written(&seen, 64)));
            (taken, lost, ended) = (taken + read.taken as u64, lost + read.lost, read.ended);
        }
        (taken, lost)
    });
    let mut batch = Batch::new(64);
    for n in 0..ALL {
        let (packet, bytes) = frame(n);
        let frame = Frame { number: n, at: packet.at, wire_len: 0, link: link(n), bytes: &bytes };
        assert!(batch.push(packet, &frame));
        if batch.len() == 100 {
            while !writer.wait_for_room(&batch, Duration::from_secs(1)) {}
            writer.append(&mut batch);
        }
    }
    writer.append(&mut batch);
    drop(writer);
    assert_eq!(reader.join().unwrap(), (ALL, 0));
}

#[test]
fn a_writer_waits_for_nobody_but_the_awaited_reader_and_not_when_it_is_gone() {
    let (mut writer, stream) = new(Capacity { packets: 256, kept_bytes: 0, arena: 0 });
    let mut batch = Batch::new(0);
    write(&mut writer, 0, 0..256);
    let (packet, bytes) = frame(256);
    assert!(
        batch
            .push(packet, &Frame { number: 256, at: packet.at, wire_len: 0, link: link(256), bytes: &bytes })
    );
    let other = stream.cursor_from_oldest();
    assert!(writer.wait_for_room(&batch, NOW), "nobody is awaited");
    let awaited = stream.cursor_from_oldest().awaited();
    assert!(!writer.wait_for_room(&batch, NOW), "its oldest packet would be overwritten");
    drop((awaited, other));
    assert!(writer.wait_for_room(&batch, NOW));
}
