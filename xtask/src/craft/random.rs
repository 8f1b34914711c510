//! A small seeded generator (splitmix64, Steele, Lea and Flood 2014), integers only, so that a capture comes out byte for
//! byte the same on every machine.

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Random(u64);

/// The odd constant of splitmix64: 2⁶⁴ divided by the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Random {
    /// The stream of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// An independent stream: what one user of numbers draws does not move another's.
    pub fn fork(&self, label: &str) -> Self {
        let hash = label.bytes().fold(self.0 ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(mix(hash))
    }

    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// Below `bound`; 0 for a bound of 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// From `low` up to, not including, `high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below(u64::try_from(high - low).unwrap_or(0)) as i64
    }

    /// Up to 40 % off `mean`, either way.
    pub fn around(&mut self, mean: i64) -> i64 {
        self.between(mean * 6 / 10, mean * 14 / 10 + 1)
    }

    /// True once in `times` on average.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of `choices`, which must not be empty.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }

    /// A rank below `count` where rank r is drawn about in proportion to 1 / (r + 1): Zipf's law by octaves.
    pub fn rank(&mut self, count: u64) -> u64 {
        let octaves = u64::from(count.max(1).ilog2()) + 1;
        loop {
            let start = 1_u64 << self.below(octaves);
            let rank = start + self.below(start) - 1;
            if rank < count {
                return rank;
            }
        }
    }

    /// A port as clients draw it (RFC 6056, section 2.1).
    pub fn port(&mut self) -> u16 {
        49_152 + self.below(16_384) as u16
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next() as u8)
    }
}

const fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_numbers_of_seed_zero_are_splitmix64s() {
        let mut random = Random::new(0);
        assert_eq!([random.next(), random.next()], [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
    }

    #[test]
    fn low_ranks_are_drawn_far_more_often_than_high_ones() {
        let mut random = Random::new(7);
        let ranks: Vec<u64> = (0..10_000).map(|_| random.rank(1000)).collect();
        assert!(ranks.iter().all(|&rank| rank < 1000));
        let low = ranks.iter().filter(|&&rank| rank < 10).count();
        assert!((2500..5000).contains(&low), "{low}");
    }

    #[test]
    fn bounds_are_kept() {
        let mut random = Random::new(3);
        assert!((0..1000).all(|_| (5..9).contains(&random.between(5, 9))));
        assert_eq!(random.below(0), 0);
    }
}
