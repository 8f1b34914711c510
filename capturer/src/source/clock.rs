//! The clocks of a replay: one to wait by, one to stamp by. A trait, so that tests need no waiting.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::Timestamp;

/// Whether a time service keeps the machine's clock right, as far as the kernel knows.
///
/// # Errors
/// What the system said, where it may not be asked.
pub fn is_synchronised() -> std::io::Result<bool> {
    super::sys::is_synchronised()
}

/// What time it is, and waiting.
pub trait Clock: Send {
    /// Time since some fixed moment; never goes back.
    fn elapsed(&self) -> Duration;

    /// The wall clock.
    fn now(&self) -> Timestamp;

    /// Waits.
    fn sleep(&self, duration: Duration);
}

/// The machine's clocks.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn now(&self) -> Timestamp {
        Timestamp::EPOCH.after(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }

    fn sleep(&self, duration: Duration) {
        thread::sleep(duration);
    }
}
