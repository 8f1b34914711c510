//! ARP (RFC 826), RARP (RFC 903) and inverse ARP (RFC 2390): the same message under several operations.

use std::net::{IpAddr, Ipv4Addr};

use super::super::reader::u16_at;
use super::super::{Reader, Skip, SkipReason};
use crate::{Arp, Mac, Network, Packet, Protocol, Transport};

pub(super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<(), Skip> {
    let header = reader.network_header::<8>()?;
    let (hardware_len, protocol_len) = (usize::from(header[4]), usize::from(header[5]));
    let (sender, source) = end(reader, hardware_len, protocol_len)?;
    let (target, destination) = end(reader, hardware_len, protocol_len)?;
    packet.network = Network::Arp;
    packet.protocol = Protocol(0);
    (packet.source, packet.destination) = (source, destination);
    packet.transport = Transport::Arp(Arp { operation: u16_at(header, 6), sender, target });
    packet.payload_offset = super::offset_of(reader.offset());
    Ok(())
}

/// One end's hardware and protocol address; of other sizes than IEEE 802 and IPv4 have, the empty ones.
fn end(reader: &mut Reader<'_>, hardware_len: usize, protocol_len: usize) -> Result<(Mac, IpAddr), Skip> {
    let hardware = address(reader, hardware_len)?;
    let protocol = address(reader, protocol_len)?;
    let mac = hardware.try_into().map_or_else(|_| Mac::default(), Mac);
    let bytes: [u8; 4] = protocol.try_into().unwrap_or_default();
    Ok((mac, Ipv4Addr::from(bytes).into()))
}

fn address<'a>(reader: &mut Reader<'a>, len: usize) -> Result<&'a [u8], Skip> {
    let bytes = reader.rest().get(..len).ok_or_else(|| reader.skip(SkipReason::CutNetwork, len))?;
    reader.advance(len);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LinkType;
    use crate::decode::tests::decode_as;

    const ETHERNET: [u8; 12] = [0; 12];
    const REPLY: [u8; 28] =
        [0, 1, 8, 0, 6, 4, 0, 2, 1, 2, 3, 4, 5, 6, 192, 0, 2, 1, 7, 8, 9, 10, 11, 12, 192, 0, 2, 2];

    #[test]
    fn a_reply_tells_who_has_what() {
        for kind in [[8, 6], [0x80, 0x35]] {
            let packet = decode_as(LinkType::ETHERNET, &[&ETHERNET, &kind, &REPLY]).unwrap();
            let (sender, target) = (Mac([1, 2, 3, 4, 5, 6]), Mac([7, 8, 9, 10, 11, 12]));
            assert_eq!(packet.transport, Transport::Arp(Arp { operation: 2, sender, target }));
            assert_eq!(packet.source, Ipv4Addr::new(192, 0, 2, 1));
            assert_eq!(packet.destination, Ipv4Addr::new(192, 0, 2, 2));
            assert!(!packet.is_ip() && packet.ports().is_none());
        }
    }

    #[test]
    fn addresses_of_other_sizes_are_left_empty() {
        let message = [&[0, 32, 8, 0, 20, 4, 0, 1][..], &[7; 20], &[192, 0, 2, 1], &[0; 20], &[192, 0, 2, 2]];
        let packet = decode_as(LinkType::ETHERNET, &[&ETHERNET, &[8, 6], &message.concat()]).unwrap();
        assert_eq!(packet.destination, Ipv4Addr::new(192, 0, 2, 2));
        assert!(matches!(packet.transport, Transport::Arp(Arp { sender: Mac([0, 0, 0, 0, 0, 0]), .. })));
    }

    #[test]
    fn a_cut_message_is_refused() {
        let skip = decode_as(LinkType::ETHERNET, &[&ETHERNET, &[8, 6], &REPLY[..27]]).unwrap_err();
        assert_eq!(skip, Skip { reason: SkipReason::CutNetwork, offset: 38, needed: 4, had: 3 });
    }
}
