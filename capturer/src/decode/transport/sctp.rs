//! SCTP (RFC 9260): the common header. Chunks are payload.

use super::super::reader::u16_at;
use crate::{Packet, Ports, Transport};

/// The common header, in bytes.
const HEADER_LEN: u32 = 12;

pub(super) fn decode(carried: &[u8], packet: &mut Packet) -> Option<u32> {
    let header = carried.first_chunk::<12>()?;
    packet.transport = Transport::Sctp(Ports { source: u16_at(header, 0), destination: u16_at(header, 2) });
    Some(HEADER_LEN)
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{carrying, decode_as};
    use crate::{LinkType, Ports, Transport};

    #[test]
    fn chunks_are_payload() {
        let segment = [0x0b, 0x59, 0x0b, 0x5a, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 4];
        let packet = decode_as(LinkType::IPV4, &[&carrying(132, &segment)]).unwrap();
        assert_eq!(packet.transport, Transport::Sctp(Ports { source: 2905, destination: 2906 }));
        assert_eq!((packet.payload_offset, packet.payload_len), (32, 4));
    }
}
