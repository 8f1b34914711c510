//! Cisco HDLC: address, control, and a number that is an EtherType but for Cisco's own.
//! Source: <https://www.tcpdump.org/linktypes.html>.

use super::super::reader::u16_at;
use super::super::{EtherType, Reader, Skip};
use crate::Packet;

/// Cisco's serial line address resolution has the number that is RARP elsewhere.
const SLARP: u16 = 0x8035;

pub(super) fn decode(reader: &mut Reader<'_>, _: &mut Packet) -> Result<EtherType, Skip> {
    let header = reader.link_header::<4>()?;
    Ok(match u16_at(header, 2) {
        SLARP | 0..=EtherType::MAX_LENGTH => EtherType::NONE,
        number => EtherType(number),
    })
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{UDP4, decode_as};
    use crate::{LinkType, SkipReason};

    #[test]
    fn ip_is_found_and_slarp_is_not_taken_for_rarp() {
        let packet = decode_as(LinkType::C_HDLC, &[&[0x0f, 0, 8, 0], &UDP4]).unwrap();
        assert_eq!(packet.payload_offset, 32);
        let skip = decode_as(LinkType::C_HDLC, &[&[0x8f, 0, 0x80, 0x35], &[0; 28]]).unwrap_err();
        assert_eq!(skip.reason, SkipReason::NonIp);
    }
}
