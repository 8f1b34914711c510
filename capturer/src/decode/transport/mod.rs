//! Transport headers. To add one: a file with its decoder, and a line in [`TRANSPORTS`].

mod icmp;
mod sctp;
mod tcp;
mod tcp_options;
mod udp;

use crate::{Packet, Protocol, Transport};

/// A transport protocol.
struct Entry {
    protocol: Protocol,
    /// The shortest header, in bytes.
    min_len: u32,
    /// Reads a header at the beginning of what IP carries, as far as captured, sets the packet's transport, and answers
    /// the header's length. `None` when it is not whole. The packet's `payload_len` is what IP declares to carry.
    decode: fn(&[u8], &mut Packet) -> Option<u32>,
}

/// Every transport, the most frequent first.
static TRANSPORTS: &[Entry] = &[
    Entry { protocol: Protocol::TCP, min_len: 20, decode: tcp::decode },
    Entry { protocol: Protocol::UDP, min_len: 8, decode: udp::decode },
    Entry { protocol: Protocol::ICMP, min_len: 8, decode: icmp::decode },
    Entry { protocol: Protocol::ICMPV6, min_len: 8, decode: icmp::decode },
    Entry { protocol: Protocol::SCTP, min_len: 12, decode: sctp::decode },
];

#[inline(always)]
fn find(protocol: Protocol) -> Option<&'static Entry> {
    TRANSPORTS.iter().find(|entry| entry.protocol == protocol)
}

/// The shortest header of a protocol in bytes; 0 of one that is not read.
pub(super) fn min_len(protocol: Protocol) -> u32 {
    find(protocol).map_or(0, |entry| entry.min_len)
}

/// Reads what IP carries; other protocols stay a number.
#[inline(always)]
pub(super) fn decode(carried: &[u8], packet: &mut Packet) {
    let Some(entry) = find(packet.protocol) else { return };
    match (entry.decode)(carried, packet) {
        Some(header_len) => {
            packet.payload_len = packet.payload_len.saturating_sub(header_len);
            packet.payload_offset = packet.payload_offset.saturating_add(header_len as u16);
        }
        None => packet.transport = Transport::Cut,
    }
}
