//! Floods by their make: SYNs that no operating system sends, as such have options, all of one window and nearly each from
//! a source of its own, to anybody. Those that go to one host are told by target; see [`super::flood`].

use std::net::IpAddr;
use std::time::Duration;

use super::book::key;
use super::flood_rules::SYN_SPOOFED;
use super::surge::Surge;
use super::tracker::Tracker;
use super::{Context, Event, Group};
use crate::alert::Party;

/// Different targets from which on SYNs go to anybody.
const SCATTERED: f64 = 16.0;

/// How long a flood may pause.
const AGE: Duration = Duration::from_secs(60);

/// SYNs without options, of one make, to whomever.
#[derive(Clone, Copy)]
struct Make {
    surge: Surge,
    /// Who gets most of them, if somebody gets more than half, and by how many (Boyer and Moore's vote).
    mostly: (IpAddr, u32),
    told: bool,
    /// How many the alert has counted.
    counted: u32,
}

impl Make {
    fn of(target: IpAddr) -> Self {
        Self { surge: Surge::default(), mostly: (target, 0), told: false, counted: 0 }
    }

    fn vote(&mut self, target: IpAddr) {
        let (candidate, votes) = &mut self.mostly;
        if *candidate == target {
            *votes = votes.saturating_add(1);
        } else if *votes == 0 {
            self.mostly = (target, 1);
        } else {
            *votes -= 1;
        }
    }

    /// Whether nearly all have a source of their own and they go to anybody.
    fn is_forged(&self) -> bool {
        let scattered = self.surge.ports() >= SCATTERED && self.mostly.1 < self.surge.total / 2;
        scattered && self.surge.sources.distinct() >= 0.8 * f64::from(self.surge.total)
    }
}

/// The makes of late, by window.
pub(super) struct Makes {
    makes: Tracker<Make>,
    rate: f64,
}

impl Makes {
    /// Told from so many a second on.
    pub(super) fn new(rate: f64) -> Self {
        Self { makes: Tracker::new(64, AGE), rate }
    }

    /// Takes a SYN.
    pub(super) fn see(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let packet = event.packet;
        let Some(tcp) = packet.tcp() else { return };
        if !tcp.options.layout.is_empty() {
            return;
        }
        let by = key(context.hasher, tcp.window);
        let make = self.makes.entry(by, event.at, || Make::of(packet.destination));
        if !make.told {
            make.surge.renew(event.at);
        }
        let before = make.surge.total;
        if before == 0 {
            make.mostly.1 = 0;
        }
        make.vote(packet.destination);
        // Whom they go to takes the place of the port: that all go to few is told by target.
        let target = key(context.hasher, packet.destination) as u16;
        let pace = make.surge.add(event.at, (packet.source, target), context.hasher);
        make.surge.keep(packet.number);
        // Estimates are dear: now and then is enough.
        let looks = before < 256 || before.is_multiple_of(64);
        if looks && f64::from(pace.second) >= self.rate && make.is_forged() {
            tell(make, self.rate, event, context);
        }
    }
}

fn tell(make: &mut Make, rate: f64, event: &Event<'_>, context: &mut Context<'_>) {
    let packet = event.packet;
    let mut found = context.book.case(&SYN_SPOOFED, Group::default(), event.at);
    if std::mem::replace(&mut make.told, true) {
        found.count(u64::from(make.surge.total) - u64::from(make.counted)).frames([packet.number]);
    } else {
        make.surge.begin(&mut found);
    }
    make.counted = make.surge.total;
    make.surge.name(&mut found);
    found.target(Party::host(packet.destination)).word("what", b"SYNs of one make");
    found.reached("rate", make.surge.rate(), rate);
}
