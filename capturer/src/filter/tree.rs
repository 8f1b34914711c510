//! The checked expression: what a filter asks, with every qualifier resolved. Nothing is simplified and the order is
//! the text's, because libpcap's offsets change with each `vlan` as it is read; so the same tree serves evaluation on
//! decoded packets, evaluation on a frame's bytes, and compilation to classic BPF.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::link_names::{Bits, WirelessEnd};
use super::words::{Scope, Scopes};
use crate::Mac;
use crate::decode::Counted;

/// A filter's tree; `U` is what the caller's own words ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression<U> {
    /// The empty filter: everything passes.
    Everything,
    /// One question.
    Test(Test<U>),
    /// The opposite.
    Not(Box<Self>),
    /// Both.
    And(Box<Self>, Box<Self>),
    /// Either.
    Or(Box<Self>, Box<Self>),
}

/// One question about a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test<U> {
    /// The link payload's protocol: an EtherType, or an LLC service access point when at most 1500.
    EtherProtocol(u16),
    /// The upper-layer protocol by IANA number.
    Protocol(Family, u8),
    /// The protocol occurs anywhere in the chain of headers.
    ProtocolChain(Family, u8),
    /// An OSI network protocol by its identifier.
    Iso(u8),
    /// An IPv4 address within a network.
    Ipv4(Carrier, Side, Ipv4Net),
    /// An IPv6 address within a network.
    Ipv6(Side, Ipv6Net),
    /// A hardware address.
    Ether(Side, Mac),
    /// A port within a range, both ends included.
    Port(Ported, Side, PortRange),
    /// Sent to everyone or to a group.
    Cast(Cast),
    /// Inside an 802.1Q tag, with this identifier if given.
    Vlan(Option<u16>),
    /// Inside an MPLS label, with this value if given.
    Mpls(Option<u32>),
    /// Inside a PPPoE session, with this identifier if given.
    PppoeSession(Option<u16>),
    /// Inside Geneve, with this network identifier if given.
    Geneve(Option<u32>),
    /// Received (`false`) or sent (`true`) by the capturing host, where the link header says so.
    Outbound(bool),
    /// The index of the interface, where the link header says so.
    InterfaceIndex(u32),
    /// The kind of an IEEE 802.11 frame: these bits of its first byte.
    WirelessKind(Bits),
    /// Whether an IEEE 802.11 frame goes to (1) or from (2) the distribution system, both (3) or neither (0).
    WirelessDirection(u32),
    /// An address field of an IEEE 802.11 header.
    WirelessAddress(WirelessEnd, Mac),
    /// An IEEE 802.2 header, with these bits in its control field if given.
    Llc(Option<Bits>),
    /// A comparison of numbers.
    Relation(Box<Relation>),
    /// A word of the caller's.
    Upper(Upper<U>),
    /// Something about the packet of one layer; none of the caller's words is in it.
    Within(Counted, Box<Expression<U>>),
}

impl<U> Test<U> {
    /// What this question can be asked of. Addresses belong to everything that has ends; protocols and ports to
    /// what has a transport; the rest needs the frame.
    pub(super) fn scopes(&self) -> Scopes {
        match self {
            Self::Ipv4(Carrier::Any | Carrier::Ip, ..) | Self::Ipv6(..) => Scopes::ALL,
            Self::EtherProtocol(ethertype::IPV4 | ethertype::IPV6) => Scopes::ALL,
            Self::Ether(..) => Scopes::of(&[Scope::Frame, Scope::Flow, Scope::Host, Scope::Record]),
            Self::Protocol(..) | Self::Port(..) | Self::Vlan(_) => {
                Scopes::of(&[Scope::Frame, Scope::Flow, Scope::Record])
            }
            Self::Upper(upper) => upper.scopes,
            _ => Scopes::of(&[Scope::Frame]),
        }
    }
}

/// What one of the caller's words asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upper<U> {
    /// The word.
    pub word: &'static str,
    /// Which end it is asked of.
    pub side: Side,
    /// What follows the word.
    pub value: U,
    pub(super) scopes: Scopes,
    /// Whether the value is a comparison, which prints without quotes.
    pub(super) compared: bool,
}

/// Which end of a packet a question is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Side {
    /// Source or destination.
    #[default]
    Either,
    /// The source.
    Source,
    /// The destination.
    Destination,
    /// Source and destination.
    Both,
}

impl Side {
    /// Asks the ends this side names.
    pub fn ask(self, source: impl FnOnce() -> bool, destination: impl FnOnce() -> bool) -> bool {
        match self {
            Self::Either => source() || destination(),
            Self::Source => source(),
            Self::Destination => destination(),
            Self::Both => source() && destination(),
        }
    }
}

/// Which versions of IP a protocol is looked for in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4 and IPv6.
    Any,
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

/// What carries an IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// IPv4, ARP and RARP.
    Any,
    /// IPv4.
    Ip,
    /// ARP.
    Arp,
    /// RARP.
    Rarp,
}

/// Which transports a port is looked for in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ported {
    /// TCP, UDP and SCTP.
    Any,
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

/// To how many a frame or packet goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cast {
    /// To ff:ff:ff:ff:ff:ff.
    EtherBroadcast,
    /// To a hardware address with the group bit.
    EtherMulticast,
    /// To 255.255.255.255 or 0.0.0.0; directed broadcasts are unknown without the interface's mask.
    IpBroadcast,
    /// To 224.0.0.0 and above, as libpcap tests it.
    IpMulticast,
    /// To ff00::/8.
    Ip6Multicast,
}

/// An IPv4 network; a mask may have holes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ipv4Net {
    /// The address; bits outside the mask are zero.
    pub address: Ipv4Addr,
    /// The mask.
    pub mask: Ipv4Addr,
}

impl Ipv4Net {
    /// Whether the address is in it.
    pub const fn contains(self, address: Ipv4Addr) -> bool {
        address.to_bits() & self.mask.to_bits() == self.address.to_bits()
    }

    /// The prefix length, when the mask has no holes.
    pub const fn length(self) -> Option<u32> {
        let mask = self.mask.to_bits();
        if mask.leading_ones() + mask.trailing_zeros() >= 32 { Some(mask.leading_ones()) } else { None }
    }
}

/// An IPv6 network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ipv6Net {
    /// The address; bits beyond the length are zero.
    pub address: Ipv6Addr,
    /// The prefix length, at most 128.
    pub length: u8,
}

impl Ipv6Net {
    /// Whether the address is in it.
    pub const fn contains(self, address: Ipv6Addr) -> bool {
        (address.to_bits() ^ self.address.to_bits()) & self.mask() == 0
    }

    pub(super) const fn mask(self) -> u128 {
        if self.length == 0 { 0 } else { u128::MAX << (128 - self.length as u32) }
    }
}

/// Ports from low to high, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRange {
    /// The lowest.
    pub low: u16,
    /// The highest.
    pub high: u16,
}

impl PortRange {
    /// Whether the port is in it.
    pub const fn contains(self, port: u16) -> bool {
        self.low <= port && port <= self.high
    }
}

/// `left comparison right`, unsigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// What is compared.
    pub left: Value,
    /// How.
    pub comparison: Comparison,
    /// With what.
    pub right: Value,
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Comparison {
    pub(super) const ALL: [(Self, &str); 6] = [
        (Self::Equal, "="),
        (Self::NotEqual, "!="),
        (Self::Less, "<"),
        (Self::AtMost, "<="),
        (Self::Greater, ">"),
        (Self::AtLeast, ">="),
    ];

    /// As written in a filter.
    pub fn symbol(self) -> &'static str {
        Self::ALL.iter().find(|(comparison, _)| *comparison == self).map_or("", |(_, symbol)| symbol)
    }

    /// Whether it holds.
    pub fn holds<N: Ord>(self, left: N, right: N) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Greater => left > right,
            Self::AtLeast => left >= right,
        }
    }
}

/// A 32-bit number computed from a frame; arithmetic wraps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A constant.
    Number(u32),
    /// The frame's length on the wire, in bytes.
    Length,
    /// Bytes of a header, big endian.
    Load(Box<Load>),
    /// Two's complement.
    Negate(Box<Self>),
    /// `left operator right`.
    Binary(Box<Self>, Operator, Box<Self>),
}

/// `layer[offset:size]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// Whose header.
    pub layer: Layer,
    /// From its beginning, in bytes.
    pub offset: Value,
    /// 1, 2 or 4 bytes.
    pub size: u8,
}

/// What the offset of a byte access counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// The frame's beginning.
    Link,
    /// The header of a link payload, by EtherType.
    Network(u16),
    /// The header after IP, by its IANA number.
    Transport(Family, u8),
}

/// Arithmetic operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
    /// `&`
    And,
    /// `|`
    Or,
    /// `^`
    Xor,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight,
}

impl Operator {
    pub(super) const ALL: [(Self, &str); 10] = [
        (Self::Add, "+"),
        (Self::Subtract, "-"),
        (Self::Multiply, "*"),
        (Self::Divide, "/"),
        (Self::Modulo, "%"),
        (Self::And, "&"),
        (Self::Or, "|"),
        (Self::Xor, "^"),
        (Self::ShiftLeft, "<<"),
        (Self::ShiftRight, ">>"),
    ];

    /// As written in a filter.
    pub fn symbol(self) -> &'static str {
        Self::ALL.iter().find(|(operator, _)| *operator == self).map_or("", |(_, symbol)| symbol)
    }

    /// The result; `None` for a division by zero, which fails the whole filter as BPF does.
    pub fn apply(self, left: u32, right: u32) -> Option<u32> {
        Some(match self {
            Self::Add => left.wrapping_add(right),
            Self::Subtract => left.wrapping_sub(right),
            Self::Multiply => left.wrapping_mul(right),
            Self::Divide => left.checked_div(right)?,
            Self::Modulo => left.checked_rem(right)?,
            Self::And => left & right,
            Self::Or => left | right,
            Self::Xor => left ^ right,
            Self::ShiftLeft => left.checked_shl(right).unwrap_or(0),
            Self::ShiftRight => left.checked_shr(right).unwrap_or(0),
        })
    }
}

/// EtherTypes that the language names (IEEE 802 numbers, <https://www.iana.org/assignments/ieee-802-numbers>) and
/// LLC service access points, which the same field holds when at most 1500.
pub(super) mod ethertype {
    pub(in super::super) const IPV4: u16 = 0x0800;
    pub(in super::super) const ARP: u16 = 0x0806;
    pub(in super::super) const RARP: u16 = 0x8035;
    pub(in super::super) const VLAN: u16 = 0x8100;
    pub(in super::super) const IPV6: u16 = 0x86dd;
    pub(in super::super) const MPLS: u16 = 0x8847;
    pub(in super::super) const MPLS_UPSTREAM: u16 = 0x8848;
    pub(in super::super) const PPPOE_DISCOVERY: u16 = 0x8863;
    pub(in super::super) const PPPOE_SESSION: u16 = 0x8864;
    pub(in super::super) const SERVICE_VLAN: u16 = 0x88a8;
    pub(in super::super) const OLD_QINQ: u16 = 0x9100;
}
