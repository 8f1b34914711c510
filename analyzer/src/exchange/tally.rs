//! Packets and bytes of frames with each partner, both ways.

use std::collections::HashMap;

use ahash::RandomState;
use capturer::Timestamp;

use super::{Partner, Seen, Subject, Way};
use crate::Devices;

/// Partners that are told apart; frames of further ones are counted in [`Tally::left_out`].
const MOST: usize = 1 << 20;

/// What was exchanged with a partner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exchanged {
    /// Bytes of frames sent to it, on the wire.
    pub bytes_sent: u64,
    /// Bytes of frames received from it.
    pub bytes_received: u64,
    /// Frames sent to it.
    pub packets_sent: u64,
    /// Frames received from it.
    pub packets_received: u64,
}

impl Exchanged {
    /// Whether it was sent to and never answered.
    pub const fn is_unanswered(&self) -> bool {
        self.packets_sent > 0 && self.packets_received == 0
    }

    fn count(&mut self, way: Way, bytes: u64) {
        let (packets, sum) = match way {
            Way::Sent => (&mut self.packets_sent, &mut self.bytes_sent),
            Way::Received | Way::Between => (&mut self.packets_received, &mut self.bytes_received),
        };
        *packets += 1;
        *sum += bytes;
    }

    /// Both together.
    pub const fn merge(&mut self, further: &Self) {
        self.bytes_sent += further.bytes_sent;
        self.bytes_received += further.bytes_received;
        self.packets_sent += further.packets_sent;
        self.packets_received += further.packets_received;
    }
}

/// What a subject exchanges with each partner.
#[derive(Clone)]
pub struct Tally {
    subject: Subject,
    partners: HashMap<Partner, Exchanged, RandomState>,
    first: Option<Timestamp>,
    left_out: u64,
}

impl Tally {
    /// Of a subject.
    pub fn new(subject: Subject) -> Self {
        Self { subject, partners: HashMap::default(), first: None, left_out: 0 }
    }

    /// Counts a frame.
    pub fn observe(&mut self, seen: &Seen<'_>, devices: &Devices) {
        let at = seen.frame.at;
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        let Some(way) = self.subject.way(seen) else { return };
        let partner = Partner::of(seen, way, devices);
        if self.partners.len() >= MOST && !self.partners.contains_key(&partner) {
            self.left_out += 1;
            return;
        }
        self.partners.entry(partner).or_default().count(way, u64::from(seen.frame.wire_len));
    }

    /// Every partner with what was exchanged, in no order.
    pub fn partners(&self) -> impl Iterator<Item = (Partner, &Exchanged)> {
        self.partners.iter().map(|(partner, exchanged)| (*partner, exchanged))
    }

    /// When the first frame came, of whomever.
    pub const fn first(&self) -> Option<Timestamp> {
        self.first
    }

    /// Frames of partners beyond the cap.
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }
}
