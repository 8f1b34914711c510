//! The board: the newest stored alerts with their states, for readers that must not wait for the disk.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use serde_json::{Map, Value, json};

use super::question::{Cursor, Page, Question};
use super::triage::State;

/// Alerts on the board.
pub(crate) const MOST: usize = 2000;

/// An alert with what people did about it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) id: i64,
    pub(crate) rule: String,
    /// 0 (info) to 4 (critical).
    pub(crate) severity: u8,
    pub(crate) first_ms: i64,
    pub(crate) last_ms: i64,
    /// The document of the detectors, without `id`, as it is stored: as values it takes five times as much.
    pub(crate) document: Box<str>,
    pub(crate) state: State,
    pub(crate) reason: Option<String>,
    pub(crate) comments: u32,
    pub(crate) muted: bool,
    /// Packets that are kept of it.
    pub(crate) evidence: u32,
}

impl Entry {
    /// Its name in documents.
    pub(crate) fn name(&self) -> String {
        format!("{:08}", self.id)
    }

    /// The whole document.
    pub(crate) fn json(&self) -> Map<String, Value> {
        let mut document: Map<String, Value> = serde_json::from_str(&self.document).unwrap_or_default();
        document.insert("id".into(), json!(self.name()));
        document.extend(self.triage());
        document
    }

    fn triage(&self) -> [(String, Value); 5] {
        [
            ("state".into(), json!(self.state.name())),
            ("reason".into(), json!(self.reason)),
            ("comments".into(), json!(self.comments)),
            ("muted".into(), json!(self.muted)),
            ("evidence".into(), json!(self.evidence)),
        ]
    }
}

/// What happened to alerts on the way to the disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Account {
    /// Stored in this run, each once.
    pub(crate) stored: u64,
    /// Found, but not stored so far.
    pub(crate) waiting: u64,
    /// Found and never stored, because others were more or mattered more.
    pub(crate) suppressed: u64,
    /// Deleted to stay within the size.
    pub(crate) pruned: u64,
    /// What is wrong with the store, if anything is.
    pub(crate) fault: Option<String>,
}

impl Account {
    /// As documents have it.
    pub(crate) fn json(&self) -> Value {
        json!({
            "stored": self.stored, "waiting": self.waiting, "suppressed": self.suppressed, "pruned": self.pruned,
            "fault": self.fault,
        })
    }
}

#[derive(Default)]
struct Inner {
    entries: BTreeMap<i64, Entry>,
    /// How many are stored in all in each state, in the order of [`State::ALL`].
    states: [u64; 4],
    account: Account,
}

impl Inner {
    fn total(&self) -> u64 {
        self.states.iter().sum()
    }

    /// The latest first.
    fn by_time(&self) -> Vec<&Entry> {
        let mut all: Vec<&Entry> = self.entries.values().collect();
        all.sort_unstable_by_key(|entry| std::cmp::Reverse(Cursor::of(entry)));
        all
    }
}

/// The board.
#[derive(Default)]
pub(crate) struct Board(Mutex<Inner>);

impl Board {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Puts alerts on it that are stored; those that were quiet longest go.
    pub(crate) fn put(&self, entries: impl IntoIterator<Item = Entry>) {
        let mut inner = self.lock();
        for entry in entries {
            inner.entries.insert(entry.id, entry);
        }
        while inner.entries.len() > MOST {
            let quietest = inner.entries.values().map(Cursor::of).min();
            quietest.into_iter().for_each(|cursor| drop(inner.entries.remove(&cursor.id)));
        }
    }

    /// Takes away what was deleted.
    pub(crate) fn remove(&self, id: i64) {
        self.lock().entries.remove(&id);
    }

    /// Tells how many are stored in all in each state, and what happened to the others.
    pub(crate) fn set_account(&self, states: [u64; 4], account: Account) {
        let mut inner = self.lock();
        (inner.states, inner.account) = (states, account);
    }

    /// The account.
    pub(crate) fn account(&self) -> Account {
        self.lock().account.clone()
    }

    /// The newest, latest first, and how many are stored in all.
    pub(crate) fn latest(&self, most: usize) -> (Vec<Entry>, u64) {
        let inner = self.lock();
        (inner.by_time().into_iter().take(most).cloned().collect(), inner.total())
    }

    /// The first page of an answer, as far as the board goes.
    pub(crate) fn page(&self, question: &Question) -> Page {
        let inner = self.lock();
        let all = inner.by_time();
        let beyond = all.last().filter(|_| inner.total() > all.len() as u64).map(|entry| Cursor::of(entry));
        let wanted = all.into_iter().filter(|entry| question.wants(entry.severity, &entry.rule, entry.state));
        Page::cut(wanted.take(question.limit + 1).cloned().collect(), question.limit, beyond)
    }

    /// How many alerts there are of each kind that the page lists: all of those stored, but muted ones only of the newest.
    pub(crate) fn tally(&self) -> Value {
        let inner = self.lock();
        let mut states = inner.states;
        let muted: Vec<State> =
            inner.entries.values().filter(|entry| entry.muted).map(|entry| entry.state).collect();
        for state in &muted {
            states[*state as usize] = states[*state as usize].saturating_sub(1);
        }
        let [new, acknowledged, escalated, closed] = states;
        json!({
            "inbox": new + acknowledged, "escalated": escalated, "closed": closed, "muted": muted.len(),
            "all": inner.total(), "muted_of": inner.entries.len(),
        })
    }

    /// Changes the entries for which `change` says so.
    pub(crate) fn update(&self, mut change: impl FnMut(&mut Entry)) {
        self.lock().entries.values_mut().for_each(&mut change);
    }

    /// Severity and state of all entries that are not muted.
    pub(crate) fn counts(&self) -> Vec<(u8, State)> {
        let inner = self.lock();
        let shown = inner.entries.values().filter(|entry| !entry.muted);
        shown.map(|entry| (entry.severity, entry.state)).collect()
    }

    /// How many alerts are on it.
    pub(crate) fn len(&self) -> usize {
        self.lock().entries.len()
    }

    /// All entries for which a question holds, oldest first.
    pub(crate) fn select(&self, holds: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        self.lock().entries.values().filter(|entry| holds(entry)).cloned().collect()
    }
}
