//! One question asked of a decoded packet: the view position. VLANs, tunnels and extension headers that the decoder
//! looked through are looked through here; byte accesses read the frame's kept bytes.

use std::net::IpAddr;

use super::layers::{self, Link};
use super::tree::{
    Carrier, Cast, Family, Layer, Load, PortRange, Ported, Relation, Side, Test, Upper, Value, ethertype,
};
use crate::{Mac, Network, Packet, Transport};

/// RARP's operations (RFC 903); a packet says ARP for both.
const RARP_OPERATIONS: [u16; 2] = [3, 4];

/// UDP port of Geneve, RFC 8926.
const GENEVE_PORT: u16 = 6081;

/// A packet and what was kept of its frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) packet: &'a Packet,
    pub(super) bytes: &'a [u8],
}

impl Subject<'_> {
    /// The answer; `None` when bytes are asked that the frame does not have, which fails the whole filter as in BPF.
    #[inline]
    pub(super) fn answer<U>(self, test: &Test<U>, upper: impl Fn(&Upper<U>) -> bool) -> Option<bool> {
        Some(match test {
            Test::Port(ported, side, range) => self.port(*ported, *side, *range),
            Test::Protocol(family, number) => self.protocol(*family, *number),
            Test::Ipv4(carrier, side, net) => {
                let within = |address| matches!(address, IpAddr::V4(a) if net.contains(a));
                self.carries(*carrier) && self.ends(*side, within)
            }
            Test::Ipv6(side, net) => {
                self.ends(*side, |address| matches!(address, IpAddr::V6(a) if net.contains(a)))
            }
            Test::EtherProtocol(number) => self.ether_protocol(*number),
            Test::Upper(asked) => upper(asked),
            Test::Relation(relation) => return self.relation(relation),
            _ => return self.rare(test),
        })
    }

    #[inline]
    fn ends(self, side: Side, asked: impl Fn(IpAddr) -> bool) -> bool {
        side.ask(|| asked(self.packet.source), || asked(self.packet.destination))
    }

    #[inline]
    fn port(self, ported: Ported, side: Side, range: PortRange) -> bool {
        let ports = match (&self.packet.transport, ported) {
            (Transport::Tcp(tcp), Ported::Tcp | Ported::Any) => tcp.ports,
            (Transport::Udp(ports), Ported::Udp | Ported::Any) => *ports,
            (Transport::Sctp(ports), Ported::Sctp | Ported::Any) => *ports,
            _ => return false,
        };
        side.ask(|| range.contains(ports.source), || range.contains(ports.destination))
    }

    fn protocol(self, family: Family, number: u8) -> bool {
        self.family(family) && (self.packet.protocol.0 == number || self.extension(number))
    }

    fn family(self, family: Family) -> bool {
        match family {
            Family::Any => self.packet.is_ip(),
            Family::Ipv4 => self.packet.network == Network::Ipv4,
            Family::Ipv6 => self.packet.network == Network::Ipv6,
        }
    }

    /// Whether an IPv6 packet has this extension header; other protocols are the packet's own, found already.
    fn extension(self, number: u8) -> bool {
        const EXTENSIONS: [u8; 7] = [0, 43, 44, 51, 60, 135, 140];
        let possible = self.packet.network == Network::Ipv6 && self.packet.network_options_len > 0;
        possible && EXTENSIONS.contains(&number) && self.in_chain(number)
    }

    fn in_chain(self, number: u8) -> bool {
        self.packet.protocol.0 == number
            || layers::chain(self.packet, self.bytes).any(|(found, _)| found == number)
    }

    fn carries(self, carrier: Carrier) -> bool {
        match carrier {
            Carrier::Any => true,
            Carrier::Ip => self.packet.network == Network::Ipv4,
            Carrier::Arp => self.ether_protocol(ethertype::ARP),
            Carrier::Rarp => self.ether_protocol(ethertype::RARP),
        }
    }

    fn ether_protocol(self, number: u16) -> bool {
        match (number, self.packet.network) {
            (ethertype::IPV4, network) => network == Network::Ipv4,
            (ethertype::IPV6, network) => network == Network::Ipv6,
            (ethertype::ARP, network) => network == Network::Arp && !self.is_rarp(),
            (ethertype::RARP, network) => network == Network::Arp && self.is_rarp(),
            _ => layers::ethertypes(self.packet, self.bytes).any(|(found, _)| found == number),
        }
    }

    fn is_rarp(self) -> bool {
        matches!(&self.packet.transport, Transport::Arp(arp) if RARP_OPERATIONS.contains(&arp.operation))
    }

    fn rare<U>(self, test: &Test<U>) -> Option<bool> {
        Some(match test {
            Test::Within(counted, asked) => return self.within(*counted, asked),
            Test::ProtocolChain(family, number) => self.family(*family) && self.in_chain(*number),
            Test::Ether(side, mac) => self.ether(*side, *mac),
            Test::Cast(cast) => self.cast(*cast),
            Test::Vlan(id) => self.vlan(*id),
            Test::Mpls(label) => self.mpls(*label),
            Test::PppoeSession(id) => self.pppoe_session(*id),
            Test::Geneve(vni) => self.geneve(*vni),
            Test::Outbound(asked) => {
                matches!(self.link(), Link::Cooked { outbound, .. } if outbound == *asked)
            }
            Test::InterfaceIndex(asked) => {
                matches!(self.link(), Link::Cooked { interface: Some(index), .. } if index == *asked)
            }
            // OSI packets carry no IP, so none is a decoded packet; of 802.11 and 802.2 headers a packet keeps nothing.
            _ => false,
        })
    }

    fn link(self) -> Link {
        layers::link(self.packet, self.bytes)
    }

    fn ether(self, side: Side, mac: Mac) -> bool {
        side.ask(|| self.packet.source_mac == mac, || self.packet.destination_mac == mac)
    }

    fn cast(self, cast: Cast) -> bool {
        let to = self.packet.destination_mac.0;
        match (cast, self.packet.destination) {
            (Cast::EtherBroadcast, _) => to == [0xff; 6],
            (Cast::EtherMulticast, _) => to[0] & 1 == 1,
            (Cast::IpBroadcast, IpAddr::V4(a)) => {
                self.family(Family::Ipv4) && (a.is_broadcast() || a.is_unspecified())
            }
            (Cast::IpMulticast, IpAddr::V4(a)) => self.family(Family::Ipv4) && a.octets()[0] >= 224,
            (Cast::Ip6Multicast, IpAddr::V6(a)) => a.is_multicast(),
            _ => false,
        }
    }

    /// Any tag of the stack; the packet itself knows the outermost one.
    fn vlan(self, id: Option<u16>) -> bool {
        let Some(outermost) = self.packet.vlan.id() else { return false };
        id.is_none_or(|id| id == outermost || self.tags().any(|tag| tag == id))
    }

    fn tags(self) -> impl Iterator<Item = u16> {
        let tag = move |(number, at): (u16, usize)| match number {
            ethertype::VLAN | ethertype::SERVICE_VLAN | ethertype::OLD_QINQ => Some(self.word(at)? & 0x0fff),
            _ => None,
        };
        layers::ethertypes(self.packet, self.bytes).filter_map(tag)
    }

    fn word(self, at: usize) -> Option<u16> {
        Some(u16::from_be_bytes([*self.bytes.get(at)?, *self.bytes.get(at + 1)?]))
    }

    /// The outermost label, RFC 3032: the upper 20 bits of its entry.
    fn mpls(self, label: Option<u32>) -> bool {
        let labelled = |(number, at): (u16, usize)| {
            matches!(number, ethertype::MPLS | ethertype::MPLS_UPSTREAM)
                && label.is_none_or(|label| load(self.bytes, at, 4).is_some_and(|entry| entry >> 12 == label))
        };
        layers::ethertypes(self.packet, self.bytes).any(labelled)
    }

    /// RFC 2516 §4: version and type, code, session.
    fn pppoe_session(self, id: Option<u16>) -> bool {
        let session = |(number, at): (u16, usize)| {
            number == ethertype::PPPOE_SESSION && id.is_none_or(|id| self.word(at + 2) == Some(id))
        };
        layers::ethertypes(self.packet, self.bytes).any(session)
    }

    /// RFC 8926 §3.4: the network identifier is bytes 4 to 6 of the header, which is UDP's payload.
    fn geneve(self, vni: Option<u32>) -> bool {
        const UDP_HEADER: usize = 8;
        let to_port =
            matches!(&self.packet.transport, Transport::Udp(ports) if ports.destination == GENEVE_PORT);
        let found = || {
            let at = layers::transport(self.packet, self.bytes)? + UDP_HEADER + 4;
            Some(load(self.bytes, at, 4)? >> 8)
        };
        to_port && (vni.is_none() || found() == vni)
    }

    /// False when a header that is asked is not there; `None` when the header is there but its bytes are not.
    fn relation(self, relation: &Relation) -> Option<bool> {
        if !self.has_layers(&relation.left) || !self.has_layers(&relation.right) {
            return Some(false);
        }
        Some(relation.comparison.holds(self.value(&relation.left)?, self.value(&relation.right)?))
    }

    fn has_layers(self, value: &Value) -> bool {
        match value {
            Value::Number(_) | Value::Length => true,
            Value::Load(load) => self.has_layer(load.layer) && self.has_layers(&load.offset),
            Value::Negate(inner) => self.has_layers(inner),
            Value::Binary(left, _, right) => self.has_layers(left) && self.has_layers(right),
        }
    }

    fn has_layer(self, layer: Layer) -> bool {
        match layer {
            Layer::Link => true,
            Layer::Network(number) => self.ether_protocol(number),
            Layer::Transport(family, number) => {
                self.family(family) && self.packet.protocol.0 == number && self.packet.fragment.offset() == 0
            }
        }
    }

    fn value(self, value: &Value) -> Option<u32> {
        match value {
            Value::Number(number) => Some(*number),
            Value::Length => Some(self.packet.wire_len),
            Value::Load(load) => self.load(load),
            Value::Negate(inner) => Some(self.value(inner)?.wrapping_neg()),
            Value::Binary(left, operator, right) => operator.apply(self.value(left)?, self.value(right)?),
        }
    }

    fn load(self, asked: &Load) -> Option<u32> {
        let base = match asked.layer {
            Layer::Link => 0,
            Layer::Network(_) => layers::network(self.packet, self.bytes)?,
            Layer::Transport(..) => layers::transport(self.packet, self.bytes)?,
        };
        let at = base.checked_add(usize::try_from(self.value(&asked.offset)?).ok()?)?;
        load(self.bytes, at, asked.size)
    }
}

/// `size` bytes at `at`, big endian.
fn load(bytes: &[u8], at: usize, size: u8) -> Option<u32> {
    let taken = bytes.get(at..at.checked_add(size.into())?)?;
    Some(taken.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
}

#[cfg(test)]
mod tests {
    use crate::decode::decode;
    use crate::filter::Filter;
    use crate::{Frame, LinkType, Timestamp};

    /// IPv4 from 10.0.0.1 to 192.0.2.9, don't fragment, TTL 64.
    fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(20 + payload.len()).unwrap();
        let header = [0x45, 0, 0, length, 0, 1, 0x40, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 192, 0, 2, 9];
        [&header, payload].concat()
    }

    /// IPv6 from 2001:db8::1 to ff02::fb, hop limit 1, behind a hop-by-hop header.
    fn ipv6(protocol: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x60, 0, 0, 0, 0, u8::try_from(8 + payload.len()).unwrap(), 0, 1];
        bytes.extend("2001:db8::1".parse::<std::net::Ipv6Addr>().unwrap().octets());
        bytes.extend("ff02::fb".parse::<std::net::Ipv6Addr>().unwrap().octets());
        bytes.extend([protocol, 0, 1, 4, 0, 0, 0, 0]);
        [&bytes, payload].concat()
    }

    /// A SYN from 40000 to 443.
    const SYN: [u8; 20] =
        [0x9c, 0x40, 0x01, 0xbb, 0, 0, 0, 7, 0, 0, 0, 0, 0x50, 0x02, 0xff, 0xff, 0, 0, 0, 0];

    fn ethernet(types: &[u8], payload: &[u8]) -> Vec<u8> {
        [&[0x01, 0, 0x5e, 0, 0, 0xfb, 0x02, 0, 0, 0, 0, 0x01], types, payload].concat()
    }

    fn check(link: LinkType, bytes: &[u8], expected: &[(&str, bool)]) {
        let wire_len = u32::try_from(bytes.len()).unwrap();
        let packet = decode(&Frame { number: 1, at: Timestamp::EPOCH, wire_len, link, bytes }).unwrap();
        for (text, passes) in expected {
            assert_eq!(Filter::parse(text).unwrap().matches(&packet, bytes), *passes, "{text}");
        }
    }

    #[test]
    fn words_see_inside_tags_and_tags_stay_visible() {
        let tags = [0x88, 0xa8, 0, 100, 0x81, 0, 0x20, 200, 0x08, 0];
        check(
            LinkType::ETHERNET,
            &ethernet(&tags, &ipv4(6, &SYN)),
            &[
                ("tcp port 443", true),
                ("tcp dst port 443 and src port 40000", true),
                ("udp or port 80", false),
                ("vlan", true),
                ("vlan 100", true),
                ("vlan 100 and vlan 200", true),
                ("vlan 300", false),
                ("ether proto 0x88a8", true),
                ("tcp[tcpflags] == tcp-syn", true),
                ("ip[8] = 64 and ip[16:4] = 0xc0000209", true),
                ("ether[0] & 1 = 1 and multicast", true),
                ("ether src 02:00:00:00:00:01", true),
                ("ether dst 02:00:00:00:00:01", false),
            ],
        );
    }

    #[test]
    fn a_first_fragment_and_what_is_authenticated_are_seen_through() {
        let authentication = [&[6, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1][..], &[7; 12]].concat();
        let fragment = |offset: u8| [&[51, 0, 0, offset | 1, 0, 0, 0, 9][..], &authentication, &SYN].concat();
        let inside: &[(&str, bool)] = &[
            ("ip6 proto 0 and ip6 proto 44", true),
            ("ip6 proto 51 and tcp dst port 443", true),
            ("ip6 protochain 51 and ip6 protochain 6", true),
            ("tcp[tcpflags] == tcp-syn", true),
            ("ip6 proto 60", false),
        ];
        check(LinkType::ETHERNET, &ethernet(&[0x86, 0xdd], &ipv6(44, &fragment(0))), inside);
        let hidden: &[(&str, bool)] =
            &[("ip6 proto 44", true), ("tcp port 443", false), ("ip6 proto 6", false)];
        check(LinkType::ETHERNET, &ethernet(&[0x86, 0xdd], &ipv6(44, &fragment(8))), hidden);
    }

    #[test]
    fn words_see_behind_ipv6_extension_headers() {
        check(
            LinkType::ETHERNET,
            &ethernet(&[0x86, 0xdd], &ipv6(6, &SYN)),
            &[
                ("tcp port 443", true),
                ("ip6 proto 6 and ip6 proto 0", true),
                ("ip6 protochain 0", true),
                ("ip6 proto 44", false),
                ("ip protochain 6", false),
                ("tcp[13] & 2 != 0", true),
                ("ip6[7] = 1", true),
                ("ip6 multicast and not ip multicast", true),
                ("src net 2001:db8::/32 and dst net ff00::/8", true),
                ("src host 2001:db8::2", false),
                ("net 0.0.0.0/0", false),
            ],
        );
    }

    #[test]
    fn cooked_frames_know_their_way_and_others_say_neither() {
        let sll = [0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x08, 0];
        let outgoing =
            [("outbound", true), ("inbound", false), ("tcp port 443", true), ("tcp[13] = 2", true)];
        check(LinkType::LINUX_SLL, &[&sll[..], &ipv4(6, &SYN)].concat(), &outgoing);
        let sll2 = [0x08, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
        let incoming = [("inbound", true), ("ifindex 3", true), ("ifindex 4", false), ("tcp[13] = 2", true)];
        check(LinkType::LINUX_SLL2, &[&sll2[..], &ipv4(6, &SYN)].concat(), &incoming);
        check(LinkType::RAW, &ipv4(6, &SYN), &[("inbound or outbound", false), ("tcp[13] = 2", true)]);
    }

    #[test]
    fn a_missing_header_is_no_match_and_a_missing_byte_fails_the_filter() {
        let udp = [0, 53, 0x9c, 0x40, 0, 8, 0, 0];
        check(
            LinkType::RAW,
            &ipv4(17, &udp),
            &[
                ("tcp[13] & 2 != 0", false),
                ("not tcp[13] & 2 != 0", true),
                ("udp[100] = 0", false),
                ("not udp[100] = 0", false),
                ("not udp[100] = 0 or udp", false),
                ("udp or udp[100] = 0", true),
                ("ip[0] / (ip[1] - ip[1]) = 0 or udp", false),
                ("len = 28 and ip[2:2] = len", true),
                ("-1 > 5", true),
            ],
        );
    }

    #[test]
    fn later_fragments_have_a_protocol_but_no_ports() {
        let mut bytes = ipv4(6, &SYN);
        bytes[6..8].copy_from_slice(&[0, 10]);
        let asked =
            [("tcp", true), ("port 443", false), ("tcp[13] = 2", false), ("ip[6:2] & 0x1fff != 0", true)];
        check(LinkType::RAW, &bytes, &asked);
    }

    #[test]
    fn arp_answers_for_its_addresses_and_rarp_is_told_apart() {
        let mut arp =
            vec![0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2];
        let frame = ethernet(&[0x08, 0x06], &arp);
        check(
            LinkType::ETHERNET,
            &frame,
            &[
                ("arp", true),
                ("rarp", false),
                ("host 10.0.0.2", true),
                ("arp src host 10.0.0.1", true),
                ("ip host 10.0.0.2", false),
                ("arp[6:2] = 1", true),
                ("proto 0", false),
            ],
        );
        arp[7] = 3;
        check(LinkType::ETHERNET, &ethernet(&[0x80, 0x35], &arp), &[("rarp", true), ("arp", false)]);
    }
}
