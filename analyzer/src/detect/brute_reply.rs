//! Guessed passwords where answers can be read: FTP, SMTP, POP3, IMAP and Kerberos. What the server says counts; of
//! Kerberos many users of one client are enough, because then the answers need not be seen.

use std::net::IpAddr;
use std::time::Duration;

use capturer::Timestamp;

use super::book::key;
use super::different::Counted;
use super::guesses::{self, Failure, Guesses, SETTINGS};
use super::readers::{kerberos, lines};
use super::rule::{Rule, Setting, Thresholds, setting};
use super::tracker::Tracker;
use super::{Context, Detector, Entry, Event, Group, Moments};
use crate::alert::Party;

const CAVEAT: &str = "A program with an old password asks again and again; one user and long gaps are taken for that and \
    told as low.";

const fn lines_rule(id: &'static str, title: &'static str, sees: &'static str) -> Rule {
    guesses::rule(
        id,
        title,
        (sees, CAVEAT, "Zeek FTP (20 in 15 min), ET FTP (5 in 5 min), CrowdSec"),
        SETTINGS,
    )
}

static FTP: Rule = lines_rule(
    "brute.ftp",
    "Password guessing over FTP",
    "8 log-ins refused with 530 within a minute, or 20 within 15 minutes",
);
static SMTP: Rule = lines_rule(
    "brute.smtp",
    "Password guessing over SMTP",
    "8 log-ins refused with 535 within a minute, or 20 within 15 minutes",
);
static POP3: Rule = lines_rule(
    "brute.pop3",
    "Password guessing over POP3",
    "8 log-ins refused with -ERR within a minute, or 20 within 15 minutes",
);
static IMAP: Rule = lines_rule(
    "brute.imap",
    "Password guessing over IMAP",
    "8 log-ins refused with NO within a minute, or 20 within 15 minutes",
);

const USERS: Setting = setting("users", "different users", 8.0, (3.0, 16.0));
static KERBEROS_SETTINGS: &[Setting] =
    &[guesses::FAILURES, guesses::WINDOW, guesses::SLOW, guesses::SLOW_WINDOW, USERS];
static KERBEROS: Rule = guesses::rule(
    "brute.kerberos",
    "Password guessing or spraying over Kerberos",
    (
        "8 tickets refused within a minute, or 20 within 15 minutes, because the user does not exist, is revoked or the \
         password is wrong; or one client asks for 8 different users within a minute, answered or not",
        "A terminal server or an address shared by many, at the start of the day.",
        "RFC 4120 §7.5.9; Kerbrute as documented",
    ),
    KERBEROS_SETTINGS,
);

pub(super) const ENTRY: Entry = Entry {
    rules: &[&FTP, &SMTP, &POP3, &IMAP, &KERBEROS],
    wants: Moments::LINES.and(Moments::KERBEROS),
    make: |thresholds| Box::new(BruteReply::new(thresholds)),
};

/// In the order of [`lines::Service`].
static LINES: [&Rule; 4] = [&FTP, &SMTP, &POP3, &IMAP];

struct BruteReply {
    guesses: [Guesses; LINES.len()],
    /// The user of a session.
    users: Tracker<u64>,
    kerberos: Guesses,
    /// Users that a client asks for.
    asked: Tracker<Counted<16>>,
    most_users: (usize, Duration),
}

impl BruteReply {
    fn new(thresholds: &Thresholds) -> Self {
        let window = thresholds.seconds(&KERBEROS, guesses::WINDOW.name);
        Self {
            guesses: LINES.map(|rule| Guesses::new(rule, thresholds)),
            users: Tracker::new(4096, Duration::from_secs(300)),
            kerberos: Guesses::new(&KERBEROS, thresholds),
            asked: Tracker::new(1024, window),
            most_users: (thresholds.count(&KERBEROS, USERS.name), window),
        }
    }

    fn line(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let Some(session) = event.session else { return };
        let of = key(context.hasher, ("lines", session.opener, session.answerer));
        if let Some(user) = lines::user(event.payload) {
            *self.users.entry(of, event.at, || 0) = key(context.hasher, user);
            return;
        }
        // Answers come from the server, whoever is taken for the opener.
        let port = event.packet.ports().unwrap_or_default().source;
        let Some(service) = lines::service(port, event.payload) else { return };
        let Some(outcome) = lines::outcome(service, event.payload) else { return };
        let group = group(event.packet.destination, (event.packet.source, port));
        let guesses = &mut self.guesses[service as usize];
        match outcome {
            lines::Outcome::GotIn => guesses.got_in(group, (event.at, event.frame()), context),
            lines::Outcome::Refused => {
                let user = self.users.find(of, event.at).copied();
                let sight = (event.frame(), event.frame());
                guesses.failed(&Failure { group, at: event.at, sight, user }, context);
            }
        }
    }

    fn ticket(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let Some(message) = kerberos::read(event.payload, event.packet.tcp().is_some()) else { return };
        let (from, to) = (event.packet.source, event.packet.destination);
        let at = event.at;
        let sight = (event.frame(), event.frame());
        match message {
            kerberos::Message::Asks(user) => self.asks((from, to), user, event, context),
            kerberos::Message::Granted => self.kerberos.got_in(group(to, (from, 88)), (at, sight.0), context),
            kerberos::Message::Refused(code) if kerberos::FAILURES.contains(&code) => {
                let group = group(to, (from, 88));
                self.kerberos.failed(&Failure { group, at, sight, user: None }, context);
            }
            kerberos::Message::Refused(_) => {}
        }
    }

    fn asks(
        &mut self,
        (client, server): (IpAddr, IpAddr),
        user: &[u8],
        event: &Event<'_>,
        context: &mut Context<'_>,
    ) {
        let asked =
            self.asked.entry(key(context.hasher, ("kerberos", client, server)), event.at, Counted::default);
        let fresh = asked.see(key(context.hasher, user), event.at, event.frame());
        let users = asked.within(event.at, self.most_users.1);
        if !fresh || users < self.most_users.0 {
            return;
        }
        let mut case = context.book.case(&KERBEROS, group(client, (server, 88)), event.at);
        if case.fresh {
            case.since(asked.since(event.at, self.most_users.1).unwrap_or(event.at));
            case.count(users as u64).frames(asked.frames(event.at, self.most_users.1));
        } else {
            case.count(1).frames([event.frame()]);
        }
        case.reached("users", asked.different(), self.most_users.0 as f64);
    }
}

fn group(client: IpAddr, server: (IpAddr, u16)) -> Group {
    Group::between(Party::host(client), Party::service(server.0, server.1))
}

impl Detector for BruteReply {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        if event.is(Moments::KERBEROS) { self.ticket(event, context) } else { self.line(event, context) }
    }

    fn advance(&mut self, now: Timestamp, _: &mut Context<'_>) {
        self.guesses.iter_mut().for_each(|guesses| guesses.advance(now));
        self.kerberos.advance(now);
        self.users.advance(now);
        self.asked.advance(now);
    }
}

#[cfg(test)]
use super::scenes::{End, Scenario, Scene, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    use super::scenes::PSH_ACK;
    use kerberos::tests::request;

    fn ends(port: u16) -> (End, End) {
        ((ip("203.0.113.5"), 50_000), (ip("192.0.2.1"), port))
    }
    /// Log-ins in one connection, each answered so.
    fn log_ins(scene: &mut Scene, (n, port): (u64, u16), (command, answer): (&str, &str)) {
        let (from, to) = ends(port);
        scene.connect(from, to);
        for _ in 0..n {
            scene.tcp(from, to, PSH_ACK, command.as_bytes());
            scene.tcp(to, from, PSH_ACK, answer.as_bytes());
            scene.wait(1000);
        }
        scene.close(from, to);
    }
    fn users(scene: &mut Scene, n: u64) {
        for n in 0..n {
            scene.udp((ip("203.0.113.5"), 50_000), (ip("192.0.2.1"), 88), &request(&format!("user{n}")));
            scene.wait(200);
        }
    }
    &[
        Scenario {
            rule: "brute.ftp",
            positive: |scene| log_ins(scene, (8, 21), ("PASS x\r\n", "530 Login incorrect.\r\n")),
            negative: |scene| log_ins(scene, (30, 21), ("PASS x\r\n", "230 Welcome\r\n")),
        },
        Scenario {
            rule: "brute.smtp",
            positive: |scene| log_ins(scene, (8, 587), ("AHg=\r\n", "535 5.7.8 authentication failed\r\n")),
            negative: |scene| log_ins(scene, (30, 587), ("RCPT TO:<a@b>\r\n", "550 5.1.1 no such user\r\n")),
        },
        Scenario {
            rule: "brute.pop3",
            positive: |scene| log_ins(scene, (8, 110), ("PASS x\r\n", "-ERR authentication failed\r\n")),
            negative: |scene| log_ins(scene, (30, 110), ("TOP 9\r\n", "-ERR no such message\r\n")),
        },
        Scenario {
            rule: "brute.imap",
            positive: |scene| log_ins(scene, (8, 143), ("a LOGIN x y\r\n", "a NO LOGIN failed\r\n")),
            negative: |scene| log_ins(scene, (30, 143), ("a SELECT x\r\n", "a NO such mailbox\r\n")),
        },
        Scenario {
            rule: "brute.kerberos",
            positive: |scene| users(scene, 8),
            negative: |scene| (0..9).for_each(|_| users(scene, 6)),
        },
    ]
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::Severity;

    #[test]
    fn refused_tickets_count_and_a_granted_one_after_them_matters_more() {
        let mut scene = Scene::new();
        let (client, server) = ((ip("203.0.113.5"), 50_000), (ip("192.0.2.1"), 88));
        for _ in 0..9 {
            scene.udp(client, server, &kerberos::tests::request("ann"));
            scene.udp(server, client, &kerberos::tests::error(24));
        }
        scene.udp(server, client, &[0x6b, 2, 0x30, 0]);
        assert_eq!(scene.rules(), ["brute.kerberos"]);
        assert_eq!(scene.detection.alerts()[0].severity, Severity::High);
    }

    #[test]
    fn one_user_with_an_old_password_is_low() {
        let mut scene = Scene::new();
        let (client, server) = ((ip("203.0.113.5"), 50_000), (ip("192.0.2.1"), 143));
        for n in 0..21 {
            let client = (client.0, client.1 + n);
            scene.talk(client, server, (b"a LOGIN ann x\r\n", b"a NO LOGIN failed\r\n"));
            scene.wait(40_000);
        }
        assert_eq!(scene.rules(), ["brute.imap"]);
        assert_eq!(scene.detection.alerts()[0].severity, Severity::Low);
    }
}
