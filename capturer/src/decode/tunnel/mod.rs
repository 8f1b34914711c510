//! Tunnels: what IP or UDP carries that holds IP again. To add one: a file with its decoder, and a line in [`TUNNELS`].
//!
//! A decoder takes the tunnel's header and answers, as link headers do, with the EtherType of what follows. Tunnels that
//! encrypt have no decoder: they are recognised only.

mod erspan;
mod etherip;
mod geneve;
mod gre;
mod gtp_u;
mod ip;
mod l2tp;
mod mpls;
mod sealed;
mod teredo;
mod vxlan;
mod vxlan_gpe;

use super::link;
use super::{EtherType, Reader, Skip, through_shims};
use crate::{Packet, PacketFacts, Ports, Protocol, Transport, Vlan};

/// Takes a header and says what follows.
type Decoder = fn(&mut Reader<'_>, &mut Packet) -> Result<EtherType, Skip>;

/// Whether a payload, carried by a packet, is this tunnel's.
type Test = fn(&Packet, &[u8]) -> bool;

/// Any payload: the protocol number or the port says it all.
const ANY: Test = |_, _| true;

/// A kind of tunnel.
#[derive(Clone, Copy, Debug)]
pub struct Tunnel {
    /// Its name in reports.
    pub name: &'static str,
    carrier: Carrier,
    accepts: Test,
    decoder: Option<Decoder>,
}

/// What a tunnel's header lies in.
#[derive(Clone, Copy, Debug)]
enum Carrier {
    /// IP, by protocol number.
    Ip(Protocol),
    /// UDP from or to one of these ports.
    Udp(&'static [u16]),
}

impl Carrier {
    fn carries(self, packet: &Packet) -> bool {
        match (self, &packet.transport) {
            (Self::Ip(protocol), Transport::Other) => packet.protocol == protocol,
            (Self::Udp(wanted), Transport::Udp(ports)) => {
                wanted.iter().any(|port| [ports.source, ports.destination].contains(port))
            }
            _ => false,
        }
    }
}

impl Tunnel {
    const fn ip(name: &'static str, protocol: Protocol, accepts: Test, decoder: Decoder) -> Self {
        Self { name, carrier: Carrier::Ip(protocol), accepts, decoder: Some(decoder) }
    }

    const fn udp(name: &'static str, ports: &'static [u16], accepts: Test, decoder: Decoder) -> Self {
        Self { name, carrier: Carrier::Udp(ports), accepts, decoder: Some(decoder) }
    }

    const fn sealed(name: &'static str, carrier: Carrier, accepts: Test) -> Self {
        Self { name, carrier, accepts, decoder: None }
    }

    /// Whether it can be looked into; one that can't encrypts what it carries.
    pub const fn is_open(&self) -> bool {
        self.decoder.is_some()
    }

    /// Takes the tunnel's header; `None` when what follows can't be read.
    pub(super) fn decode(
        &self,
        reader: &mut Reader<'_>,
        packet: &mut Packet,
    ) -> Option<Result<EtherType, Skip>> {
        self.decoder.map(|decoder| decoder(reader, packet))
    }
}

/// Every kind; of those with the same carrier the first that accepts.
pub static TUNNELS: &[Tunnel] = &[
    Tunnel::ip("ipip", Protocol::IPV4, ip::in_ipv4, ip::ipv4),
    Tunnel::ip("4in6", Protocol::IPV4, ip::in_ipv6, ip::ipv4),
    Tunnel::ip("6to4", Protocol::IPV6, ip::is_6to4, ip::ipv6),
    Tunnel::ip("6in4", Protocol::IPV6, ip::in_ipv4, ip::ipv6),
    Tunnel::ip("6in6", Protocol::IPV6, ip::in_ipv6, ip::ipv6),
    Tunnel::ip("pptp", Protocol::GRE, gre::IS_PPTP, gre::decode),
    Tunnel::ip("erspan", Protocol::GRE, gre::IS_ERSPAN, gre::decode),
    Tunnel::ip("nvgre", Protocol::GRE, gre::IS_NVGRE, gre::decode),
    Tunnel::ip("gre", Protocol::GRE, gre::IS_GRE, gre::decode),
    Tunnel::ip("etherip", Protocol::ETHERIP, etherip::ACCEPTS, etherip::decode),
    Tunnel::ip("l2tpv3", Protocol::L2TP, ANY, l2tp::version_3_over_ip),
    Tunnel::ip("mpls-in-ip", Protocol::MPLS, ANY, mpls::decode),
    Tunnel::sealed("esp", Carrier::Ip(Protocol::ESP), ANY),
    Tunnel::udp("vxlan", &[4789, 8472], vxlan::ACCEPTS, vxlan::decode),
    Tunnel::udp("vxlan-gpe", &[4790], ANY, vxlan_gpe::decode),
    Tunnel::udp("geneve", &[6081], geneve::ACCEPTS, geneve::decode),
    Tunnel::udp("gtp-u", &[2152], gtp_u::ACCEPTS, gtp_u::decode),
    Tunnel::udp("l2tp", &[1701], l2tp::IS_VERSION_2, l2tp::version_2),
    Tunnel::udp("l2tpv3", &[1701], l2tp::IS_VERSION_3, l2tp::version_3),
    Tunnel::udp("teredo", &[3544], teredo::ACCEPTS, teredo::decode),
    Tunnel::udp("gre-in-udp", &[4754], gre::IS_GRE, gre::decode),
    Tunnel::udp("mpls-in-udp", &[6635], ANY, mpls::decode),
    Tunnel::sealed("ike", Carrier::Udp(&[500, 4500]), sealed::IKE),
    Tunnel::sealed("esp-in-udp", Carrier::Udp(&[4500]), sealed::ESP_IN_UDP),
    Tunnel::sealed("wireguard", Carrier::Udp(&[51820]), sealed::WIREGUARD),
    Tunnel::sealed("openvpn", Carrier::Udp(&[1194]), sealed::OPENVPN),
];

/// The tunnel that a packet carries, when its frame begins with `bytes`: also one that can't be looked into.
pub fn of(packet: &Packet, bytes: &[u8]) -> Option<&'static Tunnel> {
    open(packet, bytes).map(|(tunnel, _)| tunnel)
}

/// Whether a packet may carry a tunnel that can be looked into.
#[inline(always)]
pub(super) fn may_begin(packet: &Packet) -> bool {
    match &packet.transport {
        Transport::Udp(Ports { source, destination }) => opens(*source) || opens(*destination),
        Transport::Other => matches!(packet.protocol.0, 4 | 41 | 47 | 97 | 115 | 137),
        _ => false,
    }
}

/// UDP ports of tunnels that can be looked into.
#[inline(always)]
const fn opens(port: u16) -> bool {
    matches!(port, 1701 | 2152 | 3544 | 4754 | 4789 | 4790 | 6081 | 6635 | 8472)
}

/// The tunnel of a packet, and a reader that stands at its header.
pub(super) fn open<'a>(packet: &Packet, bytes: &'a [u8]) -> Option<(&'static Tunnel, Reader<'a>)> {
    let mut reader = Reader::new(bytes, packet.wire_len);
    reader.advance(usize::from(packet.payload_offset))?;
    reader.limit(packet.payload_len as usize);
    find(packet, reader.rest()).map(|tunnel| (tunnel, reader))
}

fn find(packet: &Packet, payload: &[u8]) -> Option<&'static Tunnel> {
    TUNNELS.iter().find(|tunnel| tunnel.carrier.carries(packet) && (tunnel.accepts)(packet, payload))
}

/// Notes whether an IP header lies deeper; the reader stands where what IP carries begins.
#[cold]
pub(super) fn note(mut reader: Reader<'_>, packet: &mut Packet) {
    let header_len = usize::from(packet.payload_offset).saturating_sub(reader.offset());
    if reader.advance(header_len).is_none() {
        return;
    }
    reader.limit(packet.payload_len as usize);
    let Some(tunnel) = find(packet, reader.rest()) else { return };
    let mut within = Packet::empty();
    let Some(Ok(ether_type)) = tunnel.decode(&mut reader, &mut within) else { return };
    if through_shims(ether_type, &mut reader, &mut within)
        .is_ok_and(|network| (network.holds_ip)(reader.rest()))
    {
        packet.facts.set(PacketFacts::TUNNELLED);
    }
}

/// Takes the Ethernet header of a frame inside a tunnel: addresses and tags are that frame's.
fn ethernet(reader: &mut Reader<'_>, packet: &mut Packet) -> Result<EtherType, Skip> {
    packet.vlan = Vlan::NONE;
    link::ethernet::decode(reader, packet)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LinkType;
    use crate::decode::tests::{UDP4, carrying, frame};
    use crate::decode::{Layer, layers};

    /// An Ethernet header of an IPv4 packet.
    pub(super) const ETHERNET: [u8; 14] = [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 8, 0];

    /// An IPv4 packet with a UDP datagram to a port.
    pub(super) fn over_udp(port: u16, parts: &[&[u8]]) -> Vec<u8> {
        let payload = parts.concat();
        let len = u16::try_from(8 + payload.len()).unwrap();
        let header = [[0xc0, 0], port.to_be_bytes(), len.to_be_bytes(), [0, 0]].concat();
        carrying(17, &[header, payload].concat())
    }

    /// The second layer, and the tunnel that it comes through.
    pub(super) fn through(bytes: &[u8]) -> Option<(&'static str, Packet)> {
        let mut layers = layers(&frame(LinkType::RAW, bytes));
        let outer = layers.next()?.unwrap().packet;
        let Layer { packet, tunnel } = layers.next()?.ok()?;
        assert_eq!(outer.facts.has(PacketFacts::TUNNELLED), packet.is_ip());
        assert_eq!(of(&outer, bytes).map(|tunnel| tunnel.name), tunnel.map(|tunnel| tunnel.name));
        Some((tunnel?.name, packet))
    }

    #[test]
    fn every_tunnel_is_asked_for_by_the_quick_test() {
        for tunnel in TUNNELS.iter().filter(|tunnel| tunnel.decoder.is_some()) {
            let mut packet = Packet::empty();
            match tunnel.carrier {
                Carrier::Ip(protocol) => {
                    packet.protocol = protocol;
                    assert!(may_begin(&packet), "{}", tunnel.name);
                }
                Carrier::Udp(ports) => assert!(ports.iter().all(|port| opens(*port)), "{}", tunnel.name),
            }
        }
    }

    #[test]
    fn no_decoder_answers_without_bytes_or_reads_beyond_them() {
        for decoder in TUNNELS.iter().filter_map(|tunnel| tunnel.decoder) {
            for len in 0..64 {
                let bytes = [0x45; 64];
                let mut reader = Reader::new(&bytes[..len], 64);
                let _ = decoder(&mut reader, &mut Packet::empty());
                assert!(reader.offset() <= len);
            }
        }
    }

    #[test]
    fn ip_in_ip_is_told_by_the_versions_of_both() {
        let (name, packet) = through(&carrying(4, &UDP4)).unwrap();
        assert_eq!((name, packet.network_offset), ("ipip", 20));
        let mut inside = crate::decode::tests::UDP6;
        assert_eq!(through(&carrying(41, &inside)).unwrap().0, "6in4");
        inside[8..10].copy_from_slice(&[0x20, 2]);
        assert_eq!(through(&carrying(41, &inside)).unwrap().0, "6to4");
    }
}
