//! What flows carried in the second under way, for an archive to fetch.
//!
//! A flood brings more flows a second than can be kept. So a second has so many slices and no more, most of them for flows
//! that were answered, which a flood of forged sources cannot take away; what is beyond is counted, not kept apart.

use crate::flow::Volume;
use crate::history::Slice;
use crate::observation::Direction;

/// Slices of flows in a second: of those that nobody answered, and of the others. 40 960 of 136 bytes are 5.6 MB.
const MOST: [u32; 2] = [8192, 32_768];

/// Slices that may wait to be fetched, when who fetches them is behind.
const MOST_WAITING: usize = 2 * (MOST[0] + MOST[1]) as usize;

/// Room that stays for the next second, whatever this one took.
const LEAST_ROOM: usize = 1024;

/// What was not kept apart of a second, or of a range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// The second, since the Unix epoch; the first one of a range.
    pub at: i64,
    /// From outside.
    pub inward: Volume,
    /// To the outside.
    pub outward: Volume,
    /// Internal and transit.
    pub other: Volume,
    /// Flows that began.
    pub flows: u64,
}

impl LeftOut {
    /// Adds a slice that finds no room.
    pub(crate) fn add(&mut self, slice: &Slice) {
        let [(_, sent), (_, received)] = slice.ways();
        match slice.direction {
            Direction::In => (self.inward.merge(&sent), self.outward.merge(&received)),
            Direction::Out => (self.outward.merge(&sent), self.inward.merge(&received)),
            Direction::Internal | Direction::Transit => {
                (self.other.merge(&sent), self.other.merge(&received))
            }
        };
        self.flows += u64::from(slice.begun);
    }

    /// Adds another's figures.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.inward.merge(&other.inward);
        self.outward.merge(&other.outward);
        self.other.merge(&other.other);
        self.flows += other.flows;
    }

    /// Packets of all directions.
    pub const fn packets(&self) -> u64 {
        self.inward.packets + self.outward.packets + self.other.packets
    }
}

/// Slices since they were last fetched.
#[derive(Default)]
pub struct Recorder {
    slices: Vec<Slice>,
    left_out: Vec<LeftOut>,
    second: i64,
    /// Of the second: flows that were not answered, and flows that were.
    taken: [u32; 2],
}

impl Recorder {
    /// Takes a slice; those of a second come one after another.
    pub(crate) fn take(&mut self, slice: Slice, answered: bool) {
        if slice.volume().packets == 0 {
            return;
        }
        if slice.at != self.second {
            self.second = slice.at;
            self.taken = [0; 2];
        }
        let which = usize::from(answered);
        let taken = &mut self.taken[which];
        if *taken < MOST[which] && self.slices.len() < MOST_WAITING {
            *taken += 1;
            self.slices.push(slice);
        } else {
            self.leave_out(&slice);
        }
    }

    fn leave_out(&mut self, slice: &Slice) {
        match self.left_out.last_mut().filter(|last| last.at == slice.at) {
            Some(last) => last.add(slice),
            None => {
                let mut first = LeftOut { at: slice.at, ..LeftOut::default() };
                first.add(slice);
                self.left_out.push(first);
            }
        }
    }

    /// Whether there is something to fetch.
    pub const fn is_empty(&self) -> bool {
        self.slices.is_empty() && self.left_out.is_empty()
    }

    /// What was recorded since the last time. What it was recorded into stays, so that the next second need not grow it
    /// again in the packet path; after a flood it is let go.
    pub fn fetch(&mut self) -> (Vec<Slice>, Vec<LeftOut>) {
        let fetched = self.slices.as_slice().to_vec();
        self.slices.clear();
        if self.slices.capacity() > 4 * fetched.len().max(LEAST_ROOM) {
            self.slices.shrink_to(LEAST_ROOM);
        }
        (fetched, std::mem::take(&mut self.left_out))
    }
}
