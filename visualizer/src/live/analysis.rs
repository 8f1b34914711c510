//! The analysis thread: it alone owns the analyzer. It reads the ring, answers commands, and each tick hands the
//! material of all wanted topics to the publisher.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, SyncSender};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use analyzer::aggregate::{Ends, Top};
use analyzer::detect::{Detection, Thresholds};
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
use crate::live::hearing::Hearing;
use crate::live::history::Recording;
use crate::live::publish::{Made, Tick};
use crate::live::status::Again;
use crate::live::tables;
use crate::live::watch::Watch;
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
    /// The thresholds and the memory of the detectors, if they are switched on.
    pub(crate) detection: Option<(Thresholds, usize)>,
}

impl Beginning {
    fn analyzer(&self) -> Analyzer {
        let mut analyzer = Analyzer::new(self.setup.clone());
        if self.record {
            analyzer.record();
        }
        analyzer
    }

    fn detection(&self) -> Option<Detection> {
        self.detection.as_ref().map(|(thresholds, memory)| Detection::new(thresholds, *memory))
    }

    fn detection_of_records(&self) -> Option<Detection> {
        self.detection.as_ref().map(|(thresholds, memory)| Detection::of_records(thresholds, *memory))
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
    detection: Option<Watch>,
    /// Those that hear of flow records, where there are some.
    hearing: Option<Hearing>,
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
    let thread = Thread {
        analyzer: beginning.analyzer(),
        hearing: beginning
            .detection_of_records()
            .filter(|_| status.exports().is_some())
            .map(|detection| Hearing::new(detection, found.clone())),
        detection: beginning.detection().map(|detection| Watch::new(detection, found, 0)),
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
        let mut buffer = ReadBuffer::new(&self.stream);
        while !stop.load(Relaxed) {
            let over = self.status.has_ended();
            let read = cursor.read(&mut buffer, WAIT);
            self.lost += read.lost;
            self.observe_all(&buffer);
            self.observe_records();
            if let Some(last) = buffer.iter().next_back() {
                self.next = last.sequence + 1;
            }
            self.record();
            while let Ok(command) = commands.try_recv() {
                self.obey(command);
            }
            let all = over && read.taken == 0;
            if all {
                self.end();
            }
            let now = Instant::now();
            // Before it is said to have ended, the last figures are told.
            if now >= self.due || all && !self.status.is_analysed() {
                (self.ticked, self.due) = (Some(now), now + TICK);
                self.tick();
            }
            self.status.set_analysed(all);
            if read.ended {
                // The source is over; its last state stays and can still be asked.
                std::thread::sleep(WAIT);
            }
        }
    }

    /// The source is over: detectors judge what they waited for.
    fn end(&mut self) {
        let Some(watch) = &mut self.detection else { return };
        watch.end();
        if let Some(hearing) = &mut self.hearing {
            hearing.end(&self.stream);
        }
    }

    /// Counts the flow records that wait.
    fn observe_records(&mut self) {
        let Self { status, records, analyzer, .. } = self;
        let Some(exports) = status.exports() else { return };
        exports.fetch(records);
        records.iter().for_each(|record| analyzer.observe_record(record));
        if let Some(hearing) = &mut self.hearing {
            hearing.hear(records);
            hearing.tell(self.wall_clock.then(now));
        }
        if !records.is_empty() {
            self.recording.tell_records(records.clone());
        }
    }

    fn observe_all(&mut self, buffer: &ReadBuffer) {
        let again = self.status.again(self.again.times);
        let Some(again) = again.filter(|again| self.reaches(again.sequence, buffer)) else {
            return self.observe(buffer, 0..u64::MAX);
        };
        self.observe(buffer, 0..again.sequence);
        self.begin_again(again);
        self.observe(buffer, again.sequence..u64::MAX);
    }

    /// Whether a packet is among these, or comes next.
    fn reaches(&self, sequence: u64, buffer: &ReadBuffer) -> bool {
        let next = buffer.iter().next_back().map_or(self.next, |last| last.sequence + 1);
        next >= sequence
    }

    fn observe(&mut self, buffer: &ReadBuffer, wanted: std::ops::Range<u64>) {
        let seen = buffer.iter().filter(|seen| wanted.contains(&seen.sequence));
        let packets = seen.map(|seen| (seen.packet, seen.bytes));
        self.analyzer.observe_all(packets.clone());
        if let Some(Watch { detection, .. }) = &mut self.detection {
            detection.observe_all(packets);
        }
    }

    /// Nothing that was seen counts for what comes: as if the program were started anew, but for alerts, the ring, and what
    /// is wanted.
    fn begin_again(&mut self, again: Again) {
        self.again = again;
        self.beginning.setup.facts = self.status.known();
        self.analyzer = self.beginning.analyzer();
        self.recording.forget();
        self.detect_again();
        for filtered in self.views.values_mut() {
            if let Some(id) = self.analyzer.add_view(filtered.query.clone()) {
                filtered.id = id;
            }
        }
    }

    /// Detectors with other thresholds. What those before had only half seen is let go; what they found stays.
    fn detect(&mut self, thresholds: Thresholds) {
        if let Some((before, _)) = &mut self.beginning.detection {
            *before = thresholds;
        }
        self.detect_again();
    }

    /// The detectors begin anew.
    fn detect_again(&mut self) {
        if let (Some(watch), Some(detection)) = (&mut self.detection, self.beginning.detection()) {
            watch.begin_again(detection, &self.stream);
        }
        if let (Some(hearing), Some(detection)) = (&mut self.hearing, self.beginning.detection_of_records()) {
            hearing.begin_again(detection, &self.stream);
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
            Command::Detect(thresholds) => self.detect(*thresholds),
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

    /// Moves the detectors' time on: of a replay their own, which goes back where packets' does.
    fn watch_on(&mut self) {
        let Some(watch) = &mut self.detection else { return };
        if let Some(at) = if self.wall_clock { Some(now()) } else { watch.detection.now() } {
            watch.advance(at, &self.stream);
        }
    }

    fn tick(&mut self) {
        if let Some(at) = if self.wall_clock { Some(now()) } else { self.analyzer.now() } {
            self.analyzer.advance(at);
        }
        self.watch_on();
        if let Some(hearing) = &mut self.hearing {
            hearing.hand_over(&self.stream);
        }
        let Self { analyzer, views, wanted, stream, detection: watch, hearing, .. } = self;
        let reading = analyzer.read();
        self.status.set_analysis(Figures {
            lost_ring: self.lost,
            evicted: reading.evicted(),
            rows: reading.rows(),
            hellos: reading.hellos(),
            memory: reading.bytes(),
            memory_limit: reading.budget(),
            tables: tables::of(reading, watch.as_ref().map(|watch| &watch.detection), stream),
            totals: reading.totals(ViewId::MAIN),
            names: reading.names().counts(),
            prints: reading.inventory().map(Prints::of).unwrap_or_default(),
            unheard: hearing.as_ref().map(Hearing::untold).unwrap_or_default(),
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
