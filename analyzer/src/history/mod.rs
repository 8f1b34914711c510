//! The recent past, for the page's time travel: what flows carried, by steps of time that become longer with age.
//!
//! The analyzer settles its flows once a second anyway; the [`Recorder`] keeps what it hears then as
//! [`Slice`]s. The [`Archive`] keeps slices within a budget: by the second at first, then joined to ten seconds, then to
//! minutes; at last the oldest go. A [`Past`] is an analyzer to which the slices of a range are shown as the packets they
//! stand for, so that the same code answers for the past and for now.

pub mod block;

mod archive;
mod meter;
mod past;
mod recorder;
mod slice;
mod step;

pub use archive::{Archive, Range};
pub use meter::{Meter, Metered, Timeouts};
pub use past::{Past, PastSetup, series};
pub use recorder::{LeftOut, Recorder};
pub use slice::{Between, Side, Slice};
pub use step::{Joiner, Step};
