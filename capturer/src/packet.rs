//! The stripped packet: what is left of a frame once its headers are read. `Copy`, no heap, fixed size.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use crate::Timestamp;

mod facts;
mod tcp;

pub use facts::PacketFacts;
pub use tcp::{OptionKind, OptionLayout, Tcp, TcpFlags, TcpOptions, TcpQuirks};

/// One decoded frame. Fields carry the names of their RFCs; what a frame does not have is the documented empty value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// When the frame was captured.
    pub at: Timestamp,
    /// The frame's number in its source, from 1.
    pub number: u64,
    /// Bytes on the wire, link header included.
    pub wire_len: u32,
    /// Bytes that were captured of them.
    pub captured_len: u32,
    /// Bytes of transport payload on the wire as the headers declare them (link padding excluded).
    pub payload_len: u32,
    /// Where the transport payload begins in the frame; beyond `captured_len` when it was not captured.
    pub payload_offset: u16,
    /// Where the IPv4, IPv6 or ARP header begins in the frame.
    pub network_offset: u16,
    /// What is odd about it, and whether it is a tunnel's or inside one.
    pub facts: PacketFacts,
    /// The outermost VLAN tag, [`Vlan::NONE`] without one.
    pub vlan: Vlan,
    /// IPv4 identification; 0 for IPv6 without a fragment header.
    pub identification: u16,
    /// Fragment offset and flags of IPv4 or the IPv6 fragment header.
    pub fragment: Fragment,
    /// Source hardware address, zero when the link has none.
    pub source_mac: Mac,
    /// Destination hardware address, zero when the link has none.
    pub destination_mac: Mac,
    /// Source address of the IP header at `network_offset`; the sender's protocol address in ARP.
    pub source: IpAddr,
    /// Destination address of that header; the target's protocol address in ARP.
    pub destination: IpAddr,
    /// Which network protocol carries it.
    pub network: Network,
    /// The upper-layer protocol (after IPv6 extension headers); 0 for ARP.
    pub protocol: Protocol,
    /// IPv4 time to live or IPv6 hop limit.
    pub ttl: u8,
    /// IPv4 type of service or IPv6 traffic class: DSCP in the upper six bits, ECN in the lower two.
    pub traffic_class: u8,
    /// Bytes of IPv4 options (0 to 40), or of IPv6 extension headers, at most 255.
    pub network_options_len: u8,
    /// IPv6: the flow label is not zero. IPv4: the reserved flag bit is set.
    pub network_mark: bool,
    /// What follows.
    pub transport: Transport,
}

/// The packet stays within two cache lines; measured benches rely on it.
const _: () = assert!(size_of::<Packet>() <= 128);

impl Packet {
    /// Source and destination port, when the transport has them; of a later fragment those of the first, when it was
    /// seen.
    pub const fn ports(&self) -> Option<Ports> {
        match &self.transport {
            Transport::Tcp(tcp) => Some(tcp.ports),
            Transport::Udp(ports) | Transport::Sctp(ports) | Transport::FragmentOf(ports) => Some(*ports),
            Transport::Icmp(_)
            | Transport::Arp(_)
            | Transport::Other
            | Transport::Fragment
            | Transport::Cut => None,
        }
    }

    /// The TCP header, when there is one.
    pub const fn tcp(&self) -> Option<&Tcp> {
        if let Transport::Tcp(tcp) = &self.transport { Some(tcp) } else { None }
    }

    /// Whether the frame carries IPv4 or IPv6.
    pub const fn is_ip(&self) -> bool {
        matches!(self.network, Network::Ipv4 | Network::Ipv6)
    }

    /// A packet with nothing in it, for tests and for filling fixed slots.
    pub const fn empty() -> Self {
        const ANY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        Self {
            at: Timestamp::EPOCH,
            number: 0,
            wire_len: 0,
            captured_len: 0,
            payload_len: 0,
            payload_offset: 0,
            network_offset: 0,
            facts: PacketFacts::NONE,
            vlan: Vlan::NONE,
            identification: 0,
            fragment: Fragment(0),
            source_mac: Mac([0; 6]),
            destination_mac: Mac([0; 6]),
            source: ANY,
            destination: ANY,
            network: Network::Ipv4,
            protocol: Protocol(0),
            ttl: 0,
            traffic_class: 0,
            network_options_len: 0,
            network_mark: false,
            transport: Transport::Other,
        }
    }
}

/// The network protocol of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Network {
    /// RFC 791.
    Ipv4,
    /// RFC 8200.
    Ipv6,
    /// RFC 826 (also RARP, RFC 903).
    Arp,
}

/// An IANA protocol number (<https://www.iana.org/assignments/protocol-numbers>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Protocol(pub u8);

impl Protocol {
    /// RFC 792.
    pub const ICMP: Self = Self(1);
    /// RFC 3376.
    pub const IGMP: Self = Self(2);
    /// IPv4 in IP, RFC 2003.
    pub const IPV4: Self = Self(4);
    /// RFC 9293.
    pub const TCP: Self = Self(6);
    /// RFC 768.
    pub const UDP: Self = Self(17);
    /// IPv6 in IP, RFC 4213.
    pub const IPV6: Self = Self(41);
    /// RFC 2784.
    pub const GRE: Self = Self(47);
    /// RFC 4303.
    pub const ESP: Self = Self(50);
    /// RFC 4302.
    pub const AH: Self = Self(51);
    /// RFC 4443.
    pub const ICMPV6: Self = Self(58);
    /// RFC 3378.
    pub const ETHERIP: Self = Self(97);
    /// L2TP version 3 directly over IP, RFC 3931.
    pub const L2TP: Self = Self(115);
    /// RFC 9260.
    pub const SCTP: Self = Self(132);
    /// MPLS in IP, RFC 4023.
    pub const MPLS: Self = Self(137);
}

/// What follows the network header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// RFC 9293.
    Tcp(Tcp),
    /// RFC 768.
    Udp(Ports),
    /// RFC 9260.
    Sctp(Ports),
    /// RFC 792 or RFC 4443, by [`Packet::protocol`].
    Icmp(Icmp),
    /// RFC 826.
    Arp(Arp),
    /// Another protocol; its number is in [`Packet::protocol`].
    Other,
    /// A fragment other than the first: no transport header.
    Fragment,
    /// The same, with the ports that its first fragment had: a [`Decoder`](crate::decode::Decoder) remembers them.
    FragmentOf(Ports),
    /// The transport header is not whole (cut by the snap length, or the packet ends early).
    Cut,
}

/// Source and destination port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ports {
    /// The sender's port.
    pub source: u16,
    /// The receiver's port.
    pub destination: u16,
}

/// Type and code of an ICMP or ICMPv6 message, and the identifier and sequence number of an echo (else 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Icmp {
    /// Type.
    pub kind: u8,
    /// Code.
    pub code: u8,
    /// Identifier of an echo message.
    pub identifier: u16,
    /// Sequence number of an echo message.
    pub sequence: u16,
}

/// An ARP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arp {
    /// Operation: 1 request, 2 reply.
    pub operation: u16,
    /// Hardware address the sender claims for its protocol address.
    pub sender: Mac,
    /// Hardware address of the target; zero in a request.
    pub target: Mac,
}

/// Fragment flags and offset: bit 15 "more fragments", bit 14 "do not fragment", low 13 bits the offset in 8-byte units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fragment(pub u16);

impl Fragment {
    /// More fragments follow.
    pub const MORE: u16 = 0x8000;
    /// Do not fragment (IPv4).
    pub const DO_NOT: u16 = 0x4000;

    /// Offset of this fragment in bytes.
    pub const fn offset(self) -> u32 {
        (self.0 & 0x1fff) as u32 * 8
    }

    /// Whether fragments follow.
    pub const fn more(self) -> bool {
        self.0 & Self::MORE != 0
    }

    /// Whether this is one piece of several.
    pub const fn is_fragment(self) -> bool {
        self.0 & (Self::MORE | 0x1fff) != 0
    }
}

/// A VLAN identifier (IEEE 802.1Q, 0 to 4095), or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Vlan(u16);

impl Vlan {
    /// No tag.
    pub const NONE: Self = Self(u16::MAX);

    /// From the tag control information; priority and drop bits are dropped.
    pub const fn from_tci(tci: u16) -> Self {
        Self(tci & 0x0fff)
    }

    /// The identifier.
    pub const fn id(self) -> Option<u16> {
        if self.0 == u16::MAX { None } else { Some(self.0) }
    }
}

/// An IEEE 802 hardware address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Whether it is that of several stations, or of all (IEEE 802 §8.2.2: the individual/group bit).
    pub const fn is_group(self) -> bool {
        self.0[0] & 1 == 1
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}
