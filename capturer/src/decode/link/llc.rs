//! IEEE 802.2 logical link control and SNAP, which 802.3 frames, tagged frames and Linux cooked captures may carry.

use super::super::reader::u16_at;
use super::super::{EtherType, Reader, Skip};

/// Service access points of <https://www.iana.org/assignments/ieee-802-numbers>.
const SAP_SNAP: u8 = 0xaa;
/// RFC 790's IP, as RFC 948 used it.
const SAP_IP: u8 = 0x06;
/// The control field of unnumbered information.
const UNNUMBERED_INFORMATION: u8 = 0x03;
/// Organization codes whose SNAP protocol identifier is an EtherType: RFC 1042, and IEEE 802.1H for bridges.
const ETHERNET_OUIS: [[u8; 3]; 2] = [[0, 0, 0], [0, 0, 0xf8]];

/// Reads the field that is an EtherType above 1500, and up to there the length of LLC and its payload.
#[inline(always)]
pub(in super::super) fn type_or_length(field: u16, reader: &mut Reader<'_>) -> Result<EtherType, Skip> {
    if field > EtherType::MAX_LENGTH {
        return Ok(EtherType(field));
    }
    reader.limit(usize::from(field));
    decode(reader)
}

/// Takes an LLC header, and SNAP behind it.
pub(in super::super) fn decode(reader: &mut Reader<'_>) -> Result<EtherType, Skip> {
    match *reader.link_header::<3>()? {
        [SAP_SNAP, SAP_SNAP, UNNUMBERED_INFORMATION] => snap(reader),
        [SAP_IP, _, UNNUMBERED_INFORMATION] => Ok(EtherType::IPV4),
        _ => Ok(EtherType::NONE),
    }
}

/// Takes a SNAP header.
pub(super) fn snap(reader: &mut Reader<'_>) -> Result<EtherType, Skip> {
    let header = reader.link_header::<5>()?;
    let known = ETHERNET_OUIS.iter().any(|oui| header.starts_with(oui));
    Ok(if known { EtherType(u16_at(header, 3)) } else { EtherType::NONE })
}
