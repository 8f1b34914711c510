//! The state machine: packets in, totals out. Hosts and flows are shared by all views; each view has its own totals.

use std::net::IpAddr;

use ahash::RandomState;
use capturer::{Packet, Protocol, Timestamp};

use crate::aggregate::{Ask, Ends, Top, host_row, rank};
use crate::arcs::Arc;
use crate::capped::{Capped, Slot};
use crate::clock::PacketClock;
use crate::facts::{Facts, answers};
use crate::feed::FeedRow;
use crate::flow::{Flow, FlowEnd, FlowKey, IDLE, State, bits};
use crate::geo::CountryCode;
use crate::home::Home;
use crate::host::Host;
use crate::observation::{Direction, Fresh, Observation, Service};
use crate::query::Query;
use crate::series::Second;
use crate::view::{Dimension, Totals, View};

/// Most views at a time, the main one included: one bit each in the rows of hosts and flows.
pub const VIEWS: usize = 16;

/// Flows looked at per [`Analyzer::advance`], so that a tick's work is bounded.
const EXPIRE_STEPS: usize = 8192;

/// A flow that has ended is forgotten after this long; late packets of it still find it.
const LINGER: std::time::Duration = std::time::Duration::from_secs(15);

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
    /// Bytes that hosts, flows and totals may occupy together.
    pub memory: usize,
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
}

impl Caps {
    /// Shares a budget of so many bytes. Row sizes are those of the tables with index and growth, measured by
    /// [`Capped::bytes`] at their caps.
    pub const fn of(memory: usize) -> Self {
        /// A host's row with its share of index and queue.
        const HOST: usize = 184;
        /// A flow's.
        const FLOW: usize = 184;
        const KEY: usize = 184;
        let hosts = memory * 35 / 100 / HOST;
        let flows = memory * 40 / 100 / FLOW;
        let keys = memory * 15 / 100 / 16 / KEY;
        Self { hosts, flows, keys, view_keys: if keys / 8 < 1024 { 1024 } else { keys / 8 } }
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
    home_country: Option<CountryCode>,
    clock: PacketClock,
    hasher: RandomState,
    /// Of the packets at hand; kept so that nothing is allocated for them.
    keys: Vec<FlowKey>,
    hosts: Capped<Host>,
    flows: Capped<Flow>,
    views: Vec<Option<View>>,
    dimensions: Vec<Dimension>,
    caps: Caps,
    live: bool,
    counts_hosts: bool,
    wants_prefix: bool,
}

impl Analyzer {
    /// An analyzer that has seen nothing.
    pub fn new(setup: Setup) -> Self {
        let caps = Caps::of(setup.memory);
        let main = View::new(&setup.dimensions, caps.keys, setup.live);
        Self {
            facts: setup.facts,
            homes: setup.homes,
            home_country: None,
            clock: PacketClock::default(),
            hasher: RandomState::new(),
            keys: Vec::with_capacity(256),
            hosts: Capped::new(caps.hosts),
            flows: Capped::new(caps.flows),
            views: vec![Some(main)],
            wants_prefix: setup.dimensions.iter().any(|dimension| dimension.name == "prefix"),
            dimensions: setup.dimensions,
            caps,
            live: setup.live,
            counts_hosts: setup.hosts,
        }
    }

    /// Counts packets; with each goes what was kept of its frame.
    ///
    /// They are looked up together before they are counted one by one: the rows of a large table lie in memory that is
    /// far away, and independent look-ups wait for it at the same time instead of one after another (measured: half
    /// the time per packet). 16 to 64 at a time serve best.
    pub fn observe_all<'a>(&mut self, packets: impl Iterator<Item = (&'a Packet, &'a [u8])> + Clone) {
        let mut keys = std::mem::take(&mut self.keys);
        keys.clear();
        keys.extend(packets.clone().map(|(packet, _)| FlowKey::of(packet, &self.hasher)));
        self.approach(&keys);
        for ((packet, bytes), &key) in packets.zip(&keys) {
            self.observe_keyed(packet, bytes, key);
        }
        self.keys = keys;
    }

    /// Counts a packet; `bytes` is what was kept of its frame.
    pub fn observe(&mut self, packet: &Packet, bytes: &[u8]) {
        self.observe_keyed(packet, bytes, FlowKey::of(packet, &self.hasher));
    }

    /// Touches the rows of flows and their hosts, each kind for all packets before the next kind.
    fn approach(&self, keys: &[FlowKey]) {
        let mut near = 0;
        for key in keys {
            near ^= self.flows.peek(key.hash).map_or(0, |flow| flow.received.bytes);
        }
        if self.counts_hosts {
            for flow in keys.iter().filter_map(|key| self.flows.peek(key.hash)) {
                for end in [flow.opener, flow.answerer] {
                    near ^= self.hosts.get(end.host).map_or(0, |host| host.sent.bytes);
                }
            }
        }
        std::hint::black_box(near);
    }

    #[inline]
    fn observe_keyed(&mut self, packet: &Packet, bytes: &[u8], key: FlowKey) {
        let at = self.clock.tell(packet.at);
        if packet.is_ip() {
            self.observe_ip(at, packet, bytes, key);
        } else {
            self.show(at, self.facts.observation(packet, bytes), None);
        }
    }

    /// Moves time on when no packets come, and forgets flows that have ended; call it a few times a second.
    pub fn advance(&mut self, now: Timestamp) {
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
        for view in self.views.iter_mut().flatten() {
            if let Some(live) = &mut view.live {
                live.feed.refresh(&self.flows);
            }
        }
    }

    /// Counts what `query` lets through apart, from now on; `None` when [`VIEWS`] exist already.
    pub fn add_view(&mut self, query: Query) -> Option<ViewId> {
        let free = self.views.iter().position(Option::is_none);
        let index = free.or((self.views.len() < VIEWS).then_some(self.views.len()))?;
        let mut dimensions = self.dimensions.clone();
        dimensions.push(Dimension { name: "host", ends: Ends::Both });
        let mut view = View::new(&dimensions, self.caps.view_keys, self.live);
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
        let (mut seen, slots) = self.known(packet, bytes);
        self.show_in(usize::from(id.0), packet.at, &mut seen, slots);
    }

    /// The head of a dimension's ranking in a view.
    pub fn top(&self, view: ViewId, dimension: Dimension, ask: &Ask<'_>) -> Option<Top> {
        if dimension.name == "host" && view == ViewId::MAIN {
            return Some(self.top_hosts(ask));
        }
        self.view(view)?.top(dimension, ask)
    }

    /// Totals of a view.
    pub fn totals(&self, view: ViewId) -> Totals {
        self.view(view).map(|view| view.totals).unwrap_or_default()
    }

    /// Since when a view counts.
    pub fn from(&self, view: ViewId) -> Option<Timestamp> {
        self.view(view)?.from
    }

    /// The moment the traffic has reached.
    pub const fn now(&self) -> Option<Timestamp> {
        self.clock.now()
    }

    /// Its clock: disorder and jumps.
    pub const fn clock(&self) -> &PacketClock {
        &self.clock
    }

    /// Per-second traffic of a view, oldest first.
    pub fn seconds(&self, view: ViewId) -> Vec<Second> {
        let (Some(from), Some(now)) = (self.from(view), self.now()) else { return Vec::new() };
        self.view(view)
            .and_then(|view| view.live.as_ref())
            .map_or_else(Vec::new, |live| live.series.until(from, now))
    }

    /// The mean of a view's last whole seconds, and how many those are.
    pub fn mean_second(&self, view: ViewId) -> Option<(Second, f64)> {
        Some(self.view(view)?.live.as_ref()?.series.mean(self.from(view)?, self.now()?))
    }

    /// A view's arcs, most bytes first.
    pub fn arcs(&self, view: ViewId) -> Vec<Arc> {
        let Some(now) = self.now() else { return Vec::new() };
        self.view(view).and_then(|view| view.live.as_ref()).map_or_else(Vec::new, |live| live.arcs.until(now))
    }

    /// A view's newest flows, newest first, and how many were left out.
    pub fn feed(&self, view: ViewId) -> (Vec<FeedRow>, u64) {
        let live = self.view(view).and_then(|view| view.live.as_ref());
        live.map_or_else(Default::default, |live| (live.feed.rows().copied().collect(), live.feed.dropped()))
    }

    /// A host's row.
    pub fn host(&self, address: IpAddr) -> Option<&Host> {
        self.hosts.get(self.find_host(address)?)
    }

    /// The homes; where none is set, the country of the first public local address stands for it.
    pub fn homes(&self) -> (&[Home], Option<CountryCode>) {
        (&self.homes, self.home_country)
    }

    /// The databases and local networks in use.
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Rows that had to make room: hosts, flows, keys of the main view's dimensions.
    pub fn evicted(&self) -> (u64, u64, u64) {
        (self.hosts.evicted(), self.flows.evicted(), self.view(ViewId::MAIN).map_or(0, View::evicted))
    }

    /// Bytes that hosts, flows and all views occupy.
    pub fn bytes(&self) -> usize {
        self.hosts.bytes() + self.flows.bytes() + self.views.iter().flatten().map(View::bytes).sum::<usize>()
    }

    fn view(&self, id: ViewId) -> Option<&View> {
        self.views.get(usize::from(id.0))?.as_ref()
    }

    fn top_hosts(&self, ask: &Ask<'_>) -> Top {
        let rows = self.hosts.iter().map(|host| (host.counts().get(ask.measure), host.address(), host));
        let ranked = rank(rows, ask.limit);
        Top {
            rows: ranked.into_iter().map(|(_, _, host)| host_row(host, ask.geo)).collect(),
            total: self.hosts.len(),
        }
    }

    #[inline]
    fn observe_ip(&mut self, at: Timestamp, packet: &Packet, bytes: &[u8], key: FlowKey) {
        let slot = self.find_flow(key).unwrap_or_else(|| self.begin(key, at, packet));
        let Self { flows, views, .. } = self;
        let Some(flow) = flows.touch(slot) else { return };
        if flow.is_over(packet, at) {
            leave(views, flow.views);
            flow.restart(at);
        }
        let from_opener = flow.from_opener(key);
        flow.count(packet, at, from_opener);
        let flow = *flow;
        if self.counts_hosts {
            self.count_hosts(at, packet, slot, &flow, from_opener);
        }
        let seen = self.enrich(packet, bytes, &flow, from_opener);
        let (source, destination) = flow.ends(from_opener);
        self.show(at, seen, Some((slot, source.host, destination.host)));
    }

    #[inline]
    fn find_flow(&self, key: FlowKey) -> Option<Slot> {
        self.flows.lookup(key.hash, |_| true)
    }

    #[inline]
    fn find_host(&self, address: IpAddr) -> Option<Slot> {
        self.hosts.lookup(self.hasher.hash_one(bits(address)), |host| host.address() == address)
    }

    /// Makes a flow's row, and its hosts' if they are new.
    fn begin(&mut self, key: FlowKey, at: Timestamp, packet: &Packet) -> Slot {
        let ports = packet.ports().unwrap_or_default();
        let source = self.flow_end(packet.source, ports.source, at);
        let destination = self.flow_end(packet.destination, ports.destination, at);
        let flow = Flow::begin(packet, key, (source, destination), answers(packet), at);
        let (slot, evicted) = self.flows.insert(key.hash, flow);
        if let Some(evicted) = evicted {
            leave(&mut self.views, evicted.views);
        }
        slot
    }

    fn flow_end(&mut self, address: IpAddr, port: u16, at: Timestamp) -> FlowEnd {
        let slot = self.host_slot(address, at);
        let end = self.hosts.get(slot).map_or_else(|| self.facts.end(address), |host| host.end);
        FlowEnd { host: slot, place: end.place, port, local: end.local }
    }

    fn host_slot(&mut self, address: IpAddr, at: Timestamp) -> Slot {
        if let Some(slot) = self.find_host(address) {
            return slot;
        }
        let end = self.facts.end(address);
        if end.local && self.home_country.is_none() {
            self.home_country = end.place.country;
        }
        let prefix = self.wants_prefix.then(|| self.facts.geo.prefix(address)).flatten();
        let host = Host::new(end, prefix.map(|prefix| prefix.network), at);
        self.hosts.insert(self.hasher.hash_one(bits(address)), host).0
    }

    #[inline]
    fn count_hosts(&mut self, at: Timestamp, packet: &Packet, slot: Slot, flow: &Flow, from_opener: bool) {
        let fresh = u32::from(flow.views & 1 == 0);
        let (source, destination) = flow.ends(from_opener);
        let from = self.counted_host(source.host, packet.source, at);
        let to = self.counted_host(destination.host, packet.destination, at);
        if let Some(host) = self.hosts.touch(from) {
            host.sent.add(packet.wire_len);
            host.flows += fresh;
            host.last = at;
        }
        if let Some(host) = self.hosts.touch(to) {
            host.received.add(packet.wire_len);
            host.flows += if from == to { 0 } else { fresh };
            host.last = at;
        }
        if (from, to) != (source.host, destination.host) {
            self.relink(slot, if from_opener { (from, to) } else { (to, from) });
        }
    }

    /// A host's row, made anew if it was evicted.
    #[inline]
    fn counted_host(&mut self, slot: Slot, address: IpAddr, at: Timestamp) -> Slot {
        if self.hosts.get(slot).is_some() { slot } else { self.host_slot(address, at) }
    }

    #[cold]
    fn relink(&mut self, slot: Slot, (opener, answerer): (Slot, Slot)) {
        if let Some(flow) = self.flows.touch(slot) {
            (flow.opener.host, flow.answerer.host) = (opener, answerer);
        }
    }

    #[inline]
    fn enrich<'a>(
        &self,
        packet: &'a Packet,
        bytes: &'a [u8],
        flow: &Flow,
        from_opener: bool,
    ) -> Observation<'a> {
        let (source, destination) = flow.ends(from_opener);
        let mut seen =
            Observation::new(packet, bytes, source.at(packet.source), destination.at(packet.destination));
        seen.service = service(flow, from_opener);
        if self.wants_prefix {
            let prefix = |slot| self.hosts.get(slot).and_then(|host| host.prefix);
            seen.prefixes = (prefix(source.host), prefix(destination.host));
        }
        if self.homes.len() > 1 {
            let local = if seen.direction == Direction::In { &seen.destination } else { &seen.source };
            seen.home = home_of(&self.homes, local.address);
        }
        seen
    }

    /// What is known of a packet that was observed before, and the rows of its flow and hosts.
    fn known<'a>(
        &self,
        packet: &'a Packet,
        bytes: &'a [u8],
    ) -> (Observation<'a>, Option<(Slot, Slot, Slot)>) {
        let key = FlowKey::of(packet, &self.hasher);
        let found = packet.is_ip().then(|| self.find_flow(key)).flatten();
        let Some((slot, flow)) = found.and_then(|slot| Some((slot, *self.flows.get(slot)?))) else {
            return (self.facts.observation(packet, bytes), None);
        };
        let from_opener = flow.from_opener(key);
        let (source, destination) = flow.ends(from_opener);
        (self.enrich(packet, bytes, &flow, from_opener), Some((slot, source.host, destination.host)))
    }

    #[inline]
    fn show(&mut self, at: Timestamp, mut seen: Observation<'_>, slots: Option<(Slot, Slot, Slot)>) {
        for index in 0..self.views.len() {
            self.show_in(index, at, &mut seen, slots);
        }
    }

    #[inline]
    fn show_in(
        &mut self,
        index: usize,
        at: Timestamp,
        seen: &mut Observation<'_>,
        slots: Option<(Slot, Slot, Slot)>,
    ) {
        let Self { views, flows, hosts, .. } = self;
        let Some(view) = views.get_mut(index).and_then(Option::as_mut) else { return };
        if !view.wants(seen) {
            return;
        }
        seen.fresh = slots.map_or_else(Fresh::default, |slots| mark(flows, hosts, slots, 1 << index));
        view.from.get_or_insert(at);
        view.observe(at, seen);
        if let (true, Some((slot, ..)), Some(live)) = (seen.fresh.flow, slots, &mut view.live)
            && let Some(flow) = flows.get(slot)
        {
            let (source, destination) = (seen.packet.source, seen.packet.destination);
            let opened = seen.service.is_none_or(|service| !service.sent);
            live.feed.begin(
                at,
                slot,
                flow,
                if opened { (source, destination) } else { (destination, source) },
            );
        }
    }
}

/// Sets a view's bit in the rows of a packet's flow and hosts, and says where it was not set yet. Hosts are only new to
/// a view when the flow is, so that a known flow touches no host's row.
#[inline]
fn mark(
    flows: &mut Capped<Flow>,
    hosts: &mut Capped<Host>,
    (flow, source, destination): (Slot, Slot, Slot),
    bit: u16,
) -> Fresh {
    if !flows.touch(flow).is_some_and(|flow| set(&mut flow.views, bit)) {
        return Fresh::default();
    }
    let source = hosts.touch(source).is_some_and(|host| set(&mut host.views, bit));
    let destination = hosts.touch(destination).is_some_and(|host| set(&mut host.views, bit));
    Fresh { flow: true, source, destination }
}

#[inline]
const fn set(bits: &mut u16, bit: u16) -> bool {
    let fresh = *bits & bit == 0;
    *bits |= bit;
    fresh
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

#[inline]
const fn service(flow: &Flow, from_opener: bool) -> Option<Service> {
    match flow.protocol {
        Protocol::TCP | Protocol::UDP | Protocol::SCTP if flow.answerer.port != 0 => {
            Some(Service { protocol: flow.protocol, port: flow.answerer.port, sent: !from_opener })
        }
        _ => None,
    }
}

fn home_of(homes: &[Home], address: IpAddr) -> u8 {
    homes.iter().position(|home| home.networks.iter().any(|network| network.contains(address))).unwrap_or(0)
        as u8
}
