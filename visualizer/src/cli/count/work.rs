//! What is done a million times a second: an address is looked up and counted.
//!
//! Where the routing table numbers its prefixes ([`Slots`]), what counts once is held by that number ([`Held`]) until rows
//! are wanted; for what has an amount of its own a vector remembers by number in which rows it counts. So no hash table is
//! asked for an address.

use std::iter::repeat;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use super::database::{Database, Shelf};
use super::feed::Batch;
use super::held::Held;
use super::lines::{Portion, Remark};
use super::log::Log;
use super::tally::{Place, ROWS_MAX, Tally};
use super::text::Side;

/// What an address needs to be counted.
pub(super) struct Work {
    pub(super) database: Arc<Database>,
    shelf: Shelf,
    pub(super) tally: Tally,
    pub(super) log: Log,
    held: Held,
    /// By number of the prefix: where it counts, once that is known; empty while nothing has amounts.
    places: Vec<Option<Place>>,
}

impl Work {
    pub(super) fn new(database: Database, shelf: Shelf, log: Log) -> Self {
        let held = Held::new(database.slots());
        let database = Arc::new(database);
        shelf.put(&database);
        Self { database, shelf, tally: Tally::new(ROWS_MAX), log, held, places: Vec::new() }
    }

    /// From now on another database answers.
    pub(super) fn change(&mut self, database: Database) {
        self.settle();
        self.tally.complete();
        self.held = Held::new(database.slots());
        self.places = Vec::new();
        self.database = Arc::new(database);
        self.shelf.put(&self.database);
    }

    /// Counts what a block of text holds.
    pub(super) fn portion(&mut self, portion: &mut Portion, name: &str) {
        self.tally.tick();
        self.tally.skipped += portion.skipped;
        self.tally.failed += portion.failed;
        self.tally.joined += portion.joined;
        if !portion.is_numbered_by(&self.database) {
            portion.number(Arc::clone(&self.database));
        }
        let mut counted = 0;
        for remark in &portion.remarks {
            self.stretch(portion, counted..remark.at);
            counted = remark.at;
            let Remark { line, expected, found, .. } = remark;
            self.log.bad((name, *line), expected, found);
        }
        self.stretch(portion, counted..portion.addresses.len());
    }

    /// Counts some of its addresses.
    fn stretch(&mut self, portion: &Portion, range: Range<usize>) {
        let addresses = portion.addresses.get(range.clone()).unwrap_or_default();
        let numbers = portion.numbers.get(range.clone()).unwrap_or_default();
        let amounts = portion.amounts.get(range).unwrap_or_default();
        if self.log.debugs() || !amounts.is_empty() || self.database.slots() == 0 {
            let amounts = amounts.iter().chain(repeat(&1.0));
            addresses.iter().zip(amounts).for_each(|(address, amount)| self.add(*address, *amount, 0));
            return;
        }
        self.tally.lookups(addresses.len());
        self.held.count(addresses, numbers, self.tally.now());
    }

    /// Counts packets.
    pub(super) fn packets(&mut self, batch: &Batch, side: Side) {
        self.tally.tick();
        self.tally.skipped += batch.skipped;
        self.tally.failed += batch.failed;
        for seen in &batch.seen {
            if side != Side::Dst {
                self.add(seen.source, 1.0, u64::from(seen.bytes));
            }
            if side != Side::Src {
                self.add(seen.destination, 1.0, u64::from(seen.bytes));
            }
        }
    }

    #[inline]
    fn add(&mut self, address: IpAddr, amount: f64, bytes: u64) {
        let place = self.place(address, self.database.number(address));
        self.tally.add(place, amount, bytes);
        if self.log.debugs() {
            self.log.debug(format_args!("{address}: {:?}", self.database.route(address)));
        }
    }

    /// Where an address counts whose prefix has a number.
    #[inline]
    fn place(&mut self, address: IpAddr, number: u32) -> Place {
        match self.places.get(number as usize) {
            Some(Some(place)) => *place,
            _ => self.begin(address, number),
        }
    }

    #[cold]
    fn begin(&mut self, address: IpAddr, number: u32) -> Place {
        let place = self.tally.place(self.database.route(address));
        if self.places.is_empty() {
            self.places = vec![None; self.database.slots()];
        }
        if let Some(known) = self.places.get_mut(number as usize) {
            *known = Some(place);
        }
        place
    }

    /// From now on the rows have all that was counted.
    pub(super) fn settle(&mut self) {
        self.held.settle(&self.database, &mut self.tally);
    }
}
