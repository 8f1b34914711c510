//! Heartbleed (CVE-2014-0160): a heartbeat that says it has more than it has, and is answered with the server's memory.

use std::time::Duration;

use capturer::Timestamp;

use super::book::key;
use super::readers::heartbeat;
use super::rule::Rule;
use super::tracker::Tracker;
use super::{Context, Detector, Entry, Event, Group, Moments};
use crate::alert::{Party, Severity};

static RULE: Rule = Rule {
    id: "exploit.heartbleed",
    title: "Heartbleed (CVE-2014-0160)",
    technique: "T1190",
    severity: Severity::High,
    most: Severity::Critical,
    sees: "a TLS heartbeat request whose payload and padding do not fit its record; critical when an answer comes that is \
        larger than the request",
    caveat: "Heartbeats within encryption are not seen; the first byte of one may look like this, once in 256.",
    sources: "RFC 6520 §4, CVE-2014-0160",
    settings: &[],
    tell: |alert| {
        let and = if alert.figure("answer").is_some() { ", and got more than it sent" } else { "" };
        format!("{} tried Heartbleed on {}{and}", alert.who(), alert.whom())
    },
};

pub(super) const ENTRY: Entry =
    Entry { rules: &[&RULE], wants: Moments::TLS, make: |_| Box::new(Heartbleed::new()) };

struct Heartbleed {
    /// Lengths of records that lied, by session.
    asked: Tracker<u16>,
}

impl Heartbleed {
    fn new() -> Self {
        Self { asked: Tracker::new(512, Duration::from_secs(60)) }
    }
}

impl Detector for Heartbleed {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let Some(heartbeat) = heartbeat::read(event.payload) else { return };
        let ports = event.packet.ports().unwrap_or_default();
        let (from, to) = ((event.packet.source, ports.source), (event.packet.destination, ports.destination));
        if heartbeat.asks && heartbeat.lies() {
            *self.asked.entry(key(context.hasher, (from, to)), event.at, || 0) = heartbeat.record;
            let group = Group::between(Party::host(from.0), Party::service(to.0, to.1));
            let mut case = context.book.case(&RULE, group, event.at);
            case.count(1).frames([event.frame()]).figure("declared", f64::from(heartbeat.declared));
            case.figure("record", f64::from(heartbeat.record));
            return;
        }
        let asked = self.asked.find(key(context.hasher, (to, from)), event.at).copied();
        if asked.is_some_and(|asked| !heartbeat.asks && heartbeat.record > asked) {
            let group = Group::between(Party::host(to.0), Party::service(from.0, from.1));
            let mut case = context.book.case(&RULE, group, event.at);
            case.frames([event.frame()]).figure("answer", f64::from(heartbeat.record));
            case.severity(Severity::Critical);
        }
    }

    fn advance(&mut self, now: Timestamp, _: &mut Context<'_>) {
        self.asked.advance(now);
    }
}

#[cfg(test)]
use super::scenes::{Scenario, Scene, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    fn beat(scene: &mut Scene, request: &[u8]) {
        let answer = [&[24, 3, 3, 0x40, 0, 2, 0x3f, 0xed][..], &[7; 1000]].concat();
        scene.talk((ip("203.0.113.5"), 50_000), (ip("192.0.2.1"), 443), (request, &answer));
    }
    &[Scenario {
        rule: "exploit.heartbleed",
        positive: |scene| beat(scene, &[24, 3, 3, 0, 3, 1, 0x40, 0]),
        negative: |scene| beat(scene, &[&[24, 3, 3, 0, 35, 1, 0, 16][..], &[0; 32]].concat()),
    }]
};
