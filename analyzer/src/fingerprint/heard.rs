//! What is made of the words of hosts: the segments of connections that are no HTTP that p0f reads, datagrams and pings go to the
//! readers of evidence, and what they find is noted. What contradicts the rest of a host's evidence is a hint at several machines.

use capturer::{Packet, Protocol, Transport};

use super::event::{Event, EventKind, Subject};
use super::evidence::{self, Carrier, Clue, Noted};
use super::fingerprints::{Fingerprints, Segment};
use super::flows::{Flow, Place, Talk};
use super::fusion::Fused;
use super::http::{self, HttpPrint, Role};
use super::sharing::{Change, Reasons};
use super::stacks::judge;
use super::talk::Then;
use crate::names::{begins_hello, hello_goes_on, payload};

/// Segments with data of a connection that are listened to: enough for the log-in of SMB.
const MOST_SEGMENTS: u8 = 10;

/// Those of a connection in which nothing is known: logins of other protocols come first.
const FEW_SEGMENTS: u8 = 4;

/// How strongly a contradiction hints at several machines, as a program of another system does.
const CONTRADICTION: u8 = 4;

impl Fingerprints {
    /// A connection that speaks something else than HTTP is listened to for a few segments more; its clocks are not asked.
    pub(super) fn turn(
        &mut self,
        segment: &Segment<'_>,
        (place, from_client): (Place, bool),
        tell: &mut dyn FnMut(&Event<'_>),
    ) -> Then {
        let Some(flow) = self.flows.get(place) else { return Then::Forget };
        flow.talk = Talk::Other;
        flow.clocks = [true; 2];
        let head = flow.head.take();
        self.heads.end(head);
        self.hear_words(segment, (place, from_client), tell)
    }

    /// Reads a segment of such a connection.
    pub(super) fn hear_words(
        &mut self,
        segment: &Segment<'_>,
        (place, from_client): (Place, bool),
        tell: &mut dyn FnMut(&Event<'_>),
    ) -> Then {
        let Some(flow) = self.flows.get(place) else { return Then::Forget };
        flow.heard += 1;
        let (heard, head, flow) = (flow.heard, flow.head.filter(|_| from_client), *flow);
        let bytes = payload(segment.packet, segment.bytes);
        if head.is_none() && from_client && hello_goes_on(bytes).is_some_and(|whole| whole <= http::LONGEST) {
            return self.begin_head(place, bytes);
        }
        let Some(head) = head else {
            self.read_words(segment, &flow, (from_client, bytes), tell);
            let most = if evidence::goes_on(bytes) { MOST_SEGMENTS } else { FEW_SEGMENTS };
            let is_done = heard >= most || from_client && begins_hello(bytes);
            return if is_done { Then::Forget } else { Then::Follow };
        };
        self.heads.add(head, bytes);
        if hello_goes_on(self.heads.get(head)).is_some() && heard < MOST_SEGMENTS {
            return Then::Follow;
        }
        let bytes = self.heads.take(head);
        self.read_words(segment, &flow, (true, &bytes), tell);
        self.heads.give_back(head, bytes);
        Then::Forget
    }

    fn read_words(
        &mut self,
        segment: &Segment<'_>,
        flow: &Flow,
        (from_client, bytes): (bool, &[u8]),
        tell: &mut dyn FnMut(&Event<'_>),
    ) {
        let (carrier, subject) =
            if from_client { (Carrier::Client, Subject::Client) } else { (Carrier::Server, Subject::Server) };
        let about = segment.event(flow, subject, EventKind::HostChange(Reasons::EVIDENCE));
        evidence::read(carrier, bytes, &mut |_, clue| self.note(clue, about, tell));
    }

    /// The fields of a head that p0f reads, too.
    pub(super) fn note_head(
        &mut self,
        segment: &Segment<'_>,
        (flow, print): (&Flow, &HttpPrint),
        tell: &mut dyn FnMut(&Event<'_>),
    ) {
        let (is_request, subject) = match print.role {
            Role::Request => (true, Subject::Client),
            Role::Response => (false, Subject::Server),
        };
        let about = segment.event(flow, subject, EventKind::HostChange(Reasons::EVIDENCE));
        let fields = print.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        evidence::fields(is_request, fields, &mut |clue| self.note(clue, about, tell));
    }

    /// A datagram or a ping.
    #[inline]
    pub(super) fn hear_datagram(&mut self, packet: &Packet, bytes: &[u8], tell: &mut dyn FnMut(&Event<'_>)) {
        let carrier = match packet.transport {
            Transport::Udp(ports) if evidence::is_read(ports.source, ports.destination) => {
                Carrier::Udp(ports.source, ports.destination)
            }
            Transport::Icmp(message) if is_ping(packet.protocol, message.kind) => Carrier::Ping,
            _ => return,
        };
        if self.words.takes(packet.at) {
            self.read_datagram(packet, (carrier, bytes), tell);
        }
    }

    #[cold]
    fn read_datagram(
        &mut self,
        packet: &Packet,
        (carrier, bytes): (Carrier, &[u8]),
        tell: &mut dyn FnMut(&Event<'_>),
    ) {
        let (at, frame) = (packet.at, packet.number);
        evidence::read(carrier, payload(packet, bytes), &mut |address, clue| {
            let client = (address.unwrap_or(packet.source), 0);
            let server = (packet.destination, 0);
            let kind = EventKind::HostChange(Reasons::EVIDENCE);
            if !client.0.is_unspecified() {
                self.note(clue, Event { at, frame, client, server, subject: Subject::Client, kind }, tell);
            }
        });
    }

    /// Notes what a host's words say of it; `about` is the event that tells of a contradiction.
    fn note(&mut self, clue: Clue, about: Event<'static>, tell: &mut dyn FnMut(&Event<'_>)) {
        let (address, at) = (about.address(), about.at);
        let before = self.host(address).and_then(|host| self.pieces(address, host).fuse());
        let noted = self.clues.note(address, clue, at);
        let slot = self.hosts.meet(address, at);
        let Some(host) = self.hosts.at(slot) else { return };
        host.kinds |= 1 << clue.kind as u16;
        let is_other = |fused: Fused| !clue.families.is_empty() && !clue.families.meets(fused.family.kin());
        if noted == Noted::New && before.is_some_and(is_other) {
            let change = Change { score: CONTRADICTION, reasons: Reasons::EVIDENCE };
            judge(host, change, |kind| tell(&Event { kind, ..about }), at);
        }
    }
}

/// Types of an echo request in ICMP and ICMPv6.
fn is_ping(protocol: Protocol, kind: u8) -> bool {
    (protocol, kind) == (Protocol::ICMP, 8) || (protocol, kind) == (Protocol::ICMPV6, 128)
}
