//! Port scans: one source tries many ports of one host, and they fail. Failures are counted, not attempts, and different
//! ports, not packets: a busy client of one server never looks like this.
//!
//! A session has failed when it was refused (RST, ICMP unreachable), not answered within three seconds, or given up by
//! the opener with a RST before any payload, which is how a half-open scan treats open ports.

use capturer::{Protocol, Timestamp};

use super::book::key;
use super::different::Counted;
use super::firsts::Firsts;
use super::rule::{Rule, Setting, Thresholds, setting};
use super::session::{Began, Session};
use super::tracker::{Tracker, Window};
use super::{Context, Detector, Entry, Event, Group, Label, Moments};
use crate::alert::{Alert, Party, Severity};

const PORTS: Setting = setting("ports", "different failed ports", 15.0, (4.0, 64.0));
const WINDOW: Setting = setting("window", "s", 60.0, (1.0, 3600.0));
const SLOW_PORTS: Setting = setting("ports", "different failed ports", 25.0, (4.0, 64.0));
const SLOW_WINDOW: Setting = setting("window", "s", 900.0, (60.0, 86_400.0));
const HOURS_PORTS: Setting = setting("hours_ports", "different failed ports", 15.0, (4.0, 64.0));
const HOURS: Setting = setting("hours", "s", 14_400.0, (900.0, 86_400.0));
const STRAY_PORTS: Setting = setting("ports", "different failed ports", 20.0, (4.0, 64.0));
const FLAG_PORTS: Setting = setting("ports", "different ports", 3.0, (2.0, 64.0));
const UDP_PORTS: Setting = setting("ports", "different failed ports", 30.0, (4.0, 64.0));
const UDP_REFUSED: Setting =
    setting("refused_ports", "ports answered by ICMP unreachable", 10.0, (2.0, 64.0));
const ANSWERED: Setting = setting("answered_share", "ratio", 0.1, (0.0, 1.0));

const SOURCES: &str = "Zeek misc/scan (15 failed ports in 5 min), CrowdSec port scan (15), Snort port_scan (5 to 15), \
    Slips; among 179 benign captures no pair of hosts reached 8 failed ports";
const CAVEAT: &str = "A client that looks for a service on many ports of a host that is down, or a firewall that drops \
    the answers, looks the same.";

const fn rule(
    id: &'static str,
    title: &'static str,
    sees: &'static str,
    settings: &'static [Setting],
) -> Rule {
    Rule {
        id,
        title,
        technique: "T1046",
        severity: Severity::Medium,
        most: Severity::High,
        sees,
        caveat: CAVEAT,
        sources: SOURCES,
        settings,
        tell,
    }
}

static TCP_SYN: Rule = rule(
    "scan.port.tcp_syn",
    "TCP SYN port scan",
    "15 different ports of one host failed within a minute, opened by SYNs with few options",
    &[PORTS, WINDOW],
);
static TCP_SYN_SLOW: Rule = rule(
    "scan.port.tcp_syn_slow",
    "Slow TCP SYN port scan",
    "25 different ports of one host failed within 15 minutes, opened by SYNs with few options, or 15 within 4 hours of which \
     hardly any was answered",
    &[SLOW_PORTS, SLOW_WINDOW, HOURS_PORTS, HOURS],
);
static TCP_CONNECT: Rule = rule(
    "scan.port.tcp_connect",
    "TCP connect port scan",
    "15 different ports of one host failed within a minute, opened by an operating system's own SYNs",
    &[PORTS, WINDOW],
);
static TCP_CONNECT_SLOW: Rule = rule(
    "scan.port.tcp_connect_slow",
    "Slow TCP connect port scan",
    "25 different ports of one host failed within 15 minutes, opened by an operating system's own SYNs, or 15 within 4 hours of \
     which hardly any was answered",
    &[SLOW_PORTS, SLOW_WINDOW, HOURS_PORTS, HOURS],
);
static TCP_ACK: Rule = rule(
    "scan.port.tcp_ack",
    "TCP ACK port scan",
    "bare ACKs of no session to 20 different ports of one host within a minute, answered by RST or not at all",
    &[STRAY_PORTS, WINDOW],
);
static TCP_ACK_SLOW: Rule = rule(
    "scan.port.tcp_ack_slow",
    "Slow TCP ACK port scan",
    "bare ACKs of no session to 25 different ports of one host within 15 minutes",
    &[SLOW_PORTS, SLOW_WINDOW],
);
static TCP_STEALTH: Rule = rule(
    "scan.port.tcp_stealth",
    "TCP stealth port scan (FIN, NULL, Xmas or Maimon)",
    "flags that no opening and no end has (none, FIN alone, FIN+PSH+URG, SYN+FIN, SYN+RST) to 3 different ports of one host",
    &[FLAG_PORTS, WINDOW],
);
static TCP_STEALTH_SLOW: Rule = rule(
    "scan.port.tcp_stealth_slow",
    "Slow TCP stealth port scan",
    "flags that no opening and no end has to 5 different ports of one host within 15 minutes",
    &[setting("ports", "different ports", 5.0, (2.0, 64.0)), SLOW_WINDOW],
);
static UDP: Rule = rule(
    "scan.port.udp",
    "UDP port scan",
    "datagrams to 30 different ports of one host within a minute of which less than a tenth was answered, or 10 ports \
     answered by ICMP unreachable",
    &[UDP_PORTS, UDP_REFUSED, ANSWERED, WINDOW],
);
static UDP_SLOW: Rule = rule(
    "scan.port.udp_slow",
    "Slow UDP port scan",
    "datagrams to 40 different ports of one host within 15 minutes, or 12 ports answered by ICMP unreachable",
    &[
        setting("ports", "different failed ports", 40.0, (4.0, 64.0)),
        setting("refused_ports", "ports answered by ICMP unreachable", 12.0, (2.0, 64.0)),
        ANSWERED,
        SLOW_WINDOW,
    ],
);
static SCTP: Rule = rule(
    "scan.port.sctp",
    "SCTP port scan",
    "SCTP chunks to 10 different ports of one host failed within a minute",
    &[setting("ports", "different failed ports", 10.0, (3.0, 64.0)), WINDOW],
);
static SCTP_SLOW: Rule = rule(
    "scan.port.sctp_slow",
    "Slow SCTP port scan",
    "SCTP chunks to 15 different ports of one host failed within 15 minutes",
    &[setting("ports", "different failed ports", 15.0, (3.0, 64.0)), SLOW_WINDOW],
);

pub(super) const ENTRY: Entry = Entry {
    rules: &[
        &TCP_SYN,
        &TCP_SYN_SLOW,
        &TCP_CONNECT,
        &TCP_CONNECT_SLOW,
        &TCP_ACK,
        &TCP_ACK_SLOW,
        &TCP_STEALTH,
        &TCP_STEALTH_SLOW,
        &UDP,
        &UDP_SLOW,
        &SCTP,
        &SCTP_SLOW,
    ],
    wants: Moments::REFUSED.and(Moments::UNANSWERED).and(Moments::ANSWERED),
    make: |thresholds| Box::new(ScanPort::new(thresholds)),
};

fn tell(alert: &Alert) -> String {
    format!(
        "{} tried {} ports of {} and failed: {}",
        alert.who(),
        alert.figure("ports").unwrap_or_default(),
        alert.whom(),
        alert.word("ports").unwrap_or("see the frames"),
    )
}

/// Kinds of scans: what is tried.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Syn,
    Connect,
    Ack,
    Stealth,
    Datagram,
    Sctp,
}

/// What a rule asks for.
#[derive(Clone, Copy)]
struct Limits {
    rule: &'static Rule,
    ports: usize,
    refused: usize,
    answered_share: f64,
    window: std::time::Duration,
    /// Ports within hours, with hardly an answer.
    hours: (usize, std::time::Duration),
}

impl Limits {
    fn of(rule: &'static Rule, thresholds: &Thresholds) -> Self {
        Self {
            rule,
            ports: thresholds.count(rule, "ports"),
            // Without such a setting it is beyond what a window holds.
            refused: thresholds.count(rule, "refused_ports"),
            answered_share: thresholds.get(rule, "answered_share"),
            window: thresholds.seconds(rule, "window"),
            hours: (thresholds.count(rule, "hours_ports"), thresholds.seconds(rule, "hours")),
        }
    }
}

impl Limits {
    /// How far back the evidence goes.
    fn shown(&self) -> std::time::Duration {
        if self.hours.0 == usize::MAX { self.window } else { self.hours.1 }
    }

    /// The number of ports that was enough: the one within the window if that was reached.
    fn least(&self, tried: &Tried, at: Timestamp) -> usize {
        if tried.failed.within(at, self.window) >= self.ports {
            self.ports
        } else {
            self.ports.min(self.hours.0)
        }
    }
}

/// Ports of a host that a source tried.
#[derive(Clone, Copy, Default)]
struct Tried {
    failed: Counted<64>,
    refused: Window<16>,
    answered: u32,
    /// Whether an alert was raised; ports are then counted there.
    told: bool,
    /// Times to live of datagrams that failed, least and most.
    ttls: Option<(u8, u8)>,
}

/// From this port on traceroute (33434) and mtr (33000) send; no service is looked for there.
const WAY_PORTS: u64 = 33_000;

/// Systems send with 64, 128 or 255; who looks for the way begins with 1 and seldom goes beyond 30.
const WAY_TTL: (u8, u8) = (4, 30);

impl Tried {
    /// 0: the source, such as flow records, does not tell.
    fn see_ttl(&mut self, ttl: u8) {
        if ttl == 0 {
            return;
        }
        let (least, most) = self.ttls.unwrap_or((ttl, ttl));
        self.ttls = Some((least.min(ttl), most.max(ttl)));
    }

    /// Datagrams whose time to live just suffices, to high ports: traceroute to a host so near that no more than two routers tell
    /// (those are [`super::traceroute`]'s), or seen where it arrives.
    fn looks_for_the_way(&self) -> bool {
        let low = self.ttls.is_some_and(|(least, most)| least <= WAY_TTL.0 && most <= WAY_TTL.1);
        low && self.failed.keys().all(|port| port >= WAY_PORTS)
    }
}

struct ScanPort {
    /// Pairs that tried one port so far.
    firsts: Firsts,
    tried: Tracker<Tried>,
    limits: Vec<(Kind, [Limits; 2])>,
}

/// Pairs of hosts that are remembered.
const PAIRS: usize = 4096;

impl ScanPort {
    fn new(thresholds: &Thresholds) -> Self {
        let pair = |fast, slow| [Limits::of(fast, thresholds), Limits::of(slow, thresholds)];
        let age = thresholds.seconds(&TCP_SYN_SLOW, "hours");
        Self {
            firsts: Firsts::new(4 * PAIRS, age),
            tried: Tracker::new(PAIRS, age),
            limits: vec![
                (Kind::Syn, pair(&TCP_SYN, &TCP_SYN_SLOW)),
                (Kind::Connect, pair(&TCP_CONNECT, &TCP_CONNECT_SLOW)),
                (Kind::Ack, pair(&TCP_ACK, &TCP_ACK_SLOW)),
                (Kind::Stealth, pair(&TCP_STEALTH, &TCP_STEALTH_SLOW)),
                (Kind::Datagram, pair(&UDP, &UDP_SLOW)),
                (Kind::Sctp, pair(&SCTP, &SCTP_SLOW)),
            ],
        }
    }
}

impl ScanPort {
    /// Whether a pair has tried more than one port; with its second it gets a state.
    fn is_known(&mut self, pair: u64, port: u64, event: &Event<'_>) -> bool {
        if self.tried.find(pair, event.at).is_some() {
            return true;
        }
        let Some(first) = self.firsts.other(pair, port, (event.at, event.frame())) else { return false };
        self.tried.entry(pair, event.at, Tried::default).failed.remember(first);
        true
    }
}

/// A SYN of nmap, masscan or zmap has no more than one option; that of an operating system four or five.
const FEW_OPTIONS: u8 = 2;

fn kind(session: &Session) -> Option<Kind> {
    Some(match session.began {
        Began::Syn if session.syn_options <= FEW_OPTIONS => Kind::Syn,
        Began::Syn => Kind::Connect,
        Began::Ack if is_bare_probe(session) => Kind::Ack,
        Began::Stealth | Began::FinAck => Kind::Stealth,
        Began::Datagram if is_probe(session) => Kind::Datagram,
        Began::Sctp => Kind::Sctp,
        _ => return None,
    })
}

/// A bare ACK that may be a probe: who sends more of them goes on with a session of which one direction is captured, as
/// does a service that acknowledges what its clients send.
pub(super) const fn is_bare_probe(session: &Session) -> bool {
    session.packets[0] <= 2 && !(session.opener.1 < 1024 && session.answerer.1 >= 1024)
}

/// A datagram to a port above 1023 from one below is an answer to something that was not seen.
const fn is_probe(session: &Session) -> bool {
    session.protocol.0 == Protocol::UDP.0 && !(session.opener.1 < 1024 && session.answerer.1 >= 1024)
}

impl Detector for ScanPort {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let Some(session) = event.session else { return };
        let Some(kind) = kind(session) else { return };
        if event.is(Moments::UNANSWERED) && context.labels.is_forged(session.service(), event.at) {
            return;
        }
        let pair = key(context.hasher, ("scan.port", kind, session.opener.0, session.answerer.0));
        if event.is(Moments::ANSWERED) {
            if let Some(tried) = self.tried.find(pair, event.at) {
                tried.answered = tried.answered.saturating_add(1);
            }
            return;
        }
        let port = u64::from(session.answerer.1);
        if !self.is_known(pair, port, event) {
            return;
        }
        let tried = self.tried.entry(pair, event.at, Tried::default);
        tried.failed.see(port, event.at, event.frame());
        if event.is(Moments::REFUSED) && event.quoted.is_some() {
            tried.refused.see(port, event.at, event.frame());
        }
        tried.see_ttl(session.ttl);
        let limits = self.limits.iter().find(|(of, _)| *of == kind);
        if kind == Kind::Datagram && tried.looks_for_the_way() {
            return;
        }
        if context.labels.is_excused(session.opener.0, event.at) {
            return;
        }
        let Some(found) =
            limits.and_then(|(_, pair)| pair.iter().find(|limits| holds(tried, limits, event.at)))
        else {
            return;
        };
        raise(tried, found, event, context);
    }

    fn advance(&mut self, now: Timestamp, _: &mut Context<'_>) {
        self.tried.advance(now);
    }
}

fn holds(tried: &Tried, limits: &Limits, at: Timestamp) -> bool {
    let failed = tried.failed.within(at, limits.window);
    let all = f64::from(tried.answered) + failed as f64;
    let few_answers =
        limits.answered_share.is_infinite() || f64::from(tried.answered) < limits.answered_share * all;
    let (hours_ports, hours) = limits.hours;
    let for_hours =
        tried.failed.within(at, hours) >= hours_ports && tried.answered as usize * 10 <= hours_ports;
    (failed >= limits.ports && few_answers)
        || for_hours
        || tried.refused.within(at, limits.window) >= limits.refused
}

fn raise(tried: &mut Tried, limits: &Limits, event: &Event<'_>, context: &mut Context<'_>) {
    let Some(session) = event.session else { return };
    let (source, target) = (session.opener.0, session.answerer.0);
    context.labels.say(source, Label::Scanner, event.at);
    let group = Group::between(Party::host(source), Party::host(target));
    let mut found = context.book.case(limits.rule, group, event.at);
    if found.fresh {
        tried.told = true;
        let window = limits.shown();
        let first = tried.failed.since(event.at, window).unwrap_or(event.at);
        found.since(first).count(tried.failed.len() as u64).frames(tried.failed.frames(event.at, window));
        let ports: Vec<String> = tried.failed.keys().take(16).map(|port| port.to_string()).collect();
        found.word("ports", ports.join(", ").as_bytes());
    } else {
        found.count(1).frames([event.frame()]);
    }
    found.reached("ports", tried.failed.different(), limits.least(tried, event.at) as f64);
    found.figure("window", limits.window.as_secs_f64());
}

#[cfg(test)]
use super::scenes::{FIN_ACK, RST_ACK, SYN_ACK, Scenario, Scene, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    use capturer::{Packet, TcpFlags, Transport};

    fn ports(scene: &mut Scene, (n, gap): (u16, u64), probe: fn(&mut Scene, u16)) {
        for port in 1..=n {
            probe(scene, port);
            scene.wait(gap);
        }
    }
    fn syn(scene: &mut Scene, port: u16) {
        let (from, to) = ((ip("203.0.113.5"), 50_000), (ip("192.0.2.1"), port));
        scene.bare_syn(from, to);
        scene.tcp(to, from, RST_ACK, b"");
    }
    fn connect(scene: &mut Scene, port: u16) {
        let (from, to) = ((ip("2001:db8::5"), 50_000 + port), (ip("2001:db8:1::1"), port));
        scene.tcp(from, to, TcpFlags::SYN, b"");
        scene.tcp(to, from, RST_ACK, b"");
    }
    /// The same ports, but each is open and used.
    fn used(scene: &mut Scene, port: u16) {
        let (from, to) = ((ip("203.0.113.5"), 50_000 + port), (ip("192.0.2.1"), port));
        scene.talk(from, to, (b"hello", b"welcome"));
    }
    fn stray(scene: &mut Scene, port: u16, flags: TcpFlags, answer: TcpFlags) {
        let (from, to) = ((ip("203.0.113.5"), 50_000), (ip("192.0.2.1"), port));
        scene.tcp(from, to, flags, b"");
        scene.tcp(to, from, answer, b"");
    }
    fn ack(scene: &mut Scene, port: u16) {
        stray(scene, port, TcpFlags::ACK, TcpFlags::RST);
    }
    /// A session whose begin was not seen goes on.
    fn midstream(scene: &mut Scene, port: u16) {
        stray(scene, port, TcpFlags::ACK, TcpFlags::ACK);
    }
    fn null(scene: &mut Scene, port: u16) {
        stray(scene, port, TcpFlags(0), RST_ACK);
    }
    fn end(scene: &mut Scene, port: u16) {
        stray(scene, port, FIN_ACK, TcpFlags::ACK);
    }
    fn datagram(scene: &mut Scene, port: u16) {
        scene.udp((ip("203.0.113.5"), 50_000), (ip("192.0.2.1"), port), b"?");
    }
    fn answered(scene: &mut Scene, port: u16) {
        let (from, to) = ((ip("203.0.113.5"), 50_000), (ip("192.0.2.1"), port));
        scene.udp(from, to, b"?");
        scene.udp(to, from, b"!");
    }
    fn init(scene: &mut Scene, port: u16) {
        let ports = capturer::Ports { source: 50_000, destination: port };
        let packet = Packet {
            source: ip("203.0.113.5"),
            destination: ip("192.0.2.1"),
            protocol: Protocol::SCTP,
            transport: Transport::Sctp(ports),
            ..Packet::empty()
        };
        scene.send(&packet, b"");
        let _ = SYN_ACK;
    }
    &[
        Scenario {
            rule: "scan.port.tcp_syn",
            positive: |scene| ports(scene, (15, 100), syn),
            negative: |scene| ports(scene, (200, 100), used),
        },
        Scenario {
            rule: "scan.port.tcp_syn_slow",
            positive: |scene| ports(scene, (20, 60_000), syn),
            negative: |scene| ports(scene, (14, 60_000), syn),
        },
        Scenario {
            rule: "scan.port.tcp_connect",
            positive: |scene| ports(scene, (15, 100), connect),
            negative: |scene| ports(scene, (14, 100), connect),
        },
        Scenario {
            rule: "scan.port.tcp_connect_slow",
            positive: |scene| ports(scene, (25, 30_000), connect),
            negative: |scene| ports(scene, (14, 60_000), connect),
        },
        Scenario {
            rule: "scan.port.tcp_ack",
            positive: |scene| ports(scene, (20, 100), ack),
            negative: |scene| ports(scene, (200, 100), midstream),
        },
        Scenario {
            rule: "scan.port.tcp_ack_slow",
            positive: |scene| ports(scene, (25, 20_000), ack),
            negative: |scene| ports(scene, (24, 20_000), ack),
        },
        Scenario {
            rule: "scan.port.tcp_stealth",
            positive: |scene| ports(scene, (3, 100), null),
            negative: |scene| ports(scene, (200, 100), end),
        },
        Scenario {
            rule: "scan.port.tcp_stealth_slow",
            positive: |scene| ports(scene, (5, 100_000), null),
            negative: |scene| ports(scene, (4, 100_000), null),
        },
        Scenario {
            rule: "scan.port.udp",
            positive: |scene| ports(scene, (30, 100), datagram),
            negative: |scene| ports(scene, (200, 100), answered),
        },
        Scenario {
            rule: "scan.port.udp_slow",
            positive: |scene| ports(scene, (40, 15_000), datagram),
            negative: |scene| ports(scene, (39, 15_000), datagram),
        },
        Scenario {
            rule: "scan.port.sctp",
            positive: |scene| ports(scene, (10, 100), init),
            negative: |scene| ports(scene, (9, 100), init),
        },
        Scenario {
            rule: "scan.port.sctp_slow",
            positive: |scene| ports(scene, (15, 30_000), init),
            negative: |scene| ports(scene, (14, 30_000), init),
        },
    ]
};

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use capturer::{Icmp, Packet, Ports, Transport};

    use super::*;

    /// Three datagrams for each time to live from 2 on, which the destination, two hops away, refuses.
    fn refused(from_port: u16, ttl: fn(u8) -> u8) -> Vec<&'static str> {
        let (from, to) = (ip("192.0.2.7"), ip("203.0.113.9"));
        let mut scene = Scene::new();
        for n in 0..15 {
            let ports = Ports { source: 50_000, destination: from_port + u16::from(n) };
            let datagram = Packet {
                source: from,
                destination: to,
                protocol: Protocol::UDP,
                ttl: ttl(2 + n / 3),
                ..Packet::empty()
            };
            scene.send(&Packet { transport: Transport::Udp(ports), ..datagram }, b"@ABC");
            let mut quoted = vec![0; 28];
            (quoted[0], quoted[8], quoted[9]) = (0x45, 1, 17);
            let octets = |address: IpAddr| match address {
                IpAddr::V4(address) => address.octets(),
                IpAddr::V6(_) => [0; 4],
            };
            quoted[12..16].copy_from_slice(&octets(from));
            quoted[16..20].copy_from_slice(&octets(to));
            quoted[20..22].copy_from_slice(&ports.source.to_be_bytes());
            quoted[22..24].copy_from_slice(&ports.destination.to_be_bytes());
            let icmp = Transport::Icmp(Icmp { kind: 3, code: 3, identifier: 0, sequence: 0 });
            let answer = Packet {
                source: to,
                destination: from,
                protocol: Protocol::ICMP,
                ttl: 63,
                ..Packet::empty()
            };
            scene.send(&Packet { transport: icmp, ..answer }, &quoted);
            scene.wait(20);
        }
        scene.rules()
    }

    #[test]
    fn who_looks_for_the_way_to_a_near_host_scans_no_ports() {
        assert!(refused(33_434, |ttl| ttl).is_empty());
        assert_eq!(refused(33_434, |_| 64), ["scan.port.udp"], "a scan of the same ports");
        assert_eq!(refused(100, |ttl| ttl), ["scan.port.udp"], "a scan that makes believe");
    }
}
