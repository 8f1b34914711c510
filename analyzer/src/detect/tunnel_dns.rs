//! Tunnels through name servers: data goes out in names nobody else asks for and comes back in records that may hold
//! anything. Looked at by client and registered domain, over a minute; the network's own helpers that do the same for good
//! reasons (anti-virus, block lists, content delivery) are known by their domains.

use std::net::IpAddr;
use std::time::Duration;

use capturer::Timestamp;

use super::book::key;
use super::different::Counted;
use super::readers::dns::{Question, entropy};
use super::rule::{Rule, Setting, Thresholds, setting};
use super::tracker::{Rate, Tracker};
use super::{Context, Detector, Entry, Event, Group, Moments};
use crate::alert::{Party, Severity};
use crate::names::is_within;

const SUBDOMAINS: Setting = setting("subdomains", "different names below one domain", 30.0, (8.0, 64.0));
const WINDOW: Setting = setting("window", "s", 60.0, (5.0, 3600.0));
const LENGTH: Setting = setting("length", "bytes before the domain, mean", 25.0, (5.0, 200.0));
const ENTROPY: Setting = setting("entropy", "bit/byte, mean", 3.6, (1.0, 8.0));
const SLOW: Setting =
    setting("slow_subdomains", "different names in 15 min, long and of high entropy", 60.0, (8.0, 64.0));
const SHARE: Setting = setting("carrier_share", "ratio of TXT, NULL, CNAME and SRV", 0.5, (0.1, 1.0));
const BYTES: Setting = setting("bytes", "bytes of their answers in 60 s", 4000.0, (500.0, 1e6));
const CARRIERS: Setting = setting("carriers", "messages of those types in 60 s", 10.0, (4.0, 1000.0));

static TUNNEL: Rule = Rule {
    id: "tunnel.dns",
    title: "Tunnel through DNS",
    technique: "T1071.004",
    severity: Severity::High,
    most: Severity::Critical,
    sees: "a client asks for 30 different names below one domain within a minute that are long (25 bytes) or look random \
        (3.6 bit a byte), or more than half of what it asks there are TXT, NULL, CNAME or SRV records that bring 4 kB",
    caveat: "Services that put data into names for good reasons: anti-virus, block lists, licences, telemetry. Known ones are \
        left out.",
    sources: "RITA (different subdomains of a domain), Slips (entropy of TXT), dnscat2, iodine and dns2tcp as documented",
    settings: &[SUBDOMAINS, WINDOW, LENGTH, ENTROPY, SLOW, SHARE, BYTES, CARRIERS],
    tell: |alert| {
        let domain = alert.word("domain").filter(|domain| !domain.is_empty());
        let below =
            domain.map_or_else(|| "straight to a server".to_owned(), |domain| format!("below {domain}"));
        format!("{} sends data in DNS names {below}, by {}", alert.who(), alert.whom())
    },
};

pub(super) const ENTRY: Entry =
    Entry { rules: &[&TUNNEL], wants: Moments::DNS, make: |thresholds| Box::new(Tunnels::new(thresholds)) };

/// Domains whose names hold data for a good reason: block lists, anti-virus, content delivery and clouds.
static EXEMPT: &[&str] = &[
    "arpa",
    "spamhaus.org",
    "spamhaus.net",
    "spamcop.net",
    "sorbs.net",
    "surbl.org",
    "uribl.com",
    "barracudacentral.org",
    "dnswl.org",
    "mailspike.net",
    "senderscore.com",
    "senderbase.org",
    "spameatingmonkey.net",
    "cymru.com",
    "abuseat.org",
    "sophosxl.net",
    "mcafee.com",
    "trellix.com",
    "e5.sk",
    "eset.com",
    "trendmicro.com",
    "kaspersky-labs.com",
    "kasperskylabs.net",
    "avast.com",
    "avcdn.net",
    "avg.com",
    "bitdefender.net",
    "webrootcloudav.com",
    "norton.com",
    "cloudfront.net",
    "akamai.net",
    "akamaiedge.net",
    "akamaihd.net",
    "akadns.net",
    "edgekey.net",
    "edgesuite.net",
    "fastly.net",
    "amazonaws.com",
    "azure.com",
    "azureedge.net",
    "windows.net",
    "trafficmanager.net",
    "msedge.net",
    "googleusercontent.com",
    "googlevideo.com",
    "gvt1.com",
    "gvt2.com",
    "gstatic.com",
    "googlesyndication.com",
    "doubleclick.net",
    "fbcdn.net",
    "apple-dns.net",
    "aaplimg.com",
    "icloud.com",
    "local",
    "lan",
    "home",
    "localdomain",
];

/// Queries of a client below a domain.
#[derive(Clone, Copy, Default)]
struct Asked {
    names: Counted<64>,
    from: Timestamp,
    all: u32,
    carriers: u32,
    length: u32,
    entropy: u32,
    carried: Rate,
    recent: Rate,
    told: bool,
}

struct Tunnels {
    asked: Tracker<Asked>,
    limits: Limits,
}

#[derive(Clone, Copy)]
struct Limits {
    subdomains: usize,
    window: Duration,
    length: f64,
    entropy: f64,
    slow: usize,
    share: f64,
    bytes: u32,
    carriers: u32,
}

const MINUTE: Duration = Duration::from_secs(60);
const QUARTER: Duration = Duration::from_secs(900);

/// Different names, at least, when they carry data back.
const FEW_NAMES: usize = 4;

impl Tunnels {
    fn new(thresholds: &Thresholds) -> Self {
        let limits = Limits {
            subdomains: thresholds.count(&TUNNEL, "subdomains"),
            window: thresholds.seconds(&TUNNEL, "window"),
            length: thresholds.get(&TUNNEL, "length"),
            entropy: thresholds.get(&TUNNEL, "entropy"),
            slow: thresholds.count(&TUNNEL, "slow_subdomains"),
            share: thresholds.get(&TUNNEL, "carrier_share"),
            bytes: thresholds.count(&TUNNEL, "bytes") as u32,
            carriers: thresholds.count(&TUNNEL, "carriers") as u32,
        };
        Self { asked: Tracker::new(4096, QUARTER), limits }
    }
}

impl Asked {
    fn add(&mut self, question: &Question<'_>, rest: &str, (at, frame): (Timestamp, u64), name: u64) {
        // Means are those of the last minutes: old ones weigh half.
        if at.since(self.from) > MINUTE {
            for sum in [&mut self.all, &mut self.carriers, &mut self.length, &mut self.entropy] {
                *sum /= 2;
            }
            self.from = at;
        }
        self.all = self.all.saturating_add(1);
        self.carriers = self.carriers.saturating_add(u32::from(question.is_carrier()));
        self.length = self.length.saturating_add(rest.len() as u32);
        self.entropy = self.entropy.saturating_add(entropy(rest));
        self.names.see(name, at, frame);
        if question.is_carrier() {
            self.recent.add(at, MINUTE, 1);
            let carried = if question.is_answer() { question.carried() as u32 } else { 0 };
            self.carried.add(at, MINUTE, carried);
        }
    }

    /// Mean length and mean entropy of what stands before the domain.
    fn means(&self) -> (f64, f64) {
        let all = f64::from(self.all.max(1));
        (f64::from(self.length) / all, f64::from(self.entropy) / all / 100.0)
    }

    fn holds(&self, limits: &Limits, at: Timestamp) -> bool {
        let (length, entropy) = self.means();
        let names = self.names.within(at, limits.window);
        let out = names >= limits.subdomains && (length >= limits.length || entropy >= limits.entropy);
        let slow = self.names.within(at, QUARTER) >= limits.slow
            && length >= limits.length
            && entropy >= limits.entropy;
        let share = f64::from(self.carriers) / f64::from(self.all.max(1));
        let back = share > limits.share
            && self.carried.most() >= limits.bytes
            && self.recent.most() >= limits.carriers
            && self.names.len() >= FEW_NAMES;
        out || slow || back
    }
}

impl Detector for Tunnels {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let Some(question) = Question::in_payload(event.payload, event.packet.tcp().is_some()) else {
            return;
        };
        let (client, server) = ends(event, question.is_answer());
        let (domain, rest) = question.split();
        let mut lower = [0; 255];
        let Some(domain) = lower_case(domain, &mut lower) else { return };
        if rest.is_empty() || EXEMPT.iter().any(|exempt| is_within(domain, exempt)) {
            return;
        }
        let asked =
            self.asked.entry(key(context.hasher, ("tunnel.dns", client, domain)), event.at, Asked::default);
        let name = key(context.hasher, rest);
        asked.add(&question, rest, (event.at, event.frame()), name);
        if asked.holds(&self.limits, event.at) {
            raise(asked, &self.limits, (client, server, domain), (event, question.name()), context);
        }
    }

    fn advance(&mut self, now: Timestamp, _: &mut Context<'_>) {
        self.asked.advance(now);
    }
}

fn lower_case<'a>(text: &str, room: &'a mut [u8; 255]) -> Option<&'a str> {
    let room = room.get_mut(..text.len())?;
    room.copy_from_slice(text.as_bytes());
    room.make_ascii_lowercase();
    std::str::from_utf8(room).ok()
}

/// Who asks, and whom.
pub(super) fn ends(event: &Event<'_>, is_answer: bool) -> (IpAddr, IpAddr) {
    let (source, destination) = (event.packet.source, event.packet.destination);
    if is_answer { (destination, source) } else { (source, destination) }
}

fn raise(
    asked: &mut Asked,
    limits: &Limits,
    (client, server, domain): (IpAddr, IpAddr, &str),
    (event, name): (&Event<'_>, &str),
    context: &mut Context<'_>,
) {
    let mut case = context.book.case(&TUNNEL, Group::by(Party::host(client)), event.at);
    if std::mem::replace(&mut asked.told, true) {
        case.count(1).frames([event.frame()]);
    } else {
        let first = asked.names.since(event.at, QUARTER).unwrap_or(event.at);
        case.since(first).count(u64::from(asked.all)).frames(asked.names.frames(event.at, QUARTER));
    }
    let (length, entropy) = asked.means();
    case.target(Party::service(server, 53)).word("domain", domain.as_bytes()).word("name", name.as_bytes());
    let names = asked.names.within(event.at, limits.window);
    if names >= limits.subdomains {
        case.reached("subdomains", asked.names.different(), limits.subdomains as f64);
        case.figure("length", length.round()).figure("entropy", (entropy * 100.0).round() / 100.0);
    } else if asked.carried.most() >= limits.bytes {
        case.reached("bytes", f64::from(asked.carried.most()), f64::from(limits.bytes));
    } else {
        case.reached("slow_subdomains", asked.names.different(), limits.slow as f64);
    }
    case.figure("window", limits.window.as_secs_f64());
}

#[cfg(test)]
use super::scenes::{Scenario, Scene, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    use super::readers::dns::tests::message;

    fn ask(scene: &mut Scene, name: &str) {
        let (client, server) = ((ip("192.0.2.7"), 40_000), (ip("192.0.2.1"), 53));
        scene.udp(client, server, &message(name, (1, 0x0100), &[]));
        scene.udp(server, client, &message(name, (1, 0x8180), &[(1, &[198, 51, 100, 1])]));
        scene.wait(500);
    }
    /// A long name that is different each time.
    fn data(n: u64) -> String {
        format!(
            "{:016x}{:016x}",
            n.wrapping_mul(0x9e37_79b9_7f4a_7c15),
            n.wrapping_mul(0xc2b2_ae3d_27d4_eb4f)
        )
    }
    &[Scenario {
        rule: "tunnel.dns",
        positive: |scene| (1..=40).for_each(|n| ask(scene, &format!("{}.example.org", data(n)))),
        negative: |scene| {
            (1..=40).for_each(|n| ask(scene, &format!("www{n}.example.org")));
            (1..=40).for_each(|n| ask(scene, &format!("{}.example{n}.org", data(n))));
            (1..=40).for_each(|n| ask(scene, &format!("{}.zen.spamhaus.org", data(n))));
        },
    }]
};

#[cfg(test)]
mod tests {
    use super::super::readers::dns::tests::message;
    use super::*;

    #[test]
    fn data_that_comes_back_in_texts_is_a_tunnel_too_and_time_may_stand_still() {
        let mut scene = Scene::new();
        let (client, server) = ((ip("192.0.2.7"), 40_000), (ip("192.0.2.1"), 53));
        for n in 0..30 {
            let name = format!("c.{n}.example.org");
            scene.udp(client, server, &message(&name, (16, 0x0100), &[]));
            scene.udp(server, client, &message(&name, (16, 0x8180), &[(16, &[b'a'; 200])]));
        }
        assert_eq!(scene.rules(), ["tunnel.dns"]);
    }

    #[test]
    fn names_without_a_registered_domain_are_one_tunnel() {
        let mut scene = Scene::new();
        for n in 0..40u64 {
            let name = format!("dnscat.{:032x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            scene.udp((ip("192.0.2.7"), 40_000), (ip("192.0.2.1"), 53), &message(&name, (16, 0x0100), &[]));
        }
        assert_eq!(scene.rules(), ["tunnel.dns"]);
    }
}
