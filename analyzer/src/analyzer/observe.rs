//! The packet path: which flow, which hosts, which views. Nothing here allocates in the steady state.

use std::net::IpAddr;

use capturer::{Packet, Protocol, Timestamp};

use super::stock::knowledge;
use super::{Analyzer, leave};
use crate::capped::{Capped, Guess, Slot};
use crate::counts::Missed;
use crate::facts::answers;
use crate::flow::{Flow, FlowEnd, FlowKey, Running, bits};
use crate::history::Slice;
use crate::home::Home;
use crate::host::Host;
use crate::observation::{Direction, End, Fresh, Observation, Service};
use crate::sketch::hyperloglog;

/// Packets after which flows are settled at the latest: no flow's count of packets can have overflowed by then.
const MOST_UNSETTLED: u64 = 1 << 31;

/// How a packet goes in its flow.
#[derive(Clone, Copy)]
struct Way {
    from_opener: bool,
    direction: Direction,
    /// It is the first.
    fresh: bool,
}

impl Analyzer {
    /// Counts packets; with each goes what was kept of its frame.
    ///
    /// They are looked up together before they are counted one by one: the rows of a large table lie in memory that is
    /// far away, and independent look-ups wait for it at the same time instead of one after another. 16 to 64 at a time
    /// serve best.
    pub fn observe_all<'a>(&mut self, packets: impl Iterator<Item = (&'a Packet, &'a [u8])> + Clone) {
        let mut near = std::mem::take(&mut self.near);
        near.clear();
        near.extend(packets.clone().map(|(packet, _)| (FlowKey::of(packet, &self.hasher), None)));
        let mut strangers = std::mem::take(&mut self.strangers);
        self.approach(&mut near, &mut strangers, packets.clone().map(|(packet, _)| packet));
        self.strangers = strangers;
        for ((packet, bytes), &(key, guess)) in packets.zip(&near) {
            self.observe_keyed((packet, bytes), key, guess);
        }
        self.near = near;
    }

    /// Counts a packet; `bytes` is what was kept of its frame.
    pub fn observe(&mut self, packet: &Packet, bytes: &[u8]) {
        self.observe_keyed((packet, bytes), FlowKey::of(packet, &self.hasher), None);
    }

    /// Touches the rows of flows, and of hosts whose flow is new: each step for all packets before the next, and each
    /// as short as can be, since a processor looks ahead by instructions.
    fn approach<'a>(
        &self,
        near: &mut [(FlowKey, Option<Guess>)],
        strangers: &mut Vec<u64>,
        packets: impl Iterator<Item = &'a Packet> + Clone,
    ) {
        let mut sum = 0;
        for (key, _) in near.iter() {
            sum ^= self.flows.approach(key.hash);
        }
        let mut new = 0;
        for (key, guess) in near.iter_mut() {
            *guess = self.flows.guess(key.hash);
            new += usize::from(guess.is_none());
        }
        sum ^= self.flows.near_leaving(new);
        for guess in near.iter().filter_map(|(_, guess)| *guess) {
            sum ^= self.flows.near(guess);
        }
        strangers.clear();
        let fresh = packets.zip(near.iter()).filter(|(_, (_, guess))| guess.is_none());
        let ends = fresh.flat_map(|(packet, _)| [packet.source, packet.destination]);
        strangers.extend(ends.map(|address| self.hasher.hash_one(bits(address))));
        for &hash in strangers.iter() {
            sum ^= self.hosts.approach(hash);
        }
        let mut new = 0;
        for &hash in strangers.iter() {
            match self.hosts.guess(hash) {
                Some(guess) => sum ^= self.hosts.near(guess),
                None => new += 1,
            }
        }
        sum ^= self.hosts.near_leaving(new);
        std::hint::black_box(sum);
    }

    #[inline]
    fn observe_keyed(&mut self, (packet, bytes): (&Packet, &[u8]), key: FlowKey, guess: Option<Guess>) {
        self.learn(packet, bytes);
        let at = self.clock.tell(packet.at);
        self.passed += 1;
        if at >= self.settle_at {
            self.catch_up(at, packet.is_ip().then_some(key));
        }
        if self.passed >= MOST_UNSETTLED {
            self.settle();
        }
        if packet.is_ip() {
            let found = guess.and_then(|guess| self.flows.confirm(guess, key.hash));
            let slot = found.or_else(|| self.find_flow(key)).unwrap_or_else(|| self.begin(key, at, packet));
            self.observe_ip(at, (packet, bytes), slot, key);
        } else {
            self.take_stock_of_link(packet);
            if let Some(recorder) = &mut self.recorder {
                recorder.take(Slice::alone(packet, at), true);
            }
            let mut seen = self.facts.observation(packet);
            (0..self.views.len()).for_each(|index| self.show_in(index, at, (packet, bytes), &mut seen, None));
        }
    }

    #[inline]
    fn observe_ip(&mut self, at: Timestamp, (packet, bytes): (&Packet, &[u8]), slot: Slot, key: FlowKey) {
        let Some(mut flow) = self.flows.touch(slot) else { return };
        if flow.is_over(packet, at) {
            self.renew(slot, key, at);
            let Some(renewed) = self.flows.touch(slot) else { return };
            flow = renewed;
        }
        let from_opener = flow.from_opener(key);
        let direction = flow.direction(from_opener);
        let change = flow.count(packet, at, from_opener);
        if change.unsettled {
            self.begin_to_wait(slot, at);
        }
        if change.answered && self.crowded {
            self.acquaint(slot);
        }
        if (change.fresh || change.answered) && self.inventory.is_some() {
            self.take_stock(packet, slot, change.answered);
        }
        self.pass(at, (packet, bytes), slot, Way { from_opener, direction, fresh: change.fresh });
    }

    /// A packet of a flow passes all views.
    #[inline]
    fn pass(&mut self, at: Timestamp, (packet, bytes): (&Packet, &[u8]), slot: Slot, way: Way) {
        let Some(Some(main)) = self.views.first_mut() else { return };
        main.pass(at, packet.wire_len, way.direction);
        if main.counts_packets() {
            let mut seen = Observation::of(packet, End::NOBODY, End::NOBODY);
            if way.fresh {
                // Whose hosts are counted by flow sees them once.
                seen.fresh.flow = true;
                (seen.source.address, seen.destination.address) = (packet.source, packet.destination);
            }
            main.observe_packet(&seen);
        }
        if self.views.len() > 1 {
            self.show_others(at, (packet, bytes), slot, way.from_opener);
        }
    }

    /// A packet is shown to the views that have a filter.
    fn show_others(
        &mut self,
        at: Timestamp,
        (packet, bytes): (&Packet, &[u8]),
        slot: Slot,
        from_opener: bool,
    ) {
        let Some(flow) = self.flows.rest(slot) else { return };
        let (source, destination) = flow.ends(from_opener);
        let slots = Some((slot, source.host, destination.host));
        let mut seen = self.enrich(packet, flow, from_opener);
        (1..self.views.len()).for_each(|index| self.show_in(index, at, (packet, bytes), &mut seen, slots));
    }

    #[inline]
    pub(super) fn find_flow(&self, key: FlowKey) -> Option<Slot> {
        self.flows.lookup(key.hash, |_| true)
    }

    #[inline]
    pub(super) fn find_host(&self, address: IpAddr) -> Option<Slot> {
        self.hosts.lookup(self.hasher.hash_one(bits(address)), |host| host.address() == address)
    }

    /// Makes a flow's row, and its hosts' if they are new.
    pub(super) fn begin(&mut self, key: FlowKey, at: Timestamp, packet: &Packet) -> Slot {
        let ports = packet.ports().unwrap_or_default();
        let source = self.flow_end(packet.source, ports.source, at);
        let destination = self.flow_end(packet.destination, ports.destination, at);
        let answers = answers(packet);
        let flow = Flow::begin(packet, (source, destination), answers, at);
        let running = Running::begin(&flow, key, !answers);
        let (slot, evicted) = self.flows.insert(key.hash, running, flow);
        if let Some((mut running, mut flow)) = evicted {
            self.settle_flow(&mut running, &mut flow);
            leave(&mut self.views, running.views);
        }
        self.announce(slot, at);
        slot
    }

    /// A flow is over and another begins under its key.
    #[cold]
    pub(super) fn renew(&mut self, slot: Slot, key: FlowKey, at: Timestamp) {
        let Some((mut running, mut flow)) = self.row(slot) else { return };
        self.settle_flow(&mut running, &mut flow);
        leave(&mut self.views, running.views);
        flow.restart(at);
        let running = Running::begin(&flow, key, running.from_opener(key));
        self.put(slot, (running, flow));
        self.announce(slot, at);
    }

    /// The main view hears of a flow that begins.
    pub(super) fn announce(&mut self, slot: Slot, at: Timestamp) {
        let Self { flows, views, .. } = self;
        let (Some((running, flow)), Some(Some(main))) = (flows.both(slot), views.first_mut()) else { return };
        running.views |= 1;
        main.begin();
        if let Some(live) = &mut main.live {
            live.feed.begin(at, slot, flow);
        }
    }

    /// Both ends of a flow have sent: their hosts are no strangers any more. They hear of it when the flow is settled,
    /// which is too late where hosts have to make room meanwhile.
    pub(super) fn acquaint(&mut self, slot: Slot) {
        let Some(flow) = self.flows.rest(slot) else { return };
        for end in [flow.opener.host, flow.answerer.host] {
            if let Some(host) = self.hosts.touch(end) {
                host.answered = true;
            }
        }
    }

    pub(super) fn flow_end(&mut self, address: IpAddr, port: u16, at: Timestamp) -> FlowEnd {
        let host = self.host_slot(address, at);
        let end = self.hosts.get(host).map_or_else(|| self.facts.end(address), |host| host.end);
        FlowEnd { host, end, port }
    }

    pub(super) fn host_slot(&mut self, address: IpAddr, at: Timestamp) -> Slot {
        if let Some(slot) = self.find_host(address) {
            return slot;
        }
        let end = self.facts.end(address);
        if end.local && self.home_address.is_none() && end.place.country.is_some() {
            self.home_address = Some(end.address);
        }
        let prefix = self.wants_prefix.then(|| self.facts.geo.prefix(address)).flatten();
        let host = Host::new(end, prefix.map(|prefix| prefix.network), at);
        let hash = self.hasher.hash_one(bits(address));
        hyperloglog::add(&mut self.different, hash as u32);
        let (slot, evicted) = self.hosts.insert(hash, host, self.missed);
        if let Some((host, missed)) = evicted {
            self.missed = self.missed.max(missed.and(&host.counts()));
            self.departed.merge(&host.counts());
        }
        if !self.crowded && self.hosts.len() > self.caps.hosts / 2 {
            self.crowded = true;
            self.settle_soon(at);
        }
        slot
    }

    /// A packet as its flow knows it.
    pub(super) fn enrich(&self, packet: &Packet, flow: &Flow, from_opener: bool) -> Observation {
        let (source, destination) = flow.ends(from_opener);
        let mut seen = Observation::of(packet, source.end, destination.end);
        self.complete(&mut seen, flow, from_opener);
        seen
    }

    /// Adds what only the flow knows.
    pub(super) fn complete(&self, seen: &mut Observation, flow: &Flow, from_opener: bool) {
        let (source, destination) = flow.ends(from_opener);
        seen.service = service(flow, from_opener);
        if self.wants_prefix {
            let prefix = |slot| self.hosts.get(slot).and_then(|host| host.prefix);
            seen.prefixes = (prefix(source.host), prefix(destination.host));
        }
        if self.wants_domain {
            seen.domain = self.names.domain(seen.partner().0.address);
        }
        if self.homes.len() > 1 {
            let local = if seen.direction == Direction::In { &seen.destination } else { &seen.source };
            seen.home = home_of(&self.homes, local.address);
        }
    }

    /// What is known of a packet that was observed before, and the rows of its flow and hosts.
    pub(super) fn known(&self, packet: &Packet) -> (Observation, Option<(Slot, Slot, Slot)>) {
        let key = FlowKey::of(packet, &self.hasher);
        let found = packet.is_ip().then(|| self.find_flow(key)).flatten();
        let Some((slot, (running, flow))) = found.and_then(|slot| Some((slot, self.row(slot)?))) else {
            return (self.facts.observation(packet), None);
        };
        let from_opener = running.from_opener(key);
        let (source, destination) = flow.ends(from_opener);
        (self.enrich(packet, &flow, from_opener), Some((slot, source.host, destination.host)))
    }

    pub(super) fn row(&self, slot: Slot) -> Option<(Running, Flow)> {
        Some((*self.flows.get(slot)?, *self.flows.rest(slot)?))
    }

    pub(super) fn put(&mut self, slot: Slot, row: (Running, Flow)) {
        if let Some((running, flow)) = self.flows.both(slot) {
            (*running, *flow) = row;
        }
    }

    /// Counts a packet by itself for one view.
    #[inline]
    pub(super) fn show_in(
        &mut self,
        index: usize,
        at: Timestamp,
        (packet, bytes): (&Packet, &[u8]),
        seen: &mut Observation,
        slots: Option<(Slot, Slot, Slot)>,
    ) {
        let Self { views, flows, hosts, names, inventory, .. } = self;
        let Some(view) = views.get_mut(index).and_then(Option::as_mut) else { return };
        if !view.wants(packet, bytes, (seen, knowledge(names, inventory.as_deref()))) {
            return;
        }
        seen.fresh = slots.map_or_else(Fresh::default, |slots| mark(flows, hosts, slots, 1 << index));
        view.observe(at, seen);
        if let (true, Some((slot, ..)), Some(live)) = (seen.fresh.flow, slots, &mut view.live)
            && let Some(flow) = flows.rest(slot)
        {
            live.feed.begin(at, slot, flow);
        }
    }
}

/// Sets a view's bit in the rows of a packet's flow and hosts, and says where it was not set yet. Hosts are only new to
/// a view when the flow is, so that a known flow touches no host's row.
#[inline]
fn mark(
    flows: &mut Capped<Running, Flow>,
    hosts: &mut Capped<Host, Missed>,
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
pub(super) const fn set(bits: &mut u16, bit: u16) -> bool {
    let fresh = *bits & bit == 0;
    *bits |= bit;
    fresh
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
