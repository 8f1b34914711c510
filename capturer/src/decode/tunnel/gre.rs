//! Generic routing encapsulation: RFC 2784 and 2890, with the source routes of RFC 1701; version 1 of PPTP (RFC 2637);
//! over UDP by RFC 8086. What it carries is named by an EtherType, with some numbers of its own.

use super::super::link::ppp;
use super::super::reader::u16_at;
use super::super::{EtherType, Reader, Skip};
use super::{Test, erspan, ethernet};
use crate::Packet;

/// Flags of the first two bytes: what optional fields there are.
const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
const ACKNOWLEDGMENT: u16 = 0x0080;
const VERSION: u16 = 0x0007;

/// Protocol types that are no EtherTypes of ours: transparent Ethernet bridging, PPP, ERSPAN, and Cisco's WCCP.
const ETHERNET: u16 = 0x6558;
const PPP: u16 = 0x880b;
const ERSPAN: u16 = 0x88be;
const ERSPAN_III: u16 = 0x22eb;
const WCCP: u16 = 0x883e;

/// PPTP is version 1.
pub(super) const IS_PPTP: Test = |_, payload| header(payload).is_some_and(|(flags, _)| flags & VERSION == 1);

/// NVGRE (RFC 7637) is Ethernet with a key and nothing else.
pub(super) const IS_NVGRE: Test = |_, payload| header(payload) == Some((KEY, ETHERNET));

pub(super) const IS_ERSPAN: Test =
    |_, payload| header(payload).is_some_and(|(_, kind)| [ERSPAN, ERSPAN_III].contains(&kind));

pub(super) const IS_GRE: Test = |_, payload| header(payload).is_some_and(|(flags, _)| flags & VERSION == 0);

/// Flags and protocol type.
fn header(payload: &[u8]) -> Option<(u16, u16)> {
    let header = payload.first_chunk::<4>()?;
    Some((u16_at(header, 0), u16_at(header, 2)))
}

pub(super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    let header = reader.link_header::<4>()?;
    let (flags, kind) = (u16_at(header, 0), u16_at(header, 2));
    options(flags, reader)?;
    match kind {
        ETHERNET => ethernet(reader, packet),
        PPP => ppp::framed(reader),
        ERSPAN if flags & SEQUENCE == 0 => ethernet(reader, packet),
        ERSPAN => erspan::decode_ii(reader, packet),
        ERSPAN_III => erspan::decode_iii(reader, packet),
        WCCP => wccp(reader),
        0..=EtherType::MAX_LENGTH => Ok(EtherType::NONE),
        number => Ok(EtherType(number)),
    }
}

/// Steps over the fields that flags announce.
fn options(flags: u16, reader: &mut Reader<'_>) -> Result<(), Skip> {
    let fields = [CHECKSUM | ROUTING, KEY, SEQUENCE, ACKNOWLEDGMENT];
    let present = fields.iter().filter(|field| flags & **field != 0).count();
    reader.link_skip(present * 4)?;
    if flags & ROUTING != 0 { routes(reader) } else { Ok(()) }
}

/// Source route entries of RFC 1701, up to the empty one; each at least four bytes.
fn routes(reader: &mut Reader<'_>) -> Result<(), Skip> {
    loop {
        let &[_, _, _, len] = reader.link_header::<4>()?;
        if len == 0 {
            return Ok(());
        }
        reader.link_skip(usize::from(len))?;
    }
}

/// Version 2 has a redirect header before the IPv4 header, version 1 has none
/// (draft-ietf-wrec-web-pro, §4.12.1).
fn wccp(reader: &mut Reader<'_>) -> Result<EtherType, Skip> {
    if reader.rest().first().is_some_and(|first| first >> 4 != 4) {
        reader.link_skip(4)?;
    }
    Ok(EtherType::IPV4)
}

#[cfg(test)]
mod tests {
    use crate::SkipReason;
    use crate::decode::tests::{UDP4, UDP6, carrying, frame};
    use crate::decode::tunnel::tests::{ETHERNET, over_udp, through};

    /// Name of the tunnel and where its packet begins behind the outer header.
    fn read(parts: &[&[u8]]) -> (&'static str, u16) {
        let (name, packet) = through(&carrying(47, &parts.concat())).unwrap();
        (name, packet.network_offset - 20)
    }

    #[test]
    fn optional_fields_are_stepped_over() {
        for (flags, len) in [(0, 4), (0x80, 8), (0x20, 8), (0x10, 8), (0x30, 12), (0xb0, 16)] {
            assert_eq!(read(&[&[flags, 0, 8, 0], &vec![9; len - 4], &UDP4]), ("gre", len as u16));
        }
        let routed = [0, 0, 0, 4, 1, 2, 3, 4, 0, 0, 0, 0];
        assert_eq!(read(&[&[0x40, 0, 0x86, 0xdd, 0, 0, 0, 0], &routed, &UDP6]), ("gre", 20));
    }

    #[test]
    fn ethernet_with_a_key_is_nvgre() {
        assert_eq!(read(&[&[0x20, 0, 0x65, 0x58, 0, 0, 7, 0], &ETHERNET, &UDP4]), ("nvgre", 22));
        assert_eq!(read(&[&[0, 0, 0x65, 0x58], &ETHERNET, &UDP4]), ("gre", 18));
    }

    #[test]
    fn pptp_carries_ppp() {
        let header = [0x30, 0x81, 0x88, 0x0b, 0, 34, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2];
        assert_eq!(read(&[&header, &[0xff, 3, 0, 0x21], &UDP4]), ("pptp", 20));
        assert_eq!(read(&[&header, &[0x21], &UDP4]), ("pptp", 17));
    }

    #[test]
    fn redirected_packets_have_a_header_more_in_version_2() {
        assert_eq!(read(&[&[0, 0, 0x88, 0x3e], &UDP4]), ("gre", 4));
        assert_eq!(read(&[&[0, 0, 0x88, 0x3e, 0, 0, 0, 0], &UDP4]), ("gre", 8));
    }

    #[test]
    fn labels_and_udp_around_are_looked_through() {
        assert_eq!(read(&[&[0, 0, 0x88, 0x47, 0, 1, 1, 64], &UDP4]), ("gre", 8));
        assert_eq!(through(&over_udp(4754, &[&[0, 0, 8, 0], &UDP4])).unwrap().0, "gre-in-udp");
    }

    #[test]
    fn routes_come_to_an_end() {
        let bytes = carrying(47, &[&[0x40, 0, 8, 0, 0, 0, 0, 0][..], &[1; 100]].concat());
        let skip = crate::decode::layers(&frame(crate::LinkType::RAW, &bytes)).last().unwrap().unwrap_err();
        assert_eq!(skip.reason, SkipReason::CutLink);
    }
}
