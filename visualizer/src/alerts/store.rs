//! The store thread: it alone writes. Alerts that changed wait in a table by their number, so that one that changes often
//! waits once; of those that wait, at most so many a second are stored, each rule's worst first, so that a flood of one
//! rule hides no other. When the disk fails, nothing is answered as done; the store is opened again until it works.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use analyzer::Alert;
use analyzer::names::Names;
use analyzer::query::Query;
use capturer::filter::Scope;
use tokio::sync::oneshot;

use super::board::{Account, Entry};
use super::database::{Database, Fresh};
use super::triage::{Mute, Past, Step};
use crate::cli::alert_json;
use crate::live::{Status, now};
use crate::settings::Settings;

/// Records that are stored a second at most.
const RATE: f64 = 50.0;

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

/// Mutes there may be.
const MOST_MUTES: usize = 256;

/// An alert that changed, with its packets if they are to be kept.
pub(crate) struct Found {
    pub(crate) alert: Alert,
    /// A capture (pcapng), and how many packets are in it.
    pub(crate) evidence: Option<(Vec<u8>, u32)>,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is no such alert or mute.
    Unknown,
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
    Step(i64, Step, Reply<Entry>),
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
    run: String,
    status: Arc<Status>,
    waiting: HashMap<u64, Found>,
    mutes: Vec<(Mute, Query)>,
    account: Account,
    /// How many alerts are on the disk.
    total: u64,
    /// Which alerts of this run are stored.
    known: std::collections::HashSet<u64>,
    /// Alerts found in this run.
    found: u64,
    tokens: f64,
    filled: Instant,
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
            run,
            status,
            waiting: HashMap::new(),
            mutes: Vec::new(),
            account: Account::default(),
            total: 0,
            known: std::collections::HashSet::new(),
            found: 0,
            tokens: RATE,
            filled: now,
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
            self.flush();
            self.look();
        }
        self.tokens = MOST_WAITING as f64;
        self.flush();
    }

    fn reopen(&mut self) -> Result<(), String> {
        self.opened = Instant::now();
        let path = match &self.place {
            Place::Memory => None,
            Place::File(path) => Some(path.clone()),
        };
        let database = open(path.as_deref())?;
        let told = |error: rusqlite::Error| told(path.as_deref(), &error);
        self.status.board.put(database.latest(1000).map_err(told)?);
        self.mutes = database.mutes().map_err(told)?.into_iter().filter_map(parsed).collect();
        self.total = database.total().map_err(told)?;
        self.database = Some(database);
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
            self.database = None;
            self.opened = Instant::now();
            self.publish();
            Refusal::Fault(text)
        })
    }

    fn answer(&mut self, ask: Ask) {
        // Whoever asked may have gone; then nobody hears the answer.
        match ask {
            Ask::Found(found, all) => self.take(found, all),
            Ask::Step(id, step, reply) => drop(reply.send(self.step(id, &step))),
            Ask::Get(id, reply) => drop(reply.send(self.with(|database| database.get(id)).and_then(known))),
            Ask::Evidence(id, reply) => {
                drop(reply.send(self.with(|database| database.evidence(id)).and_then(known)));
            }
            Ask::Mutes(reply) => {
                drop(reply.send(Ok(self.mutes.iter().map(|(mute, _)| mute.clone()).collect())));
            }
            Ask::Mute(mute, reply) => drop(reply.send(self.mute(mute))),
            Ask::Unmute(id, reply) => drop(reply.send(self.unmute(id))),
            Ask::Preview(filter, reply) => drop(reply.send(self.preview(&filter))),
            Ask::End => {}
        }
    }

    fn take(&mut self, found: Vec<Found>, all: u64) {
        self.found = all;
        for found in found {
            let number = found.alert.number;
            if self.waiting.len() >= MOST_WAITING && !self.waiting.contains_key(&number) {
                continue;
            }
            let before = self.waiting.remove(&number).and_then(|before| before.evidence);
            let evidence = found.evidence.or(before);
            self.waiting.insert(number, Found { evidence, ..found });
        }
    }

    fn step(&mut self, id: i64, step: &Step) -> Result<Entry, Refusal> {
        let at = now().as_millis();
        let entry = self.with(|database| database.step(id, step, at)).and_then(known)?;
        self.status.board.put([entry.clone()]);
        Ok(entry)
    }

    fn mute(&mut self, mute: Mute) -> Result<Mute, Refusal> {
        if self.mutes.len() >= MOST_MUTES {
            return Err(Refusal::Wrong(format!("there are {MOST_MUTES} mutes already; end one first")));
        }
        let query = read(&mute.filter)?;
        let id = self.with(|database| database.add_mute(&mute))?;
        let mute = Mute { id, ..mute };
        self.mutes.push((mute.clone(), query));
        self.judge_board();
        Ok(mute)
    }

    fn unmute(&mut self, id: i64) -> Result<(), Refusal> {
        if !self.with(|database| database.remove_mute(id))? {
            return Err(Refusal::Unknown);
        }
        self.mutes.retain(|(mute, _)| mute.id != id);
        self.judge_board();
        Ok(())
    }

    /// What is on the board is muted or not as the mutes are now.
    fn judge_board(&self) {
        let (facts, at) = (self.status.known(), now().as_millis());
        let names = Names::new(0);
        self.status.board.update(|entry| {
            entry.muted = revive(entry).is_some_and(|alert| {
                let live = self.mutes.iter().filter(|(mute, _)| mute.expires_ms > at);
                live.into_iter().any(|(_, query)| query.matches_alert(&alert, (&facts, &names)))
            });
        });
    }

    fn preview(&self, filter: &str) -> Result<Vec<Entry>, Refusal> {
        let (query, facts, names) = (read(filter)?, self.status.known(), Names::new(0));
        let holds = |alert: &Alert| query.matches_alert(alert, (&facts, &names));
        Ok(self.status.board.select(|entry| revive(entry).is_some_and(|alert| holds(&alert))))
    }

    /// Whether an alert is muted now; the mute is told that it was of use when the alert is new.
    fn is_muted(&mut self, alert: &Alert, at: i64, fresh: bool) -> bool {
        let (facts, names) = (self.status.known(), Names::new(0));
        let live = self.mutes.iter_mut().filter(|(mute, _)| mute.expires_ms > at);
        for (mute, query) in live {
            if query.matches_alert(alert, (&facts, &names)) {
                if fresh {
                    mute.hits += 1;
                    mute.last_hit_ms = Some(at);
                }
                return true;
            }
        }
        false
    }

    /// Stores some of what waits.
    fn flush(&mut self) {
        if self.database.is_none() {
            if self.opened.elapsed() >= RETRY
                && let Err(error) = self.reopen()
            {
                self.account.fault = Some(error);
            }
            self.publish();
            return;
        }
        self.tokens = (self.tokens + self.filled.elapsed().as_secs_f64() * RATE).min(RATE.max(self.tokens));
        self.filled = Instant::now();
        if self.tokens < 1.0 || self.waiting.is_empty() {
            return;
        }
        let chosen = self.choose(self.tokens as usize);
        if self.store(&chosen).is_ok() {
            self.tokens -= chosen.len() as f64;
            for found in &chosen {
                self.total += u64::from(self.known.insert(found.alert.number));
            }
        } else {
            // They wait on, unless newer news of them have come.
            for found in chosen {
                self.waiting.entry(found.alert.number).or_insert(found);
            }
        }
        self.publish();
    }

    /// Of each rule the worst, then of each the next, and so on.
    fn choose(&mut self, most: usize) -> Vec<Found> {
        let mut order: Vec<(&'static str, analyzer::Severity, u64)> = self
            .waiting
            .values()
            .map(|found| (found.alert.rule.id, found.alert.severity, found.alert.number))
            .collect();
        order.sort_unstable_by_key(|&(rule, severity, number)| (rule, std::cmp::Reverse(severity), number));
        let mut rank = 0;
        let mut before = "";
        let mut ranked: Vec<(usize, u64)> = Vec::with_capacity(order.len());
        for (rule, _, number) in order {
            rank = if rule == before { rank + 1 } else { 0 };
            before = rule;
            ranked.push((rank, number));
        }
        ranked.sort_unstable();
        ranked.truncate(most);
        ranked.into_iter().filter_map(|(_, number)| self.waiting.remove(&number)).collect()
    }

    fn store(&mut self, chosen: &[Found]) -> Result<(), Refusal> {
        let at = now().as_millis();
        let geo = self.status.known().geo;
        let documents: Vec<_> = chosen
            .iter()
            .map(|found| {
                let mut document = alert_json(&found.alert, &geo);
                document.remove("id");
                document
            })
            .collect();
        let mutes: Vec<(i64, u64)> = self.mutes.iter().map(|(mute, _)| (mute.id, mute.hits)).collect();
        let muted: Vec<bool> = chosen
            .iter()
            .map(|found| {
                let fresh = !self.known.contains(&found.alert.number);
                self.is_muted(&found.alert, at, fresh)
            })
            .collect();
        let alerts: Vec<Fresh<'_>> = chosen
            .iter()
            .zip(documents.iter().zip(&muted))
            .map(|(found, (document, &muted))| fresh(found, document, muted))
            .collect();
        let run = self.run.clone();
        let stored = self.with(|database| database.put(&run, &alerts))?;
        let used: Vec<Mute> = self
            .mutes
            .iter()
            .zip(mutes)
            .filter(|((mute, _), (_, hits))| mute.hits != *hits)
            .map(|((mute, _), _)| mute.clone())
            .collect();
        used.iter().try_for_each(|mute| self.with(|database| database.hit_mute(mute)))?;
        self.status.board.put(stored);
        Ok(())
    }

    /// Keeps the store within its size, now and then.
    fn look(&mut self) {
        if self.looked.elapsed() < LOOK {
            return;
        }
        self.looked = Instant::now();
        while self.with(|database| database.bytes()).is_ok_and(|bytes| bytes > self.largest) {
            match self.with(|database| database.prune(PRUNED)) {
                Ok(gone) if !gone.is_empty() => {
                    self.account.pruned += gone.len() as u64;
                    self.total = self.total.saturating_sub(gone.len() as u64);
                    self.status.board.remove(&gone);
                }
                _ => break,
            }
        }
        self.publish();
    }

    fn publish(&mut self) {
        self.account.stored = self.known.len() as u64;
        let fresh = self.waiting.keys().filter(|number| !self.known.contains(number)).count() as u64;
        self.account.waiting = fresh;
        self.account.suppressed = self.found.saturating_sub(self.account.stored + fresh);
        self.status.board.set_account(self.total, self.account.clone());
    }
}

fn fresh<'a>(
    found: &'a Found,
    document: &'a serde_json::Map<String, serde_json::Value>,
    muted: bool,
) -> Fresh<'a> {
    Fresh {
        number: found.alert.number,
        rule: found.alert.rule.id,
        severity: found.alert.severity as u8,
        first_ms: found.alert.first.as_millis(),
        last_ms: found.alert.last.as_millis(),
        document,
        muted,
        evidence: found.evidence.as_ref().map(|(capture, packets)| (capture.as_slice(), *packets)),
    }
}

fn known<T>(found: Option<T>) -> Result<T, Refusal> {
    found.ok_or(Refusal::Unknown)
}

fn read(filter: &str) -> Result<Query, Refusal> {
    if filter.trim().is_empty() {
        return Err(Refusal::Wrong("filter: expected one, such as alert scan.port".to_owned()));
    }
    Query::parse_for(filter, Scope::Alert)
        .map_err(|error| Refusal::Wrong(format!("filter\n{}", error.render(filter))))
}

/// A stored mute whose filter can still be read.
fn parsed(mute: Mute) -> Option<(Mute, Query)> {
    match Query::parse_for(&mute.filter, Scope::Alert) {
        Ok(query) => Some((mute, query)),
        Err(error) => {
            tracing::warn!(filter = %mute.filter, "a stored mute is passed over: {error}");
            None
        }
    }
}

/// An alert out of its document, as far as a filter asks of it.
fn revive(entry: &Entry) -> Option<Alert> {
    let rule = analyzer::detect::rules().find(|rule| rule.id == entry.rule)?;
    let parties = |field: &str| -> Vec<analyzer::Party> {
        let texts = entry.document.get(field).and_then(serde_json::Value::as_array);
        texts.into_iter().flatten().filter_map(|text| party(text.as_str()?)).collect()
    };
    let at = |ms: i64| capturer::Timestamp::from_nanos(ms.saturating_mul(1_000_000));
    let mut alert = Alert::new(0, rule, at(entry.first_ms));
    (alert.sources, alert.targets) = (parties("sources"), parties("targets"));
    Some(alert)
}

fn party(text: &str) -> Option<analyzer::Party> {
    if let Ok(address) = text.parse() {
        return Some(analyzer::Party::host(address));
    }
    let socket: std::net::SocketAddr = text.parse().ok()?;
    Some(analyzer::Party::service(socket.ip(), socket.port()))
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

fn told(path: Option<&Path>, error: &rusqlite::Error) -> String {
    match path {
        Some(path) => format!("{}: {error}", path.display()),
        None => error.to_string(),
    }
}
