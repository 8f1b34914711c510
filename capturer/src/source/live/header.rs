//! What the kernel took off a frame, put back before its bytes.
//!
//! The kernel hands VLAN tags over beside the frame, having taken them out (or the network card has); they are put back
//! in, so that a frame looks as it did on the wire. Links whose headers nobody decodes are read without them, and get
//! the header of a "cooked" capture (LINKTYPE_LINUX_SLL) instead.

use crate::LinkType;
use crate::source::sys::Datagram;

/// Bytes needed before a frame: a VLAN tag is four, a cooked header sixteen.
pub(super) const HEADROOM: usize = 16;

/// Bytes of both hardware addresses, behind which a VLAN tag goes.
const ADDRESSES: usize = 12;

/// Puts back what is missing before the bytes from [`HEADROOM`] of `slot`, which has that and the addresses at least;
/// tells how many bytes the frame grew to the front.
pub(super) fn restore(link: LinkType, slot: &mut [u8], datagram: &Datagram) -> usize {
    match link {
        LinkType::LINUX_SLL => cook(slot, datagram),
        LinkType::ETHERNET => tag(slot, datagram),
        _ => 0,
    }
}

/// Puts a VLAN tag back behind the addresses.
fn tag(slot: &mut [u8], datagram: &Datagram) -> usize {
    let whole = slot.len() >= HEADROOM + ADDRESSES && datagram.wire_len >= ADDRESSES;
    let Some((identifier, control)) = datagram.vlan.filter(|_| whole) else {
        return 0;
    };
    slot.copy_within(HEADROOM..HEADROOM + ADDRESSES, HEADROOM - 4);
    let tag = HEADROOM - 4 + ADDRESSES;
    slot[tag..tag + 2].copy_from_slice(&identifier.to_be_bytes());
    slot[tag + 2..tag + 4].copy_from_slice(&control.to_be_bytes());
    4
}

/// Writes a cooked header before a packet whose link header the kernel took off.
fn cook(slot: &mut [u8], datagram: &Datagram) -> usize {
    let (address, length) = datagram.address;
    slot[0..2].copy_from_slice(&u16::from(datagram.direction).to_be_bytes());
    slot[2..4].copy_from_slice(&datagram.hardware.to_be_bytes());
    slot[4..6].copy_from_slice(&u16::from(length).to_be_bytes());
    slot[6..14].copy_from_slice(&address);
    slot[14..16].copy_from_slice(&datagram.protocol.to_be_bytes());
    HEADROOM
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vlan_tag_goes_back_behind_the_addresses() {
        let mut slot = vec![0; HEADROOM];
        slot.extend(b"destinsourceXYpayload");
        let datagram = Datagram { wire_len: 21, vlan: Some((0x88a8, 0x602a)), ..Datagram::default() };
        assert_eq!(restore(LinkType::ETHERNET, &mut slot, &datagram), 4);
        assert_eq!(&slot[HEADROOM - 4..], b"destinsource\x88\xa8\x60\x2aXYpayload");
    }

    #[test]
    fn a_frame_cut_within_its_addresses_gets_no_tag() {
        let mut slot = vec![0; HEADROOM + ADDRESSES - 1];
        let datagram = Datagram { wire_len: 21, vlan: Some((0x88a8, 0x602a)), ..Datagram::default() };
        assert_eq!(restore(LinkType::ETHERNET, &mut slot, &datagram), 0);
    }

    #[test]
    fn a_cooked_header_says_direction_link_address_and_protocol() {
        let mut slot = vec![0; HEADROOM];
        let address = ([1, 2, 3, 4, 5, 6, 0, 0], 6);
        let datagram =
            Datagram { direction: 4, hardware: 512, protocol: 0x0800, address, ..Datagram::default() };
        assert_eq!(restore(LinkType::LINUX_SLL, &mut slot, &datagram), 16);
        assert_eq!(slot, [0, 4, 2, 0, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0]);
    }
}
