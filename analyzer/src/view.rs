//! A view: the aggregates of what a filter lets through. The main view has no filter.

use ahash::RandomState;
use capturer::Timestamp;

use crate::aggregate::{Aggregate, Ask, Ends, Making, Top, named};
use crate::arcs::Arcs;
use crate::feed::Feed;
use crate::observation::Observation;
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
    dimensions: Vec<(Dimension, Box<dyn Aggregate>)>,
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
    pub(crate) fn new(dimensions: &[Dimension], cap: usize, live: bool) -> Self {
        let making = |ends| Making { cap, hasher: RandomState::new(), ends };
        Self {
            query: None,
            totals: Totals::default(),
            from: None,
            live: live.then(Live::default),
            dimensions: dimensions
                .iter()
                .filter_map(|dimension| {
                    Some((*dimension, (named(dimension.name)?.make)(making(dimension.ends))))
                })
                .collect(),
        }
    }

    /// Whether the filter lets it through.
    #[inline]
    pub(crate) fn wants(&self, seen: &Observation<'_>) -> bool {
        self.query.as_ref().is_none_or(|query| query.matches(seen))
    }

    /// Counts an observation.
    #[inline]
    pub(crate) fn observe(&mut self, at: Timestamp, seen: &Observation<'_>) {
        self.totals.packets += 1;
        self.totals.bytes += u64::from(seen.packet.wire_len);
        self.totals.flows += u64::from(seen.fresh.flow);
        self.totals.flows_active += u64::from(seen.fresh.flow);
        self.totals.hosts += u64::from(seen.fresh.source) + u64::from(seen.fresh.destination);
        for (_, aggregate) in &mut self.dimensions {
            aggregate.observe(seen);
        }
        if let Some(live) = &mut self.live {
            live.series.observe(at, seen.direction, seen.packet.wire_len);
            live.arcs.observe(at, seen);
        }
    }

    /// The head of a dimension's ranking; `None` if the view does not count it.
    pub(crate) fn top(&self, dimension: Dimension, ask: &Ask<'_>) -> Option<Top> {
        self.dimensions.iter().find(|(one, _)| *one == dimension).map(|(_, aggregate)| aggregate.top(ask))
    }

    /// Keys that had to make room, in all dimensions.
    pub(crate) fn evicted(&self) -> u64 {
        self.dimensions.iter().map(|(_, aggregate)| aggregate.evicted()).sum()
    }

    /// Bytes the aggregates occupy.
    pub(crate) fn bytes(&self) -> usize {
        self.dimensions.iter().map(|(_, aggregate)| aggregate.bytes()).sum()
    }
}
