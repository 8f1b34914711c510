//! What kind of data hosts sent, of the packets that are still in the ring: bytes by class (docs/HOSTS.md), as far as the kept
//! beginnings of their packets tell.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::time::Duration;

use analyzer::exchange::Seen;
use analyzer::payload::{Class, Payloads};
use capturer::stream::{PacketStream, ReadBuffer};
use serde_json::{Value, json};

/// Flows of the ring that are told apart, 5 MB; data of further ones is in no class.
const MOST_FLOWS: usize = 8192;

/// Bytes that each host sent by class.
pub(super) struct Carried(HashMap<IpAddr, BTreeMap<Class, u64>>);

impl Carried {
    /// Reads the ring once, as far as it is written now: 65 536 packets take 20 to 30 ms.
    pub(super) fn of(stream: &PacketStream) -> Self {
        let (mut cursor, end) = (stream.cursor_from_oldest(), stream.written());
        let mut buffer = ReadBuffer::new(stream);
        let mut payloads = Payloads::at_most(MOST_FLOWS);
        while cursor.position() < end && cursor.read(&mut buffer, Duration::ZERO).taken > 0 {
            for kept in buffer.iter() {
                let (frame, packet) = (kept.frame(), kept.packet);
                let seen = Seen { frame: &frame, packet: Some(packet) };
                payloads.observe(packet, seen.payload());
            }
        }
        let mut hosts: HashMap<IpAddr, BTreeMap<Class, u64>> = HashMap::new();
        for flow in payloads.flows() {
            *hosts.entry(flow.source).or_default().entry(flow.verdict.class).or_default() += flow.length;
        }
        Self(hosts)
    }

    /// Adds `payload` to the row of a host: bytes by class, null where nothing can be told.
    pub(super) fn add_to(&self, row: &mut Value) {
        let address = row["address"].as_str().and_then(|text| text.parse::<IpAddr>().ok());
        let classes = address.and_then(|address| self.0.get(&address));
        row["payload"] = classes.map_or(Value::Null, |classes| {
            classes.iter().map(|(class, bytes)| (class.name().to_owned(), json!(bytes))).collect()
        });
    }
}
