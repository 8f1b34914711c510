//! The history thread: it alone owns the archive of the recent past, takes what the analysis recorded, and answers for
//! ranges with the same topics and reports as the analysis does for now. A long range takes a while, which packets never
//! wait for.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use analyzer::aggregate::{Ask, Ends};
use analyzer::history::{Archive, LeftOut, Past, PastSetup, Range, Slice, series};
use analyzer::query::Query;
use analyzer::{Dimension, Second, Setup, Table, ViewId};
use capturer::Timestamp;
use capturer::flow::FlowRecord;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::history::{self, Disk, Place};
use crate::live::analysis::{Answer, Command, Learned, Report};
use crate::live::hub::PastSheet;
use crate::live::topics::{self, Material, SPAN};
use crate::live::{Hub, Status, TopicKey};
use crate::onward::Onward;

/// Time between two looks at what has to be made anew.
const ROUND: Duration = Duration::from_millis(500);

/// Time between two makings of what still grows, at least; it also gets twenty times as long as it takes.
const AGAIN: Duration = Duration::from_secs(2);

/// Slices that may wait for this thread before the analysis keeps them back.
const MOST_WAITING: usize = 32_768;

/// What the thread is told.
pub(crate) enum Told {
    /// What flows carried.
    Recorded(Vec<Slice>, Vec<LeftOut>),
    /// What exporters sent.
    Records(Vec<FlowRecord>),
    /// Make this topic; its filter, if it has one, comes along.
    Want(TopicKey, Option<Query>),
    /// Nobody needs it any more.
    Drop(TopicKey),
    /// Totals of a range, now.
    Report(Report, Range),
    /// The replay goes on from somewhere else: nothing of what was belongs to it.
    Forget,
    /// The process ends.
    End,
}

/// Where the analysis puts what it recorded.
pub(crate) struct Recording {
    told: Sender<Told>,
    waiting: Arc<AtomicUsize>,
}

impl Recording {
    /// Whether the thread keeps up.
    pub(crate) fn has_room(&self) -> bool {
        self.waiting.load(Relaxed) < MOST_WAITING
    }

    /// Hands over.
    pub(crate) fn tell(&self, slices: Vec<Slice>, left_out: Vec<LeftOut>) {
        self.waiting.fetch_add(slices.len(), Relaxed);
        // The thread has gone only when the process is about to.
        let _ = self.told.send(Told::Recorded(slices, left_out));
    }

    /// Hands over what exporters sent.
    pub(crate) fn tell_records(&self, records: Vec<FlowRecord>) {
        // As above.
        let _ = self.told.send(Told::Records(records));
    }

    /// Lets go of the past.
    pub(crate) fn forget(&self) {
        // As above.
        let _ = self.told.send(Told::Forget);
    }
}

/// What the thread is made from.
pub(crate) struct History {
    /// Bytes of the archive and of what is on its way to the disk, half each; the range that is looked at may take as much again.
    pub(crate) memory: usize,
    /// How the analysis was set up.
    pub(crate) setup: Setup,
    pub(crate) hub: Arc<Hub>,
    pub(crate) status: Arc<Status>,
    /// Where it is kept for longer, and where that is.
    pub(crate) disk: Disk,
    pub(crate) place: Place,
    /// Who gets it onwards, if anybody.
    pub(crate) onward: Option<Onward>,
}

/// Starts the thread; it ends when it is told so. The other end is where the analysis records.
pub(crate) fn spawn(
    history: History,
    (told, news): (Sender<Told>, Receiver<Told>),
) -> io::Result<(Recording, JoinHandle<()>)> {
    let waiting = Arc::new(AtomicUsize::new(0));
    let recording = Recording { told, waiting: Arc::clone(&waiting) };
    let thread = Thread {
        archive: Archive::new(history.memory / 2),
        past: None,
        wanted: Vec::new(),
        history,
        waiting,
    };
    let handle = Builder::new().name("history".into()).spawn(move || thread.run(&news))?;
    Ok((recording, handle))
}

/// A topic somebody looks at.
struct Wanted {
    key: TopicKey,
    query: Option<Query>,
    /// When it is made anew, if it still grows.
    due: Option<Instant>,
}

/// A range that was counted.
struct Counted {
    wanted: Range,
    filter: String,
    past: Past,
    learned: Learned,
    /// Whether all its seconds were over.
    whole: bool,
}

struct Thread {
    history: History,
    archive: Archive,
    /// The range that was counted last.
    past: Option<Counted>,
    wanted: Vec<Wanted>,
    waiting: Arc<AtomicUsize>,
}

impl Thread {
    fn run(mut self, news: &Receiver<Told>) {
        loop {
            match news.recv_timeout(ROUND) {
                Ok(Told::End) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(told) => self.hear(told),
                Err(RecvTimeoutError::Timeout) => {}
            }
            // What was recorded comes first, and what is asked is made once for all that ask it together.
            while let Ok(told) = news.try_recv() {
                if matches!(told, Told::End) {
                    return;
                }
                self.hear(told);
            }
            self.make();
        }
    }

    fn hear(&mut self, told: Told) {
        match told {
            Told::Recorded(slices, left_out) => {
                self.waiting.fetch_sub(slices.len(), Relaxed);
                self.archive.take(&slices, &left_out);
                self.history.status.set_kept(self.kept());
                if let Some(onward) = &self.history.onward {
                    onward.tell(&slices);
                }
                self.history.disk.keep(slices, left_out);
            }
            Told::Records(records) => self.history.disk.keep_records(records),
            Told::Want(key, query) => {
                self.wanted.retain(|wanted| wanted.key != key);
                self.wanted.push(Wanted { key, query, due: Some(Instant::now()) });
            }
            Told::Drop(key) => self.wanted.retain(|wanted| wanted.key != key),
            Told::Report(report, range) => self.report(report, range),
            Told::Forget => self.forget(),
            Told::End => {}
        }
    }

    /// What the status says of the archive.
    fn kept(&self) -> Option<(Range, Table)> {
        let table = Table {
            name: "past",
            rows: None,
            bytes: self.archive.bytes(),
            share: Some(self.history.memory / 2),
            evicted: 0,
        };
        self.archive.kept().map(|range| (range, table))
    }

    fn forget(&mut self) {
        self.archive.clear();
        self.history.disk.forget();
        self.past = None;
        self.history.status.set_kept(None);
        let now = Instant::now();
        self.wanted.iter_mut().for_each(|wanted| wanted.due = Some(now));
    }

    /// Makes what is due.
    fn make(&mut self) {
        let began = Instant::now();
        let due = |wanted: &Wanted| wanted.due.is_some_and(|due| due <= began);
        let mut keys: Vec<(TopicKey, Option<Query>)> = self
            .wanted
            .iter()
            .filter(|wanted| due(wanted))
            .map(|w| (w.key.clone(), w.query.clone()))
            .collect();
        // What is of one range and filter is made together.
        keys.sort_by(|(a, _), (b, _)| (a.range, &a.filter).cmp(&(b.range, &b.filter)));
        let mut sheets = Vec::new();
        let mut grows = Vec::new();
        for (key, query) in keys {
            let (sheet, whole) = self.sheet(&key, query.as_ref());
            grows.push((key, !whole));
            sheets.extend(sheet);
        }
        if sheets.is_empty() {
            return;
        }
        let again = Instant::now() + AGAIN.max(began.elapsed() * 20);
        for (key, grows) in grows {
            if let Some(wanted) = self.wanted.iter_mut().find(|wanted| wanted.key == key) {
                wanted.due = grows.then_some(again);
            }
        }
        self.history.hub.publish_past(sheets);
    }

    /// A topic's table, and whether it stays as it is.
    fn sheet(&mut self, key: &TopicKey, query: Option<&Query>) -> (Option<PastSheet>, bool) {
        let Some(range) = key.range.or_else(|| self.archive.kept()) else {
            let sheet = Material::Rows(Vec::new(), 1).sheet(&self.history.setup.facts.geo, 0);
            return (Some(PastSheet { key: key.clone(), about: Value::Null, from: None, sheet }), false);
        };
        if key.topic == SPAN {
            return (self.span(key, query, range), false);
        }
        let (lost, gone) = (self.history.status.ledger().lost(), self.archive.gone());
        let Some(counted) = self.count(range, query) else { return (None, false) };
        let about = about(&counted.past, gone);
        let whole = counted.whole;
        let from = Timestamp::from_parts(counted.past.range().from, 0);
        let Some(material) = material(counted, key) else { return (None, true) };
        let sheet = material.sheet(&self.history.status.known().geo, lost);
        (Some(PastSheet { key: key.clone(), about, from: Some(from), sheet }), whole)
    }

    fn span(&mut self, key: &TopicKey, query: Option<&Query>, range: Range) -> Option<PastSheet> {
        let reader =
            query.is_none().then(|| history::older(&self.history.place, &self.archive, range)).flatten();
        if let Some(Ok((rows, length))) = reader.map(|reader| history::series(&reader, range)) {
            return Some(self.charted(key, range, (rows, length)));
        }
        let asks = query.is_some_and(|query| query.asks_names() || query.asks_systems());
        let learned = if asks { self.learned()? } else { Learned::nothing() };
        let facts = self.history.status.known();
        let (rows, length) =
            series(&self.archive, range, &facts, query.map(|query| (query, learned.knowledge())));
        Some(self.charted(key, range, (rows, length)))
    }

    fn charted(&self, key: &TopicKey, range: Range, (rows, length): (Vec<Second>, i64)) -> PastSheet {
        let about = json!({"from": range.from * 1000, "to": range.to * 1000, "step": length});
        let sheet = Material::Rows(rows, length).sheet(&self.history.status.known().geo, 0);
        PastSheet { key: key.clone(), about, from: Some(Timestamp::from_parts(range.from, 0)), sheet }
    }

    /// What is known of addresses now.
    fn learned(&self) -> Option<Learned> {
        let (reply, answer) = oneshot::channel();
        self.history.hub.command(Command::AllLearned(reply));
        answer.blocking_recv().ok()
    }

    /// A range counted with a filter: as it was, or anew.
    fn count(&mut self, wanted: Range, query: Option<&Query>) -> Option<&mut Counted> {
        let filter = query.map(Query::to_string).unwrap_or_default();
        let end = self.archive.kept().map_or(0, |kept| kept.to);
        let serves = |one: &Counted| {
            one.wanted == wanted && one.filter == filter && (one.whole || one.past.range().to >= end)
        };
        if self.past.as_ref().is_some_and(serves) {
            return self.past.as_mut();
        }
        // Its memory is given back before the next takes as much.
        self.past = None;
        let learned = self.learned()?;
        let setup = Setup {
            facts: self.history.status.known(),
            memory: self.history.memory.max(4 << 20),
            inventory: None,
            ..self.history.setup.clone()
        };
        let names = learned.names.clone();
        let filter_by = query.map(|query| (query, learned.knowledge()));
        let past = self.past_of(wanted, PastSetup { setup, names, filter: filter_by });
        let whole = self.archive.kept().is_some_and(|kept| wanted.to < kept.to);
        Some(self.past.insert(Counted { wanted, filter, past, learned, whole }))
    }

    /// From memory, or from the store as far as it reaches behind that.
    fn past_of(&self, wanted: Range, setup: PastSetup<'_>) -> Past {
        let Some(reader) = history::older(&self.history.place, &self.archive, wanted) else {
            return Past::of(&self.archive, wanted, setup);
        };
        let both = (setup.setup.clone(), setup.names.clone());
        history::past((&reader, &self.archive), wanted, both, setup.filter).unwrap_or_else(|error| {
            tracing::error!("history: {error}");
            Past::of(&self.archive, wanted, setup)
        })
    }

    fn report(&mut self, report: Report, range: Range) {
        let Some(counted) = self.count(range, report.query.as_ref()) else { return };
        let within = counted.past.range();
        let Counted { past, learned, .. } = counted;
        let reading = past.read();
        let ask = Ask {
            names: &learned.names,
            systems: &learned.systems,
            ..reading.ask(report.limit, report.measure)
        };
        let dimension = Dimension { name: report.by, ends: Ends::Both };
        let (hosts, _, keys) = reading.evicted();
        let answer = Answer {
            top: reading.top(ViewId::MAIN, dimension, &ask).unwrap_or_default(),
            totals: reading.totals(ViewId::MAIN),
            from: Some(Timestamp::from_parts(within.from, 0)),
            to: Some(Timestamp::from_parts(within.to, 0)),
            evicted: if matches!(report.by, "host" | "os") { hosts } else { keys },
        };
        // Nobody waits any more when the client has gone.
        let _ = report.reply.send(Some(answer));
    }
}

/// The topic's material.
fn material(counted: &mut Counted, key: &TopicKey) -> Option<Material> {
    let topic = topics::named(key.topic)?;
    let (rows, length) = counted.past.series();
    if key.topic == "series" {
        return Some(Material::Rows(rows.to_vec(), length));
    }
    let (sum, seconds) = (counted.past.sum(), counted.past.range().seconds());
    let reading = counted.past.read();
    let Learned { names, systems, .. } = &counted.learned;
    let ask = Ask { names, systems, ..reading.ask(key.k, key.measure) };
    if key.topic == "kpi" {
        return Some(topics::kpi_of(reading, ViewId::MAIN, &ask, Some((sum, seconds as f64))));
    }
    Some((topic.take)(reading, ViewId::MAIN, &ask))
}

/// What the page must know of a range: whole steps in milliseconds, their length, and what is not kept of it.
fn about(past: &Past, gone: Option<i64>) -> Value {
    let (range, left) = (past.range(), past.left_out());
    json!({
        "from": range.from * 1000,
        "to": range.to * 1000,
        "step": past.step(),
        "packets_left_out": left.packets(),
        "flows_left_out": left.flows,
        "gone_before": gone.filter(|gone| *gone > range.from).map(|gone| gone * 1000),
    })
}
