//! The course of a session: how it begins, and what each packet makes of it (RFC 9293 for TCP, in as much as rules ask). Plain
//! functions of what is known and the packet at hand; the table of sessions is [`super::session`].

use std::net::IpAddr;
use std::time::Duration;

use capturer::{Packet, Protocol, TcpFlags, Timestamp, Transport};

use super::event::Moments;
use crate::capped::Worth;
use crate::flow::FlowKey;

/// A session that was silent for so long has ended.
pub(super) const IDLE: Duration = Duration::from_secs(300);

/// Packets after which an answered session is bulk: only its end is looked at.
const BULK: u32 = 96;

/// How a session began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Began {
    /// With a SYN.
    Syn,
    /// With a SYN+ACK: the opening was not seen, or never sent.
    SynAck,
    /// With an ACK that carries nothing.
    Ack,
    /// With flags that no opening and no end has: none at all, FIN alone, FIN+PSH+URG, SYN with FIN or RST.
    Stealth,
    /// With FIN and ACK: an end whose session was not seen, or a Maimon probe.
    FinAck,
    /// With a RST.
    Rst,
    /// With payload: the capture began in the middle.
    Midstream,
    /// With a datagram (UDP).
    Datagram,
    /// With an INIT or another chunk (SCTP).
    Sctp,
    /// With an echo, timestamp, mask or information request.
    Request,
    /// With an ICMP message that asks for nothing.
    Icmp,
    /// With a packet of another protocol, or a fragment.
    Other,
}

/// What packets change of a session; it fits a row's one cache line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Course {
    pub(super) last: Timestamp,
    pub(super) packets: [u32; 2],
    pub(super) payload: [u32; 2],
    /// Sequence number of the opening SYN.
    pub(super) sequence: u32,
    pub(super) began: Began,
    pub(super) answered: bool,
    pub(super) accepted: bool,
    pub(super) established: bool,
    pub(super) refused: bool,
    pub(super) ended: bool,
    /// Whether somebody still waits for an answer.
    pub(super) pending: bool,
    /// Whether the opener is the lower end; see [`FlowKey::forward`].
    pub(super) opener_low: bool,
}

/// What the first packet says of a session once and for all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begin {
    pub(super) opener: (IpAddr, u16),
    pub(super) answerer: (IpAddr, u16),
    pub(super) first: Timestamp,
    pub(super) frame: u64,
    pub(super) protocol: Protocol,
    pub(super) syn_options: u8,
}

/// With its row's head it stays within one cache line.
const _: () = assert!(size_of::<Course>() <= 48);

impl Worth for Course {
    /// Answered sessions outlive the others.
    #[expect(clippy::misnamed_getters, reason = "a row has earned its place by an answer")]
    fn established(&self) -> bool {
        self.answered
    }
}

impl Course {
    /// Whether a packet changes nothing that a rule may want to know: bulk of a session that is well under way.
    #[inline]
    pub(super) fn is_bulk(&self, packet: &Packet, at: Timestamp) -> bool {
        let long = self.answered && self.packets[0].saturating_add(self.packets[1]) > BULK;
        long && !ends(packet) && !is_message(packet) && at.since(self.last) <= IDLE
    }
}

/// The session that a packet begins, from its opener or not.
pub(super) fn begin(packet: &Packet, at: Timestamp, key: FlowKey, from_opener: bool) -> (Course, Begin) {
    let ports = packet.ports().unwrap_or_default();
    let (source, destination) = ((packet.source, ports.source), (packet.destination, ports.destination));
    let (opener, answerer) = if from_opener { (source, destination) } else { (destination, source) };
    let began = began(packet);
    let end = usize::from(!from_opener);
    let mut course = Course {
        last: at,
        packets: [0; 2],
        payload: [0; 2],
        sequence: packet.tcp().map_or(0, |tcp| tcp.sequence),
        began,
        answered: !from_opener,
        accepted: began == Began::SynAck,
        established: began == Began::Midstream,
        refused: false,
        ended: false,
        pending: from_opener && expects_answer(began, packet),
        opener_low: key.forward == from_opener,
    };
    course.packets[end] = 1;
    course.payload[end] = packet.payload_len;
    let syn_options = packet.tcp().map_or(0, |tcp| tcp.options.layout.len() as u8);
    let protocol = packet.protocol;
    (course, Begin { opener, answerer, first: at, frame: packet.number, protocol, syn_options })
}

/// How a session begins with this packet.
fn began(packet: &Packet) -> Began {
    match &packet.transport {
        Transport::Tcp(tcp) => began_tcp(tcp.flags, packet.payload_len),
        Transport::Udp(_) => Began::Datagram,
        Transport::Sctp(_) => Began::Sctp,
        Transport::Icmp(icmp) if is_request(packet.protocol, icmp.kind) => Began::Request,
        Transport::Icmp(_) => Began::Icmp,
        _ => Began::Other,
    }
}

fn began_tcp(flags: TcpFlags, payload: u32) -> Began {
    const BASE: u16 = 0x3f;
    let base = TcpFlags(flags.0 & BASE);
    if base.has(TcpFlags::SYN) {
        return match () {
            () if base.has_any(TcpFlags(TcpFlags::FIN.0 | TcpFlags::RST.0)) => Began::Stealth,
            () if base.has(TcpFlags::ACK) => Began::SynAck,
            () => Began::Syn,
        };
    }
    if base.has(TcpFlags::RST) {
        return Began::Rst;
    }
    if !base.has(TcpFlags::ACK) {
        return Began::Stealth;
    }
    match payload {
        0 if base.has(TcpFlags::FIN) => Began::FinAck,
        0 => Began::Ack,
        _ => Began::Midstream,
    }
}

/// Echo, timestamp, information and mask requests (RFC 792, RFC 950); echo request of ICMPv6 (RFC 4443).
pub(super) const fn is_request(protocol: Protocol, kind: u8) -> bool {
    if protocol.0 == Protocol::ICMPV6.0 { kind == 128 } else { matches!(kind, 8 | 13 | 15 | 17) }
}

/// The answers to them.
pub(super) fn is_reply(packet: &Packet) -> bool {
    match &packet.transport {
        Transport::Icmp(icmp) if packet.protocol == Protocol::ICMPV6 => icmp.kind == 129,
        Transport::Icmp(icmp) => matches!(icmp.kind, 0 | 14 | 16 | 18),
        _ => false,
    }
}

/// Whether the sender should hear something: not from a group, and not to a RST or an error.
fn expects_answer(began: Began, packet: &Packet) -> bool {
    let asks = match began {
        Began::Syn | Began::Ack | Began::Stealth | Began::FinAck | Began::Datagram | Began::Sctp => true,
        Began::Request => true,
        Began::SynAck | Began::Rst | Began::Midstream | Began::Icmp | Began::Other => false,
    };
    asks && !is_group(packet.destination)
}

/// Multicast and the limited broadcast; a subnet's own broadcast can't be told without its mask.
pub(super) fn is_group(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_multicast() || address.is_broadcast() || address.octets()[3] == 255,
        IpAddr::V6(address) => address.is_multicast(),
    }
}

/// What the first packet of a session means.
pub(super) fn opening(session: &Course, packet: &Packet) -> Moments {
    let mut moments = match session.began {
        Began::SynAck | Began::Rst | Began::Icmp => Moments::STRAY,
        Began::Ack | Began::Stealth | Began::FinAck => Moments::STRAY | Moments::OPENED,
        Began::Midstream => Moments::NONE,
        Began::Syn | Began::Datagram | Began::Sctp | Began::Request | Began::Other => Moments::OPENED,
    };
    if packet.payload_len > 0 {
        moments |= Moments::DATA;
        if session.payload[0] > 0 {
            moments |= Moments::FIRST;
        }
    }
    if !session.answered { moments | Moments::ONE_WAY } else { moments }
}

/// Packets that are a message each, however many there are: of ICMP, name servers, Kerberos and SIP.
fn is_message(packet: &Packet) -> bool {
    const PORTS: [u16; 3] = [53, 88, 5060];
    if matches!(packet.transport, Transport::Icmp(_)) {
        return true;
    }
    let Transport::Udp(ports) = &packet.transport else { return false };
    PORTS.contains(&ports.destination) || PORTS.contains(&ports.source)
}

/// Flags that change a session, whatever its size.
fn ends(packet: &Packet) -> bool {
    packet
        .tcp()
        .is_some_and(|tcp| tcp.flags.has_any(TcpFlags(TcpFlags::SYN.0 | TcpFlags::FIN.0 | TcpFlags::RST.0)))
}

/// Whether another session begins with this packet under the same ports.
pub(super) fn is_over(course: &Course, packet: &Packet, at: Timestamp, from_opener: bool) -> bool {
    let Some(tcp) = packet.tcp() else {
        return at.since(course.last) > IDLE || is_new_request(course, packet);
    };
    if !tcp.flags.is_syn() {
        return at.since(course.last) > IDLE;
    }
    match course.began {
        // The same opening, sent again.
        Began::Syn if from_opener => tcp.sequence != course.sequence,
        // Both open at once, which hardly happens, or the answer to a probe comes as a probe.
        Began::Syn => course.ended || course.refused,
        _ => true,
    }
}

/// A request after a while is another one.
fn is_new_request(course: &Course, packet: &Packet) -> bool {
    let Transport::Icmp(icmp) = &packet.transport else { return false };
    let asks = is_request(packet.protocol, icmp.kind);
    (asks && course.began == Began::Icmp)
        || (course.began == Began::Request && !asks && !is_reply(packet) && !course.answered)
}

/// A further packet of a course.
#[inline]
pub(super) fn go_on(course: &mut Course, packet: &Packet, at: Timestamp, from_opener: bool) -> Moments {
    let end = usize::from(!from_opener);
    course.last = at;
    course.packets[end] = course.packets[end].saturating_add(1);
    course.payload[end] = course.payload[end].saturating_add(packet.payload_len);
    let mut moments = Moments::NONE;
    let refuses = packet.tcp().is_some_and(|tcp| tcp.flags.has(TcpFlags::RST)) && !course.established;
    if !from_opener && !course.answered && !refuses {
        course.answered = true;
        course.pending = false;
        moments |= Moments::ANSWERED;
    }
    if let Some(tcp) = packet.tcp() {
        moments |= go_on_tcp(course, tcp.flags, packet.payload_len, from_opener);
    } else if packet.payload_len > 0 {
        moments |= Moments::DATA;
    }
    if moments.any(Moments::DATA) && from_opener && course.payload[0] == packet.payload_len {
        moments |= Moments::FIRST;
    }
    if !course.answered && from_opener { moments | Moments::ONE_WAY } else { moments }
}

fn go_on_tcp(course: &mut Course, flags: TcpFlags, payload: u32, from_opener: bool) -> Moments {
    let mut moments = Moments::NONE;
    if flags.has(TcpFlags::RST) {
        return reset(course);
    }
    if flags.is_syn_ack() && !from_opener && !course.accepted {
        course.accepted = true;
        moments |= Moments::ACCEPTED;
    }
    let acknowledges = flags.has(TcpFlags::ACK) && !flags.has(TcpFlags::SYN);
    let finishes = from_opener && course.accepted && course.began == Began::Syn;
    if acknowledges && !course.established && (finishes || (payload > 0 && course.answered)) {
        course.established = true;
        moments |= Moments::ESTABLISHED;
    }
    // Who acknowledges has seen an answer, even if we have not: some captures show one way only.
    if payload > 0 && acknowledges {
        moments |= Moments::DATA;
    }
    if flags.has(TcpFlags::FIN) && course.established && !course.ended {
        course.ended = true;
        moments |= Moments::ENDED;
    }
    moments
}

/// A RST: the answerer refuses, the opener gives up right after it was accepted, or a session ends.
fn reset(course: &mut Course) -> Moments {
    course.pending = false;
    let nothing_said = course.payload == [0; 2];
    if !course.refused && !course.ended && (!course.established || nothing_said) {
        course.refused = true;
        course.ended = course.established;
        return Moments::REFUSED;
    }
    if course.established && !course.ended {
        course.ended = true;
        return Moments::ENDED;
    }
    Moments::NONE
}
