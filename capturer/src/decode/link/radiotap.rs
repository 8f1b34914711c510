//! Radiotap: what the radio knew of an IEEE 802.11 frame, of a length that the header gives.
//! Source: <https://www.radiotap.org>.

use super::super::{EtherType, Reader, Skip};
use super::ieee_802_11;
use crate::Packet;

/// Version, padding, length and the first word of the presence mask, in bytes.
const FIXED_LEN: u16 = 8;

pub(super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let header = reader.link_header::<8>()?;
    let len = u16::from_le_bytes([header[2], header[3]]);
    reader.link_skip(usize::from(len.saturating_sub(FIXED_LEN)))?;
    ieee_802_11::decode(reader, packet)
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{UDP4, decode_as};
    use crate::{LinkType, SkipReason};

    #[test]
    fn the_frame_is_found_behind_the_radios_words() {
        let data = [&[8, 0][..], &[0; 22], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]].concat();
        let packet =
            decode_as(LinkType::RADIOTAP, &[&[0, 0, 10, 0, 0, 0, 0, 0, 7, 7], &data, &UDP4]).unwrap();
        assert_eq!(packet.payload_offset, 70);
    }

    #[test]
    fn a_length_beyond_the_frame_is_a_cut_link() {
        let skip = decode_as(LinkType::RADIOTAP, &[&[0, 0, 0, 200, 0, 0, 0, 0]]).unwrap_err();
        assert_eq!(skip.reason, SkipReason::CutLink);
    }
}
