//! The tables on disk: SQLite in WAL mode with `synchronous=FULL`, so that what is committed survives a power cut.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use serde_json::{Map, Value};

use super::board::Entry;
use super::question::{Cursor, Page, Question};
use super::triage::{Mute, Past, State, Step};
use crate::schema::Schema;

/// In 1 alerts were stored as muted, and stayed so for ever; in 2 one that was found again in the same capture was another.
const SCHEMA: Schema = Schema {
    tables: TABLES,
    steps: &[
        "ALTER TABLE alerts DROP COLUMN muted;",
        "ALTER TABLE alerts ADD COLUMN identity TEXT; CREATE INDEX alerts_identity ON alerts (identity);",
    ],
};

const TABLES: &str = "
CREATE TABLE alerts (
  id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, number INTEGER NOT NULL, rule TEXT NOT NULL,
  severity INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, document TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'new', reason TEXT, comments INTEGER NOT NULL DEFAULT 0,
  evidence INTEGER NOT NULL DEFAULT 0, identity TEXT, UNIQUE (run, number)
);
CREATE INDEX alerts_last ON alerts (last_ms);
CREATE INDEX alerts_identity ON alerts (identity);
CREATE TABLE history (
  alert INTEGER NOT NULL REFERENCES alerts (id) ON DELETE CASCADE, at_ms INTEGER NOT NULL, action TEXT NOT NULL,
  comment TEXT, reason TEXT
);
CREATE INDEX history_alert ON history (alert);
CREATE TABLE evidence (alert INTEGER PRIMARY KEY REFERENCES alerts (id) ON DELETE CASCADE, capture BLOB NOT NULL);
CREATE TABLE mutes (
  id INTEGER PRIMARY KEY AUTOINCREMENT, filter TEXT NOT NULL, reason TEXT NOT NULL, created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL, hits INTEGER NOT NULL DEFAULT 0, last_hit_ms INTEGER
);
";

const COLUMNS: &str = "id, rule, severity, first_ms, last_ms, document, state, reason, comments, evidence";

/// An open store.
pub(super) struct Database(Connection);

/// An alert as the detectors have it, on its way to the disk.
pub(super) struct Fresh<'a> {
    pub(super) number: u64,
    /// The last number before the replay began again: those up to it may be the same as this.
    pub(super) earlier: u64,
    /// What it has each time its packets are read.
    pub(super) identity: String,
    pub(super) rule: &'a str,
    pub(super) severity: u8,
    pub(super) first_ms: i64,
    pub(super) last_ms: i64,
    pub(super) document: &'a Map<String, Value>,
    /// The mute that hides it.
    pub(super) muted_by: Option<i64>,
    /// Its packets as pcapng, and how many.
    pub(super) evidence: Option<(&'a [u8], u32)>,
}

/// An alert as it is stored now.
pub(super) struct Stored {
    pub(super) entry: Entry,
    pub(super) news: News,
}

/// Whether it was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Stored for the first time.
    New,
    /// An alert of an earlier reading of the same packets, with all that was done about it.
    Again,
    /// Of this run, and stored before.
    Known,
}

impl Database {
    /// Opens a file, or makes it; `None`: in memory.
    pub(super) fn open(path: Option<&Path>) -> rusqlite::Result<Self> {
        let connection = match path {
            Some(path) => Connection::open(path)?,
            None => Connection::open_in_memory()?,
        };
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        SCHEMA.version_of(&connection)?;
        connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA foreign_keys = ON;")?;
        // In memory there is no journal to choose: the answer is not looked at.
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        connection.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 8388608; PRAGMA temp_store = MEMORY;",
        )?;
        SCHEMA.bring_up_to_date(&connection)?;
        Ok(Self(connection))
    }

    /// Shows after a fault of the disk that it takes a change again, by one that changes nothing.
    ///
    /// What a failed commit left behind in the journal is written over by this: SQLite goes on where its last good commit
    /// ended. Were the file opened anew instead, it would find that commit whole and take it for done, although whoever asked
    /// was told that nothing changed.
    pub(super) fn prove(&mut self) -> rusqlite::Result<()> {
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()
    }

    /// Whether the file is whole.
    pub(super) fn check(&self) -> rusqlite::Result<bool> {
        self.0.query_row("PRAGMA quick_check(1)", [], |row| Ok(row.get::<_, String>(0)? == "ok"))
    }

    /// Stores alerts of a run in one transaction; gives them as they are then. Mutes that hide new ones are hit.
    pub(super) fn put(
        &mut self,
        run: &str,
        alerts: &[Fresh<'_>],
        at_ms: i64,
    ) -> rusqlite::Result<Vec<Stored>> {
        let transaction = self.0.transaction()?;
        let stored =
            alerts.iter().map(|alert| put(&transaction, run, alert, at_ms)).collect::<Result<_, _>>()?;
        transaction.commit()?;
        Ok(stored)
    }

    /// Takes a step with alerts, all or none; gives each with the state it had. `Err` names one that there is not.
    pub(super) fn step(
        &mut self,
        ids: &[i64],
        step: &Step,
        now_ms: i64,
    ) -> rusqlite::Result<Result<Vec<(Entry, State)>, i64>> {
        let transaction = self.0.transaction()?;
        let mut stepped = Vec::with_capacity(ids.len());
        for &id in ids {
            match take_step(&transaction, id, step, now_ms)? {
                Some(taken) => stepped.push(taken),
                None => return Ok(Err(id)),
            }
        }
        transaction.commit()?;
        Ok(Ok(stepped))
    }

    /// A page of alerts, latest first.
    pub(super) fn page(&self, question: &Question) -> rusqlite::Result<Page> {
        let from = question.before.unwrap_or(Cursor { last_ms: i64::MAX, id: i64::MAX });
        let mut select = self.0.prepare(&format!(
            "SELECT {COLUMNS} FROM alerts WHERE (last_ms, id) < (?1, ?2) AND severity >= ?3 \
             ORDER BY last_ms DESC, id DESC"
        ))?;
        let mut rows = select.query(params![from.last_ms, from.id, question.severity])?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            let (rule, state) = (row.get_ref(1)?.as_str()?, row.get_ref(6)?.as_str()?);
            if question.wants(row.get(2)?, rule, State::named(state).unwrap_or_default()) {
                entries.push(entry(row)?);
            }
            if entries.len() > question.limit {
                break;
            }
        }
        Ok(Page::cut(entries, question.limit, None))
    }

    /// An alert with its history, oldest first.
    pub(super) fn get(&self, id: i64) -> rusqlite::Result<Option<(Entry, Vec<Past>)>> {
        let found = self.0.query_row(&format!("SELECT {COLUMNS} FROM alerts WHERE id = ?1"), [id], entry);
        let Some(found) = found.optional()? else { return Ok(None) };
        let mut select = self
            .0
            .prepare("SELECT at_ms, action, comment, reason FROM history WHERE alert = ?1 ORDER BY rowid")?;
        let past = |row: &Row<'_>| {
            Ok(Past { at_ms: row.get(0)?, action: row.get(1)?, comment: row.get(2)?, reason: row.get(3)? })
        };
        let history = select.query_map([id], past)?.collect::<rusqlite::Result<_>>()?;
        Ok(Some((found, history)))
    }

    /// The packets of an alert as pcapng.
    pub(super) fn evidence(&self, id: i64) -> rusqlite::Result<Option<Vec<u8>>> {
        self.0.query_row("SELECT capture FROM evidence WHERE alert = ?1", [id], |row| row.get(0)).optional()
    }

    /// How many alerts are in each state, in the order of [`State::ALL`].
    pub(super) fn states(&self) -> rusqlite::Result<[u64; 4]> {
        let mut states = [0; 4];
        let mut select = self.0.prepare("SELECT state, count(*) FROM alerts GROUP BY state")?;
        let counts = select.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
        for count in counts {
            let (state, n) = count?;
            states[State::named(&state).unwrap_or_default() as usize] += n as u64;
        }
        Ok(states)
    }

    /// Bytes the tables take.
    pub(super) fn bytes(&self) -> rusqlite::Result<u64> {
        let pages: i64 = self.0.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        let free: i64 = self.0.query_row("PRAGMA freelist_count", [], |row| row.get(0))?;
        let size: i64 = self.0.query_row("PRAGMA page_size", [], |row| row.get(0))?;
        Ok(((pages - free) * size) as u64)
    }

    /// Deletes so many alerts, closed ones first, then those that were quiet longest; gives their numbers and
    /// the states they were in.
    pub(super) fn prune(&mut self, most: u64) -> rusqlite::Result<Vec<(i64, State)>> {
        let transaction = self.0.transaction()?;
        let gone: Vec<(i64, State)> = transaction
            .prepare(
                "DELETE FROM alerts WHERE id IN (SELECT id FROM alerts ORDER BY state = 'closed' DESC, last_ms LIMIT ?1) \
                 RETURNING id, state",
            )?
            .query_map([most as i64], |row| Ok((row.get(0)?, state(row, 1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        transaction.commit()?;
        self.0.execute_batch("PRAGMA incremental_vacuum;")?;
        Ok(gone)
    }

    /// Adds a mute; gives its number.
    pub(super) fn add_mute(&self, mute: &Mute) -> rusqlite::Result<i64> {
        self.0.execute(
            "INSERT INTO mutes (filter, reason, created_ms, expires_ms) VALUES (?1, ?2, ?3, ?4)",
            params![mute.filter, mute.reason, mute.created_ms, mute.expires_ms],
        )?;
        Ok(self.0.last_insert_rowid())
    }

    /// Ends a mute; `false` when there is none with this number.
    pub(super) fn remove_mute(&self, id: i64) -> rusqlite::Result<bool> {
        Ok(self.0.execute("DELETE FROM mutes WHERE id = ?1", [id])? > 0)
    }

    /// All mutes.
    pub(super) fn mutes(&self) -> rusqlite::Result<Vec<Mute>> {
        let mut select = self.0.prepare(
            "SELECT id, filter, reason, created_ms, expires_ms, hits, last_hit_ms FROM mutes ORDER BY id",
        )?;
        let mute = |row: &Row<'_>| {
            Ok(Mute {
                id: row.get(0)?,
                filter: row.get(1)?,
                reason: row.get(2)?,
                created_ms: row.get(3)?,
                expires_ms: row.get(4)?,
                hits: row.get::<_, i64>(5)? as u64,
                last_hit_ms: row.get(6)?,
            })
        };
        select.query_map([], mute)?.collect()
    }
}

fn put(transaction: &Connection, run: &str, alert: &Fresh<'_>, at_ms: i64) -> rusqlite::Result<Stored> {
    let number = i64::try_from(alert.number).unwrap_or(i64::MAX);
    let news = news(transaction, (run, number), alert)?;
    let text = serde_json::to_string(alert.document).unwrap_or_default();
    // No upsert: one that finds the row there takes a number of AUTOINCREMENT all the same, and alerts would count 1, 4, 9.
    let write = if news == News::New {
        "INSERT INTO alerts (run, number, severity, first_ms, last_ms, document, rule, identity) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
    } else {
        "UPDATE alerts SET severity = ?3, first_ms = ?4, last_ms = ?5, document = ?6, rule = ?7, \
         identity = coalesce(identity, ?8) WHERE run = ?1 AND number = ?2"
    };
    let (rule, identity) = (alert.rule, &alert.identity);
    let mut entry = transaction.query_row(
        &format!("{write} RETURNING {COLUMNS}"),
        params![run, number, alert.severity, alert.first_ms, alert.last_ms, text, rule, identity],
        entry,
    )?;
    entry.muted = alert.muted_by.is_some();
    if let Some((capture, packets)) = alert.evidence {
        keep_evidence(transaction, entry.id, capture, packets)?;
        entry.evidence = packets;
    }
    if let Some(mute) = alert.muted_by.filter(|_| news == News::New) {
        let hit = "UPDATE mutes SET hits = hits + 1, last_hit_ms = ?2 WHERE id = ?1";
        transaction.execute(hit, params![mute, at_ms])?;
    }
    Ok(Stored { entry, news })
}

/// Whether an alert was there; one of an earlier reading of the same packets becomes this run's.
fn news(transaction: &Connection, place: (&str, i64), alert: &Fresh<'_>) -> rusqlite::Result<News> {
    let there = "SELECT 1 FROM alerts WHERE run = ?1 AND number = ?2";
    if transaction.prepare_cached(there)?.exists(place)? {
        return Ok(News::Known);
    }
    let take_over = "UPDATE alerts SET run = ?1, number = ?2 WHERE id = (SELECT id FROM alerts WHERE identity = ?3 \
                     AND (run <> ?1 OR number <= ?4) ORDER BY id LIMIT 1)";
    let earlier = i64::try_from(alert.earlier).unwrap_or(i64::MAX);
    let taken =
        transaction.prepare_cached(take_over)?.execute(params![place.0, place.1, alert.identity, earlier])?;
    Ok(if taken > 0 { News::Again } else { News::New })
}

fn keep_evidence(transaction: &Connection, id: i64, capture: &[u8], packets: u32) -> rusqlite::Result<()> {
    let keep = "INSERT INTO evidence (alert, capture) VALUES (?1, ?2) \
                ON CONFLICT DO UPDATE SET capture = excluded.capture";
    transaction.execute(keep, params![id, capture])?;
    transaction.execute("UPDATE alerts SET evidence = ?2 WHERE id = ?1", params![id, packets]).map(drop)
}

/// Gives the alert as it is then, and the state it had; `None` when there is no such alert.
fn take_step(
    transaction: &Connection,
    id: i64,
    step: &Step,
    now_ms: i64,
) -> rusqlite::Result<Option<(Entry, State)>> {
    let before = transaction
        .query_row("SELECT state FROM alerts WHERE id = ?1", [id], |row| state(row, 0))
        .optional()?;
    let Some(before) = before else { return Ok(None) };
    let to = step.action.leads_to().map(State::name);
    let entry = transaction.query_row(
        &format!(
            "UPDATE alerts SET state = coalesce(?2, state), reason = CASE WHEN ?2 IS NULL THEN reason ELSE ?3 END, \
             comments = comments + ?4 WHERE id = ?1 RETURNING {COLUMNS}"
        ),
        params![id, to, step.reason, i32::from(step.comment.is_some())],
        entry,
    )?;
    transaction.execute(
        "INSERT INTO history (alert, at_ms, action, comment, reason) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![id, now_ms, step.action.name(), step.comment, step.reason],
    )?;
    Ok(Some((entry, before)))
}

fn state(row: &Row<'_>, column: usize) -> rusqlite::Result<State> {
    Ok(State::named(row.get_ref(column)?.as_str()?).unwrap_or_default())
}

/// Whether it is muted the tables don't say.
fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        id: row.get(0)?,
        rule: row.get(1)?,
        severity: row.get(2)?,
        first_ms: row.get(3)?,
        last_ms: row.get(4)?,
        document: row.get(5)?,
        state: state(row, 6)?,
        reason: row.get(7)?,
        comments: row.get(8)?,
        muted: false,
        evidence: row.get(9)?,
    })
}
