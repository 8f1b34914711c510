//! A table with a cap: what traffic can grow is bounded here, and what had to go is counted.
//!
//! Rows live in a slab and keep their [`Slot`] while they stay, so that other rows may point at them. When the table
//! is full, a row that is not *established* goes first, oldest first, with a second chance if it was touched since;
//! so a flood of once-seen keys evicts itself and not the hosts one knows. Only when nearly all rows are established
//! does an untouched established one go. Every step is O(1) amortised, and none looks at more than some hundred rows.
//!
//! [`Capped`] knows rows by hash and a test of equality, so that a row need not hold its key: a packet costs as many
//! cache lines as its rows fill. What only few packets need of a row lies apart, in its *rest* `R`, and costs none.
//! Hashes must come from a state that is seeded at random, because keys come from the wire.

use crate::chunks::Chunks;
use crate::index::Index;
use crate::queue::{CHUNK, Queue};

/// Of how many rows at least one is kept for newcomers: with `cap / 8` or fewer of them, established rows go too.
const NEWCOMERS: usize = 8;

/// After so many new rows a chunk of the newcomers is swept, once half of the rows are taken: soon when many of the last chunk
/// were none any more, later when nearly all were, as in a flood, where sweeping wins nothing.
const PAUSES: (usize, usize) = (64, 512);

/// Second chances that are given at a time: where all rows were touched, one of them goes nonetheless.
const CHANCES: usize = 64;

/// What becomes of a newcomer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is none any more.
    None,
    /// It was touched, and has a second chance.
    Again,
    /// It goes first when a row is needed.
    Goes,
}

/// Judges a newcomer, and promotes it if it has earned its place.
fn judge<V: Worth>(rows: &mut Chunks<Row<V>>, slot: Slot, established: &mut usize) -> Fate {
    let row = &mut rows[slot.index as usize];
    if !row.occupied || row.generation != slot.generation || row.established {
        return Fate::None;
    }
    if row.value.established() {
        row.established = true;
        *established += 1;
        return Fate::None;
    }
    if row.touched { Fate::Again } else { Fate::Goes }
}

/// Whether a row has earned its place.
pub trait Worth {
    /// Established rows outlive the others.
    fn established(&self) -> bool;
}

/// Where a row is. Stale after the row was evicted: [`Capped::get`] then says `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    index: u32,
    generation: u32,
}

/// Where a row most likely is; see [`Capped::guess`].
#[derive(Clone, Copy, Debug)]
pub struct Guess(u32);

/// Begins a cache line, and its own fields come first: a look-up that ends here needs no other line.
#[repr(C, align(64))]
struct Row<V> {
    hash: u64,
    generation: u32,
    /// Touched since the eviction hand last passed.
    touched: bool,
    /// Counted among the established.
    established: bool,
    occupied: bool,
    value: V,
}

/// A bounded table of rows, each in two parts.
pub struct Capped<V, R = ()> {
    rows: Chunks<Row<V>>,
    rests: Chunks<R>,
    index: Index,
    free: Vec<u32>,
    newcomers: Queue<Slot>,
    established: usize,
    hand: usize,
    cap: usize,
    /// How many rows were added since newcomers were swept, and after how many they are again.
    unswept: usize,
    pause: usize,
    evicted: u64,
}

impl<V: Copy + Worth, R: Copy> Capped<V, R> {
    /// At most `cap` rows (at least 8).
    pub fn new(cap: usize) -> Self {
        let cap = cap.clamp(8, u32::MAX as usize / 2);
        Self {
            rows: Chunks::default(),
            rests: Chunks::default(),
            index: Index::for_rows(cap),
            free: Vec::new(),
            newcomers: Queue::default(),
            established: 0,
            hand: 0,
            cap,
            unswept: 0,
            pause: PAUSES.0,
            evicted: 0,
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.index.len() == 0
    }

    /// How many rows had to make room for others since the start.
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Bytes the table occupies, index included.
    pub fn bytes(&self) -> usize {
        self.rows.bytes()
            + self.rests.bytes()
            + self.index.bytes()
            + self.newcomers.bytes()
            + self.free.capacity() * size_of::<u32>()
    }

    /// Where the row is that has this hash and is `equal`.
    #[inline]
    pub fn lookup(&self, hash: u64, equal: impl Fn(&V) -> bool) -> Option<Slot> {
        let index = self.index.find(hash, |index| {
            let row = &self.rows[index as usize];
            row.hash == hash && equal(&row.value)
        })?;
        Some(Slot { index, generation: self.rows[index as usize].generation })
    }

    /// The first of three steps to bring the row of a hash near before it is needed, each taken for many hashes before
    /// the next. The value means nothing.
    #[inline]
    pub fn approach(&self, hash: u64) -> u64 {
        self.index.near(hash)
    }

    /// The second: a row that most likely has that hash.
    #[inline]
    pub fn guess(&self, hash: u64) -> Option<Guess> {
        self.index.find(hash, |_| true).map(Guess)
    }

    /// The third. The value means nothing.
    #[inline]
    pub fn near(&self, guess: Guess) -> u64 {
        self.rows.get(guess.0 as usize).map_or(0, |row| row.hash)
    }

    /// Brings near what the next `count` rows that have to go will need, when the table is full. The value means nothing.
    pub fn near_leaving(&self, count: usize) -> u64 {
        if self.len() + count <= self.cap {
            return 0;
        }
        let leaving = self.newcomers.iter().take(count).filter_map(|slot| self.rows.get(slot.index as usize));
        leaving.fold(0, |sum, row| sum ^ self.index.near_with_next(row.hash))
    }

    /// Whether a guess was right and still is.
    #[inline]
    pub fn confirm(&self, guess: Guess, hash: u64) -> Option<Slot> {
        let row = self.rows.get(guess.0 as usize)?;
        let same = row.occupied && row.hash == hash;
        same.then_some(Slot { index: guess.0, generation: row.generation })
    }

    /// The row at `slot` to change, marked as touched; `None` when it is gone.
    #[inline]
    pub fn touch(&mut self, slot: Slot) -> Option<&mut V> {
        let row = self.rows.get_mut(slot.index as usize)?;
        if row.generation != slot.generation || !row.occupied {
            return None;
        }
        row.touched = true;
        Some(&mut row.value)
    }

    /// The row at `slot`, if it is still the same.
    #[inline]
    pub fn get(&self, slot: Slot) -> Option<&V> {
        let row = self.rows.get(slot.index as usize)?;
        (row.generation == slot.generation && row.occupied).then_some(&row.value)
    }

    /// The rest of the row at `slot`, if it is still the same.
    #[inline]
    pub fn rest(&self, slot: Slot) -> Option<&R> {
        self.get(slot)?;
        self.rests.get(slot.index as usize)
    }

    /// Both parts of the row at `slot` to change, if it is still the same; it is not marked as touched.
    #[inline]
    pub fn both(&mut self, slot: Slot) -> Option<(&mut V, &mut R)> {
        let row = self.rows.get_mut(slot.index as usize)?;
        if row.generation != slot.generation || !row.occupied {
            return None;
        }
        Some((&mut row.value, self.rests.get_mut(slot.index as usize)?))
    }

    /// All rows in no order.
    pub fn iter(&self) -> impl Iterator<Item = &V> {
        self.rows.iter().filter(|row| row.occupied).map(|row| &row.value)
    }

    /// Both parts of all rows in no order.
    pub fn iter_with_rests(&self) -> impl Iterator<Item = (&V, &R)> {
        let rows = self.rows.iter().zip(self.rests.iter());
        rows.filter(|(row, _)| row.occupied).map(|(row, rest)| (&row.value, rest))
    }

    /// All rows in no order, to change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.rows.iter_mut().filter(|row| row.occupied).map(|row| &mut row.value)
    }

    /// The second parts of all rows in no order, to change.
    pub fn rests_mut(&mut self) -> impl Iterator<Item = &mut R> {
        let rows = self.rows.iter().zip(self.rests.iter_mut());
        rows.filter(|(row, _)| row.occupied).map(|(_, rest)| rest)
    }

    /// Looks at up to `steps` slots from where the last call stopped and removes the rows that are `expired`;
    /// these are not counted as evicted.
    pub fn expire(&mut self, steps: usize, mut expired: impl FnMut(&V) -> bool) {
        for _ in 0..steps.min(self.rows.len()) {
            self.hand = (self.hand + 1) % self.rows.len();
            let row = &self.rows[self.hand];
            if row.occupied && expired(&row.value) {
                self.remove(self.hand as u32);
            }
        }
    }

    /// Adds a row whose key has none; gives the row that had to go for it.
    pub fn insert(&mut self, hash: u64, value: V, rest: R) -> (Slot, Option<(V, R)>) {
        let evicted = (self.len() >= self.cap).then(|| self.evict());
        let index = self.free.pop().unwrap_or(self.rows.len() as u32);
        let generation = self.rows.get(index as usize).map_or(0, |row| row.generation.wrapping_add(1));
        let row = Row { value, hash, generation, touched: false, established: false, occupied: true };
        if let (Some(place), Some(place_of_rest)) =
            (self.rows.get_mut(index as usize), self.rests.get_mut(index as usize))
        {
            (*place, *place_of_rest) = (row, rest);
        } else {
            self.rows.push(row);
            self.rests.push(rest);
        }
        self.index.insert(hash, index);
        let slot = Slot { index, generation };
        self.remember(slot);
        (slot, evicted)
    }

    /// Queues a newcomer. Some of the queue is swept now and then, so that no row that has to go waits until all that are no
    /// newcomers any more were judged.
    fn remember(&mut self, slot: Slot) {
        self.unswept += 1;
        let is_long =
            self.newcomers.len() >= 2 * self.cap || self.newcomers.room() >= 4 * self.cap + 2 * CHUNK;
        if is_long || self.len() > self.cap / 2 && self.unswept >= self.pause {
            let Self { rows, newcomers, established, .. } = self;
            let gone = newcomers.sweep(|slot| judge(rows, *slot, established) != Fate::None);
            (self.unswept, self.pause) = (0, if gone >= CHUNK / 8 { PAUSES.0 } else { PAUSES.1 });
        }
        self.newcomers.push_back(slot);
    }

    fn evict(&mut self) -> (V, R) {
        let newcomers = self.len() - self.established;
        let victim = if newcomers > self.cap / NEWCOMERS { self.oldest_newcomer() } else { None };
        let victim = victim.unwrap_or_else(|| self.untouched_row());
        self.remove(victim);
        self.evicted += 1;
        (self.rows[victim as usize].value, self.rests[victim as usize])
    }

    /// The newcomer to go; those that turn out to have earned their place on the way are promoted.
    fn oldest_newcomer(&mut self) -> Option<u32> {
        let mut chances = 0;
        while let Some(slot) = self.newcomers.pop_front() {
            match judge(&mut self.rows, slot, &mut self.established) {
                Fate::None => {}
                Fate::Again if chances < CHANCES => {
                    chances += 1;
                    self.rows[slot.index as usize].touched = false;
                    self.newcomers.push_back(slot);
                }
                Fate::Again | Fate::Goes => return Some(slot.index),
            }
        }
        None
    }

    /// The next row the hand finds untouched, clearing the mark as it passes; the last it looks at if none is.
    fn untouched_row(&mut self) -> u32 {
        let mut chances = 0;
        for _ in 0..2 * self.rows.len() {
            self.hand = (self.hand + 1) % self.rows.len();
            let row = &mut self.rows[self.hand];
            let was_touched = std::mem::take(&mut row.touched);
            chances += usize::from(row.occupied && was_touched);
            if row.occupied && (!was_touched || chances > CHANCES) {
                break;
            }
        }
        self.hand as u32
    }

    fn remove(&mut self, index: u32) {
        let row = &mut self.rows[index as usize];
        row.occupied = false;
        self.established -= usize::from(row.established);
        row.established = false;
        self.index.remove(row.hash, index);
        self.free.push(index);
    }
}

#[cfg(test)]
mod tests {
    use std::hash::Hash;

    use ahash::RandomState;
    use proptest::prelude::*;

    use super::*;

    /// A row that holds its key.
    #[derive(Clone, Copy)]
    struct Pair<K, V>(K, V);

    impl<K, V: Worth> Worth for Pair<K, V> {
        fn established(&self) -> bool {
            self.1.established()
        }
    }

    /// A bounded table from `K` to `V`.
    struct Keyed<K, V> {
        table: Capped<Pair<K, V>>,
        hasher: RandomState,
    }

    impl<K: Copy + Eq + Hash, V: Copy + Default + Worth> Keyed<K, V> {
        /// At most `cap` keys (at least 8).
        fn new(cap: usize, hasher: RandomState) -> Self {
            Self { table: Capped::new(cap), hasher }
        }

        /// The value of a key to change, made if need be; a full table evicts one for it.
        #[inline]
        fn entry(&mut self, key: K) -> Option<&mut V> {
            let hash = self.hasher.hash_one(key);
            let slot = match self.table.lookup(hash, |pair| pair.0 == key) {
                Some(slot) => slot,
                None => self.table.insert(hash, Pair(key, V::default()), ()).0,
            };
            self.table.touch(slot).map(|pair| &mut pair.1)
        }

        /// All keys in no order.
        fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
            self.table.iter().map(|pair| (&pair.0, &pair.1))
        }

        /// How many keys there are.
        fn len(&self) -> usize {
            self.table.len()
        }

        /// How many keys had to make room for others since the start.
        const fn evicted(&self) -> u64 {
            self.table.evicted()
        }
    }

    #[derive(Clone, Copy, Default)]
    struct Seen {
        times: u32,
    }

    impl Worth for Seen {
        fn established(&self) -> bool {
            self.times >= 2
        }
    }

    fn table(cap: usize) -> Keyed<u32, Seen> {
        Keyed::new(cap, RandomState::with_seeds(1, 2, 3, 4))
    }

    fn see(table: &mut Keyed<u32, Seen>, key: u32) {
        table.entry(key).unwrap().times += 1;
    }

    fn find(table: &Keyed<u32, Seen>, key: u32) -> Option<Seen> {
        table.iter().find(|(known, _)| **known == key).map(|(_, seen)| *seen)
    }

    #[test]
    fn a_flood_of_once_seen_keys_keeps_the_known_ones() {
        let mut table = table(1000);
        for round in 0..3 {
            (0..500).for_each(|known| see(&mut table, known));
            assert_eq!(round, find(&table, 7).unwrap().times as usize - 1);
        }
        (1_000_000..1_200_000).for_each(|spoofed| see(&mut table, spoofed));
        assert!((0..500).all(|known| find(&table, known).is_some()));
        assert_eq!(table.len(), 1000);
        assert_eq!(table.evicted(), 200_000 - 500);
    }

    #[test]
    fn established_rows_go_when_nothing_else_is_left() {
        let mut table = table(64);
        for _ in 0..2 {
            (0..64).for_each(|key| see(&mut table, key));
        }
        (100..200).for_each(|key| {
            see(&mut table, key);
            see(&mut table, key);
        });
        assert_eq!(table.len(), 64);
        assert!(find(&table, 199).is_some());
    }

    #[test]
    fn no_row_waits_until_all_that_came_before_are_judged() {
        thread_local!(static LOOKS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) });
        #[derive(Clone, Copy, Default)]
        struct Looked;
        impl Worth for Looked {
            fn established(&self) -> bool {
                LOOKS.set(LOOKS.get() + 1);
                false
            }
        }
        for is_touched in [false, true] {
            let mut table = Capped::new(10_000);
            let mut most = 0;
            for n in 0..30_000u64 {
                LOOKS.set(0);
                let (slot, _) = table.insert(n.wrapping_mul(0x9e37_79b9_7f4a_7c15), Looked, ());
                most = most.max(LOOKS.get());
                if is_touched && n < 9_000 {
                    table.touch(slot);
                }
            }
            assert!(most <= CHUNK + CHANCES + 2, "{most} rows were looked at for one");
        }
    }

    #[test]
    fn a_slot_of_an_evicted_row_is_stale() {
        let mut table = Capped::new(8);
        let (slot, _) = table.insert(1 << 32, Seen::default(), ());
        assert_eq!(table.lookup(1 << 32, |_| true), Some(slot));
        (2..100u64).for_each(|key| {
            table.insert(key << 32, Seen::default(), ());
        });
        assert!(table.get(slot).is_none() && table.touch(slot).is_none());
    }

    proptest! {
        #[test]
        fn never_grows_past_its_cap_and_accounts_for_every_row(keys in prop::collection::vec(0u32..400, 0..3000), cap in 8usize..128) {
            let mut table = table(cap);
            let mut fresh = 0;
            for &key in &keys {
                fresh += u64::from(find(&table, key).is_none());
                see(&mut table, key);
                prop_assert!(find(&table, key).is_some());
            }
            prop_assert!(table.len() <= cap);
            prop_assert_eq!(fresh, table.len() as u64 + table.evicted());
            prop_assert_eq!(table.iter().count(), table.len());
            prop_assert!(table.table.newcomers.len() <= 2 * cap + 1);
        }
    }
}
