//! Counts what a question asks: flow records, or rows that are counted already. Time is kept in intervals by their number
//! since the Unix epoch, so that every interval begins at a multiple of its length. When nobody said how long intervals
//! are, they begin at a second and grow as the time that was seen grows; what was counted so far is put together.

use std::collections::BTreeSet;

use capturer::flow::FlowRecord;

use super::aggregation::{Asked, Keys, Told};
use super::answer::Answer;
use super::cells::{Cells, Counters, Line};
use super::key::Key;
use super::plan::{MAX_INTERVALS, Plan, PlanError, STEPS, Side, WANTED};
use super::ranking::rank;
use super::seen::{flow_observation, flow_packet};
use super::spread::{lasted, share};
use crate::Facts;
use crate::geo::Geo;
use crate::inventory::Knowledge;
use crate::names::Names;

/// The most intervals of keys that are kept: some 75 MB when each key has one alone.
const MOST_CELLS: usize = 500_000;

const NANOS: i64 = 1_000_000_000;

/// Where in time a record counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Spread over the time it lasted, in proportion.
    Lasted,
    /// All of it at this second since the Unix epoch: in the interval of the file it stands in, as nfdump counts.
    At(i64),
}

/// Counts for one question.
pub struct Tally {
    pub(super) plan: Plan,
    /// Seconds of an interval, by now.
    pub(super) step: i64,
    /// Whether it may grow.
    grows: bool,
    pub(super) cells: Cells,
    pub(super) total: Line,
    /// Intervals of which there is data, whether or not the filter lets any of it pass.
    pub(super) covered: BTreeSet<i64>,
    pub(super) told: Told,
    /// Records that were counted.
    pub(super) records: u64,
    pub(super) notes: Vec<String>,
    /// None: records carry no names.
    names: Names,
}

impl Tally {
    /// For a plan that was [checked](Plan::checked).
    pub fn new(plan: Plan) -> Self {
        Self::with_room(plan, MOST_CELLS)
    }

    pub(super) fn with_room(plan: Plan, most: usize) -> Self {
        Self {
            step: plan.interval.unwrap_or(STEPS[0]),
            grows: plan.interval.is_none(),
            cells: Cells::new(most, plan.rank()),
            total: Line::default(),
            covered: BTreeSet::new(),
            told: Told::default(),
            records: 0,
            notes: Vec::new(),
            names: Names::new(0),
            plan,
        }
    }

    /// The question.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Counts a record, if it is in the range and the filter lets it pass. `facts` knows what [`Plan::needs`] says.
    ///
    /// # Errors
    /// It lies so far from the others that there would be too many intervals of the length that was asked.
    pub fn record(&mut self, record: &FlowRecord, facts: &Facts, when: When) -> Result<(), PlanError> {
        let lasted = match when {
            When::Lasted => lasted(record),
            When::At(seconds) => (seconds.saturating_mul(NANOS), seconds.saturating_mul(NANOS)),
        };
        let Some((first, last)) =
            self.cover_between((lasted.0.div_euclid(NANOS), lasted.1.div_euclid(NANOS)))?
        else {
            return Ok(());
        };
        let packet = flow_packet(record);
        let seen = flow_observation(record, &packet, facts);
        let known = (&seen, Knowledge::from(&self.names));
        if self.plan.filter.as_ref().is_some_and(|filter| !filter.matches_flow(record, &packet, known)) {
            return Ok(());
        }
        self.records += 1;
        let asked =
            Asked { record, seen: &seen, geo: &facts.geo, length: self.plan.prefix_length.unwrap_or(0) };
        let keys = self.keys(&asked);
        let all = Counters { packets: record.all_packets(), bytes: record.all_bytes(), flows: record.flows };
        for at in first..=last {
            let part = share(&all, lasted, (self.nanos(at), self.nanos(at + 1)));
            self.count(at, &keys, &part);
        }
        Ok(())
    }

    fn nanos(&self, interval: i64) -> i64 {
        interval.saturating_mul(self.step).saturating_mul(NANOS)
    }

    /// The keys of a record, and whether the second counts its flows: not when both are the same.
    fn keys(&mut self, asked: &Asked<'_>) -> [Option<Key>; 2] {
        match (&self.plan.by.keys, self.plan.side) {
            (Keys::One(key), _) => [Some(key(asked, &mut self.told)), None],
            (Keys::Ends(key), Side::Source) => [key(asked, true), None],
            (Keys::Ends(key), Side::Destination) => [None, key(asked, false)],
            (Keys::Ends(key), Side::Both) => [key(asked, true), key(asked, false)],
        }
    }

    fn count(&mut self, at: i64, [source, destination]: &[Option<Key>; 2], part: &Counters) {
        if part.is_nothing() {
            return;
        }
        self.total.add(at, part);
        if let Some(key) = source {
            self.cells.add(key.clone(), at, part);
        }
        if let Some(key) = destination {
            // A flow is one flow to a key that is at both its ends.
            let flows = if source == destination { 0 } else { part.flows };
            self.cells.add(key.clone(), at, &Counters { flows, ..*part });
        }
    }

    /// Counts a row of a key at a second: what a store has counted. It is none of the total.
    ///
    /// # Errors
    /// As for [`record`](Self::record).
    pub fn add(&mut self, seconds: i64, key: Key, counters: &Counters) -> Result<(), PlanError> {
        if let Some((at, _)) = self.cover_between((seconds, seconds))? {
            self.cells.add(key, at, counters);
        }
        Ok(())
    }

    /// Adds what keys carried at a second that were not kept apart: it is among the others, whatever is asked.
    ///
    /// # Errors
    /// As for [`record`](Self::record).
    pub fn add_rest(&mut self, seconds: i64, counters: &Counters) -> Result<(), PlanError> {
        if let Some((at, _)) = self.cover_between((seconds, seconds))? {
            self.cells.rest.add(at, counters);
        }
        Ok(())
    }

    /// Adds to the total of all filtered traffic at a second.
    ///
    /// # Errors
    /// As for [`record`](Self::record).
    pub fn add_total(&mut self, seconds: i64, counters: &Counters) -> Result<(), PlanError> {
        if let Some((at, _)) = self.cover_between((seconds, seconds))? {
            self.total.add(at, counters);
        }
        Ok(())
    }

    /// Says that there is data of this second, be it nothing: no gap.
    ///
    /// # Errors
    /// As for [`record`](Self::record).
    pub fn cover(&mut self, seconds: i64) -> Result<(), PlanError> {
        self.cover_between((seconds, seconds)).map(|_| ())
    }

    /// Says something of the answer, once.
    pub fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// The answer; `source` says where flows came from.
    pub fn answer(self, geo: &Geo, source: &'static str) -> Answer {
        rank(&self, geo, source)
    }

    /// The numbers of the intervals between two seconds, as far as they are asked; makes room for them.
    fn cover_between(&mut self, (first, last): (i64, i64)) -> Result<Option<(i64, i64)>, PlanError> {
        let bounds = self.bounds();
        if bounds.0.is_some_and(|from| last.div_euclid(self.step) < from)
            || bounds.1.is_some_and(|to| first.div_euclid(self.step) > to)
        {
            return Ok(None);
        }
        self.grow(first, last)?;
        let bounds = self.bounds();
        let begin = first.div_euclid(self.step).max(bounds.0.unwrap_or(i64::MIN));
        let end = last.div_euclid(self.step).min(bounds.1.unwrap_or(i64::MAX));
        if self.covered.last() != Some(&begin) || begin != end {
            self.covered.extend(begin..=end);
        }
        Ok(Some((begin, end)))
    }

    /// The first and the last interval that are asked, the previous period among them.
    fn bounds(&self) -> (Option<i64>, Option<i64>) {
        let (from, to) = (self.plan.from, self.plan.to);
        let (first, last) =
            (from.map(|from| from.div_euclid(self.step)), to.map(|to| to.div_euclid(self.step)));
        match (first, last) {
            (Some(first), Some(last)) if self.plan.previous => (Some(first - (last - first + 1)), Some(last)),
            _ => (first, last),
        }
    }

    /// Sees to it that there are not too many intervals once those of a record are there.
    fn grow(&mut self, first: i64, last: i64) -> Result<(), PlanError> {
        if self.plan.from.is_some() && self.plan.to.is_some() {
            return Ok(());
        }
        loop {
            let (from, to) = self.bounds();
            let begin = first.div_euclid(self.step).max(from.unwrap_or(i64::MIN));
            let end = last.div_euclid(self.step).min(to.unwrap_or(i64::MAX));
            let begin = self.covered.first().map_or(begin, |known| begin.min(*known));
            let end = self.covered.last().map_or(end, |known| end.max(*known));
            let most = if self.grows { WANTED } else { MAX_INTERVALS };
            if end.saturating_sub(begin) < most {
                return Ok(());
            }
            let next = STEPS.into_iter().find(|step| *step > self.step).filter(|_| self.grows);
            let Some(next) = next else {
                let expected = format!(
                    "one of which the flows have at most {MAX_INTERVALS}, or a range by --from and --to"
                );
                return Err(PlanError::Interval { seconds: self.step, expected });
            };
            self.coarsen(next / self.step);
        }
    }

    fn coarsen(&mut self, times: i64) {
        self.step *= times;
        self.cells.coarsen(times);
        self.total.coarsen(times);
        self.covered = self.covered.iter().map(|at| at.div_euclid(times)).collect();
    }
}
