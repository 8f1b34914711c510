//! What each fuzz target does with its input, and what must hold then. Shared by the targets, which libFuzzer feeds, and
//! by `capturer/tests/regressions.rs`, which feeds the committed corpora and all inputs that ever made one fail.
//!
//! A body panics when something does not hold, and otherwise returns: it keeps nothing from one input to the next that
//! an answer depends on, so that an input alone shows a fault again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a body says so by failing")]

pub mod bpf_round_trip;
pub mod compressed;
pub mod decode;
pub mod exports;
pub mod filter_text;
pub mod flow_files;
pub mod pcap;
pub mod pcapng;

mod capture;
mod reference;
mod wire;

/// A fuzz target's body.
pub type Body = fn(&[u8]);

/// Every target by its name, which is also the name of its folders.
pub static TARGETS: &[(&str, Body)] = &[
    ("decode", decode::run),
    ("pcap", pcap::run),
    ("pcapng", pcapng::run),
    ("compressed", compressed::run),
    ("filter_text", filter_text::run),
    ("bpf_round_trip", bpf_round_trip::run),
    ("netflow5", exports::netflow5),
    ("netflow9", exports::netflow9),
    ("ipfix", exports::ipfix),
    ("sflow", exports::sflow),
    ("nfcapd", flow_files::nfcapd),
    ("nfdump_text", flow_files::nfdump_text),
];
