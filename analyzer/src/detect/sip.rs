//! Telephony: who looks for SIP servers and extensions, and who guesses passwords. A registration is refused once in every
//! log-in (401, then it comes with credentials), so refusals count only where no success is among them. Who asks once for each of many
//! users without credentials looks for extensions. Credentials answer a challenge of the server (RFC 3261 §22): where they come and no
//! answer is seen, only the questions are captured, and nothing is known of how it went.

use std::net::IpAddr;
use std::time::Duration;

use aho_corasick::AhoCorasick;
use capturer::Timestamp;

use super::book::key;
use super::different::Counted;
use super::guesses;
use super::readers::sip::{self, Kind};
use super::rule::{Rule, Setting, Thresholds, setting};
use super::tracker::{Tracker, Window};
use super::{Context, Detector, Entry, Event, Group, Label, Moments};
use crate::alert::{Party, Severity};

const FAILURES: Setting = setting("failures", "registrations refused", 10.0, (3.0, 64.0));
const WINDOW: Setting = setting("window", "s", 60.0, (1.0, 3600.0));
const HOSTS: Setting = setting("hosts", "different hosts asked", 8.0, (3.0, 64.0));
const USERS: Setting = setting("users", "different extensions asked for at one host", 15.0, (4.0, 64.0));

static BRUTE: Rule = guesses::rule(
    "brute.sip",
    "Password guessing over SIP",
    (
        "10 registrations within a minute, with credentials or again for the same user, at a server that refuses (401, 403, 404, 407), \
         and none that goes well",
        "A telephone with an old password.",
        "Asterisk fail2ban filters, ET SIP rules; RFC 3261 §22",
    ),
    &[FAILURES, WINDOW],
);
static SCAN: Rule = Rule {
    id: "scan.sip",
    title: "SIP scan",
    technique: "T1046",
    severity: Severity::Medium,
    most: Severity::High,
    sees: "SIP requests to 8 different hosts within a minute, or for 15 different extensions of one host by OPTIONS or \
        REGISTER, or of a known scanning tool",
    caveat: "A monitoring system, or an exchange with many partners.",
    sources: "SIPVicious as documented; CrowdSec and ET SIP rules",
    settings: &[HOSTS, USERS, WINDOW],
    tell: |alert| {
        let what = alert.word("tool").map_or_else(
            || {
                let count = |name| alert.figure(name).filter(|count| *count > 0.0);
                match count("users") {
                    Some(users) => format!("asks for {users} extensions"),
                    None => format!("asks {} hosts", count("hosts").unwrap_or_default()),
                }
            },
            |tool| format!("uses {tool}"),
        );
        format!("{} scans for SIP at {}: it {what}", alert.who(), alert.whom())
    },
};

pub(super) const ENTRY: Entry =
    Entry { rules: &[&BRUTE, &SCAN], wants: Moments::SIP, make: |thresholds| Box::new(Sip::new(thresholds)) };

/// What scanning tools call themselves, in lower case.
static TOOLS: &[&str] = &[
    "friendly-scanner",
    "friendly-request",
    "sipvicious",
    "sip-scan",
    "sipscan",
    "sundayddr",
    "sipsak",
    "sipcli",
    "vaxsipuseragent",
    "vaxasip",
    "pplsip",
    "smap",
    "iwar",
    "siparmyknife",
    "csipsimple_scan",
];

/// Refusals of a registration: unauthorized, forbidden, not found, proxy authentication required (RFC 3261 §21.4).
const REFUSALS: [u16; 4] = [401, 403, 404, 407];

/// Registrations of a client at a server.
#[derive(Clone, Copy, Default)]
struct Registrations {
    asked: Window<64>,
    refused: bool,
    went_well: bool,
    told: bool,
}

struct Sip {
    tools: Option<AhoCorasick>,
    registrations: Tracker<Registrations>,
    hosts: Tracker<Counted<64>>,
    users: Tracker<Counted<64>>,
    failures: usize,
    window: Duration,
    least: (usize, usize),
}

impl Sip {
    fn new(thresholds: &Thresholds) -> Self {
        let window = thresholds.seconds(&BRUTE, WINDOW.name);
        Self {
            tools: AhoCorasick::builder().ascii_case_insensitive(true).build(TOOLS).ok(),
            registrations: Tracker::new(1024, window),
            hosts: Tracker::new(1024, window),
            users: Tracker::new(1024, window),
            failures: thresholds.count(&BRUTE, FAILURES.name),
            window,
            least: (thresholds.count(&SCAN, HOSTS.name), thresholds.count(&SCAN, USERS.name)),
        }
    }

    fn request(
        &mut self,
        message: &sip::Message<'_>,
        method: &[u8],
        event: &Event<'_>,
        context: &mut Context<'_>,
    ) {
        let (client, server) = (event.packet.source, event.packet.destination);
        let sight = (event.at, event.frame());
        let agent = message.fields.get("user-agent").unwrap_or_default();
        if let Some(found) = self.tools.as_ref().and_then(|tools| tools.find(agent)) {
            let mut case = scan((client, server), (sight, 1), context);
            case.word("tool", TOOLS[found.pattern().as_usize()].as_bytes());
            let total = case.total() as f64;
            case.reached("requests", total, 1.0);
        }
        let hosts = self.hosts.entry(key(context.hasher, ("sip", client)), event.at, Counted::default);
        hosts.see(key(context.hasher, server), event.at, event.frame());
        let tried = hosts.within(event.at, self.window);
        if tried >= self.least.0 {
            let mut case = scan((client, server), (sight, tried), context);
            case.frames(hosts.frames(event.at, self.window));
            case.reached("hosts", hosts.different(), self.least.0 as f64);
        }
        let is_other = matches!(method, b"REGISTER" | b"OPTIONS")
            && self.extension(message, (client, server), sight, context);
        let [authorization, proxy] =
            ["authorization", "proxy-authorization"].map(|name| message.fields.get(name));
        let credentials = authorization.or(proxy);
        if method == b"REGISTER" && (credentials.is_some() || !is_other) {
            // One that is sent again has the same call, number and credentials.
            let [call, number] = ["call-id", "cseq"].map(|name| message.fields.get(name));
            let of = key(context.hasher, (call, number, credentials));
            self.registers((client, server), (of, sight), context);
        }
    }

    /// An extension is asked for; `true` if it was not asked for before.
    fn extension(
        &mut self,
        message: &sip::Message<'_>,
        (client, server): (IpAddr, IpAddr),
        (at, frame): (Timestamp, u64),
        context: &mut Context<'_>,
    ) -> bool {
        let Some(to) = message.to() else { return false };
        let users = self.users.entry(key(context.hasher, ("sip", client, server)), at, Counted::default);
        let is_other = users.see(key(context.hasher, to), at, frame);
        let asked = users.within(at, self.window);
        if asked >= self.least.1 {
            let mut case = scan((client, server), ((at, frame), asked), context);
            case.frames(users.frames(at, self.window)).reached(
                "users",
                users.different(),
                self.least.1 as f64,
            );
        }
        is_other
    }

    /// Each registration counts until one goes well.
    fn registers(
        &mut self,
        (client, server): (IpAddr, IpAddr),
        (call, (at, frame)): (u64, (Timestamp, u64)),
        context: &mut Context<'_>,
    ) {
        let of = key(context.hasher, ("register", client, server));
        let tries = self.registrations.entry(of, at, Registrations::default);
        if !tries.asked.see(call, at, frame) {
            return;
        }
        let failed = tries.asked.within(at, self.window);
        if tries.went_well || !tries.refused || failed < self.failures {
            return;
        }
        let group = Group::between(Party::host(client), Party::host(server));
        let mut case = context.book.case(&BRUTE, group, at);
        if std::mem::replace(&mut tries.told, true) && !case.fresh {
            case.count(1).frames([frame]);
        } else {
            case.count(failed as u64).frames(tries.asked.frames(at, self.window));
            case.since(tries.asked.since(at, self.window).unwrap_or(at));
        }
        let total = case.total() as f64;
        case.reached("failures", total, self.failures as f64).figure("window", self.window.as_secs_f64());
    }

    fn answer(&mut self, status: u16, method: &[u8], event: &Event<'_>, context: &mut Context<'_>) {
        if method != b"REGISTER" || !(status == 200 || REFUSALS.contains(&status)) {
            return;
        }
        let (client, server) = (event.packet.destination, event.packet.source);
        let of = key(context.hasher, ("register", client, server));
        let tries = self.registrations.entry(of, event.at, Registrations::default);
        if status != 200 {
            tries.refused = true;
            return;
        }
        if tries.told {
            let group = Group::between(Party::host(client), Party::host(server));
            if let Some(mut case) = context.book.known(&BRUTE, group, event.at) {
                case.frames([event.frame()]).figure("got_in", 1.0).severity(Severity::High);
            }
        }
        tries.went_well = true;
    }
}

fn scan<'a>(
    (client, server): (IpAddr, IpAddr),
    ((at, frame), tried): ((Timestamp, u64), usize),
    context: &'a mut Context<'_>,
) -> super::book::Found<'a> {
    context.labels.say(client, Label::Scanner, at);
    let mut case = context.book.case(&SCAN, Group::by(Party::host(client)), at);
    case.count(if case.fresh { tried as u64 } else { 1 }).frames([frame]).target(Party::host(server));
    case
}

impl Detector for Sip {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let Some(message) = sip::read(event.payload) else { return };
        match message.kind {
            Kind::Request(method) => self.request(&message, method, event, context),
            Kind::Answer(status, method) => self.answer(status, method, event, context),
        }
    }

    fn advance(&mut self, now: Timestamp, _: &mut Context<'_>) {
        self.registrations.advance(now);
        self.hosts.advance(now);
        self.users.advance(now);
    }
}

#[cfg(test)]
use super::scenes::{Scenario, Scene, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    fn send(scene: &mut Scene, host: u8, (method, user): (&str, u64)) {
        let text = format!(
            "{method} sip:example.org SIP/2.0\r\nTo: <sip:{user}@example.org>\r\nCSeq: {user} {method}\r\n\r\n"
        );
        let server = (IpAddr::from([192, 0, 2, host]), 5060);
        scene.udp((ip("203.0.113.5"), 5060), server, text.as_bytes());
        scene.wait(100);
    }
    /// Registrations with other credentials each, and what the server says.
    fn registers(scene: &mut Scene, n: u64, status: &str) {
        let (client, server) = ((ip("203.0.113.5"), 5060), (ip("192.0.2.1"), 5060));
        for n in 0..n {
            let text = format!(
                "REGISTER sip:example.org SIP/2.0\r\nTo: <sip:{}@example.org>\r\nCSeq: {n} REGISTER\r\n\
                 Authorization: Digest response=\"{n}\"\r\n\r\n",
                n % 3
            );
            scene.udp(client, server, text.as_bytes());
            let text = format!("SIP/2.0 {status}\r\nCSeq: {n} REGISTER\r\n\r\n");
            scene.udp(server, client, text.as_bytes());
            scene.wait(100);
        }
    }
    &[
        Scenario {
            rule: "brute.sip",
            positive: |scene| registers(scene, 12, "401 Unauthorized"),
            negative: |scene| {
                registers(scene, 9, "401 Unauthorized");
                (100..114).for_each(|user| send(scene, 1, ("REGISTER", user)));
            },
        },
        Scenario {
            rule: "scan.sip",
            positive: |scene| (1..=8).for_each(|host| send(scene, host, ("OPTIONS", 100))),
            negative: |scene| (1..=40).for_each(|user| send(scene, 1, ("INVITE", user))),
        },
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    /// So many registrations of one call and number, whose credentials are the same or others each time, and which are answered or not.
    fn tries(n: u64, other: bool, answered: bool) -> Vec<&'static str> {
        let mut scene = Scene::new();
        let (client, server) = ((ip("203.0.113.5"), 5060), (ip("192.0.2.1"), 5060));
        for n in 0..n {
            let response = if other { n } else { 0 };
            let text = format!(
                "REGISTER sip:example.org SIP/2.0\r\nTo: <sip:100@example.org>\r\nCall-ID: 7\r\nCSeq: 2 REGISTER\r\n\
                 Authorization: Digest username=\"100\", response=\"{response}\"\r\n\r\n"
            );
            scene.udp(client, server, text.as_bytes());
            if answered {
                scene.udp(server, client, b"SIP/2.0 401 Unauthorized\r\nCSeq: 2 REGISTER\r\n\r\n");
            }
            scene.wait(100);
        }
        scene.rules()
    }

    #[test]
    fn other_credentials_are_another_try_though_call_and_number_stay() {
        assert_eq!(tries(12, true, true), ["brute.sip"]);
        assert!(tries(40, false, true).is_empty(), "sent again");
        assert!(tries(40, true, false).is_empty(), "only questions are captured");
    }

    #[test]
    fn who_asks_once_for_each_of_many_extensions_guesses_no_password() {
        let mut scene = Scene::new();
        let (client, server) = ((ip("203.0.113.5"), 5060), (ip("192.0.2.1"), 5060));
        for user in 100..140 {
            let text = format!("REGISTER sip:a SIP/2.0\r\nTo: <sip:{user}@a>\r\nCSeq: 1 REGISTER\r\n\r\n");
            scene.udp(client, server, text.as_bytes());
            scene.udp(server, client, b"SIP/2.0 404 Not Found\r\nCSeq: 1 REGISTER\r\n\r\n");
            scene.wait(100);
        }
        assert_eq!(scene.rules(), ["scan.sip"]);
    }
}
