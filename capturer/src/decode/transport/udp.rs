//! UDP (RFC 768).

use super::super::reader::u16_at;
use crate::{Packet, PacketFacts, Ports, Transport};

/// The header, in bytes.
const HEADER_LEN: u32 = 8;

/// A length that is too small for the header (zero in jumbograms, RFC 2675) says nothing; one too large is cut to
/// what IP carries.
pub(super) fn decode(carried: &[u8], packet: &mut Packet) -> Option<u32> {
    let header = carried.first_chunk::<8>()?;
    packet.transport = Transport::Udp(Ports { source: u16_at(header, 0), destination: u16_at(header, 2) });
    let len = u32::from(u16_at(header, 4));
    if !(HEADER_LEN..=packet.payload_len).contains(&len) {
        note_lie(len, packet);
    } else {
        packet.payload_len = len;
    }
    Some(HEADER_LEN)
}

/// A length out of bounds. Of a fragment it tells of the whole datagram; zero is a jumbogram's, or a segment's that the
/// network card was to cut up.
fn note_lie(len: u32, packet: &mut Packet) {
    if len != 0 && !packet.fragment.is_fragment() {
        packet.facts.set(PacketFacts::UDP_LENGTH);
    }
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{UDP4, decode_as};
    use crate::{LinkType, PacketFacts, Transport};

    #[test]
    fn the_shorter_of_both_lengths_counts() {
        for (len, payload_len) in [(0, 2), (7, 2), (8, 0), (9, 1), (10, 2), (255, 2)] {
            let mut datagram = UDP4;
            datagram[25] = len;
            let packet = decode_as(LinkType::IPV4, &[&datagram]).unwrap();
            assert_eq!((packet.payload_len, packet.payload_offset), (payload_len, 28), "{len}");
            assert_eq!(packet.facts.has(PacketFacts::UDP_LENGTH), matches!(len, 7 | 255), "{len}");
        }
    }

    #[test]
    fn a_cut_header_has_no_ports() {
        let packet = decode_as(LinkType::IPV4, &[&UDP4[..27]]).unwrap();
        assert_eq!((packet.transport, packet.payload_offset), (Transport::Cut, 20));
    }
}
