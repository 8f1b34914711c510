//! The state machine: packets in, totals out. Hosts and flows are shared by all views; each view has its own totals.

use std::net::IpAddr;

use ahash::RandomState;
use capturer::{Packet, Timestamp};

use crate::aggregate::{Counting, Ends, named};
use crate::capped::{Capped, Guess};
use crate::clock::PacketClock;
use crate::counts::{Counts, Missed};
use crate::devices::Devices;
use crate::facts::Facts;
use crate::flow::{Flow, FlowKey, IDLE, Running, State};
use crate::history::Recorder;
use crate::home::Home;
use crate::host::Host;
use crate::inventory::{Inventory, Knowledge, Plan};
use crate::names::{Learned, Learner, Names};
use crate::query::Query;
use crate::view::{Dimension, View};

mod domains;
mod listing;
mod observe;
mod reading;
mod records;
mod recount;
mod relocate;
mod settle;
mod stock;
mod tables;
mod waiting;

pub use reading::Reading;
use waiting::Waiting;

/// Most views at a time, the main one included: one bit each in the rows of hosts and flows.
pub const VIEWS: usize = 16;

/// Flows looked at per [`Analyzer::advance`], so that a tick's work is bounded.
const EXPIRE_STEPS: usize = 8192;

/// A flow that has ended is forgotten after this long; late packets of it still find it.
const LINGER: std::time::Duration = std::time::Duration::from_secs(15);

/// Registers for the number of different hosts: 1.6 % standard error.
const HOST_REGISTERS: usize = 4096;

/// What an [`Analyzer`] is made from.
#[derive(Clone)]
pub struct Setup {
    /// Databases and local networks.
    pub facts: Facts,
    /// Where the local networks are, for arcs; the first is the default.
    pub homes: Vec<Home>,
    /// What the main view counts.
    pub dimensions: Vec<Dimension>,
    /// Whether someone watches: series, arcs and feed are kept.
    pub live: bool,
    /// Whether totals by host are kept; without them a packet of a known flow touches no host's row.
    pub hosts: bool,
    /// Whether names of addresses are learned.
    pub names: bool,
    /// Bytes that hosts, flows, totals and names may occupy together.
    pub memory: usize,
    /// How keys are counted.
    pub counting: Counting,
    /// Names of devices, for hardware addresses.
    pub devices: Devices,
    /// What is kept of how hosts look, if that is wanted; its memory is its own.
    pub inventory: Option<Plan>,
}

/// Caps of the tables, from the one budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Hosts.
    pub hosts: usize,
    /// Flows.
    pub flows: usize,
    /// Keys of each dimension of the main view.
    pub keys: usize,
    /// Keys of each dimension of a filtered view.
    pub view_keys: usize,
    /// Bytes of names.
    pub names: usize,
}

/// Of the budget, the parts of hosts, flows, totals and names, hundredths; the rest is for what grows in steps.
const HOSTS: usize = 22;
const FLOWS: usize = 56;
const TOTALS: usize = 15;
const NAMES: usize = 5;

/// So many hundredths of a budget.
const fn part(memory: usize, hundredths: usize) -> usize {
    memory * hundredths / 100
}

impl Caps {
    /// Shares a budget of so many bytes among hosts, flows and the keys of `dimensions`. Row sizes are those of the
    /// tables with index and growth, measured by [`Capped::bytes`] and [`View::bytes`] at their caps.
    pub fn of(memory: usize, dimensions: &[Dimension]) -> Self {
        /// A host's row with its share of index and queue, and what it may have missed.
        const HOST: usize = 208;
        /// A flow's, and its place among the unsettled.
        const FLOW: usize = 240;
        /// A key's, with its hosts and its place in the heap.
        const KEY: usize = 448;
        let many =
            |dimension: &&Dimension| named(dimension.name).is_some_and(|entry| entry.most_keys.is_none());
        let shares = dimensions.iter().filter(many).count().max(1);
        let hosts = part(memory, HOSTS) / HOST;
        let flows = part(memory, FLOWS) / FLOW;
        let keys = part(memory, TOTALS) / shares / KEY;
        Self { hosts, flows, keys, view_keys: (keys / 8).max(1024), names: part(memory, NAMES) }
    }
}

/// A view's number; 0 is the main view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ViewId(u8);

impl ViewId {
    /// The view without a filter.
    pub const MAIN: Self = Self(0);
}

/// Packets in, totals out.
pub struct Analyzer {
    facts: Facts,
    homes: Vec<Home>,
    /// A public address of our own: where it is stands for a home that is not set.
    home_address: Option<IpAddr>,
    clock: PacketClock,
    hasher: RandomState,
    /// Of the packets at hand; kept so that nothing is allocated for them.
    near: Vec<(FlowKey, Option<Guess>)>,
    /// Hashes of the addresses of packets whose flow is new.
    strangers: Vec<u64>,
    hosts: Capped<Host, Missed>,
    /// The most that may be true of a host without a row.
    missed: Missed,
    /// Registers of all hosts there ever were, for their number; see [`crate::sketch::hyperloglog`].
    different: Box<[u8]>,
    flows: Capped<Running, Flow>,
    /// Flows with traffic that is not settled.
    waiting: Waiting,
    /// Packets since all were settled.
    passed: u64,
    /// When all that wait are due, in packet time: where somebody watches, when the second is over.
    turn_at: Timestamp,
    /// When something is to be settled: the same, or at once while some are due.
    settle_at: Timestamp,
    views: Vec<Option<View>>,
    dimensions: Vec<Dimension>,
    caps: Caps,
    /// The budget, bytes.
    memory: usize,
    /// Whether hosts may soon have to make room.
    crowded: bool,
    live: bool,
    counts_hosts: bool,
    counting: Counting,
    devices: Devices,
    wants_prefix: bool,
    wants_domain: bool,
    names: Names,
    learns: bool,
    learner: Learner,
    inventory: Option<Box<Inventory>>,
    /// What hosts carried that had to make room.
    departed: Counts,
    /// What is told to the archive, where there is one.
    recorder: Option<Box<Recorder>>,
}

impl Analyzer {
    /// An analyzer that has seen nothing.
    pub fn new(setup: Setup) -> Self {
        let caps = Caps::of(setup.memory, &setup.dimensions);
        let main = View::new(&setup.dimensions, caps.keys, setup.live, setup.counting);
        Self {
            facts: setup.facts,
            homes: setup.homes,
            home_address: None,
            clock: PacketClock::default(),
            hasher: RandomState::new(),
            near: Vec::with_capacity(256),
            strangers: Vec::with_capacity(512),
            hosts: Capped::new(caps.hosts),
            missed: Missed::default(),
            different: vec![0; HOST_REGISTERS].into_boxed_slice(),
            counting: setup.counting,
            devices: setup.devices,
            flows: Capped::new(caps.flows),
            waiting: Waiting::default(),
            passed: 0,
            turn_at: Timestamp::EPOCH,
            settle_at: Timestamp::EPOCH,
            views: vec![Some(main)],
            wants_prefix: setup.hosts || setup.dimensions.iter().any(|dimension| dimension.name == "prefix"),
            wants_domain: setup.dimensions.iter().any(|dimension| dimension.name == "domain"),
            names: Names::new(if setup.names { caps.names } else { 0 }),
            learns: setup.names,
            learner: Learner::default(),
            inventory: setup.inventory.map(|plan| Box::new(Inventory::new(plan))),
            departed: Counts::default(),
            dimensions: setup.dimensions,
            caps,
            memory: setup.memory,
            crowded: false,
            live: setup.live,
            counts_hosts: setup.hosts,
            recorder: None,
        }
    }

    /// Learns what names a packet gives and what its sender looks like, as far as that is wanted; [`Analyzer::observe`] does so
    /// itself where it is given the frame's bytes.
    #[inline]
    pub fn learn(&mut self, packet: &Packet, bytes: &[u8]) {
        if let (Some(inventory), false) = (&mut self.inventory, bytes.is_empty()) {
            inventory.learn(packet, bytes);
        }
        if self.learns {
            let Self { names, learner, .. } = self;
            learner.learn(packet, bytes, |learned| names.take(&learned));
        }
    }

    /// Takes a name that was learned elsewhere, if names are wanted.
    pub fn learned(&mut self, learned: &Learned<'_>) {
        if self.learns {
            self.names.take(learned);
        }
    }

    /// Moves time on when no packets come, and forgets flows that have ended; call it a few times a second.
    pub fn advance(&mut self, now: Timestamp) {
        self.settle();
        self.clock.advance(now);
        let Some(now) = self.clock.now() else { return };
        let Self { flows, views, .. } = self;
        flows.expire(EXPIRE_STEPS, |flow| {
            let limit = if flow.state == State::Active { IDLE } else { LINGER };
            let over = now.since(flow.last) > limit;
            if over {
                leave(views, flow.views);
            }
            over
        });
    }

    /// Counts what `query` lets through apart, from now on; `None` when [`VIEWS`] exist already.
    pub fn add_view(&mut self, query: Query) -> Option<ViewId> {
        let free = self.views.iter().position(Option::is_none);
        let index = free.or((self.views.len() < VIEWS).then_some(self.views.len()))?;
        let mut dimensions = self.dimensions.clone();
        dimensions.push(Dimension { name: "host", ends: Ends::Both });
        if self.inventory.is_some() {
            dimensions.push(Dimension { name: "os", ends: Ends::Both });
        }
        let mut view = View::new(&dimensions, self.caps.view_keys, self.live, self.counting);
        view.query = Some(query);
        if index == self.views.len() {
            self.views.push(Some(view));
        } else {
            self.views[index] = Some(view);
        }
        Some(ViewId(index as u8))
    }

    /// Ends a filtered view.
    pub fn remove_view(&mut self, id: ViewId) {
        if id == ViewId::MAIN {
            return;
        }
        if let Some(view) = self.views.get_mut(usize::from(id.0)) {
            *view = None;
        }
        let others = !(1u16 << id.0);
        self.hosts.iter_mut().for_each(|host| host.views &= others);
        self.flows.iter_mut().for_each(|flow| flow.views &= others);
    }

    /// Counts a packet that was observed before for one filtered view alone: its past, from the ring.
    pub fn recall(&mut self, id: ViewId, packet: &Packet, bytes: &[u8]) {
        if id == ViewId::MAIN {
            return;
        }
        let (mut seen, slots) = self.known(packet);
        self.show_in(usize::from(id.0), packet.at, (packet, bytes), &mut seen, slots);
    }

    /// What was counted so far, everything settled.
    pub fn read(&mut self) -> Reading<'_> {
        self.settle();
        Reading(self)
    }

    /// The moment the traffic has reached.
    pub const fn now(&self) -> Option<Timestamp> {
        self.clock.now()
    }

    /// From now on what flows carry is recorded, by second, for an archive.
    pub fn record(&mut self) {
        self.recorder = Some(Box::default());
    }

    /// What was recorded since the last time, if it is recorded.
    pub fn recorder(&mut self) -> Option<&mut Recorder> {
        self.recorder.as_deref_mut()
    }

    /// Whether a filter lets a packet through, by what is known now.
    pub fn lets_through(&self, query: &Query, packet: (&Packet, &[u8])) -> bool {
        self.facts.lets_through(query, packet, self.knowledge())
    }

    /// Whether anything is learned of the bytes of frames.
    pub const fn learns(&self) -> bool {
        self.learns || self.inventory.is_some()
    }

    /// Whether it is learned what hosts look like.
    pub const fn keeps_inventory(&self) -> bool {
        self.inventory.is_some()
    }

    /// What was learned of addresses so far.
    pub fn knowledge(&self) -> Knowledge<'_> {
        stock::knowledge(&self.names, self.inventory.as_deref())
    }

    /// Names learned so far.
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// The databases and local networks in use.
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    fn view(&self, id: ViewId) -> Option<&View> {
        self.views.get(usize::from(id.0))?.as_ref()
    }
}

/// A flow leaves the views that counted it as active.
fn leave(views: &mut [Option<View>], bits: u16) {
    for (index, view) in views.iter_mut().enumerate() {
        if bits & (1 << index) != 0
            && let Some(view) = view
        {
            view.totals.flows_active = view.totals.flows_active.saturating_sub(1);
        }
    }
}
