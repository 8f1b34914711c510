//! What flows are told apart by, and how it is written: addresses as RFC 5952 says, numbers as numbers, and what nobody
//! knows as `unknown`, as in reports.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use capturer::flow::Exporter;
use capturer::{Mac, Protocol};

use crate::aggregate::{protocol_name, service_label};
use crate::geo::CountryCode;
use crate::network::Network;

/// One key of an aggregation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// A port, an AS, an interface, the number of a protocol.
    Number(u32),
    /// An address.
    Address(IpAddr),
    /// Those who send to those who receive.
    Pair(IpAddr, IpAddr),
    /// A network.
    Network(Network),
    /// Who exported it.
    Exporter(Exporter),
    /// A country.
    Country(CountryCode),
    /// A word of a fixed set.
    Word(&'static str),
    /// A protocol by its name.
    Protocol(u8),
    /// A service by protocol and port.
    Service(u8, u16),
    /// A port by protocol and number.
    Port(u8, u16),
    /// A hardware address.
    Mac(Mac),
    /// What a store has written before.
    Text(Arc<str>),
}

impl Key {
    /// What is not known.
    pub const UNKNOWN: Self = Self::Word("unknown");
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Address(address) => address.fmt(f),
            Self::Pair(from, to) => write!(f, "{from} > {to}"),
            Self::Network(network) => network.fmt(f),
            Self::Exporter(Exporter::OURS) => f.write_str("0"),
            Self::Exporter(Exporter { address, domain }) => write!(f, "{address}#{domain}"),
            Self::Country(country) => country.fmt(f),
            Self::Word(word) => f.write_str(word),
            Self::Protocol(number) => f.write_str(&protocol_name(Some(Protocol(*number)))),
            Self::Service(protocol, port) => f.write_str(&service_label(Protocol(*protocol), *port)),
            Self::Port(protocol, port) => write!(f, "{}/{port}", transport(Protocol(*protocol))),
            Self::Mac(mac) => mac.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// The transport of a port in small letters.
fn transport(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::TCP => "tcp",
        Protocol::UDP => "udp",
        Protocol::SCTP => "sctp",
        _ => "proto",
    }
}
