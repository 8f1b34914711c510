//! Flows: one row per 5-tuple and VLAN, both directions together, with a pointer to either host's row; so a packet of
//! a known flow costs one look-up. The addresses stand in the hosts' rows alone: a flow fills a cache line and a half.

use std::hash::{BuildHasher, Hasher};
use std::net::IpAddr;
use std::time::Duration;

use ahash::RandomState;
use capturer::{Packet, Protocol, TcpFlags, Timestamp, Transport, Vlan};

use crate::capped::{Capped, Slot, Worth};
use crate::host::Host;

/// A flow that was silent for this long has ended; its next packet begins another.
pub const IDLE: Duration = Duration::from_secs(120);

/// What tells a packet's flow from others.
#[derive(Clone, Copy)]
pub struct FlowKey {
    source: IpAddr,
    destination: IpAddr,
    source_port: u16,
    destination_port: u16,
    protocol: Protocol,
    vlan: Vlan,
}

impl FlowKey {
    /// The key of a packet.
    #[inline]
    pub fn of(packet: &Packet) -> Self {
        let ports = packet.ports().unwrap_or_default();
        Self {
            source: packet.source,
            destination: packet.destination,
            source_port: ports.source,
            destination_port: ports.destination,
            protocol: packet.protocol,
            vlan: packet.vlan,
        }
    }

    /// The same for both directions.
    #[inline]
    pub fn hash(&self, hasher: &RandomState) -> u64 {
        let source = (bits(self.source), self.source_port);
        let destination = (bits(self.destination), self.destination_port);
        let (low, high) = if source <= destination { (source, destination) } else { (destination, source) };
        let mut hasher = hasher.build_hasher();
        hasher.write_u128(low.0);
        hasher.write_u128(high.0);
        let ports = u64::from(low.1) << 16 | u64::from(high.1);
        let tag = u64::from(self.vlan.id().unwrap_or(u16::MAX)) << 8 | u64::from(self.protocol.0);
        hasher.write_u64(ports << 24 | tag);
        hasher.finish()
    }

    /// Whether a flow has this key, in either direction.
    #[inline]
    pub fn is_of(&self, flow: &Flow, hosts: &Capped<Host>) -> bool {
        if flow.protocol != self.protocol || flow.vlan != self.vlan {
            return false;
        }
        let (Some(opener), Some(answerer)) = (hosts.get(flow.opener), hosts.get(flow.answerer)) else {
            return false;
        };
        let ends = (opener.address(), flow.opener_port, answerer.address(), flow.answerer_port);
        ends == (self.source, self.source_port, self.destination, self.destination_port)
            || ends == (self.destination, self.destination_port, self.source, self.source_port)
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

/// What is known of a flow. The opener is the end that sent its first packet, unless that was a SYN+ACK.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Flow {
    /// The row of the opener.
    pub opener: Slot,
    /// The row of the other end.
    pub answerer: Slot,
    /// The opener's port; 0 without ports.
    pub opener_port: u16,
    /// The other's.
    pub answerer_port: u16,
    /// The VLAN.
    pub vlan: Vlan,
    /// Which views have counted it, a bit each.
    pub views: u16,
    /// The upper-layer protocol.
    pub protocol: Protocol,
    /// How it stands.
    pub state: State,
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

impl Flow {
    /// The flow that a packet begins; `answers` when its sender is the end that answers.
    pub fn begin(key: &FlowKey, (source, destination): (Slot, Slot), answers: bool, at: Timestamp) -> Self {
        let mut ends = [(source, key.source_port), (destination, key.destination_port)];
        if answers {
            ends.reverse();
        }
        let [(opener, opener_port), (answerer, answerer_port)] = ends;
        Self {
            opener,
            answerer,
            opener_port,
            answerer_port,
            vlan: key.vlan,
            views: 0,
            protocol: key.protocol,
            state: State::Active,
            sent: Volume::default(),
            received: Volume::default(),
            first: at,
            last: at,
        }
    }

    /// Whether a packet of this flow comes from its opener.
    #[inline]
    pub fn from_opener(&self, key: &FlowKey, hosts: &Capped<Host>) -> bool {
        self.opener_port == key.source_port
            && hosts.get(self.opener).is_some_and(|opener| opener.address() == key.source)
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
