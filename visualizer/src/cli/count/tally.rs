//! The counts: a row for each AS and for each prefix, exact, in the order of their first address.
//!
//! A row is made of what the database holds, never of the input alone; still the rows have a cap, and what comes beyond
//! it is counted apart.

use std::hash::Hash;
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

/// Rows by key.
#[derive(Debug)]
pub(super) struct Rows<K> {
    index: AHashMap<K, u32>,
    rows: Vec<Row<K>>,
    most: usize,
}

impl<K: Copy + Eq + Hash> Rows<K> {
    fn new(most: usize) -> Self {
        Self { index: AHashMap::new(), rows: Vec::new(), most }
    }

    /// Adds to a row; says whether there is one or room for it.
    #[inline]
    fn add(&mut self, key: K, amount: f64, bytes: u64) -> bool {
        let found = self.index.get(&key).and_then(|position| self.rows.get_mut(*position as usize));
        if let Some(row) = found {
            row.count = sum(row.count, amount);
            row.bytes = row.bytes.saturating_add(bytes);
            return true;
        }
        self.begin(key, amount, bytes)
    }

    #[cold]
    fn begin(&mut self, key: K, amount: f64, bytes: u64) -> bool {
        let room = self.rows.len() < self.most;
        if room {
            self.index.insert(key, self.rows.len() as u32);
            self.rows.push(Row { key, count: amount, bytes, created: SystemTime::now() });
        }
        room
    }

    /// The highest `n` rows; of equal ones those first seen stand first.
    pub(super) fn top(&self, n: usize) -> Vec<&Row<K>> {
        let mut rows: Vec<&Row<K>> = self.rows.iter().collect();
        rows.sort_by(|a, b| b.count.total_cmp(&a.count));
        rows.truncate(n);
        rows
    }

    /// How many keys were seen.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
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
}

impl Tally {
    /// With at most so many rows a table.
    pub(super) fn new(most: usize) -> Self {
        Self {
            asns: Rows::new(most),
            prefixes: Rows::new(most),
            lookups: 0.0,
            bytes: 0,
            skipped: 0,
            failed: 0,
            joined: 0,
            beyond: 0,
            since: SystemTime::now(),
        }
    }

    /// Counts an address.
    #[inline]
    pub(super) fn add(&mut self, route: Route, amount: f64, bytes: u64) {
        self.lookups = sum(self.lookups, amount);
        self.bytes = self.bytes.saturating_add(bytes);
        let known = self.asns.add(route.asn, amount, bytes) & self.prefixes.add(route, amount, bytes);
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

    #[test]
    fn of_equal_rows_the_first_seen_stands_first() {
        let mut tally = Tally::new(10);
        for (prefix, asn) in [("10.0.0.0/8", 5), ("11.0.0.0/8", 4), ("12.0.0.0/8", 3), ("12.0.0.0/8", 3)] {
            tally.add(route(prefix, asn), 1.0, 60);
        }
        tally.add(Route::default(), 1.0, 60);
        let order: Vec<Option<u32>> = tally.asns.top(9).iter().map(|row| row.key.map(|asn| asn.0)).collect();
        assert_eq!(order, [Some(3), Some(5), Some(4), None]);
        assert_eq!((tally.lookups, tally.bytes, tally.prefixes.len()), (5.0, 300, 4));
        assert_eq!(tally.prefixes.top(1)[0].bytes, 120);
    }

    #[test]
    fn rows_have_a_cap_and_what_is_beyond_is_counted() {
        let mut tally = Tally::new(1);
        tally.add(route("10.0.0.0/8", 1), 1.0, 0);
        tally.add(route("11.0.0.0/8", 1), 1.0, 0);
        tally.add(route("11.0.0.0/8", 2), 1.0, 0);
        assert_eq!((tally.asns.len(), tally.prefixes.len(), tally.beyond, tally.lookups), (1, 1, 2, 3.0));
    }

    #[test]
    fn sums_stay_numbers() {
        let mut tally = Tally::new(1);
        (0..3).for_each(|_| tally.add(Route::default(), f64::MAX, u64::MAX));
        assert_eq!((tally.lookups, tally.bytes), (f64::MAX, u64::MAX));
        assert_eq!(percent(1.0, 0.0), 0.0);
    }
}
