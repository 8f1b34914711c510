//! A frame kept for a while: a copy in memory that is reused.

use crate::{Frame, LinkType, Timestamp};

/// The copy.
#[derive(Default)]
pub(super) struct Held {
    at: Timestamp,
    wire_len: u32,
    link: u16,
    bytes: Vec<u8>,
}

impl Held {
    /// Copies `frame` over what was held.
    pub(super) fn hold(&mut self, frame: &Frame<'_>) {
        self.at = frame.at;
        self.wire_len = frame.wire_len;
        self.link = frame.link.0;
        self.bytes.clear();
        self.bytes.extend_from_slice(frame.bytes);
    }

    /// Lends it under a number.
    pub(super) fn lend(&self, number: u64) -> Frame<'_> {
        let (at, wire_len, link) = (self.at, self.wire_len, LinkType(self.link));
        Frame { number, at, wire_len, link, bytes: &self.bytes }
    }

    /// Gives back memory that is not needed for what is held.
    pub(super) fn release(&mut self) {
        self.bytes.shrink_to_fit();
    }
}
