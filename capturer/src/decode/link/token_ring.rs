//! Rings of tokens, whose frames carry LLC: IEEE 802.5 with source routes, and FDDI.

use super::super::reader::mac_at;
use super::super::{EtherType, Reader, Skip};
use super::llc;
use crate::{Mac, Packet};

/// IEEE 802.5 §3.2: a frame of LLC, in the frame control.
const FRAME_TYPE: u8 = 0xc0;
const LLC_FRAME: u8 = 0x40;
/// The source address says that a route follows; the route's first byte says how long it is.
const ROUTED: u8 = 0x80;
const ROUTE_LEN: u8 = 0x1f;
/// FDDI's frame control of asynchronous LLC, but for class and priority.
const FDDI_TYPE: u8 = 0xf0;
const FDDI_LLC: u8 = 0x50;

pub(super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let header = reader.link_header::<14>()?;
    let Mac(mut source) = mac_at(header, 8);
    packet.destination_mac = mac_at(header, 2);
    if source[0] & ROUTED != 0 {
        source[0] &= !ROUTED;
        let len = reader.rest().first().map_or(0, |first| first & ROUTE_LEN);
        reader.link_skip(usize::from(len.max(2)))?;
    }
    packet.source_mac = Mac(source);
    if header[1] & FRAME_TYPE == LLC_FRAME { llc::decode(reader) } else { Ok(EtherType::NONE) }
}

pub(super) fn decode_fddi(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let header = reader.link_header::<13>()?;
    packet.destination_mac = mac_at(header, 1);
    packet.source_mac = mac_at(header, 7);
    if header[0] & FDDI_TYPE == FDDI_LLC { llc::decode(reader) } else { Ok(EtherType::NONE) }
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{UDP4, decode_as};
    use crate::{LinkType, Mac, SkipReason};

    const SNAP: [u8; 8] = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];

    #[test]
    fn a_source_route_is_stepped_over() {
        let plain = [0x10, 0x40, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2];
        let packet = decode_as(LinkType::IEEE_802_5, &[&plain, &SNAP, &UDP4]).unwrap();
        assert_eq!((packet.source_mac, packet.network_offset), (Mac([2; 6]), 22));
        let mut routed = plain;
        routed[8] |= 0x80;
        let packet = decode_as(LinkType::IEEE_802_5, &[&routed, &[6, 0, 1, 2, 3, 4], &SNAP, &UDP4]).unwrap();
        assert_eq!((packet.source_mac, packet.network_offset), (Mac([2; 6]), 28));
    }

    #[test]
    fn fddi_carries_llc() {
        let header = [0x57, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2];
        let packet = decode_as(LinkType::FDDI, &[&header, &SNAP, &UDP4]).unwrap();
        assert_eq!((packet.destination_mac, packet.network_offset), (Mac([1; 6]), 21));
    }

    #[test]
    fn management_is_not_ip() {
        assert_eq!(decode_as(LinkType::IEEE_802_5, &[&[0; 40]]).unwrap_err().reason, SkipReason::NonIp);
        assert_eq!(decode_as(LinkType::FDDI, &[&[0x41; 40]]).unwrap_err().reason, SkipReason::NonIp);
    }
}
