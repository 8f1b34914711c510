//! The protocols that can be told apart, each with how large it makes a packet: what its header states as its length, and
//! the frame's where it states none, as tshark's fields have it.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use capturer::{Frame, LinkType, Mac, Network, Packet, Protocol, Transport};

use super::Way;
use crate::names::payload;

/// A frame and, where it carries ARP or IP, its packet.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// The frame.
    pub frame: &'a Frame<'a>,
    /// What it carries.
    pub packet: Option<&'a Packet>,
}

/// A protocol.
pub struct Layer {
    /// Its name in keys.
    pub name: &'static str,
    /// What it is.
    pub words: &'static str,
    is: fn(&Seen<'_>) -> bool,
    size: fn(&Seen<'_>) -> Option<u32>,
}

const fn layer(name: &'static str, words: &'static str, is: fn(&Seen<'_>) -> bool) -> Layer {
    Layer { name, words, is, size: |_| None }
}

const fn sized(layer: Layer, size: fn(&Seen<'_>) -> Option<u32>) -> Layer {
    Layer { size, ..layer }
}

/// All of them.
pub static LAYERS: [Layer; 17] = [
    layer("eth", "Ethernet frames", |seen| seen.frame.link == LinkType::ETHERNET),
    layer("arp", "ARP", |seen| seen.network() == Some(Network::Arp)),
    sized(layer("ip", "IPv4", |seen| seen.network() == Some(Network::Ipv4)), |seen| {
        seen.stated(2).map(u32::from).filter(|length| *length > 0)
    }),
    sized(layer("ip6", "IPv6", |seen| seen.network() == Some(Network::Ipv6)), |seen| {
        seen.stated(4).map(|length| u32::from(length) + 40).filter(|length| *length > 40)
    }),
    layer("icmp", "ICMP", |seen| seen.carries(Network::Ipv4, Protocol::ICMP)),
    layer("icmp6", "ICMPv6", |seen| seen.carries(Network::Ipv6, Protocol::ICMPV6)),
    sized(layer("udp", "UDP", |seen| seen.udp().is_some()), |seen| {
        seen.packet.map(|packet| packet.payload_len + 8)
    }),
    sized(layer("tcp", "TCP, by its payload", |seen| seen.tcp().is_some()), |seen| {
        seen.packet.map(|packet| packet.payload_len)
    }),
    layer("bootp", "BOOTP and DHCP", |seen| seen.is_at_udp(&[67, 68])),
    layer("dhcp", "BOOTP and DHCP", |seen| seen.is_at_udp(&[67, 68])),
    layer("ntp", "NTP", |seen| seen.is_at_udp(&[123])),
    layer("dns", "DNS over UDP and TCP", |seen| seen.is_at_udp(&[53]) || seen.is_at_tcp(&[53])),
    layer("http", "HTTP: requests, responses, and what follows at its ports", |seen| {
        seen.is_at_tcp(&[80, 8080]) || begins_as_http(seen.payload())
    }),
    layer("tls", "TLS: its records, and what follows at its ports", |seen| {
        seen.is_at_tcp(&[443, 8443, 853, 993, 995, 8883]) || begins_as_tls(seen)
    }),
    layer("quic", "QUIC", |seen| {
        // Every version sets the fixed bit (RFC 9000, 17.2 and 17.3).
        seen.is_at_udp(&[443]) && seen.payload().first().is_some_and(|first| first & 0x40 != 0)
    }),
    layer("llc", "LLC in IEEE 802.3 frames", |seen| seen.is_llc()),
    layer("all", "every frame", |_| true),
];

/// The words that HTTP's messages begin with.
const HTTP: [&[u8]; 9] =
    [b"HTTP/1.", b"GET ", b"POST ", b"HEAD ", b"PUT ", b"DELETE ", b"OPTIONS ", b"CONNECT ", b"PATCH "];

fn begins_as_http(payload: &[u8]) -> bool {
    HTTP.iter().any(|word| payload.starts_with(word))
}

fn begins_as_tls(seen: &Seen<'_>) -> bool {
    // Change cipher spec, alert, handshake and application data, of version 3.0 to 3.4 (RFC 8446, 5.1).
    seen.tcp().is_some() && matches!(seen.payload(), [20..=23, 3, 0..=4, ..])
}

impl<'a> Seen<'a> {
    fn network(&self) -> Option<Network> {
        self.packet.map(|packet| packet.network)
    }

    fn carries(&self, network: Network, protocol: Protocol) -> bool {
        self.packet.is_some_and(|packet| packet.network == network && packet.protocol == protocol)
    }

    fn udp(&self) -> Option<(u16, u16)> {
        match self.packet?.transport {
            Transport::Udp(ports) => Some((ports.source, ports.destination)),
            _ => None,
        }
    }

    fn tcp(&self) -> Option<(u16, u16)> {
        self.packet?.tcp().map(|tcp| (tcp.ports.source, tcp.ports.destination))
    }

    fn is_at_udp(&self, ports: &[u16]) -> bool {
        self.udp().is_some_and(|(from, to)| ports.contains(&from) || ports.contains(&to))
    }

    /// With something to say: acknowledgements alone are TCP.
    fn is_at_tcp(&self, ports: &[u16]) -> bool {
        let at = self.tcp().is_some_and(|(from, to)| ports.contains(&from) || ports.contains(&to));
        at && self.packet.is_some_and(|packet| packet.payload_len > 0)
    }

    /// A length of two bytes in the network header, where it was captured.
    fn stated(&self, offset: usize) -> Option<u16> {
        let at = usize::from(self.packet?.network_offset) + offset;
        self.frame.bytes.get(at..at + 2)?.try_into().ok().map(u16::from_be_bytes)
    }

    /// An IEEE 802.3 length stands where Ethernet II has a type.
    fn is_llc(&self) -> bool {
        let length = self.frame.bytes.get(12..14).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]));
        self.frame.link == LinkType::ETHERNET && length.is_some_and(|length| length < 0x0600)
    }

    /// What was captured of the transport's payload.
    pub fn payload(&self) -> &'a [u8] {
        self.packet.map_or(&[], |packet| payload(packet, self.frame.bytes))
    }

    /// Source and destination hardware address; of what carries neither ARP nor IP they are read here.
    pub fn macs(&self) -> Option<(Mac, Mac)> {
        if self.frame.link != LinkType::ETHERNET {
            let packet = self.packet.filter(|packet| packet.source_mac != Mac::default())?;
            return Some((packet.source_mac, packet.destination_mac));
        }
        let mac = |at: usize| self.frame.bytes.get(at..at + 6)?.try_into().ok().map(Mac);
        Some((mac(6)?, mac(0)?))
    }

    /// Source and destination of the IP header.
    pub fn addresses(&self) -> Option<(IpAddr, IpAddr)> {
        let packet = self.packet.filter(|packet| packet.is_ip())?;
        Some((packet.source, packet.destination))
    }
}

impl Layer {
    /// How large the layer makes a frame, in bytes; none: the frame has no such layer.
    pub fn size(&self, seen: &Seen<'_>) -> Option<u32> {
        (self.is)(seen).then(|| (self.size)(seen).unwrap_or(seen.frame.wire_len))
    }
}

/// A protocol in one direction: `ip-snd`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    layer: u8,
    /// The direction.
    pub way: Way,
}

/// A text that is no key; it tells those that there are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} is no key; expected a protocol with -snd, -rcv or -oth behind it, such as ip-snd; protocols are {}",
    names()
)]
pub struct NotAKey {
    found: String,
}

fn names() -> String {
    LAYERS.iter().map(|layer| layer.name).collect::<Vec<_>>().join(", ")
}

impl Key {
    /// Every frame, one way.
    pub const fn all(way: Way) -> Self {
        Self { layer: (LAYERS.len() - 1) as u8, way }
    }

    /// The protocol.
    pub fn layer(self) -> &'static Layer {
        &LAYERS[usize::from(self.layer) % LAYERS.len()]
    }
}

impl FromStr for Key {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let not = || NotAKey { found: text.chars().take(40).collect() };
        let lower = text.trim().to_ascii_lowercase();
        let (name, way) = lower.rsplit_once('-').ok_or_else(not)?;
        let layer = LAYERS.iter().position(|layer| layer.name == name).ok_or_else(not)?;
        let way = [Way::Sent, Way::Received, Way::Between].into_iter().find(|found| found.name() == way);
        Ok(Self { layer: layer as u8, way: way.ok_or_else(not)? })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.layer().name, self.way.name())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
