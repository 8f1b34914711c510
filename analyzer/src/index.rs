//! Where the row of a hash is: open addressing with linear probing over 8-byte entries, deletion by shifting back
//! (Knuth, TAOCP vol. 3, §6.4, algorithm R).
//!
//! One entry is half the hash and the row's number, and that half says where a search begins: so a search reads one cache
//! line and no row that is not its own (one in some thousand times another's), and moving entries reads no row at all. What
//! a general table does not offer and why this one exists: [`Index::near`] costs a few instructions, so that the lines of many
//! keys are fetched at the same time before the first is needed; and it lies in parts that grow one by one, so that no
//! packet waits while a whole large table is copied.

/// An entry: the upper half is the upper half of the hash, the lower the row's number and one; 0 is a free place.
type Entry = u64;

/// Entries of half a cache line.
const HALF_LINE: usize = 4;

/// Smallest table.
const LEAST: usize = 16;

/// Rows of a part, at most, when all rows are there: 64 KiB, so growing to that takes some tens of microseconds.
const ROWS: usize = 4096;

/// Most parts: a table that is told it may have millions of rows and has none takes 40 kB.
const PARTS: usize = 256;

/// A table from hashes to row numbers below 2³² − 1. Hashes must be good in their upper half.
pub(crate) struct Index {
    /// By the uppermost bits of the hash.
    parts: Box<[Part]>,
    /// How many bits of a hash's upper half do not tell the part.
    below: u32,
    len: usize,
}

/// A table of the hashes that share their uppermost bits.
struct Part {
    entries: Box<[Entry]>,
    len: usize,
}

impl Default for Index {
    fn default() -> Self {
        Self::for_rows(0)
    }
}

impl Index {
    /// For so many rows; more only make its parts larger.
    pub(crate) fn for_rows(cap: usize) -> Self {
        let parts = (cap / ROWS).max(1).next_power_of_two().min(PARTS);
        Self { parts: (0..parts).map(|_| Part::new()).collect(), below: 32 - parts.ilog2(), len: 0 }
    }

    /// How many rows it knows.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Bytes it occupies.
    pub(crate) fn bytes(&self) -> usize {
        self.parts.iter().map(|part| size_of::<Part>() + part.entries.len() * size_of::<Entry>()).sum()
    }

    /// Reads where a search would begin: the value means nothing, the cache line is near afterwards.
    #[inline]
    pub(crate) fn near(&self, hash: u64) -> u64 {
        let part = self.part(hash);
        part.entries[part.home(hash)]
    }

    /// The same with the entries behind, that removing reads as well.
    #[inline]
    pub(crate) fn near_with_next(&self, hash: u64) -> u64 {
        let part = self.part(hash);
        let home = part.home(hash);
        part.entries[home] ^ part.entries[(home + HALF_LINE) & part.mask()]
    }

    /// The first row of that hash that is `wanted`.
    #[inline]
    pub(crate) fn find(&self, hash: u64, wanted: impl Fn(u32) -> bool) -> Option<u32> {
        self.part(hash).find(hash, wanted)
    }

    /// Adds a row.
    pub(crate) fn insert(&mut self, hash: u64, row: u32) {
        self.part_mut(hash).insert(entry(hash, row));
        self.len += 1;
    }

    /// Takes a row out.
    pub(crate) fn remove(&mut self, hash: u64, row: u32) {
        self.len -= usize::from(self.part_mut(hash).remove(entry(hash, row)));
    }

    #[inline]
    const fn number(&self, hash: u64) -> usize {
        (hash >> 32 >> self.below) as usize
    }

    #[inline]
    fn part(&self, hash: u64) -> &Part {
        &self.parts[self.number(hash)]
    }

    #[inline]
    fn part_mut(&mut self, hash: u64) -> &mut Part {
        &mut self.parts[self.number(hash)]
    }
}

impl Part {
    fn new() -> Self {
        Self { entries: vec![0; LEAST].into_boxed_slice(), len: 0 }
    }

    #[inline]
    fn find(&self, hash: u64, wanted: impl Fn(u32) -> bool) -> Option<u32> {
        let mut place = self.home(hash);
        loop {
            let entry = self.entries[place];
            if entry == 0 {
                return None;
            }
            if (entry ^ hash) >> 32 == 0 {
                let row = row(entry);
                if wanted(row) {
                    return Some(row);
                }
            }
            place = self.after(place);
        }
    }

    fn insert(&mut self, entry: Entry) {
        if (self.len + 1) * 4 > self.entries.len() * 3 {
            self.grow();
        }
        self.put(entry);
        self.len += 1;
    }

    /// Whether it was there.
    fn remove(&mut self, wanted: Entry) -> bool {
        let mut hole = self.home(wanted);
        while self.entries[hole] != wanted {
            if self.entries[hole] == 0 {
                return false;
            }
            hole = self.after(hole);
        }
        self.len -= 1;
        let mut place = hole;
        loop {
            place = self.after(place);
            let moved = self.entries[place];
            if moved == 0 {
                break;
            }
            // An entry may move back to the hole unless its home lies between the two, going round.
            let home = self.home(moved);
            let way = |from: usize, to: usize| to.wrapping_sub(from) & self.mask();
            if way(home, place) >= way(hole, place) {
                self.entries[hole] = moved;
                hole = place;
            }
        }
        self.entries[hole] = 0;
        true
    }

    fn grow(&mut self) {
        let twice = vec![0; self.entries.len() * 2].into_boxed_slice();
        let before = std::mem::replace(&mut self.entries, twice);
        before.into_iter().filter(|&entry| entry != 0).for_each(|entry| self.put(entry));
    }

    fn put(&mut self, entry: Entry) {
        let mut place = self.home(entry);
        while self.entries[place] != 0 {
            place = self.after(place);
        }
        self.entries[place] = entry;
    }

    /// The upper half of a hash, which its entry has as well, says where a search begins.
    #[inline]
    const fn home(&self, hash: u64) -> usize {
        (hash >> 32) as usize & self.mask()
    }

    #[inline]
    const fn after(&self, place: usize) -> usize {
        (place + 1) & self.mask()
    }

    #[inline]
    const fn mask(&self) -> usize {
        self.entries.len() - 1
    }
}

#[inline]
const fn entry(hash: u64, row: u32) -> Entry {
    (hash & !0xffff_ffff) | (row as u64 + 1)
}

#[inline]
const fn row(entry: Entry) -> u32 {
    (entry as u32).wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use ahash::RandomState;
    use proptest::prelude::*;

    use super::*;

    /// Few homes and tags, so that probing, wrapping round and equal tags happen.
    fn spread(key: u8) -> u64 {
        (u64::from(key % 3) << 60) | (u64::from(key % 7) * 3) << 32
    }

    proptest! {
        #[test]
        fn finds_what_was_put_in_and_not_taken_out(steps in prop::collection::vec((any::<bool>(), any::<u8>()), 0..600)) {
            let mut index = Index::for_rows(256);
            let mut known = HashMap::new();
            for (add, key) in steps {
                let row = u32::from(key);
                if add && known.insert(row, ()).is_none() {
                    index.insert(spread(key), row);
                } else if !add {
                    known.remove(&row);
                    index.remove(spread(key), row);
                }
            }
            prop_assert_eq!(index.len(), known.len());
            for key in 0..=u8::MAX {
                let row = u32::from(key);
                let found = index.find(spread(key), |one| one == row);
                prop_assert_eq!(found.is_some(), known.contains_key(&row), "row {}", row);
            }
            let entries = index.parts.iter().flat_map(|part| &part.entries);
            let places = entries.filter(|&&entry| entry != 0).count();
            prop_assert_eq!(places, known.len());
        }
    }

    /// Entries that are looked at to find each key once.
    fn looks(keys: &[u32], hash: impl Fn(u32) -> u64) -> usize {
        let mut part = Part::new();
        keys.iter().for_each(|&key| part.insert(entry(hash(key), key)));
        let looks = |&key: &u32| {
            let mut place = part.home(hash(key));
            let mut looks = 1;
            while part.entries[place] != entry(hash(key), key) {
                (place, looks) = (part.after(place), looks + 1);
            }
            looks
        };
        keys.iter().map(looks).sum()
    }

    #[test]
    fn who_chooses_keys_makes_no_search_longer() {
        // The lower bits of a product are those of the lower bits alone.
        let colliding: Vec<u32> = (256..4256).map(|n| n << 16 | 0x0709).collect();
        let others: Vec<u32> = (1..4001u32).map(|n| n.wrapping_mul(0x9e37_79b9)).collect();
        let known = |key: u32| u64::from(key).wrapping_mul(0x517c_c1b7_2722_0a95) << 32;
        assert!(looks(&colliding, known) > 100 * looks(&others, known));
        let (one, another) = (RandomState::new(), RandomState::new());
        let ours = |keys: &[u32]| looks(keys, |key| one.hash_one(u128::from(key)));
        assert!(ours(&colliding) * 2 <= ours(&others) * 3, "{} {}", ours(&colliding), ours(&others));
        assert_ne!(one.hash_one(7), another.hash_one(7), "nobody knows the seed");
    }

    #[test]
    fn grows_before_it_is_full_however_many_rows_were_said() {
        for said in [8, 10_000, 100_000] {
            let mut index = Index::for_rows(said);
            let hash = |row: u32| u64::from(row).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (0..10_000).for_each(|row| index.insert(hash(row), row));
            assert!((0..10_000).all(|row| index.find(hash(row), |one| one == row) == Some(row)));
            assert!(index.bytes() <= 10_000 * 8 * 8 / 3 + 32 * size_of::<Part>());
        }
    }

    #[test]
    fn a_full_table_lies_in_parts_that_are_quick_to_grow() {
        let mut index = Index::for_rows(300_000);
        let hash = |row: u32| u64::from(row).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (0..300_000).for_each(|row| index.insert(hash(row), row));
        assert_eq!(index.len(), 300_000);
        assert!(index.parts.iter().all(|part| part.entries.len() <= 2 * ROWS));
        assert!((0..300_000).all(|row| index.find(hash(row), |one| one == row) == Some(row)));
    }
}
