//! Passive fingerprints of a stream of packets: a SYN and the SYN+ACK that answers it tell stacks, the first bytes of either
//! side tell programs, timestamps tell uptimes. The model is p0f 3's (README sections 2, 5 and 6), written anew.
//!
//! A connection is followed from its SYN to the heads of its first request and answer. A segment of a connection that isn't
//! followed, as most are, costs a hash and one look. In a flood of SYNs a sample is read, and the rest counted.

use std::net::IpAddr;
use std::sync::Arc;

use ahash::RandomState;
use capturer::decode::inner;
use capturer::{Packet, PacketFacts, Tcp, TcpFlags};

use super::budget::Budget;
use super::database::Database;
use super::event::{Event, EventKind, Subject};
use super::evidence::Clues;
use super::flows::{Flow, Flows, Place, is_over};
use super::heads::Heads;
use super::hosts::{HostPrints, Hosts};
use super::recent::Recent;
use super::talk::Then;
use super::tcp::TcpPrint;
use super::window::Window;

/// Connections that are followed at a time. Most are done after their first few segments.
const CONNECTIONS: usize = 8192;

/// Of the memory for hosts, the part for what their words told.
const CLUES_SHARE: usize = 4;

/// IP headers within one another that are looked through.
const MOST_LAYERS: usize = 8;

/// What was not followed or remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FingerprintCounts {
    /// SYN and SYN+ACK segments that were read.
    pub read: u64,
    /// Those that were not, because too many came at once.
    pub sampled_out: u64,
    /// Datagrams and pings with evidence that were not read, because too many came at once.
    pub words_sampled_out: u64,
    /// Those whose options were not captured.
    pub cut: u64,
    /// Connections that had to make room before they were done.
    pub flows_evicted: u64,
    /// Hosts of which something is known.
    pub hosts: usize,
    /// Hosts that had to make room.
    pub hosts_evicted: u64,
    /// What hosts' words told that had to make room.
    pub clues_evicted: u64,
    /// Heads of requests and answers that had to make room for others before they were whole.
    pub heads_evicted: u64,
}

/// Packets in, observations out; and what is known of each host.
pub struct Fingerprints {
    pub(super) database: Arc<Database>,
    pub(super) flows: Flows,
    pub(super) heads: Heads,
    pub(super) hosts: Hosts,
    pub(super) clues: Clues,
    /// What was found of the last SYNs and SYN+ACKs.
    recent: [Recent; 2],
    budget: Budget,
    pub(super) words: Budget,
    read: u64,
    cut: u64,
}

impl Fingerprints {
    /// Nothing seen yet; hosts may take so many bytes.
    pub fn new(database: Arc<Database>, memory: usize) -> Self {
        let hasher = RandomState::new();
        Self {
            database,
            flows: Flows::new(CONNECTIONS, hasher.clone()),
            heads: Heads::default(),
            hosts: Hosts::new(memory - memory / CLUES_SHARE, hasher.clone()),
            clues: Clues::new(memory / CLUES_SHARE, hasher),
            recent: Default::default(),
            budget: Budget::default(),
            words: Budget::default(),
            read: 0,
            cut: 0,
        }
    }

    /// The signatures in use.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// What is known of a host.
    pub fn host(&self, address: IpAddr) -> Option<&HostPrints> {
        self.hosts.get(address)
    }

    /// All hosts of which something is known, in no order.
    pub fn hosts(&self) -> impl Iterator<Item = (IpAddr, &HostPrints)> {
        self.hosts.iter()
    }

    /// What was not followed or remembered.
    pub fn counts(&self) -> FingerprintCounts {
        FingerprintCounts {
            read: self.read,
            sampled_out: self.budget.refused(),
            words_sampled_out: self.words.refused(),
            cut: self.cut,
            flows_evicted: self.flows.evicted(),
            hosts: self.hosts.len(),
            hosts_evicted: self.hosts.evicted(),
            clues_evicted: self.clues.evicted(),
            heads_evicted: self.heads.evicted(),
        }
    }

    /// Bytes that hosts with their clues, connections and heads occupy.
    pub fn bytes(&self) -> usize {
        self.hosts.bytes() + self.clues.bytes() + self.flows.bytes() + self.heads.bytes()
    }

    /// Takes a packet; `bytes` is its frame, or what was kept of it. `tell` hears what the packet shows.
    #[inline]
    pub fn observe(&mut self, packet: &Packet, bytes: &[u8], tell: &mut dyn FnMut(&Event<'_>)) {
        match packet.tcp() {
            Some(tcp) if !packet.fragment.is_fragment() => self.take((packet, tcp, bytes), tell),
            _ if packet.facts.has(PacketFacts::TUNNELLED) => self.go_inward(packet, bytes, tell),
            _ => self.hear_datagram(packet, bytes, tell),
        }
    }

    /// Looks for a segment within a tunnel.
    #[cold]
    fn go_inward(&mut self, packet: &Packet, bytes: &[u8], tell: &mut dyn FnMut(&Event<'_>)) {
        let mut next = inner(packet, bytes);
        for _ in 1..MOST_LAYERS {
            let Some(packet) = next else { return };
            if let Some(tcp) = packet.tcp().filter(|_| !packet.fragment.is_fragment()) {
                return self.take((&packet, tcp, bytes), tell);
            }
            let within = inner(&packet, bytes);
            if within.is_none() {
                return self.hear_datagram(&packet, bytes, tell);
            }
            next = within;
        }
    }

    #[inline]
    fn take(&mut self, (packet, tcp, bytes): (&Packet, &Tcp, &[u8]), tell: &mut dyn FnMut(&Event<'_>)) {
        const KIND: u16 = TcpFlags::SYN.0 | TcpFlags::ACK.0 | TcpFlags::FIN.0 | TcpFlags::RST.0;
        const SYN: u16 = TcpFlags::SYN.0;
        const SYN_ACK: u16 = TcpFlags::SYN.0 | TcpFlags::ACK.0;
        let kind = tcp.flags.0 & KIND;
        if kind == TcpFlags::ACK.0 && packet.payload_len == 0 && tcp.options.timestamp == 0 {
            // It says nothing, and moves no sequence number.
            return;
        }
        let hash = self.flows.hash(packet);
        let segment = Segment { packet, tcp, bytes, hash };
        match kind {
            SYN => self.syn(&segment, tell),
            SYN_ACK => self.syn_ack(&segment, tell),
            kind if kind & SYN == 0 && kind != 0 => {
                if let Some((place, from_client)) = self.flows.find(hash, packet, tcp) {
                    self.go_on(&segment, (place, from_client), tell);
                }
            }
            _ => {}
        }
    }

    fn syn(&mut self, segment: &Segment<'_>, tell: &mut dyn FnMut(&Event<'_>)) {
        let Segment { packet, tcp, hash, .. } = *segment;
        if let Some((place, from_client)) = self.flows.find(hash, packet, tcp) {
            let next = tcp.sequence.wrapping_add(1);
            let again = |flow: &mut Flow| flow.client_next == next && !is_over(flow, packet.at);
            if from_client && self.flows.get(place).is_some_and(again) {
                return;
            }
            self.forget(place);
        }
        let Some(print) = self.print(segment) else { return };
        let mut flow = Flow::of_syn(packet, tcp, packet.at);
        let window = Window::of(&print, 0);
        let found = self.recent[0].find(&print, window, || self.database.find_syn(&print, window));
        flow.segment = print.mss;
        let program = self.show_stack(segment, &flow, (Subject::Client, &print, found), tell);
        // The clock of a program's own segments is not asked.
        flow.clocks[0] = program;
        if !program {
            flow.hosts[0] = Some(self.hosts.meet(packet.source, packet.at));
        }
        self.show_link(segment, &flow, (Subject::Client, &print), tell);
        if !program {
            flow.clocks[0] = self.show_uptime(segment, &flow, Subject::Client, tell);
            self.compare(segment, &flow, (Subject::Client, &print, &found), tell);
        }
        let gone = self.flows.insert(hash, flow);
        self.heads.end(gone);
    }

    fn syn_ack(&mut self, segment: &Segment<'_>, tell: &mut dyn FnMut(&Event<'_>)) {
        let Segment { packet, tcp, hash, .. } = *segment;
        let place = self.flows.find(hash, packet, tcp);
        if place.is_some_and(|(_, from_client)| from_client) {
            return;
        }
        let known = place.and_then(|(place, _)| self.flows.get(place));
        let mut flow = match known {
            Some(flow) if flow.answered => return,
            Some(flow) => *flow,
            None => answer_alone(packet, tcp),
        };
        let Some(print) = self.print(segment) else { return };
        let window = Window::of(&print, flow.segment);
        let found = self.recent[1].find(&print, window, || self.database.find_syn_ack(&print, window));
        let program = self.show_stack(segment, &flow, (Subject::Server, &print, found), tell);
        if !program {
            flow.hosts[1] = Some(self.hosts.meet(packet.source, packet.at));
        }
        self.show_link(segment, &flow, (Subject::Server, &print), tell);
        if !program {
            flow.clocks[1] = self.show_uptime(segment, &flow, Subject::Server, tell);
            self.compare(segment, &flow, (Subject::Server, &print, &found), tell);
        }
        if let Some((place, _)) = place {
            let server_next = tcp.sequence.wrapping_add(1);
            self.flows.answer(place, Flow { server_next, at: packet.at, ..flow });
        }
    }

    /// What a SYN or SYN+ACK looks like, unless too many come.
    fn print(&mut self, segment: &Segment<'_>) -> Option<TcpPrint> {
        if !self.budget.takes(segment.packet.at) {
            return None;
        }
        let print = TcpPrint::of(segment.packet, segment.bytes);
        self.read += u64::from(print.is_some());
        self.cut += u64::from(print.is_none());
        print
    }

    /// A segment of a connection that is followed.
    #[cold]
    fn go_on(
        &mut self,
        segment: &Segment<'_>,
        (place, from_client): (Place, bool),
        tell: &mut dyn FnMut(&Event<'_>),
    ) {
        let Segment { packet, tcp, .. } = *segment;
        let Some(flow) = self.flows.get(place) else { return };
        let ends = tcp.flags.has_any(TcpFlags(TcpFlags::FIN.0 | TcpFlags::RST.0));
        if is_over(flow, packet.at) || !flow.answered && !ends {
            return self.forget(place);
        }
        let in_order = flow.advance(packet, tcp, from_client);
        if !in_order && !ends {
            return;
        }
        self.ask_clock(segment, (place, from_client), tell);
        let says = in_order && packet.payload_len > 0;
        if says && self.read_head(segment, (place, from_client), tell) == Then::Forget || ends {
            self.forget(place);
        }
    }

    /// Compares a segment's timestamp with the one before, until the connection's clock is known.
    fn ask_clock(
        &mut self,
        segment: &Segment<'_>,
        (place, from_client): (Place, bool),
        tell: &mut dyn FnMut(&Event<'_>),
    ) {
        let (clock, subject) = if from_client { (0, Subject::Client) } else { (1, Subject::Server) };
        let Some(&mut flow) = self.flows.get(place) else { return };
        if flow.clocks[clock] || !self.show_uptime(segment, &flow, subject, tell) {
            return;
        }
        if let Some(flow) = self.flows.get(place) {
            flow.clocks[clock] = true;
        }
    }

    pub(super) fn forget(&mut self, place: Place) {
        let head = self.flows.remove(place);
        self.heads.end(head);
    }
}

/// The flow of a SYN+ACK whose SYN was not seen.
const fn answer_alone(packet: &Packet, tcp: &Tcp) -> Flow {
    let flow = Flow::of_syn(packet, tcp, packet.at);
    Flow { client: flow.server, server: flow.client, segment: 0, ..flow }
}

/// A segment at hand.
#[derive(Clone, Copy)]
pub(super) struct Segment<'a> {
    pub(super) packet: &'a Packet,
    pub(super) tcp: &'a Tcp,
    pub(super) bytes: &'a [u8],
    hash: u64,
}

impl Segment<'_> {
    /// An observation that it shows.
    pub(super) const fn event<'e>(&self, flow: &Flow, subject: Subject, kind: EventKind<'e>) -> Event<'e> {
        let (at, frame) = (self.packet.at, self.packet.number);
        Event { at, frame, client: flow.client, server: flow.server, subject, kind }
    }
}
