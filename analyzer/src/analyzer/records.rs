//! Flow records: what an exporter counted is an observation of so many packets and bytes, and passes the same tables as
//! packets do: hosts, flows, totals, arcs, views with filters, the archive.
//!
//! - Each record counts as a flow that begins, or as so many as it stands for: a router tells a long connection in
//!   several records, and the two ways of one in two.
//! - It is counted at the moment it was received: the clock never runs backwards, and records tell of different
//!   spans. When they began and ended is kept with the rows.
//! - Where the exporter names autonomous systems, traffic counts under those: it knows its routes. Where it says 0, our
//!   database is asked, as for packets.

use capturer::flow::{EndReason, FlowRecord};
use capturer::{Packet, TcpFlags, Timestamp, Transport};

use super::Analyzer;
use super::settle::Way;
use crate::capped::Slot;
use crate::facts::Facts;
use crate::flow::{Flow, FlowKey, Running, State, Volume};
use crate::geo::Asn;
use crate::history::Slice;
use crate::inventory::Knowledge;
use crate::observation::{End, Fresh, Observation};
use crate::query::Query;
use crate::told::{packet, turn};

/// A flow's row, while a record of it is counted.
struct Row {
    slot: Slot,
    running: Running,
    flow: Flow,
}

impl Facts {
    /// Whether a filter lets a record through: its words are asked as of one of its packets.
    pub fn let_record_through(&self, query: &Query, record: &FlowRecord, knowledge: Knowledge<'_>) -> bool {
        let mut packet = packet(record, record.moment());
        show_flags(record, &mut packet);
        let mut seen = self.observation(&packet);
        name_systems(record, [&mut seen.source, &mut seen.destination]);
        query.matches(&packet, &[], (&seen, knowledge))
    }
}

impl Analyzer {
    /// Counts a flow record.
    pub fn observe_record(&mut self, record: &FlowRecord) {
        let at = self.clock.tell(record.moment());
        if at >= self.settle_at {
            self.catch_up(at, None);
        }
        let packet = packet(record, at);
        let Some(mut row) = self.row_of(record, &packet) else { return };
        let volumes = volumes(record, row.running.opened);
        row.flow.sent.merge(&volumes[0]);
        row.flow.received.merge(&volumes[1]);
        if let Some(recorder) = &mut self.recorder {
            let told = record.tcp_flags.0 as u8;
            let flags = if row.running.opened { [told, 0] } else { [0, told] };
            let slice = Slice { flags, ..Slice::of((&row.running, &row.flow), at, volumes, true) };
            recorder.take(slice, row.running.answered);
        }
        let ways = ways(record, row.running.opened, volumes);
        for (index, &way) in ways.iter().enumerate() {
            self.count_way(&packet, &mut row, way, index == 0);
        }
        self.put(row.slot, (row.running, row.flow));
        if let Some(Some(main)) = self.views.first_mut() {
            main.stand_for(record.flows.saturating_sub(1));
        }
        ways.into_iter().for_each(|way| self.show_way(&packet, record, &row, way));
    }

    /// Whether a filter lets a record through, by what is known of its ends now: its words are asked as of one of its packets.
    pub fn lets_record_through(&self, query: &Query, record: &FlowRecord) -> bool {
        self.facts.let_record_through(query, record, self.knowledge())
    }

    /// The row of a record's flow, which begins anew with it.
    fn row_of(&mut self, record: &FlowRecord, packet: &Packet) -> Option<Row> {
        let key = FlowKey::of(packet, &self.hasher);
        let known = self.find_flow(key);
        let before =
            known.and_then(|slot| self.flows.get(slot)).map(|running| (running.answered, running.opened));
        let slot = match known {
            Some(slot) => {
                self.renew(slot, key, packet.at);
                slot
            }
            None => self.begin(key, packet.at, packet),
        };
        let (mut running, mut flow) = self.row(slot)?;
        let from_opener = running.from_opener(key);
        let ends = [&mut flow.opener.end, &mut flow.answerer.end];
        name_systems(record, if from_opener { ends } else { swapped(ends) });
        // Where records of both ways came, both ends have sent.
        let answered = record.reverse_packets > 0
            || before.is_some_and(|(answered, opened)| answered || opened != from_opener);
        running.carry(record_state(record), packet.at, answered);
        running.opened = from_opener;
        if answered && self.crowded {
            self.acquaint(slot);
        }
        Some(Row { slot, running, flow })
    }

    /// Counts one way for hosts and the main view.
    fn count_way(&mut self, packet: &Packet, row: &mut Row, way: Way, fresh: bool) {
        if !fresh && way.volume == Volume::default() {
            return;
        }
        if let Some(Some(main)) = self.views.first_mut() {
            main.pass_together(packet.at, way.volume, row.running.direction(way.from_opener));
            if main.counts_packets() {
                main.observe_packet(&single(packet, &row.flow, way, fresh));
            }
        }
        self.settle_way(&row.running, &mut row.flow, way, fresh);
    }

    /// Shows one way to the views that have a filter: their words are asked as of one of its packets.
    fn show_way(&mut self, packet: &Packet, record: &FlowRecord, row: &Row, way: Way) {
        let own = way.from_opener == row.running.opened;
        if self.views.len() < 2 || (!own && way.volume == Volume::default()) {
            return;
        }
        let mut packet = *packet;
        show_flags(record, &mut packet);
        if !own {
            turn(&mut packet);
        }
        let mut seen = self.enrich(&packet, &row.flow, way.from_opener);
        seen.volume = way.volume;
        (seen.first, seen.last) = (way.first, row.running.last);
        let (source, destination) = row.flow.ends(way.from_opener);
        let slots = Some((row.slot, source.host, destination.host));
        (1..self.views.len())
            .for_each(|index| self.show_in(index, packet.at, (&packet, &[]), &mut seen, slots));
    }
}

/// Systems that the exporter names stand for those of our database.
const fn name_systems(record: &FlowRecord, [source, destination]: [&mut End; 2]) {
    if record.source_as != 0 {
        source.place.asn = Some(Asn(record.source_as));
    }
    if record.destination_as != 0 {
        destination.place.asn = Some(Asn(record.destination_as));
    }
}

fn swapped<T>([a, b]: [T; 2]) -> [T; 2] {
    [b, a]
}

/// Its flags as they are, where filters may ask for them.
const fn show_flags(record: &FlowRecord, packet: &mut Packet) {
    if let Transport::Tcp(tcp) = &mut packet.transport {
        tcp.flags = record.tcp_flags;
    }
}

/// From the opener, and to it.
const fn volumes(record: &FlowRecord, from_opener: bool) -> [Volume; 2] {
    let sent = Volume { packets: record.packets, bytes: record.bytes };
    let received = Volume { packets: record.reverse_packets, bytes: record.reverse_bytes };
    if from_opener { [sent, received] } else { [received, sent] }
}

/// The record's own way first: the flow counts with it.
fn ways(record: &FlowRecord, opened: bool, [sent, received]: [Volume; 2]) -> [Way; 2] {
    let first = if record.first == Timestamp::EPOCH { record.moment() } else { record.first };
    let way = |volume, from_opener| Way { volume, from_opener, first };
    let mut ways = [way(sent, true), way(received, false)];
    if !opened {
        ways.swap(0, 1);
    }
    ways
}

/// What is told of each packet where only that counts, as hardware addresses.
fn single(packet: &Packet, flow: &Flow, way: Way, fresh: bool) -> Observation {
    let (source, destination) = flow.ends(way.from_opener);
    let mut seen = Observation::of(packet, source.end, destination.end);
    seen.volume = way.volume;
    seen.fresh = Fresh { flow: fresh, ..Fresh::default() };
    if source.end.address != packet.source {
        seen.macs = (seen.macs.1, seen.macs.0);
        seen.ports = flow.ports(way.from_opener);
    }
    seen
}

/// How the flow stands after it.
const fn record_state(record: &FlowRecord) -> State {
    if record.tcp_flags.has(TcpFlags::RST) {
        State::Reset
    } else if record.tcp_flags.has(TcpFlags::FIN) || matches!(record.end, EndReason::EndOfFlow) {
        State::Closed
    } else {
        State::Active
    }
}
