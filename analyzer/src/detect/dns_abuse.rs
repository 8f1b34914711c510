//! What name servers are misused for besides tunnels: taking a whole zone, asking for names that are not there by the
//! hundred (bots that look for their master, floods of random names), and names that turn from the Internet to the inside.

use std::net::IpAddr;
use std::time::Duration;

use capturer::{Timestamp, Transport};

use super::book::key;
use super::different::Counted;
use super::readers::dns::{AXFR, Question};
use super::rule::{Rule, Setting, Thresholds, setting};
use super::tracker::Tracker;
use super::tunnel_dns::ends;
use super::{Context, Detector, Entry, Event, Group, Moments};
use crate::alert::{Party, Severity};

const NAMES: Setting = setting("names", "different names that are not there", 50.0, (8.0, 64.0));
const WINDOW: Setting = setting("window", "s", 60.0, (5.0, 3600.0));
const SHARE: Setting = setting("failed_share", "ratio of answers without a name", 0.7, (0.1, 1.0));
const REQUESTS: Setting = setting("requests", "requests", 1.0, (1.0, 1000.0));
const TURN: Setting = setting("window", "s", 600.0, (10.0, 86_400.0));

static TRANSFER: Rule = Rule {
    id: "dns.axfr",
    title: "Zone transfer asked for",
    technique: "T1590.002",
    severity: Severity::Low,
    most: Severity::Medium,
    sees: "a request for a whole zone (AXFR); medium when it is answered with the zone",
    caveat: "Secondary servers do this all day; say who they are in the allow-list.",
    sources: "RFC 5936",
    settings: &[REQUESTS],
    tell: |alert| {
        format!(
            "{} asked {} for the whole zone {}",
            alert.who(),
            alert.whom(),
            alert.word("zone").unwrap_or("it has")
        )
    },
};
static STORM: Rule = Rule {
    id: "dns.nxdomain_storm",
    title: "Storm of names that are not there",
    technique: "T1568.002",
    severity: Severity::Medium,
    most: Severity::High,
    sees: "50 different names of one client within a minute that are not there (NXDOMAIN), and 7 of 10 answers are such",
    caveat: "A search suffix that is wrong, a mail server that asks block lists (known ones are left out), a resolver that \
        asks for many clients.",
    sources: "Slips (10 NXDOMAIN), random-subdomain floods as described by DNS-OARC",
    settings: &[NAMES, WINDOW, SHARE],
    tell: |alert| {
        let names = alert.figure("names").unwrap_or_default();
        format!("{} asked {} for {names} names that are not there", alert.who(), alert.whom())
    },
};
static REBINDING: Rule = Rule {
    id: "dns.rebinding",
    title: "Name turned to an inner address",
    technique: "T1557",
    severity: Severity::Medium,
    most: Severity::High,
    sees: "within 10 minutes one client is told a public and then a private or loopback address for one registered name",
    caveat: "A company's names that have other addresses inside than outside, seen by a host that came in.",
    sources: "Jackson et al., Protecting browsers from DNS rebinding attacks (2007)",
    settings: &[TURN],
    tell: |alert| {
        let name = alert.word("name").unwrap_or("a name");
        format!("{} was told by {} that {name} is inside now", alert.whom(), alert.who())
    },
};

pub(super) const ENTRY: Entry = Entry {
    rules: &[&TRANSFER, &STORM, &REBINDING],
    wants: Moments::DNS,
    make: |thresholds| Box::new(DnsAbuse::new(thresholds)),
};

/// Domains where a name that is not there is the usual answer: reverse zones, block lists, names of the network itself.
static USUAL: &[&str] = &[
    "arpa",
    "local",
    "lan",
    "home",
    "localdomain",
    "spamhaus.org",
    "spamcop.net",
    "sorbs.net",
    "surbl.org",
    "uribl.com",
    "barracudacentral.org",
    "dnswl.org",
    "abuseat.org",
    "sophosxl.net",
    "mcafee.com",
];

/// Answers that a client got.
#[derive(Clone, Copy, Default)]
struct Answers {
    missing: Counted<64>,
    from: Timestamp,
    all: u32,
    told: bool,
}

struct DnsAbuse {
    answers: Tracker<Answers>,
    /// Names that were outside.
    outside: Tracker<()>,
    requests: f64,
    names: usize,
    window: Duration,
    share: f64,
    turn: Duration,
}

impl DnsAbuse {
    fn new(thresholds: &Thresholds) -> Self {
        let turn = thresholds.seconds(&REBINDING, "window");
        let window = thresholds.seconds(&STORM, "window");
        Self {
            answers: Tracker::new(2048, window * 2),
            outside: Tracker::new(8192, turn),
            requests: thresholds.get(&TRANSFER, "requests"),
            names: thresholds.count(&STORM, "names"),
            window,
            share: thresholds.get(&STORM, "failed_share"),
            turn,
        }
    }

    fn transfer(&self, question: &Question<'_>, event: &Event<'_>, context: &mut Context<'_>) {
        let (client, server) = ends(event, question.is_answer());
        let group = Group::between(Party::host(client), Party::service(server, 53));
        let given = question.is_answer() && question.code() == 0 && question.records() > 1;
        if question.is_answer() && !given {
            return;
        }
        let mut case = context.book.case(&TRANSFER, group, event.at);
        case.count(u64::from(!question.is_answer())).frames([event.frame()]);
        case.word("zone", question.name().as_bytes());
        if given {
            case.severity(Severity::Medium);
        }
        let total = case.total().max(1) as f64;
        case.reached("requests", total, self.requests);
    }

    fn answer(&mut self, question: &Question<'_>, event: &Event<'_>, context: &mut Context<'_>) {
        let (client, server) = ends(event, true);
        let answers =
            self.answers.entry(key(context.hasher, ("dns.answers", client)), event.at, Answers::default);
        if event.at.since(answers.from) > self.window {
            (answers.from, answers.all) = (event.at, answers.all / 2);
        }
        answers.all = answers.all.saturating_add(1);
        if question.code() != 3 || is_usual(question.name()) {
            return;
        }
        answers.missing.see(key(context.hasher, question.name()), event.at, event.frame());
        let missing = answers.missing.within(event.at, self.window);
        if missing < self.names || (missing as f64) < self.share * f64::from(answers.all.min(64)) {
            return;
        }
        let mut case = context.book.case(&STORM, Group::by(Party::host(client)), event.at);
        if std::mem::replace(&mut answers.told, true) {
            case.count(1).frames([event.frame()]);
        } else {
            case.count(missing as u64).frames(answers.missing.frames(event.at, self.window));
            case.since(answers.missing.since(event.at, self.window).unwrap_or(event.at));
        }
        case.target(Party::service(server, 53)).word("name", question.name().as_bytes());
        case.reached("names", answers.missing.different(), self.names as f64)
            .figure("window", self.window.as_secs_f64());
    }

    fn turned(&mut self, question: &Question<'_>, event: &Event<'_>, context: &mut Context<'_>) {
        let (client, server) = ends(event, true);
        // Each family for itself: Windows asks for a name whose IPv6 address is meant to be an inner one.
        let family = |address: IpAddr| {
            key(context.hasher, ("dns.outside", client, question.name(), address.is_ipv4()))
        };
        // A name without a registered domain is the network's own.
        if crate::names::registered(question.name()).is_none() {
            return;
        }
        let mut inside = None;
        for address in question.addresses() {
            if is_inside(address) {
                inside = Some(address);
            } else if is_outside(address) {
                self.outside.entry(family(address), event.at, || ());
            }
        }
        let known = |address: &IpAddr| self.outside.find(family(*address), event.at).is_some();
        let Some(inside) = inside.filter(known) else { return };
        let group = Group::between(Party::service(server, 53), Party::host(client));
        let mut case = context.book.case(&REBINDING, group, event.at);
        case.count(1).frames([event.frame()]).word("name", question.name().as_bytes());
        case.word("address", inside.to_string().as_bytes());
        case.below("window", 0.0, self.turn.as_secs_f64());
    }
}

fn is_usual(name: &str) -> bool {
    let end = |domain: &&str| {
        let at = name.len().checked_sub(domain.len());
        at.and_then(|at| name.get(at..)).is_some_and(|tail| tail.eq_ignore_ascii_case(domain))
    };
    !name.contains('.') || USUAL.iter().any(end)
}

/// Addresses that a page from outside should not reach. 0.0.0.0 is what blockers say.
fn is_inside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

fn is_outside(address: IpAddr) -> bool {
    !is_inside(address) && !address.is_unspecified() && !address.is_multicast()
}

impl Detector for DnsAbuse {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let is_tcp = matches!(event.packet.transport, Transport::Tcp(_));
        let Some(question) = Question::in_payload(event.payload, is_tcp) else { return };
        if question.kind == AXFR {
            return self.transfer(&question, event, context);
        }
        if question.is_answer() {
            self.answer(&question, event, context);
            self.turned(&question, event, context);
        }
    }

    fn advance(&mut self, now: Timestamp, _: &mut Context<'_>) {
        self.answers.advance(now);
        self.outside.advance(now);
    }
}

#[cfg(test)]
use super::scenes::{End, Scenario, Scene, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    use super::readers::dns::tests::message;

    fn ends() -> (End, End) {
        ((ip("192.0.2.7"), 40_000), (ip("192.0.2.1"), 53))
    }
    fn answer(scene: &mut Scene, name: &str, code: u16, address: [u8; 4]) {
        let (client, server) = ends();
        let records: &[(u16, &[u8])] = if code == 0 { &[(1, &address)] } else { &[] };
        scene.udp(client, server, &message(name, (1, 0x0100), &[]));
        scene.udp(server, client, &message(name, (1, 0x8180 | code), records));
        scene.wait(200);
    }
    fn ask(scene: &mut Scene, kind: u16) {
        let (client, server) = ends();
        let message = message("example.org", (kind, 0x0100), &[]);
        let framed = [&(message.len() as u16).to_be_bytes()[..], &message].concat();
        scene.talk(client, server, (&framed, &framed));
    }
    const PUBLIC: [u8; 4] = [198, 51, 100, 1];
    &[
        Scenario { rule: "dns.axfr", positive: |scene| ask(scene, AXFR), negative: |scene| ask(scene, 255) },
        Scenario {
            rule: "dns.nxdomain_storm",
            positive: |scene| (0..60).for_each(|n| answer(scene, &format!("a{n}.example.org"), 3, PUBLIC)),
            negative: |scene| {
                (0..60).for_each(|n| answer(scene, &format!("a{n}.example.org"), 0, PUBLIC));
                (0..60).for_each(|n| answer(scene, &format!("{n}.2.0.192.in-addr.arpa"), 3, PUBLIC));
            },
        },
        Scenario {
            rule: "dns.rebinding",
            positive: |scene| {
                answer(scene, "evil.example.org", 0, PUBLIC);
                answer(scene, "evil.example.org", 0, [192, 168, 1, 1]);
            },
            negative: |scene| {
                answer(scene, "inner.example.org", 0, [192, 168, 1, 1]);
                answer(scene, "outer.example.org", 0, PUBLIC);
                answer(scene, "printer.local", 0, PUBLIC);
                answer(scene, "printer.local", 0, [192, 168, 1, 1]);
            },
        },
    ]
};

#[cfg(test)]
mod tests {
    use super::super::readers::dns::tests::message;
    use super::*;

    #[test]
    fn a_name_that_is_asked_for_twice_is_one_name() {
        let mut scene = Scene::new();
        let (client, server) = ((ip("192.0.2.7"), 40_000), (ip("192.0.2.1"), 53));
        // Both kinds of addresses, as every resolver asks; and after all 120 names all of them again.
        for n in (0..120).chain(0..120) {
            for kind in [1, 28] {
                let name = format!("a{n}.example.org");
                scene.udp(client, server, &message(&name, (kind, 0x0100), &[]));
                scene.udp(server, client, &message(&name, (kind, 0x8183), &[]));
            }
            scene.wait(100);
        }
        assert_eq!(scene.rules(), ["dns.nxdomain_storm"]);
        let alert = &scene.detection.alerts()[0];
        assert_eq!(alert.figure("names"), Some(120.0));
        assert!(alert.count > 400, "answers: {}", alert.count);
    }
}
