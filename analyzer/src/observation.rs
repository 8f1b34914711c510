//! A packet with what the analyzer knows of it, alive for one call.

use std::net::IpAddr;

use capturer::Packet;

use crate::geo::Place;

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
