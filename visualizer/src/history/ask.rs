//! Questions to the store, through a connection of one's own that only reads.

use analyzer::history::Range;
use analyzer::history::block::{self, Kept};
use analyzer::{Second, Volume};
use rusqlite::{Connection, OpenFlags, params};

use super::count::Row;
use super::database::{SCHEMA, WAITING_SINCE, connect};
use super::keeper::Place;
use super::levels::LENGTHS;

/// What the store holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first second, and the first one after the last.
    pub(crate) within: Option<Range>,
    /// Lengths of steps, seconds, and since when there are any.
    pub(crate) steps: Vec<(i64, i64)>,
    /// Since when flows are kept.
    pub(crate) flows_from: Option<i64>,
    /// Since when exporters' records are kept.
    pub(crate) records_from: Option<i64>,
}

impl Span {
    /// The longest steps that divide an interval and reach back to a second; else the shortest that reach so far.
    pub(crate) fn length_for(&self, interval: i64, from: i64) -> Option<i64> {
        let reaching = || self.steps.iter().filter(|(_, since)| *since <= from).map(|(length, _)| *length);
        let fit = reaching().filter(|length| interval % length == 0).max();
        fit.or_else(|| reaching().min()).or_else(|| self.steps.iter().map(|(length, _)| *length).max())
    }
}

/// An interval of the past.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Interval {
    /// When it begins, and what it carried by direction.
    pub(crate) traffic: Second,
    /// Flows that began.
    pub(crate) flows: u64,
    /// Of the packets, those that could not be told apart.
    pub(crate) left_out_packets: u64,
}

/// Flows of a block that can't be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Damaged {
    pub(crate) blocks: u64,
    pub(crate) flows: u64,
}

/// When the first step began: longer steps reach back farther, but only to their own begin; where the first of the shorter ones
/// lies within the first of the longer, it is nearer the truth.
fn begin(steps: &[(i64, i64)]) -> Option<i64> {
    let (mut length, mut from) = *steps.last()?;
    for (shorter, since) in steps.iter().rev().skip(1) {
        if *since < from + length {
            (length, from) = (*shorter, *since);
        }
    }
    Some(from)
}

impl Interval {
    /// All that it carried.
    pub(crate) fn volume(&self) -> Volume {
        let Second { inward, outward, other, .. } = self.traffic;
        [inward, outward, other].iter().fold(Volume::default(), |mut sum, one| {
            sum.merge(one);
            sum
        })
    }
}

/// A connection that reads.
pub(crate) struct Reader {
    connection: Connection,
    /// Whether the store has steps that wait; one of an older program has not.
    has_waiting: bool,
}

/// Rows of a dimension ?1 and a length ?5 in a range.
const STORED: &str = "
SELECT start, key, packets_sent, bytes_sent, packets_received, bytes_received, flows FROM rows
WHERE dimension = (SELECT id FROM dimensions WHERE name = ?1) AND seconds = ?5 AND start >= ?2 AND start < ?3";

/// Those of ten seconds that wait to be added to them.
const WAITING: &str = "
UNION ALL
SELECT start - start % ?5, key, packets_sent, bytes_sent, packets_received, bytes_received, flows FROM rows
WHERE dimension = (SELECT id FROM dimensions WHERE name = ?1) AND seconds = 10 AND start IN (
  SELECT start FROM waiting WHERE seconds = ?5 AND start - start % ?5 >= ?2 AND start - start % ?5 < ?3)";

impl Reader {
    /// Opens the store.
    ///
    /// # Errors
    /// In words, when there is none, it can't be read, or a newer program wrote it.
    pub(crate) fn open(place: &Place) -> Result<Self, String> {
        let flags = match place {
            Place::File(path) if !path.exists() => {
                return Err(format!("{}: there is no history yet", path.display()));
            }
            Place::File(_) => OpenFlags::SQLITE_OPEN_READ_ONLY,
            Place::Memory(_) => OpenFlags::SQLITE_OPEN_READ_WRITE,
        };
        let readable = connect(place, flags).and_then(|connection| {
            let has_waiting = SCHEMA.version_of(&connection)? >= WAITING_SINCE;
            Ok(Self { connection, has_waiting })
        });
        readable.map_err(|error| match place {
            Place::File(path) => format!("{}: {error}", path.display()),
            Place::Memory(_) => error.to_string(),
        })
    }

    /// What there is.
    pub(crate) fn span(&self) -> rusqlite::Result<Span> {
        let (mut span, mut last) = (Span::default(), None);
        for length in LENGTHS {
            let ends = "SELECT min(start), max(start) FROM steps WHERE seconds = ?1";
            let found: (Option<i64>, Option<i64>) = self
                .connection
                .prepare_cached(ends)?
                .query_row([length], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let (Some(from), Some(to)) = found else { continue };
            span.steps.push((length, from));
            // The shortest steps say when the last one ended.
            last.get_or_insert(to + length);
        }
        span.within = begin(&span.steps).zip(last).map(|(from, to)| Range { from, to });
        span.flows_from = self.first_block("S")?;
        span.records_from = self.first_block("R")?;
        Ok(span)
    }

    fn first_block(&self, kind: &str) -> rusqlite::Result<Option<i64>> {
        let first = "SELECT min(first) FROM blocks WHERE kind = ?1";
        self.connection.prepare_cached(first)?.query_row([kind], |row| row.get(0))
    }

    /// What keys of a dimension carried in each interval of a range, put together from steps of a length.
    pub(crate) fn rows(
        &self,
        dimension: &str,
        (within, interval, length): (Range, i64, i64),
        mut each: impl FnMut(i64, Row),
    ) -> rusqlite::Result<()> {
        let waiting = if self.has_waiting { WAITING } else { "" };
        let mut select = self.connection.prepare_cached(&format!(
            "SELECT start - start % ?4 AS at, key, sum(packets_sent), sum(bytes_sent), sum(packets_received), \
             sum(bytes_received), sum(flows) FROM ({STORED}{waiting}) GROUP BY at, key"
        ))?;
        let mut rows =
            select.query(params![dimension, within.from, within.to, interval.max(length), length])?;
        while let Some(row) = rows.next()? {
            let figure = |n: usize| Ok::<_, rusqlite::Error>(row.get::<_, i64>(n)? as u64);
            let (sent, received) = (
                Volume { packets: figure(2)?, bytes: figure(3)? },
                Volume { packets: figure(4)?, bytes: figure(5)? },
            );
            each(row.get(0)?, Row { key: row.get(1)?, sent, received, flows: figure(6)? });
        }
        Ok(())
    }

    /// What all traffic was in each interval; an interval that is not among them was not recorded.
    pub(crate) fn intervals(
        &self,
        (within, interval, length): (Range, i64, i64),
    ) -> rusqlite::Result<Vec<Interval>> {
        let mut select = self.connection.prepare_cached(
            "SELECT start - start % ?3 AS at, sum(in_packets), sum(in_bytes), sum(out_packets), sum(out_bytes), \
             sum(other_packets), sum(other_bytes), sum(flows), sum(left_out_packets) FROM steps WHERE seconds = ?4 AND start >= ?1 AND start < ?2 GROUP BY at",
        )?;
        let one = |row: &rusqlite::Row<'_>| {
            let figure = |n: usize| Ok::<_, rusqlite::Error>(row.get::<_, i64>(n)? as u64);
            Ok(Interval {
                traffic: Second {
                    at: row.get(0)?,
                    inward: Volume { packets: figure(1)?, bytes: figure(2)? },
                    outward: Volume { packets: figure(3)?, bytes: figure(4)? },
                    other: Volume { packets: figure(5)?, bytes: figure(6)? },
                },
                flows: figure(7)?,
                left_out_packets: figure(8)?,
            })
        };
        select.query_map(params![within.from, within.to, interval.max(length), length], one)?.collect()
    }

    /// How many flows are kept of a range.
    pub(crate) fn flows<T: Kept>(&self, within: Range) -> rusqlite::Result<u64> {
        let kind = char::from(T::KIND).to_string();
        let sum = "SELECT coalesce(sum(flows), 0) FROM blocks WHERE kind = ?1 AND first < ?3 AND last > ?2";
        let flows: i64 = self
            .connection
            .prepare_cached(sum)?
            .query_row(params![kind, within.from, within.to], |row| row.get(0))?;
        Ok(flows as u64)
    }

    /// The flows of a range, block by block, oldest first, with when the block begins; until `each` wants no more. Those of
    /// damaged blocks are counted, not told.
    pub(crate) fn blocks<T: Kept>(
        &self,
        within: Range,
        mut each: impl FnMut(i64, Vec<T>) -> bool,
    ) -> rusqlite::Result<Damaged> {
        let mut select = self.connection.prepare_cached(
            "SELECT first, flows, data FROM blocks WHERE kind = ?1 AND first < ?3 AND last > ?2 ORDER BY first, id",
        )?;
        let kind = char::from(T::KIND).to_string();
        let mut rows = select.query(params![kind, within.from, within.to])?;
        let mut damaged = Damaged::default();
        while let Some(row) = rows.next()? {
            match block::read::<T>(row.get_ref(2)?.as_blob()?) {
                Ok(flows) => {
                    if !each(row.get(0)?, flows) {
                        break;
                    }
                }
                Err(_) => {
                    damaged.blocks += 1;
                    damaged.flows += row.get::<_, i64>(1)? as u64;
                }
            }
        }
        Ok(damaged)
    }
}
