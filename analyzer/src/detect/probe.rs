//! Probes that tell which tool looks at a host: nmap's for the operating system, of which no stack sends any, and those
//! for the service behind a port, which speak one protocol after the other to it.
//!
//! The shapes are those of nmap's documentation ("TCP/IP Fingerprinting Methods", "Service and Version Detection").

use std::time::Duration;

use capturer::{Packet, TcpFlags, Timestamp, Transport};

use super::book::key;
use super::rule::{Rule, Thresholds, setting};
use super::tracker::{Tracker, Window};
use super::{Context, Detector, Entry, Event, Group, Label, Moments};
use crate::alert::{Party, Severity};

static OS: Rule = Rule {
    id: "probe.nmap_os",
    title: "Probes for the operating system",
    technique: "T1592.002",
    severity: Severity::Medium,
    most: Severity::Medium,
    sees: "3 different packets as nmap -O sends them to one host within a minute: no flags, SYN+FIN+PSH+URG, FIN+PSH+URG, SYNs \
        with tiny windows, a SYN with ECN and window 3, an echo request with a code, 300 times the letter C",
    caveat: "Other tools can send the same packets.",
    sources: "nmap: TCP/IP Fingerprinting Methods; ET SCAN rules",
    settings: &[
        setting("probes", "different probes", 3.0, (2.0, 6.0)),
        setting("window", "s", 60.0, (1.0, 3600.0)),
    ],
    tell: |alert| format!("{} asked {} which operating system it has", alert.who(), alert.whom()),
};
static SERVICE: Rule = Rule {
    id: "probe.nmap_service",
    title: "Probes for services",
    technique: "T1046",
    severity: Severity::Medium,
    most: Severity::Medium,
    sees: "first bytes of 3 different protocols from one host to one port within 5 minutes, or a request that only nmap makes",
    caveat: "A port that several protocols share can have clients of each.",
    sources: "nmap: Service and Version Detection",
    settings: &[
        setting("protocols", "different protocols", 3.0, (2.0, 8.0)),
        setting("window", "s", 300.0, (1.0, 3600.0)),
    ],
    tell: |alert| format!("{} tried several protocols on {}", alert.who(), alert.whom()),
};

pub(super) const ENTRY: Entry = Entry {
    rules: &[&OS, &SERVICE],
    wants: Moments::OPENED.and(Moments::ICMP).and(Moments::FIRST),
    make: |thresholds| Box::new(Probes::new(thresholds)),
};

/// Packets of nmap's for the operating system; the first ones are those that no stack sends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    NoFlags,
    SynFinPshUrg,
    FinPshUrg,
    EchoWithCode,
    Letters,
    Ecn,
    TinyWindow,
}

/// First bytes of protocols, as service probes send them to any port.
static FIRST_BYTES: &[(&str, &[u8])] = &[
    ("lines", b"\r\n\r\n"),
    ("http", b"GET / HTTP/1."),
    ("http", b"OPTIONS / HTTP/1."),
    ("rtsp", b"OPTIONS / RTSP/1.0"),
    ("sip", b"OPTIONS sip:"),
    ("help", b"HELP\r\n"),
    ("rpc", b"\x80\x00\x00\x28\x72\xfe\x1d\x13"),
    ("dns", b"\x00\x1e\x00\x06\x01\x00\x00\x01"),
    ("dns", b"\x00\x0c\x00\x00\x10\x00"),
    ("tls", b"\x16\x03"),
    ("rdp", b"\x03\x00\x00"),
    ("smb", b"\x00\x00\x00\xa4\xffSMB"),
    ("x11", b"\x6c\x00\x0b\x00"),
    ("lpd", b"\x01default\n"),
    ("ldap", b"\x30\x84\x00\x00\x00\x2d\x02\x01\x07"),
    ("ldap", b"\x30\x0c\x02\x01\x01\x60\x07"),
    ("kerberos", b"\x00\x00\x00\x71\x6a\x81\x6e"),
    ("java", b"JRMI\x00\x02\x4b"),
];

/// Paths that only nmap asks for.
static ONLY_NMAP: &[&[u8]] = &[b"GET /nice%20ports%2C/Tri%6Eity", b"GET /nmaplowercheck"];

#[derive(Clone, Copy, Default)]
struct Seen {
    shapes: Window<8>,
    /// Whether one is among them that no stack sends.
    odd: bool,
}

struct Probes {
    shapes: Tracker<Seen>,
    protocols: Tracker<Window<8>>,
    limits: [(usize, Duration); 2],
}

impl Probes {
    fn new(thresholds: &Thresholds) -> Self {
        let age = Duration::from_secs(900);
        Self {
            shapes: Tracker::new(1024, age),
            protocols: Tracker::new(1024, age),
            limits: [
                (thresholds.count(&OS, "probes"), thresholds.seconds(&OS, "window")),
                (thresholds.count(&SERVICE, "protocols"), thresholds.seconds(&SERVICE, "window")),
            ],
        }
    }

    fn shape(&mut self, shape: Shape, event: &Event<'_>, context: &mut Context<'_>) {
        let (source, target) = (event.packet.source, event.packet.destination);
        let seen =
            self.shapes.entry(key(context.hasher, ("probe.os", source, target)), event.at, Seen::default);
        seen.shapes.see(shape as u64, event.at, event.packet.number);
        seen.odd |= !matches!(shape, Shape::Ecn | Shape::TinyWindow);
        let (enough, window) = self.limits[0];
        let different = seen.shapes.within(event.at, window);
        if different < enough || !seen.odd {
            return;
        }
        context.labels.say(source, Label::Scanner, event.at);
        let group = Group::between(Party::host(source), Party::host(target));
        let mut found = context.book.case(&OS, group, event.at);
        found.count(if found.fresh { different as u64 } else { 1 });
        found.frames(seen.shapes.frames(event.at, window)).frames([event.packet.number]);
        found.reached("probes", different as f64, enough as f64);
    }

    fn service(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let certain = ONLY_NMAP.iter().any(|path| event.payload.starts_with(path));
        let Some(place) = FIRST_BYTES
            .iter()
            .position(|(_, bytes)| event.payload.starts_with(bytes))
            .or(certain.then_some(1))
        else {
            return;
        };
        let (source, target) = (event.packet.source, event.packet.destination);
        let port = event.packet.ports().unwrap_or_default().destination;
        let by = key(context.hasher, ("probe.service", source, target, port));
        let seen = self.protocols.entry(by, event.at, Window::default);
        seen.see(key(context.hasher, FIRST_BYTES[place].0), event.at, event.packet.number);
        let (enough, window) = self.limits[1];
        let different = seen.within(event.at, window);
        if different < enough && !certain {
            return;
        }
        context.labels.say(source, Label::Scanner, event.at);
        let group = Group::between(Party::host(source), Party::service(target, port));
        let mut found = context.book.case(&SERVICE, group, event.at);
        found.count(if found.fresh { different as u64 } else { 1 });
        found.frames(seen.frames(event.at, window)).reached("protocols", different as f64, enough as f64);
        if certain {
            found.word("request", event.payload.split(|&byte| byte == b'\r').next().unwrap_or_default());
        }
    }
}

/// Which of nmap's packets it is.
fn shape(packet: &Packet, payload: &[u8]) -> Option<Shape> {
    const STEALTH: u16 = 0x3f;
    match &packet.transport {
        Transport::Tcp(tcp) if tcp.options.layout.is_empty() => None,
        Transport::Tcp(tcp) => match (tcp.flags.0 & STEALTH, tcp.window) {
            (0, _) => Some(Shape::NoFlags),
            (0x2b, _) => Some(Shape::SynFinPshUrg),
            (0x29, _) => Some(Shape::FinPshUrg),
            (2, 3) if tcp.flags.has(TcpFlags(0xc0)) => Some(Shape::Ecn),
            (2, 1 | 4 | 16 | 63 | 512) => Some(Shape::TinyWindow),
            _ => None,
        },
        Transport::Icmp(icmp) => (icmp.kind == 8 && icmp.code == 9).then_some(Shape::EchoWithCode),
        Transport::Udp(_) => {
            let letters =
                packet.payload_len == 300 && payload.len() >= 32 && payload.iter().all(|&byte| byte == b'C');
            letters.then_some(Shape::Letters)
        }
        _ => None,
    }
}

impl Detector for Probes {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let opens = event.is(Moments::OPENED.and(Moments::ICMP));
        if opens && let Some(shape) = shape(event.packet, event.payload) {
            self.shape(shape, event, context);
        }
        if event.is(Moments::FIRST) && event.packet.tcp().is_some() {
            self.service(event, context);
        }
    }

    fn advance(&mut self, now: Timestamp, _: &mut Context<'_>) {
        self.shapes.advance(now);
        self.protocols.advance(now);
    }
}

#[cfg(test)]
use super::scenes::{Scenario, Scene, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    fn flags(scene: &mut Scene, (n, flags): (u16, u16)) {
        scene.tcp((ip("203.0.113.5"), 50_000 + n), (ip("192.0.2.80"), 135), TcpFlags(flags), b"");
    }
    fn ask(scene: &mut Scene, n: u16, first: &[u8]) {
        let ends = ((ip("203.0.113.5"), 50_000 + n), (ip("192.0.2.80"), 8080));
        scene.talk(ends.0, ends.1, (first, b"?"));
    }
    &[
        Scenario {
            rule: "probe.nmap_os",
            positive: |scene| {
                [0, 0x2b, 0x29].into_iter().enumerate().for_each(|(n, f)| flags(scene, (n as u16, f)));
            },
            negative: |scene| {
                [0, 0x29, 0x29].into_iter().enumerate().for_each(|(n, f)| flags(scene, (n as u16, f)));
            },
        },
        Scenario {
            rule: "probe.nmap_service",
            positive: |scene| {
                let probes: [&[u8]; 3] =
                    [b"\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n", b"OPTIONS / RTSP/1.0\r\n\r\n"];
                probes.into_iter().enumerate().for_each(|(n, probe)| ask(scene, n as u16, probe));
            },
            negative: |scene| (0..30).for_each(|n| ask(scene, n, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")),
        },
    ]
};
