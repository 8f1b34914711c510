//! The packet that an ICMP error quotes (RFC 792; RFC 4443 §3): the header and at least eight bytes, enough to know its
//! session.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use capturer::{Packet, Ports, Protocol, Transport};

/// What an error quotes: addresses, protocol and ports, the rest empty. `None` if it is no error or quotes too little.
pub fn quoted(packet: &Packet, payload: &[u8]) -> Option<Packet> {
    let Transport::Icmp(icmp) = &packet.transport else { return None };
    let is_error = if packet.protocol == Protocol::ICMPV6 {
        icmp.kind < 128
    } else {
        matches!(icmp.kind, 3 | 4 | 5 | 11 | 12)
    };
    if !is_error {
        return None;
    }
    match payload.first()? >> 4 {
        4 => ipv4(payload),
        6 => ipv6(payload),
        _ => None,
    }
}

fn ipv4(bytes: &[u8]) -> Option<Packet> {
    let header = usize::from(bytes.first()? & 15) * 4;
    let address = |from: usize| Some(IpAddr::V4(Ipv4Addr::from(*bytes.get(from..)?.first_chunk::<4>()?)));
    let (source, destination) = (address(12)?, address(16)?);
    Some(Packet {
        ttl: *bytes.get(8)?,
        ..of(source, destination, Protocol(*bytes.get(9)?), bytes.get(header..)?)
    })
}

/// Extension headers are not followed: scans do not send them.
fn ipv6(bytes: &[u8]) -> Option<Packet> {
    let address = |from: usize| Some(IpAddr::V6(Ipv6Addr::from(*bytes.get(from..)?.first_chunk::<16>()?)));
    let (source, destination) = (address(8)?, address(24)?);
    Some(of(source, destination, Protocol(*bytes.get(6)?), bytes.get(40..)?))
}

fn of(source: IpAddr, destination: IpAddr, protocol: Protocol, transport: &[u8]) -> Packet {
    let ports = transport.first_chunk::<4>().map_or_else(Ports::default, |&[a, b, c, d]| Ports {
        source: u16::from_be_bytes([a, b]),
        destination: u16::from_be_bytes([c, d]),
    });
    let has_ports = matches!(protocol, Protocol::TCP | Protocol::UDP | Protocol::SCTP);
    let transport = if has_ports { Transport::FragmentOf(ports) } else { Transport::Other };
    Packet { source, destination, protocol, transport, ..Packet::empty() }
}
