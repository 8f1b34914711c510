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
    /// The latest.
    second: Option<i64>,
    /// Of it: flows that were not answered, and flows that were.
    taken: [u32; 2],
    /// Of the seconds before.
    taken_before: [u32; 2],
    /// Whether more may come of a second that is over.
    held_back: bool,
}

impl Recorder {
    /// More may come of a second that is over: nothing is handed over until all is there, so that time does not go back.
    pub(crate) const fn hold_back(&mut self) {
        self.held_back = true;
    }

    /// Nothing more comes of a second that is over.
    pub(crate) const fn hand_over(&mut self) {
        self.held_back = false;
    }

    /// Takes a slice, of the second under way or of one that is over.
    pub(crate) fn take(&mut self, slice: Slice, answered: bool) {
        if slice.volume().packets == 0 {
            return;
        }
        let second = Some(slice.at);
        if second > self.second {
            self.second = second;
            self.taken_before = std::mem::take(&mut self.taken);
        }
        let which = usize::from(answered);
        let of_second = if second == self.second { &mut self.taken } else { &mut self.taken_before };
        let taken = &mut of_second[which];
        if *taken < MOST[which] && self.slices.len() < MOST_WAITING {
            *taken += 1;
            self.slices.push(slice);
        } else {
            self.leave_out(&slice);
        }
    }

    fn leave_out(&mut self, slice: &Slice) {
        match self.left_out.iter_mut().rev().find(|second| second.at == slice.at) {
            Some(second) => second.add(slice),
            None => {
                let mut first = LeftOut { at: slice.at, ..LeftOut::default() };
                first.add(slice);
                self.left_out.push(first);
            }
        }
    }

    /// Whether there is something to fetch.
    pub const fn is_empty(&self) -> bool {
        self.held_back || (self.slices.is_empty() && self.left_out.is_empty())
    }

    /// What was recorded since the last time, second by second. What it was recorded into stays, so that the next second
    /// need not grow it again in the packet path; after a flood it is let go.
    pub fn fetch(&mut self) -> (Vec<Slice>, Vec<LeftOut>) {
        if self.is_empty() {
            return Default::default();
        }
        self.slices.sort_by_key(|slice| slice.at);
        self.left_out.sort_by_key(|second| second.at);
        let fetched = self.slices.as_slice().to_vec();
        self.slices.clear();
        if self.slices.capacity() > 4 * fetched.len().max(LEAST_ROOM) {
            self.slices.shrink_to(LEAST_ROOM);
        }
        (fetched, std::mem::take(&mut self.left_out))
    }
}
