//! The packet path: which flow, which hosts, which views. Nothing here allocates in the steady state.

use std::net::IpAddr;

use capturer::{Packet, Protocol, Timestamp};

use super::{Analyzer, leave};
use crate::capped::{Capped, Slot};
use crate::facts::answers;
use crate::flow::{Flow, FlowEnd, FlowKey, bits};
use crate::home::Home;
use crate::host::Host;
use crate::observation::{Direction, Fresh, Observation, Service};

impl Analyzer {
    /// Counts packets; with each goes what was kept of its frame.
    ///
    /// They are looked up together before they are counted one by one: the rows of a large table lie in memory that is
    /// far away, and independent look-ups wait for it at the same time instead of one after another (measured on IMIX:
    /// 146 ns a packet in a whole report instead of 240). 16 to 64 at a time serve best.
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
    pub(super) fn find_host(&self, address: IpAddr) -> Option<Slot> {
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
    pub(super) fn known<'a>(
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
    pub(super) fn show_in(
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
            let opened = hosts.get(flow.opener.host).is_none_or(|host| host.address() == source);
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
