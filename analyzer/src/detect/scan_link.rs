//! Sweeps of the own link: one station asks by ARP or Neighbor Discovery for one address after the other. Routers and busy hosts
//! ask for many neighbours, too, but those are there and answer: so it is judged a second later, when answers have come.
//!
//! Who only hears what is sent to all hears no answers: a switch brings them to the asker alone, and what a router asks within minutes
//! would look like a slow sweep. So that counts whom it asks for again at once, as those do that got no answer.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use capturer::{Mac, Protocol, Timestamp, Transport};

use super::book::key;
use super::different::Counted;
use super::firsts::Firsts;
use super::later::Later;
use super::rule::{Rule, Setting, Thresholds, setting};
use super::session::is_group;
use super::tracker::{Tracker, Window};
use super::{Context, Detector, Entry, Event, Group, Label, Moments};
use crate::alert::{Alert, Party, Severity};

const ASKED: Setting = setting("hosts", "different addresses asked for", 30.0, (5.0, 64.0));
const WINDOW: Setting = setting("window", "s", 10.0, (1.0, 600.0));
const ANSWERED: Setting = setting("answered_share", "ratio", 0.5, (0.0, 1.0));
const SLOW_ASKED: Setting = setting("hosts", "different addresses asked for", 40.0, (5.0, 64.0));
const SLOW_WINDOW: Setting = setting("window", "s", 900.0, (60.0, 900.0));
const SLOW_ANSWERED: Setting = setting("answered_share", "ratio", 0.1, (0.0, 1.0));

const fn rule(
    id: &'static str,
    title: &'static str,
    sees: &'static str,
    (severity, most): (Severity, Severity),
    settings: &'static [Setting],
) -> Rule {
    Rule {
        id,
        title,
        technique: "T1018",
        severity,
        most,
        sees,
        caveat: "A monitoring system that finds many hosts down, or a router that forwards somebody else's scan, looks the same.",
        sources: "RFC 826, RFC 4861 §7.2.2 (a question goes unanswered for a second before it is asked again); Slips' ARP scan",
        settings,
        tell: |alert: &Alert| {
            let hosts = alert.figure("hosts").unwrap_or_default();
            format!("{} asked {hosts} addresses whether they are there", alert.who())
        },
    }
}

/// Of a fast sweep, and of a slow one.
const FAST: (Severity, Severity) = (Severity::Medium, Severity::High);
const SLOW: (Severity, Severity) = (Severity::Low, Severity::Medium);

static ARP: Rule = rule(
    "scan.host.arp",
    "ARP sweep",
    "one address asked all for 30 different addresses within 10 seconds, and a second later less than half of them had answered; \
     a note, if it forwards what others send",
    FAST,
    &[ASKED, WINDOW, ANSWERED],
);
static ARP_SLOW: Rule = rule(
    "scan.host.arp_slow",
    "Slow ARP sweep",
    "one address asked all for 40 different addresses within 15 minutes, each again within 3 seconds, not so fast that it is a sweep \
     already, and less than a tenth of them answered; a note, if it forwards what others send",
    SLOW,
    &[SLOW_ASKED, SLOW_WINDOW, SLOW_ANSWERED],
);
static IPV6_ND: Rule = rule(
    "scan.host.ipv6_nd",
    "Neighbor Discovery sweep",
    "one address solicited 30 different neighbours within 10 seconds, and a second later less than half of them had answered; \
     a note, if it forwards what others send",
    FAST,
    &[ASKED, WINDOW, ANSWERED],
);
static IPV6_ND_SLOW: Rule = rule(
    "scan.host.ipv6_nd_slow",
    "Slow Neighbor Discovery sweep",
    "one address solicited 40 different neighbours within 15 minutes, each again within 3 seconds, not so fast that it is a sweep \
     already, and less than a tenth of them answered; a note, if it forwards what others send",
    SLOW,
    &[SLOW_ASKED, SLOW_WINDOW, SLOW_ANSWERED],
);

pub(super) const ENTRY: Entry = Entry {
    rules: &[&ARP, &ARP_SLOW, &IPV6_ND, &IPV6_ND_SLOW],
    wants: Moments::ARP.and(Moments::ICMP).and(Moments::ANSWERED).and(Moments::ESTABLISHED),
    make: |thresholds| Box::new(ScanLink::new(thresholds)),
};

/// How long an answer may take: as long as hosts wait before they ask again.
const PATIENCE: Duration = Duration::from_secs(1);

/// Who got no answer asks again within this time: hosts after a second (RFC 4861 §10: RETRANS_TIMER), tools sooner.
const AGAIN: Duration = Duration::from_secs(3);

/// Different senders behind one station from which on it forwards what others send: a host has an address of each family, and of IPv6
/// a link-local and a temporary one besides.
const FORWARDS: usize = 5;

/// Stations whose senders are remembered.
const STATIONS: usize = 512;

/// Sources that are remembered.
const MOST: usize = 1024;

/// Addresses that are named at a time.
const NAMED: usize = 8;

/// What a rule asks for.
#[derive(Clone, Copy)]
struct Limits {
    rule: &'static Rule,
    hosts: usize,
    window: Duration,
    unanswered: f64,
}

impl Limits {
    fn of(rule: &'static Rule, thresholds: &Thresholds) -> Self {
        Self {
            rule,
            hosts: thresholds.count(rule, ASKED.name),
            window: thresholds.seconds(rule, WINDOW.name),
            unanswered: 1.0 - thresholds.get(rule, ANSWERED.name),
        }
    }
}

/// Addresses that a station asked for.
#[derive(Clone, Copy, Default)]
struct Asked {
    for_whom: Counted<64>,
    /// Of these, whom it asked for again at once.
    again: Counted<64>,
    answered: Window<64>,
    /// The station that asks.
    station: Mac,
    /// Questions that no alert has counted yet.
    untold: u32,
    /// The last few addresses.
    names: [Option<IpAddr>; NAMED],
    /// Whether it waits to be judged.
    waits: bool,
}

impl Asked {
    fn ask(&mut self, target: IpAddr, name: u64, (at, frame): (Timestamp, u64)) {
        let before = self.for_whom.last(name);
        let is_answered = |before: Timestamp| self.answered.last(name).is_some_and(|answer| answer >= before);
        if before.is_some_and(|before| !at.exceeds(before, AGAIN) && !is_answered(before)) {
            self.again.see(name, at, frame);
        }
        if self.for_whom.see(name, at, frame) {
            self.names[self.untold as usize % NAMED] = Some(target);
            self.untold = self.untold.saturating_add(1);
        }
    }

    /// What counts for each form: whom it asked for, and whom it asked for again.
    const fn forms(&self) -> [&Counted<64>; 2] {
        [&self.for_whom, &self.again]
    }

    /// How many of these were asked for since a time, and what share of them has not answered since.
    fn unanswered(&self, whom: &Counted<64>, first: Timestamp) -> (usize, f64) {
        let (all, silent) = whom.keys_since(first).fold((0, 0), |(all, silent), name| {
            (all + 1, silent + usize::from(self.answered.last(name).is_none_or(|answer| answer < first)))
        });
        (all, silent as f64 / all.max(1) as f64)
    }
}

struct ScanLink {
    /// Stations that asked for one address so far.
    firsts: Firsts,
    asked: Tracker<Asked>,
    later: Later<IpAddr>,
    /// Who sends by each station.
    senders: Tracker<Window<FORWARDS>>,
    /// Of fast and slow sweeps.
    arp: [Limits; 2],
    nd: [Limits; 2],
}

impl ScanLink {
    fn new(thresholds: &Thresholds) -> Self {
        Self {
            firsts: Firsts::new(4 * MOST, Duration::from_secs(900)),
            asked: Tracker::new(MOST, Duration::from_secs(900)),
            later: Later::new(PATIENCE),
            senders: Tracker::new(STATIONS, Duration::from_secs(900)),
            arp: [&ARP, &ARP_SLOW].map(|rule| Limits::of(rule, thresholds)),
            nd: [&IPV6_ND, &IPV6_ND_SLOW].map(|rule| Limits::of(rule, thresholds)),
        }
    }

    const fn limits(&self, source: IpAddr) -> [Limits; 2] {
        if source.is_ipv4() { self.arp } else { self.nd }
    }

    fn ask(&mut self, source: IpAddr, target: IpAddr, event: &Event<'_>, context: &Context<'_>) {
        let (by, name) = (of(source, context), key(context.hasher, target));
        if self.asked.find(by, event.at).is_none() {
            let Some(first) = self.firsts.other(by, name, (event.at, event.frame())) else { return };
            let asked = self.asked.entry(by, event.at, Asked::default);
            asked.for_whom.remember(first);
            asked.station = event.packet.source_mac;
            asked.untold = 1;
        }
        let limits = self.limits(source);
        let asked = self.asked.entry(by, event.at, Asked::default);
        asked.ask(target, name, (event.at, event.frame()));
        let are_enough = asked
            .forms()
            .into_iter()
            .zip(&limits)
            .any(|(whom, limits)| whom.within(event.at, limits.window) >= limits.hosts);
        if !asked.waits && are_enough {
            asked.waits = self.later.put(source, event.at);
        }
    }

    fn answer(&mut self, asker: IpAddr, target: IpAddr, event: &Event<'_>, context: &Context<'_>) {
        if let Some(asked) = self.asked.find(of(asker, context), event.at) {
            asked.answered.see(key(context.hasher, target), event.at, event.frame());
        }
    }

    fn arp(&mut self, event: &Event<'_>, context: &Context<'_>) {
        let (packet, Transport::Arp(arp)) = (event.packet, &event.packet.transport) else { return };
        let (source, target) = (packet.source, packet.destination);
        // Asking one station alone verifies what is known of it (RFC 1122 §2.3.2.1). Some captures have no addresses of stations.
        let asks_all = packet.destination_mac.is_group() || packet.destination_mac == Mac([0; 6]);
        match arp.operation {
            // A probe for duplicates comes from 0.0.0.0, an announcement asks for the sender's own address.
            1 if asks_all && source != target && !source.is_unspecified() => {
                self.ask(source, target, event, context);
            }
            2 => self.answer(target, source, event, context),
            _ => {}
        }
    }

    /// Solicitations and advertisements, RFC 4861 §4.3: the target comes first in the payload.
    fn neighbor(&mut self, event: &Event<'_>, context: &Context<'_>) {
        let (packet, Transport::Icmp(icmp)) = (event.packet, &event.packet.transport) else { return };
        if packet.protocol != Protocol::ICMPV6 || !matches!(icmp.kind, 135 | 136) {
            return;
        }
        let Some(target) = event.payload.first_chunk::<16>() else { return };
        let target = IpAddr::V6(Ipv6Addr::from(*target));
        if icmp.kind == 136 {
            self.answer(packet.destination, target, event, context);
        } else if is_group(packet.destination) && !packet.source.is_unspecified() {
            // One that goes to a neighbour alone verifies that it is still there (RFC 4861 §7.3.3).
            self.ask(packet.source, target, event, context);
        }
    }

    /// Answers to what was asked until `at` have come, or will not.
    fn judge(&mut self, source: IpAddr, at: Timestamp, context: &mut Context<'_>) {
        let [fast, slow] = self.limits(source);
        let Some(asked) = self.asked.find(of(source, context), at) else { return };
        asked.waits = false;
        if context.labels.is_excused(source, at) {
            return;
        }
        let is_swept = context.book.has(fast.rule, Group::by(Party::host(source)), at);
        let most = if is_swept { 1 } else { 2 };
        for (form, limits) in [fast, slow].iter().enumerate().take(most) {
            let (all, share) = asked.unanswered(asked.forms()[form], at.before(limits.window));
            if all >= limits.hosts && share >= limits.unanswered {
                let station = key(context.hasher, asked.station);
                let forwards =
                    self.senders.find(station, at).is_some_and(|senders| senders.len() >= FORWARDS);
                raise(asked, (source, form, forwards), (limits, share), at, context);
                return;
            }
        }
    }

    /// Who sends by a station: servers that answer, and clients that finish the handshake.
    fn sends(&mut self, event: &Event<'_>, context: &Context<'_>) {
        let packet = event.packet;
        let station = key(context.hasher, packet.source_mac);
        let senders = self.senders.entry(station, event.at, Window::default);
        senders.see(key(context.hasher, packet.source), event.at, 0);
    }
}

fn of(source: IpAddr, context: &Context<'_>) -> u64 {
    key(context.hasher, ("scan.link", source))
}

fn raise(
    asked: &mut Asked,
    (source, form, forwards): (IpAddr, usize, bool),
    (limits, share): (&Limits, f64),
    at: Timestamp,
    context: &mut Context<'_>,
) {
    context.labels.say(source, Label::Swept, at);
    let untold = std::mem::take(&mut asked.untold);
    let names = std::mem::take(&mut asked.names);
    let whom = asked.forms()[form];
    let mut found = context.book.case(limits.rule, Group::by(Party::host(source)), at);
    if found.fresh {
        found.since(whom.since(at, limits.window).unwrap_or(at));
    }
    let is_note = forwards && found.is_note();
    found.count(u64::from(untold));
    found.frames(whom.frames(at, limits.window));
    for target in names.into_iter().flatten() {
        found.target(Party::host(target));
    }
    found.reached("hosts", whom.different(), limits.hosts as f64);
    found.below("failed_share", share, limits.unanswered);
    found.figure("window", limits.window.as_secs_f64());
    if is_note {
        found.at_most(Severity::Info).word("looks_like", b"a router that looks for its neighbours");
    }
}

impl Detector for ScanLink {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        match &event.packet.transport {
            Transport::Arp(_) => self.arp(event, context),
            Transport::Icmp(_) => self.neighbor(event, context),
            _ => self.sends(event, context),
        }
    }

    fn advance(&mut self, now: Timestamp, context: &mut Context<'_>) {
        while let Some((at, source)) = self.later.due(now) {
            self.judge(source, at, context);
        }
        self.asked.advance(now);
        self.senders.advance(now);
    }

    fn finish(&mut self, _: Timestamp, context: &mut Context<'_>) {
        while let Some((at, source)) = self.later.rest() {
            self.judge(source, at, context);
        }
    }
}

#[cfg(test)]
use super::scenes::{Scenario, Scene, ip};

#[cfg(test)]
const ROUTER: (&str, u8) = ("198.51.100.254", 254);

#[cfg(test)]
fn host(n: u16) -> (IpAddr, u8) {
    (IpAddr::from([198, 51, 100, n as u8]), n as u8)
}

#[cfg(test)]
fn who_has(scene: &mut Scene, n: u16) {
    scene.arp(1, (ip(ROUTER.0), ROUTER.1), (host(n).0, 0));
}

#[cfg(test)]
fn is_at(scene: &mut Scene, n: u16) {
    scene.arp(2, host(n), (ip(ROUTER.0), ROUTER.1));
}

#[cfg(test)]
fn solicit(scene: &mut Scene, n: u16) {
    let target = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, n);
    scene.icmp(ip("2001:db8::ffff"), ip("ff02::1:ff00:1"), (135, 0), &target.octets());
}

#[cfg(test)]
fn advertise(scene: &mut Scene, n: u16) {
    let target = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, n);
    scene.icmp(IpAddr::V6(target), ip("2001:db8::ffff"), (136, 0), &target.octets());
}

/// Does something with so many hosts, some milliseconds after each other.
#[cfg(test)]
fn hosts(scene: &mut Scene, (n, gap): (u16, u64), does: fn(&mut Scene, u16)) {
    for n in 1..=n {
        does(scene, n);
        scene.wait(gap);
    }
}

/// Asks twice.
#[cfg(test)]
fn insists(scene: &mut Scene, n: u16, asks: fn(&mut Scene, u16)) {
    asks(scene, n);
    scene.wait(1000);
    asks(scene, n);
}

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        rule: "scan.host.arp",
        positive: |scene| hosts(scene, (30, 100), who_has),
        negative: |scene| {
            hosts(scene, (200, 0), who_has);
            scene.wait(500);
            hosts(scene, (200, 0), is_at);
        },
    },
    Scenario {
        rule: ARP_SLOW.id,
        // Of who asks for one address alone only that is remembered, not how often: so the first does not count as asked for again.
        positive: |scene| hosts(scene, (41, 1000), |scene, n| insists(scene, n, who_has)),
        // Answers go to the router alone.
        negative: |scene| hosts(scene, (200, 1000), who_has),
    },
    Scenario {
        rule: "scan.host.ipv6_nd",
        positive: |scene| hosts(scene, (30, 100), solicit),
        negative: |scene| {
            hosts(scene, (200, 0), solicit);
            scene.wait(500);
            hosts(scene, (200, 0), advertise);
        },
    },
    Scenario {
        rule: IPV6_ND_SLOW.id,
        positive: |scene| hosts(scene, (41, 1000), |scene, n| insists(scene, n, solicit)),
        negative: |scene| hosts(scene, (200, 1000), solicit),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_round_finds_no_more_addresses() {
        let mut scene = Scene::new();
        for _ in 0..2 {
            hosts(&mut scene, (250, 10), who_has);
        }
        assert_eq!(scene.rules(), ["scan.host.arp"]);
        let alert = &scene.detection.alerts()[0];
        assert_eq!(alert.figure("hosts"), Some(250.0));
        assert_eq!(alert.count, 500, "questions are counted exactly");
    }

    #[test]
    fn a_router_that_asks_for_its_neighbours_is_a_note() {
        let through_router = |scene: &mut Scene| {
            scene.station = Some(Mac([2, 0, 0, 0, 0, ROUTER.1]));
            for n in 1..=8u8 {
                let (far, near) = (IpAddr::from([203, 0, 113, n]), ip("198.51.100.1"));
                scene.udp((near, 40_000), (far, 53), b"");
                scene.udp((far, 53), (near, 40_000), b"");
            }
            scene.station = None;
        };
        let plays: [(_, fn(&mut Scene)); 2] = [
            ("scan.host.arp", |scene| hosts(scene, (40, 10), who_has)),
            (ARP_SLOW.id, |scene| hosts(scene, (60, 1000), |scene, n| insists(scene, n, who_has))),
        ];
        for (rule, asks) in plays {
            let mut scene = Scene::new();
            through_router(&mut scene);
            asks(&mut scene);
            assert_eq!(scene.rules(), [rule]);
            assert_eq!(scene.detection.alerts()[0].severity, Severity::Info);
        }
        // Who forwards only after it has swept the link is no router of before: so do those that stand between two hosts.
        let mut scene = Scene::new();
        hosts(&mut scene, (40, 10), who_has);
        scene.wait(2000);
        through_router(&mut scene);
        hosts(&mut scene, (40, 10), who_has);
        assert_eq!(scene.rules(), ["scan.host.arp"]);
        assert!(scene.detection.alerts()[0].severity >= Severity::Medium);
    }

    #[test]
    fn who_verifies_its_neighbours_one_by_one_sweeps_nothing() {
        let mut scene = Scene::new();
        for n in 1..=60 {
            scene.arp_to(Mac([2, 0, 0, 0, 0, n as u8]), 1, (ip(ROUTER.0), ROUTER.1), (host(n).0, 0));
            scene.wait(10);
        }
        assert!(scene.rules().is_empty());
    }
}
