//! Counters by key and interval, bounded. A key keeps the intervals it was seen in, in their order. When all keys together
//! have too many, the lighter half of them goes into one rest that is counted by interval, and the heaviest that went
//! tells how much a key that comes again may have missed.

use ahash::AHashMap;

use super::key::Key;
use super::plan::Measure;

/// Packets, bytes and flows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
    /// Flows.
    pub flows: u64,
}

impl Counters {
    /// Adds, and stays at the highest number there is.
    pub fn add(&mut self, other: &Self) {
        self.packets = self.packets.saturating_add(other.packets);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.flows = self.flows.saturating_add(other.flows);
    }

    /// Whether there is nothing.
    pub const fn is_nothing(&self) -> bool {
        self.packets == 0 && self.bytes == 0 && self.flows == 0
    }

    /// All of them together.
    pub(super) fn sum<'a>(all: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        all.into_iter().for_each(|one| sum.add(one));
        sum
    }
}

/// The intervals of a key by their numbers, ascending.
#[derive(Clone, Debug, Default)]
pub(super) struct Line(Vec<(i64, Counters)>);

impl Line {
    /// Adds to an interval; returns whether it is a new one.
    pub(super) fn add(&mut self, at: i64, counters: &Counters) -> bool {
        // Records come nearly in order of time.
        let found = match self.0.last() {
            Some((last, _)) if *last == at => Ok(self.0.len() - 1),
            Some((last, _)) if *last < at => Err(self.0.len()),
            _ => self.0.binary_search_by_key(&at, |(known, _)| *known),
        };
        match found {
            Ok(place) => self.0[place].1.add(counters),
            Err(place) => {
                // Most keys are seen in one interval alone.
                if self.0.is_empty() {
                    self.0.reserve_exact(1);
                }
                self.0.insert(place, (at, *counters));
            }
        }
        found.is_err()
    }

    pub(super) fn cells(&self) -> &[(i64, Counters)] {
        &self.0
    }

    pub(super) fn get(&self, at: i64) -> Counters {
        let found = self.0.binary_search_by_key(&at, |(known, _)| *known);
        found.map(|place| self.0[place].1).unwrap_or_default()
    }

    pub(super) fn sum(&self) -> Counters {
        Counters::sum(self.0.iter().map(|(_, counters)| counters))
    }

    /// Puts so many intervals into one.
    pub(super) fn coarsen(&mut self, times: i64) {
        let fine = std::mem::take(&mut self.0);
        for (at, counters) in fine {
            self.add(at.div_euclid(times), &counters);
        }
    }

    fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(at, counters)| {
            self.add(*at, counters);
        });
    }
}

/// All keys.
#[derive(Debug)]
pub(super) struct Cells {
    pub(super) lines: AHashMap<Key, Line>,
    count: usize,
    most: usize,
    rank: Measure,
    /// What keys carried that had to go, and how often one had to.
    pub(super) rest: Line,
    pub(super) gone: u64,
    /// The most that a key may have missed.
    pub(super) missed: Counters,
}

impl Cells {
    /// At most `most` intervals of keys; `rank` decides who stays.
    pub(super) fn new(most: usize, rank: Measure) -> Self {
        Self {
            lines: AHashMap::new(),
            count: 0,
            most: most.max(2),
            rank,
            rest: Line::default(),
            gone: 0,
            missed: Counters::default(),
        }
    }

    pub(super) fn add(&mut self, key: Key, at: i64, counters: &Counters) {
        self.count += usize::from(self.lines.entry(key).or_default().add(at, counters));
        if self.count > self.most {
            self.prune();
        }
    }

    /// Lets the lighter keys go until half of the room is free, but never the last one.
    fn prune(&mut self) {
        let mut ranked: Vec<(u64, Key)> =
            self.lines.iter().map(|(key, line)| (self.rank.weight(&line.sum()), key.clone())).collect();
        ranked.sort_unstable();
        let last = ranked.len().saturating_sub(1);
        for (_, key) in ranked.into_iter().take(last) {
            if self.count <= self.most / 2 {
                break;
            }
            let Some(line) = self.lines.remove(&key) else { continue };
            let sum = line.sum();
            self.missed.packets = self.missed.packets.max(sum.packets);
            self.missed.bytes = self.missed.bytes.max(sum.bytes);
            self.missed.flows = self.missed.flows.max(sum.flows);
            self.count -= line.0.len();
            self.gone += 1;
            self.rest.merge(&line);
        }
    }

    pub(super) fn coarsen(&mut self, times: i64) {
        self.lines.values_mut().for_each(|line| line.coarsen(times));
        self.rest.coarsen(times);
        self.count = self.lines.values().map(|line| line.0.len()).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heavy_keys_stay_and_nothing_is_lost() {
        let mut cells = Cells::new(64, Measure::Bytes);
        for round in 0..50u32 {
            cells.add(Key::Number(1), i64::from(round), &Counters { packets: 1, bytes: 1000, flows: 1 });
            for other in 0..5 {
                let key = Key::Number(100 + round * 5 + other);
                cells.add(key, i64::from(round), &Counters { packets: 1, bytes: 10, flows: 1 });
            }
        }
        assert_eq!(cells.lines[&Key::Number(1)].sum().bytes, 50_000);
        let kept = Counters::sum(&cells.lines.values().map(Line::sum).collect::<Vec<_>>());
        assert_eq!(kept.bytes + cells.rest.sum().bytes, 50_000 + 250 * 10);
        assert!(cells.count <= 64 && cells.gone > 0);
        assert_eq!(cells.missed, Counters { packets: 1, bytes: 10, flows: 1 });
    }

    #[test]
    fn intervals_may_come_in_any_order_and_be_put_together() {
        let mut line = Line::default();
        let one = Counters { packets: 1, bytes: 1, flows: 1 };
        for at in [-3, 4, 2, -3, 3] {
            line.add(at, &one);
        }
        assert_eq!(line.cells().iter().map(|(at, _)| *at).collect::<Vec<_>>(), [-3, 2, 3, 4]);
        line.coarsen(2);
        assert_eq!(
            line.cells().iter().map(|(at, sum)| (*at, sum.bytes)).collect::<Vec<_>>(),
            [(-2, 2), (1, 2), (2, 1)]
        );
    }
}
