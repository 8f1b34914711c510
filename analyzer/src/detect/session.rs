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
use crate::capped::{Capped, Guess, Slot, Worth};
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

/// A conversation, as detectors see it. The opener is the end that asked.
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
}

/// What packets change of a session; it fits a row's one cache line.
#[derive(Clone, Copy, Debug)]
struct Course {
    last: Timestamp,
    packets: [u32; 2],
    payload: [u32; 2],
    began: Began,
    answered: bool,
    accepted: bool,
    established: bool,
    refused: bool,
    ended: bool,
    /// Whether somebody still waits for an answer.
    pending: bool,
    /// Whether the opener is the lower end; see [`FlowKey::forward`].
    opener_low: bool,
}

/// What the first packet says of a session once and for all.
#[derive(Clone, Copy, Debug)]
struct Begin {
    opener: (IpAddr, u16),
    answerer: (IpAddr, u16),
    first: Timestamp,
    frame: u64,
    sequence: u32,
    protocol: Protocol,
    syn_options: u8,
}

impl Worth for Course {
    /// Answered sessions outlive the others.
    #[expect(clippy::misnamed_getters, reason = "a row has earned its place by an answer")]
    fn established(&self) -> bool {
        self.answered
    }
}

impl Course {
    fn is_bulk(&self) -> bool {
        self.answered && self.packets[0].saturating_add(self.packets[1]) > BULK
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

    const fn of(course: &Course, begin: &Begin) -> Self {
        Self {
            opener: begin.opener,
            answerer: begin.answerer,
            protocol: begin.protocol,
            began: course.began,
            first: begin.first,
            last: course.last,
            frame: begin.frame,
            packets: course.packets,
            payload: course.payload,
            sequence: begin.sequence,
            syn_options: begin.syn_options,
            answered: course.answered,
            accepted: course.accepted,
            established: course.established,
            refused: course.refused,
            ended: course.ended,
        }
    }
}

/// The sessions of late, and those that wait for an answer.
pub struct Sessions {
    rows: Capped<Course, Begin>,
    waiting: VecDeque<(Timestamp, Slot)>,
    hasher: RandomState,
    most_waiting: usize,
    given_up: u64,
    /// The session that the one at hand took the place of.
    before: Option<Session>,
}

/// What a packet means to its session.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// What happened.
    pub moments: Moments,
    /// Where the session is; see [`Sessions::get`].
    pub slot: Slot,
    /// Whether the packet came from the opener.
    pub from_opener: bool,
}

impl Sessions {
    /// At most `cap` sessions.
    pub fn new(cap: usize, hasher: RandomState) -> Self {
        Self {
            rows: Capped::new(cap),
            waiting: VecDeque::new(),
            hasher,
            most_waiting: cap,
            given_up: 0,
            before: None,
        }
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
    #[inline]
    pub fn key(&self, packet: &Packet) -> FlowKey {
        if packet.vlan == Vlan::NONE {
            return FlowKey::of(packet, &self.hasher);
        }
        FlowKey::of(&Packet { vlan: Vlan::NONE, ..*packet }, &self.hasher)
    }

    /// Brings the rows of packets near before they are needed: each step for all of them before the next, so that a
    /// processor waits for many rows at the same time instead of one after another.
    pub fn approach(&self, near: &mut [(FlowKey, Option<Guess>)]) {
        let mut sum = 0;
        for (key, _) in near.iter() {
            sum ^= self.rows.approach(key.hash);
        }
        for (key, guess) in near.iter_mut() {
            *guess = self.rows.guess(key.hash);
        }
        for guess in near.iter().filter_map(|(_, guess)| *guess) {
            sum ^= self.rows.near(guess);
        }
        std::hint::black_box(sum);
    }

    /// Takes an IP packet with its key, and where its row most likely is. `None` when it brings nothing that a rule may
    /// want to know.
    #[inline]
    pub fn take(
        &mut self,
        packet: &Packet,
        at: Timestamp,
        (key, guess): (FlowKey, Option<Guess>),
    ) -> Option<Step> {
        let found = guess.and_then(|guess| self.rows.confirm(guess, key.hash));
        let Some(slot) = found.or_else(|| self.rows.lookup(key.hash, |_| true)) else {
            return Some(self.begin(packet, at, key));
        };
        let course = self.rows.touch(slot)?;
        let from_opener = key.forward == course.opener_low;
        if course.is_bulk() && !ends(packet) && !is_message(packet) && at.since(course.last) <= IDLE {
            course.last = at;
            return None;
        }
        self.go_on(packet, at, (slot, key, from_opener))
    }

    /// A packet of a session that is known and still small.
    fn go_on(
        &mut self,
        packet: &Packet,
        at: Timestamp,
        (slot, key, from_opener): (Slot, FlowKey, bool),
    ) -> Option<Step> {
        let (course, start) = self.rows.both(slot)?;
        if is_over(course, start, (packet, at, from_opener)) {
            self.before = Some(Session::of(course, start));
            (*course, *start) = begin(packet, at, key, from_opener);
            let (pending, moments) = (course.pending, opening(course, packet));
            self.wait(slot, pending, at);
            return Some(Step { moments, slot, from_opener: true });
        }
        let moments = go_on(course, packet, at, from_opener);
        // Each message of ICMP is told, so its session has to be.
        let told = !moments.is_none() || matches!(packet.transport, Transport::Icmp(_));
        told.then_some(Step { moments, slot, from_opener })
    }

    fn begin(&mut self, packet: &Packet, at: Timestamp, key: FlowKey) -> Step {
        let answers = matches!(packet.tcp(), Some(tcp) if tcp.flags.is_syn_ack()) || is_reply(packet);
        let (course, start) = begin(packet, at, key, !answers);
        let (slot, _) = self.rows.insert(key.hash, course, start);
        self.wait(slot, course.pending, at);
        Step { moments: opening(&course, packet), slot, from_opener: !answers }
    }

    /// The session at a slot.
    pub fn get(&self, slot: Slot) -> Option<Session> {
        Some(Session::of(self.rows.get(slot)?, self.rows.rest(slot)?))
    }

    /// The session that ended because another began under the same ports, once.
    #[inline]
    pub const fn take_before(&mut self) -> Option<Session> {
        self.before.take()
    }

    /// An ICMP error names a packet that could not be delivered: its session was refused.
    pub fn refuse(&mut self, quoted: &Packet) -> Option<Session> {
        let key = self.key(quoted);
        let slot = self.rows.lookup(key.hash, |_| true)?;
        let (course, begin) = self.rows.both(slot)?;
        if course.answered || course.refused {
            return None;
        }
        course.refused = true;
        course.pending = false;
        Some(Session::of(course, begin))
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
        let (course, begin) = self.rows.both(slot)?;
        let waits = std::mem::take(&mut course.pending) && !course.answered && !course.refused;
        waits.then(|| Session::of(course, begin))
    }

    /// Forgets sessions that have ended, a few at a time.
    pub fn advance(&mut self, now: Timestamp) {
        self.rows.expire(2048, |course| now.since(course.last) > IDLE);
    }

    fn wait(&mut self, slot: Slot, pending: bool, at: Timestamp) {
        if !pending {
            return;
        }
        if self.waiting.len() >= self.most_waiting {
            self.waiting.pop_front();
            self.given_up += 1;
        }
        self.waiting.push_back((at, slot));
    }
}

fn begin(packet: &Packet, at: Timestamp, key: FlowKey, from_opener: bool) -> (Course, Begin) {
    let ports = packet.ports().unwrap_or_default();
    let (source, destination) = ((packet.source, ports.source), (packet.destination, ports.destination));
    let (opener, answerer) = if from_opener { (source, destination) } else { (destination, source) };
    let began = began(packet);
    let end = usize::from(!from_opener);
    let mut course = Course {
        last: at,
        packets: [0; 2],
        payload: [0; 2],
        began,
        answered: !from_opener,
        accepted: began == Began::SynAck,
        established: began == Began::Midstream,
        refused: false,
        ended: false,
        pending: from_opener && expects_answer(began, packet),
        opener_low: key.forward == from_opener,
    };
    course.packets[end] = 1;
    course.payload[end] = packet.payload_len;
    let sequence = packet.tcp().map_or(0, |tcp| tcp.sequence);
    let syn_options = packet.tcp().map_or(0, |tcp| tcp.options.layout.len() as u8);
    let protocol = packet.protocol;
    (course, Begin { opener, answerer, first: at, frame: packet.number, sequence, protocol, syn_options })
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
fn opening(session: &Course, packet: &Packet) -> Moments {
    let mut moments = match session.began {
        Began::SynAck | Began::Rst | Began::Icmp => Moments::STRAY,
        Began::Ack | Began::Stealth | Began::FinAck => Moments::STRAY | Moments::OPENED,
        Began::Midstream => Moments::NONE,
        Began::Syn | Began::Datagram | Began::Sctp | Began::Request | Began::Other => Moments::OPENED,
    };
    if packet.payload_len > 0 {
        moments |= Moments::DATA;
        if session.payload[0] > 0 {
            moments |= Moments::FIRST;
        }
    }
    if !session.answered { moments | Moments::ONE_WAY } else { moments }
}

/// Packets that are a message each, however many there are: of ICMP, name servers, Kerberos and SIP.
fn is_message(packet: &Packet) -> bool {
    const PORTS: [u16; 3] = [53, 88, 5060];
    if matches!(packet.transport, Transport::Icmp(_)) {
        return true;
    }
    let Transport::Udp(ports) = &packet.transport else { return false };
    PORTS.contains(&ports.destination) || PORTS.contains(&ports.source)
}

/// Flags that change a session, whatever its size.
fn ends(packet: &Packet) -> bool {
    packet
        .tcp()
        .is_some_and(|tcp| tcp.flags.has_any(TcpFlags(TcpFlags::SYN.0 | TcpFlags::FIN.0 | TcpFlags::RST.0)))
}

/// Whether another session begins with this packet under the same ports.
fn is_over(course: &Course, begin: &Begin, (packet, at, from_opener): (&Packet, Timestamp, bool)) -> bool {
    let Some(tcp) = packet.tcp() else {
        return at.since(course.last) > IDLE || is_new_request(course, packet);
    };
    if !tcp.flags.is_syn() {
        return at.since(course.last) > IDLE;
    }
    match course.began {
        // The same opening, sent again.
        Began::Syn if from_opener => tcp.sequence != begin.sequence,
        // Both open at once, which hardly happens, or the answer to a probe comes as a probe.
        Began::Syn => course.ended || course.refused,
        _ => true,
    }
}

/// A request after a while is another one.
fn is_new_request(course: &Course, packet: &Packet) -> bool {
    let Transport::Icmp(icmp) = &packet.transport else { return false };
    let asks = is_request(packet.protocol, icmp.kind);
    (asks && course.began == Began::Icmp)
        || (course.began == Began::Request && !asks && !is_reply(packet) && !course.answered)
}

/// A further packet of a course.
#[inline]
fn go_on(course: &mut Course, packet: &Packet, at: Timestamp, from_opener: bool) -> Moments {
    let end = usize::from(!from_opener);
    course.last = at;
    course.packets[end] = course.packets[end].saturating_add(1);
    course.payload[end] = course.payload[end].saturating_add(packet.payload_len);
    let mut moments = Moments::NONE;
    let refuses = packet.tcp().is_some_and(|tcp| tcp.flags.has(TcpFlags::RST)) && !course.established;
    if !from_opener && !course.answered && !refuses {
        course.answered = true;
        course.pending = false;
        moments |= Moments::ANSWERED;
    }
    if let Some(tcp) = packet.tcp() {
        moments |= go_on_tcp(course, tcp.flags, packet.payload_len, from_opener);
    } else if packet.payload_len > 0 {
        moments |= Moments::DATA;
    }
    if moments.any(Moments::DATA) && from_opener && course.payload[0] == packet.payload_len {
        moments |= Moments::FIRST;
    }
    if !course.answered && from_opener { moments | Moments::ONE_WAY } else { moments }
}

fn go_on_tcp(course: &mut Course, flags: TcpFlags, payload: u32, from_opener: bool) -> Moments {
    let mut moments = Moments::NONE;
    if flags.has(TcpFlags::RST) {
        return reset(course);
    }
    if flags.is_syn_ack() && !from_opener && !course.accepted {
        course.accepted = true;
        moments |= Moments::ACCEPTED;
    }
    let acknowledges = flags.has(TcpFlags::ACK) && !flags.has(TcpFlags::SYN);
    let finishes = from_opener && course.accepted && course.began == Began::Syn;
    if acknowledges && !course.established && (finishes || (payload > 0 && course.answered)) {
        course.established = true;
        moments |= Moments::ESTABLISHED;
    }
    // Who acknowledges has seen an answer, even if we have not: some captures show one way only.
    if payload > 0 && acknowledges {
        moments |= Moments::DATA;
    }
    if flags.has(TcpFlags::FIN) && course.established && !course.ended {
        course.ended = true;
        moments |= Moments::ENDED;
    }
    moments
}

/// A RST: the answerer refuses, the opener gives up right after it was accepted, or a session ends.
fn reset(course: &mut Course) -> Moments {
    course.pending = false;
    let nothing_said = course.payload == [0; 2];
    if !course.refused && !course.ended && (!course.established || nothing_said) {
        course.refused = true;
        course.ended = course.established;
        return Moments::REFUSED;
    }
    if course.established && !course.ended {
        course.ended = true;
        return Moments::ENDED;
    }
    Moments::NONE
}
