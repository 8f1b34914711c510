//! Sessions: what the rules need to know of a conversation, computed once for all of them. Who opened it, whether the
//! other end answered or refused, how it ended, how much payload went each way.
//!
//! A packet that changes nothing about that, in a session that is well under way, brings no [`Moments`] and reaches no
//! rule: that is what keeps bulk traffic cheap. Tables are bounded; sessions that were never answered go first.

use std::net::IpAddr;
use std::time::Duration;

use ahash::RandomState;
use capturer::{Packet, Protocol, Timestamp, Transport, Vlan};

pub use super::course::Began;
use super::course::{BULK, Begin, Course, IDLE, Marks, began, begin, go_on, is_over, is_reply, opening};
pub(super) use super::course::{is_group, is_request};
use super::event::Moments;
use crate::capped::{Capped, Guess, Slot};
use crate::flow::FlowKey;
use crate::queue::Queue;

/// A SYN, a datagram or a request that nobody answered within this time has failed (DETECTION: 3 s).
pub const PATIENCE: Duration = Duration::from_secs(3);

/// When nobody waits.
const LATER: Timestamp = Timestamp::from_nanos(i64::MAX);

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
    /// Time to live, or hop limit, of its first packet.
    pub ttl: u8,
    /// The opening SYN announced a window of less than two segments.
    pub narrow: bool,
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

impl Session {
    /// Packets both ways.
    pub const fn all_packets(&self) -> u32 {
        self.packets[0].saturating_add(self.packets[1])
    }

    /// Whether it is so long that only what its opener says is looked at.
    pub const fn is_long(&self) -> bool {
        self.all_packets() > BULK
    }

    /// Payload both ways, bytes.
    pub const fn all_payload(&self) -> u32 {
        self.payload[0].saturating_add(self.payload[1])
    }

    /// What was asked: a host's port of a protocol.
    pub const fn service(&self) -> (IpAddr, Protocol, u16) {
        (self.answerer.0, self.protocol, self.answerer.1)
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
            first: course.first,
            last: course.last,
            frame: course.frame,
            packets: course.packets,
            payload: course.payload,
            sequence: course.sequence,
            syn_options: course.syn_options,
            ttl: course.ttl,
            narrow: course.marks.has(Marks::NARROW),
            answered: course.marks.has(Marks::ANSWERED),
            accepted: course.marks.has(Marks::ACCEPTED),
            established: course.marks.has(Marks::ESTABLISHED),
            refused: course.marks.has(Marks::REFUSED),
            ended: course.marks.has(Marks::ENDED),
        }
    }
}

/// The sessions of late, and those that wait for an answer.
pub struct Sessions {
    rows: Capped<Course, Begin>,
    waiting: Queue<(Timestamp, Slot)>,
    /// When the first of them has waited long enough, or earlier.
    due: Timestamp,
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
            waiting: Queue::default(),
            due: LATER,
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

    /// How many are followed.
    pub fn followed(&self) -> usize {
        self.rows.len()
    }

    /// Bytes in use.
    pub fn bytes(&self) -> usize {
        self.rows.bytes() + self.waiting.bytes()
    }

    /// The key of a packet: without its VLAN, since the way back may have another.
    #[inline]
    pub fn key(&self, packet: &Packet) -> FlowKey {
        FlowKey::on(Vlan::NONE, packet, &self.hasher)
    }

    /// Brings the rows of packets near before they are needed: each step for all of them before the next, so that a
    /// processor waits for many rows at the same time instead of one after another.
    pub fn approach(&self, near: &mut [(FlowKey, Option<Guess>)]) {
        let mut sum = 0;
        for (key, _) in near.iter() {
            sum ^= self.rows.approach(key.hash);
        }
        let mut strangers = 0;
        for (key, guess) in near.iter_mut() {
            *guess = self.rows.guess(key.hash);
            strangers += usize::from(guess.is_none());
        }
        sum ^= self.rows.near_leaving(strangers);
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
        let from_opener = key.forward == course.marks.has(Marks::OPENER_LOW);
        if course.flows(packet, at) {
            let moments = course.flow(packet, at, from_opener);
            return (!moments.is_none()).then_some(Step { moments, slot, from_opener });
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
        if is_over(course, packet, at, from_opener) {
            self.before = Some(Session::of(course, start));
            (*course, *start) = begin(packet, at, key, from_opener);
            let (pending, moments) = (course.marks.has(Marks::PENDING), opening(course, packet));
            self.wait(slot, pending, at);
            return Some(Step { moments, slot, from_opener: true });
        }
        let moments = go_on(course, packet, at, from_opener);
        // Each message of ICMP is told, so its session has to be.
        let told = !moments.is_none() || matches!(packet.transport, Transport::Icmp(_));
        told.then_some(Step { moments, slot, from_opener })
    }

    fn begin(&mut self, packet: &Packet, at: Timestamp, key: FlowKey) -> Step {
        let answers = began(packet) == Began::SynAck || is_reply(packet);
        let (course, start) = begin(packet, at, key, !answers);
        let (slot, _) = self.rows.insert(key.hash, course, start);
        self.wait(slot, course.marks.has(Marks::PENDING), at);
        Step { moments: opening(&course, packet), slot, from_opener: !answers }
    }

    /// The session at a slot, of which this is a packet.
    pub fn get(&self, slot: Slot, packet: &Packet, from_opener: bool) -> Option<Session> {
        Some(Session::of(self.rows.get(slot)?, &Begin::of(packet, from_opener)))
    }

    /// The session that ended because another began under the same ports, once.
    #[inline]
    pub const fn take_before(&mut self) -> Option<Session> {
        self.before.take()
    }

    /// Whether there is one.
    #[inline]
    pub const fn has_before(&self) -> bool {
        self.before.is_some()
    }

    /// An ICMP error names a packet that could not be delivered: its session was refused.
    pub fn refuse(&mut self, quoted: &Packet) -> Option<Session> {
        let key = self.key(quoted);
        let slot = self.rows.lookup(key.hash, |_| true)?;
        let (course, begin) = self.rows.both(slot)?;
        if course.marks.has_any(Marks::ANSWERED.and(Marks::REFUSED)) {
            return None;
        }
        course.marks.set(Marks::REFUSED);
        course.marks.clear(Marks::PENDING);
        Some(Session::of(course, begin))
    }

    /// Whether a session may have waited in vain until `at`.
    #[inline]
    pub fn is_due(&self, at: Timestamp) -> bool {
        at >= self.due
    }

    /// The next session that waited in vain until `at`; so many of those that wait may be looked at.
    pub fn unanswered(&mut self, at: Timestamp, looks: &mut usize) -> Option<Session> {
        while let Some(&(since, slot)) = self.waiting.front() {
            self.due = since.after(PATIENCE);
            if !self.is_due(at) || *looks == 0 {
                return None;
            }
            *looks -= 1;
            self.waiting.pop_front();
            if let Some(session) = self.give_up(slot) {
                return Some(session);
            }
        }
        self.due = LATER;
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
        let waits =
            course.marks.has(Marks::PENDING) && !course.marks.has_any(Marks::ANSWERED.and(Marks::REFUSED));
        course.marks.clear(Marks::PENDING);
        waits.then(|| Session::of(course, begin))
    }

    /// Forgets sessions that have ended, a few at a time.
    pub fn advance(&mut self, now: Timestamp) {
        self.rows.expire(2048, |course| now.exceeds(course.last, IDLE));
    }

    fn wait(&mut self, slot: Slot, pending: bool, at: Timestamp) {
        if !pending {
            return;
        }
        if self.waiting.len() >= self.most_waiting {
            self.waiting.pop_front();
            self.given_up += 1;
        }
        if self.waiting.is_empty() {
            self.due = at.after(PATIENCE);
        }
        self.waiting.push_back((at, slot));
    }
}
