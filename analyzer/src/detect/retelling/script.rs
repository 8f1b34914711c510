//! Which packets a record proves. UDP and ICMP: as many as it counts. TCP: its flags say who opened, whether it was accepted
//! or refused, and how it ended; what is certain from them is told even where the other way's record is missing, as who sent
//! SYN and then ACK has seen a SYN+ACK.

use std::net::IpAddr;
use std::time::Duration;

use ahash::RandomState;
use capturer::flow::FlowRecord;
use capturer::{
    Network, OptionKind, OptionLayout, Packet, Ports, Protocol, Tcp, TcpFlags, TcpOptions, TcpQuirks,
    Timestamp, Transport,
};

use super::One;
use crate::detect::book::key;
use crate::detect::tracker::Tracker;
use crate::told::{packet, turn};

/// Packets of a flow that are told at most, where their rate matters: more than any rule's threshold by default; of longer flows
/// what passed in the time that rules look back for rates.
const MOST: u64 = 8192;
const LOOKED_BACK: Duration = Duration::from_secs(12);

/// Packets that are told of a connection: enough to be more than an attempt.
const CONNECTION: u64 = 24;

/// Packets of protocols of which rules ask only whether they are there.
const FEW: u64 = 64;

/// A link header, as record's bytes begin with IP.
const LINK: u64 = 14;

const SYN: u16 = TcpFlags::SYN.0;
const ACK: u16 = TcpFlags::ACK.0;
const FIN: u16 = TcpFlags::FIN.0;
const RST: u16 = TcpFlags::RST.0;
const PSH: u16 = TcpFlags::PSH.0;

/// The flags that RFC 9293's first six bits have.
const BASE: u16 = 0x3f;

/// An opening that was told.
#[derive(Clone, Copy)]
pub(super) struct Opening {
    /// Its acceptance was told with it.
    accepted: bool,
}

/// What a flow's packets are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    /// All alike, with these flags.
    Alike(u16),
    /// Unanswered SYNs; the last packet has RST if the flow has.
    Asks,
    /// SYN, the other's SYN+ACK, ACK, data, end.
    Opens,
    /// The other's SYN, SYN+ACK, data, end.
    Accepts,
    /// SYN+ACK, data, end.
    Answers,
    /// Data, end.
    GoesOn,
}

/// How a flow is told.
#[derive(Clone, Copy)]
pub(super) struct Script {
    part: Part,
    /// Packets to tell, those that the other end must have sent among them.
    pub(super) packets: u32,
    /// Time between them.
    pub(super) step: Duration,
    /// Payload of each packet that has some, bytes.
    payload: u32,
    sequence: u32,
}

/// Whether nothing is known of how a connection went.
pub(super) fn is_flagless(record: &FlowRecord) -> bool {
    record.protocol == Protocol::TCP && record.tcp_flags.0 & BASE == 0
}

/// Exporters that do not keep fragments together have a flow with ports 0 of those that have no ports.
fn is_of_later_fragments(record: &FlowRecord) -> bool {
    record.protocol == Protocol::UDP && record.ports == Ports::default()
}

/// A record's two ways; the second only of records that tell of both.
pub(super) fn ways(record: &FlowRecord) -> [Option<One>; 2] {
    let lasted = record.last.since(record.first);
    let flags = record.tcp_flags.0 & BASE;
    let mut packet = packet(record, record.first);
    // Nobody tells its time to live; this is one that no rule makes anything of.
    packet.ttl = 64;
    if is_of_later_fragments(record) {
        packet.transport = Transport::Fragment;
    }
    let forward = One {
        packet,
        flags,
        packets: record.packets,
        bytes: record.bytes,
        lasted: if record.first == Timestamp::EPOCH { Duration::ZERO } else { lasted },
    };
    turn(&mut packet);
    let back = One { packet, packets: record.reverse_packets, bytes: record.reverse_bytes, ..forward };
    let [forward, back] = parted(forward, back);
    [forward, back].map(|one| Some(one).filter(|one| one.packets > 0))
}

/// Flags of both ways together tell those of each where nothing was said: as many answers as SYNs are refusals, fewer are
/// acceptances that the opener reset.
const fn parted(forward: One, back: One) -> [One; 2] {
    let reset = forward.flags & (SYN | RST | PSH | FIN) == SYN | RST;
    if back.packets == 0 || !reset {
        return [forward, back];
    }
    let (asked, answered) =
        if forward.packets <= back.packets { (SYN, RST | ACK) } else { (SYN | RST, SYN | ACK) };
    [One { flags: asked, ..forward }, One { flags: answered, ..back }]
}

/// A header; a SYN has an option, as those of operating systems do and nobody tells.
fn tcp(ports: Ports, flags: u16, sequence: u32) -> Tcp {
    let mut layout = OptionLayout::EMPTY;
    if flags & SYN != 0 {
        layout.push(OptionKind::Mss);
    }
    Tcp {
        ports,
        sequence,
        acknowledgment: 0,
        flags: TcpFlags(flags),
        window: 0,
        quirks: TcpQuirks::default(),
        options: TcpOptions { layout, ..TcpOptions::NONE },
    }
}

/// Both ends of a packet, as a key.
type Ends = ((IpAddr, u16), (IpAddr, u16));

impl Script {
    /// How a flow is told whose first packet is due.
    pub(super) fn of(
        one: &One,
        at: Timestamp,
        openings: &mut Tracker<Opening>,
        hasher: &RandomState,
    ) -> Self {
        let ports = one.packet.ports().unwrap_or_default();
        let (from, to) = ((one.packet.source, ports.source), (one.packet.destination, ports.destination));
        let known = |ends: Ends| key(hasher, ends);
        let part = match one.packet.protocol {
            Protocol::TCP => part(one, openings.find(known((to, from)), at).map(|opening| *opening)),
            _ => Part::Alike(0),
        };
        if matches!(part, Part::Asks | Part::Opens) {
            *openings.entry(known((from, to)), at, || Opening { accepted: false }) =
                Opening { accepted: part == Part::Opens };
        }
        let own = own_packets(part, one);
        let told = own + u64::from(matches!(part, Part::Opens | Part::Accepts));
        Self {
            part,
            packets: told as u32,
            step: step(one, told),
            payload: payload(part, one),
            sequence: at.as_nanos() as u32,
        }
    }

    /// The packet of a number, from 0.
    pub(super) fn packet(&self, one: &One, number: u32) -> Packet {
        let mut packet = one.packet;
        let (flags, from_other) = self.flags(one.flags, number);
        packet.payload_len = if self.has_payload(number) { self.payload } else { 0 };
        packet.wire_len = (one.bytes / one.packets.max(1) + LINK).min(u64::from(u32::MAX)) as u32;
        if let Transport::Tcp(header) = &mut packet.transport {
            *header = tcp(header.ports, flags, self.sequence);
        }
        if from_other {
            turn(&mut packet);
        }
        packet
    }

    /// A packet's flags, and whether the other end sent it.
    const fn flags(&self, seen: u16, number: u32) -> (u16, bool) {
        let is_last = number + 1 == self.packets && number > 0;
        match (self.part, number) {
            (Part::Alike(flags), _) => (flags, false),
            (Part::Asks, _) if is_last && seen & RST != 0 => (RST, false),
            (Part::Asks | Part::Opens, 0) | (Part::Asks, _) => (SYN, false),
            (Part::Accepts, 0) => (SYN, true),
            (Part::Opens, 1) => (SYN | ACK, true),
            (Part::Accepts, 1) | (Part::Answers, 0) => (SYN | ACK, false),
            _ if is_last && seen & RST != 0 => (RST | ACK, false),
            _ if is_last && seen & FIN != 0 => (FIN | ACK, false),
            (Part::Opens, 2) => (ACK, false),
            _ if self.payload == 0 => (ACK, false),
            _ => (PSH | ACK, false),
        }
    }

    const fn has_payload(&self, number: u32) -> bool {
        match self.part {
            Part::Alike(_) => true,
            Part::Asks => false,
            Part::Opens => number > 2,
            Part::Accepts => number > 1,
            Part::Answers => number > 0,
            Part::GoesOn => true,
        }
    }
}

/// What a TCP flow's flags say; `opening` is that of the other way, if it was told.
fn part(one: &One, opening: Option<Opening>) -> Part {
    let ports = one.packet.ports().unwrap_or_default();
    let is_served = ports.source < 1024 && ports.destination >= 1024;
    let (opened, acknowledged) = (one.flags & SYN != 0, one.flags & ACK != 0);
    match opening {
        Some(Opening { accepted: false }) if opened && acknowledged => Part::Answers,
        Some(Opening { accepted: true }) if opened && acknowledged => Part::GoesOn,
        // SYN+ACKs to somebody who has not asked.
        None if one.flags == SYN | ACK && is_served => Part::Alike(SYN | ACK),
        None if opened && acknowledged && is_served => Part::Accepts,
        _ if opened && acknowledged => Part::Opens,
        _ if opened && one.flags & FIN == 0 => Part::Asks,
        _ if acknowledged && one.flags & RST == 0 => Part::GoesOn,
        // A refusal or two, or a connection that was reset.
        _ if acknowledged && one.packets > 3 => Part::GoesOn,
        _ => Part::Alike(one.flags),
    }
}

/// How many of its own packets are told of a flow.
fn own_packets(part: Part, one: &One) -> u64 {
    let share = LOOKED_BACK.div_duration_f64(one.lasted.max(LOOKED_BACK));
    let paced = ((one.packets as f64 * share) as u64).clamp(FEW, MOST);
    let most = match part {
        Part::Asks => paced,
        Part::Alike(_) => match one.packet.transport {
            Transport::Other | Transport::Sctp(_) => FEW,
            _ => paced,
        },
        Part::Opens | Part::Accepts | Part::Answers | Part::GoesOn => CONNECTION,
    };
    one.packets.min(most)
}

/// Time between packets: the pace they came at; where only some of a connection's are told, those are spread over its time.
fn step(one: &One, told: u64) -> Duration {
    let counted = match one.packet.transport {
        Transport::Tcp(_) if told <= CONNECTION + 1 => told,
        _ => one.packets,
    };
    let gaps = counted.saturating_sub(1).clamp(1, u64::from(u32::MAX)) as u32;
    if told < 2 { Duration::ZERO } else { one.lasted / gaps }
}

/// Bytes of payload in each packet that has some, from bytes of IP and headers of the usual length.
fn payload(part: Part, one: &One) -> u32 {
    let network = if one.packet.network == Network::Ipv4 { 20 } else { 40 };
    let transport = match one.packet.transport {
        Transport::Tcp(_) => 32,
        Transport::Udp(_) | Transport::Icmp(_) => 8,
        Transport::Sctp(_) => 12,
        _ => 0,
    };
    let silent = match part {
        Part::Opens => 2,
        Part::Accepts | Part::Answers => 1,
        Part::Asks | Part::Alike(_) | Part::GoesOn => 0,
    };
    let packets = one.packets.max(1);
    let all = one.bytes.saturating_sub(packets.saturating_mul(network + transport));
    let least = u64::from(one.flags & PSH != 0);
    (all / packets.saturating_sub(silent).max(1)).clamp(least, 65_535) as u32
}
