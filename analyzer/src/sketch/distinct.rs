//! How many different hosts each row of a table met: exact up to [`EXACT`], then by [`hyperloglog`].
//!
//! A row begins with a small block that holds the hashes themselves. When that is full, the row gets registers of its own
//! as long as the shared stock has some; else its block becomes the registers, which are fewer, so the error is larger.
//! Either way the error is known and said.

use crate::chunks::Chunks;
use crate::sketch::hyperloglog;

/// Things that are counted exactly.
pub const EXACT: usize = 32;

/// Registers of a row that got its own: 3.3 % standard error.
const MANY: usize = 1024;

/// Bytes of a block: as many registers when there are no better ones, 9.2 % standard error.
const BLOCK: usize = EXACT * 4;

/// A count of different things.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// How many.
    pub count: u64,
    /// The standard error as a share of it; 0 when it is exact.
    pub relative_error: f64,
}

impl Estimate {
    /// A count that is no estimate.
    pub const fn exact(count: u64) -> Self {
        Self { count, relative_error: 0.0 }
    }
}

#[derive(Clone, Copy)]
enum State {
    /// So many hashes in the block.
    Few(u8),
    /// The block is registers.
    Coarse,
    /// Registers of the stock.
    Many(u32),
}

#[derive(Clone, Copy)]
struct Row {
    state: State,
    block: [u8; BLOCK],
}

const EMPTY: Row = Row { state: State::Few(0), block: [0; BLOCK] };

/// Distinct counts, one a row.
pub struct Distinct {
    rows: Chunks<Row>,
    stock: Chunks<[u8; MANY]>,
    free: Vec<u32>,
    most: usize,
}

impl Distinct {
    /// With at most so many rows of registers.
    pub fn new(most: usize) -> Self {
        Self { rows: Chunks::default(), stock: Chunks::default(), free: Vec::new(), most }
    }

    /// Begins a row anew; rows are numbered without gaps.
    pub fn begin(&mut self, row: u32) {
        match self.rows.get_mut(row as usize) {
            None => self.rows.push(EMPTY),
            Some(known) => {
                if let State::Many(index) = known.state {
                    self.free.push(index);
                }
                *known = EMPTY;
            }
        }
    }

    /// Adds a thing by its hash.
    #[inline]
    pub fn add(&mut self, row: u32, hash: u32) {
        let Some(known) = self.rows.get_mut(row as usize) else { return };
        match known.state {
            State::Few(count) => {
                if known.hashes(count).any(|one| one == hash) {
                    return;
                }
                let at = usize::from(count) * 4;
                if let Some(place) = known.block.get_mut(at..at + 4) {
                    place.copy_from_slice(&hash.to_le_bytes());
                    known.state = State::Few(count + 1);
                } else {
                    self.promote(row, hash);
                }
            }
            State::Coarse => {
                hyperloglog::add(&mut known.block, hash);
            }
            State::Many(index) => {
                if let Some(registers) = self.stock.get_mut(index as usize) {
                    hyperloglog::add(registers, hash);
                }
            }
        }
    }

    /// How many different things a row met.
    pub fn estimate(&self, row: u32) -> Estimate {
        let Some(known) = self.rows.get(row as usize) else { return Estimate::default() };
        let registers: &[u8] = match known.state {
            State::Few(count) => return Estimate::exact(u64::from(count)),
            State::Coarse => &known.block,
            State::Many(index) => self.stock.get(index as usize).map_or(&known.block, |many| many),
        };
        Estimate {
            count: hyperloglog::estimate(registers).round() as u64,
            relative_error: hyperloglog::relative_error(registers.len()),
        }
    }

    /// Bytes it occupies.
    pub fn bytes(&self) -> usize {
        self.rows.bytes() + self.stock.bytes() + self.free.capacity() * size_of::<u32>()
    }

    /// From hashes to registers.
    #[cold]
    fn promote(&mut self, row: u32, hash: u32) {
        let stock = self.registers();
        let Some(known) = self.rows.get_mut(row as usize) else { return };
        let hashes = known.block;
        let registers: &mut [u8] =
            match stock.and_then(|index| Some((index, self.stock.get_mut(index as usize)?))) {
                Some((index, many)) => {
                    known.state = State::Many(index);
                    many
                }
                None => {
                    known.state = State::Coarse;
                    &mut known.block
                }
            };
        registers.fill(0);
        for bytes in hashes.chunks_exact(4) {
            hyperloglog::add(registers, u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        }
        hyperloglog::add(registers, hash);
    }

    /// Registers of the stock, if there are any left.
    fn registers(&mut self) -> Option<u32> {
        if let Some(index) = self.free.pop() {
            return Some(index);
        }
        let index = self.stock.len();
        if index >= self.most {
            return None;
        }
        self.stock.push([0; MANY]);
        u32::try_from(index).ok()
    }
}

impl Row {
    fn hashes(&self, count: u8) -> impl Iterator<Item = u32> {
        let used = self.block.chunks_exact(4).take(usize::from(count));
        used.map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }
}

#[cfg(test)]
mod tests {
    use ahash::RandomState;
    use proptest::prelude::*;

    use super::*;

    fn hash(n: u32) -> u32 {
        RandomState::with_seeds(1, 2, 3, 4).hash_one(n) as u32
    }

    fn of(different: u32, most: usize) -> Estimate {
        let mut counts = Distinct::new(most);
        counts.begin(0);
        (0..different).chain(0..different).for_each(|n| counts.add(0, hash(n)));
        counts.estimate(0)
    }

    #[test]
    fn few_are_exact_and_many_say_how_far_off_they_may_be() {
        (0..=EXACT as u32).for_each(|n| assert_eq!(of(n, 8), Estimate::exact(u64::from(n))));
        for (most, error) in [(8, 0.0325), (0, 0.092)] {
            for different in [33, 500, 50_000] {
                let estimate = of(different, most);
                assert!((estimate.relative_error - error).abs() < 0.001);
                let off = estimate.count as f64 / f64::from(different) - 1.0;
                assert!(off.abs() < 3.0 * error, "{different}: {off}");
            }
        }
    }

    #[test]
    fn a_row_that_begins_anew_gives_its_registers_back() {
        let mut counts = Distinct::new(1);
        counts.begin(0);
        counts.begin(1);
        (0..1000).for_each(|n| counts.add(0, hash(n)));
        counts.begin(0);
        assert_eq!(counts.estimate(0), Estimate::exact(0));
        (0..1000).for_each(|n| counts.add(1, hash(n)));
        assert!(counts.estimate(1).relative_error < 0.04);
        assert_eq!(counts.stock.len(), 1);
    }

    proptest! {
        #[test]
        fn rows_do_not_touch_each_other(things in prop::collection::vec((0u32..4, 0u32..20), 0..200)) {
            let mut counts = Distinct::new(2);
            (0..4).for_each(|row| counts.begin(row));
            let mut known = std::collections::BTreeSet::new();
            for (row, thing) in things {
                counts.add(row, hash(thing));
                known.insert((row, thing));
            }
            for row in 0..4 {
                let count = known.iter().filter(|(of, _)| *of == row).count() as u64;
                prop_assert_eq!(counts.estimate(row), Estimate::exact(count));
            }
        }
    }
}
