//! Network headers. To add one: a file with its decoder, and a line in [`NETWORKS`].

mod arp;
mod ipv4;
mod ipv6;

use super::{EtherType, Reader, Skip, transport};
use crate::{Packet, Transport};

/// Takes a network header and everything after it.
pub(super) type Decoder = fn(&mut Reader<'_>, &mut Packet) -> Result<(), Skip>;

/// Every network protocol, by its EtherType, the most frequent first.
static NETWORKS: &[(EtherType, Decoder)] = &[
    (EtherType::IPV4, ipv4::decode),
    (EtherType::IPV6, ipv6::decode),
    (EtherType::ARP, arp::decode),
    (EtherType::RARP, arp::decode),
];

/// The decoder of an EtherType.
#[inline]
pub(super) fn find(ether_type: EtherType) -> Option<Decoder> {
    NETWORKS.iter().find(|(number, _)| *number == ether_type).map(|(_, decoder)| *decoder)
}

/// Bytes on the wire from where the reader stands, but for what a header declares: what a header may claim at most.
fn on_wire(reader: &Reader<'_>, packet: &Packet) -> u32 {
    let offset = u32::try_from(reader.offset()).unwrap_or(u32::MAX);
    packet.wire_len.max(packet.captured_len).saturating_sub(offset)
}

/// Takes what an IP header carries: `len` bytes as it declares them.
#[inline(always)]
fn carry(reader: &mut Reader<'_>, len: u32, packet: &mut Packet) {
    let len = len.min(on_wire(reader, packet));
    reader.limit(len as usize);
    packet.payload_len = len;
    packet.payload_offset = offset_of(reader.offset());
    if packet.fragment.0 & 0x1fff != 0 {
        packet.transport = Transport::Fragment;
    } else {
        transport::decode(reader.rest(), packet);
    }
}

/// What IP carries begins beyond what was captured: of `len` bytes as declared nothing can be read.
#[cold]
fn cut(reader: &Reader<'_>, len: u32, packet: &mut Packet) {
    packet.payload_len = len.min(on_wire(reader, packet));
    packet.payload_offset = offset_of(reader.offset());
    packet.transport = Transport::Cut;
}

/// An offset as a packet holds it.
fn offset_of(offset: usize) -> u16 {
    u16::try_from(offset).unwrap_or(u16::MAX)
}
