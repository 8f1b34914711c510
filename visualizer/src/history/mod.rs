//! History on disk: what was, for months, in SQLite.
//!
//! The thread that has the recent past in memory (`live/history.rs`) tells the *keeper* each second what flows carried. Each ten
//! seconds the keeper counts them by every dimension ([`count`], with the same analyzer that counts for pages) and adds the
//! rows to the steps that they belong to ([`levels`]), in one transaction ([`database`]). Rows of longer steps are brought together
//! later, which spares the disk ([`waiting`]). Each minute the flows themselves go down as a block. So a step is right from its
//! first second on, and what is committed stays.
//!
//! How long things are kept counts in steps that were recorded, not by the clock: a clock that jumps deletes nothing.
//!
//! Who asks reads through a connection of their own ([`ask`]), which holds nobody up.

mod ask;
mod count;
mod database;
mod keeper;
mod levels;
#[cfg(test)]
mod measure;
mod pages;
#[cfg(test)]
mod power_tests;
mod query;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod upgrade_tests;
mod waiting;

pub(crate) use ask::Reader;
pub(crate) use keeper::{Account, Disk, Keeper, Place, place};
pub(crate) use levels::Keep;
pub(crate) use pages::{older, past, series};
pub(crate) use query::{QueryError, answer, end};
#[cfg(test)]
pub(crate) use tests::store_of;
