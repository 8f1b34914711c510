//! GTP-U, the user plane of mobile networks: IP behind a tunnel identifier and extension headers.
//! Source: 3GPP TS 29.281 §5.

use super::super::reader::u16_at;
use super::super::{EtherType, Reader, Skip};
use super::Test;
use crate::Packet;

/// Version 1 and protocol type GTP, of the first byte.
const VERSION_AND_TYPE: u8 = 0xf0;
const GTP_1: u8 = 0x30;
/// Any of them: sequence number, N-PDU number and the type of an extension header are there.
const OPTIONAL: u8 = 0x07;
const EXTENSION: u8 = 0x04;
/// The message that carries a user's packet.
const G_PDU: u8 = 255;

pub(super) const ACCEPTS: Test =
    |_, payload| matches!(payload, [first, G_PDU, ..] if first & VERSION_AND_TYPE == GTP_1);

pub(super) fn decode(reader: &mut Reader<'_>, _: &mut Packet) -> Result<EtherType, Skip> {
    let header = reader.link_header::<8>()?;
    reader.limit(usize::from(u16_at(header, 2)));
    if header[0] & OPTIONAL != 0 {
        let &[_, _, _, next] = reader.link_header::<4>()?;
        extensions(if header[0] & EXTENSION != 0 { next } else { 0 }, reader)?;
    }
    Ok(reader.rest().first().and_then(|first| EtherType::of_ip(*first)).unwrap_or(EtherType::NONE))
}

/// Steps over extension headers: a length in words, which counts itself, and the next type in the last byte.
fn extensions(mut next: u8, reader: &mut Reader<'_>) -> Result<(), Skip> {
    while next != 0 {
        let &[words, _, _, last] = reader.link_header::<4>()?;
        next = last;
        for _ in 1..words {
            let &[_, _, _, last] = reader.link_header::<4>()?;
            next = last;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{UDP4, UDP6};
    use crate::decode::tunnel::tests::{over_udp, through};

    fn offset(first: u8, optional: &[u8], ip: &[u8]) -> Option<u16> {
        let len = u8::try_from(optional.len() + ip.len()).unwrap();
        let (name, packet) = through(&over_udp(2152, &[&[first, 255, 0, len, 0, 0, 0, 7], optional, ip]))?;
        assert_eq!(name, "gtp-u");
        Some(packet.network_offset - 28)
    }

    #[test]
    fn users_packets_of_both_versions_are_found() {
        assert_eq!(offset(0x30, &[], &UDP4), Some(8));
        assert_eq!(offset(0x30, &[], &UDP6), Some(8));
    }

    #[test]
    fn optional_fields_and_extension_headers_are_stepped_over() {
        assert_eq!(offset(0x32, &[0, 1, 0, 0x85], &UDP4), Some(12));
        assert_eq!(offset(0x34, &[0, 0, 0, 0x85, 1, 9, 9, 0], &UDP4), Some(16));
        assert_eq!(offset(0x36, &[0, 0, 0, 0x85, 2, 9, 9, 9, 9, 9, 9, 0xc0, 1, 9, 9, 0], &UDP4), Some(24));
    }

    #[test]
    fn signalling_and_chains_without_end_carry_nothing() {
        assert!(through(&over_udp(2152, &[&[0x32, 1, 0, 4, 0, 0, 0, 0, 0, 1, 0, 0]])).is_none());
        assert_eq!(offset(0x34, &[0x85; 8], &[0x85; 100]), None);
    }
}
