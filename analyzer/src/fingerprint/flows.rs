//! Connections that are followed from their SYN until nothing more can be learned of them: a table of fixed size in which each
//! connection has eight places, so that most packets, whose connection is not followed, cost one look at one cache line.
//!
//! When all eight are taken, one that was not answered goes first, then the oldest. The hash is seeded, so nobody outside can
//! choose who shares places.

use std::time::Duration;

use ahash::RandomState;
use capturer::{Packet, Tcp, Timestamp, Vlan};

use super::event::End;
use crate::capped::Slot;
use crate::flow::FlowKey;

/// Places of a connection.
const WAYS: usize = 8;

/// How long nothing may come of a connection.
const AGE: Duration = Duration::from_secs(30);

/// How far a conversation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Talk {
    /// A request is waited for.
    Request,
    /// It was read; the answer is waited for.
    Response,
    /// It is no HTTP that p0f reads.
    Other,
}

/// A connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    pub(super) client: End,
    pub(super) server: End,
    /// The sequence numbers that go on.
    pub(super) client_next: u32,
    pub(super) server_next: u32,
    /// The MSS of the SYN.
    pub(super) segment: u16,
    /// The server has answered.
    pub(super) answered: bool,
    /// The rate of the client's and the server's clock is known, or is not asked.
    pub(super) clocks: [bool; 2],
    /// The rows of client and server among the hosts.
    pub(super) hosts: [Option<Slot>; 2],
    pub(super) talk: Talk,
    /// Bytes the client said that begin no request.
    pub(super) said: u8,
    /// Segments with data of a conversation that is no HTTP.
    pub(super) heard: u8,
    /// Where the beginning of a head waits.
    pub(super) head: Option<u16>,
    /// Its last packet.
    pub(super) at: Timestamp,
}

impl Flow {
    /// The flow of a SYN.
    pub(super) const fn of_syn(packet: &Packet, tcp: &Tcp, at: Timestamp) -> Self {
        Self {
            client: (packet.source, tcp.ports.source),
            server: (packet.destination, tcp.ports.destination),
            client_next: tcp.sequence.wrapping_add(1),
            server_next: 0,
            segment: tcp.options.mss,
            answered: false,
            clocks: [false; 2],
            hosts: [None; 2],
            talk: Talk::Request,
            said: 0,
            heard: 0,
            head: None,
            at,
        }
    }

    /// Takes a segment; `true` if it goes on where its side was.
    pub(super) const fn advance(&mut self, packet: &Packet, tcp: &Tcp, from_client: bool) -> bool {
        let next = if from_client { &mut self.client_next } else { &mut self.server_next };
        if *next != tcp.sequence {
            return false;
        }
        *next = next.wrapping_add(packet.payload_len);
        self.at = packet.at;
        true
    }

    /// Whether a packet goes from client to server; `None` if it is another connection's.
    fn way(&self, packet: &Packet, tcp: &Tcp) -> Option<bool> {
        let (source, destination) =
            ((packet.source, tcp.ports.source), (packet.destination, tcp.ports.destination));
        if (self.client, self.server) == (source, destination) {
            return Some(true);
        }
        ((self.client, self.server) == (destination, source)).then_some(false)
    }
}

/// A connection's number in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(usize);

#[cfg(test)]
impl Place {
    pub(super) const fn numbered(number: usize) -> Self {
        Self(number)
    }
}

/// What keeps a connection its place: when it began or was answered, in nanoseconds, the last bit set if it was.
#[derive(Clone, Copy, Debug)]
struct Worth(i64);

impl Worth {
    const NOBODY: Self = Self(i64::MIN);

    const fn of(flow: &Flow) -> Self {
        Self(flow.at.as_nanos() & !1 | flow.answered as i64)
    }

    /// Fresh ones are worth more than others, answered ones more than those, later ones more than earlier.
    fn order(self, now: Timestamp) -> (bool, bool, i64) {
        let is_fresh = self.is_fresh(now);
        (is_fresh, is_fresh && self.0 & 1 == 1, self.0)
    }

    fn is_fresh(self, now: Timestamp) -> bool {
        !now.exceeds(Timestamp::from_nanos(self.0), AGE)
    }
}

/// Connections that are followed.
pub(super) struct Flows {
    /// Of each place the upper bits of its connection's hash; 0: nobody's.
    tags: Vec<u16>,
    /// What each place is worth: apart from the rows, so that who has to go is found in one cache line.
    worths: Vec<Worth>,
    rows: Vec<Option<Flow>>,
    hasher: RandomState,
    evicted: u64,
}

impl Flows {
    /// So many connections, rounded up to a power of two; everything is allocated here.
    pub(super) fn new(connections: usize, hasher: RandomState) -> Self {
        let places = connections.next_power_of_two().max(WAYS);
        let worths = vec![Worth::NOBODY; places];
        Self { tags: vec![0; places], worths, rows: vec![None; places], hasher, evicted: 0 }
    }

    /// Connections that had to make room for others.
    pub(super) const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Bytes they occupy.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.tags) + size_of_val(&*self.rows)
    }

    /// The seeded hash of a packet's connection, the same in both directions.
    #[inline]
    pub(super) fn hash(&self, packet: &Packet) -> u64 {
        FlowKey::on(Vlan::NONE, packet, &self.hasher).hash
    }

    /// A packet's connection, and whether the packet goes from client to server.
    #[inline]
    pub(super) fn find(&self, hash: u64, packet: &Packet, tcp: &Tcp) -> Option<(Place, bool)> {
        let (first, tag) = self.place(hash);
        let tags = self.tags.get(first..first + WAYS)?;
        if !tags.contains(&tag) {
            return None;
        }
        (first..first + WAYS).filter(|place| self.tags[*place] == tag).find_map(|place| {
            let from_client = self.rows[place].as_ref()?.way(packet, tcp)?;
            Some((Place(place), from_client))
        })
    }

    /// The row of a place, if it is still a connection's.
    pub(super) fn get(&mut self, place: Place) -> Option<&mut Flow> {
        self.rows.get_mut(place.0)?.as_mut()
    }

    /// Its connection was answered, and is worth more.
    pub(super) fn answer(&mut self, place: Place, flow: Flow) {
        let flow = Flow { answered: true, ..flow };
        self.worths[place.0] = Worth::of(&flow);
        self.rows[place.0] = Some(flow);
    }

    /// Forgets a connection; gives where its head waits.
    pub(super) fn remove(&mut self, place: Place) -> Option<u16> {
        self.tags[place.0] = 0;
        self.worths[place.0] = Worth::NOBODY;
        self.rows[place.0].take()?.head
    }

    /// Follows a connection; gives where the head waits of the one that had to go.
    pub(super) fn insert(&mut self, hash: u64, flow: Flow) -> Option<u16> {
        let (first, tag) = self.place(hash);
        let set = self.worths[first..first + WAYS].iter().zip(first..);
        let victim = set.min_by_key(|(worth, _)| worth.order(flow.at)).map_or(first, |(_, place)| place);
        self.evicted += u64::from(self.worths[victim].is_fresh(flow.at));
        self.worths[victim] = Worth::of(&flow);
        self.tags[victim] = tag;
        let gone = self.rows[victim].replace(flow);
        gone?.head
    }

    fn place(&self, hash: u64) -> (usize, u16) {
        let sets = self.tags.len() / WAYS;
        ((hash as usize & (sets - 1)) * WAYS, (hash >> 48) as u16 | 1)
    }
}

/// Whether a connection was silent for too long.
pub(super) fn is_over(flow: &Flow, now: Timestamp) -> bool {
    now.since(flow.at) > AGE
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use capturer::{Ports, TcpFlags, TcpOptions, TcpQuirks};

    use super::*;

    fn segment(client: u32, from_client: bool) -> (Packet, Tcp) {
        let ends =
            [(IpAddr::V4(Ipv4Addr::from_bits(client)), 4000), (IpAddr::V4(Ipv4Addr::from_bits(1)), 80)];
        let [source, destination] = if from_client { ends } else { [ends[1], ends[0]] };
        let ports = Ports { source: source.1, destination: destination.1 };
        let (options, quirks) = (TcpOptions::NONE, TcpQuirks::NONE);
        let tcp =
            Tcp { ports, sequence: 7, acknowledgment: 0, flags: TcpFlags::SYN, window: 0, quirks, options };
        (Packet { source: source.0, destination: destination.0, ..Packet::empty() }, tcp)
    }

    fn follow(flows: &mut Flows, client: u32, second: i64) {
        let (packet, tcp) = segment(client, true);
        let hash = flows.hash(&packet);
        flows.insert(hash, Flow::of_syn(&packet, &tcp, Timestamp::from_parts(second, 0)));
    }

    fn finds(flows: &Flows, client: u32, from_client: bool) -> Option<bool> {
        let (packet, tcp) = segment(client, from_client);
        flows.find(flows.hash(&packet), &packet, &tcp).map(|(_, way)| way)
    }

    #[test]
    fn a_connection_is_found_from_both_ends() {
        let mut flows = Flows::new(64, RandomState::new());
        follow(&mut flows, 9, 0);
        assert_eq!([finds(&flows, 9, true), finds(&flows, 9, false)], [Some(true), Some(false)]);
        assert_eq!(finds(&flows, 8, true), None);
    }

    #[test]
    fn a_flood_keeps_the_connections_that_were_answered() {
        let mut flows = Flows::new(64, RandomState::new());
        follow(&mut flows, 9, 0);
        let (packet, tcp) = segment(9, true);
        let (place, _) = flows.find(flows.hash(&packet), &packet, &tcp).unwrap();
        let flow = *flows.get(place).unwrap();
        flows.answer(place, flow);
        (100..5000).for_each(|client| follow(&mut flows, client, 1));
        assert_eq!(finds(&flows, 9, true), Some(true));
        assert_eq!(flows.evicted(), 4900 + 1 - 64);
    }
}
