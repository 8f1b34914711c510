//! L2TP data messages: version 2 carries PPP (RFC 2661). Version 3 (RFC 3931) doesn't say in the frame what it carries,
//! nor whether a cookie and a sublayer come first: both are agreed on beforehand. Here it is Ethernet (RFC 4719), at the
//! first place where an Ethernet header with an IP header behind it can be.

use super::super::link::{ethernet, ppp};
use super::super::reader::u16_at;
use super::super::{EtherType, Reader, Skip};
use super::{Test, ethernet as inner_ethernet};
use crate::Packet;

/// Flags of the first two bytes.
const CONTROL: u16 = 0x8000;
const LENGTH: u16 = 0x4000;
const SEQUENCE: u16 = 0x0800;
const OFFSET: u16 = 0x0200;
const VERSION: u16 = 0x000f;
/// Lengths of cookie and sublayer together: cookies of 0, 4 or 8 bytes, a sublayer of 4 or none.
const COOKIES_AND_SUBLAYERS: [usize; 4] = [0, 4, 8, 12];

pub(super) const IS_VERSION_2: Test = |_, payload| flags(payload).is_some_and(|flags| flags & VERSION == 2);

pub(super) const IS_VERSION_3: Test = |_, payload| flags(payload).is_some_and(|flags| flags & VERSION == 3);

fn flags(payload: &[u8]) -> Option<u16> {
    payload.first_chunk::<2>().map(|bytes| u16::from_be_bytes(*bytes))
}

pub(super) fn version_2(reader: &mut Reader<'_>, _: &mut Packet) -> Result<EtherType, Skip> {
    let flags = u16::from_be_bytes(*reader.link_header::<2>()?);
    if flags & CONTROL != 0 {
        return Ok(EtherType::NONE);
    }
    if flags & LENGTH != 0 {
        let len = usize::from(u16::from_be_bytes(*reader.link_header::<2>()?));
        reader.limit(len.saturating_sub(4));
    }
    reader.link_skip(if flags & SEQUENCE != 0 { 8 } else { 4 })?;
    if flags & OFFSET != 0 {
        let padding = u16::from_be_bytes(*reader.link_header::<2>()?);
        reader.link_skip(usize::from(padding))?;
    }
    ppp::framed(reader)
}

/// Over UDP: flags and a reserved field before the session.
pub(super) fn version_3(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let header = reader.link_header::<4>()?;
    if u16_at(header, 0) & CONTROL != 0 {
        return Ok(EtherType::NONE);
    }
    version_3_over_ip(reader, packet)
}

/// Session 0 is control.
pub(super) fn version_3_over_ip(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    if *reader.link_header::<4>()? == [0; 4] {
        return Ok(EtherType::NONE);
    }
    let begins = |len: &&usize| reader.rest().get(**len..).is_some_and(ethernet::carries_ip);
    let Some(len) = COOKIES_AND_SUBLAYERS.iter().find(begins) else { return Ok(EtherType::NONE) };
    reader.link_skip(*len)?;
    inner_ethernet(reader, packet)
}

#[cfg(test)]
mod tests {
    use crate::decode::tests::{UDP4, carrying};
    use crate::decode::tunnel::tests::{ETHERNET, over_udp, through};

    #[test]
    fn version_2_carries_ppp_behind_optional_fields() {
        for (header, len) in [
            (&[0, 2, 0, 1, 0, 2][..], 6),
            (&[0x40, 2, 0, 42, 0, 1, 0, 2], 8),
            (&[0x08, 2, 0, 1, 0, 2, 0, 0, 0, 0], 10),
            (&[0x02, 2, 0, 1, 0, 2, 0, 2, 9, 9], 10),
        ] {
            let (name, packet) = through(&over_udp(1701, &[header, &[0xff, 3, 0, 0x21], &UDP4])).unwrap();
            assert_eq!((name, packet.network_offset), ("l2tp", 28 + len + 4));
        }
    }

    #[test]
    fn version_3_is_ethernet_wherever_that_begins() {
        for len in [0, 4, 8, 12] {
            let session = [&[0, 0, 0, 9][..], &vec![0xee; len]].concat();
            let (name, packet) = through(&carrying(115, &[&session[..], &ETHERNET, &UDP4].concat())).unwrap();
            assert_eq!((name, usize::from(packet.network_offset)), ("l2tpv3", 20 + 4 + len + 14));
            let (name, packet) =
                through(&over_udp(1701, &[&[0, 3, 0, 0], &session, &ETHERNET, &UDP4])).unwrap();
            assert_eq!((name, usize::from(packet.network_offset)), ("l2tpv3", 28 + 8 + len + 14));
        }
    }

    #[test]
    fn control_messages_carry_nothing() {
        assert!(through(&over_udp(1701, &[&[0xc8, 2, 0, 12], &[0; 8]])).is_none());
        assert!(through(&over_udp(1701, &[&[0xc8, 3, 0, 12], &[0; 8]])).is_none());
        assert!(through(&carrying(115, &[0; 40])).is_none());
    }
}
