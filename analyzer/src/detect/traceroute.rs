//! Somebody looks for the way: packets whose time to live runs out on the way, at one router after the other (RFC 792:
//! time exceeded). It is no attack, and must not be taken for a scan: its sender gets a label.

use std::time::Duration;

use capturer::{Timestamp, Transport};

use super::book::key;
use super::rule::{Rule, Thresholds, setting};
use super::tracker::{Tracker, Window};
use super::{Context, Detector, Entry, Event, Group, Label, Moments};
use crate::alert::{Party, Severity};

static TRACEROUTE: Rule = Rule {
    id: "discovery.traceroute",
    title: "Traceroute",
    technique: "T1590.004",
    severity: Severity::Info,
    most: Severity::Info,
    sees: "3 different routers that tell one host within 3 minutes that its packets to one destination ran out of time",
    caveat: "A routing loop looks the same.",
    sources: "Zeek misc/detect-traceroute (3 senders in 3 min)",
    settings: &[
        setting("routers", "different routers", 3.0, (2.0, 16.0)),
        setting("window", "s", 180.0, (1.0, 3600.0)),
    ],
    tell: |alert| format!("{} looked for the way to {}", alert.who(), alert.whom()),
};

pub(super) const ENTRY: Entry = Entry {
    rules: &[&TRACEROUTE],
    wants: Moments::ICMP,
    make: |thresholds: &Thresholds| {
        Box::new(Traceroute {
            ways: Tracker::new(1024, Duration::from_secs(900)),
            routers: thresholds.count(&TRACEROUTE, "routers"),
            window: thresholds.seconds(&TRACEROUTE, "window"),
        })
    },
};

struct Traceroute {
    /// Routers that answered, by source and destination.
    ways: Tracker<Window<16>>,
    routers: usize,
    window: Duration,
}

impl Detector for Traceroute {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let (Some(quoted), Transport::Icmp(icmp)) = (event.quoted, &event.packet.transport) else { return };
        if icmp.kind != if event.packet.source.is_ipv4() { 11 } else { 3 } {
            return;
        }
        let way = ("traceroute", quoted.source, quoted.destination);
        let routers = self.ways.entry(key(context.hasher, way), event.at, Window::default);
        routers.see(key(context.hasher, event.packet.source), event.at, event.packet.number);
        let seen = routers.within(event.at, self.window);
        if seen < self.routers {
            return;
        }
        context.labels.say(quoted.source, Label::Traceroute, event.at);
        let group = Group::between(Party::host(quoted.source), Party::host(quoted.destination));
        let mut found = context.book.case(&TRACEROUTE, group, event.at);
        found.count(1).frames(routers.frames(event.at, self.window));
        found.reached("routers", seen as f64, self.routers as f64);
    }

    fn advance(&mut self, now: Timestamp, _: &mut Context<'_>) {
        self.ways.advance(now);
    }
}

#[cfg(test)]
use super::scenes::{Scenario, Scene, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    /// A router says that a datagram of 192.0.2.7 to 203.0.113.9 ran out of time.
    fn exceeded(scene: &mut Scene, router: u8) {
        let mut quoted = [0; 28];
        (quoted[0], quoted[8], quoted[9]) = (0x45, 1, 17);
        quoted[12..16].copy_from_slice(&[192, 0, 2, 7]);
        quoted[16..20].copy_from_slice(&[203, 0, 113, 9]);
        scene.icmp([198, 51, 100, router].into(), ip("192.0.2.7"), (11, 0), &quoted);
        scene.wait(100);
    }
    &[Scenario {
        rule: "discovery.traceroute",
        positive: |scene| (1..8).for_each(|router| exceeded(scene, router)),
        negative: |scene| (1..8).for_each(|router| exceeded(scene, router % 2)),
    }]
};
