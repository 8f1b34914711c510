//! A packet as a flow record tells of it.

use capturer::flow::FlowRecord;
use capturer::{Icmp, Packet, Ports, Protocol, Tcp, TcpFlags, TcpOptions, TcpQuirks, Timestamp, Transport};

/// One of its packets, with as much as a record tells.
pub(crate) fn packet(record: &FlowRecord, at: Timestamp) -> Packet {
    let each = record.bytes.checked_div(record.packets).unwrap_or(record.bytes);
    Packet {
        at,
        wire_len: u32::try_from(each).unwrap_or(u32::MAX),
        source: record.source,
        destination: record.destination,
        source_mac: record.source_mac,
        destination_mac: record.destination_mac,
        network: record.network(),
        protocol: record.protocol,
        traffic_class: record.traffic_class,
        vlan: record.vlan,
        transport: transport(record),
        ..Packet::empty()
    }
}

fn transport(record: &FlowRecord) -> Transport {
    match record.protocol {
        Protocol::TCP => Transport::Tcp(Tcp {
            ports: record.ports,
            sequence: 0,
            acknowledgment: 0,
            flags: opening(record.tcp_flags),
            window: 0,
            quirks: TcpQuirks::NONE,
            options: TcpOptions::NONE,
        }),
        Protocol::UDP => Transport::Udp(record.ports),
        Protocol::SCTP => Transport::Sctp(record.ports),
        Protocol::ICMP | Protocol::ICMPV6 => Transport::Icmp(Icmp {
            kind: (record.ports.destination >> 8) as u8,
            code: record.ports.destination as u8,
            identifier: 0,
            sequence: 0,
        }),
        _ => Transport::Other,
    }
}

/// Flags of all packets of a flow together tell who opened it only where there was nothing but a SYN.
const fn opening(flags: TcpFlags) -> TcpFlags {
    if flags.is_syn_ack() { TcpFlags(flags.0 & !TcpFlags::SYN.0) } else { flags }
}

/// The other way.
pub(crate) fn turn(packet: &mut Packet) {
    std::mem::swap(&mut packet.source, &mut packet.destination);
    std::mem::swap(&mut packet.source_mac, &mut packet.destination_mac);
    let turned = |ports: Ports| Ports { source: ports.destination, destination: ports.source };
    match &mut packet.transport {
        Transport::Tcp(tcp) => tcp.ports = turned(tcp.ports),
        Transport::Udp(ports) | Transport::Sctp(ports) => *ports = turned(*ports),
        _ => {}
    }
}
