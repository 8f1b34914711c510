//! What was sampled: the head of a packet, which is read like any captured frame, or what the agent read of it.

use std::net::IpAddr;

use super::super::cursor::Cursor;
use super::super::record::FlowRecord;
use crate::decode::decode;
use crate::{Frame, LinkType, Mac, Packet, Ports, Protocol, TcpFlags, Transport};

/// Kinds of records: enterprise 0, format.
const RAW_HEADER: u32 = 1;
const IPV4: u32 = 3;
const IPV6: u32 = 4;

/// What the head of a packet begins with, by the numbers of `header_protocol`.
const LINKS: [(u32, LinkType); 5] = [
    (1, LinkType::ETHERNET),
    (7, LinkType::PPP),
    (11, LinkType::IPV4),
    (12, LinkType::IPV6),
    (13, LinkType::MPLS),
];

/// Reads a record; says whether it tells of an IP packet.
pub(super) fn read(kind: u32, mut bytes: Cursor<'_>, record: &mut FlowRecord) -> Option<bool> {
    match kind {
        RAW_HEADER => raw(&mut bytes, record),
        // A packet's own head tells more than what the agent made of it.
        IPV4 | IPV6 if record.bytes > 0 => Some(false),
        IPV4 => summary::<4>(&mut bytes, record),
        IPV6 => summary::<16>(&mut bytes, record),
        _ => Some(false),
    }
}

fn raw(bytes: &mut Cursor<'_>, record: &mut FlowRecord) -> Option<bool> {
    let protocol = bytes.u32()?;
    let (wire_len, _stripped, length) = (bytes.u32()?, bytes.u32()?, bytes.u32()?);
    let head = bytes.bytes(length as usize)?;
    let Some(&(_, link)) = LINKS.iter().find(|(number, _)| *number == protocol) else { return Some(false) };
    let frame = Frame { number: 1, at: record.received, wire_len, link, bytes: head };
    let Ok(packet) = decode(&frame) else { return Some(false) };
    if packet.is_ip() {
        fill(&packet, record);
    }
    Some(packet.is_ip())
}

fn fill(packet: &Packet, record: &mut FlowRecord) {
    record.source = packet.source;
    record.destination = packet.destination;
    record.protocol = packet.protocol;
    record.traffic_class = packet.traffic_class;
    record.bytes = packet.wire_len.into();
    record.source_mac = packet.source_mac;
    record.destination_mac = packet.destination_mac;
    if record.vlan.id().is_none() {
        record.vlan = packet.vlan;
    }
    record.ports = match packet.transport {
        Transport::Icmp(icmp) => {
            Ports { source: 0, destination: u16::from(icmp.kind) << 8 | u16::from(icmp.code) }
        }
        _ => packet.ports().unwrap_or_default(),
    };
    record.tcp_flags = packet.tcp().map_or(TcpFlags(0), |tcp| tcp.flags);
}

/// What the agent read: length, protocol, addresses, ports, flags, type of service.
fn summary<const N: usize>(bytes: &mut Cursor<'_>, record: &mut FlowRecord) -> Option<bool>
where
    IpAddr: From<[u8; N]>,
{
    let (length, protocol) = (bytes.u32()?, bytes.u32()?);
    let (source, destination) = (*bytes.array::<N>()?, *bytes.array::<N>()?);
    let (from, to) = (bytes.u32()?, bytes.u32()?);
    let (flags, class) = (bytes.u32()?, bytes.u32()?);
    record.source = source.into();
    record.destination = destination.into();
    record.protocol = Protocol(protocol as u8);
    record.ports = Ports { source: from as u16, destination: to as u16 };
    record.tcp_flags = TcpFlags(flags as u16 & 0x1ff);
    record.traffic_class = class as u8;
    record.bytes = length.into();
    record.source_mac = Mac::default();
    Some(true)
}
