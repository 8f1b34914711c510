//! Totals by what hosts look like. That is known only after some of their packets, and may turn out otherwise later; so
//! addresses are counted, and put together when rows are listed. The main view lists the host table itself.
//!
//! A flow between two hosts of a family counts at both of them, so there are more flows in these rows than there were.

use std::collections::BTreeMap;

use capturer::Timestamp;

use crate::aggregate::host::ByHost;
use crate::aggregate::rank::rank;
use crate::aggregate::{Aggregate, Ask, Entry, Label, LeftOut, Making, Row, Tally, Top};
use crate::counts::{Counts, Missed};
use crate::fingerprint::Family;
use crate::flow::Volume;
use crate::host::Host;
use crate::observation::Observation;
use crate::sketch::distinct::Estimate;

pub(super) const ENTRY: Entry = Entry {
    name: "os",
    summary: "families of systems that hosts look like",
    needs_country: false,
    needs_asn: false,
    most_keys: None,
    per_packet: false,
    make,
};

/// The key of hosts that look like nothing that is known; those that had to make room are counted here, too.
const UNKNOWN: &str = "unknown";

fn make(making: Making) -> Box<dyn Aggregate> {
    Box::new(ByAddress(Tally::new(making)))
}

/// Totals of addresses.
struct ByAddress(Tally<ByHost>);

impl Aggregate for ByAddress {
    #[inline]
    fn observe(&mut self, seen: &Observation) {
        self.0.observe(seen);
    }

    fn top(&self, ask: &Ask<'_>) -> Top {
        let mut families = Totals::default();
        for (address, tallied) in self.0.iter() {
            let counts = Counts { hosts: 1, ..tallied.counts };
            let seen = Some((tallied.first, tallied.last));
            families.add(ask.systems.family(*address), Part { counts, seen, missed: tallied.missed });
        }
        let Volume { packets, bytes } = families.volume();
        let mut left = self.0.left(Volume { packets, bytes });
        // What addresses carried that have no row any more is told with those that look like nothing.
        let gone = std::mem::take(&mut left.unlisted);
        families.depart(&Counts { packets_sent: gone.packets, bytes_sent: gone.bytes, ..Counts::default() });
        families.top(ask, left)
    }

    fn evicted(&self) -> u64 {
        self.0.evicted()
    }

    fn bytes(&self) -> usize {
        self.0.bytes()
    }
}

/// The rows of the host table, and what those carried that had to make room.
pub(crate) fn of_hosts<'a>(
    hosts: impl Iterator<Item = (&'a Host, &'a Missed)>,
    departed: &Counts,
    ask: &Ask<'_>,
) -> Top {
    let mut families = Totals::default();
    for (host, missed) in hosts {
        let part = Part { counts: host.counts(), seen: Some((host.first, host.last)), missed: *missed };
        families.add(ask.systems.family(host.address()), part);
    }
    families.depart(departed);
    families.top(ask, LeftOut::default())
}

/// What hosts that look alike carried.
#[derive(Clone, Copy, Default)]
struct Part {
    counts: Counts,
    seen: Option<(Timestamp, Timestamp)>,
    missed: Missed,
}

/// By family; `None` are those that look like nothing.
#[derive(Default)]
struct Totals {
    parts: BTreeMap<Option<Family>, Part>,
    /// What those carried that had to make room.
    departed: Missed,
}

impl Totals {
    fn add(&mut self, family: Option<Family>, part: Part) {
        let sum = self.parts.entry(family).or_default();
        sum.counts.merge(&part.counts);
        sum.missed.bytes += part.missed.bytes;
        sum.missed.packets += part.missed.packets;
        sum.missed.flows = sum.missed.flows.saturating_add(part.missed.flows);
        sum.seen = match (sum.seen, part.seen) {
            (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
            (one, other) => one.or(other),
        };
    }

    /// Hosts that are gone looked like nobody knows what.
    fn depart(&mut self, departed: &Counts) {
        if departed.packets() > 0 {
            let counts = Counts { hosts: 0, ..*departed };
            self.add(None, Part { counts, ..Part::default() });
            self.departed = Missed::default().and(&counts);
        }
    }

    /// What a family may have carried besides: no more than its hosts may have before their rows were made, nor than all that
    /// are gone.
    fn may_lack(&self, part: &Part) -> Missed {
        Missed {
            bytes: part.missed.bytes.min(self.departed.bytes),
            packets: part.missed.packets.min(self.departed.packets),
            flows: part.missed.flows.min(self.departed.flows),
        }
    }

    fn volume(&self) -> Volume {
        let mut sum = Volume::default();
        self.parts.values().for_each(|part| sum.merge(&part.counts.volume()));
        sum
    }

    fn top(self, ask: &Ask<'_>, left: LeftOut) -> Top {
        let whole = self.volume();
        let total = self.parts.len();
        let name = |family: Option<Family>| family.map_or(UNKNOWN, Family::name);
        let figures =
            self.parts.iter().map(|(family, part)| (part.counts.get(ask.measure), name(*family), part));
        let ranked = rank(figures, ask.limit);
        let mut listed = Volume::default();
        ranked.iter().for_each(|(.., part)| listed.merge(&part.counts.volume()));
        let rows = ranked.into_iter().map(|(_, name, part)| Row {
            seen: part.seen,
            missed: self.may_lack(part),
            hosts: self.departed.is_nothing().then(|| Estimate::exact(u64::from(part.counts.hosts))),
            ..Row::new(name.to_owned(), part.counts, Label::End)
        });
        let unlisted = Volume { packets: whole.packets - listed.packets, bytes: whole.bytes - listed.bytes };
        Top::exact(rows.collect(), total, LeftOut { unlisted, ..left })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::net::IpAddr;

    use super::*;
    use crate::counts::Measure;
    use crate::geo::{Geo, Needs};
    use crate::inventory::Systems;
    use crate::names::Names;

    fn counts(sent: u64) -> Counts {
        Counts { packets_sent: sent, bytes_sent: 100 * sent, flows: 1, hosts: 1, ..Counts::default() }
    }

    #[test]
    fn families_add_up_and_who_is_gone_is_unknown() {
        let address = |n: u8| IpAddr::from([10, 0, 0, n]);
        let systems = HashMap::from([(address(1), Family::Linux), (address(2), Family::Linux)]);
        let (geo, names) = (Geo::bundled(Needs::default()), Names::new(0));
        let ask = Ask { limit: 1, measure: Measure::Packets, geo: &geo, names: &names, systems: &systems };
        let mut families = Totals::default();
        for n in 1..=3 {
            let part = Part { counts: counts(u64::from(n)), ..Part::default() };
            families.add(systems.family(address(n)), part);
        }
        families.depart(&counts(10));
        let top = families.top(&ask, LeftOut::default());
        assert_eq!((top.total, top.rows[0].key.as_str()), (2, UNKNOWN));
        assert_eq!(top.rows[0].counts.packets(), 13);
        assert_eq!(top.rows[0].hosts, None, "nobody counted them");
        assert_eq!(top.left.unlisted, Volume { packets: 3, bytes: 300 });
    }
}
