//! Floods: more comes at a target than it can have asked for, and nothing comes of it. What separates a flood from a
//! busy server is that handshakes aren't completed and datagrams aren't answered; from a scan, that it stays on few
//! ports or comes from everywhere.
//!
//! State is kept by target and has a fixed size, so a flood is one alert whatever the number of its sources.

use std::net::IpAddr;
use std::time::Duration;

use capturer::{Packet, TcpFlags, Timestamp, Transport};

use super::amp::is_amplifier;
use super::book::key;
use super::flood_make::Makes;
use super::flood_rules::{ACK, ICMP, RST, SYN, SYN_ACK, SYN_SPOOFED, UDP};
use super::rule::{Rule, Thresholds};
use super::session::{Began, Session, is_group};
use super::sets::Sets;
use super::surge::{Pace, Surge};
use super::tracker::Tracker;
use super::trickle::{FEW, Trickle};
use super::{Context, Detector, Entry, Event, Group, Label, Moments};
use crate::alert::Party;
use crate::flow::bits;

pub(super) const ENTRY: Entry = Entry {
    rules: &[&SYN, &SYN_SPOOFED, &UDP, &ICMP, &RST, &ACK, &SYN_ACK],
    wants: Moments::OPENED
        .and(Moments::ONE_WAY)
        .and(Moments::STRAY)
        .and(Moments::ANSWERED)
        .and(Moments::ESTABLISHED)
        .and(Moments::ICMP),
    make: |thresholds| Box::new(Flood::new(thresholds)),
};

/// What comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Syn,
    Udp,
    Icmp,
    Rst,
    Ack,
    SynAck,
}

/// What a rule asks for.
#[derive(Clone, Copy)]
struct Limits {
    kind: Kind,
    rule: &'static Rule,
    what: &'static str,
    rate: f64,
    in_ten: f64,
    burst: f64,
    burst_sources: f64,
    done_share: f64,
    sources: f64,
}

impl Limits {
    fn of(kind: Kind, rule: &'static Rule, what: &'static str, thresholds: &Thresholds) -> Self {
        let get = |name| thresholds.get(rule, name);
        let or = |value: f64, or: f64| if value.is_finite() { value } else { or };
        Self {
            kind,
            rule,
            what,
            rate: get("rate"),
            in_ten: get("in_ten"),
            burst: get("burst"),
            burst_sources: get("burst_sources"),
            // A share is at most 1, and one source is the least.
            done_share: or(get("done_share"), 2.0),
            sources: or(get("sources"), 1.0),
        }
    }

    fn reached(&self, pace: Pace, surge: &Surge) -> bool {
        let bursts = f64::from(pace.tenth) >= self.burst && surge.sources.distinct() >= self.burst_sources;
        f64::from(pace.second) >= self.rate || f64::from(pace.ten) >= self.in_ten || bursts
    }
}

/// What came at a target, and what was made of it. What each packet reads comes first.
#[derive(Clone, Copy)]
#[repr(C)]
struct State {
    told: Option<&'static Rule>,
    /// When it came to look like a flood.
    suspect: Option<Timestamp>,
    surge: Surge,
    kind: Kind,
    target: IpAddr,
    /// Whether nearly each packet has a source of its own.
    forged: bool,
    /// How many the alert has not counted so far.
    uncounted: u32,
    /// When the alert's figures were last written.
    written: Timestamp,
}

impl State {
    const fn new(kind: Kind, target: IpAddr, surge: Surge, at: Timestamp) -> Self {
        Self { surge, kind, target, suspect: None, told: None, forged: false, uncounted: 0, written: at }
    }
}

/// What is watched.
struct Targets {
    /// Those that get little.
    few: Sets<Trickle>,
    many: Tracker<State>,
    /// Whether no limit is so low that little could reach it.
    spares: bool,
}

impl Targets {
    /// The state of a target, unless it gets so little that it needs none.
    fn state(&mut self, by: u64, kind: Kind, event: &Event<'_>, context: &Context<'_>) -> Option<&mut State> {
        let (packet, at) = (event.packet, event.at);
        let mut surge = None;
        if self.spares && self.many.find(by, at).is_none() {
            let trickle = self.few.entry(by, at, Trickle::default);
            if trickle.add(at, (packet.source, port(kind, packet)), packet.number) {
                return None;
            }
            surge = Some(trickle.grow(context.hasher));
            self.few.remove(by);
        }
        Some(self.many.entry(by, at, || State::new(kind, packet.destination, surge.unwrap_or_default(), at)))
    }

    /// Something of what came at a target was answered, completed, or went on.
    fn done(&mut self, by: u64, at: Timestamp) {
        if let Some(state) = self.many.find(by, at) {
            state.surge.done = state.surge.done.saturating_add(1);
        } else if let Some(trickle) = self.few.find(by, at) {
            trickle.done = trickle.done.saturating_add(1);
        }
    }
}

struct Flood {
    targets: Targets,
    limits: [Limits; 6],
    spoofed_sources: f64,
    answered_rate: f64,
    makes: Makes,
    /// Keys of the states that wait to be judged.
    suspects: Vec<u64>,
    /// Keys of the states with an alert.
    told: Vec<u64>,
}

/// Targets that are watched, times kinds.
const MOST: usize = 4096;

/// Targets that get little, times kinds.
const MOST_FEW: usize = 8192;

/// Floods whose last figures are written at the end.
const MOST_TOLD: usize = 1024;

/// How long a flood may pause.
const AGE: Duration = Duration::from_secs(60);

/// How often a flood's figures are written.
const WRITTEN: Duration = Duration::from_millis(250);

/// ICMPv6 neighbor advertisement (RFC 4861 §4.4).
const NEIGHBOR: u8 = 136;

/// From how many ports on a flood is not one of some services.
const FEW_PORTS: f64 = 8.0;

/// How long handshakes may take: what came is judged so much later.
const PATIENCE: Duration = Duration::from_secs(1);

impl Flood {
    fn new(thresholds: &Thresholds) -> Self {
        let of = |kind, rule, what| Limits::of(kind, rule, what, thresholds);
        let limits = [
            of(Kind::Syn, &SYN, "SYNs"),
            of(Kind::Udp, &UDP, "UDP datagrams"),
            of(Kind::Icmp, &ICMP, "ICMP messages"),
            of(Kind::Rst, &RST, "RSTs"),
            of(Kind::Ack, &ACK, "segments of no session"),
            of(Kind::SynAck, &SYN_ACK, "SYN+ACKs that nobody asked for"),
        ];
        let least = |limits: &Limits| limits.rate.min(limits.in_ten).min(limits.burst);
        Self {
            targets: Targets {
                few: Sets::new(MOST_FEW, AGE),
                many: Tracker::new(MOST, AGE),
                spares: limits.iter().all(|limits| least(limits) > FEW as f64),
            },
            limits,
            spoofed_sources: thresholds.get(&SYN_SPOOFED, "sources"),
            answered_rate: thresholds.get(&ICMP, "answered_rate"),
            makes: Makes::new(thresholds.get(&SYN_SPOOFED, "stray_rate")),
            suspects: Vec::new(),
            told: Vec::new(),
        }
    }

    fn came(&mut self, kind: Kind, event: &Event<'_>, context: &mut Context<'_>) {
        let (packet, at) = (event.packet, event.at);
        let by = key(context.hasher, (kind as u8, bits(packet.destination)));
        let Some(state) = self.targets.state(by, kind, event, context) else { return };
        if state.told.is_none() && state.suspect.is_none() {
            state.surge.renew(at);
        }
        let pace = state.surge.add(at, (packet.source, port(kind, packet)), context.hasher);
        state.surge.keep(packet.number);
        let limits = &self.limits[kind as usize];
        if let Some(rule) = state.told {
            go_on(state, (rule, limits), event, context);
        } else if state.suspect.is_none() && limits.reached(pace, &state.surge) {
            state.suspect = Some(at);
            if self.suspects.len() < MOST {
                self.suspects.push(by);
            }
        }
        if kind == Kind::SynAck && self.targets.many.find(by, at).is_some_and(|state| state.told.is_some()) {
            context.labels.say(packet.source, Label::Reflector, at);
        }
    }

    /// It was answered, completed, or went on.
    fn done(&mut self, kind: Kind, target: IpAddr, event: &Event<'_>, context: &Context<'_>) {
        let by = key(context.hasher, (kind as u8, bits(target)));
        self.targets.done(by, event.at);
    }

    /// Judges what came to look like a flood a while ago.
    fn judge(&mut self, now: Timestamp, is_over: bool, context: &mut Context<'_>) {
        let mut waiting = std::mem::take(&mut self.suspects);
        waiting.retain(|&by| {
            let Some(state) = self.targets.many.find(by, now) else { return false };
            let Some(since) = state.suspect else { return false };
            if !is_over && now.since(since) < PATIENCE {
                return true;
            }
            state.suspect = None;
            let limits = &self.limits[state.kind as usize];
            let reflected = matches!(state.kind, Kind::Udp | Kind::Rst)
                && context.labels.is(state.target, Label::Victim, (now, AGE));
            if reflected {
                return false;
            }
            state.forged = is_forged(&state.surge, self.spoofed_sources);
            if let Some(rule) = judge(state, limits, self.answered_rate) {
                state.told = Some(rule);
                raise(state, (rule, limits), now, context);
                if self.told.len() < MOST_TOLD {
                    self.told.push(by);
                }
            }
            false
        });
        self.suspects = waiting;
    }
}

/// Whether there are so many sources, and about as many as packets, that they are forged.
fn is_forged(surge: &Surge, spoofed: f64) -> bool {
    let sources = surge.sources.distinct();
    sources >= spoofed && sources * 2.0 >= f64::from(surge.total)
}

/// Which rule holds, if any.
fn judge(state: &State, limits: &Limits, answered_rate: f64) -> Option<&'static Rule> {
    let (surge, forged) = (&state.surge, state.forged);
    let sources = surge.sources.distinct();
    let share = surge.done_share();
    let echoes = limits.kind == Kind::Icmp && (forged || surge.rate() >= answered_rate);
    let much = share < limits.done_share || echoes;
    if !much || sources < limits.sources || surge.is_scan() {
        return None;
    }
    Some(if limits.kind == Kind::Syn && forged { &SYN_SPOOFED } else { limits.rule })
}

fn raise(
    state: &mut State,
    (rule, limits): (&'static Rule, &Limits),
    at: Timestamp,
    context: &mut Context<'_>,
) {
    if state.kind == Kind::SynAck {
        context.labels.say(state.target, Label::Victim, at);
    }
    let mut found = context.book.case(rule, Group::on(Party::host(state.target)), at);
    state.surge.begin(&mut found);
    found.word("what", limits.what.as_bytes());
    write(state, limits, &mut found);
    state.written = at;
}

/// One more packet of a flood that is known.
fn go_on(
    state: &mut State,
    (rule, limits): (&'static Rule, &Limits),
    event: &Event<'_>,
    context: &mut Context<'_>,
) {
    state.uncounted = state.uncounted.saturating_add(1);
    if !event.at.reaches(state.written, WRITTEN) {
        return;
    }
    let mut found = context.book.case(rule, Group::on(Party::host(state.target)), event.at);
    found.frames([event.packet.number]);
    write(state, limits, &mut found);
    state.written = event.at;
    if state.forged && state.surge.ports() < FEW_PORTS {
        let packet = event.packet;
        let port = packet.ports().map_or(0, |ports| ports.destination);
        context.labels.say_forged((packet.destination, packet.protocol, port), event.at);
    }
}

fn write(state: &mut State, limits: &Limits, found: &mut super::book::Found<'_>) {
    found.count(u64::from(std::mem::take(&mut state.uncounted)));
    let surge = &state.surge;
    surge.name(found);
    found.reached("rate", surge.rate(), limits.rate).figure("total", f64::from(surge.total));
    if limits.done_share <= 1.0 {
        found.below("done_share", surge.done_share(), limits.done_share);
    }
}

/// What a packet counts as, if it can be part of a flood.
fn kind(session: &Session, event: &Event<'_>) -> Option<Kind> {
    if !event.from_opener && session.began != Began::SynAck {
        return None;
    }
    let stray = event.is(Moments::STRAY);
    match session.began {
        Began::Syn if event.packet.tcp().is_some_and(|tcp| tcp.flags.is_syn()) => Some(Kind::Syn),
        Began::Datagram if !is_answer(session) => Some(Kind::Udp),
        Began::Rst => Some(Kind::Rst),
        Began::Ack if stray || session.refused => Some(Kind::Ack),
        Began::FinAck | Began::Stealth if stray => Some(Kind::Ack),
        // A request begins something, though its SYN went another way.
        Began::Midstream if session.packets[0] == 1 && !event.is(Moments::HTTP) => Some(Kind::Ack),
        Began::SynAck if stray => Some(Kind::SynAck),
        _ => None,
    }
}

/// The port that a scan would vary. Of RSTs with ACK it is the sender's: they may answer a scan of SYNs (RFC 9293 §3.5.2).
fn port(kind: Kind, packet: &Packet) -> u16 {
    let ports = packet.ports().unwrap_or_default();
    let answers = kind == Kind::Rst && packet.tcp().is_some_and(|tcp| tcp.flags.has(TcpFlags::ACK));
    if answers { ports.source } else { ports.destination }
}

/// A datagram from a service to a client's port answers something that was not seen; rule `amp` looks at those.
fn is_answer(session: &Session) -> bool {
    session.answerer.1 >= 1024 && (session.opener.1 < 1024 || is_amplifier(session.opener.1))
}

/// Whether an opener went on as it would not in a flood: after its SYN or stray ACK it says something else.
fn goes_on(session: &Session, event: &Event<'_>) -> Option<Kind> {
    let again = event.packet.tcp().is_some_and(|tcp| tcp.flags.is_syn());
    match session.began {
        Began::Syn if session.packets[0] == 2 && !again && !session.answered && !session.refused => {
            Some(Kind::Syn)
        }
        Began::Ack | Began::Midstream if session.packets[0] == 3 && !session.refused => Some(Kind::Ack),
        _ => None,
    }
}

impl Flood {
    fn icmp(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let Transport::Icmp(icmp) = &event.packet.transport else { return };
        // Of what goes to a group only stations that say who they are fill tables; each host has one of neighbours.
        let fills = icmp.kind == NEIGHBOR && event.packet.destination.is_ipv6();
        if event.quoted.is_some() || (is_group(event.packet.destination) && !fills) {
            return;
        }
        if event.from_opener {
            self.came(Kind::Icmp, event, context);
        } else {
            self.done(Kind::Icmp, event.packet.source, event, context);
        }
    }

    fn session(&mut self, session: &Session, event: &Event<'_>, context: &mut Context<'_>) {
        let came = Moments::OPENED.and(Moments::ONE_WAY).and(Moments::STRAY);
        let kind = if event.is(came) { kind(session, event) } else { None };
        if kind == Some(Kind::Syn) && event.is(Moments::OPENED) {
            self.makes.see(event, context);
        }
        if let Some(kind) = kind.filter(|_| !is_group(event.packet.destination)) {
            self.came(kind, event, context);
        } else if event.is(Moments::ONE_WAY)
            && let Some(kind) = goes_on(session, event)
        {
            self.done(kind, session.answerer.0, event, context);
        }
        let target = session.answerer.0;
        match session.began {
            Began::Syn if event.is(Moments::ESTABLISHED) => self.done(Kind::Syn, target, event, context),
            Began::Datagram if event.is(Moments::ANSWERED) => self.done(Kind::Udp, target, event, context),
            Began::Ack | Began::FinAck | Began::Midstream if event.is(Moments::ANSWERED) => {
                self.done(Kind::Ack, target, event, context);
            }
            _ => {}
        }
    }
}

impl Detector for Flood {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        if event.is(Moments::ICMP) {
            self.icmp(event, context);
        } else if let Some(session) = event.session {
            self.session(session, event, context);
        }
    }

    fn advance(&mut self, now: Timestamp, context: &mut Context<'_>) {
        self.judge(now, false, context);
        self.targets.many.advance(now);
    }

    fn finish(&mut self, at: Timestamp, context: &mut Context<'_>) {
        self.judge(at, true, context);
        for by in std::mem::take(&mut self.told) {
            let Some(state) = self.targets.many.find(by, at) else { continue };
            let Some(rule) = state.told else { continue };
            let limits = &self.limits[state.kind as usize];
            if let Some(mut found) = context.book.known(rule, Group::on(Party::host(state.target)), at) {
                write(state, limits, &mut found);
            }
        }
    }
}

#[cfg(test)]
use super::scenes::{FIN_ACK, RST_ACK, SYN_ACK as SYN_AND_ACK, Scenario, Scene, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    /// A source of its own for each.
    fn forged(n: u32) -> IpAddr {
        IpAddr::V4(std::net::Ipv4Addr::from_bits(0x0b00_0000 + n.wrapping_mul(0x9e37_79b1) % 0x0100_0000))
    }
    fn victim() -> IpAddr {
        ip("192.0.2.80")
    }
    fn many(scene: &mut Scene, n: u32, send: fn(&mut Scene, u32)) {
        for n in 0..n {
            send(scene, n);
            if n.is_multiple_of(100) {
                scene.wait(10);
            }
        }
        scene.wait(2000);
    }
    fn port(n: u32) -> u16 {
        20_000 + (n % 40_000) as u16
    }
    fn syn(scene: &mut Scene, n: u32) {
        scene.tcp((ip("203.0.113.5"), port(n)), (victim(), 80), TcpFlags::SYN, b"");
    }
    fn visit(scene: &mut Scene, n: u32) {
        scene.connect((forged(n), port(n)), (victim(), 80));
    }
    fn forged_syn(scene: &mut Scene, n: u32) {
        scene.tcp((forged(n), port(n)), (victim(), 80), TcpFlags::SYN, b"");
    }
    fn datagram(scene: &mut Scene, n: u32) {
        scene.udp((ip("203.0.113.5"), port(n)), (victim(), 9999), b"");
    }
    fn echo(scene: &mut Scene, _: u32) {
        scene.icmp(ip("203.0.113.5"), victim(), (8, 0), b"abc");
    }
    fn echoed(scene: &mut Scene, n: u32) {
        echo(scene, n);
        scene.icmp(victim(), ip("203.0.113.5"), (0, 0), b"abc");
    }
    fn rst(scene: &mut Scene, n: u32) {
        scene.tcp((forged(n), port(n)), (victim(), 80), TcpFlags::RST, b"");
    }
    /// What one host answers to a scan of which only this side is seen.
    fn closed(scene: &mut Scene, n: u32) {
        scene.tcp((ip("203.0.113.5"), n as u16), (victim(), 50_000), RST_ACK, b"");
    }
    fn ack(scene: &mut Scene, n: u32) {
        scene.tcp((forged(n), port(n)), (victim(), 80), TcpFlags::ACK, b"");
    }
    /// A session under way when the capture began.
    fn midstream(scene: &mut Scene, n: u32) {
        ack(scene, n);
        scene.tcp((victim(), 80), (forged(n), port(n)), FIN_ACK, b"");
    }
    fn reflected(scene: &mut Scene, n: u32) {
        scene.tcp((forged(n), 80), (victim(), port(n)), SYN_AND_ACK, b"");
    }
    fn asked(scene: &mut Scene, n: u32) {
        scene.tcp((victim(), port(n)), (forged(n), 80), TcpFlags::SYN, b"");
        reflected(scene, n);
    }
    &[
        Scenario {
            rule: "flood.syn",
            positive: |scene| many(scene, 1000, syn),
            negative: |scene| many(scene, 10_000, visit),
        },
        Scenario {
            rule: "flood.syn_spoofed",
            positive: |scene| many(scene, 20_000, forged_syn),
            negative: |scene| many(scene, 1000, syn),
        },
        Scenario {
            rule: "flood.udp",
            positive: |scene| many(scene, 20_000, datagram),
            negative: |scene| many(scene, 4000, datagram),
        },
        Scenario {
            rule: "flood.icmp",
            positive: |scene| many(scene, 2000, echo),
            negative: |scene| many(scene, 1000, echoed),
        },
        Scenario {
            rule: "flood.rst",
            positive: |scene| many(scene, 1000, rst),
            negative: |scene| many(scene, 5000, closed),
        },
        Scenario {
            rule: "flood.ack",
            positive: |scene| many(scene, 5000, ack),
            negative: |scene| many(scene, 5000, midstream),
        },
        Scenario {
            rule: "flood.reflection_synack",
            positive: |scene| many(scene, 2000, reflected),
            negative: |scene| many(scene, 2000, asked),
        },
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_one_alert_whatever_the_number_of_its_sources() {
        let mut scene = Scene::new();
        let play = SCENARIOS.iter().find(|scenario| scenario.rule == "flood.syn_spoofed").unwrap();
        (play.positive)(&mut scene);
        assert_eq!(scene.rules(), ["flood.syn_spoofed"]);
        let alert = &scene.detection.alerts()[0];
        assert_eq!((alert.count, alert.whom()), (20_000, "192.0.2.80".to_owned()));
        let sources = alert.figure("sources").unwrap();
        assert!((sources / 20_000.0 - 1.0).abs() < 0.2, "{}", alert.summary());
    }

    #[test]
    fn a_busy_server_is_flooded_when_handshakes_stop_being_completed() {
        let mut scene = Scene::new();
        for n in 0..30_000u32 {
            let client = (IpAddr::V4((0x0b00_0000 + n).into()), 40_000);
            let server = (ip("192.0.2.80"), 443);
            if n < 20_000 {
                scene.connect(client, server);
            } else {
                scene.tcp(client, server, TcpFlags::SYN, b"");
            }
            if n.is_multiple_of(10) {
                scene.wait(20);
            }
        }
        assert_eq!(scene.rules(), ["flood.syn_spoofed"]);
    }

    #[test]
    fn stations_without_number_that_say_who_they_are_fill_the_tables_of_all_neighbours() {
        let play = |kind: u8| {
            let mut scene = Scene::new();
            for n in 0..5000u128 {
                let station = IpAddr::V6((0xfe80_u128 << 112 | n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).into());
                scene.icmp(station, ip("ff02::1"), (kind, 0), &[1; 24]);
                if n.is_multiple_of(100) {
                    scene.wait(10);
                }
            }
            let rules = scene.rules();
            (rules, scene.detection.alerts().first().map(crate::alert::Alert::whom))
        };
        assert_eq!(play(NEIGHBOR), (vec!["flood.icmp"], Some("ff02::1".to_owned())));
        assert!(play(143).0.is_empty(), "reports of groups are sent to a group by everybody");
    }

    #[test]
    fn one_opening_sent_over_and_over_is_a_flood_and_sent_again_is_none() {
        let play = |many: u32, answer: &dyn Fn(&mut Scene)| {
            let mut scene = Scene::new();
            for n in 0..many {
                scene.stream((ip("203.0.113.5"), 40_000), (ip("192.0.2.80"), 80), TcpFlags::SYN, &[b""]);
                answer(&mut scene);
                if n.is_multiple_of(150) {
                    scene.wait(10);
                }
            }
            scene.wait(3000);
            scene.rules()
        };
        let (from, to) = ((ip("203.0.113.5"), 40_000), (ip("192.0.2.80"), 80));
        let accepted = |scene: &mut Scene| {
            scene.tcp(to, from, SYN_AND_ACK, b"");
            scene.tcp(from, to, TcpFlags::RST, b"");
        };
        let refused = |scene: &mut Scene| scene.tcp(to, from, RST_ACK, b"");
        assert!(play(6000, &accepted).contains(&"flood.syn"));
        assert!(play(6000, &refused).contains(&"flood.syn"));
        assert!(play(6, &refused).is_empty());
    }

    #[test]
    fn segments_whose_flags_begin_nothing_are_a_flood_by_their_number_and_a_scan_by_their_ports() {
        let play = |flags: u16, port: fn(u32) -> u16, source: fn(u32) -> IpAddr| {
            let mut scene = Scene::new();
            for n in 0..5000u32 {
                scene.tcp((source(n), 20_000 + n as u16), (ip("192.0.2.80"), port(n)), TcpFlags(flags), b"");
                if n.is_multiple_of(100) {
                    scene.wait(10);
                }
            }
            scene.wait(2000);
            scene.rules()
        };
        let forged = |n: u32| IpAddr::V4((0x0b00_0000 + n.wrapping_mul(0x9e37_79b1) % 0x0100_0000).into());
        // None, FIN, SYN and FIN, URG, Xmas, ECE and CWR alone, all.
        for flags in [0, 0x01, 0x03, 0x20, 0x29, 0xc0, 0x3f] {
            assert_eq!(play(flags, |_| 80, forged), ["flood.ack"], "{flags:#x}");
            assert_eq!(play(flags, |_| 80, |_| ip("203.0.113.5")), ["flood.ack"], "{flags:#x}");
            let scan = play(flags, |n| n as u16 + 1, |_| ip("203.0.113.5"));
            assert_eq!(scan, ["scan.port.tcp_stealth"], "{flags:#x}");
        }
    }

    #[test]
    fn requests_of_which_one_direction_is_captured_are_no_segments_without_a_session() {
        let play = |payload: &[u8]| {
            let mut scene = Scene::new();
            for n in 0..5000u32 {
                let client = (IpAddr::V4((0x0b00_0000 + n % 50).into()), 20_000 + n as u16);
                scene.tcp(
                    client,
                    (ip("192.0.2.80"), 80),
                    TcpFlags(TcpFlags::ACK.0 | TcpFlags::PSH.0),
                    payload,
                );
                if n.is_multiple_of(100) {
                    scene.wait(10);
                }
            }
            scene.wait(2000);
            scene.rules().contains(&"flood.ack")
        };
        assert!(!play(b"GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n"));
        assert!(play(b"abcdefgh"));
    }

    #[test]
    fn who_answers_a_flood_of_echoes_floods_nobody() {
        let mut scene = Scene::new();
        for n in 0..12_000u32 {
            let (source, target) = (ip("203.0.113.5"), ip("192.0.2.80"));
            scene.icmp(source, target, (8, 0), b"abc");
            scene.icmp(target, source, (0, 0), b"abc");
            if n.is_multiple_of(100) {
                scene.wait(20);
            }
        }
        assert_eq!(scene.rules(), ["flood.icmp"]);
        assert_eq!(scene.detection.alerts()[0].whom(), "192.0.2.80");
    }
}
