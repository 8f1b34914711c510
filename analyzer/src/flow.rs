//! Flows: one row per 5-tuple and VLAN, both directions together, with a pointer to either host's row and what an
//! observation needs of both ends; so a packet of a known flow costs one look-up and touches no host's row unless hosts
//! are counted.
//!
//! A flow is known by the 64-bit seeded hash of its 5-tuple alone: among n flows two share one with a probability of
//! about n²/2⁶⁵, 4 in 10⁹ for the 400 000 that the default budget holds, and nobody outside knows the seed.

use std::hash::{BuildHasher, Hasher};
use std::net::IpAddr;
use std::time::Duration;

use ahash::RandomState;
use capturer::{Packet, Protocol, TcpFlags, Timestamp, Transport};

use crate::capped::{Slot, Worth};
use crate::geo::Place;
use crate::observation::{Direction, End};

/// A flow that was silent for this long has ended; its next packet begins another.
pub const IDLE: Duration = Duration::from_secs(120);

/// What tells a packet's flow from others: the same for both directions, and which one the packet goes.
#[derive(Clone, Copy, Debug)]
pub struct FlowKey {
    /// The seeded hash of both ends, protocol and VLAN.
    pub hash: u64,
    /// Whether the source is the lower of the two ends.
    pub forward: bool,
}

impl FlowKey {
    /// The key of a packet.
    #[inline]
    pub fn of(packet: &Packet, hasher: &RandomState) -> Self {
        let ports = packet.ports().unwrap_or_default();
        let source = (bits(packet.source), ports.source);
        let destination = (bits(packet.destination), ports.destination);
        let forward = source <= destination;
        let (low, high) = if forward { (source, destination) } else { (destination, source) };
        let mut hasher = hasher.build_hasher();
        hasher.write_u128(low.0);
        hasher.write_u128(high.0);
        let ports = u64::from(low.1) << 16 | u64::from(high.1);
        let tag = u64::from(packet.vlan.id().unwrap_or(u16::MAX)) << 8 | u64::from(packet.protocol.0);
        hasher.write_u64(ports << 24 | tag);
        Self { hash: hasher.finish(), forward }
    }
}

/// An address as a number; IPv4 as its mapped form.
#[inline]
pub fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => 0xffff_0000_0000 | u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// One direction's totals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Volume {
    /// Packets.
    pub packets: u64,
    /// Bytes on the wire.
    pub bytes: u64,
}

impl Volume {
    /// One packet.
    #[inline]
    pub const fn add(&mut self, bytes: u32) {
        self.packets += 1;
        self.bytes += bytes as u64;
    }
}

/// How far a flow is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Packets come.
    Active,
    /// Ended by FIN.
    Closed,
    /// Ended by RST.
    Reset,
}

impl State {
    /// The name in the live protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Closed => "closed",
            Self::Reset => "reset",
        }
    }
}

/// One end of a flow without its address, which every packet brings along.
#[derive(Clone, Copy, Debug)]
pub struct FlowEnd {
    /// The host's row.
    pub host: Slot,
    /// Where it is.
    pub place: Place,
    /// Its port; 0 without ports.
    pub port: u16,
    /// Whether it is in the local networks.
    pub local: bool,
}

/// What is known of a flow. The opener is the end that sent its first packet, unless that was a SYN+ACK. What every
/// packet needs comes first.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Flow {
    /// Who opened it.
    pub opener: FlowEnd,
    /// The other end.
    pub answerer: FlowEnd,
    /// Which views have counted it, a bit each.
    pub views: u16,
    /// The upper-layer protocol.
    pub protocol: Protocol,
    /// How it stands.
    pub state: State,
    /// Whether the opener is the lower end; see [`FlowKey::forward`].
    pub opener_low: bool,
    /// Last packet.
    pub last: Timestamp,
    /// From opener to answerer.
    pub sent: Volume,
    /// From answerer to opener.
    pub received: Volume,
    /// First packet.
    pub first: Timestamp,
}

impl Worth for Flow {
    /// Answered flows outlive the others.
    fn established(&self) -> bool {
        self.sent.packets > 0 && self.received.packets > 0
    }
}

impl FlowEnd {
    /// With its address.
    #[inline]
    pub const fn at(&self, address: IpAddr) -> End {
        End { address, place: self.place, local: self.local }
    }
}

impl Flow {
    /// The direction its packets take from opener to answerer.
    pub const fn direction(&self) -> Direction {
        Direction::of(self.opener.local, self.answerer.local)
    }

    /// The flow that a packet begins; `answers` when its sender is the end that answers.
    pub fn begin(
        packet: &Packet,
        key: FlowKey,
        ends: (FlowEnd, FlowEnd),
        answers: bool,
        at: Timestamp,
    ) -> Self {
        let (opener, answerer) = if answers { (ends.1, ends.0) } else { ends };
        Self {
            opener,
            answerer,
            views: 0,
            protocol: packet.protocol,
            state: State::Active,
            opener_low: key.forward != answers,
            last: at,
            sent: Volume::default(),
            received: Volume::default(),
            first: at,
        }
    }

    /// Whether a packet of this flow comes from its opener.
    #[inline]
    pub const fn from_opener(&self, key: FlowKey) -> bool {
        key.forward == self.opener_low
    }

    /// The packet's source and destination.
    #[inline]
    pub const fn ends(&self, from_opener: bool) -> (&FlowEnd, &FlowEnd) {
        if from_opener { (&self.opener, &self.answerer) } else { (&self.answerer, &self.opener) }
    }

    /// Counts a packet.
    #[inline]
    pub fn count(&mut self, packet: &Packet, at: Timestamp, from_opener: bool) {
        let volume = if from_opener { &mut self.sent } else { &mut self.received };
        volume.add(packet.wire_len);
        self.last = at;
        if let Transport::Tcp(tcp) = &packet.transport {
            if tcp.flags.has(TcpFlags::RST) {
                self.state = State::Reset;
            } else if tcp.flags.has(TcpFlags::FIN) && self.state == State::Active {
                self.state = State::Closed;
            }
        }
    }

    /// Whether a packet at `at` belongs to a new flow with the same key: silence, or a SYN after the end.
    #[inline]
    pub fn is_over(&self, packet: &Packet, at: Timestamp) -> bool {
        if at.since(self.last) > IDLE {
            return true;
        }
        self.state != State::Active && packet.tcp().is_some_and(|tcp| tcp.flags.is_syn())
    }

    /// Begins again under the same key.
    pub fn restart(&mut self, at: Timestamp) {
        *self = Self {
            first: at,
            last: at,
            sent: Volume::default(),
            received: Volume::default(),
            state: State::Active,
            views: 0,
            ..*self
        };
    }
}
