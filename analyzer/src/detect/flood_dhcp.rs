//! DHCP starvation: one program plays many clients to take all leases. Counted by transaction and hardware address (RFC 2131
//! §2), by relay: behind each there is one network. One transaction that comes from many addresses is forged as well.

use std::time::Duration;

use capturer::Timestamp;

use super::book::key;
use super::different::Counted;
use super::rule::{Rule, Setting, Thresholds, setting};
use super::tracker::Tracker;
use super::{Context, Detector, Entry, Event, Group, Moments};
use crate::alert::{Party, Severity};

const CLIENTS: Setting = setting("clients", "different transactions or addresses", 60.0, (5.0, 64.0));
const WINDOW: Setting = setting("window", "s", 10.0, (1.0, 600.0));

static RULE: Rule = Rule {
    id: "flood.dhcp",
    title: "DHCP flood",
    technique: "T1498",
    severity: Severity::Medium,
    most: Severity::High,
    sees: "requests of 60 different transactions or hardware addresses within 10 s through one relay or on one network, or of \
        one transaction from as many addresses",
    caveat: "Many computers that start at the same time, as after a power cut.",
    sources: "RFC 2131; DHCPig and Yersinia as documented",
    settings: &[CLIENTS, WINDOW],
    tell: |alert| {
        let clients = alert.figure("clients").unwrap_or_default();
        format!("{} ask for leases as {clients} different clients at once", alert.who())
    },
};

pub(super) const ENTRY: Entry =
    Entry { rules: &[&RULE], wants: Moments::DHCP, make: |thresholds| Box::new(Flood::new(thresholds)) };

struct Flood {
    clients: Tracker<Counted<64>>,
    least: usize,
    window: Duration,
}

impl Flood {
    fn new(thresholds: &Thresholds) -> Self {
        let window = thresholds.seconds(&RULE, WINDOW.name);
        Self { clients: Tracker::new(256, window), least: thresholds.count(&RULE, CLIENTS.name), window }
    }
}

/// What makes a client: transaction and hardware address; and the relay. `None` if it does not ask.
fn client(payload: &[u8]) -> Option<([u8; 4], [u8; 6], [u8; 4])> {
    const ASKS: u8 = 1;
    payload.first().filter(|operation| **operation == ASKS)?;
    let transaction = payload.get(4..)?.first_chunk()?;
    let relay = payload.get(24..)?.first_chunk()?;
    let hardware = payload.get(28..)?.first_chunk()?;
    Some((*transaction, *hardware, *relay))
}

impl Detector for Flood {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let Some((transaction, hardware, relay)) = client(event.payload) else { return };
        let of = key(context.hasher, ("dhcp", relay, event.packet.vlan));
        self.count((of, key(context.hasher, (transaction, hardware))), event, context);
        let of = key(context.hasher, ("forged", transaction, hardware));
        self.count((of, key(context.hasher, event.packet.source)), event, context);
    }

    fn advance(&mut self, now: Timestamp, _: &mut Context<'_>) {
        self.clients.advance(now);
    }
}

impl Flood {
    fn count(&mut self, (of, client): (u64, u64), event: &Event<'_>, context: &mut Context<'_>) {
        let clients = self.clients.entry(of, event.at, Counted::default);
        clients.see(client, event.at, event.frame());
        let different = clients.within(event.at, self.window);
        if different < self.least {
            return;
        }
        let mut case = context.book.case(&RULE, Group::default(), event.at);
        if case.fresh {
            case.since(clients.since(event.at, self.window).unwrap_or(event.at));
            case.count(different as u64).frames(clients.frames(event.at, self.window));
        } else {
            case.count(1).frames([event.frame()]);
        }
        case.source(Party::host(event.packet.source)).target(Party::host(event.packet.destination));
        case.reached("clients", clients.different(), self.least as f64);
        case.figure("window", self.window.as_secs_f64());
    }
}

#[cfg(test)]
use super::scenes::{Scenario, Scene, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    fn discover(scene: &mut Scene, n: u64, gap: u64) {
        for n in 0..n {
            let mut message = vec![0; 240];
            message[0] = 1;
            message[4..8].copy_from_slice(&(n as u32).to_be_bytes());
            message[28..34].copy_from_slice(&[2, 0, 0, 0, 0, n as u8]);
            scene.udp((ip("0.0.0.0"), 68), (ip("255.255.255.255"), 67), &message);
            scene.wait(gap);
        }
    }
    &[Scenario {
        rule: "flood.dhcp",
        positive: |scene| discover(scene, 70, 50),
        negative: |scene| discover(scene, 200, 500),
    }]
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            prop_assert_eq!(client(&bytes).is_some(), bytes.len() >= 34 && bytes[0] == 1);
        }
    }
}
