//! A range that reaches behind what memory has, for the pages: its flows come from the store as far as it has them by the
//! minute, the rest from memory, and the same analyzer counts both.

use analyzer::history::{Archive, LeftOut, Past, Range, Slice};
use analyzer::inventory::Knowledge;
use analyzer::names::Names;
use analyzer::query::Query;
use analyzer::{Second, Setup};

use super::ask::Reader;
use super::keeper::{FLOWS, Place};
use super::levels::begin;

/// Flows that are counted of a range: some five seconds' work. The traffic of those beyond is left out, and said so.
const MOST: u64 = 3_000_000;

/// Rows of a chart.
const ROWS: i64 = 720;

/// The store, when it knows of a range what memory does not.
pub(crate) fn older(place: &Place, archive: &Archive, wanted: Range) -> Option<Reader> {
    if archive.kept().is_some_and(|kept| kept.from <= wanted.from) {
        return None;
    }
    let reader = Reader::open(place).ok()?;
    let first = reader.span().ok()?.within?.from;
    (first < wanted.to && archive.kept().is_none_or(|kept| first < kept.from)).then_some(reader)
}

/// Counts a range with the store's flows.
pub(crate) fn past(
    (reader, archive): (&Reader, &Archive),
    wanted: Range,
    (setup, names): (Setup, Names),
    filter: Option<(&Query, Knowledge<'_>)>,
) -> rusqlite::Result<Past> {
    let wide = Range { from: begin(wanted.from, FLOWS), to: begin(wanted.to - 1, FLOWS) + FLOWS };
    let seam = seam(reader, archive)?;
    let stored = Range { from: wide.from, to: wide.to.min(seam) };
    let mut past = Past::begin((wide, FLOWS), setup, names);
    let (mut counted, none) = (0, LeftOut { at: wide.from, ..LeftOut::default() });
    let damaged = reader.blocks::<Slice>(stored, |_, slices| {
        counted += slices.len() as u64;
        past.add((&slices, &none), filter);
        counted < MOST
    })?;
    for (_, slices, left_out) in archive.of(Range { from: seam.max(wide.from), to: wide.to }) {
        past.add((slices, left_out), filter);
    }
    let flows = reader.flows::<Slice>(stored)?;
    if flows > counted || damaged.flows > 0 {
        past.leave_out(&beyond(reader, stored, &past)?);
    }
    Ok(past)
}

/// Until when the store has flows, as far as memory goes on from there.
fn seam(reader: &Reader, archive: &Archive) -> rusqlite::Result<i64> {
    let Some(kept) = archive.kept() else { return Ok(i64::MAX) };
    let minute = begin(kept.from, FLOWS);
    let has = reader.flows::<Slice>(Range { from: minute, to: minute + FLOWS })? > 0;
    Ok(if has { minute + FLOWS } else { kept.from })
}

/// What the steps say that a range carried, beyond what was counted of its flows.
fn beyond(reader: &Reader, stored: Range, past: &Past) -> rusqlite::Result<LeftOut> {
    let mut beyond = LeftOut { at: stored.from, ..LeftOut::default() };
    let length = reader.span()?.length_for(FLOWS, stored.from).unwrap_or(FLOWS);
    for interval in reader.intervals((stored, length, length))? {
        beyond.inward.merge(&interval.traffic.inward);
        beyond.outward.merge(&interval.traffic.outward);
        beyond.other.merge(&interval.traffic.other);
        beyond.flows += interval.flows;
    }
    let counted = past.sum();
    for (all, counted) in [
        (&mut beyond.inward, counted.inward),
        (&mut beyond.outward, counted.outward),
        (&mut beyond.other, counted.other),
    ] {
        all.packets = all.packets.saturating_sub(counted.packets);
        all.bytes = all.bytes.saturating_sub(counted.bytes);
    }
    Ok(beyond)
}

/// All traffic of a range by rows of equal length, and that length: what a chart of a long time shows.
pub(crate) fn series(reader: &Reader, wanted: Range) -> rusqlite::Result<(Vec<Second>, i64)> {
    let span = reader.span()?;
    let wish = (wanted.seconds() / ROWS).max(1);
    let fitting = |length: &i64| *length >= wish;
    let length = super::levels::LENGTHS.into_iter().find(fitting).unwrap_or(3600);
    let length = span.length_for(length, wanted.from).unwrap_or(length);
    let row = length * (wish.div_euclid(length) + i64::from(wish % length > 0)).max(1);
    let wide = Range { from: begin(wanted.from, row), to: wanted.to };
    let found = reader.intervals((wide, row, length))?;
    let mut rows: Vec<Second> = (0..)
        .map(|n| Second { at: wide.from + n * row, ..Second::default() })
        .take_while(|one| one.at < wide.to)
        .collect();
    for one in found {
        if let Some(place) =
            rows.get_mut(usize::try_from((one.traffic.at - wide.from) / row).unwrap_or(usize::MAX))
        {
            *place = one.traffic;
        }
    }
    Ok((rows, row))
}
