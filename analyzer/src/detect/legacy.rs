//! The three rules of TSA Packet Analyzer, with its figures as settings: who sends far more SYNs than ACKs, who sends far
//! more SYN+ACKs than ACKs, and who receives far more DNS responses than it sent queries.
//!
//! Theirs count in the last 20 000 packets; here they count within a window of time. Of bulk traffic, which reaches no
//! rule, the ACKs are not counted; each connection counts for at least one, which is enough to tell.

use std::net::IpAddr;

use capturer::{Protocol, TcpFlags, Timestamp};

use super::book::key;
use super::rule::{Rule, Setting, Thresholds, setting};
use super::session::{Began, Session};
use super::sets::Sets;
use super::{Context, Detector, Entry, Event, Group, Moments};
use crate::alert::{Alert, Party, Severity};
use crate::flow::bits;

const SETTINGS: &[Setting] = &[
    setting("packets", "packets", 1000.0, (10.0, 1e7)),
    setting("times", "ratio", 5.0, (1.0, 1000.0)),
    setting("window", "s", 300.0, (1.0, 86_400.0)),
];

const fn rule(
    (id, title): (&'static str, &'static str),
    technique: &'static str,
    sees: &'static str,
    tell: fn(&Alert) -> String,
) -> Rule {
    Rule {
        id,
        title,
        technique,
        severity: Severity::Low,
        most: Severity::Medium,
        sees,
        caveat: "It counts packets only: the rules of the families flood, scan and amp tell more.",
        sources: "TSA Packet Analyzer, analyzer/security.py: more than 1000, and more than 5 times as many",
        settings: SETTINGS,
        tell,
    }
}

static SYNS: Rule = rule(
    ("legacy.syn_ack_ratio", "More SYNs than ACKs"),
    "T1499.002",
    "a host that sent more than 1000 SYNs within 5 minutes, and more than 5 times as many as ACKs",
    |alert| format!("{} sent {} SYNs and {} ACKs", alert.who(), seen(alert), rest(alert)),
);
static SYN_ACKS: Rule = rule(
    ("legacy.synack_ack_ratio", "More SYN+ACKs than ACKs"),
    "T1499.002",
    "a host that sent more than 1000 SYN+ACKs within 5 minutes, and more than 5 times as many as ACKs: a victim of SYNs",
    |alert| format!("{} sent {} SYN+ACKs and {} ACKs", alert.whom(), seen(alert), rest(alert)),
);
static RESPONSES: Rule = rule(
    ("legacy.dns_response_ratio", "More DNS responses than queries"),
    "T1498.002",
    "a host that received more than 1000 DNS responses within 5 minutes, and more than 5 times as many as it sent queries",
    |alert| format!("{} received {} DNS responses to {} queries", alert.whom(), seen(alert), rest(alert)),
);

fn seen(alert: &Alert) -> f64 {
    alert.figure("packets").unwrap_or_default()
}

fn rest(alert: &Alert) -> f64 {
    alert.figure("opposite").unwrap_or_default()
}

pub(super) const ENTRY: Entry = Entry {
    rules: &[&SYNS, &SYN_ACKS, &RESPONSES],
    wants: Moments::OPENED
        .and(Moments::ONE_WAY)
        .and(Moments::STRAY)
        .and(Moments::ACCEPTED)
        .and(Moments::ESTABLISHED)
        .and(Moments::DNS)
        .and(Moments::ENDED),
    make: |thresholds| Box::new(Legacy::new(thresholds)),
};

/// What a rule counts, and what it is compared with.
#[derive(Clone, Copy, Debug)]
enum Pair {
    Syn = 0,
    SynAck = 1,
    Response = 2,
}

/// A host's packets of late: of each pair what the rule counts, and the opposite.
#[derive(Clone, Copy, Default)]
struct Counts {
    seen: [u32; 3],
    opposite: [u32; 3],
    since: Timestamp,
}

struct Legacy {
    hosts: Sets<Counts>,
    limits: [(&'static Rule, f64, f64, std::time::Duration); 3],
}

/// Hosts that are remembered.
const MOST: usize = 4096;

impl Legacy {
    fn new(thresholds: &Thresholds) -> Self {
        let of = |rule: &'static Rule| {
            let get = |name| thresholds.get(rule, name);
            (rule, get("packets"), get("times"), thresholds.seconds(rule, "window"))
        };
        let limits = [of(&SYNS), of(&SYN_ACKS), of(&RESPONSES)];
        let longest = limits.iter().map(|limits| limits.3).max().unwrap_or_default();
        Self { hosts: Sets::new(MOST, longest), limits }
    }

    fn counts(&mut self, host: IpAddr, event: &Event<'_>, context: &Context<'_>) -> &mut Counts {
        let window = self.limits[0].3;
        let fresh = || Counts { since: event.at, ..Counts::default() };
        let counts = self.hosts.entry(key(context.hasher, bits(host)), event.at, fresh);
        if event.at.exceeds(counts.since, window) {
            *counts = fresh();
        }
        counts
    }

    fn seen(&mut self, pair: Pair, host: IpAddr, event: &Event<'_>, context: &mut Context<'_>) {
        let (rule, packets, times, _) = self.limits[pair as usize];
        let counts = self.counts(host, event, context);
        counts.seen[pair as usize] += 1;
        let (seen, opposite) = (counts.seen[pair as usize], counts.opposite[pair as usize]);
        if f64::from(seen) <= packets || f64::from(seen) <= times * f64::from(opposite) {
            return;
        }
        let party = Party::host(host);
        let group = if matches!(pair, Pair::Syn) { Group::by(party) } else { Group::on(party) };
        let since = counts.since;
        let mut found = context.book.case(rule, group, event.at);
        let n = if found.fresh { u64::from(seen) } else { 1 };
        found.since(since).count(n).frames([event.packet.number]);
        found.reached("packets", f64::from(seen), packets).figure("opposite", f64::from(opposite));
    }

    fn opposite(&mut self, pairs: &[Pair], host: IpAddr, event: &Event<'_>, context: &Context<'_>) {
        let counts = self.counts(host, event, context);
        for &pair in pairs {
            counts.opposite[pair as usize] += 1;
        }
    }

    fn tcp(&mut self, session: &Session, event: &Event<'_>, context: &mut Context<'_>) {
        let (opener, answerer) = (session.opener.0, session.answerer.0);
        let flags = event.packet.tcp().map(|tcp| tcp.flags).unwrap_or_default();
        if event.from_opener && flags.is_syn() && session.began == Began::Syn {
            if context.labels.is_forged(session.service(), event.at) {
                return;
            }
            return self.seen(Pair::Syn, opener, event, context);
        }
        if !event.from_opener && flags.is_syn_ack() {
            return self.seen(Pair::SynAck, answerer, event, context);
        }
        if event.is(Moments::ESTABLISHED.and(Moments::ENDED)) {
            self.opposite(&[Pair::Syn], opener, event, context);
            self.opposite(&[Pair::SynAck], answerer, event, context);
        } else if event.is(Moments::ONE_WAY) && session.began == Began::Syn && flags.has(TcpFlags::ACK) {
            // Of a session of which only the opener is captured, each ACK counts.
            self.opposite(&[Pair::Syn], opener, event, context);
        }
    }

    fn dns(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let ports = event.packet.ports().unwrap_or_default();
        if ports.source == 53 {
            self.seen(Pair::Response, event.packet.destination, event, context);
        } else if ports.destination == 53 {
            self.opposite(&[Pair::Response], event.packet.source, event, context);
        }
    }
}

impl Detector for Legacy {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let Some(session) = event.session else { return };
        match session.protocol {
            Protocol::TCP => self.tcp(session, event, context),
            Protocol::UDP if event.is(Moments::DNS) => self.dns(event, context),
            _ => {}
        }
    }
}

#[cfg(test)]
use super::scenes::{SYN_ACK, Scenario, Scene, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    type Ends = ((IpAddr, u16), (IpAddr, u16));
    fn many(scene: &mut Scene, server: u16, send: fn(&mut Scene, Ends)) {
        for n in 0..1500u16 {
            send(scene, ((ip("192.0.2.7"), 20_000 + n), (ip("203.0.113.66"), server)));
            scene.wait(100);
        }
    }
    &[
        Scenario {
            rule: "legacy.syn_ack_ratio",
            positive: |scene| many(scene, 80, |scene, (from, to)| scene.tcp(from, to, TcpFlags::SYN, b"")),
            negative: |scene| {
                many(scene, 80, |scene, (from, to)| scene.connect(from, to));
                many(scene, 81, |scene, (from, to)| {
                    scene.tcp(from, to, TcpFlags::SYN, b"");
                    scene.tcp(from, to, TcpFlags::ACK, b"");
                });
            },
        },
        Scenario {
            rule: "legacy.synack_ack_ratio",
            positive: |scene| many(scene, 80, |scene, (from, to)| scene.tcp(to, from, SYN_ACK, b"")),
            negative: |scene| many(scene, 80, |scene, (from, to)| scene.connect(from, to)),
        },
        Scenario {
            rule: "legacy.dns_response_ratio",
            positive: |scene| many(scene, 53, |scene, (from, to)| scene.udp(to, from, b"!")),
            negative: |scene| {
                many(scene, 53, |scene, (from, to)| {
                    scene.udp(from, to, b"?");
                    scene.udp(to, from, b"!");
                });
            },
        },
    ]
};
