//! Slow host scans: one source fails at host after host for hours, on few ports, and hardly anybody answers. So few are enough that a
//! fast scan reaches them on its way: what comes within a minute is looked at after it, and left to [`super::scan_host`] if that
//! spoke.
//!
//! Bare ACKs and datagrams that nobody answers count only from one port, as scanners send them: from many ports they are sessions of
//! which one direction is captured.

use std::net::IpAddr;
use std::time::Duration;

use capturer::Timestamp;

use super::book::key;
use super::different::Counted;
use super::firsts::Firsts;
use super::later::Later;
use super::rule::{Rule, Setting, Thresholds, setting};
use super::scan_host::{self, Kind, PEERS, says_nothing};
use super::session::{Began, Session, is_group};
use super::tracker::{Tracker, Window};
use super::{Context, Detector, Entry, Event, Group, Moments};
use crate::alert::{Party, Severity};

const WINDOW: Setting = setting("window", "s", 14_400.0, (60.0, 86_400.0));
const PORTS: Setting = setting("most_ports", "different ports", 4.0, (1.0, 4.0));

const fn hosts(default: f64) -> Setting {
    setting("hosts", "different hosts that failed", default, (3.0, 64.0))
}

const fn share(default: f64) -> Setting {
    setting("failed_share", "ratio", default, (0.1, 1.0))
}

const fn rule(
    id: &'static str,
    title: &'static str,
    sees: &'static str,
    settings: &'static [Setting],
) -> Rule {
    Rule {
        id,
        title,
        technique: "T1018",
        severity: Severity::Medium,
        most: Severity::High,
        sees,
        caveat: scan_host::CAVEAT,
        sources: scan_host::SOURCES,
        settings,
        tell: scan_host::tell,
    }
}

static TCP: Rule = rule(
    "scan.host.tcp_slow",
    "Slow TCP host scan",
    "8 different hosts failed within 4 hours on at most 4 ports, and none ever answered; if all came within a minute, a minute \
     later, and only if it is no fast scan",
    &[hosts(8.0), WINDOW, PORTS, share(1.0)],
);
static TCP_ACK: Rule = rule(
    "scan.host.tcp_ack_slow",
    "Slow TCP ACK host scan",
    "bare ACKs of no session to 20 different hosts within 4 hours on at most 4 ports, from one port or refused",
    &[hosts(20.0), WINDOW, PORTS, share(1.0)],
);
static UDP: Rule = rule(
    "scan.host.udp_slow",
    "Slow UDP host scan",
    "datagrams to 40 different hosts within 4 hours on at most 4 ports, from one port or refused, of which at least 9 of 10 failed",
    &[hosts(40.0), WINDOW, PORTS, share(0.9)],
);
static ICMP: Rule = rule(
    "scan.host.icmp_slow",
    "Slow ICMP sweep",
    "echo, timestamp or mask requests to 30 different hosts within 4 hours that did not answer, and at least 9 of 10 did not",
    &[hosts(30.0), WINDOW, share(0.9)],
);

pub(super) const ENTRY: Entry = Entry {
    rules: &[&TCP, &TCP_ACK, &UDP, &ICMP],
    wants: Moments::REFUSED.and(Moments::UNANSWERED).and(Moments::ANSWERED),
    make: |thresholds| Box::new(ScanSlow::new(thresholds)),
};

/// What each rule is of, and the fast one whose beginning it may be.
static FORMS: [(Kind, &Rule, &Rule); 4] = [
    (Kind::Tcp, &TCP, &scan_host::TCP),
    (Kind::Ack, &TCP_ACK, &scan_host::TCP_ACK),
    (Kind::Udp, &UDP, &scan_host::UDP),
    (Kind::Icmp, &ICMP, &scan_host::ICMP),
];

/// What a rule asks for.
#[derive(Clone, Copy)]
struct Limits {
    rule: &'static Rule,
    fast: &'static Rule,
    hosts: usize,
    window: Duration,
    most_ports: usize,
    failed_share: f64,
}

impl Limits {
    fn of(rule: &'static Rule, fast: &'static Rule, thresholds: &Thresholds) -> Self {
        Self {
            rule,
            fast,
            hosts: thresholds.count(rule, "hosts"),
            window: thresholds.seconds(rule, WINDOW.name),
            // Without such a setting any number is few.
            most_ports: thresholds.count(rule, PORTS.name),
            failed_share: thresholds.get(rule, "failed_share"),
        }
    }
}

/// What comes within this time may be a fast scan that has just begun.
const BURST: Duration = Duration::from_secs(60);

/// Sources that are remembered.
const MOST: usize = 2048;

/// How long a source is remembered after it failed last.
const AGE: Duration = Duration::from_secs(14_400);

/// Who tries what: a kind, a source, and the port it comes from where that tells tries apart, else 0.
type Scan = (Kind, IpAddr, u16);

/// Hosts that a source tried in hours.
#[derive(Clone, Copy, Default)]
struct Tried {
    failed: Counted<64>,
    ports: Window<5>,
    /// The service that failed last.
    last: Option<(IpAddr, u16)>,
    answered: u32,
    /// Whether it waits until a minute is over.
    waits: bool,
}

impl Tried {
    fn holds(&self, limits: &Limits, at: Timestamp) -> bool {
        let failed = self.failed.within(at, limits.window);
        let share = failed as f64 / (failed as f64 + f64::from(self.answered)).max(1.0);
        failed >= limits.hosts && share >= limits.failed_share && self.ports.len() <= limits.most_ports
    }
}

struct ScanSlow {
    /// Sources that tried one host so far.
    firsts: Firsts,
    tried: Tracker<Tried>,
    later: Later<Scan>,
    limits: [(Kind, Limits); FORMS.len()],
}

impl ScanSlow {
    fn new(thresholds: &Thresholds) -> Self {
        Self {
            firsts: Firsts::new(8 * MOST, AGE),
            tried: Tracker::new(MOST, AGE),
            later: Later::new(BURST),
            limits: FORMS.map(|(kind, rule, fast)| (kind, Limits::of(rule, fast, thresholds))),
        }
    }

    fn limits(&self, of: Kind) -> Option<Limits> {
        self.limits.iter().find(|(kind, _)| *kind == of).map(|(_, limits)| *limits)
    }

    fn answered(&mut self, scan: Scan, at: Timestamp, context: &Context<'_>) {
        let by = name(scan, context);
        if self.tried.find(by, at).is_some() || self.firsts.knows(by, at) {
            let tried = self.tried.entry(by, at, Tried::default);
            tried.answered = tried.answered.saturating_add(1);
        }
    }

    fn failed(&mut self, scan: Scan, session: &Session, event: &Event<'_>, context: &mut Context<'_>) {
        let (at, by) = (event.at, name(scan, context));
        let target = key(context.hasher, session.answerer.0);
        if self.tried.find(by, at).is_none() {
            let Some(first) = self.firsts.other(by, target, (at, event.frame())) else { return };
            self.tried.entry(by, at, Tried::default).failed.remember(first);
        }
        let Some(limits) = self.limits(scan.0) else { return };
        let tried = self.tried.entry(by, at, Tried::default);
        tried.failed.see(target, at, event.frame());
        if scan.0 != Kind::Icmp {
            tried.ports.see(u64::from(session.answerer.1), at, 0);
        }
        tried.last = Some(session.answerer);
        if tried.failed.len() < limits.hosts {
            return;
        }
        let first = tried.failed.since(at, limits.window).unwrap_or(at);
        if at.exceeds(first, BURST) {
            self.judge(scan, (at, event.frame()), context);
        } else if !tried.waits {
            tried.waits = self.later.put(scan, at);
        }
    }

    /// Whether it is a slow scan, as of the frame at hand or of none.
    fn judge(&mut self, scan: Scan, (at, frame): (Timestamp, u64), context: &mut Context<'_>) {
        let (Some(limits), source) = (self.limits(scan.0), scan.1) else { return };
        let Some(tried) = self.tried.find(name(scan, context), at) else { return };
        let group = Group::by(Party::host(source));
        let is_told = context.labels.is_excused(source, at) || context.book.has(limits.fast, group, at);
        if is_told || !tried.holds(&limits, at) {
            return;
        }
        let hosts = tried.failed.within(at, limits.window);
        let mut found = context.book.case(limits.rule, group, at);
        if found.fresh {
            found.since(tried.failed.since(at, limits.window).unwrap_or(at)).count(hosts as u64);
            found.frames(tried.failed.frames(at, limits.window));
        } else {
            found.count(1).frames([frame]);
        }
        if !tried.ports.is_empty() {
            let ports: Vec<String> = tried.ports.keys().map(|port| port.to_string()).collect();
            found.word("port", ports.join(", ").as_bytes());
        }
        if let Some((address, port)) = tried.last {
            found.target(Party { address, port: Some(port).filter(|_| scan.0 != Kind::Icmp) });
        }
        found.reached("hosts", tried.failed.different(), limits.hosts as f64);
        found.figure("window", limits.window.as_secs_f64());
        if scan.0 != Kind::Icmp && tried.ports.keys().all(|port| PEERS.contains(&(port as u16))) {
            found.at_most(Severity::Info).word("looks_like", b"a program that looks for peers");
        }
    }

    fn judge_later(&mut self, scan: Scan, at: Timestamp, context: &mut Context<'_>) {
        if let Some(tried) = self.tried.find(name(scan, context), at) {
            tried.waits = false;
        }
        self.judge(scan, (at, 0), context);
    }
}

fn name(scan: Scan, context: &Context<'_>) -> u64 {
    key(context.hasher, ("scan.slow", scan))
}

fn kind(session: &Session) -> Option<Kind> {
    if session.began != Began::Request {
        return scan_host::kind(session);
    }
    let asks_another = !is_group(session.answerer.0) && session.opener.0 != session.answerer.0;
    asks_another.then_some(Kind::Icmp)
}

impl Detector for ScanSlow {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let Some(session) = event.session else { return };
        let Some(kind) = kind(session) else { return };
        let (source, port) = session.opener;
        let has_port = matches!(kind, Kind::Ack | Kind::Udp);
        if event.is(Moments::ANSWERED) {
            self.answered((kind, source, 0), event.at, context);
            if has_port {
                self.answered((kind, source, port), event.at, context);
            }
        } else if !says_nothing(session, event, context) {
            let tells_apart = has_port && event.is(Moments::UNANSWERED);
            self.failed((kind, source, if tells_apart { port } else { 0 }), session, event, context);
        }
    }

    fn advance(&mut self, now: Timestamp, context: &mut Context<'_>) {
        while let Some((at, scan)) = self.later.due(now) {
            self.judge_later(scan, at, context);
        }
        self.tried.advance(now);
    }

    fn finish(&mut self, _: Timestamp, context: &mut Context<'_>) {
        while let Some((at, scan)) = self.later.rest() {
            self.judge_later(scan, at, context);
        }
    }
}

#[cfg(test)]
use super::scenes::{Scenario, Scene, ip};

#[cfg(test)]
const SCANNER: &str = "203.0.113.5";

#[cfg(test)]
type Probe = fn(&mut Scene, u8);

/// Hosts one after the other, with a wait in milliseconds between them.
#[cfg(test)]
fn tries(scene: &mut Scene, (n, gap): (u8, u64), probe: Probe) {
    for n in 1..=n {
        probe(scene, n);
        scene.wait(gap);
    }
}

#[cfg(test)]
fn host(n: u8) -> IpAddr {
    IpAddr::from([198, 51, 100, n])
}

#[cfg(test)]
fn syn(scene: &mut Scene, n: u8) {
    scene.bare_syn((ip(SCANNER), 50_000 + u16::from(n)), (host(n), 22));
}

#[cfg(test)]
fn ack(scene: &mut Scene, n: u8) {
    scene.tcp((ip(SCANNER), 50_000), (host(n), 80), capturer::TcpFlags::ACK, b"");
}

#[cfg(test)]
fn datagram(scene: &mut Scene, n: u8) {
    scene.udp((ip(SCANNER), 50_000), (host(n), 1434), b"?");
}

#[cfg(test)]
fn ping(scene: &mut Scene, n: u8) {
    scene.icmp(ip(SCANNER), host(n), (8, 0), b"abc");
}

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    fn from_many_ports(scene: &mut Scene, n: u8) {
        scene.tcp((ip(SCANNER), 50_000 + u16::from(n)), (host(n), 80), capturer::TcpFlags::ACK, b"");
    }
    fn answered(scene: &mut Scene, n: u8) {
        datagram(scene, n);
        scene.udp((host(n), 1434), (ip(SCANNER), 50_000), b"!");
    }
    /// Of six hosts that are watched one is down.
    fn watched(scene: &mut Scene, n: u8) {
        scene.echo((ip(SCANNER), host(n)), (n.into(), true), b"abcdefgh");
        if !n.is_multiple_of(6) {
            scene.echo((host(n), ip(SCANNER)), (n.into(), false), b"abcdefgh");
        }
    }
    &[
        Scenario {
            rule: TCP.id,
            positive: |scene| tries(scene, (8, 600_000), syn),
            negative: |scene| {
                scene.talk((ip(SCANNER), 40_000), (ip("198.51.100.200"), 443), (b"hello", b"welcome"));
                tries(scene, (7, 600_000), syn);
            },
        },
        Scenario {
            rule: TCP_ACK.id,
            positive: |scene| tries(scene, (20, 300_000), ack),
            negative: |scene| tries(scene, (200, 60_000), from_many_ports),
        },
        Scenario {
            rule: UDP.id,
            positive: |scene| tries(scene, (40, 60_000), datagram),
            negative: |scene| tries(scene, (200, 60_000), answered),
        },
        Scenario {
            rule: ICMP.id,
            positive: |scene| tries(scene, (30, 60_000), ping),
            negative: |scene| tries(scene, (240, 30_000), watched),
        },
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(n: u8, gap: u64, probe: Probe) -> Vec<&'static str> {
        let mut scene = Scene::new();
        tries(&mut scene, (n, gap), probe);
        scene.wait(120_000);
        scene.rules()
    }

    #[test]
    fn a_fast_scan_is_told_once_and_a_burst_of_few_hosts_still_is() {
        assert_eq!(rules(40, 500, syn), ["scan.host.tcp"]);
        assert_eq!(rules(10, 500, syn), [TCP.id]);
        assert_eq!(rules(12, 20_000, syn), [TCP.id]);
        for (probe, fast) in
            [(ack as Probe, "scan.host.tcp_ack"), (datagram, "scan.host.udp"), (ping, "scan.host.icmp")]
        {
            assert_eq!(rules(60, 500, probe), [fast]);
        }
    }

    #[test]
    fn a_threshold_may_be_set_as_high_as_its_range_says() {
        for (rule, probe) in [(&TCP, syn as Probe), (&TCP_ACK, ack), (&UDP, datagram), (&ICMP, ping)] {
            let mut thresholds = Thresholds::default();
            thresholds.set(rule.id, "hosts", 64.0).unwrap();
            let mut scene = Scene::new();
            scene.detection = super::super::Detection::new(&thresholds, 16 << 20);
            tries(&mut scene, (64, 60_000), probe);
            assert_eq!(scene.rules(), [rule.id]);
        }
    }
}
