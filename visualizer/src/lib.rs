//! Wireglobe's top floor: it shows what the analyzer knows to people and machines.

mod access;
mod ages;
mod alerts;
mod allocator;
mod bucket;
mod cli;
mod crash;
mod devices;
mod dissect;
mod exports;
mod geo_fetch;
mod geo_files;
mod geo_update;
mod graphs;
mod history;
mod live;
mod logging;
mod notify;
mod online;
mod onward;
mod plot;
#[cfg(test)]
mod power_cut;
mod read_ahead;
mod sandbox;
mod schema;
#[cfg(test)]
mod scratch;
mod server;
mod service_manager;
pub mod settings;
mod sieve;
mod signatures;
mod sources;
pub mod wire;

pub use cli::main;
