//! Totals by port number and transport: `tcp/443`.

use capturer::{Ports, Transport};

use crate::aggregate::tally::{Dimension, Keys};
use crate::aggregate::{Ask, Ends, Entry, Label, Row, Tally, service_name};
use crate::counts::Counts;
use crate::observation::Observation;

pub(super) const ENTRY: Entry = Entry {
    name: "port",
    summary: "transport and port at either end, such as tcp/443",
    needs_country: false,
    needs_asn: false,
    make: Tally::<ByPort>::make,
};

struct ByPort;

/// A port of a transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransportPort {
    /// `tcp`, `udp` or `sctp`.
    pub transport: &'static str,
    /// The number.
    pub port: u16,
}

impl Dimension for ByPort {
    type Key = TransportPort;
    const LABEL: Label = Label::End;

    #[inline]
    fn keys(seen: &Observation<'_>, _: Ends) -> Keys<TransportPort> {
        let Some((transport, ports)) = transport(&seen.packet.transport) else { return Keys::Packet(None) };
        let key = |port| Some(TransportPort { transport, port });
        Keys::Ends(key(ports.source), key(ports.destination))
    }

    fn row(key: &TransportPort, counts: &Counts, _: &Ask<'_>) -> Row {
        let name = service_name(key.transport, key.port).map(str::to_owned);
        Row { name, ..Row::new(format!("{}/{}", key.transport, key.port), *counts, Self::LABEL) }
    }
}

/// The name of a transport and its ports, when it has any.
#[inline]
pub(super) const fn transport(transport: &Transport) -> Option<(&'static str, Ports)> {
    match transport {
        Transport::Tcp(tcp) => Some(("tcp", tcp.ports)),
        Transport::Udp(ports) => Some(("udp", *ports)),
        Transport::Sctp(ports) => Some(("sctp", *ports)),
        Transport::Icmp(_)
        | Transport::Arp(_)
        | Transport::Other
        | Transport::Fragment
        | Transport::FragmentOf(_)
        | Transport::Cut => None,
    }
}
