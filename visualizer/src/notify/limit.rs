//! So many messages a minute: a token bucket that holds a minute's worth. Times are given, so that nobody has to wait for a test.

use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);

/// A bucket of tokens, full at first.
#[derive(Debug)]
pub(super) struct Bucket {
    most: f64,
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    /// For so many a minute.
    pub(super) fn new(per_minute: u32, now: Instant) -> Self {
        Self { most: f64::from(per_minute), tokens: f64::from(per_minute), filled: now }
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + passed * self.most / MINUTE.as_secs_f64()).min(self.most);
        self.filled = self.filled.max(now);
    }

    /// Takes one, if there is one.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        self.fill(now);
        let has = self.tokens >= 1.0;
        if has {
            self.tokens -= 1.0;
        }
        has
    }

    /// When there is one.
    pub(super) fn ready(&self) -> Instant {
        let missing = (1.0 - self.tokens).max(0.0);
        self.filled + Duration::from_secs_f64(missing * MINUTE.as_secs_f64() / self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minutes_worth_goes_at_once_and_then_one_each_time_a_token_has_grown() {
        let start = Instant::now();
        let mut bucket = Bucket::new(6, start);
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
        let mut bucket = Bucket::new(1, start);
        assert!(bucket.take(start));
        assert!(!bucket.take(start.checked_sub(Duration::from_secs(90)).unwrap()));
        assert!(!bucket.take(start));
    }
}
