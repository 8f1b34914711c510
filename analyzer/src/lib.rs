//! Wireglobe's middle floor: packets become places, totals, flows and snapshots.
//!
//! A pure state machine: no clock, no thread, no file, no socket. Time arrives with packets.
#![forbid(unsafe_code)]

pub mod alert;
mod analyzer;
mod arcs;
mod capped;
mod chunks;
mod clock;
mod counts;
mod devices;
mod facts;
mod feed;
mod flow;
mod home;
mod host;
mod index;
mod local;
mod network;
mod observation;
mod queue;
mod series;
mod table;
mod view;

pub mod aggregate;
pub mod cover;
pub mod detect;
pub mod exchange;
pub mod fingerprint;
pub mod flows;
pub mod geo;
pub mod history;
pub mod inet;
pub mod inventory;
pub mod names;
pub mod payload;
pub mod query;
pub mod sketch;
pub mod timeline;
mod told;
pub mod vendors;

pub use alert::{Alert, Figure, Party, Severity, sentence};
pub use analyzer::{Analyzer, Caps, Reading, Setup, VIEWS, ViewId};
pub use arcs::{Arc, ArcKey};
pub use capped::{Capped, Slot, Worth};
pub use clock::PacketClock;
pub use counts::{Counts, Measure, Missed};
pub use devices::{Devices, DevicesError};
pub use facts::Facts;
pub use feed::FeedRow;
pub use flow::{Flow, FlowEnd, Running, State, Volume};
pub use home::Home;
pub use host::Host;
pub use local::{Guess, LocalNetworks, Origin};
pub use network::{Network, NotANetwork};
pub use observation::{Direction, End, Fresh, Observation, Service};
pub use series::Second;
pub use table::Table;
pub use view::{Dimension, Totals};
