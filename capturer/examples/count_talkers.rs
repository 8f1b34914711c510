//! Who talks most? Capture files → ring → cursor → totals: the lowest floor used as a library.
//!
//! ```sh
//! cargo run --release -p capturer --example count_talkers -- my.pcap more.pcapng.gz folder/
//! tcpdump -i eth0 -U -w - | cargo run --release -p capturer --example count_talkers -- -
//! ```

#![allow(clippy::print_stdout, reason = "it is what an example is for")]

use std::collections::HashMap;
use std::error::Error;
use std::net::IpAddr;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use capturer::decode;
use capturer::source::{Next, Source, SourceError, merged, paths};
use capturer::stream::{self, Batch, Capacity, Cursor, PacketStream, ReadBuffer, Writer};

/// Lines printed.
const TOP: usize = 10;

fn main() -> Result<(), Box<dyn Error>> {
    let named: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let mut source = merged::open(&paths::expand(&named)?)?;

    // One thread writes; any number of cursors read, each at its own pace.
    let (writer, stream) = stream::new(Capacity { kept_bytes: 0, ..Capacity::default() });
    let cursor = stream.cursor();
    let reader = thread::spawn(move || count(cursor, &stream));
    let damage = feed(&mut *source, writer);

    let (talkers, lost) = reader.join().map_err(|_| "the reader panicked")?;
    let mut talkers: Vec<_> = talkers.into_iter().collect();
    talkers.sort_unstable_by_key(|&(address, bytes)| (std::cmp::Reverse(bytes), address));
    for (address, bytes) in talkers.into_iter().take(TOP) {
        println!("{bytes:>15} {address}");
    }
    // A file may be read faster than it is counted; a cursor that falls behind by more than the ring holds knows it.
    println!("{lost:>15} packets not counted: the ring went round before they were read");
    Ok(damage?)
}

/// Frames → packets → ring. What was read before a damage is counted, too.
fn feed(source: &mut dyn Source, mut writer: Writer) -> Result<(), SourceError> {
    let mut batch = Batch::new(0);
    let end = fill(source, &mut writer, &mut batch);
    writer.append(&mut batch);
    end
}

/// A batch at a time; it goes out early when the source has nothing more just now.
fn fill(source: &mut dyn Source, writer: &mut Writer, batch: &mut Batch) -> Result<(), SourceError> {
    loop {
        match source.next_frame()? {
            Next::Frame(frame) => {
                if let Ok(packet) = decode::decode(&frame) {
                    batch.push(packet, &frame);
                }
                if batch.is_full() {
                    writer.append(batch);
                }
            }
            Next::Idle => writer.append(batch),
            Next::End => return Ok(()),
        }
    }
}

/// Ring → bytes on the wire by sender, and how many packets were overwritten unread.
fn count(mut cursor: Cursor, stream: &PacketStream) -> (HashMap<IpAddr, u64>, u64) {
    let mut buffer = ReadBuffer::new(stream);
    let (mut talkers, mut lost) = (HashMap::new(), 0);
    loop {
        let read = cursor.read(&mut buffer, Duration::from_secs(1));
        lost += read.lost;
        for seen in buffer.iter() {
            *talkers.entry(seen.packet.source).or_default() += u64::from(seen.packet.wire_len);
        }
        if read.ended {
            return (talkers, lost);
        }
    }
}
