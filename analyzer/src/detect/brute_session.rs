//! Guessed passwords where nothing can be read: a log-in that fails is a short session of nearly the same size each time.
//! Looked at when a session ends. Services are known by their first words on any port, else by their port. SMB is the
//! exception: its answers say that a log-in failed.

use std::net::IpAddr;
use std::time::Duration;

use capturer::{Protocol, Timestamp};

use super::book::key;
use super::guesses::{self, BY_SIZE, Failure, Guesses, SETTINGS};
use super::readers::{lines, smb};
use super::rule::{Rule, Thresholds};
use super::session::{Began, Session};
use super::ssh_log_in::LogIn;
use super::tracker::Tracker;
use super::{Context, Detector, Entry, Event, Group, Moments};
use crate::alert::Party;

const CAVEAT: &str = "Scripts that log in often and do little, such as monitoring or short copies, have short sessions, too; \
    sizes that differ are taken for those.";
const SOURCES: &str =
    "Zeek SSH (30 failures in 30 min), CrowdSec ssh-bf (5, leak 10 s), Slips (9), DETECTION";

static SSH: Rule = guesses::rule(
    "brute.ssh",
    "Password guessing over SSH",
    (
        "8 sessions within a minute, or 20 within half an hour, that come as far as a log-in (600 bytes each way), end \
         before 6 kB, are of the same size, and in which no user got in (seen at ports 22 and 2222 by the shortest \
         message that a server has)",
        CAVEAT,
        SOURCES,
    ),
    BY_SIZE,
);
static RDP: Rule = guesses::rule(
    "brute.rdp",
    "Password guessing over RDP",
    (
        "8 sessions within a minute, or 20 within half an hour, that end before 15 s and 12 kB",
        CAVEAT,
        SOURCES,
    ),
    BY_SIZE,
);
static VNC: Rule = guesses::rule(
    "brute.vnc",
    "Password guessing over VNC",
    (
        "8 sessions within a minute, or 20 within half an hour, that end after the challenge (RFC 6143 §7.2.2)",
        CAVEAT,
        SOURCES,
    ),
    BY_SIZE,
);
static TELNET: Rule = guesses::rule(
    "brute.telnet",
    "Password guessing over Telnet",
    (
        "8 log-ins within a minute, or 20 within half an hour, that are refused in words or end before 2 kB",
        CAVEAT,
        SOURCES,
    ),
    BY_SIZE,
);
static SMB: Rule = guesses::rule(
    "brute.smb",
    "Password guessing over SMB",
    (
        "8 log-ins refused within a minute or 20 within 15 minutes (STATUS_LOGON_FAILURE and the like)",
        "A computer with an old password that connects again and again.",
        "MS-SMB2 §3.3.5.5, MS-ERREF",
    ),
    SETTINGS,
);

pub(super) const ENTRY: Entry = Entry {
    rules: &[&SSH, &RDP, &VNC, &TELNET, &SMB],
    wants: Moments::ENDED.and(Moments::REFUSED).and(Moments::BANNER).and(Moments::LINES).and(Moments::SSH),
    make: |thresholds| Box::new(BruteSession::new(thresholds)),
};

/// Services, in the order of [`SERVICES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    Ssh,
    Rdp,
    Vnc,
    Telnet,
    Smb,
}

/// What a failed log-in looks like: payload of the opener and the answerer, at least and at most, and how long it lasts.
struct Shape {
    rule: &'static Rule,
    ports: &'static [u16],
    asks: (u32, u32),
    answers: (u32, u32),
    longest: Duration,
}

static SERVICES: [Shape; 5] = [
    // Key exchange needs some 600 bytes each way; six tries in one session stay below 6 kB.
    Shape {
        rule: &SSH,
        ports: &[22, 2222],
        asks: (600, 6000),
        answers: (600, 6000),
        longest: Duration::from_secs(60),
    },
    Shape {
        rule: &RDP,
        ports: &[3389],
        asks: (100, 12_000),
        answers: (100, 12_000),
        longest: Duration::from_secs(15),
    },
    // Version 12, security 1, response 16; version 12, types, challenge 16, result 4 with a reason.
    Shape {
        rule: &VNC,
        ports: &[5900, 5901, 5902],
        asks: (25, 64),
        answers: (32, 300),
        longest: Duration::from_secs(30),
    },
    Shape {
        rule: &TELNET,
        ports: &[23, 2323],
        asks: (8, 600),
        answers: (20, 2000),
        longest: Duration::from_secs(60),
    },
    // Told by its answers.
    Shape { rule: &SMB, ports: &[], asks: (1, 0), answers: (1, 0), longest: Duration::ZERO },
];

/// Sizes of answers between two ends.
#[derive(Clone, Copy)]
struct Sizes {
    least: u32,
    most: u32,
}

/// Payload after which a log-in has gone well.
const GOT_IN: u32 = 8000;

struct BruteSession {
    /// What is known of ports by the first words there.
    known: Tracker<Option<Service>>,
    sizes: Tracker<Sizes>,
    /// Sessions of Telnet that were told by their words.
    told: Tracker<()>,
    /// Log-ins of SSH that are under way.
    log_ins: Tracker<LogIn>,
    guesses: [Guesses; SERVICES.len()],
}

impl BruteSession {
    fn new(thresholds: &Thresholds) -> Self {
        Self {
            known: Tracker::new(1024, Duration::from_secs(3600)),
            sizes: Tracker::new(1024, Duration::from_secs(900)),
            told: Tracker::new(1024, Duration::from_secs(900)),
            log_ins: Tracker::new(1024, Duration::from_secs(900)),
            guesses: SERVICES.each_ref().map(|shape| Guesses::new(shape.rule, thresholds)),
        }
    }

    fn service(&mut self, server: (IpAddr, u16), at: Timestamp, context: &Context<'_>) -> Option<Service> {
        const ALL: [Service; 4] = [Service::Ssh, Service::Rdp, Service::Vnc, Service::Telnet];
        let known = self.known.find(key(context.hasher, server), at).and_then(|known| *known);
        known
            .or_else(|| ALL.into_iter().find(|service| SERVICES[*service as usize].ports.contains(&server.1)))
    }

    fn learn(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let Some(session) = event.session else { return };
        let (client, server) = ends(session);
        let service = match event.payload {
            [b'S', b'S', b'H', ..] => Service::Ssh,
            [b'R', b'F', b'B', ..] => Service::Vnc,
            [3, 0, ..] => Service::Rdp,
            _ => Service::Smb,
        };
        if service != Service::Smb {
            *self.known.entry(key(context.hasher, server), event.at, || None) = Some(service);
            if service == Service::Ssh {
                *self.log_ins.entry(key(context.hasher, (client, server)), event.at, LogIn::default) =
                    LogIn::default();
            }
            return;
        }
        let Some(outcome) = smb::log_in(event.payload) else { return };
        let group = group(client, server);
        let guesses = &mut self.guesses[Service::Smb as usize];
        if outcome.refused {
            let sight = (event.frame(), event.frame());
            guesses.failed(&Failure { group, at: event.at, sight, user: None }, context);
        } else {
            guesses.got_in(group, (event.at, event.frame()), context);
        }
    }

    /// SSH tells by sizes that a log-in went well.
    fn piece(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let Some(session) = event.session else { return };
        let (client, server) = ends(session);
        let log_in = self.log_ins.entry(key(context.hasher, (client, server)), event.at, LogIn::default);
        let ports = event.packet.ports().unwrap_or_default();
        log_in.see((event.packet.source, ports.source) == client, event.packet.payload_len);
    }

    /// Telnet says in words that a log-in failed.
    fn line(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let Some(session) = event.session else { return };
        let (client, server) = ends(session);
        let ports = event.packet.ports().unwrap_or_default();
        let is_telnet = SERVICES[Service::Telnet as usize].ports.contains(&ports.source);
        if !is_telnet || !lines::refuses(event.payload) {
            return;
        }
        self.told.entry(key(context.hasher, (client, server)), event.at, || ());
        let sight = (event.frame(), event.frame());
        let failure = Failure { group: group(client, server), at: event.at, sight, user: None };
        self.guesses[Service::Telnet as usize].failed(&failure, context);
    }

    fn ended(&mut self, session: &Session, event: &Event<'_>, context: &mut Context<'_>) {
        let (client, server) = ends(session);
        let Some(service) = self.service(server, event.at, context) else { return };
        if self.told.find(key(context.hasher, (client, server)), event.at).is_some() {
            return;
        }
        let shape = &SERVICES[service as usize];
        let group = group(client, server);
        let (asks, answers) = if session.answerer == server {
            (session.payload[0], session.payload[1])
        } else {
            (session.payload[1], session.payload[0])
        };
        let log_in = self.log_ins.find(key(context.hasher, (client, server)), event.at);
        if service == Service::Ssh && log_in.is_some_and(|log_in| log_in.went_well()) {
            self.guesses[service as usize].got_in(group, (event.at, event.frame()), context);
            return;
        }
        let within = |bytes: u32, (least, most): (u32, u32)| (least..=most).contains(&bytes);
        if within(asks, shape.asks) && within(answers, shape.answers) && session.lasted() <= shape.longest {
            let sizes = self.sizes.entry(key(context.hasher, ("brute", group)), event.at, || Sizes {
                least: answers,
                most: answers,
            });
            *sizes = Sizes { least: sizes.least.min(answers), most: sizes.most.max(answers) };
            if sizes.most - sizes.least > sizes.most / 4 + 256 {
                return;
            }
            let sight = (key(context.hasher, (session.frame, client.1)), event.frame());
            self.guesses[service as usize]
                .failed(&Failure { group, at: event.at, sight, user: None }, context);
        } else if answers > GOT_IN {
            self.guesses[service as usize].got_in(group, (event.at, event.frame()), context);
        }
    }
}

/// The client and the server: when the opening was not seen, the server is the end with the lower port.
fn ends(session: &Session) -> ((IpAddr, u16), (IpAddr, u16)) {
    let (opener, answerer) = (session.opener, session.answerer);
    let unsure = session.began != Began::Syn;
    if unsure && opener.1 < answerer.1 { (answerer, opener) } else { (opener, answerer) }
}

fn group(client: (IpAddr, u16), server: (IpAddr, u16)) -> Group {
    Group::between(Party::host(client.0), Party::service(server.0, server.1))
}

impl Detector for BruteSession {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        if event.is(Moments::BANNER) {
            self.learn(event, context);
        }
        if event.is(Moments::SSH) {
            self.piece(event, context);
        }
        if event.is(Moments::LINES) {
            self.line(event, context);
        }
        if let Some(session) = event.session
            && session.protocol == Protocol::TCP
            && event.is(Moments::ENDED.and(Moments::REFUSED))
        {
            self.ended(session, event, context);
        }
    }

    fn advance(&mut self, now: Timestamp, _: &mut Context<'_>) {
        self.known.advance(now);
        self.sizes.advance(now);
        self.told.advance(now);
        self.log_ins.advance(now);
        self.guesses.iter_mut().for_each(|guesses| guesses.advance(now));
    }
}

#[cfg(test)]
use super::scenes::{End, Scenario, Scene, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    use super::scenes::PSH_ACK;

    fn ends(n: u64, port: u16) -> (End, End) {
        ((ip("203.0.113.5"), 50_000 + n as u16), (ip("192.0.2.1"), port))
    }
    /// Sessions that end after so many bytes each way.
    fn sessions(scene: &mut Scene, n: u64, port: u16, bytes: fn(u64) -> (usize, usize)) {
        for n in 0..n {
            let (from, to) = ends(n, port);
            let (asks, answers) = bytes(n);
            scene.talk(from, to, (&vec![1; asks], &vec![1; answers]));
            scene.wait(1000);
        }
    }
    /// Log-ins over SSH whose last answer has so many bytes, and what is said afterwards.
    fn log_ins(scene: &mut Scene, n: u64, last: usize) {
        for n in 0..n {
            let (from, to) = ends(n, 22);
            scene.connect(from, to);
            scene.tcp(to, from, PSH_ACK, b"SSH-2.0-x\r\n");
            for (asks, answers) in [(1208, 1564), (44, 44), (60, 52), (148, last)] {
                scene.tcp(from, to, PSH_ACK, &vec![1; asks]);
                scene.tcp(to, from, PSH_ACK, &vec![1; answers]);
            }
            scene.close(from, to);
            scene.wait(1000);
        }
    }
    fn smb(scene: &mut Scene, n: u64, status: u32) {
        for n in 0..n {
            let (from, to) = ends(n, 445);
            let answer = smb::tests::session_setup(status);
            scene.connect(from, to);
            scene.tcp(to, from, PSH_ACK, &answer);
            scene.wait(1000);
        }
    }
    &[
        Scenario {
            rule: "brute.ssh",
            positive: |scene| log_ins(scene, 8, 52),
            negative: |scene| {
                log_ins(scene, 40, 28);
                scene.wait(3_600_000);
                sessions(scene, 7, 22, |_| (1800, 1900));
                sessions(scene, 40, 2222, |n| (1800, 900 + 120 * n as usize));
                sessions(scene, 40, 80, |_| (1800, 1900));
            },
        },
        Scenario {
            rule: "brute.rdp",
            positive: |scene| sessions(scene, 8, 3389, |_| (1500, 2500)),
            negative: |scene| sessions(scene, 40, 3389, |_| (1500, 60_000)),
        },
        Scenario {
            rule: "brute.vnc",
            positive: |scene| sessions(scene, 8, 5900, |_| (29, 40)),
            negative: |scene| sessions(scene, 40, 5900, |_| (40, 6000)),
        },
        Scenario {
            rule: "brute.telnet",
            positive: |scene| sessions(scene, 8, 23, |_| (40, 120)),
            negative: |scene| sessions(scene, 40, 23, |_| (400, 12_000)),
        },
        Scenario {
            rule: "brute.smb",
            positive: |scene| smb(scene, 8, 0xc000_006d),
            negative: |scene| smb(scene, 40, 0xc000_0016),
        },
    ]
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::Severity;

    #[test]
    fn who_gets_in_after_many_failures_matters_more() {
        let mut scene = Scene::new();
        (SCENARIOS[0].positive)(&mut scene);
        let (from, to) = ((ip("203.0.113.5"), 60_000), (ip("192.0.2.1"), 22));
        scene.talk(from, to, (&[1; 2000], &[1; 30_000]));
        assert_eq!(scene.rules(), ["brute.ssh"]);
        let alert = &scene.detection.alerts()[0];
        assert_eq!(alert.severity, Severity::High);
        assert!(alert.summary().ends_with("and then got in"), "{}", alert.summary());
    }

    #[test]
    fn telnet_says_in_words_that_a_log_in_failed() {
        let mut scene = Scene::new();
        let (from, to) = ((ip("203.0.113.5"), 50_000), (ip("192.0.2.1"), 23));
        scene.connect(from, to);
        for _ in 0..8 {
            scene.tcp(from, to, super::super::scenes::PSH_ACK, b"x\r\n");
            scene.tcp(to, from, super::super::scenes::PSH_ACK, b"\r\nLogin incorrect\r\nlogin: ");
        }
        assert_eq!(scene.rules(), ["brute.telnet"]);
    }

    #[test]
    fn ssh_is_known_on_any_port() {
        let mut scene = Scene::new();
        for n in 0..8 {
            let (from, to) = ((ip("203.0.113.5"), 50_000 + n), (ip("192.0.2.1"), 902));
            let mut banner = b"SSH-2.0-x\r\n".to_vec();
            banner.resize(1800, 1);
            scene.talk(from, to, (&[1; 1800], &banner));
        }
        assert_eq!(scene.rules(), ["brute.ssh"]);
    }
}
