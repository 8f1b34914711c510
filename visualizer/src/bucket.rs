//! A bucket of tokens: so many at once, and as many in each span of time. Times are given, so that no test has to wait.

use std::time::{Duration, Instant};

/// A bucket of tokens, full at first.
#[derive(Debug)]
pub(crate) struct Bucket {
    most: f64,
    span: Duration,
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    /// For so many, at least one, in a span of time, and as many at once.
    pub(crate) fn new(most: u32, span: Duration, now: Instant) -> Self {
        let most = f64::from(most);
        Self { most, span, tokens: most, filled: now }
    }

    /// How many there are.
    pub(crate) fn left(&mut self, now: Instant) -> usize {
        let passed = now.saturating_duration_since(self.filled).div_duration_f64(self.span);
        self.tokens = (self.tokens + passed * self.most).min(self.most);
        self.filled = self.filled.max(now);
        self.tokens as usize
    }

    /// Takes so many of those that are left.
    pub(crate) fn spend(&mut self, tokens: usize) {
        self.tokens -= tokens as f64;
    }

    /// Takes one, if there is one.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let has = self.left(now) > 0;
        self.spend(usize::from(has));
        has
    }

    /// When there is one.
    pub(crate) fn ready(&self) -> Instant {
        let missing = (1.0 - self.tokens).max(0.0);
        self.filled + self.span.mul_f64(missing / self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn in_any_time_no_more_is_done_than_a_span_more_than_the_rate_gives() {
        let start = Instant::now();
        let mut bucket = Bucket::new(50, Duration::from_secs(1), start);
        let mut done = 0;
        for tick in 0..600u32 {
            let now = start + Duration::from_millis(100) * tick;
            let left = bucket.left(now);
            bucket.spend(left);
            done += left;
            assert!(done as f64 <= 50.0 + 50.0 * f64::from(tick) / 10.0);
        }
        assert!(done >= 50 * 60, "{done}");
        assert!(bucket.left(start + Duration::from_secs(3600)) == 50);
    }

    #[test]
    fn a_spans_worth_goes_at_once_and_then_one_each_time_a_token_has_grown() {
        let start = Instant::now();
        let mut bucket = Bucket::new(6, MINUTE, start);
        assert_eq!((0..20).filter(|_| bucket.take(start)).count(), 6);
        let next = bucket.ready();
        assert!(next.duration_since(start).abs_diff(Duration::from_secs(10)) < Duration::from_millis(1));
        assert!(!bucket.take(start + Duration::from_secs(9)));
        assert!(bucket.take(start + Duration::from_secs(11)));
        assert_eq!((0..20).filter(|_| bucket.take(start + Duration::from_secs(3600))).count(), 6);
    }

    #[test]
    fn time_that_goes_backwards_gives_nothing() {
        let start = Instant::now() + Duration::from_secs(100);
        let mut bucket = Bucket::new(1, MINUTE, start);
        assert!(bucket.take(start));
        assert!(!bucket.take(start.checked_sub(Duration::from_secs(90)).unwrap()));
        assert!(!bucket.take(start));
    }
}
