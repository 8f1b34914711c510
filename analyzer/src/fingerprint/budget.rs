//! How many SYNs, and how many datagrams with evidence, are read: all of them at any rate that people make, a sample of a flood,
//! whose segments look alike anyway.

use capturer::Timestamp;

/// Segments or datagrams a second that are read, and so many at once.
const PER_SECOND: u64 = 20_000;

/// Of what comes beyond, every so many.
const SAMPLE: u64 = 64;

/// What may be read.
#[derive(Debug)]
pub(super) struct Budget {
    left: u64,
    filled: Timestamp,
    refused: u64,
    beyond: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: PER_SECOND, filled: Timestamp::EPOCH, refused: 0, beyond: 0 }
    }
}

impl Budget {
    /// Segments that were not read.
    pub(super) const fn refused(&self) -> u64 {
        self.refused
    }

    /// Whether a segment is read.
    #[inline]
    pub(super) fn takes(&mut self, at: Timestamp) -> bool {
        if self.left == 0 {
            self.fill(at);
        }
        if self.left > 0 {
            self.left -= 1;
            return true;
        }
        self.beyond += 1;
        let sampled = self.beyond.is_multiple_of(SAMPLE);
        self.refused += u64::from(!sampled);
        sampled
    }

    /// What has passed since the last time; a clock that goes back begins anew.
    fn fill(&mut self, at: Timestamp) {
        let passed = at - self.filled;
        let earned = (passed.unsigned_abs() / 1_000_000).saturating_mul(PER_SECOND / 1000);
        if earned > 0 {
            self.left = earned.min(PER_SECOND);
            self.filled = at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_sampled_and_what_people_do_is_not() {
        let mut budget = Budget::default();
        let mut takes = |millis: i64, n: u64| {
            let at = Timestamp::from_nanos(millis * 1_000_000);
            (0..n).filter(|_| budget.takes(at)).count() as u64
        };
        assert_eq!(takes(1_000_000, PER_SECOND), PER_SECOND);
        assert_eq!(takes(1_000_000, PER_SECOND), PER_SECOND);
        assert_eq!(takes(1_000_000, 6400), 100);
        assert_eq!(takes(1_000_001, PER_SECOND), 20 + (PER_SECOND - 20) / 64);
        assert!(budget.refused() > 6000);
    }
}
