//! IEEE 802.1Q tags and stacks of them (802.1ad).

use super::super::link::llc;
use super::super::reader::u16_at;
use super::super::{EtherType, Reader, Skip};
use crate::{Packet, Vlan};

/// The outermost tag is the packet's.
pub(super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let header = reader.link_header::<4>()?;
    if packet.vlan == Vlan::NONE {
        packet.vlan = Vlan::from_tci(u16_at(header, 0));
    }
    llc::type_or_length(u16_at(header, 2), reader)
}

#[cfg(test)]
mod tests {
    use crate::decode::MAX_SHIMS;
    use crate::decode::tests::{UDP4, decode_as};
    use crate::{LinkType, SkipReason, Vlan};

    const ADDRESSES: [u8; 12] = [0; 12];

    #[test]
    fn the_outermost_of_a_stack_is_kept() {
        for outer in [[0x88, 0xa8], [0x91, 0], [0x81, 0]] {
            let tags = [0xe0, 5, 0x81, 0, 0, 6, 8, 0];
            let packet = decode_as(LinkType::ETHERNET, &[&ADDRESSES, &outer, &tags, &UDP4]).unwrap();
            assert_eq!((packet.vlan, packet.payload_offset), (Vlan::from_tci(5), 50));
        }
    }

    #[test]
    fn a_stack_without_end_is_given_up() {
        let mut frame = ADDRESSES.to_vec();
        frame.extend([0x81, 0, 0, 1].repeat(MAX_SHIMS));
        let whole = [&frame[..], &[8, 0], &UDP4].concat();
        assert!(decode_as(LinkType::ETHERNET, &[&whole]).is_ok());
        let deeper = [&frame[..], &[0x81, 0, 0, 1, 8, 0], &UDP4].concat();
        assert_eq!(decode_as(LinkType::ETHERNET, &[&deeper]).unwrap_err().reason, SkipReason::TooDeep);
    }
}
