//! Slow host scans: one source fails at host after host for hours, on few ports, and nobody ever answers. So few are enough that a
//! fast scan reaches them on its way: what comes within a minute is looked at after it, and left to [`super::scan_host`] if that
//! spoke.

use std::net::IpAddr;
use std::time::Duration;

use capturer::Timestamp;

use super::book::key;
use super::different::Counted;
use super::firsts::Firsts;
use super::later::Later;
use super::rule::{Rule, Thresholds, setting};
use super::scan_host::{self, PEERS, says_nothing};
use super::session::{Began, Session, is_group};
use super::tracker::{Tracker, Window};
use super::{Context, Detector, Entry, Event, Group, Moments};
use crate::alert::{Party, Severity};

static SLOW: Rule = Rule {
    id: "scan.host.tcp_slow",
    title: "Slow TCP host scan",
    technique: "T1018",
    severity: Severity::Medium,
    most: Severity::High,
    sees: "8 different hosts failed within 4 hours on at most 4 ports, and none ever answered; if all came within a minute, a minute \
        later, and only if it is no fast scan",
    caveat: scan_host::CAVEAT,
    sources: scan_host::SOURCES,
    settings: &[
        setting("hosts", "different hosts that failed", 8.0, (3.0, 64.0)),
        setting("window", "s", 14_400.0, (60.0, 86_400.0)),
        setting("most_ports", "different ports", 4.0, (1.0, 4.0)),
    ],
    tell: scan_host::tell,
};

pub(super) const ENTRY: Entry = Entry {
    rules: &[&SLOW],
    wants: Moments::REFUSED.and(Moments::UNANSWERED).and(Moments::ANSWERED),
    make: |thresholds| Box::new(ScanSlow::new(thresholds)),
};

/// What comes within this time may be a fast scan that has just begun.
const BURST: Duration = Duration::from_secs(60);

/// Sources that are remembered.
const MOST: usize = 4096;

/// Hosts that a source tried in hours, with no answer at all.
#[derive(Clone, Copy, Default)]
struct Tried {
    failed: Counted<32>,
    ports: Window<5>,
    /// The service that failed last.
    last: Option<(IpAddr, u16)>,
    answered: bool,
    /// Whether it waits until a minute is over.
    waits: bool,
}

struct ScanSlow {
    /// Sources that tried one host so far.
    firsts: Firsts,
    tried: Tracker<Tried>,
    later: Later<IpAddr>,
    hosts: usize,
    window: Duration,
    most_ports: usize,
}

impl ScanSlow {
    fn new(thresholds: &Thresholds) -> Self {
        let window = thresholds.seconds(&SLOW, "window");
        Self {
            firsts: Firsts::new(4 * MOST, window),
            tried: Tracker::new(MOST, window),
            later: Later::new(BURST),
            hosts: thresholds.count(&SLOW, "hosts"),
            window,
            most_ports: thresholds.count(&SLOW, "most_ports"),
        }
    }

    fn answered(&mut self, source: IpAddr, at: Timestamp, context: &Context<'_>) {
        let by = of(source, context);
        if self.tried.find(by, at).is_some() || self.firsts.knows(by, at) {
            self.tried.entry(by, at, Tried::default).answered = true;
        }
    }

    fn failed(&mut self, session: &Session, event: &Event<'_>, context: &mut Context<'_>) {
        let (source, at) = (session.opener.0, event.at);
        let (by, target) = (of(source, context), key(context.hasher, session.answerer.0));
        if self.tried.find(by, at).is_none() {
            let Some(first) = self.firsts.other(by, target, (at, event.frame())) else { return };
            self.tried.entry(by, at, Tried::default).failed.remember(first);
        }
        let tried = self.tried.entry(by, at, Tried::default);
        tried.failed.see(target, at, event.frame());
        tried.ports.see(u64::from(session.answerer.1), at, 0);
        tried.last = Some(session.answerer);
        let first = tried.failed.since(at, self.window).unwrap_or(at);
        if at.exceeds(first, BURST) {
            self.judge(source, (at, event.frame()), context);
        } else if !tried.waits && tried.failed.len() >= self.hosts {
            tried.waits = self.later.put(source, at);
        }
    }

    /// Whether it is a slow scan, as of the frame at hand or of none.
    fn judge(&mut self, source: IpAddr, (at, frame): (Timestamp, u64), context: &mut Context<'_>) {
        let Some(tried) = self.tried.find(of(source, context), at) else { return };
        let hosts = tried.failed.within(at, self.window);
        let group = Group::by(Party::host(source));
        if hosts < self.hosts
            || tried.ports.len() > self.most_ports
            || tried.answered
            || context.labels.is_excused(source, at)
            || context.book.has(&scan_host::TCP, group, at)
        {
            return;
        }
        let mut found = context.book.case(&SLOW, group, at);
        if found.fresh {
            found.since(tried.failed.since(at, self.window).unwrap_or(at)).count(hosts as u64);
            found.frames(tried.failed.frames(at, self.window));
            let ports: Vec<String> = tried.ports.keys().map(|port| port.to_string()).collect();
            found.word("port", ports.join(", ").as_bytes());
        } else {
            found.count(1).frames([frame]);
        }
        if let Some((address, port)) = tried.last {
            found.target(Party::service(address, port));
        }
        found.reached("hosts", tried.failed.different(), self.hosts as f64);
        found.figure("window", self.window.as_secs_f64());
        if tried.ports.keys().all(|port| PEERS.contains(&(port as u16))) {
            found.at_most(Severity::Info).word("looks_like", b"a program that looks for peers");
        }
    }

    fn judge_later(&mut self, source: IpAddr, at: Timestamp, context: &mut Context<'_>) {
        if let Some(tried) = self.tried.find(of(source, context), at) {
            tried.waits = false;
        }
        self.judge(source, (at, 0), context);
    }
}

fn of(source: IpAddr, context: &Context<'_>) -> u64 {
    key(context.hasher, ("scan.slow", source))
}

impl Detector for ScanSlow {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let Some(session) = event.session else { return };
        let (source, target) = (session.opener.0, session.answerer.0);
        if session.began != Began::Syn || is_group(target) || source == target {
            return;
        }
        if event.is(Moments::ANSWERED) {
            self.answered(source, event.at, context);
        } else if !says_nothing(session, event, context) {
            self.failed(session, event, context);
        }
    }

    fn advance(&mut self, now: Timestamp, context: &mut Context<'_>) {
        while let Some((at, source)) = self.later.due(now) {
            self.judge_later(source, at, context);
        }
        self.tried.advance(now);
    }

    fn finish(&mut self, _: Timestamp, context: &mut Context<'_>) {
        while let Some((at, source)) = self.later.rest() {
            self.judge_later(source, at, context);
        }
    }
}

#[cfg(test)]
use super::scenes::{Scenario, Scene, ip};

#[cfg(test)]
const SCANNER: &str = "203.0.113.5";

/// Hosts one after the other, with a wait in milliseconds between them.
#[cfg(test)]
fn hosts(scene: &mut Scene, (n, gap): (u8, u64)) {
    for n in 1..=n {
        scene.bare_syn((ip(SCANNER), 50_000 + u16::from(n)), (IpAddr::from([198, 51, 100, n]), 22));
        scene.wait(gap);
    }
}

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = &[Scenario {
    rule: SLOW.id,
    positive: |scene| hosts(scene, (8, 600_000)),
    negative: |scene| {
        scene.talk((ip(SCANNER), 40_000), (ip("198.51.100.200"), 443), (b"hello", b"welcome"));
        hosts(scene, (7, 600_000));
    },
}];

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(n: u8, gap: u64) -> Vec<&'static str> {
        let mut scene = Scene::new();
        hosts(&mut scene, (n, gap));
        scene.wait(120_000);
        scene.rules()
    }

    #[test]
    fn a_fast_scan_is_told_once_and_a_burst_of_few_hosts_still_is() {
        assert_eq!(rules(40, 500), ["scan.host.tcp"]);
        assert_eq!(rules(10, 500), [SLOW.id]);
        assert_eq!(rules(12, 20_000), [SLOW.id]);
    }
}
