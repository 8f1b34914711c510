//! Answers of the past that nothing more comes to, kept for those who ask the same again: pages that are opened anew, several
//! people, dashboards that ask each minute. Bounded in number, bytes and age; an answer is kept only once it is whole.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use analyzer::flows::{Answer, Plan};

use crate::live::lock;

/// Answers at most.
const MOST: usize = 256;

/// Their bytes at most, as JSON.
const MOST_BYTES: usize = 16 << 20;

/// How long one is kept: what is let go of the past meanwhile is told for so long at most.
const OLDEST: Duration = Duration::from_secs(600);

/// Seconds between the end of a range and the end of what is kept, after which nothing more is added: flows go to the disk by
/// the minute, and some disorder is allowed.
const SETTLED: i64 = 120;

/// What is kept.
#[derive(Default)]
pub(crate) struct Answers {
    kept: Mutex<Kept>,
    hits: AtomicU64,
    misses: AtomicU64,
    evicted: AtomicU64,
}

#[derive(Default)]
struct Kept {
    by_question: HashMap<String, (Instant, Arc<str>)>,
    bytes: usize,
}

/// For the metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AnswerFigures {
    /// Questions that an answer was kept of.
    pub(crate) hits: u64,
    /// Questions of a bounded range that none was kept of.
    pub(crate) misses: u64,
    /// Answers that made room for others, or grew old.
    pub(crate) evicted: u64,
    /// Answers that are kept; for tests.
    #[cfg(test)]
    pub(crate) answers: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
}

impl Answers {
    /// What names a question: all that its answer depends on, in one form. `state` counts the changes of what answers are made
    /// from. `None` where the range is open: its answer is another one each second.
    pub(super) fn name(plan: &Plan, state: (u64, u64)) -> Option<String> {
        let range = (plan.from?, plan.to?);
        let filter = plan.filter.as_ref().map(ToString::to_string);
        let ranked = (plan.measure, plan.rank(), plan.order, plan.top, plan.per);
        let keys = (plan.by.id, plan.prefix_length, plan.side, filter);
        Some(format!("{:?}", (keys, ranked, range, plan.interval, plan.previous, state)))
    }

    /// The answer that is kept.
    pub(super) fn get(&self, name: &str, now: Instant) -> Option<Arc<str>> {
        let mut kept = lock(&self.kept);
        self.evicted.fetch_add(kept.age(now), Relaxed);
        let found = kept.by_question.get(name).map(|(_, text)| Arc::clone(text));
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Relaxed);
        found
    }

    /// Keeps a whole answer, if nothing more comes to its range; `end` is where the past ended before it was asked.
    pub(super) fn put(&self, name: String, (answer, text): (&Answer, &Arc<str>), end: i64, now: Instant) {
        let is_closed = answer
            .to
            .as_deref()
            .and_then(|to| to.parse::<jiff::Timestamp>().ok())
            .is_some_and(|to| to.as_second() + SETTLED <= end);
        if is_closed {
            self.keep(name, text, now);
        }
    }

    fn keep(&self, name: String, text: &Arc<str>, now: Instant) {
        if text.len() > MOST_BYTES / 4 {
            return;
        }
        let mut kept = lock(&self.kept);
        kept.bytes += text.len();
        if let Some((_, before)) = kept.by_question.insert(name, (now, Arc::clone(text))) {
            kept.bytes -= before.len();
        }
        while kept.by_question.len() > MOST || kept.bytes > MOST_BYTES {
            let oldest = kept.by_question.iter().min_by_key(|(_, (at, _))| *at).map(|(name, _)| name.clone());
            let Some(oldest) = oldest else { break };
            kept.remove(&oldest);
            self.evicted.fetch_add(1, Relaxed);
        }
    }

    /// Its counters.
    pub(crate) fn figures(&self) -> AnswerFigures {
        let kept = lock(&self.kept);
        AnswerFigures {
            hits: self.hits.load(Relaxed),
            misses: self.misses.load(Relaxed),
            evicted: self.evicted.load(Relaxed),
            #[cfg(test)]
            answers: kept.by_question.len() as u64,
            bytes: kept.bytes as u64,
        }
    }
}

impl Kept {
    fn remove(&mut self, name: &str) {
        if let Some((_, text)) = self.by_question.remove(name) {
            self.bytes -= text.len();
        }
    }

    /// Lets go of what is too old; how many that were.
    fn age(&mut self, now: Instant) -> u64 {
        let old = self.by_question.iter().filter(|(_, (at, _))| now.duration_since(*at) >= OLDEST);
        let old: Vec<String> = old.map(|(name, _)| name.clone()).collect();
        old.iter().for_each(|name| self.remove(name));
        old.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use analyzer::flows::{Measure, Tally};
    use analyzer::geo::Geo;
    use analyzer::query::Query;

    fn plan() -> Plan {
        Plan { from: Some(0), to: Some(599), interval: Some(60), ..Plan::by("country").unwrap() }
    }

    fn text(bytes: usize) -> Arc<str> {
        "x".repeat(bytes).into()
    }

    #[test]
    fn questions_that_differ_have_different_names_and_open_ones_none() {
        let name = |plan: &Plan| Answers::name(plan, (0, 0));
        let filter = |text: &str| Some(Query::parse_records(text).unwrap());
        assert_eq!(name(&Plan { to: None, ..plan() }), None);
        assert_eq!(name(&Plan { from: None, ..plan() }), None);
        let all = [
            plan(),
            Plan { to: Some(659), ..plan() },
            Plan { interval: None, ..plan() },
            Plan { measure: Measure::Packets, ..plan() },
            Plan { sort: Some(Measure::Packets), ..plan() },
            Plan { top: 11, ..plan() },
            Plan { previous: true, ..plan() },
            Plan { filter: filter("port 80"), ..plan() },
            Plan { by: Plan::by("asn").unwrap().by, ..plan() },
        ];
        let mut names: Vec<String> = all.iter().map(|plan| name(plan).unwrap()).collect();
        names.push(Answers::name(&plan(), (1, 0)).unwrap());
        names.push(Answers::name(&plan(), (0, 1)).unwrap());
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
        // What means the same has the same name.
        let other = Plan { filter: filter(" port  80 "), sort: Some(Measure::Bytes), ..plan() };
        assert_eq!(name(&other), name(&Plan { filter: filter("port 80"), ..plan() }));
    }

    #[test]
    fn an_answer_is_kept_once_nothing_more_comes_to_its_range() {
        let answer = Tally::new(plan().checked().unwrap()).answer(&Geo::empty(), "store");
        assert_eq!(answer.to.as_deref(), Some("1970-01-01T00:10:00Z"));
        let (answers, now) = (Answers::default(), Instant::now());
        answers.put("early".into(), (&answer, &text(10)), 600 + SETTLED - 1, now);
        answers.put("settled".into(), (&answer, &text(10)), 600 + SETTLED, now);
        assert_eq!((answers.get("early", now), answers.get("settled", now)), (None, Some(text(10))));
        assert_eq!((answers.figures().hits, answers.figures().misses), (1, 1));
    }

    #[test]
    fn the_number_the_bytes_and_the_age_of_answers_are_bounded_and_counted() {
        let (answers, begin) = (Answers::default(), Instant::now());
        let at = |n: usize| begin + Duration::from_millis(n as u64);
        (0..MOST + 3).for_each(|n| answers.keep(n.to_string(), &text(1), at(n)));
        assert_eq!((answers.figures().answers, answers.figures().evicted), (MOST as u64, 3));
        assert_eq!((answers.get("2", at(300)), answers.get("3", at(300))), (None, Some(text(1))));
        (0..5).for_each(|n| answers.keep(format!("large {n}"), &text(MOST_BYTES / 4), at(1000 + n)));
        let figures = answers.figures();
        assert!(figures.bytes <= MOST_BYTES as u64 && figures.answers == 4, "{figures:?}");
        answers.keep("larger".into(), &text(MOST_BYTES / 4 + 1), at(2000));
        assert_eq!(answers.get("larger", at(2000)), None);
        assert_eq!(answers.get("large 4", at(1004) + OLDEST), None);
        let figures = answers.figures();
        assert_eq!((figures.answers, figures.bytes, figures.evicted), (0, 0, MOST as u64 + 3 + 5));
        // The same question again takes the place of its older answer.
        (0..2).for_each(|_| answers.keep("same".into(), &text(7), at(5000)));
        assert_eq!((answers.figures().answers, answers.figures().bytes), (1, 7));
    }
}
