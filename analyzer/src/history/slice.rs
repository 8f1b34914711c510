//! A slice: what a flow carried within a step of time, once for all its packets of that step.

use std::net::IpAddr;

use capturer::{
    Mac, Network, Packet, Ports, Protocol, Tcp, TcpFlags, TcpOptions, TcpQuirks, Timestamp, Transport, Vlan,
};

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
}

impl Slice {
    /// What a flow carried since it was last settled, which must have been in this second.
    pub(crate) fn of(running: &Running, flow: &Flow, [sent, received]: [Volume; 2], begins: bool) -> Self {
        let side = |end: &crate::flow::FlowEnd, mac| Side { address: end.end.address, port: end.port, mac };
        let between = Between {
            opener: side(&flow.opener, flow.macs.0),
            answerer: side(&flow.answerer, flow.macs.1),
            network: flow.network,
            protocol: flow.protocol,
            vlan: flow.vlan,
            has_ports: flow.has_ports,
        };
        Self {
            at: running.last.as_seconds(),
            between,
            direction: flow.direction(),
            sent,
            received,
            begun: u32::from(begins),
            continues: !begins,
            led: running.led,
            state: running.state,
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
        }
    }

    /// Adds what the same flow carried afterwards.
    pub(crate) fn join(&mut self, later: &Self) {
        self.sent.merge(&later.sent);
        self.received.merge(&later.received);
        self.begun += later.begun;
        self.state = later.state;
    }

    /// Both ways together.
    pub fn volume(&self) -> Volume {
        let mut both = self.sent;
        both.merge(&self.received);
        both
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
