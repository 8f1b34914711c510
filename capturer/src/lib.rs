//! Wireglobe's lowest floor: a [`source::Source`] lends [`Frame`]s, [`decode`] strips each to a [`Packet`],
//! and a [`stream::PacketStream`] keeps the recent past for any number of readers.
//!
//! Nothing here knows about geography, hosts or browsers; nothing here allocates per packet.

mod counters;
mod frame;
mod packet;
mod time;

pub mod decode;
pub mod filter;
pub mod flow;
pub mod source;
pub mod stream;
pub mod write;

pub use counters::{Ledger, SkipCounts};
pub use decode::{Skip, SkipReason};
pub use frame::{Frame, LinkType};
pub use packet::{
    Arp, Fragment, Icmp, Mac, Network, OptionKind, OptionLayout, Packet, PacketFacts, Ports, Protocol, Tcp,
    TcpFlags, TcpOptions, TcpQuirks, Transport, Vlan,
};
pub use time::Timestamp;
