//! The one counting table behind most dimensions: a dimension says which keys a packet has, the tally counts them. Exact
//! while every key has a row, then by [`SpaceSaving`].

use std::hash::Hash;
use std::net::IpAddr;

use ahash::RandomState;

use crate::aggregate::gate::{Gate, LeftOut, Side};
use crate::aggregate::row::Kept;
use crate::aggregate::tallied::Tallied;
use crate::aggregate::{Aggregate, Ask, Ends, Label, Making, Row, Top, rank};
use crate::counts::Counts;
use crate::flow::{Volume, bits};
use crate::observation::Observation;
use crate::sketch::distinct::{Distinct, Estimate};
use crate::sketch::space_saving::{SpaceSaving, Weighed};

/// Of so many keys one may have the larger registers of its own.
pub(super) const REGISTERS: usize = 8;

/// What a packet counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys<K> {
    /// A key for the sender, one for the receiver.
    Ends(Option<K>, Option<K>),
    /// One key for the packet.
    Packet(Option<K>),
    /// A key for one end alone; the other doesn't count.
    End(K, Side),
}

/// How the hosts of a key are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hosts {
    /// A host has one key for good: it counts when it is new.
    Belong,
    /// A host may have many keys: it counts for each when a flow is new.
    Meet,
    /// They are not counted.
    Uncounted,
}

/// A way of telling packets apart.
pub(super) trait Dimension: Send + 'static {
    /// The key.
    type Key: Copy + Eq + Hash + Ord + Send;
    /// What its totals mean.
    const LABEL: Label;
    /// How its hosts are told apart.
    const HOSTS: Hosts = Hosts::Belong;
    /// Which keys a packet has.
    fn keys(seen: &Observation, ends: Ends) -> Keys<Self::Key>;
    /// The line of a key.
    fn row(key: &Self::Key, counts: &Counts, ask: &Ask<'_>) -> Row;
}

/// Totals by the keys of `D`.
pub(super) struct Tally<D: Dimension> {
    table: SpaceSaving<D::Key, Tallied>,
    hosts: HostCounts,
    gate: Gate,
}

impl<D: Dimension> Tally<D> {
    /// For [`super::Entry::make`].
    pub(super) fn make(making: Making) -> Box<dyn Aggregate> {
        Box::new(Self::new(making))
    }

    /// With nothing counted.
    pub(super) fn new(making: Making) -> Self {
        let Making { cap, hasher, ends, counting } = making;
        let hosts = HostCounts::new(cap, hasher.clone());
        let table = SpaceSaving::new(cap, counting.rank, hasher);
        Self { table, hosts, gate: Gate::new(ends, counting) }
    }

    /// All keys with their totals, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&D::Key, &Tallied)> {
        self.table.iter().map(|(_, key, tallied)| (key, tallied))
    }

    /// What was left out beside rows that carry so much.
    pub(super) fn left(&self, listed: Volume) -> LeftOut {
        self.gate.left(listed)
    }

    /// Counts at a key; gives its row, where its hosts are counted.
    #[inline]
    fn count(&mut self, key: D::Key, count: impl FnOnce(&mut Tallied)) -> Option<u32> {
        let entry = self.table.entry(key)?;
        count(entry.value);
        if D::HOSTS == Hosts::Uncounted {
            return None;
        }
        if entry.fresh {
            self.hosts.begin(entry.row);
        }
        Some(entry.row)
    }

    /// The key of an end, if it counts. Where a host has no key for good, an end without one is nothing left out.
    #[inline]
    fn admit(&mut self, key: Option<D::Key>, side: Side, seen: &Observation) -> Option<D::Key> {
        if key.is_none() && D::HOSTS != Hosts::Belong {
            return None;
        }
        self.gate.admit(key, side, seen)
    }

    /// Whether a host of an observation is new to its key, as far as can be told.
    #[inline]
    const fn meets(seen: &Observation, fresh: bool) -> bool {
        match D::HOSTS {
            Hosts::Belong => fresh,
            Hosts::Meet => seen.fresh.flow && seen.is_ip(),
            Hosts::Uncounted => false,
        }
    }

    #[inline]
    fn observe_end(
        &mut self,
        key: D::Key,
        seen: &Observation,
        end: (IpAddr, bool),
        count: impl FnOnce(&mut Tallied),
    ) {
        let (address, fresh) = end;
        let meets = Self::meets(seen, fresh);
        let row = self.count(key, |tallied| {
            count(tallied);
            tallied.counts.hosts += u32::from(meets);
        });
        if let (true, Some(row)) = (meets, row) {
            self.hosts.add(row, address);
        }
    }

    fn row(&self, number: u32, key: &D::Key, tallied: &Tallied, ask: &Ask<'_>) -> Row {
        let hosts = match D::HOSTS {
            Hosts::Uncounted => None,
            _ => Some(self.hosts.of(number)),
        };
        let belong = D::HOSTS == Hosts::Belong;
        D::row(key, &tallied.counts, ask).with_tallied(tallied, Kept { hosts, belong })
    }
}

impl<D: Dimension> Aggregate for Tally<D> {
    #[inline]
    fn observe(&mut self, seen: &Observation) {
        match D::keys(seen, self.gate.ends) {
            Keys::Ends(source, destination) => {
                let source = self.admit(source, Side::Source, seen);
                let destination = self.admit(destination, Side::Destination, seen);
                if let Some(key) = source {
                    let end = (seen.source.address, seen.fresh.source);
                    self.observe_end(key, seen, end, |tallied| tallied.send(seen));
                }
                if let Some(key) = destination {
                    let end = (seen.destination.address, seen.fresh.destination);
                    self.observe_end(key, seen, end, |tallied| tallied.receive(seen, source == destination));
                }
            }
            Keys::End(key, Side::Source) => {
                if let Some(key) = self.gate.admit(Some(key), Side::Source, seen) {
                    let end = (seen.source.address, seen.fresh.source);
                    self.observe_end(key, seen, end, |tallied| tallied.send(seen));
                }
            }
            Keys::End(key, Side::Destination) => {
                if let Some(key) = self.gate.admit(Some(key), Side::Destination, seen) {
                    let end = (seen.destination.address, seen.fresh.destination);
                    self.observe_end(key, seen, end, |tallied| tallied.receive(seen, false));
                }
            }
            Keys::Packet(key) => {
                let Some(key) = self.gate.admit_packet(key, seen) else { return };
                let row = self.count(key, |tallied| tallied.send(seen));
                if let (true, Some(row)) = (Self::meets(seen, false), row) {
                    self.hosts.add(row, seen.source.address);
                    self.hosts.add(row, seen.destination.address);
                }
            }
        }
    }

    fn top(&self, ask: &Ask<'_>) -> Top {
        let rows = self
            .table
            .iter()
            .map(|(number, key, tallied)| (tallied.counts.get(ask.measure), *key, (number, tallied)));
        let ranked = rank(rows, ask.limit);
        let guaranteed = self.guaranteed(&ranked, ask);
        let mut listed = Volume::default();
        ranked.iter().for_each(|(.., (_, tallied))| listed.merge(&tallied.counts.volume()));
        let rows = ranked.into_iter().map(|(_, key, (number, tallied))| self.row(number, &key, tallied, ask));
        let keys = self.table.keys();
        Top {
            rows: rows.collect(),
            left: self.gate.left(listed),
            total: keys.count as usize,
            total_error: keys.relative_error,
            missed: self.table.missed(),
            guaranteed,
        }
    }

    fn evicted(&self) -> u64 {
        self.table.replaced()
    }

    fn bytes(&self) -> usize {
        self.table.bytes() + self.hosts.bytes()
    }
}

/// A place in a ranking.
type Ranked<'a, K> = (u64, K, (u32, &'a Tallied));

impl<D: Dimension> Tally<D> {
    /// How many rows of a ranking nobody else can come before, whatever was missed.
    fn guaranteed(&self, ranked: &[Ranked<'_, D::Key>], ask: &Ask<'_>) -> usize {
        let missed = self.table.missed();
        let Some(last) = ranked.last().filter(|_| !missed.is_nothing()) else { return ranked.len() };
        let beyond =
            |count: u64, key: &D::Key| (count, std::cmp::Reverse(*key)) < (last.0, std::cmp::Reverse(last.1));
        let others =
            self.table.iter().filter(|(_, key, tallied)| beyond(tallied.counts.get(ask.measure), key));
        let most = |tallied: &Tallied| tallied.most().get(ask.measure);
        let others = others.map(|(.., tallied)| most(tallied)).max();
        let bound = others.unwrap_or(0).max(missed.get(ask.measure));
        guaranteed(ranked.iter().map(|(count, _, (_, tallied))| (*count, most(tallied))), bound)
    }
}

/// Of rows with what they have at least and at most, highest first, how many are above all that follow and `bound`.
pub(crate) fn guaranteed(
    rows: impl DoubleEndedIterator<Item = (u64, u64)> + ExactSizeIterator,
    mut bound: u64,
) -> usize {
    let all = rows.len();
    for (index, (least, most)) in rows.enumerate().rev() {
        if least >= bound {
            return (index + 1).min(all);
        }
        bound = bound.max(most);
    }
    0
}

/// How many hosts each row has.
pub(super) struct HostCounts(Distinct, RandomState);

impl HostCounts {
    /// For at most so many rows.
    pub(super) fn new(cap: usize, hasher: RandomState) -> Self {
        Self(Distinct::new(cap / REGISTERS + 1), hasher)
    }

    /// A row begins anew.
    pub(super) fn begin(&mut self, row: u32) {
        self.0.begin(row);
    }

    /// A row has this host.
    #[inline]
    pub(super) fn add(&mut self, row: u32, address: IpAddr) {
        self.0.add(row, self.1.hash_one(bits(address)) as u32);
    }

    /// How many a row has.
    pub(super) fn of(&self, row: u32) -> Estimate {
        self.0.estimate(row)
    }

    /// Bytes they occupy.
    pub(super) fn bytes(&self) -> usize {
        self.0.bytes()
    }
}
