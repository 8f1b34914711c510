//! Small plays for tests: hosts send packets, time passes, and the detectors' alerts are looked at. A rule's scenarios
//! are one play in which it has to speak and one, as alike as can be, in which it must not.

use std::net::IpAddr;
use std::time::Duration;

use capturer::{
    Arp, Icmp, Mac, Network, Packet, Ports, Protocol, Tcp, TcpFlags, TcpOptions, TcpQuirks, Timestamp,
    Transport,
};

use super::{Detection, Thresholds};

/// The plays of a rule.
pub(super) struct Scenario {
    pub(super) rule: &'static str,
    pub(super) positive: fn(&mut Scene),
    pub(super) negative: fn(&mut Scene),
}

/// A stage: what is sent on it, the detectors see.
pub(super) struct Scene {
    pub(super) detection: Detection,
    at: Timestamp,
    number: u64,
    /// Of the next segment, where it matters.
    sequence: Option<u32>,
    /// The station that sends what comes next.
    pub(super) station: Option<Mac>,
}

/// An end of a conversation.
pub(super) type End = (IpAddr, u16);

/// An address of the plays.
pub(super) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

impl Scene {
    pub(super) fn new() -> Self {
        let detection = Detection::new(&Thresholds::default(), 16 << 20);
        Self {
            detection,
            at: Timestamp::from_parts(1_700_000_000, 0),
            number: 0,
            sequence: None,
            station: None,
        }
    }

    /// Time passes.
    pub(super) fn wait(&mut self, milliseconds: u64) {
        self.at = self.at.after(Duration::from_millis(milliseconds));
        self.detection.advance(self.at);
    }

    /// A packet as it is, at the time of the play.
    pub(super) fn send(&mut self, packet: &Packet, bytes: &[u8]) {
        self.number += 1;
        let len = bytes.len() as u32;
        let packet = Packet {
            at: self.at,
            number: self.number,
            wire_len: packet.wire_len.max(len + 40),
            captured_len: len,
            payload_len: packet.payload_len.max(len),
            source_mac: self.station.unwrap_or(packet.source_mac),
            ..*packet
        };
        self.detection.observe(&packet, bytes);
    }

    /// A TCP segment with the options of an operating system's SYN when it is one.
    pub(super) fn tcp(&mut self, from: End, to: End, flags: TcpFlags, payload: &[u8]) {
        self.segment((from, to), flags, 4, payload);
    }

    /// A SYN as scanners send it: with one option and a narrow window.
    pub(super) fn bare_syn(&mut self, from: End, to: End) {
        self.segment((from, to), TcpFlags::SYN, 1, b"");
    }

    fn segment(&mut self, (from, to): (End, End), flags: TcpFlags, options: u8, payload: &[u8]) {
        let mut layout = capturer::OptionLayout::EMPTY;
        let kinds = [2u8, 4, 8, 3];
        kinds.iter().take(usize::from(options)).for_each(|&kind| layout.push(capturer::OptionKind::of(kind)));
        let tcp = Tcp {
            ports: Ports { source: from.1, destination: to.1 },
            sequence: self.sequence.unwrap_or(self.number as u32),
            acknowledgment: 0,
            flags,
            window: if options > 1 { 64_240 } else { 1024 },
            quirks: TcpQuirks::default(),
            options: TcpOptions { layout, ..TcpOptions::NONE },
        };
        let packet = Packet { transport: Transport::Tcp(tcp), ..between(from.0, to.0, Protocol::TCP) };
        self.send(&packet, payload);
    }

    /// Segments of one stream, each behind the one before.
    pub(super) fn stream(&mut self, from: End, to: End, flags: TcpFlags, pieces: &[&[u8]]) {
        self.sequence = Some(1_000_000);
        for piece in pieces {
            self.tcp(from, to, flags, piece);
            self.sequence = self.sequence.map(|sequence| sequence + piece.len() as u32);
        }
        self.sequence = None;
    }

    /// A whole handshake.
    pub(super) fn connect(&mut self, from: End, to: End) {
        self.tcp(from, to, TcpFlags::SYN, b"");
        self.tcp(to, from, SYN_ACK, b"");
        self.tcp(from, to, TcpFlags::ACK, b"");
    }

    /// Both ends say that they are done.
    pub(super) fn close(&mut self, from: End, to: End) {
        self.tcp(from, to, FIN_ACK, b"");
        self.tcp(to, from, FIN_ACK, b"");
        self.tcp(from, to, TcpFlags::ACK, b"");
    }

    /// A connection with a question and an answer.
    pub(super) fn talk(&mut self, from: End, to: End, (question, answer): (&[u8], &[u8])) {
        self.connect(from, to);
        self.tcp(from, to, PSH_ACK, question);
        self.tcp(to, from, PSH_ACK, answer);
        self.close(from, to);
    }

    /// A datagram.
    pub(super) fn udp(&mut self, from: End, to: End, payload: &[u8]) {
        let ports = Ports { source: from.1, destination: to.1 };
        let packet = Packet { transport: Transport::Udp(ports), ..between(from.0, to.0, Protocol::UDP) };
        self.send(&packet, payload);
    }

    /// An ICMP or, between IPv6 addresses, ICMPv6 message; `payload` is what follows its eight bytes.
    pub(super) fn icmp(&mut self, from: IpAddr, to: IpAddr, (kind, code): (u8, u8), payload: &[u8]) {
        let protocol = if from.is_ipv4() { Protocol::ICMP } else { Protocol::ICMPV6 };
        let icmp = Icmp { kind, code, identifier: 1, sequence: self.number as u16 };
        self.send(&Packet { transport: Transport::Icmp(icmp), ..between(from, to, protocol) }, payload);
    }

    /// An echo request or reply with a sequence number of its own.
    pub(super) fn echo(
        &mut self,
        (from, to): (IpAddr, IpAddr),
        (sequence, asks): (u16, bool),
        payload: &[u8],
    ) {
        let icmp = Icmp { kind: if asks { 8 } else { 0 }, code: 0, identifier: 1, sequence };
        self.send(&Packet { transport: Transport::Icmp(icmp), ..between(from, to, Protocol::ICMP) }, payload);
    }

    /// An ICMPv6 message behind destination options (RFC 8200 §4.6).
    pub(super) fn optioned(&mut self, options: &[u8]) {
        let mut bytes = vec![0; 40];
        (bytes[0], bytes[6]) = (0x60, 60);
        bytes.extend([58, ((options.len() + 2) / 8 - 1) as u8]);
        bytes.extend(options);
        let icmp = Icmp { kind: 128, code: 0, identifier: 1, sequence: 1 };
        let packet = between(ip("2001:db8::1"), ip("2001:db8::2"), Protocol::ICMPV6);
        let payload_offset = bytes.len() as u16;
        self.send(&Packet { transport: Transport::Icmp(icmp), payload_offset, ..packet }, &bytes);
    }

    /// An ARP message to all: operation 1 asks, 2 answers.
    pub(super) fn arp(&mut self, operation: u16, sender: (IpAddr, u8), target: (IpAddr, u8)) {
        self.arp_to(Mac([0xff; 6]), operation, sender, target);
    }

    /// The same, to one station.
    pub(super) fn arp_to(&mut self, to: Mac, operation: u16, sender: (IpAddr, u8), target: (IpAddr, u8)) {
        let mac = |last: u8| Mac([2, 0, 0, 0, 0, last]);
        let arp = Arp { operation, sender: mac(sender.1), target: mac(target.1) };
        let packet = Packet {
            network: Network::Arp,
            protocol: Protocol(0),
            transport: Transport::Arp(arp),
            source_mac: mac(sender.1),
            destination_mac: to,
            ..between(sender.0, target.0, Protocol(0))
        };
        self.send(&packet, b"");
    }

    /// The ids of the rules that spoke.
    pub(super) fn rules(&mut self) -> Vec<&'static str> {
        self.wait(4000);
        self.detection.finish();
        self.detection.alerts().iter().map(|alert| alert.rule.id).collect()
    }
}

pub(super) const SYN_ACK: TcpFlags = TcpFlags(TcpFlags::SYN.0 | TcpFlags::ACK.0);
pub(super) const RST_ACK: TcpFlags = TcpFlags(TcpFlags::RST.0 | TcpFlags::ACK.0);
pub(super) const FIN_ACK: TcpFlags = TcpFlags(TcpFlags::FIN.0 | TcpFlags::ACK.0);
pub(super) const PSH_ACK: TcpFlags = TcpFlags(TcpFlags::PSH.0 | TcpFlags::ACK.0);

fn between(source: IpAddr, destination: IpAddr, protocol: Protocol) -> Packet {
    let network = if source.is_ipv4() { Network::Ipv4 } else { Network::Ipv6 };
    Packet { source, destination, protocol, network, ttl: 64, ..Packet::empty() }
}
