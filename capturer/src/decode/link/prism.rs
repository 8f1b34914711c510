//! IEEE 802.11 behind what a driver knew of the radio: the Prism header of a fixed length, or that of Absolute Value
//! Systems, which gives its own. Drivers write either under the Prism number.
//! Sources: <https://www.tcpdump.org/linktypes/LINKTYPE_IEEE802_11_PRISM.html>,
//! <https://web.archive.org/web/20040803232023/http://www.shaftnet.org/~pizza/software/capturefrm.txt>.

use super::super::reader::u32_at;
use super::super::{EtherType, Reader, Skip};
use super::ieee_802_11;
use crate::Packet;

/// Ten values of twelve bytes behind 24 bytes.
const PRISM_LEN: usize = 144;
/// The first word of the other header, but for its version.
const AVS_MAGIC: u32 = 0x8021_1000;
const VERSION: u32 = 0xfff;
/// Magic and length.
const AVS_FIXED_LEN: u32 = 8;

pub(super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let first = reader.rest().first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    if first & !VERSION == AVS_MAGIC {
        return decode_avs(reader, packet);
    }
    reader.link_skip(PRISM_LEN)?;
    ieee_802_11::decode(reader, packet)
}

pub(super) fn decode_avs(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let len = u32_at(reader.link_header::<8>()?, 4);
    reader.link_skip(len.saturating_sub(AVS_FIXED_LEN) as usize)?;
    ieee_802_11::decode(reader, packet)
}

#[cfg(test)]
mod tests {
    use crate::LinkType;
    use crate::decode::tests::{UDP4, decode_as};

    const FRAME: [u8; 24] = [8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const SNAP: [u8; 8] = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];

    #[test]
    fn a_header_of_either_kind_is_stepped_over() {
        let avs = [&[0x80, 0x21, 0x10, 1, 0, 0, 0, 64][..], &[7; 56]].concat();
        let offset =
            |kind, header: &[u8]| decode_as(kind, &[header, &FRAME, &SNAP, &UDP4]).unwrap().network_offset;
        assert_eq!(offset(LinkType::IEEE_802_11_PRISM, &[0; 144]), 176);
        assert_eq!(offset(LinkType::IEEE_802_11_PRISM, &avs), 96);
        assert_eq!(offset(LinkType::IEEE_802_11_AVS, &avs), 96);
    }
}
