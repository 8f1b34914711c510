//! How hosts are reached: the hardware addresses they have on the captured link, and the ports at which they answer. A flow
//! tells of it once or twice, so packets pay nothing.

use std::net::IpAddr;

use ahash::RandomState;
use capturer::{Mac, Protocol};

use crate::capped::{Capped, Slot, Worth};
use crate::flow::bits;

/// Open ports that are remembered of a host; more are counted. A machine that answers at more is a trap for scanners.
const MOST_PORTS: usize = 64;

/// Hardware addresses of a host; more than one is a balancer, a failover, or somebody who lies.
const MOST_MACS: usize = 4;

/// Flows after which a host outlives strangers.
const KNOWN: u32 = 3;

/// Bytes of a row with its share of the index, by which a budget becomes a cap.
const ROW: usize = size_of::<Row>() + size_of::<Contact>() + 96;

/// A port that answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpenPort {
    /// The transport's number.
    protocol: u8,
    port: u16,
}

impl OpenPort {
    /// Of a transport.
    pub const fn new(protocol: Protocol, port: u16) -> Self {
        Self { protocol: protocol.0, port }
    }

    /// The transport.
    pub const fn protocol(self) -> Protocol {
        Protocol(self.protocol)
    }

    /// The number.
    pub const fn port(self) -> u16 {
        self.port
    }
}

/// How a host is reached.
#[derive(Clone, Copy, Debug)]
pub struct Contact {
    macs: [Mac; MOST_MACS],
    ports: [OpenPort; MOST_PORTS],
    count: u8,
    /// Ports that answered and found no room.
    left_out: u32,
}

impl Contact {
    const NOTHING: Self = Self {
        macs: [Mac([0; 6]); MOST_MACS],
        ports: [OpenPort { protocol: 0, port: 0 }; MOST_PORTS],
        count: 0,
        left_out: 0,
    };

    /// Its hardware addresses on the captured link, in the order they were met.
    pub fn macs(&self) -> impl Iterator<Item = Mac> {
        self.macs.into_iter().take_while(|mac| *mac != Mac::default())
    }

    /// Ports that answered, ascending: TCP first.
    pub fn ports(&self) -> &[OpenPort] {
        &self.ports[..usize::from(self.count)]
    }

    /// How often another port answered that found no room.
    pub const fn left_out(&self) -> u32 {
        self.left_out
    }

    fn add_mac(&mut self, mac: Mac) {
        if !self.macs.contains(&mac)
            && let Some(free) = self.macs.iter_mut().find(|known| **known == Mac::default())
        {
            *free = mac;
        }
    }

    fn add_port(&mut self, port: OpenPort) {
        let count = usize::from(self.count);
        let Err(place) = self.ports().binary_search(&port) else { return };
        if count == MOST_PORTS {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        self.ports.copy_within(place..count, place + 1);
        self.ports[place] = port;
        self.count += 1;
    }
}

#[derive(Clone, Copy)]
struct Row {
    address: IpAddr,
    told: u32,
}

impl Worth for Row {
    fn established(&self) -> bool {
        self.told >= KNOWN
    }
}

/// The contacts of all hosts.
pub(crate) struct Contacts {
    rows: Capped<Row, Contact>,
    hasher: RandomState,
}

impl Contacts {
    /// As many as so many bytes hold.
    pub(super) fn new(memory: usize) -> Self {
        Self { rows: Capped::new(memory / ROW), hasher: RandomState::new() }
    }

    /// A host sends from this hardware address on the captured link.
    pub(crate) fn lives_at(&mut self, address: IpAddr, mac: Mac) {
        let nobody = mac == Mac::default() || mac.is_group() || address.is_unspecified();
        if !nobody && let Some(contact) = self.meet(address) {
            contact.add_mac(mac);
        }
    }

    /// A host answers at this port.
    pub(crate) fn answers_at(&mut self, address: IpAddr, port: OpenPort) {
        if let Some(contact) = self.meet(address) {
            contact.add_port(port);
        }
    }

    /// How a host is reached.
    pub(crate) fn of(&self, address: IpAddr) -> Option<&Contact> {
        self.rows.rest(self.find(address)?)
    }

    pub(super) const fn evicted(&self) -> u64 {
        self.rows.evicted()
    }

    pub(super) fn bytes(&self) -> usize {
        self.rows.bytes()
    }

    fn meet(&mut self, address: IpAddr) -> Option<&mut Contact> {
        let slot = if let Some(slot) = self.find(address) {
            self.rows.touch(slot)?;
            slot
        } else {
            self.rows.insert(self.hash(address), Row { address, told: 0 }, Contact::NOTHING).0
        };
        let (row, contact) = self.rows.both(slot)?;
        row.told = row.told.saturating_add(1);
        Some(contact)
    }

    fn find(&self, address: IpAddr) -> Option<Slot> {
        self.rows.lookup(self.hash(address), |row| row.address == address)
    }

    fn hash(&self, address: IpAddr) -> u64 {
        self.hasher.hash_one(bits(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(n: u32) -> IpAddr {
        IpAddr::V4(n.into())
    }

    #[test]
    fn ports_are_ascending_and_bounded_and_each_is_there_once() {
        let mut contacts = Contacts::new(1 << 20);
        for port in (1..=200).rev().chain(1..=200) {
            contacts.answers_at(host(1), OpenPort::new(Protocol::TCP, port));
        }
        contacts.answers_at(host(2), OpenPort::new(Protocol::UDP, 53));
        contacts.answers_at(host(2), OpenPort::new(Protocol::TCP, 53));
        let contact = contacts.of(host(1)).unwrap();
        assert!(contact.ports().is_sorted() && contact.ports().len() == MOST_PORTS);
        assert!(contact.left_out() >= 136);
        let both = contacts.of(host(2)).unwrap().ports().iter().map(|port| port.protocol().0);
        assert_eq!(both.collect::<Vec<_>>(), [6, 17]);
    }

    #[test]
    fn who_is_nobody_on_the_link_has_no_hardware_address() {
        let mut contacts = Contacts::new(1 << 20);
        contacts.lives_at(host(1), Mac([0; 6]));
        contacts.lives_at(host(1), Mac([0x33, 0x33, 0, 0, 0, 1]));
        contacts.lives_at(host(0), Mac([2, 0, 0, 0, 0, 1]));
        assert!(contacts.of(host(1)).is_none() && contacts.of(host(0)).is_none());
        for n in [1, 2, 1, 3, 4, 5] {
            contacts.lives_at(host(2), Mac([2, 0, 0, 0, 0, n]));
        }
        let macs = contacts.of(host(2)).unwrap().macs().map(|mac| mac.0[5]);
        assert_eq!(macs.collect::<Vec<_>>(), [1, 2, 3, 4]);
    }

    #[test]
    fn a_flood_of_strangers_evicts_itself() {
        let mut contacts = Contacts::new(64 * ROW);
        let port = OpenPort::new(Protocol::TCP, 80);
        (0..3).for_each(|_| contacts.answers_at(host(1), port));
        (100..10_000).for_each(|n| contacts.answers_at(host(n), port));
        assert!(contacts.of(host(1)).is_some() && contacts.evicted() > 9000);
    }
}
