//! The store thread: it alone writes. Alerts that changed wait in a table by their number, so that one that changes often
//! waits once; of those that wait, at most so many a second are stored, each rule's worst first, so that a flood of one
//! rule hides no other. When the disk fails, nothing is answered as done; the store is opened again until it works.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use analyzer::Alert;
use rusqlite::ErrorCode;
use tokio::sync::oneshot;

use super::board::{Account, Entry};
use super::database::{Database, Fresh, News};
use super::mutes::{self, Judge, Mutes};
use super::question::{Page, Question};
use super::record::{document, fresh, revive};
use super::triage::{Mute, Past, State, Step};
use super::waiting::Waiting;
use crate::bucket::Bucket;
use crate::live::{Status, now};
use crate::settings::Settings;

/// Records that are stored a second at most.
const RATE: u32 = 50;

/// How long the thread waits for something to do.
const TICK: Duration = Duration::from_millis(100);

/// Alerts that may wait.
const MOST_WAITING: usize = 16_384;

/// After a fault the store is opened again so often.
const RETRY: Duration = Duration::from_secs(2);

/// How often the size is looked at.
const LOOK: Duration = Duration::from_secs(10);

/// Alerts that are deleted together when the store is too large.
const PRUNED: u64 = 500;

/// Numbers of stored alerts that are remembered; more than the detectors keep alerts that may still change.
const MOST_KNOWN: usize = 65_536;

/// An alert that changed, with its packets if they are to be kept.
pub(crate) struct Found {
    pub(crate) alert: Alert,
    /// A capture (pcapng), and how many packets are in it.
    pub(crate) evidence: Option<(Vec<u8>, u32)>,
    /// The last number of those that were found before a replay began again.
    pub(crate) earlier: u64,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is no such alert or mute.
    Unknown,
    /// Of several there is not this one; nothing changed.
    UnknownOf(i64),
    /// The question is wrong.
    Wrong(String),
    /// It could not be stored; nothing changed.
    Fault(String),
}

type Reply<T> = oneshot::Sender<Result<T, Refusal>>;

/// What the store is asked for.
pub(crate) enum Ask {
    /// Alerts that changed, and how many there were in all in this run.
    Found(Vec<Found>, u64),
    /// A step with alerts, all of them or none.
    Step(Vec<i64>, Step, Reply<Vec<Entry>>),
    /// Alerts of the disk, beyond what the board has.
    Page(Question, Reply<Page>),
    Get(i64, Reply<(Entry, Vec<Past>)>),
    Evidence(i64, Reply<Vec<u8>>),
    Mutes(Reply<Vec<Mute>>),
    Mute(Mute, Reply<Mute>),
    Unmute(i64, Reply<()>),
    /// Which alerts on the board a filter holds for.
    Preview(String, Reply<Vec<Entry>>),
    /// Nothing more comes.
    End,
}

/// Where alerts are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Only as long as the program runs.
    Memory,
    /// In this file.
    File(PathBuf),
}

/// Where the settings want them: the demo's are not worth keeping.
pub(crate) fn place(settings: &Settings, is_demo: bool) -> Place {
    if is_demo || !settings.alerts.keep {
        return Place::Memory;
    }
    let folder = crate::geo_files::folder_of(&settings.alerts.folder, "");
    Place::File(folder.join("alerts.sqlite"))
}

/// The store, before its thread is started.
pub(crate) struct Store {
    place: Place,
    database: Option<Database>,
    /// One that the disk failed, until it has written again; see [`Database::prove`].
    failed: Option<Database>,
    run: String,
    pub(super) status: Arc<Status>,
    waiting: Waiting,
    mutes: Mutes,
    account: Account,
    /// How many alerts are on the disk in each state, in the order of [`State::ALL`].
    states: [u64; 4],
    /// Which alerts of this run are stored, the latest of them.
    known: BTreeSet<u64>,
    /// Alerts found in this run.
    found: u64,
    allowance: Bucket,
    opened: Instant,
    looked: Instant,
    largest: u64,
}

impl Store {
    /// Opens the store; what it holds of earlier runs goes to the board.
    ///
    /// # Errors
    /// If the file can't be opened or is not one of ours.
    pub(crate) fn open(place: Place, run: String, largest: u64, status: Arc<Status>) -> Result<Self, String> {
        let now = Instant::now();
        let mut store = Self {
            place,
            database: None,
            failed: None,
            run,
            status,
            waiting: Waiting::new(MOST_WAITING),
            mutes: Mutes::default(),
            account: Account::default(),
            states: [0; 4],
            known: BTreeSet::new(),
            found: 0,
            allowance: Bucket::new(RATE, Duration::from_secs(1), now),
            opened: now,
            looked: now,
            largest,
        };
        store.reopen()?;
        Ok(store)
    }

    /// Starts the thread; it ends when it is told so or nobody can ask any more.
    pub(crate) fn spawn(mut self, asks: Receiver<Ask>) -> io::Result<JoinHandle<()>> {
        Builder::new().name("store".into()).spawn(move || self.serve(&asks))
    }

    fn serve(&mut self, asks: &Receiver<Ask>) {
        loop {
            match asks.recv_timeout(TICK) {
                Ok(Ask::End) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(ask) => self.answer(ask),
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.flush(Instant::now());
            self.look(now().as_millis());
        }
        self.finish();
    }

    fn reopen(&mut self) -> Result<(), String> {
        self.opened = Instant::now();
        let path = match &self.place {
            Place::Memory => None,
            Place::File(path) => Some(path.clone()),
        };
        let told = |error: rusqlite::Error| told(path.as_deref(), &error);
        if let Some(failed) = &mut self.failed
            && let Err(error) = failed.prove()
        {
            if !is_of_disk(&error) {
                self.failed = None;
            }
            return Err(told(error));
        }
        let database = open(path.as_deref())?;
        self.failed = None;
        self.status.board.put(database.page(&newest()).map_err(told)?.entries);
        let at = now().as_millis();
        self.mutes = Mutes::new(database.mutes().map_err(told)?, at);
        self.states = database.states().map_err(told)?;
        self.database = Some(database);
        self.judge_board(at);
        self.account.fault = None;
        self.publish();
        Ok(())
    }

    /// Does something with the database; what goes wrong is a fault of the store.
    fn with<T>(&mut self, act: impl FnOnce(&mut Database) -> rusqlite::Result<T>) -> Result<T, Refusal> {
        let Some(database) = &mut self.database else {
            let fault = self.account.fault.clone().unwrap_or_else(|| "the store is not open".to_owned());
            return Err(Refusal::Fault(fault));
        };
        act(database).map_err(|error| {
            let path = match &self.place {
                Place::Memory => None,
                Place::File(path) => Some(path.as_path()),
            };
            let text = told(path, &error);
            tracing::error!("the store of alerts failed: {text}; capture goes on, and it is opened again");
            self.account.fault = Some(text.clone());
            self.failed = self.database.take().filter(|_| is_of_disk(&error));
            self.opened = Instant::now();
            self.publish();
            Refusal::Fault(text)
        })
    }

    pub(super) fn answer(&mut self, ask: Ask) {
        // Whoever asked may have gone; then nobody hears the answer.
        match ask {
            Ask::Found(found, new) => self.take(found, new),
            Ask::Step(ids, step, reply) => drop(reply.send(self.step(&ids, &step))),
            Ask::Page(question, reply) => drop(reply.send(self.page(&question))),
            Ask::Get(id, reply) => drop(reply.send(self.get(id))),
            Ask::Evidence(id, reply) => {
                drop(reply.send(self.with(|database| database.evidence(id)).and_then(known)));
            }
            Ask::Mutes(reply) => drop(reply.send(Ok(self.mutes.list()))),
            Ask::Mute(mute, reply) => drop(reply.send(self.mute(mute))),
            Ask::Unmute(id, reply) => drop(reply.send(self.unmute(id))),
            Ask::Preview(filter, reply) => drop(reply.send(self.preview(&filter))),
            Ask::End => {}
        }
    }

    fn take(&mut self, found: Vec<Found>, new: u64) {
        self.found += new;
        found.into_iter().for_each(|found| self.waiting.put(found));
    }

    fn step(&mut self, ids: &[i64], step: &Step) -> Result<Vec<Entry>, Refusal> {
        let at = now().as_millis();
        let stepped = self.with(|database| database.step(ids, step, at))?;
        let stepped =
            stepped.map_err(|id| if ids.len() == 1 { Refusal::Unknown } else { Refusal::UnknownOf(id) })?;
        for (entry, before) in &stepped {
            self.states[*before as usize] = self.states[*before as usize].saturating_sub(1);
            self.states[entry.state as usize] += 1;
        }
        let mut entries: Vec<Entry> = stepped.into_iter().map(|(entry, _)| entry).collect();
        self.judge(&mut entries, at);
        self.status.board.put(entries.iter().cloned());
        self.publish();
        Ok(entries)
    }

    fn page(&mut self, question: &Question) -> Result<Page, Refusal> {
        let mut page = self.with(|database| database.page(question))?;
        self.judge(&mut page.entries, now().as_millis());
        Ok(page)
    }

    fn get(&mut self, id: i64) -> Result<(Entry, Vec<Past>), Refusal> {
        let (mut entry, history) = self.with(|database| database.get(id)).and_then(known)?;
        self.judge(std::slice::from_mut(&mut entry), now().as_millis());
        Ok((entry, history))
    }

    fn mute(&mut self, mute: Mute) -> Result<Mute, Refusal> {
        let at = now().as_millis();
        let query = mutes::read(&mute.filter)?;
        if let Some(id) = self.mutes.crowded_out(at)? {
            self.unmute(id)?;
        }
        let id = self.with(|database| database.add_mute(&mute))?;
        let mute = Mute { id, ..mute };
        self.mutes.add(mute.clone(), query);
        self.judge_board(at);
        Ok(mute)
    }

    fn unmute(&mut self, id: i64) -> Result<(), Refusal> {
        if !self.with(|database| database.remove_mute(id))? {
            return Err(Refusal::Unknown);
        }
        self.mutes.remove(id);
        self.judge_board(now().as_millis());
        Ok(())
    }

    /// Says of alerts of the disk whether they are muted.
    fn judge(&self, entries: &mut [Entry], at: i64) {
        let judge = Judge::new(self.status.known());
        entries.iter_mut().for_each(|entry| entry.muted = self.hides(entry, at, &judge));
    }

    /// What is on the board is muted or not as the mutes are now.
    fn judge_board(&self, at: i64) {
        let judge = Judge::new(self.status.known());
        self.status.board.update(|entry| entry.muted = self.hides(entry, at, &judge));
    }

    fn hides(&self, entry: &Entry, at: i64, judge: &Judge) -> bool {
        revive(entry).is_some_and(|alert| self.mutes.hiding(&alert, at, judge).is_some())
    }

    fn preview(&self, filter: &str) -> Result<Vec<Entry>, Refusal> {
        let (query, judge) = (mutes::read(filter)?, Judge::new(self.status.known()));
        let holds = |entry: &Entry| revive(entry).is_some_and(|alert| judge.holds(&query, &alert));
        Ok(self.status.board.select(holds))
    }

    /// Stores some of what waits: at most [`RATE`] a second.
    pub(super) fn flush(&mut self, now: Instant) {
        if !self.is_open() {
            return;
        }
        let left = self.allowance.left(now);
        let chosen = self.waiting.choose(left);
        self.allowance.spend(chosen.len());
        self.keep(chosen);
    }

    /// Stores all that waits, for nothing comes any more.
    pub(super) fn finish(&mut self) {
        if self.database.is_some() || self.reopen().is_ok() {
            let all = self.waiting.choose(usize::MAX);
            self.keep(all);
        }
    }

    /// Whether there is a database; after a fault it is opened again now and then.
    fn is_open(&mut self) -> bool {
        if self.database.is_none() {
            if self.opened.elapsed() >= RETRY
                && let Err(error) = self.reopen()
            {
                self.account.fault = Some(error);
            }
            self.publish();
        }
        self.database.is_some()
    }

    /// Stores alerts, or has them wait on unless newer news of them have come.
    fn keep(&mut self, chosen: Vec<Found>) {
        if chosen.is_empty() {
            return;
        }
        if self.store(&chosen).is_err() {
            chosen.into_iter().for_each(|found| self.waiting.put_back(found));
        }
        self.publish();
    }

    fn store(&mut self, chosen: &[Found]) -> Result<(), Refusal> {
        let at = now().as_millis();
        let judge = Judge::new(self.status.known());
        let documents: Vec<_> = chosen.iter().map(|found| document(found, judge.geo())).collect();
        let muted_by: Vec<Option<i64>> =
            chosen.iter().map(|found| self.mutes.hiding(&found.alert, at, &judge)).collect();
        let parts = chosen.iter().zip(&documents).zip(&muted_by);
        let alerts: Vec<Fresh<'_>> =
            parts.map(|((found, document), muted_by)| fresh(found, document, *muted_by)).collect();
        let run = self.run.clone();
        let stored = self.with(|database| database.put(&run, &alerts, at))?;
        for (stored, alert) in stored.iter().zip(&alerts) {
            if stored.news != News::Known {
                self.remember(alert.number);
            }
            if stored.news == News::New {
                self.states[State::New as usize] += 1;
                alert.muted_by.into_iter().for_each(|mute| self.mutes.hit(mute, at));
            }
        }
        let stored: Vec<Entry> = stored.into_iter().map(|stored| stored.entry).collect();
        if let Some(notify) = self.status.notify() {
            notify.offer(&stored);
        }
        self.status.board.put(stored);
        Ok(())
    }

    /// An alert of this run is on the disk for the first time.
    fn remember(&mut self, number: u64) {
        self.account.stored += 1;
        self.known.insert(number);
        if self.known.len() > MOST_KNOWN {
            self.known.pop_first();
        }
    }

    /// Brings back what is not hidden any more; keeps the store within its size, now and then.
    pub(super) fn look(&mut self, at: i64) {
        if self.mutes.have_turned(at) {
            self.judge_board(at);
        }
        if self.looked.elapsed() < LOOK {
            return;
        }
        self.looked = Instant::now();
        while self.with(|database| database.bytes()).is_ok_and(|bytes| bytes > self.largest) {
            match self.with(|database| database.prune(PRUNED)) {
                Ok(gone) if !gone.is_empty() => {
                    self.account.pruned += gone.len() as u64;
                    for (id, state) in gone {
                        self.states[state as usize] = self.states[state as usize].saturating_sub(1);
                        self.status.board.remove(id);
                    }
                }
                _ => break,
            }
        }
        self.publish();
    }

    fn publish(&mut self) {
        let fresh = self.waiting.numbers().filter(|number| !self.known.contains(number)).count() as u64;
        self.account.waiting = fresh;
        self.account.suppressed = self.found.saturating_sub(self.account.stored + fresh);
        self.status.board.set_account(self.states, self.account.clone());
    }
}

/// What the board begins with.
pub(super) const fn newest() -> Question {
    Question { severity: 0, rules: Vec::new(), states: Vec::new(), before: None, limit: super::board::MOST }
}

fn known<T>(found: Option<T>) -> Result<T, Refusal> {
    found.ok_or(Refusal::Unknown)
}

/// Opens and checks a file.
fn open(path: Option<&Path>) -> Result<Database, String> {
    if let Some(folder) = path.and_then(Path::parent) {
        std::fs::create_dir_all(folder)
            .map_err(|error| format!("cannot make the folder {}: {error}", folder.display()))?;
    }
    let database = Database::open(path).map_err(|error| told(path, &error))?;
    match database.check() {
        Ok(true) => Ok(database),
        Ok(false) => Err(format!(
            "{}: the file is damaged; move it away to begin a new one",
            path.unwrap_or(Path::new("memory")).display()
        )),
        Err(error) => Err(told(path, &error)),
    }
}

/// Whether it is the disk that failed, not what is on it.
fn is_of_disk(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::SystemIoFailure | ErrorCode::DiskFull))
}

fn told(path: Option<&Path>, error: &rusqlite::Error) -> String {
    match path {
        Some(path) => format!("{}: {error}", path.display()),
        None => error.to_string(),
    }
}
