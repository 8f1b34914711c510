//! Beacons: a program calls its master again and again. Either the gaps between its calls are regular (median absolute
//! deviation and Bowley skew, as RITA scores them), or there are very many calls of the same size, since jitter of the
//! gaps is cheap for whoever writes a beacon, but what it has to say while it is idle is always the same.
//!
//! What calls regularly by nature is left out by port, as are servers that several hosts call.

use std::net::IpAddr;
use std::time::Duration;

use capturer::{Protocol, Timestamp};

use super::book::key;
use super::rule::{Rule, Thresholds, setting};
use super::session::{Began, Session};
use super::sets::Sets;
use super::tracker::{Tracker, Window};
use super::{Context, Detector, Entry, Event, Group, Label, Moments};
use crate::alert::{Alert, Party, Severity};
use crate::flow::bits;

static BEACON: Rule = Rule {
    id: "c2.beacon",
    title: "Beacon",
    technique: "T1071",
    severity: Severity::Medium,
    most: Severity::High,
    sees: "10 connections to one port of a host with regular gaps of at least a second (score 0.8: 1 less median absolute \
        deviation over median; Bowley skew below 0.3) and requests of the same size; or 50 of the same size both ways, \
        whatever their gaps",
    caveat: "Monitoring and programs that poll without keeping their connection look the same; how the calls go on tells.",
    sources: "RITA (gaps and sizes); measured: a beacon with mean 2.23 s and deviation 0.10 s, an Empire agent with 5.7 s and \
        6.6 s",
    settings: &[
        setting("calls", "connections", 10.0, (5.0, 48.0)),
        setting("score", "ratio", 0.8, (0.5, 1.0)),
        setting("skew", "ratio", 0.3, (0.0, 1.0)),
        setting("gap", "s", 1.0, (0.0, 3600.0)),
        setting("same_calls", "connections of the same size", 50.0, (10.0, 1e6)),
    ],
    tell,
};

pub(super) const ENTRY: Entry =
    Entry { rules: &[&BEACON], wants: Moments::ENDED, make: |thresholds| Box::new(Beacons::new(thresholds)) };

fn tell(alert: &Alert) -> String {
    let figure = |name| alert.figure(name).unwrap_or_default();
    format!(
        "{} called {} {} times, every {:.1} s, {} bytes each time",
        alert.who(),
        alert.whom(),
        alert.count,
        figure("gap"),
        figure("bytes"),
    )
}

/// Services that are called regularly, or again and again by who guesses passwords: mail, names, files, directories,
/// databases, monitoring, push.
static REGULAR: &[u16] = &[
    21, 22, 23, 25, 53, 88, 110, 123, 135, 139, 143, 161, 179, 389, 445, 464, 465, 514, 587, 636, 853, 873,
    993, 995, 1433, 1521, 1883, 2049, 3268, 3306, 3389, 4949, 5060, 5222, 5223, 5228, 5229, 5230, 5432, 5666,
    5671, 5672, 5900, 5985, 5986, 6379, 6556, 8883, 9090, 9092, 9100, 9200, 10050, 10051, 11211, 27017,
];

/// Calls that are remembered, the latest.
const CALLS: usize = 48;

/// Share of a size by which calls may differ and are still of the same size.
const SAME: f64 = 0.05;

/// Destinations with a rhythm from which on the caller is a monitor.
const MONITORED: usize = 3;

#[derive(Clone, Copy, Default)]
struct Call {
    at: Timestamp,
    bytes: [u32; 2],
    frame: u64,
}

/// Stands for none; frames count from 1.
const NEVER: Call = Call { at: Timestamp::EPOCH, bytes: [0; 2], frame: u64::MAX };

/// Calls of a host to a service.
#[derive(Clone, Copy)]
struct Calls {
    latest: [Call; CALLS],
    count: u32,
    first: Timestamp,
}

impl Default for Calls {
    fn default() -> Self {
        Self { latest: [Call::default(); CALLS], count: 0, first: Timestamp::EPOCH }
    }
}

/// What calls look like.
#[derive(Clone, Copy, Debug)]
struct Rhythm {
    /// Median of gaps, s.
    gap: f64,
    /// 1 less median absolute deviation of gaps over their median.
    score: f64,
    /// Bowley skew of gaps.
    skew: f64,
    /// Median size of requests, bytes of payload.
    bytes: f64,
    /// Least share of calls whose request, and whose answer, has the median size.
    same: [f64; 2],
}

struct Beacons {
    /// Of who called a service once, which most do, the call.
    once: Sets<Call>,
    calls: Tracker<Calls>,
    /// Who calls a service.
    callers: Sets<Window<4>>,
    /// What a host calls in a rhythm.
    called: Tracker<Window<4>>,
    least: u32,
    score: f64,
    skew: f64,
    gap: f64,
    same_calls: u32,
}

/// Pairs that are remembered.
const MOST: usize = 2048;

/// How long a beacon may pause.
const AGE: Duration = Duration::from_secs(4 * 3600);

impl Beacons {
    fn new(thresholds: &Thresholds) -> Self {
        Self {
            once: Sets::new(4 * MOST, AGE),
            calls: Tracker::new(MOST, AGE),
            callers: Sets::new(2 * MOST, AGE),
            called: Tracker::new(MOST, AGE),
            least: thresholds.count(&BEACON, "calls") as u32,
            score: thresholds.get(&BEACON, "score"),
            skew: thresholds.get(&BEACON, "skew"),
            gap: thresholds.get(&BEACON, "gap"),
            same_calls: thresholds.count(&BEACON, "same_calls") as u32,
        }
    }

    /// The earlier calls of a pair, if there were any.
    fn calls(&mut self, pair: u64, call: Call, at: Timestamp) -> Option<&mut Calls> {
        if self.calls.find(pair, at).is_some() {
            return Some(self.calls.entry(pair, at, Calls::default));
        }
        let once = self.once.entry(pair, at, || NEVER);
        let first = std::mem::replace(once, call);
        if first.frame == NEVER.frame {
            return None;
        }
        self.once.remove(pair);
        let calls = self.calls.entry(pair, at, Calls::default);
        calls.take(first);
        Some(calls)
    }

    /// Whether calls are those of a beacon.
    fn holds(&self, count: u32, rhythm: &Rhythm) -> bool {
        let regular = rhythm.score >= self.score && rhythm.skew.abs() < self.skew && rhythm.same[0] >= 0.8;
        let alike = count >= self.same_calls && rhythm.same.iter().all(|&share| share >= 0.9);
        rhythm.gap >= self.gap && rhythm.bytes > 0.0 && (regular || alike)
    }

    /// Whether several hosts call the service, or the host calls several services in a rhythm.
    fn is_ordinary(&mut self, session: &Session, event: &Event<'_>, context: &Context<'_>) -> bool {
        let service = key(context.hasher, session.answerer);
        let called = self.called.entry(key(context.hasher, session.opener.0), event.at, Window::default);
        called.see(service, event.at, 0);
        let monitors = called.len() >= MONITORED;
        monitors || self.callers.find(service, event.at).is_some_and(|callers| callers.len() >= MONITORED)
    }
}

impl Calls {
    fn take(&mut self, call: Call) {
        if self.count == 0 {
            self.first = call.at;
        }
        self.latest[self.count as usize % CALLS] = call;
        self.count = self.count.saturating_add(1);
    }

    fn latest(&self) -> &[Call] {
        &self.latest[..(self.count as usize).min(CALLS)]
    }

    /// Gaps and sizes of the latest calls; `None` with too few of them.
    fn rhythm(&self) -> Option<Rhythm> {
        let mut calls = self.latest;
        let calls = &mut calls[..self.latest().len()];
        calls.sort_unstable_by_key(|call| call.at);
        let mut gaps = [0.0; CALLS];
        let gaps = gaps.get_mut(..calls.len().checked_sub(1)?)?;
        for (gap, pair) in gaps.iter_mut().zip(calls.windows(2)) {
            *gap = pair[1].at.since(pair[0].at).as_secs_f64();
        }
        gaps.sort_unstable_by(f64::total_cmp);
        let [low, gap, high] = [quartile(gaps, 1), quartile(gaps, 2), quartile(gaps, 3)];
        let spread = high - low;
        let skew = if spread > 0.0 { (low + high - 2.0 * gap) / spread } else { 0.0 };
        let (bytes, same) = sizes(calls, 0);
        // Gaps that hardly vary have quartiles that say little about skew.
        let skew = if spread < 0.1 * gap { 0.0 } else { skew };
        let score = if gap > 0.0 { 1.0 - deviation(gaps, gap) / gap } else { 0.0 };
        Some(Rhythm { gap, score, skew, bytes, same: [same, sizes(calls, 1).1] })
    }
}

/// A quartile of numbers that are sorted.
fn quartile(sorted: &[f64], which: usize) -> f64 {
    sorted.get((sorted.len().saturating_sub(1)) * which / 4).copied().unwrap_or_default()
}

/// The median of how far numbers are from their median.
fn deviation(numbers: &[f64], median: f64) -> f64 {
    let mut off = [0.0; CALLS];
    let Some(off) = off.get_mut(..numbers.len()) else { return f64::INFINITY };
    for (off, number) in off.iter_mut().zip(numbers) {
        *off = (number - median).abs();
    }
    off.sort_unstable_by(f64::total_cmp);
    quartile(off, 2)
}

/// The median size of calls, and the share of them that has it.
fn sizes(calls: &[Call], way: usize) -> (f64, f64) {
    let mut sizes = [0.0; CALLS];
    let Some(sizes) = sizes.get_mut(..calls.len()) else { return (0.0, 0.0) };
    for (size, call) in sizes.iter_mut().zip(calls) {
        *size = f64::from(call.bytes[way]);
    }
    sizes.sort_unstable_by(f64::total_cmp);
    let median = quartile(sizes, 2);
    let same = sizes.iter().filter(|size| (*size - median).abs() <= SAME * median).count();
    (median, same as f64 / sizes.len().max(1) as f64)
}

impl Detector for Beacons {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let Some(session) = event.session else { return };
        let (from, to): (IpAddr, (IpAddr, u16)) = (session.opener.0, session.answerer);
        let is_call =
            session.protocol == Protocol::TCP && session.began == Began::Syn && session.payload[0] > 0;
        if !is_call || REGULAR.contains(&to.1) || from == to.0 || from.is_loopback() {
            return;
        }
        let service = key(context.hasher, to);
        let caller = key(context.hasher, from);
        self.callers.entry(service, event.at, Window::default).see(caller, event.at, 0);
        let call = Call { at: session.first, bytes: session.payload, frame: session.frame };
        let pair = key(context.hasher, (bits(from), bits(to.0), to.1));
        let least = self.least;
        let Some(calls) = self.calls(pair, call, event.at) else { return };
        calls.take(call);
        if calls.count < least {
            return;
        }
        let calls = *calls;
        let Some(rhythm) = calls.rhythm() else { return };
        let scanned = (event.at, Duration::from_secs(900));
        // Who attacks the server often looks at times whether it still answers.
        let attacks = [Label::Scanner, Label::Flooder];
        if !self.holds(calls.count, &rhythm) || attacks.iter().any(|&it| context.labels.is(from, it, scanned))
        {
            return;
        }
        let ordinary = self.is_ordinary(session, event, context);
        raise(&calls, &rhythm, (session, ordinary), (self, event.at), context);
    }

    fn advance(&mut self, now: Timestamp, _: &mut Context<'_>) {
        self.calls.advance(now);
        self.called.advance(now);
    }
}

fn raise(
    calls: &Calls,
    rhythm: &Rhythm,
    (session, ordinary): (&Session, bool),
    (beacons, at): (&Beacons, Timestamp),
    context: &mut Context<'_>,
) {
    let parties = (Party::host(session.opener.0), Party::service(session.answerer.0, session.answerer.1));
    let mut found = context.book.case(&BEACON, Group::between(parties.0, parties.1), at);
    let before = found.total();
    found.count(u64::from(calls.count).saturating_sub(before)).since(calls.first);
    found.frames(calls.latest().iter().map(|call| call.frame));
    if rhythm.score >= beacons.score {
        found.reached("calls", f64::from(calls.count), f64::from(beacons.least));
    } else {
        found.reached("calls", f64::from(calls.count), f64::from(beacons.same_calls));
    }
    found.figure("score", (rhythm.score * 100.0).round() / 100.0).figure("gap", rhythm.gap);
    found.figure("bytes", rhythm.bytes);
    if ordinary {
        found.at_most(Severity::Info);
    }
}

#[cfg(test)]
use super::scenes::{Scenario, Scene, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    fn call(scene: &mut Scene, n: u16, (port, bytes): (u16, usize)) {
        let ends = ((ip("192.0.2.7"), 50_000 + n), (ip("203.0.113.66"), port));
        scene.talk(ends.0, ends.1, (&[b'a'; 2000][..bytes], &[b'b'; 300]));
    }
    &[Scenario {
        rule: "c2.beacon",
        positive: |scene| {
            for n in 0..20 {
                call(scene, n, (443, 500));
                scene.wait(60_000 + u64::from(n % 5) * 500);
            }
        },
        // As many calls of a person: neither gaps nor sizes are alike; and mail that is polled every minute.
        negative: |scene| {
            for n in 0..40 {
                call(scene, n, (443, 300 + usize::from(n * 37 % 23) * 60));
                call(scene, n, (993, 500));
                scene.wait(2000 + u64::from(n * 53 % 31) * 3000);
            }
        },
    }]
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls with these gaps, in ms, of the same size.
    fn calls(scene: &mut Scene, (from, to): (&str, &str), gaps: impl IntoIterator<Item = u64>) {
        for (n, gap) in gaps.into_iter().enumerate() {
            scene.talk((ip(from), 40_000 + n as u16), (ip(to), 80), (&[b'a'; 551], &[b'b'; 476]));
            scene.wait(gap);
        }
    }

    #[test]
    fn jitter_hides_no_beacon_that_says_the_same_each_time() {
        let mut scene = Scene::new();
        calls(&mut scene, ("192.0.2.7", "203.0.113.66"), (0..60).map(|n| 1000 + n * n * 7919 % 17_000));
        assert_eq!(scene.rules(), ["c2.beacon"]);
    }

    #[test]
    fn what_several_hosts_call_is_a_note_only() {
        let mut scene = Scene::new();
        for host in ["192.0.2.7", "192.0.2.8", "192.0.2.9", "192.0.2.10"] {
            calls(&mut scene, (host, "203.0.113.66"), [30_000; 20]);
        }
        scene.rules();
        let severities: Vec<_> = scene.detection.alerts().iter().map(|alert| alert.severity).collect();
        assert_eq!(severities[2..], [Severity::Info; 2], "{severities:?}");
    }
}
