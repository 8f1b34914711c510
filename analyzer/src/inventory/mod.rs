//! What hosts look like, beside what they carry: passive fingerprints, hardware addresses on the captured link, ports that
//! answer. One part of the memory budget, in tables with caps; the analyzer shows it packets, and lists hosts with it.

mod contacts;
mod entry;
mod knowledge;

use std::sync::Arc;

pub use contacts::{Contact, OpenPort};
pub use entry::{Device, Entry, Sharing, Stock};
pub use knowledge::{Knowledge, Systems};

use capturer::Packet;

use crate::fingerprint::{Database, Fingerprints};
use contacts::Contacts;

/// Of the budget one part of so many is for contacts, the rest for fingerprints.
const CONTACTS: usize = 4;

/// What an inventory is made from.
#[derive(Clone)]
pub struct Plan {
    /// Signatures.
    pub database: Arc<Database>,
    /// Bytes that it may occupy.
    pub memory: usize,
}

/// What is known of hosts beside what they carry.
pub struct Inventory {
    memory: usize,
    fingerprints: Fingerprints,
    pub(crate) contacts: Contacts,
}

impl Inventory {
    /// Nothing seen yet.
    pub fn new(plan: Plan) -> Self {
        let contacts = plan.memory / CONTACTS;
        Self {
            memory: plan.memory,
            fingerprints: Fingerprints::new(plan.database, plan.memory - contacts),
            contacts: Contacts::new(contacts),
        }
    }

    /// Learns what a packet shows; `bytes` is its frame, or what was kept of it.
    #[inline]
    pub fn learn(&mut self, packet: &Packet, bytes: &[u8]) {
        self.fingerprints.observe(packet, bytes, &mut |_| {});
    }

    /// What hosts look like.
    pub const fn fingerprints(&self) -> &Fingerprints {
        &self.fingerprints
    }

    /// Bytes that it occupies.
    pub fn bytes(&self) -> usize {
        self.fingerprints.bytes() + self.contacts.bytes()
    }

    /// Bytes that it may occupy.
    pub const fn budget(&self) -> usize {
        self.memory
    }

    /// Contacts that had to make room for others.
    pub const fn evicted(&self) -> u64 {
        self.contacts.evicted()
    }
}
