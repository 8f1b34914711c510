//! The newest flows, for reading along: at most 20 a second, the rest is counted.

use std::collections::VecDeque;
use std::net::IpAddr;

use capturer::Timestamp;

use crate::capped::{Capped, Slot};
use crate::flow::Flow;

/// Flows that are kept.
pub const ROWS: usize = 50;

/// Flows that are taken in a second of packet time.
const PER_SECOND: u32 = 20;

/// A flow in the feed.
#[derive(Clone, Copy, Debug)]
pub struct FeedRow {
    /// Its running number.
    pub number: u64,
    /// The flow as last seen.
    pub flow: Flow,
    /// The address of the end that opened it.
    pub opener: IpAddr,
    /// The other end's.
    pub answerer: IpAddr,
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
    pub fn begin(&mut self, at: Timestamp, slot: Slot, flow: &Flow, (opener, answerer): (IpAddr, IpAddr)) {
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
        self.rows.push_back(FeedRow { number: self.number, flow: *flow, opener, answerer, slot });
    }

    /// Brings the rows up to what the flow table knows, as far as it still does.
    pub fn refresh(&mut self, flows: &Capped<Flow>) {
        for row in &mut self.rows {
            if let Some(flow) = flows.get(row.slot).filter(|flow| flow.first == row.flow.first) {
                row.flow = *flow;
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
