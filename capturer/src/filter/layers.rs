//! Where the headers of a decoded packet are in the bytes that were kept of its frame.
//!
//! A packet knows where its network header begins; what was kept of the frame may end before it, so the header is taken
//! only where the version and both addresses are the packet's own.

use std::net::IpAddr;

use super::tree::ethertype;
use crate::{Network, Packet};

/// Extension headers that are followed; more can only be hostile.
const MOST_EXTENSIONS: usize = 16;

/// Where the network header begins.
pub(super) fn network(packet: &Packet, bytes: &[u8]) -> Option<usize> {
    let at = usize::from(packet.network_offset);
    is_network_header(packet, bytes.get(at..)?).then_some(at)
}

fn is_network_header(packet: &Packet, header: &[u8]) -> bool {
    let version = header.first().map_or(0, |b| b >> 4);
    let has = |at: usize, address: IpAddr| match address {
        IpAddr::V4(a) => header.get(at..at + 4) == Some(&a.octets()),
        IpAddr::V6(a) => header.get(at..at + 16) == Some(&a.octets()),
    };
    match packet.network {
        Network::Ipv4 => version == 4 && has(12, packet.source) && has(16, packet.destination),
        Network::Ipv6 => version == 6 && has(8, packet.source) && has(24, packet.destination),
        Network::Arp => {
            header.get(2..4) == Some(&ethertype::IPV4.to_be_bytes())
                && has(14, packet.source)
                && has(24, packet.destination)
        }
    }
}

/// Where the header of the upper-layer protocol begins.
pub(super) fn transport(packet: &Packet, bytes: &[u8]) -> Option<usize> {
    let network = network(packet, bytes)?;
    match packet.network {
        Network::Ipv4 => Some(network + usize::from(bytes.get(network)? & 0xf) * 4),
        Network::Ipv6 => {
            chain(packet, bytes).last().filter(|(number, _)| *number == packet.protocol.0).map(|(_, at)| at)
        }
        Network::Arp => None,
    }
}

/// The headers after the fixed IP header: each one's protocol number and where it begins.
pub(super) fn chain(packet: &Packet, bytes: &[u8]) -> impl Iterator<Item = (u8, usize)> {
    let first = network(packet, bytes).and_then(|at| match packet.network {
        Network::Ipv4 => Some((*bytes.get(at + 9)?, at + usize::from(bytes.get(at)? & 0xf) * 4)),
        Network::Ipv6 => Some((*bytes.get(at + 6)?, at + 40)),
        Network::Arp => None,
    });
    let next = move |(number, at): &(u8, usize)| after_extension(*number, *at, bytes);
    std::iter::successors(first, next).take(MOST_EXTENSIONS)
}

/// What follows an extension header (RFC 8200 §4, RFC 4302, RFC 6275, RFC 7401, RFC 5533); `None` after the last one.
fn after_extension(number: u8, at: usize, bytes: &[u8]) -> Option<(u8, usize)> {
    let (next, length) = (*bytes.get(at)?, usize::from(*bytes.get(at + 1)?));
    match number {
        0 | 43 | 60 | 135 | 139 | 140 => Some((next, at + (length + 1) * 8)),
        44 if u16::from_be_bytes([*bytes.get(at + 2)?, *bytes.get(at + 3)?]) & 0xfff8 == 0 => {
            Some((next, at + 8))
        }
        51 => Some((next, at + (length + 2) * 4)),
        _ => None,
    }
}

/// What a frame's link header says, where it can be told from the bytes alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// Ethernet: both addresses are the packet's.
    Ethernet,
    /// Linux cooked: whether the capturing host sent the frame, and the interface's index (v2 only).
    Cooked { outbound: bool, interface: Option<u32> },
    /// Anything else.
    Other,
}

const COOKED_OUTGOING: u8 = 4;

/// Ethernet is known by its addresses; cooked links by their header's length and the protocol in it.
pub(super) fn link(packet: &Packet, bytes: &[u8]) -> Link {
    if bytes.get(..6) == Some(&packet.destination_mac.0) && bytes.get(6..12) == Some(&packet.source_mac.0) {
        return Link::Ethernet;
    }
    let protocol = match packet.network {
        Network::Ipv4 => ethertype::IPV4,
        Network::Ipv6 => ethertype::IPV6,
        Network::Arp => ethertype::ARP,
    };
    let says = |at: usize| bytes.get(at..at + 2) == Some(&protocol.to_be_bytes());
    match network(packet, bytes) {
        Some(16) if says(14) => Link::Cooked { outbound: bytes[1] == COOKED_OUTGOING, interface: None },
        Some(20) if says(0) => {
            let interface = u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
            Link::Cooked { outbound: bytes[10] == COOKED_OUTGOING, interface: Some(interface) }
        }
        _ => Link::Other,
    }
}

/// The EtherTypes of an Ethernet frame from the outside in, each with where its own header begins: tags, MPLS, and
/// what they hold as far as it says so.
pub(super) fn ethertypes<'a>(packet: &Packet, bytes: &'a [u8]) -> impl Iterator<Item = (u16, usize)> + 'a {
    let read = |at: usize| Some((u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]), at + 2));
    let first = (link(packet, bytes) == Link::Ethernet).then(|| read(12)).flatten();
    let next = move |(number, at): &(u16, usize)| match *number {
        ethertype::VLAN | ethertype::SERVICE_VLAN | ethertype::OLD_QINQ => read(at + 2),
        _ => None,
    };
    std::iter::successors(first, next).take(MOST_EXTENSIONS)
}
