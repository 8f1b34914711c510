//! From what was counted to the answer: which keys are the top, what is left of the others, shares and summaries.

use ahash::AHashSet;

use super::answer::{
    Answer, Columns, Gap, KeyRow, OtherRow, Percent, Previous, PreviousRow, Summary, TotalRow, Totals,
};
use super::cells::{Counters, Line};
use super::key::Key;
use super::names::key_name;
use super::plan::{Measure, Order, Per};
use super::tally::Tally;
use crate::geo::Geo;

/// The intervals that are told, and how they are measured.
struct Frame<'a> {
    tally: &'a Tally,
    intervals: Vec<i64>,
}

/// The answer to what was counted.
pub(super) fn rank(tally: &Tally, geo: &Geo, source: &'static str) -> Answer {
    let frame = Frame::current(tally);
    let plan = &tally.plan;
    let chosen = frame.chosen();
    let total = frame.cells(&tally.total, |_| true);
    let sum = Counters::sum(total.iter().flatten());
    let keys = chosen.iter().map(|chosen| frame.key(chosen, &sum, geo)).collect();
    Answer {
        schema: 1,
        by: plan.by.id,
        prefix_length: plan.prefix_length,
        measure: plan.measure,
        sort: plan.rank(),
        order: plan.order,
        top: plan.top,
        per: plan.per,
        side: plan.side,
        filter: plan.filter.as_ref().map(ToString::to_string).unwrap_or_default(),
        interval: tally.step,
        from: frame.begins(),
        to: frame.ends(),
        at: frame.times(),
        keys,
        other: frame.other(&chosen, |chosen, at| chosen.is_shown(at), &sum),
        total: frame.total(&total),
        previous: plan.previous.then(|| Frame::previous(tally)).flatten().map(|before| before.told(&chosen)),
        gaps: frame.gaps(),
        notes: notes(tally),
        source,
    }
}

/// A key of the top and the intervals it is shown in; none are all.
struct Chosen<'a> {
    key: &'a Key,
    line: &'a Line,
    shown: Option<AHashSet<i64>>,
}

impl Chosen<'_> {
    fn is_shown(&self, at: i64) -> bool {
        self.shown.as_ref().is_none_or(|shown| shown.contains(&at))
    }
}

impl<'a> Frame<'a> {
    fn current(tally: &'a Tally) -> Self {
        let edge = |asked: Option<i64>, seen: Option<&i64>| {
            asked.map(|at| at.div_euclid(tally.step)).or(seen.copied())
        };
        let first = edge(tally.plan.from, tally.covered.first());
        let last = edge(tally.plan.to, tally.covered.last());
        let intervals = first.zip(last).map_or_else(Vec::new, |(first, last)| (first..=last).collect());
        Self { tally, intervals }
    }

    fn previous(tally: &'a Tally) -> Option<Self> {
        let current = Self::current(tally).intervals;
        let (first, count) = (*current.first()?, current.len() as i64);
        Some(Self { tally, intervals: (first - count..first).collect() })
    }

    fn seconds(&self) -> f64 {
        self.tally.step as f64
    }

    fn has_data(&self, at: i64) -> bool {
        self.tally.covered.contains(&at)
    }

    /// A line by interval: nothing in gaps and where it is not shown.
    fn cells(&self, line: &Line, is_shown: impl Fn(i64) -> bool) -> Vec<Option<Counters>> {
        let cell = |at: &i64| (self.has_data(*at) && is_shown(*at)).then(|| line.get(*at));
        self.intervals.iter().map(cell).collect()
    }

    /// What a line has within these intervals.
    fn sum(&self, line: &Line) -> Counters {
        let (Some(first), Some(last)) = (self.intervals.first(), self.intervals.last()) else {
            return Counters::default();
        };
        let within = line.cells().iter().filter(|(at, _)| (*first..=*last).contains(at));
        Counters::sum(within.map(|(_, counters)| counters))
    }

    /// The top keys in their order.
    fn chosen(&self) -> Vec<Chosen<'a>> {
        match self.tally.plan.per {
            Per::Range => {
                let mut ranked = self.ranked(|line| self.sum(line));
                self.cut(&mut ranked);
                ranked.into_iter().map(|(_, key, line)| Chosen { key, line, shown: None }).collect()
            }
            Per::Interval => self.chosen_by_interval(),
        }
    }

    fn chosen_by_interval(&self) -> Vec<Chosen<'a>> {
        let mut shown: ahash::AHashMap<&'a Key, AHashSet<i64>> = ahash::AHashMap::new();
        for at in &self.intervals {
            let mut ranked = self.ranked(|line| line.get(*at));
            self.cut(&mut ranked);
            for (_, key, _) in ranked {
                shown.entry(key).or_default().insert(*at);
            }
        }
        let ranked = self.ranked(|line| self.sum(line));
        ranked
            .into_iter()
            .filter_map(|(_, key, line)| Some(Chosen { key, line, shown: Some(shown.remove(key)?) }))
            .collect()
    }

    /// All keys that have something, by the measure that ranks; equal ones by their key. The other order is the reverse.
    fn ranked(&self, of: impl Fn(&Line) -> Counters) -> Vec<(f64, &'a Key, &'a Line)> {
        let rank = self.tally.plan.rank();
        let mut ranked: Vec<_> = self
            .tally
            .cells
            .lines
            .iter()
            .map(|(key, line)| (of(line), key, line))
            .filter(|(counters, ..)| !counters.is_nothing())
            .map(|(counters, key, line)| (rank.of(&counters, 1.0).unwrap_or(0.0), key, line))
            .collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        if self.tally.plan.order == Order::Asc {
            ranked.reverse();
        }
        ranked
    }

    fn cut<T>(&self, ranked: &mut Vec<T>) {
        if self.tally.plan.top > 0 {
            ranked.truncate(self.tally.plan.top);
        }
    }

    fn key(&self, chosen: &Chosen<'_>, total: &Counters, geo: &Geo) -> KeyRow {
        let cells = self.cells(chosen.line, |at| chosen.is_shown(at));
        let sum = Counters::sum(cells.iter().flatten());
        let key = chosen.key.to_string();
        KeyRow {
            name: key_name(self.tally.plan.by, &key, geo),
            key,
            columns: Columns::of(&cells),
            totals: self.totals(&sum),
            percent: percent(&sum, total),
            summary: self.summary(&cells),
        }
    }

    /// What no shown cell has: the other keys, shown keys where `is_shown` says they are not, and keys that had to go.
    fn other(
        &self,
        chosen: &[Chosen<'_>],
        is_shown: impl Fn(&Chosen<'_>, i64) -> bool,
        total: &Counters,
    ) -> Option<OtherRow> {
        let listed: AHashSet<&Key> = chosen.iter().map(|chosen| chosen.key).collect();
        let mut rest = self.tally.cells.rest.clone();
        let mut keys = self.tally.cells.gone;
        for (key, line) in &self.tally.cells.lines {
            if !listed.contains(key) && !self.sum(line).is_nothing() {
                keys += 1;
                line.cells().iter().for_each(|(at, counters)| {
                    rest.add(*at, counters);
                });
            }
        }
        for chosen in chosen {
            for (at, counters) in chosen.line.cells().iter().filter(|(at, _)| !is_shown(chosen, *at)) {
                rest.add(*at, counters);
            }
        }
        let cells = self.cells(&rest, |_| true);
        let sum = Counters::sum(cells.iter().flatten());
        (keys > 0 || !sum.is_nothing()).then(|| OtherRow {
            keys,
            columns: Columns::of(&cells),
            totals: self.totals(&sum),
            percent: percent(&sum, total),
            summary: self.summary(&cells),
        })
    }

    fn total(&self, cells: &[Option<Counters>]) -> TotalRow {
        let sum = Counters::sum(cells.iter().flatten());
        TotalRow { columns: Columns::of(cells), totals: self.totals(&sum), summary: self.summary(cells) }
    }

    fn told(&self, chosen: &[Chosen<'_>]) -> Previous {
        let row = |chosen: &Chosen<'_>| {
            let cells = self.cells(chosen.line, |_| true);
            let sum = Counters::sum(cells.iter().flatten());
            PreviousRow {
                key: chosen.key.to_string(),
                columns: Columns::of(&cells),
                totals: self.totals(&sum),
                summary: self.summary(&cells),
            }
        };
        let total = self.cells(&self.tally.total, |_| true);
        let sum = Counters::sum(total.iter().flatten());
        Previous {
            from: self.begins().unwrap_or_default(),
            to: self.ends().unwrap_or_default(),
            at: self.times(),
            keys: chosen.iter().map(row).collect(),
            // A key of the top is told of all of the time before.
            other: self.other(chosen, |_, _| true, &sum),
            total: self.total(&total),
        }
    }

    /// Rates are over the intervals of which there is data.
    fn totals(&self, sum: &Counters) -> Totals {
        let seconds = self.seconds() * self.intervals.iter().filter(|at| self.has_data(**at)).count() as f64;
        let rate = |measure: Measure| rounded(measure.of(sum, seconds).unwrap_or(0.0));
        Totals {
            bytes: sum.bytes,
            packets: sum.packets,
            flows: sum.flows,
            bps: rate(Measure::Bps),
            pps: rate(Measure::Pps),
            bpp: rate(Measure::Bpp),
        }
    }

    fn summary(&self, cells: &[Option<Counters>]) -> Summary {
        let measure = self.tally.plan.measure;
        let value = |cell: &Option<Counters>| cell.as_ref().and_then(|all| measure.of(all, self.seconds()));
        let mut values: Vec<f64> = cells.iter().filter_map(value).collect();
        let last = cells.iter().rev().find_map(value).map(rounded);
        if values.is_empty() {
            return Summary::default();
        }
        values.sort_by(f64::total_cmp);
        let count = values.len();
        let sum = Counters::sum(cells.iter().flatten());
        let seconds = self.seconds() * cells.iter().flatten().count() as f64;
        Summary {
            min: values.first().copied().map(rounded),
            avg: Some(rounded(values.iter().sum::<f64>() / count as f64)),
            p95: values.get((count * 95).div_ceil(100) - 1).copied().map(rounded),
            max: values.last().copied().map(rounded),
            last,
            total: measure.of(&sum, seconds).map(rounded),
        }
    }

    /// Runs of intervals without data.
    fn gaps(&self) -> Vec<Gap> {
        let mut gaps: Vec<(i64, i64)> = Vec::new();
        for at in self.intervals.iter().filter(|at| !self.has_data(**at)) {
            match gaps.last_mut() {
                Some((_, end)) if *end == *at => *end += 1,
                _ => gaps.push((*at, at + 1)),
            }
        }
        gaps.into_iter().map(|(from, to)| Gap { from: self.time(from), to: self.time(to) }).collect()
    }

    fn time(&self, interval: i64) -> String {
        time(interval.saturating_mul(self.tally.step))
    }

    fn times(&self) -> Vec<String> {
        self.intervals.iter().map(|at| self.time(*at)).collect()
    }

    fn begins(&self) -> Option<String> {
        self.intervals.first().map(|at| self.time(*at))
    }

    fn ends(&self) -> Option<String> {
        self.intervals.last().map(|at| self.time(at + 1))
    }
}

/// RFC 3339 in UTC, of a whole second.
pub(super) fn time(seconds: i64) -> String {
    let text = capturer::Timestamp::from_parts(seconds, 0).to_string();
    let whole = text.split('.').next().unwrap_or_default();
    format!("{whole}Z")
}

fn percent(part: &Counters, all: &Counters) -> Percent {
    let share = |part: u64, all: u64| if all == 0 { 0.0 } else { rounded(part as f64 * 100.0 / all as f64) };
    Percent {
        bytes: share(part.bytes, all.bytes),
        packets: share(part.packets, all.packets),
        flows: share(part.flows, all.flows),
    }
}

/// To thousandths: nobody reads further, and documents stay the same on every machine.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn notes(tally: &Tally) -> Vec<String> {
    let mut notes = tally.notes.clone();
    let (records, by) = (tally.records, tally.plan.by);
    notes.extend(by.note.map(str::to_owned));
    if tally.told.looked_up > 0 {
        let count = tally.told.looked_up;
        notes.push(format!("exporters do not name the AS in {count} of {records} records: it was looked up"));
    }
    if tally.told.without > 0 {
        let count = tally.told.without;
        notes.push(format!("{count} of {records} records do not tell this: their key is 0"));
    }
    if tally.cells.gone > 0 {
        let missed = tally.cells.missed;
        notes.push(format!(
            "more keys than there is room for: a key may lack up to {} bytes, {} packets, {} flows, which are among the others",
            missed.bytes, missed.packets, missed.flows
        ));
    }
    notes
}
