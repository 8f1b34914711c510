//! What is counted of one key besides its hosts: figures, first and last packet, and what its row may have missed.

use capturer::Timestamp;

use crate::counts::{Counts, Missed};
use crate::observation::Observation;
use crate::sketch::space_saving::Weighed;

/// The totals of a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tallied {
    /// Figures since the row was made.
    pub(super) counts: Counts,
    /// First packet.
    pub(super) first: Timestamp,
    /// Last packet.
    pub(super) last: Timestamp,
    /// What may have been counted before the row was made.
    pub(super) missed: Missed,
}

impl Weighed for Tallied {
    fn begin(missed: Missed) -> Self {
        let never = Timestamp::from_nanos(i64::MAX);
        Self { counts: Counts::default(), first: never, last: Timestamp::from_nanos(i64::MIN), missed }
    }

    fn most(&self) -> Missed {
        self.missed.and(&self.counts)
    }
}

impl Tallied {
    /// The key sent, or belongs to the packet as a whole.
    #[inline]
    pub(super) fn send(&mut self, seen: &Observation) {
        self.counts.send(&seen.volume);
        self.counts.flows += u32::from(seen.fresh.flow);
        self.at(seen);
    }

    /// The key received; `again` when it sent the same packets, too, so that a flow counts once.
    #[inline]
    pub(super) fn receive(&mut self, seen: &Observation, again: bool) {
        self.counts.receive(&seen.volume);
        self.counts.flows += u32::from(seen.fresh.flow && !again);
        self.at(seen);
    }

    #[inline]
    fn at(&mut self, seen: &Observation) {
        self.first = self.first.min(seen.first);
        self.last = self.last.max(seen.last);
    }
}
