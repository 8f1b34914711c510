//! What a live source says of itself, for any thread to read.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use crate::Timestamp;

/// State and counters. Once the source is idle, `delivered + kernel_drops = kernel_packets`.
#[derive(Debug)]
pub struct LiveStatus {
    blind_since: AtomicI64,
    buffer: AtomicU64,
    delivered: AtomicU64,
    kernel_packets: AtomicU64,
    kernel_drops: AtomicU64,
    reopened: AtomicU64,
}

/// `blind_since` of a source that sees.
const SEEING: i64 = i64::MAX;

impl Default for LiveStatus {
    fn default() -> Self {
        Self {
            blind_since: AtomicI64::new(SEEING),
            buffer: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            kernel_packets: AtomicU64::new(0),
            kernel_drops: AtomicU64::new(0),
            reopened: AtomicU64::new(0),
        }
    }
}

impl LiveStatus {
    /// Since when the interface is gone; `None` while it is there.
    pub fn blind_since(&self) -> Option<Timestamp> {
        match self.blind_since.load(Relaxed) {
            SEEING => None,
            nanos => Some(Timestamp::from_nanos(nanos)),
        }
    }

    /// Bytes of receive buffer the kernel granted.
    pub fn buffer(&self) -> u64 {
        self.buffer.load(Relaxed)
    }

    /// Frames handed over.
    pub fn delivered(&self) -> u64 {
        self.delivered.load(Relaxed)
    }

    /// Frames the kernel had for us, those it dropped included (`tp_packets`).
    pub fn kernel_packets(&self) -> u64 {
        self.kernel_packets.load(Relaxed)
    }

    /// Frames the kernel dropped because we were too slow (`tp_drops`).
    pub fn kernel_drops(&self) -> u64 {
        self.kernel_drops.load(Relaxed)
    }

    /// How often the interface came back and was opened again.
    pub fn reopened(&self) -> u64 {
        self.reopened.load(Relaxed)
    }

    pub(super) fn set_blind(&self, since: Timestamp) {
        self.blind_since.store(since.as_nanos(), Relaxed);
    }

    pub(super) fn set_seeing(&self) {
        self.blind_since.store(SEEING, Relaxed);
        self.reopened.fetch_add(1, Relaxed);
    }

    pub(super) fn set_buffer(&self, bytes: usize) {
        self.buffer.store(bytes as u64, Relaxed);
    }

    pub(super) fn deliver(&self, frames: u64) {
        self.delivered.store(frames, Relaxed);
    }

    pub(super) fn count(&self, packets: u32, drops: u32) {
        self.kernel_packets.fetch_add(packets.into(), Relaxed);
        self.kernel_drops.fetch_add(drops.into(), Relaxed);
    }
}
