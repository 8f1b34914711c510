//! What a live source says of itself, for any thread to read.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use super::Method;
use crate::Timestamp;

/// State and counters. Once the source is idle, `delivered + filtered + kernel_drops = kernel_packets`; before, what the
/// kernel still holds for us is missing from the left side. Of several workers each has its own, and the sums balance,
/// too.
#[derive(Debug)]
pub struct LiveStatus {
    blind_since: AtomicI64,
    buffer: AtomicU64,
    delivered: AtomicU64,
    kernel_packets: AtomicU64,
    kernel_drops: AtomicU64,
    reopened: AtomicU64,
    method: AtomicU8,
    fallbacks: AtomicU64,
    fallback: Mutex<Option<String>>,
    filters_here: AtomicBool,
    filtered: AtomicU64,
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
            method: AtomicU8::new(0),
            fallbacks: AtomicU64::new(0),
            fallback: Mutex::default(),
            filters_here: AtomicBool::new(false),
            filtered: AtomicU64::new(0),
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

    /// Bytes of ring or receive buffer the kernel granted.
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

    /// Who reads the socket now.
    pub fn method(&self) -> Method {
        Method::ALL[usize::from(self.method.load(Relaxed)) % Method::ALL.len()]
    }

    /// Why the method that was asked for does not read, method by method; `None` when it does.
    pub fn fallback(&self) -> Option<String> {
        self.fallback.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often an opening had to do with a slower method than the one asked for.
    pub fn fallbacks(&self) -> u64 {
        self.fallbacks.load(Relaxed)
    }

    /// A filter was asked for and the socket doesn't take it, so it is asked here of every frame, at a cost.
    pub fn filters_here(&self) -> bool {
        self.filters_here.load(Relaxed)
    }

    /// Frames the kernel handed over and the filter here left out; they are not among those delivered. What the kernel's
    /// filter leaves out nobody counts.
    pub fn filtered(&self) -> u64 {
        self.filtered.load(Relaxed)
    }

    pub(super) fn set_method(&self, method: Method) {
        self.method.store(method as u8, Relaxed);
    }

    /// An opening succeeded, or only after these reasons.
    pub(super) fn set_fallback(&self, reason: Option<String>) {
        self.fallbacks.fetch_add(reason.is_some().into(), Relaxed);
        *self.fallback.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }

    pub(super) fn set_filters_here(&self, here: bool) {
        self.filters_here.store(here, Relaxed);
    }

    pub(super) fn leave_out(&self) {
        self.filtered.fetch_add(1, Relaxed);
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
