//! TCP (RFC 9293), UDP (RFC 768) and ICMP (RFC 792, RFC 4443) on top of [`frame`](super::frame).

use super::frame::{Frame, Payload, Route, packet, protocol};

/// TCP's control bits.
pub mod flag {
    /// The sender is done.
    pub const FIN: u8 = 0x01;
    /// The first of a connection.
    pub const SYN: u8 = 0x02;
    /// There is no such connection.
    pub const RST: u8 = 0x04;
    /// Hand it up.
    pub const PSH: u8 = 0x08;
    /// The acknowledgment number counts.
    pub const ACK: u8 = 0x10;
}

/// A TCP header.
#[derive(Clone, Copy, Debug, Default)]
pub struct Segment<'a> {
    /// Source and destination port.
    pub ports: (u16, u16),
    /// Sequence number.
    pub sequence: u32,
    /// Acknowledgment number.
    pub acknowledgment: u32,
    /// Control bits.
    pub flags: u8,
    /// Window, unscaled.
    pub window: u16,
    /// Options, a multiple of four bytes.
    pub options: &'a [u8],
}

/// A TCP segment.
pub fn tcp(route: &Route, segment: &Segment<'_>, payload: Payload<'_>) -> Frame {
    let header = 20 + segment.options.len();
    let mut bytes = Vec::with_capacity(header + payload.head.len());
    bytes.extend(segment.ports.0.to_be_bytes());
    bytes.extend(segment.ports.1.to_be_bytes());
    bytes.extend(segment.sequence.to_be_bytes());
    bytes.extend(segment.acknowledgment.to_be_bytes());
    bytes.extend([(header as u8 / 4) << 4, segment.flags]);
    bytes.extend(segment.window.to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(segment.options);
    bytes.extend(payload.head);
    packet(route, protocol::TCP, &mut bytes, (16, header + payload.length))
}

/// A UDP datagram.
pub fn udp(route: &Route, ports: (u16, u16), payload: Payload<'_>) -> Frame {
    let length = 8 + payload.length;
    let mut bytes = Vec::with_capacity(8 + payload.head.len());
    bytes.extend(ports.0.to_be_bytes());
    bytes.extend(ports.1.to_be_bytes());
    bytes.extend((length as u16).to_be_bytes());
    bytes.extend([0; 2]);
    bytes.extend(payload.head);
    packet(route, protocol::UDP, &mut bytes, (6, length))
}

/// An ICMP or, between IPv6 ends, ICMPv6 message: type and code, the four bytes after the checksum, and the rest.
pub fn icmp(route: &Route, (kind, code): (u8, u8), rest: [u8; 4], payload: &[u8]) -> Frame {
    let mut bytes = vec![kind, code, 0, 0];
    bytes.extend(rest);
    bytes.extend(payload);
    let length = bytes.len();
    let number = if route.from.address.is_ipv4() { protocol::ICMP } else { protocol::ICMPV6 };
    packet(route, number, &mut bytes, (2, length))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use etherparse::{NetSlice, SlicedPacket, TransportSlice};

    use super::*;
    use crate::craft::frame::Endpoint;

    fn route(from: &str, to: &str) -> Route {
        let end = |address: &str| Endpoint {
            mac: [2, 0, 0, 0, 0, 9],
            address: address.parse::<IpAddr>().expect("a literal address"),
            hop_limit: 57,
        };
        Route { from: end(from), to: end(to), identification: 77 }
    }

    fn whole(frame: &Frame) -> Vec<u8> {
        let mut bytes = frame.bytes.clone();
        bytes.resize(frame.wire_length as usize, 0);
        bytes
    }

    #[test]
    fn tcp_checksums_cover_the_zeros_that_are_not_stored() {
        for (from, to) in [("192.168.1.10", "198.51.100.7"), ("fd00::1", "2001:db8::7")] {
            let segment =
                Segment { ports: (50_000, 443), window: 1000, options: &[1, 1, 1, 0], ..Default::default() };
            let frame = tcp(&route(from, to), &segment, Payload { head: b"abc", length: 1000 });
            let bytes = whole(&frame);
            let packet = SlicedPacket::from_ethernet(&bytes).expect("a whole frame");
            let Some(TransportSlice::Tcp(slice)) = packet.transport else { panic!("not TCP") };
            let expected = match packet.net {
                Some(NetSlice::Ipv4(ip)) => {
                    assert_eq!(ip.header().header_checksum(), ip.header().to_header().calc_header_checksum());
                    slice.calc_checksum_ipv4(ip.header().source(), ip.header().destination())
                }
                Some(NetSlice::Ipv6(ip)) => {
                    slice.calc_checksum_ipv6(ip.header().source(), ip.header().destination())
                }
                _ => panic!("not IP"),
            };
            assert_eq!(expected.ok(), Some(slice.checksum()));
            assert_eq!(slice.payload().len(), 1000);
        }
    }

    #[test]
    fn udp_and_icmp_read_back() {
        let frame = udp(&route("192.0.2.1", "192.0.2.2"), (53, 4000), Payload::whole(b"x"));
        let bytes = whole(&frame);
        let packet = SlicedPacket::from_ethernet(&bytes).expect("a whole frame");
        let Some(TransportSlice::Udp(slice)) = packet.transport else { panic!("not UDP") };
        let header = slice.to_header();
        let checksum = header.calc_checksum_ipv4_raw([192, 0, 2, 1], [192, 0, 2, 2], slice.payload());
        assert_eq!(checksum.ok(), Some(header.checksum));
        let frame = icmp(&route("fe80::1", "fe80::2"), (128, 0), [0, 1, 0, 2], b"ping");
        let packet = SlicedPacket::from_ethernet(&frame.bytes).expect("a whole frame");
        let Some(TransportSlice::Icmpv6(slice)) = packet.transport else { panic!("not ICMPv6") };
        let (from, to) = ("fe80::1".parse::<std::net::Ipv6Addr>(), "fe80::2".parse::<std::net::Ipv6Addr>());
        let (Ok(from), Ok(to)) = (from, to) else { panic!("literals") };
        assert!(slice.is_checksum_valid(from.octets(), to.octets()));
    }
}
