//! A step of time: what each flow carried within it, once for each.

use ahash::RandomState;

use crate::history::{LeftOut, Slice};
use crate::index::Index;

/// Slices of a step that an index can number; memory is at its end long before.
const MOST_SLICES: usize = u32::MAX as usize - 1;

/// A step that is over.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// Its first second, since the Unix epoch.
    pub at: i64,
    /// What flows carried.
    pub slices: Vec<Slice>,
    /// What was not kept apart.
    pub left_out: LeftOut,
}

/// A step under way: slices of the same flow are joined as they come.
#[derive(Default)]
pub struct Joiner {
    at: i64,
    slices: Vec<Slice>,
    /// Where a flow's slice is. It holds no flow itself and begins anew with each step: a map of flows would be as large as the
    /// slices, for as long as the program runs.
    places: Index,
    hasher: RandomState,
    left_out: LeftOut,
}

impl Joiner {
    /// Begins a step with this second; what was under way must have been taken.
    pub const fn begin(&mut self, at: i64) {
        self.at = at;
    }

    /// The first second of the step.
    pub const fn at(&self) -> i64 {
        self.at
    }

    /// Adds a slice.
    pub fn add(&mut self, slice: &Slice) {
        self.add_within(slice, usize::MAX);
    }

    /// The same, but of a flow that is not in it yet only while it holds fewer than so many; otherwise its traffic is left out.
    pub fn add_within(&mut self, slice: &Slice, most: usize) {
        let hash = self.hasher.hash_one(slice.between);
        let Self { slices, places, left_out, at, .. } = self;
        let same =
            |place: u32| slices.get(place as usize).is_some_and(|known| known.between == slice.between);
        let place = places.find(hash, same);
        if let Some(known) = place.and_then(|place| slices.get_mut(place as usize)) {
            known.join(&slice.within(*at));
        } else if slices.len() >= most.min(MOST_SLICES) {
            left_out.add(slice);
        } else {
            places.insert(hash, slices.len() as u32);
            slices.push(slice.within(*at));
        }
    }

    /// The same, and of flows that nobody answered, which a flood of forged sources may take, a quarter of so many.
    pub fn add_sharing(&mut self, slice: &Slice, most: usize) {
        self.add_within(slice, if slice.is_unanswered() { most / 4 } else { most });
    }

    /// Adds what was not kept apart.
    pub fn leave_out(&mut self, left_out: &LeftOut) {
        self.left_out.merge(left_out);
    }

    /// How many flows it holds.
    pub const fn len(&self) -> usize {
        self.slices.len()
    }

    /// Whether there is nothing in it.
    pub const fn is_empty(&self) -> bool {
        self.slices.is_empty() && self.left_out.packets() == 0
    }

    /// What is in it so far, if there is anything.
    pub fn under_way(&self) -> Option<(&[Slice], &LeftOut)> {
        (!self.is_empty()).then_some((self.slices.as_slice(), &self.left_out))
    }

    /// Ends the step; `None` when nothing was in it.
    pub fn take(&mut self) -> Option<Step> {
        self.places = Index::default();
        let mut slices = std::mem::take(&mut self.slices);
        let left_out = std::mem::take(&mut self.left_out);
        slices.shrink_to_fit();
        let step = Step { at: self.at, slices, left_out };
        (!step.slices.is_empty() || step.left_out.packets() > 0).then_some(step)
    }

    /// Slices there is room for, which is memory.
    pub(super) const fn room(&self) -> usize {
        self.slices.capacity()
    }
}
