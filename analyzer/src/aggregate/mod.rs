//! Totals by a key: one file a dimension, one line in [`AGGREGATES`].

mod asn;
mod continent;
mod country;
mod domain;
mod gate;
mod host;
mod mac;
mod os;
mod pair;
mod place;
mod port;
mod prefix;
mod protocol;
mod rank;
mod row;
mod service;
mod tallied;
mod tally;
mod vlan;

pub use gate::{LeftOut, is_public};
pub use protocol::protocol_name;
pub use row::{Label, Located, Row, Top};
pub use service::{SERVICES, service_label, service_name};

use crate::counts::{Measure, Missed};
use crate::geo::Geo;
use crate::host::Host;
use crate::inventory::Systems;
use crate::names::Names;
use crate::observation::Observation;
pub(crate) use os::of_hosts as systems_of_hosts;
pub(crate) use rank::rank;
use tally::Tally;
pub(crate) use tally::guaranteed;

/// What an aggregate is made from.
#[derive(Clone, Debug)]
pub struct Making {
    /// Most keys it may hold.
    pub cap: usize,
    /// Seeds for its hash.
    pub hasher: ahash::RandomState,
    /// Which ends count.
    pub ends: Ends,
    /// How it counts.
    pub counting: Counting,
}

/// How keys are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counting {
    /// What decides who keeps a row where there are more keys than rows.
    pub rank: Measure,
    /// Whether only public addresses count; see [`is_public`].
    pub public_only: bool,
}

/// Which ends of a packet count, where a dimension tells them apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Ends {
    /// Both: what `report` says.
    #[default]
    Both,
    /// The sender alone.
    Source,
    /// The receiver alone.
    Destination,
    /// The remote ones, of geographic aggregates: what the map shows. Internal and transit traffic counts at both ends.
    Remote,
}

/// What a listing asks for.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// Most rows; 0 for all.
    pub limit: usize,
    /// What they are ranked by.
    pub measure: Measure,
    /// For names of places and networks.
    pub geo: &'a Geo,
    /// For names of addresses.
    pub names: &'a Names,
    /// For what addresses look like.
    pub systems: &'a dyn Systems,
}

/// Totals by one dimension.
pub trait Aggregate: Send {
    /// Counts an observation.
    fn observe(&mut self, seen: &Observation);

    /// The keys with the highest figures, highest first; equals in the order of their keys.
    fn top(&self, ask: &Ask<'_>) -> Top;

    /// Keys that had to make room, since the start.
    fn evicted(&self) -> u64 {
        0
    }

    /// Bytes it occupies.
    fn bytes(&self) -> usize;
}

/// A dimension in the registry.
pub struct Entry {
    /// Its name in `--by`, URLs and the live protocol.
    pub name: &'static str,
    /// What its keys are.
    pub summary: &'static str,
    /// Whether it needs the country table.
    pub needs_country: bool,
    /// Whether it needs the ASN table.
    pub needs_asn: bool,
    /// How many keys there can be at most, where that is little.
    pub most_keys: Option<usize>,
    /// Whether its keys may change from packet to packet of a flow.
    pub per_packet: bool,
    /// Makes an empty one.
    pub make: fn(Making) -> Box<dyn Aggregate>,
}

/// Every dimension there is.
pub static AGGREGATES: &[Entry] = &[
    country::ENTRY,
    asn::ENTRY,
    prefix::ENTRY,
    place::ENTRY,
    continent::ENTRY,
    host::ENTRY,
    pair::ENTRY,
    domain::ENTRY,
    service::ENTRY,
    protocol::ENTRY,
    port::ENTRY,
    mac::ENTRY,
    vlan::ENTRY,
    os::ENTRY,
];

/// The dimension of that name.
pub fn named(name: &str) -> Option<&'static Entry> {
    AGGREGATES.iter().find(|entry| entry.name == name)
}

/// A host's row in a listing; `missed` is what may have been counted of it before its row was made.
pub fn host_row(host: &Host, missed: Missed, ask: &Ask<'_>) -> Row {
    host::row(host, missed, ask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_described() {
        let mut names: Vec<_> = AGGREGATES.iter().map(|entry| entry.name).collect();
        assert!(AGGREGATES.iter().all(|entry| !entry.summary.is_empty()));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), AGGREGATES.len());
    }
}
