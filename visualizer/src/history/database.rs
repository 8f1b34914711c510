//! The tables on disk: SQLite in WAL mode with `synchronous=FULL`, so that what is committed survives a power cut.

use std::path::Path;
use std::time::Duration;

use analyzer::Second;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, params};

use super::count::{Counted, Row};
use super::keeper::Place;
use super::levels::{Keep, LENGTHS, Oldest, begin};
use super::waiting;
use crate::schema::Schema;

/// In 1 the indexes of blocks were others, at first: what was asked of a time read every block of its kind. Up to 2 rows of ten
/// seconds were added to those of all lengths at once.
pub(super) const SCHEMA: Schema = Schema {
    tables: TABLES,
    steps: &[
        "DROP INDEX blocks_time; DROP INDEX IF EXISTS blocks_first;
        CREATE INDEX blocks_time ON blocks (kind, first, last, flows); CREATE INDEX blocks_first ON blocks (first);",
        concat!("DROP VIEW asn_report;", include_str!("waiting.sql")),
    ],
};

/// The version that has the table `waiting`.
pub(super) const WAITING_SINCE: i64 = 3;

/// `rows` has what a key carried within a step; the key '' stands for those beyond the first so many. `steps` says that a step
/// was recorded, and what all of it carried; `waiting` that rows of ten seconds are not yet in those of a length. `blocks` are flows, see
/// `analyzer::history::block`. `asn_report` is a view for those who ask SQL: the table of the tool of that name, with time, packets and
/// bytes; of an hour under way it may have two rows of a host.
const TABLES: &str = concat!(
    "
CREATE TABLE dimensions (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE steps (
  seconds INTEGER NOT NULL, start INTEGER NOT NULL, in_packets INTEGER NOT NULL, in_bytes INTEGER NOT NULL,
  out_packets INTEGER NOT NULL, out_bytes INTEGER NOT NULL, other_packets INTEGER NOT NULL, other_bytes INTEGER NOT NULL,
  flows INTEGER NOT NULL, left_out_packets INTEGER NOT NULL, PRIMARY KEY (seconds, start)
) WITHOUT ROWID;
CREATE TABLE rows (
  dimension INTEGER NOT NULL, seconds INTEGER NOT NULL, start INTEGER NOT NULL, key TEXT NOT NULL,
  packets_sent INTEGER NOT NULL, bytes_sent INTEGER NOT NULL, packets_received INTEGER NOT NULL,
  bytes_received INTEGER NOT NULL, flows INTEGER NOT NULL, PRIMARY KEY (dimension, seconds, start, key)
) WITHOUT ROWID;
CREATE TABLE hosts (
  address TEXT PRIMARY KEY, asn INTEGER, owner TEXT, prefix TEXT, country TEXT, start INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE blocks (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, flows INTEGER NOT NULL,
  data BLOB NOT NULL
);
CREATE INDEX blocks_time ON blocks (kind, first, last, flows);
CREATE INDEX blocks_first ON blocks (first);
",
    include_str!("waiting.sql")
);

const ADD: &str = "
INSERT INTO rows VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT DO UPDATE SET packets_sent = packets_sent + excluded.packets_sent, bytes_sent = bytes_sent + excluded.bytes_sent,
  packets_received = packets_received + excluded.packets_received,
  bytes_received = bytes_received + excluded.bytes_received, flows = flows + excluded.flows";

const ADD_STEP: &str = "
INSERT INTO steps VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT DO UPDATE SET in_packets = in_packets + excluded.in_packets, in_bytes = in_bytes + excluded.in_bytes,
  out_packets = out_packets + excluded.out_packets, out_bytes = out_bytes + excluded.out_bytes,
  other_packets = other_packets + excluded.other_packets, other_bytes = other_bytes + excluded.other_bytes,
  flows = flows + excluded.flows, left_out_packets = left_out_packets + excluded.left_out_packets";

/// What is known of a host already is not written again.
const PUT_HOST: &str = "
INSERT INTO hosts VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT DO UPDATE SET asn = excluded.asn, owner = excluded.owner, prefix = excluded.prefix, country = excluded.country,
  start = excluded.start
WHERE (asn, owner, prefix, country, start)
  IS NOT (excluded.asn, excluded.owner, excluded.prefix, excluded.country, excluded.start)";

/// Keys beyond the first so many of a step go.
const TRIM: &str = "
DELETE FROM rows WHERE dimension = ?1 AND seconds = ?2 AND start = ?3 AND key IN (
  SELECT key FROM rows WHERE dimension = ?1 AND seconds = ?2 AND start = ?3 AND key <> ''
  ORDER BY bytes_sent + bytes_received DESC, key LIMIT -1 OFFSET ?4)
RETURNING packets_sent, bytes_sent, packets_received, bytes_received, flows";

/// Blocks and steps that go at once when the file is too large.
const PRUNED: u32 = 8;

/// Free pages given back at once.
const VACUUMED: u32 = 256;

/// An open store.
pub(super) struct Database {
    connection: Connection,
    /// Seconds whose rows are brought into longer steps together.
    together: [i64; LENGTHS.len() - 1],
}

/// Flows on their way to the disk.
pub(super) struct Block {
    /// What they are: `S` for slices, `R` for exporters' records.
    pub(super) kind: char,
    /// First second, and the first one after the last.
    pub(super) within: (i64, i64),
    pub(super) flows: usize,
    pub(super) data: Vec<u8>,
}

impl Database {
    /// Opens a store to write it, or makes it.
    pub(super) fn open(place: &Place) -> rusqlite::Result<Self> {
        let connection = connect(place, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        SCHEMA.version_of(&connection)?;
        connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL;")?;
        // In memory there is no journal to choose: the answer is not looked at.
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        connection.execute_batch(
            // A page that changes with every step goes from the journal to its place after some steps together: 16 MB.
            "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4096; PRAGMA journal_size_limit = 16777216;
             PRAGMA temp_store = MEMORY;",
        )?;
        SCHEMA.bring_up_to_date(&connection)?;
        let together = match place {
            Place::File(_) => waiting::TOGETHER,
            Place::Memory(_) => waiting::AT_ONCE,
        };
        Ok(Self { connection, together })
    }

    /// Whether the file is whole.
    pub(super) fn check(&self) -> rusqlite::Result<bool> {
        self.connection.query_row("PRAGMA quick_check(1)", [], |row| Ok(row.get::<_, String>(0)? == "ok"))
    }

    /// Adds what was counted of ten seconds to the steps of all lengths (rows of longer ones later), and blocks of flows, in one
    /// transaction.
    pub(super) fn add(
        &mut self,
        counted: Option<&Counted>,
        blocks: &[Block],
        keep: &Keep,
    ) -> rusqlite::Result<()> {
        let together = self.together;
        let transaction = self.connection.transaction()?;
        if let Some(counted) = counted {
            add_counted(&transaction, (counted, together), keep)?;
        }
        for block in blocks {
            let (first, last) = block.within;
            transaction
                .prepare_cached(
                    "INSERT INTO blocks (kind, first, last, flows, data) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![block.kind.to_string(), first, last, block.flows as i64, block.data])?;
        }
        forget(&transaction, keep)?;
        transaction.commit()
    }

    /// Bytes of the file, and of what is used of it.
    pub(super) fn bytes(&self) -> rusqlite::Result<(u64, u64)> {
        let figure = |pragma: &str| self.connection.query_row(pragma, [], |row| row.get::<_, i64>(0));
        let (pages, free, size) =
            (figure("PRAGMA page_count")?, figure("PRAGMA freelist_count")?, figure("PRAGMA page_size")?);
        Ok(((pages * size) as u64, ((pages - free) * size) as u64))
    }

    /// Lets the oldest go when the store is too large: flows first, then the shortest steps. `false` when nothing is left.
    pub(super) fn prune(&mut self) -> rusqlite::Result<bool> {
        let gone = self.connection.execute(
            "DELETE FROM blocks WHERE id IN (SELECT id FROM blocks ORDER BY first LIMIT ?1)",
            [PRUNED],
        )?;
        if gone > 0 {
            return Ok(true);
        }
        for length in LENGTHS {
            if let Some(last) = self.oldest(length, PRUNED)? {
                let transaction = self.connection.transaction()?;
                forget_until(&transaction, length, last)?;
                transaction.commit()?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The step up to which the oldest so many reach, if that leaves one.
    fn oldest(&self, length: i64, most: u32) -> rusqlite::Result<Option<i64>> {
        let starts: Vec<i64> = self
            .connection
            .prepare("SELECT start FROM steps WHERE seconds = ?1 ORDER BY start LIMIT ?2")?
            .query_map(params![length, most + 1], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(starts.len().checked_sub(2).and_then(|last| starts.get(last)).copied())
    }

    /// Where the steps of each length begin, and the flows.
    pub(super) fn oldest_of_all(&self) -> rusqlite::Result<Oldest> {
        let mut first = self.connection.prepare_cached("SELECT min(start) FROM steps WHERE seconds = ?1")?;
        let mut steps = [None; LENGTHS.len()];
        for (oldest, length) in steps.iter_mut().zip(LENGTHS) {
            *oldest = first.query_row([length], |row| row.get(0))?;
        }
        let flows = self
            .connection
            .prepare_cached("SELECT min(first) FROM blocks")?
            .query_row([], |row| row.get(0))?;
        Ok((steps, flows))
    }

    /// Gives a few free pages back to the disk.
    pub(super) fn vacuum(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch(&format!("PRAGMA incremental_vacuum({VACUUMED})"))
    }

    /// Empties it: a replay goes on from somewhere else.
    pub(super) fn clear(&mut self) -> rusqlite::Result<()> {
        self.connection.execute_batch(
            "BEGIN; DELETE FROM rows; DELETE FROM steps; DELETE FROM waiting; DELETE FROM blocks; COMMIT;",
        )
    }
}

/// A connection; one to the store in memory shares it with all others of this process.
pub(super) fn connect(place: &Place, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = match place {
        Place::File(path) => Connection::open_with_flags(uri(path), flags)?,
        Place::Memory(name) => {
            Connection::open_with_flags(format!("file:wireglobe-{name}?mode=memory&cache=shared"), flags)?
        }
    };
    connection.busy_timeout(Duration::from_secs(5))?;
    if matches!(place, Place::Memory(_)) {
        // Readers see what is being added, and hold up nobody.
        connection.execute_batch("PRAGMA read_uncommitted = 1; PRAGMA temp_store = MEMORY;")?;
    }
    Ok(connection)
}

/// A path as a URI (RFC 3986), so that one with a question mark is a path all the same.
fn uri(path: &Path) -> String {
    use std::fmt::Write;
    use std::os::unix::ffi::OsStrExt;
    let mut uri = String::from("file:");
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(byte as char);
        } else {
            // Writing to a string does not fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

fn add_counted(
    transaction: &Transaction<'_>,
    (counted, together): (&Counted, [i64; LENGTHS.len() - 1]),
    keep: &Keep,
) -> rusqlite::Result<()> {
    let ids = dimensions(transaction, counted)?;
    let at = begin(counted.at, LENGTHS[0]);
    let is_there = add_steps(transaction, counted)?;
    add_rows(transaction, (counted, &ids), LENGTHS[0])?;
    for (length, together) in LENGTHS.into_iter().skip(1).zip(together) {
        if is_there && !waiting::waits(transaction, length, at)? {
            // It was brought there before a clock was set back to it.
            add_rows(transaction, (counted, &ids), length)?;
        } else {
            waiting::wait(transaction, length, at)?;
        }
        let under_way = begin(at + LENGTHS[0], together);
        waiting::bring(transaction, (length, together), |start| begin(start, together) != under_way)?;
        trim_before(transaction, (length, begin(at, length)), &ids, keep.rows)?;
    }
    let mut put = transaction.prepare_cached(PUT_HOST)?;
    for host in &counted.hosts {
        let start = begin(counted.at, 3600);
        put.execute(params![host.address, host.asn, host.owner, host.prefix, host.country, start])?;
    }
    Ok(())
}

/// Adds to the steps of all lengths; whether there was one of ten seconds already.
fn add_steps(transaction: &Transaction<'_>, counted: &Counted) -> rusqlite::Result<bool> {
    let is_there = transaction
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM steps WHERE seconds = ?1 AND start = ?2)")?
        .query_row([LENGTHS[0], begin(counted.at, LENGTHS[0])], |row| row.get(0))?;
    let mut add = transaction.prepare_cached(ADD_STEP)?;
    let Second { inward, outward, other, .. } = counted.total;
    for length in LENGTHS {
        add.execute(params![
            length,
            begin(counted.at, length),
            inward.packets as i64,
            inward.bytes as i64,
            outward.packets as i64,
            outward.bytes as i64,
            other.packets as i64,
            other.bytes as i64,
            counted.flows as i64,
            counted.left_out_packets as i64,
        ])?;
    }
    Ok(is_there)
}

fn add_rows(
    transaction: &Transaction<'_>,
    (counted, ids): (&Counted, &[i64]),
    length: i64,
) -> rusqlite::Result<()> {
    let mut add = transaction.prepare_cached(ADD)?;
    let start = begin(counted.at, length);
    for ((_, rows), id) in counted.dimensions.iter().zip(ids) {
        for row in rows {
            add.execute(params![
                id,
                length,
                start,
                row.key,
                row.sent.packets as i64,
                row.sent.bytes as i64,
                row.received.packets as i64,
                row.received.bytes as i64,
                row.flows as i64,
            ])?;
        }
    }
    Ok(())
}

fn dimensions(transaction: &Transaction<'_>, counted: &Counted) -> rusqlite::Result<Vec<i64>> {
    let mut id = transaction.prepare_cached("SELECT id FROM dimensions WHERE name = ?1")?;
    let mut make = transaction.prepare_cached("INSERT INTO dimensions (name) VALUES (?1) RETURNING id")?;
    let one = |(name, _): &(&str, Vec<Row>)| match id.query_row([name], |row| row.get(0)).optional()? {
        Some(id) => Ok(id),
        None => make.query_row([name], |row| row.get(0)),
    };
    counted.dimensions.iter().map(one).collect()
}

/// The step before this one is over, and its keys are counted out: those beyond the first so many become one row. Steps of ten
/// seconds come with few enough, and all of them were brought there by now.
fn trim_before(
    transaction: &Transaction<'_>,
    (length, start): (i64, i64),
    dimensions: &[i64],
    most: usize,
) -> rusqlite::Result<()> {
    let is_first = transaction
        .prepare_cached("SELECT count(*) FROM steps WHERE seconds = ?1 AND start >= ?2 AND start < ?3")?
        .query_row(params![LENGTHS[0], start, start + length], |row| Ok(row.get::<_, i64>(0)? <= 1))?;
    let before: Option<i64> = transaction
        .prepare_cached("SELECT max(start) FROM steps WHERE seconds = ?1 AND start < ?2")?
        .query_row(params![length, start], |row| row.get(0))?;
    let (true, Some(before)) = (is_first, before) else { return Ok(()) };
    for dimension in dimensions {
        trim(transaction, (*dimension, length, before), most)?;
    }
    Ok(())
}

fn trim(
    transaction: &Transaction<'_>,
    (dimension, length, start): (i64, i64, i64),
    most: usize,
) -> rusqlite::Result<()> {
    let mut rest = [0_i64; 5];
    let mut trim = transaction.prepare_cached(TRIM)?;
    let mut gone = trim.query(params![dimension, length, start, most as i64])?;
    while let Some(row) = gone.next()? {
        for (n, sum) in rest.iter_mut().enumerate() {
            *sum += row.get::<_, i64>(n)?;
        }
    }
    if rest != [0; 5] {
        let [a, b, c, d, e] = rest;
        transaction.prepare_cached(ADD)?.execute(params![dimension, length, start, "", a, b, c, d, e])?;
    }
    Ok(())
}

/// What is beyond the steps that are kept goes.
fn forget(transaction: &Transaction<'_>, keep: &Keep) -> rusqlite::Result<()> {
    let mut beyond = transaction
        .prepare_cached("SELECT start FROM steps WHERE seconds = ?1 ORDER BY start DESC LIMIT 1 OFFSET ?2")?;
    for (length, steps) in LENGTHS.into_iter().zip(keep.steps) {
        let last: Option<i64> =
            beyond.query_row(params![length, steps as i64], |row| row.get(0)).optional()?;
        if let Some(last) = last {
            forget_until(transaction, length, last)?;
        }
    }
    transaction
        .prepare_cached(
            "DELETE FROM blocks WHERE first <= (SELECT first FROM (SELECT DISTINCT first FROM blocks) ORDER BY first DESC \
             LIMIT 1 OFFSET ?1)",
        )?
        .execute([keep.flows as i64])?;
    Ok(())
}

fn forget_until(transaction: &Transaction<'_>, length: i64, last: i64) -> rusqlite::Result<()> {
    if length == LENGTHS[0] {
        for longer in LENGTHS.into_iter().skip(1) {
            waiting::bring(transaction, (longer, LENGTHS[0]), |start| start <= last)?;
        }
    }
    transaction
        .prepare_cached(
            "DELETE FROM rows WHERE dimension IN (SELECT id FROM dimensions) AND seconds = ?1 AND start <= ?2",
        )?
        .execute(params![length, last])?;
    transaction
        .prepare_cached("DELETE FROM steps WHERE seconds = ?1 AND start <= ?2")?
        .execute(params![length, last])?;
    if length == LENGTHS[LENGTHS.len() - 1] {
        transaction.prepare_cached("DELETE FROM hosts WHERE start <= ?1")?.execute([last])?;
    }
    Ok(())
}
