//! Names for numbers: protocols, header fields, service names. Sources: the IANA registries of protocol numbers, of
//! ICMP and ICMPv6 types, and of service names; which constants have names is pcap-filter(7)'s choice.

use super::tree::{Ported, ethertype};

/// Named constants of arithmetic expressions.
pub(super) const CONSTANTS: &[(&str, u32)] = &[
    ("icmptype", 0),
    ("icmpcode", 1),
    ("icmp6type", 0),
    ("icmp6code", 1),
    ("tcpflags", 13),
    ("tcp-fin", 0x01),
    ("tcp-syn", 0x02),
    ("tcp-rst", 0x04),
    ("tcp-push", 0x08),
    ("tcp-ack", 0x10),
    ("tcp-urg", 0x20),
    ("tcp-ece", 0x40),
    ("tcp-cwr", 0x80),
    ("icmp-echoreply", 0),
    ("icmp-unreach", 3),
    ("icmp-sourcequench", 4),
    ("icmp-redirect", 5),
    ("icmp-echo", 8),
    ("icmp-routeradvert", 9),
    ("icmp-routersolicit", 10),
    ("icmp-timxceed", 11),
    ("icmp-paramprob", 12),
    ("icmp-tstamp", 13),
    ("icmp-tstampreply", 14),
    ("icmp-ireq", 15),
    ("icmp-ireqreply", 16),
    ("icmp-maskreq", 17),
    ("icmp-maskreply", 18),
    ("icmp6-destinationunreach", 1),
    ("icmp6-packettoobig", 2),
    ("icmp6-timeexceeded", 3),
    ("icmp6-parameterproblem", 4),
    ("icmp6-echo", 128),
    ("icmp6-echoreply", 129),
    ("icmp6-multicastlistenerquery", 130),
    ("icmp6-multicastlistenerreportv1", 131),
    ("icmp6-multicastlistenerdone", 132),
    ("icmp6-routersolicit", 133),
    ("icmp6-routeradvert", 134),
    ("icmp6-neighborsolicit", 135),
    ("icmp6-neighboradvert", 136),
    ("icmp6-redirect", 137),
    ("icmp6-routerrenum", 138),
    ("icmp6-nodeinformationquery", 139),
    ("icmp6-nodeinformationresponse", 140),
    ("icmp6-ineighbordiscoverysolicit", 141),
    ("icmp6-ineighbordiscoveryadvert", 142),
    ("icmp6-multicastlistenerreportv2", 143),
    ("icmp6-homeagentdiscoveryrequest", 144),
    ("icmp6-homeagentdiscoveryreply", 145),
    ("icmp6-mobileprefixsolicit", 146),
    ("icmp6-mobileprefixadvert", 147),
    ("icmp6-certpathsolicit", 148),
    ("icmp6-certpathadvert", 149),
    ("icmp6-multicastrouteradvert", 151),
    ("icmp6-multicastroutersolicit", 152),
    ("icmp6-multicastrouterterm", 153),
];

/// Names after `proto`, with their IANA numbers.
const PROTOCOLS: &[(&str, u8)] = &[
    ("ip", 0),
    ("hopopt", 0),
    ("icmp", 1),
    ("igmp", 2),
    ("ipencap", 4),
    ("ipip", 94),
    ("st", 5),
    ("tcp", 6),
    ("egp", 8),
    ("igp", 9),
    ("igrp", 9),
    ("pup", 12),
    ("udp", 17),
    ("hmp", 20),
    ("xns-idp", 22),
    ("rdp", 27),
    ("iso-tp4", 29),
    ("dccp", 33),
    ("xtp", 36),
    ("ddp", 37),
    ("idpr-cmtp", 38),
    ("ipv6", 41),
    ("ipv6-route", 43),
    ("ipv6-frag", 44),
    ("idrp", 45),
    ("rsvp", 46),
    ("gre", 47),
    ("esp", 50),
    ("ipsec-esp", 50),
    ("ah", 51),
    ("ipsec-ah", 51),
    ("skip", 57),
    ("icmp6", 58),
    ("ipv6-icmp", 58),
    ("ipv6-nonxt", 59),
    ("ipv6-opts", 60),
    ("rspf", 73),
    ("vmtp", 81),
    ("eigrp", 88),
    ("ospf", 89),
    ("ax.25", 93),
    ("etherip", 97),
    ("encap", 98),
    ("pim", 103),
    ("ipcomp", 108),
    ("vrrp", 112),
    ("carp", 112),
    ("l2tp", 115),
    ("isis", 124),
    ("sctp", 132),
    ("fc", 133),
    ("mobility-header", 135),
    ("udplite", 136),
    ("mpls-in-ip", 137),
    ("hip", 139),
    ("shim6", 140),
    ("wesp", 141),
    ("rohc", 142),
];

/// Names after `ether proto`; those at most 1500 are LLC service access points.
const ETHER_PROTOCOLS: &[(&str, u16)] = &[
    ("ip", ethertype::IPV4),
    ("ip6", ethertype::IPV6),
    ("arp", ethertype::ARP),
    ("rarp", ethertype::RARP),
    ("loopback", 0x9000),
    ("aarp", 0x80f3),
    ("atalk", 0x809b),
    ("decnet", 0x6003),
    ("lat", 0x6004),
    ("mopdl", 0x6001),
    ("moprc", 0x6002),
    ("sca", 0x6007),
    ("ipx", 0xe0),
    ("iso", 0xfe),
    ("netbeui", 0xf0),
    ("stp", 0x42),
];

/// Names after `iso proto` (ISO 9577 network layer protocol identifiers).
const ISO_PROTOCOLS: &[(&str, u8)] = &[("clnp", 0x81), ("esis", 0x82), ("isis", 0x83)];

pub(super) fn constant(name: &str) -> Option<u32> {
    find(CONSTANTS, name)
}

pub(super) fn protocol(name: &str) -> Option<u8> {
    find(PROTOCOLS, name)
}

pub(super) fn ether_protocol(name: &str) -> Option<u16> {
    find(ETHER_PROTOCOLS, name)
}

pub(super) fn iso_protocol(name: &str) -> Option<u8> {
    find(ISO_PROTOCOLS, name)
}

fn find<N: Copy>(table: &[(&str, N)], name: &str) -> Option<N> {
    table.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
}

/// `name port transports` a line.
const SERVICES: &str = include_str!("services.txt");

/// A service name's port, and the transport it is restricted to: [`Ported::Any`] when it is known for several.
pub fn service(name: &str) -> Option<(u16, Ported)> {
    services().find(|(known, ..)| *known == name).map(|(_, port, ported)| (port, ported))
}

/// All service names of the table with port and transport.
pub fn services() -> impl Iterator<Item = (&'static str, u16, Ported)> {
    SERVICES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut fields = line.split_ascii_whitespace();
        let (name, port) = (fields.next()?, fields.next()?.parse().ok()?);
        let ported = match fields.next()? {
            "tcp" => Ported::Tcp,
            "udp" => Ported::Udp,
            "sctp" => Ported::Sctp,
            _ => Ported::Any,
        };
        Some((name, port, ported))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn every_line_of_the_service_table_is_read_and_no_name_comes_twice() {
        let lines = SERVICES.lines().filter(|line| !line.starts_with('#')).count();
        let names: HashMap<&str, u16> = services().map(|(name, port, _)| (name, port)).collect();
        assert_eq!(lines, names.len());
        assert!(names.len() > 250, "{}", names.len());
        assert_eq!(service("http"), Some((80, Ported::Tcp)));
        assert_eq!(service("domain"), Some((53, Ported::Any)));
    }

    #[test]
    fn services_agree_with_the_systems_own_table() {
        let Ok(text) = std::fs::read_to_string("/etc/services") else {
            println!("skipped: no /etc/services here");
            return;
        };
        let mut system: HashMap<(&str, &str), u16> = HashMap::new();
        for line in text.lines() {
            let mut fields = line.split('#').next().unwrap_or("").split_ascii_whitespace();
            let (Some(name), Some(port)) = (fields.next(), fields.next()) else { continue };
            let Some((port, transport)) = port.split_once('/') else { continue };
            let Ok(port) = port.parse() else { continue };
            for name in fields.chain([name]) {
                system.entry((name, transport)).or_insert(port);
            }
        }
        for (name, port, _) in services() {
            for transport in ["tcp", "udp"] {
                if let Some(other) = system.get(&(name, transport)) {
                    assert_eq!(*other, port, "{name}/{transport}");
                }
            }
        }
    }
}
