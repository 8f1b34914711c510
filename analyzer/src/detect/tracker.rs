//! What rules remember: a bounded table from a key to a small state, and a window of distinct things.
//!
//! Keys are seeded hashes, because they come from the wire. A row that is older than the table's age begins anew; when
//! the table is full, rows that were hit only once or twice go first, so that a flood of spoofed sources evicts itself.

use std::time::Duration;

use capturer::Timestamp;

use crate::capped::{Capped, Slot, Worth};

/// Hits after which a row outlives others.
const KNOWN: u32 = 3;

/// A bounded table of states with an age.
pub struct Tracker<S> {
    rows: Capped<Tracked<S>>,
    age: Duration,
}

/// What each look-up reads comes first, and so lies in the row's first cache line however large the state is.
#[derive(Clone, Copy)]
#[repr(C)]
struct Tracked<S> {
    last: Timestamp,
    hits: u32,
    state: S,
}

impl<S> Worth for Tracked<S> {
    fn established(&self) -> bool {
        self.hits >= KNOWN
    }
}

impl<S: Copy> Tracker<S> {
    /// At most `cap` keys; a key is forgotten after `age` without a hit.
    pub fn new(cap: usize, age: Duration) -> Self {
        Self { rows: Capped::new(cap), age }
    }

    /// The state of a key to change, `fresh` if there is none or it is too old.
    #[inline]
    pub fn entry(&mut self, key: u64, at: Timestamp, fresh: impl Fn() -> S) -> &mut S {
        let (slot, known) = match self.rows.lookup(key, |_| true) {
            Some(slot) => (slot, true),
            None => (self.rows.insert(key, Tracked { last: at, hits: 0, state: fresh() }, ()).0, false),
        };
        if known {
            self.rows.touch(slot);
        }
        let age = self.age;
        let row = self.row(slot);
        if at.exceeds(row.last, age) {
            *row = Tracked { last: at, hits: 0, state: fresh() };
        }
        row.last = at;
        row.hits = row.hits.saturating_add(1);
        &mut row.state
    }

    /// The state of a key that is known and not too old.
    #[inline]
    pub fn find(&mut self, key: u64, at: Timestamp) -> Option<&mut S> {
        let slot = self.rows.lookup(key, |_| true)?;
        let age = self.age;
        let row = self.rows.touch(slot)?;
        (!at.exceeds(row.last, age)).then_some(&mut row.state)
    }

    /// Forgets keys that are too old, a few at a time.
    pub fn advance(&mut self, now: Timestamp) {
        let age = self.age;
        self.rows.expire(256, |row| now.exceeds(row.last, age));
    }

    /// All states that are known, in no order.
    pub fn states_mut(&mut self) -> impl Iterator<Item = &mut S> {
        self.rows.iter_mut().map(|row| &mut row.state)
    }

    /// Keys that had to make room for others.
    pub const fn evicted(&self) -> u64 {
        self.rows.evicted()
    }

    /// The row of a slot that was just found or made. It is not marked as touched: a newcomer that was seen once has no
    /// second chance.
    #[expect(clippy::expect_used, reason = "the slot was just found or made, and nothing can have taken it")]
    fn row(&mut self, slot: Slot) -> &mut Tracked<S> {
        self.rows.both(slot).expect("a row that was just found").0
    }
}

/// One thing of a window.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sight {
    pub(super) key: u64,
    pub(super) at: Timestamp,
    pub(super) frame: u64,
}

/// The last `N` different things with their times and frames: how many different ones came within a time is exact up to
/// `N`. A thing that comes again counts once, at its latest time. Keys lie beside keys and times beside times, since of all of
/// them either is looked at; how many there are comes first, so that it lies in the line of the row that has the window.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Window<const N: usize> {
    len: usize,
    keys: [u64; N],
    ats: [Timestamp; N],
    frames: [u64; N],
}

impl<const N: usize> Default for Window<N> {
    fn default() -> Self {
        Self { len: 0, keys: [0; N], ats: [Timestamp::EPOCH; N], frames: [0; N] }
    }
}

impl<const N: usize> Window<N> {
    /// Takes a thing; `true` if it was not in the window. When the window is full, the oldest one goes.
    pub fn see(&mut self, key: u64, at: Timestamp, frame: u64) -> bool {
        if let Some(place) = self.keys[..self.len].iter().position(|&known| known == key) {
            self.ats[place] = at;
            return false;
        }
        let place = self.place();
        (self.keys[place], self.ats[place], self.frames[place]) = (key, at, frame);
        true
    }

    /// The place for a newcomer.
    fn place(&mut self) -> usize {
        if self.len < N {
            self.len += 1;
            return self.len - 1;
        }
        (1..N).fold(0, |oldest, place| if self.ats[place] < self.ats[oldest] { place } else { oldest })
    }

    /// Forgets a thing.
    pub fn forget(&mut self, key: u64) {
        let Some(place) = self.keys[..self.len].iter().position(|&known| known == key) else { return };
        self.len -= 1;
        self.keys[place] = self.keys[self.len];
        self.ats[place] = self.ats[self.len];
        self.frames[place] = self.frames[self.len];
    }

    /// Takes a thing that was seen before the window was made.
    pub fn remember(&mut self, sight: Sight) {
        self.see(sight.key, sight.at, sight.frame);
    }

    /// How many different things came in the time before `at`.
    pub fn within(&self, at: Timestamp, time: Duration) -> usize {
        let first = at.before(time);
        self.ats[..self.len].iter().filter(|&&seen| seen >= first).count()
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether a thing is in it.
    pub fn has(&self, key: u64) -> bool {
        self.keys[..self.len].contains(&key)
    }

    /// When a thing in it came last.
    pub fn last(&self, key: u64) -> Option<Timestamp> {
        self.keys[..self.len].iter().position(|&known| known == key).map(|place| self.ats[place])
    }

    /// All keys, in no order.
    pub fn keys(&self) -> impl Iterator<Item = u64> {
        self.keys[..self.len].iter().copied()
    }

    /// The keys of those that came at a time or later.
    pub fn keys_since(&self, first: Timestamp) -> impl Iterator<Item = u64> {
        (0..self.len).filter(move |&place| self.ats[place] >= first).map(|place| self.keys[place])
    }

    /// When the oldest of those within the time came.
    pub fn since(&self, at: Timestamp, time: Duration) -> Option<Timestamp> {
        self.recent(at, time).map(|place| self.ats[place]).min()
    }

    /// Numbers of the frames that showed those within the time.
    pub fn frames(&self, at: Timestamp, time: Duration) -> impl Iterator<Item = u64> {
        self.recent(at, time).map(|place| self.frames[place]).filter(|&frame| frame > 0)
    }

    fn recent(&self, at: Timestamp, time: Duration) -> impl Iterator<Item = usize> {
        let first = at.before(time);
        (0..self.len).filter(move |&place| self.ats[place] >= first)
    }
}

/// How many came in the current span of time and in the one before it: a rate without a list of times.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rate {
    from: Timestamp,
    now: u32,
    before: u32,
}

impl Rate {
    /// Counts `n` at a time, in spans of `span`; gives the most that came in one span, this one or the last.
    pub fn add(&mut self, at: Timestamp, span: Duration, n: u32) -> u32 {
        if at.reaches(self.from, span) {
            self.before = if at.reaches(self.from, span * 2) { 0 } else { self.now };
            self.now = 0;
            self.from = at;
        }
        self.now = self.now.saturating_add(n);
        self.now.max(self.before)
    }

    /// The most in one span so far, this one or the last.
    pub fn most(&self) -> u32 {
        self.now.max(self.before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(n: i64) -> Timestamp {
        Timestamp::from_parts(n, 0)
    }

    #[test]
    fn a_window_counts_different_things_of_its_time() {
        let mut window = Window::<4>::default();
        assert!(window.see(1, second(0), 1) && window.see(2, second(5), 2) && !window.see(1, second(7), 3));
        assert_eq!(window.within(second(10), Duration::from_secs(3)), 1);
        assert_eq!(window.within(second(10), Duration::from_secs(5)), 2);
        (3..9).for_each(|key| assert!(window.see(key, second(10), 0)));
        assert_eq!((window.len(), window.has(1), window.has(8)), (4, false, true));
        window.forget(8);
        window.forget(8);
        assert_eq!(
            (window.len(), window.has(8), window.within(second(10), Duration::from_secs(1))),
            (3, false, 3)
        );
    }

    #[test]
    fn a_tracker_forgets_what_is_too_old_and_keeps_what_is_hit_often() {
        let mut tracker = Tracker::<u32>::new(64, Duration::from_secs(60));
        for _ in 0..3 {
            *tracker.entry(7, second(0), || 0) += 1;
        }
        (100..10_000).for_each(|key| *tracker.entry(key, second(1), || 0) += 1);
        assert_eq!(tracker.find(7, second(30)).copied(), Some(3));
        assert_eq!(tracker.find(7, second(61)), None);
    }
}
