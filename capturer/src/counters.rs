//! The ledger: every frame ends in exactly one place, and the places add up.

use std::collections::BTreeMap;

use crate::decode::SkipReason;

/// Skipped frames by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SkipCounts([u64; SkipReason::ALL.len()]);

impl SkipCounts {
    /// Counts one.
    pub const fn add(&mut self, reason: SkipReason) {
        self.0[reason as usize] += 1;
    }

    /// All together.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// How often `reason` was met.
    pub const fn get(&self, reason: SkipReason) -> u64 {
        self.0[reason as usize]
    }

    /// The reasons that occurred, by their names in reports.
    pub fn named(&self) -> BTreeMap<&'static str, u64> {
        SkipReason::ALL
            .iter()
            .map(|&reason| (reason.name(), self.get(reason)))
            .filter(|(_, n)| *n > 0)
            .collect()
    }

    /// Adds another's counts.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine += theirs;
        }
    }
}

/// What became of the frames of a source: `frames = packets + skipped + filtered + lost`.
///
/// A frame that was lost was never read, so a source's `frames` are what it handed over plus what it knows it lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Frames the source handed over, and those it knows it lost.
    pub frames: u64,
    /// Frames that became packets.
    pub packets: u64,
    /// Bytes on the wire of those packets.
    pub bytes: u64,
    /// Frames that could not be decoded, by reason.
    pub skipped: SkipCounts,
    /// Packets a filter left out.
    pub filtered: u64,
    /// Frames lost by the kernel before the source saw them.
    pub lost_kernel: u64,
    /// Packets overwritten in the ring before the analysis read them.
    pub lost_ring: u64,
}

impl Ledger {
    /// All that was lost, wherever.
    pub const fn lost(&self) -> u64 {
        self.lost_kernel + self.lost_ring
    }

    /// The same when only so many packets of so many bytes were counted, the others being on their way: their frames are left
    /// out, too, so that the sum still holds.
    #[must_use]
    pub const fn counted(self, packets: u64, bytes: u64) -> Self {
        let frames = (self.frames + packets).saturating_sub(self.packets);
        Self { frames, packets, bytes, ..self }
    }

    /// Whether the sum holds.
    pub fn balances(&self) -> bool {
        self.frames == self.packets + self.skipped.total() + self.filtered + self.lost()
    }
}
