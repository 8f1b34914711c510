//! One flow as somebody counted it: an exporter's record, or a flow of our own. `Copy`, no heap, fixed size.

use std::net::{IpAddr, Ipv4Addr};

use crate::{Mac, Network, Ports, Protocol, TcpFlags, Timestamp, Vlan};

/// Packets and bytes between two ends. What a source does not tell is the documented empty value. Figures are as the
/// exporter means them: scaled by [`sampling`](Self::sampling) already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowRecord {
    /// When its first packet passed; [`Timestamp::EPOCH`] when the exporter does not say.
    pub first: Timestamp,
    /// When its last packet passed.
    pub last: Timestamp,
    /// When the record reached its collector; for flows of our own, the same as `last`.
    pub received: Timestamp,
    /// Who sent, and with flows both ways who opened.
    pub source: IpAddr,
    /// To whom.
    pub destination: IpAddr,
    /// Source and destination port; 0 without ports. ICMP has type × 256 + code as its destination, as exporters write it.
    pub ports: Ports,
    /// The upper-layer protocol.
    pub protocol: Protocol,
    /// All TCP flags of its packets together.
    pub tcp_flags: TcpFlags,
    /// IP type of service or traffic class, of the first packet.
    pub traffic_class: u8,
    /// Packets from source to destination.
    pub packets: u64,
    /// Bytes from source to destination; IP bytes as exporters count, frame bytes for flows of our own.
    pub bytes: u64,
    /// Packets the other way, of a record that tells of both (RFC 5103).
    pub reverse_packets: u64,
    /// Bytes the other way.
    pub reverse_bytes: u64,
    /// Flows it stands for: 1, unless it is an aggregate.
    pub flows: u64,
    /// SNMP index of the interface it came in by; 0 when unknown.
    pub input: u32,
    /// SNMP index of the interface it left by; 0 when unknown.
    pub output: u32,
    /// The source's autonomous system as the exporter says; 0 when it does not.
    pub source_as: u32,
    /// The destination's.
    pub destination_as: u32,
    /// The neighbour it came from (bgpPrevAdjacentAsNumber).
    pub previous_as: u32,
    /// The neighbour it goes to (bgpNextAdjacentAsNumber).
    pub next_as: u32,
    /// Length of the source's prefix; 0 when unknown.
    pub source_mask: u8,
    /// Length of the destination's prefix.
    pub destination_mask: u8,
    /// The next hop; unspecified (0.0.0.0) when unknown.
    pub next_hop: IpAddr,
    /// The BGP next hop.
    pub bgp_next_hop: IpAddr,
    /// Who exported it.
    pub exporter: Exporter,
    /// One packet of so many was counted; 1 without sampling.
    pub sampling: u32,
    /// The VLAN it came in by.
    pub vlan: Vlan,
    /// The source's hardware address, zero when unknown.
    pub source_mac: Mac,
    /// The destination's.
    pub destination_mac: Mac,
    /// Why it ended.
    pub end: EndReason,
}

/// Who exports flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Exporter {
    /// The address its datagrams come from, or that they name; unspecified (0.0.0.0) for flows of our own.
    pub address: IpAddr,
    /// Its source id (v9), observation domain (IPFIX), engine type × 256 + engine id (v5, v7) or sub-agent (sFlow).
    pub domain: u32,
}

/// Why a flow ended: flowEndReason of the IPFIX registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum EndReason {
    /// Nobody says.
    #[default]
    Unknown = 0,
    /// Nothing came for a while.
    IdleTimeout = 1,
    /// It goes on; so much of it is told meanwhile.
    ActiveTimeout = 2,
    /// FIN or RST.
    EndOfFlow = 3,
    /// The observation ended.
    ForcedEnd = 4,
    /// There was no room to go on.
    LackOfResources = 5,
}

impl EndReason {
    /// By its number; what is not assigned is [`Unknown`](Self::Unknown).
    pub const fn of(number: u8) -> Self {
        match number {
            1 => Self::IdleTimeout,
            2 => Self::ActiveTimeout,
            3 => Self::EndOfFlow,
            4 => Self::ForcedEnd,
            5 => Self::LackOfResources,
            _ => Self::Unknown,
        }
    }

    /// The name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::IdleTimeout => "idle timeout",
            Self::ActiveTimeout => "active timeout",
            Self::EndOfFlow => "end of flow",
            Self::ForcedEnd => "forced end",
            Self::LackOfResources => "lack of resources",
        }
    }
}

impl Exporter {
    /// Ourselves.
    pub const OURS: Self = Self { address: FlowRecord::NOBODY, domain: 0 };
}

impl FlowRecord {
    /// The address that stands for none.
    pub const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

    /// A record of nothing, to be filled.
    pub const fn empty() -> Self {
        Self {
            first: Timestamp::EPOCH,
            last: Timestamp::EPOCH,
            received: Timestamp::EPOCH,
            source: Self::NOBODY,
            destination: Self::NOBODY,
            ports: Ports { source: 0, destination: 0 },
            protocol: Protocol(0),
            tcp_flags: TcpFlags(0),
            traffic_class: 0,
            packets: 0,
            bytes: 0,
            reverse_packets: 0,
            reverse_bytes: 0,
            flows: 1,
            input: 0,
            output: 0,
            source_as: 0,
            destination_as: 0,
            previous_as: 0,
            next_as: 0,
            source_mask: 0,
            destination_mask: 0,
            next_hop: Self::NOBODY,
            bgp_next_hop: Self::NOBODY,
            exporter: Exporter::OURS,
            sampling: 1,
            vlan: Vlan::NONE,
            source_mac: Mac([0; 6]),
            destination_mac: Mac([0; 6]),
            end: EndReason::Unknown,
        }
    }

    /// When it counts: when it was received, or else when its flow ended.
    pub const fn moment(&self) -> Timestamp {
        if self.received.as_nanos() != 0 { self.received } else { self.last }
    }

    /// Packets both ways.
    pub const fn all_packets(&self) -> u64 {
        self.packets.saturating_add(self.reverse_packets)
    }

    /// Bytes both ways.
    pub const fn all_bytes(&self) -> u64 {
        self.bytes.saturating_add(self.reverse_bytes)
    }

    /// IPv4 or IPv6, by its addresses.
    pub const fn network(&self) -> Network {
        if self.source.is_ipv4() { Network::Ipv4 } else { Network::Ipv6 }
    }
}
