//! ARP floods: a station asks for the same few addresses all the time (a storm), or messages come from more stations than
//! a link has (as macof sends them to fill the tables of switches). Who asks for many addresses once sweeps.

use std::time::Duration;

use capturer::{Timestamp, Transport};

use super::book::key;
use super::rule::{Rule, setting};
use super::surge::Surge;
use super::tracker::Tracker;
use super::{Context, Detector, Entry, Event, Group, Moments};
use crate::alert::{Alert, Party, Severity};

static FLOOD: Rule = Rule {
    id: "flood.arp",
    title: "ARP flood",
    technique: "T1499",
    severity: Severity::Medium,
    most: Severity::High,
    sees: "300 ARP messages within a second on one link, from at least 100 senders, or about few addresses and half as many from one \
        station",
    caveat: "A loop in the network copies messages and looks the same.",
    sources: "DETECTION; a sweep of 503 addresses in 1.5 s is none",
    settings: &[
        setting("rate", "messages/s", 300.0, (10.0, 1e7)),
        setting("senders", "different senders", 100.0, (10.0, 1e6)),
    ],
    tell,
};

pub(super) const ENTRY: Entry = Entry {
    rules: &[&FLOOD],
    wants: Moments::ARP,
    make: |thresholds| {
        Box::new(FloodArp {
            links: Tracker::new(64, Duration::from_secs(60)),
            rate: thresholds.get(&FLOOD, "rate"),
            senders: thresholds.get(&FLOOD, "senders"),
        })
    },
};

fn tell(alert: &Alert) -> String {
    let rate = alert.figure("rate").unwrap_or_default();
    format!("{} sent {rate} ARP messages a second", alert.who())
}

/// Messages of a link: who asks, and for what.
#[derive(Clone, Copy, Default)]
struct Link {
    senders: Surge,
    targets: Surge,
    told: bool,
}

struct FloodArp {
    links: Tracker<Link>,
    rate: f64,
    senders: f64,
}

impl Detector for FloodArp {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let packet = event.packet;
        if !matches!(packet.transport, Transport::Arp(_)) {
            return;
        }
        let by = key(context.hasher, ("flood.arp", packet.vlan.id()));
        let link = self.links.entry(by, event.at, Link::default);
        if !link.told {
            link.senders.renew(event.at);
            link.targets.renew(event.at);
        }
        let pace = link.senders.add(event.at, (packet.source, 0), context.hasher);
        link.senders.keep(packet.number);
        link.targets.add(event.at, (packet.destination, 0), context.hasher);
        let pace = f64::from(pace.second);
        if !link.told && (pace < self.rate || !holds(link, pace, (self.rate, self.senders))) {
            return;
        }
        let mut found = context.book.case(&FLOOD, Group::default(), event.at);
        if std::mem::replace(&mut link.told, true) {
            found.count(1).frames([packet.number]);
        } else {
            link.senders.begin(&mut found);
            link.senders.sources.busiest().take(1).for_each(|source| {
                found.source(Party::host(source));
            });
            found.figure("senders", link.senders.sources.distinct());
        }
        found.reached("rate", link.senders.rate(), self.rate);
    }

    fn advance(&mut self, now: Timestamp, _: &mut Context<'_>) {
        self.links.advance(now);
    }
}

/// More senders than a link has, or few addresses asked for again and again: by one above all, as many hosts that each ask once a second
/// for a peer that is gone are no flood.
fn holds(link: &Link, pace: f64, (rate, senders): (f64, f64)) -> bool {
    let (targets, total) = (link.targets.sources.distinct(), f64::from(link.targets.total));
    let of_one = pace * f64::from(link.senders.sources.most()) / total.max(1.0);
    let storms = total >= rate && targets * 4.0 < total && of_one * 2.0 >= rate;
    link.senders.sources.distinct() >= senders || storms
}

#[cfg(test)]
use super::scenes::{Scenario, Scene, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    fn ask(scene: &mut Scene, target: [u8; 4]) {
        scene.arp(1, (ip("192.0.2.66"), 66), (target.into(), 0));
    }
    &[Scenario {
        rule: "flood.arp",
        positive: |scene| (0..600).for_each(|_| ask(scene, [192, 0, 2, 1])),
        // A sweep as fast.
        negative: |scene| (0..600u16).for_each(|n| ask(scene, [198, 18, (n >> 8) as u8, n as u8])),
    }]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_look_for_peers_that_are_gone_are_no_flood_even_where_each_frame_is_captured_twice() {
        let mut scene = Scene::new();
        for _ in 0..20 {
            for host in 1..=30u8 {
                for gone in 101..=106u8 {
                    for _copy in 0..2 {
                        scene.arp(1, ([192, 0, 2, host].into(), host), ([192, 0, 2, gone].into(), 0));
                    }
                }
                scene.wait(33);
            }
        }
        assert!(scene.rules().is_empty(), "{:?}", scene.rules());
    }

    #[test]
    fn a_flood_is_one_among_what_others_ask() {
        let mut scene = Scene::new();
        for turn in 0..1000u16 {
            scene.arp(1, (ip("192.0.2.66"), 66), (ip("192.0.2.1"), 0));
            if turn % 10 == 0 {
                let host = 1 + (turn / 10 % 30) as u8;
                scene.arp(1, ([192, 0, 2, host].into(), host), (ip("192.0.2.254"), 0));
            }
            scene.wait(2);
        }
        assert_eq!(scene.rules(), ["flood.arp"]);
    }
}
