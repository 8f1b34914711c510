//! Steps of the past within a budget: seconds, then ten seconds, then minutes.

use std::collections::VecDeque;

use crate::history::{Joiner, LeftOut, Slice, Step};

/// Steps become so long (seconds) at such an age (seconds). The last level ends by the budget alone.
const LEVELS: [(i64, i64); 3] = [(1, 120), (10, 1800), (60, i64::MAX)];

/// A joined step takes so much of the archive at most, and flows that nobody answered a quarter of that: those of a flood are all
/// different, so that joining saves nothing, and would push out all that was before it.
const SHARE: usize = 8;

/// Flows that a joined step has room for in any case.
const LEAST: usize = 4096;

/// A range of seconds since the Unix epoch; `to` is the first second after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range {
    /// The first second.
    pub from: i64,
    /// The first second after the last.
    pub to: i64,
}

impl Range {
    /// Its seconds.
    pub const fn seconds(self) -> i64 {
        self.to.saturating_sub(self.from)
    }
}

/// The past, as far as it is kept.
pub struct Archive {
    levels: [VecDeque<Step>; LEVELS.len()],
    /// The second under way.
    open: Joiner,
    /// Joins the steps that become one.
    joiner: Joiner,
    slices: usize,
    most: usize,
    /// The second before which something had to go.
    gone: Option<i64>,
}

impl Archive {
    /// An empty one that occupies at most so many bytes.
    pub fn new(bytes: usize) -> Self {
        Self {
            levels: Default::default(),
            open: Joiner::default(),
            joiner: Joiner::default(),
            slices: 0,
            most: bytes / size_of::<Slice>(),
            gone: None,
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        let most = self.most;
        *self = Self { most, ..Self::new(0) };
    }

    /// Takes what was recorded, each in the order of its seconds; time does not go back.
    pub fn take(&mut self, slices: &[Slice], left_out: &[LeftOut]) {
        let mut left_out = left_out.iter().peekable();
        for slice in slices {
            while let Some(left) = left_out.next_if(|left| left.at < slice.at) {
                self.leave_out(left);
            }
            self.turn(slice.at);
            self.open.add(slice);
        }
        left_out.for_each(|left| self.leave_out(left));
    }

    fn leave_out(&mut self, left: &LeftOut) {
        self.turn(left.at);
        self.open.leave_out(left);
    }

    /// The seconds that are kept; `None` while there are none.
    pub fn kept(&self) -> Option<Range> {
        let first = self.steps().map(|(at, ..)| at).next()?;
        Some(Range { from: first, to: self.open.at() + 1 })
    }

    /// Before this second something had to make room.
    pub const fn gone(&self) -> Option<i64> {
        self.gone
    }

    /// Bytes that slices occupy.
    pub fn bytes(&self) -> usize {
        (self.slices + self.open.room()) * size_of::<Slice>()
    }

    /// A range widened to whole steps, and the longest of these steps in seconds.
    pub fn widen(&self, range: Range) -> (Range, i64) {
        let mut wide = range;
        let mut longest = 1;
        for (at, step, ..) in self.steps().filter(|(at, step, ..)| at + step > range.from && *at < range.to) {
            wide.from = wide.from.min(at);
            wide.to = wide.to.max(at + step);
            longest = longest.max(step);
        }
        (wide, longest)
    }

    /// The steps of a range, oldest first: when they begin, their slices, and what was left out.
    pub fn of(&self, range: Range) -> impl Iterator<Item = (i64, &[Slice], &LeftOut)> {
        self.steps()
            .filter(move |(at, ..)| *at >= range.from && *at < range.to)
            .map(|(at, _, slices, left_out)| (at, slices, left_out))
    }

    /// All steps, oldest first, with their lengths.
    fn steps(&self) -> impl Iterator<Item = (i64, i64, &[Slice], &LeftOut)> {
        let closed = self.levels.iter().zip(LEVELS).rev().flat_map(|(steps, (length, _))| {
            steps.iter().map(move |step| (step.at, length, step.slices.as_slice(), &step.left_out))
        });
        let open = self.open.under_way().map(|(slices, left_out)| (self.open.at(), 1, slices, left_out));
        closed.chain(open)
    }

    /// A second begins, if it is a later one.
    fn turn(&mut self, second: i64) {
        if second <= self.open.at() {
            return;
        }
        if let Some(step) = self.open.take() {
            self.slices += step.slices.len();
            self.levels[0].push_back(step);
        }
        self.open.begin(second);
        for level in 1..LEVELS.len() {
            while self.is_due(level, second) {
                self.lengthen(level);
            }
        }
        self.fit();
    }

    /// Whether the oldest steps below a level are old enough to become one of its.
    fn is_due(&self, level: usize, now: i64) -> bool {
        let (length, (_, age)) = (LEVELS[level].0, LEVELS[level - 1]);
        self.levels[level - 1].front().is_some_and(|step| begin(step.at, length) + length <= now - age)
    }

    /// The oldest steps below a level become one of its steps.
    fn lengthen(&mut self, level: usize) {
        let length = LEVELS[level].0;
        let Some(at) = self.levels[level - 1].front().map(|step| begin(step.at, length)) else { return };
        let most = (self.most / SHARE).max(LEAST);
        self.joiner.begin(at);
        let before = self.levels[level].pop_back_if(|step| step.at == at);
        let mut joined = before.into_iter().collect::<Vec<_>>();
        while let Some(step) = self.levels[level - 1].pop_front_if(|step| step.at < at + length) {
            joined.push(step);
        }
        for step in joined {
            self.slices -= step.slices.len();
            step.slices.iter().for_each(|slice| self.joiner.add_sharing(slice, most));
            self.joiner.leave_out(&step.left_out);
        }
        if let Some(step) = self.joiner.take() {
            self.slices += step.slices.len();
            self.levels[level].push_back(step);
        }
    }

    /// Joins early what is too much, and lets the oldest go when nothing is left to join.
    fn fit(&mut self) {
        while self.slices > self.most {
            let joinable = (1..LEVELS.len()).find(|&level| !self.levels[level - 1].is_empty());
            match joinable {
                Some(level) => self.lengthen(level),
                None => {
                    let Some(step) = self.levels[LEVELS.len() - 1].pop_front() else { return };
                    self.slices -= step.slices.len();
                    self.gone = Some(step.at + LEVELS[LEVELS.len() - 1].0);
                }
            }
        }
    }
}

/// Where the step of this length begins that a second belongs to.
const fn begin(second: i64, length: i64) -> i64 {
    second - second.rem_euclid(length)
}
