//! The rules of floods: words, figures and where they come from. What sees them is [`super::flood`].

use super::rule::{Rule, Setting, setting};
use crate::alert::{Alert, Severity};

const fn rate(default: f64) -> Setting {
    setting("rate", "packets/s", default, (10.0, 1e7))
}
const fn in_ten(default: f64) -> Setting {
    setting("in_ten", "packets in 10 s", default, (10.0, 1e8))
}
const fn done(default: f64) -> Setting {
    setting("done_share", "ratio", default, (0.0, 1.0))
}
const SOURCES: Setting = setting("sources", "different sources", 50.0, (2.0, 1e6));

const ORIGIN: &str = "FastNetMon (packets/s by host), ntopng flow flood, DETECTION: two real floods had 37 623 and 9 697 \
    sources; completed handshakes separate a busy server";

const fn rule(
    (id, title): (&'static str, &'static str),
    sees: &'static str,
    caveat: &'static str,
    settings: &'static [Setting],
) -> Rule {
    Rule {
        id,
        title,
        technique: "T1498.001",
        severity: Severity::High,
        most: Severity::Critical,
        sees,
        caveat,
        sources: ORIGIN,
        settings,
        tell,
    }
}

pub(super) static SYN: Rule = rule(
    ("flood.syn", "SYN flood"),
    "200 SYNs to one host within a second, or 1000 within 10, of which less than a fifth became connections a second later",
    "A server that is down while its clients retry looks the same.",
    &[rate(200.0), in_ten(1000.0), done(0.2)],
);
pub(super) static SYN_SPOOFED: Rule = rule(
    ("flood.syn_spoofed", "SYN flood with forged sources"),
    "a SYN flood in which at least every second SYN has a source of its own; or 50 SYNs without any option within a \
     second, of one make and nearly all from different sources, whoever they go to",
    "Thousands of real clients of a server that went down look much the same, but repeat their SYNs.",
    &[SOURCES, setting("stray_rate", "packets/s", 50.0, (10.0, 1e7))],
);
pub(super) static UDP: Rule = rule(
    ("flood.udp", "UDP flood"),
    "5000 datagrams to one host within a second that were not answered, and less than a tenth of their sessions was; 1000 \
     within a tenth of a second from 20 sources",
    "A media stream or a transfer of which only one direction is captured looks the same.",
    &[
        rate(5000.0),
        done(0.1),
        setting("burst", "datagrams in 0.1 s", 1000.0, (10.0, 1e6)),
        setting("burst_sources", "different sources", 20.0, (1.0, 1e6)),
    ],
);
pub(super) static ICMP: Rule = rule(
    ("flood.icmp", "ICMP flood"),
    "300 ICMP messages other than errors to one host within a second, or 600 within 10, with less than a tenth answered or with \
     forged sources; ten times as many if they are answered",
    "An administrator's ping -f looks the same.",
    &[rate(300.0), in_ten(600.0), done(0.1), setting("answered_rate", "packets/s", 3000.0, (10.0, 1e7))],
);
pub(super) static RST: Rule = rule(
    ("flood.rst", "RST flood"),
    "200 RSTs of no known session to one host within a second",
    "Answers to packets that somebody sent in the victim's name look the same: then the senders are victims too.",
    &[rate(200.0)],
);
pub(super) static ACK: Rule = rule(
    ("flood.ack", "Flood of TCP segments of no session"),
    "500 segments of no known session to one host within a second that begin nothing: with ACK (ACK flood), or without it and \
     without SYN alone or RST (FIN, null and Xmas floods)",
    "When a capture begins, sessions that are under way look the same until they go on.",
    &[rate(500.0), done(0.2)],
);
pub(super) static SYN_ACK: Rule = rule(
    ("flood.reflection_synack", "SYN+ACK reflection"),
    "100 SYN+ACKs from 20 different hosts to one host within a second that has sent no SYN to them",
    "A capture of only one direction of a busy client looks the same.",
    &[rate(100.0), setting("sources", "different sources", 20.0, (2.0, 1e6))],
);

fn tell(alert: &Alert) -> String {
    let figure = |name| alert.figure(name).unwrap_or_default();
    let from = match figure("sources") {
        n if n > 1.0 => format!("about {n} addresses"),
        _ => alert.who(),
    };
    let whom = if alert.targets.is_empty() { "many hosts".to_owned() } else { alert.whom() };
    let what = alert.word("what").unwrap_or("packets");
    format!("{from} sent {} {what} a second to {whom}", figure("rate"))
}
