//! How much may be done a second: a bucket of tokens that fills with time and holds a second's worth.

use std::time::Instant;

/// What is left of a rate.
pub(super) struct Allowance {
    a_second: f64,
    tokens: f64,
    filled: Instant,
}

impl Allowance {
    /// So many a second, and as many at once.
    pub(super) const fn new(a_second: f64, now: Instant) -> Self {
        Self { a_second, tokens: a_second, filled: now }
    }

    /// How many may be done now.
    pub(super) fn left(&mut self, now: Instant) -> usize {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + passed * self.a_second).min(self.a_second);
        self.filled = self.filled.max(now);
        self.tokens as usize
    }

    /// So many were done.
    pub(super) fn spend(&mut self, done: usize) {
        self.tokens -= done as f64;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn in_any_time_no_more_is_done_than_a_second_more_than_the_rate_gives() {
        let start = Instant::now();
        let mut allowance = Allowance::new(50.0, start);
        let mut done = 0;
        for tick in 0..600u32 {
            let now = start + Duration::from_millis(100) * tick;
            let left = allowance.left(now);
            allowance.spend(left);
            done += left;
            assert!(done as f64 <= 50.0 + 50.0 * f64::from(tick) / 10.0);
        }
        assert!(done >= 50 * 60, "{done}");
        assert!(allowance.left(start + Duration::from_secs(3600)) == 50);
    }
}
