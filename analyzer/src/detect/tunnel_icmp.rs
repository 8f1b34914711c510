//! Tunnels in echo messages. A ping sends the same bytes each time, some with a clock in front, and the answer is what was
//! sent; a tunnel sends other bytes each time, and its answers are others still.

use std::net::IpAddr;
use std::time::Duration;

use capturer::{Protocol, Timestamp, Transport};

use super::book::key;
use super::different::Counted;
use super::rule::{Rule, Setting, Thresholds, setting};
use super::tracker::{Rate, Tracker};
use super::{Context, Detector, Entry, Event, Group, Moments};
use crate::alert::{Party, Severity};

const MESSAGES: Setting = setting("messages", "echo messages with different payloads", 20.0, (5.0, 64.0));
const WINDOW: Setting = setting("window", "s", 60.0, (1.0, 3600.0));
const DIFFER: Setting =
    setting("differ", "answers that are not what was sent, or answer nothing", 10.0, (2.0, 1e6));
const ALONE: Setting =
    setting("one_way", "messages with different payloads where answers are faithful", 48.0, (10.0, 64.0));

static RULE: Rule = Rule {
    id: "tunnel.icmp",
    title: "Tunnel through ICMP echo",
    technique: "T1095",
    severity: Severity::Medium,
    most: Severity::High,
    sees: "20 echo messages with different payloads between two hosts within a minute, of which 10 answers are not what was \
        sent; low from 48 different payloads where the answers are faithful, as when data is only sent out",
    caveat: "Tools that measure with random payloads.",
    sources: "RFC 792; ptunnel, icmptunnel and icmpsh as documented; Suricata's large ICMP",
    settings: &[MESSAGES, WINDOW, DIFFER, ALONE],
    tell: |alert| format!("{} and {} exchange data in echo messages", alert.who(), alert.whom()),
};

pub(super) const ENTRY: Entry =
    Entry { rules: &[&RULE], wants: Moments::ICMP, make: |thresholds| Box::new(Tunnel::new(thresholds)) };

/// Bytes in front that may be a clock, and bytes behind that are compared.
const CLOCK: usize = 16;
const COMPARED: usize = 256;

/// Echo messages between two hosts.
#[derive(Clone, Copy, Default)]
struct Echoes {
    payloads: Counted<64>,
    /// Identifier, sequence number and payload of the last request.
    asked: Option<(u16, u16, u64)>,
    differ: Rate,
    told: bool,
}

struct Tunnel {
    echoes: Tracker<Echoes>,
    window: Duration,
    messages: usize,
    differ: u32,
    alone: usize,
}

impl Tunnel {
    fn new(thresholds: &Thresholds) -> Self {
        let window = thresholds.seconds(&RULE, WINDOW.name);
        Self {
            echoes: Tracker::new(1024, window * 2),
            window,
            messages: thresholds.count(&RULE, MESSAGES.name),
            differ: thresholds.count(&RULE, DIFFER.name) as u32,
            alone: thresholds.count(&RULE, ALONE.name),
        }
    }
}

/// `Some(true)` for an echo request, `Some(false)` for a reply.
fn asks(protocol: Protocol, kind: u8) -> Option<bool> {
    match (protocol, kind) {
        (Protocol::ICMP, 8) | (Protocol::ICMPV6, 128) => Some(true),
        (Protocol::ICMP, 0) | (Protocol::ICMPV6, 129) => Some(false),
        _ => None,
    }
}

/// Whether a reply has a number that its asker has not come to: it answers nothing.
fn is_ahead((identifier, number, _): (u16, u16, u64), (asked, last): (u16, u16)) -> bool {
    identifier == asked && (1..0x8000).contains(&number.wrapping_sub(last))
}

impl Detector for Tunnel {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let Transport::Icmp(icmp) = &event.packet.transport else { return };
        let Some(asks) = asks(event.packet.protocol, icmp.kind) else { return };
        let Some(data) = event.payload.get(CLOCK..).filter(|data| !data.is_empty()) else { return };
        let (source, target) = (event.packet.source, event.packet.destination);
        let ends = if asks { (source, target) } else { (target, source) };
        // Longer and shorter pieces of one pattern are the same.
        let pattern = data.get(..32).unwrap_or(data);
        let pattern = key(context.hasher, ("pattern", asks, pattern));
        let whole = key(context.hasher, event.payload.get(..COMPARED).unwrap_or(event.payload));
        let echoes = self.echoes.entry(key(context.hasher, ("tunnel.icmp", ends)), event.at, Echoes::default);
        echoes.payloads.see(pattern, event.at, event.frame());
        let message = (icmp.identifier, icmp.sequence, whole);
        if asks {
            echoes.asked = Some(message);
        } else if echoes.asked != Some(message) {
            // The answer to an older request says nothing, if its number is another.
            let known = echoes.asked.is_some_and(|(id, number, _)| (id, number) == (message.0, message.1));
            let unasked = echoes.asked.is_none_or(|(id, number, _)| is_ahead(message, (id, number)));
            echoes.differ.add(event.at, self.window, u32::from(known || unasked));
        }
        let payloads = echoes.payloads.within(event.at, self.window);
        let differ = echoes.differ.most();
        if (payloads >= self.messages && differ >= self.differ) || payloads >= self.alone {
            self.raise(ends, (payloads, differ), event, context);
        }
    }

    fn advance(&mut self, now: Timestamp, _: &mut Context<'_>) {
        self.echoes.advance(now);
    }
}

impl Tunnel {
    fn raise(
        &mut self,
        ends: (IpAddr, IpAddr),
        (payloads, differ): (usize, u32),
        event: &Event<'_>,
        context: &mut Context<'_>,
    ) {
        let of = key(context.hasher, ("tunnel.icmp", ends));
        let Some(echoes) = self.echoes.find(of, event.at) else { return };
        let group = Group::between(Party::host(ends.0), Party::host(ends.1));
        let mut case = context.book.case(&RULE, group, event.at);
        if std::mem::replace(&mut echoes.told, true) && !case.fresh {
            case.count(1).frames([event.frame()]);
        } else {
            case.count(payloads as u64).frames(echoes.payloads.frames(event.at, self.window));
            case.since(echoes.payloads.since(event.at, self.window).unwrap_or(event.at));
        }
        case.figure("window", self.window.as_secs_f64()).figure("differ", f64::from(differ));
        if differ >= self.differ {
            case.severity(Severity::Medium).reached(
                "messages",
                echoes.payloads.different(),
                self.messages as f64,
            );
        } else {
            case.reached("one_way", echoes.payloads.different(), self.alone as f64).at_most(Severity::Low);
        }
    }
}

#[cfg(test)]
use super::scenes::{Scenario, Scene, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    fn echo(scene: &mut Scene, n: u8, differ: bool) {
        let (from, to) = (ip("192.0.2.7"), ip("203.0.113.5"));
        let sent = if differ { [n; 64] } else { [7; 64] };
        let answer = if differ { [n | 0x80; 64] } else { sent };
        scene.echo((from, to), (u16::from(n), true), &sent);
        scene.echo((to, from), (u16::from(n), false), &answer);
        scene.wait(500);
    }
    &[Scenario {
        rule: "tunnel.icmp",
        positive: |scene| (0..40).for_each(|n| echo(scene, n, true)),
        negative: |scene| (0..120).for_each(|n| echo(scene, n, false)),
    }]
};

#[cfg(test)]
mod tests {
    use super::*;

    /// One request, and replies with these numbers and a payload of their own each.
    fn severity(numbers: impl Iterator<Item = u16>) -> Option<Severity> {
        let (from, to) = (ip("192.0.2.7"), ip("203.0.113.5"));
        let mut scene = Scene::new();
        scene.echo((from, to), (60, true), &[0; 64]);
        for number in numbers {
            scene.echo((to, from), (number, false), &[number as u8; 64]);
            scene.wait(50);
        }
        scene.rules();
        scene.detection.alerts().first().map(|alert| alert.severity)
    }

    #[test]
    fn replies_ahead_of_every_request_answer_nothing_and_late_ones_may_answer_what_was_not_captured() {
        assert_eq!(severity(61..91), Some(Severity::Medium));
        assert_eq!(severity(20..50), None);
    }
}
