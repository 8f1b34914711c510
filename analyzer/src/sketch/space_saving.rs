//! Space-Saving: every key exactly while the table has room, then the heavy ones with a stated error.
//!
//! Metwally, Agrawal, El Abbadi: "Efficient computation of frequent and top-k elements in data streams", ICDT 2005. A new
//! key in a full table takes the row of the lightest one and may have been counted there before: up to as much as that
//! row weighed at most. A row therefore keeps apart what was counted since it was made, which is certain, and what it
//! may have [`Missed`]; the truth lies between the first and their sum. With `m` rows and a weight of `N` in all, nobody
//! misses more than `N / m`, and every key heavier than that has a row.
//!
//! The paper weighs by one figure; ours have three. The table is ruled by one of them, the *rank*, and the bounds of the
//! others are the largest of any row that had to go: true as well, if wider.
//!
//! The lightest row is found by a heap of weights that is brought up to date only where it is asked, because weights only
//! grow: what lies on top and is true is the least. So counting costs nothing more than in a table without a bound.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::Hash;

use ahash::RandomState;

use crate::chunks::Chunks;
use crate::counts::{Measure, Missed};
use crate::index::Index;
use crate::sketch::distinct::Estimate;
use crate::sketch::hyperloglog;

/// A value that counts and says how far it can be relied on.
pub trait Weighed: Copy {
    /// Of a key of which at most so much was counted before.
    fn begin(missed: Missed) -> Self;

    /// The most that may be true of its key: what was counted and what it may have missed.
    fn most(&self) -> Missed;
}

#[derive(Clone, Copy)]
struct Row<K, V> {
    hash: u64,
    key: K,
    value: V,
}

/// The row of a key to change.
pub struct Entry<'a, V> {
    /// Its number; the next key that takes the row has the same.
    pub row: u32,
    /// Whether it was made for this call.
    pub fresh: bool,
    /// What is counted.
    pub value: &'a mut V,
}

/// A bounded table from `K` to `V`.
pub struct SpaceSaving<K, V> {
    rows: Chunks<Row<K, V>>,
    index: Index,
    hasher: RandomState,
    rank: Measure,
    cap: usize,
    /// A weight that each of the first rows has at least; of all rows before the first has to go.
    least: BinaryHeap<Reverse<(u64, u32)>>,
    missed: Missed,
    replaced: u64,
    /// Registers of all keys there ever were; as far as rows are weighed.
    different: Vec<u8>,
}

/// Rows that are weighed with each new one, once half of them are taken: all of them, when the last is.
const WEIGHED: usize = 2;

/// Registers for the number of different keys: 1.6 % standard error.
const REGISTERS: usize = 4096;

impl<K: Copy + Eq + Hash, V: Weighed> SpaceSaving<K, V> {
    /// At most `cap` keys (at least 8), ruled by `rank`.
    pub fn new(cap: usize, rank: Measure, hasher: RandomState) -> Self {
        let cap = cap.clamp(8, u32::MAX as usize / 2);
        Self {
            rows: Chunks::default(),
            index: Index::for_rows(cap),
            hasher,
            rank,
            cap,
            least: BinaryHeap::new(),
            missed: Missed::default(),
            replaced: 0,
            different: Vec::new(),
        }
    }

    /// The row of a key, made if need be; a full table gives it the lightest one's.
    #[inline]
    pub fn entry(&mut self, key: K) -> Option<Entry<'_, V>> {
        let hash = self.hasher.hash_one(key);
        let known = self.index.find(hash, |row| {
            let row = &self.rows[row as usize];
            row.hash == hash && row.key == key
        });
        let row = known.unwrap_or_else(|| self.make(key, hash));
        let value = &mut self.rows.get_mut(row as usize)?.value;
        Some(Entry { row, fresh: known.is_none(), value })
    }

    /// The number, key and value of every row, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &K, &V)> {
        self.rows.iter().zip(0..).map(|(row, number)| (number, &row.key, &row.value))
    }

    /// How many keys have a row.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.rows.len() == 0
    }

    /// How many different keys there were.
    pub fn keys(&self) -> Estimate {
        if self.replaced == 0 {
            return Estimate::exact(self.len() as u64);
        }
        let count = (hyperloglog::estimate(&self.different).round() as u64).max(self.len() as u64);
        Estimate { count, relative_error: hyperloglog::relative_error(REGISTERS) }
    }

    /// The most that may be true of a key without a row. Zero while every key has one.
    pub const fn missed(&self) -> Missed {
        self.missed
    }

    /// How often a key took another's row.
    pub const fn replaced(&self) -> u64 {
        self.replaced
    }

    /// Bytes it occupies.
    pub fn bytes(&self) -> usize {
        self.rows.bytes() + self.index.bytes() + self.least.capacity() * size_of::<(u64, u32)>()
    }

    fn make(&mut self, key: K, hash: u64) -> u32 {
        let full = self.rows.len() >= self.cap;
        let row = if full { self.vacate() } else { self.rows.len() as u32 };
        if full {
            hyperloglog::add(&mut self.different, hash as u32);
        } else if self.rows.len() >= self.cap / 2 {
            self.weigh(WEIGHED);
        }
        let made = Row { hash, key, value: V::begin(self.missed) };
        match self.rows.get_mut(row as usize) {
            Some(place) => *place = made,
            None => self.rows.push(made),
        }
        self.index.insert(hash, row);
        row
    }

    /// Frees the row of the lightest key.
    fn vacate(&mut self) -> u32 {
        let row = self.lightest();
        let Row { hash, value, .. } = self.rows[row as usize];
        self.missed = self.missed.max(value.most());
        self.replaced += 1;
        self.index.remove(hash, row);
        row
    }

    /// Weighs so many more rows, so that not all of them are weighed at once when the first has to go.
    fn weigh(&mut self, count: usize) {
        self.different.resize(REGISTERS, 0);
        let weighed = self.least.len();
        for number in weighed..self.rows.len().min(weighed.saturating_add(count)) {
            let row = &self.rows[number];
            hyperloglog::add(&mut self.different, row.hash as u32);
            self.least.push(Reverse((row.value.most().get(self.rank), number as u32)));
        }
    }

    fn lightest(&mut self) -> u32 {
        self.weigh(usize::MAX);
        let Self { rows, least, rank, .. } = self;
        let weight = |row: u32| rows[row as usize].value.most().get(*rank);
        while let Some(mut top) = least.peek_mut() {
            let Reverse((known, row)) = *top;
            let now = weight(row);
            if now == known {
                return row;
            }
            *top = Reverse((now, row));
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Copy)]
    struct Weight {
        counted: u64,
        missed: Missed,
    }

    impl Weighed for Weight {
        fn begin(missed: Missed) -> Self {
            Self { counted: 0, missed }
        }

        fn most(&self) -> Missed {
            Missed { bytes: self.counted + self.missed.bytes, ..self.missed }
        }
    }

    /// Runs a stream through a table and holds each row and each absent key against the truth.
    fn check(cap: usize, stream: impl IntoIterator<Item = (u32, u64)>) -> SpaceSaving<u32, Weight> {
        let mut table: SpaceSaving<u32, Weight> =
            SpaceSaving::new(cap, Measure::Bytes, RandomState::with_seeds(1, 2, 3, 4));
        let mut truth: HashMap<u32, u64> = HashMap::new();
        for (key, weight) in stream {
            table.entry(key).unwrap().value.counted += weight;
            *truth.entry(key).or_default() += weight;
        }
        let all: u64 = truth.values().sum();
        assert!(table.len() <= cap);
        assert!(table.missed().bytes <= all / cap as u64, "nobody misses more than N / m");
        let rows: HashMap<u32, Weight> = table.iter().map(|(_, key, weight)| (*key, *weight)).collect();
        assert_eq!(rows.values().map(|row| row.most().bytes).sum::<u64>(), all, "nothing is lost");
        for (key, &weight) in &truth {
            match rows.get(key) {
                Some(row) => assert!((row.counted..=row.most().bytes).contains(&weight), "{key}"),
                None => assert!(weight <= table.missed().bytes, "{key} weighs {weight} and has no row"),
            }
        }
        table
    }

    fn numbers(seed: u64) -> impl Iterator<Item = f64> {
        let mut state = seed | 1;
        std::iter::from_fn(move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            Some((state >> 11) as f64 / (1u64 << 53) as f64)
        })
    }

    /// Zipf with exponent 1 over 100 000 keys, by the inverse of its continuous distribution.
    fn zipf() -> impl Iterator<Item = (u32, u64)> {
        numbers(7).map(|uniform| (100_000f64.powf(uniform) as u32, 40 + (uniform * 1000.0) as u64 % 1460))
    }

    #[test]
    fn of_a_zipf_distribution_the_heaviest_are_known_almost_exactly() {
        let table = check(1000, zipf().take(300_000));
        let mut rows: Vec<_> =
            table.iter().map(|(_, key, row)| (row.counted, *key, row.missed.bytes)).collect();
        rows.sort_unstable_by_key(|row| Reverse(row.0));
        assert_eq!((rows[0].1, rows[0].2), (1, 0));
        assert!(rows[..20].iter().all(|(counted, _, missed)| missed * 20 < *counted), "{:?}", &rows[..20]);
    }

    #[test]
    fn of_a_uniform_distribution_the_bounds_hold_though_nobody_stands_out() {
        check(500, numbers(9).map(|uniform| ((uniform * 20_000.0) as u32, 100)).take(200_000));
    }

    #[test]
    fn a_flood_of_once_seen_keys_leaves_the_heavy_ones_their_rows() {
        let flood = (0..200_000u32).flat_map(|n| [(n + 1000, 60), (n % 10, 1500)]);
        let table = check(256, flood);
        let heavy: Vec<_> = table.iter().filter(|(_, key, _)| **key < 10).collect();
        assert_eq!(heavy.len(), 10);
        assert!(heavy.iter().all(|(.., row)| row.missed.bytes == 0 && row.counted == 20_000 * 1500));
    }

    #[test]
    fn how_many_keys_there_were_is_known_within_a_few_percent() {
        let table = check(100, (0..50_000).map(|key| (key % 20_000, 60)));
        assert!((19_000..21_000).contains(&table.keys().count) && table.keys().relative_error > 0.0);
    }

    #[test]
    fn no_key_waits_until_all_rows_are_weighed() {
        for cap in [8, 9, 1000] {
            let table = check(cap, (0..cap as u32).map(|key| (key, 60)));
            assert!(table.least.len() + 2 >= cap, "{} of {cap}", table.least.len());
            assert_eq!(
                (table.replaced(), table.keys().count, table.keys().relative_error),
                (0, cap as u64, 0.0)
            );
        }
    }

    #[test]
    fn while_there_is_room_everything_is_exact() {
        let table = check(1000, zipf().take(300));
        assert_eq!((table.missed(), table.replaced()), (Missed::default(), 0));
    }

    proptest! {
        #[test]
        fn the_truth_lies_between_what_was_counted_and_what_may_have_been_missed(
            stream in prop::collection::vec((0u32..300, 0u64..2000), 0..4000),
            cap in 8usize..128,
        ) {
            check(cap, stream);
        }
    }
}
