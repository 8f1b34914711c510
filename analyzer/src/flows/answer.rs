//! The document that answers a question: `wireglobe query --format json` and `/api/v1/query`. docs/QUERY.md describes it.

use serde::Serialize;

use super::cells::Counters;
use super::plan::{Measure, Order, Per, Side};

/// The whole of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// The version of this form.
    pub schema: u32,
    /// The aggregation's id.
    pub by: &'static str,
    /// The length of networks, where they are asked by length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix_length: Option<u8>,
    /// What summaries are of.
    pub measure: Measure,
    /// What keys are ranked by.
    pub sort: Measure,
    /// From which end.
    pub order: Order,
    /// How many keys were asked for; 0 is all.
    pub top: usize,
    /// Of what they are the top.
    pub per: Per,
    /// Which ends count.
    pub side: Side,
    /// The filter, in its canonical form.
    pub filter: String,
    /// Seconds of an interval.
    pub interval: i64,
    /// When the first interval begins.
    pub from: Option<String>,
    /// When the last one ends.
    pub to: Option<String>,
    /// When each interval begins.
    pub at: Vec<String>,
    /// The keys, in their order.
    pub keys: Vec<KeyRow>,
    /// What is below the top.
    pub other: Option<OtherRow>,
    /// The filtered traffic.
    pub total: TotalRow,
    /// The span before.
    pub previous: Option<Previous>,
    /// Where there is no data.
    pub gaps: Vec<Gap>,
    /// What is to be said of it.
    pub notes: Vec<String>,
    /// Where flows came from: `store` or `files`.
    pub source: &'static str,
}

/// Figures by interval; null where there is no data, or the key is outside the interval's top.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Columns {
    /// Bytes.
    pub bytes: Vec<Option<u64>>,
    /// Packets.
    pub packets: Vec<Option<u64>>,
    /// Flows.
    pub flows: Vec<Option<u64>>,
}

impl Columns {
    pub(super) fn of(cells: &[Option<Counters>]) -> Self {
        let column = |of: fn(&Counters) -> u64| cells.iter().map(|cell| cell.as_ref().map(of)).collect();
        Self {
            bytes: column(|all| all.bytes),
            packets: column(|all| all.packets),
            flows: column(|all| all.flows),
        }
    }
}

/// Sums over the range, and rates over the time of which there is data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Totals {
    /// Bytes.
    pub bytes: u64,
    /// Packets.
    pub packets: u64,
    /// Flows.
    pub flows: u64,
    /// Bits a second.
    pub bps: f64,
    /// Packets a second.
    pub pps: f64,
    /// Bytes a packet.
    pub bpp: f64,
}

/// Shares of the total's figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Percent {
    /// Of its bytes.
    pub bytes: f64,
    /// Of its packets.
    pub packets: f64,
    /// Of its flows.
    pub flows: f64,
}

/// The chosen measure over the intervals of which there is data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// The least.
    pub min: Option<f64>,
    /// The mean.
    pub avg: Option<f64>,
    /// What 95 of 100 intervals do not exceed.
    pub p95: Option<f64>,
    /// The most.
    pub max: Option<f64>,
    /// In the last interval.
    pub last: Option<f64>,
    /// Over the range.
    pub total: Option<f64>,
}

/// A key.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KeyRow {
    /// As it is written.
    pub key: String,
    /// What it is called.
    pub name: Option<String>,
    /// By interval.
    #[serde(flatten)]
    pub columns: Columns,
    /// Over the range.
    pub totals: Totals,
    /// Of the total.
    pub percent: Percent,
    /// Of the measure.
    pub summary: Summary,
}

/// What is below the top, with true counts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OtherRow {
    /// How many keys.
    pub keys: u64,
    /// By interval.
    #[serde(flatten)]
    pub columns: Columns,
    /// Over the range.
    pub totals: Totals,
    /// Of the total.
    pub percent: Percent,
    /// Of the measure.
    pub summary: Summary,
}

/// All of the filtered traffic.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TotalRow {
    /// By interval.
    #[serde(flatten)]
    pub columns: Columns,
    /// Over the range.
    pub totals: Totals,
    /// Of the measure.
    pub summary: Summary,
}

/// The span just before, of the same length.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Previous {
    /// When its first interval begins.
    pub from: String,
    /// When its last one ends.
    pub to: String,
    /// When each interval begins.
    pub at: Vec<String>,
    /// The same keys.
    pub keys: Vec<PreviousRow>,
    /// What all other keys carried then.
    pub other: Option<OtherRow>,
    /// All of the filtered traffic.
    pub total: TotalRow,
}

/// A key in the span before.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PreviousRow {
    /// As it is written.
    pub key: String,
    /// By interval.
    #[serde(flatten)]
    pub columns: Columns,
    /// Over the span.
    pub totals: Totals,
    /// Of the measure.
    pub summary: Summary,
}

/// Time of which there is no data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// When it begins.
    pub from: String,
    /// When it ends.
    pub to: String,
}
