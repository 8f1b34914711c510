//! What a channel has to send, and when: what the rate allows goes out in order, what is more is gathered and summed up; what failed is
//! tried again, ever more seldom, until it is given up. Times are given.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::digest::Digest;
use super::notice::Notice;
use crate::bucket::Bucket;

/// Messages that wait for a channel; what is more is gathered.
const MOST_WAITING: usize = 256;

/// How often a message is tried.
const TRIES: u32 = 10;

/// Until the second try; each further wait is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// How a channel takes part in being told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Messages a minute; `None`: as many as come.
    pub(super) per_minute: Option<u32>,
    /// For how long alerts are gathered.
    pub(super) digest: Duration,
}

/// Whether a failure is worth another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// Soon.
    Later,
    /// Not before so much time has passed: the server said so.
    After(Duration),
    /// It would fail again.
    Never,
}

/// What became of a message that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is tried again.
    Waits,
    /// It was the last try.
    GivenUp,
}

/// The desk of one channel.
#[derive(Debug)]
pub(super) struct Desk {
    bucket: Option<Bucket>,
    digest: Duration,
    outbox: VecDeque<Arc<Notice>>,
    tries: u32,
    not_before: Option<Instant>,
    gathered: Digest,
    since: Instant,
}

impl Desk {
    pub(super) fn new(pace: Pace, now: Instant) -> Self {
        Self {
            bucket: pace.per_minute.map(|most| Bucket::new(most, Duration::from_secs(60), now)),
            digest: pace.digest,
            outbox: VecDeque::new(),
            tries: 0,
            not_before: None,
            gathered: Digest::default(),
            since: now,
        }
    }

    /// Takes a notice: it waits to be sent, or is gathered.
    pub(super) fn take(&mut self, notice: Arc<Notice>, now: Instant) {
        let in_digest = !self.digest.is_zero();
        // What comes after something gathered may not overtake it, but for what is urgent in a digest's time.
        let in_order = self.gathered.total() == 0 || in_digest;
        let goes = in_order && (!in_digest || notice.is_urgent()) && self.outbox.len() < MOST_WAITING;
        if goes && self.may_send(now) {
            self.outbox.push_back(notice);
            return;
        }
        if self.gathered.total() == 0 {
            self.since = now;
        }
        self.gathered.add(notice);
    }

    fn may_send(&mut self, now: Instant) -> bool {
        self.bucket.as_mut().is_none_or(|bucket| bucket.take(now))
    }

    /// The message to send now, if there is one; the second is how many notices have just been summed up in it.
    pub(super) fn next(&mut self, now: Instant) -> Option<(Arc<Notice>, u64)> {
        if self.not_before.is_some_and(|time| now < time) {
            return None;
        }
        let mut summed = 0;
        if self.outbox.is_empty() && self.is_gathered(now) && self.may_send(now) {
            let digest = std::mem::take(&mut self.gathered);
            summed = if digest.total() > 1 { digest.total() } else { 0 };
            self.outbox.extend(digest.notice());
        }
        Some((self.outbox.front()?.clone(), summed))
    }

    fn is_gathered(&self, now: Instant) -> bool {
        self.gathered.total() > 0 && now >= self.since + self.digest
    }

    /// The first message went out.
    pub(super) fn sent(&mut self) {
        self.outbox.pop_front();
        (self.tries, self.not_before) = (0, None);
    }

    /// It did not.
    pub(super) fn failed(&mut self, again: Again, now: Instant) -> Fate {
        self.tries += 1;
        if again == Again::Never || self.tries >= TRIES {
            self.sent();
            return Fate::GivenUp;
        }
        let doubled = FIRST_WAIT * 2_u32.pow(self.tries - 1);
        let wait = match again {
            Again::After(wait) => wait.max(doubled),
            _ => doubled,
        };
        self.not_before = Some(now + wait.min(LONGEST_WAIT));
        Fate::Waits
    }

    /// When [`Self::next`] may have something; `None`: when something came.
    pub(super) fn due(&self) -> Option<Instant> {
        let ready = |time: Instant| self.bucket.as_ref().map_or(time, |bucket| bucket.ready().max(time));
        let first = match (self.outbox.is_empty(), self.gathered.total()) {
            (true, 0) => return None,
            (true, _) => ready(self.since + self.digest),
            (false, _) => self.since,
        };
        Some(self.not_before.map_or(first, |time| time.max(first)))
    }

    /// Nothing waits for its time any more: all that is left.
    pub(super) fn rest(mut self) -> Vec<Arc<Notice>> {
        self.outbox.extend(std::mem::take(&mut self.gathered).notice());
        self.outbox.into()
    }
}

#[cfg(test)]
mod tests {
    use analyzer::Severity;
    use serde_json::{Map, json};

    use super::super::notice::{Fault, Told, What};
    use super::*;

    fn alert(severity: Severity) -> Arc<Notice> {
        let mut document = Map::new();
        document.insert("rule".into(), json!("scan.port.tcp_syn"));
        let told = Told { document, severity, from: String::new(), to: String::new() };
        Arc::new(Notice::now(What::Alert(told)))
    }

    fn fault() -> Arc<Notice> {
        let (key, title, text) = ("store".to_owned(), "full".to_owned(), String::new());
        Arc::new(Notice::now(What::Fault(Fault { key, severity: Severity::High, title, text })))
    }

    fn desk(per_minute: Option<u32>, minutes: u64, now: Instant) -> Desk {
        Desk::new(Pace { per_minute, digest: Duration::from_secs(60 * minutes) }, now)
    }

    /// All that goes out at a time; sums as their totals, single ones as 1.
    fn out(desk: &mut Desk, now: Instant) -> Vec<u64> {
        let mut totals = Vec::new();
        while let Some((notice, _)) = desk.next(now) {
            totals.push(match &notice.what {
                What::Digest(digest) => digest.total(),
                _ => 1,
            });
            desk.sent();
        }
        totals
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_exceeds_the_rate_is_summed_up_and_nothing_is_lost() {
        let start = Instant::now();
        let mut desk = desk(Some(6), 0, start);
        (0..100).for_each(|_| desk.take(alert(Severity::Low), start));
        assert_eq!(out(&mut desk, start), [1; 6]);
        let due = desk.due().unwrap();
        assert!(due > start + 9 * SECOND && due < start + 11 * SECOND);
        assert_eq!(out(&mut desk, start + 11 * SECOND), [94]);
        assert_eq!(desk.due(), None);
        assert!(out(&mut desk, start + 3600 * SECOND).is_empty());
    }

    #[test]
    fn a_digest_gathers_but_the_critical_and_faults_go_at_once() {
        let start = Instant::now();
        let mut desk = desk(Some(20), 10, start);
        for severity in [Severity::Low, Severity::High, Severity::Low] {
            desk.take(alert(severity), start + SECOND);
        }
        assert!(out(&mut desk, start + 2 * SECOND).is_empty());
        desk.take(alert(Severity::Critical), start + 3 * SECOND);
        desk.take(fault(), start + 3 * SECOND);
        assert_eq!(out(&mut desk, start + 3 * SECOND), [1, 1]);
        assert_eq!(desk.due(), Some(start + 601 * SECOND));
        let (notice, summed) = desk.next(start + 601 * SECOND).unwrap();
        let What::Digest(digest) = &notice.what else { panic!("{notice:?}") };
        assert_eq!((digest.total(), summed, digest.severity()), (3, 3, Severity::High));
        assert_eq!(digest.severities(), [(Severity::High, 1), (Severity::Low, 2)]);
        assert_eq!(digest.worst[0].severity(), Severity::High);
    }

    #[test]
    fn one_alert_alone_in_a_digest_is_told_as_itself() {
        let start = Instant::now();
        let mut desk = desk(None, 1, start);
        desk.take(alert(Severity::Low), start);
        let (notice, summed) = desk.next(start + 60 * SECOND).unwrap();
        assert!(matches!(notice.what, What::Alert(_)) && summed == 0);
    }

    #[test]
    fn a_failure_is_tried_again_ever_more_seldom_and_then_given_up() {
        let mut now = Instant::now();
        let mut desk = desk(None, 0, now);
        desk.take(alert(Severity::Low), now);
        desk.take(fault(), now);
        let mut waits = Vec::new();
        loop {
            assert!(desk.next(now).is_some());
            if desk.failed(Again::Later, now) == Fate::GivenUp {
                break;
            }
            let due = desk.due().unwrap();
            assert!(desk.next(due.checked_sub(Duration::from_millis(1)).unwrap()).is_none());
            waits.push((due - now).as_secs());
            now = due;
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 120, 120]);
        let (next, _) = desk.next(now).unwrap();
        assert!(matches!(next.what, What::Fault(_)), "the next one has its own tries");
        assert_eq!(desk.failed(Again::Never, now), Fate::GivenUp);
        assert_eq!(desk.due(), None);
    }

    #[test]
    fn a_server_that_asks_for_time_gets_it_up_to_a_bound() {
        let now = Instant::now();
        let mut desk = desk(None, 0, now);
        desk.take(fault(), now);
        assert_eq!(desk.failed(Again::After(30 * SECOND), now), Fate::Waits);
        assert_eq!(desk.due(), Some(now + 30 * SECOND));
        desk.failed(Again::After(86_400 * SECOND), now);
        assert_eq!(desk.due(), Some(now + LONGEST_WAIT));
    }

    #[test]
    fn what_waits_for_a_channel_that_fails_is_bounded_and_the_rest_is_counted() {
        let now = Instant::now();
        let mut desk = desk(None, 0, now);
        (0..100_000).for_each(|_| desk.take(alert(Severity::Low), now));
        assert_eq!(desk.outbox.len(), MOST_WAITING);
        let totals: u64 = out(&mut desk, now).iter().sum();
        assert_eq!(totals, 100_000);
    }
}
