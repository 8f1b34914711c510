//! Data hidden in IPv6's options: destination and hop-by-hop options that no standard knows, or padding that is not empty
//! (RFC 8200 §4.2; RFC 4942 §2.1.9.5). Routers pass them on, and hosts step over them.

use std::net::IpAddr;
use std::time::Duration;

use capturer::Timestamp;

use super::book::key;
use super::readers::options;
use super::rule::{Rule, Setting, Thresholds, setting};
use super::tracker::{Rate, Tracker};
use super::{Context, Detector, Entry, Event, Group, Moments};
use crate::alert::{Party, Severity};

const PACKETS: Setting = setting("packets", "packets with hidden data", 5.0, (1.0, 1e6));
const BYTES: Setting = setting("bytes", "bytes hidden", 256.0, (16.0, 1e6));
const WINDOW: Setting = setting("window", "s", 60.0, (1.0, 3600.0));

static RULE: Rule = Rule {
    id: "tunnel.ipv6_dstopts",
    title: "Data hidden in IPv6 options",
    technique: "T1095",
    severity: Severity::Medium,
    most: Severity::High,
    sees: "5 packets between two hosts within a minute whose options hide 256 bytes: options that no standard knows, or padding \
        that is not empty",
    caveat: "Experiments with options of one's own.",
    sources: "RFC 8200 §4.2, RFC 4942 §2.1.9.5, IANA IPv6 parameters; the covert channel of THC-IPv6 as documented",
    settings: &[PACKETS, BYTES, WINDOW],
    tell: |alert| {
        let bytes = alert.figure("bytes").unwrap_or_default();
        format!("{} hides {bytes} bytes in options to {}", alert.who(), alert.whom())
    },
};

pub(super) const ENTRY: Entry =
    Entry { rules: &[&RULE], wants: Moments::OPTIONS, make: |thresholds| Box::new(Hidden::new(thresholds)) };

/// What two hosts hid.
#[derive(Clone, Copy, Default)]
struct Between {
    packets: Rate,
    bytes: Rate,
    first: u64,
}

struct Hidden {
    between: Tracker<Between>,
    least: (u32, u32),
    window: Duration,
}

impl Hidden {
    fn new(thresholds: &Thresholds) -> Self {
        let window = thresholds.seconds(&RULE, WINDOW.name);
        let least =
            (thresholds.count(&RULE, PACKETS.name) as u32, thresholds.count(&RULE, BYTES.name) as u32);
        Self { between: Tracker::new(512, window * 2), least, window }
    }
}

impl Detector for Hidden {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let hidden = options::hidden(event.headers);
        if hidden == 0 {
            return;
        }
        let ends: (IpAddr, IpAddr) = (event.packet.source, event.packet.destination);
        let between = self.between.entry(key(context.hasher, ("options", ends)), event.at, Between::default);
        let packets = between.packets.add(event.at, self.window, 1);
        let bytes = between.bytes.add(event.at, self.window, hidden as u32);
        if packets == 1 {
            between.first = event.frame();
        }
        if packets < self.least.0 || bytes < self.least.1 {
            return;
        }
        let group = Group::between(Party::host(ends.0), Party::host(ends.1));
        let mut case = context.book.case(&RULE, group, event.at);
        case.count(if case.fresh { u64::from(packets) } else { 1 }).frames([between.first, event.frame()]);
        case.reached("packets", f64::from(packets), f64::from(self.least.0));
        case.below("bytes", f64::from(bytes), f64::from(self.least.1));
        case.figure("window", self.window.as_secs_f64());
    }

    fn advance(&mut self, now: Timestamp, _: &mut Context<'_>) {
        self.between.advance(now);
    }
}

#[cfg(test)]
use super::scenes::{Scenario, Scene};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    fn packets(scene: &mut Scene, n: u32, kind: u8) {
        for _ in 0..n {
            scene.optioned(&[[kind, 60].as_slice(), &[b'a'; 60], &[1, 0]].concat());
            scene.wait(100);
        }
    }
    &[Scenario {
        rule: "tunnel.ipv6_dstopts",
        positive: |scene| packets(scene, 6, 0x10),
        // Performance and diagnostic metrics (RFC 8250).
        negative: |scene| packets(scene, 60, 0x0f),
    }]
};
