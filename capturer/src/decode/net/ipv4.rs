//! IPv4 (RFC 791). Judged as Wireshark does: a wrong version, a header shorter than 20 bytes, or a total length that
//! does not hold the header make no packet; a total length beyond the frame does.

use std::net::Ipv4Addr;

use super::super::reader::{u16_at, u32_at};
use super::super::{Reader, Skip, SkipReason};
use super::{carry, cut, ipv6};
use crate::{Fragment, Network, Packet, Protocol};

/// The header without options, in bytes.
const FIXED_LEN: u32 = 20;
/// Flags of the fragment field.
const RESERVED: u16 = 0x8000;
const MORE_FRAGMENTS: u16 = 0x2000;

pub(super) fn decode(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<(), Skip> {
    let begin = *reader;
    let header = reader.network_header::<20>()?;
    let Some(lengths) = Lengths::of(header) else { return Err(begin.skip_here(SkipReason::BadNetwork)) };
    fill(header, packet);
    packet.network_options_len = lengths.options as u8;
    match reader.advance(lengths.options as usize) {
        Some(()) if packet.protocol == Protocol::AH => authenticated(reader, lengths.carried, packet),
        Some(()) => carry(reader, lengths.carried, packet),
        None => cut(reader, lengths.carried, packet),
    }
    Ok(())
}

/// Whether a header that makes a packet begins these bytes.
pub(super) fn holds(bytes: &[u8]) -> bool {
    bytes.first_chunk().is_some_and(|header| Lengths::of(header).is_some())
}

/// What a header says of lengths, in bytes.
struct Lengths {
    options: u32,
    /// What it carries; [`u32::MAX`] reaches to the end of the frame.
    carried: u32,
}

impl Lengths {
    #[inline(always)]
    fn of(header: &[u8; 20]) -> Option<Self> {
        let header_len = u32::from(header[0] & 0xf) * 4;
        // A segment that the network card was to cut up is captured before its total length is known: zero.
        let carried = match u32::from(u16_at(header, 2)) {
            0 => u32::MAX,
            total_len => total_len.checked_sub(header_len)?,
        };
        let options = header_len.checked_sub(FIXED_LEN)?;
        (header[0] >> 4 == 4).then_some(Self { options, carried })
    }
}

/// Steps over an authentication header (RFC 4302), as IPv6 does.
#[cold]
fn authenticated(reader: &mut Reader<'_>, carried: u32, packet: &mut Packet) {
    let begin = reader.offset();
    let whole = ipv6::chain(reader, packet);
    let carried =
        if carried == u32::MAX { carried } else { carried.saturating_sub((reader.offset() - begin) as u32) };
    match whole {
        Some(()) => carry(reader, carried, packet),
        None => cut(reader, carried, packet),
    }
}

/// The fields of the fixed header.
#[inline(always)]
fn fill(header: &[u8; 20], packet: &mut Packet) {
    let fragment = u16_at(header, 6);
    packet.network = Network::Ipv4;
    packet.traffic_class = header[1];
    packet.identification = u16_at(header, 4);
    packet.fragment = fragment_of(fragment);
    packet.network_mark = fragment & RESERVED != 0;
    packet.ttl = header[8];
    packet.protocol = Protocol(header[9]);
    packet.source = Ipv4Addr::from_bits(u32_at(header, 12)).into();
    packet.destination = Ipv4Addr::from_bits(u32_at(header, 16)).into();
}

/// The field's flags where [`Fragment`] has them.
const fn fragment_of(field: u16) -> Fragment {
    let more = if field & MORE_FRAGMENTS != 0 { Fragment::MORE } else { 0 };
    Fragment(more | (field & (Fragment::DO_NOT | 0x1fff)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::tests::{UDP4, decode_as, frame};
    use crate::{LinkType, Ports, Transport};

    /// The datagram of the tests with some bytes set.
    fn changed(bytes: &[(usize, u8)]) -> Vec<u8> {
        let mut datagram = UDP4.to_vec();
        for (at, byte) in bytes {
            datagram[*at] = *byte;
        }
        datagram
    }

    fn reason(datagram: &[u8]) -> SkipReason {
        decode_as(LinkType::IPV4, &[datagram]).unwrap_err().reason
    }

    #[test]
    fn every_field_is_where_rfc_791_has_it() {
        let datagram = changed(&[(1, 0xb9), (4, 0x12), (5, 0x34), (6, 0xc0)]);
        let packet = decode_as(LinkType::IPV4, &[&datagram]).unwrap();
        assert_eq!((packet.traffic_class, packet.identification, packet.ttl), (0xb9, 0x1234, 64));
        assert_eq!(packet.source, Ipv4Addr::new(192, 0, 2, 1));
        assert_eq!(packet.destination, Ipv4Addr::new(198, 51, 100, 2));
        assert_eq!((packet.fragment, packet.network_mark), (Fragment(Fragment::DO_NOT), true));
        assert_eq!((packet.payload_offset, packet.payload_len), (28, 2));
    }

    #[test]
    fn only_the_first_fragment_has_ports() {
        let first = decode_as(LinkType::IPV4, &[&changed(&[(6, 0x20)])]).unwrap();
        assert_eq!(first.ports(), Some(Ports { source: 53, destination: 4096 }));
        assert!(first.fragment.more() && first.fragment.is_fragment());
        let last = decode_as(LinkType::IPV4, &[&changed(&[(6, 0x01), (7, 0x02)])]).unwrap();
        assert_eq!((last.transport, last.fragment.offset()), (Transport::Fragment, 0x102 * 8));
        assert_eq!((last.payload_offset, last.payload_len), (20, 10));
    }

    #[test]
    fn options_are_stepped_over() {
        let header = changed(&[(0, 0x46), (3, 34)]);
        let packet = decode_as(LinkType::IPV4, &[&header[..20], &[1; 4], &header[20..]]).unwrap();
        assert_eq!((packet.network_options_len, packet.payload_offset), (4, 32));
        assert!(packet.ports().is_some());
    }

    #[test]
    fn options_that_are_cut_leave_the_addresses() {
        let packet = decode_as(LinkType::IPV4, &[&changed(&[(0, 0x4f), (3, 90)])]).unwrap();
        assert_eq!((packet.transport, packet.source), (Transport::Cut, Ipv4Addr::new(192, 0, 2, 1).into()));
    }

    #[test]
    fn headers_that_contradict_themselves_are_refused() {
        for bytes in [[(0, 0x55)], [(0, 0x44)], [(3, 19)]] {
            assert_eq!(reason(&changed(&bytes)), SkipReason::BadNetwork, "{bytes:?}");
        }
        assert_eq!(reason(&UDP4[..19]), SkipReason::CutNetwork);
    }

    #[test]
    fn padding_is_no_payload_and_lengths_are_not_believed_beyond_the_wire() {
        let padded = decode_as(LinkType::IPV4, &[&UDP4, &[0; 18]]).unwrap();
        assert_eq!(padded.payload_len, 2);
        let boasting = decode_as(LinkType::IPV4, &[&changed(&[(2, 0xff), (24, 0xff)])]).unwrap();
        assert_eq!(boasting.payload_len, 2);
    }

    #[test]
    fn total_length_zero_reaches_to_the_end_of_the_wire() {
        let datagram = changed(&[(3, 0), (24, 0), (25, 0)]);
        let cut = crate::Frame { wire_len: 3000, ..frame(LinkType::IPV4, &datagram) };
        assert_eq!(crate::decode::decode(&cut).unwrap().payload_len, 2972);
    }
}
