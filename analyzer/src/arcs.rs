//! Who talks with which city right now: one arc per city's cell, home and direction over the last 30 seconds; where no
//! city is known, one per country.
//!
//! The most a second holds are [`CELLS_MOST`] arcs to cells; what comes after them in that second goes to its country's
//! arc. So nothing is lost or counted twice, and no traffic makes the table grow: countries are 676 × 2 × 256 keys.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use ahash::RandomState;
use capturer::Timestamp;

use crate::flow::Volume;
use crate::geo::{Cell, CountryCode};
use crate::observation::{Direction, Observation};

/// Seconds of traffic an arc stands for.
pub const SECONDS: i64 = 30;

/// Arcs to cells within one second, 0.5 MB for 30 of them; the page draws 300.
pub const CELLS_MOST: usize = 512;

/// Which arc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArcKey {
    /// The remote end's country.
    pub country: CountryCode,
    /// The cell of its city; `None` for the country as a whole.
    pub cell: Option<Cell>,
    /// Towards the home, or from it.
    pub inward: bool,
    /// The home's number.
    pub home: u8,
}

/// An arc and its traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arc {
    /// Which.
    pub key: ArcKey,
    /// Packets and bytes of the last [`SECONDS`].
    pub volume: Volume,
    /// One of the remote ends, by which the city is named.
    pub sample: IpAddr,
    /// The last second it was seen in.
    pub last: i64,
}

/// What an arc carried in a second, and one of its remote ends.
type Carried = (Volume, IpAddr);

/// The arcs of the last seconds.
#[derive(Default)]
pub struct Arcs {
    second: i64,
    current: HashMap<ArcKey, Carried, RandomState>,
    /// How many of them go to cells.
    cells: usize,
    past: VecDeque<(i64, Vec<(ArcKey, Carried)>)>,
    /// Whether all is one second: what went with whom in a range of the past.
    whole: bool,
}

impl Arcs {
    /// Arcs that stand for all that is counted; [`CELLS_MOST`] is for all of it, too.
    pub fn whole() -> Self {
        Self { whole: true, ..Self::default() }
    }

    /// Counts an observation.
    #[inline]
    pub fn observe(&mut self, at: Timestamp, seen: &Observation) {
        let (remote, inward) = match seen.direction {
            Direction::In => (&seen.source, true),
            Direction::Out => (&seen.destination, false),
            Direction::Internal | Direction::Transit => return,
        };
        let Some(country) = remote.place.country else { return };
        if at.as_seconds() != self.second {
            self.turn(at.as_seconds());
        }
        let key = self.admit(ArcKey { country, cell: remote.place.cell, inward, home: seen.home });
        let (volume, _) = self.current.entry(key).or_insert((Volume::default(), remote.address));
        volume.merge(&seen.volume);
    }

    /// The arc itself, or its country's when the second is full of cells.
    #[inline]
    fn admit(&mut self, key: ArcKey) -> ArcKey {
        if key.cell.is_none() || self.current.contains_key(&key) {
            return key;
        }
        if self.cells >= CELLS_MOST {
            return ArcKey { cell: None, ..key };
        }
        self.cells += 1;
        key
    }

    /// The arcs of the last [`SECONDS`] before `now`, most bytes first.
    pub fn until(&self, now: Timestamp) -> Vec<Arc> {
        let oldest = now.as_seconds() - SECONDS;
        let mut all: HashMap<ArcKey, Arc, RandomState> = HashMap::default();
        let current = self.current.iter().map(|(key, carried)| (self.second, *key, *carried));
        let past = self
            .past
            .iter()
            .flat_map(|(second, arcs)| arcs.iter().map(|(key, carried)| (*second, *key, *carried)));
        let wanted = |second: i64| self.whole || second > oldest;
        for (second, key, (volume, sample)) in past.chain(current).filter(|(second, ..)| wanted(*second)) {
            let arc = all.entry(key).or_insert(Arc { key, volume: Volume::default(), sample, last: second });
            arc.volume.merge(&volume);
            arc.last = arc.last.max(second);
        }
        let mut arcs: Vec<Arc> = all.into_values().collect();
        arcs.sort_unstable_by_key(|arc| (std::cmp::Reverse(arc.volume.bytes), arc.key));
        arcs
    }

    fn turn(&mut self, second: i64) {
        if self.whole {
            self.second = second;
            return;
        }
        let mut row = if self.past.len() >= SECONDS as usize {
            self.past.pop_front().map(|(_, row)| row).unwrap_or_default()
        } else {
            Vec::new()
        };
        row.clear();
        row.extend(self.current.drain());
        self.past.push_back((self.second, row));
        self.second = second;
        self.cells = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::Place;
    use crate::observation::End;

    fn seen(country: &str, cell: Option<Cell>) -> Observation {
        let place = Place { country: CountryCode::new(country), cell, ..Place::default() };
        let remote = End { place, address: IpAddr::from([9, 9, 9, 9]), local: false };
        let local = End { local: true, ..End::NOBODY };
        Observation { volume: Volume { packets: 1, bytes: 100 }, ..Observation::between(remote, local) }
    }

    #[test]
    fn arcs_go_to_cities_and_to_the_country_where_none_is_known() {
        let mut arcs = Arcs::default();
        let at = Timestamp::from_parts(1_000, 0);
        let (berlin, munich) = (Cell::from_tenths(525, 134), Cell::from_tenths(481, 116));
        for cell in [berlin, munich, berlin, None] {
            arcs.observe(at, &seen("DE", cell));
        }
        let found: Vec<_> = arcs.until(at).iter().map(|arc| (arc.key.cell, arc.volume.packets)).collect();
        assert_eq!(found.len(), 3);
        assert!([(berlin, 2), (munich, 1), (None, 1)].iter().all(|arc| found.contains(arc)));
    }

    #[test]
    fn a_second_full_of_cities_counts_the_rest_by_country() {
        let mut arcs = Arcs::default();
        let at = Timestamp::from_parts(1_000, 0);
        for tenths in 0..3 * CELLS_MOST as i32 {
            arcs.observe(at, &seen("US", Cell::from_tenths(tenths % 900, tenths / 900)));
        }
        let found = arcs.until(at);
        assert_eq!(found.len(), CELLS_MOST + 1);
        assert_eq!((found[0].key.cell, found[0].volume.packets), (None, 2 * CELLS_MOST as u64));
        let later = Timestamp::from_parts(1_001, 0);
        arcs.observe(later, &seen("US", Cell::from_tenths(899, 1)));
        assert_eq!(arcs.until(later).len(), CELLS_MOST + 2, "the next second has room again");
    }
}
