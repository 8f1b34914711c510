//! The keeper: the thread that alone writes the store. It joins what flows carried to ten seconds for the rows and to a minute
//! for the flows themselves; what comes faster than it can write is left out and counted, so that nobody waits for the disk.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use analyzer::Setup;
use analyzer::history::{Joiner, LeftOut, Slice, Step, block};
use capturer::flow::FlowRecord;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::count::{Counted, addresses, count};
use super::database::{Block, Database};
use super::levels::{Keep, Kept, LENGTHS, begin};
use crate::live::{Command, Hub, Learned, Status};
use crate::settings::Settings;

/// How long flows are joined before they go to the disk, seconds.
pub(super) const FLOWS: i64 = 60;

/// Flows of ten seconds that are counted apart, a quarter of them of flows that nobody answered, which a flood of forged sources may
/// take: 2000 new ones a second fit. 7 MB, 2 in a flood.
const MOST_ROWS: usize = 24_576;

/// Flows that are joined before they go to the disk, be the minute over or not: 2 MB.
const MOST_FLOWS: usize = 8192;

/// Flows of a minute that go to the disk, a quarter of them unanswered; the others are counted with their step, not kept.
const MOST_A_MINUTE: usize = 131_072;

/// How often the thread looks at what is under way.
const ROUND: Duration = Duration::from_secs(1);

/// A step that nothing was added to for so long is over.
const QUIET: Duration = Duration::from_secs(12);

/// Slices and records that may wait for the thread: 2.5 MB.
const MOST_WAITING: usize = 16_384;

/// A step that lies so many seconds before the one under way belongs to it: disorder, not a clock that was set back.
const DISORDER: i64 = 60;

/// After a fault the store is opened again so often.
const RETRY: Duration = Duration::from_secs(10);

/// Where the store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Only as long as the program runs, under this name.
    Memory(String),
    /// In this file.
    File(PathBuf),
}

/// Where the settings want it: of a replay and the demo only what runs is kept.
pub(crate) fn place(settings: &Settings, source: &str, is_live: bool, run: &str) -> Place {
    if !is_live || !settings.history.keep {
        return Place::Memory(run.to_owned());
    }
    Place::File(crate::geo_files::folder_of(&settings.history.folder, "").join(file_name(source)))
}

/// Each source has a file of its own: two that watch the same traffic must not add up.
fn file_name(source: &str) -> String {
    let fit = |c: char| if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '_' };
    format!("history-{}.sqlite", source.chars().map(fit).take(64).collect::<String>())
}

/// What the thread is told.
enum Told {
    Slices(Vec<Slice>, Vec<LeftOut>),
    Records(Vec<FlowRecord>),
    /// A replay goes on from somewhere else.
    Forget,
    End,
}

/// What the store says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Account {
    /// Bytes of the file, and how many there may be.
    pub(crate) bytes: u64,
    pub(crate) limit: u64,
    /// The file's path; `None` in memory.
    pub(crate) file: Option<String>,
    /// How long what is kept, and since when there is some.
    pub(crate) kept: Vec<Kept>,
    /// Flows that the thread could not take.
    pub(crate) left_out: u64,
    /// What is wrong, while it is.
    pub(crate) fault: Option<String>,
    /// How often something was written that lies before what was there, or all was let go.
    pub(crate) rewritten: u64,
}

impl Account {
    /// How long things are kept, as the status says it.
    pub(crate) fn retention(&self) -> Value {
        let one = |kept: &Kept| {
            json!({
                "what": kept.what,
                "step_seconds": kept.step,
                "keep_seconds": kept.seconds,
                "oldest_ms": kept.oldest.map(|second| second * 1000),
            })
        };
        self.kept.iter().map(one).collect()
    }
}

/// Where others put what is to be kept.
#[derive(Clone)]
pub(crate) struct Disk {
    told: Sender<Told>,
    waiting: Arc<AtomicUsize>,
    left_out: Arc<AtomicUsize>,
}

impl Disk {
    /// What flows carried in a second.
    pub(crate) fn keep(&self, slices: Vec<Slice>, left_out: Vec<LeftOut>) {
        if self.has_room(slices.len()) {
            // The thread has gone only when the process is about to; so here and below.
            let _ = self.told.send(Told::Slices(slices, left_out));
        }
    }

    /// Records as exporters sent them.
    pub(crate) fn keep_records(&self, records: Vec<FlowRecord>) {
        if self.has_room(records.len()) {
            let _ = self.told.send(Told::Records(records));
        }
    }

    /// Lets go of all of a replay.
    pub(crate) fn forget(&self) {
        let _ = self.told.send(Told::Forget);
    }

    /// The process ends: what is under way is written.
    pub(crate) fn end(&self) {
        let _ = self.told.send(Told::End);
    }

    fn has_room(&self, more: usize) -> bool {
        // A flood's second is many at once; the few answered flows in it are not to be lost with the others.
        if self.waiting.load(Relaxed) >= MOST_WAITING {
            self.left_out.fetch_add(more, Relaxed);
            return false;
        }
        self.waiting.fetch_add(more, Relaxed);
        true
    }
}

/// What the thread is made from.
#[derive(Clone)]
pub(crate) struct Keeper {
    pub(crate) place: Place,
    pub(crate) keep: Keep,
    /// How the analysis was set up.
    pub(crate) setup: Setup,
    pub(crate) hub: Arc<Hub>,
    pub(crate) status: Arc<Status>,
}

impl Keeper {
    /// Starts the thread; it ends when it is told so.
    ///
    /// # Errors
    /// When the store can't be opened, or the thread not be started.
    pub(crate) fn spawn(self) -> io::Result<(Disk, JoinHandle<()>)> {
        let database = open(&self.place).map_err(io::Error::other)?;
        let (told, news) = std::sync::mpsc::channel();
        let disk = Disk { told, waiting: Arc::default(), left_out: Arc::default() };
        let thread = Thread {
            waiting: Arc::clone(&disk.waiting),
            left_out: Arc::clone(&disk.left_out),
            keeper: self,
            database: Some(database),
            tried: Instant::now(),
            rows: Joiner::default(),
            flows: Joiner::default(),
            written: 0,
            records: Vec::new(),
            since: Instant::now(),
            fault: None,
            newest: i64::MIN,
            rewritten: 0,
        };
        let handle = Builder::new().name("keeper".into()).spawn(move || thread.run(&news))?;
        Ok((disk, handle))
    }
}

/// Opens a store that is whole.
fn open(place: &Place) -> Result<Database, String> {
    let name = match place {
        Place::File(path) => path.display().to_string(),
        Place::Memory(_) => "memory".to_owned(),
    };
    if let Place::File(path) = place
        && let Some(folder) = path.parent()
    {
        std::fs::create_dir_all(folder)
            .map_err(|error| format!("cannot make the folder {}: {error}", folder.display()))?;
    }
    let told = |error: rusqlite::Error| format!("{name}: {error}");
    let database = Database::open(place).map_err(told)?;
    match database.check().map_err(told)? {
        true => Ok(database),
        false => Err(format!("{name}: the file is damaged; move it away to begin a new one")),
    }
}

struct Thread {
    keeper: Keeper,
    /// `None` after a fault, until it can be opened again.
    database: Option<Database>,
    tried: Instant,
    /// The ten seconds under way.
    rows: Joiner,
    /// The minute under way.
    flows: Joiner,
    /// Flows of the minute under way that went to the disk already.
    written: usize,
    /// Records of exporters, of the minute under way.
    records: Vec<FlowRecord>,
    /// When something came last.
    since: Instant,
    waiting: Arc<AtomicUsize>,
    left_out: Arc<AtomicUsize>,
    fault: Option<String>,
    /// The last second that was written of, and how often one before it was.
    newest: i64,
    rewritten: u64,
}

impl Thread {
    fn run(mut self, news: &Receiver<Told>) {
        loop {
            match news.recv_timeout(ROUND) {
                Ok(Told::Slices(slices, left_out)) => self.take(&slices, &left_out),
                Ok(Told::Records(records)) => self.take_records(records),
                Ok(Told::Forget) => self.forget(),
                Ok(Told::End) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    if self.since.elapsed() > QUIET {
                        self.turn(i64::MAX);
                    }
                }
            }
            self.account();
        }
        self.turn(i64::MAX);
    }

    fn take(&mut self, slices: &[Slice], left_out: &[LeftOut]) {
        self.waiting.fetch_sub(slices.len(), Relaxed);
        self.since = Instant::now();
        for slice in slices {
            self.turn(slice.at);
            self.add(slice);
        }
        for left in left_out {
            self.turn(left.at);
            self.rows.leave_out(left);
            self.flows.leave_out(left);
        }
    }

    fn take_records(&mut self, records: Vec<FlowRecord>) {
        self.waiting.fetch_sub(records.len(), Relaxed);
        self.since = Instant::now();
        self.records.extend(records);
        if self.records.len() >= block::MOST {
            self.write(None, false);
        }
    }

    fn add(&mut self, slice: &Slice) {
        self.rows.add_sharing(slice, MOST_ROWS);
        let share = if slice.is_unanswered() { 4 } else { 1 };
        let left = (MOST_A_MINUTE / share).saturating_sub(self.written);
        self.flows.add_within(slice, left);
    }

    /// A second begins: steps that are over go to the disk.
    fn turn(&mut self, second: i64) {
        let is_over = |under_way: &Joiner, length: i64| {
            let (at, next) = (under_way.at(), begin(second, length));
            next > at || next < at - DISORDER
        };
        let (rows_over, flows_over) = (is_over(&self.rows, LENGTHS[0]), is_over(&self.flows, FLOWS));
        let write_flows = flows_over || self.flows.len() >= MOST_FLOWS;
        if !rows_over && !write_flows {
            return;
        }
        let counted = rows_over.then(|| self.rows.take()).flatten().map(|step| self.count(&step));
        if write_flows {
            self.written += self.flows.len();
        }
        self.write(counted, write_flows);
        if rows_over {
            self.rows.begin(begin(second, LENGTHS[0]));
        }
        if flows_over {
            self.written = 0;
            self.flows.begin(begin(second, FLOWS));
        }
    }

    fn count(&self, step: &Step) -> Counted {
        let (reply, answer) = oneshot::channel();
        self.keeper.hub.command(Command::LearnedOf(addresses(step), reply));
        // Without the analysis, which has gone at the end, nothing has a name.
        let learned = answer.blocking_recv().unwrap_or_else(|_| Learned::nothing());
        let setup = Setup { facts: self.keeper.status.known(), ..self.keeper.setup.clone() };
        count(step, &setup, &learned, self.keeper.keep.rows)
    }

    /// Writes what was counted, and the flows so far if their minute is over.
    fn write(&mut self, counted: Option<Counted>, flows: bool) {
        let blocks = self.blocks(flows);
        if counted.is_none() && blocks.is_empty() {
            return;
        }
        let flows = blocks.iter().map(|block| block.flows).sum::<usize>();
        self.note_time(counted.as_ref(), &blocks);
        if let Err(fault) = self.store(counted.as_ref(), &blocks) {
            self.left_out.fetch_add(flows, Relaxed);
            if self.fault.as_ref() != Some(&fault) {
                tracing::error!("history: {fault}");
            }
            self.fault = Some(fault);
            self.database = None;
        } else if self.fault.take().is_some() {
            tracing::info!("history is written again");
        }
    }

    /// Notes when something goes to a time that was over: a clock was set back, or a replay begins again.
    fn note_time(&mut self, counted: Option<&Counted>, blocks: &[Block]) {
        let steps = counted.map(|step| (step.at, step.at + LENGTHS[0]));
        for (first, last) in steps.into_iter().chain(blocks.iter().map(|block| block.within)) {
            if first < self.newest.saturating_sub(FLOWS + DISORDER) {
                self.rewritten += 1;
            }
            self.newest = self.newest.max(last);
        }
    }

    fn blocks(&mut self, flows: bool) -> Vec<Block> {
        let mut blocks = Vec::new();
        if let Some(step) = flows.then(|| self.flows.take()).flatten() {
            blocks.extend(step.slices.chunks(block::MOST).map(|slices| Block {
                kind: 'S',
                within: (step.at, step.at + FLOWS),
                flows: slices.len(),
                data: block::write(slices),
            }));
        }
        if flows || self.records.len() >= block::MOST {
            let records = std::mem::take(&mut self.records);
            blocks.extend(records.chunks(block::MOST).map(records_block));
        }
        blocks
    }

    fn store(&mut self, counted: Option<&Counted>, blocks: &[Block]) -> Result<(), String> {
        if self.database.is_none() {
            if self.tried.elapsed() < RETRY {
                return Err(self.fault.clone().unwrap_or_default());
            }
            self.tried = Instant::now();
            self.database = Some(open(&self.keeper.place)?);
        }
        let Some(database) = &mut self.database else { return Ok(()) };
        let written =
            database.add(counted, blocks, &self.keeper.keep).and_then(|()| fit(database, &self.keeper.keep));
        self.tried = Instant::now();
        written.map_err(|error| error.to_string())
    }

    fn forget(&mut self) {
        (self.rows, self.flows) = (Joiner::default(), Joiner::default());
        self.records.clear();
        self.newest = i64::MIN;
        self.rewritten += 1;
        if let Some(Err(error)) = self.database.as_mut().map(Database::clear) {
            tracing::error!("history: {error}");
        }
    }

    fn account(&self) {
        let Keeper { place, keep, .. } = &self.keeper;
        let bytes = self.database.as_ref().and_then(|database| database.bytes().ok());
        // A store that can't be read is told of as a fault where it is written.
        let oldest = self.database.as_ref().and_then(|database| database.oldest_of_all().ok());
        self.keeper.status.set_store(Account {
            bytes: bytes.map_or(0, |(file, _)| file),
            limit: keep.bytes,
            file: match place {
                Place::File(path) => Some(path.display().to_string()),
                Place::Memory(_) => None,
            },
            kept: keep.told(oldest.unwrap_or_default()),
            left_out: self.left_out.load(Relaxed) as u64,
            fault: self.fault.clone(),
            rewritten: self.rewritten,
        });
    }
}

/// Makes room, and gives some of what is free back.
fn fit(database: &mut Database, keep: &Keep) -> rusqlite::Result<()> {
    while database.bytes()?.1 > keep.bytes {
        if !database.prune()? {
            break;
        }
    }
    database.vacuum()
}

fn records_block(records: &[FlowRecord]) -> Block {
    let seconds = || records.iter().map(|record| record.received.as_seconds());
    Block {
        kind: 'R',
        within: (seconds().min().unwrap_or(0), seconds().max().unwrap_or(0) + 1),
        flows: records.len(),
        data: block::write(records),
    }
}
