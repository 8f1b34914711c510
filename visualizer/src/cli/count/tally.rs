//! The counts: a row for each AS and for each prefix, exact, in the order of their first address.
//!
//! A row is made of what the database holds, never of the input alone; still the rows have a cap, and what comes beyond
//! it is counted apart.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::SystemTime;

use ahash::AHashMap;
use analyzer::Network;
use analyzer::geo::Asn;

/// Most rows of a table: more than there are prefixes in the whole routing table of 2026 (1.3 million).
pub(super) const ROWS_MAX: usize = 1 << 21;

/// What the database says of an address; nothing of either is the group of the unrouted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Route {
    /// The prefix around it.
    pub(super) prefix: Option<Network>,
    /// Who announces that.
    pub(super) asn: Option<Asn>,
}

/// A row of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<K> {
    pub(super) key: K,
    /// Hits, or the sum of amounts.
    pub(super) count: f64,
    /// Bytes on the wire; zero where the input can't know.
    pub(super) bytes: u64,
    /// The first time it was counted.
    pub(super) created: SystemTime,
}

/// Where a key's row is; a table that is full has none.
type Position = Option<NonZeroU32>;

/// Rows by key: what every look-up changes lies apart from the rest, so that more of it stays at hand.
#[derive(Debug)]
pub(super) struct Rows<K> {
    index: AHashMap<K, u32>,
    keys: Vec<(K, SystemTime)>,
    counts: Vec<f64>,
    bytes: Vec<u64>,
    most: usize,
}

impl<K: Copy + Eq + Hash> Rows<K> {
    fn new(most: usize) -> Self {
        let (keys, counts, bytes) = (Vec::new(), Vec::new(), Vec::new());
        Self { index: AHashMap::new(), keys, counts, bytes, most }
    }

    /// The row of a key, begun if there is none and room for it.
    fn position(&mut self, key: K, now: SystemTime) -> Position {
        if let Some(number) = self.index.get(&key) {
            return NonZeroU32::new(*number);
        }
        let position = self.begin(key, now)?;
        self.index.insert(key, position.get());
        Some(position)
    }

    /// A row for a key that has none, to which the caller keeps the way; nothing when there is no room.
    fn begin(&mut self, key: K, now: SystemTime) -> Position {
        if self.keys.len() >= self.most {
            return None;
        }
        self.keys.push((key, now));
        self.counts.push(0.0);
        self.bytes.push(0);
        NonZeroU32::new(self.keys.len() as u32)
    }

    /// From now on every key is found again.
    fn complete(&mut self) {
        for ((key, _), number) in self.keys.iter().zip(1..) {
            self.index.entry(*key).or_insert(number);
        }
    }

    /// Adds to a row; says whether there is one.
    #[inline]
    fn add(&mut self, position: Position, amount: f64, bytes: u64) -> bool {
        let Some(position) = position.map(|position| position.get() as usize - 1) else { return false };
        if let Some(count) = self.counts.get_mut(position) {
            *count = sum(*count, amount);
        }
        if bytes > 0
            && let Some(all) = self.bytes.get_mut(position)
        {
            *all = all.saturating_add(bytes);
        }
        true
    }

    /// The highest `n` rows; of equal ones those first seen stand first.
    pub(super) fn top(&self, n: usize) -> Vec<Row<K>> {
        let mut order: Vec<usize> = (0..self.keys.len()).collect();
        let rank = |a: &usize, b: &usize| self.counts[*b].total_cmp(&self.counts[*a]).then(a.cmp(b));
        if n < order.len() {
            order.select_nth_unstable_by(n, rank);
            order.truncate(n);
        }
        order.sort_unstable_by(rank);
        let row = |at: usize| {
            let (key, created) = self.keys[at];
            Row { key, count: self.counts[at], bytes: self.bytes[at], created }
        };
        order.into_iter().map(row).collect()
    }

    /// How many keys were seen.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }
}

/// The rows that a route counts in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    asn: Position,
    prefix: Position,
}

/// Everything that is counted.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) asns: Rows<Option<Asn>>,
    pub(super) prefixes: Rows<Route>,
    /// Hits, or the sum of amounts, of all look-ups.
    pub(super) lookups: f64,
    /// Their bytes on the wire.
    pub(super) bytes: u64,
    /// Blank lines and comments; frames that carry no IP.
    pub(super) skipped: u64,
    /// Lines and frames that could not be read.
    pub(super) failed: u64,
    /// Lines that belong to another one.
    pub(super) joined: u64,
    /// Look-ups that have no row in one of the tables for want of room.
    pub(super) beyond: u64,
    /// When counting began.
    pub(super) since: SystemTime,
    /// When what is counted now came in.
    now: SystemTime,
}

impl Tally {
    /// With at most so many rows a table.
    pub(super) fn new(most: usize) -> Self {
        let since = SystemTime::now();
        Self {
            asns: Rows::new(most),
            prefixes: Rows::new(most),
            lookups: 0.0,
            bytes: 0,
            skipped: 0,
            failed: 0,
            joined: 0,
            beyond: 0,
            since,
            now: since,
        }
    }

    /// What is counted from now on came in now.
    pub(super) fn tick(&mut self) {
        self.now = SystemTime::now();
    }

    /// Where a route counts; its rows are begun if there are none.
    pub(super) fn place(&mut self, route: Route) -> Place {
        self.place_since(route, self.now)
    }

    /// The same for one that was counted first at that time.
    pub(super) fn place_since(&mut self, route: Route, first: SystemTime) -> Place {
        let prefix = self.prefixes.position(route, first);
        Place { asn: self.asns.position(route.asn, first), prefix }
    }

    /// The same for a route that has no row and that nobody asks for again before [`Tally::complete`].
    pub(super) fn new_place(&mut self, route: Route, first: SystemTime) -> Place {
        let prefix = self.prefixes.begin(route, first);
        Place { asn: self.asns.position(route.asn, first), prefix }
    }

    /// From now on every row is found again.
    pub(super) fn complete(&mut self) {
        self.prefixes.complete();
    }

    /// When what is counted now came in.
    pub(super) const fn now(&self) -> SystemTime {
        self.now
    }

    /// So many addresses were looked up that are added to their rows later.
    pub(super) fn lookups(&mut self, addresses: usize) {
        self.lookups = sum(self.lookups, addresses as f64);
    }

    /// Adds addresses that were looked up before.
    pub(super) fn add_many(&mut self, place: Place, count: u64) {
        let amount = count as f64;
        let known = self.asns.add(place.asn, amount, 0) & self.prefixes.add(place.prefix, amount, 0);
        self.beyond += if known { 0 } else { count };
    }

    /// Counts an address.
    #[inline]
    pub(super) fn add(&mut self, place: Place, amount: f64, bytes: u64) {
        self.lookups = sum(self.lookups, amount);
        self.bytes = self.bytes.saturating_add(bytes);
        let known = self.asns.add(place.asn, amount, bytes) & self.prefixes.add(place.prefix, amount, bytes);
        self.beyond += u64::from(!known);
    }
}

/// A sum that stays a number: amounts are finite, their sum might not be.
#[inline]
fn sum(a: f64, b: f64) -> f64 {
    (a + b).clamp(f64::MIN, f64::MAX)
}

/// A share of the whole in percent, 0 of nothing.
pub(super) fn percent(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole * 100.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(prefix: &str, asn: u32) -> Route {
        Route { prefix: Some(prefix.parse().unwrap()), asn: Some(Asn(asn)) }
    }

    fn add(tally: &mut Tally, route: Route, amount: f64, bytes: u64) {
        let place = tally.place(route);
        tally.add(place, amount, bytes);
    }

    #[test]
    fn of_equal_rows_the_first_seen_stands_first() {
        let mut tally = Tally::new(10);
        for (prefix, asn) in [("10.0.0.0/8", 5), ("11.0.0.0/8", 4), ("12.0.0.0/8", 3), ("12.0.0.0/8", 3)] {
            add(&mut tally, route(prefix, asn), 1.0, 60);
        }
        add(&mut tally, Route::default(), 1.0, 60);
        let order: Vec<Option<u32>> = tally.asns.top(9).iter().map(|row| row.key.map(|asn| asn.0)).collect();
        assert_eq!(order, [Some(3), Some(5), Some(4), None]);
        assert_eq!((tally.lookups, tally.bytes, tally.prefixes.len()), (5.0, 300, 4));
        assert_eq!(tally.prefixes.top(1)[0].bytes, 120);
    }

    #[test]
    fn rows_have_a_cap_and_what_is_beyond_is_counted() {
        let mut tally = Tally::new(1);
        add(&mut tally, route("10.0.0.0/8", 1), 1.0, 0);
        add(&mut tally, route("11.0.0.0/8", 1), 1.0, 0);
        add(&mut tally, route("11.0.0.0/8", 2), 1.0, 0);
        assert_eq!((tally.asns.len(), tally.prefixes.len(), tally.beyond, tally.lookups), (1, 1, 2, 3.0));
    }

    #[test]
    fn what_nobody_asked_for_is_found_again() {
        let mut tally = Tally::new(10);
        let place = tally.new_place(route("10.0.0.0/8", 1), SystemTime::now());
        tally.add(place, 1.0, 0);
        tally.complete();
        add(&mut tally, route("10.0.0.0/8", 1), 1.0, 0);
        assert_eq!((tally.prefixes.len(), tally.prefixes.top(1)[0].count), (1, 2.0));
    }

    #[test]
    fn sums_stay_numbers() {
        let mut tally = Tally::new(1);
        (0..3).for_each(|_| add(&mut tally, Route::default(), f64::MAX, u64::MAX));
        assert_eq!((tally.lookups, tally.bytes), (f64::MAX, u64::MAX));
        assert_eq!(percent(1.0, 0.0), 0.0);
    }
}
