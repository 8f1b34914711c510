//! Totals by service: the answering end's port, by its name where it has one.

use capturer::Protocol;

use crate::aggregate::tally::{Dimension, Hosts, Keys};
use crate::aggregate::{Ask, Ends, Entry, Label, Row, Tally};
use crate::counts::Counts;
use crate::observation::Observation;

pub(super) const ENTRY: Entry = Entry {
    name: "service",
    summary: "services by the port of the answering end: https, dns, tcp/8443",
    needs_country: false,
    needs_asn: false,
    most_keys: None,
    per_packet: false,
    make: Tally::<ByService>::make,
};

struct ByService;

impl Dimension for ByService {
    type Key = (u8, u16);
    const LABEL: Label = Label::End;
    const HOSTS: Hosts = Hosts::Meet;

    #[inline]
    fn keys(seen: &Observation, _: Ends) -> Keys<(u8, u16)> {
        let Some(service) = seen.service else { return Keys::Packet(None) };
        let key = Some((service.protocol.0, service.port));
        if service.sent { Keys::Ends(key, None) } else { Keys::Ends(None, key) }
    }

    fn row(&(protocol, port): &(u8, u16), counts: &Counts, _: &Ask<'_>) -> Row {
        Row::new(service_label(Protocol(protocol), port), *counts, Self::LABEL)
    }
}

/// `https`, or `tcp/8443` for a port without a name, or the protocol's number for one without ports.
pub fn service_label(protocol: Protocol, port: u16) -> String {
    let transport = match protocol {
        Protocol::TCP => "tcp",
        Protocol::UDP => "udp",
        Protocol::SCTP => "sctp",
        Protocol(number) => return format!("proto/{number}"),
    };
    service_name(transport, port).map_or_else(|| format!("{transport}/{port}"), str::to_owned)
}

/// The name of a port.
pub fn service_name(transport: &str, port: u16) -> Option<&'static str> {
    let letter = transport.chars().next()?;
    let first = SERVICES.partition_point(|row| row.1 < port);
    let mut of_port = SERVICES[first..].iter().take_while(|row| row.1 == port);
    of_port.find(|row| row.2.contains(letter)).map(|row| row.0)
}

/// Names, ports and transports (`t` TCP, `u` UDP, `s` SCTP) of services one meets, in the order of their ports.
/// Source: IANA service name and port number registry, 2025-06; a few names are the ones people use.
pub static SERVICES: &[(&str, u16, &str)] = &[
    ("ftp-data", 20, "t"),
    ("ftp", 21, "t"),
    ("ssh", 22, "ts"),
    ("telnet", 23, "t"),
    ("smtp", 25, "t"),
    ("time", 37, "tu"),
    ("whois", 43, "t"),
    ("tacacs", 49, "tu"),
    ("dns", 53, "tu"),
    ("dhcp", 67, "u"),
    ("dhcp-client", 68, "u"),
    ("tftp", 69, "u"),
    ("gopher", 70, "t"),
    ("http", 80, "tu"),
    ("kerberos", 88, "tu"),
    ("pop3", 110, "t"),
    ("sunrpc", 111, "tu"),
    ("nntp", 119, "t"),
    ("ntp", 123, "u"),
    ("epmap", 135, "tu"),
    ("netbios-ns", 137, "tu"),
    ("netbios-dgm", 138, "u"),
    ("netbios-ssn", 139, "t"),
    ("imap", 143, "t"),
    ("snmp", 161, "u"),
    ("snmptrap", 162, "u"),
    ("bgp", 179, "t"),
    ("irc", 194, "t"),
    ("ldap", 389, "tu"),
    ("https", 443, "t"),
    ("quic", 443, "u"),
    ("smb", 445, "t"),
    ("kpasswd", 464, "tu"),
    ("submissions", 465, "t"),
    ("isakmp", 500, "u"),
    ("syslog", 514, "u"),
    ("rip", 520, "u"),
    ("dhcpv6-client", 546, "u"),
    ("dhcpv6", 547, "u"),
    ("rtsp", 554, "tu"),
    ("submission", 587, "t"),
    ("ipp", 631, "tu"),
    ("ldaps", 636, "t"),
    ("dns-over-tls", 853, "tu"),
    ("rsync", 873, "t"),
    ("ftps", 990, "t"),
    ("imaps", 993, "t"),
    ("pop3s", 995, "t"),
    ("socks", 1080, "t"),
    ("openvpn", 1194, "tu"),
    ("ms-sql", 1433, "t"),
    ("ms-sql-m", 1434, "u"),
    ("oracle", 1521, "t"),
    ("radius", 1812, "u"),
    ("radius-acct", 1813, "u"),
    ("mqtt", 1883, "t"),
    ("ssdp", 1900, "u"),
    ("nfs", 2049, "tu"),
    ("netflow", 2055, "u"),
    ("gtp-c", 2123, "u"),
    ("gtp-u", 2152, "u"),
    ("docker", 2375, "t"),
    ("mysql", 3306, "t"),
    ("rdp", 3389, "tu"),
    ("stun", 3478, "tu"),
    ("teredo", 3544, "u"),
    ("svn", 3690, "t"),
    ("wsd", 3702, "u"),
    ("ipsec-nat-t", 4500, "u"),
    ("ipfix", 4739, "us"),
    ("vxlan", 4789, "u"),
    ("sip", 5060, "tus"),
    ("sips", 5061, "t"),
    ("xmpp", 5222, "t"),
    ("apns", 5223, "t"),
    ("gcm", 5228, "t"),
    ("nat-pmp", 5351, "u"),
    ("mdns", 5353, "u"),
    ("llmnr", 5355, "tu"),
    ("postgresql", 5432, "t"),
    ("amqp", 5672, "t"),
    ("coap", 5683, "u"),
    ("vnc", 5900, "t"),
    ("winrm", 5985, "t"),
    ("winrm-https", 5986, "t"),
    ("x11", 6000, "t"),
    ("geneve", 6081, "u"),
    ("sflow", 6343, "u"),
    ("gnutella", 6346, "tu"),
    ("redis", 6379, "t"),
    ("irc", 6667, "t"),
    ("bittorrent", 6881, "tu"),
    ("http-alt", 8080, "t"),
    ("mqtts", 8883, "t"),
    ("kafka", 9092, "t"),
    ("elasticsearch", 9200, "t"),
    ("git", 9418, "t"),
    ("zabbix", 10050, "t"),
    ("memcached", 11211, "tu"),
    ("mongodb", 27017, "t"),
    ("wireguard", 51820, "u"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ports_by_transport() {
        assert_eq!(service_label(Protocol::TCP, 443), "https");
        assert_eq!(service_label(Protocol::UDP, 443), "quic");
        assert_eq!(service_label(Protocol::TCP, 8443), "tcp/8443");
        assert_eq!(service_label(Protocol(50), 0), "proto/50");
    }

    #[test]
    fn the_table_is_in_the_order_of_ports() {
        assert!(SERVICES.is_sorted_by_key(|row| row.1));
    }

    #[test]
    fn no_port_has_two_names() {
        for (i, (_, port, transports)) in SERVICES.iter().enumerate() {
            let clash = SERVICES[i + 1..]
                .iter()
                .find(|(_, p, t)| p == port && transports.chars().any(|c| t.contains(c)));
            assert_eq!(clash, None);
        }
    }
}
