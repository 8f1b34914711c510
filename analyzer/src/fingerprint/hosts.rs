//! What is known of each host: the last stack it showed at either end, its link, its programs, its clock. A table with a cap,
//! in which hosts that were seen once go first; so a flood of forged sources evicts itself.

use std::net::IpAddr;

use ahash::RandomState;
use capturer::Timestamp;

use super::database::Match;
use super::sharing::{Reasons, Sharing};
use super::tcp::TcpPrint;
use super::uptime::{Uptime, Zero};
use crate::capped::{Capped, Slot, Worth};
use crate::flow::bits;

/// Observations after which a host outlives strangers.
const KNOWN: u32 = 3;

/// Bytes of memory for a host with its share of the index, by which a budget becomes a cap.
const HOST: usize = size_of::<Row>() + size_of::<HostPrints>() + 64;

/// What is known of a host.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostPrints {
    /// When it was observed first and last.
    pub first_seen: Timestamp,
    /// See `first_seen`.
    pub last_seen: Timestamp,
    /// Observations.
    pub count: u32,
    /// Its last SYN.
    pub syn: Option<Stack>,
    /// Its last SYN+ACK.
    pub syn_ack: Option<Stack>,
    /// The last match that names a system, not a program.
    pub system: Option<Match>,
    /// The unit of its link in bytes.
    pub unit: Option<u32>,
    /// Hops away, by its last segment of a known stack or else the guess.
    pub distance: Option<u8>,
    /// By its last two timestamps that told it.
    pub uptime: Option<Uptime>,
    pub(super) zero: Zero,
    /// The program that asks, and the one that answers.
    pub request: Option<Program>,
    /// See `request`.
    pub response: Option<Program>,
    /// The two letters of the language (ISO 639-1) its user wants.
    pub language: Option<[u8; 2]>,
    /// When several machines were last thought to be behind the address, and why.
    pub shared: Option<(Timestamp, Reasons)>,
    /// When it last changed, and how.
    pub changed: Option<(Timestamp, Reasons)>,
    /// When its last answer came, and when it says it was made: seconds since 1970.
    pub(super) date: Option<(i64, i64)>,
    pub(super) sharing: Sharing,
    /// Kinds of clues that were noted of it, a bit each.
    pub(super) kinds: u16,
}

/// A stack that a host showed.
#[derive(Clone, Copy, Debug)]
pub struct Stack {
    /// What its segment looked like.
    pub print: TcpPrint,
    /// The MSS of the SYN that was answered; 0 where there was none.
    pub peer_segment: u16,
    /// Who fits.
    pub found: Option<Match>,
    /// The client's port.
    pub port: u16,
}

/// A program that a host showed.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Who fits.
    pub found: Option<Match>,
    /// It calls itself something else.
    pub dishonest: bool,
    /// When it was seen.
    pub at: Timestamp,
}

impl HostPrints {
    /// How strongly changes from connection to connection hint at several machines: the sum of the last scores.
    pub fn sharing_score(&self) -> u16 {
        self.sharing.total()
    }

    /// How long it has been up, if its last two peers were told the same: many stacks tell each another random time.
    pub fn agreed_uptime(&self) -> Option<Uptime> {
        self.uptime.filter(|_| self.zero.is_agreed())
    }
}

#[derive(Clone, Copy)]
struct Row {
    address: IpAddr,
    count: u32,
}

impl Worth for Row {
    fn established(&self) -> bool {
        self.count >= KNOWN
    }
}

/// The hosts.
pub(super) struct Hosts {
    rows: Capped<Row, HostPrints>,
    hasher: RandomState,
}

impl Hosts {
    /// As many as so many bytes hold.
    pub(super) fn new(memory: usize, hasher: RandomState) -> Self {
        Self { rows: Capped::new(memory / HOST), hasher }
    }

    /// Hosts that had to make room for others.
    pub(super) const fn evicted(&self) -> u64 {
        self.rows.evicted()
    }

    /// Bytes they occupy.
    pub(super) fn bytes(&self) -> usize {
        self.rows.bytes()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The row of a host that was observed, made if it is new.
    pub(super) fn meet(&mut self, address: IpAddr, at: Timestamp) -> Slot {
        let slot = self.find(address).unwrap_or_else(|| {
            let fresh = HostPrints { first_seen: at, ..HostPrints::default() };
            self.rows.insert(self.hash(address), Row { address, count: 0 }, fresh).0
        });
        if let Some((row, prints)) = self.rows.both(slot) {
            row.count = row.count.saturating_add(1);
            prints.count = row.count;
            prints.last_seen = at;
        }
        slot
    }

    /// What a row knows, to change; `None` if its host had to make room.
    pub(super) fn at(&mut self, slot: Slot) -> Option<&mut HostPrints> {
        self.rows.both(slot).map(|(_, prints)| prints)
    }

    /// What is known of a host.
    pub(super) fn get(&self, address: IpAddr) -> Option<&HostPrints> {
        self.rows.rest(self.find(address)?)
    }

    /// All hosts in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (IpAddr, &HostPrints)> {
        self.rows.iter_with_rests().map(|(row, prints)| (row.address, prints))
    }

    fn find(&self, address: IpAddr) -> Option<Slot> {
        self.rows.lookup(self.hash(address), |row| row.address == address)
    }

    fn hash(&self, address: IpAddr) -> u64 {
        self.hasher.hash_one(bits(address))
    }
}
