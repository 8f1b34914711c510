//! A view: the aggregates of what a filter lets through. The main view has no filter.

use ahash::RandomState;
use capturer::{Packet, Timestamp};

use crate::aggregate::{Aggregate, Ask, Counting, Ends, Making, Top, named};
use crate::arcs::Arcs;
use crate::feed::Feed;
use crate::flow::Volume;
use crate::inventory::Knowledge;
use crate::observation::{Direction, Observation};
use crate::query::Query;
use crate::series::Series;

/// A dimension to count, and which ends of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dimension {
    /// Its name in the registry.
    pub name: &'static str,
    /// Which ends count.
    pub ends: Ends,
}

/// Totals of a view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Packets.
    pub packets: u64,
    /// Bytes on the wire.
    pub bytes: u64,
    /// Flows that began.
    pub flows: u64,
    /// Flows that have neither ended nor gone silent.
    pub flows_active: u64,
    /// Hosts that appeared.
    pub hosts: u64,
}

/// The aggregates behind one filter.
pub struct View {
    pub(crate) query: Option<Query>,
    pub(crate) totals: Totals,
    pub(crate) from: Option<Timestamp>,
    pub(crate) live: Option<Live>,
    /// What is counted by flow, and what by packet.
    by_flow: Vec<(Dimension, Box<dyn Aggregate>)>,
    by_packet: Vec<(Dimension, Box<dyn Aggregate>)>,
}

/// What only a page that is being watched needs.
#[derive(Default)]
pub struct Live {
    pub(crate) series: Series,
    pub(crate) arcs: Arcs,
    pub(crate) feed: Feed,
}

impl View {
    /// An empty view of these dimensions, each with at most `cap` keys.
    pub(crate) fn new(dimensions: &[Dimension], cap: usize, live: bool, counting: Counting) -> Self {
        let mut view = Self {
            query: None,
            totals: Totals::default(),
            from: None,
            live: live.then(Live::default),
            by_flow: Vec::new(),
            by_packet: Vec::new(),
        };
        for dimension in dimensions {
            let Some(entry) = named(dimension.name) else { continue };
            let cap = entry.most_keys.map_or(cap, |most| most.max(8));
            let made =
                (entry.make)(Making { cap, hasher: RandomState::new(), ends: dimension.ends, counting });
            let group = if entry.per_packet { &mut view.by_packet } else { &mut view.by_flow };
            group.push((*dimension, made));
        }
        view
    }

    /// Whether the filter lets a packet through.
    #[inline]
    pub(crate) fn wants(&self, packet: &Packet, bytes: &[u8], known: (&Observation, Knowledge<'_>)) -> bool {
        self.query.as_ref().is_none_or(|query| query.matches(packet, bytes, known))
    }

    /// Whether each packet has to be told, besides what its flow is settled for.
    #[inline]
    pub(crate) const fn counts_packets(&self) -> bool {
        !self.by_packet.is_empty()
    }

    /// A packet passes that its flow will be settled for.
    #[inline]
    pub(crate) fn pass(&mut self, at: Timestamp, wire_len: u32, direction: Direction) {
        self.totals.packets += 1;
        self.totals.bytes += u64::from(wire_len);
        if self.from.is_none() {
            self.from = Some(at);
        }
        if let Some(live) = &mut self.live {
            live.series.observe(at, direction, wire_len);
        }
    }

    /// So many packets pass at once.
    pub(crate) fn pass_together(&mut self, at: Timestamp, volume: Volume, direction: Direction) {
        self.pass_many(at, volume);
        if let Some(live) = &mut self.live {
            live.series.observe_many(at, direction, volume);
        }
    }

    /// So many packets pass at once; their seconds are counted elsewhere.
    pub(crate) fn pass_many(&mut self, at: Timestamp, volume: Volume) {
        self.totals.packets = self.totals.packets.saturating_add(volume.packets);
        self.totals.bytes = self.totals.bytes.saturating_add(volume.bytes);
        self.from.get_or_insert(at);
    }

    /// Counts a single packet by what may change from packet to packet of a flow.
    #[inline]
    pub(crate) fn observe_packet(&mut self, seen: &Observation) {
        for (_, aggregate) in &mut self.by_packet {
            aggregate.observe(seen);
        }
    }

    /// A flow begins.
    #[inline]
    pub(crate) const fn begin(&mut self) {
        self.totals.flows += 1;
        self.totals.flows_active += 1;
    }

    /// A flow that began stands for so many more.
    pub(crate) const fn stand_for(&mut self, others: u64) {
        self.totals.flows = self.totals.flows.saturating_add(others);
    }

    /// Counts what has passed already.
    #[inline]
    pub(crate) fn settle(&mut self, at: Timestamp, seen: &Observation) {
        self.totals.hosts += u64::from(seen.fresh.source) + u64::from(seen.fresh.destination);
        for (_, aggregate) in &mut self.by_flow {
            aggregate.observe(seen);
        }
        if let Some(live) = &mut self.live {
            live.arcs.observe(at, seen);
        }
    }

    /// Counts a packet, or several at once, of which nothing was told before.
    #[inline]
    pub(crate) fn observe(&mut self, at: Timestamp, seen: &Observation) {
        self.pass_together(at, seen.volume, seen.direction);
        if seen.fresh.flow {
            self.begin();
        }
        self.observe_packet(seen);
        self.settle(at, seen);
    }

    /// The head of a dimension's ranking; `None` if the view does not count it.
    pub(crate) fn top(&self, dimension: Dimension, ask: &Ask<'_>) -> Option<Top> {
        self.dimensions().find(|(one, _)| *one == dimension).map(|(_, aggregate)| aggregate.top(ask))
    }

    /// Keys that had to make room, in all dimensions.
    pub(crate) fn evicted(&self) -> u64 {
        self.dimensions().map(|(_, aggregate)| aggregate.evicted()).sum()
    }

    /// Bytes the aggregates occupy.
    pub(crate) fn bytes(&self) -> usize {
        self.dimensions().map(|(_, aggregate)| aggregate.bytes()).sum()
    }

    fn dimensions(&self) -> impl Iterator<Item = &(Dimension, Box<dyn Aggregate>)> {
        self.by_flow.iter().chain(&self.by_packet)
    }
}
