//! Backscatter: somebody is attacked with forged sources, and answers those whose addresses were used. Who sends
//! SYN+ACKs, RSTs or ICMP errors that nobody asked for to several hosts is a victim elsewhere, no scanner.

use std::time::Duration;

use capturer::{Timestamp, Transport};

use super::book::key;
use super::rule::{Rule, Thresholds, setting};
use super::session::Began;
use super::tracker::{Tracker, Window};
use super::{Context, Detector, Entry, Event, Group, Label, Moments};
use crate::alert::{Alert, Party, Severity};

static BACKSCATTER: Rule = Rule {
    id: "backscatter",
    title: "Backscatter of an attack elsewhere",
    technique: "T1498",
    severity: Severity::Info,
    most: Severity::Info,
    sees: "10 SYN+ACKs or RSTs from one port of a host, or ICMP errors, of no known session to 3 different hosts within an hour",
    caveat: "When a capture begins, ends of sessions that were under way look the same.",
    sources: "scan-NG (10 hits, more than 2 peers, fixed source port); a capture of a day has 203 such sources",
    settings: &[
        setting("hits", "packets", 10.0, (3.0, 1e6)),
        setting("peers", "different hosts", 3.0, (2.0, 8.0)),
        setting("window", "s", 3600.0, (1.0, 86_400.0)),
    ],
    tell,
};

pub(super) const ENTRY: Entry = Entry {
    rules: &[&BACKSCATTER],
    wants: Moments::STRAY.and(Moments::ICMP).and(Moments::ONE_WAY),
    make: |thresholds| Box::new(Backscatter::new(thresholds)),
};

fn tell(alert: &Alert) -> String {
    format!(
        "{} answers hosts that asked nothing of it: it is most likely under attack with forged sources",
        alert.who()
    )
}

/// Whom a host answered unasked.
#[derive(Clone, Copy, Default)]
struct Answers {
    peers: Window<8>,
    hits: u32,
    since: Timestamp,
}

struct Backscatter {
    answers: Tracker<Answers>,
    hits: u32,
    peers: usize,
    window: Duration,
}

impl Backscatter {
    fn new(thresholds: &Thresholds) -> Self {
        let window = thresholds.seconds(&BACKSCATTER, "window");
        Self {
            answers: Tracker::new(4096, window),
            hits: thresholds.count(&BACKSCATTER, "hits") as u32,
            peers: thresholds.count(&BACKSCATTER, "peers"),
            window,
        }
    }
}

/// Whether a packet answers what was not asked.
fn is_unasked(event: &Event<'_>) -> bool {
    let Some(session) = event.session else { return false };
    match session.began {
        Began::SynAck => event.packet.tcp().is_some_and(|tcp| tcp.flags.is_syn_ack()),
        Began::Rst => event.from_opener,
        // Unreachable: of an exchange that was seen it would name a session.
        Began::Icmp => event.quoted.is_some() && is_unreachable(event),
        _ => false,
    }
}

fn is_unreachable(event: &Event<'_>) -> bool {
    let Transport::Icmp(icmp) = &event.packet.transport else { return false };
    icmp.kind == if event.packet.source.is_ipv4() { 3 } else { 1 }
}

impl Detector for Backscatter {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        if !is_unasked(event) {
            return;
        }
        let packet = event.packet;
        // An error of a router on the way tells of the destination that it quotes.
        let victim = event.quoted.map_or(packet.source, |quoted| quoted.destination);
        // What is attacked is a service: its answers come from one port.
        let port = packet.ports().map_or(0, |ports| ports.source);
        let by = key(context.hasher, ("backscatter", victim, port));
        let fresh = || Answers { since: event.at, ..Answers::default() };
        let answers = self.answers.entry(by, event.at, fresh);
        if answers.hits < self.hits && event.at.since(answers.since) > self.window {
            *answers = fresh();
        }
        answers.hits = answers.hits.saturating_add(1);
        answers.peers.see(key(context.hasher, packet.destination), event.at, packet.number);
        let peers = answers.peers.within(event.at, self.window);
        if answers.hits < self.hits || peers < self.peers {
            return;
        }
        context.labels.say(victim, Label::Backscatter, event.at);
        let mut found = context.book.case(&BACKSCATTER, Group::by(Party::host(victim)), event.at);
        if found.fresh {
            found.since(answers.since).count(u64::from(answers.hits));
            found.frames(answers.peers.frames(event.at, self.window));
        } else {
            found.count(1).frames([packet.number]);
        }
        found.target(Party::host(packet.destination));
        found.reached("hits", f64::from(answers.hits), f64::from(self.hits));
        found.reached("peers", peers as f64, self.peers as f64);
    }

    fn advance(&mut self, now: Timestamp, _: &mut Context<'_>) {
        self.answers.advance(now);
    }
}

#[cfg(test)]
use super::scenes::{SYN_ACK, Scenario, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = &[Scenario {
    rule: "backscatter",
    positive: |scene| {
        for n in 0..12u8 {
            scene.tcp((ip("203.0.113.80"), 80), ([192, 0, 2, n].into(), 5000), SYN_ACK, b"");
            scene.wait(20_000);
        }
    },
    negative: |scene| {
        for n in 0..12u8 {
            scene.connect(([192, 0, 2, n].into(), 5000), (ip("203.0.113.80"), 80));
            scene.tcp((ip("203.0.113.81"), 80), (ip("192.0.2.1"), 5000 + u16::from(n)), SYN_ACK, b"");
        }
    },
}];
