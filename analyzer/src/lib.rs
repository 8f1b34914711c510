//! Wireglobe's middle floor: packets become places, totals, flows and snapshots.
//!
//! A pure state machine: no clock, no thread, no file, no socket. Time arrives with packets.
#![forbid(unsafe_code)]

mod observation;

pub mod geo;
pub mod query;

pub use observation::{Direction, End, Observation};
