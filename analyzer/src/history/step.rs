//! A step of time: what each flow carried within it, once for each.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use ahash::RandomState;

use crate::history::{Between, LeftOut, Slice};

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
    places: HashMap<Between, usize, RandomState>,
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
        let full = self.slices.len() >= most;
        match self.places.entry(slice.between) {
            Entry::Occupied(place) => {
                if let Some(known) = self.slices.get_mut(*place.get()) {
                    known.join(&slice.within(self.at));
                }
            }
            Entry::Vacant(_) if full => self.left_out.add(slice),
            Entry::Vacant(place) => {
                place.insert(self.slices.len());
                self.slices.push(slice.within(self.at));
            }
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
        self.places.clear();
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
