//! The one counting table behind most dimensions: a dimension says which keys a packet has, the tally counts them.

use std::hash::Hash;

use crate::aggregate::{Aggregate, Ask, Ends, Label, Making, Row, Top};
use crate::capped::Keyed;
use crate::counts::Counts;
use crate::observation::Observation;

/// What a packet counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys<K> {
    /// A key for the sender, one for the receiver.
    Ends(Option<K>, Option<K>),
    /// One key for the packet.
    Packet(Option<K>),
}

/// A way of telling packets apart.
pub(super) trait Dimension: Send + 'static {
    /// The key.
    type Key: Copy + Eq + Hash + Ord + Send;
    /// What its totals mean.
    const LABEL: Label;
    /// Which keys a packet has.
    fn keys(seen: &Observation, ends: Ends) -> Keys<Self::Key>;
    /// The line of a key.
    fn row(key: &Self::Key, counts: &Counts, ask: &Ask<'_>) -> Row;
}

/// Totals by the keys of `D`.
pub(super) struct Tally<D: Dimension> {
    table: Keyed<D::Key, Counts>,
    ends: Ends,
}

impl<D: Dimension> Tally<D> {
    /// For [`super::Entry::make`].
    pub(super) fn make(making: Making) -> Box<dyn Aggregate> {
        Box::new(Self { table: Keyed::new(making.cap, making.hasher), ends: making.ends })
    }

    #[inline]
    fn count(&mut self, key: D::Key, count: impl FnOnce(&mut Counts)) {
        if let Some(counts) = self.table.entry(key) {
            count(counts);
        }
    }
}

impl<D: Dimension> Aggregate for Tally<D> {
    #[inline]
    fn observe(&mut self, seen: &Observation) {
        let volume = &seen.volume;
        let flow = u32::from(seen.fresh.flow);
        match D::keys(seen, self.ends) {
            Keys::Ends(source, destination) => {
                if let Some(key) = source {
                    self.count(key, |counts| {
                        counts.send(volume);
                        counts.flows += flow;
                        counts.hosts += u32::from(seen.fresh.source);
                    });
                }
                if let Some(key) = destination {
                    let flow = if source == destination { 0 } else { flow };
                    self.count(key, |counts| {
                        counts.receive(volume);
                        counts.flows += flow;
                        counts.hosts += u32::from(seen.fresh.destination);
                    });
                }
            }
            Keys::Packet(Some(key)) => self.count(key, |counts| {
                counts.send(volume);
                counts.flows += flow;
            }),
            Keys::Packet(None) => {}
        }
    }

    fn top(&self, ask: &Ask<'_>) -> Top {
        let ranked =
            rank(self.table.iter().map(|(key, counts)| (counts.get(ask.measure), *key, counts)), ask.limit);
        Top {
            rows: ranked.into_iter().map(|(_, key, counts)| D::row(&key, counts, ask)).collect(),
            total: self.table.len(),
        }
    }

    fn evicted(&self) -> u64 {
        self.table.evicted()
    }

    fn bytes(&self) -> usize {
        self.table.bytes()
    }
}

/// The `limit` highest (0: all), highest first, equals by key.
pub(crate) fn rank<K: Ord, V>(rows: impl Iterator<Item = (u64, K, V)>, limit: usize) -> Vec<(u64, K, V)> {
    let mut rows: Vec<_> = rows.collect();
    let order = |a: &(u64, K, V), b: &(u64, K, V)| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1));
    if limit > 0 && rows.len() > limit {
        rows.select_nth_unstable_by(limit, order);
        rows.truncate(limit);
    }
    rows.sort_unstable_by(order);
    rows
}
