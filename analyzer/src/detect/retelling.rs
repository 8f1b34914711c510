//! Flow records for the detectors: each is told again as the packets that it proves, in the order of their times.
//!
//! An exporter tells of a flow when it is over, so what happened together is heard at different times. A record therefore
//! waits until nothing earlier is to be expected: as long as records have come late so far. Packets of small flows are told
//! all, those of large ones as many as rules can tell apart from more, at the pace they came.

mod script;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use ahash::RandomState;
use capturer::flow::FlowRecord;
use capturer::{Packet, Timestamp};

use self::script::{Opening, Script};
use super::Detection;
use super::tracker::Tracker;

/// Records are expected to be so late at least: active flows of many exporters are told in turns of seconds.
const LATE: Duration = Duration::from_secs(30);

/// Records that seem later than this have an exporter whose clock is another one, or were recorded: their own time counts.
const LATE_MOST: Duration = Duration::from_secs(600);

/// Flows that wait at a time, of some 240 bytes each.
const WAITING: usize = 32_768;

/// Packets that are told a call at most, of live records: less than 2 ms of the thread that counts packets, too.
const TOGETHER: usize = 10_000;

/// How often the detectors look at what has become too old, in time that is told.
const TICK: Duration = Duration::from_millis(250);

/// Openings that are remembered, so that the other way of a connection is known as the answer, and for how long.
const OPENINGS: usize = 65_536;
const OPENING_AGE: Duration = Duration::from_secs(300);

/// Records that detectors did not hear of, by the reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Untold {
    /// Of a sample: rates and answers can't be told from one packet of many.
    pub sampled: u64,
    /// Of several flows together.
    pub aggregated: u64,
    /// TCP without flags: who opened and who refused is not known.
    pub flagless: u64,
    /// Of more flows than can wait, or be told in time.
    pub overrun: u64,
}

/// Whose time counts of a record that says it began after it was heard of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clock {
    /// The one that heard it: an exporter's clock may be ahead, or its records forged, and nobody waits for them.
    Heard,
    /// Its own: it was recorded, and what is read next may have been sent before.
    Own,
}

/// Records in, packets out.
pub struct Retelling {
    clock: Clock,
    waiting: BinaryHeap<Reverse<Flow>>,
    serial: u64,
    /// The latest moment that was heard of.
    now: Timestamp,
    /// Up to where all is told.
    told: Timestamp,
    looked: Timestamp,
    /// How late records have come so far.
    lateness: Duration,
    openings: Tracker<Opening>,
    hasher: RandomState,
    untold: Untold,
}

/// A flow one way, and how much of it is told.
struct Flow {
    at: Timestamp,
    /// At the same time who asks comes before who answers.
    answers: bool,
    serial: u64,
    record: One,
    /// Known from its first packet on.
    script: Option<Script>,
    told: u32,
}

/// One way of a record.
#[derive(Clone, Copy)]
struct One {
    packet: Packet,
    flags: u16,
    packets: u64,
    bytes: u64,
    lasted: Duration,
}

impl Flow {
    const fn rank(&self) -> (i64, bool, u64) {
        (self.at.as_nanos(), self.answers, self.serial)
    }
}

impl PartialEq for Flow {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for Flow {}

impl PartialOrd for Flow {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Flow {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl Retelling {
    /// Of records as they come: [`tell`](Self::tell) tells what is due.
    pub fn live() -> Self {
        Self::of(Clock::Heard)
    }

    /// Of records that are read as fast as can be: [`make_room`](Self::make_room) after each.
    pub fn recorded() -> Self {
        Self::of(Clock::Own)
    }

    fn of(clock: Clock) -> Self {
        Self {
            clock,
            waiting: BinaryHeap::new(),
            serial: 0,
            now: Timestamp::EPOCH,
            told: Timestamp::EPOCH,
            looked: Timestamp::EPOCH,
            lateness: LATE,
            openings: Tracker::new(OPENINGS, OPENING_AGE),
            hasher: RandomState::new(),
            untold: Untold::default(),
        }
    }

    /// Takes a record.
    pub fn take(&mut self, record: &FlowRecord) {
        let untold = &mut self.untold;
        let left_out = match () {
            () if record.sampling > 1 => Some(&mut untold.sampled),
            () if record.flows > 1 => Some(&mut untold.aggregated),
            () if script::is_flagless(record) => Some(&mut untold.flagless),
            () => None,
        };
        if let Some(count) = left_out {
            *count += record.flows;
            return;
        }
        let late = record.moment().since(record.last);
        if late <= LATE_MOST {
            self.lateness = self.lateness.max(late);
        }
        self.now = self.now.max(if late <= LATE_MOST { record.moment() } else { record.last });
        let [forward, back] = script::ways(record);
        self.wait(forward, record);
        self.wait(back, record);
    }

    fn wait(&mut self, way: Option<One>, record: &FlowRecord) {
        let Some(one) = way else { return };
        self.serial += 1;
        let heard = record.moment();
        let first = match self.clock {
            _ if record.first == Timestamp::EPOCH => heard,
            Clock::Heard => record.first.min(heard),
            Clock::Own => record.first,
        };
        let ports = one.packet.ports().unwrap_or_default();
        let answers = one.packet.source != record.source || ports.source < ports.destination;
        let flow = Flow {
            at: first.max(self.told),
            answers,
            serial: self.serial,
            record: one,
            script: None,
            told: 0,
        };
        self.waiting.push(Reverse(flow));
    }

    /// Time passed without records.
    pub fn pass(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
    }

    /// Tells the detectors what is due, as much as there is time for; call it some twenty times a second.
    pub fn tell(&mut self, detection: &mut Detection) {
        let until = self.now.before(self.lateness);
        for _ in 0..TOGETHER {
            match self.waiting.peek() {
                Some(Reverse(next)) if next.at <= until => self.tell_next(detection),
                _ => {
                    self.told = self.told.max(until);
                    break;
                }
            }
        }
        while self.waiting.len() > WAITING {
            self.waiting.pop();
            self.untold.overrun += 1;
        }
        self.look(self.told, detection);
    }

    /// Tells the detectors of the earliest when too many wait: for records that are read as fast as can be, which may come in
    /// any order.
    pub fn make_room(&mut self, detection: &mut Detection) {
        while self.waiting.len() > WAITING {
            self.tell_next(detection);
        }
    }

    /// Nothing more comes: tells of what waits as much as there is time for; `true` when that was all of it.
    pub fn tell_rest(&mut self, detection: &mut Detection) -> bool {
        for _ in 0..TOGETHER {
            self.tell_next(detection);
        }
        self.waiting.is_empty()
    }

    /// Nothing more comes: tells all that waits.
    pub fn finish(&mut self, detection: &mut Detection) {
        while !self.tell_rest(detection) {}
        detection.finish();
    }

    /// Records that were not told.
    pub const fn untold(&self) -> Untold {
        self.untold
    }

    /// Tells the packet that is next, and puts its flow back if it has more.
    fn tell_next(&mut self, detection: &mut Detection) {
        let Some(Reverse(mut flow)) = self.waiting.pop() else { return };
        self.told = self.told.max(flow.at);
        self.look(self.told, detection);
        let script = match flow.script {
            Some(script) => script,
            None => Script::of(&flow.record, flow.at, &mut self.openings, &self.hasher),
        };
        let mut packet = script.packet(&flow.record, flow.told);
        packet.at = self.told;
        detection.observe(&packet, &[]);
        flow.told += 1;
        if flow.told < script.packets {
            flow.at = flow.at.after(script.step);
            flow.script = Some(script);
            self.waiting.push(Reverse(flow));
        }
    }

    fn look(&mut self, now: Timestamp, detection: &mut Detection) {
        if now > self.looked && now.since(self.looked) >= TICK {
            self.looked = now;
            detection.advance(now);
        }
    }
}

#[cfg(test)]
mod tests;
