//! How many different things a source tried, of which a [`Window`] holds only the last.

use std::ops::Deref;

use capturer::Timestamp;

use super::tracker::{Sight, Window};
use crate::sketch::hyperloglog;

/// 7.4 % standard error of what is estimated, by [`hyperloglog::chance`].
const REGISTERS: usize = 128;

/// Things by which it is known that a scan goes round again.
const FIRST: usize = 8;

/// The last different things, and how many there were in all.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(super) struct Counted<const N: usize> {
    window: Window<N>,
    different: Different,
}

impl<const N: usize> Counted<N> {
    /// Takes a thing; `true` if it was not in the window.
    pub(super) fn see(&mut self, key: u64, at: Timestamp, frame: u64) -> bool {
        let is_other = self.window.see(key, at, frame);
        if is_other {
            self.different.add(key);
        }
        is_other
    }

    /// Takes a thing that was seen before the window was made.
    pub(super) fn remember(&mut self, sight: Sight) {
        self.see(sight.key, sight.at, sight.frame);
    }

    /// How many different ones there were: exact, or to two digits where things came again.
    pub(super) fn different(&self) -> f64 {
        self.different.count()
    }
}

/// What is asked of the last things.
impl<const N: usize> Deref for Counted<N> {
    type Target = Window<N>;

    fn deref(&self) -> &Self::Target {
        &self.window
    }
}

/// A count of different things. What falls out of the window and comes back arrives again: so arrivals are counted until one of the
/// first things is among them, and from then on only what registers have most likely not met.
#[derive(Clone, Copy, Debug)]
struct Different {
    count: f64,
    first: [u64; FIRST],
    goes_round: bool,
    registers: [u8; REGISTERS],
}

impl Default for Different {
    fn default() -> Self {
        Self { count: 0.0, first: [0; FIRST], goes_round: false, registers: [0; REGISTERS] }
    }
}

impl Different {
    /// Something came that the window does not hold; `key` need not be a hash.
    fn add(&mut self, key: u64) {
        let arrivals = self.count as usize;
        self.goes_round |= self.first[..arrivals.min(FIRST)].contains(&key);
        let chance = if self.goes_round { hyperloglog::chance(&self.registers) } else { 1.0 };
        let is_new = hyperloglog::add(&mut self.registers, spread(key));
        if !self.goes_round || is_new {
            self.count += 1.0 / chance;
        }
        if let Some(place) = self.first.get_mut(arrivals)
            && !self.goes_round
        {
            *place = key;
        }
    }

    /// How many: exact, or to two digits where things came again.
    fn count(&self) -> f64 {
        if self.goes_round { two_digits(self.count) } else { self.count }
    }
}

/// Good bits of any key (the finisher of MurmurHash3).
const fn spread(key: u64) -> u32 {
    let key = (key ^ (key >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let key = (key ^ (key >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    (key ^ (key >> 33)) as u32
}

fn two_digits(count: f64) -> f64 {
    let mut step = 1.0;
    while count >= step * 100.0 {
        step *= 10.0;
    }
    (count / step).round() * step
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(different: u64, rounds: usize) -> f64 {
        let mut counted = Different::default();
        (0..rounds).for_each(|_| (0..different).for_each(|key| counted.add(key)));
        counted.count()
    }

    #[test]
    fn who_tries_each_once_is_counted_exactly() {
        for different in [0, 1, 15, 256, 1000, 65_536, 1_000_000] {
            assert_eq!(count(different, 1), different as f64);
        }
    }

    #[test]
    fn who_goes_round_again_has_not_tried_more() {
        for different in [10, 100, 250, 1000, 65_000] {
            assert_eq!(count(different, 2), different as f64);
            assert_eq!(count(different, 10), different as f64);
        }
    }

    #[test]
    fn who_asks_each_a_few_times_is_counted_about() {
        for different in [100u64, 1000, 10_000] {
            let mut counted = Different::default();
            for key in 0..different {
                counted.add(key);
                key.checked_sub(70).into_iter().for_each(|before| counted.add(before));
            }
            let off = counted.count() / different as f64 - 1.0;
            assert!(off.abs() < 0.3, "{different}: {off}");
        }
        assert_eq!([two_digits(7.4), two_digits(254.0), two_digits(65_000.0)], [7.0, 250.0, 65_000.0]);
    }
}
