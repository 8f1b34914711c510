//! Network headers. To add one: a file with its decoder, and a line in [`NETWORKS`].

mod arp;
mod ipv4;
mod ipv6;

use super::{EtherType, Reader, Skip, transport, tunnel};
use crate::{Packet, PacketFacts, Protocol, Transport};

/// A network protocol.
pub(super) struct Network {
    ether_type: EtherType,
    /// Takes a network header and everything after it.
    pub(super) decode: fn(&mut Reader<'_>, &mut Packet) -> Result<(), Skip>,
    /// Whether an IP header begins the bytes that `decode` would not refuse.
    pub(super) holds_ip: fn(&[u8]) -> bool,
}

/// Every network protocol, the most frequent first.
static NETWORKS: &[Network] = &[
    Network { ether_type: EtherType::IPV4, decode: ipv4::decode, holds_ip: ipv4::holds },
    Network { ether_type: EtherType::IPV6, decode: ipv6::decode, holds_ip: ipv6::holds },
    Network { ether_type: EtherType::ARP, decode: arp::decode, holds_ip: |_| false },
    Network { ether_type: EtherType::RARP, decode: arp::decode, holds_ip: |_| false },
];

/// The protocol of an EtherType.
#[inline]
pub(super) fn find(ether_type: EtherType) -> Option<&'static Network> {
    NETWORKS.iter().find(|network| network.ether_type == ether_type)
}

/// The longest an IP header can declare; what is longer means "to the end of the frame".
const MAX_DECLARED: u32 = u16::MAX as u32;

/// Takes what an IP header carries: `len` bytes as it declares them.
#[inline(always)]
fn carry(reader: &mut Reader<'_>, len: u32, packet: &mut Packet) {
    let len = bound(reader, len, packet);
    reader.limit(len as usize);
    if packet.fragment.0 & 0x1fff != 0 {
        packet.transport = Transport::Fragment;
    } else {
        transport::decode(reader.rest(), packet);
    }
    if packet.fragment.is_fragment() {
        note_tiny(len, packet);
    }
    if tunnel::may_begin(packet) {
        tunnel::note(*reader, packet);
    }
}

/// Notes where and how long the payload is, and whether that can be.
#[inline(always)]
fn bound(reader: &Reader<'_>, len: u32, packet: &mut Packet) -> u32 {
    let on_wire = reader.on_wire();
    if len > on_wire && len <= MAX_DECLARED {
        packet.facts.set(PacketFacts::LENGTH_BEYOND_FRAME);
    }
    packet.payload_len = len.min(on_wire);
    packet.payload_offset = offset_of(reader.offset());
    packet.payload_len
}

/// What IP carries begins beyond what was captured: of `len` bytes as declared nothing can be read.
#[cold]
fn cut(reader: &Reader<'_>, len: u32, packet: &mut Packet) {
    bound(reader, len, packet);
    packet.transport = Transport::Cut;
}

/// Fragments that hide the transport header from whoever looks at one of them only (RFC 1858 §3, RFC 3128).
#[cold]
fn note_tiny(len: u32, packet: &mut Packet) {
    let tcp = packet.protocol == Protocol::TCP;
    let tiny = match packet.fragment.offset() {
        0 => len < transport::min_len(packet.protocol),
        offset => tcp && offset < transport::min_len(Protocol::TCP),
    };
    if tiny {
        packet.facts.set(PacketFacts::TINY_FRAGMENT);
    }
}

/// An offset as a packet holds it.
pub(super) fn offset_of(offset: usize) -> u16 {
    u16::try_from(offset).unwrap_or(u16::MAX)
}
