//! The run of it: a packet finds its session, the session tells its moments, and each moment is told to the detectors that
//! want it. Time passes by packets' clocks; what waits for an answer that doesn't come is a moment too.

use ahash::RandomState;
use capturer::{Network, Packet, Timestamp, Transport};

use super::heads::{Head, Heads};
use super::session::{Sessions, Step};
use super::{
    Book, Context, DETECTORS, Detector, Event, Labels, Moments, Session, Thresholds, quoted, readers,
};
use crate::alert::Alert;
use crate::capped::Guess;
use crate::clock::PacketClock;
use crate::flow::FlowKey;
use crate::names::payload;
use crate::table::Table;

/// Who wants to hear of which moment: a set of detectors for each, by their places in the registry.
struct Audience([u64; Moments::KINDS]);

impl Audience {
    fn new() -> Self {
        let set = |kind: usize| {
            let wants = DETECTORS.iter().map(|entry| u64::from(entry.wants.any(Moments::kind(kind))));
            wants.enumerate().fold(0, |set, (place, wants)| set | wants << place)
        };
        Self(std::array::from_fn(set))
    }

    /// The places of those who want to hear of any of these moments, in the registry's order.
    fn of(&self, moments: Moments) -> impl Iterator<Item = usize> + use<> {
        let mut set = moments.kinds().fold(0, |set, kind| set | self.0[kind]);
        std::iter::from_fn(move || {
            let place = set.trailing_zeros();
            set &= set.wrapping_sub(1);
            (place < u64::BITS).then_some(place as usize)
        })
    }
}

const _: () = assert!(DETECTORS.len() <= u64::BITS as usize);

/// Bytes of memory for a session with its share of index and queues, by which a budget becomes a cap.
const SESSION: usize = 256;

/// Sessions that wait for an answer and are looked at with a packet, at most: after a jump of time all of them are due, and the
/// packet must not wait for that. Far more than begin with one.
const LOOKS: usize = 64;

/// Packets in, alerts out.
pub struct Detection {
    clock: PacketClock,
    sessions: Sessions,
    /// Bytes that those may take.
    memory: usize,
    heads: Heads,
    detectors: Vec<Box<dyn Detector>>,
    /// What any of them wants to hear of.
    wanted: Moments,
    audience: Audience,
    book: Book,
    labels: Labels,
    hasher: RandomState,
    nothing: Packet,
    /// [`Self::losses`] of the tables before time was set back.
    lost_before: [u64; 3],
    /// Of the packets at hand; kept so that nothing is allocated for them.
    near: Vec<(FlowKey, Option<Guess>)>,
}

impl Detection {
    /// Nothing seen yet; sessions may take so many bytes.
    pub fn new(thresholds: &Thresholds, memory: usize) -> Self {
        let hasher = RandomState::new();
        Self {
            clock: PacketClock::default(),
            sessions: Sessions::new(memory / SESSION, hasher.clone()),
            memory,
            heads: Heads::default(),
            wanted: DETECTORS.iter().fold(Moments::NONE, |all, entry| all | entry.wants),
            audience: Audience::new(),
            detectors: DETECTORS.iter().map(|entry| (entry.make)(thresholds)).collect(),
            book: Book::new(thresholds.clone(), hasher.clone()),
            labels: Labels::new(hasher.clone()),
            hasher,
            nothing: Packet::empty(),
            lost_before: [0; 3],
            near: Vec::with_capacity(256),
        }
    }

    /// The same, for what flow records tell: alerts say so, as there are no packets to show.
    pub fn of_records(thresholds: &Thresholds, memory: usize) -> Self {
        let mut detection = Self::new(thresholds, memory);
        detection.book.is_from("flow records");
        detection
    }

    /// Takes packets; with each goes what was kept of its frame. 16 to 64 at a time serve best: their sessions are
    /// looked up together.
    pub fn observe_all<'a>(&mut self, packets: impl Iterator<Item = (&'a Packet, &'a [u8])> + Clone) {
        let mut near = std::mem::take(&mut self.near);
        near.clear();
        near.extend(packets.clone().map(|(packet, _)| (self.sessions.key(packet), None)));
        self.sessions.approach(&mut near);
        for ((packet, bytes), &found) in packets.zip(&near) {
            self.observe_found(packet, bytes, found);
        }
        self.near = near;
    }

    /// Takes a packet; `bytes` is what was kept of its frame.
    pub fn observe(&mut self, packet: &Packet, bytes: &[u8]) {
        self.observe_found(packet, bytes, (self.sessions.key(packet), None));
    }

    #[inline]
    fn observe_found(&mut self, packet: &Packet, bytes: &[u8], found: (FlowKey, Option<Guess>)) {
        let (at, set_back) = self.clock.follow(packet.at);
        if set_back {
            self.begin_anew();
        }
        self.judge_unanswered(at, LOOKS);
        if packet.network == Network::Arp {
            self.tell(&plain(Moments::ARP, at, packet));
            return;
        }
        let step = self.sessions.take(packet, at, found);
        let own = own_moments(packet, headers(packet, bytes));
        if step.is_none() && !own.any(Moments::FRAGMENT | Moments::ICMP) {
            return;
        }
        let mut moments = own | step.as_ref().map_or(Moments::NONE, |step| step.moments);
        let payload = payload(packet, bytes);
        let mut head = Head::default();
        if moments.any(Moments::DATA) {
            head = self.heads.take(packet, payload, at);
            moments |= head.moments;
        }
        // Most packets carry a piece of something that no rule reads.
        if moments.any(self.wanted) || self.sessions.has_before() {
            self.moment(moments, at, (packet, bytes), (step, head));
        }
    }

    /// Time was set back: what is remembered would be from the future for as long. The alerts stay.
    #[cold]
    fn begin_anew(&mut self) {
        self.lost_before = self.lost();
        self.sessions = Sessions::new(self.memory / SESSION, self.hasher.clone());
        self.heads = Heads::default();
        self.labels = Labels::new(self.hasher.clone());
        let thresholds = self.book.thresholds();
        self.detectors = DETECTORS.iter().map(|entry| (entry.make)(thresholds)).collect();
    }

    /// Tells what a packet means.
    fn moment(
        &mut self,
        moments: Moments,
        at: Timestamp,
        (packet, bytes): (&Packet, &[u8]),
        (step, head): (Option<Step>, Head),
    ) {
        if self.sessions.has_before()
            && let Some(before) = self.sessions.take_before()
            && before.established
            && !before.ended
        {
            self.tell(&Event { session: Some(&before), ..plain(Moments::ENDED, at, packet) });
        }
        let (payload, headers) = (payload(packet, bytes), headers(packet, bytes));
        let quoted = if moments.any(Moments::ICMP) { quoted::quoted(packet, payload) } else { None };
        let session = step.as_ref().and_then(|step| self.sessions.get(step.slot, packet, step.from_opener));
        let session = session.as_ref();
        let from_opener = step.as_ref().is_none_or(|step| step.from_opener);
        let quoted = quoted.as_ref();
        let (known, joined) = (head.known, head.joined);
        let head = joined.as_deref().unwrap_or(payload);
        self.tell(&Event {
            headers,
            payload,
            head,
            known,
            session,
            from_opener,
            quoted,
            ..plain(moments, at, packet)
        });
        self.heads.give_back(joined);
        if let Some(refused) = quoted.filter(|_| is_unreachable(packet)).and_then(|q| self.sessions.refuse(q))
        {
            let event = plain(Moments::REFUSED, at, packet);
            self.tell(&Event { session: Some(&refused), from_opener: false, quoted, ..event });
        }
    }

    /// Tells the detectors that want to know.
    fn tell(&mut self, event: &Event<'_>) {
        let Self { detectors, audience, book, labels, hasher, .. } = self;
        let mut context = Context { book, labels, hasher };
        for number in audience.of(event.moments) {
            detectors[number].observe(event, &mut context);
        }
    }

    /// Judges sessions that waited in vain, of so many that wait.
    #[inline]
    fn judge_unanswered(&mut self, at: Timestamp, looks: usize) {
        if self.sessions.is_due(at) {
            self.tell_all_unanswered(at, looks);
        }
    }

    #[inline(never)]
    fn tell_all_unanswered(&mut self, at: Timestamp, mut looks: usize) {
        while let Some(session) = self.sessions.unanswered(at, &mut looks) {
            self.tell_unanswered(at, &session);
        }
    }

    fn tell_unanswered(&mut self, at: Timestamp, session: &Session) {
        let nothing = self.nothing;
        self.tell(&Event { session: Some(session), ..plain(Moments::UNANSWERED, at, &nothing) });
    }

    /// Moves time on when no packets come; call it a few times a second.
    pub fn advance(&mut self, now: Timestamp) {
        self.clock.advance(now);
        let Some(now) = self.clock.now() else { return };
        self.judge_unanswered(now, usize::MAX);
        self.sessions.advance(now);
        let Self { detectors, book, labels, hasher, .. } = self;
        let mut context = Context { book, labels, hasher };
        detectors.iter_mut().for_each(|detector| detector.advance(now, &mut context));
    }

    /// The capture is over: what still waits for an answer gets none.
    pub fn finish(&mut self) {
        let Some(now) = self.clock.now() else { return };
        while let Some(session) = self.sessions.last_waiting() {
            self.tell_unanswered(now, &session);
        }
        let Self { detectors, book, labels, hasher, .. } = self;
        let mut context = Context { book, labels, hasher };
        detectors.iter_mut().for_each(|detector| detector.finish(now, &mut context));
    }

    /// The alerts so far, oldest first.
    pub fn alerts(&self) -> &[Alert] {
        self.book.alerts()
    }

    /// Alerts that changed since the last call, the most severe first, at most so many; and how many were made so far.
    pub fn changed(&mut self, most: usize) -> (Vec<Alert>, u64) {
        (self.book.changed(most), self.book.given())
    }

    /// Lets go of alerts that are over and were given by [`Self::changed`]; for whoever keeps them, and follows traffic for days.
    pub fn forget(&mut self) {
        let Some(now) = self.clock.now() else { return };
        self.book.forget(now);
    }

    /// The moment the traffic has reached.
    pub const fn now(&self) -> Option<Timestamp> {
        self.clock.now()
    }

    /// What the table of sessions takes.
    pub fn table(&self) -> Table {
        let sessions = &self.sessions;
        Table {
            name: "sessions",
            rows: Some(sessions.followed()),
            bytes: sessions.bytes(),
            share: Some(self.memory),
            evicted: self.lost()[0],
        }
    }

    /// Sessions that had to make room, openings that were not waited for, beginnings of requests whose rest did not come or
    /// that had to make room, and alerts that had to make room.
    pub const fn losses(&self) -> [(&'static str, u64); 4] {
        let [evicted, given_up, dropped] = self.lost();
        [
            ("sessions_evicted", evicted),
            ("openings_not_awaited", given_up),
            ("heads_dropped", dropped),
            ("alerts_dropped", self.book.dropped()),
        ]
    }

    /// Sessions that made room, openings that were not waited for, beginnings that were dropped.
    const fn lost(&self) -> [u64; 3] {
        let [evicted, given_up, dropped] = self.lost_before;
        [
            evicted + self.sessions.evicted(),
            given_up + self.sessions.given_up(),
            dropped + self.heads.dropped(),
        ]
    }
}

const fn plain(moments: Moments, at: Timestamp, packet: &Packet) -> Event<'_> {
    Event {
        headers: &[],
        moments,
        at,
        packet,
        payload: &[],
        head: &[],
        known: 0,
        session: None,
        from_opener: true,
        quoted: None,
    }
}

/// What was kept of a packet's headers, from that of IP on.
#[inline]
fn headers<'a>(packet: &Packet, bytes: &'a [u8]) -> &'a [u8] {
    bytes
        .get(usize::from(packet.network_offset)..usize::from(packet.payload_offset).min(bytes.len()))
        .unwrap_or_default()
}

/// What a packet is by itself, whatever its session.
#[inline]
fn own_moments(packet: &Packet, headers: &[u8]) -> Moments {
    let mut moments = Moments::NONE;
    if packet.fragment.is_fragment() {
        moments |= Moments::FRAGMENT;
    }
    if matches!(packet.transport, Transport::Icmp(_)) {
        moments |= Moments::ICMP;
    }
    if packet.network == Network::Ipv6 && readers::options::follow(headers) {
        moments |= Moments::OPTIONS;
    }
    moments
}

/// Destination unreachable, of either family.
fn is_unreachable(packet: &Packet) -> bool {
    let Transport::Icmp(icmp) = &packet.transport else { return false };
    icmp.kind == if packet.protocol == capturer::Protocol::ICMPV6 { 1 } else { 3 }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use capturer::{Ports, Protocol, Tcp, TcpFlags, TcpOptions, TcpQuirks};

    use super::*;

    fn syn(n: u32, second: i64) -> Packet {
        let transport = Transport::Tcp(Tcp {
            ports: Ports { source: 50_000, destination: 443 },
            flags: TcpFlags::SYN,
            sequence: 1,
            acknowledgment: 0,
            window: 64_240,
            quirks: TcpQuirks::default(),
            options: TcpOptions::default(),
        });
        let (source, destination) =
            (IpAddr::V4(Ipv4Addr::from_bits(0x0800_0000 + n)), IpAddr::V4(Ipv4Addr::new(192, 168, 1, 10)));
        let at = Timestamp::from_parts(1_700_000_000 + second, 0);
        Packet { at, source, destination, protocol: Protocol::TCP, transport, ..Packet::empty() }
    }

    #[test]
    fn after_a_jump_of_time_no_packet_waits_for_all_that_are_due() {
        let due = |detection: &mut Detection, at| {
            let mut looks = usize::MAX;
            std::iter::from_fn(|| detection.sessions.unanswered(at, &mut looks)).count()
        };
        let later = syn(0, 30).at;
        for (advances, left) in [(false, 1000 - LOOKS), (true, 0)] {
            let mut detection = Detection::new(&Thresholds::default(), 4 << 20);
            (0..1000).for_each(|n| detection.observe(&syn(n, 0), &[]));
            detection.observe(&syn(1000, 30), &[]);
            if advances {
                detection.advance(later);
            }
            assert_eq!(due(&mut detection, later), left);
        }
    }

    /// SYNs to a server that is down, ten a second.
    fn retries(detection: &mut Detection, seconds: std::ops::Range<i64>) {
        for second in seconds {
            let first = second.unsigned_abs() as u32 % 7 * 10;
            (first..first + 10).for_each(|n| detection.observe(&syn(n, second), &[]));
        }
    }

    #[test]
    fn what_comes_after_time_was_set_back_is_no_flood() {
        let mut detection = Detection::new(&Thresholds::default(), 4 << 20);
        retries(&mut detection, 0..120);
        retries(&mut detection, -3600..-3000);
        detection.finish();
        assert!(detection.alerts().is_empty(), "{}", detection.alerts()[0].summary());
    }

    #[test]
    fn a_first_packet_from_the_future_makes_no_flood_of_the_others() {
        let mut detection = Detection::new(&Thresholds::default(), 4 << 20);
        detection.observe(&syn(1, 86_400), &[]);
        retries(&mut detection, 0..600);
        detection.finish();
        assert!(detection.alerts().is_empty(), "{}", detection.alerts()[0].summary());
    }

    #[test]
    fn a_flood_after_time_was_set_back_is_told_with_its_own_time() {
        let mut detection = Detection::new(&Thresholds::default(), 4 << 20);
        retries(&mut detection, 0..120);
        retries(&mut detection, -3600..-3590);
        (0..5000).for_each(|n| detection.observe(&syn(1000 + n, -3589 + i64::from(n) / 1000), &[]));
        detection.finish();
        let alerts = detection.alerts();
        assert_eq!(alerts.iter().map(|alert| alert.rule.id).collect::<Vec<_>>(), ["flood.syn_spoofed"]);
        let first = alerts[0].first.as_seconds() - 1_700_000_000;
        assert!((-3600..-3580).contains(&first), "{first}");
    }
}
