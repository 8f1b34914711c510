//! A packet with what the analyzer knows of it, alive for one call.

use std::net::IpAddr;

use capturer::{Packet, Protocol};

use crate::geo::Place;
use crate::network::Network;

/// A packet, its captured bytes and both ends' facts.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// The packet.
    pub packet: &'a Packet,
    /// What was kept of its frame, from the link header on; may be shorter than what was captured.
    pub bytes: &'a [u8],
    /// Seen from the local networks.
    pub direction: Direction,
    /// Who sent it.
    pub source: End,
    /// Whom it is for.
    pub destination: End,
    /// The prefixes of source and destination, when prefixes are counted.
    pub prefixes: (Option<Network>, Option<Network>),
    /// The service it belongs to, when it has ports.
    pub service: Option<Service>,
    /// The number of the home that the local end belongs to.
    pub home: u8,
    /// What is seen for the first time.
    pub fresh: Fresh,
}

impl<'a> Observation<'a> {
    /// A packet between two ends of which nothing else is known.
    pub const fn new(packet: &'a Packet, bytes: &'a [u8], source: End, destination: End) -> Self {
        Self {
            packet,
            bytes,
            direction: Direction::of(source.local, destination.local),
            source,
            destination,
            prefixes: (None, None),
            service: None,
            home: 0,
            fresh: Fresh { flow: false, source: false, destination: false },
        }
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
