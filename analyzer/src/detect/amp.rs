//! Amplification: many servers send one host answers to questions it never asked, because somebody asked in its name.
//!
//! Who spreads his answers over a network, so that no host of it gets many, is found by the network (/24, /64).
//!
//! A table tells which port is which protocol. What decides is that no question was seen: a session that the server's
//! port opens, to a host that asked no group on that port either, as discovery protocols do.

use std::net::IpAddr;
use std::time::Duration;

use capturer::Timestamp;

use super::book::key;
use super::rule::{Rule, Setting, Thresholds, setting};
use super::session::{Began, Session, is_group};
use super::surge::{Pace, Surge};
use super::tracker::Tracker;
use super::{Context, Detector, Entry, Event, Group, Label, Moments};
use crate::alert::{Alert, Party, Severity};

const SETTINGS: &[Setting] = &[
    setting("rate", "datagrams/s", 200.0, (10.0, 1e7)),
    setting("sources", "different sources", 20.0, (2.0, 1e6)),
];
const MEMCACHED_SETTINGS: &[Setting] = &[
    setting("rate", "datagrams/s", 200.0, (10.0, 1e7)),
    setting("sources", "different sources", 5.0, (1.0, 1e6)),
];
const GENERIC_SETTINGS: &[Setting] = &[
    setting("rate", "datagrams/s", 200.0, (10.0, 1e7)),
    setting("sources", "different sources", 20.0, (2.0, 1e6)),
    setting("bytes", "bytes of mean payload", 64.0, (0.0, 9000.0)),
];

const fn rule(
    (id, title): (&'static str, &'static str),
    sees: &'static str,
    settings: &'static [Setting],
) -> Rule {
    Rule {
        id,
        title,
        technique: "T1498.002",
        severity: Severity::High,
        most: Severity::Critical,
        sees,
        caveat: "Where only one direction is captured, answers that were asked for look the same.",
        sources: "FastNetMon (source ports 53, 123, 161, 1900), ET rules, US-CERT TA14-017A; real ones in the collection \
            have 4 276 and 6 276 sources",
        settings,
        tell,
    }
}

macro_rules! amplifier {
    ($id:literal, $title:literal, $what:literal) => {
        rule(
            ($id, $title),
            concat!(
                "200 ",
                $what,
                " a second from 20 different hosts to one host, or (for a second, of 400 bytes on average) to 8 of one network (/24, /64), that has asked \
                 none of them"
            ),
            SETTINGS,
        )
    };
}

static DNS: Rule = amplifier!("amp.dns", "DNS amplification", "DNS answers");
static NTP: Rule = amplifier!("amp.ntp", "NTP amplification", "NTP answers");
static SNMP: Rule = amplifier!("amp.snmp", "SNMP amplification", "SNMP answers");
static SSDP: Rule = amplifier!("amp.ssdp", "SSDP amplification", "SSDP answers");
static MEMCACHED: Rule = rule(
    ("amp.memcached", "memcached amplification"),
    "200 memcached answers a second from 5 different hosts to one host that has asked none of them: few are enough, as each \
     multiplies by thousands",
    MEMCACHED_SETTINGS,
);
static CLDAP: Rule = amplifier!("amp.cldap", "CLDAP amplification", "CLDAP answers");
static ISAKMP: Rule = amplifier!("amp.isakmp", "ISAKMP amplification", "ISAKMP answers");
static CHARGEN: Rule = amplifier!("amp.chargen", "CHARGEN amplification", "CHARGEN or QOTD answers");
static BACNET: Rule = amplifier!("amp.bacnet", "BACnet amplification", "BACnet answers");
static MDNS: Rule = amplifier!("amp.mdns", "mDNS amplification", "mDNS answers");
static WSD: Rule = amplifier!("amp.wsd", "WS-Discovery amplification", "WS-Discovery answers");
static COAP: Rule = amplifier!("amp.coap", "CoAP amplification", "CoAP answers");
static GENERIC: Rule = rule(
    ("amp.generic", "UDP amplification"),
    "200 datagrams a second from one port of 20 different hosts to one host that has asked none of them, of a protocol known \
     to amplify, or 64 bytes large on average from any port",
    GENERIC_SETTINGS,
);

/// Ports of protocols that answer more than they are asked (US-CERT TA14-017A and later advisories); the last is of any
/// other port.
static AMPLIFIERS: &[(&[u16], &Rule, &str)] = &[
    (&[53], &DNS, "DNS answers"),
    (&[123], &NTP, "NTP answers"),
    (&[161, 162], &SNMP, "SNMP answers"),
    (&[1900], &SSDP, "SSDP answers"),
    (&[11211], &MEMCACHED, "memcached answers"),
    (&[389], &CLDAP, "CLDAP answers"),
    (&[500, 4500], &ISAKMP, "ISAKMP answers"),
    (&[17, 19], &CHARGEN, "CHARGEN or QOTD answers"),
    (&[47808], &BACNET, "BACnet answers"),
    (&[5353], &MDNS, "mDNS answers"),
    (&[3702], &WSD, "WS-Discovery answers"),
    (&[5683], &COAP, "CoAP answers"),
    (
        &[
            69, 111, 137, 177, 427, 520, 623, 1434, 3283, 3478, 5093, 5351, 10001, 27015, 30120, 32414,
            33848, 37810,
        ],
        &GENERIC,
        "answers of a service that amplifies",
    ),
];

/// A bit for each remainder that a port of the table has, by which nearly all other ports are told from them at once.
static GLANCE: [u64; 16] = glance();

const fn glance() -> [u64; 16] {
    let mut bits = [0; 16];
    let mut place = 0;
    while place < AMPLIFIERS.len() {
        let ports = AMPLIFIERS[place].0;
        let mut number = 0;
        while number < ports.len() {
            bits[ports[number] as usize / 64 % 16] |= 1 << (ports[number] % 64);
            number += 1;
        }
        place += 1;
    }
    bits
}

/// The place of a port in the table; beyond its end for any other.
#[inline]
fn amplifier(port: u16) -> usize {
    if GLANCE[usize::from(port) / 64 % 16] >> (port % 64) & 1 == 0 {
        return AMPLIFIERS.len();
    }
    AMPLIFIERS.iter().position(|(ports, ..)| ports.contains(&port)).unwrap_or(AMPLIFIERS.len())
}

/// Whether a service of that port answers more than it is asked.
#[inline]
pub(super) fn is_amplifier(port: u16) -> bool {
    amplifier(port) < AMPLIFIERS.len()
}

pub(super) const ENTRY: Entry = Entry {
    rules: &[
        &DNS, &NTP, &SNMP, &SSDP, &MEMCACHED, &CLDAP, &ISAKMP, &CHARGEN, &BACNET, &MDNS, &WSD, &COAP,
        &GENERIC,
    ],
    wants: Moments::OPENED.and(Moments::ONE_WAY).and(Moments::ANSWERED),
    make: |thresholds| Box::new(Amplification::new(thresholds)),
};

fn tell(alert: &Alert) -> String {
    let figure = |name| alert.figure(name).unwrap_or_default();
    format!(
        "about {} servers sent {} {} a second to {}, which asked none of them",
        figure("sources"),
        figure("rate"),
        alert.word("what").unwrap_or("datagrams"),
        alert.word("network").map_or_else(|| alert.whom(), |network| format!("hosts of {network}")),
    )
}

/// What came at a host from a port.
#[derive(Clone, Copy)]
#[repr(C)]
struct State {
    told: bool,
    /// Bytes of payload.
    bytes: u64,
    surge: Surge,
    target: IpAddr,
    amplifier: usize,
    /// When the alert's figures were last written.
    written: Timestamp,
}

impl State {
    fn new(target: IpAddr, amplifier: usize, at: Timestamp) -> Self {
        Self { surge: Surge::default(), bytes: 0, target, amplifier, told: false, written: at }
    }

    /// Takes a datagram from a source to a port, or to a host of a network.
    fn add(&mut self, (source, to): (IpAddr, u16), event: &Event<'_>, context: &Context<'_>) -> Pace {
        if !self.told {
            self.surge.renew(event.at);
            self.bytes = if self.surge.total == 0 { 0 } else { self.bytes };
        }
        let pace = self.surge.add(event.at, (source, to), context.hasher);
        self.surge.keep(event.packet.number);
        self.bytes += u64::from(event.packet.payload_len);
        pace
    }
}

/// What a rule asks for.
#[derive(Clone, Copy)]
struct Limits {
    rate: f64,
    sources: f64,
    bytes: f64,
}

struct Amplification {
    states: Tracker<State>,
    /// What came at networks; in place of ports their hosts are counted.
    networks: Tracker<State>,
    /// Who asked a group on a port.
    asked: Tracker<()>,
    limits: Vec<Limits>,
    told: Vec<u64>,
}

/// Hosts that are watched, times ports.
const MOST: usize = 2048;

/// Networks that are watched, times protocols.
const MOST_NETWORKS: usize = 512;

/// Hosts of a network from which on its attack is one on the network.
const SPREAD: f64 = 8.0;

/// Bytes of mean payload from which on answers to a network are an attack on it. Answers that amplify are large (NTP's monlist
/// 440 and more, DNS over 1000); those that a network's hosts asked for before the capture began, or in a direction that
/// it doesn't show, are small: DNS answers of everyday captures have 80 to 240.
const SPREAD_BYTES: f64 = 400.0;

/// How long answers to a network must go on, so that those who talk with them have their turn to show it.
const SPREAD_TIME: Duration = Duration::from_secs(1);

/// One of so many that is taken up by whom it went to shows that a network talks with these servers: nobody goes on with
/// answers he never asked for.
const TAKEN_UP: u32 = 8;

/// Attacks whose last figures are written at the end.
const MOST_TOLD: usize = 1024;

/// How long an attack may pause, and how long answers to a group may take.
const AGE: Duration = Duration::from_secs(60);

impl Amplification {
    fn new(thresholds: &Thresholds) -> Self {
        let of = |rule: &'static Rule| Limits {
            rate: thresholds.get(rule, "rate"),
            sources: thresholds.get(rule, "sources"),
            bytes: if rule == &GENERIC { thresholds.get(rule, "bytes") } else { 0.0 },
        };
        // Of a port that is known to amplify the size says nothing.
        let known = AMPLIFIERS.iter().map(|(_, rule, _)| Limits { bytes: 0.0, ..of(rule) });
        Self {
            states: Tracker::new(MOST, AGE),
            networks: Tracker::new(MOST_NETWORKS, AGE),
            asked: Tracker::new(MOST, AGE),
            limits: known.chain([of(&GENERIC)]).collect(),
            told: Vec::new(),
        }
    }

    fn came(&mut self, session: &Session, event: &Event<'_>, context: &mut Context<'_>) {
        let (at, target) = (event.at, session.answerer.0);
        let port = session.opener.1;
        if self.asked.find(key(context.hasher, ("amp.asked", target, port)), at).is_some() {
            return;
        }
        let amplifier = amplifier(port);
        let of = if amplifier < AMPLIFIERS.len() { 0 } else { port };
        let by = key(context.hasher, ("amp", target, amplifier, of));
        let state = self.states.entry(by, at, || State::new(target, amplifier, at));
        let pace = state.add((session.opener.0, session.answerer.1), event, context);
        let limits = self.limits[amplifier];
        if !state.told && (f64::from(pace.second) < limits.rate || !holds(state, limits)) {
            if amplifier < AMPLIFIERS.len() {
                self.spread(amplifier, session, event, context);
            }
            return;
        }
        context.labels.say(session.opener.0, Label::Reflector, at);
        if !state.told {
            context.labels.say(target, Label::Victim, at);
            if self.told.len() < MOST_TOLD {
                self.told.push(by);
            }
        }
        raise(state, limits, event, context);
    }
}

impl Amplification {
    /// A datagram of a protocol that amplifies, to a host that gets few of them: many of its network's hosts may.
    fn spread(&mut self, amplifier: usize, session: &Session, event: &Event<'_>, context: &mut Context<'_>) {
        let at = event.at;
        let (network, host) = network(session.answerer.0);
        let by = key(context.hasher, ("amp.network", network, amplifier));
        let state = self.networks.entry(by, at, || State::new(network, amplifier, at));
        let pace = state.add((session.opener.0, host), event, context);
        let limits = self.limits[amplifier];
        let is_attack = f64::from(pace.second) >= limits.rate && holds(state, limits);
        if !(state.told || is_attack && is_spread(state, at)) {
            return;
        }
        context.labels.say(session.opener.0, Label::Reflector, at);
        let is_new = !state.told;
        raise(state, limits, event, context);
        let (rule, _) = what(amplifier);
        if let Some(mut found) = context.book.known(rule, Group::on(Party::host(network)), at) {
            found.target(Party::host(session.answerer.0));
            if is_new {
                let length = if network.is_ipv4() { 24 } else { 64 };
                found.word("network", format!("{network}/{length}").as_bytes());
            }
        }
    }
}

impl Amplification {
    /// Who got an answer went on with it.
    fn taken_up(&mut self, session: &Session, event: &Event<'_>, context: &Context<'_>) {
        let amplifier = amplifier(session.opener.1);
        let by = key(context.hasher, ("amp.network", network(session.answerer.0).0, amplifier));
        if let Some(state) = self.networks.find(by, event.at) {
            state.surge.done = state.surge.done.saturating_add(1);
        }
    }
}

/// Whether what comes at a network is an attack on all of it: large, long enough, at many hosts, and none of them wants it.
fn is_spread(state: &State, at: Timestamp) -> bool {
    let surge = &state.surge;
    mean(state) >= SPREAD_BYTES
        && surge.ports() >= SPREAD
        && at.since(surge.since) >= SPREAD_TIME
        && surge.done.saturating_mul(TAKEN_UP) < surge.total
}

/// The network around an address, /24 or /64, and which of its hosts the address is, about.
fn network(address: IpAddr) -> (IpAddr, u16) {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, host] = address.octets();
            (IpAddr::from([a, b, c, 0]), u16::from(host))
        }
        IpAddr::V6(address) => {
            let bits = address.to_bits();
            (IpAddr::V6((bits >> 64 << 64).into()), (bits ^ (bits >> 16)) as u16)
        }
    }
}

fn holds(state: &State, limits: Limits) -> bool {
    state.surge.sources.distinct() >= limits.sources && mean(state) >= limits.bytes
}

fn mean(state: &State) -> f64 {
    state.bytes as f64 / f64::from(state.surge.total.max(1))
}

fn what(amplifier: usize) -> (&'static Rule, &'static str) {
    AMPLIFIERS.get(amplifier).map_or((&GENERIC, "datagrams from one port"), |&(_, rule, what)| (rule, what))
}

fn raise(state: &mut State, limits: Limits, event: &Event<'_>, context: &mut Context<'_>) {
    let (rule, what) = what(state.amplifier);
    let mut found = context.book.case(rule, Group::on(Party::host(state.target)), event.at);
    if std::mem::replace(&mut state.told, true) {
        found.count(1).frames([event.packet.number]);
        if event.at.since(state.written) < Duration::from_secs(1) {
            return;
        }
    } else {
        state.surge.begin(&mut found);
        found.word("what", what.as_bytes());
    }
    state.written = event.at;
    write(state, limits, &mut found);
}

fn write(state: &State, limits: Limits, found: &mut super::book::Found<'_>) {
    state.surge.name(found);
    found.reached("rate", state.surge.rate(), limits.rate);
    found.reached("sources", state.surge.sources.distinct(), limits.sources);
    found.figure("mean_payload", mean(state).round());
}

/// Whether a datagram can be an answer that was not asked for: from a port that is known, or from one that is no
/// client's (RFC 6335: those begin at 49152) to another.
fn is_answer(session: &Session) -> bool {
    let (from, to) = (session.opener.1, session.answerer.1);
    is_amplifier(from) || (from < 32_768 && to >= 1024 && from != to)
}

impl Detector for Amplification {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let Some(session) = event.session else { return };
        if session.began != Began::Datagram {
            return;
        }
        if !event.from_opener {
            return self.taken_up(session, event, context);
        }
        if is_group(session.answerer.0) {
            let asks = ("amp.asked", session.opener.0, session.answerer.1);
            self.asked.entry(key(context.hasher, asks), event.at, || ());
        } else if is_answer(session) {
            self.came(session, event, context);
        }
    }

    fn advance(&mut self, now: Timestamp, _: &mut Context<'_>) {
        self.states.advance(now);
        self.networks.advance(now);
        self.asked.advance(now);
    }

    fn finish(&mut self, at: Timestamp, context: &mut Context<'_>) {
        for by in std::mem::take(&mut self.told) {
            let Some(state) = self.states.find(by, at) else { continue };
            let (rule, _) = what(state.amplifier);
            if let Some(mut found) = context.book.known(rule, Group::on(Party::host(state.target)), at) {
                write(state, self.limits[state.amplifier], &mut found);
            }
        }
    }
}

#[cfg(test)]
use super::scenes::{Scenario, Scene, ip};

#[cfg(test)]
mod plays {
    use super::*;

    fn server(n: u32) -> IpAddr {
        IpAddr::V4((0x0b00_0000 + n).into())
    }

    fn many(scene: &mut Scene, asks: bool, port: u16) {
        for n in 0..1000u32 {
            let (server, client) = ((server(n), port), (ip("192.0.2.80"), 20_000 + n as u16));
            if asks {
                scene.udp(client, server, b"?");
            }
            scene.udp(server, client, &[0; 400]);
            if n.is_multiple_of(100) {
                scene.wait(20);
            }
        }
    }

    /// Answers that nobody asked for.
    pub(super) fn attack<const PORT: u16>(scene: &mut Scene) {
        many(scene, false, PORT);
    }

    /// The same answers after questions.
    pub(super) fn answers<const PORT: u16>(scene: &mut Scene) {
        many(scene, true, PORT);
    }
}

#[cfg(test)]
macro_rules! play {
    ($rule:literal, $port:literal) => {
        Scenario { rule: $rule, positive: plays::attack::<$port>, negative: plays::answers::<$port> }
    };
}

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = &[
    play!("amp.dns", 53),
    play!("amp.ntp", 123),
    play!("amp.snmp", 161),
    play!("amp.ssdp", 1900),
    play!("amp.memcached", 11211),
    play!("amp.cldap", 389),
    play!("amp.isakmp", 500),
    play!("amp.chargen", 19),
    play!("amp.bacnet", 47808),
    play!("amp.mdns", 5353),
    play!("amp.wsd", 3702),
    play!("amp.coap", 5683),
    play!("amp.generic", 27960),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_that_answer_a_search_in_the_network_attack_nobody() {
        let mut scene = Scene::new();
        let client = (ip("192.0.2.80"), 50_000);
        scene.udp(client, (ip("239.255.255.250"), 1900), b"M-SEARCH * HTTP/1.1\r\n");
        for n in 0..1000u32 {
            let device = IpAddr::V4((0xc000_0200 + n % 64).into());
            scene.udp((device, 1900), client, &[0; 300]);
        }
        assert!(scene.rules().is_empty());
    }

    /// Answers to all hosts of a network in turn, ten to each.
    fn carpet(scene: &mut Scene, asks: bool, hosts: u32) {
        sized_carpet(scene, (asks, hosts), 400);
    }

    fn sized_carpet(scene: &mut Scene, (asks, hosts): (bool, u32), bytes: usize) {
        for n in 0..2000u32 {
            let server = (IpAddr::V4((0x0b00_0000 + n % 100).into()), 53);
            let target = (IpAddr::V4((0xc000_0200 + n % hosts).into()), 20_000 + n as u16);
            if asks {
                scene.udp(target, server, b"?");
            }
            scene.udp(server, target, &vec![0; bytes]);
            if n.is_multiple_of(10) {
                scene.wait(20);
            }
        }
    }

    #[test]
    fn an_attack_that_is_spread_over_a_network_is_one_alert_on_it() {
        let mut scene = Scene::new();
        carpet(&mut scene, false, 200);
        assert_eq!(scene.rules(), ["amp.dns"]);
        let summary = scene.detection.alerts()[0].summary();
        assert!(summary.contains("hosts of 192.0.2.0/24"), "{summary}");
        for (asks, hosts) in [(true, 200), (false, 3)] {
            let mut scene = Scene::new();
            carpet(&mut scene, asks, hosts);
            assert!(scene.rules().is_empty(), "{hosts} hosts, asked: {asks}");
        }
    }

    #[test]
    fn answers_that_a_network_goes_on_with_began_before_the_capture() {
        let mut scene = Scene::new();
        for n in 0..2000u32 {
            let server = |n: u32| (IpAddr::V4((0x0b00_0000 + n % 100).into()), 3478);
            let target = |n: u32| (IpAddr::V4((0xc000_0200 + n % 200).into()), 20_000 + n as u16);
            scene.udp(server(n), target(n), &[0; 900]);
            if let Some(before) = n.checked_sub(60) {
                scene.udp(target(before), server(before), &[0; 90]);
            }
            if n.is_multiple_of(10) {
                scene.wait(20);
            }
        }
        assert!(scene.rules().is_empty());
    }

    #[test]
    fn small_answers_to_a_network_are_those_of_which_the_question_was_not_captured() {
        let mut scene = Scene::new();
        sized_carpet(&mut scene, (false, 200), 180);
        assert!(scene.rules().is_empty());
    }

    #[test]
    fn an_attack_is_one_alert_and_names_servers_as_reflectors() {
        let mut scene = Scene::new();
        plays::attack::<53>(&mut scene);
        assert_eq!(scene.rules(), ["amp.dns"]);
        let alert = &scene.detection.alerts()[0];
        assert_eq!((alert.count, alert.whom()), (1000, "192.0.2.80".to_owned()));
    }
}
