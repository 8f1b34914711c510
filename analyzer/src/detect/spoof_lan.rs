//! Those who pretend to run the network: a second DHCP server that hands out other routers or resolvers in answer to the
//! same question (RFC 2131), and routers that appear from nowhere (RFC 4861 §4.2, RFC 6104).

use std::net::IpAddr;
use std::time::Duration;

use capturer::{Mac, Timestamp, Transport};

use super::book::key;
use super::rule::{Rule, Thresholds, setting};
use super::tracker::{Tracker, Window};
use super::{Context, Detector, Entry, Event, Group, Moments};
use crate::alert::{Alert, Party, Severity};

static DHCP: Rule = Rule {
    id: "spoof.dhcp_rogue",
    title: "Rogue DHCP server",
    technique: "T1557.003",
    severity: Severity::Medium,
    most: Severity::High,
    sees: "two DHCP servers that answer one client's question with different routers or resolvers",
    caveat: "Two servers of one network that are set up differently look the same.",
    sources: "RFC 2131 §4.3; servers of a fail-over pair hand out the same",
    settings: &[setting("servers", "servers that disagree", 2.0, (2.0, 4.0))],
    tell: |alert| {
        format!("DHCP servers disagree about router or resolver in answer to one client: {}", servers(alert))
    },
};
static RA: Rule = Rule {
    id: "spoof.ra",
    title: "Rogue router advertisement",
    technique: "T1557",
    severity: Severity::Medium,
    most: Severity::High,
    sees: "router advertisements from 10 different addresses within 10 seconds, or of one address from two stations within \
        5 minutes",
    caveat: "Routers that share an address without a shared station look the same.",
    sources: "RFC 6104; THC-IPv6 flood_router and fake_router",
    settings: &[
        setting("routers", "different routers", 10.0, (3.0, 32.0)),
        setting("window", "s", 10.0, (1.0, 600.0)),
        setting("stations", "stations of one router", 2.0, (2.0, 4.0)),
    ],
    tell: |alert| {
        format!("{} sent router advertisements that look forged, {} in all", alert.who(), alert.count)
    },
};

pub(super) const ENTRY: Entry = Entry {
    rules: &[&DHCP, &RA],
    wants: Moments::DHCP.and(Moments::ICMP),
    make: |thresholds| Box::new(SpoofLan::new(thresholds)),
};

fn servers(alert: &Alert) -> String {
    let names: Vec<String> = alert.sources.iter().map(ToString::to_string).collect();
    names.join(", ")
}

/// What a server hands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Offer {
    server: IpAddr,
    router: [u8; 4],
    resolver: [u8; 4],
}

/// What was offered in answer to one question.
#[derive(Clone, Copy, Default)]
struct Offers {
    offers: [Option<Offer>; 4],
    frames: [u64; 4],
}

impl Offers {
    /// Takes an offer and gives how many servers disagree with each other.
    fn take(&mut self, offer: Offer, frame: u64) -> usize {
        let known = self.offers.iter().flatten().any(|known| known.server == offer.server);
        if !known && let Some(place) = self.offers.iter().position(Option::is_none) {
            self.offers[place] = Some(offer);
            self.frames[place] = frame;
        }
        let says = |offer: &Offer| (offer.router, offer.resolver);
        let all: Vec<_> = self.offers.iter().flatten().map(says).collect();
        if all.iter().any(|one| *one != all[0]) { all.len() } else { 1 }
    }
}

struct SpoofLan {
    offers: Tracker<Offers>,
    /// Stations of a router's address.
    stations: Tracker<Window<4>>,
    /// Routers of a link, by VLAN.
    routers: Tracker<Window<32>>,
    servers: usize,
    limits: (usize, Duration),
    most_stations: usize,
}

impl SpoofLan {
    fn new(thresholds: &Thresholds) -> Self {
        let minutes = Duration::from_secs(300);
        Self {
            offers: Tracker::new(1024, Duration::from_secs(60)),
            stations: Tracker::new(1024, minutes),
            routers: Tracker::new(64, minutes),
            servers: thresholds.count(&DHCP, "servers"),
            limits: (thresholds.count(&RA, "routers"), thresholds.seconds(&RA, "window")),
            most_stations: thresholds.count(&RA, "stations"),
        }
    }

    fn dhcp(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let Some((question, offer)) = offer(event.payload, event.packet.source) else { return };
        let offers = self.offers.entry(key(context.hasher, ("dhcp", question)), event.at, Offers::default);
        let disagree = offers.take(offer, event.packet.number);
        if disagree < self.servers {
            return;
        }
        let mut found = context.book.case(&DHCP, Group::default(), event.at);
        found.count(1).frames(offers.frames).frames([event.packet.number]);
        for offer in offers.offers.iter().flatten() {
            found.source(Party::host(offer.server));
        }
        found.reached("servers", disagree as f64, self.servers as f64);
    }

    fn router(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let packet = event.packet;
        let by = key(context.hasher, ("ra", packet.vlan.id(), packet.source));
        let stations = self.stations.entry(by, event.at, Window::default);
        if packet.source_mac != Mac::default() && !is_shared(packet.source_mac) {
            stations.see(key(context.hasher, packet.source_mac), event.at, packet.number);
        }
        let same = stations.within(event.at, Duration::from_secs(300));
        let frames: Vec<u64> = stations.frames(event.at, Duration::from_secs(300)).collect();
        let link = key(context.hasher, ("ra.link", packet.vlan.id()));
        let routers = self.routers.entry(link, event.at, Window::default);
        routers.see(by, event.at, packet.number);
        let many = routers.within(event.at, self.limits.1);
        if many >= self.limits.0 {
            let mut found = context.book.case(&RA, Group::default(), event.at);
            found.count(1).frames(routers.frames(event.at, self.limits.1)).source(Party::host(packet.source));
            found.reached("routers", many as f64, self.limits.0 as f64).severity(Severity::High);
        } else if same >= self.most_stations {
            let mut found = context.book.case(&RA, Group::by(Party::host(packet.source)), event.at);
            found.count(1).frames(frames).reached("stations", same as f64, self.most_stations as f64);
        }
    }
}

/// Stations that several routers share by VRRP for IPv6 (RFC 9568 §7.3).
const fn is_shared(station: Mac) -> bool {
    matches!(station.0, [0, 0, 0x5e, 0, 2, _])
}

/// The question (transaction and client) and what the server offers, of an OFFER to a client on the same link.
fn offer(message: &[u8], from: IpAddr) -> Option<((u32, [u8; 6]), Offer)> {
    const OPTIONS: usize = 240;
    let (fixed, mut rest) = message.split_at_checked(OPTIONS)?;
    let at = |from: usize| fixed.get(from..)?.first_chunk::<4>().copied();
    let (relay, cookie) = (at(24)?, at(236)?);
    if fixed[0] != 2 || cookie != [99, 130, 83, 99] || relay != [0; 4] {
        return None;
    }
    let client = *fixed.get(28..)?.first_chunk::<6>()?;
    let mut offer = Offer { server: from, router: [0; 4], resolver: [0; 4] };
    let mut kind = 0;
    while let [code, tail @ ..] = rest {
        if *code == 0 {
            rest = tail;
            continue;
        }
        let Some((&length, tail)) = tail.split_first() else { break };
        let Some((value, after)) = tail.split_at_checked(usize::from(length)) else { break };
        let address = value.first_chunk::<4>().copied();
        match (*code, address) {
            (3, Some(router)) => offer.router = router,
            (6, Some(resolver)) => offer.resolver = resolver,
            (54, Some(server)) => offer.server = IpAddr::from(server),
            (53, _) => kind = value.first().copied().unwrap_or(0),
            (255, _) => break,
            _ => {}
        }
        rest = after;
    }
    (kind == 2).then_some(((u32::from_be_bytes(at(4)?), client), offer))
}

impl Detector for SpoofLan {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        match &event.packet.transport {
            Transport::Udp(ports) if ports.source == 67 && ports.destination == 68 => {
                self.dhcp(event, context);
            }
            // RFC 4861 §6.1.2: anything else than 255 was forwarded, and hosts ignore it.
            Transport::Icmp(icmp)
                if icmp.kind == 134 && !event.packet.source.is_ipv4() && event.packet.ttl == 255 =>
            {
                self.router(event, context);
            }
            _ => {}
        }
    }

    fn advance(&mut self, now: Timestamp, _: &mut Context<'_>) {
        self.offers.advance(now);
        self.stations.advance(now);
        self.routers.advance(now);
    }
}

#[cfg(test)]
use super::scenes::{Scenario, Scene, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    use capturer::{Icmp, Packet, Protocol};

    fn offers(scene: &mut Scene, routers: [u8; 2]) {
        for (server, router) in [(1, routers[0]), (2, routers[1])] {
            let mut message = [0; 240];
            (message[0], message[7], message[28]) = (2, 9, 0xaa);
            message[236..].copy_from_slice(&[99, 130, 83, 99]);
            let mut message = message.to_vec();
            message.extend([53, 1, 2, 54, 4, 192, 0, 2, server, 3, 4, 192, 0, 2, router, 255]);
            scene.udp(([192, 0, 2, server].into(), 67), (ip("255.255.255.255"), 68), &message);
        }
    }
    fn advertise(scene: &mut Scene, (router, station): (u16, u8)) {
        let packet = Packet {
            source: IpAddr::from([0xfe80, 0, 0, 0, 0, 0, 0, router]),
            destination: ip("ff02::1"),
            source_mac: Mac([2, 0, 0, 0, 0, station]),
            network: capturer::Network::Ipv6,
            protocol: Protocol::ICMPV6,
            ttl: 255,
            transport: Transport::Icmp(Icmp { kind: 134, code: 0, identifier: 0, sequence: 0 }),
            ..Packet::empty()
        };
        scene.send(&packet, &[0; 8]);
        scene.wait(100);
    }
    &[
        Scenario {
            rule: "spoof.dhcp_rogue",
            positive: |scene| offers(scene, [1, 66]),
            negative: |scene| offers(scene, [1, 1]),
        },
        Scenario {
            rule: "spoof.ra",
            positive: |scene| (0..12).for_each(|n| advertise(scene, (n, n as u8))),
            negative: |scene| (0..40).for_each(|n| advertise(scene, (n % 2, n as u8 % 2))),
        },
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cut_of_an_offer_is_read_past_its_end() {
        let mut message = vec![2; 240];
        message[236..240].copy_from_slice(&[99, 130, 83, 99]);
        message[24..28].fill(0);
        message.extend([53, 1, 2, 3, 4, 192, 0, 2, 1, 6, 200, 1]);
        for cut in 0..=message.len() {
            let read = offer(&message[..cut], ip("192.0.2.1"));
            assert_eq!(read.is_some(), cut >= 243, "{cut}");
        }
    }
}
