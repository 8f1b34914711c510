//! Flows that others counted: what routers and probes export, as [`FlowRecord`]s. One record stands for so many packets
//! and bytes between two ends, as a packet stands for itself.
//!
//! A [`Collector`] reads NetFlow v1, v5, v7 and v9, IPFIX and sFlow v5, from sockets and out of captures. Nothing that
//! an exporter sends makes it panic, go on for ever or grow beyond [`Limits`]; what does not count is counted by reason.

#![forbid(unsafe_code)]

pub mod nfdump;

mod collector;
mod cursor;
mod draft;
mod elements;
mod exporters;
mod exports;
mod hand;
mod limits;
mod netflow;
mod record;
mod refusal;
mod sequence;
mod sflow;
mod sniff;
mod template;
mod writer;

pub use collector::{Collector, CollectorCounts};
pub use exporters::ExporterCounts;
pub use exports::export_of;
pub use limits::Limits;
pub use record::{EndReason, Exporter, FlowRecord};
pub use refusal::{Refusal, RefusalCounts};
pub use sniff::is_export;
pub use writer::{Form, LONGEST, Writer};
