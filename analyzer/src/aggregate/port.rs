//! Totals by port number and transport: `tcp/443`.

use capturer::Protocol;

use crate::aggregate::tally::{Dimension, Hosts, Keys};
use crate::aggregate::{Ask, Ends, Entry, Label, Row, Tally, service_name};
use crate::counts::Counts;
use crate::observation::Observation;

pub(super) const ENTRY: Entry = Entry {
    name: "port",
    summary: "transport and port at either end, such as tcp/443",
    needs_country: false,
    needs_asn: false,
    most_keys: None,
    per_packet: false,
    make: Tally::<ByPort>::make,
};

struct ByPort;

/// A port of a transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransportPort {
    /// TCP, UDP or SCTP.
    pub transport: Protocol,
    /// The number.
    pub port: u16,
}

impl Dimension for ByPort {
    type Key = TransportPort;
    const LABEL: Label = Label::End;
    const HOSTS: Hosts = Hosts::Meet;

    #[inline]
    fn keys(seen: &Observation, _: Ends) -> Keys<TransportPort> {
        let Some(ports) = seen.ports else { return Keys::Packet(None) };
        let key = |port| Some(TransportPort { transport: seen.protocol, port });
        Keys::Ends(key(ports.source), key(ports.destination))
    }

    fn row(key: &TransportPort, counts: &Counts, _: &Ask<'_>) -> Row {
        let transport = transport(key.transport);
        let name = service_name(transport, key.port).map(str::to_owned);
        Row { name, ..Row::new(format!("{transport}/{}", key.port), *counts, Self::LABEL) }
    }
}

/// The name that ports of a protocol are shown under.
const fn transport(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::TCP => "tcp",
        Protocol::SCTP => "sctp",
        _ => "udp",
    }
}
