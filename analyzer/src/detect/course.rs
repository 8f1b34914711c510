//! The course of a session: how it begins, and what each packet makes of it (RFC 9293 for TCP, in as much as rules ask). Plain
//! functions of what is known and the packet at hand; the table of sessions is [`super::session`].

use std::net::IpAddr;
use std::time::Duration;

use capturer::{Packet, Ports, Protocol, TcpFlags, Timestamp, Transport};

use super::event::Moments;
use crate::capped::Worth;
use crate::flow::FlowKey;

/// A session that was silent for so long has ended.
pub(super) const IDLE: Duration = Duration::from_secs(300);

/// Packets after which an answered session is bulk: only its end is looked at.
pub(super) const BULK: u32 = 96;

/// Bytes of window in a SYN, where it is not scaled (RFC 7323 §2.2), below which not even two full segments fit. Systems
/// open with 4096 and more; less was set to receive slowly, or comes from a scanner that receives nothing.
const NARROW: u16 = 2 * 1460;

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

/// What is true of a course, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks(u8);

impl Marks {
    pub(super) const ANSWERED: Self = Self(0x01);
    pub(super) const ACCEPTED: Self = Self(0x02);
    pub(super) const ESTABLISHED: Self = Self(0x04);
    pub(super) const REFUSED: Self = Self(0x08);
    pub(super) const ENDED: Self = Self(0x10);
    /// Somebody still waits for an answer.
    pub(super) const PENDING: Self = Self(0x20);
    /// The opener is the lower end; see [`FlowKey::forward`].
    pub(super) const OPENER_LOW: Self = Self(0x40);
    /// The opener has room for hardly anything; see [`NARROW`].
    pub(super) const NARROW: Self = Self(0x80);

    pub(super) const fn has(self, all: Self) -> bool {
        self.0 & all.0 == all.0
    }

    pub(super) const fn has_any(self, of: Self) -> bool {
        self.0 & of.0 != 0
    }

    pub(super) const fn and(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }

    const fn when(self, is: bool) -> Self {
        if is { self } else { Self(0) }
    }

    pub(super) const fn set(&mut self, marks: Self) {
        self.0 |= marks.0;
    }

    pub(super) const fn clear(&mut self, marks: Self) {
        self.0 &= !marks.0;
    }
}

/// What packets change of a session, and what rules ask for with every moment; it fits a row's one cache line. Who takes
/// part is told by the packet at hand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Course {
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    /// Number of its first frame.
    pub(super) frame: u64,
    pub(super) packets: [u32; 2],
    pub(super) payload: [u32; 2],
    /// Sequence number of the opening SYN.
    pub(super) sequence: u32,
    pub(super) began: Began,
    /// Options that the opening SYN had.
    pub(super) syn_options: u8,
    /// Time to live, or hop limit, of its first packet.
    pub(super) ttl: u8,
    pub(super) marks: Marks,
}

/// Who takes part in a session: for when there is no packet at hand that tells it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begin {
    pub(super) opener: (IpAddr, u16),
    pub(super) answerer: (IpAddr, u16),
    pub(super) protocol: Protocol,
}

impl Begin {
    /// Those of a packet.
    #[inline]
    pub(super) fn of(packet: &Packet, from_opener: bool) -> Self {
        let ports = packet.ports().unwrap_or_default();
        let (source, destination) = ((packet.source, ports.source), (packet.destination, ports.destination));
        let (opener, answerer) = if from_opener { (source, destination) } else { (destination, source) };
        Self { opener, answerer, protocol: packet.protocol }
    }
}

/// With its row's head it stays within one cache line.
const _: () = assert!(size_of::<Course>() <= 48);

impl Worth for Course {
    /// Answered sessions outlive the others.
    fn established(&self) -> bool {
        self.marks.has(Marks::ANSWERED)
    }
}

impl Course {
    /// Whether a packet only goes on with what flows both ways already. It is counted, and its payload is all that a rule may
    /// want to know of it.
    #[inline]
    pub(super) fn flows(&self, packet: &Packet, at: Timestamp) -> bool {
        let flows = match &packet.transport {
            Transport::Tcp(tcp) => {
                self.marks.has(Marks::ANSWERED.and(Marks::ESTABLISHED)) && !tcp.flags.has_any(CHANGING)
            }
            Transport::Udp(ports) => self.marks.has(Marks::ANSWERED) && !is_message(*ports),
            _ => false,
        };
        flows && !at.exceeds(self.last, IDLE)
    }

    /// Counts such a packet; beyond [`BULK`] only what the opener says may be news, such as a request on a connection
    /// that is kept.
    #[inline]
    pub(super) fn flow(&mut self, packet: &Packet, at: Timestamp, from_opener: bool) -> Moments {
        self.last = at;
        let is_bulk = self.packets[0].saturating_add(self.packets[1]) > BULK;
        if is_bulk {
            return Moments::DATA.when(from_opener && packet.tcp().is_some() && carries(packet));
        }
        self.count(packet, from_opener);
        Moments::DATA.when(carries(packet)) | Moments::FIRST.when(self.is_first(packet, from_opener))
    }

    #[inline]
    const fn count(&mut self, packet: &Packet, from_opener: bool) {
        let end = if from_opener { 0 } else { 1 };
        self.packets[end] = self.packets[end].saturating_add(1);
        self.payload[end] = self.payload[end].saturating_add(packet.payload_len);
    }

    /// Whether a packet that was counted has the first payload of the opener.
    #[inline]
    fn is_first(&self, packet: &Packet, from_opener: bool) -> bool {
        from_opener && self.payload[0] == packet.payload_len && carries(packet)
    }
}

/// Whether a packet has payload that belongs to its session: who acknowledges has seen an answer, even if we have not, as
/// some captures show one way only.
#[inline]
fn carries(packet: &Packet) -> bool {
    let acknowledges = |tcp: &capturer::Tcp| {
        tcp.flags.has(TcpFlags::ACK) && !tcp.flags.has_any(TcpFlags(TcpFlags::SYN.0 | TcpFlags::RST.0))
    };
    packet.payload_len > 0 && packet.tcp().is_none_or(acknowledges)
}

/// Flags that change a session, whatever its size.
const CHANGING: TcpFlags = TcpFlags(TcpFlags::SYN.0 | TcpFlags::FIN.0 | TcpFlags::RST.0);

/// The session that a packet begins, from its opener or not.
pub(super) fn begin(packet: &Packet, at: Timestamp, key: FlowKey, from_opener: bool) -> (Course, Begin) {
    let began = began(packet);
    let marks = Marks::ANSWERED
        .when(!from_opener)
        .and(Marks::ACCEPTED.when(began == Began::SynAck))
        .and(Marks::ESTABLISHED.when(began == Began::Midstream))
        .and(Marks::PENDING.when(from_opener && expects_answer(began, packet)))
        .and(Marks::NARROW.when(began == Began::Syn && packet.tcp().is_some_and(|tcp| tcp.window < NARROW)))
        .and(Marks::OPENER_LOW.when(key.forward == from_opener));
    let mut course = Course {
        first: at,
        last: at,
        frame: packet.number,
        packets: [0; 2],
        payload: [0; 2],
        sequence: packet.tcp().map_or(0, |tcp| tcp.sequence),
        began,
        syn_options: packet.tcp().map_or(0, |tcp| tcp.options.layout.len() as u8),
        ttl: packet.ttl,
        marks,
    };
    course.count(packet, from_opener);
    (course, Begin::of(packet, from_opener))
}

/// How a session begins with this packet.
pub(super) fn began(packet: &Packet) -> Began {
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
        Began::Syn | Began::Ack | Began::Stealth | Began::FinAck | Began::Sctp | Began::Request => true,
        Began::Datagram => !is_lease(packet),
        Began::SynAck | Began::Rst | Began::Midstream | Began::Icmp | Began::Other => false,
    };
    asks && !is_group(packet.destination)
}

/// A DHCP server's message to a client: the answer to what was asked by broadcast or multicast, from an address that the
/// client did not have yet (RFC 2131 §4.1, RFC 8415 §7.2).
fn is_lease(packet: &Packet) -> bool {
    packet.ports().is_some_and(|ports| matches!((ports.source, ports.destination), (67, 68) | (547, 546)))
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
    moments | Moments::ONE_WAY.when(!session.marks.has(Marks::ANSWERED))
}

/// Whether datagrams are a message each, however many there are: of name servers, Kerberos and SIP.
const fn is_message(ports: Ports) -> bool {
    const fn speaks(port: u16) -> bool {
        matches!(port, 53 | 88 | 5060)
    }
    speaks(ports.destination) || speaks(ports.source)
}

/// Whether another session begins with this packet under the same ports.
pub(super) fn is_over(course: &Course, packet: &Packet, at: Timestamp, from_opener: bool) -> bool {
    let Some(tcp) = packet.tcp() else {
        return at.exceeds(course.last, IDLE) || is_new_request(course, packet);
    };
    if !tcp.flags.is_syn() {
        return at.exceeds(course.last, IDLE);
    }
    match course.began {
        // The same opening, sent again; what was reset can only be opened anew, as floods do with one sequence number for all.
        Began::Syn if from_opener => {
            tcp.sequence != course.sequence || course.marks.has_any(Marks::ENDED.and(Marks::REFUSED))
        }
        // Both open at once, which hardly happens, or the answer to a probe comes as a probe.
        Began::Syn => course.marks.has_any(Marks::ENDED.and(Marks::REFUSED)),
        _ => true,
    }
}

/// A request after a while is another one.
fn is_new_request(course: &Course, packet: &Packet) -> bool {
    let Transport::Icmp(icmp) = &packet.transport else { return false };
    let asks = is_request(packet.protocol, icmp.kind);
    (asks && course.began == Began::Icmp)
        || (course.began == Began::Request
            && !asks
            && !is_reply(packet)
            && !course.marks.has(Marks::ANSWERED))
}

/// A further packet of a course.
pub(super) fn go_on(course: &mut Course, packet: &Packet, at: Timestamp, from_opener: bool) -> Moments {
    course.last = at;
    course.count(packet, from_opener);
    let mut moments = Moments::NONE;
    let resets = packet.tcp().is_some_and(|tcp| tcp.flags.has(TcpFlags::RST));
    let refuses = resets && !course.marks.has(Marks::ESTABLISHED);
    if !from_opener && !course.marks.has(Marks::ANSWERED) && !refuses {
        course.marks.set(Marks::ANSWERED);
        course.marks.clear(Marks::PENDING);
        moments |= Moments::ANSWERED;
    }
    if let Some(tcp) = packet.tcp() {
        moments |= go_on_tcp(course, tcp.flags, packet.payload_len, from_opener);
    }
    moments |=
        Moments::DATA.when(carries(packet)) | Moments::FIRST.when(course.is_first(packet, from_opener));
    moments | Moments::ONE_WAY.when(from_opener && !course.marks.has(Marks::ANSWERED))
}

fn go_on_tcp(course: &mut Course, flags: TcpFlags, payload: u32, from_opener: bool) -> Moments {
    let mut moments = Moments::NONE;
    if flags.has(TcpFlags::RST) {
        return reset(course, flags, from_opener);
    }
    if flags.is_syn_ack() && !from_opener && !course.marks.has(Marks::ACCEPTED) {
        course.marks.set(Marks::ACCEPTED);
        moments |= Moments::ACCEPTED;
    }
    let acknowledges = flags.has(TcpFlags::ACK) && !flags.has(TcpFlags::SYN);
    if acknowledges && from_opener && course.began == Began::Syn {
        // Who goes on was answered, though the way back is not captured.
        course.marks.clear(Marks::PENDING);
    }
    let finishes = from_opener && course.marks.has(Marks::ACCEPTED) && course.began == Began::Syn;
    let talks = payload > 0 && course.marks.has(Marks::ANSWERED);
    if acknowledges && !course.marks.has(Marks::ESTABLISHED) && (finishes || talks) {
        course.marks.set(Marks::ESTABLISHED);
        moments |= Moments::ESTABLISHED;
    }
    if flags.has(TcpFlags::FIN) && course.marks.has(Marks::ESTABLISHED) && !course.marks.has(Marks::ENDED) {
        course.marks.set(Marks::ENDED);
        moments |= Moments::ENDED;
    }
    moments
}

/// A RST: the answerer refuses, the opener gives up right after it was accepted, or a session ends.
fn reset(course: &mut Course, flags: TcpFlags, from_opener: bool) -> Moments {
    let marks = &mut course.marks;
    let was_answered = flags.has(TcpFlags::ACK) || !marks.has(Marks::PENDING);
    marks.clear(Marks::PENDING);
    if from_opener && was_answered && course.began == Began::Syn && !marks.has(Marks::ANSWERED) {
        // It acknowledges an answer, or did before, though the way back is not captured.
        marks.set(Marks::ENDED);
        return Moments::NONE;
    }
    let nothing_said = course.payload == [0; 2];
    let established = marks.has(Marks::ESTABLISHED);
    if !marks.has_any(Marks::REFUSED.and(Marks::ENDED)) && (!established || nothing_said) {
        marks.set(Marks::REFUSED.and(Marks::ENDED.when(established)));
        return Moments::REFUSED;
    }
    if established && !marks.has(Marks::ENDED) {
        marks.set(Marks::ENDED);
        return Moments::ENDED;
    }
    Moments::NONE
}

#[cfg(test)]
mod tests {
    use super::super::scenes::{PSH_ACK, RST_ACK, Scene, ip};
    use super::*;

    /// A client's connections to a host's port, and to another's ports, of which only its own packets are captured: what it sends after SYN.
    fn one_way(next: &[TcpFlags]) -> Vec<&'static str> {
        let mut scene = Scene::new();
        for n in 0..40 {
            let from = (ip("192.0.2.1"), 50_000 + n);
            for to in [(IpAddr::from([198, 51, 100, n as u8]), 443), (ip("203.0.113.5"), 30_000 + n)] {
                scene.tcp(from, to, TcpFlags::SYN, b"");
                next.iter().for_each(|&flags| scene.tcp(from, to, flags, b""));
            }
            scene.wait(1000);
        }
        scene.wait(10_000);
        scene.rules()
    }

    #[test]
    fn who_goes_on_after_a_syn_was_answered_though_the_answer_is_not_captured() {
        assert_eq!(one_way(&[TcpFlags::ACK, PSH_ACK]), [""; 0]);
        assert_eq!(one_way(&[RST_ACK]), [""; 0], "a check of health");
        assert_eq!(one_way(&[TcpFlags::ACK, TcpFlags::RST]), [""; 0], "closed before all was read");
        for next in [&[][..], &[TcpFlags::RST]] {
            let alone = one_way(next);
            assert!(
                alone.contains(&"scan.host.tcp") && alone.contains(&"scan.port.tcp_connect"),
                "{alone:?}"
            );
        }
    }

    #[test]
    fn a_lease_is_an_answer() {
        for (server, client, is_quiet) in [(67, 68, true), (547, 546, true), (67, 69, false)] {
            let mut scene = Scene::new();
            for n in 1..=40 {
                scene.udp((ip("192.0.2.254"), server), (IpAddr::from([192, 0, 2, n]), client), b"offer");
                scene.wait(100);
            }
            scene.wait(10_000);
            assert_eq!(scene.rules().is_empty(), is_quiet, "{server} to {client}: {:?}", scene.rules());
        }
    }
}
