//! Flows with traffic that is not settled, in the order in which it began. From the first on, some of them are due.

use crate::capped::Slot;

/// Rows that wait, each as often as it has begun to; some may be gone.
#[derive(Default)]
pub(super) struct Waiting {
    slots: Vec<Slot>,
    /// How many of them are settled, from the first on.
    settled: usize,
    /// Up to which one they are due.
    due: usize,
}

impl Waiting {
    /// A flow begins to wait.
    #[inline]
    pub(super) fn push(&mut self, slot: Slot) {
        self.slots.push(slot);
    }

    /// Places of the list that are taken.
    pub(super) const fn len(&self) -> usize {
        self.slots.len()
    }

    /// Bytes of memory it has.
    pub(super) const fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
    }

    /// All that wait now are due.
    pub(super) const fn fall_due(&mut self) {
        self.due = self.slots.len();
    }

    /// Whether some are due.
    pub(super) const fn is_behind(&self) -> bool {
        self.settled < self.due
    }

    /// All that wait.
    pub(super) fn all(&self) -> &[Slot] {
        self.slots.get(self.settled..).unwrap_or_default()
    }

    /// The first of those that are due, so many at most.
    pub(super) fn first_due(&self, most: usize) -> &[Slot] {
        self.slots.get(self.settled..self.due.min(self.settled + most)).unwrap_or_default()
    }

    /// The first so many are settled. When none is left that is due, the others move up: they are as few as have come
    /// meanwhile.
    pub(super) fn step_over(&mut self, many: usize) {
        self.settled += many;
        if !self.is_behind() {
            self.slots.drain(..self.settled);
            (self.settled, self.due) = (0, 0);
        }
    }
}
