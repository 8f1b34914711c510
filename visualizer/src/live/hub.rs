//! The hub: tables by topic and filter, encoded once per tick and difference, shared by all clients that want the same.

use std::collections::HashMap;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use analyzer::query::Query;
use capturer::Timestamp;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use crate::live::history::Told;
use crate::live::status::lock;
use crate::live::{Command, Sheet, TopicKey, Versioned};

/// A topic that nobody wants is kept up for so long, so that a client that comes back can resume.
const LINGER: Duration = Duration::from_secs(60);

/// Distinct filters at a time: each costs every packet a match and its own aggregates.
pub(crate) const MAX_FILTERS: usize = 8;

/// Distinct topics (with filter, measure and length) at a time.
const MAX_TOPICS: usize = 256;

/// A tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Its number, from 1.
    pub(crate) seq: u64,
    /// Packet time in milliseconds since the epoch.
    pub(crate) at_ms: i64,
}

struct Entry {
    table: Versioned,
    from_ms: Option<i64>,
    /// Which part of the past it is of, and what is not kept of it.
    about: Option<Value>,
    users: usize,
    unused_since: Instant,
    ready: bool,
    /// Encoded differences of the current tick, by where they start; `None` is the snapshot.
    encoded: HashMap<Option<u64>, Arc<str>>,
}

struct State {
    moment: Moment,
    topics: HashMap<TopicKey, Entry>,
}

/// A table of the past.
pub(crate) struct PastSheet {
    pub(crate) key: TopicKey,
    pub(crate) about: Value,
    pub(crate) from: Option<Timestamp>,
    pub(crate) sheet: Sheet,
}

/// Why a topic cannot be had.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SubscribeError {
    /// Too many different filters are in use.
    Filters,
    /// Too many different topics are in use.
    Topics,
}

/// Tables and who waits for them.
pub(crate) struct Hub {
    /// Names this run: sequence numbers of another epoch mean nothing here.
    pub(crate) epoch: String,
    state: Mutex<State>,
    moments: watch::Sender<Moment>,
    commands: Sender<Command>,
    history: Sender<Told>,
}

/// A share in a topic; dropping it gives the share back.
pub(crate) struct Subscription {
    pub(crate) key: TopicKey,
    hub: Arc<Hub>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(entry) = lock(&self.hub.state).topics.get_mut(&self.key) {
            entry.users -= 1;
            entry.unused_since = Instant::now();
        }
    }
}

impl Hub {
    pub(crate) fn new(epoch: String, (commands, history): (Sender<Command>, Sender<Told>)) -> Self {
        let state = State { moment: Moment::default(), topics: HashMap::new() };
        Self {
            epoch,
            state: Mutex::new(state),
            moments: watch::Sender::new(Moment::default()),
            commands,
            history,
        }
    }

    /// Tells of each new tick.
    pub(crate) fn ticks(&self) -> watch::Receiver<Moment> {
        self.moments.subscribe()
    }

    /// How many are waiting for ticks.
    pub(crate) fn clients(&self) -> usize {
        self.moments.receiver_count()
    }

    /// Asks the analysis thread something.
    pub(crate) fn command(&self, command: Command) {
        // The thread has gone only when the process is about to.
        let _ = self.commands.send(command);
    }

    /// Asks the history thread something.
    pub(crate) fn ask_history(&self, told: Told) {
        // As above.
        let _ = self.history.send(told);
    }

    /// A share in a topic, made anew if need be.
    pub(crate) fn subscribe(
        self: &Arc<Self>,
        key: TopicKey,
        query: Option<Query>,
    ) -> Result<Subscription, SubscribeError> {
        let mut state = lock(&self.state);
        if let Some(entry) = state.topics.get_mut(&key) {
            entry.users += 1;
            return Ok(Subscription { key, hub: Arc::clone(self) });
        }
        state.make_room(&key, self)?;
        let table = Versioned::new(state.moment.seq);
        let entry = Entry {
            table,
            from_ms: None,
            about: None,
            users: 1,
            unused_since: Instant::now(),
            ready: false,
            encoded: HashMap::new(),
        };
        state.topics.insert(key.clone(), entry);
        if key.is_past() {
            self.ask_history(Told::Want(key.clone(), query));
        } else {
            self.command(Command::Want(key.clone(), query));
        }
        Ok(Subscription { key, hub: Arc::clone(self) })
    }

    /// Takes the tables of a new tick.
    pub(crate) fn publish(&self, at: Timestamp, sheets: Vec<(TopicKey, Option<Timestamp>, Sheet)>) {
        let mut state = lock(&self.state);
        let moment = Moment { seq: state.moment.seq + 1, at_ms: at.as_millis() };
        state.moment = moment;
        for (key, from, sheet) in sheets {
            if let Some(entry) = state.topics.get_mut(&key) {
                entry.table.update(moment.seq, sheet);
                entry.from_ms = from.map(Timestamp::as_millis);
                entry.ready = true;
                entry.encoded.clear();
            }
        }
        state.forget(self);
        drop(state);
        self.moments.send_replace(moment);
    }

    /// Takes tables of the past; the moment stays.
    pub(crate) fn publish_past(&self, sheets: Vec<PastSheet>) {
        let mut state = lock(&self.state);
        let moment = Moment { seq: state.moment.seq + 1, ..state.moment };
        state.moment = moment;
        for PastSheet { key, about, from, sheet } in sheets {
            if let Some(entry) = state.topics.get_mut(&key) {
                entry.table.update(moment.seq, sheet);
                entry.from_ms = from.map(Timestamp::as_millis);
                entry.about = Some(about);
                entry.ready = true;
                entry.encoded.clear();
            }
        }
        drop(state);
        self.moments.send_replace(moment);
    }

    /// The message body that brings a client from tick `from` (`None`: from nothing) to the topic's newest table,
    /// without its first fields, and the tick it brings it to; `None` while there is no table yet or nothing new.
    pub(crate) fn body(&self, key: &TopicKey, from: Option<u64>) -> Option<(u64, bool, Arc<str>)> {
        let mut state = lock(&self.state);
        let at_ms = state.moment.at_ms;
        let entry = state.topics.get_mut(key).filter(|entry| entry.ready)?;
        let seq = entry.table.seq();
        if from == Some(seq) {
            return None;
        }
        // Before a difference is made: all who want the same share it.
        let from = from.filter(|from| entry.table.tells_since(*from));
        if let Some(text) = entry.encoded.get(&from) {
            return Some((seq, from.is_none(), Arc::clone(text)));
        }
        let delta = from.and_then(|from| entry.table.delta(from));
        let mut message = delta.unwrap_or_else(|| entry.table.snap());
        message.insert("at".into(), json!(at_ms));
        message.insert("from".into(), json!(entry.from_ms));
        if let Some(about) = &entry.about {
            message.insert("range".into(), about.clone());
        }
        let text: Arc<str> = body_text(message).into();
        entry.encoded.insert(from, Arc::clone(&text));
        Some((seq, from.is_none(), text))
    }

    /// The tick that is current.
    pub(crate) fn moment(&self) -> Moment {
        lock(&self.state).moment
    }
}

/// An object's text without its opening brace, so that a client's own fields can stand before it.
fn body_text(message: Map<String, Value>) -> String {
    let mut text = Value::Object(message).to_string();
    text.remove(0);
    text
}

impl State {
    fn make_room(&mut self, key: &TopicKey, hub: &Hub) -> Result<(), SubscribeError> {
        let filters = |topics: &HashMap<TopicKey, Entry>| {
            let mut filters: Vec<String> =
                topics.keys().filter(|key| !key.is_past()).map(|key| key.filter.clone()).collect();
            filters.retain(|filter| !filter.is_empty());
            filters.sort_unstable();
            filters.dedup();
            filters
        };
        let known =
            |topics: &_| key.is_past() || key.filter.is_empty() || filters(topics).contains(&key.filter);
        if !known(&self.topics) && filters(&self.topics).len() >= MAX_FILTERS {
            // A filter that only lingers makes way for one that is wanted.
            let idle: Vec<TopicKey> = self.idle(|entry| entry.users == 0);
            self.remove(idle, hub);
            if filters(&self.topics).len() >= MAX_FILTERS {
                return Err(SubscribeError::Filters);
            }
        }
        if self.topics.len() >= MAX_TOPICS {
            let idle = self.idle(|entry| entry.users == 0);
            self.remove(idle, hub);
        }
        if self.topics.len() >= MAX_TOPICS { Err(SubscribeError::Topics) } else { Ok(()) }
    }

    fn forget(&mut self, hub: &Hub) {
        let now = Instant::now();
        let idle = self.idle(|entry| entry.users == 0 && now.duration_since(entry.unused_since) > LINGER);
        self.remove(idle, hub);
    }

    fn idle(&self, test: impl Fn(&Entry) -> bool) -> Vec<TopicKey> {
        self.topics.iter().filter(|(_, entry)| test(entry)).map(|(key, _)| key.clone()).collect()
    }

    fn remove(&mut self, keys: Vec<TopicKey>, hub: &Hub) {
        for key in keys {
            self.topics.remove(&key);
            if key.is_past() {
                hub.ask_history(Told::Drop(key));
            } else {
                hub.command(Command::Drop(key));
            }
        }
    }
}
