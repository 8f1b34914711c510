//! Attacks by fragments: pieces that overlap (RFC 5722), a piece inside of another (teardrop, CVE-1999-0015), first
//! pieces too small for a header (RFC 1858), and pieces that never become a datagram.
//!
//! The capturer marks overlaps and tiny pieces. What comes twice in the same place is the same frame seen twice, and no
//! overlap.

use std::net::IpAddr;
use std::time::Duration;

use capturer::{Packet, PacketFacts, Timestamp, Transport};

use super::book::key;
use super::rule::{Rule, Setting, Thresholds, setting};
use super::surge::Surge;
use super::tracker::Tracker;
use super::{Context, Detector, Entry, Event, Group, Moments};
use crate::alert::{Alert, Party, Severity};

const ENOUGH: &[Setting] = &[setting("fragments", "fragments", 1.0, (1.0, 1e6))];

const fn rule(
    (id, title): (&'static str, &'static str),
    sees: &'static str,
    tell: fn(&Alert) -> String,
) -> Rule {
    Rule {
        id,
        title,
        technique: "T1499.004",
        severity: Severity::Medium,
        most: Severity::High,
        sees,
        caveat: "A broken stack or network card can send such pieces.",
        sources: "RFC 1858, RFC 5722, CVE-1999-0015; Suricata defragmentation events",
        settings: ENOUGH,
        tell,
    }
}

static TEARDROP: Rule = rule(
    ("frag.teardrop", "Teardrop"),
    "a fragment that lies inside of one that came before, and is not the same once more",
    |alert| {
        format!("{} sent {} a fragment inside of another, {} in all", alert.who(), alert.whom(), alert.count)
    },
);
static OVERLAP: Rule = rule(
    ("frag.overlap", "Overlapping fragments"),
    "a fragment that overlaps one that came before, and is not the same once more",
    |alert| format!("{} sent {} fragments that overlap, {} in all", alert.who(), alert.whom(), alert.count),
);
static TINY: Rule = rule(
    ("frag.tiny", "Tiny fragments"),
    "a first fragment too short for its transport header, or a TCP fragment that begins inside of it",
    |alert| {
        format!(
            "{} sent {} fragments without a whole header, {} in all",
            alert.who(),
            alert.whom(),
            alert.count
        )
    },
);
static FLOOD: Rule = Rule {
    id: "frag.flood",
    title: "Fragment flood",
    technique: "T1498.001",
    severity: Severity::High,
    most: Severity::Critical,
    sees: "200 fragments to one host within a second, of which less than a fifth became whole datagrams",
    caveat: "A capture that loses frames of a transfer in fragments looks the same.",
    sources: "DETECTION; ntopng fragment checks",
    settings: &[
        setting("rate", "fragments/s", 200.0, (10.0, 1e7)),
        setting("whole_share", "ratio", 0.2, (0.0, 1.0)),
    ],
    tell: |alert| {
        let rate = alert.figure("rate").unwrap_or_default();
        format!("{} received {rate} fragments a second that did not become datagrams", alert.whom())
    },
};

pub(super) const ENTRY: Entry = Entry {
    rules: &[&TEARDROP, &OVERLAP, &TINY, &FLOOD],
    wants: Moments::FRAGMENT,
    make: |thresholds| Box::new(Fragments::new(thresholds)),
};

/// Where a piece lies in its datagram, bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Piece {
    begin: u32,
    end: u32,
}

/// Pieces of a datagram that are remembered.
const PIECES: usize = 12;

/// A datagram in pieces.
#[derive(Clone, Copy, Default)]
struct Datagram {
    pieces: [Piece; PIECES],
    seen: u32,
    bytes: u32,
    /// Where it ends, once known.
    end: Option<u32>,
    whole: bool,
}

/// How a piece relates to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    /// It is new.
    New,
    /// The same came before.
    Same,
    /// It lies inside of another.
    Inside,
}

impl Datagram {
    fn take(&mut self, piece: Piece, more: bool) -> Relation {
        let known = &self.pieces[..(self.seen as usize).min(PIECES)];
        if known.contains(&piece) {
            return Relation::Same;
        }
        let inside = known.iter().any(|other| other.begin <= piece.begin && piece.end <= other.end);
        if let Some(place) = self.pieces.get_mut(self.seen as usize) {
            *place = piece;
        }
        self.seen += 1;
        self.bytes += piece.end - piece.begin;
        if !more {
            self.end = Some(piece.end);
        }
        if inside { Relation::Inside } else { Relation::New }
    }

    /// Whether it became whole with the last piece.
    fn completes(&mut self) -> bool {
        let whole = self.end.is_some_and(|end| self.bytes >= end);
        !std::mem::replace(&mut self.whole, whole) && whole
    }
}

/// Fragments for a host.
#[derive(Clone, Copy)]
struct Target {
    surge: Surge,
    address: IpAddr,
    suspect: Option<Timestamp>,
    told: bool,
}

struct Fragments {
    datagrams: Tracker<Datagram>,
    targets: Tracker<Target>,
    suspects: Vec<u64>,
    enough: [f64; 3],
    rate: f64,
    whole_share: f64,
}

/// Datagrams and hosts that are remembered.
const DATAGRAMS: usize = 4096;
const TARGETS: usize = 512;

/// How long a datagram waits for its pieces (Linux: 30 s).
const AGE: Duration = Duration::from_secs(30);

/// What came is judged so much later, so that the last pieces may come.
const PATIENCE: Duration = Duration::from_secs(1);

impl Fragments {
    fn new(thresholds: &Thresholds) -> Self {
        let enough = |rule| thresholds.get(rule, "fragments");
        Self {
            datagrams: Tracker::new(DATAGRAMS, AGE),
            targets: Tracker::new(TARGETS, AGE),
            suspects: Vec::new(),
            enough: [enough(&TEARDROP), enough(&OVERLAP), enough(&TINY)],
            rate: thresholds.get(&FLOOD, "rate"),
            whole_share: thresholds.get(&FLOOD, "whole_share"),
        }
    }

    fn odd(&self, place: usize, event: &Event<'_>, context: &mut Context<'_>) {
        let rule: &'static Rule = [&TEARDROP, &OVERLAP, &TINY][place];
        let (source, target) = (Party::host(event.packet.source), Party::host(event.packet.destination));
        let mut found = context.book.case(rule, Group::between(source, target), event.at);
        found.count(1).frames([event.packet.number]);
        let total = found.total() as f64;
        if total < self.enough[place] {
            found.below("fragments", total, self.enough[place]).at_most(Severity::Info);
        } else {
            found.reached("fragments", total, self.enough[place]);
        }
    }

    /// Counts for the host that the pieces go to; `whole` pieces became a datagram.
    fn count(&mut self, whole: u32, event: &Event<'_>, context: &mut Context<'_>) {
        let (packet, at) = (event.packet, event.at);
        let by = key(context.hasher, ("frag", packet.destination));
        let address = packet.destination;
        let fresh = || Target { surge: Surge::default(), address, suspect: None, told: false };
        let target = self.targets.entry(by, at, fresh);
        if !target.told && target.suspect.is_none() {
            target.surge.renew(at);
        }
        let pace = target.surge.add(at, (packet.source, 0), context.hasher);
        target.surge.keep(packet.number);
        target.surge.done = target.surge.done.saturating_add(whole);
        if target.told {
            let mut found = context.book.case(&FLOOD, Group::on(Party::host(address)), at);
            found.count(1).frames([packet.number]).reached("rate", target.surge.rate(), self.rate);
        } else if target.suspect.is_none() && f64::from(pace.second) >= self.rate {
            target.suspect = Some(at);
            if self.suspects.len() < TARGETS {
                self.suspects.push(by);
            }
        }
    }

    fn judge(&mut self, now: Timestamp, is_over: bool, context: &mut Context<'_>) {
        let mut waiting = std::mem::take(&mut self.suspects);
        waiting.retain(|&by| {
            let Some(target) = self.targets.find(by, now) else { return false };
            let Some(since) = target.suspect else { return false };
            if !is_over && now.since(since) < PATIENCE {
                return true;
            }
            target.suspect = None;
            if target.surge.done_share() >= self.whole_share {
                return false;
            }
            target.told = true;
            let mut found = context.book.case(&FLOOD, Group::on(Party::host(target.address)), now);
            target.surge.begin(&mut found);
            target.surge.name(&mut found);
            found.reached("rate", target.surge.rate(), self.rate);
            found.below("whole_share", target.surge.done_share(), self.whole_share);
            false
        });
        self.suspects = waiting;
    }
}

/// Where a packet's piece lies.
fn piece(packet: &Packet) -> Piece {
    let begin = packet.fragment.offset();
    let header = match &packet.transport {
        Transport::Udp(_) | Transport::Icmp(_) => 8,
        Transport::Tcp(_) => {
            let before = u32::from(packet.network_offset) + 20 + u32::from(packet.network_options_len);
            u32::from(packet.payload_offset).saturating_sub(before).min(60)
        }
        _ => 0,
    };
    Piece { begin, end: begin + header + packet.payload_len }
}

impl Detector for Fragments {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let packet = event.packet;
        let datagram = (packet.source, packet.destination, packet.protocol, packet.identification);
        let datagram = self.datagrams.entry(key(context.hasher, datagram), event.at, Datagram::default);
        let relation = datagram.take(piece(packet), packet.fragment.more());
        let whole = if datagram.completes() { datagram.seen } else { 0 };
        if packet.facts.has(PacketFacts::OVERLAP) && relation != Relation::Same {
            self.odd(usize::from(relation != Relation::Inside), event, context);
        }
        if packet.facts.has(PacketFacts::TINY_FRAGMENT) {
            self.odd(2, event, context);
        }
        self.count(whole, event, context);
    }

    fn advance(&mut self, now: Timestamp, context: &mut Context<'_>) {
        self.judge(now, false, context);
        self.datagrams.advance(now);
        self.targets.advance(now);
    }

    fn finish(&mut self, at: Timestamp, context: &mut Context<'_>) {
        self.judge(at, true, context);
    }
}

#[cfg(test)]
use super::scenes::{Scenario, Scene, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    use capturer::{Fragment, Protocol};

    /// A piece: identification, where it begins in eight bytes, bytes, whether more follow, and what the decoder saw.
    fn send(scene: &mut Scene, id: u16, (begin, bytes, more): (u16, u32, bool), facts: PacketFacts) {
        let packet = Packet {
            source: ip("203.0.113.5"),
            destination: ip("192.0.2.80"),
            protocol: Protocol::UDP,
            identification: id,
            fragment: Fragment(begin | if more { Fragment::MORE } else { 0 }),
            payload_len: bytes,
            transport: Transport::Fragment,
            facts,
            ..Packet::empty()
        };
        scene.send(&packet, b"");
    }
    const NONE: PacketFacts = PacketFacts::NONE;
    const OVERLAPS: PacketFacts = PacketFacts::OVERLAP;
    fn whole(scene: &mut Scene, id: u16) {
        send(scene, id, (0, 1480, true), NONE);
        send(scene, id, (185, 520, false), NONE);
    }
    /// The frames of a datagram in the order in which a capture of two interfaces shows them.
    fn twice(scene: &mut Scene) {
        whole(scene, 7);
        send(scene, 7, (0, 1480, true), OVERLAPS);
        send(scene, 7, (185, 520, false), OVERLAPS);
    }
    &[
        Scenario {
            rule: "frag.teardrop",
            positive: |scene| {
                send(scene, 7, (0, 36, true), NONE);
                send(scene, 7, (3, 4, false), OVERLAPS);
            },
            negative: twice,
        },
        Scenario {
            rule: "frag.overlap",
            positive: |scene| {
                send(scene, 7, (0, 32, true), NONE);
                send(scene, 7, (3, 80, false), OVERLAPS);
            },
            negative: twice,
        },
        Scenario {
            rule: "frag.tiny",
            positive: |scene| send(scene, 7, (0, 4, true), PacketFacts::TINY_FRAGMENT),
            negative: |scene| whole(scene, 7),
        },
        Scenario {
            rule: "frag.flood",
            positive: |scene| (0..400).for_each(|id| send(scene, id, (185, 1480, true), NONE)),
            negative: |scene| (0..400).for_each(|id| whole(scene, id)),
        },
    ]
};
