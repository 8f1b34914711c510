//! Who looks around on a web server, tries passwords on it, or drowns it. Requests are remembered by session until their
//! answer comes, because the status tells a look-around (paths that are not there) and a wrong password (401).

use std::net::IpAddr;

use aho_corasick::AhoCorasick;
use capturer::Timestamp;

use super::book::key;
use super::different::Counted;
use super::readers::http::{self, Answer, Message, Request};
use super::rule::{Rule, Setting, Thresholds, setting};
use super::tracker::{Rate, Tracker, Window};
use super::{Context, Detector, Entry, Event, Group, Label, Moments, Session};
use crate::alert::{Party, Severity};

const PATHS: Setting = setting("paths", "different paths that were refused", 15.0, (4.0, 64.0));
const WINDOW: Setting = setting("window", "s", 60.0, (1.0, 3600.0));
const FAILURES: Setting = setting("failures", "refused passwords", 8.0, (3.0, 64.0));
const SLOW_FAILURES: Setting = setting("slow_failures", "refused passwords", 20.0, (3.0, 64.0));
const SLOW_WINDOW: Setting = setting("slow_window", "s", 900.0, (60.0, 86_400.0));
const REQUESTS: Setting = setting("requests", "requests in 10 s", 1000.0, (100.0, 1e6));
const OF_ONE: Setting = setting("requests_of_one", "requests of one client in 10 s", 300.0, (50.0, 1e6));
const UNFINISHED: Setting =
    setting("unfinished", "requests begun in 60 s and not finished", 50.0, (10.0, 1e5));
const NARROW: Setting =
    setting("narrow", "requests of one client in 60 s with a window of hardly anything", 50.0, (10.0, 1e5));

static WEB: Rule = Rule {
    id: "scan.web",
    title: "Web scan",
    technique: "T1595.003",
    severity: Severity::Medium,
    most: Severity::High,
    sees: "a request of a known scanning tool, or 15 different paths refused with 4xx within a minute",
    caveat: "Tools can name themselves as they like, and an owner may scan his own server. A broken page that asks for many \
        files which are gone looks the same.",
    sources: "CrowdSec http-probing (10 paths, leak 10 s), user agents that the tools document",
    settings: &[PATHS, WINDOW],
    tell: |alert| {
        let what = alert.word("tool").map_or_else(
            || format!("asked for {} paths that are not there", alert.figure("paths").unwrap_or_default()),
            |tool| format!("uses {tool}"),
        );
        format!("{} scans the web server {}: it {what}", alert.who(), alert.whom())
    },
};
static BRUTE: Rule = Rule {
    id: "brute.http",
    title: "Password guessing on a web server",
    technique: "T1110",
    severity: Severity::Medium,
    most: Severity::High,
    sees: "8 passwords refused within a minute or 20 within 15 minutes: answers 401 to credentials, or log-in requests \
        with different credentials to one path",
    caveat: "A program with an old password that asks again and again, or many users behind one address.",
    sources: "CrowdSec http-bf (5, leak 10 s), DETECTION",
    settings: &[FAILURES, WINDOW, SLOW_FAILURES, SLOW_WINDOW],
    tell: |alert| {
        let tries = alert.figure("failures").unwrap_or_default();
        format!("{} tried {tries} passwords on {}", alert.who(), alert.whom())
    },
};
static FLOOD: Rule = Rule {
    id: "flood.http",
    title: "HTTP flood",
    technique: "T1499.002",
    severity: Severity::Medium,
    most: Severity::Critical,
    sees: "1000 requests for one path of a server within 10 s, or 300 by one client, or 50 requests begun within a minute of which less than one \
        in five is ever finished (Slowloris), or 50 within a minute by a client whose connections open with a window of less \
        than two segments (slow reading)",
    caveat: "A load test, or a page that everybody wants at once.",
    sources: "FastNetMon and ntopng flood thresholds by connection, OWASP on Slowloris",
    settings: &[REQUESTS, OF_ONE, UNFINISHED, NARROW],
    tell: |alert| {
        let requests = ["requests", "requests_of_one", "unfinished", "narrow"]
            .into_iter()
            .find_map(|name| alert.figure(name))
            .unwrap_or_default();
        format!("{} gets {requests} requests at once from {}", alert.whom(), alert.who())
    },
};

pub(super) const ENTRY: Entry = Entry {
    rules: &[&WEB, &BRUTE, &FLOOD],
    wants: Moments::HTTP.and(Moments::UNFINISHED),
    make: |thresholds| Box::new(WebScan::new(thresholds)),
};

/// What scanning tools call themselves in User-Agent, in lower case.
static TOOLS: &[&str] = &[
    "nikto",
    "sqlmap",
    "nmap scripting engine",
    "masscan",
    "zgrab",
    "nuclei",
    "gobuster",
    "dirbuster",
    "dirb ",
    "feroxbuster",
    "fuzz faster u fool",
    "wfuzz",
    "wpscan",
    "joomscan",
    "acunetix",
    "nessus",
    "openvas",
    "netsparker",
    "w3af",
    "arachni",
    "skipfish",
    "whatweb",
    "havij",
    "zmeu",
    "jorgee",
    "morfeus",
    "muieblackcat",
    "commix",
    "xsser",
    "fimap",
    "dirsearch",
    "httpx - open-source",
    "leakix",
    "grabber",
    "vega/",
    "webinspect",
    "paros/",
    "golismero",
];

/// A request that waits for its answer.
#[derive(Clone, Copy, Default)]
struct Asked {
    path: u64,
    frame: u64,
    /// It brings a password.
    tries: bool,
}

/// What a client did on a server.
#[derive(Clone, Copy, Default)]
struct Visit {
    refused: Counted<64>,
    failures: Window<64>,
    told: [bool; 2],
}

/// What a server is asked.
#[derive(Clone, Copy, Default)]
struct Load {
    requests: Rate,
    begun: Rate,
    finished: Rate,
}

struct WebScan {
    tools: Option<AhoCorasick>,
    asked: Tracker<Asked>,
    visits: Tracker<Visit>,
    loads: Tracker<Load>,
    limits: Limits,
}

#[derive(Clone, Copy)]
struct Limits {
    paths: usize,
    window: std::time::Duration,
    failures: [(usize, std::time::Duration); 2],
    requests: u32,
    of_one: u32,
    unfinished: u32,
    narrow: u32,
}

/// Of a flood.
const SPAN: std::time::Duration = std::time::Duration::from_secs(10);

/// Bytes of a segment that may be full: the least MTU of IPv6 without headers.
const FULL: usize = 1200;
const MINUTE: std::time::Duration = std::time::Duration::from_secs(60);

impl WebScan {
    fn new(thresholds: &Thresholds) -> Self {
        let brute = |count, window| (thresholds.count(&BRUTE, count), thresholds.seconds(&BRUTE, window));
        let limits = Limits {
            paths: thresholds.count(&WEB, "paths"),
            window: thresholds.seconds(&WEB, "window"),
            failures: [brute("failures", "window"), brute("slow_failures", "slow_window")],
            requests: thresholds.count(&FLOOD, "requests") as u32,
            of_one: thresholds.count(&FLOOD, "requests_of_one") as u32,
            unfinished: thresholds.count(&FLOOD, "unfinished") as u32,
            narrow: thresholds.count(&FLOOD, "narrow") as u32,
        };
        Self {
            tools: AhoCorasick::builder().ascii_case_insensitive(true).build(TOOLS).ok(),
            asked: Tracker::new(8192, MINUTE),
            visits: Tracker::new(1024, limits.failures[1].1),
            loads: Tracker::new(2048, MINUTE * 2),
            limits,
        }
    }

    fn request(&mut self, request: &Request<'_>, event: &Event<'_>, context: &mut Context<'_>) {
        let way = Way::of(event, false);
        let path = key(context.hasher, request.path());
        let credentials = credentials(request);
        let asked = Asked { path, frame: event.frame(), tries: credentials.is_some() };
        *self.asked.entry(way.session(context), event.at, Asked::default) = asked;
        self.tool(request, &way, event, context);
        if let Some((place, credentials)) = credentials.filter(|(place, _)| *place == Place::Form) {
            // A form's answer does not tell: different credentials do.
            let tried = key(context.hasher, (place as u8, path, credentials));
            self.failed(&way, (tried, event.frame()), event.at, context);
        }
        // Who asks again and again on one connection is a client that keeps it; a flood comes with many.
        if !event.session.is_some_and(Session::is_long) {
            self.load(&way, path, event, context);
        }
        if event.session.is_some_and(|session| session.narrow) {
            self.narrow(&way, event, context);
        }
    }

    fn tool(&mut self, request: &Request<'_>, way: &Way, event: &Event<'_>, context: &mut Context<'_>) {
        let agent = request.fields.get("user-agent").unwrap_or_default();
        let Some(found) = self.tools.as_ref().and_then(|tools| tools.find(agent)) else { return };
        context.labels.say(way.client.0, Label::Scanner, event.at);
        let mut case = context.book.case(&WEB, way.group(), event.at);
        case.count(1).frames([event.frame()]);
        case.word("tool", TOOLS[found.pattern().as_usize()].trim().as_bytes()).word("user_agent", agent);
        let total = case.total() as f64;
        case.reached("requests", total, 1.0);
    }

    fn answer(&mut self, answer: &Answer<'_>, event: &Event<'_>, context: &mut Context<'_>) {
        let way = Way::of(event, true);
        let Some(asked) = self.asked.find(way.session(context), event.at).copied() else { return };
        if answer.status == 401 && asked.tries {
            self.failed(&way, (key(context.hasher, (asked.frame, "401")), event.frame()), event.at, context);
        }
        if (400..500).contains(&answer.status) && !matches!(answer.status, 401 | 407) {
            self.refused(&way, asked, event, context);
        }
    }

    /// A path that is not there or not for everybody.
    fn refused(&mut self, way: &Way, asked: Asked, event: &Event<'_>, context: &mut Context<'_>) {
        let visit = self.visits.entry(way.visit(context), event.at, Visit::default);
        visit.refused.see(asked.path, event.at, asked.frame);
        let paths = visit.refused.within(event.at, self.limits.window);
        if paths < self.limits.paths {
            return;
        }
        context.labels.say(way.client.0, Label::Scanner, event.at);
        let mut case = context.book.case(&WEB, way.group(), event.at);
        if std::mem::replace(&mut visit.told[0], true) {
            case.count(1).frames([asked.frame]);
        } else {
            let first = visit.refused.since(event.at, self.limits.window).unwrap_or(event.at);
            case.since(first).count(paths as u64).frames(visit.refused.frames(event.at, self.limits.window));
        }
        case.reached("paths", visit.refused.different(), self.limits.paths as f64);
        case.figure("window", self.limits.window.as_secs_f64());
    }

    /// A password that was refused, or one of several different ones.
    fn failed(&mut self, way: &Way, (tried, frame): (u64, u64), at: Timestamp, context: &mut Context<'_>) {
        let visit = self.visits.entry(way.visit(context), at, Visit::default);
        if !visit.failures.see(tried, at, frame) {
            return;
        }
        let failures = |(_, window): &(usize, std::time::Duration)| visit.failures.within(at, *window);
        let Some(limit) = self.limits.failures.iter().find(|limit| failures(limit) >= limit.0) else {
            return;
        };
        let count = failures(limit);
        let mut case = context.book.case(&BRUTE, way.group(), at);
        if std::mem::replace(&mut visit.told[1], true) {
            case.count(1).frames([frame]);
        } else {
            let first = visit.failures.since(at, limit.1).unwrap_or(at);
            case.since(first).count(count as u64).frames(visit.failures.frames(at, limit.1));
        }
        let total = case.total() as f64;
        case.reached("failures", total, limit.0 as f64).figure("window", limit.1.as_secs_f64());
    }

    fn load(&mut self, way: &Way, path: u64, event: &Event<'_>, context: &mut Context<'_>) {
        let all = key(context.hasher, ("path", way.server, path));
        let of_one = key(context.hasher, ("path of one", way.client.0, way.server, path));
        let limits =
            [(all, "requests", self.limits.requests), (of_one, "requests_of_one", self.limits.of_one)];
        let mut counted = false;
        for (of, name, least) in limits {
            let load = self.loads.entry(of, event.at, Load::default);
            let requests = load.requests.add(event.at, SPAN, 1);
            if requests < least {
                continue;
            }
            let mut case = context.book.case(&FLOOD, Group::on(way.party()), event.at);
            // Once for each request, whichever limit it passes.
            let more = if case.fresh { u64::from(requests) } else { u64::from(!counted) };
            case.count(more).frames([event.frame()]).source(Party::host(way.client.0));
            case.reached(name, f64::from(requests), f64::from(least));
            context.labels.say(way.client.0, Label::Flooder, event.at);
            counted = true;
        }
        if event.known > 0 {
            let of = key(context.hasher, ("server", way.server));
            self.loads.entry(of, event.at, Load::default).finished.add(event.at, MINUTE, 1);
        }
    }

    /// A request begins and is not whole; most soon are.
    fn begun(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let way = Way::of(event, false);
        let load = self.loads.entry(key(context.hasher, ("server", way.server)), event.at, Load::default);
        let begun = load.begun.add(event.at, MINUTE, 1);
        let open = begun.saturating_sub(load.finished.most());
        if open < self.limits.unfinished || open * 5 < begun * 4 {
            return;
        }
        let mut case = context.book.case(&FLOOD, Group::on(way.party()), event.at);
        case.count(if case.fresh { u64::from(open) } else { 1 }).frames([event.frame()]);
        case.source(Party::host(way.client.0));
        case.reached("unfinished", f64::from(open), f64::from(self.limits.unfinished));
        context.labels.say(way.client.0, Label::Flooder, event.at);
    }

    /// A request by a client that has no room for its answer: the server has to keep it (slow reading).
    fn narrow(&mut self, way: &Way, event: &Event<'_>, context: &mut Context<'_>) {
        let of = key(context.hasher, ("narrow", way.client.0, way.server));
        let requests = self.loads.entry(of, event.at, Load::default).begun.add(event.at, MINUTE, 1);
        if requests < self.limits.narrow {
            return;
        }
        let mut case = context.book.case(&FLOOD, Group::on(way.party()), event.at);
        case.count(if case.fresh { u64::from(requests) } else { 1 }).frames([event.frame()]);
        case.source(Party::host(way.client.0));
        case.reached("narrow", f64::from(requests), f64::from(self.limits.narrow));
        context.labels.say(way.client.0, Label::Flooder, event.at);
    }
}

impl Detector for WebScan {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        if event.is(Moments::UNFINISHED) {
            // A full segment has to go on; a short one that does is made so.
            if event.payload.len() < FULL {
                self.begun(event, context);
            }
            return;
        }
        match http::read(event.head) {
            Some(Message::Request(request)) => self.request(&request, event, context),
            Some(Message::Answer(answer)) => self.answer(&answer, event, context),
            None => {}
        }
    }

    fn advance(&mut self, now: Timestamp, _: &mut Context<'_>) {
        self.asked.advance(now);
        self.visits.advance(now);
        self.loads.advance(now);
    }
}

/// Who asks whom: not always who opened, since a capture may begin in the middle.
struct Way {
    client: (IpAddr, u16),
    server: (IpAddr, u16),
}

impl Way {
    fn of(event: &Event<'_>, answers: bool) -> Self {
        let ports = event.packet.ports().unwrap_or_default();
        let (from, to) = ((event.packet.source, ports.source), (event.packet.destination, ports.destination));
        if answers { Self { client: to, server: from } } else { Self { client: from, server: to } }
    }

    fn session(&self, context: &Context<'_>) -> u64 {
        key(context.hasher, ("asked", self.client, self.server))
    }

    fn visit(&self, context: &Context<'_>) -> u64 {
        key(context.hasher, ("visit", self.client.0, self.server))
    }

    fn party(&self) -> Party {
        Party::service(self.server.0, self.server.1)
    }

    fn group(&self) -> Group {
        Group::between(Party::host(self.client.0), self.party())
    }
}

/// Where a request brings a password.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Field,
    Form,
}

/// Names of parameters that bring a password.
static PASSWORDS: [&[u8]; 5] = [b"password=", b"passwd=", b"pass=", b"pwd=", b"log_pass="];

/// The credentials that a request brings. Of NTLM only its last message (RFC 4559, type 3) is a try: the ones before are
/// refused with 401 in every log-in.
fn credentials<'a>(request: &Request<'a>) -> Option<(Place, &'a [u8])> {
    if let Some(value) = request.fields.get("authorization") {
        let scheme = value.split(|&byte| byte == b' ').next().unwrap_or_default();
        let negotiates = [&b"NTLM"[..], b"Negotiate"].iter().any(|name| scheme.eq_ignore_ascii_case(name));
        let last = value[scheme.len()..].trim_ascii().starts_with(b"TlRMTVNTUAAD");
        return (!negotiates || last).then_some((Place::Field, value));
    }
    let form = if request.method == b"POST" { request.body } else { request.query() };
    let asks =
        PASSWORDS.iter().any(|name| form.windows(name.len()).any(|window| window.eq_ignore_ascii_case(name)));
    asks.then_some((Place::Form, form))
}

#[cfg(test)]
use super::scenes::{End, Scenario, Scene, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    use super::scenes::PSH_ACK;

    const NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\n\r\n";
    const OK: &str = "HTTP/1.1 200 OK\r\n\r\n";
    fn ends(n: u16) -> (End, End) {
        ((ip("203.0.113.5"), 50_000 + n), (ip("192.0.2.1"), 80))
    }
    fn talk(scene: &mut Scene, n: u16, request: &str, answer: &str) {
        let (from, to) = ends(n);
        scene.talk(from, to, (request.as_bytes(), answer.as_bytes()));
        scene.wait(100);
    }
    fn paths(scene: &mut Scene, n: u16, answer: &str) {
        (0..n).for_each(|n| talk(scene, n, &format!("GET /{n} HTTP/1.1\r\n\r\n"), answer));
    }
    fn log_in(scene: &mut Scene, n: u16, answer: &str) {
        for n in 0..n {
            let request = format!("GET / HTTP/1.1\r\nAuthorization: Basic dTpw{n}\r\n\r\n");
            talk(scene, n, &request, answer);
        }
    }
    fn begin(scene: &mut Scene, n: u16, ends_it: bool) {
        for n in 0..n {
            let (from, to) = ends(n);
            scene.connect(from, to);
            let pieces: [&[u8]; 2] = [b"GET / HTTP/1.1\r\nX-a: b\r\n", b"Host: a\r\n\r\n"];
            scene.stream(from, to, PSH_ACK, if ends_it { &pieces } else { &pieces[..1] });
            scene.wait(100);
        }
    }
    &[
        Scenario {
            rule: "scan.web",
            positive: |scene| paths(scene, 15, NOT_FOUND),
            negative: |scene| {
                paths(scene, 100, OK);
                paths(scene, 14, NOT_FOUND);
            },
        },
        Scenario {
            rule: "brute.http",
            positive: |scene| log_in(scene, 8, "HTTP/1.1 401 Unauthorized\r\n\r\n"),
            negative: |scene| {
                log_in(scene, 100, OK);
                log_in(scene, 7, "HTTP/1.1 401 Unauthorized\r\n\r\n");
            },
        },
        Scenario {
            rule: "flood.http",
            positive: |scene| begin(scene, 60, false),
            negative: |scene| begin(scene, 300, true),
        },
    ]
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::scenes;

    fn request(bytes: &[u8]) -> Request<'_> {
        match http::read(bytes) {
            Some(Message::Request(request)) => request,
            other => panic!("{other:?}"),
        }
    }

    /// Requests for one path, on connections whose SYN has an operating system's window or hardly any.
    fn reads(scene: &mut Scene, n: u16, narrow: bool) {
        for n in 0..n {
            let (from, to) = ((ip("203.0.113.5"), 50_000 + n), (ip("192.0.2.1"), 80));
            if narrow {
                scene.bare_syn(from, to);
            } else {
                scene.tcp(from, to, capturer::TcpFlags::SYN, b"");
            }
            scene.tcp(to, from, scenes::SYN_ACK, b"");
            scene.tcp(from, to, capturer::TcpFlags::ACK, b"");
            scene.tcp(from, to, scenes::PSH_ACK, b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
            scene.tcp(to, from, scenes::PSH_ACK, b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n");
            scene.wait(100);
        }
    }

    #[test]
    fn who_asks_often_and_can_receive_hardly_anything_reads_slowly() {
        for (n, narrow, rules) in [(60, true, &["flood.http"][..]), (60, false, &[]), (49, true, &[])] {
            let mut scene = Scene::new();
            reads(&mut scene, n, narrow);
            assert_eq!(scene.rules(), rules, "{n} {narrow}");
        }
    }

    #[test]
    fn who_drowns_a_server_and_looks_whether_it_answers_is_no_beacon() {
        let mut scene = Scene::new();
        reads(&mut scene, 60, true);
        for n in 0..20 {
            let (from, to) = ((ip("203.0.113.5"), 60_000 + n), (ip("192.0.2.1"), 80));
            scene.talk(from, to, (b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"));
            scene.wait(3000);
        }
        assert_eq!(scene.rules(), ["flood.http"]);
    }

    #[test]
    fn a_guesser_that_says_its_name_is_told_by_its_guesses() {
        let mut scene = Scene::new();
        for n in 0..20 {
            let request = format!(
                "GET / HTTP/1.1\r\nUser-Agent: Mozilla/4.0 (Hydra)\r\nAuthorization: Basic dTpw{n}\r\n\r\n"
            );
            let (from, to) = ((ip("203.0.113.5"), 50_000 + n), (ip("192.0.2.1"), 80));
            scene.talk(from, to, (request.as_bytes(), b"HTTP/1.1 401 Unauthorized\r\n\r\n"));
        }
        assert_eq!(scene.rules(), ["brute.http"]);
    }

    #[test]
    fn a_handshake_of_ntlm_is_one_try() {
        let bytes = |word: &str| format!("GET / HTTP/1.1\r\nAuthorization: {word}\r\n\r\n");
        for (word, tries) in [
            ("NTLM TlRMTVNTUAABAAAA", false),
            ("Negotiate TlRMTVNTUAADAAAA", true),
            ("Negotiate YIIabc", false),
            ("Basic dTpw", true),
        ] {
            assert_eq!(credentials(&request(bytes(word).as_bytes())).is_some(), tries, "{word}");
        }
    }

    #[test]
    fn forms_bring_passwords_in_body_or_query() {
        assert!(credentials(&request(b"GET /brute/?user=a&Password=b HTTP/1.1\r\n\r\n")).is_some());
        assert!(credentials(&request(b"POST /login HTTP/1.1\r\n\r\nlog=a&pwd=b")).is_some());
        assert!(credentials(&request(b"POST /login HTTP/1.1\r\n\r\nname=a")).is_none());
    }
}
