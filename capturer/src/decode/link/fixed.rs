//! Link headers of a fixed length with nothing to choose in them but, at most, an EtherType.
//! Sources: <https://www.tcpdump.org/linktypes.html>; RFC 2734 (IEEE 1394), RFC 4338 (Fibre Channel).

use super::super::reader::u16_at;
use super::super::{EtherType, Reader, Skip};
use super::{ethernet, llc, raw};
use crate::Packet;

/// SLIP: direction, and the 15 bytes of a compressed header, which is not one here.
pub(super) fn decode_slip(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    reader.link_header::<16>()?;
    raw::decode(reader, packet)
}

/// IP over IEEE 1394: two addresses of eight bytes.
pub(super) fn decode_ieee_1394(reader: &mut Reader<'_>, _: &mut Packet) -> Result<EtherType, Skip> {
    Ok(EtherType(u16_at(reader.link_header::<18>()?, 16)))
}

/// IP over Fibre Channel: two addresses of eight bytes, and LLC.
pub(super) fn decode_fibre_channel(reader: &mut Reader<'_>, _: &mut Packet) -> Result<EtherType, Skip> {
    reader.link_header::<16>()?;
    llc::decode(reader)
}

/// netANALYZER: four bytes before an Ethernet frame.
pub(super) fn decode_net_analyzer(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    reader.link_header::<4>()?;
    ethernet::decode(reader, packet)
}

/// The same with the frame's preamble and its start delimiter.
pub(super) fn decode_net_analyzer_transparent(
    reader: &mut Reader<'_>,
    packet: &mut Packet,
) -> Result<EtherType, Skip> {
    reader.link_header::<12>()?;
    ethernet::decode(reader, packet)
}

/// Label stacks.
pub(super) fn decode_mpls(_: &mut Reader<'_>, _: &mut Packet) -> Result<EtherType, Skip> {
    Ok(EtherType::MPLS)
}

#[cfg(test)]
mod tests {
    use crate::LinkType;
    use crate::decode::tests::{UDP4, decode_as};

    const ETHERNET: [u8; 14] = [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 8, 0];

    #[test]
    fn each_is_stepped_over() {
        let snap = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];
        let cases: [(LinkType, Vec<u8>); 6] = [
            (LinkType::SLIP, vec![0; 16]),
            (LinkType::IEEE_1394, [&[0; 16][..], &[8, 0]].concat()),
            (LinkType::IP_OVER_FC, [&[0; 16][..], &snap].concat()),
            (LinkType::NET_ANALYZER, [&[0; 4][..], &ETHERNET].concat()),
            (LinkType::NET_ANALYZER_TRANSPARENT, [&[0; 12][..], &ETHERNET].concat()),
            (LinkType::MPLS, vec![0, 1, 1, 64]),
        ];
        for (kind, header) in cases {
            let packet = decode_as(kind, &[&header, &UDP4]).unwrap();
            assert_eq!(usize::from(packet.network_offset), header.len(), "{kind:?}");
        }
    }
}
