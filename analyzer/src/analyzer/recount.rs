//! Counting slices of the past as the packets they stand for.

use capturer::{Packet, Timestamp};

use super::Analyzer;
use crate::arcs::Arcs;
use crate::capped::Slot;
use crate::flow::{Flow, FlowKey, Running, State, Volume};
use crate::history::Slice;
use crate::names::Names;
use crate::observation::{End, Observation};

impl Analyzer {
    /// Will count slices instead of packets: its arcs stand for all of them, and names are known beforehand.
    pub(crate) fn of_the_past(mut self, names: Names) -> Self {
        self.names = names;
        if let Some(live) =
            self.views.first_mut().and_then(Option::as_mut).and_then(|main| main.live.as_mut())
        {
            live.arcs = Arcs::whole();
        }
        self
    }

    /// Counts what passes of a slice: from its opener, to it. Slices come in the order of their steps.
    pub(crate) fn recount(&mut self, slice: &Slice, passes: [bool; 2]) {
        let at = Timestamp::from_parts(slice.at, 0);
        self.move_to(at);
        let [sent, received] = slice.ways();
        let mut ways = [(sent, passes[0]), (received, passes[1])];
        if !slice.led {
            // A flow counts with the way of its first packet, in a range of the first one there.
            ways.swap(0, 1);
        }
        let mut begun = slice.begun;
        for ((from_opener, volume), _) in
            ways.into_iter().filter(|((_, volume), passes)| *passes && volume.packets > 0)
        {
            let packet = slice.packet(from_opener);
            if packet.is_ip() {
                self.recount_ip((&packet, slice), volume, from_opener, std::mem::take(&mut begun));
            } else {
                self.recount_alone(&packet, volume);
            }
        }
    }

    /// The clock of slices has nothing to confirm: they were clocked before.
    fn move_to(&mut self, at: Timestamp) {
        if self.clock.now().is_none() {
            self.clock.tell(at);
        }
        self.clock.advance(at);
        if at >= self.settle_at {
            self.settle_until(at);
        }
    }

    fn recount_ip(
        &mut self,
        (packet, slice): (&Packet, &Slice),
        volume: Volume,
        from_opener: bool,
        begun: u32,
    ) {
        let at = packet.at;
        let key = FlowKey::of(packet, &self.hasher);
        let slot = match self.find_flow(key) {
            Some(slot) => {
                if begun > 0 && !slice.continues {
                    self.renew(slot, key, at);
                }
                slot
            }
            None => self.reopen(packet, key, from_opener),
        };
        let mut left = volume;
        let others = begun.saturating_sub(u32::from(!slice.continues));
        for _ in 0..u64::from(others).min(volume.packets.saturating_sub(1)) {
            // Of flows that followed each other within the step only their number is known.
            self.recount_way(slot, (packet, key), Volume { packets: 1, bytes: 0 }, State::Closed);
            self.renew(slot, key, at);
            left.packets -= 1;
        }
        self.recount_way(slot, (packet, key), left, slice.state);
    }

    fn recount_way(&mut self, slot: Slot, (packet, key): (&Packet, FlowKey), volume: Volume, state: State) {
        let Some(flow) = self.flows.touch(slot) else { return };
        let from_opener = flow.from_opener(key);
        let change = flow.recount(volume, packet.at, from_opener, state);
        if change.unsettled {
            self.begin_to_wait(slot, packet.at);
        }
        let Some(Some(main)) = self.views.first_mut() else { return };
        main.pass_many(packet.at, volume);
        let mut seen = Observation { volume, ..Observation::of(packet, End::NOBODY, End::NOBODY) };
        if change.fresh {
            seen.fresh.flow = true;
            (seen.source.address, seen.destination.address) = (packet.source, packet.destination);
        }
        main.observe_packet(&seen);
    }

    /// Makes the row of a flow as it was known.
    fn reopen(&mut self, packet: &Packet, key: FlowKey, from_opener: bool) -> Slot {
        let at = packet.at;
        let ports = packet.ports().unwrap_or_default();
        let source = self.flow_end(packet.source, ports.source, at);
        let destination = self.flow_end(packet.destination, ports.destination, at);
        let flow = Flow::begin(packet, (source, destination), !from_opener, at);
        let running = Running::begin(&flow, key, from_opener);
        let (slot, evicted) = self.flows.insert(key.hash, running, flow);
        if let Some((mut running, mut flow)) = evicted {
            self.settle_flow(&mut running, &mut flow);
        }
        self.announce(slot, at);
        slot
    }

    fn recount_alone(&mut self, packet: &Packet, volume: Volume) {
        let seen = Observation { volume, ..self.facts.observation(packet) };
        let Some(Some(main)) = self.views.first_mut() else { return };
        main.pass_many(packet.at, volume);
        main.observe_packet(&seen);
        main.settle(packet.at, &seen);
    }
}
