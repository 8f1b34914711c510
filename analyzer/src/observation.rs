//! What is counted: some packets from one end to another with what the analyzer knows of both, alive for one call. One
//! packet, what a flow carried since it was last settled, a flow record: the same aggregates count them.

use std::net::IpAddr;

use capturer::{Mac, Network as Carrier, Packet, Ports, Protocol, Timestamp, Vlan};

use crate::flow::Volume;
use crate::geo::{Category, Place};
use crate::names::DomainId;
use crate::network::Network;

/// Packets from one end to another.
#[derive(Clone, Copy, Debug)]
pub struct Observation {
    /// How many, and how many bytes on the wire.
    pub volume: Volume,
    /// The network protocol.
    pub network: Carrier,
    /// The upper-layer protocol; 0 for ARP.
    pub protocol: Protocol,
    /// The outermost VLAN tag.
    pub vlan: Vlan,
    /// Source and destination port, when the transport has them.
    pub ports: Option<Ports>,
    /// Source and destination hardware address, of a single packet; else zero.
    pub macs: (Mac, Mac),
    /// Seen from the local networks.
    pub direction: Direction,
    /// Who sent them.
    pub source: End,
    /// Whom they are for.
    pub destination: End,
    /// The prefixes of source and destination, when prefixes are counted.
    pub prefixes: (Option<Network>, Option<Network>),
    /// The registered domain of the end that [`partner`](Self::partner) is, when domains are counted.
    pub domain: Option<DomainId>,
    /// The service they belong to, when they have ports.
    pub service: Option<Service>,
    /// The number of the home that the local end belongs to.
    pub home: u8,
    /// The rule of the alert that is asked about; packets have none.
    pub rule: Option<&'static str>,
    /// What is seen for the first time.
    pub fresh: Fresh,
    /// When the first of them came, as far as it was not counted before.
    pub first: Timestamp,
    /// When the last came.
    pub last: Timestamp,
}

impl Observation {
    /// A packet between two ends of which nothing else is known.
    pub const fn of(packet: &Packet, source: End, destination: End) -> Self {
        Self {
            volume: Volume { packets: 1, bytes: packet.wire_len as u64 },
            network: packet.network,
            protocol: packet.protocol,
            vlan: packet.vlan,
            ports: packet.ports(),
            macs: (packet.source_mac, packet.destination_mac),
            first: packet.at,
            last: packet.at,
            ..Self::between(source, destination)
        }
    }

    /// Nothing yet, between two ends.
    pub const fn between(source: End, destination: End) -> Self {
        Self {
            volume: Volume { packets: 0, bytes: 0 },
            network: Carrier::Ipv4,
            protocol: Protocol(0),
            vlan: Vlan::NONE,
            ports: None,
            macs: (Mac([0; 6]), Mac([0; 6])),
            direction: Direction::of(source.local, destination.local),
            source,
            destination,
            prefixes: (None, None),
            domain: None,
            service: None,
            home: 0,
            rule: None,
            fresh: Fresh { flow: false, source: false, destination: false },
            first: Timestamp::EPOCH,
            last: Timestamp::EPOCH,
        }
    }

    /// Whether it is IPv4 or IPv6.
    pub const fn is_ip(&self) -> bool {
        !matches!(self.network, Carrier::Arp)
    }

    /// The end whose name says what the traffic is about, and whether it is the source: the end outside, or between two
    /// local or two foreign ends the one that answers.
    pub fn partner(&self) -> (&End, bool) {
        let is_source = match self.direction {
            Direction::In => true,
            Direction::Out => false,
            Direction::Internal | Direction::Transit => self.service.is_some_and(|service| service.sent),
        };
        (if is_source { &self.source } else { &self.destination }, is_source)
    }

    /// The end outside, as far as there is one: the source of incoming packets, else the destination.
    pub const fn remote(&self) -> &End {
        match self.direction {
            Direction::In => &self.source,
            Direction::Out | Direction::Internal | Direction::Transit => &self.destination,
        }
    }
}

/// The service of a packet: the answering end's port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// TCP, UDP or SCTP.
    pub protocol: Protocol,
    /// The port of the end that answers.
    pub port: u16,
    /// Whether the packet comes from that port.
    pub sent: bool,
}

/// What the viewer of an observation has not seen before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fresh {
    /// Its flow.
    pub flow: bool,
    /// Its source.
    pub source: bool,
    /// Its destination.
    pub destination: bool,
}

/// One end of an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Its address.
    pub address: IpAddr,
    /// Where that belongs.
    pub place: Place,
    /// Whether it is in the local networks.
    pub local: bool,
}

impl End {
    /// An end of which nothing is to be counted.
    pub const NOBODY: Self = Self {
        address: IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED),
        place: Place { category: Category::Bogon, country: None, asn: None, cell: None },
        local: false,
    };
}

/// Which way a packet goes, seen from the local networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From outside to a local address.
    In,
    /// From a local address to the outside.
    Out,
    /// Between local addresses.
    Internal,
    /// Between others, only passing by.
    Transit,
}

impl Direction {
    /// By which ends are local.
    pub const fn of(source_local: bool, destination_local: bool) -> Self {
        match (source_local, destination_local) {
            (false, true) => Self::In,
            (true, false) => Self::Out,
            (true, true) => Self::Internal,
            (false, false) => Self::Transit,
        }
    }

    /// The way back.
    pub const fn reversed(self) -> Self {
        match self {
            Self::In => Self::Out,
            Self::Out => Self::In,
            Self::Internal | Self::Transit => self,
        }
    }

    /// The name in filters, reports and the live protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::Internal => "internal",
            Self::Transit => "transit",
        }
    }
}
