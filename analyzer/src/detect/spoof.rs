//! Forged sources that can be told from one packet: addresses no host can have, a host that talks to itself over the
//! wire, and a ping to everybody in a victim's name.
//!
//! Loopback traffic that never left a host is no forgery: both ends are then in 127.0.0.0/8 or ::1, or the link has no
//! hardware addresses.

use std::net::IpAddr;
use std::time::Duration;

use capturer::{Mac, Packet, PacketFacts, TcpFlags, Timestamp, Transport};

use super::book::key;
use super::rule::{Rule, Setting, Thresholds, setting};
use super::tracker::{Rate, Tracker, Window};
use super::{Context, Detector, Entry, Event, Group, Moments};
use crate::alert::{Party, Severity};

const WINDOW: Setting = setting("window", "s", 60.0, (1.0, 3600.0));
const SOURCES: &str =
    "RFC 1122 §3.2.1.3, RFC 6890, RFC 5735; GPL rules fire on loopback captures, these do not";

static MARTIAN: Rule = Rule {
    id: "spoof.ip_martian",
    title: "Source address that no host can have",
    technique: "T1036",
    severity: Severity::Low,
    most: Severity::Medium,
    sees: "packets from 0.0.0.0/8, 127.0.0.0/8, 240.0.0.0/4, broadcast or ::1 that are on the wire: info at one, low from 10 \
        within a minute",
    caveat: "A broken stack or a capture of several links can show a few.",
    sources: SOURCES,
    settings: &[setting("packets", "packets", 10.0, (1.0, 1e6)), WINDOW],
    tell: |alert| format!("{} packets came from {}, which no host can have", alert.count, alert.who()),
};
static MULTICAST: Rule = Rule {
    id: "spoof.multicast_src",
    title: "Multicast source address",
    technique: "T1036",
    severity: Severity::Low,
    most: Severity::Medium,
    sees: "packets whose source is a multicast group: info at one, low from 10 within a minute",
    caveat: "Anonymised captures may have such addresses.",
    sources: SOURCES,
    settings: &[setting("packets", "packets", 10.0, (1.0, 1e6)), WINDOW],
    tell: |alert| format!("{} packets came from {}, which is a group", alert.count, alert.who()),
};
static LAND: Rule = Rule {
    id: "spoof.land",
    title: "LAND attack",
    technique: "T1499.004",
    severity: Severity::High,
    most: Severity::High,
    sees: "a SYN on the wire whose source and destination have the same address and the same port",
    caveat: "Traffic of a host to itself that was captured on the host looks the same where the link tells of no loopback.",
    sources: "CVE-1999-0016; nmap sweeps include the scanner's own address, but not its port",
    settings: &[setting("packets", "packets", 1.0, (1.0, 1e6))],
    tell: |alert| format!("{} packets to {} claim to come from it, port and all", alert.count, alert.whom()),
};
static SMURF: Rule = Rule {
    id: "spoof.smurf",
    title: "Smurf attack",
    technique: "T1498.002",
    severity: Severity::Medium,
    most: Severity::High,
    sees: "20 echo requests to a broadcast address, or to all nodes of IPv6, within 10 seconds, or echo replies to one host from 20 hosts that it has \
        not asked",
    caveat: "Somebody who pings the broadcast address looks the same.",
    sources: "CERT CA-1998-01, RFC 4443 §5.2",
    settings: &[
        setting("requests", "echo requests", 20.0, (2.0, 1e6)),
        setting("hosts", "different hosts that reply", 20.0, (3.0, 32.0)),
        setting("window", "s", 10.0, (1.0, 600.0)),
    ],
    tell: |alert| {
        format!("{} is to be flooded with echo replies: {} messages so far", alert.whom(), alert.count)
    },
};

pub(super) const ENTRY: Entry = Entry {
    rules: &[&MARTIAN, &MULTICAST, &LAND, &SMURF],
    wants: Moments::OPENED.and(Moments::STRAY).and(Moments::ONE_WAY).and(Moments::ICMP),
    make: |thresholds| Box::new(Spoof::new(thresholds)),
};

struct Spoof {
    /// Packets of late by sources that can't be.
    odd: Tracker<Rate>,
    packets: [(f64, Duration); 2],
    land: f64,
    requests: f64,
    hosts: f64,
    window: Duration,
    pings: Tracker<Pings>,
}

/// What came of echoes for a victim.
#[derive(Clone, Copy, Default)]
struct Pings {
    requests: Rate,
    hosts: Window<32>,
}

impl Spoof {
    fn new(thresholds: &Thresholds) -> Self {
        let of = |rule| (thresholds.get(rule, "packets"), thresholds.seconds(rule, "window"));
        Self {
            odd: Tracker::new(1024, Duration::from_secs(3600)),
            packets: [of(&MARTIAN), of(&MULTICAST)],
            land: thresholds.get(&LAND, "packets"),
            requests: thresholds.get(&SMURF, "requests"),
            hosts: thresholds.get(&SMURF, "hosts"),
            window: thresholds.seconds(&SMURF, "window"),
            pings: Tracker::new(1024, Duration::from_secs(60)),
        }
    }

    /// A source that can't be. They are one alert, since each packet may have a source of its own. Few of a source are worth a note only, as are those inside tunnels, where anonymised captures and odd
    /// phones have them.
    fn odd(&mut self, place: usize, event: &Event<'_>, context: &mut Context<'_>) {
        let rule: &'static Rule = [&MARTIAN, &MULTICAST][place];
        let (enough, window) = self.packets[place];
        let packet = event.packet;
        let by = key(context.hasher, (rule.id, packet.source, packet.facts.has(PacketFacts::INNER)));
        let recent = f64::from(self.odd.entry(by, event.at, Rate::default).add(event.at, window, 1));
        let is_inner = packet.facts.has(PacketFacts::INNER);
        let mut found = context.book.case(rule, Group::default(), event.at);
        if found.fresh {
            found.at_most(Severity::Info);
        }
        found.count(1).frames([packet.number]);
        found.source(Party::host(packet.source)).target(Party::host(packet.destination));
        if recent < enough || is_inner {
            found.below("packets", recent, enough);
        } else {
            found.reached("packets", recent, enough);
        }
    }

    fn land(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let packet = event.packet;
        let target =
            Party { address: packet.destination, port: packet.ports().map(|ports| ports.destination) };
        let group = Group::between(Party::host(packet.source), target);
        let mut found = context.book.case(&LAND, group, event.at);
        found.count(1).frames([packet.number]);
        let total = found.total() as f64;
        found.reached("packets", total, self.land);
        if total < self.land {
            found.at_most(Severity::Info);
        }
    }

    /// An echo to everybody, or a reply that was not asked for.
    fn smurf(&mut self, is_request: bool, event: &Event<'_>, context: &mut Context<'_>) {
        let packet = event.packet;
        let victim = if is_request { packet.source } else { packet.destination };
        let pings = self.pings.entry(key(context.hasher, ("spoof.smurf", victim)), event.at, Pings::default);
        let mut requests = pings.requests.most();
        if is_request {
            requests = pings.requests.add(event.at, self.window, 1);
        } else {
            pings.hosts.see(key(context.hasher, packet.source), event.at, packet.number);
        }
        let hosts = pings.hosts.within(event.at, self.window) as f64;
        if f64::from(requests) < self.requests && hosts < self.hosts {
            return;
        }
        let mut found = context.book.case(&SMURF, Group::on(Party::host(victim)), event.at);
        if found.fresh {
            found.frames(pings.hosts.frames(event.at, self.window)).count(u64::from(requests.max(1)));
        } else {
            found.count(1);
        }
        found.frames([packet.number]);
        if is_request {
            found.reached("requests", f64::from(requests), self.requests);
        } else {
            found.source(Party::host(packet.source)).reached("hosts", hosts, self.hosts);
        }
    }
}

/// Whether a packet was on a link between hosts, as far as can be told.
fn is_on_wire(packet: &Packet) -> bool {
    packet.source_mac != Mac::default() || packet.destination_mac != Mac::default()
}

const fn is_loopback(address: IpAddr) -> bool {
    address.is_loopback()
}

/// The directed broadcast of a /24 or larger network, as far as it can be guessed, and the limited one.
fn is_broadcast(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(address) if address.octets()[3] == 255 && !address.is_multicast())
}

/// All nodes of a link (RFC 4291 §2.7.1).
fn is_all_nodes(address: IpAddr) -> bool {
    address == IpAddr::V6(std::net::Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1))
}

/// An address that is no source. The unspecified one is that of hosts that have none yet (DHCP, IGMP, RFC 4862).
fn is_martian(packet: &Packet) -> bool {
    match packet.source {
        IpAddr::V4(source) if source.is_unspecified() => {
            matches!(packet.transport, Transport::Tcp(_)) || matches!(packet.transport, Transport::Icmp(_))
        }
        IpAddr::V4(source) => {
            let first = source.octets()[0];
            first == 0 || (first >= 240) || (first == 127 && !is_loopback(packet.destination))
        }
        IpAddr::V6(source) => source.is_loopback() && !is_loopback(packet.destination),
    }
}

/// A SYN and no other flag (ECN aside) from an address and port to the same.
fn is_land(event: &Event<'_>) -> bool {
    const FLAGS: u16 = 0x3f;
    let packet = event.packet;
    let asks = packet.tcp().is_some_and(|tcp| {
        tcp.flags.0 & FLAGS == TcpFlags::SYN.0 && tcp.ports.source == tcp.ports.destination
    });
    asks && packet.source == packet.destination && !is_loopback(packet.source) && is_on_wire(packet)
}

/// Whether it is an echo request to everybody (`true`) or an echo reply that was not asked for (`false`).
fn smurf(event: &Event<'_>) -> Option<bool> {
    let Transport::Icmp(icmp) = &event.packet.transport else { return None };
    if !event.packet.source.is_ipv4() {
        return (icmp.kind == 128 && is_all_nodes(event.packet.destination)).then_some(true);
    }
    match icmp.kind {
        8 if is_broadcast(event.packet.destination) => Some(true),
        // A session that begins with a reply has its sender as answerer.
        0 if event.session.is_some_and(|session| session.packets[0] == 0) => Some(false),
        _ => None,
    }
}

impl Detector for Spoof {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let packet = event.packet;
        if packet.source.is_multicast() {
            self.odd(1, event, context);
        } else if is_martian(packet) {
            self.odd(0, event, context);
        }
        if packet.source == packet.destination && is_land(event) {
            self.land(event, context);
        }
        if event.is(Moments::ICMP)
            && let Some(is_request) = smurf(event)
        {
            self.smurf(is_request, event, context);
        }
    }

    fn advance(&mut self, now: Timestamp, _: &mut Context<'_>) {
        self.odd.advance(now);
        self.pings.advance(now);
    }
}

#[cfg(test)]
use super::scenes::{Scenario, Scene, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    use capturer::{Ports, Protocol, Tcp, TcpOptions, TcpQuirks};

    fn datagrams(scene: &mut Scene, (from, to): (&str, &str), n: u16) {
        for n in 0..n {
            scene.udp((ip(from), 1000), (ip(to), 2000 + n), b"x");
        }
    }
    /// Port 139 to itself, with or without hardware addresses.
    fn itself(scene: &mut Scene, mac: u8) {
        let address = ip("192.0.2.9");
        let packet = Packet {
            source: address,
            destination: address,
            source_mac: Mac([0, 0, 0, 0, 0, mac]),
            protocol: Protocol::TCP,
            transport: Transport::Tcp(Tcp {
                ports: Ports { source: 139, destination: 139 },
                sequence: 1,
                acknowledgment: 0,
                flags: TcpFlags::SYN,
                window: 1024,
                quirks: TcpQuirks::default(),
                options: TcpOptions::NONE,
            }),
            ..Packet::empty()
        };
        scene.send(&packet, b"");
    }
    fn pings(scene: &mut Scene, to: &str) {
        (0..30).for_each(|_| scene.icmp(ip("192.0.2.9"), ip(to), (8, 0), b"x"));
    }
    &[
        Scenario {
            rule: "spoof.ip_martian",
            positive: |scene| datagrams(scene, ("127.0.0.1", "192.0.2.9"), 12),
            negative: |scene| datagrams(scene, ("127.0.0.1", "127.0.0.2"), 12),
        },
        Scenario {
            rule: "spoof.multicast_src",
            positive: |scene| datagrams(scene, ("224.0.0.5", "192.0.2.9"), 12),
            negative: |scene| datagrams(scene, ("192.0.2.9", "224.0.0.5"), 12),
        },
        Scenario {
            rule: "spoof.land",
            positive: |scene| itself(scene, 2),
            negative: |scene| itself(scene, 0),
        },
        Scenario {
            rule: "spoof.smurf",
            positive: |scene| pings(scene, "198.51.100.255"),
            negative: |scene| pings(scene, "198.51.100.254"),
        },
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_nodes_of_ipv6_are_a_broadcast_address_too() {
        let told = |to: &str| {
            let mut scene = Scene::new();
            (0..30).for_each(|_| scene.icmp(ip("fe80::9"), ip(to), (128, 0), b"x"));
            scene.rules()
        };
        assert_eq!(told("ff02::1"), ["spoof.smurf"]);
        assert!(told("ff02::2").is_empty() && told("fe80::1").is_empty());
    }

    #[test]
    fn one_martian_is_a_note_and_ten_are_more() {
        for (n, severity) in [(1, Severity::Info), (9, Severity::Info), (10, Severity::Low)] {
            let mut scene = Scene::new();
            for n in 0..n {
                scene.udp((ip("240.0.0.1"), 1000), (ip("192.0.2.9"), 2000 + n), b"x");
            }
            assert_eq!(scene.rules(), ["spoof.ip_martian"]);
            assert_eq!(scene.detection.alerts()[0].severity, severity, "{n}");
        }
    }
}
