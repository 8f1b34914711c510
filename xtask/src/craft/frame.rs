//! Ethernet frames around IPv4, IPv6 and ARP, written by hand because most of a frame's payload never exists: it is a
//! few leading bytes and then zeros, which neither have to be stored nor summed (RFC 1071: zeros leave a checksum as it is).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A hardware address.
pub type Mac = [u8; 6];

/// A frame as far as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Its leading bytes; the rest are zeros.
    pub bytes: Vec<u8>,
    /// Its length on the wire, bytes.
    pub wire_length: u32,
}

/// One end of an IP packet, as seen where the capture is made.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    /// Its hardware address on this link: the router's for everybody beyond.
    pub mac: Mac,
    /// Its address.
    pub address: IpAddr,
    /// What TTL or hop limit its packets have left here.
    pub hop_limit: u8,
}

/// From whom to whom, and IPv4's identification (RFC 791; ignored by IPv6).
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// Who sends.
    pub from: Endpoint,
    /// Who is meant.
    pub to: Endpoint,
    /// IPv4's identification.
    pub identification: u16,
}

/// The bytes above a transport header: some, then zeros.
#[derive(Clone, Copy, Debug, Default)]
pub struct Payload<'a> {
    /// The leading bytes.
    pub head: &'a [u8],
    /// Everything, zeros included.
    pub length: usize,
}

impl<'a> Payload<'a> {
    /// These bytes and nothing else.
    pub const fn whole(head: &'a [u8]) -> Self {
        Self { head, length: head.len() }
    }
}

/// IANA protocol numbers used here.
pub mod protocol {
    /// ICMP, RFC 792.
    pub const ICMP: u8 = 1;
    /// TCP, RFC 9293.
    pub const TCP: u8 = 6;
    /// UDP, RFC 768.
    pub const UDP: u8 = 17;
    /// ICMPv6, RFC 4443.
    pub const ICMPV6: u8 = 58;
}

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_ARP: u16 = 0x0806;
const ETHERTYPE_IPV6: u16 = 0x86dd;
const DONT_FRAGMENT: u16 = 0x4000;

/// Writes Ethernet and IP headers in front of `transport`, whose checksum field lies `checksum_at` bytes in.
pub fn packet(
    route: &Route,
    protocol: u8,
    transport: &mut Vec<u8>,
    (checksum_at, length): (usize, usize),
) -> Frame {
    let sum = match (route.from.address, route.to.address) {
        _ if protocol == protocol::ICMP => 0,
        (IpAddr::V4(from), IpAddr::V4(to)) => sum(&from.octets()) + sum(&to.octets()),
        (from, to) => sum(&as_v6(from).octets()) + sum(&as_v6(to).octets()),
    };
    let pseudo = if protocol == protocol::ICMP { 0 } else { sum + u64::from(protocol) + length as u64 };
    let checksum = match !fold(pseudo + self::sum(transport)) {
        0 if protocol == protocol::UDP => 0xffff, // RFC 768: zero means none
        checksum => checksum,
    };
    transport[checksum_at..checksum_at + 2].copy_from_slice(&checksum.to_be_bytes());

    let mut bytes = Vec::with_capacity(54 + transport.len());
    bytes.extend(route.to.mac);
    bytes.extend(route.from.mac);
    internet_header(&mut bytes, route, protocol, length);
    let wire_length = (bytes.len() + length) as u32;
    bytes.append(transport);
    Frame { bytes, wire_length }
}

fn internet_header(bytes: &mut Vec<u8>, route: &Route, protocol: u8, length: usize) {
    match (route.from.address, route.to.address) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            bytes.extend(ETHERTYPE_IPV4.to_be_bytes());
            ipv4_header(bytes, (from, to), &(route, protocol, length));
        }
        (from, to) => {
            bytes.extend(ETHERTYPE_IPV6.to_be_bytes());
            bytes.extend([0x60, 0, 0, 0]);
            bytes.extend((length as u16).to_be_bytes());
            bytes.extend([protocol, route.from.hop_limit]);
            bytes.extend(as_v6(from).octets());
            bytes.extend(as_v6(to).octets());
        }
    }
}

fn ipv4_header(
    bytes: &mut Vec<u8>,
    (from, to): (Ipv4Addr, Ipv4Addr),
    &(route, protocol, length): &(&Route, u8, usize),
) {
    let start = bytes.len();
    let fragment = if protocol == protocol::TCP { DONT_FRAGMENT } else { 0 };
    bytes.extend([0x45, 0]);
    bytes.extend((length as u16 + 20).to_be_bytes());
    bytes.extend(route.identification.to_be_bytes());
    bytes.extend(fragment.to_be_bytes());
    bytes.extend([route.from.hop_limit, protocol, 0, 0]);
    bytes.extend(from.octets());
    bytes.extend(to.octets());
    let checksum = !fold(sum(&bytes[start..]));
    bytes[start + 10..start + 12].copy_from_slice(&checksum.to_be_bytes());
}

/// An ARP packet for IPv4 over Ethernet (RFC 826): `operation` 1 asks, 2 answers.
pub fn arp(operation: u16, sender: (Mac, Ipv4Addr), target: (Mac, Ipv4Addr), destination: Mac) -> Frame {
    let mut bytes = Vec::with_capacity(42);
    bytes.extend(destination);
    bytes.extend(sender.0);
    bytes.extend(ETHERTYPE_ARP.to_be_bytes());
    bytes.extend([0, 1, 8, 0, 6, 4]);
    bytes.extend(operation.to_be_bytes());
    for (mac, address) in [sender, target] {
        bytes.extend(mac);
        bytes.extend(address.octets());
    }
    Frame { wire_length: bytes.len() as u32, bytes }
}

/// The hardware address of a multicast group (RFC 1112, section 6.4; RFC 2464, section 7).
pub fn multicast_mac(group: IpAddr) -> Mac {
    match group {
        IpAddr::V4(group) => {
            let [_, b, c, d] = group.octets();
            [0x01, 0x00, 0x5e, b & 0x7f, c, d]
        }
        IpAddr::V6(group) => {
            let [.., a, b, c, d] = group.octets();
            [0x33, 0x33, a, b, c, d]
        }
    }
}

/// IPv4 among IPv6 ends is written mapped (RFC 4291); the generators never mix them.
fn as_v6(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

/// The bytes as big-endian 16-bit words, an odd last one padded.
fn sum(bytes: &[u8]) -> u64 {
    let words = bytes.chunks_exact(2);
    let last = words.remainder().first().map_or(0, |&byte| u64::from(byte) << 8);
    words.map(|word| u64::from(word[0]) << 8 | u64::from(word[1])).sum::<u64>() + last
}

const fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}
