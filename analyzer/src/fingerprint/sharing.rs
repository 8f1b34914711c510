//! Whether several machines are behind one address: what changes from one connection to the next is scored, as p0f does, and
//! scores of the recent past are counted. One large change is a host that changed (another system booted, an address that was
//! given to another machine); many of them are a translator, a proxy or a balancer.
//!
//! Two things are judged differently, because stacks of today made them meaningless: timestamps that jump count only for hosts
//! whose timestamps once went on from connection to connection (Linux 4.10 and others begin each at random), and a source
//! port that goes back only beside another change (RFC 6056: ports are drawn at random).

use std::fmt;

use super::quirks::Quirks;
use super::tcp::TcpPrint;

/// Scores that are remembered of a host.
const REMEMBERED: usize = 32;

/// So many scores of at least so much are a pattern.
const PATTERNS: [(u8, usize); 4] = [(6, 3), (3, 5), (2, 7), (1, 9)];

/// A single score of this is a change worth telling.
const LEAST_CHANGE: u8 = 2;

/// A source port that goes back by less may be two connections opened at once.
const PORT_DROP: u16 = 64;

/// Milliseconds after which timestamps are not compared any more: a day.
const LONGEST: i64 = 86_400_000;

/// Ticks a millisecond that a clock may make, and how far it may go back in a short time.
const FASTEST: f64 = 1.5;
const OUT_OF_ORDER: (i64, u32) = (100, 15_000);

/// Hops by which a route may change; more are another machine's.
const ROUTE: u8 = 3;

/// What changed, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reasons(u16);

const NAMES: [(Reasons, &str); 13] = [
    (Reasons::SYSTEM, "os_diff"),
    (Reasons::SIGNATURE, "sig_diff"),
    (Reasons::PROGRAM, "app_vs_os"),
    (Reasons::KNOWN, "x_known"),
    (Reasons::TIMESTAMP, "tstamp"),
    (Reasons::TTL, "ttl"),
    (Reasons::PORT, "port"),
    (Reasons::SEGMENT, "mtu"),
    (Reasons::RELAYED, "via"),
    (Reasons::AGENT, "us_vs_os"),
    (Reasons::SERVER, "app_srv_lb"),
    (Reasons::DATE, "date"),
    (Reasons::EVIDENCE, "evidence"),
];

impl Reasons {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// The system.
    pub const SYSTEM: Self = Self(1);
    /// Options or quirks of an unknown stack.
    pub const SIGNATURE: Self = Self(1 << 1);
    /// A program runs that doesn't exist for the system.
    pub const PROGRAM: Self = Self(1 << 2);
    /// From known to unknown, or back.
    pub const KNOWN: Self = Self(1 << 3);
    /// Timestamps jumped.
    pub const TIMESTAMP: Self = Self(1 << 4);
    /// The time to live.
    pub const TTL: Self = Self(1 << 5);
    /// The source port went back.
    pub const PORT: Self = Self(1 << 6);
    /// The maximum segment size.
    pub const SEGMENT: Self = Self(1 << 7);
    /// A proxy says that it passed something on.
    pub const RELAYED: Self = Self(1 << 8);
    /// User-Agent names another system.
    pub const AGENT: Self = Self(1 << 9);
    /// Another program answers.
    pub const SERVER: Self = Self(1 << 10);
    /// The clock of an answering program.
    pub const DATE: Self = Self(1 << 11);

    /// Words of the host that its other evidence contradicts; not of p0f.
    pub const EVIDENCE: Self = Self(1 << 12);

    /// Those of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Their names.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().filter(move |(reason, _)| self.0 & reason.0 != 0).map(|(_, name)| name)
    }
}

impl fmt::Display for Reasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut space = "";
        for name in self.names() {
            write!(f, "{space}{name}")?;
            space = " ";
        }
        Ok(())
    }
}

/// A change: how much it weighs, and what it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) score: u8,
    pub(super) reasons: Reasons,
}

impl Change {
    pub(super) const fn add(&mut self, score: u8, reason: Reasons) {
        self.score += score;
        self.reasons = self.reasons.and(reason);
    }

    pub(super) const fn add_if(&mut self, holds: bool, score: u8, reason: Reasons) {
        if holds {
            self.add(score, reason);
        }
    }
}

/// What a change comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Nothing,
    Changed(Reasons),
    Shared(Reasons),
}

/// What was seen of a stack, and which system that is by its label's name.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) print: &'a TcpPrint,
    pub(super) system: Option<&'a str>,
    /// The client's port; of a server 0.
    pub(super) port: u16,
}

/// Scores of a host.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sharing {
    scores: [u8; REMEMBERED],
    next: u8,
    reasons: Reasons,
    /// Timestamps went on from one connection to the next.
    steady: bool,
}

impl Default for Sharing {
    fn default() -> Self {
        Self { scores: [0; REMEMBERED], next: 0, reasons: Reasons::NONE, steady: false }
    }
}

impl Sharing {
    /// Compares a segment with the one before it of the same kind.
    pub(super) fn compare(&mut self, before: Seen<'_>, now: Seen<'_>) -> Change {
        let mut change = Change::default();
        compare_stacks(before, now, &mut change);
        let hops = before.print.ttl.abs_diff(now.print.ttl);
        change.add_if(hops > 0, if hops > ROUTE { 4 } else { 1 }, Reasons::TTL);
        change.add_if(before.print.mss != now.print.mss, 1, Reasons::SEGMENT);
        match progress(before.print, now.print) {
            Some(true) => self.steady = true,
            Some(false) => change.add_if(self.steady, 4, Reasons::TIMESTAMP),
            None => {}
        }
        let dropped = now.port > 0 && before.port.saturating_sub(now.port) >= PORT_DROP;
        change.add_if(dropped && change.score > 0, 1, Reasons::PORT);
        if progress(before.print, now.print) == Some(true) {
            // One clock goes on: most likely one machine.
            change.score /= 2;
        }
        change
    }

    /// Remembers a change and says what it comes to.
    pub(super) fn judge(&mut self, change: Change) -> Verdict {
        self.scores[usize::from(self.next)] = change.score;
        self.next = (self.next + 1) % REMEMBERED as u8;
        if change.score == 0 {
            return Verdict::Nothing;
        }
        self.reasons = self.reasons.and(change.reasons);
        let many =
            |(least, most): (u8, usize)| self.scores.iter().filter(|score| **score >= least).count() >= most;
        if PATTERNS.into_iter().any(many) {
            let reasons = self.reasons;
            *self = Self { steady: self.steady, ..Self::default() };
            return Verdict::Shared(reasons);
        }
        if change.score >= LEAST_CHANGE { Verdict::Changed(change.reasons) } else { Verdict::Nothing }
    }

    /// All that is remembered together: how likely several machines are behind the address.
    pub(super) fn total(&self) -> u16 {
        self.scores.iter().map(|score| u16::from(*score)).sum()
    }
}

fn compare_stacks(before: Seen<'_>, now: Seen<'_>, change: &mut Change) {
    if let (Some(old), Some(new)) = (before.system, now.system) {
        return change.add_if(old != new, 8, Reasons::SYSTEM);
    }
    const FUZZY: Quirks = Quirks::DF.and(Quirks::ID_NOT_ZERO).and(Quirks::ID_ZERO).and(Quirks::ECN);
    let quirks = |seen: Seen<'_>| seen.print.quirks.without(FUZZY);
    if quirks(before) != quirks(now) {
        change.add(2, Reasons::SIGNATURE);
    } else {
        // What a server answers depends on what it was asked.
        let asked = now.port > 0 && before.print.layout != now.print.layout;
        change.add_if(asked, 1, Reasons::SIGNATURE);
    }
    change.add_if(before.system.is_some() != now.system.is_some(), 1, Reasons::KNOWN);
}

/// Whether timestamps went on as one clock's do; `None` if that can't be told.
fn progress(before: &TcpPrint, now: &TcpPrint) -> Option<bool> {
    let passed = now.at.as_millis() - before.at.as_millis();
    if before.timestamp == 0 || now.timestamp == 0 || !(0..LONGEST).contains(&passed) {
        return None;
    }
    let ticks = now.timestamp.wrapping_sub(before.timestamp);
    let late = passed < OUT_OF_ORDER.0 && !ticks < OUT_OF_ORDER.1;
    Some(late || f64::from(ticks) <= passed as f64 * FASTEST)
}

#[cfg(test)]
mod tests {
    use capturer::Timestamp;

    use super::*;

    fn seen<'a>(print: &'a TcpPrint, system: Option<&'a str>) -> Seen<'a> {
        Seen { print, system, port: 1000 }
    }

    fn print(second: i64, timestamp: u32, ttl: u8) -> TcpPrint {
        TcpPrint { at: Timestamp::from_parts(second, 0), timestamp, ttl, ..TcpPrint::empty() }
    }

    #[test]
    fn another_system_is_a_change_and_three_are_a_pattern() {
        let mut sharing = Sharing::default();
        let (linux, windows) = (print(0, 0, 64), print(1, 0, 128));
        let mut look = |old: Seen<'_>, new: Seen<'_>| {
            let change = sharing.compare(old, new);
            sharing.judge(change)
        };
        let (a, b) = (seen(&linux, Some("Linux")), seen(&windows, Some("Windows")));
        let reasons = Reasons::SYSTEM.and(Reasons::TTL);
        assert_eq!([look(a, b), look(b, a)], [Verdict::Changed(reasons); 2]);
        assert_eq!(look(a, b), Verdict::Shared(reasons));
        assert_eq!(look(b, b), Verdict::Nothing);
        assert_eq!(reasons.to_string(), "os_diff ttl");
    }

    #[test]
    fn timestamps_that_begin_at_random_are_no_change() {
        let mut sharing = Sharing::default();
        for (second, timestamp) in [(0, 1_000_000), (1, 4_000_000_000), (2, 70_000), (3, 900_000_000)] {
            let (old, new) = (print(second, timestamp, 64), print(second + 1, timestamp ^ 0x5555_5555, 64));
            assert_eq!(sharing.compare(seen(&old, None), seen(&new, None)), Change::default());
        }
    }

    #[test]
    fn a_steady_clock_that_jumps_is_a_change() {
        let mut sharing = Sharing::default();
        let (first, second, other) = (print(0, 5000, 64), print(1, 6000, 64), print(2, 900_000, 64));
        assert_eq!(sharing.compare(seen(&first, None), seen(&second, None)).score, 0);
        let change = sharing.compare(seen(&second, None), seen(&other, None));
        assert_eq!((change.score, change.reasons), (4, Reasons::TIMESTAMP));
    }
}
