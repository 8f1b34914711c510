//! Passive fingerprints: what hosts look like by the way they speak, without a packet of our own.
//!
//! The model is that of p0f 3 ("passive OS fingerprinter", its README tells it): which options a stack sends and in which order,
//! how its window follows from its segment, and what is odd about its headers; which headers a program sends and in which
//! order. Signatures are lines of text ([`Database`]), and each verdict names its line. What is seen is advice, not proof:
//! who wants to look like another can.

mod budget;
mod database;
mod distance;
mod error;
mod event;
mod evidence;
mod family;
mod fingerprints;
mod flows;
mod fusion;
mod heads;
mod heard;
mod hosts;
mod http;
mod label;
mod layout;
mod learn;
#[cfg(test)]
mod own;
mod pattern;
mod programs;
mod quirks;
mod raw;
mod recent;
#[cfg(test)]
mod scenes;
mod sharing;
mod stacks;
mod table;
mod talk;
mod tcp;
mod uptime;
mod verdict;
mod window;

pub use database::{Database, Match};
pub use error::{DatabaseError, Unexpected};
pub use event::{End, Event, EventKind, HttpSight, Subject, TcpSight};
pub use evidence::{Carrier, Clue, Evidence, EvidenceKind, Force, Text, may_tell, read as read_evidence};
pub use family::{Families, Family};
pub use fingerprints::{FingerprintCounts, Fingerprints};
pub use hosts::{HostPrints, Program, Stack};
pub use http::{HttpPattern, HttpPrint, Role};
pub use label::{Label, System};
pub use layout::Layout;
pub use learn::Lessons;
pub use pattern::{Fit, TcpPattern};
pub use quirks::Quirks;
pub use raw::RawSignature;
pub use sharing::Reasons;
pub use tcp::TcpPrint;
pub use uptime::Uptime;
pub use verdict::Verdict;
pub use window::Window;
