//! USB transfers that carry Ethernet: RNDIS, the one class of network adapters whose messages say what they are. Of
//! several frames in one transfer the first is read.
//! Sources: <https://www.tcpdump.org/linktypes/LINKTYPE_USB_LINUX.html>,
//! <https://desowin.org/usbpcap/captureformat.html>, Microsoft's MS-RNDIS §2.2.14.

use super::super::{EtherType, Reader, Skip};
use super::ethernet;
use crate::Packet;

/// The transfer type of bulk endpoints, in all three headers.
const BULK: u8 = 3;
/// `REMOTE_NDIS_PACKET_MSG`.
const PACKET_MESSAGE: u32 = 1;
/// The frame's offset is counted from behind type and length of the message.
const OFFSET_FROM: u32 = 8;
/// Type, length, offset and length of the frame.
const FIXED_LEN: u32 = 16;
/// The shortest header of USBPcap.
const USBPCAP_LEN: u16 = 27;

pub(super) fn decode_linux(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let kind = reader.link_header::<48>()?[9];
    message(kind, reader, packet)
}

pub(super) fn decode_linux_mapped(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let kind = reader.link_header::<64>()?[9];
    message(kind, reader, packet)
}

pub(super) fn decode_usbpcap(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let header = reader.link_header::<27>()?;
    let len = u16::from_le_bytes([header[0], header[1]]);
    reader.link_skip(usize::from(len.saturating_sub(USBPCAP_LEN)))?;
    message(header[22], reader, packet)
}

fn message(kind: u8, reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let begins = reader.rest().first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    if kind != BULK || begins != Some(PACKET_MESSAGE) {
        return Ok(EtherType::NONE);
    }
    let header = reader.link_header::<16>()?;
    let [_, _, offset, len] = [0, 4, 8, 12]
        .map(|at| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]));
    let Some(gap) = offset.checked_add(OFFSET_FROM).and_then(|begin| begin.checked_sub(FIXED_LEN)) else {
        return Ok(EtherType::NONE);
    };
    reader.link_skip(gap as usize)?;
    reader.limit(len as usize);
    ethernet::decode(reader, packet)
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{UDP4, decode_as};
    use crate::{LinkType, SkipReason};

    const ETHERNET: [u8; 14] = [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 8, 0];

    /// A message with a frame of 44 bytes at its usual place.
    fn message() -> Vec<u8> {
        let words = [1u32, 88, 36, 44, 0, 0, 0, 0, 0, 0, 0];
        [words.map(u32::to_le_bytes).concat(), ETHERNET.to_vec(), UDP4.to_vec()].concat()
    }

    /// A header of a given length, with the transfer type in its place.
    fn header(len: usize, at: usize, kind: u8) -> Vec<u8> {
        let mut header = vec![0; len];
        header[0] = len as u8;
        header[at] = kind;
        header
    }

    #[test]
    fn the_frame_in_a_bulk_transfer_is_found() {
        for (link, len, at) in [
            (LinkType::USB_LINUX, 48, 9),
            (LinkType::USB_LINUX_MMAPPED, 64, 9),
            (LinkType::USBPCAP, 27, 22),
            (LinkType::USBPCAP, 28, 22),
        ] {
            let packet = decode_as(link, &[&header(len, at, 3), &message(), &[0; 9]]).unwrap();
            assert_eq!(
                (usize::from(packet.network_offset), packet.payload_len),
                (len + 44 + 14, 2),
                "{link:?}"
            );
            let skip = decode_as(link, &[&header(len, at, 2), &message()]).unwrap_err();
            assert_eq!(skip.reason, SkipReason::NonIp);
        }
    }

    #[test]
    fn an_offset_that_points_back_is_not_followed() {
        let mut message = message();
        message[8] = 4;
        let skip = decode_as(LinkType::USB_LINUX, &[&header(48, 9, 3), &message]).unwrap_err();
        assert_eq!(skip.reason, SkipReason::NonIp);
    }
}
