//! Who talks with which country right now: one arc per country, home and direction over the last 30 seconds.

use std::collections::{HashMap, VecDeque};

use ahash::RandomState;
use capturer::Timestamp;

use crate::flow::Volume;
use crate::geo::CountryCode;
use crate::observation::{Direction, Observation};

/// Seconds of traffic an arc stands for.
pub const SECONDS: i64 = 30;

/// Which arc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArcKey {
    /// The remote end's country.
    pub country: CountryCode,
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
    /// The last second it was seen in.
    pub last: i64,
}

/// The arcs of the last seconds. At most 676 × 2 × 256 keys a second exist, so nothing here grows with traffic.
#[derive(Default)]
pub struct Arcs {
    second: i64,
    current: HashMap<ArcKey, Volume, RandomState>,
    past: VecDeque<(i64, Vec<(ArcKey, Volume)>)>,
}

impl Arcs {
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
        self.current.entry(ArcKey { country, inward, home: seen.home }).or_default().merge(&seen.volume);
    }

    /// The arcs of the last [`SECONDS`] before `now`, most bytes first.
    pub fn until(&self, now: Timestamp) -> Vec<Arc> {
        let oldest = now.as_seconds() - SECONDS;
        let mut all: HashMap<ArcKey, Arc, RandomState> = HashMap::default();
        let current = self.current.iter().map(|(key, volume)| (self.second, *key, *volume));
        let past = self
            .past
            .iter()
            .flat_map(|(second, arcs)| arcs.iter().map(|(key, volume)| (*second, *key, *volume)));
        for (second, key, volume) in past.chain(current).filter(|(second, ..)| *second > oldest) {
            let arc = all.entry(key).or_insert(Arc { key, volume: Volume::default(), last: second });
            arc.volume.packets += volume.packets;
            arc.volume.bytes += volume.bytes;
            arc.last = arc.last.max(second);
        }
        let mut arcs: Vec<Arc> = all.into_values().collect();
        arcs.sort_unstable_by_key(|arc| (std::cmp::Reverse(arc.volume.bytes), arc.key));
        arcs
    }

    fn turn(&mut self, second: i64) {
        let mut row = if self.past.len() >= SECONDS as usize {
            self.past.pop_front().map(|(_, row)| row).unwrap_or_default()
        } else {
            Vec::new()
        };
        row.clear();
        row.extend(self.current.drain());
        self.past.push_back((self.second, row));
        self.second = second;
    }
}
