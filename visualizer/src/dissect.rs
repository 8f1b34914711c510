//! One packet as a reader sees it: its headers one after another with their places in the frame, as they are counted, and
//! its bytes. Tunnels are followed inward.

use capturer::decode::{Layer, layers};
use capturer::stream::Kept;
use capturer::{Arp, Icmp, Mac, Network, Packet, Ports, Tcp, Transport};
use serde_json::{Value, json};

/// A header: its name, its bytes in the frame, and what they say.
struct Part {
    name: String,
    from: usize,
    to: usize,
    fields: Vec<(&'static str, String)>,
}

impl Part {
    fn new(name: impl Into<String>, (from, to): (usize, usize), fields: Vec<(&'static str, String)>) -> Self {
        Self { name: name.into(), from, to, fields }
    }

    fn json(&self) -> Value {
        let fields: Vec<Value> = self.fields.iter().map(|(name, value)| json!([name, value])).collect();
        json!({"name": self.name, "offset": self.from, "length": self.to - self.from, "fields": fields})
    }
}

/// The layers of a kept packet, outermost first; what was not kept of it has no part.
pub(crate) fn layers_json(kept: &Kept) -> Vec<Value> {
    let all: Vec<Layer> = layers(&kept.frame()).map_while(Result::ok).collect();
    let mut parts = Vec::new();
    for (place, layer) in all.iter().enumerate() {
        let end = all.get(place + 1).map(|next| usize::from(next.packet.network_offset));
        let before = parts.last().map_or(0, |last: &Part| last.to);
        parts.extend(before_network(layer, before));
        parts.push(network(&layer.packet));
        parts.extend(transport(&layer.packet));
        if end.is_none() {
            parts.extend(payload(&layer.packet, kept.bytes.len()));
        }
    }
    let kept = kept.bytes.len();
    parts.iter().filter(|part| part.from < kept && part.from < part.to).map(Part::json).collect()
}

/// All bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The link's header of a frame, or that of the tunnel which the layer came through.
fn before_network(Layer { packet, tunnel }: &Layer, before: usize) -> Option<Part> {
    let to = usize::from(packet.network_offset);
    let fields = match tunnel {
        Some(_) => Vec::new(),
        None => link_fields(packet),
    };
    let name = tunnel.map_or("Link", |tunnel| tunnel.name);
    (before < to).then(|| Part::new(name, (before, to), fields))
}

fn link_fields(packet: &Packet) -> Vec<(&'static str, String)> {
    let mac = |name, mac: Mac| (mac != Mac::default()).then(|| (name, mac.to_string()));
    let vlan = packet.vlan.id().map(|id| ("VLAN", id.to_string()));
    [mac("Destination", packet.destination_mac), mac("Source", packet.source_mac), vlan]
        .into_iter()
        .flatten()
        .collect()
}

fn network(packet: &Packet) -> Part {
    let from = usize::from(packet.network_offset);
    match (packet.network, &packet.transport) {
        (Network::Arp, Transport::Arp(arp)) => arp_part(packet, arp, from),
        (Network::Ipv6, _) => ip(packet, from, 40),
        _ => ip(packet, from, 20),
    }
}

/// ARP over Ethernet (RFC 826) has 28 bytes.
fn arp_part(packet: &Packet, arp: &Arp, from: usize) -> Part {
    let operation = match arp.operation {
        1 => "request".to_owned(),
        2 => "reply".to_owned(),
        other => other.to_string(),
    };
    let fields = vec![
        ("Operation", operation),
        ("Sender", format!("{} {}", packet.source, arp.sender)),
        ("Target", format!("{} {}", packet.destination, arp.target)),
    ];
    Part::new("ARP", (from, from + 28), fields)
}

fn ip(packet: &Packet, from: usize, header: usize) -> Part {
    let is_v6 = packet.network == Network::Ipv6;
    let (dscp, ecn) = (packet.traffic_class >> 2, packet.traffic_class & 3);
    let mut fields = vec![
        ("Source", packet.source.to_string()),
        ("Destination", packet.destination.to_string()),
        ("Protocol", analyzer::aggregate::protocol_name(Some(packet.protocol))),
        (if is_v6 { "Hop limit" } else { "Time to live" }, packet.ttl.to_string()),
        ("DSCP, ECN", format!("{dscp}, {ecn}")),
    ];
    if !is_v6 || packet.fragment.is_fragment() {
        fields.push(("Identification", format!("{:#06x}", packet.identification)));
    }
    if packet.fragment.is_fragment() {
        let more = if packet.fragment.0 & 0x8000 == 0 { "the last" } else { "more follow" };
        fields.push(("Fragment", format!("at byte {}, {more}", packet.fragment.offset())));
    }
    let oddities: Vec<_> = packet.facts.names().collect();
    if !oddities.is_empty() {
        fields.push(("Odd", oddities.join(", ")));
    }
    let to = from + header + usize::from(packet.network_options_len);
    Part::new(if is_v6 { "IPv6" } else { "IPv4" }, (from, to), fields)
}

fn transport(packet: &Packet) -> Option<Part> {
    let header = if packet.network == Network::Ipv6 { 40 } else { 20 };
    let from = usize::from(packet.network_offset) + header + usize::from(packet.network_options_len);
    let to = usize::from(packet.payload_offset).max(from);
    let (name, fields) = match &packet.transport {
        Transport::Tcp(tcp) => ("TCP", tcp_fields(tcp)),
        Transport::Udp(ports) => ("UDP", port_fields(*ports)),
        Transport::Sctp(ports) => ("SCTP", port_fields(*ports)),
        Transport::Icmp(icmp) => ("ICMP", icmp_fields(icmp)),
        _ => return None,
    };
    Some(Part::new(name, (from, to), fields))
}

fn port_fields(ports: Ports) -> Vec<(&'static str, String)> {
    vec![("Source port", ports.source.to_string()), ("Destination port", ports.destination.to_string())]
}

fn tcp_fields(tcp: &Tcp) -> Vec<(&'static str, String)> {
    let mut fields = port_fields(tcp.ports);
    fields.extend([
        ("Flags", tcp.flags.to_string()),
        ("Sequence", tcp.sequence.to_string()),
        ("Acknowledgment", tcp.acknowledgment.to_string()),
        ("Window", tcp.window.to_string()),
    ]);
    let options = &tcp.options;
    let told = [
        (options.mss > 0).then(|| ("Maximum segment", options.mss.to_string())),
        (options.window_scale != u8::MAX).then(|| ("Window scale", options.window_scale.to_string())),
        (options.timestamp > 0).then(|| ("Timestamp", options.timestamp.to_string())),
    ];
    fields.extend(told.into_iter().flatten());
    fields
}

fn icmp_fields(icmp: &Icmp) -> Vec<(&'static str, String)> {
    vec![
        ("Type, code", format!("{}, {}", icmp.kind, icmp.code)),
        ("Identifier, sequence", format!("{}, {}", icmp.identifier, icmp.sequence)),
    ]
}

fn payload(packet: &Packet, kept: usize) -> Option<Part> {
    let from = usize::from(packet.payload_offset);
    let length = usize::try_from(packet.payload_len).unwrap_or(usize::MAX);
    let to = from.saturating_add(length).min(kept);
    let mut fields = vec![("Bytes", packet.payload_len.to_string())];
    if to < from.saturating_add(length) {
        fields.push(("Kept", to.saturating_sub(from).to_string()));
    }
    (length > 0).then(|| Part::new("Payload", (from, to.max(from)), fields))
}
