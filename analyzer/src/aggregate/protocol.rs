//! Totals by protocol: ARP, and the upper-layer protocols by their IANA keywords.

use capturer::{Network, Protocol};

use crate::aggregate::tally::{Dimension, Hosts, Keys};
use crate::aggregate::{Ask, Ends, Entry, Label, Row, Tally};
use crate::counts::Counts;
use crate::observation::Observation;

pub(super) const ENTRY: Entry = Entry {
    name: "protocol",
    summary: "ARP and the upper-layer protocols of IP",
    needs_country: false,
    needs_asn: false,
    most_keys: Some(257),
    per_packet: false,
    make: Tally::<ByProtocol>::make,
};

struct ByProtocol;

/// ARP's place among the keys: beyond the 256 protocol numbers.
const ARP: u16 = 256;

impl Dimension for ByProtocol {
    type Key = u16;
    const LABEL: Label = Label::Packet;
    const HOSTS: Hosts = Hosts::Meet;

    #[inline]
    fn keys(seen: &Observation, _: Ends) -> Keys<u16> {
        let arp = seen.network == Network::Arp;
        Keys::Packet(Some(if arp { ARP } else { u16::from(seen.protocol.0) }))
    }

    fn row(key: &u16, counts: &Counts, _: &Ask<'_>) -> Row {
        Row::new(protocol_name(u8::try_from(*key).ok().map(Protocol)), *counts, Self::LABEL)
    }
}

/// The IANA keyword of a protocol number, or the number; `None` is ARP.
/// Source: <https://www.iana.org/assignments/protocol-numbers>, 2025-01-08.
pub fn protocol_name(protocol: Option<Protocol>) -> String {
    let Some(Protocol(number)) = protocol else { return "ARP".to_owned() };
    NAMES
        .iter()
        .find(|(n, _)| *n == number)
        .map_or_else(|| number.to_string(), |(_, name)| (*name).to_owned())
}

const NAMES: &[(u8, &str)] = &[
    (0, "HOPOPT"),
    (1, "ICMP"),
    (2, "IGMP"),
    (4, "IPv4"),
    (6, "TCP"),
    (8, "EGP"),
    (9, "IGP"),
    (17, "UDP"),
    (33, "DCCP"),
    (41, "IPv6"),
    (43, "IPv6-Route"),
    (44, "IPv6-Frag"),
    (46, "RSVP"),
    (47, "GRE"),
    (50, "ESP"),
    (51, "AH"),
    (58, "IPv6-ICMP"),
    (59, "IPv6-NoNxt"),
    (60, "IPv6-Opts"),
    (88, "EIGRP"),
    (89, "OSPFIGP"),
    (94, "IPIP"),
    (97, "ETHERIP"),
    (103, "PIM"),
    (108, "IPComp"),
    (112, "VRRP"),
    (115, "L2TP"),
    (124, "ISIS over IPv4"),
    (132, "SCTP"),
    (133, "FC"),
    (135, "Mobility Header"),
    (136, "UDPLite"),
    (137, "MPLS-in-IP"),
    (139, "HIP"),
    (140, "Shim6"),
    (143, "Ethernet"),
];
