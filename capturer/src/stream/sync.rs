//! What the ring is locked and waited for with: the standard library's. Under `--cfg loom` it is a model's, which tries every order in
//! which threads can meet (`loom_ring.rs`).

#[cfg(loom)]
pub(super) use loom::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::sync::PoisonError;
#[cfg(not(loom))]
pub(super) use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// Waits, told by a condition variable, until something holds or the time is over.
#[cfg(not(loom))]
pub(super) fn wait_until<'a, T>(
    told: &Condvar,
    state: MutexGuard<'a, T>,
    timeout: Duration,
    holds: impl Fn(&T) -> bool,
) -> MutexGuard<'a, T> {
    let waited = told.wait_timeout_while(state, timeout, |state| !holds(state));
    waited.unwrap_or_else(PoisonError::into_inner).0
}

/// The same in a model, in which time stands still: who is never told waits for ever, and the model says so.
#[cfg(loom)]
pub(super) fn wait_until<'a, T>(
    told: &Condvar,
    mut state: MutexGuard<'a, T>,
    _: Duration,
    holds: impl Fn(&T) -> bool,
) -> MutexGuard<'a, T> {
    while !holds(&state) {
        state = told.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
    state
}
