//! Settling: what flows carried since the last time goes to hosts and to the main view's totals, once for many packets.
//! Views with a filter are told of each packet instead, since a filter may ask for what differs between the packets of a
//! flow.

use capturer::Timestamp;

use super::Analyzer;
use super::observe::set;
use crate::capped::Slot;
use crate::flow::{Flow, Running, Volume};
use crate::history::Slice;
use crate::observation::{Fresh, Observation};

/// Flows that are brought near together; see [`Analyzer::observe_all`].
const TOGETHER: usize = 32;

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
        let unsettled = std::mem::take(&mut self.unsettled);
        for slots in unsettled.chunks(TOGETHER) {
            self.approach_rows(slots);
            slots.iter().for_each(|&slot| self.settle_slot(slot));
        }
        self.unsettled = unsettled;
        self.unsettled.clear();
        self.passed = 0;
        for view in self.views.iter_mut().flatten() {
            if let Some(live) = &mut view.live {
                live.feed.refresh(&self.flows);
            }
        }
    }

    /// Settles at a turn of the second, so that arcs know their second; where nobody watches there is no such need.
    #[cold]
    pub(super) fn settle_until(&mut self, at: Timestamp) {
        self.settle();
        let next = Timestamp::from_parts(at.as_seconds() + 1, 0);
        self.settle_at = if self.live { next } else { Timestamp::from_nanos(i64::MAX) };
    }

    /// Forgets the places of flows that had to go: they were settled then. In a flood of flows they would pile up where
    /// nobody watches, as nothing else settles before the capture's end. At most half of the list can stay.
    #[cold]
    pub(super) fn forget_departed(&mut self) {
        let flows = &self.flows;
        self.unsettled.retain(|&slot| flows.get(slot).is_some());
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
