//! The newest flows, for reading along: at most 20 a second, the rest is counted.

use std::collections::VecDeque;

use capturer::Timestamp;

use crate::capped::{Capped, Slot};
use crate::flow::{Flow, Running, State};

/// Flows that are kept.
pub const ROWS: usize = 50;

/// Flows that are taken in a second of packet time.
const PER_SECOND: u32 = 20;

/// A flow in the feed.
#[derive(Clone, Copy, Debug)]
pub struct FeedRow {
    /// Its running number.
    pub number: u64,
    /// The flow as last settled.
    pub flow: Flow,
    /// How it stands.
    pub state: State,
    slot: Slot,
}

/// A ring of the newest flows.
#[derive(Default)]
pub struct Feed {
    rows: VecDeque<FeedRow>,
    number: u64,
    dropped: u64,
    second: i64,
    taken: u32,
}

impl Feed {
    /// Takes a new flow.
    pub fn begin(&mut self, at: Timestamp, slot: Slot, flow: &Flow) {
        if at.as_seconds() != self.second {
            self.second = at.as_seconds();
            self.taken = 0;
        }
        if self.taken >= PER_SECOND {
            self.dropped += 1;
            return;
        }
        self.taken += 1;
        self.number += 1;
        if self.rows.len() >= ROWS {
            self.rows.pop_front();
        }
        self.rows.push_back(FeedRow { number: self.number, flow: *flow, state: State::Active, slot });
    }

    /// Brings the rows up to what the flow table knows, as far as it still does.
    pub fn refresh(&mut self, flows: &Capped<Running, Flow>) {
        for row in &mut self.rows {
            if let (Some(running), Some(flow)) = (flows.get(row.slot), flows.rest(row.slot))
                && flow.first == row.flow.first
            {
                (row.flow, row.state) = (*flow, running.state);
            }
        }
    }

    /// The rows, newest first.
    pub fn rows(&self) -> impl Iterator<Item = &FeedRow> {
        self.rows.iter().rev()
    }

    /// Flows that began and were not taken, since the start.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }
}
