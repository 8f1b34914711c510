//! The analysis thread: it alone owns the analyzer. It reads the ring, answers commands, and each tick hands the
//! material of all wanted topics to the publisher.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use analyzer::aggregate::{Ends, Top};
use analyzer::fingerprint::Family;
use analyzer::geo::Geo;
use analyzer::inventory::{Inventory, Knowledge, Stock};
use analyzer::names::Names;
use analyzer::query::Query;
use analyzer::{Analyzer, Dimension, Measure, Reading, ViewId};
use capturer::Timestamp;
use capturer::stream::{self, PacketStream, ReadBuffer};
use tokio::sync::oneshot;

use crate::live::publish::{Made, Tick};
use crate::live::watch::Watch;
use crate::live::{Figures, Prints, Status, TopicKey, topics};

/// Time between ticks: four a second.
const TICK: Duration = Duration::from_millis(250);

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
    /// Totals by a dimension, now.
    Report(Report),
    /// The hosts that were seen, now.
    Hosts(Hosts),
    /// What is known of addresses now, as far as a filter asks it.
    Learned(Query, oneshot::Sender<Learned>),
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
    names: Names,
    systems: HashMap<IpAddr, Family>,
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

struct Thread {
    analyzer: Analyzer,
    /// The detectors, if they are switched on.
    detection: Option<Watch>,
    stream: PacketStream,
    status: Arc<Status>,
    ticks: SyncSender<Tick>,
    /// Whether packet time is the wall clock's, so that it goes on when nothing comes.
    wall_clock: bool,
    wanted: Vec<TopicKey>,
    views: HashMap<String, (ViewId, usize)>,
    /// Sequence number of the next packet the analyzer will see.
    next: u64,
    lost: u64,
}

/// Starts the thread; it ends when `stop` is set.
pub(crate) fn spawn(
    (analyzer, detection): (Analyzer, Option<Watch>),
    stream: PacketStream,
    status: Arc<Status>,
    wall_clock: bool,
    (commands, ticks): (Receiver<Command>, SyncSender<Tick>),
    stop: Arc<AtomicBool>,
) -> io::Result<JoinHandle<()>> {
    let thread = Thread {
        analyzer,
        detection,
        stream,
        status,
        ticks,
        wall_clock,
        wanted: Vec::new(),
        views: HashMap::new(),
        next: 0,
        lost: 0,
    };
    Builder::new().name("analysis".into()).spawn(move || thread.run(&commands, &stop))
}

impl Thread {
    fn run(mut self, commands: &Receiver<Command>, stop: &AtomicBool) {
        let mut cursor = self.stream.cursor_from_oldest();
        let mut buffer = ReadBuffer::new(&self.stream);
        let mut due = Instant::now();
        while !stop.load(Relaxed) {
            let read = cursor.read(&mut buffer, WAIT);
            self.lost += read.lost;
            self.analyzer.observe_all(buffer.iter().map(|seen| (seen.packet, seen.bytes)));
            if let Some(Watch { detection, .. }) = &mut self.detection {
                detection.observe_all(buffer.iter().map(|seen| (seen.packet, seen.bytes)));
            }
            if let Some(last) = buffer.iter().next_back() {
                self.next = last.sequence + 1;
            }
            while let Ok(command) = commands.try_recv() {
                self.obey(command);
            }
            if Instant::now() >= due {
                due = Instant::now() + TICK;
                self.tick();
            }
            if let (true, Some(watch)) = (read.ended, &mut self.detection) {
                watch.end();
            }
            if read.ended {
                // The source is over; its last state stays and can still be asked.
                std::thread::sleep(WAIT);
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Want(key, query) => self.want(key, query),
            Command::Drop(key) => self.drop_topic(&key),
            Command::Geo(geo) => self.analyzer.set_geo(geo),
            Command::Report(report) => self.report(report),
            Command::Hosts(hosts) => self.hosts(hosts),
            // Nobody waits any more when the client has gone.
            Command::Learned(query, reply) => drop(reply.send(self.learned(&query))),
            Command::BestNames(addresses, reply) => drop(reply.send(self.best_names(addresses))),
        }
    }

    fn best_names(&self, addresses: Vec<IpAddr>) -> HashMap<IpAddr, String> {
        let names = self.analyzer.names();
        let best = |address| Some((address, names.best(address)?.name.to_string()));
        addresses.into_iter().filter_map(best).collect()
    }

    /// A copy, of what the filter asks alone.
    fn learned(&mut self, query: &Query) -> Learned {
        let reading = self.analyzer.read();
        let names = if query.asks_names() { reading.names().clone() } else { Names::new(0) };
        let prints = reading.inventory().filter(|_| query.asks_systems()).map(Inventory::fingerprints);
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
            if let Some((_, users)) = self.views.get_mut(&key.filter) {
                *users += 1;
            } else if let Some(id) = self.fill(query) {
                self.views.insert(key.filter.clone(), (id, 1));
            } else {
                return;
            }
        }
        self.wanted.push(key);
    }

    fn drop_topic(&mut self, key: &TopicKey) {
        self.wanted.retain(|wanted| wanted != key);
        let Some((id, users)) = self.views.get_mut(&key.filter) else { return };
        *users -= 1;
        if *users == 0 {
            self.analyzer.remove_view(*id);
            self.views.remove(&key.filter);
        }
    }

    /// A filtered view with what the ring still has of the past.
    fn fill(&mut self, query: Query) -> Option<ViewId> {
        let (analyzer, next) = (&self.analyzer, self.next);
        let past = self.stream.find(&stream::Query::default(), |seen| {
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
        if let Some(at) = if self.wall_clock { Some(now()) } else { self.analyzer.now() } {
            self.analyzer.advance(at);
            if let Some(watch) = &mut self.detection {
                watch.advance(at, &self.stream);
            }
        }
        let Self { analyzer, views, wanted, .. } = self;
        let reading = analyzer.read();
        self.status.set_analysis(Figures {
            lost_ring: self.lost,
            evicted: reading.evicted(),
            rows: reading.rows(),
            hellos: reading.hellos(),
            memory: reading.bytes(),
            memory_limit: reading.budget(),
            totals: reading.totals(ViewId::MAIN),
            names: reading.names().counts(),
            prints: reading.inventory().map(Prints::of).unwrap_or_default(),
        });
        let made = wanted.iter().filter_map(|key| make(reading, views, key)).collect();
        let tick = Tick { at: reading.now().unwrap_or_else(now), made, geo: reading.facts().geo.clone() };
        // A publisher that is behind gets the next one.
        let _ = self.ticks.try_send(tick);
    }
}

fn make(reading: Reading<'_>, views: &HashMap<String, (ViewId, usize)>, key: &TopicKey) -> Option<Made> {
    let topic = topics::named(key.topic)?;
    let view = views.get(&key.filter).map_or(ViewId::MAIN, |(id, _)| *id);
    let ask = reading.ask(key.k, key.measure);
    let material = (topic.take)(reading, view, &ask);
    Some(Made { key: key.clone(), from: reading.from(view), material })
}

/// The wall clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::EPOCH.after(since)
}
