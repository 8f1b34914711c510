//! Transport headers. To add one: a file with its decoder, and a line in [`TRANSPORTS`].

mod icmp;
mod sctp;
mod tcp;
mod tcp_options;
mod udp;

use crate::{Packet, Protocol, Transport};

/// Reads a header at the beginning of what IP carries, as far as captured, sets the packet's transport, and answers
/// the header's length. `None` when it is not whole. The packet's `payload_len` is what IP declares to carry.
type Decoder = fn(&[u8], &mut Packet) -> Option<u32>;

/// Every transport, by protocol number, the most frequent first.
static TRANSPORTS: &[(Protocol, Decoder)] = &[
    (Protocol::TCP, tcp::decode),
    (Protocol::UDP, udp::decode),
    (Protocol::ICMP, icmp::decode),
    (Protocol::ICMPV6, icmp::decode),
    (Protocol::SCTP, sctp::decode),
];

/// Reads what IP carries; other protocols stay a number.
#[inline(always)]
pub(super) fn decode(carried: &[u8], packet: &mut Packet) {
    let Some((_, decoder)) = TRANSPORTS.iter().find(|(number, _)| *number == packet.protocol) else { return };
    match decoder(carried, packet) {
        Some(header_len) => {
            packet.payload_len = packet.payload_len.saturating_sub(header_len);
            packet.payload_offset = packet.payload_offset.saturating_add(header_len as u16);
        }
        None => packet.transport = Transport::Cut,
    }
}
