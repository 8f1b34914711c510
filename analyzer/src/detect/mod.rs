//! Who attacks whom. Packets become sessions ([`session`]), sessions have moments ([`event`]), and each detector hears of
//! the moments it asked for. What it finds goes to the book ([`book`]), which makes one alert of what belongs together.
//!
//! One file a detector; it brings its rules ([`Rule`]) with their words and settings, and is one line in [`DETECTORS`].
//! Everything here is driven by packet time, is bounded, and knows nothing of files, sockets or clocks.

mod amp;
mod backscatter;
mod beacon;
pub mod book;
mod brute_reply;
mod brute_session;
mod dns_abuse;
pub mod event;
mod flood;
mod flood_arp;
mod flood_dhcp;
mod fragment;
mod guesses;
mod heads;
mod heartbleed;
mod http_exploit;
mod http_malware;
mod http_scan;
pub mod labels;
mod legacy;
mod mining;
mod probe;
mod quoted;
pub mod readers;
mod rule;
mod scan_host;
mod scan_port;
mod scan_protocol;
pub mod session;
mod sip;
mod smbghost;
mod spoof;
mod spoof_arp;
mod spoof_lan;
mod surge;
mod talk;
mod traceroute;
pub mod tracker;
mod tunnel_dns;
mod tunnel_icmp;
mod tunnel_ipv6;

use ahash::RandomState;
use capturer::{Network, Packet, Timestamp, Transport};

pub use book::{Book, Group};
pub use event::{Event, Moments};
pub use labels::{Label, Labels};
pub use rule::{Rule, RuleError, Setting, Thresholds};
pub use session::{Began, Session};

use crate::alert::{Alert, Severity};
use crate::capped::Guess;
use crate::clock::PacketClock;
use crate::flow::FlowKey;
use crate::names::payload;
use heads::{Head, Heads};
use session::Sessions;

/// Finds something of one kind.
pub trait Detector: Send {
    /// Hears of a moment that it asked for.
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>);

    /// Time passed: a few times a second, packets or not.
    fn advance(&mut self, _now: Timestamp, _context: &mut Context<'_>) {}

    /// Nothing more comes: what waits for more has to be decided.
    fn finish(&mut self, _at: Timestamp, _context: &mut Context<'_>) {}
}

/// What all detectors share.
pub struct Context<'a> {
    /// Where findings go.
    pub book: &'a mut Book,
    /// What they tell each other.
    pub labels: &'a mut Labels,
    /// For keys of tables: seeded at random.
    pub hasher: &'a RandomState,
}

/// A line of the registry.
pub struct Entry {
    /// What it can find.
    pub rules: &'static [&'static Rule],
    /// What it wants to hear of.
    pub wants: Moments,
    /// Makes one.
    pub make: fn(&Thresholds) -> Box<dyn Detector>,
}

/// All detectors.
pub static DETECTORS: &[Entry] = &[
    traceroute::ENTRY,
    backscatter::ENTRY,
    scan_port::ENTRY,
    scan_host::ENTRY,
    flood::ENTRY,
    amp::ENTRY,
    spoof::ENTRY,
    spoof_arp::ENTRY,
    spoof_lan::ENTRY,
    fragment::ENTRY,
    flood_arp::ENTRY,
    probe::ENTRY,
    scan_protocol::ENTRY,
    beacon::ENTRY,
    legacy::ENTRY,
    http_exploit::ENTRY,
    http_scan::ENTRY,
    http_malware::ENTRY,
    tunnel_dns::ENTRY,
    dns_abuse::ENTRY,
    brute_session::ENTRY,
    brute_reply::ENTRY,
    sip::ENTRY,
    flood_dhcp::ENTRY,
    heartbleed::ENTRY,
    mining::ENTRY,
    smbghost::ENTRY,
    tunnel_icmp::ENTRY,
    tunnel_ipv6::ENTRY,
];

/// All rules.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    DETECTORS.iter().flat_map(|entry| entry.rules.iter().copied())
}

/// Whether a rule is the one that is wanted, or of that family.
pub fn is_of(id: &str, wanted: &str) -> bool {
    id.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The rule of alerts that nobody sees.
static VOID: Rule = Rule {
    id: "none",
    title: "",
    technique: "",
    severity: Severity::Info,
    most: Severity::Info,
    sees: "",
    caveat: "",
    sources: "",
    settings: &[],
    tell: |_| String::new(),
};

/// Bytes of memory for a session with its share of index and queues, by which a budget becomes a cap.
const SESSION: usize = 256;

/// Packets in, alerts out.
pub struct Detection {
    clock: PacketClock,
    sessions: Sessions,
    heads: Heads,
    detectors: Vec<(Moments, Box<dyn Detector>)>,
    /// What any of them wants to hear of.
    wanted: Moments,
    book: Book,
    labels: Labels,
    hasher: RandomState,
    nothing: Packet,
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
            heads: Heads::default(),
            wanted: DETECTORS.iter().fold(Moments::NONE, |all, entry| all | entry.wants),
            detectors: DETECTORS.iter().map(|entry| (entry.wants, (entry.make)(thresholds))).collect(),
            book: Book::new(thresholds.clone(), hasher.clone()),
            labels: Labels::new(hasher.clone()),
            hasher,
            nothing: Packet::empty(),
            near: Vec::with_capacity(256),
        }
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
        let at = self.clock.tell(packet.at);
        self.judge_unanswered(at);
        if packet.network == Network::Arp {
            self.tell(&plain(Moments::ARP, at, packet));
            return;
        }
        let step = self.sessions.take(packet, at, found);
        if step.is_none() && !packet.fragment.is_fragment() && !matches!(packet.transport, Transport::Icmp(_))
        {
            return;
        }
        self.moment(packet, bytes, (at, step));
    }

    fn moment(&mut self, packet: &Packet, bytes: &[u8], (at, step): (Timestamp, Option<session::Step>)) {
        let payload = payload(packet, bytes);
        if let Some(before) = self.sessions.take_before()
            && before.established
            && !before.ended
        {
            self.tell(&Event { session: Some(&before), ..plain(Moments::ENDED, at, packet) });
        }
        let mut moments = step.as_ref().map_or(Moments::NONE, |step| step.moments);
        if packet.fragment.is_fragment() {
            moments |= Moments::FRAGMENT;
        }
        let is_icmp = matches!(packet.transport, Transport::Icmp(_));
        let quoted = if is_icmp { quoted::quoted(packet, payload) } else { None };
        if is_icmp {
            moments |= Moments::ICMP;
        }
        let headers = bytes
            .get(usize::from(packet.network_offset)..usize::from(packet.payload_offset).min(bytes.len()))
            .unwrap_or_default();
        if readers::options::follow(headers) {
            moments |= Moments::OPTIONS;
        }
        let head =
            if moments.any(Moments::DATA) { self.heads.take(packet, payload, at) } else { Head::default() };
        moments |= head.moments;
        if !moments.any(self.wanted) {
            return;
        }
        let session = step.as_ref().and_then(|step| self.sessions.get(step.slot));
        let session = session.as_ref();
        let from_opener = step.as_ref().is_none_or(|step| step.from_opener);
        let quoted = quoted.as_ref();
        let (known, joined) = (head.known, head.joined);
        let bytes = joined.as_deref().unwrap_or(payload);
        self.tell(&Event {
            headers,
            payload,
            head: bytes,
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
        let Self { detectors, book, labels, hasher, .. } = self;
        let mut context = Context { book, labels, hasher };
        for (wants, detector) in detectors {
            if wants.any(event.moments) {
                detector.observe(event, &mut context);
            }
        }
    }

    #[inline]
    fn judge_unanswered(&mut self, at: Timestamp) {
        while let Some(session) = self.sessions.unanswered(at) {
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
        self.judge_unanswered(now);
        self.sessions.advance(now);
        let Self { detectors, book, labels, hasher, .. } = self;
        let mut context = Context { book, labels, hasher };
        detectors.iter_mut().for_each(|(_, detector)| detector.advance(now, &mut context));
    }

    /// The capture is over: what still waits for an answer gets none.
    pub fn finish(&mut self) {
        let Some(now) = self.clock.now() else { return };
        while let Some(session) = self.sessions.last_waiting() {
            self.tell_unanswered(now, &session);
        }
        let Self { detectors, book, labels, hasher, .. } = self;
        let mut context = Context { book, labels, hasher };
        detectors.iter_mut().for_each(|(_, detector)| detector.finish(now, &mut context));
    }

    /// The alerts so far, oldest first.
    pub fn alerts(&self) -> &[Alert] {
        self.book.alerts()
    }

    /// Alerts that changed since the last call, the most severe first, at most so many; and how many were made so far.
    pub fn changed(&mut self, most: usize) -> (Vec<Alert>, u64) {
        (self.book.changed(most), self.book.given())
    }

    /// The moment the traffic has reached.
    pub const fn now(&self) -> Option<Timestamp> {
        self.clock.now()
    }

    /// Sessions that had to make room, openings that were not waited for, beginnings of requests whose rest did not come or
    /// that had to make room, and alerts that had to make room.
    pub const fn losses(&self) -> [(&'static str, u64); 4] {
        [
            ("sessions_evicted", self.sessions.evicted()),
            ("openings_not_awaited", self.sessions.given_up()),
            ("heads_dropped", self.heads.dropped()),
            ("alerts_dropped", self.book.dropped()),
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

/// Destination unreachable, of either family.
fn is_unreachable(packet: &Packet) -> bool {
    let Transport::Icmp(icmp) = &packet.transport else { return false };
    icmp.kind == if packet.protocol == capturer::Protocol::ICMPV6 { 1 } else { 3 }
}

#[cfg(test)]
mod scenes;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::scenes::{Scenario, Scene};
    use super::*;

    /// The plays of all detectors.
    fn scenarios() -> impl Iterator<Item = &'static Scenario> {
        [
            traceroute::SCENARIOS,
            backscatter::SCENARIOS,
            scan_port::SCENARIOS,
            scan_host::SCENARIOS,
            flood::SCENARIOS,
            amp::SCENARIOS,
            spoof::SCENARIOS,
            spoof_arp::SCENARIOS,
            spoof_lan::SCENARIOS,
            fragment::SCENARIOS,
            flood_arp::SCENARIOS,
            probe::SCENARIOS,
            scan_protocol::SCENARIOS,
            beacon::SCENARIOS,
            legacy::SCENARIOS,
            http_exploit::SCENARIOS,
            http_scan::SCENARIOS,
            http_malware::SCENARIOS,
            tunnel_dns::SCENARIOS,
            dns_abuse::SCENARIOS,
            brute_session::SCENARIOS,
            brute_reply::SCENARIOS,
            sip::SCENARIOS,
            flood_dhcp::SCENARIOS,
            heartbleed::SCENARIOS,
            mining::SCENARIOS,
            smbghost::SCENARIOS,
            tunnel_icmp::SCENARIOS,
            tunnel_ipv6::SCENARIOS,
        ]
        .into_iter()
        .flatten()
    }

    #[test]
    fn every_rule_is_told_of_in_words_and_has_settings_within_their_ranges() {
        let mut ids = HashSet::new();
        for rule in rules() {
            assert!(ids.insert(rule.id), "{} is there twice", rule.id);
            let words = [rule.title, rule.sees, rule.caveat, rule.sources];
            assert!(words.iter().all(|words| !words.is_empty()), "{} lacks words", rule.id);
            assert!(rule.id.contains('.') || rule.id == "backscatter", "{} has no family", rule.id);
            assert!(rule.technique.is_empty() || rule.technique.starts_with('T'), "{}", rule.id);
            assert!(rule.most >= rule.severity, "{}", rule.id);
            for setting in rule.settings {
                let range = setting.least..=setting.most;
                assert!(range.contains(&setting.default), "{}: {}", rule.id, setting.name);
            }
        }
    }

    #[test]
    fn every_rule_speaks_in_its_play_and_is_silent_in_the_other() {
        for rule in rules() {
            let scenario = scenarios().find(|scenario| scenario.rule == rule.id);
            let scenario = scenario.unwrap_or_else(|| panic!("{} has no scenarios", rule.id));
            let mut scene = Scene::new();
            (scenario.positive)(&mut scene);
            let spoke = scene.rules();
            assert!(spoke.contains(&rule.id), "{} is silent: {spoke:?}", rule.id);
            let alert = scene.detection.alerts().iter().find(|alert| alert.rule == rule).unwrap();
            assert!(alert.count > 0 && !alert.frames.is_empty() && alert.first <= alert.last, "{alert:?}");
            let decides = alert.figures.iter().any(|figure| figure.threshold.is_some());
            assert!(decides || rule.settings.is_empty(), "{} shows no threshold: {alert:?}", rule.id);
            let sentence = alert.summary();
            assert!(sentence.len() > 20 && !sentence.contains("unknown"), "{}: {sentence}", rule.id);
            let mut scene = Scene::new();
            (scenario.negative)(&mut scene);
            let spoke = scene.rules();
            assert!(!spoke.contains(&rule.id), "{} cries", rule.id);
        }
    }

    #[test]
    fn a_setting_that_cannot_be_is_refused_with_what_can() {
        let mut thresholds = Thresholds::default();
        assert!(thresholds.set("scan.port.tcp_syn", "ports", 20.0).is_ok());
        let wrong = [
            ("scan.port.none", "ports", 20.0, "there is no rule `scan.port.none`"),
            ("scan.port.tcp_syn", "hosts", 20.0, "no setting `hosts`; it has ports, window"),
            ("scan.port.tcp_syn", "ports", 1e9, "expected 4 to 64"),
        ];
        for (rule, name, value, says) in wrong {
            let error = thresholds.set(rule, name, value).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
