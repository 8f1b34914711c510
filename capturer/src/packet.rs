//! The stripped packet: what is left of a frame once its headers are read. `Copy`, no heap, fixed size.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use crate::Timestamp;

mod facts;

pub use facts::PacketFacts;

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

/// A TCP header and what a fingerprint needs of its options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tcp {
    /// Both ports.
    pub ports: Ports,
    /// Sequence number.
    pub sequence: u32,
    /// Acknowledgment number, whatever the ACK flag says.
    pub acknowledgment: u32,
    /// Control bits.
    pub flags: TcpFlags,
    /// Window as sent, not scaled.
    pub window: u16,
    /// Oddities of the header and its options.
    pub quirks: TcpQuirks,
    /// The options.
    pub options: TcpOptions,
}

/// TCP control bits, RFC 9293 §3.1, with AE/NS (RFC 9768) as bit 8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TcpFlags(pub u16);

impl TcpFlags {
    /// No more data from the sender.
    pub const FIN: Self = Self(0x01);
    /// Synchronize sequence numbers.
    pub const SYN: Self = Self(0x02);
    /// Reset the connection.
    pub const RST: Self = Self(0x04);
    /// Push.
    pub const PSH: Self = Self(0x08);
    /// The acknowledgment field is significant.
    pub const ACK: Self = Self(0x10);
    /// The urgent pointer is significant.
    pub const URG: Self = Self(0x20);
    /// ECN echo.
    pub const ECE: Self = Self(0x40);
    /// Congestion window reduced.
    pub const CWR: Self = Self(0x80);
    /// Accurate ECN, formerly the nonce sum.
    pub const AE: Self = Self(0x100);

    /// Whether every bit of `other` is set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any bit of `other` is set.
    pub const fn has_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Opens a connection: SYN without ACK.
    pub const fn is_syn(self) -> bool {
        self.0 & (Self::SYN.0 | Self::ACK.0) == Self::SYN.0
    }

    /// Answers an opening: SYN and ACK.
    pub const fn is_syn_ack(self) -> bool {
        self.has(Self(Self::SYN.0 | Self::ACK.0))
    }
}

impl fmt::Display for TcpFlags {
    /// As tcpdump writes them: `S`, `S.`, `P.`, `F.`, `R`, `none`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LETTERS: [(TcpFlags, char); 9] = [
            (TcpFlags::FIN, 'F'),
            (TcpFlags::SYN, 'S'),
            (TcpFlags::RST, 'R'),
            (TcpFlags::PSH, 'P'),
            (TcpFlags::ACK, '.'),
            (TcpFlags::URG, 'U'),
            (TcpFlags::ECE, 'E'),
            (TcpFlags::CWR, 'W'),
            (TcpFlags::AE, 'e'),
        ];
        if self.0 & 0x1ff == 0 {
            return f.write_str("none");
        }
        for (bit, letter) in LETTERS {
            if self.has(bit) {
                write!(f, "{letter}")?;
            }
        }
        Ok(())
    }
}

/// TCP options (RFC 9293 §3.2, RFC 7323, RFC 2018) in the order they came, with the values that matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpOptions {
    /// TSval, when a timestamp option is there; 0 otherwise (see `layout`).
    pub timestamp: u32,
    /// Which options came, in order.
    pub layout: OptionLayout,
    /// Maximum segment size; 0 when absent.
    pub mss: u16,
    /// Window scale shift; 255 when absent.
    pub window_scale: u8,
    /// Bytes after an end-of-list option.
    pub padding: u8,
}

impl TcpOptions {
    /// A header without options.
    pub const NONE: Self =
        Self { timestamp: 0, layout: OptionLayout::EMPTY, mss: 0, window_scale: u8::MAX, padding: 0 };
}

/// Oddities that fingerprints look at, one bit each.
// The one that is a bool has values that no `Tcp` has; the compiler keeps the kind of transport there, which holds the
// packet to 128 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpQuirks {
    bits: u8,
    cut_options: bool,
}

impl TcpQuirks {
    /// Nothing odd.
    pub const NONE: Self = Self::bit(0);
    /// The urgent pointer is not zero.
    pub const URGENT_POINTER: Self = Self::bit(0x01);
    /// TSecr is not zero.
    pub const TIMESTAMP_ECHO: Self = Self::bit(0x02);
    /// A byte after the end-of-list option is not zero.
    pub const PADDING_NOT_ZERO: Self = Self::bit(0x04);
    /// The data offset is below 5 or runs past the packet; or an option's length runs past the header, or is not what
    /// its kind demands.
    pub const MALFORMED_OPTIONS: Self = Self::bit(0x08);
    /// The options were not captured to their end: what is there of them is known, the rest is not.
    pub const CUT_OPTIONS: Self = Self { bits: 0, cut_options: true };

    const fn bit(bits: u8) -> Self {
        Self { bits, cut_options: false }
    }

    /// Whether all that `other` has is set.
    pub const fn has(self, other: Self) -> bool {
        self.bits & other.bits == other.bits && (self.cut_options || !other.cut_options)
    }

    /// Sets what `other` has.
    pub const fn set(&mut self, other: Self) {
        self.bits |= other.bits;
        self.cut_options |= other.cut_options;
    }
}

/// The kinds of up to 15 options in order, four bits each, with their number in the top nibble.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct OptionLayout([u32; 2]);

/// One TCP option, as a fingerprint sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum OptionKind {
    /// Kind 0.
    EndOfList = 0,
    /// Kind 1.
    NoOperation = 1,
    /// Kind 2.
    Mss = 2,
    /// Kind 3.
    WindowScale = 3,
    /// Kind 4.
    SackPermitted = 4,
    /// Kind 5.
    Sack = 5,
    /// Kind 8.
    Timestamps = 8,
    /// Any other kind; its number is in the frame's bytes.
    Other = 15,
}

impl OptionLayout {
    /// No options.
    pub const EMPTY: Self = Self([0; 2]);

    /// Appends a kind; a sixteenth and later ones are dropped (a TCP header has room for 40, all NOP).
    pub const fn push(&mut self, kind: OptionKind) {
        let count = self.len();
        if count < 15 {
            self.0[count / 8] |= (kind as u32) << (count % 8 * 4);
            self.0[1] = (self.0[1] & 0x0fff_ffff) | ((count as u32 + 1) << 28);
        }
    }

    /// How many options there are, at most 15.
    pub const fn len(self) -> usize {
        (self.0[1] >> 28) as usize
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The kinds in order.
    pub fn iter(self) -> impl Iterator<Item = OptionKind> {
        (0..self.len()).map(move |i| match (self.0[i / 8] >> (i % 8 * 4)) & 0xf {
            0 => OptionKind::EndOfList,
            1 => OptionKind::NoOperation,
            2 => OptionKind::Mss,
            3 => OptionKind::WindowScale,
            4 => OptionKind::SackPermitted,
            5 => OptionKind::Sack,
            8 => OptionKind::Timestamps,
            _ => OptionKind::Other,
        })
    }
}

impl fmt::Debug for OptionLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
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

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn option_layout_keeps_order_and_stops_at_fifteen() {
        let mut layout = OptionLayout::default();
        layout.push(OptionKind::Mss);
        layout.push(OptionKind::Timestamps);
        assert_eq!(layout.iter().collect::<Vec<_>>(), [OptionKind::Mss, OptionKind::Timestamps]);
        for _ in 0..40 {
            layout.push(OptionKind::NoOperation);
        }
        assert_eq!(layout.len(), 15);
        assert_eq!(layout.iter().last(), Some(OptionKind::NoOperation));
    }

    #[test]
    fn flags_read_as_tcpdump_writes_them() {
        assert_eq!(TcpFlags(0x12).to_string(), "S.");
        assert_eq!(TcpFlags(0).to_string(), "none");
        assert!(TcpFlags(0xc2).is_syn() && !TcpFlags(0x12).is_syn());
    }
}
