//! Flows: one row per 5-tuple and VLAN, both directions together, with a pointer to either host's row and what an
//! observation needs of both ends.
//!
//! A packet changes its flow alone ([`Running`], one cache line). Now and then the flow is *settled*: what came since
//! goes to hosts and totals, once for many packets, as an observation of so many packets and bytes.
//!
//! A flow is known by the 64-bit seeded hash of its 5-tuple alone: among n flows two share one with a probability of
//! about n²/2⁶⁵, 3 in 10⁹ for the 310 000 that the default budget holds, and nobody outside knows the seed.

use std::hash::{BuildHasher, Hasher};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use ahash::RandomState;
use capturer::{Mac, Network, Packet, Ports, Protocol, TcpFlags, Timestamp, Transport, Vlan};

use crate::capped::{Slot, Worth};
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
        Self::on(packet.vlan, packet, hasher)
    }

    /// The key of a packet as if it had come on another VLAN.
    #[inline]
    pub fn on(vlan: Vlan, packet: &Packet, hasher: &RandomState) -> Self {
        let ports = packet.ports().unwrap_or_default();
        let tag = u64::from(vlan.id().unwrap_or(u16::MAX)) << 8 | u64::from(packet.protocol.0);
        let mut hasher = hasher.build_hasher();
        let forward =
            if let (&IpAddr::V4(source), &IpAddr::V4(destination)) = (&packet.source, &packet.destination) {
                // An address and its port side by side in one number: half the work of the general case.
                let end = |address: Ipv4Addr, port: u16| u64::from(address.to_bits()) << 16 | u64::from(port);
                let (source, destination) = (end(source, ports.source), end(destination, ports.destination));
                hasher.write_u64(source.min(destination) << 16 | tag >> 8);
                hasher.write_u64(source.max(destination) << 16 | tag & 0xff);
                source <= destination
            } else {
                let source = (bits(packet.source), ports.source);
                let destination = (bits(packet.destination), ports.destination);
                let (low, high) = (source.min(destination), source.max(destination));
                hasher.write_u128(low.0);
                hasher.write_u128(high.0);
                hasher.write_u64((u64::from(low.1) << 16 | u64::from(high.1)) << 24 | tag);
                source <= destination
            };
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

    /// As many as another has. Exporters of flows may claim any figures, so sums stop at the most there is.
    #[inline]
    pub const fn merge(&mut self, other: &Self) {
        self.packets = self.packets.saturating_add(other.packets);
        self.bytes = self.bytes.saturating_add(other.bytes);
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

/// One end of a flow.
#[derive(Clone, Copy, Debug)]
pub struct FlowEnd {
    /// The host's row.
    pub host: Slot,
    /// Its address, place and whether it is ours.
    pub end: End,
    /// Its port; 0 without ports.
    pub port: u16,
}

/// What every packet changes of a flow; it fits a row's one cache line. Figures are those since the flow was last
/// settled, first from the opener, then to it.
#[derive(Clone, Copy, Debug)]
pub struct Running {
    /// Last packet.
    pub last: Timestamp,
    bytes: [u64; 2],
    packets: [u32; 2],
    /// The first packet since it was last settled, as [`ticks`]: eight bytes more would take a second cache line.
    since: u32,
    /// TCP flags since then, as RFC 9293 has them in a byte.
    flags: [u8; 2],
    /// Which views have counted it, a bit each.
    pub views: u16,
    /// How it stands.
    pub state: State,
    /// Which way its packets go from opener to answerer.
    direction: Direction,
    /// Whether the opener is the lower end; see [`FlowKey::forward`].
    opener_low: bool,
    /// Whether its first packet came from the opener.
    pub opened: bool,
    /// Whether the first packet since it was last settled came from the opener.
    pub led: bool,
    /// Whether both ends have sent.
    pub answered: bool,
    /// Whether it was ever settled.
    pub settled: bool,
}

/// What is known of a flow besides. The opener is the end that sent its first packet, unless that was a SYN+ACK.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    /// Who opened it.
    pub opener: FlowEnd,
    /// The other end.
    pub answerer: FlowEnd,
    /// From opener to answerer, as far as settled.
    pub sent: Volume,
    /// From answerer to opener, as far as settled.
    pub received: Volume,
    /// First packet.
    pub first: Timestamp,
    /// Hardware addresses of opener and answerer, as its first packet had them.
    pub macs: (Mac, Mac),
    /// The outermost VLAN tag.
    pub vlan: Vlan,
    /// The network protocol.
    pub network: Network,
    /// The upper-layer protocol.
    pub protocol: Protocol,
    /// Whether its packets have ports.
    pub has_ports: bool,
}

/// What a packet changed in its flow, for those who must hear of it.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// The first packet since the flow was settled.
    pub unsettled: bool,
    /// The first packet of all.
    pub fresh: bool,
    /// The first packet of the second end.
    pub answered: bool,
}

/// A row of the table, with what the table adds, is one cache line.
const _: () = assert!(size_of::<Running>() <= 48);

/// A tick is so many bits of nanoseconds: a millisecond, about.
const TICK: u32 = 20;

/// The lowest bits of a time in ticks.
const fn ticks(at: Timestamp) -> u32 {
    (at.as_nanos() >> TICK) as u32
}

impl Worth for Running {
    /// Answered flows outlive the others.
    fn established(&self) -> bool {
        self.answered
    }
}

impl Running {
    /// A flow that begins with a packet of this key, from its opener or not.
    pub fn begin(flow: &Flow, key: FlowKey, from_opener: bool) -> Self {
        Self {
            last: flow.first,
            bytes: [0; 2],
            packets: [0; 2],
            since: ticks(flow.first),
            flags: [0; 2],
            views: 0,
            state: State::Active,
            direction: flow.direction(),
            opener_low: key.forward == from_opener,
            opened: from_opener,
            led: from_opener,
            answered: false,
            settled: false,
        }
    }

    /// Whether a packet of this flow comes from its opener.
    #[inline]
    pub const fn from_opener(&self, key: FlowKey) -> bool {
        key.forward == self.opener_low
    }

    /// Which way a packet goes.
    #[inline]
    pub const fn direction(&self, from_opener: bool) -> Direction {
        if from_opener { self.direction } else { self.direction.reversed() }
    }

    /// Counts a packet.
    #[inline]
    pub fn count(&mut self, packet: &Packet, at: Timestamp, from_opener: bool) -> Change {
        let unsettled = self.packets == [0; 2];
        if unsettled {
            self.led = from_opener;
            self.since = ticks(at);
        }
        let end = usize::from(!from_opener);
        self.packets[end] += 1;
        self.bytes[end] += u64::from(packet.wire_len);
        self.last = at;
        let answered = !self.answered && from_opener != self.opened;
        self.answered |= answered;
        if let Transport::Tcp(tcp) = &packet.transport {
            self.flags[end] |= tcp.flags.0 as u8;
            if tcp.flags.has(TcpFlags::RST) {
                self.state = State::Reset;
            } else if tcp.flags.has(TcpFlags::FIN) && self.state == State::Active {
                self.state = State::Closed;
            }
        }
        Change { unsettled, fresh: unsettled && !self.settled, answered }
    }

    /// Counts so many packets at once, of which only their end state is known.
    pub fn recount(&mut self, volume: Volume, at: Timestamp, from_opener: bool, state: State) -> Change {
        let unsettled = self.packets == [0; 2];
        if unsettled {
            self.since = ticks(at);
        }
        let end = usize::from(!from_opener);
        self.packets[end] =
            self.packets[end].saturating_add(u32::try_from(volume.packets).unwrap_or(u32::MAX));
        self.bytes[end] += volume.bytes;
        self.last = at;
        let answered = !self.answered && from_opener != self.opened;
        self.answered |= answered;
        self.state = state;
        Change { unsettled, fresh: unsettled && !self.settled, answered }
    }

    /// Takes a record of the whole flow, whose figures are counted at once elsewhere.
    pub const fn carry(&mut self, state: State, at: Timestamp, answered: bool) {
        self.state = state;
        self.last = at;
        self.answered |= answered;
        self.settled = true;
    }

    /// Whether a packet at `at` belongs to a new flow with the same key: silence, or a SYN after the end.
    #[inline]
    pub fn is_over(&self, packet: &Packet, at: Timestamp) -> bool {
        if at.since(self.last) > IDLE {
            return true;
        }
        self.state != State::Active && packet.tcp().is_some_and(|tcp| tcp.flags.is_syn())
    }

    /// When the first packet came since it was last settled, to a millisecond, when that is not weeks ago.
    pub const fn since(&self) -> Timestamp {
        let ago = ticks(self.last).wrapping_sub(self.since);
        Timestamp::from_nanos(self.last.as_nanos().saturating_sub((ago as i64) << TICK))
    }

    /// TCP flags since then, from the opener and to it.
    pub const fn flags(&self) -> [u8; 2] {
        self.flags
    }

    /// Takes the figures since the last time, from the opener and to it.
    pub fn settle(&mut self) -> [Volume; 2] {
        let volume = |end: usize| Volume { packets: u64::from(self.packets[end]), bytes: self.bytes[end] };
        let taken = [volume(0), volume(1)];
        (self.packets, self.bytes, self.flags) = ([0; 2], [0; 2], [0; 2]);
        self.settled = true;
        taken
    }
}

impl Flow {
    /// The flow that a packet begins; `answers` when its sender is the end that answers.
    pub fn begin(packet: &Packet, ends: (FlowEnd, FlowEnd), answers: bool, at: Timestamp) -> Self {
        let (opener, answerer) = if answers { (ends.1, ends.0) } else { ends };
        let (source, destination) = (packet.source_mac, packet.destination_mac);
        Self {
            macs: if answers { (destination, source) } else { (source, destination) },
            opener,
            answerer,
            sent: Volume::default(),
            received: Volume::default(),
            first: at,
            vlan: packet.vlan,
            network: packet.network,
            protocol: packet.protocol,
            has_ports: packet.ports().is_some(),
        }
    }

    /// The direction its packets take from opener to answerer.
    pub const fn direction(&self) -> Direction {
        Direction::of(self.opener.end.local, self.answerer.end.local)
    }

    /// A packet's source and destination.
    #[inline]
    pub const fn ends(&self, from_opener: bool) -> (&FlowEnd, &FlowEnd) {
        if from_opener { (&self.opener, &self.answerer) } else { (&self.answerer, &self.opener) }
    }

    /// Source and destination port of a packet.
    pub fn ports(&self, from_opener: bool) -> Option<Ports> {
        let (source, destination) = self.ends(from_opener);
        self.has_ports.then_some(Ports { source: source.port, destination: destination.port })
    }

    /// Begins again under the same key.
    pub fn restart(&mut self, at: Timestamp) {
        *self = Self { first: at, sent: Volume::default(), received: Volume::default(), ..*self };
    }
}
