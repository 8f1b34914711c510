//! A range of the past, counted anew: an analyzer to which slices are shown as the packets they stand for.

use capturer::Protocol;

use crate::analyzer::{Analyzer, Reading, Setup};
use crate::facts::Facts;
use crate::flow::Volume;
use crate::history::archive::{Archive, Range};
use crate::history::{LeftOut, Slice};
use crate::inventory::Knowledge;
use crate::names::Names;
use crate::observation::{Direction, Service};
use crate::query::Query;
use crate::series::Second;

/// Rows of a range's series: a chart shows no more.
const MOST_ROWS: i64 = 720;

/// What a range is counted with.
pub struct PastSetup<'a> {
    /// As the analyzer that is watched was made, but with a budget of its own.
    pub setup: Setup,
    /// The names known now.
    pub names: Names,
    /// Only what this lets through, which must have been read for [`Scope::Flow`](capturer::filter::Scope::Flow), by
    /// what is known now.
    pub filter: Option<(&'a Query, Knowledge<'a>)>,
}

/// A range of the past.
pub struct Past {
    analyzer: Analyzer,
    range: Range,
    step: i64,
    series: Vec<Second>,
    left_out: LeftOut,
}

impl Past {
    /// Counts a range, widened to whole steps.
    pub fn of(archive: &Archive, wanted: Range, setup: PastSetup<'_>) -> Self {
        let (range, step) = archive.widen(wanted);
        let filter = setup.filter;
        let mut past = Self::begin((range, step), setup.setup, setup.names);
        for (_, slices, left_out) in archive.of(range) {
            past.add((slices, left_out), filter);
        }
        past
    }

    /// A range whose steps, of so many seconds at most, are [added](Self::add) one by one.
    pub fn begin((range, step): (Range, i64), setup: Setup, names: Names) -> Self {
        Self {
            analyzer: Analyzer::new(setup).of_the_past(names),
            range,
            step,
            series: rows(range, step),
            left_out: LeftOut { at: range.from, ..LeftOut::default() },
        }
    }

    /// Adds what a filter lets through of a step; they come oldest first.
    pub fn add(&mut self, (slices, left_out): (&[Slice], &LeftOut), filter: Option<(&Query, Knowledge<'_>)>) {
        for slice in slices {
            let passes = passes(slice, self.analyzer.facts(), filter);
            self.count(slice, passes);
        }
        self.left_out.merge(left_out);
    }

    /// Adds what is not kept apart.
    pub fn leave_out(&mut self, left_out: &LeftOut) {
        self.left_out.merge(left_out);
    }

    /// Its figures.
    pub fn read(&mut self) -> Reading<'_> {
        self.analyzer.read()
    }

    /// The range that was counted: whole steps.
    pub const fn range(&self) -> Range {
        self.range
    }

    /// The longest of its steps, seconds.
    pub const fn step(&self) -> i64 {
        self.step
    }

    /// Traffic by rows of equal length, quiet ones included, and that length in seconds.
    pub fn series(&self) -> (&[Second], i64) {
        (&self.series, row_length(self.range, self.step))
    }

    /// All its traffic as one.
    pub fn sum(&self) -> Second {
        let mut sum = Second { at: self.range.from, ..Second::default() };
        for row in &self.series {
            sum.inward.merge(&row.inward);
            sum.outward.merge(&row.outward);
            sum.other.merge(&row.other);
        }
        sum
    }

    /// What was not kept apart.
    pub const fn left_out(&self) -> &LeftOut {
        &self.left_out
    }

    fn count(&mut self, slice: &Slice, passes: [bool; 2]) {
        let length = row_length(self.range, self.step);
        let row = usize::try_from((slice.at - self.range.from) / length).unwrap_or(0);
        if let Some(row) = self.series.get_mut(row) {
            let wanted = slice.ways().into_iter().zip(passes).filter(|(_, passes)| *passes);
            wanted.for_each(|((from_opener, volume), _)| add(row, slice, from_opener, &volume));
        }
        if passes != [false; 2] {
            self.analyzer.recount(slice, passes);
        }
    }
}

/// Traffic of a range of an archive by rows of equal length, nothing but sums: what a chart of all that is kept shows.
pub fn series(
    archive: &Archive,
    wanted: Range,
    facts: &Facts,
    filter: Option<(&Query, Knowledge<'_>)>,
) -> (Vec<Second>, i64) {
    let (range, step) = archive.widen(wanted);
    let length = row_length(range, step);
    let mut series = rows(range, step);
    for (at, slices, left_out) in archive.of(range) {
        let Some(row) = series.get_mut(usize::try_from((at - range.from) / length).unwrap_or(0)) else {
            continue;
        };
        for slice in slices {
            let ways = slice.ways().into_iter().zip(passes(slice, facts, filter));
            ways.filter(|(_, passes)| *passes).for_each(|((way, volume), _)| add(row, slice, way, &volume));
        }
        if filter.is_none() {
            row.inward.merge(&left_out.inward);
            row.outward.merge(&left_out.outward);
            row.other.merge(&left_out.other);
        }
    }
    (series, length)
}

fn add(row: &mut Second, slice: &Slice, from_opener: bool, volume: &Volume) {
    let direction = if from_opener { slice.direction } else { slice.direction.reversed() };
    match direction {
        Direction::In => row.inward.merge(volume),
        Direction::Out => row.outward.merge(volume),
        Direction::Internal | Direction::Transit => row.other.merge(volume),
    }
}

/// Whole steps, as many as keep the rows few enough.
const fn row_length(range: Range, step: i64) -> i64 {
    let steps = range.seconds().div_euclid(step * MOST_ROWS) + 1;
    steps * step
}

fn rows(range: Range, step: i64) -> Vec<Second> {
    let length = row_length(range, step);
    let starts = (0..).map(|row| range.from + row * length).take_while(|at| *at < range.to);
    starts.map(|at| Second { at, ..Second::default() }).collect()
}

/// Which ways of a slice a filter lets through.
fn passes(slice: &Slice, facts: &Facts, filter: Option<(&Query, Knowledge<'_>)>) -> [bool; 2] {
    let Some((query, known)) = filter else { return [true; 2] };
    slice.ways().map(|(from_opener, volume)| {
        if volume.packets == 0 {
            return false;
        }
        let packet = slice.packet(from_opener);
        let mut seen = facts.observation(&packet);
        seen.service = service(slice, from_opener);
        query.matches(&packet, &[], (&seen, known))
    })
}

const fn service(slice: &Slice, from_opener: bool) -> Option<Service> {
    let port = slice.between.answerer.port;
    match slice.between.protocol {
        protocol @ (Protocol::TCP | Protocol::UDP | Protocol::SCTP) if port != 0 => {
            Some(Service { protocol, port, sent: !from_opener })
        }
        _ => None,
    }
}
