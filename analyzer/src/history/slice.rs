//! A slice: what a flow carried within a step of time, once for all its packets of that step.

use std::net::IpAddr;

use capturer::{
    Mac, Network, Packet, Ports, Protocol, Tcp, TcpFlags, TcpOptions, TcpQuirks, Timestamp, Transport, Vlan,
};

use capturer::flow::FlowRecord;

use crate::flow::{Flow, Running, State, Volume};
use crate::observation::Direction;

/// One end of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Side {
    /// Its address.
    pub address: IpAddr,
    /// Its port; 0 without one.
    pub port: u16,
    /// Its hardware address on the captured link.
    pub mac: Mac,
}

/// Whose slices are joined when steps become longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Between {
    /// Who opened the flow; the sender, where there are no flows.
    pub opener: Side,
    /// The other end.
    pub answerer: Side,
    /// The network protocol.
    pub network: Network,
    /// The upper-layer protocol; 0 for ARP.
    pub protocol: Protocol,
    /// The outermost VLAN tag.
    pub vlan: Vlan,
    /// Whether its packets have ports.
    pub has_ports: bool,
}

/// What went between two ends within a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// The second in which the step begins, since the Unix epoch.
    pub at: i64,
    /// Between whom.
    pub between: Between,
    /// Which way packets go from opener to answerer.
    pub direction: Direction,
    /// From opener to answerer.
    pub sent: Volume,
    /// From answerer to opener.
    pub received: Volume,
    /// Flows that began.
    pub begun: u32,
    /// Whether its first packets belong to a flow that began before.
    pub continues: bool,
    /// Whether the step's first packet came from the opener.
    pub led: bool,
    /// How the flow stood at the step's end.
    pub state: State,
    /// Milliseconds from the step's begin to its first packet.
    pub first_ms: u32,
    /// And to its last.
    pub last_ms: u32,
    /// TCP flags of its packets, from opener and to it, as RFC 9293 has them in a byte.
    pub flags: [u8; 2],
}

impl Slice {
    /// What a flow carried since it was last settled, which must have been in this second.
    pub(crate) fn of(
        (running, flow): (&Running, &Flow),
        since: Timestamp,
        [sent, received]: [Volume; 2],
        begins: bool,
    ) -> Self {
        let side = |end: &crate::flow::FlowEnd, mac| Side { address: end.end.address, port: end.port, mac };
        let between = Between {
            opener: side(&flow.opener, flow.macs.0),
            answerer: side(&flow.answerer, flow.macs.1),
            network: flow.network,
            protocol: flow.protocol,
            vlan: flow.vlan,
            has_ports: flow.has_ports,
        };
        let at = running.last.as_seconds();
        Self {
            at,
            between,
            direction: flow.direction(),
            sent,
            received,
            begun: u32::from(begins),
            continues: !begins,
            led: running.led,
            state: running.state,
            first_ms: millis(at, since),
            last_ms: millis(at, running.last),
            flags: [0; 2],
        }
    }

    /// A packet that belongs to no flow.
    pub(crate) fn alone(packet: &Packet, at: Timestamp) -> Self {
        let side = |address, mac| Side { address, port: 0, mac };
        let between = Between {
            opener: side(packet.source, packet.source_mac),
            answerer: side(packet.destination, packet.destination_mac),
            network: packet.network,
            protocol: packet.protocol,
            vlan: packet.vlan,
            has_ports: false,
        };
        Self {
            at: at.as_seconds(),
            between,
            direction: Direction::Internal,
            sent: Volume { packets: 1, bytes: u64::from(packet.wire_len) },
            received: Volume::default(),
            begun: 0,
            continues: true,
            led: true,
            state: State::Active,
            first_ms: at.subsecond_nanos() / 1_000_000,
            last_ms: at.subsecond_nanos() / 1_000_000,
            flags: [0; 2],
        }
    }

    /// The same in a step that began earlier, or at the same time.
    pub(crate) fn within(&self, at: i64) -> Self {
        let shift = u32::try_from((self.at - at).saturating_mul(1000)).unwrap_or(0);
        let (first_ms, last_ms) = (self.first_ms.saturating_add(shift), self.last_ms.saturating_add(shift));
        Self { at, first_ms, last_ms, ..*self }
    }

    /// Adds what the same flow carried afterwards, in the same step.
    pub(crate) fn join(&mut self, later: &Self) {
        self.sent.merge(&later.sent);
        self.received.merge(&later.received);
        self.begun += later.begun;
        self.state = later.state;
        self.first_ms = self.first_ms.min(later.first_ms);
        self.last_ms = self.last_ms.max(later.last_ms);
        self.flags = [self.flags[0] | later.flags[0], self.flags[1] | later.flags[1]];
    }

    /// Both ways together.
    pub fn volume(&self) -> Volume {
        let mut both = self.sent;
        both.merge(&self.received);
        both
    }

    /// Whether only one end sent something.
    pub const fn is_unanswered(&self) -> bool {
        self.sent.packets == 0 || self.received.packets == 0
    }

    /// Its two ways as records of their own. The flows that began count with the first one; a way that nothing went is none.
    pub fn records(&self) -> [Option<FlowRecord>; 2] {
        [true, false].map(|from_opener| {
            let record = self.way(from_opener);
            (record.packets > 0 || record.flows > 0).then_some(record)
        })
    }

    /// One of its ways.
    pub(crate) fn way(&self, from_opener: bool) -> FlowRecord {
        let Between { opener, answerer, protocol, vlan, .. } = self.between;
        let at = |ms: u32| Timestamp::from_parts(self.at, i64::from(ms) * 1_000_000);
        let (source, destination, volume, flags) = if from_opener {
            (opener, answerer, self.sent, self.flags[0])
        } else {
            (answerer, opener, self.received, self.flags[1])
        };
        FlowRecord {
            first: at(self.first_ms),
            last: at(self.last_ms),
            received: at(self.last_ms),
            source: source.address,
            destination: destination.address,
            source_mac: source.mac,
            destination_mac: destination.mac,
            ports: Ports { source: source.port, destination: destination.port },
            protocol,
            vlan,
            tcp_flags: TcpFlags(flags.into()),
            packets: volume.packets,
            bytes: volume.bytes,
            flows: if from_opener { u64::from(self.begun) } else { 0 },
            ..FlowRecord::empty()
        }
    }

    /// Its two ways: from the opener, and to it.
    pub(crate) const fn ways(&self) -> [(bool, Volume); 2] {
        [(true, self.sent), (false, self.received)]
    }

    /// A packet as it would have gone one of the ways, with as much as a slice knows of it.
    pub(crate) fn packet(&self, from_opener: bool) -> Packet {
        let Between { opener, answerer, network, protocol, vlan, has_ports } = self.between;
        let (source, destination) = if from_opener { (opener, answerer) } else { (answerer, opener) };
        Packet {
            at: Timestamp::from_parts(self.at, 0),
            source: source.address,
            destination: destination.address,
            source_mac: source.mac,
            destination_mac: destination.mac,
            network,
            protocol,
            vlan,
            transport: transport(
                protocol,
                has_ports,
                Ports { source: source.port, destination: destination.port },
            ),
            ..Packet::empty()
        }
    }
}

/// Milliseconds from a second on.
fn millis(second: i64, at: Timestamp) -> u32 {
    u32::try_from((at.as_millis() - second.saturating_mul(1000)).max(0)).unwrap_or(u32::MAX)
}

fn transport(protocol: Protocol, has_ports: bool, ports: Ports) -> Transport {
    match protocol {
        _ if !has_ports => Transport::Other,
        Protocol::TCP => Transport::Tcp(Tcp {
            ports,
            sequence: 0,
            acknowledgment: 0,
            flags: TcpFlags::ACK,
            window: 0,
            quirks: TcpQuirks::default(),
            options: TcpOptions::default(),
        }),
        Protocol::SCTP => Transport::Sctp(ports),
        _ => Transport::Udp(ports),
    }
}
