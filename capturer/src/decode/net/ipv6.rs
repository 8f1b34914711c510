//! IPv6 (RFC 8200) and its extension headers, up to the first that hides what follows (ESP).

use std::net::Ipv6Addr;

use super::super::reader::{u16_at, u32_at};
use super::super::{Reader, Skip, SkipReason};
use super::{carry, cut};
use crate::{Fragment, Network, Packet, Protocol};

/// Extension headers that are stepped over, each at least eight bytes. RFC 8200 knows six, each at most once but one; a
/// hundred in a packet have been seen, and other readers go through them.
const MAX_EXTENSIONS: usize = 128;

/// Numbers of <https://www.iana.org/assignments/ipv6-parameters>.
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;

pub(super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<(), Skip> {
    let begin = *reader;
    let header = reader.network_header::<8>()?;
    if header[0] >> 4 != 6 {
        return Err(begin.skip_here(SkipReason::BadNetwork));
    }
    packet.source = Ipv6Addr::from(*reader.network_header::<16>()?).into();
    packet.destination = Ipv6Addr::from(*reader.network_header::<16>()?).into();
    fill(header, packet);
    let extensions_begin = reader.offset();
    let whole = extensions(reader, packet);
    let extensions_len = (reader.offset() - extensions_begin) as u32;
    packet.network_options_len = u8::try_from(extensions_len).unwrap_or(u8::MAX);
    let len = declared(header).saturating_sub(extensions_len);
    match whole {
        Some(()) => carry(reader, len, packet),
        None => cut(reader, len, packet),
    }
    Ok(())
}

/// Whether a header that makes a packet begins these bytes.
pub(super) fn holds(bytes: &[u8]) -> bool {
    bytes.len() >= 40 && bytes[0] >> 4 == 6
}

/// What the header claims to carry; zero in a jumbogram (RFC 2675), and in a segment that the network card was to cut
/// up: the rest of the frame.
const fn declared(header: &[u8; 8]) -> u32 {
    match u16_at(header, 4) {
        0 => u32::MAX,
        len => len as u32,
    }
}

/// The fields before the addresses.
#[inline(always)]
fn fill(header: &[u8; 8], packet: &mut Packet) {
    let first = u32_at(header, 0);
    packet.network = Network::Ipv6;
    packet.traffic_class = (first >> 20) as u8;
    packet.network_mark = first & 0xf_ffff != 0;
    packet.protocol = Protocol(header[6]);
    packet.ttl = header[7];
}

/// Whether a protocol is an extension header whose second byte gives its length.
const fn is_extension(protocol: u8) -> bool {
    // Hop-by-hop, routing, fragment, authentication, destination options, mobility, HIP, Shim6.
    matches!(protocol, 0 | 43 | FRAGMENT | AUTHENTICATION | 60 | 135 | 139 | 140)
}

/// Steps over extension headers; `None` when one is cut, or there are too many.
#[inline(always)]
fn extensions(reader: &mut Reader<'_>, packet: &mut Packet) -> Option<()> {
    if is_extension(packet.protocol.0) { chain(reader, packet) } else { Some(()) }
}

pub(super) fn chain(reader: &mut Reader<'_>, packet: &mut Packet) -> Option<()> {
    for _ in 0..MAX_EXTENSIONS {
        if !is_extension(packet.protocol.0) || packet.fragment.offset() != 0 {
            return Some(());
        }
        step(reader, packet)?;
    }
    if is_extension(packet.protocol.0) { None } else { Some(()) }
}

/// Takes one extension header, all of it or nothing.
fn step(reader: &mut Reader<'_>, packet: &mut Packet) -> Option<()> {
    let mut ahead = *reader;
    let header = ahead.take::<8>()?;
    let len = usize::from(header[1]);
    match packet.protocol.0 {
        FRAGMENT => note_fragment(header, packet),
        AUTHENTICATION => ahead.advance(((len + 2) * 4).saturating_sub(8))?,
        _ => ahead.advance(len * 8)?,
    }
    packet.protocol = Protocol(header[0]);
    *reader = ahead;
    Some(())
}

/// RFC 8200 §4.5.
fn note_fragment(header: &[u8; 8], packet: &mut Packet) {
    let field = u16_at(header, 2);
    let more = if field & 1 != 0 { Fragment::MORE } else { 0 };
    packet.fragment = Fragment(more | (field >> 3));
    packet.identification = u16_at(header, 6);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::tests::{UDP6, decode_as};
    use crate::{LinkType, Ports, Transport};

    const PORTS: Option<Ports> = Some(Ports { source: 53, destination: 4096 });

    /// The datagram of the tests with extension headers between: the first's number, all their bytes.
    fn extended(first: u8, extensions: &[&[u8]]) -> Vec<u8> {
        let extensions = extensions.concat();
        let mut datagram = UDP6.to_vec();
        let len = u16::try_from(10 + extensions.len()).unwrap();
        datagram[4..6].copy_from_slice(&len.to_be_bytes());
        datagram[6] = first;
        datagram.splice(40..40, extensions);
        datagram
    }

    #[test]
    fn every_field_is_where_rfc_8200_has_it() {
        let mut datagram = UDP6;
        datagram[..4].copy_from_slice(&[0x6b, 0x90, 0, 1]);
        let packet = decode_as(LinkType::IPV6, &[&datagram]).unwrap();
        assert_eq!((packet.traffic_class, packet.network_mark, packet.ttl), (0xb9, true, 64));
        assert_eq!(packet.source, "2001:db8::1".parse::<Ipv6Addr>().unwrap());
        assert_eq!(packet.destination, "2001:db8::2".parse::<Ipv6Addr>().unwrap());
        assert_eq!((packet.ports(), packet.payload_offset, packet.payload_len), (PORTS, 48, 2));
    }

    #[test]
    fn each_extension_header_is_stepped_over() {
        for kind in [0, 43, 60, 135, 139, 140] {
            let datagram = extended(kind, &[&[17, 1], &[0; 14]]);
            let packet = decode_as(LinkType::IPV6, &[&datagram]).unwrap();
            assert_eq!((packet.ports(), packet.network_options_len), (PORTS, 16), "{kind}");
            assert_eq!((packet.payload_offset, packet.payload_len), (64, 2));
        }
        let authenticated = extended(AUTHENTICATION, &[&[17, 4], &[0; 22]]);
        assert_eq!(decode_as(LinkType::IPV6, &[&authenticated]).unwrap().ports(), PORTS);
    }

    #[test]
    fn only_the_first_fragment_has_ports() {
        let first = extended(FRAGMENT, &[&[17, 0, 0, 1, 0, 1, 0x12, 0x34]]);
        let packet = decode_as(LinkType::IPV6, &[&first]).unwrap();
        assert_eq!((packet.ports(), packet.identification, packet.fragment.more()), (PORTS, 0x1234, true));
        let last = extended(FRAGMENT, &[&[17, 0, 0, 0x10, 0, 1, 0x12, 0x34]]);
        let packet = decode_as(LinkType::IPV6, &[&last]).unwrap();
        assert_eq!((packet.transport, packet.fragment.offset()), (Transport::Fragment, 16));
        assert_eq!((packet.protocol, packet.payload_len), (Protocol::UDP, 10));
    }

    #[test]
    fn what_esp_hides_stays_hidden() {
        let packet = decode_as(LinkType::IPV6, &[&extended(50, &[])]).unwrap();
        assert_eq!((packet.protocol, packet.transport), (Protocol(50), Transport::Other));
    }

    #[test]
    fn a_chain_that_is_cut_or_endless_leaves_the_addresses() {
        let cut = extended(0, &[&[17, 200]]);
        let endless = extended(0, &[&[0; 8 * (MAX_EXTENSIONS + 1)]]);
        for datagram in [cut, endless] {
            let packet = decode_as(LinkType::IPV6, &[&datagram]).unwrap();
            assert_eq!((packet.transport, packet.network), (Transport::Cut, Network::Ipv6));
        }
    }
}
