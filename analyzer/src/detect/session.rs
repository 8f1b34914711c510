//! Sessions: what the rules need to know of a conversation, computed once for all of them. Who opened it, whether the
//! other end answered or refused, how it ended, how much payload went each way.
//!
//! A packet that changes nothing about that, in a session that is well under way, brings no [`Moments`] and reaches no
//! rule: that is what keeps bulk traffic cheap. Tables are bounded; sessions that were never answered go first.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use ahash::RandomState;
use capturer::{Packet, Protocol, TcpFlags, Timestamp, Transport, Vlan};

use super::event::Moments;
use crate::capped::{Capped, Slot, Worth};
use crate::flow::FlowKey;

/// A SYN, a datagram or a request that nobody answered within this time has failed (DETECTION: 3 s).
pub const PATIENCE: Duration = Duration::from_secs(3);

/// A session that was silent for so long has ended.
const IDLE: Duration = Duration::from_secs(300);

/// Packets after which an answered session is bulk: only its end is looked at.
const BULK: u32 = 96;

/// How a session began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Began {
    /// With a SYN.
    Syn,
    /// With a SYN+ACK: the opening was not seen, or never sent.
    SynAck,
    /// With an ACK that carries nothing.
    Ack,
    /// With flags that no opening and no end has: none at all, FIN alone, FIN+PSH+URG, SYN with FIN or RST.
    Stealth,
    /// With FIN and ACK: an end whose session was not seen, or a Maimon probe.
    FinAck,
    /// With a RST.
    Rst,
    /// With payload: the capture began in the middle.
    Midstream,
    /// With a datagram (UDP).
    Datagram,
    /// With an INIT or another chunk (SCTP).
    Sctp,
    /// With an echo, timestamp, mask or information request.
    Request,
    /// With an ICMP message that asks for nothing.
    Icmp,
    /// With a packet of another protocol, or a fragment.
    Other,
}

/// A conversation. The opener is the end that asked.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    /// Who opened it, with the port (0 without ports).
    pub opener: (IpAddr, u16),
    /// The other end.
    pub answerer: (IpAddr, u16),
    /// The protocol over IP.
    pub protocol: Protocol,
    /// How it began.
    pub began: Began,
    /// First packet.
    pub first: Timestamp,
    /// Last packet.
    pub last: Timestamp,
    /// Number of its first frame.
    pub frame: u64,
    /// Packets from opener and answerer.
    pub packets: [u32; 2],
    /// Bytes of payload from opener and answerer, saturating.
    pub payload: [u32; 2],
    /// Sequence number of the opening SYN.
    pub sequence: u32,
    /// Options that the opening SYN had.
    pub syn_options: u8,
    /// The answerer sent something.
    pub answered: bool,
    /// It answered with SYN+ACK.
    pub accepted: bool,
    /// The handshake was finished, or payload flows.
    pub established: bool,
    /// It was refused: RST, ICMP unreachable, or given up by the opener right after it was accepted.
    pub refused: bool,
    /// It ended: FIN or RST after it was established.
    pub ended: bool,
    /// Whether somebody still waits for an answer.
    pending: bool,
    low: bool,
}

impl Worth for Session {
    /// Answered sessions outlive the others.
    #[expect(clippy::misnamed_getters, reason = "a row has earned its place by an answer")]
    fn established(&self) -> bool {
        self.answered
    }
}

impl Session {
    /// Packets both ways.
    pub const fn all_packets(&self) -> u32 {
        self.packets[0].saturating_add(self.packets[1])
    }

    /// Payload both ways, bytes.
    pub const fn all_payload(&self) -> u32 {
        self.payload[0].saturating_add(self.payload[1])
    }

    /// How long it has lasted.
    pub fn lasted(&self) -> Duration {
        self.last.since(self.first)
    }

    fn is_bulk(&self) -> bool {
        self.answered && self.all_packets() > BULK
    }
}

/// The sessions of late, and those that wait for an answer.
pub struct Sessions {
    rows: Capped<Session>,
    waiting: VecDeque<(Timestamp, Slot)>,
    hasher: RandomState,
    most_waiting: usize,
    given_up: u64,
}

/// What a packet means to its session.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// What happened.
    pub moments: Moments,
    /// The session after it.
    pub session: Session,
    /// Whether the packet came from the opener.
    pub from_opener: bool,
    /// The session that ended because another begins under the same ports.
    pub before: Option<Session>,
}

impl Sessions {
    /// At most `cap` sessions.
    pub fn new(cap: usize, hasher: RandomState) -> Self {
        Self { rows: Capped::new(cap), waiting: VecDeque::new(), hasher, most_waiting: cap, given_up: 0 }
    }

    /// Sessions that had to make room for others.
    pub const fn evicted(&self) -> u64 {
        self.rows.evicted()
    }

    /// Openings that were not waited for, because too many wait.
    pub const fn given_up(&self) -> u64 {
        self.given_up
    }

    /// Bytes in use.
    pub fn bytes(&self) -> usize {
        self.rows.bytes() + self.waiting.capacity() * size_of::<(Timestamp, Slot)>()
    }

    /// The key of a packet: without its VLAN, since the way back may have another.
    fn key(&self, packet: &Packet) -> FlowKey {
        if packet.vlan == Vlan::NONE {
            return FlowKey::of(packet, &self.hasher);
        }
        FlowKey::of(&Packet { vlan: Vlan::NONE, ..*packet }, &self.hasher)
    }

    /// Takes an IP packet. `None` when it brings nothing that a rule may want to know.
    #[inline]
    pub fn take(&mut self, packet: &Packet, at: Timestamp) -> Option<Step> {
        let key = self.key(packet);
        let Some(slot) = self.rows.lookup(key.hash, |_| true) else {
            return Some(self.begin(packet, at, key));
        };
        let session = self.rows.touch(slot)?;
        let from_opener = key.forward == session.low;
        if session.is_bulk() && !ends(packet) && at.since(session.last) <= IDLE {
            session.last = at;
            return None;
        }
        if is_over(session, packet, at, from_opener) {
            let before = *session;
            let begun = begin(packet, at, key, from_opener);
            *session = begun;
            self.wait(slot, &begun, at);
            let moments = opening(&begun, packet);
            return Some(Step { moments, session: begun, from_opener: true, before: Some(before) });
        }
        let moments = go_on(session, packet, at, from_opener);
        Some(Step { moments, session: *session, from_opener, before: None })
    }

    fn begin(&mut self, packet: &Packet, at: Timestamp, key: FlowKey) -> Step {
        let answers = matches!(packet.tcp(), Some(tcp) if tcp.flags.is_syn_ack()) || is_reply(packet);
        let session = begin(packet, at, key, !answers);
        let (slot, _) = self.rows.insert(key.hash, session, ());
        self.wait(slot, &session, at);
        Step { moments: opening(&session, packet), session, from_opener: !answers, before: None }
    }

    /// An ICMP error names a packet that could not be delivered: its session was refused.
    pub fn refuse(&mut self, quoted: &Packet) -> Option<Session> {
        let key = self.key(quoted);
        let slot = self.rows.lookup(key.hash, |_| true)?;
        let session = self.rows.touch(slot)?;
        if session.answered || session.refused {
            return None;
        }
        session.refused = true;
        session.pending = false;
        Some(*session)
    }

    /// The next session that waited in vain until `at`.
    pub fn unanswered(&mut self, at: Timestamp) -> Option<Session> {
        while let Some(&(since, slot)) = self.waiting.front() {
            if at.since(since) < PATIENCE {
                return None;
            }
            self.waiting.pop_front();
            if let Some(session) = self.give_up(slot) {
                return Some(session);
            }
        }
        None
    }

    /// The next session that waits, at the end of the capture: nothing more will come.
    pub fn last_waiting(&mut self) -> Option<Session> {
        while let Some((_, slot)) = self.waiting.pop_front() {
            if let Some(session) = self.give_up(slot) {
                return Some(session);
            }
        }
        None
    }

    fn give_up(&mut self, slot: Slot) -> Option<Session> {
        let (session, _) = self.rows.both(slot)?;
        let waits = std::mem::take(&mut session.pending) && !session.answered && !session.refused;
        waits.then_some(*session)
    }

    /// Forgets sessions that have ended, a few at a time.
    pub fn advance(&mut self, now: Timestamp) {
        self.rows.expire(2048, |session| now.since(session.last) > IDLE);
    }

    fn wait(&mut self, slot: Slot, session: &Session, at: Timestamp) {
        if !session.pending {
            return;
        }
        if self.waiting.len() >= self.most_waiting {
            self.waiting.pop_front();
            self.given_up += 1;
        }
        self.waiting.push_back((at, slot));
    }
}

fn begin(packet: &Packet, at: Timestamp, key: FlowKey, from_opener: bool) -> Session {
    let ports = packet.ports().unwrap_or_default();
    let (source, destination) = ((packet.source, ports.source), (packet.destination, ports.destination));
    let (opener, answerer) = if from_opener { (source, destination) } else { (destination, source) };
    let began = began(packet);
    let end = usize::from(!from_opener);
    let mut session = Session {
        opener,
        answerer,
        protocol: packet.protocol,
        began,
        first: at,
        last: at,
        frame: packet.number,
        packets: [0; 2],
        payload: [0; 2],
        sequence: packet.tcp().map_or(0, |tcp| tcp.sequence),
        syn_options: packet.tcp().map_or(0, |tcp| tcp.options.layout.len() as u8),
        answered: !from_opener,
        accepted: began == Began::SynAck,
        established: began == Began::Midstream,
        refused: false,
        ended: false,
        pending: from_opener && expects_answer(began, packet),
        low: key.forward == from_opener,
    };
    session.packets[end] = 1;
    session.payload[end] = packet.payload_len;
    session
}

/// How a session begins with this packet.
fn began(packet: &Packet) -> Began {
    match &packet.transport {
        Transport::Tcp(tcp) => began_tcp(tcp.flags, packet.payload_len),
        Transport::Udp(_) => Began::Datagram,
        Transport::Sctp(_) => Began::Sctp,
        Transport::Icmp(icmp) if is_request(packet.protocol, icmp.kind) => Began::Request,
        Transport::Icmp(_) => Began::Icmp,
        _ => Began::Other,
    }
}

fn began_tcp(flags: TcpFlags, payload: u32) -> Began {
    const BASE: u16 = 0x3f;
    let base = TcpFlags(flags.0 & BASE);
    if base.has(TcpFlags::SYN) {
        return match () {
            () if base.has_any(TcpFlags(TcpFlags::FIN.0 | TcpFlags::RST.0)) => Began::Stealth,
            () if base.has(TcpFlags::ACK) => Began::SynAck,
            () => Began::Syn,
        };
    }
    if base.has(TcpFlags::RST) {
        return Began::Rst;
    }
    if !base.has(TcpFlags::ACK) {
        return Began::Stealth;
    }
    match payload {
        0 if base.has(TcpFlags::FIN) => Began::FinAck,
        0 => Began::Ack,
        _ => Began::Midstream,
    }
}

/// Echo, timestamp, information and mask requests (RFC 792, RFC 950); echo request of ICMPv6 (RFC 4443).
pub(super) const fn is_request(protocol: Protocol, kind: u8) -> bool {
    if protocol.0 == Protocol::ICMPV6.0 { kind == 128 } else { matches!(kind, 8 | 13 | 15 | 17) }
}

/// The answers to them.
fn is_reply(packet: &Packet) -> bool {
    match &packet.transport {
        Transport::Icmp(icmp) if packet.protocol == Protocol::ICMPV6 => icmp.kind == 129,
        Transport::Icmp(icmp) => matches!(icmp.kind, 0 | 14 | 16 | 18),
        _ => false,
    }
}

/// Whether the sender should hear something: not from a group, and not to a RST or an error.
fn expects_answer(began: Began, packet: &Packet) -> bool {
    let asks = match began {
        Began::Syn | Began::Ack | Began::Stealth | Began::FinAck | Began::Datagram | Began::Sctp => true,
        Began::Request => true,
        Began::SynAck | Began::Rst | Began::Midstream | Began::Icmp | Began::Other => false,
    };
    asks && !is_group(packet.destination)
}

/// Multicast and the limited broadcast; a subnet's own broadcast can't be told without its mask.
pub(super) fn is_group(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_multicast() || address.is_broadcast() || address.octets()[3] == 255,
        IpAddr::V6(address) => address.is_multicast(),
    }
}

/// What the first packet of a session means.
fn opening(session: &Session, packet: &Packet) -> Moments {
    let mut moments = match session.began {
        Began::SynAck | Began::Rst | Began::Icmp => Moments::STRAY,
        Began::Ack | Began::Stealth | Began::FinAck => Moments::STRAY | Moments::OPENED,
        Began::Midstream => Moments::NONE,
        Began::Syn | Began::Datagram | Began::Sctp | Began::Request | Began::Other => Moments::OPENED,
    };
    if packet.payload_len > 0 {
        moments |= Moments::DATA;
    }
    if !session.answered { moments | Moments::ONE_WAY } else { moments }
}

/// Flags that change a session, whatever its size.
fn ends(packet: &Packet) -> bool {
    packet
        .tcp()
        .is_some_and(|tcp| tcp.flags.has_any(TcpFlags(TcpFlags::SYN.0 | TcpFlags::FIN.0 | TcpFlags::RST.0)))
}

/// Whether another session begins with this packet under the same ports.
fn is_over(session: &Session, packet: &Packet, at: Timestamp, from_opener: bool) -> bool {
    let Some(tcp) = packet.tcp() else {
        return at.since(session.last) > IDLE || is_new_request(session, packet);
    };
    if !tcp.flags.is_syn() {
        return at.since(session.last) > IDLE;
    }
    match session.began {
        // The same opening, sent again.
        Began::Syn if from_opener => tcp.sequence != session.sequence,
        // Both open at once, which hardly happens, or the answer to a probe comes as a probe.
        Began::Syn => session.ended || session.refused,
        _ => true,
    }
}

/// A request after a while is another one.
fn is_new_request(session: &Session, packet: &Packet) -> bool {
    let Transport::Icmp(icmp) = &packet.transport else { return false };
    let asks = is_request(packet.protocol, icmp.kind);
    (asks && session.began == Began::Icmp)
        || (session.began == Began::Request && !asks && !is_reply(packet) && !session.answered)
}

/// A further packet of a session.
#[inline]
fn go_on(session: &mut Session, packet: &Packet, at: Timestamp, from_opener: bool) -> Moments {
    let end = usize::from(!from_opener);
    session.last = at;
    session.packets[end] = session.packets[end].saturating_add(1);
    session.payload[end] = session.payload[end].saturating_add(packet.payload_len);
    let mut moments = Moments::NONE;
    let refuses = packet.tcp().is_some_and(|tcp| tcp.flags.has(TcpFlags::RST)) && !session.established;
    if !from_opener && !session.answered && !refuses {
        session.answered = true;
        session.pending = false;
        moments |= Moments::ANSWERED;
    }
    if let Some(tcp) = packet.tcp() {
        moments |= go_on_tcp(session, tcp.flags, packet.payload_len, from_opener);
    } else if packet.payload_len > 0 {
        moments |= Moments::DATA;
    }
    if !session.answered && from_opener { moments | Moments::ONE_WAY } else { moments }
}

fn go_on_tcp(session: &mut Session, flags: TcpFlags, payload: u32, from_opener: bool) -> Moments {
    let mut moments = Moments::NONE;
    if flags.has(TcpFlags::RST) {
        return reset(session);
    }
    if flags.is_syn_ack() && !from_opener && !session.accepted {
        session.accepted = true;
        moments |= Moments::ACCEPTED;
    }
    let acknowledges = flags.has(TcpFlags::ACK) && !flags.has(TcpFlags::SYN);
    let finishes = from_opener && session.accepted && session.began == Began::Syn;
    if acknowledges && !session.established && (finishes || (payload > 0 && session.answered)) {
        session.established = true;
        moments |= Moments::ESTABLISHED;
    }
    if payload > 0 && session.established {
        moments |= Moments::DATA;
    }
    if flags.has(TcpFlags::FIN) && session.established && !session.ended {
        session.ended = true;
        moments |= Moments::ENDED;
    }
    moments
}

/// A RST: the answerer refuses, the opener gives up right after it was accepted, or a session ends.
fn reset(session: &mut Session) -> Moments {
    session.pending = false;
    let nothing_said = session.payload == [0; 2];
    if !session.refused && !session.ended && (!session.established || nothing_said) {
        session.refused = true;
        session.ended = session.established;
        return Moments::REFUSED;
    }
    if session.established && !session.ended {
        session.ended = true;
        return Moments::ENDED;
    }
    Moments::NONE
}
