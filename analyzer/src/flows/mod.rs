//! Questions about flows: which keys carried most, interval by interval. A [`Plan`] says what is asked, a [`Tally`] takes
//! flow records or rows that are counted already, and gives an [`Answer`], which is the document of `wireglobe query` and
//! of `/api/v1/query` (docs/QUERY.md).
//!
//! Nothing here knows where flows come from: the command line reads files, the server its store.

mod aggregation;
mod answer;
mod cells;
mod key;
mod names;
mod plan;
mod ranking;
mod seen;
mod spread;
mod tally;
#[cfg(test)]
mod tests;

pub use aggregation::{AGGREGATIONS, Aggregation};
pub use answer::{
    Answer, Columns, Gap, KeyRow, OtherRow, Percent, Previous, PreviousRow, Summary, TotalRow, Totals,
};
pub use cells::Counters;
pub use key::Key;
pub use names::key_name;
pub use plan::{MAX_INTERVALS, Measure, Order, Per, Plan, PlanError, STEPS, Side};
pub use seen::{flow_observation, flow_packet};
pub use tally::{Tally, When};
