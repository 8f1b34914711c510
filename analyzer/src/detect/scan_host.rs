//! Host scans: one source tries one service on many hosts, and most fail. What separates it from a busy client is the
//! share that fails: clients of many servers fail with 0 to 5 in a hundred, a bot looking for victims with nearly all.
//!
//! Sweeps by ICMP ask who is there, and need not fail. Those of the own link are [`super::scan_link`]'s, slow scans [`super::scan_slow`]'s.

use std::net::IpAddr;
use std::time::Duration;

use capturer::{TcpFlags, Timestamp, Transport};

use super::book::key;
use super::different::Counted;
use super::firsts::Firsts;
use super::rule::{Rule, Setting, Thresholds, setting};
use super::scan_port::is_bare_probe;
use super::session::{Began, Session, is_group};
use super::tracker::{Tracker, Window};
use super::{Context, Detector, Entry, Event, Group, Label, Moments};
use crate::alert::{Alert, Party, Severity};

const HOSTS: Setting = setting("hosts", "different hosts that failed", 20.0, (3.0, 64.0));
const WINDOW: Setting = setting("window", "s", 60.0, (1.0, 3600.0));
const RATIO: Setting = setting("failed_share", "ratio", 0.7, (0.1, 1.0));
const AFTER_SWEEP: Setting = setting("hosts_after_sweep", "different hosts that failed", 5.0, (2.0, 64.0));

pub(super) const SOURCES: &str = "Zeek misc/scan (25 hosts in 5 min), bro-simple-scan, Snort sweeps (5 to 7 rejects in 60 s); \
    measured: benign clients reach 56 hosts with a failed share of 0.00 to 0.05, a bot 136 with 1.00";
pub(super) const CAVEAT: &str = "Peer-to-peer programs that look for peers which are gone, and monitoring that finds many hosts \
    down, look the same.";

const fn rule(
    id: &'static str,
    title: &'static str,
    sees: &'static str,
    settings: &'static [Setting],
) -> Rule {
    Rule {
        id,
        title,
        technique: "T1018",
        severity: Severity::Medium,
        most: Severity::High,
        sees,
        caveat: CAVEAT,
        sources: SOURCES,
        settings,
        tell,
    }
}

pub(super) static TCP: Rule = rule(
    "scan.host.tcp",
    "TCP host scan",
    "one port of 20 different hosts failed within a minute and at least 7 of 10 tries failed; 5 hosts are enough after a \
     sweep by ARP or ICMP",
    &[HOSTS, WINDOW, RATIO, AFTER_SWEEP],
);
pub(super) static TCP_ACK: Rule = rule(
    "scan.host.tcp_ack",
    "TCP ACK host scan",
    "bare ACKs of no session to one port of 20 different hosts within a minute",
    &[HOSTS, WINDOW, RATIO],
);
pub(super) static UDP: Rule = rule(
    "scan.host.udp",
    "UDP host scan",
    "one port of 30 different hosts was not answered within a minute, and at least 9 of 10 tries failed",
    &[
        setting("hosts", "different hosts that failed", 30.0, (3.0, 64.0)),
        WINDOW,
        setting("failed_share", "ratio", 0.9, (0.1, 1.0)),
    ],
);
pub(super) static ICMP: Rule = rule(
    "scan.host.icmp",
    "ICMP sweep",
    "echo, timestamp or mask requests to 12 different hosts within a minute",
    &[setting("hosts", "different hosts asked", 12.0, (3.0, 64.0)), WINDOW],
);
pub(super) const ENTRY: Entry = Entry {
    rules: &[&TCP, &TCP_ACK, &UDP, &ICMP],
    wants: Moments::REFUSED
        .and(Moments::ESTABLISHED)
        .and(Moments::UNANSWERED)
        .and(Moments::ANSWERED)
        .and(Moments::ICMP),
    make: |thresholds| Box::new(ScanHost::new(thresholds)),
};

pub(super) fn tell(alert: &Alert) -> String {
    let hosts = alert.figure("hosts").unwrap_or_default();
    match alert.word("port") {
        Some(port) => format!("{} tried port {port} of {hosts} hosts", alert.who()),
        None => format!("{} asked {hosts} addresses whether they are there", alert.who()),
    }
}

/// What is tried.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Tcp,
    Ack,
    Udp,
    Icmp,
}

/// What a rule asks for.
#[derive(Clone, Copy)]
struct Limits {
    rule: &'static Rule,
    hosts: usize,
    window: Duration,
    /// Least share of tries that failed.
    failed_share: f64,
}

impl Limits {
    fn of(rule: &'static Rule, thresholds: &Thresholds) -> Self {
        let failed_share = thresholds.get(rule, "failed_share");
        Self {
            rule,
            hosts: thresholds.count(rule, "hosts"),
            window: thresholds.seconds(rule, "window"),
            failed_share: if failed_share.is_finite() { failed_share } else { 0.0 },
        }
    }
}

/// Hosts that a source tried.
#[derive(Clone, Copy, Default)]
struct Tried {
    failed: Counted<64>,
    answered: Window<64>,
}

struct ScanHost {
    /// Sources that tried one host so far.
    firsts: Firsts,
    tried: Tracker<Tried>,
    /// Who opened sessions to a host's own ports.
    callers: Tracker<Window<4>>,
    limits: [(Kind, Limits); 4],
    after_sweep: usize,
}

/// Callers of its own ports that make a host a peer.
const CALLERS: usize = 3;

/// Sources and ports that are remembered.
const MOST: usize = 4096;

/// What was not tried for this long is forgotten.
const AGE: Duration = Duration::from_secs(900);

impl ScanHost {
    fn new(thresholds: &Thresholds) -> Self {
        let of = |rule| Limits::of(rule, thresholds);
        Self {
            firsts: Firsts::new(4 * MOST, AGE),
            tried: Tracker::new(MOST, AGE),
            callers: Tracker::new(MOST, AGE),
            limits: [
                (Kind::Tcp, of(&TCP)),
                (Kind::Ack, of(&TCP_ACK)),
                (Kind::Udp, of(&UDP)),
                (Kind::Icmp, of(&ICMP)),
            ],
            after_sweep: thresholds.count(&TCP, "hosts_after_sweep"),
        }
    }

    fn limits(&self, kind: Kind) -> Option<Limits> {
        self.limits.iter().find(|(of, _)| *of == kind).map(|(_, limits)| *limits)
    }

    /// A session to a port that is no common service's: of several callers it makes a peer.
    fn called(&mut self, session: &Session, event: &Event<'_>, context: &mut Context<'_>) {
        if session.answerer.1 < 1024 {
            return;
        }
        let of = key(context.hasher, ("scan.host.callers", session.answerer.0));
        let callers = self.callers.entry(of, event.at, Window::default);
        callers.see(key(context.hasher, session.opener.0), event.at, 0);
        if callers.len() >= CALLERS {
            context.labels.say(session.answerer.0, Label::Peer, event.at);
        }
    }

    /// A try of a session failed or was answered.
    fn session(&mut self, session: &Session, event: &Event<'_>, context: &mut Context<'_>) {
        let Some(kind) = kind(session) else { return };
        if says_nothing(session, event, context) {
            return;
        }
        let failed = !event.is(Moments::ANSWERED);
        let (source, port) = (session.opener.0, session.answerer.1);
        let from = if kind == Kind::Ack && event.is(Moments::UNANSWERED) { session.opener.1 } else { 0 };
        let tried = Try { kind, source, target: session.answerer.0, port: Some(port), from };
        self.tried(&tried, failed, event, context);
    }

    fn tried(&mut self, tried: &Try, failed: bool, event: &Event<'_>, context: &mut Context<'_>) {
        let by = key(context.hasher, ("scan.host", tried.kind, tried.source, tried.port, tried.from));
        let target = key(context.hasher, tried.target);
        if !failed {
            if let Some(state) = self.tried.find(by, event.at) {
                state.answered.see(target, event.at, event.frame());
            }
            return;
        }
        let Some(mut limits) = self.limits(tried.kind) else { return };
        let swept = (event.at, Duration::from_secs(60));
        if tried.kind == Kind::Tcp && context.labels.is(tried.source, Label::Swept, swept) {
            limits.hosts = limits.hosts.min(self.after_sweep);
        }
        if self.tried.find(by, event.at).is_none() {
            let Some(first) = self.firsts.other(by, target, (event.at, event.frame())) else { return };
            let state = self.tried.entry(by, event.at, Tried::default);
            state.failed.remember(first);
        }
        let state = self.tried.entry(by, event.at, Tried::default);
        state.failed.see(target, event.at, event.frame());
        if is_unknown_to_sender(tried, event) {
            state.answered.forget(target);
        }
        let failed = state.failed.within(event.at, limits.window);
        let answered = state.answered.within(event.at, limits.window);
        let share = failed as f64 / (failed + answered).max(1) as f64;
        let holds = failed >= limits.hosts && share >= limits.failed_share;
        if holds && !context.labels.is_excused(tried.source, event.at) {
            raise(state, tried, (&limits, share), event, context);
        }
    }

    fn icmp(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let Transport::Icmp(icmp) = &event.packet.transport else { return };
        let packet = event.packet;
        if super::session::is_request(packet.protocol, icmp.kind) && packet.source != packet.destination {
            let tried = Try {
                kind: Kind::Icmp,
                source: packet.source,
                target: packet.destination,
                port: None,
                from: 0,
            };
            if !is_group(tried.target) {
                self.tried(&tried, true, event, context);
            }
        }
    }
}

/// A try of a source.
struct Try {
    kind: Kind,
    source: IpAddr,
    target: IpAddr,
    port: Option<u16>,
    /// The port it came from, if that tells tries apart: bare ACKs without an answer count only from one port, as a scanner
    /// sends them. Those from many ports are sessions of which one direction is captured.
    from: u16,
}

/// Programs that look for peers, most of which are gone: Gnutella, BitTorrent, eDonkey, FastTrack, Direct Connect,
/// Bitcoin, Ethereum, IPFS.
pub(super) static PEERS: &[u16] = &[
    411, 412, 1214, 4001, 4662, 4672, 6346, 6347, 6881, 6882, 6883, 6884, 6885, 6886, 6887, 6888, 6889, 6969,
    8333, 30303, 51413,
];

/// Whether a port is that of programs that look for peers, or the source is a peer that others call, too.
fn is_peering(tried: &Try, at: Timestamp, context: &mut Context<'_>) -> bool {
    let Some(port) = tried.port else { return false };
    let while_ago = Duration::from_secs(900);
    PEERS.contains(&port) || (port >= 1024 && context.labels.is(tried.source, Label::Peer, (at, while_ago)))
}

/// Whether the sender's own system knows nothing of the session that was accepted: its RST without ACK answers a SYN+ACK that it did not
/// wait for (RFC 9293 §3.5.2), as programs get that send SYNs past it. Checks of health, which connect and close, send RST with ACK.
fn is_unknown_to_sender(tried: &Try, event: &Event<'_>) -> bool {
    const KIND: u16 = TcpFlags::RST.0 | TcpFlags::ACK.0;
    let resets = event.packet.tcp().is_some_and(|tcp| tcp.flags.0 & KIND == TcpFlags::RST.0);
    resets && event.packet.source == tried.source
}

/// Whether a try that failed tells nothing of who seems to try, or of the host.
pub(super) fn says_nothing(session: &Session, event: &Event<'_>, context: &Context<'_>) -> bool {
    let forged = event.is(Moments::UNANSWERED) && context.labels.is_forged(session.service(), event.at);
    forged || has_no_route(event)
}

/// A router has no way to the destination's network: that tells of the network, not of the host.
fn has_no_route(event: &Event<'_>) -> bool {
    event.quoted.is_some() && matches!(&event.packet.transport, Transport::Icmp(icmp) if icmp.code == 0)
}

/// What a session tries, if its source may be a scanner.
pub(super) fn kind(session: &Session) -> Option<Kind> {
    if is_group(session.answerer.0) || session.opener.0 == session.answerer.0 {
        return None;
    }
    Some(match session.began {
        Began::Syn => Kind::Tcp,
        Began::Ack if is_bare_probe(session) => Kind::Ack,
        Began::Datagram if !(session.opener.1 < 1024 && session.answerer.1 >= 1024) => Kind::Udp,
        _ => return None,
    })
}

impl Detector for ScanHost {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        if let Some(session) = event.session
            && event.is(Moments::ESTABLISHED)
        {
            self.called(session, event, context);
        }
        let failed = Moments::REFUSED.and(Moments::UNANSWERED).and(Moments::ANSWERED);
        if let Some(session) = event.session
            && event.is(failed)
        {
            self.session(session, event, context);
        }
        if event.is(Moments::ICMP) {
            self.icmp(event, context);
        }
    }

    fn advance(&mut self, now: Timestamp, _: &mut Context<'_>) {
        self.tried.advance(now);
        self.callers.advance(now);
    }
}

fn raise(
    state: &Tried,
    tried: &Try,
    (limits, share): (&Limits, f64),
    event: &Event<'_>,
    context: &mut Context<'_>,
) {
    context.labels.say(
        tried.source,
        if tried.kind == Kind::Icmp { Label::Swept } else { Label::Scanner },
        event.at,
    );
    let peering = is_peering(tried, event.at, context);
    let mut found = context.book.case(limits.rule, Group::by(Party::host(tried.source)), event.at);
    if found.fresh {
        let first = state.failed.since(event.at, limits.window).unwrap_or(event.at);
        found.since(first).count(state.failed.len() as u64);
        found.frames(state.failed.frames(event.at, limits.window));
        if let Some(port) = tried.port {
            found.word("port", port.to_string().as_bytes());
        }
    } else {
        found.count(1).frames([event.frame()]);
    }
    found.target(Party { address: tried.target, port: tried.port });
    found.reached("hosts", state.failed.different(), limits.hosts as f64);
    found.below("failed_share", share, limits.failed_share);
    found.figure("window", limits.window.as_secs_f64());
    if peering {
        found.at_most(Severity::Info).word("looks_like", b"a program that looks for peers");
    }
}

#[cfg(test)]
use super::scenes::{RST_ACK, SYN_ACK, Scenario, Scene, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    fn host(n: u16) -> IpAddr {
        IpAddr::from([198, 51, 100, n as u8])
    }
    fn hosts(scene: &mut Scene, (n, gap): (u16, u64), probe: fn(&mut Scene, u16)) {
        for n in 1..=n {
            probe(scene, n);
            scene.wait(gap);
        }
    }
    fn syn(scene: &mut Scene, n: u16) {
        scene.bare_syn((ip("203.0.113.5"), 50_000 + n), (host(n), 22));
    }
    fn visit(scene: &mut Scene, n: u16) {
        scene.talk((ip("203.0.113.5"), 50_000 + n), (host(n), 443), (b"hello", b"welcome"));
    }
    fn ack(scene: &mut Scene, n: u16) {
        let (from, to) = ((ip("203.0.113.5"), 50_000 + n), (host(n), 80));
        scene.tcp(from, to, TcpFlags::ACK, b"");
        scene.tcp(to, from, RST_ACK, b"");
    }
    fn midstream(scene: &mut Scene, n: u16) {
        let (from, to) = ((ip("203.0.113.5"), 50_000 + n), (host(n), 80));
        scene.tcp(from, to, TcpFlags::ACK, b"");
        scene.tcp(to, from, TcpFlags::ACK, b"");
    }
    fn datagram(scene: &mut Scene, n: u16) {
        scene.udp((ip("203.0.113.5"), 50_000), (host(n), 1434), b"?");
    }
    fn answered(scene: &mut Scene, n: u16) {
        datagram(scene, n);
        scene.udp((host(n), 1434), (ip("203.0.113.5"), 50_000), b"!");
    }
    fn ping(scene: &mut Scene, n: u16) {
        scene.icmp(ip("203.0.113.5"), host(n), (8, 0), b"abc");
    }
    &[
        Scenario {
            rule: "scan.host.tcp",
            positive: |scene| hosts(scene, (20, 100), syn),
            negative: |scene| {
                hosts(scene, (20, 100), visit);
                hosts(scene, (5, 100), syn);
            },
        },
        Scenario {
            rule: "scan.host.tcp_ack",
            positive: |scene| hosts(scene, (20, 100), ack),
            negative: |scene| hosts(scene, (200, 100), midstream),
        },
        Scenario {
            rule: "scan.host.udp",
            positive: |scene| hosts(scene, (30, 100), datagram),
            negative: |scene| hosts(scene, (200, 100), answered),
        },
        Scenario {
            rule: "scan.host.icmp",
            positive: |scene| hosts(scene, (12, 100), ping),
            negative: |scene| hosts(scene, (11, 100), ping),
        },
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Thirty hosts accept, and the one who asked resets.
    fn accepted(reset: fn(&mut Scene, (IpAddr, u16), (IpAddr, u16))) -> Vec<&'static str> {
        let mut scene = Scene::new();
        for n in 1..=30 {
            let (from, to) = ((ip("203.0.113.5"), 40_000), (IpAddr::from([198, 51, 100, n]), 80));
            scene.tcp(from, to, TcpFlags::SYN, b"");
            scene.tcp(to, from, SYN_ACK, b"");
            reset(&mut scene, from, to);
            scene.wait(100);
        }
        scene.rules()
    }

    #[test]
    fn who_sends_syns_past_its_own_system_scans_though_all_accept() {
        let rules = accepted(|scene, from, to| scene.tcp(from, to, TcpFlags::RST, b""));
        assert!(rules.contains(&"scan.host.tcp"), "{rules:?}");
        let rules = accepted(|scene, from, to| {
            scene.tcp(from, to, TcpFlags::ACK, b"");
            scene.tcp(from, to, RST_ACK, b"");
        });
        assert!(rules.is_empty(), "a check of health: {rules:?}");
        let rules = accepted(|scene, from, to| scene.tcp(from, to, RST_ACK, b""));
        assert!(rules.is_empty(), "one that spares the ACK: {rules:?}");
    }
}
