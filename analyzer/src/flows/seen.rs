//! A flow record as the rest of the house knows traffic: a packet for tcpdump's words, an observation for ours.

use capturer::flow::FlowRecord;
use capturer::{Packet, Protocol, Tcp, TcpFlags, TcpOptions, TcpQuirks, Transport};

use crate::Facts;
use crate::flow::Volume;
use crate::observation::Observation;

/// A packet that stands for all of a record's: its addresses, ports, tag.
pub fn flow_packet(record: &FlowRecord) -> Packet {
    Packet {
        at: record.last,
        wire_len: u32::try_from(record.all_bytes().checked_div(record.all_packets()).unwrap_or(0))
            .unwrap_or(u32::MAX),
        source: record.source,
        destination: record.destination,
        source_mac: record.source_mac,
        destination_mac: record.destination_mac,
        vlan: record.vlan,
        network: record.network(),
        protocol: record.protocol,
        transport: transport(record),
        ..Packet::empty()
    }
}

fn transport(record: &FlowRecord) -> Transport {
    match record.protocol {
        Protocol::TCP => Transport::Tcp(tcp(record)),
        Protocol::UDP => Transport::Udp(record.ports),
        Protocol::SCTP => Transport::Sctp(record.ports),
        _ => Transport::Other,
    }
}

/// A record with what is known of its ends. The service is that of the port that is known for one, as with packets.
pub fn flow_observation(record: &FlowRecord, packet: &Packet, facts: &Facts) -> Observation {
    let volume = Volume { packets: record.all_packets(), bytes: record.all_bytes() };
    Observation { volume, first: record.first, last: record.last, ..facts.observation(packet) }
}

/// Flags of all packets together are those of none: a connection's SYN and ACK would look like an answer. Words that ask
/// for them ask the record.
fn tcp(record: &FlowRecord) -> Tcp {
    Tcp {
        ports: record.ports,
        sequence: 0,
        acknowledgment: 0,
        flags: TcpFlags(0),
        window: 0,
        quirks: TcpQuirks::NONE,
        options: TcpOptions::NONE,
    }
}
