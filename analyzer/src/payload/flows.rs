//! Flows, each direction by itself, with what their first bytes look like: half a kilobyte a flow, whatever it carries.

use std::collections::HashMap;
use std::net::IpAddr;

use ahash::RandomState;
use capturer::{Packet, Ports, Protocol};

use super::{Histogram, Magic, Verdict, classify};

/// Flows that are told apart: 40 MB. Packets of further ones are counted in [`Payloads::left_out`].
const MOST: usize = 1 << 16;

/// The words between a message's head and its body (RFC 9112).
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// Who sends to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Way {
    source: IpAddr,
    destination: IpAddr,
    ports: (u16, u16),
    protocol: u8,
}

/// What was seen of one.
struct Seen {
    histogram: Histogram,
    magic: Option<Magic>,
    tls: bool,
    protocol: &'static str,
    length: u64,
    /// A head ended where a packet ended: the next one begins with the body.
    body_next: bool,
}

/// A flow's data.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowPayload {
    /// The sender.
    pub source: IpAddr,
    /// The receiver.
    pub destination: IpAddr,
    /// Their ports.
    pub ports: Ports,
    /// The transport.
    pub transport: Protocol,
    /// The protocol of the data, as far as its first bytes or ports tell.
    pub protocol: &'static str,
    /// Bytes of data.
    pub length: u64,
    /// What it is.
    pub verdict: Verdict,
}

/// All flows of a source.
pub struct Payloads {
    flows: HashMap<Way, Seen, RandomState>,
    most: usize,
    left_out: u64,
}

impl Default for Payloads {
    fn default() -> Self {
        Self::at_most(MOST)
    }
}

impl Payloads {
    /// Tells so many flows apart, 600 bytes each.
    pub fn at_most(flows: usize) -> Self {
        Self { flows: HashMap::default(), most: flows, left_out: 0 }
    }

    /// Looks at a packet's payload.
    pub fn observe(&mut self, packet: &Packet, payload: &[u8]) {
        let Some(ports) = packet.ports().filter(|_| packet.payload_len > 0) else { return };
        let way = Way {
            source: packet.source,
            destination: packet.destination,
            ports: (ports.source, ports.destination),
            protocol: packet.protocol.0,
        };
        if self.flows.len() >= self.most && !self.flows.contains_key(&way) {
            self.left_out += 1;
            return;
        }
        let seen = self.flows.entry(way).or_insert_with(|| Seen::begin(packet.protocol, ports, payload));
        seen.take(payload, u64::from(packet.payload_len));
    }

    /// Every flow that carries enough to be judged, in order.
    pub fn flows(&self) -> Vec<FlowPayload> {
        let mut flows: Vec<(&Way, FlowPayload)> =
            self.flows.iter().filter_map(|(way, seen)| Some((way, seen.row(way)?))).collect();
        flows.sort_unstable_by_key(|(way, _)| **way);
        flows.into_iter().map(|(_, flow)| flow).collect()
    }

    /// Packets of flows beyond the cap.
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }
}

impl Seen {
    fn begin(transport: Protocol, ports: Ports, payload: &[u8]) -> Self {
        let protocol = protocol(transport, ports, payload);
        let (histogram, magic) = (Histogram::default(), Magic::of(payload));
        Self { histogram, magic, tls: protocol == "tls", protocol, length: 0, body_next: false }
    }

    fn take(&mut self, payload: &[u8], length: u64) {
        if self.magic.is_none() && self.protocol == "http" {
            self.look_at_body(payload);
        }
        self.histogram.add(payload);
        self.length += length;
    }

    /// What a message carries begins behind its head, or with the next packet.
    fn look_at_body(&mut self, payload: &[u8]) {
        if std::mem::take(&mut self.body_next) {
            self.magic = Magic::of(payload);
        }
        let end = payload.windows(END_OF_HEAD.len()).position(|bytes| bytes == END_OF_HEAD);
        if let (Some(end), None) = (end, self.magic) {
            let body = &payload[end + END_OF_HEAD.len()..];
            self.magic = Magic::of(body);
            self.body_next = body.is_empty();
        }
    }

    fn row(&self, way: &Way) -> Option<FlowPayload> {
        Some(FlowPayload {
            source: way.source,
            destination: way.destination,
            ports: Ports { source: way.ports.0, destination: way.ports.1 },
            transport: Protocol(way.protocol),
            protocol: self.protocol,
            length: self.length,
            verdict: classify(&self.histogram, self.magic, (self.tls, self.length))?,
        })
    }
}

/// The protocol by its first bytes, else by a port that is known for it.
fn protocol(transport: Protocol, ports: Ports, payload: &[u8]) -> &'static str {
    let at = |port| ports.source == port || ports.destination == port;
    match payload {
        [20..=23, 3, 0..=4, ..] if transport == Protocol::TCP => "tls",
        [b'S', b'S', b'H', b'-', ..] => "ssh",
        [b'H', b'T', b'T', b'P', b'/', ..] | [b'G', b'E', b'T', b' ', ..] | [b'P', b'O', b'S', b'T', ..] => {
            "http"
        }
        [first, ..] if transport == Protocol::UDP && at(443) && first & 0x40 != 0 => "quic",
        _ if at(53) => "dns",
        _ if at(5353) => "mdns",
        _ if at(123) && transport == Protocol::UDP => "ntp",
        _ if (at(67) || at(68)) && transport == Protocol::UDP => "dhcp",
        _ => "data",
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use capturer::{Packet, Transport};

    use super::*;
    use crate::payload::Class;

    fn packet(port: u16, length: usize) -> Packet {
        Packet {
            source: Ipv4Addr::new(192, 0, 2, 1).into(),
            destination: Ipv4Addr::new(192, 0, 2, 2).into(),
            protocol: Protocol::UDP,
            transport: Transport::Udp(Ports { source: 80, destination: port }),
            payload_len: length as u32,
            ..Packet::empty()
        }
    }

    #[test]
    fn the_body_of_a_message_tells_what_it_is_even_in_the_next_packet() {
        for split in [false, true] {
            let mut payloads = Payloads::default();
            let (head, body) = (b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), [&b"GIF89a"[..], &[1; 200]].concat());
            let pieces = if split { vec![head, body] } else { vec![[head, body].concat()] };
            pieces.iter().for_each(|piece| payloads.observe(&packet(5000, piece.len()), piece));
            let flows = payloads.flows();
            assert_eq!(
                (flows[0].verdict.class, flows[0].protocol, flows[0].length),
                (Class::Media, "http", 225)
            );
        }
    }

    #[test]
    fn flows_beyond_the_cap_are_counted_and_short_ones_left_out() {
        let mut payloads = Payloads::default();
        payloads.observe(&packet(1, 19), &[0; 19]);
        for port in 1..=u16::MAX {
            payloads.observe(&packet(port, 4), b"abcd");
        }
        let mut other = packet(9, 4);
        for source in 1..3 {
            other.source = Ipv4Addr::new(198, 51, 100, source).into();
            payloads.observe(&other, b"abcd");
        }
        assert_eq!(payloads.left_out(), 1);
        assert_eq!(payloads.flows().len(), 1, "of 23 bytes; all others carry four");
    }
}
