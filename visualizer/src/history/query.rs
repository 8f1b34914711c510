//! A question to the store, as `wireglobe query` and `/api/v1/query` ask it: from rows where they say it, else from flows.

use analyzer::Facts;
use analyzer::aggregate;
use analyzer::flows::{Answer, Counters, Key, Plan, PlanError, Side, Tally, When};
use analyzer::history::{Range, Slice};
use capturer::flow::FlowRecord;

use super::ask::{Reader, Span};
use super::count::Row;
use super::keeper::{FLOWS, Place};
use super::levels::LENGTHS;

/// The range of a question that names none, seconds.
const USUAL: i64 = 24 * 3600;

/// Parts of a range that are asked one after another, so that somebody can see how far it is, and stop it.
const PARTS: i64 = 40;

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum QueryError {
    /// The question is wrong.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The store can't be read.
    #[error("{0}")]
    Store(String),
    /// Nobody waits any more.
    #[error("cancelled")]
    Cancelled,
}

impl From<rusqlite::Error> for QueryError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(format!("history: {error}"))
    }
}

/// Told how far it is: so much of so much. `false` ends the question.
pub(crate) type Progress<'a> = &'a mut dyn FnMut(u64, u64) -> bool;

/// Answers a question.
///
/// # Errors
/// [`QueryError`].
pub(crate) fn answer(
    place: &Place,
    plan: Plan,
    facts: &Facts,
    progress: Progress<'_>,
) -> Result<Answer, QueryError> {
    let reader = Reader::open(place).map_err(QueryError::Store)?;
    let span = reader.span()?;
    let chosen = plan.interval.is_none();
    let mut plan = within(plan, &span).checked()?;
    let by_rows = aggregate::named(plan.by.id).is_some() && plan.filter.is_none();
    if chosen {
        plan.interval = plan.interval.max(shortest(&plan, &span, by_rows));
    }
    let question = Question { reader, span, facts };
    let mut tally = Tally::new(plan);
    if by_rows {
        question.rows(&mut tally, progress)?;
    } else {
        question.flows(&mut tally, progress)?;
    }
    Ok(tally.answer(&facts.geo, "store"))
}

/// The first second after what is kept; nothing without any.
pub(crate) fn end(place: &Place) -> Option<i64> {
    Some(Reader::open(place).ok()?.span().ok()?.within?.to)
}

/// The shortest interval that says something: that of the steps there are of this time, or of flows.
fn shortest(plan: &Plan, span: &Span, by_rows: bool) -> Option<i64> {
    if !by_rows {
        return Some(FLOWS);
    }
    let first = span.within.map_or(0, |within| within.from);
    span.length_for(plan.interval?, plan.from?.max(first))
}

/// What a question leaves open of its range is what there is, and a day of it when it leaves all open.
fn within(plan: Plan, span: &Span) -> Plan {
    let Some(all) = span.within else { return plan };
    let to = plan.to.unwrap_or(all.to - 1);
    let from =
        plan.from.unwrap_or_else(|| if plan.to.is_some() { all.from } else { all.from.max(to - USUAL) });
    Plan { from: Some(from), to: Some(to), ..plan }
}

struct Question<'a> {
    reader: Reader,
    span: Span,
    facts: &'a Facts,
}

impl Question<'_> {
    /// From rows that were counted when they came.
    fn rows(&self, tally: &mut Tally, progress: Progress<'_>) -> Result<(), QueryError> {
        let Some(all) = asked(tally) else { return Ok(()) };
        let interval = tally.plan().interval.unwrap_or(LENGTHS[0]);
        let Some(length) = self.span.length_for(interval, all.from.max(self.first())) else { return Ok(()) };
        if length > interval || interval % length != 0 {
            tally.note(format!(
                "of this time there are totals by {length} s, so that intervals of {interval} s are uneven"
            ));
        }
        let (by, side) = (tally.plan().by.id, tally.plan().side);
        if side != Side::Both {
            tally.note("flows are those with the key at either end");
        }
        in_parts(all, interval.max(length), progress, |part| {
            for one in self.reader.intervals((part, length, length))? {
                let (volume, flows) = (one.volume(), one.flows);
                tally.add_total(
                    one.traffic.at,
                    &Counters { packets: volume.packets, bytes: volume.bytes, flows },
                )?;
            }
            let mut wrong = None;
            self.reader.rows(by, (part, interval, length), |at, row| {
                wrong = wrong.take().or(add(tally, at.max(part.from), &row, side).err());
            })?;
            wrong.map_or(Ok(()), |wrong| Err(wrong.into()))
        })
    }

    /// From flows: exporters' own records where only they know what is asked, else what flows carried by the minute.
    fn flows(&self, tally: &mut Tally, progress: Progress<'_>) -> Result<(), QueryError> {
        let Some(all) = asked(tally) else { return Ok(()) };
        if tally.plan().interval.is_some_and(|interval| interval < FLOWS) {
            tally.note("flows are kept by the minute: within one they count as spread evenly");
        }
        let exported = self.span.records_from.is_some() && tally.plan().asks_exporters();
        let interval = tally.plan().interval.unwrap_or(FLOWS).max(FLOWS);
        in_parts(all, interval, progress, |part| {
            for one in self.reader.intervals((part, FLOWS, FLOWS))? {
                tally.cover(one.traffic.at)?;
            }
            let mut wrong = None;
            let mut take = |at: i64, record: &FlowRecord, when| {
                if at >= part.from && at < part.to {
                    wrong = wrong.take().or(tally.record(record, self.facts, when).err());
                }
            };
            let damaged = if exported {
                self.reader.blocks::<FlowRecord>(part, |_, records| {
                    records
                        .iter()
                        .for_each(|record| take(record.received.as_seconds(), record, When::Lasted));
                    true
                })?
            } else {
                self.reader.blocks::<Slice>(part, |_, slices| {
                    for slice in &slices {
                        slice.records().iter().flatten().for_each(|one| take(slice.at, one, When::Lasted));
                    }
                    true
                })?
            };
            if let Some(wrong) = wrong {
                return Err(wrong.into());
            }
            if damaged.flows > 0 {
                tally.note(format!(
                    "{} flows could not be read: their block on disk is damaged",
                    damaged.flows
                ));
            }
            Ok(())
        })?;
        if tally.plan().asks_exporters() && !exported {
            tally.note("no exporter's records are kept: what only exporters tell is not known");
        }
        self.flows_begin(tally, all, exported);
        Ok(())
    }

    fn flows_begin(&self, tally: &mut Tally, all: Range, exported: bool) {
        let from = if exported { self.span.records_from } else { self.span.flows_from };
        match from {
            None => tally.note("no flows are kept yet: they come by the minute"),
            Some(from) if from > all.from.max(self.first()) + FLOWS => {
                let from = jiff::Timestamp::from_second(from).unwrap_or_default();
                tally.note(format!("flows are kept since {from}; before, only totals without a filter"));
            }
            Some(_) => {}
        }
    }

    fn first(&self) -> i64 {
        self.span.within.map_or(0, |within| within.from)
    }
}

/// The seconds that are asked for, with the period before; nothing without a range.
fn asked(tally: &Tally) -> Option<Range> {
    let plan = tally.plan();
    let (from, to, interval) = (plan.from?, plan.to?, plan.interval?);
    let from = from.div_euclid(interval) * interval;
    let to = (to.div_euclid(interval) + 1) * interval;
    let before = if plan.previous { to - from } else { 0 };
    Some(Range { from: from - before, to })
}

/// Asks a range in parts of whole intervals, and tells how far it is.
fn in_parts(
    all: Range,
    interval: i64,
    progress: Progress<'_>,
    mut ask: impl FnMut(Range) -> Result<(), QueryError>,
) -> Result<(), QueryError> {
    let length = (all.seconds().div_euclid(PARTS * interval) + 1) * interval;
    let count = all.seconds().div_euclid(length) + i64::from(all.seconds() % length > 0);
    for n in 0..count {
        if !progress(n.unsigned_abs(), count.unsigned_abs()) {
            return Err(QueryError::Cancelled);
        }
        let from = all.from + n * length;
        ask(Range { from, to: (from + length).min(all.to) })?;
    }
    Ok(())
}

fn add(tally: &mut Tally, at: i64, row: &Row, side: Side) -> Result<(), PlanError> {
    let mut volume = row.sent;
    match side {
        Side::Source => {}
        Side::Destination => volume = row.received,
        Side::Both => volume.merge(&row.received),
    }
    let counters = Counters { packets: volume.packets, bytes: volume.bytes, flows: row.flows };
    if row.key.is_empty() {
        return tally.add_rest(at, &counters);
    }
    if volume.packets == 0 && side != Side::Both {
        return Ok(());
    }
    tally.add(at, Key::Text(row.key.as_str().into()), &counters)
}
