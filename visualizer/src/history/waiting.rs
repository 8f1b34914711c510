//! Steps of ten seconds whose rows wait to be added to those of longer steps.
//!
//! What ten seconds carried belongs to steps of all lengths, and the rows of an hour are many: added at once, each ten seconds
//! would change some thousand pages of the file, the same ones again and again (docs/HISTORY.md). So their rows are written once,
//! and the table `waiting` says into which lengths they have not been brought; [`TOGETHER`] says how many seconds are brought
//! together. Who asks adds what waits ([`super::ask`]): answers are right from a step's first second on, and what was written
//! waits on after a kill or a power cut, since both are in the file.

use std::collections::BTreeSet;

use rusqlite::{Transaction, params};

use super::levels::{LENGTHS, begin};

/// Seconds whose rows are brought into the steps of each longer length together. What is asked of these lengths has so many seconds
/// of the shortest to add.
pub(super) const TOGETHER: [i64; LENGTHS.len() - 1] = [60, 600, 600];

/// For a store in memory, where writing costs nothing.
pub(super) const AT_ONCE: [i64; LENGTHS.len() - 1] = [LENGTHS[0]; LENGTHS.len() - 1];

/// Rows of steps of ten seconds that wait, from ?4 to below ?5, become part of the step of length ?2 that begins at ?3.
const BRING: &str = "
INSERT INTO rows
SELECT dimension, ?2, ?3, key, sum(packets_sent), sum(bytes_sent), sum(packets_received), sum(bytes_received), sum(flows)
FROM rows WHERE dimension = ?1 AND seconds = 10
  AND start IN (SELECT start FROM waiting WHERE seconds = ?2 AND start >= ?4 AND start < ?5)
GROUP BY key
ON CONFLICT DO UPDATE SET packets_sent = packets_sent + excluded.packets_sent, bytes_sent = bytes_sent + excluded.bytes_sent,
  packets_received = packets_received + excluded.packets_received,
  bytes_received = bytes_received + excluded.bytes_received, flows = flows + excluded.flows";

/// Whether a step of ten seconds that is there already waits to be brought into steps of a length.
pub(super) fn waits(transaction: &Transaction<'_>, length: i64, start: i64) -> rusqlite::Result<bool> {
    transaction
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM waiting WHERE seconds = ?1 AND start = ?2)")?
        .query_row([length, start], |row| row.get(0))
}

/// A step of ten seconds waits to be brought into steps of a length.
pub(super) fn wait(transaction: &Transaction<'_>, length: i64, start: i64) -> rusqlite::Result<()> {
    transaction.prepare_cached("INSERT OR IGNORE INTO waiting VALUES (?1, ?2)")?.execute([length, start])?;
    Ok(())
}

/// Brings those that are `due`, with what waits beside them, into the steps of a length; `together`: so many seconds at a time.
pub(super) fn bring(
    transaction: &Transaction<'_>,
    (length, together): (i64, i64),
    due: impl Fn(i64) -> bool,
) -> rusqlite::Result<()> {
    let begins: BTreeSet<i64> = transaction
        .prepare_cached("SELECT start FROM waiting WHERE seconds = ?1")?
        .query_map([length], |row| row.get(0))?
        .filter(|start| start.as_ref().is_ok_and(|start| due(*start)))
        .map(|start| start.map(|start| begin(start, together)))
        .collect::<rusqlite::Result<_>>()?;
    if begins.is_empty() {
        return Ok(());
    }
    let dimensions: Vec<i64> = transaction
        .prepare_cached("SELECT id FROM dimensions ORDER BY id")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for from in begins {
        let (step, to) = (begin(from, length), from + together);
        for dimension in &dimensions {
            transaction.prepare_cached(BRING)?.execute(params![dimension, length, step, from, to])?;
        }
        transaction
            .prepare_cached("DELETE FROM waiting WHERE seconds = ?1 AND start >= ?2 AND start < ?3")?
            .execute([length, from, to])?;
    }
    Ok(())
}
