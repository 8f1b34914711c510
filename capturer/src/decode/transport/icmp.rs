//! ICMP (RFC 792) and ICMPv6 (RFC 4443). The payload begins after eight bytes: at the data of an echo, and at the
//! quoted packet of an error.

use super::super::reader::u16_at;
use crate::{Icmp, Packet, Transport};

/// Type to sequence number, in bytes.
const HEADER_LEN: u32 = 8;
/// Types of an echo and its reply, ICMP and ICMPv6. No type means an echo in one and something else in the other.
const ECHOES: [u8; 4] = [8, 0, 128, 129];

pub(super) fn decode(carried: &[u8], packet: &mut Packet) -> Option<u32> {
    let header = carried.first_chunk::<8>()?;
    let (kind, code) = (header[0], header[1]);
    let echo = ECHOES.contains(&kind);
    let [identifier, sequence] = [4, 6].map(|at| if echo { u16_at(header, at) } else { 0 });
    packet.transport = Transport::Icmp(Icmp { kind, code, identifier, sequence });
    Some(HEADER_LEN)
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{carrying, decode_as};
    use crate::{Icmp, LinkType, Transport};

    #[test]
    fn an_echo_has_identifier_and_sequence_number() {
        for (protocol, kind) in [(1, 8), (1, 0), (58, 128), (58, 129)] {
            let message = [kind, 0, 0, 0, 1, 2, 3, 4, 9];
            let packet = decode_as(LinkType::IPV4, &[&carrying(protocol, &message)]).unwrap();
            let echo = Icmp { kind, code: 0, identifier: 0x102, sequence: 0x304 };
            assert_eq!((packet.transport, packet.payload_len), (Transport::Icmp(echo), 1));
        }
    }

    #[test]
    fn an_error_has_neither_and_quotes_at_the_payload() {
        let packet = decode_as(LinkType::IPV4, &[&carrying(1, &[3, 3, 0, 0, 0, 0, 5, 0, 0x45])]).unwrap();
        let unreachable = Icmp { kind: 3, code: 3, identifier: 0, sequence: 0 };
        assert_eq!((packet.transport, packet.payload_offset), (Transport::Icmp(unreachable), 28));
    }
}
