//! Settling: what flows carried since the last time goes to hosts and to the main view's totals, once for many packets.
//! Views with a filter are told of each packet instead, since a filter may ask for what differs between the packets of a
//! flow.
//!
//! Where somebody watches, arcs and the archive keep what flows carried by the second. So what a flow carried since it was
//! last settled always lies within one second: when a second is over, all flows that wait are *due*, each is settled before its
//! next packet is counted, and it goes to the second of its last packet, whenever that is. No packet waits for all of them, though:
//! with each packet [`A_FEW`] are settled, and all with each reading. Until the last of them is, flows of several seconds are
//! settled in no order: [`Arcs`](crate::arcs::Arcs) keep each second open, and the
//! [`Recorder`](crate::history::Recorder) hands nothing over.
//!
//! Where nobody watches, seconds do not matter, and all are settled when the capture ends or the list is full.

use capturer::Timestamp;

use super::Analyzer;
use super::observe::set;
use crate::capped::Slot;
use crate::flow::{Flow, FlowKey, Running, Volume};
use crate::history::Slice;
use crate::observation::{Fresh, Observation};

/// Flows that are brought near together; see [`Analyzer::observe_all`].
const TOGETHER: usize = 32;

/// Flows that are due and settled with a packet. It may begin to wait for one flow and two hosts, so that those that are due become
/// fewer; 8 take some 5 µs.
const A_FEW: usize = 8;

/// What went one way since the last time.
#[derive(Clone, Copy)]
pub(super) struct Way {
    pub(super) volume: Volume,
    pub(super) from_opener: bool,
    /// The flow's first packet if it begins, else the last: what came between is known already.
    pub(super) first: Timestamp,
}

impl Analyzer {
    /// Settles all flows.
    pub(super) fn settle(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        self.settle_slots(waiting.all());
        self.waiting = waiting;
        self.waiting.fall_due();
        self.step_over(self.waiting.all().len());
        self.passed = 0;
    }

    /// A second is over, and all its flows are settled at once.
    #[cold]
    pub(super) fn settle_until(&mut self, at: Timestamp) {
        self.turn(at);
        self.settle();
    }

    /// Settles what is due when a packet comes, of its own flow in any case. Where nobody watches, that is all: nobody
    /// waits for a packet there.
    #[cold]
    pub(super) fn catch_up(&mut self, at: Timestamp, key: Option<FlowKey>) {
        if !self.live {
            return self.settle_until(at);
        }
        if at >= self.turn_at {
            self.turn(at);
        }
        if let Some(slot) = key.and_then(|key| self.find_flow(key))
            && self.flows.get(slot).is_some_and(|flow| flow.last.as_seconds() < at.as_seconds())
        {
            self.settle_slot(slot);
        }
        let waiting = std::mem::take(&mut self.waiting);
        let due = waiting.first_due(A_FEW);
        let many = due.len();
        self.settle_slots(due);
        self.waiting = waiting;
        self.step_over(many);
    }

    /// A flow has something to settle. When the list is full, some of it are gone or began anew, and all are due.
    #[inline]
    pub(super) fn begin_to_wait(&mut self, slot: Slot, at: Timestamp) {
        self.waiting.push(slot);
        if self.waiting.len() >= 2 * self.caps.flows {
            self.settle_soon(at);
        }
    }

    /// All flows that wait are due from the next packet on.
    pub(super) const fn settle_soon(&mut self, at: Timestamp) {
        (self.turn_at, self.settle_at) = (at, at);
    }

    /// All flows that wait are due, and the next will be when the second is over.
    fn turn(&mut self, at: Timestamp) {
        let next = Timestamp::from_parts(at.as_seconds() + 1, 0);
        self.turn_at = if self.live { next } else { Timestamp::from_nanos(i64::MAX) };
        // Until none of them is due any more.
        self.settle_at = Timestamp::from_nanos(i64::MIN);
        self.waiting.fall_due();
        if let Some(recorder) = &mut self.recorder {
            recorder.hold_back();
        }
    }

    /// So many of those that wait are settled; whoever waits for the last of them hears of it.
    fn step_over(&mut self, many: usize) {
        self.waiting.step_over(many);
        if self.waiting.is_behind() {
            return;
        }
        self.settle_at = self.turn_at;
        if let Some(recorder) = &mut self.recorder {
            recorder.hand_over();
        }
        for view in self.views.iter_mut().flatten() {
            if let Some(live) = &mut view.live {
                live.feed.refresh(&self.flows);
            }
        }
    }

    fn settle_slots(&mut self, slots: &[Slot]) {
        for slots in slots.chunks(TOGETHER) {
            self.approach_rows(slots);
            slots.iter().for_each(|&slot| self.settle_slot(slot));
        }
    }

    fn approach_rows(&self, slots: &[Slot]) {
        let mut near = 0;
        for flow in slots.iter().filter_map(|&slot| self.flows.rest(slot)) {
            for end in [&flow.opener, &flow.answerer] {
                near ^= self.hosts.get(end.host).map_or(0, |host| host.views);
            }
        }
        std::hint::black_box(near);
    }

    fn settle_slot(&mut self, slot: Slot) {
        let Some((mut running, mut flow)) = self.row(slot) else { return };
        self.settle_flow(&mut running, &mut flow);
        self.put(slot, (running, flow));
    }

    /// Hands on what a flow carried; the row may have left the table already.
    pub(super) fn settle_flow(&mut self, running: &mut Running, flow: &mut Flow) {
        let begins = !running.settled;
        let first = if begins { flow.first } else { running.last };
        let (since, flags) = (running.since(), running.flags());
        let [sent, received] = running.settle();
        flow.sent.merge(&sent);
        flow.received.merge(&received);
        if let Some(recorder) = &mut self.recorder {
            let slice = Slice { flags, ..Slice::of((running, flow), since, [sent, received], begins) };
            recorder.take(slice, running.answered);
        }
        let mut fresh = begins;
        let way = |volume, from_opener| Way { volume, from_opener, first };
        let mut ways = [way(sent, true), way(received, false)];
        if !running.opened {
            // The flow itself counts with the way of its first packet.
            ways.swap(0, 1);
        }
        for way in ways {
            if way.volume.packets > 0 {
                self.settle_way(running, flow, way, fresh);
                fresh = false;
            }
        }
    }

    pub(super) fn settle_way(&mut self, running: &Running, flow: &mut Flow, way: Way, fresh: bool) {
        let Way { volume, from_opener, first } = way;
        let fresh = self.settle_hosts(running, flow, (volume, from_opener), fresh);
        let (source, destination) = flow.ends(from_opener);
        let mut seen = Observation {
            volume,
            network: flow.network,
            protocol: flow.protocol,
            vlan: flow.vlan,
            ports: flow.ports(from_opener),
            fresh,
            first,
            last: running.last,
            ..Observation::between(source.end, destination.end)
        };
        self.complete(&mut seen, flow, from_opener);
        if let Some(Some(main)) = self.views.first_mut() {
            main.settle(running.last, &seen);
        }
    }

    /// Counts at both hosts, where hosts are counted; their rows are made anew if they were evicted.
    fn settle_hosts(
        &mut self,
        running: &Running,
        flow: &mut Flow,
        (volume, from_opener): (Volume, bool),
        fresh: bool,
    ) -> Fresh {
        let at = running.last;
        if self.counts_hosts {
            for end in [&mut flow.opener, &mut flow.answerer] {
                if self.hosts.get(end.host).is_none() {
                    end.host = self.host_slot(end.end.address, at);
                }
            }
        }
        if !self.counts_hosts && !fresh {
            return Fresh::default();
        }
        let (source, destination) = flow.ends(from_opener);
        let (from, to) = (source.host, destination.host);
        // A host without a row counts as new: totals know it by its hash and count it once.
        let mut seen = Fresh { flow: fresh, source: fresh, destination: fresh };
        if let Some(host) = self.hosts.touch(from) {
            host.sent.merge(&volume);
            host.answered |= running.answered;
            host.flows += u32::from(fresh);
            host.last = host.last.max(at);
            seen.source = set(&mut host.views, 1);
        }
        if let Some(host) = self.hosts.touch(to) {
            host.received.merge(&volume);
            host.answered |= running.answered;
            host.flows += u32::from(fresh && from != to);
            host.last = host.last.max(at);
            seen.destination = set(&mut host.views, 1);
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use capturer::{Packet, Ports, Protocol, Tcp, TcpFlags, TcpOptions, TcpQuirks, Transport};

    use super::*;
    use crate::aggregate::Counting;
    use crate::geo::{Geo, Needs};
    use crate::{Devices, Facts, LocalNetworks, Origin, Setup};

    /// Most that a packet may settle: a few that are late, its own flow, and one that has to go for its sake.
    const MOST: u32 = A_FEW as u32 + 2;

    fn analyzer(memory: usize, live: bool) -> Analyzer {
        Analyzer::new(Setup {
            facts: Facts {
                geo: Geo::bundled(Needs::default()),
                local: LocalNetworks::private_and(Vec::new(), Origin::Assumed),
            },
            homes: Vec::new(),
            dimensions: Vec::new(),
            live,
            hosts: true,
            names: false,
            memory,
            counting: Counting::default(),
            devices: Devices::default(),
            inventory: None,
        })
    }

    fn segment(at: Timestamp, client: u32, flags: TcpFlags) -> Packet {
        let tcp = Tcp {
            ports: Ports { source: 50_000, destination: 443 },
            sequence: 1,
            acknowledgment: 0,
            flags,
            window: 64_240,
            quirks: TcpQuirks::default(),
            options: TcpOptions::default(),
        };
        Packet {
            at,
            wire_len: 100,
            source: IpAddr::V4(Ipv4Addr::from_bits(0x0500_0000 + client)),
            destination: IpAddr::V4(Ipv4Addr::new(192, 168, 1, 2)),
            protocol: Protocol::TCP,
            transport: Transport::Tcp(tcp),
            ..Packet::empty()
        }
    }

    /// Flows that were settled: each is counted at the host that opened it.
    fn settled(analyzer: &Analyzer) -> u32 {
        let clients = analyzer.hosts.iter().filter(|host| !host.end.local);
        clients.map(|host| host.flows).sum::<u32>() + analyzer.departed.flows
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::from_parts(1_700_000_000 + second, 0)
    }

    /// Observes so many new clients, and says how many flows a packet settled at most.
    fn most_of(analyzer: &mut Analyzer, at: Timestamp, clients: std::ops::Range<u32>) -> u32 {
        let mut most = 0;
        for client in clients {
            let before = settled(analyzer);
            analyzer.observe(&segment(at, client, TcpFlags::SYN), &[]);
            most = most.max(settled(analyzer) - before);
        }
        most
    }

    #[test]
    fn no_packet_waits_for_all_flows_of_the_second_before() {
        let mut analyzer = analyzer(64 << 20, true);
        let mut most = most_of(&mut analyzer, second(0), 0..3000);
        most = most.max(most_of(&mut analyzer, second(1), 3000..3010));
        // Hardly one of them is settled when the next second begins.
        most = most.max(most_of(&mut analyzer, second(2), 3010..3020));
        assert!(most <= MOST, "{most} flows were settled for the sake of one packet");
        most_of(&mut analyzer, second(2), 3020..3500);
        assert!(settled(&analyzer) >= 3010, "{} of those of the seconds before", settled(&analyzer));
        analyzer.settle();
        assert_eq!(settled(&analyzer), 3500);
    }

    #[test]
    fn no_packet_waits_for_all_flows_when_hosts_become_many() {
        let mut analyzer = analyzer(2 << 20, true);
        let clients = analyzer.caps.hosts as u32;
        let most = most_of(&mut analyzer, second(0), 0..clients);
        assert!(analyzer.crowded && clients > 1000);
        assert!(most <= MOST, "{most} flows were settled for the sake of one packet");
        analyzer.settle();
        assert_eq!(settled(&analyzer), clients);
    }

    #[test]
    fn a_connection_that_begins_over_and_over_again_waits_once() {
        for live in [true, false] {
            let mut analyzer = analyzer(2 << 20, live);
            let most = 2 * analyzer.caps.flows;
            for _ in 0..2 * most {
                analyzer.observe(&segment(second(0), 1, TcpFlags::SYN), &[]);
                analyzer.observe(&segment(second(0), 1, TcpFlags::RST), &[]);
                assert!(analyzer.waiting.len() <= most + most / 4, "{} places", analyzer.waiting.len());
            }
        }
    }
}
