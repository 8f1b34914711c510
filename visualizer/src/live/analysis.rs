//! The analysis thread: it alone owns the analyzer. It reads the ring, answers commands, and each tick hands the
//! material of all wanted topics to the publisher.

use std::array;
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, SyncSender};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use analyzer::aggregate::{Ends, Top};
use analyzer::detect::Thresholds;
use analyzer::fingerprint::Family;
use analyzer::geo::Geo;
use analyzer::inventory::{Inventory, Knowledge, Stock};
use analyzer::names::Names;
use analyzer::query::Query;
use analyzer::{Analyzer, Dimension, Measure, Reading, Setup, ViewId};
use capturer::Timestamp;
use capturer::flow::FlowRecord;
use capturer::stream::{self, Cursor, PacketStream, ReadBuffer};
use tokio::sync::oneshot;

use crate::alerts::Ask;
use crate::live::detecting::{BATCHES, Detecting, Making, Message};
use crate::live::history::Recording;
use crate::live::publish::{Made, Tick};
use crate::live::status::Again;
use crate::live::tables;
use crate::live::{Figures, Prints, Status, TopicKey, topics};

/// Time between ticks: four a second.
const TICK: Duration = Duration::from_millis(250);

/// What is newly wanted is made so soon, when others that are wanted with it have come too, and not sooner than this after the
/// last tick.
const SOON: Duration = Duration::from_millis(10);
const BETWEEN: Duration = Duration::from_millis(100);

/// How long the thread waits for packets before it looks at its commands.
const WAIT: Duration = Duration::from_millis(20);

/// What the web side asks for.
pub(crate) enum Command {
    /// Make this topic at every tick; its filter, if it has one, comes along.
    Want(TopicKey, Option<Query>),
    /// Nobody needs it any more.
    Drop(TopicKey),
    /// Other databases: every host and flow is looked up again.
    Geo(Geo),
    /// Other thresholds: the detectors begin anew.
    Detect(Box<Thresholds>),
    /// Totals by a dimension, now.
    Report(Report),
    /// The hosts that were seen, now.
    Hosts(Hosts),
    /// What is known of addresses now, as far as a filter asks it.
    Learned(Query, oneshot::Sender<Learned>),
    /// All that is known of addresses now.
    AllLearned(oneshot::Sender<Learned>),
    /// All that is known of these addresses now.
    LearnedOf(Vec<IpAddr>, oneshot::Sender<Learned>),
    /// The best names of these addresses.
    BestNames(Vec<IpAddr>, oneshot::Sender<HashMap<IpAddr, String>>),
}

/// A question for totals.
pub(crate) struct Report {
    pub(crate) by: &'static str,
    pub(crate) measure: Measure,
    pub(crate) limit: usize,
    pub(crate) query: Option<Query>,
    pub(crate) reply: oneshot::Sender<Option<Answer>>,
}

/// Its answer.
pub(crate) struct Answer {
    pub(crate) top: Top,
    pub(crate) totals: analyzer::Totals,
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
    pub(crate) evicted: u64,
}

/// A question for hosts.
pub(crate) struct Hosts {
    pub(crate) which: Which,
    pub(crate) measure: Measure,
    pub(crate) reply: oneshot::Sender<HostsAnswer>,
}

/// Which hosts.
pub(crate) enum Which {
    /// So many of those that a filter lets through.
    Top(usize, Option<Query>),
    /// One.
    One(IpAddr),
}

/// Its answer.
pub(crate) struct HostsAnswer {
    pub(crate) stock: Stock,
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
    pub(crate) evicted: u64,
}

/// A copy of what was known of addresses at a moment.
pub(crate) struct Learned {
    pub(crate) names: Names,
    pub(crate) systems: HashMap<IpAddr, Family>,
}

impl Learned {
    /// Nothing: for a filter that asks nothing of it.
    pub(crate) fn nothing() -> Self {
        Self { names: Names::new(0), systems: HashMap::new() }
    }

    /// To be asked.
    pub(crate) fn knowledge(&self) -> Knowledge<'_> {
        Knowledge { names: &self.names, systems: &self.systems }
    }
}

/// What analyzer and detectors are made from; anew, when a replay goes on from somewhere else.
pub(crate) struct Beginning {
    pub(crate) setup: Setup,
    /// Whether what flows carry is recorded.
    pub(crate) record: bool,
    /// What the detectors are made from, if they are switched on.
    pub(crate) detection: Option<Making>,
}

impl Beginning {
    fn analyzer(&self) -> Analyzer {
        let mut analyzer = Analyzer::new(self.setup.clone());
        if self.record {
            analyzer.record();
        }
        analyzer
    }
}

/// A filter's view, and how many topics it is for.
struct Filtered {
    id: ViewId,
    query: Query,
    users: usize,
}

struct Thread {
    beginning: Beginning,
    analyzer: Analyzer,
    /// Where it goes what flows carry, if that is recorded.
    recording: Recording,
    /// The detectors, if they are switched on.
    detecting: Option<Detecting>,
    stream: PacketStream,
    status: Arc<Status>,
    ticks: SyncSender<Tick>,
    /// Whether packet time is the wall clock's, so that it goes on when nothing comes.
    wall_clock: bool,
    wanted: Vec<TopicKey>,
    views: HashMap<String, Filtered>,
    /// How often the replay went on from somewhere else, and the first packet since.
    again: Again,
    /// Flow records that are being counted.
    records: Vec<FlowRecord>,
    /// When the last tick was, and when the next is due.
    ticked: Option<Instant>,
    due: Instant,
    /// Sequence number of the next packet the analyzer will see.
    next: u64,
    lost: u64,
}

/// Starts the thread; it ends when `stop` is set.
pub(crate) fn spawn(
    beginning: Beginning,
    (found, recording): (Sender<Ask>, Recording),
    stream: PacketStream,
    status: Arc<Status>,
    wall_clock: bool,
    (commands, ticks): (Receiver<Command>, SyncSender<Tick>),
    stop: Arc<AtomicBool>,
) -> io::Result<JoinHandle<()>> {
    let detect = |making| Detecting::spawn(making, found, stream.clone(), Arc::clone(&status));
    let thread = Thread {
        analyzer: beginning.analyzer(),
        detecting: beginning.detection.clone().map(detect).transpose()?,
        beginning,
        recording,
        again: Again::default(),
        stream,
        status,
        ticks,
        wall_clock,
        wanted: Vec::new(),
        views: HashMap::new(),
        records: Vec::new(),
        ticked: None,
        due: Instant::now(),
        next: 0,
        lost: 0,
    };
    // Before the first packet comes: what is overwritten until the thread runs would be missing, and nobody would know.
    let cursor = thread.stream.cursor_from_oldest().awaited();
    Builder::new().name("analysis".into()).spawn(move || thread.run(cursor, &commands, &stop))
}

impl Thread {
    fn run(mut self, mut cursor: Cursor, commands: &Receiver<Command>, stop: &AtomicBool) {
        let mut batches: [_; BATCHES] = array::from_fn(|_| Arc::new(ReadBuffer::new(&self.stream)));
        while !stop.load(Relaxed) {
            let over = self.status.has_ended();
            batches.rotate_left(1);
            let [batch, ..] = &mut batches;
            // With so many in turn the detectors have let go of this one: it is not copied.
            let read = cursor.read(Arc::make_mut(batch), WAIT);
            self.lost += read.lost;
            self.observe_all(batch);
            self.observe_records();
            if let Some(last) = batch.iter().next_back() {
                self.next = last.sequence + 1;
            }
            self.record();
            while let Ok(command) = commands.try_recv() {
                self.obey(command);
            }
            let now = Instant::now();
            if now >= self.due {
                (self.ticked, self.due) = (Some(now), now + TICK);
                self.tick();
            }
            if over && read.taken == 0 {
                self.tell_detectors(Message::End);
            }
            if read.ended {
                // The source is over; its last state stays and can still be asked.
                std::thread::sleep(WAIT);
            }
        }
        if let Some(detecting) = self.detecting {
            detecting.end();
        }
    }

    fn tell_detectors(&self, message: Message) {
        if let Some(detecting) = &self.detecting {
            detecting.tell(message);
        }
    }

    /// Counts the flow records that wait.
    fn observe_records(&mut self) {
        let Self { status, records, analyzer, .. } = self;
        let Some(exports) = status.exports() else { return };
        exports.fetch(records);
        records.iter().for_each(|record| analyzer.observe_record(record));
        if !records.is_empty() {
            self.recording.tell_records(self.records.clone());
            self.tell_detectors(Message::Records(self.records.clone()));
        }
    }

    fn observe_all(&mut self, batch: &Arc<ReadBuffer>) {
        let again = self.status.again(self.again.times);
        let Some(again) = again.filter(|again| self.reaches(again.sequence, batch)) else {
            return self.observe(batch, 0..u64::MAX);
        };
        self.observe(batch, 0..again.sequence);
        self.begin_again(again);
        self.observe(batch, again.sequence..u64::MAX);
    }

    /// Whether a packet is among these, or comes next.
    fn reaches(&self, sequence: u64, batch: &ReadBuffer) -> bool {
        let next = batch.iter().next_back().map_or(self.next, |last| last.sequence + 1);
        next >= sequence
    }

    /// Shows packets of a batch to the detectors, which look at them meanwhile, and counts them.
    fn observe(&mut self, batch: &Arc<ReadBuffer>, wanted: std::ops::Range<u64>) {
        if batch.is_empty() {
            return;
        }
        self.tell_detectors(Message::Packets(Arc::clone(batch), wanted.clone()));
        let seen = batch.iter().filter(|seen| wanted.contains(&seen.sequence));
        self.analyzer.observe_all(seen.map(|seen| (seen.packet, seen.bytes)));
    }

    /// Nothing that was seen counts for what comes: as if the program were started anew, but for alerts, the ring, and what
    /// is wanted.
    fn begin_again(&mut self, again: Again) {
        self.again = again;
        self.beginning.setup.facts = self.status.known();
        self.analyzer = self.beginning.analyzer();
        self.recording.forget();
        self.tell_detectors(Message::Again);
        for filtered in self.views.values_mut() {
            if let Some(id) = self.analyzer.add_view(filtered.query.clone()) {
                filtered.id = id;
            }
        }
    }

    /// Hands over what flows carried, when something was settled.
    fn record(&mut self) {
        let Some(recorder) = self.analyzer.recorder() else { return };
        if !recorder.is_empty() && self.recording.has_room() {
            let (slices, left_out) = recorder.fetch();
            self.recording.tell(slices, left_out);
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Want(key, query) => self.want(key, query),
            Command::Drop(key) => self.drop_topic(&key),
            Command::Geo(geo) => self.analyzer.set_geo(geo),
            Command::Detect(thresholds) => self.tell_detectors(Message::Thresholds(thresholds)),
            Command::Report(report) => self.report(report),
            Command::Hosts(hosts) => self.hosts(hosts),
            // Nobody waits any more when the client has gone.
            Command::Learned(query, reply) => {
                drop(reply.send(self.learned(query.asks_names(), query.asks_systems())));
            }
            Command::AllLearned(reply) => drop(reply.send(self.learned(true, true))),
            Command::LearnedOf(addresses, reply) => drop(reply.send(self.learned_of(&addresses))),
            Command::BestNames(addresses, reply) => drop(reply.send(self.best_names(addresses))),
        }
    }

    fn best_names(&self, addresses: Vec<IpAddr>) -> HashMap<IpAddr, String> {
        let names = self.analyzer.names();
        let best = |address| Some((address, names.best(address)?.name.to_string()));
        addresses.into_iter().filter_map(best).collect()
    }

    fn learned_of(&mut self, addresses: &[IpAddr]) -> Learned {
        let reading = self.analyzer.read();
        let names = reading.names().only(addresses.iter().copied());
        let prints = reading.inventory().map(Inventory::fingerprints);
        let look = |&address: &IpAddr| Some((address, prints?.family(address)?));
        Learned { names, systems: addresses.iter().filter_map(look).collect() }
    }

    /// A copy, of what is asked alone.
    fn learned(&mut self, names: bool, systems: bool) -> Learned {
        let reading = self.analyzer.read();
        let names = if names { reading.names().clone() } else { Names::new(0) };
        let prints = reading.inventory().filter(|_| systems).map(Inventory::fingerprints);
        let looks = prints.into_iter().flat_map(|prints| {
            prints.hosts().filter_map(|(address, _)| Some((address, prints.family(address)?)))
        });
        Learned { names, systems: looks.collect() }
    }

    fn hosts(&mut self, Hosts { which, measure, reply }: Hosts) {
        let reading = self.analyzer.read();
        let stock = match which {
            Which::Top(limit, query) => reading.stock(&reading.ask(limit, measure), query.as_ref()),
            Which::One(address) => reading.stock_of(address, &reading.ask(1, measure)),
        };
        let (from, to) = (reading.from(ViewId::MAIN), reading.now());
        // Nobody waits any more when the client has gone.
        let _ = reply.send(HostsAnswer { stock, from, to, evicted: reading.evicted().0 });
    }

    fn want(&mut self, key: TopicKey, query: Option<Query>) {
        if self.wanted.contains(&key) {
            return;
        }
        if let Some(query) = query {
            if let Some(filtered) = self.views.get_mut(&key.filter) {
                filtered.users += 1;
            } else if let Some(id) = self.fill(query.clone()) {
                self.views.insert(key.filter.clone(), Filtered { id, query, users: 1 });
            } else {
                return;
            }
        }
        self.wanted.push(key);
        self.make_soon();
    }

    fn make_soon(&mut self) {
        let soon = Instant::now() + SOON;
        let soon = self.ticked.map_or(soon, |ticked| soon.max(ticked + BETWEEN));
        self.due = self.due.min(soon);
    }

    fn drop_topic(&mut self, key: &TopicKey) {
        self.wanted.retain(|wanted| wanted != key);
        let Some(filtered) = self.views.get_mut(&key.filter) else { return };
        filtered.users -= 1;
        if filtered.users == 0 {
            self.analyzer.remove_view(filtered.id);
            self.views.remove(&key.filter);
        }
    }

    /// A filtered view with what the ring still has of the past.
    fn fill(&mut self, query: Query) -> Option<ViewId> {
        let (analyzer, next) = (&self.analyzer, self.next);
        let since = stream::Query { since: self.again.sequence, ..stream::Query::default() };
        let past = self.stream.find(&since, |seen| {
            seen.sequence < next && analyzer.lets_through(&query, (seen.packet, seen.bytes))
        });
        let id = self.analyzer.add_view(query)?;
        for kept in &past {
            self.analyzer.recall(id, &kept.packet, &kept.bytes);
        }
        Some(id)
    }

    fn report(&mut self, report: Report) {
        let id = match report.query {
            None => Some(ViewId::MAIN),
            Some(query) => self.fill(query),
        };
        let reading = self.analyzer.read();
        let answer = id.map(|id| {
            let ask = reading.ask(report.limit, report.measure);
            let dimension = Dimension { name: report.by, ends: Ends::Both };
            let (hosts, _, keys) = reading.evicted();
            Answer {
                top: reading.top(id, dimension, &ask).unwrap_or_default(),
                totals: reading.totals(id),
                from: reading.from(id),
                to: reading.now(),
                evicted: if matches!(report.by, "host" | "os") { hosts } else { keys },
            }
        });
        if let Some(id) = id {
            self.analyzer.remove_view(id);
        }
        // Nobody waits any more when the client has gone.
        let _ = report.reply.send(answer);
    }

    fn tick(&mut self) {
        let clock = self.wall_clock.then(now);
        let packets = clock.or_else(|| self.analyzer.now());
        if let Some(at) = packets {
            self.analyzer.advance(at);
        }
        self.tell_detectors(Message::Tick { packets, clock });
        let detected = self.status.detected();
        let Self { analyzer, views, wanted, stream, .. } = self;
        let reading = analyzer.read();
        self.status.set_analysis(Figures {
            lost_ring: self.lost,
            evicted: reading.evicted(),
            rows: reading.rows(),
            hellos: reading.hellos(),
            memory: reading.bytes(),
            memory_limit: reading.budget(),
            tables: tables::of(reading, detected.table, stream),
            totals: reading.totals(ViewId::MAIN),
            names: reading.names().counts(),
            prints: reading.inventory().map(Prints::of).unwrap_or_default(),
            unheard: detected.untold,
        });
        let made = wanted.iter().filter_map(|key| make(reading, views, key)).collect();
        let tick = Tick { at: reading.now().unwrap_or_else(now), made, geo: reading.facts().geo.clone() };
        // A publisher that is behind gets the next one.
        let _ = self.ticks.try_send(tick);
    }
}

fn make(reading: Reading<'_>, views: &HashMap<String, Filtered>, key: &TopicKey) -> Option<Made> {
    let topic = topics::named(key.topic)?;
    let view = views.get(&key.filter).map_or(ViewId::MAIN, |filtered| filtered.id);
    let ask = reading.ask(key.k, key.measure);
    let material = (topic.take)(reading, view, &ask);
    Some(Made { key: key.clone(), from: reading.from(view), material })
}

/// The wall clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::EPOCH.after(since)
}
