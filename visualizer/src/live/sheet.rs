//! A table that remembers when each row changed, so that any reader's difference can be told.
//!
//! The design asks for a set of dirty keys per client. Stamping each row with the tick of its last change, and keeping
//! the removed keys for a minute, gives every client its own difference from one shared table: memory is O(keys), not
//! O(keys × clients), and a client that skips ticks gets them merged for nothing.

use std::collections::{HashMap, VecDeque};

use ahash::RandomState;
use serde_json::{Map, Value, json};

/// Removed keys are kept for so many ticks: a minute at four a second.
const KEPT_TICKS: u64 = 240;

/// A table as the analysis made it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sheet {
    /// Names of the columns.
    pub(crate) columns: &'static [&'static str],
    /// Key and cells, in the order of the ranking.
    pub(crate) rows: Vec<(String, Vec<Value>)>,
    /// How many keys there are beyond these, these included.
    pub(crate) total: usize,
    /// The standard error of `total` as a share of it; 0 when it is exact.
    pub(crate) total_error: f64,
    /// Rows that were never shown, for feeds.
    pub(crate) dropped: Option<u64>,
}

/// A table over time.
#[derive(Debug, Default)]
pub(crate) struct Versioned {
    columns: &'static [&'static str],
    rows: HashMap<String, (u64, Vec<Value>), RandomState>,
    order: Vec<String>,
    removed: VecDeque<(u64, String)>,
    total: usize,
    total_error: f64,
    dropped: Option<u64>,
    /// Differences can be told from this tick on.
    oldest: u64,
    seq: u64,
}

impl Versioned {
    /// An empty table; differences can be told from tick `seq` on.
    pub(crate) fn new(seq: u64) -> Self {
        Self { oldest: seq, seq, ..Self::default() }
    }

    /// Takes the table of tick `seq`, which must be later than the one before.
    pub(crate) fn update(&mut self, seq: u64, sheet: Sheet) {
        self.seq = seq;
        self.columns = sheet.columns;
        self.total = sheet.total;
        self.total_error = sheet.total_error;
        self.dropped = sheet.dropped;
        self.order.clear();
        let mut before = std::mem::take(&mut self.rows);
        for (key, cells) in sheet.rows {
            let stamp = match before.remove(&key) {
                Some((stamp, old)) if old == cells => stamp,
                _ => seq,
            };
            self.order.push(key.clone());
            self.rows.insert(key, (stamp, cells));
        }
        self.removed.extend(before.into_keys().map(|key| (seq, key)));
        while self.removed.front().is_some_and(|(gone, _)| gone + KEPT_TICKS < seq) {
            self.removed.pop_front();
        }
        self.oldest = self.oldest.max(seq.saturating_sub(KEPT_TICKS));
    }

    /// The tick it is of.
    pub(crate) const fn seq(&self) -> u64 {
        self.seq
    }

    /// The whole table as the fields of a `snap` message.
    pub(crate) fn snap(&self) -> Map<String, Value> {
        let mut message = self.body(0);
        message.insert("seq".into(), json!(self.seq));
        message
    }

    /// Whether the difference from tick `from` can be told.
    pub(crate) const fn tells_since(&self, from: u64) -> bool {
        self.oldest <= from && from <= self.seq
    }

    /// What changed after tick `from`, as the fields of a `delta` message; `None` when that is too long ago.
    pub(crate) fn delta(&self, from: u64) -> Option<Map<String, Value>> {
        if !self.tells_since(from) {
            return None;
        }
        let mut message = self.body(from + 1);
        // The latest are last.
        let gone = self.removed.iter().rev().take_while(|(at, _)| *at > from);
        let mut gone: Vec<&String> =
            gone.map(|(_, key)| key).filter(|key| !self.rows.contains_key(*key)).collect();
        gone.sort_unstable();
        gone.dedup();
        message.insert("removes".into(), json!(gone));
        message.insert("from_seq".into(), json!(from));
        message.insert("seq".into(), json!(self.seq));
        message.insert("conflated".into(), json!((self.seq - from).saturating_sub(1)));
        Some(message)
    }

    /// The rows that changed at tick `since` or later.
    fn body(&self, since: u64) -> Map<String, Value> {
        let row = |key: &'_ String| self.rows.get_key_value(key).filter(|(_, (stamp, _))| *stamp >= since);
        let rows: Vec<(&String, &Vec<Value>)> =
            self.order.iter().filter_map(row).map(|(key, (_, cells))| (key, cells)).collect();
        let mut columns = Map::new();
        for (index, name) in self.columns.iter().enumerate() {
            let column: Vec<Value> =
                rows.iter().map(|(_, cells)| cells.get(index).cloned().unwrap_or(Value::Null)).collect();
            columns.insert((*name).to_owned(), Value::Array(column));
        }
        let mut message = Map::new();
        message.insert("keys".into(), rows.iter().map(|(key, _)| Value::from(key.as_str())).collect());
        message.insert("columns".into(), Value::Object(columns));
        message.insert("total".into(), json!(self.total));
        if self.total_error > 0.0 {
            message.insert("total_error".into(), json!(self.total_error));
        }
        if let Some(dropped) = self.dropped {
            message.insert("dropped".into(), json!(dropped));
        }
        message
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    const COLUMNS: &[&str] = &["a", "b"];

    fn sheet(rows: &BTreeMap<u8, (u8, u8)>) -> Sheet {
        let rows: Vec<_> =
            rows.iter().map(|(key, (a, b))| (key.to_string(), vec![json!(a), json!(b)])).collect();
        Sheet { columns: COLUMNS, total: rows.len(), rows, ..Sheet::default() }
    }

    /// A client's copy of a table, by the rules of the protocol.
    #[derive(Clone, Debug, Default, PartialEq)]
    struct Copy {
        seq: u64,
        rows: BTreeMap<String, Vec<Value>>,
    }

    impl Copy {
        fn of(snap: &Map<String, Value>) -> Self {
            let mut copy = Self { seq: snap["seq"].as_u64().unwrap(), ..Self::default() };
            copy.upsert(snap);
            copy
        }

        fn upsert(&mut self, message: &Map<String, Value>) {
            for (index, key) in message["keys"].as_array().unwrap().iter().enumerate() {
                let cells = COLUMNS.iter().map(|column| message["columns"][*column][index].clone()).collect();
                self.rows.insert(key.as_str().unwrap().to_owned(), cells);
            }
        }

        /// Whether the delta could be applied.
        fn apply(&mut self, delta: &Map<String, Value>) -> bool {
            if delta["from_seq"].as_u64().unwrap() != self.seq {
                return false;
            }
            self.upsert(delta);
            for key in delta["removes"].as_array().unwrap() {
                self.rows.remove(key.as_str().unwrap());
            }
            self.seq = delta["seq"].as_u64().unwrap();
            true
        }
    }

    fn states() -> impl Strategy<Value = Vec<BTreeMap<u8, (u8, u8)>>> {
        prop::collection::vec(prop::collection::btree_map(0u8..12, (0u8..3, 0u8..3), 0..12), 2..40)
    }

    proptest! {
        /// A client that skips ticks, sees some messages twice and some late always ends with the server's table.
        #[test]
        fn snapshot_and_deltas_give_the_later_snapshot(states in states(), picks in prop::collection::vec(0u8..4, 40)) {
            let mut table = Versioned::new(0);
            table.update(1, sheet(&states[0]));
            let mut copy = Copy::of(&table.snap());
            let mut sent: Vec<Map<String, Value>> = Vec::new();
            for (index, state) in states.iter().enumerate().skip(1) {
                let seq = index as u64 + 1;
                table.update(seq, sheet(state));
                match picks[index % picks.len()] {
                    0 => {} // a tick the client never hears of
                    1 => {
                        // an old message comes again: it must be refused or change nothing
                        if let Some(old) = sent.first() {
                            let before = copy.clone();
                            if !copy.apply(old) { prop_assert_eq!(&before, &copy); }
                        }
                    }
                    _ => {
                        let delta = table.delta(copy.seq).unwrap();
                        prop_assert!(copy.apply(&delta));
                        prop_assert_eq!(&copy, &Copy::of(&table.snap()));
                        sent.push(delta);
                    }
                }
            }
            let delta = table.delta(copy.seq).unwrap();
            copy.apply(&delta);
            prop_assert_eq!(copy, Copy::of(&table.snap()));
        }
    }

    #[test]
    fn what_is_too_long_ago_asks_for_a_snapshot() {
        let mut table = Versioned::new(5);
        for seq in 6..400 {
            table.update(seq, sheet(&BTreeMap::from([(seq as u8, (0, 0))])));
        }
        assert!(table.delta(4).is_none() && table.delta(100).is_none() && table.delta(400).is_none());
        assert!(table.delta(200).is_some());
        assert!(table.removed.len() <= KEPT_TICKS as usize + 1);
    }
}
