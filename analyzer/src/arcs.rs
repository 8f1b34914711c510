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

/// A second's arcs.
#[derive(Default)]
struct Second {
    at: i64,
    arcs: HashMap<ArcKey, Carried, RandomState>,
    /// How many of them go to cells.
    cells: usize,
}

/// The arcs of the last seconds.
#[derive(Default)]
pub struct Arcs {
    /// Oldest first. What was carried in a second may be told when later ones have begun.
    seconds: VecDeque<Second>,
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
        let Some(second) = self.second(at.as_seconds()) else { return };
        let key = second.admit(ArcKey { country, cell: remote.place.cell, inward, home: seen.home });
        let (volume, _) = second.arcs.entry(key).or_insert((Volume::default(), remote.address));
        volume.merge(&seen.volume);
    }

    /// The arcs of the last [`SECONDS`] before `now`, most bytes first.
    pub fn until(&self, now: Timestamp) -> Vec<Arc> {
        let oldest = now.as_seconds() - SECONDS;
        let mut all: HashMap<ArcKey, Arc, RandomState> = HashMap::default();
        for second in self.seconds.iter().filter(|second| self.whole || second.at > oldest) {
            for (&key, &(volume, sample)) in &second.arcs {
                let arc =
                    all.entry(key).or_insert(Arc { key, volume: Volume::default(), sample, last: second.at });
                arc.volume.merge(&volume);
                arc.last = arc.last.max(second.at);
            }
        }
        let mut arcs: Vec<Arc> = all.into_values().collect();
        arcs.sort_unstable_by_key(|arc| (std::cmp::Reverse(arc.volume.bytes), arc.key));
        arcs
    }

    /// A second's arcs; `None` where it is older than all that are kept.
    #[inline]
    fn second(&mut self, at: i64) -> Option<&mut Second> {
        let later = self.seconds.iter().rev().take_while(|second| second.at > at && !self.whole).count();
        let place = self.seconds.len() - later;
        let is_known = place > 0 && (self.whole || self.seconds[place - 1].at == at);
        if is_known {
            let known = &mut self.seconds[place - 1];
            known.at = known.at.max(at);
            return Some(known);
        }
        self.begin(place, at)
    }

    /// Begins a second, in the map of the oldest when there are enough of them.
    #[cold]
    fn begin(&mut self, mut place: usize, at: i64) -> Option<&mut Second> {
        let mut second = Second::default();
        if self.seconds.len() >= SECONDS as usize {
            place = place.checked_sub(1)?;
            second.arcs = self.seconds.pop_front()?.arcs;
            second.arcs.clear();
        }
        second.at = at;
        self.seconds.insert(place, second);
        self.seconds.get_mut(place)
    }
}

impl Second {
    /// The arc itself, or its country's when the second is full of cells.
    #[inline]
    fn admit(&mut self, key: ArcKey) -> ArcKey {
        if key.cell.is_none() || self.arcs.contains_key(&key) {
            return key;
        }
        if self.cells >= CELLS_MOST {
            return ArcKey { cell: None, ..key };
        }
        self.cells += 1;
        key
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

    #[test]
    fn what_is_told_late_goes_to_its_own_second() {
        let (mut arcs, at) = (Arcs::default(), |second| Timestamp::from_parts(second, 0));
        for second in [1000, 1002, 1000, 1001, 1029, 999, 1001] {
            arcs.observe(at(second), &seen("DE", None));
        }
        let packets = |now| arcs.until(at(now)).iter().map(|arc| arc.volume.packets).sum::<u64>();
        assert_eq!([1028, 1029, 1030, 1031, 1032].map(packets), [7, 6, 4, 2, 1]);
        (1030..1060).for_each(|second| arcs.observe(at(second), &seen("DE", None)));
        arcs.observe(at(1029), &seen("FR", None));
        assert_eq!(arcs.until(at(1059)).len(), 1, "too old");
        assert_eq!(arcs.seconds.len(), SECONDS as usize);
    }
}
