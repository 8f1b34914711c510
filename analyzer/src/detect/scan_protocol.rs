//! Protocol scans: one source tries which protocols over IP a host knows. Either the tries are seen, of protocols that are
//! neither TCP, UDP nor ICMP, or the host's answers that it knows none of them (RFC 792: code 2).

use std::time::Duration;

use capturer::{Protocol, Timestamp, Transport};

use super::book::key;
use super::different::Counted;
use super::rule::{Rule, setting};
use super::tracker::Tracker;
use super::{Context, Detector, Entry, Event, Group, Label, Moments};
use crate::alert::{Party, Severity};

static SCAN: Rule = Rule {
    id: "scan.ipproto",
    title: "IP protocol scan",
    technique: "T1046",
    severity: Severity::Medium,
    most: Severity::High,
    sees: "packets of 8 different protocols over IP to one host within a minute, TCP, UDP and ICMP aside, or 10 protocols that \
        one host calls unreachable",
    caveat: "Routers with many tunnels know many protocols, but hardly eight.",
    sources: "Snort port_scan (10 protocols), psad (5), nmap -sO",
    settings: &[
        setting("protocols", "different protocols", 8.0, (3.0, 64.0)),
        setting("refused", "protocols called unreachable", 10.0, (2.0, 64.0)),
        setting("window", "s", 60.0, (1.0, 3600.0)),
    ],
    tell: |alert| {
        let protocols = alert.figure("protocols").or(alert.figure("refused")).unwrap_or_default();
        format!("{} tried {protocols} protocols over IP on {}", alert.who(), alert.whom())
    },
};

pub(super) const ENTRY: Entry = Entry {
    rules: &[&SCAN],
    wants: Moments::OPENED.and(Moments::ICMP),
    make: |thresholds| {
        Box::new(ScanProtocol {
            tried: Tracker::new(512, Duration::from_secs(900)),
            protocols: thresholds.count(&SCAN, "protocols"),
            refused: thresholds.count(&SCAN, "refused"),
            window: thresholds.seconds(&SCAN, "window"),
        })
    },
};

/// What a source tried of a host.
#[derive(Clone, Copy, Default)]
struct Tried {
    protocols: Counted<64>,
    refused: Counted<64>,
}

struct ScanProtocol {
    tried: Tracker<Tried>,
    protocols: usize,
    refused: usize,
    window: Duration,
}

impl Detector for ScanProtocol {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let refused = event.quoted.filter(|_| is_unknown_protocol(event));
        let packet = refused.unwrap_or(event.packet);
        if refused.is_none() && (!event.is(Moments::OPENED) || is_common(packet.protocol)) {
            return;
        }
        let (source, target) = (packet.source, packet.destination);
        let tried =
            self.tried.entry(key(context.hasher, ("scan.ipproto", source, target)), event.at, Tried::default);
        let window = if refused.is_some() { &mut tried.refused } else { &mut tried.protocols };
        window.see(u64::from(packet.protocol.0), event.at, event.packet.number);
        let (name, enough) =
            if refused.is_some() { ("refused", self.refused) } else { ("protocols", self.protocols) };
        let seen = window.within(event.at, self.window);
        if seen < enough {
            return;
        }
        context.labels.say(source, Label::Scanner, event.at);
        let group = Group::between(Party::host(source), Party::host(target));
        let mut found = context.book.case(&SCAN, group, event.at);
        found.count(if found.fresh { seen as u64 } else { 1 });
        found.frames(window.frames(event.at, self.window)).reached(name, window.different(), enough as f64);
    }

    fn advance(&mut self, now: Timestamp, _: &mut Context<'_>) {
        self.tried.advance(now);
    }
}

fn is_unknown_protocol(event: &Event<'_>) -> bool {
    matches!(&event.packet.transport, Transport::Icmp(icmp) if (icmp.kind, icmp.code) == (3, 2))
}

const fn is_common(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::TCP | Protocol::UDP | Protocol::ICMP | Protocol::ICMPV6 | Protocol(0))
}

#[cfg(test)]
use super::scenes::{Scenario, Scene, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    fn tries(scene: &mut Scene, protocols: u8) {
        for n in 0..40 {
            let packet = capturer::Packet {
                source: ip("203.0.113.5"),
                destination: ip("192.0.2.80"),
                protocol: Protocol(40 + n % protocols),
                ..capturer::Packet::empty()
            };
            scene.send(&packet, b"");
        }
    }
    &[Scenario {
        rule: "scan.ipproto",
        positive: |scene| tries(scene, 10),
        negative: |scene| tries(scene, 6),
    }]
};
