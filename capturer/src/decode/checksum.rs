//! Internet checksums (RFC 1071): of the IPv4 header, and of TCP, UDP and ICMP segments that were captured whole.
//!
//! A host that leaves checksums to its network card captures its own frames before they are there: TCP and UDP fields
//! then hold the sum of the pseudo-header alone, or zero, an IPv4 header zero. Such frames are
//! [`PacketFacts::OFFLOADED_CHECKSUM`], not bad. Not judged: fragments, frames that were cut, packets whose lengths lie,
//! and segments behind IPv6 extension headers, which may change the address that is summed.

use std::net::IpAddr;

use crate::{Network, Packet, PacketFacts, Protocol, Transport};

/// The sum of nothing wrong.
const GOOD: u16 = 0xffff;

/// Sets the facts of wrong and of missing checksums.
pub(super) fn verify(bytes: &[u8], packet: &mut Packet) {
    let Some(network) = bytes.get(usize::from(packet.network_offset)..) else { return };
    let header_len = match packet.network {
        Network::Ipv4 => 20 + usize::from(packet.network_options_len),
        Network::Ipv6 if packet.network_options_len == 0 => 40,
        Network::Ipv6 | Network::Arp => return,
    };
    let Some((header, rest)) = network.split_at_checked(header_len) else { return };
    let verdict = if packet.network == Network::Ipv4 { ipv4(header) } else { PacketFacts::NONE };
    packet.facts.set(verdict);
    if let Some(segment) = segment(header, rest, packet) {
        packet.facts.set(transport(segment, packet));
    }
}

fn ipv4(header: &[u8]) -> PacketFacts {
    match (fold(sum(header)), header[10..12] == [0, 0]) {
        (GOOD, _) => PacketFacts::NONE,
        (_, true) => PacketFacts::OFFLOADED_CHECKSUM,
        (_, false) => PacketFacts::BAD_HEADER_CHECKSUM,
    }
}

/// The transport header and its payload, when they are there whole.
fn segment<'a>(header: &[u8], rest: &'a [u8], packet: &Packet) -> Option<&'a [u8]> {
    let begin = usize::from(packet.network_offset) + header.len();
    let end = usize::from(packet.payload_offset) + packet.payload_len as usize;
    let lies =
        packet.facts.has(PacketFacts::LENGTH_BEYOND_FRAME) || packet.facts.has(PacketFacts::UDP_LENGTH);
    let unknown = match packet.network {
        Network::Ipv4 => header[2..4] == [0, 0] || Protocol(header[9]) == Protocol::AH,
        Network::Ipv6 | Network::Arp => header[4..6] == [0, 0],
    };
    if lies || unknown || packet.fragment.is_fragment() {
        return None;
    }
    rest.get(..end.checked_sub(begin)?)
}

fn transport(segment: &[u8], packet: &Packet) -> PacketFacts {
    let at = match packet.transport {
        Transport::Tcp(_) => 16,
        Transport::Udp(_) => 6,
        Transport::Icmp(_) => 2,
        _ => return PacketFacts::NONE,
    };
    let Some(&[high, low]) = segment.get(at..).and_then(|rest| rest.first_chunk()) else {
        return PacketFacts::NONE;
    };
    let given = u16::from_be_bytes([high, low]);
    // RFC 768: none; RFC 6935 allows it in IPv6 to tunnels.
    if given == 0 && packet.protocol == Protocol::UDP {
        return PacketFacts::NONE;
    }
    let pseudo = pseudo_header(segment.len(), packet);
    match fold(pseudo + sum(segment)) {
        GOOD => PacketFacts::NONE,
        _ if given == fold(pseudo) || given == 0 => PacketFacts::OFFLOADED_CHECKSUM,
        _ => PacketFacts::BAD_CHECKSUM,
    }
}

/// The sum of what is not in the segment: RFC 9293 §3.1, RFC 8200 §8.1. ICMP in IPv4 has none.
fn pseudo_header(len: usize, packet: &Packet) -> u64 {
    if packet.protocol == Protocol::ICMP {
        return 0;
    }
    let address = |address: IpAddr| match address {
        IpAddr::V4(address) => sum(&address.octets()),
        IpAddr::V6(address) => sum(&address.octets()),
    };
    address(packet.source) + address(packet.destination) + u64::from(packet.protocol.0) + len as u64
}

/// The sum of 16-bit words, an odd byte padded with zero. A frame has too few of them to overflow it.
fn sum(bytes: &[u8]) -> u64 {
    let (words, odd) = bytes.as_chunks::<2>();
    let last = odd.first().map_or(0, |byte| u64::from(*byte) << 8);
    words.iter().map(|word| u64::from(u16::from_be_bytes(*word))).sum::<u64>() + last
}

/// Carries added back in, until 16 bits are left.
const fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;

    use super::*;
    use crate::LinkType;
    use crate::decode::tests::frame;
    use crate::decode::{DecodeSettings, Decoder};

    fn facts(bytes: &[u8]) -> PacketFacts {
        let mut decoder = Decoder::new(DecodeSettings { checksums: true, ..Default::default() });
        decoder.decode(&frame(LinkType::RAW, bytes)).unwrap().facts
    }

    /// A TCP, a UDP and an ICMP packet of each version, an odd number of bytes in each, and where the checksum is.
    fn samples() -> [(Vec<u8>, usize); 6] {
        let (v4, v6) =
            (|| PacketBuilder::ipv4([1; 4], [9; 4], 64), || PacketBuilder::ipv6([1; 16], [9; 16], 64));
        let mut bytes: [Vec<u8>; 6] = Default::default();
        v4().tcp(1, 2, 3, 4).write(&mut bytes[0], b"odd").unwrap();
        v4().udp(1, 2).write(&mut bytes[1], b"odd").unwrap();
        v4().icmpv4_echo_request(1, 2).write(&mut bytes[2], b"odd").unwrap();
        v6().tcp(1, 2, 3, 4).write(&mut bytes[3], b"odd").unwrap();
        v6().udp(1, 2).write(&mut bytes[4], b"odd").unwrap();
        v6().icmpv6_echo_request(1, 2).write(&mut bytes[5], b"odd").unwrap();
        let places = [36, 26, 22, 56, 46, 42];
        let mut places = places.into_iter();
        bytes.map(|bytes| (bytes, places.next().unwrap()))
    }

    #[test]
    fn right_sums_are_nothing_to_say_and_wrong_ones_are_bad() {
        for (mut bytes, at) in samples() {
            assert_eq!(facts(&bytes), PacketFacts::NONE);
            bytes[at] ^= 0x55;
            assert_eq!(facts(&bytes), PacketFacts::BAD_CHECKSUM, "{at}");
        }
    }

    #[test]
    fn a_changed_header_is_bad_and_an_unsummed_one_is_off_loaded() {
        let (mut bytes, _) = samples()[2].clone();
        bytes[8] = 3;
        assert_eq!(facts(&bytes), PacketFacts::BAD_HEADER_CHECKSUM);
        bytes[10..12].fill(0);
        assert_eq!(facts(&bytes), PacketFacts::OFFLOADED_CHECKSUM);
    }

    #[test]
    fn the_pseudo_headers_sum_alone_is_off_loaded() {
        for (mut bytes, at) in [samples()[0].clone(), samples()[4].clone()] {
            let packet = crate::decode::decode(&frame(LinkType::RAW, &bytes)).unwrap();
            let begin = if packet.network == Network::Ipv4 { 20 } else { 40 };
            let partial = fold(pseudo_header(bytes.len() - begin, &packet));
            bytes[at..at + 2].copy_from_slice(&partial.to_be_bytes());
            assert_eq!(facts(&bytes), PacketFacts::OFFLOADED_CHECKSUM);
        }
    }

    #[test]
    fn udp_without_a_checksum_and_what_was_not_captured_are_not_judged() {
        let (mut bytes, at) = samples()[1].clone();
        bytes[at..at + 2].fill(0);
        assert_eq!(facts(&bytes), PacketFacts::NONE);
        let (mut bytes, at) = samples()[0].clone();
        bytes[at] ^= 0x55;
        let cut =
            crate::Frame { wire_len: bytes.len() as u32, ..frame(LinkType::RAW, &bytes[..bytes.len() - 1]) };
        let mut decoder = Decoder::new(DecodeSettings { checksums: true, ..Default::default() });
        assert_eq!(decoder.decode(&cut).unwrap().facts, PacketFacts::NONE);
    }
}
