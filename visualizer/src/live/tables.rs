//! The memory budget as pages show it: what each table takes of its share.

use analyzer::detect::Detection;
use analyzer::{Reading, Table};
use capturer::stream::PacketStream;
use serde_json::{Value, json};

/// The tables of the analysis, those of the detectors, and the ring of packets.
pub(crate) type Tables = [Option<Table>; 8];

/// What they take now.
pub(super) fn of(reading: Reading<'_>, detection: Option<&Detection>, stream: &PacketStream) -> Tables {
    let [a, b, c, d, e, f] = reading.tables().map(Some);
    [a, b, c, d, e, f, detection.map(Detection::table), Some(ring(stream))]
}

/// The ring overwrites its oldest packets once it is full, so that nothing is evicted from it.
fn ring(stream: &PacketStream) -> Table {
    let held = usize::try_from(stream.written() - stream.oldest()).unwrap_or(usize::MAX);
    let (slots, bytes) = stream.room();
    Table {
        name: "packets",
        rows: Some(held),
        bytes: bytes / slots.max(1) * held,
        share: Some(bytes),
        evicted: 0,
    }
}

/// As the status says it.
pub(super) fn json(tables: &Tables, past: Option<Table>) -> Value {
    let one = |table: &Table| {
        json!({
            "name": table.name,
            "rows": table.rows,
            "bytes": table.bytes,
            "share_bytes": table.share,
            "evicted": table.evicted,
        })
    };
    tables.iter().flatten().chain(past.as_ref()).map(one).collect()
}
